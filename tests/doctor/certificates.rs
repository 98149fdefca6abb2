//! TLS with a relay: a certificate that is trusted, one that is not, one for another name.

use std::sync::Arc;

use rustls::pki_types::PrivatePkcs8KeyDer;
use sejong_digest::smtp::catcher::CatcherOptions;

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{says, silent};

/// A relay with a certificate of its own for `name`, and the PEM text to trust.
fn tls_relay(name: &str, implicit_tls: bool) -> (Relay, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            let chain = vec![made.cert.der().clone()];
            config.with_no_client_auth().with_single_cert(chain, key.into())
        })
        .expect("a configuration");
    let tls = Some(Arc::new(tls));
    let relay = Relay::with(CatcherOptions { tls, implicit_tls, ..CatcherOptions::default() });
    (relay, made.cert.pem())
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
        says(&output, "relay-tls", "ok", &[words, "certificate is good for localhost"]);
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
    says(&output, "relay", "ok", &["connects and greets"]);
    says(&output, "relay-tls", "error", &["not for localhost"]);
    silent(&output, "relay-extensions", "ok");
}
