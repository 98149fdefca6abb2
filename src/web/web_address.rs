//! What a mail program makes a link of, in a value that somebody types on a form.
//!
//! A value goes out again in our mails: with an address in it, it would be somebody's advertisement.
//! Must let names be: `J.R. Kim`, `St. Mary`, `O.Neil`.

use std::net::Ipv4Addr;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::typed::narrowed;

/// Before a `:` with anything behind it, what is behind it is an address.
const SCHEMES: [&str; 6] = ["http", "https", "hxxp", "hxxps", "ftp", "mailto"];

/// Behind a dot these are never a name, however they are written. Other words are believed to be an end
/// of a domain in small letters alone: `x.shop`, but `O.Neil`.
const ENDS: [&str; 18] = [
    "com", "net", "org", "info", "biz", "edu", "gov", "app", "shop", "site", "xyz", "top",
    "online", "한국", "닷컴", "рф", "中国", "中國",
];

/// Whether a mail program would make a link of a part of a text.
pub(super) fn has_web_address(text: &str) -> bool {
    // As programs read it that fold signs of full width and dots that look like one (NFKC).
    let text = &*narrowed(&ComposingNormalizerBorrowed::new_nfkc().normalize(text));
    text.contains("://")
        || text.match_indices(':').any(|(at, _)| is_scheme(&text[..at]))
        || text.match_indices('@').any(|(at, _)| is_between(text, at))
        || text.match_indices('.').any(|(at, _)| is_between(text, at) && is_of_domain(text, at))
        || text.split(|c: char| !c.is_alphanumeric() && c != '.').any(is_ipv4)
}

/// Whether a word is the address of a computer: `192.0.2.1`.
fn is_ipv4(word: &str) -> bool {
    word.trim_matches('.').parse::<Ipv4Addr>().is_ok()
}

fn is_scheme(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// Whether a character, of one byte, stands between letters or digits.
fn is_between(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let behind = text[at + 1..].chars().next();
    before.is_some_and(char::is_alphanumeric) && behind.is_some_and(char::is_alphanumeric)
}

/// Whether the dot at a place is one of a domain.
fn is_of_domain(text: &str, at: usize) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() || c == '-';
    let first = text[..at].rsplit(|c| !is_inner(c)).next().unwrap_or_default();
    let behind = &text[at + 1..];
    let label = behind.split(|c| !is_inner(c)).next().unwrap_or_default();
    let is_small = label.starts_with(|c: char| c.is_ascii_lowercase()) && label.len() > 1;
    first.eq_ignore_ascii_case("www") || is_small || ENDS.contains(&&*label.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_a_link_is_an_address_and_a_name_is_none() {
        for address in [
            "see https://evil.example",
            "hxxp:evil",
            "HTTPS:evil",
            "mailto:me",
            "www.evil",
            "WWW.Evil",
            "evil.example",
            "Kim (evil.example/win)",
            "win at evil.example, now",
            "Evil.Com",
            "EVIL.ORG:8080/x",
            "a.bc",
            "t.co/x",
            "evil.xn--3e0b707e",
            "me@evil.example",
            "me@Evil",
            "한글.com",
            "한글.한국",
            "한글.닷컴",
            "пример.рф",
        ] {
            assert!(has_web_address(address), "{address}");
        }
        for name in [
            "J.R. Kim",
            "J.R.R. Tolkien",
            "J.R.Kim",
            "St. Mary",
            "St.Mary",
            "O.Neil",
            "O'Neil",
            "Dr.Kim",
            "Ph.D",
            "e.V.",
            "Jr.",
            "Kim, Lee & Co.",
            "c/o: Kim",
            "Company: Kim",
            "Kim @ Lee",
            "@kim",
            "No.12",
            "12.30",
            "1:30",
            "김민수",
            "김.민수",
            "주식회사 김.",
            "山田.太郎",
            "Weiß-Müller",
            "",
            ".",
            "http",
            "한국",
            "...",
        ] {
            assert!(!has_web_address(name), "{name}");
        }
    }

    #[test]
    fn other_signs_for_the_same_and_numbers_of_a_computer_are_an_address_too() {
        for address in [
            "ｅｖｉｌ．ｅｘａｍｐｌｅ",
            "evil。example",
            "evil｡example/win",
            "evil\u{2024}example",
            "evil\u{FE52}example",
            "𝐞𝐯𝐢𝐥.𝐞𝐱𝐚𝐦𝐩𝐥𝐞",
            "ｈｔｔｐｓ：evil",
            "me＠evil",
            "1.2.3.4/x",
            "win at (192.0.2.1).",
            "１.２.３.４",
        ] {
            assert!(has_web_address(address), "{address}");
        }
        for name in ["1.2.2024", "1.2.3.400", "v1.2.3.4", "Kim…Lee", "金。李"] {
            assert!(!has_web_address(name), "{name}");
        }
    }
}
