//! The rows that one session carries: each from the queue to its message, and from its outcome to
//! what is written down.
//!
//! Must never let a dot leave before its mark is written, nor settle a row twice.

use std::collections::HashMap;

use super::queue::{Turn, Unasked};
use super::shared::Work;
use crate::delivery::bounced::others;
use crate::delivery::id::RowId;
use crate::delivery::journal::Settled;
use crate::delivery::ledger::Claimed;
use crate::delivery::ledger::claim::Retry;
use crate::delivery::state::State;
use crate::delivery::verdict::{Attempt, Becomes, CountsAs, Slows, Verdict, later, verdict};
use crate::message::Message;
use crate::message::splice::SpliceError;
use crate::smtp::outcome::{AttemptFailure, Outcome, Stage};
use crate::smtp::reply::Reply;
use crate::smtp::transaction::{Feed, Stop, Ticket};

/// The queue, the ledger and the template as a session sees them.
pub(super) struct RowFeed<'a> {
    work: &'a Work,
    route: usize,
    rows: HashMap<Ticket, Claimed>,
    /// Of these rows.
    message_ids: HashMap<RowId, String>,
    /// Rows that the relay has answered to in this session.
    answered: u64,
    /// The session ended in the middle of a row that had ended one before.
    same_row: bool,
}

impl<'a> RowFeed<'a> {
    /// For a new session with the `route`th relay.
    pub(super) fn new(work: &'a Work, route: usize) -> RowFeed<'a> {
        let (rows, message_ids) = (HashMap::new(), HashMap::new());
        RowFeed { work, route, rows, message_ids, answered: 0, same_row: false }
    }

    /// How many rows the relay has answered to, and whether the session ended in the middle of one
    /// that had ended another before.
    pub(super) fn past(&self) -> (u64, bool) {
        (self.answered, self.same_row)
    }
}

impl RowFeed<'_> {
    async fn message(&mut self, turn: Turn) -> Option<(Ticket, Message)> {
        let Turn { row: claimed, draft, unasked } = turn;
        let against = || self.work.refusals.against(self.route, &claimed).map(Unasked::Later);
        if let Some(unasked) = unasked.or_else(against) {
            let (state, why) = match unasked {
                Unasked::Later(why) => (State::Deferred, why),
                Unasked::Left(why) => (State::Suppressed, why),
            };
            self.record(&claimed, Recorded::ours(state, why));
            self.work.queue.settled(&claimed);
            return None;
        }
        let ticket = Ticket(u64::try_from(claimed.row.0).unwrap_or_default());
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
                    SpliceError::Unfilled(_) => {
                        self.record(&claimed, Recorded::ours(State::Refused, text));
                    }
                    SpliceError::Unsigned(_) => {
                        let retry = later(&self.attempt(&claimed), &self.work.options.schedule);
                        let outcome = Recorded::ours(State::Deferred, text);
                        self.record(&claimed, Recorded { retry, ..outcome });
                    }
                }
                self.work.queue.settled(&claimed);
                None
            }
        }
    }

    fn record(&self, claimed: &Claimed, outcome: Recorded<'_>) {
        let Recorded { state, reply, text, retry, stage, unasked } = outcome;
        let message_id = self.message_id(claimed);
        // A server may name whom the mail was passed on to.
        let text = others::without_names(text, claimed.recipient.address(), &message_id);
        let options = &self.work.options;
        options.progress.add(matches!(state, State::Accepted | State::Suppressed));
        if retry.is_some() {
            self.work.queue.deferring();
        }
        self.work.recorder.settled(Settled {
            row: claimed.row,
            state,
            code: reply.map(|reply| reply.code),
            enhanced: reply.and_then(|reply| reply.enhanced).map(|enhanced| enhanced.to_string()),
            text,
            at: (options.clock)(),
            message_id,
            retry,
            stage,
            unasked,
        });
    }

    fn message_id(&self, claimed: &Claimed) -> String {
        let known = self.message_ids.get(&claimed.row).cloned();
        let templates = &self.work.options.templates;
        known.unwrap_or_else(|| templates.message_id(claimed))
    }

    /// Somebody asks for a lower rate, or a message was taken at the present one.
    fn apply_rate_reply(&self, claimed: &Claimed, verdict: &Verdict) {
        match verdict.slows {
            Some(Slows::Relay) => self.work.queue.slow_relay(claimed),
            Some(Slows::Domain) => self.work.queue.slow_lane(claimed),
            None if verdict.counts_as == CountsAs::Accepted => {
                self.work.queue.speed_up(claimed);
            }
            None => {}
        }
    }

    /// What the relay has answered counts towards stopping the run; when it turns out to refuse us,
    /// its rows are for others.
    fn count(&self, claimed: &Claimed, counts_as: CountsAs, failure: Option<&AttemptFailure>) {
        let refusals = &self.work.refusals;
        if let Some(refusal) = refusals.answered(self.route, claimed, counts_as, failure) {
            self.work.turned_away(self.route, &refusal);
        }
        if matches!(counts_as, CountsAs::Refused(_) | CountsAs::TimeOver(_)) {
            self.work.pass_on(self.route);
        }
    }
}

/// What is written down of an attempt.
struct Recorded<'a> {
    state: State,
    reply: Option<&'a Reply>,
    text: String,
    retry: Option<Retry>,
    stage: Option<Stage>,
    /// No relay was asked.
    unasked: bool,
}

impl Recorded<'_> {
    /// Without a relay's word.
    fn ours(state: State, text: String) -> Recorded<'static> {
        Recorded { state, reply: None, text, retry: None, stage: None, unasked: true }
    }
}

impl Feed for RowFeed<'_> {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        loop {
            let turn = self.work.queue.next(self.route).await?;
            if let Some(taken) = self.message(self.wanted(turn)?).await {
                return Some(taken);
            }
        }
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        let turn = self.work.queue.try_next(self.route)?;
        self.message(self.wanted(turn)?).await
    }

    async fn before_dot(&mut self, ticket: Ticket) -> Result<(), Stop> {
        let Some(claimed) = self.rows.get(&ticket) else { return Err(Stop::Session) };
        // Of a pace, whoever has left uses nothing.
        if self.work.leavers.has(claimed).is_some() {
            return Err(Stop::Message);
        }
        let row = claimed.row;
        tokio::select! {
            biased;
            () = self.work.queue.leave(row) => {}
            // A limit may hold the text back for long.
            () = self.work.stopping() => return Err(Stop::Session),
        }
        if let Err(error) = self.work.leavers.refresh().await {
            self.work.queue.fail(error.to_string());
            return Err(Stop::Session);
        }
        let Some(claimed) = self.rows.get(&ticket) else { return Err(Stop::Session) };
        if self.work.leavers.has(claimed).is_some() {
            return Err(Stop::Message);
        }
        let marked = self.work.recorder.dot(claimed.row, self.message_id(claimed));
        if marked { Ok(()) } else { Err(Stop::Session) }
    }

    fn stopping(&self) -> impl Future<Output = ()> + Send {
        self.work.stopping()
    }

    async fn taken_back(&self, ticket: Ticket) {
        match self.rows.get(&ticket) {
            Some(claimed) => self.work.leavers.until_left(claimed).await,
            None => std::future::pending().await,
        }
    }

    fn left(&mut self, ticket: Ticket) {
        self.work.queue.left(RowId(i64::try_from(ticket.0).unwrap_or_default()));
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(claimed) = self.rows.remove(&ticket) else { return };
        let row = claimed.row;
        match self.work.leavers.has(&claimed) {
            Some(why) if matches!(outcome, Outcome::Unsent(_)) => self.leave_out(&claimed, why),
            _ => self.settle(claimed, outcome),
        }
        self.message_ids.remove(&row);
    }
}

impl RowFeed<'_> {
    /// The row that was handed out, unless the relay refuses us meanwhile.
    fn wanted(&self, turn: Turn) -> Option<Turn> {
        if self.work.refusals.is_refusing(self.route) {
            self.work.queue.give_back(turn.row);
            return None;
        }
        Some(turn)
    }

    /// Nothing of a message has left us, and its person has: nobody tries it again.
    fn leave_out(&self, claimed: &Claimed, why: String) {
        self.work.recorder.unsent(claimed.row);
        self.record(claimed, Recorded::ours(State::Suppressed, why));
        self.work.queue.settled(claimed);
    }

    fn attempt(&self, claimed: &Claimed) -> Attempt {
        Attempt {
            row: claimed.row,
            earlier: claimed.earlier,
            ends: self.work.ends_of(claimed.row),
            first: self.answered == 0,
            now: self.work.queue.now(),
        }
    }

    fn settle(&mut self, claimed: Claimed, outcome: Outcome) {
        let attempt = self.attempt(&claimed);
        let verdict = verdict(&outcome, &attempt, &self.work.options.schedule);
        self.apply_rate_reply(&claimed, &verdict);
        if verdict.ended {
            self.same_row |= attempt.ends > 0;
            self.work.note_end_of(claimed.row);
        }
        let unsent = matches!(outcome, Outcome::Unsent(_));
        if unsent {
            self.work.recorder.unsent(claimed.row);
        }
        self.answered += u64::from(!unsent || verdict.counts_as == CountsAs::AtMail);
        let Verdict { becomes, counts_as, stage, .. } = verdict;
        let failure = outcome.failure();
        let reply = match &outcome {
            Outcome::Accepted(reply) => Some(reply),
            _ => failure.and_then(AttemptFailure::refusal),
        };
        match becomes {
            Becomes::Settled { state, text, retry } => {
                self.record(
                    &claimed,
                    Recorded { state, reply, text, retry, stage, unasked: false },
                );
                self.count(&claimed, counts_as, failure);
                self.work.queue.settled(&claimed);
            }
            Becomes::Next => {
                self.count(&claimed, counts_as, failure);
                self.work.queue.give_back(claimed);
            }
            Becomes::Behind => {
                self.count(&claimed, counts_as, failure);
                self.work.queue.put_back(claimed);
            }
        }
    }
}
