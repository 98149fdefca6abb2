//! The relay's log settles what its reply did not: a message that it shows as taken was taken,
//! whatever became of the connection.
//!
//! [`maillog::read`] says what the log knows of each uncertain row, [`ruling::rule`] what that
//! means, and [`settle`] writes it down. A Message-ID that merely stands in a log proves nothing:
//! servers write it before they have the text, and anybody may send a message under it.

pub mod envelope;
pub mod evidence;
mod exchange;
mod exim;
mod lines;
pub mod maillog;
mod postfix;
mod queue;
pub mod ruling;
mod sendmail;
pub mod stamp;
mod syslog;

use jiff::Timestamp;

use super::bounced::others;
use super::id::RowId;
use super::ledger::LockedLedger;
use super::state::State;
use crate::message::address::Address;
use crate::store::sql::{self, QueryBuilder, SqlRow};
use crate::store::{Store, StoreError};
use envelope::Senders;
use evidence::{Quote, ReportedAction};
use ruling::Ruling;

/// Rows of one statement.
const BATCH: usize = 1_000;

/// An uncertain row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedRow {
    /// Its number.
    pub row: RowId,
    /// Whom it is about.
    pub email: String,
    /// Without angle brackets; empty where none was recorded.
    pub message_id: String,
    /// When the run began that claimed it last: nothing of it left before.
    pub run_began: Option<Timestamp>,
    /// When it was recorded as uncertain: nothing of it left afterwards.
    pub at: Option<Timestamp>,
}

impl UndecidedRow {
    /// What a log says of it, without whom else it names.
    fn without_others(&self, text: String) -> String {
        match Address::parse(&self.email) {
            Ok(own) => others::without_names(text, &own, &self.message_id),
            Err(_) => text,
        }
    }
}

/// The uncertain rows of an issue, and what all its messages have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undecided {
    /// The rows.
    pub rows: Vec<UndecidedRow>,
    /// When the first run of the issue began: nothing of it left before.
    pub began: Option<Timestamp>,
    /// What its messages were sent from.
    pub senders: Senders,
}

/// The uncertain rows of an issue.
///
/// # Errors
/// The store's.
pub async fn open(store: &Store, issue: &str) -> Result<Undecided, StoreError> {
    let rows = sql::query(
        "SELECT recipient.id, email, coalesce(message_id, ''), coalesce(run.started_at, ''), \
         coalesce(at, '') FROM recipient LEFT JOIN run ON run.id = recipient.claimed_by \
         WHERE recipient.issue = ?1 AND state = 'uncertain' ORDER BY recipient.id",
    )
    .bind(issue)
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    let moment = |row: &SqlRow, column: usize| -> Option<Timestamp> {
        let text: String = row.get(column);
        text.parse().ok()
    };
    let open = |row: &SqlRow| UndecidedRow {
        row: row.get(0),
        email: row.get(1),
        message_id: row.get(2),
        run_began: moment(row, 3),
        at: moment(row, 4),
    };
    let rows: Vec<UndecidedRow> = rows.iter().map(open).collect();
    let runs = sql::query("SELECT started_at, reverse_path FROM run WHERE issue = ?1")
        .bind(issue)
        .fetch_all(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
    let began = runs.iter().filter_map(|run| moment(run, 0)).min();
    let senders = Senders::new(runs.iter().map(|run| run.get(1)));
    Ok(Undecided { rows, began, senders })
}

/// Moves rows out of `uncertain` as it was ruled: to `accepted` with what the log says, or back to
/// `pending`.
///
/// # Errors
/// The store's; then nothing has moved.
pub async fn settle(
    ledger: &LockedLedger,
    rulings: &[(UndecidedRow, Ruling)],
    at: &str,
) -> Result<(), StoreError> {
    let store = ledger.store();
    let failed = |error| store.failed(error);
    let moved: Vec<(RowId, State, String)> = rulings
        .iter()
        .filter_map(|(open, ruling)| match ruling {
            Ruling::Accepted { by, later } => {
                Some((open.row, State::Accepted, open.without_others(taken(by, later))))
            }
            Ruling::Pending(doubt) => Some((open.row, State::Pending, doubt.to_string())),
            Ruling::Uncertain(_) => None,
        })
        .collect();
    let mut transaction = store.begin().await?;
    for batch in moved.chunks(BATCH) {
        let mut query = QueryBuilder::new("WITH found (id, state, text) AS (");
        query.push_values(batch, |mut row, (id, state, text)| {
            row.push_bind(*id).push_bind(*state).push_bind(text);
        });
        // The time of a row that is sent to again stays that of its last attempt: limits count it.
        query.push(") UPDATE recipient SET state = found.state, text = found.text, at = CASE ");
        query.push("found.state WHEN 'accepted' THEN ").push_bind(at).push(" ELSE at END");
        query.push(" FROM found WHERE recipient.id = found.id AND recipient.state = 'uncertain'");
        query.build().execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// What a row keeps of the log: the line that shows the message as taken, and that of a failure.
fn taken(by: &Quote, later: &Option<(ReportedAction, Quote)>) -> String {
    let failed = later.as_ref().filter(|(action, _)| *action == ReportedAction::Failed);
    let behind = failed.map(|(_, quote)| format!("; not delivered: {}", quote.text));
    format!("found in the relay's log: {}{}", by.text, behind.unwrap_or_default())
}
