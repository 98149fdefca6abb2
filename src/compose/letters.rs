//! What is written to a single reader about their subscription, in the languages of the letter: a text
//! in Markdown each, as somebody of the publication would write it. A file of theirs takes its place.

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

use super::language::of_words;

/// Slots of these texts that are whole addresses.
pub const URLS: &[&str] =
    &["confirm_url", "latest_issue_url", "data_url", "address_url", "restore_url"];

/// What a letter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterKind {
    /// Asks somebody whether they have signed up.
    Confirm,
    /// Says that they are subscribed already, to whoever signs up again.
    Already,
    /// Greets somebody who has confirmed.
    Welcome,
    /// Brings the link to what is kept of them, to whoever asks for it.
    Link,
    /// Asks a new mailbox whether mail goes there from now on.
    Address,
    /// Tells the mailbox before that it does, and leads back.
    Moved,
}

impl LetterKind {
    /// Each.
    pub const ALL: [LetterKind; 6] = [
        LetterKind::Confirm,
        LetterKind::Already,
        LetterKind::Welcome,
        LetterKind::Link,
        LetterKind::Address,
        LetterKind::Moved,
    ];

    /// The word for it in tables, and the name of its file.
    pub const fn word(self) -> &'static str {
        match self {
            LetterKind::Confirm => "confirm",
            LetterKind::Already => "already",
            LetterKind::Welcome => "welcome",
            LetterKind::Link => "link",
            LetterKind::Address => "address",
            LetterKind::Moved => "moved",
        }
    }

    /// The slot without which it is of no use.
    pub const fn needs(self) -> Option<&'static str> {
        match self {
            LetterKind::Confirm => Some("confirm_url"),
            LetterKind::Link => Some("data_url"),
            LetterKind::Address => Some("address_url"),
            LetterKind::Moved => Some("restore_url"),
            LetterKind::Already | LetterKind::Welcome => None,
        }
    }

    /// Whether it goes to a mailbox that the list does not have, or not any more: nothing in it leaves a
    /// list.
    pub const fn is_to_stranger(self) -> bool {
        matches!(self, LetterKind::Confirm | LetterKind::Address | LetterKind::Moved)
    }

    /// What names it in the publication: the file of its text, whether there is one or not.
    pub fn name(self) -> String {
        format!("mails/{}.md", self.word())
    }

    /// The one of a word.
    pub fn of(word: &str) -> Option<LetterKind> {
        LetterKind::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// The words in one language. `{{ newsletter }}` and `{{ email }}` are slots.
#[derive(Clone, Copy, Debug)]
struct LetterWords {
    /// Its tag (BCP 47).
    language: &'static str,
    confirm: LetterSentences,
    confirm_button: &'static str,
    confirm_end: &'static str,
    already: LetterSentences,
    welcome: LetterSentences,
    latest: &'static str,
    link: LetterSentences,
    link_button: &'static str,
    link_end: &'static str,
    address: LetterSentences,
    address_button: &'static str,
    moved: LetterSentences,
    moved_button: &'static str,
    moved_end: &'static str,
}

#[derive(Clone, Copy, Debug)]
struct LetterSentences {
    subject: &'static str,
    title: &'static str,
    text: &'static str,
}

const ALL: [&LetterWords; 10] = [
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

/// A text of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLetter {
    /// Its language (BCP 47).
    pub language: &'static str,
    /// Front matter and Markdown.
    pub text: String,
}

/// The letter in a language, or in English where we do not have it. `has_latest` says whether there is
/// an issue that a welcome can lead to.
pub fn own(kind: LetterKind, language: &str, has_latest: bool) -> OwnLetter {
    let words = words(language);
    let (sentences, behind) = match kind {
        LetterKind::Confirm => {
            let link = format!("[{}]({{{{ confirm_url }}}}){{.button}}", words.confirm_button);
            (words.confirm, format!("\n{link}\n\n{}\n", words.confirm_end))
        }
        LetterKind::Already => (words.already, String::new()),
        LetterKind::Welcome if has_latest => {
            (words.welcome, format!("\n[{}]({{{{ latest_issue_url }}}})\n", words.latest))
        }
        LetterKind::Welcome => (words.welcome, String::new()),
        LetterKind::Link => {
            let link = format!("[{}]({{{{ data_url }}}}){{.button}}", words.link_button);
            (words.link, format!("\n{link}\n\n{}\n", words.link_end))
        }
        LetterKind::Address => {
            let link = format!("[{}]({{{{ address_url }}}}){{.button}}", words.address_button);
            (words.address, format!("\n{link}\n\n{}\n", words.confirm_end))
        }
        LetterKind::Moved => {
            let link = format!("[{}]({{{{ restore_url }}}}){{.button}}", words.moved_button);
            (words.moved, format!("\n{link}\n\n{}\n", words.moved_end))
        }
    };
    let LetterSentences { subject, title, text } = sentences;
    let text = format!("---\nsubject: \"{subject}\"\ntitle: \"{title}\"\n---\n{text}\n{behind}");
    OwnLetter { language: words.language, text }
}

fn words(language: &str) -> &'static LetterWords {
    let tag = of_words(language);
    ALL.into_iter().find(|words| words.language.eq_ignore_ascii_case(&tag)).unwrap_or(&en::WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_we_do_not_have_is_english() {
        for (language, found) in [("de-AT", "de"), ("zh-TW", "zh-Hant"), ("zh", "zh"), ("fi", "en")]
        {
            assert_eq!(own(LetterKind::Confirm, language, false).language, found, "{language}");
        }
    }

    #[test]
    fn every_language_says_what_and_to_whom() {
        for words in ALL {
            for kind in LetterKind::ALL {
                let letter = own(kind, words.language, true);
                for slot in ["{{ newsletter }}", "{{ email }}"] {
                    assert!(letter.text.contains(slot), "{kind:?} {letter:?}");
                }
                let link = match kind {
                    LetterKind::Confirm => "({{ confirm_url }}){.button}",
                    LetterKind::Welcome => "({{ latest_issue_url }})",
                    LetterKind::Already => "",
                    LetterKind::Link => "({{ data_url }}){.button}",
                    LetterKind::Address => "({{ address_url }}){.button}",
                    LetterKind::Moved => "({{ restore_url }}){.button}",
                };
                assert!(letter.text.contains(link), "{kind:?} {letter:?}");
            }
        }
        assert!(!own(LetterKind::Welcome, "en", false).text.contains("latest_issue_url"));
    }
}
