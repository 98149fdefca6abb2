//! Bytes -> text, a piece at a time.
//!
//! Exists so that a list of any size is decoded without holding it, and so that a wrong encoding
//! names the byte at fault. Must never put U+FFFD where a name was.

use std::io::{self, Read};

use encoding_rs::{
    BIG5, Decoder, DecoderResult, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, WINDOWS_1252,
};

/// The most bytes of a character in UTF-8 whose end is in the next chunk.
const HELD_BYTES: usize = 3;
/// How much is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Names of encodings that WHATWG's list of labels lacks, without hyphens, underscores and spaces.
/// A code page of Windows such as `cp1252` needs no row.
const NAMES: [(&str, &Encoding); 18] = [
    ("cp949", EUC_KR),
    ("ms949", EUC_KR),
    ("xwindows949", EUC_KR),
    ("uhc", EUC_KR),
    ("949", EUC_KR),
    ("euckr", EUC_KR),
    ("ksc56011987", EUC_KR),
    ("ksc5601", EUC_KR),
    ("ksx1001", EUC_KR),
    ("cp932", SHIFT_JIS),
    ("ms932", SHIFT_JIS),
    ("cp936", GBK),
    ("ms936", GBK),
    ("cp950", BIG5),
    ("ms950", BIG5),
    ("cp65001", UTF_8),
    ("utf8sig", UTF_8),
    ("ansi", WINDOWS_1252),
];

/// The encoding that people call so, in any case.
pub(super) fn named(label: &str) -> Option<&'static Encoding> {
    if let Some(encoding) = Encoding::for_label_no_replacement(label.as_bytes()) {
        return Some(encoding);
    }
    let flat: String = label
        .chars()
        .filter(|c| !matches!(c, '-' | '_') && !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    let known = NAMES.iter().find(|(name, _)| *name == flat).map(|(_, encoding)| *encoding);
    known.or_else(|| {
        let page = flat.strip_prefix("cp").or_else(|| flat.strip_prefix("windows"));
        let windows = page.map(|page| format!("windows-{page}"));
        let label = windows.as_deref().unwrap_or(&flat);
        Encoding::for_label_no_replacement(label.as_bytes())
    })
}

/// Korean text that nobody had named the encoding of.
#[derive(Debug)]
struct Guess {
    /// The line of its first character.
    line: usize,
    /// What is told if the rest is not Korean.
    first: (usize, usize, u64, Option<u8>),
    /// The next byte is the second one of a character.
    is_within: bool,
    /// Characters that the older Korean standard has, and those that only Windows has, which look
    /// like a letter with an accent before another letter.
    plain: u64,
    extended: u64,
}

impl Guess {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.is_within {
                self.is_within = false;
                if *byte >= 0xA1 { self.plain += 1 } else { self.extended += 1 }
            } else if *byte >= 0x80 {
                self.is_within = true;
            }
        }
    }
}

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
    /// Nobody has said what the bytes are, and there were only ASCII characters so far.
    may_guess: bool,
    guess: Option<Guess>,
    /// The last bytes of the chunk before.
    held: Vec<u8>,
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
            may_guess: forced.is_none() && mark == 0,
            guess: None,
            held: Vec::new(),
        })
    }

    /// What the bytes are read as.
    pub(super) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// The line of the first character that is not ASCII, if the text is taken for Korean although
    /// nobody has said so.
    pub(super) fn guessed_from(&self) -> Option<usize> {
        self.guess.as_ref().map(|guess| guess.line)
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
        let before = self.text.len();
        let (result, read) =
            self.decoder.decode_to_string_without_replacement(&self.raw, &mut self.text, last);
        // The same bytes are ASCII in both encodings.
        self.may_guess &= self.text[before..].is_ascii();
        if let DecoderResult::Malformed(bad, after) = result {
            let back = usize::from(bad) + usize::from(after);
            let first = read.checked_sub(back).and_then(|at| self.raw.get(at)).copied();
            let last_line = self.text.rfind(['\n', '\r']).map_or(0, |at| at + 1);
            let line = self.line + lines_in(&self.text);
            let column = self.text[last_line..].chars().count() + 1;
            let offset = (self.taken + read as u64).saturating_sub(back as u64);
            if self.may_guess {
                self.may_guess = false;
                let first = (line, column, offset, first);
                self.guess = Some(Guess { line, first, is_within: false, plain: 0, extended: 0 });
                self.encoding = EUC_KR;
                self.decoder = EUC_KR.new_decoder_without_bom_handling();
                // The chunk before may have ended within the character.
                let begun = back.saturating_sub(read).min(self.held.len());
                self.raw.drain(..read.saturating_sub(back));
                self.raw.splice(0..0, self.held.split_off(self.held.len() - begun));
                self.taken = offset;
                return self.decode(last);
            }
            return Err(self.broken((line, column, offset, first)));
        }
        if let Some(guess) = &mut self.guess {
            guess.read(&self.raw[..read]);
            if last && guess.extended > guess.plain {
                let first = guess.first;
                return Err(self.broken(first));
            }
        }
        self.taken += read as u64;
        self.held = self.raw[read.saturating_sub(HELD_BYTES)..read].to_vec();
        self.raw.drain(..read);
        Ok(())
    }

    /// A text that is no Korean is told as what it was not to begin with.
    fn broken(&mut self, at: (usize, usize, u64, Option<u8>)) -> Broken {
        let guess = self.guess.take();
        if guess.is_some() {
            self.encoding = UTF_8;
        }
        let (line, column, offset, first) = guess.map_or(at, |guess| guess.first);
        Broken::Bytes { line, column, offset, first }
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
    fn korean_bytes_are_known_and_those_of_others_are_not() {
        let korean = EUC_KR.encode("이메일,이름\nkim@a.example,김똠방\n").0.into_owned();
        assert_eq!(read(&korean, None).unwrap(), "이메일,이름\nkim@a.example,김똠방\n");
        let late = [b"kim,Kim\r\n".repeat(50_000), korean].concat();
        assert!(read(&late, None).unwrap().ends_with("김똠방\n"));
        // Its first character may begin in one chunk and end in the next.
        for before in CHUNK_BYTES - 3..CHUNK_BYTES + 2 {
            let text = [vec![b'a'; before], EUC_KR.encode("충충").0.into_owned()].concat();
            assert!(read(&text, None).unwrap().ends_with("a충충"), "{before}");
        }
        // A letter with an accent before another letter is a rare Korean character.
        for latin in [&b"a,\xC4gypten\n"[..], b"Ren\xE9,x\n", b"\xC5sa,M\xFCller\n", b"a\xC4"] {
            let at = latin.iter().position(|byte| *byte >= 0x80).unwrap() as u64;
            assert!(
                matches!(read(latin, None), Err(Broken::Bytes { offset, .. }) if offset == at),
                "{latin:?}"
            );
        }
        let both = ["한,".as_bytes(), b"\xB0\xA1\n"].concat();
        assert!(matches!(read(&both, None), Err(Broken::Bytes { first: Some(0xB0), .. })));
    }

    #[test]
    fn encodings_have_the_names_that_people_use() {
        for (name, encoding) in [
            ("cp949", "EUC-KR"),
            ("CP949", "EUC-KR"),
            ("ms949", "EUC-KR"),
            ("UHC", "EUC-KR"),
            ("windows-949", "EUC-KR"),
            ("windows949", "EUC-KR"),
            ("euckr", "EUC-KR"),
            ("EUC_KR", "EUC-KR"),
            ("ks_c_5601-1987", "EUC-KR"),
            ("cp1252", "windows-1252"),
            ("latin1", "windows-1252"),
            ("CP932", "Shift_JIS"),
            ("utf8", "UTF-8"),
        ] {
            assert_eq!(named(name).map(Encoding::name), Some(encoding), "{name}");
        }
        assert!(named("cp-1").is_none() && named("korean text").is_none() && named("").is_none());
    }

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(lines_in("a\nb\r\nc\rd"), 3);
    }
}
