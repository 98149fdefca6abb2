//! All that the pages write. People who leave within a moment are one transaction, because a disk takes
//! a few hundred of them a second and no more.
//!
//! On a thread of its own: a page that is only read never waits for it. Must never answer before what
//! it answers is on the disk, nor begin the next transaction at once: a send that goes on writes to the
//! same file.

mod choosing;
pub(super) mod moving;
pub(super) mod own_data;
pub(super) mod owed;
mod posting;
pub(super) mod signing;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::keys::KeyRing;
use super::metrics::{ReaderEvent, WebMetrics};
use super::stores::WebStore;
use crate::audience::forgotten::Forgotten;
use crate::audience::leave::{self, LeavingWhy, LeftOnWeb};
use crate::audience::subscribers::ChangeOrigin;
use crate::audience::suppression::{SuppressionNote, SuppressionOrigin, SuppressionReason};
use crate::delivery::bounced::policy::BouncePolicy;
use crate::delivery::bounced::posted::PostedReport;
use crate::delivery::ledger::undecided;
use crate::delivery::outbox::run::Outbox;
use crate::message::address::Address;
use crate::store::{Store, StoreError};
use choosing::OfChooser;
use owed::OwedLeavers;
use own_data::OfReader;
use signing::{FormDone, FormWish};

/// How long the first of a group waits for others.
const GATHERING: Duration = Duration::from_millis(8);
/// The same behind a group of more than so many, which nobody notices: an issue that is sent meanwhile
/// needs the disk and the processors, too.
const CROWD: (usize, Duration) = (32, Duration::from_millis(24));
/// Wishes that are taken together.
const MOST: usize = 128;
/// Wishes that wait. Of more, nobody could be told in time.
const WAITING: usize = 4_096;

/// How long somebody waits for theirs: whoever waits longer closes the page.
const ANSWER: Duration = Duration::from_secs(8);

/// That nothing could be written, now; who asks again later may have more luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unwritten;

/// How somebody stands when their wish is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WebStanding {
    /// They have left by a link at that moment: now, by this wish, or before.
    LeftNow(Timestamp),
    Left(Timestamp),
    /// They have left by a link, and have said so again: no undo ends that.
    LeftForGood,
    /// They get no mail for another reason.
    Out,
    /// They get the next issue, or the next one from a day on.
    In(Option<Date>),
}

/// What somebody wants, and where the answer goes. Who went away has it fulfilled all the same.
#[derive(Debug)]
enum HandedIn {
    Leaver(OfLeaver),
    Form(OfForm),
    Chooser(OfChooser),
    Reader(OfReader),
    Provider(posting::OfProvider),
}

#[derive(Debug)]
struct OfLeaver {
    address: Address,
    wish: LeaverWish,
    told: WhereTold<WebStanding>,
}

#[derive(Debug)]
pub(super) struct OfForm {
    wish: FormWish,
    told: WhereTold<FormDone>,
}

type WhereTold<T> = oneshot::Sender<Result<T, Unwritten>>;

#[derive(Clone, Copy, Debug)]
pub(super) enum LeaverWish {
    Leave,
    /// To know how they stand.
    Look,
    /// To get mail again, having left since a moment.
    TakeBack(Timestamp),
    /// That it is kept why they left since a moment.
    SayWhy(Timestamp, LeavingWhy),
}

/// Where requests hand in what is to be written.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    wishes: mpsc::Sender<HandedIn>,
    owed: Arc<OwedLeavers>,
}

/// Sends mails to those who subscribe, beside the writer and over its connection to the store.
pub(super) struct Sending {
    pub(super) outbox: Outbox,
    pub(super) stop: watch::Receiver<bool>,
}

impl Writer {
    /// Begins to write, and perhaps to send, on a thread that ends with the last `Writer`; then the
    /// other value is told. What else uses the store runs `beside`, and never ends by itself: a store is
    /// open once in a process.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn begin(
        store: WebStore,
        options: WriterOptions,
        sending: Option<Sending>,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<(Writer, oneshot::Receiver<()>)> {
        let (wishes, mut waiting) = mpsc::channel(WAITING);
        let (ended, end) = oneshot::channel();
        let owed = Arc::clone(&store.owed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            runtime.block_on(async {
                let (woken, erasing, over) = (Notify::new(), Notify::new(), Notify::new());
                let known = KnownToWriter { options: &options, woken: &woken, erasing: &erasing };
                let writing = write(&store, &mut waiting, known);
                let work = async {
                    match sending {
                        Some(sending) => drop(tokio::join!(writing, send(&store, sending, &woken))),
                        None => writing.await,
                    }
                    over.notify_one();
                };
                let work = async {
                    tokio::join!(work, own_data::erase_waiting(&store, known, &over));
                };
                tokio::select! {
                    () = work => {}
                    () = beside => {}
                }
            });
            let _ = ended.send(());
        })?;
        Ok((Writer { wishes, owed }, end))
    }

    /// Fulfils a wish; done when it is on the disk. What takes longer is done all the same, but whoever
    /// waits is told to come again.
    pub(super) async fn fulfil(
        &self,
        address: Address,
        wish: LeaverWish,
    ) -> Result<WebStanding, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.hand_in(HandedIn::Leaver(OfLeaver { address, wish, told }), answer).await
    }

    /// The same of what somebody has said on a form.
    pub(super) async fn sign(&self, wish: FormWish) -> Result<FormDone, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.hand_in(HandedIn::Form(OfForm { wish, told }), answer).await
    }

    /// Takes note of what a provider of mail has posted.
    pub(super) async fn take_note(
        &self,
        posted: PostedReport,
        policy: BouncePolicy,
    ) -> Result<(), Unwritten> {
        let (told, answer) = oneshot::channel();
        let one = posting::OfProvider { posted, policy, told };
        self.hand_in(HandedIn::Provider(one), answer).await
    }

    async fn hand_in<T>(
        &self,
        wish: HandedIn,
        answer: oneshot::Receiver<Result<T, Unwritten>>,
    ) -> Result<T, Unwritten> {
        if let Err(error) = self.wishes.try_send(wish) {
            // Too many wait. Whoever leaves is written down all the same, behind them.
            if let HandedIn::Leaver(OfLeaver { address, wish: LeaverWish::Leave, .. }) =
                error.into_inner()
            {
                self.owed.keep(&address);
            }
            return Err(Unwritten);
        }
        let answer = tokio::time::timeout(ANSWER, answer).await.map_err(|_| Unwritten)?;
        answer.map_err(|_| Unwritten)?
    }
}

/// What tells who was forgotten, and the time; and where it is counted what people do.
pub(super) struct WriterOptions {
    pub(super) keys: Arc<KeyRing>,
    pub(super) metrics: Arc<WebMetrics>,
    pub(super) clock: fn() -> Timestamp,
    /// What names this boot of the machine.
    pub(super) boot: String,
}

/// The same, and what wakes whoever sends, and whoever erases.
#[derive(Clone, Copy)]
struct KnownToWriter<'a> {
    options: &'a WriterOptions,
    woken: &'a Notify,
    erasing: &'a Notify,
}

/// How long is waited for a store that cannot be used.
const AWAY: Duration = Duration::from_secs(1);

/// Sends what stands in the outbox until it is told to stop.
async fn send(store: &WebStore, sending: Sending, woken: &Notify) {
    let Sending { mut outbox, mut stop } = sending;
    while let Err(error) = outbox.run(&store.shared, woken, &stop).await {
        // No reader waits for a mail: that the store is busy is no news.
        if store.takes_writes_despite(&error).await {
            outbox.fails(&error);
        } else if !error.is_busy() {
            store.has_failed(&error);
            store.shared.put_away().await;
        }
        tokio::select! {
            () = tokio::time::sleep(AWAY) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// Fulfils wishes until nobody can have any more.
async fn write(store: &WebStore, waiting: &mut mpsc::Receiver<HandedIn>, known: KnownToWriter<'_>) {
    let mut group = Vec::with_capacity(MOST);
    let mut gathering = GATHERING;
    let mut tried = Instant::now();
    loop {
        if store.owed.count() > 0 && tried.elapsed() >= AWAY {
            owed::write_down(store, known).await;
            tried = Instant::now();
        }
        // Who is owed something is looked at again soon.
        match tokio::time::timeout(AWAY, waiting.recv_many(&mut group, MOST)).await {
            Err(_) => continue,
            Ok(0) => break,
            Ok(_) => {}
        }
        tokio::time::sleep(gathering).await;
        while group.len() < MOST
            && let Ok(one) = waiting.try_recv()
        {
            group.push(one);
        }
        gathering = if group.len() > CROWD.0 { CROWD.1 } else { GATHERING };
        fulfil(store, &mut group, known).await;
    }
    owed::write_down(store, known).await;
    owed::tell_lost(store);
}

/// Those who leave first, together.
async fn fulfil(store: &WebStore, group: &mut Vec<HandedIn>, known: KnownToWriter<'_>) {
    let (mut leaving, mut others, mut forms) = (Vec::new(), Vec::new(), Vec::new());
    let (mut choosers, mut readers) = (Vec::new(), Vec::new());
    let mut posted = Vec::new();
    for one in group.drain(..) {
        match one {
            HandedIn::Leaver(one) if matches!(one.wish, LeaverWish::Leave) => leaving.push(one),
            HandedIn::Leaver(one) => others.push(one),
            HandedIn::Form(one) => forms.push(one),
            HandedIn::Chooser(one) => choosers.push(one),
            HandedIn::Reader(one) => readers.push(one),
            HandedIn::Provider(one) => posted.push(one),
        }
    }
    for group in [leaving].into_iter().chain(others.into_iter().map(|one| vec![one])) {
        let Some(first) = group.first() else { continue };
        let (wish, people) = (first.wish, group.iter().map(|one| &one.address));
        let people: Vec<&Address> = people.collect();
        let twice = twice(&people);
        let done = written(store, &people, wish, known).await;
        for one in group {
            let identity = one.address.identity();
            let standing = match &done {
                // Nobody can tell which of two requests was the person's own.
                Ok(standings) => Ok(standings.get(&identity).map(|standing| match standing {
                    WebStanding::LeftNow(at) if twice.contains(&identity) => WebStanding::Left(*at),
                    standing => *standing,
                })),
                Err(unwritten) => Err(*unwritten),
            };
            let _ = one.told.send(standing.map(|standing| standing.unwrap_or(WebStanding::Out)));
        }
    }
    signing::fulfil(store, forms, known).await;
    for one in choosers {
        choosing::fulfil(store, one, known).await;
    }
    for one in readers {
        own_data::fulfil(store, one, known).await;
    }
    posting::fulfil(store, posted, known).await;
}

/// Those who stand there more than once.
fn twice(people: &[&Address]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let identities = people.iter().map(|address| address.identity());
    identities.filter(|identity| !seen.insert(identity.clone())).collect()
}

/// Writes; a second time with a new connection where the first one was lost: what is written twice
/// is as if it were written once. Of whom it says nothing gets no mail.
async fn written(
    store: &WebStore,
    people: &[&Address],
    wish: LeaverWish,
    known: KnownToWriter<'_>,
) -> Result<BTreeMap<String, WebStanding>, Unwritten> {
    let mut failed = None;
    for _ in 0..2 {
        match written_once(store, people, wish, known).await {
            Ok(standings) => {
                count(&standings, wish, &known.options.metrics);
                return Ok(standings);
            }
            Err(error) => {
                store.put_away_behind(&error).await;
                failed = Some(error);
            }
        }
    }
    if let LeaverWish::Leave = wish {
        people.iter().for_each(|address| store.owed.keep(address));
    }
    failed.iter().for_each(|error| store.has_failed(error));
    Err(Unwritten)
}

fn count(standings: &BTreeMap<String, WebStanding>, wish: LeaverWish, metrics: &WebMetrics) {
    let number =
        |is_it: fn(&WebStanding) -> bool| standings.values().filter(|it| is_it(it)).count();
    match wish {
        LeaverWish::Leave => {
            metrics.happened(ReaderEvent::Left, number(|it| matches!(it, WebStanding::LeftNow(_))))
        }
        LeaverWish::TakeBack(_) => {
            metrics.happened(ReaderEvent::CameBack, number(|it| matches!(it, WebStanding::In(_))));
        }
        LeaverWish::Look | LeaverWish::SayWhy(..) => {}
    }
}

async fn written_once(
    store: &WebStore,
    people: &[&Address],
    wish: LeaverWish,
    KnownToWriter { options: WriterOptions { keys, clock, .. }, .. }: KnownToWriter<'_>,
) -> Result<BTreeMap<String, WebStanding>, StoreError> {
    let own = store.shared.lease().await?;
    let forgotten = Forgotten::as_far_as_known(&own, &keys.known().forgetting).await?;
    // Nothing is written again of somebody who was forgotten: they get no mail.
    let people = people.iter().filter(|address| !forgotten.has(address));
    if let LeaverWish::Leave = wish {
        return leave_together(&own, people.map(|address| address.identity()).collect(), clock())
            .await;
    }
    let mut standings = BTreeMap::new();
    for address in people {
        let standing = match wish {
            LeaverWish::TakeBack(since) => {
                leave::take_back(&own, address, since, clock()).await?;
                look(&own, address).await?
            }
            LeaverWish::SayWhy(since, why) => {
                let is_kept = leave::say_why(&own, address, since, why).await?;
                if is_kept { WebStanding::Left(since) } else { WebStanding::Out }
            }
            LeaverWish::Leave | LeaverWish::Look => look(&own, address).await?,
        };
        standings.insert(address.identity(), standing);
    }
    Ok(standings)
}

async fn look(store: &Store, address: &Address) -> Result<WebStanding, StoreError> {
    let failed = |error| store.failed(error);
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    let people = BTreeSet::from([address.identity()]);
    let left = leave::left_on_web(&mut connection, &people).await.map_err(failed)?;
    drop(connection);
    Ok(match left.into_values().next() {
        Some(left) if left.is_final => WebStanding::LeftForGood,
        Some(left) => WebStanding::Left(left.at),
        None => match leave::gets_mail(store, address).await? {
            Some(until) => WebStanding::In(until),
            None => WebStanding::Out,
        },
    })
}

async fn leave_together(
    store: &Store,
    people: BTreeSet<String>,
    now: Timestamp,
) -> Result<BTreeMap<String, WebStanding>, StoreError> {
    let note = SuppressionNote {
        reason: SuppressionReason::Unsubscribed,
        why: "left by the link in a mail",
        origin: SuppressionOrigin::Web,
        at: now,
    };
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let left = leave::leave_within(&mut transaction, &people, &note, ChangeOrigin::Web).await;
    let new = left.map_err(failed)?;
    // Whoever has written that they want to leave has said it once more: nobody takes that back.
    for who in undecided::who_waits(&mut transaction, &people).await.map_err(failed)? {
        leave::say_again(&mut transaction, &who, now).await.map_err(failed)?;
    }
    let left = leave::left_on_web(&mut transaction, &people).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    let standing = |(who, left): (String, LeftOnWeb)| {
        let standing = match left {
            LeftOnWeb { is_final: true, .. } => WebStanding::LeftForGood,
            LeftOnWeb { at, .. } if new.contains(&who) => WebStanding::LeftNow(at),
            LeftOnWeb { at, .. } => WebStanding::Left(at),
        };
        (who, standing)
    };
    Ok(left.into_iter().map(standing).collect())
}
