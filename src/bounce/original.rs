//! The message that a report is about, as far as the report returns it: who it was, and the tokens in
//! it. Must never take what stands there for proven: anybody can return anything.

use super::addresses;
use super::fields::{self, FieldBlock};
use super::mime::MimeMessage;
use crate::message::token::token_in;

/// Texts of one kind that are kept, at most.
const MOST: usize = 10;

/// What names the original message, and what could prove that it was ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginalMessage {
    /// Its Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// Its reverse-paths (Return-Path).
    pub return_paths: Vec<String>,
    /// The unsubscribe tokens of its List-Unsubscribe, as they stand there.
    pub unsubscribe_tokens: Vec<String>,
    /// Whom it was to.
    pub to: Vec<String>,
    /// Whom it was from.
    pub(super) from: Vec<String>,
    /// Addresses that a provider adds in its reports for whom it was.
    pub(super) named_recipients: Vec<String>,
}

/// From its own part, or from `tail`: what the text returns.
pub(super) fn find(message: &MimeMessage, tail: &str) -> OriginalMessage {
    let is_whole = |kind: &str| {
        matches!(
            kind,
            "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
                | "message/global-headers"
                | "message/rfc822-headers"
                | "message/partial"
                | "text/rfc822"
                | "message/news"
        )
    };
    let parts = message.parts.iter().filter(|part| is_whole(&part.kind));
    let mut found = OriginalMessage::default();
    for text in parts.map(|part| part.text.as_str()).chain([tail]) {
        let block = header_in(text);
        if !block.0.is_empty() {
            found.take(&block);
        }
    }
    // A report of abuse has the reverse-path among its own fields (RFC 5965 3.2).
    let reports = message.parts.iter().filter(|part| part.kind == "message/feedback-report");
    for part in reports {
        add(&mut found.return_paths, &fields::read(&part.text).0, "original-mail-from");
    }
    found
}

/// The header at the beginning of a text, or below some lines that are none.
fn header_in(text: &str) -> FieldBlock {
    let mut rest = text;
    for _ in 0..40 {
        let (block, end) = fields::read(rest);
        let known = ["received", "message-id", "from", "date", "subject", "to", "return-path"];
        if known.iter().filter(|name| block.get(name).is_some()).count() >= 2 {
            return block;
        }
        // What has been read is not read again.
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        rest = &rest[line.max(end)..];
    }
    FieldBlock::default()
}

impl OriginalMessage {
    fn take(&mut self, block: &FieldBlock) {
        if self.message_id.is_none() {
            let id = block.get("message-id").map(|id| id.trim_matches([' ', '<', '>']));
            self.message_id = id.filter(|id| !id.is_empty() && id.len() <= 998).map(str::to_owned);
        }
        for name in ["return-path", "x-envelope-from", "x-return-path"] {
            add(&mut self.return_paths, block, name);
        }
        add(&mut self.to, block, "to");
        for name in ["from", "sender", "reply-to"] {
            add(&mut self.from, block, name);
        }
        for name in ["x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "x-rcpt-to"] {
            add(&mut self.named_recipients, block, name);
        }
        for value in block.all("list-unsubscribe") {
            // One URI after the other: a token is looked for in each.
            for uri in value.split(['<', '>', ',']).filter(|uri| uri.contains("/unsubscribe/")) {
                let token = token_in(uri);
                self.unsubscribe_tokens
                    .extend(token.filter(|_| self.unsubscribe_tokens.len() < MOST));
            }
        }
    }
}

/// Adds the addresses of the fields that are called `name`.
pub(super) fn add(list: &mut Vec<String>, block: &FieldBlock, name: &str) {
    for value in block.all(name) {
        for found in addresses::in_line(value) {
            if list.len() < MOST && !list.iter().any(|one| addresses::same(one, &found.text)) {
                list.push(found.text);
            }
        }
    }
}
