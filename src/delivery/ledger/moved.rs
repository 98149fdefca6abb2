//! People of the list whose address has changed: an issue that went to an earlier address is one that they
//! have.
//!
//! Must never let a change of address bring anybody a second copy.

use super::Ledger;
use crate::store::StoreError;
use crate::store::sql;

/// Why somebody gets no further copy.
pub const HAD_BEFORE: &str = "had it at an earlier address";

/// Whether a message to an earlier address was delivered, or may have been.
const HAD: &str = "
UPDATE staging SET gone = ?2 WHERE kept AND gone IS NULL AND NOT outside AND identity IN
    (SELECT f.identity FROM subscriber_former f
     JOIN person p ON p.issue = ?1 AND p.identity = f.former
     JOIN recipient r ON r.id = p.recipient
     WHERE r.state IN ('accepted', 'uncertain', 'claimed'))
AND NOT EXISTS (SELECT 1 FROM person p WHERE p.issue = ?1 AND p.identity = staging.identity)";

/// Who has the issue `?1` under an earlier address has it under the one of now.
pub(super) const GOT_BEFORE: &str = "
INSERT INTO temp.got (number, identity)
SELECT DISTINCT g.number, f.identity FROM temp.got g
JOIN subscriber_former f ON f.former = g.identity
WHERE g.number = ?1 AND NOT EXISTS
    (SELECT 1 FROM temp.got o WHERE o.number = g.number AND o.identity = f.identity)";

/// How many people have it: who has two addresses there is one.
pub(super) const PEOPLE_WITH: &str = "
SELECT count(*) FROM temp.got g WHERE g.number = ?1 AND NOT EXISTS
    (SELECT 1 FROM subscriber_former f WHERE f.former = g.identity)";

impl Ledger {
    /// Takes those out of the staging table who have the issue at an earlier address; how many they are.
    ///
    /// # Errors
    /// The store's.
    pub async fn leave_moved_out(&self) -> Result<u64, StoreError> {
        // A list that is only looked at has no issues beside it.
        if !self.has_suppressions().await? {
            return Ok(0);
        }
        let left = sql::query(HAD).bind(&self.issue).bind(HAD_BEFORE);
        let left = left.execute(self.store.pool()).await;
        Ok(left.map_err(|error| self.store.failed(error))?.rows_affected())
    }
}
