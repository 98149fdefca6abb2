//! The publication's store as the pages have it: opened when somebody needs it, and anew when its
//! server or its file has gone and come back.

use crate::audience::forgotten::{ForgettingKeys, ForgottenError};
use crate::delivery::ledger::STEPS;
use crate::store::{Store, StoreAddress, StoreError};

/// A store that may be open.
#[derive(Debug)]
pub(super) struct WebStore {
    address: StoreAddress,
    /// To know who was forgotten.
    pub(super) forgetting: ForgettingKeys,
    open: Option<Store>,
}

impl WebStore {
    pub(super) fn new(address: StoreAddress, forgetting: ForgettingKeys) -> WebStore {
        WebStore { address, forgetting, open: None }
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

    /// Says what went wrong, and lets the next one open it again.
    pub(super) async fn put_away(&mut self, error: &ForgottenError) {
        tracing::warn!("the store: {error}");
        if let Some(store) = self.open.take() {
            store.close().await;
        }
    }
}
