//! A person as the store has them, and as a file says they are: what both are compared by.
//!
//! Must be one form only: two profiles that say the same are the same texts in the table.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{ConsentWay, SubscriptionStatus};
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::store::sql::SqlRow;
use crate::store::{Store, StoreError};

/// The columns that [`SubscriberProfile::read`] takes, in its order.
pub(super) const COLUMNS: &str = "identity, email, fields, tags, language, topics, status, \
     joined_at, consent_how, consent_at, consent_words, consent_ip_hash";

/// What to do about a damaged row.
const REMEDY: &str = "put back a copy of the store from before it was damaged";

/// How and when a person agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRecord {
    /// How.
    pub how: ConsentWay,
    /// When.
    pub at: Timestamp,
    /// The words agreed to, or how it came about.
    pub words: String,
    /// The keyed hash of the address of the computer, where there is one.
    pub ip_hash: Option<String>,
}

/// What is known of a person beside who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberProfile {
    /// The address as written.
    pub email: String,
    /// Fields, by name.
    pub fields: BTreeMap<String, String>,
    /// Tags, each once.
    pub tags: Vec<String>,
    /// The language that they read; empty where it is not known.
    pub language: String,
    /// The topics that they want; see [`crate::issue::topics`].
    pub topics: String,
    /// How they stand.
    pub status: SubscriptionStatus,
    /// When they came.
    pub joined: Timestamp,
    /// How they agreed.
    pub consent: Option<ConsentRecord>,
}

impl SubscriberProfile {
    /// Of somebody who wants the newsletter, and of whom nothing else is known.
    pub fn new(email: String, joined: Timestamp) -> SubscriberProfile {
        SubscriberProfile {
            email,
            fields: BTreeMap::new(),
            tags: Vec::new(),
            language: String::new(),
            topics: String::new(),
            status: SubscriptionStatus::Confirmed,
            joined: of_ms(joined.as_second() * 1_000),
            consent: None,
        }
    }

    /// Reads a row that begins with [`COLUMNS`]: whose it is, and what it says.
    pub(super) fn read(
        store: &Store,
        row: &SqlRow,
    ) -> Result<(String, SubscriberProfile), StoreError> {
        read(row).map_err(|error| {
            let who: String = row.try_get(0).unwrap_or_default();
            StoreError::Content {
                store: store.address().clone(),
                what: format!("the subscriber {who}"),
                reason: error.to_string(),
                help: REMEDY,
            }
        })
    }

    /// The fields, as the table has them.
    pub(super) fn fields_json(&self) -> String {
        serde_json::to_string(&self.fields).unwrap_or_default()
    }

    /// The tags, as the table has them.
    pub(super) fn tags_json(&self) -> String {
        serde_json::to_string(&self.tags).unwrap_or_default()
    }

    /// The person as one that a message is made for: what the store keeps beside the fields is a field
    /// of theirs too, as it is in the file that an export writes.
    pub fn recipient(&self, address: Address) -> Recipient {
        let joined = moment(self.joined);
        let own = [
            ("status", self.status.word()),
            ("language", &*self.language),
            ("topics", &*self.topics),
            ("joined", &*joined),
        ];
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Recipient::new(address, fields.chain(own), self.tags.iter().map(String::as_str))
    }
}

fn read(row: &SqlRow) -> Result<(String, SubscriberProfile), Box<dyn std::error::Error>> {
    let how: Option<String> = row.try_get(8)?;
    let consent = match how {
        Some(how) => Some(ConsentRecord {
            how: how.parse()?,
            at: of_ms(row.try_get::<Option<i64>>(9)?.unwrap_or_default()),
            words: row.try_get::<Option<String>>(10)?.unwrap_or_default(),
            ip_hash: row.try_get(11)?,
        }),
        None => None,
    };
    let profile = SubscriberProfile {
        email: row.try_get(1)?,
        fields: serde_json::from_str(row.try_get(2)?)?,
        tags: serde_json::from_str(row.try_get(3)?)?,
        language: row.try_get(4)?,
        topics: row.try_get(5)?,
        status: row.try_get::<&str>(6)?.parse()?,
        joined: of_ms(row.try_get(7)?),
        consent,
    };
    Ok((row.try_get(0)?, profile))
}

/// A moment of the table.
pub(super) fn of_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// A moment as it stands in files: RFC 3339, to the second.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%FT%TZ").to_string()
}

/// A moment as files have it: RFC 3339, or a date with or without a time, in UTC where nothing else is
/// said. To the second, as files have it.
pub(super) fn read_moment(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches(" UTC");
    let in_utc = |at: DateTime| TimeZone::UTC.to_timestamp(at).ok();
    let whole = text.parse::<Timestamp>().ok();
    let local = || text.parse::<DateTime>().ok().and_then(in_utc);
    let day = || text.parse::<Date>().ok().and_then(|day| in_utc(day.at(0, 0, 0, 0)));
    let at = whole.or_else(local).or_else(day)?;
    Timestamp::from_second(at.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_files_are_read_to_the_second() {
        for (text, read) in [
            ("2025-11-06", "2025-11-06T00:00:00Z"),
            ("2025-11-06 14:00:01", "2025-11-06T14:00:01Z"),
            ("2025-11-06 14:00:01 UTC", "2025-11-06T14:00:01Z"),
            ("2025-11-06T14:00:01.5+01:00", "2025-11-06T13:00:01Z"),
        ] {
            assert_eq!(read_moment(text).map(moment).as_deref(), Some(read), "{text}");
        }
        assert_eq!(read_moment("06/11/2025"), None);
        assert_eq!(read_moment("yes"), None);
    }
}
