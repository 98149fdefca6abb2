//! What the ledger knows, for people and scripts: counts, lists, domains. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Ledger;
use super::moved::NO_PERSON;
use crate::delivery::id::{RowId, RunId};
use crate::delivery::state::State;
use crate::delivery::verdict::GIVEN_UP;
use crate::message::address::Address;
use crate::store::sql::{self, QueryBuilder, SqlRow};
use crate::store::{Store, StoreError};

/// How many rows of an issue are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All rows.
    pub planned: u64,
    /// The relay took the message.
    pub accepted: u64,
    /// The relay refused it for good.
    pub refused: u64,
    /// The relay refused it for now.
    pub deferred: u64,
    /// Nobody can tell whether the relay took it.
    pub uncertain: u64,
    /// Not to be mailed any more.
    pub suppressed: u64,
    /// Not attempted yet.
    pub pending: u64,
}

impl Counts {
    /// Whether every recipient has a final outcome.
    pub fn is_final(&self) -> bool {
        self.deferred == 0 && self.uncertain == 0 && self.pending == 0
    }

    /// The same once these outcomes have come, of people who waited: first of those who were put off.
    pub(crate) fn and(self, outcomes: Counts) -> Counts {
        let Counts { accepted, refused, deferred, uncertain, .. } = outcomes;
        let settled = accepted + refused + deferred + uncertain;
        let of_deferred = self.deferred.min(settled);
        Counts {
            accepted: self.accepted + accepted,
            refused: self.refused + refused,
            deferred: self.deferred - of_deferred + deferred,
            uncertain: self.uncertain + uncertain,
            pending: self.pending.saturating_sub(settled - of_deferred),
            ..self
        }
    }
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreContents {
    /// Issues that were sent, or begun.
    pub issues: u64,
    /// Their people.
    pub rows: u64,
    /// People of the list, whatever their status.
    pub subscribers: u64,
    /// Suppressions in force.
    pub suppressions: u64,
}

/// How much a store holds.
///
/// # Errors
/// The store's.
pub async fn held(store: &Store) -> Result<StoreContents, StoreError> {
    let issues = issues(store).await?;
    let mut rows = 0;
    for issue in &issues {
        rows += Ledger::new(store.clone(), issue).counts().await?.planned;
    }
    let people = "SELECT (SELECT count(*) FROM subscriber), \
         (SELECT count(*) FROM suppression WHERE released_at IS NULL)";
    let people = sql::query(people).fetch_one(store.pool()).await;
    let people = people.map_err(|error| store.failed(error))?;
    let count = |at| people.get::<i64>(at).unsigned_abs();
    let (subscribers, suppressions) = (count(0), count(1));
    Ok(StoreContents { issues: issues.len() as u64, rows, subscribers, suppressions })
}

/// A row as `status` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The address.
    pub email: String,
    /// What became of it.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// The last reply's code.
    pub code: Option<i64>,
    /// The last reply's enhanced status code.
    pub enhanced: Option<String>,
    /// The last reply's text, or what happened.
    pub text: Option<String>,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// Whether this is about a further copy: they have the issue.
    pub further_copy: bool,
}

impl Listed {
    /// The last reply in one line, with both of its codes: `550 5.1.1 no such mailbox`.
    pub fn reply(&self) -> String {
        let code = self.code.map(|code| code.to_string());
        let text = self.text.as_ref().map(|text| text.replace('\n', " "));
        let copy = self.further_copy && self.state != State::Accepted;
        let copy = copy.then(|| "(a further copy: they have the issue)".to_owned());
        let parts = [code, self.enhanced.clone(), text, copy];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Whether it was put off until its time was over; see `docs/ledger.md`, "Trying again".
    pub fn was_given_up(&self) -> bool {
        self.given_up_after().is_some()
    }

    /// How long the relay said "not now" before it was given up, `25 h`, and the words of the last
    /// reply.
    fn given_up_after(&self) -> Option<(&str, &str)> {
        let text = self.text.as_deref().filter(|_| self.state == State::Refused)?;
        text.strip_prefix(GIVEN_UP)?.strip_prefix(' ')?.split_once(": ")
    }

    /// What became of somebody who was refused: `refused (550 5.1.1 no such user)`, or `given up after
    /// 25 h of "not now" (450 4.2.1 busy)`.
    pub fn refusal(&self) -> String {
        match self.given_up_after() {
            None => format!("refused ({})", self.reply()),
            Some((after, said)) => {
                let last = Listed { text: Some(said.to_owned()), ..self.clone() };
                format!("given up after {after} of \"not now\" ({})", last.reply())
            }
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(all: I) -> Counts {
        all.fold(Counts::default(), |sum, one| Counts {
            planned: sum.planned + one.planned,
            accepted: sum.accepted + one.accepted,
            refused: sum.refused + one.refused,
            deferred: sum.deferred + one.deferred,
            uncertain: sum.uncertain + one.uncertain,
            suppressed: sum.suppressed + one.suppressed,
            pending: sum.pending + one.pending,
        })
    }
}

/// Whether a relay may have the message of a row, from any attempt. Put off before the text, it has
/// none; a row that waits again after it was accepted or uncertain has the stage of that. The states
/// are in an index; a stage is searched for only where nobody has any of them.
const MAY_BE_HAD: &str = "
SELECT EXISTS (SELECT 1 FROM recipient WHERE issue = ?1 AND state IN ('accepted', 'uncertain'))
OR EXISTS (SELECT 1 FROM recipient WHERE issue = ?1 AND stage NOT IN ('mail', 'rcpt', 'data'))";

const IS_WAITED_FOR: &str = "
SELECT EXISTS (SELECT 1 FROM recipient
    WHERE issue = ?1 AND state IN ('pending', 'claimed', 'deferred'))";

impl Counts {
    fn add(&mut self, state: State, number: u64) {
        self.planned += number;
        match state {
            State::Accepted => self.accepted += number,
            State::Refused => self.refused += number,
            State::Deferred => self.deferred += number,
            State::Uncertain => self.uncertain += number,
            State::Suppressed => self.suppressed += number,
            State::Pending | State::Claimed => self.pending += number,
        }
    }

    /// How many are in each state, in the order in which people are told.
    pub fn by_state(&self) -> [(State, u64); 6] {
        [
            (State::Accepted, self.accepted),
            (State::Refused, self.refused),
            (State::Deferred, self.deferred),
            (State::Uncertain, self.uncertain),
            (State::Suppressed, self.suppressed),
            (State::Pending, self.pending),
        ]
    }
}

/// A moment of the ledger as people read it: pace counts by its fractions, and nobody else does.
fn whole_second(at: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(moment) => moment.strftime("%FT%TZ").to_string(),
        Err(_) => at.to_owned(),
    }
}

/// The issues that a store knows, in the order of their first run.
///
/// # Errors
/// The store's.
pub async fn issues(store: &Store) -> Result<Vec<String>, StoreError> {
    sql::query_scalar("SELECT issue FROM run GROUP BY issue ORDER BY min(id)")
        .fetch_all(store.pool())
        .await
        .map_err(|error| store.failed(error))
}

/// Of these identities, those that an issue was for.
///
/// # Errors
/// The store's.
pub async fn known_of(
    store: &Store,
    identities: &BTreeSet<String>,
) -> Result<Vec<String>, StoreError> {
    let each: Vec<[&String; 1]> = identities.iter().map(|one| [one]).collect();
    sql::query_scalar(
        "SELECT DISTINCT identity FROM person \
         WHERE identity IN (SELECT j.value ->> 0 FROM [each ?1] j)",
    )
    .bind(serde_json::json!(each).to_string())
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))
}

/// Whether somebody may have mail of an issue in the store, or was asked about at least.
const REACHED: &str = "
SELECT EXISTS (SELECT 1 FROM recipient WHERE state IN ('accepted', 'uncertain', 'claimed'))
OR EXISTS (SELECT 1 FROM recipient WHERE attempts > 0)";

/// Whether somebody may have mail of any issue in the store.
///
/// # Errors
/// The store's.
pub async fn has_reached_somebody(store: &Store) -> Result<bool, StoreError> {
    let reached = sql::query_scalar(REACHED).fetch_one(store.pool()).await;
    reached.map_err(|error| store.failed(error))
}

impl Ledger {
    /// The state that a row names: a word that is none must not count as waiting.
    pub(super) fn state(&self, row: &SqlRow, column: usize) -> Result<State, StoreError> {
        row.try_get(column).map_err(|error| self.store.failed(error))
    }

    fn listed(&self, row: &SqlRow) -> Result<Listed, StoreError> {
        Ok(Listed {
            email: row.get(0),
            state: self.state(row, 1)?,
            attempts: row.get(2),
            code: row.get(3),
            enhanced: row.get(4),
            text: row.get(5),
            message_id: row.get(6),
            at: row.get::<Option<String>>(7).map(|at| whole_second(&at)),
            further_copy: row.get(8),
        })
    }

    /// How many rows are in which state.
    ///
    /// # Errors
    /// The store's.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let rows =
            sql::query("SELECT state, count(*) FROM recipient WHERE issue = ?1 GROUP BY state")
                .bind(&self.issue)
                .fetch_all(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        self.tallied(&rows)
    }

    /// Whether anybody has the issue or may have it; [`may_be_had`] asks the journal too.
    ///
    /// [`may_be_had`]: crate::delivery::recovery::may_be_had
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn may_be_had(&self) -> Result<bool, StoreError> {
        sql::query_scalar(MAY_BE_HAD)
            .bind(&self.issue)
            .fetch_one(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))
    }

    /// Whether people still wait for the issue: the next send of it tries them.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn is_waited_for(&self) -> Result<bool, StoreError> {
        sql::query_scalar(IS_WAITED_FOR)
            .bind(&self.issue)
            .fetch_one(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))
    }

    /// How many of these rows are of this issue and do not say that the relay took the message.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn not_accepted_yet(
        &self,
        rows: &[RowId],
    ) -> Result<u64, StoreError> {
        let statement = "SELECT count(*) FROM recipient WHERE issue = ?1 AND state <> 'accepted' \
             AND id IN (SELECT CAST(e.value ->> 0 AS BIGINT) FROM [each ?2] e)";
        let rows = serde_json::json!(rows.iter().map(|row| [row.0]).collect::<Vec<_>>());
        let count: i64 = sql::query_scalar(statement)
            .bind(&self.issue)
            .bind(rows.to_string())
            .fetch_one(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        Ok(count.unsigned_abs())
    }

    /// The Message-IDs under which people of the issue were sent to, without angle brackets.
    ///
    /// # Errors
    /// The store's.
    pub async fn message_ids(&self) -> Result<Vec<String>, StoreError> {
        sql::query_scalar(
            "SELECT message_id FROM recipient WHERE issue = ?1 AND message_id IS NOT NULL \
             UNION ALL SELECT c.message_id FROM earlier_copy c \
             JOIN recipient r ON r.id = c.recipient WHERE r.issue = ?1 AND c.message_id IS NOT NULL",
        )
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))
    }

    /// When the first and the last of those people were settled who were attempted, RFC 3339.
    ///
    /// # Errors
    /// The store's.
    pub async fn span(&self) -> Result<Option<(String, String)>, StoreError> {
        let (first, last): (Option<String>, Option<String>) = sql::query_as(
            "SELECT min(at), max(at) FROM recipient WHERE issue = ?1 \
             AND (attempts > 0 OR state IN ('accepted', 'refused', 'deferred', 'uncertain'))",
        )
        .bind(&self.issue)
        .fetch_one(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        Ok(first.zip(last))
    }

    /// The rows in a state, in the order of the list, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, state: State, limit: i64) -> Result<Vec<Listed>, StoreError> {
        self.list_any(&[state], limit).await
    }

    /// The rows in one of several states, likewise.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_any(&self, states: &[State], limit: i64) -> Result<Vec<Listed>, StoreError> {
        let mut query = QueryBuilder::new(
            "SELECT email, state, attempts, code, enhanced, text, message_id, at, \
               EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = recipient.id) \
             FROM recipient WHERE issue = ",
        );
        query.push_bind(&self.issue).push(" AND state IN (");
        let mut list = query.separated(", ");
        for state in states {
            list.push_bind(*state);
        }
        query.push(") ORDER BY id LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(self.store.pool()).await;
        let rows = rows.map_err(|error| self.store.failed(error))?;
        rows.iter().map(|row| self.listed(row)).collect()
    }

    /// The rows of all who were planned and are not known to have the issue, in the order of the
    /// list. Whoever was asked for a further copy has the earlier one.
    ///
    /// # Errors
    /// The store's.
    pub async fn missed(&self) -> Result<Vec<Listed>, StoreError> {
        let rows = sql::query(format!(
            "SELECT email, state, attempts, code, enhanced, text, message_id, at, FALSE \
             FROM recipient WHERE issue = ?1 AND state <> 'accepted' AND NOT {NO_PERSON} \
             AND id NOT IN (SELECT recipient FROM earlier_copy) ORDER BY id"
        ))
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        rows.iter().map(|row| self.listed(row)).collect()
    }

    /// The row of one person, if it is in that state.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_one(
        &self,
        address: &Address,
        state: State,
    ) -> Result<Vec<Listed>, StoreError> {
        let rows = sql::query(
            "SELECT r.email, r.state, r.attempts, r.code, r.enhanced, r.text, r.message_id, r.at, \
               EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = r.id) \
             FROM person p JOIN recipient r ON r.id = p.recipient \
             WHERE p.issue = ?1 AND p.identity = ?2 AND r.state = ?3",
        )
        .bind(&self.issue)
        .bind(address.identity())
        .bind(state)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        rows.iter().map(|row| self.listed(row)).collect()
    }

    /// The people of the staged list in a state, in the order of their rows, at most `limit`. Asked
    /// after [`Ledger::census`] or [`Ledger::count_staged`].
    ///
    /// # Errors
    /// The store's.
    pub async fn list_staged(&self, state: State, limit: i64) -> Result<Vec<Listed>, StoreError> {
        let rows = sql::query(
            "SELECT email, state, attempts, code, enhanced, text, message_id, at, \
               EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = recipient.id) \
             FROM recipient WHERE issue = ?1 AND state = ?2 \
             AND id IN (SELECT row FROM met) ORDER BY id LIMIT ?3",
        )
        .bind(&self.issue)
        .bind(state)
        .bind(limit)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        rows.iter().map(|row| self.listed(row)).collect()
    }

    /// What became of those whom a run was for: who got an outcome in it, and who still waits.
    ///
    /// # Errors
    /// The store's.
    pub async fn counts_of_run(&self, run: RunId) -> Result<Counts, StoreError> {
        let rows = sql::query(
            "SELECT state, count(*) FROM recipient WHERE issue = ?1 AND (claimed_by = ?2 \
               OR planned_by = ?2 AND state IN ('pending', 'claimed', 'deferred')) GROUP BY state",
        )
        .bind(&self.issue)
        .bind(run)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        self.tallied(&rows)
    }

    /// Rows of a state and how many are in it.
    fn tallied(&self, rows: &[SqlRow]) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        for row in rows {
            let (state, number): (State, i64) = (self.state(row, 0)?, row.get(1));
            counts.add(state, number.unsigned_abs());
        }
        Ok(counts)
    }

    /// How many people were given up in a run, because their time was over.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn given_up_in(&self, run: RunId) -> Result<u64, StoreError> {
        let count: i64 = sql::query_scalar(
            "SELECT count(*) FROM recipient \
             WHERE issue = ?1 AND state = 'refused' AND claimed_by = ?2 AND text LIKE ?3",
        )
        .bind(&self.issue)
        .bind(run)
        .bind(format!("{GIVEN_UP} %"))
        .fetch_one(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        Ok(count.unsigned_abs())
    }

    /// The first person whom a relay refused for good in a run; one who was given up only where all
    /// of them were.
    ///
    /// # Errors
    /// The store's.
    pub async fn first_refused(&self, run: RunId) -> Result<Option<Listed>, StoreError> {
        let row = sql::query(
            "SELECT email, state, attempts, code, enhanced, text, message_id, at, \
               EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = recipient.id) \
             FROM recipient WHERE issue = ?1 AND state = 'refused' AND claimed_by = ?2 \
             ORDER BY coalesce(text LIKE ?3, FALSE), id LIMIT 1",
        )
        .bind(&self.issue)
        .bind(run)
        .bind(format!("{GIVEN_UP} %"))
        .fetch_optional(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        row.map(|row| self.listed(&row)).transpose()
    }

    /// The counts of each recipient domain; their sum is that of the issue at the same moment.
    ///
    /// # Errors
    /// The store's.
    pub async fn domains(&self) -> Result<BTreeMap<String, Counts>, StoreError> {
        let rows = sql::query(
            "SELECT [sqlite: substr(identity, instr(identity, '@') + 1) | postgres: domain], \
               state, count(*) \
             FROM recipient WHERE issue = ?1 GROUP BY 1, 2",
        )
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let mut domains: BTreeMap<String, Counts> = BTreeMap::new();
        for row in rows {
            let (domain, state, number): (String, State, i64) =
                (row.get(0), self.state(&row, 1)?, row.get(2));
            // A quoted local part may hold an @ of its own.
            let domain = domain.rsplit('@').next().unwrap_or_default().to_owned();
            domains.entry(domain).or_default().add(state, number.unsigned_abs());
        }
        Ok(domains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::ledger::STEPS;

    #[tokio::test]
    async fn a_row_in_no_known_state_cannot_be_written_and_never_counts_as_waiting() {
        let store = Store::nowhere(std::path::Path::new("a.db"), &STEPS).await.unwrap();
        let insert = "INSERT INTO recipient \
             (issue, identity, email, fields, tags, planned_by, state) \
             VALUES ('x', 'kim@a.example', 'kim@a.example', '{}', '[]', 1, 'sent')";
        let refused = sql::raw(insert).execute(store.pool()).await.unwrap_err();
        assert!(refused.to_string().contains("CHECK constraint failed"), "{refused}");
        // As a program without the check would write it.
        let unchecked = "PRAGMA ignore_check_constraints = 1";
        sql::raw(unchecked).execute(store.pool()).await.unwrap();
        sql::raw(insert).execute(store.pool()).await.unwrap();
        let error = Ledger::new(store, "x").counts().await.unwrap_err();
        assert!(error.to_string().contains("a row is in the state \"sent\""), "{error}");
    }
}
