//! Sendmail: the line that names the Message-ID (`from=…, msgid=<…>`) is written when the text has
//! been read, before the milters and the queue have had their say.
//!
//! What was accepted is delivered or queued, and only then a line of the same queue id names a
//! mailer (`to=…, mailer=esmtp, …, stat=Sent`). Recipients of a message that was refused or thrown
//! away are logged too, with a `stat=` and without a mailer.

use super::envelope::{LoggedRecipient, bare};
use super::evidence::{Findings, Here, ReportedAction};
use super::queue::{Origin, QueueIds};
use super::syslog::SyslogLine;

/// The names under which it writes.
const PROGRAMS: [&str; 4] = ["sendmail", "sm-mta", "sm-msp-queue", "sendmail-mta"];

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Sendmail {
    queue: QueueIds,
}

impl Sendmail {
    /// Whether Sendmail wrote the line; if so, what it says is noted.
    pub(super) fn read(
        &mut self,
        line: &SyslogLine<'_>,
        here: &Here<'_>,
        findings: &mut Findings<'_>,
    ) -> bool {
        if !PROGRAMS.contains(&line.program) {
            return false;
        }
        // Its parts write under different names of one message.
        let origin = Origin::new(line, "");
        let Some((id, said)) = line.message.split_once(": ").filter(|(id, _)| is_queue_id(id))
        else {
            return true;
        };
        if let Some(from) = said.strip_prefix("from=") {
            findings.messages += 1;
            let room = self.queue.len() < findings.most_queue_ids();
            let begun = message_id(said).and_then(|text| findings.begin_in_brackets(text, here));
            match begun.filter(|_| room) {
                Some(logged) => {
                    self.queue.begin(id, &origin, logged, here);
                    findings.begun(logged, here);
                    let sender = from.split(", size=").next().unwrap_or_default();
                    findings.sender(logged, bare(sender), here);
                }
                None => self.queue.forget(id, &origin),
            }
        } else if said.starts_with("to=")
            && let Some(logged) = self.queue.logged(id, &origin, here)
        {
            match delivery(said) {
                Some(Delivery::NoMailer) => findings.rejected(logged, here),
                Some(Delivery::Tried(action)) => {
                    self.queue.taken(id, &origin);
                    findings.taken(logged, here);
                    let named = recipient(findings.recipient(logged), said);
                    findings.reported(logged, action, named, here);
                }
                None => {}
            }
        }
        true
    }
}

/// Eight characters of time and the process's number: `5A6E0CBd012345`.
fn is_queue_id(text: &str) -> bool {
    (12..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The Message-ID of `from=<a@b>, size=1, class=0, nrcpts=1, msgid=<…>, …`. An address may hold
/// anything: a line in which one of these keys stands twice says nothing.
fn message_id(said: &str) -> Option<&str> {
    let at = |key: &str| {
        let mut all = said.match_indices(key).map(|(at, _)| at + key.len());
        all.next().filter(|_| all.next().is_none())
    };
    let (size, recipients, id) = (at(", size=")?, at(", nrcpts=")?, at(", msgid=")?);
    let ordered = size < recipients && recipients < id;
    said[id..].split(", ").next().filter(|_| ordered)
}

/// Whom `to=<…>,<…>, ctladdr=<…> (1/0), delay=…` names. An alias writes its own addresses behind
/// `to=`, and the one that it stands for behind `ctladdr=`, or nowhere.
fn recipient(ours: &str, said: &str) -> LoggedRecipient {
    let addresses = said["to=".len()..].split(", delay=").next().unwrap_or_default();
    let parts = addresses.split(',').map(|part| {
        let part = part.trim_start();
        let part = part.strip_prefix("ctladdr=").unwrap_or(part);
        bare(part.split(" (").next().unwrap_or_default())
    });
    match LoggedRecipient::among(ours, parts) {
        LoggedRecipient::Other => LoggedRecipient::Rewritten,
        named => named,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Delivery {
    /// Nothing was tried: it was refused, or thrown away.
    NoMailer,
    Tried(ReportedAction),
}

/// What `to=…, delay=…, mailer=…, pri=…, stat=…` tells. Addresses come first and hold anything; a
/// reply comes last. In between each key has its place.
fn delivery(said: &str) -> Option<Delivery> {
    let only = |key: &str| {
        let mut all = said.match_indices(key).map(|(at, _)| at);
        all.next().filter(|_| all.next().is_none())
    };
    let delay = only(", delay=")?;
    let keys = said[delay..].split(", ");
    let mut mailer = false;
    for key in keys {
        if let Some(status) = key.strip_prefix("stat=") {
            let action = match status {
                _ if status.starts_with("Sent") => ReportedAction::Delivered,
                _ if status.starts_with("Deferred") || status == "queued" => {
                    ReportedAction::Delayed
                }
                _ => ReportedAction::Failed,
            };
            return Some(if mailer { Delivery::Tried(action) } else { Delivery::NoMailer });
        }
        mailer |= key.starts_with("mailer=");
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_id_stands_behind_its_sender_and_once() {
        let line = "from=<a@b>, size=38112, class=0, nrcpts=1, msgid=<x@y>, proto=ESMTP, relay=z";
        assert_eq!(message_id(line), Some("<x@y>"));
        for forged in [
            "from=<\"a, size=1, nrcpts=1, msgid=<x@y>, \"@b>, size=1, class=0, nrcpts=1, proto=ESMTP",
            "from=<\", msgid=<x@y>\"@b>, size=1, class=0, nrcpts=1, proto=ESMTP",
            "from=<a@b>, size=1, class=0, nrcpts=1, proto=ESMTP, relay=z",
        ] {
            assert_eq!(message_id(forged), None, "{forged}");
        }
    }

    #[test]
    fn only_a_mailer_shows_that_it_was_taken() {
        use Delivery::{NoMailer, Tried};
        use ReportedAction::{Delayed, Delivered, Failed};
        for (said, expected) in [
            (
                "to=<a@b>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, relay=m, dsn=2.0.0, stat=Sent (ok)",
                Some(Tried(Delivered)),
            ),
            (
                "to=<a@b>, ctladdr=<c@d> (1/1), delay=00:00:00, mailer=esmtp, pri=1, stat=queued",
                Some(Tried(Delayed)),
            ),
            (
                "to=<a@b>, delay=00:00:01, mailer=esmtp, pri=1, dsn=4.0.0, stat=Deferred: timed out",
                Some(Tried(Delayed)),
            ),
            (
                "to=<a@b>, delay=00:00:01, mailer=esmtp, pri=1, dsn=5.1.1, stat=User unknown",
                Some(Tried(Failed)),
            ),
            ("to=<a@b>, delay=00:00:00, pri=30000, stat=Command rejected", Some(NoMailer)),
            (
                "to=<\", mailer=x, stat=Sent\"@b>, delay=00:00:00, pri=30000, stat=discarded",
                Some(NoMailer),
            ),
            (
                "to=<\", delay=1, mailer=x, stat=Sent\"@b>, delay=00:00:00, pri=30000, stat=discarded",
                None,
            ),
            ("to=<a@b>, delay=00:00:00, pri=30000", None),
        ] {
            assert_eq!(delivery(said), expected, "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_message_panics(said in "(from|to)=(, |size=|nrcpts=|msgid=|delay=|stat=|mailer=|\\PC){0,20}") {
            message_id(&said);
            delivery(&said);
        }
    }
}
