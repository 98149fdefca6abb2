//! A disk that takes no more, in words that say what to do: SQLite says `disk I/O error` to whatever
//! the system answers but "no space".

use std::io::{self, ErrorKind};
use std::path::Path;

use super::StoreError;

/// SQLITE_FULL.
const FULL: u32 = 13;
/// SQLITE_IOERR; an extended code has it in its lowest byte, and what was tried above that.
const IO: u32 = 10;
/// SQLITE_READONLY, and SQLITE_CANTOPEN, which it says too where it can make no log.
const READ_ONLY: u32 = 8;
const CANNOT_OPEN: u32 = 14;
/// Writing, syncing, syncing the folder, cutting off, and making the shared index of the log or room
/// in it.
const WRITING: [u32; 7] = [3, 4, 5, 6, 18, 19, 24];

/// What an SQLite error says of the disk; `None` where it is about something else.
pub(super) fn told(path: &Path, code: String) -> Option<StoreError> {
    let number: u32 = code.parse().ok()?;
    let path = path.to_owned();
    match number & 0xff {
        FULL => Some(StoreError::NoRoom { path, cause: "the disk is full", code }),
        IO if WRITING.contains(&(number >> 8)) => {
            let cause = "the disk is full or failing, or a quota or a limit on the size of files \
                         (ulimit -f) is reached";
            Some(StoreError::NoRoom { path, cause, code })
        }
        READ_ONLY | CANNOT_OPEN => {
            let reason = format!("SQLite finds it or its folder read-only{}", self::number(&code));
            Some(StoreError::Unwritable { path, reason })
        }
        IO => Some(StoreError::Disk { path, code }),
        _ => None,
    }
}

/// ` (SQLite error 13)`, for who looks it up.
pub(super) fn number(code: &str) -> String {
    format!(" (SQLite error {code})")
}

/// Says that a file beside the database cannot be written, why, and what to do.
pub fn unwritten(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be written: {}", path.display(), cause(error))
}

/// Why a file cannot be written, and what to do.
pub fn cause(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full; free space first".to_owned(),
        ErrorKind::QuotaExceeded => "a quota is used up; free space first".to_owned(),
        ErrorKind::FileTooLarge => {
            "a limit on the size of files (ulimit -f) is reached; raise it, or free space first"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_disk_says_what_it_is_and_what_to_do() {
        let words = |code: &str| told(Path::new("a.db"), code.to_owned()).map(|e| e.to_string());
        let full = "a.db cannot be written: the disk is full; free space first (SQLite error 13)";
        assert_eq!(words("13").as_deref(), Some(full));
        // IOERR_WRITE, IOERR_FSYNC, IOERR_SHMSIZE.
        for code in ["778", "1034", "4874"] {
            let words = words(code).unwrap();
            for part in ["a quota or a limit on the size of files", "free space first", code] {
                assert!(words.contains(part), "{words}");
            }
        }
        assert!(words("266").unwrap().contains("fails (SQLite error 266)"), "a read");
        assert!(words("14").unwrap().contains("make the file and its folder writable"));
        // SQLITE_BUSY, SQLITE_CONSTRAINT.
        assert_eq!((words("5"), words("19")), (None, None));
    }

    #[test]
    fn a_file_that_finds_no_room_says_so() {
        let full = io::Error::from(ErrorKind::StorageFull);
        let told = unwritten(Path::new("a.db-marks"), &full);
        assert_eq!(told, "a.db-marks cannot be written: the disk is full; free space first");
    }
}
