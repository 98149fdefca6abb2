//! Text files that people wrote: UTF-8, any line ends, of a sane size.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Source};

/// A text larger than this was not written by a person.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Why a text file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The system's reason.
    #[error("this file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Not UTF-8: the line with the first odd byte, and that byte.
    #[error("line {line} is not UTF-8 text (byte 0x{byte:02X})")]
    NotUtf8 {
        /// From 1.
        line: usize,
        /// The first byte that does not fit.
        byte: u8,
    },
    /// A control character that no text needs.
    #[error("line {line} has the control character U+{character:04X}")]
    Control {
        /// From 1.
        line: usize,
        /// Its number.
        character: u32,
    },
    /// Over 2 MB.
    #[error("this file is {0:.1} MB large; a text can have at most 2 MB")]
    Large(f64),
}

impl TextError {
    /// The problem at its place.
    pub fn diagnostic(&self, path: &Path) -> Diagnostic {
        let file = path_from_here(path);
        let (place, help) = match self {
            TextError::Unreadable(error) => {
                let help = match error.kind() {
                    std::io::ErrorKind::NotFound => {
                        "check the name, and whether the file is in git"
                    }
                    _ => "check the permissions of the file",
                };
                (Place::File(file), help)
            }
            TextError::NotUtf8 { line, .. } => (
                Place::Line { path: file, line: *line, column: 1 },
                "save the file as UTF-8 (in most editors: Save with Encoding)",
            ),
            TextError::Control { line, .. } => {
                (Place::Line { path: file, line: *line, column: 1 }, "delete it")
            }
            TextError::Large(_) => (Place::File(file), "check whether this is the right file"),
        };
        Diagnostic::error("file-unreadable", self.to_string()).at(place).help(help)
    }
}

/// Reads a text file: its byte order mark is dropped, and CRLF and CR become LF.
///
/// # Errors
/// A [`TextError`] that names the line.
pub fn read_text(path: &Path) -> Result<Arc<Source>, TextError> {
    let size = fs::metadata(path)?.len();
    if size > MAX_BYTES {
        return Err(TextError::Large(size as f64 / 1024.0 / 1024.0));
    }
    let bytes = fs::read(path)?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
            return Err(TextError::NotUtf8 { line, byte: bytes[at] });
        }
    };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_owned()
    };
    if let Some((at, odd)) = text.char_indices().find(|(_, c)| is_odd_control(*c)) {
        let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
        return Err(TextError::Control { line, character: odd as u32 });
    }
    Ok(Source::new(path_from_here(path), text))
}

/// Control characters that cannot be meant; C1 ones break mail in Gmail.
fn is_odd_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t' | '\u{85}')
}

/// A path as people should read it: from the current folder where it lies inside.
pub fn path_from_here(path: &Path) -> PathBuf {
    let path = path.strip_prefix(".").unwrap_or(path);
    match std::env::current_dir() {
        Ok(here) => path.strip_prefix(&here).unwrap_or(path).to_owned(),
        Err(_) => path.to_owned(),
    }
}
