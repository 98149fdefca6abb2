//! A text without people: addresses and tokens of links are replaced in it.
//!
//! A relay's reply repeats the address that it was given, and a log keeps it for years. Must never let an
//! address through; that a word more is replaced does no harm.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

/// So many letters in a row are a token: no word of a language has them.
const TOKEN: usize = 40;
/// An `@` as a link has it.
const ESCAPED: &str = "%40";

/// The text without addresses of mail, without the user in addresses of servers
/// (`postgres://user@host`), and without tokens.
///
/// ```
/// use sejong_digest::diagnostic::unnamed::words;
/// assert_eq!(words("550 <kim@example.org>: no"), "550 <[address]>: no");
/// ```
pub fn words(text: &str) -> Cow<'_, str> {
    let text = without_addresses(text);
    let has_token = runs(&text).any(|run| run.len() >= TOKEN);
    if !has_token {
        return text;
    }
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for run in runs(&text).filter(|run| run.len() >= TOKEN) {
        out.push_str(&text[done..run.start]);
        out.push_str("[token]");
        done = run.end;
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

fn without_addresses(text: &str) -> Cow<'_, str> {
    let (mut out, mut done) = (String::new(), 0);
    while let Some(sign) = sign(&text[done..]) {
        let sign = done + sign.start..done + sign.end;
        let start = start_of_local_part(text, done, sign.start);
        let is_user = text[done..start].ends_with("://")
            && sign.len() == 1
            && !text[start..sign.start].contains('/');
        out.push_str(&text[done..start]);
        if is_user {
            done = sign.end;
        } else {
            out.push_str("[address]");
            done = end_of_domain(text, sign.end);
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The first `@` or `%40`; a full-width one counts.
fn sign(text: &str) -> Option<Range<usize>> {
    let escaped =
        memmem::find(text.as_bytes(), ESCAPED.as_bytes()).map(|at| at..at + ESCAPED.len());
    let plain = text.find(['@', '\u{FF20}', '\u{FE6B}']).and_then(|at| {
        let sign = text[at..].chars().next()?;
        Some(at..at + sign.len_utf8())
    });
    match (plain, escaped) {
        (Some(plain), Some(escaped)) if escaped.start < plain.start => Some(escaped),
        (None, escaped) => escaped,
        (plain, _) => plain,
    }
}

/// Where what stands before the sign begins. A local part may be in quotation marks (RFC 5321, 4.1.2).
fn start_of_local_part(text: &str, from: usize, sign: usize) -> usize {
    let before = &text[from..sign];
    let in_quotes = before.strip_suffix('"').and_then(|inner| inner.rfind('"'));
    if let Some(start) = in_quotes {
        return from + start;
    }
    let word = before
        .rfind(is_border)
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    // Of an address of a server, its user alone; a password was replaced already, and goes too.
    let url = before.rfind("://").map_or(0, |at| at + "://".len());
    from + word.max(url)
}

fn end_of_domain(text: &str, from: usize) -> usize {
    let ends = |c: char| is_border(c) || "/?#;:'".contains(c);
    let end = text[from..].find(ends).map_or(text.len(), |at| from + at);
    // The full stop of the sentence.
    from + text[from..end].trim_end_matches('.').len()
}

fn is_border(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>()[],;\"\\".contains(c)
}

/// The longest stretches of letters, digits, `-` and `_`.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_part = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|c| is_part(*c))?;
        let end = bytes[start..].iter().position(|c| !is_part(*c));
        at = end.map_or(bytes.len(), |end| start + end);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_is_named() {
        let token = "k1a-2B_".repeat(6);
        for (text, shown) in [
            ("", ""),
            ("the disk is full", "the disk is full"),
            ("550 5.1.1 <kim@example.org>: unknown", "550 5.1.1 <[address]>: unknown"),
            ("kim@example.org, ada@example.org.", "[address], [address]."),
            ("no \"a b\"@example.org here", "no [address] here"),
            ("o'brien+x@example.org", "[address]"),
            ("김@예시.한국 갔다", "[address] 갔다"),
            ("a\u{FF20}b.example", "[address]"),
            ("/x?to=kim%40example.org&y", "[address]"),
            ("mailto:kim@example.org", "[address]"),
            ("a@b@c", "[address]"),
            (
                "postgres://digest@db.example:5432/news failed",
                "postgres://db.example:5432/news failed",
            ),
            ("smtps://kim:***@mx.example: no", "smtps://mx.example: no"),
            ("see https://a.example/kim@example.org", "see https://[address]"),
            ("@", "[address]"),
            (
                &format!("https://a.example/unsubscribe/{token}?x"),
                "https://a.example/unsubscribe/[token]?x",
            ),
        ] {
            assert_eq!(words(text), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_sign_is_left(text in "(@|%40|://|\"| |\\PC|[a-z]{1,50}|:){0,12}") {
            let shown = words(&text);
            prop_assert!(!shown.contains('@') && !shown.contains(ESCAPED), "{shown}");
            prop_assert!(runs(&shown).all(|run| run.len() < TOKEN), "{shown}");
        }
    }
}
