//! What can be wrong with a list: one function per rule, so that each message is written once.
//!
//! Names starting with `list-` are about the whole file, `row-` about one row. Must never hold
//! logic.

use std::path::Path;

use encoding_rs::Encoding;

use crate::diagnostic::{Diagnostic, Place, counted};

use super::columns::{MAX_COLUMNS, label};
use super::csv::{Fault, Faulty, MAX_CELL_BYTES, MAX_RECORD_BYTES, Placed, Record};
use super::email::{NoAddress, shorten};
use super::encoding::Broken;

/// A place in a list.
pub(super) fn place(path: &Path, line: usize, column: usize) -> Place {
    Place::Line { path: path.to_path_buf(), line, column }
}

fn at_cell(path: &Path, cell: Placed<'_>) -> Place {
    place(path, cell.line, cell.column)
}

pub(super) fn list_read(path: &Path, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("list-read", format!("the list of subscribers cannot be read: {error}"))
        .at(Place::File(path.to_path_buf()))
        .help("save the list as a CSV file in that place, or name another file with --subscribers")
}

pub(super) fn list_broken(path: &Path, encoding: &'static Encoding, broken: &Broken) -> Diagnostic {
    let (line, column, offset, first) = match broken {
        Broken::Io(error) => return list_read(path, error),
        Broken::Bytes { line, column, offset, first } => (*line, *column, *offset, *first),
    };
    let byte = first.map_or("a byte".to_owned(), |first| format!("byte 0x{first:02X}"));
    let name = encoding.name();
    Diagnostic::error(
        "list-encoding",
        format!("{byte} on line {line} (byte {} of the file) is not valid {name}", offset + 1),
    )
    .at(place(path, line, column))
    .help("save it as UTF-8, or pass --encoding windows-1252 / euc-kr")
}

pub(super) fn list_workbook(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "list-workbook",
        "this is a workbook (such as Excel's) or an archive, not a text file",
    )
    .at(Place::File(path.to_path_buf()))
    .help("open it in the spreadsheet program and save it as \"CSV UTF-8\"")
}

pub(super) fn list_nul(path: &Path) -> Diagnostic {
    Diagnostic::error("list-encoding", "the first row contains NUL bytes, as UTF-16 text does")
        .at(place(path, 1, 1))
        .help("save it as UTF-8, or pass --encoding utf-16le / utf-16be")
}

pub(super) fn list_empty(path: &Path) -> Diagnostic {
    Diagnostic::error("list-empty", "the list is empty")
        .at(Place::File(path.to_path_buf()))
        .help("put the names of the columns on the first line, such as email,name,tags")
}

pub(super) fn list_no_header(path: &Path, cell: Placed<'_>) -> Diagnostic {
    let message = format!(
        "the first row contains an address ({}) instead of the names of the columns",
        cell.text
    );
    Diagnostic::error("list-no-header", message)
        .at(at_cell(path, cell))
        .help("add a first line with the names of the columns, such as email,name")
}

pub(super) fn list_no_email(path: &Path, header: &Record) -> Diagnostic {
    let found: Vec<String> =
        header.iter().take(40).map(|cell| format!("{:?}", shorten(label(cell.text)))).collect();
    let message =
        format!("no column is for the email address; the columns are {}", found.join(", "));
    Diagnostic::error("list-no-email", message)
        .at(place(path, header.line(), 1))
        .help("call the column email, \"Email Address\", \"E-mail 1 - Value\" or 이메일")
}

pub(super) fn list_duplicate_column(
    path: &Path,
    first: Placed<'_>,
    second: Placed<'_>,
) -> Diagnostic {
    let message = format!(
        "the columns {:?} and {:?} mean the same field",
        shorten(label(first.text)),
        shorten(label(second.text))
    );
    Diagnostic::error("list-duplicate-column", message)
        .at(at_cell(path, second))
        .help("rename or delete one of them")
}

pub(super) fn list_columns(path: &Path, header: &Record) -> Diagnostic {
    let message = format!("the list has {} columns, more than {MAX_COLUMNS}", header.len());
    Diagnostic::error("list-columns", message)
        .at(place(path, header.line(), 1))
        .help("delete the columns that no message needs")
}

pub(super) fn list_column_name(path: &Path, cell: Placed<'_>, name: &str) -> Diagnostic {
    let message = format!("the column {:?} becomes the field {name}", shorten(label(cell.text)));
    Diagnostic::warning("list-column-name", message)
        .at(at_cell(path, cell))
        .help("use a name with the letters a-z, such as member_since")
}

pub(super) fn list_nameless_column(path: &Path, cell: Placed<'_>, number: usize) -> Diagnostic {
    Diagnostic::warning(
        "list-column-name",
        format!("column {number} has no name, so it is ignored"),
    )
    .at(at_cell(path, cell))
    .help("write its name in the first row, or delete the column")
}

pub(super) fn list_contradiction(path: &Path, address: &str, reason: &str) -> Diagnostic {
    let message = format!("{address} gets no mail: another row of the list says {reason}");
    Diagnostic::warning("list-contradiction", message)
        .at(Place::File(path.to_path_buf()))
        .help("delete the row that is out of date")
}

/// A fault of the header stops the list, a fault of a row only that row.
pub(super) fn unreadable(path: &Path, faulty: &Faulty, header: bool) -> Diagnostic {
    let Faulty { fault, line, column, .. } = faulty;
    let kib = |bytes: usize| bytes / 1024;
    let (rule, message, help) = match fault {
        Fault::Unclosed => (
            "row-quote",
            format!("the quotation mark opened on line {line} is never closed"),
            "add the closing quotation mark; inside a quoted cell, write a quotation mark twice",
        ),
        Fault::AfterQuote => (
            "row-quote",
            format!("the quotation mark opened on line {line} is closed in the middle of a cell"),
            "put the closing quotation mark before the separator; inside a quoted cell, write a \
             quotation mark twice",
        ),
        Fault::LongCell => (
            "row-size",
            format!("a cell is longer than {} KiB", kib(MAX_CELL_BYTES)),
            "shorten the cell, or delete its column",
        ),
        Fault::LongRecord => (
            "row-size",
            format!("the row is longer than {} KiB", kib(MAX_RECORD_BYTES)),
            "delete the columns that no message needs",
        ),
    };
    let rule = if header { "list-header" } else { rule };
    Diagnostic::error(rule, message).at(place(path, *line, *column)).help(help)
}

pub(super) fn row_cells(path: &Path, record: &Record, width: usize) -> Diagnostic {
    let cells = record.len();
    let help = if cells > width {
        "put quotation marks around a cell that contains a separator"
    } else {
        "write a separator for every column, even for empty ones at the end"
    };
    let cells = counted(cells as u64, "cell");
    let message = format!("the row has {cells}, the header has {width}");
    Diagnostic::error("row-cells", message).at(place(path, record.line(), 1)).help(help)
}

pub(super) fn row_nul(path: &Path, cell: Placed<'_>) -> Diagnostic {
    Diagnostic::error("row-nul", "the row contains a NUL character")
        .at(at_cell(path, cell))
        .help("the file is damaged: export the list again")
}

pub(super) fn row_address(path: &Path, cell: Placed<'_>, refused: NoAddress) -> Diagnostic {
    Diagnostic::error("row-address", refused.message).at(at_cell(path, cell)).help(refused.help)
}

pub(super) fn row_attributes(
    path: &Path,
    cell: Placed<'_>,
    error: &serde_json::Error,
) -> Diagnostic {
    Diagnostic::error("row-attributes", format!("the attributes are not a JSON object: {error}"))
        .at(at_cell(path, cell))
        .help("write an object such as {\"city\": \"Seoul\"}, or leave the cell empty")
}

pub(super) fn row_unnamed_attribute(path: &Path, cell: Placed<'_>, key: &str) -> Diagnostic {
    let message = format!("the attribute {:?} is ignored", shorten(key));
    Diagnostic::warning("row-attributes", message)
        .at(at_cell(path, cell))
        .help("use a name with the letters a-z, such as member_since")
}

pub(super) fn row_line_break(path: &Path, cell: Placed<'_>, name: &str) -> Diagnostic {
    Diagnostic::warning(
        "row-control",
        format!("a line break or tab in {name} was replaced by a space"),
    )
    .at(at_cell(path, cell))
    .help("write the value on one line")
}

pub(super) fn row_invisible(path: &Path, cell: Placed<'_>, name: &str, odd: char) -> Diagnostic {
    let message =
        format!("an invisible character (U+{:04X}) in {name} was removed", u32::from(odd));
    Diagnostic::warning("row-control", message).at(at_cell(path, cell)).help("type the value again")
}

pub(super) fn row_role(path: &Path, cell: Placed<'_>, address: &str) -> Diagnostic {
    Diagnostic::warning(
        "row-role",
        format!("{address} belongs to a machine or an office, not to a person"),
    )
    .at(at_cell(path, cell))
    .help("delete the row, unless a person asked for the newsletter")
}

pub(super) fn row_several(path: &Path, cell: Placed<'_>, address: &str) -> Diagnostic {
    let message = format!("the row has several addresses; only {address} is used");
    Diagnostic::warning("row-several", message)
        .at(at_cell(path, cell))
        .help("keep only the address that the person wants to use")
}

pub(super) fn row_tags(path: &Path, cell: Placed<'_>, tag: &str) -> Diagnostic {
    Diagnostic::warning("row-tags", format!("the tag {:?} contains a comma", shorten(tag)))
        .at(at_cell(path, cell))
        .help("separate tags with semicolons")
}

pub(super) fn row_status(path: &Path, cell: Placed<'_>, word: &str) -> Diagnostic {
    let message =
        format!("the status {:?} is not known; people with it get the mail", shorten(word));
    Diagnostic::warning("row-status", message)
        .at(at_cell(path, cell))
        .help("write subscribed or unsubscribed, or rename the column if it is not about this")
}
