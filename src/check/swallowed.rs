//! Slips by which Markdown takes something for another thing than it was meant to be: code and
//! comments without an end, which swallow the rest of an article; stars that do not fit each other;
//! lists and tables in a form that no mail shows.

use std::ops::Range;

use super::run_together::{is_broken, run_together};
use super::stretch::lines;

/// A stretch of a text, and what to do with it.
type SwallowSign = (Range<usize>, &'static str);

/// Bytes between two marks that belong together.
const NEAR: usize = 300;

/// The mark of code or of a comment in `source`, an article, that has no end: where it stands, and what
/// is wrong.
pub(super) fn endless(source: &str) -> Option<(Range<usize>, &'static str, &'static str)> {
    let mut open: Option<(usize, char, usize)> = None;
    let mut at = 0;
    let mut comment = None;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim_end();
        if comment.is_some() {
            comment = comment.filter(|_| !text.contains("-->"));
            continue;
        }
        let inner = text.trim_start_matches(' ');
        let indent = text.len() - inner.len();
        let mark = inner.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| inner.chars().take_while(|c| *c == mark).count());
        match (open, mark) {
            (None, Some(mark)) if length > 2 && indent < 4 => {
                // Code within a line ends on it.
                let is_inline = mark == '`' && inner[length..].contains('`');
                open = (!is_inline).then_some((start + indent, mark, length));
            }
            (Some((_, known, least)), Some(mark))
                if known == mark && length >= least && inner[length..].trim().is_empty() =>
            {
                open = None;
            }
            (None, _) if inner.starts_with("<!--") && indent < 4 => {
                comment = (!inner[4..].contains("-->")).then_some(start + indent);
            }
            _ => {}
        }
    }
    if let Some(start) = comment {
        let what = "this comment is never closed: all that follows is left out";
        return Some((start..start + 4, what, "end it with -->"));
    }
    let (start, mark, length) = open?;
    // What is code up to the end of a file may have lost its last line; with text behind it, it has
    // taken in what is none.
    let what = "this code is never closed: all that follows is shown as code";
    let help = if mark == '`' {
        "end it with a line of as many backquotes: ```"
    } else {
        "end it with a line of as many tildes: ~~~"
    };
    Some((start..start + length, what, help))
}

/// What is told of a paragraph as it is `written` and as it was `read`.
pub(super) fn of_paragraph(written: &str, read: &str) -> Vec<SwallowSign> {
    let kinds = [
        uneven_stars(written, read),
        lettered(written).or_else(|| run_together(written)),
        tabbed(written),
    ];
    kinds.into_iter().flatten().collect()
}

/// `**bold*` and `***bold**`: of the stars, those that found no other half are seen.
fn uneven_stars(written: &str, read: &str) -> Option<SwallowSign> {
    const HELP: &str = "write as many stars behind the words as before them: **words**";
    if !read.contains('*') {
        return None;
    }
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(start) = written[at..].find('*').map(|start| at + start) {
        let length = written[start..].bytes().take_while(|byte| *byte == b'*').count();
        runs.push(start..start + length);
        at = start + length;
    }
    let found = runs.iter().zip(runs.iter().skip(1)).find(|(open, close)| {
        let before = written[..open.start].chars().next_back();
        let behind = written[close.end..].chars().next();
        let inner = &written[open.end..close.start];
        let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '\\');
        let is_whole = inner.starts_with(char::is_alphanumeric)
            && inner.ends_with(|c: char| !c.is_whitespace() && c != '\\');
        open.len() != close.len()
            && open.len() < 4
            && close.len() < 4
            && inner.len() <= NEAR
            && is_apart(before)
            && is_apart(behind)
            && is_whole
            && (read.contains(&format!("*{inner}")) || read.contains(&format!("{inner}*")))
    });
    found.map(|(open, close)| (open.start..close.end, HELP))
}

/// Two lines that count on by letters, by circled numbers or in brackets: they become one.
fn lettered(written: &str) -> Option<SwallowSign> {
    const HELP: &str = "these lines are shown as one: write a list, 1. item, with a line for each \
                        item; or an empty line between them";
    let mut before: Option<(usize, (u8, u32))> = None;
    for (start, line) in lines(written) {
        let number = counted(line);
        if let (Some((first, (kind, last))), Some((next, count))) = (before, number)
            && kind == next
            && count == last + 1
        {
            let end =
                first + written[first..].lines().next().map_or(0, |line| line.trim_end().len());
            return Some((first..end, HELP));
        }
        // A line with a mark for its end stands alone for readers as well.
        let is_alone = is_broken(written, start + line.len(), line);
        before = number.filter(|_| !is_alone).map(|number| (start, number));
    }
    None
}

/// The kind and the number of a line that counts: `a) x`, `(1) x`, `① x`, `가. x`.
fn counted(line: &str) -> Option<(u8, u32)> {
    const KOREAN: [char; 8] = ['가', '나', '다', '라', '마', '바', '사', '아'];
    let first = line.chars().next()?;
    let behind = &line[first.len_utf8()..];
    let is_item = |mark: &str| behind.strip_prefix(mark).is_some_and(|rest| rest.starts_with(' '));
    let position = |c: char| KOREAN.iter().position(|known| *known == c);
    match first {
        '①'..='⑳' => Some((0, u32::from(first))),
        'a'..='z' | 'A'..='Z' if is_item(")") => Some((1, u32::from(first))),
        '(' => {
            let end = behind.find(')').filter(|end| (1..=3).contains(end))?;
            let inner = &behind[..end];
            let is_item = behind[end + 1..].starts_with(' ');
            let letter = inner.chars().next()?;
            match inner.parse::<u32>() {
                Ok(number) if is_item => Some((2, number)),
                _ if is_item && inner.len() == 1 && letter.is_ascii_alphabetic() => {
                    Some((3, u32::from(letter)))
                }
                _ if is_item => Some((4, u32::try_from(position(letter)?).ok()?)),
                _ => None,
            }
        }
        c if is_item(".") || is_item(")") => Some((5, u32::try_from(position(c)?).ok()?)),
        _ => None,
    }
}

/// Two lines with tabs between their cells, as a spreadsheet pastes them.
fn tabbed(written: &str) -> Option<SwallowSign> {
    const HELP: &str = "cells with tabs between them make no table: write | Day | Room |, a line \
                        | --- | --- | below, and a line for each row";
    let tabs = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        (cells.len() > 1 && cells.iter().any(|cell| !cell.trim().is_empty())).then_some(cells.len())
    };
    let mut all = lines(written).map(|(start, line)| (start, line, tabs(line)));
    let (start, first, cells) = all.next()?;
    let (_, _, second) = all.next()?;
    (cells.is_some() && cells == second).then_some((start..start + first.len(), HELP))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_has_no_end_is_found() {
        for (text, mark) in [
            ("One\n\n```\ncode\n``\n\nMore", "```"),
            ("~~~ rust\ncode", "~~~"),
            ("```\na\n```\n\n```\nb", "```"),
            ("One\n\n<!-- a note\n\nMore", "<!--"),
            ("````\n```\n", "````"),
        ] {
            let (range, ..) = endless(text).expect(text);
            assert_eq!(&text[range], mark, "{text}");
        }
        for text in [
            "```\ncode\n```\nMore",
            "```code``` in a line",
            "~~~\n```\n~~~",
            "```\n<!-- x\n```",
            "<!-- a\nnote -->\nMore",
            "<!-- a --> b",
            "    ```\n    code",
            "~~gone~~",
            "a ``` b",
        ] {
            assert_eq!(endless(text), None, "{text}");
        }
    }

    #[test]
    fn uneven_stars_are_found_where_one_is_seen() {
        for (written, read, found) in [
            ("**bold*", "*bold", "**bold*"),
            ("A *soft** word", "A soft* word", "*soft**"),
            ("***Important**: read", "*Important: read", "***Important**"),
        ] {
            assert_eq!(uneven_stars(written, read).map(|(at, _)| &written[at]), Some(found));
        }
        for (written, read) in [
            ("***bold** and soft*", "bold and soft"),
            ("**bold *soft* bold**", "bold soft bold"),
            ("5* and **bold**", "5* and bold"),
            ("Price* **bold**", "Price* bold"),
            ("f*** it and **bold**", "f*** it and bold"),
            ("*** Sale **", "*** Sale **"),
        ] {
            assert_eq!(uneven_stars(written, read), None, "{written}");
        }
    }

    #[test]
    fn lines_that_count_are_found() {
        for text in [
            "a) one\nb) two",
            "Two days:\n(1) one\n(2) two",
            "① 하나\n② 둘",
            "가. 하나\n나. 둘",
            "(가) 하나\n(나) 둘",
            "A) one\nB) two",
        ] {
            assert!(lettered(text).is_some(), "{text}");
        }
        for text in [
            "a) one alone",
            "(1) one\n(1) again",
            "I. Newton\nJ. Kepler",
            "가방 하나\n나무 둘",
            "(2020) one\n(2021) two",
            "See (1) and\n(2) below",
        ] {
            assert_eq!(lettered(text), None, "{text}");
        }
        assert!(tabbed("Day\tRoom\nMon\t12").is_some());
        assert_eq!(tabbed("Day\tRoom"), None);
        assert_eq!(tabbed("One\ttab\nno tab"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([*`~$\\t\\n<!->()ab1①가. ]|\\PC){0,60}") {
            let _ = (endless(&text), of_paragraph(&text, &text));
        }
    }
}
