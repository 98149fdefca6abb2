//! Mail over a session to a real Postfix: STARTTLS, AUTH, pipelining, and counts that agree with
//! the server's own log. And whole sends of the real binary: to that Postfix, and to its smtp-sink.

// A test says what it expects with unwrap, and why it was skipped on stderr.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "harness/cut.rs"]
mod cut;
mod harness;
#[path = "harness/postfix.rs"]
mod server;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use secrecy::SecretString;
use sejong_digest::message::address::Address;
use sejong_digest::message::{Envelope, Message};
use sejong_digest::smtp::outcome::{Outcome, Stage};
use sejong_digest::smtp::relay::Relay;
use sejong_digest::smtp::session::Session;
use sejong_digest::smtp::transaction::{End, Feed, Stop, Ticket};

use cut::Cut;
use harness::running::wait_until;
use harness::{Output, Publication, Running};
use server::{BUSY, GONE, Postfix};

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

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
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
        message_id: recipient.to_owned(),
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
    // A look at whether Postfix listens leaves a line of its own, so ours is asked for by name.
    let sessions = postfix.log_lines("starttls=1 auth=1", 1);
    let counts: Vec<bool> =
        sessions.iter().map(|line| line.contains("mail=20 rcpt=20 data=20")).collect();
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

/// The numbers of `send --json`: planned, and what became of them.
#[track_caller]
fn numbers(output: &Output) -> [u64; 7] {
    let told: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    ["planned", "accepted", "refused", "deferred", "uncertain", "suppressed", "pending"]
        .map(|name| told[name].as_u64().unwrap())
}

/// This repository's publication, with a relay of `digest.toml` that leads to a Postfix.
fn publication(postfix: &Postfix) -> Publication {
    let relay = format!(
        "[[relay]]\nurl = \"smtp://localhost:{}?tls=required\"\nuser = \"{}\"\nca_file = \"{}\"\n",
        postfix.addr.port(),
        postfix.user,
        postfix.ca_file.display()
    );
    let here = Publication::repository().env("DIGEST_SMTP_PASSWORD", &postfix.password);
    here.edit("digest.toml", "[[relay]]\nurl = \"smtp://127.0.0.1:2525\"\n", &relay)
}

const SEND: [&str; 4] = ["send", "2025-11", "--yes", "--json"];
const EXAMPLE: [&str; 2] = ["--subscribers", "subscribers.example.csv"];

#[test]
fn the_example_list_is_sent_to_with_the_relay_of_digest_toml() {
    let Some(postfix) = Postfix::start() else { return };
    let here = publication(&postfix);
    let output = here.run(&[&SEND[..], &EXAMPLE].concat());
    assert_eq!((output.code, numbers(&output)), (0, [12, 12, 0, 0, 0, 0, 0]), "{output:?}");
    assert_eq!(postfix.log_lines("status=sent", 12).len(), 12, "{}", postfix.log());
    let sessions = postfix.log_lines("disconnect from", 1);
    assert!(sessions.iter().all(|line| !line.contains("auth=0")), "{sessions:?}");
    for line in here.read("subscribers.example.csv").lines().skip(1) {
        let address = line.split(',').next().unwrap();
        assert_eq!(postfix.log_lines(&format!("to=<{address}>"), 1).len(), 1, "{address}");
    }
    postfix.stop();
}

#[test]
fn what_postfix_refuses_and_defers_is_told_by_recipient() {
    let Some(postfix) = Postfix::start() else { return };
    let list = format!("email\nkim@readers.example\n{GONE}\n{BUSY}\nada@readers.example\n");
    let here = publication(&postfix).write("list.csv", list);
    let output = here.run(&[&SEND[..], &["--subscribers", "list.csv"]].concat());
    assert_eq!((output.code, numbers(&output)), (4, [4, 2, 1, 1, 0, 0, 0]), "{output:?}");
    let refused = format!("refused   {GONE}: 550 5.1.1");
    let deferred = format!("deferred  {BUSY}: 450 4.2.1");
    assert!(output.stderr.contains(&refused) && output.stderr.contains(&deferred), "{output:?}");
    assert_eq!(postfix.log_lines("status=sent", 2).len(), 2, "{}", postfix.log());
    postfix.stop();
}

#[test]
fn a_password_that_postfix_refuses_ends_the_send() {
    let Some(postfix) = Postfix::start() else { return };
    let here = publication(&postfix).env("DIGEST_SMTP_PASSWORD", "not-the-password");
    let output = here.run(&[&SEND[..], &EXAMPLE, &["-vv"]].concat());
    assert_eq!((output.code, numbers(&output)), (1, [12, 0, 0, 0, 0, 0, 12]), "{output:?}");
    assert!(output.stderr.contains("535 5.7.8"), "{output:?}");
    assert!(!output.stderr.contains("not-the-password"), "{output:?}");
    postfix.stop();
}

// Postfix says at RCPT what it has against the client, the sender or the relaying, because of
// smtpd_delay_reject, which is on where nobody turns it off.
#[test]
fn a_postfix_that_does_not_relay_for_us_refuses_no_subscriber() {
    let Some(postfix) = Postfix::start() else { return };
    let row = |n| format!("reader{n}@d{}.example\n", n % 9);
    let list = format!("email\n{}", (1..=100).map(row).collect::<String>());
    let here = publication(&postfix).write("list.csv", list);
    let line = [&SEND[..], &["--subscribers", "list.csv"]].concat();
    for (name, value, words) in [
        ("smtpd_relay_restrictions", "reject_unauth_destination", "Relay access denied"),
        ("smtpd_client_restrictions", "reject", "Client host rejected"),
        (
            "smtpd_sender_restrictions",
            "check_sender_access inline:{{sejong.example = reject}}",
            "Sender address rejected",
        ),
    ] {
        postfix.set(&[("smtpd_delay_reject", "yes"), (name, value)]);
        let output = here.run(&line);
        let [planned, accepted, refused, deferred, uncertain, _, pending] = numbers(&output);
        assert_eq!((output.code, planned), (1, 100), "{output:?}");
        assert_eq!([accepted, refused, uncertain], [0, 0, 0], "{output:?}");
        assert!(deferred >= 5 && pending >= 40, "{output:?}");
        assert!(output.stderr.contains(words), "{output:?}");
    }
    // Mended, everybody gets it.
    postfix.set(&[]);
    let output = here.run(&line);
    assert_eq!((output.code, numbers(&output)), (0, [100, 100, 0, 0, 0, 0, 0]), "{output:?}");
    postfix.stop();
}

/// smtp-sink on a free port, or nothing where it is not installed.
fn sink() -> Option<(Running, String)> {
    let program = "/usr/sbin/smtp-sink";
    if !Path::new(program).exists() {
        let required = std::env::var("DIGEST_TEST_POSTFIX").is_ok_and(|v| v == "required");
        assert!(!required, "DIGEST_TEST_POSTFIX=required, but there is no {program}");
        eprintln!("skipped: {program} is not installed");
        return None;
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let mut command = Command::new(program);
    // As root it wants to become somebody else.
    if Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n") {
        command.args(["-u", "nobody"]);
    }
    let running = Running::start(command.args([&address, "100"]));
    let listens = || std::net::TcpStream::connect(&address).is_ok();
    assert!(wait_until(Duration::from_secs(10), listens), "smtp-sink does not listen");
    Some((running, address))
}

#[test]
fn two_thousand_subscribers_go_to_smtp_sink_over_four_connections() {
    let Some((_sink, address)) = sink() else { return };
    let row = |n| format!("reader{n}@readers.example,Reader {n},member\n");
    let rows: String = (1..=2_000).map(row).collect();
    let list = format!("email,first_name,tags\n{rows}");
    let here = Publication::repository().write("list.csv", list);
    let url = format!("smtp://{address}");
    let more = ["--subscribers", "list.csv", "--relay", &url, "--connections", "4"];
    let output = here.run(&[&SEND[..], &more].concat());
    assert_eq!((output.code, numbers(&output)), (0, [2_000, 2_000, 0, 0, 0, 0, 0]), "{output:?}");
    eprintln!("{}", output.stdout);
}

/// The uncertain rows of the ledger: address and Message-ID.
fn uncertain(here: &Publication) -> Vec<(String, String)> {
    let rows = here.run(&["status", "2025-11", "--list", "uncertain", "--json"]).stdout;
    let rows: serde_json::Value = serde_json::from_str(&rows).unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (text(row, "email"), text(row, "message_id"))).collect()
}

/// How often Postfix has delivered to an address.
fn deliveries(postfix: &Postfix, address: &str, expected: usize) -> usize {
    let lines = postfix.log_lines(&format!(": to=<{address}>, "), expected);
    lines.iter().filter(|line| line.contains("status=sent")).count()
}

/// A sender that is killed while texts are cut off and replies are held back: of all of them
/// Postfix has read the Message-ID, and some it has.
#[test]
fn reconcile_settles_what_postfix_took_and_not_what_it_began_to_read() {
    const CONNECTIONS: usize = 6;
    let Some(postfix) = Postfix::start() else { return };
    let people = readers(30);
    let list = format!("email\n{}\n", people.join("\n"));
    let long = format!("---\ntitle: Hangul\n---\n\n{}", "Twenty-eight letters.\n\n".repeat(500));
    let here = Publication::new().write("issues/2025-11/hangul.md", long).write("list.csv", list);
    let send = |relay: &str| {
        let more = ["--subscribers", "list.csv", "--relay", relay, "--connections", "6"];
        [&SEND[..], &more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |line: &[String]| here.run(&line.iter().map(String::as_str).collect::<Vec<_>>());

    let cut = Cut::between(postfix.plain);
    let line = send(&cut.url());
    let killed = here.start(&line.iter().map(String::as_str).collect::<Vec<_>>());
    cut.holds(CONNECTIONS);
    killed.kill();
    let plain = format!("smtp://{}", postfix.plain);
    let rest = run(&send(&plain));
    assert_eq!((rest.code, numbers(&rest)), (4, [30, 24, 0, 0, 6, 0, 0]), "{rest:?}");

    let open = uncertain(&here);
    for (_, id) in &open {
        let read = postfix.log_lines(&format!(": message-id=<{id}>"), 1);
        assert_eq!(read.len(), 1, "{id}: {}", postfix.log());
    }
    let emails = || open.iter().map(|(email, _)| email.clone());
    let taken: BTreeSet<String> = cut.taken();
    assert_eq!(taken.len(), CONNECTIONS / 2);
    for email in emails() {
        let expected = usize::from(taken.contains(&email));
        assert_eq!(deliveries(&postfix, &email, expected), expected, "{}", postfix.log());
    }

    let log = postfix.log_file().display().to_string();
    let reconcile = ["reconcile", "2025-11", "--maillog", &log];
    let settled = here.run(&reconcile);
    assert_eq!(settled.code, 4, "{settled:?}");
    for email in emails() {
        let state = if taken.contains(&email) { "accepted " } else { "uncertain" };
        let said = format!("{state}  {email}: the relay");
        assert!(settled.stdout.contains(&said), "no {said} in {}", settled.stdout);
    }
    let left: BTreeSet<String> = uncertain(&here).into_iter().map(|(email, _)| email).collect();
    assert_eq!(left, emails().filter(|email| !taken.contains(email)).collect::<BTreeSet<_>>());

    assert_eq!(here.run(&[&reconcile[..], &["--not-found", "resend"]].concat()).code, 0);
    let last = run(&send(&plain));
    assert_eq!((last.code, numbers(&last)), (0, [30, 30, 0, 0, 0, 0, 0]), "{last:?}");
    for person in &people {
        assert_eq!(deliveries(&postfix, person, 1), 1, "{person}: {}", postfix.log());
    }
    postfix.stop();
}
