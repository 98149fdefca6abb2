//! What a cell may hold once it is a field: one line, visible, in one Unicode form.
//!
//! Exists so that a line break in a name is mended and reported at its row, long before it could
//! break a header. Must never remove a joiner: Persian names and emoji are spelled with them.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// A cell's text, and what was done to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cleaned<'a> {
    pub(super) text: Cow<'a, str>,
    /// A line break or a tab became a space.
    pub(super) broken: bool,
    /// An invisible character was removed; the first one.
    pub(super) removed: Option<char>,
}

/// Trims, composes (NFC: two spellings of one name are one name), keeps to one line and removes
/// what cannot be seen.
pub(super) fn clean(cell: &str) -> Cleaned<'_> {
    let trimmed = cell.trim();
    if !trimmed.contains(|c| is_break(c) || is_unwanted(c)) {
        return Cleaned { text: compose(trimmed), broken: false, removed: None };
    }
    let (mut text, mut broken, mut removed) = (String::new(), false, None);
    let mut in_break = false;
    for c in trimmed.chars() {
        if is_break(c) {
            broken = true;
            if !in_break {
                text.push(' ');
            }
        } else if is_unwanted(c) {
            removed.get_or_insert(c);
        } else {
            text.push(c);
        }
        in_break = is_break(c);
    }
    Cleaned { text: Cow::Owned(compose(text.trim()).into_owned()), broken, removed }
}

/// Unicode normal form C, which mail asks for (RFC 6532 3.1).
pub(super) fn compose(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        ComposingNormalizerBorrowed::new_nfc().normalize(text)
    }
}

/// Latin letters without their accents: `Prénom` is a fine column, `pr_nom` is not.
pub(super) fn without_accents(text: &str) -> String {
    let apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    apart.chars().filter(|c| !('\u{300}'..='\u{36F}').contains(c)).collect()
}

/// White space that would end a line, or stands in for one.
fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Control characters, zero-width spaces and bidi controls. Joiners (U+200C, U+200D), variation
/// selectors and the tags of flag emoji stay: writing needs them.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0xAD | 0x61C | 0x180E | 0x200B | 0x200E..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F
            | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_become_one_space() {
        let cleaned = clean(" Kim\r\n\tMinji\r\n");
        assert_eq!((&*cleaned.text, cleaned.broken, cleaned.removed), ("Kim Minji", true, None));
    }

    #[test]
    fn invisible_characters_go_and_joiners_stay() {
        let cleaned = clean("\u{202E}Kim\u{200B}");
        assert_eq!((&*cleaned.text, cleaned.removed), ("Kim", Some('\u{202E}')));
        let joined = "نرم\u{200C}افزار 👩\u{200D}💻";
        assert_eq!(clean(joined), Cleaned { text: joined.into(), broken: false, removed: None });
    }

    #[test]
    fn two_spellings_are_one() {
        assert_eq!(clean("\u{1100}\u{1175}\u{11B7}").text, "김");
        assert_eq!(without_accents("Prénom"), "Prenom");
    }
}
