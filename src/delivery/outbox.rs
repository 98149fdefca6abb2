//! Mails to one reader about their subscription: written down in the transaction that needs them, and
//! sent by `digest serve` over the relays, one at a time.
//!
//! `pending -> attempting -> accepted | deferred | refused | uncertain`, or `dropped`. There are few of
//! them, so a commit before the dot does what the journal does for an issue. What a process has left as
//! `attempting` may have arrived: a confirmation is sent once more with its Message-ID, because a reader
//! waits for it and a second copy does nothing else, and so is each mail that brings a link; any other mail is uncertain and stays so. Must
//! never send what its person has not asked for, nor to whom a no was said that no form ends.

mod feed;
pub mod letters;
mod rows;
pub mod run;
pub mod sent;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::compose::letters::LetterKind;
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{SchemaStep, Store, StoreError};

/// The step that makes the table; see [`Store::open`].
pub const STEP: SchemaStep = SchemaStep::both(
    "
-- A mail to one reader. Moments are milliseconds since 1970.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    -- 'confirm', 'already' or 'welcome'.
    kind TEXT NOT NULL,
    identity TEXT NOT NULL,
    email TEXT NOT NULL,
    language TEXT NOT NULL,
    -- The sign-up that it asks about.
    signup TEXT,
    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'attempting', 'accepted', 'deferred', 'refused', 'uncertain',
                         'dropped')),
    attempts BIGINT NOT NULL DEFAULT 0,
    charged BIGINT NOT NULL DEFAULT 0,
    -- How often it was sent again without knowing whether it had arrived.
    repeated BIGINT NOT NULL DEFAULT 0,
    first_attempt BIGINT,
    last_attempt BIGINT,
    next_attempt BIGINT,
    -- Behind it nobody needs the mail.
    not_after BIGINT NOT NULL,
    -- The process that has it, and until when it has.
    claimed_by TEXT,
    claimed_until BIGINT,
    message_id TEXT,
    code BIGINT,
    enhanced TEXT,
    text TEXT,
    added_at BIGINT NOT NULL,
    -- When its state was last written.
    at BIGINT NOT NULL
);
CREATE INDEX outbox_by_state ON outbox (state, next_attempt);
CREATE INDEX outbox_by_identity ON outbox (identity);
",
);

/// How long rows are kept that have come to an end.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A mail that is to be sent.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    /// What it is for.
    pub kind: LetterKind,
    /// Whom it is for.
    pub address: &'a Address,
    /// In which language (BCP 47).
    pub language: &'a str,
    /// The sign-up that it asks about.
    pub signup: Option<&'a str>,
    /// When nobody needs it any more.
    pub not_after: Timestamp,
}

/// Writes a mail down, within the transaction that needs it.
///
/// # Errors
/// The database's.
pub async fn enqueue_within(
    connection: &mut Connection,
    mail: &NewMail<'_>,
    now: Timestamp,
) -> Result<(), SqlError> {
    sql::query(
        "INSERT INTO outbox (kind, identity, email, language, signup, not_after, added_at, at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )
    .bind(mail.kind.word())
    .bind(mail.address.identity())
    .bind(mail.address.as_str())
    .bind(mail.language)
    .bind(mail.signup)
    .bind(mail.not_after.as_millisecond())
    .bind(now.as_millisecond())
    .execute(connection)
    .await
    .map(drop)
}

/// How many mails wait, and of how many it is not known whether they arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutboxCounts {
    /// They will be sent.
    pub waiting: u64,
    /// They may have arrived, and are not sent again.
    pub uncertain: u64,
    /// A relay has refused them, in the last 30 days.
    pub refused: u64,
}

impl OutboxCounts {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == OutboxCounts::default()
    }
}

impl fmt::Display for OutboxCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words =
            [(self.waiting, "waiting"), (self.uncertain, "uncertain"), (self.refused, "refused")];
        let words = words.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = words.map(|(count, word)| format!("{count} {word}")).collect();
        f.write_str(&words.join(", "))
    }
}

/// What stands in the outbox.
///
/// # Errors
/// The store's.
pub async fn counts(store: &Store) -> Result<OutboxCounts, StoreError> {
    let rows: Vec<(String, i64)> =
        sql::query_as("SELECT state, count(*) FROM outbox GROUP BY state")
            .fetch_all(store.pool())
            .await
            .map_err(|error| store.failed(error))?;
    let mut counts = OutboxCounts::default();
    for (state, count) in rows {
        let count = count.unsigned_abs();
        match state.as_str() {
            "pending" | "attempting" | "deferred" => counts.waiting += count,
            "uncertain" => counts.uncertain += count,
            "refused" => counts.refused += count,
            _ => {}
        }
    }
    Ok(counts)
}

/// Deletes mails that came to an end long ago.
///
/// # Errors
/// The store's.
pub async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    sql::query(
        "DELETE FROM outbox WHERE at < ?1 AND state NOT IN ('pending', 'attempting', 'deferred')",
    )
    .bind((now - KEPT).as_millisecond())
    .execute(store.pool())
    .await
    .map(drop)
    .map_err(|error| store.failed(error))
}
