//! Who may send: one process for each database file, whatever names lead to it.
//!
//! On Linux the lock is an flock(2) of the database file itself, which SQLite's own locks (fcntl)
//! do not meet. The file beside it only says in words who sends; it is locked too, for systems
//! where the two kinds of lock are one, and for older versions of this program. Deleting it frees
//! nothing. The system frees the lock when the process dies, however it dies.

use std::fs::{File, TryLockError};
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Store, StoreError, owner, place};

/// Whether the database file takes a lock of ours without SQLite noticing.
const LOCKS_DATABASE: bool = cfg!(any(target_os = "linux", target_os = "android"));
/// A reader holds the lock for a moment, to see a journal that nobody writes; so long a sender
/// tries again before it believes in another sender.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps other processes from sending as long as it lives.
#[derive(Debug)]
pub struct Lock {
    database: Option<Arc<File>>,
    words: Option<File>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The descriptor lives on with the store, and its lock would too.
        for file in self.database.as_deref().into_iter().chain(&self.words) {
            let _ = file.unlock();
        }
    }
}

/// What a reader finds.
#[derive(Debug)]
pub enum Quiet {
    /// Nobody sends, and nobody begins as long as the lock lives.
    Nobody(Lock),
    /// This process does, in its own words.
    Sending(String),
}

impl Store {
    /// Takes the right to send. `who` is what another process is told, such as
    /// `process 4711 (issue 2025-11, since 09:00)`.
    ///
    /// # Errors
    /// [`StoreError::Busy`] with what the other process said of itself, or [`StoreError::Newer`]
    /// where a newer program has changed the tables since the store was opened.
    pub async fn lock(&self, who: &str) -> Result<Lock, StoreError> {
        // Nobody else sees what has no file.
        if self.nowhere {
            return Ok(Lock { database: None, words: None });
        }
        let lock = self.try_lock(who, TRIES)?.ok_or_else(|| self.busy())?;
        match self.found_version().await? {
            found if found == self.version => Ok(lock),
            found => Err(StoreError::Newer { path: self.path.clone(), found }),
        }
    }

    /// The same in so many tries, without a look at the tables; `None` where somebody else has it.
    pub(super) fn try_lock(&self, who: &str, tries: u32) -> Result<Option<Lock>, StoreError> {
        let path = self.words_path();
        let failed = |error| StoreError::Lock { path: path.clone(), error };
        let mut lock = Lock { database: self.lockable(), words: None };
        if let Some(database) = &lock.database
            && !held(tries, || database.try_lock()).map_err(failed)?
        {
            return Ok(None);
        }
        let mut words = owner::open(&path).map_err(failed)?;
        if place::has_another_name(&words) {
            return Err(StoreError::Linked { path });
        }
        if !held(tries, || words.try_lock()).map_err(failed)? {
            return Ok(None);
        }
        words.set_len(0).and_then(|()| words.rewind()).map_err(failed)?;
        words.write_all(who.as_bytes()).map_err(failed)?;
        lock.words = Some(words);
        Ok(Some(lock))
    }

    /// Whether another process sends now. Never to be asked by who holds the lock.
    ///
    /// # Errors
    /// [`StoreError::Lock`].
    pub fn quiet(&self) -> Result<Quiet, StoreError> {
        let path = self.words_path();
        let failed = |error| StoreError::Lock { path: path.clone(), error };
        let lock = Lock { database: self.lockable(), words: owner::open_if_there(&path) };
        for file in lock.database.as_deref().into_iter().chain(&lock.words) {
            match file.try_lock_shared() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Quiet::Sending(self.holder())),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Ok(Quiet::Nobody(lock))
    }

    fn lockable(&self) -> Option<Arc<File>> {
        self.file.clone().filter(|_| LOCKS_DATABASE)
    }

    fn words_path(&self) -> PathBuf {
        place::beside(&self.path, "-lock")
    }

    pub(super) fn busy(&self) -> StoreError {
        StoreError::Busy { path: self.path.clone(), who: self.holder() }
    }

    /// What the holder of the lock says of itself. It writes that behind taking the lock, so what
    /// stands there at once may be empty, or its predecessor's.
    fn holder(&self) -> String {
        for _ in 0..10 {
            std::thread::sleep(Duration::from_millis(50));
            let who = owner::read(&self.words_path(), 4096).unwrap_or_default();
            let who = String::from_utf8_lossy(&who).trim().to_owned();
            if !who.is_empty() {
                return who;
            }
        }
        "another process".to_owned()
    }
}

/// Whether a lock was taken, in so many tries.
fn held(tries: u32, mut take: impl FnMut() -> Result<(), TryLockError>) -> std::io::Result<bool> {
    for attempt in 1..=tries {
        match take() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if attempt < tries => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}
