//! Stretches of text in a script that the language around them is not written in.

use crate::issue::script::WritingScript;

/// How many letters make a word rather than a sign: an α is no Greek.
fn least(script: WritingScript) -> usize {
    match script {
        WritingScript::Hangul | WritingScript::Kana | WritingScript::Han => 1,
        WritingScript::Arabic
        | WritingScript::Hebrew
        | WritingScript::Thai
        | WritingScript::Devanagari => 2,
        WritingScript::Cyrillic
        | WritingScript::Greek
        | WritingScript::Armenian
        | WritingScript::Georgian => 3,
    }
}

/// A stretch in a script that the language around it is not written in.
#[derive(Debug, PartialEq)]
pub(super) struct ForeignText<'a> {
    pub(super) text: &'a str,
    pub(super) script: &'static str,
    pub(super) languages: &'static [&'static str],
}

/// The stretches of `text` that cannot be in `language` (BCP 47).
pub(super) fn foreign<'a>(text: &'a str, language: &str) -> Vec<ForeignText<'a>> {
    let primary = language.split('-').next().unwrap_or(language).to_ascii_lowercase();
    let mut runs: Vec<ForeignText<'a>> = Vec::new();
    let mut open: Option<(WritingScript, usize, usize, usize)> = None;
    let mut close = |open: &mut Option<(WritingScript, usize, usize, usize)>| {
        let Some((script, start, end, letters)) = open.take() else { return };
        if letters >= least(script) && !script.languages().contains(&primary.as_str()) {
            let (name, languages) = (script.name(), script.languages());
            runs.push(ForeignText { text: &text[start..end], script: name, languages });
        }
    };
    for (at, c) in text.char_indices() {
        match (WritingScript::of(c).filter(|_| c.is_alphabetic()), &mut open) {
            (Some(script), Some((current, _, end, letters))) if script == *current => {
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
