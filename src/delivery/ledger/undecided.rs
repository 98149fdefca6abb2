//! Reports that a person has to decide about: the table `undecided_report`. Somebody known asks to leave
//! without a token, or a report has a Message-ID alone, and anybody could have written it.
//!
//! A row stays when it is decided, so that the message that brought it is known. Must never decide
//! anything.

use serde::Serialize;

use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// The step that makes the table; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- A report that a person has to decide about. `message` names the message that brought it, by its hash.
CREATE TABLE undecided_report (
    message TEXT NOT NULL,
    identity TEXT NOT NULL,
    class TEXT NOT NULL,
    issue TEXT,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    -- When it was written, when it was read, and when somebody said to do nothing: milliseconds since
    -- 1970.
    at BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    dismissed_at BIGINT,
    PRIMARY KEY (message, identity)
);
CREATE INDEX undecided_report_by_identity ON undecided_report (identity);
";

/// A report as it is written down.
#[derive(Clone, Copy, Debug)]
pub(in crate::delivery) struct UndecidedNote<'a> {
    pub(in crate::delivery) message: &'a str,
    pub(in crate::delivery) identity: &'a str,
    pub(in crate::delivery) class: &'a str,
    pub(in crate::delivery) issue: Option<&'a str>,
    pub(in crate::delivery) text: &'a str,
    pub(in crate::delivery) source: &'a str,
    pub(in crate::delivery) at_ms: i64,
    pub(in crate::delivery) read_at_ms: i64,
}

/// A report that nobody has decided about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndecidedReport {
    /// The identity of the address that it is about.
    pub email: String,
    /// `unsubscribe`, `hard`, `soft` or `complaint`.
    pub class: String,
    /// The issue, where that is known.
    pub issue: Option<String>,
    /// What the report says.
    pub text: String,
    /// Where it was read.
    pub source: String,
    /// When it was written, RFC 3339.
    pub at: jiff::Timestamp,
}

const NOTE: &str = "
INSERT INTO undecided_report (message, identity, class, issue, text, source, at, read_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (message, identity) DO NOTHING";

/// Whoever is suppressed, or was since, has had a decision.
const OPEN: &str = "dismissed_at IS NULL AND NOT EXISTS (SELECT 1 FROM suppression s
    WHERE s.what = u.identity AND s.kind = 'address'
    AND (s.released_at IS NULL OR s.at / 1000 >= u.read_at / 1000))";

const IS_SUPPRESSED: &str = "
SELECT EXISTS (SELECT 1 FROM suppression s
    WHERE s.what = ?1 AND s.kind = 'address' AND s.released_at IS NULL)";

const DISMISS: &str = "
UPDATE undecided_report SET dismissed_at = ?2 WHERE identity = ?1 AND dismissed_at IS NULL";

/// Writes a report down, once.
pub(in crate::delivery) async fn note(
    connection: &mut Connection,
    note: &UndecidedNote<'_>,
) -> Result<(), SqlError> {
    let query = sql::query(NOTE).bind(note.message).bind(note.identity).bind(note.class);
    let query = query.bind(note.issue).bind(note.text).bind(note.source).bind(note.at_ms);
    query.bind(note.read_at_ms).execute(connection).await.map(drop)
}

/// Whether somebody has decided about a message, or about the person whom it is about.
pub(in crate::delivery) async fn is_decided(
    connection: &mut Connection,
    message: &str,
    identity: &str,
) -> Result<bool, SqlError> {
    let suppressed = sql::query_scalar(IS_SUPPRESSED).bind(identity);
    if suppressed.fetch_one(&mut *connection).await? {
        return Ok(true);
    }
    let known =
        "SELECT EXISTS (SELECT 1 FROM undecided_report u WHERE message = ?1 AND identity = ?2)";
    let is_known = sql::query_scalar(known).bind(message).bind(identity);
    if !is_known.fetch_one(&mut *connection).await? {
        return Ok(false);
    }
    let open = format!(
        "SELECT EXISTS (SELECT 1 FROM undecided_report u WHERE message = ?1 AND identity = ?2 AND {OPEN})"
    );
    let is_open: bool =
        sql::query_scalar(open).bind(message).bind(identity).fetch_one(connection).await?;
    Ok(!is_open)
}

/// The reports that nobody has decided about, the oldest first; of one person, if one is named.
///
/// # Errors
/// The store's.
pub async fn all(
    store: &Store,
    identity: Option<&str>,
) -> Result<Vec<UndecidedReport>, StoreError> {
    let statement = format!(
        "SELECT identity, class, issue, text, source, at FROM undecided_report u
         WHERE {OPEN} AND (CAST(?1 AS TEXT) IS NULL OR identity = ?1) ORDER BY at, identity"
    );
    let rows = sql::query(statement).bind(identity).fetch_all(store.pool()).await;
    let rows = rows.map_err(|error| store.failed(error))?;
    let report = |row: &SqlRow| UndecidedReport {
        email: row.get(0),
        class: row.get(1),
        issue: row.get(2),
        text: row.get(3),
        source: row.get(4),
        at: jiff::Timestamp::from_millisecond(row.get(5)).unwrap_or_default(),
    };
    Ok(rows.iter().map(report).collect())
}

/// Does nothing about the reports of a person; how many those were.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn dismiss(
    store: &Store,
    identity: &str,
    now: jiff::Timestamp,
) -> Result<u64, StoreError> {
    let query = sql::query(DISMISS).bind(identity).bind(now.as_millisecond());
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let done = query.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(done.rows_affected())
}
