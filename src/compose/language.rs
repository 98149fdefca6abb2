//! The language of parts (WCAG 3.1.2): a screen reader that reads hangul with an English voice
//! reads nothing, and a phone sets it with the wrong face.

use std::ops::Range;

use crate::issue::script::WritingScript;

/// A stretch of text in one script, and the language that its script says; `None` where the
/// surrounding language is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LanguageSpan<'a> {
    pub(crate) language: Option<&'static str>,
    pub(crate) text: &'a str,
}

/// The language that a character's script tells, where it tells one that a reader's program sets
/// and speaks in a way of its own.
fn of_script(c: char) -> Option<&'static str> {
    match WritingScript::of(c)? {
        WritingScript::Hangul => Some("ko"),
        WritingScript::Kana => Some("ja"),
        WritingScript::Hebrew => Some("he"),
        WritingScript::Arabic => Some("ar"),
        _ => None,
    }
}

/// Which of the languages that words are kept in a tag (BCP 47) means: its first part, and of Chinese the
/// writing.
pub(crate) fn of_words(tag: &str) -> String {
    let lower = tag.to_ascii_lowercase();
    let mut parts = lower.split(['-', '_']);
    let first = parts.next().unwrap_or_default();
    let is_traditional = |part: &str| ["hant", "tw", "hk", "mo"].contains(&part);
    if first == "zh" && parts.any(is_traditional) { "zh-hant".to_owned() } else { first.to_owned() }
}

/// Which of some languages a tag means: the same tag, else one whose words are the same.
pub(crate) fn meant<'a>(tag: &str, languages: &'a [String]) -> Option<&'a String> {
    let same = |one: &&String| one.eq_ignore_ascii_case(tag);
    let words = of_words(tag);
    languages.iter().find(same).or_else(|| languages.iter().find(|one| of_words(one) == words))
}

/// Cuts `text` where its script leaves or enters a language other than `around`.
pub(crate) fn spans<'a>(text: &'a str, around: &str) -> Vec<LanguageSpan<'a>> {
    let primary = around.split('-').next().unwrap_or(around);
    if text.is_ascii() {
        return vec![LanguageSpan { language: None, text }];
    }
    let japanese = if reads_han(primary) { Vec::new() } else { with_kana(text) };
    let mut runs = japanese.iter().peekable();
    let mut foreign = |at: usize, c: char| {
        while runs.next_if(|run| run.end <= at).is_some() {}
        let in_run = runs.peek().is_some_and(|run| run.contains(&at));
        let of_run = (in_run && WritingScript::of(c) == Some(WritingScript::Han)).then_some("ja");
        of_script(c).or(of_run).filter(|language| *language != primary)
    };
    let mut spans: Vec<LanguageSpan<'a>> = Vec::new();
    let (mut start, mut end, mut current) = (0, 0, None);
    for (at, c) in text.char_indices() {
        // Hanja behind a Korean word, as in (삼다, 三多), are read in Korean.
        let is_hanja = current == Some("ko")
            && !reads_han(primary)
            && WritingScript::of(c) == Some(WritingScript::Han);
        let language = foreign(at, c).or(is_hanja.then_some("ko"));
        // Spaces, digits and marks between two foreign words belong to them.
        let joins = current.is_some() && language.is_none() && !c.is_alphabetic();
        if language == current {
            end = at + c.len_utf8();
        } else if !joins {
            push(&mut spans, current, text, start, end);
            (start, current) = (end, language);
            if language.is_some() {
                push(&mut spans, None, text, start, at);
                start = at;
            }
            end = at + c.len_utf8();
        }
    }
    push(&mut spans, current, text, start, end);
    push(&mut spans, None, text, end, text.len());
    spans
}

/// Whether Chinese characters beside kana are the language's own.
fn reads_han(primary: &str) -> bool {
    ["ja", "zh", "yue", "wuu", "lzh", "hak", "nan"].contains(&primary)
}

/// The stretches of Chinese characters and kana in which there is kana: Japanese as a whole. Letters
/// of another script end one, spaces and marks do not.
fn with_kana(text: &str) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut open, mut has_kana): (Option<Range<usize>>, bool) = (None, false);
    for (at, c) in text.char_indices() {
        match WritingScript::of(c) {
            Some(script @ (WritingScript::Kana | WritingScript::Han)) => {
                let start = open.as_ref().map_or(at, |run| run.start);
                open = Some(start..at + c.len_utf8());
                has_kana |= script == WritingScript::Kana;
            }
            _ if c.is_alphabetic() => {
                runs.extend(open.take().filter(|_| has_kana));
                has_kana = false;
            }
            _ => {}
        }
    }
    runs.extend(open.filter(|_| has_kana));
    runs
}

fn push<'a>(
    spans: &mut Vec<LanguageSpan<'a>>,
    language: Option<&'static str>,
    text: &'a str,
    start: usize,
    end: usize,
) {
    if start < end {
        spans.push(LanguageSpan { language, text: &text[start..end] });
    }
}

/// How a paragraph of `text` must be set apart from the language `around`: its direction, and its
/// way of breaking lines, where most of its letters are of another script.
pub(crate) fn set_apart(text: &str, around: &str) -> (Option<&'static str>, Option<&'static str>) {
    if text.is_ascii() {
        return (None, None);
    }
    let count = |wanted: fn(char) -> bool| text.chars().filter(|c| wanted(*c)).count();
    let letters = count(char::is_alphabetic);
    let is_turned = |c| of_script(c).is_some_and(|language| direction(language) == "rtl");
    let turned = count(is_turned) * 2 > letters && direction(around) == "ltr";
    let kana = count(|c| of_script(c) == Some("ja"));
    let han = count(|c| WritingScript::of(c) == Some(WritingScript::Han));
    let breaks = kana > 0 && (kana + han) * 2 > letters && line_breaks(around).is_none();
    (turned.then_some("rtl"), line_breaks("ja").filter(|_| breaks))
}

/// The style of the languages that break lines between any two letters. The others keep words
/// whole, as Korean does.
pub(super) fn line_breaks(language: &str) -> Option<&'static str> {
    match language.split('-').next().unwrap_or(language) {
        "ja" | "zh" | "yue" => Some("word-break:normal"),
        _ => None,
    }
}

/// Whether a language is Korean, which is set with more space between lines and without italics.
pub(super) fn is_korean(language: &str) -> bool {
    language.split('-').next() == Some("ko")
}

/// `rtl` for the languages that are written from right to left, else `ltr`.
pub(crate) fn direction(language: &str) -> &'static str {
    match language.split('-').next().unwrap_or(language) {
        "ar" | "he" | "fa" | "ur" | "yi" | "ps" | "sd" | "ug" | "dv" => "rtl",
        _ => "ltr",
    }
}

/// The direction of a part in `language`, where it is not that of the language around.
pub(crate) fn turned(language: &str, around: &str) -> Option<&'static str> {
    Some(direction(language)).filter(|direction| *direction != self::direction(around))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Vec<(Option<&'static str>, &str)> {
        spans(text, "en").into_iter().map(|span| (span.language, span.text)).collect()
    }

    #[test]
    fn a_tag_means_the_language_that_has_its_words() {
        let languages = ["en", "ko", "zh", "zh-TW", "pt-PT", "pt-BR"].map(str::to_owned);
        for (tag, expected) in [
            ("ko-KR", Some("ko")),
            ("KO", Some("ko")),
            ("zh-Hant-HK", Some("zh-TW")),
            ("zh-CN", Some("zh")),
            ("pt-BR", Some("pt-BR")),
            ("pt", Some("pt-PT")),
            ("fi", None),
            ("", None),
        ] {
            assert_eq!(meant(tag, &languages).map(String::as_str), expected, "{tag}");
        }
    }

    #[test]
    fn no_korean_word_leans_on_how_a_name_ends() {
        let files = [
            include_str!("letters/ko.rs"),
            include_str!("../web/words/ko.rs"),
            include_str!("../archive/words/ko.rs"),
        ];
        let mut places = 0;
        for behind in files.iter().flat_map(|text| text.split('}').skip(1)) {
            let behind = behind.trim_start_matches('}');
            places += 1;
            let first = behind.chars().next().unwrap_or(' ');
            let is_apart = !first.is_alphanumeric() && !behind.starts_with("(으)");
            // These are the same behind any letter.
            let is_same = ["의 ", "부터 ", "까지"].iter().any(|word| behind.starts_with(word));
            assert!(is_apart || is_same, "{behind}");
        }
        assert!(places > 20);
    }

    #[test]
    fn korean_words_are_found_in_english() {
        assert_eq!(
            cut("So chi-maek (치맥, 치킨 + 맥주) is"),
            [(None, "So chi-maek ("), (Some("ko"), "치맥, 치킨 + 맥주"), (None, ") is"),]
        );
        assert_eq!(cut("한글"), [(Some("ko"), "한글")]);
        assert_eq!(
            cut("in 東京の人々, and 漢字"),
            [(None, "in "), (Some("ja"), "東京の人々"), (None, ", and 漢字"),]
        );
        assert_eq!(
            cut("Jeju (삼다, 三多) is"),
            [(None, "Jeju ("), (Some("ko"), "삼다, 三多"), (None, ") is")]
        );
        assert_eq!(cut("한글 and 漢字").last(), Some(&(None, " and 漢字")));
        assert_eq!(spans("한글 汉字", "zh").last().map(|span| span.language), Some(None));
        let in_korean: Vec<_> = spans("한자 漢字とかな", "ko").into_iter().collect();
        assert_eq!(in_korean[1], LanguageSpan { language: Some("ja"), text: "漢字とかな" });
        assert_eq!(spans("我們の家", "zh").len(), 3);
        assert_eq!(spans("한글", "ko-KR"), [LanguageSpan { language: None, text: "한글" }]);
    }

    #[test]
    fn a_paragraph_follows_most_of_its_letters() {
        let normal = Some("word-break:normal");
        for (text, around, set) in [
            ("She said שלום to us", "en", (None, None)),
            ("שלום לכולם, Ann.", "en", (Some("rtl"), None)),
            ("שלום", "ar", (None, None)),
            ("漢字とかな", "ko", (None, normal)),
            ("漢字とかな", "ja-JP", (None, None)),
            ("漢字, 한글로 쓴다", "ko", (None, None)),
        ] {
            assert_eq!(set_apart(text, around), set, "{text}");
        }
    }

    proptest! {
        #[test]
        fn runs_are_the_text(text in "[a가나の0-9 ,.é]{0,30}") {
            let joined: String = spans(&text, "en").iter().map(|span| span.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
