//! A URL and a few options -> [`Relay`]: one submission server, checked before anything connects.
//!
//! The form is that of lettre's connection URLs, except that `smtp://` means TLS by STARTTLS unless
//! the host is this machine: a newsletter's password and its readers' addresses never cross a
//! network in the clear without somebody having written so. A password must never be shown, in
//! `Debug` and `Display` neither.

pub mod error;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::extension::ClientId;
use secrecy::SecretString;

use super::hello;
use crate::diagnostic::nearest;
use crate::net::host::is_this_machine;
use crate::net::tls::TlsClient;
use error::RelayError;

/// The query keys of a relay URL.
const KEYS: [&str; 7] =
    ["tls", "auth", "connections", "max_messages", "hello", "ca_file", "pipelining"];

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (RFC 8314 3.3): `smtps://`.
    Implicit,
    /// STARTTLS or nothing is sent (RFC 3207): `smtp://`.
    Required,
    /// In the clear: a server on this machine, or `?tls=none`.
    None,
}

/// How long each stage may take. RFC 5321 4.5.3.2 has minima for servers on the open internet; a
/// relay is asked to greet faster, and is given the full time wherever it may do real work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Each address of the relay's name.
    pub connect: Duration,
    /// The 220.
    pub greeting: Duration,
    /// EHLO, STARTTLS with its handshake, each step of AUTH.
    pub hello: Duration,
    /// MAIL, RCPT, RSET.
    pub envelope: Duration,
    /// The 354.
    pub data: Duration,
    /// The longest time without progress while the text is written.
    pub body: Duration,
    /// The reply to the final dot.
    pub dot: Duration,
    /// The next reply to commands that left in one group, once the group has been answered in part.
    /// Some relays offer PIPELINING and drop what follows; those that are only slow lose a session
    /// by it, and are then sent one command at a time.
    pub missing: Duration,
    /// After so long without a word the relay is asked by NOOP whether it is still there.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(30),
            hello: Duration::from_secs(60),
            envelope: Duration::from_secs(300),
            data: Duration::from_secs(120),
            body: Duration::from_secs(180),
            dot: Duration::from_secs(600),
            missing: Duration::from_secs(5),
            idle: Duration::from_secs(30),
        }
    }
}

/// User and password.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

/// One submission server.
#[derive(Clone)]
pub struct Relay {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<Login>,
    user: Option<String>,
    mechanism: Option<Mechanism>,
    hello: Option<ClientId>,
    connections: usize,
    max_messages_per_connection: Option<u64>,
    ca_file: Option<PathBuf>,
    pipelining: bool,
    timeouts: Timeouts,
    // Roots are read once and sessions resumed: all connections share one TLS configuration.
    tls_client: Arc<OnceLock<TlsClient>>,
}

impl Relay {
    /// Reads `smtps://user:password@host:port?key=value`.
    /// Not by the `url` crate: it takes a password with a `/` or `#` for a part of the path, and its
    /// errors do not say what to write instead.
    ///
    /// # Errors
    /// A [`RelayError`]; where there may be a user, it repeats nothing that stands behind it.
    pub fn parse(url: &str) -> Result<Relay, RelayError> {
        let url = url.trim();
        let discreet = user_may_stand_in(url);
        Relay::read(url).map_err(|error| if discreet { error.without_texts() } else { error })
    }

    fn read(url: &str) -> Result<Relay, RelayError> {
        let (scheme, rest) = url.split_once("://").ok_or(RelayError::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(RelayError::Scheme),
        };
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let (place, path) = place.split_once('/').unwrap_or((place, ""));
        if !path.is_empty() {
            return Err(RelayError::Path(Some(format!("/{path}"))));
        }
        let (host, port) = split_place(place)?;
        let local = is_this_machine(&host);
        let tls = match (implicit, local) {
            (true, _) => Tls::Implicit,
            (false, true) => Tls::None,
            (false, false) => Tls::Required,
        };
        let mut relay = Relay {
            host,
            port: 0,
            tls,
            login: None,
            user: None,
            mechanism: None,
            hello: None,
            connections: 4,
            max_messages_per_connection: None,
            ca_file: None,
            pipelining: true,
            timeouts: Timeouts::default(),
            tls_client: Arc::default(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            relay.set(pair, implicit)?;
        }
        relay.port = port.unwrap_or(match relay.tls {
            Tls::Implicit => 465,
            Tls::None if local => 25,
            Tls::Required | Tls::None => 587,
        });
        match user_info {
            None => Ok(relay),
            Some(user_info) => relay.with_user_info(user_info),
        }
    }

    /// The same relay with user and password, which may come from elsewhere than the URL.
    ///
    /// # Errors
    /// [`RelayError::ClearPassword`] or [`RelayError::Control`].
    pub fn with_credentials(
        mut self,
        user: impl Into<String>,
        password: SecretString,
    ) -> Result<Relay, RelayError> {
        use secrecy::ExposeSecret;
        let user = user.into();
        if user.chars().any(char::is_control) {
            return Err(RelayError::Control("user"));
        }
        if password.expose_secret().chars().any(char::is_control) {
            return Err(RelayError::Control("password"));
        }
        if user.is_empty() {
            return Err(RelayError::NoUser);
        }
        if self.tls == Tls::None && !is_this_machine(&self.host) {
            return Err(RelayError::ClearPassword);
        }
        self.user = Some(user.clone());
        self.login = Some(Login { user, password });
        Ok(self)
    }

    /// The same relay with other times.
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Relay {
        self.timeouts = timeouts;
        self
    }

    /// The same relay with so many connections at once, one at least.
    pub fn with_connections(mut self, connections: usize) -> Relay {
        self.connections = connections.max(1);
        self
    }

    /// The same relay with so many messages a connection, one at least.
    pub fn with_max_messages_per_connection(mut self, messages: u64) -> Relay {
        self.max_messages_per_connection = Some(messages.max(1));
        self
    }

    /// The same relay, one command at a time even where PIPELINING is offered.
    pub fn without_pipelining(mut self) -> Relay {
        self.pipelining = false;
        self
    }

    /// The same relay, greeted with this name or address.
    ///
    /// # Errors
    /// [`RelayError::Value`]: it is neither.
    pub fn with_hello(mut self, text: &str) -> Result<Relay, RelayError> {
        self.hello = Some(hello_of(text)?);
        Ok(self)
    }

    /// The same relay, trusting the PEM certificates of this file as well as the system's.
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Relay {
        self.ca_file = Some(path.into());
        self.tls_client = Arc::default();
        self
    }

    /// The host as written: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the connection is protected.
    pub fn tls(&self) -> Tls {
        self.tls
    }

    /// Whether it is on this machine, by its address or as `localhost`.
    pub fn is_local(&self) -> bool {
        is_this_machine(&self.host)
    }

    /// The user, where one is known; a password may still have to be asked for.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether there is a user without a password.
    pub fn wants_password(&self) -> bool {
        self.user.is_some() && self.login.is_none()
    }

    /// Whether there is a password.
    pub fn has_password(&self) -> bool {
        self.login.is_some()
    }

    /// Connections at once.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Messages after which a connection is given up, where the relay is known to have a limit.
    pub fn max_messages_per_connection(&self) -> Option<u64> {
        self.max_messages_per_connection
    }

    /// Whether commands may be grouped where the relay offers PIPELINING.
    pub fn pipelining(&self) -> bool {
        self.pipelining
    }

    /// The times.
    pub fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(super) fn mechanism(&self) -> Option<Mechanism> {
        self.mechanism
    }

    pub(super) fn hello(&self) -> Option<&ClientId> {
        self.hello.as_ref()
    }

    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    pub(super) fn tls_client(&self) -> &OnceLock<TlsClient> {
        &self.tls_client
    }

    fn with_user_info(mut self, user_info: &str) -> Result<Relay, RelayError> {
        match user_info.split_once(':') {
            Some((user, password)) => {
                let user = percent_decode(user, "user")?;
                let password = percent_decode(password, "password")?;
                self.with_credentials(user, SecretString::from(password))
            }
            None => {
                let user = percent_decode(user_info, "user")?;
                if user.chars().any(char::is_control) {
                    return Err(RelayError::Control("user"));
                }
                self.user = Some(user).filter(|user| !user.is_empty());
                Ok(self)
            }
        }
    }

    fn set(&mut self, pair: &str, implicit: bool) -> Result<(), RelayError> {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(RelayError::Key { given: Some(key.to_owned()), near: nearest(key, KEYS) });
        };
        let value = percent_decode(value, "value of a relay option")?;
        let wrong = |help| RelayError::Value { key, value: Some(value.clone()), help };
        match (key, value.as_str()) {
            ("tls", "required") if !implicit => self.tls = Tls::Required,
            ("tls", "none") if !implicit => self.tls = Tls::None,
            ("tls", "required") => {}
            ("tls", _) if implicit => return Err(wrong("smtps:// is TLS already, remove it")),
            ("tls", _) => return Err(wrong("write tls=required or tls=none")),
            ("auth", "plain") => self.mechanism = Some(Mechanism::Plain),
            ("auth", "login") => self.mechanism = Some(Mechanism::Login),
            ("auth", "xoauth2") => self.mechanism = Some(Mechanism::Xoauth2),
            ("auth", _) => return Err(wrong("write auth=plain, auth=login or auth=xoauth2")),
            ("connections", text) => match text.parse() {
                Ok(count @ 1..=1_000) => self.connections = count,
                _ => return Err(wrong("write a number from 1 to 1000")),
            },
            ("max_messages", text) => match text.parse() {
                Ok(count @ 1..) => self.max_messages_per_connection = Some(count),
                _ => return Err(wrong("write a number from 1")),
            },
            ("hello", text) => self.hello = Some(hello_of(text)?),
            ("ca_file", "") => return Err(wrong("write the path of a PEM file")),
            ("ca_file", path) => self.ca_file = Some(PathBuf::from(path)),
            ("pipelining", "on") => self.pipelining = true,
            ("pipelining", "off") => self.pipelining = false,
            _ => return Err(wrong("write pipelining=on or pipelining=off")),
        }
        Ok(())
    }
}

fn hello_of(text: &str) -> Result<ClientId, RelayError> {
    let help = "write this machine's full host name, or its IP address";
    hello::parse(text).ok_or(RelayError::Value { key: "hello", value: Some(text.to_owned()), help })
}

impl fmt::Display for Relay {
    /// `smtp://user@host:port`: never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == Tls::Implicit { "smtps" } else { "smtp" };
        write!(f, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relay({self}, {:?}, {} connections)", self.tls, self.connections)
    }
}

/// Whether something in a URL that cannot be read may be a user, and what follows a password: an `@`
/// somewhere, or a colon that is not one of an IPv6 address.
fn user_may_stand_in(url: &str) -> bool {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let host_and_more = match behind.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(behind, |(_, rest)| rest),
        None => behind,
    };
    behind.contains('@') || host_and_more.contains(':')
}

fn split_place(place: &str) -> Result<(String, Option<u16>), RelayError> {
    let wrong_host = || RelayError::Host(place.split(':').next().map(str::to_owned));
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(wrong_host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong_host())?;
            match port {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':').ok_or_else(wrong_host)?)),
            }
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(port @ 1..) => Some(port),
            _ => return Err(RelayError::Port),
        },
    };
    if host.parse::<IpAddr>().is_ok() {
        return Ok((host.to_owned(), port));
    }
    let host = idna::domain_to_ascii(host).map_err(|_| wrong_host())?;
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if !host.is_empty() && host.bytes().all(fine) { Ok((host, port)) } else { Err(wrong_host()) }
}

/// RFC 3986 2.1. The name of the part is for the message; its content may be secret. The crate
/// leaves a `%` as it is where no two digits follow, and in a password that would be a wrong one.
fn percent_decode(text: &str, part: &'static str) -> Result<String, RelayError> {
    let wrong = || RelayError::Encoding(part);
    let digits = |rest: &str| {
        rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(digits) {
        return Err(wrong());
    }
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| wrong())
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
