//! Everything at once: a relay that drops connections at every stage and refuses by chance, a sender
//! that is killed at random moments and started again until it is done, and two senders at a time.
//!
//! What the relay took is compared with the ledger: nobody is lost, and whoever has the issue twice
//! was listed as uncertain before. The long version takes its size from the environment.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::running::wait_until;
use crate::harness::{Output, Publication, Running};
use crate::mail::Mail;
use crate::relay::{Book, Relay};
use crate::{CONNECTIONS, Dice, book, start, with_readers};

/// What the ledger says of a row that a killed sender had marked.
const DIED: &str = "digest was stopped, or could not write, before";
/// Shares of the occasions at which the relay does something wrong.
const DROP: f64 = 0.004;
const REFUSE: f64 = 0.01;

/// A relay in a storm, the same one for the same seed.
fn stormy(seed: u64) -> Relay {
    let drops = [
        (At::Banner, Do::Reset),
        (At::Banner, Do::reply_then_close("421 4.3.2 not now")),
        (At::Ehlo, Do::Close),
        (At::Mail, Do::Close),
        (At::Rcpt, Do::Reset),
        (At::Data, Do::Close),
        (At::Body(150), Do::Reset),
        (At::Dot, Do::Close),
        (At::Dot, Do::Reset),
        (At::Dot, Do::AcceptThenReset),
        (At::Dot, Do::AcceptThenClose),
    ];
    let refusals = [
        (At::Mail, "451 4.3.0 out of breath"),
        (At::Rcpt, "450 4.2.1 mailbox busy"),
        (At::Rcpt, "550 5.1.1 no such user"),
        (At::Data, "451 4.3.0 queue trouble"),
        (At::Dot, "451 4.3.0 cannot store it"),
        (At::Dot, "554 5.7.1 not liked"),
    ];
    let mut script = Script::new();
    let mut seeds = (1..).map(|number| seed * 1_000 + number);
    let mut next = || seeds.next().expect("a number");
    for (at, action) in drops {
        // Few connections are opened, and many messages sent.
        let share = if matches!(at, At::Banner | At::Ehlo) { 0.1 } else { DROP };
        script = script.rule(at, When::Fraction(share, next()), action);
    }
    for (at, line) in refusals {
        script = script.rule(at, When::Fraction(REFUSE, next()), Do::reply(line));
    }
    let slow = Do::Delay(Duration::from_millis(6));
    Relay::scripted(script.rule(At::Dot, When::Fraction(0.3, next()), slow))
}

/// What happened to a storm's senders.
#[derive(Debug, Default)]
struct Log {
    starts: usize,
    kills: usize,
    pairs: usize,
    /// Senders that the lock has turned away.
    turned_away: usize,
    /// Rows that a kill has left undecided, and the most by one kill.
    by_kill: usize,
    most_by_kill: usize,
    /// How often each address was listed as uncertain before it was sent to again.
    listed: BTreeMap<String, usize>,
}

/// Rows that wait for another run.
fn waiting(book: &Book) -> usize {
    ["pending", "claimed", "deferred"].iter().map(|state| book.of(state).len()).sum()
}

/// Rows that some kill has left undecided.
fn died(book: &Book) -> usize {
    let uncertain = book.of("uncertain").into_iter().map(|email| book.row(email));
    uncertain.filter(|row| row.text.as_ref().is_some_and(|text| text.starts_with(DIED))).count()
}

/// A run that ended by itself: done, with something left, given up by the relay's doing, or turned
/// away by one that is over now.
#[track_caller]
fn ended_well(output: &Output) {
    // Where all who are left are uncertain, the same command would do nothing.
    let reasons = ["run the same command again", "wait until it has ended", "; then settle "];
    let given_up = output.code == 1 && reasons.iter().any(|words| output.stderr.contains(words));
    assert!(matches!(output.code, 0 | 4) || given_up, "{output:?}");
}

/// Starts two senders at once. The lock lets one send; the one that goes on.
fn one_of_two(here: &Publication, relay: &Relay, log: &mut Log) -> Running {
    let mut two = [start(here, relay, &[]), start(here, relay, &[])];
    log.starts += 2;
    log.pairs += 1;
    let one_is_over = || two.iter_mut().any(Running::is_over);
    assert!(wait_until(Duration::from_secs(60), one_is_over), "two send at once");
    let [mut first, mut second] = two;
    if !first.is_over() {
        std::mem::swap(&mut first, &mut second);
    }
    let (first_pid, output) = (first.pid(), first.wait());
    if !turned_away(&output, second.pid(), log) {
        // It was done before the other came to the lock, or has turned the other away.
        ended_well(&output);
        if second.is_over() {
            let (pid, output) = (first_pid, second.wait());
            if !turned_away(&output, pid, log) {
                ended_well(&output);
            }
            return start(here, relay, &[]);
        }
    }
    second
}

/// Whether the lock has turned it away; then it names the sender.
#[track_caller]
fn turned_away(output: &Output, sender: u32, log: &mut Log) -> bool {
    if !output.stderr.contains("is sending from") {
        return false;
    }
    let words = format!("process {sender} (issue 2025-11");
    assert!(output.code == 1 && output.stdout.contains("\"error\":\""), "{output:?}");
    assert!(output.stderr.contains(&words), "no {words:?} in {}", output.stderr);
    log.turned_away += 1;
    true
}

/// Starts and kills until nobody waits any more.
fn killed_until_done(here: &Publication, relay: &Relay, dice: &mut Dice, readers: u64) -> Log {
    let mut log = Log::default();
    let mut known = 0;
    for round in 0.. {
        assert!(round < 500, "it comes to no end: {log:?}");
        let before = relay.counts().accepted;
        let mut running = if round % 3 == 0 {
            one_of_two(here, relay, &mut log)
        } else {
            log.starts += 1;
            start(here, relay, &[])
        };
        // Also before the first message, and in the middle of opening the ledger.
        let share = if round % 5 == 4 { 0 } else { 1 + dice.below(readers / 8) };
        let pause = Duration::from_micros(dice.below(20_000));
        let reached = || running.is_over() || relay.counts().accepted >= before + share;
        assert!(wait_until(Duration::from_secs(60), reached), "it stands still");
        std::thread::sleep(pause);
        if running.is_over() {
            ended_well(&running.wait());
        } else {
            running.kill();
            log.kills += 1;
        }
        let book = book(here);
        // What the last run has found of the one before it.
        let found = died(&book);
        let added = found - std::mem::replace(&mut known, found);
        assert!(added <= CONNECTIONS, "{added} undecided by one kill");
        log.by_kill = found;
        log.most_by_kill = log.most_by_kill.max(added);
        // Killed before the plan was committed there are no rows.
        if book.len() > 0 && waiting(&book) == 0 {
            return log;
        }
    }
    unreachable!("the loop has no end")
}

/// Sends to the uncertain again until there are none.
fn settle(here: &Publication, relay: &Relay, log: &mut Log) {
    for _ in 0..50 {
        let book = book(here);
        let uncertain = book.of("uncertain");
        if uncertain.is_empty() && waiting(&book) == 0 {
            return;
        }
        for email in uncertain {
            *log.listed.entry(email.to_owned()).or_default() += 1;
        }
        log.starts += 1;
        ended_well(&start(here, relay, &["--uncertain", "resend"]).wait());
    }
    panic!("some stay uncertain: {:?}", book(here).of("uncertain"));
}

/// One storm from beginning to end.
fn weathered(seed: u64, readers: usize) -> String {
    let began = Instant::now();
    let (here, relay) = (with_readers(readers), stormy(seed));
    let mut log = killed_until_done(&here, &relay, &mut Dice(seed), readers as u64);

    let held = book(&here);
    let copies = relay.copies();
    let [accepted, refused, uncertain] =
        ["accepted", "refused", "uncertain"].map(|state| held.of(state));
    assert_eq!(accepted.len() + refused.len() + uncertain.len(), readers);
    for email in &accepted {
        assert_eq!(copies.get(*email), Some(&1), "{:?}", held.row(email));
    }
    for email in &refused {
        assert_eq!(copies.get(*email), None, "{:?}", held.row(email));
    }
    for email in &uncertain {
        assert!(copies.get(*email).is_none_or(|count| *count == 1), "{:?}", held.row(email));
    }
    let arrived = uncertain.iter().filter(|email| copies.contains_key(**email)).count();

    settle(&here, &relay, &mut log);
    let (settled, copies) = (book(&here), relay.copies());
    let mut twice = 0;
    for email in settled.of("accepted") {
        let count = copies.get(email).copied().unwrap_or_default();
        let listed = log.listed.get(email).copied().unwrap_or_default();
        assert!((1..=1 + listed).contains(&count), "{count} for {:?}", settled.row(email));
        twice += usize::from(count > 1);
    }
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for message in relay.accepted() {
        let id = Mail::read(&message.bytes).id().to_owned();
        let first = ids.entry(message.recipients.concat()).or_insert_with(|| id.clone());
        assert_eq!(*first, id, "a repeat has another Message-ID");
    }
    assert_eq!(settled.of("accepted").len() + settled.of("refused").len(), readers);
    // That none is left undecided by a kill would only tell that its words are others now.
    let proves = log.kills >= 5 && log.turned_away >= 1 && log.by_kill >= 1;
    assert!(proves, "this proves little: {log:?}");
    format!(
        "seed {seed}: {readers} recipients, {} starts, {} kills, {} pairs of which {} met at the \
         lock, {} connections; lost 0; undecided {} ({} by kills, {} at most by one), of which {} \
         had arrived; {twice} got it twice after a resend; {} s",
        log.starts,
        log.kills,
        log.pairs,
        log.turned_away,
        relay.counts().connections,
        uncertain.len(),
        log.by_kill,
        log.most_by_kill,
        arrived,
        began.elapsed().as_secs(),
    )
}

#[test]
fn a_storm_loses_nobody_and_doubles_only_who_was_listed() {
    for seed in [1, 2] {
        eprintln!("{}", weathered(seed, 400));
    }
}

fn setting(name: &str, otherwise: &str) -> Vec<u64> {
    let text = std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let read = |word: &str| word.trim().parse().unwrap_or_else(|_| panic!("{name}={text}"));
    text.split(',').map(read).collect()
}

/// With `DIGEST_CRASH_SECONDS` each seed from 1 on, until so many are over.
#[test]
#[ignore = "minutes: DIGEST_CRASH_RECIPIENTS=3000 DIGEST_CRASH_SEEDS=1,2,3 cargo test --test crash -- --ignored --nocapture"]
fn a_long_storm() {
    let readers = setting("DIGEST_CRASH_RECIPIENTS", "3000");
    let began = Instant::now();
    let seconds = setting("DIGEST_CRASH_SECONDS", "0")[0];
    let seeds: Vec<u64> = match seconds {
        0 => setting("DIGEST_CRASH_SEEDS", "1,2,3"),
        _ => (1..=10_000).collect(),
    };
    for seed in seeds {
        for readers in &readers {
            eprintln!("{}", weathered(seed, usize::try_from(*readers).expect("a number")));
        }
        if seconds > 0 && began.elapsed().as_secs() >= seconds {
            break;
        }
    }
}
