//! Relays that take nothing from us, or not so fast: the run stops for what would befall everybody,
//! and no recipient is blamed for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::PrivatePkcs8KeyDer;
use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::running::wait_until;
use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{counts, send, with_readers};

const RESUME: &str = "run the same command again to go on";

/// Nobody got anything and nobody is settled; the next run sends to all.
#[track_caller]
fn stopped_for_all(here: &Publication, output: &Output, words: &[&str]) {
    assert_eq!(output.code, 1, "{output:?}");
    let [accepted, refused, _, uncertain, ..] = counts(here, output);
    assert_eq!([accepted, refused, uncertain], [0, 0, 0], "{output:?}");
    for word in words.iter().chain(&[RESUME]) {
        assert!(output.stderr.contains(word), "no {word:?} in {}", output.stderr);
    }
    let open = Relay::new();
    let next = send(here, &open, &[]);
    assert_eq!((next.code, open.copies().len()), (0, 20), "{next:?}");
}

// As long as no session has opened, a person is waiting: a few tries, and then the word.
#[test]
fn a_relay_that_cannot_be_reached_is_named_and_everybody_waits() {
    let here = with_readers(20);
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = free.local_addr().expect("an address").to_string();
    drop(free);
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &format!("smtp://{place}")];
    let started = Instant::now();
    let output = here.start(&line).wait_for(Duration::from_secs(120));
    let time = started.elapsed();
    assert_eq!(counts(&here, &output), [0, 0, 0, 0, 0, 20]);
    stopped_for_all(&here, &output, &[&place, "help: check the host and the port", "; then run"]);
    assert!(time < Duration::from_secs(20), "{time:?}");
}

#[test]
fn an_interrupt_ends_the_wait_for_a_relay() {
    let busy = Script::new().rule(At::Banner, When::Always, Do::reply_then_close("421 busy"));
    let (here, relay) = (with_readers(20), Relay::scripted(busy));
    let running = here.start(&["send", "2025-11", "--yes", "--json", "--relay", &relay.url()]);
    assert!(wait_until(Duration::from_secs(10), || relay.counts().connections >= 8));
    running.signal("INT");
    let output = running.wait_for(Duration::from_secs(3));
    assert_eq!((output.code, counts(&here, &output)), (130, [0, 0, 0, 0, 0, 20]), "{output:?}");
    assert!(output.stderr.contains("no relay is connected now"), "{}", output.stderr);
    assert!(!output.stderr.contains("still has to answer"), "{}", output.stderr);
}

#[test]
fn a_relay_that_is_back_soon_gets_everything() {
    let away = Script::new().times(4, At::Banner, When::Always, Do::reply_then_close("421 busy"));
    let (here, relay) = (with_readers(20), Relay::scripted(away));
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [20, 0, 0, 0, 0, 0]), "{output:?}");
}

#[test]
fn a_relay_that_wants_fewer_connections_ends_the_run_when_all_is_sent() {
    let full = (2..40).fold(Script::new(), |script, number| {
        script.rule(At::Banner, When::Connection(number), Do::reply_then_close("421 4.7.0 full"))
    });
    let (here, relay) = (with_readers(20), Relay::scripted(full));
    let started = Instant::now();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [20, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[test]
fn a_refused_sender_stops_the_run_and_nobody_has_bounced() {
    let refusing =
        Script::new().rule(At::Mail, When::Always, Do::reply("550 5.7.1 sender not allowed"));
    let (here, relay) = (with_readers(20), Relay::scripted(refusing));
    let output = send(&here, &relay, &[]);
    assert!(relay.counts().commands < 80, "it went on asking: {:?}", relay.counts());
    let words = ["550 5.7.1 sender not allowed", "not a recipient", "help: ", "; then run"];
    stopped_for_all(&here, &output, &words);
}

/// A relay whose certificate nobody has signed.
fn relay_with_a_certificate_of_its_own() -> Relay {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            let chain = vec![made.cert.der().clone()];
            config.with_no_client_auth().with_single_cert(chain, key.into())
        })
        .expect("a configuration");
    let tls = Some(Arc::new(tls).into());
    Relay::with(CatcherOptions { tls, implicit_tls: true, ..CatcherOptions::default() })
}

#[test]
fn a_stop_says_what_to_correct_before_the_same_command() {
    let plain = Relay::new();
    let always = |at, action| Relay::scripted(Script::new().rule(at, When::Always, action));
    let refuses_ehlo = always(At::Ehlo, Do::reply("550 5.7.1 go away"));
    let wants_login = always(At::Mail, Do::reply("530 5.7.0 log in first"));
    let at = |scheme: &str, relay: &Relay| format!("{scheme}://127.0.0.1:{}", relay.port());
    let strange = relay_with_a_certificate_of_its_own();
    let rows = [
        (at("smtps", &strange), "name its file, or that of its root, with ca_file in [[relay]]"),
        (at("smtps", &plain), "use smtp:// and its port (often 587) for STARTTLS"),
        (format!("{}?tls=required", at("smtp", &plain)), "use smtps:// and its port"),
        (at("smtp", &refuses_ehlo), "set hello to the full host name of this computer"),
        (at("smtp", &wants_login), "correct the user or the password"),
    ];
    for (url, advice) in rows {
        let here = with_readers(2);
        let output = here.run(&["send", "2025-11", "--yes", "--relay", &url]);
        assert_eq!(output.code, 1, "{output:?}");
        let (at, then) = (output.stderr.find(advice), output.stderr.find(RESUME));
        assert!(at.is_some() && at < then, "no {advice:?} before the command in {output:?}");
    }
    let here = with_readers(2);
    let to = ["test", "2025-11", "--to", "r001@x.example", "--relay", &at("smtps", &plain)];
    let output = here.run(&to);
    assert!(output.stderr.contains("(often 465); then run the same command again"), "{output:?}");
}

#[test]
fn a_message_larger_than_the_relay_takes_stops_the_run() {
    let options = CatcherOptions { size_limit: Some(500), ..CatcherOptions::default() };
    let (here, relay) = (with_readers(20), Relay::with(options));
    let output = send(&here, &relay, &[]);
    assert!(!relay.lines().iter().any(|line| line.starts_with("MAIL")), "{:?}", relay.lines());
    stopped_for_all(&here, &output, &["the relay takes 500"]);
}

#[test]
fn a_relay_that_finds_the_message_too_large_stops_the_run() {
    for at in [At::Mail, At::Dot] {
        let script = Script::new().rule(at, When::Always, Do::reply("552 5.3.4 too big for us"));
        let (here, relay) = (with_readers(20), Relay::scripted(script));
        let output = send(&here, &relay, &[]);
        stopped_for_all(&here, &output, &["552 5.3.4 too big for us"]);
    }
}

#[test]
fn a_domain_without_authentication_stops_the_run_and_nobody_has_bounced() {
    for (at, line) in [
        (At::Rcpt, "550 5.7.26 SPF and DKIM fail"),
        (At::Dot, "550 5.7.515 access denied, the domain fails authentication"),
    ] {
        let script = Script::new().rule(at, When::Always, Do::reply(line));
        let (here, relay) = (with_readers(20), Relay::scripted(script));
        let output = send(&here, &relay, &[]);
        assert!(relay.counts().commands < 80, "it went on asking: {:?}", relay.counts());
        stopped_for_all(&here, &output, &[line, "not a recipient"]);
    }
}

#[test]
fn a_wrong_password_stops_at_once_and_is_never_shown() {
    let options = CatcherOptions {
        login: Some(("kim".to_owned(), "right".to_owned())),
        ..CatcherOptions::default()
    };
    let relay = Relay::with(options);
    let here = with_readers(20).env("DIGEST_SMTP_PASSWORD", "hunter2-wrong");
    let url = format!("smtp://kim@127.0.0.1:{}", relay.port());
    // AUTH PLAIN says it in base64: "\0kim\0hunter2-wrong".
    let secrets = ["hunter2", "AGtpbQBodW50ZXIyLXdyb25n", "aHVudGVyMi13cm9uZw"];
    for verbose in [&[][..], &["-v"], &["-vv"]] {
        let started = Instant::now();
        let line = ["send", "2025-11", "--yes", "--json", "--relay", &url];
        let output = here.run(&[&line[..], verbose].concat());
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!((output.code, counts(&here, &output)), (1, [0, 0, 0, 0, 0, 20]));
        for words in ["535", "help: correct the user or the password (DIGEST_SMTP_PASSWORD"] {
            assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
        }
        for secret in secrets {
            assert!(!output.stderr.contains(secret), "{}", output.stderr);
            assert!(!output.stdout.contains(secret), "{}", output.stdout);
        }
    }
    assert!(!relay.lines().iter().any(|line| line.starts_with("MAIL")), "{:?}", relay.lines());
    let here = here.env("DIGEST_SMTP_PASSWORD", "right");
    let output = here.run(&["send", "2025-11", "--yes", "--json", "--relay", &url]);
    assert_eq!((output.code, counts(&here, &output)), (0, [20, 0, 0, 0, 0, 0]));
}

#[test]
fn a_user_without_a_password_is_told_before_anything_connects() {
    let (here, relay) = (with_readers(2), Relay::new());
    let url = format!("smtp://kim@127.0.0.1:{}", relay.port());
    let output = here.run(&["send", "2025-11", "--yes", "--relay", &url]);
    assert_eq!((output.code, relay.counts().connections), (1, 0));
    assert!(output.stderr.contains("DIGEST_SMTP_PASSWORD"), "{}", output.stderr);
}

#[test]
fn a_limit_holds_across_connections() {
    let (here, relay) = (with_readers(30), Relay::new());
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--limit", "20/second", "--relay", &url];
    let started = Instant::now();
    let mut running = here.start(&line);
    let mut arrivals = Vec::new();
    while !running.is_over() {
        let taken = usize::try_from(relay.counts().accepted).expect("a number");
        arrivals.resize(taken, started.elapsed());
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = running.wait();
    assert_eq!((output.code, relay.counts().accepted), (0, 30), "{output:?}");
    let took = *arrivals.last().expect("arrivals") - arrivals[0];
    assert!(took >= Duration::from_millis(1_400), "{took:?}");
    let second = Duration::from_secs(1);
    for (at, first) in arrivals.iter().enumerate() {
        let within = arrivals[at..].iter().take_while(|later| **later - *first < second).count();
        // One at either end, and one that the network brought late.
        assert!(within <= 22, "{within} within a second: {arrivals:?}");
    }
    assert!(relay.counts().max_open > 1, "{:?}", relay.counts());
}

// Row 41.
#[test]
fn a_relay_that_claims_pipelining_and_drops_what_follows_is_learnt_at_once() {
    let script = Script::new().rule(At::Dot, When::Always, Do::DropRest);
    let (here, relay) = (with_readers(200), Relay::scripted(script));
    let started = Instant::now();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, counts(&here, &output)), (0, [200, 0, 0, 0, 0, 0]), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let copies = relay.copies();
    assert_eq!((copies.len(), copies.values().max()), (200, Some(&1)));
}
