//! Exchange: the message tracking log, in which `RECEIVE` from `SMTP` says that a message was
//! received and committed.
//!
//! `HARECEIVE` is the copy of a server that has not answered for it yet, and counts for nothing.
//! Each event is one line; what stands in quotes may be anybody's.

use std::borrow::Cow;

use super::envelope::{LoggedRecipient, bare};
use super::evidence::{Findings, Here, ReportedAction};
use super::stamp::{Form, Stamp};

/// Where the columns are that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    date_time: usize,
    source: usize,
    event: usize,
    message_id: usize,
    /// MAIL FROM. `sender-address` is what stands in the header, and is not looked at.
    return_path: Option<usize>,
    recipients: Option<usize>,
}

impl Exchange {
    /// Reads the line `#Fields: date-time,client-ip,…`.
    pub(super) fn of_fields(text: &str) -> Option<Exchange> {
        let names = text.strip_prefix("#Fields:")?.trim_start();
        let place = |name: &str| names.split(',').position(|field| field == name);
        Some(Exchange {
            date_time: place("date-time")?,
            source: place("source")?,
            event: place("event-id")?,
            message_id: place("message-id")?,
            return_path: place("return-path"),
            recipients: place("recipient-address"),
        })
    }

    /// The stamp of a record.
    pub(super) fn stamp<'a>(&self, text: &'a str) -> Option<Stamp<'a>> {
        let stamp = text.split(',').nth(self.date_time)?;
        let digit = stamp.starts_with(|c: char| c.is_ascii_digit());
        digit.then_some(Stamp { form: Form::Iso, text: stamp })
    }

    /// Notes what a record says.
    pub(super) fn read(&self, here: &Here<'_>, findings: &mut Findings<'_>) {
        let last = self.source.max(self.event).max(self.message_id);
        let all = last.max(self.return_path.unwrap_or(0)).max(self.recipients.unwrap_or(0));
        let cells: Vec<Cow<'_, str>> = cells(here.text).take(all + 1).collect();
        if cells.len() <= last {
            return;
        }
        let (source, event) = (&*cells[self.source], &*cells[self.event]);
        let received = (source, event) == ("SMTP", "RECEIVE");
        findings.messages += u64::from(received);
        let message_id = &cells[self.message_id];
        let cell =
            |at: Option<usize>| at.and_then(|at| cells.get(at)).filter(|cell| !cell.is_empty());
        let named = |ours: &str| match cell(self.recipients) {
            Some(all) => LoggedRecipient::among(ours, all.split(';').map(bare)),
            None => LoggedRecipient::Unsaid,
        };
        let action = match event {
            "RECEIVE" if received => {
                let Some(logged) = findings.begin_in_brackets(message_id, here) else { return };
                findings.taken(logged, here);
                if let Some(sender) = cell(self.return_path) {
                    findings.sender(logged, bare(sender), here);
                }
                findings.recipients(logged, named(findings.recipient(logged)), here);
                return;
            }
            "DELIVER" | "SEND" => ReportedAction::Delivered,
            "DEFER" => ReportedAction::Delayed,
            "FAIL" => ReportedAction::Failed,
            _ => return,
        };
        let mut logged_messages = findings.all_in_brackets(message_id);
        if logged_messages.is_empty() && event == "FAIL" {
            logged_messages.extend(findings.begin_in_brackets(message_id, here));
        }
        for logged in logged_messages {
            if event == "FAIL" {
                findings.rejected(logged, here);
            }
            // Behind its front door the server has its own names for a mailbox.
            let named = match named(findings.recipient(logged)) {
                LoggedRecipient::Other => LoggedRecipient::Rewritten,
                named => named,
            };
            findings.reported(logged, action, named, here);
        }
    }
}

/// The cells of a record (RFC 4180), up to one whose quote is not closed on this line.
fn cells(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest.take()?;
        let Some(inside) = now.strip_prefix('"') else {
            let (cell, behind) = match now.split_once(',') {
                Some((cell, behind)) => (cell, Some(behind)),
                None => (now, None),
            };
            rest = behind;
            return Some(Cow::Borrowed(cell));
        };
        let mut from = 0;
        loop {
            let quote = from + inside[from..].find('"')?;
            match inside.as_bytes().get(quote + 1) {
                Some(b'"') => from = quote + 2,
                Some(b',') => rest = Some(&inside[quote + 2..]),
                None => {}
                Some(_) => return None,
            }
            if inside.as_bytes().get(quote + 1) != Some(&b'"') {
                return Some(Cow::Owned(inside[..quote].replace("\"\"", "\"")));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_columns_are_those_that_the_log_names() {
        let fields = "#Fields: date-time,client-ip,source,event-id,message-id";
        let found = Exchange {
            date_time: 0,
            source: 2,
            event: 3,
            message_id: 4,
            return_path: None,
            recipients: None,
        };
        assert_eq!(Exchange::of_fields(fields), Some(found));
        assert_eq!(Exchange::of_fields("#Fields: date-time,connector-id,session-id"), None);
    }

    #[test]
    fn quotes_protect_what_is_inside() {
        let read = |text| cells(text).map(Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(read("a,\"b,\"\"c\",,d"), ["a", "b,\"c", "", "d"]);
        assert_eq!(read("a,\"b"), ["a"]);
        assert_eq!(read("a,\"b\"c,d"), ["a"]);
        assert_eq!(read("a,"), ["a", ""]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(row in prop::collection::vec("\\PC{0,5}|[a\",]{0,5}", 1..6)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = row.iter().map(quoted).collect::<Vec<_>>().join(",");
            prop_assert_eq!(cells(&line).map(Cow::into_owned).collect::<Vec<_>>(), row);
        }

        #[test]
        fn no_line_panics(line in "[a,\"é]{0,20}") {
            cells(&line).count();
        }
    }
}
