//! Reports that a person has to decide about: the table `undecided_report`. Somebody asks to leave
//! without a token, or a report has a Message-ID alone, and anybody could have written it.
//!
//! A row stays when it is decided, so that the message that brought it is known. Must never decide
//! anything, nor let a machine decide about what a person has asked for.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::audience::leave::TAKEN_BACK;
use crate::audience::suppression::SuppressionReason;
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

/// What names a report of nobody who can be named: the beginning of its message's hash, which is no
/// address.
pub(in crate::delivery) fn stand_in(message: &str) -> String {
    const LETTERS: usize = 12;
    format!("{OF_MESSAGE}{}", message.get(..LETTERS).unwrap_or(message))
}

const OF_MESSAGE: &str = "message:";

/// Whether this names a report by its message, and no person.
pub fn is_of_message(identity: &str) -> bool {
    identity.starts_with(OF_MESSAGE) && !identity.contains('@')
}

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
    /// The identity of the address that it is about; `message:` and the beginning of a hash, where a wish
    /// does not come from one address.
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
    /// Why the person gets no mail at present, for reasons that decide nothing about this.
    pub suppressed: Vec<SuppressionReason>,
    /// The address that the person has now, where this is one that they had before.
    pub now: Option<String>,
    /// Whether this address had mail, or is on a list that is known; `None` where nobody can tell.
    pub on_list: Option<bool>,
}

impl UndecidedReport {
    /// Whether it is what a reader has asked for, and not what a server says of an address.
    pub fn is_wish(&self) -> bool {
        matches!(self.class.as_str(), "unsubscribe" | "complaint")
    }
}

const NOTE: &str = "
INSERT INTO undecided_report (message, identity, class, issue, text, source, at, read_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (message, identity) DO NOTHING";

/// Whether a suppression `s` decides about a report of this class. What somebody has asked for is decided
/// by a person, or by a token that only they have: a bounce and an import come to an end without a word
/// about it.
fn decides(class: &str) -> String {
    format!(
        "(CASE {class} WHEN 'unsubscribe' THEN s.reason = 'unsubscribed' AND s.origin <> 'import'
          WHEN 'complaint' THEN s.reason IN ('unsubscribed', 'complaint') AND s.origin <> 'import'
          ELSE TRUE END)"
    )
}

/// Whether nobody has decided about a row `u`: its person is not suppressed by a decision about it, and
/// was not since. Whoever has a mail that was passed on may leave by its link: while that holds, a wish
/// stays for a person to see.
fn open() -> String {
    let decides = decides("u.class");
    format!(
        "dismissed_at IS NULL AND NOT EXISTS (SELECT 1 FROM suppression s
         WHERE {OF_PERSON} AND s.kind = 'address' AND {decides}
         AND (s.released_at IS NULL AND (s.origin <> 'web' OR NOT {IS_WISH}) OR s.at / 1000 >= u.read_at / 1000
             AND s.released_why <> '{TAKEN_BACK}'))"
    )
}

/// Whether a row `u` is what a reader has asked for.
const IS_WISH: &str = "u.class IN ('unsubscribe', 'complaint')";

/// Whether a suppression `s` is one of the person of a row `u`, who may have another address now.
const OF_PERSON: &str = "(s.what = u.identity
    OR s.what IN (SELECT f.identity FROM subscriber_earlier f WHERE f.former = u.identity))";

const SUPPRESSED_NOW: &str = "
SELECT DISTINCT reason FROM suppression WHERE what = ?1 AND kind = 'address' AND released_at IS NULL
ORDER BY reason";

/// Whether a row is of somebody, under this address or one that they had.
const IS_OF: &str = "(identity = ?1
    OR identity IN (SELECT f.former FROM subscriber_earlier f WHERE f.identity = ?1))";

/// The address that the person has now who had this one.
const NOW: &str =
    "SELECT identity FROM subscriber_earlier WHERE former = ?1 ORDER BY at DESC, identity LIMIT 1";

/// Whether an issue was planned for somebody, or the list of the store has them.
const IS_ON_LIST: &str = "
SELECT EXISTS (SELECT 1 FROM (SELECT DISTINCT issue FROM run) i CROSS JOIN person p
        WHERE p.issue = i.issue AND p.identity = ?1)
    OR EXISTS (SELECT 1 FROM subscriber s WHERE s.identity = ?1)";

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
    (message, identity, class): (&str, &str, &str),
) -> Result<bool, SqlError> {
    let known =
        "SELECT EXISTS (SELECT 1 FROM undecided_report u WHERE message = ?1 AND identity = ?2)";
    let is_known = sql::query_scalar(known).bind(message).bind(identity);
    if !is_known.fetch_one(&mut *connection).await? {
        let decides = decides("?2");
        let suppressed = format!(
            "SELECT EXISTS (SELECT 1 FROM suppression s, (SELECT CAST(?1 AS TEXT) AS identity) u
             WHERE {OF_PERSON} AND s.kind = 'address' AND s.released_at IS NULL AND {decides})"
        );
        let suppressed = sql::query_scalar(suppressed).bind(identity).bind(class);
        return suppressed.fetch_one(connection).await;
    }
    let open = open();
    let open = format!(
        "SELECT EXISTS (SELECT 1 FROM undecided_report u WHERE message = ?1 AND identity = ?2 AND {open})"
    );
    let is_open: bool =
        sql::query_scalar(open).bind(message).bind(identity).fetch_one(connection).await?;
    Ok(!is_open)
}

/// Those of `people` whose wish waits, under this address, one that they had or the one of now.
///
/// # Errors
/// The database's.
pub async fn who_waits(
    connection: &mut Connection,
    people: &BTreeSet<String>,
) -> Result<Vec<String>, SqlError> {
    let people: Vec<[&str; 1]> = people.iter().map(|one| [one.as_str()]).collect();
    let open = open();
    let statement = format!(
        "SELECT DISTINCT j.value ->> 0 FROM [each ?1] j JOIN undecided_report u
             ON u.identity = j.value ->> 0 OR EXISTS (SELECT 1 FROM subscriber_earlier e
                 WHERE e.former = u.identity AND e.identity = j.value ->> 0
                     OR e.identity = u.identity AND e.former = j.value ->> 0)
         WHERE {IS_WISH} AND {open}"
    );
    sql::query_scalar(statement)
        .bind(serde_json::json!(people).to_string())
        .fetch_all(connection)
        .await
}

/// Why a person gets no mail at present.
pub(in crate::delivery) async fn suppressed_now(
    connection: &mut Connection,
    identity: &str,
) -> Result<Vec<SuppressionReason>, SqlError> {
    let rows: Vec<String> =
        sql::query_scalar(SUPPRESSED_NOW).bind(identity).fetch_all(connection).await?;
    rows.iter().map(|word| word.parse().map_err(SqlError::decode)).collect()
}

/// The reports that nobody has decided about, the oldest first; of one person, if one is named.
///
/// # Errors
/// The store's.
pub async fn all(
    store: &Store,
    identity: Option<&str>,
) -> Result<Vec<UndecidedReport>, StoreError> {
    let open = open();
    let statement = format!(
        "SELECT identity, class, issue, text, source, at FROM undecided_report u
         WHERE {open} AND (CAST(?1 AS TEXT) IS NULL OR {IS_OF}) ORDER BY at, identity"
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
        suppressed: Vec::new(),
        on_list: None,
        now: None,
    };
    let mut all: Vec<UndecidedReport> = rows.iter().map(report).collect();
    if all.is_empty() {
        return Ok(all);
    }
    let mut connection = store.pool().acquire().await.map_err(|error| store.failed(error))?;
    for one in &mut all {
        let now = suppressed_now(&mut connection, &one.email).await;
        one.suppressed = now.map_err(|error| store.failed(error))?;
        let moved = sql::query_scalar(NOW).bind(&one.email).fetch_optional(&mut connection);
        one.now = moved.await.map_err(|error| store.failed(error))?;
        let known = sql::query_scalar(IS_ON_LIST).bind(&one.email).fetch_one(&mut connection);
        let known: bool = known.await.map_err(|error| store.failed(error))?;
        one.on_list = Some(known || one.now.is_some());
    }
    Ok(all)
}

/// Does nothing about the reports of a person, under whatever address they came, or about those of one
/// class; how many those were.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn dismiss(
    store: &Store,
    (identity, class): (&str, Option<&str>),
    now: jiff::Timestamp,
) -> Result<u64, StoreError> {
    let dismiss = format!(
        "UPDATE undecided_report SET dismissed_at = ?2 WHERE dismissed_at IS NULL AND {IS_OF} \
         AND (CAST(?3 AS TEXT) IS NULL OR class = ?3)"
    );
    let query = sql::query(dismiss).bind(identity).bind(now.as_millisecond()).bind(class);
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let done = query.execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(done.rows_affected())
}
