//! The rows of a file that is imported, in a temporary table beside the store.
//!
//! Exists so that a list of a million is compared with a million subscribers by statements over whole
//! tables, and neither is held in memory. Changes nothing but that table.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::task::JoinHandle;

use super::import::{ImportError, ImportOptions};
use super::profile::{ConsentRecord, pause_text, read_moment};
use super::{RESERVED, SubscriptionStatus};
use crate::audience::email::email;
use crate::audience::forgotten::Forgotten;
use crate::audience::formula::unguarded;
use crate::audience::list::Rows;
use crate::audience::pause;
use crate::audience::problems::Problems;
use crate::audience::row::Row;
use crate::audience::rules;
use crate::audience::status::{ADDRESS_CHANGED, is_strong};
use crate::audience::suppression::{self, SuppressionReason};
use crate::diagnostic::Diagnostic;
use crate::issue::topics::TopicChoice;
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::store::sql::{self, QueryBuilder, SqlError, Transaction};
use crate::store::{Store, StoreError};

/// Rows of one VALUES list: SQLite takes 32,766 parameters.
pub(super) const BATCH: usize = 1_000;

/// How many rows are read before somebody is told how far it is.
const STEP_OF_PROGRESS: u64 = 10_000;

const MAKE: &str = "
DROP TABLE IF EXISTS import_row;
CREATE TEMP TABLE import_row (
    id INTEGER PRIMARY KEY,
    line BIGINT NOT NULL,
    identity TEXT NOT NULL,
    -- The address as written, where that is not the identity.
    email TEXT,
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    language TEXT NOT NULL,
    topics TEXT NOT NULL,
    paused_until TEXT NOT NULL,
    status TEXT NOT NULL,
    joined_at BIGINT,
    consent_how TEXT,
    consent_at BIGINT,
    consent_words TEXT,
    consent_ip_hash TEXT,
    -- The person said no: the reason, and the file's word for it.
    refusal TEXT,
    said TEXT,
    -- What somebody has noted of the person, and may mean that they want no mail.
    remark TEXT,
    -- Suppressed with a whole domain, or forgotten.
    blocked BOOLEAN NOT NULL,
    forgotten BOOLEAN NOT NULL,
    -- What is done: add, unconfirmed, suppress; change, conflict, same, suppressed,
    -- forgotten.
    verdict TEXT NOT NULL,
    known BOOLEAN NOT NULL DEFAULT FALSE,
    conflict BOOLEAN NOT NULL DEFAULT FALSE,
    fresh_no BOOLEAN NOT NULL DEFAULT FALSE
-- Every row is judged once. PostgreSQL writes it anew for that: with room left beside it the index
-- stays as it is, which is read and written all over otherwise.
)[sqlite: | postgres: WITH (fillfactor = 45)];
-- Who is in the file with a row that cannot be used.
DROP TABLE IF EXISTS import_rejected;
CREATE TEMP TABLE import_rejected (identity TEXT NOT NULL PRIMARY KEY);
";

const REJECTED: &str = "
INSERT INTO import_rejected (identity) SELECT j.value ->> 0 FROM [each ?1] j
WHERE TRUE ON CONFLICT DO NOTHING";

/// Of several rows about one person, that counts which says the strongest no, or else the first. The
/// others go.
const MERGE: &str = "
CREATE INDEX import_row_by_identity ON import_row (identity, id);
DELETE FROM import_row WHERE id IN (SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY identity
        ORDER BY refusal IS NULL, CASE refusal WHEN 'complaint' THEN 0 WHEN 'unsubscribed' THEN 1
            WHEN 'hard-bounce' THEN 2 ELSE 3 END, status = 'confirmed', id) AS place
    FROM import_row WHERE identity IN
        (SELECT identity FROM import_row GROUP BY identity HAVING count(*) > 1)) AS ranked
    WHERE place > 1);
";

/// A row of the file about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImportEntry {
    pub(super) line: usize,
    pub(super) address: Address,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) tags: Vec<String>,
    /// Tags for everybody of the file.
    pub(super) further_tags: Vec<String>,
    pub(super) language: String,
    pub(super) topics: String,
    pub(super) paused_until: Option<Date>,
    pub(super) joined: Option<Timestamp>,
    pub(super) status: SubscriptionStatus,
    pub(super) consent: Option<ConsentRecord>,
    /// That they said no: why they are suppressed, and the file's word for it.
    pub(super) refusal: Option<(SuppressionReason, &'static str)>,
    /// What they have answered, where they said no to a question.
    pub(super) answer: Option<String>,
    /// A day on which they came that cannot be read: the column, and what stands there.
    pub(super) unread_day: Option<(String, String)>,
    /// A remark that may say that they want no mail.
    pub(super) remark: Option<String>,
    /// The day that the store has is that of an import, which knew no other.
    pub(super) is_day_unknown: bool,
}

impl ImportEntry {
    pub(super) fn nothing(line: usize, address: Address) -> ImportEntry {
        ImportEntry {
            line,
            address,
            fields: BTreeMap::new(),
            tags: Vec::new(),
            further_tags: Vec::new(),
            language: String::new(),
            topics: String::new(),
            paused_until: None,
            joined: None,
            status: SubscriptionStatus::Confirmed,
            consent: None,
            refusal: None,
            answer: None,
            unread_day: None,
            remark: None,
            is_day_unknown: false,
        }
    }

    /// Takes what the row says of the person otherwise.
    fn describe(&mut self, person: &Recipient, shape: &FileShape) -> Result<(), String> {
        let joined = self.come(person, shape);
        for (name, value) in person.fields() {
            match name {
                "language" => value.clone_into(&mut self.language),
                "topics" => match value.parse::<TopicChoice>() {
                    Ok(choice) => self.topics = choice.to_string(),
                    // Whoever gets no mail needs none: their no counts, whatever else can be read.
                    Err(_) if self.refusal.is_some() => {}
                    Err(error) => return Err(error.to_string()),
                },
                pause::FIELD => match pause::day(value) {
                    Ok(until) => self.paused_until = until,
                    Err(_) if self.refusal.is_some() => {}
                    Err(error) => return Err(error.to_string()),
                },
                name if joined == Some(name) => {}
                name if shape.dropped.contains(name) || RESERVED.contains(&name) => {}
                name => drop(self.fields.insert(name.to_owned(), value.to_owned())),
            }
        }
        // A semicolon stands between tags wherever they are written.
        for tag in person.tags().flat_map(|tag| tag.split(';')).map(str::trim) {
            if !tag.is_empty() && !self.tags.iter().any(|known| known == tag) {
                self.tags.push(tag.to_owned());
            }
        }
        Ok(())
    }

    /// Takes the day on which somebody came out of the surest column that has one which can be read; the
    /// name of that column.
    fn come<'a>(&mut self, person: &Recipient, shape: &'a FileShape) -> Option<&'a str> {
        for name in shape.joined.iter().copied() {
            let value = person.field(name).unwrap_or_default();
            if let Some(day) = read_moment(value) {
                (self.joined, self.unread_day) = (Some(day), None);
                return Some(name);
            }
            // `0000-00-00` is no day, and `true` says something else.
            if !value.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
                || shape.dropped.contains(name) && !value.contains(['-', '.', '/'])
            {
                continue;
            }
            self.unread_day = Some((name.to_owned(), value.to_owned()));
        }
        None
    }

    /// All tags that the person has by this file.
    fn all_tags(&self) -> String {
        let further = self.further_tags.iter().filter(|tag| !self.tags.contains(tag));
        let all: Vec<&String> = self.tags.iter().chain(further).collect();
        serde_json::to_string(&all).unwrap_or_default()
    }

    /// What becomes of it if the store does not have the person.
    fn verdict(&self) -> &'static str {
        match (&self.refusal, self.status) {
            (Some(_), _) => "suppress",
            (None, SubscriptionStatus::Unconfirmed) => "unconfirmed",
            (None, _) => "add",
        }
    }
}

/// What a file's word for a no means: how the person stands, and why they are suppressed. Who was asked
/// and has answered with a no has left; who never said yes is only not confirmed.
fn refused(said: &str, is_answer: bool) -> (SubscriptionStatus, Option<SuppressionReason>) {
    use SubscriptionStatus::{Confirmed, Unconfirmed, Unsubscribed};
    match said {
        _ if is_answer => (Unsubscribed, Some(SuppressionReason::Unsubscribed)),
        "unconfirmed" | "never subscribed" | "without consent" | "not enabled" => {
            (Unconfirmed, None)
        }
        ADDRESS_CHANGED => (Confirmed, Some(SuppressionReason::Moved)),
        "bounced" | "cleaned" => (Confirmed, Some(SuppressionReason::HardBounce)),
        "complained" => (Unsubscribed, Some(SuppressionReason::Complaint)),
        "unsubscribed" | "email disabled" => (Unsubscribed, Some(SuppressionReason::Unsubscribed)),
        _ => (Confirmed, Some(SuppressionReason::Manual)),
    }
}

/// Who has left, and nothing else is said of why.
const LEFT: (SuppressionReason, &str) = (SuppressionReason::Unsubscribed, "unsubscribed");

/// How the words of a no begin that somebody has answered.
const ANSWERED: &str = "said no: ";

/// Names of columns with the day on which somebody came, the surest first.
const JOINED: [&str; 22] = [
    "joined",
    "joined_at",
    "joined_on",
    "confirm_time",
    "optin_time",
    "opt_in_time",
    "confirmed_at",
    "subscribed_at",
    "subscribed_on",
    "subscribe_date",
    "subscribed",
    "created_at",
    "created_on",
    "date_added",
    "signup_date",
    "join_date",
    "joined_date",
    "date_joined",
    "registered_at",
    "registered_on",
    "registration_date",
    "creation_date",
];

/// What the columns of a file are for.
#[derive(Debug)]
struct FileShape {
    is_own_export: bool,
    is_of_suppressed: bool,
    dropped: BTreeSet<String>,
    /// Those with the day on which somebody came, the surest first.
    joined: Vec<&'static str>,
}

impl FileShape {
    fn of<R>(rows: &Rows<R>) -> FileShape {
        let names: Vec<&str> = rows.field_names().collect();
        let joined = JOINED.into_iter().filter(|name| names.contains(name));
        FileShape {
            is_own_export: rows.is_own_export(),
            is_of_suppressed: rows.is_of_suppressed(),
            dropped: rows.consent_fields(),
            joined: joined.collect(),
        }
    }

    /// What a row of our own export says beside what all lists say. Somebody may have written a no into
    /// it, in any word that lists have for one.
    fn own(
        &self,
        entry: &mut ImportEntry,
        person: &Recipient,
        says_no: bool,
    ) -> Result<(), String> {
        if !self.is_own_export {
            return Ok(());
        }
        let field = |name: &str| person.field(name).unwrap_or_default();
        let wrong = |name: &str| format!("{:?} in {name} is no word of digest", field(name));
        let status = field("status").parse();
        let is_own_word = status.is_ok();
        match status {
            Ok(status) => entry.status = status,
            Err(_) if says_no => {}
            Err(_) => return Err(wrong("status")),
        }
        let refusals = [
            ("", None),
            ("unsubscribed", Some((SuppressionReason::Unsubscribed, "unsubscribed"))),
            ("hard-bounce", Some((SuppressionReason::HardBounce, "hard-bounce"))),
            ("complaint", Some((SuppressionReason::Complaint, "complaint"))),
            ("blocked", Some((SuppressionReason::Manual, "blocked"))),
        ];
        let refusal = refusals.iter().find(|(word, _)| *word == field("suppressed"));
        match refusal {
            Some((_, Some(refusal))) => entry.refusal = Some(*refusal),
            Some((_, None)) if entry.status == SubscriptionStatus::Unsubscribed => {
                let said = entry.refusal.unwrap_or(LEFT);
                entry.refusal = Some(said);
            }
            Some((_, None)) if is_own_word => entry.refusal = None,
            Some((_, None)) => {}
            None if says_no => {}
            None => return Err(wrong("suppressed")),
        }
        let consent = || {
            Ok::<_, String>(ConsentRecord {
                how: field("consent_how").parse().map_err(|_| wrong("consent_how"))?,
                at: read_moment(field("consent_at")).ok_or_else(|| wrong("consent_at"))?,
                words: field("consent_words").to_owned(),
                ip_hash: person.field("consent_ip_hash").map(str::to_owned),
            })
        };
        entry.consent = match consent() {
            _ if field("consent_how").is_empty() => None,
            // A no counts, whatever else can be read.
            Err(_) if entry.refusal.is_some() => None,
            consent => Some(consent?),
        };
        Ok(())
    }

    /// What a row says, or why it cannot be used; `None` for one that is about nobody.
    /// What is odd in it is handed to `odd`.
    fn entry(
        &self,
        row: Row,
        further_tags: &[String],
        odd: impl FnOnce(Vec<Diagnostic>),
    ) -> Result<Option<ImportEntry>, String> {
        let mut remark = None;
        let (line, address, person, said, answer) = match row {
            Row::Rejected(problem) => return Err(reason(&problem)),
            Row::Kept { line, recipient, warnings } => {
                let is_remark = |one: &&Diagnostic| one.rule == "row-remark";
                remark = warnings.iter().find(is_remark).map(|one| one.message.clone());
                odd(warnings);
                (line, recipient.address().clone(), Some(Box::new(recipient)), None, None)
            }
            // Most contacts of an address book have only a telephone.
            Row::LeftOut { address: None, reason: "no email address", .. } => return Ok(None),
            Row::LeftOut { address: None, reason, .. } => {
                return Err(format!("the file says {reason}, and the address cannot be read"));
            }
            Row::LeftOut { line, address: Some(address), reason, answer, person } => {
                (line, address, person, Some(reason), answer)
            }
        };
        let mut entry = ImportEntry { remark, ..ImportEntry::nothing(line, address) };
        further_tags.clone_into(&mut entry.further_tags);
        if let Some(said) = said {
            let (status, reason) = refused(said, answer.is_some());
            entry.status = status;
            entry.refusal = reason.map(|reason| (reason, said));
            entry.answer = answer.map(|answer| format!("{ANSWERED}{answer}"));
        }
        // Of those who are suppressed the list says nothing else.
        if let Some(person) = person.filter(|_| !self.is_of_suppressed) {
            entry.describe(&person, self)?;
            self.own(&mut entry, &person, said.is_some())?;
        }
        Ok(Some(entry))
    }
}

/// A problem of a row, as the file of rejected rows has it.
fn reason(problem: &Diagnostic) -> String {
    match &problem.help {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message.clone(),
    }
}

/// A row of the file that cannot be used.
#[derive(Debug)]
pub struct RejectedRow<'a> {
    /// The names of the columns, as the file has them.
    pub header: &'a [String],
    /// Its cells, without the `'` before what a spreadsheet would compute; none where they cannot be told
    /// apart.
    pub cells: Vec<&'a str>,
    /// The line on which it starts, where that is known.
    pub line: Option<usize>,
    /// Why not.
    pub reason: &'a str,
}

/// What was read of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileCounts {
    pub(super) rows: u64,
    /// Contacts without an address.
    pub(super) nobody: u64,
    pub(super) rejected: u64,
    /// Of them, those that say a no, or whose cells have a word for one: nobody is suppressed by it.
    pub(super) lost_noes: u64,
    /// Rows that repeat a person.
    pub(super) repeated: u64,
}

/// How somebody is suppressed otherwise than by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blocking {
    No,
    Domain,
    Forgotten,
}

/// Who they are.
struct Blocked<'a> {
    domains: BTreeSet<String>,
    forgotten: &'a Forgotten,
}

/// The temporary table as it is written: while the database takes one batch, the next is read.
struct ImportWriter {
    store: Store,
    batch: Vec<(ImportEntry, Blocking)>,
    /// Of rows that cannot be used, whose they are: they are in the file.
    rejected: Vec<String>,
    writing: Option<JoinHandle<Result<Transaction, SqlError>>>,
}

/// Reads a file to its end into the temporary table: how many rows of each kind, and what is odd in those
/// that are used. What cannot be used goes to `rejects`.
///
/// # Errors
/// The file cannot be read to its end, nobody can know who of it may be mailed, or the store's.
pub(super) async fn stage<R: Read>(
    store: &Store,
    rows: &mut Rows<R>,
    options: &ImportOptions<'_>,
    rejects: &mut dyn FnMut(RejectedRow<'_>) -> io::Result<()>,
) -> Result<(FileCounts, Vec<Diagnostic>), ImportError> {
    let shape = FileShape::of(rows);
    let domains = suppression::in_force(store).await?;
    let domains = domains.into_iter().filter(|one| one.is_for_domain()).map(|one| one.what);
    let blocked = Blocked { domains: domains.collect(), forgotten: options.forgotten };
    let mut counts = FileCounts::default();
    let failed = |error| store.failed(error);
    sql::raw(MAKE).execute(store.pool()).await.map_err(failed)?;
    let mut writer = ImportWriter {
        store: store.clone(),
        batch: Vec::with_capacity(BATCH),
        rejected: Vec::new(),
        writing: None,
    };
    let mut problems = Problems::default();
    let mut usable = 0_u64;
    while let Some(row) = rows.next() {
        let row = row?;
        counts.rows += 1;
        if counts.rows.is_multiple_of(STEP_OF_PROGRESS) {
            (options.progress)(counts.rows);
        }
        let line = line_of(&row);
        let has_cells = !matches!(&row, Row::Rejected(problem) if is_unreadable(problem));
        let mut warnings = Vec::new();
        if shape.is_of_suppressed && blocked.has_domain(rows.email_cell()) {
            counts.nobody += 1;
            continue;
        }
        let is_no = says_no(&row);
        match shape.entry(row, options.tags, |odd| warnings = odd) {
            Ok(None) => counts.nobody += 1,
            Ok(Some(entry)) => {
                usable += 1;
                let unread = entry.unread_day.as_ref();
                warnings.extend(unread.map(|day| rules::row_day(rows.path(), entry.line, day)));
                warnings.into_iter().map(of_import).for_each(|warning| problems.add(warning));
                let blocking = blocked.of(&entry.address);
                writer.add(entry, blocking).await?;
            }
            Err(reason) => {
                counts.rejected += 1;
                counts.lost_noes += u64::from(is_no || has_cells && rows.cells().any(is_strong));
                if let Some(found) =
                    has_cells.then(|| email(unguarded(rows.email_cell())).ok()).flatten()
                {
                    writer.rejected.push(found.address.identity());
                }
                let cells =
                    if has_cells { rows.cells().map(unguarded).collect() } else { Vec::new() };
                let (header, reason) = (rows.header(), reason.as_str());
                rejects(RejectedRow { header, cells, line, reason })
                    .map_err(ImportError::Rejects)?;
            }
        }
    }
    let doubts: Vec<Diagnostic> = rows.doubts();
    if doubts.iter().any(Diagnostic::is_error) {
        return Err(ImportError::Unclear(doubts));
    }
    let different = writer.finish().await?;
    counts.repeated = usable - different;
    Ok((counts, problems.in_order()))
}

/// A warning of a row as it is told of a file that is imported.
fn of_import(warning: Diagnostic) -> Diagnostic {
    match warning.rule {
        "row-remark" => warning.help(
            "if they want no mail, delete the row, or keep them out: digest subscribers suppress \
             ADDRESS --why TEXT; if the remark is about something else, it can stay",
        ),
        _ => warning,
    }
}

/// Whether the row is of somebody who wants no mail, or is to get none.
fn says_no(row: &Row) -> bool {
    match row {
        Row::LeftOut { reason, answer, .. } => refused(reason, answer.is_some()).1.is_some(),
        Row::Kept { .. } | Row::Rejected(_) => false,
    }
}

fn line_of(row: &Row) -> Option<usize> {
    match row {
        Row::Kept { line, .. } | Row::LeftOut { line, .. } => Some(*line),
        Row::Rejected(problem) => Some(problem.place.as_ref()?.line_column()?.0),
    }
}

/// Whether the cells of a row could not be told apart.
fn is_unreadable(problem: &Diagnostic) -> bool {
    matches!(problem.rule, "row-quote" | "row-size")
}

impl Blocked<'_> {
    /// Whether a cell such as `@example.org` names a domain that is suppressed.
    fn has_domain(&self, cell: &str) -> bool {
        unguarded(cell).trim().strip_prefix('@').is_some_and(|name| self.domains.contains(name))
    }

    fn of(&self, address: &Address) -> Blocking {
        match self.forgotten.has(address) {
            true => Blocking::Forgotten,
            false if self.domains.contains(address.domain()) => Blocking::Domain,
            false => Blocking::No,
        }
    }
}

impl ImportWriter {
    async fn add(&mut self, entry: ImportEntry, blocking: Blocking) -> Result<(), StoreError> {
        self.batch.push((entry, blocking));
        if self.batch.len() < BATCH { Ok(()) } else { self.flush().await }
    }

    /// Keeps one row of each person, and says how many people they are.
    async fn finish(mut self) -> Result<u64, StoreError> {
        self.flush().await?;
        let mut transaction = self.written().await?;
        let failed = |error| self.store.failed(error);
        sql::raw(MERGE).execute(&mut *transaction).await.map_err(failed)?;
        for batch in self.rejected.chunks(BATCH) {
            let batch: Vec<[&String; 1]> = batch.iter().map(|one| [one]).collect();
            let insert = sql::query(REJECTED).bind(serde_json::json!(batch).to_string());
            insert.execute(&mut *transaction).await.map_err(failed)?;
        }
        let people: i64 = sql::query_scalar("SELECT count(*) FROM import_row")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(people.unsigned_abs())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let transaction = self.written().await?;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.writing = Some(tokio::spawn(append(transaction, batch)));
        // Lets it begin before the next rows are read.
        tokio::task::yield_now().await;
        Ok(())
    }

    /// The transaction, when the batch before is written.
    async fn written(&mut self) -> Result<Transaction, StoreError> {
        let failed = |error| self.store.failed(error);
        match self.writing.take() {
            None => self.store.pool().begin().await.map_err(failed),
            Some(writing) => match writing.await {
                Ok(written) => written.map_err(failed),
                Err(_) => Err(failed(SqlError::worker_crashed())),
            },
        }
    }
}

async fn append(
    mut transaction: Transaction,
    batch: Vec<(ImportEntry, Blocking)>,
) -> Result<Transaction, SqlError> {
    if batch.is_empty() {
        return Ok(transaction);
    }
    let mut query = QueryBuilder::new(
        "INSERT INTO import_row (line, identity, email, fields, tags, language, topics, \
         paused_until, status, joined_at, consent_how, consent_at, consent_words, consent_ip_hash, refusal, said, \
         remark, blocked, forgotten, verdict) ",
    );
    query.push_values(batch, |mut row, (entry, blocking)| {
        let identity = entry.address.identity();
        let written = entry.address.as_str();
        let email = (identity != written).then(|| written.to_owned());
        let fields = serde_json::to_string(&entry.fields).unwrap_or_default();
        let (tags, verdict) = (entry.all_tags(), entry.verdict());
        let consent = entry.consent;
        row.push_bind(i64::try_from(entry.line).unwrap_or(i64::MAX))
            .push_bind(identity)
            .push_bind(email)
            .push_bind(fields)
            .push_bind(tags)
            .push_bind(entry.language)
            .push_bind(entry.topics)
            .push_bind(pause_text(entry.paused_until))
            .push_bind(entry.status.word())
            .push_bind(entry.joined.map(Timestamp::as_millisecond))
            .push_bind(consent.as_ref().map(|one| one.how.word()))
            .push_bind(consent.as_ref().map(|one| one.at.as_millisecond()))
            .push_bind(consent.as_ref().map(|one| one.words.clone()))
            .push_bind(consent.and_then(|one| one.ip_hash))
            .push_bind(entry.refusal.map(|(reason, _)| reason.word()))
            .push_bind(
                entry.refusal.map(|(_, said)| entry.answer.unwrap_or_else(|| said.to_owned())),
            )
            .push_bind(entry.remark)
            .push_bind(blocking != Blocking::No)
            .push_bind(blocking == Blocking::Forgotten)
            .push_bind(verdict);
    });
    query.build().execute(&mut *transaction).await?;
    Ok(transaction)
}
