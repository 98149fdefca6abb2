//! Reports of abuse (RFC 5965): what a provider sends when a reader presses the button for spam, with
//! the forms in which the report itself is missing.

use super::addresses;
use super::fields::{self, FieldBlock};
use super::mime::{MimeMessage, MimePart, header_text};
use super::original::OriginalMessage;

/// A complaint and whom it is from, where the provider says so.
pub(super) struct FoundComplaint {
    pub(super) addresses: Vec<String>,
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) kind: &'static str,
    /// It names nobody, because no reader complains.
    pub(super) of_signatures: bool,
}

/// Fields that name the recipient of the message that is complained about.
const RECIPIENT_FIELDS: [&str; 3] = ["original-rcpt-to", "removal-recipient", "x-original-rcpt-to"];

/// A type of feedback that complains of nothing (RFC 5965 3.2).
const NO_COMPLAINT: &str = "not-spam";

/// A type that complains of our signatures and of no mail to anybody (RFC 6591).
const OF_SIGNATURES: &str = "auth-failure";

/// How providers begin a complaint that has no report in it.
const WORDS: [&str; 8] = [
    "this is an email abuse report",
    "this is a spam report",
    "this is a spam complaint",
    "email abuse report for an email message",
    "complaint about message from",
    "marked the following message as spam",
    "marked this message as spam",
    "reported as spam by",
];

/// The complaint that a message is, or `None`. `Some(None)`: a report of abuse that complains of
/// nothing.
pub(super) fn find(
    message: &MimeMessage,
    notice: &str,
    original: &OriginalMessage,
) -> Option<Option<FoundComplaint>> {
    let part = message
        .parts
        .iter()
        .find(|part| part.kind == "message/feedback-report" || part.kind == "text/feedback-report");
    if let Some(part) = part.or_else(|| message.parts.iter().find(|part| has_type(part))) {
        let block = all_fields(&part.text);
        let kind = block.get("feedback-type").unwrap_or("").trim().to_ascii_lowercase();
        if kind == NO_COMPLAINT {
            return Some(None);
        }
        let of_signatures = kind == OF_SIGNATURES;
        let text = match kind.as_str() {
            "" => "a report of abuse without a type".to_owned(),
            kind => format!("Feedback-Type: {kind}"),
        };
        let addresses = if of_signatures { Vec::new() } else { recipients(&block, original) };
        let complaint =
            FoundComplaint { addresses, text, line: part.line, kind: "report", of_signatures };
        return Some(Some(complaint));
    }
    let subject = header_text(message.header.get("subject").unwrap_or_default());
    let first: String = notice.chars().take(600).collect();
    let said = format!("{subject}\n{first}").to_lowercase();
    let words = WORDS.iter().find(|words| said.contains(*words))?;
    let addresses = recipients(&FieldBlock::default(), original);
    let text = (*words).to_owned();
    Some(Some(FoundComplaint { addresses, text, line: 1, kind: "text", of_signatures: false }))
}

fn has_type(part: &MimePart) -> bool {
    part.kind.starts_with("text/")
        && part.text.lines().take(60).any(|line| {
            line.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("feedback-type:"))
        })
}

/// The fields of a report, also of one that blank lines part.
fn all_fields(text: &str) -> FieldBlock {
    let mut all = FieldBlock::default();
    let mut rest = text;
    for _ in 0..20 {
        let (mut block, end) = fields::read(rest);
        all.0.append(&mut block.0);
        if end == 0 {
            // A line that is no field is passed over.
            let Some((_, after)) = rest.split_once('\n') else { break };
            rest = after;
        } else {
            rest = &rest[end..];
        }
    }
    all
}

fn recipients(block: &FieldBlock, original: &OriginalMessage) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in RECIPIENT_FIELDS {
        for value in block.all(name) {
            if let Some(address) = addresses::of_field(value).filter(|text| text.contains('@'))
                && !found.iter().any(|one| addresses::same(one, &address))
            {
                found.push(address);
            }
        }
    }
    if found.is_empty() {
        found.clone_from(&original.named_recipients);
    }
    if found.is_empty() && original.to.len() == 1 {
        found.clone_from(&original.to);
    }
    found.truncate(100);
    found
}
