//! What a send of the next issue, or of the last one once more, is compared with: who got the last
//! issue, and which issues nobody has yet.

use crate::harness::{Output, Publication};
use crate::named::next;
use crate::relay::Relay;
use crate::{LIST, list, send, summary, with_readers};

const NEXT: &str = "2025-12";

/// The first issue went to so many, and the next one is written.
fn after_the_first(count: usize) -> (Publication, Relay) {
    let (here, relay) = (with_readers(count), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    (next(here, "issues/2025-12"), relay)
}

fn send_next(here: &Publication, relay: &Relay, more: &[&str]) -> Output {
    here.run(&[&["send", NEXT, "--yes", "--json", "--relay", &relay.url()], more].concat())
}

#[test]
fn a_list_that_lacks_readers_of_the_last_issue_is_told_and_one_that_lacks_most_is_asked_about() {
    // Of forty, so many are left: nothing is said, it is told, it is asked about.
    for (left, told, asked) in
        [(31, false, false), (30, true, false), (20, true, false), (19, true, true)]
    {
        let (here, relay) = after_the_first(40);
        let here = here.write(LIST, list(left));
        let words = format!("{} of the 40 people who got 2025-11 are not in {LIST}", 40 - left);
        let plan = here.run(&["plan", NEXT, "--json"]);
        assert_eq!(plan.code, 0, "{plan:?}");
        assert_eq!(plan.stderr.contains(&words), told, "{left}: {plan:?}");
        let doubts = summary(&plan)["doubts"].as_array().map_or(0, Vec::len);
        assert_eq!(doubts, usize::from(told), "{left}: {plan:?}");
        assert_eq!(plan.stderr.contains("(exit 3) without --despite-list"), asked, "{left}");
        let sent = send_next(&here, &relay, &[]);
        assert_eq!(sent.code, if asked { 3 } else { 0 }, "{left}: {sent:?}");
        assert_eq!(sent.stderr.contains(&words), told, "{left}: {sent:?}");
        let accepted = 40 + if asked { 0 } else { left as u64 };
        assert_eq!(relay.counts().accepted, accepted, "{left}: {sent:?}");
    }
}

#[test]
fn a_short_list_is_sent_to_once_somebody_says_that_it_is_right() {
    let (here, relay) = after_the_first(40);
    // A part of the list, or another list, is not compared.
    let here = here.write("press.csv", "email\npress@x.example\n").write(LIST, list(10));
    for part in [
        &["--only", "email=r001@x.example"][..],
        &["--to", "r002@x.example"],
        &["--subscribers", "press.csv"],
    ] {
        let sent = send_next(&here, &relay, part);
        assert!(sent.code == 0 && !sent.stderr.contains("are not in"), "{sent:?}");
    }
    // The first send to all of this list is.
    let (here, relay) = after_the_first(40);
    let here = here.write(LIST, list(10));
    let only = send_next(&here, &relay, &["--only", "email=r001@x.example"]);
    assert_eq!((only.code, relay.counts().accepted), (0, 41), "{only:?}");
    assert_eq!(send_next(&here, &relay, &[]).code, 3);
    let said = send_next(&here, &relay, &["--despite-list"]);
    assert_eq!((said.code, relay.counts().accepted), (0, 50), "{said:?}");
    let here = here.write(LIST, list(11));
    let again = send_next(&here, &relay, &[]);
    assert!(again.code == 0 && !again.stderr.contains("are not in"), "{again:?}");
    // A rehearsal compares nothing.
    let (here, _) = after_the_first(40);
    let here = here.write(LIST, list(10));
    let caught = here.run(&["send", NEXT, "--yes", "--catch", "out"]);
    assert!(caught.code == 0 && !caught.stderr.contains("are not in"), "{caught:?}");
}

/// Who said no stays in the list, and an issue that still waits is none to compare with.
#[test]
fn whoever_unsubscribed_in_the_list_is_not_missing_in_it() {
    let (here, relay) = after_the_first(20);
    let rows: String = (1..=20)
        .map(|n| {
            format!("r{n:03}@x.example,{}\n", if n > 5 { "unsubscribed" } else { "subscribed" })
        })
        .collect();
    let here = here.write(LIST, format!("email,status\n{rows}"));
    let sent = send_next(&here, &relay, &[]);
    assert_eq!((sent.code, relay.counts().accepted), (0, 25), "{sent:?}");
    assert!(!sent.stderr.contains("are not in"), "{sent:?}");
}

#[test]
fn an_issue_that_was_completed_is_told_while_a_later_one_waits() {
    let (here, relay) = after_the_first(3);
    let quiet = |told: &Output| !told.stderr.contains("was completed on");
    // Nobody is new, or one person is named: nothing is told.
    assert!(quiet(&send(&here, &relay, &[])));
    let here = here.write(LIST, list(6));
    assert!(quiet(&send(&here, &relay, &["--to", "r006@x.example"])));
    for (command, to_send) in
        [("plan", "2 people are new to it"), ("send", "2 people are new to it")]
    {
        let told = here.run(
            &[command, "2025-11", "--relay", &relay.url(), "--json"]
                .iter()
                .copied()
                .chain((command == "send").then_some("--yes"))
                .collect::<Vec<_>>(),
        );
        assert_eq!(told.code, 0, "{told:?}");
        for words in ["2025-11 was completed on 20", to_send, "2025-12 has not been sent"] {
            assert!(told.stderr.contains(words), "{command}: no {words:?} in {}", told.stderr);
        }
    }
    assert_eq!(relay.counts().accepted, 6);
    // Once the later one has gone, the earlier one is sent without a word; and so is the later one.
    let sent = send_next(&here, &relay, &[]);
    assert!(sent.code == 0 && quiet(&sent), "{sent:?}");
    let here = here.write(LIST, list(7));
    for sent in [send(&here, &relay, &[]), send_next(&here, &relay, &[])] {
        assert!(sent.code == 0 && quiet(&sent), "{sent:?}");
    }
    assert_eq!(relay.counts().accepted, 14);
}

/// The file and the store are one list in two places: who moves from one to the other loses nobody
/// without a word.
#[test]
fn a_list_that_moves_between_the_file_and_the_store_is_compared_with_the_last_issue() {
    let (here, relay) = after_the_first(40);
    assert_eq!(here.run(&["subscribers", "add", "r001@x.example"]).code, 0);
    let toml = here.read("digest.toml");
    let here = here.write("digest.toml", format!("{toml}\n[audience]\nsource = \"store\"\n"));
    let words = "39 of the 40 people who got 2025-11 are not in";
    let sent = send_next(&here, &relay, &[]);
    assert!(sent.code == 3 && sent.stderr.contains(words), "{sent:?}");
    assert_eq!(relay.counts().accepted, 40);
    let import = ["subscribers", "import", LIST, "--consent", "the same list as before"];
    assert_eq!(here.run(&import).code, 0);
    let sent = send_next(&here, &relay, &[]);
    assert!(sent.code == 0 && !sent.stderr.contains("are not in"), "{sent:?}");
    assert_eq!(relay.counts().accepted, 80);
    // And back again, into a file that was cut off.
    let here = next(here.write(LIST, list(3)), "issues/2026-01")
        .edit("issues/2026-01/issue.toml", "number = 2\n", "number = 3\n")
        .write("digest.toml", toml);
    let line = ["send", "2026-01", "--yes", "--relay", &relay.url(), "--subscribers", LIST];
    let sent = here.run(&line);
    assert!(sent.code == 3 && sent.stderr.contains("37 of the 40 people"), "{sent:?}");
}
