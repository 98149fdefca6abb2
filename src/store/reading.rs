//! Opening the file for who only looks: its tables stay as they are.
//!
//! Tables of an older version are read from a copy that is brought up to date: a file in the folder
//! for temporary files, without a name and gone with the connection. A file or a folder that cannot
//! be written is read where it is. Must never change a table of the file, or leave one behind.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::copy_folder::CopyFolder;
use super::lock::DatabaseFile;
use super::sql;
use super::{
    Access, PATIENCE, SchemaStep, Store, StoreAddress, StoreError, options, owner, place, unread,
    version_of,
};

impl Store {
    /// Opens a file that is there, for who only reads. [`Store::settle`] lets it be written.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn read(
        address: impl Into<StoreAddress>,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        match address.into() {
            StoreAddress::File(path) => Store::read_file(&path, steps).await,
            StoreAddress::Server(server) => Store::open_server(&server, steps).await,
        }
    }

    async fn read_file(path: &Path, steps: &[SchemaStep]) -> Result<Store, StoreError> {
        let path = &place::resolved(path);
        Store::has_its_place(path)?;
        let opened = owner::open_to_read(path);
        let (file, writable) = opened.map_err(|error| unread(path, error))?;
        if place::has_another_name(&file) {
            return Err(StoreError::Linked { path: path.to_owned() });
        }
        let store = Store::connect_to_read(path, writable).await?;
        if writable {
            owner::tighten(path);
        }
        let (identity, version) = (place::identity(path), version_of(steps));
        let store =
            if store.is_older(steps).await? { store.copied(&file, steps).await? } else { store };
        let file = Some(Arc::new(DatabaseFile::new(file)));
        Ok(Store { identity, file, version, ..store })
    }

    /// A second connection to the file of an open store, for who asks a little again and again while
    /// the first one writes; `None` where there is no file, or only a copy of it has tables that are up to
    /// date. It opens no descriptor beside SQLite's
    /// own: to close that would let go of the locks of the first.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn second_reader(&self) -> Result<Option<Store>, StoreError> {
        if matches!(self.access, Access::Nowhere | Access::Copy) {
            return Ok(None);
        }
        self.in_place()?;
        let path = match &self.address {
            StoreAddress::File(path) => path,
            StoreAddress::Server(server) => {
                let steps = self.version;
                let store = Store::session(server, &[]).await?;
                let pool = store.pool.clone().with_patience_of(&self.pool);
                return Ok(Some(Store { version: steps, pool, ..store }));
            }
        };
        let store = Store::connect(options(path).read_only(true), path).await?;
        let (identity, version) = (self.identity, self.version);
        Ok(Some(Store { access: Access::Reading, identity, version, ..store }))
    }

    /// A connection to a store that is there, for one question: nothing of a file is checked, and it may
    /// have older tables. It opens no descriptor beside SQLite's own.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn glance(address: &StoreAddress, steps: &[SchemaStep]) -> Result<Store, StoreError> {
        let path = match address {
            StoreAddress::File(path) => &place::resolved(path),
            StoreAddress::Server(server) => return Store::open_server(server, steps).await,
        };
        Store::has_its_place(path)?;
        // Not for reading alone: such a connection leaves the files of the log behind it.
        let store = Store::connect(options(path), path).await?;
        Ok(Store { access: Access::Reading, ..store })
    }

    /// A connection that the check of the file has passed. Where SQLite can write nothing beside a
    /// file, it reads only one that it may take for one that nobody changes.
    pub(super) async fn connect_to_read(path: &Path, writable: bool) -> Result<Store, StoreError> {
        let read_only = options(path).read_only(!writable);
        let first = match Store::connect(read_only, path).await {
            Ok(store) => match store.check().await {
                Ok(()) => Ok(store),
                Err(error) => {
                    store.close().await;
                    Err(error)
                }
            },
            Err(error) => Err(error),
        };
        let access = |writable| if writable { Access::Writing } else { Access::Reading };
        match first {
            Ok(store) => Ok(Store { access: access(writable), ..store }),
            Err(StoreError::Unwritable { .. } | StoreError::NoRoom { .. }) if has_log(path) => {
                Err(StoreError::Unfolded { path: path.to_owned() })
            }
            Err(StoreError::Unwritable { .. } | StoreError::NoRoom { .. }) => {
                let still = options(path).read_only(true).immutable(true);
                let store = Store::connect(still, path).await?;
                store.check().await?;
                Ok(Store { access: access(false), ..store })
            }
            Err(error) => Err(error),
        }
    }

    /// A copy of this store's `file` with tables that are up to date. It loses its name at once: it
    /// is gone with the connection, however the process ends.
    async fn copied(self, file: &File, steps: &[SchemaStep]) -> Result<Store, StoreError> {
        let parent = std::env::temp_dir();
        let folder = CopyFolder::make(&parent).map_err(|error| StoreError::Copy {
            path: self.beside().to_owned(),
            folder: parent.clone(),
            error,
        })?;
        let copy = folder.database();
        // A file without tables is one that somebody makes right now.
        let access = if self.found_version().await? == 0 { Access::Nowhere } else { Access::Copy };
        let made = self.copy_to(file, &copy, &parent).await;
        let made = match made {
            Ok(()) => Store::connect(options_of_copy(&copy), self.beside()).await,
            Err(error) => Err(error),
        };
        drop(folder);
        self.close().await;
        let store = Store { access, ..made? };
        // Whoever was quicker may have a newer program.
        store.is_older(steps).await?;
        store.migrate(steps).await?;
        Ok(store)
    }

    /// Copies the file and its log, as of one moment: as long as somebody reads, the log is not begun
    /// anew, and what it holds may be in the file or not.
    async fn copy_to(&self, mut file: &File, copy: &Path, parent: &Path) -> Result<(), StoreError> {
        let failed = |error| self.failed(error);
        let mut reading = self.pool.begin().await.map_err(failed)?;
        let read: Result<i64, _> =
            sql::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *reading).await;
        read.map_err(failed)?;
        let log = owner::open_to_read(&place::beside(self.beside(), "-wal")).map(|(log, _)| log);
        let copied = owner::create(copy).and_then(|mut to| io::copy(&mut file, &mut to));
        let copied = copied.and_then(|_| match log {
            Ok(mut log) => {
                let mut to = owner::create(&place::beside(copy, "-wal"))?;
                io::copy(&mut log, &mut to).map(drop)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        });
        copied.map_err(|error| StoreError::Copy {
            path: self.beside().to_owned(),
            folder: parent.to_owned(),
            error,
        })
    }
}

/// How the copy is opened: nothing of it has to outlive a crash. To leave the mode of the log folds it
/// in. No lock is kept from others here: SQLite would do so to a file that is attached later, too.
fn options_of_copy(copy: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(copy)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off)
        .busy_timeout(PATIENCE)
}

/// Whether something lies in the database's log.
fn has_log(path: &Path) -> bool {
    place::beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn older_tables_are_read_while_somebody_writes_them_and_stay_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let steps = ["CREATE TABLE a (x INTEGER)", "ALTER TABLE a ADD COLUMN y DEFAULT 7"]
            .map(SchemaStep::both);
        let writer = Store::open(&path, &steps[..1]).await.unwrap();
        for rows in 1..=3_i64 {
            // It lies in the log: the writer has folded nothing in.
            sql::raw("INSERT INTO a VALUES (1)").execute(writer.pool()).await.unwrap();
            let open = writer.pool().begin_writing().await.unwrap();
            let reader = Store::read(&path, &steps).await.unwrap();
            let sum = sql::query_scalar("SELECT sum(y) FROM a").fetch_one(reader.pool()).await;
            assert_eq!(sum.unwrap_or(0_i64), 7 * rows);
            assert!(matches!(reader.lock("process 2").await, Err(StoreError::Lock { .. })));
            reader.close().await;
            open.commit().await.unwrap();
            assert_eq!(writer.found_version().await.unwrap(), 1);
        }
        writer.close().await;
        // Whoever goes on to write has the tables of the file.
        let reader = Store::read(&path, &steps).await.unwrap();
        let store = reader.settle(&steps).await.unwrap();
        sql::raw("DELETE FROM a").execute(store.pool()).await.unwrap();
        store.close().await;
        let store = Store::open(&path, &steps).await.unwrap();
        let rows = sql::query_scalar("SELECT count(*) FROM a").fetch_one(store.pool()).await;
        assert_eq!((rows.unwrap_or(9_i64), store.found_version().await.unwrap()), (0, 2));
    }
}
