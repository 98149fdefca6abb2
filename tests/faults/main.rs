//! What relays and networks do wrong, and the outcome owed for each: the client against a scripted
//! server over real sockets. Row numbers are those of the catalogue of faults.

// A test says what it expects with unwrap, and why it was skipped on stderr.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod bodies;
mod envelopes;
mod opening;
mod programs;

use std::collections::VecDeque;
use std::time::Duration;

use sejong_digest::catcher::script::Script;
use sejong_digest::catcher::{Catcher, CatcherOptions};
use sejong_digest::message::address::Address;
use sejong_digest::message::{Envelope, Message};
use sejong_digest::smtp::outcome::Outcome;
use sejong_digest::smtp::relay::{Relay, Timeouts};
use sejong_digest::smtp::session::Session;
use sejong_digest::smtp::transaction::{End, Feed, Stop, Ticket};
use sejong_digest::smtp::trouble::Trouble;

/// Times short enough for a test and long enough for a busy machine.
fn short() -> Timeouts {
    let time = Duration::from_millis(600);
    Timeouts {
        connect: time,
        greeting: time,
        hello: time,
        envelope: time,
        data: time,
        body: time,
        dot: time,
        missing: time,
        idle: Duration::from_secs(30),
    }
}

fn message(recipient: &str, bytes: &[u8]) -> Message {
    Message {
        envelope: Envelope {
            reverse_path: Some(Address::parse("bounces@news.example").unwrap()),
            recipient: Address::parse(recipient).unwrap(),
        },
        message_id: "1@news.example".to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// `count` messages to `p1@x.example` and so on.
fn messages(count: usize) -> Vec<Message> {
    let text = b"Subject: Digest\r\n\r\nHello.\r\n.dot\r\n";
    (1..=count).map(|n| message(&format!("p{n}@x.example"), text)).collect()
}

/// A feed that remembers everything.
#[derive(Default)]
struct Tape {
    waiting: VecDeque<(Ticket, Message)>,
    /// Give nothing without being waited for.
    slow: bool,
    /// Refuse the text of this ticket.
    stop_at: Option<Ticket>,
    /// Wait so long in `next` from the second message on.
    pause: Duration,
    /// The run is to end after so long.
    stop_after: Option<Duration>,
    /// The text of this ticket is taken back after so long.
    take_back: Option<(Ticket, Duration)>,
    taken: Vec<Ticket>,
    announced: Vec<Ticket>,
    settled: Vec<(Ticket, Outcome)>,
}

impl Tape {
    fn of(messages: Vec<Message>) -> Tape {
        let waiting = (1..).map(Ticket).zip(messages).collect();
        Tape { waiting, ..Tape::default() }
    }

    fn take(&mut self) -> Option<(Ticket, Message)> {
        let next = self.waiting.pop_front()?;
        self.taken.push(next.0);
        Some(next)
    }

    /// Outcomes in the order of the tickets, as `accepted`, `refused recipient` and so on.
    fn outcomes(&self) -> Vec<String> {
        let mut settled: Vec<_> = self.settled.iter().collect();
        settled.sort_by_key(|(ticket, _)| *ticket);
        settled.into_iter().map(|(_, outcome)| word(outcome)).collect()
    }

    /// What was taken was settled once, and uncertain only if it had been announced.
    fn assert_whole(&self) {
        let mut settled: Vec<Ticket> = self.settled.iter().map(|(ticket, _)| *ticket).collect();
        settled.sort();
        assert_eq!(settled, self.taken, "taken and settled differ");
        for (ticket, outcome) in &self.settled {
            if matches!(outcome, Outcome::Uncertain(_) | Outcome::Accepted(_)) {
                assert!(self.announced.contains(ticket), "{ticket:?} was not announced");
            }
        }
    }
}

fn word(outcome: &Outcome) -> String {
    let (word, failure) = match outcome {
        Outcome::Accepted(_) => return "accepted".to_owned(),
        Outcome::Deferred(failure) => ("deferred", failure),
        Outcome::Refused(failure) => ("refused", failure),
        Outcome::Uncertain(failure) => ("uncertain", failure),
        Outcome::Unsent(failure) => ("unsent", failure),
    };
    format!("{word} {:?} {:?}", failure.scope, failure.stage).to_lowercase()
}

impl Feed for Tape {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        if !self.taken.is_empty() {
            tokio::time::sleep(self.pause).await;
        }
        self.take()
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        if self.slow { None } else { self.take() }
    }

    async fn before_dot(&mut self, ticket: Ticket) -> Result<(), Stop> {
        if self.stop_at == Some(ticket) {
            return Err(Stop::Session);
        }
        self.announced.push(ticket);
        Ok(())
    }

    async fn stopping(&self) {
        match self.stop_after {
            Some(stop_after) => tokio::time::sleep(stop_after).await,
            None => std::future::pending().await,
        }
    }

    async fn taken_back(&self, ticket: Ticket) {
        match self.take_back.filter(|(taken, _)| *taken == ticket) {
            Some((_, after)) => tokio::time::sleep(after).await,
            None => std::future::pending().await,
        }
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        self.settled.push((ticket, outcome));
    }
}

/// A catcher that keeps what it gets, with a script.
async fn catcher(script: Script) -> Catcher {
    catcher_with(CatcherOptions { script, ..CatcherOptions::default() }).await
}

async fn catcher_with(options: CatcherOptions) -> Catcher {
    Catcher::start(CatcherOptions { keep: true, ..options }).await.unwrap()
}

fn relay_to(catcher: &Catcher) -> Relay {
    Relay::parse(&format!("smtp://{}", catcher.addr())).unwrap().with_timeouts(short())
}

async fn open(relay: &Relay) -> Result<Session, Trouble> {
    Session::open(relay).await
}

/// The trouble with which a session does not open.
async fn trouble(relay: &Relay) -> Trouble {
    Session::open(relay).await.map(|_| ()).unwrap_err()
}

/// Carries a tape over one session, in a task of its own as a real sender would.
async fn carry(relay: &Relay, mut tape: Tape) -> (Tape, Result<End, Trouble>) {
    let mut session = open(relay).await.unwrap();
    let carried = tokio::spawn(async move {
        let end = session.carry(&mut tape).await;
        session.quit().await;
        (tape, end)
    });
    let (tape, end) = carried.await.unwrap();
    tape.assert_whole();
    (tape, end)
}

/// The outcomes with a script's server, which must be the same pipelined and in lockstep.
async fn both_ways(script: fn() -> Script, count: usize, expected: &[&str]) {
    for pipelining in [true, false] {
        let options = CatcherOptions { script: script(), pipelining, ..CatcherOptions::default() };
        let catcher = catcher_with(options).await;
        let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(count))).await;
        assert_eq!(tape.outcomes(), expected, "pipelining: {pipelining}");
        assert_eq!(end, Ok(End::Drained));
    }
}
