//! The staging table -> the ledger, in one transaction: who is to get the issue, and which revision
//! of it.
//!
//! Each person has one row of an issue, which the key of `person` sees to. It is a table of its
//! own, and no index of `recipient`, because a list comes in any order and a key in that of the
//! addresses: each of the two tables is filled in its own order, so that a million rows are
//! written to the end of a file instead of all over it.

use super::copies::FurtherCopy;
use super::revision::PlannedText;
use super::wishes::Reopened;
use super::{Ledger, LockedLedger, NewRun, staging};
use crate::delivery::id::{RevisionId, RunId};
use crate::store::StoreError;
use crate::store::sql;

/// The step that takes the key out of `recipient`; see [`super::STEPS`].
pub(super) const PERSONS: &str = "
-- Who has a row: one row, one person, one copy. `identity` is the address in lower case.
CREATE TABLE person (
    issue TEXT NOT NULL,
    identity TEXT NOT NULL,
    recipient INTEGER NOT NULL,
    PRIMARY KEY (issue, identity)
) WITHOUT ROWID;
INSERT INTO person SELECT issue, identity, id FROM recipient ORDER BY issue, identity;
CREATE TABLE recipient_next (
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
    first_attempt INTEGER,
    next_attempt INTEGER,
    charged INTEGER NOT NULL DEFAULT 0,
    domain TEXT AS (substr(identity, instr(identity, '@') + 1)) VIRTUAL,
    revision INTEGER REFERENCES revision (id)
);
INSERT INTO recipient_next
    (id, issue, identity, email, fields, tags, state, attempts, planned_by, claimed_by, code,
     enhanced, text, message_id, at, first_attempt, next_attempt, charged, revision)
SELECT id, issue, identity, email, fields, tags, state, attempts, planned_by, claimed_by, code,
    enhanced, text, message_id, at, first_attempt, next_attempt, charged, revision
FROM recipient ORDER BY id;
DROP TABLE recipient;
ALTER TABLE recipient_next RENAME TO recipient;
CREATE INDEX recipient_by_state ON recipient (issue, state, id);
CREATE INDEX recipient_due ON recipient (issue, next_attempt) WHERE state = 'deferred';
";

/// The step that gives rows the stage of an earlier attempt; see [`super::STEPS`]. The check comes
/// with the column because a table that is there takes no other: the rows are read, not written.
pub(super) const STAGES: &str = "
-- Where a relay put the row off, or left us in doubt, at any attempt: it may have a copy of it.
ALTER TABLE recipient ADD COLUMN stage TEXT
    CHECK (state IN ('pending', 'claimed', 'accepted', 'deferred', 'refused', 'uncertain',
                     'suppressed'));
-- Of older attempts only the last reply is known. Whoever had more than one may have had a 4xx.
UPDATE recipient SET stage = 'dot'
WHERE state = 'uncertain'
    OR state <> 'accepted' AND attempts > 0 AND (attempts > 1 OR code < 500);
";

/// No relay can have the message of such a row: each attempt was refused, or made by nobody. Every
/// other row that waits repeats the bytes it had.
const FRESH: &str = "(stage IS NULL AND state NOT IN ('uncertain', 'refused'))";

impl LockedLedger {
    /// Begins a run, and puts the people of the staging table and what they are to get into the
    /// ledger, in one transaction. Who has an outcome keeps it; who waits gets the list's present
    /// fields and `text`, if no relay can have their message already; who waits and is not in the
    /// list any more is suppressed; who waits and was not asked for this time goes on waiting. With
    /// `reopened` those who have an outcome and are to be tried again wait, too, and so does whoever
    /// is to get a further `copy`. Returns the run.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn plan(
        &self,
        run: &NewRun<'_>,
        text: PlannedText<'_>,
        reopened: Reopened,
        copy: Option<&FurtherCopy>,
    ) -> Result<RunId, StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let run = self.begin(&mut transaction, run).await.map_err(failed)?;
        let revision = self.revise(&mut transaction, text).await.map_err(failed)?;
        let copied = copy.map(|copy| copy.row);
        self.follow(&mut transaction, reopened, copied).await.map_err(failed)?;
        if let Some(copy) = copy {
            self.open_copy(&mut transaction, run, copy).await.map_err(failed)?;
        }
        // Anew, because it was counted before a person was asked.
        self.meet(&mut transaction).await.map_err(failed)?;
        self.leave_behind(&mut transaction).await.map_err(failed)?;
        // New rows stand behind all others.
        let last: i64 = sql::query_scalar("SELECT coalesce(max(id), 0) FROM recipient")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        // In the place of a revision that nobody has: then no row repeats anything.
        let fresh = if let PlannedText::Instead(..) = text { "TRUE" } else { FRESH };
        for statement in [known(fresh), new(), persons(), LEAVERS.to_owned()] {
            sql::query(statement)
                .bind(&self.issue)
                .bind(run)
                .bind(revision)
                .bind(last)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        self.reopen(&mut transaction, run, reopened).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        self.drop_staging().await;
        Ok(run)
    }
}

impl LockedLedger {
    /// Removes all that is known of the issue but its runs, whose numbers are not given twice.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn forget(&self) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        for statement in [
            "DELETE FROM earlier_copy \
             WHERE recipient IN (SELECT id FROM recipient WHERE issue = ?1)",
            "DELETE FROM person WHERE issue = ?1",
            "DELETE FROM recipient WHERE issue = ?1",
            "DELETE FROM revision WHERE issue = ?1",
        ] {
            let delete = sql::query(statement).bind(&self.issue);
            delete.execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }
}

impl Ledger {
    /// The revisions that rows keep which the staged list would have sent to: a repetition has the
    /// bytes that the first attempt had. Asked after [`Ledger::census`].
    ///
    /// # Errors
    /// The store's.
    pub async fn kept_revisions(&self, reopened: Reopened) -> Result<Vec<RevisionId>, StoreError> {
        let uncertain = if reopened.uncertain { ", 'uncertain'" } else { "" };
        let refused = if reopened.refused { ", 'refused'" } else { "" };
        let statement = format!(
            "SELECT DISTINCT revision FROM met m CROSS JOIN recipient r \
             WHERE r.id = m.row AND state IN ('pending', 'deferred', 'suppressed'{uncertain}{refused}) AND NOT {FRESH} \
             AND revision IS NOT NULL"
        );
        sql::query_scalar(statement)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))
    }
}

/// Those who have a row, and at the address of now: what stands at an earlier one is sent to nobody. Where
/// a row is `is_fresh`, it gets what the list and the latest text say.
fn known(is_fresh: &str) -> String {
    let fresh = |name: &str, new: &str| {
        format!("{name} = CASE WHEN {is_fresh} THEN {new} ELSE recipient.{name} END, ")
    };
    let update: String = [
        fresh("email", "coalesce(l.email, l.identity)"),
        fresh("fields", "l.fields"),
        fresh("tags", "l.tags"),
    ]
    .concat();
    format!(
        "UPDATE recipient SET {update} \
         revision = CASE WHEN {is_fresh} OR revision IS NULL THEN ?3 ELSE revision END, \
         planned_by = ?2, state = CASE state WHEN 'suppressed' THEN 'pending' ELSE state END \
         FROM met m CROSS JOIN staging l \
         WHERE l.id = m.entry AND recipient.id = m.row AND recipient.identity = l.identity \
         AND [sqlite: + | postgres: ]state IN ('pending', 'deferred', 'suppressed', 'uncertain', 'refused')"
    )
}

/// Those who have none, in the order of the list.
fn new() -> String {
    format!(
        "INSERT INTO recipient (id, issue, identity, email, fields, tags, revision, planned_by) \
         SELECT l.id + ?4, ?1, l.identity, coalesce(l.email, l.identity), l.fields, l.tags, ?3, ?2 \
         FROM staging l {} WHERE {} AND {} ORDER BY l.id",
        staging::IN_ORDER,
        staging::PLANNED,
        staging::UNMET,
    )
}

/// The key of those rows.
fn persons() -> String {
    format!(
        "INSERT INTO person (issue, identity, recipient) SELECT ?1, l.identity, l.id + ?4 \
         FROM staging l {} WHERE {} AND {} ORDER BY l.identity",
        staging::IN_ORDER,
        staging::PLANNED,
        staging::UNMET,
    )
}

/// Those who wait and are not in the list any more, or of whom it, or a file of exceptions, says that
/// they get no mail. An earlier reply is not why.
const LEAVERS: &str = "
UPDATE recipient SET state = 'suppressed', code = NULL, enhanced = NULL, text = coalesce(
    (SELECT l.gone FROM staging l
     WHERE l.identity = recipient.identity AND l.gone IS NOT NULL LIMIT 1),
    'a later send did not have them in its list, or could not use their row')
WHERE issue = ?1 AND state IN ('pending', 'deferred') AND planned_by <> ?2
AND NOT EXISTS (SELECT 1 FROM staging l
    WHERE l.identity = recipient.identity AND l.kept AND l.gone IS NULL)
AND NOT EXISTS (SELECT 1 FROM former f CROSS JOIN staging l
    WHERE f.former = recipient.identity AND l.identity = f.identity AND l.kept AND l.gone IS NULL)";
