//! After a send: what `digest status` tells of the ledger.

use serde_json::Value;

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
    assert!(at.len() == 20 && at.ends_with('Z'), "{rows}");
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
