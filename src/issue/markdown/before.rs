//! What is mended in a text before Markdown reads it: spaces that only look like those of the
//! keyboard, and comments that would turn the words behind them into raw HTML.
//!
//! Places stay true: an odd space becomes spaces of as many bytes, and of each line is known how
//! many bytes were taken from its start. Code between fences is never touched.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::COLON;

/// The Markdown crate ends a directive's name at a colon, and ours has `only tag:member`: there the
/// colon becomes a control character, which no file that is read can hold, and back later.
pub(super) fn shield_directives(text: String) -> String {
    if !text.contains(":::") {
        return text;
    }
    let shield = |line: &str| {
        let start = line.len() - line.trim_start_matches([' ', '>', '\t']).len();
        let name = start + line[start..].bytes().take_while(|byte| *byte == b':').count();
        if name - start >= 3 {
            format!("{}{}", &line[..name], line[name..].replace(':', COLON))
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(shield).collect()
}

/// A text without the comments that stand before the words of a line.
pub(super) struct Uncommented {
    /// What Markdown reads.
    pub(super) text: String,
    /// The same with spaces where a comment stood: as long as the text was.
    pub(super) blanked: String,
    /// How many bytes the lines are shorter, by their number from 0.
    pub(super) shifts: HashMap<usize, usize>,
}

/// Which lines stand in a block of code between fences.
#[derive(Default)]
struct Fences {
    /// The sign of the fence that is open, and how many there are.
    open: Option<(u8, usize)>,
}

impl Fences {
    /// Whether `line` is a fence or stands between two.
    fn holds(&mut self, line: &str) -> bool {
        let inner = line.trim_start_matches([' ', '\t', '>', '-', '*', '+']);
        let sign = inner.bytes().next().filter(|sign| matches!(sign, b'`' | b'~'));
        let run = sign.map_or(0, |sign| inner.bytes().take_while(|byte| *byte == sign).count());
        match (self.open, sign) {
            // Backquotes that close on the same line are code in a sentence.
            (None, Some(sign)) if run >= 3 && (sign == b'~' || !inner[run..].contains('`')) => {
                self.open = Some((sign, run));
                true
            }
            (None, _) => false,
            (Some((open, length)), Some(sign))
                if open == sign && run >= length && inner[run..].trim().is_empty() =>
            {
                self.open = None;
                true
            }
            (Some(_), _) => true,
        }
    }
}

/// A space that Markdown does not take for one: no-break, ideographic, and those of print.
fn is_odd_space(c: char) -> bool {
    matches!(c, '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// `text` with spaces of the keyboard behind the marks of headings, items and quotations, where an
/// odd one stands: Option and the space bar make one on a Mac, and East Asian keyboards another.
pub(super) fn even_spaces(text: &str) -> Cow<'_, str> {
    if !text.contains(is_odd_space) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let among_numbers = among_numbers(&lines);
    let mut out = String::with_capacity(text.len());
    let (mut fences, mut in_list, mut in_words) = (Fences::default(), false, false);
    for (line, among_numbers) in lines.into_iter().zip(among_numbers) {
        if fences.holds(line) {
            out.push_str(line);
            continue;
        }
        let found = odd_behind_marks(line, among_numbers, in_list, in_words);
        let mut at = 0;
        for odd in &found.odd {
            out.push_str(&line[at..odd.start]);
            out.extend(std::iter::repeat_n(' ', odd.len()));
            at = odd.end;
        }
        out.push_str(&line[at..]);
        if !line.trim().is_empty() {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            in_list = found.is_item || in_list && indent > 1;
        }
        in_words = !line.trim().is_empty() && !found.is_item;
    }
    Cow::Owned(out)
}

/// For each line, whether it begins with a number as an item does, and a neighbour too: `5. Mai` at
/// the start of a line is a date, and its space is odd with good reason.
fn among_numbers(lines: &[&str]) -> Vec<bool> {
    let is_numbered = |line: &str| {
        let inner = line.trim_start_matches(|c| is_odd_space(c) || " \t>".contains(c));
        let behind = inner.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_mark = behind.len() < inner.len() && behind.starts_with(['.', ')']);
        is_mark && behind[1..].starts_with(|c| c == ' ' || is_odd_space(c))
    };
    let mut out = vec![false; lines.len()];
    let mut last: Option<(usize, bool)> = None;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let here = is_numbered(line);
        if let Some((before, true)) = last.filter(|_| here) {
            out[before] = true;
            out[at] = true;
        }
        last = Some((at, here));
    }
    out
}

/// Odd spaces of a line that are to be spaces, and whether it begins an item.
#[derive(Default)]
struct LineMarks {
    odd: Vec<Range<usize>>,
    is_item: bool,
}

/// What stands before the words of a line.
#[derive(Clone, Copy, PartialEq)]
enum LineMark {
    Heading,
    Item,
    Quote,
    Box,
}

/// Bytes that may stand behind the mark of an item: with more, its words would be code.
const MOST_BEHIND: usize = 4;

fn odd_behind_marks(line: &str, among_numbers: bool, in_list: bool, in_words: bool) -> LineMarks {
    let mut found = LineMarks::default();
    let space = |at: usize| {
        let is_space = |c: char| c == ' ' || c == '\t' || is_odd_space(c);
        at..at + line[at..].len() - line[at..].trim_start_matches(is_space).len()
    };
    let is_odd = |range: &Range<usize>| line[range.clone()].contains(is_odd_space);
    let indent = space(0);
    let mut at = indent.end;
    // Before a mark, an odd space is one, unless the line would become code.
    let fits = indent.len() <= if in_list { MOST_BEHIND + 1 } else { 3 };
    if is_odd(&indent) && !fits {
        return found;
    }
    let mut before = Some(indent.clone()).filter(is_odd);
    while let Some((length, mark)) = mark_at(&line[at..], among_numbers, found.is_item) {
        let behind = space(at + length);
        let words = &line[behind.end..];
        if words.trim().is_empty() || behind.is_empty() && mark != LineMark::Quote {
            break;
        }
        // A minus sign at the start of a line is no bullet.
        let is_minus =
            in_words && !found.is_item && words.starts_with(|c: char| c.is_ascii_digit());
        let is_odd_here = line[behind.clone()].starts_with(is_odd_space);
        if mark == LineMark::Item && is_odd_here && is_minus && !among_numbers {
            break;
        }
        found.odd.extend(before.take());
        if is_odd_here {
            let most = if mark == LineMark::Heading { usize::MAX } else { MOST_BEHIND };
            let length = line[behind.clone()]
                .char_indices()
                .map(|(start, c)| start + c.len_utf8())
                .take_while(|end| *end <= most)
                .last();
            found.odd.extend(length.map(|length| behind.start..behind.start + length));
        }
        found.is_item |= mark == LineMark::Item;
        at = behind.end;
        if mark == LineMark::Heading {
            break;
        }
    }
    found
}

/// The mark at the start of `rest`, and its length.
fn mark_at(rest: &str, numbers: bool, in_item: bool) -> Option<(usize, LineMark)> {
    let run = |sign: fn(u8) -> bool| rest.bytes().take_while(|byte| sign(*byte)).count();
    match rest.bytes().next()? {
        b'#' => Some((run(|byte| byte == b'#'), LineMark::Heading)).filter(|(run, _)| *run <= 6),
        b'-' | b'+' | b'*' => Some((1, LineMark::Item)),
        b'>' => Some((1, LineMark::Quote)),
        b'[' if in_item && ["[ ]", "[x]", "[X]"].iter().any(|one| rest.starts_with(one)) => {
            Some((3, LineMark::Box))
        }
        b'0'..=b'9' if numbers => {
            let digits = run(|byte| byte.is_ascii_digit());
            let is_mark = digits <= 9 && rest[digits..].starts_with(['.', ')']);
            is_mark.then_some((digits + 1, LineMark::Item))
        }
        _ => None,
    }
}

/// `text` without the comments that begin a line with words behind them, such as `<!-- more -->` of
/// blogs: a line that begins so is raw HTML to its end, and its Markdown would be sent as it is.
pub(super) fn without_leading_comments(text: String) -> Uncommented {
    if !text.contains("<!--") {
        return Uncommented { blanked: text.clone(), text, shifts: HashMap::new() };
    }
    let text = text.as_str();
    let mut out = Uncommented {
        text: String::with_capacity(text.len()),
        blanked: text.to_owned(),
        shifts: HashMap::new(),
    };
    let (mut at, mut number, mut fences) = (0, 0, Fences::default());
    while at < text.len() {
        let line_end = |at: usize| {
            memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end + 1)
        };
        let end = line_end(at);
        let line = &text[at..end];
        let is_code = fences.holds(line);
        let Some(start) = comment_start(line).filter(|_| !is_code).map(|start| at + start) else {
            out.text.push_str(line);
            (at, number) = (end, number + 1);
            continue;
        };
        // Without an end, all that follows is the comment.
        let Some(behind) = comments_end(text, start) else {
            out.text.push_str(&text[at..]);
            break;
        };
        let end = line_end(behind);
        let lines = text[start..behind].matches('\n').count();
        // A quotation or an item does not go on behind lines of a comment.
        let is_plain = lines == 0 || text[at..start].trim().is_empty();
        if text[behind..end].trim().is_empty() || !is_plain {
            out.text.push_str(&text[at..end]);
        } else {
            out.text.push_str(&text[at..start]);
            out.text.extend(std::iter::repeat_n('\n', lines));
            out.text.push_str(&text[behind..end]);
            let last = text[start..behind].rfind('\n').map_or(start, |last| start + last + 1);
            out.shifts.insert(number + lines, behind - last);
            let blank = text[start..behind].replace(|c| c != '\n', " ");
            // As many bytes as there were: a character may have had several.
            let missing = behind - start - blank.len();
            let blank = format!("{}{blank}", " ".repeat(missing));
            out.blanked.replace_range(start..behind, &blank);
            fences.holds(&text[behind..end]);
        }
        (at, number) = (end, number + lines + 1);
    }
    out
}

/// Where a comment starts that begins `line`, behind the marks of quotations and items.
fn comment_start(line: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &line[at..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        if spaces > 3 {
            return None;
        }
        at += spaces;
        let rest = &line[at..];
        if rest.starts_with("<!--") {
            let is_short = rest.starts_with("<!-->") || rest.starts_with("<!--->");
            return (!is_short).then_some(at);
        }
        let (length, mark) = mark_at(rest, true, false)?;
        let is_followed = mark == LineMark::Quote || rest[length..].starts_with(' ');
        if mark == LineMark::Heading || !is_followed {
            return None;
        }
        at += length;
    }
}

/// Where the comments from `start` on end, with the spaces behind them.
fn comments_end(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    while text[at..].starts_with("<!--") {
        let inner = at + 4;
        let end = memchr::memmem::find(&text.as_bytes()[inner..], b"-->")?;
        at = inner + end + 3;
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odd_spaces_behind_marks_are_spaces() {
        for (text, even) in [
            ("##\u{a0}Gulls", "##  Gulls"),
            ("#\u{3000}見出し", "#   見出し"),
            ("-\u{a0}One\n-\u{a0}Two", "-  One\n-  Two"),
            ("1.\u{a0}One\n2.\u{a0}Two", "1.  One\n2.  Two"),
            ("1)\u{3000}一\n\n2)\u{3000}二", "1)   一\n\n2)   二"),
            (">\u{a0}-\u{a0}One", ">  -  One"),
            ("-\u{a0}[x]\u{a0}Done", "-  [x]  Done"),
            ("- One\n\u{a0}\u{a0}- Two", "- One\n    - Two"),
            ("*\u{202f}One", "*   One"),
        ] {
            assert_eq!(even_spaces(text), even, "{text}");
        }
        for text in [
            "am\n5.\u{a0}Mai um 9",
            "5.\u{a0}Mai",
            "it fell to\n-\u{a0}5 degrees",
            "\u{3000}段落は字下げで始まる。",
            "10\u{a0}km - 20\u{a0}km",
            "```\n##\u{a0}Gulls\n```",
            "Words\n-\u{a0}",
            "-\u{2014}\u{a0}x",
        ] {
            assert_eq!(even_spaces(text), text, "{text}");
        }
    }

    #[test]
    fn words_behind_a_comment_are_markdown() {
        let read = |text: &str| without_leading_comments(text.to_owned()).text;
        for (text, left) in [
            ("<!-- more -->There *is*\n", "There *is*\n"),
            ("a\n\n <!--a--> <!-- b -->  ## B\nc", "a\n\n ## B\nc"),
            ("> <!--x-->a", "> a"),
            ("- <!--x-->**a**\n", "- **a**\n"),
            ("<!-- a\nb --> c\n", "\nc\n"),
        ] {
            assert_eq!(read(text), left, "{text}");
        }
        for text in [
            "<!-- more -->\nThere",
            "**<!--up-->**",
            "```\n<!-- x -->y\n```",
            "    <!-- x -->y",
            "<!-- open\na",
            "<!-->a-->b",
            "<!-- a --> <!-- b -->\n",
        ] {
            assert_eq!(read(text), text, "{text}");
        }
    }

    proptest! {
        #[test]
        fn lengths_and_lines_stay(
            text in "(\\PC|[-#>*1. \n\u{a0}\u{3000}]|<!--|-->|```|é){0,60}"
        ) {
            prop_assert_eq!(even_spaces(&text).len(), text.len());
            let found = without_leading_comments(text.clone());
            prop_assert_eq!(found.blanked.len(), text.len());
            prop_assert_eq!(found.text.lines().count(), text.lines().count());
        }
    }
}
