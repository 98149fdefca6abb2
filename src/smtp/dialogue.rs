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
fn without(text: &str, secret: &str) -> String {
    let (lower, wanted) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let (mut out, mut from) = (String::new(), 0);
    for (at, found) in lower.match_indices(&wanted) {
        out.push_str(&text[from..at]);
        out.push_str(HIDDEN);
        from = at + found.len();
    }
    let rest = &lower[from..];
    let part = (0..rest.len())
        .filter(|at| rest.is_char_boundary(*at) && rest.len() - at >= PART_MIN)
        .find(|at| wanted.starts_with(&rest[*at..]));
    match part {
        Some(at) => out + &text[from..from + at] + HIDDEN,
        None => out + &text[from..],
    }
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
        ] {
            assert_eq!(dialogue.hidden(text), shown);
        }
        assert!(!format!("{dialogue:?}").contains("AGtp"));
    }
}
