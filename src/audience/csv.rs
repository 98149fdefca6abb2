//! RFC 4180 text -> records, a record at a time, each cell with its line and column.
//!
//! Exists beside the `csv` crate because a list must say where a quote was opened that nothing
//! closes, and go on with the next line, where that crate reads to the end of the file. Must never
//! hold more of a file than one record, and must know nothing of what a cell means.

use std::io::Read;

use super::encoding::{Broken, Decoded, lines_in};

/// The longest cell, in bytes of UTF-8.
pub(super) const MAX_CELL_BYTES: usize = 64 * 1024;
/// The longest record, in bytes of UTF-8.
pub(super) const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// The cells of one record, unquoted.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    cells: Vec<Cell>,
}

#[derive(Debug)]
struct Cell {
    end: usize,
    line: usize,
    column: usize,
}

/// A cell and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Record {
    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The line on which the record starts.
    pub(super) fn line(&self) -> usize {
        self.cells.first().map_or(1, |cell| cell.line)
    }

    /// A cell by its number from 0.
    pub(super) fn get(&self, index: usize) -> Option<Placed<'_>> {
        let cell = self.cells.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.cells.get(before));
        let text = &self.text[start.map_or(0, |before| before.end)..cell.end];
        Some(Placed { text, line: cell.line, column: cell.column })
    }

    /// All cells in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Placed<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Gives a cell another text; its place stays.
    pub(super) fn rename(&mut self, index: usize, name: &str) {
        let Some(cell) = self.get(index) else { return };
        let old = cell.text.len();
        let end = self.cells[index].end;
        self.text.replace_range(end - old..end, name);
        for cell in &mut self.cells[index..] {
            cell.end = cell.end - old + name.len();
        }
    }

    /// Whether there is nothing but white space in it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No quote closes the one that opened the cell.
    Unclosed,
    /// Text follows the closing quote, or the quote that closed the cell was meant to open another.
    AfterQuote,
    /// A cell beyond [`MAX_CELL_BYTES`].
    LongCell,
    /// A record beyond [`MAX_RECORD_BYTES`].
    LongRecord,
}

/// A fault and the cell it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Faulty {
    pub(super) fault: Fault,
    pub(super) line: usize,
    pub(super) column: usize,
    /// Where the cell starts in the text given to [`split`].
    at: usize,
}

/// What [`split`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// A record that takes so many bytes with its line end.
    Record(usize),
    /// The text ends within the record.
    More,
    /// The record cannot be read.
    Fault(Faulty),
}

/// Reads one record from the start of `text` into `record`; `ended` says that nothing follows.
pub(super) fn split(
    text: &str,
    ended: bool,
    delimiter: u8,
    line: usize,
    record: &mut Record,
) -> Split {
    record.text.clear();
    record.cells.clear();
    let bytes = text.as_bytes();
    let mut here = Cursor { at: 0, line, column: 1 };
    loop {
        let cell = here;
        let fault = |fault| {
            Split::Fault(Faulty { fault, line: cell.line, column: cell.column, at: cell.at })
        };
        if cell.at > MAX_RECORD_BYTES {
            return fault(Fault::LongRecord);
        }
        let found = match bytes.get(cell.at) {
            Some(b'"') => quoted(text, ended, delimiter, cell.at, &mut record.text),
            _ => plain(text, ended, delimiter, cell.at, &mut record.text),
        };
        let end = match found {
            CellEnd::End(end) => end,
            CellEnd::More => return Split::More,
            CellEnd::Fault(kind) => return fault(kind),
        };
        record.cells.push(Cell { end: record.text.len(), line: cell.line, column: cell.column });
        here.pass(text, end);
        match (bytes.get(end), bytes.get(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => return Split::Record(end + 2),
            (Some(b'\r'), None) if !ended => return Split::More,
            (Some(b'\n' | b'\r'), _) => return Split::Record(end + 1),
            (Some(_), _) => here = Cursor { at: end + 1, column: here.column + 1, ..here },
            (None, _) => return Split::Record(end),
        }
    }
}

#[derive(Clone, Copy)]
struct Cursor {
    at: usize,
    line: usize,
    column: usize,
}

impl Cursor {
    /// Moves over a cell, with the line ends that its quotes protect.
    fn pass(&mut self, text: &str, end: usize) {
        let passed = &text[self.at..end];
        match passed.rfind(['\n', '\r']) {
            Some(last) => {
                self.line += lines_in(passed);
                self.column = passed[last + 1..].chars().count() + 1;
            }
            None => self.column += passed.chars().count(),
        }
        self.at = end;
    }
}

enum CellEnd {
    /// Where the delimiter, the line end or the end of the file stands.
    End(usize),
    More,
    Fault(Fault),
}

fn plain(text: &str, ended: bool, delimiter: u8, start: usize, into: &mut String) -> CellEnd {
    let rest = &text.as_bytes()[start..];
    let length = match memchr::memchr3(delimiter, b'\n', b'\r', rest) {
        Some(length) => length,
        None if rest.len() > MAX_CELL_BYTES => return CellEnd::Fault(Fault::LongCell),
        None if ended => rest.len(),
        None => return CellEnd::More,
    };
    if length > MAX_CELL_BYTES {
        return CellEnd::Fault(Fault::LongCell);
    }
    into.push_str(&text[start..start + length]);
    CellEnd::End(start + length)
}

fn quoted(text: &str, ended: bool, delimiter: u8, start: usize, into: &mut String) -> CellEnd {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        let quote = memchr::memchr(b'"', &bytes[at..]).map(|length| at + length);
        let reached = quote.unwrap_or(bytes.len());
        if reached - start > MAX_CELL_BYTES {
            let broken = memchr::memchr2(b'\n', b'\r', &bytes[start..reached]).is_some();
            return CellEnd::Fault(if broken { Fault::Unclosed } else { Fault::LongCell });
        }
        let Some(quote) = quote else {
            return if ended { CellEnd::Fault(Fault::Unclosed) } else { CellEnd::More };
        };
        into.push_str(&text[at..quote]);
        match bytes.get(quote + 1) {
            Some(b'"') => into.push('"'),
            Some(b'\n' | b'\r') => return CellEnd::End(quote + 1),
            Some(byte) if *byte == delimiter => return CellEnd::End(quote + 1),
            Some(_) => return CellEnd::Fault(Fault::AfterQuote),
            None if ended => return CellEnd::End(quote + 1),
            None => return CellEnd::More,
        }
        at = quote + 2;
    }
}

/// Reads the next record, blank lines left out. `Ok(None)` is the end of the file; a fault in one
/// record is a value, and reading goes on after the line on which the cell at fault starts.
pub(super) fn next<R: Read>(
    text: &mut Decoded<R>,
    delimiter: u8,
    record: &mut Record,
) -> Result<Option<Result<(), Faulty>>, Broken> {
    loop {
        if text.text().is_empty() {
            if text.ended() {
                return Ok(None);
            }
            text.fill()?;
            continue;
        }
        match split(text.text(), text.ended(), delimiter, text.line(), record) {
            Split::Record(bytes) => {
                text.consume(bytes);
                if record.len() > 1 || !record.is_blank() {
                    return Ok(Some(Ok(())));
                }
            }
            Split::More => text.fill()?,
            Split::Fault(faulty) => {
                skip_line(text, faulty.at)?;
                return Ok(Some(Err(faulty)));
            }
        }
    }
}

/// Throws away the text up to the first line end at or after `from`.
fn skip_line<R: Read>(text: &mut Decoded<R>, from: usize) -> Result<(), Broken> {
    text.consume(from);
    loop {
        let bytes = text.text().as_bytes();
        let Some(at) = memchr::memchr2(b'\n', b'\r', bytes) else {
            text.consume(bytes.len());
            if text.ended() {
                return Ok(());
            }
            text.fill()?;
            continue;
        };
        let length = match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            // Whether LF follows shows only when more is read.
            (b'\r', None) if !text.ended() => {
                text.consume(at);
                text.fill()?;
                continue;
            }
            _ => 1,
        };
        text.consume(at + length);
        return Ok(());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Records = Vec<Result<Vec<String>, (Fault, usize, usize)>>;

    fn read(bytes: &[u8]) -> Records {
        let mut text = Decoded::open(bytes, None).unwrap();
        let mut record = Record::default();
        let mut rows = Vec::new();
        while let Some(found) = next(&mut text, b',', &mut record).unwrap() {
            rows.push(match found {
                Ok(()) => Ok(record.iter().map(|cell| cell.text.to_owned()).collect()),
                Err(faulty) => Err((faulty.fault, faulty.line, faulty.column)),
            });
        }
        rows
    }

    fn row(cells: &[&str]) -> Result<Vec<String>, (Fault, usize, usize)> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_protect_delimiters_quotes_and_line_ends() {
        let rows = read(b"a,\"b,\"\"c\"\"\r\nd\",e\r\n\r\n\"\",f\"g\rlast");
        assert_eq!(rows, [row(&["a", "b,\"c\"\r\nd", "e"]), row(&["", "f\"g"]), row(&["last"])]);
    }

    #[test]
    fn cells_know_their_line_and_column() {
        let mut record = Record::default();
        let text = "a,\"한\nb\",c\n";
        assert_eq!(split(text, true, b',', 7, &mut record), Split::Record(text.len()));
        let places: Vec<_> = record.iter().map(|cell| (cell.line, cell.column)).collect();
        assert_eq!(places, [(7, 1), (7, 3), (8, 4)]);
    }

    #[test]
    fn an_open_quote_costs_its_own_line_only() {
        let rows = read(b"a,b\n\"c,d\ne,f\ng,h");
        let open = Err((Fault::Unclosed, 2, 1));
        assert_eq!(rows, [row(&["a", "b"]), open, row(&["e", "f"]), row(&["g", "h"])]);
        let rows = read(b"a,\"b\nc,d\n\"e\",f\n");
        let open = Err((Fault::AfterQuote, 1, 3));
        assert_eq!(rows, [open, row(&["c", "d"]), row(&["e", "f"])]);
    }

    #[test]
    fn giants_are_refused_and_the_rest_is_read() {
        let giant = "x".repeat(1_000_000);
        for (cell, fault) in [
            (giant.clone(), Fault::LongCell),
            (format!("\"{giant}\""), Fault::LongCell),
            ("y,".repeat(600_000), Fault::LongRecord),
        ] {
            let text = format!("a,b\r\n{cell},c\r\nd,e\r\n");
            let rows = read(text.as_bytes());
            assert_eq!(rows.len(), 3);
            assert!(matches!(rows[1], Err((found, 2, _)) if found == fault));
            assert_eq!(rows[2], row(&["d", "e"]));
        }
        let rows = read(format!("\"{}", "abcdefgh\n".repeat(20_000)).as_bytes());
        assert_eq!(rows[0], Err((Fault::Unclosed, 1, 1)));
        assert_eq!(rows.len(), 20_000);
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("\\PC{0,6}|[a\",\r\n]{0,6}", 2..5), 0..9)
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let mut bytes = "\u{FEFF}".as_bytes().to_vec();
            bytes.extend(writer.into_inner().unwrap());
            prop_assert_eq!(read(&bytes), rows.into_iter().map(Ok).collect::<Records>());
        }

        #[test]
        fn how_the_file_is_cut_does_not_matter(text in "([a\",\r\n]{0,8}){0,6}", cut in 0_usize..48) {
            let cut = cut.min(text.len());
            let (mut whole, mut part) = (Record::default(), Record::default());
            let all = split(&text, true, b',', 1, &mut whole);
            let front = split(&text[..cut], false, b',', 1, &mut part);
            if let Split::Record(_) | Split::Fault(_) = front {
                prop_assert_eq!(front, all);
            }
        }
    }
}
