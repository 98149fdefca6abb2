//! Whether the store takes what is written to it: tried with as much as a reader's wish needs, because a
//! full disk lets a transaction begin, and ends it.

use super::sql;
use super::{SchemaStep, Store, StoreError};

/// The step that makes the table.
pub const STEP: SchemaStep = SchemaStep::both(
    "
-- One row, which is written over to see whether it can be.
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    bytes TEXT NOT NULL
);
",
);

/// Characters that are written: sixteen pages of SQLite, where somebody who subscribes needs twelve.
const CHARACTERS: usize = 64 * 1_024;

const WRITE: &str = "
INSERT INTO trial (number, bytes) VALUES (1, ?1)
ON CONFLICT (number) DO UPDATE SET bytes = excluded.bytes";

impl Store {
    /// Whether a transaction that writes can begin.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn try_to_begin(&self) -> Result<(), StoreError> {
        drop(self.begin().await?);
        Ok(())
    }

    /// Whether what is written is on the disk then. `nonce` is another one each time: SQLite writes no
    /// page that has not changed.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn try_to_write(&self, nonce: u64) -> Result<(), StoreError> {
        let failed = |error| self.failed(error);
        let bytes = format!("{nonce:016x}").repeat(CHARACTERS / 16);
        let mut transaction = self.begin().await?;
        sql::query(WRITE).bind(bytes).execute(&mut *transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}
