//! Erases a person from the list, and from all that was written of their changes and their no. A keyed
//! hash stays, so that nobody mails them again by accident.
//!
//! Must leave nothing that names the person, and must never let them become somebody who may be mailed.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::audience::{address_change, erasure};
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};

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

/// Nothing says any more which address was that of whom.
const FORMER: &[&str] = &[
    "DELETE FROM subscriber_former WHERE former = ?1 OR identity = ?1",
    "UPDATE suppression SET why = 'forgotten' WHERE reason = 'moved' \
     AND why = 'address changed to ' || ?1",
];

/// The day on which they were forgotten is that of a row of its own.
const SUPPRESS: &str = "
INSERT INTO suppression (kind, hash, reason, why, origin, at)
SELECT 'address', ?1, 'manual', ?2, 'command', ?3 WHERE ?4 OR NOT EXISTS
    (SELECT 1 FROM suppression WHERE hash = ?1 AND released_at IS NULL)";

/// What this room had of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedPerson {
    /// Whether the list had them.
    pub in_list: bool,
    /// Whether a no had been said of them.
    pub suppressed: bool,
    /// What they had asked for on a form.
    pub signups: u64,
}

/// Erases a person under this hash from those of these `tables` that are this room's; what they had of
/// them. A copy of a store may lack some.
///
/// # Errors
/// The database's.
pub async fn forget_within(
    connection: &mut Connection,
    tables: &BTreeSet<String>,
    (address, hash): (&Address, &str),
    at: Timestamp,
) -> Result<ErasedPerson, SqlError> {
    let identity = address.identity();
    if tables.contains("suppression_import") {
        sql::query(UNSAID).bind(identity.as_str()).execute(&mut *connection).await?;
    }
    let mut hashed = 0;
    if tables.contains("suppression") {
        let change = sql::query(HASHED).bind(identity.as_str()).bind(hash).bind(FORGOTTEN);
        hashed = change.execute(&mut *connection).await?.rows_affected();
    }
    if tables.contains("subscriber_earlier") {
        let delete = "DELETE FROM subscriber_earlier WHERE former = ?1 OR identity = ?1";
        sql::query(delete).bind(identity.as_str()).execute(&mut *connection).await?;
    }
    if tables.contains("subscriber_former") {
        for statement in FORMER {
            sql::query(*statement).bind(identity.as_str()).execute(&mut *connection).await?;
        }
    }
    let (mut had, mut signups) = (0, 0);
    if tables.contains("subscriber") {
        for statement in [
            "DELETE FROM subscriber_change WHERE identity = ?1",
            "DELETE FROM subscriber WHERE identity = ?1",
        ] {
            let delete = sql::query(statement).bind(identity.as_str());
            had = delete.execute(&mut *connection).await?.rows_affected();
        }
    }
    if tables.contains("signup") {
        let delete = sql::query("DELETE FROM signup WHERE identity = ?1").bind(identity.as_str());
        signups = delete.execute(&mut *connection).await?.rows_affected();
    }
    if tables.contains("address_change") {
        let delete = sql::query(address_change::FORGET).bind(identity.as_str());
        signups += delete.execute(&mut *connection).await?.rows_affected();
    }
    if tables.contains("erasure") {
        let done = sql::query(erasure::DONE).bind(identity.as_str()).bind(hash);
        done.bind(at.as_millisecond()).execute(&mut *connection).await?;
    }
    if tables.contains("suppression") {
        let suppress = sql::query(SUPPRESS).bind(hash).bind(FORGOTTEN).bind(at.as_millisecond());
        suppress.bind(had + hashed + signups > 0).execute(&mut *connection).await?;
    }
    Ok(ErasedPerson { in_list: had > 0, suppressed: hashed > 0, signups })
}
