//! What was deleted is to be gone from the disk, too: a database keeps the bytes of rows that were
//! deleted, moved or changed until it needs their room for something else.
//!
//! Must never change what a table says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sql::{self, Connection, SqlError};
use super::{Store, StoreError, catalogue, owner, place};

/// How long who reads a file is waited for at once: until then its log keeps what they may still read.
const PATIENCE_WITH_READERS: &str = "PRAGMA busy_timeout = 1000";
/// How often that is tried, with a pause between: SQLite gives up at once where another process folds
/// its log in, and does not wait for a second reader.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// Tables of which this user may not have the dead rows taken away.
const NOT_OURS: &str = "
SELECT CAST(relname AS text) FROM pg_class WHERE relkind = 'r'
    AND relnamespace = to_regnamespace(current_schema()) AND NOT pg_has_role(relowner, 'USAGE')
ORDER BY relname";

/// What may still have bytes of deleted rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptBytes {
    /// The log of a file, because somebody reads the file.
    Log(PathBuf),
    /// Tables on a server that belong to another user.
    Tables(Vec<String>),
}

impl Store {
    /// Lets no byte be left of what was deleted or changed before, as far as the database lets us. A
    /// file is written anew, which takes as much room again for a moment; on a server the dead rows go.
    ///
    /// # Errors
    /// The database's; no room, most often. What the tables say is as before.
    pub async fn overwrite_all_deleted(&self) -> Result<Option<KeptBytes>, StoreError> {
        let failed = |error| self.failed(error);
        let Some(path) = self.address.file() else {
            return self.vacuum_server().await.map_err(failed);
        };
        // One of two names of our own.
        let vacuum = format!("VACUUM {}", self.schema);
        sql::raw(vacuum).execute(&self.pool).await.map_err(failed)?;
        sql::raw(PATIENCE_WITH_READERS).execute(&self.pool).await.map_err(failed)?;
        let checkpoint = format!("PRAGMA {}.wal_checkpoint(TRUNCATE)", self.schema);
        for at in 0..TRIES {
            if at > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let fold = sql::query_scalar(checkpoint.clone()).fetch_one(&self.pool);
            let busy: i64 = fold.await.map_err(failed)?;
            if busy == 0 {
                return Ok(None);
            }
        }
        Ok(Some(KeptBytes::Log(place::beside(path, "-wal"))))
    }

    async fn vacuum_server(&self) -> Result<Option<KeptBytes>, SqlError> {
        let others: Vec<String> = sql::query_scalar(NOT_OURS).fetch_all(&self.pool).await?;
        let mut connection = self.pool.acquire().await?;
        let tables = Store::table_names(&mut connection).await?;
        for table in tables.iter().filter(|table| !others.contains(table)) {
            // Without it an index may keep the words of a few dead rows.
            let vacuum = format!("VACUUM (INDEX_CLEANUP TRUE) {}", catalogue::quoted(table));
            sql::raw(vacuum).execute(&mut connection).await?;
        }
        Ok((!others.is_empty()).then_some(KeptBytes::Tables(others)))
    }

    /// The names of the tables that are there.
    ///
    /// # Errors
    /// The database's.
    pub async fn table_names(connection: &mut Connection) -> Result<BTreeSet<String>, SqlError> {
        let tables = catalogue::tables(connection).await?;
        Ok(tables.into_iter().map(|table| table.name).collect())
    }

    /// The copies that this program has put beside the store: as it was before its tables were changed,
    /// and what was saved of a file that was gone. What a copy that was cut off has left is removed;
    /// the caller holds the lock.
    pub fn own_copies(&self) -> Vec<PathBuf> {
        let path = self.beside();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
        let kinds = ["before", "rescued"].map(|kind| format!("{name}-{kind}-"));
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
        let mut copies = Vec::new();
        for entry in entries.into_iter().flatten().flatten() {
            let Ok(found) = entry.file_name().into_string() else { continue };
            let Some(rest) = kinds.iter().find_map(|kind| found.strip_prefix(kind.as_str())) else {
                continue;
            };
            if rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                copies.push(entry.path());
            } else if rest.contains(".part") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        copies.sort();
        copies
    }

    /// Opens such a copy to write to it, with its tables as they are.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn open_copy(path: &Path) -> Result<Store, StoreError> {
        Store::has_its_place(path)?;
        let opened = owner::open_to_read(path);
        let (file, writable) = opened.map_err(|error| super::unread(path, error))?;
        if place::has_another_name(&file) {
            return Err(StoreError::Linked { path: path.to_owned() });
        }
        // SQLite has not opened it yet: it loses no lock by this.
        drop(file);
        Store::connect_to_read(path, writable).await
    }
}
