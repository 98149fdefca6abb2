//! What somebody sends in the place of a token: the end of a link, or what stands behind the plus in
//! an address that bounces go to.

use std::path::Path;

use sejong_digest::message::address::Address;
use sejong_digest::message::token::{Keys, Purpose, token_in};

use super::signature;

const LIST: &str = "digest.sejong.example";
const ISSUE: &str = "2025-11";
/// A token of version 1 for [`reader`], by the older key.
const VERSION_1: &str = "AZ5Y9xwaSnFZy6DsGmvr9FxraW1AZXhhbXBsZS5vcmc";

/// See `Target::words`.
pub(super) const WORDS: &[&str] = &[
    "https://digest.sejong.example/unsubscribe/",
    "/preferences/",
    "/confirm/",
    "<",
    ">",
    "?",
    "%2F",
    "=\r\n",
    "\r\n ",
    "A",
    "AQ",
    "Qg",
    "-_",
    "=",
    "\0",
    "한",
];

fn reader() -> Address {
    Address::parse("kim@example.org").expect("an address")
}

fn keys() -> Keys {
    Keys::numbered((2, b"fedcba9876543210"), [(1, &b"0123456789abcdef0123456789abcdef"[..])])
}

/// One of each kind.
fn tokens() -> Vec<String> {
    let (keys, reader) = (keys(), reader());
    vec![
        keys.unsubscribe_token(LIST, &reader),
        keys.preferences_token(LIST, &reader),
        VERSION_1.to_owned(),
        keys.reverse_path_token(LIST, ISSUE, &reader, 7),
    ]
}

/// Tokens, and links with them.
pub(super) fn seeds(_root: &Path) -> Vec<Vec<u8>> {
    let link = |token: &String| format!("<https://{LIST}/{}/{token}>", Purpose::Unsubscribe);
    let links: Vec<String> = tokens().iter().map(link).collect();
    tokens().into_iter().chain(links).map(String::into_bytes).collect()
}

/// Only what we made is read, and names whom it was made for.
pub(super) fn run(bytes: &[u8]) -> u64 {
    let (keys, text) = (keys(), String::from_utf8_lossy(bytes));
    let found = token_in(&text);
    let mut read = Vec::new();
    for token in [Some(&*text), found.as_deref()].into_iter().flatten() {
        let content = keys.read_token(LIST, token);
        if let Some(content) = &content {
            assert!(tokens().iter().any(|ours| ours == token), "not ours: {token:?}");
            assert_eq!(content.address, reader());
            let again = keys.read_unsubscribe_token(LIST, token).is_some();
            assert_eq!(again, content.purpose == Purpose::Unsubscribe);
        }
        let rows = keys.reverse_path_rows(token);
        for row in &rows {
            let is_ours = keys.is_reverse_path_token(LIST, ISSUE, &reader(), *row, token);
            let same = tokens().iter().any(|ours| ours.eq_ignore_ascii_case(token));
            assert_eq!(is_ours, same && *row == 7, "{token:?}");
        }
        read.push((content.map(|content| content.key), rows.len()));
    }
    signature(read)
}
