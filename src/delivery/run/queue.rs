//! Rows between the ledger and the connections: claimed in batches ahead of need, handed out at the
//! pace that was asked for, and taken back when a connection fails before it could send them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::delivery::ledger::{Claimed, Ledger};
use crate::delivery::pace::{Pacer, Rate};

/// Rows of one claim: few enough that losing power leaves few uncertain, enough that the disk is
/// seldom asked.
const CLAIM: usize = 200;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Queue {
    ledger: Ledger,
    run: i64,
    started: Instant,
    state: Mutex<State>,
    /// Something changed that waiting connections should look at.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    rows: VecDeque<Claimed>,
    /// Rows handed out and not settled.
    out: usize,
    /// A claim is under way.
    claiming: bool,
    /// The ledger had no more rows.
    exhausted: bool,
    /// No row is handed out any more.
    closed: bool,
    pacer: Option<Pacer>,
    failure: Option<String>,
}

/// What [`Queue::take`] found.
enum Found {
    Row(Box<Claimed>),
    /// Nothing yet: claim more.
    Claim,
    /// Nothing yet: others hold rows, or the pace says so long.
    Wait(Option<Duration>),
    /// Nothing will come.
    End,
}

impl Queue {
    pub(super) fn new(ledger: Ledger, run: i64, limit: Option<Rate>) -> Queue {
        let state = State { pacer: limit.map(Pacer::new), ..State::default() };
        Queue {
            ledger,
            run,
            started: Instant::now(),
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next row, when there is one and its time has come.
    pub(super) async fn next(&self) -> Option<Claimed> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed, although it is awaited only below.
            changed.as_mut().enable();
            match self.take() {
                Found::Row(row) => return Some(*row),
                Found::End => return None,
                Found::Claim => self.claim().await,
                Found::Wait(None) => changed.await,
                Found::Wait(Some(pause)) => {
                    // A close ends the wait at once; any other change only starts it anew.
                    let _ = tokio::time::timeout(pause, changed).await;
                }
            }
        }
    }

    /// The next row if it may go at once.
    pub(super) fn try_next(&self) -> Option<Claimed> {
        match self.take() {
            Found::Row(row) => Some(*row),
            _ => None,
        }
    }

    fn take(&self) -> Found {
        let mut state = self.state();
        if state.closed {
            return Found::End;
        }
        if state.rows.is_empty() {
            return match (state.exhausted, state.claiming) {
                (true, _) if state.out == 0 => Found::End,
                (true, _) | (false, true) => Found::Wait(None),
                (false, false) => Found::Claim,
            };
        }
        let now = self.started.elapsed();
        if let Some(pacer) = &mut state.pacer {
            let pause = pacer.wait(now);
            if !pause.is_zero() {
                return Found::Wait(Some(pause));
            }
            pacer.take(now);
        }
        state.out += 1;
        match state.rows.pop_front() {
            Some(row) => Found::Row(Box::new(row)),
            None => Found::End,
        }
    }

    /// Claims the next batch: whoever finds the queue empty does it, and the others wait.
    async fn claim(&self) {
        if std::mem::replace(&mut self.state().claiming, true) {
            return;
        }
        let claimed = self.ledger.claim(self.run, CLAIM).await;
        let mut state = self.state();
        state.claiming = false;
        match claimed {
            Ok(rows) => {
                state.exhausted = rows.is_empty();
                state.rows.extend(rows);
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
    pub(super) fn settled(&self) {
        let mut state = self.state();
        state.out = state.out.saturating_sub(1);
        let last = state.out == 0;
        drop(state);
        if last {
            self.changed.notify_waiters();
        }
    }

    /// A row comes back: it was not sent, through no fault of its own.
    pub(super) fn give_back(&self, row: Claimed) {
        let mut state = self.state();
        state.out = state.out.saturating_sub(1);
        state.rows.push_front(row);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Hands out no more rows.
    pub(super) fn close(&self) {
        self.state().closed = true;
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
        !state.rows.is_empty() || !state.exhausted
    }

    /// Whether no row will be handed out any more.
    pub(super) fn is_over(&self) -> bool {
        let state = self.state();
        state.closed || (state.exhausted && state.rows.is_empty() && state.out == 0)
    }

    /// Waits until no row will be handed out any more.
    pub(super) async fn over(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.is_over() {
                return;
            }
            changed.await;
        }
    }
}
