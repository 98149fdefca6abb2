//! Mail over a session to a real Postfix: STARTTLS, AUTH, pipelining, and counts that agree with
//! the server's own log.

// A test says what it expects with unwrap, and why it was skipped on stderr.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod harness {
    pub(crate) mod postfix;
}

use std::collections::VecDeque;

use secrecy::SecretString;
use sejong_digest::message::address::Address;
use sejong_digest::message::{Envelope, Message};
use sejong_digest::smtp::outcome::{Outcome, Stage};
use sejong_digest::smtp::relay::Relay;
use sejong_digest::smtp::session::Session;
use sejong_digest::smtp::transaction::{End, Feed, Stop, Ticket};

use harness::postfix::{BUSY, GONE, Postfix};

/// Messages to carry, and what became of them.
struct Pile {
    waiting: VecDeque<(Ticket, Message)>,
    settled: Vec<(Ticket, Outcome)>,
}

impl Pile {
    fn to(recipients: &[String]) -> Pile {
        let waiting = (1..).map(Ticket).zip(recipients.iter().map(|to| message(to))).collect();
        Pile { waiting, settled: Vec::new() }
    }

    /// Outcomes in the order of the recipients.
    fn words(mut self) -> Vec<&'static str> {
        self.settled.sort_by_key(|(ticket, _)| *ticket);
        let word = |(_, outcome): &(Ticket, Outcome)| match outcome {
            Outcome::Accepted(_) => "accepted",
            Outcome::Deferred(_) => "deferred",
            Outcome::Refused(_) => "refused",
            Outcome::Uncertain(_) => "uncertain",
            Outcome::Unsent(_) => "unsent",
        };
        self.settled.iter().map(word).collect()
    }
}

impl Feed for Pile {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        self.waiting.pop_front()
    }

    fn try_next(&mut self) -> Option<(Ticket, Message)> {
        self.waiting.pop_front()
    }

    async fn before_dot(&mut self, _: Ticket) -> Result<(), Stop> {
        Ok(())
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        self.settled.push((ticket, outcome));
    }
}

fn message(recipient: &str) -> Message {
    let text = format!(
        "From: digest@news.example\r\nTo: {recipient}\r\nSubject: Digest\r\n\
         Date: Sat, 01 Nov 2025 09:00:00 -0400\r\nMessage-ID: <{recipient}>\r\n\r\n\
         Hello.\r\n.A line that starts with a dot.\r\n"
    );
    Message {
        envelope: Envelope {
            reverse_path: Some(Address::parse("bounces@news.example").unwrap()),
            recipient: Address::parse(recipient).unwrap(),
        },
        bytes: text.into_bytes(),
    }
}

fn readers(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("reader{n}@readers.example")).collect()
}

fn relay(postfix: &Postfix, password: &str) -> Relay {
    let url = format!("smtp://localhost:{}?tls=required", postfix.addr.port());
    let relay = Relay::parse(&url).unwrap().with_ca_file(&postfix.ca_file);
    relay.with_credentials(postfix.user.as_str(), SecretString::from(password)).unwrap()
}

/// The outcomes of one session.
async fn carry(relay: &Relay, recipients: &[String]) -> Vec<&'static str> {
    let mut pile = Pile::to(recipients);
    let mut session = Session::open(relay).await.unwrap();
    assert_eq!(session.carry(&mut pile).await, Ok(End::Drained));
    session.quit().await;
    pile.words()
}

#[tokio::test]
async fn twenty_messages_go_through_starttls_and_auth_and_are_delivered() {
    let Some(postfix) = Postfix::start() else { return };
    let outcomes = carry(&relay(&postfix, &postfix.password), &readers(20)).await;
    assert_eq!(outcomes, ["accepted"; 20]);
    assert_eq!(postfix.log_lines("status=sent", 20).len(), 20, "{}", postfix.log());
    let sessions = postfix.log_lines("disconnect from", 1);
    let of_ours = sessions.iter().filter(|line| line.contains("starttls=1 auth=1"));
    let counts = of_ours.map(|line| line.contains("mail=20 rcpt=20 data=20")).collect::<Vec<_>>();
    assert_eq!(counts, [true], "one connection carried them all: {sessions:?}");
    postfix.stop();
}

#[tokio::test]
async fn lockstep_delivers_as_many() {
    let Some(postfix) = Postfix::start() else { return };
    let relay = relay(&postfix, &postfix.password).without_pipelining();
    assert_eq!(carry(&relay, &readers(5)).await, ["accepted"; 5]);
    assert_eq!(postfix.log_lines("status=sent", 5).len(), 5, "{}", postfix.log());
    postfix.stop();
}

#[tokio::test]
async fn refused_recipients_cost_nobody_else_their_message() {
    let Some(postfix) = Postfix::start() else { return };
    let mut recipients = readers(4);
    recipients.insert(1, GONE.to_owned());
    recipients.insert(3, BUSY.to_owned());
    let outcomes = carry(&relay(&postfix, &postfix.password), &recipients).await;
    let expected = ["accepted", "refused", "accepted", "deferred", "accepted", "accepted"];
    assert_eq!(outcomes, expected);
    assert_eq!(postfix.log_lines("status=sent", 4).len(), 4, "{}", postfix.log());
    postfix.stop();
}

#[tokio::test]
async fn a_wrong_password_is_told_at_auth_and_not_repeated() {
    let Some(postfix) = Postfix::start() else { return };
    let refused = Session::open(&relay(&postfix, "not-the-password")).await;
    let trouble = refused.map(|_| ()).unwrap_err();
    assert_eq!(trouble.stage, Stage::Auth);
    assert!(!format!("{trouble:?}").contains("not-the-password"), "{trouble:?}");
    assert!(postfix.log_lines("status=sent", 0).is_empty());
    postfix.stop();
}
