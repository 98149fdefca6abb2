//! All that the pages write. People who leave within a moment are one transaction, because a disk takes
//! a few hundred of them a second and no more.
//!
//! On a thread of its own: a page that is only read never waits for it. Must never answer before what
//! it answers is on the disk, nor begin the next transaction at once: a send that goes on writes to the
//! same file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::keys::KeyRing;
use super::stores::WebStore;
use crate::audience::forgotten::Forgotten;
use crate::audience::leave::{self, LeavingWhy};
use crate::audience::subscribers::ChangeOrigin;
use crate::audience::suppression::{SuppressionNote, SuppressionOrigin, SuppressionReason};
use crate::message::address::Address;
use crate::store::{Store, StoreError};

/// How long the first of a group waits for others.
const GATHERING: Duration = Duration::from_millis(8);
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
    /// They get no mail for another reason.
    Out,
    /// They get the next issue.
    In,
}

/// What somebody wants, and where the answer goes. Who went away has it fulfilled all the same.
#[derive(Debug)]
struct HandedIn {
    address: Address,
    wish: LeaverWish,
    told: oneshot::Sender<Result<WebStanding, Unwritten>>,
}

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
}

impl Writer {
    /// Begins to write, on a thread that ends with the last `Writer`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn begin(
        mut store: WebStore,
        keys: Arc<KeyRing>,
        clock: fn() -> Timestamp,
    ) -> io::Result<Writer> {
        let (wishes, mut waiting) = mpsc::channel(WAITING);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || runtime.block_on(write(&mut store, &mut waiting, (&keys, clock))))?;
        Ok(Writer { wishes })
    }

    /// Fulfils a wish; done when it is on the disk. What takes longer is done all the same, but whoever
    /// waits is told to come again.
    pub(super) async fn fulfil(
        &self,
        address: Address,
        wish: LeaverWish,
    ) -> Result<WebStanding, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.wishes.try_send(HandedIn { address, wish, told }).map_err(|_| Unwritten)?;
        let answer = tokio::time::timeout(ANSWER, answer).await.map_err(|_| Unwritten)?;
        answer.map_err(|_| Unwritten)?
    }
}

/// What tells who was forgotten, and the time.
type KnownToWriter<'a> = (&'a KeyRing, fn() -> Timestamp);

/// Fulfils wishes until nobody can have any more.
async fn write(
    store: &mut WebStore,
    waiting: &mut mpsc::Receiver<HandedIn>,
    known: KnownToWriter<'_>,
) {
    let mut group = Vec::with_capacity(MOST);
    while waiting.recv_many(&mut group, MOST).await > 0 {
        tokio::time::sleep(GATHERING).await;
        while group.len() < MOST
            && let Ok(one) = waiting.try_recv()
        {
            group.push(one);
        }
        fulfil(store, &mut group, known).await;
    }
}

/// Those who leave first, together.
async fn fulfil(store: &mut WebStore, group: &mut Vec<HandedIn>, known: KnownToWriter<'_>) {
    let (leaving, others): (Vec<HandedIn>, Vec<HandedIn>) =
        group.drain(..).partition(|one| matches!(one.wish, LeaverWish::Leave));
    for group in [leaving].into_iter().chain(others.into_iter().map(|one| vec![one])) {
        let Some(first) = group.first() else { continue };
        let (wish, people) = (first.wish, group.iter().map(|one| &one.address));
        let done = written(store, &people.collect::<Vec<_>>(), wish, known).await;
        for one in group {
            let standing = match &done {
                Ok(standings) => Ok(standings.get(&one.address.identity()).copied()),
                Err(unwritten) => Err(*unwritten),
            };
            let _ = one.told.send(standing.map(|standing| standing.unwrap_or(WebStanding::Out)));
        }
    }
}

/// Writes; a second time with a new connection where the first one was lost: what is written twice
/// is as if it were written once. Of whom it says nothing gets no mail.
async fn written(
    store: &mut WebStore,
    people: &[&Address],
    wish: LeaverWish,
    known: KnownToWriter<'_>,
) -> Result<BTreeMap<String, WebStanding>, Unwritten> {
    let mut failed = None;
    for _ in 0..2 {
        match written_once(store, people, wish, known).await {
            Ok(standings) => {
                store.note(None);
                return Ok(standings);
            }
            Err(error) => {
                store.put_away().await;
                failed = Some(error);
            }
        }
    }
    store.note(failed.as_ref());
    Err(Unwritten)
}

async fn written_once(
    store: &mut WebStore,
    people: &[&Address],
    wish: LeaverWish,
    (keys, clock): KnownToWriter<'_>,
) -> Result<BTreeMap<String, WebStanding>, StoreError> {
    let own = store.opened().await?;
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
    let left = leave::left_at(&mut connection, &people).await.map_err(failed)?;
    drop(connection);
    Ok(match left.into_values().next() {
        Some(at) => WebStanding::Left(at),
        None if leave::gets_mail(store, address).await? => WebStanding::In,
        None => WebStanding::Out,
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
    let left = leave::left_at(&mut transaction, &people).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    let standing = |(who, at)| {
        let standing =
            if new.contains(&who) { WebStanding::LeftNow(at) } else { WebStanding::Left(at) };
        (who, standing)
    };
    Ok(left.into_iter().map(standing).collect())
}
