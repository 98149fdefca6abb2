//! What a text may hold at most, found out line by line before it is parsed.
//!
//! A parser that makes 64 cells out of two bytes, or opens 20,000 quotations for one line, has
//! spent the time and the memory before anybody can look at its tree. Must never refuse what a
//! reader of a mail could make use of: the bounds are far from any letter.

use std::ops::Range;

use super::super::sanitize::is_void;

/// Quotes in quotes in lists: no reader follows deeper, and recursion has to end somewhere.
pub(in crate::issue) const MAX_DEPTH: usize = 48;
/// Marks of quotations and lists at the start of one line. More than [`MAX_DEPTH`], because code
/// may look like them; that bound holds for what they are once they are parsed.
const MAX_LINE_MARKS: usize = 4 * MAX_DEPTH;
/// Columns of a table.
pub(super) const MAX_COLUMNS: usize = 64;
/// Cells of a table.
pub(super) const MAX_CELLS: usize = 2_000;

/// What is too much in a text, and the bytes of the line where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// Levels inside each other.
    Depth(Range<usize>),
    /// A table's columns, or its cells.
    Table(Range<usize>, TableExcess),
}

/// What a table has too many of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TableExcess {
    Columns(usize),
    Cells,
}

/// The first thing of which there is too much to parse.
pub(super) fn excess(text: &str) -> Option<Excess> {
    let mut at = 0;
    // Columns of the table that the lines may belong to, the cells so far, and where it begins.
    let mut table: Option<(usize, usize, Range<usize>)> = None;
    // The marks before each `:::` block that is open, and its colons.
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        let (marks, inner) = without_marks(line);
        open_or_close(marks, inner, &mut blocks);
        if marks > MAX_LINE_MARKS || blocks.len() > MAX_LINE_MARKS {
            return Some(Excess::Depth(span));
        }
        if inner.trim().is_empty() {
            table = None;
        } else if let Some(columns) = columns(inner) {
            if columns > MAX_COLUMNS {
                return Some(Excess::Table(span, TableExcess::Columns(columns)));
            }
            table = table.or(Some((columns, columns, span)));
        } else if let Some((columns, cells, span)) = &mut table {
            *cells += *columns;
            if *columns > 1 && *cells > MAX_CELLS {
                return Some(Excess::Table(span.clone(), TableExcess::Cells));
            }
        }
    }
    None
}

/// Notes what a line with the fence of a `:::` block opens or closes. A block that a parser ends
/// earlier, with the list around it, counts on.
fn open_or_close(marks: usize, inner: &str, blocks: &mut Vec<(usize, usize)>) {
    let colons = inner.bytes().take_while(|byte| *byte == b':').count();
    if colons < 3 {
        return;
    }
    let is_end = inner[colons..].trim().is_empty();
    let open = blocks.iter().rposition(|open| open.0 == marks && open.1 <= colons);
    match open.filter(|_| is_end) {
        Some(open) => blocks.truncate(open),
        None => blocks.push((marks, colons)),
    }
}

/// How many quotations and lists a line can open, and what stands behind their marks.
fn without_marks(line: &str) -> (usize, &str) {
    let mut rest = line.trim_start_matches([' ', '\t']);
    let is_rule = |c: char| "-*_ \t\n".contains(c);
    if rest.chars().all(is_rule) && !rest.starts_with(['+', '>']) && same_sign(rest) {
        // A thematic break opens nothing.
        return (0, rest);
    }
    let mut marks = 0;
    loop {
        let bytes = rest.as_bytes();
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let behind = match bytes.get(digits) {
            Some(b'>') if digits == 0 => &rest[1..],
            Some(b'-' | b'+' | b'*') if digits == 0 => &rest[1..],
            Some(b'.' | b')') if (1..=9).contains(&digits) => &rest[digits + 1..],
            _ => return (marks, rest),
        };
        if !bytes.starts_with(b">") && !behind.starts_with([' ', '\t', '\n']) {
            return (marks, rest);
        }
        marks += 1;
        rest = behind.trim_start_matches([' ', '\t']);
    }
}

/// Whether the signs of a line, spaces left out, are all the same.
fn same_sign(line: &str) -> bool {
    let mut signs = line.chars().filter(|c| !c.is_whitespace());
    let first = signs.next();
    signs.all(|c| Some(c) == first)
}

/// The columns of a table whose delimiter row a line is: `| --- | :-: |`.
fn columns(line: &str) -> Option<usize> {
    let line = line.trim();
    let fits = |byte: u8| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t');
    if !line.bytes().all(fits) || !line.contains('-') || !line.contains(['|', ':']) {
        return None;
    }
    let inner = line.strip_prefix('|').unwrap_or(line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(inner.matches('|').count() + 1)
}

/// Elements that end where the next of their kind begins, so that they do not lie in each other.
const ENDED_BY_THE_NEXT: [&str; 12] =
    ["dd", "dt", "li", "option", "p", "rp", "rt", "tbody", "td", "th", "tr", "thead"];
/// An end tag in one of these does not reach an element around it (HTML 13.2.4.2).
const CLOSED_ROOMS: [&str; 11] = [
    "table",
    "caption",
    "button",
    "object",
    "applet",
    "marquee",
    "template",
    "svg",
    "math",
    "select",
    "foreignobject",
];

/// Whether raw HTML opens more elements inside each other than [`MAX_DEPTH`]. The count is never
/// less than a parser's: what it cannot tell counts as open.
pub(in crate::issue) fn is_deep(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for (at, _) in html.match_indices('<') {
        let rest = &html[at + 1..];
        let (ends, rest) = match rest.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let is_name = |c: char| !c.is_whitespace() && !"/><".contains(c);
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        if is_one_of(name, &ENDED_BY_THE_NEXT) || is_void(name) {
            continue;
        }
        if !ends {
            open.push(name);
            if open.len() > MAX_DEPTH {
                return true;
            }
        } else if let Some(start) = open.iter().rposition(|one| one.eq_ignore_ascii_case(name))
            && !open[start + 1..].iter().any(|one| is_one_of(one, &CLOSED_ROOMS))
        {
            open.remove(start);
        }
    }
    false
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_far_from_the_bounds() {
        let rule = "- ".repeat(400);
        let table = format!("| a | b |\n|---|:-:|\n{}", "| 1 | 2 |\n".repeat(900));
        let blocks = "::: note\na\n:::\n\n".repeat(900);
        let quoted = "> ::: note\n> a\n> :::\n\n".repeat(900);
        assert_eq!(excess(&quoted), None);
        for text in
            [&blocks, "", "a\n> b\n> > c\n", "***\n* * *\n---\n", &rule, &table, "1. 2. a\n    - b"]
        {
            assert_eq!(excess(text), None, "{}", &text[..text.len().min(20)]);
        }
    }

    #[test]
    fn too_much_is_told_with_its_line() {
        assert_eq!(excess(&format!("a\n{}b", "> ".repeat(400))), Some(Excess::Depth(2..803)));
        assert_eq!(excess(&format!("{}b", "- + 1. * ".repeat(60))), Some(Excess::Depth(0..541)));
        let wide = format!("a\n{}\n", "|-".repeat(70));
        assert_eq!(excess(&wide), Some(Excess::Table(2..142, TableExcess::Columns(70))));
        let blocks = ":::: note\n".repeat(300);
        assert!(matches!(excess(&blocks), Some(Excess::Depth(_))));
        let quoted = format!("> a\n> {}\n", "-|".repeat(70));
        assert!(matches!(excess(&quoted), Some(Excess::Table(..))));
        let tall = format!("a|b|c\n-|-|-\n{}", "x\n".repeat(700));
        assert_eq!(excess(&tall), Some(Excess::Table(6..11, TableExcess::Cells)));
    }

    #[test]
    fn elements_inside_each_other_are_counted() {
        let flat = "<p>a<p>b<br><li>c".repeat(100);
        let closed = "<div><b>x</b></div>".repeat(100);
        let rows = format!("<table>{}</table>", "<tr><td>a<td>b</tr>".repeat(100));
        for html in [&flat, &closed, &rows, "a < b </ c <!-- x -->"] {
            assert!(!is_deep(html), "{html}");
        }
        // An end tag that a parser does not hear closes nothing.
        for html in
            ["<b>", "<DIV>", "<x1>", "<div><table></div></table>", "<b/>", "<svg></div><div>"]
        {
            assert!(is_deep(&html.repeat(60)), "{html}");
        }
    }
}
