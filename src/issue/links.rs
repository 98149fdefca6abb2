//! Which link targets may stand in a message.

mod address;

use self::address::AddressSlip;
use super::slot::{self, Piece, Slots};
use crate::diagnostic::{Diagnostic, Place};

/// What every mail program opens.
const SCHEMES: [&str; 4] = ["https:", "http:", "mailto:", "tel:"];

/// What only some open: harmless, and nothing happens for the others. Each names a program or a
/// server, and none a file or a script.
const UNCERTAIN: [&str; 22] = [
    "sms:",
    "irc:",
    "ircs:",
    "matrix:",
    "webcal:",
    "webcals:",
    "ftp:",
    "ftps:",
    "sftp:",
    "geo:",
    "xmpp:",
    "sip:",
    "sips:",
    "callto:",
    "facetime:",
    "skype:",
    "whatsapp:",
    "tg:",
    "sgnl:",
    "gemini:",
    "nntp:",
    "magnet:",
];

/// The schemes that the sanitiser lets pass, without their colons.
pub(super) fn schemes() -> impl Iterator<Item = &'static str> {
    SCHEMES.iter().chain(&UNCERTAIN).map(|scheme| scheme.trim_end_matches(':'))
}

/// The scheme of an address that only some programs open.
pub(super) fn uncertain(href: &str) -> Option<&'static str> {
    let is_start = |scheme: &&str| {
        href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    UNCERTAIN.into_iter().find(|scheme| is_start(scheme))
}

/// What is told of a target that only some programs open.
pub(super) fn only_some(scheme: &str, place: Place) -> Diagnostic {
    Diagnostic::warning("link-target", format!("only some programs open links with {scheme}"))
        .at(place)
        .help("link to a web page, or say in the text what the address is for")
}

/// Why a target cannot stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoTarget {
    /// In words.
    reason: &'static str,
    /// What was probably meant, with slots as they are typed.
    meant: Option<String>,
}

/// The target as it will be written, or why it cannot be.
///
/// Control characters and white space are taken out before the scheme is read, as browsers do, so
/// that `java&#10;script:` does not slip through. A slot may fill a part of a target, never its
/// scheme: what a subscriber's row says must not become a `javascript:` link. What can mean only one
/// thing, such as `www.sejong.example` or the address of a person, is read as it is meant.
pub(super) fn target(href: &str, slots: &Slots) -> Result<String, NoTarget> {
    let clean: String =
        href.trim().chars().filter(|c| !c.is_control()).collect::<String>().replace(' ', "%20");
    let refused = |reason| Err(NoTarget { reason, meant: None });
    if clean.is_empty() {
        return refused("this link leads nowhere");
    }
    match slot::pieces(&clean).first() {
        Some(Piece::Slot(index)) => {
            return if slots.is_url(*index) {
                Ok(clean)
            } else {
                refused("a link cannot start with a slot")
            };
        }
        Some(Piece::Text(text)) if text.starts_with('#') && text.len() > 1 => return Ok(clean),
        _ => {}
    }
    match address::read(&clean) {
        Some(AddressSlip::Sure(address)) => return Ok(address),
        Some(AddressSlip::Likely(address)) => {
            let reason = "mail programs cannot open this address";
            return Err(NoTarget { reason, meant: Some(slots.restore(&address)) });
        }
        None => {}
    }
    let lower = clean.to_ascii_lowercase();
    let mut known = SCHEMES.iter().chain(&UNCERTAIN);
    if known.any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len()) {
        return if has_slot_for_host(&clean) {
            refused("what a slot says would be the server that this link leads to")
        } else {
            Ok(clean)
        };
    }
    let scheme = lower.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme.contains(':') {
        refused("a link in an email can only start with https:, http:, mailto: or tel:")
    } else {
        refused("a link in an email must be a whole address, not a relative path")
    }
}

/// Whether what a row or a fallback says would name the server: behind the last slot a domain has to
/// stand, as in `https://{{ city }}.sejong.example/`. A user's name before it is another rule's matter.
fn has_slot_for_host(address: &str) -> bool {
    let behind = address.split_once("://").map_or("", |(_, behind)| behind);
    let end = behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len());
    let host = behind[..end].rsplit_once('@').map_or(&behind[..end], |(_, host)| host);
    let is_domain = |text: &str| text.strip_prefix('.').is_some_and(|rest| rest.contains('.'));
    let pieces = slot::pieces(host);
    slot::has_slot(host) && !matches!(pieces.last(), Some(Piece::Text(text)) if is_domain(text))
}

/// Whether a target is the link to unsubscribe.
pub(super) fn is_way_out(target: &str) -> bool {
    matches!(slot::pieces(target).first(), Some(Piece::Slot(_)))
}

/// What is told of an article that leads to the link to unsubscribe: whoever wants to read on would
/// leave the list.
pub(super) fn way_out(place: Place) -> Diagnostic {
    Diagnostic::error("link-target", "the address of an article cannot be the unsubscribe link")
        .at(place)
        .help("write the address of the page that has the article, or delete the key")
}

/// Whether a target is none: `[]()`, `[](#)`.
pub(super) fn is_nothing(href: &str) -> bool {
    matches!(href.trim(), "" | "#")
}

/// What is told of a link without text and without a target, once for both.
pub(super) fn empty(place: Place) -> Diagnostic {
    Diagnostic::error("link-target", "this link is empty: it has no text, and leads nowhere")
        .at(place)
        .help("write both, as in [the minutes](https://…), or delete it")
}

/// Whether a target is read as another one than is written: as a whole address, where a part of it
/// was written.
pub(super) fn is_mended(written: &str, target: &str) -> bool {
    matches!(address::read(written.trim()), Some(AddressSlip::Sure(meant)) if meant == target)
}

/// What is told of a target that cannot stay.
pub(super) fn refused(refused: &NoTarget, place: Place) -> Diagnostic {
    let problem = Diagnostic::error("link-target", refused.reason).at(place);
    match &refused.meant {
        Some(meant) => problem.help(format!("write {meant}")),
        None => problem.help("write the whole address, such as https://thesejongsociety.org/"),
    }
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
            assert_eq!(target(good, &slots).as_deref(), Ok(good));
            assert_eq!(uncertain(good), None);
        }
        for known in ["irc://a.example/x", "Matrix:r/x:a.example", "webcal://a.example/x.ics"] {
            assert!(target(known, &slots).is_ok() && uncertain(known).is_some(), "{known}");
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
