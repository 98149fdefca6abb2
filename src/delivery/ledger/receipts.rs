//! What the ledger keeps so that it can be compared with receipts: the name that it has in them, what
//! became of its runs, and to which receipts of other ledgers a person has said yes.

use super::{Ledger, LockedLedger};
use crate::delivery::id::{RowId, RunId};
use crate::delivery::journal::{self, Found};
use crate::delivery::receipt::{self, AgreedReceipt, KnownSends, NamedRun, Receipt};
use crate::store::StoreError;

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

/// People who have the issue, may have it, or may have had it at any time: the number never falls.
/// Rows that are named count too.
const REACHED: &str = "
SELECT count(*) FROM recipient WHERE issue = ?1
AND (state IN ('accepted', 'uncertain') OR stage NOT IN ('mail', 'rcpt', 'data')
    OR id IN (SELECT value FROM json_each(?2)))";

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
        let token: String = sqlx::query_scalar("SELECT token FROM ledger_name")
            .fetch_one(self.store.pool())
            .await
            .map_err(failed)?;
        Ok(KnownSends {
            issue: self.issue.clone(),
            ledger: receipt::ledger_name(&token),
            reached: self.reached(&[]).await?,
            runs: self.named_runs().await?,
            agreed: self.agreed().await?,
        })
    }

    /// How many people have the issue, or may have it, those of these rows included.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn reached(&self, more: &[RowId]) -> Result<u64, StoreError> {
        let failed = |error| self.store.failed(error);
        let more = serde_json::to_string(more);
        let more = more.map_err(|error| failed(sqlx::Error::Encode(error.into())))?;
        let people: i64 = sqlx::query_scalar(REACHED)
            .bind(&self.issue)
            .bind(more)
            .fetch_one(self.store.pool())
            .await
            .map_err(failed)?;
        Ok(people.unsigned_abs())
    }

    /// All runs of the ledger, of whatever issue, as receipts name them; the last one last. Runs of an
    /// older version have no token, and no receipt names them.
    async fn named_runs(&self) -> Result<Vec<NamedRun>, StoreError> {
        let rows: Vec<(String, String, bool)> =
            sqlx::query_as("SELECT token, issue, ended FROM run WHERE token <> '' ORDER BY id")
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
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as("SELECT ledger, run, reached FROM agreed_receipt WHERE issue = ?1")
                .bind(&self.issue)
                .fetch_all(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        let agreed = |(ledger, run, reached): (String, String, i64)| AgreedReceipt {
            ledger,
            run,
            reached: reached.unsigned_abs(),
        };
        Ok(rows.into_iter().map(agreed).collect())
    }
}

impl LockedLedger {
    /// Notes that a person has said to send although these receipts know people who have the issue:
    /// this ledger does not ask about the same ones again.
    ///
    /// # Errors
    /// The store's; then some are asked about once more.
    pub async fn agree(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        for receipt in receipts {
            let AgreedReceipt { ledger, run, reached } = AgreedReceipt::of(receipt);
            sqlx::query(
                "INSERT INTO agreed_receipt (issue, ledger, run, reached) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT DO UPDATE SET reached = max(reached, excluded.reached)",
            )
            .bind(&self.issue)
            .bind(ledger)
            .bind(run)
            .bind(i64::try_from(reached).unwrap_or(i64::MAX))
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
        sqlx::query("UPDATE run SET ended = 1 WHERE id = ?1")
            .bind(run)
            .execute(self.store.pool())
            .await
            .map(|_| ())
            .map_err(|error| self.store.failed(error))
    }
}
