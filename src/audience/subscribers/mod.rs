//! The publication's own list, in the store: who subscribes, how they agreed, and what was changed.
//!
//! Owns the tables `subscriber`, `subscriber_change`, `subscriber_import`, `subscriber_former` and `subscriber_earlier`. A row is one person;
//! [`import`] brings people in from files, as a plan first and as one transaction then; [`undo`] takes
//! an import back; [`export`] writes the list as a file that gives the same list again; [`change`] is for
//! one person, [`moved`] gives them another address, and [`forget`] erases them. Who is
//! suppressed stands in [`super::suppression`], and that counts more than anything here.
//!
//! Must never send, and must never let a file bring back somebody who said no.

mod by_hand;
pub mod change;
pub mod export;
pub mod forget;
pub mod import;
mod merge;
pub mod moved;
pub mod preferences;
pub mod profile;
pub mod rows;
mod staged;
pub mod undo;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The step that makes the tables; see [`crate::store::Store::open`].
pub const STEP: &str = "
-- A file that was imported, or is taken back since.
CREATE TABLE subscriber_import (
    number INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    -- Milliseconds since 1970, as all moments here.
    at BIGINT NOT NULL,
    -- How these people agreed, in somebody's words.
    consent TEXT,
    added BIGINT NOT NULL DEFAULT 0,
    changed BIGINT NOT NULL DEFAULT 0,
    suppressed BIGINT NOT NULL DEFAULT 0,
    undone_at BIGINT
);
-- A person of the list. `identity` is what all spellings of the address have in common.
CREATE TABLE subscriber (
    identity TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    -- A JSON object of texts, its keys ascending; a JSON array of texts.
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    language TEXT NOT NULL,
    topics TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('unconfirmed', 'confirmed', 'unsubscribed')),
    joined_at BIGINT NOT NULL,
    consent_how TEXT,
    consent_at BIGINT,
    consent_words TEXT,
    consent_ip_hash TEXT,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    added_in BIGINT
) WITHOUT ROWID;
-- What a person was before each change.
CREATE TABLE subscriber_change (
    number INTEGER PRIMARY KEY,
    identity TEXT NOT NULL,
    at BIGINT NOT NULL,
    origin TEXT NOT NULL,
    import BIGINT,
    email TEXT NOT NULL,
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    language TEXT NOT NULL,
    topics TEXT NOT NULL,
    status TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    consent_how TEXT,
    consent_at BIGINT,
    consent_words TEXT,
    consent_ip_hash TEXT
);
CREATE INDEX subscriber_change_by_identity ON subscriber_change (identity, number);
CREATE INDEX subscriber_change_by_import ON subscriber_change (import);
-- The import that brought a no.
ALTER TABLE suppression ADD COLUMN import BIGINT;
";

/// The step that keeps until when people have paused; see [`crate::store::Store::open`].
pub const PAUSED: &str = "
-- The day from which on somebody gets mail again who has paused, as 2027-01-10; empty without one.
ALTER TABLE subscriber ADD COLUMN paused_until TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriber_change ADD COLUMN paused_until TEXT NOT NULL DEFAULT '';
";

/// Fields that the store keeps beside the others, and that nobody gives a value as a field.
pub const RESERVED: [&str; 14] = [
    "email",
    "status",
    "suppressed",
    "tags",
    "language",
    "topics",
    "joined",
    "paused_until",
    "consent_how",
    "consent_at",
    "consent_words",
    "consent_ip_hash",
    "attributes",
    "rejected_because",
];

/// How somebody stands to the newsletter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubscriptionStatus {
    /// They never said that they want it. They get nothing.
    Unconfirmed,
    /// They want it.
    Confirmed,
    /// They have left. They get nothing.
    Unsubscribed,
}

impl SubscriptionStatus {
    /// All of them.
    pub const ALL: [SubscriptionStatus; 3] = [
        SubscriptionStatus::Unconfirmed,
        SubscriptionStatus::Confirmed,
        SubscriptionStatus::Unsubscribed,
    ];

    /// The word for programs and people.
    pub const fn word(self) -> &'static str {
        match self {
            SubscriptionStatus::Unconfirmed => "unconfirmed",
            SubscriptionStatus::Confirmed => "confirmed",
            SubscriptionStatus::Unsubscribed => "unsubscribed",
        }
    }
}

impl fmt::Display for SubscriptionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Serialize for SubscriptionStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// A word of the tables that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no word of this version of digest; a newer one may have written it")]
pub struct UnknownSubscriberWord(String);

impl FromStr for SubscriptionStatus {
    type Err = UnknownSubscriberWord;

    fn from_str(word: &str) -> Result<SubscriptionStatus, UnknownSubscriberWord> {
        let known = SubscriptionStatus::ALL.into_iter().find(|status| status.word() == word);
        known.ok_or_else(|| UnknownSubscriberWord(word.to_owned()))
    }
}

/// How a consent came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentWay {
    /// They filled in a form.
    Form,
    /// They came with a file.
    Import,
    /// Somebody of the publication wrote it down.
    ByHand,
}

impl ConsentWay {
    /// All of them.
    pub const ALL: [ConsentWay; 3] = [ConsentWay::Form, ConsentWay::Import, ConsentWay::ByHand];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            ConsentWay::Form => "form",
            ConsentWay::Import => "import",
            ConsentWay::ByHand => "by hand",
        }
    }
}

impl FromStr for ConsentWay {
    type Err = UnknownSubscriberWord;

    fn from_str(word: &str) -> Result<ConsentWay, UnknownSubscriberWord> {
        let known = ConsentWay::ALL.into_iter().find(|way| way.word() == word);
        known.ok_or_else(|| UnknownSubscriberWord(word.to_owned()))
    }
}

impl Serialize for ConsentWay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Who changed a person's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOrigin {
    /// Somebody typed it.
    Command,
    /// A file that was imported.
    Import,
    /// The person, on the web.
    Web,
    /// The person, by mail.
    Mail,
    /// A report about a message.
    Bounce,
}

impl ChangeOrigin {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            ChangeOrigin::Command => "command",
            ChangeOrigin::Import => "import",
            ChangeOrigin::Web => "web",
            ChangeOrigin::Mail => "mail",
            ChangeOrigin::Bounce => "bounce",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_means_one_thing() {
        for status in SubscriptionStatus::ALL {
            assert_eq!(status.word().parse(), Ok(status));
            assert!(STEP.contains(&format!("'{status}'")));
            assert!(crate::issue::only::STATUS_WORDS.contains(&status.word()));
        }
        for way in ConsentWay::ALL {
            assert_eq!(way.word().parse::<ConsentWay>(), Ok(way));
        }
        assert!("Confirmed".parse::<SubscriptionStatus>().is_err());
    }
}
