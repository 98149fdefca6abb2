//! `digest test`: the bytes of a send, marked in the subject only, and no trace of it.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::send;

/// A message's bytes by field, without what a trial has of its own.
fn same(bytes: &[u8]) -> (Vec<(String, String)>, Vec<u8>) {
    let mut fields = Mail::read(bytes).fields;
    fields.retain(|(name, _)| !["Message-ID", "Subject", "Date"].contains(&name.as_str()));
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    (fields, bytes[head..].to_vec())
}

#[test]
fn a_trial_is_the_message_of_the_send_marked_in_its_subject() {
    let (here, trial) = (Publication::with_subscribers(), Relay::new());
    let url = trial.url();
    let to = ["--to", "kim@example.org", "--to", "ADA@example.org"];
    let output = here.run(&[&["test", "2025-11", "--relay", &url][..], &to].concat());
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stdout.lines().count(), 2, "{}", output.stdout);
    assert!(output.stdout.contains("kim@example.org: accepted (250"), "{}", output.stdout);
    assert!(!here.exists("digest.db"), "a trial has no ledger");
    let relay = Relay::new();
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let of = |relay: &Relay, to: &str| {
        let message = relay.accepted().into_iter().find(|m| m.recipients == [to]);
        message.unwrap_or_else(|| panic!("nothing for {to}"))
    };
    for to in ["kim@example.org", "ada@example.org"] {
        let (tried, sent) = (of(&trial, to), of(&relay, to));
        assert_eq!(same(&tried.bytes), same(&sent.bytes), "{to}");
        assert_eq!(tried.reverse_path, sent.reverse_path);
        let (tried, sent) = (Mail::read(&tried.bytes), Mail::read(&sent.bytes));
        assert_eq!(tried.subject(), format!("[test] {}", sent.subject()));
        assert_ne!(tried.id(), sent.id(), "an inbox may hide the second of two equal ids");
    }
}

#[test]
fn a_trial_to_a_stranger_shows_fallbacks_and_says_so() {
    let (here, relay) = (Publication::with_subscribers(), Relay::new());
    let output = here.run(&["test", "2025-11", "--to", "new@example.org", "--relay", &relay.url()]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("new@example.org is not in"), "{}", output.stderr);
    let mail = Mail::read(&relay.accepted()[0].bytes);
    assert_eq!(mail.subject(), "[test] Hello reader");
}

#[test]
fn a_trial_that_is_refused_ends_with_four() {
    let script =
        Script::new().rule(At::Rcpt, When::recipient("ada@"), Do::reply("550 5.1.1 nobody here"));
    let (here, relay) = (Publication::with_subscribers(), Relay::scripted(script));
    let url = relay.url();
    let to = ["--to", "ada@example.org", "--to", "kim@example.org"];
    let output = here.run(&[&["test", "2025-11", "--relay", &url][..], &to].concat());
    assert_eq!(output.code, 4, "{output:?}");
    assert!(output.stdout.contains("ada@example.org: refused: 550 5.1.1 nobody here"));
    assert_eq!(relay.copies().into_keys().collect::<Vec<_>>(), ["kim@example.org"]);
}

#[test]
fn a_trial_of_which_every_address_is_refused_has_failed() {
    let script = Script::new().rule(At::Rcpt, When::Always, Do::reply("550 5.1.1 nobody here"));
    let (here, relay) = (Publication::with_subscribers(), Relay::scripted(script));
    let url = relay.url();
    let output = here.run(&["test", "2025-11", "--relay", &url, "--to", "ada@example.org"]);
    assert_eq!(output.code, 1, "{output:?}");
    let words = "nobody got the test message: the only address was refused (550 5.1.1 nobody here)";
    assert!(output.stderr.contains(words), "{}", output.stderr);
}

#[test]
fn a_trial_can_be_caught_in_a_folder() {
    let here = Publication::with_subscribers();
    let output = here.run(&["test", "2025-11", "--to", "kim@example.org", "--catch", "out"]);
    assert_eq!(output.code, 0, "{output:?}");
    let caught: Vec<_> = here.files().into_iter().filter(|f| f.starts_with("out/")).collect();
    assert_eq!(caught.len(), 1, "{caught:?}");
    assert!(caught[0].starts_with("out/new/"), "{caught:?}");
}
