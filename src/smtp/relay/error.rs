//! What is wrong with a relay's options, in words for who wrote them.
//!
//! Must never repeat a password. Where an address cannot be read, nobody knows where in it a password
//! begins and ends: so nothing that stands behind a user is repeated at all.

use super::KEYS;

/// What is wrong with a relay's options, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No `smtp://` or `smtps://`. The text is not repeated: it may hold a password.
    #[error(
        "a relay starts with smtps:// (TLS) or smtp:// (STARTTLS): smtps://user@mail.example.org"
    )]
    Scheme,
    /// No host, or one that is no name or address.
    #[error("{} is not a host: write smtps://user@mail.example.org:465", quoted(.0, "what is given"))]
    Host(Option<String>),
    /// A port that is no number from 1 to 65535. Not repeated: `user:password` without a host looks
    /// like a host and a port.
    #[error(
        "what follows the host is not a port from 1 to 65535 \
         (in a password, write / as %2F, ? as %3F, @ as %40)"
    )]
    Port,
    /// Something behind the port that is no query.
    #[error("the url of a relay has no path: remove {}", quoted(.0, "what follows the host"))]
    Path(Option<String>),
    /// A `%` that is not followed by two hexadecimal digits, or bytes that are not UTF-8.
    #[error(
        "the {0} is not percent-encoded correctly: write % as %25, @ as %40, : as %3A, / as %2F"
    )]
    Encoding(&'static str),
    /// A control character in user, password or hello name.
    #[error("the {0} contains a control character")]
    Control(&'static str),
    /// An unknown query key; the help is the nearest known one.
    #[error(
        "{}{}: known are {}",
        .given.as_ref().map_or_else(
            || "an unknown relay option follows the ?".to_owned(),
            |given| format!("unknown relay option {given:?}")
        ),
        suggestion(.near),
        KEYS.join(", ")
    )]
    Key {
        /// As written.
        given: Option<String>,
        /// The known key that was probably meant.
        near: Option<&'static str>,
    },
    /// A known key with a value that it does not take.
    #[error("{key}={} cannot be used: {help}", .value.as_deref().unwrap_or("…"))]
    Value {
        /// The key.
        key: &'static str,
        /// The value as written.
        value: Option<String>,
        /// What to write.
        help: &'static str,
    },
    /// A password without a user.
    #[error(
        "a password needs a user: write smtps://user@host, or set the user beside the password"
    )]
    NoUser,
    /// A password that would cross a network in the clear.
    #[error(
        "the password would go over a network without encryption: remove tls=none, or use smtps://"
    )]
    ClearPassword,
}

impl RelayError {
    /// The same without what was written.
    pub(super) fn without_texts(self) -> RelayError {
        match self {
            RelayError::Host(_) => RelayError::Host(None),
            RelayError::Path(_) => RelayError::Path(None),
            RelayError::Key { near, .. } => RelayError::Key { given: None, near },
            RelayError::Value { key, help, .. } => RelayError::Value { key, value: None, help },
            other => other,
        }
    }
}

fn quoted(text: &Option<String>, otherwise: &str) -> String {
    text.as_ref().map_or_else(|| otherwise.to_owned(), |text| format!("{text:?}"))
}

fn suggestion(near: &Option<&'static str>) -> String {
    near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default()
}
