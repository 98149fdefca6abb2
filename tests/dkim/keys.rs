//! Making keys, and keys that cannot be used: said before the first message, and never shown.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Output, Publication};
use crate::signing;
use crate::verify::Records;

const KEY: &str = "dkim-digest.pem";

fn mode(here: &Publication, path: &str, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(here.path(path), permissions).expect("changed");
}

/// A send that stops before its first message, and says why.
#[track_caller]
fn stops(here: &Publication, says: &str) -> Output {
    let sent = here.run(&["send", "2025-11", "--catch", "out", "--yes"]);
    assert_eq!(sent.code, 3, "{sent:?}");
    assert!(sent.stderr.contains(says), "{says}: {}", sent.stderr);
    assert!(!here.exists("out") && !here.exists("digest.db"), "{:?}", here.files());
    sent
}

#[test]
fn a_key_is_made_for_its_owner_only_and_never_overwritten() {
    let here = Publication::new();
    let made = here.run(&["dkim", "keygen"]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made:?}");
    let mode = std::fs::metadata(here.path(KEY)).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = here.read(KEY);
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(!made.stdout.contains("PRIVATE"), "{}", made.stdout);
    let mut records = Records::default();
    records.add(&made.stdout);
    assert_eq!(records.names(), ["digest._domainkey.sejong.example"]);
    assert!(records.value(records.names()[0]).starts_with("v=DKIM1; k=rsa; p=MIIBIjAN"));
    let again = here.run(&["dkim", "keygen"]);
    assert_eq!((again.code, again.stdout.as_str()), (1, ""));
    assert!(again.stderr.contains("dkim-digest.pem already exists"), "{}", again.stderr);
    assert_eq!(here.read(KEY), key);
}

#[test]
fn a_key_can_be_made_for_another_domain_and_outside_a_publication() {
    let here = Publication::nothing();
    let lost = here.run(&["dkim", "keygen"]);
    assert_eq!(lost.code, 2, "{lost:?}");
    assert!(lost.stderr.contains("--domain"), "{}", lost.stderr);
    let arguments = ["dkim", "keygen", "--ed25519", "--domain", "Sejong.Example", "--selector"];
    let made = here.run(&[&arguments[..], &["S2026", "-o", "keys/ed.pem"]].concat());
    assert_eq!(made.code, 0, "{made:?}");
    let mut records = Records::default();
    records.add(&made.stdout);
    assert_eq!(records.names(), ["s2026._domainkey.sejong.example"]);
    assert!(records.value(records.names()[0]).starts_with("v=DKIM1; k=ed25519; p="));
    assert!(made.stdout.contains("domain = \"sejong.example\"\n"), "{}", made.stdout);
    assert!(made.stdout.contains("/keys/ed.pem\"\n"), "{}", made.stdout);
    for (option, value) in [("--selector", "a;b"), ("--domain", "a b")] {
        let wrong = here.run(&["dkim", "keygen", "--domain", "a.example", option, value]);
        assert_eq!(wrong.code, 2, "{option} {value}: {wrong:?}");
    }
}

#[test]
fn a_key_that_cannot_be_used_stops_a_send_before_its_first_message() {
    let (here, _) = signing(Publication::with_subscribers());
    let key = here.read(KEY);
    mode(&here, KEY, 0o644);
    let open = stops(&here, "other users of this computer can read");
    assert!(open.stderr.contains("digest.toml:"), "its place: {}", open.stderr);
    mode(&here, KEY, 0o600);
    let secret = key.lines().nth(1).expect("a line of the key");
    let here = here.write(KEY, key.replacen(secret, &secret[..20], 1));
    let damaged = stops(&here, "cannot be used");
    assert!(!damaged.stderr.contains(&secret[..20]), "{}", damaged.stderr);
    let ed25519 = here.read("dkim-digest-ed25519.pem");
    let here = here.write(KEY, ed25519);
    stops(&here, "contains a key for Ed25519, not for RSA");
    let here = here.write(KEY, "").remove("dkim-digest-ed25519.pem");
    let both = stops(&here, "it contains no PEM text");
    assert!(both.stderr.contains("cannot be read: No such file"), "{}", both.stderr);
}

#[test]
fn a_short_key_is_refused_by_its_length() {
    let here = Publication::with_subscribers();
    let made = std::process::Command::new("openssl")
        .args(["genrsa", "-out"])
        .arg(here.path("short.pem"))
        .arg("1024")
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("no openssl: skipped");
        return;
    }
    mode(&here, "short.pem", 0o600);
    let toml = here.read("digest.toml");
    let dkim = "\n[dkim]\nselector = \"s\"\nkey_file = \"short.pem\"\n";
    let here = here.write("digest.toml", toml + dkim);
    stops(&here, "the RSA key in it has fewer than 2048 bits");
}

#[test]
fn whoever_only_looks_needs_no_key() {
    let (here, _) = signing(Publication::with_subscribers());
    let here = here.remove(KEY).remove("dkim-digest-ed25519.pem");
    assert_eq!(here.run(&["check"]).code, 0);
    let person = ["--as", "kim@example.org"];
    for format in ["html", "text"] {
        assert_eq!(here.run(&["render", "2025-11", "--format", format]).code, 0);
        let seen = here.run(&[&["render", "2025-11", "--format", format], &person[..]].concat());
        assert_eq!(seen.code, 0, "{seen:?}");
    }
    let anybody = here.run(&["render", "2025-11", "--format", "eml"]);
    assert_eq!(anybody.code, 0, "{anybody:?}");
    assert!(!anybody.stdout.contains("DKIM-Signature"));
    let own = here.run(&[&["render", "2025-11", "--format", "eml"], &person[..]].concat());
    assert_eq!(own.code, 3, "{own:?}");
    let dry = here.run(&["send", "2025-11", "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.stdout.contains("Signed    d=sejong.example s=digest"), "{}", dry.stdout);
}

#[test]
fn without_the_table_nothing_is_signed_and_the_plan_says_so() {
    let here = Publication::with_subscribers();
    let sent = here.run(&["send", "2025-11", "--catch", "out", "--yes"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.stderr.contains("Signed    no: digest.toml has no [dkim]"), "{}", sent.stderr);
    for message in crate::caught(&here, "out") {
        assert!(!String::from_utf8_lossy(&message).contains("DKIM-Signature"));
    }
}

#[test]
fn mistakes_in_the_table_are_found_by_check() {
    let base = Publication::new().read("digest.toml");
    let checked = |table: &str| {
        let here = Publication::new().write("digest.toml", format!("{base}\n[dkim]\n{table}"));
        here.run(&["check"])
    };
    let key = "selector = \"s\"\nkey_file = \"k.pem\"\n";
    assert_eq!(checked(key).code, 0);
    for (table, says) in [
        ("selector = \"s\"\n".to_owned(), "[dkim] has no key_file"),
        ("key_file = \"k.pem\"\n".to_owned(), "[dkim] has no selector"),
        ("domain = \"sejong.example\"\n".to_owned(), "[dkim] has no selector"),
        (key.replace("\"s\"", "\"a b\""), "\"a b\" is not a selector"),
        (format!("{key}domain = \"a;b\"\n"), "\"a;b\" is not a domain"),
        (format!("{key}ed25519_selector = \"t\"\n"), "must both be there"),
        (
            format!("{key}ed25519_selector = \"S\"\ned25519_key_file = \"e.pem\"\n"),
            "two keys have the same selector",
        ),
        (format!("{key}key = \"k.pem\"\n"), "has no key \"key\""),
    ] {
        let output = checked(&table);
        assert_eq!(output.code, 3, "{table}: {output:?}");
        assert!(output.stdout.contains(says), "{says}: {}", output.stdout);
    }
    let other = checked(&format!("{key}domain = \"other.example\"\n"));
    assert_eq!(other.code, 0, "{other:?}");
    assert!(other.stdout.contains("warning[dkim-alignment]"), "{}", other.stdout);
    let below = checked(&format!("{key}domain = \"news.sejong.example\"\n"));
    assert!(!below.stdout.contains("dkim-alignment"), "{}", below.stdout);
}
