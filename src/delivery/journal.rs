//! Marks on the way: a line for each attempt before its final dot, and one for each outcome.
//!
//! A commit of the database for each message would make the disk the bottleneck. So rows are
//! claimed in batches, durably; the fine marks are written here, one `write` each, which survives
//! the death of this process but not the loss of power; and outcomes reach the database in groups.
//! The first line names the boot of the machine: after a crash within the same boot every mark is
//! here, and after another boot a claimed row without an outcome must count as uncertain.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ledger::claim::Retry;
use super::state::State;
use crate::smtp::outcome::Stage;

/// A journal larger than this is begun anew, with the attempts that are still open.
const ROTATE_BYTES: u64 = 4 * 1024 * 1024;

/// What the ledger keeps of an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The row.
    pub row: i64,
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
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    /// The machine's boot, and the run of the ledger that the marks belong to.
    Boot(String, i64),
    /// The final dot of this row's message, which has this Message-ID, may leave from now on.
    Dot(i64, String),
    /// It did not leave after all.
    Unsent(i64),
    /// What became of it.
    Settled(Settled),
    /// The database has the outcomes of these rows, and they will be claimed again.
    Saved(Vec<i64>),
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    boot: String,
    run: i64,
    bytes: u64,
    /// The last write failed, perhaps in the middle of a line.
    torn: bool,
    /// Message-IDs of marked rows without an outcome.
    open: HashMap<i64, String>,
    /// Outcomes that the database may not hold yet.
    unsaved: HashMap<i64, Settled>,
}

/// What a journal that a dead process left says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// The boot in which it was written.
    pub boot: String,
    /// The run that wrote it: its marks say nothing about rows that another run claimed.
    pub run: i64,
    /// Rows whose dot may have left, without an outcome, and the Message-ID of each.
    pub open: HashMap<i64, String>,
    /// Outcomes, the last one of each row.
    pub settled: HashMap<i64, Settled>,
}

impl Journal {
    /// Begins a journal at `path`, in place of any that was there.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(path: &Path, boot: &str, run: i64) -> io::Result<Journal> {
        let mut journal = Journal {
            path: path.to_owned(),
            file: File::create(path)?,
            boot: boot.to_owned(),
            run,
            bytes: 0,
            torn: false,
            open: HashMap::new(),
            unsaved: HashMap::new(),
        };
        journal.append(&Line::Boot(boot.to_owned(), run))?;
        Ok(journal)
    }

    /// Marks that the final dot of `row` may leave, and with which Message-ID.
    ///
    /// # Errors
    /// The system's; then the dot must not leave.
    pub fn dot(&mut self, row: i64, message_id: String) -> io::Result<()> {
        self.append(&Line::Dot(row, message_id.clone()))?;
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
        let written = self.append(&Line::Settled(settled.clone()));
        self.unsaved.insert(row, settled);
        written
    }

    /// Marks that a message was handed back unsent: its dot did not leave after all. Without this
    /// a crash before the row's next attempt would leave it uncertain.
    ///
    /// # Errors
    /// The system's.
    pub fn unsent(&mut self, row: i64) -> io::Result<()> {
        match self.open.remove(&row) {
            Some(_) => self.append(&Line::Unsent(row)),
            None => Ok(()),
        }
    }

    /// The database holds the outcomes of these rows durably; begins anew when the file is large.
    /// `coming` are those of them that this run will claim again: without a line that says so, a
    /// crash then would count their last attempt twice.
    ///
    /// # Errors
    /// The system's.
    pub fn saved(
        &mut self,
        rows: impl IntoIterator<Item = i64>,
        coming: Vec<i64>,
    ) -> io::Result<()> {
        for row in rows {
            self.unsaved.remove(&row);
        }
        if !coming.is_empty() {
            self.append(&Line::Saved(coming))?;
        }
        if self.bytes < ROTATE_BYTES {
            return Ok(());
        }
        let mut draft = self.path.clone().into_os_string();
        draft.push("-draft");
        let draft = PathBuf::from(draft);
        let mut fresh = Journal::begin(&draft, &self.boot, self.run)?;
        for (row, message_id) in &self.open {
            fresh.dot(*row, message_id.clone())?;
        }
        for settled in self.unsaved.values() {
            fresh.settled(settled.clone())?;
        }
        std::fs::rename(&draft, &self.path)?;
        fresh.path = std::mem::take(&mut self.path);
        *self = fresh;
        Ok(())
    }

    /// Rows whose dot may have left, without an outcome, and the Message-ID of each.
    pub fn open_rows(&self) -> Vec<(i64, String)> {
        self.open.iter().map(|(row, message_id)| (*row, message_id.clone())).collect()
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut text = Vec::with_capacity(256);
        if self.torn {
            // What follows half a line must not become part of it.
            text.push(b'\n');
        }
        serde_json::to_writer(&mut text, line).map_err(io::Error::other)?;
        text.push(b'\n');
        let written = self.file.write_all(&text);
        self.torn = written.is_err();
        self.bytes += text.len() as u64;
        written
    }
}

/// Reads what a dead process left; `None` where there is nothing. A last line that was cut off in
/// the middle is no mark.
///
/// # Errors
/// The system's.
pub fn left(path: &Path) -> io::Result<Option<Left>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut left = Left::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Line::Boot(boot, run)) => (left.boot, left.run) = (boot, run),
            Ok(Line::Dot(row, message_id)) => {
                left.settled.remove(&row);
                left.open.insert(row, message_id);
            }
            Ok(Line::Unsent(row)) => {
                left.open.remove(&row);
            }
            Ok(Line::Settled(settled)) => {
                left.open.remove(&settled.row);
                left.settled.insert(settled.row, settled);
            }
            Ok(Line::Saved(rows)) => {
                for row in rows {
                    left.settled.remove(&row);
                }
            }
            Err(_) => {}
        }
    }
    Ok(Some(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(row: i64) -> String {
        format!("{row}@a.example")
    }

    fn settled(row: i64) -> Settled {
        Settled {
            row,
            state: State::Accepted,
            code: Some(250),
            enhanced: Some("2.0.0".to_owned()),
            text: "queued\nas 1".to_owned(),
            at: "2025-11-06T14:00:00Z".to_owned(),
            message_id: id(row),
            retry: None,
            stage: None,
        }
    }

    #[test]
    fn marks_read_back_and_a_torn_line_is_no_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marks");
        assert_eq!(left(&path).unwrap(), None);
        let mut journal = Journal::begin(&path, "boot", 7).unwrap();
        for row in 1..5 {
            journal.dot(row, id(row)).unwrap();
        }
        journal.settled(settled(2)).unwrap();
        journal.unsent(4).unwrap();
        journal.settled(settled(5)).unwrap();
        journal.saved([5], vec![5]).unwrap();
        drop(journal);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"settled\":{\"row\":3,\"st");
        std::fs::write(&path, bytes).unwrap();
        let left = left(&path).unwrap().unwrap();
        assert_eq!((left.boot.as_str(), left.run), ("boot", 7));
        assert_eq!(left.open, HashMap::from([(1, id(1)), (3, id(3))]));
        assert_eq!(left.settled, HashMap::from([(2, settled(2))]));
    }

    #[test]
    fn a_large_journal_begins_anew_and_forgets_nothing_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marks");
        let mut journal = Journal::begin(&path, "boot", 7).unwrap();
        let rows = 40_000;
        for row in 0..rows {
            journal.dot(row, id(row)).unwrap();
            if row > 2 {
                journal.settled(settled(row)).unwrap();
            }
            if row % 100 == 99 {
                journal.saved(row - 99..row - 1, Vec::new()).unwrap();
            }
        }
        assert!(std::fs::metadata(&path).unwrap().len() < ROTATE_BYTES + 64 * 1024);
        let left = left(&path).unwrap().unwrap();
        assert_eq!(left.open, HashMap::from([0, 1, 2].map(|row| (row, id(row)))));
        assert!(left.settled.contains_key(&(rows - 1)));
    }
}
