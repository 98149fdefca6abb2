//! Erases those who have asked for it on the web: under the lock of a sender, so that nothing is on its
//! way to them, and with all that `digest subscribers forget` does.
//!
//! A process that dies between two steps leaves the request as it was, or the person out of all tables:
//! the next one goes on there. Must never erase anybody who has not asked.

use jiff::Timestamp;

use super::ledger::Ledger;
use super::recovery::{self, RecoveryError};
use crate::audience::erasure;
use crate::audience::forgotten::ForgettingKeys;
use crate::audience::subscribers::change;
use crate::audience::subscribers::moved;
use crate::message::address::Address;
use crate::store::{Store, StoreError};

/// What has become of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedByRequest {
    /// People who are erased now.
    pub people: u64,
    /// Whether old bytes of somebody may be left, because another process reads the store.
    pub leaves_bytes: bool,
}

/// Why nobody is erased now.
#[derive(Debug, thiserror::Error)]
pub enum ErasingError {
    /// The store's; it is busy where an issue is sent.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What a killed send has left cannot be settled.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// There is no secret to know them by later.
    #[error("the secret has no key, so nobody could know later who was erased")]
    NoKey,
    /// A copy beside the store still has them.
    #[error("a copy of the store still has somebody who has asked to be erased: {0}")]
    Copy(StoreError),
}

/// Erases all who wait for it, and lets no old byte of them be left. `boot` names this boot of the
/// machine.
///
/// # Errors
/// An [`ErasingError`]; who is not erased waits on.
pub async fn erase_all(
    store: &Store,
    keys: &ForgettingKeys,
    (boot, now): (&str, Timestamp),
) -> Result<ErasedByRequest, ErasingError> {
    let waiting = erasure::waiting(store).await?;
    let mut done = ErasedByRequest::default();
    if waiting.is_empty() && !erasure::leaves_bytes(store).await? {
        return Ok(done);
    }
    let sender = format!("process {} (erases a person who asked for it)", std::process::id());
    let locked = Ledger::new(store.clone(), "").lock(&sender).await?;
    recovery::recover(&locked, boot, &now.to_string()).await?;
    for (address, _) in &waiting {
        let addresses = addresses(store, address, keys).await?;
        // The copies first: they are found again by the request, which ends with the rows.
        let failed = locked.forget_in_copies(&addresses, now).await;
        if let Some((_, error)) = failed.into_iter().next() {
            return Err(ErasingError::Copy(error));
        }
        locked.forget_person(&addresses, now).await?;
        done.people += 1;
    }
    if store.overwrite_all_deleted().await?.is_some() {
        return Ok(ErasedByRequest { leaves_bytes: true, ..done });
    }
    erasure::end(store, now).await?;
    Ok(done)
}

/// The addresses that the person has and had, each with its hash. That of the request is one of them,
/// also where they have another one since.
async fn addresses(
    store: &Store,
    asked: &Address,
    keys: &ForgettingKeys,
) -> Result<Vec<(Address, String)>, ErasingError> {
    let mut all = vec![asked.clone()];
    if change::find(store, asked).await?.is_none()
        && let Some(now) = moved::now(store, asked).await?
        && let Ok(now) = Address::parse(&now)
    {
        all.push(now);
    }
    for former in moved::before(store, &all[all.len() - 1]).await? {
        let Ok(former) = Address::parse(&former.address) else { continue };
        // Somebody else may have it now.
        if !all.contains(&former) && change::find(store, &former).await?.is_none() {
            all.push(former);
        }
    }
    let hashed = all.into_iter().map(|address| {
        let hash = keys.hash(&address).ok_or(ErasingError::NoKey)?;
        Ok((address, hash))
    });
    hashed.collect()
}
