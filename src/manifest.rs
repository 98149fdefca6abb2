//! Tables that people write, in TOML or YAML, read key by key.
//!
//! serde's derived readers stop at the first problem and lose the place of the second. Here every
//! unknown key, missing key and wrong type of a file is reported in one round, each at its own
//! line. This file knows no key by name: `issue` and `config` do.

mod dates;
pub mod language;
mod slips;
mod yaml;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

pub(crate) use dates::MONTHS;
pub use language::is_language;

use self::slips::Slip;
use crate::diagnostic::unseen::{self, Unseen};
use crate::diagnostic::{Diagnostic, Place, Source, nearest, refused};

/// Unknown keys of one table for which a similar one is looked for.
const COMPARED: usize = 200;

/// A value with the bytes of the [`Source`] that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Range<usize>,
}

/// What a table can hold; dates stay text until somebody asks for one.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// A string, or a TOML date-time in its own notation.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// YAML's nothing.
    Null,
    /// An array.
    List(Vec<Value>),
    /// A table.
    Table(Vec<(Located<String>, Value)>),
}

/// A value and where it stands.
pub type Value = Located<ValueKind>;

impl ValueKind {
    fn name(&self) -> &'static str {
        match self {
            ValueKind::Text(_) => "a text",
            ValueKind::Integer(_) => "a number",
            ValueKind::Float(_) => "a decimal number",
            ValueKind::Bool(_) => "true or false",
            ValueKind::Null => "nothing",
            ValueKind::List(_) => "a list",
            ValueKind::Table(_) => "a table",
        }
    }
}

/// Reads the TOML between `range` of `source`; the first syntax error goes to `problems`: what the
/// reader says of the rest is usually made of it.
pub fn toml(source: &Arc<Source>, range: Range<usize>, problems: &mut Vec<Diagnostic>) -> Value {
    let start = range.start;
    let text = &source.text()[range.clone()];
    let (table, errors) = DeTable::parse_recoverable(text);
    let first = errors.iter().min_by_key(|error| error.span().map_or(0, |span| span.start));
    if let Some(error) = first {
        let span = error.span().unwrap_or(0..0);
        let slip = slips::toml(text, span.start, error.message());
        let help = "write texts between quotation marks, such as title = \"October\", and one key \
                    on each line";
        let slip = slip.unwrap_or_else(|| Slip {
            span,
            what: error.message().to_owned(),
            help: help.into(),
        });
        let what = format!("this is not valid TOML: {}", slip.what);
        problems.push(slip.at(source, start, Diagnostic::error("toml-syntax", what)));
    }
    let entries = ValueKind::Table(toml_entries(table.into_inner(), start));
    cleaned(source, Value { value: entries, span: range }, problems)
}

/// Reads the YAML between `range` of `source`; a syntax error goes to `problems`.
pub fn yaml(source: &Arc<Source>, range: Range<usize>, problems: &mut Vec<Diagnostic>) -> Value {
    let empty = Value { value: ValueKind::Table(Vec::new()), span: range.clone() };
    let text = &source.text()[range.clone()];
    let (message, at) = match yaml::parse(text, range.start) {
        Ok(Value { value: ValueKind::Null, .. }) => return empty,
        Ok(value) if matches!(value.value, ValueKind::Table(_)) => {
            return cleaned(source, value, problems);
        }
        Ok(_) => ("it has no keys".to_owned(), 0),
        Err(yaml::SyntaxError { message, at }) => (message, at),
    };
    let slip = slips::yaml(text, at, &message).unwrap_or(Slip {
        span: at..at,
        what: message,
        help: "put quotation marks around a text that has a colon or a #, or that starts with a \
               quotation mark"
            .into(),
    });
    let what = format!("this is not valid YAML: {}", slip.what);
    problems.push(slip.at(source, range.start, Diagnostic::error("yaml-syntax", what)));
    empty
}

/// The value without characters that no text may hold; each text that had one is reported. They are
/// looked for behind the decoding: `"\uE002"` is plain letters in the file.
fn cleaned(source: &Arc<Source>, value: Value, problems: &mut Vec<Diagnostic>) -> Value {
    let Value { value, span } = value;
    let value = match value {
        ValueKind::Text(text) => ValueKind::Text(clean_text(source, text, &span, problems)),
        ValueKind::List(items) => {
            ValueKind::List(items.into_iter().map(|item| cleaned(source, item, problems)).collect())
        }
        ValueKind::Table(entries) => ValueKind::Table(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let name = clean_text(source, key.value, &key.span, problems);
                    (Located { value: name, span: key.span }, cleaned(source, value, problems))
                })
                .collect(),
        ),
        kind => kind,
    };
    Value { value, span }
}

fn clean_text(
    source: &Arc<Source>,
    text: String,
    span: &Range<usize>,
    problems: &mut Vec<Diagnostic>,
) -> String {
    let text = match refused::find(&text) {
        None => text,
        Some((_, odd)) => {
            let place = Place::span(source, span.clone());
            problems.push(refused::diagnostic("this text", odd).at(place));
            refused::without(&text)
        }
    };
    if text.is_ascii() {
        return text;
    }
    tell_unseen(source, &text, span, problems);
    unseen::without_pasted(&text).into_owned()
}

/// Reports characters that nobody sees and that stand in the file as escapes (`"\\u202E"`). Who reads
/// the file reports those that stand in it as they are.
fn tell_unseen(
    source: &Arc<Source>,
    text: &str,
    span: &Range<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    let span = source.within(span.clone());
    let written = &source.text()[span.clone()];
    let odd: BTreeMap<char, Unseen> =
        unseen::odd(text).into_iter().map(|one| (one.character, one)).collect();
    let mut rest = 0;
    for (at, _) in written.match_indices('\\') {
        if at < rest {
            continue;
        }
        let (c, length) = escape(&written[at..]);
        rest = at + length;
        if let Some(one) = c.and_then(|c| odd.get(&c)) {
            let at = span.start + at;
            problems.push(one.problem().at(Place::span(source, at..at + length)));
        }
    }
}

/// The character that an escape of TOML or YAML stands for, where it is written by its number, and
/// how long the escape is.
fn escape(text: &str) -> (Option<char>, usize) {
    let digits = match text.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        // YAML's names for the separators of lines and of paragraphs.
        Some(b'L') => return (Some('\u{2028}'), 2),
        Some(b'P') => return (Some('\u{2029}'), 2),
        _ => return (None, 2),
    };
    let number = text.get(2..2 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match number.and_then(char::from_u32) {
        Some(c) => (Some(c), 2 + digits),
        None => (None, 2),
    }
}

fn toml_entries(table: DeTable<'_>, start: usize) -> Vec<(Located<String>, Value)> {
    table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            let key = Located {
                value: key.into_inner().into_owned(),
                span: span.start + start..span.end + start,
            };
            (key, toml_value(value, start))
        })
        .collect()
}

fn toml_value(value: toml::Spanned<DeValue<'_>>, start: usize) -> Value {
    let span = value.span();
    let kind = match value.into_inner() {
        DeValue::String(text) => ValueKind::Text(text.into_owned()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            i64::from_str_radix(&digits, number.radix())
                .map_or(ValueKind::Text(digits), ValueKind::Integer)
        }
        DeValue::Float(number) => {
            let digits = number.as_str().replace('_', "");
            digits.parse().map_or(ValueKind::Text(digits), ValueKind::Float)
        }
        DeValue::Boolean(flag) => ValueKind::Bool(flag),
        DeValue::Datetime(date) => ValueKind::Text(date.to_string()),
        DeValue::Array(items) => {
            ValueKind::List(items.into_iter().map(|item| toml_value(item, start)).collect())
        }
        DeValue::Table(table) => ValueKind::Table(toml_entries(table, start)),
    };
    Value { value: kind, span: span.start + start..span.end + start }
}

/// The one table of a list: who writes `[[theme]]` for `[theme]` means the same.
fn alone(value: Value) -> Value {
    match value.value {
        ValueKind::List(mut items) if items.len() == 1 && items[0].is_table() => items.remove(0),
        kind => Value { value: kind, span: value.span },
    }
}

impl Value {
    fn is_table(&self) -> bool {
        matches!(self.value, ValueKind::Table(_))
    }
}

/// A table being read: every key that is asked for is known, every other one is a mistake.
#[derive(Debug)]
pub struct Table {
    source: Arc<Source>,
    name: String,
    span: Range<usize>,
    entries: Vec<(Located<String>, Value)>,
    known: Vec<&'static str>,
    /// Required keys that are not there, each with the place of its problem in `problems`.
    missing: Vec<(&'static str, usize)>,
    problems: Vec<Diagnostic>,
}

impl Table {
    /// The table `value` of `source`, called `name` in messages.
    pub fn new(source: &Arc<Source>, name: impl Into<String>, value: Value) -> Table {
        let name = name.into();
        let mut problems = Vec::new();
        let value = alone(value);
        let entries = match value.value {
            ValueKind::Table(entries) => entries,
            ValueKind::List(items) if items.iter().all(Value::is_table) && items.len() > 1 => {
                problems.push(
                    Diagnostic::error("wrong-type", format!("{name} stands here several times"))
                        .at(Place::span(source, items[1].span.clone()))
                        .help(format!("write {name} once, between single brackets")),
                );
                Vec::new()
            }
            other => {
                problems.push(
                    Diagnostic::error(
                        "wrong-type",
                        format!("{name} should be a table, not {}", other.name()),
                    )
                    .at(Place::span(source, value.span.clone())),
                );
                Vec::new()
            }
        };
        let source = Arc::clone(source);
        let (known, missing) = (Vec::new(), Vec::new());
        Table { source, name, span: value.span, entries, known, missing, problems }
    }

    /// The file that the table stands in.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Whether nothing is written in it, or nothing is left to take.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A place in the table's file.
    pub fn place(&self, span: &Range<usize>) -> Place {
        Place::span(&self.source, span.clone())
    }

    /// Notes a problem with a value of this table.
    pub fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Reports what is left over and hands all problems on.
    pub fn finish(mut self, problems: &mut Vec<Diagnostic>) {
        // A required key that is misspelt is told once: where it is misspelt.
        for (key, at) in std::mem::take(&mut self.missing).into_iter().rev() {
            if self.misspells(key) {
                self.problems.remove(at);
            }
        }
        for (number, (key, _)) in self.entries.iter().enumerate() {
            let mut problem = Diagnostic::error(
                "unknown-key",
                format!("{} has no key {:?}", self.name, key.value),
            )
            .at(Place::span(&self.source, key.span.clone()));
            // More are never shown: see `diagnostic::capped`.
            if number < COMPARED {
                problem = match nearest(&key.value, self.known.iter().copied()) {
                    Some(meant) => problem.help(format!("did you mean {meant:?}?")),
                    None => problem.help(format!("known keys: {}", self.known.join(", "))),
                };
            }
            self.problems.push(problem);
        }
        problems.append(&mut self.problems);
    }

    /// Whether a key that is left over was meant to be `key`, as `Title` is.
    pub fn misspells(&self, key: &str) -> bool {
        let left = self.entries.iter().take(COMPARED);
        left.into_iter()
            .any(|(name, _)| nearest(&name.value, self.known.iter().copied()) == Some(key))
    }

    /// Whether there is a value of `key`, whatever its kind.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name.value == key)
    }

    /// The value of `key`, whatever its kind.
    pub fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        let at = self.entries.iter().position(|(name, _)| name.value == key)?;
        let (_, value) = self.entries.swap_remove(at);
        (value.value != ValueKind::Null).then_some(value)
    }

    /// The remaining entries whose keys are of a kind.
    pub fn take_those(&mut self, is_one: impl Fn(&str) -> bool) -> Vec<(Located<String>, Value)> {
        let mut taken: Vec<_> =
            self.entries.extract_if(.., |(key, _)| is_one(&key.value)).collect();
        // To take a key moves another into its place.
        taken.sort_by_key(|(key, _)| key.span.start);
        taken
    }

    /// Adds entries that were found elsewhere, for keys that are not there.
    pub fn add(&mut self, entries: Vec<(Located<String>, Value)>) {
        for (key, value) in entries {
            if self.entries.iter().all(|(known, _)| known.value != key.value) {
                self.entries.push((key, value));
            }
        }
    }

    /// Every remaining entry, for tables whose keys are the writer's own.
    pub fn take_rest(&mut self) -> Vec<(Located<String>, Value)> {
        std::mem::take(&mut self.entries)
    }

    fn wrong(&mut self, key: &str, wanted: &str, value: &Value) {
        let found = value.value.name();
        self.problems.push(
            Diagnostic::error("wrong-type", format!("{key} should be {wanted}, not {found}"))
                .at(Place::span(&self.source, value.span.clone())),
        );
    }

    /// Where the comment stands that is all there is behind `key`, which is taken: in YAML, `title: # 1`
    /// has no value.
    pub fn only_comment(&mut self, key: &'static str) -> Option<Range<usize>> {
        let at = self.entries.iter().position(|(name, _)| name.value == key)?;
        let (name, value) = &self.entries[at];
        if value.value != ValueKind::Null {
            return None;
        }
        let line = self.source.text().get(name.span.end..)?.lines().next()?;
        let comment = line.split_once(':')?.1.trim_start().trim_end();
        let start = name.span.end + line.trim_end().len() - comment.len();
        let span = start..start + comment.len();
        comment.starts_with('#').then(|| {
            self.known.push(key);
            self.entries.swap_remove(at);
            span
        })
    }

    /// What YAML takes for a comment behind a text without quotation marks: `Issue #12`. Who writes a
    /// comment puts a space behind its sign.
    fn tell_cut(&mut self, key: &str, text: &Located<String>) {
        let whole = self.source.text();
        // A line may hold thousands of texts, and for each its rest would be looked through.
        if whole[text.span.clone()].starts_with(['"', '\'', '|', '>']) {
            return;
        }
        let rest = whole[text.span.end..].lines().next().unwrap_or_default();
        let comment = rest.trim_start();
        let is_meant = comment.strip_prefix('#').is_some_and(|behind| {
            behind.starts_with(|c: char| c.is_alphanumeric()) && comment.len() < rest.len()
        });
        if !is_meant {
            return;
        }
        let start = text.span.end + rest.len() - comment.len();
        let place = self.place(&(start..start + comment.trim_end().len()));
        let what = format!("{key} ends before the #: YAML takes what follows for a comment");
        self.problems.push(Diagnostic::warning("yaml-syntax", what).at(place).help(
            "put the text between quotation marks: \"…\"; or write a space behind # if it is a \
             comment",
        ));
    }

    /// Tells of a value that is only a comment, and whether it is one.
    fn tell_only_comment(&mut self, key: &'static str) -> bool {
        let Some(span) = self.only_comment(key) else { return false };
        let what = format!("{key} is empty: YAML takes what follows # for a comment");
        let place = self.place(&span);
        self.problems.push(
            Diagnostic::warning("yaml-syntax", what)
                .at(place)
                .help("put the text between quotation marks: \"…\"; or delete the line"),
        );
        true
    }

    /// The text of `key`.
    pub fn text(&mut self, key: &'static str) -> Option<Located<String>> {
        if self.tell_only_comment(key) {
            return None;
        }
        let text = self.plain_text(key)?;
        self.tell_cut(key, &text);
        Some(text)
    }

    /// The same, where a sign in it is nothing to tell of.
    fn plain_text(&mut self, key: &'static str) -> Option<Located<String>> {
        let value = self.take(key)?;
        match value.value {
            ValueKind::Text(text) => Some(Located { value: text, span: value.span }),
            // A YAML title such as `1446` is a text that happens to look like a number.
            ValueKind::Integer(number) => {
                Some(Located { value: number.to_string(), span: value.span })
            }
            _ => {
                self.wrong(key, "a text", &value);
                None
            }
        }
    }

    /// The text of `key`; its absence, or an empty text, is reported with `help`.
    pub fn required_text(&mut self, key: &'static str, help: &str) -> Option<Located<String>> {
        let had = self.entries.iter().any(|(name, _)| name.value == key);
        let text = self.text(key);
        if let Some(Located { value, span }) = &text
            && value.trim().is_empty()
        {
            self.problems.push(
                Diagnostic::error("missing-key", format!("{key} is empty"))
                    .at(Place::span(&self.source, span.clone()))
                    .help(help),
            );
            return None;
        }
        if !had {
            self.tell_missing(key, help);
        }
        text
    }

    fn tell_missing(&mut self, key: &'static str, help: &str) {
        let at = self.span.start..self.span.start;
        self.missing.push((key, self.problems.len()));
        self.problems.push(
            Diagnostic::error("missing-key", format!("{} has no {key}", self.name))
                .at(Place::span(&self.source, at))
                .help(help),
        );
    }

    /// The whole number of `key`, if it lies in `range`.
    pub fn integer(&mut self, key: &'static str, range: Range<i64>) -> Option<i64> {
        let value = self.take(key)?;
        match value.value {
            ValueKind::Integer(number) if range.contains(&number) => Some(number),
            _ => {
                let wanted = format!("a whole number from {} to {}", range.start, range.end - 1);
                self.wrong(key, &wanted, &value);
                let number = match &value.value {
                    ValueKind::Text(text) => text.trim().parse::<i64>().ok(),
                    _ => None,
                };
                let number = number.filter(|number| range.contains(number));
                if let (Some(number), Some(problem)) = (number, self.problems.last_mut()) {
                    let help = format!("write {key} = {number}, without quotation marks");
                    *problem = problem.clone().help(help);
                }
                None
            }
        }
    }

    /// `true` or `false` of `key`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        match value.value {
            ValueKind::Bool(flag) => Some(flag),
            found => {
                let what = format!("{key} should be true or false, not {}", found.name());
                let place = Place::span(&self.source, value.span);
                let problem = Diagnostic::error("wrong-type", what).at(place);
                self.problems.push(problem.help("write true or false, without quotation marks"));
                None
            }
        }
    }

    /// The date of `key`: `2025-11-06`, also with a time behind it, which does not count.
    pub fn date(&mut self, key: &'static str) -> Option<jiff::civil::Date> {
        let text = self.plain_text(key)?;
        match dates::read(&text.value) {
            Some(date) => Some(date),
            None => {
                let (what, help) = match dates::no_such_day(&text.value) {
                    Some(why) => (format!("{key} is no day: {why}"), "correct the day"),
                    None => (
                        format!("{key} should be a date, not {:?}", text.value),
                        "write year-month-day, such as 2025-11-06",
                    ),
                };
                let problem =
                    Diagnostic::error("wrong-type", what).at(self.place(&text.span)).help(help);
                self.problems.push(problem);
                None
            }
        }
    }

    /// The same; its absence is reported with `help`.
    pub fn required_date(&mut self, key: &'static str, help: &str) -> Option<jiff::civil::Date> {
        let had = self.entries.iter().any(|(name, _)| name.value == key);
        let date = self.date(key);
        if !had {
            self.tell_missing(key, help);
        }
        date
    }

    /// The language of `key`: a tag of BCP 47, such as `en`, `ko-KR`, `zh-Hant`.
    pub fn language(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if is_language(&text.value) {
            return Some(text.value);
        }
        let problem = language::no_language(&text.value).at(self.place(&text.span));
        self.problems.push(problem);
        None
    }

    /// The texts of the list `key`; a single text is a list of one.
    pub fn texts(&mut self, key: &'static str) -> Vec<Located<String>> {
        if self.tell_only_comment(key) {
            return Vec::new();
        }
        let Some(value) = self.take(key) else { return Vec::new() };
        let items = match value.value {
            ValueKind::List(items) => items,
            ValueKind::Text(_) => vec![value],
            _ => {
                self.wrong(key, "a list of texts", &value);
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for item in items {
            match item.value {
                ValueKind::Text(text) => texts.push(Located { value: text, span: item.span }),
                _ => self.wrong(key, "a list of texts", &item),
            }
        }
        texts
    }

    /// The one of `choices` that `key` names.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text.value) {
            return Some(*choice);
        }
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
        let problem = Diagnostic::error("wrong-value", format!("{key} cannot be {:?}", text.value))
            .at(self.place(&text.span))
            .help(format!("write {}", names.join(" or ")));
        self.problems.push(problem);
        None
    }

    /// The sub-table `key`; an absent one is empty.
    pub fn table(&mut self, key: &'static str) -> Table {
        let at = self.span.start..self.span.start;
        let value =
            self.take(key).unwrap_or(Value { value: ValueKind::Table(Vec::new()), span: at });
        Table::new(&self.source, format!("[{key}]"), value)
    }

    /// The tables of the array `[[key]]`.
    pub fn tables(&mut self, key: &'static str) -> Vec<Table> {
        let items = match self.take(key) {
            None => return Vec::new(),
            Some(Value { value: ValueKind::List(items), .. }) => items,
            Some(single) => vec![single],
        };
        items.into_iter().map(|item| Table::new(&self.source, format!("[[{key}]]"), item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Table, Vec<Diagnostic>) {
        let source = Source::new("issue.toml", text);
        let mut problems = Vec::new();
        let value = toml(&source, 0..text.len(), &mut problems);
        (Table::new(&source, "issue.toml", value), problems)
    }

    #[test]
    fn every_problem_is_reported_at_its_own_place() {
        let (mut table, mut problems) = read("sujbect = \"x\"\nnumber = \"two\"\ndate = 1\n");
        assert!(problems.is_empty());
        table.required_text("title", "add title");
        table.text("subject");
        assert_eq!(table.integer("number", 0..10), None);
        assert_eq!(table.date("date"), None);
        table.finish(&mut problems);
        let told: Vec<String> =
            problems.iter().map(|p| format!("{} {}", p.place.as_ref().unwrap(), p.rule)).collect();
        assert_eq!(
            told,
            [
                "issue.toml:1:1 missing-key",
                "issue.toml:2:10 wrong-type",
                "issue.toml:3:8 wrong-type",
                "issue.toml:1:1 unknown-key",
            ]
        );
        assert_eq!(problems[3].help.as_deref(), Some("did you mean \"subject\"?"));
    }

    #[test]
    fn broken_toml_names_line_and_column() {
        let (_, problems) = read("title = \"ok\"\nsubject = oops\n");
        assert_eq!(problems[0].place.as_ref().unwrap().line_column(), Some((2, 11)));
    }

    #[test]
    fn yaml_spans_point_into_the_file() {
        let text = "---\ntitle: 한글\ntags: [a, b]\n---\n";
        let source = Source::new("a.md", text);
        let mut problems = Vec::new();
        let value = yaml(&source, 4..text.len() - 4, &mut problems);
        let mut table = Table::new(&source, "the front matter", value);
        assert_eq!(table.text("title").unwrap().span, 11..17);
        assert_eq!(table.texts("tags").len(), 2);
        assert!(problems.is_empty());
    }

    #[test]
    fn broken_yaml_names_its_line() {
        let text = "title: a\nbad: [1, }\n";
        let source = Source::new("a.md", text);
        let mut problems = Vec::new();
        yaml(&source, 0..text.len(), &mut problems);
        assert_eq!(problems[0].rule, "yaml-syntax");
        assert_eq!(problems[0].place.as_ref().unwrap().line_column().unwrap().0, 2);
    }
}
