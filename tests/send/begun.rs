//! The receipt of a send that has begun and whose end is not recorded, and whatever else stands where
//! receipts are: nobody gets an issue twice because the ledger is elsewhere.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::Value;

use crate::harness::{Output, Publication};
use crate::reading::{allow, under_permissions};
use crate::relay::Relay;
use crate::{counts, send, summary, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";
const ELSEWHERE: [&str; 2] = ["--store", "sqlite:second.db"];
const DESPITE: [&str; 2] = ["--despite-receipt", "--new-secret"];

/// A publication whose sender was killed after the relay had taken so many.
fn killed_after(taken: u64, relay: &Relay) -> Publication {
    let here = with_readers(40);
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"];
    let running = here.start(&line);
    relay.has_taken(taken);
    running.kill();
    relay.taken_in_the_end();
    here
}

/// A sender that was killed before its relay has said a word.
fn killed_at_once() -> Publication {
    let here = with_readers(3);
    let silent = Script::new().rule(At::Banner, When::Always, Do::Delay(Duration::from_secs(60)));
    let relay = Relay::scripted(silent);
    let running = here.start(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    let connected = || relay.counts().connections > 0;
    assert!(crate::harness::running::wait_until(Duration::from_secs(30), connected));
    running.kill();
    here
}

/// It asks, and as nobody can answer it stops before anybody is sent to.
#[track_caller]
fn stopped(told: &Output, words: &[&str]) {
    assert_eq!(told.code, 3, "{told:?}");
    for words in words {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

#[test]
fn a_killed_send_leaves_a_receipt_that_asks_where_its_ledger_is_not() {
    let relay = Relay::new();
    let here = killed_after(3, &relay);
    let (receipt, taken) = (here.read(RECEIPT), relay.counts().accepted);
    for line in ["state = \"begun\"", "planned = 40", "accepted = 0", "pending = 40"] {
        assert!(receipt.lines().any(|l| l == line), "no {line} in {receipt}");
    }
    assert!(!receipt.contains('@') && !receipt.contains("end ="), "{receipt}");
    let words = [
        "receipts/2025-11.toml says that a send of the issue began on ",
        "its end is not recorded: up to 40 people may have it",
        "The ledger of that send knows who, and this ledger has no record of that",
        "bring the ledger here and send from it",
        "may be forged, as by a pull request, or damaged: `git log -p -- receipts/2025-11.toml`",
    ];
    // A clone has the files that git has, and another store lies beside the ledger.
    let clone = with_readers(40).write(RECEIPT, &receipt);
    let files = clone.files();
    stopped(&send(&clone, &relay, &[]), &words);
    assert_eq!(clone.files(), files, "a file was made");
    stopped(&send(&here, &relay, &ELSEWHERE), &words);
    let plan = clone.run(&["plan", "2025-11"]);
    assert!(plan.code == 0 && plan.stderr.contains(words[0]), "{plan:?}");
    assert_eq!(relay.counts().accepted, taken, "somebody was sent to");
    // The ledger of that send goes on without a question, and the receipt tells its end.
    let on = send(&here, &relay, &["--uncertain", "resend"]);
    assert_eq!((on.code, counts(&here, &on)), (0, [40, 0, 0, 0, 0, 0]), "{on:?}");
    let receipt = here.read(RECEIPT);
    assert!(receipt.contains("accepted = 40") && receipt.contains("\nend = \"20"), "{receipt}");
    assert!(!receipt.contains("begun"), "{receipt}");
}

#[test]
fn status_without_the_ledger_tells_that_a_send_has_begun() {
    let here = killed_at_once();
    let own = here.run(&["status"]);
    assert!(own.code == 0 && !own.stderr.contains("its end is not recorded"), "{own:?}");
    let clone = with_readers(3).write(RECEIPT, here.read(RECEIPT));
    let told = clone.run(&["status", "2025-11"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stdout.contains("  end       not recorded: the sender was killed"), "{told:?}");
    let json = summary(&clone.run(&["status", "2025-11", "--json"]));
    let receipt = &json["receipt"];
    assert_eq!((&receipt["end"], &receipt["pending"]), (&Value::Null, &3.into()), "{json}");
    assert!(receipt["begin"].as_str().is_some_and(|begin| begin.starts_with("20")), "{json}");
}

/// Nobody can have the issue: so it is composed anew, and its own ledger asks nothing.
#[test]
fn a_send_that_was_killed_before_anybody_could_have_it_is_begun_anew() {
    let here = killed_at_once();
    assert!(here.read(RECEIPT).contains("begun"));
    let here = here.edit("issues/2025-11/hangul.md", "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [3, 0, 0, 0, 0, 0]), "{told:?}");
    let hash = summary(&told)["content_hash"].as_str().expect("a hash").to_owned();
    assert!(here.read(RECEIPT).contains(&hash));
    assert!(crate::mail::Mail::read(&relay.accepted()[0].bytes).text.contains("Twenty-four"));
}

#[test]
fn a_send_that_reaches_nobody_leaves_no_receipt_and_its_ledger_asks_nothing() {
    let here = killed_at_once();
    let unreachable = ["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:1"];
    assert_eq!(here.run(&unreachable).code, 1);
    assert!(!here.exists("receipts"), "{:?}", here.files());
    let relay = Relay::new();
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 3));
    // What another ledger has begun stays, also where this one was told to go on.
    let begun = killed_at_once().read(RECEIPT);
    let other = with_readers(3).write(RECEIPT, &begun);
    assert_eq!(other.run(&[&unreachable[..], &DESPITE].concat()).code, 1);
    assert_eq!(other.read(RECEIPT), begun);
}

/// Anybody may propose a receipt: it is told as what it says, and zeros say nothing.
#[test]
fn a_receipt_stops_a_first_send_only_where_it_names_people_and_is_told_as_its_own_words() {
    let first = with_readers(2);
    assert_eq!(send(&first, &Relay::new(), &[]).code, 0);
    let receipt = first.read(RECEIPT);
    let zeros = receipt.replace(" = 2\n", " = 0\n");
    let relay = Relay::new();
    let here = with_readers(2).write("receipts/2025-10.toml", &zeros).write(RECEIPT, &zeros);
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 2));
    // Another issue, of another number and day.
    let other = receipt.replace("number = 1", "number = 9").replace("11-06", "10-02");
    let here = with_readers(2).write("receipts/2025-10.toml", &other);
    let words = [
        ".digest-secret is missing, and receipts/2025-10.toml says that mail was sent before",
        "may be forged, as by a pull request, or damaged: `git log -p -- receipts/2025-10.toml`",
        "--new-secret",
    ];
    stopped(&send(&here, &relay, &[]), &words);
    assert_eq!(send(&here, &relay, &["--new-secret"]).code, 0);
}

#[cfg(unix)]
#[test]
fn whatever_stands_where_receipts_are_does_not_switch_the_question_off() {
    use std::os::unix::fs::symlink;
    let sent = with_readers(2);
    assert_eq!(send(&sent, &Relay::new(), &[]).code, 0);
    let receipt = sent.read(RECEIPT);
    let relay = Relay::new();
    let pipe = |here: &Publication, path: &str| {
        assert_eq!(here.shell(&format!("mkfifo {path}")).code, 0);
    };
    let link = |here: &Publication, to: &str, path: &str| {
        symlink(to, here.path(path)).expect("linked");
    };
    let folder = "so no receipt can tell whether the issue was sent before";
    let unreadable =
        "there is a receipt of this issue, receipts/2025-11.toml, which cannot be read";
    type Making<'a> = &'a dyn Fn(&Publication);
    let odd: [(&str, Making); 8] = [
        ("receipts is a link, ", &|here| link(here, "kept", "receipts")),
        ("receipts is a link, ", &|here| link(here, "nowhere", "receipts")),
        ("receipts is not a folder, ", &|here| std::fs::write(here.path("receipts"), "").unwrap()),
        ("receipts is not a folder, ", &|here| pipe(here, "receipts")),
        (unreadable, &|here| {
            std::fs::create_dir(here.path("receipts")).unwrap();
            link(here, "../kept/2025-11.toml", RECEIPT);
        }),
        (unreadable, &|here| {
            std::fs::create_dir(here.path("receipts")).unwrap();
            link(here, "nowhere", RECEIPT);
        }),
        (unreadable, &|here| std::fs::create_dir_all(here.path(RECEIPT)).unwrap()),
        (unreadable, &|here| {
            std::fs::create_dir(here.path("receipts")).unwrap();
            pipe(here, RECEIPT);
        }),
    ];
    for (words, make) in odd {
        let here = with_readers(2).write("kept/2025-11.toml", &receipt);
        make(&here);
        let mut words = vec![words];
        words.extend(words[0].starts_with("receipts").then_some(folder));
        words.extend(["this ledger", "`git log ", "--despite-receipt"]);
        stopped(&send(&here, &relay, &[]), &words);
        assert!(!here.exists("digest.db") && !here.exists(".digest-secret"));
        let before = relay.counts().accepted;
        // With a secret it is the receipt alone that stops, and the flag is enough.
        let here = here.write(".digest-secret", "0123456789abcdef0123456789abcdef\n");
        allow(&here, ".digest-secret", 0o600);
        assert_eq!(send(&here, &relay, &["--despite-receipt"]).code, 0, "{words:?}");
        assert_eq!(relay.counts().accepted, before + 2);
        assert_eq!(here.read("kept/2025-11.toml"), receipt, "written through a link");
    }
}

#[cfg(unix)]
#[test]
fn receipts_that_nobody_may_read_are_told() {
    let relay = Relay::new();
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url];
    for (path, mode, words) in [
        ("receipts", 0, "receipts cannot be opened, so no receipt can tell"),
        ("receipts", 0o444, "there is a receipt of this issue, receipts/2025-11.toml, which"),
        (RECEIPT, 0, "there is a receipt of this issue, receipts/2025-11.toml, which"),
    ] {
        let here = with_readers(2).write(RECEIPT, "content_hash = \"\"\n");
        allow(&here, path, mode);
        let told = under_permissions(&here, &line);
        allow(&here, path, 0o755);
        let Some(told) = told else { return };
        stopped(&told, &[words, "--despite-receipt"]);
        assert_eq!(relay.counts().connections, 0);
    }
}
