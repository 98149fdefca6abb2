//! Cuts composed text at its marks: literal stretches, slots with the way their values are written
//! there, and passages for some readers only.

use std::borrow::Cow;
use std::ops::Range;

use maud::{Markup, PreEscaped};
use percent_encoding::utf8_percent_encode;
use serde::{Deserialize, Serialize};

use crate::issue::percent::RESERVED;
use crate::issue::slot::{self, Piece};

/// Opens a passage for some readers; the tag follows in hexadecimal digits.
pub(super) const WHEN: char = '\u{E002}';
/// Ends the tag of [`WHEN`].
pub(super) const WHEN_TAG: char = '\u{E003}';
/// Ends the passage.
pub(super) const END_WHEN: char = '\u{E004}';

/// How a slot's value is written where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotContext {
    /// As it is: subject and plain text.
    Plain,
    /// In HTML text or an attribute: `&`, `<`, `>` and quotes escaped.
    Html,
    /// A part of a link in HTML: percent-encoded (RFC 3986 unreserved characters stay).
    UrlPart,
    /// A part of a link in plain text: percent-encoded too.
    PlainUrlPart,
}

impl SlotContext {
    /// A value as it is written in this place.
    pub fn write(self, value: &str) -> Cow<'_, str> {
        match self {
            SlotContext::Plain => Cow::Borrowed(value),
            SlotContext::Html => escape_html(value),
            SlotContext::UrlPart | SlotContext::PlainUrlPart => {
                utf8_percent_encode(value, RESERVED).into()
            }
        }
    }
}

fn escape_html(value: &str) -> Cow<'_, str> {
    if !value.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(value);
    }
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Cow::Owned(escaped.replace('"', "&quot;").replace('\'', "&#39;"))
}

/// A stretch of composed text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// The same for everybody.
    Literal(String),
    /// A slot (an index of [`super::Composition::slots`]) and how its value is written.
    Slot(usize, SlotContext),
    /// From here to [`Segment::EndWhen`]: for readers with this tag, or for whom this expression of
    /// [`crate::issue::only`] means. Passages nest.
    When(String),
    /// See [`Segment::When`].
    EndWhen,
}

/// The mark that opens a passage for readers with `tag`.
pub(super) fn when(tag: &str) -> Markup {
    PreEscaped(when_mark(tag))
}

/// The same for plain text.
pub(super) fn when_mark(tag: &str) -> String {
    format!("{WHEN}{}{WHEN_TAG}", data_encoding::HEXLOWER.encode(tag.as_bytes()))
}

/// The mark that ends it.
pub(super) fn end_when() -> Markup {
    PreEscaped(END_WHEN.to_string())
}

/// The same for plain text.
pub(super) fn end_when_mark() -> char {
    END_WHEN
}

/// Whether plain text ends in an empty line. Marks stand on no line.
pub(super) fn ends_with_gap(text: &str) -> bool {
    let mut rest = text;
    let mut breaks = 0;
    while breaks < 2 {
        rest = rest.trim_end_matches(END_WHEN);
        if let Some(inner) = rest.strip_suffix(WHEN_TAG) {
            rest = inner.rfind(WHEN).map_or("", |start| &inner[..start]);
        } else if let Some(before) = rest.strip_suffix('\n') {
            (rest, breaks) = (before, breaks + 1);
        } else {
            return false;
        }
    }
    true
}

/// Cuts an HTML document: values are escaped, and percent-encoded within links. It is our own
/// document, in which all attributes stand in double quotes, and may hold `<` and `>`: whether a slot
/// stands in a tag shows without a tree.
pub(crate) fn cut_html(html: &str, is_url: impl Fn(usize) -> bool) -> Vec<Segment> {
    // Where the tag began that the text up to `seen` ends in. Slots come in order, so that a long
    // text is looked through once, not once for each.
    let (mut seen, mut tag, mut quoted) = (0, None, false);
    // Where the last `="` of that tag is.
    let mut value = None;
    cut(html, |index, at| {
        for (here, byte) in html.as_bytes()[..at].iter().enumerate().skip(seen) {
            match byte {
                b'"' if tag.is_some() => {
                    quoted = !quoted;
                    value = if quoted { here.checked_sub(1) } else { None };
                }
                b'<' if !quoted => (tag, value) = (Some(here), None),
                b'>' if !quoted => tag = None,
                _ => {}
            }
        }
        seen = at;
        let in_link = match (tag, value) {
            (Some(tag), Some(value)) => names_a_link(&html[tag..value]),
            _ => false,
        };
        if in_link && !is_url(index) { SlotContext::UrlPart } else { SlotContext::Html }
    })
}

/// Cuts a plain text; `is_url` says which slots hold whole addresses.
pub(super) fn cut_plain(text: &str, is_url: impl Fn(usize) -> bool) -> Vec<Segment> {
    // How far the text has been looked through, and whether the word there is an address.
    let (mut seen, mut is_address) = (0, false);
    cut(text, |index, at| {
        for word in text[seen..at].split_inclusive(char::is_whitespace) {
            let goes_on = !word.ends_with(char::is_whitespace);
            is_address = goes_on && (is_address || word.contains("://"));
        }
        seen = at;
        if is_address && !is_url(index) { SlotContext::PlainUrlPart } else { SlotContext::Plain }
    })
}

fn cut(text: &str, mut context: impl FnMut(usize, usize) -> SlotContext) -> Vec<Segment> {
    let mut segments = Vec::new();
    for range in split_when(text) {
        let part = &text[range.clone()];
        if let Some(tag) = part.strip_prefix(WHEN) {
            let tag = tag.trim_end_matches(WHEN_TAG);
            let tag = data_encoding::HEXLOWER.decode(tag.as_bytes()).unwrap_or_default();
            segments.push(Segment::When(String::from_utf8_lossy(&tag).into_owned()));
        } else if part.starts_with(END_WHEN) {
            segments.push(Segment::EndWhen);
        } else {
            for (at, piece) in slot::pieces_at(part) {
                match piece {
                    Piece::Text(literal) => push_literal(&mut segments, literal),
                    Piece::Slot(index) => {
                        segments.push(Segment::Slot(index, context(index, range.start + at)));
                    }
                }
            }
        }
    }
    segments
}

fn push_literal(segments: &mut Vec<Segment>, text: &str) {
    match segments.last_mut() {
        Some(Segment::Literal(before)) => before.push_str(text),
        _ => segments.push(Segment::Literal(text.to_owned())),
    }
}

/// Ranges of `text`: the marks of passages, and what lies between them.
fn split_when(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find([WHEN, END_WHEN]) {
        let start = at + found;
        if start > at {
            ranges.push(at..start);
        }
        let rest = &text[start..];
        let length = if rest.starts_with(WHEN) {
            rest.find(WHEN_TAG).map_or(rest.len(), |tag| tag + WHEN_TAG.len_utf8())
        } else {
            END_WHEN.len_utf8()
        };
        ranges.push(start..start + length);
        at = start + length;
    }
    if at < text.len() {
        ranges.push(at..text.len());
    }
    ranges
}

/// Whether a tag that is cut off before `=` ends in `href` or `src`.
fn names_a_link(tag: &str) -> bool {
    [" href", " src"].iter().any(|name| tag.ends_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::slot::mark;

    #[test]
    fn the_place_decides_how_a_value_is_written() {
        let html = format!(
            "<p title=\"{}\">Dear {},</p><a href=\"https://a.example/?n={}\">x</a><a href=\"{}\">",
            mark(0),
            mark(1),
            mark(2),
            mark(3)
        );
        let contexts: Vec<_> = cut_html(&html, |index| index == 3)
            .into_iter()
            .filter_map(|segment| match segment {
                Segment::Slot(index, context) => Some((index, context)),
                _ => None,
            })
            .collect();
        assert_eq!(
            contexts,
            [
                (0, SlotContext::Html),
                (1, SlotContext::Html),
                (2, SlotContext::UrlPart),
                (3, SlotContext::Html)
            ]
        );
    }

    #[test]
    fn a_bracket_in_an_address_does_not_end_its_tag() {
        let (first, second, third) = (mark(0), mark(1), mark(2));
        let html = format!("<a href=\"https://a.example/>{first}<b>{second}\">\"{third}</a>");
        let contexts: Vec<_> = cut_html(&html, |_| false)
            .into_iter()
            .filter_map(|segment| match segment {
                Segment::Slot(_, context) => Some(context),
                _ => None,
            })
            .collect();
        assert_eq!(contexts, [SlotContext::UrlPart, SlotContext::UrlPart, SlotContext::Html]);
    }

    #[test]
    fn a_link_in_plain_text_starts_behind_any_space() {
        for space in [' ', '\n', '\u{A0}', '\u{3000}'] {
            let text = format!("https://a.example/{space}{}님", mark(0));
            assert_eq!(cut_plain(&text, |_| false)[1], Segment::Slot(0, SlotContext::Plain));
        }
        let text = format!("\u{3000}https://a.example/{}", mark(0));
        assert_eq!(cut_plain(&text, |_| false)[1], Segment::Slot(0, SlotContext::PlainUrlPart));
    }

    #[test]
    fn marks_stand_on_no_line() {
        let (open, close) = (when_mark("a"), end_when_mark());
        for (text, expected) in [
            (format!("x\n\n{close}{open}"), true),
            (format!("x\n{close}\n{close}{open}"), true),
            (format!("x\n{open}\n"), true),
            (format!("x\n{close}"), false),
            (format!("\n{open}x\n"), false),
            (open, false),
        ] {
            assert_eq!(ends_with_gap(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn passages_open_and_close() {
        let text = format!("a{}b {}{}c", when_mark("회원"), mark(0), end_when_mark());
        assert_eq!(
            cut_plain(&text, |_| false),
            [
                Segment::Literal("a".into()),
                Segment::When("회원".into()),
                Segment::Literal("b ".into()),
                Segment::Slot(0, SlotContext::Plain),
                Segment::EndWhen,
                Segment::Literal("c".into()),
            ]
        );
    }
}
