//! `--at` and `--not-after`: nothing leaves before the one or after the other.

use std::time::{Duration, Instant};

use crate::mail::Mail;
use crate::relay::Relay;
use crate::{counts, send, with_readers};

/// The time so many seconds from now, RFC 3339.
#[allow(clippy::disallowed_methods, reason = "the binary reads the same clock")]
fn from_now(seconds: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    jiff::Timestamp::from_second(now + seconds).expect("a time").to_string()
}

#[test]
fn a_send_waits_for_its_time_and_is_dated_then() {
    let (here, relay) = (with_readers(2), Relay::new());
    let (started, at) = (Instant::now(), from_now(3));
    let output = send(&here, &relay, &["--at", &at]);
    assert_eq!((output.code, relay.counts().accepted), (0, 2), "{output:?}");
    assert!(started.elapsed() > Duration::from_millis(1_900), "{:?}", started.elapsed());
    assert!(output.stderr.contains("waiting until "), "{}", output.stderr);
    let mail = Mail::read(&relay.accepted()[0].bytes);
    let seconds = &at[17..19];
    assert!(mail.field("Date").contains(&format!(":{seconds} ")), "{}", mail.field("Date"));
}

#[test]
fn an_interrupted_wait_sends_nothing_and_can_be_resumed() {
    let (here, relay) = (with_readers(2), Relay::new());
    let (url, at) = (relay.url(), from_now(3_600));
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &url, "--at", &at];
    let running = here.start(&line);
    running.says("waiting until ");
    running.signal("INT");
    let output = running.wait();
    assert_eq!((output.code, relay.counts().connections), (130, 0), "{output:?}");
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [2, 0, 0, 0, 0, 0]), "{output:?}");
}

#[test]
fn nothing_starts_later_than_it_may() {
    let (here, relay) = (with_readers(2), Relay::new());
    let output = send(&here, &relay, &["--not-after", "2025-11-06 09:00"]);
    assert_eq!((output.code, relay.counts().connections), (4, 0), "{output:?}");
    let words = "not after 2025-11-06 09:00:00: nothing was sent";
    assert!(output.stderr.contains(words), "{}", output.stderr);
}

#[test]
fn what_is_late_waits_for_the_next_send() {
    let (here, relay) = (with_readers(60), Relay::new());
    let output = send(&here, &relay, &["--limit", "5/second", "--not-after", &from_now(3)]);
    assert_eq!(output.code, 4, "{output:?}");
    let [accepted, .., pending] = counts(&here, &output);
    assert!(accepted > 0 && pending > 0 && accepted + pending == 60, "{output:?}");
    assert!(output.stderr.contains(&format!("{pending} are left")), "{}", output.stderr);
    let rest = send(&here, &relay, &[]);
    assert_eq!((rest.code, counts(&here, &rest)), (0, [60, 0, 0, 0, 0, 0]), "{rest:?}");
}

#[test]
fn a_time_that_is_none_is_refused() {
    let (here, relay) = (with_readers(1), Relay::new());
    for more in [
        ["--at", "tomorrow", "--not-after", "2027-01-01 00:00"],
        ["--at", "2027-01-02 00:00", "--not-after", "2027-01-01 00:00"],
    ] {
        let output = send(&here, &relay, &more);
        assert_eq!(output.code, 2, "{output:?}");
    }
}
