//! Whose turn it is: rows claimed for a run, and the times at which deferred rows may come back.
//!
//! Times are milliseconds since 1970 as the run's clock counts them: the wall clock when the run
//! began, and a steady one from there on, so that a clock that is set makes nobody due.

use serde::{Deserialize, Serialize};

use super::person::person;
use super::{Claimed, Ledger, LockedLedger};
use crate::delivery::id::{RowId, RunId};
use crate::delivery::moment::Moment;
use crate::store::StoreError;
use crate::store::sql::{self, QueryBuilder};

/// The step that gives rows their times; see [`super::STEPS`].
pub(super) const TIMES: &str = "
-- Milliseconds since 1970: the first try, and the next one of a deferred row. 0 is at once.
ALTER TABLE recipient ADD COLUMN first_attempt INTEGER;
ALTER TABLE recipient ADD COLUMN next_attempt INTEGER;
-- Attempts that count towards the row's back-off: a relay that asks for patience costs nobody.
ALTER TABLE recipient ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
CREATE INDEX recipient_due ON recipient (issue, next_attempt) WHERE state = 'deferred';
-- A lane that is slow is left out of a claim.
ALTER TABLE recipient ADD COLUMN domain TEXT
    AS (substr(identity, instr(identity, '@') + 1)) VIRTUAL;
";

/// The step that tells rows that were not asked from attempts; see [`super::STEPS`].
pub(super) const UNASKED: &str = "
-- Whether the last outcome came without a word to a relay: it has used nothing of a limit.
ALTER TABLE recipient ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0;
";

/// The step that takes a domain from behind the last `@`; see [`super::STEPS`]. SQLite computes the
/// column when it is read, so no row is written.
pub(super) const DOMAIN: &str = "
-- A quoted local part may hold an @ of its own.
ALTER TABLE recipient DROP COLUMN domain;
ALTER TABLE recipient ADD COLUMN domain TEXT
    AS (substr(identity, length(rtrim(identity, replace(identity, '@', ''))) + 1)) VIRTUAL;
";

/// When a deferred row may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The row's first try.
    #[serde(rename = "first_ms")]
    pub first: Moment,
    /// Its next one.
    #[serde(rename = "next_ms")]
    pub next: Moment,
    /// Whether the last one counts towards its back-off.
    pub charged: bool,
}

/// What the ledger knows of a row's earlier tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// All of them.
    pub attempts: u32,
    /// Those that count towards its back-off.
    pub charged: u32,
    /// The first one.
    pub first: Option<Moment>,
    /// The last one, by the clock of the run that made it.
    pub last: Option<Moment>,
    /// It was deferred, by this run or an earlier one.
    pub deferred: bool,
    /// This run deferred it, and its time has come.
    pub again: bool,
    /// It was deferred after a refusal for good that may not be about it: others go first.
    pub refused: bool,
}

/// What a claim leaves where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skip {
    /// Rows of these domains.
    pub domains: Vec<String>,
    /// Up to this row only these domains have rows of the run without an attempt: the search begins
    /// behind it.
    pub after: RowId,
}

impl Skip {
    /// What the next claim leaves where it is: `domains`, and what earlier ones have searched.
    /// Half a list may be of one slow domain, or wait for a run that names it.
    pub fn then(&self, domains: Vec<String>) -> Skip {
        let searched = self.domains.iter().all(|domain| domains.contains(domain));
        Skip { after: if searched { self.after } else { RowId::default() }, domains }
    }

    /// The same when a claim that left this out has found `rows`. Rows wait for their first attempt
    /// in their order, and none begins to wait while a run goes on.
    pub fn found(&self, rows: &[Claimed]) -> Skip {
        let first_attempts = rows.iter().filter(|row| !row.earlier.deferred).map(|row| row.row);
        let after = match rows {
            [] => RowId(i64::MAX),
            _ => first_attempts.max().unwrap_or(self.after).max(self.after),
        };
        Skip { after, domains: self.domains.clone() }
    }
}

impl LockedLedger {
    /// Makes every deferred row due at once: somebody has started a run to try them.
    ///
    /// # Errors
    /// The store's.
    pub async fn make_deferred_due(&self) -> Result<(), StoreError> {
        sql::query("UPDATE recipient SET next_attempt = 0 WHERE issue = ?1 AND state = 'deferred'")
            .bind(&self.issue)
            .execute(self.store.pool())
            .await
            .map(|_| ())
            .map_err(|error| self.store.failed(error))
    }
}

impl Ledger {
    /// When messages of whatever issue were settled since then, the latest first and `most` of them
    /// at most; with `domain` only its recipients'. Who was put off without being asked has used
    /// nothing of a limit.
    ///
    /// # Errors
    /// The store's.
    pub async fn sent_since(
        &self,
        since: Moment,
        domain: Option<&str>,
        most: u32,
    ) -> Result<Vec<Moment>, StoreError> {
        // Issues of old runs are left out: nothing in them is new, and there may be many. Runs do not
        // overlap, so that whatever is new was sent by the last run that began before, or a later one.
        let begin = jiff::Timestamp::from_millisecond(since.0).unwrap_or_default().to_string();
        // As text, `00Z` stands behind `00.5Z`, and `00` before both. What is a part of a second too
        // old is left out below.
        let begin = begin.trim_end_matches('Z');
        let mut query = QueryBuilder::new(
            "SELECT at FROM recipient WHERE issue IN (SELECT issue FROM run WHERE id >= \
               (SELECT coalesce(max(id), 0) FROM run WHERE started_at < ",
        );
        query.push_bind(begin).push(")) AND NOT unasked AND at >= ").push_bind(begin);
        if let Some(domain) = domain {
            query.push(" AND domain = ").push_bind(domain.to_owned());
        }
        query.push(" ORDER BY at DESC LIMIT ").push_bind(i64::from(most));
        let times: Vec<String> = query
            .build_query_scalar()
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        let read = times.iter().filter_map(|text| Moment::read(text));
        Ok(read.filter(|at| *at >= since).collect())
    }
}

impl LockedLedger {
    /// Claims up to `limit` rows for `run`, durably: deferred ones whose time has come, then those
    /// that wait for their first attempt, in the order of the list, then deferred ones that were
    /// refused for good when they were last tried. `skip` stays where it is.
    ///
    /// # Errors
    /// The store's, or a row that cannot be read: then nobody is claimed.
    pub async fn claim(
        &self,
        run: RunId,
        limit: usize,
        now: Moment,
        skip: &Skip,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.in_place()?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut query = QueryBuilder::new("UPDATE recipient SET state = 'claimed', claimed_by = ");
        query.push_bind(run).push(" WHERE id IN (");
        self.due(&mut query, run, now, "(code IS NULL OR code < 500)", skip, limit);
        query.push(" UNION ALL SELECT id FROM (SELECT id FROM recipient WHERE state = 'pending' AND issue = ");
        query.push_bind(&self.issue);
        query.push(" AND id > ").push_bind(skip.after);
        query.push(" AND planned_by = ").push_bind(run);
        leave_out(&mut query, &skip.domains);
        query.push(" ORDER BY id LIMIT ").push_bind(limit).push(") waiting UNION ALL ");
        self.due(&mut query, run, now, "code >= 500", skip, limit);
        query.push(" LIMIT ").push_bind(limit);
        query.push(
            ") RETURNING id, identity, email, fields, tags, attempts, charged, first_attempt, \
              next_attempt, revision, code, message_id, at",
        );
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let rows = query.build().fetch_all(&mut *transaction).await.map_err(failed)?;
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let (next, code): (Option<i64>, Option<i64>) = (row.get(8), row.get(10));
            claimed.push(Claimed {
                row: row.get(0),
                revision: row.get(9),
                // Where one cannot be read, nothing is committed and nobody is claimed.
                recipient: person(&self.store, row)?,
                // Of a claim that a loss of power cut off, none was written down.
                message_id: row.get::<Option<String>>(11).filter(|id| !id.is_empty()),
                earlier: Earlier {
                    attempts: count(row.get(5)),
                    charged: count(row.get(6)),
                    first: row.get::<Option<i64>>(7).map(Moment),
                    last: row.get::<Option<String>>(12).as_deref().and_then(Moment::read),
                    deferred: next.is_some(),
                    again: next.is_some_and(|next| next > 0),
                    refused: next.is_some() && code.is_some_and(|code| code >= 500),
                },
            });
        }
        transaction.commit().await.map_err(failed)?;
        claimed.sort_by_key(|claimed| (claimed.earlier.refused, claimed.row));
        Ok(claimed)
    }

    /// The part of a claim that takes deferred rows whose time has come.
    fn due(
        &self,
        query: &mut QueryBuilder,
        run: RunId,
        now: Moment,
        which: &str,
        skip: &Skip,
        limit: i64,
    ) {
        query
            .push("SELECT id FROM (SELECT id FROM recipient WHERE state = 'deferred' AND issue = ");
        query.push_bind(self.issue.clone()).push(" AND next_attempt <= ").push_bind(now.0);
        query.push(" AND planned_by = ").push_bind(run).push(" AND ").push(which);
        leave_out(query, &skip.domains);
        query.push(" ORDER BY next_attempt LIMIT ").push_bind(limit).push(") due");
    }
}

fn leave_out(query: &mut QueryBuilder, domains: &[String]) {
    if domains.is_empty() {
        return;
    }
    query.push(" AND domain NOT IN (");
    let mut list = query.separated(", ");
    for domain in domains {
        list.push_bind(domain.clone());
    }
    query.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::ledger::{NewRun, STEPS};
    use crate::message::address::Address;
    use crate::message::recipient::Recipient;
    use crate::store::Store;

    #[test]
    fn no_claim_searches_what_another_has_searched() {
        let rows = |rows: &[(i64, bool)]| -> Vec<Claimed> {
            let row = |(row, deferred): &(i64, bool)| Claimed {
                row: RowId(*row),
                revision: None,
                recipient: Recipient::new(Address::parse("a@b.example").unwrap(), [], []),
                message_id: None,
                earlier: Earlier { deferred: *deferred, ..Earlier::default() },
            };
            rows.iter().map(row).collect()
        };
        let slow = || vec!["slow.example".to_owned()];
        let skip = Skip::default().then(Vec::new()).found(&rows(&[(7, false), (9, false)]));
        assert_eq!(skip.after, RowId(9));
        // Deferred rows come from anywhere and say nothing.
        let skip = skip.then(Vec::new()).found(&rows(&[(900, true)]));
        assert_eq!(skip.after, RowId(9));
        let skip = skip.then(slow()).found(&rows(&[(20, false), (30, true)]));
        assert_eq!((skip.after, skip.domains.len()), (RowId(20), 1));
        assert_eq!(skip.then(slow()).after, RowId(20));
        // The domain that was left out may stand before.
        assert_eq!(skip.then(Vec::new()).after, RowId(0));
        let skip = skip.then(slow()).found(&[]);
        assert_eq!(skip.then(slow()).after, RowId(i64::MAX));
        assert_eq!(skip.then(Vec::new()).after, RowId(0));
    }

    #[tokio::test]
    async fn what_was_sent_counts_however_many_runs_came_after_it() {
        let store = Store::nowhere(std::path::Path::new("a.db"), &STEPS).await.unwrap();
        let at = |minute: i64| jiff::Timestamp::from_second(1_762_437_600 + 60 * minute).unwrap();
        let begin = async |issue: &str, minute| {
            let ledger = Ledger::new(store.clone(), issue).lock("process 1").await.unwrap();
            let started_at = at(minute).to_string();
            let run = NewRun {
                content_hash: "hash",
                boot: "boot",
                reverse_path: "b@news.example",
                origin: &crate::delivery::ledger::origin::RunOrigin::default(),
                started_at: &started_at,
            };
            let mut connection = store.pool().acquire().await.unwrap();
            ledger.begin(&mut connection, &run).await.unwrap();
            drop(connection);
            ledger
        };
        // The first sends from minute 0 to 40, the others from then on nothing.
        for (issue, minute) in [("older", -60), ("old", 0)] {
            begin(issue, minute).await;
        }
        for (id, issue, minute) in [(1, "older", -30), (2, "old", 1), (3, "old", 40)] {
            sql::query(
                "INSERT INTO recipient \
                 (id, issue, identity, email, fields, tags, planned_by, state, at) \
                 VALUES (?1, ?2, CAST(?1 AS text) || '@a.example', '', '{}', '[]', 1, 'accepted', ?3)",
            )
            .bind(id)
            .bind(issue)
            .bind(at(minute).to_string())
            .execute(store.pool())
            .await
            .unwrap();
        }
        let mut last = begin("new", 41).await;
        for minute in 42..60 {
            last = begin("new", minute).await;
        }
        let sent = async |since: i64, domain, most| {
            last.sent_since(Moment::at(at(since)), domain, most).await.unwrap()
        };
        let ms = |minutes: &[i64]| -> Vec<Moment> {
            minutes.iter().map(|minute| Moment::at(at(*minute))).collect()
        };
        assert_eq!(sent(30, None, 9).await, ms(&[40]));
        assert_eq!(sent(0, Some("a.example"), 9).await, ms(&[40, 1]));
        assert_eq!(sent(-40, None, 2).await, ms(&[40, 1]));
        assert_eq!(sent(-40, None, 9).await, ms(&[40, 1, -30]));
        // Parts of the second in which the window begins.
        let part = "UPDATE recipient SET at = replace(at, 'Z', '.5Z') WHERE id = 3";
        sql::raw(part).execute(store.pool()).await.unwrap();
        assert_eq!(sent(40, None, 9).await, [Moment(ms(&[40])[0].0 + 500)]);
        let later = Moment(ms(&[40])[0].0 + 600);
        assert_eq!(last.sent_since(later, None, 9).await.unwrap(), []);
        // Somebody who was put off without a word to a relay.
        let unasked = "UPDATE recipient SET state = 'deferred', unasked = TRUE WHERE id = 3";
        sql::raw(unasked).execute(store.pool()).await.unwrap();
        assert_eq!(sent(-40, None, 9).await, ms(&[1, -30]));
    }
}
