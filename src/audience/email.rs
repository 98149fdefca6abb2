//! An email cell as people paste it -> an address, and the name beside it.
//!
//! Exists because `Kim Minji <kim@example.org>` and `mailto:` links are in every list. Must never
//! mend an address: what is not one is refused with a hint.

use crate::message::address::{Address, AddressError};

use super::clean::compose;

/// Local parts that belong to a machine or a duty, where a newsletter reaches nobody.
const ROLES: [&str; 16] = [
    "abuse",
    "bounce",
    "bounces",
    "daemon",
    "devnull",
    "donotreply",
    "hostmaster",
    "listserv",
    "mailerdaemon",
    "majordomo",
    "nobody",
    "noreply",
    "postmaster",
    "root",
    "spam",
    "webmaster",
];

/// What a cell that is no address is refused with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoAddress {
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// What a cell holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EmailCell {
    pub(super) address: Address,
    /// The name in front of `<address>`.
    pub(super) name: Option<String>,
}

/// Reads what somebody has typed or pasted for an address: `a@b`, `<a@b>`, `Name <a@b>`, `mailto:a@b`.
///
/// # Errors
/// It is none: what it is, and what to do.
pub fn typed(text: &str) -> Result<Address, (String, &'static str)> {
    let found = email(text).map_err(|none| (none.message, none.help))?;
    Ok(found.address)
}

/// Reads `a@b`, `<a@b>`, `Name <a@b>` and `mailto:a@b`.
pub(super) fn email(cell: &str) -> Result<EmailCell, NoAddress> {
    let cell = compose(cell.trim());
    if cell.is_empty() {
        return Err(NoAddress {
            message: "the row has no email address".to_owned(),
            help: "add the address, or delete the row",
        });
    }
    if cell.contains(['\r', '\n', '\t']) {
        return Err(NoAddress {
            message: format!("{:?} contains a line break or a tab", shorten(&cell)),
            help: "write one address in the cell, on one line",
        });
    }
    let (name, inner) = match cell.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, inner)) => (name.trim().trim_matches('"').trim(), inner),
        None => ("", &*cell),
    };
    let inner = without_scheme(inner.trim());
    match Address::parse(inner) {
        Ok(address) => {
            let name = (!name.is_empty()).then(|| name.to_owned());
            Ok(EmailCell { address, name })
        }
        Err(error) => Err(NoAddress { message: message(inner, &error), help: hint(inner, &error) }),
    }
}

/// Whether nobody reads newsletters at this address.
pub(super) fn is_role(address: &Address) -> bool {
    let flat: String = address
        .local_part()
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .flat_map(char::to_lowercase)
        .collect();
    ROLES.contains(&flat.as_str())
}

/// `mailto:a@b?subject=x` -> `a@b`.
fn without_scheme(text: &str) -> &str {
    match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => {
            let rest = &text[7..];
            rest.split_once('?').map_or(rest, |(address, _)| address)
        }
        _ => text,
    }
}

fn message(text: &str, error: &AddressError) -> String {
    if text.chars().count() > 100 {
        format!("{:?} is not an address", shorten(text))
    } else {
        error.to_string()
    }
}

/// The beginning of a text that may be long.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn hint(text: &str, error: &AddressError) -> &'static str {
    let several = text.matches('@').count() > 1 && text.contains([',', ';', ' ', '/']);
    match error {
        AddressError::Invisible(..) => "type the address again: it contains an invisible character",
        AddressError::Several(_) => "keep one address in each row",
        AddressError::Local(_) => "write an address with a full domain, such as kim@example.org",
        _ if several => "write one address in each row",
        _ if text.ends_with('.') => "delete the full stop at the end",
        _ if text.ends_with([',', ';']) => "delete the comma or semicolon at the end",
        _ if text.contains(char::is_whitespace) => "delete the space in the address",
        _ if text.rsplit('@').next().is_some_and(|domain| domain.contains(',')) => {
            "write a full stop in the domain instead of the comma"
        }
        _ => "write one address, such as kim@example.org",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_in_use_are_read() {
        for (cell, address, name) in [
            (" kim@example.org\u{A0}", "kim@example.org", None),
            ("\"Kim, Minji\" <Kim@Example.org>", "Kim@example.org", Some("Kim, Minji")),
            ("<kim@example.org>", "kim@example.org", None),
            ("MAILTO:kim@example.org?subject=Hi", "kim@example.org", None),
            ("Kim <mailto:kim@example.org>", "kim@example.org", Some("Kim")),
            ("\"a@b\"@example.org", "\"a@b\"@example.org", None),
        ] {
            let found = email(cell).unwrap();
            assert_eq!((found.address.as_str(), found.name.as_deref()), (address, name));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_hint() {
        for (cell, hint) in [
            ("", "add the address"),
            ("kim@example.org\r\nBcc: x@example.org", "one line"),
            ("kim@example.org, lee@example.org", "one address in each row"),
            ("kim@example,org", "comma"),
            ("kim@example.org.", "full stop at the end"),
            ("k im@example.org", "space"),
            ("kim@localhost", "full domain"),
            ("k\u{200B}im@example.org", "invisible character"),
            ("kim", "such as"),
        ] {
            let refused = email(cell).unwrap_err();
            assert!(refused.help.contains(hint), "{cell:?}: {refused:?}");
        }
        assert!(email(&"x".repeat(60_000)).unwrap_err().message.len() < 200);
    }

    #[test]
    fn roles_are_told_from_people() {
        let is_role = |text| is_role(&Address::parse(text).unwrap());
        assert!(is_role("No-Reply@example.org") && is_role("MAILER-DAEMON@example.org"));
        assert!(!is_role("info@example.org") && !is_role("rooth@example.org"));
    }
}
