//! The words of the pages, in the languages of the letter: a file each.
//!
//! `{name}` is the newsletter, `{address}` the reader's address as far as it is shown, `{contact}` where
//! people write to.

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

use axum::http::{HeaderMap, header};

use crate::compose::language::of_words;

/// The words in one language.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageWords {
    /// Its tag (BCP 47).
    pub(super) language: &'static str,
    pub(super) leave_title: &'static str,
    pub(super) leave_question: &'static str,
    pub(super) leave_button: &'static str,
    pub(super) left_title: &'static str,
    pub(super) left_text: &'static str,
    pub(super) undo_button: &'static str,
    pub(super) undone_title: &'static str,
    pub(super) undone_text: &'static str,
    pub(super) kept_title: &'static str,
    pub(super) kept_text: &'static str,
    pub(super) why_question: &'static str,
    /// In the order of `LeavingWhy`.
    pub(super) why_choices: [&'static str; 4],
    pub(super) why_button: &'static str,
    pub(super) thanks_title: &'static str,
    pub(super) thanks_text: &'static str,
    pub(super) broken_title: &'static str,
    pub(super) broken_text: &'static str,
    pub(super) late_title: &'static str,
    pub(super) late_text: &'static str,
    pub(super) busy_title: &'static str,
    pub(super) busy_text: &'static str,
    pub(super) missing_title: &'static str,
    pub(super) missing_text: &'static str,
    pub(super) form: FormWords,
    pub(super) preferences: PreferencesWords,
    pub(super) pause: PauseWords,
    pub(super) data: DataWords,
    pub(super) moving: MovingWords,
}

/// Those of the page on which readers choose what they get.
#[derive(Clone, Copy, Debug)]
pub(super) struct PreferencesWords {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// In the order of `preferences::NAMES`.
    pub(super) name_labels: [&'static str; 3],
    pub(super) save_button: &'static str,
    pub(super) saved_text: &'static str,
    pub(super) again_text: &'static str,
    pub(super) less_question: &'static str,
    pub(super) less_button: &'static str,
    pub(super) less_text: &'static str,
    pub(super) none_title: &'static str,
    pub(super) none_text: &'static str,
}

/// Those of a pause. `{date}`, `{first}` and `{last}` are days.
#[derive(Clone, Copy, Debug)]
pub(super) struct PauseWords {
    pub(super) question: &'static str,
    pub(super) label: &'static str,
    pub(super) button: &'static str,
    pub(super) paused_text: &'static str,
    pub(super) resume_button: &'static str,
    pub(super) wrong: &'static str,
}

/// Those of what readers do with all that is kept of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataWords {
    pub(super) title: &'static str,
    pub(super) more_text: &'static str,
    pub(super) more_button: &'static str,
    pub(super) sent_text: &'static str,
    pub(super) lost_text: &'static str,
    pub(super) write_text: &'static str,
    pub(super) none_text: &'static str,
    pub(super) page_text: &'static str,
    pub(super) download_button: &'static str,
    pub(super) ended_text: &'static str,
    pub(super) ended_link: &'static str,
    pub(super) erase_question: &'static str,
    pub(super) erase_button: &'static str,
    pub(super) erase_title: &'static str,
    pub(super) erase_text: &'static str,
    pub(super) erase_final_button: &'static str,
    pub(super) erased_title: &'static str,
    pub(super) erased_text: &'static str,
}

/// Those of a change of address.
#[derive(Clone, Copy, Debug)]
pub(super) struct MovingWords {
    pub(super) question: &'static str,
    pub(super) label: &'static str,
    pub(super) button: &'static str,
    pub(super) own_text: &'static str,
    pub(super) confirm_title: &'static str,
    pub(super) confirm_question: &'static str,
    pub(super) done_title: &'static str,
    pub(super) done_text: &'static str,
    pub(super) back_title: &'static str,
    pub(super) back_question: &'static str,
    pub(super) back_button: &'static str,
    pub(super) back_done_title: &'static str,
    pub(super) back_done_text: &'static str,
    pub(super) ended_text: &'static str,
}

/// Those of the form for subscribing and of what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FormWords {
    /// The language, in itself.
    pub(super) language_name: &'static str,
    pub(super) subscribe_title: &'static str,
    pub(super) email_label: &'static str,
    pub(super) topics_label: &'static str,
    pub(super) language_label: &'static str,
    pub(super) consent: &'static str,
    pub(super) subscribe_button: &'static str,
    /// Of a field that only programs fill in.
    pub(super) trap_label: &'static str,
    pub(super) email_wrong: &'static str,
    /// `{meant}` is the address that was probably meant, `{written}` the one that was written.
    pub(super) email_nearly: &'static str,
    pub(super) field_missing: &'static str,
    pub(super) field_wrong: &'static str,
    pub(super) topic_unknown: &'static str,
    pub(super) sent_title: &'static str,
    pub(super) sent_text: &'static str,
    pub(super) confirm_title: &'static str,
    pub(super) confirm_question: &'static str,
    pub(super) confirm_button: &'static str,
    pub(super) confirmed_title: &'static str,
    pub(super) confirmed_text: &'static str,
    pub(super) ended_title: &'static str,
    pub(super) ended_text: &'static str,
    pub(super) ended_link: &'static str,
    pub(super) broken_text: &'static str,
    pub(super) barred_title: &'static str,
    pub(super) many_title: &'static str,
    pub(super) many_text: &'static str,
    pub(super) busy_text: &'static str,
}

const ALL: [&PageWords; 10] = [
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

impl PageWords {
    /// Those for a language; none where the pages do not have it.
    pub(super) fn all() -> impl Iterator<Item = &'static PageWords> {
        ALL.into_iter()
    }

    pub(super) fn of(language: &str) -> Option<&'static PageWords> {
        let tag = of_words(language);
        ALL.into_iter().find(|words| words.language.eq_ignore_ascii_case(&tag))
    }

    /// Those that a browser asks for (RFC 9110, 12.5.4), else those of the newsletter, else English.
    pub(super) fn for_browser(headers: &HeaderMap, newsletter: &str) -> &'static PageWords {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let best = asked.and_then(preferred);
        best.or_else(|| PageWords::of(newsletter)).unwrap_or(&en::WORDS)
    }

    /// Whether it is written from right to left.
    pub(super) fn is_rtl(&self) -> bool {
        matches!(self.language, "ar" | "he")
    }
}

/// The words that a list of languages with weights likes best; of equal ones the first.
fn preferred(asked: &str) -> Option<&'static PageWords> {
    let mut best: Option<(f32, &'static PageWords)> = None;
    for part in asked.split(',').take(20) {
        let (language, parameters) = part.split_once(';').unwrap_or((part, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse().ok());
        let Some(weight) = weight.filter(|weight: &f32| *weight > 0.0) else { continue };
        let Some(words) = PageWords::of(language.trim()) else { continue };
        if best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, words));
        }
    }
    best.map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_what_it_likes_best_of_what_there_is() {
        for (asked, language) in [
            ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
            ("fi,sv;q=0.9,de;q=0.5,en;q=0.3", "de"),
            ("en;q=0.3,ja", "ja"),
            ("zh-TW,zh;q=0.9", "zh-Hant"),
            ("zh-CN", "zh"),
            ("fi", "fr"),
            ("*", "fr"),
            ("en;q=0", "fr"),
            ("en;q=x", "fr"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, asked.parse().unwrap());
            assert_eq!(PageWords::for_browser(&headers, "fr-CA").language, language, "{asked}");
        }
        assert_eq!(PageWords::for_browser(&HeaderMap::new(), "fi").language, "en");
    }

    #[test]
    fn no_language_leaves_a_name_or_an_address_out() {
        for words in ALL {
            let with =
                |text: &str, places: &[&str]| places.iter().all(|place| text.contains(place));
            assert!(with(words.leave_title, &["{name}"]), "{}", words.language);
            assert!(with(words.leave_question, &["{address}", "{name}"]), "{}", words.language);
            assert!(with(words.left_text, &["{address}", "{name}"]), "{}", words.language);
            assert!(with(words.undone_text, &["{address}", "{name}"]), "{}", words.language);
            assert!(with(words.kept_text, &["{address}", "{contact}"]), "{}", words.language);
            assert!(with(words.late_text, &["{name}", "{contact}"]), "{}", words.language);
            let form = words.form;
            for (text, places) in [
                (form.subscribe_title, &["{name}"][..]),
                (form.consent, &["{name}"]),
                (form.sent_text, &["{contact}"]),
                (form.confirm_question, &["{address}", "{name}"]),
                (form.confirmed_text, &["{address}", "{name}"]),
                (words.preferences.title, &["{name}"]),
                (words.preferences.text, &["{address}", "{name}"]),
                (words.preferences.none_text, &["{address}", "{name}"]),
                (words.preferences.less_text, &["{address}", "{name}"]),
                (words.pause.paused_text, &["{address}", "{name}", "{date}"]),
                (words.pause.wrong, &["{first}", "{last}"]),
                (words.data.title, &["{name}"]),
                (words.data.more_text, &["{address}"]),
                (words.data.lost_text, &["{name}"]),
                (words.data.write_text, &["{contact}"]),
                (words.data.none_text, &["{address}"]),
                (words.data.page_text, &["{address}"]),
                (words.data.erase_text, &["{address}", "{name}"]),
                (words.data.erased_text, &["{address}", "{contact}"]),
                (words.moving.question, &["{name}"]),
                (words.moving.confirm_question, &["{address}", "{name}"]),
                (words.moving.done_text, &["{address}", "{name}"]),
                (words.moving.back_question, &["{address}", "{name}"]),
                (words.moving.back_done_text, &["{address}", "{name}"]),
                (words.moving.ended_text, &["{contact}"]),
            ] {
                assert!(with(text, places), "{}: {text}", words.language);
            }
        }
    }
}
