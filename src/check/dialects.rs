//! Signs of Markdown that nothing has read: what found no other half, what other programs add to
//! Markdown, and lines that look like a list, a heading or a table and are none.
//!
//! Readers get all that as it was typed. Each is a warning, because a text may mean it so.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::author::Passage;
use super::brackets;
use super::emphasis;
use super::formulas;
use super::plain_lines;
use super::spot::Spot;
use super::stretch::{LONGEST, lines};
use super::swallowed;
use super::unread;
use super::view::View;
use super::without_code::{with_backslashes, without_code};
use crate::diagnostic::{Diagnostic, Place, Source, nearest};

/// A stretch of a text, and what to do with it.
type Sign = (Range<usize>, &'static str);

/// What to do where the signs stand in raw HTML.
const IN_HTML: &str = "Markdown is not read in raw HTML: put an empty line before and behind these \
                       words, or write <a href=\"…\">, <strong> and <code>";

/// The rule `leftover-markdown`: Markdown that was read as text, and footnotes without a use.
pub(super) fn markdown(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    // Word's bullets fill whole files: they are told once in each.
    let mut bulleted: HashSet<PathBuf> = HashSet::new();
    let mut lost = LostReferences::default();
    let mut notes = UnusedNotes::of(view);
    let told = plain_lines::told(view);
    for Passage { spot, text, is_paragraph, is_raw, .. } in &view.author.passages {
        let mut tell = |found: &str, place: Place, help: &str| {
            let what = format!("{found} would be sent as it is");
            problems.push(Diagnostic::warning("leftover-markdown", what).at(place).help(help));
        };
        let is_told = spot.is_file && told.contains(text.as_str());
        for (found, help) in unread(text).into_iter().filter(|_| !is_told) {
            match notes.meant(spot, found).filter(|_| !is_raw) {
                Some(help) => tell(found, spot.of(found), &help),
                None => tell(found, spot.of(found), if *is_raw { IN_HTML } else { help }),
            }
        }
        for range in unread::references(text).into_iter().filter(|_| !is_raw) {
            lost.add(spot, &text[range]);
        }
        for (range, help) in signs(text) {
            let found = &text[range];
            tell(found, spot.of(found), help);
        }
        let Some((source, span)) = spot.stretch().filter(|_| *is_paragraph) else { continue };
        let written = without_code(&source.text()[span.clone()]);
        let at = |range: Range<usize>| {
            Place::span(source, span.start + range.start..span.start + range.end)
        };
        if let Some((range, help)) = unread_lines(&written) {
            tell(&format!("{:?}", &written[range.clone()]), at(range), help);
        }
        let unread = unread::of_paragraph(&written, text).into_iter();
        for (range, help) in unread.chain(swallowed::of_paragraph(&written, text)) {
            tell(&format!("{:?}", &written[range.clone()]), at(range), help);
        }
        let typed = &source.text()[span.clone()];
        if let Some((range, help)) = formulas::formula(&with_backslashes(typed, &written)) {
            let shown = typed[range.clone()].lines().next().unwrap_or_default();
            tell(&format!("the formula {shown}"), at(range), help);
        }
        if let Some(range) = bullets(&written)
            && bulleted.insert(source.path().to_owned())
        {
            let help = "begin each item with - and a space, on a line of its own: these bullets \
                        make no list";
            tell(&format!("{:?}", &written[range.clone()]), at(range), help);
        }
    }
    problems.extend(lost.told());
    let articles = view.input.issue.sections.iter().flat_map(|section| &section.articles);
    problems.extend(articles.flat_map(|article| of_file(&article.source, &notes)));
    problems
}

/// What is told of an article as a whole file.
fn of_file(source: &Arc<Source>, notes: &UnusedNotes<'_>) -> Vec<Diagnostic> {
    let tell = |what: &str, range: Range<usize>, help: &str| {
        Diagnostic::warning("leftover-markdown", what).at(Place::span(source, range)).help(help)
    };
    let mut problems = Vec::new();
    if let Some((range, what, help)) = swallowed::endless(source.text()) {
        problems.push(tell(what, range, help));
    }
    if let Some(range) = unread::lost_line(source.text()) {
        let what = "this line is read as the address of a link, so readers do not see it";
        let help = "write a backslash before it: \\[Note]: words";
        problems.push(tell(what, range, help));
    }
    if let Some(range) = unread::second_head(source.text()) {
        let what = "this looks like a second head, and would be sent as text";
        let help = "move what is needed between the --- at the very top of the file, and delete \
                    the rest";
        problems.push(tell(what, range, help));
    }
    for (at, label) in notes.left(source) {
        let what = format!("no text refers to the footnote {label}, so it is left out");
        let help = format!("write {label} in the text where it belongs, or delete the footnote");
        problems.push(tell(&what, at..at + label.len(), &help));
    }
    problems
}

/// References of a file that are told one by one; of more, the file has lost all its definitions.
const LOST: usize = 5;

/// `[text][label]` without a line that says where it leads, by file.
#[derive(Default)]
struct LostReferences {
    of_file: BTreeMap<PathBuf, (usize, Vec<(String, Place)>)>,
}

impl LostReferences {
    /// Only the first ones are looked for in the file: a text may hold ten thousand.
    fn add(&mut self, spot: &Spot<'_>, found: &str) {
        let (count, first) = self.of_file.entry(spot.source.path().to_owned()).or_default();
        *count += 1;
        if *count <= LOST {
            first.push((found.to_owned(), spot.of(found)));
        }
    }

    fn told(self) -> Vec<Diagnostic> {
        const HELP: &str = "write its address on a line of its own, with an empty line above: \
                            [label]: https://…";
        let told = |what: String, place: Place| {
            Diagnostic::warning("leftover-markdown", what).at(place).help(HELP)
        };
        let mut problems = Vec::new();
        for (count, first) in self.of_file.into_values() {
            if count <= LOST {
                problems.extend(
                    first
                        .into_iter()
                        .map(|(text, place)| told(format!("{text} would be sent as it is"), place)),
                );
                continue;
            }
            let texts: Vec<&str> = first.iter().map(|(text, _)| text.as_str()).collect();
            let what = format!(
                "{count} links have no address in this file, and would be sent as they are: {} and \
                 {} more",
                texts.join(", "),
                count - LOST
            );
            problems.extend(first.first().map(|(_, place)| told(what, place.clone())));
        }
        problems
    }
}

/// What other programs add to Markdown, the first of each kind.
fn signs(text: &str) -> Vec<Sign> {
    let kinds = [
        attributes(text),
        contents(text),
        admonition(text),
        short_name(text),
        marked(text),
        raised(text),
        comment(text),
    ];
    kinds.into_iter().flatten().collect()
}

/// `{: .note}`, `{.button}` behind a space, `{#anchor}`.
fn attributes(text: &str) -> Option<Sign> {
    const BUTTON: &str = "write {.button} directly behind the link: [Read it](https://…){.button}";
    const CREDIT: &str =
        "write {credit=\"Photo: Kim\"} directly behind the picture, without a colon";
    const OTHER: &str = "classes and anchors in braces do nothing here, except {.button} directly \
                         behind a link: delete them";
    text.match_indices('{').find_map(|(at, _)| {
        let inner = &text[at + 1..text.floor_char_boundary((at + 120).min(text.len()).max(at + 1))];
        let end = inner.find('}').filter(|end| !inner[..*end].contains(['{', '\n']))?;
        let inner = &inner[..end];
        let name = inner.trim_start_matches(':').trim_start();
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_alphanumeric() || "-_=\"“” .#".contains(c))
        };
        let is_sign = match (inner.starts_with(':'), name.chars().next()) {
            (_, Some('.' | '#')) => is_name(&name[1..]),
            (true, Some(c)) => c.is_alphabetic(),
            _ => false,
        };
        let help = match name {
            name if name.contains(".b") => BUTTON,
            name if name.starts_with("credit") => CREDIT,
            _ => OTHER,
        };
        is_sign.then_some((at..at + end + 2, help))
    })
}

/// `[TOC]`, `[[_TOC_]]`, alone.
fn contents(text: &str) -> Option<Sign> {
    let alone = Some(text.trim()).filter(|text| text.len() < 40)?;
    let is_toc = ["[toc]", "[[toc]]", "[[_toc_]]", "@[toc]", "{toc}", "[toc levels=2]"]
        .contains(&alone.to_lowercase().as_str());
    let start = text.len() - text.trim_start().len();
    let help = "delete it: an issue of three articles or more has its own list of contents";
    is_toc.then_some((start..start + alone.len(), help))
}

/// `!!! note`, `??? note`, `=== "Tab"` of MkDocs, at the beginning.
fn admonition(text: &str) -> Option<Sign> {
    let start = text.len() - text.trim_start().len();
    let rest = &text[start..];
    let mark = ["!!! ", "???+ ", "??? ", "=== ", ":::", ":: "]
        .into_iter()
        .find(|m| rest.starts_with(m))?;
    let name = &rest[mark.len()..];
    let fits = match mark {
        "=== " => name.starts_with(['"', '“', '”']),
        // A passage for some readers is an error by itself.
        _ => name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.starts_with("only "),
    };
    let end = name.find(char::is_whitespace).unwrap_or(name.len());
    let help = "write a box as ::: callout, then its text, and ::: on a line of its own";
    fits.then_some((start..start + mark.len() + end, help))
}

/// `:rocket:`: the name of an emoji.
fn short_name(text: &str) -> Option<Sign> {
    let mut colons = text.match_indices(':').map(|(at, _)| at).peekable();
    while let Some(at) = colons.next() {
        let Some(end) = colons.peek() else { break };
        let name = &text[at + 1..*end];
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_+-".contains(c);
        let is_word = |c: char| c.is_alphanumeric() || ":/.".contains(c);
        let is_name = name.len() > 1
            && (name.starts_with(|c: char| c.is_ascii_lowercase()) || ["+1", "-1"].contains(&name))
            && name.chars().all(fits);
        if is_name
            && !text[..at].chars().next_back().is_some_and(is_word)
            && !text[end + 1..]
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphanumeric() || c == ':')
        {
            let help = "write the emoji itself: its name is no sign here";
            return Some((at..end + 1, help));
        }
    }
    None
}

/// `==words==` and `++words++`: marked, and underlined.
fn marked(text: &str) -> Option<Sign> {
    ["==", "++"].into_iter().find_map(|mark| {
        let mut found = text.match_indices(mark).map(|(at, _)| at);
        let opens = |at: &usize| {
            let before = text[..*at].chars().next_back();
            let is_mark = |c: char| c == '=' || c == '+' || c.is_ascii_alphanumeric();
            !before.is_some_and(is_mark) && text[at + 2..].starts_with(char::is_alphanumeric)
        };
        let at = found.find(opens)?;
        let inner = &text[at + 2..];
        let end = inner.find(mark)?;
        let is_end = !inner[..end].ends_with(char::is_whitespace) && end <= 200;
        let help = "write <mark>words</mark> or <u>words</u>, or **words**";
        is_end.then_some((at..at + end + 4, help))
    })
}

/// `<!--` without an end, within a line.
fn comment(text: &str) -> Option<Sign> {
    let at = text.find("<!--")?;
    Some((at..at + 4, "end the comment with -->, or delete it"))
}

/// `x^2^` and `H~2~O` of Pandoc: raised, and lowered.
fn raised(text: &str) -> Option<Sign> {
    ['^', '~'].into_iter().find_map(|mark| {
        let mut marks = text.match_indices(mark).map(|(at, _)| at).peekable();
        while let Some(at) = marks.next() {
            let Some(end) = marks.peek().copied() else { break };
            let before = text[..at].chars().next_back();
            let behind = text[end + 1..].chars().next();
            let inner = &text[at + 1..end];
            let is_short = (1..=4).contains(&inner.len());
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let fits = match mark {
                '^' => {
                    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '-';
                    inner.chars().all(is_part) && !is_word(behind)
                }
                // 10~20~30 is a range.
                _ => {
                    inner.bytes().all(|byte| byte.is_ascii_digit())
                        && before.is_some_and(|c| c.is_ascii_alphabetic())
                        && !behind.is_some_and(|c| c.is_ascii_digit())
                }
            };
            if is_short && fits && is_word(before) {
                let help = "write x<sup>2</sup>, H<sub>2</sub>O, or the sign itself: x², H₂O";
                let start = text[..at].char_indices().next_back().map_or(at, |(start, _)| start);
                return Some((start..end + 1, help));
            }
        }
        None
    })
}

/// Lines that look like a table, a heading or a list, and were read as running text.
fn unread_lines(written: &str) -> Option<Sign> {
    table_lines(written).or_else(|| heading_line(written)).or_else(|| list_lines(written))
}

/// Rows without the line below their headings, or with one of fewer columns.
fn table_lines(written: &str) -> Option<Sign> {
    const HELP: &str = "a table needs a line of dashes below its headings, with as many columns: \
                        | --- | --- |";
    let is_line = |line: &str| {
        line.contains('|') && line.contains("--") && line.chars().all(|c| "|:- ".contains(c))
    };
    let is_row = |line: &str| {
        let bars = line.matches('|').count();
        line.starts_with('|') && bars > 1 || line.matches(" | ").count() > 1
    };
    let mut rows = lines(written).skip_while(|(_, line)| !is_row(line));
    let (start, first) = rows.next()?;
    let (_, second) = rows.next()?;
    let whole = start..start + first.len();
    (is_line(second) || is_row(second)).then_some((whole, HELP))
}

/// `##Heading` without a space.
fn heading_line(written: &str) -> Option<Sign> {
    const HELP: &str = "a heading has a space behind its signs: ## Heading";
    let mut all = lines(written);
    let (start, first) = all.next()?;
    let is_alone = all.next().is_none();
    let words = first.trim_start_matches('#');
    let signs = first.len() - words.len();
    let is_letter = words.starts_with(char::is_alphabetic);
    let is_title = match signs {
        2..=6 => is_letter,
        // One sign is how people write a tag.
        1 => {
            // An emoji ends a post as well as a full stop does.
            let ends = !words.ends_with(|c: char| c.is_alphanumeric() || ")]\"”'`*_".contains(c));
            is_letter && is_alone && !ends && words.contains(' ') && !words.contains('#')
        }
        _ => false,
    };
    is_title.then_some((start..start + first.len(), HELP))
}

/// Two lines that begin `-item` or `1.item`.
fn list_lines(written: &str) -> Option<Sign> {
    const HELP: &str = "an item has a space behind its mark: - item, 1. item";
    let is_item = |line: &str| {
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let behind = match (digits, line.chars().next()) {
            (0, Some('-' | '+')) => &line[1..],
            (0, Some('*')) if line.matches('*').count() == 1 => &line[1..],
            (1..=3, _) if line[digits..].starts_with(['.', ')']) => &line[digits + 1..],
            _ => return false,
        };
        behind.starts_with(char::is_alphabetic)
    };
    let mut items = lines(written).filter(|(_, line)| is_item(line));
    let (start, first) = items.next()?;
    items.next()?;
    Some((start..start + first.len(), HELP))
}

/// Two lines of one paragraph that begin with a bullet of a word processor, or one with a bullet of
/// its symbol font: the first.
fn bullets(written: &str) -> Option<Range<usize>> {
    const BULLETS: [char; 21] = [
        '·', '•', '‣', '◦', '▪', '●', '○', '■', '◆', '∙', '・', '□', '◇', '▶', '▷', '►', '➤', '☞',
        '※', '✓', '✔',
    ];
    let is_symbol = |c: char| ('\u{F020}'..='\u{F0FF}').contains(&c);
    if let Some((at, c)) = written.char_indices().find(|(_, c)| is_symbol(*c)) {
        return Some(at..at + c.len_utf8());
    }
    // A Korean letter that stands for a circle.
    let is_item = |line: &str| line.starts_with(BULLETS) || line.starts_with("ㅇ ");
    let mut items = lines(written).filter(|(_, line)| is_item(line));
    let (start, first) = items.next()?;
    items.next()?;
    Some(start..start + first.len())
}

/// Pieces of a text that are told one by one.
const MOST_UNREAD: usize = 12;

/// The pieces of Markdown in a text that were read as text, each once, and what to do.
fn unread(text: &str) -> Vec<(&str, &'static str)> {
    let mut all: Vec<(&str, &'static str)> = Vec::new();
    let mut next = 0;
    for (at, _) in text.match_indices('[') {
        let rest = &text[at..];
        // The bracket that closes this one may be the one that was found for those before.
        if next <= at {
            let Some(close) = rest.find(']') else { break };
            next = at + close;
        }
        let close = next - at;
        if close <= 1 || close > LONGEST {
            continue;
        }
        let found = &rest[..=close];
        if let Some(help) = unread_brackets(&text[..at], found, &rest[close + 1..])
            && all.iter().all(|(known, _)| *known != found)
        {
            all.push((found, help));
            if all.len() == MOST_UNREAD {
                break;
            }
        }
    }
    if all.is_empty() {
        all.extend(emphasis::unread(text).or_else(|| brackets::broken_link(text)));
    }
    all
}

/// What to do with words between brackets that have become no link, picture or footnote.
fn unread_brackets(before: &str, found: &str, behind: &str) -> Option<&'static str> {
    if before.ends_with('!') && behind.starts_with(' ') && is_path(behind.trim_start()) {
        return Some("write a picture without a space between its brackets: ![A view](photo.png)");
    }
    if before.ends_with('!') && is_spaced_path(behind) {
        return Some(
            "write the path between < and >, as it has a space: ![A view](<my photo.png>)",
        );
    }
    let is_label = found.starts_with("[^") && found.len() < 1_000;
    if is_label && !found.contains(char::is_whitespace) {
        return Some("write the footnote on a line of its own: [^1]: See the minutes.");
    }
    brackets::unread_target(behind)
}

/// The path of a picture that stands between parentheses.
fn path(text: &str) -> Option<&str> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let path = text.strip_prefix('(')?.split_once(')')?.0.trim();
    let endings = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"];
    let lower = path.to_lowercase();
    endings.iter().any(|ending| lower.ends_with(ending)).then_some(path)
}

fn is_path(text: &str) -> bool {
    path(text).is_some()
}

/// Whether this is a picture's path between parentheses, with a space in it.
fn is_spaced_path(text: &str) -> bool {
    path(text).is_some_and(|path| path.contains(' '))
}

/// Footnotes that nothing refers to, by the file they stand in.
struct UnusedNotes<'a>(HashMap<*const Source, Vec<(usize, &'a str)>>);

impl<'a> UnusedNotes<'a> {
    fn of(view: &View<'a>) -> UnusedNotes<'a> {
        let articles = view.input.issue.sections.iter().flat_map(|section| &section.articles);
        let all = articles
            .map(|article| (Arc::as_ptr(&article.source), unused_notes(article.source.text())));
        UnusedNotes(all.collect())
    }

    /// What to write for `found`, `[^fee]`, where a footnote `[^fees]` of the same file is not used:
    /// that one is told with it.
    fn meant(&mut self, spot: &Spot<'_>, found: &str) -> Option<String> {
        let label = found.strip_prefix("[^")?.strip_suffix(']')?;
        let notes = self.0.get_mut(&Arc::as_ptr(spot.source))?;
        let bare = |note: &'a str| note.trim_start_matches("[^").trim_end_matches(']');
        let meant = nearest(label, notes.iter().take(MOST_NOTES).map(|(_, note)| bare(note)))?;
        let at = notes.iter().position(|(_, note)| bare(note) == meant)?;
        let (_, note) = notes.remove(at);
        Some(format!("did you mean {note}? That is what the footnote is called"))
    }

    fn left(&self, source: &Arc<Source>) -> Vec<(usize, &'a str)> {
        self.0.get(&Arc::as_ptr(source)).cloned().unwrap_or_default()
    }
}

/// Footnotes among which a similar name is looked for.
const MOST_NOTES: usize = 100;

/// Definitions of footnotes that nothing refers to: where each label stands.
fn unused_notes(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let lower = source.to_lowercase();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for (at, _) in lower.match_indices("[^") {
        // A label of a thousand bytes is none.
        let rest = lower.as_bytes()[at..].iter().take(1_000);
        let end = rest.take_while(|byte| **byte != b'\n').position(|byte| *byte == b']');
        *uses.entry(end.map_or("", |end| &lower[at..=at + end])).or_default() += 1;
    }
    let (mut at, mut in_code) = (0, false);
    for line in source.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let inner = line.trim_start();
        in_code ^= inner.starts_with("```") || inner.starts_with("~~~");
        let Some(label) = inner.starts_with("[^").then(|| inner.split("]:").next()).flatten()
        else {
            continue;
        };
        let label = &inner[..(label.len() + 1).min(inner.len())];
        let is_definition = inner[label.len()..].starts_with(':') && !label.contains(' ');
        let uses = uses.get(label.to_lowercase().as_str());
        if is_definition && !in_code && uses == Some(&1) {
            found.push((start, label));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_add_is_found() {
        for (text, found) in [
            ("A note {: .note}", "{: .note}"),
            ("{:.lead}", "{:.lead}"),
            ("{:toc}", "{:toc}"),
            ("Read it {.button}", "{.button}"),
            ("The tide {#tide}", "{#tide}"),
            ("{: target=“_blank”}", "{: target=“_blank”}"),
            ("x^2^ and more", "x^2^"),
            ("CO~2~-free H~2~O", "O~2~"),
            ("[TOC]", "[TOC]"),
            ("[[_TOC_]]", "[[_TOC_]]"),
            ("!!! note Mind the gap", "!!! note"),
            ("??? tip", "??? tip"),
            ("=== “Linux”", "=== “Linux”"),
            ("We launch :rocket: today", ":rocket:"),
            (":+1: from all", ":+1:"),
            ("출발 :tada:!", ":tada:"),
            ("This is ==marked== here", "==marked=="),
            ("This is ++added++ here", "++added++"),
        ] {
            let told = signs(text);
            assert_eq!(told.len(), 1, "{text}: {told:?}");
            assert_eq!(&text[told[0].0.clone()], found);
        }
    }

    #[test]
    fn ordinary_text_has_no_signs() {
        for text in [
            "the set {a, b} and {see below}",
            "at 10:30:45 and 10:30 pm: well, note: this",
            "https://quay.example:8080/a:b:c",
            "if a == b and c == d, or a==b and c==d",
            "C++ and C++ and i++",
            "wait!!! what??? ===",
            "re:invent: a talk; ratio 3:2:1",
            "std::mem::swap and a::b::c",
            "{.} {} {: } and {:",
            "[toc] stands for contents here",
        ] {
            assert_eq!(signs(text), [], "{text}");
        }
    }

    #[test]
    fn halves_and_broken_links_are_found() {
        for (text, found) in [
            ("**Note: the tide", "**Note:"),
            ("Mind the ~~gap here", "~~gap"),
            ("Run `tide now", "`tide"),
            ("[a photo](my photo.png)", "[a photo]"),
            ("[the plan](https://quay.example/a b)", "[the plan]"),
            ("(the plan)[https://quay.example/]", "(the plan)[https://quay.example/]"),
        ] {
            assert_eq!(unread(text).first().map(|(found, _)| *found), Some(found), "{text}");
        }
        for text in [
            "2**3 and 2 ** 3, price** here ** and *** so",
            "안녕하세요~~ 반갑습니다~",
            "the '90s, it`s",
            "an array[i](the first) and f(x)[0]",
            "[sic] (see the note)",
            "[원문]은 그대로, [원문]",
        ] {
            assert_eq!(unread(text), [], "{text}");
        }
    }

    #[test]
    fn lines_that_were_meant_for_more_are_found() {
        for text in [
            "| a | b |\n| c | d |",
            "a | b | c\n--- | ---\nd | e | f",
            "> | a | b |\n> | c | d |",
            "##Heading",
            "#Welcome to the harbour",
            "###소식",
            "-one\n-two",
            "1.one\n2.two",
            "*one\n*two",
        ] {
            assert!(unread_lines(text).is_some(), "{text}");
        }
        for text in [
            "Home | About | Contact",
            "#harbour #quay",
            "#MeToo changed everything.",
            "#1 in the world",
            "#harbour",
            "-Jane",
            "-5 degrees\n-3 degrees",
            "1.5 million\n2.5 million",
            "a line\nand a | bar",
            "- one",
        ] {
            assert_eq!(unread_lines(text), None, "{text}");
        }
        assert_eq!(bullets("· one\n· two"), Some(0..6));
        assert_eq!(bullets("one \u{F0B7} two"), Some(4..7));
        assert_eq!(bullets("· one"), None);
        assert_eq!(bullets("one · two\nthree · four"), None);
    }
}
