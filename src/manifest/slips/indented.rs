//! A space too many before a key of YAML: it makes the line a part of the one above, or the lines
//! below it a part of nothing, and the reader stops there.

use super::{Slip, is_open_quote};

/// A line with a key: where it starts, how far it is indented, and whether lines below it may be
/// further.
struct KeyLine {
    start: usize,
    indent: usize,
    takes_more: bool,
}

/// The first line that begins with a space where none belongs, of those up to the one at `at`.
pub(super) fn slip(text: &str, at: usize) -> Option<Slip> {
    let mut start = 0;
    let mut before: Option<KeyLine> = None;
    for line in text.split_inclusive('\n') {
        let here = start;
        start += line.len();
        let Some(key) = key_line(line, here) else { continue };
        let found = match &before {
            // The first key is further in than one below it.
            Some(first) if key.indent < first.indent && !is_within(text, first.start) => {
                Some((first.start, first.indent))
            }
            Some(last) if key.indent > last.indent && !last.takes_more => Some((here, key.indent)),
            _ => None,
        };
        if let Some((start, indent)) = found {
            let what = "this line begins with a space".to_owned();
            let help = "delete the space before the key: keys begin their lines";
            return Some(Slip { span: start..start + indent, what, help: help.into() });
        }
        if here > at && before.is_some() {
            return None;
        }
        // Below a key without a value, what is further in belongs to it.
        let is_deeper = before.as_ref().is_some_and(|last| key.indent > last.indent);
        if is_deeper && before.as_ref().is_some_and(|last| last.takes_more) {
            continue;
        }
        before = Some(key);
    }
    None
}

/// A line as one with a key, unless it has none.
fn key_line(line: &str, start: usize) -> Option<KeyLine> {
    let text = line.trim_end();
    let inner = text.trim_start_matches(' ');
    let (key, value) = inner.split_once(':')?;
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_key = !key.is_empty() && !key.starts_with('-') && key.chars().all(is_name);
    if !is_key || !(value.is_empty() || value.starts_with(' ')) {
        return None;
    }
    let value = value.split(" #").next().unwrap_or_default().trim();
    let takes_more = value.is_empty()
        || value.starts_with(['|', '>', '[', '{', '&', '!'])
        || is_open_quote(value);
    Some(KeyLine { start, indent: text.len() - inner.len(), takes_more })
}

/// Whether something that is not indented stands above: then the line belongs to it.
fn is_within(text: &str, start: usize) -> bool {
    text[..start].lines().any(|line| !line.trim().is_empty() && !line.starts_with([' ', '#']))
}
