//! A new key for the publication's secret, beside those that it has.
//!
//! Mail that was sent has links of the older keys, so none is ever taken away here. The file is
//! written whole under another name and then takes the place of the old one: whatever happens, there
//! is the old file or the new one. Must never write to the secret's file itself.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{Secret, SecretError, file_of, found};
use crate::crypto;
use crate::files;
use crate::message::token::MOST_KEYS;
use crate::store::full;

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The file that the new key is in.
    pub path: PathBuf,
    /// The number of the new key.
    pub number: u8,
}

/// Why there is no new key. The secret is what it was.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// It comes from the environment.
    #[error("the secret is in DIGEST_SECRET, and digest cannot change a variable")]
    Variable,
    /// There is none.
    #[error("there is no secret yet: {} does not exist", .0.display())]
    Missing(PathBuf),
    /// It is one key of several lines.
    #[error("the secret in {} has several lines, and each line of several keys is a key", .0.display())]
    SeveralLines(PathBuf),
    /// No number is free.
    #[error("the newest key in {} has the number {MOST_KEYS}, and there is no larger one", .0.display())]
    Full(PathBuf),
    /// Somebody else does the same, or was stopped while doing it.
    #[error("{} exists: another `digest secret rotate` runs, or one was stopped in between", .0.display())]
    UnderWay(PathBuf),
    /// The system lets nobody write there.
    #[error("{0}; the secret was not changed")]
    Unwritten(String),
    /// It cannot be used as it is.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Adds a key to the file of the secret: with the next number, and one above `last_number`, the largest
/// that mail was ever sent with.
///
/// # Errors
/// A [`RotateError`], which never holds a key.
pub fn rotate_secret(
    root: &Path,
    environment: &[(String, String)],
    last_number: u8,
) -> Result<Rotated, RotateError> {
    if environment.iter().any(|(name, _)| name == "DIGEST_SECRET") {
        return Err(RotateError::Variable);
    }
    let named = file_of(root, environment);
    // The file that a link leads to is replaced, and not the link.
    let path = named.canonicalize().map_err(|error| unread(&named, error))?;
    let mut draft_name = path.file_name().unwrap_or_default().to_owned();
    draft_name.push(".new");
    let draft = path.with_file_name(draft_name);
    // Whoever comes second finds this file, so that none of two new keys is lost.
    let file = create(&draft).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => RotateError::UnderWay(draft.clone()),
        _ => RotateError::Unwritten(full::unwritten(&draft, &error)),
    })?;
    let replaced =
        with_another_key((root, environment), &named, last_number).and_then(|(number, text)| {
            replace(file, &draft, &path, &text)
                .map_err(|error| RotateError::Unwritten(full::unwritten(&path, &error)))?;
            Ok(Rotated { path: named, number })
        });
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

fn unread(path: &Path, error: io::Error) -> RotateError {
    match error.kind() {
        ErrorKind::NotFound => RotateError::Missing(path.to_owned()),
        _ => SecretError::File(path.to_owned(), error).into(),
    }
}

/// The number of the new key, and the file that it is in.
fn with_another_key(
    (root, environment): (&Path, &[(String, String)]),
    path: &Path,
    last_number: u8,
) -> Result<(u8, String), RotateError> {
    let secret = found(root, environment)?;
    let number = secret.newest().0.max(last_number).saturating_add(1);
    if number > MOST_KEYS {
        return Err(RotateError::Full(path.to_owned()));
    }
    let key = data_encoding::HEXLOWER.encode(&crypto::random::<32>().map_err(SecretError::from)?);
    let text = text_of(&secret).ok_or_else(|| RotateError::SeveralLines(path.to_owned()))?;
    Ok((number, format!("{text}key {number} {key}\n")))
}

/// A line for each key; none where a key has several lines of its own.
fn text_of(secret: &Secret) -> Option<String> {
    let mut text = String::new();
    for (number, key) in secret.older().chain([secret.newest()]) {
        let key = String::from_utf8_lossy(key);
        if key.lines().nth(1).is_some() {
            return None;
        }
        // The first one stays as it was, for whoever compares the files.
        match number {
            1 => text.push_str(&format!("{key}\n")),
            _ => text.push_str(&format!("key {number} {key}\n")),
        }
    }
    Some(text)
}

fn create(draft: &Path) -> io::Result<File> {
    files::private(OpenOptions::new().write(true).create_new(true)).open(draft)
}

fn replace(mut file: File, draft: &Path, path: &Path, text: &str) -> io::Result<()> {
    keep_owner(&file, &fs::metadata(path)?)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    sync_folder(path);
    Ok(())
}

/// The administrator may do it for somebody else, who has to be able to read the file.
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The name is in the folder, and on disk only with it. The new key is in place already, and some
/// kinds of disks do not know how to sync a folder.
#[cfg(unix)]
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::super::{FILE, secret};
    use super::*;

    const FIRST: &str = "0123456789abcdef";

    fn here(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut file = create(&dir.path().join(FILE)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        dir
    }

    #[test]
    fn a_new_key_is_added_behind_the_older_ones() {
        let dir = here(&format!("{FIRST}\n"));
        for number in 2..=4 {
            let rotated = rotate_secret(dir.path(), &[], 0).unwrap();
            assert_eq!(rotated, Rotated { path: dir.path().join(FILE), number });
            let secret = secret(dir.path(), &[]).unwrap();
            assert_eq!((secret.newest().0, secret.newest().1.len()), (number, 64));
            assert_eq!(secret.older().next(), Some((1, FIRST.as_bytes())));
            assert_eq!(secret.older().len(), usize::from(number) - 1);
        }
        let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert!(text.starts_with(&format!("{FIRST}\nkey 2 ")), "{text}");
        let keys: std::collections::BTreeSet<&str> = text.lines().collect();
        assert_eq!(keys.len(), 4, "each is another one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(!files::others_can_read(&dir.path().join(FILE)));
    }

    #[test]
    fn what_cannot_be_rotated_stays_as_it_is() {
        let last = format!("{FIRST}\nkey 63 fedcba9876543210\n");
        let lines = "a sentence of\nseveral lines\n".to_owned();
        let bad = format!("{FIRST}\nkey 2 short\n");
        for (text, told) in [(last, "number 63"), (lines, "several lines"), (bad, "fewer than 16")]
        {
            let dir = here(&text);
            let error = rotate_secret(dir.path(), &[], 0).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
            assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), text);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn the_second_of_two_finds_the_first() {
        let dir = here(FIRST);
        let draft = dir.path().join(format!("{FILE}.new"));
        fs::write(&draft, "half").unwrap();
        let error = rotate_secret(dir.path(), &[], 0).unwrap_err();
        assert!(
            matches!(error, RotateError::UnderWay(path) if path == draft.canonicalize().unwrap())
        );
        assert_eq!(fs::read_to_string(draft).unwrap(), "half");
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), FIRST);
    }

    // All at once: as many keys as were told, none of them twice and none lost.
    #[test]
    fn no_key_is_lost_where_many_rotate() {
        let dir = here(FIRST);
        let rotate = || rotate_secret(dir.path(), &[], 0).map(|rotated| rotated.number);
        let told: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(rotate)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut numbers: Vec<u8> =
            told.iter().filter_map(|told| told.as_ref().ok().copied()).collect();
        numbers.sort_unstable();
        let under_way =
            |told: &&Result<u8, RotateError>| matches!(told, Err(RotateError::UnderWay(_)));
        assert_eq!(numbers.len() + told.iter().filter(under_way).count(), 8, "{told:?}");
        let secret = secret(dir.path(), &[]).unwrap();
        let kept: Vec<u8> =
            secret.older().chain([secret.newest()]).map(|(number, _)| number).collect();
        assert_eq!(kept[1..], numbers);
        assert!(!numbers.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_the_file_behind_it_is_replaced() {
        let dir = here(FIRST);
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("secret");
        std::os::unix::fs::symlink(dir.path().join(FILE), &link).unwrap();
        let variable = ("DIGEST_SECRET_FILE".to_owned(), link.display().to_string());
        assert_eq!(rotate_secret(elsewhere.path(), &[variable], 0).unwrap().path, link);
        assert!(link.is_symlink());
        assert_eq!(secret(dir.path(), &[]).unwrap().newest().0, 2);
    }
}
