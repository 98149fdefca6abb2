//! All that the pages write. People who leave within a moment are one transaction, because a disk takes
//! a few hundred of them a second and no more.
//!
//! On a thread of its own: a page that is only read never waits for it. Must never answer before what
//! it answers is on the disk, nor begin the next transaction at once: a send that goes on writes to the
//! same file.

use std::collections::{BTreeMap, BTreeSet};
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

/// How long the first of a group waits for others.
const GATHERING: Duration = Duration::from_millis(8);
/// Wishes that are taken together.
const MOST: usize = 128;
/// Wishes that wait. Of more, nobody could be told in time.
const WAITING: usize = 4_096;

/// That nothing could be written, now; who asks again later may have more luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unwritten;

/// Where the answer to a wish goes. Who went away has it fulfilled all the same.
type WishAnswer<T> = oneshot::Sender<Result<T, Unwritten>>;

/// What somebody wants.
#[derive(Debug)]
enum WrittenWish {
    Leave(WishAnswer<()>),
    /// To get mail again, having left since a moment; whether they do.
    TakeBack(Timestamp, WishAnswer<bool>),
    /// That it is kept why they left since a moment.
    SayWhy(Timestamp, LeavingWhy, WishAnswer<()>),
}

/// Where requests hand in what is to be written.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    wishes: mpsc::Sender<(Address, WrittenWish)>,
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
        self.hand_in(address, WrittenWish::Leave).await
    }

    /// Takes back that somebody has left since a moment; whether they get mail again.
    pub(super) async fn take_back(
        &self,
        address: Address,
        since: Timestamp,
    ) -> Result<bool, Unwritten> {
        self.hand_in(address, |told| WrittenWish::TakeBack(since, told)).await
    }

    /// Keeps why somebody has left since a moment.
    pub(super) async fn say_why(
        &self,
        address: Address,
        since: Timestamp,
        why: LeavingWhy,
    ) -> Result<(), Unwritten> {
        self.hand_in(address, |told| WrittenWish::SayWhy(since, why, told)).await
    }

    async fn hand_in<T>(
        &self,
        address: Address,
        wish: impl FnOnce(WishAnswer<T>) -> WrittenWish,
    ) -> Result<T, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.wishes.try_send((address, wish(told))).map_err(|_| Unwritten)?;
        answer.await.map_err(|_| Unwritten)?
    }
}

/// Fulfils wishes until nobody can have any more.
async fn write(
    store: &mut WebStore,
    waiting: &mut mpsc::Receiver<(Address, WrittenWish)>,
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
        fulfil(store, std::mem::take(&mut group), clock).await;
    }
}

/// Those who leave first, together.
async fn fulfil(
    store: &mut WebStore,
    wishes: Vec<(Address, WrittenWish)>,
    clock: fn() -> Timestamp,
) {
    let mut people = BTreeMap::new();
    let mut leaving = Vec::new();
    let mut others = Vec::new();
    for (address, wish) in wishes {
        if let WrittenWish::Leave(told) = wish {
            people.insert(address.identity(), address);
            leaving.push(told);
        } else {
            others.push((address, wish));
        }
    }
    if !people.is_empty() {
        let done = leave(store, &people, clock()).await;
        for told in leaving {
            let _ = told.send(done);
        }
    }
    for (address, wish) in others {
        match wish {
            WrittenWish::Leave(told) => drop(told),
            WrittenWish::TakeBack(since, told) => {
                let _ = told.send(take_back(store, &address, since, clock()).await);
            }
            WrittenWish::SayWhy(since, why, told) => {
                let _ = told.send(say_why(store, &address, since, why).await);
            }
        }
    }
}

/// Writes a group; a second time with a new connection where the first one was lost: who has left
/// twice has left.
async fn leave(
    store: &mut WebStore,
    people: &BTreeMap<String, Address>,
    now: Timestamp,
) -> Result<(), Unwritten> {
    for _ in 0..2 {
        match leave_once(store, people, now).await {
            Ok(()) => return Ok(()),
            Err(error) => store.put_away(&error).await,
        }
    }
    Err(Unwritten)
}

async fn leave_once(
    store: &mut WebStore,
    people: &BTreeMap<String, Address>,
    now: Timestamp,
) -> Result<(), ForgottenError> {
    let own = store.opened().await?;
    let forgotten = Forgotten::read(&own, &store.forgetting).await?;
    // Nothing is written again of somebody who was forgotten: they get no mail.
    let people = people.iter().filter(|(_, address)| !forgotten.has(address));
    let people: BTreeSet<String> = people.map(|(identity, _)| identity.clone()).collect();
    let note = SuppressionNote {
        reason: SuppressionReason::Unsubscribed,
        why: "left by the link in a mail",
        origin: SuppressionOrigin::Web,
        at: now,
    };
    let failed = |error| own.failed(error);
    let mut transaction = own.begin().await?;
    let left = leave::leave_within(&mut transaction, &people, &note, ChangeOrigin::Web).await;
    left.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(())
}

async fn take_back(
    store: &mut WebStore,
    address: &Address,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, Unwritten> {
    for _ in 0..2 {
        let done = match store.opened().await {
            Ok(own) => leave::take_back(&own, address, since, now).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(gets_mail) => return Ok(gets_mail),
            Err(error) => store.put_away(&error.into()).await,
        }
    }
    Err(Unwritten)
}

async fn say_why(
    store: &mut WebStore,
    address: &Address,
    since: Timestamp,
    why: LeavingWhy,
) -> Result<(), Unwritten> {
    for _ in 0..2 {
        let done = match store.opened().await {
            Ok(own) => leave::say_why(&own, address, since, why).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => return Ok(()),
            Err(error) => store.put_away(&error.into()).await,
        }
    }
    Err(Unwritten)
}
