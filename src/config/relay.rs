//! `[[relay]]` -> relays and how hard they may be used, and their passwords.
//!
//! A password comes from the environment or a file, is asked for only by who sends, and is never
//! printed: not in an error, and not with the line of `digest.toml` in which it stands.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{rate, wrong};
use crate::delivery::route::Route;
use crate::diagnostic::{Diagnostic, Place};
use crate::files::{self, FileError};
use crate::manifest::{Located, Table};
use crate::smtp::relay::Relay;
use crate::smtp::relay::error::RelayError;

/// A relay as `digest.toml` has it, and where its password is.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// Where to and how hard, still without a password.
    pub route: Route,
    user: Option<String>,
    password_file: Option<PathBuf>,
}

/// Why a relay has no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// There is a user, and nothing else.
    #[error("there is no password for the user {0}")]
    Missing(String),
    /// The file cannot be read.
    #[error("the password file {0} cannot be used: {1}")]
    File(PathBuf, FileError),
    /// It cannot be used, or must not be.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl RelayConfig {
    /// The relay with its password. Asked for only by who sends: an editor who checks and renders
    /// has no password, and needs none. `number` is its place among several, from 1:
    /// `DIGEST_SMTP_PASSWORD_2` is for the second one alone.
    ///
    /// # Errors
    /// As [`credentials`].
    pub fn with_password(
        &self,
        number: usize,
        environment: &[(String, String)],
    ) -> Result<Route, PasswordError> {
        let file = self.password_file.as_deref();
        let own = format!("DIGEST_SMTP_PASSWORD_{number}");
        let own = environment.iter().find(|(name, _)| *name == own);
        let environment = match (own, file) {
            (Some((_, password)), _) => &[("DIGEST_SMTP_PASSWORD".to_owned(), password.clone())],
            // What all relays share says less than the file that is this one's.
            (None, Some(_)) if number > 1 => &[][..],
            _ => environment,
        };
        let relay = self.route.relay.clone();
        let relay = credentials(relay, self.user.clone(), file, environment)?;
        Ok(Route { relay, ..self.route.clone() })
    }
}

/// Reads each `[[relay]]`.
pub(super) fn relays(
    table: &mut Table,
    root: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Vec<RelayConfig> {
    let mut relays = Vec::new();
    for mut section in table.tables("relay") {
        relays.extend(one(&mut section, root));
        section.finish(problems);
    }
    relays
}

fn one(section: &mut Table, root: &Path) -> Option<RelayConfig> {
    let url = section.required_text("url", "add url = \"smtps://user@mail.your.domain\"");
    let user = section.text("user").map(|user| user.value);
    let password_file = section.text("password_file");
    let connections = section.integer("connections", 1..257);
    let limit = section.text("limit");
    let weight = section.integer("weight", 1..1_001).map(|weight| weight as u32);
    let messages = section.integer("max_messages_per_connection", 1..1_000_000);
    let ca_file = section.text("ca_file");
    let hello = section.text("hello");
    let limit = limit.and_then(|text| rate(section, &text));
    let password_file = password_file.map(|text| password_path(section, root, &text));
    let url = url?;
    let mut relay = match Relay::parse(&url.value) {
        Ok(relay) => relay,
        Err(error) => {
            let help = "write it like smtps://user@mail.your.domain or smtp://127.0.0.1:2525";
            let place = url_place(section, &url);
            section.report(Diagnostic::error("relay", error.to_string()).at(place).help(help));
            return None;
        }
    };
    if relay.has_password() && is_written(section, &url) {
        let what = "the password of a relay is in digest.toml, where others can read it in git";
        let help = "delete it from the url, and use password_file or DIGEST_SMTP_PASSWORD";
        let place = url_place(section, &url);
        section.report(Diagnostic::warning("password-in-url", what).at(place).help(help));
    }
    if let Some(connections) = connections {
        relay = relay.with_connections(connections as usize);
    }
    if let Some(messages) = messages {
        relay = relay.with_max_messages_per_connection(messages as u64);
    }
    if let Some(file) = ca_file {
        relay = relay.with_ca_file(root.join(file.value));
    }
    if let Some(text) = hello {
        relay = match relay.with_hello(&text.value) {
            Ok(relay) => relay,
            Err(error) => {
                let help = "write the full host name of this computer, such as mail.your.domain";
                wrong(section, "relay", error.to_string(), &text, help);
                return None;
            }
        };
    }
    Some(RelayConfig { route: Route { relay, limit, weight }, user, password_file })
}

/// The place of a URL that may hold a password: its line must not be shown.
fn url_place(section: &Table, url: &Located<String>) -> Place {
    let place = section.place(&url.span);
    if url.value.contains('@') { place.unquoted() } else { place }
}

/// Whether a value stands in the file, and does not come from the environment.
fn is_written(section: &Table, text: &Located<String>) -> bool {
    let written = section.source().text().get(text.span.clone());
    // With escapes in it, it reads as another text.
    written.is_some_and(|written| written.contains(&text.value) || written.contains('\\'))
}

fn password_path(section: &mut Table, root: &Path, text: &Located<String>) -> PathBuf {
    let path = root.join(&text.value);
    if let Some(problem) = password_open(&path, "") {
        section.report(problem.at(section.place(&text.span)));
    }
    path
}

/// What is wrong with the file that `DIGEST_SMTP_PASSWORD_FILE` names. It stands in no file of the
/// publication, so it has no place.
pub(super) fn open_password_file(environment: &[(String, String)]) -> Option<Diagnostic> {
    let (name, path) = environment.iter().find(|(name, _)| name == "DIGEST_SMTP_PASSWORD_FILE")?;
    password_open(Path::new(path), &format!(" ({name})"))
}

fn password_open(path: &Path, named_by: &str) -> Option<Diagnostic> {
    files::others_can_read(path).then(|| {
        let shown = path.display();
        let what =
            format!("other users of this computer can read the password file {shown}{named_by}");
        Diagnostic::warning("password-open", what).help(format!("run `chmod 600 {shown}`"))
    })
}

/// Adds the password that a relay's user needs: from the URL, `DIGEST_SMTP_PASSWORD`, the file that
/// `DIGEST_SMTP_PASSWORD_FILE` or `password_file` names.
///
/// # Errors
/// What is missing or unreadable; never the password.
pub fn credentials(
    relay: Relay,
    user: Option<String>,
    password_file: Option<&Path>,
    environment: &[(String, String)],
) -> Result<Relay, PasswordError> {
    let variable = |name: &str| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let own = relay.user().filter(|_| relay.wants_password()).map(str::to_owned);
    let Some(user) = user.or(own) else { return Ok(relay) };
    let file = variable("DIGEST_SMTP_PASSWORD_FILE").map(PathBuf::from);
    let file = file.or_else(|| password_file.map(Path::to_owned));
    let password = match (variable("DIGEST_SMTP_PASSWORD"), file) {
        (Some(password), _) => password,
        (None, Some(file)) => match files::read_private(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned(),
            Err(error) => return Err(PasswordError::File(file, error)),
        },
        (None, None) => return Err(PasswordError::Missing(user)),
    };
    Ok(relay.with_credentials(user, SecretString::from(password))?)
}
