//! Leaving, and coming back at once: the no of a person and their row of the list, in one transaction,
//! whichever way they left.
//!
//! A no holds for every list; that the row says so too is for whoever looks at the list. Must never end
//! another no than the one that was said on the web a moment ago.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::pause;
use super::subscribers::change::{self, ChangeNote};
use super::subscribers::{ChangeOrigin, SubscriptionStatus, moved};
use super::suppression::{self, SuppressionNote, SuppressionSubject};
use super::{address_change, signup};
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{Store, StoreError};

/// Why a no is over that was taken back by whoever said it.
pub(crate) const TAKEN_BACK: &str = "taken back on the web";

/// Who is in the list and has not left.
const STAYING: &str = "
SELECT s.identity FROM [each ?1] j JOIN subscriber s ON s.identity = j.value ->> 0
WHERE s.status <> 'unsubscribed'";

const LEAVE: &str = "
UPDATE subscriber SET status = 'unsubscribed'
WHERE identity IN (SELECT j.value ->> 0 FROM [each ?1] j)";

/// Since when the no holds that somebody has said on the web, and when it was last said again.
const LEFT_AT: &str = "
SELECT s.what, min(s.at), max(s.said_again) FROM [each ?1] j JOIN suppression s ON s.what = j.value ->> 0
WHERE s.kind = 'address' AND s.reason = 'unsubscribed' AND s.origin = 'web'
    AND s.released_at IS NULL
GROUP BY s.what";

/// People as a parameter of these statements.
fn in_json(people: &[&str]) -> String {
    let people: Vec<[&str; 1]> = people.iter().map(|one| [*one]).collect();
    serde_json::json!(people).to_string()
}

/// A no that holds, of somebody who has said it on the web.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOnWeb {
    /// Since when it holds.
    pub at: Timestamp,
    /// Whether no undo ends it: they have said it again, perhaps under the address that they have now.
    pub is_final: bool,
}

/// The no of each of them that they have said on the web, and nobody has taken back.
///
/// # Errors
/// The database's.
pub async fn left_on_web(
    connection: &mut Connection,
    people: &BTreeSet<String>,
) -> Result<BTreeMap<String, LeftOnWeb>, SqlError> {
    let identities: Vec<&str> = people.iter().map(String::as_str).collect();
    let now = moved::current(connection, &identities).await?;
    let all: Vec<&str> =
        identities.into_iter().chain(now.iter().map(|(_, now)| now.as_str())).collect();
    let rows: Vec<(String, i64, Option<i64>)> =
        sql::query_as(LEFT_AT).bind(in_json(&all)).fetch_all(connection).await?;
    let again: BTreeSet<&str> =
        rows.iter().filter(|row| row.2.is_some()).map(|row| row.0.as_str()).collect();
    let again_now =
        |who: &str| now.iter().any(|(former, now)| former == who && again.contains(&**now));
    let left = |(who, at, _): &(String, i64, Option<i64>)| {
        let at = Timestamp::from_millisecond(*at).unwrap_or_default();
        let is_final = again.contains(&**who) || again_now(who);
        (who.clone(), LeftOnWeb { at, is_final })
    };
    Ok(rows.iter().filter(|row| people.contains(&row.0)).map(left).collect())
}

/// These people, under the addresses that they have now as well.
async fn with_current(
    connection: &mut Connection,
    people: &BTreeSet<String>,
) -> Result<BTreeSet<String>, SqlError> {
    let identities: Vec<&str> = people.iter().map(String::as_str).collect();
    let now = moved::current(connection, &identities).await?;
    Ok(people.iter().cloned().chain(now.into_iter().map(|(_, now)| now)).collect())
}

/// Writes the no of everybody in `people` (identities, each once), and that they have left; those who
/// were not suppressed for that reason before. Done twice, nothing changes.
///
/// # Errors
/// The database's.
pub async fn leave_within(
    connection: &mut Connection,
    people: &BTreeSet<String>,
    note: &SuppressionNote<'_>,
    origin: ChangeOrigin,
) -> Result<BTreeSet<String>, SqlError> {
    let said: Vec<&str> = people.iter().map(String::as_str).collect();
    let now = moved::current(connection, &said).await?;
    // Who has said it under two addresses at once has said it twice.
    let twice = now.iter().map(|(_, now)| now.as_str()).filter(|now| said.contains(now));
    let twice: Vec<&str> = twice.collect();
    let people: &BTreeSet<String> =
        &people.iter().chain(now.iter().map(|(_, now)| now)).cloned().collect();
    let subjects: Vec<_> = people.iter().cloned().map(SuppressionSubject::Address).collect();
    let subjects: Vec<&SuppressionSubject> = subjects.iter().collect();
    let new = suppression::write(connection, &subjects, note).await?;
    if !twice.is_empty() {
        suppression::say_again(connection, &twice, note.at).await?;
    }
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    signup::withdraw_within(connection, &in_json(&people)).await?;
    address_change::withdraw_within(connection, &in_json(&people)).await?;
    let staying: Vec<String> =
        sql::query_scalar(STAYING).bind(in_json(&people)).fetch_all(&mut *connection).await?;
    if !staying.is_empty() {
        let staying: Vec<&str> = staying.iter().map(String::as_str).collect();
        change::remember(connection, &staying, ChangeNote { origin, at: note.at }).await?;
        sql::query(LEAVE).bind(in_json(&staying)).execute(&mut *connection).await?;
    }
    Ok(new.iter().map(|one| one.what().to_owned()).collect())
}

/// Notes that a person says again, in some way that is no decision by itself, that they leave: what they
/// have said on the web is not taken back any more.
///
/// # Errors
/// The database's.
pub async fn say_again(
    connection: &mut Connection,
    identity: &str,
    at: Timestamp,
) -> Result<(), SqlError> {
    let people = with_current(connection, &BTreeSet::from([identity.to_owned()])).await?;
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    suppression::say_again(connection, &people, at).await
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

/// Takes back the one no that a person said on the web in the second from `since` on: they get the next
/// issue again, unless something else keeps mail from them. What was said later is another no, and one that
/// was said again since, by anybody, stays.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn take_back(
    store: &Store,
    address: &Address,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let taken = async {
        let person = BTreeSet::from([address.identity()]);
        for identity in with_current(&mut transaction, &person).await? {
            take_back_within(&mut transaction, &identity, since, now).await?;
        }
        Ok::<_, SqlError>(())
    };
    taken.await.map_err(|error| store.failed(error))?;
    transaction.commit().await.map_err(|error| store.failed(error))
}

async fn take_back_within(
    connection: &mut Connection,
    identity: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), SqlError> {
    let (from, to) = within(since);
    let ended = sql::query(
        "UPDATE suppression SET released_at = ?4, released_why = ?5 \
         WHERE what = ?1 AND kind = 'address' AND reason = 'unsubscribed' AND origin = 'web' \
         AND at >= ?2 AND at < ?3 AND released_at IS NULL AND said_again IS NULL",
    )
    .bind(identity)
    .bind(from)
    .bind(to)
    .bind(now.as_millisecond())
    .bind(TAKEN_BACK)
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() == 0 || is_suppressed(connection, identity).await? {
        return Ok(());
    }
    let before: Option<String> = sql::query_scalar(
        "SELECT c.status FROM subscriber_change c \
         JOIN subscriber s ON s.identity = c.identity AND s.status = 'unsubscribed' \
         WHERE c.identity = ?1 AND c.origin = 'web' AND c.at >= ?2 AND c.at < ?3 \
         ORDER BY c.number DESC LIMIT 1",
    )
    .bind(identity)
    .bind(from)
    .bind(to)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(before) = before else { return Ok(()) };
    let note = ChangeNote { origin: ChangeOrigin::Web, at: now };
    change::remember(connection, &[identity], note).await?;
    sql::query("UPDATE subscriber SET status = ?2 WHERE identity = ?1")
        .bind(identity)
        .bind(before)
        .execute(connection)
        .await
        .map(drop)
}

/// A second, which is what a token for taking back says, in milliseconds.
fn within(since: Timestamp) -> (i64, i64) {
    let from = since.as_second() * 1_000;
    (from, from + 1_000)
}

/// The day from which on a person wants mail, if they have named one; nothing where anything in the store
/// keeps the next issue from them.
///
/// # Errors
/// The store's.
pub async fn gets_mail(
    store: &Store,
    address: &Address,
) -> Result<Option<Option<Date>>, StoreError> {
    let failed = |error| store.failed(error);
    let mut identity = address.identity();
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    // Whoever has another address now gets it there.
    let now = moved::current(&mut connection, &[identity.as_str()]).await.map_err(failed)?;
    if let Some((_, now)) = now.into_iter().next() {
        identity = now;
    }
    if is_suppressed(&mut connection, &identity).await.map_err(failed)? {
        return Ok(None);
    }
    let Some((status, until)) = status_of(&mut connection, &identity).await.map_err(failed)? else {
        return Ok(Some(None));
    };
    let until = pause::day(&until).ok().flatten();
    Ok((status == SubscriptionStatus::Confirmed.word()).then_some(until))
}

/// Whether a person is suppressed, by their address or their domain.
///
/// # Errors
/// The database's.
pub async fn is_suppressed(connection: &mut Connection, identity: &str) -> Result<bool, SqlError> {
    let domain = identity.rsplit('@').next().unwrap_or_default();
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE released_at IS NULL AND \
         ((kind = 'address' AND what = ?1) OR (kind = 'domain' AND what = ?2)))",
    )
    .bind(identity)
    .bind(domain)
    .fetch_one(connection)
    .await
}

/// Whether not even a mail may go to a person that they ask for themselves: their mailbox is gone, they
/// have complained, or something else than their own leaving keeps mail from them.
///
/// # Errors
/// The database's.
pub async fn is_barred_from_all(
    connection: &mut Connection,
    identity: &str,
) -> Result<bool, SqlError> {
    let domain = identity.rsplit('@').next().unwrap_or_default();
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE released_at IS NULL AND \
         ((kind = 'address' AND what = ?1 AND reason <> 'unsubscribed') \
         OR (kind = 'domain' AND what = ?2))) OR EXISTS (SELECT 1 FROM erasure WHERE person = ?1)",
    )
    .bind(identity)
    .bind(domain)
    .fetch_one(connection)
    .await
}

/// How they stand to the list of the store, and until when they have paused; whose list is a file has no row.
async fn status_of(
    connection: &mut Connection,
    identity: &str,
) -> Result<Option<(String, String)>, SqlError> {
    let status = "SELECT status, paused_until FROM subscriber WHERE identity = ?1";
    sql::query_as(status).bind(identity).fetch_optional(connection).await
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

/// Keeps why a person left on the web in the second from `since` on; whether they have.
///
/// # Errors
/// The store's.
pub async fn say_why(
    store: &Store,
    address: &Address,
    since: Timestamp,
    why: LeavingWhy,
) -> Result<bool, StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let kept = sql::query(
        "UPDATE suppression SET why = ?3 WHERE what = ?1 AND kind = 'address' \
         AND reason = 'unsubscribed' AND origin = 'web' AND at >= ?2 AND at < ?4 \
         AND released_at IS NULL",
    )
    .bind(address.identity())
    .bind(within(since).0)
    .bind(format!("left by the link in a mail: {}", why.word()))
    .bind(within(since).1)
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(kept.rows_affected() > 0)
}
