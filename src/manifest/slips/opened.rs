//! What is opened in TOML and never closed: a text over several lines, or a list. The reader notices
//! it at the end of the file, or at the next mark of the same kind; people want to know where it began.

use std::ops::Range;

use super::Slip;

/// What was opened before byte `at`, where the reader stopped, and never closed.
pub(super) fn slip(text: &str, at: usize) -> Option<Slip> {
    let start = match open(text)? {
        LeftOpen::Text(start) | LeftOpen::List(start) if start >= at => return None,
        LeftOpen::Text(start) => {
            let mark = &text[start..start + 3];
            let what = format!("this text has no closing {mark}");
            let help = format!("end it with {mark}, on the line below its last one");
            return Some(Slip { span: start..start + 3, what, help: help.into() });
        }
        LeftOpen::List(start) => start,
    };
    let what = "this list has no closing bracket".to_owned();
    Some(Slip { span: on_line(text, start), what, help: "end it with ]".into() })
}

/// What is found open, and where it starts.
enum LeftOpen {
    /// `"""` or `'''`.
    Text(usize),
    /// `[`, over several lines.
    List(usize),
}

/// The rest of the line of a byte.
fn on_line(text: &str, start: usize) -> Range<usize> {
    let line = text[start..].lines().next().unwrap_or_default();
    start..start + line.trim_end().len()
}

/// The first thing that is left open in a text.
fn open(text: &str) -> Option<LeftOpen> {
    let bytes = text.as_bytes();
    // Brackets of a value that are open, and whether the line has come to its value.
    let (mut brackets, mut in_value) = (Vec::new(), false);
    let mut at = 0;
    while at < bytes.len() {
        let is_line_start = at == 0 || bytes[at - 1] == b'\n';
        if is_line_start {
            in_value = false;
            match brackets.first() {
                Some((start, b'[')) if is_next(text[at..].lines().next().unwrap_or_default()) => {
                    return Some(LeftOpen::List(*start));
                }
                _ => {}
            }
            // Brackets around the name of a table are no list.
            if brackets.is_empty() && text[at..].trim_start_matches([' ', '\t']).starts_with('[') {
                at = line_end(bytes, at);
                continue;
            }
        }
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            quote @ (b'"' | b'\'') if bytes[at..].starts_with(&[quote; 3]) => {
                let Some(end) = long_end(bytes, at + 3, quote) else {
                    return Some(LeftOpen::Text(at));
                };
                if is_swallowed(&text[at + 3..end]) {
                    return Some(LeftOpen::Text(at));
                }
                at = end + 3;
            }
            quote @ (b'"' | b'\'') => at = short_end(bytes, at + 1, quote),
            b'=' => {
                in_value = true;
                at += 1;
            }
            mark @ (b'[' | b'{') if in_value || !brackets.is_empty() => {
                brackets.push((at, mark));
                at += 1;
            }
            b']' | b'}' => {
                brackets.pop();
                at += 1;
            }
            _ => at += 1,
        }
    }
    brackets.first().filter(|(_, mark)| *mark == b'[').map(|(start, _)| LeftOpen::List(*start))
}

/// Whether a line begins the next key or table, so that no list goes on there.
pub(super) fn is_next(line: &str) -> bool {
    let line = line.trim();
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
    };
    let heading = line.trim_matches(['[', ']', ' ']);
    line.split_once('=').is_some_and(|(key, _)| is_name(key.trim()))
        || line.starts_with('[')
            && line.ends_with(']')
            && is_name(heading)
            && heading.starts_with(char::is_alphabetic)
            && !heading.contains('.')
}

/// Whether a text over several lines ends where another one was to begin: `sign_off = """`.
fn is_swallowed(inner: &str) -> bool {
    let Some((_, last)) = inner.rsplit_once('\n') else { return false };
    last.trim().strip_suffix('=').is_some_and(|key| {
        let key = key.trim();
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    })
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1)
}

/// Where the three marks stand that end a text.
fn long_end(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            c if c == quote && bytes[at..].starts_with(&[quote; 3]) => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Behind a text of one line: one that is not closed ends with it.
fn short_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' && bytes.get(at + 1) != Some(&b'\n') => at += 2,
            b'\n' => return at,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_open_is_found_where_it_began() {
        for (text, shown) in [
            ("a = 1\nintro = \"\"\"\nHello\nb = 2\n", "\"\"\""),
            ("a = 1\nintro = '''\nHello\nb = 2\n", "'''"),
            ("intro = \"\"\"\nHello\n\nbye = \"\"\"\nBye\n\"\"\"\n", "\"\"\""),
            ("a = [\n  \"b\",\n  \"c\"\nd = 1\n", "["),
            ("a = [\"b\", # ]\n\n[[section]]\nx = 1\n", "[\"b\", # ]"),
            ("allow = [\n  { rule = \"x\" },\n", "["),
        ] {
            let slip = slip(text, text.len()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(&text[slip.span.clone()], shown, "{text}");
            assert_eq!(slip.span.start, text.find(shown).unwrap(), "{text}");
        }
        for right in [
            "a = \"\"\"\nb = 1 \\\"\"\" x\n\"\"\"\nc = [1,\n 2]\n",
            "[section]\n[[relay]]\na = ['[', \"]\"]\n",
            "a = [[1, 2],\n[3, 4]]\n",
            "a = { b = [1] }\n# \"\"\"\n",
            "allow = [\n  { rule = \"x\", reason = \"\"\"y\"\"\" },\n]\n",
        ] {
            assert!(slip(right, right.len()).is_none(), "{right}");
        }
        assert!(slip("a = oops\nb = \"\"\"\n", 4).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([a-z=\\[\\]{}#'\"\\\\ \n]|\"\"\"|가){0,80}", at in 0..100_usize) {
            let _ = slip(&text, at);
        }
    }
}
