//! Header fields (RFC 5322 2.2) as bytes: folded, pure ASCII, and with no way in for a second one.
//!
//! [`HeaderText`] is the only text that this file writes, and it cannot hold a line break or any
//! other control character: header injection is impossible by type.

use super::address::{Address, AddressError, is_invisible};

/// RFC 5322 2.1.1: a line should have at most 78 characters, its CRLF left out.
const LINE: usize = 76;
/// RFC 2047 2: an encoded-word has at most 75 characters.
const ENCODED_WORD: usize = 75;
/// Characters of a display name that say enough; a longer one is somebody's joke.
const NAME: usize = 128;

/// Text for a header field: one line, without control, zero-width or bidi characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct HeaderText(String);

impl HeaderText {
    /// The text with every line break and control character turned into a space, and invisible
    /// ones taken out.
    pub fn new(text: &str) -> HeaderText {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
                // Joiners and selectors hold emoji and some scripts' letters together.
                '\u{200C}' | '\u{200D}' | '\u{FE0E}' | '\u{FE0F}' => out.push(c),
                c if is_invisible(c) => {}
                c => out.push(c),
            }
        }
        HeaderText(out.trim().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A display name and an address (RFC 5322 3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// How the person or list is called.
    pub name: Option<HeaderText>,
    /// Where.
    pub address: Address,
}

impl Mailbox {
    /// Reads `Name <local@domain>` or `local@domain`.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn parse(text: &str) -> Result<Mailbox, AddressError> {
        let text = text.trim();
        if addresses(text) > 1 {
            return Err(AddressError::Several(text.to_owned()));
        }
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Mailbox { name: None, address: Address::parse(text)? });
        };
        let address = Address::parse(rest.strip_suffix('>').unwrap_or(rest))?;
        let name = HeaderText::new(name.trim().trim_matches('"'));
        let name = (!name.as_str().is_empty()).then_some(name);
        Ok(Mailbox { name, address })
    }
}

/// How many addresses stand between the commas and semicolons of a text, outside quotation marks. A
/// name may be the address once more, and may have a comma.
fn addresses(text: &str) -> usize {
    let mut is_quoted = false;
    let parts = text.split(|c: char| {
        is_quoted ^= c == '"';
        !is_quoted && matches!(c, ',' | ';')
    });
    let ends = |c: char| c.is_whitespace() || "<>\"".contains(c);
    parts.filter(|part| part.split(ends).any(|word| Address::parse(word).is_ok())).count()
}

impl std::fmt::Display for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} <{}>", name.as_str(), self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

/// Writes `name: text`, folded; words that are not ASCII become encoded-words (RFC 2047).
pub fn unstructured(name: &str, text: &HeaderText, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b":");
    let mut column = name.len() + 1;
    let (before, odd, after) = split_plain(text.as_str());
    plain_words(before, out, &mut column);
    if !odd.is_empty() {
        encoded_words(odd, out, &mut column);
    }
    plain_words(after, out, &mut column);
    out.extend_from_slice(b"\r\n");
}

/// Writes `name: Display Name <address>`.
pub fn mailbox(name: &str, mailbox: &Mailbox, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b":");
    let mut column = name.len() + 1;
    let address = mailbox.address.as_str();
    match &mailbox.name {
        None => {
            out.push(b' ');
            out.extend_from_slice(address.as_bytes());
        }
        Some(text) => {
            let short: String = text.as_str().chars().take(NAME).collect();
            phrase(&short, out, &mut column);
            if column + address.len() + 3 > LINE {
                fold(out, &mut column);
            } else {
                out.push(b' ');
            }
            out.push(b'<');
            out.extend_from_slice(address.as_bytes());
            out.push(b'>');
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes `List-Id: Name <identifier>` (RFC 2919 2): the identifier is no address.
pub fn list_id(name: &HeaderText, identifier: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"List-Id:");
    let mut column = "List-Id:".len();
    phrase(name.as_str(), out, &mut column);
    if column + identifier.len() + 3 > LINE {
        fold(out, &mut column);
    } else {
        out.push(b' ');
    }
    out.push(b'<');
    out.extend(identifier.bytes().filter(|b| b.is_ascii_alphanumeric() || b"-._".contains(b)));
    out.extend_from_slice(b">\r\n");
}

/// Cuts a text into words that can stand as they are, the stretch that must be encoded, and words
/// that can stand again: most of a subject stays readable in the raw message.
fn split_plain(text: &str) -> (&str, &str, &str) {
    if is_plain(text) {
        return (text, "", "");
    }
    let is_plain_word = |word: &str| !word.is_empty() && is_plain(word);
    let start: usize =
        text.split(' ').take_while(|word| is_plain_word(word)).map(|word| word.len() + 1).sum();
    let end: usize = text[start.min(text.len())..]
        .rsplit(' ')
        .take_while(|word| is_plain_word(word))
        .map(|word| word.len() + 1)
        .sum();
    let (before, rest) = text.split_at(start.min(text.len()));
    let (odd, after) = rest.split_at(rest.len() - end.min(rest.len()));
    (before.trim_end_matches(' '), odd, after.trim_start_matches(' '))
}

fn plain_words(text: &str, out: &mut Vec<u8>, column: &mut usize) {
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if *column + 1 + word.len() > LINE && *column > 1 {
            fold(out, column);
        } else {
            out.push(b' ');
            *column += 1;
        }
        out.extend_from_slice(word.as_bytes());
        *column += word.len();
    }
}

/// Starts a continuation line: CRLF and the space that belongs to the text.
fn fold(out: &mut Vec<u8>, column: &mut usize) {
    out.extend_from_slice(b"\r\n ");
    *column = 1;
}

/// RFC 5322 `phrase`: atoms, or a quoted string, or encoded-words.
fn phrase(name: &str, out: &mut Vec<u8>, column: &mut usize) {
    let is_atom = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    if is_plain(name) && name.len() <= 60 {
        out.push(b' ');
        let text = if name.split(' ').all(is_atom) {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
        };
        out.extend_from_slice(text.as_bytes());
        *column += 1 + text.len();
    } else {
        encoded_words(name, out, column);
    }
}

/// Whether text can stand in a header as it is: ASCII, foldable, and not looking like an
/// encoded-word.
fn is_plain(text: &str) -> bool {
    text.is_ascii()
        && !text.contains("=?")
        && !text.contains("  ")
        && text.split(' ').all(|word| word.len() <= LINE - 16)
}

/// `text` as encoded-words, each holding whole characters, a folded line each. Q where that is
/// shorter, which for mostly Latin text is also readable; else B.
fn encoded_words(text: &str, out: &mut Vec<u8>, column: &mut usize) {
    let q_length: usize = text.bytes().map(|byte| if is_q_plain(byte) { 1 } else { 3 }).sum();
    let use_q = q_length <= text.len().div_ceil(3) * 4;
    let frame = "=?utf-8?B??=".len();
    let mut rest = text;
    while !rest.is_empty() {
        let room = ENCODED_WORD.min(LINE.saturating_sub(*column + 1)).saturating_sub(frame);
        let mut taken = take_fitting(rest, room, use_q);
        if taken == 0 {
            fold(out, column);
            taken = take_fitting(rest, ENCODED_WORD - frame - 1, use_q);
            *column -= 1;
        } else {
            out.push(b' ');
            *column += 1;
        }
        let word = encoded_word(&rest[..taken], use_q);
        out.extend_from_slice(word.as_bytes());
        *column += word.len();
        rest = &rest[taken..];
        if !rest.is_empty() {
            out.extend_from_slice(b"\r\n");
            *column = 0;
        }
    }
}

/// Bytes of whole characters of `text` whose encoding fits into `room`.
fn take_fitting(text: &str, room: usize, use_q: bool) -> usize {
    let (mut taken, mut q) = (0, 0);
    for c in text.chars() {
        let mut buffer = [0; 4];
        let bytes = c.encode_utf8(&mut buffer).as_bytes();
        q += bytes.iter().map(|byte| if is_q_plain(*byte) { 1 } else { 3 }).sum::<usize>();
        let b = (taken + bytes.len()).div_ceil(3) * 4;
        if (if use_q { q } else { b }) > room {
            break;
        }
        taken += bytes.len();
    }
    taken
}

/// RFC 2047 5 (3): what may stand for itself even in a phrase; a space becomes `_`.
fn is_q_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!*+-/ ".contains(&byte)
}

fn encoded_word(text: &str, use_q: bool) -> String {
    if !use_q {
        return format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(text.as_bytes()));
    }
    let mut word = String::from("=?utf-8?Q?");
    for byte in text.bytes() {
        match byte {
            b' ' => word.push('_'),
            byte if is_q_plain(byte) => word.push(byte as char),
            byte => word.push_str(&format!("={byte:02X}")),
        }
    }
    word.push_str("?=");
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subject(text: &str) -> String {
        let mut out = Vec::new();
        unstructured("Subject", &HeaderText::new(text), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn decoded(header: &str) -> String {
        let message = format!("{header}\r\nx");
        let parsed = mail_parser::MessageParser::default().parse(message.as_bytes()).unwrap();
        parsed.subject().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_field_for_one_address_holds_one() {
        for several in [
            "A <a@x.example>, B <b@y.example>",
            "a@x.example, b@y.example",
            "a@x.example; b@y.example",
            "A <a@x.example>; b@y.example",
        ] {
            let told = Mailbox::parse(several).unwrap_err();
            assert!(matches!(told, AddressError::Several(_)), "{several}: {told}");
        }
        for one in [
            "A <a@x.example>",
            "Sejong, Inc. <a@x.example>",
            "\"Kim, b@y.example\" <a@x.example>",
            "a@x.example <a@x.example>",
            "news@work, daily <a@x.example>",
            "소식지 <a@항구.example>",
        ] {
            assert!(Mailbox::parse(one).is_ok(), "{one}");
        }
    }

    #[test]
    fn ascii_stands_as_it_is_and_other_text_is_encoded() {
        assert_eq!(subject("Chips and chicken"), "Subject: Chips and chicken\r\n");
        assert_eq!(
            subject("So José says hello"),
            "Subject: So =?utf-8?B?Sm9zw6k=?= says hello\r\n"
        );
        assert_eq!(subject("치맥"), "Subject: =?utf-8?B?7LmY66el?=\r\n");
    }

    #[test]
    fn no_text_makes_a_second_header() {
        let text = subject("a\r\nBcc: victim@a.example\r\n\r\nbody\0\u{2028}x");
        assert!(decoded(&text).starts_with("a  Bcc: victim@a.example"), "{text}");
        assert_eq!(text.matches("\r\n").count(), 1);
    }

    #[test]
    fn mailboxes_quote_what_needs_it() {
        let write = |name: &str| {
            let mut out = Vec::new();
            mailbox("To", &Mailbox::parse(&format!("{name} <a@b.example>")).unwrap(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(write("Mary O'Brien"), "To: Mary O'Brien <a@b.example>\r\n");
        assert_eq!(write("Smith, J. \\ x"), "To: \"Smith, J. \\\\ x\" <a@b.example>\r\n");
        assert_eq!(write("김민지"), "To: =?utf-8?B?6rmA66+87KeA?= <a@b.example>\r\n");
        assert!(write(&"very long name ".repeat(40)).lines().all(|line| line.len() <= 78));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_text_folds_and_reads_back(text in "(\\PC{0,120}|[ -~]{0,300}|[가-힣 a-z]{0,120}|.{0,60})") {
            let header = subject(&text);
            prop_assert!(header.is_ascii());
            prop_assert!(header.ends_with("\r\n"));
            for line in header.trim_end().split("\r\n") {
                prop_assert!(line.len() <= 78, "{line:?}");
            }
            for (at, line) in header.trim_end_matches("\r\n").split("\r\n").enumerate() {
                prop_assert!(at == 0 || line.starts_with(' ') && !line.trim().is_empty(), "{header:?}");
            }
            prop_assert!(!header.trim_end_matches("\r\n").replace("\r\n", "").contains(['\r', '\n']));
            let want = HeaderText::new(&text);
            let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(squeeze(&decoded(&header)), squeeze(want.as_str()));
        }

        #[test]
        fn every_name_is_one_recipient(name in "\\PC{0,150}|[ -~]{0,150}") {
            let mut out = Vec::new();
            let address = Address::parse("kim@a.example").unwrap();
            let name = HeaderText::new(&name);
            mailbox("To", &Mailbox { name: Some(name), address }, &mut out);
            out.extend_from_slice(b"\r\nx");
            let parsed = mail_parser::MessageParser::default().parse(&out).unwrap();
            let addresses: Vec<_> = parsed.to().unwrap().iter().collect();
            prop_assert_eq!(addresses.len(), 1);
            prop_assert_eq!(addresses[0].address(), Some("kim@a.example"));
        }
    }
}
