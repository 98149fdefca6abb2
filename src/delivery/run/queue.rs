//! Rows between the ledger and the connections: claimed in batches before they are needed, handed out at the
//! pace that was asked for, taken back when a connection fails before it could send them, and
//! claimed again when a deferred one is due.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::leavers::Leavers;
use super::pacing::{Next, Pacing, Whose};
use super::presign::{EarlyMessage, Presign};
use super::{Options, Progress};
use crate::delivery::id::{RowId, RunId};
use crate::delivery::ledger::claim::Skip;
use crate::delivery::ledger::{Claimed, LockedLedger};
use crate::delivery::moment::Moment;
use crate::store::StoreError;

/// Rows of one claim: few enough that losing power leaves few uncertain, enough that the disk is
/// seldom asked.
const CLAIM: usize = 200;
/// Due times are remembered in steps of this, so that their number is small however many rows wait.
const TICK_MS: i64 = 250;
/// When nothing is due for so long, connections are closed meanwhile.
const LONG: Duration = Duration::from_secs(20);

/// See the file's head.
#[derive(Debug)]
pub(super) struct Queue {
    ledger: LockedLedger,
    run: RunId,
    /// When the run began, by the wall clock. From there on only the steady clock counts.
    began: Moment,
    started: Instant,
    /// How long to wait for deferred rows when nothing else is left.
    wait: Duration,
    progress: Arc<Progress>,
    /// Who gets nothing any more.
    leavers: Arc<Leavers>,
    state: Mutex<QueueState>,
    /// Something changed that waiting connections should look at.
    changed: Notify,
}

#[derive(Debug)]
struct QueueState {
    /// Rows that are claimed, and when they may leave.
    pacing: Pacing,
    /// Messages of rows that wait, where it pays to make them early.
    presign: Option<Presign>,
    /// Settled rows that are about to come back.
    expected: usize,
    /// A claim is under way.
    claiming: bool,
    /// The ledger had no more rows, except of the domains in `skipped`.
    exhausted: bool,
    skipped: Vec<String>,
    /// How far claims have come.
    past: Skip,
    /// When deferred rows are due, as the ledger knows it.
    due: BTreeSet<Moment>,
    /// Rows that were deferred, and of which the ledger does not know it yet.
    deferring: usize,
    /// When first nothing but deferred rows was left.
    idle_since: Option<Duration>,
    /// No row is handed out any more.
    closed: bool,
    failure: Option<String>,
}

/// A row for a connection.
pub(super) struct Turn {
    /// The row.
    pub(super) row: Claimed,
    /// Its message, where it was made early.
    pub(super) draft: Option<Arc<EarlyMessage>>,
    /// Why it is not to be sent in this run, if so.
    pub(super) unasked: Option<Unasked>,
}

/// Why no relay is asked about a row.
pub(super) enum Unasked {
    /// It waits for the next run.
    Later(String),
    /// Its person has left.
    Left(String),
}

/// What [`Queue::take`] found.
enum Supply {
    Row(Box<Turn>),
    /// Nothing yet: claim more.
    Claim,
    /// Nothing yet: others hold rows, or the pace says so long.
    Wait(Option<Duration>),
    /// Nothing until a deferred row is due.
    Due(Duration),
    /// Nothing will come.
    End,
}

impl Queue {
    pub(super) fn new(
        ledger: LockedLedger,
        run: RunId,
        began: Moment,
        options: &Options,
        leavers: Arc<Leavers>,
    ) -> Queue {
        let limits = options.routes.iter().map(|route| route.limit);
        let state = QueueState {
            pacing: Pacing::new(options.limit, limits, &options.lanes),
            presign: Presign::start(&options.templates, options.connections()),
            expected: 0,
            claiming: false,
            exhausted: false,
            skipped: Vec::new(),
            past: Skip::default(),
            due: BTreeSet::new(),
            deferring: 0,
            idle_since: None,
            closed: false,
            failure: None,
        };
        Queue {
            ledger,
            run,
            began,
            started: Instant::now(),
            wait: options.wait,
            progress: Arc::clone(&options.progress),
            leavers,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Lets the limits begin with what earlier runs have sent: a run that ended or was killed a
    /// moment ago has used them. Which relay took a message is not known, so all count for each.
    ///
    /// # Errors
    /// The ledger's.
    pub(super) async fn resume(&mut self) -> Result<(), StoreError> {
        let Queue { ledger, began, state, .. } = self;
        let QueueState { pacing, .. } = state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (domain, pace) in pacing.limited() {
            let Some(limit) = pace.limit() else { continue };
            let since = began.minus(limit.per);
            let sent = ledger.sent_since(since, domain, limit.messages).await?;
            // A clock that was set back makes the future of what is past.
            pace.resume(sent.into_iter().map(|at| began.since(at)));
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run's clock: it does not jump.
    pub(super) fn now(&self) -> Moment {
        self.began.plus(self.started.elapsed())
    }

    /// The next row for a connection to the `relay`th relay, when there is one and its time has
    /// come; `None` where none will come soon.
    pub(super) async fn next(&self, relay: usize) -> Option<Turn> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed, although it is awaited only below.
            changed.as_mut().enable();
            match self.take(relay) {
                Supply::Row(turn) => return Some(*turn),
                Supply::End => return None,
                Supply::Due(pause) if pause > LONG => return None,
                Supply::Claim => self.claim().await,
                Supply::Wait(None) => changed.await,
                Supply::Wait(Some(pause)) | Supply::Due(pause) => {
                    // A close ends the wait at once; any other change only starts it anew.
                    let _ = tokio::time::timeout(pause, changed).await;
                }
            }
        }
    }

    /// The next row if it may go at once.
    pub(super) fn try_next(&self, relay: usize) -> Option<Turn> {
        match self.take(relay) {
            Supply::Row(turn) => Some(*turn),
            _ => None,
        }
    }

    fn take(&self, relay: usize) -> Supply {
        let mut state = self.state();
        if state.closed {
            return Supply::End;
        }
        let (now, moment) = (self.started.elapsed(), self.now());
        state.note_due(moment);
        if let Some(left) = self.next_left(&mut state) {
            return Supply::Row(Box::new(left));
        }
        let (row, unasked) = match state.pacing.next(relay, now) {
            Some(Next::Row(row)) => (*row, None),
            Some(Next::Shut(row, why)) => (*row, Some(Unasked::Later(why))),
            Some(Next::Paced(pause)) => return Supply::Wait(Some(pause)),
            Some(Next::Later(pause)) => return state.later(pause, now, moment, self.wait),
            None => return Supply::End,
        };
        let draft = state.presign.as_mut().and_then(|presign| presign.take(row.row));
        state.refill(now);
        Supply::Row(Box::new(Turn { row, draft, unasked }))
    }

    /// A row of somebody who has left, if one is the next of its lane: it uses nothing of a pace.
    fn next_left(&self, state: &mut QueueState) -> Option<Turn> {
        if !self.leavers.are_any() {
            return None;
        }
        let row = state.pacing.lanes.drop_next(|row| self.leavers.has(row).is_some())?;
        let unasked = self.leavers.has(&row).map(Unasked::Left);
        Some(Turn { row, draft: None, unasked })
    }

    /// Claims the next batch: whoever finds the queue empty does it, and the others wait.
    async fn claim(&self) {
        let skip = {
            let mut state = self.state();
            if std::mem::replace(&mut state.claiming, true) {
                return;
            }
            state.past.then(state.pacing.lanes.full())
        };
        let claimed = self.ledger.claim(self.run, CLAIM, self.now(), &skip).await;
        let mut state = self.state();
        state.claiming = false;
        match claimed {
            Ok(rows) => {
                state.exhausted = rows.is_empty();
                state.past = skip.found(&rows);
                state.skipped = skip.domains;
                let again = rows.iter().filter(|row| row.earlier.again).count();
                self.progress.again(again as u64);
                if !rows.is_empty() {
                    state.idle_since = None;
                }
                for row in rows {
                    state.pacing.lanes.add(row);
                }
                state.refill(self.started.elapsed());
            }
            Err(error) => {
                state.failure = Some(error.to_string());
                state.closed = true;
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// A row got its outcome.
    pub(super) fn settled(&self, row: &Claimed) {
        let mut state = self.state();
        let freed = state.pacing.settled(row.row, self.started.elapsed());
        let last = state.pacing.out() == 0 && state.expected == 0;
        drop(state);
        if last || freed {
            self.changed.notify_waiters();
        }
    }

    /// A row comes back: it was not sent, through no fault of its own.
    pub(super) fn give_back(&self, row: Claimed) {
        let mut state = self.state();
        state.pacing.settled(row.row, self.started.elapsed());
        state.pacing.lanes.give_back(row);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until the text of a row may leave.
    pub(super) async fn leave(&self, row: RowId) {
        loop {
            let now = self.started.elapsed();
            let Err(wait) = self.state().pacing.leave(row, now) else { return };
            tokio::time::sleep(wait).await;
        }
    }

    /// The last byte of a row's text has left us.
    pub(super) fn left(&self, row: RowId) {
        let now = self.started.elapsed();
        self.state().pacing.left(row, now);
    }

    /// A row comes back that has ended a session: others of its lane go first.
    pub(super) fn put_back(&self, row: Claimed) {
        let mut state = self.state();
        state.pacing.settled(row.row, self.started.elapsed());
        state.pacing.lanes.put_back(row);
        drop(state);
        self.changed.notify_waiters();
    }

    /// So many settled rows are about to come back: until [`Queue::came`] the run is not over.
    pub(super) fn expect(&self, rows: usize) {
        self.state().expected += rows;
    }

    /// The ledger knows that these rows may be claimed.
    pub(super) fn came(&self, rows: usize) {
        let mut state = self.state();
        state.expected = state.expected.saturating_sub(rows);
        state.exhausted = false;
        drop(state);
        self.changed.notify_waiters();
    }

    /// A row is about to be recorded as deferred, and may come back in this run.
    pub(super) fn deferring(&self) {
        self.state().deferring += 1;
    }

    /// The ledger knows of rows that they come back at these times.
    pub(super) fn deferred(&self, due: impl Iterator<Item = Moment>) {
        let mut state = self.state();
        for Moment(due_ms) in due {
            state.deferring = state.deferring.saturating_sub(1);
            let ticks = due_ms.div_euclid(TICK_MS) + 1;
            state.due.insert(Moment(ticks.saturating_mul(TICK_MS)));
        }
        let all = state.deferring == 0;
        drop(state);
        if all {
            self.changed.notify_waiters();
        }
    }

    /// A relay asks for a lower rate.
    pub(super) fn slow_relay(&self, row: &Claimed) {
        let now = self.started.elapsed();
        self.state().pacing.refused(row, Whose::Relay, now);
    }

    /// A relay, or the domain of `row` behind it, asks for a lower rate.
    pub(super) fn slow_lane(&self, row: &Claimed) {
        let now = self.started.elapsed();
        self.state().pacing.refused(row, Whose::RelayOrDomain, now);
    }

    /// A relay took a message.
    pub(super) fn speed_up(&self, row: &Claimed) {
        let now = self.started.elapsed();
        self.state().pacing.accepted(row, now);
    }

    /// Hands out no more rows.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.presign = None;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Closes for a reason of the ledger's.
    pub(super) fn fail(&self, reason: String) {
        let mut state = self.state();
        state.failure.get_or_insert(reason);
        state.closed = true;
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn store_failure(&self) -> Option<String> {
        self.state().failure.clone()
    }

    /// Whether rows are left that no connection has taken.
    pub(super) fn has_more(&self) -> bool {
        let state = self.state();
        !state.pacing.lanes.is_empty() || !state.exhausted || !state.skipped.is_empty()
    }

    /// How long nothing will come: `None` is for good, zero that something may come now.
    fn pause(&self) -> Option<Duration> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        let (now, moment) = (self.started.elapsed(), self.now());
        state.note_due(moment);
        if !state.pacing.lanes.is_empty() {
            return Some(Duration::ZERO);
        }
        match state.later(None, now, moment, self.wait) {
            Supply::End => None,
            Supply::Due(pause) => Some(pause),
            _ => Some(Duration::ZERO),
        }
    }

    /// Whether no row will be handed out any more.
    pub(super) fn is_over(&self) -> bool {
        self.pause().is_none()
    }

    /// Waits until rows may be handed out again, or never will: whether they may.
    pub(super) async fn more(&self) -> bool {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.pause() {
                None => return false,
                Some(Duration::ZERO) => return true,
                Some(pause) => {
                    let seconds = pause.as_secs();
                    self.progress.tell(Some(format!("deferred ones are due in {seconds} s")));
                    let _ = tokio::time::timeout(pause, changed).await;
                }
            }
        }
    }

    /// Waits until no row will be handed out any more.
    pub(super) async fn over(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.pause() {
                None => return,
                Some(Duration::ZERO) => changed.await,
                Some(pause) => {
                    let _ = tokio::time::timeout(pause, changed).await;
                }
            }
        }
    }
}

impl QueueState {
    /// Has the messages of the next rows made.
    fn refill(&mut self, now: Duration) {
        if let Some(presign) = &mut self.presign {
            presign.refill(&self.pacing.lanes, now);
        }
    }

    /// Deferred rows whose time has come can be claimed.
    fn note_due(&mut self, now: Moment) {
        while self.due.first().is_some_and(|due| *due <= now) {
            self.due.pop_first();
            self.exhausted = false;
        }
    }

    /// What to do when no row may go now; `pause` is how long lanes make theirs wait.
    fn later(
        &mut self,
        pause: Option<Duration>,
        now: Duration,
        moment: Moment,
        wait: Duration,
    ) -> Supply {
        if self.exhausted && self.skipped.iter().any(|domain| self.pacing.lanes.is_low(domain)) {
            self.exhausted = false;
        }
        if !self.exhausted {
            return if self.claiming { Supply::Wait(pause) } else { Supply::Claim };
        }
        if !self.pacing.lanes.is_empty() || self.pacing.out() > 0 || self.expected > 0 {
            return Supply::Wait(pause);
        }
        if wait.is_zero() {
            return Supply::End;
        }
        if self.deferring > 0 {
            return Supply::Wait(None);
        }
        let last = *self.idle_since.get_or_insert(now) + wait;
        match self.due.first() {
            Some(due) => {
                let pause = due.since(moment).max(Duration::from_millis(1));
                if now + pause <= last { Supply::Due(pause) } else { Supply::End }
            }
            None => Supply::End,
        }
    }
}
