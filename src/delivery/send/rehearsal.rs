//! A rehearsal from the beginning: what an earlier one wrote of the issue is removed, in its own
//! ledger and in the folder of caught mails.
//!
//! Must never be given the publication's ledger: the caller names that of a rehearsal.

use std::collections::HashSet;
use std::path::Path;

use super::SendError;
use crate::catcher;
use crate::delivery::ledger::{self, Ledger};
use crate::delivery::recovery;
use crate::store::Store;

/// Removes the issue from the rehearsal's ledger at `path`, and its mails from `caught`; how many.
/// `boot` and `now` are as in [`super::SendOptions`], and `who` is what another sender is told.
///
/// # Errors
/// A rehearsal goes on; or the ledger's, or the folder's.
pub async fn start_over(
    path: &Path,
    issue: &str,
    caught: &Path,
    (boot, now): (&str, &str),
    who: &str,
) -> Result<u64, SendError> {
    if !path.is_file() {
        return Ok(0);
    }
    let store = Store::open(path, &ledger::STEPS).await?;
    let ledger = Ledger::new(store.clone(), issue).lock(who).await?;
    recovery::recover(&ledger, boot, now).await?;
    let ours: HashSet<String> = ledger.message_ids().await?.into_iter().collect();
    // Mails first: if this is killed here, the rehearsal still knows that they were its own.
    let removed = catcher::maildir::remove(caught, |message_id| ours.contains(message_id))
        .map_err(|error| SendError::Caught(caught.to_owned(), error))?;
    ledger.forget().await?;
    store.close().await;
    Ok(removed)
}
