//! Sign-ups: what people ask for on a form, until they confirm it by the link in a mail (double opt-in).
//!
//! Nobody is subscribed by a form: anybody can type any address there. Owns the tables `signup` and
//! `signup_mail`. Must never end another no than that somebody has left, nor subscribe anybody twice
//! by one confirmation.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::subscribers::change::{self, ChangeNote};
use super::subscribers::profile::{ConsentRecord, SubscriberProfile, of_ms};
use super::subscribers::{ChangeOrigin, ConsentWay, SubscriptionStatus};
use super::suppression::SuppressionReason;
use crate::crypto;
use crate::issue::topics::{self, TopicChoice};
use crate::message::address::Address;
use crate::message::token::SignupId;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{SchemaStep, Store, StoreError};

/// How long a link in a mail confirms.
pub const VALID: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A person gets one mail in so long, whoever asks and how often.
pub const ONE_MAIL: SignedDuration = SignedDuration::from_hours(1);
/// Behind their end sign-ups are kept so long: until then a link is answered as what it was.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The step that makes the tables; see [`Store::open`].
pub const STEP: SchemaStep = SchemaStep::both(
    "
-- What somebody has asked for on a form, and nobody believes until it is confirmed.
CREATE TABLE signup (
    -- Random letters, which stand in the link.
    id TEXT NOT NULL PRIMARY KEY,
    identity TEXT NOT NULL,
    email TEXT NOT NULL,
    -- As in `subscriber`.
    fields TEXT NOT NULL,
    language TEXT NOT NULL,
    topics TEXT NOT NULL,
    -- What they agreed to, as it stood on the form.
    words TEXT NOT NULL,
    ip_hash TEXT,
    -- Milliseconds since 1970.
    asked_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    confirmed_at BIGINT
) WITHOUT ROWID;
CREATE INDEX signup_by_identity ON signup (identity);
-- Who was written a mail because of a form, by a keyed hash, and how often was asked since.
CREATE TABLE signup_mail (
    person TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    asked BIGINT NOT NULL
) WITHOUT ROWID;
",
);

/// The step that makes the table of words.
pub const WORDS: SchemaStep = SchemaStep::both(
    "
-- What people are asked to agree to, as forms show it, by a hash that stands on the form.
CREATE TABLE signup_words (
    hash TEXT NOT NULL PRIMARY KEY,
    words TEXT NOT NULL,
    -- When they were first shown; milliseconds since 1970.
    since BIGINT NOT NULL
) WITHOUT ROWID;
",
);

/// Bytes of a hash of words.
const WORDS_HASH: usize = 8;

/// What names words of consent on a form.
pub fn words_hash(words: &str) -> String {
    data_encoding::HEXLOWER.encode(&crypto::sha256([words.as_bytes()])[..WORDS_HASH])
}

/// Keeps words that a form shows from now on: one on another site may show them for years.
///
/// # Errors
/// The store's.
pub async fn keep_words(store: &Store, words: &[String], now: Timestamp) -> Result<(), StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    for words in words {
        sql::query(
            "INSERT INTO signup_words (hash, words, since) VALUES (?1, ?2, ?3) \
             ON CONFLICT (hash) DO NOTHING",
        )
        .bind(words_hash(words))
        .bind(words.as_str())
        .bind(now.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// The words that stood on a form, as far as they are known: those of now where it showed them, else
/// those that its hash names. What is not known is said.
///
/// # Errors
/// The database's.
pub async fn words_shown(
    connection: &mut Connection,
    (words, hash): (&str, Option<&str>),
) -> Result<String, SqlError> {
    let Some(hash) = hash else {
        return Ok(format!("{words} [of that day: the form did not say which words it showed]"));
    };
    if hash == words_hash(words) {
        return Ok(words.to_owned());
    }
    let known = "SELECT words FROM signup_words WHERE hash = ?1";
    let known: Option<String> =
        sql::query_scalar(known).bind(hash).fetch_all(connection).await?.into_iter().next();
    Ok(known.unwrap_or_else(|| {
        let hash: String = hash.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        format!("[unknown words, of the hash {hash:?}]")
    }))
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signup {
    /// What stands in the link.
    pub id: SignupId,
    /// Whose address it says.
    pub address: Address,
    /// Fields of the form, by name.
    pub fields: BTreeMap<String, String>,
    /// The language that they chose; empty where they did not.
    pub language: String,
    /// The topics that the form showed, and whether they want each.
    pub topics: Vec<(String, bool)>,
    /// What they agreed to.
    pub words: String,
    /// The keyed hash of the address of the computer.
    pub ip_hash: Option<String>,
}

/// How the person at an address stands, for whoever signs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignupStanding {
    /// They may be asked whether it was them.
    New,
    /// They get the newsletter.
    Subscribed,
    /// Something keeps mail from them that no form ends.
    Barred,
}

/// What somebody has asked for on the form and has not confirmed, while the link can still do that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenSignup {
    /// The address as written.
    pub email: String,
    /// Fields of the form, by name.
    pub fields: BTreeMap<String, String>,
    /// The language that they chose; empty where they did not.
    pub language: String,
    /// What they said of topics; see [`topics::write_answers`].
    pub topics: String,
    /// What they agreed to.
    pub words: String,
    /// When they asked.
    pub asked_at: Timestamp,
    /// Until when the link confirms it.
    pub ends_at: Timestamp,
}

/// What became of a confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// They are subscribed now; the language that they chose, if they did.
    Now(String),
    /// They had confirmed before, and get mail: nothing has changed.
    Before,
    /// Since they looked, something else was asked for at their address: nothing has changed.
    Replaced,
    /// Nothing waits for them any more.
    Gone,
    /// Something keeps mail from them that no form ends.
    Barred,
}

/// How a link for confirming stands, for whoever looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkStanding {
    /// This waits to be confirmed.
    Waits(Box<AskedFor>),
    /// It was confirmed, and they get mail.
    Confirmed,
    /// Nothing waits, and nothing that was confirmed holds.
    Ended,
}

/// When somebody last confirmed or left. It ends their hour: who comes back then is no stranger.
const SETTLED: &str = "
SELECT COALESCE(MAX(settled.at), 0) FROM (
    SELECT confirmed_at AS at FROM signup WHERE identity = ?1
    UNION ALL
    SELECT at FROM suppression WHERE kind = 'address' AND what = ?1 AND reason = ?2
) settled WHERE settled.at <= ?3";

/// One mail in an hour, by one statement that always writes: whoever asks in vain finds no other time.
const COUNT: &str = "
INSERT INTO signup_mail (person, at, asked) VALUES (?1, ?2, 1)
ON CONFLICT (person) DO UPDATE SET
    asked = CASE WHEN signup_mail.at <= ?3 THEN 1 ELSE signup_mail.asked + 1 END,
    at = CASE WHEN signup_mail.at <= ?3 THEN excluded.at ELSE signup_mail.at END
RETURNING asked";

const KEEP: &str = "
INSERT INTO signup (id, identity, email, fields, language, topics, words, ip_hash, asked_at, ends_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// The links stay as they are, and so does the address that was written to.
const REPLACE: &str = "
UPDATE signup SET fields = ?2, language = ?3, topics = ?4, words = ?5, ip_hash = ?6, asked_at = ?7
WHERE identity = ?1 AND confirmed_at IS NULL AND ends_at > ?7";

const CONFIRM: &str = "
UPDATE signup SET confirmed_at = ?2
WHERE id = ?1 AND confirmed_at IS NULL AND ends_at > ?2 AND (asked_at = ?3 OR ?3 = 0)
RETURNING identity, email, fields, language, topics, words, ip_hash, asked_at";

/// What waits under a link, in the columns of [`CONFIRM`].
const WAITS: &str = "
SELECT identity, email, fields, language, topics, words, ip_hash, asked_at
FROM signup WHERE id = ?1 AND confirmed_at IS NULL AND ends_at > ?2";

/// Whether a person may get a mail because of a form now, of whom `person` is a keyed hash: one an
/// hour, and one after they have confirmed or left. It counts that somebody has asked.
///
/// # Errors
/// The database's.
pub async fn may_be_mailed(
    connection: &mut Connection,
    (person, address): (&str, &Address),
    now: Timestamp,
) -> Result<bool, SqlError> {
    let settled: i64 = sql::query_scalar(SETTLED)
        .bind(address.identity())
        .bind(SuppressionReason::Unsubscribed.word())
        .bind(now.as_millisecond())
        .fetch_one(&mut *connection)
        .await?;
    let over = (now - ONE_MAIL).as_millisecond().max(settled - 1);
    is_first(connection, person, over, now).await
}

/// Whether a person, of whom `person` is a keyed hash, has asked for no other mail of its kind within the
/// last hour. It counts that they have asked.
///
/// # Errors
/// The database's.
pub async fn may_ask(
    connection: &mut Connection,
    person: &str,
    now: Timestamp,
) -> Result<bool, SqlError> {
    is_first(connection, person, (now - ONE_MAIL).as_millisecond(), now).await
}

async fn is_first(
    connection: &mut Connection,
    person: &str,
    over: i64,
    now: Timestamp,
) -> Result<bool, SqlError> {
    let asked: i64 = sql::query_scalar(COUNT)
        .bind(person)
        .bind(now.as_millisecond())
        .bind(over)
        .fetch_one(connection)
        .await?;
    Ok(asked == 1)
}

/// How a person stands to whom nothing is said but by mail.
///
/// # Errors
/// The database's.
pub async fn standing(
    connection: &mut Connection,
    address: &Address,
) -> Result<SignupStanding, SqlError> {
    if is_barred(connection, address).await? {
        return Ok(SignupStanding::Barred);
    }
    let gets_mail: bool = sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM subscriber WHERE identity = ?1 AND status = 'confirmed') \
         AND NOT EXISTS (SELECT 1 FROM suppression WHERE kind = 'address' AND what = ?1 \
         AND released_at IS NULL)",
    )
    .bind(address.identity())
    .fetch_one(connection)
    .await?;
    Ok(if gets_mail { SignupStanding::Subscribed } else { SignupStanding::New })
}

/// Whether something else than their own leaving keeps mail from a person.
///
/// # Errors
/// The database's.
pub async fn is_barred(connection: &mut Connection, address: &Address) -> Result<bool, SqlError> {
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE released_at IS NULL AND \
         ((kind = 'address' AND what = ?1 AND reason <> ?3) OR (kind = 'domain' AND what = ?2))) \
         OR EXISTS (SELECT 1 FROM erasure WHERE person = ?1)",
    )
    .bind(address.identity())
    .bind(address.domain())
    .bind(SuppressionReason::Unsubscribed.word())
    .fetch_one(connection)
    .await
}

/// Keeps what somebody asks for until its end, which is given.
///
/// # Errors
/// The database's.
pub async fn keep_within(
    connection: &mut Connection,
    signup: &Signup,
    now: Timestamp,
) -> Result<Timestamp, SqlError> {
    let end = end_of(now);
    sql::query(KEEP)
        .bind(letters(&signup.id))
        .bind(signup.address.identity())
        .bind(signup.address.as_str())
        .bind(serde_json::to_string(&signup.fields).map_err(SqlError::encode)?)
        .bind(signup.language.as_str())
        .bind(topics::write_answers(&signup.topics))
        .bind(signup.words.as_str())
        .bind(signup.ip_hash.clone())
        .bind(now.as_millisecond())
        .bind(end.as_millisecond())
        .execute(connection)
        .await?;
    Ok(end)
}

/// Puts what somebody asks for now in the place of all that waits for their address: whoever fills in the
/// form first, which may be anybody, decides nothing for who comes after.
///
/// # Errors
/// The database's.
pub async fn replace_within(
    connection: &mut Connection,
    signup: &Signup,
    now: Timestamp,
) -> Result<(), SqlError> {
    sql::query(REPLACE)
        .bind(signup.address.identity())
        .bind(serde_json::to_string(&signup.fields).map_err(SqlError::encode)?)
        .bind(signup.language.as_str())
        .bind(topics::write_answers(&signup.topics))
        .bind(signup.words.as_str())
        .bind(signup.ip_hash.clone())
        .bind(now.as_millisecond())
        .execute(connection)
        .await
        .map(drop)
}

/// When a sign-up ends that is made now: a whole second, as in its token.
fn end_of(now: Timestamp) -> Timestamp {
    let end = now + VALID;
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

/// The sign-up as the tables name it.
pub fn letters(id: &SignupId) -> String {
    data_encoding::BASE64URL_NOPAD.encode(id)
}

/// The sign-up that the tables name so.
pub fn read_letters(id: &str) -> Option<SignupId> {
    data_encoding::BASE64URL_NOPAD.decode(id.as_bytes()).ok()?.try_into().ok()
}

/// When a sign-up ends that waits to be confirmed; nothing where it does not wait any more.
///
/// # Errors
/// The database's.
pub async fn waits_until(
    connection: &mut Connection,
    id: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, SqlError> {
    let end: Option<i64> = sql::query_scalar(
        "SELECT ends_at FROM signup WHERE id = ?1 AND confirmed_at IS NULL AND ends_at > ?2",
    )
    .bind(id)
    .bind(now.as_millisecond())
    .fetch_optional(connection)
    .await?;
    Ok(end.map(of_ms))
}

/// How the link of a sign-up stands. Nothing changes.
///
/// # Errors
/// The database's.
pub async fn link_standing(
    connection: &mut Connection,
    (id, address): (&SignupId, &Address),
    now: Timestamp,
) -> Result<LinkStanding, SqlError> {
    let waits = sql::query(WAITS).bind(letters(id)).bind(now.as_millisecond());
    if let Some(row) = waits.fetch_optional(&mut *connection).await? {
        return Ok(LinkStanding::Waits(Box::new(AskedFor::read(&row)?)));
    }
    let was: bool = sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM signup WHERE id = ?1 AND confirmed_at IS NOT NULL)",
    )
    .bind(letters(id))
    .fetch_one(&mut *connection)
    .await?;
    let holds = was && standing(connection, address).await? == SignupStanding::Subscribed;
    Ok(if holds { LinkStanding::Confirmed } else { LinkStanding::Ended })
}

/// What waits to be confirmed by a person, in the order in which it was asked for.
///
/// # Errors
/// The store's.
pub async fn open_of(
    store: &Store,
    identity: &str,
    now: Timestamp,
) -> Result<Vec<OpenSignup>, StoreError> {
    let failed = |error| store.failed(error);
    let rows = sql::query(
        "SELECT email, fields, language, topics, words, asked_at, ends_at FROM signup \
         WHERE identity = ?1 AND confirmed_at IS NULL AND ends_at > ?2 ORDER BY asked_at",
    );
    let rows = rows.bind(identity).bind(now.as_millisecond()).fetch_all(store.pool()).await;
    let open = |row: &SqlRow| {
        Ok(OpenSignup {
            email: row.try_get(0)?,
            fields: serde_json::from_str(row.try_get(1)?).map_err(SqlError::decode)?,
            language: row.try_get(2)?,
            topics: topics::write_answers(&topics::read_answers(row.try_get(3)?)),
            words: row.try_get(4)?,
            asked_at: of_ms(row.try_get(5)?),
            ends_at: of_ms(row.try_get(6)?),
        })
    };
    let open: Result<Vec<OpenSignup>, SqlError> = rows.map_err(failed)?.iter().map(open).collect();
    open.map_err(failed)
}

/// Subscribes the person who has confirmed, within a transaction: their row, how they agreed, and that
/// they have not left. Where something is `seen`, by when it was asked for, nothing else is confirmed.
/// Unless it is [`Confirmed::Now`] the transaction has to be given up.
///
/// # Errors
/// The store's.
pub async fn confirm_within(
    store: &Store,
    connection: &mut Connection,
    (id, address, seen): (&SignupId, &Address, Option<Timestamp>),
    now: Timestamp,
) -> Result<Confirmed, StoreError> {
    let failed = |error| store.failed(error);
    let confirmed = sql::query(CONFIRM)
        .bind(letters(id))
        .bind(now.as_millisecond())
        .bind(seen.map_or(0, Timestamp::as_millisecond));
    let row = confirmed.fetch_optional(&mut *connection).await.map_err(failed)?;
    let Some(row) = row else {
        let standing = link_standing(connection, (id, address), now).await.map_err(failed)?;
        return Ok(match standing {
            LinkStanding::Waits(_) => Confirmed::Replaced,
            LinkStanding::Confirmed => Confirmed::Before,
            LinkStanding::Ended => Confirmed::Gone,
        });
    };
    if is_barred(connection, address).await.map_err(failed)? {
        return Ok(Confirmed::Barred);
    }
    let asked = AskedFor::read(&row).map_err(failed)?;
    let note = ChangeNote { origin: ChangeOrigin::Web, at: now };
    let language = asked.language.clone();
    change::put_within(store, connection, address, note, |known| asked.profile(known, now)).await?;
    let identity = address.identity();
    let settled = async {
        // A link of an earlier mail is as good as this one, and changes nothing any more.
        sql::query(
            "UPDATE signup SET confirmed_at = ?2 WHERE identity = ?1 AND confirmed_at IS NULL",
        )
        .bind(identity.as_str())
        .bind(now.as_millisecond())
        .execute(&mut *connection)
        .await?;
        sql::query(
            "UPDATE suppression SET released_at = ?2, released_why = 'subscribed again on the web' \
             WHERE kind = 'address' AND what = ?1 AND reason = ?3 AND released_at IS NULL",
        )
        .bind(identity.as_str())
        .bind(now.as_millisecond())
        .bind(SuppressionReason::Unsubscribed.word())
        .execute(&mut *connection)
        .await
    };
    settled.await.map_err(failed)?;
    Ok(Confirmed::Now(language))
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
        "DELETE FROM signup WHERE confirmed_at IS NULL \
         AND identity IN (SELECT j.value ->> 0 FROM [each ?1] j)",
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
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let done = async {
        sql::query("DELETE FROM signup WHERE ends_at < ?1")
            .bind((now - KEPT).as_millisecond())
            .execute(&mut *transaction)
            .await?;
        sql::query("DELETE FROM signup_mail WHERE at < ?1")
            .bind((now - ONE_MAIL).as_millisecond())
            .execute(&mut *transaction)
            .await
    };
    done.await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// What waits to be confirmed, as far as it becomes a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFor {
    email: String,
    /// Fields of the form, by name.
    pub fields: BTreeMap<String, String>,
    /// As in [`Signup`].
    pub language: String,
    /// As in [`Signup`].
    pub topics: Vec<(String, bool)>,
    consent: ConsentRecord,
    /// When; a later form takes its place.
    pub asked: Timestamp,
}

impl AskedFor {
    fn read(row: &SqlRow) -> Result<AskedFor, SqlError> {
        let asked = of_ms(row.try_get(7)?);
        Ok(AskedFor {
            email: row.try_get(1)?,
            fields: serde_json::from_str(row.try_get(2)?).map_err(SqlError::decode)?,
            language: row.try_get(3)?,
            topics: topics::read_answers(row.try_get(4)?),
            consent: ConsentRecord {
                how: ConsentWay::Form,
                at: asked,
                words: row.try_get(5)?,
                ip_hash: row.try_get(6)?,
            },
            asked,
        })
    }

    /// The subscriber, who may be known: what the form did not ask for stays as it was.
    fn profile(self, known: Option<SubscriberProfile>, now: Timestamp) -> SubscriberProfile {
        let new = || SubscriberProfile::new(self.email.clone(), now);
        let mut profile = known.unwrap_or_else(new);
        profile.email = self.email;
        profile.fields.extend(self.fields.into_iter().filter(|(_, value)| !value.is_empty()));
        if !self.language.is_empty() {
            profile.language = self.language;
        }
        if !self.topics.is_empty() {
            profile.topics = TopicChoice::with(&profile.topics, &self.topics).to_string();
        }
        profile.status = SubscriptionStatus::Confirmed;
        // Whoever subscribes wants the next issue.
        profile.paused_until = None;
        let (asked, now) = (moment_of(self.asked), moment_of(now));
        let words = format!("{} (asked {asked}, confirmed {now})", self.consent.words);
        profile.consent = Some(ConsentRecord { words, ..self.consent });
        profile
    }
}

/// Whose mailbox an address is, as far as many addresses can be one: for a limit, and for nothing else.
/// What stands behind a `+` is the owner's own (RFC 5233), and Gmail reads no dots. Must never say who a
/// person is: elsewhere two such addresses are two people.
pub fn mailbox_for_limit(address: &Address) -> String {
    let identity = address.identity();
    let Some((local, domain)) = identity.rsplit_once('@') else { return identity };
    let name = match local.split_once('+') {
        Some((name, _)) if !name.is_empty() && !local.starts_with('"') => name,
        _ => local,
    };
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", name.replace('.', "")),
        _ => format!("{name}@{domain}"),
    }
}

fn moment_of(at: Timestamp) -> String {
    at.strftime("%FT%TZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_owner_can_invent_is_one_mailbox_for_the_limit() {
        let of = |text: &str| mailbox_for_limit(&Address::parse(text).unwrap());
        for (address, mailbox) in [
            ("Kim@example.org", "kim@example.org"),
            ("kim+1@example.org", "kim@example.org"),
            ("kim+a+b@example.org", "kim@example.org"),
            ("+kim@example.org", "+kim@example.org"),
            ("k.im@example.org", "k.im@example.org"),
            ("K.i.m+x@googlemail.com", "kim@gmail.com"),
            ("\"k + im\"@example.org", "\"k + im\"@example.org"),
        ] {
            assert_eq!(of(address), mailbox, "{address}");
        }
    }
}
