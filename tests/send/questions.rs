//! What is asked on a terminal, and what a no leaves: the real binary on a pseudo-terminal, which
//! `script` (util-linux) opens. Skipped where that is missing.

// Says why a test was skipped; libtest keeps it for who asks.
#![allow(clippy::print_stderr)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Publication};
use crate::relay::Relay;
use crate::{send, with_readers};

/// Runs a line on a terminal, types `keys`, and returns what stood on it; nothing without `script`.
pub(crate) fn on_a_terminal(here: &Publication, line: &str, keys: &str) -> Option<(i32, String)> {
    let command = format!("{DIGEST} {line}");
    let mut script = here.command("script");
    script.args(["-q", "-e", "-E", "never", "-c", &command, "/dev/null"]);
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: script is not installed (util-linux)");
        return None;
    }
    let mut child = script.spawn().expect("script starts");
    child.stdin.as_mut().expect("piped").write_all(keys.as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some((output.status.code().expect("no signal"), text))
}

#[test]
fn the_question_names_the_number_and_the_time_and_a_no_sends_nothing() {
    let (here, relay) = (with_readers(2), Relay::new());
    let here =
        here.edit("digest.toml", "[publication]\n", "[publication]\ntimezone = \"Asia/Seoul\"\n");
    let line = format!("send 2025-11 --relay {} --at '2099-01-07 09:00'", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert_eq!(code, 1, "{text}");
    let question = "Send to 2 recipients at 7 January 2099 09:00 (Asia/Seoul), in ";
    assert!(text.contains(question), "no {question:?} in {text}");
    assert_eq!(relay.counts().connections, 0);
}

#[test]
fn a_no_leaves_no_file_and_a_yes_is_asked_for_once() {
    if only_files("on a server the lock stands before the question") {
        return;
    }
    let relay = Relay::new();
    let real = format!("send 2025-11 --relay {}", relay.url());
    for line in [&real[..], "send 2025-11 --catch out"] {
        let here = with_readers(2);
        let before = here.files();
        let Some((code, text)) = on_a_terminal(&here, line, "n\n") else { return };
        assert!(code == 1 && text.contains("nothing was sent"), "{text}");
        assert_eq!((here.files(), here.exists("out")), (before, false), "{text}");
        let (code, text) = on_a_terminal(&here, line, "y\n").expect("script is there");
        assert_eq!((code, text.matches("Send to 2 recipients?").count()), (0, 1), "{text}");
        assert_eq!(text.matches("Subject ").count(), 1, "{text}");
    }
    assert_eq!(relay.counts().accepted, 2);
}

#[test]
fn a_time_that_is_past_is_said_before_the_question_and_a_yes_sends() {
    let (here, relay) = (with_readers(2), Relay::new());
    let line = format!("send 2025-11 --relay {} --at '2025-01-07 09:00'", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "y\n") else { return };
    assert_eq!((code, relay.counts().accepted), (0, 2), "{text}");
    let (said, asked) = (text.find("messages leave at once"), text.find("Send to 2 recipients?"));
    assert!(said.is_some() && said < asked, "{text}");
}

#[test]
fn a_copy_without_the_ledger_asks_on_a_terminal() {
    if only_files("a clone of the folder has no file of the ledger") {
        return;
    }
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let receipt = "receipts/2025-11.toml";
    let clone = with_readers(2).write(receipt, here.read(receipt));
    let line = format!("send 2025-11 --relay {}", relay.url());
    let Some((code, text)) = on_a_terminal(&clone, &line, "n\n") else { return };
    assert_eq!((code, relay.counts().accepted), (3, 2), "{text}");
    assert!(text.contains("would get it again. Go on?"), "{text}");
    // Whoever was asked is not told the same a second time.
    assert_eq!(text.matches("went to 2 recipients").count(), 1, "{text}");
    assert!(!clone.exists("digest.db") && !clone.exists(".digest-secret"), "{:?}", clone.files());
    for keys in ["y\nn\n", "y\ny\nn\n"] {
        let (code, text) = on_a_terminal(&clone, &line, keys).expect("script is there");
        assert!(text.contains(".digest-secret is missing, and receipts/2025-11.toml"), "{text}");
        assert!(text.contains("links in mail that was already sent stop working"), "{text}");
        assert!(code == 3 || code == 1, "{code}: {text}");
        assert!(!clone.exists("digest.db") && !clone.exists(".digest-secret"), "{keys:?}: {text}");
    }
    let (code, text) = on_a_terminal(&clone, &line, "y\ny\ny\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (0, 4), "{text}");
}

#[test]
fn the_question_names_what_in_only_nobody_has() {
    let (here, relay) = (with_readers(2), Relay::new());
    let line = format!("send 2025-11 --relay {} --only '!tag:pres'", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert_eq!((code, relay.counts().connections), (1, 0), "{text}");
    assert!(text.contains("Send to 2 recipients, although nobody has tag:pres?"), "{text}");
}

#[test]
fn a_renamed_issue_is_asked_about_on_a_terminal() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    std::fs::rename(here.path("issues/2025-11"), here.path("issues/winter")).unwrap();
    let line = format!("send winter --relay {}", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert_eq!((code, relay.counts().accepted), (3, 2), "{text}");
    assert!(text.contains("Is winter another issue than 2025-11?"), "{text}");
    let (code, text) = on_a_terminal(&here, &line, "y\ny\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (0, 4), "{text}");
}

#[test]
fn another_issue_in_the_folder_is_asked_about_on_a_terminal_where_somebody_waits() {
    let here = with_readers(3);
    let busy = Relay::scripted(crate::outcomes::script(&["r002", "r003"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &busy, &[]).code, 4);
    let (here, relay) = (crate::replaced::written_over(here), Relay::new());
    let line = format!("send 2025-11 --relay {}", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert_eq!((code, relay.counts().connections), (3, 0), "{text}");
    let question = "Send the old issue to the 2 people who do not have it? [y/N]";
    assert!(text.contains(question), "no {question:?} in {text}");
    let (code, text) = on_a_terminal(&here, &line, "y\ny\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (0, 2), "{text}");
    // Nobody is left to ask about.
    let (code, text) = on_a_terminal(&here, &line, "y\n").expect("script is there");
    assert!(code == 3 && !text.contains("[y/N]"), "{text}");
}

#[test]
fn a_rehearsal_is_removed_only_after_a_yes() {
    let here = with_readers(2);
    let rehearse = ["send", "2025-11", "--catch", "out"];
    assert_eq!(here.run(&[&rehearse[..], &["--yes"]].concat()).code, 0);
    let kept = here.files();
    let unasked = here.run(&[&rehearse[..], &["--fresh"]].concat());
    assert_eq!((unasked.code, here.files()), (2, kept.clone()), "{unasked:?}");
    let line = format!("{} --fresh", rehearse.join(" "));
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert_eq!((code, here.files()), (1, kept.clone()), "{text}");
    assert!(text.contains("Remove what the earlier rehearsal of 2025-11 left in out?"), "{text}");
    let (code, text) = on_a_terminal(&here, &line, "y\ny\n").expect("script is there");
    assert_eq!(code, 0, "{text}");
    assert_ne!(here.files(), kept, "it was started over");
}

#[test]
fn each_other_answer_asks_again_and_the_end_of_what_is_typed_is_a_no() {
    let (here, relay) = (with_readers(2), Relay::new());
    let line = format!("send 2025-11 --relay {}", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "send\nyy\n") else { return };
    assert_eq!((code, relay.counts().accepted), (1, 0), "{text}");
    assert_eq!(text.matches("Send to 2 recipients? [y/N]").count(), 3, "{text}");
    assert_eq!(text.matches("please answer y (yes) or n (no)").count(), 2, "{text}");
    let (code, text) = on_a_terminal(&here, &line, "\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (1, 0), "an empty line is no: {text}");
    let (code, text) = on_a_terminal(&here, &line, "maybe\nYES\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (0, 2), "{text}");
}

#[test]
fn the_question_about_who_may_have_it_is_answered_as_the_others_are() {
    for (keys, accepted) in [("\ny\n", 1), ("n\ny\n", 1), ("what\nyes\ny\n", 2)] {
        let cut = Script::new().once(At::Dot, When::recipient("r001"), Do::AcceptThenReset);
        let (here, relay) = (with_readers(2), Relay::scripted(cut));
        assert_eq!(send(&here, &relay, &[]).code, 4);
        let (here, open) = (here.write(crate::LIST, crate::list(3)), Relay::new());
        let line = format!("send 2025-11 --relay {}", open.url());
        let Some((code, text)) = on_a_terminal(&here, &line, keys) else { return };
        assert!(text.contains("Send it to them again? [y/N]"), "{text}");
        // A relay that never answered may have it as well as not.
        assert!(text.contains("is not known whether") && !text.contains("Usually"), "{text}");
        let held = if accepted == 1 { 4 } else { 0 };
        assert_eq!((code, open.counts().accepted), (held, accepted), "{keys:?}: {text}");
    }
}

#[test]
fn a_no_to_the_people_who_were_refused_sends_to_nobody() {
    let gone = Do::reply("550 5.1.1 no such user");
    let script = Script::new().rule(At::Rcpt, When::recipient("r001"), gone);
    let (here, relay) = (with_readers(2), Relay::scripted(script));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let (here, open) = (here.write(crate::LIST, crate::list(3)), Relay::new());
    let line = format!("send 2025-11 --retry-refused --relay {}", open.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\ny\n") else { return };
    assert_eq!((code, open.counts().connections), (1, 0), "{text}");
    for words in
        ["r001@x.example: 550 5.1.1", "After a no, nothing is sent", "nothing was sent, neither"]
    {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let (code, text) = on_a_terminal(&here, &line, "y\ny\n").expect("script is there");
    assert_eq!((code, open.counts().accepted), (0, 2), "{text}");
}

/// Two people were refused and of a third nobody can tell: a command that is for others says nothing
/// of them, and one that is for one of them counts that one.
#[test]
fn a_part_of_the_list_is_asked_about_its_own_people_only() {
    let gone = Do::reply("550 5.1.1 no such user");
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("r001"), gone.clone())
        .rule(At::Rcpt, When::recipient("r002"), gone)
        .once(At::Dot, When::recipient("r003"), Do::AcceptThenReset);
    let (here, relay) = (with_readers(4), Relay::scripted(script));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let (here, open) = (here.write(crate::LIST, crate::list(5)), Relay::new());
    let url = open.url();
    let only = |who: &str, more: &str| {
        format!("send 2025-11 --only email={who}@x.example {more} --relay {url}")
    };
    let Some((_, text)) = on_a_terminal(&here, &only("r005", "--retry-refused"), "n\n") else {
        return;
    };
    for words in ["Send to 1 recipient?", "nothing was sent"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    for words in ["Send it to them again?", "for good. Send", "r001", "r003"] {
        assert!(!text.contains(words), "{words:?} in {text}");
    }
    let (_, text) =
        on_a_terminal(&here, &only("r002", "--retry-refused"), "n\n").expect("script is there");
    assert!(text.contains("The relay refused this person for good"), "{text}");
    assert!(text.contains("r002@x.example: 550") && !text.contains("r001"), "{text}");
    let (_, text) = on_a_terminal(&here, &only("r003", ""), "n\n").expect("script is there");
    assert!(text.contains("not known whether this person has the issue"), "{text}");
    assert_eq!(open.counts().accepted, 0);
}

#[test]
fn a_list_that_lacks_most_of_those_who_wait_is_asked_about_on_a_terminal() {
    let (here, relay) = (with_readers(6), Relay::new());
    let nobody = ["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:9?tls=none"];
    assert_eq!(here.run(&nobody).code, 1);
    let here = here.write(crate::LIST, "email\nnew@x.example\n");
    let line = format!("send 2025-11 --relay {}", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert_eq!((code, relay.counts().connections), (3, 0), "{text}");
    assert_eq!(text.matches("6 of 6 people who wait for 2025-11").count(), 1, "{text}");
    let question = "Are these people to get nothing? [y/N]";
    assert!(text.contains(question), "{text}");
    let (code, text) = on_a_terminal(&here, &line, "y\ny\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (0, 1), "{text}");
}

#[test]
fn whoever_was_given_up_is_asked_about_as_such() {
    let settings = "[retry]\nfirst = \"100ms\"\ncap = \"200ms\"\ngive_up = \"600ms\"";
    let here = crate::retries::with_settings(2, settings);
    let busy = Do::reply("450 4.2.1 mailbox busy");
    let relay = Relay::scripted(Script::new().rule(At::Rcpt, When::recipient("r002"), busy));
    assert_eq!(send(&here, &relay, &["--wait", "20s"]).code, 0);
    let open = Relay::new();
    let line = format!("send 2025-11 --retry-refused --relay {}", open.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "y\ny\n") else { return };
    assert_eq!((code, open.counts().accepted), (0, 1), "{text}");
    let question =
        "The relay said \"not now\" to this person until they were given up. Send to them";
    assert!(text.contains(question) && !text.contains("for good"), "{text}");
}
