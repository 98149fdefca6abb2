//! Which link targets may stand in a message.

use super::slot::{self, Piece, Slots};
use crate::diagnostic::{Diagnostic, Place};

const SCHEMES: [&str; 5] = ["https:", "http:", "mailto:", "tel:", "sms:"];

/// The target as it will be written, or why it cannot be.
///
/// Control characters and white space are taken out before the scheme is read, as browsers do, so
/// that `java&#10;script:` does not slip through. A slot may fill a part of a target, never its
/// scheme: what a subscriber's row says must not become a `javascript:` link.
pub(super) fn target(href: &str, slots: &Slots) -> Result<String, &'static str> {
    let clean: String =
        href.trim().chars().filter(|c| !c.is_control()).collect::<String>().replace(' ', "%20");
    if clean.is_empty() {
        return Err("this link leads nowhere");
    }
    match slot::pieces(&clean).first() {
        Some(Piece::Slot(index)) => {
            let built_in = slots.get(*index).is_some_and(|slot| slot.field == "unsubscribe_url");
            return if built_in { Ok(clean) } else { Err("a link cannot start with a slot") };
        }
        Some(Piece::Text(text)) if text.starts_with('#') && text.len() > 1 => return Ok(clean),
        _ => {}
    }
    let lower = clean.to_ascii_lowercase();
    if SCHEMES.iter().any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len()) {
        return Ok(clean);
    }
    let scheme = lower.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme.contains(':') {
        Err("a link in an email can only start with https:, http:, mailto:, tel: or sms:")
    } else {
        Err("a link in an email must be a whole address, not a relative path")
    }
}

/// What is told of a target that cannot stay.
pub(super) fn refused(reason: &str, place: Place) -> Diagnostic {
    Diagnostic::error("link-target", reason)
        .at(place)
        .help("write the whole address, such as https://thesejongsociety.org/")
}

/// Where an address that stands bare in a text ends: Korean and Japanese write the next word
/// without a space, as in `https://a.example/plan을`. A path of such letters behind a slash stays.
pub(super) fn bare_end(text: &str) -> usize {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let is_eastern =
            c >= '\u{1100}' && (c.is_alphabetic() || "、。，．「」『』（）".contains(c));
        let behind_ascii = before.is_ascii_alphanumeric() || before == ')' || !c.is_alphabetic();
        if is_eastern && behind_ascii && !text[at..].contains('/') {
            return closed(&text[..at]);
        }
        before = c;
    }
    text.len()
}

/// The length of an address without the marks of the sentence at its end (GFM 6.9).
fn closed(address: &str) -> usize {
    let mut rest = address;
    // Counted once: an address may end in ten thousand of them.
    let opened = address.matches('(').count();
    let mut closed = address.matches(')').count();
    while let Some(last) = rest.chars().next_back() {
        if !"?!.,:;*_~'\"".contains(last) && (last != ')' || closed <= opened) {
            break;
        }
        closed -= usize::from(last == ')');
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_address_ends_where_the_next_word_begins() {
        for (text, address) in [
            ("https://a.example에서", "https://a.example"),
            ("https://a.example/plan을", "https://a.example/plan"),
            ("https://a.example/plan)을", "https://a.example/plan"),
            ("https://a.example/fog_(x)을", "https://a.example/fog_(x)"),
            ("https://a.exampleをご覧ください。次に", "https://a.example"),
            ("https://a.example/港。", "https://a.example/港"),
            ("https://a.example/wiki/한글", "https://a.example/wiki/한글"),
            ("https://한국.kr/길", "https://한국.kr/길"),
            ("https://a.example/x한글/y", "https://a.example/x한글/y"),
            ("https://a.example/x", "https://a.example/x"),
        ] {
            assert_eq!(&text[..bare_end(text)], address, "{text}");
        }
    }

    #[test]
    fn only_addresses_that_mail_programs_open_pass() {
        let slots = Slots::default();
        for good in ["https://a.example/x?y=1", "HTTP://a.example", "mailto:a@b.example", "#note"] {
            assert!(target(good, &slots).is_ok(), "{good}");
        }
        for bad in [
            "",
            "#",
            "https:",
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            " \u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "story.html",
            "/story",
            "//x.example",
        ] {
            assert!(target(bad, &slots).is_err(), "{bad:?}");
        }
    }
}
