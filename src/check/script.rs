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
    /// Its first byte in the whole text.
    start: usize,
    pub(super) text: &'a str,
    pub(super) script: &'static str,
    pub(super) languages: &'static [&'static str],
}

/// The stretches of `text` that cannot be in `language` (BCP 47). Chinese characters beside kana
/// are Japanese with it, except in Chinese, which borrows a の.
pub(super) fn foreign<'a>(text: &'a str, language: &str) -> Vec<ForeignText<'a>> {
    let primary = language.split('-').next().unwrap_or(language).to_ascii_lowercase();
    let mixes = !["zh", "yue", "wuu", "lzh", "hak", "nan"].contains(&primary.as_str());
    let mut runs: Vec<ForeignText<'a>> = Vec::new();
    let mut open: Option<(WritingScript, usize, usize, usize)> = None;
    let mut close = |open: &mut Option<(WritingScript, usize, usize, usize)>| {
        let Some((script, start, end, letters)) = open.take() else { return };
        if letters >= least(script) && !script.languages().contains(&primary.as_str()) {
            let (name, languages) = (script.name(), script.languages());
            let text = &text[start..end];
            runs.push(ForeignText { start, text, script: name, languages });
        }
    };
    for (at, c) in text.char_indices() {
        match (WritingScript::of(c).filter(|_| c.is_alphabetic()), &mut open) {
            (Some(script), Some((current, _, end, letters)))
                if script == *current || mixes && joined(*current, script).is_some() =>
            {
                *current = joined(*current, script).unwrap_or(script);
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

/// What two scripts are together, where they are one: kana.
fn joined(one: WritingScript, other: WritingScript) -> Option<WritingScript> {
    let is = |script| one == script || other == script;
    (is(WritingScript::Kana) && is(WritingScript::Han)).then_some(WritingScript::Kana)
}

impl ForeignText<'_> {
    /// Whether it is of Chinese characters alone, which Japanese has as well.
    pub(super) fn is_han(&self) -> bool {
        self.script == WritingScript::Han.name()
    }
}

/// The language that Chinese characters in a text are of, where what stands beside them tells it: kana,
/// or else Hangul.
pub(super) fn of_han_in(text: &str) -> Option<&'static str> {
    let has = |script| text.chars().any(|c| WritingScript::of(c) == Some(script));
    match () {
        () if has(WritingScript::Kana) => Some("ja"),
        () if has(WritingScript::Hangul) => Some("ko"),
        () => None,
    }
}

/// Letters that a name has at most, and words.
const NAME: (usize, usize) = (40, 5);

/// Whether a stretch of `text` is all that stands between two round brackets, as the own name of
/// what is named before them: `Tbilisi (თბილისი)`. Nothing within a line can be marked there.
pub(super) fn is_name_in_brackets(text: &str, run: &ForeignText<'_>) -> bool {
    let (before, behind) = (&text[..run.start], &text[run.start + run.text.len()..]);
    let is_mark = |c: char| c.is_whitespace() || "\"'“”‘’«»".contains(c);
    // Marks are few: a run of them is not looked through again for each stretch.
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(8))..];
    let far = &behind[..behind.floor_char_boundary(8)];
    let opens = near.trim_end_matches(is_mark).strip_suffix(['(', '（']);
    let closes = far.trim_start_matches(is_mark).starts_with([')', '）']);
    let is_named = before.len() > near.len() || opens.is_some_and(|named| !named.is_empty());
    opens.is_some()
        && closes
        && is_named
        && run.text.chars().count() <= NAME.0
        && run.text.split_whitespace().count() <= NAME.1
}

/// What languages call themselves, of those that are not written in Latin letters; in small letters.
const LANGUAGES: &str = "한국어 조선말 조선어 日本語 にほんご 中文 简体中文 繁體中文 繁体中文 \
    簡體中文 简体 繁體 简 繁 漢語 汉语 普通话 普通話 國語 国语 廣東話 广东话 粵語 粤语 臺語 русский українська \
    беларуская български српски македонски монгол қазақша қазақ тілі кыргызча тоҷикӣ татарча \
    ελληνικά العربية فارسی اردو پښتو کوردی עברית ייִדיש ไทย ภาษาไทย हिन्दी हिंदी मराठी नेपाली \
    संस्कृतम् ქართული հայերեն";

/// Whether a stretch of `text` is nothing but names of languages in a row of such, as a letter of
/// several languages has it: `English · 한국어 · 日本語`. Each is written in its own script.
pub(super) fn is_language_names(text: &str, run: &ForeignText<'_>) -> bool {
    let is_mark = |c: char| "·•|/,、，／｜–—-:()（）[]→←".contains(c);
    let names = run.text.split(is_mark).map(str::trim).filter(|name| !name.is_empty());
    let is_name = |name: &str| {
        let name = name.to_lowercase();
        LANGUAGES.split_whitespace().any(|known| known == name) || name == "қазақ тілі"
    };
    // In a sentence it is a word of another language.
    let (before, behind) = (&text[..run.start], &text[run.start + run.text.len()..]);
    let before = before.trim_end().chars().next_back();
    let behind = behind.trim_start().chars().next();
    let stands_apart = [before, behind].into_iter().all(|c| c.is_none_or(is_mark));
    stands_apart && names.take(32).all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_languages_in_a_row_are_told_from_words() {
        let all = |text: &str| {
            let found = foreign(text, "en");
            assert!(!found.is_empty(), "{text}");
            found.iter().all(|run| is_language_names(text, run))
        };
        for text in [
            "English · 한국어 · 日本語",
            "한국어",
            "English | Русский / Українська",
            "Read this in: 한국어, 中文",
            "繁體中文 – English",
        ] {
            assert!(all(text), "{text}");
        }
        for text in ["The 한국어 edition", "English · 안녕", "日本語 is hard", "Русский язык"]
        {
            assert!(!all(text), "{text}");
        }
    }

    #[test]
    fn a_name_in_brackets_is_a_name() {
        let is_name = |text: &str| {
            let found = foreign(text, "en");
            assert_eq!(found.len(), 1, "{text}");
            is_name_in_brackets(text, &found[0])
        };
        for text in
            ["Tbilisi (თბილისი)", "Kim （金）", "Ann (\"Анна Каренина\") too", "St. (Москва)."]
        {
            assert!(is_name(text), "{text}");
        }
        for text in [
            "(Привет)",
            "Say Привет (hello)",
            "Ann (Анна said",
            "Ann (in Russian: Анна)",
            "Ann (Все счастливые семьи похожи друг на друга)",
        ] {
            assert!(!is_name(text), "{text}");
        }
        let of_han = ["天気の", "天気", "한자 漢字"].map(of_han_in);
        assert_eq!(of_han, [Some("ja"), None, Some("ko")]);
    }

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
        let japanese = |text: &str| vec![(text.to_owned(), "ja")];
        for text in ["漢字とかな", "東京、ひらがな", "人々の話", "カタカナ漢字"]
        {
            assert_eq!(found(text, "en"), japanese(text));
            assert_eq!(found(text, "ko"), japanese(text));
        }
        assert_eq!(found("我們の家", "zh"), [("の".to_owned(), "ja")]);
    }
}
