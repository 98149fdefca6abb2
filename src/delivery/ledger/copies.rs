//! Further copies: somebody who has an issue is sent it once more, on purpose.
//!
//! A copy is an attempt of the same row, so that all that holds for a row holds for it: claimed before
//! its dot, recorded before it counts, uncertain if nobody can tell. What the row said of the copy
//! before is kept here. Must never send two for one wish: whoever repeats a command that was killed
//! wants what it wanted.

use super::{Ledger, LockedLedger};
use crate::delivery::id::{RevisionId, RowId, RunId};
use crate::delivery::state::State;
use crate::message::address::Address;
use crate::store::StoreError;
use crate::store::sql::{self, Connection, SqlError};

/// The step that keeps what a row said before; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- What a row said when somebody asked for a further copy.
CREATE TABLE earlier_copy (
    recipient INTEGER NOT NULL,
    -- The run that was to send the further copy.
    run INTEGER NOT NULL,
    message_id TEXT,
    code INTEGER,
    enhanced TEXT,
    text TEXT,
    at TEXT,
    -- Whether that run came to its end, or a later one has said what became of it.
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (recipient, run)
) WITHOUT ROWID;
";

/// The step that keeps copies which came to nothing; see [`super::STEPS`].
pub(super) const CLOSED: &str = "
-- Whether the copy came to nothing, and the row says again what it said before. Its Message-ID may have
-- reached the person all the same: no other copy gets it.
ALTER TABLE earlier_copy ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
";

/// What the ledger has of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneRow {
    /// The row.
    pub row: RowId,
    /// A word of [`State`].
    pub state: State,
    /// When it was settled last, RFC 3339.
    pub at: Option<String>,
    /// What its message is made of.
    pub revision: Option<RevisionId>,
    /// Copies that were wished for, those that came to nothing too.
    pub earlier: u64,
    /// The last copy was attempted by a run that was killed before it could say so.
    untold: bool,
    /// The earlier address of the person that it is for.
    former: Option<Address>,
    /// No row of theirs stands at the address of now, so that this one may go there.
    may_follow: bool,
}

impl OneRow {
    /// Whether the person has the issue, or may have it.
    pub fn is_had(&self) -> bool {
        matches!(self.state, State::Accepted | State::Uncertain) || self.earlier > 0
    }

    /// Whether it is surer than of another row that the person has the issue.
    pub(super) fn is_surer(&self, other: &OneRow) -> bool {
        self.state == State::Accepted && other.state != State::Accepted
    }

    /// The same of an earlier address of the person; it may go to the one of now, if it `may_follow`.
    pub(super) fn at_former(self, former: Address, may_follow: bool) -> OneRow {
        OneRow { former: Some(former), may_follow, ..self }
    }

    /// The earlier address of the person that it is for, if it is for one.
    pub fn former(&self) -> Option<&Address> {
        self.former.as_ref()
    }

    /// Whether a further copy of it would go to the address that the person has now.
    pub fn may_be_copied(&self) -> bool {
        self.former.is_none() || self.may_follow
    }

    /// Whether a dead sender has sent the copy that somebody wished for.
    pub fn was_sent_untold(&self) -> bool {
        self.untold && self.state == State::Accepted
    }
}

/// A row that is to get a further copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FurtherCopy {
    /// The row; it has been accepted.
    pub row: RowId,
    /// The copy's own Message-ID, without angle brackets.
    pub message_id: String,
}

impl Ledger {
    /// What there is of one person of the issue.
    ///
    /// # Errors
    /// The store's.
    pub async fn one(&self, address: &Address) -> Result<Option<OneRow>, StoreError> {
        let row = sql::query(
            "SELECT r.id, r.state, r.at, r.revision, \
               (SELECT count(*) FROM earlier_copy c WHERE c.recipient = r.id), \
               EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = r.id \
                 AND c.run <= r.claimed_by AND NOT c.told) \
             FROM person p JOIN recipient r ON r.id = p.recipient \
             WHERE p.issue = ?1 AND p.identity = ?2",
        )
        .bind(&self.issue)
        .bind(address.identity())
        .fetch_optional(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(OneRow {
            row: row.get(0),
            state: self.state(&row, 1)?,
            at: row.get(2),
            revision: row.get(3),
            earlier: row.get::<i64>(4).unsigned_abs(),
            untold: row.get(5),
            former: None,
            may_follow: false,
        }))
    }
}

/// How the text of a row goes on whose further copy came to nothing; the reply follows.
const NOT_TAKEN: &str = " (a further copy was not taken: ";

/// Rows whose further copy came to nothing, with what they said before: each was accepted then.
const FAILED: &str = "
SELECT r.id, c.run, r.code, r.enhanced, r.text, c.text
FROM earlier_copy c JOIN recipient r ON r.id = c.recipient
WHERE r.state IN ('refused', 'suppressed')
    AND c.run = (SELECT max(run) FROM earlier_copy last
        WHERE last.recipient = r.id AND NOT last.closed)";

/// A row is accepted again, as it was before.
const RESTORE: &str = "
UPDATE recipient SET state = 'accepted', text = ?3, next_attempt = NULL,
    (message_id, code, enhanced, at) = (SELECT message_id, code, enhanced, at
        FROM earlier_copy WHERE recipient = ?1 AND run = ?2)
WHERE id = ?1";

/// The copy is kept, for who counts them.
const CLOSE: &str = "
UPDATE earlier_copy SET closed = TRUE, told = TRUE WHERE recipient = ?1 AND run = ?2";

impl LockedLedger {
    /// Whoever has the issue, and was refused a further copy, still has it: the row says what it said
    /// before, and behind it what became of the wish. So does the row of somebody who has left the
    /// list while the copy waited.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn close_failed_copies(&self) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let rows = sql::query(FAILED).fetch_all(&mut *transaction).await.map_err(failed)?;
        for found in rows {
            let (row, run): (RowId, RunId) = (found.get(0), found.get(1));
            let code: Option<i64> = found.get(2);
            let words: [Option<String>; 2] = [found.get(3), found.get(4)];
            let reply =
                code.map(|code| code.to_string()).into_iter().chain(words.into_iter().flatten());
            let reply = reply.collect::<Vec<_>>().join(" ");
            // Of several wishes the last one is told.
            let before: String = found.get::<Option<String>>(5).unwrap_or_default();
            let before = before.split(NOT_TAKEN).next().unwrap_or_default();
            let restore = sql::query(RESTORE).bind(row).bind(run);
            let restore = restore.bind(format!("{before}{NOT_TAKEN}{reply})"));
            restore.execute(&mut *transaction).await.map_err(failed)?;
            let close = sql::query(CLOSE).bind(row).bind(run);
            close.execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }
}

impl LockedLedger {
    /// Lets an accepted row wait for a further copy; only [`LockedLedger::plan`] does.
    pub(super) async fn open_copy(
        &self,
        connection: &mut Connection,
        run: RunId,
        copy: &FurtherCopy,
    ) -> Result<(), SqlError> {
        // Whoever wishes for another one knows of those before.
        sql::query("UPDATE earlier_copy SET told = TRUE WHERE recipient = ?1")
            .bind(copy.row)
            .execute(&mut *connection)
            .await?;
        sql::query(
            "INSERT INTO earlier_copy (recipient, run, message_id, code, enhanced, text, at) \
             SELECT id, ?2, message_id, code, enhanced, text, at FROM recipient \
             WHERE id = ?1 AND state = 'accepted'",
        )
        .bind(copy.row)
        .bind(run)
        .execute(&mut *connection)
        .await?;
        LockedLedger::reopen_accepted(connection, run, copy.row, &copy.message_id).await
    }

    /// Notes that somebody knows what became of the copies of a row, or of those whom a run has
    /// claimed: its own, and those that a run before it could not tell of. Nothing has become yet of
    /// a copy that was put off.
    ///
    /// # Errors
    /// The store's.
    pub async fn copies_are_told(
        &self,
        row: Option<RowId>,
        run: Option<RunId>,
    ) -> Result<(), StoreError> {
        sql::query(
            "UPDATE earlier_copy SET told = TRUE WHERE NOT told AND EXISTS \
               (SELECT 1 FROM recipient r WHERE r.id = earlier_copy.recipient \
                AND (r.id = ?1 OR r.claimed_by = ?2) \
                AND r.state NOT IN ('pending', 'claimed', 'deferred'))",
        )
        .bind(row)
        .bind(run)
        .execute(self.store.pool())
        .await
        .map(|_| ())
        .map_err(|error| self.store.failed(error))
    }
}
