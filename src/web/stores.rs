//! The publication's store as the pages have it: opened when somebody needs it, and anew when its
//! server or its file has gone and come back.

use crate::delivery::ledger::STEPS;
use crate::store::{Store, StoreAddress, StoreError};

/// A store that may be open.
#[derive(Debug)]
pub(super) struct WebStore {
    address: StoreAddress,
    open: Option<Store>,
    tell: fn(&str),
    /// Whether it was told that nothing can be written.
    is_told: bool,
}

impl WebStore {
    pub(super) fn new(address: StoreAddress, tell: fn(&str)) -> WebStore {
        WebStore { address, open: None, tell, is_told: false }
    }

    /// The store, which is opened if need be. A file that is not the one that was opened is none: what
    /// is written to it would be lost.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn opened(&mut self) -> Result<Store, StoreError> {
        let store = if let Some(store) = &self.open {
            store.clone()
        } else {
            // Nobody would find what a new file has.
            if let Some(path) = self.address.file().filter(|path| !path.is_file()) {
                return Err(StoreError::Gone { path: path.to_owned() });
            }
            let store = Store::open(&self.address, &STEPS).await?;
            self.open.insert(store).clone()
        };
        store.in_place()?;
        Ok(store)
    }

    /// Lets the next one open it again.
    pub(super) async fn put_away(&mut self) {
        if let Some(store) = self.open.take() {
            store.close().await;
        }
    }

    /// Tells whoever runs the server, once, that readers cannot be served, and when they can again.
    pub(super) fn note(&mut self, error: Option<&StoreError>) {
        match error {
            Some(error) if !self.is_told => (self.tell)(&format!(
                "{error}; whoever wants to leave is asked to come again in a minute"
            )),
            None if self.is_told => (self.tell)("what readers want can be written down again"),
            _ => {}
        }
        self.is_told = error.is_some();
    }
}
