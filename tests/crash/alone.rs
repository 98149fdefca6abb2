//! One sender for each ledger, whatever names lead to it and whatever becomes of the lock's file.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use sejong_digest::catcher::script::{At, Script};
use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::store::sql;

use crate::harness::Publication;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{CONNECTIONS, always, book, start, with_readers};

const READERS: usize = 40;
const OTHER: [&str; 2] = ["--store", "sqlite:other.db"];

/// A send that goes on for two seconds.
fn sending() -> (Publication, Relay, crate::harness::Running) {
    let (here, relay) = (with_readers(READERS), always(At::Dot, 1));
    let running = start(&here, &relay, &["--connections", "20"]);
    relay.has_taken(1);
    (here, relay, running)
}

#[track_caller]
fn each_has_one(relay: &Relay) {
    let copies = relay.copies();
    assert!(copies.len() == READERS && copies.values().all(|count| *count == 1), "{copies:?}");
}

// Row 48.
#[test]
fn deleting_the_lock_s_file_lets_nobody_else_send() {
    let (here, relay, first) = sending();
    let here = here.remove("digest.db-lock");
    let second = start(&here, &relay, &[]).wait_for(Duration::from_secs(10));
    assert!(second.code == 1 && second.stdout.contains("\"error\":\""), "{second:?}");
    assert!(second.stderr.contains("another process is working with"), "{}", second.stderr);
    assert_eq!(first.wait().code, 0);
    each_has_one(&relay);
}

// Row 48.
#[test]
fn a_ledger_with_a_second_name_is_refused_by_both() {
    let (here, relay, first) = sending();
    std::fs::hard_link(here.path("digest.db"), here.path("other.db")).expect("linked");
    for store in [&OTHER[..], &[]] {
        let second = start(&here, &relay, store).wait_for(Duration::from_secs(10));
        assert_eq!(second.code, 1, "{second:?}");
        assert!(second.stderr.contains("has another name as well"), "{}", second.stderr);
    }
    assert_eq!(first.wait().code, 0);
    each_has_one(&relay);
    let here = here.remove("other.db");
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
}

// Row 48. Log and journal lie beside the old name.
#[test]
fn a_ledger_under_a_new_name_does_not_miss_the_journal_beside_the_old_one() {
    let (here, relay, running) = sending();
    running.kill();
    std::fs::rename(here.path("digest.db"), here.path("other.db")).expect("renamed");
    let sent = relay.taken_in_the_end();
    for line in [&["status"][..], &["plan", "2025-11"]] {
        let looked = here.run(&[line, &OTHER].concat());
        assert!(looked.code == 1 && looked.stderr.contains("its ledger digest.db"), "{looked:?}");
    }
    let next = start(&here, &relay, &OTHER).wait();
    assert_eq!((next.code, relay.counts().accepted), (1, sent), "{next:?}");
    assert!(next.stderr.contains("give it back the name digest.db"), "{}", next.stderr);
    std::fs::rename(here.path("other.db"), here.path("digest.db")).expect("renamed");
    let open = Relay::new();
    start(&here, &open, &[]).wait();
    let book = book(&here);
    assert!(book.of("uncertain").len() <= 20, "{book:?}");
    assert_eq!(book.of("accepted").len() + book.of("uncertain").len(), READERS);
    assert!(relay.copies().keys().all(|email| !open.copies().contains_key(email)));
}

// The running send has its key in memory, and the next one would go on with another.
#[test]
fn no_key_is_made_while_somebody_sends() {
    let (here, relay, first) = sending();
    let secret = here.read(".digest-secret");
    let told = here.run(&["secret", "rotate"]);
    let words = ["is sending from", "the secret was not changed"];
    assert!(told.code == 1 && words.iter().all(|word| told.stderr.contains(word)), "{told:?}");
    assert_eq!(here.read(".digest-secret"), secret);
    assert_eq!(first.wait().code, 0);
    each_has_one(&relay);
    assert_eq!(here.run(&["secret", "rotate"]).code, 0);
    assert_ne!(here.read(".digest-secret"), secret);
}

#[test]
fn a_link_to_the_ledger_meets_the_same_lock() {
    let (here, relay, first) = sending();
    std::os::unix::fs::symlink(here.path("digest.db"), here.path("other.db")).expect("linked");
    let second = start(&here, &relay, &OTHER).wait_for(Duration::from_secs(10));
    assert!(second.code == 1 && second.stderr.contains("is sending from"), "{second:?}");
    assert_eq!(first.wait().code, 0);
    each_has_one(&relay);
}

// Row 46: the README promises it "at every moment".
#[test]
fn after_a_kill_every_command_sees_what_the_next_send_will_find() {
    let (here, relay) = (with_readers(READERS), always(At::Dot, 30));
    let running = start(&here, &relay, &[]);
    relay.has_taken(CONNECTIONS as u64);
    running.kill();
    let before = std::fs::read(here.path("digest.db-marks")).expect("a file");
    let status = here.run(&["status"]);
    assert_eq!(status.stdout, "2025-11: 40 planned: 4 uncertain, 36 pending\n");
    assert!(status.stderr.contains("a send was cut off: it was killed"), "{}", status.stderr);
    // The numbers are those of the issue, and no others stand beside them.
    assert!(!status.stderr.contains(|c: char| c.is_ascii_digit()), "{}", status.stderr);
    let list = |state: &str| here.run(&["status", "2025-11", "--list", state, "--json"]).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&list("uncertain")).expect("JSON");
    assert_eq!(rows.len(), CONNECTIONS);
    assert!(rows.iter().all(|row| row["message_id"].as_str().is_some_and(|id| id.contains('@'))));
    assert!(rows.iter().all(|row| row["attempts"] == 1 && row["state"] == "uncertain"), "{rows:?}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&list("pending")).expect("JSON");
    assert_eq!(rows.len(), READERS - CONNECTIONS);
    let plan = here.run(&["plan", "2025-11", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!((&plan["to_send"], &plan["uncertain"]), (&36.into(), &4.into()));
    let after = std::fs::read(here.path("digest.db-marks")).expect("a file");
    assert!(before == after, "the journal was changed");
    assert_eq!(book(&here).of("claimed").len(), READERS, "a row was changed");
}

#[allow(clippy::disallowed_methods, reason = "what the ledger says is compared with the clock")]
#[test]
fn reconcile_settles_what_a_killed_send_has_left() {
    let (here, relay) = (with_readers(READERS), always(At::Dot, 30));
    let running = start(&here, &relay, &[]);
    relay.has_taken(CONNECTIONS as u64);
    running.kill();
    let killed = jiff::Timestamp::now();
    std::thread::sleep(Duration::from_millis(1_500));
    let id = Mail::read(&relay.accepted()[0].bytes).id().trim_matches(['<', '>']).to_owned();
    let log = format!(
        "{killed:.0} mx postfix/cleanup[7]: 4F1A2B: message-id=<{id}>\n\
         {killed:.0} mx postfix/qmgr[8]: 4F1A2B: from=<digest@sejong.example>, size=1, nrcpt=1 (queue active)\n"
    );
    let here = here.write("mail.log", log);
    let output = here.run(&["reconcile", "2025-11", "--maillog", "mail.log"]);
    assert_eq!(output.code, 4, "{output:?}");
    assert_eq!(output.stdout.matches("accepted  ").count(), 1, "{output:?}");
    assert_eq!(output.stdout.matches("uncertain  ").count(), CONNECTIONS - 1, "{output:?}");
    let book = book(&here);
    assert_eq!((book.of("uncertain").len(), book.of("pending").len()), (3, 36));
    // They became so when the sender died, and not when that was found.
    for email in book.of("uncertain") {
        let at: jiff::Timestamp =
            book.row(email).at.as_ref().expect("a time").parse().expect("one");
        assert!(at <= killed, "{at} {killed}");
    }
    assert!(!here.exists("digest.db-marks"));
}

#[test]
fn while_a_send_goes_on_status_says_who_sends_and_counts_its_rows_as_pending() {
    let (here, relay) = (with_readers(READERS), always(At::Dot, 2));
    let running = start(&here, &relay, &[]);
    relay.has_taken(CONNECTIONS as u64);
    let status = here.run(&["status", "2025-11"]);
    assert!(status.stdout.starts_with("2025-11: 40 planned: 40 pending\n"), "{status:?}");
    for name in ["digest.db", "digest.db-wal", "digest.db-shm", "digest.db-marks", "digest.db-lock"]
    {
        let mode = std::fs::metadata(here.path(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let words = format!("process {} (issue 2025-11", running.pid());
    assert!(status.stderr.contains(&words), "no {words:?} in {}", status.stderr);
    let pending = here.run(&["status", "2025-11", "--list", "pending"]);
    assert_eq!(pending.stdout.lines().count(), READERS, "{pending:?}");
}

// A second opening of the ledger in the sender, which ends, would take the locks of the first one:
// then the next command that closes the ledger removes the log in which the sender writes.
#[test]
fn the_log_of_a_send_that_made_a_new_secret_stays_while_others_look_and_is_read_after_a_kill() {
    let (here, first) = (with_readers(2), Relay::new());
    assert_eq!(start(&here, &first, &[]).wait().code, 0);
    for lost in [".digest-secret", "receipts/2025-11.toml"] {
        std::fs::remove_file(here.path(lost)).expect("removed");
    }
    let list = (1..=READERS).fold("email,first_name\n".to_owned(), |list, number| {
        format!("{list}new{number}@x.example,Ada\n")
    });
    let here = here.write("subscribers.csv", list);
    let relay = Relay::new();
    let running = start(&here, &relay, &["--new-secret", "--limit", "10/second"]);
    relay.has_taken(5);
    for _ in 0..3 {
        assert_eq!(here.run(&["status", "2025-11"]).code, 0);
        assert!(here.exists("digest.db-wal"), "the log is gone under the sender");
        std::thread::sleep(Duration::from_millis(300));
    }
    running.kill();
    let before = relay.accepted().len();
    let rest = Relay::new();
    let end = start(&here, &rest, &[]).wait();
    assert!(end.code == 0 || end.code == 4, "{end:?}");
    assert!(before >= 5 && before + rest.accepted().len() <= READERS, "{end:?}");
}

// Row 48. SQLite changes the mode of a new file without waiting for who does the same.
// Whoever imports or copies holds the same lock, and sends nothing.
#[test]
fn whoever_holds_the_ledger_and_does_not_send_is_told_as_what_it_is() {
    let (here, relay) = (with_readers(3), Relay::scripted(Script::new()));
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let held = async {
        let store = Store::open(&here.path("digest.db"), &ledger::STEPS).await.expect("opened");
        (store.lock("process 1 (import of members.csv)").await.expect("free"), store)
    };
    let _held = runtime.block_on(held);
    let second = start(&here, &relay, &["--retry-refused"]).wait();
    let words = "process 1 (import of members.csv) is working with";
    assert!(second.code == 1 && second.stderr.contains(words), "{second:?}");
    let looked = here.run(&["status", "2025-11"]);
    assert!(looked.code == 0 && looked.stderr.contains(words), "{looked:?}");
    assert!(!looked.stderr.contains("sending"), "{looked:?}");
    let copied = here.run(&["store", "copy", "sqlite:digest.db", "sqlite:moved.db"]);
    assert!(copied.code == 1 && copied.stderr.contains(words), "{copied:?}");
}

#[test]
fn six_that_meet_at_a_new_file_find_one_sender_and_no_locked_database() {
    for _ in 0..4 {
        let (here, relay) = (with_readers(3), Relay::scripted(Script::new()));
        let six: [_; 6] = std::array::from_fn(|_| start(&here, &relay, &[]));
        for output in six.map(|running| running.wait()) {
            let sent = output.code == 0;
            let turned_away =
                ["wait until it has ended", "planned"].map(|w| output.stderr.contains(w));
            assert!(sent || turned_away.contains(&true), "{output:?}");
        }
        assert_eq!(book(&here).of("accepted").len(), 3);
        assert!(relay.copies().values().all(|count| *count == 1));
    }
}

// Row 48. An older program knows the tables as they were when it began.
#[test]
fn only_a_send_changes_older_tables_and_none_while_an_older_sender_is_at_work() {
    let (here, relay) = (with_readers(3), Relay::new());
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let older = &ledger::STEPS[..ledger::STEPS.len() - 1];
    let store = runtime.block_on(Store::open(&here.path("digest.db"), older)).expect("a ledger");
    let lock = runtime.block_on(store.lock("process 1 (issue 2025-10)")).expect("nobody sends");
    let version = || {
        let found = sql::query_scalar("PRAGMA user_version").fetch_one(store.pool());
        usize::try_from(runtime.block_on(found).unwrap_or(0_i64)).expect("a number")
    };
    let looks = [&["status"][..], &["plan", "2025-11"], &["send", "2025-11", "--dry-run"]];
    for line in looks {
        let looked = here.run(line);
        assert_eq!(looked.code, 0, "{looked:?}");
        let words = "process 1 (issue 2025-10) is sending now";
        assert!(looked.stderr.contains(words), "no {words:?} in {}", looked.stderr);
    }
    let second = start(&here, &relay, &[]).wait();
    assert_eq!((second.code, relay.counts().connections), (1, 0), "{second:?}");
    let words = "process 1 (issue 2025-10) is sending from";
    assert!(second.stderr.contains(words), "no {words:?} in {}", second.stderr);
    // When it has ended, the first who sends changes them.
    drop(lock);
    for line in looks {
        assert_eq!(here.run(line).code, 0);
    }
    assert_eq!(version(), older.len());
    assert_eq!((start(&here, &relay, &[]).wait().code, relay.counts().accepted), (0, 3));
    assert_eq!(version(), ledger::STEPS.len());
}

// A pull request may bring links, and another user of the machine a pipe.
#[test]
fn no_link_and_no_pipe_in_the_place_of_our_files_is_followed_or_waited_for() {
    for name in ["digest.db-lock", "digest.db-marks-draft", "digest.db-marks"] {
        let (here, relay) = (with_readers(3).write("victim", "mine"), Relay::new());
        assert_eq!(start(&here, &relay, &[]).wait().code, 0);
        let here = here.remove("digest.db-lock");
        std::os::unix::fs::symlink(here.path("victim"), here.path(name)).expect("linked");
        let linked = start(&here, &relay, &["--to", "r0001@x.example", "--again"]).wait();
        assert_eq!(here.read("victim"), "mine", "{name}");
        // A draft's place is cleared; the others are told, with what to do.
        let told = linked.stderr.contains("it is a link, and may lead to another file: remove it");
        let refused = name != "digest.db-marks-draft";
        assert_eq!((linked.code == 1, told), (refused, refused), "{name}: {linked:?}");
        std::fs::remove_file(here.path(name)).ok();
        let pipe = std::process::Command::new("mkfifo").arg(here.path(name)).status();
        assert!(pipe.expect("mkfifo").success());
        for line in [&["status", "2025-11"][..], &["plan", "2025-11"]] {
            here.start(line).wait_for(Duration::from_secs(20));
        }
        start(&here, &relay, &["--to", "r0002@x.example", "--again"])
            .wait_for(Duration::from_secs(20));
        assert!(relay.copies().values().all(|count| *count <= 2), "{name}");
    }
}
