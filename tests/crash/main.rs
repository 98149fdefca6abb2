//! A sender that is killed, interrupted or started twice: nobody is lost, and nobody gets the issue
//! twice but for rows that were listed as uncertain.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/mail.rs"]
mod mail;
#[path = "../harness/relay.rs"]
mod relay;
mod alone;
mod grounds;
mod marks;
mod pauses;
mod storm;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use harness::running::wait_until;
use harness::{DIGEST, Output, Publication, Running};
use mail::Mail;
use relay::{Book, Relay};

const CONNECTIONS: usize = 4;
const READERS: usize = 600;

fn with_readers(count: usize) -> Publication {
    let row = |n| format!("r{n:04}@x.example,Reader {n}\n");
    let rows: String = (1..=count).map(row).collect();
    Publication::new().write("subscribers.csv", format!("email,first_name\n{rows}"))
}

fn start(here: &Publication, relay: &Relay, more: &[&str]) -> Running {
    let url = relay.url();
    here.start(&[&["send", "2025-11", "--yes", "--json", "--relay", &url], more].concat())
}

fn book(here: &Publication) -> Book {
    Book::of_publication(here, "2025-11")
}

/// A relay that takes its time now and then, before and after it has taken a message.
fn slow(seed: u64) -> Relay {
    let ms = Duration::from_millis;
    let script = Script::new()
        .rule(At::Dot, When::Fraction(0.3, seed), Do::Delay(ms(8)))
        .rule(At::Dot, When::Fraction(0.1, seed + 1), Do::Delay(ms(25)))
        .rule(At::Rcpt, When::Fraction(0.1, seed + 2), Do::Delay(ms(10)))
        .rule(At::Body(200), When::Fraction(0.1, seed + 3), Do::Delay(ms(10)));
    Relay::scripted(script)
}

fn always(at: At, seconds: u64) -> Relay {
    let script = Script::new().rule(at, When::Always, Do::Delay(Duration::from_secs(seconds)));
    Relay::with(CatcherOptions { script, ..CatcherOptions::default() })
}

/// Numbers that look random, the same for the same seed (a linear congruence, its high bits).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % limit
    }
}

/// Starts and kills until a run ends by itself; how often it was killed, and that run.
fn killed_until_done(here: &Publication, relay: &Relay, dice: &mut Dice) -> (usize, Output) {
    let mut known = 0;
    for kills in 0.. {
        let before = relay.counts().accepted;
        let mut running = start(here, relay, &[]);
        // Also before the first message, and in the middle of opening the ledger.
        let share = if kills % 4 == 0 { 0 } else { 1 + dice.below(90) };
        let pause = Duration::from_micros(dice.below(20_000));
        let reached = || running.is_over() || relay.counts().accepted >= before + share;
        assert!(wait_until(Duration::from_secs(30), reached), "it stands still");
        std::thread::sleep(pause);
        if running.is_over() {
            return (kills, running.wait());
        }
        running.kill();
        let uncertain = book(here).of("uncertain").len();
        // What this run has found of the one before it.
        let added = uncertain - std::mem::replace(&mut known, uncertain);
        assert!(added <= CONNECTIONS, "{added} uncertain by one kill");
    }
    unreachable!("the loop has no end")
}

/// Every accepted row was received once, every uncertain one at most once, and nobody is missing.
fn nobody_is_lost_or_doubled(book: &Book, copies: &BTreeMap<String, usize>) {
    assert_eq!(book.of("accepted").len() + book.of("uncertain").len(), READERS, "{book:?}");
    for email in book.of("accepted") {
        assert_eq!(copies.get(email), Some(&1), "{email}: {:?}", book.row(email));
    }
    for email in book.of("uncertain") {
        assert!(copies.get(email).is_none_or(|copies| *copies == 1), "{email}: {copies:?}");
        let row = book.row(email);
        assert!(row.message_id.as_ref().is_some_and(|id| id.contains('@')), "{row:?}");
    }
}

#[test]
fn a_sender_killed_at_any_moment_loses_nobody_and_doubles_nobody() {
    for seed in [1, 2, 3] {
        let (here, relay) = (with_readers(READERS), slow(seed));
        let (kills, last) = killed_until_done(&here, &relay, &mut Dice(seed));
        let book = book(&here);
        let uncertain: BTreeSet<&str> = book.of("uncertain").into_iter().collect();
        eprintln!("seed {seed}: {kills} kills, {} uncertain", uncertain.len());
        assert!(kills >= 5, "{kills} kills prove little");
        assert!(uncertain.len() <= kills * CONNECTIONS);
        assert_eq!(last.code, if uncertain.is_empty() { 0 } else { 4 }, "{last:?}");
        nobody_is_lost_or_doubled(&book, &relay.copies());

        let resent = start(&here, &relay, &["--uncertain", "resend"]).wait();
        assert_eq!(resent.code, 0, "{resent:?}");
        assert_eq!(relay.copies().len(), READERS, "somebody has nothing");
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for message in relay.accepted() {
            let id = Mail::read(&message.bytes).id().to_owned();
            ids.entry(message.recipients.concat()).or_default().insert(id);
        }
        assert!(ids.values().all(|ids| ids.len() == 1), "a repeat has another Message-ID");
        for (email, copies) in relay.copies() {
            let most = if uncertain.contains(email.as_str()) { 2 } else { 1 };
            assert!(copies <= most, "{email} has {copies}");
        }
    }
}

#[test]
fn an_interrupted_sender_finishes_what_is_on_the_wire() {
    for signal in ["INT", "TERM", "HUP"] {
        // Enough that a slow machine does not send to all before the signal.
        let (here, relay) = (with_readers(2_000), slow(4));
        let running = start(&here, &relay, &[]);
        relay.has_taken(30);
        running.signal(signal);
        let output = running.wait();
        assert_eq!(output.code, 130, "{output:?}");
        assert!(output.stderr.contains("run the same command again to go on"), "{output:?}");
        let book = book(&here);
        assert_eq!((book.of("uncertain").len(), book.of("claimed").len()), (0, 0));
        let accepted = book.of("accepted").len();
        assert!((30..2_000).contains(&accepted), "{accepted}");
        assert_eq!(accepted, relay.copies().len(), "{book:?}");
        assert_eq!(accepted + book.of("pending").len(), 2_000);
        assert_eq!(start(&here, &relay, &[]).wait().code, 0);
        let copies = relay.copies();
        assert!(copies.len() == 2_000 && copies.values().all(|copies| *copies == 1), "{copies:?}");
    }
}

fn interrupted_twice(running: Running) -> Output {
    running.signal("INT");
    running.says("a second Ctrl-C stops at once");
    running.signal("INT");
    running.wait_for(Duration::from_secs(5))
}

#[test]
fn a_second_interrupt_drops_what_is_on_the_wire_and_lists_it() {
    let (here, relay) = (with_readers(200), always(At::Dot, 8));
    let running = start(&here, &relay, &[]);
    relay.has_taken(CONNECTIONS as u64);
    let output = interrupted_twice(running);
    assert_eq!(output.code, 130, "{output:?}");
    let book = book(&here);
    assert_eq!(book.of("uncertain").len(), CONNECTIONS, "{book:?}");
    assert_eq!(book.of("pending").len(), 200 - CONNECTIONS);
    for message in relay.accepted() {
        let row = book.row(&message.recipients.concat());
        let id = Mail::read(&message.bytes).id().to_owned();
        assert_eq!(row.message_id.as_ref().map(|id| format!("<{id}>")), Some(id), "{row:?}");
    }
}

/// The same command would do nothing: it holds them.
#[test]
fn where_all_who_are_left_are_uncertain_the_end_says_what_settles_them() {
    let (here, relay) = (with_readers(CONNECTIONS), always(At::Dot, 8));
    let running = start(&here, &relay, &[]);
    relay.has_taken(CONNECTIONS as u64);
    let output = interrupted_twice(running);
    assert_eq!((output.code, book(&here).of("uncertain").len()), (130, CONNECTIONS), "{output:?}");
    let settle = format!("interrupted: 0 are left; settle {CONNECTIONS} people who may or may not");
    for words in [&settle[..], "`digest reconcile 2025-11 --maillog FILE`", "--uncertain resend"] {
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
    assert!(!output.stderr.contains("run the same command again"), "{}", output.stderr);
}

#[test]
fn an_interrupt_before_any_text_leaves_nobody_uncertain() {
    let (here, relay) = (with_readers(20), always(At::Mail, 8));
    let running = start(&here, &relay, &[]);
    assert!(wait_until(Duration::from_secs(10), || relay.counts().commands >= 8));
    let output = interrupted_twice(running);
    assert_eq!((output.code, book(&here).of("pending").len()), (130, 20), "{output:?}");
}

#[test]
fn a_second_sender_is_told_who_is_sending() {
    let (here, relay) = (with_readers(40), always(At::Dot, 1));
    let first = start(&here, &relay, &["--connections", "20"]);
    relay.has_taken(1);
    let second = start(&here, &relay, &[]).wait_for(Duration::from_secs(10));
    assert!(second.code == 1 && second.stdout.contains("\"error\":\""), "{second:?}");
    let words = format!("process {} (issue 2025-11", first.pid());
    assert!(second.stderr.contains(&words), "no {words:?} in {}", second.stderr);
    let output = first.wait();
    assert_eq!(output.code, 0, "{output:?}");
    let copies = relay.copies();
    assert!(copies.len() == 40 && copies.values().all(|copies| *copies == 1), "{copies:?}");
}

#[test]
fn a_dry_run_while_another_sends_disturbs_nothing() {
    let (here, relay) = (with_readers(40), always(At::Dot, 1));
    let first = start(&here, &relay, &["--connections", "20"]);
    relay.has_taken(1);
    let looking = start(&here, &relay, &["--dry-run"]).wait_for(Duration::from_secs(10));
    assert_eq!(looking.code, 0, "{looking:?}");
    assert_eq!((first.wait().code, relay.copies().len()), (0, 40));
}

/// The same send where no file may grow beyond so many blocks of 512 bytes: a full disk.
fn start_cramped(here: &Publication, relay: &Relay, blocks: u32) -> Running {
    let line = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let url = relay.url();
    let send = ["send", "2025-11", "--yes", "--json", "--relay", &url];
    Running::start(here.command("sh").args([&["-c", &line, DIGEST][..], &send].concat()))
}

/// How many such blocks a store has whose tables are empty.
fn blocks_of_tables() -> u32 {
    let here = Publication::new();
    let added = here.run(&["subscribers", "add", "kim@example.org", "--consent", "asked"]);
    assert_eq!(added.code, 0, "{added:?}");
    let bytes = std::fs::metadata(here.path("digest.db")).expect("a store").len();
    u32::try_from(bytes / 512).expect("a small store")
}

#[test]
fn a_full_disk_stops_the_send_and_nothing_goes_out_unrecorded() {
    let tables = blocks_of_tables();
    // The first cannot hold the plan; the others fill up on the way.
    for (blocks, sends) in
        [(100, false), (tables + 700, true), (tables + 900, true), (tables + 1100, true)]
    {
        let (here, relay) = (with_readers(READERS), slow(5));
        let output = start_cramped(&here, &relay, blocks).wait();
        let sent = relay.taken_in_the_end();
        assert_eq!(output.code, 1, "{blocks} blocks: {output:?}");
        assert_eq!(sent > 0, sends, "{blocks} blocks: {sent} sent, {output:?}");
        for words in ["digest.db", "cannot be written", "free space first"] {
            assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
        }
        assert!(!output.stderr.contains("I/O error"), "{}", output.stderr);
        let next = start(&here, &relay, &[]).wait();
        let book = book(&here);
        let uncertain = book.of("uncertain").len();
        assert!(uncertain <= CONNECTIONS, "{blocks} blocks: {output:?} {next:?}");
        nobody_is_lost_or_doubled(&book, &relay.copies());
    }
}

/// What the disk had no room for stands in the journal, and the summary counts it.
#[test]
fn after_a_full_disk_the_summary_the_receipt_and_status_tell_what_the_journal_knows() {
    let tables = blocks_of_tables();
    for blocks in [tables + 700, tables + 900] {
        let (here, relay) = (with_readers(READERS), slow(7));
        let output = start_cramped(&here, &relay, blocks).wait();
        let sent = relay.taken_in_the_end();
        let recorded = book(&here).of("accepted").len() as u64;
        assert!(recorded < sent, "{blocks} blocks: the disk was not full soon enough: {output:?}");
        let told: serde_json::Value = serde_json::from_str(&output.stdout).expect("an object");
        let count = |state: &str| told[state].as_u64().expect("a number");
        let known = count("accepted")..=count("accepted") + count("uncertain");
        assert!(known.contains(&sent), "{blocks} blocks: {sent} were sent to: {told}");
        let receipt = here.read("receipts/2025-11.toml");
        let accepted = format!("accepted = {}\n", count("accepted"));
        assert!(receipt.contains(&accepted), "{told}: {receipt}");
        // What it said when it began is no word of another ledger.
        assert!(!receipt.contains("[[also]]"), "{receipt}");
        assert!(!output.stderr.contains("another ledger"), "{}", output.stderr);
        let status = here.run(&["status", "2025-11"]);
        let first = format!("2025-11: 600 planned: {} accepted", count("accepted"));
        assert!(status.stdout.starts_with(&first), "{status:?}");
        assert!(status.stderr.contains("or the disk was full"), "{}", status.stderr);
        // The receipt knows no more than ledger and journal together: nobody is asked.
        let again = start_cramped(&here, &relay, 100).wait();
        assert_eq!(again.code, 1, "{again:?}");
        assert!(again.stderr.contains("free space first"), "{}", again.stderr);
        assert_eq!(
            start(&here, &relay, &[]).wait().code,
            if count("uncertain") > 0 { 4 } else { 0 }
        );
        nobody_is_lost_or_doubled(&book(&here), &relay.copies());
    }
}
