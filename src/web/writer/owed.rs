//! Those who have asked to leave while that could not be written down: kept in memory until the store is
//! back, because a mail program's one click may never ask again.
//!
//! Must never say that the store is back before they are written, nor keep more than there is room for.
//! Behind a restart they are gone, and the last words of the server say how many.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{KnownToWriter, LeaverWish, MOST, WebStore, count, written_once};
use crate::diagnostic::counted;
use crate::diagnostic::log::LogEntry;
use crate::message::address::Address;

/// People for whom there is room: a few megabytes.
const ROOM: usize = 100_000;

/// People by identity.
#[derive(Debug, Default)]
pub(in crate::web) struct OwedLeavers {
    people: Mutex<BTreeMap<String, Address>>,
}

impl OwedLeavers {
    fn people(&self) -> MutexGuard<'_, BTreeMap<String, Address>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::web) fn count(&self) -> usize {
        self.people().len()
    }

    /// Keeps somebody, if there is room.
    pub(super) fn keep(&self, address: &Address) {
        let mut people = self.people();
        if people.len() < ROOM {
            people.insert(address.identity(), address.clone());
        }
    }

    fn next(&self) -> Vec<Address> {
        self.people().values().take(MOST).cloned().collect()
    }

    fn are_written(&self, done: &[Address]) {
        let mut people = self.people();
        done.iter().for_each(|address| drop(people.remove(&address.identity())));
    }
}

/// Writes down who is owed it, as far as that can be done now.
pub(super) async fn write_down(store: &WebStore, known: KnownToWriter<'_>) {
    let mut all = 0;
    loop {
        let people = store.owed.next();
        if people.is_empty() {
            break;
        }
        let borrowed: Vec<&Address> = people.iter().collect();
        match written_once(store, &borrowed, LeaverWish::Leave, known).await {
            Ok(standings) => count(&standings, LeaverWish::Leave, &known.options.metrics),
            Err(error) => {
                store.put_away_behind(&error).await;
                break;
            }
        }
        store.owed.are_written(&people);
        all += people.len();
    }
    if all > 0 {
        let people = counted(all as u64, "person");
        let text =
            format!("written down: {people} who wanted to leave while the store could not be used");
        (store.tell())(&LogEntry::new("left_late", text));
    }
}

/// The last words about those who could not be written down until the end.
pub(super) fn tell_lost(store: &WebStore) {
    let count = store.owed.count();
    if count > 0 {
        let people = counted(count as u64, "person");
        let text = format!(
            "{people} wanted to leave and could not be written down, because the store cannot be used: \
             they still get mail, until they leave once more"
        );
        (store.tell())(&LogEntry::warning("leavers_lost", text));
    }
}
