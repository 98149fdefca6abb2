//! A limit is a limit: over the connections of a run, over runs that were killed, over two at once.

use std::time::Duration;

use sejong_digest::catcher::script::Script;

use crate::harness::running::wait_until;
use crate::harness::{Publication, Running};
use crate::relay::Relay;
use crate::retries::with_settings;
use crate::{book, with_readers};

/// So many that a run of its own is left when eight were killed, long enough for windows of seconds.
const READERS: usize = 48;
/// Of `limit` in each of these tests.
const PER_SECOND: usize = 6;
/// How late a message may be on its way here through a busy machine: up to three times that where
/// more than one second is looked at.
const LATE: Duration = Duration::from_millis(100);

/// When messages arrived, since the first one.
fn arrivals(relay: &Relay) -> Vec<Duration> {
    let mut times: Vec<_> = relay.accepted().iter().map(|message| message.at).collect();
    times.sort();
    times.iter().map(|time| *time - times[0]).collect()
}

/// Where more messages arrived than the limit lets leave.
///
/// A single second cannot be looked at sharply: a message that this machine delays takes a part of it
/// away, and in the rest a sender that is a little too fast does not show. No number of seconds may
/// have more than that many times the limit, and there the delay is a small part.
fn excess(arrivals: &[Duration], limit: usize) -> Option<String> {
    let seconds = 1..=arrivals.last()?.as_secs() as usize + 1;
    let all = seconds.flat_map(|seconds| (0..arrivals.len()).map(move |from| (seconds, from)));
    let late = |seconds: usize| LATE.mul_f64(seconds.min(3) as f64);
    let window = |seconds: usize| Duration::from_secs(seconds as u64) - late(seconds);
    let within = |(seconds, from): (usize, usize)| {
        let end = arrivals[from] + window(seconds);
        arrivals.partition_point(|at| *at < end) - from
    };
    let over = all.map(|place| (place, within(place)));
    let mut over = over.filter(|((seconds, _), within)| *within > seconds * limit);
    over.next().map(|((seconds, from), within)| {
        format!("{within} within {seconds} s from the {from}th: {arrivals:?}")
    })
}

/// No second, and no number of seconds, has more messages than the limit.
#[track_caller]
fn kept(relay: &Relay) {
    assert_eq!(excess(&arrivals(relay), PER_SECOND), None);
}

#[test]
fn a_sender_that_is_a_tenth_too_fast_is_found_and_one_that_is_slowed_by_the_machine_is_not() {
    let at_rate = |rate: f64, count: u32| -> Vec<Duration> {
        (0..count).map(|n| Duration::from_secs_f64(f64::from(n) / rate)).collect()
    };
    // What the last of the killed runs has, at least; and the whole of the other test.
    assert!(excess(&at_rate(6.6, 32), PER_SECOND).is_some());
    assert!(excess(&at_rate(220.0, 1001), 200).is_some());
    assert_eq!(excess(&at_rate(6.0, 48), PER_SECOND), None);
    assert_eq!(excess(&at_rate(200.0, 1001), 200), None);
    // A full second at once, and the next as soon as it may: within the limit, too.
    let bursts: Vec<Duration> = (0..48).map(|n| Duration::from_secs(n / 6)).collect();
    assert_eq!(excess(&bursts, PER_SECOND), None);
    for late in 0..48 {
        let mut delayed = at_rate(6.0, 48);
        delayed[late] += LATE * 9 / 10;
        delayed.sort();
        assert_eq!(excess(&delayed, PER_SECOND), None, "{late}");
    }
}

#[test]
fn a_limit_is_reached_and_kept_in_every_second() {
    let (here, relay) = (with_readers(1001), Relay::new());
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &relay.url()];
    let line = [&line[..], &["--limit", "200/second", "--connections", "4"]].concat();
    let output = here.start(&line).wait();
    assert_eq!(output.code, 0, "{output:?}");
    let arrivals = arrivals(&relay);
    let took = arrivals[1000].as_secs_f64();
    // `bench/rates.py` wants more, on a machine that does nothing else.
    assert!(1000.0 / took >= 200.0 * 0.8, "{} a second", 1000.0 / took);
    assert_eq!(excess(&arrivals, 200), None);
}

/// Starts two senders again and again and kills them when one or two more messages have arrived;
/// the last may end.
fn sent_by_many(here: &Publication, relay: &Relay, line: &[&str]) {
    let line = [&["send", "2025-11", "--yes", "--json", "--connections", "4"], line].concat();
    for round in 0..8 {
        let before = relay.counts().accepted;
        let mut two = [here.start(&line), here.start(&line)];
        let more = before + 1 + round % 2;
        let arrived = || relay.counts().accepted >= more || two.iter_mut().all(Running::is_over);
        assert!(wait_until(Duration::from_secs(30), arrived), "it stands still");
        two.into_iter().for_each(Running::kill);
    }
    let last = here.start(&line).wait();
    assert!(matches!(last.code, 0 | 4), "{last:?}");
    let book = book(here);
    let [accepted, uncertain] = ["accepted", "uncertain"].map(|state| book.of(state).len());
    assert_eq!(accepted + uncertain, READERS, "{last:?}");
    kept(relay);
}

#[test]
fn a_limit_of_the_command_line_holds_over_killed_runs() {
    let (here, relay) = (with_readers(READERS), Relay::new());
    sent_by_many(&here, &relay, &["--limit", "6/second", "--relay", &relay.url()]);
}

#[test]
fn a_limit_of_a_relay_holds_over_killed_runs() {
    let relay = Relay::scripted(Script::new());
    let settings = format!("[[relay]]\nurl = \"{}\"\nlimit = \"6/second\"", relay.url());
    sent_by_many(&with_settings(READERS, &settings), &relay, &[]);
}

#[test]
fn a_limit_of_a_lane_holds_over_killed_runs() {
    let relay = Relay::new();
    let here = with_settings(READERS, "[lane.\"x.example\"]\nlimit = \"6/second\"");
    sent_by_many(&here, &relay, &["--relay", &relay.url()]);
}

#[test]
fn what_left_at_full_pace_counts_for_a_limit_that_comes_later() {
    const READERS: usize = 24;
    let (here, relay) = (with_readers(READERS), Relay::new());
    let first = here.write("subscribers.csv", crate::list(12));
    assert_eq!(crate::send(&first, &relay, &[]).code, 0);
    let here = first.write("subscribers.csv", crate::list(READERS));
    assert_eq!(crate::send(&here, &relay, &["--limit", "6/second"]).code, 0);
    let mut times: Vec<_> = relay.accepted().iter().map(|message| message.at).collect();
    times.sort();
    assert!(times[12] - times[11] >= Duration::from_secs(1) - LATE, "{times:?}");
    assert!(times[READERS - 1] - times[12] >= Duration::from_millis(1_700), "{times:?}");
}
