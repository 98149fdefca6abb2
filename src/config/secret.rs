//! The publication's secret: made on first use, in a file that only its owner can read.
//!
//! It has one key, or several after a rotation. A text is one key, as it always was, unless a line of
//! it begins with `key` and a number. Then each line is a key, and the first line may be one without a
//! number, which is number 1:
//!
//! ```text
//! 0f3a…
//! key 2 77c1…
//! ```
//!
//! Only reading a secret must never change what is made with it.

pub(super) mod rotate;

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::crypto;
use crate::files::{self, FileError};
use crate::message::token::MOST_KEYS;
use crate::store::full;

/// Below this a secret could be guessed.
const LEAST_CHARACTERS: usize = 16;
/// Beside `digest.toml`; never in git.
const FILE: &str = ".digest-secret";

/// Makes unsubscribe links and Message-IDs. Shown to nobody.
#[derive(Clone)]
pub struct Secret {
    newest: (u8, Vec<u8>),
    /// The newest of them last.
    older: Vec<(u8, Vec<u8>)>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(****)")
    }
}

impl Secret {
    /// A secret that everybody knows, for a message that is only looked at: no file is made for
    /// it, and its bytes are the same on every machine. No server takes its links for real.
    pub fn for_nobody() -> Secret {
        Secret::of_one(b"known to everybody, worth nothing".to_vec())
    }

    fn of_one(key: Vec<u8>) -> Secret {
        Secret { newest: (1, key), older: Vec::new() }
    }

    /// The key that everything new is made with, and its number.
    pub fn newest(&self) -> (u8, &[u8]) {
        (self.newest.0, &self.newest.1)
    }

    /// The keys that earlier links were made with, and their numbers.
    pub fn older(&self) -> impl ExactSizeIterator<Item = (u8, &[u8])> {
        self.older.iter().map(|(number, key)| (*number, key.as_slice()))
    }
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Guessable.
    #[error(
        "{0} has fewer than {LEAST_CHARACTERS} characters; make one with `openssl rand -hex 32`"
    )]
    Short(String),
    /// A line of several keys that is none.
    #[error(
        "line {line} of {name} is not a key: {why}. Put back a copy of the secret; each line is \"key\", \
         its number, and the key itself"
    )]
    Line {
        /// The file or the variable.
        name: String,
        /// From 1.
        line: usize,
        /// In words, without the line itself.
        why: &'static str,
    },
    /// Others on this machine can read it.
    #[error("other users of this computer can read {0}; run `chmod 600 {0}`")]
    Open(PathBuf),
    /// The system's reason.
    #[error("the secret file {0} cannot be used: {1}; set DIGEST_SECRET, or correct the file")]
    File(PathBuf, std::io::Error),
    /// It cannot be made, for this reason.
    #[error("{0}. The secret of the publication is to be made there")]
    NotMade(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] crypto::RandomError),
}

/// The secret from `DIGEST_SECRET`, from the file that `DIGEST_SECRET_FILE` names, or from the
/// publication's own file, which is made if it is missing.
///
/// # Errors
/// A [`SecretError`], which never holds the secret.
pub fn secret(root: &Path, environment: &[(String, String)]) -> Result<Secret, SecretError> {
    match found(root, environment) {
        Err(SecretError::File(path, error)) if error.kind() == std::io::ErrorKind::NotFound => {
            create(&path)
        }
        found => found,
    }
}

/// The same, but none is made: `None` where [`secret`] would make one.
///
/// # Errors
/// A [`SecretError`], which never holds the secret.
pub fn known_secret(
    root: &Path,
    environment: &[(String, String)],
) -> Result<Option<Secret>, SecretError> {
    match missing_secret(root, environment)? {
        Some(_) => Ok(None),
        None => found(root, environment).map(Some),
    }
}

/// Where [`secret`] would make one; `None` where there is one.
///
/// # Errors
/// A [`SecretError`], which never holds the secret.
pub fn missing_secret(
    root: &Path,
    environment: &[(String, String)],
) -> Result<Option<PathBuf>, SecretError> {
    match found(root, environment) {
        Err(SecretError::File(path, error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Some(path))
        }
        found => found.map(|_| None),
    }
}

fn found(root: &Path, environment: &[(String, String)]) -> Result<Secret, SecretError> {
    if let Some((name, value)) = environment.iter().find(|(known, _)| known == "DIGEST_SECRET") {
        return checked(name.clone(), value.trim());
    }
    read(&file_of(root, environment))
}

/// What the secret is in, or would be: a file, or the variable itself.
pub fn secret_place(root: &Path, environment: &[(String, String)]) -> PathBuf {
    if environment.iter().any(|(name, _)| name == "DIGEST_SECRET") {
        return PathBuf::from("DIGEST_SECRET");
    }
    file_of(root, environment)
}

fn file_of(root: &Path, environment: &[(String, String)]) -> PathBuf {
    match environment.iter().find(|(known, _)| known == "DIGEST_SECRET_FILE") {
        Some((_, path)) => PathBuf::from(path),
        None => root.join(FILE),
    }
}

fn read(path: &Path) -> Result<Secret, SecretError> {
    let failed = |error| SecretError::File(path.to_owned(), error);
    let bytes = files::read_private(path).map_err(|error| match error {
        FileError::Shared => SecretError::Open(path.to_owned()),
        FileError::System(error) => failed(error),
        error => failed(std::io::Error::other(error)),
    })?;
    checked(path.display().to_string(), String::from_utf8_lossy(&bytes).trim())
}

fn checked(name: String, text: &str) -> Result<Secret, SecretError> {
    let is_short = |key: &str| key.chars().count() < LEAST_CHARACTERS;
    if !text.lines().any(is_numbered) {
        if is_short(text) {
            return Err(SecretError::Short(name));
        }
        return Ok(Secret::of_one(text.as_bytes().to_vec()));
    }
    let mut keys: Vec<(u8, Vec<u8>)> = Vec::new();
    for (at, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
        let newest = keys.last().map_or(0, |(number, _)| *number);
        let wrong = |why| SecretError::Line { name: name.clone(), line: at + 1, why };
        let (number, key) = match key_of(line) {
            Some(numbered) => numbered.map_err(wrong)?,
            None if newest == 0 => (1, line),
            None => return Err(wrong("it does not begin with \"key\" and a number")),
        };
        if number <= newest {
            return Err(wrong("its number is not larger than the one before"));
        }
        if is_short(key) {
            return Err(SecretError::Short(format!("key {number} of {name}")));
        }
        keys.push((number, key.as_bytes().to_vec()));
    }
    let newest = keys.pop().ok_or(SecretError::Short(name))?;
    Ok(Secret { newest, older: keys })
}

/// Whether a line says of itself that it is one of several keys.
fn is_numbered(line: &str) -> bool {
    let number = line.trim().strip_prefix("key ").map(str::trim_start);
    number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// The number and the key of such a line.
fn key_of(line: &str) -> Option<Result<(u8, &str), &'static str>> {
    let (number, key) = match line.strip_prefix("key ") {
        Some(rest) if is_numbered(line) => {
            rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest, ""))
        }
        _ => return None,
    };
    Some(match number.parse() {
        Ok(number) if (1..=MOST_KEYS).contains(&number) => Ok((number, key.trim())),
        _ => Err("its number is not from 1 to 63"),
    })
}

/// Makes the file whole under another name and then links it into place: of two processes that
/// start at once, both end up with the same secret.
fn create(path: &Path) -> Result<Secret, SecretError> {
    let failed = |error| not_made(path, error);
    let text = data_encoding::HEXLOWER.encode(&crypto::random::<32>()?);
    let name = data_encoding::HEXLOWER.encode(&crypto::random::<6>()?);
    let draft = path.with_file_name(format!("{FILE}.{name}"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(failed)?;
    let written = file.write_all(format!("{text}\n").as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => Ok(Secret::of_one(text.into_bytes())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(failed(error)),
    }
}

/// A disk that is full, or a folder that nobody may write to, is no fault of the secret.
fn not_made(path: &Path, error: std::io::Error) -> SecretError {
    let unwritten = full::unwritten(path, &error);
    SecretError::NotMade(match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            format!("{unwritten}; make its folder writable for this user, or set DIGEST_SECRET")
        }
        _ => unwritten,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        assert!(known_secret(dir.path(), &[]).unwrap().is_none());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let first = secret(dir.path(), &[]).unwrap();
        let again = secret(dir.path(), &[]).unwrap();
        assert_eq!(first.newest(), again.newest());
        assert_eq!((first.newest().0, first.newest().1.len(), first.older().len()), (1, 64, 0));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = dir.path().join(FILE);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(secret(dir.path(), &[]), Err(SecretError::Open(_))));
        }
    }

    #[test]
    fn the_environment_wins_and_is_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let environment = [("DIGEST_SECRET".to_owned(), "0123456789abcdef".to_owned())];
        let made = secret(dir.path(), &environment).unwrap();
        assert_eq!(made.newest(), (1, &b"0123456789abcdef"[..]));
        assert_eq!(format!("{made:?}"), "Secret(****)");
        let short = [("DIGEST_SECRET".to_owned(), "hunter2".to_owned())];
        let error = secret(dir.path(), &short).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("DIGEST_SECRET"), "{error}");
    }

    fn read_text(text: &str) -> Result<Vec<(u8, String)>, String> {
        let secret =
            checked("the file".to_owned(), text.trim()).map_err(|error| error.to_string())?;
        let all = secret.older().chain([secret.newest()]);
        Ok(all.map(|(number, key)| (number, String::from_utf8_lossy(key).into_owned())).collect())
    }

    #[test]
    fn a_text_is_one_key_as_before_unless_lines_are_numbered() {
        for text in [
            "0123456789abcdef",
            "a long sentence that somebody made up",
            "of several lines\nthat somebody made up\n\nand not we",
            "keys of my house\nkey one",
            "key of my house 123",
        ] {
            assert_eq!(read_text(text), Ok(vec![(1, text.to_owned())]), "{text}");
        }
    }

    #[test]
    fn several_keys_stand_in_lines_and_the_newest_is_last() {
        let first = "0123456789abcdef";
        let key = |number, key: &str| (number, key.to_owned());
        let both = Ok(vec![key(1, first), key(2, "fedcba9876543210")]);
        for text in [
            "0123456789abcdef\nkey 2 fedcba9876543210\n",
            "key 1 0123456789abcdef\r\n\r\n  key  2\tfedcba9876543210  \r\n",
        ] {
            assert_eq!(read_text(text), both, "{text}");
        }
        // Somebody took the first one away.
        assert_eq!(read_text("key 7 0123456789abcdef\n"), Ok(vec![key(7, first)]));
    }

    #[test]
    fn a_line_that_is_no_key_is_told_with_its_place_and_not_shown() {
        let first = "0123456789abcdef";
        for (more, told) in [
            ("key 2 hunter2", "key 2 of the file has fewer than 16"),
            ("key 2", "key 2 of the file has fewer than 16"),
            (
                "key 2 fedcba9876543210\nhunter2hunter2hunter2",
                "line 3 of the file is not a key: it does",
            ),
            ("key 64 fedcba9876543210", "line 2 of the file is not a key: its number is not from"),
            ("key 999999 fedcba9876543210", "its number is not from 1 to 63"),
            ("key 1 fedcba9876543210", "line 2 of the file is not a key: its number is not larger"),
            ("key 3 fedcba9876543210\nkey 2 fedcba9876543210", "line 3 of the file"),
        ] {
            let error = read_text(&format!("{first}\n{more}\n")).unwrap_err();
            assert!(error.contains(told), "{more}: {error}");
            for secret in ["hunter2", "fedcba", "012345"] {
                assert!(!error.contains(secret), "{error}");
            }
        }
    }
}
