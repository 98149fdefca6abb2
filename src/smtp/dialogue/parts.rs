//! SecretParts of secrets: servers cut off what they repeat, at the front, at the back or at both ends.
//!
//! A part is so many letters that stand in a secret one behind the other. No search goes over all
//! secrets: a reply is read once, whatever there is to hide. Must never lengthen what it looks at.

use std::collections::HashSet;

use super::HIDDEN;

/// So long a part says something: of base64 these are 48 bits, and no word of a reply is like it by
/// chance.
const LENGTH: usize = 8;

/// All parts of some secrets, in small letters and without white space.
#[derive(Default)]
pub(super) struct SecretParts {
    known: HashSet<[u8; LENGTH]>,
    /// Secrets that have no part, as they are.
    short: Vec<Vec<u8>>,
}

/// A byte of a text, undone from its escape, and where it stands there.
#[derive(Clone, Copy)]
struct EchoedByte {
    byte: u8,
    start: usize,
    end: usize,
}

impl SecretParts {
    /// From now on its parts are known.
    pub(super) fn add(&mut self, secret: &str) {
        let letters: Vec<u8> = secret
            .bytes()
            .filter(|byte| is_letter(*byte))
            .map(|byte| byte.to_ascii_lowercase())
            .collect();
        if letters.len() >= LENGTH {
            let parts = letters.windows(LENGTH);
            self.known.extend(parts.filter_map(|part| <[u8; LENGTH]>::try_from(part).ok()));
        } else if !letters.is_empty() {
            self.short.push(letters);
        }
    }

    /// The text without them.
    pub(super) fn taken_from(&self, text: &str) -> String {
        let mut hidden = vec![false; text.len()];
        self.mark(&letters(text, |_| None), &mut hidden);
        if text.contains(['%', '=', '\\', '&']) {
            let undone = letters(text, escaped);
            self.mark(&undone, &mut hidden);
            self.mark_short(&undone, &mut hidden);
        }
        let (mut out, mut before) = (String::with_capacity(text.len()), false);
        for (at, c) in text.char_indices() {
            let hide = hidden[at..at + c.len_utf8()].contains(&true);
            match (hide, before) {
                (true, false) => out.push_str(HIDDEN),
                (true, true) => {}
                (false, _) => out.push(c),
            }
            before = hide;
        }
        out
    }

    fn mark(&self, letters: &[EchoedByte], hidden: &mut [bool]) {
        for part in letters.windows(LENGTH) {
            let mut key = [0; LENGTH];
            key.iter_mut().zip(part).for_each(|(byte, letter)| *byte = letter.byte);
            if self.known.contains(&key) {
                hidden[part[0].start..part[LENGTH - 1].end].fill(true);
            }
        }
    }

    fn mark_short(&self, letters: &[EchoedByte], hidden: &mut [bool]) {
        for secret in &self.short {
            for part in letters.windows(secret.len()) {
                if part.iter().map(|letter| letter.byte).eq(secret.iter().copied()) {
                    hidden[part[0].start..part[part.len() - 1].end].fill(true);
                }
            }
        }
    }
}

/// White space and control characters may stand anywhere in what is repeated.
fn is_letter(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f
}

/// The letters of a text; `undo` reads an escape at the front of some bytes, and tells its length.
fn letters(text: &str, undo: impl Fn(&[u8]) -> Option<(u8, usize)>) -> Vec<EchoedByte> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(first) = bytes.get(at) {
        let (byte, length) = undo(&bytes[at..]).unwrap_or((*first, 1));
        if is_letter(byte) {
            let byte = byte.to_ascii_lowercase();
            found.push(EchoedByte { byte, start: at, end: at + length });
        }
        at += length;
    }
    found
}

/// `%41` and `=41` of URLs and quoted-printable, `\u0041`, `\x41` and `\"` of JSON and programs,
/// `&amp;`, `&#65;` and `&#x41;` of HTML, and a line that quoted-printable breaks.
fn escaped(bytes: &[u8]) -> Option<(u8, usize)> {
    let hex = |from: usize, length: usize| {
        let digits = std::str::from_utf8(bytes.get(from..from + length)?).ok()?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
        Some((u8::try_from(value).ok()?, from + length))
    };
    match bytes {
        [b'%' | b'=', ..] if hex(1, 2).is_some() => hex(1, 2),
        [b'=', b'\n', ..] => Some((b'\n', 2)),
        [b'\\', b'u', ..] => hex(2, 4),
        [b'\\', b'x', ..] => hex(2, 2),
        [b'\\', next, ..] if next.is_ascii_punctuation() => Some((*next, 2)),
        [b'&', ..] => entity(bytes),
        _ => None,
    }
}

fn entity(bytes: &[u8]) -> Option<(u8, usize)> {
    let end = bytes.iter().take(10).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&bytes[1..end]).ok()?.to_ascii_lowercase();
    let byte = match name.as_str() {
        "amp" => b'&',
        "lt" => b'<',
        "gt" => b'>',
        "quot" => b'"',
        "apos" => b'\'',
        name => match name.strip_prefix("#x") {
            Some(digits) => u8::from_str_radix(digits, 16).ok()?,
            None => name.strip_prefix('#')?.parse().ok()?,
        },
    };
    Some((byte, end + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_is_hidden_wherever_it_was_cut_and_however_it_is_written() {
        let mut parts = SecretParts::default();
        parts.add("dXNlcj1raW0BYXV0aD1CZWFyZXIgY29ycmVjdA");
        parts.add("p\"ss&<w>");
        parts.add("it's");
        for (text, shown) in [
            ("wrong: dXNlcj1raW0BYXV0aD1... (cut)", "wrong: ****... (cut)"),
            ("wrong: ...ZWFyZXIgY29ycmVjdA", "wrong: ...****"),
            ("wrong: [XV0aD1CZWFy]", "wrong: [****]"),
            ("xv0ad1 cz wf\tyz", "****"),
            ("XV0aD1C", "XV0aD1C"),
            ("said p\\\"ss&<w>.", "said ****."),
            ("said p&quot;ss&amp;&lt;w&gt;.", "said ****."),
            ("said p&#34;ss&#x26;<w>.", "said ****."),
            ("said p\\u0022ss\\u0026<w>.", "said ****."),
            ("said p\\x22ss=26%3cw>.", "said ****."),
            ("said it\\'s, it&#39;s", "said ****, ****"),
            (
                "no escape: 100% & = \\ &; &#; &#x; \\u12",
                "no escape: 100% & = \\ &; &#; &#x; \\u12",
            ),
            ("", ""),
        ] {
            assert_eq!(parts.taken_from(text), shown);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_what_is_no_part_stays(text in "(\\PC|[%=&\\\\;#xu0-9a-f]){0,40}") {
            let mut parts = SecretParts::default();
            prop_assert_eq!(parts.taken_from(&text), text.clone());
            parts.add(&text);
            let letters = text.bytes().filter(|byte| is_letter(*byte)).count();
            if letters >= LENGTH {
                prop_assert!(parts.taken_from(&text).contains(HIDDEN));
            }
        }
    }
}
