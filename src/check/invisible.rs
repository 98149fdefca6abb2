//! Characters that nobody sees, where authors wrote them. Which have a use where they stand is
//! decided by [`unseen`].

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::author::Author;
use super::view::View;
use crate::diagnostic::unseen::{self, Unseen};
use crate::diagnostic::{Diagnostic, Place, Source};

/// Names of HTML for characters that nobody sees.
const NAMES: [(&str, char); 17] = [
    ("shy", '\u{AD}'),
    ("ZeroWidthSpace", '\u{200B}'),
    ("NegativeVeryThinSpace", '\u{200B}'),
    ("NegativeThinSpace", '\u{200B}'),
    ("NegativeMediumSpace", '\u{200B}'),
    ("NegativeThickSpace", '\u{200B}'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("lrm", '\u{200E}'),
    ("rlm", '\u{200F}'),
    ("NoBreak", '\u{2060}'),
    ("ApplyFunction", '\u{2061}'),
    ("af", '\u{2061}'),
    ("InvisibleTimes", '\u{2062}'),
    ("it", '\u{2062}'),
    ("InvisibleComma", '\u{2063}'),
    ("ic", '\u{2063}'),
];
/// The longest reference that is looked at: the longest name, or a number with leading zeros.
const LONGEST: usize = 24;

/// Such characters as they are written: in articles with their front matter, in `issue.toml` and in
/// the style sheet.
pub(super) fn written(view: &View<'_>) -> Vec<Diagnostic> {
    let style = view.input.issue.style.iter();
    texts(view).chain(style).flat_map(unseen::in_source).collect()
}

/// The same where they are written by their number or name: `&#x202E;`, `&rlm;`. Escapes of TOML and
/// YAML are told where those are read.
pub(super) fn decoded(view: &View<'_>) -> Vec<Diagnostic> {
    let shown = shown(view);
    if shown.is_empty() {
        return Vec::new();
    }
    let sources = texts(view);
    sources
        .flat_map(|source| {
            let code =
                view.author.code.iter().filter_map(|(spot, _)| spot.within(source)).collect();
            in_references(source, &shown, code)
        })
        .collect()
}

fn texts<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Arc<Source>> {
    let issue = view.input.issue;
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    articles.map(|article| &article.source).chain([&issue.manifest])
}

/// The unseen characters that the issue has behind its decoding. In code, a reference is nothing but
/// its letters.
fn shown(view: &View<'_>) -> BTreeSet<char> {
    let elements = view.tree.elements.iter();
    let attributes =
        elements.flat_map(|element| element.attributes.iter().map(|(_, value)| value.as_ref()));
    let texts = view.tree.texts.iter().map(|words| words.text.as_ref());
    let mut all = by_authors(&view.author);
    all.extend(unseen_of(attributes.chain(texts)));
    all
}

fn unseen_of<'a>(texts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = char> {
    texts.flat_map(str::chars).filter(|c| unseen::is_unseen(*c))
}

/// Those in the words of authors, in whatever way they are written.
pub(super) fn by_authors(author: &Author<'_>) -> BTreeSet<char> {
    let passages = author.passages.iter().map(|passage| passage.text.as_str());
    let links = author.links.iter().flat_map(|link| [link.href.as_str(), link.text.as_str()]);
    let alts = author.figures.iter().map(|(_, figure)| figure.alt.as_str());
    unseen_of(passages.chain(links).chain(alts)).collect()
}

/// Such references in a file, but for the stretches of it that are code.
fn in_references(
    source: &Arc<Source>,
    shown: &BTreeSet<char>,
    mut code: Vec<Range<usize>>,
) -> Vec<Diagnostic> {
    code.sort_by_key(|range| range.start);
    let text = source.text();
    let mut decoded = String::new();
    // Where each character that was decoded stands in `decoded`, and its reference.
    let mut references: Vec<(usize, Range<usize>)> = Vec::new();
    let mut kept = 0;
    for at in memchr::memchr_iter(b'&', text.as_bytes()) {
        let Some((c, length)) = reference(&text[at..]).filter(|(c, _)| shown.contains(c)) else {
            continue;
        };
        let block = code.partition_point(|range| range.start <= at);
        let is_code = block > 0 && code[block - 1].contains(&at);
        if is_code || between_backticks(text, at) {
            continue;
        }
        decoded.push_str(&text[kept..at]);
        references.push((decoded.len(), at..at + length));
        decoded.push(c);
        kept = at + length;
    }
    if references.is_empty() {
        return Vec::new();
    }
    decoded.push_str(&text[kept..]);
    let place = |one: &Unseen| {
        let found = references.binary_search_by_key(&one.at, |(at, _)| *at).ok()?;
        Some(Place::span(source, references[found].1.clone()))
    };
    let odd = unseen::odd(&decoded).into_iter();
    odd.filter_map(|one| Some(one.problem().at(place(&one)?))).collect()
}

/// How far around a reference backticks are looked for.
const NEAR: usize = 400;

/// Whether code stands around `at` in its line, as far as backticks tell.
fn between_backticks(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let before = bytes[..at].iter().rev().take(NEAR).take_while(|byte| **byte != b'\n');
    let behind = bytes[at..].iter().take(NEAR).take_while(|byte| **byte != b'\n');
    // A run of backticks opens or closes once, however long it is.
    let mut runs = 0;
    let mut last = b' ';
    for byte in before {
        runs += usize::from(*byte == b'`' && last != b'`');
        last = *byte;
    }
    runs % 2 == 1 && behind.into_iter().any(|byte| *byte == b'`')
}

/// The unseen character that `text` begins with as a reference, and how long that is.
fn reference(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let long = body.bytes().take(LONGEST);
    let length = long.take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    let body = &body[..length];
    let c = match body.strip_prefix('#') {
        Some(number) => {
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let code = match hexadecimal {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => NAMES.iter().find(|(name, _)| *name == body)?.1,
    };
    let ends = text[1 + length..].starts_with(';');
    unseen::is_unseen(c).then_some((c, 1 + length + usize::from(ends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_what_nobody_sees_are_read() {
        for (text, expected) in [
            ("&#x202E;a", Some(('\u{202E}', 8))),
            ("&#8238;", Some(('\u{202E}', 7))),
            ("&#x202E ", Some(('\u{202E}', 7))),
            ("&ZeroWidthSpace;", Some(('\u{200B}', 16))),
            ("&rlm;", Some(('\u{200F}', 5))),
            ("&#0008203;", Some(('\u{200B}', 10))),
            ("&amp;", None),
            ("&#65;", None),
            ("&", None),
            ("&#x11FFFF;", None),
        ] {
            assert_eq!(reference(text), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_around_a_reference_counts() {
        let source = Source::new("a.md", "ن&zwnj;ا and pay&zwnj;pal &#x200B;");
        let shown = BTreeSet::from(['\u{200B}', '\u{200C}']);
        let told = in_references(&source, &shown, Vec::new());
        let columns: Vec<_> =
            told.iter().filter_map(|one| one.place.as_ref()?.line_column()).collect();
        assert_eq!(columns, [(1, 17), (1, 27)]);
        assert_eq!(in_references(&source, &BTreeSet::new(), Vec::new()), []);
        assert_eq!(in_references(&source, &shown, std::iter::once(0..50).collect()), []);
        let source = Source::new("a.md", "`&#x200B;` and ``&#x200B;`` but&#x200B;` not");
        assert_eq!(in_references(&source, &shown, Vec::new()).len(), 1);
    }
}
