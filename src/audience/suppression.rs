//! Who is never mailed: the table `suppression`, and the only writer of it.
//!
//! A row is one no, of a person or for a whole domain, with its reason, its words and where it came
//! from. It holds for every list, whatever a file says later. Must never delete a row: to release
//! somebody ends it, and the history stays.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::subscribers::moved;
use crate::message::address::{Address, AddressError};
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{SchemaStep, Store, StoreError};

/// The step that keeps which imports have said a no; see [`Store::open`].
pub const SAID_BY_IMPORTS: SchemaStep = SchemaStep::both(
    "
-- The imports whose files say a no. It ends when the last of them is taken back. A no that something
-- else has said stands in no row here.
CREATE TABLE suppression_import (
    suppression BIGINT NOT NULL,
    import BIGINT NOT NULL,
    PRIMARY KEY (suppression, import)
);
CREATE INDEX suppression_import_by_import ON suppression_import (import);
INSERT INTO suppression_import (suppression, import)
SELECT number, import FROM suppression WHERE import IS NOT NULL;
",
);

/// The step that makes the table; see [`Store::open`].
pub const STEP: SchemaStep = SchemaStep::both(
    "
-- Who is never mailed. Numbers ascend in the order of the commits: whoever remembers the last one
-- reads only what is new.
CREATE TABLE suppression (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('address', 'domain')),
    -- What all spellings of an address have in common, or a domain; nothing where only its keyed
    -- hash is kept.
    what TEXT,
    hash TEXT,
    reason TEXT NOT NULL,
    why TEXT NOT NULL,
    origin TEXT NOT NULL,
    -- Milliseconds since 1970.
    at BIGINT NOT NULL,
    released_at BIGINT,
    released_why TEXT,
    CHECK (what IS NOT NULL OR hash IS NOT NULL)
);
CREATE INDEX suppression_by_what ON suppression (what, kind);
",
);

/// The step that keeps that a no was said again; see [`Store::open`].
pub const SAID_AGAIN: SchemaStep = SchemaStep::both(
    "
-- When a no of this reason was last said again while this one held: milliseconds since 1970. Whoever takes
-- back what they have said on the web takes back no other word.
ALTER TABLE suppression ADD COLUMN said_again BIGINT;
",
);

/// A no that holds is said again, by whatever way: no undo of the first word ends it any more.
const SAY_AGAIN: &str = "
UPDATE suppression SET said_again = ?2
WHERE kind = 'address' AND released_at IS NULL AND reason = 'unsubscribed' AND origin = 'web'
    AND what IN (SELECT j.value ->> 0 FROM [each ?1] j)";

/// Who is suppressed now, as `kind, what, reason`, the oldest first: for who joins it.
pub const IN_FORCE: &str = "SELECT kind, what, reason FROM suppression \
     WHERE released_at IS NULL AND what IS NOT NULL ORDER BY number";

/// How the text begins of somebody who gets no mail by this table; the reason's word follows.
pub const SUPPRESSED: &str = "suppressed: ";
/// The same of somebody who left while the issue was sent.
pub const LEFT_DURING: &str = "left during the send: ";

/// An earlier address that is not kept out any more. Whose it was stays written in `subscriber_earlier`.
const FREE: &str = "
DELETE FROM subscriber_former WHERE former = ?1 AND NOT EXISTS
    (SELECT 1 FROM suppression WHERE what = ?1 AND kind = 'address' AND reason = 'moved'
     AND released_at IS NULL)";

/// Rows of one transaction: a sender waits for it.
const BATCH: usize = 2_000;

/// A sender that writes its plan has the file for some seconds, an import of millions for a minute or two,
/// and nobody's no may be lost for that.
const PATIENT: &str =
    "[sqlite: PRAGMA busy_timeout = 600000 | postgres: SET lock_timeout = '600s']";

/// Bytes of rows that are deleted or changed are overwritten in the file.
const OVERWRITE: &str = "[sqlite: PRAGMA secure_delete = ON | postgres: SELECT 1]";

const COLUMNS: &str = "number, kind, what, reason, why, origin, at, released_at, released_why";

/// Why somebody is never mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuppressionReason {
    /// They asked for it.
    Unsubscribed,
    /// Their mailbox does not exist.
    HardBounce,
    /// They called a mail unwanted.
    Complaint,
    /// Somebody of the publication decided it.
    Manual,
    /// Their person has another address now.
    Moved,
}

impl SuppressionReason {
    /// All of them.
    pub const ALL: [SuppressionReason; 5] = [
        SuppressionReason::Unsubscribed,
        SuppressionReason::HardBounce,
        SuppressionReason::Complaint,
        SuppressionReason::Manual,
        SuppressionReason::Moved,
    ];

    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            SuppressionReason::Unsubscribed => "unsubscribed",
            SuppressionReason::HardBounce => "hard-bounce",
            SuppressionReason::Complaint => "complaint",
            SuppressionReason::Manual => "manual",
            SuppressionReason::Moved => "moved",
        }
    }
}

impl fmt::Display for SuppressionReason {
    /// For people: `hard bounce`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SuppressionReason::HardBounce => "hard bounce",
            SuppressionReason::Manual => "by hand",
            SuppressionReason::Moved => "address changed",
            other => other.word(),
        })
    }
}

/// Where a no came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionOrigin {
    /// Somebody typed it.
    Command,
    /// A report about a message.
    Bounce,
    /// The page for unsubscribing.
    Web,
    /// A mail by which somebody leaves.
    Mail,
    /// A file that was imported says so.
    Import,
    /// What a relay answered while an issue was sent.
    Reply,
    /// What a provider of mail has posted.
    Webhook,
}

impl SuppressionOrigin {
    const ALL: [SuppressionOrigin; 7] = [
        SuppressionOrigin::Command,
        SuppressionOrigin::Bounce,
        SuppressionOrigin::Web,
        SuppressionOrigin::Mail,
        SuppressionOrigin::Import,
        SuppressionOrigin::Reply,
        SuppressionOrigin::Webhook,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            SuppressionOrigin::Command => "command",
            SuppressionOrigin::Bounce => "bounce",
            SuppressionOrigin::Web => "web",
            SuppressionOrigin::Mail => "mail",
            SuppressionOrigin::Import => "import",
            SuppressionOrigin::Reply => "reply",
            SuppressionOrigin::Webhook => "webhook",
        }
    }
}

/// A word in the table that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no word of this version of digest; a newer one may have written it")]
pub struct UnknownSuppressionWord(String);

impl FromStr for SuppressionReason {
    type Err = UnknownSuppressionWord;

    fn from_str(word: &str) -> Result<SuppressionReason, UnknownSuppressionWord> {
        let known = SuppressionReason::ALL.into_iter().find(|reason| reason.word() == word);
        known.ok_or_else(|| UnknownSuppressionWord(word.to_owned()))
    }
}

impl FromStr for SuppressionOrigin {
    type Err = UnknownSuppressionWord;

    fn from_str(word: &str) -> Result<SuppressionOrigin, UnknownSuppressionWord> {
        let known = SuppressionOrigin::ALL.into_iter().find(|origin| origin.word() == word);
        known.ok_or_else(|| UnknownSuppressionWord(word.to_owned()))
    }
}

impl Serialize for SuppressionReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Serialize for SuppressionOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Who is meant: one person, or everybody at a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuppressionSubject {
    /// The identity of an address.
    Address(String),
    /// A domain, as A-labels in lower case. Domains below it are others.
    Domain(String),
}

impl SuppressionSubject {
    /// One person.
    pub fn address(address: &Address) -> SuppressionSubject {
        SuppressionSubject::Address(address.identity())
    }

    /// Everybody at a domain: `example.org`, or `@example.org`.
    ///
    /// # Errors
    /// It is no domain that mail goes to.
    pub fn domain(text: &str) -> Result<SuppressionSubject, AddressError> {
        let name = text.trim().trim_start_matches('@');
        if name.contains('@') {
            return Err(AddressError::Domain(text.to_owned()));
        }
        let address = Address::parse(&format!("postmaster@{name}"))?;
        Ok(SuppressionSubject::Domain(address.domain().to_owned()))
    }

    fn kind(&self) -> &'static str {
        match self {
            SuppressionSubject::Address(_) => "address",
            SuppressionSubject::Domain(_) => "domain",
        }
    }

    /// The identity or the domain.
    pub fn what(&self) -> &str {
        match self {
            SuppressionSubject::Address(what) | SuppressionSubject::Domain(what) => what,
        }
    }
}

impl fmt::Display for SuppressionSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SuppressionSubject::Address(address) => f.write_str(address),
            SuppressionSubject::Domain(domain) => write!(f, "everybody at {domain}"),
        }
    }
}

/// What is written down of a no.
#[derive(Clone, Debug)]
pub struct SuppressionNote<'a> {
    /// Why.
    pub reason: SuppressionReason,
    /// In somebody's words.
    pub why: &'a str,
    /// Where it came from.
    pub origin: SuppressionOrigin,
    /// When.
    pub at: Timestamp,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// Its number.
    pub number: i64,
    /// `address` or `domain`.
    pub kind: String,
    /// The identity or the domain.
    pub what: String,
    /// Why.
    pub reason: SuppressionReason,
    /// In somebody's words.
    pub why: String,
    /// Where it came from.
    pub origin: SuppressionOrigin,
    /// When.
    pub at: Timestamp,
    /// When it ended, if it has.
    pub released_at: Option<Timestamp>,
    /// Why it ended, in somebody's words.
    pub released_why: Option<String>,
}

impl Suppression {
    fn read(row: &SqlRow) -> Result<Suppression, SqlError> {
        let word = |error: UnknownSuppressionWord| SqlError::decode(error);
        let moment = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
        Ok(Suppression {
            number: row.try_get(0)?,
            kind: row.try_get(1)?,
            what: row.try_get::<Option<String>>(2)?.unwrap_or_default(),
            reason: row.try_get::<&str>(3)?.parse().map_err(word)?,
            why: row.try_get(4)?,
            origin: row.try_get::<&str>(5)?.parse().map_err(word)?,
            at: moment(row.try_get(6)?),
            released_at: row.try_get::<Option<i64>>(7)?.map(moment),
            released_why: row.try_get(8)?,
        })
    }

    /// Whether it is of somebody who was forgotten: only a hash says who.
    pub fn is_of_forgotten(&self) -> bool {
        self.what.is_empty()
    }

    /// Whether it holds now.
    pub fn is_in_force(&self) -> bool {
        self.released_at.is_none()
    }

    /// Who is meant.
    pub fn subject(self) -> SuppressionSubject {
        if self.is_for_domain() {
            SuppressionSubject::Domain(self.what)
        } else {
            SuppressionSubject::Address(self.what)
        }
    }

    /// Whether it is for a whole domain.
    pub fn is_for_domain(&self) -> bool {
        self.kind == "domain"
    }
}

/// Suppresses people or domains; those who were not suppressed for that reason before. A no that comes
/// from elsewhere than those that hold is written as another one: where an import is taken back, it
/// stays. A long list is several transactions, so that a send that goes on is not kept waiting; done
/// twice, nothing changes.
///
/// # Errors
/// The store's.
pub async fn suppress(
    store: &Store,
    subjects: &[SuppressionSubject],
    note: &SuppressionNote<'_>,
) -> Result<BTreeSet<SuppressionSubject>, StoreError> {
    let all: BTreeSet<&SuppressionSubject> = subjects.iter().collect();
    let all: Vec<&SuppressionSubject> = all.into_iter().collect();
    let mut added = BTreeSet::new();
    wait_for_others(store).await?;
    for batch in all.chunks(BATCH) {
        // Numbers ascend in the order of the commits where one writes at a time.
        let mut transaction = store.begin().await?;
        let new = write(&mut transaction, batch, note).await;
        let new = new.map_err(|error| store.failed(error))?;
        transaction.commit().await.map_err(|error| store.failed(error))?;
        added.extend(new);
    }
    Ok(added)
}

/// Whether somebody has said a no for this reason themselves: then it is theirs, whatever address they have.
/// That a mailbox is gone says nothing of another one, and what somebody of the publication has decided is
/// about the address that they named.
pub(super) const fn is_of_person(reason: SuppressionReason) -> bool {
    matches!(reason, SuppressionReason::Unsubscribed | SuppressionReason::Complaint)
}

/// Notes of people that they have said their no again, within a transaction.
///
/// # Errors
/// The database's.
pub(crate) async fn say_again(
    connection: &mut Connection,
    people: &[&str],
    at: Timestamp,
) -> Result<(), SqlError> {
    let people: Vec<[&str; 1]> = people.iter().map(|one| [*one]).collect();
    let people = serde_json::json!(people).to_string();
    let note = sql::query(SAY_AGAIN).bind(people).bind(at.as_millisecond());
    note.execute(connection).await.map(drop)
}

/// The same of some, each once, within a transaction. What a person has said holds for the address that they
/// have now, too.
pub(super) async fn write(
    connection: &mut Connection,
    subjects: &[&SuppressionSubject],
    note: &SuppressionNote<'_>,
) -> Result<Vec<SuppressionSubject>, SqlError> {
    let mut all: BTreeSet<SuppressionSubject> = subjects.iter().map(|one| (*one).clone()).collect();
    if is_of_person(note.reason) {
        let people: Vec<&str> = subjects.iter().map(|one| one.what()).collect();
        let now = moved::current(connection, &people).await?;
        all.extend(now.into_iter().map(|(_, now)| SuppressionSubject::Address(now)));
    }
    if is_of_person(note.reason) {
        let people: Vec<&str> = all.iter().map(SuppressionSubject::what).collect();
        say_again(connection, &people, note.at).await?;
    }
    let pairs: Vec<_> = all.iter().map(|one| (one.kind(), one.what())).collect();
    let pairs = serde_json::json!(pairs).to_string();
    let before = sql::query(
        "SELECT s.kind, s.what FROM [each ?1] j JOIN suppression s ON s.what = j.value ->> 1 \
         AND s.kind = j.value ->> 0 WHERE s.reason = ?2 AND s.released_at IS NULL",
    )
    .bind(pairs.as_str())
    .bind(note.reason.word())
    .fetch_all(&mut *connection)
    .await?;
    let before: BTreeSet<SuppressionSubject> = before.iter().map(subject_of).collect();
    let rows = sql::query(
        "INSERT INTO suppression (kind, what, reason, why, origin, at) \
         SELECT j.value ->> 0, j.value ->> 1, ?2, ?3, ?4, ?5 FROM [each ?1] j \
         WHERE NOT EXISTS (SELECT 1 FROM suppression s WHERE s.what = j.value ->> 1 \
           AND s.kind = j.value ->> 0 AND s.reason = ?2 AND s.origin = ?4 \
           AND s.released_at IS NULL) \
         ORDER BY j.value ->> 0, j.value ->> 1 RETURNING kind, what",
    )
    .bind(pairs)
    .bind(note.reason.word())
    .bind(note.why)
    .bind(note.origin.word())
    .bind(note.at.as_millisecond())
    .fetch_all(&mut *connection)
    .await?;
    let is_new = |one: &SuppressionSubject| !before.contains(one) && subjects.contains(&one);
    Ok(rows.iter().map(subject_of).filter(is_new).collect())
}

/// Of a row that begins with the kind and what.
fn subject_of(row: &SqlRow) -> SuppressionSubject {
    match row.get(0) {
        "domain" => SuppressionSubject::Domain(row.get(1)),
        _ => SuppressionSubject::Address(row.get(1)),
    }
}

/// The same of one person or domain within a transaction; whether they were not suppressed for that
/// reason before.
///
/// # Errors
/// The database's.
pub async fn suppress_within(
    connection: &mut Connection,
    subject: &SuppressionSubject,
    note: &SuppressionNote<'_>,
) -> Result<bool, SqlError> {
    Ok(!write(connection, &[subject], note).await?.is_empty())
}

/// Ends what keeps mail from somebody, for one `reason` or for all; how many rows that were.
///
/// # Errors
/// The store's.
pub async fn release(
    store: &Store,
    subject: &SuppressionSubject,
    reason: Option<SuppressionReason>,
    (why, at): (&str, Timestamp),
) -> Result<u64, StoreError> {
    let failed = |error| store.failed(error);
    wait_for_others(store).await?;
    let mut transaction = store.begin().await?;
    let released = sql::query(
        "UPDATE suppression SET released_at = ?3, released_why = ?4 \
         WHERE what = ?1 AND kind = ?2 AND released_at IS NULL AND (?5 IS NULL OR reason = ?5)",
    )
    .bind(subject.what())
    .bind(subject.kind())
    .bind(at.as_millisecond())
    .bind(why)
    .bind(reason.map(SuppressionReason::word))
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    sql::query(FREE).bind(subject.what()).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(released.rows_affected())
}

/// Lets who writes wait for a sender that writes its plan, and for an import.
///
/// # Errors
/// The store's.
pub async fn wait_for_others(store: &Store) -> Result<(), StoreError> {
    let patient = sql::raw(PATIENT).execute(store.pool()).await;
    patient.map(drop).map_err(|error| store.failed(error))
}

/// Lets nothing be left in the file of what is erased from now on.
///
/// # Errors
/// The store's.
pub async fn overwrite_deleted(store: &Store) -> Result<(), StoreError> {
    let overwrite = sql::raw(OVERWRITE).execute(store.pool()).await;
    overwrite.map(drop).map_err(|error| store.failed(error))
}

/// All that was ever written of a person and of their domain, in its order.
///
/// # Errors
/// The store's.
pub async fn history(store: &Store, address: &Address) -> Result<Vec<Suppression>, StoreError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM suppression WHERE what = ?1 AND kind = 'address' \
         UNION ALL SELECT {COLUMNS} FROM suppression WHERE what = ?2 AND kind = 'domain' \
         ORDER BY number"
    );
    let rows = sql::query(statement)
        .bind(address.identity())
        .bind(address.domain())
        .fetch_all(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
    read_all(store, &rows)
}

/// What keeps mail from a person now: a word about themselves before one about their domain.
///
/// # Errors
/// The store's.
pub async fn of(store: &Store, address: &Address) -> Result<Option<Suppression>, StoreError> {
    let mut all = history(store, address).await?;
    all.retain(Suppression::is_in_force);
    let own = all.iter().position(|one| !one.is_for_domain()).unwrap_or(0);
    Ok((!all.is_empty()).then(|| all.swap_remove(own)))
}

/// The same of somebody who may have been forgotten, of whom only one of these hashes is kept: that
/// counts more than any other word.
///
/// # Errors
/// The store's.
pub async fn of_person(
    store: &Store,
    address: &Address,
    hashes: &[String],
) -> Result<Option<Suppression>, StoreError> {
    for hash in hashes {
        let statement =
            format!("SELECT {COLUMNS} FROM suppression WHERE hash = ?1 AND released_at IS NULL");
        let rows = sql::query(statement)
            .bind(hash)
            .fetch_all(store.pool())
            .await
            .map_err(|error| store.failed(error))?;
        if let Some(one) = read_all(store, &rows)?.into_iter().next() {
            return Ok(Some(one));
        }
    }
    of(store, address).await
}

/// All who are suppressed now, in the order in which they were.
///
/// # Errors
/// The store's.
pub async fn in_force(store: &Store) -> Result<Vec<Suppression>, StoreError> {
    since(store, 0).await
}

/// Those who were suppressed behind the row of this `number`, and are still.
///
/// # Errors
/// The store's.
pub async fn since(store: &Store, number: i64) -> Result<Vec<Suppression>, StoreError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM suppression WHERE number > ?1 AND released_at IS NULL \
         AND what IS NOT NULL ORDER BY number"
    );
    let rows = sql::query(statement)
        .bind(number)
        .fetch_all(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
    read_all(store, &rows)
}

/// The keyed hashes of those who were forgotten, and of whom nothing else is kept.
///
/// # Errors
/// The store's.
pub async fn forgotten_hashes(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let all: Vec<String> = sql::query_scalar(
        "SELECT hash FROM suppression WHERE hash IS NOT NULL AND released_at IS NULL",
    )
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    Ok(all.into_iter().collect())
}

/// The number of the last row; 0 where there is none.
///
/// # Errors
/// The store's.
pub async fn last_number(store: &Store) -> Result<i64, StoreError> {
    sql::query_scalar("SELECT coalesce(max(number), 0) FROM suppression")
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))
}

fn read_all(store: &Store, rows: &[SqlRow]) -> Result<Vec<Suppression>, StoreError> {
    let all: Result<Vec<Suppression>, _> = rows.iter().map(Suppression::read).collect();
    all.map_err(|error| store.failed(error))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn person(text: &str) -> SuppressionSubject {
        SuppressionSubject::address(&Address::parse(text).unwrap())
    }

    fn note(reason: SuppressionReason) -> SuppressionNote<'static> {
        let at = Timestamp::from_second(1_762_437_600).unwrap();
        SuppressionNote { reason, why: "by phone", origin: SuppressionOrigin::Command, at }
    }

    #[test]
    fn each_word_means_one_thing() {
        for reason in SuppressionReason::ALL {
            assert_eq!(reason.word().parse(), Ok(reason));
        }
        for origin in SuppressionOrigin::ALL {
            assert_eq!(origin.word().parse::<SuppressionOrigin>(), Ok(origin));
        }
        assert!("Manual".parse::<SuppressionReason>().is_err());
    }

    #[test]
    fn a_domain_is_one_however_it_is_written() {
        for text in ["Example.ORG", "@example.org", " example.org "] {
            let domain = SuppressionSubject::Domain("example.org".to_owned());
            assert_eq!(SuppressionSubject::domain(text), Ok(domain));
        }
        for text in ["kim@example.org", "localhost", "", "@"] {
            assert!(SuppressionSubject::domain(text).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_no_is_written_once_for_each_reason_and_ended_for_all() {
        let steps = [super::super::subscribers::STEP, moved::STEP, moved::HISTORY];
        let [list, former, earlier] = steps.map(SchemaStep::both);
        let steps = [STEP, list, former, earlier, SAID_AGAIN];
        let store = Store::nowhere(Path::new("a.db"), &steps).await.unwrap();
        let (kim, lee) = (person("Kim@Example.org"), person("lee@example.org"));
        let domain = SuppressionSubject::domain("example.org").unwrap();
        let left = note(SuppressionReason::Unsubscribed);
        let twice = [kim.clone(), lee.clone(), kim.clone()];
        let added = suppress(&store, &twice, &left).await.unwrap();
        assert_eq!(added.into_iter().collect::<Vec<_>>(), [kim.clone(), lee.clone()]);
        assert!(suppress(&store, &twice, &left).await.unwrap().is_empty());
        let more = [kim.clone(), domain.clone()];
        let complaint = note(SuppressionReason::Complaint);
        assert_eq!(suppress(&store, &more, &complaint).await.unwrap().len(), 2);
        let address = Address::parse("KIM@example.org").unwrap();
        let numbers = async || -> Vec<(i64, bool)> {
            let all = history(&store, &address).await.unwrap();
            all.iter().map(|one| (one.number, one.is_in_force())).collect()
        };
        assert_eq!(numbers().await, [(1, true), (3, true), (4, true)]);
        let at = Timestamp::from_second(1_762_437_700).unwrap();
        assert_eq!(release(&store, &kim, None, ("asked back", at)).await.unwrap(), 2);
        assert_eq!(release(&store, &kim, None, ("asked back", at)).await.unwrap(), 0);
        assert_eq!(numbers().await, [(1, false), (3, false), (4, true)]);
        let now = of(&store, &address).await.unwrap().unwrap();
        assert_eq!((now.number, now.is_for_domain()), (4, true));
        // Suppressed once more, it is a row of its own, behind all others.
        suppress(&store, std::slice::from_ref(&kim), &left).await.unwrap();
        let now = of(&store, &address).await.unwrap().unwrap();
        assert_eq!((now.number, now.reason), (5, SuppressionReason::Unsubscribed));
        let new: Vec<i64> = since(&store, 2).await.unwrap().iter().map(|one| one.number).collect();
        assert_eq!((new, last_number(&store).await.unwrap()), (vec![4, 5], 5));
    }
}
