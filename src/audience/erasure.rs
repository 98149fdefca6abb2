//! Who has asked to be erased, and waits for it: nothing is erased while an issue is sent.
//!
//! They get no mail from that moment on. Owns the table `erasure`. Must never lose a request: it ends in
//! the very transaction that erases the person, and its row only when no old byte is left.

use jiff::Timestamp;

use super::subscribers::profile::of_ms;
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{SchemaStep, Store, StoreError};

/// The step that makes the table; see [`Store::open`].
pub const STEP: SchemaStep = SchemaStep::both(
    "
-- Who has asked to be erased. Moments are milliseconds since 1970.
CREATE TABLE erasure (
    -- The identity; once they are erased, a keyed hash.
    person TEXT NOT NULL PRIMARY KEY,
    -- The address as written; nothing once they are erased.
    email TEXT,
    asked_at BIGINT NOT NULL,
    -- When they were taken out of all tables. Behind that, old bytes are overwritten.
    erased_at BIGINT
) WITHOUT ROWID;
",
);

/// They are erased under this hash; see [`super::subscribers::forget`].
pub(super) const DONE: &str = "
UPDATE erasure SET person = ?2, email = NULL, erased_at = ?3 WHERE person = ?1";

/// Writes a request down, within the transaction that suppresses the person.
///
/// # Errors
/// The database's.
pub async fn ask_within(
    connection: &mut Connection,
    address: &Address,
    now: Timestamp,
) -> Result<(), SqlError> {
    sql::query(
        "INSERT INTO erasure (person, email, asked_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (person) DO NOTHING",
    )
    .bind(address.identity())
    .bind(address.as_str())
    .bind(now.as_millisecond())
    .execute(connection)
    .await
    .map(drop)
}

/// Whether a person waits to be erased.
///
/// # Errors
/// The database's.
pub async fn is_asked(connection: &mut Connection, address: &Address) -> Result<bool, SqlError> {
    sql::query_scalar("SELECT EXISTS (SELECT 1 FROM erasure WHERE person = ?1)")
        .bind(address.identity())
        .fetch_one(connection)
        .await
}

/// Those who wait to be erased, with when they asked, the first first.
///
/// # Errors
/// The store's.
pub async fn waiting(store: &Store) -> Result<Vec<(Address, Timestamp)>, StoreError> {
    let failed = |error| store.failed(error);
    let rows: Vec<(String, i64)> = sql::query_as(
        "SELECT email, asked_at FROM erasure WHERE email IS NOT NULL ORDER BY asked_at, person",
    )
    .fetch_all(store.pool())
    .await
    .map_err(failed)?;
    let one = |(email, at): (String, i64)| Ok((Address::parse(&email)?, of_ms(at)));
    let all: Result<Vec<_>, crate::message::address::AddressError> =
        rows.into_iter().map(one).collect();
    all.map_err(|error| failed(SqlError::decode(error)))
}

/// Whether old bytes of somebody who was erased may be left.
///
/// # Errors
/// The store's.
pub async fn leaves_bytes(store: &Store) -> Result<bool, StoreError> {
    sql::query_scalar("SELECT EXISTS (SELECT 1 FROM erasure WHERE erased_at IS NOT NULL)")
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))
}

/// Ends what is done: no byte is left of those who were erased until `until`.
///
/// # Errors
/// The store's.
pub async fn end(store: &Store, until: Timestamp) -> Result<(), StoreError> {
    sql::query("DELETE FROM erasure WHERE erased_at <= ?1")
        .bind(until.as_millisecond())
        .execute(store.pool())
        .await
        .map(drop)
        .map_err(|error| store.failed(error))
}
