//! All that the pages write. People who leave within a moment are one transaction, because a disk takes
//! a few hundred of them a second and no more.
//!
//! On a thread of its own: a page that is only read never waits for it. Must never answer before what
//! it answers is on the disk, nor begin the next transaction at once: a send that goes on writes to the
//! same file.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::stores::WebStore;
use crate::audience::forgotten::{Forgotten, ForgottenError};
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

/// That nothing could be written, now; who asks again later may have more luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unwritten;

/// What somebody wants, and where the answer goes: whether they get mail now. Who went away has it
/// fulfilled all the same.
#[derive(Debug)]
struct HandedIn {
    address: Address,
    wish: LeaverWish,
    told: oneshot::Sender<Result<bool, Unwritten>>,
}

#[derive(Clone, Copy, Debug)]
enum LeaverWish {
    Leave,
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
    pub(super) fn begin(mut store: WebStore, clock: fn() -> Timestamp) -> io::Result<Writer> {
        let (wishes, mut waiting) = mpsc::channel(WAITING);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || runtime.block_on(write(&mut store, &mut waiting, clock)))?;
        Ok(Writer { wishes })
    }

    /// Writes that somebody has left; done when it is on the disk.
    pub(super) async fn leave(&self, address: Address) -> Result<(), Unwritten> {
        self.hand_in(address, LeaverWish::Leave).await.map(drop)
    }

    /// Takes back that somebody has left since a moment; whether they get mail again.
    pub(super) async fn take_back(
        &self,
        address: Address,
        since: Timestamp,
    ) -> Result<bool, Unwritten> {
        self.hand_in(address, LeaverWish::TakeBack(since)).await
    }

    /// Keeps why somebody has left since a moment.
    pub(super) async fn say_why(
        &self,
        address: Address,
        since: Timestamp,
        why: LeavingWhy,
    ) -> Result<(), Unwritten> {
        self.hand_in(address, LeaverWish::SayWhy(since, why)).await.map(drop)
    }

    async fn hand_in(&self, address: Address, wish: LeaverWish) -> Result<bool, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.wishes.try_send(HandedIn { address, wish, told }).map_err(|_| Unwritten)?;
        answer.await.map_err(|_| Unwritten)?
    }
}

/// Fulfils wishes until nobody can have any more.
async fn write(
    store: &mut WebStore,
    waiting: &mut mpsc::Receiver<HandedIn>,
    clock: fn() -> Timestamp,
) {
    let mut group = Vec::with_capacity(MOST);
    while waiting.recv_many(&mut group, MOST).await > 0 {
        tokio::time::sleep(GATHERING).await;
        while group.len() < MOST
            && let Ok(one) = waiting.try_recv()
        {
            group.push(one);
        }
        fulfil(store, &mut group, clock).await;
    }
}

/// Those who leave first, together.
async fn fulfil(store: &mut WebStore, group: &mut Vec<HandedIn>, clock: fn() -> Timestamp) {
    let (leaving, others): (Vec<HandedIn>, Vec<HandedIn>) =
        group.drain(..).partition(|one| matches!(one.wish, LeaverWish::Leave));
    if !leaving.is_empty() {
        let people: Vec<&Address> = leaving.iter().map(|one| &one.address).collect();
        let done = written(store, &people, LeaverWish::Leave, clock()).await;
        for one in leaving {
            let _ = one.told.send(done);
        }
    }
    for HandedIn { address, wish, told } in others {
        let _ = told.send(written(store, &[&address], wish, clock()).await);
    }
}

/// Writes; a second time with a new connection where the first one was lost: what is written twice
/// is as if it were written once.
async fn written(
    store: &mut WebStore,
    people: &[&Address],
    wish: LeaverWish,
    now: Timestamp,
) -> Result<bool, Unwritten> {
    for _ in 0..2 {
        match written_once(store, people, wish, now).await {
            Ok(gets_mail) => return Ok(gets_mail),
            Err(error) => store.put_away(&error).await,
        }
    }
    Err(Unwritten)
}

async fn written_once(
    store: &mut WebStore,
    people: &[&Address],
    wish: LeaverWish,
    now: Timestamp,
) -> Result<bool, ForgottenError> {
    let own = store.opened().await?;
    let forgotten = Forgotten::read(&own, &store.forgetting).await?;
    // Nothing is written again of somebody who was forgotten: they get no mail.
    let people = people.iter().filter(|address| !forgotten.has(address));
    match wish {
        LeaverWish::Leave => {
            let people: BTreeSet<String> = people.map(|address| address.identity()).collect();
            leave_together(&own, &people, now).await?;
            Ok(false)
        }
        LeaverWish::TakeBack(since) => {
            let mut gets_mail = false;
            for address in people {
                gets_mail = leave::take_back(&own, address, since, now).await?;
            }
            Ok(gets_mail)
        }
        LeaverWish::SayWhy(since, why) => {
            for address in people {
                leave::say_why(&own, address, since, why).await?;
            }
            Ok(false)
        }
    }
}

async fn leave_together(
    store: &Store,
    people: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let note = SuppressionNote {
        reason: SuppressionReason::Unsubscribed,
        why: "left by the link in a mail",
        origin: SuppressionOrigin::Web,
        at: now,
    };
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let left = leave::leave_within(&mut transaction, people, &note, ChangeOrigin::Web).await;
    left.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
