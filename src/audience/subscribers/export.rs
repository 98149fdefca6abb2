//! The list of the store, person by person, and as a file that gives the same list again.
//!
//! Must keep one order, that of the identities: a list that has not changed gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use tokio::task::JoinHandle;

use super::profile::{COLUMNS, COLUMNS_WITHOUT_CONSENT, SubscriberProfile, moment};
use super::{ConsentWay, SubscriptionStatus};
use crate::audience::formula::csv_cell;
use crate::audience::pause;
use crate::audience::suppression::{SuppressionReason, UnknownSuppressionWord};
use crate::message::address::{Address, AddressError};
use crate::message::recipient::Recipient;
use crate::store::sql::{self, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// Rows that are read at once.
const BATCH: i64 = 1_000;

/// Columns of the file before the fields and behind them.
const BEFORE: [&str; 3] = ["email", "status", "suppressed"];
const BEHIND: [&str; 8] = [
    "tags",
    "language",
    "topics",
    "joined",
    "consent_how",
    "consent_at",
    "consent_words",
    "consent_ip_hash",
];

/// Why somebody is suppressed by their address.
const SUPPRESSED: &str = "(SELECT s.reason FROM suppression s WHERE s.what = subscriber.identity \
     AND s.kind = 'address' AND s.released_at IS NULL ORDER BY s.number LIMIT 1)";

/// Why the list cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where it is written to.
    #[error("the list cannot be written: {0}")]
    Written(#[from] io::Error),
}

/// A person of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// What all spellings of the address have in common.
    pub identity: String,
    /// All that is known of them.
    pub profile: SubscriberProfile,
    /// Why they are suppressed by their address, if they are.
    pub suppressed: Option<SuppressionReason>,
}

impl Subscriber {
    /// The person as one whom a message is made for.
    ///
    /// # Errors
    /// The address is none, in a table that was damaged.
    pub fn recipient(&self) -> Result<Recipient, AddressError> {
        Ok(self.profile.recipient(Address::parse(&self.profile.email)?))
    }

    /// Somebody of whom nobody asked whether they are suppressed.
    fn unasked((identity, profile): (String, SubscriberProfile)) -> Subscriber {
        Subscriber { identity, profile, suppressed: None }
    }

    /// Whether they get mail, as far as their own row says.
    pub fn gets_mail(&self) -> bool {
        self.profile.status == SubscriptionStatus::Confirmed && self.suppressed.is_none()
    }
}

impl SubscriberPage {
    /// The last identity of these; none where nobody is left.
    fn end(&self) -> Option<&str> {
        match self {
            SubscriberPage::Rows(rows) => rows.last().map(|row| row.get(0)),
            SubscriberPage::Text { end, .. } => end.as_deref(),
        }
    }
}

/// All people of the list, one batch after the other: while one is used, the next is read.
#[derive(Debug)]
pub struct Subscribers {
    store: Store,
    /// Those who get the issue are asked neither how they agreed nor, each, if they are suppressed.
    is_for_issue: bool,
    ahead: Option<JoinHandle<Result<SubscriberPage, SqlError>>>,
}

/// Some people of the list, in the order of their identities.
#[derive(Debug)]
enum SubscriberPage {
    /// A row for each.
    Rows(Vec<SqlRow>),
    /// All in one JSON text: a row of the database costs several times as much. They are behind one
    /// identity, and end with another.
    Text { text: String, behind: String, end: Option<String> },
}

/// Of those behind an identity what an issue asks for, in the order of
/// [`COLUMNS_WITHOUT_CONSENT`], and who is the last.
const PAGE: &str = "
SELECT [sqlite: json_group_array(json_array( | postgres: CAST(json_agg(json_build_array(]
    identity, email, fields, tags, language, topics, status, joined_at, paused_until
    [sqlite: )) | postgres: )) AS TEXT)], max(identity)
FROM (SELECT * FROM subscriber WHERE identity > ?1 ORDER BY identity LIMIT ?2) page";

impl Subscribers {
    /// Of a store.
    pub fn of(store: &Store) -> Subscribers {
        Subscribers { store: store.clone(), is_for_issue: false, ahead: None }
    }

    /// The same, of whom only that is known which an issue asks for.
    pub(super) fn for_issue(store: &Store) -> Subscribers {
        Subscribers { is_for_issue: true, ..Subscribers::of(store) }
    }

    /// The next people in the order of their identities; none at the end.
    ///
    /// # Errors
    /// The store's.
    pub async fn next(&mut self) -> Result<Vec<Subscriber>, StoreError> {
        let failed = |error| self.store.failed(error);
        let page = match self.ahead.take() {
            None => self.page("").await.map_err(failed)?,
            Some(ahead) => match ahead.await {
                Ok(page) => page.map_err(failed)?,
                Err(_) => return Err(failed(SqlError::worker_crashed())),
            },
        };
        if let Some(end) = page.end() {
            self.ahead = Some(tokio::spawn(self.page(end)));
            // Lets it begin before these people are looked at.
            tokio::task::yield_now().await;
        }
        match page {
            SubscriberPage::Rows(rows) => self.subscribers(&rows),
            SubscriberPage::Text { text, behind, .. } => {
                match SubscriberProfile::read_page(&text) {
                    Ok(people) => Ok(people.into_iter().map(Subscriber::unasked).collect()),
                    // Row by row it is told whose cannot be read.
                    Err(_) => self.subscribers(&self.rows(&behind).await.map_err(failed)?),
                }
            }
        }
    }

    /// Those behind an identity.
    fn page(&self, behind: &str) -> impl Future<Output = Result<SubscriberPage, SqlError>> + use<> {
        let text = self.is_for_issue.then(|| sql::query_as(PAGE).bind(behind).bind(BATCH));
        let (rows, store) = (self.rows(behind), self.store.clone());
        let behind = behind.to_owned();
        async move {
            let Some(text) = text else { return rows.await.map(SubscriberPage::Rows) };
            match text.fetch_one(store.pool()).await {
                Ok((text, end)) => {
                    let text: Option<String> = text;
                    Ok(SubscriberPage::Text { text: text.unwrap_or_default(), behind, end })
                }
                // Bytes in a column are no JSON.
                Err(_) => rows.await.map(SubscriberPage::Rows),
            }
        }
    }

    /// The rows behind an identity.
    fn rows(&self, behind: &str) -> impl Future<Output = Result<Vec<SqlRow>, SqlError>> + use<> {
        let columns = if self.is_for_issue {
            COLUMNS_WITHOUT_CONSENT.to_owned()
        } else {
            format!("{COLUMNS}, {SUPPRESSED}")
        };
        let statement = format!(
            "SELECT {columns} FROM subscriber WHERE identity > ?1 ORDER BY identity LIMIT ?2"
        );
        let (rows, store) = (sql::query(statement).bind(behind).bind(BATCH), self.store.clone());
        async move { rows.fetch_all(store.pool()).await }
    }

    fn subscribers(&self, rows: &[SqlRow]) -> Result<Vec<Subscriber>, StoreError> {
        rows.iter().map(|row| self.subscriber(row)).collect()
    }

    fn subscriber(&self, row: &SqlRow) -> Result<Subscriber, StoreError> {
        if self.is_for_issue {
            let (identity, profile) = SubscriberProfile::read_without_consent(&self.store, row)?;
            return Ok(Subscriber::unasked((identity, profile)));
        }
        let (identity, profile) = SubscriberProfile::read(&self.store, row)?;
        let suppressed: Option<&str> = row.get(13);
        let suppressed = suppressed.map(str::parse).transpose();
        let unknown = |error: UnknownSuppressionWord| self.store.failed(SqlError::decode(error));
        let suppressed = suppressed.map_err(unknown)?;
        Ok(Subscriber { identity, profile, suppressed })
    }
}

/// Writes the people of the list who are meant; how many they are.
///
/// # Errors
/// An [`ExportError`].
pub async fn write_csv(
    store: &Store,
    out: &mut dyn Write,
    is_meant: &dyn Fn(&Subscriber) -> bool,
) -> Result<u64, ExportError> {
    let fields = field_names(store).await?;
    let header: Vec<&str> =
        BEFORE.into_iter().chain(fields.iter().map(String::as_str)).chain(BEHIND).collect();
    writeln!(out, "{}", header.join(","))?;
    let mut people = Subscribers::of(store);
    let mut count = 0;
    loop {
        let batch = people.next().await?;
        if batch.is_empty() {
            return Ok(count);
        }
        for person in batch.iter().filter(|person| is_meant(person)) {
            out.write_all(line(person, &fields).as_bytes())?;
            count += 1;
        }
    }
}

/// Whether a line is the first one of such a file.
pub fn is_header(line: &str) -> bool {
    let names: Vec<&str> = line.split(',').collect();
    names.starts_with(&BEFORE) && names.ends_with(&BEHIND)
}

/// The names of all fields that somebody has, a pause among them.
async fn field_names(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let mut names = BTreeSet::new();
    let mut people = Subscribers::of(store);
    loop {
        let batch = people.next().await?;
        if batch.is_empty() {
            return Ok(names);
        }
        if batch.iter().any(|person| person.profile.paused_until.is_some()) {
            names.insert(pause::FIELD.to_owned());
        }
        for name in batch.iter().flat_map(|person| person.profile.fields.keys()) {
            if !names.contains(name) {
                names.insert(name.clone());
            }
        }
    }
}

/// The word of the column `suppressed`, which every reader of lists takes for a no.
const fn file_word(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Manual | SuppressionReason::Moved => "blocked",
        other => other.word(),
    }
}

fn line(person: &Subscriber, fields: &BTreeSet<String>) -> String {
    let profile = &person.profile;
    let mut text = String::with_capacity(256);
    let mut cell = |value: &str| {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&csv_cell(value));
    };
    cell(&profile.email);
    cell(profile.status.word());
    cell(person.suppressed.map_or("", file_word));
    for name in fields {
        match name.as_str() {
            pause::FIELD => cell(&profile.pause_text()),
            name => cell(profile.fields.get(name).map_or("", String::as_str)),
        }
    }
    cell(&profile.tags.join(";"));
    cell(&profile.language);
    cell(&profile.topics);
    cell(&moment(profile.joined));
    let consent = profile.consent.as_ref();
    cell(consent.map_or("", |consent| consent.how.word()));
    cell(&consent.map_or_else(String::new, |consent| moment(consent.at)));
    cell(consent.map_or("", |consent| &consent.words));
    cell(consent.and_then(|consent| consent.ip_hash.as_deref()).unwrap_or_default());
    text.push('\n');
    text
}

/// A person for programs.
#[derive(Debug, Serialize)]
pub struct SubscriberObject<'a> {
    /// The address as written.
    pub email: &'a str,
    /// How they stand.
    pub status: SubscriptionStatus,
    /// Why they are suppressed, if they are.
    pub suppressed: Option<SuppressionReason>,
    /// Fields, by name.
    pub fields: &'a BTreeMap<String, String>,
    /// Tags.
    pub tags: &'a [String],
    /// The language that they read.
    pub language: &'a str,
    /// The topics that they want.
    pub topics: &'a str,
    /// When they came.
    pub joined: String,
    /// The day until which they have paused, also one that is over.
    pub paused_until: Option<String>,
    /// How they agreed.
    pub consent: Option<ConsentObject<'a>>,
}

/// A consent for programs.
#[derive(Debug, Serialize)]
pub struct ConsentObject<'a> {
    /// How.
    pub how: ConsentWay,
    /// When.
    pub at: String,
    /// The words agreed to.
    pub words: &'a str,
    /// The keyed hash of the address of the computer.
    pub ip_hash: Option<&'a str>,
}

impl Subscriber {
    /// For programs.
    pub fn object(&self) -> SubscriberObject<'_> {
        let profile = &self.profile;
        SubscriberObject {
            email: &profile.email,
            status: profile.status,
            suppressed: self.suppressed,
            fields: &profile.fields,
            tags: &profile.tags,
            language: &profile.language,
            topics: &profile.topics,
            joined: moment(profile.joined),
            paused_until: profile.paused_until.map(|until| until.to_string()),
            consent: profile.consent.as_ref().map(|one| {
                let (how, at) = (one.how, moment(one.at));
                ConsentObject { how, at, words: &one.words, ip_hash: one.ip_hash.as_deref() }
            }),
        }
    }
}
