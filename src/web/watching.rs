//! Whether the server is of use now, and what the store counts: looked at again and again, so that
//! whoever asks gets the answer at once and costs the store nothing.
//!
//! Must never count while readers wait: what takes long is counted over a connection of its own, and
//! seldom.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::keys::KeyRing;
use super::metrics::StoreNumbers;
use super::stores::WebStore;
use crate::crypto;
use crate::delivery::ledger::Ledger;
use crate::delivery::ledger::overview::{self, Counts};
use crate::delivery::outbox;
use crate::store::{Store, StoreError};

/// Between two looks at the store.
const LOOK: Duration = Duration::from_millis(1_500);
/// Between two trials that write, while all is well: a disk may be full before anybody comes.
const TRIAL: Duration = Duration::from_secs(60);
/// A server that has said nothing for so long is silent; of a file, another process may write to it, which
/// is told when it was waited for.
const SILENCE: Duration = Duration::from_millis(2_500);
const WAIT_FOR_FILE: Duration = Duration::from_secs(20);
/// How old numbers are that nobody counts again, and how many times as long as counting took: a million
/// rows take a second.
const FRESH: Duration = Duration::from_secs(3);
const SHARE: u32 = 5;
/// How long somebody waits for numbers: longer than counting takes, and shorter than Prometheus does.
const COUNTING: Duration = Duration::from_secs(5);
/// Of this many issues people are counted: older ones do not change.
const ISSUES: usize = 5;
/// Domains with a name, and people that one has to have: a domain of few is one of somebody.
const DOMAINS: usize = 10;
const PEOPLE: u64 = 20;

/// What was found last.
#[derive(Debug)]
pub(super) struct Watch {
    keys: Arc<KeyRing>,
    store: WebStore,
    found: Mutex<Result<(), String>>,
    numbers: Mutex<Option<KnownNumbers>>,
    asked: Notify,
    /// Changes when somebody has counted.
    counted: watch::Sender<()>,
    is_ending: AtomicBool,
}

/// Numbers of the store, as Prometheus reads them.
#[derive(Debug)]
struct KnownNumbers {
    text: String,
    at: Instant,
    took: Duration,
}

impl KnownNumbers {
    fn are_fresh(&self) -> bool {
        self.at.elapsed() < FRESH.max(self.took * SHARE)
    }
}

impl Watch {
    pub(super) fn new(keys: Arc<KeyRing>, store: WebStore) -> Watch {
        let nothing = Err("the store was not looked at yet".to_owned());
        Watch {
            keys,
            store,
            found: Mutex::new(nothing),
            numbers: Mutex::default(),
            asked: Notify::new(),
            counted: watch::Sender::new(()),
            is_ending: AtomicBool::new(false),
        }
    }

    /// Whether readers can be served; else why not, in a line.
    pub(super) fn ready(&self) -> Result<(), String> {
        if self.is_ending.load(Ordering::Relaxed) {
            return Err("the server is ending".to_owned());
        }
        // Of a reader whose wish could not be written down, also where nobody has looked since.
        if let Some(why) = self.store.failing() {
            return Err(why);
        }
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many who leave wait for the store.
    pub(super) fn owed(&self) -> usize {
        self.store.owed.count()
    }

    /// From now on nobody is to be sent here.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// What the store counts now, as Prometheus reads it; nothing where it does not say so in time.
    pub(super) async fn numbers(&self) -> String {
        let mut counted = self.counted.subscribe();
        if self.fresh().is_none() {
            self.asked.notify_one();
            let _ = tokio::time::timeout(COUNTING, counted.changed()).await;
        }
        self.fresh().unwrap_or_default()
    }

    fn fresh(&self) -> Option<String> {
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.as_ref().filter(|numbers| numbers.are_fresh()).map(|numbers| numbers.text.clone())
    }

    /// Looks and counts, and never ends by itself. Counting may take long: nobody is taken for lost
    /// meanwhile.
    pub(super) async fn run(self: Arc<Self>, is_counting: bool) {
        tokio::select! {
            () = self.keep_looking() => {}
            () = self.keep_counting(), if is_counting => {}
        }
    }

    async fn keep_looking(&self) {
        let mut tried: Option<Instant> = None;
        loop {
            let failing = self.store.failing().is_some();
            let is_trial = failing || tried.is_none_or(|tried| tried.elapsed() >= TRIAL);
            let found = self.answered(self.look(is_trial)).await;
            if is_trial && found.is_ok() {
                tried = Some(Instant::now());
            }
            self.has_found(found);
            tokio::time::sleep(LOOK).await;
        }
    }

    fn has_found(&self, found: Result<(), String>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// Waits for a look to its end, because a question that is not waited for leaves a session nobody can
    /// use; and says meanwhile that there is no answer.
    async fn answered(&self, look: impl Future<Output = Result<(), String>>) -> Result<(), String> {
        let is_on_server = self.store.shared.is_on_server();
        let patience = if is_on_server { SILENCE } else { WAIT_FOR_FILE };
        tokio::pin!(look);
        if let Ok(found) = tokio::time::timeout(patience, &mut look).await {
            return found;
        }
        let store = self.store.shared.address();
        let why = format!("{store} has not answered for {} seconds", patience.as_secs());
        self.store.is_failing(&why);
        look.await
    }

    async fn keep_counting(&self) {
        loop {
            self.asked.notified().await;
            if self.fresh().is_some() {
                continue;
            }
            let begun = Instant::now();
            let numbers = counted(&self.store).await.ok().map(|numbers| KnownNumbers {
                text: numbers.text(),
                at: Instant::now(),
                took: begun.elapsed(),
            });
            *self.numbers.lock().unwrap_or_else(PoisonError::into_inner) = numbers;
            self.counted.send_replace(());
        }
    }

    async fn look(&self, is_trial: bool) -> Result<(), String> {
        let store = &self.store;
        match self.can_be_written(is_trial).await {
            Ok(()) => {}
            // Whoever is not answered meanwhile is noted where they wait.
            Err(error) if error.is_busy() => {
                return Err("another process writes to the store for long".to_owned());
            }
            Err(error) => {
                store.has_failed(&error);
                store.shared.put_away().await;
                return Err(error.to_string());
            }
        }
        if is_trial {
            store.was_written();
        }
        let keys = Arc::clone(&self.keys);
        // A file, which may be on a slow disk.
        let is_there = tokio::task::spawn_blocking(move || keys.is_there()).await.unwrap_or(false);
        if is_there { Ok(()) } else { Err("the secret cannot be read".to_owned()) }
    }

    /// Whether a transaction that writes begins, and, as a trial, ends with all of it on the disk.
    async fn can_be_written(&self, is_trial: bool) -> Result<(), StoreError> {
        let own = self.store.shared.lease().await?;
        if is_trial {
            let nonce = crypto::random::<8>().map(u64::from_le_bytes).unwrap_or_default();
            own.try_to_write(nonce).await
        } else {
            own.try_to_begin().await
        }
    }
}

async fn counted(store: &WebStore) -> Result<StoreNumbers, StoreError> {
    let reader = store.shared.lease().await?.second_reader().await?;
    let Some(reader) = reader else { return Ok(StoreNumbers::default()) };
    let numbers = numbers_of(&reader).await;
    reader.close().await;
    numbers
}

async fn numbers_of(store: &Store) -> Result<StoreNumbers, StoreError> {
    let mut numbers = StoreNumbers { outbox: outbox::counts(store).await?, ..Default::default() };
    for issue in overview::issues(store).await?.into_iter().rev().take(ISSUES) {
        let domains = Ledger::new(store.clone(), &issue).domains().await?;
        let all: Counts = domains.values().copied().sum();
        for (state, number) in all.by_state() {
            numbers.issues.push((issue.clone(), state.word(), number));
        }
        for (domain, counts) in grouped(domains) {
            for (state, number) in counts.by_state() {
                numbers.domains.push((issue.clone(), domain.clone(), state.word(), number));
            }
        }
    }
    Ok(numbers)
}

/// The largest domains by name, and all others together.
fn grouped(domains: impl IntoIterator<Item = (String, Counts)>) -> Vec<(String, Counts)> {
    let mut domains: Vec<(String, Counts)> = domains.into_iter().collect();
    domains.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.planned));
    let named = domains.iter().take(DOMAINS).take_while(|(_, counts)| counts.planned >= PEOPLE);
    let others = domains.split_off(named.count());
    let others: Counts = others.into_iter().map(|(_, counts)| counts).sum();
    domains.push(("other".to_owned(), others));
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_of_few_people_has_no_name() {
        let of = |planned| Counts { planned, accepted: planned, ..Counts::default() };
        let mut domains =
            vec![("gmail.com".to_owned(), of(900)), ("kim.example".to_owned(), of(19))];
        domains.extend((0..12).map(|number| (format!("d{number}.example"), of(20))));
        let grouped = grouped(domains);
        assert_eq!(grouped.len(), DOMAINS + 1);
        assert_eq!(grouped[0], ("gmail.com".to_owned(), of(900)));
        assert_eq!(grouped[DOMAINS], ("other".to_owned(), of(19 + 3 * 20)));
        assert!(grouped.iter().all(|(domain, _)| domain != "kim.example"));
    }
}
