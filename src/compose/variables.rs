//! Values with a name, `var(--ink)`: each is put where its name stands if the sheet gives the name one
//! value for all surroundings, because most mail programs know no names.

use std::collections::HashMap;

use super::sheet_text::{self, SheetEdit, SheetItem};

/// What stands for all of a letter.
const WHOLE: [&str; 4] = [":root", "html", "body", "*"];
/// Names that stand for each other.
const MAX_NAMES: usize = 6;
/// Bytes of a value that is put in, and of all of them.
const MAX_VALUE: usize = 400;
const MAX_ALL: usize = 256 * 1024;

/// The values of `sheet` that have names in them, with what the names stand for.
pub(super) fn written_out(sheet: &str) -> Vec<SheetEdit> {
    if !sheet.contains("var(") {
        return Vec::new();
    }
    let items = sheet_text::items(sheet);
    let named = named(&items);
    let (mut edits, mut all) = (Vec::new(), 0);
    for item in items.into_iter().filter(|one| !one.is_prelude && !one.text.starts_with("--")) {
        let Some(text) = put_in(item.text, &named) else { continue };
        all += text.len();
        if all > MAX_ALL {
            break;
        }
        edits.push((item.range, text));
    }
    edits
}

/// The names and their values; `None` where a name has another one somewhere.
fn named<'s>(items: &[SheetItem<'s>]) -> HashMap<&'s str, Option<&'s str>> {
    let mut named: HashMap<&str, Option<&str>> = HashMap::new();
    for item in items.iter().filter(|one| !one.is_prelude) {
        let Some((name, value)) = item.text.split_once(':') else { continue };
        if !name.starts_with("--") {
            continue;
        }
        let is_of_all = matches!(item.around[..], [of] if WHOLE.contains(&of));
        let value = Some(value.trim()).filter(|_| is_of_all);
        let known = named.entry(name.trim()).or_insert(value);
        if *known != value {
            *known = None;
        }
    }
    named
}

/// A declaration with values in the place of names; `None` where it has none, or one of them is not
/// certain.
fn put_in(text: &str, named: &HashMap<&str, Option<&str>>) -> Option<String> {
    let mut text = text.to_owned();
    if !text.contains("var(") {
        return None;
    }
    for _ in 0..MAX_NAMES {
        let Some(at) = text.rfind("var(") else { return Some(text) };
        let inner = &text[at + 4..];
        let end = closing(inner)?;
        let (name, instead) = match inner[..end].split_once(',') {
            Some((name, instead)) => (name.trim(), Some(instead.trim())),
            None => (inner[..end].trim(), None),
        };
        let value = match named.get(name) {
            Some(value) => (*value)?,
            None => instead?,
        };
        if value.len() > MAX_VALUE || text.len() > 4 * MAX_VALUE {
            return None;
        }
        text = format!("{}{value}{}", &text[..at], &inner[end + 1..]);
    }
    None
}

/// Where the parenthesis ends that is open at the start of `text`.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(css: &str) -> Option<String> {
        written_out(css).into_iter().next().map(|(_, text)| text)
    }

    #[test]
    fn a_name_with_one_value_is_written_out() {
        for (css, out) in [
            (":root{--f:\"Inter\",Arial}p{font-family:var(--f)}", "font-family:\"Inter\",Arial"),
            ("p{font-family:var(--f, Georgia, serif)}", "font-family:Georgia, serif"),
            (":root{--a:var(--b);--b:4px}p{margin:var(--a) 0}", "margin:4px 0"),
            (":root{--a:red}p{color:var(--a,blue)}", "color:red"),
        ] {
            assert_eq!(first(css).as_deref(), Some(out), "{css}");
        }
        for css in [
            "p{color:var(--a)}",
            ".x{--a:red}p{color:var(--a)}",
            ":root{--a:red}@media (prefers-color-scheme:dark){:root{--a:blue}}p{color:var(--a)}",
            "@media print{:root{--a:red}}p{color:var(--a,blue)}",
            ":root{--a:var(--a)}p{color:var(--a)}",
            ":root{--a:red}p{color:red}",
        ] {
            assert_eq!(first(css), None, "{css}");
        }
    }

    proptest! {
        #[test]
        fn any_sheet_is_read(css in "(--a|var\\(|:root|[{}:;,() a]){0,40}") {
            let _ = written_out(&css);
        }
    }
}
