//! The receipt of a send that has begun and whose end is not recorded, and whatever else stands where
//! receipts are: nobody gets an issue twice because the ledger is elsewhere.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::store::sql;
use serde_json::Value;

use crate::harness::server::only_files;
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
        "ring the ledger here, digest.db and the files beside it (digest.db-*), or name it with --store",
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
    assert!(told.stdout.contains("that a send to 3 began: up to 3 people may have it"), "{told:?}");
    assert!(told.stdout.contains("  end       not recorded: the sender was killed"), "{told:?}");
    let json = summary(&clone.run(&["status", "2025-11", "--json"]));
    let receipt = &json["receipt"];
    assert_eq!((&receipt["end"], &receipt["pending"]), (&Value::Null, &3.into()), "{json}");
    assert_eq!((&receipt["over"], &receipt["may_have"]), (&false.into(), &3.into()), "{json}");
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
    // The hash is for merges: who forges a receipt leaves it out.
    let receipt = first.read(RECEIPT).replace("check = ", "# ");
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
    assert_eq!(send(&here, &relay, &DESPITE).code, 0);
}

/// A copy that was made while the send went on knows of that send, and not what became of it.
#[test]
fn a_copy_of_the_ledger_from_the_middle_of_a_send_is_asked_about() {
    if only_files("a copy of the file") {
        return;
    }
    let (here, relay) = (with_readers(40), Relay::new());
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"];
    let running = here.start(&line);
    relay.has_taken(3);
    let receipt = here.read(RECEIPT);
    let copy = with_readers(40).write(RECEIPT, receipt);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::read(&here.path("digest.db"), &ledger::STEPS).await.expect("a ledger");
        let to = copy.path("digest.db").display().to_string();
        sql::query("VACUUM INTO ?1").bind(to).execute(store.pool()).await.expect("copied");
        store.close().await;
    });
    std::fs::copy(here.path(".digest-secret"), copy.path(".digest-secret")).expect("copied");
    running.kill();
    let taken = relay.taken_in_the_end();
    let words = ["up to 40 people may have it", "it is a copy from before that send's end"];
    for _ in 0..2 {
        stopped(&send(&copy, &relay, &[]), &words);
    }
    assert_eq!(relay.counts().accepted, taken);
    // Where the journal is, and after it was read, nobody is asked.
    let settled = here.run(&["reconcile", "2025-11", "--maillog", "issues/2025-11/hangul.md"]);
    assert!(!here.exists("digest.db-marks"), "{settled:?}");
    assert!(here.read(RECEIPT).contains("begun"));
    let on = send(&here, &relay, &["--uncertain", "resend"]);
    assert_eq!((on.code, counts(&here, &on)), (0, [40, 0, 0, 0, 0, 0]), "{on:?}");
}

/// Hours may pass between the question and the first message.
#[test]
fn a_receipt_that_comes_while_a_send_waits_stops_it() {
    let (there, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&there, &relay, &[]).code, 0);
    let (here, url) = (with_readers(3), relay.url());
    let at = crate::window::from_now(4);
    let running = here.start(&["send", "2025-11", "--yes", "--at", &at, "--relay", &url]);
    running.says("waiting until ");
    let here = here.write(RECEIPT, there.read(RECEIPT));
    let told = running.wait();
    stopped(&told, &["went to 3 recipients by ", "nothing was sent", "--despite-receipt"]);
    assert_eq!(relay.counts().accepted, 3);
    assert_eq!(here.read(RECEIPT), there.read(RECEIPT));
    assert_eq!(send(&here, &relay, &["--despite-receipt"]).code, 0);
}

/// Folder and receipt have another name, and the ledger that knows of the send is here.
#[test]
fn a_receipt_that_was_renamed_with_its_folder_is_known_to_its_ledger() {
    let relay = Relay::new();
    let here = killed_after(3, &relay);
    for (from, to) in [("issues/2025-11", "issues/2025-12"), (RECEIPT, "receipts/2025-12.toml")] {
        std::fs::rename(here.path(from), here.path(to)).expect("renamed");
    }
    let (taken, url) = (relay.counts().accepted, relay.url());
    let told = here.run(&["send", "2025-12", "--yes", "--relay", &url]);
    let words = [
        "this ledger knows that send as one of issues/2025-11: folder and receipt were renamed",
        "ive the folder and its receipt their old names back, issues/2025-11 and receipts/2025-11.toml",
    ];
    stopped(&told, &words);
    assert!(!told.stderr.contains("ring the ledger here"), "{}", told.stderr);
    assert_eq!(relay.counts().accepted, taken);
}

#[cfg(unix)]
#[test]
fn a_receipt_that_cannot_be_written_is_told_before_the_first_message() {
    let silent = Script::new().rule(At::Banner, When::Always, Do::Delay(Duration::from_secs(60)));
    let relay = Relay::scripted(silent);
    let here = with_readers(2);
    std::os::unix::fs::symlink("elsewhere", here.path("receipts")).expect("linked");
    let running = here.start(&[
        "send",
        "2025-11",
        "--yes",
        "--despite-receipt",
        "--new-secret",
        "--relay",
        &relay.url(),
    ]);
    running
        .says("receipts is a link. Only the ledger here knows of this send: a copy of the folder");
    running.kill();
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
    let link_there = "receipts/2025-11.toml is a link, so it does not tell who has the issue";
    let no_file = "receipts/2025-11.toml is not a file, so it does not tell who has the issue";
    type Making<'a> = &'a dyn Fn(&Publication);
    let odd: [(&str, Making); 8] = [
        ("receipts is a link, ", &|here| link(here, "kept", "receipts")),
        ("receipts is a link, ", &|here| link(here, "nowhere", "receipts")),
        ("receipts is not a folder, ", &|here| std::fs::write(here.path("receipts"), "").unwrap()),
        ("receipts is not a folder, ", &|here| pipe(here, "receipts")),
        (link_there, &|here| {
            std::fs::create_dir(here.path("receipts")).unwrap();
            link(here, "../kept/2025-11.toml", RECEIPT);
        }),
        (link_there, &|here| {
            std::fs::create_dir(here.path("receipts")).unwrap();
            link(here, "nowhere", RECEIPT);
        }),
        (no_file, &|here| std::fs::create_dir_all(here.path(RECEIPT)).unwrap()),
        (no_file, &|here| {
            std::fs::create_dir(here.path("receipts")).unwrap();
            pipe(here, RECEIPT);
        }),
    ];
    for (words, make) in odd {
        let here = with_readers(2).write("kept/2025-11.toml", &receipt);
        make(&here);
        let mut words = vec![words];
        words.extend(words[0].starts_with("receipts ").then_some(folder));
        words.extend(["ledger", "`git log ", "--despite-receipt"]);
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
        ("receipts", 0o444, "receipts/2025-11.toml cannot be opened, so it does not tell"),
        (RECEIPT, 0, "receipts/2025-11.toml cannot be opened, so it does not tell"),
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

/// The clone has the secret, receipts of other issues and none of this one.
#[test]
fn a_copy_without_the_ledger_is_told_that_a_receipt_may_be_missing() {
    let (there, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&there, &relay, &[]).code, 0);
    let clone = || {
        let here = with_readers(3).write("receipts/2025-10.toml", there.read(RECEIPT));
        let secret = ".digest-secret";
        std::fs::copy(there.path(secret), here.path(secret)).expect("copied");
        let head = here.read("issues/2025-11/issue.toml").replace("number = 1", "number = 2");
        here.write("issues/2025-11/issue.toml", head.replace("2025-11-06", "2025-11-13"))
    };
    let here = clone();
    let words = [
        "receipts say that 1 issue was sent from another ledger, which is not here; if 2025-11 was",
        "its receipt may be missing",
        "--despite-receipt",
    ];
    stopped(&send(&here, &relay, &[]), &words);
    assert!(!here.exists("digest.db"));
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.code == 0 && plan.stderr.contains(words[0]), "{plan:?}");
    assert_eq!(send(&here, &relay, &["--despite-receipt"]).code, 0);
    // From now on this ledger knows of a send.
    let here = here.write(crate::LIST, crate::list(4)).remove(RECEIPT);
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 7));
    // Without the secret, that is asked about too.
    let here = clone().remove(".digest-secret");
    let secret = [".digest-secret is missing", "digest.db with the files", words[0]];
    stopped(&send(&here, &relay, &[]), &secret);
    stopped(&send(&here, &relay, &["--new-secret"]), &words);
    assert_eq!(send(&here, &relay, &DESPITE).code, 0);
    // A rehearsal asks nothing.
    assert_eq!(clone().run(&["send", "2025-11", "--yes", "--catch", "out"]).code, 0);
}

#[test]
fn where_the_journal_is_missing_the_ledger_says_what_to_copy() {
    if only_files(
        "what lies beside the file; tests/server/storm.rs has a journal on another machine",
    ) {
        return;
    }
    let relay = Relay::new();
    let here = killed_after(3, &relay);
    let told = here.run(&["status", "2025-11"]);
    assert!(told.stderr.contains("The numbers here have what its journal says"), "{told:?}");
    let here = here.remove("digest.db-marks");
    let words =
        "its journal digest.db-marks is missing here: copy digest.db and all digest.db-* from";
    let told = here.run(&["status", "2025-11"]);
    assert!(told.code == 0 && told.stderr.contains(words), "{told:?}");
    assert!(!told.stderr.contains("have what its journal says"), "{told:?}");
}
