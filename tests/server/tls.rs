//! TLS with a server: whose certificate is believed, and that nothing is said to one whose is not.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

use crate::alone;
use crate::harness::server::{Server, Tls};
use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{readers, start};

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// The server with a certificate for `name`.
    fn signs<'a>(&self, server: &'a Server, name: &str) -> Tls<'a> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let signed = params.signed_by(&key, &self.0).expect("a certificate");
        server.with_tls(&signed.pem(), &key.serialize_pem())
    }
}

/// A folder with the certificates of two authorities, and a schema of its own.
fn with_roots(server: &Server, right: &Authority) -> (Publication, String) {
    let url = server.fresh();
    let here = readers(5).sending_from(&url);
    let here = here.write("right.pem", right.0.pem());
    (here.write("wrong.pem", Authority::new("somebody else").0.pem()), url)
}

/// Plans with a store at `host`, and what the server noted meanwhile.
fn plan(here: &Publication, tls: &Tls, url: &str, host: &str, query: &str) -> (Output, String) {
    let url = format!("{}&{query}", url.replace("@127.0.0.1:", &format!("@{host}:")));
    let before = tls.log().len();
    // The publication's own: of another it would ask both.
    let output = here.shell(&format!("DIGEST_STORE__URL='{url}' digest plan 2025-11"));
    (output, tls.log().split_off(before))
}

/// Whether it got as far as a name and a password.
fn was_told_something(noted: &str) -> bool {
    ["connection authenticated", "connection authorized", "password", "user=", "user \""]
        .iter()
        .any(|words| noted.contains(words))
}

#[test]
fn a_server_is_asked_under_tls_where_its_certificate_is_right_or_need_not_be() {
    let Some((server, _alone)) = alone() else { return };
    let authority = Authority::new("ours");
    let tls = authority.signs(server, "localhost");
    let (here, url) = with_roots(server, &authority);
    for (host, query) in [
        ("localhost", "sslmode=verify-full&sslrootcert=right.pem"),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert=right.pem"),
        ("localhost", "sslmode=require&sslrootcert=right.pem"),
        ("127.0.0.1", "sslmode=require"),
        // To this machine with whatever certificate, but with TLS where the server has it.
        ("127.0.0.1", ""),
    ] {
        let (output, noted) = plan(&here, &tls, &url, host, query);
        assert_eq!(output.code, 0, "{query}: {output:?}");
        let is_secure = noted.contains("SSL enabled (protocol=TLSv1.3");
        assert!(is_secure && was_told_something(&noted), "{query}: {noted}");
    }
    // And where nobody wants it.
    let (output, noted) = plan(&here, &tls, &url, "127.0.0.1", "sslmode=disable");
    assert!(output.code == 0 && !noted.contains("SSL enabled"), "{output:?} {noted}");
}

#[test]
fn a_server_whose_certificate_is_not_believed_is_told_no_password() {
    let Some((server, _alone)) = alone() else { return };
    let authority = Authority::new("ours");
    let tls = authority.signs(server, "localhost");
    let (here, url) = with_roots(server, &authority);
    let nobody = "the certificate of localhost is signed by nobody this machine trusts";
    let (here_is, other) = ("add sslrootcert=FILE to the address", "(sslrootcert) is another");
    let name = "the certificate is not for 127.0.0.1, only for localhost";
    for (host, query, words) in [
        ("localhost", "sslmode=verify-full", [nobody, here_is]),
        ("localhost", "sslmode=verify-full&sslrootcert=wrong.pem", [nobody, other]),
        ("localhost", "sslmode=verify-ca&sslrootcert=wrong.pem", [nobody, other]),
        // As libpq has it: who names an authority wants it asked.
        ("localhost", "sslmode=require&sslrootcert=wrong.pem", [nobody, other]),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert=right.pem", [name, "sslmode=verify-ca"]),
    ] {
        let (output, noted) = plan(&here, &tls, &url, host, query);
        assert_eq!(output.code, 1, "{query}: {output:?}");
        for words in ["there is no connection to postgres://", "No password was sent."] {
            assert!(output.stderr.contains(words), "{query}: no {words:?} in {output:?}");
        }
        for words in words {
            assert!(output.stderr.contains(words), "{query}: no {words:?} in {output:?}");
        }
        assert!(noted.contains("connection received"), "{query}: {noted}");
        assert!(!was_told_something(&noted), "{query}: {noted}");
    }
}

/// Before anything is opened.
#[test]
fn a_file_of_authorities_that_is_none_is_named() {
    let Some((server, _alone)) = alone() else { return };
    let authority = Authority::new("ours");
    let tls = authority.signs(server, "localhost");
    let (here, url) = with_roots(server, &authority);
    let here = here.write("note.pem", "ask Kim\n");
    for (file, words) in [
        ("nowhere.pem", "cannot read the certificates in "),
        ("note.pem", "note.pem holds no certificate in PEM form (sslrootcert)"),
    ] {
        let query = format!("sslmode=verify-full&sslrootcert={file}");
        let (output, noted) = plan(&here, &tls, &url, "localhost", &query);
        assert!(output.code == 1 && output.stderr.contains(words), "{output:?}");
        assert_eq!(noted, "", "{file}");
    }
}

#[test]
fn a_server_without_tls_is_told_no_password_where_tls_is_asked_for() {
    let Some((server, _alone)) = alone() else { return };
    let here = readers(5).sending_from(&server.fresh());
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("{}&sslmode={mode}", here.store_url());
        let output = here.run(&["plan", "2025-11", "--store", &url]);
        assert_eq!(output.code, 1, "{output:?}");
        for words in ["server does not support TLS", "ssl = on in its postgresql.conf"] {
            assert!(output.stderr.contains(words), "{mode}: no {words:?} in {output:?}");
        }
    }
}

/// Both sessions of a sender, the one that writes and the one that watches.
#[test]
fn a_send_has_all_its_sessions_under_tls() {
    let Some((server, _alone)) = alone() else { return };
    let authority = Authority::new("ours");
    let tls = authority.signs(server, "localhost");
    let (here, url) = with_roots(server, &authority);
    let url = url.replace("@127.0.0.1:", "@localhost:");
    let here = here.sending_from(&format!("{url}&sslmode=verify-full&sslrootcert=right.pem"));
    let relay = Relay::new();
    let before = tls.log().len();
    let output = start(&here, &relay, &[]).wait();
    assert_eq!((output.code, relay.copies().len()), (0, 5), "{output:?}");
    let noted = tls.log().split_off(before);
    let sessions: Vec<&str> =
        noted.lines().filter(|line| line.contains("application_name=digest")).collect();
    let is_secure = |line: &&str| line.contains("SSL enabled");
    assert!(sessions.len() >= 2 && sessions.iter().all(is_secure), "{noted}");
}

/// As a server has it that is its own authority, by the words of docs/reference.md.
#[test]
fn a_certificate_that_a_server_has_signed_itself_is_believed_where_sslrootcert_has_it() {
    let Some((server, _alone)) = alone() else { return };
    for (is_ca, words) in [
        (IsCa::ExplicitNoCa, None),
        (IsCa::Ca(BasicConstraints::Unconstrained), Some("(CA:TRUE), not of a server. No")),
    ] {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.is_ca = is_ca;
        let own = params.self_signed(&key).expect("a certificate").pem();
        let tls = server.with_tls(&own, &key.serialize_pem());
        let url = server.fresh();
        let here = readers(5).sending_from(&url).write("own.pem", &own);
        let query = "sslmode=verify-full&sslrootcert=own.pem";
        let (output, noted) = plan(&here, &tls, &url, "localhost", query);
        let is_told = words.is_none_or(|words| output.stderr.contains(words));
        assert!(is_told && output.code == i32::from(words.is_some()), "{output:?}");
        assert_eq!(was_told_something(&noted), words.is_none(), "{noted}");
    }
}
