//! After a send: what `digest status` tells of the ledger.

use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::Value;

use crate::harness::server::only_files;
use crate::outcomes::mixed;
use crate::relay::Relay;
use crate::{send, with_readers};

#[test]
fn status_counts_by_issue_and_domain_and_lists_rows() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let all = here.run(&["status"]);
    let line = "2025-11: 8 planned: 5 accepted, 1 refused, 1 deferred, 1 uncertain (sent 20";
    assert!(all.code == 0 && all.stdout.starts_with(line), "{all:?}");
    let one: Value =
        serde_json::from_str(&here.run(&["status", "2025-11", "--json"]).stdout).unwrap();
    assert_eq!((&one["planned"], &one["accepted"]), (&8.into(), &5.into()));
    assert_eq!(one["domains"][0]["domain"], "x.example");
    let rows = here.run(&["status", "2025-11", "--list", "uncertain", "--json"]).stdout;
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows[0]["email"], "r006@x.example");
    for key in ["email", "state", "attempts", "code", "enhanced", "text", "message_id", "at"] {
        assert!(rows[0].get(key).is_some(), "no {key} in {rows}");
    }
}

// r002 is refused, r004 put off, r006 not known; r009 leaves the list before anything was sent.
#[test]
fn status_names_all_who_were_missed_and_why() {
    let here = with_readers(9);
    let nobody = ["send", "2025-11", "--yes", "--relay", "smtps://127.0.0.1:1"];
    assert_eq!(here.run(&nobody).code, 1);
    let missed = ["status", "2025-11", "--missed"];
    let all = here.run(&missed);
    assert!(all.stderr.contains("9 of 9 who were planned do not have 2025-11"), "{all:?}");
    assert!(all.stdout.starts_with("r001@x.example\tpending\tnot sent yet\t\t"), "{all:?}");
    let (here, relay) = (here.write(crate::LIST, crate::list(8)), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let told = here.run(&missed);
    let rows: Vec<Vec<&str>> = told.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let reasons: Vec<String> =
        rows.iter().map(|row| format!("{} {}: {}", row[0], row[1], row[2])).collect();
    let mut expected = Vec::new();
    for (state, reason) in [
        ("refused", "refused for good"),
        ("deferred", "put off: the next send tries again"),
        ("uncertain", "may have it: the answer of the relay is not known"),
        ("suppressed", "not in the list any more"),
    ] {
        let listed = here.run(&["status", "2025-11", "--list", state]).stdout;
        let email = listed.split('\t').next().expect("an address");
        expected.push(format!("{email} {state}: {reason}"));
    }
    expected.sort_unstable();
    assert_eq!(reasons, expected, "{told:?}");
    assert!(rows.iter().all(|row| row.len() == 5), "{told:?}");
    assert!(told.stderr.contains("4 of 9 who were planned do not have 2025-11"), "{told:?}");
    let json = here.run(&[&missed[..], &["--json"]].concat()).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(4), "{json}");
    assert!(json[0]["reason"].is_string() && json[0]["text"].is_string(), "{json}");
    let two = here.run(&["status", "2025-11", "--list", "deferred,refused"]).stdout;
    let two: Vec<&str> = two.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    let mut sorted = two.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["deferred", "refused"], "{two:?}");
    let wrong = here.run(&["status", "2025-11", "--list", "deferred,lost"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("possible values"), "{wrong:?}");
}

#[test]
fn whoever_has_the_issue_is_not_missed_although_a_further_copy_was_refused() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let gone = Script::new().rule(At::Rcpt, When::Always, Do::reply("550 5.1.1 no such user"));
    let to = ["--to", "r001@x.example", "--again"];
    send(&here, &Relay::scripted(gone), &to);
    assert_eq!(here.run(&["status", "2025-11", "--list", "refused"]).stdout, "");
    let accepted = here.run(&["status", "2025-11", "--list", "accepted"]).stdout;
    assert!(accepted.contains("a further copy was not taken: 550"), "{accepted}");
    let missed = here.run(&["status", "2025-11", "--missed"]);
    assert_eq!((missed.code, missed.stdout.as_str()), (0, ""), "{missed:?}");
    assert!(missed.stderr.contains("nobody is missing: all 2 who"), "{missed:?}");
}

/// Half of the list was never planned: that nobody of the others is missing must not be told as all.
#[test]
fn after_a_send_to_a_part_status_says_that_the_list_may_have_more() {
    let (here, relay) = (with_readers(4), Relay::new());
    let part = ["--only", "email=r001@x.example"];
    assert_eq!(send(&here, &relay, &part).code, 0);
    let missed = here.run(&["status", "2025-11", "--missed"]);
    for words in [
        "nobody is missing: all 1 who were planned have 2025-11. The list may have more people",
        "`digest plan 2025-11` counts them",
    ] {
        assert!(missed.stderr.contains(words), "no {words:?} in {missed:?}");
    }
}

#[test]
fn status_names_no_ledger_that_is_not_where_a_command_says_and_does_not_contradict_itself() {
    let here = with_readers(2);
    let line = ["status", "2025-11", "--store", "sqlite:other.db"];
    let told = here.run(&line);
    assert!(told.code == 1 && told.stderr.contains("there is no ledger "), "{told:?}");
    assert!(!told.stderr.contains("nothing was sent yet"), "{told:?}");
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    assert!(!here.run(&line).stderr.contains("nothing was sent yet"));
    // A receipt of a send that has reached nobody.
    let receipt = here.read("receipts/2025-11.toml");
    let zeros = |line: &str| match line.split_once(" = ") {
        Some((name, number)) if number.parse::<u64>().is_ok() => format!("{name} = 0\n"),
        _ => format!("{line}\n"),
    };
    let receipt: String = receipt.lines().map(zeros).collect();
    let here = here.write("receipts/2025-11.toml", receipt).without_ledger();
    let told = here.run(&["status", "2025-11"]);
    assert!(told.code == 1 && told.stderr.contains("bring the ledger here"), "{told:?}");
    assert!(!told.stderr.contains("nothing was sent yet"), "{told:?}");
}

#[test]
fn status_says_when_an_issue_went_and_how_long_it_took() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let told = here.run(&["status"]).stdout;
    let (_, when) = told.split_once(" (sent ").expect("a time");
    let (at, took) = when.split_once(", in ").expect("how long");
    assert_eq!(at.len(), "2025-11-06 09:00".len(), "{told}");
    assert!(took.ends_with(" s)\n"), "{told}");
    let one: Value =
        serde_json::from_str(&here.run(&["status", "2025-11", "--json"]).stdout).unwrap();
    for key in ["first_at", "last_at"] {
        let moment = one[key].as_str().expect("a time");
        assert!(moment.len() == 20 && moment.ends_with('Z'), "{moment}");
    }
    assert!(one["seconds"].as_i64().is_some_and(|seconds| seconds < 60), "{one}");
    let rows = here.run(&["status", "2025-11", "--list", "accepted"]).stdout;
    let at = rows.split('\t').nth(1).expect("a time");
    assert_eq!(at.len(), "2025-11-06 09:00".len(), "{rows}");
}

#[test]
fn the_totals_of_status_are_the_sums_of_its_domains() {
    let list = "email\na@x.example\nb@x.example\nc@y.example\nd@z.example\n";
    let (here, relay) = (with_readers(1).write("subscribers.csv", list), Relay::new());
    let here = here.edit("issues/2025-11/issue.toml", "{{ first_name | reader }}", "you");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let told: Value =
        serde_json::from_str(&here.run(&["status", "2025-11", "--json"]).stdout).unwrap();
    let domains = told["domains"].as_array().unwrap();
    let sum = |key: &str| domains.iter().filter_map(|domain| domain[key].as_u64()).sum::<u64>();
    assert_eq!((sum("planned"), sum("accepted")), (4, 4));
    assert_eq!((&told["planned"], &told["accepted"]), (&4.into(), &4.into()));
}

#[test]
fn status_makes_no_ledger_and_names_what_it_knows() {
    if only_files("on a server the tables are made when it is first asked") {
        return;
    }
    let here = with_readers(1);
    let none = here.run(&["status"]);
    assert_eq!(none.code, 1);
    assert!(none.stderr.contains("nothing was sent yet"), "{}", none.stderr);
    assert!(!here.exists("digest.db"));
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let other = here.run(&["status", "2025-10"]);
    assert_eq!(other.code, 1);
    assert!(other.stderr.contains("its issues are: 2025-11"), "{}", other.stderr);
}
