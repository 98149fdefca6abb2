//! Slips that Markdown reads as something else than was meant: a line that a table takes in, a rule
//! that makes a heading of the text above it, text that became code because of its first spaces.
//!
//! Must never tell of what somebody may well have meant: a heading of a few words, code, a row.

use std::collections::HashMap;
use std::ops::Range;

use comrak::nodes::{Node, NodeValue};

use super::MarkdownReader;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::block::{Block, BlockKind, Inline, plain};

/// Marks that stand before the name of whoever is quoted. Only the first three are used for
/// nothing else; Chinese has two in a row.
const DASHES: [&str; 7] = ["——", "—", "―", "–", "---", "--", "~ "];

impl MarkdownReader<'_> {
    pub(super) fn warn(&mut self, what: &str, place: Place, help: &str) {
        self.problems.push(Diagnostic::warning("leftover-markdown", what).at(place).help(help));
    }

    /// The rows of a table that were to be the text below it.
    pub(super) fn warn_of_glued(&mut self, table: Node<'_>) {
        let mut rows = table.children();
        let Some(head) = rows.next() else { return };
        let line_of = |reader: &Self, row: Node<'_>| {
            let start = reader.span(row.data().sourcepos).start;
            let line = reader.source.text()[start..].lines().next().unwrap_or_default();
            start..start + line.trim_end().len()
        };
        let head = line_of(self, head);
        let lines: Vec<Range<usize>> = rows.map(|row| line_of(self, row)).collect();
        let text = self.source.text();
        let glued = lines
            .iter()
            .rev()
            .take_while(|line| is_glued(&text[(*line).clone()], &text[head.clone()]));
        let Some(first) = glued.last().cloned() else { return };
        let place = Place::span(self.source, first);
        let what = "this line stands directly below a table, so it became a row of it";
        self.warn(what, place, "put an empty line between the table and the text");
    }

    /// A line directly below a quote or a list that becomes a part of it.
    pub(super) fn warn_of_lazy(&mut self, block: Node<'_>) {
        let span = self.span(block.data().sourcepos);
        let text = self.source.text();
        // Within another block, its marks begin the line.
        if !(text[..span.start].is_empty() || text[..span.start].ends_with('\n')) {
            return;
        }
        let is_quote = matches!(block.data().value, NodeValue::BlockQuote);
        let Some(line) = lazy_line(&text[span.clone()], is_quote) else { return };
        let place = Place::span(self.source, span.start + line.start..span.start + line.end);
        let (what, help) = if is_quote {
            (
                "this line stands directly below a quote, so it becomes a part of it",
                "put an empty line before it, or > if it belongs to the quote",
            )
        } else {
            (
                "this line stands directly below a list, so it becomes a part of the last item",
                "put an empty line before it, or two spaces if it belongs to the item",
            )
        };
        self.warn(what, place, help);
    }

    /// A paragraph, or the name below a letter, that dashes below it made a heading.
    pub(super) fn warn_of_underlined(&mut self, heading: Node<'_>) {
        let text = self.source.text();
        let span = self.span(heading.data().sourcepos);
        let Some((dashes, lines)) = underline(&text[span.start..]) else { return };
        let before = heading.previous_sibling().filter(is_paragraph);
        let before = before.map_or("", |node| &text[self.span(node.data().sourcepos)]);
        let is_line = &text[span.start..][dashes.clone()] == "---"
            && !before.is_empty()
            && has_marked_heading(heading);
        let is_meant = !is_sentence(&lines)
            && !is_signature(&lines, before, dashes.len())
            && !has_nothing_below(heading)
            && !is_line;
        if is_meant {
            return;
        }
        let signs =
            if text[span.start..][dashes.clone()].starts_with('=') { "signs" } else { "dashes" };
        let dashes = span.start + dashes.start..span.start + dashes.end;
        let place = Place::span(self.source, dashes);
        let what = format!("these {signs} make a heading of the text directly above them");
        let help = "put an empty line before them if they are to be a line across; a heading is \
                    written ## Heading";
        self.warn(&what, place, help);
    }

    /// Text that is shown as code because it begins with spaces.
    pub(super) fn warn_of_indented(&mut self, node: Node<'_>, code: &str) {
        if is_prose(code) {
            let place = self.first_line(node);
            let what = "this text begins with four spaces or a tab, so it is shown as code";
            let help = "delete the spaces before its lines; code that reads like this stands between \
                        lines of ```";
            self.warn(what, place, help);
        }
    }

    /// Takes the last line of a quote, if it says who is quoted.
    pub(super) fn attribution(&mut self, blocks: &mut Vec<Block>) -> Option<Vec<Inline>> {
        if let Some(line) = listed_name(blocks) {
            blocks.pop();
            return Some(line);
        }
        let is_alone = blocks.len() == 1;
        let Some(Block { kind: BlockKind::Paragraph(inlines), .. }) = blocks.last_mut() else {
            return None;
        };
        let is_break = |inline: &Inline| matches!(inline, Inline::SoftBreak | Inline::LineBreak);
        let start = inlines.iter().rposition(is_break).map_or(0, |at| at + 1);
        let Some(Inline::Text(text)) = inlines.get(start) else { return None };
        let dash = DASHES.into_iter().find(|dash| text.starts_with(dash))?;
        let rest = text[dash.len()..].trim_start().to_owned();
        // Such a dash begins what somebody says as well.
        let is_sure = ["——", "—", "―"].contains(&dash);
        let begins =
            |at: usize| matches!(&inlines[at], Inline::Text(text) if text.starts_with(dash));
        let starts = inlines.iter().enumerate().filter(|(_, inline)| is_break(inline));
        let is_speech = start > 0
            && (begins(0) || starts.map(|(at, _)| at + 1).any(|at| at < start && begins(at)));
        let is_name = !rest.is_empty() && rest.chars().count() <= 100;
        if !is_sure && (is_speech || is_alone && start == 0 || !is_name) {
            return None;
        }
        let mut line = inlines.split_off(start);
        line[0] = Inline::Text(rest);
        inlines.truncate(start.saturating_sub(1));
        if inlines.is_empty() {
            blocks.pop();
        }
        Some(line)
    }

    /// What to do about a link of raw HTML around a picture.
    pub(super) fn pictured_link(&self, href: &str) -> String {
        let href = self.slots.restore(href);
        let href = if href.len() > 200 { "https://…" } else { &href };
        format!(
            "write a picture that is a link in Markdown: [![what it shows](picture.jpg)]({href})"
        )
    }
}

/// Attributes that stand without a value.
const BARE: [&str; 24] = [
    "open",
    "controls",
    "disabled",
    "async",
    "defer",
    "autoplay",
    "loop",
    "muted",
    "hidden",
    "checked",
    "selected",
    "required",
    "readonly",
    "multiple",
    "novalidate",
    "reversed",
    "nowrap",
    "noshade",
    "allowfullscreen",
    "inert",
    "download",
    "ismap",
    "playsinline",
    "/",
];

/// `html` as it is written, if it only looks like a tag: `<y and y>` in a comparison, whose words are
/// no attributes.
pub(super) fn as_comparison(html: &str) -> Option<&str> {
    let inner = html.strip_prefix('<')?.strip_suffix('>')?;
    let is_one = !inner.contains(['<', '>', '=', '"', '\'', '/', '\n']) && html.len() <= 200;
    let mut words = inner.split_whitespace().skip(1);
    let is_odd = words.any(|word| !BARE.contains(&word.to_ascii_lowercase().as_str()));
    (is_one && is_odd).then_some(html)
}

/// What to write for `written`, which was no tag.
pub(super) fn sign_help(written: &str) -> String {
    format!("if this is a sign and no tag, write a backslash before it: \\{written}")
}

/// Tells each kind of raw HTML that is left out once, with how often: what was pasted has the same
/// tags in each of its lines. Problems from `known` on are of this text.
pub(super) fn count_removed(problems: &mut Vec<Diagnostic>, known: usize) {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for problem in problems.drain(known..) {
        if problem.rule != "html-removed" {
            kept.push(problem);
            continue;
        }
        match first.get(&problem.message) {
            Some(at) => kept[*at].count += problem.count,
            None => {
                first.insert(problem.message.clone(), kept.len());
                kept.push(problem);
            }
        }
    }
    for problem in kept.iter_mut().filter(|one| one.rule == "html-removed" && one.count > 1) {
        problem.message = format!("{} (and {} more below)", problem.message, problem.count - 1);
    }
    problems.append(&mut kept);
}

/// The name below a quote, written `- Hamlet`, which is a list of one item.
fn listed_name(blocks: &[Block]) -> Option<Vec<Inline>> {
    let [.., Block { kind: BlockKind::Paragraph(before), .. }, last] = blocks else { return None };
    let BlockKind::List { start: None, items, .. } = &last.kind else { return None };
    let [item] = items.as_slice() else { return None };
    let [Block { kind: BlockKind::Paragraph(name), .. }] = item.blocks.as_slice() else {
        return None;
    };
    let (before, words) = (plain(before), plain(name));
    let is_name = item.task.is_none()
        && words.chars().count() <= 60
        && words.starts_with(|c: char| c.is_uppercase() || c >= '\u{1100}')
        && !words.ends_with(['.', '!', '?', ';', ':', ',']);
    // What is counted up is announced.
    let is_list = before.trim_end().ends_with([':', '：', ',', ';']);
    (is_name && !is_list).then(|| name.clone())
}

/// Whether `line`, a row, is text that was written directly below a table with this `head`.
fn is_glued(line: &str, head: &str) -> bool {
    let is_bare_line = bars(line) == 0;
    let has_frame = |line: &str| line.trim().starts_with('|') && line.trim().ends_with('|');
    if is_bare_line {
        return bars(head) > 0 && !line.trim().is_empty();
    }
    let is_text = line.trim().ends_with(['.', '!', '?', ':', '。', '…', ')', ']']);
    let is_bare = !line.trim().starts_with('|') && !line.trim().ends_with('|');
    has_frame(head) && is_bare && is_text
}

/// Bars that are not escaped.
fn bars(line: &str) -> usize {
    let mut count = 0;
    let mut is_escaped = false;
    for c in line.chars() {
        count += usize::from(c == '|' && !is_escaped);
        is_escaped = c == '\\' && !is_escaped;
    }
    count
}

/// Columns of a line that nobody has broken for its length.
const UNBROKEN: usize = 40;

/// The first line of a quote or a list without its marks that begins something new: the line above is
/// short, and it begins with a capital letter or in a script without such.
fn lazy_line(text: &str, is_quote: bool) -> Option<Range<usize>> {
    let columns =
        |line: &str| line.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum::<usize>();
    let mut at = 0;
    let (mut before, mut has_spaces) = ("", false);
    for written in text.split_inclusive('\n') {
        let start = at;
        at += written.len();
        let line = written.trim_end();
        let is_begun =
            line.starts_with(|c: char| c.is_alphabetic() && (c.is_uppercase() || c >= '\u{1100}'));
        let words = before.trim_start_matches(['>', ' ']);
        // Some break each line for readers, and go on in the next.
        let is_broken = before.ends_with('\\') || has_spaces || words.starts_with(['|', '<']);
        let is_marked = if is_quote { before.starts_with('>') } else { !before.is_empty() };
        if is_begun && is_marked && !words.is_empty() && columns(before) < UNBROKEN && !is_broken {
            return Some(start..start + line.len());
        }
        (before, has_spaces) = (line, written.trim_end_matches(['\r', '\n']).ends_with("  "));
    }
    None
}

fn is_paragraph(node: &Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Paragraph)
}

/// The level of a heading, and whether it is written `## Heading`.
fn heading_of(node: Node<'_>) -> Option<(u8, bool)> {
    match &node.data().value {
        NodeValue::Heading(heading) => Some((heading.level, !heading.setext)),
        _ => None,
    }
}

/// Whether nothing belongs to a heading: it is the last of its text, or the next one follows.
fn has_nothing_below(heading: Node<'_>) -> bool {
    let own = heading_of(heading).map_or(0, |(level, _)| level);
    let Some(next) = heading.next_sibling() else { return true };
    let is_end =
        matches!(next.data().value, NodeValue::FootnoteDefinition(_) | NodeValue::ThematicBreak);
    is_end || heading_of(next).is_some_and(|(level, _)| level <= own)
}

/// Blocks around a heading that are looked at.
const AROUND: usize = 50;

/// Whether somebody has written a heading near this one as `## Heading`, and so not with dashes.
fn has_marked_heading(heading: Node<'_>) -> bool {
    let is_marked = |node: Node<'_>| heading_of(node).is_some_and(|(_, is_marked)| is_marked);
    heading.following_siblings().take(AROUND).any(is_marked)
        || heading.preceding_siblings().take(AROUND).any(is_marked)
}

/// Whether a line is the name below a letter: `before` is the paragraph above it.
fn is_signature(lines: &[&str], before: &str, dashes: usize) -> bool {
    let [line] = lines else { return false };
    let line = line.trim_end_matches(['*', '_']);
    let length = line.chars().count();
    let before = before.trim_end();
    let is_thanked = ["감사합니다", "고맙습니다", "Thank you", "Thanks"]
        .iter()
        .any(|word| before.starts_with(word) && before.chars().count() <= 30);
    let is_signed = line.ends_with(" 드림") || line.ends_with(" 올림");
    let is_said =
        DASHES.iter().any(|dash| line.starts_with(dash)) || is_signed || line.ends_with(',');
    // Before a signature, mail programs write two dashes.
    is_said
        || length <= 40 && (before.ends_with(',') || is_thanked)
        || dashes < 3 && length > dashes
}

/// Where the dashes stand below a heading, and the lines of its text.
fn underline(text: &str) -> Option<(Range<usize>, Vec<&str>)> {
    let (mut at, mut lines) = (0, Vec::new());
    for line in text.split_inclusive('\n') {
        let inner = line.trim_start_matches(['>', ' ', '\t']);
        let start = at + line.len() - inner.len();
        at += line.len();
        let inner = inner.trim_end();
        let is_row = |sign: u8| inner.bytes().all(|byte| byte == sign);
        if !lines.is_empty() && !inner.is_empty() && (is_row(b'-') || is_row(b'=')) {
            return Some((start..start + inner.len(), lines));
        }
        if inner.is_empty() {
            return None;
        }
        lines.push(inner);
    }
    None
}

/// Whether lines are a paragraph and no heading.
fn is_sentence(lines: &[&str]) -> bool {
    const ENDS: [char; 6] = ['.', '。', '…', ';', ',', ':'];
    let [first, more @ ..] = lines else { return false };
    let last = more.last().unwrap_or(first).trim_end_matches(['*', '_', '"', '”', '’', ')']);
    let is_long = first.chars().count() > 80;
    // A number and an abbreviation end with a full stop as well.
    let is_ended = last.ends_with(ENDS) && first.split_whitespace().count() > 2;
    !more.is_empty() || is_long || is_ended
}

/// Whether a block of code reads like text: sentences, and no sign that programs are made of.
fn is_prose(code: &str) -> bool {
    const SIGNS: [&str; 19] = [
        "{", "}", ";", "=", "<", ">", "|", "\\", "$", "()", "::", "->", " --", "[", "]", "#!",
        "//", "`", "\t",
    ];
    const ENDS: [char; 9] = ['.', '!', '?', '。', '…', ':', ',', '”', '"'];
    // A long one is looked at where it begins.
    let code = &code[..code.floor_char_boundary(2_000)];
    let lines: Vec<&str> = code.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(first) = lines.first() else { return false };
    let words: usize = lines.iter().map(|line| line.split_whitespace().count()).sum();
    let begins = first.trim_start_matches(['"', '“', '‘', '\'', '(', '*', '_']);
    let is_begun = begins.starts_with(|c: char| c.is_uppercase() || c >= '\u{1100}');
    let is_ended = lines.iter().any(|line| line.ends_with(ENDS));
    // Columns of a listing stand apart.
    let has_columns = lines.iter().any(|line| line.contains("  "));
    let letters = code.chars().filter(|c| c.is_alphabetic()).count();
    let others = code.chars().filter(|c| !c.is_alphabetic() && !c.is_whitespace()).count();
    is_begun
        && words > 3
        && (is_ended || words > 9)
        && !has_columns
        && others * 4 <= letters
        && !SIGNS.iter().any(|sign| code.trim_start().contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_below_a_table_is_no_row() {
        for (line, head) in [
            ("All rooms are on the first floor.", "| Day | Room |"),
            ("All rooms are free", "Day | Room"),
            ("See a | b, and so on.", "| Day | Room |"),
            ("a \\| b", "| Day |"),
            ("자세한 안내는 아래에 있습니다", "| 요일 | 장소 |"),
        ] {
            assert!(is_glued(line, head), "{line}");
        }
        for (line, head) in [
            ("| Mon | 12 |", "| Day | Room |"),
            ("Mon | 12", "| Day | Room |"),
            ("| Mon", "| Day | Room |"),
            ("Mon | 12.", "Day | Room"),
        ] {
            assert!(!is_glued(line, head), "{line}");
        }
    }

    #[test]
    fn a_line_below_a_list_or_a_quote_is_a_part_of_it() {
        for (text, is_quote, found) in [
            ("- Milk\n- Bread\nAll is on the table.\n", false, "All is on the table."),
            ("- 첫째\n- 둘째\n본문이 이어집니다.", false, "본문이 이어집니다."),
            ("> To be or not.\nSo he said.", true, "So he said."),
        ] {
            assert_eq!(lazy_line(text, is_quote).map(|at| &text[at]), Some(found), "{text}");
        }
        for (text, is_quote) in [
            ("- Milk\n  And bread\n- Tea", false),
            ("- Milk\nand bread", false),
            ("- Milk  \nBread", false),
            ("- A line that somebody has broken at its width\nAnd went on with.", false),
            ("- Milk\n\n  More\n- Tea", false),
            ("> To be\n> Or not", true),
            ("> To be or not.\n— Hamlet", true),
        ] {
            assert_eq!(lazy_line(text, is_quote), None, "{text}");
        }
    }

    #[test]
    fn only_a_paragraph_above_dashes_is_told() {
        let told = |text: &str| underline(text).is_some_and(|(_, lines)| is_sentence(&lines));
        for text in [
            "The tide is high today.\n---\n",
            "One line\nand another\n---\n",
            "**See you on Monday at the quay.**\n---\n",
            "다음 달에 다시 만나요.\n---\n",
        ] {
            assert!(told(text), "{text}");
        }
        for text in ["News\n---\n", "What is new?\n-----\n", "Nov. 6\n---\n", "Text\n\n---\n"] {
            assert!(!told(text), "{text}");
        }
        let (dashes, _) = underline("a b c.\n> ---\n").unwrap();
        assert_eq!(dashes, 9..12);
    }

    #[test]
    fn code_is_no_prose() {
        for text in [
            "Dear members, welcome back to all.\n",
            "Shall I compare thee to a summer’s day?\nThou art more lovely and more temperate\n",
            "안녕하세요, 회원 여러분. 봄이 왔습니다.\n",
            "“To be or not to be,” he said.",
        ] {
            assert!(is_prose(text), "{text}");
        }
        for text in [
            "let x = 1;\n",
            "cargo install tide --locked\n",
            "git log\n",
            "SELECT name FROM people WHERE id = 3\n",
            "Error: no such file\n",
            "NAME      READY   STATUS\nweb-1     1/1     Running.\n",
            "the tide is high and the boats are in\n",
            "TODO: this stands in a block of code\n",
            "*|FNAME|*\n",
            "",
        ] {
            assert!(!is_prose(text), "{text}");
        }
    }
}
