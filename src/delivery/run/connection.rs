//! One connection: sessions opened one after the other, each carrying what the queue hands out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::ahead::Draft;
use super::health::{Health, Wait};
use super::objections::Objections;
use super::queue::Queue;
use super::recorder::Recorder;
use super::{Options, Stopping};
use crate::delivery::journal::Settled;
use crate::delivery::ledger::Claimed;
use crate::delivery::ledger::turns::Retry;
use crate::delivery::schedule::{Kind, Next, Tries, told};
use crate::message::Message;
use crate::message::splice::SpliceError;
use crate::smtp::outcome::{Failure, Outcome, Remedy, Scope, Stage, Trouble};
use crate::smtp::relay::Relay;
use crate::smtp::reply::Reply;
use crate::smtp::session::Session;
use crate::smtp::transaction::{End, Feed, Stop, Ticket};

/// Sessions that fail one after the other before a connection is given up.
const MAX_FAILURES: u32 = 6;
/// The same as long as no session of the run has opened: then it is more likely the address that is
/// wrong than the hour, and a person is waiting.
const MAX_FIRST_FAILURES: u32 = 3;
/// The first pause before connecting again; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The same where another relay can take over.
const MAX_FAILURES_OF_SEVERAL: u32 = 1;
/// How often a message that breaks its connection is tried in one run.
const MAX_BREAKS: u32 = 3;
/// Refusals of the message as such, one after the other, that stop the run.
const MAX_REFUSALS: u32 = 5;

/// What all connections of a run share.
#[derive(Clone)]
pub(super) struct Work {
    queue: Arc<Queue>,
    recorder: Arc<Recorder>,
    options: Options,
    shared: Arc<Shared>,
    health: Arc<Health>,
}

#[derive(Default)]
struct Shared {
    /// A session has opened in this run.
    opened: AtomicBool,
    /// Refusals of the message as such since the last success.
    refusals: AtomicU32,
    refusal: Mutex<Option<String>>,
    /// Recipients whose refusal was about the message, since the last success.
    suspects: Mutex<Vec<Settled>>,
    objections: Objections,
    /// How often each row's text broke its connection.
    breaks: Mutex<HashMap<i64, u32>>,
    /// Connections that are neither cooling down nor given up.
    working: AtomicUsize,
    /// The last trouble of each relay that left its work to others.
    failed_relays: Mutex<HashMap<usize, Trouble>>,
}

impl Work {
    pub(super) fn new(queue: Arc<Queue>, recorder: Arc<Recorder>, options: Options) -> Work {
        let shared =
            Shared { working: AtomicUsize::new(options.connections()), ..Shared::default() };
        let health = Arc::new(Health::new(options.routes.len()));
        Work { queue, recorder, options, shared: Arc::new(shared), health }
    }

    /// Relays that failed and whose share went to the others.
    pub(super) fn failed_relays(&self) -> Vec<Trouble> {
        let failed = self.shared.failed_relays.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed: Vec<_> = failed.iter().collect();
        failed.sort_by_key(|(route, _)| **route);
        failed.into_iter().map(|(_, trouble)| trouble.clone()).collect()
    }

    /// A relay's share goes to the others.
    fn note_failed(&self, route: usize, trouble: &Trouble) {
        let mut failed = self.shared.failed_relays.lock().unwrap_or_else(PoisonError::into_inner);
        failed.insert(route, trouble.clone());
    }

    /// A connection leaves its work to others; whether there are any.
    fn leave_to_others(&self) -> bool {
        let others = self.shared.working.fetch_sub(1, Ordering::Relaxed) > 1;
        if !others {
            self.queue.close();
        }
        others
    }

    /// Waits until a connection may try its relay; `false` when there is nothing left to try for.
    async fn admitted(&self, route: usize) -> bool {
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

    /// Why the relay refuses every message, if it does.
    pub(super) fn refusal(&self) -> Option<String> {
        self.shared.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn refuse(&self, failure: &Failure) {
        let mut refusal = self.shared.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        refusal.get_or_insert_with(|| failure.text.clone());
        self.queue.close();
        drop(refusal);
        // It was the message and not they: when it has been mended, they are to get it too.
        for settled in self.suspects().drain(..) {
            self.recorder.settled(Settled { state: "deferred".to_owned(), ..settled });
        }
    }

    fn suspects(&self) -> std::sync::MutexGuard<'_, Vec<Settled>> {
        self.shared.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many sessions may fail one after the other.
    fn patience(&self) -> u32 {
        match self.shared.opened.load(Ordering::Relaxed) {
            _ if self.has_several_relays() => MAX_FAILURES_OF_SEVERAL,
            true => MAX_FAILURES,
            false => MAX_FIRST_FAILURES,
        }
    }

    fn has_several_relays(&self) -> bool {
        self.options.routes.len() > 1
    }

    fn breaks(&self, row: i64) -> u32 {
        let mut breaks = self.shared.breaks.lock().unwrap_or_else(PoisonError::into_inner);
        let count = breaks.entry(row).or_default();
        *count += 1;
        *count
    }
}

/// Keeps a connection to a relay for as long as there is work; the trouble that ended it early.
pub(super) async fn keep(work: Work, route: usize, number: usize) -> Option<Trouble> {
    let relay = work.options.routes.get(route)?.relay.clone();
    let (mut failures, mut last) = (0, None);
    while work.admitted(route).await {
        let probe = work.health.is_probed(route);
        let (carried, end) = session(&work, &work.health.adapted(route, &relay), route).await;
        let trouble = match end {
            // Not a failure: the next session goes on at once.
            Ok(End::MaxMessages) => continue,
            Ok(End::Drained) if work.queue.more().await => continue,
            Ok(End::Drained | End::Stopped) => return None,
            Err(trouble) => trouble,
        };
        tracing::debug!(relay = route, connection = number, %trouble, "session ended");
        last = Some(trouble.clone());
        if work.options.progress.connections.load(Ordering::Relaxed) == 0 {
            work.options.progress.tell(Some(trouble.to_string()));
        }
        if trouble.asks_for_fewer_connections() && work.health.want_fewer(route) {
            continue;
        }
        failures = if carried > 0 { 1 } else { failures + 1 };
        let given_up = failures > work.patience();
        let fails = trouble.scope == Scope::Relay || given_up || probe;
        // A name that no server knows may be a passing fault only where it was known before.
        let unknown = trouble.is_about_the_name() && !work.shared.opened.load(Ordering::Relaxed);
        match trouble.remedy {
            Remedy::Stop if work.has_several_relays() => {
                work.note_failed(route, &trouble);
                work.leave_to_others();
                return last;
            }
            _ if fails && work.has_several_relays() && work.health.fail(route) => {
                work.note_failed(route, &trouble);
                failures = 0;
            }
            _ if unknown || trouble.remedy == Remedy::Stop => {
                work.queue.close();
                return last;
            }
            _ if given_up && !work.has_several_relays() => return last,
            Remedy::Lockstep => work.health.cannot_pipeline(route),
            Remedy::Reconnect => work.health.ended_after(route, carried),
            Remedy::BackOff | Remedy::Stop => {
                // Longer each time, and not in step with the other connections.
                let length = FIRST_PAUSE * 2_u32.pow(failures.saturating_sub(1).min(6));
                pause(&work, length + length.mul_f64(0.13 * (number % 4) as f64)).await;
            }
        }
    }
    last
}

/// Waits before connecting again. When other connections have done all the work meanwhile, there is
/// nothing to wait for.
async fn pause(work: &Work, pause: Duration) {
    let mut stopping = work.options.stopping.clone();
    let stopped = stopping.wait_for(|wanted| *wanted >= Stopping::Drain);
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        Ok(_) = stopped => {}
        () = work.queue.over() => {}
    }
}

/// One session: how many messages it carried, and how it ended.
async fn session(work: &Work, relay: &Relay, route: usize) -> (u64, Result<End, Trouble>) {
    let opened = tokio::select! {
        opened = Session::open(relay) => opened.map_err(Err),
        // A relay that says nothing holds up no end.
        () = pause(work, Duration::MAX) => Err(Ok(End::Stopped)),
    };
    let mut session = match opened {
        Ok(session) => session,
        Err(end) => {
            work.health.closed(route, false, 0);
            return (0, end);
        }
    };
    let open = work.options.progress.open();
    work.health.opened(route);
    work.shared.opened.store(true, Ordering::Relaxed);
    work.options.progress.tell(None);
    let mut feed = RowFeed { work, route, rows: HashMap::new(), message_ids: HashMap::new() };
    let end = session.carry(&mut feed).await;
    let carried = session.carried();
    work.health.closed(route, true, carried);
    drop(open);
    if matches!(end, Ok(End::Drained | End::MaxMessages)) {
        session.quit().await;
    }
    (carried, end)
}

/// The queue, the ledger and the template as a session sees them.
struct RowFeed<'a> {
    work: &'a Work,
    route: usize,
    rows: HashMap<Ticket, Claimed>,
    /// Of these rows.
    message_ids: HashMap<i64, String>,
}

impl RowFeed<'_> {
    async fn message(
        &mut self,
        (claimed, draft): (Claimed, Option<Arc<Draft>>),
    ) -> Option<(Ticket, Message)> {
        if let Some(why) = self.work.shared.objections.against(&claimed) {
            self.record(&claimed, "deferred", None, &why);
            self.work.queue.settled(&claimed);
            return None;
        }
        let ticket = Ticket(u64::try_from(claimed.row).unwrap_or_default());
        let templates = &self.work.options.templates;
        let made = match draft {
            Some(draft) => draft.message(templates).await,
            None => templates.splice(&claimed),
        };
        match made {
            Ok(message) => {
                self.message_ids.insert(claimed.row, message.message_id.clone());
                self.rows.insert(ticket, claimed);
                Some((ticket, message))
            }
            Err(error) => {
                // The list was checked before the run, so that only a changed row lacks something.
                // A signature that could not be made is nobody's fault on the list.
                let text = format!("no message could be made: {error}");
                match error {
                    SpliceError::Unfilled(_) => self.record(&claimed, "refused", None, &text),
                    SpliceError::Unsigned(_) => {
                        let (stage, scope) = (Stage::Connect, Scope::Recipient);
                        let failure = Failure { stage, scope, reply: None, text };
                        self.deferred(&claimed, &failure);
                    }
                }
                self.work.queue.settled(&claimed);
                None
            }
        }
    }

    fn record(&self, claimed: &Claimed, state: &str, reply: Option<&Reply>, text: &str) {
        self.work.options.progress.add(state == "accepted");
        self.work.recorder.settled(self.outcome(claimed, state, reply, text));
    }

    fn outcome(
        &self,
        claimed: &Claimed,
        state: &str,
        reply: Option<&Reply>,
        text: &str,
    ) -> Settled {
        let options = &self.work.options;
        Settled {
            row: claimed.row,
            state: state.to_owned(),
            code: reply.map(|reply| reply.code),
            enhanced: reply.and_then(|reply| reply.enhanced).map(|enhanced| enhanced.to_string()),
            text: text.to_owned(),
            at: (options.clock)(),
            message_id: self.message_id(claimed),
            retry: None,
        }
    }

    fn message_id(&self, claimed: &Claimed) -> String {
        let known = self.message_ids.get(&claimed.row).cloned();
        let templates = &self.work.options.templates;
        known.unwrap_or_else(|| templates.message_id(claimed.recipient.address()))
    }

    fn failed(&self, claimed: &Claimed, state: &str, failure: &Failure) {
        let text = failure.reply.as_ref().map_or(failure.text.as_str(), |reply| &reply.text);
        self.record(claimed, state, failure.reply.as_ref(), text);
    }

    /// Not now: when next, or never.
    fn deferred(&self, claimed: &Claimed, failure: &Failure) {
        let queue = &self.work.queue;
        let (now_ms, earlier) = (queue.now_ms(), claimed.earlier);
        let kind = Kind::of(failure);
        let charged = kind != Kind::Rate;
        let first_ms = match (earlier.first_ms, earlier.last_ms) {
            // The same clock has counted both tries.
            (Some(first_ms), _) if earlier.again => first_ms,
            (Some(first_ms), Some(last_ms)) => {
                self.work.options.schedule.first_try(first_ms, last_ms, now_ms)
            }
            (first_ms, _) => first_ms.unwrap_or(now_ms),
        };
        let since = Duration::from_millis(now_ms.saturating_sub(first_ms).max(0).unsigned_abs());
        let tries = Tries {
            all: earlier.attempts.saturating_add(1),
            charged: earlier.charged.saturating_add(charged.into()),
            since,
        };
        let reply = failure.reply.as_ref();
        let text = reply.map_or(failure.text.as_str(), |reply| &reply.text);
        let seed = claimed.row.unsigned_abs();
        let pause = match self.work.options.schedule.next(kind, tries, seed) {
            Next::After(pause) => pause,
            Next::GiveUp => {
                let text = format!("given up after {}: {text}", told(since));
                return self.record(claimed, "refused", reply, &text);
            }
        };
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let retry = Retry { first_ms, next_ms: now_ms.saturating_add(pause_ms), charged };
        queue.deferring();
        self.work.options.progress.add(false);
        let settled = self.outcome(claimed, "deferred", reply, text);
        self.work.recorder.settled(Settled { retry: Some(retry), ..settled });
    }

    /// Somebody asks for a lower rate: the relay at MAIL, the recipient's domain after it.
    fn heed(&self, claimed: &Claimed, failure: &Failure) {
        // A server that shuts down says nothing about the rate.
        let shuts_down = |reply: &Reply| reply.code == 421 && reply.is_about(3, 2);
        if !failure.asks_to_slow_down()
            || failure.is_greylisting()
            || failure.reply.as_ref().is_some_and(shuts_down)
        {
            return;
        }
        match failure.stage {
            Stage::Mail => self.work.queue.slow_relay(self.route),
            Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot => {
                self.work.queue.slow_lane(claimed);
            }
            // It is connections that are too many, and they back off.
            _ => {}
        }
    }

    /// The message or its sender was refused as such: after a few in a row nobody else is asked.
    fn note_refusal(&self, failure: &Failure) {
        if failure.scope != Scope::Message {
            return;
        }
        let refusals = self.work.shared.refusals.fetch_add(1, Ordering::Relaxed) + 1;
        if failure.is_certain_for_all() || refusals >= MAX_REFUSALS {
            self.work.refuse(failure);
        }
    }

    fn unsent(&mut self, claimed: Claimed, failure: &Failure) {
        self.work.recorder.unsent(claimed.row);
        self.heed(&claimed, failure);
        self.note_refusal(failure);
        let broke = failure.stage == Stage::Body && self.work.breaks(claimed.row) >= MAX_BREAKS;
        if broke {
            self.deferred(&claimed, failure);
            self.work.queue.settled(&claimed);
        } else {
            self.work.queue.give_back(claimed);
        }
    }
}

impl Feed for RowFeed<'_> {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        loop {
            let claimed = self.work.queue.next(self.route).await?;
            if let Some(taken) = self.message(claimed).await {
                return Some(taken);
            }
        }
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        let claimed = self.work.queue.try_next(self.route)?;
        self.message(claimed).await
    }

    async fn before_dot(&mut self, ticket: Ticket) -> Result<(), Stop> {
        let Some(claimed) = self.rows.get(&ticket) else { return Err(Stop) };
        match self.work.recorder.dot(claimed.row, self.message_id(claimed)) {
            true => Ok(()),
            false => Err(Stop),
        }
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(claimed) = self.rows.remove(&ticket) else { return };
        let row = claimed.row;
        self.settle(claimed, outcome);
        self.message_ids.remove(&row);
    }
}

impl RowFeed<'_> {
    fn settle(&mut self, claimed: Claimed, outcome: Outcome) {
        match outcome {
            Outcome::Accepted(reply) => {
                self.work.shared.refusals.store(0, Ordering::Relaxed);
                self.work.suspects().clear();
                self.work.queue.speed_up(self.route, &claimed);
                self.work.shared.objections.answered(&claimed);
                self.record(&claimed, "accepted", Some(&reply), &reply.text);
            }
            Outcome::Deferred(failure) => {
                self.heed(&claimed, &failure);
                self.deferred(&claimed, &failure);
            }
            Outcome::Refused(failure) => {
                // What is our fault and not the recipient's is mended, and then they get it too.
                let state = if failure.is_ours() { "deferred" } else { "refused" };
                self.failed(&claimed, state, &failure);
                self.work.shared.objections.refused(&claimed, &failure);
                if failure.scope == Scope::Message && state == "refused" {
                    let reply = failure.reply.as_ref();
                    let text = reply.map_or(failure.text.as_str(), |reply| &reply.text);
                    let settled = self.outcome(&claimed, "refused", reply, text);
                    self.work.suspects().push(settled);
                }
                self.note_refusal(&failure);
            }
            Outcome::Uncertain(failure) => self.failed(&claimed, "uncertain", &failure),
            Outcome::Unsent(failure) => return self.unsent(claimed, &failure),
        }
        self.work.queue.settled(&claimed);
    }
}
