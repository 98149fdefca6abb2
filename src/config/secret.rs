//! The publication's secret: made on first use, in a file that only its owner can read.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::crypto;
use crate::files::{self, FileError};
use crate::store::full;

/// Below this a secret could be guessed.
const LEAST_CHARACTERS: usize = 16;
/// Beside `digest.toml`; never in git.
const FILE: &str = ".digest-secret";

/// Signs unsubscribe links and makes Message-IDs. Shown to nobody.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(****)")
    }
}

impl Secret {
    /// A secret that everybody knows, for a message that is only looked at: no file is made for
    /// it, and its bytes are the same on every machine. No server takes its links for real.
    pub fn for_nobody() -> Secret {
        Secret(b"known to everybody, worth nothing".to_vec())
    }

    /// For deriving keys.
    pub fn bytes(&self) -> &[u8] {
        &self.0
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
    let variable = |name: &str| environment.iter().find(|(known, _)| known == name);
    if let Some((name, value)) = variable("DIGEST_SECRET") {
        return checked(name.clone(), value.trim());
    }
    let path = match variable("DIGEST_SECRET_FILE") {
        Some((_, path)) => PathBuf::from(path),
        None => root.join(FILE),
    };
    read(&path)
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
    if text.chars().count() < LEAST_CHARACTERS {
        Err(SecretError::Short(name))
    } else {
        Ok(Secret(text.as_bytes().to_vec()))
    }
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
        Ok(()) => Ok(Secret(text.into_bytes())),
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
        assert_eq!(first.bytes(), again.bytes());
        assert_eq!(first.bytes().len(), 64);
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
        assert_eq!(made.bytes(), b"0123456789abcdef");
        assert_eq!(format!("{made:?}"), "Secret(****)");
        let short = [("DIGEST_SECRET".to_owned(), "hunter2".to_owned())];
        let error = secret(dir.path(), &short).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("DIGEST_SECRET"), "{error}");
    }
}
