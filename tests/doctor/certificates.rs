//! TLS with a relay: a certificate that is trusted, one that is not, one for another name.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use sejong_digest::catcher::CatcherOptions;

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{says, silent};

/// A relay with a certificate of its own for `name`, and the PEM text to trust.
fn tls_relay(name: &str, implicit_tls: bool) -> (Relay, String) {
    relay_until(name, implicit_tls, (2090, 1, 1))
}

/// The same, with the certificate's last day.
fn relay_until(name: &str, implicit_tls: bool, end: (i32, u8, u8)) -> (Relay, String) {
    relay_of(IsCa::NoCa, name, implicit_tls, end)
}

/// The same; `is_ca` is what the certificate says of itself.
fn relay_of(is_ca: IsCa, name: &str, implicit_tls: bool, end: (i32, u8, u8)) -> (Relay, String) {
    let (tls, pem) = certified(is_ca, name, end);
    let tls = Some(tls.into());
    (Relay::with(CatcherOptions { tls, implicit_tls, ..CatcherOptions::default() }), pem)
}

/// A server's end of TLS with a certificate of its own, and the PEM text to trust.
pub(super) fn certified(
    is_ca: IsCa,
    name: &str,
    end: (i32, u8, u8),
) -> (Arc<rustls::ServerConfig>, String) {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.is_ca = is_ca;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(end.0, end.1, end.2);
    params.distinguished_name.push(DnType::OrganizationName, "Sejong Trust");
    let signing_key = KeyPair::generate().expect("a key");
    let cert = params.self_signed(&signing_key).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            let chain = vec![cert.der().clone()];
            config.with_no_client_auth().with_single_cert(chain, key.into())
        })
        .expect("a configuration");
    (Arc::new(tls), cert.pem())
}

fn doctor(url: &str, ca: &str) -> Output {
    let here = Publication::new().write("ca.pem", ca);
    here.run(&["doctor", "--offline", "--json", "--relay", url])
}

#[test]
fn a_good_certificate_is_told_in_words() {
    for (implicit, scheme, words) in
        [(true, "smtps", "TLS from the first byte"), (false, "smtp", "STARTTLS works")]
    {
        let (relay, ca) = tls_relay("localhost", implicit);
        let query = if implicit { "" } else { "tls=required&" };
        let url = format!("{scheme}://localhost:{}?{query}ca_file=ca.pem", relay.port());
        let output = doctor(&url, &ca);
        says(&output, "relay-tls", "ok", &[words, "certificate is valid for localhost"]);
    }
}

#[test]
fn a_certificate_that_nobody_trusts_or_for_another_name_is_an_error() {
    let (relay, _) = tls_relay("localhost", true);
    let output = doctor(&format!("smtps://localhost:{}", relay.port()), "");
    says(&output, "relay-tls", "error", &["signed by nobody this machine trusts", "ca_file"]);
    let (relay, ca) = tls_relay("mail.example", false);
    let url = format!("smtp://localhost:{}?tls=required&ca_file=ca.pem", relay.port());
    let output = doctor(&url, &ca);
    says(&output, "relay", "ok", &["can be reached"]);
    says(&output, "relay-tls", "error", &["not for localhost"]);
    silent(&output, "relay-extensions", "ok");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the binary reads the clock, so the test does")]
fn how_long_a_certificate_is_good_is_told_for_each_relay() {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    let soon = today.checked_add(jiff::Span::new().days(6)).expect("a day");
    let soon = (i32::from(soon.year()), soon.month() as u8, soon.day() as u8);
    let (long, ca) = relay_until("localhost", false, (2090, 1, 1));
    let (short, other) = relay_until("localhost", true, soon);
    let text = Publication::new().read("digest.toml");
    let relays = format!(
        "{text}\n[[relay]]\nurl = \"smtp://localhost:{}?tls=required&ca_file=ca.pem\"\n\
         [[relay]]\nurl = \"smtps://localhost:{}?ca_file=ca.pem\"\n",
        long.port(),
        short.port()
    );
    let here =
        Publication::new().write("ca.pem", format!("{ca}{other}")).write("digest.toml", relays);
    let output = here.run(&["doctor", "2025-11", "--offline", "--json"]);
    let long = format!("smtp://localhost:{}", long.port());
    let short = format!("smtps://localhost:{}", short.port());
    let good = ["TLS 1.3", "for localhost, issued by Sejong Trust, ends on 2090-01-01"];
    says(&output, "relay-certificate", "ok", &[&[long.as_str()], &good[..]].concat());
    says(&output, "relay-certificate", "warning", &[&short, "in 5 days", "renew it"]);
    for url in [long, short] {
        says(&output, "size", "ok", &[&url]);
    }
}

#[test]
fn a_certificate_whose_time_is_over_is_an_error() {
    for (implicit, scheme, query) in [(true, "smtps", ""), (false, "smtp", "tls=required&")] {
        let (relay, ca) = relay_until("localhost", implicit, (2024, 1, 1));
        let url = format!("{scheme}://localhost:{}?{query}ca_file=ca.pem", relay.port());
        let output = doctor(&url, &ca);
        says(&output, "relay-tls", "error", &["expired on 2024-01-01", "renew the certificate"]);
        silent(&output, "relay-certificate", "ok");
    }
}

/// As `openssl req -x509` makes it: its own issuer, and an authority by its own words.
fn of_openssl(name: &str, end: (i32, u8, u8)) -> (Relay, String) {
    relay_of(IsCa::Ca(BasicConstraints::Unconstrained), name, true, end)
}

// Row 10.
#[test]
fn a_relays_own_certificate_is_trusted_where_ca_file_holds_it() {
    let (relay, ca) = of_openssl("localhost", (2090, 1, 1));
    let url = format!("smtps://localhost:{}?ca_file=ca.pem", relay.port());
    let output = doctor(&url, &ca);
    says(&output, "relay-tls", "ok", &["certificate is valid for localhost"]);
    let here = Publication::new().write("ca.pem", &ca);
    let list = here.write("subscribers.csv", "email\nkim@example.org\n");
    let output = list.run(&["send", "2025-11", "--yes", "--relay", &url]);
    assert_eq!((output.code, relay.accepted().len()), (0, 1), "{output:?}");
}

// Row 10.
#[test]
fn a_relays_own_certificate_is_still_checked() {
    let (_, other) = of_openssl("localhost", (2090, 1, 1));
    let (relay, ca) = of_openssl("localhost", (2090, 1, 1));
    let url = format!("smtps://localhost:{}", relay.port());
    let output = doctor(&url, &ca);
    says(&output, "relay-tls", "error", &["signed by nobody this machine trusts", "ca_file"]);
    let url = format!("{url}?ca_file=ca.pem");
    let output = doctor(&url, &other);
    says(&output, "relay-tls", "error", &["the certificate of localhost"]);
    silent(&output, "relay-tls", "ok");
    let by_address = format!("smtps://127.0.0.1:{}?ca_file=ca.pem", relay.port());
    let output = doctor(&by_address, &ca);
    says(&output, "relay-tls", "error", &["not for 127.0.0.1, only for localhost"]);
    let (relay, ca) = of_openssl("localhost", (2024, 1, 1));
    let url = format!("smtps://localhost:{}?ca_file=ca.pem", relay.port());
    let output = doctor(&url, &ca);
    says(&output, "relay-tls", "error", &["expired on 2024-01-01", "renew the certificate"]);
}
