//! Bytes -> text, a piece at a time.
//!
//! Exists so that a list of any size is decoded without holding it, and so that a wrong encoding
//! names the byte at fault. Must never put U+FFFD where a name was.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

/// How much is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Decoded text of which the front is used up and the back grows.
pub(super) struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// Bytes of the file that were handed to the decoder.
    taken: u64,
    text: String,
    start: usize,
    /// The line, from 1, on which the unused text starts.
    line: usize,
    ended: bool,
    encoding: &'static Encoding,
}

/// Why the text cannot go on.
#[derive(Debug)]
pub(super) enum Broken {
    /// The file could not be read.
    Io(io::Error),
    /// Bytes that the encoding does not know.
    Bytes { line: usize, column: usize, offset: u64, first: Option<u8> },
}

impl<R: Read> Decoded<R> {
    /// Looks at the first bytes: a byte order mark decides, then `forced`, then UTF-8.
    pub(super) fn open(mut reader: R, forced: Option<&'static Encoding>) -> io::Result<Decoded<R>> {
        let mut raw = Vec::with_capacity(CHUNK_BYTES);
        reader.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut raw)?;
        let (encoding, mark) = match Encoding::for_bom(&raw) {
            Some((encoding, length)) => (encoding, length),
            None => (forced.unwrap_or(UTF_8), 0),
        };
        raw.drain(..mark);
        Ok(Decoded {
            reader,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw,
            taken: mark as u64,
            text: String::new(),
            start: 0,
            line: 1,
            ended: false,
            encoding,
        })
    }

    /// What the bytes are read as.
    pub(super) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// The first bytes as they came, until the first `fill`.
    pub(super) fn first_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// The text that is decoded and not yet used.
    pub(super) fn text(&self) -> &str {
        &self.text[self.start..]
    }

    /// The line, from 1, on which `text` starts.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Whether nothing follows `text`.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Uses up the front of the text, which must end where a line ends, or be a part of a line
    /// that is thrown away.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.line += lines_in(&self.text()[..bytes]);
        self.start += bytes;
    }

    /// Decodes more, at least as much as is there already, so that whoever starts over after each
    /// call does not do so too often.
    pub(super) fn fill(&mut self) -> Result<(), Broken> {
        self.text.drain(..self.start);
        self.start = 0;
        let target = self.text.len() + self.text.len().max(1);
        while !self.ended && self.text.len() < target {
            if self.raw.is_empty() {
                let mut chunk = self.reader.by_ref().take(CHUNK_BYTES as u64);
                chunk.read_to_end(&mut self.raw).map_err(Broken::Io)?;
            }
            let last = self.raw.is_empty();
            self.decode(last)?;
            self.ended = last;
        }
        Ok(())
    }

    fn decode(&mut self, last: bool) -> Result<(), Broken> {
        let room = self.decoder.max_utf8_buffer_length_without_replacement(self.raw.len());
        self.text.reserve(room.unwrap_or(self.raw.len().saturating_mul(3)));
        let (result, read) =
            self.decoder.decode_to_string_without_replacement(&self.raw, &mut self.text, last);
        if let DecoderResult::Malformed(bad, after) = result {
            let back = usize::from(bad) + usize::from(after);
            let first = read.checked_sub(back).and_then(|at| self.raw.get(at)).copied();
            let last_line = self.text.rfind(['\n', '\r']).map_or(0, |at| at + 1);
            return Err(Broken::Bytes {
                line: self.line + lines_in(&self.text),
                column: self.text[last_line..].chars().count() + 1,
                offset: (self.taken + read as u64).saturating_sub(back as u64),
                first,
            });
        }
        self.taken += read as u64;
        self.raw.drain(..read);
        Ok(())
    }
}

/// How many lines end in a text: LF, CRLF, or the bare CR of old files.
pub(super) fn lines_in(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
    memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|at| ends(*at)).count()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, UTF_16LE};

    use super::*;

    fn read(bytes: &[u8], forced: Option<&'static Encoding>) -> Result<String, Broken> {
        let mut decoded = Decoded::open(bytes, forced).unwrap();
        while !decoded.ended() {
            decoded.fill()?;
        }
        Ok(decoded.text().to_owned())
    }

    #[test]
    fn a_byte_order_mark_decides() {
        assert_eq!(read(b"\xEF\xBB\xBFa", None).unwrap(), "a");
        assert_eq!(read(b"\xFF\xFEa\0\x00\xAC", None).unwrap(), "a가");
        assert_eq!(read(b"\xFE\xFF\0a\xAC\x00", Some(EUC_KR)).unwrap(), "a가");
        assert_eq!(read(b"a\0", Some(UTF_16LE)).unwrap(), "a");
        assert_eq!(read(b"\xB0\xA1", Some(EUC_KR)).unwrap(), "가");
    }

    #[test]
    fn a_wrong_byte_is_named_wherever_it_is() {
        for lines in [0, 3, 50_000] {
            let mut bytes = b"kim\r\n".repeat(lines);
            bytes.extend(b"Ren\xE9,x\n");
            match read(&bytes, None) {
                Err(Broken::Bytes { line, column, offset, first }) => {
                    assert_eq!((line, column, first), (lines + 1, 4, Some(0xE9)));
                    assert_eq!(offset, lines as u64 * 5 + 3);
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(read(b"\xFF\xFEa", None), Err(Broken::Bytes { .. })));
    }

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(lines_in("a\nb\r\nc\rd"), 3);
    }
}
