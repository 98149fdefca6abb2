//! Bytes from a server -> [`Reply`] (RFC 5321 4.2), a byte at a time if need be.
//!
//! Relays answer with lines far longer than the RFC allows, in Latin-1, without text, ended by a
//! bare LF; none of that makes an accepted message less accepted, so all of it is taken. What
//! cannot be tied to one code is [`Garbled`]: a wrong guess here would credit one recipient with
//! another's reply. This file must never panic, whatever arrives, nor keep more than its caps.

use std::fmt;

use crate::diagnostic::visible::visible;

/// The longest line taken, its end included in no count (RFC 5321 4.5.3.1.5 says 512).
const LINE_MAX: usize = 64 * 1024;
/// The most lines taken in one reply.
const LINES_MAX: usize = 100;
/// Characters of text kept of a usual reply.
pub(super) const TEXT_MAX: usize = 1_000;

/// What a server answered to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits, 200 to 599.
    pub code: u16,
    /// The enhanced status code at the start of the text (RFC 2034, RFC 3463).
    pub enhanced: Option<EnhancedCode>,
    /// The text of all lines, without enhanced codes and control characters, capped.
    pub text: String,
}

/// `class.subject.detail` of RFC 3463.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedCode {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The condition within the subject.
    pub detail: u16,
}

/// Why bytes are no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbled {
    /// A line that does not start with a code from 200 to 599 and a space, a hyphen or its end.
    #[error("{0:?} is not an SMTP reply")]
    NotAReply(String),
    /// Two codes in one multi-line reply (RFC 5321 4.2.1).
    #[error("one reply carries the codes {0} and {1}")]
    MixedCodes(u16, u16),
    /// A line without an end.
    #[error("a reply line is longer than {LINE_MAX} bytes")]
    LongLine,
    /// A reply without an end.
    #[error("a reply has more than {LINES_MAX} lines")]
    ManyLines,
}

impl Reply {
    /// The first digit: 2 done, 3 go on, 4 not now, 5 never.
    pub fn class(&self) -> u16 {
        self.code / 100
    }

    /// Whether the enhanced code has this subject and detail, whatever its class.
    pub fn is_about(&self, subject: u16, detail: u16) -> bool {
        self.enhanced.is_some_and(|code| code.subject == subject && code.detail == detail)
    }

    /// The subject of the enhanced code, where there is one.
    pub fn subject(&self) -> Option<u16> {
        self.enhanced.map(|code| code.subject)
    }
}

impl fmt::Display for Reply {
    /// `550 5.1.1 no such user`, several lines joined by ` / `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        for (index, line) in self.text.lines().filter(|line| !line.is_empty()).enumerate() {
            write!(f, "{} {line}", if index == 0 { "" } else { " /" })?;
        }
        Ok(())
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl EnhancedCode {
    /// Reads `5.1.1` at the start of `text`; gives it with the text behind it. Its class must be
    /// the first digit of `code`, or a version number in a greeting would pass for one.
    fn split(text: &str, code: u16) -> Option<(EnhancedCode, &str)> {
        let (word, rest) = match text.split_once(' ') {
            Some((word, rest)) => (word, rest.trim_start()),
            None => (text, ""),
        };
        let mut parts = word.split('.').map(|part| {
            let fine = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            fine.then(|| part.parse::<u16>().ok()).flatten()
        });
        let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
        let class = u8::try_from(class).ok()?;
        let fits = parts.next().is_none() && u16::from(class) == code / 100;
        fits.then_some((EnhancedCode { class, subject, detail }, rest))
    }
}

/// Collects lines until a reply is complete. Holds no more than one line and one capped text.
#[derive(Debug)]
pub(super) struct ReplyReader {
    line: Vec<u8>,
    reply: Option<Reply>,
    lines: usize,
    text_max: usize,
}

impl Default for ReplyReader {
    fn default() -> ReplyReader {
        ReplyReader::keeping(TEXT_MAX)
    }
}

impl ReplyReader {
    /// A reader that keeps so many characters of each reply's text.
    pub(super) fn keeping(text_max: usize) -> ReplyReader {
        ReplyReader { line: Vec::new(), reply: None, lines: 0, text_max }
    }

    /// Whether part of a reply has come.
    pub(super) fn has_begun(&self) -> bool {
        !self.line.is_empty() || self.reply.is_some()
    }

    /// Takes bytes off the front of `bytes`, up to the end of a reply if there is one in them.
    ///
    /// # Errors
    /// [`Garbled`]: the connection makes no sense any more and must be dropped.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<Reply>, Garbled> {
        while !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + piece.len() > LINE_MAX {
                return Err(Garbled::LongLine);
            }
            self.line.extend_from_slice(piece);
            *bytes = &bytes[piece.len() + usize::from(end.is_some())..];
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                let last = self.add_line(line.strip_suffix(b"\r").unwrap_or(&line));
                self.line = line;
                self.line.clear();
                if last? {
                    self.lines = 0;
                    return Ok(self.reply.take());
                }
            }
        }
        Ok(None)
    }

    /// Adds one line; true when it was the last of its reply.
    fn add_line(&mut self, line: &[u8]) -> Result<bool, Garbled> {
        let (code, last, text) = split_line(line)?;
        let text = decode(text);
        let split = EnhancedCode::split(&text, code);
        self.lines += 1;
        if self.lines > LINES_MAX {
            return Err(Garbled::ManyLines);
        }
        let rest = split.map_or(text.as_str(), |(_, rest)| rest);
        match &mut self.reply {
            None => {
                let text = rest.chars().take(self.text_max).collect();
                self.reply = Some(Reply { code, enhanced: split.map(|(code, _)| code), text });
            }
            Some(reply) if reply.code != code => return Err(Garbled::MixedCodes(reply.code, code)),
            Some(reply) => {
                let room = self.text_max.saturating_sub(reply.text.chars().count());
                reply.text.extend("\n".chars().chain(rest.chars()).take(room));
            }
        }
        Ok(last)
    }
}

/// Code, whether it is the last line, and text of one reply line.
fn split_line(line: &[u8]) -> Result<(u16, bool, &[u8]), Garbled> {
    let wrong = || Garbled::NotAReply(decode(line).chars().take(60).collect());
    let digit =
        |at: usize| line.get(at).filter(|b| b.is_ascii_digit()).map(|b| u16::from(b - b'0'));
    let (Some(first), Some(second), Some(third)) = (digit(0), digit(1), digit(2)) else {
        return Err(wrong());
    };
    if !(2..=5).contains(&first) {
        return Err(wrong());
    }
    let code = first * 100 + second * 10 + third;
    match line.get(3) {
        None => Ok((code, true, &[])),
        Some(b' ') => Ok((code, true, &line[4..])),
        Some(b'-') => Ok((code, false, &line[4..])),
        Some(_) => Err(wrong()),
    }
}

/// Text as UTF-8 (RFC 6531 allows it) or else as Latin-1. It ends up on terminals: control
/// characters become spaces, and what else hides text is written out.
fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let text: String = text.chars().map(no_control).collect();
            visible(text.trim()).into_owned()
        }
        Err(_) => as_latin1(bytes),
    }
}

fn no_control(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// What is shown of bytes in a line that is not UTF-8.
pub(super) fn as_latin1(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| no_control(char::from(*byte))).collect();
    visible(text.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All replies in `bytes`, fed in pieces of the given sizes.
    fn read(bytes: &[u8], sizes: &[usize]) -> (Vec<Reply>, Option<Garbled>) {
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        let mut rest = bytes;
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let size = sizes.next().copied().unwrap_or(rest.len()).clamp(1, rest.len());
            let (mut piece, after) = rest.split_at(size);
            rest = after;
            while !piece.is_empty() {
                match reader.take(&mut piece) {
                    Ok(reply) => replies.extend(reply),
                    Err(garbled) => return (replies, Some(garbled)),
                }
            }
        }
        (replies, None)
    }

    fn one(bytes: &[u8]) -> Result<String, Garbled> {
        let (replies, garbled) = read(bytes, &[]);
        match garbled {
            Some(garbled) => Err(garbled),
            None => Ok(replies.iter().map(Reply::to_string).collect::<Vec<_>>().join(" | ")),
        }
    }

    // Row 33 of the fault catalogue.
    #[test]
    fn unusual_replies_are_taken() {
        assert_eq!(one(b"250\r\n"), Ok("250".into()));
        assert_eq!(one(b"250 ok\n"), Ok("250 ok".into()));
        assert_eq!(one(b"250-2.1.5 one\r\n250 2.1.5 two\r\n"), Ok("250 2.1.5 one / two".into()));
        assert_eq!(one(b"550 5.1.1 gel\xf6scht\r\n"), Ok("550 5.1.1 gelöscht".into()));
        assert_eq!(one("550 삭제됨\r\n".as_bytes()), Ok("550 삭제됨".into()));
        assert_eq!(one(b"250 \x1b[2Jok\r\n"), Ok("250 [2Jok".into()));
        assert_eq!(
            one("250 \u{202E}ok\u{200B}\r\n".as_bytes()),
            Ok("250 \\u{202e}ok\\u{200b}".into())
        );
        assert_eq!(one(b"250 a\r\n354 b\r\n"), Ok("250 a | 354 b".into()));
        let (replies, _) = read(format!("250 {}\r\n", "x".repeat(2_000)).as_bytes(), &[7]);
        assert_eq!(replies[0].text.len(), TEXT_MAX);
    }

    // Row 34.
    #[test]
    fn what_cannot_be_tied_to_one_code_is_garbled() {
        assert_eq!(one(b"250-a\r\n550 b\r\n"), Err(Garbled::MixedCodes(250, 550)));
        for bad in ["\r\n", "hello\r\n", "199 x\r\n", "600 x\r\n", "25\r\n", "2500\r\n", "+OK\r\n"]
        {
            assert!(matches!(one(bad.as_bytes()), Err(Garbled::NotAReply(_))), "{bad:?}");
        }
        assert_eq!(one(&[b'2'; LINE_MAX + 1]), Err(Garbled::LongLine));
        assert_eq!(one("250-x\r\n".repeat(101).as_bytes()), Err(Garbled::ManyLines));
    }

    #[test]
    fn an_enhanced_code_must_fit_its_reply() {
        let (replies, _) =
            read(b"250 5.1.1 odd\r\n220 8.17.1 Sendmail\r\n451 4.7.650 slow\r\n", &[]);
        assert_eq!(replies[0].enhanced, None);
        assert_eq!(replies[1].enhanced, None);
        assert_eq!(replies[2].enhanced, Some(EnhancedCode { class: 4, subject: 7, detail: 650 }));
    }

    proptest! {
        #[test]
        fn chunking_never_changes_what_is_read(
            bytes in prop::collection::vec(
                prop_oneof![4 => prop::sample::select(b"2345 -\r\n.".to_vec()), 1 => any::<u8>()],
                0..200,
            ),
            sizes in prop::collection::vec(1usize..9, 1..6),
        ) {
            prop_assert_eq!(read(&bytes, &sizes), read(&bytes, &[]));
        }

        #[test]
        fn replies_survive_any_chunking(
            codes in prop::collection::vec(200u16..600, 1..6),
            text in "[ -~]{0,80}",
            sizes in prop::collection::vec(1usize..9, 1..6),
        ) {
            let reply = |code: &u16| format!("{code}-{text}\r\n{code} {text}\r\n");
            let wire: String = codes.iter().map(reply).collect();
            let (replies, garbled) = read(wire.as_bytes(), &sizes);
            prop_assert_eq!(garbled, None);
            prop_assert_eq!(replies.iter().map(|r| r.code).collect::<Vec<_>>(), codes);
        }
    }
}
