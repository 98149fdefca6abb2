//! A list in a temporary table beside the ledger: who is on it, who left, and how many of them have
//! the issue already. What a list means is decided here and nowhere else, for every command that
//! reads one. Nothing here changes the ledger itself.
//!
//! Exists so that a list of millions is compared with millions of rows without either in memory.
//! Rows are appended as they come, and sorted once at the end: an index that is kept while rows
//! come in any order is read and written all over. SQLite keeps the table in a file without a
//! name, which ends with the connection.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinHandle;

use super::moved::{self, identity_now};
use super::person::{fields_json, person, tags_json};
use super::wishes::Reopened;
use super::{BATCH, Ledger};
use crate::audience::near::NearAddress;
use crate::check::{EXAMPLES, Lacking};
use crate::delivery::id::RunId;
use crate::delivery::state::State;
use crate::delivery::verdict::GIVEN_UP;
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::store::StoreError;
use crate::store::sql::{self, Connection, QueryBuilder, SqlError, Transaction};

const MAKE: &str = "
DROP TABLE IF EXISTS staging;
CREATE TEMP TABLE staging (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL,
    -- The address as written, where that is not the identity.
    email TEXT,
    -- Bytes of the identity's end; a domain is ASCII.
    domain_bytes INTEGER NOT NULL,
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    -- A row of the list says yes; it is not among those that were asked for; a row says no.
    kept BOOLEAN NOT NULL,
    outside BOOLEAN NOT NULL,
    -- Whether they would be asked for, for each set of the issues that they may have: see `got`.
    chosen BIGINT NOT NULL,
    -- The issue has no section for this person.
    unserved BOOLEAN NOT NULL,
    -- Which parts of the issue they get: a number of `delivery::parts`.
    part BIGINT NOT NULL,
    gone TEXT,
    -- The reason, where it is not the list that says no.
    suppressed TEXT
);
[sqlite: PRAGMA temp.cache_size = -4096 | postgres: ];
";

/// The first row of each person says all that the list says of the person: the first yes with its
/// fields, and the first no. The others go.
const MERGE: &str = "
CREATE INDEX staging_identity ON staging (identity, kept, outside, gone, domain_bytes);
[sqlite: | postgres: ANALYZE staging;]
CREATE TEMP TABLE repeated AS
SELECT identity, min(id) AS first, min(CASE WHEN kept THEN id END) AS kept,
    min(CASE WHEN gone IS NOT NULL THEN id END) AS gone
FROM staging
WHERE identity IN (SELECT identity FROM staging GROUP BY identity HAVING count(*) > 1)
GROUP BY identity;
UPDATE staging SET (email, fields, tags, outside, chosen, unserved, part, kept) =
    (SELECT yes.email, yes.fields, yes.tags, yes.outside, yes.chosen, yes.unserved, yes.part, TRUE
     FROM staging yes WHERE yes.id = repeated.kept)
FROM repeated WHERE staging.id = repeated.first AND repeated.kept > repeated.first;
UPDATE staging SET gone = (SELECT no.gone FROM staging no WHERE no.id = repeated.gone)
FROM repeated WHERE staging.id = repeated.first AND repeated.gone > repeated.first;
DELETE FROM staging WHERE id IN
    (SELECT other.id FROM repeated JOIN staging other
     ON other.identity = repeated.identity AND other.id <> repeated.first);
DROP TABLE repeated;
";

/// Who of the staging table has a row already, in the order of the rows. People are met in the
/// order of their addresses, which both sides have an index of; everything after that goes by this
/// table, and reads rows and list from their beginnings to their ends instead of all over.
const MEET: &str = "
DROP TABLE IF EXISTS met;
CREATE TEMP TABLE met (row BIGINT NOT NULL, entry BIGINT NOT NULL, PRIMARY KEY (row, entry)) WITHOUT ROWID;
";
const MET: &str = "
INSERT INTO met SELECT p.recipient, l.id
FROM staging l CROSS JOIN person p
WHERE p.issue = ?1 AND p.identity = l.identity
    AND EXISTS (SELECT 1 FROM person WHERE issue = ?1)
    AND l.kept AND l.gone IS NULL AND NOT l.outside
ORDER BY p.recipient";
const MET_BY_ENTRY: &str =
    "CREATE INDEX met_entry ON met (entry)[sqlite: | postgres: ; ANALYZE met]";

/// Of a row `l` of the staging table: that nobody was met.
pub(super) const UNMET: &str = "NOT EXISTS (SELECT 1 FROM met m WHERE m.entry = l.id)";

/// Who of the staging table is planned.
pub(super) const PLANNED: &str = "l.kept AND l.gone IS NULL AND NOT l.outside";

/// The domain of somebody in the staging table.
pub(super) const STAGED_DOMAIN: &str =
    "substr(l.identity, length(l.identity) - l.domain_bytes + 1)";

/// That SQLite reads the staging table from its beginning to its end.
pub(super) const IN_ORDER: &str = "[sqlite: NOT INDEXED | postgres: ]";

/// What somebody in the staging table has for a field.
fn field_of(name: &str) -> String {
    format!("([sqlite: l.fields | postgres: CAST(l.fields AS json)] ->> ({name}))")
}

/// Why somebody gets no mail whose topics are in no section of the issue.
pub const NO_SECTION: &str = "no section for their topics";

/// Those of the plan for whom the issue has no section.
const UNSERVED: &str = "
UPDATE staging SET gone = ?1 WHERE kept AND gone IS NULL AND NOT outside AND unserved";

/// Those who are planned by the list and were not by run ?2. Who has an outcome stays what they are.
const NEWCOMERS: &str = "
UPDATE staging SET outside = TRUE
WHERE kept AND gone IS NULL AND NOT outside AND NOT EXISTS
    (SELECT 1 FROM person p JOIN recipient r ON r.id = p.recipient
     WHERE p.issue = ?1 AND p.identity = staging.identity
     AND (r.planned_by = ?2 OR r.state = 'accepted'))
AND NOT EXISTS
    (SELECT 1 FROM former f CROSS JOIN person p CROSS JOIN recipient r
     WHERE f.identity = staging.identity AND p.issue = ?1 AND p.identity = f.former
     AND r.id = p.recipient AND (r.planned_by = ?2 OR r.state = 'accepted'))";

/// A row of the list.
#[derive(Debug)]
pub struct StagedRow {
    identity: String,
    email: Option<String>,
    domain_bytes: i64,
    fields: String,
    tags: String,
    kept: bool,
    outside: bool,
    chosen: i64,
    unserved: bool,
    part: i64,
    gone: Option<Cow<'static, str>>,
}

impl StagedRow {
    /// Somebody to write to, unless they are `outside` of those that were asked for.
    pub fn kept(person: &Recipient, outside: bool) -> StagedRow {
        let (fields, tags) = (fields_json(person), tags_json(person));
        StagedRow { fields, tags, kept: true, outside, ..StagedRow::gone(person.address(), None) }
    }

    /// The same, where the issue has a section for them only if `served`.
    pub fn served(self, served: bool) -> StagedRow {
        StagedRow { unserved: !served, ..self }
    }

    /// The same, where it depends on the issues that they have whether they are asked for.
    pub fn chosen(self, chosen: i64) -> StagedRow {
        StagedRow { chosen, ..self }
    }

    /// The same, with the number of what they get of the issue; see [`crate::delivery::parts`].
    pub fn part(self, part: i64) -> StagedRow {
        StagedRow { part, ..self }
    }

    /// Somebody of whom the list itself says not to.
    pub fn left(address: &Address, reason: impl Into<Cow<'static, str>>) -> StagedRow {
        StagedRow::gone(address, Some(reason.into()))
    }

    fn gone(address: &Address, gone: Option<Cow<'static, str>>) -> StagedRow {
        let identity = address.identity();
        let email = (identity != address.as_str()).then(|| address.as_str().to_owned());
        StagedRow {
            identity,
            email,
            // At most 253.
            domain_bytes: address.domain().len() as i64,
            fields: String::new(),
            tags: String::new(),
            kept: false,
            outside: false,
            chosen: 0,
            unserved: false,
            part: 0,
            gone,
        }
    }
}

/// A staging table that is being written: while the database takes one batch, the next is read.
pub struct StagingWriter {
    ledger: Ledger,
    batch: Vec<StagedRow>,
    /// The batch before, which has the transaction until it is written.
    writing: Option<JoinHandle<Result<Transaction, SqlError>>>,
}

/// A person whom one row of the list keeps, and another one does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The address.
    pub email: String,
    /// What the other row says.
    pub reason: String,
}

/// Beside the states, those who are in none.
const NEW: &str = "new";

/// The list against the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many people of the list are in which state of the ledger.
    pub states: BTreeMap<State, u64>,
    /// How many of those who were refused were given up, because their time was over.
    pub given_up: u64,
    /// How many of them have the issue, and wait for a further copy.
    pub copies: u64,
    /// How many of them have no row yet.
    pub new: u64,
    /// How many of those who have it, or may have it, do so under an earlier address.
    pub moved: u64,
    /// To whom the issue would go, by domain, the largest first.
    pub domains: Vec<(String, u64)>,
    /// How many domains there are, shown or not.
    pub domain_count: u64,
    /// Rows of the ledger that wait, whether or not the list has them.
    pub waiting: u64,
    /// Of these, rows of people whom the list does not have, or does not keep.
    pub leaving: u64,
    /// Of these, those whom the list does not have at all, and about whom no relay was ever asked.
    pub untried: u64,
    /// Likewise, and about whom a relay was asked.
    pub tried: u64,
    /// People who have the issue or may have it, and how many of them the list keeps. They are counted
    /// only where somebody who waits is leaving: then they tell whether it is the right list.
    pub had: (u64, u64),
    /// People of the list who are not among those that were asked for.
    pub outside: u64,
    /// Of these, those who are uncertain.
    pub uncertain_outside: u64,
    /// Uncertain people whom the list does not have, or does not keep.
    pub uncertain_gone: u64,
}

/// Rows of the ledger beside the list.
#[derive(Clone, Copy, Debug)]
struct ListedRows {
    all: u64,
    /// The list has their people and keeps them; whoever is suppressed is not missing in it.
    kept: u64,
    /// The list does not have their people, and no relay was ever asked about them.
    untried: u64,
    /// Likewise, and a relay was.
    tried: u64,
}

/// What the list says of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are on it, with these fields.
    Kept(Recipient),
    /// A row says that they get no mail, for this reason.
    Left(String),
    /// No row that can be used is about them.
    Absent,
}

impl StagingWriter {
    /// Adds a row of the list: the first of two with one address wins, and a no wins over a yes.
    ///
    /// # Errors
    /// The store's.
    pub async fn add(&mut self, entry: StagedRow) -> Result<(), StoreError> {
        self.batch.push(entry);
        if self.batch.len() < BATCH { Ok(()) } else { self.flush().await }
    }

    /// How many people the list keeps, each once.
    ///
    /// # Errors
    /// The store's.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.flush().await?;
        let mut transaction = self.written().await?;
        let failed = |error| self.ledger.store.failed(error);
        sql::raw(MERGE).execute(&mut *transaction).await.map_err(failed)?;
        let kept: i64 = sql::query_scalar("SELECT count(*) FROM staging WHERE kept")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(kept.unsigned_abs())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let transaction = self.written().await?;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.writing = Some(tokio::spawn(append(transaction, batch)));
        Ok(())
    }

    /// The transaction, when the batch before is written.
    async fn written(&mut self) -> Result<Transaction, StoreError> {
        let failed = |error| self.ledger.store.failed(error);
        match self.writing.take() {
            None => self.ledger.store.pool().begin().await.map_err(failed),
            Some(writing) => match writing.await {
                Ok(written) => written.map_err(failed),
                Err(_) => Err(failed(SqlError::worker_crashed())),
            },
        }
    }
}

async fn append(
    mut transaction: Transaction,
    batch: Vec<StagedRow>,
) -> Result<Transaction, SqlError> {
    if batch.is_empty() {
        return Ok(transaction);
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO staging \
         (identity, email, domain_bytes, fields, tags, kept, outside, chosen, unserved, part, \
         gone) ",
    );
    query.push_values(batch, |mut row, entry| {
        row.push_bind(entry.identity)
            .push_bind(entry.email)
            .push_bind(entry.domain_bytes)
            .push_bind(entry.fields)
            .push_bind(entry.tags)
            .push_bind(entry.kept)
            .push_bind(entry.outside)
            .push_bind(entry.chosen)
            .push_bind(entry.unserved)
            .push_bind(entry.part)
            .push_bind(entry.gone);
    });
    query.build().execute(&mut *transaction).await?;
    Ok(transaction)
}

impl Ledger {
    /// Begins a staging table, in place of any that was there.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin_staging(&self) -> Result<StagingWriter, StoreError> {
        let failed = |error| self.store.failed(error);
        for make in [MAKE, moved::MAKE] {
            sql::raw(make).execute(self.store.pool()).await.map_err(failed)?;
        }
        let batch = Vec::with_capacity(BATCH);
        Ok(StagingWriter { ledger: self.clone(), batch, writing: None })
    }

    /// Leaves those out for whom the issue has no section, where there can be `any`, and says how many
    /// they are.
    ///
    /// # Errors
    /// The store's.
    pub async fn leave_unserved_out(&self, any: bool) -> Result<u64, StoreError> {
        if !any {
            return Ok(0);
        }
        let left = sql::query(UNSERVED).bind(NO_SECTION).execute(self.store.pool()).await;
        Ok(left.map_err(|error| self.store.failed(error))?.rows_affected())
    }

    /// People whom the list both keeps and does not: how many by what it says, and the first.
    ///
    /// # Errors
    /// The store's.
    pub async fn contradictions(
        &self,
        shown: i64,
    ) -> Result<(BTreeMap<String, u64>, Vec<Contradiction>), StoreError> {
        let failed = |error| self.store.failed(error);
        let counts = sql::query(
            "SELECT gone, count(*) FROM staging WHERE kept AND gone IS NOT NULL GROUP BY gone",
        )
        .fetch_all(self.store.pool())
        .await
        .map_err(failed)?;
        let first = sql::query(
            "SELECT coalesce(email, identity), gone FROM staging WHERE kept AND gone IS NOT NULL \
             ORDER BY id LIMIT ?1",
        )
        .bind(shown)
        .fetch_all(self.store.pool())
        .await
        .map_err(failed)?;
        let counts = counts.iter().map(|row| (row.get(0), row.get::<i64>(1).unsigned_abs()));
        let first = first.iter().map(|row| Contradiction { email: row.get(0), reason: row.get(1) });
        Ok((counts.collect(), first.collect()))
    }

    /// Those of the plan who have no value, for each of these fields.
    ///
    /// # Errors
    /// The store's.
    pub async fn lacking(
        &self,
        fields: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Lacking>, StoreError> {
        let failed = |error| self.store.failed(error);
        let counts = self.counts_without(fields).await.map_err(failed)?;
        let planned = self.planned().await.map_err(failed)?;
        // Who the first people are does not depend on a field that nobody has.
        let mut everybody: Option<Lacking> = None;
        let mut all = BTreeMap::new();
        for field in fields {
            let count = counts.get(*field).copied().unwrap_or(0);
            let lacking = match &everybody {
                _ if count == 0 => Lacking::default(),
                Some(everybody) if everybody.count == count => everybody.clone(),
                _ => {
                    let examples = self.examples_without(field).await.map_err(failed)?;
                    Lacking { count, examples }
                }
            };
            if everybody.is_none() && count > 0 && count == planned {
                everybody = Some(lacking.clone());
            }
            all.insert((*field).to_owned(), lacking);
        }
        Ok(all)
    }

    /// How many people the plan has.
    async fn planned(&self) -> Result<u64, SqlError> {
        let statement = format!("SELECT count(*) FROM staging l WHERE {PLANNED}");
        let count: i64 = sql::query_scalar(statement).fetch_one(self.store.pool()).await?;
        Ok(count.unsigned_abs())
    }

    /// How many people have no value, for the fields that somebody lacks. One question for all: an
    /// issue may have two thousand slots.
    async fn counts_without(
        &self,
        fields: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, u64>, SqlError> {
        if fields.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names: Vec<[&str; 1]> = fields.iter().map(|field| [*field]).collect();
        let statement = format!(
            "SELECT f.value ->> 0, count(*) FROM staging l CROSS JOIN [each ?1] f \
             WHERE {PLANNED} AND {} IS NULL GROUP BY f.value ->> 0",
            field_of("f.value ->> 0")
        );
        let rows = sql::query(statement)
            .bind(serde_json::json!(names).to_string())
            .fetch_all(self.store.pool())
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64>(1).unsigned_abs())).collect())
    }

    async fn examples_without(&self, field: &str) -> Result<Vec<String>, SqlError> {
        let statement = format!(
            "SELECT coalesce(email, identity) FROM staging l \
             WHERE {PLANNED} AND {} IS NULL ORDER BY id LIMIT ?2",
            field_of("?1")
        );
        sql::query_scalar(statement)
            .bind(field)
            .bind(EXAMPLES as i64)
            .fetch_all(self.store.pool())
            .await
    }

    /// What the list says of the person at `address`.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self, address: &Address) -> Result<Standing, StoreError> {
        let row = sql::query(
            "SELECT id, identity, coalesce(email, identity), fields, tags, kept, gone \
             FROM staging WHERE identity = ?1",
        )
        .bind(address.identity())
        .fetch_optional(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let Some(row) = row else { return Ok(Standing::Absent) };
        match (row.get::<Option<String>>(6), row.get(5)) {
            (Some(reason), _) => Ok(Standing::Left(reason)),
            (None, true) => Ok(Standing::Kept(person(&self.store, &row)?)),
            (None, false) => Ok(Standing::Absent),
        }
    }

    /// The address of the list that is written almost like this one, which it does not have.
    ///
    /// # Errors
    /// The store's.
    pub async fn written_like(&self, address: &Address) -> Result<Option<String>, StoreError> {
        let mut near = NearAddress::to(address);
        let mut last = 0_i64;
        loop {
            let rows = sql::query(
                "SELECT id, coalesce(email, identity), identity FROM staging \
                 WHERE kept AND gone IS NULL AND id > ?1 ORDER BY id LIMIT ?2",
            )
            .bind(last)
            .bind(BATCH as i64)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
            let Some(end) = rows.last() else { return Ok(near.found()) };
            last = end.get(0);
            rows.iter().for_each(|row| near.see(row.get(1), row.get(2)));
        }
    }

    /// Drops the staging table, and gives back the memory that it took.
    pub(super) async fn drop_staging(&self) {
        // What was planned stays planned if this fails.
        let forget =
            "DROP TABLE staging; DROP TABLE met; [sqlite: PRAGMA shrink_memory | postgres: ]";
        let _ = sql::raw(forget).execute(self.store.pool()).await;
    }

    /// Lets those whom `run` was not for count as people who were not asked for, and says how many
    /// of them have no outcome: they came into the list after a person had said yes.
    ///
    /// # Errors
    /// The store's.
    pub async fn leave_newcomers(&self, run: RunId) -> Result<u64, StoreError> {
        let marked = sql::query(NEWCOMERS).bind(&self.issue).bind(run).execute(self.store.pool());
        Ok(marked.await.map_err(|error| self.store.failed(error))?.rows_affected())
    }

    /// How many people of the list are planned, and how many are kept and were not asked for.
    ///
    /// # Errors
    /// The store's.
    pub async fn planned_counts(&self) -> Result<(u64, u64), StoreError> {
        let (meant, outside): (i64, i64) = sql::query_as(
            "SELECT count(*) FILTER (WHERE NOT outside), count(*) FILTER (WHERE outside) \
             FROM staging WHERE kept AND gone IS NULL",
        )
        .fetch_one(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        Ok((meant.unsigned_abs(), outside.unsigned_abs()))
    }

    /// How many people of the plan have each number of what they get of the issue.
    ///
    /// # Errors
    /// The store's.
    pub async fn part_counts(&self) -> Result<BTreeMap<i64, u64>, StoreError> {
        let statement = format!(
            "SELECT part, count(*) FROM staging l {IN_ORDER} WHERE {PLANNED} GROUP BY part"
        );
        let rows = sql::query(statement).fetch_all(self.store.pool()).await;
        let rows = rows.map_err(|error| self.store.failed(error))?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64>(1).unsigned_abs())).collect())
    }

    /// How many uncertain people were not asked for, and how many the list does not have any more.
    async fn uncertain_others(&self) -> Result<(u64, u64), StoreError> {
        let all = self.counts().await?.uncertain;
        if all == 0 {
            return Ok((0, 0));
        }
        let (kept, outside): (i64, i64) = sql::query_as(format!(
            "SELECT count(DISTINCT r.id), count(DISTINCT r.id) FILTER (WHERE l.outside) \
             FROM recipient r CROSS JOIN staging l \
             WHERE r.issue = ?1 AND r.state = 'uncertain' AND l.identity = {} \
             AND l.kept AND l.gone IS NULL",
            identity_now(self.any_moved().await?, "r")
        ))
        .bind(&self.issue)
        .fetch_one(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        Ok((outside.unsigned_abs(), all.saturating_sub(kept.unsigned_abs())))
    }

    /// How many whom the list has and keeps have the issue, and wait for a further copy.
    async fn waiting_copies(&self) -> Result<u64, StoreError> {
        let copies: i64 = sql::query_scalar(
            "SELECT count(DISTINCT r.id) FROM earlier_copy c \
             CROSS JOIN recipient r CROSS JOIN met m \
             WHERE r.id = c.recipient AND m.row = r.id AND r.issue = ?1 AND r.state IN ('pending', 'claimed', 'deferred')",
        )
        .bind(&self.issue)
        .fetch_one(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        Ok(copies.unsigned_abs())
    }

    /// The rows that are in one of these states, beside the list.
    async fn listed_of(&self, states: &'static str) -> Result<ListedRows, StoreError> {
        let statement = format!(
            "SELECT count(*), count(*) FILTER (WHERE said), \
               count(*) FILTER (WHERE said IS NULL AND (attempts = 0 OR unasked)), \
               count(*) FILTER (WHERE said IS NULL AND attempts > 0 AND NOT unasked) \
             FROM (SELECT attempts, unasked, \
                 (SELECT l.kept AND (l.gone IS NULL OR l.suppressed IS NOT NULL) \
                 FROM staging l WHERE l.identity = {}) AS said \
               FROM recipient WHERE issue = ?1 AND state IN ({states})) waiting",
            identity_now(self.any_moved().await?, "recipient")
        );
        let found: (i64, i64, i64, i64) = sql::query_as(statement)
            .bind(&self.issue)
            .fetch_one(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        let (all, kept, untried, tried) = found;
        let [all, kept, untried, tried] = [all, kept, untried, tried].map(i64::unsigned_abs);
        Ok(ListedRows { all, kept, untried, tried })
    }

    /// Fills the table of those who have a row.
    pub(super) async fn meet(&self, connection: &mut Connection) -> Result<(), SqlError> {
        sql::raw(MEET).execute(&mut *connection).await?;
        sql::query(MET).bind(&self.issue).execute(&mut *connection).await?;
        sql::raw(MET_BY_ENTRY).execute(&mut *connection).await?;
        self.meet_former(connection).await
    }

    /// How many people of the list are in a state of the ledger, as it is now.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_staged(&self, state: State) -> Result<u64, StoreError> {
        let failed = |error| self.store.failed(error);
        let mut connection = self.store.pool().acquire().await.map_err(failed)?;
        self.meet(&mut connection).await.map_err(failed)?;
        let count: i64 = sql::query_scalar(
            "SELECT count(*) FROM met m CROSS JOIN recipient r \
             WHERE r.id = m.row AND r.state = ?1",
        )
        .bind(state)
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
        Ok(count.unsigned_abs())
    }

    /// The list against the ledger. Rows that are `reopened` count among those to be sent to.
    ///
    /// # Errors
    /// The store's.
    pub async fn census(&self, reopened: Reopened, domains: i64) -> Result<Census, StoreError> {
        let failed = |error| self.store.failed(error);
        let settled = match reopened {
            Reopened { uncertain: true, refused: true } => "('accepted')",
            Reopened { uncertain: true, refused: false } => "('accepted', 'refused')",
            Reopened { uncertain: false, refused: true } => "('accepted', 'uncertain')",
            Reopened { uncertain: false, refused: false } => "('accepted', 'refused', 'uncertain')",
        };
        let mut connection = self.store.pool().acquire().await.map_err(failed)?;
        self.meet(&mut connection).await.map_err(failed)?;
        drop(connection);
        // One pass over both, of which the sums are taken: domains are many fewer than people.
        let statement = format!(
            "WITH sums AS MATERIALIZED (SELECT domain, state, count(*) AS n FROM (\
               SELECT {STAGED_DOMAIN} AS domain, r.state AS state \
               FROM met m CROSS JOIN recipient r CROSS JOIN staging l \
               WHERE r.id = m.row AND l.id = m.entry \
               UNION ALL SELECT {STAGED_DOMAIN}, '{NEW}' \
               FROM staging l {IN_ORDER} WHERE {PLANNED} AND {UNMET}) one GROUP BY 1, 2), \
             ranked AS (SELECT domain, CAST(sum(n) AS BIGINT) AS n, count(*) OVER () AS domains FROM sums \
               WHERE state NOT IN {settled} GROUP BY domain ORDER BY 2 DESC, domain LIMIT ?2) \
             SELECT state, CAST(sum(n) AS BIGINT), NULL FROM sums GROUP BY state \
             UNION ALL SELECT domain, n, domains FROM ranked"
        );
        let mut census = Census::default();
        let rows = sql::query(statement).bind(&self.issue).bind(domains);
        for row in rows.fetch_all(self.store.pool()).await.map_err(failed)? {
            let (name, number): (&str, i64) = (row.get(0), row.get(1));
            let number = number.unsigned_abs();
            match row.get::<Option<i64>>(2) {
                None if name == NEW => census.new = number,
                None => {
                    census.states.insert(self.state(&row, 0)?, number);
                }
                Some(all) => {
                    census.domains.push((name.to_owned(), number));
                    census.domain_count = all.unsigned_abs();
                }
            }
        }
        if census.states.contains_key(&State::Refused) {
            let given_up: i64 = sql::query_scalar(
                "SELECT count(*) FROM met m CROSS JOIN recipient r \
                 WHERE r.id = m.row AND r.state = 'refused' AND r.text LIKE ?1",
            )
            .bind(format!("{GIVEN_UP} %"))
            .fetch_one(self.store.pool())
            .await
            .map_err(failed)?;
            census.given_up = given_up.unsigned_abs();
        }
        census.moved = self.met_at_former().await?;
        census.copies = self.waiting_copies().await?;
        let waiting = self.listed_of("'pending', 'claimed', 'deferred'").await?;
        (census.waiting, census.leaving) = (waiting.all, waiting.all.saturating_sub(waiting.kept));
        (census.untried, census.tried) = (waiting.untried, waiting.tried);
        if census.leaving > 0 {
            let had = self.listed_of("'accepted', 'uncertain'").await?;
            // Whoever is in the list and gets no mail by it is not missing.
            census.had = (had.all, had.all.saturating_sub(had.untried + had.tried));
        }
        (_, census.outside) = self.planned_counts().await?;
        (census.uncertain_outside, census.uncertain_gone) = self.uncertain_others().await?;
        Ok(census)
    }
}

#[cfg(test)]
mod tests;
