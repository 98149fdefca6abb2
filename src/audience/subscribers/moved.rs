//! A change of address: the person stays who they are, with all that is known of them, and the address
//! that they had is kept out of every list.
//!
//! Owns the tables `subscriber_former` and `subscriber_earlier`. Must never let somebody who said no get mail at another address:
//! a no that comes for an earlier address is one of the person (`current`).

use jiff::Timestamp;
use serde::Serialize;

use super::change::{self, ChangeNote};
use super::profile::of_ms;
use super::{ChangeOrigin, SubscriptionStatus};
use crate::audience::forgotten::Forgotten;
use crate::audience::suppression::{
    self, SuppressionNote, SuppressionOrigin, SuppressionReason, SuppressionSubject,
};
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{Store, StoreError};

/// The step that makes the table; see [`crate::store::Store::open`].
pub const STEP: &str = "
-- The addresses that people of the list had before. `former` is the identity then, and `identity` the one
-- that they have now.
CREATE TABLE subscriber_former (
    former TEXT NOT NULL PRIMARY KEY,
    identity TEXT NOT NULL,
    -- Milliseconds since 1970.
    at BIGINT NOT NULL
);
CREATE INDEX subscriber_former_by_identity ON subscriber_former (identity);
";

/// The step that keeps whose address each was; see [`crate::store::Store::open`].
pub const HISTORY: &str = "
-- The addresses that people had before, of whomever they are now: one may have been that of two people, one
-- after the other. `subscriber_former` has those of them that are kept out.
CREATE TABLE subscriber_earlier (
    former TEXT NOT NULL,
    identity TEXT NOT NULL,
    -- Milliseconds since 1970.
    at BIGINT NOT NULL,
    PRIMARY KEY (former, identity)
);
CREATE INDEX subscriber_earlier_by_identity ON subscriber_earlier (identity);
INSERT INTO subscriber_earlier (former, identity, at) SELECT former, identity, at FROM subscriber_former;
";

/// Identities that are asked about together.
const BATCH: usize = 2_000;

/// How the words begin for which an earlier address is kept out.
pub(super) const CHANGED_TO: &str = "address changed to ";

/// What keeps mail from a person or their domain.
const REASONS: &str = "
SELECT kind, reason, why FROM suppression WHERE released_at IS NULL
    AND ((kind = 'address' AND what = ?1) OR (kind = 'domain' AND what = ?2)) ORDER BY kind, number";

/// Somebody who takes an earlier address again.
const COME_BACK: &str = "
UPDATE suppression SET released_at = ?2, released_why = 'the address was changed back'
WHERE kind = 'address' AND what = ?1 AND reason = 'moved' AND released_at IS NULL";

/// Whose earlier address it is besides stays so: that is over for nobody but who is forgotten.
const STATEMENTS: [&str; 7] = [
    "DELETE FROM subscriber_former WHERE former = ?2",
    "DELETE FROM subscriber_earlier WHERE former = ?2 AND identity = ?1",
    "DELETE FROM subscriber_earlier WHERE identity = ?1 AND former IN
        (SELECT o.former FROM subscriber_earlier o WHERE o.identity = ?2)",
    "UPDATE subscriber SET identity = ?2 WHERE identity = ?1",
    "UPDATE subscriber_change SET identity = ?2 WHERE identity = ?1",
    "UPDATE subscriber_former SET identity = ?2 WHERE identity = ?1",
    "UPDATE subscriber_earlier SET identity = ?2 WHERE identity = ?1",
];

const FORMER: [&str; 2] = [
    "INSERT INTO subscriber_former (former, identity, at) VALUES (?1, ?2, ?3)
     ON CONFLICT (former) DO UPDATE SET identity = excluded.identity, at = excluded.at",
    "INSERT INTO subscriber_earlier (former, identity, at) VALUES (?1, ?2, ?3)
     ON CONFLICT (former, identity) DO UPDATE SET at = excluded.at",
];

const CURRENT: &str = "
SELECT f.former, f.identity FROM [each ?1] j JOIN subscriber_earlier f ON f.former = j.value ->> 0
ORDER BY f.at DESC, f.identity";

/// Whose earlier address this is, as long as it is kept out for that.
const KEPT_OUT: &str = "
SELECT f.identity FROM subscriber_former f JOIN suppression s ON s.what = f.former
    AND s.kind = 'address' AND s.reason = 'moved' AND s.released_at IS NULL
WHERE f.former = ?1 ORDER BY f.at DESC, f.identity LIMIT 1";

/// Why an address is not changed.
#[derive(Debug, thiserror::Error)]
pub enum AddressChangeError {
    /// Nobody of the list has the address.
    #[error("{0} is not in the list of the store")]
    NotInList(String),
    /// The person has left.
    #[error("{0} has left, and a new address would bring them back")]
    Left(String),
    /// They get no mail, for a reason that holds for them and not for the old address alone.
    #[error("{who} is suppressed ({reason}: {why}), and a new address would bring them back")]
    Suppressed {
        /// The address.
        who: String,
        /// Why.
        reason: SuppressionReason,
        /// In somebody's words.
        why: String,
    },
    /// The new address gets no mail.
    #[error("{who} is suppressed ({reason}: {why}) and gets no mail")]
    NewSuppressed {
        /// The address.
        who: String,
        /// Why.
        reason: SuppressionReason,
        /// In somebody's words.
        why: String,
    },
    /// Somebody of the list has the new address already.
    #[error("{0} is in the list already, as a person of its own")]
    Taken(String),
    /// The new address is that of somebody who was forgotten.
    #[error("{0} was forgotten and gets no mail")]
    Forgotten(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An address that a person had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormerAddress {
    /// Its identity.
    pub address: String,
    /// Until when they had it.
    pub until: Timestamp,
}

const fn suppression_origin(origin: ChangeOrigin) -> SuppressionOrigin {
    match origin {
        ChangeOrigin::Command => SuppressionOrigin::Command,
        ChangeOrigin::Import => SuppressionOrigin::Import,
        ChangeOrigin::Web => SuppressionOrigin::Web,
        ChangeOrigin::Mail => SuppressionOrigin::Mail,
        ChangeOrigin::Bounce => SuppressionOrigin::Bounce,
    }
}

/// Gives the person at `old` the address `new`, in one transaction: their row, its consent and its history
/// go with them, and the old address is kept out of every list. Another spelling of the same address
/// changes how it is written.
///
/// # Errors
/// An [`AddressChangeError`]; then nothing has changed.
pub async fn change_address(
    store: &Store,
    (old, new): (&Address, &Address),
    forgotten: &Forgotten,
    note: ChangeNote,
) -> Result<bool, AddressChangeError> {
    let (was, is) = (old.identity(), new.identity());
    if was == is {
        let spelled = |profile: &mut super::profile::SubscriberProfile| {
            new.as_str().clone_into(&mut profile.email);
        };
        let changed = change::change(store, old, note, spelled).await?;
        return changed.ok_or_else(|| AddressChangeError::NotInList(old.to_string()));
    }
    let mut transaction = store.begin().await?;
    change_within(store, &mut transaction, (old, new), forgotten, note).await?;
    transaction.commit().await.map_err(|error| store.failed(error))?;
    Ok(true)
}

/// The same within a transaction, of another address and not of its spelling.
///
/// # Errors
/// An [`AddressChangeError`]; then the transaction has to be given up.
pub(in crate::audience) async fn change_within(
    store: &Store,
    connection: &mut Connection,
    (old, new): (&Address, &Address),
    forgotten: &Forgotten,
    note: ChangeNote,
) -> Result<(), AddressChangeError> {
    if forgotten.has(new) {
        return Err(AddressChangeError::Forgotten(new.to_string()));
    }
    let (was, is) = (old.identity(), new.identity());
    let comes_back = may_change(store, connection, (old, new)).await?;
    let at = note.at.as_millisecond();
    let written = async {
        change::remember(&mut *connection, &[was.as_str()], note).await?;
        if comes_back {
            let end = sql::query(COME_BACK).bind(is.as_str()).bind(at);
            end.execute(&mut *connection).await?;
        }
        for statement in STATEMENTS {
            let run = sql::query(statement).bind(was.as_str()).bind(is.as_str());
            run.execute(&mut *connection).await?;
        }
        let spelled = sql::query("UPDATE subscriber SET email = ?2 WHERE identity = ?1");
        let spelled = spelled.bind(is.as_str()).bind(new.as_str());
        spelled.execute(&mut *connection).await?;
        for statement in FORMER {
            let former = sql::query(statement).bind(was.as_str()).bind(is.as_str()).bind(at);
            former.execute(&mut *connection).await?;
        }
        let note = SuppressionNote {
            reason: SuppressionReason::Moved,
            why: &format!("{CHANGED_TO}{is}"),
            origin: suppression_origin(note.origin),
            at: note.at,
        };
        suppression::write(&mut *connection, &[&SuppressionSubject::address(old)], &note).await
    };
    written.await.map(drop).map_err(|error| store.failed(error))?;
    Ok(())
}

/// Whether the person may have the new address; whether it is one that they had before.
pub(in crate::audience) async fn may_change(
    store: &Store,
    connection: &mut Connection,
    (old, new): (&Address, &Address),
) -> Result<bool, AddressChangeError> {
    let failed = |error| store.failed(error);
    let (was, is) = (old.identity(), new.identity());
    match change::read(store, connection, &was).await? {
        None => return Err(AddressChangeError::NotInList(old.to_string())),
        Some(person) if person.status == SubscriptionStatus::Unsubscribed => {
            return Err(AddressChangeError::Left(old.to_string()));
        }
        Some(_) => {}
    }
    // A mailbox that is gone is why people have another one; what is said of a domain, it says of that.
    let own = reasons(connection, old).await.map_err(failed)?.into_iter();
    let mut own = own
        .filter(|(kind, reason, _)| kind == "address" && *reason != SuppressionReason::HardBounce);
    if let Some((_, reason, why)) = own.next() {
        return Err(AddressChangeError::Suppressed { who: old.to_string(), reason, why });
    }
    if change::read(store, connection, &is).await?.is_some() {
        return Err(AddressChangeError::Taken(new.to_string()));
    }
    let had = current(connection, &[is.as_str()]).await.map_err(failed)?;
    let comes_back = had.iter().any(|(_, person)| *person == was);
    let others = reasons(connection, new).await.map_err(failed)?.into_iter();
    let is_moved = |reason: SuppressionReason| reason == SuppressionReason::Moved;
    // Of several reasons, that it is somebody else's comes first.
    let others = others.filter(|(_, reason, _)| !(comes_back && is_moved(*reason)));
    if let Some((_, reason, why)) = others.min_by_key(|(_, reason, _)| !is_moved(*reason)) {
        return Err(AddressChangeError::NewSuppressed { who: new.to_string(), reason, why });
    }
    Ok(comes_back)
}

async fn reasons(
    connection: &mut Connection,
    address: &Address,
) -> Result<Vec<(String, SuppressionReason, String)>, SqlError> {
    let rows: Vec<(String, String, String)> = sql::query_as(REASONS)
        .bind(address.identity())
        .bind(address.domain())
        .fetch_all(connection)
        .await?;
    let read = |(kind, reason, why): (String, String, String)| {
        Ok((kind, reason.parse().map_err(SqlError::decode)?, why))
    };
    rows.into_iter().map(read).collect()
}

/// Of these identities, those that people of the list had before, with the one that they have now.
pub(in crate::audience) async fn current(
    connection: &mut Connection,
    identities: &[&str],
) -> Result<Vec<(String, String)>, SqlError> {
    let identities: Vec<[&str; 1]> = identities.iter().map(|one| [*one]).collect();
    let identities = serde_json::json!(identities).to_string();
    sql::query_as(CURRENT).bind(identities).fetch_all(connection).await
}

/// The address that the person has now who had this one before; none where nobody had it. Of two people it
/// is the one who had it last.
///
/// # Errors
/// The store's.
pub async fn now(store: &Store, address: &Address) -> Result<Option<String>, StoreError> {
    let failed = |error| store.failed(error);
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    let found = current(&mut connection, &[address.identity().as_str()]).await.map_err(failed)?;
    Ok(found.into_iter().next().map(|(_, identity)| identity))
}

/// Of these identities, those that people had before, each with the one that they have now.
///
/// # Errors
/// The store's.
pub async fn all_now(
    store: &Store,
    identities: &[&str],
) -> Result<Vec<(String, String)>, StoreError> {
    let failed = |error| store.failed(error);
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    let mut all = Vec::new();
    for some in identities.chunks(BATCH) {
        all.extend(current(&mut connection, some).await.map_err(failed)?);
    }
    Ok(all)
}

/// The address that the person has now, as long as this one is kept out for it, and is that of nobody else.
///
/// # Errors
/// The store's.
pub async fn kept_out_for(store: &Store, address: &Address) -> Result<Option<String>, StoreError> {
    let found = sql::query_scalar(KEPT_OUT).bind(address.identity());
    found.fetch_optional(store.pool()).await.map_err(|error| store.failed(error))
}

/// The addresses that the person at an address had before, the oldest first.
///
/// # Errors
/// The store's.
pub async fn before(store: &Store, address: &Address) -> Result<Vec<FormerAddress>, StoreError> {
    let rows: Vec<(String, i64)> = sql::query_as(
        "SELECT former, at FROM subscriber_earlier WHERE identity = ?1 ORDER BY at, former",
    )
    .bind(address.identity())
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    let former = |(address, at)| FormerAddress { address, until: of_ms(at) };
    Ok(rows.into_iter().map(former).collect())
}
