//! Letters that were lost or read in the wrong encoding before they came here: `J�rg`, `KÃ¶ln`.
//!
//! Must never tell of signs that a language has side by side: only what is the letter of another
//! encoding as a whole is looked at.

use std::ops::Range;

use super::view::View;
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place};

/// What Windows-1252 has for the bytes 0x80 to 0x9F; those without a sign stand for themselves.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Broken letters of one file that are told.
const MOST: usize = 100;

/// The rule `broken-letters`.
pub(super) fn letters(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    let sources = articles.map(|article| &article.source).chain([&issue.manifest]);
    grouped(sources.flat_map(|source| {
        broken(source.text()).into_iter().map(|(span, meant)| {
            let word = &source.text()[word_around(source.text(), &span)];
            let (key, what) = match meant {
                Some(meant) => {
                    let read = word.replace(&source.text()[span.clone()], &meant);
                    (
                        "encoding",
                        format!("{word:?} was read in the wrong encoding: is it {read:?}?"),
                    )
                }
                None => ("lost", format!("a letter of {word:?} is lost")),
            };
            let problem = Diagnostic::warning("broken-letters", what)
                .at(Place::span(source, span))
                .help("write the letters again, or copy the text once more from where it came");
            (format!("{key} {}", source.path().display()), problem)
        })
    }))
}

/// Bytes of a word on each side that are shown.
const SHOWN: usize = 40;

/// The word in which a stretch stands.
fn word_around(text: &str, span: &Range<usize>) -> Range<usize> {
    let is_end = |c: char| c.is_whitespace() || "\"()[]<>".contains(c);
    let first = text.ceil_char_boundary(span.start.saturating_sub(SHOWN));
    let before = &text[first..span.start];
    let before = before.rsplit(is_end).next().unwrap_or_default();
    let behind = &text[span.end..text.floor_char_boundary(span.end + SHOWN)];
    let behind = behind.split(is_end).next().unwrap_or_default();
    span.start - before.len()..span.end + behind.len()
}

/// Where letters are broken, and what they were, if they tell it.
fn broken(text: &str) -> Vec<(Range<usize>, Option<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(|c: char| c == '\u{FFFD}' || is_lead(c)) {
        let start = at + next;
        let length = text[start..].chars().next().map_or(1, char::len_utf8);
        if text[start..].starts_with('\u{FFFD}') {
            found.push((start..start + length, None));
        } else if let Some((end, meant)) = misread(&text[start..]) {
            found.push((start..start + end, Some(meant)));
            at = start + end;
            continue;
        }
        at = start + length;
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// Whether this is what a letter of two or three bytes begins with, read as Windows-1252.
fn is_lead(c: char) -> bool {
    matches!(c, 'Â' | 'Ã' | 'â' | 'ã'..='í')
}

/// The byte that Windows-1252 has for a character.
fn byte(c: char) -> Option<u8> {
    let in_table = || WINDOWS.iter().position(|known| *known == c).map(|at| at + 0x80);
    u8::try_from(u32::from(c)).ok().or_else(|| u8::try_from(in_table()?).ok())
}

/// The characters at the start of `text` that are one text in UTF-8, where they are nothing else: how
/// long they are, and that text.
fn misread(text: &str) -> Option<(usize, String)> {
    let mut bytes = Vec::new();
    let mut end = 0;
    for c in text.chars().take_while(|c| !c.is_ascii()).take(60) {
        bytes.push(byte(c)?);
        let (length, whole) = match std::str::from_utf8(&bytes) {
            Ok(whole) => (c.len_utf8(), Some(whole)),
            Err(error) if error.error_len().is_none() => (c.len_utf8(), None),
            Err(_) => break,
        };
        end += length;
        let Some(whole) = whole else { continue };
        let is_sure = match (whole.chars().count(), whole.chars().next()?) {
            // French has « behind Â; a quotation may end behind Ã.
            (1, '\u{A0}'..='\u{BF}') => true,
            (1, letter @ '\u{C0}'..='\u{FF}') => !"ÑÒÓÔÅ".contains(letter),
            (1, mark) => ('\u{2010}'..='\u{203A}').contains(&mark) || "€™".contains(mark),
            // One could be an accident, two are none.
            (2, _) => whole.chars().all(|c| ('\u{3040}'..='\u{D7A3}').contains(&c)),
            _ => false,
        };
        if is_sure {
            return Some((end, whole.to_owned()));
        }
        if whole.chars().count() > 1 {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_of_another_encoding_are_found() {
        for (text, found, meant) in [
            ("in KÃ¶ln", "Ã¶", Some("ö")),
            ("StraÃŸe", "ÃŸ", Some("ß")),
            ("â€žHalloâ€œ", "â€ž", Some("„")),
            ("itâ€™s", "â€™", Some("’")),
            ("5 Â°C", "Â°", Some("°")),
            ("í•œêµ\u{ad}", "í•œêµ\u{ad}", Some("한국")),
            ("J\u{FFFD}rg", "\u{FFFD}", None),
        ] {
            let told = broken(text);
            let (span, told) = told.first().unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&text[span.clone()], told.as_deref()), (found, meant), "{text}");
        }
        for text in [
            "São Paulo, NÃO, MAÇÃ, “MAÇÔ",
            "«à», ‘café’…, “café”…, Île, Ânimo, « Â »",
            "Ärger, „Ä“, „GRÜß“, “Spaß”",
            "한국어, 日本語, Việt Nam, tiếng Việt",
            "“MAÇÔ and „SÃ“",
        ] {
            assert_eq!(broken(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([ÃÂâãí€œ•¶ž\u{FFFD}]|\\PC){0,40}") {
            let _ = broken(&text);
        }
    }
}
