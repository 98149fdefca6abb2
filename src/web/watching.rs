//! Whether the server is of use now, and what the store counts: looked at again and again, so that
//! whoever asks gets the answer at once and costs the store nothing.
//!
//! Must never count while readers wait: what takes long is counted over a connection of its own, and
//! seldom.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::keys::KeyRing;
use super::metrics::StoreNumbers;
use super::stores::WebStore;
use crate::delivery::ledger::Ledger;
use crate::delivery::ledger::overview::{self, Counts};
use crate::delivery::outbox;
use crate::store::{Store, StoreError};

/// Between two looks at the store.
const LOOK: Duration = Duration::from_secs(2);
/// Without a look for so long, nobody knows.
const STALE: Duration = Duration::from_secs(20);
/// Between two counts, and how many times as long as counting takes: a million rows take a second.
const COUNT: Duration = Duration::from_secs(10);
const SHARE: u32 = 20;
/// Of this many issues people are counted: older ones do not change.
const ISSUES: usize = 5;
/// Domains with a name, and people that one has to have: a domain of few is one of somebody.
const DOMAINS: usize = 10;
const PEOPLE: u64 = 20;

/// What was found last.
#[derive(Debug)]
pub(super) struct Watch {
    keys: Arc<KeyRing>,
    found: Mutex<(Instant, Result<(), String>)>,
    numbers: Mutex<String>,
    is_asked: AtomicBool,
    is_ending: AtomicBool,
}

impl Watch {
    pub(super) fn new(keys: Arc<KeyRing>) -> Watch {
        let nothing = Err("the store was not looked at yet".to_owned());
        Watch {
            keys,
            found: Mutex::new((Instant::now(), nothing)),
            numbers: Mutex::default(),
            is_asked: AtomicBool::new(true),
            is_ending: AtomicBool::new(false),
        }
    }

    /// Whether readers can be served; else why not, in a line.
    pub(super) fn ready(&self) -> Result<(), String> {
        if self.is_ending.load(Ordering::Relaxed) {
            return Err("the server is ending".to_owned());
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let age = found.0.elapsed();
        if age > STALE {
            return Err(format!("the store has not answered for {} s", age.as_secs()));
        }
        found.1.clone()
    }

    /// From now on nobody is to be sent here.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// What the store counted last, as Prometheus reads it. Who asks for it has it counted again soon.
    pub(super) fn numbers(&self) -> String {
        self.is_asked.store(true, Ordering::Relaxed);
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks and counts, and never ends by itself. Counting may take long: nobody is taken for lost
    /// meanwhile.
    pub(super) async fn run(self: Arc<Self>, store: WebStore, is_counting: bool) {
        let looking = async {
            loop {
                let found = self.look(&store).await;
                let now = Instant::now();
                *self.found.lock().unwrap_or_else(PoisonError::into_inner) = (now, found);
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = looking => {}
            () = self.count(&store), if is_counting => {}
        }
    }

    async fn count(&self, store: &WebStore) {
        loop {
            let mut pause = LOOK;
            if self.is_asked.swap(false, Ordering::Relaxed) {
                let begun = Instant::now();
                // Numbers that cannot be had now stay as they were, and are tried again soon.
                match counted(store).await {
                    Ok(numbers) => {
                        let mut kept = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
                        *kept = numbers.text();
                    }
                    Err(_) => self.is_asked.store(true, Ordering::Relaxed),
                }
                pause = COUNT.max(begun.elapsed() * SHARE);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn look(&self, store: &WebStore) -> Result<(), String> {
        match can_be_written(store).await {
            Ok(()) => {}
            // Whoever is not answered meanwhile is noted where they wait.
            Err(error) if error.is_busy() => {
                return Err("another process writes to the store for long".to_owned());
            }
            Err(error) => {
                store.note(Some(&error));
                store.shared.put_away().await;
                return Err(error.to_string());
            }
        }
        store.note(None);
        if self.keys.is_there() { Ok(()) } else { Err("the secret cannot be read".to_owned()) }
    }
}

/// Whether a transaction that writes begins.
async fn can_be_written(store: &WebStore) -> Result<(), StoreError> {
    let own = store.shared.lease().await?;
    drop(own.begin().await?);
    Ok(())
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
