//! What a sender stands on and may lose: its ledger's file, descriptors, its streams.

use std::time::Duration;

use crate::harness::Running;
use crate::harness::{DIGEST, Publication};
use crate::relay::Relay;
use crate::{CONNECTIONS, book, nobody_is_lost_or_doubled, slow, start, with_readers};
use crate::{READERS, always};

/// Starts a send through a line of the shell, which sees it as `"$@"`.
fn start_through(here: &Publication, relay: &Relay, line: &str, more: &[&str]) -> Running {
    let url = relay.url();
    let send = ["send", "2025-11", "--yes", "--json", "--relay", &url];
    let words = [&["-c", line, DIGEST][..], &send, more].concat();
    Running::start(here.command("sh").args(words))
}

/// The one file of the folder whose name begins so.
fn rescued(here: &Publication) -> String {
    let mut files = here.files();
    files.retain(|name| name.starts_with("digest.db-rescued-"));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

// Row 44.
#[test]
fn a_ledger_that_is_deleted_or_replaced_stops_the_send_and_is_saved() {
    for replaced in [false, true] {
        let (here, relay) = (with_readers(READERS), slow(31));
        let running = start(&here, &relay, &[]);
        relay.has_taken(40);
        std::fs::remove_file(here.path("digest.db")).expect("deleted");
        let here = if replaced { here.write("digest.db", "somebody's letter\n") } else { here };
        let output = running.wait();
        assert_eq!(output.code, 1, "{output:?}");
        for words in ["was deleted or replaced", "put that file in its place"] {
            assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
        }
        let sent = relay.taken_in_the_end();
        assert!(sent < READERS as u64, "it did not stop");
        // Nothing is made in its place, nor in the place of what is no ledger.
        let next = start(&here, &relay, &[]).wait();
        let words =
            if replaced { "not a database" } else { "digest.db is missing, but digest.db-r" };
        assert!(next.code == 1 && next.stderr.contains(words), "{next:?}");
        assert_eq!((here.exists("digest.db"), relay.counts().accepted), (replaced, sent));
        if replaced {
            assert_eq!(here.read("digest.db"), "somebody's letter\n");
        }
        let copy = here.path(&rescued(&here));
        std::fs::rename(copy, here.path("digest.db")).expect("put back");
        assert_eq!(start(&here, &relay, &[]).wait().code, 0);
        let book = book(&here);
        assert_eq!(book.of("accepted").len(), READERS);
        nobody_is_lost_or_doubled(&book, &relay.copies());
    }
}

// Row 44.
#[test]
fn a_ledger_that_is_damaged_is_never_made_anew() {
    let (here, relay) = (with_readers(READERS), slow(32));
    let running = start(&here, &relay, &[]);
    relay.has_taken(40);
    running.signal("INT");
    assert_eq!(running.wait().code, 130);
    damage(&here.path("digest.db"));
    let damaged = std::fs::read(here.path("digest.db")).expect("a file");
    let sent = relay.taken_in_the_end();
    assert!(sent < READERS as u64);
    let next = start(&here, &relay, &[]).wait();
    assert_eq!((next.code, relay.counts().accepted), (1, sent), "{next:?}");
    assert!(next.stderr.contains("is damaged or not a database"), "{next:?}");
    assert!(std::fs::read(here.path("digest.db")).expect("a file") == damaged, "it was changed");
}

// Row 44. SQLite may have all pages in memory and go on to the end, or stop: in no case does
// anybody get the issue again.
#[test]
fn a_ledger_that_is_damaged_under_a_send_doubles_nobody() {
    let (here, relay) = (with_readers(READERS), slow(35));
    let running = start(&here, &relay, &[]);
    relay.has_taken(40);
    damage(&here.path("digest.db"));
    damage(&here.path("digest.db-wal"));
    let output = running.wait();
    let sent = relay.taken_in_the_end();
    let whole = sent == READERS as u64;
    // A page that is needed only at the end may be a damaged one.
    assert!(output.code == 1 || whole && output.code == 0, "{output:?}");
    let next = start(&here, &relay, &[]).wait();
    assert!(next.code == 1 || (whole && next.code == 0), "{next:?}");
    assert_eq!(relay.counts().accepted, sent, "{next:?}");
    assert!(relay.copies().values().all(|count| *count == 1), "{:?}", relay.copies());
}

/// Other bytes from the second kilobyte on, in the same file.
fn damage(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    bytes.iter_mut().skip(1_024).for_each(|byte| *byte = 0x5A);
    std::fs::write(path, bytes).expect("written");
}

// Row 56.
#[test]
fn where_descriptors_run_out_fewer_connections_do_the_work() {
    let (here, relay) = (with_readers(READERS), slow(33));
    let line = "ulimit -n 28; exec \"$0\" \"$@\"";
    let output = start_through(&here, &relay, line, &["--connections", "40"]).wait();
    assert_eq!(output.code, 0, "{output:?}");
    assert!((1..28).contains(&relay.counts().max_open), "{:?}", relay.counts());
    nobody_is_lost_or_doubled(&book(&here), &relay.copies());
}

// Row 57.
#[test]
fn closed_streams_end_nothing_and_the_exit_code_stays_true() {
    for line in [
        "\"$0\" \"$@\" >&- 2>&-; echo $? > code",
        "(\"$0\" \"$@\"; echo $? > code) 2>&1 | true",
        "(\"$0\" \"$@\" 2>/dev/null; echo $? > code) | head -c 1",
    ] {
        let (here, relay) = (with_readers(60), slow(34));
        start_through(&here, &relay, line, &[]).wait();
        assert_eq!(here.read("code").trim(), "0", "{line}");
        let book = book(&here);
        assert_eq!((book.of("accepted").len(), relay.copies().len()), (60, 60), "{line}");
    }
}

// Row 43.
#[test]
fn a_full_disk_between_two_marks_sends_nothing_more() {
    let (here, relay) = (with_readers(60), always(crate::At::Dot, 1));
    let running = start(&here, &relay, &[]);
    relay.has_taken(CONNECTIONS as u64);
    let pid = running.pid().to_string();
    // From here on no file of the process can grow.
    let limited =
        std::process::Command::new("prlimit").args(["--pid", &pid, "--fsize=1:1"]).status();
    match limited {
        Ok(status) if status.success() => {}
        other => return eprintln!("skipped: prlimit: {other:?}"),
    }
    let ended = || relay.counts().open == 0;
    assert!(crate::wait_until(Duration::from_secs(20), ended), "it goes on");
    let sent = relay.taken_in_the_end();
    assert!(sent <= 2 * CONNECTIONS as u64, "{sent} sent without a mark");
    drop(running);
    let open = Relay::new();
    let next = start(&here, &open, &[]).wait();
    let book = book(&here);
    assert!(book.of("uncertain").len() <= CONNECTIONS, "{next:?}");
    let both = relay.copies().into_keys().filter(|email| open.copies().contains_key(email));
    assert_eq!(both.count(), 0, "somebody has it twice");
    let all = relay.copies().len() + open.copies().len();
    assert!(all >= 60 - book.of("uncertain").len(), "{all}");
}

// Row 43. The secret is the first file that a send makes: another place for it would not help.
#[test]
fn a_full_disk_that_takes_no_secret_is_told_as_a_full_disk() {
    let (here, relay) = (with_readers(2), Relay::new());
    let line = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    let output = start_through(&here, &relay, line, &[]).wait();
    assert_eq!((output.code, relay.counts().connections), (1, 0), "{output:?}");
    for words in [".digest-secret cannot be written", "free space first"] {
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
    assert!(!output.stderr.contains("set DIGEST_SECRET"), "{}", output.stderr);
}
