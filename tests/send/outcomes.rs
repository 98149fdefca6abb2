//! Outcomes by recipient: what each reply, or none, leaves in the ledger, and what the next send
//! does about it.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, book, counts, send, with_readers};

/// A relay that answers these recipients so.
pub(crate) fn script(recipients: &[&str], line: &str) -> Script {
    recipients.iter().fold(Script::new(), |script, recipient| {
        script.rule(At::Rcpt, When::recipient(recipient), Do::reply(line))
    })
}

/// One is refused for good, one for now, and of one nobody can tell.
pub(crate) fn mixed() -> Script {
    Script::new()
        .rule(At::Rcpt, When::recipient("r002"), Do::reply("550 5.1.1 no such mailbox"))
        .rule(At::Rcpt, When::recipient("r004"), Do::reply("450 4.2.1 mailbox busy"))
        .once(At::Dot, When::recipient("r006"), Do::AcceptThenReset)
}

#[test]
fn each_recipient_has_an_outcome_of_their_own() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (4, [5, 1, 1, 1, 0, 0]), "{output:?}");
    let book = book(&here);
    assert_eq!(book.of("refused"), ["r002@x.example"]);
    assert_eq!(book.of("deferred"), ["r004@x.example"]);
    assert_eq!(book.of("uncertain"), ["r006@x.example"]);
    let refused = book.row("r002@x.example");
    assert_eq!((refused.code, refused.enhanced.as_deref()), (Some(550), Some("5.1.1")));
    assert_eq!(refused.text.as_deref(), Some("no such mailbox"));
    for words in [
        "refused   r002@x.example: 550 5.1.1 no such mailbox",
        "uncertain r006@x.example",
        "1 person was put off; the same command tries again at once",
        "settle 1 person who may or may not have it: `digest reconcile 2025-11 --maillog FILE`",
    ] {
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
    // Others went on over the connections that were reset or opened anew, each once.
    assert_eq!(relay.copies().into_values().collect::<Vec<_>>(), [1; 6]);
}

#[test]
fn every_row_keeps_the_message_id_that_was_sent() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let book = book(&here);
    for message in relay.accepted() {
        let row = book.row(&message.recipients.concat());
        let id = Mail::read(&message.bytes).id().to_owned();
        assert_eq!(row.message_id.as_ref().map(|id| format!("<{id}>")), Some(id), "{row:?}");
    }
}

#[test]
fn the_next_send_repeats_who_was_deferred_and_holds_who_is_uncertain() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let open = Relay::new();
    let next = send(&here, &open, &[]);
    assert_eq!((next.code, counts(&here, &next)), (4, [6, 1, 0, 1, 0, 0]), "{next:?}");
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["r004@x.example"]);
    assert_eq!(book(&here).row("r004@x.example").attempts, 2);
    // Nothing is left that may be sent: still not done, and nobody is asked again.
    let held = send(&here, &open, &[]);
    assert_eq!((held.code, open.counts().accepted), (4, 1));
    assert!(held.stderr.contains("--uncertain resend"), "{}", held.stderr);
}

#[test]
fn an_uncertain_message_is_resent_on_demand_with_its_message_id() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let open = Relay::new();
    let resent = send(&here, &open, &["--uncertain", "resend"]);
    assert_eq!((resent.code, counts(&here, &resent)), (0, [7, 1, 0, 0, 0, 0]), "{resent:?}");
    let id_at = |relay: &Relay| {
        let accepted = relay.accepted();
        let message = accepted.iter().find(|m| m.recipients == ["r006@x.example"]);
        Mail::read(&message.expect("it arrived").bytes).id().to_owned()
    };
    assert_eq!(id_at(&open), id_at(&relay));
    assert_eq!(open.counts().accepted, 2, "{:?}", open.copies());
}

#[test]
fn a_row_that_is_sent_again_keeps_its_message_id_whatever_the_sender_is_called_now() {
    // Both at once would be another publication.
    let changes = [
        ("digest@sejong.example", "news@other.example"),
        ("[publication]\n", "[publication]\nlist_id = \"news.other.example\"\n"),
    ];
    for (from, to) in changes {
        let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
        assert_eq!(send(&here, &relay, &[]).code, 4);
        let kept = book(&here);
        let here = here.edit("digest.toml", from, to);
        let open = Relay::new();
        send(&here, &open, &["--uncertain", "resend", "--retry-refused"]);
        let again = open.accepted();
        assert_eq!(again.len(), 3, "{:?}", open.copies());
        for message in again {
            let mail = Mail::read(&message.bytes);
            let text = String::from_utf8_lossy(&message.bytes);
            assert!(text.contains("news@other.example") || text.contains("news.other.example"));
            let before = kept.row(&message.recipients.concat()).message_id.as_ref();
            assert_eq!(before.map(|id| format!("<{id}>")).as_deref(), Some(mail.id()));
        }
    }
}

#[test]
fn an_uncertain_person_who_left_the_list_is_not_resent_to() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let list = here.read(LIST).replace("r006@x.example,Reader 6\n", "");
    let here = here.write(LIST, list);
    let open = Relay::new();
    send(&here, &open, &["--uncertain", "resend"]);
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["r004@x.example"]);
}

#[test]
fn a_relay_that_ends_sessions_costs_nobody_their_message() {
    let closing = Script::new()
        .rule(At::Mail, When::Fraction(0.05, 7), Do::reply_then_close("421 4.3.2 closing"))
        .rule(At::Rcpt, When::Fraction(0.05, 8), Do::reply_then_close("421 4.3.2 closing"))
        .rule(At::Data, When::Fraction(0.03, 10), Do::reply_then_close("421 4.3.2 closing"));
    let (here, relay) = (with_readers(150), Relay::scripted(closing));
    let mut output = send(&here, &relay, &[]);
    if output.code == 4 {
        // Whoever met the end of three sessions waits for the next run.
        let [accepted, _, deferred, ..] = counts(&here, &output);
        assert!(accepted + deferred == 150 && deferred <= 5, "{output:?}");
        output = send(&here, &relay, &[]);
    }
    assert_eq!((output.code, counts(&here, &output)), (0, [150, 0, 0, 0, 0, 0]), "{output:?}");
    assert_eq!(relay.copies().len(), 150);
    assert!(relay.copies().into_values().all(|copies| copies == 1));
    assert!(relay.counts().connections > 4, "{:?}", relay.counts());
}

#[test]
fn resets_leave_at_most_rows_of_which_nobody_can_tell() {
    let resetting = Script::new()
        .rule(At::Mail, When::Fraction(0.03, 7), Do::Reset)
        .rule(At::Rcpt, When::Fraction(0.03, 8), Do::Close)
        .rule(At::Body(300), When::Fraction(0.02, 9), Do::Reset)
        .rule(At::Dot, When::Fraction(0.02, 10), Do::AcceptThenReset)
        .rule(At::Dot, When::Fraction(0.02, 11), Do::Reset);
    let (here, relay) = (with_readers(150), Relay::scripted(resetting));
    let output = send(&here, &relay, &[]);
    let [accepted, refused, deferred, uncertain, ..] = counts(&here, &output);
    assert_eq!(
        (output.code, accepted + uncertain, refused, deferred),
        (4, 150, 0, 0),
        "{output:?}"
    );
    let copies = relay.copies();
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    let (book, open) = (book(&here), Relay::new());
    assert!(book.of("accepted").iter().all(|email| copies.contains_key(*email)));
    let resent = send(&here, &open, &["--uncertain", "resend"]);
    assert_eq!((resent.code, counts(&here, &resent)), (0, [150, 0, 0, 0, 0, 0]), "{resent:?}");
    let mut again: Vec<_> = open.copies().into_keys().collect();
    again.sort();
    assert_eq!(again, book.of("uncertain"), "nobody else");
}

#[test]
fn a_relay_that_counts_messages_is_met_again_and_again() {
    let (here, relay) = (with_readers(60), Relay::new());
    let url = format!("{}?max_messages=5", relay.url());
    let output = here.run(&["send", "2025-11", "--yes", "--json", "--relay", &url]);
    assert_eq!((output.code, counts(&here, &output)), (0, [60, 0, 0, 0, 0, 0]), "{output:?}");
    assert!((12..=20).contains(&relay.counts().connections), "{:?}", relay.counts());
}

#[test]
fn a_relay_that_takes_one_message_a_connection_ends_no_run() {
    let (here, relay) = (with_readers(3000), Relay::new());
    let url = format!("{}?max_messages=1&connections=1", relay.url());
    let output = here.run(&["send", "2025-11", "--yes", "--json", "--relay", &url]);
    assert_eq!((output.code, counts(&here, &output)), (0, [3000, 0, 0, 0, 0, 0]), "{output:?}");
}

#[test]
fn without_pipelining_all_the_same_arrives() {
    use sejong_digest::catcher::CatcherOptions;
    let options = CatcherOptions { pipelining: false, script: mixed(), ..Default::default() };
    let (here, relay) = (with_readers(8), Relay::with(options));
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (4, [5, 1, 1, 1, 0, 0]), "{output:?}");
}

#[test]
fn a_send_of_which_everybody_was_refused_has_failed_and_says_why() {
    let script = Script::new().rule(At::Rcpt, When::Always, Do::reply("550 5.1.1 no such mailbox"));
    let (here, relay) = (with_readers(3), Relay::scripted(script));
    let words = "nobody has the issue: every recipient was refused (550 5.1.1 no such mailbox)";
    for _ in ["sent", "nothing to send"] {
        let output = send(&here, &relay, &[]);
        assert_eq!((output.code, counts(&here, &output)), (1, [0, 3, 0, 0, 0, 0]), "{output:?}");
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
    // Somebody new has it: then the send has done its work.
    let here = here.write(LIST, crate::list(4));
    let output = send(&here, &Relay::new(), &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [1, 3, 0, 0, 0, 0]), "{output:?}");
    assert!(!output.stderr.contains("names all of them"), "all three are named: {output:?}");
}

#[test]
fn where_not_all_are_named_the_end_says_what_names_them() {
    let script = Script::new().rule(At::Rcpt, When::recipient("r001"), Do::reply("250 fine")).rule(
        At::Rcpt,
        When::Always,
        Do::reply("550 5.1.1 no such mailbox"),
    );
    let (here, relay) = (with_readers(13), Relay::scripted(script));
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [1, 12, 0, 0, 0, 0]), "{output:?}");
    let words = "`digest status 2025-11 --missed` names all of them";
    assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    let missed = here.run(&["status", "2025-11", "--missed"]).stdout;
    assert_eq!(missed.lines().count(), 12, "{missed}");
}

#[test]
fn whoever_is_sent_to_once_more_is_named() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let output = send(&here, &Relay::new(), &["--uncertain", "resend"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [7, 1, 0, 0, 0, 0]), "{output:?}");
    assert!(output.stderr.contains("again     r006@x.example: "), "{}", output.stderr);
    assert_eq!(output.stderr.matches("again     ").count(), 1, "{}", output.stderr);
}

#[test]
fn a_reply_that_turns_its_text_round_is_shown_written_out() {
    let script = script(&["r002"], "550 5.1.1 no \u{202E}hcus\u{200B} \u{E0041}\u{9B}mailbox");
    let (here, relay) = (with_readers(2), Relay::scripted(script));
    let output = here.run(&["send", "2025-11", "--yes", "-vv", "--relay", &relay.url()]);
    let shown = "550 5.1.1 no \\u{202e}hcus\\u{200b} \\u{e0041} mailbox";
    // In the dialogue, and at the end.
    assert!(output.stderr.matches(shown).count() >= 2, "{}", output.stderr);
    let status = here.run(&["status", "2025-11", "--list", "refused"]);
    assert!(status.stdout.contains("no \\u{202e}hcus\\u{200b}"), "{}", status.stdout);
    let odd = |c: char| "\u{202E}\u{200B}\u{E0041}\u{9B}".contains(c);
    assert!(!output.stderr.contains(odd) && !status.stdout.contains(odd));
}

#[test]
fn a_success_in_a_wrong_place_is_not_told_as_if_all_were_well() {
    let odd = |at, who| (at, When::recipient(who));
    let script = [odd(At::Data, "r002"), odd(At::Dot, "r004")].into_iter().fold(
        Script::new(),
        |script, (at, when)| {
            let line = if at == At::Data { "250 2.0.0 queued as 7" } else { "354 go on" };
            script.rule(at, when, Do::reply(line))
        },
    );
    let (here, relay) = (with_readers(5), Relay::scripted(script));
    let output = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    for words in [
        "deferred  r002@x.example: the relay answered DATA with 250 2.0.0 queued as 7, which does",
        "uncertain r004@x.example: the relay answered the message with 354 go on, which does not",
    ] {
        assert!(output.stderr.contains(words), "no {words} in {}", output.stderr);
    }
    let book = book(&here);
    assert_eq!((book.row("r002@x.example").code, book.row("r004@x.example").code), (None, None));
}
