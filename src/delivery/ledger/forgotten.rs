//! A person who is forgotten, in the rows of the ledger: the counts of each issue stay, and nothing that
//! names the person.
//!
//! Must never let a row be sent to: whoever waits is suppressed.

use super::LockedLedger;
use crate::message::address::Address;
use crate::store::StoreError;
use crate::store::sql::{self, SqlError};

/// Rows of all issues, with a name in the place of the address. What a server said may have it too.
const ROWS: &str = "
UPDATE recipient SET identity = ?2, email = ?2, fields = '{}', tags = '[]',
    text = CASE WHEN state IN ('pending', 'claimed', 'deferred') THEN 'suppressed: forgotten'
        ELSE 'forgotten' END,
    next_attempt = NULL,
    state = CASE WHEN state IN ('pending', 'claimed', 'deferred') THEN 'suppressed' ELSE state END
WHERE identity = ?1";

const PERSONS: &str = "UPDATE person SET identity = ?2 WHERE identity = ?1";

/// What was reported of them counts on, and says nothing of them: a server's words may have the address.
const REPORTS: &str = "
UPDATE bounce SET identity = ?2, text = 'forgotten', why = 'forgotten', source = 'forgotten'
WHERE identity = ?1";

/// What nobody has decided about has been decided.
const UNDECIDED: &str = "DELETE FROM undecided_report WHERE identity = ?1";

/// The domain of those who are forgotten, which nobody has (RFC 6761).
const DOMAIN: &str = "forgotten.invalid";

/// What stands in the rows of issues in the place of the address of a person with this hash.
pub fn stand_in(hash: &str) -> String {
    format!("{}@{DOMAIN}", hash.replace(':', "-"))
}

impl LockedLedger {
    /// Takes a person out of the rows of every issue, and out of what was reported; `hash` stands for them. How many rows that were.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn forget_person(&self, address: &Address, hash: &str) -> Result<u64, StoreError> {
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let name = stand_in(hash);
        let identity = address.identity();
        let written = async {
            let rows = sql::query(ROWS).bind(identity.as_str()).bind(name.as_str());
            let rows = rows.execute(&mut *transaction).await?.rows_affected();
            let persons = sql::query(PERSONS).bind(identity.as_str()).bind(name.as_str());
            persons.execute(&mut *transaction).await?;
            let reports = sql::query(REPORTS).bind(identity.as_str()).bind(name.as_str());
            reports.execute(&mut *transaction).await?;
            let undecided = sql::query(UNDECIDED).bind(identity.as_str());
            undecided.execute(&mut *transaction).await?;
            Ok::<_, SqlError>(rows)
        };
        let rows = written.await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(rows)
    }
}
