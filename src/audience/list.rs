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
use jiff::civil::Date;

use crate::diagnostic::Diagnostic;
use crate::files;
use crate::issue::topics::Topic;
use crate::message::address::Address;

use super::columns::{Column, Columns, Exporter, HeaderFault, Role, columns, field_name, label};
use super::consent::ConsentColumn;
use super::csv::{Faulty, Placed, Record, Split, next, split};
use super::damage::destroyed;
use super::encoding::{Broken, Decoded, named};
use super::row::{self, Row, RowContext};
use super::rules;
use super::suppression::SuppressionReason;
use super::tally::Tallies;

/// What may separate cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How to read a list.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The encoding of a file that is not UTF-8; a byte order mark in the file is believed first.
    pub encoding: Option<&'static Encoding>,
    /// What somebody has said of columns about consent.
    pub consent: Vec<ConsentColumn>,
    /// Whether the first row may be a person instead of the names of the columns.
    pub may_lack_header: bool,
    /// Whether the file may be another than was meant, as behind a link that came with a repository:
    /// nothing of it is repeated in what is told.
    pub is_foreign: bool,
    /// The topics of the publication: where there are some, the column `topics` says which of them
    /// somebody wants.
    pub topics: Vec<Topic>,
    /// What somebody calls columns: the name in the file, and the name that is read in its place.
    pub names: Vec<ColumnName>,
    /// The day where the publication is: who has paused until a later one is left out.
    pub today: Option<Date>,
}

/// That a column is called otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// As the file has it.
    pub in_file: String,
    /// As it is read.
    pub read_as: String,
}

/// What is no new name of a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the column and what it is called here, as in 'Kontakt=email'")]
pub struct NoColumnName;

/// Reads `Kontakt=email`. The last equals sign counts: names may have one.
///
/// # Errors
/// It is not of this form.
pub fn column_name(text: &str) -> Result<ColumnName, NoColumnName> {
    let (in_file, read_as) = text.rsplit_once('=').ok_or(NoColumnName)?;
    let (in_file, read_as) = (in_file.trim().to_owned(), read_as.trim().to_owned());
    if in_file.is_empty() || field_name(&read_as).is_none() {
        return Err(NoColumnName);
    }
    Ok(ColumnName { in_file, read_as })
}

/// A name that no encoding has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no encoding has this name; write one as in utf-8, windows-1252, cp949")]
pub struct UnknownEncoding;

/// How to read a list in the encoding that people call so: `windows-1252`, `euc-kr` and WHATWG's
/// other labels, and the names that Windows, Java and Python have for the same.
///
/// # Errors
/// There is none of this name.
pub fn in_encoding(label: &str) -> Result<ReadOptions, UnknownEncoding> {
    let encoding = named(label).ok_or(UnknownEncoding)?;
    Ok(ReadOptions { encoding: Some(encoding), ..ReadOptions::default() })
}

/// The rows of a list, in the order of the file. An `Err` ends them: the rest cannot be read.
pub struct Rows<R> {
    text: Decoded<R>,
    record: Record,
    columns: Columns,
    delimiter: u8,
    path: PathBuf,
    warnings: Vec<Diagnostic>,
    tallies: Tallies,
    topics: Vec<Topic>,
    /// The names of the columns as the file has them.
    header: Vec<String>,
    of_all: Option<&'static str>,
    /// The record that was read first is a person.
    is_first: bool,
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
    let above = title_lines(&mut text)
        .map_err(|broken| rules::list_broken(&path, text.encoding(), &broken))?;
    let delimiter = match header(&mut text, &mut record) {
        Ok(Header::Separated(delimiter)) => delimiter,
        Ok(Header::Absent) => return Err(rules::list_empty(&path)),
        Ok(Header::Faulty(faulty)) => return Err(rules::unreadable(&path, &faulty, true)),
        Err(broken) => return Err(rules::list_broken(&path, text.encoding(), &broken)),
    };
    if options.may_lack_header
        && let Some(columns) = without_header(&record)
    {
        let tallies = Tallies::new(&Record::default(), columns.exporter, &[]);
        let warnings = Vec::new();
        let (is_first, over, of_all, header) = (true, false, None, Vec::new());
        return Ok(Rows {
            text,
            record,
            columns,
            delimiter,
            path,
            warnings,
            tallies,
            topics: Vec::new(),
            header,
            of_all,
            is_first,
            over,
        });
    }
    let header = record.iter().map(|cell| label(cell.text).to_owned()).collect();
    rename(&path, &mut record, &options.names)?;
    let columns = accept(&path, &record, options.is_foreign)?;
    let tallies = Tallies::new(&record, columns.exporter, &options.consent);
    let mut warnings = header_warnings(&path, &record, &columns, &tallies);
    warnings.extend(above.map(|lines| rules::list_title(&path, lines, record.line())));
    let topics = options.topics.clone();
    let (is_first, over, of_all) = (false, false, said_by_name(&path, columns.exporter));
    Ok(Rows {
        text,
        record,
        columns,
        delimiter,
        path,
        warnings,
        tallies,
        topics,
        header,
        of_all,
        is_first,
        over,
    })
}

/// Gives columns the names that somebody has said.
fn rename(path: &Path, header: &mut Record, names: &[ColumnName]) -> Result<(), Diagnostic> {
    for name in names {
        let is_it =
            |cell: &Placed<'_>| label(cell.text).to_lowercase() == name.in_file.to_lowercase();
        let Some(index) = header.iter().position(|cell| is_it(&cell)) else {
            return Err(rules::list_no_column(path, header, &name.in_file));
        };
        header.rename(index, &name.read_as);
    }
    Ok(())
}

/// What the name of a file says of everybody in it. Of its four exports Mailchimp tells one apart by
/// the name alone.
fn said_by_name(path: &Path, exporter: Exporter) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let of_name = [
        ("nonsubscribed", "never subscribed"),
        ("non-subscribed", "never subscribed"),
        ("unsubscribed", "unsubscribed"),
        ("cleaned", "cleaned"),
    ];
    let said = of_name.iter().find(|(word, _)| name.contains(word)).map(|(_, reason)| *reason);
    said.filter(|_| exporter == Exporter::Mailchimp)
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

/// The columns of a list whose first row is a person: one that names no column and holds an
/// address, or that is a single cell.
fn without_header(first: &Record) -> Option<Columns> {
    if columns(first).is_ok() {
        return None;
    }
    let address = first.iter().position(|cell| cell.text.contains('@'));
    let email = if first.len() == 1 { Some(0) } else { address }?;
    let column = |index| Column {
        name: String::new(),
        role: if index == email { Role::Email } else { Role::Nameless },
    };
    let all = (0..first.len()).map(column).collect();
    Some(Columns { all, email, exporter: Exporter::Plain, renamed: Vec::new() })
}

/// Lines above the names of the columns that are looked at: the title of a table, when it was made.
const TITLE_LINES: usize = 10;
/// Bytes of them.
const TITLE_BYTES: usize = 16 * 1024;

/// Passes over lines above the names of the columns, where the first line is not those and a later one
/// is. How many they are, where people should know: spreadsheets have a title there. Nothing is passed
/// over that may be a person.
fn title_lines<R: Read>(text: &mut Decoded<R>) -> Result<Option<usize>, Broken> {
    let mut record = Record::default();
    // Most lists have none, and need not be read further for it.
    while !text.ended() && !text.text().contains('\n') && text.text().len() < TITLE_BYTES {
        text.fill()?;
    }
    if names_in(text.text(), text.ended(), &mut record).is_some() {
        return Ok(None);
    }
    while !text.ended() && text.text().len() < TITLE_BYTES {
        text.fill()?;
    }
    let whole = &text.text()[..text.text().floor_char_boundary(TITLE_BYTES)];
    let ended = text.ended() && whole.len() == text.text().len();
    let (mut at, mut words) = (0, 0);
    for line in 0..=TITLE_LINES {
        let rest = &whole[at..];
        if words == 0 && stated_delimiter(rest).is_some() {
            return Ok(None);
        }
        if let Some((delimiter, width)) = names_in(rest, ended, &mut record) {
            // A table with as many cells above is another one.
            let mut cells = |line: &str| {
                split(line, true, delimiter, 1, &mut record);
                record.iter().filter(|cell| !cell.text.trim().is_empty()).count()
            };
            if width > 1 && whole[..at].lines().any(|line| cells(line) >= width) {
                return Ok(None);
            }
            // Google Groups writes such a line, and everybody has it.
            let is_known = whole.trim_start_matches(['"', '\u{FEFF}']).starts_with(GROUP);
            text.consume(at);
            return Ok((words > 0 && !is_known).then_some(line));
        }
        let Some(end) = rest.find(['\n', '\r']).filter(|end| !rest[..*end].contains('@')) else {
            return Ok(None);
        };
        words += rest[..end].trim().len();
        at += end + if rest[end..].starts_with("\r\n") { 2 } else { 1 };
    }
    Ok(None)
}

/// How the line begins that Google Groups writes above the names of the columns.
const GROUP: &str = "Members for group";

/// What separates the names of columns that a text begins with, and how many they are.
fn names_in(text: &str, ended: bool, record: &mut Record) -> Option<(u8, usize)> {
    DELIMITERS.iter().find_map(|delimiter| {
        let read = split(text, ended, *delimiter, 1, record);
        let is_header = matches!(read, Split::Record(_)) && columns(record).is_ok();
        is_header.then(|| (*delimiter, record.len()))
    })
}

/// Refuses a header that cannot be one. Where the file is `foreign`, nothing of it is repeated.
fn accept(path: &Path, header: &Record, is_foreign: bool) -> Result<Columns, Diagnostic> {
    if header.iter().any(|cell| cell.text.contains('\0')) {
        return Err(rules::list_nul(path));
    }
    let found = columns(header).map_err(|fault| {
        // A line of a single cell may be anything, also of a file that nobody meant.
        if is_foreign || header.len() < 2 && !header.iter().any(|cell| is_address(cell.text)) {
            return rules::list_no_columns(path, header.line());
        }
        if let Some(cell) = header.iter().find(|cell| is_address(cell.text)) {
            return rules::list_no_header(path, cell);
        }
        match fault {
            HeaderFault::TooMany => rules::list_columns(path, header),
            HeaderFault::Twice(first, second) => match (header.get(first), header.get(second)) {
                (Some(one), Some(other)) => {
                    rules::list_duplicate_column(path, (first, one), (second, other))
                }
                _ => rules::list_no_email(path, header),
            },
            HeaderFault::NoEmail => rules::list_no_email(path, header),
        }
    })?;
    // Who said no in a column whose name cannot be read would get mail.
    match header.iter().find(|cell| destroyed(cell.text).is_some()) {
        Some(cell) => Err(rules::list_column_letters(path, cell)),
        None => Ok(found),
    }
}

fn is_address(text: &str) -> bool {
    Address::parse(text).is_ok()
}

fn header_warnings(
    path: &Path,
    header: &Record,
    columns: &Columns,
    tallies: &Tallies,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for (index, (column, cell)) in columns.all.iter().zip(header.iter()).enumerate() {
        // Nobody writes to people about their consent: that column needs no name.
        if columns.renamed.contains(&index) && !tallies.is_consent(index) {
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
            Role::Field => Some(column.name.as_str()),
            Role::Tags | Role::Attributes | Role::Number | Role::Nameless => None,
        })
    }

    /// The names of the columns, as the file has them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Whether the list is what `digest subscribers export` writes.
    pub fn is_own_export(&self) -> bool {
        self.columns.exporter == Exporter::Digest
    }

    /// Whether the list is what `digest subscribers list --suppressed --csv` writes.
    pub(super) fn is_of_suppressed(&self) -> bool {
        self.columns.exporter == Exporter::Suppressed
    }

    /// Why somebody of the row that was read last is suppressed, where the list is of those who are.
    pub(super) fn suppressed_for(&self) -> Option<SuppressionReason> {
        self.is_of_suppressed().then(|| row::reason_of(&self.columns, &self.record))
    }

    /// Fields that say of people whether they may be mailed, and nothing else: they are no longer true
    /// when somebody has left.
    pub(super) fn consent_fields(&self) -> BTreeSet<String> {
        let all = self.columns.all.iter().enumerate();
        let said = all.filter(|(index, column)| {
            column.role == Role::Field && self.tallies.says_consent_alone(*index)
        });
        said.map(|(_, column)| column.name.clone()).collect()
    }

    /// The cells of the row that was read last, as they stand in the file.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.record.iter().map(|cell| cell.text)
    }

    /// The file, as diagnostics name it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is worth a look in the header.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// When all rows were read: what a person has to say first of columns about consent. As long as
    /// there is an error among them, nobody can know to whom of the list mail may go.
    pub fn doubts(&self) -> Vec<Diagnostic> {
        self.tallies.doubts(&self.path)
    }

    /// When all rows were read and none of these so many is of somebody who may be mailed: that this is
    /// the list of those who left.
    pub fn all_left(&self, rows: u64) -> Diagnostic {
        rules::list_all_left(&self.path, rows, &self.tallies.leaving(&self.path))
    }

    /// When all rows were read: that the list was read in an encoding that nobody had named.
    pub fn guessed(&self) -> Option<Diagnostic>
    where
        R: Read,
    {
        self.text.guessed_from().map(|line| rules::list_korean(&self.path, line))
    }

    fn row(&mut self) -> Option<Row> {
        let Rows { path, columns, tallies, topics, record, of_all, .. } = self;
        let of_all = *of_all;
        row::read(&mut RowContext { path, columns, tallies, topics, of_all }, record)
    }
}

impl<R: Read> Rows<R> {
    /// Whether a column says of people that they are subscribed: without one, nobody has said so.
    pub(super) fn says_who_is_subscribed(&self) -> bool {
        (0..self.columns.all.len()).any(|index| self.tallies.is_consent(index))
    }

    /// The cell of the row that was read last where its address stands; empty where none was read.
    pub(super) fn email_cell(&self) -> &str {
        self.record.get(self.columns.email).map_or("", |cell| cell.text)
    }

    /// Cells of the row that was read last with further addresses in them, where no column has a name:
    /// a line pasted from a mail has several.
    pub(super) fn further_addresses(&self) -> Vec<&str> {
        let is_address =
            |role: &Role| matches!(role, Role::Email) || matches!(role, Role::Nameless);
        if !self.columns.all.iter().all(|column| is_address(&column.role)) {
            return Vec::new();
        }
        let others = self.record.iter().enumerate().filter(|(at, _)| *at != self.columns.email);
        others.map(|(_, cell)| cell.text).filter(|text| text.contains('@')).collect()
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        if std::mem::take(&mut self.is_first)
            && let Some(row) = self.row()
        {
            return Some(Ok(row));
        }
        while !self.over {
            match next(&mut self.text, self.delimiter, &mut self.record) {
                Ok(Some(Ok(()))) => {
                    if let Some(row) = self.row() {
                        return Some(Ok(row));
                    }
                }
                Ok(Some(Err(faulty))) => {
                    self.record = Record::default();
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
