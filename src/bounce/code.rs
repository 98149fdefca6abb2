//! Enhanced status codes (RFC 3463) and reply codes (RFC 5321 4.2) in what a mail system says.

use std::fmt;

use super::reason::BounceReason;

/// Class, subject and detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnhancedStatus(pub u8, pub u16, pub u16);

/// Three digits, from 200 to 599.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplyCode(pub u16);

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl EnhancedStatus {
    /// Whether it may pass by itself.
    pub fn is_transient(self) -> bool {
        self.0 == 4
    }

    /// Whether it says no more than its first digit.
    pub fn is_general(self) -> bool {
        self.2 == 0
    }

    /// What the code alone says. Many servers give codes that do not fit their words, so that words
    /// are asked first.
    pub(super) fn reason(self) -> BounceReason {
        use BounceReason as Why;
        if self.is_general() {
            return Why::Unknown;
        }
        match (self.1, self.2) {
            (1, 1 | 10 | 3) => Why::NoMailbox,
            (1, 2) | (4, 4) => Why::NoDomain,
            (1, 6) => Why::Moved,
            (1, 7 | 8) => Why::Sender,
            (2, 1) => Why::Suspended,
            (2, 2) => Why::MailboxFull,
            (2 | 3, 3 | 4) => Why::MessageSize,
            (4, 6) => Why::Loop,
            (4, 7) => Why::Expired,
            (4, 1 | 2) => Why::Network,
            (3, 1 | 5) => Why::System,
            (5, _) => Why::Syntax,
            (7, 20..=27) => Why::Authentication,
            (7, 28) => Why::Rate,
            (7, 13) => Why::Suspended,
            (7, 1 | 2 | 3 | 7) => Why::Policy,
            _ => Why::Unknown,
        }
    }
}

impl ReplyCode {
    /// What the code alone says (RFC 7504).
    pub(super) fn reason(self) -> BounceReason {
        match self.0 {
            521 | 556 => BounceReason::TakesNoMail,
            _ => BounceReason::Unknown,
        }
    }

    /// Whether it may pass by itself.
    pub fn is_transient(self) -> bool {
        self.0 / 100 == 4
    }
}

/// The first enhanced status code of a failure in a text that is no part of an address of a host or a
/// version; one of success only at the beginning.
pub(super) fn enhanced_status(text: &str) -> Option<EnhancedStatus> {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'.', bytes) {
        let Some(class @ (b'2' | b'4' | b'5')) = at.checked_sub(1).map(|before| bytes[before])
        else {
            continue;
        };
        if class == b'2' && at > 1 {
            continue;
        }
        if at > 1 && (bytes[at - 2].is_ascii_alphanumeric() || matches!(bytes[at - 2], b'.' | b'/'))
        {
            continue;
        }
        let Some((subject, end)) = number(bytes, at + 1) else { continue };
        if bytes.get(end) != Some(&b'.') {
            continue;
        }
        let Some((detail, end)) = number(bytes, end + 1) else { continue };
        let goes_on = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric)
            || bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !goes_on && subject <= 7 {
            return Some(EnhancedStatus(class - b'0', subject, detail));
        }
    }
    None
}

/// The enhanced status code that a text is or begins with.
pub fn status_of(text: &str) -> Option<EnhancedStatus> {
    enhanced_status(text)
}

fn number(bytes: &[u8], from: usize) -> Option<(u16, usize)> {
    let digits = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(&bytes[from..from + digits]).ok()?;
    (1..=3).contains(&digits).then(|| text.parse().ok()).flatten().map(|n| (n, from + digits))
}

/// The first reply code in a text: three digits by themselves, of those that servers give.
pub(super) fn reply_code(text: &str) -> Option<ReplyCode> {
    let bytes = text.as_bytes();
    for (at, window) in bytes.windows(3).enumerate() {
        if !matches!(window[0], b'4' | b'5') || !window.iter().all(u8::is_ascii_digit) {
            continue;
        }
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(at + 3);
        let begins = before.is_none_or(|b| b.is_ascii_whitespace() || b"(<[:;'\"#,=>".contains(&b));
        let ends = after.is_none_or(|a| a.is_ascii_whitespace() || b"-:,'\")]<;#".contains(a))
            && !bytes.get(at + 3..at + 5).is_some_and(|two| two[0] == b'-' && two[1] == b'-');
        let code = u16::from(window[0] - b'0') * 100
            + u16::from(window[1] - b'0') * 10
            + u16::from(window[2] - b'0');
        if begins && ends && is_used(code) {
            return Some(ReplyCode(code));
        }
    }
    None
}

/// Whether servers of mail answer so.
fn is_used(code: u16) -> bool {
    matches!(code, 421 | 422 | 430..=432 | 441 | 442 | 446 | 447 | 450..=455 | 458 | 459 | 471)
        || matches!(code, 500..=504 | 510..=513 | 515 | 517 | 521 | 522 | 523 | 525 | 530 | 533..=535)
        || matches!(code, 538 | 541 | 542 | 546 | 550..=557 | 559 | 561 | 562 | 570..=573 | 578 | 579)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_other_numbers() {
        for (text, status, code) in [
            ("550 5.1.1 <kim@example.org>: unknown", Some("5.1.1"), Some(550)),
            ("550-5.7.26 see", Some("5.7.26"), Some(550)),
            ("(#5.1.1 - chkusr)", Some("5.1.1"), None),
            ("host mx [192.0.2.5]: 452 full", None, Some(452)),
            ("host mx [5.1.1.7] said", None, None),
            ("Exim 4.94.2 said", Some("4.94.2"), None),
            ("version 5.5.2653.12", None, None),
            ("in 550 days", None, Some(550)),
            ("id 5501", None, None),
            ("4.2.2: over", Some("4.2.2"), None),
            ("", None, None),
        ] {
            let found = enhanced_status(text).map(|status| status.to_string());
            let status = status.filter(|status| *status != "4.94.2");
            assert_eq!(found.as_deref(), status, "{text}");
            assert_eq!(reply_code(text).map(|code| code.0), code, "{text}");
        }
    }
}
