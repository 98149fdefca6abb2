//! A folder for a copy of a ledger, for as long as the copy is being opened.
//!
//! Only its owner may enter it: beside a file in a folder that others can write to, they could put a
//! log or a journal of their own, which SQLite would play back with our rights (and delete the file
//! that such a journal names). Must never remove what is not a folder of ours.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::crypto;

const PREFIX: &str = "digest-copy-";
/// To copy and to open a ledger takes seconds; a folder that is older was left by a command that was
/// interrupted, and it holds addresses.
const LEFT_OVER: Duration = Duration::from_secs(600);

/// It is removed when it is dropped, with what is in it.
#[derive(Debug)]
pub(super) struct CopyFolder {
    path: PathBuf,
}

impl CopyFolder {
    /// Makes one in `parent`, and removes those of this user that an interrupted command has left
    /// there.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn make(parent: &Path) -> io::Result<CopyFolder> {
        let random = crypto::random::<8>().map_err(io::Error::other)?;
        let path = parent.join(format!("{PREFIX}{}", HEXLOWER.encode(&random)));
        private_folder(&path)?;
        let folder = CopyFolder { path };
        folder.sweep(parent);
        Ok(folder)
    }

    /// Where the copy lies.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("ledger.db")
    }

    /// A folder that cannot be listed or removed costs room and nothing else, so nobody is told.
    fn sweep(&self, parent: &Path) {
        // It was made just now: its time is the one that the file system goes by.
        let Ok(own) = self.path.symlink_metadata() else { return };
        let Ok(now) = own.modified() else { return };
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let is_named = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
            let is_ours = |it: &std::fs::Metadata| it.is_dir() && has_same_owner(it, &own);
            let Ok(metadata) = entry.path().symlink_metadata() else { continue };
            let age = metadata.modified().ok().and_then(|at| now.duration_since(at).ok());
            if is_named && is_ours(&metadata) && age.is_some_and(|age| age > LEFT_OVER) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}

impl Drop for CopyFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

#[cfg(unix)]
fn has_same_owner(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    one.uid() == other.uid()
}

#[cfg(not(unix))]
fn has_same_owner(_one: &std::fs::Metadata, _other: &std::fs::Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn only_its_owner_enters_it_and_it_goes_with_what_others_have_left() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(format!("{PREFIX}{name}"));
        let old = fs::metadata(dir.path()).unwrap().modified().unwrap() - LEFT_OVER * 2;
        for name in ["old", "new", "other"] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("ledger.db"), "addresses").unwrap();
        }
        fs::rename(at("other"), dir.path().join("other")).unwrap();
        symlink(dir.path().join("other"), at("link")).unwrap();
        for path in [at("old"), dir.path().join("other")] {
            fs::File::open(path).unwrap().set_modified(old).unwrap();
        }
        let folder = CopyFolder::make(dir.path()).unwrap();
        assert_eq!(fs::metadata(&folder.path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(folder.database().starts_with(&folder.path));
        assert!(!at("old").exists() && at("new").exists());
        assert!(dir.path().join("other/ledger.db").exists());
        fs::write(folder.database(), "addresses").unwrap();
        let path = folder.path.clone();
        drop(folder);
        assert!(!path.exists());
    }
}
