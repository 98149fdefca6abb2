//! HTML that came with text out of a word processor or a spreadsheet. Nothing of it is shown as it
//! was there, and some of it reaches readers as it is written.

use std::ops::Range;

use super::html::Element;
use super::view::View;
use super::without_code::without_code;
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place, Source};

/// What a program leaves: what that is, and how it begins, in small letters.
const KINDS: [(&str, &[&str]); 5] = [
    ("tags of Word", &["<o:", "<w:", "<v:", "<m:", "<st1:"]),
    (
        "styles of Word",
        &[
            "class=\"mso",
            "class='mso",
            "class=mso",
            "mso-",
            "color:windowtext",
            "color: windowtext",
            "<p class=\"western\"",
        ],
    ),
    (
        "comments of Word or another program",
        &["<!--[if", "<![if", "<!--startfragment", "<!--[data-", "<!-- notionvc"],
    ),
    (
        "marks of Google Docs or Sheets",
        &["docs-internal-guid", "<google-sheets-html-origin", "data-sheets-"],
    ),
    (
        "marks of an office program",
        &[
            "apple-converted-space",
            "apple-tab-span",
            "outlineelement",
            "class=\"textrun",
            "data-contrast=",
        ],
    ),
];

const HELP: &str = "paste the text again without its format (Ctrl+Shift+V, on a Mac \
                    Cmd+Shift+Option+V), and set links and bold words in Markdown";

/// The rule `leftover-paste`: each kind once in a file, where it begins, with how often it is there.
pub(super) fn html(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let articles = view.input.issue.sections.iter().flat_map(|section| &section.articles);
    let sources = articles.map(|article| &article.source).chain([&view.input.issue.manifest]);
    for source in sources.filter(|source| source.text().contains('<')) {
        let code = view.author.code.iter().filter_map(|(spot, _)| spot.within(source));
        let text = searched(source, code);
        for (what, signs) in KINDS {
            let Some((first, count)) = found(&text, signs) else { continue };
            let times = if count == 1 { String::new() } else { format!(", {count} times") };
            let shown = &source.text()[first.clone()];
            let message = format!("{what} came with this text: {shown}{times}");
            let problem = Diagnostic::warning("leftover-paste", message);
            problems.push(problem.at(Place::span(source, first)).help(HELP));
        }
    }
    problems
}

/// How far, in pixels, words may hang out of their element: the letter has as much room at its sides.
const ROOM: f64 = 16.0;

/// The rule `leftover-paste`: lines that begin further left than their paragraph, as Word indents its
/// lists. Without the margin that belongs to it, the words leave the letter.
pub(super) fn indents(view: &View<'_>) -> Vec<Diagnostic> {
    let found = view.tree.elements.iter().filter_map(|element| {
        let written = element.style("text-indent")?;
        let indent = pixels(written).filter(|indent| *indent < 0.0)?;
        let before: f64 = ["margin", "padding"].into_iter().map(|name| room(element, name)).sum();
        if indent + before >= -ROOM {
            return None;
        }
        let place = view.given(&["text-indent"], written)?.value;
        let what = format!("text-indent: {written} moves the first words out of the letter");
        let help = "delete it; it came from a list of a word processor: write the list in Markdown, \
                    with - and a space before each item";
        let problem = Diagnostic::warning("leftover-paste", what).at(place).help(help);
        Some((written.to_owned(), problem))
    });
    grouped(found)
}

/// What an element leaves free at its left side, by its margin or padding.
fn room(element: &Element, name: &str) -> f64 {
    let short = element.style(name).map(|value| {
        let parts: Vec<&str> = value.split_whitespace().collect();
        parts.get(3).or(parts.get(1)).or(parts.first()).copied().unwrap_or_default().to_owned()
    });
    let side = element.style(&format!("{name}-left")).map(str::to_owned);
    side.or(short).and_then(|value| pixels(&value)).unwrap_or_default()
}

/// A length in pixels, as far as Word writes such.
fn pixels(value: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 8] = [
        ("px", 1.0),
        ("pt", 4.0 / 3.0),
        ("pc", 16.0),
        ("in", 96.0),
        ("cm", 96.0 / 2.54),
        ("mm", 96.0 / 25.4),
        ("rem", 16.0),
        ("em", 16.0),
    ];
    let value = value.trim().trim_end_matches("!important").trim().to_ascii_lowercase();
    if value == "0" {
        return Some(0.0);
    }
    let (unit, pixels) = UNITS.into_iter().find(|(unit, _)| value.ends_with(unit))?;
    let number: f64 = value[..value.len() - unit.len()].trim().parse().ok()?;
    number.is_finite().then_some(number * pixels)
}

/// A text in small letters, without its code, but with its comments.
fn searched(source: &Source, code: impl Iterator<Item = Range<usize>>) -> String {
    let mut bytes = source.text().to_ascii_lowercase().into_bytes();
    for span in code {
        bytes[span].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    // A comment that looks like none is not taken for one.
    without_code(&text.replace("<!--", "<!\u{1}\u{1}")).replace("<!\u{1}\u{1}", "<!--")
}

/// Where the first of the signs stands, to its end, and how many there are.
fn found(text: &str, signs: &[&str]) -> Option<(Range<usize>, usize)> {
    let places =
        signs.iter().flat_map(|sign| text.match_indices(sign).map(|(at, sign)| (at, sign.len())));
    let (mut first, mut count): (Option<(usize, usize)>, usize) = (None, 0);
    for (at, length) in places {
        count += 1;
        if first.is_none_or(|(known, _)| at < known) {
            first = Some((at, length));
        }
    }
    let (at, length) = first?;
    // A tag is shown whole, if it is short.
    let rest = text[at..].lines().next().unwrap_or_default();
    let end = rest.find('>').map(|end| end + 1).filter(|end| rest.starts_with('<') && *end < 60);
    let end = at + end.unwrap_or(length).max(length);
    Some((at..text.floor_char_boundary(end), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_word_are_pixels() {
        for (text, expected) in [
            ("-18.0pt", Some(-24.0)),
            ("-.25in", Some(-24.0)),
            ("0", Some(0.0)),
            ("2em !important", Some(32.0)),
            ("5%", None),
            ("pt", None),
            ("infpx", None),
        ] {
            assert_eq!(pixels(text), expected, "{text}");
        }
    }

    fn all(text: &str) -> Vec<(String, usize)> {
        let source = Source::new("a.md", text);
        let lower = searched(&source, std::iter::empty());
        let kinds = KINDS.into_iter().filter_map(|(_, signs)| found(&lower, signs));
        kinds.map(|(range, count)| (text[range].to_owned(), count)).collect()
    }

    #[test]
    fn each_kind_is_found_once_and_counted() {
        let text = "One <o:p></o:p> and <O:P>x</o:p>, `<o:p>`.\n<p class=\"MsoNormal\" \
                    style=\"mso-x:y\">\n<!--[if gte mso 9]><xml></xml><![endif]-->\n";
        let expected = [("<o:p>", 2), ("class=\"Mso", 2), ("<!--[if gte mso 9]>", 1)];
        let expected: Vec<_> =
            expected.into_iter().map(|(shown, count)| (shown.to_owned(), count)).collect();
        assert_eq!(all(text), expected);
        for right in ["`<o:p>`", "```\n<w:p>\n```\n", "<!-- a note -->", "<p class=\"x\">", "a < b"]
        {
            assert_eq!(all(right), [], "{right}");
        }
    }
}
