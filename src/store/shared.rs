//! A store that several tasks of one process use: opened when one of them needs it, and anew when its
//! server or its file has gone and come back.
//!
//! Must never have a file open twice: to close one of two descriptors lets go of all locks of the
//! process (fcntl(2)).

use std::ops::Deref;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::sql::SqlError;
use super::{SchemaStep, Store, StoreAddress, StoreError};

/// See the file's head.
#[derive(Clone, Debug)]
pub struct SharedStore {
    address: StoreAddress,
    steps: &'static [SchemaStep],
    open: Arc<RwLock<Option<Store>>>,
}

/// The store for one task, as long as it needs it. Must be given back before [`SharedStore::put_away`].
#[derive(Debug)]
pub struct StoreLease(OwnedRwLockReadGuard<Option<Store>, Store>);

impl Deref for StoreLease {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0
    }
}

impl SharedStore {
    /// A store that is not open yet.
    pub fn new(address: StoreAddress, steps: &'static [SchemaStep]) -> SharedStore {
        SharedStore { address, steps, open: Arc::default() }
    }

    /// Whether it is on a server, which may be silent without an end.
    pub fn is_on_server(&self) -> bool {
        self.address.file().is_none()
    }

    /// The store, which is opened if need be. A file that is not the one that was opened is none: what
    /// is written to it would be lost.
    ///
    /// # Errors
    /// The store's.
    pub async fn lease(&self) -> Result<StoreLease, StoreError> {
        let open = Arc::clone(&self.open).read_owned().await;
        let lease = match OwnedRwLockReadGuard::try_map(open, Option::as_ref) {
            Ok(open) => StoreLease(open),
            Err(none) => {
                drop(none);
                self.open_it().await?
            }
        };
        lease.in_place()?;
        Ok(lease)
    }

    async fn open_it(&self) -> Result<StoreLease, StoreError> {
        let mut open = Arc::clone(&self.open).write_owned().await;
        if open.is_none() {
            // Nobody would find what a new file has.
            if let Some(path) = self.address.file().filter(|path| !path.is_file()) {
                return Err(StoreError::Gone { path: path.to_owned() });
            }
            *open = Some(self.opened().await?);
        }
        let gone = || StoreError::Gone { path: self.address.beside().to_owned() };
        let open = OwnedRwLockReadGuard::try_map(open.downgrade(), Option::as_ref);
        open.map(StoreLease).map_err(|_| gone())
    }

    /// On a thread of its own: what opens a store must not move to another one meanwhile.
    async fn opened(&self) -> Result<Store, StoreError> {
        let (address, steps, runtime) = (self.address.clone(), self.steps, Handle::current());
        let opening = move || runtime.block_on(Store::open(&address, steps));
        tokio::task::spawn_blocking(opening).await.unwrap_or_else(|_| {
            let store = self.address.clone();
            Err(StoreError::Sql { store, error: SqlError::worker_crashed() })
        })
    }

    /// How errors name it.
    pub fn address(&self) -> &StoreAddress {
        &self.address
    }

    /// Lets the next one open it again, when all have given it back.
    pub async fn put_away(&self) {
        if let Some(store) = self.open.write().await.take() {
            store.close().await;
        }
    }
}
