//! Exim: the arrival line `<=` is written when the message is on the disk and the connection still
//! stands, just before the reply; a text that is cut off or refused has none.
//!
//! `(=` is an arrival to which Exim answered that it refuses it (fakereject). It tells the sender
//! so, and does what it likes with the message. Ids are never used twice.

use std::collections::HashMap;

use super::envelope::{LoggedRecipient, bare};
use super::evidence::{Findings, Here, LoggedMessageId, ReportedAction};
use super::postfix::address;
use super::stamp::{self, Stamp};

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Exim {
    /// Exim's ids of messages that are asked about.
    logged_messages: HashMap<String, LoggedMessageId>,
}

/// A line of the main log: its stamp, the message's id, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EximEntry<'a> {
    pub(super) stamp: Option<Stamp<'a>>,
    id: &'a str,
    said: &'a str,
}

impl<'a> EximEntry<'a> {
    /// A line of the main log as Exim writes it into its own file.
    pub(super) fn of_file(text: &'a str) -> Option<EximEntry<'a>> {
        let (stamp, rest) = stamp::cut_civil(text)?;
        EximEntry::behind_stamp(Some(stamp), rest)
    }

    /// What Exim hands to syslog, with its own stamp or without; `outer` is that of syslog, and is the
    /// better one where it alone names its zone.
    pub(super) fn of_syslog(outer: Stamp<'a>, message: &'a str) -> Option<EximEntry<'a>> {
        let (inner, rest) = stamp::cut_civil(message).unwrap_or((outer, message));
        let stamp = if inner.lacks_zone() && !outer.lacks_zone() { outer } else { inner };
        EximEntry::behind_stamp(Some(stamp), rest)
    }

    fn behind_stamp(stamp: Option<Stamp<'a>>, rest: &'a str) -> Option<EximEntry<'a>> {
        let rest = match rest.strip_prefix('[') {
            Some(inside) => inside.split_once("] ")?.1,
            None => rest,
        };
        let (id, said) = rest.split_once(' ')?;
        is_id(id).then_some(EximEntry { stamp, id, said })
    }
}

impl Exim {
    /// Notes what a line of the main log says.
    pub(super) fn read(
        &mut self,
        entry: EximEntry<'_>,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) {
        let EximEntry { id, said, .. } = entry;
        let (mark, rest) = said.split_once(' ').unwrap_or((said, ""));
        match mark {
            "<=" | "(=" => {
                findings.messages += 1;
                let begun = message_id(rest).and_then(|id| findings.begin(id, here));
                let Some(logged) = begun else { return };
                if mark == "(=" {
                    findings.rejected(logged, here);
                    return;
                }
                findings.taken(logged, here);
                findings.sender(logged, bare(word(rest).0), here);
                if let Some(given) = recipients(rest) {
                    let ours = findings.recipient(logged);
                    let named = LoggedRecipient::among(ours, given.split(' ').map(bare));
                    findings.recipients(logged, named, here);
                }
                if self.logged_messages.len() < findings.most_queue_ids() {
                    self.logged_messages.insert(id.to_owned(), logged);
                }
            }
            "=>" | "->" | ">>" | "**" | "==" => {
                if let Some(logged) = self.logged_messages.get(id) {
                    let action = match mark {
                        "**" => ReportedAction::Failed,
                        "==" => ReportedAction::Delayed,
                        _ => ReportedAction::Delivered,
                    };
                    let (last, behind) = word(rest);
                    let first = address(behind).map(|(first, _)| first);
                    let ours = findings.recipient(*logged);
                    let named = LoggedRecipient::compare(ours, last.trim_end_matches(':'), first);
                    findings.reported(*logged, action, named, here);
                }
            }
            _ => {}
        }
    }
}

/// `1vH3fK-000000004bQ-2xYz`, or `1vH3fK-0001bQ-2x` before version 4.97.
fn is_id(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (lengths == [6, 11, 4] || lengths == [6, 6, 2]) && text.bytes().all(plain)
}

/// The Message-ID of `sender H=host (helo) [address] P=esmtp S=38112 id=… T="subject" for …`.
///
/// The sender, the name that a client gives itself and its certificate hold what they like. So the
/// line counts only where each of the three stands once and in this order: what is forged stands
/// before the true `S=`, and makes two of one or an `id=` too early.
fn message_id(rest: &str) -> Option<&str> {
    // From the subject on, all is the author's.
    let rest = rest.split(" T=\"").next()?;
    let place = |front: &str| {
        let mut all = rest.match_indices(front).map(|(at, _)| at + front.len());
        all.next().filter(|_| all.next().is_none())
    };
    let (protocol, size, id) = (place(" P=")?, place(" S=")?, place(" id=")?);
    let digits = rest[size..].split(' ').next()?.bytes().all(|byte| byte.is_ascii_digit());
    let ordered = protocol < size && size < id && digits;
    rest[id..].split(' ').next().filter(|_| ordered)
}

/// The first word, which may have a quoted string in it, and what stands behind its space.
fn word(text: &str) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b' ' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// The recipients of an arrival line (`log_selector = +received_recipients`), which stand last:
/// `… id=… T="subject" from <sender> for c@d e@f`.
fn recipients(rest: &str) -> Option<&str> {
    let (front, subject) = rest.split_once(" T=\"").map_or((rest, None), |(a, b)| (a, Some(b)));
    let mut behind = match subject {
        // Behind the quote that ends the subject: what is quoted in it has a backslash.
        Some(subject) => {
            let mut escaped = false;
            let end = subject.bytes().position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            })?;
            &subject[end + 1..]
        }
        None => word(&front[front.find(" id=")? + 1..]).1,
    };
    behind = behind.strip_prefix(' ').unwrap_or(behind);
    if let Some(sender) = behind.strip_prefix("from ") {
        behind = address(sender)?.1.strip_prefix(' ')?;
    }
    behind.strip_prefix("for ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_of_the_main_log_has_a_stamp_and_an_id() {
        for text in [
            "2025-11-06 14:00:00 1vH3fK-0001bQ-2x <= a@b H=c",
            "2025-11-06 14:00:00.123 1vH3fK-000000004bQ-2xYz <= a@b H=c",
            "2025-11-06 14:00:00 +0100 [123] 1vH3fK-0001bQ-2x <= a@b H=c",
        ] {
            let entry = EximEntry::of_file(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(entry.said, "<= a@b H=c");
        }
        for text in [
            "2025-11-06 14:00:00 Start queue run: pid=1",
            "2025-11-06 14:00:00 H=(1vH3fK-0001bQ-2x <= a@b) [1.2.3.4] rejected",
            "1vH3fK-0001bQ-2x <= a@b H=c",
        ] {
            assert_eq!(EximEntry::of_file(text), None, "{text}");
        }
    }

    #[test]
    fn a_message_id_stands_behind_the_size_and_once() {
        let line = "a@b H=c (d) [1.2.3.4] P=esmtps X=TLS1.3:x:256 CV=no S=38112 id=x@y";
        assert_eq!(message_id(line), Some("x@y"));
        assert_eq!(message_id(&format!("{line} T=\"id=z@y S=1\" from <a@b> for c@d")), Some("x@y"));
        assert_eq!(message_id(&format!("{line} for c@d")), Some("x@y"));
        for forged in [
            "a@b H=(id=x@y) [1.2.3.4] P=esmtp S=1",
            "a@b H=(c) S=1 id=x@y) [1.2.3.4] P=esmtp S=2",
            "a@b H=(c P=esmtp S=1 id=x@y) [1.2.3.4] P=esmtp S=2 id=z@y",
            "\"a P=x S=1 id=x@y\"@b H=c [1.2.3.4] P=esmtp S=2",
            "a@b H=c [1.2.3.4] P=esmtp S=2 T=\"x\" id=x@y",
            "a@b H=c [1.2.3.4] P=esmtp S=2x id=x@y",
            "a@b U=root P=local S=300",
        ] {
            assert_eq!(message_id(forged), None, "{forged}");
        }
    }

    #[test]
    fn recipients_stand_behind_the_subject() {
        let line = "a@b H=c (d) [1.2.3.4] P=esmtps S=38112 id=x@y";
        for (behind, expected) in [
            ("", None),
            (" for c@d", Some("c@d")),
            (" from <a@b> for c@d e@f", Some("c@d e@f")),
            (" T=\"for x@y\" from <\" for z@y\"@b> for c@d", Some("c@d")),
            (" T=\"\\\" for x@y\" for c@d", Some("c@d")),
            (" T=\"a for x@y", None),
        ] {
            assert_eq!(recipients(&format!("{line}{behind}")), expected, "{behind}");
        }
        assert_eq!(word("\"a b\"@c <d>"), ("\"a b\"@c", "<d>"));
    }

    proptest! {
        #[test]
        fn no_line_panics(text in "(2025-11-06 14:00:00 )?(1vH3fK-0001bQ-2x )?\\PC{0,9}( (P=|S=|id=|T=\")\\PC{0,3}){0,6}") {
            EximEntry::of_file(&text);
            message_id(&text);
            recipients(&text);
            word(&text);
        }
    }
}
