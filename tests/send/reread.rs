//! The list when `--at` has waited: it is read again, and whoever has left it gets nothing.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::window::from_now;
use crate::{LIST, book, counts, list, send, with_readers};

/// A send that waits, and what it says once `change` was made to the folder meanwhile.
fn changed_meanwhile(
    here: Publication,
    relay: &Relay,
    flags: &[&str],
    change: impl FnOnce(Publication) -> Publication,
) -> (Publication, Output) {
    let (url, at) = (relay.url(), from_now(4));
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &url, "--at", &at];
    let running = here.start(&[&line, flags].concat());
    running.says("waiting until ");
    let here = change(here);
    (here, running.wait())
}

/// Who got a mail.
fn reached(relay: &Relay) -> Vec<String> {
    relay.copies().into_keys().collect()
}

const ASKED: &str = "email,first_name,status\na@x.example,Ann,subscribed\nb@x.example,Bob,subscribed\n\
                     c@x.example,Cyd,subscribed\n";

#[test]
fn whoever_leaves_the_list_while_a_send_waits_gets_nothing() {
    let flags = ["--except", "never.txt"];
    for change in [
        // A no in the list, a row that is gone, and a no in the file of exceptions.
        |here: Publication| here.write(LIST, ASKED.replace("Cyd,subscribed", "Cyd,unsubscribed")),
        |here: Publication| here.write(LIST, ASKED.replace("c@x.example,Cyd,subscribed\n", "")),
        |here: Publication| here.write("never.txt", "d@x.example\nc@x.example\n"),
    ] {
        let here = Publication::new().write(LIST, ASKED).write("never.txt", "d@x.example\n");
        let relay = Relay::new();
        let (here, output) = changed_meanwhile(here, &relay, &flags, change);
        assert_eq!((output.code, counts(&here, &output)), (0, [2, 0, 0, 0, 1, 0]), "{output:?}");
        assert_eq!(reached(&relay), ["a@x.example", "b@x.example"]);
        let told = "subscribers.csv was read again: 1 person has left it and gets nothing\n";
        assert!(output.stderr.contains(told), "{}", output.stderr);
        let left = "1 person who waited for 2025-11 was left out";
        assert!(output.stderr.contains(left), "{}", output.stderr);
        assert_eq!(book(&here).state("c@x.example"), "suppressed");
    }
}

#[test]
fn whoever_comes_into_the_list_while_a_send_waits_is_left_for_the_next_one() {
    let relay = Relay::new();
    let change = |here: Publication| {
        here.write(LIST, format!("{}d@x.example,Dan,subscribed\n", ASKED.replace("Bob", "Beth")))
    };
    let here = Publication::new().write(LIST, ASKED);
    let (here, output) = changed_meanwhile(here, &relay, &[], change);
    assert_eq!((output.code, counts(&here, &output)), (0, [3, 0, 0, 0, 0, 0]), "{output:?}");
    assert_eq!(reached(&relay), ["a@x.example", "b@x.example", "c@x.example"]);
    let told = "subscribers.csv was read again: 1 person has come into it and is left for the next \
                send of 2025-11";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    assert!(!output.stderr.contains("left out"), "{}", output.stderr);
    // A name that was corrected meanwhile is in the mail.
    let texts =
        relay.accepted().into_iter().map(|mail| String::from_utf8_lossy(&mail.bytes).into());
    let texts: Vec<String> = texts.collect();
    assert!(texts.iter().any(|text| text.contains("Hello Beth")), "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("Hello Bob")), "{texts:?}");
    let next = send(&here, &relay, &[]);
    assert_eq!((next.code, counts(&here, &next)), (0, [4, 0, 0, 0, 0, 0]), "{next:?}");
    assert_eq!(relay.counts().accepted, 4);
}

/// Nobody may be there any more to ask.
#[test]
fn a_list_that_cannot_be_used_any_more_stops_a_send_that_has_waited() {
    type Change = fn(Publication) -> Publication;
    let stopped: [(Change, &str); 6] = [
        (|here| here.remove(LIST), "subscribers.csv cannot be used; nothing was sent"),
        (|here| here.write(LIST, ""), "nothing was sent"),
        (|here| here.write(LIST, list(19) + "r020@x,Reader 20\n"), "1 of the rows of"),
        (|here| here.write(LIST, list(9)), "11 of 20 people who wait for 2025-11 are not in"),
        (|here| here.write(LIST, list(20).replace(",Reader 7\n", ",\n")), "1 of 20 subscribers"),
        (
            |here| here.write("never.txt", "no address\n"),
            "never.txt cannot be read to its last row",
        ),
    ];
    for (change, words) in stopped {
        let here = with_readers(20).write("never.txt", "d@x.example\n");
        let here = here.edit("issues/2025-11/hangul.md", "\n\n", "\n\nDear {{ first_name }},\n\n");
        let relay = Relay::new();
        let (here, output) = changed_meanwhile(here, &relay, &["--except", "never.txt"], change);
        assert_eq!((output.code, relay.counts().connections), (3, 0), "{words}: {output:?}");
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
        let why = "the list was read again when the time of --at had come: ";
        assert!(output.stderr.contains(why), "{}", output.stderr);
        // All wait, and the next send goes on.
        assert_eq!(book(&here).of("pending").len(), 20, "{words}");
        let next = send(&here.write(LIST, list(20)), &relay, &[]);
        assert_eq!(next.code, 0, "{next:?}");
        assert_eq!(relay.counts().accepted, 20);
    }
}

#[test]
fn where_all_who_waited_have_left_nothing_is_sent() {
    let (here, relay) = (with_readers(2), Relay::new());
    let busy = crate::outcomes::script(&["r002"], "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(busy), &[]).code, 4);
    let (here, output) = changed_meanwhile(here, &relay, &[], |here| here.write(LIST, list(1)));
    assert_eq!((output.code, counts(&here, &output)), (0, [1, 0, 0, 0, 1, 0]), "{output:?}");
    assert_eq!(relay.counts().accepted, 0);
    assert!(output.stderr.contains("nothing to send of 2025-11"), "{}", output.stderr);
}

/// A wish holds through the second reading, and not for a person who has left.
#[test]
fn who_is_sent_to_once_more_is_so_after_the_list_was_read_again() {
    let wishes = [
        (&["--uncertain", "resend"][..], "r001@x.example"),
        (&["--retry-refused"], "r002@x.example"),
        (&["--to", "r003@x.example", "--again"], "r003@x.example"),
    ];
    let script = || {
        let refused = Do::reply("550 5.1.1 no");
        let script = Script::new().rule(At::Dot, When::recipient("r001@"), Do::AcceptThenReset);
        Relay::scripted(script.rule(At::Rcpt, When::recipient("r002@"), refused))
    };
    for (flags, address) in wishes {
        for leaves in [false, true] {
            let here = with_readers(4);
            assert_eq!(send(&here, &script(), &[]).code, 4);
            let (before, relay) = (book(&here).state(address).to_owned(), Relay::new());
            let row = format!("{address},Reader {}\n", &address[3..4]);
            let next = if leaves { list(4).replace(&row, "") } else { list(4) };
            let (here, output) = changed_meanwhile(here, &relay, flags, |it| it.write(LIST, next));
            let expected = if leaves { vec![] } else { vec![address.to_owned()] };
            assert_eq!(reached(&relay), expected, "{flags:?} {leaves}: {output:?}");
            let after = if leaves { before.as_str() } else { "accepted" };
            assert_eq!(book(&here).state(address), after, "{flags:?} {leaves}: {output:?}");
        }
    }
}

/// `--only` asks of the list as it is then; whoever lost the tag goes on waiting.
#[test]
fn who_is_not_asked_for_any_more_goes_on_waiting() {
    let tagged = "email,tags\na@x.example,crew\nb@x.example,crew\nc@x.example,press\n";
    let (here, relay) = (Publication::new().write(LIST, tagged), Relay::new());
    let change = |here: Publication| {
        here.write(
            LIST,
            tagged
                .replace("b@x.example,crew", "b@x.example,press")
                .replace("c@x.example,press", "c@x.example,crew"),
        )
    };
    let (here, output) = changed_meanwhile(here, &relay, &["--only", "tag:crew"], change);
    assert_eq!((output.code, reached(&relay)), (4, vec!["a@x.example".to_owned()]), "{output:?}");
    assert_eq!(book(&here).state("b@x.example"), "pending");
    assert!(output.stderr.contains("1 in the list was not chosen"), "{}", output.stderr);
    assert_eq!(send(&here, &relay, &[]).code, 0);
    assert_eq!(relay.counts().accepted, 3);
}

#[cfg(unix)]
#[test]
fn a_list_that_comes_through_a_pipe_is_refused_where_a_send_is_to_wait() {
    let (here, relay) = (with_readers(2), Relay::new());
    let line = format!(
        "cat subscribers.csv | {} send 2025-11 --yes --subscribers /dev/stdin --relay {} --at '{}'",
        crate::harness::DIGEST,
        relay.url(),
        from_now(3_600)
    );
    let output = here.shell(&line);
    assert_eq!((output.code, relay.counts().connections), (2, 0), "{output:?}");
    assert!(output.stderr.contains("write it into a file, and name that one"), "{output:?}");
    assert!(!here.exists("digest.db"));
}
