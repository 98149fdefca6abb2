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
    let line = "2025-11: 8 planned: 5 accepted, 1 refused, 1 deferred, 1 uncertain\n";
    assert_eq!((all.code, all.stdout.as_str()), (0, line));
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
fn status_makes_no_ledger_and_names_what_it_knows() {
    let here = with_readers(1);
    let none = here.run(&["status"]);
    assert_eq!(none.code, 1);
    assert!(none.stderr.contains("nothing has been sent yet"), "{}", none.stderr);
    assert!(!here.exists("digest.db"));
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let other = here.run(&["status", "2025-10"]);
    assert_eq!(other.code, 1);
    assert!(other.stderr.contains("its issues are: 2025-11"), "{}", other.stderr);
}
