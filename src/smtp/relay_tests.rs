//! Relay URLs: what each form means, and that no message or debug print shows a password.

use secrecy::ExposeSecret;

use super::*;

fn relay(url: &str) -> Relay {
    Relay::parse(url).unwrap()
}

fn error(url: &str) -> String {
    Relay::parse(url).unwrap_err().to_string()
}

#[test]
fn scheme_and_host_decide_tls_and_port() {
    let rows = [
        ("smtps://mail.example.org", Tls::Implicit, 465),
        ("smtps://127.0.0.1:4650", Tls::Implicit, 4650),
        ("smtp://mail.example.org", Tls::Required, 587),
        ("smtp://mail.example.org:25", Tls::Required, 25),
        ("smtp://mail.example.org?tls=none", Tls::None, 587),
        ("smtp://localhost", Tls::None, 25),
        ("smtp://127.0.0.1:2525", Tls::None, 2525),
        ("smtp://[::1]:2525", Tls::None, 2525),
        ("smtp://localhost?tls=required", Tls::Required, 587),
        ("SMTP://LOCALHOST:25/", Tls::None, 25),
    ];
    for (url, tls, port) in rows {
        assert_eq!((relay(url).tls(), relay(url).port()), (tls, port), "{url}");
    }
    assert_eq!(relay("smtp://메일.example").host(), "xn--h32bq4v.example");
}

#[test]
fn credentials_are_decoded_and_never_shown() {
    let relay = relay("smtps://kim%40example.org:p%40ss%3Aword@mail.example.org");
    let login = relay.login().unwrap();
    assert_eq!(
        (login.user.as_str(), login.password.expose_secret()),
        ("kim@example.org", "p@ss:word")
    );
    assert_eq!(relay.to_string(), "smtps://kim@example.org@mail.example.org:465");
    assert!(!format!("{relay:?}").contains("p@ss"));
    let later = Relay::parse("smtps://kim@mail.example.org").unwrap();
    assert!(later.wants_password());
    assert!(!later.with_credentials("kim", "x".into()).unwrap().wants_password());
}

#[test]
fn options_are_read() {
    let relay = relay(
        "smtp://h.example?connections=9&max_messages=50&hello=me.example\
         &ca_file=%2Fa%20b.pem&pipelining=off&auth=login",
    );
    assert_eq!(relay.connections(), 9);
    assert_eq!(relay.max_messages_per_connection(), Some(50));
    assert_eq!(relay.hello().map(ToString::to_string).as_deref(), Some("me.example"));
    assert_eq!(relay.ca_file(), Some(Path::new("/a b.pem")));
    assert!(!relay.pipelining());
    assert_eq!(relay.mechanism(), Some(Mechanism::Login));
}

#[test]
fn errors_say_what_to_write_instead() {
    assert!(error("mail.example.org:587").contains("smtps://"));
    assert!(error("http://user:secret@x").contains("smtp://"));
    assert!(error("smtp://").contains("is not a host"));
    assert!(error("smtp://a b").contains("is not a host"));
    assert!(error("smtp://x.example:0").contains("65535"));
    assert!(error("smtp://x.example/inbox").contains("/inbox"));
    assert!(error("smtp://x.example?conections=3").contains("did you mean connections?"));
    assert!(error("smtp://x.example?colour=3").contains("known are tls, auth, connections"));
    assert!(error("smtp://x.example?tls=maybe").contains("tls=required or tls=none"));
    assert!(error("smtps://x.example?tls=none").contains("TLS already"));
    assert!(error("smtp://x.example?hello=a%0D%0Ab").contains("host name"));
    assert!(error("smtp://:secret@x.example").contains("needs a user"));
    for bad in [
        "smtp://u:se%cret@x",
        "smtp://u:secret@x?tls=none",
        "smtp://u:secret%0A@x",
        "u:secret@x",
        "smtp://u:secret",
    ] {
        assert!(!error(bad).contains("cret"), "{bad} leaks");
    }
    // Wherever the password is cut into pieces by what means something in a URL.
    for bad in [
        "smtp://user:12?secret@x.example",
        "smtp://user:12?secret=1&more",
        "smtp://user:pa/secret",
        "smtp://user:p@ss?secret@x.example",
        "smtp://user:p@s/secret",
        "smtp://user:p@s secret",
        "smtp://user:pa secret@x y",
        "smtp://user@x.example/secret",
        "smtp://user@x.example?tls=secret",
        "smtp://user:p@secret?tls=none",
        "smtp://[user:p@secret]x",
        "smtp://[user:secret",
        "smtp://user:p?hello=secret%20x@y",
        "smtp://user:p?hell=secret@y",
        "secret:/user",
    ] {
        let told = error(bad);
        assert!(!told.contains("secret") && !told.contains("user:"), "{bad}: {told}");
    }
    assert!(error("smtp://u:p@10.0.0.1?tls=none").contains("without encryption"));
    assert!(Relay::parse("smtp://u:p@127.0.0.1").is_ok());
}
