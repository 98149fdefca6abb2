//! People who leave while the issue is sent: from the moment in which that is written down, nobody
//! of them is sent to later than half a second, and everybody else gets the issue.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::running::wait_until;
use crate::harness::{Publication, Running};
use crate::relay::Relay;
use crate::{book, counts, send, with_readers};

/// So long after the command has returned a message may still come: half a second is promised, and a
/// machine that runs several tests at once may stand still for as long.
const PROMISE: Duration = Duration::from_millis(500 + 500);

fn start(here: &Publication, relay: &Relay, more: &[&str]) -> Running {
    let url = relay.url();
    here.start(&[&["send", "2025-11", "--yes", "--json", "--relay", &url], more].concat())
}

fn address(number: usize) -> String {
    format!("r{number:03}@x.example")
}

/// Suppresses people, and says when that was done.
fn suppress(here: &Publication, people: &[String]) -> Instant {
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let line = [&["subscribers", "suppress", "--why", "a letter"][..], &people].concat();
    let told = here.run(&line);
    assert_eq!(told.code, 0, "{told:?}");
    Instant::now()
}

/// Numbers that look like chance and are the same in each run.
fn scattered(from: usize, to: usize, count: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count * 3).map(|at| from + at * 7_919 % (to - from)).collect();
    all.sort_unstable();
    all.dedup();
    let step = (all.len() / count).max(1);
    all.into_iter().step_by(step).take(count).collect()
}

/// Whoever was taken was taken in time; when each of `left` was suppressed.
#[track_caller]
fn nobody_came_late(relay: &Relay, left: &BTreeMap<String, Instant>) {
    for message in relay.accepted() {
        let person = message.recipients.concat();
        let Some(since) = left.get(&person) else { continue };
        let late = message.at.saturating_duration_since(*since);
        assert!(late <= PROMISE, "{person} came {late:?} after they had left");
    }
}

#[test]
fn nobody_who_leaves_in_the_middle_is_sent_to_and_everybody_else_is() {
    let (here, relay) = (with_readers(2_000), Relay::new());
    let running = start(&here, &relay, &["--limit", "250/second"]);
    let mut left = BTreeMap::new();
    for round in 1..=5_u64 {
        relay.has_taken(round * 200);
        // Rows are handed out in their order, 200 claimed: some of these are, and some are not yet.
        let taken = usize::try_from(relay.counts().accepted).expect("a count");
        let next = scattered(taken + 100, taken + 200, 5);
        let people = next.into_iter().chain(scattered(taken + 200, 2_000, 5));
        let mut people: Vec<String> = people.map(address).collect();
        people.retain(|person| !left.contains_key(person));
        let since = suppress(&here, &people);
        left.extend(people.into_iter().map(|person| (person, since)));
    }
    let output = running.wait();
    nobody_came_late(&relay, &left);
    let copies = relay.copies();
    let out = left.keys().filter(|person| !copies.contains_key(*person)).count();
    // A busy machine sends to some of the next before the command has begun.
    assert!(left.len() >= 45 && out >= 15, "{out} of {}", left.len());
    let expected = [2_000 - out as u64, 0, 0, 0, out as u64, 0];
    assert_eq!((output.code, counts(&here, &output)), (0, expected), "{output:?}");
    assert!(copies.values().all(|count| *count == 1));
    assert_eq!(copies.len() + out, 2_000);
    let book = book(&here);
    for person in book.of("suppressed") {
        let row = book.row(person);
        let text = row.text.as_deref().unwrap_or_default();
        assert_eq!((text, row.attempts), ("left during the send: manual", 0), "{person}");
    }
    // Whoever has left is not even asked about, as long as there is time for that.
    assert!(relay.counts().connections <= 24, "{:?}", relay.counts());
    let receipt = here.read("receipts/2025-11.toml");
    assert!(receipt.contains(&format!("suppressed = {out}\n")), "{receipt}");
}

/// The number that is promised, on a machine that does nothing else:
/// `cargo test --release --test send -- --ignored --nocapture leave_at_random`.
#[test]
#[ignore = "takes a minute, and a machine of its own"]
fn two_hundred_of_twenty_thousand_leave_at_random_moments() {
    const PEOPLE: usize = 20_000;
    let (here, relay) = (with_readers(PEOPLE), Relay::new());
    let running = start(&here, &relay, &["--limit", "500/second"]);
    let mut left = BTreeMap::new();
    for round in 1..=200_usize {
        relay.has_taken(round as u64);
        let taken = usize::try_from(relay.counts().accepted).expect("a count");
        // Half of them are among the next three hundred, the others anywhere.
        let range = if round % 2 == 0 { 300 } else { PEOPLE - taken - 1 };
        let person = address(taken + 1 + round * 7_919 % range);
        let one = [person.clone()];
        left.entry(person).or_insert_with(|| suppress(&here, &one));
    }
    let output = running.wait_for(Duration::from_secs(300));
    let mut late: Vec<Duration> = Vec::new();
    for message in relay.accepted() {
        let since = left.get(&message.recipients.concat());
        late.extend(since.and_then(|since| message.at.checked_duration_since(*since)));
    }
    late.sort_unstable();
    let out =
        left.len() - left.keys().filter(|person| relay.copies().contains_key(*person)).count();
    println!(
        "{} left, {out} of them before their message; taken after they left: {late:?}",
        left.len()
    );
    assert!(late.iter().all(|late| *late <= Duration::from_millis(500)), "{late:?}");
    assert_eq!((output.code, relay.copies().len()), (0, PEOPLE - out), "{output:?}");
}

/// A text that waits for the relay's 354 is looked at again, and SMTP has no way to take DATA back.
#[test]
fn a_message_that_waits_for_the_relay_is_taken_back_before_its_text_leaves() {
    for (at, pipelining) in [(At::Data, true), (At::Rcpt, true), (At::Data, false)] {
        let held = Do::Delay(Duration::from_secs(5));
        let script = Script::new().once(at, When::recipient("r005"), held);
        let options = sejong_digest::catcher::CatcherOptions {
            script,
            pipelining,
            ..sejong_digest::catcher::CatcherOptions::default()
        };
        let (here, relay) = (with_readers(30), Relay::with(options));
        let running = start(&here, &relay, &["--connections", "1"]);
        let asked = || relay.lines().iter().any(|line| line.contains("r005@"));
        assert!(wait_until(Duration::from_secs(20), asked), "nobody asks for r005");
        let left = BTreeMap::from([(address(5), suppress(&here, &[address(5)]))]);
        let output = running.wait();
        nobody_came_late(&relay, &left);
        assert_eq!((output.code, counts(&here, &output)), (0, [29, 0, 0, 0, 1, 0]), "{output:?}");
        let copies = relay.copies();
        assert!(copies.len() == 29 && copies.values().all(|count| *count == 1), "{at:?}");
        assert!(!copies.contains_key(&address(5)));
        assert_eq!(relay.counts().connections, 2, "one more session, and no failure");
    }
}

/// Somebody whose message waits for a limit has left by the time that it comes.
#[test]
fn a_slow_pace_is_no_delay_for_leaving() {
    let (here, relay) = (with_readers(6), Relay::new());
    let running = start(&here, &relay, &["--limit", "1/second"]);
    relay.has_taken(2);
    let people: Vec<String> = (3..=5).map(address).collect();
    let since = suppress(&here, &people);
    let left = people.into_iter().map(|person| (person, since)).collect();
    let output = running.wait();
    nobody_came_late(&relay, &left);
    assert_eq!(counts(&here, &output)[0] + counts(&here, &output)[4], 6, "{output:?}");
    assert!(counts(&here, &output)[4] >= 1 && relay.copies().contains_key(&address(6)));
}

/// Who was put off waits for the next run, or for no run any more.
#[test]
fn who_was_put_off_and_leaves_waits_no_more_and_so_do_all_at_a_domain() {
    let put_off = Do::reply("450 4.2.1 busy");
    let slow = Do::Delay(Duration::from_millis(250));
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("r001"), put_off.clone())
        .rule(At::Rcpt, When::recipient("@y.example"), put_off)
        .rule(At::Dot, When::Always, slow);
    let list = format!("{}kim@y.example,K\nlee@y.example,L\n", crate::list(30));
    let here = with_readers(0).write(crate::LIST, list);
    let relay = Relay::scripted(script);
    let running = start(&here, &relay, &["--connections", "1"]);
    relay.has_taken(3);
    suppress(&here, &[address(1)]);
    let domain = ["subscribers", "suppress", "y.example", "--domain", "--why", "closed"];
    assert_eq!(here.run(&domain).code, 0);
    let output = running.wait();
    assert_eq!((output.code, counts(&here, &output)), (0, [29, 0, 0, 0, 3, 0]), "{output:?}");
}

#[test]
fn killed_in_between_and_resumed_nobody_who_left_is_sent_to() {
    let (here, relay) = (with_readers(600), Relay::new());
    let running = start(&here, &relay, &["--limit", "150/second"]);
    relay.has_taken(150);
    let taken = usize::try_from(relay.counts().accepted).expect("a count");
    let people: Vec<String> = scattered(taken + 100, 600, 20).into_iter().map(address).collect();
    let since = suppress(&here, &people);
    running.kill();
    relay.taken_in_the_end();
    let left: BTreeMap<String, Instant> =
        people.into_iter().map(|person| (person, since)).collect();
    let output = send(&here, &relay, &["--uncertain", "hold"]);
    nobody_came_late(&relay, &left);
    let [accepted, refused, deferred, uncertain, suppressed, pending] = counts(&here, &output);
    assert_eq!((refused, deferred, pending), (0, 0, 0), "{output:?}");
    assert_eq!(accepted + uncertain + suppressed, 600);
    assert!(suppressed >= 5 && uncertain <= 4, "{suppressed} suppressed, {uncertain} uncertain");
    let copies = relay.copies();
    assert!(copies.values().all(|count| *count == 1));
    let others = (1..=600).map(address).filter(|person| !left.contains_key(person));
    let missed: Vec<String> = others.filter(|person| !copies.contains_key(person)).collect();
    assert!(missed.len() as u64 <= uncertain, "{missed:?}");
}

/// A send that waits for its time has planned them before.
#[test]
#[allow(clippy::disallowed_methods, reason = "the binary reads the same clock")]
fn who_leaves_while_a_planned_send_waits_for_its_time_is_not_sent_to() {
    let (here, relay) = (with_readers(4), Relay::new());
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(15);
    let running = start(&here, &relay, &["--at", &at.to_string()]);
    let is_planned = || here.run(&["status"]).stdout.contains("4 pending");
    assert!(wait_until(Duration::from_secs(20), is_planned), "nothing is planned");
    suppress(&here, &[address(2)]);
    let output = running.wait();
    assert_eq!((output.code, counts(&here, &output)), (0, [3, 0, 0, 0, 1, 0]), "{output:?}");
    assert_eq!(book(&here).state(&address(2)), "suppressed");
}
