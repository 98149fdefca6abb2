//! The words that the site says itself, in the languages of the letter: a file each.
//!
//! `{name}` is the newsletter, `{contact}` where people write to, `{count}` a number,
//! `{date}` a day, `{note}` what was wrong, `{subject}` that of an issue.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod he;
mod ja;
mod ko;
mod zh;
mod zh_hant;

use crate::compose::language::of_words;

/// The words in one language.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArchiveWords {
    /// Its tag (BCP 47).
    pub(super) language: &'static str,
    /// A reader without a name: "Dear reader".
    pub(super) reader: &'static str,
    pub(super) your_address: &'static str,
    pub(super) skip: &'static str,
    pub(super) all_issues: &'static str,
    pub(super) previous: &'static str,
    pub(super) next: &'static str,
    pub(super) search: &'static str,
    pub(super) search_label: &'static str,
    pub(super) found: &'static str,
    pub(super) newest: &'static str,
    pub(super) feed: &'static str,
    pub(super) no_issue: &'static str,
    pub(super) subscribe: &'static str,
    pub(super) leave_title: &'static str,
    pub(super) leave_text: &'static str,
    pub(super) missing_title: &'static str,
    pub(super) missing_text: &'static str,
    /// Above a text that was corrected.
    pub(super) corrected: &'static str,
    /// Of an article that was taken out.
    pub(super) removed: &'static str,
    /// The Subject of a mail about what was corrected, its title, and before its links.
    pub(super) erratum: &'static str,
    pub(super) erratum_title: &'static str,
    pub(super) corrected_text: &'static str,
}

const ALL: [&ArchiveWords; 10] = [
    &en::WORDS,
    &ko::WORDS,
    &de::WORDS,
    &fr::WORDS,
    &es::WORDS,
    &ja::WORDS,
    &zh::WORDS,
    &zh_hant::WORDS,
    &ar::WORDS,
    &he::WORDS,
];

impl ArchiveWords {
    /// Those for a language, else English ones.
    pub(super) fn of(language: &str) -> &'static ArchiveWords {
        let tag = of_words(language);
        let found = ALL.into_iter().find(|words| words.language.eq_ignore_ascii_case(&tag));
        found.unwrap_or(&en::WORDS)
    }

    /// The language of these words, where it is not that of the page.
    pub(super) fn apart(&self, page: &str) -> Option<&'static str> {
        let is_same = std::ptr::eq(ArchiveWords::of(page), self)
            && page.to_ascii_lowercase().starts_with(&self.language.to_ascii_lowercase()[..2]);
        (!is_same).then_some(self.language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_words_and_any_other_has_english_ones() {
        for (language, words, apart) in [
            ("ko-KR", "ko", None),
            ("zh-TW", "zh-Hant", None),
            ("zh", "zh", None),
            ("fi", "en", Some("en")),
            ("en-GB", "en", None),
        ] {
            assert_eq!(ArchiveWords::of(language).language, words, "{language}");
            assert_eq!(ArchiveWords::of(language).apart(language), apart, "{language}");
        }
    }

    #[test]
    fn no_language_leaves_a_place_out() {
        for words in ALL {
            assert!(words.leave_title.contains("{name}"), "{}", words.language);
            assert!(words.subscribe.contains("{name}"), "{}", words.language);
            assert!(words.leave_text.contains("{contact}"), "{}", words.language);
            assert!(words.found.contains("{count}"), "{}", words.language);
            let places = words.corrected.contains("{date}") && words.corrected.ends_with("{note}");
            assert!(places && words.erratum.contains("{subject}"), "{}", words.language);
        }
    }
}
