//! The examples of RFC 6376 and RFC 8463, and the fast canonical forms against slow ones.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::crypto::signing::verifies;

/// RFC 8463 A.3: a message with two signatures.
const RFC8463: &str = "\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
";
/// RFC 8463 A.2.
const ED25519_PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RSA_PUBLIC: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
/// RFC 8463 A.1, the seed with its PKCS#8 frame (RFC 8410 7) before it.
const ED25519_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----";

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64.decode(text.replace([' ', '\r', '\n'], "").as_bytes()).unwrap()
}

fn body_of(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    canonical::body(body, |bytes| out.extend_from_slice(bytes));
    out
}

/// What a signature of the example signs: the fields that its `h=` names, and itself.
fn signed_text(message: &[u8], signature: usize) -> (Vec<u8>, Vec<u8>) {
    let (fields, _) = canonical::split(message);
    let mut text = Vec::new();
    for name in ["from", "to", "subject", "date", "message-id"] {
        let field = fields.iter().find(|field| field.is(name)).unwrap();
        canonical::field(field, &mut text);
    }
    let mut own = Vec::new();
    canonical::field(&fields[signature], &mut own);
    let own = String::from_utf8(own).unwrap();
    let (before, value) = own.trim_end().split_once(" b=").unwrap();
    text.extend_from_slice(format!("{before} b=").as_bytes());
    (text, decoded(value))
}

#[test]
fn the_body_of_rfc_8463_has_the_hash_that_it_says() {
    let message = crlf(RFC8463);
    let (_, body) = canonical::split(&message);
    let mut hasher = Sha256::new();
    canonical::body(body, |bytes| hasher.update(bytes));
    let hash = BASE64.encode(hasher.finish().bytes());
    assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

#[test]
fn both_signatures_of_rfc_8463_are_good_for_our_canonical_form() {
    let message = crlf(RFC8463);
    for (at, algorithm, public) in
        [(0, Algorithm::Ed25519, ED25519_PUBLIC), (1, Algorithm::Rsa, RSA_PUBLIC)]
    {
        let (text, signature) = signed_text(&message, at);
        assert!(verifies(algorithm, &decoded(public), &text, &signature), "{algorithm:?}");
    }
}

#[test]
fn our_key_makes_the_ed25519_signature_of_rfc_8463() {
    let (text, expected) = signed_text(&crlf(RFC8463), 0);
    let key = SigningKey::from_pem(ED25519_PRIVATE).unwrap();
    assert_eq!(BASE64.encode(&key.public().unwrap()), ED25519_PUBLIC);
    let mut hasher = Sha256::new();
    hasher.update(&text);
    assert_eq!(key.sign(&hasher.finish()).unwrap(), expected);
}

#[test]
fn the_relaxed_example_of_rfc_6376_comes_out_as_printed() {
    let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
    let (fields, body) = canonical::split(message);
    let mut head = Vec::new();
    for field in &fields {
        canonical::field(field, &mut head);
    }
    assert_eq!(String::from_utf8(head).unwrap(), "a:X\r\nb:Y Z\r\n");
    assert_eq!(body_of(body), b" C\r\nD E\r\n");
}

#[test]
fn empty_bodies_and_missing_line_ends_have_their_own_rules() {
    let empty: [&[u8]; 5] = [b"", b"\r\n", b"\r\n\r\n", b" \t\r\n \r\n", b"  "];
    for body in empty {
        assert_eq!(body_of(body), b"", "{body:?}");
    }
    assert_eq!(body_of(b"no line end"), b"no line end\r\n");
    assert_eq!(body_of(b"a\r\n\r\n b  c \t\r\n\t\r\n"), b"a\r\n\r\n b c\r\n");
    assert_eq!(canonical::split(b"A: b\r\n").1, b"");
}

/// RFC 6376 3.4.4, a rule after the other.
fn slow_body(body: &str) -> String {
    let squeezed = |line: &str| {
        let mut out = String::new();
        for c in line.replace('\t', " ").chars() {
            if !(c == ' ' && out.ends_with(' ')) {
                out.push(c);
            }
        }
        out.trim_end_matches(' ').to_owned()
    };
    let mut lines: Vec<String> = body.split("\r\n").map(squeezed).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

/// RFC 6376 3.4.2, a rule after the other.
fn slow_field(name: &str, value: &str) -> String {
    let unfolded = value.replace("\r\n", "").replace('\t', " ");
    let mut squeezed = unfolded;
    while squeezed.contains("  ") {
        squeezed = squeezed.replace("  ", " ");
    }
    format!("{}:{}\r\n", name.trim_end().to_lowercase(), squeezed.trim_matches(' '))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn bodies_come_out_as_the_slow_rules_say(body in "([ a-c.\t]|\r\n|  | \t\r\n|=\r\n){0,60}") {
        prop_assert_eq!(String::from_utf8(body_of(body.as_bytes())).unwrap(), slow_body(&body));
    }

    #[test]
    fn fields_come_out_as_the_slow_rules_say(
        name in "[A-Za-z-]{1,12}[ \t]{0,2}",
        value in "([ a-z\t:]|\r\n |\r\n\t[a-z]|=[?]utf-8){0,40}",
    ) {
        let message = format!("{name}:{value}\r\nNext: x\r\n\r\nbody");
        let (fields, body) = canonical::split(message.as_bytes());
        prop_assert_eq!(fields.len(), 2, "{:?}", message);
        prop_assert_eq!(body, b"body");
        let mut out = Vec::new();
        canonical::field(&fields[0], &mut out);
        prop_assert_eq!(String::from_utf8(out).unwrap(), slow_field(&name, &value));
    }
}

const MESSAGE: &str = "From: Sejong <digest@sejong.example>\nReply-To: editor@sejong.example\n\
    To: =?utf-8?B?6rmA66+87KeA?= <kim@example.org>\nSubject: Hello\n there\n\
    List-Unsubscribe: <https://a.example/u>,\n <mailto:a@a.example>\n\
    List-Unsubscribe-Post: List-Unsubscribe=One-Click\nX-Other: not signed\n\n\
    Twenty-eight letters.\n";

fn signer(algorithm: Algorithm) -> Signer {
    let key = SigningKey::generate(algorithm).unwrap();
    Signer::new("Sejong.Example", "Digest", key).unwrap()
}

#[test]
fn the_field_is_folded_and_lists_what_is_signed() {
    let signers = [signer(Algorithm::Rsa), signer(Algorithm::Ed25519)];
    let out = sign(&signers, 1_762_437_600, &crlf(MESSAGE)).unwrap();
    assert!(out.len() <= size(&signers));
    let text = String::from_utf8(out).unwrap();
    assert!(text.lines().all(|line| line.len() <= 76), "{text}");
    assert_eq!(text.matches("DKIM-Signature: v=1; a=").count(), 2);
    let plain = text.replace("\r\n ", "");
    assert!(
        plain.contains("h=From:From:To:Subject:Reply-To:List-Unsubscribe:List-Unsubscribe-Post;"),
        "{text}"
    );
    assert!(!text.contains("l=") && !text.contains("x="), "{text}");
    for tag in ["c=relaxed/relaxed;", "d=sejong.example;", "s=digest;", "t=1762437600;"] {
        assert!(text.contains(tag), "{tag} {text}");
    }
}

#[test]
fn nobody_signs_and_nothing_is_added() {
    assert_eq!(sign(&[], 0, &crlf(MESSAGE)).unwrap(), b"");
}

#[test]
fn names_that_dns_cannot_hold_are_refused() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let new = |domain: &str, selector: &str| Signer::new(domain, selector, key.clone());
    assert!(new("세종.example", "digest").unwrap().domain().starts_with("xn--"));
    assert_eq!(
        new("a.example", "2025.Digest").unwrap().record_name(),
        "2025.digest._domainkey.a.example"
    );
    for domain in ["", "a b.example", "a.example;", "-a.example", "@"] {
        assert!(matches!(new(domain, "digest"), Err(DkimError::Domain(_))), "{domain}");
    }
    for selector in ["", ".", "a;b", "a b", "digest._domainkey", &"a".repeat(64)] {
        assert!(matches!(new("a.example", selector), Err(DkimError::Selector(_))), "{selector}");
    }
}

/// `cargo test --release dkim -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn signatures_a_second() {
    let body =
        "Twenty-eight letters, and the reason why they were made. =EA=B0=80=\r\n".repeat(300);
    let message = [crlf(MESSAGE), body.into_bytes()].concat();
    for algorithms in
        [&[Algorithm::Rsa][..], &[Algorithm::Ed25519], &[Algorithm::Rsa, Algorithm::Ed25519]]
    {
        let signers: Vec<Signer> = algorithms.iter().map(|a| signer(*a)).collect();
        let (started, mut count) = (Instant::now(), 0);
        while started.elapsed().as_secs() < 2 {
            sign(&signers, 0, &message).unwrap();
            count += 1;
        }
        let rate = f64::from(count) / started.elapsed().as_secs_f64();
        println!("{algorithms:?}: {rate:.0} messages/s of {} bytes", message.len());
    }
}
