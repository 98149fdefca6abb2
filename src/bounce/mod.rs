//! The bytes of a message from the bounce mailbox -> what it reports of whom.
//!
//! 1. `mime` splits it, `original` finds the message that it returns.
//! 2. `feedback` reads complaints (RFC 5965), `status` delivery reports (RFC 3464, RFC 6533), `notice`
//!    what stands there for people, `answer` what is no report, `leaving` who asks to leave.
//! 3. `reason` says what the words and codes mean: [`BounceClass`] and [`BounceReason`].
//!
//! `provider` reads what providers of mail post on the web, and asks `reason` as well.
//!
//! Bytes in, a value out, in bounded time. Must never decide what is done about it: a report proves
//! nothing, and who acts on one asks for a token that only we can have written.

mod addresses;
mod answer;
pub mod code;
pub mod envelope;
mod feedback;
mod fields;
mod leaving;
pub mod mbox;
mod mime;
mod notice;
pub mod original;
pub mod provider;
pub mod reason;
mod status;

use jiff::Timestamp;

use code::{EnhancedStatus, ReplyCode, enhanced_status, reply_code};
use fields::FieldBlock;
use mime::{MimeMessage, header_text};
use notice::{NamedRecipient, Notice, NoticeSections};
use original::OriginalMessage;
use reason::{BounceClass, BounceReason, ReplyStage, ReportedFacts, decide};
use status::{StatusAction, StatusGroup};

use crate::message::token::with_tokens_shown;

/// Characters of a diagnostic that are kept.
const MOST_WORDS: usize = 500;
/// Recipients of one report, at most, of each of which its words may be said.
const MOST_WITH_WORDS: usize = 20;

/// What one message reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BounceReport {
    /// A row for each recipient that it speaks of. Never empty: a message that names nobody has one
    /// row without an address.
    pub recipients: Vec<ReportedRecipient>,
    /// The message that it is about.
    pub original: OriginalMessage,
    /// To which addresses of ours it came: envelope recipients, as far as they are noted, then To.
    pub addressed_to: Vec<String>,
    /// A token of the list that stands in an address of ours or in the subject, unproven.
    pub tokens: Vec<String>,
    /// When it was written, as it says.
    pub written_at: Option<Timestamp>,
    /// The addresses that From has or, where it has none, what it says.
    pub senders: String,
}

/// What is reported of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRecipient {
    /// Whose mail did not arrive, where the report says so.
    pub address: Option<String>,
    /// The address that was written to, where it differs (Original-Recipient).
    pub original_address: Option<String>,
    /// What it means.
    pub class: BounceClass,
    /// Why.
    pub reason: BounceReason,
    /// RFC 3463.
    pub status: Option<EnhancedStatus>,
    /// RFC 5321 4.2.
    pub code: Option<ReplyCode>,
    /// What the report says, on one line.
    pub text: String,
    /// Which part says it, such as `message/delivery-status`.
    pub part: String,
    /// At which line of the message, from 1.
    pub line: usize,
}

/// Reads one message. Any bytes have an answer.
pub fn read(bytes: &[u8]) -> BounceReport {
    read_for(bytes, &[])
}

/// The same for a publication with these `names`: who asks to leave may write one of them.
pub fn read_for(bytes: &[u8], names: &[String]) -> BounceReport {
    let message = mime::read(&mime::with_line_feeds(bytes));
    let notice = notice_of(&message);
    let mut original = original::find(&message, &notice.tail);
    let addressed_to = envelope::addressed_to(&message.header);
    let words = notice.whole();
    let mut recipients = match feedback::find(&message, &words, &original) {
        Some(Some(complaint)) => complaints(complaint),
        Some(None) => {
            vec![nobody(BounceClass::None, "a report of abuse that complains of nothing")]
        }
        None => {
            let reported = reported(&message, &notice, &words, &original, &addressed_to);
            reported.unwrap_or_else(|| vec![of_a_person(&message, &notice, &addressed_to, names)])
        }
    };
    original.to.truncate(1);
    let tokens = envelope::tokens(&message.header, &addressed_to);
    // What a report says is written down, and a token lets whoever reads it act for the person.
    for row in &mut recipients {
        row.text = with_tokens_shown(&row.text, &tokens);
    }
    let written_at = envelope::written_at(&message.header);
    let senders = senders(&message.header);
    BounceReport { recipients, original, addressed_to, tokens, written_at, senders }
}

/// The text for people: every part of text before the returned message.
fn notice_of(message: &MimeMessage) -> Notice {
    let mut notice = Notice::default();
    let has_plain = message.parts.iter().any(|part| part.kind == "text/plain");
    for part in &message.parts {
        let is_text = part.kind == "text/plain" || part.kind == "text/html" && !has_plain;
        if part.fields.says("content-disposition", "attachment") && !notice.lines.is_empty() {
            continue;
        }
        if part.kind == "message/rfc822" && !notice.lines.is_empty() {
            break;
        }
        if is_text {
            notice.add(&part.text, part.line);
        }
    }
    notice
}

/// What a mail system reports, or what asks whether a person wrote; `None` where it may be a letter.
fn reported(
    message: &MimeMessage,
    notice: &Notice,
    words: &str,
    original: &OriginalMessage,
    addressed_to: &[String],
) -> Option<Vec<ReportedRecipient>> {
    let from_groups = delivery_status(message, notice, words);
    if !from_groups.is_empty() {
        return Some(from_groups);
    }
    if is_failure_notice(message, words) {
        return Some(failures(message, notice, words, original, addressed_to));
    }
    let is_challenge = answer::is_challenge(&message.header, words);
    let question = || vec![nobody(BounceClass::Autoreply, "a question whether a person wrote")];
    is_challenge.then(question)
}

/// A wish to leave, the answer of a program, or a letter.
fn of_a_person(
    message: &MimeMessage,
    notice: &Notice,
    addressed_to: &[String],
    names: &[String],
) -> ReportedRecipient {
    let header = &message.header;
    if let Some(wish) = leaving::wish(header, notice, addressed_to, names) {
        // Of two fields nobody knows which one a mail program shows.
        let mut from = header.all("from");
        let address = from.next().and_then(mime::sole_address).filter(|_| from.next().is_none());
        let row = nobody(BounceClass::Unsubscribe, &one_line(&wish.text));
        let part = if wish.line.is_some() { "text" } else { "header" };
        let line = wish.line.unwrap_or(row.line);
        return ReportedRecipient { address, part: part.to_owned(), line, ..row };
    }
    if answer::is_automatic(header) {
        return nobody(BounceClass::Autoreply, &subject(header));
    }
    nobody(BounceClass::None, "this is no report")
}

fn senders(header: &FieldBlock) -> String {
    let text = header_text(&header.all("from").collect::<Vec<_>>().join(", "));
    let addresses: Vec<String> =
        addresses::in_line(&text).into_iter().map(|found| found.text).collect();
    one_line(&if addresses.is_empty() { text } else { addresses.join(", ") })
}

fn subject(header: &FieldBlock) -> String {
    one_line(&header_text(header.get("subject").unwrap_or_default()))
}

fn nobody(class: BounceClass, text: &str) -> ReportedRecipient {
    ReportedRecipient {
        address: None,
        original_address: None,
        class,
        reason: BounceReason::Unknown,
        status: None,
        code: None,
        text: text.to_owned(),
        part: "header".to_owned(),
        line: 1,
    }
}

fn complaints(complaint: feedback::FoundComplaint) -> Vec<ReportedRecipient> {
    let row = |address: Option<String>| ReportedRecipient {
        address,
        part: one_line(complaint.kind),
        line: complaint.line,
        reason: if complaint.of_signatures {
            BounceReason::Authentication
        } else {
            BounceReason::Unknown
        },
        ..nobody(BounceClass::Complaint, &one_line(&complaint.text))
    };
    if complaint.addresses.is_empty() {
        return vec![row(None)];
    }
    complaint.addresses.iter().map(|address| row(Some(address.clone()))).collect()
}

/// Rows of RFC 3464 fields, wherever they stand.
fn delivery_status(message: &MimeMessage, notice: &Notice, words: &str) -> Vec<ReportedRecipient> {
    let mut rows = Vec::new();
    let sections = notice.sections();
    let mut failed = Vec::new();
    original::add(&mut failed, &message.header, "x-failed-recipients");
    for part in &message.parts {
        let is_status = matches!(
            part.kind.as_str(),
            "message/delivery-status" | "message/global-delivery-status" | "text/delivery-status"
        );
        let is_open = part.kind.starts_with("text/") || part.kind.starts_with("application/");
        let has_fields = is_status || is_open && status::is_in(&part.text);
        if !has_fields {
            continue;
        }
        let groups = status::groups(&part.text);
        // Of many, what it says in words is said of none alone, and would be read for each.
        let words = if groups.len() > MOST_WITH_WORDS { "" } else { words };
        for mut group in groups {
            if !group.address().is_some_and(|address| address.contains('@')) && failed.len() == 1 {
                group.original = failed.first().cloned();
            }
            rows.extend(of_group(
                &group,
                &part.kind,
                part.line + group.line,
                notice,
                &sections,
                words,
            ));
        }
        if !rows.is_empty() {
            break;
        }
    }
    rows
}

fn of_group(
    group: &StatusGroup,
    part: &str,
    line: usize,
    notice: &Notice,
    sections: &NoticeSections,
    words: &str,
) -> Option<ReportedRecipient> {
    let address = group.address()?;
    let own = enhanced_status(&group.status);
    let said = enhanced_status(&group.diagnostic);
    let status = said.filter(|code| !code.is_general()).or(own).or(said);
    let code = reply_code(&group.diagnostic).or_else(|| reply_code(&group.status));
    let section = sections.of(notice, address);
    let section = section.as_deref().unwrap_or(words);
    let comment = group.status.split_once(' ').map_or("", |(_, comment)| comment);
    let reply = format!("{} {comment}", group.diagnostic);
    let (class, reason) = decide(&ReportedFacts {
        reply: &reply,
        notice: section,
        own: notice::own_words(section),
        status,
        code,
        stage: &|| notice::stage(section),
        delayed: group.action == Some(StatusAction::Delayed),
    });
    let arrived = group.action == Some(StatusAction::Arrived);
    let text = if group.diagnostic.is_empty() { &group.status } else { &group.diagnostic };
    let whole = |other: &&String| other.contains('@') && !addresses::same(other, address);
    Some(ReportedRecipient {
        // A name without a domain is nobody whom a list could have, and might be taken for a flag.
        address: Some(address).filter(|address| address.contains('@')).map(str::to_owned),
        original_address: group.original.as_ref().filter(whole).cloned(),
        class: if arrived { BounceClass::Delivered } else { class },
        reason: if arrived { BounceReason::Unknown } else { reason },
        status,
        code,
        text: one_line(text),
        part: one_line(part),
        line,
    })
}

/// Whether a message is of a mail system that tells of a failure in words alone.
fn is_failure_notice(message: &MimeMessage, words: &str) -> bool {
    let header = &message.header;
    if header.get("x-failed-recipients").is_some() {
        return true;
    }
    if header.says("content-type", "delivery-status") {
        return true;
    }
    let from = ["from", "sender", "return-path"].iter().any(|name| {
        [
            "mailer-daemon",
            "postmaster",
            "post_master",
            "mail delivery",
            "mailer daemon",
            "mailerdaemon",
            "mail-daemon",
            "daemon@",
        ]
        .iter()
        .any(|word| header.says(name, word))
    });
    let null =
        header.all("return-path").any(|value| value.trim().trim_matches(['<', '>']).is_empty());
    let said = subject(header).to_lowercase();
    let has_subject = FAILURES.iter().any(|words| said.contains(words));
    if !(from || has_subject || null) || answer::has_subject_of_answer(header) && !from {
        return false;
    }
    let plain = reason::plain(words);
    let in_text = FAILURES.iter().any(|words| plain.contains(words));
    let is_coded = enhanced_status(words).is_some() && reply_code(words).is_some();
    let is_reasoned = is_coded || reason::says_something(words);
    // Who is no mail system by name has to say that it failed, and why.
    from && (has_subject || in_text || is_reasoned)
        || (has_subject || null) && in_text && is_reasoned
}

/// What mail systems say of a failure, in the subject or in the text.
const FAILURES: &[&str] = &[
    "undeliver",
    "not be delivered",
    "not delivered",
    "not deliver",
    "delivery fail",
    "delivery status",
    "delivery notification",
    "delivery problem",
    "delivery error",
    "delivery report",
    "delivery has failed",
    "delivery unsuccessful",
    "failed delivery",
    "failure notice",
    "failure notification",
    "mail failure",
    "returned mail",
    "returned to sender",
    "returning message",
    "return to sender",
    "unable to deliver",
    "couldn't be delivered",
    "couldn't deliver",
    "can't be delivered",
    "cannot deliver",
    "cannot be delivered",
    "could not send",
    "can not be delivered",
    "did not reach",
    "was not sent",
    "has been delayed",
    "message delayed",
    "delayed mail",
    "not yet been delivered",
    "non-delivery",
    "nondelivery",
    "mail delivery",
    "message delivery",
    "error sending",
    "rejected",
    "bounce notification",
    "bounced mail",
    "bounced message",
    "bounced email",
    "attempting to deliver",
    "could not be sent",
    "has been returned",
    "processing error",
    "delivery confirmation",
    "has been postponed",
    "problem delivering",
    "error delivering",
    "mail system error",
    "did not receive",
    "were not able to",
    "was not able to",
    "recipient unknown",
    "user unknown",
    "failed mail",
    "failed to deliver",
    "delivery warning",
    "mail error",
    "mail error",
    "wasn't able to deliver",
    "delivery to the following",
    "permanent error",
    "fatal error",
    "unzustellbar",
    "nicht zugestellt",
    "zustellung",
    "fehlgeschlagen",
    "non remis",
    "non distribu",
    "échec",
    "echec",
    "no se pudo",
    "no entregado",
    "no se ha podido",
    "não foi possível",
    "não entregue",
    "falha",
    "mancato recapito",
    "mancata consegna",
    "onbestelbaar",
    "niet bezorgd",
    "kunde inte",
    "kunne ikke",
    "nie można",
    "nelze doru",
    "недостав",
    "не достав",
    "не может быть",
    "エラー",
    "失敗",
    "配信できま",
    "送信できま",
    "届けられ",
    "送れませ",
    "전송 실패",
    "전송실패",
    "반송",
    "발송 실패",
    "전송되지",
    "配信不能",
    "无法",
    "退信",
    "失败",
    "無法",
    "失敗",
    "投递",
];

/// Rows of a notice without fields.
fn failures(
    message: &MimeMessage,
    notice: &Notice,
    words: &str,
    original: &OriginalMessage,
    addressed_to: &[String],
) -> Vec<ReportedRecipient> {
    let header = &message.header;
    let named = recipients_of(header, notice, original, addressed_to);
    let part = message.parts.iter().find(|part| part.kind.starts_with("text/"));
    let part = part.map_or("text/plain", |part| part.kind.as_str());
    let about = subject(header);
    if named.is_empty() {
        let mut row = of_notice(None, words, ("", &about), part, 1);
        soften(&mut row);
        return vec![row];
    }
    let first = named.iter().map(|one| one.line).min().unwrap_or(0);
    let preface = notice.text(0, first);
    (0..named.len())
        .map(|at| {
            let section = match notice.section(&named, at) {
                empty if empty.is_empty() => words.to_owned(),
                section => section,
            };
            let line = notice.lines.get(named[at].line).map_or(1, |line| line.number);
            let address = named[at].address.clone();
            let mut row = of_notice(Some(address), &section, (&preface, &about), part, line);
            if !named[at].is_named {
                soften(&mut row);
            }
            row
        })
        .collect()
}

/// Whom a notice does not name, it calls no bad address.
fn soften(row: &mut ReportedRecipient) {
    if row.class == BounceClass::Hard {
        row.class = BounceClass::Soft;
    }
}

fn of_notice(
    address: Option<String>,
    section: &str,
    (preface, subject): (&str, &str),
    part: &str,
    line: usize,
) -> ReportedRecipient {
    let whole = format!("{preface}\n{section}");
    let own = notice::own_words(&whole);
    let preface = &format!("{preface}\n{subject}");
    let status = enhanced_status(section).or_else(|| enhanced_status(preface));
    let code = reply_code(section).or_else(|| reply_code(preface));
    let stage = || match notice::stage(section) {
        ReplyStage::Unsaid => notice::stage(preface),
        stage => stage,
    };
    let delayed = {
        let preface = reason::plain(preface);
        ["delayed", "not yet been delivered", "postponed", "warning"]
            .iter()
            .any(|w| preface.contains(w))
    };
    let (reply, notice, stage) = (section, preface.as_str(), &stage);
    let evidence = ReportedFacts { reply, notice, own, status, code, stage, delayed };
    let (class, reason) = decide(&evidence);
    ReportedRecipient {
        address,
        original_address: None,
        class,
        reason,
        status,
        code,
        text: one_line(section),
        part: part.to_owned(),
        line,
    }
}

/// Whom a notice is about.
fn recipients_of(
    header: &FieldBlock,
    notice: &Notice,
    original: &OriginalMessage,
    addressed_to: &[String],
) -> Vec<NamedRecipient> {
    let mut failed = Vec::new();
    original::add(&mut failed, header, "x-failed-recipients");
    if !failed.is_empty() {
        let sections = notice.sections();
        let named = |address: String| {
            let line = sections.line_of(&address).unwrap_or(0);
            NamedRecipient { address, line, is_named: true }
        };
        return failed.into_iter().map(named).collect();
    }
    let mut others = addressed_to.to_vec();
    for name in ["from", "return-path"] {
        original::add(&mut others, header, name);
    }
    others.extend(original.from.iter().cloned());
    others.extend(original.return_paths.iter().cloned());
    let named = notice.named(&others);
    if !named.is_empty() {
        return named;
    }
    let named = notice.named_clearly();
    if !named.is_empty() {
        return named;
    }
    match &original.to[..] {
        [only] => {
            let line = notice.lines.len();
            vec![NamedRecipient { address: only.clone(), line, is_named: false }]
        }
        _ => Vec::new(),
    }
}

/// On one line, of a length that a person reads.
fn one_line(text: &str) -> String {
    const CUT: &str = "…";
    let mut line = String::new();
    for word in text.split_whitespace() {
        let space = if line.is_empty() { "" } else { " " };
        let room = MOST_WORDS.saturating_sub(line.len() + space.len());
        // Each word leaves room for the sign that it was the last one.
        if word.len() + CUT.len() <= room {
            line.push_str(space);
            line.push_str(word);
            continue;
        }
        // Japanese and Chinese have no spaces.
        let part = fields::cut(word, room.saturating_sub(CUT.len()));
        line.push_str(if part.is_empty() { "" } else { space });
        line.push_str(part);
        line.push_str(CUT);
        break;
    }
    line
}
