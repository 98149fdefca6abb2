//! Addresses that somebody has changed in our own export, by hand: its row would be a second person.
//!
//! Must never take two people for one: of several who would do, it names none.

use super::import::{ABSENT, ImportExample};
use crate::store::sql::{self, SqlRow};
use crate::store::{Store, StoreError};

/// Those of the list who are in no row of the file, each with the one new row that says the same of somebody
/// at another address.
const BY_HAND: &str = "
WITH pair AS (SELECT s.identity AS old, r.identity AS new, r.line AS line, s.email AS was,
        coalesce(r.email, r.identity) AS is_now
    FROM import_row r JOIN subscriber s ON s.fields = r.fields AND s.tags = r.tags
        AND s.language = r.language AND s.topics = r.topics AND s.status = r.status
        AND s.joined_at / 1000 = r.joined_at / 1000
        AND coalesce(s.consent_words, '') = coalesce(r.consent_words, '')
    WHERE s.identity NOT IN (SELECT identity FROM import_row)
        AND s.identity NOT IN (SELECT identity FROM import_rejected)
        AND r.identity NOT IN (SELECT identity FROM subscriber) AND NOT r.blocked
        AND r.identity NOT IN (SELECT what FROM suppression
            WHERE kind = 'address' AND released_at IS NULL AND what IS NOT NULL))
SELECT line, was, is_now FROM pair p
WHERE 1 = (SELECT count(*) FROM pair o WHERE o.old = p.old)
    AND 1 = (SELECT count(*) FROM pair o WHERE o.new = p.new)
ORDER BY line";

/// New rows, and rows that are missing: of more, nobody has changed an address.
const MOST_BY_HAND: i64 = 200;

/// People whose address is another one in the file that is staged, by the line, each with the new one.
///
/// # Errors
/// The store's.
pub(super) async fn changed(store: &Store) -> Result<Vec<ImportExample>, StoreError> {
    let failed = |error| store.failed(error);
    let new = "SELECT count(*) FROM import_row r WHERE NOT EXISTS
        (SELECT 1 FROM subscriber s WHERE s.identity = r.identity)";
    for count in [format!("SELECT count(*) {ABSENT}"), new.to_owned()] {
        let count: i64 = sql::query_scalar(count).fetch_one(store.pool()).await.map_err(failed)?;
        if !(1..=MOST_BY_HAND).contains(&count) {
            return Ok(Vec::new());
        }
    }
    let rows = sql::query(BY_HAND).fetch_all(store.pool()).await.map_err(failed)?;
    let example =
        |row: &SqlRow| ImportExample { line: row.get(0), email: row.get(1), what: row.get(2) };
    Ok(rows.iter().map(example).collect())
}
