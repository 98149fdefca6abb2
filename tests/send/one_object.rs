//! `send --json` and `plan --json` print one object, however they end.

use serde_json::Value;

use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{LIST, send, summary, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";

/// The object of a command that ended before anything was counted.
#[track_caller]
fn refused(output: &Output, code: i32, words: &str) {
    assert_eq!(output.code, code, "{output:?}");
    let told = summary(output);
    assert_eq!(told["issue"], "2025-11", "{told}");
    let error = told["error"].as_str().expect("an error");
    assert!(error.contains(words), "no {words:?} in {told}");
    assert!(output.stderr.contains(error), "stderr says the same: {output:?}");
    assert!(told["accepted"].is_null() && told["planned"].is_null(), "{told}");
}

fn say(here: &Publication, more: &[&str]) -> Output {
    here.run(&[&["send", "2025-11", "--json"], more].concat())
}

#[test]
fn a_send_that_is_refused_before_it_counts_anybody_prints_one_object() {
    let relay = Relay::new();
    let url = relay.url();
    let to = ["--yes", "--relay", &url];
    let bad_row = with_readers(2).write(LIST, "email\nnobody\n");
    refused(&say(&bad_row, &to), 3, "1 of the rows of subscribers.csv cannot be used");
    refused(&say(&with_readers(2).remove("issues/2025-11/issue.toml"), &to), 3, "2025-11");
    refused(&say(&with_readers(2).write("digest.toml", "?"), &to), 3, "digest.toml has errors");
    if !only_files("a file that is no ledger") {
        refused(&say(&with_readers(2).write("digest.db", "no ledger"), &to), 1, "digest.db");
    }
    refused(&say(&with_readers(2), &["--relay", &url]), 2, "there is no terminal");
    refused(&say(&with_readers(2), &["--yes"]), 1, "there is no relay to send to");
    let other = [&to[..], &["--expect", "0123456789ab"]].concat();
    refused(&say(&with_readers(2), &other), 3, "not 0123456789ab");
    let plan = with_readers(2).write(LIST, "email\nnobody\n").run(&["plan", "2025-11", "--json"]);
    refused(&plan, 3, "1 of the rows of subscribers.csv cannot be used");
    let dry = [&to[1..], &["--dry-run"]].concat();
    refused(&say(&with_readers(2).write(LIST, "email\n"), &dry), 3, "has nobody to send to");
    assert_eq!(relay.counts().connections, 0);
}

#[test]
fn a_send_that_a_receipt_stops_prints_one_object() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let clone = with_readers(2).write(RECEIPT, here.read(RECEIPT));
    let stopped = send(&clone, &relay, &[]);
    refused(&stopped, 3, "says that the issue went to 2 recipients");
    let help = summary(&stopped)["help"].as_str().unwrap_or_default().to_owned();
    assert!(help.contains("--despite-receipt"), "{stopped:?}");
}

/// Where there is a plan, the object has the counts and nothing else, whatever the exit code.
#[test]
fn a_send_that_was_planned_and_fails_prints_its_counts_once() {
    let dead = say(&with_readers(2), &["--yes", "--relay", "smtp://127.0.0.1:1"]);
    assert_eq!((dead.code, &summary(&dead)["pending"]), (1, &Value::from(2)), "{dead:?}");
    let here = with_readers(2);
    let waiting =
        ["send", "2025-11", "--yes", "--json", "--catch", "out", "--at", "2099-01-07 09:00"];
    let waiting = here.start(&waiting);
    waiting.says("waiting until ");
    waiting.signal("INT");
    let stopped = waiting.wait();
    assert_eq!(
        (stopped.code, &summary(&stopped)["pending"]),
        (130, &Value::from(2)),
        "{stopped:?}"
    );
}
