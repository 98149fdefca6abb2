//! What was planned is what is sent, also tomorrow and whatever has become of the files.

use std::collections::BTreeSet;
use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::harness::running::wait_until;
use crate::mail::Mail;
use crate::outcomes::script;
use crate::relay::Relay;
use crate::{LIST, book, counts, send, summary, with_readers};

const ARTICLE: &str = "issues/2025-11/hangul.md";

/// Two of three readers have the issue and `r001` was put off; then an article was edited.
fn begun() -> (Publication, Vec<(String, String)>) {
    let here = with_readers(3);
    let relay = Relay::scripted(script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let first = dated(&relay);
    (here.edit(ARTICLE, "Twenty-eight", "Twenty-four"), first)
}

/// The text and the Date of each message.
fn dated(relay: &Relay) -> Vec<(String, String)> {
    let mails = relay.accepted().into_iter().map(|message| Mail::read(&message.bytes));
    mails
        .map(|mail| (mail.text.replace(mail.unsubscribe(), ""), mail.field("Date").to_owned()))
        .collect()
}

#[test]
fn who_waits_gets_what_the_others_got_with_its_date() {
    let (here, first) = begun();
    let relay = Relay::new();
    std::thread::sleep(Duration::from_millis(1_100));
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
    let second = dated(&relay);
    assert!(second[0].0.contains("Twenty-eight"), "{second:?}");
    assert_eq!(second[0].1, first[0].1);
    for words in ["changed since the plan: hangul.md;", "--recompose"] {
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
}

#[test]
fn files_that_did_not_change_are_not_mentioned() {
    let here = with_readers(2);
    let relay = Relay::scripted(script(&["r001"], "450 4.2.1 busy"));
    let first = send(&here, &relay, &[]);
    let second = send(&here, &Relay::new(), &[]);
    assert_eq!((first.code, second.code), (4, 0));
    assert!(!second.stderr.contains("since the plan"), "{}", second.stderr);
    assert_eq!(summary(&first)["content_hash"], summary(&second)["content_hash"]);
}

/// The second send reads its list from a pipe, and has looked at the ledger before.
#[cfg(unix)]
#[test]
fn a_send_that_is_overtaken_while_it_reads_its_list_leaves_the_plan_alone() {
    use std::io::Write as _;

    let (here, late) = (with_readers(3), Relay::new());
    let line = ["send", "2025-11", "--yes", "--relay", &late.url()];
    let (second, mut list) = crate::reading_a_pipe(&here, &line);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::scripted(script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    list.write_all(b"r001@x.example\n").unwrap();
    drop(list);
    let second = second.wait();
    assert_eq!((second.code, late.counts().accepted), (1, 0), "{second:?}");
    for words in ["another send planned the issue meanwhile", "run the same command again"] {
        assert!(second.stderr.contains(words), "no {words:?} in {}", second.stderr);
    }
    assert_eq!(send(&here, &late, &[]).code, 0);
    assert!(dated(&late)[0].0.contains("Twenty-four"), "{:?}", dated(&late));
}

/// As where the relay's address was mistyped: the run is over, and nobody was attempted.
fn reached_nobody() -> Publication {
    let here = with_readers(3);
    let nowhere = here.run(&["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:1"]);
    assert_eq!((nowhere.code, book(&here).of("pending").len()), (1, 3), "{nowhere:?}");
    here
}

#[test]
fn a_send_that_reached_no_relay_does_not_freeze_the_issue() {
    let here = reached_nobody().edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [3, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(dated(&relay).iter().all(|(text, _)| text.contains("Twenty-four")));
    let words = "changed since the plan: hangul.md; nobody has this issue yet";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    // From now on it is frozen.
    let here = here.edit(ARTICLE, "Twenty-four", "Twenty").write(LIST, crate::list(4));
    let relay = Relay::new();
    assert_eq!(send(&here, &relay, &[]).code, 0);
    assert!(dated(&relay)[0].0.contains("Twenty-four"), "{:?}", dated(&relay));
}

#[test]
fn a_mistake_that_was_made_before_anybody_was_attempted_stops_the_send() {
    let here = reached_nobody().edit(ARTICLE, "letters", "![gone](gone.png)");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, relay.counts().connections), (3, 0), "{output:?}");
    assert!(output.stderr.contains("gone.png"), "{}", output.stderr);
}

/// Killed between the claim and the relay's reply to the first dot: somebody may have it.
#[test]
fn a_send_that_was_killed_with_a_message_on_the_wire_has_frozen_the_issue() {
    let script = Script::new().rule(At::Dot, When::Always, Do::Stall);
    let (here, silent) = (with_readers(3), Relay::scripted(script));
    let url = format!("{}?connections=1", silent.url());
    let running = here.start(&["send", "2025-11", "--yes", "--relay", &url]);
    let asked = || silent.lines().iter().any(|line| line.starts_with("DATA"));
    assert!(wait_until(Duration::from_secs(20), asked));
    // The dot follows the relay's 354.
    std::thread::sleep(Duration::from_millis(500));
    running.kill();
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (4, [2, 0, 0, 1, 0, 0]), "{output:?}");
    // The same is said where a full disk has ended the run.
    let words =
        "digest was stopped, or could not write, before the relay's answer was written down";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    assert!(dated(&relay).iter().all(|(text, _)| text.contains("Twenty-eight")));
}

#[test]
fn files_with_errors_do_not_stop_what_was_planned() {
    let (here, _) = begun();
    let here = here.edit(ARTICLE, "letters", "![gone](gone.png)");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
    assert!(output.stderr.contains("the issue's files have errors now"), "{}", output.stderr);
}

#[test]
fn recompose_is_for_those_never_attempted() {
    let (here, _) = begun();
    let list = here.read(LIST) + "new@x.example,Ada\n";
    let here = here.write(LIST, list);
    let relay = Relay::new();
    let output = send(&here, &relay, &["--recompose"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [4, 0, 0, 0, 0, 0]), "{output:?}");
    for message in relay.accepted() {
        let text = Mail::read(&message.bytes).text;
        let new = message.recipients.concat() == "new@x.example";
        assert_eq!(text.contains("Twenty-four"), new, "{text}");
    }
    assert_eq!(relay.counts().accepted, 2);
}

// A relay that takes a message and says 451 has it; what it says of the repetition changes nothing.
#[test]
fn nobody_who_may_have_the_first_text_gets_a_second_one() {
    let here = with_readers(3);
    let dot =
        |action| Relay::scripted(Script::new().rule(At::Dot, When::recipient("r001"), action));
    let took = dot(Do::AcceptThenReply(b"451 4.3.0 try again\r\n".to_vec()));
    assert_eq!(send(&here, &took, &[]).code, 4);
    assert_eq!(send(&here, &dot(Do::reply("554 5.7.1 spam")), &[]).code, 1);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let output = send(&here, &relay, &["--recompose"]);
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
    assert!(dated(&relay)[0].0.contains("Twenty-eight"), "{:?}", dated(&relay));
}

#[test]
fn a_message_that_was_refused_as_such_can_be_mended() {
    let here = with_readers(8);
    let script = Script::new().rule(At::Dot, When::Always, Do::reply("554 5.7.1 spam"));
    let output = send(&here, &Relay::scripted(script), &[]);
    assert_eq!(output.code, 1, "{output:?}");
    let words = "Nobody has the issue, so changes that you make before that go out too";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [8, 0, 0, 0, 0, 0]), "{output:?}");
    let words = "changed since the plan: hangul.md; nobody has this issue yet";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    let texts: BTreeSet<bool> =
        dated(&relay).iter().map(|(text, _)| text.contains("Twenty-four")).collect();
    assert_eq!(texts, BTreeSet::from([true]));
}

/// Each way in which everybody is turned away before their relay has a text.
#[test]
fn an_issue_that_everybody_was_refused_goes_out_as_it_is_now() {
    for (at, line, more) in [
        (At::Rcpt, "550 5.1.1 no such user", &["--retry-refused"][..]),
        (At::Rcpt, "450 4.2.0 Greylisted", &[]),
        (At::Mail, "451 4.3.0 try again", &[]),
        (At::Dot, "554 5.7.1 spam", &[]),
    ] {
        let here = with_readers(3);
        let refusing = Script::new().rule(at, When::Always, Do::reply(line));
        assert_ne!(send(&here, &Relay::scripted(refusing), &[]).code, 0);
        let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
        let hash =
            summary(&here.run(&["plan", "2025-11", "--json", "--relay", "smtp://127.0.0.1:1"]));
        let hash = hash["content_hash"].as_str().expect("a hash").to_owned();
        let relay = Relay::new();
        let output = send(&here, &relay, &[&["--expect", &hash], more].concat());
        assert_eq!((output.code, relay.counts().accepted), (0, 3), "{line}: {output:?}");
        let texts = dated(&relay);
        assert!(texts.iter().all(|(text, _)| text.contains("Twenty-four")), "{line}: {texts:?}");
    }
}

/// What the list says now goes with the text of now.
#[test]
fn who_was_put_off_before_the_text_gets_the_fields_of_the_list_too() {
    let here = with_readers(2);
    let busy = Relay::scripted(script(&["r001"], "450 4.2.1 busy").rule(
        At::Rcpt,
        When::recipient("r002"),
        Do::reply("550 5.1.1 no such user"),
    ));
    assert_eq!(send(&here, &busy, &[]).code, 4);
    let here = here.write(LIST, "email,city\nr001@x.example,Seoul\nr002@x.example,Busan\n").edit(
        ARTICLE,
        "Twenty-eight",
        "In {{ city }}, twenty-eight",
    );
    let relay = Relay::new();
    let output = send(&here, &relay, &["--retry-refused"]);
    assert_eq!((output.code, relay.counts().accepted), (0, 2), "{output:?}");
    let mut texts: Vec<String> = dated(&relay).into_iter().map(|(text, _)| text).collect();
    texts.sort();
    for city in ["Seoul", "Busan"] {
        let words = format!("In {city}, twenty-eight");
        assert!(texts.iter().any(|text| text.contains(&words)), "{texts:?}");
    }
}

/// One of them may have the text: a relay may say 451 and keep what it was given.
#[test]
fn an_issue_that_one_relay_may_have_kept_stays_as_it_was() {
    let here = with_readers(3);
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("r001"), Do::reply("550 5.1.1 no such user"))
        .rule(At::Rcpt, When::recipient("r002"), Do::reply("550 5.7.1 rejected"))
        .rule(At::Dot, When::recipient("r003"), Do::reply("451 4.3.0 not now"));
    let output = send(&here, &Relay::scripted(script), &[]);
    assert_eq!(counts(&here, &output)[0], 0, "{output:?}");
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let output = send(&here, &relay, &["--retry-refused"]);
    assert_eq!((output.code, relay.counts().accepted), (0, 3), "{output:?}");
    assert!(dated(&relay).iter().all(|(text, _)| text.contains("Twenty-eight")));
    assert!(output.stderr.contains("some people may have the issue already"), "{output:?}");
}

#[test]
fn a_finished_issue_says_so_although_its_files_have_changed() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, relay.counts().accepted), (0, 2), "{output:?}");
    assert!(output.stderr.contains("nothing to send of 2025-11: 2 who"), "{}", output.stderr);
}

/// Whoever may have the first text never gets a second one, however often they are sent to and
/// whatever else the same command tries again.
#[test]
fn who_is_uncertain_is_sent_the_text_that_they_may_have() {
    let lost = |relay: &str| {
        Relay::scripted(Script::new().rule(At::Dot, When::recipient(relay), Do::AcceptThenClose))
    };
    for more in [&[][..], &["--retry-refused"]] {
        let here = with_readers(3);
        assert_eq!(send(&here, &lost("r002"), &[]).code, 4);
        let mut here = here.write(LIST, crate::list(4));
        for (now, next) in [("Twenty-eight", "Twenty-four"), ("Twenty-four", "Twenty")] {
            here = here.edit(ARTICLE, now, next);
            let again = [&["--uncertain", "resend", "--recompose"], more].concat();
            let relay = lost("r002");
            let output = send(&here, &relay, &again);
            assert!(output.code != 0 && counts(&here, &output)[3] == 1, "{output:?}");
            assert!(relay.counts().accepted > 0, "{output:?}");
            for message in relay.accepted() {
                let text = Mail::read(&message.bytes).text;
                let may_have = message.recipients.concat() == "r002@x.example";
                assert_eq!(text.contains("Twenty-eight"), may_have, "{text}");
            }
        }
    }
}

/// The next issue is begun as a copy of the one that is on its way.
#[test]
fn a_copied_folder_stops_no_issue_that_somebody_may_have() {
    let here = with_readers(3);
    let busy = Relay::scripted(script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &busy, &[]).code, 4);
    let issue = here.read("issues/2025-11/issue.toml");
    let article = here.read(ARTICLE);
    // Of two that were not sent it would be the second one's fault.
    for copy in ["2025-12", "2025-02"] {
        let head = format!("issues/{copy}/issue.toml");
        let here = with_readers(3);
        assert_eq!(send(&here, &Relay::scripted(script(&["r001"], "450 4.2.1 busy")), &[]).code, 4);
        let here = here.write(&head, &issue).write(&format!("issues/{copy}/hangul.md"), &article);
        assert_eq!(here.run(&["check", "2025-11"]).code, 0);
        let told = here.run(&["check", copy]);
        assert_eq!(told.code, 3, "{told:?}");
        let told = told.stdout + &told.stderr;
        for words in
            ["the issue 2025-11 also has the number 1", &head, &format!("give {copy} the number 2")]
        {
            assert!(told.contains(words), "no {words:?} in {told}");
        }
        let stopped = here.run(&["send", copy, "--yes", "--relay", "smtp://127.0.0.1:1"]);
        assert_eq!(stopped.code, 3, "{stopped:?}");
        assert!(
            stopped.stderr.contains("the issue's files have errors; nothing was sent"),
            "{stopped:?}"
        );
        let relay = Relay::new();
        // By the ledger's word, where the receipt is gone.
        let here = if copy == "2025-12" { here } else { here.remove("receipts/2025-11.toml") };
        assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 1));
    }
}
