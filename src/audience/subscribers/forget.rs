//! Erases a person from the list, and from all that was written of their changes and their no. A keyed
//! hash stays, so that nobody mails them again by accident.
//!
//! Must leave nothing that names the person, and must never let them become somebody who may be mailed.

use jiff::Timestamp;

use crate::audience::suppression;
use crate::message::address::Address;
use crate::store::sql::{self, SqlError};
use crate::store::{Store, StoreError};

/// What is written in the place of somebody's words.
const FORGOTTEN: &str = "forgotten";

/// No import has said what is kept of them.
const UNSAID: &str = "
DELETE FROM suppression_import WHERE suppression IN
    (SELECT number FROM suppression WHERE kind = 'address' AND what = ?1)";

/// Every no of the person stays as one of a hash, whatever import is taken back.
const HASHED: &str = "
UPDATE suppression SET what = NULL, hash = ?2, why = ?3, import = NULL,
    released_why = CASE WHEN released_why IS NOT NULL THEN ?3 END
WHERE kind = 'address' AND what = ?1";

/// The day on which they were forgotten is that of a row of its own.
const SUPPRESS: &str = "
INSERT INTO suppression (kind, hash, reason, why, origin, at)
SELECT 'address', ?1, 'manual', ?2, 'command', ?3 WHERE ?4 OR NOT EXISTS
    (SELECT 1 FROM suppression WHERE hash = ?1 AND released_at IS NULL)";

/// Erases a person under this hash; whether the list had them.
///
/// # Errors
/// The store's; then nothing is erased.
pub async fn forget(
    store: &Store,
    address: &Address,
    hash: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let failed = |error| store.failed(error);
    suppression::overwrite_deleted(store).await?;
    let mut transaction = store.begin().await?;
    let identity = address.identity();
    let erased = async {
        sql::query(UNSAID).bind(identity.as_str()).execute(&mut *transaction).await?;
        let hashed = sql::query(HASHED).bind(identity.as_str()).bind(hash).bind(FORGOTTEN);
        let hashed = hashed.execute(&mut *transaction).await?.rows_affected();
        let mut had = 0;
        for statement in [
            "DELETE FROM subscriber_change WHERE identity = ?1",
            "DELETE FROM subscriber WHERE identity = ?1",
        ] {
            let delete = sql::query(statement).bind(identity.as_str());
            had = delete.execute(&mut *transaction).await?.rows_affected();
        }
        let suppress = sql::query(SUPPRESS).bind(hash).bind(FORGOTTEN).bind(at.as_millisecond());
        suppress.bind(had + hashed > 0).execute(&mut *transaction).await?;
        Ok::<_, SqlError>(had > 0)
    };
    let had = erased.await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(had)
}
