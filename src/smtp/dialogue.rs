//! What is said on one connection, for `-vv`; and what must never be shown of it.
//!
//! Lines of the client begin with `>`, those of the server with `<`, both behind the port that the
//! connection comes from, which tells connections apart. The text of a message is told by its
//! length. A password is hidden in every form in which it is sent, and for the whole session: some
//! servers repeat what they were told, in an answer that is later shown or kept.

mod parts;

use tracing::{Level, enabled, trace};

use parts::SecretParts;

use super::reply::{Garbled, Reply, as_latin1};
use crate::diagnostic::visible::visible;

const HIDDEN: &str = "****";
/// A part of a secret that is shorter says little, and words may end like it by chance.
const PART_MIN: usize = 4;

/// What a group of bytes holds that is about to leave.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spoken<'a> {
    /// Commands, a line each.
    Commands,
    /// The text of a message, so many bytes of it, and then commands.
    Text(usize),
    /// A secret; this is shown instead.
    Secret(&'a str),
}

/// One connection's dialogue.
#[derive(Default)]
pub(super) struct Dialogue {
    port: u16,
    secrets: Vec<String>,
    /// Where only a part of a secret is repeated, from whatever place of it.
    parts: SecretParts,
}

impl std::fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dialogue({})", self.port)
    }
}

impl Dialogue {
    /// That of the connection which comes from this port.
    pub(super) fn of(port: u16) -> Dialogue {
        Dialogue { port, ..Dialogue::default() }
    }

    /// From now on none of these is shown, in whatever way a reply is read.
    pub(super) fn hide(&mut self, secrets: impl IntoIterator<Item = String>) {
        for secret in secrets.into_iter().filter(|secret| !secret.trim().is_empty()) {
            let (shown, latin1) = (visible(&secret).into_owned(), as_latin1(secret.as_bytes()));
            self.parts.add(&secret);
            self.parts.add(&latin1);
            self.secrets.extend([secret, shown, latin1]);
        }
        // A short one may stand in a longer one.
        self.secrets.sort_by(|one, other| (other.len(), other).cmp(&(one.len(), one)));
        self.secrets.dedup();
    }

    /// The same for what is only known by its parts: encoded forms of a secret that are seldom seen.
    pub(super) fn hide_parts(&mut self, secrets: impl IntoIterator<Item = String>) {
        secrets.into_iter().for_each(|secret| self.parts.add(&secret));
    }

    /// Notes what leaves.
    pub(super) fn say(&self, group: &[u8], spoken: Spoken<'_>) {
        if !enabled!(Level::TRACE) {
            return;
        }
        let port = self.port;
        let commands = match spoken {
            Spoken::Secret(shown) => {
                trace!("{port} > {shown}");
                return;
            }
            Spoken::Commands => group,
            Spoken::Text(length) => {
                trace!("{port} > ({length} bytes of text)");
                group.get(length..).unwrap_or_default()
            }
        };
        for line in String::from_utf8_lossy(commands).lines() {
            trace!("{port} > {}", self.hidden(line));
        }
    }

    /// Notes what came, from which secrets have been taken.
    pub(super) fn hear(&self, reply: &Reply) {
        if !enabled!(Level::TRACE) {
            return;
        }
        let (port, code) = (self.port, reply.code);
        let enhanced = reply.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
        let lines: Vec<&str> = reply.text.split('\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let (enhanced, between) = (
                if at == 0 { enhanced.as_str() } else { "" },
                if at + 1 < lines.len() { "-" } else { " " },
            );
            trace!("{port} < {code}{between}{enhanced}{line}");
        }
    }

    /// Notes something that is no line.
    pub(super) fn note(&self, what: impl std::fmt::Display) {
        trace!("{} {what}", self.port);
    }

    /// Takes secrets from a reply.
    pub(super) fn scrub(&self, reply: &mut Reply) {
        if !self.secrets.is_empty() {
            reply.text = self.hidden(&reply.text);
        }
    }

    /// The same for what is no reply.
    pub(super) fn scrub_garbled(&self, garbled: Garbled) -> Garbled {
        match garbled {
            Garbled::NotAReply(text) => Garbled::NotAReply(self.hidden(&text)),
            other => other,
        }
    }

    fn hidden(&self, text: &str) -> String {
        let whole = |text: String, secret: &String| without(&text, secret);
        self.parts.taken_from(&self.secrets.iter().fold(text.to_owned(), whole))
    }
}

/// `text` without `secret`, in letters of any case, also where the end of the text cuts it off.
/// Each of its bytes may be escaped as in a URL or in quoted-printable. Between two of them there may
/// be line ends and spaces, and control characters, which are shown as spaces.
fn without(text: &str, secret: &str) -> String {
    let (mut out, mut from) = (String::new(), 0);
    while let Some((at, end)) = first(&text[from..], secret) {
        out.push_str(&text[from..from + at]);
        out.push_str(HIDDEN);
        from += end;
    }
    out + &text[from..]
}

/// Where a secret stands first in a text.
fn first(text: &str, secret: &str) -> Option<(usize, usize)> {
    text.char_indices().find_map(|(at, _)| Some((at, at + length(&text[at..], secret)?)))
}

/// How much of the front of `text` is the secret, or the beginning of it that the end cuts off.
fn length(text: &str, secret: &str) -> Option<usize> {
    let mut at = 0;
    for (known, byte) in secret.bytes().enumerate() {
        if known > 0 && at == text.len() {
            return (known >= PART_MIN).then_some(at);
        }
        let own = match one(&text.as_bytes()[at..], byte) {
            None if known > 0 => {
                at += between(text, at);
                one(&text.as_bytes()[at..], byte)
            }
            own => own,
        };
        if known > 0 && own.is_none() && at == text.len() {
            return (known >= PART_MIN).then_some(at);
        }
        at += own?;
    }
    (at > 0 && text.is_char_boundary(at)).then_some(at)
}

/// How many bytes at the front stand for this one of a secret. White space may be left out.
fn one(bytes: &[u8], byte: u8) -> Option<usize> {
    match bytes {
        [b'%' | b'=', high, low, ..] if is_pair(*high, *low, byte) => Some(3),
        [b'+', ..] if byte == b' ' => Some(1),
        [first, ..] if first.eq_ignore_ascii_case(&byte) => Some(1),
        _ => (byte == b' ').then_some(0),
    }
}

/// How many bytes from `at` on only part the letters of a secret: white space, and the `=` that
/// quoted-printable puts before a line end.
fn between(text: &str, at: usize) -> usize {
    let Some(rest) = text.get(at..) else { return 0 };
    let mut left = rest;
    loop {
        let next = left.trim_start();
        let next = next.strip_prefix("=\n").unwrap_or(next);
        if next.len() == left.len() {
            return rest.len() - left.len();
        }
        left = next;
    }
}

/// Whether two hexadecimal digits are a byte, in letters of any case.
fn is_pair(high: u8, low: u8, byte: u8) -> bool {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let value = digit(high).zip(digit(low)).map(|(high, low)| high * 16 + low);
    value
        .and_then(|value| u8::try_from(value).ok())
        .is_some_and(|it| it.eq_ignore_ascii_case(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::smtp::reply::ReplyReader;

    /// A reply in these bytes, as it is shown.
    fn shown(dialogue: &Dialogue, line: &[u8]) -> String {
        let mut reader = ReplyReader::default();
        let mut bytes = line;
        let mut reply = reader.take(&mut bytes).unwrap().unwrap();
        dialogue.scrub(&mut reply);
        reply.text
    }

    proptest! {
        #[test]
        fn a_password_is_hidden_whatever_stands_between_its_letters(
            password in "[a-zA-Z0-9!@öéß한글Ж€]{4,12}",
            between in prop::sample::select(vec!["", " ", "\0", "\x1b", "\x07\x7f", "  \t"]),
            within_letters in any::<bool>(),
            invalid in any::<bool>(),
        ) {
            let mut dialogue = Dialogue::of(1);
            dialogue.hide([password.clone()]);
            // A server that repeats bytes may part those of one letter too.
            let parts: Vec<&[u8]> = if within_letters {
                password.as_bytes().chunks(1).collect()
            } else {
                password.split_inclusive(|_| true).map(str::as_bytes).collect()
            };
            let echo = parts.join(between.as_bytes());
            let beside: &[u8] = if invalid { b"\xff" } else { b"" };
            let line = [b"535 no: <", &echo[..], b"> ", beside, b"#\r\n"].concat();
            let beside = if invalid { "\u{ff}" } else { "" };
            // The last byte of a letter may be read as a space, which tells nothing.
            let shown = shown(&dialogue, &line).replace(' ', "");
            prop_assert_eq!(shown, format!("no:<****>{beside}#"));
        }
    }

    #[test]
    fn a_secret_is_hidden_in_any_case_and_where_it_is_cut_off() {
        let mut dialogue = Dialogue::of(1);
        dialogue.hide(["p@sswörd".to_owned(), "AGtpbQBwQHNz".to_owned(), String::new()]);
        for (text, shown) in [
            ("wrong: AGtpbQBwQHNz", "wrong: ****"),
            ("AGTPBQBWQHNZ is unknown", "**** is unknown"),
            ("p@sswörd and p@sswörd", "**** and ****"),
            ("cut off: AGtpbQ", "cut off: ****"),
            ("ends in p@sswö", "ends in ****"),
            ("an AG, a p@s", "an AG, a p@s"),
            ("삭제됨 ok", "삭제됨 ok"),
            ("", ""),
            // As parts of a URL, in quoted-printable, and over the lines of a reply.
            ("in p%40sswörd", "in ****"),
            ("in %70%40%73%73%77%C3%B6%72%64.", "in ****."),
            ("in p=40ssw=C3=B6rd.", "in ****."),
            ("in p=40ss=\nw=c3=b6rd.", "in ****."),
            ("in p@s\nswö\nrd\nno", "in ****\nno"),
            ("in p@s\n%73w", "in ****"),
            ("50% p%40 of p=40", "50% p%40 of p=40"),
            // With spaces between, and as a line that is not UTF-8 is read.
            ("in p @ s s w ö r d.", "in ****."),
            ("in p@sswÃ¶rd ÿ", "in **** ÿ"),
            ("in p @ s  swÃ", "in ****"),
        ] {
            assert_eq!(dialogue.hidden(text), shown);
        }
        assert!(!format!("{dialogue:?}").contains("AGtp"));
    }

    #[test]
    fn white_space_in_a_secret_may_be_a_plus_or_a_line_end() {
        let mut dialogue = Dialogue::of(1);
        dialogue.hide(["two words".to_owned()]);
        for text in ["two words", "two+words", "two%20words", "two\nwords", "t\nwo words"] {
            assert_eq!(dialogue.hidden(&format!("a {text} b")), "a **** b");
        }
    }
}
