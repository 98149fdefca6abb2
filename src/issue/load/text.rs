//! Text files that people wrote: UTF-8, any line ends, of a sane size.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Source, refused};
use crate::files::{self, FileError};

/// Gmail cuts a message off at 100 kB of HTML; no article, style sheet or manifest needs more.
pub(crate) const MAX_BYTES: u64 = 256 * 1024;

/// Why a text file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It is not there, no file, not ours, or too large.
    #[error("{}", told(.0))]
    Unreadable(#[from] FileError),
    /// Not UTF-8: the line with the first odd byte, and that byte.
    #[error("line {line} is not UTF-8 text (byte 0x{byte:02X})")]
    NotUtf8 {
        /// From 1.
        line: usize,
        /// The first byte that does not fit.
        byte: u8,
    },
    /// A character that no text may hold; see [`refused`].
    #[error("line {line} has {}", refused::name(*.character))]
    Refused {
        /// From 1.
        line: usize,
        /// It.
        character: char,
    },
}

fn told(error: &FileError) -> String {
    match error {
        FileError::System(error) => format!("this file cannot be read: {error}"),
        FileError::Large(_) => format!("{error}, which no text may be"),
        error => error.to_string(),
    }
}

impl TextError {
    /// The problem at its place.
    pub fn diagnostic(&self, path: &Path) -> Diagnostic {
        let file = path_from_here(path);
        let (place, help) = match self {
            TextError::Unreadable(error) => {
                let help = match error {
                    FileError::LeadsToNothing(_) => {
                        "remove the link, or put the file there that it names"
                    }
                    error if error.is_missing() => "check the name, and whether the file is in git",
                    FileError::System(_) | FileError::Shared => "check the permissions of the file",
                    FileError::Outside => {
                        "put the file itself into the publication; links must stay inside"
                    }
                    FileError::Disguised => "replace the link with the text itself",
                    FileError::NotAFile(_) => "replace it with a text file",
                    FileError::Large(_) => {
                        "check whether this is the right file; split it, if it is"
                    }
                };
                (Place::File(file), help)
            }
            TextError::NotUtf8 { line, .. } => (
                Place::Line { path: file, line: *line, column: 1 },
                "save the file as UTF-8 (in most editors: Save with Encoding)",
            ),
            TextError::Refused { line, .. } => {
                (Place::Line { path: file, line: *line, column: 1 }, "delete it")
            }
        };
        Diagnostic::error("file-unreadable", self.to_string()).at(place).help(help)
    }
}

/// Reads a text file of the publication at `root`: its byte order mark is dropped, and CRLF and CR
/// become LF.
///
/// # Errors
/// A [`TextError`] that names the line.
pub fn read_text(root: &Path, path: &Path) -> Result<Arc<Source>, TextError> {
    let bytes = files::read_inside(root, path, MAX_BYTES)?;
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
    if let Some((at, odd)) = refused::find_control(&text) {
        let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
        return Err(TextError::Refused { line, character: odd });
    }
    Ok(Source::new(path_from_here(path), text))
}

/// A path as people should read it: from the current folder where it lies inside.
pub fn path_from_here(path: &Path) -> PathBuf {
    let path = match path.strip_prefix(".") {
        Ok(below) if !below.as_os_str().is_empty() => below,
        _ => path,
    };
    match std::env::current_dir() {
        Ok(here) => path.strip_prefix(&here).unwrap_or(path).to_owned(),
        Err(_) => path.to_owned(),
    }
}
