//! Runs of `send`: what names each, how far its journal has been recorded, and when it sent.

use jiff::{SignedDuration, Timestamp};

use super::{Ledger, LockedLedger, NewRun};
use crate::delivery::id::RunId;
use crate::delivery::journal::Settled;
use crate::store::StoreError;
use crate::store::sql::{self, Connection, SqlError, SqlRow};

/// The step that gives runs a name and their times; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- What names the run in its journal too: an older copy of this file counts its runs anew.
ALTER TABLE run ADD COLUMN token TEXT NOT NULL DEFAULT '';
-- All lines of the journal up to this one were written when outcomes were recorded last.
ALTER TABLE run ADD COLUMN journal_line INTEGER NOT NULL DEFAULT 0;
-- The first and the last outcome that was recorded.
ALTER TABLE run ADD COLUMN first_at TEXT;
ALTER TABLE run ADD COLUMN last_at TEXT;
UPDATE run SET first_at = times.first_at, last_at = times.last_at
FROM (SELECT claimed_by, min(at) AS first_at, max(at) AS last_at FROM recipient
      WHERE at IS NOT NULL GROUP BY claimed_by) AS times
WHERE times.claimed_by = run.id;
";

/// The step that gives runs their sender; see [`super::STEPS`].
pub(super) const SENDER: &str = "
-- The reverse-path of the run's messages, with {token}; none in runs of an older version.
ALTER TABLE run ADD COLUMN reverse_path TEXT;
";

/// How far a run has written its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The run.
    pub run: RunId,
    /// The number of the journal's last line.
    pub line: u64,
}

/// When an issue was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first outcome.
    pub first: Timestamp,
    /// The last one.
    pub last: Timestamp,
    /// The time of sending: runs one after the other, without what lay between them.
    pub took: SignedDuration,
}

impl LockedLedger {
    /// Begins a run; only [`LockedLedger::plan`] does.
    pub(super) async fn begin(
        &self,
        connection: &mut Connection,
        run: &NewRun<'_>,
    ) -> Result<RunId, SqlError> {
        sql::query_scalar(
            "INSERT INTO run (issue, content_hash, boot, started_at, reverse_path, list, list_id, \
             from_address, publication, token) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
               [sqlite: lower(hex(randomblob(16))) \
               | postgres: replace(CAST(gen_random_uuid() AS text), '-', '')]) RETURNING id",
        )
        .bind(&self.issue)
        .bind(run.content_hash)
        .bind(run.boot)
        .bind(run.started_at)
        .bind(run.reverse_path)
        .bind(&run.origin.list)
        .bind(&run.origin.publication.list_id)
        .bind(&run.origin.publication.from)
        .bind(&run.origin.publication.name)
        .fetch_one(connection)
        .await
    }
}

impl Ledger {
    /// What names a run besides its number.
    ///
    /// # Errors
    /// The store's.
    pub async fn token(&self, run: RunId) -> Result<String, StoreError> {
        sql::query_scalar("SELECT token FROM run WHERE id = ?1")
            .bind(run)
            .fetch_one(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))
    }
}

impl LockedLedger {
    /// Notes that outcomes are recorded, in the transaction that records them.
    pub(super) async fn note_recorded(
        connection: &mut Connection,
        settled: &[Settled],
        written: Written,
    ) -> Result<(), SqlError> {
        sql::query(
            "UPDATE run SET journal_line = ?2, first_at = coalesce(first_at, ?3), \
             last_at = coalesce(?4, last_at) WHERE id = ?1",
        )
        .bind(written.run)
        .bind(i64::try_from(written.line).unwrap_or(i64::MAX))
        .bind(settled.first().map(|first| &first.at))
        .bind(settled.last().map(|last| &last.at))
        .execute(connection)
        .await
        .map(|_| ())
    }
}

impl Ledger {
    /// The last time that the last run of any issue has written. Of an earlier run nothing is asked:
    /// its clock may have been wrong, and somebody may have said so.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_entry(&self) -> Result<Option<Timestamp>, StoreError> {
        let times: Option<(String, Option<String>)> =
            sql::query_as("SELECT started_at, last_at FROM run ORDER BY id DESC LIMIT 1")
                .fetch_optional(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        let read = |text: String| text.parse::<Timestamp>().ok();
        Ok(times.and_then(|(begin, last)| last.and_then(read).max(read(begin))))
    }

    /// When the issue was sent; nothing where nobody has an outcome.
    ///
    /// # Errors
    /// The store's.
    pub async fn times(&self) -> Result<Option<Times>, StoreError> {
        let rows = sql::query(
            "SELECT first_at, last_at FROM run WHERE issue = ?1 AND first_at IS NOT NULL",
        )
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let read =
            |row: &SqlRow, at: usize| row.try_get::<String>(at).ok()?.parse::<Timestamp>().ok();
        let spans = rows.iter().filter_map(|row| Some((read(row, 0)?, read(row, 1)?)));
        Ok(together(spans))
    }
}

fn together(spans: impl Iterator<Item = (Timestamp, Timestamp)>) -> Option<Times> {
    spans.fold(None, |times, (first, last)| {
        // A clock that was set back in mid-run takes no time off.
        let took = last.duration_since(first).max(SignedDuration::ZERO);
        let Times { first, last, took } =
            times.map_or(Times { first, last, took }, |all: Times| Times {
                first: all.first.min(first),
                last: all.last.max(last),
                took: all.took + took,
            });
        Some(Times { first, last, took })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_two_runs_is_not_a_time_of_sending() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let times = together(
            [(at(100), at(160)), (at(9_000), at(9_030)), (at(9_900), at(9_000))].into_iter(),
        );
        let (first, last, took) = (at(100), at(9_030), SignedDuration::from_secs(90));
        assert_eq!(times, Some(Times { first, last, took }));
        assert_eq!(together(std::iter::empty()), None);
    }
}
