//! What is said on one connection, for `-vv`; and what must never be shown of it.
//!
//! Lines of the client begin with `>`, those of the server with `<`, both behind the port that the
//! connection comes from, which tells connections apart. The text of a message is told by its
//! length. A password is hidden in every form in which it is sent, and for the whole session: some
//! servers repeat what they were told, in an answer that is later shown or kept.

use tracing::{Level, enabled, trace};

use super::reply::{Garbled, Reply};

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
}

impl std::fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dialogue({})", self.port)
    }
}

impl Dialogue {
    /// That of the connection which comes from this port.
    pub(super) fn of(port: u16) -> Dialogue {
        Dialogue { port, secrets: Vec::new() }
    }

    /// From now on none of these is shown.
    pub(super) fn hide(&mut self, secrets: impl IntoIterator<Item = String>) {
        self.secrets.extend(secrets.into_iter().filter(|secret| !secret.is_empty()));
        // A short one may stand in a longer one.
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
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
        self.secrets.iter().fold(text.to_owned(), |text, secret| without(&text, secret))
    }
}

/// `text` without `secret`, in letters of any case, also where the end of the text cuts it off.
/// Each of its bytes may be escaped as in a URL or in quoted-printable, and the lines of a reply
/// may end within it.
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
    let bytes = text.as_bytes();
    let mut at = 0;
    for (known, byte) in secret.bytes().enumerate() {
        if known > 0 {
            at += line_ends(&bytes[at..]);
        }
        at += match bytes.get(at..) {
            None | Some([]) => return (known >= PART_MIN).then_some(at),
            Some([b'%' | b'=', high, low, ..]) if is_pair(*high, *low, byte) => 3,
            Some([b'+', ..]) if byte == b' ' => 1,
            // White space at the end of a line is not kept.
            Some(_) if byte == b' ' && text[..at].ends_with('\n') => 0,
            Some([one, ..]) if one.eq_ignore_ascii_case(&byte) => 1,
            Some(_) => return None,
        };
    }
    text.is_char_boundary(at).then_some(at)
}

/// How many bytes of line ends are at the front, with the `=` that quoted-printable puts before one.
fn line_ends(bytes: &[u8]) -> usize {
    match bytes {
        [b'\n', rest @ ..] => 1 + line_ends(rest),
        [b'=', b'\n', rest @ ..] => 2 + line_ends(rest),
        _ => 0,
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
    use super::*;

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
