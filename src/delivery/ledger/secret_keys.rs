//! Which keys of the publication's secret mail was sent with: the number of each, and what tells it
//! from another key of that number.
//!
//! Exists because links in sent mail work only as long as their key is kept, and a secret that was put
//! back from an old copy looks like any other. Must never hold a key.

use super::{Ledger, LockedLedger};
use crate::message::token::KeyFingerprint;
use crate::store::StoreError;
use crate::store::sql::{self, Connection, SqlError};

/// The step that keeps them; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- A key that mail of a publication was sent with. given_up: somebody has said that mail goes out
-- without it.
CREATE TABLE secret_key (
    list_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    given_up BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (list_id, number, fingerprint)
);
";

const NOTE: &str = "INSERT INTO secret_key (number, fingerprint, list_id) VALUES (?1, ?2, ?3) \
     ON CONFLICT (list_id, number, fingerprint) DO UPDATE SET given_up = FALSE";

/// Keys that mail was sent with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentKeys {
    /// Those that are to be in the secret, the newest last.
    pub wanted: Vec<KeyFingerprint>,
    /// The largest number of all, also of those that were given up; 0 where there is none.
    pub last_number: u8,
}

impl SentKeys {
    /// The newest key that is wanted and is not among `these`.
    pub fn lacking_in(&self, these: &[KeyFingerprint]) -> Option<&KeyFingerprint> {
        self.wanted.iter().rev().find(|key| !these.contains(key))
    }
}

impl Ledger {
    /// The keys that mail of the publication with this `list_id` was sent with; of what older versions
    /// sent, nothing is known.
    ///
    /// # Errors
    /// The store's.
    pub async fn sent_keys(&self, list_id: &str) -> Result<SentKeys, StoreError> {
        let rows = sql::query(
            "SELECT number, fingerprint, given_up FROM secret_key \
                 WHERE list_id = ?1 ORDER BY number",
        )
        .bind(list_id)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let mut keys = SentKeys::default();
        for row in &rows {
            let number = u8::try_from(row.get::<i64>(0)).unwrap_or(u8::MAX);
            keys.last_number = keys.last_number.max(number);
            if !row.get::<bool>(2) {
                keys.wanted.push(KeyFingerprint { number, fingerprint: row.get(1) });
            }
        }
        Ok(keys)
    }
}

/// Notes within a transaction that a mail of the publication with this `list_id` goes out with a key.
///
/// # Errors
/// The database's.
pub async fn sends_with_within(
    connection: &mut Connection,
    list_id: &str,
    key: &KeyFingerprint,
) -> Result<(), SqlError> {
    sql::query(NOTE)
        .bind(i64::from(key.number))
        .bind(&key.fingerprint)
        .bind(list_id)
        .execute(connection)
        .await
        .map(drop)
}

impl LockedLedger {
    /// Notes that mail of the publication with this `list_id` goes out with these keys. Of others
    /// somebody has said by now that it goes out without them.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn sends_with(
        &self,
        list_id: &str,
        keys: &[KeyFingerprint],
    ) -> Result<(), StoreError> {
        let known = self.sent_keys(list_id).await?;
        let is_new = |key: &&KeyFingerprint| !known.wanted.contains(key);
        let mut new = keys.iter().filter(is_new).peekable();
        if new.peek().is_none() && known.lacking_in(keys).is_none() {
            return Ok(());
        }
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        for key in new {
            sends_with_within(&mut transaction, list_id, key).await.map_err(failed)?;
        }
        for key in known.wanted.iter().filter(|key| !keys.contains(key)) {
            let give_up = "UPDATE secret_key SET given_up = TRUE \
                 WHERE number = ?1 AND fingerprint = ?2 AND list_id = ?3";
            let give_up = sql::query(give_up)
                .bind(i64::from(key.number))
                .bind(&key.fingerprint)
                .bind(list_id);
            give_up.execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }
}
