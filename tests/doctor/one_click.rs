//! The page for unsubscribing, on a web server with TLS: what it may answer, and that nobody is
//! unsubscribed by asking.

use std::net::TcpListener;

use crate::harness::{Output, Publication};
use crate::nameserver::Zone;
use crate::says;
use crate::web::{Asked, Reply, Web};

const HOST: &str = "digest.sejong.example";

/// A publication whose base_url leads to a server of this test, which the machine trusts.
pub(crate) fn page(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Web, Publication) {
    let (web, certificate) = Web::with_tls(HOST, answer);
    let here = Publication::new()
        .edit("digest.toml", HOST, &format!("{HOST}:{}", web.port()))
        .write("trusted.pem", certificate);
    let trusted = here.path("trusted.pem").display().to_string();
    (web, here.env("SSL_CERT_FILE", &trusted))
}

fn doctor(here: &Publication) -> Output {
    here.run(&["doctor", "--json", "--allow-private", "--dns", &Zone::good().serve()])
}

#[test]
fn one_post_is_made_as_a_mailbox_provider_makes_it_with_a_token_of_nobody() {
    let (web, here) = page(|_| Reply::status(410));
    let output = doctor(&here);
    says(&output, "one-click-page", "ok", &["is there for one-click", "(410)"]);
    let asked = web.asked();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.path, "/unsubscribe/digest-doctor.names-nobody");
    assert_eq!(asked.body, "List-Unsubscribe=One-Click");
    let head = asked.head.join("\n");
    assert!(head.contains(&format!("host: {HOST}:{}", web.port())), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
    assert!(head.contains("user-agent: digest/") && !head.contains("cookie"), "{head}");
}

#[test]
fn a_page_that_is_not_on_the_internet_is_not_asked_without_a_flag() {
    let (web, here) = page(|_| Reply::status(200));
    // The name server leads to this machine, and so may the address itself.
    let by_name = here.run(&["doctor", "--json", "--dns", &Zone::good().serve()]);
    let address = format!("https://127.0.0.1:{}", web.port());
    let here = here.edit("digest.toml", &format!("https://{HOST}:{}", web.port()), &address);
    let by_number = here.run(&["doctor", "--json", "--offline"]);
    for output in [by_name, by_number] {
        let words = ["is no public address", "`--allow-private` asks a server"];
        says(&output, "one-click-page", "warning", &words);
    }
    assert!(web.asked().is_empty(), "{:?}", web.asked());
}

#[test]
fn each_answer_is_told_for_what_it_is() {
    for (reply, level, words) in [
        (Reply::status(200), "ok", "even with a link that we never sent"),
        (Reply::status(403), "ok", "refuses a false link (403)"),
        (Reply::status(404), "warning", "does not accept one-click unsubscribing (404)"),
        (Reply::status(405), "warning", "does not accept one-click unsubscribing (405)"),
        (Reply::status(401), "warning", "asks for a login"),
        (Reply::to(302, "/login"), "warning", "/login (302), but mailbox providers do not"),
        (Reply::status(503), "warning", "answers 503"),
    ] {
        let (web, here) = page(move |_| reply.clone());
        says(&doctor(&here), "one-click-page", level, &[words]);
        // A redirect is not followed.
        assert_eq!(web.asked().len(), 1);
    }
}

#[test]
fn a_page_that_is_not_there_or_not_safe_is_an_error() {
    let (web, here) = page(|_| Reply::status(200));
    let trusts_nobody = here.env("SSL_CERT_FILE", "/dev/null");
    let output = doctor(&trusts_nobody);
    says(&output, "one-click-page", "error", &["signed by nobody this machine trusts"]);
    assert!(web.asked().is_empty());
    let no_host = Publication::new();
    let zone = Zone::good().without(HOST);
    let output = no_host.run(&["doctor", "--json", "--dns", &zone.serve()]);
    says(&output, "one-click-page", "error", &["there is no host digest.sejong.example"]);
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("free");
    let closed = Publication::new().edit("digest.toml", HOST, &port.to_string());
    // This machine is asked even offline.
    let output = closed.run(&["doctor", "--json", "--offline", "--allow-private"]);
    says(&output, "one-click-page", "error", &["cannot connect", "correct base_url"]);
    let silent_dns = Zone::good().broken(HOST);
    let output = Publication::new().run(&["doctor", "--json", "--dns", &silent_dns.serve()]);
    says(&output, "one-click-page", "warning", &["could not ask DNS"]);
}

#[test]
fn offline_and_without_tls_the_page_is_not_asked() {
    let output = Publication::new().run(&["doctor", "--json", "--offline"]);
    says(&output, "one-click-page", "warning", &["not checked"]);
    let plain = Web::start(|_| Reply::status(200));
    let address = format!("https://{HOST}");
    let here = Publication::new().edit("digest.toml", &address, plain.url("").as_str());
    says(&doctor(&here), "one-click-page", "warning", &["because it has no TLS"]);
    assert!(plain.asked().is_empty());
}
