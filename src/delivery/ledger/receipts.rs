//! What the ledger keeps so that it can be compared with receipts: the name that it has in them, what
//! became of its runs, and to which receipts of other ledgers a person has said yes.

use std::collections::BTreeMap;

use super::{Ledger, LockedLedger};
use crate::audience::except::LEFT_OUT_BY;
use crate::delivery::id::{RowId, RunId};
use crate::delivery::journal::{self, Found};
use crate::delivery::receipt::{self, AgreedReceipt, KnownSends, NamedRun, OtherIssue};
use crate::store::StoreError;
use crate::store::sql::{self, SqlError};

/// The step that gives the ledger its name in receipts; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- One row. Receipts name the ledger by a hash of it.
CREATE TABLE ledger_name (token TEXT NOT NULL);
INSERT INTO ledger_name VALUES (lower(hex(randomblob(16))));
-- Whether the ledger knows what became of the run: it came to its end, or its journal was read. A copy
-- that was made while it went on knows neither. Of older runs nothing is known, and none is asked about.
ALTER TABLE run ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
UPDATE run SET ended = 1;
-- What receipts said of other ledgers, where a person has said to send all the same.
CREATE TABLE agreed_receipt (
    issue TEXT NOT NULL,
    ledger TEXT NOT NULL,
    run TEXT NOT NULL,
    reached INTEGER NOT NULL,
    PRIMARY KEY (issue, ledger, run)
) WITHOUT ROWID;
";

/// The step that says for whom a yes was given; see [`super::STEPS`].
pub(super) const PARTS: &str = "
ALTER TABLE agreed_receipt RENAME TO agreed_before;
CREATE TABLE agreed_receipt (
    issue TEXT NOT NULL,
    ledger TEXT NOT NULL,
    run TEXT NOT NULL,
    reached INTEGER NOT NULL,
    -- As the command named it; empty for the whole list.
    part TEXT NOT NULL,
    PRIMARY KEY (issue, ledger, run, part)
) WITHOUT ROWID;
INSERT INTO agreed_receipt SELECT issue, ledger, run, reached, '' FROM agreed_before;
DROP TABLE agreed_before;
";

/// The step that keeps of which issues a person has said that another one is new; see
/// [`super::STEPS`]. A yes that an older version kept was for all issues, and is asked again; but an
/// issue that still waits has passed its questions, and goes on.
pub(super) const OTHERS: &str = "
CREATE TABLE another_issue (
    -- The one that was sent.
    issue TEXT NOT NULL,
    -- The one that it looked like, and that it is not.
    other TEXT NOT NULL,
    -- Who has sent that one and the content hash, where a receipt alone tells of it; else empty.
    ledger TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    -- For whom that was said, as the command named it; empty for the whole list.
    part TEXT NOT NULL,
    PRIMARY KEY (issue, other, ledger, content_hash, part)
) WITHOUT ROWID;
DELETE FROM agreed_receipt WHERE issue = '';
INSERT INTO another_issue
SELECT waiting.issue, sent.issue, '', '', ''
FROM (SELECT DISTINCT issue FROM recipient WHERE state IN ('pending', 'claimed', 'deferred')
    AND issue IN (SELECT issue FROM recipient WHERE state IN ('accepted', 'uncertain'))) waiting
JOIN (SELECT DISTINCT issue FROM run) sent ON sent.issue <> waiting.issue;
";

/// People who have the issue, may have it, or may have had it at any time: the number never falls.
/// Rows that are named count too.
const REACHED: &str = "
SELECT count(*) FROM recipient WHERE issue = ?1
AND (state IN ('accepted', 'uncertain') OR stage NOT IN ('mail', 'rcpt', 'data')
    OR id IN (SELECT CAST(e.value ->> 0 AS BIGINT) FROM [each ?2] e))";

/// The people of the list who have one of some issues, and do not have another one, nor were refused it:
/// nobody sends it to those again. Each counts once.
/// `{addresses}` are the rows of the list, with each address of their people.
const REACHED_OF_LIST: &str = "
SELECT count(DISTINCT l.identity) FROM {addresses} l
CROSS JOIN person p CROSS JOIN recipient r
WHERE p.issue IN (SELECT e.value ->> 0 FROM [each ?1] e) AND p.identity = l.address
AND r.id = p.recipient AND (l.kept AND l.gone IS NULL AND (?5 OR NOT l.outside)
    OR ?5 AND substr(l.gone, 1, length(?4)) = ?4)
AND (r.state IN ('accepted', 'uncertain') OR r.stage NOT IN ('mail', 'rcpt', 'data')
    OR r.id IN (SELECT CAST(e.value ->> 0 AS BIGINT) FROM [each ?2] e))
AND NOT EXISTS (SELECT 1 FROM {all} a CROSS JOIN person q CROSS JOIN recipient o
    WHERE o.id = q.recipient AND q.issue = ?3 AND q.identity = a.address
    AND (o.state IN ('accepted', 'uncertain', 'refused')
        OR o.id IN (SELECT CAST(e.value ->> 0 AS BIGINT) FROM [each ?2] e)))
AND NOT (?6 AND EXISTS (SELECT 1 FROM {all} a CROSS JOIN person n
    WHERE n.issue = ?3 AND n.identity = a.address))";

/// The rows of the list, each with the addresses that its person has and had.
const ALL_ADDRESSES: &str = "
(SELECT identity, identity AS address, kept, outside, gone FROM staging UNION ALL
 SELECT s.identity, f.former, s.kept, s.outside, s.gone
 FROM former f CROSS JOIN staging s WHERE s.identity = f.identity)";
const ALL_OF_PERSON: &str = "
(SELECT l.identity AS address UNION ALL
 SELECT f.former FROM former f WHERE f.identity = l.identity)";
/// The same where nobody has moved.
const ONE_ADDRESS: &str =
    "(SELECT identity, identity AS address, kept, outside, gone FROM staging)";

/// Which people of the list count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListPart {
    /// Those whom the command is for.
    Chosen,
    /// Those of them whom no send of this issue has planned yet.
    Unplanned,
    /// Also those who were not asked for, and those whom `--except` leaves out of this command alone: a
    /// later command sends to them.
    All,
}

impl Ledger {
    /// What the ledger knows of the sends of the issue, for who compares it with a receipt.
    /// [`recovery::known_sends`] asks the journal about people, too.
    ///
    /// [`recovery::known_sends`]: crate::delivery::recovery::known_sends
    ///
    /// # Errors
    /// The store's.
    pub async fn known_sends(&self) -> Result<KnownSends, StoreError> {
        let failed = |error| self.store.failed(error);
        let token: String = sql::query_scalar("SELECT token FROM ledger_name")
            .fetch_one(self.store.pool())
            .await
            .map_err(failed)?;
        Ok(KnownSends {
            issue: self.issue.clone(),
            ledger: receipt::ledger_name(&token),
            reached: self.reached(&[]).await?,
            runs: self.named_runs().await?,
            agreed: self.agreed().await?,
            part: String::new(),
        })
    }

    /// How many people have the issue, or may have it, those of these rows included.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn reached(&self, more: &[RowId]) -> Result<u64, StoreError> {
        let people: Result<i64, SqlError> = sql::query_scalar(REACHED)
            .bind(&self.issue)
            .bind(self.in_json(more)?)
            .fetch_one(self.store.pool())
            .await;
        Ok(people.map_err(|error| self.store.failed(error))?.unsigned_abs())
    }

    /// How many people of the list that was read have one of these other issues, or may have it, those
    /// of these rows included, and not this one.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn reached_of_list(
        &self,
        others: &[&str],
        more: &[RowId],
        part: ListPart,
    ) -> Result<u64, StoreError> {
        let (addresses, all) = if self.any_moved().await? {
            (ALL_ADDRESSES, ALL_OF_PERSON)
        } else {
            (ONE_ADDRESS, "(SELECT l.identity AS address)")
        };
        let statement = REACHED_OF_LIST.replace("{addresses}", addresses).replace("{all}", all);
        let people: Result<i64, SqlError> = sql::query_scalar(statement)
            .bind(self.in_json(others)?)
            .bind(self.in_json(more)?)
            .bind(&self.issue)
            .bind(LEFT_OUT_BY)
            .bind(part == ListPart::All)
            .bind(part == ListPart::Unplanned)
            .fetch_one(self.store.pool())
            .await;
        Ok(people.map_err(|error| self.store.failed(error))?.unsigned_abs())
    }

    fn in_json<T: serde::Serialize>(&self, values: &[T]) -> Result<String, StoreError> {
        let values: Vec<[&T; 1]> = values.iter().map(|value| [value]).collect();
        let text = serde_json::to_string(&values);
        text.map_err(|error| self.store.failed(SqlError::encode(error)))
    }

    /// All runs of the ledger, of whatever issue, as receipts name them; the last one last. Runs of an
    /// older version have no token, and no receipt names them.
    async fn named_runs(&self) -> Result<Vec<NamedRun>, StoreError> {
        let rows: Vec<(String, String, bool)> =
            sql::query_as("SELECT token, issue, ended FROM run WHERE token <> '' ORDER BY id")
                .fetch_all(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        // Of a damaged journal nobody can tell whose it is. It lies where a run was killed, and whoever
        // was claimed is uncertain then.
        let (journal, is_damaged) = match journal::read(&self.journal_path()) {
            Ok(Found::Journal(left)) => (left.head.token, false),
            Ok(Found::Nothing) => (String::new(), self.journal_path().exists()),
            Ok(Found::Unreadable) => (String::new(), true),
            Err(_) => (String::new(), false),
        };
        let named = |(token, issue, ended): (String, String, bool)| NamedRun {
            name: receipt::run_name(&token),
            issue,
            is_settled: ended || is_damaged || token == journal,
        };
        Ok(rows.into_iter().map(named).collect())
    }

    async fn agreed(&self) -> Result<Vec<AgreedReceipt>, StoreError> {
        let select = "SELECT ledger, run, reached, part FROM agreed_receipt WHERE issue = ?1";
        let rows: Vec<(String, String, i64, String)> = sql::query_as(select)
            .bind(&self.issue)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        let agreed = |(ledger, run, reached, part): (String, String, i64, String)| AgreedReceipt {
            ledger,
            run,
            reached: reached.unsigned_abs(),
            part,
        };
        Ok(rows.into_iter().map(agreed).collect())
    }
}

impl Ledger {
    /// Of which issues a person has said that this one is another, and for which part of the list.
    ///
    /// # Errors
    /// The store's.
    pub async fn other_issues(&self) -> Result<Vec<(OtherIssue, String)>, StoreError> {
        let select = "SELECT other, ledger, content_hash, part FROM another_issue WHERE issue = ?1";
        let rows: Vec<(String, String, String, String)> = sql::query_as(select)
            .bind(&self.issue)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        let other =
            |(name, ledger, content_hash, part)| (OtherIssue { name, ledger, content_hash }, part);
        Ok(rows.into_iter().map(other).collect())
    }

    /// The issues of which a person has said that they are others than this one, and whether that was
    /// said for everybody.
    ///
    /// # Errors
    /// The store's.
    pub async fn taken_for_another(&self) -> Result<BTreeMap<String, bool>, StoreError> {
        let select = "SELECT issue, max(CASE WHEN part = '' THEN 1 ELSE 0 END) = 1 FROM another_issue \
            WHERE other = ?1 AND ledger = '' GROUP BY issue";
        let issues: Vec<(String, bool)> = sql::query_as(select)
            .bind(&self.issue)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        Ok(issues.into_iter().collect())
    }
}

impl LockedLedger {
    /// Notes that a person has said that the issue is another one than these: for this part of the list
    /// it is not asked about them again.
    ///
    /// # Errors
    /// The store's; then some are asked about once more.
    pub async fn is_another(&self, others: &[OtherIssue], part: &str) -> Result<(), StoreError> {
        for OtherIssue { name, ledger, content_hash } in others {
            sql::query(
                "INSERT INTO another_issue (issue, other, ledger, content_hash, part) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )
            .bind(&self.issue)
            .bind(name)
            .bind(ledger)
            .bind(content_hash)
            .bind(part)
            .execute(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        }
        Ok(())
    }

    /// Notes that a person has said to send although these receipts know people who have the issue:
    /// this ledger does not ask about the same ones again, for the same part of the list.
    ///
    /// # Errors
    /// The store's; then some are asked about once more.
    pub async fn agree(&self, receipts: &[AgreedReceipt], part: &str) -> Result<(), StoreError> {
        for AgreedReceipt { ledger, run, reached, .. } in receipts {
            sql::query(
                "INSERT INTO agreed_receipt (issue, ledger, run, reached, part) \
                 VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (issue, ledger, run, part) DO UPDATE SET reached = \
                   CASE WHEN excluded.reached > agreed_receipt.reached THEN excluded.reached \
                   ELSE agreed_receipt.reached END",
            )
            .bind(&self.issue)
            .bind(ledger)
            .bind(run)
            .bind(i64::try_from(*reached).unwrap_or(i64::MAX))
            .bind(part)
            .execute(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        }
        Ok(())
    }

    /// Notes that the ledger knows what became of a run, before its journal goes.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn has_ended(&self, run: RunId) -> Result<(), StoreError> {
        sql::query("UPDATE run SET ended = TRUE WHERE id = ?1")
            .bind(run)
            .execute(self.store.pool())
            .await
            .map(|_| ())
            .map_err(|error| self.store.failed(error))
    }
}
