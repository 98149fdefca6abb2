//! Opening the file for who only looks: its tables stay as they are.
//!
//! Tables of an older version are read from a copy that is brought up to date: a file of SQLite's
//! own, in the folder for temporary files, without a name and gone with the connection. A file or a
//! folder that cannot be written is read where it is. Must never change a table of the file, or
//! make a file.

use std::path::Path;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sqlx::sqlite::SqliteConnectOptions;

use super::lock::DatabaseFile;
use super::{Access, PATIENCE, Store, StoreError, options, owner, place, version_of};

/// What stands for itself in the path of an address.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');
/// Marks the file from which a copy is made.
const ORIGINAL: &str = "original";

impl Store {
    /// Opens a file that is there, for who only reads. [`Store::settle`] lets it be written.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn read(path: &Path, steps: &[&'static str]) -> Result<Store, StoreError> {
        let path = &place::resolved(path);
        Store::has_its_place(path)?;
        let opened = owner::open_to_read(path);
        let (file, writable) =
            opened.map_err(|error| StoreError::Open { path: path.to_owned(), error })?;
        if place::has_another_name(&file) {
            return Err(StoreError::Linked { path: path.to_owned() });
        }
        let (store, still) = Store::connect_to_read(path, writable).await?;
        if writable {
            owner::tighten(path);
        }
        let (identity, version) = (place::identity(path), version_of(steps));
        let store = if store.is_older(steps).await? {
            store.close().await;
            Store::copied(path, still, steps).await?
        } else {
            store
        };
        let file = Some(Arc::new(DatabaseFile::new(file)));
        Ok(Store { identity, file, version, ..store })
    }

    /// A connection that the check of the file has passed, and whether it takes the file for one
    /// that nobody changes: where SQLite can write nothing beside a file, it reads only such a one.
    async fn connect_to_read(path: &Path, writable: bool) -> Result<(Store, bool), StoreError> {
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
            Ok(store) => Ok((Store { access: access(writable), ..store }, false)),
            Err(StoreError::Unwritable { .. } | StoreError::NoRoom { .. }) if has_log(path) => {
                Err(StoreError::Unfolded { path: path.to_owned() })
            }
            Err(StoreError::Unwritable { .. } | StoreError::NoRoom { .. }) => {
                let still = options(path).read_only(true).immutable(true);
                let store = Store::connect(still, path).await?;
                store.check().await?;
                Ok((Store { access: access(false), ..store }, true))
            }
            Err(error) => Err(error),
        }
    }

    /// A copy of the file with tables that are up to date.
    async fn copied(path: &Path, still: bool, steps: &[&'static str]) -> Result<Store, StoreError> {
        // SQLite's word for a temporary file without a name.
        let nameless = SqliteConnectOptions::new().filename("").busy_timeout(PATIENCE);
        let store = Store::connect(nameless, path).await?;
        let store = Store { access: Access::Copy, ..store };
        let copied = store.copy_from(path, still).await;
        copied.map_err(|error| store.failed(error))?;
        // Whoever was quicker may have a newer program.
        store.is_older(steps).await?;
        store.migrate(steps).await?;
        Ok(store)
    }

    /// All tables and indexes of the file at `path`, as of one moment.
    async fn copy_from(&self, path: &Path, still: bool) -> Result<(), sqlx::Error> {
        let flag = if still { "immutable=1" } else { "mode=ro" };
        let plain = percent_encode(path.as_os_str().as_encoded_bytes(), &PLAIN);
        let mut connection = self.pool.acquire().await?;
        sqlx::query("ATTACH ?1 AS original")
            .bind(format!("file:{plain}?{flag}"))
            .execute(&mut *connection)
            .await?;
        // Nothing has to outlive a crash.
        let quick = "PRAGMA main.journal_mode = OFF; PRAGMA main.synchronous = OFF; \
                     PRAGMA foreign_keys = OFF; BEGIN";
        sqlx::raw_sql(quick).execute(&mut *connection).await?;
        let version: i64 =
            sqlx::query_scalar("PRAGMA original.user_version").fetch_one(&mut *connection).await?;
        let made: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT type, name, sql FROM original.sqlite_schema WHERE sql IS NOT NULL \
             AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index', rowid",
        )
        .fetch_all(&mut *connection)
        .await?;
        for (kind, name, sql) in made {
            // The words are those that made the file's own tables.
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await?;
            if kind == "table" {
                // What SQLite computes is no column to be written.
                let columns: Vec<String> =
                    sqlx::query_scalar("SELECT name FROM pragma_table_info(?1, 'original')")
                        .bind(&name)
                        .fetch_all(&mut *connection)
                        .await?;
                let columns = columns.join(", ");
                let copy = format!(
                    "INSERT INTO main.{name} ({columns}) SELECT {columns} FROM {ORIGINAL}.{name}"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&mut *connection).await?;
            }
        }
        let end = format!(
            "PRAGMA main.user_version = {version}; COMMIT; DETACH {ORIGINAL}; \
                           PRAGMA foreign_keys = ON"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(end)).execute(&mut *connection).await.map(drop)
    }
}

/// Whether something lies in the database's log.
fn has_log(path: &Path) -> bool {
    place::beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0)
}
