//! Bytes -> lines, of which no more than the head is kept.
//!
//! A log may have lines of any length, and what a server says of a message stands at their front.
//! Must never hold more than one head.

use std::io::{self, BufRead};

/// Bytes of a line that are kept.
pub(super) const HEAD_BYTES: usize = 8 * 1024;

/// The lines of one file, one after the other.
pub(super) struct Lines<R> {
    reader: R,
    head: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Lines<R> {
        Lines { reader, head: Vec::new(), number: 0 }
    }

    /// The next line's number from 1, and its head without the line end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.head.clear();
        let mut any = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let room = HEAD_BYTES - self.head.len();
            self.head.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if self.head.last() == Some(&b'\r') {
            self.head.pop();
        }
        self.number += 1;
        Ok(Some((self.number, &self.head)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], buffer: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, bytes));
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push(line.to_vec());
            assert_eq!(number, all.len() as u64);
        }
        all
    }

    #[test]
    fn a_long_line_keeps_its_head_and_costs_the_next_nothing() {
        let long = [vec![0xFF; 10 * HEAD_BYTES], b"\nnext\r\nlast".to_vec()].concat();
        let lines = read(&long, 100);
        assert_eq!(lines[0], vec![0xFF; HEAD_BYTES]);
        assert_eq!(lines[1..], [b"next".to_vec(), b"last".to_vec()]);
        assert_eq!(read(b"", 100), Vec::<Vec<u8>>::new());
    }

    proptest! {
        #[test]
        fn short_lines_are_whole_whatever_is_read_at_once(
            lines in prop::collection::vec("[a-z\u{e9} ]{0,9}", 0..9),
            buffer in 1_usize..20,
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let expected: Vec<Vec<u8>> =
                lines.iter().map(|line| line.clone().into_bytes()).collect();
            prop_assert_eq!(read(text.as_bytes(), buffer), expected);
        }
    }
}
