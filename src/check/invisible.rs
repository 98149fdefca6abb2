//! Characters that nobody sees, and that make a text read as another than it is: an override that
//! turns letters round, a zero-width space in a name, letters hidden in tags.
//!
//! Goes by what stands around a character. Joiners, marks of direction and variation selectors are
//! how some languages and emoji are written, and are left alone there.

use std::collections::BTreeSet;

use super::view::View;
use crate::diagnostic::{Diagnostic, Place};

/// Such characters as they are written, in articles and in `issue.toml`.
pub(super) fn written(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    let sources = articles.map(|article| &article.source).chain([&issue.manifest]);
    let mut problems = Vec::new();
    for source in sources {
        let mut told = BTreeSet::new();
        for (at, c) in odd(source.text()) {
            if told.insert(c) {
                problems.push(told_of(c).at(Place::span(source, at..at + c.len_utf8())));
            }
        }
    }
    problems
}

/// The same where they are written by their number or name: `&#x202E;`, `"\\u202E"`.
pub(super) fn decoded(view: &View<'_>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    let mut tell = |text: &str, place: &dyn Fn() -> Place| {
        for (_, c) in odd(text) {
            if view.written(c.encode_utf8(&mut [0; 4])).is_none() && told.insert(c) {
                problems.push(told_of(c).at(place()));
            }
        }
    };
    tell(&view.subject, &|| view.subject_place());
    tell(view.preheader.as_deref().unwrap_or_default(), &|| view.preheader_place());
    for passage in &view.author.passages {
        let escape = if passage.text.is_ascii() { "" } else { "&#" };
        tell(&passage.text, &|| passage.spot.of(escape));
    }
    for link in &view.author.links {
        tell(&link.href, &|| link.target());
    }
    for (spot, figure) in &view.author.figures {
        tell(&figure.alt, &|| spot.of("&#"));
    }
    problems
}

fn told_of(c: char) -> Diagnostic {
    let code = c as u32;
    let what = match code {
        0x202A..=0x202E | 0x2066..=0x2069 | 0x200E..=0x200F | 0x61C => {
            format!(
                "the character U+{code:04X} turns the order of letters round, and nobody sees it"
            )
        }
        _ => format!("nobody sees the character U+{code:04X} here"),
    };
    Diagnostic::error("character-invisible", what)
        .help("delete it: a text with it reads as another than it is, and filters count it")
}

/// Each character of `text` that is invisible and has no use where it stands, and its byte.
fn odd(text: &str) -> Vec<(usize, char)> {
    let mut found = Vec::new();
    if text.is_ascii() {
        return found;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if !line.is_ascii() {
            let is_turned = line.chars().any(is_right_to_left);
            let balanced = is_turned && is_balanced(line);
            let mut before = '\n';
            let mut base = '\n';
            for (here, c) in line.char_indices() {
                let behind = line[here + c.len_utf8()..].chars().next().unwrap_or('\n');
                let place = Neighbours { before, base, behind, is_turned, balanced };
                let is_file_mark = c == '\u{FEFF}' && at + here == 0;
                if is_odd(c, place) && !is_file_mark || c == '\u{AD}' && in_address(line, here) {
                    found.push((at + here, c));
                }
                before = c;
                if !matches!(c as u32, 0x200C..=0x200D | 0xFE00..=0xFE0F | 0xE0020..=0xE007F) {
                    base = c;
                }
            }
        }
        at += line.len();
    }
    found
}

/// What stands around a character.
#[derive(Clone, Copy)]
struct Neighbours {
    before: char,
    /// The last character before it that has a shape.
    base: char,
    behind: char,
    /// Whether the line has letters that run from right to left.
    is_turned: bool,
    /// Whether it has them, and each change of direction in it ends in it.
    balanced: bool,
}

fn is_odd(c: char, around: Neighbours) -> bool {
    let Neighbours { before, base, behind, is_turned, balanced } = around;
    let no_spaces = |c: char| {
        matches!(c as u32, 0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF
        | 0x3000..=0x9FFF | 0xAC00..=0xD7A3 | 0xFF00..=0xFF9F)
    };
    let jamo = |c: char| matches!(c as u32, 0x1100..=0x11FF | 0xA960..=0xA97F | 0xD7B0..=0xD7FF);
    match c as u32 {
        0x202D..=0x202E => true,
        0x202A..=0x202C | 0x2066..=0x2069 => !balanced,
        0x61C => !is_turned,
        // The marks of direction turn nothing round: they belong to a sign between two letters.
        0x200E..=0x200F => !is_turned && !before.is_ascii_punctuation(),
        0x200B => !no_spaces(before) && !no_spaces(behind),
        0x200C..=0x200D => base.is_ascii(),
        0xFE00..=0xFE0F => base.is_ascii() && !(base.is_ascii_digit() || "#*".contains(base)),
        0xE0100..=0xE01EF => {
            !matches!(base as u32, 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
        }
        0xE0020..=0xE007F => base != '\u{1F3F4}',
        0x115F..=0x1160 => !(jamo(before) || jamo(behind)),
        0x180E
        | 0x2028..=0x2029
        | 0x2060..=0x2065
        | 0x206A..=0x206F
        | 0x2800
        | 0x3164
        | 0xFEFF
        | 0xFFA0
        | 0xFFF0..=0xFFFB
        | 0xE0000..=0xE001F
        | 0xE0080..=0xE00FF => true,
        _ => false,
    }
}

fn is_right_to_left(c: char) -> bool {
    matches!(c as u32, 0x590..=0x8FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFE | 0x10800..=0x10FFF | 0x1E800..=0x1EFFF)
}

/// Whether each embedding and isolate of a line is closed in it.
fn is_balanced(line: &str) -> bool {
    let mut open = Vec::new();
    for c in line.chars() {
        match c as u32 {
            0x202A..=0x202B => open.push(0x202C),
            0x2066..=0x2068 => open.push(0x2069),
            code @ (0x202C | 0x2069) if open.pop() != Some(code) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

/// Whether the word around `at` is an address; elsewhere a soft hyphen says where a word may break.
fn in_address(line: &str, at: usize) -> bool {
    let start = line[..at].rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let end = line[at..].find(char::is_whitespace).map_or(line.len(), |end| at + end);
    // A space may have more than one byte.
    let word = line.get(start..end).unwrap_or_default();
    word.contains("://") || word.contains('@') || word.contains("](")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found() {
        for text in [
            "a\u{202E}b",
            "a\u{202D}b\u{202C}",
            "a \u{2067}b\u{2069}",
            "עברית \u{202B}a",
            "עברית \u{202E}a\u{202C}",
            "pay\u{200B}pal",
            "pay\u{200D}pal",
            "pay\u{200C}pal",
            "pay\u{FE0F}pal",
            "pay\u{2060}pal",
            "a\u{FEFF}b",
            "a\u{E0041}b",
            "\u{1F600}\u{E0041}",
            "a\u{3164}b",
            "한\u{115F}글",
            "a\u{FFA0}",
            "a\u{2064}b",
            "a\u{180E}b",
            "https://pay\u{AD}pal.example",
            "kim@x\u{AD}y.example",
            "a\u{2028}b",
            "a\u{E0100}b",
            "a\u{200F}b",
        ] {
            assert_eq!(odd(text).len().min(1), 1, "{text:?}");
        }
    }

    #[test]
    fn languages_and_emoji_are_left_alone() {
        for text in [
            "세종대왕의 한글은 스물여덟 글자다.",
            "안녕\u{200B}하세요",
            "نرم\u{200C}افزار",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "שלום עולם (abc)\u{200F}.",
            "עברית \u{2066}a\u{2069} עברית",
            "مرحبا \u{202B}a\u{202C}",
            "👩\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3}",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "葛\u{E0100}城",
            "Donau\u{AD}dampf\u{AD}schiff",
            "ᄒᆞᆫ글 \u{115F}\u{1161}",
            "ไทย\u{200B}ไทย",
            "\u{FEFF}first",
            "👩🏽\u{200D}❤\u{FE0F}\u{200D}👨",
            "£ é “x” — …",
        ] {
            assert_eq!(odd(text), [], "{text:?}");
        }
    }
}
