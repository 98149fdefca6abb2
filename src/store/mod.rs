//! The database file: opening it, the versions of its tables, and who may write to it.
//!
//! Knows no table's meaning: the rooms that own tables bring their own statements. Every commit
//! that returned is on disk (WAL with `synchronous=FULL`).

pub mod full;
pub mod home;
mod copy_folder;
mod lock;
pub mod owner;
mod place;
mod reading;
pub mod sql;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use lock::DatabaseFile;
pub use lock::{Lock, Quiet};
use sql::{Pool, SqlError, Transaction};

/// An open database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    /// A descriptor of the file, for the lock. It is opened before SQLite opens the file and closed
    /// behind it: to close one of several lets go of all of SQLite's own locks (fcntl(2)).
    file: Option<Arc<DatabaseFile>>,
    path: PathBuf,
    access: Access,
    identity: Option<place::FileIdentity>,
    /// The version of its tables that this program knows.
    version: i64,
    /// What SQLite calls the file: `main`, unless it was attached later.
    schema: &'static str,
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

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names a kind of store that digest does not know. Of a server only the kind is
    /// shown: the address may contain a password.
    #[error(
        "digest does not know the kind of the store {0}: the ledger is an SQLite file; write sqlite:digest.db"
    )]
    Url(String),
    /// It can be read, but by a newer program.
    #[error("{} was written by a newer version of digest (tables of version {found})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
    },
    /// Damaged, or no database at all.
    #[error(
        "{} is damaged or not a database: {reason}; put back a copy that is as new as the last \
         send (without the ledger, or with an older one, people get the same mail again)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// SQLite's finding.
        reason: String,
    },
    /// Another process sends from it.
    #[error("{who} is sending from {} now; wait until it has ended", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// The other process, in words.
        who: String,
    },
    /// The lock file cannot be made.
    #[error("{} cannot be locked: {error}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The system does not open it.
    #[error("{} cannot be opened: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// It has a second name.
    #[error(
        "{} has another name as well (a hard link): a program that uses the other name \
         does not find the files beside this one. Remove one of the two names; for a copy use cp, while nothing is \
         being sent",
        path.display()
    )]
    Linked {
        /// The name that was used.
        path: PathBuf,
    },
    /// A file of SQLite's beside it is a link, or has a second name.
    #[error(
        "{path} is a link, or has another name as well (a hard link), so that another file would be \
         written to. While nothing is being sent, make it a file of its own: cp {path} {path}-own, \
         then mv {path}-own {path}",
        path = path.display()
    )]
    LinkedLog {
        /// SQLite's log or the index of it.
        path: PathBuf,
    },
    /// The journal beside it belongs to a ledger that is not there.
    #[error(
        "{journal} lies beside {shown}, and its ledger {ledger} is missing. If {shown} is that \
         ledger under a new name, give it back the name {ledger}. If it is not, move {journal} to \
         another folder",
        shown = path.display()
    )]
    Renamed {
        /// The file.
        path: PathBuf,
        /// The journal's name.
        journal: String,
        /// The name of the ledger that is missing.
        ledger: String,
    },
    /// The content of a row is not what was written.
    #[error("{what} in {} is damaged: {reason}; {help}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it is, as people call it.
        what: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        help: &'static str,
    },
    /// The file that was opened is not there any more.
    #[error("{} was deleted or replaced while it was in use", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// There is none, but a file beside its place says that there was one.
    #[error(
        "{} is missing, but {beside} is there: put the ledger back. If you remove that \
         file too, everybody can get everything again, even issues that were sent completely",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The name of what lies beside it.
        beside: String,
    },
    /// It would lie on a file system that two machines may share.
    #[error(
        "{} is on a network file system ({kind}), where two senders could not see each other; \
         keep it on a disk of this machine: --store sqlite:/var/lib/digest/digest.db",
        path.display()
    )]
    Network {
        /// The file.
        path: PathBuf,
        /// The file system's type.
        kind: String,
    },
    /// There is no room for what is to be written.
    #[error("{} cannot be written: {cause}; free space first{}", path.display(), full::number(code))]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What is known of it.
        cause: &'static str,
        /// SQLite's number of the error.
        code: String,
    },
    /// The disk, or the system below it, fails otherwise.
    #[error(
        "{} cannot be read or written: the disk or the system below it fails{}; look at the \
         system's log, and take a copy of the file before anything else",
        path.display(),
        full::number(code)
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// SQLite's number of the error.
        code: String,
    },
    /// It cannot be written, and the end of it lies in its log only.
    #[error(
        "{path} has a log ({path}-wal) that was not folded in, and SQLite can write neither of them \
         here; copy {path} and all files whose names begin with that to a folder of your own, and \
         name the copy: --store sqlite:FILE",
        path = path.display()
    )]
    Unfolded {
        /// The file.
        path: PathBuf,
    },
    /// Its tables are older, and no copy can be made to read it from.
    #[error(
        "{} has tables of an older version, and no copy of it can be made in {} to be read: {error}; \
         free space there, or name a folder that has some in TMPDIR",
        path.display(),
        folder.display()
    )]
    Copy {
        /// The file.
        path: PathBuf,
        /// Where the copy was to be.
        folder: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// It, or its folder, belongs to somebody else or is read-only.
    #[error(
        "{} cannot be written: {reason}; make the file and its folder writable for this user. Another \
         ledger does not know who has the issue",
        path.display()
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite says.
        reason: String,
    },
    /// It belongs to another user of this machine.
    #[error(
        "{} belongs to {owner}, and you are {own}: run digest as {owner}, or have the file, those \
         beside it and their folder given to {own} (chown). Another ledger does not know who has \
         the issue",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who runs the program.
        own: String,
    },
    /// SQLite's own words.
    #[error("the database {} failed: {error}", path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: SqlError,
    },
}

/// How long another process's locks are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a sender is waited for whose ledger has older tables.
const PATIENCE_WITH_SENDER: Duration = Duration::from_secs(2);
/// The ledger of rehearsals, in the folder of what was caught. No ledger of real sends has this
/// name unless somebody gives it.
pub const REHEARSAL: &str = "rehearsal.db";

/// The file that a store's address names: `sqlite:digest.db`, from `root` where it is relative.
///
/// # Errors
/// [`StoreError::Url`].
pub fn path_of(url: &str, root: &Path) -> Result<PathBuf, StoreError> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    match path {
        Some(path) if !path.is_empty() && path != ":memory:" => Ok(root.join(path)),
        _ => Err(StoreError::Url(match url.split_once("://") {
            Some((kind, _)) => format!("{kind}://…"),
            None => format!("{url:?}"),
        })),
    }
}

/// Whether two paths lead to one file: by what they name where both exist, else by their folder and
/// name. Links and relative paths are followed.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (place::identity(one), place::identity(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => place::resolved_name(one) == place::resolved_name(other),
        _ => false,
    }
}

impl Store {
    /// Opens the file, making it if need be, and brings its tables up to date: `steps` are run in
    /// order, each once in the life of the file, and only while nobody sends from it.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn open(path: &Path, steps: &[&'static str]) -> Result<Store, StoreError> {
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
    pub fn belongs_here(path: &Path) -> Result<(), StoreError> {
        let path = &place::resolved(path);
        if let Some(beside) = place::orphan(path) {
            return Err(StoreError::Missing { path: path.to_owned(), beside });
        }
        if let Some((journal, ledger)) = place::abandoned(path) {
            return Err(StoreError::Renamed { path: path.to_owned(), journal, ledger });
        }
        Ok(())
    }

    /// An empty database without a file, for who asks what would be in one; `path` is what its
    /// errors name.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn nowhere(path: &Path, steps: &[&'static str]) -> Result<Store, StoreError> {
        // By that name and not with `in_memory`, which would put an attached file into memory too.
        let options = SqliteConnectOptions::new()
            .filename(":memory:")
            .create_if_missing(true)
            .busy_timeout(PATIENCE);
        let store = Store::connect(options, path).await?;
        store.migrate(steps).await?;
        Ok(Store { access: Access::Nowhere, version: version_of(steps), ..store })
    }

    /// Lets a store that reads, or is nowhere, write to its file, which is made if need be and whose
    /// tables are brought up to date. The connection stays, and temporary tables with it: the
    /// file's tables stand where the others were.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn settle(mut self, steps: &[&'static str]) -> Result<Store, StoreError> {
        match self.access {
            Access::Writing => return self.keep_log().await.map(|()| self),
            // To open it says best why it could only be read.
            Access::Reading => {
                Store::open(&self.path, steps).await?.close().await;
                let reason = "it could only be read a moment ago".to_owned();
                return Err(StoreError::Unwritable { path: self.path, reason });
            }
            Access::Copy | Access::Nowhere => {}
        }
        // Before SQLite opens the file again: see `file`.
        self.file = None;
        let file = Store::open(&self.path, steps).await?;
        let (identity, version, path) = (file.identity, file.version, place::resolved(file.path()));
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
        let (schema, access) = ("settled", Access::Writing);
        Ok(Store { access, path, identity, version, file: descriptor, schema, ..self })
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
        match pool.connect_with(options).await {
            Ok(pool) => {
                let (pool, path) = (Pool::from(pool), path.to_owned());
                let (file, identity, schema, access) = (None, None, "main", Access::Writing);
                Ok(Store { pool, file, path, access, identity, version: 0, schema })
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

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file is, for who wants to know whether it was there before.
    pub fn whereabouts(&self) -> home::Whereabouts {
        if self.is_nowhere() {
            home::Whereabouts::default()
        } else {
            home::Whereabouts::of(&self.path)
        }
    }

    /// What SQLite calls the file: for a statement that must name it beside a temporary table.
    pub fn schema(&self) -> &'static str {
        self.schema
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
        if self.is_nowhere() || self.identity == place::identity(&self.path) {
            Ok(())
        } else {
            Err(StoreError::Gone { path: self.path.clone() })
        }
    }

    /// Writes all that an open file that is gone holds to a new one. Its log is removed, lest it
    /// be applied to whatever lies in its place.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn rescue_to(&self, path: &Path) -> Result<(), StoreError> {
        // SQLite takes an empty file for none, and keeps its mode.
        owner::create(path).map_err(|error| StoreError::Open { path: path.to_owned(), error })?;
        // One of two names of our own.
        let rescue = format!("VACUUM {} INTO ?1", self.schema);
        sql::query(rescue)
            .bind(path.display().to_string())
            .execute(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(place::beside(&self.path, suffix));
        }
        Ok(())
    }

    /// An SQLite error with the file's name.
    pub fn failed(&self, error: SqlError) -> StoreError {
        let path = self.path.clone();
        match error.code() {
            Some(code) => full::told(&path, code).unwrap_or(StoreError::Sql { path, error }),
            None => StoreError::Sql { path, error },
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
                changed => return changed.map(drop).map_err(|error| damaged_or(&self.path, error)),
            }
        }
    }

    async fn check(&self) -> Result<(), StoreError> {
        let found: Result<String, _> =
            sql::query_scalar("PRAGMA quick_check(1)").fetch_one(&self.pool).await;
        match found {
            Ok(found) if found == "ok" => Ok(()),
            Ok(reason) => Err(StoreError::Damaged { path: self.path.clone(), reason }),
            Err(error) => Err(damaged_or(&self.path, error)),
        }
    }

    /// The version of the tables that are there.
    async fn found_version(&self) -> Result<i64, StoreError> {
        // One of two names of our own.
        let version = format!("PRAGMA {}.user_version", self.schema);
        let found = sql::query_scalar(version).fetch_one(&self.pool).await;
        found.map_err(|error| self.failed(error))
    }

    /// Whether steps are left to do.
    async fn is_older(&self, steps: &[&'static str]) -> Result<bool, StoreError> {
        let found = self.found_version().await?;
        if found > version_of(steps) {
            return Err(StoreError::Newer { path: self.path.clone(), found });
        }
        Ok(found < version_of(steps))
    }

    /// Brings the tables up to date under the lock: whoever sends knows the tables as they were.
    /// Two processes may meet at a new file: the second waits here, and finds it done.
    async fn migrate_alone(&self, steps: &[&'static str]) -> Result<(), StoreError> {
        let give_up = Instant::now() + PATIENCE_WITH_SENDER;
        let who = format!("process {} (new tables)", std::process::id());
        while self.is_older(steps).await? {
            if let Some(_lock) = self.try_lock(&who, 1)? {
                return self.migrate(steps).await;
            }
            if Instant::now() > give_up {
                return Err(self.busy());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn migrate(&self, steps: &[&'static str]) -> Result<(), StoreError> {
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
            sql::raw(*step).execute(&mut *transaction).await.map_err(|error| self.failed(error))?;
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

/// How a file is opened.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
}

/// The version of the tables behind all of these steps.
fn version_of(steps: &[&'static str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

/// SQLITE_BUSY; its extended codes tell of a recovery or of an old snapshot.
fn is_busy(error: &SqlError) -> bool {
    error.code().as_deref() == Some("5")
}

fn damaged_or(path: &Path, error: SqlError) -> StoreError {
    let path = path.to_owned();
    // SQLITE_CORRUPT and SQLITE_NOTADB.
    match error.code() {
        Some(code) if matches!(code.as_str(), "11" | "26") => {
            StoreError::Damaged { path, reason: error.to_string() }
        }
        Some(code) => full::told(&path, code).unwrap_or(StoreError::Sql { path, error }),
        None => StoreError::Sql { path, error },
    }
}

#[cfg(test)]
mod tests;
