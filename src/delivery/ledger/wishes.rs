//! Rows that have an outcome and are to be sent to all the same, because somebody asked for it:
//! what each of them was before.
//!
//! A wish belongs to the command that was given it. So a row remembers what it was until a relay was
//! asked about it, and what a run has not attempted falls back when it is over. Must never let a
//! later command send to somebody whom only an earlier one had named.

use super::{Ledger, LockedLedger};
use crate::delivery::id::{RowId, RunId};
use crate::delivery::journal::Settled;
use crate::delivery::state::State;
use crate::store::StoreError;
use crate::store::sql::{self, Connection, SqlError, SqlRow};

/// The step that keeps what rows were; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- Rows that a run sends to although they have an outcome, as they were before. The other columns of
-- a row do not change until it is attempted.
CREATE TABLE wish (
    recipient INTEGER PRIMARY KEY,
    -- The run that was asked to.
    run INTEGER NOT NULL,
    state TEXT NOT NULL,
    message_id TEXT,
    claimed_by INTEGER,
    first_attempt INTEGER,
    next_attempt INTEGER,
    charged INTEGER NOT NULL,
    stage TEXT
);
";

/// What every wish begins with; a condition follows.
const KEEP: &str = "
INSERT INTO wish (recipient, run, state, message_id, claimed_by, first_attempt, next_attempt,
    charged, stage)
SELECT id, ?2, state, message_id, claimed_by, first_attempt, next_attempt, charged, stage
FROM recipient";

/// Those of whom nobody can tell, as far as the list still has them: another attempt, with the
/// Message-ID that they had.
const UNCERTAIN_AGAIN: &str = "
UPDATE recipient SET state = 'pending', stage = 'dot'
WHERE issue = ?1 AND state = 'uncertain' AND planned_by = ?2";

/// Those whom a relay refused for good, in the same way, with the whole time that retries have.
const REFUSED_AGAIN: &str = "
UPDATE recipient
SET state = 'pending', first_attempt = NULL, next_attempt = NULL, charged = 0
WHERE issue = ?1 AND state = 'refused' AND planned_by = ?2";

/// Somebody who has the issue: a further copy, with a Message-ID of its own.
const COPY: &str = "
UPDATE recipient SET state = 'pending', stage = 'dot', message_id = ?3
WHERE id = ?1 AND state = 'accepted'";

/// The rows are what they were. Whoever was attempted has no wish any more.
const FALL_BACK: [&str; 3] = [
    "UPDATE recipient SET
        (state, message_id, claimed_by, first_attempt, next_attempt, charged, stage) =
        (SELECT state, message_id, claimed_by, first_attempt, next_attempt, charged, stage
         FROM wish WHERE wish.recipient = recipient.id)
     WHERE id IN (SELECT recipient FROM wish)",
    "DELETE FROM earlier_copy WHERE EXISTS
        (SELECT 1 FROM wish w WHERE w.recipient = earlier_copy.recipient
         AND w.run = earlier_copy.run AND w.state = 'accepted')",
    "DELETE FROM wish",
];

/// Rows with an outcome that a person wants to have tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reopened {
    /// Those of whom nobody can tell whether they have it.
    pub uncertain: bool,
    /// Those whom a relay refused for good.
    pub refused: bool,
}

impl Reopened {
    /// The states that are opened, and how.
    fn states(self) -> impl Iterator<Item = (State, &'static str)> {
        let uncertain = self.uncertain.then_some((State::Uncertain, UNCERTAIN_AGAIN));
        let refused = self.refused.then_some((State::Refused, REFUSED_AGAIN));
        uncertain.into_iter().chain(refused)
    }
}

/// A row that falls back, because nobody was asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The row.
    pub row: RowId,
    /// What it was, and is again.
    pub state: State,
    /// The Message-ID that it had.
    pub message_id: Option<String>,
}

impl LockedLedger {
    /// Lets the rows of the list that are `reopened` wait for another attempt; only
    /// [`LockedLedger::plan`] does.
    pub(super) async fn reopen(
        &self,
        connection: &mut Connection,
        run: RunId,
        reopened: Reopened,
    ) -> Result<(), SqlError> {
        for (state, again) in reopened.states() {
            let keep = format!("{KEEP} WHERE issue = ?1 AND state = '{state}' AND planned_by = ?2");
            for statement in [keep, again.to_owned()] {
                sql::query(statement).bind(&self.issue).bind(run).execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    /// Lets an accepted row wait for a further copy under this Message-ID.
    pub(super) async fn reopen_accepted(
        connection: &mut Connection,
        run: RunId,
        row: RowId,
        message_id: &str,
    ) -> Result<(), SqlError> {
        let keep = format!("{KEEP} WHERE id = ?1 AND state = 'accepted'");
        for statement in [keep, COPY.to_owned()] {
            sql::query(statement)
                .bind(row)
                .bind(run)
                .bind(message_id)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

impl Ledger {
    /// The wishes that nobody has attempted yet, of whatever issue.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn wishes(&self) -> Result<Vec<Withdrawn>, StoreError> {
        let rows = sql::query("SELECT recipient, state, message_id FROM wish ORDER BY recipient")
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        let wish = |row: &SqlRow| {
            Ok(Withdrawn { row: row.get(0), state: self.state(row, 1)?, message_id: row.get(2) })
        };
        rows.iter().map(wish).collect()
    }
}

impl LockedLedger {
    /// Lets every wish that was not attempted fall back to what its row was; how many did.
    ///
    /// # Errors
    /// The store's; then none has.
    pub(in crate::delivery) async fn withdraw(&self) -> Result<u64, StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let withdrawn = fall_back(&mut transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(withdrawn)
    }
}

impl LockedLedger {
    /// Those whom a relay was asked about have no wish any more; in the transaction that records it.
    pub(super) async fn fulfil(
        connection: &mut Connection,
        settled: &[Settled],
    ) -> Result<(), SqlError> {
        // Most runs have none.
        let some = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM wish)");
        if !some.fetch_one(&mut *connection).await? {
            return Ok(());
        }
        for settled in settled.iter().filter(|settled| !settled.unasked) {
            let delete = sql::query("DELETE FROM wish WHERE recipient = ?1").bind(settled.row);
            delete.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// See [`LockedLedger::withdraw`].
pub(super) async fn fall_back(connection: &mut Connection) -> Result<u64, SqlError> {
    let mut withdrawn = 0;
    for statement in FALL_BACK {
        withdrawn = sql::query(statement).execute(&mut *connection).await?.rows_affected();
    }
    Ok(withdrawn)
}
