//! What the connections of a run share: the queue, what is written down, and what they have found
//! out about the relays and the message.
//!
//! Must never speak to a relay.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::connection::pause;
use super::health::{Health, Wait};
use super::leavers::Leavers;
use super::queue::Queue;
use super::recorder::Recorder;
use super::refusals::{Refusal, Refusals, Sum};
use super::{Options, Stopping};
use crate::delivery::id::RowId;
use crate::delivery::route::Route;
use crate::smtp::trouble::Trouble;

/// Sessions that fail one after the other before a connection is given up.
const MAX_FAILURES: u32 = 6;
/// The same as long as no session of the run has opened: then it is more likely the address that is
/// wrong than the hour, and a person is waiting.
const MAX_FIRST_FAILURES: u32 = 3;
/// The same where another relay can take over.
const MAX_FAILURES_OF_SEVERAL: u32 = 1;

/// How long a run that is to end waits for an answer before a final dot. Most take a fraction of a
/// second; a person who waits for the end of the program should not wait for a relay that is silent.
const LAST_ANSWER: Duration = Duration::from_secs(3);

/// What all connections of a run share.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) queue: Arc<Queue>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) options: Options,
    pub(super) health: Arc<Health>,
    pub(super) refusals: Arc<Refusals>,
    /// Who gets nothing any more.
    pub(super) leavers: Arc<Leavers>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// A session has opened in this run.
    opened: AtomicBool,
    /// Why the run stopped, where the last relay refuses us.
    refusal: Mutex<Option<Refusal>>,
    /// How often the session has ended in the middle of each row.
    ends: Mutex<HashMap<RowId, u32>>,
    /// Connections that are neither cooling down nor given up.
    working: AtomicUsize,
    /// The last trouble of each relay that left its work to others.
    failed_relays: Mutex<HashMap<usize, Trouble>>,
    /// The last end of a session that was a failure.
    trouble: Mutex<Option<Trouble>>,
}

impl Work {
    /// `is_had` says whether anybody had the issue before the run.
    pub(super) fn new(
        (queue, recorder): (Arc<Queue>, Arc<Recorder>),
        options: Options,
        leavers: Arc<Leavers>,
        is_had: bool,
    ) -> Work {
        let shared =
            Shared { working: AtomicUsize::new(options.connections()), ..Shared::default() };
        let relays = options.routes.len();
        let (health, refusals) = (Health::new(relays), Refusals::new(relays, is_had));
        Work {
            queue,
            recorder,
            options,
            health: Arc::new(health),
            refusals: Arc::new(refusals),
            leavers,
            shared: Arc::new(shared),
        }
    }

    /// Relays that failed and whose share went to the others.
    pub(super) fn failed_relays(&self) -> Vec<Trouble> {
        let failed = self.shared.failed_relays.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed: Vec<_> = failed.iter().collect();
        failed.sort_by_key(|(route, _)| **route);
        failed.into_iter().map(|(_, trouble)| trouble.clone()).collect()
    }

    /// A relay's share goes to the others.
    pub(super) fn note_failed(&self, route: usize, trouble: &Trouble) {
        let mut failed = self.shared.failed_relays.lock().unwrap_or_else(PoisonError::into_inner);
        failed.insert(route, trouble.clone());
    }

    /// A connection leaves its work to others; whether there are any.
    pub(super) fn leave_to_others(&self) -> bool {
        let others = self.shared.working.fetch_sub(1, Ordering::Relaxed) > 1;
        if !others {
            self.queue.close();
        }
        others
    }

    /// Waits until a connection may try its relay; `false` when there is nothing left to try for.
    pub(super) async fn admitted(&self, route: usize) -> bool {
        let mut away = false;
        loop {
            let changed = self.health.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.queue.is_over() || *self.options.stopping.borrow() >= Stopping::Drain {
                return false;
            }
            let time = match self.health.admit(route) {
                Ok(()) => break,
                Err(Wait::Fewer(time)) => time,
                Err(Wait::Failing(time)) => {
                    if !std::mem::replace(&mut away, true) && !self.leave_to_others() {
                        return false;
                    }
                    time
                }
            };
            tokio::select! {
                () = pause(self, time) => {}
                () = changed => {}
            }
        }
        self.shared.working.fetch_add(usize::from(away), Ordering::Relaxed);
        true
    }

    /// Done when the run is to end and a relay has had a little time for its answer.
    pub(super) async fn stopping(&self) {
        let mut stopping = self.options.stopping.clone();
        if stopping.wait_for(|wanted| *wanted >= Stopping::Drain).await.is_err() {
            // Nobody can stop the run any more.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(LAST_ANSWER).await;
    }

    /// Why the run stopped, where it was about us or the message.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.shared.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the refusals come to. Once, when all connections are done.
    pub(super) fn sum(&self) -> Sum {
        self.refusals.end()
    }

    /// A relay refuses us, whoever the recipient is: the others go on. Without others the run
    /// stops, and everybody waits.
    pub(super) fn turned_away(&self, route: usize, refusal: &Refusal) {
        if !self.refusals.leaves_others(route) {
            let mut known = self.shared.refusal.lock().unwrap_or_else(PoisonError::into_inner);
            known.get_or_insert_with(|| refusal.clone());
            return self.queue.close();
        }
        if let Some(Route { relay, .. }) = self.options.routes.get(route) {
            self.note_failed(route, &Trouble::of_refusals(relay, &refusal.reply));
        }
    }

    /// Whom a relay has turned away that refuses us is for the others, where there are any.
    pub(super) fn pass_on(&self, route: usize) {
        if self.refusals.is_refusing(route) && self.refusals.leaves_others(route) {
            self.recorder.again(self.refusals.release(route));
        }
    }

    /// A session ended early.
    pub(super) fn note_trouble(&self, trouble: &Trouble) {
        let mut last = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(trouble.clone());
        drop(last);
        if self.options.progress.connections.load(Ordering::Relaxed) == 0 {
            self.options.progress.tell(Some(trouble.to_string()));
        }
    }

    /// The last session that ended early.
    pub(super) fn last_trouble(&self) -> Option<Trouble> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note_opened(&self) {
        self.shared.opened.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_opened(&self) -> bool {
        self.shared.opened.load(Ordering::Relaxed)
    }

    /// How many sessions may fail one after the other.
    pub(super) fn patience(&self) -> u32 {
        if self.has_several_relays() {
            MAX_FAILURES_OF_SEVERAL
        } else if self.has_opened() {
            MAX_FAILURES
        } else {
            MAX_FIRST_FAILURES
        }
    }

    pub(super) fn has_several_relays(&self) -> bool {
        self.options.routes.len() > 1
    }

    /// How often the session has ended in the middle of a row.
    pub(super) fn ends_of(&self, row: RowId) -> u32 {
        let ends = self.shared.ends.lock().unwrap_or_else(PoisonError::into_inner);
        // Most runs never have any.
        if ends.is_empty() { 0 } else { ends.get(&row).copied().unwrap_or(0) }
    }

    /// The session has ended in the middle of a row.
    pub(super) fn note_end_of(&self, row: RowId) {
        let mut ends = self.shared.ends.lock().unwrap_or_else(PoisonError::into_inner);
        *ends.entry(row).or_default() += 1;
    }
}
