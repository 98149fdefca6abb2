//! Content transfer encodings (RFC 2045 6) that can be cut at slots.
//!
//! A literal stretch is encoded once, a slot's value when it is spliced in, and what comes out is
//! what encoding the whole text would have meant: 7-bit lines of at most 76 characters, of which
//! none starts with a dot (so that SMTP has nothing to stuff) or with `From ` (so that no mailbox
//! file is confused).

/// How a part travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// RFC 2045 6.7.
    QuotedPrintable,
    /// RFC 2045 6.8.
    Base64,
}

impl Encoding {
    /// As `Content-Transfer-Encoding` names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Encoding::QuotedPrintable => "quoted-printable",
            Encoding::Base64 => "base64",
        }
    }
}

const LINE: usize = 76;

/// A text with LF line ends in canonical form: CRLF (RFC 2045 2.10).
pub(super) fn canonical(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 40);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\r\n");
        }
        out.extend(line.bytes().filter(|byte| *byte != b'\r'));
    }
    out
}

/// Appends quoted-printable of `text` (LF line ends). It starts at the start of a line and leaves
/// the output there: behind text that ends within a line stands a soft line break.
pub(super) fn quoted_printable(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut line_start = out.len();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'\n' {
            out.extend_from_slice(b"\r\n");
            line_start = out.len();
            at += 1;
            continue;
        }
        // A character's bytes stay on one line: some programs decode line by line.
        let length = sequence_length(byte).min(bytes.len() - at);
        let next_ends_line = matches!(bytes.get(at + length), None | Some(b'\n'));
        let column = out.len() - line_start;
        let plain = is_plain(byte, column, next_ends_line, &bytes[at..]);
        let width = if plain { 1 } else { 3 * length };
        // The last column is for the `=` of a soft break.
        if column + width > LINE - 1 {
            out.extend_from_slice(b"=\r\n");
            line_start = out.len();
            continue;
        }
        if plain {
            out.push(byte);
        } else {
            bytes[at..at + length].iter().for_each(|byte| push_hex(*byte, out));
        }
        at += length;
    }
    if out.len() > line_start {
        out.extend_from_slice(b"=\r\n");
    }
}

fn push_hex(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}

fn sequence_length(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// Whether a byte can stand for itself: printable, not `=`, no space that would end a line, and
/// nothing at a line's start that SMTP or a mailbox file would take for its own.
fn is_plain(byte: u8, column: usize, ends_line: bool, rest: &[u8]) -> bool {
    match byte {
        b' ' | b'\t' => !ends_line,
        b'.' => column > 0,
        b'F' => column > 0 || !rest.starts_with(b"From "),
        b'=' => false,
        byte => (b'!'..=b'~').contains(&byte),
    }
}

/// A literal stretch in base64, ready for each of the three ways in which the text before it can
/// end: with 0, 1 or 2 bytes that its first bytes must complete to a group of three.
#[derive(Clone, Debug)]
pub(super) struct Base64Literal {
    raw: Vec<u8>,
    /// Lines of what follows the first 0, 1 or 2 bytes, in whole groups.
    lines: [Vec<u8>; 3],
}

impl Base64Literal {
    pub(super) fn new(text: &str) -> Base64Literal {
        let raw = canonical(text);
        let lines = [0, 1, 2].map(|skip| {
            let rest = raw.get(skip..).unwrap_or_default();
            let mut lines = Vec::new();
            for chunk in rest[..rest.len() / 3 * 3].chunks(LINE / 4 * 3) {
                push_base64(chunk, &mut lines);
                lines.extend_from_slice(b"\r\n");
            }
            lines
        });
        Base64Literal { raw, lines }
    }

    /// Bytes on the wire, about.
    pub(super) fn size(&self) -> usize {
        self.lines[0].len() + 4
    }
}

fn push_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + data_encoding::BASE64.encode_len(bytes.len()), 0);
    data_encoding::BASE64.encode_mut(bytes, &mut out[start..]);
}

/// Base64 being written from literals and values.
#[derive(Debug, Default)]
pub(super) struct Base64Writer {
    carry: Vec<u8>,
    column: usize,
}

impl Base64Writer {
    /// A stretch that was encoded before.
    pub(super) fn literal(&mut self, literal: &Base64Literal, out: &mut Vec<u8>) {
        let missing = (3 - self.carry.len() % 3) % 3;
        if literal.raw.len() < missing {
            return self.bytes(&literal.raw, out);
        }
        self.bytes(&literal.raw[..missing], out);
        let lines = &literal.lines[missing];
        if !lines.is_empty() {
            self.break_line(out);
            out.extend_from_slice(lines);
        }
        let rest = literal.raw.len() - missing;
        self.carry.extend_from_slice(&literal.raw[literal.raw.len() - rest % 3..]);
    }

    /// A value, with LF line ends.
    pub(super) fn value(&mut self, text: &str, out: &mut Vec<u8>) {
        self.bytes(&canonical(text), out);
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.carry.extend_from_slice(bytes);
        let whole = self.carry.len() / 3 * 3;
        let mut at = 0;
        while at < whole {
            if self.column == LINE {
                self.break_line(out);
            }
            let take = ((LINE - self.column) / 4 * 3).min(whole - at);
            push_base64(&self.carry[at..at + take], out);
            self.column += take / 3 * 4;
            at += take;
        }
        self.carry.drain(..whole);
    }

    fn break_line(&mut self, out: &mut Vec<u8>) {
        if self.column > 0 {
            out.extend_from_slice(b"\r\n");
            self.column = 0;
        }
    }

    /// Ends the part: what is left, padded, and the end of the line.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        if !self.carry.is_empty() {
            if self.column == LINE {
                self.break_line(out);
            }
            push_base64(&self.carry, out);
            self.column += 4;
        }
        self.break_line(out);
    }
}

/// A whole file in base64, lines of 76.
pub(super) fn base64_lines(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.chunks(LINE / 4 * 3) {
        push_base64(chunk, out);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes by the RFC's rules, written apart from the encoder.
    fn decode_qp(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if text[at] != b'=' {
                out.push(text[at]);
                at += 1;
            } else if text[at + 1..].starts_with(b"\r\n") {
                at += 3;
            } else {
                let hex = std::str::from_utf8(&text[at + 1..at + 3]).unwrap();
                out.push(u8::from_str_radix(hex, 16).unwrap());
                at += 3;
            }
        }
        out
    }

    fn check_lines(encoded: &[u8]) {
        let text = std::str::from_utf8(encoded).expect("7-bit");
        assert!(text.is_ascii() && !text.replace("\r\n", "").contains(['\r', '\n']));
        for line in text.split("\r\n") {
            assert!(line.len() <= 76, "{line:?}");
            assert!(!line.starts_with('.') && !line.starts_with("From "), "{line:?}");
            assert!(!line.ends_with([' ', '\t']), "{line:?}");
        }
    }

    #[test]
    fn dots_from_lines_and_trailing_spaces_are_encoded() {
        let mut out = Vec::new();
        quoted_printable(".a\nFrom b \n한\n", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "=2Ea\r\n=46rom b=20\r\n=ED=95=9C\r\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn quoted_printable_in_pieces_reads_back(
            parts in prop::collection::vec("([.=F \t\na-z]|From |[가-힣]|\\PC){0,90}", 0..6)
        ) {
            let mut out = Vec::new();
            for part in &parts {
                quoted_printable(part, &mut out);
                prop_assert!(out.is_empty() || out.ends_with(b"\r\n"));
            }
            check_lines(&out);
            prop_assert_eq!(decode_qp(&out), canonical(&parts.concat()));
        }

        #[test]
        fn base64_in_pieces_reads_back(
            parts in prop::collection::vec(("(\\PC|\n){0,200}", any::<bool>()), 0..8)
        ) {
            let mut out = Vec::new();
            let mut writer = Base64Writer::default();
            let mut whole = String::new();
            for (text, is_literal) in &parts {
                whole.push_str(text);
                if *is_literal {
                    writer.literal(&Base64Literal::new(text), &mut out);
                } else {
                    writer.value(text, &mut out);
                }
            }
            writer.finish(&mut out);
            check_lines(&out);
            let joined: Vec<u8> = out.iter().copied().filter(|b| !b"\r\n".contains(b)).collect();
            prop_assert_eq!(data_encoding::BASE64.decode(&joined).unwrap(), canonical(&whole));
        }
    }
}
