//! Which languages a script is used by: what a stretch of text cannot be in.

use std::ops::RangeInclusive;

/// A script: its name, its letters, the languages that are written in it (the usual one first), and
/// how many letters make a word of it rather than a sign.
struct WritingSystem {
    name: &'static str,
    letters: &'static [RangeInclusive<u32>],
    languages: &'static [&'static str],
    least: usize,
}

const SCRIPTS: [WritingSystem; 11] = [
    WritingSystem {
        name: "Hangul",
        letters: &[0x1100..=0x11FF, 0x3130..=0x318F, 0xA960..=0xA97F, 0xAC00..=0xD7FF],
        languages: &["ko"],
        least: 1,
    },
    WritingSystem {
        name: "kana",
        letters: &[0x3041..=0x3096, 0x30A1..=0x30FA, 0x31F0..=0x31FF],
        languages: &["ja"],
        least: 1,
    },
    WritingSystem {
        name: "Chinese characters",
        letters: &[0x3400..=0x4DBF, 0x4E00..=0x9FFF, 0xF900..=0xFAFF, 0x20000..=0x323AF],
        languages: &["zh", "ja", "ko", "yue", "wuu", "lzh", "hak", "nan"],
        least: 1,
    },
    WritingSystem {
        name: "Arabic script",
        letters: &[0x0620..=0x065F, 0x0671..=0x06D5, 0x0750..=0x077F],
        languages: &["ar", "fa", "ur", "ps", "sd", "ug", "ckb", "ks", "pa"],
        least: 2,
    },
    WritingSystem {
        name: "Hebrew script",
        letters: &[0x05D0..=0x05F4],
        languages: &["he", "yi"],
        least: 2,
    },
    WritingSystem {
        name: "Cyrillic",
        letters: &[0x0400..=0x052F],
        languages: &[
            "ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "uz", "tt", "ba", "cv",
        ],
        least: 3,
    },
    WritingSystem {
        name: "Greek",
        letters: &[0x0370..=0x03FF, 0x1F00..=0x1FFF],
        languages: &["el", "grc"],
        least: 3,
    },
    WritingSystem { name: "Thai", letters: &[0x0E01..=0x0E4E], languages: &["th"], least: 2 },
    WritingSystem {
        name: "Devanagari",
        letters: &[0x0900..=0x097F],
        languages: &["hi", "mr", "ne", "sa", "kok"],
        least: 2,
    },
    WritingSystem { name: "Armenian", letters: &[0x0531..=0x0587], languages: &["hy"], least: 3 },
    WritingSystem { name: "Georgian", letters: &[0x10A0..=0x10FF], languages: &["ka"], least: 3 },
];

/// A stretch in a script that the language around it is not written in.
#[derive(Debug, PartialEq)]
pub(super) struct ForeignText<'a> {
    pub(super) text: &'a str,
    pub(super) script: &'static str,
    pub(super) languages: &'static [&'static str],
}

fn script_of(c: char) -> Option<&'static WritingSystem> {
    let is_in =
        |script: &&WritingSystem| script.letters.iter().any(|range| range.contains(&(c as u32)));
    SCRIPTS.iter().find(is_in)
}

/// The stretches of `text` that cannot be in `language` (BCP 47).
pub(super) fn foreign<'a>(text: &'a str, language: &str) -> Vec<ForeignText<'a>> {
    let primary = language.split('-').next().unwrap_or(language).to_ascii_lowercase();
    let mut runs: Vec<ForeignText<'a>> = Vec::new();
    let mut open: Option<(&'static WritingSystem, usize, usize, usize)> = None;
    let mut close = |open: &mut Option<(&'static WritingSystem, usize, usize, usize)>| {
        let Some((script, start, end, letters)) = open.take() else { return };
        if letters >= script.least && !script.languages.contains(&primary.as_str()) {
            let WritingSystem { name, languages, .. } = script;
            runs.push(ForeignText { text: &text[start..end], script: name, languages });
        }
    };
    for (at, c) in text.char_indices() {
        match (script_of(c), &mut open) {
            (Some(script), Some((current, _, end, letters))) if script.name == current.name => {
                *end = at + c.len_utf8();
                *letters += 1;
            }
            (Some(script), _) => {
                close(&mut open);
                open = Some((script, at, at + c.len_utf8(), 1));
            }
            // Spaces and marks may stand within a run; a letter of another script ends it.
            (None, _) if c.is_alphabetic() => close(&mut open),
            (None, _) => {}
        }
    }
    close(&mut open);
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, language: &str) -> Vec<(String, &'static str)> {
        let runs = foreign(text, language).into_iter();
        runs.map(|run| (run.text.to_owned(), run.languages[0])).collect()
    }

    #[test]
    fn what_cannot_be_in_the_language_is_found() {
        assert_eq!(found("Say Привет, мир and go", "en"), [("Привет, мир".to_owned(), "ru")]);
        assert_eq!(found("the angle α, and 漢", "en"), [("漢".to_owned(), "zh")]);
        assert_eq!(found("한글과 漢字", "ko-KR"), []);
        assert_eq!(found("日本語のテキスト", "ja"), []);
        assert_eq!(found("한글 שלום", "he").len(), 1);
    }
}
