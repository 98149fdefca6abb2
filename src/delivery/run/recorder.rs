//! Outcomes on their way to disk: the journal at once, the database in groups.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use super::queue::Queue;
use super::tally::RunTally;
use crate::delivery::id::RowId;
use crate::delivery::journal::{Journal, Settled};
use crate::delivery::ledger::LockedLedger;
use crate::delivery::ledger::overview::Counts;
use crate::delivery::ledger::runs::Written;
use crate::delivery::moment::Moment;
use crate::delivery::state::State;
use crate::smtp::outcome::Stage;
use crate::store::{StoreError, full};

/// Outcomes of one commit.
const GROUP: usize = 500;
/// How long a commit waits for further outcomes.
const COMPANY: Duration = Duration::from_millis(50);

/// What the database is told.
enum RecorderEntry {
    /// What became of a row.
    Settled(Settled),
    /// Deferred rows whose outcomes were sent before: they may be claimed again at once.
    Again(Vec<RowId>),
}

/// Why outcomes are not in the database. They are in the journal, which the next run reads.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unrecorded {
    /// The database cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The task that writes to it has ended before its time.
    #[error("outcomes were not written to the ledger: {0}")]
    Task(#[from] JoinError),
}

/// Writes marks and outcomes.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Arc<Mutex<Journal>>,
    entries: mpsc::UnboundedSender<RecorderEntry>,
    queue: Arc<Queue>,
    /// The journal's file.
    path: PathBuf,
    tally: Mutex<RunTally>,
}

fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// A recorder, and the task that writes to the database until the recorder is dropped.
    pub(super) fn start(
        ledger: LockedLedger,
        journal: Journal,
        queue: Arc<Queue>,
    ) -> (Arc<Recorder>, JoinHandle<Result<(), StoreError>>) {
        let (journal, path) = (Arc::new(Mutex::new(journal)), ledger.journal_path());
        let (entries, incoming) = mpsc::unbounded_channel();
        let tally = Mutex::default();
        let writer =
            tokio::spawn(write(ledger, Arc::clone(&journal), incoming, Arc::clone(&queue)));
        (Arc::new(Recorder { journal, entries, queue, path, tally }), writer)
    }

    fn unwritten(&self, error: &io::Error) -> String {
        full::unwritten(&self.path, error)
    }

    /// Marks that the final dot of `row` may be sent; `false` means that it must not.
    pub(super) fn dot(&self, row: RowId, message_id: String) -> bool {
        match lock(&self.journal).dot(row, message_id) {
            Ok(()) => true,
            Err(error) => {
                self.queue.fail(self.unwritten(&error));
                false
            }
        }
    }

    /// Writes an outcome to the journal at once, unless no relay was asked, and to the database soon.
    pub(super) fn settled(&self, settled: Settled) {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).add(&settled);
        if !settled.unasked
            && let Err(error) = lock(&self.journal).settled(settled.clone())
        {
            self.queue.fail(self.unwritten(&error));
        }
        let _ = self.entries.send(RecorderEntry::Settled(settled));
    }

    /// This run may claim these deferred rows again. Until the database says so, they count as
    /// handed out.
    pub(super) fn again(&self, rows: Vec<RowId>) {
        if !rows.is_empty() {
            self.queue.expect(rows.len());
            let _ = self.entries.send(RecorderEntry::Again(rows));
        }
    }

    /// The final dot of `row` was not sent.
    pub(super) fn unsent(&self, row: RowId) {
        if let Err(error) = lock(&self.journal).unsent(row) {
            self.queue.fail(self.unwritten(&error));
        }
    }

    /// What the journal says of the run so far, counted.
    pub(super) fn journaled(&self) -> Counts {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).counts()
    }

    /// Rows whose final dot may have been sent and that have no outcome, each with its Message-ID.
    pub(super) fn open_rows(&self) -> Vec<(RowId, String)> {
        lock(&self.journal).open_rows()
    }

    /// A row whose connection was dropped after its mark was written.
    pub(super) fn lost(&self, row: RowId, message_id: String, at: String) {
        self.settled(Settled {
            row,
            state: State::Uncertain,
            code: None,
            enhanced: None,
            text: "the connection was dropped before the relay's reply came".to_owned(),
            at,
            message_id,
            retry: None,
            stage: Some(Stage::Dot),
            unasked: false,
        });
    }
}

async fn write(
    ledger: LockedLedger,
    journal: Arc<Mutex<Journal>>,
    mut incoming: mpsc::UnboundedReceiver<RecorderEntry>,
    queue: Arc<Queue>,
) -> Result<(), StoreError> {
    let mut entries = Vec::with_capacity(GROUP);
    loop {
        if incoming.recv_many(&mut entries, GROUP).await == 0 {
            return Ok(());
        }
        if entries.len() < GROUP {
            tokio::time::sleep(COMPANY).await;
            while entries.len() < GROUP
                && let Ok(entry) = incoming.try_recv()
            {
                entries.push(entry);
            }
        }
        let (mut group, mut again) = (Vec::with_capacity(entries.len()), Vec::new());
        for entry in entries.drain(..) {
            match entry {
                RecorderEntry::Settled(settled) => group.push(settled),
                RecorderEntry::Again(rows) => again.extend(rows),
            }
        }
        if let Err(error) = save(&ledger, &journal, &queue, group, again).await {
            // The journal holds these outcomes, and the next run reads it.
            queue.fail(error.to_string());
            return Err(error);
        }
    }
}

/// Writes one group of outcomes, then the rows that are due again.
async fn save(
    ledger: &LockedLedger,
    journal: &Mutex<Journal>,
    queue: &Queue,
    group: Vec<Settled>,
    again: Vec<RowId>,
) -> Result<(), StoreError> {
    let (run, line) = {
        let journal = lock(journal);
        (journal.run(), journal.last())
    };
    ledger.record(&group, Some(Written { run, line })).await?;
    ledger.make_due(&again).await?;
    if let Err(error) = ledger.in_place() {
        // The open file still takes outcomes, and the run's end saves them.
        queue.fail(error.to_string());
    }
    let deferred = || group.iter().filter_map(|one| Some((one.row, one.retry?.next)));
    let (mut coming, due): (Vec<RowId>, Vec<Moment>) = deferred().unzip();
    coming.extend(&again);
    let rows = group.into_iter().map(|settled| settled.row);
    if let Err(error) = lock(journal).saved(rows, coming, line) {
        queue.fail(full::unwritten(&ledger.journal_path(), &error));
    }
    // Only now: claimed again before, its marks would be forgotten with these.
    if !due.is_empty() {
        queue.deferred(due.into_iter());
    }
    if !again.is_empty() {
        queue.came(again.len());
    }
    Ok(())
}
