//! What somebody who is no programmer did wrong in TOML or YAML, in words: the crates that read them
//! say what they expected, and often a line too late.

mod headings;
mod indented;
mod opened;
mod signs;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::dates;
use crate::diagnostic::{Diagnostic, Place, Source};

/// A slip: the bytes of the text to point at, what is wrong, and what to do.
#[derive(Debug, PartialEq)]
pub(super) struct Slip {
    pub(super) span: Range<usize>,
    pub(super) what: String,
    pub(super) help: Cow<'static, str>,
}

impl Slip {
    /// A problem at the slip, in a text that starts at byte `start` of the source.
    pub(super) fn at(&self, source: &Arc<Source>, start: usize, problem: Diagnostic) -> Diagnostic {
        let clamp = |at: usize| (at + start).min(source.text().len());
        let span = clamp(self.span.start)..clamp(self.span.end);
        problem.at(Place::span(source, span)).help(self.help.clone())
    }
}

/// Lines below the first that a text is looked for an end in.
const MOST_LINES: usize = 50;
const CURLY: [char; 6] = ['“', '”', '„', '‘', '’', '«'];
const STRAIGHT: &str = "replace them with straight ones: \"October\"";
const CLOSE: &str = "end the text with the same quotation mark, on the same line";
const QUOTE: &str = "put the text between quotation marks: \"…\"";
const WITHIN: &str = "a quotation mark within a text is written \\\"";
const APOSTROPHE: &str = "put the whole text between double quotation marks: \"It's here\"";
const THREE: &str = "a text of several lines stands between three straight quotation marks: \"\"\" before \
                     it, and \"\"\" behind it";

/// A line: where it starts, its key, and its value with where that starts.
struct SlipLine<'a> {
    start: usize,
    text: &'a str,
    key: &'a str,
    value: &'a str,
    value_at: usize,
}

fn line_at(text: &str, at: usize, mark: char) -> SlipLine<'_> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    line_of(text, start, mark)
}

fn line_of(text: &str, start: usize, mark: char) -> SlipLine<'_> {
    let line = text[start..].split('\n').next().unwrap_or_default();
    let (key, value, value_at) = match line.find(mark) {
        Some(at) => {
            let value = line[at + 1..].trim_start();
            (line[..at].trim(), value.trim_end(), start + line.len() - value.len())
        }
        None => (line.trim(), "", start + line.len()),
    };
    SlipLine { start, text: line, key, value, value_at }
}

/// The lines up to the one at `at`, the last first, so that the nearest slip is found.
fn lines_up_to(text: &str, at: usize, mark: char) -> impl Iterator<Item = SlipLine<'_>> {
    let last = line_at(text, at, mark).start;
    let starts = std::iter::successors(Some(last), move |start| {
        let before = start.checked_sub(1)?;
        Some(text[..before].rfind('\n').map_or(0, |at| at + 1))
    });
    // A slip further up would have been found there.
    starts.take(50).map(move |start| line_of(text, start, mark))
}

/// Whether the text that `value` begins with is closed on its line, and what stands behind it.
fn behind_quote(value: &str, quote: char) -> Option<&str> {
    let inner = value.strip_prefix(quote)?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(&inner[at + 1..]),
            _ => {}
        }
    }
    None
}

fn is_open_quote(value: &str) -> bool {
    let is_long = value.starts_with("\"\"\"") || value.starts_with("'''");
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    !is_long && quote.is_some_and(|quote| behind_quote(value, quote).is_none())
}

/// Whether a text that begins with `open` on the line from byte `start` on ends on a line below it,
/// before the next key or table.
fn is_over_lines(text: &str, start: usize, open: char) -> bool {
    let closes: &[char] = match open {
        '“' | '„' | '”' => &['”', '“'],
        '‘' | '’' => &['’', '‘'],
        '«' => &['»'],
        '\'' => &['\''],
        _ => &['"'],
    };
    let rest = text[start..].split_once('\n').map_or("", |(_, rest)| rest);
    let within = rest.split('\n').take_while(|line| !opened::is_next(line)).take(MOST_LINES);
    within.map(str::trim_end).any(|line| line.ends_with(closes))
}

/// The same slip, with what to do where the text goes on below.
fn over_lines(text: &str, line: &SlipLine<'_>, slip: Slip) -> Slip {
    let is_curly = slip.help == STRAIGHT;
    let open = line.value.chars().next().unwrap_or('"');
    let is_single = is_curly && line.value.trim_end().ends_with(CURLY) && line.value.len() > 6;
    if (slip.help == CLOSE || is_curly) && !is_single && is_over_lines(text, line.start, open) {
        return Slip { help: THREE.into(), ..slip };
    }
    slip
}

fn curly(line: &SlipLine<'_>) -> Option<Slip> {
    let is_curly = line.value.starts_with(CURLY) || line.value.starts_with(['[', '{']);
    let at = line.value.find(CURLY).filter(|_| is_curly)?;
    let length = line.value[at..].chars().next().map_or(1, char::len_utf8);
    let start = line.value_at + at;
    let what = "these are curly quotation marks".to_owned();
    Some(Slip { span: start..start + length, what, help: STRAIGHT.into() })
}

fn open_quote(line: &SlipLine<'_>) -> Option<Slip> {
    is_open_quote(line.value).then(|| Slip {
        span: line.value_at..line.value_at + line.value.len(),
        what: "this text has no closing quotation mark".to_owned(),
        help: CLOSE.into(),
    })
}

/// What is wrong with TOML at byte `at`, where the reader stopped with `message`.
pub(super) fn toml(text: &str, at: usize, message: &str) -> Option<Slip> {
    let line = line_at(text, at, '=');
    let whole = line.start..line.start + line.text.trim_end().len();
    let value = line.value_at..line.value_at + line.value.len();
    // What was opened further up takes in all that follows, and is noticed at the end.
    if let Some(slip) = opened::slip(text, at) {
        return Some(slip);
    }
    if let Some(slip) = headings::slip(text, at) {
        return Some(slip);
    }
    if message.contains("duplicate key") {
        let what = format!("{} is written twice", name_at(text, at));
        return Some(Slip { span: whole, what, help: "keep one of the two".into() });
    }
    if let Some(slip) = curly(&line).or_else(|| open_quote(&line)) {
        return Some(over_lines(text, &line, slip));
    }
    if let Some(slip) = two_quotes(&line).or_else(|| signs::slip(&line)) {
        return Some(slip);
    }
    let is_key = !line.text.contains('=') && !line.key.starts_with(['[', ']', '"', '#']);
    if let Some((key, _)) = line.key.split_once(':').filter(|(key, _)| is_key && !key.contains(' '))
    {
        let what = format!("the key {key} is followed by a colon");
        return Some(Slip {
            span: whole,
            what,
            help: "write = between a key and its value".into(),
        });
    }
    if line.value.starts_with('[') {
        if let Some(at) = missing_comma(line.value) {
            let start = line.value_at + at;
            let what = "a comma is missing between two texts".to_owned();
            let help = "write [\"first\", \"second\"]";
            return Some(Slip { span: start..start + 1, what, help: help.into() });
        }
        if !line.value.contains(']') {
            let what = "this list has no closing bracket".to_owned();
            return Some(Slip { span: value, what, help: "end it with ]".into() });
        }
    }
    if let Some(rest) = ['"', '\''].into_iter().find_map(|quote| behind_quote(line.value, quote))
        && !rest.trim().is_empty()
        && !rest.trim_start().starts_with('#')
    {
        let start = line.value_at + line.value.len() - rest.trim_start().len();
        let what = "there is something behind the closing quotation mark".to_owned();
        let help = if line.value.starts_with('\'') { APOSTROPHE } else { WITHIN };
        return Some(Slip { span: start..value.end, what, help: help.into() });
    }
    if let Some(slip) = no_date(&line) {
        return Some(slip);
    }
    let is_bare = line.value.starts_with(char::is_alphabetic)
        && !["true", "false", "inf", "nan"].contains(&line.value);
    if is_bare {
        let what = "this text has no quotation marks".to_owned();
        return Some(Slip { span: value, what, help: QUOTE.into() });
    }
    // What was left open further up is noticed late.
    lines_up_to(text, at, '=')
        .skip(1)
        .find_map(|line| open_quote(&line).map(|slip| over_lines(text, &line, slip)))
}

/// `""October""`: two marks are a text without words, and what is behind them is lost.
fn two_quotes(line: &SlipLine<'_>) -> Option<Slip> {
    let (mark, words) = line.value.split_at_checked(2)?;
    let is_pair = ["\"\"", "''"].contains(&mark) && words.starts_with(char::is_alphanumeric);
    let help = "write one before and behind a text, or three around a text of several lines";
    is_pair.then(|| Slip {
        span: line.value_at..line.value_at + 2,
        what: "these are two quotation marks".to_owned(),
        help: help.into(),
    })
}

/// `date = 27.11.2026`, and a day that no calendar has.
fn no_date(line: &SlipLine<'_>) -> Option<Slip> {
    if line.key != "date" || !line.value.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let no_day = dates::no_such_day(line.value.split('#').next().unwrap_or_default());
    let (what, help) = match no_day {
        Some(why) => (format!("there is no such day: {why}"), "correct the day"),
        None => ("this is no date".to_owned(), "write year-month-day: date = 2025-11-06"),
    };
    let span = line.value_at..line.value_at + line.value.len();
    Some(Slip { span, what, help: help.into() })
}

/// Where a list has two texts with nothing but a space between.
fn missing_comma(value: &str) -> Option<usize> {
    let mut in_text = None;
    let mut last = None;
    for (at, c) in value.char_indices() {
        match (in_text, c) {
            (Some(quote), c) if c == quote => (in_text, last) = (None, Some(at)),
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                if let Some(last) = last {
                    return Some(last + 1);
                }
                in_text = Some(c);
            }
            (None, c) if c.is_whitespace() => {}
            (None, _) => last = None,
        }
    }
    None
}

fn name_at(text: &str, at: usize) -> String {
    let line = line_at(text, at, '=');
    if line.key.is_empty() { "this key".to_owned() } else { line.key.to_owned() }
}

/// What is wrong with YAML at byte `at`, where the reader stopped with `message`.
pub(super) fn yaml(text: &str, at: usize, message: &str) -> Option<Slip> {
    let lower = message.to_lowercase();
    let line = line_at(text, at, ':');
    if lower.contains("duplicate") {
        let whole = line.start..line.start + line.text.trim_end().len();
        let what = format!("{} is written twice", line.key);
        return Some(Slip { span: whole, what, help: "keep one of the two".into() });
    }
    // A tab makes a line a part of the one above, so that the reader stops there.
    let tab =
        text.match_indices('\t').map(|(at, _)| line_at(text, at, ':')).find_map(|line| tab(&line));
    tab.or_else(|| indented::slip(text, at))
        .or_else(|| lines_up_to(text, at, ':').find_map(|line| yaml_line(&line)))
}

fn tab(line: &SlipLine<'_>) -> Option<Slip> {
    let indent = &line.text[..line.text.len() - line.text.trim_start().len()];
    let start = line.start + indent.find('\t')?;
    let what = "this line begins with a tab".to_owned();
    let help = "write spaces: a tab cannot stand at the beginning of a line";
    Some(Slip { span: start..start + 1, what, help: help.into() })
}

/// What is wrong with one line of YAML.
fn yaml_line(line: &SlipLine<'_>) -> Option<Slip> {
    let is_indented = line.text.starts_with([' ', '\t']);
    let value = line.value_at..line.value_at + line.value.len();
    if let Some(slip) = open_quote(line) {
        return Some(slip);
    }
    if let Some(rest) = ['"', '\''].into_iter().find_map(|quote| behind_quote(line.value, quote)) {
        return behind_closed(line, rest);
    }
    // A colon within curly quotes is one that somebody has put between quotation marks.
    if line.value.starts_with(CURLY) && (line.value.contains(": ") || line.value.ends_with(':')) {
        return curly(line);
    }
    if let Some(at) = line.value.find(": ").filter(|_| !line.value.starts_with(['[', '{', '#'])) {
        let start = line.value_at + at;
        let what = "this text has a colon".to_owned();
        return Some(Slip { span: start..start + 1, what, help: QUOTE.into() });
    }
    if line.value.ends_with(':') && !line.key.is_empty() {
        let what = "this text ends with a colon".to_owned();
        return Some(Slip { span: value.end - 1..value.end, what, help: QUOTE.into() });
    }
    if line.value.starts_with("- ") && !line.key.is_empty() && !line.key.starts_with('-') {
        let what = "a list does not begin behind its key".to_owned();
        let help = "delete the - before a single value, or write each - on a line of its own below";
        return Some(Slip { span: line.value_at..line.value_at + 1, what, help: help.into() });
    }
    if let Some(c) = line.value.chars().next().filter(|c| "@`%*&!|>[{".contains(*c)) {
        let is_list = matches!((c, line.value.chars().last()), ('[', Some(']')) | ('{', Some('}')));
        let is_block = matches!(c, '|' | '>') && line.value.len() < 4;
        if !is_list && !is_block {
            let what = format!("a text cannot begin with {c}");
            return Some(Slip { span: line.value_at..line.value_at + 1, what, help: QUOTE.into() });
        }
    }
    let key = line.text.split(':').next().unwrap_or_default();
    let has_no_space = line.text.contains(':') && !line.value.is_empty() && {
        let colon = line.text.find(':').map_or(0, |at| at + 1);
        !line.text[colon..].starts_with(char::is_whitespace)
    };
    if has_no_space && !key.contains(' ') && !key.is_empty() {
        let start = line.start + key.len();
        let what = format!("a space is missing behind {key}:");
        return Some(Slip {
            span: start..start + 1,
            what,
            help: "write it like title: October".into(),
        });
    }
    keyless(line).filter(|_| !is_indented)
}

/// What stands behind a text that is closed: a quotation mark within it ended it.
fn behind_closed(line: &SlipLine<'_>, rest: &str) -> Option<Slip> {
    if rest.trim().is_empty() || rest.trim_start().starts_with('#') {
        return None;
    }
    let end = line.value_at + line.value.len();
    let what = "there is something behind the closing quotation mark".to_owned();
    // An apostrophe ends a text between single ones.
    let help = if line.value.starts_with('\'') && !line.value.contains('"') {
        APOSTROPHE
    } else {
        "put the whole text between single quotation marks: 'a \"b\" c'"
    };
    Some(Slip { span: end - rest.trim_start().len()..end, what, help: help.into() })
}

/// A line without a key.
fn keyless(line: &SlipLine<'_>) -> Option<Slip> {
    let is_lone = !line.text.contains(':')
        && !line.text.trim().is_empty()
        && !line.text.trim_start().starts_with(['-', '#']);
    let (what, help) = match line.text {
        text if text.contains('：') => {
            ("this line has a wide colon", "write a plain one and a space: title: October")
        }
        text if text.contains('=') => (
            "this line has = and no colon",
            "write title: October between lines of ---; title = \"October\" stands between lines \
             of +++",
        ),
        _ => (
            "this line has no key",
            "write it like title: October; the text of the article stands below the second ---",
        ),
    };
    is_lone.then(|| Slip {
        span: line.start..line.start + line.text.trim_end().len(),
        what: what.to_owned(),
        help: help.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(slip: Option<Slip>, text: &str) -> (String, String) {
        let slip = slip.unwrap_or_else(|| panic!("{text}: nothing is told"));
        (slip.what, text[slip.span].to_owned())
    }

    #[test]
    fn slips_in_toml_have_words() {
        for (text, at, message, what, part) in [
            ("title = “October”\n", 8, "", "these are curly quotation marks", "“"),
            ("a = [“b”]\n", 5, "", "these are curly quotation marks", "“"),
            (
                "title = \"October\nb = 1\n",
                8,
                "",
                "this text has no closing quotation mark",
                "\"October",
            ),
            (
                "title: \"October\"\n",
                5,
                "",
                "the key title is followed by a colon",
                "title: \"October\"",
            ),
            ("a = [\"b\" \"c\"]\n", 9, "", "a comma is missing between two texts", " "),
            (
                "a = \"b\" c\"\n",
                8,
                "",
                "there is something behind the closing quotation mark",
                "c\"",
            ),
            ("date = 6 November 2025\n", 8, "", "this is no date", "6 November 2025"),
            ("title = October\n", 8, "", "this text has no quotation marks", "October"),
            ("a = \"b\",\n", 7, "", "there is a comma behind this value", ","),
            ("a = [\"b\"],\n", 9, "", "there is a comma behind this value", ","),
            ("a = \"b\" // c\n", 8, "", "these are two slashes", "//"),
            ("// c\na = 1\n", 0, "", "these are two slashes", "//"),
            ("a \"b\"\n", 2, "", "there is no = behind the key", "a \"b\""),
            ("a == \"b\"\n", 3, "", "this is a second =", "="),
            ("a ＝ \"b\"\n", 2, "", "this sign is a wide one", "＝"),
            ("［［section］］\n", 0, "", "this sign is a wide one", "［"),
            ("a = ＂b＂\n", 4, "", "this sign is a wide one", "＂"),
            ("제목 = \"b\"\n", 0, "", "there is no key of this name", "제목"),
            ("a = [b-c]\n", 5, "", "this name has no quotation marks", "b-c"),
            ("number = 01\n", 9, "", "a number has no 0 before it", "01"),
            ("number = 1. # of 12\n", 9, "", "a number has no full stop behind it", "1."),
            ("number = No. 1\n", 9, "", "this is no number", "No. 1"),
            ("a = 1\na = 2\n", 6, "duplicate key", "a is written twice", "a = 2"),
            (
                "date = 2026-11-31 # Mon\n",
                7,
                "",
                "there is no such day: November 2026 has 30 days, and this is day 31",
                "2026-11-31 # Mon",
            ),
        ] {
            let (told, shown) = told(toml(text, at, message), text);
            assert_eq!((told.as_str(), shown.as_str()), (what, part), "{text}");
        }
        assert_eq!(toml("a = 1\nb = 3", 6, ""), None);
    }

    #[test]
    fn slips_in_yaml_have_words() {
        for (text, what, part) in [
            ("title: Seoul: a guide\n", "this text has a colon", ":"),
            ("\ttitle: a\n", "this line begins with a tab", "\t"),
            ("title: \"Seoul\n", "this text has no closing quotation mark", "\"Seoul"),
            ("title: \"a\" b\n", "there is something behind the closing quotation mark", "b"),
            ("title: @kim\n", "a text cannot begin with @", "@"),
            ("title:Seoul\n", "a space is missing behind title:", ":"),
            ("hello\n", "this line has no key", "hello"),
            ("title：서울\n", "this line has a wide colon", "title：서울"),
            ("title = Seoul\n", "this line has = and no colon", "title = Seoul"),
            ("title: \"a\"\n author: b\n", "this line begins with a space", " "),
            ("title: “Seoul: a guide”\n", "these are curly quotation marks", "“"),
            (" title: a\ndate: b\n", "this line begins with a space", " "),
            ("author: - Kim\n", "a list does not begin behind its key", "-"),
            ("# x\n  title: a\ndate: b\n", "this line begins with a space", "  "),
            ("title: a\n date: b\n", "this line begins with a space", " "),
        ] {
            let (told, shown) = told(yaml(text, 0, ""), text);
            assert_eq!((told.as_str(), shown.as_str()), (what, part), "{text}");
        }
        for right in [
            "title: a\n",
            "tags: [a, b]\n",
            "- a\n",
            "a: 'b: c'\n",
            "b: |\n",
            "# x\n",
            " a: 1\n b: 2\n",
            "a:\n  b: 1\nc: 2\n",
            "a: >\n  see b: c\nd: 1\n",
        ] {
            assert_eq!(yaml(right, 0, ""), None, "{right}");
        }
    }
}
