//! Reply, or no reply -> what it means: for the recipient, the message, the session, the relay.
//!
//! Only this file decides; [`super::trouble`] does so for the session. Callers hand over what they
//! heard, or that they heard nothing, and decide nothing themselves. Everything here is a pure function, so
//! that the catalogue of faults reads as a table in the tests below. The rule above all others:
//! once the final dot may have left us, only a reply tells accepted from refused; without one the
//! outcome is [`Outcome::Uncertain`], never a retry and never a guess.

mod wording;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::reply::Reply;
use super::session::Offered;
use super::trouble::in_words;
use super::wire::Loss;
use crate::message::Message;
use crate::message::address::Address;

/// Where in a session something happened (RFC 5321 3 and 4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Name look-up, TCP, and the handshake of implicit TLS.
    Connect,
    /// The 220 of the server.
    Greeting,
    /// `EHLO` or `HELO`.
    Ehlo,
    /// `STARTTLS` and its handshake (RFC 3207).
    Starttls,
    /// `AUTH` (RFC 4954).
    Auth,
    /// `MAIL FROM`, or the `RSET` before it.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA` up to its 354.
    Data,
    /// The dot of an empty text: a 354 came although no recipient had been accepted (RFC 2920 3.1).
    LoneDot,
    /// The text, before any byte of the final dot left us.
    Body,
    /// From the first byte of the final dot to its reply.
    Dot,
}

/// How far a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// This recipient only.
    Recipient,
    /// This message's sender or content: probably the same for every recipient.
    Message,
    /// This connection: open another.
    Session,
    /// This relay, or our configuration of it: every connection would fail the same way.
    Relay,
}

/// Whom a refusal is about, as far as one reply can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// The mailbox: missing, closed or full. It would be refused from anybody.
    Recipient,
    /// Us: who sends, from where, with which rights, or what. Never the recipient's fault.
    Us,
    /// It does not say. What others are answered will show it.
    Unclear,
}

/// Why a message was not accepted, or not known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFailure {
    /// Where it happened.
    pub stage: Stage,
    /// How far it reaches.
    pub scope: Scope,
    /// What the server said, where it said something.
    pub reply: Option<Reply>,
    /// One line for people: the reply, or what happened instead of one.
    pub text: String,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relay has taken responsibility (2xx after the final dot).
    Accepted(Reply),
    /// Not now: try this recipient again later. Charged as an attempt.
    Deferred(AttemptFailure),
    /// Never (5xx with recipient or message scope).
    Refused(AttemptFailure),
    /// The final dot may have left us and no reply tells what came of it.
    Uncertain(AttemptFailure),
    /// Certainly not accepted, through no fault of the recipient: the session, the relay or the
    /// sender's address failed. Not charged. A connection lost in the text comes here too, with
    /// [`Stage::Body`].
    Unsent(AttemptFailure),
}

impl fmt::Display for Stage {
    /// As it stands in "the relay refused …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Connect => "the connection",
            Stage::Greeting => "to greet us",
            Stage::Ehlo => "EHLO",
            Stage::Starttls => "STARTTLS",
            Stage::Auth => "the user or password (AUTH)",
            Stage::Mail => "MAIL",
            Stage::Rcpt => "RCPT",
            Stage::Data => "DATA",
            Stage::LoneDot => "an empty text",
            Stage::Body => "the text",
            Stage::Dot => "the message",
        })
    }
}

impl Stage {
    /// The word for it where rows are written down.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Connect => "connect",
            Stage::Greeting => "greeting",
            Stage::Ehlo => "ehlo",
            Stage::Starttls => "starttls",
            Stage::Auth => "auth",
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::Data => "data",
            Stage::LoneDot => "lonedot",
            Stage::Body => "body",
            Stage::Dot => "dot",
        }
    }

    /// Whether the code is the success of this stage. Exact where RFC 5321 4.3.2 is exact: a
    /// wrong success means that replies and commands are out of step.
    pub fn expects(self, code: u16) -> bool {
        match self {
            Stage::Connect | Stage::Body => false,
            Stage::Greeting | Stage::Starttls => code == 220,
            Stage::Auth => code == 235,
            Stage::Ehlo | Stage::Mail | Stage::Rcpt | Stage::Dot => (250..=259).contains(&code),
            Stage::Data => code == 354,
            // Whatever it says of a message without a recipient, it is in step.
            Stage::LoneDot => matches!(code / 100, 2 | 4 | 5) && code != 421,
        }
    }
}

impl AttemptFailure {
    /// What the server said, where that alone tells what went wrong: a 4xx or 5xx. A success in a
    /// wrong place does not; see [`AttemptFailure::text`].
    pub fn refusal(&self) -> Option<&Reply> {
        self.reply.as_ref().filter(|reply| reply.class() >= 4)
    }

    /// Whom a refusal is about. Codes first; then words, because relays put "relay
    /// access denied" behind the same 554 5.7.1 as a recipient's own wish.
    pub fn about(&self) -> About {
        let Some(reply) = &self.reply else {
            // Found before a command was spent: the message's size, or what an address needs.
            return match self.scope {
                Scope::Message => About::Us,
                Scope::Recipient => About::Recipient,
                Scope::Session | Scope::Relay => About::Unclear,
            };
        };
        let text = wording::without_addresses(&reply.text);
        let for_now = reply.class() == 4;
        let about_us = is_about_us(self.stage, reply) || wording::is_about_us(&text);
        if about_us && !(for_now && (self.is_greylisting() || wording::may_mean_the_rate(&text))) {
            About::Us
        } else if for_now && matches!(reply.subject(), Some(1 | 2))
            || is_about_the_mailbox(reply)
            || wording::is_about_the_mailbox(&text)
        {
            About::Recipient
        } else {
            About::Unclear
        }
    }

    /// What a person can do about a refusal that is not the recipient's own.
    pub fn advice(&self) -> &'static str {
        const MESSAGE: &str = "correct what the reply names, or ask the people who run the \
                               relay what it wants";
        let Some(reply) = &self.reply else { return MESSAGE };
        let by_words = wording::advice(&wording::without_addresses(&reply.text));
        match self.stage {
            _ if reply.code < 500 && reply.subject() == Some(3) => {
                by_words.unwrap_or("tell the people who run the relay that it is out of order")
            }
            _ if is_unauthenticated(reply) => {
                "the sender's domain fails SPF, DKIM or DMARC: `digest doctor` says what to correct"
            }
            _ if is_too_large(self.stage, reply) => "make the issue smaller",
            _ if matches!(reply.code, 530 | 534 | 535 | 538) => {
                by_words.unwrap_or("the relay wants a login: set `user` and its password")
            }
            _ => by_words.unwrap_or(MESSAGE),
        }
    }

    /// What replies to different recipients have in common when they mean the same: the codes, and
    /// the text without the address and whatever has digits in it.
    pub fn likeness(&self, recipient: &Address) -> String {
        match &self.reply {
            None => self.text.chars().filter(|c| !c.is_ascii_digit()).collect(),
            Some(reply) => {
                let enhanced = reply.enhanced.map(|code| code.to_string()).unwrap_or_default();
                let text = wording::same_for_all(&reply.text, recipient);
                format!("{} {enhanced} {text}", reply.code)
            }
        }
    }

    /// Whether the server asks for a lower rate, at this relay or for this recipient's domain:
    /// 421, 450, 451, 452 or 454 with 4.7.x, 4.3.1, 4.3.2 or 4.5.3, or with the usual words.
    pub fn asks_to_slow_down(&self) -> bool {
        let is_short_of = |reply: &Reply| reply.is_about(3, 1) || reply.is_about(3, 2);
        self.names_the_rate()
            || self.may_mean_the_rate()
            || self.reply.as_ref().is_some_and(|reply| reply.class() == 4 && is_short_of(reply))
    }

    /// Whether it may mean the rate: 4.7.x, which servers also say where a login, TLS or a rule of their
    /// own fails.
    pub fn may_mean_the_rate(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| reply.class() == 4 && reply.subject() == Some(7))
    }

    /// Whether it says so by 4.5.3 or words. A server that is short of space or shuts down (4.3.1, 4.3.2)
    /// asks for a lower rate too, but for a reason of its own.
    pub fn names_the_rate(&self) -> bool {
        const WORDS: [&str; 5] =
            ["too many", "throttl", "too fast", "slow down", "temporarily deferred"];
        let Some(reply) = self.reply.as_ref().filter(|reply| reply.class() == 4) else {
            return false;
        };
        let text = reply.text.to_lowercase();
        reply.is_about(5, 3)
            || WORDS.iter().any(|word| text.contains(word))
            // Not in "operate" or "generate".
            || text.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with("rate"))
    }

    /// Whether this is greylisting: the first retry should wait five minutes or more.
    pub fn is_greylisting(&self) -> bool {
        self.stage == Stage::Rcpt
            && self.reply.as_ref().is_some_and(|reply| {
                let text = reply.text.to_lowercase();
                reply.class() == 4 && (text.contains("greylist") || text.contains("graylist"))
            })
    }
}

impl Outcome {
    /// The failure, unless it was accepted.
    pub fn failure(&self) -> Option<&AttemptFailure> {
        match self {
            Outcome::Accepted(_) => None,
            Outcome::Deferred(failure)
            | Outcome::Refused(failure)
            | Outcome::Uncertain(failure)
            | Outcome::Unsent(failure) => Some(failure),
        }
    }

    /// Whether the connection must not be used any further.
    pub(super) fn ends_session(&self) -> bool {
        self.failure().is_some_and(|f| matches!(f.scope, Scope::Session | Scope::Relay))
    }
}

/// What a reply to MAIL, RCPT, DATA, the text or the final dot means; `None` to go on.
pub fn of_reply(stage: Stage, reply: Reply) -> Option<Outcome> {
    if stage.expects(reply.code) {
        return (stage == Stage::Dot).then_some(Outcome::Accepted(reply));
    }
    let scope = scope(stage, &reply);
    let (class, too_large) = (reply.class(), is_too_large(stage, &reply));
    let text = match class {
        4 | 5 => reply.to_string(),
        _ => out_of_place(stage, &reply),
    };
    let failure = AttemptFailure { stage, scope, reply: Some(reply), text };
    Some(match (scope, class) {
        // 354 or 220 where a verdict was due: the dot is out and nobody said what became of it.
        (_, 2 | 3) if stage == Stage::Dot => Outcome::Uncertain(failure),
        (Scope::Session | Scope::Relay, _) => Outcome::Unsent(failure),
        (_, 4) => Outcome::Deferred(failure),
        // The sender's address was refused. No subscriber has bounced.
        (Scope::Message, _) if stage == Stage::Mail && !too_large => Outcome::Unsent(failure),
        _ => Outcome::Refused(failure),
    })
}

/// A success where another one was due. Shown alone, "250 queued" would read as if all were well.
pub(super) fn out_of_place(stage: Stage, reply: &Reply) -> String {
    format!("the relay answered {stage} with {reply}, which does not fit there")
}

/// The outcome of an attempt that gets no reply, or something that is none.
#[cfg(test)]
pub(crate) fn without_reply(stage: Stage, garbled: bool) -> Outcome {
    of_loss(stage, if garbled { &Loss::OutOfTurn } else { &Loss::Closed })
}

/// What the absence of a reply means.
pub(super) fn of_loss(stage: Stage, loss: &Loss) -> Outcome {
    let failure =
        AttemptFailure { stage, scope: Scope::Session, reply: None, text: in_words(stage, loss) };
    match stage {
        Stage::Dot => Outcome::Uncertain(failure),
        // Charged: a recipient whose transaction always ends in garbage must not be tried forever.
        _ if loss.is_garbled() => Outcome::Deferred(failure),
        _ => Outcome::Unsent(failure),
    }
}

/// A message that was to go on a session which ended before its turn. `text`: how it ended.
pub(super) fn of_end(stage: Stage, text: String) -> Outcome {
    Outcome::Unsent(AttemptFailure { stage, scope: Scope::Session, reply: None, text })
}

/// A message that was not sent because the run is to end. Nothing is held against the recipient, nor
/// against the session: every connection ends so.
pub(super) fn of_stop(stage: Stage) -> Outcome {
    let text = "stopped before the text was sent".to_owned();
    Outcome::Unsent(AttemptFailure { stage, scope: Scope::Relay, reply: None, text })
}

/// What this relay cannot take, known from its answer to EHLO; `None` to go on.
pub(super) fn of_offer(offered: &Offered, message: &Message) -> Option<Outcome> {
    let failure = |scope, text| AttemptFailure { stage: Stage::Mail, scope, reply: None, text };
    let (envelope, size) = (&message.envelope, message.bytes.len() as u64);
    match offered.size {
        Some(Some(max)) if size > max => {
            let text = format!("the message has {size} bytes; the relay takes {max} at most");
            return Some(Outcome::Refused(failure(Scope::Message, text)));
        }
        _ if offered.smtputf8 => return None,
        _ => {}
    }
    let lacks = |what| format!("{what} needs SMTPUTF8, which the relay does not offer");
    if envelope.recipient.needs_smtputf8() {
        return Some(Outcome::Refused(failure(Scope::Recipient, lacks("the address"))));
    }
    let sender = envelope.reverse_path.as_ref().is_some_and(|sender| sender.needs_smtputf8());
    sender.then(|| Outcome::Unsent(failure(Scope::Message, lacks("the sender's address"))))
}

fn scope(stage: Stage, reply: &Reply) -> Scope {
    match (stage, reply.code) {
        (_, 421) => Scope::Session,
        // A success that this stage does not have: out of step.
        (_, 200..=399) => Scope::Session,
        // RFC 4954 6: authentication is wanted, wrong, too weak, or wants TLS. Behind a MAIL that was
        // accepted the session goes on: some servers say it of one recipient.
        (Stage::Mail, 530 | 534 | 535 | 538) => Scope::Relay,
        (_, 530 | 534 | 535 | 538) => Scope::Message,
        // "Bad sequence" after the command before was accepted: out of step as well.
        (Stage::Rcpt | Stage::Data, 503) => Scope::Session,
        _ if is_too_large(stage, reply) => Scope::Message,
        (_, 400..=499) => Scope::Recipient,
        (Stage::Mail, _) => Scope::Message,
        (Stage::Rcpt, _) if is_unauthenticated(reply) => Scope::Message,
        (Stage::Rcpt, _) => Scope::Recipient,
        // After DATA: 5.1.x, 5.2.x and words still speak of the mailbox, the rest of what was sent.
        _ if matches!(reply.subject(), Some(1 | 2)) => Scope::Recipient,
        _ if wording::is_about_the_mailbox(&wording::without_addresses(&reply.text)) => {
            Scope::Recipient
        }
        _ => Scope::Message,
    }
}

/// 5.3.4 (RFC 1870 6.1), or 552 without an enhanced code where it speaks of size: behind MAIL it
/// always does (RFC 1870 6.2), later it may as well be a mailbox that is full (RFC 5321 4.2.3). At
/// RCPT nothing is said of the message yet.
fn is_too_large(stage: Stage, reply: &Reply) -> bool {
    let by_words = || {
        let text = wording::without_addresses(&reply.text);
        wording::is_about_the_size(&text)
            || (stage == Stage::Mail && !wording::is_about_the_mailbox(&text))
    };
    let bare = reply.code == 552 && reply.enhanced.is_none();
    let of_size = reply.is_about(3, 4) || (bare && by_words());
    reply.class() == 5 && stage != Stage::Rcpt && of_size
}

/// Codes that speak of us: a login (RFC 4954 6), the sender's address (5.1.7, 5.1.8), SPF, DKIM or
/// DMARC, the size.
fn is_about_us(stage: Stage, reply: &Reply) -> bool {
    let sender = reply.is_about(1, 7) || reply.is_about(1, 8) || is_unauthenticated(reply);
    sender || matches!(reply.code, 530 | 534 | 535 | 538) || is_too_large(stage, reply)
}

/// Codes that speak of a mailbox (RFC 3463 3.2 and 3.3): unknown, no such system, bad syntax, moved,
/// no mail for this domain (RFC 7505), disabled, full.
fn is_about_the_mailbox(reply: &Reply) -> bool {
    const CODES: [(u16, u16); 7] = [(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (2, 2)];
    CODES.iter().any(|(subject, detail)| reply.is_about(*subject, *detail))
}

/// 5.7.20 to 5.7.27 (RFC 7372, RFC 7505) and 5.7.515: SPF, DKIM or DMARC of the sender, or a sender
/// that takes no mail.
fn is_unauthenticated(reply: &Reply) -> bool {
    (20..=27).any(|detail| reply.is_about(7, detail)) || reply.is_about(7, 515)
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
