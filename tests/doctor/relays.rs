//! Relays: what they offer, and each stage at which they can fail.

use std::net::TcpListener;

use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{says, silent};

/// A relay on this machine is asked even offline.
fn doctor(here: &Publication, more: &[&str]) -> Output {
    here.run(&[&["doctor", "2025-11", "--offline", "--json"], more].concat())
}

#[test]
fn a_relay_that_works_is_asked_and_nothing_is_sent() {
    let relay = Relay::new();
    let here = Publication::new();
    let output = doctor(&here, &["--relay", &relay.url()]);
    says(&output, "relay", "ok", &[&relay.url(), "can be reached"]);
    says(&output, "relay-tls", "ok", &["no encryption, because it is on this computer"]);
    let all = ["PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"];
    says(&output, "relay-extensions", "ok", &all);
    says(&output, "size", "ok", &["names no limit"]);
    let lines = relay.lines();
    assert!(lines.iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{lines:?}");
    assert_eq!(relay.counts().accepted, 0);
}

#[test]
fn all_relays_of_the_configuration_are_asked_in_their_order() {
    let (first, second) = (Relay::new(), Relay::new());
    let here = Publication::new();
    let text = here.read("digest.toml");
    let relays =
        format!("[[relay]]\nurl = \"{}\"\n[[relay]]\nurl = \"{}\"\n", first.url(), second.url());
    let here = here.write("digest.toml", format!("{text}\n{relays}"));
    let output = here.run(&["doctor", "--offline"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    let at = |url: &str| output.stdout.find(url).expect("named");
    assert!(at(&first.url()) < at(&second.url()), "{}", output.stdout);
}

#[test]
fn a_relay_that_is_down_is_an_error_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("free");
    let output = doctor(&Publication::new(), &["--relay", &format!("smtp://{port}")]);
    says(&output, "relay", "error", &["cannot connect", "check the host and the port"]);
    silent(&output, "relay-extensions", "ok");
}

#[test]
fn a_greeting_that_refuses_is_told_with_its_words() {
    let script =
        Script::new().rule(At::Banner, When::Always, Do::reply_then_close("554 5.7.1 not you"));
    let relay = Relay::scripted(script);
    let output = doctor(&Publication::new(), &["--relay", &relay.url()]);
    says(&output, "relay", "error", &["not you"]);
}

#[test]
fn a_refused_login_is_told_without_the_password() {
    let login = Some(("digest".to_owned(), "correct horse".to_owned()));
    let relay = Relay::with(CatcherOptions { login, ..CatcherOptions::default() });
    let url = format!("smtp://digest@127.0.0.1:{}", relay.port());
    let here = Publication::new().env("DIGEST_SMTP_PASSWORD", "battery-staple");
    let output = doctor(&here, &["--relay", &url]);
    says(&output, "relay", "ok", &["can be reached"]);
    says(
        &output,
        "relay-login",
        "error",
        &["user or password", "correct the user or the password"],
    );
    let told = format!("{}{}", output.stdout, output.stderr);
    assert!(!told.contains("battery-staple") && !told.contains("correct horse"), "{told}");
    let here = here.env("DIGEST_SMTP_PASSWORD", "correct horse");
    let output = doctor(&here, &["--relay", &url]);
    says(&output, "relay-login", "ok", &["accepts the login of digest"]);
}

#[test]
fn a_missing_password_is_told_and_the_rest_is_looked_at() {
    let relay = Relay::new();
    let url = format!("smtp://digest@127.0.0.1:{}", relay.port());
    let output = doctor(&Publication::new(), &["--relay", &url]);
    says(&output, "relay-login", "error", &["no password", "DIGEST_SMTP_PASSWORD"]);
    says(&output, "relay-extensions", "ok", &["PIPELINING"]);
    silent(&output, "relay-login", "ok");
}

#[test]
fn starttls_that_is_not_offered_is_an_error() {
    let relay = Relay::new();
    let url = format!("smtp://127.0.0.1:{}?tls=required", relay.port());
    let output = doctor(&Publication::new(), &["--relay", &url]);
    says(&output, "relay-tls", "error", &["does not offer STARTTLS", "smtps://"]);
    silent(&output, "relay-tls", "ok");
}

#[test]
fn a_port_without_tls_is_told_apart_from_one_that_is_closed() {
    let relay = Relay::new();
    let url = format!("smtps://127.0.0.1:{}", relay.port());
    let output = doctor(&Publication::new(), &["--relay", &url]);
    says(&output, "relay-tls", "error", &["does not speak TLS from the start"]);
}

#[test]
fn a_message_that_is_too_large_is_an_error_and_no_pipelining_a_warning() {
    let options =
        CatcherOptions { size_limit: Some(1_000), pipelining: false, ..CatcherOptions::default() };
    let relay = Relay::with(options);
    let output = doctor(&Publication::new(), &["--relay", &relay.url()]);
    says(&output, "size", "error", &["accepts only 1000", "pictures smaller"]);
    says(&output, "relay-extensions", "warning", &["not PIPELINING", "takes longer"]);
    let here = Publication::new();
    let without = here.run(&["doctor", "--offline", "--json", "--relay", &relay.url()]);
    silent(&without, "size", "error");
}

#[test]
fn mail_in_the_clear_over_a_network_is_a_warning_and_offline_asks_no_network() {
    let output = doctor(&Publication::new(), &["--relay", "smtp://192.0.2.1?tls=none"]);
    says(&output, "relay-tls", "warning", &["without encryption"]);
    says(&output, "relay", "warning", &["not checked"]);
}

/// What the relay heard in EHLO.
fn greetings(relay: &Relay) -> Vec<String> {
    let lines = relay.lines();
    lines.iter().filter_map(|line| line.strip_prefix("EHLO ")).map(str::to_owned).collect()
}

#[test]
fn the_name_in_ehlo_is_told_and_a_bare_one_is_a_warning() {
    let relay = Relay::new();
    let named = |name: &str| format!("{}?hello={name}", relay.url());
    let output = doctor(&Publication::new(), &["--relay", &named("news.sejong.example")]);
    says(&output, "relay-hello", "ok", &["greeted as news.sejong.example, as hello says"]);
    let output = doctor(&Publication::new(), &["--relay", &named("vm")]);
    says(&output, "relay-hello", "warning", &["greeted as vm", "not a full host name", "hello"]);
    let here = Publication::new();
    let text = here.read("digest.toml");
    let table = format!("{text}\n[[relay]]\nurl = \"{}\"\nhello = \"192.0.2.9\"\n", relay.url());
    let output = doctor(&here.write("digest.toml", table), &[]);
    says(&output, "relay-hello", "ok", &["greeted as [192.0.2.9]"]);
    assert_eq!(greetings(&relay), ["news.sejong.example", "vm", "[192.0.2.9]"]);
}

#[test]
fn a_machine_with_a_bare_name_greets_with_its_address() {
    let relay = Relay::new();
    let output = doctor(&Publication::new(), &["--relay", &relay.url()]);
    let [said] = greetings(&relay).try_into().expect("one greeting");
    says(&output, "relay-hello", "ok", &[&said]);
    // Whatever this machine is called.
    assert!(said == "[127.0.0.1]" || said.split('.').count() > 1, "{said}");
}

#[test]
fn a_relay_that_refuses_our_name_is_told_what_to_set() {
    let wants = Do::reply("504 5.5.2 <vm>: Helo command rejected: need fully-qualified hostname");
    let relay = Relay::scripted(Script::new().rule(At::Ehlo, When::Always, wants));
    let output = doctor(&Publication::new(), &["--relay", &relay.url()]);
    says(&output, "relay-hello", "error", &["need fully-qualified hostname", "set hello"]);
}
