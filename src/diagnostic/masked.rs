//! A text as it may be shown: passwords in it are replaced by asterisks.
//!
//! A diagnostic shows the line that it means, whatever else stands on that line, and an error may
//! repeat what somebody typed. Each byte is replaced by one, so that every place stays true.

use std::borrow::Cow;
use std::ops::Range;

use super::Source;

/// Keys of `digest.toml` whose values are never shown: the address of a relay may hold a password in
/// a form that nobody would take for one, above all where the file is not valid.
const KEYS: [&str; 7] = ["url", "relay", "mailbox", "password", "passwd", "pass", "secret"];

/// Whole `lines` of a file without the passwords of addresses such as `smtps://user:password@host`,
/// and without the values of keys that are named `password`; of settings without those of [`KEYS`]
/// too.
pub(super) fn lines(source: &Source, lines: Range<usize>) -> Cow<'_, str> {
    // A value of settings may have begun on a line before.
    let is_settings = source.path().extension().is_some_and(|ending| ending == "toml");
    if is_settings {
        // For all lines at once: a file may have a hundred problems that are shown.
        let all = source.masked.get_or_init(|| masked(source.text(), true).into_owned());
        return Cow::Borrowed(&all[lines]);
    }
    let text = &source.text()[lines];
    if !text.contains("://") && !text.contains("password") {
        return Cow::Borrowed(text);
    }
    masked(text, false)
}

fn masked(text: &str, is_settings: bool) -> Cow<'_, str> {
    let mut found = if is_settings { in_settings(text) } else { Vec::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let own = in_urls(line, Within::Line).into_iter().chain(in_keys(line));
        found.extend(own.map(|secret| start + secret.start..start + secret.end));
        start += line.len();
    }
    without(text, found)
}

/// What is said about something, without the passwords of addresses in it.
pub fn words(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let (mut found, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let own = in_urls(line, Within::Words);
        found.extend(own.into_iter().map(|secret| start + secret.start..start + secret.end));
        start += line.len();
    }
    without(text, found)
}

/// The ranges begin and end between characters, and keep the ends of lines.
fn without(text: &str, secrets: Vec<Range<usize>>) -> Cow<'_, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for byte in secrets.into_iter().flat_map(|secret| secret.start..secret.end) {
        if !matches!(bytes[byte], b'\n' | b'\r') {
            bytes[byte] = b'*';
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(""), Cow::Owned)
}

/// The values of [`KEYS`] in TOML, valid or not: up to the end of the line, of a text in three
/// quotation marks, or of the line behind one whose quotation mark is never closed.
fn in_settings(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut open) = (0, None);
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        let value = match open {
            Some(_) => Some(0),
            None => value_of_key(line),
        };
        if let Some(at) = value {
            let value = &line[at..];
            found.push((start + at).min(end)..end);
            open = match open {
                // Closed on this line, or not closed at all.
                Some(mark @ ("\"\"\"" | "'''")) if !value.contains(mark) => Some(mark),
                Some(_) => None,
                None => left_open(value),
            };
        }
        start += line.len();
    }
    found
}

/// Where the value of one of [`KEYS`] begins on a line: `url =`, `"url"=`, `relay.url =`, also
/// within `{ … }`.
fn value_of_key(line: &str) -> Option<usize> {
    let begins = |at: usize| {
        let before = line[..at].trim_end_matches(['"', '\'']).chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || "{,.[".contains(c))
    };
    let value = |at: usize| {
        let rest = line[at..].trim_start_matches(['"', '\'']).trim_start();
        let value = rest.strip_prefix(['=', ':'])?;
        Some(line.len() - value.trim_start().len())
    };
    let each = KEYS.iter().flat_map(|key| {
        line.match_indices(key)
            .filter(|(at, _)| begins(*at))
            .filter_map(|(at, _)| value(at + key.len()))
    });
    each.min()
}

/// The quotation mark that a value begins with and that nothing on its line closes.
fn left_open(value: &str) -> Option<&'static str> {
    let value = value.trim();
    for mark in ["\"\"\"", "'''"] {
        if let Some((_, rest)) = value.split_once(mark) {
            return (!rest.contains(mark)).then_some(mark);
        }
    }
    let one = ["\"", "'"].into_iter().find(|mark| value.starts_with(mark))?;
    (value.len() == 1 || !value[1..].contains(one)).then_some(one)
}

/// What an address stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// A line of somebody's file, which may be anything.
    Line,
    /// A sentence of ours: an address ends with its word, or with the quotation mark before it.
    Words,
}

/// The passwords in the web and relay addresses of a line.
fn in_urls(line: &str, within: Within) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut done = 0;
    for (at, separator) in line.match_indices("://") {
        let start = at + separator.len();
        if start < done {
            // It stands in a password.
            continue;
        }
        let ends_in = |scheme: &str| {
            let before = at.checked_sub(scheme.len()).and_then(|from| line.get(from..at));
            before.is_some_and(|before| before.eq_ignore_ascii_case(scheme))
        };
        let mut rest = line[start..].trim_end();
        let relay = ends_in("smtp") || ends_in("smtps");
        if within == Within::Words {
            let mark = line[..at].trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let mark = mark.chars().next_back().filter(|mark| "\"'`".contains(*mark));
            let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
            rest = match mark.and_then(|mark| rest.rfind(mark)) {
                Some(end) => &rest[..end],
                // A password with a space in it goes on up to the @.
                None if relay && goes_on(word) && rest.contains('@') => rest,
                None => word,
            };
            rest = rest.trim_end_matches([':', ';', ',', '.', ')', '\'', '"', '`']);
        }
        // A password of a relay may have anything in it, a quotation mark that is the very mistake
        // as well. Elsewhere an address ends as addresses do.
        let odd = |c: char| c.is_whitespace() || "/?#\"'<>()[]`".contains(c);
        let end = if relay { None } else { rest.find(odd) };
        let authority = &rest[..end.unwrap_or(rest.len())];
        let secret = match (authority.rfind('@'), authority.find(':')) {
            (Some(end), Some(colon)) if colon < end => Some(colon + 1..end),
            (None, Some(colon)) if relay => unfinished(authority, colon),
            _ => None,
        };
        let secret = secret.map(|secret| start + secret.start..start + secret.end);
        done = secret.as_ref().map_or(done, |secret| secret.end);
        found.extend(secret);
    }
    found
}

/// Whether the first word of a relay's address begins a password and does not end it.
fn goes_on(word: &str) -> bool {
    let word = word.trim_end_matches([':', ';', ',', '.']);
    let colon = word.find(':').filter(|_| !word.contains('@'));
    colon.is_some_and(|colon| unfinished(word, colon).is_some())
}

/// What stands behind the colon of a relay's address without an `@`, unless it is a port.
fn unfinished(authority: &str, colon: usize) -> Option<Range<usize>> {
    if authority.starts_with('[') {
        // An IPv6 address has colons of its own.
        return None;
    }
    let behind = &authority[colon + 1..];
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    let ends = |c: char| c.is_whitespace() || "/?\"',]}".contains(c);
    let port = digits > 0 && behind[digits..].chars().next().is_none_or(ends);
    let end = authority.trim_end_matches('"').len();
    (!port && colon + 1 < end).then_some(colon + 1..end)
}

/// The values behind `password =` and `password:`.
fn in_keys(line: &str) -> Option<Range<usize>> {
    let at = line.find("password")? + "password".len();
    let rest = &line[at..];
    let value = rest.trim_start_matches(['"', '\'', ' ', '\t']).strip_prefix(['=', ':'])?;
    let value = value.trim_start_matches([' ', '\t', '"', '\'']);
    let end = value.trim_end().trim_end_matches(['"', '\'']).len();
    let start = line.len() - value.len();
    (end > 0).then_some(start..start + end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(file: &Source) -> String {
        lines(file, 0..file.text().len()).into_owned()
    }

    #[test]
    fn a_password_is_masked_wherever_it_stands_on_a_line() {
        for (line, shown) in [
            ("url = \"smtps://kim:s3cret@mx.example\"", "url = \"smtps://kim:******@mx.example\""),
            ("url = \"smtps://kim:s3\"ret@mx.example", "url = \"smtps://kim:******@mx.example"),
            ("url = \"SMTP://kim:p/w #@x\" # a@b", "url = \"SMTP://kim:************@b"),
            ("url = \"smtps://kim:s3cret", "url = \"smtps://kim:******"),
            ("url = \"smtp://127.0.0.1:2525\"", "url = \"smtp://127.0.0.1:2525\""),
            ("url = \"smtp://[::1]:2525\"", "url = \"smtp://[::1]:2525\""),
            ("url = \"smtps://kim@mx.example:465\"", "url = \"smtps://kim@mx.example:465\""),
            ("[a](https://kim:pw@web.example/x@y)", "[a](https://kim:**@web.example/x@y)"),
            ("see https://web.example: me@web.example", "see https://web.example: me@web.example"),
            ("password = \"é3cret\"", "password = \"*******\""),
            ("{ password = 's3' }", "{ password = '*****"),
            ("password_file = \"pw\"", "password_file = \"pw\""),
            ("the password is old", "the password is old"),
        ] {
            let in_file = |text: &str| whole(&Source::new("a.md", text));
            assert_eq!(in_file(line), shown);
            assert_eq!(in_file(line).len(), line.len());
            let lines = format!("a\n{line}\nb\n");
            assert_eq!(in_file(&lines), format!("a\n{shown}\nb\n"));
        }
    }

    #[test]
    fn settings_show_no_address_of_a_relay_in_whatever_way_it_is_written() {
        let in_file = |text: &str| whole(&Source::new("digest.toml", text));
        for text in [
            "url = \"smtps://kim:horse@mx.example\"",
            "url=\"smtps:\\u002f\\u002fkim:horse@mx\"",
            "url = \"kim:horse@mx\"",
            "  \"url\" = 'smtps:/kim:horse@mx' # old",
            "relay.url = \"kim:horse\"",
            "relay = \"kim:horse@mx\"",
            "relay = [{ password_file = \"x\", url = \"kim:horse@mx\" }]",
            "url: kim:horse@mx",
            "url = \"\"\"\nsmtps:\\\n  kim:\\\n  horse@mx\"\"\"",
            "url = '''smtps:\nkim:horse\n@mx'''\nnext = 1",
            "url = \"smtps:\nkim:horse@mx\"\nnext = 1",
            "url = \"smtps:\r\nkim:horse@mx\"\r\n",
            "pass = \"horse\"",
            "secret = \"horse\"",
        ] {
            let shown = in_file(text);
            assert!(!shown.contains("horse") && !shown.contains("kim"), "{shown}");
            assert_eq!((shown.len(), shown.lines().count()), (text.len(), text.lines().count()));
            assert!(!text.contains("next") || shown.ends_with("\nnext = 1"), "{shown}");
        }
        for text in ["base_url = \"https://a.example\"", "curl = 1", "password_file = \"x\""] {
            assert_eq!(in_file(text), text);
        }
    }

    #[test]
    fn words_lose_the_password_and_nothing_else() {
        for (text, shown) in [
            ("unexpected 'smtp://kim:pa ss@mx' found", "unexpected 'smtp://kim:*****@mx' found"),
            ("no \"smtps://kim:pw@mx\"", "no \"smtps://kim:**@mx\""),
            ("smtps://kim:pw@mx.example: refused", "smtps://kim:**@mx.example: refused"),
            ("no issue smtps://kim:pa ss@mx: x", "no issue smtps://kim:*****@mx: x"),
            ("smtps://kim:pw, no host", "smtps://kim:**, no host"),
            ("smtp://127.0.0.1:25: no kim@x.example", "smtp://127.0.0.1:25: no kim@x.example"),
            ("smtps://kim@mx:465: a@b", "smtps://kim@mx:465: a@b"),
            (
                "write smtps://u@mx or smtp://127.0.0.1:2525",
                "write smtps://u@mx or smtp://127.0.0.1:2525",
            ),
            ("https://web.example/a: me@b.example", "https://web.example/a: me@b.example"),
            ("https://kim:pw@web.example", "https://kim:**@web.example"),
        ] {
            assert_eq!(words(text), shown);
        }
    }

    proptest! {
        #[test]
        fn places_stay_true(text in "(smtps?://|https://|password *=|url=|\"\"\"|'|\\PC|\n|@|:){0,12}") {
            for name in ["a.md", "a.toml"] {
                let file = Source::new(name, text.clone());
                let masked = whole(&file);
                prop_assert_eq!(masked.len(), text.len());
                prop_assert_eq!(masked.matches('\n').count(), text.matches('\n').count());
            }
            prop_assert_eq!(words(&text).len(), text.len());
        }
    }
}
