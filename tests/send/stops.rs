//! What stops a send before the first recipient, and leaves nothing behind.

use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{LIST, send, with_readers};

const ARTICLE: &str = "issues/2025-11/hangul.md";

/// It ended so, said this on stderr and at most the same on stdout, as an object, and nobody was
/// connected to.
#[track_caller]
fn stopped(output: &Output, relay: &Relay, code: i32, words: &[&str]) {
    assert_eq!(output.code, code, "{output:?}");
    if !output.stdout.is_empty() {
        let told = crate::summary(output);
        let error = told["error"].as_str().unwrap_or_else(|| panic!("no error: {output:?}"));
        assert!(output.stderr.contains(error), "{output:?}");
    }
    for word in words {
        assert!(output.stderr.contains(word), "no {word:?} in {}", output.stderr);
    }
    assert_eq!(relay.counts().connections, 0, "it connected");
}

#[test]
fn a_dry_run_changes_nothing() {
    let (here, relay) = (with_readers(3), Relay::new());
    let before = here.files();
    let line = ["send", "2025-11", "--dry-run", "--relay", &relay.url()];
    let output = here.run(&line);
    assert_eq!(output.code, 0, "{output:?}");
    for words in ["Issue     2025-11 (", "Subject   Hello reader", "3 recipients (x.example 3)"] {
        assert!(output.stdout.contains(words), "no {words:?} in {}", output.stdout);
    }
    let json = here.run(&[&line[..], &["--json"]].concat());
    let told = crate::summary(&json);
    assert_eq!((json.code, &told["to_send"], &told["dry_run"]), (0, &3.into(), &true.into()));
    assert_eq!(here.files(), before, "a file was made");
    assert_eq!(relay.counts().connections, 0);
}

#[test]
fn a_plan_for_nobody_says_that_there_is_nothing_to_do() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("To        nobody: there is nothing to do\n"), "{plan:?}");
    assert!(plan.stdout.contains("Not to    3 who have it already"), "{plan:?}");
}

#[test]
fn a_dry_run_knows_who_has_the_issue_already() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write(LIST, crate::list(5));
    let before = here.files();
    let told = crate::summary(&send(&here, &relay, &["--dry-run"]));
    assert_eq!((&told["to_send"], &told["accepted"]), (&2.into(), &3.into()));
    assert_eq!((here.files(), relay.counts().accepted), (before, 3));
}

#[test]
fn a_store_of_another_kind_is_refused_without_telling_its_password() {
    let (here, relay) = (with_readers(3), Relay::new());
    let before = here.files();
    for (store, words) in [
        ("mysql://digest:s3cret@db.example/list", "does not know the kind of the store mysql://…"),
        ("postgres://digest:s3cret@db.example/list", "it contains a password: delete it there"),
    ] {
        let store = ["--store", store];
        for output in [
            send(&here, &relay, &store),
            here.run(&[&["plan", "2025-11"], &store[..]].concat()),
            here.run(&[&["status", "2025-11"], &store[..]].concat()),
        ] {
            stopped(&output, &relay, 1, &[words]);
            assert!(!format!("{output:?}").contains("s3cret"), "{output:?}");
        }
    }
    assert_eq!(here.files(), before, "a file was made");
}

#[test]
fn nothing_but_the_approved_content_is_sent() {
    let (here, relay) = (with_readers(3), Relay::new());
    let line = ["plan", "2025-11", "--json"];
    let approved = crate::summary(&here.run(&line))["content_hash"].as_str().unwrap().to_owned();
    let other = send(&here, &relay, &["--expect", "0123456789ab"]);
    let words = format!("the issue is {}, not 0123456789ab; nothing was sent", &approved[..12]);
    stopped(&other, &relay, 3, &[&words, "`digest plan`"]);
    assert!(!here.exists("digest.db"));
    let short = send(&here, &relay, &["--expect", &approved[..11]]);
    stopped(&short, &relay, 2, &["the first 12 are enough"]);
    let here = here.edit(ARTICLE, "letters", "jamo");
    stopped(&send(&here, &relay, &["--expect", &approved]), &relay, 3, &["nothing was sent"]);
    let here = here.edit(ARTICLE, "jamo", "letters");
    let sent = send(&here, &relay, &["--expect", &approved[..12].to_uppercase()]);
    assert_eq!((sent.code, relay.counts().accepted), (0, 3), "{sent:?}");
}

#[test]
fn without_a_terminal_nobody_is_there_to_say_yes() {
    if only_files("on a server the lock stands before the question") {
        return;
    }
    let (here, relay) = (with_readers(3), Relay::new());
    let output = here.run(&["send", "2025-11", "--relay", &relay.url()]);
    stopped(&output, &relay, 2, &["there is no terminal to ask the question on", "--yes"]);
    assert!(!here.exists("digest.db") && !here.exists(".digest-secret"), "{:?}", here.files());
    let after = send(&here, &relay, &[]);
    assert_eq!((after.code, relay.counts().accepted), (0, 3), "{after:?}");
}

#[test]
fn bad_rows_stop_the_send_at_their_file_and_line() {
    let relay = Relay::new();
    let here = Publication::new()
        .write(LIST, "email,first_name\nkim@example.org,Kim\nno-address,Ada\na b@c.example,Lee\n");
    let output = send(&here, &relay, &[]);
    stopped(&output, &relay, 3, &["subscribers.csv:3:1", "subscribers.csv:4:1", "--skip-invalid"]);
    assert!(!here.exists("digest.db"));
    let sent = send(&here, &relay, &["--skip-invalid"]);
    assert_eq!((sent.code, crate::summary(&sent)["planned"].as_u64()), (0, Some(1)));
    assert_eq!(relay.copies().into_keys().collect::<Vec<_>>(), ["kim@example.org"]);
}

#[test]
fn an_issue_with_errors_is_neither_sent_nor_tested() {
    let relay = Relay::new();
    let here = Publication::with_subscribers().edit(ARTICLE, "letters", "![gone](gone.png)");
    let words = ["issues/2025-11/hangul.md:5:", "image-file"];
    stopped(&send(&here, &relay, &[]), &relay, 3, &words);
    let url = relay.url();
    let test = here.run(&["test", "2025-11", "--to", "kim@example.org", "--relay", &url]);
    stopped(&test, &relay, 3, &words);
    assert!(!here.exists("digest.db"));
}

#[test]
fn a_slot_that_one_reader_cannot_fill_stops_the_send() {
    let relay = Relay::new();
    let here = Publication::with_subscribers().edit(ARTICLE, "letters", "{{ affiliation }}");
    let output = send(&here, &relay, &[]);
    stopped(&output, &relay, 3, &["issues/2025-11/hangul.md:5:14", "affiliation", "1 "]);
}

#[test]
fn a_send_without_a_list_or_with_an_empty_one_says_so() {
    let relay = Relay::new();
    let here = Publication::new();
    stopped(&send(&here, &relay, &[]), &relay, 2, &["--subscribers"]);
    let here = here.write(LIST, "email,first_name\n");
    stopped(&send(&here, &relay, &[]), &relay, 3, &["has nobody to send to"]);
    stopped(&send(&here, &relay, &["--subscribers", "gone.csv"]), &relay, 3, &["gone.csv"]);
}

#[test]
fn a_relay_that_is_none_is_told_with_its_remedy() {
    let here = with_readers(1);
    let output = here.run(&["send", "2025-11", "--yes"]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("[[relay]]"), "{}", output.stderr);
    let output = here.run(&["send", "2025-11", "--yes", "--relay", "mail.sejong.example"]);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("smtps://"), "{}", output.stderr);
}

#[test]
fn a_ledger_that_is_no_database_is_left_alone() {
    if only_files("the bytes of the file") {
        return;
    }
    let letter = "this is a letter, not a database\n".repeat(40);
    let (here, relay) = (with_readers(2).write("digest.db", &letter), Relay::new());
    let output = send(&here, &relay, &[]);
    stopped(&output, &relay, 1, &["digest.db is damaged or not a database"]);
    assert_eq!(here.read("digest.db"), letter);
}

// Row 45. The list comes through a pipe that does not end.
#[cfg(unix)]
#[test]
fn a_signal_before_the_first_message_ends_with_130_and_leaves_nothing() {
    let relay = Relay::new();
    for signal in ["TERM", "INT", "HUP"] {
        let here = with_readers(3);
        let line = ["send", "2025-11", "--yes", "--json", "--relay", &relay.url()];
        let (running, list) = crate::reading_a_pipe(&here, &line);
        running.signal(signal);
        let output = running.wait();
        drop(list);
        stopped(&output, &relay, 130, &["interrupted before the first message"]);
        assert_eq!(crate::summary(&output)["error"], "interrupted before the first message");
        assert!(!here.exists("digest.db"));
    }
}
