//! What `digest bounces read` prints: a few lines for each recipient, or an object of JSON, and at last
//! how many of what there were.

use std::collections::BTreeMap;

use sejong_digest::bounce::original::OriginalMessage;
use sejong_digest::bounce::reason::BounceClass;
use sejong_digest::bounce::{BounceReport, ReportedRecipient};
use sejong_digest::delivery::bounced::decision::{BounceOutcome, ReportEvidence};
use sejong_digest::delivery::bounced::reading::{DecidedReport, ReadMessage, class_word};
use sejong_digest::diagnostic::counted;
use sejong_digest::message::token::{shown, with_tokens_shown};
use serde::Serialize;

use crate::cmd::failure::Failure;
use crate::cmd::files::with_address;

/// One row of `--json`. What is the same for all recipients of a message stands with the first.
#[derive(Serialize)]
struct RowInJson<'a> {
    file: &'a str,
    /// The number of the message in an mbox file, from 1.
    message: usize,
    recipient: Option<&'a str>,
    original_recipient: Option<&'a str>,
    class: BounceClass,
    status: Option<String>,
    code: Option<u16>,
    reason: &'static str,
    text: &'a str,
    part: &'a str,
    line: usize,
    #[serde(flatten)]
    decided: Option<DecidedInJson<'a>>,
    message_id: Option<&'a str>,
    addressed_to: Vec<String>,
    return_paths: &'a [String],
    unsubscribe_tokens: Vec<String>,
    tokens: Vec<String>,
}

/// What happens, where a publication was asked.
#[derive(Serialize)]
struct DecidedInJson<'a> {
    outcome: BounceOutcome,
    why: &'a str,
    person: Option<&'a str>,
    suppress: Option<&'static str>,
    evidence: Option<ReportEvidence>,
    issue: Option<&'a str>,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Readings {
    pub(super) messages: u64,
    pub(super) read_before: u64,
    pub(super) unread: u64,
    /// Messages that could not be marked.
    pub(super) unmarked: u64,
    classes: BTreeMap<BounceClass, u64>,
    outcomes: BTreeMap<BounceOutcome, u64>,
    /// People who were suppressed for the same reason before.
    known: u64,
}

/// Whether what is printed has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acting {
    /// It has.
    Done,
    /// It would.
    DryRun,
    /// Nobody was asked what would happen: there is no publication.
    ReadOnly,
}

impl Readings {
    pub(super) fn add(&mut self, message: &ReadMessage) {
        let Some(report) = message.report.as_ref().filter(|_| !message.was_read) else {
            self.read_before += 1;
            return;
        };
        self.messages += 1;
        for (row, decided) in report.recipients.iter().zip(&message.decided) {
            *self.classes.entry(row.class).or_default() += 1;
            *self.outcomes.entry(decided.decision.outcome).or_default() += 1;
            self.known += u64::from(decided.was_suppressed);
        }
    }

    /// `3 messages: 2 hard, 1 none. 2 suppressed`
    pub(super) fn summary(&self, acting: Acting) -> String {
        let classes =
            self.classes.iter().map(|(class, count)| format!("{count} {}", class_word(*class)));
        let classes: Vec<String> = classes.collect();
        let what = if classes.is_empty() { "nothing".to_owned() } else { classes.join(", ") };
        let mut text = format!("{}: {what}", counted(self.messages, "message"));
        if self.read_before > 0 {
            text.push_str(&format!("; {} read before", self.read_before));
        }
        let outcomes =
            self.outcomes.iter().filter(|(outcome, _)| **outcome != BounceOutcome::Nothing);
        let outcomes = outcomes.map(|(outcome, count)| match outcome {
            BounceOutcome::Suppressed if self.known > 0 => {
                format!("{count} suppressed ({} of them before)", self.known)
            }
            BounceOutcome::Undecided => format!("{count} for a person to decide"),
            outcome => format!("{count} {}", outcome.word()),
        });
        let outcomes: Vec<String> = outcomes.collect();
        let outcomes =
            if outcomes.is_empty() { "nothing to do".to_owned() } else { outcomes.join(", ") };
        match acting {
            Acting::ReadOnly => text.push_str(". Nothing was changed (--dry-run)\n"),
            Acting::DryRun => {
                text.push_str(&format!(
                    ". It would be: {outcomes}. Nothing was changed (--dry-run)\n"
                ));
            }
            Acting::Done => text.push_str(&format!(". {outcomes}\n")),
        }
        text
    }
}

/// The objects of a message, each on a line.
pub(super) fn in_json(
    (file, number): (&str, Option<usize>),
    report: &BounceReport,
    decided: &[DecidedReport],
    acting: Acting,
) -> Result<String, Failure> {
    let OriginalMessage { message_id, return_paths, unsubscribe_tokens, .. } = &report.original;
    let mut lines = String::new();
    for (at, (row, decided)) in report.recipients.iter().zip(decided).enumerate() {
        let is_first = at == 0;
        let told = |all: &'_ [String]| -> usize { if is_first { all.len() } else { 0 } };
        let decision = &decided.decision;
        let is_forgotten = decided.is_forgotten;
        let decided = (acting != Acting::ReadOnly).then(|| DecidedInJson {
            outcome: decision.outcome,
            why: &decision.why,
            person: decided.person.as_deref(),
            suppress: decision.suppress.map(|reason| reason.word()),
            evidence: decided.evidence,
            issue: decided.issue.as_deref(),
        });
        let row = RowInJson {
            file,
            message: number.unwrap_or(1),
            recipient: row.address.as_deref().filter(|_| !is_forgotten),
            original_recipient: row.original_address.as_deref().filter(|_| !is_forgotten),
            class: row.class,
            status: row.status.map(|status| status.to_string()),
            code: row.code.map(|code| code.0),
            reason: row.reason.name(),
            text: if is_forgotten { "" } else { &row.text },
            part: &row.part,
            line: row.line,
            decided,
            message_id: message_id.as_deref().filter(|_| is_first),
            addressed_to: report.addressed_to[..told(&report.addressed_to)]
                .iter()
                .map(|address| with_tokens_shown(address, &report.tokens))
                .collect(),
            return_paths: &return_paths[..told(return_paths)],
            unsubscribe_tokens: all_shown(&unsubscribe_tokens[..told(unsubscribe_tokens)]),
            tokens: all_shown(&report.tokens[..told(&report.tokens)]),
        };
        lines.push_str(&serde_json::to_string(&row)?);
        lines.push('\n');
    }
    Ok(lines)
}

fn all_shown(tokens: &[String]) -> Vec<String> {
    tokens.iter().map(|token| shown(token)).collect()
}

/// In the place of an address.
const FORGOTTEN: &str = "somebody who was forgotten";

/// A line for each recipient, below it what the report says, and what happens.
pub(super) fn in_words(
    place: &str,
    report: &BounceReport,
    decided: &[DecidedReport],
    acting: Acting,
) -> String {
    let mut text = String::new();
    for (row, decided) in report.recipients.iter().zip(decided) {
        let class = class_word(row.class);
        let address = if decided.is_forgotten { Some(FORGOTTEN) } else { row.address.as_deref() };
        let about = match row.class {
            BounceClass::Hard | BounceClass::Soft => {
                let address = address.unwrap_or("nobody is named");
                format!("{address}: {}{}", row.reason.words(), codes(row))
            }
            BounceClass::None | BounceClass::Autoreply => {
                text.push_str(&format!("{place}: {class}: {}\n", row.text));
                continue;
            }
            _ => address.unwrap_or("nobody is named").to_owned(),
        };
        text.push_str(&format!("{place}: {class}: {about}\n"));
        // What a server says may have the address.
        if !decided.is_forgotten {
            text.push_str(&format!("    {} line {}: {}\n", row.part, row.line, row.text));
        }
        if let Some(happens) = happens(row.class, decided, acting) {
            text.push_str(&format!("    {happens}\n"));
        }
    }
    text
}

/// What happens to somebody, or would.
fn happens(class: BounceClass, decided: &DecidedReport, acting: Acting) -> Option<String> {
    let DecidedReport { decision, person, issue, evidence, was_suppressed, .. } = decided;
    let person = person.as_deref().unwrap_or("nobody");
    let mut known_by =
        evidence.map_or(String::new(), |evidence| format!(", known by {}", evidence.words()));
    if let Some(issue) = issue {
        known_by.push_str(&format!(" of {issue}"));
    }
    if decided.is_about_a_subscription() {
        known_by.push_str(" of a mail about a subscription");
    }
    let would = if acting == Acting::Done { "" } else { "would be " };
    Some(match (acting, decision.outcome) {
        (Acting::ReadOnly, _) => return None,
        (_, BounceOutcome::Suppressed) => {
            let reason = decision.suppress.map_or(String::new(), |reason| format!(" ({reason})"));
            let would = if *was_suppressed {
                "was suppressed before"
            } else {
                &format!("{would}suppressed")
            };
            format!("{person}: {would}{reason}{known_by}")
        }
        (_, BounceOutcome::Counted) => {
            let number = decision.why.split(';').next().unwrap_or_default();
            format!("{person}: {would}counted ({number}){known_by}")
        }
        (_, BounceOutcome::Undecided) => {
            let command = decided.person.as_deref().map(|person| {
                let reason = match class {
                    BounceClass::Unsubscribe => "unsubscribed",
                    BounceClass::Complaint => "complaint",
                    _ => "hard-bounce",
                };
                let options = format!("--reason {reason} --why TEXT");
                let command = with_address("digest subscribers suppress", person, &options);
                format!(". To suppress: {command}")
            });
            format!("a person has to decide: {}{}", decision.why, command.unwrap_or_default())
        }
        (_, BounceOutcome::Unproven) => format!("unproven: {}", decision.why),
        (_, BounceOutcome::Nothing) => format!("nothing to do: {}{known_by}", decision.why),
    })
}

/// ` (550 5.1.1)`
fn codes(row: &ReportedRecipient) -> String {
    let code = row.code.map(|code| code.to_string());
    let status = row.status.map(|status| status.to_string());
    match [code, status].into_iter().flatten().collect::<Vec<_>>() {
        codes if codes.is_empty() => String::new(),
        codes => format!(" ({})", codes.join(" ")),
    }
}
