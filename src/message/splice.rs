//! Composition -> template, once; template + recipient -> message, for each.
//!
//! A message is the concatenation of stretches that were encoded once and of the values that
//! differ: no template run, no Markdown, no inlining and no MIME encoding of the body happens here.
//! What is spliced is signed last, and nothing is added behind the signature.

mod values;

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::address::Address;
use super::dkim::{self, Signer};
use super::encode::{self, Base64Literal, Base64Writer, Encoding};
use super::header::{self, HeaderText, Mailbox};
use super::recipient::Recipient;
use super::token::{Keys, LEAVE, Purpose};
use super::{Envelope, Message};
use crate::compose::{Composition, Picture, Segment, SlotContext};
use crate::crypto::signing::SignError;
use crate::issue::only::Only;
use crate::issue::slot::{self, Slot};
use values::{Passages, Values, plain_text};

/// Characters of a local part, at most.
const MOST_LOCAL: usize = 64;

/// Who a publication is in mail.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `From`.
    pub from: Mailbox,
    /// `Reply-To`.
    pub reply_to: Option<Mailbox>,
    /// The list's name, for List-Id (RFC 2919).
    pub list_name: HeaderText,
    /// The list's identifier, `digest.sejong.example`.
    pub list_id: String,
    /// Where its pages are; no slash at its end.
    pub base_url: String,
    /// Where earlier issues are read, for List-Archive (RFC 2369, 3.6).
    pub list_archive: String,
    /// Where all readers choose what they get; each has a page of their own under `base_url` where it is
    /// none.
    pub preferences_url: Option<String>,
    /// `bounces+{token}@…`: where reports of failure go; `None` sends them to the From address.
    pub reverse_path: Option<String>,
    /// For tokens and identifiers.
    pub keys: Keys,
    /// Who signs each message; nobody where the relay does.
    pub signers: Vec<Signer>,
}

/// What one run of sending adds to all its messages.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// `Date`, RFC 5322 3.3, such as `Thu, 6 Nov 2025 09:00:00 -0500`.
    pub date: String,
    /// The same moment in seconds of Unix, for signatures.
    pub time: i64,
    /// Whether this is a trial: `[test]` before the subject, and a Message-ID of its own.
    pub test: bool,
    /// What the messages are.
    pub kind: MailKind,
}

/// What a message is to whoever gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// An issue, which the whole list gets.
    Issue,
    /// A word to one subscriber about their subscription.
    Notice,
    /// A question to somebody who may be on no list: nothing in it leaves one.
    Confirmation,
}

/// A slot that a recipient has no value for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} has no {field}")]
pub struct Unfilled {
    /// The recipient.
    pub address: Address,
    /// The field.
    pub field: String,
    /// The slot's index in [`Composition::slots`].
    pub slot: usize,
}

/// Why there is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// The recipient's row lacks something.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    /// It could not be signed, which says nothing of the recipient.
    #[error(transparent)]
    Unsigned(#[from] SignError),
}

/// A composition, encoded.
#[derive(Clone, Debug)]
pub struct Template {
    identity: Identity,
    issue: String,
    test: bool,
    kind: MailKind,
    time: i64,
    subject: Vec<Segment>,
    slots: Vec<Option<Slot>>,
    /// Header fields that are the same for all, each block complete.
    before_to: Vec<u8>,
    after_to: Vec<u8>,
    parts: Vec<BodyPart>,
    size: usize,
}

#[derive(Clone, Debug)]
enum BodyPart {
    /// The same bytes for all.
    Bytes(Vec<u8>),
    Quoted(Vec<QuotedSegment>),
    Base64(Vec<Base64Segment>),
}

#[derive(Clone, Debug)]
enum QuotedSegment {
    Literal(Vec<u8>),
    Slot(usize, SlotContext),
    When(Only),
    EndWhen,
}

#[derive(Clone, Debug)]
enum Base64Segment {
    Literal(Base64Literal),
    Slot(usize, SlotContext),
    When(Only),
    EndWhen,
}

impl Template {
    /// Encodes a composition: each part in the smaller of quoted-printable and base64.
    pub fn new(composition: &Composition, identity: Identity, occasion: &Occasion) -> Template {
        let before_to = headers_before_to(&identity);
        let after_to = headers_after_to(composition, &identity, occasion);
        let parts = body(composition);
        let size =
            before_to.len() + after_to.len() + parts.iter().map(BodyPart::size).sum::<usize>();
        let issue = if occasion.test {
            format!("{} test {}", composition.issue, occasion.date)
        } else {
            composition.issue.clone()
        };
        Template {
            issue,
            test: occasion.test,
            kind: occasion.kind,
            time: occasion.time,
            subject: composition.subject.clone(),
            slots: composition.slots.clone(),
            size: size + 1024 + dkim::size(&identity.signers),
            identity,
            before_to,
            after_to,
            parts,
        }
    }

    /// Bytes of a message, about: what differs between recipients is counted as 1 kB.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether somebody signs.
    pub fn signs(&self) -> bool {
        !self.identity.signers.is_empty()
    }

    /// The Message-ID of a recipient's message, without angle brackets.
    pub fn message_id(&self, address: &Address) -> String {
        let Identity { keys, list_id, .. } = &self.identity;
        self.message_id_of(&keys.message_token(list_id, &self.issue, address))
    }

    /// The Message-ID of a copy that a recipient gets on purpose, after `earlier` others. It is
    /// another one: a mail program may hide the second of two messages with one Message-ID, and a
    /// relay's log could not tell them apart.
    pub fn copy_message_id(&self, address: &Address, earlier: u64) -> String {
        let Identity { keys, list_id, .. } = &self.identity;
        let copy = format!("{} copy {earlier}", self.issue);
        self.message_id_of(&keys.message_token(list_id, &copy, address))
    }

    /// The Message-ID of a mail to one reader, which was written down at that moment: the same at every
    /// attempt, and another one for the next mail of its kind.
    pub fn letter_message_id(&self, address: &Address, added_at_ms: i64) -> String {
        let Identity { keys, list_id, .. } = &self.identity;
        let letter = format!("{} of {added_at_ms}", self.issue);
        self.message_id_of(&keys.message_token(list_id, &letter, address))
    }

    /// The reverse-path of all messages, in which `{token}` stands for each one's own.
    pub fn reverse_path_pattern(&self) -> &str {
        let Identity { reverse_path, from, .. } = &self.identity;
        reverse_path.as_deref().unwrap_or(from.address.as_str())
    }

    fn message_id_of(&self, token: &str) -> String {
        format!("{token}@{}", self.identity.from.address.domain())
    }

    /// The unsubscribe page of a recipient.
    pub fn unsubscribe_url(&self, address: &Address) -> String {
        let identity = &self.identity;
        let token = identity.keys.unsubscribe_token(&identity.list_id, address);
        format!("{}/unsubscribe/{token}", identity.base_url)
    }

    /// The page on which a recipient chooses what they get.
    fn preferences_url(&self, address: &Address) -> String {
        let Identity { keys, list_id, base_url, preferences_url, .. } = &self.identity;
        let own = || {
            let token = keys.preferences_token(list_id, address);
            format!("{base_url}/{}/{token}", Purpose::Preferences)
        };
        preferences_url.clone().unwrap_or_else(own)
    }

    /// The slots that `recipient` has no value for.
    pub fn unfilled(&self, recipient: &Recipient) -> Vec<Unfilled> {
        let mut unfilled = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            let Some(Slot { field, fallback: None }) = slot else { continue };
            if !slot::is_page(field) && recipient.field(field).is_none() {
                let address = recipient.address().clone();
                unfilled.push(Unfilled { address, field: field.clone(), slot: index });
            }
        }
        unfilled
    }

    /// The message for one recipient, signed where somebody signs.
    ///
    /// # Errors
    /// A slot without a fallback that the recipient has no value for, or a signature that could not
    /// be made: no half-made message exists.
    pub fn splice(&self, recipient: &Recipient) -> Result<Message, SpliceError> {
        self.splice_row(recipient, 0, None)
    }

    /// The same for the recipient with the number `row` in the ledger, which the reverse-path names.
    /// Where the message had a Message-ID before, it keeps that, also where the sender's domain, the
    /// list's name or the key are other ones now.
    ///
    /// # Errors
    /// As [`Template::splice`].
    pub fn splice_row(
        &self,
        recipient: &Recipient,
        row: u64,
        message_id: Option<&str>,
    ) -> Result<Message, SpliceError> {
        let address = recipient.address();
        let message_id = message_id.map_or_else(|| self.message_id(address), str::to_owned);
        let mut bytes = self.unsigned(recipient, &message_id)?;
        let signatures = dkim::sign(&self.identity.signers, self.time, &bytes)?;
        bytes.splice(..0, signatures);
        let envelope =
            Envelope { reverse_path: self.reverse_path(address, row), recipient: address.clone() };
        Ok(Message { envelope, message_id, bytes })
    }

    fn unsigned(&self, recipient: &Recipient, message_id: &str) -> Result<Vec<u8>, Unfilled> {
        let address = recipient.address();
        let unsubscribe = self.unsubscribe_url(address);
        let values = self.values(recipient, &unsubscribe)?;
        let mut bytes = Vec::with_capacity(self.size);
        bytes.extend_from_slice(&self.before_to);
        let name = recipient.display_name().map(|name| HeaderText::new(&name));
        let to = Mailbox {
            name: name.filter(|name| !name.as_str().is_empty()),
            address: address.clone(),
        };
        header::mailbox("To", &to, &mut bytes);
        let mut subject = plain_text(&self.subject, &values, recipient);
        if self.test {
            subject.insert_str(0, "[test] ");
        }
        header::unstructured("Subject", &HeaderText::new(&subject), &mut bytes);
        bytes.extend_from_slice(format!("Message-ID: <{message_id}>\r\n").as_bytes());
        if self.kind != MailKind::Confirmation {
            self.list_unsubscribe(&unsubscribe, &mut bytes);
        }
        bytes.extend_from_slice(&self.after_to);
        for part in &self.parts {
            part.write(&values, recipient, &mut bytes);
        }
        Ok(bytes)
    }

    fn values<'a>(
        &'a self,
        recipient: &'a Recipient,
        unsubscribe: &'a str,
    ) -> Result<Values<'a>, Unfilled> {
        let mut values = Vec::with_capacity(self.slots.len());
        for (index, slot) in self.slots.iter().enumerate() {
            values.push(match slot {
                None => Cow::Borrowed(""),
                Some(slot) if slot.field == "unsubscribe_url" => Cow::Borrowed(unsubscribe),
                Some(slot) if slot.field == "preferences_url" => {
                    Cow::Owned(self.preferences_url(recipient.address()))
                }
                Some(slot) => match recipient.field(&slot.field).or(slot.fallback.as_deref()) {
                    Some(value) => Cow::Borrowed(value),
                    None => {
                        let (address, field) = (recipient.address().clone(), slot.field.clone());
                        return Err(Unfilled { address, field, slot: index });
                    }
                },
            });
        }
        Ok(Values(values))
    }

    /// RFC 2369 3.2 and RFC 8058 3.1: https first, for one click, and mailto for old programs. The
    /// mail that they write has the token in its subject, which every program and server leaves as it
    /// is, so that it lets this reader leave whatever address it is sent from.
    fn list_unsubscribe(&self, url: &str, out: &mut Vec<u8>) {
        let token = url.rsplit('/').next().unwrap_or_default();
        let line = format!(
            "List-Unsubscribe: <{url}>,\r\n <mailto:{}?subject=unsubscribe%20{token}>\r\n",
            mailto(&self.leave_address(token)),
        );
        out.extend_from_slice(line.as_bytes());
    }

    /// Where readers write to leave: to the mailbox of reports, where messages have a reverse-path of
    /// their own, with the token in the address too if it fits (RFC 5321 4.5.3.1.1); otherwise to
    /// whom they would answer.
    fn leave_address(&self, token: &str) -> String {
        let identity = &self.identity;
        let pattern = identity.reverse_path.as_deref().filter(|path| path.contains("{token}"));
        let Some(pattern) = pattern else {
            let mailbox = identity.reply_to.as_ref().unwrap_or(&identity.from);
            return mailbox.address.as_str().to_owned();
        };
        let own = pattern.replace("{token}", &format!("{LEAVE}{token}"));
        let fits = own.rsplit_once('@').is_some_and(|(local, _)| local.len() <= MOST_LOCAL);
        if fits && pattern.contains("+{token}") {
            return own;
        }
        pattern.replace("{token}", Purpose::Unsubscribe.word())
    }

    /// RFC 5321 4.5.5: failures come back to an address that names the message, where there is one.
    /// Only the relay and the recipient's server see it; the message does not show it.
    fn reverse_path(&self, recipient: &Address, row: u64) -> Option<Address> {
        let Identity { keys, list_id, from, .. } = &self.identity;
        let fallback = || from.address.clone();
        let Some(pattern) = &self.identity.reverse_path else { return Some(fallback()) };
        let token = keys.reverse_path_token(list_id, &self.issue, recipient, row);
        Some(Address::parse(&pattern.replace("{token}", &token)).unwrap_or_else(|_| fallback()))
    }
}

/// An address within a `mailto:` URI (RFC 6068 2).
fn mailto(address: &str) -> String {
    const RESERVED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'&').add(b'"').add(b'<').add(b'>');
    utf8_percent_encode(address, RESERVED).to_string()
}

fn headers_before_to(identity: &Identity) -> Vec<u8> {
    let mut out = Vec::new();
    header::mailbox("From", &identity.from, &mut out);
    if let Some(reply_to) = &identity.reply_to {
        header::mailbox("Reply-To", reply_to, &mut out);
    }
    out
}

fn headers_after_to(
    composition: &Composition,
    identity: &Identity,
    occasion: &Occasion,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = |text: String| {
        out.extend_from_slice(HeaderText::new(&text).as_str().as_bytes());
        out.extend_from_slice(b"\r\n");
    };
    if occasion.kind != MailKind::Confirmation {
        line("List-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned());
    }
    if occasion.kind == MailKind::Issue {
        line(format!("List-Archive: <{}>", identity.list_archive));
        line(feedback_id(&composition.issue, identity));
    } else {
        // RFC 3834 5.1: nobody's absence note answers it.
        line("Auto-Submitted: auto-generated".to_owned());
    }
    line(format!("Date: {}", occasion.date));
    let language: String =
        composition.language.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    line(format!("Content-Language: {language}"));
    line("MIME-Version: 1.0".to_owned());
    let mut list_id = Vec::new();
    header::list_id(&identity.list_name, &identity.list_id, &mut list_id);
    list_id.extend(out);
    list_id
}

/// campaign : customer : kind of mail : sender, as Gmail's postmaster tools read it.
fn feedback_id(issue: &str, identity: &Identity) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let issue: String = issue.chars().filter(fits).collect();
    let domain = identity.from.address.domain();
    format!("Feedback-ID: {issue}:{}:newsletter:{domain}", identity.list_id)
}

/// Everything from `Content-Type` on: alternative(text, html), or alternative(text, related(html,
/// pictures)) (RFC 2046 5.1.4, RFC 2387).
fn body(composition: &Composition) -> Vec<BodyPart> {
    let hash = composition.hash_hex();
    // `=_` cannot stand in quoted-printable, nor `_` in base64: no boundary can be met by chance.
    let outer = format!("=_alternative_{}", &hash[..16]);
    let inner = format!("=_related_{}", &hash[..16]);
    let mut parts = Vec::new();
    let bytes = |text: String| BodyPart::Bytes(text.into_bytes());
    parts.push(bytes(format!(
        "Content-Type: multipart/alternative; boundary=\"{outer}\"\r\n\r\n--{outer}\r\n"
    )));
    parts.extend(text_part("text/plain", &composition.text));
    parts.push(bytes(format!("\r\n--{outer}\r\n")));
    if composition.pictures.is_empty() {
        parts.extend(text_part("text/html", &composition.html));
    } else {
        parts.push(bytes(format!(
            "Content-Type: multipart/related; boundary=\"{inner}\";\r\n \
             type=\"text/html\"\r\n\r\n--{inner}\r\n"
        )));
        parts.extend(text_part("text/html", &composition.html));
        let mut pictures = Vec::new();
        for picture in &composition.pictures {
            picture_part(picture, &inner, &mut pictures);
        }
        pictures.extend_from_slice(format!("\r\n--{inner}--\r\n").as_bytes());
        parts.push(BodyPart::Bytes(pictures));
    }
    parts.push(bytes(format!("\r\n--{outer}--\r\n")));
    parts
}

fn picture_part(picture: &Picture, boundary: &str, out: &mut Vec<u8>) {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = picture.file_name.chars().map(plain).collect();
    let head = format!(
        "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: \
         <{}>\r\nContent-Disposition: inline; filename=\"{name}\"\r\n\r\n",
        picture.media_type, picture.content_id,
    );
    out.extend_from_slice(head.as_bytes());
    encode::base64_lines(&picture.bytes, out);
}

fn text_part(media_type: &str, segments: &[Segment]) -> [BodyPart; 2] {
    let quoted = quoted_segments(segments);
    let base64 = base64_segments(segments);
    let (quoted, base64) = (BodyPart::Quoted(quoted), BodyPart::Base64(base64));
    let (encoding, part) = if quoted.size() <= base64.size() {
        (Encoding::QuotedPrintable, quoted)
    } else {
        (Encoding::Base64, base64)
    };
    let head = format!(
        "Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n",
        encoding.name()
    );
    [BodyPart::Bytes(head.into_bytes()), part]
}

fn quoted_segments(segments: &[Segment]) -> Vec<QuotedSegment> {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => {
            let mut out = Vec::new();
            encode::quoted_printable(text, &mut out);
            QuotedSegment::Literal(out)
        }
        Segment::Slot(index, context) => QuotedSegment::Slot(*index, *context),
        Segment::When(tag) => QuotedSegment::When(Only::of_passage(tag)),
        Segment::EndWhen => QuotedSegment::EndWhen,
    };
    segments.iter().map(segment).collect()
}

fn base64_segments(segments: &[Segment]) -> Vec<Base64Segment> {
    let segment = |segment: &Segment| match segment {
        Segment::Literal(text) => Base64Segment::Literal(Base64Literal::new(text)),
        Segment::Slot(index, context) => Base64Segment::Slot(*index, *context),
        Segment::When(tag) => Base64Segment::When(Only::of_passage(tag)),
        Segment::EndWhen => Base64Segment::EndWhen,
    };
    segments.iter().map(segment).collect()
}

impl BodyPart {
    /// Bytes that are the same for all.
    fn size(&self) -> usize {
        match self {
            BodyPart::Bytes(bytes) => bytes.len(),
            BodyPart::Quoted(segments) => segments
                .iter()
                .map(|segment| match segment {
                    QuotedSegment::Literal(bytes) => bytes.len(),
                    _ => 16,
                })
                .sum(),
            BodyPart::Base64(segments) => segments
                .iter()
                .map(|segment| match segment {
                    Base64Segment::Literal(literal) => literal.size(),
                    _ => 16,
                })
                .sum(),
        }
    }

    fn write(&self, values: &Values<'_>, recipient: &Recipient, out: &mut Vec<u8>) {
        let mut passages = Passages::default();
        match self {
            BodyPart::Bytes(bytes) => out.extend_from_slice(bytes),
            BodyPart::Quoted(segments) => {
                for segment in segments {
                    match segment {
                        QuotedSegment::When(only) => passages.open(only.means(recipient)),
                        QuotedSegment::EndWhen => passages.close(),
                        _ if passages.hidden() => {}
                        QuotedSegment::Literal(bytes) => out.extend_from_slice(bytes),
                        QuotedSegment::Slot(index, context) => {
                            encode::quoted_printable(&values.get(*index, *context), out);
                        }
                    }
                }
            }
            BodyPart::Base64(segments) => {
                let mut writer = Base64Writer::default();
                for segment in segments {
                    match segment {
                        Base64Segment::When(only) => passages.open(only.means(recipient)),
                        Base64Segment::EndWhen => passages.close(),
                        _ if passages.hidden() => {}
                        Base64Segment::Literal(literal) => writer.literal(literal, out),
                        Base64Segment::Slot(index, context) => {
                            writer.value(&values.get(*index, *context), out);
                        }
                    }
                }
                writer.finish(out);
            }
        }
    }
}

/// A composition's text or HTML for one recipient: what the message's part decodes to, with LF.
pub fn part_text(
    template: &Template,
    segments: &[Segment],
    recipient: &Recipient,
) -> Result<String, Unfilled> {
    let unsubscribe = template.unsubscribe_url(recipient.address());
    let values = template.values(recipient, &unsubscribe)?;
    Ok(plain_text(segments, &values, recipient))
}
