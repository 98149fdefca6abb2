//! What is said of people who may or may not have the issue: a command that sends to them, and not
//! to others.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{LIST, book, send};

/// Of four people, two of them members: `q1` is uncertain. `q2` has the issue, and so do `p1` and
/// `p2` if the send was to all.
fn uncertain_of_four(only: &[&str]) -> Publication {
    let rows = "p1@x.example,member\np2@x.example,member\nq1@x.example,\nq2@x.example,\n";
    let here = Publication::new().write(LIST, format!("email,tags\n{rows}"));
    let relay = Relay::scripted(Script::new().once(At::Dot, When::recipient("q1@"), Do::Close));
    let first = send(&here, &relay, only);
    assert_eq!((first.code, book(&here).state("q1@x.example")), (4, "uncertain"), "{first:?}");
    here
}

/// Runs a command that was printed between back quotes, with a relay and without questions.
fn obey(here: &Publication, told: &str, begin: &str) -> crate::harness::Output {
    let command = told.split('`').find(|part| part.starts_with(begin)).expect("a command");
    let mut words: Vec<&str> = command.split(' ').skip(1).collect();
    words.push("--yes");
    here.run(&words)
}

#[test]
fn the_command_that_is_named_sends_to_the_uncertain_and_to_nobody_else() {
    for more in [
        &["--to", "p1@x.example"][..],
        &["--to", "p1@x.example", "--again"],
        &["--only", "tag:member"],
    ] {
        let (here, relay) = (uncertain_of_four(&[]), Relay::new());
        let told = send(&here, &relay, more);
        let copies = u64::from(more.contains(&"--again"));
        assert_eq!((told.code, relay.counts().accepted), (4, copies), "{told:?}");
        let words = "1 person whom this command was not for may or may not have it: \
             `digest reconcile 2025-11 --maillog FILE`";
        assert!(told.stderr.contains(words), "{more:?}: {}", told.stderr);
        assert!(!told.stderr.contains("the same command with"), "{more:?}: {}", told.stderr);
        let done = obey(&here, &told.stderr, "digest send");
        assert_eq!((done.code, relay.counts().accepted), (0, copies + 1), "{done:?}");
        let last = relay.accepted().pop().expect("a message");
        assert_eq!(last.recipients, ["q1@x.example"]);
    }
}

#[test]
fn where_the_uncertain_were_asked_for_the_command_is_for_them_alone() {
    for more in [&["--only", "!tag:member"][..], &["--to", "q1@x.example"]] {
        let here = uncertain_of_four(&["--only", "!tag:member"]);
        let relay = Relay::new();
        let told = send(&here, &relay, more);
        assert_eq!((told.code, relay.counts().accepted), (4, 0), "{told:?}");
        let quoted = if more[1].contains('!') { format!("'{}'", more[1]) } else { more[1].into() };
        let part = format!(
            "`digest send 2025-11 --relay {} {} {quoted} --uncertain resend` sends once more",
            relay.url(),
            more[0]
        );
        assert!(told.stderr.contains(&part), "no {part} in {}", told.stderr);
        let resent = send(&here, &relay, &[more, &["--uncertain", "resend"]].concat());
        assert_eq!((resent.code, relay.counts().accepted), (0, 1), "{resent:?}");
    }
}

#[test]
fn the_uncertain_who_left_the_list_are_told_and_make_no_send_unfinished() {
    let here = uncertain_of_four(&[]);
    let rows = here.read(LIST).replace("q1@x.example,\n", "");
    let (here, relay) = (here.write(LIST, rows), Relay::new());
    for more in [&[][..], &["--uncertain", "resend"], &["--only", "tag:member"]] {
        let told = send(&here, &relay, more);
        assert_eq!((told.code, relay.counts().accepted), (0, 0), "{more:?}: {told:?}");
        let words = "1 person who may or may not have it is suppressed or not in the list any more: nobody sends \
             to them, and `digest reconcile 2025-11 --maillog FILE` settles them";
        assert!(told.stderr.contains(words), "{more:?}: {}", told.stderr);
        assert!(!told.stderr.contains("--uncertain resend`"), "{more:?}: {}", told.stderr);
    }
    assert_eq!(book(&here).state("q1@x.example"), "uncertain");
}
