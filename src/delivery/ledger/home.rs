//! Where the ledger last sent from: the machine or the server, and the very file or tables. A copy of it knows what was sent
//! until it was made, and nothing that the other one has sent since.
//!
//! Exists because nothing else shows that there are two. Must never decide which of them goes on: a
//! folder that has moved looks like one that was copied.

use super::{Ledger, LockedLedger};
use crate::store::StoreError;
use crate::store::home::{Moved, Whereabouts};
use crate::store::sql;

/// The step that keeps the place; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- One row once a send has begun: the machine by a hash of its id, and the file by what the system
-- names it. Empty where that is not known.
CREATE TABLE ledger_home (machine TEXT NOT NULL, file TEXT NOT NULL);
";

impl Ledger {
    /// What shows that the ledger has sent from elsewhere; nothing where it never sent, or where an
    /// older version did.
    ///
    /// # Errors
    /// The store's.
    pub async fn moved(&self) -> Result<Option<Moved>, StoreError> {
        let Some(before) = self.home().await? else { return Ok(None) };
        Ok(before.compared_with(&self.store.whereabouts().await?))
    }

    /// Lets nobody be asked about the place of a file that is saved from one that is gone. Where that
    /// fails, somebody is asked once.
    pub(super) async fn forget_home(&self) {
        let _ = sql::query("DELETE FROM ledger_home").execute(self.store.pool()).await;
    }

    async fn home(&self) -> Result<Option<Whereabouts>, StoreError> {
        let home: Option<(String, String)> =
            sql::query_as("SELECT machine, file FROM ledger_home LIMIT 1")
                .fetch_optional(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        Ok(home.map(|(machine, file)| Whereabouts { machine, file }))
    }
}

impl LockedLedger {
    /// Notes that the ledger sends from here.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn sends_from_here(&self) -> Result<(), StoreError> {
        let here = self.store.whereabouts().await?;
        if self.home().await?.as_ref() == Some(&here) {
            return Ok(());
        }
        let failed = |error| self.store.failed(error);
        let mut transaction = self.store.begin().await?;
        let forget = sql::query("DELETE FROM ledger_home");
        forget.execute(&mut *transaction).await.map_err(failed)?;
        sql::query("INSERT INTO ledger_home (machine, file) VALUES (?1, ?2)")
            .bind(&here.machine)
            .bind(&here.file)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }
}
