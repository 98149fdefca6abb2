//! An address that may stand in an SMTP envelope and in a header, normalised once.
//!
//! RFC 5321 4.1.2 syntax with the limits of 4.5.3.1, the domain as IDNA A-labels (UTS 46, strict),
//! so that nothing later has to wonder whether `RCPT TO` will be valid or two spellings are one
//! person. Must never hold a control character, a zero-width character or a bidi override.

use std::borrow::Cow;
use std::fmt;

/// `local@domain`: the local part as written, with no more quotes than it needs; the domain
/// lower-case ASCII.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: String,
    at: usize,
}

/// Why a text is not an address we would write to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@`, or nothing on one side of it.
    #[error("{0:?} is not an address: it needs a name, an @ and a domain")]
    Shape(String),
    /// Control, zero-width and bidi characters have no place in an address.
    #[error("{0:?} contains the invisible character U+{1:04X}")]
    Invisible(String, u32),
    /// RFC 5321 4.5.3.1.1 and 4.5.3.1.3 (with 4.1.2: 254 octets fit into a path).
    #[error("{0:?} is too long: at most 64 bytes before the @ and 254 in all")]
    Long(String),
    /// Neither a dot-string nor a quoted string (RFC 5321 4.1.2, RFC 6531 3.3).
    #[error("{0:?} is not valid before the @")]
    LocalPart(String),
    /// Not a name that UTS 46 accepts, or a part of it that DNS would not.
    #[error("{0:?} is not a valid domain")]
    Domain(String),
    /// A field for one address with several.
    #[error("{0:?} holds more than one address")]
    Several(String),
    /// `[127.0.0.1]`, `localhost`: a newsletter writes to people at domains.
    #[error("{0:?} is not a full domain name")]
    Local(String),
}

impl Address {
    /// Reads `local@domain`, white space around it ignored.
    ///
    /// # Errors
    /// An [`AddressError`] that names the part at fault.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let text = text.trim();
        if let Some(odd) = text.chars().find(|c| is_invisible(*c)) {
            return Err(AddressError::Invisible(text.to_owned(), odd as u32));
        }
        let (local, domain) = match text.rsplit_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => (local, domain),
            _ => return Err(AddressError::Shape(text.to_owned())),
        };
        let Some(local) = least_quoted(local) else {
            return Err(AddressError::LocalPart(local.to_owned()));
        };
        let domain = domain_to_ascii(domain)?;
        if local.len() > 64 || local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::Long(text.to_owned()));
        }
        Ok(Address { at: local.len(), text: format!("{local}@{domain}") })
    }

    /// The whole address, as it stands in `RCPT TO:<…>`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands after the `@`: lower-case A-labels.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether a relay must offer SMTPUTF8 (RFC 6531) to take it.
    pub fn needs_smtputf8(&self) -> bool {
        !self.text.is_ascii()
    }

    /// What two spellings of one mailbox have in common: all lower-case. RFC 5321 2.4 leaves the
    /// case of a local part to its host; no host in use gives `Kim@` and `kim@` to two people.
    pub fn identity(&self) -> String {
        self.text.to_lowercase()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Control characters, zero-width characters, bidi controls, and the other format characters that
/// make two different addresses look alike.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
            | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF)
}

/// RFC 5321 `Dot-string`, with the UTF-8 of RFC 6531.
fn is_dot_string(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|c| {
                c.is_ascii_alphanumeric()
                    || "!#$%&'*+-/=?^_`{|}~".contains(c)
                    || (!c.is_ascii() && !c.is_whitespace())
            })
    })
}

/// A local part in the spelling that quotes least. RFC 5321 4.1.2: all quoted forms of it are the
/// same, and this is the one to transmit. `"kim"` is `kim`, and `"a\ b"` is `"a b"`. `None` where it
/// is neither a dot-string nor a quoted string.
fn least_quoted(local: &str) -> Option<Cow<'_, str>> {
    if is_dot_string(local) {
        return Some(Cow::Borrowed(local));
    }
    let content = content_of_quoted_string(local)?;
    if is_dot_string(&content) {
        return Some(Cow::Owned(content));
    }
    let escaped = content.replace('\\', "\\\\").replace('"', "\\\"");
    Some(Cow::Owned(format!("\"{escaped}\"")))
}

/// What an RFC 5321 `Quoted-string` stands for: printable ASCII between quotes, and a `\` makes the
/// next character stand for itself.
fn content_of_quoted_string(local: &str) -> Option<String> {
    let inner = local.strip_prefix('"')?.strip_suffix('"')?;
    let mut content = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => chars.next()?,
            '"' => return None,
            c => c,
        };
        if !(' '..='~').contains(&c) {
            return None;
        }
        content.push(c);
    }
    (!content.is_empty()).then_some(content)
}

fn domain_to_ascii(domain: &str) -> Result<String, AddressError> {
    let wrong = || AddressError::Domain(domain.to_owned());
    if domain.starts_with('[') {
        return Err(AddressError::Local(domain.to_owned()));
    }
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| wrong())?;
    let labels: Vec<&str> = ascii.split('.').collect();
    let fine = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if ascii.len() > 253 || !labels.iter().all(fine) {
        return Err(wrong());
    }
    match labels.last() {
        Some(last) if labels.len() > 1 && !last.bytes().all(|b| b.is_ascii_digit()) => Ok(ascii),
        _ => Err(AddressError::Local(domain.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<String, AddressError> {
        Address::parse(text).map(|address| address.as_str().to_owned())
    }

    #[test]
    fn plain_addresses_keep_the_local_part_and_fold_the_domain() {
        assert_eq!(parse(" Kim.Minji@Example.ORG "), Ok("Kim.Minji@example.org".to_owned()));
        assert_eq!(Address::parse("Kim@A.example").unwrap().identity(), "kim@a.example");
    }

    #[test]
    fn international_domains_become_a_labels() {
        assert_eq!(parse("kim@한국.example"), Ok("kim@xn--3e0b707e.example".to_owned()));
        assert!(Address::parse("민지@example.org").unwrap().needs_smtputf8());
    }

    #[test]
    fn a_local_part_keeps_the_quotes_that_it_needs_and_no_others() {
        for (written, kept) in [
            (r#""kim""#, "kim"),
            (r#""Kim.Minji""#, "Kim.Minji"),
            (r#""k\im""#, "kim"),
            (r#""a b""#, r#""a b""#),
            (r#""a\ b""#, r#""a b""#),
            (r#""a@b""#, r#""a@b""#),
            (r#""a..b""#, r#""a..b""#),
            (r#"".a""#, r#"".a""#),
            (r#""a\"b\\c""#, r#""a\"b\\c""#),
            (r#""\a\\""#, r#""a\\""#),
        ] {
            let expected = Ok(format!("{kept}@x.example"));
            assert_eq!(parse(&format!("{written}@x.example")), expected);
        }
        let identity = |text: &str| Address::parse(text).unwrap().identity();
        assert_eq!(identity("\"Kim\"@x.example"), identity("kim@X.example"));
        assert_eq!(identity("\"a\\ B\"@x.example"), identity("\"A b\"@x.example"));
        assert_ne!(identity("\"a b\"@x.example"), identity("ab@x.example"));
    }

    #[test]
    fn what_no_relay_should_see_is_refused() {
        for bad in [
            "",
            "@",
            "kim",
            "kim@",
            "@x.example",
            "a b@x.example",
            "a..b@x.example",
            ".a@x.example",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-x.example",
            "a@x..example",
            "a@x.example.",
            "a@x\u{200b}.example",
            "a\r\nRCPT TO:<b@x.example>@x.example",
            "\u{202e}a@x.example",
            "a>@x.example",
            "\"a\"b\"@x.example",
            "\"\"@x.example",
            "\"@x.example",
            "\"a\\\"@x.example",
            "\"민지\"@x.example",
            "a@x_y.example",
        ] {
            assert!(parse(bad).is_err(), "{bad:?} was taken");
        }
        assert!(parse(&format!("{}@x.example", "a".repeat(65))).is_err());
        assert!(parse(&format!("a@{}.example", "abcdefgh.".repeat(40))).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_safe_line(
            text in "\\PC{0,40}@\\PC{0,20}|[ -~]{0,20}@[a-z.\\-]{0,12}|\"[ -~]{0,8}\"@x\\.org"
        ) {
            if let Ok(address) = Address::parse(&text) {
                prop_assert!(!address.as_str().chars().any(is_invisible));
                prop_assert!(address.domain().is_ascii() && address.as_str().len() <= 254);
                let again = Address::parse(address.as_str());
                prop_assert_eq!(again.as_ref(), Ok(&address));
            }
        }
    }
}
