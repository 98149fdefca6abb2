//! Takes an import back: who came with it goes, who changed is as before, and who was suppressed by it
//! is released.
//!
//! Must never undo what was done since: whoever has changed after the import stays as they are, and is
//! named.

use jiff::Timestamp;
use serde::Serialize;

use super::profile::of_ms;
use crate::diagnostic::counted;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{Store, StoreError};

/// People who are named of those who stay.
const EXAMPLES: i64 = 10;

/// Nobody has changed the person since they came with the import `?1`, or were changed by it.
const REMOVE: &str = "
DELETE FROM subscriber WHERE added_in = ?1 AND NOT EXISTS
    (SELECT 1 FROM subscriber_change c WHERE c.identity = subscriber.identity)";

const RESTORE: &str = "
UPDATE subscriber SET email = c.email, fields = c.fields, tags = c.tags, language = c.language,
    topics = c.topics, status = c.status, joined_at = c.joined_at, consent_how = c.consent_how,
    consent_at = c.consent_at, consent_words = c.consent_words,
    consent_ip_hash = c.consent_ip_hash, paused_until = c.paused_until
FROM subscriber_change c WHERE c.import = ?1 AND c.identity = subscriber.identity AND NOT EXISTS
    (SELECT 1 FROM subscriber_change later
     WHERE later.identity = c.identity AND later.number > c.number)";

/// What was restored is as if it had never changed.
const FORGET_CHANGES: &str = "
DELETE FROM subscriber_change WHERE import = ?1 AND NOT EXISTS
    (SELECT 1 FROM subscriber_change later
     WHERE later.identity = subscriber_change.identity
     AND later.number > subscriber_change.number)";

/// Those whom this import alone says no of, of the imports that are not taken back.
const RELEASE: &str = "
UPDATE suppression SET released_at = ?2, released_why = ?3
WHERE released_at IS NULL AND what IS NOT NULL
    AND number IN (SELECT suppression FROM suppression_import WHERE import = ?1)
    AND NOT EXISTS (SELECT 1 FROM suppression_import other
        WHERE other.suppression = suppression.number AND other.import <> ?1)";

const UNSAY: &str = "DELETE FROM suppression_import WHERE import = ?1";

/// Those who stay: they came with the import or were changed by it, and have changed since.
const STAY: &str = "
FROM subscriber s WHERE s.added_in = ?1 OR EXISTS
    (SELECT 1 FROM subscriber_change c WHERE c.identity = s.identity AND c.import = ?1)";

/// The last import, of those that are not taken back, which has changed people of the import `?1`: taken
/// back before it, the import would leave them behind.
const LATER: &str = "
SELECT c.import, count(DISTINCT c.identity) FROM subscriber_change c
JOIN subscriber_import i ON i.number = c.import AND i.undone_at IS NULL
WHERE c.import > ?1 AND c.identity IN
    (SELECT identity FROM subscriber WHERE added_in = ?1
     UNION SELECT identity FROM subscriber_change WHERE import = ?1)
GROUP BY c.import ORDER BY c.import DESC LIMIT 1";

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The import.
    pub number: i64,
    /// The file that it was of.
    pub file: String,
    /// People who came with it and are gone.
    pub removed: u64,
    /// People who are as they were before.
    pub restored: u64,
    /// People who are suppressed no more.
    pub released: u64,
    /// People who have changed since and stay.
    pub stay: u64,
    /// The first of them.
    pub staying: Vec<String>,
}

/// Why an import is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is none of this number.
    #[error("there is no import {0}")]
    NoImport(i64),
    /// It was taken back before.
    #[error("import {0} was taken back already")]
    Undone(i64, Timestamp),
    /// A later import has changed people of it.
    #[error("import {later} changed {people} of import {number}; nothing was taken back")]
    ChangedLater {
        /// The import.
        number: i64,
        /// The later one.
        later: i64,
        /// How many people, in words.
        people: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes back the import of this number, in one transaction.
///
/// # Errors
/// An [`UndoError`]; then nothing has changed.
pub async fn undo(store: &Store, number: i64, at: Timestamp) -> Result<Undone, UndoError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let import: Option<(String, Option<i64>)> =
        sql::query_as("SELECT file, undone_at FROM subscriber_import WHERE number = ?1")
            .bind(number)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
    let file = match import {
        None => return Err(UndoError::NoImport(number)),
        Some((_, Some(ms))) => return Err(UndoError::Undone(number, of_ms(ms))),
        Some((file, None)) => file,
    };
    let later: Option<(i64, i64)> = sql::query_as(LATER)
        .bind(number)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
    if let Some((later, people)) = later {
        let people = counted(people.unsigned_abs(), "person");
        return Err(UndoError::ChangedLater { number, later, people });
    }
    let undone = take_back(&mut transaction, number, file, at).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(undone)
}

async fn take_back(
    connection: &mut Connection,
    number: i64,
    file: String,
    at: Timestamp,
) -> Result<Undone, SqlError> {
    let mut run = async |statement: &'static str| {
        let done = sql::query(statement).bind(number).execute(&mut *connection).await?;
        Ok::<u64, SqlError>(done.rows_affected())
    };
    let restored = run(RESTORE).await?;
    run(FORGET_CHANGES).await?;
    let removed = run(REMOVE).await?;
    let why = format!("import {number} was taken back");
    let release = sql::query(RELEASE).bind(number).bind(at.as_millisecond()).bind(why);
    let released = release.execute(&mut *connection).await?.rows_affected();
    sql::query(UNSAY).bind(number).execute(&mut *connection).await?;
    let statement = format!("SELECT count(*) {STAY}");
    let stay: i64 = sql::query_scalar(statement).bind(number).fetch_one(&mut *connection).await?;
    let statement = format!("SELECT s.email {STAY} ORDER BY s.identity LIMIT {EXAMPLES}");
    let rows = sql::query(statement).bind(number).fetch_all(&mut *connection).await?;
    let staying = rows.iter().map(|row| row.get(0)).collect();
    sql::query("UPDATE subscriber_import SET undone_at = ?2 WHERE number = ?1")
        .bind(number)
        .bind(at.as_millisecond())
        .execute(&mut *connection)
        .await?;
    Ok(Undone { number, file, removed, restored, released, stay: stay.unsigned_abs(), staying })
}
