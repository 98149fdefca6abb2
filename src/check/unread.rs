//! Lines and references that Markdown has read as text: references without their definition,
//! definitions that touch a text, imports of MDX, stars in a row, and a second head.

use std::collections::HashSet;
use std::ops::Range;

use super::stretch::{LONGEST, lines};

/// What is told of a stretch of text, and what to do with it.
type UnreadSign = (Range<usize>, &'static str);

/// `[text][label]`, `[text][]` and `![text][label]` that have become no links: each once.
pub(super) fn references(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut told = HashSet::new();
    let (mut next, mut end) = (0, 0);
    for (at, _) in text.match_indices('[') {
        // What belongs to the one before is none of its own.
        if at < end {
            continue;
        }
        // The bracket that closes this one may be the one that was found for those before.
        if next <= at {
            let Some(close) = text[at..].find(']') else { break };
            next = at + close;
        }
        let (words, behind) = (&text[at + 1..next], &text[next + 1..]);
        let is_short = !words.trim().is_empty() && words.len() < LONGEST;
        let Some(inner) = behind.strip_prefix('[').filter(|_| is_short) else { continue };
        let Some(length) = inner.find(['[', ']', '\n']).filter(|end| *end < LONGEST) else {
            continue;
        };
        if !inner[length..].starts_with(']') || words.starts_with('^') {
            continue;
        }
        let before = text[..at].chars().next_back();
        let chained = before == Some(']') || inner[length + 1..].starts_with('[');
        let is_meant = match (&inner[..length], before) {
            (_, Some('!')) => true,
            // An array's type has its brackets directly behind a name.
            ("", before) => !chained && !before.is_some_and(|c| c.is_ascii_alphanumeric()),
            // A joke of encyclopaedias.
            ("needed", _) => false,
            (label, before) => is_reference(words, label, before == Some(' ') && !chained),
        };
        if is_meant {
            end = next + 1 + length + 2;
            if told.insert(&text[at..end]) {
                found.push(at..end);
            }
        }
    }
    found
}

/// Lines of `written`, a paragraph, that define a reference, where `read` still has them as text.
pub(super) fn glued_definitions(written: &str, read: &str) -> Vec<Range<usize>> {
    let found = lines(written).filter_map(|(start, line)| {
        let label = line.strip_prefix('[').filter(|rest| !rest.starts_with('^'))?;
        let end = label.find(['[', ']']).filter(|end| (1..LONGEST).contains(end))?;
        let target = label[end..].strip_prefix("]:")?.trim_start();
        let starts = ["http://", "https://", "mailto:", "<http", "#", "/", "./", "../", "www."];
        let is_target = starts.iter().any(|start| target.starts_with(start));
        let is_text = is_target && read.contains(&line[..end + 3]);
        is_text.then(|| start..start + line.len())
    });
    // Each is looked for in the text that was read.
    found.take(20).collect()
}

/// The first line of `written` that imports or exports something in MDX.
pub(super) fn module_line(written: &str) -> Option<Range<usize>> {
    let (start, line) = lines(written).find(|(_, line)| is_module_line(line))?;
    Some(start..start + line.len())
}

fn is_module_line(line: &str) -> bool {
    let ends_quoted = |rest: &str| {
        let rest = rest.trim_end_matches([';', ' ']);
        let quote = rest.chars().next().filter(|c| "\"'".contains(*c));
        quote.is_some_and(|quote| rest.len() > 2 && rest[1..].find(quote) == Some(rest.len() - 2))
    };
    if let Some(rest) = line.strip_prefix("import ") {
        let names = rest.rsplit_once(" from ").map_or(rest, |(_, module)| module);
        return ends_quoted(names.trim_start());
    }
    let Some(rest) = line.strip_prefix("export ") else { return line.starts_with("{/*") };
    match rest.split_whitespace().next().unwrap_or_default() {
        "const" | "let" | "var" => rest.contains(" = ") || rest.contains("={"),
        "function" | "async" => rest.contains('('),
        "default" => rest.ends_with([';', '{', '}', '(', ')']),
        "*" => rest.contains(" from "),
        word => word.starts_with('{') && rest.contains('}'),
    }
}

/// Stars that readers see, because four stand in a row: Markdown takes those for no pair.
pub(super) fn stars(read: &str, written: &str) -> Option<Range<usize>> {
    if !read.contains("**") {
        return None;
    }
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(start) = written[at..].find("**").map(|start| at + start) {
        let length = written[start..].bytes().take_while(|byte| *byte == b'*').count();
        runs.push(start..start + length);
        at = start + length;
    }
    // A word with stars instead of letters, or a rating, stands among no others.
    let has_row = read.contains("****");
    let is_odd = |run: &&Range<usize>| {
        let before = written[..run.start].chars().next_back();
        let behind = written[run.end..].chars().next();
        let is_masked = has_row
            && (before.is_some_and(char::is_alphanumeric)
                || behind.is_none_or(|c| c.is_whitespace() || c.is_ascii_digit()));
        run.len() > 3 && !is_masked
    };
    let long = runs.iter().find(is_odd).cloned()?;
    (runs.len() > 1).then_some(long)
}

/// The first line of an article that looks like a definition, `[Note]: words`, and has no address.
pub(super) fn lost_line(source: &str) -> Option<Range<usize>> {
    let (mut at, mut in_code, mut is_apart) = (0, false, false);
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim_end();
        let inner = text.trim_start_matches(' ');
        in_code ^= inner.starts_with("```") || inner.starts_with("~~~");
        if !in_code && is_apart && text.len() - inner.len() < 4 && is_lost(inner) {
            return Some(start..start + text.len());
        }
        is_apart = inner.is_empty();
    }
    None
}

fn is_lost(line: &str) -> bool {
    let Some((label, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]:"))
    else {
        return false;
    };
    let is_comment = ["//", "comment", "kommentar"].contains(&label.to_lowercase().as_str());
    let target = target.trim();
    let is_label = !label.is_empty() && !label.starts_with('^') && !label.contains(['[', ']']);
    let is_word = !target.is_empty() && !target.contains(char::is_whitespace);
    is_label && !is_comment && is_word && !target.contains(['.', '/', '#', ':', '@', '<'])
}

/// Keys of the heads of other programs' files.
const KEYS: [&str; 16] = [
    "title",
    "date",
    "layout",
    "slug",
    "author",
    "authors",
    "tags",
    "category",
    "categories",
    "draft",
    "description",
    "summary",
    "permalink",
    "modified",
    "status",
    "lang",
];
/// Lines of a head that are looked at.
const HEAD: usize = 40;

/// The first line of a head that stands in the text of an article, and not at the top of its file.
pub(super) fn second_head(source: &str) -> Option<Range<usize>> {
    let all: Vec<(usize, &str)> = source
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line.trim_end()))
        })
        .collect();
    let is_mark = |line: &str| line == "---" || line == "+++";
    let first = match all.first() {
        Some((_, mark)) if is_mark(mark) => {
            all.iter().skip(1).position(|(_, line)| line == mark)? + 2
        }
        _ => 0,
    };
    let body = &all[first.min(all.len())..];
    let start = body.iter().position(|(_, line)| !line.is_empty())?;
    if let Some(range) = bare_head(&body[start..]) {
        return Some(range);
    }
    let mut in_code = false;
    for (at, (_, mark)) in body.iter().enumerate() {
        in_code ^= mark.trim_start().starts_with("```") || mark.trim_start().starts_with("~~~");
        if in_code || !is_mark(mark) {
            continue;
        }
        let inner = &body[at + 1..body.len().min(at + 1 + HEAD)];
        let Some(end) = inner.iter().position(|(_, line)| line == mark) else { continue };
        let inner = &inner[..end];
        let is_head_line = |line: &str| {
            line.is_empty() || line.starts_with([' ', '\t', '#', '-', '[']) || key(line).is_some()
        };
        let known = inner.iter().filter_map(|(_, line)| key(line));
        let known: Vec<&str> = known.filter(|key| KEYS.contains(key)).collect();
        let is_enough = known.len() > 1 || known == ["title"];
        if is_enough && inner.iter().all(|(_, line)| is_head_line(line)) {
            let (start, line) = inner.iter().find(|(_, line)| key(line).is_some())?;
            return Some(*start..*start + line.len());
        }
    }
    None
}

/// `Title: …` and its like without a mark around, as Pelican has it, at the start of a text.
fn bare_head(body: &[(usize, &str)]) -> Option<Range<usize>> {
    let lines: Vec<&str> =
        body.iter().take(HEAD).map(|(_, line)| *line).take_while(|line| !line.is_empty()).collect();
    let keys: Option<Vec<String>> =
        lines.iter().map(|line| Some(key(line)?.to_ascii_lowercase())).collect();
    let keys = keys?;
    let has = |name: &str| keys.iter().any(|key| key == name);
    // A talk has a title and a date as well, but none for machines.
    let is_machine_date = |line: &&str| {
        let value = line.split_once(':').map_or("", |(_, value)| value.trim());
        let digits = value.split('-').next().unwrap_or_default();
        digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()) && value.len() > 9
    };
    let for_machines =
        ["slug", "layout", "permalink", "category", "categories", "modified", "draft", "status"];
    let is_head = for_machines.iter().any(|name| has(name)) && (has("title") || has("date"))
        || has("title") && has("date") && lines.iter().any(is_machine_date);
    let (start, line) = body.first()?;
    (is_head && lines.len() > 1).then(|| *start..*start + line.len())
}

/// The key that a line of a head begins with.
fn key(line: &str) -> Option<&str> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
    let behind = line[end..].trim_start();
    let is_key = line.starts_with(|c: char| c.is_ascii_alphabetic())
        && (line[end..] == *":" || line[end..].starts_with(": ") || behind.starts_with("= "));
    is_key.then_some(&line[..end])
}

/// What is told of a paragraph as it is written and as it was read: where, and what to do.
pub(super) fn of_paragraph(written: &str, read: &str) -> Vec<UnreadSign> {
    const DEFINITION: &str =
        "put an empty line above it: a definition that touches a text is a part of it";
    const MODULE: &str = "delete it: nothing is imported or computed in a mail";
    const STARS: &str = "write **Note:** text, with two stars on each side and nothing between them \
                         and the words";
    let glued = glued_definitions(written, read).into_iter().map(|range| (range, DEFINITION));
    let module = module_line(written).map(|range| (range, MODULE));
    let stars = stars(read, written).map(|range| (range, STARS));
    glued.chain(module).chain(stars).collect()
}

/// Whether `[text][label]` was written as a link, and not as two tags beside each other: `[ZH][EN]`,
/// `[core][api]`, `[1][2]`, `x[i][j]`. A link has words, or a label that is none of a tag.
fn is_reference(text: &str, label: &str, within_sentence: bool) -> bool {
    let is_word = |part: &str| part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.trim().contains(char::is_whitespace)
        || text.eq_ignore_ascii_case(label)
        || (is_number(label) && text.chars().count() > 2 && !is_number(text))
        || (label.contains(['-', '_']) && !text.contains(['-', '_']))
        || (within_sentence && is_word(label) && text.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_without_a_definition_are_found_each_once() {
        for (text, found) in [
            ("[tern][] and [Gull #12][] and [tern][]", &["[tern][]", "[Gull #12][]"][..]),
            ("[the plan][plan a], [the map][m]", &["[the plan][plan a]", "[the map][m]"]),
            ("![tern][]", &["[tern][]"]),
            ("![x][y]", &["[x][y]"]),
            ("항구의 [소식][]은", &["[소식][]"]),
        ] {
            let texts: Vec<&str> = references(text).into_iter().map(|at| &text[at]).collect();
            assert_eq!(texts, found, "{text}");
        }
        for text in [
            "[citation][needed]",
            "This is so [citation][needed], they say",
            "[ZH][EN][1][2], [1][2] and [A][B]",
            "String[][] x, int[3][] y, a[i][j][]",
            "[][] [ ][]",
            "x[i][j]",
            "[^1][]",
        ] {
            assert!(references(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn lines_that_were_no_text_are_found() {
        for line in [
            "import Support from \"../_support.mdx\";",
            "import { Tabs, Tab } from '@theme/Tabs'",
            "import \"./x.css\";",
            "export const x = 1;",
            "export default Layout;",
            "export function Chart(props) {",
            "export { a, b }",
            "{/* a note */}",
        ] {
            assert!(is_module_line(line), "{line}");
        }
        for line in [
            "import duties from \"friendly\" countries rise",
            "import taxes rose",
            "export default settings were lost",
            "export const of goods",
            "export functions are new",
            "important from \"x\"",
        ] {
            assert!(!is_module_line(line), "{line}");
        }
        let glued = |written: &str| glued_definitions(written, written).len();
        assert_eq!(glued("The source.\n[tern]: https://a.example/\n[b]: <https://b.example>"), 2);
        assert_eq!(glued("The source.\n[tern]: a bird\n[^1]: https://a.example/"), 0);
        assert!(glued_definitions("[a]: https://a.example/\nWords a.", "Words a.").is_empty());
    }

    #[test]
    fn stars_in_a_row_are_found_and_masked_words_are_not() {
        for (read, written) in [
            ("****Now: words", "**<!--up-->****Now:** words"),
            ("enjoy the layout.** It", "**enjoy the layout.**** It"),
            ("**Now: words", "****Now:** words"),
        ] {
            assert!(stars(read, written).is_some(), "{written}");
        }
        for (read, written) in [
            ("f**** it", "f**** it"),
            ("f**** bold", "f**** **bold**"),
            ("**** of five, bold", "**** of five, **bold**"),
            ("card ****1234, bold", "card ****1234, **bold**"),
            ("2**3", "2**3"),
            ("bold and more", "***bold* and more**"),
        ] {
            assert_eq!(stars(read, written), None, "{written}");
        }
    }

    #[test]
    fn a_line_without_an_address_is_lost() {
        for text in ["a\n\n[Note]: careful\n", "a\n\n[참고]: 중요\n\nb"] {
            assert!(lost_line(text).is_some(), "{text}");
        }
        for text in [
            "a\n[Note]: careful",
            "a\n\n[Note]: two words",
            "a\n\n[plan]: plan.html",
            "a\n\n[plan]: <x>",
            "a\n\n[^1]: Careful",
            "a\n\n[//]: # (note)",
            "a\n\n```\n\n[Note]: careful\n```",
        ] {
            assert_eq!(lost_line(text), None, "{text}");
        }
    }

    #[test]
    fn a_second_head_is_found() {
        for text in [
            "---\ntitle: A\n---\n\nTitle: A\nDate: 2024-01-02\n\nWords",
            "---\ntitle: A\n---\nTitle: A\nSlug: a\nTags: b, c\n\nWords",
            "---\ntitle: A\n---\n\n---\ntitle: B\ndate: 2024-01-02\ntags:\n  - x\n---\n\nWords",
            "---\ntitle: A\n---\n\nWords\n\n+++\ntitle = \"B\"\ndraft = false\n+++\n\nWords",
            "\n---\ntitle: B\n---\n\nWords",
        ] {
            assert!(second_head(text).is_some(), "{text}");
        }
        for text in [
            "---\ntitle: A\n---\n\nTitle: The sea\nDate: 6 November\nSpeaker: Kim\n",
            "---\ntitle: A\n---\n\nWords\n\n---\nDate: 6 Nov\nLocation: Quay\n---\n",
            "---\ntitle: A\n---\n\nWords\n\n---\n\nWords: more\n\n---\n",
            "---\ntitle: A\n---\n\n```\n---\ntitle: B\ndate: x\n---\n```\n",
            "---\ntitle: A\n",
            "",
        ] {
            assert_eq!(second_head(text), None, "{text}");
        }
    }
}
