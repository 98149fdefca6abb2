//! What can be wrong with a list: one function per rule, so that each message is written once.
//!
//! Names starting with `list-` are about the whole file, `row-` about one row. Must never hold
//! logic.

use std::path::Path;

use encoding_rs::Encoding;

use crate::diagnostic::{Diagnostic, Place, counted, nearest};
use crate::issue::topics::{self, Topic, TopicChoiceError};

use super::columns::{MAX_COLUMNS, label};
use super::consent::ConsentColumn;
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
        .help("save the list as a CSV file in that place, or name another file")
}

/// The same problem of a file that another `flag` names: its words and its help name that flag.
pub(super) fn of_exceptions(problem: Diagnostic, flag: &str) -> Diagnostic {
    if problem.rule != "list-read" {
        return problem;
    }
    let file = format!("the file of {flag}");
    let message = problem.message.replacen("the list of subscribers", &file, 1);
    Diagnostic { message, ..problem }
        .help(format!("name a file with {flag} that has one address a line, or is a CSV file"))
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

/// What to do about destroyed letters.
const LETTERS: &str = "a program read the list in the wrong encoding and saved it so: export it again \
    and save it as \"CSV UTF-8\", or type the word again; leave --encoding out if you gave it";

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

/// Lines above the names of the columns, such as the title of a table; they are not repeated.
pub(super) fn list_title(path: &Path, lines: usize, header: usize) -> Diagnostic {
    let (what, verb) = match lines {
        1 => ("the first line".to_owned(), "is"),
        lines => (format!("the first {lines} lines"), "are"),
    };
    let message =
        format!("{what} {verb} passed over: the names of the columns stand in line {header}");
    Diagnostic::warning("list-header", message)
        .at(place(path, 1, 1))
        .help("delete what stands above the names of the columns, so that nothing of it is misread")
}

/// What is no list at all, as far as anybody can see: nothing of it is repeated, for it may be
/// another file than was meant.
pub(super) fn list_no_columns(path: &Path, line: usize) -> Diagnostic {
    let message = "no column is for the email address: the first line does not hold the names of \
                   columns";
    Diagnostic::error("list-no-email", message)
        .at(place(path, line, 1))
        .help("write the names of the columns on the first line, such as email,name,tags")
}

/// A column that was named and that the list does not have.
pub(super) fn list_no_column(path: &Path, header: &Record, name: &str) -> Diagnostic {
    let found: Vec<String> =
        header.iter().take(40).map(|cell| format!("{:?}", shorten(label(cell.text)))).collect();
    let message = format!("no column is called {name:?}; the columns are {}", found.join(", "));
    Diagnostic::error("list-header", message)
        .at(place(path, header.line(), 1))
        .help("write the name in --map as the file has it")
}

/// A cell of topics of which nobody knows what was meant.
pub(super) fn list_no_email(path: &Path, header: &Record) -> Diagnostic {
    let found: Vec<String> =
        header.iter().take(40).map(|cell| format!("{:?}", shorten(label(cell.text)))).collect();
    let message =
        format!("no column is for the email address; the columns are {}", found.join(", "));
    Diagnostic::error("list-no-email", message).at(place(path, header.line(), 1)).help(
        "call the column email, \"Email Address\", \"E-mail 1 - Value\" or 이메일; the names of \
             the columns stand on the first line",
    )
}

/// The letters that a spreadsheet has above the column of this number from 0: `C`, `AB`.
fn letters(mut index: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(char::from(b'A' + u8::try_from(index % 26).unwrap_or_default()));
        match (index / 26).checked_sub(1) {
            Some(next) => index = next,
            None => return out.into_iter().rev().collect(),
        }
    }
}

/// Two columns for one field, each with its number from 0.
pub(super) fn list_duplicate_column(
    path: &Path,
    (first_index, first): (usize, Placed<'_>),
    (second_index, second): (usize, Placed<'_>),
) -> Diagnostic {
    let (one, other) = (letters(first_index), letters(second_index));
    let (first, name) = (shorten(label(first.text)), shorten(label(second.text)));
    let message = if first == name {
        format!("the columns {one} and {other} are both called {name:?}")
    } else {
        format!("the columns {one} ({first:?}) and {other} ({name:?}) mean the same field")
    };
    let help = "give one of the two columns another name in the list, or delete it";
    Diagnostic::error("list-duplicate-column", message).at(at_cell(path, second)).help(help)
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

pub(super) fn list_column_letters(path: &Path, cell: Placed<'_>) -> Diagnostic {
    let name = shorten(label(cell.text));
    let message = format!(
        "letters in the name of the column {name:?} were destroyed, so it may not be understood"
    );
    Diagnostic::error("list-encoding", message).at(at_cell(path, cell)).help(LETTERS)
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

/// The meaning of a word that only the person knows who keeps the list: it is refused as it stands.
pub(super) const OPEN: &str = "yes or no";

/// A column that looks like consent; `values` are those that it has, and how many rows have others.
/// `lines` are what may be said of it, each with its meaning.
pub(super) fn list_consent(
    place: Place,
    column: &str,
    (values, others): (&[(String, u64)], u64),
    lines: &[(String, &str)],
) -> Diagnostic {
    let shown = shorten(column);
    let message = format!(
        "the column {shown:?} looks as if it says who may be mailed, and nobody has said what it \
         means; it has {}",
        in_rows(values, others)
    );
    let help = format!(
        "say what a true value means: {} (the person may be mailed), {} (must not) or {} (it is \
         about something else); for every send, in digest.toml: {}",
        flag(column, "yes"),
        flag(column, "no"),
        flag(column, "ignore"),
        consent_columns(lines)
    );
    Diagnostic::error("list-consent", message).at(place).help(help)
}

/// A column that says who may be mailed, with words that are not known; `others` is how many rows
/// have further ones, and `lines` what may be said of it.
pub(super) fn list_status(
    place: Place,
    column: &str,
    (words, others): (&[(String, u64)], u64),
    lines: &[(String, &str)],
) -> Diagnostic {
    let shown = shorten(column);
    let message = format!(
        "the column {shown:?} says who may be mailed, and it is not known what it means by {}",
        in_rows(words, others)
    );
    let word = words.first().map_or("", |(word, _)| word);
    let of_word = format!("{column}: {word}");
    let help = format!(
        "{} if people with this word may be mailed, =no if they must not; {} if the column is about \
         something else; for every send, in digest.toml: {}",
        flag(&of_word, "yes"),
        flag(column, "ignore"),
        consent_columns(lines)
    );
    Diagnostic::error("list-status", message).at(place).help(help)
}

/// Answers in a column of which somebody has said what it means that are neither a yes nor a no;
/// `others` is how many rows have further ones, and `lines` are the first.
pub(super) fn list_answer(
    place: Place,
    column: &str,
    (words, others): (&[(String, u64)], u64),
    lines: &[usize],
) -> Diagnostic {
    let rows = words.iter().map(|(_, rows)| rows).sum::<u64>() + others;
    let shown = lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let dots = if rows > lines.len() as u64 { ", …" } else { "" };
    let lines = if rows == 1 { "line" } else { "lines" };
    let message = format!(
        "in the column {:?} it is neither yes nor no ({lines} {shown}{dots}): {}; these people get no mail",
        shorten(column),
        in_rows(words, others)
    );
    let word = words.first().map_or("", |(word, _)| word);
    Diagnostic::warning("list-answer", message).at(place).help(format!(
        "{} if people with this word may be mailed, =no if they must not",
        flag(&format!("{column}: {word}"), "yes")
    ))
}

/// What was said of a column that the list does not have.
pub(super) fn list_consent_absent<'a>(
    path: &Path,
    said: &ConsentColumn,
    columns: impl Iterator<Item = &'a str>,
    is_of_this_list: bool,
) -> Diagnostic {
    let columns: Vec<&str> = columns.filter(|column| !column.is_empty()).collect();
    let meant = nearest(&said.name, columns.iter().copied());
    let message =
        format!("the list has no column {:?}, of which it was said what it means", said.name);
    let problem = if is_of_this_list || meant.is_some() {
        Diagnostic::error("list-consent", message)
    } else {
        Diagnostic::warning("list-consent", message)
    };
    problem.at(Place::File(path.to_path_buf())).help(match meant {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("its columns are {}", columns.join(", ")),
    })
}

/// `"FALSE" in 1 row, "TRUE" in 2 rows and others in 3 rows`.
fn in_rows(values: &[(String, u64)], others: u64) -> String {
    let each = values.iter().map(|(value, rows)| match value.as_str() {
        "" => format!("nothing in {}", counted(*rows, "row")),
        value => format!("{value:?} in {}", counted(*rows, "row")),
    });
    let more = (others > 0).then(|| format!("others in {}", counted(others, "row")));
    each.chain(more).collect::<Vec<_>>().join(", ")
}

/// The line of digest.toml that says each of these, with what is left to decide.
fn consent_columns(lines: &[(String, &str)]) -> String {
    let each: Vec<String> =
        lines.iter().map(|(name, means)| format!("{} = {means:?}", toml_key(name))).collect();
    let is_open = lines.iter().any(|(_, means)| *means == OPEN);
    let open = if is_open { ", with one of the two words for each" } else { "" };
    format!("[audience] consent_columns = {{ {} }}{open}", each.join(", "))
}

/// The flag that says what a column means, as a shell takes it.
fn flag(name: &str, meaning: &str) -> String {
    format!("--consent-column '{}={meaning}'", name.replace('\'', "'\\''"))
}

/// A name as a key of TOML.
fn toml_key(name: &str) -> String {
    let mut key = String::from("\"");
    for c in name.chars() {
        match c {
            '\\' | '"' => key.extend(['\\', c]),
            c if c.is_control() => key.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => key.push(c),
        }
    }
    key + "\""
}

/// A list of which every row says that the person must not be mailed; `columns` say so.
pub(super) fn list_all_left(path: &Path, rows: u64, columns: &[(&str, Place)]) -> Diagnostic {
    let names: Vec<String> =
        columns.iter().take(3).map(|(name, _)| format!("{:?}", shorten(name))).collect();
    let by = match names.as_slice() {
        [] => String::new(),
        [one] => format!(": the column {one} says so"),
        some => format!(": the columns {} say so", some.join(" and ")),
    };
    let rows = match rows {
        1 => "the only row of this list is of somebody".to_owned(),
        rows => format!("all {rows} rows of this list are of people"),
    };
    let message = format!("{rows} who left or must not be mailed{by}");
    let place = columns.first().map(|(_, place)| place.clone());
    Diagnostic::warning("list-all-left", message)
        .at(place.unwrap_or_else(|| Place::File(path.to_path_buf())))
        .help(format!(
            "this looks like the file of those who left: send to the list of those who stay, and \
             name this one with --except {}",
            path.display()
        ))
}

/// A list that is not UTF-8 and whose bytes are Korean text.
pub(super) fn list_korean(path: &Path, line: usize) -> Diagnostic {
    let message = "the list is not UTF-8; it was read as CP949, the Korean encoding of Windows";
    Diagnostic::warning("list-encoding", message)
        .at(place(path, line, 1))
        .help("if names are wrong, pass --encoding; to say it for good, save the list as UTF-8")
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

pub(super) fn row_letters(path: &Path, cell: Placed<'_>, name: &str, word: &str) -> Diagnostic {
    let message = format!("letters in {name} were destroyed: {:?}", shorten(word));
    Diagnostic::warning("row-damage", message).at(at_cell(path, cell)).help(LETTERS)
}

pub(super) fn row_formula(path: &Path, cell: Placed<'_>, name: &str) -> Diagnostic {
    let message = format!(
        "a formula of the spreadsheet failed in {name}: {:?}; it is taken as empty",
        shorten(cell.text.trim())
    );
    Diagnostic::warning("row-damage", message)
        .at(at_cell(path, cell))
        .help("correct the formula in the spreadsheet and save the list again, or write the value")
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

/// A remark that may say that the person wants no mail, or has left, or has died.
pub(super) fn row_remark(path: &Path, cell: Placed<'_>) -> Diagnostic {
    let words = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = format!(
        "the remark {:?} may mean that this person gets no mail, and they would get it",
        shorten(&words)
    );
    Diagnostic::warning("row-remark", message).at(at_cell(path, cell)).help(
        "delete the row if they want no mail, or name them in a file with --except FILE; if the \
         remark is about something else, it can stay",
    )
}

pub(super) fn row_tags(path: &Path, cell: Placed<'_>, tag: &str) -> Diagnostic {
    Diagnostic::warning("row-tags", format!("the tag {:?} contains a comma", shorten(tag)))
        .at(at_cell(path, cell))
        .help("separate tags with semicolons")
}

pub(super) fn row_topics(path: &Path, cell: Placed<'_>, error: &TopicChoiceError) -> Diagnostic {
    let what = match error {
        TopicChoiceError::Mixed(text) => TopicChoiceError::Mixed(shorten(text)),
        TopicChoiceError::NoName(text) => TopicChoiceError::NoName(shorten(text)),
    };
    Diagnostic::error("row-topics", what.to_string()).at(at_cell(path, cell)).help(
        "write -events;-jobs for all topics but these, events;jobs for only these, none for no \
         topic, or nothing for all",
    )
}

pub(super) fn row_topic_unknown(
    path: &Path,
    cell: Placed<'_>,
    name: &str,
    topics: &[Topic],
) -> Diagnostic {
    let what = format!("digest.toml has no topic {:?}", shorten(name));
    topic_unknown(what, name, topics).at(at_cell(path, cell))
}

fn topic_unknown(what: String, name: &str, topics: &[Topic]) -> Diagnostic {
    Diagnostic::warning("row-topic-unknown", what).help(topics::instead(name, topics))
}

/// The same of a person of the store.
pub(super) fn person_topic_unknown(who: &str, name: &str, topics: &[Topic]) -> Diagnostic {
    let what = format!("{who}: digest.toml has no topic {:?}", shorten(name));
    topic_unknown(what, name, topics)
}

/// The day on which somebody came, in a form that nobody can be sure of.
pub(super) fn row_day(path: &Path, line: usize, (name, value): &(String, String)) -> Diagnostic {
    let what = format!("{:?} in {name} is no day that can be read", shorten(value));
    Diagnostic::warning("row-day", what)
        .at(place(path, line, 1))
        .help("write the year first, as in 2025-11-06; the store has the day of the import instead")
}

/// A row of a file of people who must not be mailed, which names nobody.
pub(super) fn except_row(path: &Path, line: usize) -> Diagnostic {
    Diagnostic::error("row-address", "the row has no address that can be read")
        .at(place(path, line, 1))
        .help("correct the address, or delete the row")
}

pub(super) fn except_more(path: &Path, more: u64) -> Diagnostic {
    let message = format!("{} cannot be read either", counted(more, "further row"));
    Diagnostic::error("row-address", message).at(Place::File(path.to_path_buf()))
}
