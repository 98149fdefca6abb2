//! What a message to us says of itself: which addresses of ours it came to, the tokens in them and in
//! its subject, when it was written, and a name for it by which it is known again.
//!
//! Must never take a token for proven: whoever has the keys asks.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::fields::{FieldBlock, ReportField};
use super::mbox::body_of;
use super::{answer, mime, original};
use crate::crypto;
use crate::message::token::LEAVE;

/// Addresses of ours that a message came to.
pub(super) fn addressed_to(header: &FieldBlock) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"] {
        original::add(&mut found, header, name);
    }
    found
}

/// What stands behind the `+` of an address of ours, and behind "unsubscribe" in the subject.
pub(super) fn tokens(header: &FieldBlock, addressed_to: &[String]) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for address in addressed_to {
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        if let Some((_, token)) = local.split_once('+').filter(|(_, token)| !token.is_empty()) {
            tokens.push(token.strip_prefix(LEAVE).unwrap_or(token).to_owned());
        }
    }
    let subject = answer::subject(header);
    let mut words = subject.split_whitespace();
    if words.next().is_some_and(|word| word.eq_ignore_ascii_case("unsubscribe")) {
        tokens.extend(words.next().map(str::to_owned));
    }
    tokens.dedup();
    tokens
}

/// When it was written, as it says.
pub(super) fn written_at(header: &FieldBlock) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(header.get("date")?.trim()).ok()
}

/// Fields that whoever writes a message gives it, and that nobody on the way or in a mailbox adds or
/// changes.
const OF_ITS_WRITER: [&str; 7] =
    ["from", "to", "subject", "date", "message-id", "content-type", "auto-submitted"];

/// By what the same message is known again, in hexadecimal digits, wherever it lies: by the fields of its
/// writer, the tokens that it came to, and its text. Servers, mailboxes and mail programs add other
/// fields; an mbox file puts a line before it; and line ends are whatever they are.
pub fn fingerprint(bytes: &[u8]) -> String {
    let text = mime::with_line_feeds(body_of(bytes));
    let end = text.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let (header, body) = mime::head(&text[..end]);
    let own = |field: &&ReportField| OF_ITS_WRITER.contains(&field.name.as_str());
    let fields = header.0.iter().filter(own);
    let mut fields: Vec<String> =
        fields.map(|field| format!("{}:{}\n", field.name, field.value)).collect();
    fields.sort_unstable();
    let mut tokens = tokens(&header, &addressed_to(&header));
    tokens.sort_unstable();
    tokens.dedup();
    let (fields, tokens) = (fields.concat(), tokens.join("\n"));
    let parts = [fields.as_bytes(), b"\n", tokens.as_bytes(), b"\n", &text[body..end]];
    data_encoding::HEXLOWER.encode(&crypto::sha256(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounce::fields;

    #[test]
    fn a_message_is_one_wherever_it_lies() {
        let one = fingerprint(b"Subject: a\n\nb\n");
        assert_eq!(one.len(), 64);
        for same in [
            &b"Subject: a\r\n\r\nb"[..],
            b"From x@y.example Thu Nov  6 09:00:00 2025\nSubject: a\n\nb\n\n",
            b"Status: RO\nX-Status: A\nX-UID: 7\nSubject: a\nX-Keywords: NonJunk\n\nb\n",
            b"Received: from a by b;\n\tFri, 7 Nov 2025\nDelivered-To: me@x.example\nSubject: a\n\nb",
        ] {
            assert_eq!(fingerprint(same), one);
        }
        for other in [
            &b"Subject: a\n\nc\n"[..],
            b"Subject: b\n\nb\n",
            b"Date: Fri, 7 Nov 2025 09:00:00 +0000\nSubject: a\n\nb\n",
            // Two people of whom a server says the same.
            b"Delivered-To: bounces+abc@x.example\nSubject: a\n\nb\n",
        ] {
            assert_ne!(fingerprint(other), one);
        }
    }

    #[test]
    fn tokens_stand_in_addresses_and_in_the_subject() {
        let tokens = |text: &str| {
            let header = fields::read(&format!("{text}\n\n")).0;
            tokens(&header, &addressed_to(&header))
        };
        assert_eq!(tokens("To: bounces+abc@x.example"), ["abc"]);
        assert_eq!(tokens("To: <bounces+u-AbC@x.example>"), ["AbC"]);
        assert_eq!(tokens("Subject: Re: Unsubscribe AbC_-1\nTo: a@x.example"), ["AbC_-1"]);
        assert!(tokens("Subject: October\nTo: a@x.example").is_empty());
    }

    #[test]
    fn the_date_is_read_as_mail_writes_it() {
        let at = |text: &str| written_at(&fields::read(&format!("Date: {text}\n\n")).0);
        let expected = Timestamp::from_second(1_762_437_600).ok();
        assert_eq!(at("Thu, 6 Nov 2025 09:00:00 -0500"), expected);
        assert_eq!(at("yesterday"), None);
    }
}
