//! A journal and a ledger that do not fit each other, or were damaged: nobody is sent to twice
//! unseen.
//!
//! The journal's form is written here a second time, from docs/ledger.md and not with the product's
//! own code.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use sejong_digest::catcher::script::At;
use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::store::sql;

use crate::harness::Publication;
use crate::harness::running::wait_until;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{
    CONNECTIONS, READERS, always, book, nobody_is_lost_or_doubled, slow, start, with_readers,
};

const LEDGER: [&str; 2] = ["digest.db", "digest.db-wal"];

/// The contents of the lines, such as `"dot":[18,"…"]`, without numbers, checks and the end mark.
pub(crate) fn contents(here: &Publication) -> Vec<String> {
    let text = here.read(&here.journal());
    let lines = text.lines().filter(|line| !line.starts_with("{\"end\""));
    let content = |line: &str| {
        let (_, rest) = line.split_once(',').expect("a number");
        rest.rsplit_once(",\"crc\"").expect("a check").0.to_owned()
    };
    lines.map(content).collect()
}

/// A whole journal of these contents.
pub(crate) fn journal(contents: &[String]) -> String {
    let (mut text, mut check) = (String::new(), 0_u32);
    for (at, content) in contents.iter().enumerate() {
        let line = format!("{{\"n\":{},{content}", at + 1);
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&check.to_le_bytes());
        hasher.update(line.as_bytes());
        check = hasher.finalize();
        text.push_str(&format!("{line},\"crc\":\"{check:08x}\"}}\n"));
    }
    format!("{text}{{\"end\":{}}}\n", contents.len())
}

/// A send that was killed when the relay had taken so many.
fn killed(seed: u64, taken: u64) -> (Publication, Relay) {
    let (here, relay) = (with_readers(READERS), slow(seed));
    let running = start(&here, &relay, &[]);
    relay.has_taken(taken);
    running.kill();
    (here, relay)
}

/// Files as they are now, for [`put_back`].
fn kept(here: &Publication, names: &[&str]) -> Vec<(String, Vec<u8>)> {
    let there = names.iter().filter(|name| here.exists(name));
    there.map(|name| (name.to_string(), std::fs::read(here.path(name)).expect("a file"))).collect()
}

/// The ledger of another time in its place, and nothing of the present one.
fn put_back(here: Publication, files: &[(String, Vec<u8>)]) -> Publication {
    for name in ["digest.db", "digest.db-wal", "digest.db-shm"] {
        let _ = std::fs::remove_file(here.path(name));
    }
    files.iter().fold(here, |here, (name, bytes)| here.write(name, bytes))
}

fn sql(path: &Path, statement: &'static str) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = Store::open(path, &ledger::STEPS).await.expect("a ledger");
        sql::raw(statement).execute(store.pool()).await.expect("done");
        store.close().await;
    });
}

#[test]
fn the_journal_has_the_form_that_is_written_down() {
    let (here, _relay) = killed(61, 40);
    assert_eq!(journal(&contents(&here)), here.read(&here.journal()));
}

/// A way to damage a journal.
type Damage = fn(&str) -> Vec<u8>;

// Row 47.
#[test]
fn a_journal_that_was_cut_short_or_overwritten_doubles_nobody() {
    let damages: [Damage; 6] = [
        // Between two lines, some before the end.
        |text| {
            text.lines().take(text.lines().count() - 12).fold(Vec::new(), |mut all, line| {
                all.extend_from_slice(line.as_bytes());
                all.push(b'\n');
                all
            })
        },
        |text| text.as_bytes()[..text.len() / 3].to_vec(),
        |text| [&text.as_bytes()[..text.len() - 700], &[0; 700][..]].concat(),
        |text| text.replacen("\"dot\"", "\"dxt\"", 20).into_bytes(),
        |text| text.lines().next().expect("a line").as_bytes().to_vec(),
        |_| Vec::new(),
    ];
    for (seed, damage) in (62..).zip(damages) {
        let (here, relay) = killed(seed, 60);
        let damaged = damage(&here.read(&here.journal()));
        let here = here.with_journal(damaged);
        let next = start(&here, &relay, &[]).wait();
        let book = book(&here);
        nobody_is_lost(&book, &relay);
        let uncertain = book.of("uncertain").len();
        assert!((1..=200).contains(&uncertain) && next.code == 4, "{seed}: {next:?}");
        assert!(!here.exists(&here.journal()));
    }
}

#[track_caller]
fn nobody_is_lost(book: &crate::relay::Book, relay: &Relay) {
    let copies = relay.copies();
    assert_eq!(book.of("accepted").len() + book.of("uncertain").len(), READERS, "{book:?}");
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    assert!(book.of("accepted").iter().all(|email| copies.contains_key(*email)));
}

#[test]
fn a_journal_that_is_not_whole_is_told() {
    let (here, relay) = killed(70, 60);
    let text = here.read(&here.journal());
    let here = here.with_journal(&text[..text.len() - 40]);
    let next = start(&here, &relay, &[]).wait();
    assert!(next.stderr.contains("its journal is not complete"), "{}", next.stderr);
}

// Row 44. Yesterday's copy of the ledger knows nothing of today's run.
#[test]
fn an_older_copy_of_the_ledger_beside_a_journal_stops_the_send() {
    let (here, relay) = (with_readers(5), Relay::new());
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    let yesterday = kept(&here, &LEDGER);
    let all = with_readers(READERS).read("subscribers.csv");
    let (here, relay) = (here.write("subscribers.csv", all), slow(71));
    let running = start(&here, &relay, &[]);
    relay.has_taken(60);
    running.kill();
    let today = kept(&here, &LEDGER);
    let marks = here.read(&here.journal());
    let sent = relay.taken_in_the_end();

    let here = put_back(here, &yesterday);
    let by_receipt = start(&here, &relay, &[]).wait();
    assert_eq!((by_receipt.code, relay.counts().accepted), (3, sent), "{by_receipt:?}");
    assert!(by_receipt.stderr.contains("this ledger knows of 5 only"), "{by_receipt:?}");
    let stopped = start(&here, &relay, &["--despite-receipt"]).wait();
    assert_eq!((stopped.code, relay.counts().accepted), (1, sent), "{stopped:?}");
    for words in ["does not know the run that wrote", "older copy of the ledger", "Put back"] {
        assert!(stopped.stderr.contains(words), "no {words:?} in {}", stopped.stderr);
    }
    let looked = here.run(&["status", "2025-11"]);
    assert!(looked.stderr.contains("these numbers may be wrong"), "{looked:?}");
    assert_eq!((looked.code, here.read(&here.journal())), (0, marks), "{looked:?}");

    // It was put back, and that is asked about once.
    let here = put_back(here, &today);
    let next = start(&here, &relay, &["--despite-copy"]).wait();
    assert!(matches!(next.code, 0 | 4), "{next:?}");
    let book = book(&here);
    assert!(book.of("uncertain").len() <= CONNECTIONS, "{next:?}");
    let copies = relay.copies();
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    assert!(copies.len() + 5 >= READERS - CONNECTIONS, "{}", copies.len());
}

// Row 44. A copy that was taken while the run went on knows the run, but not whom it claimed later.
#[test]
fn a_copy_of_the_ledger_from_the_middle_of_the_run_stops_the_send() {
    // More than two claims, whichever of the first two the copy has.
    let (here, relay) = (with_readers(READERS), slow(72));
    let running = start(&here, &relay, &[]);
    relay.has_taken(30);
    running.signal("STOP");
    let copy = kept(&here, &LEDGER);
    running.signal("CONT");
    relay.has_taken(450);
    running.kill();
    let (today, sent) = (kept(&here, &LEDGER), relay.taken_in_the_end());
    let here = put_back(here, &copy);
    let stopped = start(&here, &relay, &[]).wait();
    assert_eq!((stopped.code, relay.counts().accepted), (1, sent), "{stopped:?}");
    assert!(stopped.stderr.contains("older copy of the ledger"), "{}", stopped.stderr);
    let here = put_back(here, &today);
    let next = start(&here, &relay, &["--despite-copy"]).wait();
    assert!(matches!(next.code, 0 | 4), "{next:?}");
    nobody_is_lost_or_doubled(&book(&here), &relay.copies());
}

// Row 47. An older copy of the journal ends before what the ledger has seen of it.
#[test]
fn an_older_copy_of_the_journal_is_not_taken_for_the_whole() {
    let (here, relay) = (with_readers(READERS), slow(73));
    let running = start(&here, &relay, &[]);
    relay.has_taken(30);
    running.signal("STOP");
    let older = std::fs::read(here.path(&here.journal())).expect("a file");
    let taken = relay.counts().accepted as usize;
    running.signal("CONT");
    // Only what the ledger has recorded since tells that lines are missing.
    let recorded = || book(&here).of("accepted").len() > taken + CONNECTIONS;
    assert!(wait_until(Duration::from_secs(30), recorded), "behind {taken} nothing is recorded");
    running.kill();
    let here = here.with_journal(older);
    let next = start(&here, &relay, &[]).wait();
    assert_eq!(next.code, 4, "{next:?}");
    nobody_is_lost(&book(&here), &relay);
}

// Version 0.1.0 neither numbered its lines nor named its run.
#[test]
fn a_journal_of_version_0_1_0_is_read() {
    let (here, relay) = killed(74, 60);
    let older: String = contents(&here)
        .iter()
        .map(|content| match content.strip_prefix("\"begin\":") {
            None => format!("{{{content}}}\n"),
            Some(head) => {
                let head: serde_json::Value = serde_json::from_str(head).expect("JSON");
                format!("{{\"boot\":[{},{}]}}\n", head["boot"], head["run"])
            }
        })
        .collect();
    // Nor did it leave a receipt when it began.
    let here = here.with_journal(older).remove("receipts/2025-11.toml");
    sql(&here.path("digest.db"), "UPDATE run SET token = '', journal_line = 0");
    let next = start(&here, &relay, &[]).wait();
    let book = book(&here);
    let uncertain = book.of("uncertain").len();
    assert!(uncertain <= CONNECTIONS, "{next:?}");
    assert_eq!(next.code, if uncertain == 0 { 0 } else { 4 }, "{next:?}");
    nobody_is_lost_or_doubled(&book, &relay.copies());
}

#[test]
fn a_journal_that_nobody_can_read_stops_a_send_that_has_nothing_to_settle() {
    let (here, relay) = (with_readers(5), Relay::new());
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    let here = here.with_journal("somebody's letter\n");
    let next = start(&here, &relay, &[]).wait();
    assert_eq!(next.code, 1, "{next:?}");
    assert!(next.stderr.contains("knows of no run that was killed"), "{}", next.stderr);
    assert_eq!(here.read(&here.journal()), "somebody's letter\n");
}

// Row 44. The ledger is lost and its journal is there: nobody says that nothing was sent, and nobody
// begins anew.
#[test]
fn a_journal_without_its_ledger_is_told_by_who_looks_and_stops_who_sends() {
    let (here, relay) = killed(79, 40);
    let lines = contents(&here).len();
    let here = here.remove("digest.db").remove("digest.db-wal").remove("digest.db-shm");
    let (sent, before) = (relay.taken_in_the_end(), here.files());
    let url = relay.url();
    for line in [
        &["status"][..],
        &["status", "2025-11"],
        &["plan", "2025-11"],
        &["send", "2025-11", "--dry-run"],
        &["send", "2025-11", "--yes", "--relay", &url],
        &["reconcile", "2025-11", "--maillog", "mail.log"],
    ] {
        let told = here.run(line);
        assert_eq!(told.code, 1, "{line:?}: {told:?}");
        // The receipt of the send that had begun is no ledger.
        let receipt = "2025-11: receipts/2025-11.toml says that a send to 600 began: up to 600";
        assert!(told.stdout.is_empty() || told.stdout.starts_with(receipt), "{line:?}: {told:?}");
        let journal = format!("digest.db-marks is the journal of run 1 and holds {lines} lines");
        for words in ["digest.db is missing, but digest.db-marks is there", &journal] {
            assert!(told.stderr.contains(words), "{line:?}: no {words:?} in {}", told.stderr);
        }
        assert!(!told.stderr.contains("nothing was sent yet"), "{line:?}: {told:?}");
    }
    assert_eq!((relay.counts().accepted, here.files()), (sent, before));
}

/// Whoever may have the first text never gets a second one, also where the sender was killed.
#[test]
fn who_was_on_the_wire_is_never_sent_another_text() {
    for waits in [false, true] {
        let (here, relay) = (with_readers(20), always(At::Dot, 8));
        let running = start(&here, &relay, &[]);
        relay.has_taken(CONNECTIONS as u64);
        running.kill();
        if waits {
            // The uncertain stay held.
            let held = start(&here, &Relay::new(), &["--only", "email=r0019@x.example"]).wait();
            assert_eq!(held.code, 4, "{held:?}");
        }
        let here = here.edit("issues/2025-11/hangul.md", "Twenty-eight", "Twenty-four");
        let second = Relay::new();
        let output = start(&here, &second, &["--uncertain", "resend", "--recompose"]).wait();
        let others = 20 - usize::from(waits);
        assert_eq!((output.code, second.copies().len()), (0, others), "{output:?}");
        let first: BTreeSet<String> =
            relay.accepted().iter().map(|message| message.recipients.concat()).collect();
        assert!(first.len() >= CONNECTIONS);
        for message in second.accepted() {
            let text = Mail::read(&message.bytes).text;
            let had = first.contains(&message.recipients.concat());
            assert_eq!(text.contains("Twenty-eight"), had, "{text}");
        }
    }
}
