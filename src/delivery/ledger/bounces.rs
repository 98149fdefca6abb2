//! What was reported of the people of the ledger: the table `bounce`, and which messages were read.
//!
//! A row of `recipient` stays `accepted` whatever is reported later: the relay had it. Must never delete
//! a report, and must never count one message twice.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Ledger;
use crate::delivery::id::RowId;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// The step that makes the tables; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- A report that was acted on. `message` names the message that brought it, by its hash, or the attempt
-- whose reply it is. `recipient` and `issue` are those of the row that it is about, where that is known.
CREATE TABLE bounce (
    number INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    recipient BIGINT,
    issue TEXT,
    identity TEXT NOT NULL,
    class TEXT NOT NULL,
    reason TEXT NOT NULL,
    code BIGINT,
    status TEXT,
    text TEXT NOT NULL,
    outcome TEXT NOT NULL,
    why TEXT NOT NULL,
    source TEXT NOT NULL,
    -- When the report was written, and when it was read: milliseconds since 1970.
    at BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    UNIQUE (message, identity)
);
CREATE INDEX bounce_by_identity ON bounce (identity, class, at);
CREATE INDEX bounce_by_issue ON bounce (issue, class);
CREATE INDEX bounce_by_recipient ON bounce (recipient);
-- Messages of the bounce mailbox with which nothing is left to do, by their hash.
CREATE TABLE read_message (
    hash TEXT NOT NULL PRIMARY KEY,
    read_at BIGINT NOT NULL
);
";

/// The row that a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::delivery) struct ReportedRow {
    pub(in crate::delivery) row: RowId,
    pub(in crate::delivery) issue: String,
    /// The address as it was written to.
    pub(in crate::delivery) email: String,
}

/// A report as it is written down.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct BounceNote<'a> {
    pub(in crate::delivery) message: &'a str,
    pub(in crate::delivery) row: Option<&'a ReportedRow>,
    pub(in crate::delivery) identity: &'a str,
    pub(in crate::delivery) class: &'a str,
    pub(in crate::delivery) reason: &'a str,
    pub(in crate::delivery) code: Option<i64>,
    pub(in crate::delivery) status: Option<&'a str>,
    pub(in crate::delivery) text: &'a str,
    pub(in crate::delivery) outcome: &'a str,
    pub(in crate::delivery) why: &'a str,
    pub(in crate::delivery) source: &'a str,
    pub(in crate::delivery) at_ms: i64,
    pub(in crate::delivery) read_at_ms: i64,
}

/// A report that counts against a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) struct CountedReport {
    /// The row whose message it is about, where that is known.
    pub(in crate::delivery) row: Option<RowId>,
    /// When it was written, in milliseconds since 1970.
    pub(in crate::delivery) at_ms: i64,
}

/// A report of a person as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedBounce {
    /// The address as it was written to, or else the identity.
    pub email: String,
    /// The issue, where that is known.
    pub issue: Option<String>,
    /// What became of the row of the ledger, which a report does not change.
    pub state: Option<String>,
    /// `hard`, `soft`, `complaint` or `unsubscribe`.
    pub class: String,
    /// Why, as `docs/bounces.md` lists it.
    pub reason: String,
    /// The reply code.
    pub code: Option<i64>,
    /// The enhanced status code.
    pub enhanced: Option<String>,
    /// What the report says.
    pub text: String,
    /// What was done: `suppressed`, `counted`, `nothing`.
    pub outcome: String,
    /// Where the report was read.
    pub source: String,
    /// When it was written, RFC 3339.
    pub at: jiff::Timestamp,
}

/// How many people of an issue something was reported of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BounceCounts {
    /// Whose address is bad.
    pub hard: u64,
    /// To whom it could not be delivered for another reason.
    pub soft: u64,
    /// Who complained.
    pub complaints: u64,
}

/// How many of those who got an issue complained about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueComplaints {
    /// The issue.
    pub issue: String,
    /// Who got it.
    pub accepted: u64,
    /// Who of them complained.
    pub complaints: u64,
}

/// Fewer complaints stop no send: one reader of a list of 200 is 0.5 %, and says little of the others.
/// Large providers count of those who send them thousands of messages a day, and three of a thousand is
/// what they take at most.
const LEAST_COMPLAINTS: u64 = 3;

impl IssueComplaints {
    /// More than one of a thousand: large providers ask for less.
    pub fn is_warned_of(&self) -> bool {
        self.complaints * 1_000 > self.accepted
    }

    /// Three people or more, and more than three of a thousand: large providers refuse mail of such a
    /// sender.
    pub fn is_too_many(&self) -> bool {
        self.is_over_the_limit() && self.complaints >= LEAST_COMPLAINTS
    }

    fn is_over_the_limit(&self) -> bool {
        self.complaints * 1_000 > self.accepted * 3
    }
}

impl fmt::Display for IssueComplaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IssueComplaints { issue, accepted, complaints } = self;
        let percent = *complaints as f64 * 100.0 / (*accepted).max(1) as f64;
        let who = if *complaints == 1 { "1 person" } else { &format!("{complaints} people") };
        let most = if self.is_over_the_limit() { "0.3" } else { "0.1" };
        write!(
            f,
            "{who} of {accepted} complained about {issue} ({percent:.2} %, and large providers want \
             no more than {most} %)"
        )?;
        if self.is_over_the_limit() && !self.is_too_many() {
            write!(f, ". {LEAST_COMPLAINTS} people or more would stop a send")?;
        }
        Ok(())
    }
}

/// A row that was refused at once, and of which nobody has taken note.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct RefusedRow {
    pub(in crate::delivery) reported: ReportedRow,
    pub(in crate::delivery) code: Option<i64>,
    pub(in crate::delivery) status: Option<String>,
    pub(in crate::delivery) text: Option<String>,
    pub(in crate::delivery) attempts: i64,
    pub(in crate::delivery) at: Option<String>,
}

/// Where a report is from that is the reply of a relay: its row is `refused`, and counted as such.
pub(in crate::delivery) const FROM_RELAY: &str = "smtp";

const ROW: &str = "SELECT id, issue, email FROM recipient WHERE id = ?1";

/// The issues are few: each is asked for the one person. At last, whether the send whose copy has this
/// Message-ID gave each message a reverse-path of its own.
const ROW_OF_MESSAGE: &str = "
SELECT r.id, r.issue, r.email, EXISTS (SELECT 1 FROM run u WHERE u.reverse_path LIKE '%{token}%'
    AND (u.id = r.claimed_by AND r.message_id = ?2 OR u.id IN (SELECT c.run FROM earlier_copy c
        WHERE c.recipient = r.id AND c.message_id = ?2)))
FROM (SELECT DISTINCT issue FROM run) i
CROSS JOIN person p CROSS JOIN recipient r
WHERE p.issue = i.issue AND p.identity = ?1 AND r.id = p.recipient AND (r.message_id = ?2
    OR EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = r.id AND c.message_id = ?2))
LIMIT 1";

/// The last one that the person got.
const LAST_ROW: &str = "
SELECT r.id, r.issue, r.email FROM (SELECT issue, max(id) AS run FROM run GROUP BY issue) i
CROSS JOIN person p CROSS JOIN recipient r
WHERE p.issue = i.issue AND p.identity = ?1 AND r.id = p.recipient AND r.state = 'accepted'
ORDER BY i.run DESC LIMIT 1";

/// Those that went to the person, the last first, or were on their way: what a provider posts may be here
/// before a run has said that the relay took it.
const TRIED_ROWS: &str = "
SELECT r.id, r.issue, r.email, r.text FROM (SELECT issue, max(id) AS run FROM run GROUP BY issue) i
CROSS JOIN person p CROSS JOIN recipient r
WHERE p.issue = i.issue AND p.identity = ?1 AND r.id = p.recipient
    AND r.state IN ('accepted', 'claimed', 'uncertain')
ORDER BY i.run DESC LIMIT ?2";

const COUNTED: &str = "
SELECT recipient, at FROM bounce WHERE identity = ?1 AND class = ?2
AND outcome <> 'nothing' AND at / 1000 >= coalesce((SELECT max(s.released_at) FROM suppression s
    WHERE s.what = ?1 AND s.kind = 'address'), 0) / 1000
ORDER BY at DESC LIMIT ?3";

/// Reports of one person and class that are looked at, at most: more than any policy asks for.
const MOST_COUNTED: i64 = 10_000;

/// Mail has no smaller time than a second.
const IS_BEFORE_RELEASE: &str = "
SELECT EXISTS (SELECT 1 FROM suppression s
    WHERE s.what = ?1 AND s.kind = 'address' AND s.released_at / 1000 > ?2 / 1000)";

const NOTE: &str = "
INSERT INTO bounce (message, recipient, issue, identity, class, reason, code, status, text, outcome, why,
    source, at, read_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (message, identity) DO NOTHING";

const LISTED: &str = "
SELECT coalesce(r.email, b.identity), b.issue, r.state, b.class, b.reason, b.code, b.status, b.text,
    b.outcome, b.source, b.at
FROM bounce b LEFT JOIN recipient r ON r.id = b.recipient";

/// Each person once: whose address is bad is not counted among the soft ones too.
const COUNTS: &str = "
SELECT worst, count(*) FROM (SELECT identity,
    min(CASE class WHEN 'complaint' THEN 1 WHEN 'hard' THEN 2 WHEN 'soft' THEN 3 ELSE 4 END) AS worst
    FROM bounce WHERE issue = ?1 AND source <> ?2 GROUP BY identity) people GROUP BY worst";

/// The last issue that somebody got.
const LAST_ISSUE: &str = "
SELECT issue FROM run r WHERE EXISTS (SELECT 1 FROM recipient p
    WHERE p.issue = r.issue AND p.state = 'accepted')
GROUP BY issue ORDER BY max(id) DESC LIMIT 1";

const COMPLAINTS: &str = "
SELECT count(DISTINCT identity) FROM bounce WHERE issue = ?1 AND class = 'complaint'";

const REFUSED: &str = "
SELECT id, issue, email, code, enhanced, text, attempts, at FROM recipient r
WHERE r.issue = ?1 AND r.state = 'refused' AND NOT EXISTS (SELECT 1 FROM bounce b
    WHERE b.recipient = r.id AND b.source = ?2
    AND b.message = CAST(r.id AS TEXT) || '/' || CAST(r.attempts AS TEXT))
ORDER BY r.id";

fn reported(row: &SqlRow) -> ReportedRow {
    ReportedRow { row: row.get(0), issue: row.get(1), email: row.get(2) }
}

/// The row of this number.
pub(in crate::delivery) async fn row_of(
    connection: &mut Connection,
    number: i64,
) -> Result<Option<ReportedRow>, SqlError> {
    let row = sql::query(ROW).bind(number).fetch_optional(connection).await?;
    Ok(row.as_ref().map(reported))
}

/// The row of a person whose message has this Message-ID, and whether its reverse-path has a token.
pub(in crate::delivery) async fn row_of_message(
    connection: &mut Connection,
    identity: &str,
    message_id: &str,
) -> Result<Option<(ReportedRow, bool)>, SqlError> {
    let query = sql::query(ROW_OF_MESSAGE).bind(identity).bind(message_id);
    let row = query.fetch_optional(connection).await?;
    Ok(row.as_ref().map(|row| (reported(row), row.get(3))))
}

/// Whether a person was released after a report of them was written.
pub(in crate::delivery) async fn is_before_release(
    connection: &mut Connection,
    identity: &str,
    at_ms: i64,
) -> Result<bool, SqlError> {
    let query = sql::query_scalar(IS_BEFORE_RELEASE).bind(identity).bind(at_ms);
    query.fetch_one(connection).await
}

/// The row of the last issue that a person got.
pub(in crate::delivery) async fn last_row_of(
    connection: &mut Connection,
    identity: &str,
) -> Result<Option<ReportedRow>, SqlError> {
    let query = sql::query(LAST_ROW).bind(identity);
    Ok(query.fetch_optional(connection).await?.as_ref().map(reported))
}

/// The rows of the last issues that went to a person, or are on their way, with what the relay said; the
/// last one first.
pub(in crate::delivery) async fn tried_rows_of(
    connection: &mut Connection,
    identity: &str,
    most: i64,
) -> Result<Vec<(ReportedRow, Option<String>)>, SqlError> {
    let rows = sql::query(TRIED_ROWS).bind(identity).bind(most).fetch_all(connection).await?;
    Ok(rows.iter().map(|row| (reported(row), row.get(3))).collect())
}

/// Whether nothing is left to do with a message.
pub(in crate::delivery) async fn was_read(
    connection: &mut Connection,
    hash: &str,
) -> Result<bool, SqlError> {
    let known = "SELECT EXISTS (SELECT 1 FROM read_message WHERE hash = ?1)";
    sql::query_scalar(known).bind(hash).fetch_one(connection).await
}

/// Notes that nothing is left to do with a message.
pub(in crate::delivery) async fn note_read(
    connection: &mut Connection,
    hash: &str,
    at_ms: i64,
) -> Result<(), SqlError> {
    let note =
        "INSERT INTO read_message (hash, read_at) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING";
    sql::query(note).bind(hash).bind(at_ms).execute(connection).await.map(drop)
}

/// The reports of a class, written since the last release, that were counted of a person.
pub(in crate::delivery) async fn counted(
    connection: &mut Connection,
    (identity, class): (&str, &str),
) -> Result<Vec<CountedReport>, SqlError> {
    let query = sql::query(COUNTED).bind(identity).bind(class).bind(MOST_COUNTED);
    let rows = query.fetch_all(connection).await?;
    let report = |row: &SqlRow| CountedReport { row: row.get(0), at_ms: row.get(1) };
    Ok(rows.iter().map(report).collect())
}

/// Writes a report down, once.
pub(in crate::delivery) async fn note(
    connection: &mut Connection,
    note: &BounceNote<'_>,
) -> Result<(), SqlError> {
    sql::query(NOTE)
        .bind(note.message)
        .bind(note.row.map(|row| row.row))
        .bind(note.row.map(|row| row.issue.as_str()))
        .bind(note.identity)
        .bind(note.class)
        .bind(note.reason)
        .bind(note.code)
        .bind(note.status)
        .bind(note.text)
        .bind(note.outcome)
        .bind(note.why)
        .bind(note.source)
        .bind(note.at_ms)
        .bind(note.read_at_ms)
        .execute(connection)
        .await
        .map(drop)
}

/// Rows of an issue that were refused, and whose reply nobody has taken note of.
pub(in crate::delivery) async fn refused(
    connection: &mut Connection,
    issue: &str,
) -> Result<Vec<RefusedRow>, SqlError> {
    let rows = sql::query(REFUSED).bind(issue).bind(FROM_RELAY).fetch_all(connection).await?;
    let row = |row: &SqlRow| RefusedRow {
        reported: reported(row),
        code: row.get(3),
        status: row.get(4),
        text: row.get(5),
        attempts: row.get(6),
        at: row.get(7),
    };
    Ok(rows.iter().map(row).collect())
}

fn listed(row: &SqlRow) -> ListedBounce {
    ListedBounce {
        email: row.get(0),
        issue: row.get(1),
        state: row.get(2),
        class: row.get(3),
        reason: row.get(4),
        code: row.get(5),
        enhanced: row.get(6),
        text: row.get(7),
        outcome: row.get(8),
        source: row.get(9),
        at: jiff::Timestamp::from_millisecond(row.get(10)).unwrap_or_default(),
    }
}

/// All that was reported of a person, in the order in which it was read.
///
/// # Errors
/// The store's.
pub async fn of_person(store: &Store, identity: &str) -> Result<Vec<ListedBounce>, StoreError> {
    let statement = format!("{LISTED} WHERE b.identity = ?1 ORDER BY b.number");
    let query = sql::query(statement).bind(identity);
    let rows = query.fetch_all(store.pool()).await.map_err(|error| store.failed(error))?;
    Ok(rows.iter().map(listed).collect())
}

impl Ledger {
    /// What was reported of the people of the issue, in the order in which it was read.
    ///
    /// # Errors
    /// The store's.
    pub async fn bounces(&self) -> Result<Vec<ListedBounce>, StoreError> {
        let statement = format!(
            "{LISTED} WHERE b.issue = ?1 AND b.source <> ?2 \
             AND b.class IN ('hard', 'soft', 'complaint') ORDER BY b.number"
        );
        let query = sql::query(statement).bind(&self.issue).bind(FROM_RELAY);
        let rows = query.fetch_all(self.store.pool()).await;
        let rows = rows.map_err(|error| self.store.failed(error))?;
        Ok(rows.iter().map(listed).collect())
    }

    /// The complaints about the last issue that somebody got, whichever it is; nothing where there are
    /// none.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_complaints(&self) -> Result<Option<IssueComplaints>, StoreError> {
        let failed = |error| self.store.failed(error);
        let last = sql::query_scalar(LAST_ISSUE).fetch_optional(self.store.pool());
        let issue: Option<String> = last.await.map_err(failed)?;
        let Some(issue) = issue else { return Ok(None) };
        let complaints = sql::query_scalar(COMPLAINTS).bind(&issue);
        let complaints: i64 = complaints.fetch_one(self.store.pool()).await.map_err(failed)?;
        if complaints == 0 {
            return Ok(None);
        }
        let accepted = Ledger::new(self.store.clone(), &issue).counts().await?.accepted;
        Ok(Some(IssueComplaints { issue, accepted, complaints: complaints.unsigned_abs() }))
    }

    /// Of how many people of the issue something was reported.
    ///
    /// # Errors
    /// The store's.
    pub async fn bounce_counts(&self) -> Result<BounceCounts, StoreError> {
        let rows: Vec<(i64, i64)> = sql::query_as(COUNTS)
            .bind(&self.issue)
            .bind(FROM_RELAY)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        let by_rank: BTreeMap<i64, u64> =
            rows.into_iter().map(|(rank, count)| (rank, count.unsigned_abs())).collect();
        let of = |rank| by_rank.get(&rank).copied().unwrap_or_default();
        Ok(BounceCounts { complaints: of(1), hard: of(2), soft: of(3) })
    }
}
