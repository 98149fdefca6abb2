//! The addresses in a line of text, as mail systems write them there: bare, in angle brackets, in
//! quotation marks, with a type before them. Must never read a line twice over: a long line of `@` is
//! no reason to wait.

/// Characters of a local part and of a domain, at most (RFC 5321 4.5.3.1).
const MOST_LOCAL: usize = 128;
const MOST_DOMAIN: usize = 255;

/// An address and where it stands in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundAddress {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Every address in `line`, from left to right.
pub(super) fn in_line(line: &str) -> Vec<FoundAddress> {
    let mut found: Vec<FoundAddress> = Vec::new();
    for at in memchr::memchr_iter(b'@', line.as_bytes()) {
        let before = found.last().map_or(0, |last| last.end);
        if at < before {
            continue;
        }
        if let Some(one) = around(line, at, before) {
            found.push(one);
        }
    }
    found
}

/// The address whose `@` stands at `at`.
fn around(line: &str, at: usize, from: usize) -> Option<FoundAddress> {
    let left = &line[from..at];
    let start = if let Some(quoted) = left.strip_suffix('"') {
        // "two words"@example.org
        from + quoted.rfind('"')?
    } else {
        let local = left.chars().rev().take(MOST_LOCAL).take_while(|c| is_local(*c));
        at - local.map(char::len_utf8).sum::<usize>()
    };
    let right = &line[at + 1..];
    let domain = if right.starts_with('[') {
        right.find(']').map_or("", |end| &right[..=end])
    } else {
        let domain = right.chars().take(MOST_DOMAIN).take_while(|c| is_domain(*c));
        &right[..domain.map(char::len_utf8).sum()]
    };
    let domain = domain.trim_end_matches(['.', '-', '_']);
    let local = &line[start..at];
    let trimmed =
        local.trim_start_matches(['.', '=', '\'', '*', '|', '/', '`', '{', '-', '#', '?']);
    let start = start + (local.len() - trimmed.len());
    // `smtp;kim@example.org` ends before, `SMTP=kim@example.org` and `rfc822:…` do not.
    let skip = ["smtp=", "rfc822=", "mailto="].iter().find(|word| {
        trimmed.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    let start = start + skip.map_or(0, |word| word.len());
    let whole = start < at && domain.contains(['.', '[']) && !domain.starts_with('.');
    let end = at + 1 + domain.len();
    whole.then(|| FoundAddress { text: line[start..end].to_owned(), start, end })
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// The one address that a field such as `Final-Recipient: rfc822; <kim@example.org>` names, or what
/// stands there instead: a name without a domain.
pub(super) fn of_field(value: &str) -> Option<String> {
    let text = value.split_once(';').map_or(value, |(_, address)| address).trim();
    let text = if text.is_empty() { value.trim().trim_end_matches(';') } else { text };
    // A route (RFC 5321 appendix C) and a comment are no part of the address.
    let text = match text.strip_prefix('@').and_then(|route| route.split_once(':')) {
        Some((_, address)) => address,
        None => text,
    };
    if let Some(found) = in_line(text).into_iter().next_back() {
        return Some(found.text);
    }
    let bare = text.trim_matches(|c: char| c.is_whitespace() || "<>\"'()[],;:".contains(c));
    let bare = bare.split_whitespace().next().unwrap_or_default();
    (!bare.is_empty() && bare.len() <= MOST_LOCAL + MOST_DOMAIN).then(|| bare.to_owned())
}

/// Whether two texts are one address; case does not count here.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        in_line(line).into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn addresses_are_found_as_they_are_written() {
        for (line, expected) in [
            ("<kim@example.org>: no", vec!["kim@example.org"]),
            (
                "RCPT TO:<kim+a@example.org> and lee@a.example.",
                vec!["kim+a@example.org", "lee@a.example"],
            ),
            ("\"two words\"@example.org", vec!["\"two words\"@example.org"]),
            ("[SMTP:kim@example.org]", vec!["kim@example.org"]),
            ("'kim@example.org'", vec!["kim@example.org'"]),
            ("kim@[192.0.2.1] x", vec!["kim@[192.0.2.1]"]),
            ("민지@예시.한국 님", vec!["민지@예시.한국"]),
            ("kim at example.org, @handle, a@b, x@.y", vec![]),
            ("kim@example.org,lee@example.org", vec!["kim@example.org", "lee@example.org"]),
        ] {
            let expected: Vec<&str> =
                expected.iter().map(|one| one.trim_end_matches('\'')).collect();
            assert_eq!(texts(line), expected, "{line}");
        }
    }

    #[test]
    fn fields_name_one_address() {
        for (value, expected) in [
            ("rfc822; kim@example.org", Some("kim@example.org")),
            ("RFC822;<kim@example.org>", Some("kim@example.org")),
            ("kim@example.org", Some("kim@example.org")),
            ("rfc822; Kim Minji <kim@example.org>", Some("kim@example.org")),
            ("rfc822;@relay.example:kim@example.org", Some("kim@example.org")),
            ("local; kim", Some("kim")),
            ("rfc822;", Some("rfc822")),
            (" ; ", None),
            ("", None),
        ] {
            assert_eq!(of_field(value).as_deref(), expected, "{value:?}");
        }
    }

    #[test]
    fn a_line_of_signs_is_read_once() {
        assert_eq!(in_line(&"@".repeat(200_000)), []);
        let long = "a".repeat(400_000);
        assert!(in_line(&format!("{long}@b.example@{long}")).len() <= 1);
    }
}
