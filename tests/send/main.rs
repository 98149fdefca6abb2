//! `digest send` and `digest test` from end to end: a folder like a user's, the real binary, a
//! relay on a real socket, and what arrived there.

mod afterwards;
mod again;
mod amend;
mod another_issue;
mod answers;
mod begun;
mod consent;
mod damaged;
mod doubts;
mod except_file;
mod frozen;
mod given_up;
mod health;
mod in_its_place;
mod limited;
mod limits;
mod logs;
mod leaving;
mod lists;
mod maillogs;
mod modes;
mod moved;
mod named;
mod older_texts;
mod new_address;
mod next_issue;
mod nothing_new;
mod one_list;
mod one_object;
mod only;
mod outcomes;
mod pace;
mod plans;
mod published;
mod questions;
mod reading;
mod receipt_words;
mod receipts;
mod refusals;
mod relays;
mod rehearsal;
mod rehearsed;
mod renamed;
mod replaced;
mod reread;
mod retries;
mod reworded;
mod rotated;
mod selections;
mod settling;
mod shared_ledger;
mod slips;
mod stops;
mod suppressed;
mod test_sends;
mod times;
mod topics;
mod unended;
mod unknown_sends;
mod window;
mod wishes;

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/mail.rs"]
mod mail;
#[path = "../harness/relay.rs"]
mod relay;
#[path = "../harness/web.rs"]
mod web;

use serde_json::Value;

use harness::{Output, Publication, Running};
use relay::{Book, Relay};

const LIST: &str = "subscribers.csv";

/// What `send --json` ends with, in the order of the design.
const FIELDS: [&str; 13] = [
    "issue",
    "content_hash",
    "planned",
    "accepted",
    "refused",
    "deferred",
    "uncertain",
    "suppressed",
    "pending",
    "elapsed_s",
    "messages_per_s",
    "this_send",
    "not_chosen",
];

/// A publication with so many subscribers, `r001@x.example` and on.
fn with_readers(count: usize) -> Publication {
    Publication::new().write(LIST, list(count))
}

/// A send that reads its list from a pipe, and has begun to: more was written than a pipe holds.
#[cfg(unix)]
fn reading_a_pipe(here: &Publication, line: &[&str]) -> (Running, std::fs::File) {
    use std::io::Write as _;

    let pipe = here.path("pipe.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let shell = "exec \"$0\" \"$@\" --subscribers /dev/stdin < pipe.csv";
    let running =
        Running::start(here.command("sh").args(["-c", shell, harness::DIGEST]).args(line));
    let mut list = std::fs::File::options().write(true).open(&pipe).expect("it reads");
    let rows: String = (0..8_000).map(|n| format!("p{n:04}@x.example\n")).collect();
    list.write_all(format!("email\n{rows}").as_bytes()).expect("it reads");
    (running, list)
}

fn list(count: usize) -> String {
    let row = |n| format!("r{n:03}@x.example,Reader {n}\n");
    format!("email,first_name\n{}", (1..=count).map(row).collect::<String>())
}

/// Sends to a relay without a question.
fn send(here: &Publication, relay: &Relay, more: &[&str]) -> Output {
    let url = relay.url();
    here.run(&[&["send", "2025-11", "--yes", "--json", "--relay", &url], more].concat())
}

/// The one object on stdout.
#[track_caller]
fn summary(output: &Output) -> Value {
    assert_eq!(output.stdout.lines().count(), 1, "{output:?}");
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Accepted, refused, deferred, uncertain, suppressed, pending: as stdout tells, and as the ledger
/// says. They must agree and add up.
#[track_caller]
fn counts(here: &Publication, output: &Output) -> [u64; 6] {
    let told = summary(output);
    let counts = [3, 4, 5, 6, 7, 8].map(|at| told[FIELDS[at]].as_u64().expect("a number"));
    assert_eq!(told["planned"], counts.iter().sum::<u64>(), "{told}");
    let book = book(here);
    let rows = |field: &str| match field {
        "pending" => book.of("pending").len() + book.of("claimed").len(),
        state => book.of(state).len(),
    };
    assert_eq!(counts, [3, 4, 5, 6, 7, 8].map(|at| rows(FIELDS[at]) as u64), "{told} {book:?}");
    counts
}

fn book(here: &Publication) -> Book {
    Book::of_publication(here, "2025-11")
}
