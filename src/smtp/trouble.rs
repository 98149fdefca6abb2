//! The end of a session before its work was done: why, how far it reaches, and what to do.
//!
//! This is the other half of [`super::outcome`], and a pure function too: of what was heard, and of
//! what the session had done before (`History`). A [`Trouble`] is complete when it is made: nothing is
//! added to it later, and nobody decides again.

use super::outcome::{Scope, Stage, out_of_place};
use super::relay::Relay;
use super::reply::Reply;
use super::wire::Loss;
use crate::net::dial::DialError;
use crate::net::tls::HandshakeError;

/// What to do about a [`Trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Connect again at once: the session had done its share.
    Reconnect,
    /// Connect again with pipelining off: replies and commands fell out of step.
    Lockstep,
    /// Connect again after a growing pause.
    BackOff,
    /// Stop: waiting does not help, a person must.
    Stop,
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The relay said so.
    Reply(Reply),
    /// The name servers say that the relay's name has no address.
    NoSuchHost,
    /// The handshake failed, or the certificate is not good.
    Tls(HandshakeError),
    /// The relay does not offer what our options ask for, or what it does is not safe.
    Unfit,
    /// No answer, or none that could be understood.
    NoAnswer,
    /// It refuses one recipient after the other, for what is no recipient's fault.
    Refuses,
}

/// The end of a session before its work was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{relay}: {text}")]
pub struct Trouble {
    /// The relay, without its password.
    pub relay: String,
    /// Where it happened.
    pub stage: Stage,
    /// [`Scope::Session`] or [`Scope::Relay`].
    pub scope: Scope,
    /// Why.
    pub cause: Cause,
    /// One sentence for people.
    pub text: String,
    /// What to do.
    pub remedy: Remedy,
}

/// What a session had been and done when it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct History<'a> {
    pub(super) relay: &'a Relay,
    /// Messages settled by a reply to their final dot.
    pub(super) carried: u64,
    /// Whether commands left in groups.
    pub(super) pipelined: bool,
}

impl<'a> History<'a> {
    /// That of a session which is still being opened.
    pub(super) fn of_opening(relay: &'a Relay) -> History<'a> {
        History { relay, carried: 0, pipelined: false }
    }
}

impl Trouble {
    /// That of a relay that refuses every message of ours; `said` is how.
    pub fn of_refusals(relay: &Relay, said: &str) -> Trouble {
        Trouble {
            relay: relay.to_string(),
            stage: Stage::Rcpt,
            scope: Scope::Relay,
            cause: Cause::Refuses,
            text: format!("it refuses the message or its sender: {said}"),
            remedy: Remedy::Stop,
        }
    }

    /// What the server said, where it said something.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.cause {
            Cause::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// Whether a connection was turned away before any mail, perhaps as one too many: by 421, by
    /// 4.7.x, or with the usual words.
    pub fn asks_for_fewer_connections(&self) -> bool {
        let opening = matches!(self.stage, Stage::Greeting | Stage::Ehlo | Stage::Auth);
        let turned_away = |reply: &Reply| {
            let text = reply.text.to_lowercase();
            reply.code == 421
                || (reply.class() == 4 && (reply.subject() == Some(7) || text.contains("too many")))
        };
        opening && self.reply().is_some_and(turned_away)
    }

    /// What a person has to correct, or to wait for, before another session can do better. No
    /// password and no text of the relay is in it.
    pub fn advice(&self) -> &'static str {
        const LOGIN: &str = "correct the user or the password (DIGEST_SMTP_PASSWORD, or password_file \
                             in [[relay]]); some relays need a special password for programs";
        match (self.stage, &self.cause) {
            (_, Cause::NoSuchHost) => "check the relay's name",
            (_, Cause::Tls(error)) => of_handshake(error),
            (Stage::Connect, _) => {
                "check the host and the port; many networks block port 25, so try 465 or 587"
            }
            (Stage::Auth, Cause::Unfit) => {
                "use the port of the relay that is for sending, with TLS (465 or 587), or remove \
                 the user if the relay needs no login"
            }
            (Stage::Starttls, _) | (_, Cause::Unfit) => {
                "use smtps:// and its port if the relay has it, or ask the people who run the relay"
            }
            (Stage::Auth, Cause::Reply(reply)) if reply.class() == 5 => LOGIN,
            (_, Cause::Reply(reply)) if matches!(reply.code, 530 | 534 | 535 | 538) => LOGIN,
            (Stage::Ehlo, Cause::Reply(reply)) if reply.class() == 5 => {
                "if the relay wants another name, set hello to the full host name of this computer"
            }
            (_, Cause::Refuses) => {
                "correct what the reply names, or ask the people who run the relay what it wants"
            }
            (_, Cause::Reply(_)) => "ask the people who run the relay, or wait a few minutes",
            (Stage::Greeting, _) => "check the port: 465 goes with smtps://, 587 with smtp://",
            (_, Cause::NoAnswer) => {
                "wait until the relay answers again, or ask the people who run it"
            }
        }
    }

    /// Whether the relay's name has no address, as far as the name servers know.
    pub fn is_about_the_name(&self) -> bool {
        self.cause == Cause::NoSuchHost
    }
}

/// What to correct where TLS did not come about.
fn of_handshake(error: &HandshakeError) -> &'static str {
    match error {
        HandshakeError::Setup(_) => "correct ca_file, or remove it",
        HandshakeError::Name(_) | HandshakeError::WrongName(..) => {
            "use the name of the host that stands in the certificate"
        }
        HandshakeError::UntrustedIssuer(_) => {
            "check the host; if the relay has a certificate of its own, name its file, or that of its \
             root, with ca_file in [[relay]] (?ca_file=PATH behind --relay)"
        }
        HandshakeError::Expired(..) => {
            "renew the certificate, or ask the people who run the relay; also check the clock of \
             this computer"
        }
        HandshakeError::NoTls(_) => {
            "use smtp:// and its port (often 587) for STARTTLS, or the port of smtps:// (often 465)"
        }
        HandshakeError::Invalid(..) | HandshakeError::Refused(..) => {
            "check the host and the port, or ask the people who run the relay"
        }
        HandshakeError::Late(_) | HandshakeError::Broken(_) => {
            "check the port, and wait until the relay answers again"
        }
    }
}

/// The end of a session by a reply.
pub(super) fn trouble_of_reply(stage: Stage, reply: Reply, history: History<'_>) -> Trouble {
    let in_transaction = matches!(
        stage,
        Stage::Mail | Stage::Rcpt | Stage::Data | Stage::LoneDot | Stage::Body | Stage::Dot
    );
    let (scope, remedy) = match (stage, reply.code, reply.class()) {
        // Many relays end a session after so many messages with a 421: not a bad sign.
        (_, 421, _) if in_transaction && history.carried > 0 => (Scope::Session, Remedy::Reconnect),
        (_, 421, _) | (Stage::Connect | Stage::Greeting, ..) => (Scope::Session, Remedy::BackOff),
        (Stage::Auth, _, 4) => (Scope::Relay, Remedy::BackOff),
        (_, _, 4) => (Scope::Session, Remedy::BackOff),
        (Stage::Ehlo | Stage::Starttls | Stage::Auth, ..) => (Scope::Relay, Remedy::Stop),
        (_, 530 | 534 | 535 | 538, _) => (Scope::Relay, Remedy::Stop),
        // The reply explains why the text could not be written: commands and replies still match.
        (Stage::Body, ..) => (Scope::Session, Remedy::BackOff),
        _ if history.pipelined => (Scope::Session, Remedy::Lockstep),
        _ => (Scope::Session, Remedy::BackOff),
    };
    let text = match (reply.code, reply.class()) {
        (421, _) => format!("the relay ended the session: {reply}"),
        (_, 4 | 5) => format!("the relay refused {stage}: {reply}"),
        _ => out_of_place(stage, &reply),
    };
    let relay = history.relay.to_string();
    Trouble { relay, stage, scope, cause: Cause::Reply(reply), text, remedy }
}

/// The end of a session without a reply.
pub(super) fn trouble_of_loss(stage: Stage, loss: &Loss, history: History<'_>) -> Trouble {
    let cause = match loss {
        Loss::Dial(DialError::NoSuchHost(_)) => Cause::NoSuchHost,
        Loss::Handshake(error) => Cause::Tls(error.clone()),
        Loss::Unfit(_) => Cause::Unfit,
        _ => Cause::NoAnswer,
    };
    let (scope, remedy) = match (stage, &cause) {
        // Our configuration is wrong, unless the name was known a minute ago.
        (_, Cause::NoSuchHost) => (Scope::Relay, Remedy::BackOff),
        (_, Cause::Tls(error)) if !error.may_pass() => (Scope::Relay, Remedy::Stop),
        (_, Cause::Unfit) => (Scope::Relay, Remedy::Stop),
        // One command at a time, DATA is not sent after a refusal, and no such dot is needed.
        (Stage::LoneDot, _) => (Scope::Session, Remedy::Lockstep),
        (Stage::Mail | Stage::Rcpt | Stage::Data, _)
            if history.pipelined && loss.is_out_of_step() =>
        {
            (Scope::Session, Remedy::Lockstep)
        }
        // Some relays close the connection without a word when their limit of messages is reached.
        (Stage::Mail, _) if history.carried > 0 => (Scope::Session, Remedy::Reconnect),
        _ => (Scope::Session, Remedy::BackOff),
    };
    let text = in_words(stage, loss);
    Trouble { relay: history.relay.to_string(), stage, scope, cause, text, remedy }
}

/// What happened where a reply was expected, as a sentence.
pub(super) fn in_words(stage: Stage, loss: &Loss) -> String {
    match (stage, loss) {
        (Stage::Connect, _) | (_, Loss::Handshake(_) | Loss::Unfit(_)) => loss.to_string(),
        (Stage::Greeting, _) => format!("the relay did not greet us: {loss}"),
        (Stage::Body, _) => format!("while sending the text: {loss}"),
        (Stage::Dot, _) => format!("after the final dot: {loss}"),
        (stage, Loss::Closed | Loss::Broken(_)) => {
            format!("there was no answer to {stage}: {loss}")
        }
        (stage, _) => format!("there was no clear answer to {stage}: {loss}"),
    }
}

#[cfg(test)]
#[path = "trouble_tests.rs"]
mod tests;
