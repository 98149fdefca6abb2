//! Leaving, and coming back at once: the no of a person and their row of the list, in one transaction,
//! whichever way they left.
//!
//! A no holds for every list; that the row says so too is for whoever looks at the list. Must never end
//! another no than the one that was said on the web a moment ago.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::subscribers::ChangeOrigin;
use super::subscribers::change::{self, ChangeNote};
use super::suppression::{self, SuppressionNote, SuppressionSubject};
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{Store, StoreError};

/// Who is in the list and has not left.
const STAYING: &str = "
SELECT s.identity FROM [each ?1] j JOIN subscriber s ON s.identity = j.value ->> 0
WHERE s.status <> 'unsubscribed'";

const LEAVE: &str = "
UPDATE subscriber SET status = 'unsubscribed'
WHERE identity IN (SELECT j.value ->> 0 FROM [each ?1] j)";

/// Writes the no of everybody in `people` (identities, each once), and that they have left. Done
/// twice, nothing changes.
///
/// # Errors
/// The database's.
pub async fn leave_within(
    connection: &mut Connection,
    people: &BTreeSet<String>,
    note: &SuppressionNote<'_>,
    origin: ChangeOrigin,
) -> Result<(), SqlError> {
    let subjects: Vec<_> = people.iter().cloned().map(SuppressionSubject::Address).collect();
    let subjects: Vec<&SuppressionSubject> = subjects.iter().collect();
    suppression::write(connection, &subjects, note).await?;
    let in_json = |people: &[String]| {
        let people: Vec<[&str; 1]> = people.iter().map(|one| [one.as_str()]).collect();
        serde_json::json!(people).to_string()
    };
    let people: Vec<String> = people.iter().cloned().collect();
    let staying: Vec<String> =
        sql::query_scalar(STAYING).bind(in_json(&people)).fetch_all(&mut *connection).await?;
    if staying.is_empty() {
        return Ok(());
    }
    let identities: Vec<&str> = staying.iter().map(String::as_str).collect();
    change::remember(connection, &identities, ChangeNote { origin, at: note.at }).await?;
    sql::query(LEAVE).bind(in_json(&staying)).execute(&mut *connection).await?;
    Ok(())
}

/// The same of one person, in a transaction of its own.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn leave(
    store: &Store,
    address: &Address,
    note: &SuppressionNote<'_>,
    origin: ChangeOrigin,
) -> Result<(), StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let people = BTreeSet::from([address.identity()]);
    leave_within(&mut transaction, &people, note, origin).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Takes back what a person said on the web since a moment: they get the next issue again, unless
/// something else keeps mail from them. Whether they do.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn take_back(
    store: &Store,
    address: &Address,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut transaction = store.begin().await?;
    let identity = address.identity();
    let taken = take_back_within(&mut transaction, &identity, since, now).await;
    let gets_mail = taken.map_err(|error| store.failed(error))?;
    transaction.commit().await.map_err(|error| store.failed(error))?;
    Ok(gets_mail)
}

async fn take_back_within(
    connection: &mut Connection,
    identity: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, SqlError> {
    let since = since.as_millisecond();
    sql::query(
        "UPDATE suppression SET released_at = ?3, released_why = 'taken back on the web' \
         WHERE what = ?1 AND kind = 'address' AND reason = 'unsubscribed' AND origin = 'web' \
         AND at >= ?2 AND released_at IS NULL",
    )
    .bind(identity)
    .bind(since)
    .bind(now.as_millisecond())
    .execute(&mut *connection)
    .await?;
    let domain = identity.rsplit('@').next().unwrap_or_default();
    let is_suppressed: bool = sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE released_at IS NULL AND \
         ((kind = 'address' AND what = ?1) OR (kind = 'domain' AND what = ?2)))",
    )
    .bind(identity)
    .bind(domain)
    .fetch_one(&mut *connection)
    .await?;
    if is_suppressed {
        return Ok(false);
    }
    let before: Option<String> = sql::query_scalar(
        "SELECT status FROM subscriber_change WHERE identity = ?1 AND origin = 'web' AND at >= ?2 \
         ORDER BY number DESC LIMIT 1",
    )
    .bind(identity)
    .bind(since)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(before) = before else { return Ok(true) };
    let has_left: bool = sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM subscriber WHERE identity = ?1 AND status = 'unsubscribed')",
    )
    .bind(identity)
    .fetch_one(&mut *connection)
    .await?;
    if !has_left {
        return Ok(true);
    }
    let note = ChangeNote { origin: ChangeOrigin::Web, at: now };
    change::remember(connection, &[identity], note).await?;
    sql::query("UPDATE subscriber SET status = ?2 WHERE identity = ?1")
        .bind(identity)
        .bind(before)
        .execute(&mut *connection)
        .await?;
    Ok(true)
}

/// Why somebody leaves, as they choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeavingWhy {
    /// Too many messages.
    TooMany,
    /// It is not what they expected.
    NotExpected,
    /// They never asked for it.
    NeverAsked,
    /// Anything else.
    Other,
}

impl LeavingWhy {
    /// Each, in the order in which they are shown.
    pub const ALL: [LeavingWhy; 4] =
        [LeavingWhy::TooMany, LeavingWhy::NotExpected, LeavingWhy::NeverAsked, LeavingWhy::Other];

    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            LeavingWhy::TooMany => "too many messages",
            LeavingWhy::NotExpected => "not what was expected",
            LeavingWhy::NeverAsked => "never asked for it",
            LeavingWhy::Other => "another reason",
        }
    }

    /// The one of a word.
    pub fn of(word: &str) -> Option<LeavingWhy> {
        LeavingWhy::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Keeps why a person left on the web since a moment.
///
/// # Errors
/// The store's.
pub async fn say_why(
    store: &Store,
    address: &Address,
    since: Timestamp,
    why: LeavingWhy,
) -> Result<(), StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    sql::query(
        "UPDATE suppression SET why = ?3 WHERE what = ?1 AND kind = 'address' \
         AND reason = 'unsubscribed' AND origin = 'web' AND at >= ?2 AND released_at IS NULL",
    )
    .bind(address.identity())
    .bind(since.as_millisecond())
    .bind(format!("left by the link in a mail: {}", why.word()))
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
