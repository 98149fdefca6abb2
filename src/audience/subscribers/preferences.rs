//! What people choose themselves, by the link in a mail: name, language, topics and a pause.
//!
//! Must never show or change anybody but the person who gets mail at the very address: who has left, was
//! forgotten or has another address now is nobody here, and so learns nothing of whoever came after.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::change::{self, ChangeNote};
use super::profile::SubscriberProfile;
use super::{ChangeOrigin, SubscriptionStatus};
use crate::audience::leave;
use crate::issue::topics::TopicChoice;
use crate::message::address::Address;
use crate::store::sql::{self, Connection};
use crate::store::{Store, StoreError};

/// What somebody wants to be changed; what is not said stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesWish {
    /// Fields by name; an empty value takes one away.
    pub fields: BTreeMap<String, String>,
    /// The language.
    pub language: Option<String>,
    /// Topics, and whether each is wanted.
    pub topics: Vec<(String, bool)>,
    /// The day from which on they want mail again; none ends a pause.
    pub pause: Option<Option<Date>>,
}

impl PreferencesWish {
    fn fulfil(self, profile: &mut SubscriberProfile) {
        for (name, value) in self.fields {
            if value.is_empty() {
                profile.fields.remove(&name);
            } else {
                profile.fields.insert(name, value);
            }
        }
        if let Some(language) = self.language {
            profile.language = language;
        }
        if !self.topics.is_empty() {
            profile.topics = TopicChoice::with(&profile.topics, &self.topics).to_string();
        }
        profile.paused_until = self.pause.unwrap_or(profile.paused_until);
    }
}

/// What is known of the person who gets mail at an address; nothing where nobody does.
///
/// # Errors
/// The store's.
pub async fn look(
    store: &Store,
    address: &Address,
) -> Result<Option<SubscriberProfile>, StoreError> {
    let mut connection = store.pool().acquire().await.map_err(|error| store.failed(error))?;
    getting_mail(store, &mut connection, address).await
}

/// The same after a change, in one transaction; what they were is kept.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn save(
    store: &Store,
    address: &Address,
    wish: PreferencesWish,
    now: Timestamp,
) -> Result<Option<SubscriberProfile>, StoreError> {
    let mut transaction = store.begin().await?;
    let Some(before) = getting_mail(store, &mut transaction, address).await? else {
        return Ok(None);
    };
    let mut after = before.clone();
    wish.fulfil(&mut after);
    if after != before {
        let note = ChangeNote { origin: ChangeOrigin::Web, at: now };
        change::put_within(store, &mut transaction, address, note, |_| after.clone()).await?;
        transaction.commit().await.map_err(|error| store.failed(error))?;
    }
    Ok(Some(after))
}

/// How many people of the list have paused until a day after `today`, and would get mail otherwise.
///
/// # Errors
/// The store's.
pub async fn paused(store: &Store, today: Date) -> Result<u64, StoreError> {
    let count: i64 = sql::query_scalar(
        "SELECT count(*) FROM subscriber WHERE status = 'confirmed' AND paused_until > ?1 \
         AND identity NOT IN (SELECT what FROM suppression \
             WHERE kind = 'address' AND released_at IS NULL AND what IS NOT NULL)",
    )
    .bind(today.to_string())
    .fetch_one(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    Ok(count.unsigned_abs())
}

/// The same within a transaction.
///
/// # Errors
/// The store's.
pub async fn getting_mail(
    store: &Store,
    connection: &mut Connection,
    address: &Address,
) -> Result<Option<SubscriberProfile>, StoreError> {
    let identity = address.identity();
    let known = change::read(store, connection, &identity).await?;
    let Some(known) = known.filter(|one| one.status == SubscriptionStatus::Confirmed) else {
        return Ok(None);
    };
    let is_out = leave::is_suppressed(connection, &identity).await;
    let is_out = is_out.map_err(|error| store.failed(error))?;
    Ok(Some(known).filter(|_| !is_out))
}

/// What is known of the person whom a mail can reach that they ask for themselves: who gets mail, or has
/// left and nothing else keeps mail from them.
///
/// # Errors
/// The database's.
pub async fn reachable(
    store: &Store,
    connection: &mut Connection,
    address: &Address,
) -> Result<Option<SubscriberProfile>, StoreError> {
    let identity = address.identity();
    let known = change::read(store, connection, &identity).await?;
    let Some(known) = known.filter(|one| one.status != SubscriptionStatus::Unconfirmed) else {
        return Ok(None);
    };
    let is_barred = leave::is_barred_from_all(connection, &identity).await;
    let is_barred = is_barred.map_err(|error| store.failed(error))?;
    Ok(Some(known).filter(|_| !is_barred))
}
