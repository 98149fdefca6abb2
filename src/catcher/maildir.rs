//! Messages -> files in a Maildir: written to `tmp/`, then renamed into `new/`.
//!
//! A file in `new/` is whole, and nothing that is there is ever overwritten.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A Maildir that only this process writes to under its own names.
#[derive(Debug)]
pub(super) struct Maildir {
    root: PathBuf,
    next: AtomicU64,
}

impl Maildir {
    /// Opens the folder, creating `cur`, `new` and `tmp`; numbers go on after what is there.
    pub(super) fn open(root: &Path) -> io::Result<Maildir> {
        let mut last = 0;
        for part in ["tmp", "new", "cur"] {
            let folder = root.join(part);
            fs::create_dir_all(&folder)?;
            for entry in fs::read_dir(&folder)? {
                let name = entry?.file_name();
                let number = name.to_str().and_then(|name| name.split('.').next()?.parse().ok());
                last = last.max(number.unwrap_or(0));
            }
        }
        Ok(Maildir { root: root.to_owned(), next: AtomicU64::new(last + 1) })
    }

    /// Stores one message; it is there when this returns.
    pub(super) fn store(&self, recipient: &str, bytes: &[u8]) -> io::Result<()> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let name = format!("{number:06}.{}.{}.eml", std::process::id(), file_name(recipient));
            let (tmp, new) = (self.root.join("tmp").join(&name), self.root.join("new").join(&name));
            let mut file = match fs::File::create_new(&tmp) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            if new.exists() {
                fs::remove_file(&tmp)?;
                continue;
            }
            let stored = file.write_all(bytes).and_then(|()| fs::rename(&tmp, &new));
            if stored.is_err() {
                // A half-written file in tmp/ is of use to nobody.
                let _ = fs::remove_file(&tmp);
            }
            return stored;
        }
    }
}

/// An address as part of a file's name: ASCII letters, digits and `@-_+.` stay.
fn file_name(recipient: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "@-_+.".contains(c) { c } else { '_' };
    let name: String = recipient.chars().take(120).map(safe).collect();
    if name.is_empty() { "nobody".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_never_reused() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(dir.path()).unwrap();
        maildir.store("a/../b@x.example", b"one").unwrap();
        maildir.store("민지@x.example", b"two").unwrap();
        Maildir::open(dir.path()).unwrap().store("c@x.example", b"three").unwrap();
        let mut names: Vec<_> = fs::read_dir(dir.path().join("new"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let pid = std::process::id();
        assert_eq!(names[0], format!("000001.{pid}.a_.._b@x.example.eml"));
        assert_eq!(names[1], format!("000002.{pid}.__@x.example.eml"));
        assert_eq!(names[2], format!("000003.{pid}.c@x.example.eml"));
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }
}
