//! A change of address that a reader asks for on the web: it waits until the new mailbox confirms it, and
//! for a while it can be put back from the old one.
//!
//! The address that they have has agreed before: only the fresh link that was mailed to it leads to the
//! form. Owns the table `address_change`. Must never change anything before the new mailbox has said yes,
//! nor do anything by one link twice.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::forgotten::Forgotten;
use super::signup::{self, SignupStanding};
use super::subscribers::ChangeOrigin;
use super::subscribers::change::ChangeNote;
use super::subscribers::moved::{self, AddressChangeError};
use super::subscribers::profile::of_ms;
use crate::message::address::Address;
use crate::message::token::SignupId;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{SchemaStep, Store, StoreError};

/// How long the new mailbox may confirm, and how long the old one may put back what was confirmed.
pub const VALID: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Behind their end rows are kept so long: until then a link is answered as what it was.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The step that makes the table; see [`Store::open`].
pub const STEP: SchemaStep = SchemaStep::both(
    "
-- Who wants to get mail at another address, and has not confirmed it there yet, or may still put it back.
CREATE TABLE address_change (
    -- Random letters, which stand in the links.
    id TEXT NOT NULL PRIMARY KEY,
    -- The address of now and the one that is wanted; the identities, and as they are written.
    former TEXT NOT NULL,
    former_email TEXT NOT NULL,
    identity TEXT NOT NULL,
    email TEXT NOT NULL,
    -- In which language they are written to.
    language TEXT NOT NULL,
    -- Milliseconds since 1970.
    asked_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    put_back_at BIGINT
) WITHOUT ROWID;
CREATE INDEX address_change_by_former ON address_change (former);
CREATE INDEX address_change_by_identity ON address_change (identity);
",
);

const KEEP: &str = "
INSERT INTO address_change (id, former, former_email, identity, email, language, asked_at, ends_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// Whoever asks for another address does not want the one before.
const REPLACE: &str = "
DELETE FROM address_change WHERE former = ?1 AND identity <> ?2 AND confirmed_at IS NULL";

const READ: &str = "
SELECT former_email, email, language, ends_at, confirmed_at, put_back_at FROM address_change
WHERE id = ?1";

/// All that names somebody.
pub(super) const FORGET: &str = "DELETE FROM address_change WHERE former = ?1 OR identity = ?1";

/// What somebody asks for, who gets mail at the address of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddressChange<'a> {
    /// What stands in the links.
    pub id: SignupId,
    /// The address of now, as the list writes it.
    pub now_at: &'a Address,
    /// The one that they want.
    pub wanted: &'a Address,
    /// In which language they are written to.
    pub language: &'a str,
}

/// Who is written to because of it; nobody else learns anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressMail {
    /// The new mailbox is asked, until this moment.
    Asks(Timestamp),
    /// Somebody of the list has the address: they are told that nothing has changed.
    Already,
    /// Nobody: something keeps mail from the address, or it had one a short while ago.
    Nobody,
}

/// What a link of such a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressLink {
    /// The new mailbox confirms.
    Confirm,
    /// The old one puts it back.
    PutBack,
}

/// How such a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressLinkStanding {
    /// It can be followed until this moment.
    Waits(Timestamp),
    /// It was followed, and that holds.
    Done,
    /// It is over, was replaced, or the person has left, was forgotten or has moved on since.
    Ended,
}

/// A change that has been confirmed, and whom that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedChange {
    /// The address before.
    pub former: Address,
    /// In which language.
    pub language: String,
}

/// A change that waits, as its person is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenAddressChange {
    /// The address that they want.
    pub email: String,
    /// When they asked.
    pub asked_at: Timestamp,
    /// Until when the new mailbox can confirm.
    pub ends_at: Timestamp,
}

/// A row as it stands.
struct KeptChange {
    former: Address,
    wanted: Address,
    language: String,
    ends: Timestamp,
    confirmed: Option<Timestamp>,
    is_put_back: bool,
}

impl KeptChange {
    fn read(row: &SqlRow) -> Result<KeptChange, SqlError> {
        let address = |text: &str| Address::parse(text).map_err(SqlError::decode);
        Ok(KeptChange {
            former: address(row.try_get(0)?)?,
            wanted: address(row.try_get(1)?)?,
            language: row.try_get(2)?,
            ends: of_ms(row.try_get(3)?),
            confirmed: row.try_get::<Option<i64>>(4)?.map(of_ms),
            is_put_back: row.try_get::<Option<i64>>(5)?.is_some(),
        })
    }

    /// From where to where a link leads, and until when; nothing where it has been followed, or not yet
    /// can be.
    fn open(&self, link: AddressLink) -> Option<((&Address, &Address), Timestamp)> {
        match (link, self.confirmed) {
            (AddressLink::Confirm, None) => Some(((&self.former, &self.wanted), self.ends)),
            (AddressLink::PutBack, Some(at)) if !self.is_put_back => {
                Some(((&self.wanted, &self.former), whole_second(at + VALID)))
            }
            _ => None,
        }
    }
}

/// Keeps what somebody asks for, and says who is written to. `may_be_mailed` says whether the new mailbox
/// has had none of our questions for a while. The newest one counts.
///
/// # Errors
/// The store's.
pub async fn ask_within(
    store: &Store,
    connection: &mut Connection,
    change: &NewAddressChange<'_>,
    (forgotten, may_be_mailed): (&Forgotten, bool),
    now: Timestamp,
) -> Result<AddressMail, StoreError> {
    let failed = |error| store.failed(error);
    let NewAddressChange { id, now_at, wanted, language } = change;
    let (was, is) = (now_at.identity(), wanted.identity());
    let replaced = sql::query(REPLACE).bind(was.as_str()).bind(is.as_str());
    replaced.execute(&mut *connection).await.map_err(failed)?;
    let may_change = moved::may_change(store, connection, (now_at, wanted)).await;
    let standing = signup::standing(connection, wanted).await.map_err(failed)?;
    match may_change {
        Err(AddressChangeError::Store(error)) => return Err(error),
        _ if !may_be_mailed || forgotten.has(wanted) => return Ok(AddressMail::Nobody),
        Err(AddressChangeError::Taken(_)) if standing == SignupStanding::Subscribed => {
            return Ok(AddressMail::Already);
        }
        Err(_) => return Ok(AddressMail::Nobody),
        Ok(_) => {}
    }
    let end = whole_second(now + VALID);
    sql::query(KEEP)
        .bind(signup::letters(id))
        .bind(was)
        .bind(now_at.as_str())
        .bind(is)
        .bind(wanted.as_str())
        .bind(*language)
        .bind(now.as_millisecond())
        .bind(end.as_millisecond())
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(AddressMail::Asks(end))
}

/// As in the token.
fn whole_second(end: Timestamp) -> Timestamp {
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

async fn read(connection: &mut Connection, id: &str) -> Result<Option<KeptChange>, SqlError> {
    let row = sql::query(READ).bind(id).fetch_optional(connection).await?;
    row.map(|row| KeptChange::read(&row)).transpose()
}

/// How a link stands. Nothing changes.
///
/// # Errors
/// The store's.
pub async fn link_standing(
    store: &Store,
    connection: &mut Connection,
    (link, id): (AddressLink, &str),
    now: Timestamp,
) -> Result<AddressLinkStanding, StoreError> {
    let row = read(connection, id).await.map_err(|error| store.failed(error))?;
    match row {
        Some(row) => standing_of(store, connection, (link, &row), now).await,
        None => Ok(AddressLinkStanding::Ended),
    }
}

async fn standing_of(
    store: &Store,
    connection: &mut Connection,
    (link, row): (AddressLink, &KeptChange),
    now: Timestamp,
) -> Result<AddressLinkStanding, StoreError> {
    if let Some((from_to, end)) = row.open(link) {
        let may = moved::may_change(store, connection, from_to).await;
        return match may {
            Err(AddressChangeError::Store(error)) => Err(error),
            // Back goes only whose address it was.
            Ok(comes_back) if now < end && (comes_back || link == AddressLink::Confirm) => {
                Ok(AddressLinkStanding::Waits(end))
            }
            _ => Ok(AddressLinkStanding::Ended),
        };
    }
    let (is_followed, there) = match link {
        AddressLink::Confirm => (row.confirmed.is_some() && !row.is_put_back, &row.wanted),
        AddressLink::PutBack => (row.is_put_back, &row.former),
    };
    let standing = signup::standing(connection, there).await;
    let holds = standing.map_err(|error| store.failed(error))? == SignupStanding::Subscribed;
    Ok(if is_followed && holds { AddressLinkStanding::Done } else { AddressLinkStanding::Ended })
}

/// Follows a link, within a transaction: the person has the other address, with all that is known of them.
/// It says how the link stands then; for a change that is confirmed at this moment also what was changed.
/// Unless that is [`AddressLinkStanding::Done`] the transaction has to be given up.
///
/// # Errors
/// The store's.
pub async fn follow_within(
    store: &Store,
    connection: &mut Connection,
    (link, id): (AddressLink, &str),
    forgotten: &Forgotten,
    now: Timestamp,
) -> Result<(AddressLinkStanding, Option<ConfirmedChange>), StoreError> {
    let failed = |error| store.failed(error);
    let ended = (AddressLinkStanding::Ended, None);
    let Some(row) = read(connection, id).await.map_err(failed)? else { return Ok(ended) };
    let standing = standing_of(store, connection, (link, &row), now).await?;
    let open = row.open(link).filter(|_| matches!(standing, AddressLinkStanding::Waits(_)));
    let Some((from_to, _)) = open else { return Ok((standing, None)) };
    let note = ChangeNote { origin: ChangeOrigin::Web, at: now };
    match moved::change_within(store, connection, from_to, forgotten, note).await {
        Ok(()) => {}
        Err(AddressChangeError::Store(error)) => return Err(error),
        Err(_) => return Ok(ended),
    }
    let column = match link {
        AddressLink::Confirm => "confirmed_at",
        AddressLink::PutBack => "put_back_at",
    };
    let followed = async {
        sql::query(format!("UPDATE address_change SET {column} = ?2 WHERE id = ?1"))
            .bind(id)
            .bind(now.as_millisecond())
            .execute(&mut *connection)
            .await?;
        // What else was asked for from that address is over.
        sql::query("DELETE FROM address_change WHERE former = ?1 AND confirmed_at IS NULL")
            .bind(from_to.0.identity())
            .execute(connection)
            .await
    };
    followed.await.map_err(failed)?;
    let confirmed = (link == AddressLink::Confirm)
        .then(|| ConfirmedChange { former: row.former.clone(), language: row.language.clone() });
    Ok((AddressLinkStanding::Done, confirmed))
}

/// What waits for somebody's new mailbox.
///
/// # Errors
/// The store's.
pub async fn open_of(
    store: &Store,
    identity: &str,
    now: Timestamp,
) -> Result<Vec<OpenAddressChange>, StoreError> {
    let rows: Vec<(String, i64, i64)> = sql::query_as(
        "SELECT email, asked_at, ends_at FROM address_change \
         WHERE former = ?1 AND confirmed_at IS NULL AND ends_at > ?2 ORDER BY asked_at",
    )
    .bind(identity)
    .bind(now.as_millisecond())
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    let open = |(email, asked, ends)| OpenAddressChange {
        email,
        asked_at: of_ms(asked),
        ends_at: of_ms(ends),
    };
    Ok(rows.into_iter().map(open).collect())
}

/// Withdraws what people have asked for and not confirmed, as they leave.
///
/// # Errors
/// The database's.
pub(super) async fn withdraw_within(
    connection: &mut Connection,
    people: &str,
) -> Result<(), SqlError> {
    sql::query(
        "DELETE FROM address_change WHERE confirmed_at IS NULL \
         AND former IN (SELECT j.value ->> 0 FROM [each ?1] j)",
    )
    .bind(people)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes what nobody needs any more.
///
/// # Errors
/// The store's.
pub async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    sql::query("DELETE FROM address_change WHERE ends_at < ?1")
        .bind((now - KEPT).as_millisecond())
        .execute(store.pool())
        .await
        .map(drop)
        .map_err(|error| store.failed(error))
}
