//! The rows that one session carries: each from the queue to its message, and from its outcome to
//! what is written down.
//!
//! Must never let a dot leave before its mark is written, nor settle a row twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::presign::Draft;
use super::refusals::Answer;
use super::shared::Work;
use crate::delivery::duration;
use crate::delivery::journal::Settled;
use crate::delivery::ledger::Claimed;
use crate::delivery::ledger::turns::Retry;
use crate::delivery::schedule::{Kind, Next, Tries};
use crate::message::Message;
use crate::message::splice::SpliceError;
use crate::smtp::outcome::{About, Failure, Outcome, Scope, Stage};
use crate::smtp::reply::Reply;
use crate::smtp::transaction::{Feed, Stop, Ticket};

/// How often a row may end its session in one run; then it is put off, and nobody else with it.
const MAX_ENDS: u32 = 3;

/// The queue, the ledger and the template as a session sees them.
pub(super) struct RowFeed<'a> {
    work: &'a Work,
    route: usize,
    rows: HashMap<Ticket, Claimed>,
    /// Of these rows.
    message_ids: HashMap<i64, String>,
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
    async fn message(
        &mut self,
        (claimed, draft): (Claimed, Option<Arc<Draft>>),
    ) -> Option<(Ticket, Message)> {
        if let Some(why) = self.work.refusals.against(self.route, &claimed) {
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
        known.unwrap_or_else(|| templates.message_id(claimed))
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
                let text = format!("given up after {}: {text}", duration::whole(since));
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

    /// Somebody asks for a lower rate: the relay at MAIL, and after it the relay or the recipient's
    /// domain.
    fn apply_rate_reply(&self, claimed: &Claimed, failure: &Failure) {
        // A server that shuts down says nothing about the rate.
        let shuts_down = |reply: &Reply| reply.code == 421 && reply.is_about(3, 2);
        if !failure.asks_to_slow_down()
            || failure.is_greylisting()
            || failure.reply.as_ref().is_some_and(shuts_down)
        {
            return;
        }
        // 4.3.x is the state of the server that says it, whoever the message is for (RFC 3463 3.4).
        let about_itself = failure.reply.as_ref().is_some_and(|reply| reply.subject() == Some(3));
        match failure.stage {
            Stage::Mail => self.work.queue.slow_relay(claimed),
            Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot if about_itself => {
                self.work.queue.slow_relay(claimed);
            }
            Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot => {
                self.work.queue.slow_lane(claimed);
            }
            // It is connections that are too many, and they back off.
            _ => {}
        }
    }

    /// The relay has answered; when it turns out to refuse us, its rows are for others.
    fn answer(&self, claimed: &Claimed, answer: Answer<'_>) {
        let found = self.work.refusals.answered(self.route, claimed, answer);
        if let Some(refusal) = &found {
            self.work.turned_away(self.route, refusal);
        }
        if matches!(answer, Answer::Refused(..)) {
            self.work.pass_on(self.route);
        }
    }

    /// The sender or the message was refused before anybody was named.
    fn refused_at_mail(&self, failure: &Failure) {
        if let Some(refusal) = self.work.refusals.refused_at_mail(self.route, failure) {
            self.work.turned_away(self.route, &refusal);
        }
    }

    /// Refused for good: whose fault that is, is written down only when it is known.
    fn refused(&self, claimed: &Claimed, failure: &Failure) {
        match failure.about() {
            About::Recipient => {
                self.failed(claimed, "refused", failure);
                self.answer(claimed, Answer::OwnRefusal);
            }
            About::Us if failure.stage == Stage::Mail => {
                self.failed(claimed, "deferred", failure);
                self.refused_at_mail(failure);
            }
            about => {
                self.failed(claimed, "deferred", failure);
                self.answer(claimed, Answer::Refused(about, failure));
            }
        }
    }

    fn unsent(&mut self, claimed: Claimed, failure: &Failure) {
        self.work.recorder.unsent(claimed.row);
        self.apply_rate_reply(&claimed, failure);
        if failure.scope == Scope::Message {
            self.answered += 1;
            self.refused_at_mail(failure);
        }
        if !self.has_ended_session(failure) {
            return self.work.queue.give_back(claimed);
        }
        let times = self.work.ended_session(claimed.row);
        self.same_row |= times > 1;
        if failure.stage != Stage::Mail {
            self.answer(&claimed, Answer::Ended(failure));
        }
        if times < MAX_ENDS {
            self.work.queue.put_back(claimed);
        } else {
            self.deferred(&claimed, failure);
            self.work.queue.settled(&claimed);
        }
    }

    /// Whether it may have been this row that ended the session: it was named, or it was the first
    /// one and its reply was lost with the rest. A 421 to MAIL is the relay's.
    fn has_ended_session(&self, failure: &Failure) -> bool {
        match failure.stage {
            Stage::Rcpt | Stage::Data | Stage::Body => failure.scope == Scope::Session,
            Stage::Mail => {
                failure.scope == Scope::Session && failure.reply.is_none() && self.answered == 0
            }
            _ => false,
        }
    }
}

impl Feed for RowFeed<'_> {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        loop {
            let claimed = self.work.queue.next(self.route).await?;
            if let Some(taken) = self.message(self.wanted(claimed)?).await {
                return Some(taken);
            }
        }
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        let claimed = self.work.queue.try_next(self.route)?;
        self.message(self.wanted(claimed)?).await
    }

    async fn before_dot(&mut self, ticket: Ticket) -> Result<(), Stop> {
        let Some(claimed) = self.rows.get(&ticket) else { return Err(Stop) };
        let marked = self.work.recorder.dot(claimed.row, self.message_id(claimed));
        if marked { Ok(()) } else { Err(Stop) }
    }

    fn left(&mut self, ticket: Ticket) {
        self.work.queue.left(i64::try_from(ticket.0).unwrap_or_default());
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(claimed) = self.rows.remove(&ticket) else { return };
        let row = claimed.row;
        self.settle(claimed, outcome);
        self.message_ids.remove(&row);
    }
}

impl RowFeed<'_> {
    /// The row that was handed out, unless the relay refuses us meanwhile.
    fn wanted(
        &self,
        taken: (Claimed, Option<Arc<Draft>>),
    ) -> Option<(Claimed, Option<Arc<Draft>>)> {
        if self.work.refusals.is_refusing(self.route) {
            self.work.queue.give_back(taken.0);
            return None;
        }
        Some(taken)
    }

    fn settle(&mut self, claimed: Claimed, outcome: Outcome) {
        if let Outcome::Unsent(failure) = outcome {
            return self.unsent(claimed, &failure);
        }
        self.answered += 1;
        match outcome {
            Outcome::Accepted(reply) => {
                self.work.queue.speed_up(&claimed);
                self.record(&claimed, "accepted", Some(&reply), &reply.text);
                self.answer(&claimed, Answer::Accepted);
            }
            Outcome::Deferred(failure) => {
                self.apply_rate_reply(&claimed, &failure);
                self.deferred(&claimed, &failure);
                self.answer(&claimed, Answer::Later);
            }
            Outcome::Refused(failure) => self.refused(&claimed, &failure),
            Outcome::Uncertain(failure) => self.failed(&claimed, "uncertain", &failure),
            Outcome::Unsent(_) => {}
        }
        self.work.queue.settled(&claimed);
    }
}
