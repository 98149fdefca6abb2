//! Where reports lie: a Maildir, a mailbox on an IMAP server, an mbox file, files, standard input. Hands out messages a
//! few at a time, and marks those of which somebody says that they are done.
//!
//! Must never change, move or mark a message that nobody called done, follow a link within a Maildir,
//! or hold more than a few messages in memory.

pub mod imap;
pub mod maildir;
pub mod mbox;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bounce::mbox::is_mbox;
use crate::files::{self, FileError};
use imap::{ImapError, ImapMailbox};
use maildir::MaildirReader;
use mbox::MboxReader;

/// Bytes of the largest message.
pub const MOST_MESSAGE: u64 = 50 * 1024 * 1024;
/// How often a Maildir is looked at that is followed.
const EVERY: Duration = Duration::from_secs(1);
/// Messages, and bytes of them, that are handed out at once; one may be larger.
const MOST_AT_ONCE: usize = 200;
const MOST_BYTES_AT_ONCE: usize = 8 * 1024 * 1024;

/// A message and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMessage {
    /// The file.
    pub place: PathBuf,
    /// Its number in an mbox file, from 1; `None` where the file has this one alone.
    pub number: Option<usize>,
    /// All of it.
    pub bytes: Vec<u8>,
    /// How it is marked.
    pub mark: MailMark,
}

/// How a message is marked as done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailMark {
    /// Not at all: of an mbox file, and of a file by itself, it is only known again.
    Nothing,
    /// By the name of its file in a Maildir.
    Maildir(PathBuf),
    /// By its number on an IMAP server.
    Imap(u32),
}

/// Some messages, and what could not be read, in words.
#[derive(Debug, Default)]
pub struct MailBatch {
    /// The messages.
    pub messages: Vec<FoundMessage>,
    /// `PATH: why`, for people; each path as it was named.
    pub unread: Vec<(PathBuf, String)>,
}

impl MailBatch {
    /// Whether nothing more comes.
    pub fn is_end(&self) -> bool {
        self.messages.is_empty() && self.unread.is_empty()
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.messages.iter().map(|message| message.bytes.len()).sum();
        self.messages.len() >= MOST_AT_ONCE || bytes >= MOST_BYTES_AT_ONCE
    }

    fn take(&mut self, place: &Path, read: Result<Vec<u8>, FileError>, mark: MailMark) {
        let place = place.to_owned();
        match read {
            Ok(bytes) => self.messages.push(FoundMessage { place, number: None, bytes, mark }),
            Err(error) => self.unread.push((place, error.to_string())),
        }
    }
}

/// What somebody named, open for reading.
#[derive(Debug)]
pub enum ReportMailbox {
    /// A folder.
    Maildir(MaildirReader),
    /// A folder on a server.
    Imap(Box<ImapMailbox>),
    /// A file or standard input with one message after the other.
    Mbox(MboxReader),
    /// One message, or why it cannot be read; nothing once it was handed out.
    One(Option<MailBatch>),
}

/// What somebody sees of a mailbox who only looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxLook {
    /// Messages that would be read, where they are counted.
    pub waiting: Option<u64>,
    /// Whether a message can be marked as done, where messages are.
    pub can_be_marked: bool,
}

impl ReportMailbox {
    /// Whether it can be read, and how much there is.
    ///
    /// # Errors
    /// Why it cannot, in words.
    pub fn look(&self) -> Result<MailboxLook, String> {
        match self {
            ReportMailbox::Maildir(maildir) => maildir.look(),
            ReportMailbox::Imap(imap) => Ok(imap.look()),
            ReportMailbox::Mbox(_) | ReportMailbox::One(None) => {
                Ok(MailboxLook { waiting: None, can_be_marked: true })
            }
            ReportMailbox::One(Some(batch)) => match batch.unread.first() {
                Some((_, why)) => Err(why.clone()),
                None => Ok(MailboxLook { waiting: None, can_be_marked: true }),
            },
        }
    }

    /// Opens what `place` names; what cannot be opened comes with the first messages.
    pub fn open(place: &Path) -> ReportMailbox {
        if place.is_dir() {
            return ReportMailbox::Maildir(MaildirReader::open(place));
        }
        match files::open_named(place) {
            Ok(file) => ReportMailbox::of(place, Box::new(file)),
            Err(error) => ReportMailbox::unreadable(place, error),
        }
    }

    /// Reads a stream, as standard input.
    pub fn of(place: &Path, stream: Box<dyn Read + Send>) -> ReportMailbox {
        let mut stream = BufReader::new(stream);
        let begins = match first_bytes(&mut stream) {
            Ok(begins) => begins,
            Err(error) => return ReportMailbox::unreadable(place, error.into()),
        };
        // What an mbox file begins with is not enough: the first line has a time of day.
        if is_mbox(&begins) {
            return ReportMailbox::Mbox(MboxReader::new(
                place,
                Box::new(io::Cursor::new(begins).chain(stream)),
            ));
        }
        let mut batch = MailBatch::default();
        let read = up_to(io::Cursor::new(begins).chain(stream));
        batch.take(place, read, MailMark::Nothing);
        ReportMailbox::One(Some(batch))
    }

    fn unreadable(place: &Path, error: FileError) -> ReportMailbox {
        let mut batch = MailBatch::default();
        batch.take(place, Err(error), MailMark::Nothing);
        ReportMailbox::One(Some(batch))
    }

    /// Waits a while, and looks for messages that have come since; of a Maildir and an IMAP server.
    pub async fn look_again(&mut self) {
        match self {
            ReportMailbox::Imap(imap) => imap.look_again().await,
            ReportMailbox::Maildir(maildir) => {
                tokio::time::sleep(EVERY).await;
                maildir.look_again();
            }
            ReportMailbox::Mbox(_) | ReportMailbox::One(_) => {}
        }
    }

    /// The next messages; none at the end.
    ///
    /// # Errors
    /// Those of an IMAP server.
    pub async fn next_batch(&mut self) -> Result<MailBatch, ImapError> {
        Ok(match self {
            ReportMailbox::Maildir(maildir) => maildir.next_batch(),
            ReportMailbox::Mbox(mbox) => mbox.next_batch(),
            ReportMailbox::One(batch) => batch.take().unwrap_or_default(),
            ReportMailbox::Imap(imap) => return imap.next_batch().await,
        })
    }

    /// Marks messages as done; those of which that failed, with the reason. They are read once more
    /// another time, and known again.
    pub async fn mark_as_done<'a>(&mut self, done: &[&'a FoundMessage]) -> Vec<(&'a Path, String)> {
        let mut failed = Vec::new();
        let mut uids = Vec::new();
        for found in done {
            match &found.mark {
                MailMark::Nothing => {}
                MailMark::Imap(uid) => uids.push(*uid),
                MailMark::Maildir(path) => {
                    let marked = maildir::mark_as_seen(path);
                    failed.extend(marked.err().map(|error| (&*found.place, error.to_string())));
                }
            }
        }
        if let ReportMailbox::Imap(imap) = self
            && let Err(error) = imap.mark_as_done(&uids).await
        {
            failed.extend(done.iter().map(|found| (&*found.place, error.to_string())));
        }
        failed
    }
}

/// Enough to tell an mbox file by, if there is so much.
fn first_bytes(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut begins = Vec::new();
    stream.take(5).read_to_end(&mut begins)?;
    if begins == b"From " {
        stream.take(400).read_until(b'\n', &mut begins)?;
    }
    Ok(begins)
}

/// All of a message, unless it is too large.
fn up_to(stream: impl Read) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    stream.take(MOST_MESSAGE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_MESSAGE { Err(FileError::Large(MOST_MESSAGE)) } else { Ok(bytes) }
}

/// Takes files out of a queue until there is enough for once.
fn of_queue(
    queue: &mut VecDeque<PathBuf>,
    read: impl Fn(&Path) -> Result<Vec<u8>, FileError>,
) -> MailBatch {
    let mut batch = MailBatch::default();
    while !batch.is_full()
        && let Some(path) = queue.pop_front()
    {
        let read = read(&path);
        // Another program may have moved it since: it is there under another name.
        if read.as_ref().err().is_some_and(FileError::is_missing) {
            continue;
        }
        batch.take(&path, read, MailMark::Maildir(path.clone()));
    }
    batch
}
