//! For who only looks: the ledger as the next `send` will find it, without a change to it.
//!
//! What a killed run left is decided as a recovery decides it, and laid over the table of
//! recipients as a view of the same name in the connection's temporary schema, where SQLite looks
//! for names first. It is gone with the connection. Must never write to the file.

use super::{BATCH, Recovery, RecoveryError, plan};
use crate::delivery::ledger::{Ledger, LockedLedger};
use crate::delivery::state::State;
use crate::store::holder::LockHolder;
use crate::store::sql::{self, QueryBuilder, SqlError};
use crate::store::{Quiet, Store, StoreError};

/// What is going on in a ledger that somebody looks at.
#[derive(Debug)]
pub enum Look {
    /// Nothing: it says all there is to know.
    Still,
    /// This process sends, or changes the store. Rows that it has claimed are pending: they have no
    /// outcome yet.
    Sending(LockHolder),
    /// A run was killed. From here on this connection sees its rows as the next `send` settles
    /// them.
    Killed(Recovery),
    /// What lies beside the ledger does not belong to it, or nobody can tell; no `send` goes on.
    Unsettled(RecoveryError),
}

const OVERLAY: &str = "
CREATE TEMP TABLE recovered (
    row BIGINT PRIMARY KEY,
    state TEXT NOT NULL,
    -- Whether there is an outcome, and not only another state.
    settled BOOLEAN NOT NULL,
    code BIGINT,
    enhanced TEXT,
    text TEXT,
    message_id TEXT,
    at TEXT
)";

/// What an outcome changes in a row besides its state.
const OUTCOME: [&str; 5] = ["code", "enhanced", "text", "message_id", "at"];

/// Looks for what a killed run left. Whoever holds the lock must not ask.
///
/// # Errors
/// The store's.
pub async fn look(ledger: &Ledger, boot: &str, at: &str) -> Result<Look, StoreError> {
    let store = ledger.store();
    if store.is_nowhere() {
        return Ok(Look::Still);
    }
    // Nobody begins to send, and settles it, as long as the lock lives.
    let _lock = match store.quiet().await? {
        Quiet::Sending(holder) => return Ok(Look::Sending(holder)),
        Quiet::Nobody(lock) => lock,
    };
    match plan(ledger, boot, at).await {
        Ok(recovery) if recovery.is_empty() => Ok(Look::Still),
        Ok(recovery) => {
            overlay(store, &recovery).await.map_err(|error| store.failed(error))?;
            Ok(Look::Killed(recovery))
        }
        Err(RecoveryError::Store(error)) => Err(error),
        Err(error) => Ok(Look::Unsettled(error)),
    }
}

/// Lets whoever holds the lock, and has sent, see its outcomes that are in the journal only. Where
/// that cannot be told, the ledger's rows are seen as they are, and this is `false`. Nothing can be
/// claimed from here on.
pub async fn see_unrecorded(ledger: &LockedLedger, boot: &str, at: &str) -> bool {
    let Ok(recovery) = plan(ledger, boot, at).await else { return false };
    if recovery.is_empty() {
        return true;
    }
    let seen = overlay(ledger.store(), &recovery).await;
    if let Err(error) = &seen {
        tracing::debug!("the journal cannot be laid over the ledger: {error}");
    }
    seen.is_ok()
}

/// Lets this connection see the rows as they are in the file again, after [`look`].
///
/// # Errors
/// The store's.
pub async fn look_away(ledger: &Ledger) -> Result<(), StoreError> {
    let store = ledger.store();
    let statements = "DROP VIEW IF EXISTS [sqlite: temp | postgres: pg_temp].recipient; DROP TABLE IF EXISTS recovered";
    let dropped = sql::raw(statements).execute(store.pool()).await;
    dropped.map(|_| ()).map_err(|error| store.failed(error))
}

async fn overlay(store: &Store, recovery: &Recovery) -> Result<(), SqlError> {
    let columns: Vec<String> = sql::query_scalar(
        "[sqlite: SELECT name FROM pragma_table_xinfo('recipient') \
             | postgres: SELECT CAST(attname AS text) FROM pg_attribute WHERE attnum > 0 \
             AND attrelid = to_regclass('recipient') AND NOT attisdropped ORDER BY attnum]",
    )
    .fetch_all(store.pool())
    .await?;
    sql::raw(OVERLAY).execute(store.pool()).await?;
    for batch in recovery.settled.chunks(BATCH) {
        let mut query = QueryBuilder::new(
            "INSERT INTO recovered \
             (row, state, settled, code, enhanced, text, message_id, at) ",
        );
        query.push_values(batch, |mut row, settled| {
            row.push_bind(settled.row)
                .push_bind(settled.state)
                .push_bind(true)
                .push_bind(settled.code.map(i64::from))
                .push_bind(&settled.enhanced)
                .push_bind(&settled.text)
                .push_bind(&settled.message_id)
                .push_bind(&settled.at);
        });
        query.build().execute(store.pool()).await?;
    }
    for batch in recovery.free.chunks(BATCH) {
        let mut query = QueryBuilder::new("INSERT INTO recovered (row, state, settled) ");
        query.push_values(batch, |mut row, free| {
            row.push_bind(*free).push_bind(State::Pending).push_bind(false);
        });
        query.build().execute(store.pool()).await?;
    }
    for batch in recovery.withdrawn.chunks(BATCH) {
        let mut query =
            QueryBuilder::new("INSERT INTO recovered (row, state, settled, message_id) ");
        query.push_values(batch, |mut row, withdrawn| {
            row.push_bind(withdrawn.row)
                .push_bind(withdrawn.state)
                .push_bind(false)
                .push_bind(&withdrawn.message_id);
        });
        query.build().execute(store.pool()).await?;
    }
    let seen: Vec<String> = columns.iter().map(|name| column(name)).collect();
    let (seen, schema) = (seen.join(", "), store.schema());
    let view = format!("CREATE TEMP VIEW recipient AS SELECT {seen} FROM {schema}.recipient r");
    // Names of columns are our own words.
    sql::raw(view).execute(store.pool()).await.map(|_| ())
}

/// A column of the view.
fn column(name: &str) -> String {
    let of = |column: &str| format!("(SELECT v.{column} FROM recovered v WHERE v.row = r.id)");
    let settled = of("settled");
    match name {
        "state" => format!("coalesce({}, r.state) AS state", of("state")),
        // A further copy that was not attempted has a Message-ID of its own.
        "message_id" => format!(
            "CASE WHEN {settled} OR {} THEN {} ELSE r.message_id END AS message_id",
            "EXISTS (SELECT 1 FROM wish w WHERE w.recipient = r.id)",
            of("message_id")
        ),
        "attempts" => format!(
            "r.attempts + CASE WHEN {settled} AND r.state <> 'uncertain' THEN 1 ELSE 0 END AS attempts"
        ),
        name if OUTCOME.contains(&name) => {
            format!("CASE WHEN {settled} THEN {} ELSE r.{name} END AS {name}", of(name))
        }
        name => format!("r.{name}"),
    }
}
