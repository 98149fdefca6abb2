//! A word in a status column -> whether the person is to be written to.
//!
//! Exists because an export holds the people who left as well. Must never turn an unknown word
//! into a yes without a warning.

use super::columns::Exporter;

/// Words for people who get no mail, in lower case without spaces, hyphens and underscores.
const OUT: [(&str, &str); 30] = [
    ("unsubscribed", "unsubscribed"),
    ("unsubscribe", "unsubscribed"),
    ("optedout", "unsubscribed"),
    ("optout", "unsubscribed"),
    ("removed", "unsubscribed"),
    ("deleted", "unsubscribed"),
    ("수신거부", "unsubscribed"),
    ("구독취소", "unsubscribed"),
    ("구독해지", "unsubscribed"),
    ("해지", "unsubscribed"),
    ("nonsubscribed", "never subscribed"),
    ("notsubscribed", "never subscribed"),
    ("transactional", "never subscribed"),
    ("cleaned", "cleaned"),
    ("bounced", "bounced"),
    ("bounce", "bounced"),
    ("hardbounced", "bounced"),
    ("undeliverable", "bounced"),
    ("complained", "complained"),
    ("spam", "complained"),
    ("disabled", "disabled"),
    ("inactive", "disabled"),
    ("archived", "disabled"),
    ("suppressed", "disabled"),
    ("blocklisted", "blocklisted"),
    ("blacklisted", "blocklisted"),
    ("blocked", "blocklisted"),
    ("unconfirmed", "unconfirmed"),
    ("pending", "unconfirmed"),
    ("미확인", "unconfirmed"),
];

/// Words for people who get mail.
const IN: [&str; 11] = [
    "",
    "subscribed",
    "confirmed",
    "enabled",
    "active",
    "yes",
    "true",
    "1",
    "구독",
    "구독중",
    "확인",
];

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The person gets mail.
    In,
    /// The person gets none, for this reason.
    Out(&'static str),
    /// The word is not known.
    Unknown,
}

/// Reads a status cell.
pub(super) fn status(cell: &str, exporter: Exporter) -> Status {
    let word: String = cell
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    if let Some((_, reason)) = OUT.iter().find(|(known, _)| *known == word) {
        return Status::Out(reason);
    }
    if IN.contains(&word.as_str()) {
        Status::In
    } else if exporter == Exporter::Listmonk {
        // listmonk has three words; a fourth is no permission to write.
        Status::Out("not enabled")
    } else {
        Status::Unknown
    }
}

/// Whether a cell that marks people who left (`unsub_time`, `email_disabled`) marks this one.
pub(super) fn is_marked(cell: &str) -> bool {
    !matches!(
        cell.trim().to_ascii_lowercase().as_str(),
        "" | "false" | "0" | "no" | "n" | "null" | "none" | "-"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide() {
        for (cell, expected) in [
            ("Unsubscribed", Status::Out("unsubscribed")),
            ("non-subscribed", Status::Out("never subscribed")),
            (" PENDING ", Status::Out("unconfirmed")),
            ("Subscribed", Status::In),
            ("", Status::In),
            ("Professor", Status::Unknown),
        ] {
            assert_eq!(status(cell, Exporter::Plain), expected, "{cell}");
        }
        assert_eq!(status("paused", Exporter::Listmonk), Status::Out("not enabled"));
    }

    #[test]
    fn marks_are_dates_and_truths() {
        assert!(is_marked("2024-01-02 10:00:00") && is_marked("true"));
        assert!(!is_marked(" ") && !is_marked("False"));
    }
}
