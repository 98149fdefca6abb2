//! One row for each issue and recipient: the only writer of its tables.
//!
//! `pending -> claimed -> accepted | deferred | refused | uncertain`; `docs/ledger.md` says what a
//! crash leaves at each step. Statements are batched: none is run for a single recipient.

pub mod bounces;
pub mod claim;
pub mod consistency;
pub mod copies;
pub mod corrections;
pub mod editions;
pub mod got;
mod home;
pub mod moved;
pub mod origin;
pub mod overview;
mod person;
pub mod forgotten;
mod plan;
pub mod receipts;
pub mod revision;
pub mod runs;
pub mod secret_keys;
pub mod staging;
pub mod suppressed;
mod tables;
pub mod undecided;
pub mod wishes;
pub mod withdrawn;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::id::{RevisionId, RowId, RunId};
use super::journal::Settled;
use super::verdict::{GIVEN_UP, PUT_OFF};
use crate::audience::{address_change, erasure, signup, subscribers, suppression};
use crate::delivery::outbox;
use crate::message::recipient::Recipient;
use crate::smtp::outcome::Stage;
use crate::store::sql::{self, QueryBuilder, SqlError};
use crate::store::{KeptSession, Lock, SchemaStep, Store, StoreError, trial};
use claim::Earlier;
use origin::RunOrigin;
use runs::Written;

/// Rows of one VALUES list: SQLite takes 32,766 parameters.
const BATCH: usize = 1_000;

/// The tables, step by step; see [`Store::open`].
pub const STEPS: [SchemaStep; 40] = [
    SchemaStep { sqlite: FIRST_STEP, postgres: tables::POSTGRES },
    SchemaStep::of_sqlite(claim::TIMES),
    SchemaStep::of_sqlite(revision::STEP),
    SchemaStep::of_sqlite(plan::PERSONS),
    SchemaStep::of_sqlite(person::SPELLINGS),
    SchemaStep::of_sqlite(runs::STEP),
    SchemaStep::of_sqlite(revision::CHECKSUM),
    SchemaStep::of_sqlite(copies::STEP),
    SchemaStep::of_sqlite(plan::STAGES),
    SchemaStep::of_sqlite(wishes::STEP),
    SchemaStep::of_sqlite(claim::UNASKED),
    SchemaStep::of_sqlite(runs::SENDER),
    SchemaStep::of_sqlite(claim::DOMAIN),
    SchemaStep::of_sqlite(revision::HEADLINE),
    SchemaStep::of_sqlite(receipts::STEP),
    SchemaStep::of_sqlite(receipts::PARTS),
    SchemaStep::of_sqlite(revision::SKETCHES),
    SchemaStep::of_sqlite(receipts::OTHERS),
    SchemaStep::of_sqlite(copies::CLOSED),
    SchemaStep::of_sqlite(home::STEP),
    SchemaStep::of_sqlite(origin::STEP),
    suppression::STEP,
    SchemaStep::both(subscribers::STEP),
    SchemaStep::both(secret_keys::STEP),
    SchemaStep::both(bounces::STEP),
    suppression::SAID_BY_IMPORTS,
    SchemaStep::both(undecided::STEP),
    SchemaStep::both(subscribers::moved::STEP),
    signup::STEP,
    outbox::STEP,
    SchemaStep::both(revision::WEB),
    SchemaStep::both(subscribers::moved::HISTORY),
    suppression::SAID_AGAIN,
    SchemaStep::both(withdrawn::STEP),
    trial::STEP,
    SchemaStep::both(corrections::STEP),
    SchemaStep::both(subscribers::PAUSED),
    signup::WORDS,
    erasure::STEP,
    address_change::STEP,
];

const FIRST_STEP: &str = "
-- A run of `send`: what was sent, and in which boot of the machine its claims were made.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    issue TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    boot TEXT NOT NULL,
    started_at TEXT NOT NULL
);
-- A recipient of an issue. `identity` is the address in lower case: one row, one person, one copy.
CREATE TABLE recipient (
    id INTEGER PRIMARY KEY,
    issue TEXT NOT NULL,
    identity TEXT NOT NULL,
    email TEXT NOT NULL,
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The run that planned the row last, and the run that claimed it last.
    planned_by INTEGER NOT NULL,
    claimed_by INTEGER,
    code INTEGER,
    enhanced TEXT,
    text TEXT,
    message_id TEXT,
    at TEXT,
    UNIQUE (issue, identity)
);
CREATE INDEX recipient_by_state ON recipient (issue, state, id);
";

/// A run that is to begin.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// What new recipients get, hexadecimal digits.
    pub content_hash: &'a str,
    /// The boot of the machine.
    pub boot: &'a str,
    /// RFC 3339.
    pub started_at: &'a str,
    /// What its messages are sent from: an address, `{token}` in it for what each has of its own.
    pub reverse_path: &'a str,
    /// Whose it is, and to which list it goes.
    pub origin: &'a RunOrigin,
}

/// A row to attempt.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its number.
    pub row: RowId,
    /// The revision that its message is made of.
    pub revision: Option<RevisionId>,
    /// Whom the message is for.
    pub recipient: Recipient,
    /// The Message-ID that its message had at an earlier attempt, without angle brackets.
    pub message_id: Option<String>,
    /// Its tries so far.
    pub earlier: Earlier,
}

/// Outcomes, from one parameter: groups come in hundreds of sizes, and SQLite would have to read a
/// statement of each size anew, with twelve parameters for each row.
const RECORD: &str = "
WITH settled AS MATERIALIZED (
    SELECT CAST(e.value ->> 0 AS BIGINT) AS id, e.value ->> 1 AS state,
        CAST(e.value ->> 2 AS BIGINT) AS code, e.value ->> 3 AS enhanced,
        e.value ->> 4 AS text, e.value ->> 5 AS message_id, e.value ->> 6 AS at,
        CAST(e.value ->> 7 AS BIGINT) AS first_ms, CAST(e.value ->> 8 AS BIGINT) AS next_ms,
        CAST(e.value ->> 9 AS BOOLEAN) AS charged, e.value ->> 10 AS stage,
        CAST(e.value ->> 11 AS BOOLEAN) AS unasked
    FROM [each ?1] e)
UPDATE recipient SET state = settled.state,
    -- Who left was not attempted, and of who is uncertain the attempt was counted.
    attempts = attempts
        + CASE WHEN settled.state = 'suppressed' OR recipient.state = 'uncertain' THEN 0 ELSE 1 END,
    code = settled.code, enhanced = settled.enhanced, text = settled.text,
    message_id = settled.message_id, at = settled.at,
    first_attempt = coalesce(settled.first_ms, first_attempt), next_attempt = settled.next_ms,
    charged = recipient.charged + CASE WHEN settled.charged THEN 1 ELSE 0 END,
    unasked = settled.unasked,
    stage = CASE WHEN recipient.stage = 'dot' THEN 'dot'
        ELSE coalesce(settled.stage, recipient.stage) END
FROM settled WHERE recipient.id = settled.id
    AND NOT (settled.unasked AND settled.id IN (SELECT w.recipient FROM wish w))";

/// What [`RECORD`] reads: an array for each outcome.
fn as_json(settled: &[Settled]) -> Result<String, SqlError> {
    let row = |settled: &'_ Settled| {
        let Settled { row, state, code, enhanced, text, at, message_id, retry, stage, unasked } =
            settled;
        let (first, next) = (retry.map(|retry| retry.first), retry.map(|retry| retry.next));
        let charged = retry.is_none_or(|retry| retry.charged);
        let stage = stage.map(Stage::word);
        // PostgreSQL reads no NUL out of JSON.
        let text = text.replace('\0', "\u{fffd}");
        serde_json::to_string(&(
            row,
            state.word(),
            code,
            enhanced,
            text,
            message_id,
            at,
            first,
            next,
            charged,
            stage,
            unasked,
        ))
    };
    let rows: Result<Vec<String>, _> = settled.iter().map(row).collect();
    rows.map(|rows| format!("[{}]", rows.join(","))).map_err(SqlError::encode)
}

/// The ledger of one issue, for who reads.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Store,
    issue: String,
}

/// The same under the lock: whatever writes a row is a method of this, and only [`Ledger::lock`]
/// makes one. The lock is held until the last clone is gone.
#[derive(Clone, Debug)]
pub struct LockedLedger {
    ledger: Ledger,
    lock: Arc<Lock>,
}

impl Deref for LockedLedger {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl Ledger {
    /// The ledger of `issue` in an open store.
    pub fn new(store: Store, issue: &str) -> Ledger {
        Ledger { store, issue: issue.to_owned() }
    }

    /// Takes the right to send; see [`Store::lock`].
    ///
    /// # Errors
    /// The store's, where another process has it.
    pub async fn lock(self, who: &str) -> Result<LockedLedger, StoreError> {
        let lock = Arc::new(self.store.lock(who).await?);
        Ok(LockedLedger { ledger: self, lock })
    }

    /// A second connection to its file; see [`Store::second_reader`].
    pub(super) async fn second_reader(&self) -> Result<Option<Store>, StoreError> {
        self.store.second_reader().await
    }

    /// The open file.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The issue's name.
    pub(super) fn issue(&self) -> &str {
        &self.issue
    }

    /// A ledger without a file and without an issue, for who asks only what a list says.
    ///
    /// # Errors
    /// The store's.
    pub async fn of_a_list() -> Result<Ledger, StoreError> {
        let store = Store::nowhere(Path::new("for the list"), &[]).await?;
        Ok(Ledger { store, issue: String::new() })
    }

    /// The file of fine marks beside the database.
    pub fn journal_path(&self) -> PathBuf {
        beside(self.store.beside(), "-marks")
    }

    /// Whether the file is still where it was opened.
    ///
    /// # Errors
    /// [`StoreError::Gone`].
    pub fn in_place(&self) -> Result<(), StoreError> {
        self.store.in_place()
    }

    /// What a file that is gone held, in a new one beside its place; its name.
    ///
    /// # Errors
    /// The store's.
    pub async fn rescue(&self, run: RunId) -> Result<PathBuf, StoreError> {
        let name = |suffix: &str| beside(self.store.beside(), &format!("-rescued-{run}{suffix}"));
        // Where an older copy was put back, its next run has a number that was there before.
        let mut path = name("");
        let mut copy = 2_u32;
        while path.exists() {
            path = name(&format!("-{copy}"));
            copy += 1;
        }
        // No other file has its rows any more, so it is at home wherever it is put.
        self.forget_home().await;
        self.store.rescue_to(&path).await.map(|()| path)
    }
}

impl LockedLedger {
    /// Sees to it that the right to send is still held; see [`Store::keep_session`]. Whether another
    /// send has planned the issue since `run`, while it was not.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_lock(&self, run: RunId) -> Result<(KeptSession, bool), StoreError> {
        let kept = self.store.keep_session(&self.lock).await?;
        let later = "SELECT EXISTS (SELECT 1 FROM run WHERE issue = ?1 AND id > ?2)";
        let later = sql::query_scalar(later).bind(&self.issue).bind(run);
        let later = later.fetch_one(self.store.pool()).await;
        Ok((kept, later.map_err(|error| self.store.failed(error))?))
    }

    /// Writes outcomes, in one transaction, and with them how far the journal was `written` that
    /// has them: one that ends before is not whole. Whoever was sent to for a wish has had it
    /// fulfilled; a wish about which no relay was asked stays as it is, until it falls back.
    ///
    /// # Errors
    /// The store's; then none is written.
    pub async fn record(
        &self,
        settled: &[Settled],
        written: Option<Written>,
    ) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        if !settled.is_empty() {
            let update = sql::query(RECORD).bind(as_json(settled).map_err(failed)?);
            update.execute(&mut *transaction).await.map_err(failed)?;
        }
        LockedLedger::fulfil(&mut transaction, settled).await.map_err(failed)?;
        if let Some(written) = written {
            let noted = LockedLedger::note_recorded(&mut transaction, settled, written).await;
            noted.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Rows that were put off because it was not clear whom a refusal is about are refused after
    /// all, with the reply that they have. Those whose time was over are given up.
    ///
    /// # Errors
    /// The store's.
    pub async fn refuse(&self, rows: &[RowId]) -> Result<(), StoreError> {
        let statement = format!(
            "UPDATE recipient SET state = 'refused', text = CASE \
             WHEN code < 500 AND text LIKE '{PUT_OFF} %' THEN '{GIVEN_UP}' || substr(text, {}) \
             ELSE text END WHERE state = 'deferred' AND id IN (",
            PUT_OFF.len() + 1
        );
        self.change(&statement, rows).await
    }

    /// Lets deferred rows be claimed at once.
    ///
    /// # Errors
    /// The store's.
    pub async fn make_due(&self, rows: &[RowId]) -> Result<(), StoreError> {
        let statement =
            "UPDATE recipient SET next_attempt = 1 WHERE state = 'deferred' AND id IN (";
        self.change(statement, rows).await
    }

    /// Runs a statement that ends where the numbers of rows follow.
    async fn change(&self, statement: &str, rows: &[RowId]) -> Result<(), StoreError> {
        for batch in rows.chunks(BATCH) {
            let mut query = QueryBuilder::new(statement);
            let mut list = query.separated(", ");
            for row in batch {
                list.push_bind(*row);
            }
            query.push(")");
            query
                .build()
                .execute(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        }
        Ok(())
    }

    /// Gives back what a run claimed and did not attempt, and lets wishes that it did not attempt
    /// fall back; how many of these there were.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn release(&self, run: RunId) -> Result<u64, StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let withdrawn = wishes::fall_back(&mut transaction).await.map_err(failed)?;
        sql::query(
            "UPDATE recipient SET state = 'pending', next_attempt = NULL \
             WHERE state = 'claimed' AND claimed_by = ?1",
        )
        .bind(run)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(withdrawn)
    }

    /// Rows that were claimed and never attempted wait again, also where they were settled as
    /// uncertain with these words by whoever could not know.
    pub(super) async fn free(&self, rows: &[RowId], unknown: &str) -> Result<(), StoreError> {
        let of_unknown = |then: &str, other: &str| {
            format!("CASE WHEN state = 'uncertain' THEN {then} ELSE {other} END")
        };
        // The words are our own, and have no quotation mark.
        let statement = format!(
            "UPDATE recipient SET state = 'pending', next_attempt = NULL, attempts = attempts - {}, \
             text = {}, stage = CASE WHEN state = 'uncertain' AND attempts = 1 THEN NULL \
             ELSE stage END \
             WHERE (state = 'claimed' OR state = 'uncertain' AND text = '{unknown}') AND id IN (",
            of_unknown("1", "0"),
            of_unknown("NULL", "text"),
        );
        self.change(&statement, rows).await
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_claimed_row_waits_again() {
        let store = Store::nowhere(Path::new("a.db"), &STEPS).await.unwrap();
        for (id, state) in [(1, "claimed"), (2, "accepted"), (3, "refused")] {
            let insert = "INSERT INTO recipient \
                 (id, issue, identity, email, fields, tags, planned_by, state) \
                 VALUES (?1, 'x', CAST(?1 AS text) || '@a.example', '', '{}', '[]', 1, ?2)";
            let insert = sql::query(insert).bind(id).bind(state);
            insert.execute(store.pool()).await.unwrap();
        }
        let ledger = Ledger::new(store.clone(), "x").lock("process 1").await.unwrap();
        ledger.free(&[1, 2, 3].map(RowId), "unknown").await.unwrap();
        let states: Vec<String> = sql::query_scalar("SELECT state FROM recipient ORDER BY id")
            .fetch_all(store.pool())
            .await
            .unwrap();
        assert_eq!(states, ["pending", "accepted", "refused"]);
    }

    #[tokio::test]
    async fn the_domain_stands_behind_the_last_at_also_in_older_tables() {
        let dir = tempfile::tempdir().unwrap();
        let older = STEPS.iter().position(|step| step.sqlite == claim::DOMAIN).unwrap();
        for first in [&STEPS[..older], &STEPS[..]] {
            let path = dir.path().join(format!("{}.db", first.len()));
            let store = Store::open(&path, first).await.unwrap();
            let insert = "INSERT INTO recipient (issue, identity, email, fields, tags, planned_by) \
                 VALUES ('x', ?1, ?1, '{}', '[]', 1)";
            for address in [r#""a@b"@example.org"#, "kim@x.example"] {
                sql::query(insert).bind(address).execute(store.pool()).await.unwrap();
            }
            store.close().await;
            let store = Store::open(&path, &STEPS).await.unwrap();
            let domains: Vec<String> =
                sql::query_scalar("SELECT domain FROM recipient ORDER BY id")
                    .fetch_all(store.pool())
                    .await
                    .unwrap();
            assert_eq!(domains, ["example.org", "x.example"]);
        }
    }

    #[tokio::test]
    async fn a_copy_that_was_saved_before_is_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        for name in ["a.db-rescued-7", "a.db-rescued-7-2", "a.db-rescued-7-3"] {
            // As where an older copy of the ledger was put back, and its next run had this number.
            let store = Store::open(&path, &STEPS).await.unwrap();
            std::fs::remove_file(&path).unwrap();
            // Its journal has lines that nobody has settled, and keeps no copy from its name.
            std::fs::write(dir.path().join("a.db-marks"), "lines").unwrap();
            let ledger = Ledger::new(store.clone(), "x");
            let saved = ledger.rescue(RunId(7)).await.unwrap();
            store.close().await;
            assert_eq!(saved, dir.path().join(name));
            std::fs::copy(&saved, &path).unwrap();
            Store::open(&path, &STEPS).await.unwrap().close().await;
        }
    }
}
