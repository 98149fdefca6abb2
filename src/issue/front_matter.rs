//! The head of an article: YAML between `---` lines, or TOML between `+++` lines.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::manifest::{self, Table, Value, ValueKind};

/// An article cut in two: its head as a table, and where its text starts.
pub(super) fn split(source: &Arc<Source>, problems: &mut Vec<Diagnostic>) -> (Table, usize) {
    let text = source.text();
    let (value, body) = match fence(text) {
        Some(Fence { inner, end, toml: true }) => (manifest::toml(source, inner, problems), end),
        Some(Fence { inner, end, toml: false }) => (manifest::yaml(source, inner, problems), end),
        None => {
            if text.starts_with("---") || text.starts_with("+++") {
                problems.push(unclosed(source));
            }
            (Value { value: ValueKind::Table(Vec::new()), span: 0..0 }, 0)
        }
    };
    (Table::new(source, "the front matter", value), body)
}

struct Fence {
    inner: Range<usize>,
    end: usize,
    toml: bool,
}

fn fence(text: &str) -> Option<Fence> {
    let mark = text.get(..3).filter(|mark| ["---", "+++"].contains(mark))?;
    let mut at = 0;
    let mut inner_start = None;
    for line in text.split_inclusive('\n') {
        let is_mark = line.trim_end() == mark;
        match inner_start {
            None if !is_mark => return None,
            None => inner_start = Some(at + line.len()),
            Some(start) if is_mark => {
                let end = at + line.len();
                return Some(Fence { inner: start..at, end, toml: mark == "+++" });
            }
            Some(_) => {}
        }
        at += line.len();
    }
    None
}

fn unclosed(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::error("front-matter", "the front matter is never closed")
        .at(Place::span(source, 0..3))
        .help("end it with a line of only --- (or +++ for TOML)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_toml_and_nothing() {
        for (text, rest) in [
            ("---\ntitle: A\n---\nbody", "body"),
            ("+++\ntitle = \"A\"\n+++\nbody", "body"),
            ("---\r\ntitle: A\r\n---\r\nbody", "body"),
            ("body --- x", "body --- x"),
        ] {
            let source = Source::new("a.md", text);
            let mut problems = Vec::new();
            let (_, body) = split(&source, &mut problems);
            assert_eq!((&text[body..], problems.len()), (rest, 0), "{text:?}");
        }
    }

    #[test]
    fn a_head_without_end_is_told() {
        let source = Source::new("a.md", "---\ntitle: A\n");
        let mut problems = Vec::new();
        split(&source, &mut problems);
        assert_eq!(problems[0].rule, "front-matter");
    }
}
