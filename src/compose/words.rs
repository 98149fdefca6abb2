//! The few words that the letter says itself, in the languages that we can say them in. In another
//! language they stay English, and the HTML says so.

/// Words in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// The language they are in, where it is not the letter's.
    pub(super) language: Option<&'static str>,
    /// How a date is written (`strftime`).
    pub(super) date: &'static str,
    pub(super) in_this_issue: &'static str,
    /// Before and behind an issue's number.
    pub(super) number: (&'static str, &'static str),
    /// Before and behind the newsletter's name.
    pub(super) unsubscribe: (&'static str, &'static str),
    /// Before and behind an article's title.
    pub(super) read_in_full: (&'static str, &'static str),
}

const ENGLISH: Words = Words {
    language: None,
    date: "%-d %B %Y",
    in_this_issue: "In this issue",
    number: ("No. ", ""),
    unsubscribe: ("Unsubscribe from ", ""),
    read_in_full: ("Read “", "” in full"),
};

const KOREAN: Words = Words {
    language: None,
    date: "%Y년 %-m월 %-d일",
    in_this_issue: "이번 호",
    number: ("제", "호"),
    unsubscribe: ("", " 수신 거부"),
    read_in_full: ("‘", "’ 전문 읽기"),
};

/// The words for a letter in `language` (BCP 47).
pub(super) fn words(language: &str) -> Words {
    match language.split('-').next().unwrap_or(language) {
        "en" => ENGLISH,
        "ko" => KOREAN,
        _ => Words { language: Some("en"), ..ENGLISH },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_said_in_a_language_is_marked_as_english() {
        assert_eq!(words("ko-KR").unsubscribe, ("", " 수신 거부"));
        assert_eq!((words("en-GB").language, words("de").language), (None, Some("en")));
    }
}
