//! Who has left since the plan: suppressions that another process has committed while this one
//! sends.
//!
//! A connection of its own reads what is new, several times a second, so that no commit of the
//! sender's keeps it waiting. Exists because the promise is short: half a second after the commit
//! nobody is sent to, however many rows were claimed before. Must never write, nor let a text leave by
//! a look that is older than [`FRESH`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::audience::suppression::{
    self, LEFT_DURING, Suppression, SuppressionReason, SuppressionSubject,
};
use crate::delivery::ledger::moved::MOVED_DURING;
use crate::delivery::ledger::suppressed::SuppressionMark;
use crate::delivery::ledger::{Claimed, Ledger, STEPS};
use crate::message::address::Address;
use crate::store::{Store, StoreError};

/// How often somebody looks, whether or not a message is about to leave.
const EVERY: Duration = Duration::from_millis(50);
/// A look that is older does not count: before a text leaves, it is done again.
const FRESH: Duration = Duration::from_millis(100);

/// See the file's head.
#[derive(Debug)]
pub(super) struct Leavers {
    watched: tokio::sync::Mutex<Vec<WatchedStore>>,
    known: Mutex<BTreeMap<SuppressionSubject, SuppressionReason>>,
    /// Whether there is anybody: most runs have nobody, and each message asks.
    any: AtomicBool,
    started: Instant,
    /// When the last look began that is done, in milliseconds from the start.
    looked_ms: AtomicU64,
}

/// A store, and the last number that was read.
#[derive(Debug)]
struct WatchedStore {
    store: Store,
    number: i64,
}

impl Leavers {
    /// Watches the stores that the plan has asked, from where it has read them.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn watch(
        ledger: &Ledger,
        mark: &SuppressionMark,
    ) -> Result<Leavers, StoreError> {
        let mut watched = Vec::new();
        if let Some(store) = ledger.second_reader().await? {
            watched.push(WatchedStore { store, number: mark.own });
        }
        if let Some((address, number)) = &mark.elsewhere {
            let store = Store::read(address, &STEPS).await?;
            watched.push(WatchedStore { store, number: *number });
        }
        let leavers = Leavers {
            watched: tokio::sync::Mutex::new(watched),
            known: Mutex::default(),
            any: AtomicBool::new(false),
            started: Instant::now(),
            looked_ms: AtomicU64::new(0),
        };
        leavers.look(Duration::ZERO).await?;
        Ok(leavers)
    }

    /// Looks again and again; ends only when it cannot.
    pub(super) async fn keep_looking(&self) -> StoreError {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.look(EVERY).await {
                return error;
            }
        }
    }

    /// Lets what is known be no older than [`FRESH`].
    ///
    /// # Errors
    /// The store's: then nobody knows who has left.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        if self.is_younger(FRESH) { Ok(()) } else { self.look(FRESH).await }
    }

    fn is_younger(&self, age: Duration) -> bool {
        let looked = Duration::from_millis(self.looked_ms.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(looked) < age
    }

    /// Reads what is new, unless somebody has done so less than `age` ago.
    async fn look(&self, age: Duration) -> Result<(), StoreError> {
        let mut watched = self.watched.lock().await;
        if self.is_younger(age) {
            return Ok(());
        }
        let begun = self.started.elapsed();
        for WatchedStore { store, number } in watched.iter_mut() {
            let new = suppression::since(store, *number).await?;
            if let Some(last) = new.last() {
                *number = last.number;
                let mut known = self.known();
                for one in new {
                    let (subject, reason) = named(one);
                    known.entry(subject).or_insert(reason);
                }
                self.any.store(true, Ordering::Relaxed);
            }
        }
        let begun = u64::try_from(begun.as_millis()).unwrap_or(u64::MAX);
        self.looked_ms.store(begun, Ordering::Relaxed);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<SuppressionSubject, SuppressionReason>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody has left.
    pub(super) fn are_any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Why the person of a row gets nothing any more, if they have left.
    pub(super) fn has(&self, row: &Claimed) -> Option<String> {
        if !self.are_any() {
            return None;
        }
        let reason = reason_for(&self.known(), row.recipient.address())?;
        Some(match reason {
            SuppressionReason::Moved => MOVED_DURING.to_owned(),
            reason => format!("{LEFT_DURING}{}", reason.word()),
        })
    }

    /// Waits until the person of a row has left.
    pub(super) async fn until_left(&self, row: &Claimed) {
        while self.has(row).is_none() {
            tokio::time::sleep(EVERY).await;
        }
    }

    /// All who have left, and why. Nobody looks any more: the stores are closed.
    pub(super) async fn end(&self) -> BTreeMap<SuppressionSubject, SuppressionReason> {
        for WatchedStore { store, .. } in self.watched.lock().await.drain(..) {
            store.close().await;
        }
        self.known().clone()
    }
}

fn named(one: Suppression) -> (SuppressionSubject, SuppressionReason) {
    let reason = one.reason;
    (one.subject(), reason)
}

/// The reason for a person: a word about themselves, or about their domain.
fn reason_for(
    known: &BTreeMap<SuppressionSubject, SuppressionReason>,
    address: &Address,
) -> Option<SuppressionReason> {
    let own = known.get(&SuppressionSubject::address(address));
    own.or_else(|| known.get(&SuppressionSubject::Domain(address.domain().to_owned()))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_left_by_a_word_about_them_or_about_their_domain() {
        let subject = |text: &str| SuppressionSubject::address(&Address::parse(text).unwrap());
        let known = BTreeMap::from([
            (subject("kim@x.example"), SuppressionReason::Complaint),
            (SuppressionSubject::domain("Y.example").unwrap(), SuppressionReason::Manual),
            (subject("lee@y.example"), SuppressionReason::Unsubscribed),
        ]);
        for (address, reason) in [
            ("KIM@X.example", Some(SuppressionReason::Complaint)),
            ("ada@x.example", None),
            ("ada@y.example", Some(SuppressionReason::Manual)),
            ("ada@sub.y.example", None),
            ("lee@y.example", Some(SuppressionReason::Unsubscribed)),
        ] {
            assert_eq!(reason_for(&known, &Address::parse(address).unwrap()), reason, "{address}");
        }
    }
}
