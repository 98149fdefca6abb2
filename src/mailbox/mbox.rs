//! An mbox file (RFC 4155), read as a stream: one message after the other, and never the file as a
//! whole. Must never write to it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{FoundMessage, MOST_MESSAGE, MailBatch, MailMark};
use crate::bounce::mbox::{has_time, is_mbox};
use crate::files::FileError;

/// Reads messages. A line `From ` begins one if it has a time of day, and an empty line stands before
/// it.
pub struct MboxReader {
    place: PathBuf,
    stream: BufReader<Box<dyn Read + Send>>,
    /// The line that the next message begins with.
    begins: Vec<u8>,
    number: usize,
    is_over: bool,
}

impl std::fmt::Debug for MboxReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MboxReader").field("place", &self.place).finish_non_exhaustive()
    }
}

/// A message of the stream.
struct StreamedMessage {
    bytes: Vec<u8>,
    /// Whether it has more bytes than are kept.
    is_cut: bool,
    is_last: bool,
}

impl MboxReader {
    /// Reads a stream that lies at `place`.
    pub fn new(place: &Path, stream: Box<dyn Read + Send>) -> MboxReader {
        let stream = BufReader::with_capacity(64 * 1024, stream);
        MboxReader {
            place: place.to_owned(),
            stream,
            begins: Vec::new(),
            number: 0,
            is_over: false,
        }
    }

    /// The next messages; none at the end.
    pub(super) fn next_batch(&mut self) -> MailBatch {
        let mut batch = MailBatch::default();
        while !self.is_over && !batch.is_full() {
            let message = match self.message() {
                Ok(message) => message,
                Err(error) => {
                    self.is_over = true;
                    batch.unread.push((self.place.clone(), error.to_string()));
                    break;
                }
            };
            self.is_over = message.is_last;
            self.number += 1;
            if message.is_cut {
                let why = FileError::Large(MOST_MESSAGE);
                batch.unread.push((self.place.clone(), format!("message {}: {why}", self.number)));
                continue;
            }
            let (place, bytes) = (self.place.clone(), message.bytes);
            // A file with one message is told as such.
            let number = (self.number > 1 || !message.is_last).then_some(self.number);
            batch.messages.push(FoundMessage { place, number, bytes, mark: MailMark::Nothing });
        }
        batch
    }

    fn message(&mut self) -> std::io::Result<StreamedMessage> {
        let most = usize::try_from(MOST_MESSAGE).unwrap_or(usize::MAX);
        let mut bytes = std::mem::take(&mut self.begins);
        let (mut is_cut, mut after_empty) = (false, false);
        let mut line = Vec::new();
        loop {
            line.clear();
            // A line without an end is taken in pieces.
            (&mut self.stream).take(1024 * 1024).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(StreamedMessage { bytes, is_cut, is_last: true });
            }
            if after_empty && is_mbox(&line) && has_time(&line) {
                self.begins = line;
                return Ok(StreamedMessage { bytes, is_cut, is_last: false });
            }
            after_empty = matches!(&line[..], b"\n" | b"\r\n");
            if bytes.len() + line.len() > most {
                is_cut = true;
                continue;
            }
            bytes.extend_from_slice(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let stream = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let mut reader = MboxReader::new(Path::new("mbox"), stream);
        let mut found = Vec::new();
        loop {
            let batch = reader.next_batch();
            if batch.is_end() {
                return found;
            }
            let text = |one: FoundMessage| String::from_utf8_lossy(&one.bytes).into_owned();
            found.extend(batch.messages.into_iter().map(text));
        }
    }

    #[test]
    fn messages_begin_behind_an_empty_line() {
        let one = "From a Mon Jan  5 10:00:00 2026\nSubject: 1\n\nFrom here on\n>From x\n\n";
        let two = "From b Tue Jan  6 11:30:00 2026\nSubject: 2\n\nb\n";
        assert_eq!(messages(&format!("{one}{two}")), [one, two]);
        assert_eq!(messages(&format!("{one}{two}").replace('\n', "\r\n")).len(), 2);
        assert_eq!(messages(&one.repeat(500)).len(), 500);
        assert_eq!(messages(two), [two]);
    }
}
