//! One person of the list: brought in, changed and looked up by somebody of the publication.
//!
//! Must never change a row without keeping what it was before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::export::Subscriber;
use super::profile::{COLUMNS, SubscriberProfile, moment, of_ms};
use super::{ChangeOrigin, RESERVED, SubscriptionStatus};
use crate::audience::clean::clean;
use crate::audience::columns::{EMAIL, field_name};
use crate::audience::damage::{is_failed_formula, is_no_value};
use crate::audience::pause;
use crate::diagnostic::nearest;
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{Store, StoreError};

const ADD: &str = "
INSERT INTO subscriber (identity, email, fields, tags, language, topics, status, joined_at,
    consent_how, consent_at, consent_words, consent_ip_hash, paused_until, added_by, added_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
ON CONFLICT (identity) DO NOTHING";

const REMEMBER: &str = "
INSERT INTO subscriber_change (identity, at, origin, email, fields, tags, language, topics,
    status, joined_at, consent_how, consent_at, consent_words, consent_ip_hash, paused_until)
SELECT s.identity, ?2, ?3, s.email, s.fields, s.tags, s.language, s.topics, s.status, s.joined_at,
    s.consent_how, s.consent_at, s.consent_words, s.consent_ip_hash, s.paused_until
FROM [each ?1] j JOIN subscriber s ON s.identity = j.value ->> 0 ORDER BY s.identity";

const CHANGE: &str = "
UPDATE subscriber SET email = ?2, fields = ?3, tags = ?4, language = ?5, topics = ?6, status = ?7,
    joined_at = ?8, consent_how = ?9, consent_at = ?10, consent_words = ?11, consent_ip_hash = ?12,
    paused_until = ?13
WHERE identity = ?1";

/// How a change came about.
#[derive(Clone, Copy, Debug)]
pub struct ChangeNote {
    /// Who did it.
    pub origin: ChangeOrigin,
    /// When.
    pub at: Timestamp,
}

/// The name and the value of a field as they are kept.
///
/// # Errors
/// Why it cannot be a field, in words.
pub fn field(name: &str, value: &str) -> Result<(String, String), String> {
    if name != "email" && field_name(name).is_some_and(|kept| EMAIL.contains(&&*kept)) {
        return Err(format!("{name:?} is no field: the address is called email"));
    }
    let kept = field_name(name).filter(|kept| kept == name);
    let kept = kept.ok_or_else(|| {
        let instead = field_name(name).map_or(String::new(), |meant| format!(", such as {meant}"));
        format!("{name:?} is no name of a field: write small letters, digits and _{instead}")
    })?;
    if RESERVED.contains(&name) {
        return Err(format!("{name} is not a field: the store keeps it by itself"));
    }
    Ok((kept, text(value)))
}

/// A value as it is kept: one line, and nothing where it only says that there is none.
pub fn text(value: &str) -> String {
    let value = clean(value).text;
    let is_none = is_no_value(&value) || is_failed_formula(&value);
    if is_none { String::new() } else { value.into_owned() }
}

/// The person at an address.
///
/// # Errors
/// The store's.
pub async fn find(store: &Store, address: &Address) -> Result<Option<Subscriber>, StoreError> {
    let failed = |error| store.failed(error);
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    let profile = read(store, &mut connection, &address.identity()).await?;
    drop(connection);
    let suppressed = super::super::suppression::of(store, address).await?;
    let suppressed = suppressed.filter(|one| !one.is_for_domain()).map(|one| one.reason);
    Ok(profile.map(|profile| Subscriber { identity: address.identity(), profile, suppressed }))
}

pub(super) async fn read(
    store: &Store,
    connection: &mut Connection,
    identity: &str,
) -> Result<Option<SubscriberProfile>, StoreError> {
    let row = sql::query(format!("SELECT {COLUMNS} FROM subscriber WHERE identity = ?1"))
        .bind(identity)
        .fetch_optional(connection)
        .await
        .map_err(|error| store.failed(error))?;
    row.map(|row| SubscriberProfile::read(store, &row).map(|(_, profile)| profile)).transpose()
}

/// Binds what a person is behind the identity.
fn bound(query: sql::Query, identity: &str, profile: &SubscriberProfile) -> sql::Query {
    let consent = profile.consent.as_ref();
    query
        .bind(identity)
        .bind(profile.email.as_str())
        .bind(profile.fields_json())
        .bind(profile.tags_json())
        .bind(profile.language.as_str())
        .bind(profile.topics.as_str())
        .bind(profile.status.word())
        .bind(profile.joined.as_millisecond())
        .bind(consent.map(|one| one.how.word()))
        .bind(consent.map(|one| one.at.as_millisecond()))
        .bind(consent.map(|one| one.words.clone()))
        .bind(consent.and_then(|one| one.ip_hash.clone()))
        .bind(profile.pause_text())
}

/// Brings a person in; whether they are new.
///
/// # Errors
/// The store's.
pub async fn add(
    store: &Store,
    address: &Address,
    profile: &SubscriberProfile,
    note: ChangeNote,
) -> Result<bool, StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let added = bound(sql::query(ADD), &address.identity(), profile)
        .bind(note.origin.word())
        .bind(note.at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(added.rows_affected() > 0)
}

/// Changes a person as `edit` says, and keeps what they were; whether anything has changed, or `None`
/// where nobody is at the address.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn change(
    store: &Store,
    address: &Address,
    note: ChangeNote,
    edit: impl FnOnce(&mut SubscriberProfile),
) -> Result<Option<bool>, StoreError> {
    let failed = |error| store.failed(error);
    let identity = address.identity();
    let mut transaction = store.begin().await?;
    let before = read(store, &mut transaction, &identity).await?;
    let Some(before) = before else { return Ok(None) };
    let mut after = before.clone();
    edit(&mut after);
    if after == before {
        return Ok(Some(false));
    }
    let written = async {
        remember(&mut transaction, &[identity.as_str()], note).await?;
        bound(sql::query(CHANGE), &identity, &after).execute(&mut *transaction).await?;
        Ok::<_, SqlError>(())
    };
    written.await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(Some(true))
}

/// Puts a person as `edit` makes them of what is known of them, within a transaction. Whoever is known
/// keeps what they were.
///
/// # Errors
/// The store's.
pub(in crate::audience) async fn put_within(
    store: &Store,
    connection: &mut Connection,
    address: &Address,
    note: ChangeNote,
    edit: impl FnOnce(Option<SubscriberProfile>) -> SubscriberProfile,
) -> Result<(), StoreError> {
    let identity = address.identity();
    let before = read(store, connection, &identity).await?;
    let is_known = before.is_some();
    let after = edit(before);
    let written = async {
        if is_known {
            remember(connection, &[identity.as_str()], note).await?;
            bound(sql::query(CHANGE), &identity, &after).execute(&mut *connection).await
        } else {
            bound(sql::query(ADD), &identity, &after)
                .bind(note.origin.word())
                .bind(note.at.as_millisecond())
                .execute(&mut *connection)
                .await
        }
    };
    written.await.map(drop).map_err(|error| store.failed(error))
}

/// Keeps what people of the list were, before they are changed within the same transaction.
pub(in crate::audience) async fn remember(
    connection: &mut Connection,
    identities: &[&str],
    note: ChangeNote,
) -> Result<(), SqlError> {
    let identities: Vec<[&str; 1]> = identities.iter().map(|one| [*one]).collect();
    sql::query(REMEMBER)
        .bind(serde_json::json!(identities).to_string())
        .bind(note.at.as_millisecond())
        .bind(note.origin.word())
        .execute(connection)
        .await
        .map(drop)
}

/// Lets a person who has left get mail again; whether there was one.
///
/// # Errors
/// The store's.
pub async fn confirm_again(
    store: &Store,
    address: &Address,
    note: ChangeNote,
) -> Result<bool, StoreError> {
    let confirm = |profile: &mut SubscriberProfile| {
        if profile.status == SubscriptionStatus::Unsubscribed {
            profile.status = SubscriptionStatus::Confirmed;
        }
    };
    Ok(change(store, address, note, confirm).await? == Some(true))
}

/// The fields of these names that nobody of the list has, and beside each the one that may be meant.
///
/// # Errors
/// The store's.
pub async fn unknown_fields(
    store: &Store,
    names: &[&str],
) -> Result<Vec<(String, Option<String>)>, StoreError> {
    let failed = |error| store.failed(error);
    let mut unknown = Vec::new();
    for name in names {
        let is_known: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM subscriber WHERE fields LIKE ?1 ESCAPE '~')",
        )
        .bind(format!("%\"{}\":%", name.replace('_', "~_")))
        .fetch_one(store.pool())
        .await
        .map_err(failed)?;
        if is_known {
            continue;
        }
        let some: Vec<String> = sql::query_scalar("SELECT fields FROM subscriber LIMIT 1000")
            .fetch_all(store.pool())
            .await
            .map_err(failed)?;
        let known: BTreeSet<String> = some
            .iter()
            .filter_map(|fields| serde_json::from_str::<BTreeMap<String, String>>(fields).ok())
            .flat_map(BTreeMap::into_keys)
            .collect();
        let meant = nearest(name, known.iter().map(String::as_str));
        unknown.push(((*name).to_owned(), meant.map(str::to_owned)));
    }
    Ok(unknown)
}

/// Of those who get mail, how many there are, and how many of them nobody has written down how they
/// agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentOnRecord {
    /// How many are confirmed, and not suppressed.
    pub confirmed: u64,
    /// How many of them have none.
    pub lacking: u64,
    /// The first of these.
    pub example: Option<String>,
}

/// How many of those who get mail have a consent on record.
///
/// # Errors
/// The store's.
pub async fn consent_on_record(store: &Store) -> Result<ConsentOnRecord, StoreError> {
    let row: (i64, i64, Option<String>) = sql::query_as(
        "SELECT count(*), count(*) - count(consent_how), \
         min(CASE WHEN consent_how IS NULL THEN email END) \
         FROM subscriber WHERE status = 'confirmed' AND identity NOT IN \
             (SELECT what FROM suppression \
              WHERE kind = 'address' AND released_at IS NULL AND what IS NOT NULL) \
         AND NOT EXISTS (SELECT 1 FROM suppression d WHERE d.kind = 'domain' \
             AND d.released_at IS NULL AND subscriber.identity LIKE '%@' || d.what)",
    )
    .fetch_one(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    let (confirmed, lacking, example) = row;
    let (confirmed, lacking) = (confirmed.unsigned_abs(), lacking.unsigned_abs());
    Ok(ConsentOnRecord { confirmed, lacking, example })
}

/// What has happened to a person's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriberEvent {
    /// When.
    pub at: Timestamp,
    /// Who did it: `command`, `import`, `web`, `mail`, `bounce`.
    pub origin: String,
    /// The import that it was, if it was one.
    pub import: Option<i64>,
    /// The file of that import.
    pub file: Option<String>,
    /// What changed: the name, the value before and the one after; nothing where the person was added.
    pub changes: Vec<(String, String, String)>,
}

/// All that has happened to a person's row, in its order.
///
/// # Errors
/// The store's.
pub async fn history(store: &Store, address: &Address) -> Result<Vec<SubscriberEvent>, StoreError> {
    let failed = |error| store.failed(error);
    let identity = address.identity();
    let added = sql::query(
        "SELECT s.added_at, s.added_by, s.added_in, i.file FROM subscriber s \
         LEFT JOIN subscriber_import i ON i.number = s.added_in WHERE s.identity = ?1",
    )
    .bind(identity.as_str())
    .fetch_optional(store.pool())
    .await
    .map_err(failed)?;
    let statement = format!(
        "SELECT {}, c.at, c.origin, c.import, i.file FROM subscriber_change c \
         LEFT JOIN subscriber_import i ON i.number = c.import \
         WHERE c.identity = ?1 ORDER BY c.number",
        COLUMNS.split(", ").map(|name| format!("c.{}", name.trim())).collect::<Vec<_>>().join(", ")
    );
    let rows = sql::query(statement).bind(identity.as_str()).fetch_all(store.pool()).await;
    let rows = rows.map_err(failed)?;
    let mut snapshots = Vec::with_capacity(rows.len() + 1);
    for row in &rows {
        snapshots.push(SubscriberProfile::read(store, row)?.1);
    }
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    snapshots.extend(read(store, &mut connection, &identity).await?);
    let mut all: Vec<SubscriberEvent> = added.iter().map(|row| event(row, 0, Vec::new())).collect();
    let changes = snapshots.windows(2).map(|pair| differences(&pair[0], &pair[1]));
    all.extend(rows.iter().zip(changes).map(|(row, changes)| event(row, 13, changes)));
    Ok(all)
}

/// Of a row with the moment, the origin, the import and its file from this column on.
fn event(row: &SqlRow, at: usize, changes: Vec<(String, String, String)>) -> SubscriberEvent {
    SubscriberEvent {
        at: of_ms(row.get(at)),
        origin: row.get(at + 1),
        import: row.get(at + 2),
        file: row.get(at + 3),
        changes,
    }
}

fn differences(
    before: &SubscriberProfile,
    after: &SubscriberProfile,
) -> Vec<(String, String, String)> {
    let consent = |profile: &SubscriberProfile| {
        profile.consent.as_ref().map_or(String::new(), |one| one.words.clone())
    };
    let own = |profile: &SubscriberProfile| {
        [
            ("email", profile.email.clone()),
            ("status", profile.status.word().to_owned()),
            ("tags", profile.tags.join(";")),
            ("language", profile.language.clone()),
            ("topics", profile.topics.clone()),
            ("joined", moment(profile.joined)),
            (pause::FIELD, profile.pause_text()),
            ("consent", consent(profile)),
        ]
    };
    let names = before.fields.keys().chain(after.fields.keys());
    let names: BTreeSet<&String> = names.collect();
    let value =
        |of: &SubscriberProfile, name: &str| of.fields.get(name).cloned().unwrap_or_default();
    let fields =
        names.into_iter().map(|name| (name.clone(), value(before, name), value(after, name)));
    let own = own(before).into_iter().zip(own(after));
    let own = own.map(|((name, before), (_, after))| (name.to_owned(), before, after));
    own.chain(fields).filter(|(_, before, after)| before != after).collect()
}
