//! The publication's store as the pages have it, and what is told of it when it cannot be used.

use std::sync::{Arc, Mutex, PoisonError};

use super::writer::owed::OwedLeavers;
use crate::crypto;
use crate::delivery::ledger::STEPS;
use crate::diagnostic::log::LogEntry;
use crate::store::shared::SharedStore;
use crate::store::{StoreAddress, StoreError};

/// A store that may be open.
#[derive(Clone, Debug)]
pub(super) struct WebStore {
    pub(super) shared: SharedStore,
    tell: fn(&LogEntry),
    /// Why nothing can be written, which was told.
    failing: Arc<Mutex<Option<String>>>,
    /// Who is to be written down before it is told that all is well.
    pub(super) owed: Arc<OwedLeavers>,
}

impl WebStore {
    pub(super) fn new(address: StoreAddress, tell: fn(&LogEntry)) -> WebStore {
        let shared = SharedStore::new(address, &STEPS);
        WebStore { shared, tell, failing: Arc::default(), owed: Arc::default() }
    }

    /// Lets the next one open it again behind an error. Where another process only writes for long,
    /// nothing is wrong with the connection.
    pub(super) async fn put_away_behind(&self, error: &StoreError) {
        if !error.is_busy() {
            self.shared.put_away().await;
        }
    }

    /// Whether the store takes what is written to it, so that an error is of what was asked of it.
    pub(super) async fn takes_writes_despite(&self, error: &StoreError) -> bool {
        if error.is_busy() || matches!(error, StoreError::Lost { .. }) {
            return false;
        }
        let Ok(own) = self.shared.lease().await else { return false };
        let nonce = crypto::random::<8>().map(u64::from_le_bytes).unwrap_or_default();
        own.try_to_write(nonce).await.is_ok()
    }

    /// What tells whoever runs the server.
    pub(super) fn tell(&self) -> fn(&LogEntry) {
        self.tell
    }

    /// Why readers cannot be served, since it was seen for the last time.
    pub(super) fn failing(&self) -> Option<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells whoever runs the server, once, that readers cannot be served.
    pub(super) fn has_failed(&self, error: &StoreError) {
        self.is_failing(&match error {
            // Whoever sends has to come back by hand, and a server does so by itself.
            StoreError::Lost { store, error } => {
                format!("the connection to {store} was lost: {error}")
            }
            error => error.to_string(),
        });
    }

    /// The same, in words.
    pub(super) fn is_failing(&self, why: &str) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let was_told = failing.replace(why.to_owned()).is_some();
        drop(failing);
        if !was_told {
            let text = format!(
                "{why}; who wants to leave is written down as soon as it can be, while this program runs. \
                 Whoever wants anything else is asked to come again in a minute"
            );
            (self.tell)(&LogEntry::warning("store_lost", text));
        }
    }

    /// Tells when they can again: as much as somebody needs was written, and is on the disk. A wish that
    /// had nothing to write shows nothing.
    pub(super) fn was_written(&self) {
        if self.owed.count() > 0 {
            return;
        }
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if failing.is_some() {
            let text = "what readers want can be written down again";
            (self.tell)(&LogEntry::new("store_back", text));
        }
    }
}
