//! Outcomes on their way to disk: the journal at once, the database in groups.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::queue::Queue;
use crate::delivery::journal::{Journal, Settled};
use crate::delivery::ledger::Ledger;
use crate::delivery::ledger::runs::Written;

/// Outcomes of one commit.
const GROUP: usize = 500;
/// How long a commit waits for company.
const COMPANY: Duration = Duration::from_millis(50);

/// Writes marks and outcomes.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Arc<Mutex<Journal>>,
    outcomes: mpsc::UnboundedSender<Settled>,
    queue: Arc<Queue>,
}

fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// A recorder, and the task that writes to the database until the recorder is dropped.
    pub(super) fn start(
        ledger: Ledger,
        journal: Journal,
        queue: Arc<Queue>,
    ) -> (Arc<Recorder>, JoinHandle<Result<(), String>>) {
        let journal = Arc::new(Mutex::new(journal));
        let (outcomes, incoming) = mpsc::unbounded_channel();
        let writer =
            tokio::spawn(write(ledger, Arc::clone(&journal), incoming, Arc::clone(&queue)));
        (Arc::new(Recorder { journal, outcomes, queue }), writer)
    }

    /// Marks that the dot of `row` may leave; `false` means that it must not.
    pub(super) fn dot(&self, row: i64, message_id: String) -> bool {
        match lock(&self.journal).dot(row, message_id) {
            Ok(()) => true,
            Err(error) => {
                self.queue.fail(format!("the journal cannot be written: {error}"));
                false
            }
        }
    }

    /// An outcome: in the journal on return, in the database soon.
    pub(super) fn settled(&self, settled: Settled) {
        if let Err(error) = lock(&self.journal).settled(settled.clone()) {
            self.queue.fail(format!("the journal cannot be written: {error}"));
        }
        let _ = self.outcomes.send(settled);
    }

    /// The dot of `row` did not leave after all.
    pub(super) fn unsent(&self, row: i64) {
        if let Err(error) = lock(&self.journal).unsent(row) {
            self.queue.fail(format!("the journal cannot be written: {error}"));
        }
    }

    /// Rows whose dot may have left, without an outcome, and the Message-ID of each.
    pub(super) fn open_rows(&self) -> Vec<(i64, String)> {
        lock(&self.journal).open_rows()
    }

    /// A row whose connection was dropped behind the mark.
    pub(super) fn lost(&self, row: i64, message_id: String, at: String) {
        self.settled(Settled {
            row,
            state: "uncertain".to_owned(),
            code: None,
            enhanced: None,
            text: "the connection was dropped before the relay's reply came".to_owned(),
            at,
            message_id,
            retry: None,
        });
    }
}

async fn write(
    ledger: Ledger,
    journal: Arc<Mutex<Journal>>,
    mut incoming: mpsc::UnboundedReceiver<Settled>,
    queue: Arc<Queue>,
) -> Result<(), String> {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        if incoming.recv_many(&mut group, GROUP).await == 0 {
            return Ok(());
        }
        if group.len() < GROUP {
            tokio::time::sleep(COMPANY).await;
            while group.len() < GROUP
                && let Ok(settled) = incoming.try_recv()
            {
                group.push(settled);
            }
        }
        let (run, line) = {
            let journal = lock(&journal);
            (journal.run(), journal.last())
        };
        if let Err(error) = ledger.record(&group, Some(Written { run, line })).await {
            // The journal holds these outcomes, and the next run reads it.
            queue.fail(error.to_string());
            return Err(error.to_string());
        }
        if let Err(error) = ledger.in_place() {
            // The open file still takes outcomes, and the run's end saves them.
            queue.fail(error.to_string());
        }
        let again = || group.iter().filter_map(|one| Some((one.row, one.retry?.next_ms)));
        let (coming, due): (Vec<i64>, Vec<i64>) = again().unzip();
        let rows = group.drain(..).map(|settled| settled.row);
        if let Err(error) = lock(&journal).saved(rows, coming, line) {
            queue.fail(format!("the journal cannot be written: {error}"));
        }
        // Only now: claimed again before, its marks would be forgotten with these.
        if !due.is_empty() {
            queue.deferred(due.into_iter());
        }
    }
}
