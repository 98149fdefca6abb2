//! Addresses that somebody has changed in our own export, by hand: its row would be a second person.
//!
//! Must never take two people for one: of several who would do, it names none.

use super::import::{ABSENT, ImportExample};
use crate::audience::suppression;
use crate::message::address::Address;
use crate::store::sql;
use crate::store::{Store, StoreError};

/// Those of the list who are in no row of the file, each with the one new row that says the same of somebody
/// at another address: whether it says a no of theirs, or would bring them in a second time.
const BY_HAND: &str = "
WITH pair AS (SELECT s.identity AS old, r.identity AS new, r.line AS line, s.email AS was,
        coalesce(r.email, r.identity) AS is_now,
        s.status = 'confirmed' AND r.refusal IS NOT NULL
            AND r.refusal IN ('unsubscribed', 'complaint') AS says_no,
        s.status = r.status AND NOT r.blocked AND r.identity NOT IN
            (SELECT what FROM suppression
             WHERE kind = 'address' AND released_at IS NULL AND what IS NOT NULL) AS is_second
    FROM import_row r JOIN subscriber s ON s.fields = r.fields AND s.tags = r.tags
        AND s.language = r.language AND s.topics = r.topics
        AND s.joined_at / 1000 = r.joined_at / 1000
        AND coalesce(s.consent_words, '') = coalesce(r.consent_words, '')
    WHERE s.identity NOT IN (SELECT identity FROM import_row)
        AND s.identity NOT IN (SELECT identity FROM import_rejected)
        AND r.identity NOT IN (SELECT identity FROM subscriber)),
likely AS (SELECT * FROM pair WHERE says_no OR is_second)
SELECT line, was, is_now, says_no, is_second FROM likely p
WHERE 1 = (SELECT count(*) FROM likely o WHERE o.old = p.old)
    AND 1 = (SELECT count(*) FROM likely o WHERE o.new = p.new)
ORDER BY line";

/// New rows, and rows that are missing: of more, nobody has changed an address.
const MOST_BY_HAND: i64 = 200;

/// People of our own export whose address is another one in the file that is staged, by the line, each with
/// the new one.
#[derive(Debug, Default)]
pub struct ChangedByHand {
    /// Those whom the file would bring in a second time.
    pub second: Vec<ImportExample>,
    /// Those whose row says a no, which is written for the new address: at the old one they get mail.
    pub still_mailed: Vec<ImportExample>,
}

/// Who they are.
///
/// # Errors
/// The store's.
pub(super) async fn changed(store: &Store) -> Result<ChangedByHand, StoreError> {
    let failed = |error| store.failed(error);
    let mut found = ChangedByHand::default();
    let new = "SELECT count(*) FROM import_row r WHERE NOT EXISTS
        (SELECT 1 FROM subscriber s WHERE s.identity = r.identity)";
    for count in [format!("SELECT count(*) {ABSENT}"), new.to_owned()] {
        let count: i64 = sql::query_scalar(count).fetch_one(store.pool()).await.map_err(failed)?;
        if !(1..=MOST_BY_HAND).contains(&count) {
            return Ok(found);
        }
    }
    let rows = sql::query(BY_HAND).fetch_all(store.pool()).await.map_err(failed)?;
    for row in &rows {
        let one = ImportExample { line: row.get(0), email: row.get(1), what: row.get(2) };
        if row.get(3) && gets_mail(store, &one.email).await? {
            found.still_mailed.push(one);
        } else if row.get(4) {
            found.second.push(one);
        }
    }
    Ok(found)
}

async fn gets_mail(store: &Store, email: &str) -> Result<bool, StoreError> {
    let Ok(address) = Address::parse(email) else { return Ok(false) };
    Ok(suppression::of(store, &address).await?.is_none())
}
