//! Postfix: cleanup names the Message-ID when it reads the header, and that is no promise yet.
//!
//! The text may still be cut off, or a milter refuse it at its end: then the queue file is deleted
//! and nothing more is logged of its queue id. What was accepted reaches qmgr (`queue active`) and
//! the delivery agents (`status=`), which see nothing else. Queue ids are reused.

use super::envelope::LoggedRecipient;
use super::evidence::{Findings, Here, LoggedMessageId, ReportedAction};
use super::queue::{Origin, QueueIds};
use super::syslog::SyslogLine;

/// Programs of Postfix that write of a message.
const PROGRAMS: [&str; 20] = [
    "anvil",
    "bounce",
    "cleanup",
    "discard",
    "error",
    "lmtp",
    "local",
    "master",
    "nqmgr",
    "pickup",
    "pipe",
    "postfix-script",
    "postscreen",
    "qmgr",
    "qmqpd",
    "retry",
    "scache",
    "smtp",
    "smtpd",
    "virtual",
];
/// Those that deliver what qmgr gives them.
const AGENTS: [&str; 9] =
    ["discard", "error", "lmtp", "local", "pipe", "qmgr", "retry", "smtp", "virtual"];

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Postfix {
    queue: QueueIds,
}

impl Postfix {
    /// Whether Postfix wrote the line; if so, what it says is noted.
    pub(super) fn read(
        &mut self,
        line: &SyslogLine<'_>,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) -> bool {
        // `postfix/qmgr`, `postfix/submission/smtpd`; the first word is the instance's name.
        let Some((instance, program)) = line.program.split_once('/') else { return false };
        let program = program.rsplit_once('/').map_or(program, |(_, last)| last);
        if !PROGRAMS.contains(&program) {
            return false;
        }
        if let Some((id, said)) = line.message.split_once(": ").filter(|(id, _)| is_queue_id(id)) {
            let origin = Origin::new(line, instance);
            match program {
                "cleanup" => self.cleanup(id, &origin, said, here, findings),
                "smtpd" | "pickup" | "qmqpd" => self.receiver(id, &origin, said, here, findings),
                "qmgr" | "nqmgr" if is_active(said) => {
                    findings.messages += 1;
                    self.taken(id, &origin, said, here, findings);
                }
                "qmgr" | "nqmgr" if said == "removed" => self.queue.forget(id, &origin),
                _ if AGENTS.contains(&program) || program == "nqmgr" => {
                    self.delivery(id, &origin, said, here, findings);
                }
                _ => {}
            }
        }
        true
    }

    fn cleanup(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        said: &str,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) {
        if let Some(message_id) = said.strip_prefix("message-id=") {
            let room = self.queue.len() < findings.most_queue_ids();
            match findings.begin_in_brackets(message_id, here).filter(|_| room) {
                Some(logged) => {
                    self.queue.begin(id, origin, logged, here);
                    findings.begun(logged, here);
                }
                None => self.queue.forget(id, origin),
            }
        } else if begins_with_any(
            said,
            &["milter-reject: ", "reject: ", "milter-discard: ", "discard: "],
        ) {
            self.rejected(id, origin, here, findings);
        } else if begins_with_any(said, &["milter-hold: ", "hold: "])
            && let Some(logged) = self.queue.logged(id, origin, here)
        {
            findings.on_hold(logged, here);
        }
    }

    /// smtpd and pickup make a queue id: from here on it is the message's that follows.
    fn receiver(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        said: &str,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) {
        if begins_with_any(said, &["client=", "uid="]) {
            self.queue.forget(id, origin);
        } else if begins_with_any(
            said,
            &["reject: END-OF-MESSAGE ", "milter-reject: END-OF-MESSAGE "],
        ) {
            self.rejected(id, origin, here, findings);
        }
    }

    /// `to=<address>, relay=…, dsn=2.0.0, status=sent (…)`, and qmgr's `from=<>, status=expired`.
    fn delivery(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        said: &str,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) {
        let Some(status) = status(said) else { return };
        let Some(logged) = self.taken(id, origin, said, here, findings) else { return };
        let named = match recipient(said) {
            Some((last, first)) => {
                LoggedRecipient::compare(findings.recipient(logged), last, first)
            }
            None => LoggedRecipient::Unsaid,
        };
        let action = match status {
            "sent" => ReportedAction::Delivered,
            "deferred" => ReportedAction::Delayed,
            "bounced" | "expired" | "force-expired" => ReportedAction::Failed,
            _ => return findings.recipients(logged, named, here),
        };
        findings.reported(logged, action, named, here);
    }

    fn taken(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        said: &str,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) -> Option<LoggedMessageId> {
        let logged = self.queue.logged(id, origin, here)?;
        self.queue.taken(id, origin);
        findings.taken(logged, here);
        if let Some((sender, _)) = said.strip_prefix("from=").and_then(address) {
            findings.sender(logged, sender, here);
        }
        Some(logged)
    }

    fn rejected(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) {
        if let Some(logged) = self.queue.logged(id, origin, here) {
            self.queue.forget(id, origin);
            findings.rejected(logged, here);
        }
    }
}

/// A short queue id is hexadecimal, a long one has digits and consonants. `NOQUEUE`, `warning` and
/// their like are neither.
fn is_queue_id(text: &str) -> bool {
    let short = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    let long = |byte: u8| byte.is_ascii_alphanumeric() && !b"AEIOUaeiou".contains(&byte);
    (6..=32).contains(&text.len()) && (text.bytes().all(short) || text.bytes().all(long))
}

/// `from=<address>, size=38112, nrcpt=1 (queue active)`
fn is_active(said: &str) -> bool {
    said.strip_prefix("from=<").is_some_and(|rest| rest.ends_with(" (queue active)"))
}

/// The status of a line that begins with an address and goes on with `key=value` up to it. What
/// stands behind it in parentheses is the other server's, and is not looked at.
fn status(said: &str) -> Option<&str> {
    let front = said.strip_prefix("to=").or_else(|| said.strip_prefix("from="))?;
    let (_, mut rest) = address(front)?;
    loop {
        rest = rest.strip_prefix(", ")?;
        if let Some(orig) = rest.strip_prefix("orig_to=") {
            rest = address(orig)?.1;
        } else if let Some(status) = rest.strip_prefix("status=") {
            return status.split([' ', ',']).next();
        } else {
            rest = &rest[rest.find(", ")?..];
        }
    }
}

/// The addresses of `to=<…>, orig_to=<…>, …`: whom it is delivered to, and whom the message was for
/// where an alias has made another of it.
fn recipient(said: &str) -> Option<(&str, Option<&str>)> {
    let (last, rest) = address(said.strip_prefix("to=")?)?;
    let first = rest.strip_prefix(", orig_to=").and_then(address).map(|(first, _)| first);
    Some((last, first))
}

/// What stands in `<address>`, whose local part may be a quoted string with anything in it, and
/// what stands behind it.
pub(super) fn address(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some((&inside[..at], &inside[at + 1..])),
            _ => {}
        }
    }
    None
}

fn begins_with_any(text: &str, fronts: &[&str]) -> bool {
    fronts.iter().any(|front| text.starts_with(front))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queue_ids_are_told_from_words() {
        for id in ["4F1A2B", "3D770111AF50", "4TwNdH5zwCz7fxV", "4bZ1kJ0W2nzFpV"] {
            assert!(is_queue_id(id), "{id}");
        }
        for word in ["NOQUEUE", "warning", "fatal", "statistics", "4F1", "", "4F1A2 x", "error"] {
            assert!(!is_queue_id(word), "{word}");
        }
    }

    #[test]
    fn a_status_stands_at_its_place_or_nowhere() {
        for (said, expected) in [
            ("to=<a@b>, relay=none, delay=1, dsn=4.4.1, status=deferred (x)", Some("deferred")),
            (
                "to=<a@b>, orig_to=<c>, relay=x[1]:25, delays=0/0, status=sent (250 ok)",
                Some("sent"),
            ),
            ("from=<a@b>, status=expired, returned to sender", Some("expired")),
            ("to=<\", status=sent (\"@b>, relay=x, status=bounced (y)", Some("bounced")),
            ("to=<\"\\\">, status=sent\"@b>, relay=x, status=bounced (y)", Some("bounced")),
            ("to=<a@b>, orig_to=<\"x>, status=sent\"@c>, status=bounced (y)", Some("bounced")),
            ("host mx[1] said: 450 to=<a@b>, status=sent (in reply to RCPT)", None),
            ("to=<a@b>, relay=none", None),
            ("to=<a@b", None),
        ] {
            assert_eq!(status(said), expected, "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_message_panics(said in "(to|from|orig_to)?=?<?[a\"\\\\>, =sé]{0,20}(status=)?\\PC{0,9}") {
            status(&said);
            is_active(&said);
        }
    }
}
