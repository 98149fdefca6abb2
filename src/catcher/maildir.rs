//! Messages -> files in a Maildir: written to `tmp/`, then renamed into `new/`.
//!
//! A file in `new/` is whole, and nothing that is there is ever overwritten. Only the owner can read
//! mails: they hold addresses, and links that act for a person.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::files;

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
        no_link(root)?;
        for part in ["tmp", "new", "cur"] {
            let folder = root.join(part);
            no_link(&folder)?;
            make_private(&folder)?;
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
            let mut file = match create_private(&tmp) {
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

/// Mails are written to folders of our own: a link may lead into somebody's mailbox.
///
/// # Errors
/// The folder is a link.
pub fn no_link(folder: &Path) -> io::Result<()> {
    if folder.is_symlink() {
        let what =
            "is a link, and may lead to another folder: remove it, or name that folder itself";
        return Err(io::Error::other(format!("{} {what}", folder.display())));
    }
    Ok(())
}

/// A folder that only its owner can read, also one that was there.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let wide = fs::metadata(folder)?.permissions().mode() & 0o077 != 0;
        if wide {
            // Where that is not allowed, the folder is another one's.
            let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
        }
    }
    Ok(())
}

fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    files::private(&mut options);
    options.write(true).create_new(true).open(path)
}

/// Removes the mails that a catcher stored in a Maildir and whose Message-ID is meant; how many.
/// Files of any other name are left alone: the folder may be somebody's mailbox.
///
/// # Errors
/// The system's. A folder that is not there holds none.
pub fn remove(root: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<u64> {
    let mut removed = 0;
    for part in ["new", "cur"] {
        let entries = match fs::read_dir(root.join(part)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let is_ours = entry.file_name().to_str().is_some_and(is_stored_name);
            if is_ours && message_id(&entry.path())?.is_some_and(|id| is_meant(&id)) {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// `000001.4711.kim@a.example.eml`, perhaps with the flags that a mail program has put behind it.
fn is_stored_name(name: &str) -> bool {
    let name = name.split_once(":2,").map_or(name, |(name, _)| name);
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = name.splitn(3, '.');
    is_number(parts.next())
        && is_number(parts.next())
        && parts.next().is_some_and(|rest| rest.ends_with(".eml"))
}

/// The Message-ID of a stored mail, without angle brackets.
fn message_id(path: &Path) -> io::Result<Option<String>> {
    for line in BufReader::new(fs::File::open(path)?).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("Message-ID")
        {
            return Ok(Some(value.trim().trim_matches(['<', '>']).to_owned()));
        }
    }
    Ok(None)
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

    #[test]
    fn only_mails_that_were_stored_here_and_are_meant_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(dir.path()).unwrap();
        let mail =
            |id: &str| format!("From: a@b\r\nMessage-Id: <{id}>\r\n\r\nMessage-ID: <no>\r\n");
        for id in ["one@a", "two@a"] {
            maildir.store("kim@a.example", mail(id).as_bytes()).unwrap();
        }
        maildir.store("lee@a.example", b"\r\nMessage-ID: <one@a>\r\n").unwrap();
        let other = dir.path().join("cur/1762437600.M1P2.host:2,S");
        fs::write(&other, mail("one@a")).unwrap();
        assert_eq!(remove(dir.path(), |id| id == "one@a").unwrap(), 1);
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 2);
        assert!(other.exists());
        assert_eq!(remove(&dir.path().join("gone"), |_| true).unwrap(), 0);
    }
}
