//! Marks on the way: a line for each attempt before its final dot, and one for each outcome.
//!
//! A commit of the database for each message would make the disk the bottleneck. So rows are
//! claimed in batches, durably; the fine marks are written here, one `write` each, which survives
//! the death of this process but not the loss of power; and outcomes reach the database in groups.
//! The first line names the boot of the machine: after a crash within the same boot every mark is
//! here, and after another boot a claimed row without an outcome must count as uncertain.
//!
//! Lines are numbered, each is checked together with all before it, and an end mark stands behind
//! the last one: a journal that was cut short, overwritten or exchanged must never pass for whole.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::id::{RowId, RunId};
use super::ledger::claim::Retry;
use super::state::State;
use crate::smtp::outcome::Stage;
use crate::store::owner;

/// A journal never grows to this size: it is begun anew long before, and one row has a few hundred
/// bytes.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// A journal larger than this is begun anew, with the attempts that are still open.
const ROTATE_BYTES: u64 = 4 * 1024 * 1024;

/// What the ledger keeps of an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The row.
    pub row: RowId,
    /// What became of it.
    pub state: State,
    /// The reply's code.
    pub code: Option<u16>,
    /// The reply's enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// The reply's text, or what happened.
    pub text: String,
    /// When, RFC 3339.
    pub at: String,
    /// Without angle brackets.
    pub message_id: String,
    /// When it may come back, if it is to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Where a relay put it off or left us in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// No relay was asked about it. Such an outcome stands in no journal: without one the row was
    /// never attempted, which is true.
    #[serde(skip)]
    pub unasked: bool,
}

/// What a journal says of itself in its first line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    /// The boot in which it was written.
    pub boot: String,
    /// The run that wrote it: its marks say nothing about rows that another run claimed.
    pub run: RunId,
    /// What the ledger calls that run besides its number, which an older copy of the ledger gives
    /// away a second time. Empty in a journal of version 0.1.0.
    pub token: String,
    /// The ledger knew of all lines up to this one when the file was begun.
    pub recorded: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum JournalLine<'a> {
    /// The first line.
    Begin(JournalHead),
    /// The first line as version 0.1.0 wrote it: the boot and the run.
    Boot(String, RunId),
    /// The final dot of this row's message, which has this Message-ID, may leave from now on.
    Dot(RowId, Cow<'a, str>),
    /// It did not leave after all.
    Unsent(RowId),
    /// What became of it.
    Settled(Cow<'a, Settled>),
    /// The database has the outcomes of these rows, and they will be claimed again.
    Saved(Vec<RowId>),
}

/// A line and what vouches for it.
#[derive(Deserialize)]
struct Numbered {
    /// Its number; lines of version 0.1.0 have none.
    n: Option<u64>,
    #[serde(flatten)]
    line: JournalLine<'static>,
}

/// Bytes of `,"crc":"01234567"}` at the end of a line.
const CHECK_BYTES: usize = 18;
/// A write that a kill has cut short ends where a page of the file does.
const PAGE: usize = 4096;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    head: JournalHead,
    /// Where the last line ends, and the end mark begins.
    length: u64,
    /// The number of the last line.
    last: u64,
    /// The check of the last line.
    check: u32,
    /// The bytes of a line, kept so that one costs no allocation.
    line: Vec<u8>,
    /// Message-IDs of marked rows without an outcome.
    open: HashMap<RowId, String>,
    /// Outcomes that the database may not hold yet.
    unsaved: HashMap<RowId, Settled>,
}

/// What a journal that a dead process left says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Its first line.
    pub head: JournalHead,
    /// The number of its last line.
    pub last: u64,
    /// Lines are missing or are not what was written, or its end is.
    pub gap: bool,
    /// Rows whose dot may have left, without an outcome, and the Message-ID of each.
    pub open: HashMap<RowId, String>,
    /// Outcomes, the last one of each row.
    pub settled: HashMap<RowId, Settled>,
}

/// What lies in a journal's place.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or an empty file: a loss of power leaves that.
    Nothing,
    /// No journal, or one whose first line is damaged: nobody can tell whose it is.
    Unreadable,
    /// A journal.
    Journal(Left),
}

impl Journal {
    /// Begins a journal at `path`, in place of any that was there.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(path: &Path, head: JournalHead) -> io::Result<Journal> {
        let journal = Journal::draft(path, head, 0)?;
        // Its marks may be lost with the power. That there was a journal must not be: without one the
        // ledger is taken for a copy.
        journal.file.sync_all()?;
        std::fs::rename(draft_path(path), path)?;
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(journal)
    }

    /// A journal that has not taken its place yet; its lines are numbered from `last` on. Whoever
    /// finds a journal finds a first line in it.
    fn draft(path: &Path, head: JournalHead, last: u64) -> io::Result<Journal> {
        let mut journal = Journal {
            path: path.to_owned(),
            file: owner::create(&draft_path(path))?,
            head: head.clone(),
            length: 0,
            last,
            check: 0,
            line: Vec::new(),
            open: HashMap::new(),
            unsaved: HashMap::new(),
        };
        journal.append(&JournalLine::Begin(head))?;
        Ok(journal)
    }

    /// The number of the last line: what the ledger records now, it records with all lines up to
    /// this one.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The run that writes it.
    pub fn run(&self) -> RunId {
        self.head.run
    }

    /// Marks that the final dot of `row` may leave, and with which Message-ID.
    ///
    /// # Errors
    /// The system's; then the dot must not leave.
    pub fn dot(&mut self, row: RowId, message_id: String) -> io::Result<()> {
        self.append(&JournalLine::Dot(row, Cow::Borrowed(&message_id)))?;
        self.open.insert(row, message_id);
        Ok(())
    }

    /// Marks an outcome.
    ///
    /// # Errors
    /// The system's; the outcome is kept in memory all the same.
    pub fn settled(&mut self, settled: Settled) -> io::Result<()> {
        let row = settled.row;
        self.open.remove(&row);
        let written = self.append(&JournalLine::Settled(Cow::Borrowed(&settled)));
        self.unsaved.insert(row, settled);
        written
    }

    /// Marks that a message was handed back unsent: its dot did not leave after all. Without this
    /// a crash before the row's next attempt would leave it uncertain.
    ///
    /// # Errors
    /// The system's.
    pub fn unsent(&mut self, row: RowId) -> io::Result<()> {
        match self.open.remove(&row) {
            Some(_) => self.append(&JournalLine::Unsent(row)),
            None => Ok(()),
        }
    }

    /// The database holds the outcomes of these rows durably, and with them the number `recorded`
    /// of a line; begins anew when the file is large. `coming` are those rows that this run will
    /// claim again: without a line that says so, a crash then would count their last attempt twice.
    ///
    /// # Errors
    /// The system's.
    pub fn saved(
        &mut self,
        rows: impl IntoIterator<Item = RowId>,
        coming: Vec<RowId>,
        recorded: u64,
    ) -> io::Result<()> {
        for row in rows {
            self.unsaved.remove(&row);
        }
        if !coming.is_empty() {
            self.append(&JournalLine::Saved(coming))?;
        }
        if self.length < ROTATE_BYTES {
            return Ok(());
        }
        let head = JournalHead { recorded, ..self.head.clone() };
        let mut fresh = Journal::draft(&self.path, head, self.last)?;
        for (row, message_id) in &self.open {
            fresh.dot(*row, message_id.clone())?;
        }
        for settled in self.unsaved.values() {
            fresh.settled(settled.clone())?;
        }
        std::fs::rename(draft_path(&self.path), &self.path)?;
        *self = fresh;
        Ok(())
    }

    /// Rows whose dot may have left, without an outcome, and the Message-ID of each.
    pub fn open_rows(&self) -> Vec<(RowId, String)> {
        self.open.iter().map(|(row, message_id)| (*row, message_id.clone())).collect()
    }

    /// One write: the line over the end mark, and the next end mark behind it.
    fn append(&mut self, line: &JournalLine) -> io::Result<()> {
        let last = self.last + 1;
        let text = &mut self.line;
        text.clear();
        write!(text, "{{\"n\":{last}")?;
        let inner = text.len();
        serde_json::to_writer(&mut *text, line).map_err(io::Error::other)?;
        // The line's own braces are left out: its fields follow the number.
        text[inner] = b',';
        text.pop();
        let check = check(self.check, text);
        writeln!(text, ",\"crc\":\"{check:08x}\"}}")?;
        let bytes = text.len() as u64;
        text.extend_from_slice(end_mark(last).as_bytes());
        if let Err(error) = write_at(&self.file, text, self.length) {
            // A full disk takes half a line. The end mark that was there goes back to its place.
            let old = if self.length == 0 { String::new() } else { end_mark(self.last) };
            let _ = write_at(&self.file, old.as_bytes(), self.length);
            let _ = self.file.set_len(self.length + old.len() as u64);
            return Err(error);
        }
        (self.length, self.last, self.check) = (self.length + bytes, last, check);
        Ok(())
    }
}

/// Where a journal is written until it is begun.
pub(super) fn draft_path(path: &Path) -> PathBuf {
    let mut draft = path.to_owned().into_os_string();
    draft.push("-draft");
    PathBuf::from(draft)
}

/// What stands behind the last line. A file that was cut short anywhere does not end so.
fn end_mark(last: u64) -> String {
    format!("{{\"end\":{last}}}\n")
}

/// The check of a line: over it and, through the check before, over all lines before it.
fn check(before: u32, line: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&before.to_le_bytes());
    hasher.update(line);
    hasher.finalize()
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::Seek as _;
    file.seek(io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// Reads what a dead process left, and changes nothing.
///
/// # Errors
/// The system's.
pub fn read(path: &Path) -> io::Result<Found> {
    let bytes = match owner::read(path, MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    // Blocks that never reached the disk read as zeros.
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(Found::Nothing);
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let left = match serde_json::from_slice::<Numbered>(first) {
        Ok(Numbered { line: JournalLine::Boot(boot, run), .. }) => {
            let mut left = Left {
                head: JournalHead { boot, run, ..JournalHead::default() },
                ..Left::default()
            };
            left.take_plain(&bytes);
            left
        }
        Ok(Numbered { n: Some(n), line: JournalLine::Begin(head) })
            if verified(0, first).is_some() =>
        {
            let mut left = Left { head, last: n.saturating_sub(1), ..Left::default() };
            left.take(&bytes);
            left
        }
        _ => return Ok(Found::Unreadable),
    };
    Ok(Found::Journal(left))
}

/// The check of a line, if it stands behind a line with the check `before`.
fn verified(before: u32, line: &[u8]) -> Option<u32> {
    let (text, _) = line.split_at_checked(line.len().checked_sub(CHECK_BYTES)?)?;
    stated(line).filter(|stated| *stated == check(before, text))
}

/// The check that a line states, true or not.
fn stated(line: &[u8]) -> Option<u32> {
    let (_, end) = line.split_at_checked(line.len().checked_sub(CHECK_BYTES)?)?;
    let digits = end.strip_prefix(b",\"crc\":\"")?.strip_suffix(b"\"}")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

impl Left {
    /// Reads lines that are numbered and checked, up to the end mark. A line behind a damaged one
    /// counts if the check that the damaged one states leads to it.
    fn take(&mut self, bytes: &[u8]) {
        let mut before = Some(0);
        let mut at = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[at..]) {
            let (line, rest) = (&bytes[at..at + length], &bytes[at..]);
            if rest == end_mark(self.last).as_bytes() {
                return;
            }
            let read = before.and_then(|before| verified(before, line)).and_then(|_| {
                let numbered: Numbered = serde_json::from_slice(line).ok()?;
                Some((numbered.n?, numbered.line))
            });
            match read {
                Some((n, line)) => {
                    self.gap |= n != self.last + 1;
                    self.last = n;
                    self.note(line);
                }
                None if ends_by_a_kill(at, rest, self.last) => return,
                None => self.gap = true,
            }
            before = stated(line);
            at += length + 1;
        }
        // Without an end mark it was cut short.
        self.gap |= !ends_by_a_kill(at, &bytes[at..], self.last);
    }

    /// Reads lines as version 0.1.0 wrote them, without numbers, checks and an end mark. A last line
    /// that was cut off in the middle is no mark.
    fn take_plain(&mut self, bytes: &[u8]) {
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            match serde_json::from_slice::<Numbered>(line) {
                Ok(numbered) => self.note(numbered.line),
                Err(_) => self.gap |= lines.peek().is_some(),
            }
        }
    }

    fn note(&mut self, line: JournalLine<'_>) {
        match line {
            JournalLine::Begin(_) | JournalLine::Boot(..) => {}
            JournalLine::Dot(row, message_id) => {
                self.settled.remove(&row);
                self.open.insert(row, message_id.into_owned());
            }
            JournalLine::Unsent(row) => {
                self.open.remove(&row);
            }
            JournalLine::Settled(settled) => {
                self.open.remove(&settled.row);
                self.settled.insert(settled.row, settled.into_owned());
            }
            JournalLine::Saved(rows) => {
                for row in rows {
                    self.settled.remove(&row);
                }
            }
        }
    }
}

/// Whether `rest`, which follows the line `last` at the byte `at`, is what a kill in the middle of a
/// write leaves: it ends where a page does, or holds what is left of the old end mark from there on.
/// That write did not return, so that nothing was sent on its word. Whoever else cuts a file short
/// seldom meets the end of a page.
fn ends_by_a_kill(at: usize, rest: &[u8], last: u64) -> bool {
    let mark = end_mark(last);
    let whole_pages =
        (at + rest.len()).is_multiple_of(PAGE) && !rest.contains(&b'\n') && !rest.contains(&0);
    let to_page = PAGE - at % PAGE;
    // A page ends within the old end mark: behind that it stands as it was.
    let old_end = to_page < mark.len()
        && rest.len() == mark.len()
        && rest.get(to_page..) == mark.as_bytes().get(to_page..);
    whole_pages || old_end
}

#[cfg(test)]
mod tests;
