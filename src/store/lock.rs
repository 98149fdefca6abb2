//! Who may send: one process for each database file, whatever names lead to it.
//!
//! On Linux the lock is an flock(2) of the database file itself, which SQLite's own locks (fcntl)
//! do not meet. The file beside it only says in words who sends; it is locked too, for systems
//! where the two kinds of lock are one, and for older versions of this program. Deleting it frees
//! nothing. The system frees the lock when the process dies, however it dies.

use std::fs::{File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::holder::LockHolder;
use super::server::SessionLock;
use super::{Access, PATIENCE_WITH_SENDER, Store, StoreError, owner, place};

/// Whether the database file takes a lock of ours without SQLite noticing.
const LOCKS_DATABASE: bool = cfg!(any(target_os = "linux", target_os = "android"));
/// A reader holds the lock for a moment, to see a journal that nobody writes; so long a sender
/// tries again before it believes in another sender.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);
/// So long is waited for `digest serve`, which takes somebody out of the tables.
const PATIENCE_WITH_ERASURE: Duration = Duration::from_secs(10);

/// The open database file, and who in this process has its lock.
///
/// An flock(2) belongs to the open file: whoever takes it a second time by the same one is not
/// refused, and frees it for both when they are done. So this process keeps count itself.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    file: File,
    holders: Mutex<Holders>,
}

/// Who in this process has the lock of one open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holders {
    Readers(u32),
    Sender,
}

impl DatabaseFile {
    pub(super) fn new(file: File) -> DatabaseFile {
        DatabaseFile { file, holders: Mutex::new(Holders::Readers(0)) }
    }

    fn holders(&self) -> MutexGuard<'_, Holders> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        let mut holders = self.holders();
        if *holders != Holders::Readers(0) {
            return Err(TryLockError::WouldBlock);
        }
        self.file.try_lock()?;
        *holders = Holders::Sender;
        Ok(())
    }

    fn try_lock_shared(&self) -> Result<(), TryLockError> {
        let mut holders = self.holders();
        let Holders::Readers(others) = *holders else { return Err(TryLockError::WouldBlock) };
        if others == 0 {
            self.file.try_lock_shared()?;
        }
        *holders = Holders::Readers(others + 1);
        Ok(())
    }

    /// Gives back what one of the two has taken; the last one frees the file.
    fn unlock(&self) {
        let mut holders = self.holders();
        *holders = match *holders {
            Holders::Readers(count @ 2..) => Holders::Readers(count - 1),
            Holders::Readers(_) | Holders::Sender => {
                // The descriptor lives on with the store, and its lock would too.
                let _ = self.file.unlock();
                Holders::Readers(0)
            }
        };
    }
}

/// Keeps other processes from sending as long as it lives, and this one from sending twice.
#[derive(Debug)]
pub struct Lock {
    /// Taken, and given back when this goes.
    database: Option<Arc<DatabaseFile>>,
    words: Option<File>,
    /// On a server.
    session: Option<SessionLock>,
}

impl Lock {
    fn none() -> Lock {
        Lock { database: None, words: None, session: None }
    }

    /// What its session is called on a server; nothing of a file.
    pub(super) fn name_on_server(&self) -> Option<&str> {
        self.session.as_ref().and_then(SessionLock::name)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(words) = &self.words {
            let _ = words.unlock();
        }
        if let Some(database) = &self.database {
            database.unlock();
        }
    }
}

/// What a reader finds.
#[derive(Debug)]
pub enum Quiet {
    /// Nobody sends, and nobody begins as long as the lock lives.
    Nobody(Lock),
    /// This process does, or changes the store.
    Sending(LockHolder),
}

impl Store {
    /// Takes the right to send. `who` is what another process is told, such as
    /// `process 4711 (issue 2025-11, since 09:00)`.
    ///
    /// # Errors
    /// [`StoreError::Busy`] with what the other process said of itself, or [`StoreError::Newer`]
    /// where a newer program has changed the tables since the store was opened.
    pub async fn lock(&self, who: &str) -> Result<Lock, StoreError> {
        match self.access {
            Access::Writing => {}
            // Nobody else sees what has no file.
            Access::Nowhere => return Ok(Lock::none()),
            Access::Reading | Access::Copy => {
                let error = io::Error::other("it was opened for reading");
                return Err(StoreError::Lock { path: self.beside().to_owned(), error });
            }
        }
        let give_up = Instant::now() + PATIENCE_WITH_ERASURE;
        let lock = loop {
            if let Some(lock) = self.try_lock(who, TRIES).await? {
                break lock;
            }
            let holder = self.holder().await;
            if !holder.is_erasing() || Instant::now() > give_up {
                return Err(StoreError::Busy { store: self.address.clone(), holder });
            }
        };
        match self.found_version().await? {
            found if found == self.version => Ok(lock),
            found => Err(StoreError::Newer { store: self.address.clone(), found }),
        }
    }

    /// The same in so many tries, without a look at the tables; `None` where somebody else has it.
    pub(super) async fn try_lock(&self, who: &str, tries: u32) -> Result<Option<Lock>, StoreError> {
        let path = self.words_path();
        let failed = |error| StoreError::Lock { path: path.clone(), error };
        if let (None, Some(folder)) = (self.address.file(), path.parent()) {
            make_folder(folder).map_err(failed)?;
        }
        let mut lock = Lock::none();
        if let Some(database) = self.lockable() {
            if !held(tries, || database.try_lock()).map_err(failed)? {
                return Ok(None);
            }
            lock.database = Some(database);
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
        if self.address.file().is_none() {
            lock.session = self.try_session(Some(who), tries).await?;
            if lock.session.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(lock))
    }

    /// The session's lock, in so many tries.
    pub(super) async fn try_session(
        &self,
        who: Option<&str>,
        tries: u32,
    ) -> Result<Option<SessionLock>, StoreError> {
        for attempt in 1..=tries {
            let taken = self.take_session(who).await?;
            if taken.is_some() || attempt == tries {
                return Ok(taken);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// The right to send, once who has it for a moment has given it back; `None` where it is not
    /// `wanted` any more.
    pub(super) async fn wait_for_lock_while(
        &self,
        who: &str,
        wanted: impl AsyncFn() -> Result<bool, StoreError>,
    ) -> Result<Option<Lock>, StoreError> {
        let give_up = Instant::now() + PATIENCE_WITH_SENDER;
        while wanted().await? {
            if let Some(lock) = self.try_lock(who, 1).await? {
                return Ok(Some(lock));
            }
            if Instant::now() > give_up {
                return Err(self.busy().await);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Whether somebody sends now.
    ///
    /// # Errors
    /// [`StoreError::Lock`].
    pub async fn quiet(&self) -> Result<Quiet, StoreError> {
        let path = self.words_path();
        let failed = |error| StoreError::Lock { path: path.clone(), error };
        let mut lock = Lock::none();
        if let Some(database) = self.lockable() {
            if !held(1, || database.try_lock_shared()).map_err(failed)? {
                return Ok(Quiet::Sending(self.holder().await));
            }
            lock.database = Some(database);
        }
        if let Some(words) = owner::open_if_there(&path) {
            if !held(1, || words.try_lock_shared()).map_err(failed)? {
                return Ok(Quiet::Sending(self.holder().await));
            }
            lock.words = Some(words);
        }
        if self.address.file().is_none() {
            lock.session = self.try_session(None, 1).await?;
            if lock.session.is_none() {
                return Ok(Quiet::Sending(self.holder().await));
            }
        }
        Ok(Quiet::Nobody(lock))
    }

    fn lockable(&self) -> Option<Arc<DatabaseFile>> {
        self.file.clone().filter(|_| LOCKS_DATABASE)
    }

    fn words_path(&self) -> PathBuf {
        place::beside(self.beside(), "-lock")
    }

    pub(super) async fn busy(&self) -> StoreError {
        StoreError::Busy { store: self.address.clone(), holder: self.holder().await }
    }

    /// What the holder of the lock says of itself. It writes that behind taking the lock, so what
    /// stands there at once may be empty, or its predecessor's.
    async fn holder(&self) -> LockHolder {
        if self.address.file().is_none()
            && let Some(holder) = self.session_holder().await
        {
            return holder;
        }
        // Of one on this machine whose session is gone only the file tells.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let who = owner::read(&self.words_path(), 4096).unwrap_or_default();
            let words = String::from_utf8_lossy(&who).trim().to_owned();
            if !words.is_empty() {
                return LockHolder { words, session: None };
            }
        }
        LockHolder::default()
    }
}

/// The folder for what lies on this machine: its owner's to write, whatever the umask is.
fn make_folder(folder: &std::path::Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder.recursive(true).create(folder)
}

/// Whether a lock was taken, in so many tries.
fn held(tries: u32, mut take: impl FnMut() -> Result<(), TryLockError>) -> io::Result<bool> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_lock_by_the_same_store_is_refused_and_does_not_free_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let store = Store::open(&path, &[]).await.unwrap();
        let lock = store.lock("process 1").await.unwrap();
        for again in [&store, &store.clone()] {
            assert!(matches!(again.lock("process 1").await, Err(StoreError::Busy { .. })));
            assert!(matches!(again.quiet().await, Ok(Quiet::Sending(_))));
        }
        let other = Store::open(&path, &[]).await.unwrap();
        assert!(matches!(other.lock("process 2").await, Err(StoreError::Busy { .. })));
        drop(lock);
        drop(other.lock("process 2").await.unwrap());
        store.lock("process 1").await.unwrap();
    }

    #[tokio::test]
    async fn the_last_of_two_readers_frees_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let store = Store::open(&path, &[]).await.unwrap();
        let other = Store::open(&path, &[]).await.unwrap();
        let (one, two) = (store.quiet().await.unwrap(), store.quiet().await.unwrap());
        assert!(matches!((&one, &two), (Quiet::Nobody(_), Quiet::Nobody(_))));
        drop(one);
        assert!(matches!(other.lock("process 2").await, Err(StoreError::Busy { .. })));
        drop(two);
        other.lock("process 2").await.unwrap();
    }
}
