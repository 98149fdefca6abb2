//! The envelope that a log line tells, beside the one that was sent.
//!
//! A Message-ID is no secret: whoever has the message has it, and may send another one under it,
//! also through the same relay. So a line counts only where its sender is ours, and where it does
//! not name somebody else as the recipient. What a log leaves out proves nothing and blocks nothing.

use crate::message::address::Address;

/// Letters and digits of a token in a reverse-path; see [`crate::message::token::Keys`].
const TOKEN_LENGTH: usize = 26;
/// A token for reading a pattern as an address.
const SAMPLE: &str = "abcdefghijklmnopqrstuvwxyz";

/// What an issue was sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Senders {
    /// Reverse-paths as they are compared; `{token}` stands for what each message has of its own.
    /// Empty where a run did not write its own down: then no sender is compared.
    patterns: Vec<String>,
}

/// Whether a line names our sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LoggedSender {
    /// No line tells.
    #[default]
    Unsaid,
    Ours,
    Other,
}

/// Whom a line names as the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoggedRecipient {
    /// The line tells nothing.
    Unsaid,
    /// The row's recipient.
    Ours,
    /// Another address, and it may be what an alias of the relay has made of the row's.
    Rewritten,
    /// Another address, and the relay was given another one.
    Other,
}

impl Senders {
    /// The reverse-paths of all runs of an issue, of which an older version wrote down none.
    pub fn new(reverse_paths: impl IntoIterator<Item = Option<String>>) -> Senders {
        let all: Option<Vec<String>> = reverse_paths.into_iter().collect();
        let comparable = |pattern: &String| {
            identity(&pattern.replace("{token}", SAMPLE)).replace(SAMPLE, "{token}")
        };
        Senders { patterns: all.unwrap_or_default().iter().map(comparable).collect() }
    }

    /// Compares the sender of a line, given without angle brackets.
    pub(super) fn compare(&self, logged: &str) -> LoggedSender {
        let logged = identity(logged);
        let ours = |pattern: &String| fits(pattern, &logged) || is_masked(pattern, &logged);
        if self.patterns.is_empty() || self.patterns.iter().any(ours) {
            return LoggedSender::Ours;
        }
        LoggedSender::Other
    }
}

impl LoggedRecipient {
    /// Compares the addresses of a line with the row's: `last` is whom it was delivered to, and
    /// `first` whom the relay was given, where that is another one and is logged.
    pub(super) fn compare(ours: &str, last: &str, first: Option<&str>) -> LoggedRecipient {
        match first {
            _ if same(ours, last) => LoggedRecipient::Ours,
            Some(first) if same(ours, first) => LoggedRecipient::Ours,
            Some(_) => LoggedRecipient::Other,
            None => LoggedRecipient::Rewritten,
        }
    }

    /// Compares all recipients of a message as the relay was given them.
    pub(super) fn among<'a>(ours: &str, mut given: impl Iterator<Item = &'a str>) -> Self {
        if given.any(|one| same(ours, one)) {
            LoggedRecipient::Ours
        } else {
            LoggedRecipient::Other
        }
    }
}

/// An address without the angle brackets that may stand around it.
pub(super) fn bare(text: &str) -> &str {
    text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text)
}

fn same(ours: &str, logged: &str) -> bool {
    let (ours, logged) = (identity(ours), identity(logged));
    ours == logged || is_masked(&ours, &logged)
}

/// Servers write `?` for each byte or letter outside ASCII: such an address cannot be compared.
fn is_masked(ours: &str, logged: &str) -> bool {
    !ours.is_ascii() && logged.contains('?')
}

/// The form in which two spellings of an address are one.
fn identity(text: &str) -> String {
    Address::parse(text).map_or_else(|_| text.to_lowercase(), |address| address.identity())
}

/// Whether an address is made of a pattern. The token itself is not compared: that takes the secret,
/// and whoever settles rows need not have it.
fn fits(pattern: &str, logged: &str) -> bool {
    let Some(at) = pattern.find("{token}") else { return pattern == logged };
    let Some(token) = logged.get(at..at + TOKEN_LENGTH) else { return false };
    let plain = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
    token.bytes().all(plain) && pattern.replace("{token}", token) == logged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sender_is_ours_in_any_spelling_and_with_any_token() {
        let token = "mzxw6ytboi2dmzxw6ytboi2dmz";
        let verp = format!("bounces+{token}@news.example");
        let one = |pattern: &str| Senders::new([Some(pattern.to_owned())]);
        for (pattern, logged, expected) in [
            ("b@news.example", "b@news.example", LoggedSender::Ours),
            ("B@News.Example", "b@NEWS.example", LoggedSender::Ours),
            ("b@b\u{fc}cher.example", "b@xn--bcher-kva.example", LoggedSender::Ours),
            ("b\u{fc}@news.example", "b??@news.example", LoggedSender::Ours),
            ("b@news.example", "", LoggedSender::Other),
            ("b@news.example", "b@else.example", LoggedSender::Other),
            ("bounces+{token}@News.example", &verp, LoggedSender::Ours),
            ("bounces+{token}@news.example", "bounces@news.example", LoggedSender::Other),
            ("bounces+{token}@news.example", "bounces+x@news.example", LoggedSender::Other),
            ("bounces+{token}@else.example", &verp, LoggedSender::Other),
        ] {
            assert_eq!(one(pattern).compare(logged), expected, "{pattern} {logged}");
        }
    }

    #[test]
    fn each_run_may_have_a_sender_of_its_own_and_one_without_compares_none() {
        let known = |text: &str| Some(text.to_owned());
        let two = Senders::new([known("a@news.example"), known("b@news.example")]);
        assert_eq!(two.compare("b@news.example"), LoggedSender::Ours);
        assert_eq!(two.compare("c@news.example"), LoggedSender::Other);
        let older = Senders::new([known("a@news.example"), None]);
        assert_eq!(older.compare("c@news.example"), LoggedSender::Ours);
    }

    #[test]
    fn a_rewritten_recipient_is_told_from_another_one() {
        let ours = "Kim@readers.example";
        for (last, first, expected) in [
            ("kim@readers.example", None, LoggedRecipient::Ours),
            ("kim@READERS.example", Some("x@y.example"), LoggedRecipient::Ours),
            ("inbox@else.example", Some("kim@readers.example"), LoggedRecipient::Ours),
            ("inbox@else.example", None, LoggedRecipient::Rewritten),
            ("inbox@else.example", Some("lee@readers.example"), LoggedRecipient::Other),
        ] {
            assert_eq!(LoggedRecipient::compare(ours, last, first), expected, "{last} {first:?}");
        }
    }

    proptest! {
        #[test]
        fn no_address_panics(pattern in "\\PC{0,9}(\\{token\\})?\\PC{0,9}", logged in "\\PC{0,60}") {
            Senders::new([Some(pattern)]).compare(&logged);
        }
    }
}
