//! Who is forgotten is gone from the bytes as well: of the store, its log, its journal and the copies that
//! the program itself has put beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::delivery::ledger;
use sejong_digest::store::{Store, sql};

use crate::acting::{SentIssue, another_issue, report};
use crate::harness::running::wait_until;
use crate::harness::{Output, Publication};
use crate::leaving::{uri, written_for};
use crate::relay::Relay;

const KIM: &str = "kim@example.org";

#[track_caller]
fn done(here: &Publication, line: &[&str]) -> Output {
    let told = here.run(line);
    assert_eq!(told.code, 0, "{line:?}: {told:?}");
    told
}

/// A list of hundreds in the store, with Kim among them, and an issue that all of them have.
fn with_issue() -> SentIssue {
    let here = Publication::with_subscribers().remove("subscribers.csv");
    let toml = format!(
        "{}\n[bounce]\nreverse_path = \"bounces+{{token}}@sejong.example\"\n",
        here.read("digest.toml")
    );
    let list = |city: &str| {
        let row = |at: u32| match at {
            150 => format!("Kim@example.org,Minji,{city}wangju\n"),
            _ => format!("p{at}@x.example,P{at},Seoul\n"),
        };
        "email,first_name,city\n".to_owned() + &(0..300).map(row).collect::<String>()
    };
    let here = here.write("digest.toml", toml).write("members.csv", list("G"));
    let here = here.write("moved.csv", list("Old-G"));
    let import = |file, more: &[&str]| {
        done(
            &here,
            &[&["subscribers", "import", file, "--consent", "they signed up"], more].concat(),
        )
    };
    import("members.csv", &[]);
    import("moved.csv", &["--update", "overwrite"]);
    done(&here, &["subscribers", "import", "--undo", "2"]);
    done(&here, &["subscribers", "set", KIM, "--set", "note=Minji wrote"]);
    done(&here, &["subscribers", "suppress", KIM, "--why", "Minji called"]);
    done(&here, &["subscribers", "release", KIM, "--why", "Minji called again"]);
    SentIssue::of(here)
}

/// The next issue to the same people, of which Kim's server says something; the sender is killed.
fn killed_in_the_next(sent: SentIssue) -> SentIssue {
    let later = "451 4.3.0 <kim@example.org> Minji, try later";
    // One connection waits for an answer about somebody else, while the other sends to all.
    let script = Script::new().rule(At::Rcpt, When::recipient("Kim@"), Do::reply(later)).rule(
        At::Rcpt,
        When::recipient("p7@"),
        Do::Stall,
    );
    let (sent, relay) = (another_issue(sent, "2025-12", 2), Relay::scripted(script));
    let line = ["send", "2025-12", "--yes", "--relay", &relay.url(), "--connections", "2"];
    let running = sent.here.start(&line);
    let journal = sent.here.path("digest.db-marks");
    let is_there = wait_until(Duration::from_secs(20), || has(&journal, KIM));
    assert!(is_there, "no word of Kim's server");
    running.kill();
    sent
}

fn has(path: &Path, word: &str) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.windows(word.len()).any(|found| found.eq_ignore_ascii_case(word.as_bytes()))
}

/// The files that the program has made, and not the lists and mails of the test.
fn made(here: &Publication) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![here.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().expect("a name");
            if path.is_dir() && name != "box" {
                folders.push(path);
            } else if path.is_file()
                && !matches!(&*name, "members.csv" | "moved.csv" | "subscribers.csv")
            {
                files.push(path);
            }
        }
    }
    files
}

fn left_of(here: &Publication, words: &[&str]) -> Vec<String> {
    let files = made(here);
    let found = files.iter().flat_map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let words = words.iter().filter(|word| has(path, word));
        words.map(move |word| format!("{word} in {name}")).collect::<Vec<_>>()
    });
    found.collect()
}

/// A server may name in its reply whom the mail was passed on to. No such name is kept, and one that an
/// older version has kept goes when that person is forgotten.
#[test]
fn a_reply_names_nobody_but_its_recipient() {
    let said = "550 5.1.1 <kim@example.org>: forwarded to Vera@other.example, who is unknown, and to \
                pat.o'brien@other.example; write to delist@other.example";
    let script = Script::new().rule(At::Rcpt, When::recipient("kim@"), Do::reply(said));
    let (here, relay) = (Publication::with_subscribers(), Relay::scripted(script));
    assert_eq!(here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]).code, 0);
    let kept = "<kim@example.org>: forwarded to <…@other.example>, who is unknown, and to \
                <…@other.example>; write to delist@other.example";
    let refused = || done(&here, &["status", "2025-11", "--list", "refused"]).stdout;
    assert!(refused().contains(kept), "{}", refused());
    let told =
        [&["status", "2025-11", "--missed", "--json"][..], &["subscribers", "show", KIM, "--json"]];
    for line in told {
        let told = done(&here, line).stdout;
        assert!(told.contains("other.example") || line[0] == "subscribers", "{told}");
        assert!(!told.to_lowercase().contains("vera@"), "{told}");
    }
    let update = "UPDATE recipient SET text = 'for <Vera@Other.example> and <ada@example.org>' \
                  WHERE identity = 'kim@example.org'";
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&here.path("digest.db"), &ledger::STEPS).await.expect("a store");
        sql::raw(update).execute(store.pool()).await.expect("a row");
        store.close().await;
    });
    done(&here, &["subscribers", "forget", "vera@other.example"]);
    assert!(refused().contains("for <…> and <ada@example.org>"), "{}", refused());
    assert_eq!(left_of(&here, &["vera@other"]), [""; 0]);
}

/// A store as a program of long ago has kept it.
fn old_copy(path: &Path) {
    let insert = "INSERT INTO recipient (issue, identity, email, fields, tags, planned_by, text) \
         VALUES ('2024-01', 'kim@example.org', 'Kim@example.org', '{\"name\":\"Minji\"}', '[]', 1, \
         'no kim@example.org')";
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(path, &ledger::STEPS[..4]).await.expect("a store");
        sql::raw(insert).execute(store.pool()).await.expect("a row");
        store.close().await;
    });
}

#[test]
fn no_byte_of_who_is_forgotten_is_left_in_what_the_program_has_made() {
    let sent = with_issue();
    let leave = uri(&sent, "Kim@example.org");
    let (_, leaving) = written_for(&leave, KIM, true);
    let token = leaving.split("Subject: unsubscribe ").nth(1).expect("a token");
    let token = token.lines().next().expect("a token").to_owned();
    let path = sent.reverse_path("Kim@example.org").to_owned();
    let soft = report(&path, KIM, "452 4.2.2 <kim@example.org> Minji's mailbox is full", "");
    let wish =
        format!("From: Minji <{KIM}>\nTo: digest@sejong.example\nSubject: unsubscribe\n\n\n");
    let sent = sent.write("box/new/1", &soft).write("box/new/2", &wish);
    assert!(sent.read(&["box"]).stdout.contains("1 for a person to decide"));
    let sent = killed_in_the_next(sent);
    let sent = sent.write("box/new/3", &leaving);
    assert!(sent.read(&["box"]).stdout.contains("suppressed (unsubscribed)"));
    let here = &sent.here;
    assert!(!has(&here.path("digest.db"), &token), "only its beginning is kept");
    std::fs::copy(here.path("digest.db"), here.path("digest.db-rescued-7-2")).expect("a copy");
    old_copy(&here.path("digest.db-before-4"));
    std::fs::write(here.path("digest.db-before-9.part"), "kim@example.org").expect("a draft");
    let words = [KIM, "Minji", "wangju", &token];
    let before = left_of(here, &words);
    for one in ["digest.db", "digest.db-marks", "digest.db-rescued-7-2", "digest.db-before-4"] {
        let found = format!("{KIM} in {one}");
        assert!(before.contains(&found), "{found}: {before:?}");
    }
    let told = done(here, &["subscribers", "forget", KIM]);
    assert!(told.stderr.contains("they are yours to clean"), "{told:?}");
    assert_eq!(left_of(here, &words), [""; 0]);
    // Of the others nothing is lost, and what is left is a whole store.
    done(here, &["store", "check"]);
    let counts = |issue: &str| done(here, &["status", issue, "--json"]).stdout;
    assert!(counts("2025-11").contains("\"accepted\":300"), "{}", counts("2025-11"));
    assert!(counts("2025-12").contains("\"suppressed\":1"), "{}", counts("2025-12"));
    assert_eq!(done(here, &["subscribers", "list", "--count"]).stdout, "299\n");
    // A copy that is put back does not bring them back either.
    let copy = format!("sqlite:{}", here.path("digest.db-rescued-7-2").display());
    let shown = done(here, &["subscribers", "show", KIM, "--store", &copy]).stdout;
    assert!(shown.contains("  forgotten: "), "{shown}");
}

#[test]
fn what_cannot_be_cleaned_is_named_and_nobody_calls_it_done() {
    let sent = SentIssue::new();
    let copy = sent.here.path("digest.db-before-4");
    std::fs::write(&copy, "kim@example.org and no database").expect("a file");
    let told = sent.here.run(&["subscribers", "forget", KIM]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stdout.contains("forgotten, and never mailed again"), "{told:?}");
    let words = "digest.db-before-4 is a copy of the store and may still have this person: ";
    assert!(told.stderr.contains(words) && told.stderr.contains("run this command once more"));
    assert_eq!(left_of(&sent.here, &[KIM]).iter().filter(|one| one.ends_with("db")).count(), 0);
    std::fs::remove_file(copy).expect("removed");
    done(&sent.here, &["subscribers", "forget", KIM]);
}

/// Whoever reads the store keeps its log as it was.
#[test]
fn a_reader_who_keeps_old_bytes_in_the_log_is_told_of() {
    let sent = SentIssue::new();
    let path = sent.here.path("digest.db");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (store, reading) = runtime.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.expect("the store");
        let mut reading = store.pool().begin().await.expect("a reader");
        let count = sql::query_scalar("SELECT count(*) FROM recipient");
        let rows: i64 = count.fetch_one(&mut *reading).await.expect("rows");
        assert_eq!(rows, 3);
        (store, reading)
    });
    let told = sent.here.run(&["subscribers", "forget", KIM]);
    assert_eq!(told.code, 1, "{told:?}");
    let words = "digest.db-wal may still have bytes of this person, because another process reads";
    assert!(told.stderr.contains(words), "{told:?}");
    assert!(told.stderr.contains("is cleaned of old bytes"), "it takes a while: {told:?}");
    runtime.block_on(async {
        drop(reading);
        store.close().await;
    });
    done(&sent.here, &["subscribers", "forget", KIM]);
    assert_eq!(left_of(&sent.here, &[KIM]), [""; 0]);
}
