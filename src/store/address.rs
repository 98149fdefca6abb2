//! Which store: a file, or a schema on a server. What a user has written becomes one of the two here
//! and nowhere else.
//!
//! Must never show a password: none is taken from an address, and one that was found elsewhere is kept
//! where nothing prints it.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::{StoreError, password, place};

/// Where a store is.
#[derive(Clone, Debug)]
pub enum StoreAddress {
    /// An SQLite file.
    File(PathBuf),
    /// PostgreSQL.
    Server(Box<ServerAddress>),
}

/// A schema on a PostgreSQL server.
#[derive(Clone, Debug)]
pub struct ServerAddress {
    pub(super) user: String,
    /// A name, or the folder of a socket.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    /// Of lower-case letters, digits and underscores.
    pub(super) schema: String,
    /// As written.
    pub(super) ssl_mode: Option<SslMode>,
    pub(super) root_certificate: Option<PathBuf>,
    pub(super) password: Option<SecretString>,
    /// Whether the environment lets the password out without TLS.
    pub(super) may_be_plain: bool,
    /// What lies on this machine while somebody sends has a name that begins so.
    pub(super) state: PathBuf,
}

/// How far a connection is protected; the words of libpq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    const ALL: [(&'static str, SslMode); 6] = [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ];
}

const PORT: u16 = 5432;
const SCHEMA: &str = "digest";
const KEYS: &str = "schema, sslmode and sslrootcert";

impl StoreAddress {
    /// What `url` names: `sqlite:digest.db`, from `base` where it is relative, or
    /// `postgres://user@host:port/database?schema=digest&sslmode=verify-full`. A password is looked
    /// for in the environment and in the files that it names; what has to lie on this machine lies in
    /// `state`.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::ServerUrl`], [`StoreError::Password`].
    pub fn parse(
        url: &str,
        base: &Path,
        state: &Path,
        environment: &[(String, String)],
    ) -> Result<StoreAddress, StoreError> {
        let server = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        if let Some(rest) = server {
            let address = server_of(rest, base, state).map_err(StoreError::ServerUrl)?;
            let password = password::find(&address, environment)?;
            let may_be_plain = password::may_be_plain(environment);
            let address = ServerAddress { password, may_be_plain, ..address };
            return Ok(StoreAddress::Server(Box::new(address)));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() && path != ":memory:" => {
                Ok(StoreAddress::File(base.join(path)))
            }
            _ => Err(StoreError::Url(match url.split_once("://") {
                Some((kind, _)) => format!("{kind}://…"),
                // What stands before the @ of a mistyped address may be a password.
                None => match url.rsplit_once('@') {
                    Some((_, rest)) => format!("\"…@{rest}\""),
                    None => format!("{url:?}"),
                },
            })),
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            StoreAddress::File(path) => Some(path),
            StoreAddress::Server(_) => None,
        }
    }

    /// Whether there is a store, as far as that is known before it is opened: a server says so then.
    pub fn is_there(&self) -> bool {
        self.file().is_none_or(Path::is_file)
    }

    /// Whether it is a file inside `folder`, whatever links lead there.
    pub fn is_inside(&self, folder: &Path) -> bool {
        let file = self.file().and_then(place::resolved_name);
        file.zip(folder.canonicalize().ok()).is_some_and(|(file, folder)| file.starts_with(folder))
    }

    /// Whether two addresses lead to one store: of files by what they name where both exist, else by
    /// their folder and name. Links and relative paths are followed.
    pub fn is_same(&self, other: &StoreAddress) -> bool {
        match (self, other) {
            (StoreAddress::File(one), StoreAddress::File(other)) => {
                match (place::identity(one), place::identity(other)) {
                    (Some(one), Some(other)) => one == other,
                    (None, None) => place::resolved_name(one) == place::resolved_name(other),
                    _ => false,
                }
            }
            (StoreAddress::Server(one), StoreAddress::Server(other)) => {
                (one_name(&one.host), one.port, &one.database, &one.schema)
                    == (one_name(&other.host), other.port, &other.database, &other.schema)
            }
            _ => false,
        }
    }

    /// The path by which what lies beside the store is named: its journal, and who sends.
    pub(super) fn beside(&self) -> &Path {
        match self {
            StoreAddress::File(path) => path,
            StoreAddress::Server(server) => &server.state,
        }
    }
}

impl PartialEq for StoreAddress {
    /// Whether both are written alike; [`StoreAddress::is_same`] follows links.
    fn eq(&self, other: &StoreAddress) -> bool {
        match (self, other) {
            (StoreAddress::File(one), StoreAddress::File(other)) => one == other,
            (StoreAddress::Server(one), StoreAddress::Server(other)) => {
                one.to_string() == other.to_string()
            }
            _ => false,
        }
    }
}

impl Eq for StoreAddress {}

impl From<&Path> for StoreAddress {
    fn from(path: &Path) -> StoreAddress {
        StoreAddress::File(path.to_owned())
    }
}

impl From<&PathBuf> for StoreAddress {
    fn from(path: &PathBuf) -> StoreAddress {
        StoreAddress::File(path.clone())
    }
}

impl From<PathBuf> for StoreAddress {
    fn from(path: PathBuf) -> StoreAddress {
        StoreAddress::File(path)
    }
}

impl From<&StoreAddress> for StoreAddress {
    fn from(address: &StoreAddress) -> StoreAddress {
        address.clone()
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreAddress::File(path) => path.display().fmt(f),
            StoreAddress::Server(server) => server.fmt(f),
        }
    }
}

impl ServerAddress {
    /// Whether the server is this machine.
    pub(super) fn is_local(&self) -> bool {
        let is_loopback = |host: &str| {
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        };
        self.is_socket() || self.host == "localhost" || is_loopback(&self.host)
    }

    /// Whether a password would leave this machine without TLS, as the address has it, and the
    /// environment does not allow that. What `allow` and `prefer` begin, the server decides.
    pub(super) fn shows_its_password(&self) -> bool {
        let is_plain =
            matches!(self.ssl_mode, Some(SslMode::Disable | SslMode::Allow | SslMode::Prefer));
        is_plain && self.password.is_some() && !self.is_local() && !self.may_be_plain
    }

    /// The words that give its user all rights that a store needs.
    pub(super) fn rights(&self) -> String {
        let ServerAddress { user, database, schema, .. } = self;
        let user = format!("\"{}\"", user.replace('"', "\"\""));
        let database = database.replace('"', "\"\"");
        format!(
            "Let the owner of the schema run: GRANT USAGE, CREATE ON SCHEMA {schema} TO {user}; GRANT \
             SELECT, INSERT, UPDATE, DELETE, REFERENCES ON ALL TABLES IN SCHEMA {schema} TO {user}; \
             GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {user}; GRANT \
             TEMPORARY ON DATABASE \"{database}\" TO {user}"
        )
    }

    /// Whether the host is the folder of a socket.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

impl fmt::Display for ServerAddress {
    /// Without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServerAddress { user, host, port, database, schema, .. } = self;
        write!(f, "postgres://{user}@")?;
        if self.is_socket() {
            write!(f, "/{database}?host={host}&port={port}&schema={schema}")
        } else if host.contains(':') {
            write!(f, "[{host}]:{port}/{database}?schema={schema}")
        } else {
            write!(f, "{host}:{port}/{database}?schema={schema}")
        }
    }
}

/// What stands behind `postgres://`; what is wrong with it, without repeating it.
fn server_of(rest: &str, base: &Path, state: &Path) -> Result<ServerAddress, String> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| "it is not UTF-8".to_owned());
        text.map(|text| text.into_owned())
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, authority) = authority.rsplit_once('@').unwrap_or(("", authority));
    if login.contains(':') {
        return Err("it contains a password: delete it there (and the colon before it), and set \
                    DIGEST_STORE_PASSWORD or DIGEST_STORE_PASSWORD_FILE"
            .to_owned());
    }
    let (host, port) = host_and_port(authority)?;
    let mut found = ServerAddress {
        user: decoded(login)?,
        host: decoded(host)?,
        port,
        database: decoded(database)?,
        schema: SCHEMA.to_owned(),
        ssl_mode: None,
        root_certificate: None,
        password: None,
        may_be_plain: false,
        state: PathBuf::new(),
    };
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = decoded(value)?;
        match key {
            "schema" => found.schema = value,
            "host" => found.host = value,
            "port" => found.port = port_of(&value)?,
            "sslrootcert" => found.root_certificate = Some(base.join(value)),
            "sslmode" => {
                let mode = SslMode::ALL.into_iter().find(|(word, _)| *word == value);
                let words = SslMode::ALL.map(|(word, _)| word).join(", ");
                let (_, mode) = mode.ok_or_else(|| format!("sslmode is one of {words}"))?;
                found.ssl_mode = Some(mode);
            }
            _ => return Err(format!("behind the question mark it has other keys than {KEYS}")),
        }
    }
    if found.user.is_empty() || found.host.is_empty() || found.database.is_empty() {
        return Err("a user, a host or a database is missing in it".to_owned());
    }
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins = !found.schema.starts_with(|first: char| first.is_ascii_digit());
    if !(1..=60).contains(&found.schema.len()) || !found.schema.bytes().all(is_word) || !begins {
        return Err("a schema is a word of a-z, 0-9 and _".to_owned());
    }
    found.state = state.join(state_name(&found));
    Ok(found)
}

/// A host in the one of its spellings by which what lies on this machine is found again.
fn one_name(host: &str) -> String {
    // The folder of a socket may have capitals.
    if host.starts_with('/') {
        return host.to_owned();
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match host.parse::<std::net::IpAddr>() {
        Ok(address) if !address.is_loopback() => address.to_string(),
        Err(_) if host != "localhost" => host,
        _ => "127.0.0.1".to_owned(),
    }
}

/// A name for what lies on this machine: other stores have others.
fn state_name(server: &ServerAddress) -> String {
    let host = one_name(&server.host);
    let parts = [&host, &server.port.to_string(), &server.database, &server.schema];
    let plain = |sign: char| if sign.is_ascii_alphanumeric() || sign == '.' { sign } else { '-' };
    let parts = parts.map(|part| part.chars().map(plain).collect::<String>());
    format!("postgres_{}", parts.join("_"))
}

fn host_and_port(authority: &str) -> Result<(&str, u16), String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("a bracket is open in it")?;
            (host, port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    Ok((host, port.map_or(Ok(PORT), port_of)?))
}

fn port_of(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "its port is not a number up to 65535".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<StoreAddress, StoreError> {
        StoreAddress::parse(url, Path::new("/news"), Path::new("/news/.digest"), &[])
    }

    #[test]
    fn an_address_is_a_file_or_a_server() {
        for (url, shown) in [
            ("sqlite:digest.db", "/news/digest.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
            (
                "postgres://news@db.example/list",
                "postgres://news@db.example:5432/list?schema=digest",
            ),
            (
                "postgresql://a%40b@[::1]:5433/list?schema=news_2&sslmode=require",
                "postgres://a@b@[::1]:5433/list?schema=news_2",
            ),
            (
                "postgres://news@/list?host=/run/postgresql",
                "postgres://news@/list?host=/run/postgresql&port=5432&schema=digest",
            ),
        ] {
            assert_eq!(parsed(url).unwrap().to_string(), shown, "{url}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong_and_repeats_no_password() {
        for (url, words) in [
            ("postgres://news:hunter2@db.example/list", "it contains a password"),
            ("postgres://news@db.example", "a user, a host or a database is missing"),
            ("postgres://db.example/list", "a user, a host or a database is missing"),
            ("postgres://news@db.example:x/list", "its port is not a number"),
            ("postgres://news@db.example/list?sslmode=on", "sslmode is one of disable, allow"),
            ("postgres://news@db.example/list?schema=A-B", "a schema is a word of"),
            ("postgres://news@db.example/list?password=hunter2", "it has other keys than schema"),
            (
                "mysql://news:hunter2@db.example/list",
                "does not know the kind of the store mysql://…",
            ),
            ("digest.db", "does not know the kind of the store \"digest.db\""),
            ("postgres//n:s3cret@h/db", "does not know the kind of the store \"…@h/db\""),
        ] {
            let error = parsed(url).unwrap_err().to_string();
            assert!(error.contains(words), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_password_goes_in_the_clear_only_to_this_machine_or_where_the_environment_says_so() {
        let shows = |url: &str, more: &[(&str, &str)]| {
            let environment: Vec<(String, String)> =
                more.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            let address = StoreAddress::parse(url, Path::new("/"), Path::new("/"), &environment);
            let StoreAddress::Server(server) = address.unwrap() else { panic!("a file") };
            server.shows_its_password()
        };
        let password = ("DIGEST_STORE_PASSWORD", "x");
        for (host, query, is_shown) in [
            ("db.example", "", false),
            ("db.example", "sslmode=require", false),
            ("db.example", "sslmode=disable", true),
            ("db.example", "sslmode=allow", true),
            ("db.example", "sslmode=prefer", true),
            ("localhost.example", "sslmode=disable", true),
            ("localhost", "sslmode=disable", false),
            ("127.0.0.9", "sslmode=disable", false),
            ("[::1]", "sslmode=disable", false),
            ("", "host=/run/postgresql&sslmode=disable", false),
            // The last word of an address counts.
            ("localhost", "host=db.example&sslmode=disable", true),
        ] {
            let url = format!("postgres://news@{host}/list?{query}");
            assert_eq!(shows(&url, &[password]), is_shown, "{url}");
            assert!(!shows(&url, &[]), "{url}");
            assert!(!shows(&url, &[password, ("DIGEST_STORE_PLAIN", "allowed")]), "{url}");
            assert_eq!(shows(&url, &[password, ("DIGEST_STORE_PLAIN", "no")]), is_shown, "{url}");
        }
    }

    #[test]
    fn two_schemas_have_two_places_for_their_journals() {
        let beside = |url: &str| parsed(url).unwrap().beside().to_owned();
        let one = beside("postgres://news@db.example/list");
        assert_eq!(one, Path::new("/news/.digest/postgres_db.example_5432_list_digest"));
        assert_ne!(one, beside("postgres://news@db.example/list?schema=other"));
        assert_eq!(one, beside("postgres://other@db.example/list?sslmode=disable"));
        assert_eq!(one, beside("postgres://news@DB.Example.:5432/list"));
        let local = beside("postgres://news@localhost/list");
        for host in ["127.0.0.1", "[::1]", "LocalHost", "[0:0:0:0:0:0:0:1]"] {
            assert_eq!(local, beside(&format!("postgres://news@{host}/list")), "{host}");
        }
        let socket = beside("postgres://news@/list?host=/run/Postgresql");
        assert_ne!(socket, beside("postgres://news@/list?host=/run/postgresql"));
    }
}
