//! `--at` and `--not-after`: nothing leaves before the one or after the other.

use std::time::{Duration, Instant};

use crate::mail::Mail;
use crate::outcomes::script;
use crate::relay::Relay;
use crate::{counts, send, with_readers};

/// The time so many seconds from now, RFC 3339.
#[allow(clippy::disallowed_methods, reason = "the binary reads the same clock")]
pub(crate) fn from_now(seconds: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    jiff::Timestamp::from_second(now + seconds).expect("a time").to_string()
}

#[test]
fn a_send_waits_for_its_time_and_is_dated_then() {
    let (here, relay) = (with_readers(2), Relay::new());
    let (started, at) = (Instant::now(), from_now(6));
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
    let past = ["--not-after", "2025-11-06 09:00", "--new-issue"];
    let words = "the time of --not-after, 2025-11-06 09:00:00, has passed: nothing was sent";
    // Without a ledger, and with one that has another issue only.
    for before in [0, 2] {
        let output = send(&here, &relay, &past);
        assert_eq!((output.code, relay.counts().accepted), (1, before), "{output:?}");
        assert!(output.stderr.contains(words), "{}", output.stderr);
        assert!(!output.stderr.contains("To        2 recipients"), "{}", output.stderr);
        assert_eq!(crate::summary(&output)["issue"], "2025-11");
        if before == 0 {
            assert!(!here.exists("digest.db"));
            let copy = "cp -R issues/2025-11 issues/other && \
                        sed -i -e s/^number.*/number=2/ issues/other/issue.toml";
            assert_eq!(here.shell(copy).code, 0);
            let url = relay.url();
            let sent = here.run(&["send", "other", "--yes", "--relay", &url]);
            assert_eq!(sent.code, 0, "{sent:?}");
        }
    }
}

#[test]
fn what_is_late_waits_for_the_next_send() {
    let (here, relay) = (with_readers(60), Relay::new());
    let output = send(&here, &relay, &["--limit", "5/second", "--not-after", &from_now(7)]);
    assert_eq!(output.code, 4, "{output:?}");
    let [accepted, .., pending] = counts(&here, &output);
    assert!(accepted > 0 && pending > 0 && accepted + pending == 60, "{output:?}");
    assert!(output.stderr.contains(&format!("{pending} are left")), "{}", output.stderr);
    let status = here.run(&["status"]).stdout;
    let told = format!("{accepted} accepted, {pending} pending (begun ");
    assert!(status.contains(&told) && status.ends_with(", not finished)\n"), "{status}");
    let rest = send(&here, &relay, &[]);
    assert_eq!((rest.code, counts(&here, &rest)), (0, [60, 0, 0, 0, 0, 0]), "{rest:?}");
}

#[test]
fn a_time_long_past_sends_nothing_to_anybody_who_was_not_asked() {
    let (here, relay) = (with_readers(2), Relay::new());
    let past = ["--at", "2025-01-07 09:00"];
    let output = send(&here, &relay, &past);
    assert_eq!((output.code, relay.counts().connections), (2, 0), "{output:?}");
    let words = "the time of --at, 7 January 2025 09:00 (";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    assert!(!here.exists("digest.db"));
    // A timer that fires a little late is no surprise.
    let output = send(&here, &relay, &["--at", &from_now(-90)]);
    assert_eq!((output.code, relay.counts().accepted), (0, 2), "{output:?}");
    assert!(output.stderr.contains("was 9"), "{}", output.stderr);
    assert!(output.stderr.contains("messages leave at once"), "{}", output.stderr);
}

#[test]
fn the_same_command_goes_on_although_its_time_is_long_past() {
    let (here, busy) = (with_readers(2), Relay::scripted(script(&["r001"], "450 4.2.1 busy")));
    assert_eq!(send(&here, &busy, &[]).code, 4);
    let relay = Relay::new();
    let output = send(&here, &relay, &["--at", "2025-01-07 09:00"]);
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
    assert!(output.stderr.contains("messages leave at once"), "{}", output.stderr);
    // Where nobody is left, none leave.
    let output = send(&here, &relay, &["--at", "2025-01-07 09:00"]);
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
    assert!(output.stderr.contains("nothing to send of 2025-11"), "{}", output.stderr);
    assert!(!output.stderr.contains("leave at once"), "{}", output.stderr);
}

/// That others have the issue does not make it the same send: nobody of them waited.
#[test]
fn a_time_long_past_sends_to_nobody_new_where_all_others_have_the_issue() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let past = ["--at", "2025-01-07 09:00"];
    let again = send(&here, &relay, &past);
    assert_eq!((again.code, relay.counts().accepted), (0, 2), "there is nothing to do: {again:?}");
    let here = here.write(crate::LIST, crate::list(3));
    let output = send(&here, &relay, &past);
    assert_eq!((output.code, relay.counts().accepted), (2, 2), "{output:?}");
    assert!(output.stderr.contains("leave --at away to send now"), "{}", output.stderr);
}

#[test]
fn a_plan_names_the_time_at_which_it_would_begin() {
    let (here, relay) = (with_readers(2), Relay::new());
    let (at, url) = (from_now(41 * 86_400 + 60), relay.url());
    let line =
        ["send", "2025-11", "--dry-run", "--at", &at, "--relay", &url, "--limit", "1/minute"];
    let output = here.run(&line);
    let line = output.stdout.lines().find(|line| line.starts_with("Start ")).expect("a start");
    assert!(line.starts_with("Start     at ") && line.ends_with("), in 41 days"), "{line}");
    let day = jiff::Timestamp::strftime(&at.parse().expect("a time"), "%F").to_string();
    assert!(output.stdout.contains(&format!(", until {day} ")), "{}", output.stdout);
}

#[test]
fn a_time_that_is_none_is_refused() {
    let (here, relay) = (with_readers(1), Relay::new());
    for more in [
        ["--at", "tomorrow", "--not-after", "2027-01-01 00:00"],
        ["--at", "2027-01-02 00:00", "--not-after", "2027-01-01 00:00"],
        ["--at", "2027-01-02", "--not-after", "2027-01-03 00:00"],
        ["--at", "2027-01-02 00:00", "--not-after", "2027-01-03"],
    ] {
        let output = send(&here, &relay, &more);
        assert_eq!((output.code, relay.counts().connections), (2, 0), "{output:?}");
    }
}

/// It would be midnight, which nobody means.
#[test]
fn a_day_without_a_time_is_told_as_one() {
    let (here, relay) = (with_readers(1), Relay::new());
    for flag in ["--at", "--not-after"] {
        let output = send(&here, &relay, &[flag, "2099-12-10"]);
        assert_eq!((output.code, relay.counts().connections), (2, 0), "{output:?}");
        let words = format!("{flag}: \"2099-12-10\" is a day without a time");
        assert!(output.stderr.contains(&words), "{}", output.stderr);
        assert!(output.stderr.contains("as in 2025-11-06 09:00"), "{}", output.stderr);
    }
}
