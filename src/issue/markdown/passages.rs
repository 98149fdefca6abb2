//! Marks of a passage for some readers that Markdown has not read as such: behind four spaces, in bold,
//! in backquotes, of two colons, in the middle of a line.
//!
//! Everybody would get the passage, which may be a secret, so each is an error. Only code between
//! fences and comments may hold such a mark.

use std::collections::HashSet;
use std::ops::Range;

use comrak::nodes::{Node, NodeValue};

use crate::issue::sanitize;

/// The marks in `text` that are in no block of the tree below `root`, which was read from it.
pub(super) fn unread(text: &str, root: Node<'_>) -> Vec<Range<usize>> {
    let mut marks: Vec<(usize, Range<usize>)> = Vec::new();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        marks.extend(mark(line).map(|mark| (number + 1, at + mark.start..at + mark.end)));
        at += line.len();
    }
    if !marks.is_empty() {
        let known = known_lines(root);
        marks.retain(|(number, _)| !known.contains(number));
    }
    marks.into_iter().map(|(_, mark)| mark).collect()
}

/// The lines, from 1, that begin a block, or whose words no reader takes for a passage.
fn known_lines(root: Node<'_>) -> HashSet<usize> {
    let mut known = HashSet::new();
    for node in root.descendants() {
        let data = node.data();
        let lines = data.sourcepos.start.line..=data.sourcepos.end.line;
        match &data.value {
            NodeValue::BlockDirective(_) => known.extend([*lines.start()]),
            NodeValue::CodeBlock(code) if code.fenced => known.extend(lines),
            // A passage that was switched off; of a mark alone, the words stand outside.
            NodeValue::HtmlBlock(html)
                if lines.end() > lines.start()
                    && mark(&sanitize::without_comments(&html.literal, |_| {})).is_none() =>
            {
                known.extend(lines);
            }
            _ => {}
        }
    }
    known
}

/// Where `text` has colons before `only` or `else`, or `only tag:…` without.
fn mark(text: &str) -> Option<Range<usize>> {
    ["only", "else"].into_iter().find_map(|name| {
        let mut found = memchr::memmem::find_iter(text.as_bytes(), name);
        found.find_map(|at| mark_at(text, at..at + name.len()))
    })
}

fn mark_at(text: &str, name: Range<usize>) -> Option<Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "-_".contains(c));
    let (before, behind) = (&text[..name.start], &text[name.end..]);
    if is_word(before.chars().next_back()) || is_word(behind.chars().next()) {
        return None;
    }
    let signs = before.trim_end_matches(|c: char| c.is_whitespace() || "{.*_`".contains(c));
    let outer = signs.trim_end_matches([':', '：']);
    let colons = signs[outer.len()..].chars().count();
    // `std::only` is of a program, and behind a backslash the signs are meant.
    let is_path = outer.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '\\');
    if colons > 1 && !is_path {
        return Some(outer.len()..name.end);
    }
    let asked = behind.trim_start_matches(|c: char| c.is_whitespace() || "!(".contains(c));
    let asked = asked.strip_prefix("not ").unwrap_or(asked).trim_start();
    let has_tag = ["tag:", "tag："].iter().any(|tag| {
        asked.strip_prefix(tag).is_some_and(|tag| tag.starts_with(|c: char| !c.is_whitespace()))
    });
    let is_asked = text[name.clone()] == *"only" && asked.len() < behind.len() && has_tag;
    (is_asked && colons < 2).then_some(outer.len()..name.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_any_dress() {
        for (text, found) in [
            ("    ::: only tag:x", "::: only"),
            ("\t::: only language=ko", "::: only"),
            ("：：： only tag:x", "：：： only"),
            ("**::: only tag:x**", "::: only"),
            ("`::: only tag:x`", "::: only"),
            ("For members: ::: only tag:x Code 4719. :::", "::: only"),
            (":: only tag:x", ":: only"),
            ("::: {.only tag=x}", "::: {.only"),
            (":::only tag:x", ":::only"),
            (": only tag:x", ": only"),
            ("[only tag:x]", "only"),
            ("    ::: else", "::: else"),
        ] {
            assert_eq!(mark(text).map(|range| &text[range]), Some(found), "{text}");
        }
        for text in [
            "\\::: only tag:x",
            "This is only tag: blue",
            "Use std::only and a:only-child",
            "`digest send --only tag:member`",
            "Note: only two are left, or else:",
            "commonly tag:x",
        ] {
            assert_eq!(mark(text), None, "{text}");
        }
    }
}
