//! Messages signed before the wire asks for them: the rows whose turn comes next are assembled and
//! signed on threads of their own, so that a connection finds its next message ready.
//!
//! Only the making is early. A row is handed out by the queue, in its turn and at its pace, as
//! without this file; a draft that nobody takes is dropped, and its row stays where it was. Where
//! nobody signs there are no drafts: to assemble a message costs less than to hand it over.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::lanes::Lanes;
use crate::delivery::id::RowId;
use crate::delivery::ledger::Claimed;
use crate::delivery::templates::Templates;
use crate::message::Message;
use crate::message::splice::SpliceError;

/// Drafts for each connection: one to go next, one that is being made.
const FOR_EACH: usize = 2;
/// Bytes of all drafts, about: a large message has fewer of them.
const BYTES: usize = 16 * 1024 * 1024;
/// Threads at most: what more would sign, no line could carry.
const THREADS: usize = 32;

type Made = Result<Message, SpliceError>;

/// The drafts of a run, and the threads that make them until this is dropped.
#[derive(Debug)]
pub(super) struct Presign {
    /// How many drafts there may be.
    room: usize,
    drafts: HashMap<RowId, Arc<EarlyMessage>>,
    bench: Arc<Bench>,
}

/// A row's message, or on the way to be one.
#[derive(Debug)]
pub(super) struct EarlyMessage {
    row: Claimed,
    progress: Mutex<MakingState>,
    made: Notify,
}

#[derive(Debug)]
enum MakingState {
    /// No thread has begun it.
    Wanted,
    Making,
    Made(Made),
    /// The connection has it, or makes it.
    Taken,
}

/// Where drafts wait for a thread.
#[derive(Debug, Default)]
struct Bench {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Wanted {
    drafts: VecDeque<Arc<EarlyMessage>>,
    over: bool,
}

impl Bench {
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next draft, waiting for it; `None` when the run is over.
    fn next(&self) -> Option<Arc<EarlyMessage>> {
        let mut wanted = self.wanted();
        loop {
            if wanted.over {
                return None;
            }
            if let Some(draft) = wanted.drafts.pop_front() {
                return Some(draft);
            }
            wanted = self.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Presign {
    /// Starts the threads; `None` where nobody signs, or where the system gives no thread.
    pub(super) fn start(templates: &Arc<Templates>, connections: usize) -> Option<Presign> {
        if !templates.sign() {
            return None;
        }
        let bench = Arc::new(Bench::default());
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        let started = (0..threads).filter(|_| {
            let (bench, templates) = (Arc::clone(&bench), Arc::clone(templates));
            let make = move || {
                while let Some(draft) = bench.next() {
                    draft.make(&templates);
                }
            };
            std::thread::Builder::new().name("sign".to_owned()).spawn(make).is_ok()
        });
        if started.count() == 0 {
            return None;
        }
        let room = (connections * FOR_EACH + threads).min(BYTES / templates.size().max(1)).max(2);
        Some(Presign { room, drafts: HashMap::with_capacity(room), bench })
    }

    /// The draft of a row that is handed out now.
    pub(super) fn take(&mut self, row: RowId) -> Option<Arc<EarlyMessage>> {
        self.drafts.remove(&row)
    }

    /// Begins drafts of the rows whose turn comes next, when half of the drafts are gone.
    pub(super) fn refill(&mut self, lanes: &Lanes, now: Duration) {
        if self.drafts.len() > self.room / 2 {
            return;
        }
        let coming = lanes.coming(self.room, now);
        if coming.is_empty() {
            return;
        }
        // A lane that was slowed down since must not keep the room that others need.
        let rows: HashSet<RowId> = coming.iter().map(|row| row.row).collect();
        self.drafts.retain(|row, _| rows.contains(row));
        let mut begun = 0;
        let mut wanted = self.bench.wanted();
        // What was dropped before a thread came to it is not made.
        wanted.drafts.retain(|draft| Arc::strong_count(draft) > 1);
        for row in coming {
            if let Entry::Vacant(place) = self.drafts.entry(row.row) {
                let draft = Arc::new(EarlyMessage::new(row.clone()));
                wanted.drafts.push_back(Arc::clone(&draft));
                place.insert(draft);
                begun += 1;
            }
        }
        drop(wanted);
        for _ in 0..begun {
            self.bench.changed.notify_one();
        }
    }
}

/// Whatever ends the making, also a defect: a connection may be waiting.
struct Unfinished<'a>(&'a EarlyMessage);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let mut progress = self.0.progress();
        if matches!(*progress, MakingState::Making) {
            *progress = MakingState::Wanted;
        }
        drop(progress);
        self.0.made.notify_one();
    }
}

impl Drop for Presign {
    fn drop(&mut self) {
        self.bench.wanted().over = true;
        self.bench.changed.notify_all();
    }
}

impl EarlyMessage {
    fn new(row: Claimed) -> EarlyMessage {
        EarlyMessage { row, progress: Mutex::new(MakingState::Wanted), made: Notify::new() }
    }

    fn progress(&self) -> MutexGuard<'_, MakingState> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes it, if no connection was faster.
    fn make(&self, templates: &Templates) {
        {
            let mut progress = self.progress();
            if !matches!(*progress, MakingState::Wanted) {
                return;
            }
            *progress = MakingState::Making;
        }
        let unfinished = Unfinished(self);
        let made = templates.splice(&self.row);
        *self.progress() = MakingState::Made(made);
        drop(unfinished);
    }

    /// The message. It is waited for only while a thread makes it; where none has begun, all are
    /// busy, and the caller makes it.
    pub(super) async fn message(&self, templates: &Templates) -> Made {
        loop {
            {
                let mut progress = self.progress();
                match std::mem::replace(&mut *progress, MakingState::Taken) {
                    MakingState::Made(made) => return made,
                    MakingState::Making => *progress = MakingState::Making,
                    MakingState::Wanted | MakingState::Taken => break,
                }
            }
            self.made.notified().await;
        }
        templates.splice(&self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::run::lanes::LaneOptions;
    use crate::delivery::run::simulation::row;
    use crate::delivery::throttle::RateReply;

    /// Drafts that nobody makes.
    fn presign(room: usize) -> Presign {
        Presign { room, drafts: HashMap::new(), bench: Arc::default() }
    }

    fn begun(presign: &Presign) -> Vec<i64> {
        presign.bench.wanted().drafts.iter().map(|draft| draft.row.row.0).collect()
    }

    fn limited(domain: &str, limit: &str) -> LaneOptions {
        let limit = Some(limit.parse().unwrap());
        LaneOptions { domain: domain.to_owned(), limit, connections: None }
    }

    #[test]
    fn the_next_rows_are_drafted_and_no_more_than_there_is_room_for() {
        let mut lanes = Lanes::new(&[]);
        (0..20).for_each(|number| lanes.add(row(number, "a.example")));
        let mut presign = presign(4);
        presign.refill(&lanes, Duration::ZERO);
        assert_eq!(begun(&presign), [0, 1, 2, 3]);
        for number in 0..3 {
            assert_eq!(lanes.take(0, Duration::ZERO).unwrap().row, RowId(number));
            assert!(presign.take(RowId(number)).is_some());
            presign.refill(&lanes, Duration::ZERO);
        }
        let mut rows: Vec<_> = presign.drafts.keys().copied().collect();
        rows.sort_unstable();
        assert!(rows.starts_with(&[RowId(3)]) && rows.len() <= 4, "{rows:?}");
    }

    #[test]
    fn a_slow_lane_takes_the_room_of_one_and_only_near_its_turn() {
        let mut lanes = Lanes::new(&[limited("slow.example", "1/minute")]);
        for number in 0..10 {
            lanes.add(row(number, "slow.example"));
            lanes.add(row(100 + number, "fast.example"));
        }
        let rows = |lanes: &Lanes| -> Vec<i64> {
            lanes.coming(4, Duration::ZERO).iter().map(|row| row.row.0).collect()
        };
        assert_eq!(rows(&lanes), [100, 0, 101, 102]);
        lanes.take(1, Duration::ZERO).unwrap();
        assert_eq!(rows(&lanes), [100, 101, 102, 103]);
    }

    #[test]
    fn a_lane_that_was_slowed_down_gives_its_room_to_others() {
        let mut lanes = Lanes::new(&[]);
        (0..4).for_each(|number| lanes.add(row(number, "busy.example")));
        let mut presign = presign(4);
        presign.refill(&lanes, Duration::ZERO);
        (10..14).for_each(|number| lanes.add(row(number, "fast.example")));
        for number in 0..2 {
            lanes.take(0, Duration::ZERO).unwrap();
            presign.take(RowId(number));
        }
        for number in 0..5 {
            let reply = RateReply { spread: true, ..RateReply::default() };
            lanes.refused(&row(number, "busy.example"), Duration::ZERO, Duration::ZERO, reply);
        }
        presign.refill(&lanes, Duration::ZERO);
        assert_eq!(begun(&presign), [10, 11, 12, 13]);
    }

    #[test]
    fn a_defect_while_making_leaves_the_draft_to_who_waits() {
        let draft = EarlyMessage::new(row(1, "a.example"));
        *draft.progress() = MakingState::Making;
        drop(Unfinished(&draft));
        assert!(matches!(*draft.progress(), MakingState::Wanted));
    }
}
