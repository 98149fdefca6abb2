//! Rows of the outbox as one process takes them: claimed for a while, marked before the dot, settled
//! behind it.
//!
//! Several processes may send from one store: a row is theirs who have claimed it, until the claim ends.
//! Must never let two have one row, nor forget that a dot may have left.

use std::time::Duration;

use jiff::Timestamp;

use crate::audience::address_change::{self, AddressLink, AddressLinkStanding};
use crate::audience::{leave, signup};
use crate::compose::letters::LetterKind;
use crate::delivery::ledger::claim::{Earlier, Retry};
use crate::delivery::ledger::secret_keys::sends_with_within;
use crate::delivery::moment::Moment;
use crate::message::address::Address;
use crate::message::token::KeyFingerprint;
use crate::smtp::reply::Reply;
use crate::store::shared::SharedStore;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// How long a claim holds that is not renewed: its process is dead, or has lost the store.
pub(super) const CLAIM: Duration = Duration::from_secs(30);

/// The next row that may leave, of those that nobody has. On a server, two who look at once take two
/// rows, and neither waits for the other.
const TAKE: &str = "
UPDATE outbox SET claimed_by = ?1, claimed_until = ?2 WHERE number = (
    SELECT number FROM outbox WHERE state IN ('pending', 'deferred')
        AND (next_attempt IS NULL OR next_attempt <= ?3)
        AND (claimed_by IS NULL OR claimed_by = ?1 OR claimed_until <= ?3)
    ORDER BY number LIMIT 1 [sqlite: | postgres: FOR UPDATE SKIP LOCKED])
RETURNING number, kind, email, language, signup, attempts, charged, repeated, first_attempt,
    last_attempt, state, not_after, message_id, added_at";

/// What a process that is dead has left behind a dot.
const RECOVER: &str = "
UPDATE outbox SET
    state = CASE WHEN kind IN ('confirm', 'link', 'address', 'moved') AND repeated = 0
        THEN 'pending' ELSE 'uncertain' END,
    repeated = repeated + 1, attempts = attempts + 1, claimed_by = NULL, next_attempt = NULL,
    text = 'the program ended while the relay had the message', at = ?1
WHERE state = 'attempting' AND claimed_until <= ?1";

/// A mail that this process has.
#[derive(Clone, Debug)]
pub(super) struct OutboxRow {
    pub(super) number: i64,
    pub(super) kind: LetterKind,
    pub(super) address: Address,
    pub(super) language: String,
    pub(super) signup: Option<String>,
    pub(super) earlier: Earlier,
    pub(super) repeated: i64,
    pub(super) not_after: Timestamp,
    pub(super) message_id: Option<String>,
    pub(super) added_at_ms: i64,
}

impl OutboxRow {
    fn read(row: &SqlRow) -> Result<OutboxRow, SqlError> {
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let kind = LetterKind::of(row.try_get(1)?);
        let kind = kind.ok_or_else(|| SqlError::decode("a mail of another version of digest"))?;
        let moment = |ms: Option<i64>| ms.map(Moment);
        let earlier = Earlier {
            attempts: count(row.try_get(5)?),
            charged: count(row.try_get(6)?),
            first: moment(row.try_get(8)?),
            last: moment(row.try_get(9)?),
            deferred: row.try_get::<&str>(10)? == "deferred",
            again: false,
            refused: false,
        };
        Ok(OutboxRow {
            number: row.try_get(0)?,
            kind,
            address: Address::parse(row.try_get(2)?).map_err(SqlError::decode)?,
            language: row.try_get(3)?,
            signup: row.try_get(4)?,
            earlier,
            repeated: row.try_get(7)?,
            not_after: Timestamp::from_millisecond(row.try_get(11)?).unwrap_or(Timestamp::MAX),
            message_id: row.try_get(12)?,
            added_at_ms: row.try_get(13)?,
        })
    }
}

/// The number of a mail that this program cannot read.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnreadRow(pub(super) i64);

/// What a message was made with.
#[derive(Clone, Debug)]
pub(super) struct SentLetter {
    pub(super) message_id: String,
    pub(super) list_id: String,
    /// The key of its links.
    pub(super) key: Option<KeyFingerprint>,
}

/// What is written down of a row.
#[derive(Clone, Debug)]
pub(super) struct OutboxEnd {
    pub(super) number: i64,
    pub(super) state: &'static str,
    pub(super) text: String,
    pub(super) reply: Option<(u16, Option<String>)>,
    pub(super) retry: Option<Retry>,
    /// Whether a relay was asked.
    pub(super) is_attempt: bool,
    /// Whether it goes back although it may have arrived.
    pub(super) is_repeated: bool,
    pub(super) at: Timestamp,
}

impl OutboxEnd {
    /// Without a word to a relay.
    pub(super) fn ours(number: i64, state: &'static str, text: &str, at: Timestamp) -> OutboxEnd {
        OutboxEnd {
            number,
            state,
            text: text.to_owned(),
            reply: None,
            retry: None,
            is_attempt: false,
            is_repeated: false,
            at,
        }
    }

    /// With what a relay has said.
    pub(super) fn said(self, reply: Option<&Reply>) -> OutboxEnd {
        let reply = reply.map(|reply| (reply.code, reply.enhanced.map(|code| code.to_string())));
        OutboxEnd { reply, is_attempt: true, ..self }
    }
}

/// The outbox of a store as one process has it, which is named by random letters.
#[derive(Clone, Debug)]
pub(super) struct OutboxRows {
    pub(super) stores: SharedStore,
    pub(super) process: String,
}

impl OutboxRows {
    /// Takes the next row that is due.
    pub(super) async fn take(
        &self,
        now: Timestamp,
    ) -> Result<Option<Result<OutboxRow, UnreadRow>>, StoreError> {
        let store = self.stores.lease().await?;
        let mut transaction = store.begin().await?;
        let row = sql::query(TAKE)
            .bind(self.process.as_str())
            .bind(until(now))
            .bind(now.as_millisecond())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| store.failed(error))?;
        transaction.commit().await.map_err(|error| store.failed(error))?;
        let Some(row) = row else { return Ok(None) };
        let number = row.try_get(0).map_err(|error| store.failed(error))?;
        Ok(Some(OutboxRow::read(&row).map_err(|_| UnreadRow(number))))
    }

    /// Whether a row is due, and else when the next one is that is known.
    pub(super) async fn due(&self, now: Timestamp) -> Result<bool, StoreError> {
        let store = self.stores.lease().await?;
        sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state IN ('pending', 'deferred') \
             AND (next_attempt IS NULL OR next_attempt <= ?2) \
             AND (claimed_by IS NULL OR claimed_by = ?1 OR claimed_until <= ?2))",
        )
        .bind(self.process.as_str())
        .bind(now.as_millisecond())
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))
    }

    /// Keeps what this process has.
    pub(super) async fn renew(&self, now: Timestamp) -> Result<(), StoreError> {
        let store = self.stores.lease().await?;
        sql::query(
            "UPDATE outbox SET claimed_until = ?2 WHERE claimed_by = ?1 AND claimed_until > ?3 \
             AND state IN ('pending', 'deferred', 'attempting')",
        )
        .bind(self.process.as_str())
        .bind(until(now))
        .bind(now.as_millisecond())
        .execute(store.pool())
        .await
        .map(drop)
        .map_err(|error| store.failed(error))
    }

    /// Sees to what dead processes have left.
    pub(super) async fn recover(&self, now: Timestamp) -> Result<(), StoreError> {
        let store = self.stores.lease().await?;
        let left: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'attempting' \
             AND claimed_until <= ?1)",
        )
        .bind(now.as_millisecond())
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
        if !left {
            return Ok(());
        }
        let mut transaction = store.begin().await?;
        let recovered = sql::query(RECOVER).bind(now.as_millisecond());
        recovered.execute(&mut *transaction).await.map_err(|error| store.failed(error))?;
        transaction.commit().await.map_err(|error| store.failed(error))
    }

    /// Why a row must not leave any more, if so.
    pub(super) async fn kept_back(
        &self,
        row: &OutboxRow,
        now: Timestamp,
    ) -> Result<Option<&'static str>, StoreError> {
        let store = self.stores.lease().await?;
        let mut connection = store.pool().acquire().await.map_err(|error| store.failed(error))?;
        kept_back(&store, &mut connection, row, now).await
    }

    /// When the sign-up ends that a row asks about; nothing where it does not wait any more.
    pub(super) async fn signup_end(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let store = self.stores.lease().await?;
        let mut connection = store.pool().acquire().await.map_err(|error| store.failed(error))?;
        signup::waits_until(&mut connection, id, now).await.map_err(|error| store.failed(error))
    }

    /// When the link ends of a change of address that a row is about; nothing where it cannot be followed.
    pub(super) async fn address_end(
        &self,
        (link, id): (AddressLink, &str),
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let store = self.stores.lease().await?;
        let mut connection = store.pool().acquire().await.map_err(|error| store.failed(error))?;
        address_end(&store, &mut connection, (link, id), now).await
    }

    /// Marks that the dot of a row may leave, unless it must not any more or is another process's.
    pub(super) async fn attempt(
        &self,
        row: &OutboxRow,
        sent: &SentLetter,
        now: Timestamp,
    ) -> Result<Option<&'static str>, StoreError> {
        let store = self.stores.lease().await?;
        let mut transaction = store.begin().await?;
        if let Some(why) = kept_back(&store, &mut transaction, row, now).await? {
            return Ok(Some(why));
        }
        let marked = sql::query(
            "UPDATE outbox SET state = 'attempting', message_id = ?3, claimed_until = ?4, at = ?5 \
             WHERE number = ?1 AND claimed_by = ?2 AND state IN ('pending', 'deferred')",
        )
        .bind(row.number)
        .bind(self.process.as_str())
        .bind(sent.message_id.as_str())
        .bind(until(now))
        .bind(now.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(|error| store.failed(error))?;
        if let Some(key) = &sent.key {
            let noted = sends_with_within(&mut transaction, &sent.list_id, key).await;
            noted.map_err(|error| store.failed(error))?;
        }
        transaction.commit().await.map_err(|error| store.failed(error))?;
        Ok((marked.rows_affected() == 0).then_some("another process has it, or it was erased"))
    }

    /// Writes down what became of a row. Who has taken it meanwhile knows less.
    pub(super) async fn settle(&self, end: &OutboxEnd) -> Result<(), StoreError> {
        let store = self.stores.lease().await?;
        let mut transaction = store.begin().await?;
        sql::query(
            "UPDATE outbox SET state = ?3, text = ?4, code = ?5, enhanced = ?6, \
             first_attempt = coalesce(?7, first_attempt), next_attempt = ?8, \
             charged = charged + ?9, attempts = attempts + ?10, repeated = repeated + ?11, \
             last_attempt = CASE WHEN ?10 > 0 THEN ?12 ELSE last_attempt END, \
             claimed_by = NULL, at = ?12 \
             WHERE number = ?1 AND (claimed_by = ?2 OR state = 'uncertain')",
        )
        .bind(end.number)
        .bind(self.process.as_str())
        .bind(end.state)
        // PostgreSQL keeps no NUL in a text.
        .bind(end.text.replace('\0', "\u{fffd}"))
        .bind(end.reply.as_ref().map(|(code, _)| i64::from(*code)))
        .bind(end.reply.as_ref().and_then(|(_, enhanced)| enhanced.clone()))
        .bind(end.retry.map(|retry| retry.first.0))
        .bind(end.retry.map(|retry| retry.next.0))
        .bind(i64::from(end.retry.is_some_and(|retry| retry.charged)))
        .bind(i64::from(end.is_attempt))
        .bind(i64::from(end.is_repeated))
        .bind(end.at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(|error| store.failed(error))?;
        transaction.commit().await.map_err(|error| store.failed(error))
    }
}

fn until(now: Timestamp) -> i64 {
    Moment::at(now).plus(CLAIM).0
}

async fn kept_back(
    store: &Store,
    connection: &mut Connection,
    row: &OutboxRow,
    now: Timestamp,
) -> Result<Option<&'static str>, StoreError> {
    let failed = |error| store.failed(error);
    if now >= row.not_after {
        return Ok(Some("too late: nobody needs it any more"));
    }
    let id = row.signup.as_deref().unwrap_or_default();
    // These links stand only as long as mail may go where they lead.
    if let Some(link) = address_link(row.kind) {
        let end = address_end(store, connection, (link, id), now).await?;
        return Ok(end.is_none().then_some("the address is not to be changed any more"));
    }
    if row.kind == LetterKind::Link {
        let is_barred = leave::is_barred_from_all(connection, &row.address.identity()).await;
        return Ok(is_barred.map_err(failed)?.then_some("the person is suppressed"));
    }
    if row.kind != LetterKind::Confirm {
        let is_suppressed = leave::is_suppressed(connection, &row.address.identity()).await;
        return Ok(is_suppressed.map_err(failed)?.then_some("the person is suppressed"));
    }
    if signup::is_barred(connection, &row.address).await.map_err(failed)? {
        return Ok(Some("the person is suppressed"));
    }
    let waits = signup::waits_until(connection, id, now).await.map_err(failed)?;
    Ok(waits.is_none().then_some("nothing waits to be confirmed any more"))
}

/// What the link does of a mail about a change of address.
pub(super) fn address_link(kind: LetterKind) -> Option<AddressLink> {
    match kind {
        LetterKind::Address => Some(AddressLink::Confirm),
        LetterKind::Moved => Some(AddressLink::PutBack),
        LetterKind::Confirm | LetterKind::Already | LetterKind::Welcome | LetterKind::Link => None,
    }
}

async fn address_end(
    store: &Store,
    connection: &mut Connection,
    (link, id): (AddressLink, &str),
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(match address_change::link_standing(store, connection, (link, id), now).await? {
        AddressLinkStanding::Waits(end) => Some(end),
        AddressLinkStanding::Done | AddressLinkStanding::Ended => None,
    })
}
