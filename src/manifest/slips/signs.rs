//! Signs of TOML that are missing, too many, or of another language: a comma at the end of a line, `//`
//! before a comment, no `=`, wide signs of a Korean or Japanese keyboard, a key that is not in English.

use super::{CURLY, Slip, SlipLine};

/// Wide signs that stand for plain ones.
const WIDE: [(char, char); 6] =
    [('＝', '='), ('［', '['), ('］', ']'), ('＂', '"'), ('＇', '\''), ('＃', '#')];

/// The slip of one line, if it is one of these.
pub(super) fn slip(line: &SlipLine<'_>) -> Option<Slip> {
    let kinds = [comment, wide, foreign_key, two_equals, no_equals, comma, bare_name, number];
    kinds.into_iter().find_map(|kind| kind(line))
}

fn is_key(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    !text.is_empty() && text.chars().all(is_part)
}

/// A slip of the bytes from `start` on in the line, up to `length`.
fn at(line: &SlipLine<'_>, start: usize, length: usize, what: &str, help: String) -> Slip {
    let start = line.start + start;
    Slip { span: start..start + length, what: what.to_owned(), help: help.into() }
}

/// Where the value ends that a line has: behind its closing mark, or at the first space.
fn value_end(value: &str) -> Option<usize> {
    match value.chars().next()? {
        quote @ ('"' | '\'') => {
            let rest = super::behind_quote(value, quote)?;
            Some(value.len() - rest.len())
        }
        '[' => value.rfind(']').map(|end| end + 1),
        _ => Some(value.find([' ', ',']).unwrap_or(value.len())),
    }
}

fn comment(line: &SlipLine<'_>) -> Option<Slip> {
    let indent = line.text.len() - line.text.trim_start().len();
    let behind = value_end(line.value).filter(|_| is_key(line.key)).and_then(|end| {
        let rest = &line.value[end..];
        let marks = rest.trim_start();
        let start = line.value_at - line.start + line.value.len() - marks.len();
        marks.starts_with("//").then_some(start)
    });
    let start = line.text[indent..].starts_with("//").then_some(indent).or(behind)?;
    Some(at(line, start, 2, "these are two slashes", "a comment begins with #".to_owned()))
}

fn wide(line: &SlipLine<'_>) -> Option<Slip> {
    let text = line.text.trim_end();
    // What stands between quotation marks may be any sign.
    let before = &text[..text.find(['"', '\'']).unwrap_or(text.len())];
    let (start, (wide, plain)) = WIDE
        .iter()
        .filter_map(|(wide, plain)| Some((before.find(*wide)?, (*wide, *plain))))
        .min_by_key(|(start, _)| *start)?;
    let help = format!("write the plain sign of the English keyboard: {plain}");
    Some(at(line, start, wide.len_utf8(), "this sign is a wide one", help))
}

fn foreign_key(line: &SlipLine<'_>) -> Option<Slip> {
    let is_word = |c: char| c.is_alphanumeric() || "_- ".contains(c);
    let is_foreign = line.text.contains('=')
        && !line.key.is_ascii()
        && line.key.chars().all(is_word)
        && !line.key.contains(CURLY);
    let help = "keys have English names, such as title, subject, date and articles".to_owned();
    let start = line.text.len() - line.text.trim_start().len();
    is_foreign.then(|| at(line, start, line.key.len(), "there is no key of this name", help))
}

fn two_equals(line: &SlipLine<'_>) -> Option<Slip> {
    let is_double = is_key(line.key) && line.value.starts_with('=');
    let help = "write one = between a key and its value".to_owned();
    let start = line.value_at - line.start;
    is_double.then(|| at(line, start, 1, "this is a second =", help))
}

/// `title "October"`.
fn no_equals(line: &SlipLine<'_>) -> Option<Slip> {
    let text = line.text.trim();
    let (key, value) = text.split_once(' ').filter(|_| !line.text.contains('='))?;
    let value = value.trim();
    let is_value = value.starts_with(['"', '\'', '[']) || value.bytes().all(|b| b.is_ascii_digit());
    let is_line = is_key(key) && is_value && value_end(value) == Some(value.len());
    let help = format!("write {key} = {value}");
    let start = line.text.len() - line.text.trim_start().len();
    is_line.then(|| at(line, start, text.len(), "there is no = behind the key", help))
}

/// `title = "October",`.
fn comma(line: &SlipLine<'_>) -> Option<Slip> {
    let end = value_end(line.value).filter(|_| is_key(line.key))?;
    let is_last = line.value[end..].trim() == ",";
    let start = line.value_at - line.start + line.value.len() - 1;
    let help = "delete it: a value ends with its line".to_owned();
    is_last.then(|| at(line, start, 1, "there is a comma behind this value", help))
}

/// `articles = [hangul]`.
fn bare_name(line: &SlipLine<'_>) -> Option<Slip> {
    let inner = line.value.strip_prefix('[')?;
    let end = inner.find([',', ']']).unwrap_or(inner.len());
    let name = inner[..end].trim();
    let is_name = name.starts_with(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c))
        && !["true", "false", "inf", "nan"].contains(&name);
    let start = line.value_at - line.start + 1 + inner.len() - inner.trim_start().len();
    let what = "this name has no quotation marks";
    let help = format!("put each name between quotation marks: [\"{name}\"]");
    (is_key(line.key) && is_name).then(|| at(line, start, name.len(), what, help))
}

/// `number = 01`, `number = No. 1`, `number = 1.`.
fn number(line: &SlipLine<'_>) -> Option<Slip> {
    let value = line.value.split(" #").next().unwrap_or_default().trim();
    let digits = value.trim_start_matches(|c: char| !c.is_ascii_digit());
    let digits = &digits[..digits.bytes().take_while(u8::is_ascii_digit).count()];
    let bare = match digits.trim_start_matches('0') {
        "" => "12",
        bare => bare,
    };
    let start = line.value_at - line.start;
    let is_padded = value.len() > 1 && value.starts_with('0') && value == digits;
    let is_word = line.key == "number" && value.starts_with(char::is_alphabetic);
    let is_ended = value.strip_suffix('.') == Some(digits) && !digits.is_empty();
    (is_key(line.key) && (is_padded || is_word || is_ended)).then(|| {
        let what = match (is_padded, is_ended) {
            (true, _) => "a number has no 0 before it",
            (_, true) => "a number has no full stop behind it",
            _ => "this is no number",
        };
        at(line, start, value.len(), what, format!("write {} = {bare}", line.key))
    })
}
