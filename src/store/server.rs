//! A store on a PostgreSQL server: one session, which has the tables' schema in front of it.
//!
//! The right to send is a lock of that very session, and all that is written goes through it. So who
//! has lost the connection has lost the right with it, and can write nothing more. It is opened again
//! only where a command has waited and holds nothing that was temporary in it.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgConnection};

use super::address::{ServerAddress, SslMode, StoreAddress};
use super::holder::{HoldingSession, LockHolder};
use super::home::Whereabouts;
use super::sql::{self, Pool, SqlError};
use super::step::{SchemaStep, version_of};
use super::{Access, Lock, NOT_ALLOWED, Quiet, Store, StoreError};
use crate::net::tls::{self, HandshakeError};

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first one that has all that the statements use.
const OLDEST: i64 = 130_000;

/// Why nothing was sent to a server.
const NO_PLAIN_PASSWORD: &str = "the password for it would leave this machine without TLS. Take sslmode out of the address (or \
     write sslmode=verify-full, with sslrootcert=FILE for a certificate of your own); in a network \
     that nobody else reads, DIGEST_STORE_PLAIN=allowed in the environment lets it go as it is";

/// What a session begins with: nothing that a server or a user was told otherwise may take an outcome
/// back that was committed, or end a session that waits for the time of a send.
const BEGIN: &str = "
SELECT CAST(current_setting('server_version_num') AS bigint), current_setting('server_encoding'),
    pg_is_in_recovery(), set_config('search_path', ?1, FALSE),
    set_config('default_transaction_isolation', 'read committed', FALSE),
    set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN
        ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, FALSE)";
const MAY_USE: &str = "
SELECT coalesce(has_schema_privilege(to_regnamespace(?1), 'USAGE'), TRUE)";
const NO_END: &str = "
SELECT set_config(name, '0', FALSE) FROM pg_settings WHERE name IN
    ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout',
     'transaction_timeout')";
/// A machine that is gone without a word keeps the right to send for two minutes, and not for two hours.
const NOT_GONE: &str = "
SELECT set_config('tcp_keepalives_idle', '60', FALSE),
    set_config('tcp_keepalives_interval', '15', FALSE),
    set_config('tcp_keepalives_count', '4', FALSE)";

/// The steps that were run.
const STEPS_TABLE: &str = "
CREATE TABLE digest_step (
    number BIGINT PRIMARY KEY,
    at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
)";

/// Who has the right to send (1684628339), or to write: the session that has the lock, and its name.
const HOLDER: &str = "
SELECT a.application_name, CAST(a.pid AS bigint), host(a.client_addr),
    to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
    AND l.classid = CAST(CAST(?1 AS bigint) AS oid) AND l.objsubid = 2
    AND l.objid = CAST(CAST(hashtext(current_schema()) AS bigint) & 4294967295 AS oid)
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const SENDING: i64 = 1_684_628_339;
const WRITING: i64 = 1_684_628_336;
/// The name of a session that has none yet.
const UNNAMED: &str = "digest";
const TAKE: &str = "SELECT pg_try_advisory_lock(1684628339, hashtext(current_schema()))";
const TAKE_SHARED: &str =
    "SELECT pg_try_advisory_lock_shared(1684628339, hashtext(current_schema()))";

/// What names the server, its history of writing, and the tables. A server that is not PostgreSQL's own
/// may have no such history.
const NUMBER: &str = "SELECT CAST(system_identifier AS text) FROM pg_control_system()";
const HISTORY: &str = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";
const TABLES: &str = "
SELECT CAST(oid AS text) || '/' || coalesce(CAST(CAST(to_regclass('ledger_home') AS oid) AS text), '')
FROM pg_database WHERE datname = current_database()";
const GIVE: &str = "SELECT pg_advisory_unlock(1684628339, hashtext(current_schema()))";
const GIVE_SHARED: &str =
    "SELECT pg_advisory_unlock_shared(1684628339, hashtext(current_schema()))";

/// What became of the session that has the right to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptSession {
    /// It is there.
    Same,
    /// It was lost, and another one has the right now. Somebody else may have had it meanwhile.
    Another,
}

/// A lock of the session, for as long as this lives.
#[derive(Debug)]
pub(super) struct SessionLock {
    pool: Pool,
    give: &'static str,
    /// Who has it, where that was said.
    who: Option<String>,
}

impl SessionLock {
    /// Who has the right to send by it.
    pub(super) fn name(&self) -> Option<&str> {
        self.who.as_deref()
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        let (pool, give) = (self.pool.clone(), self.give);
        // Where nobody is left to run this, the session ends, and the lock with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = sql::query(give).fetch_optional(&pool).await;
            });
        }
    }
}

impl Store {
    /// Opens the schema on a server, and makes it with its tables where there is none.
    pub(super) async fn open_server(
        server: &ServerAddress,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        let store = Store::session(server, steps).await?;
        if !store.has_newest_tables(steps).await? {
            store.upgrade_server(steps).await?;
        }
        Ok(store)
    }

    /// The same for a copy, which makes the tables itself where there are none.
    pub(super) async fn open_server_for_copy(
        server: &ServerAddress,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        let store = Store::session(server, steps).await?;
        if !store.has_newest_tables(steps).await? {
            store.make_schema().await?;
            return Ok(Store { version: 0, ..store });
        }
        Ok(store)
    }

    /// Whether there are tables, which are as new as this program.
    async fn has_newest_tables(&self, steps: &[SchemaStep]) -> Result<bool, StoreError> {
        let (store, needed) = (self.address.clone(), version_of(steps));
        match self.found_version().await? {
            0 => Ok(false),
            found if found > needed => Err(StoreError::Newer { store, found }),
            found if found < needed => Err(StoreError::Older { store, found, needed }),
            _ => Ok(true),
        }
    }

    /// A session, whatever tables there are.
    pub(super) async fn session(
        server: &ServerAddress,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        let address = StoreAddress::Server(Box::new(server.clone()));
        let unreachable =
            |reason: String| StoreError::Unreachable { store: address.clone(), reason };
        if server.shows_its_password() {
            return Err(unreachable(NO_PLAIN_PASSWORD.to_owned()));
        }
        if let Some(path) = &server.root_certificate {
            tls::certificates(path)
                .map_err(|error| unreachable(format!("{error} (sslrootcert)")))?;
        }
        let connecting = tokio::time::timeout(PATIENCE, connect(server));
        let connection = match connecting.await {
            Ok(connected) => connected.map_err(|error| unreachable(refusal(&error, server)))?,
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                return Err(unreachable(format!("no answer within {seconds} seconds")));
            }
        };
        let store = Store {
            pool: Pool::from(connection),
            file: None,
            schema: server.schema.clone(),
            address,
            access: Access::Writing,
            identity: None,
            version: version_of(steps),
        };
        store.begin_session(server).await?;
        Ok(store)
    }

    async fn begin_session(&self, server: &ServerAddress) -> Result<(), StoreError> {
        let failed = |error| self.failed(error);
        // To a user who may not use a schema it looks like one that is not there.
        let may_use = sql::query_scalar(MAY_USE).bind(&server.schema).fetch_one(&self.pool).await;
        if !may_use.map_err(failed)? {
            let reason =
                format!("this user may not use the schema {}. {}", server.schema, server.rights());
            return Err(StoreError::Unsuitable { store: self.address.clone(), reason });
        }
        let row = sql::query(BEGIN).bind(&server.schema).fetch_one(&self.pool).await;
        let row = row.map_err(failed)?;
        sql::query(NO_END).fetch_all(&self.pool).await.map_err(failed)?;
        sql::query(NOT_GONE).fetch_all(&self.pool).await.map_err(failed)?;
        let (version, encoding): (i64, &str) = (row.get(0), row.get(1));
        let reason = if version < OLDEST {
            format!("it is PostgreSQL {}; digest needs 13 or newer", version / 10_000)
        } else if encoding != "UTF8" {
            format!("the database has the encoding {encoding}: make one with `createdb -E UTF8`")
        } else if row.get(2) {
            "it is a standby server, which can only be read: name the primary one".to_owned()
        } else {
            return Ok(());
        };
        Err(StoreError::Unsuitable { store: self.address.clone(), reason })
    }

    /// Brings the tables on a server up to date, all steps in one transaction.
    pub(super) async fn upgrade_server(&self, steps: &[SchemaStep]) -> Result<(), StoreError> {
        self.make_schema().await?;
        let who = format!("process {} (new tables)", std::process::id());
        // Of the session alone: whoever only plans leaves no file.
        let Some(_lock) = self.try_session(Some(&who), 100).await? else {
            return Err(self.busy().await);
        };
        let mut transaction = self.begin().await?;
        self.make_tables(&mut transaction, steps).await?;
        transaction.commit().await.map_err(|error| self.failed(error))
    }

    /// The steps that are left to do on a server.
    pub(super) async fn make_tables(
        &self,
        connection: &mut sql::Connection,
        steps: &[SchemaStep],
    ) -> Result<(), StoreError> {
        let failed = |error| self.failed(error);
        let done = usize::try_from(version_in(connection).await.map_err(failed)?);
        let done = done.unwrap_or(usize::MAX);
        if done == 0 {
            let has_table = "SELECT to_regclass('digest_step') IS NOT NULL";
            let has_table = sql::query_scalar(has_table).fetch_one(&mut *connection).await;
            let is_there: bool = has_table.map_err(failed)?;
            if !is_there {
                sql::raw(STEPS_TABLE).execute(&mut *connection).await.map_err(failed)?;
            }
        }
        for (at, step) in steps.iter().enumerate().skip(done) {
            sql::raw(step.postgres).execute(&mut *connection).await.map_err(failed)?;
            sql::query("INSERT INTO digest_step (number) VALUES (?1)")
                .bind(version_of(&steps[..=at]))
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        }
        Ok(())
    }

    async fn make_schema(&self) -> Result<(), StoreError> {
        let has_schema = "SELECT to_regnamespace(?1) IS NOT NULL";
        let has_schema = sql::query_scalar(has_schema).bind(&self.schema);
        let is_there: bool =
            has_schema.fetch_one(&self.pool).await.map_err(|error| self.failed(error))?;
        if is_there {
            return Ok(());
        }
        // Of letters, digits and underscores.
        let make = sql::raw(format!("CREATE SCHEMA IF NOT EXISTS {}", self.schema));
        match make.execute(&self.pool).await {
            Ok(_) => Ok(()),
            Err(error) if error.code().as_deref() == Some(NOT_ALLOWED) => {
                let (schema, reason) = (&self.schema, "this user may not make its schema");
                let reason = format!(
                    "{reason}. Let somebody who may run: CREATE SCHEMA {schema} AUTHORIZATION the_user"
                );
                Err(StoreError::Unsuitable { store: self.address.clone(), reason })
            }
            // Two who do so at once: the other has made it.
            Err(error) if error.code().as_deref() == Some("23505") => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The version of the tables on a server.
    pub(super) async fn server_version(&self) -> Result<i64, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(|error| self.failed(error))?;
        version_in(&mut connection).await.map_err(|error| self.failed(error))
    }

    /// Takes the lock of the session; `None` where another one has it.
    pub(super) async fn take_session(
        &self,
        who: Option<&str>,
    ) -> Result<Option<SessionLock>, StoreError> {
        let failed = |error| self.failed(error);
        let (take, give) = if who.is_some() { (TAKE, GIVE) } else { (TAKE_SHARED, GIVE_SHARED) };
        let taken = sql::query_scalar(take).fetch_one(&self.pool).await;
        let is_taken: bool = taken.map_err(failed)?;
        if !is_taken {
            return Ok(None);
        }
        let lock = SessionLock { pool: self.pool.clone(), give, who: who.map(str::to_owned) };
        if let Some(who) = who {
            let name = "SELECT set_config('application_name', ?1, FALSE)";
            sql::query(name).bind(who).fetch_one(&self.pool).await.map_err(failed)?;
        }
        Ok(Some(lock))
    }

    /// Whether the session that has `lock` is still there. Where it is lost another one is opened in its
    /// place, which takes the lock again; what was temporary is lost with the first.
    ///
    /// # Errors
    /// The server cannot be reached, or somebody else has the lock: then the session stays lost, and this
    /// can be tried again.
    pub async fn keep_session(&self, lock: &Lock) -> Result<KeptSession, StoreError> {
        let StoreAddress::Server(server) = &self.address else { return Ok(KeptSession::Same) };
        let Some(who) = lock.name_on_server() else { return Ok(KeptSession::Same) };
        let asked = sql::query("SELECT 1").fetch_one(&self.pool);
        if let Ok(Ok(_)) = tokio::time::timeout(PATIENCE, asked).await {
            return Ok(KeptSession::Same);
        }
        self.pool.abandon().await;
        let next = Store::session(server, &[]).await?;
        let Some(_taken) = next.try_session(Some(who), 1).await? else {
            return Err(next.busy().await);
        };
        match next.server_version().await? {
            found if found == self.version => {}
            found => return Err(StoreError::Newer { store: self.address.clone(), found }),
        }
        self.pool.go_on_with(&next.pool).await;
        Ok(KeptSession::Another)
    }

    /// Where the tables are.
    pub(super) async fn whereabouts_on_server(&self) -> Result<Whereabouts, StoreError> {
        let mut known = Vec::new();
        for question in [NUMBER, HISTORY, TABLES] {
            let answer: Result<String, _> = sql::query_scalar(question).fetch_one(&self.pool).await;
            known.push(match answer {
                Ok(known) => known,
                Err(error) if error.is_lost() => return Err(self.failed(error)),
                Err(_) => String::new(),
            });
        }
        Ok(Whereabouts::of_server(&known[0], &known[1], &known[2]))
    }

    /// Who has the right to send, as far as the server says.
    pub(super) async fn session_holder(&self) -> Option<LockHolder> {
        self.holder_of(SENDING).await
    }

    /// Who writes to the store now. On a server that is asked in a session of its own: whoever waits
    /// has the first one in use.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn writer(&self) -> Result<LockHolder, StoreError> {
        if self.address.file().is_some() {
            return Ok(match self.quiet().await? {
                Quiet::Sending(holder) => holder,
                // Whoever waits must keep nobody from sending.
                Quiet::Nobody(_) => LockHolder::default(),
            });
        }
        let Some(second) = self.second_reader().await? else { return Ok(LockHolder::default()) };
        let writer = second.holder_of(WRITING).await;
        second.close().await;
        Ok(writer.unwrap_or_default())
    }

    async fn holder_of(&self, right: i64) -> Option<LockHolder> {
        let row = sql::query(HOLDER).bind(right).fetch_optional(&self.pool).await.ok()??;
        let text = |column: usize| row.try_get::<Option<String>>(column).ok().flatten();
        // Who has never had the right to send has said nothing of itself.
        let words = text(0).filter(|name| name != UNNAMED).unwrap_or_default();
        let session = HoldingSession { pid: row.get(1), address: text(2), since: text(3) };
        Some(LockHolder { words, session: Some(session) })
    }
}

async fn version_in(connection: &mut sql::Connection) -> Result<i64, SqlError> {
    let has_table = "SELECT to_regclass('digest_step') IS NOT NULL";
    if !sql::query_scalar(has_table).fetch_one(&mut *connection).await? {
        return Ok(0);
    }
    let last = "SELECT coalesce(max(number), 0) FROM digest_step";
    sql::query_scalar(last).fetch_one(connection).await
}

async fn connect(server: &ServerAddress) -> Result<PgConnection, sqlx::Error> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .username(&server.user)
        .database(&server.database)
        .port(server.port)
        .application_name(UNNAMED)
        .ssl_mode(ssl_mode(server));
    options =
        if server.is_socket() { options.socket(&server.host) } else { options.host(&server.host) };
    if let Some(path) = &server.root_certificate {
        options = options.ssl_root_cert(path);
    }
    if let Some(password) = &server.password {
        options = options.password(password.expose_secret());
    }
    // What is bound is not in a statement, but who reads a log needs neither.
    options.disable_statement_logging().connect().await
}

/// As written; else protected from all but this machine.
fn ssl_mode(server: &ServerAddress) -> PgSslMode {
    match server.ssl_mode {
        _ if server.is_socket() => PgSslMode::Disable,
        None if server.is_local() => PgSslMode::Prefer,
        None | Some(SslMode::VerifyFull) => PgSslMode::VerifyFull,
        Some(SslMode::Disable) => PgSslMode::Disable,
        Some(SslMode::Allow) => PgSslMode::Allow,
        Some(SslMode::Prefer) => PgSslMode::Prefer,
        // As in libpq: who names an authority wants it asked.
        Some(SslMode::Require) if server.root_certificate.is_some() => PgSslMode::VerifyCa,
        Some(SslMode::Require) => PgSslMode::Require,
        Some(SslMode::VerifyCa) => PgSslMode::VerifyCa,
    }
}

/// Why a server lets nobody in, and what to do.
fn refusal(error: &sqlx::Error, server: &ServerAddress) -> String {
    let code = error.as_database_error().and_then(|error| error.code());
    match (error, code.as_deref()) {
        (_, Some("28P01" | "28000")) => format!(
            "{error}. Set DIGEST_STORE_PASSWORD or DIGEST_STORE_PASSWORD_FILE, or add a line to \
             ~/.pgpass; pg_hba.conf on the server says who may come from where"
        ),
        (_, Some("3D000")) => {
            format!("{error}. Make it: createdb -E UTF8 -O {} {}", server.user, server.database)
        }
        (sqlx::Error::Tls(_), _) => format!(
            "{error}. Let it have TLS (ssl = on in its postgresql.conf); sslmode=disable, with \
             DIGEST_STORE_PLAIN=allowed in the environment, only in a network that nobody else reads"
        ),
        (sqlx::Error::Io(cause), _) => match tls::of_handshake(&server.host, cause) {
            Some(failed) => untrusted(&failed, server),
            None => error.to_string(),
        },
        _ => error.to_string(),
    }
}

/// Why a server is not believed to be who it says, before it was told anything.
fn untrusted(failed: &HandshakeError, server: &ServerAddress) -> String {
    let what = match (failed, &server.root_certificate) {
        (HandshakeError::UntrustedIssuer(_), None) => {
            "For a certificate of your own add sslrootcert=FILE to the address: the certificate of \
             the authority that signed it, as PEM"
                .to_owned()
        }
        (HandshakeError::UntrustedIssuer(_), Some(path)) => format!(
            "What stands in {} (sslrootcert) is another authority: ask whoever runs the server for \
             the right file. If it was right before, somebody else may be answering",
            path.display()
        ),
        (HandshakeError::WrongName(..), _) => {
            "Write the host in the address as the certificate has it, or let the server have a \
             certificate for this name; sslmode=verify-ca asks for no name"
                .to_owned()
        }
        _ => {
            let host = &server.host;
            let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
            format!(
                "Let the server have another one, and name it by sslrootcert=FILE where no known \
                 authority has signed it: openssl req -new -x509 -days 3650 -nodes -subj /CN={host} \
                 -addext subjectAltName={kind}:{host} -addext basicConstraints=critical,CA:FALSE \
                 -out server.crt -keyout server.key"
            )
        }
    };
    format!("{failed}. No password was sent. {what}")
}
