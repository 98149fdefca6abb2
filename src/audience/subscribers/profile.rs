//! A person as the store has them, and as a file says they are: what both are compared by.
//!
//! Must be one form only: two profiles that say the same are the same texts in the table.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{ConsentWay, SubscriptionStatus};
use crate::audience::pause;
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::store::sql::SqlRow;
use crate::store::{Store, StoreError};

/// The columns that [`SubscriberProfile::read_without_consent`] takes, in its order.
pub(super) const COLUMNS_WITHOUT_CONSENT: &str =
    "identity, email, fields, tags, language, topics, status, joined_at, paused_until";

/// The columns that [`SubscriberProfile::read`] takes, in its order.
pub(super) const COLUMNS: &str = "identity, email, fields, tags, language, topics, status, \
     joined_at, paused_until, consent_how, consent_at, consent_words, consent_ip_hash";

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
    /// The day from which on they get mail again, where they have paused. It may be over.
    pub paused_until: Option<Date>,
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
            paused_until: None,
            consent: None,
        }
    }

    /// Reads a row that begins with [`COLUMNS`]: whose it is, and what it says.
    pub(super) fn read(
        store: &Store,
        row: &SqlRow,
    ) -> Result<(String, SubscriberProfile), StoreError> {
        consent(row)
            .and_then(|consent| read(row, consent))
            .map_err(|error| damaged(store, row, &*error))
    }

    /// The same of a row that begins with [`COLUMNS_WITHOUT_CONSENT`], for whoever does not ask how they
    /// agreed.
    pub(super) fn read_without_consent(
        store: &Store,
        row: &SqlRow,
    ) -> Result<(String, SubscriberProfile), StoreError> {
        read(row, None).map_err(|error| damaged(store, row, &*error))
    }

    /// The same of many: an array of arrays, each in the order of [`COLUMNS_WITHOUT_CONSENT`].
    pub(super) fn read_page(
        text: &str,
    ) -> Result<Vec<(String, SubscriberProfile)>, Box<dyn std::error::Error>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let people: Vec<PersonInPage> = serde_json::from_str(text)?;
        people.into_iter().map(profile_in_page).collect()
    }

    /// The fields, as the table has them.
    pub(super) fn fields_json(&self) -> String {
        serde_json::to_string(&self.fields).unwrap_or_default()
    }

    /// The tags, as the table has them.
    pub(super) fn tags_json(&self) -> String {
        serde_json::to_string(&self.tags).unwrap_or_default()
    }

    /// The day until which they have paused, as the table has it; empty where there is none.
    pub(super) fn pause_text(&self) -> String {
        pause_text(self.paused_until)
    }

    /// The person as one that a message is made for: what the store keeps beside the fields is a field
    /// of theirs too, as it is in the file that an export writes.
    pub fn recipient(&self, address: Address) -> Recipient {
        let (joined, paused_until) = (moment(self.joined), self.pause_text());
        let own = [
            ("status", self.status.word()),
            ("language", &*self.language),
            ("topics", &*self.topics),
            ("joined", &*joined),
            (pause::FIELD, &*paused_until),
        ];
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Recipient::new(address, fields.chain(own), self.tags.iter().map(String::as_str))
    }
}

fn damaged(store: &Store, row: &SqlRow, error: &dyn std::error::Error) -> StoreError {
    let who: String = row.try_get(0).unwrap_or_default();
    StoreError::Content {
        store: store.address().clone(),
        what: format!("the subscriber {who}"),
        reason: error.to_string(),
        help: REMEDY,
    }
}

fn consent(row: &SqlRow) -> Result<Option<ConsentRecord>, Box<dyn std::error::Error>> {
    let how: Option<String> = row.try_get(9)?;
    let Some(how) = how else { return Ok(None) };
    Ok(Some(ConsentRecord {
        how: how.parse()?,
        at: of_ms(row.try_get::<Option<i64>>(10)?.unwrap_or_default()),
        words: row.try_get::<Option<String>>(11)?.unwrap_or_default(),
        ip_hash: row.try_get(12)?,
    }))
}

fn read(
    row: &SqlRow,
    consent: Option<ConsentRecord>,
) -> Result<(String, SubscriberProfile), Box<dyn std::error::Error>> {
    let profile = SubscriberProfile {
        email: row.try_get(1)?,
        fields: serde_json::from_str(row.try_get(2)?)?,
        tags: serde_json::from_str(row.try_get(3)?)?,
        language: row.try_get(4)?,
        topics: row.try_get(5)?,
        status: row.try_get::<&str>(6)?.parse()?,
        joined: of_ms(row.try_get(7)?),
        paused_until: read_pause(row.try_get(8)?)?,
        consent,
    };
    Ok((row.try_get(0)?, profile))
}

/// Identity, address, fields, tags, language, topics, status, when they came, and until when they have
/// paused.
type PersonInPage = (String, String, String, String, String, String, String, i64, String);

fn profile_in_page(
    person: PersonInPage,
) -> Result<(String, SubscriberProfile), Box<dyn std::error::Error>> {
    let (identity, email, fields, tags, language, topics, status, joined, paused_until) = person;
    let profile = SubscriberProfile {
        email,
        fields: serde_json::from_str(&fields)?,
        tags: serde_json::from_str(&tags)?,
        language,
        topics,
        status: status.parse()?,
        joined: of_ms(joined),
        paused_until: read_pause(&paused_until)?,
        consent: None,
    };
    Ok((identity, profile))
}

/// The day of a pause, as the tables have it.
pub(super) fn pause_text(until: Option<Date>) -> String {
    until.map_or_else(String::new, |until| until.to_string())
}

/// The same, read.
fn read_pause(text: &str) -> Result<Option<Date>, jiff::Error> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

/// A moment of the table.
pub(in crate::audience) fn of_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// A moment as it stands in files: RFC 3339, to the second.
pub(super) fn moment(at: Timestamp) -> String {
    // A format of `strftime` is read anew for each moment, and a plan asks a million times.
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// A moment as files have it: RFC 3339, or a date with or without a time, in UTC where nothing else is
/// said. To the second, as files have it.
pub(super) fn read_moment(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches(" UTC");
    let in_utc = |at: DateTime| TimeZone::UTC.to_timestamp(at).ok();
    let whole = text.parse::<Timestamp>().ok();
    let local = || text.parse::<DateTime>().ok().and_then(in_utc);
    let day = || text.parse::<Date>().ok().and_then(|day| in_utc(day.at(0, 0, 0, 0)));
    let at = whole.or_else(local).or_else(day);
    let at = at.or_else(|| year_first(text).and_then(in_utc))?;
    Timestamp::from_second(at.as_second()).ok()
}

/// A day whose year stands first, as people and programs write it, with or without a time behind it:
/// `2024. 1. 5.`, `2024년 1월 5일`, `2024/1/5 10:00`, `2024. 1. 5. 오후 3:12`.
fn year_first(text: &str) -> Option<DateTime> {
    let (year, rest) = digits(text)?;
    let (month, rest) = digits(rest.trim_start().strip_prefix(['.', '-', '/', '년', '年'])?)?;
    let (day, rest) = digits(rest.trim_start().strip_prefix(['.', '-', '/', '월', '月'])?)?;
    let behind = rest.trim_start().trim_start_matches(['.', '일', '日']);
    // Another digit or letter would belong to the day.
    if year < 1000 || behind == rest && rest.starts_with(|c: char| c.is_alphanumeric() && c != 'T')
    {
        return None;
    }
    let (hour, minute, second) = clock(behind.trim_start_matches('T').trim())?;
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

/// The number that a text begins with, and what is behind it.
fn digits(text: &str) -> Option<(i16, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// The time of a day, of 24 hours or of two halves; midnight where there is none.
fn clock(text: &str) -> Option<(i8, i8, i8)> {
    const HALVES: [(&str, bool); 8] = [
        ("오전", false),
        ("오후", true),
        ("午前", false),
        ("午後", true),
        ("AM", false),
        ("PM", true),
        ("am", false),
        ("pm", true),
    ];
    if text.is_empty() {
        return Some((0, 0, 0));
    }
    let half = HALVES.iter().find(|(word, _)| text.starts_with(word) || text.ends_with(word));
    let time = half.map_or(text, |(word, _)| text.trim_matches(|c| word.contains(c)).trim());
    let parts: Option<Vec<i8>> = time.split(':').map(|part| part.trim().parse().ok()).collect();
    let (hour, minute, second) = match parts?[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let hour = half.map_or(hour, |(_, is_later)| hour % 12 + if *is_later { 12 } else { 0 });
    Some((hour, minute, second))
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
            ("2019. 4. 3.", "2019-04-03T00:00:00Z"),
            ("2023.4.5", "2023-04-05T00:00:00Z"),
            ("2024년 1월 3일", "2024-01-03T00:00:00Z"),
            ("2024年1月3日", "2024-01-03T00:00:00Z"),
            ("2024/1/3", "2024-01-03T00:00:00Z"),
            ("2024-1-3", "2024-01-03T00:00:00Z"),
            ("2024/01/03 9:05", "2024-01-03T09:05:00Z"),
            ("2024. 1. 5. 오후 3:12", "2024-01-05T15:12:00Z"),
            ("2024. 1. 5. 오전 12:00:07", "2024-01-05T00:00:07Z"),
            ("2024/1/3 3:12:09 PM", "2024-01-03T15:12:09Z"),
        ] {
            assert_eq!(read_moment(text).map(moment).as_deref(), Some(read), "{text}");
        }
        for text in [
            "06/11/2025",
            "yes",
            "",
            "2024",
            "2024-13-01",
            "2024/2/30",
            "24.1.3",
            "2024-1-3x",
            "2024. 1.",
            "2024/1/3 25:00",
            "2024/1/3 about noon",
            "99999/1/3",
        ] {
            assert_eq!(read_moment(text), None, "{text}");
        }
    }
}
