//! A limit is a limit: over the connections of a run, over runs that were killed, over two at once.

use std::time::Duration;

use sejong_digest::catcher::script::Script;

use crate::harness::running::wait_until;
use crate::harness::{Publication, Running};
use crate::relay::Relay;
use crate::retries::with_settings;
use crate::{book, with_readers};

const READERS: usize = 24;
/// Of `limit` in each of these tests.
const PER_SECOND: usize = 6;
/// How late a message may be on its way here through a busy machine.
const LATE: Duration = Duration::from_millis(100);

/// No second has more messages than the limit.
#[track_caller]
fn kept(relay: &Relay) {
    let mut times: Vec<_> = relay.accepted().iter().map(|message| message.at).collect();
    times.sort();
    for (at, first) in times.iter().enumerate() {
        let second = Duration::from_secs(1) - LATE;
        let within = times[at..].iter().take_while(|later| **later - *first < second).count();
        let since: Vec<_> = times.iter().map(|time| *time - times[0]).collect();
        assert!(within <= PER_SECOND, "{within} within a second from the {at}th: {since:?}");
    }
}

#[test]
fn a_limit_is_reached_and_kept_in_every_second() {
    let (here, relay) = (with_readers(601), Relay::new());
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &relay.url()];
    let line = [&line[..], &["--limit", "200/second", "--connections", "4"]].concat();
    let output = here.start(&line).wait();
    assert_eq!(output.code, 0, "{output:?}");
    let mut times: Vec<_> = relay.accepted().iter().map(|message| message.at).collect();
    times.sort();
    let took = (times[600] - times[0]).as_secs_f64();
    // `bench/rates.py` wants more, on a machine that does nothing else.
    assert!(600.0 / took >= 200.0 * 0.8, "{} a second", 600.0 / took);
    // What this machine does to a message on its way is not the sender's.
    let second = Duration::from_secs(1) - LATE;
    let within = |at: usize| {
        times.partition_point(|time| *time - times[0] < times[at] - times[0] + second) - at
    };
    let most = (0..times.len()).map(within).max();
    assert!(most <= Some(200), "{most:?} in a second");
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
