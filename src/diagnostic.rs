//! What is wrong in somebody's file: severity, rule, place, message, help.
//!
//! Diagnostics are collected, never first-error-only, so that an author mends a whole issue in one
//! round. This file must never print: `cmd` chooses the form and the stream.

pub mod capped;
pub mod grouped;
pub mod log;
pub mod masked;
pub mod render;
pub mod sarif;
pub mod refused;
pub mod unnamed;
pub mod unseen;
pub mod visible;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody has allowed it: told, so that others see what was let pass.
    Note,
    /// Worth a look; sending goes on.
    Warning,
    /// Blocks `test` and `send`.
    Error,
}

/// A text file that somebody wrote, kept whole so that a diagnostic can show the line it means.
#[derive(Debug, Default)]
pub struct Source {
    path: PathBuf,
    text: String,
    /// Where each line starts: counted once, when the first place is asked for.
    line_starts: OnceLock<Vec<usize>>,
    /// The text without passwords, for settings: made once, when the first line is shown.
    masked: OnceLock<String>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        self.path == other.path && self.text == other.text
    }
}

impl Eq for Source {}

impl Source {
    /// A file at `path` (as people should read it, usually relative) with its decoded text.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Source> {
        Arc::new(Source { path: path.into(), text: text.into(), ..Source::default() })
    }

    /// The path as shown to people.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The decoded text; byte offsets of a [`Place`] count in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte offset, both from 1; the column counts characters, as editors do.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = floor_char_boundary(&self.text, offset);
        let line = self.line_starts().partition_point(|start| *start <= offset);
        let line_start = self.line_starts()[line - 1];
        (line, self.text[line_start..offset].chars().count() + 1)
    }

    /// The bytes of the whole lines in which `range` lies, and the number of the first one, from 1.
    pub fn lines(&self, range: &Range<usize>) -> (Range<usize>, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= range.start).max(1);
        let behind = starts.partition_point(|start| *start < range.end.max(range.start + 1));
        let end = starts.get(behind).copied().unwrap_or(self.text.len());
        (starts[line - 1]..end, line)
    }

    /// The first is 0, whatever the text.
    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|at| at + 1)).collect()
        })
    }

    /// The range within the text, at the edges of characters: parsers count tabs, carriage returns
    /// and characters in ways of their own, and a place that is a byte off must still be shown.
    pub fn within(&self, range: Range<usize>) -> Range<usize> {
        let start = floor_char_boundary(&self.text, range.start);
        let mut end = range.end.min(self.text.len()).max(start);
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }
}

/// The nearest character boundary at or before `offset`, within the text.
fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A whole file or folder: it is missing, unreadable or too large to quote.
    File(PathBuf),
    /// A row of a list that is streamed and therefore not kept: its line, from 1.
    Line {
        /// The file as shown to people.
        path: PathBuf,
        /// The line on which the row starts, from 1.
        line: usize,
        /// The column, from 1, where it is known.
        column: usize,
    },
    /// A range of bytes in a text that can be quoted.
    Span {
        /// The text.
        source: Arc<Source>,
        /// Bytes of [`Source::text`].
        span: Range<usize>,
    },
}

impl Place {
    /// The bytes `span` of `source`.
    pub fn span(source: &Arc<Source>, span: Range<usize>) -> Place {
        Place::Span { source: Arc::clone(source), span: source.within(span) }
    }

    /// The same place without its text, for a line that holds a secret.
    pub fn unquoted(self) -> Place {
        match self.line_column() {
            Some((line, column)) => Place::Line { path: self.path().to_owned(), line, column },
            None => Place::File(self.path().to_owned()),
        }
    }

    /// The file that the place is in.
    pub fn path(&self) -> &Path {
        match self {
            Place::File(path) | Place::Line { path, .. } => path,
            Place::Span { source, .. } => source.path(),
        }
    }

    /// Line and column, from 1, where the place is inside a file.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        match self {
            Place::File(_) => None,
            Place::Line { line, column, .. } => Some((*line, *column)),
            Place::Span { source, span } => Some(source.line_column(span.start)),
        }
    }
}

impl std::fmt::Display for Place {
    /// `file`, `file:line:column`: the form that editors and terminals turn into links.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path().display())?;
        match self.line_column() {
            Some((line, column)) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

/// One problem: what happened, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it blocks sending.
    pub severity: Severity,
    /// The rule's name: stable, lower-case, hyphenated (`article-missing`).
    pub rule: &'static str,
    /// Where it is; `None` for a problem with no place in a file.
    pub place: Option<Place>,
    /// What happened, in one sentence without a full stop.
    pub message: String,
    /// What to do about it; for a note, by what it is allowed.
    pub help: Option<String>,
    /// How many of its kind it stands for, itself included.
    pub count: u64,
}

impl Diagnostic {
    /// A problem that blocks sending. A password that its words repeat is not shown.
    pub fn error(rule: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            rule,
            place: None,
            message: masked::words(&message.into()).into_owned(),
            help: None,
            count: 1,
        }
    }

    /// A problem worth a look.
    pub fn warning(rule: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(rule, message) }
    }

    /// The same problem, with its place.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// The same problem, with what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(masked::words(&help.into()).into_owned());
        self
    }

    /// The same problem, let pass `by` somebody: `--allow`, or a file with the reason.
    pub fn allowed(mut self, by: impl Into<String>) -> Diagnostic {
        self.severity = Severity::Note;
        self.help = Some(by.into());
        self
    }

    /// Whether somebody has let it pass.
    pub fn is_allowed(&self) -> bool {
        self.severity == Severity::Note
    }

    /// By what it is allowed, if it is.
    pub fn allowed_by(&self) -> Option<&str> {
        self.help.as_deref().filter(|_| self.is_allowed())
    }

    /// What to do about it, if anything.
    pub fn remedy(&self) -> Option<&str> {
        self.help.as_deref().filter(|_| !self.is_allowed())
    }

    /// Whether it blocks sending.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The name among `known` that `given` was probably meant to be: a slip of one or two letters, or
/// another spelling of the same word.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let flat = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let given = flat(given);
    let letters = given.chars().count();
    known
        .into_iter()
        // A slip of three letters changes the length by three at most; to compare costs more.
        .filter(|name| name.chars().count().abs_diff(letters) <= 3)
        .map(|name| (strsim::damerau_levenshtein(&given, &flat(name)), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A number and what is counted: `1 recipient`, `12 recipients`, `3 people`.
pub fn counted(number: u64, word: &str) -> String {
    match (number, word) {
        (1, word) => format!("1 {word}"),
        (number, "person") => format!("{number} people"),
        (number, word) => format!("{number} {word}s"),
    }
}

/// How many letters were added, left out, changed or turned round between two texts.
pub fn slips(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(one, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let source = Source::new("a.md", "one\n한글 here\n");
        let offset = source.text().find("here").expect("present");
        assert_eq!(source.line_column(offset), (2, 4));
        assert_eq!(source.line_column(9999), (3, 1));
        assert_eq!(source.lines(&(5..6)), (4..16, 2));
        assert_eq!(source.lines(&(1..5)), (0..16, 1));
        assert_eq!(source.lines(&(4..4)), (4..16, 2));
        assert_eq!(source.lines(&(16..16)), (16..16, 3));
        assert_eq!(source.within(5..6), 4..7);
        assert_eq!(source.within(90..99), 16..16);
    }

    #[test]
    fn one_has_its_singular() {
        assert_eq!(counted(1, "recipient"), "1 recipient");
        assert_eq!(counted(0, "recipient"), "0 recipients");
        assert_eq!(
            (counted(1, "person"), counted(2, "person")),
            ("1 person".into(), "2 people".into())
        );
    }

    #[test]
    fn nearest_finds_slips_and_ignores_strangers() {
        let known = ["preheader", "subject", "title"];
        assert_eq!(nearest("pre-header", known), Some("preheader"));
        assert_eq!(nearest("sujbect", known), Some("subject"));
        assert_eq!(nearest("colour", known), None);
    }
}
