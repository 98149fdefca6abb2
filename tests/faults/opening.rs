//! Faults up to the point where mail may be sent.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::PrivatePkcs8KeyDer;
use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::catcher::{Catcher, CatcherOptions};
use sejong_digest::smtp::outcome::{Scope, Stage};
use sejong_digest::smtp::relay::Relay;
use sejong_digest::smtp::transaction::End;
use sejong_digest::smtp::trouble::{Remedy, Trouble};

use super::{Tape, carry, catcher, catcher_with, messages, relay_to, short, trouble};

fn seen(trouble: &Trouble) -> (Stage, Scope, Remedy) {
    (trouble.stage, trouble.scope, trouble.remedy)
}

const LATER: (Scope, Remedy) = (Scope::Session, Remedy::BackOff);

async fn opening(at: At, action: Do) -> Trouble {
    let catcher = catcher(Script::new().rule(at, When::Always, action)).await;
    trouble(&relay_to(&catcher)).await
}

// Row 1.
#[tokio::test]
async fn a_relay_that_turns_us_away_is_tried_later() {
    for line in ["421 too busy", "554 no service here"] {
        let trouble = opening(At::Banner, Do::reply_then_close(line)).await;
        assert_eq!(seen(&trouble), (Stage::Greeting, LATER.0, LATER.1));
        assert!(trouble.to_string().contains(line), "{trouble}");
    }
}

// Row 2.
#[tokio::test]
async fn a_closed_port_is_tried_later() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let trouble = trouble(&Relay::parse(&format!("smtp://{free}")).unwrap()).await;
    assert_eq!(seen(&trouble), (Stage::Connect, LATER.0, LATER.1));
    assert!(trouble.to_string().contains(&free.to_string()), "{trouble}");
}

// Rows 4 and 5.
#[tokio::test]
async fn a_banner_that_never_comes_is_tried_later() {
    let trickle = Do::Trickle(Duration::from_millis(200));
    for action in [Do::Reset, Do::Close, Do::Stall, trickle] {
        let trouble = opening(At::Banner, action.clone()).await;
        assert_eq!(seen(&trouble), (Stage::Greeting, LATER.0, LATER.1), "{action:?}");
    }
}

// Row 6.
#[tokio::test]
async fn a_relay_without_ehlo_is_greeted_with_helo() {
    let old = CatcherOptions { esmtp: false, ..CatcherOptions::default() };
    let catcher = catcher_with(old).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(2))).await;
    assert_eq!((tape.outcomes(), end), (vec!["accepted".to_owned(); 2], Ok(End::Drained)));
    assert!(catcher.lines().iter().any(|line| line == "MAIL FROM:<bounces@news.example>"));
    let login = relay_to(&catcher).with_credentials("kim", "secret".into()).unwrap();
    let trouble = trouble(&login).await;
    assert_eq!(seen(&trouble), (Stage::Ehlo, Scope::Relay, Remedy::Stop));
}

// Row 7.
#[tokio::test]
async fn without_starttls_nothing_is_sent_in_the_clear() {
    let catcher = catcher(Script::new()).await;
    let url = format!("smtp://kim:secret@{}?tls=required", catcher.addr());
    let trouble = trouble(&Relay::parse(&url).unwrap()).await;
    assert_eq!(seen(&trouble), (Stage::Starttls, Scope::Relay, Remedy::Stop));
    assert_eq!(catcher.counts().commands, 1, "{:?}", catcher.lines());
}

/// A server certificate for `localhost`, and the folder with the PEM file to trust.
fn certificate(names: &[&str]) -> (Arc<rustls::ServerConfig>, tempfile::TempDir) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    (Arc::new(config), dir)
}

pub(super) async fn tls_catcher(
    script: Script,
    implicit_tls: bool,
) -> (Catcher, tempfile::TempDir) {
    let (tls, dir) = certificate(&["localhost"]);
    let login = Some(("kim".to_owned(), "p@ss".to_owned()));
    let tls = Some(tls.into());
    let options = CatcherOptions { script, tls, implicit_tls, login, ..CatcherOptions::default() };
    (catcher_with(options).await, dir)
}

pub(super) fn tls_relay(
    catcher: &Catcher,
    scheme: &str,
    login: &str,
    dir: &tempfile::TempDir,
) -> Relay {
    let port = catcher.addr().port();
    let query = if scheme == "smtp" { "?tls=required" } else { "" };
    let relay = Relay::parse(&format!("{scheme}://{login}@localhost:{port}{query}")).unwrap();
    relay.with_ca_file(dir.path().join("ca.pem")).with_timeouts(short())
}

#[tokio::test]
async fn mail_goes_over_starttls_and_over_implicit_tls_after_a_login() {
    for (scheme, implicit) in [("smtp", false), ("smtps", true)] {
        for auth in ["", "&auth=login"] {
            let (catcher, dir) = tls_catcher(Script::new(), implicit).await;
            let port = catcher.addr().port();
            let query =
                if implicit { "?x" } else { "?tls=required" }.replace("?x", "?connections=1");
            let url = format!("{scheme}://kim:p%40ss@localhost:{port}{query}{auth}");
            let relay = Relay::parse(&url).unwrap().with_ca_file(dir.path().join("ca.pem"));
            let (tape, end) = carry(&relay, Tape::of(messages(5))).await;
            assert_eq!((tape.outcomes(), end), (vec!["accepted".to_owned(); 5], Ok(End::Drained)));
            assert_eq!(catcher.received()[4].bytes, messages(1)[0].bytes);
        }
    }
}

// Row 8.
#[tokio::test]
async fn starttls_that_fails_for_now_is_tried_later() {
    let script = Script::new().rule(At::Starttls, When::Always, Do::reply("454 4.7.0 not now"));
    let (catcher, dir) = tls_catcher(script, false).await;
    let trouble = trouble(&tls_relay(&catcher, "smtp", "kim:p%40ss", &dir)).await;
    assert_eq!(seen(&trouble), (Stage::Starttls, LATER.0, LATER.1));
    assert_eq!(catcher.counts().commands, 2, "{:?}", catcher.lines());
}

// Row 9.
#[tokio::test]
async fn bytes_behind_the_answer_to_starttls_stop_everything() {
    let injected = Do::Reply(b"220 go ahead\r\n250 2.0.0 injected\r\n".to_vec());
    let script = Script::new().rule(At::Starttls, When::Always, injected);
    let (catcher, dir) = tls_catcher(script, false).await;
    let trouble = trouble(&tls_relay(&catcher, "smtp", "kim:p%40ss", &dir)).await;
    assert_eq!(seen(&trouble), (Stage::Starttls, Scope::Relay, Remedy::Stop));
    assert!(trouble.to_string().contains("security"), "{trouble}");
}

// Row 10.
#[tokio::test]
async fn a_certificate_that_does_not_check_stops_everything() {
    let (catcher, _dir) = tls_catcher(Script::new(), true).await;
    let port = catcher.addr().port();
    let untrusted = Relay::parse(&format!("smtps://localhost:{port}")).unwrap();
    let trouble_1 = trouble(&untrusted).await;
    assert_eq!(seen(&trouble_1), (Stage::Connect, Scope::Relay, Remedy::Stop));
    assert!(trouble_1.advice().contains("ca_file"), "{trouble_1}");

    let (tls, dir) = certificate(&["other.example"]);
    let options = CatcherOptions { tls: Some(tls.into()), ..CatcherOptions::default() };
    let catcher = catcher_with(options).await;
    let trouble_2 = trouble(&tls_relay(&catcher, "smtp", "kim", &dir)).await;
    assert_eq!(seen(&trouble_2), (Stage::Starttls, Scope::Relay, Remedy::Stop));
    assert!(trouble_2.to_string().contains("other.example"), "{trouble_2}");
}

#[tokio::test]
async fn a_plain_port_behind_smtps_is_explained() {
    let catcher = catcher(Script::new()).await;
    let url = format!("smtps://localhost:{}", catcher.addr().port());
    let trouble = trouble(&Relay::parse(&url).unwrap()).await;
    assert!(trouble.advice().contains("use smtp://"), "{trouble}");
    assert_eq!(trouble.remedy, Remedy::Stop);
}

// Row 11.
#[tokio::test]
async fn a_wrong_password_stops_everything_and_is_not_shown() {
    let echo = Do::reply("535 5.7.8 wrong: AGtpbQBwQHNzd3Jvbmc= p@sswrong");
    let scripts = [Script::new(), Script::new().rule(At::Auth, When::Always, echo)];
    for script in scripts {
        let (catcher, dir) = tls_catcher(script, true).await;
        let trouble = trouble(&tls_relay(&catcher, "smtps", "kim:p%40sswrong", &dir)).await;
        assert_eq!(seen(&trouble), (Stage::Auth, Scope::Relay, Remedy::Stop));
        let shown = format!("{trouble} {trouble:?}");
        assert!(shown.contains("535") && shown.contains("kim@localhost"), "{shown}");
        assert!(!shown.contains("sswrong") && !shown.contains("AGtpbQ"), "{shown}");
        assert_eq!(catcher.counts().accepted, 0);
    }
}

// Row 12.
#[tokio::test]
async fn a_login_that_fails_for_now_is_the_relays_trouble() {
    let script = Script::new().rule(At::Auth, When::Always, Do::reply("454 4.7.0 later"));
    let (catcher, dir) = tls_catcher(script, true).await;
    let trouble = trouble(&tls_relay(&catcher, "smtps", "kim:p%40ss", &dir)).await;
    assert_eq!(seen(&trouble), (Stage::Auth, Scope::Relay, Remedy::BackOff));
}

#[tokio::test]
async fn a_login_that_is_not_offered_stops_everything() {
    let catcher = catcher(Script::new()).await;
    let relay = relay_to(&catcher).with_credentials("kim", "secret".into()).unwrap();
    let trouble = trouble(&relay).await;
    assert_eq!(seen(&trouble), (Stage::Auth, Scope::Relay, Remedy::Stop));
}

// Row 13.
#[tokio::test]
async fn a_relay_that_wants_a_login_stops_everything() {
    let login = Some(("kim".to_owned(), "secret".to_owned()));
    let catcher = catcher_with(CatcherOptions { login, ..CatcherOptions::default() }).await;
    let (tape, end) = carry(&relay_to(&catcher), Tape::of(messages(3))).await;
    assert_eq!(tape.outcomes(), ["unsent relay mail"]);
    assert_eq!(seen(&end.unwrap_err()), (Stage::Mail, Scope::Relay, Remedy::Stop));
}
