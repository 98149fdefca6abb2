//! The password of a server: from the environment, a file that it names, or libpq's own file.
//!
//! Must never show it, nor a line of a file that may hold it.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::StoreError;
use super::address::ServerAddress;
use crate::files;

/// What the environment says of it.
const VARIABLE: &str = "DIGEST_STORE_PASSWORD";
const FILE_VARIABLE: &str = "DIGEST_STORE_PASSWORD_FILE";

/// What lets a password out in the clear. Not `digest.toml`: a stranger may have written that.
const PLAIN_VARIABLE: &str = "DIGEST_STORE_PLAIN";

/// Whether a password may go to another machine without TLS.
pub(super) fn may_be_plain(environment: &[(String, String)]) -> bool {
    environment.iter().any(|(name, value)| name == PLAIN_VARIABLE && value == "allowed")
}

/// The password for a server; none where the server may know this user without one.
pub(super) fn find(
    server: &ServerAddress,
    environment: &[(String, String)],
) -> Result<Option<SecretString>, StoreError> {
    let variable = |name: &str| {
        environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    if let Some(password) = variable(VARIABLE) {
        return Ok(Some(SecretString::from(password)));
    }
    if let Some(path) = variable(FILE_VARIABLE).map(PathBuf::from) {
        let bytes = files::read_private(&path)
            .map_err(|error| StoreError::Password { path: path.clone(), error })?;
        let text = String::from_utf8_lossy(&bytes);
        return Ok(Some(SecretString::from(text.trim_end_matches(['\r', '\n']))));
    }
    let own = variable("HOME").map(|home| Path::new(home).join(".pgpass"));
    let path = variable("PGPASSFILE").map(PathBuf::from).or(own);
    Ok(path.and_then(|path| in_file(&path, server)))
}

/// As libpq does: a file that others can read is passed over.
fn in_file(path: &Path, server: &ServerAddress) -> Option<SecretString> {
    if files::others_can_read(path) {
        tracing::warn!("{} is not used: other users can read it; chmod 600", path.display());
        return None;
    }
    let text = String::from_utf8(files::read_private(path).ok()?).ok()?;
    text.lines().find_map(|line| in_line(line, server)).map(SecretString::from)
}

/// `host:port:database:user:password`; `*` stands for all, and a backslash before a colon or a
/// backslash.
fn in_line(line: &str, server: &ServerAddress) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let host = if server.is_socket() { "localhost" } else { &server.host };
    let mut rest = line.chars();
    for wanted in [host, &server.port.to_string(), &server.database, &server.user] {
        let field = field(&mut rest, true)?;
        if field != "*" && field != wanted {
            return None;
        }
    }
    field(&mut rest, false)
}

/// The next field, without its colon.
fn field(rest: &mut std::str::Chars<'_>, ends_at_colon: bool) -> Option<String> {
    let mut field = String::new();
    loop {
        match rest.next() {
            Some(':') if ends_at_colon => return Some(field),
            Some('\\') => field.extend(rest.next()),
            Some(sign) => field.push(sign),
            None => return (!ends_at_colon).then_some(field),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::super::StoreAddress;
    use super::*;

    fn found(environment: &[(&str, &str)]) -> Result<Option<String>, StoreError> {
        let environment: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let url = "postgres://news@db.example:5433/list";
        let address = StoreAddress::parse(url, Path::new("/"), Path::new("/"), &environment)?;
        let StoreAddress::Server(server) = address else { panic!("a file") };
        assert!(!format!("{server:?}").contains("hunter2"));
        Ok(server.password.map(|password| password.expose_secret().to_owned()))
    }

    #[cfg(unix)]
    #[test]
    fn it_is_found_where_it_is_said_to_be_and_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str, mode: u32| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path.display().to_string()
        };
        let home = dir.path().display().to_string();
        let file = write("password", "hunter2 \n", 0o600);
        let pgpass = write(
            ".pgpass",
            "# the list\nother:*:*:*:no\ndb.example:5432:list:news:no\nbroken\n\
             db.example:*:li\\st:news:hunter2\\:3\\\\\n*:*:*:*:last\n",
            0o600,
        );
        let other = write("open", "*:*:*:*:hunter2\n", 0o644);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found(&[]).unwrap(), None);
        assert_eq!(found(&[("DIGEST_STORE_PASSWORD", "hunter2")]).unwrap(), some("hunter2"));
        assert_eq!(found(&[("DIGEST_STORE_PASSWORD_FILE", &file)]).unwrap(), some("hunter2 "));
        assert_eq!(found(&[("HOME", &home)]).unwrap(), some("hunter2:3\\"));
        assert_eq!(found(&[("PGPASSFILE", &pgpass)]).unwrap(), some("hunter2:3\\"));
        assert_eq!(found(&[("PGPASSFILE", &other)]).unwrap(), None);
        let error = found(&[("DIGEST_STORE_PASSWORD_FILE", "/nowhere")]).unwrap_err().to_string();
        assert!(error.contains("DIGEST_STORE_PASSWORD_FILE"), "{error}");
    }
}
