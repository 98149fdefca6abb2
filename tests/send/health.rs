//! What the connections to one relay learn of it, each for the others.

use std::time::{Duration, Instant};

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::running::wait_until;
use crate::pace::{send_configured, slow, two_relays};
use crate::relay::Relay;
use crate::{book, counts, send, with_readers};

// Row 3.
#[test]
fn a_relay_whose_name_has_no_address_stops_the_run_at_once() {
    let here = with_readers(3);
    // No name server has to be asked: a label has at most 63 letters.
    let url = format!("smtp://{}.example:2525?tls=none", "x".repeat(64));
    let started = Instant::now();
    let output = here.run(&["send", "2025-11", "--yes", "--json", "--relay", &url]);
    assert_eq!((output.code, counts(&here, &output)), (1, [0, 0, 0, 0, 0, 3]), "{output:?}");
    for words in ["there is no host", "check the relay's name"] {
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

// Row 24.
#[test]
fn a_limit_of_messages_on_a_connection_is_learnt() {
    let enough = |at| (At::Mail, When::Message(at), Do::reply_then_close("421 4.7.0 enough"));
    let script = [4, 8].into_iter().map(enough);
    let script = script.fold(Script::new(), |all, (at, when, action)| all.rule(at, when, action));
    let (here, relay) = (with_readers(14), Relay::scripted(script));
    let output = send(&here, &relay, &["--connections", "1"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [14, 0, 0, 0, 0, 0]), "{output:?}");
    // Twice we are told, and from then on we leave before.
    assert_eq!(relay.counts().connections, 5, "{:?}", relay.counts());
}

// Row 41.
#[test]
fn a_relay_that_cannot_pipeline_is_spoken_to_in_lockstep_and_nobody_is_lost() {
    let doubled = Do::Reply(b"250 2.1.0 ok\r\n250 2.1.0 ok\r\n".to_vec());
    let script = Script::new().rule(At::Mail, When::Message(4), doubled);
    let (here, relay) = (with_readers(40), Relay::scripted(script));
    let output = send(&here, &relay, &["--connections", "1"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [40, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(relay.copies().values().all(|copies| *copies == 1), "{:?}", relay.copies());
    // In lockstep each message needs four reads and more.
    assert!(relay.counts().reads > 36 * 4, "{:?}", relay.counts());
}

// Row 1.
#[test]
fn a_relay_that_wants_fewer_connections_has_its_way() {
    let full = (3..60).fold(
        Script::new().rule(At::Dot, When::Always, Do::Delay(Duration::from_millis(100))),
        |script, number| {
            let action = Do::reply_then_close("421 4.7.0 too many connections");
            script.rule(At::Banner, When::Connection(number), action)
        },
    );
    let (here, relay) = (with_readers(60), Relay::scripted(full));
    let output = send(&here, &relay, &["--connections", "6"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [60, 0, 0, 0, 0, 0]), "{output:?}");
    // Each of the four is turned away, and does not come back in these three seconds: unless it came
    // before the others were in. Alone, each would have come three times.
    assert!(relay.counts().connections <= 10, "{:?}", relay.counts());
}

#[test]
fn the_first_connection_that_finds_its_relay_failing_takes_the_others_along() {
    let dead = Script::new().rule(At::Banner, When::Always, Do::reply_then_close("554 no service"));
    let (dead, lives) =
        (Relay::scripted(dead), Relay::scripted(Script::new().rule(At::Dot, When::Always, slow())));
    let here = two_relays(300, (&dead, ""), (&lives, ""));
    let output = send_configured(&here, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [300, 0, 0, 0, 0, 0]), "{output:?}");
    // Alone, each of the four would have come twice.
    assert!(dead.counts().connections < 8, "{:?}", dead.counts());
    assert!(output.stderr.contains("left to the other relays"), "{}", output.stderr);
}

// Row 12.
#[test]
fn a_login_that_is_refused_in_mid_run_stops_it_and_everybody_waits() {
    let login = Some(("kim".to_owned(), "right".to_owned()));
    let script = (2..40).fold(
        Script::new().rule(At::Mail, When::Message(6), Do::Close),
        |script, number| {
            let action = Do::reply("535 5.7.8 not any more");
            script.rule(At::Auth, When::Connection(number), action)
        },
    );
    let relay = Relay::with(CatcherOptions { login, script, ..CatcherOptions::default() });
    let here = with_readers(20).env("DIGEST_SMTP_PASSWORD", "right");
    let url = format!("smtp://kim@127.0.0.1:{}", relay.port());
    let line = ["send", "2025-11", "--yes", "--json", "--connections", "1", "--relay", &url];
    let output = here.run(&line);
    let [accepted, refused, deferred, uncertain, _, pending] = counts(&here, &output);
    assert_eq!((output.code, accepted, pending), (1, 5, 15), "{output:?}");
    assert_eq!([refused, deferred, uncertain], [0, 0, 0]);
    assert_eq!(relay.counts().connections, 2, "it tried a refused password again");
    assert!(output.stderr.contains("535"), "{}", output.stderr);
    assert_eq!(book(&here).of("accepted").len(), relay.copies().len());
}

// Row 5. A greeting is waited for half a minute, but by nobody who has nothing to do with it.
#[test]
fn a_connection_that_is_not_greeted_holds_up_no_end() {
    let silent = |when| Script::new().rule(At::Banner, when, Do::Stall);
    let started = Instant::now();
    let (here, relay) = (with_readers(12), Relay::scripted(silent(When::Connection(2))));
    let output = send(&here, &relay, &["--connections", "2"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [12, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());

    let started = Instant::now();
    let (here, relay) = (with_readers(12), Relay::scripted(silent(When::Always)));
    let running = here.start(&["send", "2025-11", "--yes", "--json", "--relay", &relay.url()]);
    assert!(wait_until(Duration::from_secs(10), || relay.counts().connections > 0));
    running.signal("INT");
    let output = running.wait();
    assert_eq!((output.code, counts(&here, &output)), (130, [0, 0, 0, 0, 0, 12]), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}
