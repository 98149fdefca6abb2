//! Refusals that are about us, about one domain, or about one person; and who is still reached.

use std::collections::BTreeMap;

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::pace::two_relays;
use crate::relay::Relay;
use crate::{LIST, book, counts, send, with_readers};

/// So many people, spread over so many domains: `r001@d1.example` and on.
fn spread(count: usize, domains: usize) -> Publication {
    let row = |n: usize| format!("r{n:03}@d{}.example,Reader {n}\n", n % domains);
    named(&(1..=count).map(row).collect::<String>())
}

fn named(rows: &str) -> Publication {
    with_readers(1).write(LIST, format!("email,first_name\n{rows}"))
}

fn always(at: At, line: &str) -> Relay {
    Relay::scripted(Script::new().rule(at, When::Always, Do::reply(line)))
}

/// What relays say that want nothing from us, as their programs say it.
const AGAINST_US: [(At, &str); 10] = [
    (At::Rcpt, "454 4.7.1 <kim@d1.example>: Relay access denied"),
    (At::Rcpt, "554 5.7.1 <kim@d1.example>: Relay access denied"),
    (At::Rcpt, "550 relay not permitted"),
    (At::Rcpt, "550 5.7.1 Unable to relay"),
    (At::Rcpt, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a.list"),
    (At::Rcpt, "504 5.5.2 <news>: Helo command rejected: need fully-qualified hostname"),
    (At::Rcpt, "553 Sender address rejected"),
    (At::Rcpt, "550 5.1.8 <digest@sejong.example>: Sender address rejected: Domain not found"),
    (At::Rcpt, "550 no"),
    (At::Dot, "554 transaction failed"),
];

#[test]
fn a_relay_that_refuses_us_makes_nobody_refused_and_all_get_it_when_it_is_mended() {
    for (at, line) in AGAINST_US {
        let (here, relay) = (spread(100, 7), always(at, line));
        let output = send(&here, &relay, &[]);
        let [accepted, refused, deferred, uncertain, _, pending] = counts(&here, &output);
        assert_eq!((output.code, accepted, refused, uncertain), (1, 0, 0, 0), "{line}: {output:?}");
        assert_eq!(deferred + pending, 100, "{line}");
        assert!((5..=25).contains(&deferred), "{line}: it asked {deferred}");
        assert!(
            output.stderr.contains(line.split_once('>').map_or(line, |(_, text)| text)),
            "{output:?}"
        );
        assert!(output.stderr.contains("run the same command again"), "{output:?}");
        let mended = Relay::new();
        let output = send(&here, &mended, &[]);
        assert_eq!((output.code, mended.copies().len()), (0, 100), "{line}: {output:?}");
    }
}

#[test]
fn one_domain_that_is_the_whole_list_is_not_asked_to_its_end_and_nobody_is_refused() {
    let (here, relay) = (with_readers(200), always(At::Rcpt, "550 5.7.1 Unable to relay"));
    let output = send(&here, &relay, &[]);
    let [accepted, refused, ..] = counts(&here, &output);
    assert_eq!((output.code, accepted, refused), (1, 0, 0), "{output:?}");
    assert!(relay.counts().commands < 120, "it went on asking: {:?}", relay.counts());
    assert!(output.stderr.contains("Unable to relay"), "{output:?}");
    let mended = Relay::new();
    assert_eq!((send(&here, &mended, &[]).code, mended.copies().len()), (0, 200));
}

#[test]
fn a_list_of_one_or_two_is_refused_by_nobody_where_the_relay_does_not_say_whom_it_means() {
    for count in [1, 2] {
        for line in ["554 5.7.1 Relay access denied", "550 5.7.1 rejected"] {
            let (here, relay) = (with_readers(count), always(At::Rcpt, line));
            let output = send(&here, &relay, &[]);
            let deferred = count as u64;
            assert_eq!(
                (output.code, counts(&here, &output)),
                (1, [0, 0, deferred, 0, 0, 0]),
                "{output:?}"
            );
            assert!(output.stderr.contains(line), "{output:?}");
            let mended = Relay::new();
            assert_eq!((send(&here, &mended, &[]).code, mended.copies().len()), (0, count));
        }
    }
}

#[test]
fn a_dead_list_of_three_is_three_refused() {
    for line in [
        "550 5.1.1 no",
        "550 5.1.2 no such system",
        "551 5.1.6 moved",
        "556 5.1.10 null MX",
        "550 5.2.1 disabled",
        "550 No such user here",
        "550 Requested action not taken: mailbox unavailable",
    ] {
        let (here, relay) = (with_readers(3), always(At::Rcpt, line));
        let output = send(&here, &relay, &[]);
        assert_eq!(counts(&here, &output), [0, 3, 0, 0, 0, 0], "{line}: {output:?}");
    }
}

#[test]
fn what_was_refused_before_the_first_was_accepted_is_refused_when_others_are() {
    let members = || Do::reply("550 5.7.1 members only");
    let script = (1..=4).fold(Script::new(), |script, n| {
        script.rule(At::Rcpt, When::recipient(&format!("r00{n}@")), members())
    });
    let (here, relay) = (spread(60, 5), Relay::scripted(script));
    let output = send(&here, &relay, &["--connections", "1"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [56, 4, 0, 0, 0, 0]), "{output:?}");
    let book = book(&here);
    let row = book.row("r001@d1.example");
    assert_eq!((row.code, row.attempts, row.text.as_deref()), (Some(550), 1, Some("members only")));
}

#[test]
fn a_relay_that_turns_against_us_in_mid_run_stops_it_and_nobody_is_refused() {
    let blocked = |n| {
        let line = format!("554 5.7.1 <r{n:03}@d{}.example>: rejected as 4bX{n}", n % 5);
        (At::Dot, When::recipient(&format!("r{n:03}@")), Do::reply(&line))
    };
    let script = (61..=300)
        .map(blocked)
        .fold(Script::new(), |all, (at, when, action)| all.rule(at, when, action));
    let (here, relay) = (spread(300, 5), Relay::scripted(script));
    let output = send(&here, &relay, &["--connections", "1"]);
    let [accepted, refused, deferred, _, _, pending] = counts(&here, &output);
    assert_eq!((output.code, accepted, refused), (1, 60, 0), "{output:?}");
    assert!(deferred < 20 && pending > 200, "{output:?}");
    let mended = Relay::new();
    assert_eq!((send(&here, &mended, &[]).code, mended.copies().len()), (0, 240));
}

#[test]
fn killed_between_a_refusal_and_its_meaning_nobody_is_refused() {
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("r001@"), Do::reply("550 5.7.1 Relay access denied"))
        .rule(At::Rcpt, When::recipient("r002@"), Do::reply("550 5.7.1 rejected"))
        .rule(At::Rcpt, When::recipient("r003@"), Do::Stall);
    let (here, relay) = (with_readers(3), Relay::scripted(script));
    let url = relay.url();
    let running = here.start(&["send", "2025-11", "--yes", "--connections", "1", "--relay", &url]);
    let asked = || relay.lines().iter().any(|line| line.starts_with("RCPT TO:<r003@"));
    assert!(crate::harness::running::wait_until(std::time::Duration::from_secs(20), asked));
    running.kill();
    assert!(book(&here).of("refused").is_empty());
    let mended = Relay::new();
    assert_eq!((send(&here, &mended, &[]).code, mended.copies().len()), (0, 3));
}

#[test]
fn one_of_two_relays_that_refuses_us_leaves_everybody_to_the_other() {
    for line in ["554 5.7.1 Relay access denied", "550 5.7.1 rejected"] {
        for domains in [1, 7] {
            let slow = Script::new().rule(At::Dot, When::Always, crate::pace::slow());
            let (refuses, takes) = (always(At::Rcpt, line), Relay::scripted(slow));
            let row = |n: usize| format!("r{n:03}@d{}.example,Reader {n}\n", n % domains);
            let list = format!("email,first_name\n{}", (1..=100).map(row).collect::<String>());
            let here = two_relays(1, (&refuses, ""), (&takes, "")).write(LIST, list);
            let output = crate::pace::send_configured(&here, &[]);
            assert_eq!(
                (output.code, counts(&here, &output)),
                (0, [100, 0, 0, 0, 0, 0]),
                "{output:?}"
            );
            assert!(takes.copies().values().all(|copies| *copies == 1));
            assert!(output.stderr.contains("left to the other relays"), "{output:?}");
        }
    }
}

#[test]
fn a_full_mailbox_after_the_dot_stops_nobody() {
    for line in ["552 mailbox quota exceeded", "552 5.2.2 over quota"] {
        let script = Script::new().rule(At::Dot, When::recipient("r002@"), Do::reply(line));
        let (here, relay) = (with_readers(60), Relay::scripted(script));
        let output = send(&here, &relay, &[]);
        assert_eq!((output.code, counts(&here, &output)), (0, [59, 1, 0, 0, 0, 0]), "{output:?}");
    }
}

#[test]
fn one_domain_that_refuses_the_message_stops_nobody_behind_it() {
    let row =
        |n| format!("r{n:03}@{}.example,Reader {n}\n", if n <= 20 { "stern" } else { "kind" });
    let here = named(&(1..=60).map(row).collect::<String>());
    let script =
        Script::new().rule(At::Dot, When::recipient("@stern"), Do::reply("554 5.7.1 spam"));
    let relay = Relay::scripted(script);
    let output = send(&here, &relay, &["--connections", "1"]);
    assert_eq!((output.code, counts(&here, &output)), (4, [40, 0, 20, 0, 0, 0]), "{output:?}");
}

#[test]
fn those_whose_message_was_refused_are_tried_after_the_others() {
    let row =
        |n: usize| format!("r{n:03}@{}.example,Reader {n}\n", ["stern", "hard", "kind"][n % 3]);
    let here = named(&(1..=9).map(row).collect::<String>());
    let stops = always(At::Dot, "554 5.7.1 spam");
    assert_eq!(send(&here, &stops, &["--connections", "1"]).code, 1);
    let first = book(&here).of("deferred").iter().map(|who| (*who).to_owned()).collect::<Vec<_>>();
    assert!((5..=8).contains(&first.len()), "{first:?}");
    let open = Relay::new();
    assert_eq!(send(&here, &open, &["--connections", "1"]).code, 0);
    let order: Vec<String> = open.accepted().iter().map(|m| m.recipients.concat()).collect();
    let mut last = order[9 - first.len()..].to_vec();
    last.sort();
    assert_eq!(last, first, "{order:?}");
}

#[test]
fn a_recipient_at_whose_rcpt_the_relay_breaks_off_stops_nobody() {
    for action in [
        Do::Close,
        Do::Reset,
        Do::reply_then_close("421 4.3.0 no more"),
        Do::reply("421 4.3.0 no more"),
        Do::reply("503 5.5.1 bad sequence of commands"),
        Do::reply("535 5.7.8 bad credentials"),
        Do::reply("530 5.7.0 log in first"),
    ] {
        for pipelining in [true, false] {
            let told = format!("{action:?}");
            let script = Script::new().rule(At::Rcpt, When::recipient("r003@"), action.clone());
            let options =
                sejong_digest::catcher::CatcherOptions { script, pipelining, ..Default::default() };
            let (here, relay) = (with_readers(60), Relay::with(options));
            let output = send(&here, &relay, &["--connections", "2"]);
            let expected = (4, [59, 0, 1, 0, 0, 0]);
            assert_eq!((output.code, counts(&here, &output)), expected, "{told}: {output:?}");
            let asked = relay.lines().iter().filter(|line| line.contains("TO:<r003@")).count();
            assert!(asked <= 4, "{told}: asked {asked} times");
        }
    }
}

#[test]
fn a_domain_whose_recipients_break_off_every_session_stops_nobody_behind_it() {
    let row =
        |n| format!("r{n:03}@{}.example,Reader {n}\n", if n <= 20 { "stern" } else { "kind" });
    let here = named(&(1..=60).map(row).collect::<String>());
    let script = Script::new().rule(At::Rcpt, When::recipient("@stern"), Do::Close);
    let relay = Relay::scripted(script);
    let output = send(&here, &relay, &["--connections", "1"]);
    assert_eq!((output.code, counts(&here, &output)), (4, [40, 0, 20, 0, 0, 0]), "{output:?}");
}

#[test]
fn connections_that_are_reset_now_and_then_end_no_run_of_short_sessions() {
    let script = Script::new().rule(At::Banner, When::Fraction(0.1, 5), Do::Reset);
    let (here, relay) = (with_readers(80), Relay::scripted(script));
    let url = format!("{}?max_messages=1&connections=1", relay.url());
    let output = here.run(&["send", "2025-11", "--yes", "--json", "--relay", &url]);
    assert_eq!((output.code, counts(&here, &output)), (0, [80, 0, 0, 0, 0, 0]), "{output:?}");
}

#[test]
fn who_is_refused_stays_refused_until_somebody_wants_another_attempt() {
    let gone = || Script::new().rule(At::Rcpt, When::recipient("r002@"), Do::reply("550 5.1.1 no"));
    let (here, relay) = (with_readers(3), Relay::scripted(gone()));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let kept = book(&here).row("r002@x.example").message_id.clone();
    let open = Relay::new();
    let again = send(&here, &open, &[]);
    assert_eq!((again.code, open.counts().accepted), (0, 0), "{again:?}");
    let output = send(&here, &open, &["--retry-refused"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [3, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(output.stderr.contains("refused   r002@x.example: 550 5.1.1 no"), "{output:?}");
    let ids: BTreeMap<String, String> = open
        .accepted()
        .iter()
        .map(|m| (m.recipients.concat(), crate::mail::Mail::read(&m.bytes).id().to_owned()))
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(ids.get("r002@x.example"), kept.map(|id| format!("<{id}>")).as_ref());
    // Nobody is left, and without a person to ask nothing is done unasked.
    let url = open.url();
    let unasked = here.run(&["send", "2025-11", "--retry-refused", "--relay", &url]);
    assert_eq!(open.counts().accepted, 1, "{unasked:?}");
}
