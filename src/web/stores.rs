//! The publication's store as the pages have it, and what is told of it when it cannot be used.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::delivery::ledger::STEPS;
use crate::store::shared::SharedStore;
use crate::store::{StoreAddress, StoreError};

/// A store that may be open.
#[derive(Clone, Debug)]
pub(super) struct WebStore {
    pub(super) shared: SharedStore,
    tell: fn(&str),
    /// Whether it was told that nothing can be written.
    is_told: Arc<AtomicBool>,
}

impl WebStore {
    pub(super) fn new(address: StoreAddress, tell: fn(&str)) -> WebStore {
        let shared = SharedStore::new(address, &STEPS);
        WebStore { shared, tell, is_told: Arc::default() }
    }

    /// Lets the next one open it again behind an error. Where another process only writes for long,
    /// nothing is wrong with the connection.
    pub(super) async fn put_away_behind(&self, error: &StoreError) {
        if !error.is_busy() {
            self.shared.put_away().await;
        }
    }

    /// What tells whoever runs the server.
    pub(super) fn tell(&self) -> fn(&str) {
        self.tell
    }

    /// Tells whoever runs the server, once, that readers cannot be served, and when they can again.
    pub(super) fn note(&self, error: Option<&dyn fmt::Display>) {
        let was_told = self.is_told.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was_told => (self.tell)(&format!(
                "{error}; whoever wants to leave or to subscribe is asked to come again in a minute"
            )),
            None if was_told => (self.tell)("what readers want can be written down again"),
            _ => {}
        }
    }
}
