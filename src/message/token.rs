//! Signed, stateless tokens: the unsubscribe link of each recipient (RFC 8058) names the recipient
//! and proves that we wrote it, without a row in any table, and for as long as the secret lives.
//!
//! Each use has a key of its own: who has a token for one thing learns nothing of another. A mail
//! that is passed on shows its Message-ID and its links, and must not show where its bounce goes.

use super::address::Address;
use crate::crypto::{self, Key};

/// The first byte of a token: the form that follows, and with it the key.
const VERSION: u8 = 1;
/// Bytes of the authentication code kept: 128 bits are beyond guessing.
const MAC: usize = 16;
/// A longer text is no token of ours (an address has at most 254 bytes).
const MAX_LENGTH: usize = 400;

/// The keys that tokens and identifiers are made with; see [`Key::derive`].
#[derive(Clone, Debug)]
pub struct Keys {
    unsubscribe: Key,
    message_id: Key,
    reverse_path: Key,
}

impl Keys {
    /// From the publication's secret.
    pub fn new(secret: &[u8]) -> Keys {
        Keys {
            unsubscribe: Key::derive(secret, "unsubscribe token"),
            message_id: Key::derive(secret, "message id"),
            reverse_path: Key::derive(secret, "reverse path"),
        }
    }

    /// The token by which `address` leaves the list `list_id`: base64url (RFC 4648 5) of a version,
    /// a code and the address.
    pub fn unsubscribe_token(&self, list_id: &str, address: &Address) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.code(list_id, address.as_str()));
        bytes.extend_from_slice(address.as_str().as_bytes());
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    /// The address that a token names, if we wrote it for `list_id`.
    pub fn read_unsubscribe_token(&self, list_id: &str, token: &str) -> Option<Address> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (code, address) = rest.split_at_checked(MAC)?;
        let address = std::str::from_utf8(address).ok()?;
        let genuine = crypto::equal(code, &self.code(list_id, address)) && *version == VERSION;
        genuine.then(|| Address::parse(address).ok()).flatten()
    }

    fn code(&self, list_id: &str, address: &str) -> [u8; MAC] {
        let mac =
            self.unsubscribe.authenticate(&[&[VERSION], list_id.as_bytes(), address.as_bytes()]);
        let mut code = [0; MAC];
        code.copy_from_slice(&mac[..MAC]);
        code
    }

    /// The left side of the Message-ID of one issue's message to one recipient: the same at every
    /// attempt, so that a repeated message can be recognised, and no guide to anybody's address.
    pub fn message_token(&self, list_id: &str, issue: &str, address: &Address) -> String {
        named(&self.message_id, list_id, issue, address)
    }

    /// What stands for `{token}` in the reverse-path of that message. Nobody can work it out from
    /// the message: who sends a false bounce to that address has seen the envelope.
    pub fn reverse_path_token(&self, list_id: &str, issue: &str, address: &Address) -> String {
        named(&self.reverse_path, list_id, issue, address)
    }
}

/// A code for one issue's message to one recipient, in letters that any mail program leaves as they
/// are, also where it changes their case.
fn named(key: &Key, list_id: &str, issue: &str, address: &Address) -> String {
    let mac =
        key.authenticate(&[list_id.as_bytes(), issue.as_bytes(), address.identity().as_bytes()]);
    data_encoding::BASE32_NOPAD.encode(&mac[..MAC]).to_ascii_lowercase()
}

/// The unsubscribe token in what somebody has copied: a whole link, with angle brackets, folded over
/// lines, escaped, or wrapped in the link of a filter; or the token alone.
pub fn unsubscribe_token_in(text: &str) -> Option<String> {
    // Whoever copies a whole mail means another command.
    let text: String = text.chars().take(8 * MAX_LENGTH).filter(|c| !c.is_whitespace()).collect();
    let text = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?;
    let token = match text.split_once("/unsubscribe/") {
        Some((_, token)) => token,
        None if text.contains(['/', ':']) => return None,
        None => text.trim_matches(['<', '>', '"', '\'']),
    };
    let token: String = token
        .chars()
        // Quoted-printable breaks lines behind an equals sign.
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '='))
        .filter(|c| *c != '=')
        .collect();
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_names_its_address_and_nothing_else_passes() {
        let keys = Keys::new(b"secret");
        let kim = Address::parse("Kim+x@a.example").unwrap();
        let token = keys.unsubscribe_token("list", &kim);
        assert_eq!(keys.read_unsubscribe_token("list", &token), Some(kim.clone()));
        assert_eq!(keys.read_unsubscribe_token("other", &token), None);
        assert_eq!(Keys::new(b"other").read_unsubscribe_token("list", &token), None);
        for cut in 0..token.len() {
            assert_eq!(keys.read_unsubscribe_token("list", &token[..cut]), None);
        }
        assert_eq!(keys.read_unsubscribe_token("list", &"A".repeat(10_000)), None);
    }

    #[test]
    fn a_token_is_found_in_what_people_copy() {
        let link = "https://a.example/unsubscribe/AQ-b_c9";
        for text in [
            "AQ-b_c9",
            " <AQ-b_c9> ",
            link,
            "<https://a.example/unsubscribe/AQ-b_c9>, <mailto:x@a.example>",
            "https://a.example/unsubscribe/AQ-b_c9?utm_source=x#y",
            "https://a.example/unsubscribe/AQ-=\r\nb_c9)",
            "List-Unsubscribe: <https://a.example/unsub\r\n scribe/AQ-b_c9>",
            "https://safe.example/?url=https%3A%2F%2Fa.example%2Funsubscribe%2FAQ-b_c9&data=05",
        ] {
            assert_eq!(unsubscribe_token_in(text).as_deref(), Some("AQ-b_c9"), "{text}");
        }
        for text in ["", "  ", "https://a.example/", "https://a.example/unsubscribe/", "한"] {
            assert_eq!(unsubscribe_token_in(text), None, "{text}");
        }
    }

    #[test]
    fn message_tokens_do_not_depend_on_case() {
        let keys = Keys::new(b"secret");
        let token = |text: &str| keys.message_token("l", "1", &Address::parse(text).unwrap());
        assert_eq!(token("Kim@a.example"), token("kim@a.example"));
        assert_ne!(token("kim@a.example"), token("lee@a.example"));
    }

    #[test]
    fn no_token_of_a_message_is_its_other_one_or_can_be_read_as_one() {
        let keys = Keys::new(b"secret");
        let kim = Address::parse("kim@a.example").unwrap();
        let (id, path) =
            (keys.message_token("l", "1", &kim), keys.reverse_path_token("l", "1", &kim));
        assert_eq!((id.len(), path.len()), (26, 26));
        assert_ne!(id, path);
        assert_eq!(
            path,
            keys.reverse_path_token("l", "1", &Address::parse("KIM@a.example").unwrap())
        );
        for other in [
            keys.reverse_path_token("l", "2", &kim),
            keys.reverse_path_token("m", "1", &kim),
            keys.reverse_path_token("l", "1", &Address::parse("lee@a.example").unwrap()),
            Keys::new(b"other").reverse_path_token("l", "1", &kim),
        ] {
            assert_ne!(path, other);
        }
        // The parts are kept apart: nobody makes an issue's name a piece of the list's.
        assert_ne!(
            keys.reverse_path_token("l1", "2", &kim),
            keys.reverse_path_token("l", "12", &kim)
        );
    }

    proptest! {
        #[test]
        fn no_changed_token_passes(at in 0_usize..60, with in "[A-Za-z0-9_-]") {
            let keys = Keys::new(b"secret");
            let token = keys.unsubscribe_token("list", &Address::parse("kim@a.example").unwrap());
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            let read = keys.read_unsubscribe_token("list", &changed);
            prop_assert!(changed == token || read.is_none());
        }
    }
}
