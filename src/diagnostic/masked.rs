//! A source text as it may be quoted: passwords in it are replaced by asterisks.
//!
//! A diagnostic shows the line that it means, whatever else stands on that line. Each byte is
//! replaced by one, so that every place in the text stays true.

use std::borrow::Cow;
use std::ops::Range;

/// The text without the passwords of addresses such as `smtps://user:password@host`, and without
/// the values of keys that are named `password`.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains("password") {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        for secret in in_urls(line).into_iter().chain(in_keys(line)) {
            bytes[start + secret.start..start + secret.end].fill(b'*');
        }
        start += line.len();
    }
    // The ranges begin and end between characters.
    String::from_utf8(bytes).map_or(Cow::Borrowed(""), Cow::Owned)
}

/// The passwords in the web and relay addresses of a line.
fn in_urls(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut done = 0;
    for (at, separator) in line.match_indices("://") {
        let start = at + separator.len();
        if start < done {
            // It stands in a password.
            continue;
        }
        let rest = line[start..].trim_end();
        let ends_in = |scheme: &str| {
            let before = at.checked_sub(scheme.len()).and_then(|from| line.get(from..at));
            before.is_some_and(|before| before.eq_ignore_ascii_case(scheme))
        };
        let relay = ends_in("smtp") || ends_in("smtps");
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
            assert_eq!(masked(line), shown);
            assert_eq!(masked(line).len(), line.len());
            let lines = format!("a\n{line}\nb\n");
            assert_eq!(masked(&lines), format!("a\n{shown}\nb\n"));
        }
    }

    proptest! {
        #[test]
        fn places_stay_true(text in "(smtps?://|https://|password *=|\\PC|\n|@|:){0,12}") {
            let masked = masked(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.matches('\n').count(), text.matches('\n').count());
        }
    }
}
