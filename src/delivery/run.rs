//! One run of sending: connections that take rows, and outcomes that are written down.
//!
//! The clock is asked through [`Options::clock`]. A refused recipient is an outcome; the run itself
//! ends early only for what would befall every further message.

mod clusters;
mod connection;
mod feed;
mod health;
pub mod lanes;
mod leavers;
mod pacing;
mod presign;
mod queue;
mod recorder;
pub mod refusals;
mod shared;
#[cfg(test)]
mod simulation;
mod tally;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::id::RunId;
use super::journal::{Journal, JournalHead};
use super::ledger::overview::Counts;
use super::ledger::suppressed::SuppressionMark;
use super::ledger::{Ledger, LockedLedger};
use super::moment::Moment;
use super::pace::Rate;
use super::route::Route;
use super::schedule::Schedule;
use super::templates::Templates;
use crate::smtp::trouble::Trouble;
use crate::store::{StoreError, full};
use lanes::LaneOptions;
use leavers::Leavers;
use queue::Queue;
use recorder::{Recorder, Unrecorded};
use refusals::{Refusal, Sum};
use shared::Work;

/// Whether a run should go on; what Ctrl-C changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stopping {
    /// Go on.
    #[default]
    No,
    /// Take no more rows. What is behind its final dot waits for its reply; a relay that is silent
    /// before a dot is waited for only shortly.
    Drain,
    /// Drop the connections: rows on the wire become uncertain.
    Abort,
}

/// What a run is told.
#[derive(Clone)]
pub struct Options {
    /// The encoded compositions.
    pub templates: Arc<Templates>,
    /// Where to; one or more.
    pub routes: Vec<Route>,
    /// How fast at most, across all relays.
    pub limit: Option<Rate>,
    /// Recipient domains that get less than others.
    pub lanes: Vec<LaneOptions>,
    /// When deferred rows are tried again.
    pub schedule: Schedule,
    /// How long to wait for deferred rows when nothing else is left.
    pub wait: Duration,
    /// The time as RFC 3339, for the ledger.
    pub clock: fn() -> String,
    /// Changes when somebody wants the run to end.
    pub stopping: watch::Receiver<Stopping>,
    /// Counts while the run goes on.
    pub progress: Arc<Progress>,
}

impl Options {
    /// Connections to all relays.
    fn connections(&self) -> usize {
        self.routes.iter().map(|route| route.relay.connections()).sum()
    }
}

/// What a run has done so far: for a progress bar, not for a report.
#[derive(Debug, Default)]
pub struct Progress {
    /// Rows with an outcome in this run.
    pub settled: AtomicU64,
    /// Of these, refused for good or for now, or uncertain.
    pub failed: AtomicU64,
    /// Open connections.
    connections: AtomicU64,
    /// What keeps a connection from opening, as long as none is open.
    trouble: Mutex<Option<String>>,
}

impl Progress {
    /// What keeps the run waiting, as long as no connection is open.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a relay is connected, which may still have to answer.
    pub fn is_connected(&self) -> bool {
        self.connections.load(Ordering::Relaxed) > 0
    }

    fn tell(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn open(&self) -> OpenConnection<'_> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        OpenConnection(self)
    }

    /// Rows that were deferred in this run are tried again.
    fn again(&self, rows: u64) {
        for count in [&self.failed, &self.settled] {
            let less = |count: u64| Some(count.saturating_sub(rows));
            let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    fn add(&self, accepted: bool) {
        if !accepted {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        self.settled.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts an open connection as long as it lives.
struct OpenConnection<'a>(&'a Progress);

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// No row is left that this run could attempt.
    Done,
    /// Somebody wanted it.
    Interrupted,
    /// The relay or the connection to it: what happened, and what to do.
    Relay(Trouble),
    /// The relay refuses us, the sender or the message: every further row would fare alike.
    Refused(Refusal),
    /// The ledger cannot be written: nothing is sent unrecorded.
    Ledger(String),
}

/// How a run ended, and how long it took.
#[derive(Debug)]
pub struct Report {
    /// Why.
    pub ended: Ended,
    /// From the first connection to the last outcome on disk.
    pub elapsed: Duration,
    /// Rows that got an outcome.
    pub settled: u64,
    /// Rows that had an outcome, were to be sent to all the same and were not attempted: they are
    /// what they were.
    pub withdrawn: u64,
    /// Relays that failed and whose share went to the others.
    pub failed_relays: Vec<Trouble>,
    /// What its journal says of it, whatever the ledger could be told.
    pub journaled: Counts,
}

/// Begins the journal of a run. From here on, whoever finds the ledger and the journal knows what
/// became of the run: so a receipt may say that it has begun.
///
/// # Errors
/// The store's; what the system says of the journal is for [`run`] to tell.
pub async fn journal(
    ledger: &LockedLedger,
    run: RunId,
    boot: &str,
) -> Result<io::Result<Journal>, StoreError> {
    let token = ledger.token(run).await?;
    let head = JournalHead { boot: boot.to_owned(), run, token, recorded: 0 };
    Ok(Journal::begin(&ledger.journal_path(), head))
}

/// Attempts every row of the ledger that waits, and records what became of each. Who was suppressed
/// behind the `mark` is sent nothing.
///
/// # Errors
/// The store's, where the run could not begin or not be closed.
pub async fn run(
    ledger: &LockedLedger,
    run: RunId,
    journal: io::Result<Journal>,
    mark: &SuppressionMark,
    options: &Options,
) -> Result<Report, StoreError> {
    let started = Instant::now();
    let journal = match journal {
        Ok(journal) => journal,
        Err(error) => {
            let reason = full::unwritten(&ledger.journal_path(), &error);
            return Ok(never_begun(ledger, started, reason).await);
        }
    };
    // Without knowing who leaves, nobody is sent to.
    let leavers = match Leavers::watch(ledger, mark).await {
        Ok(leavers) => Arc::new(leavers),
        Err(error) => {
            let reason = gone(ledger, run).await.unwrap_or_else(|| error.to_string());
            return Ok(never_begun(ledger, started, reason).await);
        }
    };
    let is_had = ledger.counts().await?.accepted > 0;
    ledger.make_deferred_due().await?;
    let began = (options.clock)().parse::<jiff::Timestamp>().unwrap_or_default();
    let mut queue =
        Queue::new(ledger.clone(), run, Moment::at(began), options, Arc::clone(&leavers));
    queue.resume().await?;
    let queue = Arc::new(queue);
    let (recorder, writer) = Recorder::start(ledger.clone(), journal, Arc::clone(&queue));
    let (shared, lent) = ((Arc::clone(&queue), Arc::clone(&recorder)), Arc::clone(&leavers));
    let work = Work::new(shared, options.clone(), lent, is_had);
    let ended = connections(&work, &queue, options).await;
    let failed_relays = work.failed_relays();
    let (sum, trouble) = (work.sum(), work.last_trouble());
    drop(work);
    for (row, message_id) in recorder.open_rows() {
        // Only a dropped connection leaves a mark without an outcome.
        recorder.lost(row, message_id, (options.clock)());
    }
    let journaled = recorder.journaled();
    drop(recorder);
    let mut written = match writer.await {
        Ok(written) => written.map_err(Unrecorded::from),
        Err(error) => Err(error.into()),
    };
    // Where outcomes could not be written the rows stay claimed, and the journal stays: the next run
    // reads it. Released, they would be sent again.
    let mut withdrawn = 0;
    if written.is_ok()
        && let Err(error) = put_back(ledger, run, (&sum, &leavers), &mut withdrawn).await
    {
        written = Err(error.into());
    }
    let gone = gone(ledger, run).await;
    // Where another file has taken the ledger's place, only the journal tells the next run that it is
    // not the one that was sent from.
    if written.is_ok() && gone.is_none() {
        let _ = std::fs::remove_file(ledger.journal_path());
    }
    let failure = gone.or(written.err().map(|error| error.to_string()));
    let ended = match failure.or(queue.store_failure()) {
        Some(reason) => Ended::Ledger(reason),
        None => summed(ended, sum, trouble),
    };
    let settled = options.progress.settled.load(Ordering::Relaxed);
    let elapsed = started.elapsed();
    Ok(Report { ended, elapsed, settled, withdrawn, failed_relays, journaled })
}

/// The end of a run that has not sent to anybody.
async fn never_begun(ledger: &LockedLedger, started: Instant, reason: String) -> Report {
    // Where the ledger cannot be written either, the next send does it.
    let withdrawn = ledger.withdraw().await.unwrap_or_default();
    Report {
        ended: Ended::Ledger(reason),
        elapsed: started.elapsed(),
        settled: 0,
        withdrawn,
        failed_relays: Vec::new(),
        journaled: Counts::default(),
    }
}

/// Why the ledger is not in its place any more, if so, and where what it held was saved.
async fn gone(ledger: &Ledger, run: RunId) -> Option<String> {
    let Err(error) = ledger.in_place() else { return None };
    Some(match ledger.rescue(run).await {
        Ok(path) => format!(
            "{error}; everything in it, with every outcome, was saved to {}: put that file in its place",
            path.display()
        ),
        Err(failed) => format!("{error}, and its contents cannot be saved: {failed}"),
    })
}

/// Rows that were refused after all get that outcome, and rows without one wait again: so many of
/// those that were to be sent to once more are `withdrawn`. Who has left waits no more. Then the
/// ledger knows all of the run, and says so. Where it cannot, the journal has to stay: without both, the ledger looks like a copy from
/// the middle of the run.
async fn put_back(
    ledger: &LockedLedger,
    run: RunId,
    (sum, leavers): (&Sum, &Leavers),
    withdrawn: &mut u64,
) -> Result<(), StoreError> {
    ledger.refuse(&sum.refused).await?;
    *withdrawn = ledger.release(run).await?;
    ledger.leave_waiting_out(run, &leavers.end().await).await?;
    ledger.has_ended(run).await
}

/// How a run ended that had come to its end: not done, if nobody was reached.
fn summed(ended: Ended, sum: Sum, trouble: Option<Trouble>) -> Ended {
    match (ended, sum.refusal, trouble) {
        (Ended::Done, Some(refusal), _) => Ended::Refused(refusal),
        (Ended::Done, None, Some(trouble)) if sum.unanswered => Ended::Relay(trouble),
        (ended, ..) => ended,
    }
}

/// Runs the connections until the last one is done.
async fn connections(work: &Work, queue: &Queue, options: &Options) -> Ended {
    let mut tasks = JoinSet::new();
    for (route, Route { relay, .. }) in options.routes.iter().enumerate() {
        for number in 0..relay.connections() {
            tasks.spawn(connection::keep(work.clone(), route, number));
        }
    }
    let mut stopping = options.stopping.clone();
    let mut trouble = None;
    let looking = work.leavers.keep_looking();
    tokio::pin!(looking);
    let mut is_blind = false;
    loop {
        tokio::select! {
            error = &mut looking, if !is_blind => {
                is_blind = true;
                queue.fail(error.to_string());
            }
            changed = stopping.changed() => {
                let wanted = *stopping.borrow();
                if wanted >= Stopping::Drain {
                    queue.close();
                }
                if wanted == Stopping::Abort {
                    tasks.shutdown().await;
                    return Ended::Interrupted;
                }
                if changed.is_err() {
                    // Nobody can stop the run any more; it goes on to its end.
                    stopping = watch::channel(wanted).1;
                }
            }
            ended = tasks.join_next() => match ended {
                None => break,
                Some(Ok(Some(found))) => trouble = trouble.or(Some(found)),
                Some(Err(error)) if error.is_panic() => {
                    // The others would wait for its rows, which are marked and become uncertain.
                    queue.fail("a defect in digest ended a connection; please report it".to_owned());
                }
                Some(_) => {}
            },
        }
    }
    if let Some(reason) = work.refusal() {
        return Ended::Refused(reason);
    }
    let interrupted = *options.stopping.borrow() >= Stopping::Drain;
    match trouble {
        _ if interrupted => Ended::Interrupted,
        Some(trouble) if queue.has_more() => Ended::Relay(trouble),
        _ => Ended::Done,
    }
}
