//! A file of people -> the store: as a plan, which changes nothing, or as one transaction with a number.
//!
//! Exists so that somebody sees what a file would do before it does it, and can take it back. Must never
//! bring back somebody who is suppressed, was forgotten or has left, whatever the file says; and must
//! write all of a file or nothing of it.

use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;
use serde::Serialize;

pub use super::by_hand::ChangedByHand;
pub use super::merge::UpdatePolicy;
use super::merge::{Merged, merge};
use super::profile::{SubscriberProfile, of_ms};
pub use super::staged::RejectedRow;
use super::staged::{BATCH, FileCounts, ImportEntry, stage};
use super::{SubscriptionStatus, by_hand};
use crate::audience::forgotten::Forgotten;
use crate::audience::list::Rows;
use crate::audience::pause;
use crate::diagnostic::Diagnostic;
use crate::message::address::Address;
use crate::store::sql::{self, Connection, QueryBuilder, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// People who are shown of each kind.
const EXAMPLES: usize = 10;

/// Who of the file the store has, and whether the row says anything new.
const KNOWN: &str = "
UPDATE import_row SET known = TRUE, verdict = CASE
    WHEN import_row.refusal IS NOT NULL THEN CASE
        WHEN import_row.status = 'unsubscribed' AND s.status <> 'unsubscribed' THEN 'differs'
        ELSE 'same' END
    WHEN s.status = 'unsubscribed' THEN 'suppressed'
    WHEN s.fields = import_row.fields AND s.tags = import_row.tags
        AND s.language = import_row.language AND s.topics = import_row.topics
        AND s.paused_until = import_row.paused_until
        AND s.status = import_row.status
        AND s.email = coalesce(import_row.email, import_row.identity)
        AND s.joined_at = coalesce(import_row.joined_at, s.joined_at) THEN 'same'
    ELSE 'differs' END
FROM subscriber s WHERE s.identity = import_row.identity";

/// Whoever is suppressed stays so, whatever the file says, and is not brought in.
const SUPPRESSED: &str = "
UPDATE import_row SET verdict = CASE WHEN forgotten THEN 'forgotten' ELSE 'suppressed' END
WHERE (NOT known OR refusal IS NULL) AND (blocked OR identity IN
    (SELECT what FROM suppression
     WHERE kind = 'address' AND released_at IS NULL AND what IS NOT NULL))";

/// Who has left by the file since, and was suppressed for another reason before.
const LEFT: &str = "
UPDATE import_row SET refusal = 'unsubscribed', said = 'unsubscribed'
WHERE known AND status = 'unsubscribed' AND refusal IN ('hard-bounce', 'manual')
    AND identity IN (SELECT identity FROM subscriber WHERE status <> 'unsubscribed')";

/// Those whose no is new. Whoever is suppressed for something else, or with their whole domain, has
/// said this too.
const FRESH: &str = "
UPDATE import_row SET fresh_no = TRUE
WHERE refusal IS NOT NULL AND NOT forgotten AND NOT EXISTS
    (SELECT 1 FROM suppression s WHERE s.what = import_row.identity AND s.kind = 'address'
     AND s.reason = import_row.refusal AND s.released_at IS NULL)";

/// Each no of another import that this file says too: whichever of the two is taken back, it stays.
const SAID_BEFORE: &str = "
FROM suppression_import i JOIN suppression s ON s.number = i.suppression
    AND s.released_at IS NULL AND s.kind = 'address'
JOIN import_row r ON r.identity = s.what AND r.refusal = s.reason";

/// Those that no file of this name has said: one that is imported again says nothing new.
const IS_CONFIRMED: &str = "
WHERE NOT EXISTS (SELECT 1 FROM suppression_import j
    JOIN subscriber_import same ON same.number = j.import AND same.file = ?1
    WHERE j.suppression = s.number)";

/// Whose no is new has left, also where the file's column of the status says otherwise.
const HAS_LEFT: &str = "
UPDATE import_row SET status = 'unsubscribed', verdict = 'differs'
WHERE known AND fresh_no AND refusal IN ('unsubscribed', 'complaint')
    AND status <> 'unsubscribed'
    AND identity IN (SELECT identity FROM subscriber WHERE status <> 'unsubscribed')";

const MAKE_CHANGES: &str = "
DROP TABLE IF EXISTS import_change;
CREATE TEMP TABLE import_change (
    id BIGINT NOT NULL PRIMARY KEY,
    identity TEXT NOT NULL,
    verdict TEXT NOT NULL,
    conflict BOOLEAN NOT NULL,
    email TEXT NOT NULL,
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    language TEXT NOT NULL,
    topics TEXT NOT NULL,
    paused_until TEXT NOT NULL,
    status TEXT NOT NULL,
    joined_at BIGINT NOT NULL
);
";

const JUDGED: &str = "
UPDATE import_row SET verdict = c.verdict, conflict = c.conflict
FROM import_change c WHERE c.id = import_row.id";

/// The next rows that differ: what the file says, and then the person as [`SubscriberProfile::read`] takes them.
const DIFFERING: &str = "
SELECT s.identity, s.email, s.fields, s.tags, s.language, s.topics, s.status, s.joined_at,
    s.paused_until, s.consent_how, s.consent_at, s.consent_words, s.consent_ip_hash,
    r.id, r.line, coalesce(r.email, r.identity), r.fields, r.tags, r.language, r.topics, r.status,
    r.joined_at, r.refusal, s.added_by = 'import' AND s.joined_at = s.added_at, r.fresh_no,
    r.paused_until
FROM import_row r JOIN subscriber s ON s.identity = r.identity
WHERE r.verdict = 'differs' AND r.id > ?1 ORDER BY r.id LIMIT ?2";

/// Those who are new, in the order in which the table keeps them.
const ADD: &str = "
INSERT INTO subscriber (identity, email, fields, tags, language, topics, status, joined_at,
    consent_how, consent_at, consent_words, consent_ip_hash, paused_until, added_by, added_at, added_in)
SELECT identity, coalesce(email, identity), fields, tags, language, topics, status,
    coalesce(joined_at, ?1),
    CASE WHEN consent_how IS NOT NULL THEN consent_how
        WHEN status = 'confirmed' AND ?3 IS NOT NULL THEN 'import' END,
    CASE WHEN consent_how IS NOT NULL THEN consent_at
        WHEN status = 'confirmed' AND ?3 IS NOT NULL THEN ?1 END,
    CASE WHEN consent_how IS NOT NULL THEN consent_words
        WHEN status = 'confirmed' THEN ?3 END,
    consent_ip_hash, paused_until, 'import', ?1, ?2
FROM import_row WHERE NOT known AND verdict NOT IN ('suppressed', 'forgotten') ORDER BY identity";

/// What people were who change.
const REMEMBER: &str = "
INSERT INTO subscriber_change (identity, at, origin, import, email, fields, tags, language, topics,
    status, joined_at, consent_how, consent_at, consent_words, consent_ip_hash, paused_until)
SELECT s.identity, ?1, 'import', ?2, s.email, s.fields, s.tags, s.language, s.topics,
    s.status, s.joined_at, s.consent_how, s.consent_at, s.consent_words, s.consent_ip_hash,
    s.paused_until
FROM import_change c JOIN subscriber s ON s.identity = c.identity
WHERE c.verdict = 'change' ORDER BY c.id";

const CHANGE: &str = "
UPDATE subscriber SET email = c.email, fields = c.fields, tags = c.tags, language = c.language,
    topics = c.topics, status = c.status, joined_at = c.joined_at, paused_until = c.paused_until
FROM import_change c WHERE c.identity = subscriber.identity AND c.verdict = 'change'";

const SUPPRESS: &str = "
INSERT INTO suppression (kind, what, reason, why, origin, at, import)
SELECT 'address', identity, refusal,
    ?3 || CASE WHEN said LIKE 'said no: %' THEN ': ' ELSE ' says ' END || said, 'import', ?1, ?2
FROM import_row WHERE fresh_no ORDER BY id";

/// Whoever says it again takes back no more what they have said on the web.
const SAY_AGAIN: &str = "
UPDATE suppression SET said_again = ?1
WHERE kind = 'address' AND released_at IS NULL AND reason = 'unsubscribed' AND origin = 'web'
    AND what IN (SELECT r.identity FROM import_row r WHERE r.refusal IN ('unsubscribed', 'complaint')
        UNION SELECT f.identity FROM import_row r JOIN subscriber_earlier f ON f.former = r.identity
        WHERE r.refusal IN ('unsubscribed', 'complaint'))";

/// The new noes of those who have another address now: what is a word of the person holds there, too.
const FOLLOWED: &str = "
FROM import_row r JOIN subscriber_earlier f ON f.former = r.identity
WHERE r.fresh_no AND r.refusal IN ('unsubscribed', 'complaint') AND NOT EXISTS
    (SELECT 1 FROM suppression s WHERE s.what = f.identity AND s.kind = 'address'
     AND s.reason = r.refusal AND s.released_at IS NULL)";

/// Rows of earlier addresses that are kept out, and say no such word.
const EARLIER: &str = "
FROM import_row r JOIN subscriber_former f ON f.former = r.identity
JOIN suppression s ON s.what = f.former AND s.kind = 'address' AND s.reason = 'moved'
    AND s.released_at IS NULL
WHERE r.refusal IS NULL OR r.refusal NOT IN ('unsubscribed', 'complaint')";

/// The same of those who have another address now: it is a word of the person.
const FOLLOW: &str = "
INSERT INTO suppression (kind, what, reason, why, origin, at, import)
SELECT DISTINCT 'address', f.identity, r.refusal, ?3 || ' says of ' || f.former || ' ' || r.said,
    'import', ?1, ?2";

const SAID: &str = "
INSERT INTO suppression_import (suppression, import)
SELECT number, import FROM suppression WHERE import = ?1 ON CONFLICT DO NOTHING";

/// Those of the list who are in no row of the file.
pub(super) const ABSENT: &str = "
FROM subscriber s WHERE NOT EXISTS
    (SELECT 1 FROM import_row r WHERE r.identity = s.identity) AND NOT EXISTS
    (SELECT 1 FROM import_rejected r WHERE r.identity = s.identity)";

const FORGET: &str = "DROP TABLE IF EXISTS import_row; DROP TABLE IF EXISTS import_change;
DROP TABLE IF EXISTS import_rejected";

/// What an import is told.
#[derive(Clone, Copy)]
pub struct ImportOptions<'a> {
    /// What it may change.
    pub update: UpdatePolicy,
    /// Tags for everybody whom the file brings or has.
    pub tags: &'a [String],
    /// Who was forgotten.
    pub forgotten: &'a Forgotten,
    /// Is told now and then how many rows were read.
    pub progress: &'a dyn Fn(u64),
}

/// What is written down of an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportNote<'a> {
    /// The file, as it was named.
    pub file: &'a str,
    /// How these people agreed.
    pub consent: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// Why a file is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read to its end.
    #[error("{}", .0.message)]
    List(Box<Diagnostic>),
    /// Nobody can know who of it may be mailed, until somebody says what columns mean.
    #[error("it is not known who of the file may be mailed")]
    Unclear(Vec<Diagnostic>),
    /// The rows that cannot be used cannot be written down.
    #[error("the rejected rows cannot be written: {0}")]
    Rejects(io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Diagnostic> for ImportError {
    fn from(problem: Diagnostic) -> ImportError {
        ImportError::List(Box::new(problem))
    }
}

/// A person of a kind, and what of them changes or differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportExample {
    /// The line of the file.
    pub line: i64,
    /// The address.
    pub email: String,
    /// In words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
}

/// How many people of a kind, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportKind {
    /// How many.
    pub count: u64,
    /// The first.
    pub examples: Vec<ImportExample>,
}

/// What is odd in rows of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportWarning {
    /// The rule.
    pub rule: &'static str,
    /// In how many rows.
    pub count: u64,
    /// The line of the first of them, where that is known.
    pub line: Option<usize>,
    /// In words.
    pub message: String,
}

impl ImportWarning {
    fn of(problem: &Diagnostic) -> ImportWarning {
        let place = problem.place.as_ref().and_then(|place| place.line_column());
        ImportWarning {
            rule: problem.rule,
            count: problem.count,
            line: place.map(|(line, _)| line),
            message: problem.message.clone(),
        }
    }
}

/// What a file does, or would do. Of those whose values differ and stay, some may change otherwise; each
/// other row is in one count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportPlan {
    /// Rows of the file.
    pub rows: u64,
    /// People who come in, and get mail.
    pub add: ImportKind,
    /// People who come in, and never said that they want mail.
    pub unconfirmed: ImportKind,
    /// People of the store in whom something changes.
    pub change: ImportKind,
    /// People of whom the file says otherwise than the store, which stays.
    pub conflict: ImportKind,
    /// People of whom the file says that they left, bounced or complained.
    pub suppress: ImportKind,
    /// People whom the file brings, and who are suppressed or have left.
    pub stays_suppressed: ImportKind,
    /// People whom the file brings, and who were forgotten.
    pub forgotten: ImportKind,
    /// People who have said no under an address that they had before: it holds for the one that they have now.
    pub follows: ImportKind,
    /// Rows of addresses that people had before, which are kept out.
    pub earlier_addresses: ImportKind,
    /// Rows that cannot be used.
    pub reject: ImportKind,
    /// Of them, those that may say that somebody wants no mail: nobody is suppressed by it.
    pub lost_noes: u64,
    /// Of those who get mail, people beside whom somebody has noted what may mean that they want none.
    pub remarks: ImportKind,
    /// Where the file is our own export, which had everybody once: people of the list who are in no row of
    /// it, and stay.
    pub absent: ImportKind,
    /// What is odd in the rows, by rule.
    pub warnings: Vec<ImportWarning>,
    /// People in whom nothing changes.
    pub same: u64,
    /// Rows that repeat a person.
    pub repeated: u64,
    /// Contacts without an address.
    pub without_address: u64,
}

/// A file that was read, and nothing written of it.
#[derive(Debug)]
pub struct StagedFile {
    store: Store,
    update: UpdatePolicy,
    tags: Vec<String>,
    counts: FileCounts,
    warnings: Vec<Diagnostic>,
    rejected: Vec<ImportExample>,
    /// Whether it can confirm who never confirmed: that takes a word of it.
    confirms: bool,
    /// Whether it says what the store said: that is no further word for a no.
    is_own_export: bool,
    /// Whether it is our own list of those who are suppressed, which brings nobody in.
    is_of_suppressed: bool,
}

/// Reads a file to its end. What cannot be used is handed to `rejects`.
///
/// # Errors
/// An [`ImportError`].
pub async fn read<R: Read>(
    store: &Store,
    rows: &mut Rows<R>,
    options: &ImportOptions<'_>,
    rejects: &mut dyn FnMut(RejectedRow<'_>) -> io::Result<()>,
) -> Result<StagedFile, ImportError> {
    let mut rejected = Vec::new();
    let mut note = |row: RejectedRow<'_>| {
        if rejected.len() < EXAMPLES {
            let line = row.line.and_then(|line| i64::try_from(line).ok()).unwrap_or_default();
            let (email, what) = (String::new(), row.reason.to_owned());
            rejected.push(ImportExample { line, email, what });
        }
        rejects(row)
    };
    let (counts, warnings) = stage(store, rows, options, &mut note).await?;
    let confirms = rows.is_own_export() || rows.says_who_is_subscribed();
    let (store, update, tags) = (store.clone(), options.update, options.tags.to_vec());
    let (is_own_export, is_of_suppressed) = (rows.is_own_export(), rows.is_of_suppressed());
    Ok(StagedFile {
        store,
        update,
        tags,
        counts,
        warnings,
        rejected,
        confirms,
        is_own_export,
        is_of_suppressed,
    })
}

impl StagedFile {
    /// What is odd in the rows that are used: of each rule the first, and how many there are.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Whether it brings people who may be mailed, or lets some who are there, and does not say how they
    /// agreed.
    ///
    /// # Errors
    /// The store's.
    pub async fn asks_for_consent(&self) -> Result<bool, StoreError> {
        sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM import_row \
             WHERE status = 'confirmed' AND refusal IS NULL AND consent_how IS NULL \
             AND NOT EXISTS (SELECT 1 FROM subscriber s WHERE s.identity = import_row.identity \
                 AND s.status = 'confirmed'))",
        )
        .fetch_one(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))
    }

    /// Where the file is our own export: people whose address somebody has changed in it. Asked before
    /// anything is written of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn changed_by_hand(&self) -> Result<ChangedByHand, StoreError> {
        if !self.is_own_export {
            return Ok(ChangedByHand::default());
        }
        by_hand::changed(&self.store).await
    }

    /// What the file would do now.
    ///
    /// # Errors
    /// The store's.
    pub async fn plan(self) -> Result<ImportPlan, StoreError> {
        let failed = |error| self.store.failed(error);
        let mut connection = self.store.pool().acquire().await.map_err(failed)?;
        self.judge(&mut connection).await
    }

    /// Writes it: the number of the import, and what it has done. One that changes nothing has no number.
    ///
    /// # Errors
    /// The store's; then nothing is written.
    pub async fn write(
        self,
        note: &ImportNote<'_>,
    ) -> Result<(Option<i64>, ImportPlan), StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let plan = self.judge(&mut transaction).await?;
        let is_confirmed = format!("SELECT EXISTS (SELECT 1 {SAID_BEFORE} {IS_CONFIRMED})");
        let is_another_word = !self.is_own_export && !self.is_of_suppressed;
        let is_confirmed = is_another_word
            && sql::query_scalar(is_confirmed)
                .bind(note.file)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        let added: i64 = sql::query_scalar(
            "SELECT count(*) FROM import_row \
             WHERE NOT known AND verdict NOT IN ('suppressed', 'forgotten')",
        )
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
        let added = if self.is_of_suppressed { 0 } else { added };
        if is_another_word {
            let again = sql::query(SAY_AGAIN).bind(note.at.as_millisecond());
            again.execute(&mut *transaction).await.map_err(failed)?;
        }
        let mut number = None;
        if added > 0 || plan.change.count > 0 || plan.suppress.count > 0 || is_confirmed {
            let written = write_all(&mut transaction, note, &plan, added).await.map_err(failed)?;
            if is_another_word {
                let said = format!(
                    "INSERT INTO suppression_import (suppression, import) \
                     SELECT DISTINCT s.number, CAST(?1 AS BIGINT) {SAID_BEFORE} \
                     WHERE TRUE ON CONFLICT DO NOTHING"
                );
                let said = sql::query(said).bind(written).execute(&mut *transaction).await;
                said.map_err(failed)?;
            }
            number = Some(written);
        }
        transaction.commit().await.map_err(failed)?;
        // What was written stays written if this fails.
        let _ = sql::raw(FORGET).execute(self.store.pool()).await;
        Ok((number, plan))
    }

    /// Decides what becomes of each row, by what the store has.
    async fn judge(&self, connection: &mut Connection) -> Result<ImportPlan, StoreError> {
        let failed = |error| self.store.failed(error);
        for statement in [KNOWN, SUPPRESSED, LEFT, FRESH, HAS_LEFT] {
            sql::query(statement).execute(&mut *connection).await.map_err(failed)?;
        }
        let mut noted = Noted::default();
        self.merge_differing(connection, &mut noted).await?;
        let mut kinds = counts(connection).await.map_err(failed)?;
        let mut plan = ImportPlan {
            rows: self.counts.rows,
            same: kinds.remove("same").unwrap_or_default(),
            repeated: self.counts.repeated,
            without_address: self.counts.nobody,
            lost_noes: self.counts.lost_noes,
            ..ImportPlan::default()
        };
        plan.reject = ImportKind { count: self.counts.rejected, examples: self.rejected.clone() };
        plan.conflict = ImportKind { count: noted.conflicts, examples: noted.conflict_examples };
        plan.warnings = self.warnings.iter().map(ImportWarning::of).collect();
        plan.remarks = remarks(connection).await.map_err(failed)?;
        plan.follows = named(connection, FOLLOWED).await.map_err(failed)?;
        plan.earlier_addresses = named(connection, EARLIER).await.map_err(failed)?;
        if self.is_own_export {
            plan.absent = absent(connection).await.map_err(failed)?;
        }
        let mut of = |verdict: &str| kinds.remove(verdict).unwrap_or_default();
        plan.change = ImportKind { count: of("change"), examples: noted.change_examples };
        for (kind, verdict) in [
            (&mut plan.add, "add"),
            (&mut plan.unconfirmed, "unconfirmed"),
            (&mut plan.suppress, "suppress"),
            (&mut plan.stays_suppressed, "suppressed"),
            (&mut plan.forgotten, "forgotten"),
        ] {
            kind.count = of(verdict);
            if kind.count > 0 {
                kind.examples = examples(connection, verdict).await.map_err(failed)?;
            }
        }
        Ok(plan)
    }

    /// Decides those rows that say something else than the store.
    async fn merge_differing(
        &self,
        connection: &mut Connection,
        noted: &mut Noted,
    ) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        sql::raw(MAKE_CHANGES).execute(&mut *connection).await.map_err(failed)?;
        let mut last = 0_i64;
        loop {
            let rows = sql::query(DIFFERING)
                .bind(last)
                .bind(BATCH as i64)
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
            let Some(end) = rows.last() else { break };
            last = end.get(13);
            let mut judged = Vec::with_capacity(rows.len());
            for row in &rows {
                let (identity, stored) = SubscriberProfile::read(&self.store, row)?;
                let Some(mut entry) = entry(row, &self.tags) else { continue };
                if !self.confirms && entry.status == SubscriptionStatus::Confirmed {
                    entry.status = stored.status;
                }
                let merged = merge(&stored, &entry, self.update);
                // A new no is told as such, whatever changes with it: see [`KIND`].
                noted.note(row.get(14), &stored.email, &merged, row.get(24));
                judged.push((row.get::<i64>(13), identity, entry.refusal.is_some(), merged));
            }
            keep(connection, judged).await.map_err(failed)?;
        }
        sql::query(JUDGED).execute(&mut *connection).await.map_err(failed)?;
        Ok(())
    }
}

/// What the file's row says of the person, out of the temporary table; see [`DIFFERING`].
fn entry(row: &SqlRow, further_tags: &[String]) -> Option<ImportEntry> {
    let address = Address::parse(row.get(15)).ok()?;
    let mut tags: Vec<String> = serde_json::from_str(row.get(17)).ok()?;
    tags.retain(|tag| !further_tags.contains(tag));
    let refusal: Option<&str> = row.get(22);
    Some(ImportEntry {
        fields: serde_json::from_str(row.get(16)).ok()?,
        tags,
        further_tags: further_tags.to_vec(),
        language: row.get(18),
        topics: row.get(19),
        paused_until: pause::day(row.get(25)).ok()?,
        status: row.get::<&str>(20).parse().ok()?,
        joined: row.get::<Option<i64>>(21).map(of_ms),
        is_day_unknown: row.get(23),
        refusal: refusal.and_then(|word| Some((word.parse().ok()?, ""))),
        ..ImportEntry::nothing(0, address)
    })
}

/// The first changes and conflicts.
#[derive(Debug, Default)]
struct Noted {
    conflicts: u64,
    change_examples: Vec<ImportExample>,
    conflict_examples: Vec<ImportExample>,
}

impl Noted {
    fn note(&mut self, line: i64, email: &str, merged: &Merged, is_fresh_no: bool) {
        let example = |of: &[(String, String, String)], between: &str| {
            let each = of.iter().map(|(name, one, other)| match one.as_str() {
                "" => format!("{name}: {other}"),
                one => format!("{name}: {one} {between} {other}"),
            });
            let what = each.collect::<Vec<_>>().join("; ");
            ImportExample { line, email: email.to_owned(), what }
        };
        if !(merged.changes.is_empty() || is_fresh_no) && self.change_examples.len() < EXAMPLES {
            self.change_examples.push(example(&merged.changes, "->"));
        }
        if !merged.conflicts.is_empty() {
            self.conflicts += 1;
            if self.conflict_examples.len() < EXAMPLES {
                self.conflict_examples.push(example(&merged.conflicts, "stays, not"));
            }
        }
    }
}

/// Writes down what was decided of rows.
async fn keep(
    connection: &mut Connection,
    judged: Vec<(i64, String, bool, Merged)>,
) -> Result<(), SqlError> {
    if judged.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO import_change (id, identity, verdict, conflict, email, fields, tags, \
         language, topics, paused_until, status, joined_at) ",
    );
    query.push_values(judged, |mut line, (id, identity, is_refused, merged)| {
        let verdict = match (merged.changes.is_empty(), merged.conflicts.is_empty()) {
            (false, _) => "change",
            (true, false) if !is_refused => "conflict",
            (true, _) => "same",
        };
        let after = merged.after;
        let (fields, tags) = (after.fields_json(), after.tags_json());
        let paused_until = after.pause_text();
        line.push_bind(id)
            .push_bind(identity)
            .push_bind(verdict)
            .push_bind(!merged.conflicts.is_empty())
            .push_bind(after.email)
            .push_bind(fields)
            .push_bind(tags)
            .push_bind(after.language)
            .push_bind(after.topics)
            .push_bind(paused_until)
            .push_bind(after.status.word())
            .push_bind(after.joined.as_millisecond());
    });
    query.build().execute(&mut *connection).await.map(drop)
}

/// The kind of a row, as the report has it: a new no is told as such, whatever else changes.
const KIND: &str = "CASE WHEN fresh_no THEN 'suppress' WHEN known AND refusal IS NOT NULL \
     AND verdict <> 'change' THEN 'same' ELSE verdict END";

async fn counts(connection: &mut Connection) -> Result<BTreeMap<String, u64>, SqlError> {
    let statement = format!("SELECT {KIND}, count(*) FROM import_row GROUP BY 1");
    let rows = sql::query(statement).fetch_all(&mut *connection).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<i64>(1).unsigned_abs())).collect())
}

async fn examples(connection: &mut Connection, kind: &str) -> Result<Vec<ImportExample>, SqlError> {
    let statement = format!(
        "SELECT line, coalesce(email, identity), coalesce(said, '') FROM import_row \
         WHERE {KIND} = ?1 ORDER BY id LIMIT ?2"
    );
    let rows =
        sql::query(statement).bind(kind).bind(EXAMPLES as i64).fetch_all(&mut *connection).await?;
    let example =
        |row: &SqlRow| ImportExample { line: row.get(0), email: row.get(1), what: row.get(2) };
    Ok(rows.iter().map(example).collect())
}

/// Those who get mail and beside whom somebody has noted what may mean that they want none.
async fn remarks(connection: &mut Connection) -> Result<ImportKind, SqlError> {
    const NOTED: &str = "FROM import_row WHERE remark IS NOT NULL AND refusal IS NULL \
         AND verdict NOT IN ('suppressed', 'forgotten') AND status = 'confirmed'";
    let count: i64 =
        sql::query_scalar(format!("SELECT count(*) {NOTED}")).fetch_one(&mut *connection).await?;
    let statement =
        format!("SELECT line, coalesce(email, identity), remark {NOTED} ORDER BY id LIMIT ?1");
    let rows = sql::query(statement).bind(EXAMPLES as i64).fetch_all(&mut *connection).await?;
    let example =
        |row: &SqlRow| ImportExample { line: row.get(0), email: row.get(1), what: row.get(2) };
    let examples = rows.iter().map(example).collect();
    Ok(ImportKind { count: count.unsigned_abs(), examples })
}

/// Rows of earlier addresses, and the address that the person has now.
async fn named(connection: &mut Connection, of: &str) -> Result<ImportKind, SqlError> {
    let count = format!(
        "SELECT count(*) FROM (SELECT DISTINCT r.identity, f.identity AS now {of}) AS found"
    );
    let count: i64 = sql::query_scalar(count).fetch_one(&mut *connection).await?;
    let statement =
        format!("SELECT DISTINCT r.line, r.identity, f.identity {of} ORDER BY r.line LIMIT ?1");
    let rows = sql::query(statement).bind(EXAMPLES as i64).fetch_all(&mut *connection).await?;
    let example =
        |row: &SqlRow| ImportExample { line: row.get(0), email: row.get(1), what: row.get(2) };
    let examples = rows.iter().map(example).collect();
    Ok(ImportKind { count: count.unsigned_abs(), examples })
}

/// Somebody may have deleted their rows, and think that they are gone now.
async fn absent(connection: &mut Connection) -> Result<ImportKind, SqlError> {
    let count: i64 =
        sql::query_scalar(format!("SELECT count(*) {ABSENT}")).fetch_one(&mut *connection).await?;
    let statement = format!("SELECT s.email {ABSENT} ORDER BY s.identity LIMIT ?1");
    let rows = sql::query(statement).bind(EXAMPLES as i64).fetch_all(&mut *connection).await?;
    let example = |row: &SqlRow| ImportExample { line: 0, email: row.get(0), what: String::new() };
    let examples = rows.iter().map(example).collect();
    Ok(ImportKind { count: count.unsigned_abs(), examples })
}

/// Writes the judged rows to the tables; the import's number.
async fn write_all(
    connection: &mut Connection,
    note: &ImportNote<'_>,
    plan: &ImportPlan,
    added: i64,
) -> Result<i64, SqlError> {
    // To the second, as files have it.
    let at = note.at.as_second() * 1_000;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let number: i64 = sql::query_scalar(
        "INSERT INTO subscriber_import (file, at, consent, added, changed, suppressed) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING number",
    )
    .bind(note.file)
    .bind(at)
    .bind(note.consent)
    .bind(added)
    .bind(count(plan.change.count))
    .bind(count(plan.suppress.count))
    .fetch_one(&mut *connection)
    .await?;
    if added > 0 {
        let add = sql::query(ADD).bind(at).bind(number).bind(note.consent);
        add.execute(&mut *connection).await?;
    }
    let remember = sql::query(REMEMBER).bind(at).bind(number);
    remember.execute(&mut *connection).await?;
    sql::query(CHANGE).execute(&mut *connection).await?;
    let suppress = sql::query(SUPPRESS).bind(at).bind(number).bind(note.file);
    suppress.execute(&mut *connection).await?;
    let follow = sql::query(format!("{FOLLOW} {FOLLOWED}")).bind(at).bind(number).bind(note.file);
    follow.execute(&mut *connection).await?;
    sql::query(SAID).bind(number).execute(&mut *connection).await?;
    Ok(number)
}
