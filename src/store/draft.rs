//! A new database file that is written under a draft's name, and gets its own once it is whole: a
//! copy that was cut off must never look like one.
//!
//! Must never write over a file that has the name.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{self, FileIdentity};
use super::{StoreError, owner};

/// What SQLite and we put beside a database.
const COMPANIONS: [&str; 4] = ["-journal", "-wal", "-shm", "-lock"];

/// It is removed when it is dropped, and by the next one of the same name.
#[derive(Debug)]
pub struct StoreDraft {
    path: PathBuf,
    draft: PathBuf,
    identity: Option<FileIdentity>,
}

impl StoreDraft {
    /// An empty file beside `path`, which must not be there or be an empty file. What a copy that was cut off has left
    /// goes. Whether a store may have the name is asked by who gives a new one: a ledger that is
    /// gone is saved beside its journal.
    ///
    /// # Errors
    /// [`StoreError::Exists`], or the system's.
    pub fn begin(path: &Path) -> Result<StoreDraft, StoreError> {
        if is_taken(path) {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        let draft = place::beside(path, ".part");
        remove_companions(&draft);
        // SQLite takes an empty file for none, and keeps its mode.
        owner::create(&draft).map_err(|error| StoreError::Open { path: draft.clone(), error })?;
        let identity = place::identity(&draft);
        Ok(StoreDraft { path: path.to_owned(), draft, identity })
    }

    /// Where it is written.
    pub fn written_at(&self) -> &Path {
        &self.draft
    }

    /// Gives the file its name, once all of it is on the disk. It must be closed.
    ///
    /// # Errors
    /// Another process has made one of the same name, or the system's.
    pub fn finish(self) -> Result<(), StoreError> {
        if place::identity(&self.draft) != self.identity {
            return Err(StoreError::Gone { path: self.draft.clone() });
        }
        if is_taken(&self.path) {
            return Err(StoreError::Exists { path: self.path.clone() });
        }
        self.named().map_err(|error| StoreError::Open { path: self.draft.clone(), error })
    }

    fn named(&self) -> io::Result<()> {
        // SQLite says nothing where it could not fold its log in.
        let log = place::beside(&self.draft, "-wal").metadata();
        if log.is_ok_and(|log| log.len() > 0) {
            return Err(io::Error::other("not all of it could be written: is the disk full?"));
        }
        std::fs::OpenOptions::new().write(true).open(&self.draft)?.sync_all()?;
        std::fs::rename(&self.draft, &self.path)?;
        sync_folder(&self.path);
        Ok(())
    }
}

impl Drop for StoreDraft {
    fn drop(&mut self) {
        remove_companions(&self.draft);
        if place::identity(&self.draft) == self.identity {
            let _ = std::fs::remove_file(&self.draft);
        }
    }
}

/// Whether there is something that must not be written over. An empty file is nothing.
fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|there| !there.is_file() || there.len() > 0)
}

fn remove_companions(draft: &Path) {
    for suffix in COMPANIONS {
        let _ = std::fs::remove_file(place::beside(draft, suffix));
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let _ = std::fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|it| it.sync_all());
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_has_its_name_when_it_is_whole_and_nothing_stays_of_one_that_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("saved.db");
        let part = dir.path().join("saved.db.part");
        std::fs::write(&part, "cut off").unwrap();
        std::fs::write(dir.path().join("saved.db.part-journal"), "cut off").unwrap();
        let draft = StoreDraft::begin(&path).unwrap();
        assert_eq!(std::fs::read(&part).unwrap(), b"");
        assert!(!dir.path().join("saved.db.part-journal").exists());
        drop(draft);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        // A second one takes the first one's place, which then gets no name.
        let first = StoreDraft::begin(&path).unwrap();
        let keeper = std::fs::File::open(&part).unwrap();
        let second = StoreDraft::begin(&path).unwrap();
        assert!(matches!(first.finish(), Err(StoreError::Gone { .. })));
        drop(keeper);
        std::fs::write(second.written_at(), "whole").unwrap();
        second.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert!(matches!(StoreDraft::begin(&path), Err(StoreError::Exists { .. })));
        // An empty file has nothing that could be lost; a link is something.
        let empty = dir.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        let draft = StoreDraft::begin(&empty).unwrap();
        std::fs::write(draft.written_at(), "whole").unwrap();
        draft.finish().unwrap();
        assert_eq!(std::fs::read(&empty).unwrap(), b"whole");
        std::fs::remove_file(&empty).unwrap();
        // What the log has is no part of the file.
        let other = dir.path().join("other.db");
        let draft = StoreDraft::begin(&other).unwrap();
        std::fs::write(dir.path().join("other.db.part-wal"), "rows").unwrap();
        assert!(draft.finish().is_err());
        assert!(!other.exists() && std::fs::read_dir(dir.path()).unwrap().count() == 1);
    }
}
