//! Why a store cannot be used: what happened, where, and what to do.
//!
//! Must never repeat a password.

use std::path::PathBuf;

use super::address::StoreAddress;
use super::full;
use super::holder::LockHolder;
use super::sql::SqlError;
use crate::files::FileError;

impl StoreError {
    /// Whether it is about the connection to a server, which may come again by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, StoreError::Lost { .. } | StoreError::Unreachable { .. })
    }

    /// Whether another process has written to the file for so long that nobody waited any more.
    pub fn is_busy(&self) -> bool {
        matches!(self, StoreError::Sql { error, .. } if super::is_busy(error))
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names a kind of store that digest does not know. Of a server only the kind is
    /// shown: the address may contain a password.
    #[error(
        "digest does not know the kind of the store {0}: write sqlite:digest.db for a file, or \
         postgres://user@host/database?schema=digest for a server"
    )]
    Url(String),
    /// The address of a server cannot be used.
    #[error(
        "the address of the store cannot be used: {0}. It is written as \
         postgres://user@host:5432/database?schema=digest&sslmode=verify-full"
    )]
    ServerUrl(String),
    /// The file that holds the server's password cannot be read.
    #[error("{} (DIGEST_STORE_PASSWORD_FILE) cannot be read: {error}", path.display())]
    Password {
        /// The file.
        path: PathBuf,
        /// Why.
        error: FileError,
    },
    /// No connection to a server.
    #[error("there is no connection to {store}: {reason}")]
    Unreachable {
        /// Which store.
        store: StoreAddress,
        /// What happened, and what to do.
        reason: String,
    },
    /// The server cannot hold the tables.
    #[error("{store} cannot be used: {reason}")]
    Unsuitable {
        /// Which store.
        store: StoreAddress,
        /// Why, and what to do.
        reason: String,
    },
    /// The tables on a server are older, and are changed only when somebody says so.
    #[error(
        "{store} has tables of an older version of digest ({found}; this one needs {needed}). While \
         nobody sends from it, bring them up to date with `digest store upgrade`; older programs \
         cannot use them then"
    )]
    Older {
        /// Which store.
        store: StoreAddress,
        /// The version of its tables.
        found: i64,
        /// The one that this program knows.
        needed: i64,
    },
    /// The connection that a command had is gone.
    #[error(
        "the connection to {store} was lost: {error}. Nothing is sent without it; when the server can \
         be reached again, run the same command again"
    )]
    Lost {
        /// Which store.
        store: StoreAddress,
        /// What was said or seen.
        error: SqlError,
    },
    /// A store that is to be written to as a whole holds something.
    #[error(
        "{store} is not empty: its table {table} has rows ({rows}). Nothing was written; name a new \
         file, or another schema"
    )]
    NotEmpty {
        /// Which store.
        store: StoreAddress,
        /// One of its tables.
        table: String,
        /// How many rows that has.
        rows: u64,
    },
    /// A file that is to be made is there.
    #[error("{} exists; nothing is written over: name a new file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// What was copied is not what was read.
    #[error(
        "the table {table} is not the same in {from} and {to}: {what}. Nothing was written to {to}"
    )]
    Differs {
        /// Where it was read.
        from: StoreAddress,
        /// Where it was to be written.
        to: StoreAddress,
        /// The table.
        table: String,
        /// How.
        what: String,
    },
    /// It can be read, but by a newer program.
    #[error("{store} was written by a newer version of digest (tables of version {found})")]
    Newer {
        /// Which store.
        store: StoreAddress,
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
    /// Another process sends from it, or changes it.
    #[error("{holder} {} {store} now; {}", holder.does(), holder.way_out())]
    Busy {
        /// Which store.
        store: StoreAddress,
        /// The other process.
        holder: LockHolder,
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
    #[error("{what} in {store} is damaged: {reason}; {help}")]
    Content {
        /// Which store.
        store: StoreAddress,
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
    #[error("the database {store} failed: {error}")]
    Sql {
        /// Which store.
        store: StoreAddress,
        /// What it said.
        error: SqlError,
    },
}
