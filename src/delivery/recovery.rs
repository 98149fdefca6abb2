//! What a killed run left, settled: the ledger's claims against the journal's marks.
//!
//! Reading and deciding change nothing, so that whoever only looks sees what the next `send` will
//! find; [`Recovery::apply`] writes it down, under the lock. Must never take a journal for one that
//! belongs to this ledger, or for whole, without proof: then people would be sent to again unseen.

mod look;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::id::{RowId, RunId};
use super::journal::{self, Found, Left, Settled};
use super::ledger::receipts::ListPart;
use super::ledger::wishes::Withdrawn;
use super::ledger::{Ledger, LockedLedger};
use super::receipt::KnownSends;
use super::state::State;
use crate::smtp::outcome::Stage;
use crate::store::sql::{self, QueryBuilder, SqlRow};
use crate::store::{Store, StoreAddress, StoreError};

pub use look::{Look, look, look_away, see_unrecorded};

/// Rows of one statement.
const BATCH: usize = 1_000;

/// What is said of a row of which no mark could be read: its journal may lie on another machine.
const NO_MARK: &str = "the computer stopped while this message was about to be sent";

/// Why what a killed run left cannot be settled.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system does not let the journal be read.
    #[error("{} cannot be read: {error}", path.display())]
    Read {
        /// The journal.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The journal was written by a run that this ledger does not know, or knows less of than the
    /// journal does.
    #[error(
        "{} does not know the run that wrote {}: it is an older copy of the ledger, or the journal \
         of another one. Put back the ledger that this run had used. If it is lost, move the journal \
         to another folder. But then people can get the issue twice: this copy does not know of \
         everybody who has it",
        ledger,
        journal.display()
    )]
    Older {
        /// The ledger.
        ledger: StoreAddress,
        /// The journal.
        journal: PathBuf,
    },
    /// It is not known whose journal it is, and the ledger has no run that was killed.
    #[error(
        "{} is damaged, and {} knows of no run that was killed: it may be an older copy of the \
         ledger. Put back the ledger of the last send. If this is already that one, move \
         the journal to another folder",
        journal.display(),
        ledger
    )]
    Unreadable {
        /// The ledger.
        ledger: StoreAddress,
        /// The journal.
        journal: PathBuf,
    },
}

/// A claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    row: RowId,
    run: RunId,
    message_id: Option<String>,
    /// When its last outcome was that the ledger has.
    at: Option<String>,
    /// Another machine has settled it without the journal: it is uncertain.
    held: bool,
}

/// A row that the journal names, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    state: State,
    run: Option<RunId>,
    at: Option<String>,
}

/// What the ledger knows of the run that wrote the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct KnownRun {
    token: String,
    boot: String,
    /// It had recorded all lines up to this one.
    journal_line: u64,
}

/// What becomes of the rows that a killed run left claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Outcomes that the journal has, and rows of which nobody can tell.
    pub settled: Vec<Settled>,
    /// Rows that were never attempted, or handed back: they go on waiting.
    pub free: Vec<RowId>,
    /// Rows that had an outcome, were to be sent to for a wish and were not attempted.
    pub withdrawn: Vec<Withdrawn>,
    /// The journal is not whole, so that rows are uncertain which otherwise would not be.
    pub gap: bool,
    /// Where the journal would be, if rows are claimed and there is none: the ledger was copied
    /// without it, or somebody has removed it.
    pub missing_journal: Option<PathBuf>,
    /// People who have the issue by the journal, and to whom a later run has sent since: what that run
    /// says of them stays.
    pub overtaken: u64,
    /// The runs whose journal was read, or lay there damaged: the ledger knows all of them that there
    /// is to know.
    runs: Vec<RunId>,
}

impl Recovery {
    /// How many rows it settles in this state.
    pub fn count(&self, state: State) -> u64 {
        self.settled.iter().filter(|settled| settled.state == state).count() as u64
    }

    /// Whether there is nothing to settle.
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.free.is_empty() && self.withdrawn.is_empty()
    }

    /// The same with the wishes that the ledger has: those that were not attempted fall back.
    fn without(mut self, wishes: Vec<Withdrawn>) -> Recovery {
        let attempted: HashSet<RowId> = self.settled.iter().map(|settled| settled.row).collect();
        self.withdrawn = wishes;
        self.withdrawn.retain(|wish| !attempted.contains(&wish.row));
        let waiting: HashSet<RowId> = self.withdrawn.iter().map(|wish| wish.row).collect();
        self.free.retain(|row| !waiting.contains(row));
        self
    }

    /// Writes it down and removes the journal. A second crash here
    /// changes nothing: outcomes are recorded before the journal is removed.
    ///
    /// # Errors
    /// The store's.
    pub async fn apply(&self, ledger: &LockedLedger) -> Result<(), StoreError> {
        ledger.record(&self.settled, None).await?;
        ledger.free(&self.free, NO_MARK).await?;
        ledger.withdraw().await?;
        ledger.close_failed_copies().await?;
        for run in &self.runs {
            ledger.has_ended(*run).await?;
        }
        let _ = std::fs::remove_file(ledger.journal_path());
        Ok(())
    }
}

/// Settles what a dead process left claimed, of whatever issue: what [`plan`] finds, written down.
///
/// # Errors
/// A [`RecoveryError`]; then nothing has changed.
pub async fn recover(
    ledger: &LockedLedger,
    boot: &str,
    at: &str,
) -> Result<Recovery, RecoveryError> {
    let recovery = plan(ledger, boot, at).await?;
    recovery.apply(ledger).await?;
    Ok(recovery)
}

/// Decides what a killed run's rows become, and changes nothing. It means something only while
/// nobody sends.
///
/// # Errors
/// A [`RecoveryError`].
pub async fn plan(ledger: &Ledger, boot: &str, at: &str) -> Result<Recovery, RecoveryError> {
    let (store, path) = (ledger.store(), ledger.journal_path());
    let found = journal::read(&path);
    let found = found.map_err(|error| RecoveryError::Read { path: path.clone(), error })?;
    let claims = claims(store).await?;
    let at = &last_written(&path, at).unwrap_or_else(|| at.to_owned());
    let wishes = ledger.wishes().await?;
    let (ledger, journal) = (store.address().clone(), path);
    let left = match found {
        Found::Nothing => None,
        Found::Unreadable if claims.is_empty() => {
            return Err(RecoveryError::Unreadable { ledger, journal });
        }
        Found::Unreadable => Some(Left { gap: true, ..Left::default() }),
        Found::Journal(left) => Some(left),
    };
    let damaged: Vec<RunId> = match &left {
        Some(left) if left.head != journal::JournalHead::default() => Vec::new(),
        None if !journal.exists() => Vec::new(),
        _ => claims.iter().map(|claim| claim.run).collect::<HashSet<_>>().into_iter().collect(),
    };
    let Some(left) = left else {
        let recovery = decide(&Left::default(), &claims, boot, at).without(wishes);
        let missing_journal = Some(journal).filter(|it| !claims.is_empty() && !it.exists());
        return Ok(Recovery { runs: damaged, missing_journal, ..recovery });
    };
    let named: Vec<RowId> = left.open.keys().chain(left.settled.keys()).copied().collect();
    let known = rows(store, &named).await?;
    let run = known_run(store, left.head.run).await?;
    match matching(left, run.as_ref(), &known) {
        Some(left) => {
            let of_journal = run.map(|_| left.head.run);
            let held = match of_journal {
                Some(run) => held(store, run).await?,
                None => Vec::new(),
            };
            let claims = [claims, tried_again(&left, &known), held].concat();
            let runs = of_journal.into_iter().chain(damaged).collect();
            let overtaken = overtaken(&left, &known);
            Ok(Recovery { runs, overtaken, ..decide(&left, &claims, boot, at).without(wishes) })
        }
        None => Err(RecoveryError::Older { ledger, journal }),
    }
}

/// When the journal was written last, RFC 3339, and not `now`: nobody who is undecided was sent to
/// later, which is what a relay's log is searched by, and what a limit counts.
fn last_written(journal: &Path, now: &str) -> Option<String> {
    let now: Timestamp = now.parse().ok()?;
    let written = Timestamp::try_from(std::fs::metadata(journal).ok()?.modified().ok()?).ok()?;
    Some(written.min(now).to_string())
}

/// Rows that the run put off and tried again, where the ledger knows of the first only: it was
/// copied in between. And those whom the journal knows to have the issue, where somebody has ruled
/// without it that they are to be sent to once more.
fn tried_again(left: &Left, known: &HashMap<RowId, Known>) -> Vec<Claim> {
    let run = left.head.run;
    let news = known.iter().filter(|(row, known)| {
        let settled = left.settled.get(row);
        known.run == Some(run)
            && match known.state {
                State::Deferred => match settled {
                    Some(settled) => known.at.as_ref() != Some(&settled.at),
                    None => left.open.contains_key(row),
                },
                State::Pending => settled.is_some_and(|one| one.state == State::Accepted),
                _ => false,
            }
    });
    let claim = |(row, known): (&RowId, &Known)| Claim {
        row: *row,
        run,
        message_id: None,
        at: known.at.clone(),
        held: false,
    };
    news.map(claim).collect()
}

/// How many have the issue by the journal, although a later run has claimed them.
fn overtaken(left: &Left, known: &HashMap<RowId, Known>) -> u64 {
    let accepted = left.settled.values().filter(|settled| settled.state == State::Accepted);
    let later = accepted.filter_map(|settled| known.get(&settled.row)?.run);
    later.filter(|run| *run > left.head.run).count() as u64
}

/// Whether anybody has the issue or may have it: some relay has taken a message, or may have. What a
/// dead sender left counts as it will be settled; where that cannot be told, somebody may have it.
///
/// # Errors
/// The store's.
pub async fn may_be_had(ledger: &Ledger, boot: &str, at: &str) -> Result<bool, StoreError> {
    if ledger.may_be_had().await? {
        return Ok(true);
    }
    let store = ledger.store();
    let claimed: Vec<RowId> =
        sql::query_scalar("SELECT id FROM recipient WHERE issue = ?1 AND state = 'claimed'")
            .bind(ledger.issue())
            .fetch_all(store.pool())
            .await
            .map_err(|error| store.failed(error))?;
    if claimed.is_empty() {
        return Ok(false);
    }
    match plan(ledger, boot, at).await {
        Ok(recovery) => {
            let mut had = recovery.settled.iter().filter(|settled| is_had(settled));
            Ok(had.any(|settled| claimed.contains(&settled.row)))
        }
        Err(RecoveryError::Store(error)) => Err(error),
        Err(_) => Ok(true),
    }
}

/// Whether the relay may have the message of a row with this outcome.
fn is_had(settled: &Settled) -> bool {
    match (settled.state, settled.stage) {
        (State::Accepted | State::Uncertain, _) => true,
        (_, stage) => {
            stage.is_some_and(|stage| !matches!(stage, Stage::Mail | Stage::Rcpt | Stage::Data))
        }
    }
}

/// What the ledger knows of the sends of the issue, with the people whom its journal alone knows.
///
/// # Errors
/// The store's.
pub async fn known_sends(ledger: &Ledger, boot: &str, at: &str) -> Result<KnownSends, StoreError> {
    let known = ledger.known_sends().await?;
    match plan(ledger, boot, at).await {
        Ok(recovery) => {
            let had = recovery.settled.iter().filter(|settled| is_had(settled));
            let had: Vec<RowId> = had.map(|settled| settled.row).collect();
            Ok(KnownSends { reached: ledger.reached(&had).await?, ..known })
        }
        Err(RecoveryError::Store(error)) => Err(error),
        // No send goes on from there.
        Err(_) => Ok(known),
    }
}

/// How many people have the issue, and how many have it or may have it, with those whom its journal
/// alone knows.
///
/// # Errors
/// The store's.
pub async fn people(ledger: &Ledger, boot: &str, at: &str) -> Result<(u64, u64), StoreError> {
    let reached = known_sends(ledger, boot, at).await?.reached;
    let mut accepted = ledger.counts().await?.accepted;
    match plan(ledger, boot, at).await {
        Ok(recovery) => {
            let now = recovery.settled.iter().filter(|one| one.state == State::Accepted);
            let now: Vec<RowId> = now.map(|settled| settled.row).collect();
            accepted += ledger.not_accepted_yet(&now).await?;
        }
        Err(RecoveryError::Store(error)) => return Err(error),
        Err(_) => {}
    }
    Ok((accepted, reached))
}

/// How many people of the list that was read have one of these other issues or may have it, and not this
/// one, with those whom the journal alone knows; `None` where that cannot be told.
///
/// # Errors
/// The store's.
pub async fn people_of_list(
    ledger: &Ledger,
    others: &[&str],
    part: ListPart,
    (boot, at): (&str, &str),
) -> Result<Option<u64>, StoreError> {
    match plan(ledger, boot, at).await {
        Ok(recovery) => {
            let had = recovery.settled.iter().filter(|settled| is_had(settled));
            let had: Vec<RowId> = had.map(|settled| settled.row).collect();
            Ok(Some(ledger.reached_of_list(others, &had, part).await?))
        }
        Err(RecoveryError::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The journal as far as it says something that this ledger does not know yet; `None` where the two
/// do not belong together. A damaged journal without a first line belongs to nobody, and says
/// nothing.
fn matching(mut left: Left, run: Option<&KnownRun>, known: &HashMap<RowId, Known>) -> Option<Left> {
    if left.head == journal::JournalHead::default() {
        return Some(left);
    }
    let run = run?;
    let same = if left.head.token.is_empty() {
        // Version 0.1.0 knew a run by its number and its boot.
        run.token.is_empty() && run.boot == left.head.boot
    } else {
        run.token == left.head.token
    };
    if !same || left.head.recorded > run.journal_line {
        return None;
    }
    left.gap |= left.last < run.journal_line;
    for row in left.open.keys().chain(left.settled.keys()) {
        let known = known.get(row)?;
        let claimed_by = known.run?;
        // A row is claimed, durably, before the journal names it. One that waits again behind an
        // outcome was settled without the journal.
        if claimed_by < left.head.run
            || (claimed_by == left.head.run && known.state == State::Pending && known.at.is_none())
        {
            return None;
        }
    }
    Some(left)
}

/// What each row becomes: docs/ledger.md has the table.
fn decide(left: &Left, claims: &[Claim], boot: &str, at: &str) -> Recovery {
    let mut recovery = Recovery { gap: left.gap, ..Recovery::default() };
    for claim in claims {
        let ours = claim.run == left.head.run;
        let whole = ours && !left.gap && !boot.is_empty() && left.head.boot == boot;
        let marked = left.open.get(&claim.row).filter(|_| ours);
        let outcome = left.settled.get(&claim.row).filter(|_| ours);
        // One that the ledger has already is not about this claim, but about the one before.
        let outcome = outcome.filter(|outcome| claim.at.as_ref() != Some(&outcome.at));
        // Of a row that another machine has settled the ledger does not say any more which attempt it
        // knows of; only a whole journal does.
        let outcome =
            outcome.filter(|outcome| whole || !claim.held || outcome.state != State::Deferred);
        if let Some(outcome) = outcome {
            recovery.settled.push(outcome.clone());
        } else if claim.held && !whole && marked.is_none() {
            // It is uncertain, and nothing is known beyond that.
        } else if marked.is_some() || !whole {
            let text = match marked {
                Some(_) => {
                    "digest was stopped, or could not write, before the relay's answer was written down"
                }
                None if left.gap => "digest was stopped, and its journal is damaged",
                None => NO_MARK,
            };
            let message_id = marked.cloned().or_else(|| claim.message_id.clone());
            recovery.settled.push(Settled {
                row: claim.row,
                state: State::Uncertain,
                code: None,
                enhanced: None,
                text: text.to_owned(),
                at: at.to_owned(),
                message_id: message_id.unwrap_or_default(),
                retry: None,
                stage: Some(Stage::Dot),
                unasked: false,
            });
        } else {
            recovery.free.push(claim.row);
        }
    }
    recovery
}

async fn claims(store: &Store) -> Result<Vec<Claim>, StoreError> {
    let statement =
        "SELECT id, claimed_by, message_id, at FROM recipient WHERE state = 'claimed' ORDER BY id";
    let rows = sql::query(statement).fetch_all(store.pool()).await;
    let rows = rows.map_err(|error| store.failed(error))?;
    let claim = |row: &SqlRow| Claim {
        row: row.get(0),
        run: row.get::<Option<RunId>>(1).unwrap_or_default(),
        message_id: row.get(2),
        at: row.get(3),
        held: false,
    };
    Ok(rows.iter().map(claim).collect())
}

/// Rows of this run that another machine has settled without its journal.
async fn held(store: &Store, run: RunId) -> Result<Vec<Claim>, StoreError> {
    let rows = sql::query(
        "SELECT id, message_id, at FROM recipient \
         WHERE state = 'uncertain' AND claimed_by = ?1 AND text = ?2 ORDER BY id",
    )
    .bind(run)
    .bind(NO_MARK)
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    let claim = |row: &SqlRow| Claim {
        row: row.get(0),
        run,
        message_id: row.get(1),
        at: row.get(2),
        held: true,
    };
    Ok(rows.iter().map(claim).collect())
}

async fn rows(store: &Store, wanted: &[RowId]) -> Result<HashMap<RowId, Known>, StoreError> {
    let mut known = HashMap::new();
    for batch in wanted.chunks(BATCH) {
        let mut query =
            QueryBuilder::new("SELECT id, state, claimed_by, at FROM recipient WHERE id IN (");
        let mut list = query.separated(", ");
        for row in batch {
            list.push_bind(*row);
        }
        query.push(")");
        let rows = query.build().fetch_all(store.pool()).await;
        for row in rows.map_err(|error| store.failed(error))? {
            let state = row.try_get(1).map_err(|error| store.failed(error))?;
            known.insert(row.get(0), Known { state, run: row.get(2), at: row.get(3) });
        }
    }
    Ok(known)
}

async fn known_run(store: &Store, run: RunId) -> Result<Option<KnownRun>, StoreError> {
    let row = sql::query("SELECT token, boot, journal_line FROM run WHERE id = ?1")
        .bind(run)
        .fetch_optional(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
    Ok(row.map(|row| KnownRun {
        token: row.get(0),
        boot: row.get(1),
        journal_line: row.get::<i64>(2).unsigned_abs(),
    }))
}

#[cfg(test)]
mod tests;
