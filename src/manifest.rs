//! Tables that people write, in TOML or YAML, read key by key.
//!
//! serde's derived readers stop at the first problem and lose the place of the second. Here every
//! unknown key, missing key and wrong type of a file is reported in one round, each at its own
//! line. This file knows no key by name: `issue` and `config` do.

mod yaml;

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

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

/// Reads the TOML between `range` of `source`; syntax errors go to `problems`, all of them.
pub fn toml(source: &Arc<Source>, range: Range<usize>, problems: &mut Vec<Diagnostic>) -> Value {
    let start = range.start;
    let (table, errors) = DeTable::parse_recoverable(&source.text()[range.clone()]);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        problems.push(
            Diagnostic::error(
                "toml-syntax",
                format!("this is not valid TOML: {}", error.message()),
            )
            .at(Place::span(source, span.start + start..span.end + start))
            .help(
                "write texts between quotation marks, such as title = \"October\", and one key on \
                 each line",
            ),
        );
    }
    let entries = ValueKind::Table(toml_entries(table.into_inner(), start));
    cleaned(source, Value { value: entries, span: range }, problems)
}

/// Reads the YAML between `range` of `source`; a syntax error goes to `problems`.
pub fn yaml(source: &Arc<Source>, range: Range<usize>, problems: &mut Vec<Diagnostic>) -> Value {
    let empty = Value { value: ValueKind::Table(Vec::new()), span: range.clone() };
    match yaml::parse(&source.text()[range.clone()], range.start) {
        Ok(Value { value: ValueKind::Null, .. }) => empty,
        Ok(value) => cleaned(source, value, problems),
        Err(yaml::SyntaxError { message, at }) => {
            let at = (at + range.start).min(range.end);
            problems.push(
                Diagnostic::error("yaml-syntax", format!("this is not valid YAML: {message}"))
                    .at(Place::span(source, at..at))
                    .help(
                        "put quotation marks around a text that has a colon or a #, or that starts \
                         with a quotation mark",
                    ),
            );
            empty
        }
    }
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
    let Some((_, odd)) = refused::find(&text) else { return text };
    problems.push(refused::diagnostic("this text", odd).at(Place::span(source, span.clone())));
    refused::without(&text)
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

/// A table being read: every key that is asked for is known, every other one is a mistake.
#[derive(Debug)]
pub struct Table {
    source: Arc<Source>,
    name: String,
    span: Range<usize>,
    entries: Vec<(Located<String>, Value)>,
    known: Vec<&'static str>,
    problems: Vec<Diagnostic>,
}

impl Table {
    /// The table `value` of `source`, called `name` in messages.
    pub fn new(source: &Arc<Source>, name: impl Into<String>, value: Value) -> Table {
        let name = name.into();
        let mut problems = Vec::new();
        let entries = match value.value {
            ValueKind::Table(entries) => entries,
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
        Table { source, name, span: value.span, entries, known: Vec::new(), problems }
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

    /// The value of `key`, whatever its kind.
    pub fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        let at = self.entries.iter().position(|(name, _)| name.value == key)?;
        let (_, value) = self.entries.swap_remove(at);
        (value.value != ValueKind::Null).then_some(value)
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

    /// The text of `key`.
    pub fn text(&mut self, key: &'static str) -> Option<Located<String>> {
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
            let at = self.span.start..self.span.start;
            self.problems.push(
                Diagnostic::error("missing-key", format!("{} has no {key}", self.name))
                    .at(Place::span(&self.source, at))
                    .help(help),
            );
        }
        text
    }

    /// The whole number of `key`, if it lies in `range`.
    pub fn integer(&mut self, key: &'static str, range: Range<i64>) -> Option<i64> {
        let value = self.take(key)?;
        match value.value {
            ValueKind::Integer(number) if range.contains(&number) => Some(number),
            _ => {
                let wanted = format!("a whole number from {} to {}", range.start, range.end - 1);
                self.wrong(key, &wanted, &value);
                None
            }
        }
    }

    /// `true` or `false` of `key`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        match value.value {
            ValueKind::Bool(flag) => Some(flag),
            _ => {
                self.wrong(key, "true or false", &value);
                None
            }
        }
    }

    /// The date of `key`, `2025-11-06`.
    pub fn date(&mut self, key: &'static str) -> Option<jiff::civil::Date> {
        let text = self.text(key)?;
        match text.value.parse() {
            Ok(date) => Some(date),
            Err(_) => {
                let problem = Diagnostic::error(
                    "wrong-type",
                    format!("{key} should be a date, not {:?}", text.value),
                )
                .at(self.place(&text.span))
                .help("write year-month-day, such as 2025-11-06");
                self.problems.push(problem);
                None
            }
        }
    }

    /// The language of `key`: a tag of BCP 47, such as `en`, `ko-KR`, `zh-Hant`.
    pub fn language(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if is_language(&text.value) {
            return Some(text.value);
        }
        let problem =
            Diagnostic::error("language", format!("{:?} is not a language code", text.value))
                .at(self.place(&text.span))
                .help("write en, ko, ja, zh-Hant … (BCP 47)");
        self.problems.push(problem);
        None
    }

    /// The texts of the list `key`; a single text is a list of one.
    pub fn texts(&mut self, key: &'static str) -> Vec<Located<String>> {
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

/// Whether a text has the form of a language tag (RFC 5646 2.1).
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
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
    fn languages_are_tags() {
        for good in ["en", "ko-KR", "zh-Hant-TW", "sr-Latn"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "en_US", "en\" onload=\"x", "korean language", "-ko", "ko-"] {
            assert!(!is_language(bad), "{bad}");
        }
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
