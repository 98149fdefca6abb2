//! A message -> its parts, in their order: split by lines, because reports are broken where a parser
//! of sound mail gives up. What stands in a part is decoded by mail-parser.
//!
//! Nothing here follows a message into the message that it quotes, so that depth has an end. Must
//! never look at more than [`MOST_BYTES`].

use mail_parser::MessageParser;
use mail_parser::decoders::html::html_to_text;

use super::fields::{self, FieldBlock, parameter};

/// Bytes that are looked at. What a report says stands before the message that it returns.
pub(super) const MOST_BYTES: usize = 1024 * 1024;
/// How deep parts stand in parts, at most.
const MOST_DEPTH: usize = 6;
/// Parts that are read, at most.
const MOST_PARTS: usize = 60;
/// Bytes of one part that are decoded.
const MOST_OF_PART: usize = 128 * 1024;

/// A leaf of the tree of parts.
#[derive(Clone, Debug)]
pub(super) struct MimePart {
    /// Type and subtype in small letters; `text/plain` where nothing is said.
    pub(super) kind: String,
    pub(super) fields: FieldBlock,
    /// Decoded, with line ends of one character.
    pub(super) text: String,
    /// The line of the message where its text begins, from 1.
    pub(super) line: usize,
}

/// A message as its header and parts.
#[derive(Clone, Debug)]
pub(super) struct MimeMessage {
    pub(super) header: FieldBlock,
    pub(super) parts: Vec<MimePart>,
}

/// The beginning of a message with one kind of line end.
pub(super) fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len().min(MOST_BYTES));
    let mut after_return = false;
    for byte in bytes {
        match (byte, after_return) {
            (b'\n', true) => {}
            (b'\r', _) => lines.push(b'\n'),
            (other, _) => lines.push(*other),
        }
        after_return = *byte == b'\r';
        if lines.len() == MOST_BYTES {
            break;
        }
    }
    lines
}

/// Reads a message whose line ends are of one character.
pub(super) fn read(bytes: &[u8]) -> MimeMessage {
    let (header, end) = head(bytes);
    let mut tree = PartTree { whole: bytes, parts: Vec::new() };
    tree.entity(&header, end, bytes.len(), 0);
    MimeMessage { header, parts: tree.parts }
}

/// The fields at the beginning of `bytes`, and where the text behind them begins.
pub(super) fn head(bytes: &[u8]) -> (FieldBlock, usize) {
    // Only as much as a header may have becomes text: places in it are places in the bytes, as long
    // as each byte that is no ASCII counts as one.
    let most = bytes.len().min(64 * 1024);
    match std::str::from_utf8(&bytes[..most]) {
        Ok(text) => fields::read(text),
        Err(_) => {
            let plain: Vec<u8> =
                bytes[..most].iter().map(|b| if b.is_ascii() { *b } else { b'?' }).collect();
            let (_, end) = fields::read(&String::from_utf8_lossy(&plain));
            (fields::read(&String::from_utf8_lossy(&bytes[..end])).0, end)
        }
    }
}

struct PartTree<'a> {
    whole: &'a [u8],
    parts: Vec<MimePart>,
}

impl PartTree<'_> {
    /// Reads what stands between `start` and `end`, to which `fields` belong.
    fn entity(&mut self, fields: &FieldBlock, start: usize, end: usize, depth: usize) {
        if self.parts.len() >= MOST_PARTS {
            return;
        }
        let value = fields.get("content-type").unwrap_or("text/plain");
        let mut kind = kind(value);
        if kind.starts_with("multipart/") && depth < MOST_DEPTH {
            let body = &self.whole[start..end];
            let boundary =
                parameter(value, "boundary").map(|text| format!("--{text}").into_bytes());
            let pieces = match boundary {
                Some(boundary) => pieces(body, &boundary),
                None => Vec::new(),
            };
            let pieces = if pieces.is_empty() { guessed(body) } else { pieces };
            if !pieces.is_empty() {
                for (from, to) in pieces {
                    let (from, to) = (start + from, start + to);
                    let (fields, text) = head(&self.whole[from..to]);
                    self.entity(&fields, from + text, to, depth + 1);
                }
                return;
            }
            // Without any delimiter all of it is one text.
            kind = "text/plain".to_owned();
        }
        let text = decoded(&kind, fields, &self.whole[start..end]);
        let line = 1 + memchr::memchr_iter(b'\n', &self.whole[..start]).count();
        self.parts.push(MimePart { kind, fields: fields.clone(), text, line });
    }
}

/// `text/plain` of `Text/Plain; charset=x`.
fn kind(value: &str) -> String {
    let kind = value.split([';', ' ', '\t']).next().unwrap_or_default();
    if kind.contains('/') { kind.to_ascii_lowercase() } else { "text/plain".to_owned() }
}

/// The places between the lines that are `delimiter`; what stands before the first is a part of its
/// own if it says something.
fn pieces(body: &[u8], delimiter: &[u8]) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut open = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii_end();
        if let Some(rest) = bare.strip_prefix(delimiter)
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(from) = open {
                pieces.push((from, at));
            }
            open = rest.is_empty().then_some(at + line.len());
        }
        at += line.len();
    }
    if let Some(from) = open.filter(|from| *from < body.len()) {
        pieces.push((from, body.len()));
    }
    pieces.retain(|(from, to)| from < to);
    pieces
}

/// The same where the header names no delimiter, or one that never comes: a line of two hyphens with
/// a field of MIME below it is taken for one.
fn guessed(body: &[u8]) -> Vec<(usize, usize)> {
    let mut before: &[u8] = b"";
    for line in body.split(|byte| *byte == b'\n') {
        let is_field = line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        if is_field && before.starts_with(b"--") && before.len() > 4 {
            return pieces(body, before.trim_ascii_end());
        }
        before = line;
    }
    Vec::new()
}

/// The text of a part, as its fields say that it is written.
fn decoded(kind: &str, fields: &FieldBlock, bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MOST_OF_PART)];
    let word = |value: &str| -> String {
        value.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect()
    };
    let encoding = fields.get("content-transfer-encoding").unwrap_or("").trim();
    let encoding = word(encoding).to_ascii_lowercase();
    let charset = fields.get("content-type").and_then(|value| parameter(value, "charset"));
    let charset = charset.map(|value| word(&value).to_ascii_lowercase());
    let is_plain = !matches!(encoding.as_str(), "base64" | "quoted-printable")
        && charset.as_deref().is_none_or(|name| matches!(name, "us-ascii" | "utf-8" | ""));
    let text = if is_plain {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        // Under a header that says no more than this, nothing of the part can lead further.
        let charset = charset.unwrap_or_else(|| "utf-8".to_owned());
        let mut alone = format!(
            "Content-Type: text/plain; charset=\"{charset}\"\nContent-Transfer-Encoding: {encoding}\n\n"
        )
        .into_bytes();
        alone.extend_from_slice(bytes);
        let message = MessageParser::default().parse(&alone);
        let text = message.as_ref().and_then(|message| message.parts.first()?.text_contents());
        text.map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
    };
    let text = if kind == "text/html" { words_of(&text) } else { text };
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

/// The words of HTML, with the lines that its blocks make.
fn words_of(html: &str) -> String {
    html_to_text(html)
}

/// The address of a From that has one alone: never one of a display name or a comment. What stands in
/// quotation marks before its `@` is kept as it is.
pub(super) fn sole_address(value: &str) -> Option<String> {
    let mut addresses = mailboxes(value).into_iter().filter(|address| address.contains('@'));
    let address = addresses.next()?;
    let is_quoted = address.starts_with('"') && address.contains("\"@");
    let is_one = is_quoted || !address.contains(char::is_whitespace);
    (is_one && addresses.next().is_none()).then_some(address)
}

/// What stands in each place of an address field where an address should (RFC 5322 3.4).
fn mailboxes(value: &str) -> Vec<String> {
    let (mut found, mut bare, mut angle) = (Vec::new(), String::new(), None::<String>);
    let (mut is_quoted, mut depth, mut is_open) = (false, 0_u32, false);
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' && (is_quoted || depth > 0) { chars.next() } else { None };
        match c {
            '"' if depth == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            '<' if !is_quoted && depth == 0 => {
                (angle, is_open) = (Some(String::new()), true);
                continue;
            }
            '>' if !is_quoted && depth == 0 => {
                is_open = false;
                continue;
            }
            ',' | ';' | ':' if !is_quoted && depth == 0 && !is_open => {
                found.push(angle.take().unwrap_or_else(|| bare.clone()));
                bare.clear();
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            let into = if is_open { angle.get_or_insert_default() } else { &mut bare };
            into.extend([Some(c), escaped].into_iter().flatten());
        }
    }
    found.push(angle.unwrap_or(bare));
    found.into_iter().map(|one| one.trim().to_owned()).collect()
}

/// A header's text with its encoded words read (RFC 2047).
pub(super) fn header_text(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let field = format!("Subject: {value}\n\n");
    let message = MessageParser::default().parse_headers(&field);
    message.as_ref().and_then(|one| one.subject()).unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, String)> {
        let message = read(&with_line_feeds(text.as_bytes()));
        message.parts.into_iter().map(|part| (part.kind, part.text)).collect()
    }

    fn part(kind: &str, text: &str) -> (String, String) {
        (kind.to_owned(), text.to_owned())
    }

    #[test]
    fn the_address_of_a_from_is_the_one_in_angle_brackets() {
        for (value, expected) in [
            ("kim@example.org", Some("kim@example.org")),
            ("Kim <kim@example.org>", Some("kim@example.org")),
            ("\"ada@example.org\" <kim@example.org>", Some("kim@example.org")),
            ("ada@example.org <kim@example.org>", Some("kim@example.org")),
            ("\"x <ada@example.org>\" <kim@example.org>", Some("kim@example.org")),
            ("=?utf-8?q?ada=40example=2Eorg?= <kim@example.org>", Some("kim@example.org")),
            ("(ada@example.org) kim@example.org", Some("kim@example.org")),
            ("kim@example.org (ada@example.org)", Some("kim@example.org")),
            ("<kim@example.org> (<ada@example.org>)", Some("kim@example.org")),
            ("-kim#@example.org", Some("-kim#@example.org")),
            ("<'kim@example.org>", Some("'kim@example.org")),
            ("Kim, Minji <kim@example.org>", Some("kim@example.org")),
            ("readers: kim@example.org;", Some("kim@example.org")),
            ("\"fay(x)\"@example.org", Some("\"fay(x)\"@example.org")),
            ("Fay <\"fay, (x) <y>\"@example.org>", Some("\"fay, (x) <y>\"@example.org")),
            ("\"$(touch x)\"@evil.test", Some("\"$(touch x)\"@evil.test")),
            ("\"a \\\" <ada@example.org>\" <kim@example.org>", Some("kim@example.org")),
            ("(a (b) ada@example.org) kim@example.org", Some("kim@example.org")),
            ("ada@example.org, kim@example.org", None),
            ("ada@example.org kim@example.org", None),
            ("\"ada@example.org\" <>", None),
            ("(kim@example.org", None),
            ("\"Kim <kim@example.org>", None),
            ("\"Kim Minji\" kim@example.org", None),
            ("", None),
        ] {
            let found = sole_address(value).filter(|address| address.contains('@'));
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_message_is_split_into_its_leaves() {
        let text = "Content-Type: multipart/report; boundary=\"b\"\r\n\r\npreamble\r\n--b\r\n\r\nHello\r\n\
                    --b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\
                    Content-Type: message/delivery-status\r\n\r\nStatus: 5.0.0\r\n--c--\r\n--b--\r\nend";
        let expected =
            [part("text/plain", "Hello\n"), part("message/delivery-status", "Status: 5.0.0\n")];
        assert_eq!(kinds(text), expected);
        assert_eq!(kinds(&text.replace("\r\n", "\n")), expected);
        assert_eq!(kinds(&text.replace("\r\n", "\r")), expected);
    }

    #[test]
    fn a_delimiter_that_is_not_named_is_guessed() {
        let body = "--x1y2z3\nContent-Type: text/plain\n\nHello\n--x1y2z3\n\
                    Content-Type: message/rfc822\n\nSubject: a\n--x1y2z3--\n";
        for head in ["multipart/report", "multipart/report; boundary=other"] {
            let found = kinds(&format!("Content-Type: {head}\n\n{body}"));
            assert_eq!(found.len(), 2, "{head}: {found:?}");
            assert_eq!(found[1].0, "message/rfc822");
        }
    }

    #[test]
    fn encodings_and_charsets_are_read() {
        let found = kinds(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\
             VW5rbm93biB1c2Vy\n",
        );
        assert_eq!(found[0].1.trim(), "Unknown user");
        let found = kinds(
            "Content-Type: text/plain; charset=iso-8859-1\n\
             Content-Transfer-Encoding: quoted-printable\n\nEmpf=E4nger\n",
        );
        assert_eq!(found[0].1.trim(), "Empfänger");
        assert_eq!(header_text("=?utf-8?q?Empf=C3=A4nger?="), "Empfänger");
    }

    #[test]
    fn parts_within_parts_come_to_an_end() {
        let mut text = String::new();
        for level in 0..500 {
            text.push_str(&format!(
                "Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
            ));
        }
        assert!(kinds(&text).len() <= MOST_PARTS);
        let flat = "--b\nContent-Type: text/plain\n\nx\n".repeat(5000);
        let flat = format!("Content-Type: multipart/mixed; boundary=b\n\n{flat}");
        assert_eq!(kinds(&flat).len(), MOST_PARTS);
    }
}
