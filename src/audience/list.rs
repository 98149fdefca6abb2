//! A subscriber file -> rows, one at a time.
//!
//! Exists so that a list of millions passes through a buffer of a few kilobytes. What several rows
//! about one person mean together is not decided here: `delivery::intake` stages them. Must never
//! send to half a list: a file that cannot be read to its end is an `Err`, a row that cannot be used
//! is a value.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;

use crate::diagnostic::Diagnostic;
use crate::files;
use crate::message::address::Address;

use super::columns::{Columns, HeaderFault, Role, columns};
use super::csv::{Faulty, Record, Split, next, split};
use super::encoding::{Broken, Decoded};
use super::row::{self, Row, RowContext};
use super::rules;

/// What may separate cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How to read a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// The encoding of a file that is not UTF-8; a byte order mark in the file is believed first.
    pub encoding: Option<&'static Encoding>,
}

/// A name that no encoding has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no encoding has this name; write one as in utf-8, windows-1252, euc-kr")]
pub struct UnknownEncoding;

/// How to read a list in the encoding that people call so (`windows-1252`, `euc-kr`; WHATWG's
/// labels).
///
/// # Errors
/// There is none of this name.
pub fn in_encoding(label: &str) -> Result<ReadOptions, UnknownEncoding> {
    let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or(UnknownEncoding)?;
    Ok(ReadOptions { encoding: Some(encoding) })
}

/// The rows of a list, in the order of the file. An `Err` ends them: the rest cannot be read.
pub struct Rows<R> {
    text: Decoded<R>,
    record: Record,
    columns: Columns,
    delimiter: u8,
    path: PathBuf,
    warnings: Vec<Diagnostic>,
    words: BTreeSet<String>,
    over: bool,
}

/// Opens a file; diagnostics name it as `shown_as`.
///
/// # Errors
/// As [`read`], or the file cannot be opened.
pub fn open(
    path: &Path,
    shown_as: impl Into<PathBuf>,
    options: &ReadOptions,
) -> Result<Rows<File>, Diagnostic> {
    let shown_as = shown_as.into();
    let file = files::open_named(path).map_err(|error| rules::list_read(&shown_as, &error))?;
    read(file, shown_as, options)
}

/// Reads the header; the rows follow as they are asked for.
///
/// # Errors
/// The header is missing, has no email column or two columns of one name, or the text is not in
/// its encoding.
pub fn read<R: Read>(
    reader: R,
    shown_as: impl Into<PathBuf>,
    options: &ReadOptions,
) -> Result<Rows<R>, Diagnostic> {
    let path = shown_as.into();
    let mut text =
        Decoded::open(reader, options.encoding).map_err(|error| rules::list_read(&path, &error))?;
    if text.first_bytes().starts_with(b"PK\x03\x04") {
        return Err(rules::list_workbook(&path));
    }
    let mut record = Record::default();
    let delimiter = match header(&mut text, &mut record) {
        Ok(Header::Separated(delimiter)) => delimiter,
        Ok(Header::Absent) => return Err(rules::list_empty(&path)),
        Ok(Header::Faulty(faulty)) => return Err(rules::unreadable(&path, &faulty, true)),
        Err(broken) => return Err(rules::list_broken(&path, text.encoding(), &broken)),
    };
    let columns = accept(&path, &record)?;
    let warnings = header_warnings(&path, &record, &columns);
    let words = BTreeSet::new();
    Ok(Rows { text, record, columns, delimiter, path, warnings, words, over: false })
}

/// How the first row reads.
enum Header {
    /// The delimiter.
    Separated(u8),
    /// The file is empty.
    Absent,
    Faulty(Faulty),
}

/// Reads the header into `record` and finds the delimiter, which only the header tells: of those
/// that yield an email column, the one that yields most columns.
fn header<R: Read>(text: &mut Decoded<R>, record: &mut Record) -> Result<Header, Broken> {
    loop {
        let blank = text.text().len() - text.text().trim_start_matches(['\r', '\n']).len();
        text.consume(blank);
        if !text.ended() && text.text().len() < 8 {
            text.fill()?;
            continue;
        }
        if text.text().is_empty() {
            return Ok(Header::Absent);
        }
        let stated = stated_delimiter(text.text());
        if let Some((_, bytes)) = stated {
            text.consume(bytes);
        }
        let candidates: Vec<u8> = match stated {
            Some((delimiter, _)) => vec![delimiter],
            None => DELIMITERS.to_vec(),
        };
        return pick(text, &candidates, record);
    }
}

/// Excel's own first line, `sep=;`: the delimiter and the line's length.
fn stated_delimiter(text: &str) -> Option<(u8, usize)> {
    let rest = text.strip_prefix("sep=")?;
    let delimiter = *rest.as_bytes().first().filter(|byte| DELIMITERS.contains(byte))?;
    match rest.as_bytes().get(1..)? {
        [b'\r', b'\n', ..] => Some((delimiter, 7)),
        [b'\r' | b'\n', ..] => Some((delimiter, 6)),
        _ => None,
    }
}

fn pick<R: Read>(
    text: &mut Decoded<R>,
    candidates: &[u8],
    record: &mut Record,
) -> Result<Header, Broken> {
    loop {
        let mut best: Option<((bool, usize), u8)> = None;
        let (mut fault, mut more) = (None, false);
        for delimiter in candidates {
            match split(text.text(), text.ended(), *delimiter, text.line(), record) {
                Split::Record(_) => {
                    let score = (columns(record).is_ok(), record.len());
                    if best.is_none_or(|(known, _)| score > known) {
                        best = Some((score, *delimiter));
                    }
                }
                Split::More => more = true,
                Split::Fault(faulty) => fault = fault.or(Some(faulty)),
            }
        }
        // A wrong delimiter sees one giant cell where the right one sees a header.
        let whole = best.is_some_and(|((accepted, _), _)| accepted);
        match (best, fault) {
            _ if more && !whole => text.fill()?,
            (Some((_, delimiter)), _) => {
                let step = split(text.text(), text.ended(), delimiter, text.line(), record);
                if let Split::Record(bytes) = step {
                    text.consume(bytes);
                }
                return Ok(Header::Separated(delimiter));
            }
            (None, Some(faulty)) => return Ok(Header::Faulty(faulty)),
            (None, None) => return Ok(Header::Absent),
        }
    }
}

/// Refuses a header that cannot be one.
fn accept(path: &Path, header: &Record) -> Result<Columns, Diagnostic> {
    if header.iter().any(|cell| cell.text.contains('\0')) {
        return Err(rules::list_nul(path));
    }
    columns(header).map_err(|fault| {
        if let Some(cell) = header.iter().find(|cell| Address::parse(cell.text).is_ok()) {
            return rules::list_no_header(path, cell);
        }
        match fault {
            HeaderFault::TooMany => rules::list_columns(path, header),
            HeaderFault::Twice(first, second) => match (header.get(first), header.get(second)) {
                (Some(first), Some(second)) => rules::list_duplicate_column(path, first, second),
                _ => rules::list_no_email(path, header),
            },
            HeaderFault::NoEmail => rules::list_no_email(path, header),
        }
    })
}

fn header_warnings(path: &Path, header: &Record, columns: &Columns) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for (index, (column, cell)) in columns.all.iter().zip(header.iter()).enumerate() {
        if columns.renamed.contains(&index) {
            warnings.push(rules::list_column_name(path, cell, &column.name));
        }
        if column.role == Role::Nameless {
            warnings.push(rules::list_nameless_column(path, cell, index + 1));
        }
    }
    warnings
}

impl<R> Rows<R> {
    /// What separates cells: `,` `;` `|` or a tab.
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// What the bytes are read as.
    pub fn encoding(&self) -> &'static Encoding
    where
        R: Read,
    {
        self.text.encoding()
    }

    /// The program that wrote the list (`Mailchimp`), or `CSV`.
    pub fn source(&self) -> &'static str {
        self.columns.exporter.name()
    }

    /// The names of the fields that columns give, in their order, `email` included.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.columns.all.iter().filter_map(|column| match column.role {
            Role::Email => Some("email"),
            Role::Field | Role::Status => Some(column.name.as_str()),
            Role::Tags | Role::Attributes | Role::Left(_) | Role::Nameless => None,
        })
    }

    /// The file, as diagnostics name it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is worth a look in the header.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match next(&mut self.text, self.delimiter, &mut self.record) {
                Ok(Some(Ok(()))) => {
                    let Rows { path, columns, words, record, .. } = self;
                    let row = row::read(&mut RowContext { path, columns, words }, record);
                    if let Some(row) = row {
                        return Some(Ok(row));
                    }
                }
                Ok(Some(Err(faulty))) => {
                    let diagnostic = rules::unreadable(&self.path, &faulty, false);
                    return Some(Ok(Row::Rejected(diagnostic)));
                }
                Ok(None) => self.over = true,
                Err(broken) => {
                    self.over = true;
                    let encoding = self.text.encoding();
                    return Some(Err(rules::list_broken(&self.path, encoding, &broken)));
                }
            }
        }
        None
    }
}

/// Somebody whom one row keeps and another, with this reason, does not.
pub fn contradiction(path: &Path, address: &str, reason: &str) -> Diagnostic {
    rules::list_contradiction(path, address, reason)
}
