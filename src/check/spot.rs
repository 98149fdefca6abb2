//! Stretches of an author's files, and where in them something stands that the mail shows.
//!
//! The same letters may stand in a paragraph several times: in code, within a longer word, in the
//! address of a link. A place is the thing itself wherever that can be told.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Place, Source};

/// How many places are looked at: a paragraph may hold a word ten thousand times.
const MOST: usize = 200;
/// How far behind the one before a link is looked for, in bytes.
const NEAR: usize = 16 * 1024;

/// A stretch of a file.
#[derive(Clone, Debug)]
pub(super) struct Spot<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) span: Range<usize>,
    /// Whether it is the whole file, because nobody knows where in it.
    pub(super) is_file: bool,
}

impl<'a> Spot<'a> {
    pub(super) fn whole(source: &'a Arc<Source>) -> Spot<'a> {
        Spot { source, span: 0..source.text().len(), is_file: true }
    }

    /// The file and the bytes of it, where it is known which.
    pub(super) fn stretch(&self) -> Option<(&'a Arc<Source>, Range<usize>)> {
        (!self.is_file).then(|| (self.source, self.source.within(self.span.clone())))
    }

    /// The bytes of the stretch, if it lies in `source`.
    pub(super) fn within(&self, source: &Arc<Source>) -> Option<Range<usize>> {
        Arc::ptr_eq(self.source, source).then(|| self.source.within(self.span.clone()))
    }

    /// Where `needle` is written in the stretch; else where the stretch begins.
    pub(super) fn of(&self, needle: &str) -> Place {
        self.find(needle).unwrap_or_else(|| self.start())
    }

    /// Where `needle` is written: as a whole word and outside of code and addresses if it stands so
    /// anywhere, else the first time.
    pub(super) fn find(&self, needle: &str) -> Option<Place> {
        let span = self.source.within(self.span.clone());
        let at = word_at(&self.source.text()[span.clone()], needle)?;
        Some(Place::span(self.source, span.start + at..span.start + at + needle.len()))
    }

    /// Where `needle` is written as a whole word and outside of code and addresses, the first `most`
    /// places.
    pub(super) fn all(&self, needle: &str, most: usize) -> Vec<Place> {
        let span = self.source.within(self.span.clone());
        let text = &self.source.text()[span.clone()];
        let mut code = CodeSpans::new(text);
        let found = memchr::memmem::find_iter(text.as_bytes(), needle.as_bytes());
        let found = found
            .filter(|at| is_whole(text, *at, needle) && !code.holds(*at) && !in_address(text, *at));
        found
            .take(most)
            .map(|at| Place::span(self.source, span.start + at..span.start + at + needle.len()))
            .collect()
    }

    /// The first line of the stretch.
    pub(super) fn start(&self) -> Place {
        let span = self.source.within(self.span.clone());
        let text = &self.source.text()[span.clone()];
        let skipped = text.len() - text.trim_start().len();
        let line = text[skipped..].lines().next().map_or(0, str::len);
        Place::span(self.source, span.start + skipped..span.start + skipped + line)
    }
}

/// See [`Spot::find`].
fn word_at(text: &str, needle: &str) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    let mut first = None;
    let mut code = CodeSpans::new(text);
    for at in memchr::memmem::find_iter(text.as_bytes(), needle.as_bytes()).take(MOST) {
        first.get_or_insert(at);
        if is_whole(text, at, needle) && !code.holds(at) && !in_address(text, at) {
            return Some(at);
        }
    }
    first
}

/// Whether no letter goes on at either end.
pub(super) fn is_whole(text: &str, at: usize, needle: &str) -> bool {
    let joins = |one: Option<char>, other: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    let (before, behind) = (&text[..at], &text[at + needle.len()..]);
    !joins(before.chars().next_back(), needle.chars().next())
        && !joins(needle.chars().next_back(), behind.chars().next())
}

/// Whether the text at `at` is the target of a Markdown link.
fn in_address(text: &str, at: usize) -> bool {
    let start =
        text.as_bytes()[..at].iter().rev().take(2_000).position(|byte| b" \n)".contains(byte));
    let start = at - start.unwrap_or(at.min(2_000));
    text.as_bytes()[start..at].windows(2).any(|pair| pair == b"](")
}

/// Which parts of a text are code, asked for rising places: between a run of backticks and the next
/// one of the same length (CommonMark 6.1).
pub(super) struct CodeSpans<'a> {
    text: &'a [u8],
    seen: usize,
    /// The length of the run that opened the code.
    open: Option<usize>,
}

impl<'a> CodeSpans<'a> {
    pub(super) fn new(text: &'a str) -> CodeSpans<'a> {
        CodeSpans { text: text.as_bytes(), seen: 0, open: None }
    }

    pub(super) fn holds(&mut self, at: usize) -> bool {
        while self.seen < at {
            let rest = &self.text[self.seen..];
            let run = rest.iter().take_while(|byte| **byte == b'`').count();
            match self.open {
                None if run > 0 => self.open = Some(run),
                Some(open) if open == run => self.open = None,
                _ => {}
            }
            self.seen += run.max(1);
        }
        self.open.is_some()
    }
}

/// Where a link's target and its text are written.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkPlaces {
    pub(super) target: Option<Range<usize>>,
    pub(super) label: Option<Range<usize>>,
}

/// Finds links one after the other in the order in which they are written, so that the second link
/// with the same text is told at its own place.
#[derive(Debug, Default)]
pub(super) struct LinkFinder {
    /// The stretch that is being read: where it starts and in which file.
    stretch: Option<(*const Source, usize)>,
    /// Up to where its links are found.
    at: usize,
}

impl LinkFinder {
    /// Where the next link of the stretch is written that leads to `written` and shows `text`.
    pub(super) fn next(&mut self, spot: &Spot<'_>, written: &str, text: &str) -> LinkPlaces {
        let span = spot.source.within(spot.span.clone());
        let stretch = (Arc::as_ptr(spot.source), span.start);
        if self.stretch != Some(stretch) {
            (self.stretch, self.at) = (Some(stretch), span.start);
        }
        let all = spot.source.text();
        let from = self.at.min(span.end);
        let mut end = (from + NEAR + written.len()).min(span.end);
        while !all.is_char_boundary(end) {
            end += 1;
        }
        // What stands before counts too: a mark before the first letter says what it is.
        let places = link_places(&all[span.start..end], from - span.start, written, text);
        let moved = |range: Range<usize>| span.start + range.start..span.start + range.end;
        let places =
            LinkPlaces { target: places.target.map(moved), label: places.label.map(moved) };
        let last = [&places.target, &places.label].into_iter().flatten().map(|range| range.end);
        self.at = last.max().unwrap_or(self.at).max(self.at);
        places
    }
}

/// See [`LinkFinder::next`]: within `text`, from the byte `from` on.
fn link_places(text: &str, from: usize, written: &str, shown: &str) -> LinkPlaces {
    // Nobody wrote the scheme of `www.sejong.example`, nor that of `<kim@sejong.example>`.
    let without_scheme = written.split_once("://").map(|(_, rest)| rest);
    let without_scheme = without_scheme.or_else(|| written.strip_prefix("mailto:"));
    let bare = [Some(written), without_scheme].into_iter().flatten();
    let bare = bare.into_iter().find(|bare| *bare == shown);
    if let Some(bare) = bare.filter(|bare| !bare.is_empty()) {
        let found = occurrences(text, from, bare).find(|at| !is_bracketed(&text[..*at]));
        if let Some(at) = found {
            let range = at..at + bare.len();
            return LinkPlaces { target: Some(range.clone()), label: Some(range) };
        }
    }
    let found = target_at(text, from, written).or_else(|| mended_at(text, from, written));
    if let Some(found) = found {
        let at = found.start;
        let target = Some(found);
        let label = match text[..at].trim_end_matches(['<', ' ', '(']).strip_suffix(']') {
            Some(before) => label_before(before, from),
            None => behind_tag(text, at, shown),
        };
        return LinkPlaces { target, label };
    }
    // Its target stands elsewhere: [text][label].
    let label = format!("[{shown}]");
    let label = occurrences(text, from, &label).next().filter(|_| !shown.is_empty());
    LinkPlaces { target: None, label: label.map(|at| at + 1..at + 1 + shown.len()) }
}

/// Where a link to `written` has its target.
fn target_at(text: &str, from: usize, written: &str) -> Option<Range<usize>> {
    let found = occurrences(text, from, written)
        .find(|at| is_bracketed(&text[..*at]) && is_target_end(&text[at + written.len()..]));
    found.map(|at| at..at + written.len())
}

/// The same where the scheme of an address was written with a slip, or not at all.
fn mended_at(text: &str, from: usize, written: &str) -> Option<Range<usize>> {
    const RIGHT: [&str; 3] = ["https://", "http://", "mailto:"];
    let bare = RIGHT.into_iter().find_map(|scheme| written.strip_prefix(scheme))?;
    occurrences(text, from, bare).find_map(|at| {
        let window = text.floor_char_boundary(at.saturating_sub(16));
        let is_scheme = |c: char| c.is_ascii_alphabetic() || ":/\\;.,|".contains(c);
        let start = window + text[window..at].trim_end_matches(is_scheme).len();
        let is_slip = start > window && !RIGHT.contains(&&text[start..at]);
        let is_there = is_slip && is_bracketed(&text[..start]);
        (is_there && is_target_end(&text[at + bare.len()..])).then(|| start..at + bare.len())
    })
}

/// Whether the target of a link may end before this text.
fn is_target_end(behind: &str) -> bool {
    behind.chars().next().is_none_or(|c| c.is_whitespace() || ")>\"'".contains(c))
}

/// Where `needle` stands in `text` outside of code, from `from` on.
fn occurrences<'t>(
    text: &'t str,
    from: usize,
    needle: &str,
) -> impl Iterator<Item = usize> + use<'t> {
    let mut found = Vec::new();
    if !needle.is_empty() {
        let all = memchr::memmem::find_iter(&text.as_bytes()[from..], needle.as_bytes());
        found.extend(all.take(MOST).map(|at| from + at));
    }
    let mut code = CodeSpans::new(&text[from..]);
    found.into_iter().filter(move |at| !code.holds(at - from))
}

/// Whether what follows `before` is the target of a link.
fn is_bracketed(before: &str) -> bool {
    let before = before.trim_end_matches(['<', '"', '\'', ' ']);
    before.ends_with("](") || before.ends_with("href=")
}

/// What stands between the bracket that the end of `before` closes and that end.
fn label_before(before: &str, from: usize) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    let bytes = before.as_bytes();
    for at in (from..bytes.len()).rev() {
        match bytes[at] {
            b']' => depth += 1,
            b'[' if depth == 0 => return Some(at + 1..bytes.len()),
            b'[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text of a link of raw HTML, behind its opening tag.
fn behind_tag(text: &str, at: usize, shown: &str) -> Option<Range<usize>> {
    let behind = at + text[at..].find('>')?;
    let found = text[behind..].find(shown).filter(|_| !shown.is_empty())? + behind;
    Some(found..found + shown.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_where_it_stands_as_a_word() {
        for (text, needle, at) in [
            ("hired by the hour, red", "red", 19),
            ("`red` is red", "red", 9),
            ("``a ` red`` and red", "red", 16),
            ("[it](https://a.example/red) is red", "red", 31),
            ("hired", "red", 2),
            ("`red`", "red", 1),
            ("漢字が", "漢字", 0),
        ] {
            assert_eq!(word_at(text, needle), Some(at), "{text}");
        }
        assert_eq!(word_at("text", ""), None);
    }

    #[test]
    fn each_link_is_found_at_its_own_place() {
        let told = |text: &str, links: &[(&str, &str)]| -> Vec<(String, String)> {
            let source = Source::new("a.md", text);
            let spot = Spot::whole(&source);
            let mut finder = LinkFinder::default();
            let part = |range: Option<Range<usize>>| match range {
                Some(range) => format!("{}:{}", range.start, &source.text()[range.clone()]),
                None => String::new(),
            };
            let places = links.iter().map(|(to, shown)| finder.next(&spot, to, shown));
            places.map(|places| (part(places.target), part(places.label))).collect()
        };
        let pair = |target: &str, label: &str| (target.to_owned(), label.to_owned());
        let text = "a here [here](x:1), [**here**](<x:1>), `[here](x:1)` [here](x:1 \"t\")";
        assert_eq!(
            told(text, &[("x:1", "here"), ("x:1", "here"), ("x:1", "here")]),
            [pair("14:x:1", "8:here"), pair("32:x:1", "21:**here**"), pair("60:x:1", "54:here")]
        );
        let text =
            "`http://a.b/y` [a site](http://a.b/y) http://a.b/y <a href=\"http://a.b/y\">s</a>";
        let links = [("http://a.b/y", "a site"), ("http://a.b/y", "http://a.b/y")];
        let links = [links[0], links[1], ("http://a.b/y", "s")];
        assert_eq!(
            told(text, &links),
            [
                pair("24:http://a.b/y", "16:a site"),
                pair("38:http://a.b/y", "38:http://a.b/y"),
                pair("60:http://a.b/y", "74:s")
            ]
        );
        let text = "Write to <kim@a.b>, [or](mailto:kim@a.b), or kim@a.b.";
        let links = ["kim@a.b", "or", "kim@a.b"].map(|shown| ("mailto:kim@a.b", shown));
        assert_eq!(
            told(text, &links),
            [
                pair("10:kim@a.b", "10:kim@a.b"),
                pair("25:mailto:kim@a.b", "21:or"),
                pair("45:kim@a.b", "45:kim@a.b")
            ]
        );
        let text = "[a][1] and [a][2] and www.c.d";
        let links = [("x:1", "a"), ("x:2", "a"), ("https://www.c.d", "www.c.d")];
        assert_eq!(
            told(text, &links),
            [pair("", "1:a"), pair("", "12:a"), pair("22:www.c.d", "22:www.c.d")]
        );
    }
}
