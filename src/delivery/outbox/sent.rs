//! Mails of the outbox as others ask for them: whether somebody was sent one, which one a report is
//! about, and what is told of them.
//!
//! Must never take a mail for one that was sent whose dot never left.

use jiff::Timestamp;
use serde::Serialize;

use crate::compose::letters::LetterKind;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// The relay has it, or may have it.
const LEFT: &str = "(state IN ('accepted', 'attempting', 'uncertain') OR repeated > 0)";

/// A mail of the outbox that a report may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::delivery) struct ReportedLetter {
    /// What stands for the issue in its tokens.
    pub(in crate::delivery) name: String,
    /// The address as it was written to.
    pub(in crate::delivery) email: String,
}

/// A mail of the outbox as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedLetter {
    /// `confirm`, `already`, `welcome`, `link`, `address` or `moved`.
    pub kind: String,
    /// What has become of it, as `docs/ledger.md` lists it.
    pub state: String,
    /// When it was written down.
    pub added_at: Timestamp,
    /// When its state was last written.
    pub at: Timestamp,
    /// What the relay said, or why it was not sent.
    pub text: Option<String>,
}

/// Whether a mail has left for a person: any, or the one of this Message-ID.
pub(in crate::delivery) async fn has_left(
    connection: &mut Connection,
    identity: &str,
    message_id: Option<&str>,
) -> Result<bool, SqlError> {
    let statement = format!(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE identity = ?1 \
         AND CASE WHEN ?2 IS NULL THEN {LEFT} ELSE message_id = ?2 END)"
    );
    sql::query_scalar(statement).bind(identity).bind(message_id).fetch_one(connection).await
}

/// What the relay has said of the mails that have left for a person, the last one first.
pub(in crate::delivery) async fn replies(
    connection: &mut Connection,
    identity: &str,
    most: i64,
) -> Result<Vec<Option<String>>, SqlError> {
    let statement = format!(
        "SELECT text FROM outbox WHERE identity = ?1 AND {LEFT} ORDER BY number DESC LIMIT ?2"
    );
    let rows = sql::query(statement).bind(identity).bind(most).fetch_all(connection).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The mail of this number.
pub(in crate::delivery) async fn letter_of(
    connection: &mut Connection,
    number: i64,
) -> Result<Option<ReportedLetter>, SqlError> {
    let query = sql::query("SELECT kind, email FROM outbox WHERE number = ?1").bind(number);
    let row = query.fetch_optional(connection).await?;
    let name = |row: &SqlRow| LetterKind::of(row.get(0)).map(LetterKind::name);
    Ok(row.and_then(|row| Some(ReportedLetter { name: name(&row)?, email: row.get(1) })))
}

/// All mails of a person, in the order in which they were written down.
///
/// # Errors
/// The store's.
pub async fn of_person(store: &Store, identity: &str) -> Result<Vec<ListedLetter>, StoreError> {
    let rows = sql::query(
        "SELECT kind, state, added_at, at, text FROM outbox WHERE identity = ?1 ORDER BY number",
    );
    let rows = rows.bind(identity).fetch_all(store.pool()).await;
    let listed = |row: &SqlRow| ListedLetter {
        kind: row.get(0),
        state: row.get(1),
        added_at: Timestamp::from_millisecond(row.get(2)).unwrap_or_default(),
        at: Timestamp::from_millisecond(row.get(3)).unwrap_or_default(),
        text: row.get(4),
    };
    Ok(rows.map_err(|error| store.failed(error))?.iter().map(listed).collect())
}
