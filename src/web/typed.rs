//! An address as somebody types it: signs of full width, and a slip in the name of a provider of mail that
//! everybody knows.
//!
//! Must never look anybody up: what is told here is told of every address alike.

use crate::diagnostic::slips;
use crate::message::address::Address;

/// Providers that many people have their mailbox at. A slip in one of their names is likelier than a name
/// like it.
const PROVIDERS: [&str; 24] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "live.com",
    "icloud.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "naver.com",
    "daum.net",
    "hanmail.net",
    "nate.com",
    "qq.com",
    "163.com",
    "gmx.de",
    "web.de",
    "t-online.de",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "example.org",
    "example.com",
];

/// Domains a letter away from one of them where people have mail as well.
const OTHERS: [&str; 14] = [
    "ymail.com",
    "mail.com",
    "email.com",
    "gmx.net",
    "gmx.at",
    "gmx.com",
    "gmx.ch",
    "gmx.fr",
    "126.com",
    "me.com",
    "nave.com",
    "example.net",
    "live.co",
    "aol.de",
];

/// The text with signs of full width, as an input method for Chinese, Japanese or Korean leaves them, as
/// those that addresses have.
pub(super) fn narrowed(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3002}' | '\u{FF61}' => '.',
        '\u{3000}' => ' ',
        c => c,
    };
    text.chars().map(narrow).collect::<String>().trim().to_owned()
}

/// The address that was probably meant, where the domain is one slip away from a known one.
pub(super) fn meant(address: &Address) -> Option<String> {
    let domain = address.domain();
    if PROVIDERS.contains(&domain) || OTHERS.contains(&domain) {
        return None;
    }
    // Of a short name, another letter makes another name.
    let is_near = |known: &&str| known.len() >= 8 && slips(domain, known) == 1;
    let known = PROVIDERS.into_iter().find(is_near)?;
    Some(format!("{}@{known}", address.local_part()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signs_of_full_width_are_those_of_addresses() {
        for (typed, narrow) in [
            ("ｋｉｍ＠ｅｘａｍｐｌｅ．ｏｒｇ", "kim@example.org"),
            ("kim＠example。org\u{3000}", "kim@example.org"),
            (" kim@example.org ", "kim@example.org"),
            ("김@예시.한국", "김@예시.한국"),
        ] {
            assert_eq!(narrowed(typed), narrow);
        }
    }

    #[test]
    fn a_slip_in_a_known_name_is_seen_and_another_name_is_not() {
        let meant = |text: &str| meant(&Address::parse(text).unwrap());
        for (typed, right) in [
            ("kim@gmial.com", "kim@gmail.com"),
            ("kim@gmail.co", "kim@gmail.com"),
            ("kim@gmai.com", "kim@gmail.com"),
            ("kim@hotmial.com", "kim@hotmail.com"),
            ("kim@navr.com", "kim@naver.com"),
            ("kim@exmaple.org", "kim@example.org"),
        ] {
            assert_eq!(meant(typed).as_deref(), Some(right), "{typed}");
        }
        for right in [
            "kim@gmail.com",
            "kim@ymail.com",
            "kim@mail.com",
            "kim@gmx.net",
            "kim@qq.co",
            "kim@sejong.example",
            "kim@ample.org",
        ] {
            assert_eq!(meant(right), None, "{right}");
        }
    }

    proptest! {
        #[test]
        fn what_is_meant_is_an_address_that_needs_no_hint(text in "[a-z.]{1,9}@[a-z]{1,9}\\.[a-z]{2,4}") {
            if let Ok(address) = Address::parse(&text) && let Some(right) = meant(&address) {
                let right = Address::parse(&right).unwrap();
                prop_assert_eq!(meant(&right), None);
                prop_assert_eq!(right.local_part(), address.local_part());
            }
        }
    }
}
