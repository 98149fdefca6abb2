//! Where a declaration, an attribute or a tag is written that the finished HTML has: in style.css, or
//! in the raw HTML of an article. Words of the text, which may be the same, are not looked at.

use std::collections::HashMap;
use std::ops::Range;

use super::author::Author;
use super::spot::{CodeSpans, Spot, is_whole};
use super::view::View;
use crate::diagnostic::Place;
use crate::issue::Issue;

/// Where a property or an attribute is given a value.
#[derive(Clone, Debug)]
pub(super) struct WrittenStyle {
    /// The name.
    pub(super) name: Place,
    /// The value.
    pub(super) value: Place,
}

/// Declarations and attributes by name and value, each where it stands first.
#[derive(Debug, Default)]
pub(super) struct StyleIndex(HashMap<(String, String), WrittenStyle>);

/// Values are compared without their white space: who writes the finished HTML may leave it out.
fn flat(value: &str) -> String {
    let value = value.trim().to_ascii_lowercase();
    let value = value.trim_end_matches("!important").trim_end();
    value.chars().filter(|c| !c.is_whitespace() && !"'\"".contains(*c)).collect()
}

impl StyleIndex {
    pub(super) fn new(issue: &Issue, author: &Author<'_>) -> StyleIndex {
        let mut index = StyleIndex::default();
        if let Some(source) = &issue.style {
            let spot = Spot::whole(source);
            for declaration in declarations(source.text()) {
                index.add(&spot, 0, source.text(), declaration);
            }
        }
        for spot in author.html() {
            let span = spot.source.within(spot.span.clone());
            let text = &spot.source.text()[span.clone()];
            let mut code = CodeSpans::new(text);
            for (name, value) in attributes(text) {
                if code.holds(name.start) {
                    continue;
                }
                if text[name.clone()].eq_ignore_ascii_case("style") {
                    let style = &text[value.clone()];
                    for declaration in declarations(style) {
                        index.add(spot, span.start + value.start, style, declaration);
                    }
                }
                index.add(spot, span.start, text, (name, value));
            }
        }
        index
    }

    fn add(
        &mut self,
        spot: &Spot<'_>,
        offset: usize,
        text: &str,
        (name, value): (Range<usize>, Range<usize>),
    ) {
        let key = (text[name.clone()].to_ascii_lowercase(), flat(&text[value.clone()]));
        let place = |range: Range<usize>| {
            Place::span(spot.source, offset + range.start..offset + range.end)
        };
        let written = WrittenStyle { name: place(name), value: place(value) };
        self.0.entry(key).or_insert(written);
    }
}

impl View<'_> {
    /// Where one of the properties or attributes of these names is given `value`.
    pub(super) fn given(&self, names: &[&str], value: &str) -> Option<WrittenStyle> {
        let index = self.styles.get_or_init(|| StyleIndex::new(self.input.issue, &self.author));
        let value = flat(value);
        names.iter().find_map(|name| index.0.get(&((*name).to_owned(), value.clone()))).cloned()
    }

    /// Where `needle` stands in style.css, or in raw HTML outside of code, whatever its case.
    pub(super) fn in_markup(&self, needle: &str) -> Option<Place> {
        let sheet = self.input.issue.style.as_ref().map(Spot::whole);
        let needle = needle.to_ascii_lowercase();
        sheet.iter().chain(self.author.html()).find_map(|spot| {
            let span = spot.source.within(spot.span.clone());
            let text = spot.source.text()[span.clone()].to_ascii_lowercase();
            let mut code = CodeSpans::new(&text);
            let mut found = memchr::memmem::find_iter(text.as_bytes(), needle.as_bytes());
            let at = found.find(|at| is_whole(&text, *at, &needle) && !code.holds(*at))?;
            let at = span.start + at;
            Some(Place::span(spot.source, at..at + needle.len()))
        })
    }
}

/// The declarations of a sheet or of a `style` attribute: name and value.
fn declarations(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let (mut start, mut colon, mut quote, mut depth) = (0, None, None, 0_usize);
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (None, b'/') if bytes.get(at + 1) == Some(&b'*') => {
                let end = memchr::memmem::find(&bytes[at + 2..], b"*/");
                at = end.map_or(bytes.len(), |end| at + 2 + end + 2);
                // A comment before a name is no part of it.
                start = if colon.is_none() { at } else { start };
                continue;
            }
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, b':') if colon.is_none() => colon = Some(at),
            (None, b';' | b'}') if depth == 0 => {
                found.extend(declaration(text, start, colon, at));
                (start, colon) = (at + 1, None);
            }
            (None, b'{') => (start, colon, depth) = (at + 1, None, 0),
            _ => {}
        }
        at += 1;
    }
    found.extend(declaration(text, start, colon, text.len()));
    found
}

/// The name before and the value behind a colon.
fn declaration(
    text: &str,
    start: usize,
    colon: Option<usize>,
    end: usize,
) -> Option<(Range<usize>, Range<usize>)> {
    let colon = colon?;
    Some((trimmed(text, start..colon), trimmed(text, colon + 1..end)))
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

/// The attributes of raw HTML: name and value.
fn attributes(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut end = 0;
    for at in memchr::memchr_iter(b'=', bytes) {
        // What stands in a value is no attribute.
        if at < end {
            continue;
        }
        let before = text[..at].trim_end();
        let name = before.bytes().rev().take_while(|b| b.is_ascii_alphabetic() || *b == b'-');
        let name = before.len() - name.count()..before.len();
        let behind = text[at + 1..].trim_start();
        let start = text.len() - behind.len();
        let (start, length) = match behind.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                (start + 1, memchr::memchr(*quote, &behind.as_bytes()[1..]))
            }
            _ => (start, behind.find(|c: char| c.is_whitespace() || c == '>')),
        };
        // A value that does not end is none, and neither is one behind it.
        end = length.map_or(text.len(), |length| start + length);
        if !name.is_empty() && length.is_some() {
            found.push((name, start..end));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_told_from_selectors_and_comments() {
        let sheet = "a:hover { color: red } /* em { color: blue } */\n@media (max-width:9px) {\n\
                     p { /* no */ font-family: 'a;b:c' ; background:url(x;y) } }";
        let found: Vec<(&str, &str)> = declarations(sheet)
            .into_iter()
            .map(|(name, value)| (&sheet[name], &sheet[value]))
            .collect();
        assert_eq!(
            found,
            [("color", "red"), ("font-family", "'a;b:c'"), ("background", "url(x;y)")]
        );
    }

    #[test]
    fn attributes_are_found_in_any_quotes() {
        let html = "<p style = \"a:b\" align=center><td bgcolor='red'> 1 = 2";
        let found: Vec<(&str, &str)> =
            attributes(html).into_iter().map(|(name, value)| (&html[name], &html[value])).collect();
        assert_eq!(found, [("style", "a:b"), ("align", "center"), ("bgcolor", "red")]);
    }
}
