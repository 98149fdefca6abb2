//! A stretch of an article with all blanked that is not read as text: code between backquotes or in
//! `<code>` and `<pre>`, comments, and slots.

use std::collections::HashMap;

/// `text` with spaces instead, so that what is left stands where it stood.
pub(super) fn without_code(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut closing = closings(text);
    let mut at = 0;
    let bytes = text.as_bytes();
    let mut missing = [false; PAIRS.len()];
    while let Some(next) =
        bytes[at..].iter().position(|byte| matches!(byte, b'`' | b'<' | b'{' | b'\\'))
    {
        let here = at + next;
        let rest = &text[here..];
        let end = match bytes[here] {
            b'\\' => {
                // At the end of a line it breaks that line for readers as well.
                if rest[1..].starts_with('\n') {
                    at = here + 1;
                    continue;
                }
                // What is escaped opens nothing; `\{{` is meant to be seen.
                let escaped = if rest.starts_with("\\{{") { 3 } else { 1 };
                blank(&mut out, here..here + escaped);
                at = (here + escaped.max(2)).min(text.len());
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                continue;
            }
            b'`' => {
                let run = run(bytes, here);
                let end = closing.get_mut(&run).and_then(|starts| {
                    while starts.last().is_some_and(|start| *start <= here) {
                        starts.pop();
                    }
                    starts.last().map(|start| start + run)
                });
                if end.is_none() {
                    at = here + run;
                    continue;
                }
                end
            }
            b'{' => slot_end(rest).map(|end| here + end),
            _ => element_end(rest, &mut missing).map(|end| here + end),
        };
        match end {
            Some(end) => {
                blank(&mut out, here..end);
                at = end;
            }
            None => at = here + 1,
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// `blanked`, which is `text` without its code, with the backslashes back: formulas have them.
pub(super) fn with_backslashes(text: &str, blanked: &str) -> String {
    let pairs = text.bytes().zip(blanked.bytes());
    let bytes = pairs.map(|(own, blank)| if own == b'\\' { own } else { blank }).collect();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Where the slot ends that `rest` may begin with.
fn slot_end(rest: &str) -> Option<usize> {
    let rest = rest.strip_prefix("{{")?;
    let window = rest[..rest.floor_char_boundary(1_000)].split('\n').next()?;
    window.find("}}").map(|end| end + 4)
}

/// Elements and comments of which nothing is text.
const PAIRS: [(&str, &str); 5] = [
    ("<!--", "-->"),
    ("<code", "</code>"),
    ("<pre", "</pre>"),
    ("<style", "</style>"),
    ("<kbd", "</kbd>"),
];

/// Where the element ends that `rest` may begin with. A search for an end that found nothing would
/// find nothing again, and is `missing`.
fn element_end(rest: &str, missing: &mut [bool; PAIRS.len()]) -> Option<usize> {
    PAIRS.iter().zip(missing).find_map(|((open, close), missing)| {
        if *missing || !rest.starts_with(open) {
            return None;
        }
        let end = memchr::memmem::find(rest.as_bytes(), close.as_bytes());
        *missing = end.is_none();
        end.map(|end| end + close.len())
    })
}

fn blank(out: &mut [u8], range: std::ops::Range<usize>) {
    // Line ends stay: they tell where a line begins.
    out[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// How many backquotes stand at `at`.
fn run(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|byte| **byte == b'`').count()
}

/// Where each run of backquotes starts, by its length: the last first.
fn closings(text: &str) -> HashMap<usize, Vec<usize>> {
    let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'`', &bytes[at..]) {
        let here = at + next;
        let run = run(bytes, here);
        found.entry(run).or_default().push(here);
        at = here + run;
    }
    found.values_mut().for_each(|starts| starts.reverse());
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_text_is_left() {
        for (text, left) in [
            ("a `b` c", "a c"),
            ("a ``b ` c`` d", "a d"),
            ("a ` b", "a ` b"),
            ("`` ` `a` b", "`` a` b"),
            ("a <code>b</code> c <!-- d --> e", "a c e"),
            ("{{ x | y }} z {{ q", "z {{ q"),
            ("\\{{ x }} \\`a\\`", "x }} `a `"),
            ("<pre>\n*|A|*\n</pre>\nb", "b"),
        ] {
            let blanked = without_code(text);
            assert_eq!(blanked.len(), text.len(), "{text}");
            let words: Vec<&str> = blanked.split_whitespace().collect();
            assert_eq!(words.join(" "), left, "{text}");
        }
    }

    proptest! {
        #[test]
        fn lengths_stay(text in "(\\PC|[`<>{}\\\\\\n]|<!--|-->|<code>){0,60}") {
            prop_assert_eq!(without_code(&text).len(), text.len());
        }
    }
}
