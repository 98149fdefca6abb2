//! Erases those who have asked for it on the web: under the lock of a sender, so that nothing is on its
//! way to them, and with all that `digest subscribers forget` does.
//!
//! A process that dies between two steps leaves the request as it was, or the person out of all tables:
//! the next one goes on there. Must never erase anybody who has not asked.

use std::path::PathBuf;

use jiff::Timestamp;

use super::ledger::{Ledger, LockedLedger, forgotten};
use super::recovery::{self, RecoveryError};
use crate::audience::erasure;
use crate::audience::forgotten::ForgettingKeys;
use crate::audience::subscribers::change;
use crate::audience::subscribers::moved;
use crate::message::address::Address;
use crate::store::holder::ERASING;

use crate::store::{Quiet, Store, StoreError};

/// What has become of old bytes of those who were erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldBytes {
    /// None are left.
    Overwritten,
    /// Some may be left, because another process reads the store.
    Left,
    /// There is nothing to do, or an issue is sent.
    NotNow,
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

/// Erases all who wait for it, and counts them. `boot` names this boot of the machine. The lock is held
/// for the rows alone: a copy beside the store, which is written anew for it, takes its time.
///
/// # Errors
/// An [`ErasingError`]; who is not erased waits on.
pub async fn erase_all(
    store: &Store,
    keys: &ForgettingKeys,
    (boot, now): (&str, Timestamp),
) -> Result<usize, ErasingError> {
    let mut people = Vec::new();
    for (address, _) in &erasure::waiting(store).await? {
        people.push(addresses(store, address, keys).await?);
    }
    if people.is_empty() {
        return Ok(0);
    }
    let all = people.concat();
    let mut clean = Vec::new();
    loop {
        let locked = lock(store).await?;
        // The copies first: they are found again by the request, which ends with the rows.
        let copies = store.own_copies().into_iter().filter(|copy| !clean.contains(copy));
        let copies: Vec<PathBuf> = copies.collect();
        if copies.is_empty() {
            recovery::recover(&locked, boot, &now.to_string()).await?;
            for person in &people {
                locked.forget_person(person, now).await?;
            }
            return Ok(people.len());
        }
        drop(locked);
        for copy in copies {
            forgotten::forget_in_copy(&copy, &all, now).await.map_err(ErasingError::Copy)?;
            clean.push(copy);
        }
    }
}

async fn lock(store: &Store) -> Result<LockedLedger, StoreError> {
    Ledger::new(store.clone(), "").lock(&format!("process {} {ERASING}", std::process::id())).await
}

/// Lets no old byte be left of those who are erased. Others who write wait meanwhile, so nobody does it
/// while an issue is sent; the lock is free, because a send that begins can wait as well.
///
/// # Errors
/// The store's; the next time does it.
pub async fn overwrite_old_bytes(store: &Store, now: Timestamp) -> Result<OldBytes, StoreError> {
    if !erasure::leaves_bytes(store).await? || matches!(store.quiet().await?, Quiet::Sending(_)) {
        return Ok(OldBytes::NotNow);
    }
    if store.overwrite_all_deleted().await?.is_some() {
        return Ok(OldBytes::Left);
    }
    erasure::end(store, now).await?;
    Ok(OldBytes::Overwritten)
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
