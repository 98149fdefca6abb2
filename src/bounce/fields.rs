//! Header fields (RFC 5322 2.2) of a message, of a MIME part, and of the blocks of a report: read as
//! they come, folded or not, from whoever wrote them.

use std::ops::Range;

/// Fields of one block that are kept, at most.
const MOST_FIELDS: usize = 400;
/// Characters of a value that are kept, at most: a reply of a server has a few hundred.
const MOST_VALUE: usize = 8 * 1024;

/// One field, its value unfolded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReportField {
    /// In small letters.
    pub(super) name: String,
    pub(super) value: String,
}

/// The fields of one block, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldBlock(pub(super) Vec<ReportField>);

impl FieldBlock {
    /// The value of the first field that is called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// The values of every field that is called `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |field| field.name == name).map(|field| field.value.as_str())
    }

    /// Whether a field that is called `name` has `word` in its value, in any case.
    pub(super) fn says(&self, name: &str, word: &str) -> bool {
        self.all(name).any(|value| value.to_ascii_lowercase().contains(word))
    }
}

/// Reads fields from the beginning of `text` to an empty line, or to the first line that is none.
/// Gives them with the place behind them.
pub(super) fn read(text: &str) -> (FieldBlock, usize) {
    let mut block = FieldBlock::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        if bare.trim().is_empty() {
            // What stands above the first field, an empty line or an envelope's, is passed over.
            if block.0.is_empty() && at < 2 {
                at += line.len();
                continue;
            }
            at += line.len();
            break;
        }
        if bare.starts_with([' ', '\t']) && !block.0.is_empty() {
            if let Some(last) = block.0.last_mut()
                && last.value.len() + bare.len() < MOST_VALUE
            {
                last.value.push(' ');
                last.value.push_str(bare.trim());
            }
        } else if let Some((name, value)) = field(bare) {
            if block.0.len() < MOST_FIELDS {
                let value = cut(value.trim(), MOST_VALUE).to_owned();
                block.0.push(ReportField { name: name.to_ascii_lowercase(), value });
            }
        } else if !is_envelope(bare) {
            break;
        }
        at += line.len();
    }
    (block, at)
}

/// Name and value of a line that begins a field.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = !name.is_empty()
        && name.len() <= 76
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    is_name.then_some((name, value))
}

/// The line that an mbox file puts before a message.
fn is_envelope(line: &str) -> bool {
    line.starts_with("From ") || line.starts_with(">From ")
}

/// At most `most` bytes of `text`.
pub(super) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The value of a parameter of a structured field, such as `boundary` (RFC 2045 5.1).
pub(super) fn parameter(value: &str, name: &str) -> Option<String> {
    let range = parameter_place(value, name)?;
    let rest = value[range].trim_start();
    let text = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([';', ' ', '\t']).next()?,
    };
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

fn parameter_place(value: &str, name: &str) -> Option<Range<usize>> {
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(name) {
        let start = from + at;
        let end = start + name.len();
        let begins = lower[..start].ends_with([';', ' ', '\t', '"']);
        let rest = lower[end..].trim_start();
        if begins && let Some(after) = rest.strip_prefix('=') {
            return Some(lower.len() - after.len()..lower.len());
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_at_an_empty_line_or_where_text_begins() {
        let (block, end) = read("From x@y Mon\nSubject: a\n b\n\tc\nTo : d\n\ntext");
        assert_eq!(block.get("subject"), Some("a b c"));
        assert_eq!(block.get("to"), Some("d"));
        assert_eq!(&"From x@y Mon\nSubject: a\n b\n\tc\nTo : d\n\ntext"[end..], "text");
        let (block, end) = read("A: 1\nthis is text: yes\n");
        assert_eq!((block.0.len(), end), (1, 5));
    }

    #[test]
    fn parameters_are_found_in_any_writing() {
        let value = "MULTIPART/Report; report-type=delivery-status; BOUNDARY = \"a b; c\"";
        assert_eq!(parameter(value, "boundary").as_deref(), Some("a b; c"));
        assert_eq!(parameter(value, "report-type").as_deref(), Some("delivery-status"));
        assert_eq!(parameter(value, "type"), None);
        assert_eq!(parameter("text/plain; charset=", "charset"), None);
    }
}
