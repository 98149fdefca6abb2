//! The database, a file or a schema on a server: opening it, the versions of its tables, and who may
//! write to it.
//!
//! Knows no table's meaning: the rooms that own tables bring their own statements. Every commit
//! that returned is on disk (in a file: WAL with `synchronous=FULL`).

mod address;
mod catalogue;
pub mod copy;
mod copy_folder;
pub mod draft;
pub mod erase;
mod error;
pub mod full;
pub mod holder;
pub mod home;
mod lock;
pub mod owner;
mod password;
mod place;
mod reading;
mod server;
pub mod shared;
pub mod sql;
mod step;
pub mod trial;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

pub use address::{ServerAddress, StoreAddress};
use draft::StoreDraft;
pub use error::StoreError;
use lock::DatabaseFile;
pub use lock::{Lock, Quiet};
pub use server::KeptSession;
use sql::{Pool, SqlError, Transaction};
pub use step::SchemaStep;
use step::version_of;

/// The SQLSTATE of a server that does not let a user do something (insufficient_privilege).
const NOT_ALLOWED: &str = "42501";

/// An open database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    /// A descriptor of the file, for the lock. It is opened before SQLite opens the file and closed
    /// behind it: to close one of several lets go of all of SQLite's own locks (fcntl(2)).
    file: Option<Arc<DatabaseFile>>,
    address: StoreAddress,
    access: Access,
    identity: Option<place::FileIdentity>,
    /// The version of its tables that this program knows.
    version: i64,
    /// What SQLite calls the file: `main`, unless it was attached later; on a server the schema.
    schema: String,
}

/// What an open store may do with its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// All.
    Writing,
    /// It reads a file that it cannot write.
    Reading,
    /// It reads a copy of a file whose tables are older.
    Copy,
    /// There is no file.
    Nowhere,
}

/// How long another process's locks are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a sender is waited for whose ledger has older tables.
const PATIENCE_WITH_SENDER: Duration = Duration::from_secs(2);
/// The ledger of rehearsals, in the folder of what was caught. No ledger of real sends has this
/// name unless somebody gives it.
pub const REHEARSAL: &str = "rehearsal.db";

impl Store {
    /// Opens a store, making it if need be, and brings its tables up to date: `steps` are run in
    /// order, each once in the life of the store, and only while nobody sends from it. Older tables
    /// on a server are left as they are: [`Store::upgrade`].
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn open(
        address: impl Into<StoreAddress>,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        match address.into() {
            StoreAddress::File(path) => Store::open_file(&path, steps).await,
            StoreAddress::Server(server) => Store::open_server(&server, steps).await,
        }
    }

    async fn open_file(path: &Path, steps: &[SchemaStep]) -> Result<Store, StoreError> {
        let path = &place::resolved(path);
        Store::has_its_place(path)?;
        // SQLite gives its log the mode that the database has.
        let file = owner::open(path).map_err(|error| unopened(path, error))?;
        if place::has_another_name(&file) {
            return Err(StoreError::Linked { path: path.to_owned() });
        }
        let store = Store::connect(options(path).create_if_missing(true), path).await?;
        store.keep_log().await?;
        store.check().await?;
        owner::tighten(path);
        let (identity, file) = (place::identity(path), Some(Arc::new(DatabaseFile::new(file))));
        let store = Store { identity, file, version: version_of(steps), ..store };
        if store.is_older(steps).await? {
            store.migrate_alone(steps).await?;
        }
        Ok(store)
    }

    /// Whether a database may be at `path`, by what is known before it is opened.
    fn has_its_place(path: &Path) -> Result<(), StoreError> {
        if let Some(kind) = path.parent().and_then(place::network) {
            return Err(StoreError::Network { path: path.to_owned(), kind });
        }
        if let Some(companion) = place::linked_companion(path) {
            return Err(StoreError::LinkedLog { path: companion });
        }
        Store::belongs_here(path)
    }

    /// Whether a ledger may be made or opened at `path`, by what lies beside it.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Renamed`].
    pub fn belongs_here(address: impl Into<StoreAddress>) -> Result<(), StoreError> {
        let StoreAddress::File(path) = address.into() else { return Ok(()) };
        let path = &place::resolved(&path);
        if let Some(beside) = place::orphan(path) {
            return Err(StoreError::Missing { path: path.to_owned(), beside });
        }
        if let Some((journal, ledger)) = place::abandoned(path) {
            return Err(StoreError::Renamed { path: path.to_owned(), journal, ledger });
        }
        Ok(())
    }

    /// An empty database without a file, for who asks what would be in one; `address` is where it
    /// would be, and what its errors name.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn nowhere(
        address: impl Into<StoreAddress>,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        let address = address.into();
        #[cfg(test)]
        if let Some(server) = server_of_tests::is_wanted().then(server_of_tests::server).flatten() {
            return Store::of_tests(&server.fresh(), steps).await;
        }
        // By that name and not with `in_memory`, which would put an attached file into memory too.
        let options = SqliteConnectOptions::new()
            .filename(":memory:")
            .create_if_missing(true)
            .busy_timeout(PATIENCE);
        let store = Store::connect(options, address.beside()).await?;
        store.migrate(steps).await?;
        Ok(Store { address, access: Access::Nowhere, version: version_of(steps), ..store })
    }

    /// Lets a store that reads, or is nowhere, write to its file, which is made if need be and whose
    /// tables are brought up to date. The connection stays, and temporary tables with it: the
    /// file's tables stand where the others were.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn settle(mut self, steps: &[SchemaStep]) -> Result<Store, StoreError> {
        match self.access {
            Access::Writing if self.address.file().is_none() => return Ok(self),
            Access::Writing => return self.keep_log().await.map(|()| self),
            // To open it says best why it could only be read.
            Access::Reading => {
                Store::open(&self.address, steps).await?.close().await;
                let reason = "it could only be read a moment ago".to_owned();
                let path = self.address.beside().to_owned();
                return Err(StoreError::Unwritable { path, reason });
            }
            Access::Copy | Access::Nowhere => {}
        }
        // Before SQLite opens the file again: see `file`.
        self.file = None;
        let file = Store::open(&self.address, steps).await?;
        let (identity, version) = (file.identity, file.version);
        let path = place::resolved(file.address.beside());
        let descriptor = file.file.clone();
        file.close().await;
        let failed = |error| self.failed(error);
        self.forget_tables().await.map_err(failed)?;
        sql::query("ATTACH ?1 AS settled")
            .bind(path.to_string_lossy().into_owned())
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        sql::raw("PRAGMA settled.synchronous = FULL").execute(&self.pool).await.map_err(failed)?;
        let (schema, access) = ("settled".to_owned(), Access::Writing);
        let address = StoreAddress::File(path);
        Ok(Store { access, address, identity, version, file: descriptor, schema, ..self })
    }

    /// Drops the tables of a store that has no file of its own.
    async fn forget_tables(&self) -> Result<(), SqlError> {
        let tables: Vec<String> = sql::query_scalar(
            "SELECT name FROM main.sqlite_schema \
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        for table in tables {
            // A name takes no parameter; ours are words.
            let drop = format!("DROP TABLE main.{table}");
            sql::raw(drop).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// One connection: SQLite has one writer, and a second would only wait for the first. It lives
    /// as long as the store, and temporary tables with it.
    async fn connect(options: SqliteConnectOptions, path: &Path) -> Result<Store, StoreError> {
        let pool =
            SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        // SQLite itself knows the capitals of English alone.
        let options =
            options.row_buffer_size(ROWS_AHEAD).collation("folded", |one: &str, other: &str| {
                one.to_lowercase().cmp(&other.to_lowercase())
            });
        match pool.connect_with(options).await {
            Ok(pool) => {
                let (pool, address) = (Pool::from(pool), StoreAddress::from(path));
                let (file, identity, access) = (None, None, Access::Writing);
                let schema = "main".to_owned();
                Ok(Store { pool, file, address, access, identity, version: 0, schema })
            }
            Err(error) => Err(damaged_or(path, error.into())),
        }
    }

    /// For statements of the rooms that own tables.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A transaction that writes. It waits for other writers before it reads: one that had read
    /// before another process wrote could not write any more.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let begun = self.pool.begin_writing().await;
        begun.map_err(|error| self.failed(error))
    }

    /// For how long the server owes an answer; nothing where none is waited for, and of a file.
    pub fn unanswered(&self) -> Option<Duration> {
        self.pool.unanswered()
    }

    /// Waits for the server no longer than a moment from now on: somebody wants an end at once.
    pub fn end_soon(&self) {
        self.pool.end_soon();
    }

    /// Where it is.
    pub fn address(&self) -> &StoreAddress {
        &self.address
    }

    /// The path by which what lies beside it is named; of a file that is its own.
    pub fn beside(&self) -> &Path {
        self.address.beside()
    }

    /// Where it is, for who wants to know whether it was there before.
    ///
    /// # Errors
    /// A server's.
    pub async fn whereabouts(&self) -> Result<home::Whereabouts, StoreError> {
        match &self.address {
            _ if self.is_nowhere() => Ok(home::Whereabouts::default()),
            StoreAddress::File(path) => Ok(home::Whereabouts::of(path)),
            StoreAddress::Server(_) => self.whereabouts_on_server().await,
        }
    }

    /// What the database calls it: for a statement that must name it beside a temporary table.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Whether it has no file; see [`Store::nowhere`].
    pub fn is_nowhere(&self) -> bool {
        self.access == Access::Nowhere
    }

    /// Whether the file that was opened is still the one at its path.
    ///
    /// # Errors
    /// [`StoreError::Gone`].
    pub fn in_place(&self) -> Result<(), StoreError> {
        match self.address.file() {
            Some(path) if !self.is_nowhere() && self.identity != place::identity(path) => {
                Err(StoreError::Gone { path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Writes all that an open file that is gone holds to a new one. Its log is removed, lest it
    /// be applied to whatever lies in its place.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn rescue_to(&self, path: &Path) -> Result<(), StoreError> {
        self.vacuum_into(path).await?;
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(place::beside(self.beside(), suffix));
        }
        Ok(())
    }

    /// Writes all that a file holds, as of one moment, to a new one.
    async fn vacuum_into(&self, path: &Path) -> Result<(), StoreError> {
        let draft = StoreDraft::begin(path)?;
        // One of two names of our own.
        let rescue = format!("VACUUM {} INTO ?1", self.schema);
        let copied = sql::query(rescue)
            .bind(draft.written_at().display().to_string())
            .execute(&self.pool)
            .await;
        // No disk but that of the copy is written to.
        copied.map_err(|error| match error.code() {
            Some(code) => full::told(path, code).unwrap_or_else(|| self.failed(error)),
            None => self.failed(error),
        })?;
        draft.finish()
    }

    /// What the database says, with the store's name.
    pub fn failed(&self, error: SqlError) -> StoreError {
        let store = self.address.clone();
        let code = error.code().or_else(|| self.pool.failure_behind(&error));
        match (&self.address, code) {
            (StoreAddress::Server(_), _) if error.is_lost() => StoreError::Lost { store, error },
            (StoreAddress::Server(server), Some(code)) if code == NOT_ALLOWED => {
                let reason = format!("{error}. {}", server.rights());
                StoreError::Unsuitable { store, reason }
            }
            (StoreAddress::File(path), Some(code)) => match full::told(path, code.clone()) {
                Some(told) => {
                    self.pool.disk_has_failed(&code);
                    told
                }
                None => StoreError::Sql { store, error },
            },
            _ => StoreError::Sql { store, error },
        }
    }

    /// Puts the file into WAL mode, where it stays. SQLite itself waits for nobody here: to change
    /// the mode it makes a reader a writer, and of two who do so at once one is told `SQLITE_BUSY`
    /// whatever its patience is. Then the other has changed it, or changes it now.
    async fn keep_log(&self) -> Result<(), StoreError> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let changed = sql::query("PRAGMA journal_mode = WAL").execute(&self.pool).await;
            match changed {
                Err(error) if is_busy(&error) && Instant::now() < give_up => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                changed => {
                    return changed.map(drop).map_err(|error| damaged_or(self.beside(), error));
                }
            }
        }
    }

    async fn check(&self) -> Result<(), StoreError> {
        let found: Result<String, _> =
            sql::query_scalar("PRAGMA quick_check(1)").fetch_one(&self.pool).await;
        match found {
            Ok(found) if found == "ok" => Ok(()),
            Ok(reason) => Err(StoreError::Damaged { path: self.beside().to_owned(), reason }),
            Err(error) => Err(damaged_or(self.beside(), error)),
        }
    }

    /// Reads a file through, its indexes too. A server's own checks are its own.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub async fn check_whole(&self) -> Result<(), StoreError> {
        let Some(path) = self.address.file() else { return Ok(()) };
        let failed = |error| damaged_or(path, error);
        let found: String = sql::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
        let orphans = "SELECT count(*) FROM pragma_foreign_key_check";
        let orphans: i64 =
            sql::query_scalar(orphans).fetch_one(&self.pool).await.map_err(failed)?;
        let reason = match (found.as_str(), orphans) {
            ("ok", 0) => return Ok(()),
            ("ok", rows) => format!("{rows} rows refer to what is not there"),
            (found, _) => found.to_owned(),
        };
        Err(StoreError::Damaged { path: path.to_owned(), reason })
    }

    /// The version of the tables that are there.
    async fn found_version(&self) -> Result<i64, StoreError> {
        if self.address.file().is_none() {
            return self.server_version().await;
        }
        // One of two names of our own.
        let version = format!("PRAGMA {}.user_version", self.schema);
        let found = sql::query_scalar(version).fetch_one(&self.pool).await;
        found.map_err(|error| self.failed(error))
    }

    /// Whether there are tables at an address: a file that is empty, and a schema in which nobody has
    /// made any, is no store.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn has_tables(
        address: &StoreAddress,
        steps: &[SchemaStep],
    ) -> Result<bool, StoreError> {
        let store = match address {
            StoreAddress::File(path) => {
                let path = &place::resolved(path);
                Store::has_its_place(path)?;
                Store::connect_to_read(path, true).await?
            }
            StoreAddress::Server(server) => Store::session(server, steps).await?,
        };
        let found = store.found_version().await;
        store.close().await;
        Ok(found? > 0)
    }

    /// Whether steps are left to do.
    async fn is_older(&self, steps: &[SchemaStep]) -> Result<bool, StoreError> {
        let found = self.found_version().await?;
        if found > version_of(steps) {
            return Err(StoreError::Newer { store: self.address.clone(), found });
        }
        Ok(found < version_of(steps))
    }

    /// Brings the tables up to date under the lock: whoever sends knows the tables as they were.
    /// Two processes may meet at a new file: the second waits here, and finds it done.
    async fn migrate_alone(&self, steps: &[SchemaStep]) -> Result<(), StoreError> {
        let who = format!("process {} (new tables)", std::process::id());
        let is_older = async || self.is_older(steps).await;
        if let Some(_lock) = self.wait_for_lock_while(&who, is_older).await? {
            let found = self.found_version().await?;
            if found > 0 {
                self.vacuum_into(&self.place_before(found)).await?;
            }
            self.migrate(steps).await?;
        }
        Ok(())
    }

    /// Where the file is kept as it was before its tables were changed.
    fn place_before(&self, version: i64) -> PathBuf {
        let name = |suffix: &str| place::beside(self.beside(), suffix);
        let mut path = name(&format!("-before-{version}"));
        let mut copy = 2_u32;
        while path.exists() {
            path = name(&format!("-before-{version}-{copy}"));
            copy += 1;
        }
        path
    }

    /// Brings the tables of a store up to date, also on a server; the version before, and now.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn upgrade(
        address: &StoreAddress,
        steps: &[SchemaStep],
    ) -> Result<(i64, i64), StoreError> {
        let needed = version_of(steps);
        let store = match address {
            StoreAddress::File(path) => Store::connect_to_read(path, true).await?,
            StoreAddress::Server(server) => Store::session(server, steps).await?,
        };
        let found = store.found_version().await?;
        if address.file().is_some() {
            store.close().await;
            Store::open(address, steps).await?.close().await;
            return Ok((found, needed));
        }
        if found > needed {
            return Err(StoreError::Newer { store: store.address, found });
        }
        if found < needed {
            store.upgrade_server(steps).await?;
        }
        store.close().await;
        Ok((found, needed))
    }

    async fn migrate(&self, steps: &[SchemaStep]) -> Result<(), StoreError> {
        let done = usize::try_from(self.found_version().await?).unwrap_or(usize::MAX);
        for (at, step) in steps.iter().enumerate().skip(done) {
            // A program of version 0.1.0 does this without the lock.
            let begun = self.pool.begin_writing().await;
            let mut transaction = begun.map_err(|error| self.failed(error))?;
            let version: i64 = sql::query_scalar("PRAGMA user_version")
                .fetch_one(&mut *transaction)
                .await
                .map_err(|error| self.failed(error))?;
            if usize::try_from(version).is_ok_and(|version| version > at) {
                continue;
            }
            sql::raw(step.sqlite)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.failed(error))?;
            // A pragma takes no parameters; the number is our own.
            let version = format!("PRAGMA user_version = {}", at + 1);
            sql::raw(version)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.failed(error))?;
            transaction.commit().await.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// Closes the file: the write-ahead log is folded in.
    pub async fn close(self) {
        self.pool.close().await;
        drop(self.file);
    }
}

/// Why the system does not open the file for writing.
fn unopened(path: &Path, error: std::io::Error) -> StoreError {
    if owner::cannot_write(&error) && owner::foreign(path).is_none() {
        return StoreError::Unwritable { path: path.to_owned(), reason: error.to_string() };
    }
    unread(path, error)
}

/// Why the system does not open the file.
fn unread(path: &Path, error: std::io::Error) -> StoreError {
    let path = path.to_owned();
    let foreign = owner::foreign(&path).filter(|_| owner::cannot_write(&error));
    match foreign {
        Some((owner, own)) => StoreError::Foreign { path, owner, own },
        None => StoreError::Open { path, error },
    }
}

/// How many rows the database gives before somebody takes them: a page of a list, so that one is read
/// while the page before is used.
const ROWS_AHEAD: usize = 1_024;

/// How a file is opened.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
}

/// SQLITE_BUSY; its extended codes tell of a recovery or of an old snapshot.
fn is_busy(error: &SqlError) -> bool {
    error.code().as_deref() == Some("5")
}

fn damaged_or(path: &Path, error: SqlError) -> StoreError {
    let sql = |error| StoreError::Sql { store: StoreAddress::from(path), error };
    // SQLITE_CORRUPT and SQLITE_NOTADB.
    match error.code() {
        Some(code) if matches!(code.as_str(), "11" | "26") => {
            StoreError::Damaged { path: path.to_owned(), reason: error.to_string() }
        }
        Some(code) => full::told(path, code).unwrap_or_else(|| sql(error)),
        None => sql(error),
    }
}

#[cfg(test)]
impl Store {
    /// A schema of a test's own, in the place of a store that is nowhere.
    async fn of_tests(url: &str, steps: &[SchemaStep]) -> Result<Store, StoreError> {
        let password = ("DIGEST_STORE_PASSWORD".to_owned(), server_of_tests::PASSWORD.to_owned());
        let state = std::env::temp_dir().join(format!("digest-test-{}", std::process::id()));
        let address = StoreAddress::parse(url, Path::new(""), &state, &[password])?;
        Store::open(address, steps).await
    }
}

#[cfg(test)]
#[path = "../../tests/harness/server.rs"]
mod server_of_tests;

#[cfg(test)]
mod tests;
