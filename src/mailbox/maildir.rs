//! A Maildir: `new` and `cur`, a message a file. `tmp` has messages that are not there yet.
//!
//! A message that is done moves from `new` to `cur` and has the flag S (seen). Must never follow a link
//! in one, nor take half of it for the whole: who is reported in the other half would go on getting
//! mail.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{MailBatch, MailboxLook, of_queue, up_to};
use crate::files::{self, FileError};

/// What stands between the name of a message and its flags.
const FLAGS: &str = ":2,";
/// The flag of a message that was seen.
const SEEN: char = 'S';

/// A Maildir, and which of its messages were not handed out yet.
#[derive(Debug)]
pub struct MaildirReader {
    folder: PathBuf,
    queue: VecDeque<PathBuf>,
    /// Names without their flags of those that were.
    handed_out: BTreeSet<Vec<u8>>,
    unread: Vec<(PathBuf, String)>,
}

impl MaildirReader {
    /// Lists `new` and `cur`, in the order of the names. Others than messages are told.
    pub fn open(folder: &Path) -> MaildirReader {
        let mut found = MaildirReader {
            folder: folder.to_owned(),
            queue: VecDeque::new(),
            handed_out: BTreeSet::new(),
            unread: Vec::new(),
        };
        let is_missing = |name: &&str| folder.join(name).symlink_metadata().is_err();
        if ["new", "cur"].iter().all(is_missing) {
            let what = "this folder is no Maildir: it has no folder `new` or `cur`. Name its files";
            found.unread.push((folder.to_owned(), what.to_owned()));
            return found;
        }
        found.look_again();
        found
    }

    /// Lists those that have come since.
    pub(super) fn look_again(&mut self) {
        let mut messages = Vec::new();
        for name in ["new", "cur"] {
            let inner = self.folder.join(name);
            if let Err(error) = list(&inner, &mut messages) {
                self.unread.push((inner, error.to_string()));
            }
        }
        messages.retain(|path| self.handed_out.insert(name_of(path).to_vec()));
        messages.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
        self.queue.extend(messages);
    }

    /// Whether its first message can be read, and how many there are.
    pub(super) fn look(&self) -> Result<MailboxLook, String> {
        if let Some((_, why)) = self.unread.first() {
            return Err(why.clone());
        }
        if let Some(first) = self.queue.front() {
            read(first).map_err(|error| error.to_string())?;
        }
        let cur = self.folder.join("cur").metadata().or_else(|_| self.folder.metadata());
        let can_be_marked = cur.is_ok_and(|cur| !cur.permissions().readonly());
        Ok(MailboxLook { waiting: u64::try_from(self.queue.len()).ok(), can_be_marked })
    }

    /// The next messages; none at the end.
    pub(super) fn next_batch(&mut self) -> MailBatch {
        let mut batch = of_queue(&mut self.queue, read);
        batch.unread.append(&mut self.unread);
        batch
    }
}

/// The name of a message without its flags.
fn name_of(path: &Path) -> &[u8] {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let flags = memchr::memmem::rfind(name, FLAGS.as_bytes());
    &name[..flags.unwrap_or(name.len())]
}

fn list(folder: &Path, messages: &mut Vec<PathBuf>) -> Result<(), FileError> {
    match folder.symlink_metadata() {
        Ok(found) if found.is_symlink() => return Err(FileError::NotAFile("a link")),
        // Who delivers makes the other one when it is needed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            messages.push(entry.path());
        }
    }
    Ok(())
}

/// A message by itself: what is a link here leads to something that is no message of this mailbox.
fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let kind = path.symlink_metadata()?.file_type();
    if kind.is_symlink() {
        return Err(FileError::NotAFile("a link"));
    }
    if !kind.is_file() {
        return files::open(path).map(|_| Vec::new());
    }
    // A link that somebody has put there meanwhile is not followed either.
    up_to(files::private(OpenOptions::new().read(true)).open(path)?)
}

/// Gives a message the flag S, and its place in `cur`.
///
/// # Errors
/// The system's; then it is where it was.
pub(super) fn mark_as_seen(path: &Path) -> io::Result<()> {
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return Ok(()) };
    let seen = folder.with_file_name("cur").join(seen(name));
    if seen == path {
        return Ok(());
    }
    // Names are unique in a Maildir; if one is not, nobody's message is lost.
    if seen.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match fs::rename(path, &seen) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => {
            seen.parent().map_or(Ok(()), fs::create_dir)?;
            fs::rename(path, seen)
        }
        renamed => renamed,
    }
}

/// The name with the flag, in the order of the alphabet as flags are.
fn seen(name: &OsStr) -> OsString {
    let Some(text) = name.to_str() else {
        let mut name = name.to_owned();
        name.push(format!("{FLAGS}{SEEN}"));
        return name;
    };
    let (name, flags) = text.rsplit_once(FLAGS).unwrap_or((text, ""));
    let mut flags: Vec<char> = flags.chars().filter(|flag| *flag != SEEN).collect();
    flags.push(SEEN);
    flags.sort_unstable();
    format!("{name}{FLAGS}{}", flags.into_iter().collect::<String>()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_other_flags() {
        for (name, with_flag) in [
            ("1.a.host", "1.a.host:2,S"),
            ("1.a.host:2,", "1.a.host:2,S"),
            ("1.a.host:2,S", "1.a.host:2,S"),
            ("1.a.host,S=7:2,FT", "1.a.host,S=7:2,FST"),
        ] {
            assert_eq!(seen(OsStr::new(name)), with_flag);
        }
    }
}
