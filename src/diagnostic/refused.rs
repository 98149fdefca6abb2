//! Characters that no text of a publication may hold.
//!
//! Control characters mean nothing in a mail and break some programs. A few private-use characters
//! are our own marks for slots and passages: whoever could write one would decide who sees what.
//! They come in as they are, or written out (`"\\uE002"` in TOML and YAML, `&#xE002;` in Markdown),
//! so every room that takes text asks here, behind its own decoding.

use std::ops::RangeInclusive;

use super::Diagnostic;

/// Private-use characters that are kept for marks; `issue::slot` and `compose::slots` use the first
/// of them.
const MARKS: RangeInclusive<char> = '\u{E000}'..='\u{E00F}';

/// Whether no text may hold it.
pub fn is_refused(c: char) -> bool {
    MARKS.contains(&c) || c.is_control() && !matches!(c, '\n' | '\t' | '\r' | '\u{85}')
}

/// The first such character, and the byte at which it stands.
pub fn find(text: &str) -> Option<(usize, char)> {
    // Nearly all text passes by its bytes: only these begin such a character.
    let may_begin = |byte: &u8| matches!(byte, 0..=0x1F | 0x7F | 0xC2 | 0xEE);
    if !text.bytes().any(|byte| may_begin(&byte)) {
        return None;
    }
    text.char_indices().find(|(_, c)| is_refused(*c))
}

/// The first control character, for text in which marks are looked for later, each at its place.
pub fn find_control(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| is_refused(*c) && !MARKS.contains(c))
}

/// The text without them.
pub fn without(text: &str) -> String {
    text.chars().filter(|c| !is_refused(*c)).collect()
}

/// The problem that `what` holds such a character; its place is the caller's to add.
pub fn diagnostic(what: &str, odd: char) -> Diagnostic {
    let help = if MARKS.contains(&odd) {
        "no font can show it; it often comes from the symbol font of a word processor: delete it, \
         or what stands for it"
    } else {
        "delete it, or what stands for it"
    };
    Diagnostic::error("character", format!("{what} contains {}", name(odd))).help(help)
}

/// `the private character U+E002`.
pub fn name(c: char) -> String {
    let kind = if MARKS.contains(&c) { "private" } else { "control" };
    format!("the {kind} character U+{:04X}", c as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_all_scripts_are_left_alone() {
        for text in ["a\tb\r\nc", "세종 §", "\u{F0B7} \u{E010} \u{200D}", "£ \u{AD} é"] {
            assert_eq!(find(text), None, "{text:?}");
        }
        assert_eq!(find("ab\u{E002}"), Some((2, '\u{E002}')));
        assert_eq!(find("\u{1b}[0m"), Some((0, '\u{1b}')));
        assert_eq!(name('\u{E002}'), "the private character U+E002");
        assert_eq!(name('\u{91}'), "the control character U+0091");
    }

    proptest! {
        #[test]
        fn what_is_left_is_never_refused(text in "(\\PC|\\p{Cc}|[\u{E000}-\u{E010}]){0,40}") {
            prop_assert_eq!(find(&without(&text)), None);
            prop_assert_eq!(find(&text).is_some(), without(&text) != text);
        }
    }
}
