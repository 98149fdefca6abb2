//! What the end of one attempt means: for its row, for the pace, and for the rest of the run.
//!
//! One pure function of the outcome, what is known of the row, the schedule and the time. The table
//! of `docs/ledger.md` is its specification, and the test below reads it there. Must never know a
//! clock, a queue or a ledger.

use std::time::Duration;

use super::duration;
use super::id::RowId;
use super::ledger::claim::{Earlier, Retry};
use super::moment::Moment;
use super::schedule::{Kind, NextTry, Schedule, Tries};
use super::state::State;
use crate::smtp::outcome::{About, AttemptFailure, Outcome, Scope, Stage};
use crate::smtp::reply::Reply;

/// How the text of a row begins that was put off until its time was over, and is refused for that.
pub(super) const GIVEN_UP: &str = "given up after";
/// The same as long as it is open whom that is about, and the next run tries it again.
pub(super) const PUT_OFF: &str = "put off for";

/// How often a row may end its session in one run; then it is put off, and nobody else with it.
pub const MAX_ENDS: u32 = 3;

/// What is known of a row when its attempt has ended.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The row's number: by it rows do not come back in step.
    pub row: RowId,
    /// Its tries before this one.
    pub earlier: Earlier,
    /// How often it has ended a session in this run before.
    pub ends: u32,
    /// The relay had answered to no row of the session before.
    pub first: bool,
    /// When, as the run counts time.
    pub now: Moment,
}

/// What becomes of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It has an outcome, which is written down.
    Settled {
        /// Which.
        state: State,
        /// The reply's text, or what happened.
        text: String,
        /// When it may come back by itself, if it is to.
        retry: Option<Retry>,
    },
    /// It goes back to the queue, to be the next: it has not been tried.
    Next,
    /// It goes back to the queue, behind the others: it may have ended its session.
    Behind,
}

/// Who asked for a lower rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slows {
    /// The relay.
    Relay,
    /// The recipient's domain, or the relay behind its address: the pace finds out which.
    Domain,
}

/// What it says, with others, about whether the run has to stop; see `run::refusals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountsAs {
    /// Nothing.
    Nothing,
    /// The relay has it.
    Accepted,
    /// The relay has put it off.
    Later,
    /// Refused, and the reply speaks of the mailbox.
    OwnRefusal,
    /// Refused, and the reply speaks of us, or of nothing in particular.
    Refused(About),
    /// Put off until its time was over, and the reply does not say whom that is about.
    TimeOver(Waited),
    /// The sender or the message was refused before a recipient was named.
    AtMail,
    /// Put off before a recipient was named, until the time was over, and the relay says that it gets
    /// too much.
    RateAtMail,
    /// The same by a code (4.7.x) that may mean the rate, and a login or a rule of the relay as well.
    PolicyAtMail,
    /// The session ended in the middle of it.
    Ended,
}

/// So many times `give_up` nobody waits longer, whoever it is about.
const TOO_LONG: u32 = 3;

/// Who may have made somebody wait until the time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The person's server, or the relay.
    ForSomebody,
    /// By its enhanced status code the server that says it (4.3.x, RFC 3463 3.4), but that is also
    /// what servers say that have no better code.
    ForTheServer,
    /// Whoever it was: it was so long that nobody goes on.
    TooLong,
}

/// See the file's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of the row.
    pub becomes: Becomes,
    /// What slows down.
    pub slows: Option<Slows>,
    /// What counts towards stopping the run.
    pub counts_as: CountsAs,
    /// Where a relay put it off or left us in doubt: it may have a copy, and repetitions stay the
    /// same as that.
    pub stage: Option<Stage>,
    /// It ended its session.
    pub ended: bool,
}

/// The verdict on an attempt.
pub fn verdict(outcome: &Outcome, attempt: &Attempt, schedule: &Schedule) -> Verdict {
    let slows = outcome.failure().filter(|failure| failure.about() != About::Us).and_then(slows);
    let settled = |state, failure: &AttemptFailure| Becomes::Settled {
        state,
        text: said(failure).to_owned(),
        retry: None,
    };
    let plain =
        |becomes, counts_as| Verdict { becomes, slows, counts_as, stage: None, ended: false };
    match outcome {
        Outcome::Accepted(reply) => {
            let (state, text) = (State::Accepted, reply.text.clone());
            plain(Becomes::Settled { state, text, retry: None }, CountsAs::Accepted)
        }
        Outcome::Deferred(failure) => {
            let becomes = deferred(failure, attempt, schedule);
            let given_up = matches!(becomes, Becomes::Settled { retry: None, .. });
            let counts_as = match failure.about() {
                About::Us => CountsAs::Refused(About::Us),
                About::Recipient if given_up => CountsAs::OwnRefusal,
                // Before anybody is named it is nobody's own, for however many days. A rate is no
                // matter of the sender or the message either: the pace heeds it.
                About::Unclear if given_up && failure.stage == Stage::Mail => at_mail(failure),
                About::Unclear if given_up => {
                    CountsAs::TimeOver(waited(failure, since(attempt, schedule), schedule))
                }
                About::Recipient | About::Unclear => CountsAs::Later,
            };
            let stage = failure.reply.as_ref().map(|_| failure.stage);
            Verdict { stage, ..plain(becomes, counts_as) }
        }
        Outcome::Refused(failure) => match failure.about() {
            About::Recipient => plain(settled(State::Refused, failure), CountsAs::OwnRefusal),
            About::Us if failure.stage == Stage::Mail => {
                plain(settled(State::Deferred, failure), CountsAs::AtMail)
            }
            about => plain(settled(State::Deferred, failure), CountsAs::Refused(about)),
        },
        Outcome::Uncertain(failure) => Verdict {
            stage: Some(Stage::Dot),
            ..plain(settled(State::Uncertain, failure), CountsAs::Nothing)
        },
        Outcome::Unsent(failure) => unsent(failure, attempt, schedule, slows),
    }
}

/// What it says that somebody was put off before anybody was named, for too long.
fn at_mail(failure: &AttemptFailure) -> CountsAs {
    if failure.names_the_rate() {
        CountsAs::RateAtMail
    } else if failure.may_mean_the_rate() {
        CountsAs::PolicyAtMail
    } else {
        CountsAs::AtMail
    }
}

/// Certainly not accepted, and no recipient's fault. Only whoever ends session after session is put
/// off.
fn unsent(
    failure: &AttemptFailure,
    attempt: &Attempt,
    schedule: &Schedule,
    slows: Option<Slows>,
) -> Verdict {
    let ended = has_ended_session(failure, attempt.first);
    let becomes = if !ended {
        Becomes::Next
    } else if attempt.ends + 1 < MAX_ENDS {
        Becomes::Behind
    } else {
        deferred(failure, attempt, schedule)
    };
    let counts_as = match failure.stage {
        _ if failure.scope == Scope::Message => CountsAs::AtMail,
        // Behind MAIL the row was named; before it was not.
        Stage::Mail => CountsAs::Nothing,
        _ if ended => CountsAs::Ended,
        _ => CountsAs::Nothing,
    };
    Verdict { becomes, slows, counts_as, stage: None, ended }
}

/// Whether it may have been this row that ended the session: it was named, or it was the first one
/// and its reply was lost with the rest. A 421 to MAIL is the relay's.
fn has_ended_session(failure: &AttemptFailure, first: bool) -> bool {
    let named = match failure.stage {
        Stage::Rcpt | Stage::Data | Stage::Body => true,
        Stage::Mail => first && failure.reply.is_none(),
        _ => false,
    };
    named && failure.scope == Scope::Session
}

/// Not now: when next. When its time is over it is refused if the reply speaks of the mailbox; of
/// anything else the run has to show first whom it is about.
fn deferred(failure: &AttemptFailure, attempt: &Attempt, schedule: &Schedule) -> Becomes {
    let kind = Kind::of(failure);
    let since = since(attempt, schedule);
    match retry(kind, attempt, schedule) {
        Some(retry) => {
            let text = said(failure).to_owned();
            Becomes::Settled { state: State::Deferred, text, retry: Some(retry) }
        }
        None => {
            let (state, begin) = match failure.about() {
                About::Recipient => (State::Refused, GIVEN_UP),
                About::Us | About::Unclear => (State::Deferred, PUT_OFF),
            };
            let text = format!("{begin} {}: {}", duration::whole(since), said(failure));
            Becomes::Settled { state, text, retry: None }
        }
    }
}

/// When a row comes back that could not be attempted for a reason of ours; `None` where only the
/// next run tries it.
pub fn later(attempt: &Attempt, schedule: &Schedule) -> Option<Retry> {
    retry(Kind::Refusal, attempt, schedule)
}

/// When a row is due again after this attempt; `None` when its time is over.
fn retry(kind: Kind, attempt: &Attempt, schedule: &Schedule) -> Option<Retry> {
    let Attempt { row, earlier, now, .. } = *attempt;
    let charged = kind != Kind::Rate;
    let tries = Tries {
        all: earlier.attempts.saturating_add(1),
        charged: earlier.charged.saturating_add(charged.into()),
        since: since(attempt, schedule),
    };
    match schedule.next(kind, tries, row.0.unsigned_abs()) {
        NextTry::After(pause) => {
            Some(Retry { first: first_try(attempt, schedule), next: now.plus(pause), charged })
        }
        NextTry::GiveUp => None,
    }
}

/// When the first try was, as far as the clocks of several runs can be believed.
fn first_try(attempt: &Attempt, schedule: &Schedule) -> Moment {
    let Attempt { earlier, now, .. } = *attempt;
    match (earlier.first, earlier.last) {
        // The same clock has counted both tries.
        (Some(first), _) if earlier.again => first,
        (Some(first), Some(last)) => schedule.first_try(first, last, now),
        (first, _) => first.unwrap_or(now),
    }
}

/// How long ago that was.
fn since(attempt: &Attempt, schedule: &Schedule) -> Duration {
    attempt.now.since(first_try(attempt, schedule))
}

/// Who asks for a lower rate: the relay at MAIL, and behind it the relay or the recipient's domain.
fn slows(failure: &AttemptFailure) -> Option<Slows> {
    // A server that shuts down says nothing about the rate.
    let shuts_down = |reply: &Reply| reply.code == 421 && reply.is_about(3, 2);
    if !failure.asks_to_slow_down()
        || failure.is_greylisting()
        || failure.reply.as_ref().is_some_and(shuts_down)
    {
        return None;
    }
    // 4.3.x is the state of the server that says it, whoever the message is for (RFC 3463 3.4).
    let about_itself = failure.reply.as_ref().is_some_and(|reply| reply.subject() == Some(3));
    match failure.stage {
        Stage::Mail => Some(Slows::Relay),
        Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot if about_itself => Some(Slows::Relay),
        Stage::Rcpt | Stage::Data | Stage::Body | Stage::Dot => Some(Slows::Domain),
        // It is connections that are too many, and they back off.
        _ => None,
    }
}

fn waited(failure: &AttemptFailure, since: Duration, schedule: &Schedule) -> Waited {
    let about_itself = failure.reply.as_ref().is_some_and(|reply| reply.subject() == Some(3));
    if since >= schedule.give_up * TOO_LONG {
        Waited::TooLong
    } else if about_itself {
        Waited::ForTheServer
    } else {
        Waited::ForSomebody
    }
}

fn said(failure: &AttemptFailure) -> &str {
    failure.refusal().map_or(failure.text.as_str(), |reply| &reply.text)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
