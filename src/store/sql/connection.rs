//! One connection to either dialect, and who has it.
//!
//! A store has one: what a statement has left there (temporary tables, a transaction) is what the
//! next one finds.

use std::borrow::Cow;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Connection as _, Database, PgConnection, Postgres, SqlSafeStr as _, SqlStr,
    Sqlite, SqlitePool,
};
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::dialect::{Dialect, translated};
use super::patience::ServerPatience;
use super::value::{for_postgres, for_sqlite};
use super::{SqlError, SqlRow, SqlValue, query};

/// Takes the right to write, which in a file one process has at a time: numbers then ascend in the
/// order of the commits on a server, too. It goes with the transaction.
const ALONE: &str = "SELECT pg_advisory_xact_lock(1684628336, hashtext(current_schema()))";

/// Hands out the connection of a store.
#[derive(Clone, Debug)]
pub struct Pool(ConnectionSource);

#[derive(Clone, Debug)]
enum ConnectionSource {
    /// A pool of one, and the code of the error by which the disk has failed.
    Sqlite(SqlitePool, Arc<OnceLock<String>>),
    /// None once it is closed. One that is lost is not opened again: the locks of its session, and
    /// what was temporary in it, are lost with it.
    Postgres(Arc<Mutex<Option<PgConnection>>>, Arc<ServerPatience>),
}

/// How long a connection may take to end.
const GOODBYE: Duration = Duration::from_secs(2);

/// The connection, for as long as somebody has it.
#[derive(Debug)]
pub struct Connection(HeldConnection);

#[derive(Debug)]
enum HeldConnection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(OwnedMutexGuard<Option<PgConnection>>, Arc<ServerPatience>),
    /// A task has it.
    Given,
}

/// A transaction: what is not committed when it goes is taken back.
#[derive(Debug)]
pub struct Transaction {
    connection: Connection,
    is_open: bool,
}

impl From<SqlitePool> for Pool {
    fn from(pool: SqlitePool) -> Pool {
        Pool(ConnectionSource::Sqlite(pool, Arc::default()))
    }
}

impl From<PgConnection> for Pool {
    fn from(connection: PgConnection) -> Pool {
        let patience = Arc::new(ServerPatience::new());
        Pool(ConnectionSource::Postgres(Arc::new(Mutex::new(Some(connection))), patience))
    }
}

impl Pool {
    /// The connection, when nobody else has it.
    ///
    /// # Errors
    /// The engine's.
    pub async fn acquire(&self) -> Result<Connection, SqlError> {
        Ok(Connection(match &self.0 {
            ConnectionSource::Sqlite(pool, _) => HeldConnection::Sqlite(pool.acquire().await?),
            ConnectionSource::Postgres(connection, patience) => {
                let open = connection.clone().lock_owned().await;
                HeldConnection::Postgres(open, Arc::clone(patience))
            }
        }))
    }

    /// A transaction that reads, or writes what is temporary.
    ///
    /// # Errors
    /// The engine's.
    pub async fn begin(&self) -> Result<Transaction, SqlError> {
        let mut connection = self.acquire().await?;
        match &mut connection.0 {
            HeldConnection::Sqlite(open) => begin::<Sqlite>(open, None).await?,
            HeldConnection::Postgres(open, patience) => {
                let begun = patience.wait(begin::<Postgres>(still(open)?, None)).await;
                answered(open, begun)?
            }
            HeldConnection::Given => return Err(closed()),
        }
        Ok(Transaction { connection, is_open: true })
    }

    /// A transaction that writes. It waits for other writers before it reads: one that had read
    /// before another process wrote could not write any more.
    ///
    /// # Errors
    /// The engine's.
    pub async fn begin_writing(&self) -> Result<Transaction, SqlError> {
        let mut connection = self.acquire().await?;
        if let HeldConnection::Sqlite(open) = &mut connection.0 {
            begin::<Sqlite>(open, Some("BEGIN IMMEDIATE".into_sql_str())).await?;
            return Ok(Transaction { connection, is_open: true });
        }
        drop(connection);
        let mut transaction = self.begin().await?;
        query(ALONE).fetch_one(&mut transaction).await?;
        Ok(transaction)
    }

    /// Ends it.
    pub(in crate::store) async fn close(&self) {
        match &self.0 {
            ConnectionSource::Sqlite(pool, _) => pool.close().await,
            ConnectionSource::Postgres(connection, _) => {
                if let Some(open) = connection.lock().await.take() {
                    // A server that is not there any more needs no goodbye.
                    let _ = tokio::time::timeout(GOODBYE, open.close()).await;
                }
            }
        }
    }

    /// Gives a server's connection up without a goodbye: it is lost.
    pub(in crate::store) async fn abandon(&self) {
        if let ConnectionSource::Postgres(connection, _) = &self.0 {
            drop(connection.lock().await.take());
        }
    }

    /// Has the connection of another one from now on, which is left without.
    pub(in crate::store) async fn go_on_with(&self, other: &Pool) {
        if let (ConnectionSource::Postgres(own, _), ConnectionSource::Postgres(next, _)) =
            (&self.0, &other.0)
        {
            let next = next.lock().await.take();
            *own.lock().await = next;
        }
    }

    /// For how long the server owes an answer; nothing of a file, or where none is waited for.
    pub(in crate::store) fn unanswered(&self) -> Option<Duration> {
        match &self.0 {
            ConnectionSource::Sqlite(..) => None,
            ConnectionSource::Postgres(_, patience) => patience.unanswered(),
        }
    }

    /// Remembers by which error the disk has failed.
    pub(in crate::store) fn disk_has_failed(&self, code: &str) {
        if let ConnectionSource::Sqlite(_, failed) = &self.0 {
            let _ = failed.set(code.to_owned());
        }
    }

    /// The code of the error that this one follows from: SQLite ends the transaction of a write that
    /// finds no room, which the driver does not see, and it begins none any more.
    pub(in crate::store) fn failure_behind(&self, error: &SqlError) -> Option<String> {
        match &self.0 {
            ConnectionSource::Sqlite(_, failed)
                if matches!(error.0, sqlx::Error::InvalidSavePointStatement) =>
            {
                failed.get().cloned()
            }
            _ => None,
        }
    }

    /// Waits for nothing any longer than a moment.
    pub(in crate::store) fn end_soon(&self) {
        if let ConnectionSource::Postgres(_, patience) = &self.0 {
            patience.end_soon();
        }
    }

    /// The same connection with the patience of another one's.
    pub(in crate::store) fn with_patience_of(self, other: &Pool) -> Pool {
        Pool(match (self.0, &other.0) {
            (
                ConnectionSource::Postgres(connection, _),
                ConnectionSource::Postgres(_, patience),
            ) => ConnectionSource::Postgres(connection, Arc::clone(patience)),
            (own, _) => own,
        })
    }
}

/// The driver keeps count of transactions itself.
async fn begin<E: Database>(
    connection: &mut E::Connection,
    statement: Option<SqlStr>,
) -> Result<(), sqlx::Error> {
    E::TransactionManager::begin(connection, statement).await
}

/// What a server said. One that is silent is not asked again.
fn answered<T>(open: &mut Option<PgConnection>, said: Result<T, SqlError>) -> Result<T, SqlError> {
    if said.as_ref().is_err_and(SqlError::is_silence) {
        *open = None;
    }
    said
}

/// The connection to a server, unless it was closed.
fn still(open: &mut Option<PgConnection>) -> Result<&mut PgConnection, SqlError> {
    open.as_mut().ok_or_else(closed)
}

fn closed() -> SqlError {
    let words = "the connection was given up before, because the server did not answer or was gone";
    SqlError(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, words)))
}

/// Runs a statement on whichever engine it is.
macro_rules! run {
    ($connection:expr, $text:expr, $values:expr, $how:ident) => {
        match &mut $connection.0 {
            HeldConnection::Sqlite(open) => {
                let text = AssertSqlSafe(translated($text, Dialect::Sqlite));
                let done = sqlx::query_with(text, for_sqlite($values)?).$how(&mut **open).await?;
                Ok(done.into_ours())
            }
            HeldConnection::Postgres(open, patience) => {
                let text = AssertSqlSafe(translated($text, Dialect::Postgres));
                let asked = sqlx::query_with(text, for_postgres($values)?).$how(still(open)?);
                let said = patience.wait(asked).await;
                Ok(answered(open, said)?.into_ours())
            }
            HeldConnection::Given => Err(closed()),
        }
    };
}

impl Connection {
    /// Which database it is.
    pub(in crate::store) fn dialect(&self) -> Dialect {
        if let HeldConnection::Sqlite(_) = self.0 { Dialect::Sqlite } else { Dialect::Postgres }
    }

    pub(super) async fn execute(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<SqlValue>,
    ) -> Result<u64, SqlError> {
        run!(self, text, values, execute)
    }

    pub(super) async fn execute_raw(&mut self, text: Cow<'static, str>) -> Result<u64, SqlError> {
        match &mut self.0 {
            HeldConnection::Sqlite(open) => {
                let text = AssertSqlSafe(translated(text, Dialect::Sqlite));
                Ok(sqlx::raw_sql(text).execute(&mut **open).await?.into_ours())
            }
            HeldConnection::Postgres(open, patience) => {
                let text = AssertSqlSafe(translated(text, Dialect::Postgres));
                let said = patience.wait(sqlx::raw_sql(text).execute(still(open)?)).await;
                Ok(answered(open, said)?.into_ours())
            }
            HeldConnection::Given => Err(closed()),
        }
    }

    pub(super) async fn fetch_all(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<SqlValue>,
    ) -> Result<Vec<SqlRow>, SqlError> {
        run!(self, text, values, fetch_all)
    }

    pub(super) async fn fetch_optional(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<SqlValue>,
    ) -> Result<Option<SqlRow>, SqlError> {
        run!(self, text, values, fetch_optional)
    }

    /// Lets the server hear at once that a transaction is taken back: it holds its locks until then.
    fn send_what_is_queued(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if let HeldConnection::Postgres(mut held, patience) =
            std::mem::replace(&mut self.0, HeldConnection::Given)
        {
            runtime.spawn(async move {
                if let Some(open) = held.as_mut() {
                    let said = patience.wait(open.ping()).await;
                    let _ = answered(&mut held, said);
                }
            });
        }
    }
}

/// What the driver gives back, without its engine.
trait IntoOurs {
    type Ours;

    fn into_ours(self) -> Self::Ours;
}

impl IntoOurs for sqlx::sqlite::SqliteQueryResult {
    type Ours = u64;

    fn into_ours(self) -> u64 {
        self.rows_affected()
    }
}

impl IntoOurs for sqlx::postgres::PgQueryResult {
    type Ours = u64;

    fn into_ours(self) -> u64 {
        self.rows_affected()
    }
}

impl<R: Into<SqlRow>> IntoOurs for Vec<R> {
    type Ours = Vec<SqlRow>;

    fn into_ours(self) -> Vec<SqlRow> {
        self.into_iter().map(R::into).collect()
    }
}

impl<R: Into<SqlRow>> IntoOurs for Option<R> {
    type Ours = Option<SqlRow>;

    fn into_ours(self) -> Option<SqlRow> {
        self.map(R::into)
    }
}

impl Transaction {
    /// Makes what it did last.
    ///
    /// # Errors
    /// The engine's; then nothing has changed.
    pub async fn commit(mut self) -> Result<(), SqlError> {
        match &mut self.connection.0 {
            HeldConnection::Sqlite(open) => {
                <Sqlite as Database>::TransactionManager::commit(open).await?
            }
            HeldConnection::Postgres(open, patience) => {
                let commit = <Postgres as Database>::TransactionManager::commit(still(open)?);
                let said = patience.wait(commit).await;
                answered(open, said)?;
            }
            HeldConnection::Given => return Err(closed()),
        }
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        match &mut self.connection.0 {
            HeldConnection::Sqlite(open) => {
                <Sqlite as Database>::TransactionManager::start_rollback(open)
            }
            HeldConnection::Postgres(open, _) => {
                if let Some(open) = open.as_mut() {
                    <Postgres as Database>::TransactionManager::start_rollback(open);
                }
                self.connection.send_what_is_queued();
            }
            HeldConnection::Given => {}
        }
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// What a statement can be run on: the connection of a [`Pool`], one that somebody has, or a
/// transaction.
#[derive(Debug)]
pub enum Target<'c> {
    /// The connection, when nobody else has it.
    Pool(&'c Pool),
    /// One that somebody has.
    Connection(&'c mut Connection),
}

impl<'c> From<&'c Pool> for Target<'c> {
    fn from(pool: &'c Pool) -> Target<'c> {
        Target::Pool(pool)
    }
}

impl<'c> From<&'c mut Connection> for Target<'c> {
    fn from(connection: &'c mut Connection) -> Target<'c> {
        Target::Connection(connection)
    }
}

impl<'c> From<&'c mut Transaction> for Target<'c> {
    fn from(transaction: &'c mut Transaction) -> Target<'c> {
        Target::Connection(&mut transaction.connection)
    }
}

/// The connection for one statement.
pub(super) enum Lease<'c> {
    /// Of the pool.
    Own(Connection),
    /// Of somebody who has it for longer.
    Borrowed(&'c mut Connection),
}

impl<'c> Target<'c> {
    pub(super) async fn lease(self) -> Result<Lease<'c>, SqlError> {
        match self {
            Target::Pool(pool) => pool.acquire().await.map(Lease::Own),
            Target::Connection(connection) => Ok(Lease::Borrowed(connection)),
        }
    }
}

impl Lease<'_> {
    pub(super) fn connection(&mut self) -> &mut Connection {
        match self {
            Lease::Own(connection) => connection,
            Lease::Borrowed(connection) => connection,
        }
    }
}
