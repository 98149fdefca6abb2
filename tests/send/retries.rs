//! Deferred recipients: tried again in the same run when it may wait, on a schedule, not for ever.

use std::time::{Duration, Instant};

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{book, counts, send, with_readers};

/// A publication whose `digest.toml` ends so.
pub(crate) fn with_settings(count: usize, settings: &str) -> Publication {
    let here = with_readers(count);
    let text = format!("{}\n{settings}\n", here.read("digest.toml"));
    here.write("digest.toml", text)
}

fn busy(recipient: &str) -> Script {
    Script::new().rule(At::Rcpt, When::recipient(recipient), Do::reply("450 4.2.1 mailbox busy"))
}

#[test]
fn a_greylisted_recipient_gets_it_in_the_same_run() {
    let greylisting = Do::reply("450 4.2.0 Greylisted, see the postmaster");
    let script = Script::new().once(At::Rcpt, When::recipient("r002"), greylisting);
    let (here, relay) = (with_settings(5, "[retry]\nfirst = \"300ms\""), Relay::scripted(script));
    let started = Instant::now();
    let output = send(&here, &relay, &["--wait", "20s"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [5, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(started.elapsed() >= Duration::from_millis(300), "{:?}", started.elapsed());
    assert_eq!((book(&here).row("r002@x.example").attempts, relay.counts().accepted), (2, 5));
}

#[test]
fn waiting_ends_when_nobody_is_due_in_time() {
    let (here, relay) = (with_readers(5), Relay::scripted(busy("r002")));
    let started = Instant::now();
    let output = send(&here, &relay, &["--wait", "1m"]);
    assert_eq!((output.code, counts(&here, &output)), (4, [4, 0, 1, 0, 0, 0]), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn who_is_busy_for_too_long_is_given_up_with_the_last_reply() {
    let settings = "[retry]\nfirst = \"200ms\"\ncap = \"400ms\"\ngive_up = \"1s\"";
    let (here, relay) = (with_settings(5, settings), Relay::scripted(busy("r002")));
    let output = send(&here, &relay, &["--wait", "20s"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [4, 1, 0, 0, 0, 0]), "{output:?}");
    let book = book(&here);
    let row = book.row("r002@x.example");
    let text = row.text.as_deref().unwrap_or_default();
    assert!(text.starts_with("given up after") && text.ends_with("mailbox busy"), "{row:?}");
    assert!((3..9).contains(&row.attempts), "{row:?}");
    assert_eq!(row.code, Some(450));
    let missed = here.run(&["status", "2025-11", "--missed"]).stdout;
    let words = "refused\tgiven up: the relay said \"not now\" for too long\t";
    assert!(missed.starts_with("r002") && missed.contains(words), "{missed}");
}

#[test]
fn an_interrupt_ends_the_wait_for_the_next_try() {
    let (here, relay) =
        (with_settings(5, "[retry]\nfirst = \"10m\""), Relay::scripted(busy("r002")));
    let line = ["send", "2025-11", "--yes", "--json", "--wait", "1h", "--relay", &relay.url()];
    let running = here.start(&line);
    relay.has_taken(4);
    std::thread::sleep(Duration::from_millis(300));
    running.signal("INT");
    let output = running.wait_for(Duration::from_secs(3));
    assert_eq!((output.code, counts(&here, &output)), (130, [4, 0, 1, 0, 0, 0]), "{output:?}");
    // A person who starts it again need not wait.
    let open = Relay::new();
    assert_eq!((send(&here, &open, &[]).code, open.counts().accepted), (0, 1));
}

#[test]
fn a_run_that_is_killed_while_it_waits_has_lost_nobody() {
    let (here, relay) =
        (with_settings(5, "[retry]\nfirst = \"10m\""), Relay::scripted(busy("r002")));
    let running =
        here.start(&["send", "2025-11", "--yes", "--wait", "1h", "--relay", &relay.url()]);
    relay.has_taken(4);
    std::thread::sleep(Duration::from_millis(300));
    running.kill();
    let open = Relay::new();
    let output = send(&here, &open, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [5, 0, 0, 0, 0, 0]), "{output:?}");
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["r002@x.example"]);
}

#[test]
fn a_time_that_is_none_is_told_at_its_place() {
    let (here, relay) = (with_settings(1, "[retry]\nfirst = \"soon\""), Relay::new());
    let output = send(&here, &relay, &[]);
    assert_ne!(output.code, 0);
    assert!(output.stderr.contains("\"soon\" is not a length of time"), "{}", output.stderr);
}
