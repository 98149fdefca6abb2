//! Slots: the holes `{{ field | fallback }}` that are filled for each recipient.
//!
//! A slot is replaced by an opaque mark before anything parses the text around it, and stays a mark
//! until the composition is cut into segments. Markdown, HTML escaping and CSS inlining all carry
//! the mark through unharmed, where `{{` in a link would come back as `%7B%7B`. A mark is as long
//! in bytes as the slot it stands for, so that positions behind it stay true. Data that fills a
//! slot is never read as a template again.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command;
use crate::diagnostic::{Diagnostic, Place, Source, refused};

/// Opens a mark. A private-use character: no author means anything by it.
const MARK: char = '\u{E000}';
/// Stands for `\{{`, in as many bytes.
const LITERAL: char = '\u{E001}';
/// Stands for a `{{` that is never closed, in as many bytes: a control character of ISO 6429.
const UNCLOSED: char = '\u{91}';
/// Fills a mark up to the length of its slot. A letter, as is [`END`]: punctuation would be markup
/// to the Markdown parser, and one that an author writes behind a slot would be taken for filling.
const PAD: char = 'x';
/// Ends a mark that is longer than its number.
const END: char = 'z';
/// The signs that stand for something here, of which no reader of a message may see one.
const OWN: [char; 3] = [MARK, LITERAL, UNCLOSED];
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Different slots that two digits can tell apart, with one bit for whether the mark is filled up,
/// and two left over for the links of the footer.
const MOST: usize = DIGITS.len() * DIGITS.len() / 2 - PAGES.len();

/// Places of one slot that are kept: whoever has to mend more looks for it.
const PLACES: usize = 100;

/// Fields that every recipient has, whatever the columns of the list.
pub const BUILT_IN: [&str; 3] = ["email", PAGES[0], PAGES[1]];

/// Those that are whole addresses of pages, with a token of the reader's.
pub const PAGES: [&str; 2] = ["unsubscribe_url", "preferences_url"];

/// Whether a field is the whole address of a page that is the reader's own.
pub fn is_page(field: &str) -> bool {
    PAGES.contains(&field)
}

/// A declared hole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The field that fills it: lower-case letters, digits and underscores.
    pub field: String,
    /// What stands there for a recipient without the field; `None` makes the field a must.
    pub fallback: Option<String>,
}

/// What stands between `{{` and `}}` somewhere in the files.
#[derive(Clone, Debug)]
struct Mark {
    raw: String,
    /// Where it was written first.
    place: Place,
    /// Where it is written, the first [`PLACES`], without those in code.
    places: Vec<Place>,
    slot: Result<Slot, NoSlot>,
    /// In text, that is, and not only in code.
    used: bool,
}

/// Why what stands there is no slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NoSlot {
    #[error("a slot needs the name of a field")]
    Nameless,
    #[error("{0:?} cannot be the name of a field")]
    Name(String),
}

/// The slots of an issue; a mark in shielded text holds an index of these.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    marks: Vec<Mark>,
    /// The index of each mark by what is written.
    known: HashMap<String, usize>,
    /// Fields of ours that are whole addresses of pages, beside [`PAGES`].
    urls: &'static [&'static str],
}

impl Slots {
    /// Of a text in which these fields are whole addresses that we make: no list has them.
    pub fn with_urls(urls: &'static [&'static str]) -> Slots {
        Slots { urls, ..Slots::default() }
    }

    /// Whether a mark becomes a whole address that we make: a link may begin with it.
    pub fn is_url(&self, index: usize) -> bool {
        let is_ours = |field: &str| is_page(field) || self.urls.contains(&field);
        self.get(index).is_some_and(|slot| is_ours(&slot.field))
    }

    /// The slot of a mark.
    pub fn get(&self, index: usize) -> Option<&Slot> {
        self.marks.get(index)?.slot.as_ref().ok()
    }

    /// The slots that text uses, each with its index.
    pub fn used(&self) -> impl Iterator<Item = (usize, &Slot)> {
        self.marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| mark.used)
            .filter_map(|(at, mark)| Some((at, mark.slot.as_ref().ok()?)))
    }

    /// Where a slot is written that text uses: the first place, and others in their order.
    pub fn places(&self, index: usize) -> impl Iterator<Item = &Place> {
        let mark = self.marks.get(index);
        let first = mark.filter(|mark| mark.places.is_empty()).map(|mark| &mark.place);
        mark.into_iter().flat_map(|mark| &mark.places).chain(first)
    }

    /// The slots of shielded `code`, which stands in these bytes of `source`, are shown as typed:
    /// nobody has to fill them in there.
    pub(super) fn show_typed(&mut self, code: &str, source: &Arc<Source>, span: &Range<usize>) {
        let is_here = |place: &Place| match place {
            Place::Span { source: there, span: at } => {
                Arc::ptr_eq(there, source) && span.start <= at.start && at.end <= span.end
            }
            _ => false,
        };
        for piece in pieces(code) {
            let Piece::Slot(index) = piece else { continue };
            if let Some(mark) = self.marks.get_mut(index) {
                mark.places.retain(|place| !is_here(place));
            }
        }
    }

    fn index_of(&mut self, raw: &str, place: Place) -> Option<usize> {
        if let Some(at) = self.known.get(raw).copied() {
            let places = &mut self.marks[at].places;
            if places.len() < PLACES {
                places.push(place);
            }
            return Some(at);
        }
        (self.marks.len() < MOST).then(|| self.push(raw, place))
    }

    fn push(&mut self, raw: &str, place: Place) -> usize {
        let slot = parse(&raw[2..raw.len() - 2]);
        let places = vec![place.clone()];
        self.marks.push(Mark { raw: raw.to_owned(), place, places, slot, used: false });
        self.known.insert(raw.to_owned(), self.marks.len() - 1);
        self.marks.len() - 1
    }

    /// The same text with every slot replaced by a mark of equal length. `offset` is where `text`
    /// starts in `source`. What is wrong with a slot is told by [`Slots::resolve`], when it is
    /// known whether it stands in code.
    pub fn shield(
        &mut self,
        text: &str,
        source: &Arc<Source>,
        offset: usize,
        problems: &mut Vec<Diagnostic>,
    ) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        let mut ends = SlotEnds { text, close: 0, line: 0 };
        while let Some(found) = find_next(&text[at..]) {
            let start = at + found;
            out.push_str(&text[at..start]);
            let rest = &text[start..];
            let here = |range: Range<usize>| {
                let clamp = |at: usize| (offset + start + at).min(source.text().len());
                Place::span(source, clamp(range.start)..clamp(range.end))
            };
            if rest.starts_with("\\{{") {
                out.push(LITERAL);
                at = start + 3;
            } else if let Some(length) = ends.slot_length(start) {
                match self.index_of(&rest[..length], here(0..length)) {
                    Some(index) => push_mark(&mut out, index, length),
                    None => problems.push(too_many(here(0..length))),
                }
                at = start + length;
            } else if rest.starts_with("{{") {
                out.push(UNCLOSED);
                at = start + 2;
            } else {
                let (odd, length) = referred(rest)
                    .or_else(|| rest.chars().next().map(|odd| (odd, odd.len_utf8())))
                    .unwrap_or((char::REPLACEMENT_CHARACTER, 1));
                let problem = refused::diagnostic("this text", odd);
                problems.push(problem.at(here(0..length)));
                if length == 3 {
                    out.push(char::REPLACEMENT_CHARACTER);
                } else {
                    out.extend(std::iter::repeat_n('?', length));
                }
                at = start + length;
            }
        }
        out.push_str(&text[at..]);
        out
    }

    /// Takes shielded text as text of the message: its slots are used, and what is wrong with them
    /// is reported, at `place` where no better one is known.
    pub fn resolve(&mut self, text: &str, place: &Place, problems: &mut Vec<Diagnostic>) -> String {
        if !text.contains([MARK, UNCLOSED]) {
            return text.to_owned();
        }
        if text.contains(UNCLOSED) {
            let behind = text.split(UNCLOSED).nth(1).unwrap_or_default();
            problems.push(unclosed(behind, place.clone()));
        }
        let text = text.replace(UNCLOSED, "{{");
        for piece in pieces(&text) {
            let Piece::Slot(index) = piece else { continue };
            let Some(mark) = self.marks.get_mut(index) else { continue };
            match &mark.slot {
                Err(reason) if !mark.used => {
                    problems.push(malformed(reason, &mark.raw, mark.place.clone()))
                }
                _ => {}
            }
            mark.used = true;
        }
        text
    }

    /// The mark of a slot that the composer itself needs, such as the footer's unsubscribe link.
    pub fn built_in(&mut self, field: &str, place: Place) -> String {
        let raw = format!("{{{{{field}}}}}");
        // Marks are kept for these: however many slots an author writes, the unsubscribe link must
        // never show another's value.
        let index = self.index_of(&raw, place.clone()).unwrap_or_else(|| self.push(&raw, place));
        if let Some(mark) = self.marks.get_mut(index) {
            mark.used = true;
        }
        mark(index)
    }

    /// Writes the slots in the words of a problem as the author typed them.
    pub fn unmark(&self, problem: &mut Diagnostic) {
        for text in std::iter::once(&mut problem.message).chain(&mut problem.help) {
            // Between quotation marks, a sign may have been written out.
            if text.contains("\\u{e00") {
                *text = text.replace("\\u{e000}", "\u{E000}").replace("\\u{e001}", "\u{E001}");
            }
            if text.contains(OWN) {
                *text = self.restore(text).replace(OWN, "");
            }
        }
    }

    /// Shielded text as the author typed it: what code shows.
    pub fn restore(&self, text: &str) -> String {
        let text = text.replace(LITERAL, "\\{{").replace(UNCLOSED, "{{");
        fill(&text, |index| self.marks.get(index).map_or(String::new(), |mark| mark.raw.clone()))
    }
}

/// Where the next thing that [`Slots::shield`] must look at starts.
fn find_next(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    // One search for all: a search of its own for a byte that never comes reads the rest each time.
    let looks_odd = |byte: &u8| matches!(byte, b'{' | b'\\' | b'&' | 0xC2 | 0xEE);
    while let Some(found) = bytes[at..].iter().position(looks_odd) {
        let here = at + found;
        let rest = &bytes[here..];
        match rest[0] {
            b'{' if rest.starts_with(b"{{") => return Some(here),
            b'\\' if rest.starts_with(b"\\{{") => return Some(here),
            b'\\' if rest.len() > 1 && rest[1] == b'\\' => at = here + 2,
            // The marks of this file, and those of `compose::slots`.
            0xEE if matches!(rest, [_, 0x80, 0x80..=0x84, ..]) => return Some(here),
            0xC2 if rest.starts_with("\u{91}".as_bytes()) => return Some(here),
            b'&' if rest.starts_with(b"&#") && referred(&text[here..]).is_some() => {
                return Some(here);
            }
            _ => at = here + 1,
        }
    }
    None
}

/// The refused character for which the reference at the start of `text` stands, and how many bytes
/// that is written in. HTML reads one without a semicolon, too.
fn referred(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("&#")?;
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let length = digits.bytes().take_while(|byte| (*byte as char).is_digit(radix)).count();
    let number = digits[..length].trim_start_matches('0');
    // No character has more digits than that; a longer number need not be read.
    let number = u32::from_str_radix(number.get(..number.len().min(8))?, radix).ok()?;
    let odd = char::from_u32(number).filter(|odd| refused::is_refused(*odd))?;
    let end = text.len() - digits.len() + length;
    Some((odd, end + usize::from(text[end..].starts_with(';'))))
}

/// Where the next `}}` and the end of the line are, as far as they have been looked for: many `{{`
/// may wait for the same one.
struct SlotEnds<'a> {
    text: &'a str,
    close: usize,
    line: usize,
}

impl SlotEnds<'_> {
    /// The bytes of the slot that starts at `start`: `{{` to `}}`, on one line.
    fn slot_length(&mut self, start: usize) -> Option<usize> {
        let inner = start + 2;
        let rest = self.text[start..].strip_prefix("{{")?;
        if self.close < inner {
            self.close = rest.find("}}").map_or(self.text.len(), |end| inner + end);
        }
        if self.line < inner {
            self.line = rest.find('\n').map_or(self.text.len(), |end| inner + end);
        }
        // `{{}}` names nothing, and is too short for a mark: an opening without a slot.
        (inner < self.close && self.close < self.line).then_some(self.close + 2 - start)
    }
}

fn parse(inner: &str) -> Result<Slot, NoSlot> {
    let (field, fallback) = match inner.split_once('|') {
        Some((field, fallback)) => (field.trim(), Some(fallback.trim().to_owned())),
        None => (inner.trim(), None),
    };
    if field.is_empty() {
        return Err(NoSlot::Nameless);
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !field.chars().all(fits) {
        return Err(NoSlot::Name(field.to_owned()));
    }
    Ok(Slot { field: field.to_owned(), fallback })
}

fn push_mark(out: &mut String, index: usize, length: usize) {
    // `{{x}}` is five bytes, as are the mark and its two digits; longer slots are filled up.
    let filled = length > 5;
    let number = index * 2 + usize::from(filled);
    out.push(MARK);
    out.push(DIGITS[number / DIGITS.len()] as char);
    out.push(DIGITS[number % DIGITS.len()] as char);
    if filled {
        out.extend(std::iter::repeat_n(PAD, length - 6));
        out.push(END);
    }
}

/// A stretch of shielded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is, `{{` of `\{{` included.
    Text(&'a str),
    /// The slot with this index in [`Slots`].
    Slot(usize),
}

/// Cuts shielded text into text and slots.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    pieces_at(text).into_iter().map(|(_, piece)| piece).collect()
}

/// The same, each with the byte at which it starts.
pub fn pieces_at(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(found) = rest.find([MARK, LITERAL]) {
        let at = text.len() - rest.len();
        if found > 0 {
            pieces.push((at, Piece::Text(&rest[..found])));
        }
        let tail = &rest[found + MARK.len_utf8()..];
        if rest[found..].starts_with(LITERAL) {
            pieces.push((at + found, Piece::Text("{{")));
            rest = tail;
            continue;
        }
        let digit = |at: usize| {
            let byte = tail.as_bytes().get(at)?;
            DIGITS.iter().position(|digit| digit == byte)
        };
        match (digit(0), digit(1)) {
            (Some(high), Some(low)) => {
                let number = high * DIGITS.len() + low;
                pieces.push((at + found, Piece::Slot(number / 2)));
                rest = &tail[2..];
                if number % 2 == 1 {
                    rest = rest.trim_start_matches(PAD);
                    rest = rest.strip_prefix(END).unwrap_or(rest);
                }
            }
            // A mark that something cut in two says nothing; it must not say something wrong.
            _ => rest = tail,
        }
    }
    if !rest.is_empty() {
        pieces.push((text.len() - rest.len(), Piece::Text(rest)));
    }
    pieces
}

/// Whether shielded text holds a slot.
pub fn has_slot(text: &str) -> bool {
    text.contains(MARK)
}

/// Shielded text with every slot replaced by what `fill` says.
pub fn fill(text: &str, mut fill: impl FnMut(usize) -> String) -> String {
    if !text.contains([MARK, LITERAL]) {
        return text.to_owned();
    }
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Slot(index) => fill(index),
        })
        .collect()
}

/// A mark for the slot `index`, for text that the composer itself writes.
pub fn mark(index: usize) -> String {
    let mut out = String::new();
    push_mark(&mut out, index, 5);
    out
}

const HELP: &str = "write {{ first_name | reader }}; for literal braces write \\{{";

fn malformed(reason: &NoSlot, raw: &str, place: Place) -> Diagnostic {
    let help = command::help_for(raw.trim_start_matches("{{").trim_end_matches("}}"));
    let what = match &help {
        Some(_) => "readers would see these braces".to_owned(),
        None => reason.to_string(),
    };
    let help = help.or_else(|| match reason {
        NoSlot::Name(name) => named(name),
        NoSlot::Nameless => None,
    });
    Diagnostic::error("slot-syntax", what).at(place).help(help.unwrap_or_else(|| HELP.to_owned()))
}

/// What to write for the name of a column that is not written as a field.
fn named(name: &str) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_';
    if !name.starts_with(char::is_alphabetic) || !name.chars().all(is_word) {
        return None;
    }
    let field = name.trim().to_lowercase().replace([' ', '-'], "_");
    let field = if field.is_ascii() { &field } else { "first_name" };
    Some(format!(
        "the name of a field has the letters a-z, digits and _: write {{{{ {field} | reader }}}}; \
         for literal braces write \\{{{{"
    ))
}

/// What is told of braces that nothing closes in their line; `behind` is what follows them.
fn unclosed(behind: &str, place: Place) -> Diagnostic {
    let line = behind.lines().next().unwrap_or_default();
    let what = "this {{ does not open a slot: there is no name, or no }} on the same line";
    Diagnostic::error("slot-syntax", what)
        .at(place)
        .help(command::help_for(line).unwrap_or_else(|| HELP.to_owned()))
}

fn too_many(place: Place) -> Diagnostic {
    Diagnostic::error(
        "slot-syntax",
        format!("an issue can have at most {MOST} different slots, and this is one too many"),
    )
    .at(place)
    .help("use fewer different fallbacks")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shield(text: &str) -> (String, Slots, Vec<Diagnostic>) {
        let source = Source::new("a.md", text);
        let mut slots = Slots::default();
        let mut problems = Vec::new();
        let shielded = slots.shield(text, &source, 0, &mut problems);
        slots.resolve(&shielded, &Place::span(&source, 0..text.len()), &mut problems);
        (shielded, slots, problems)
    }

    #[test]
    fn a_mark_is_as_long_as_its_slot_and_says_which() {
        let text = "Dear {{ first_name | reader }}, {{x}} and \\{{ y }}";
        let (shielded, slots, problems) = shield(text);
        assert!(problems.is_empty());
        assert_eq!(shielded.len(), text.len());
        assert_eq!(
            pieces(&shielded),
            [
                Piece::Text("Dear "),
                Piece::Slot(0),
                Piece::Text(", "),
                Piece::Slot(1),
                Piece::Text(" and "),
                Piece::Text("{{"),
                Piece::Text(" y }}"),
            ]
        );
        let slot = slots.get(0).unwrap();
        assert_eq!((slot.field.as_str(), slot.fallback.as_deref()), ("first_name", Some("reader")));
    }

    #[test]
    fn what_stands_behind_a_slot_is_never_part_of_its_mark() {
        for behind in ["~", "~~", "x", "z", "xz", "0"] {
            for slot in ["{{a}}", "{{ab}}", "{{abc}}", "{{ first_name | 독자 }}"] {
                let (shielded, _, _) = shield(&format!("{slot}{behind}"));
                assert_eq!(pieces(&shielded), [Piece::Slot(0), Piece::Text(behind)], "{slot}");
            }
        }
    }

    #[test]
    fn mistakes_are_reported_at_their_place() {
        let (_, _, problems) = shield("a {{ First Name }} b {{ c\n{{}} \u{E000}");
        let told: Vec<_> = problems
            .iter()
            .map(|p| (p.rule, p.place.as_ref().unwrap().line_column().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                ("character", (2, 6)),
                ("slot-syntax", (1, 1)), // unclosed: the text's own place
                ("slot-syntax", (1, 3)),
            ]
        );
    }

    #[test]
    fn no_author_writes_a_mark() {
        for odd in ['\u{E000}', '\u{E001}', '\u{E002}', '\u{E003}', '\u{E004}'] {
            let (shielded, _, problems) = shield(&format!("a {odd}6d{odd} b"));
            assert_eq!(shielded, "a \u{FFFD}6d\u{FFFD} b");
            assert_eq!(problems.len(), 2);
        }
    }

    #[test]
    fn no_author_writes_a_mark_by_its_number() {
        for odd in ["&#xE002;", "&#XE002", "&#57346;", "&#0057347;", "&#x000e000;", "&#145;"] {
            let (shielded, _, problems) = shield(&format!("a {odd}z b"));
            assert_eq!(shielded, format!("a {}z b", "?".repeat(odd.len())));
            assert_eq!(problems.len(), 1, "{odd}");
        }
        for plain in ["&#xE9;", "&#8364;", "&#10;", "&#", "&#x;", "&amp;#xE002;", "&#xE00212;"] {
            let (shielded, _, problems) = shield(plain);
            assert_eq!((shielded.as_str(), problems.len()), (plain, 0));
        }
    }

    #[test]
    fn the_unsubscribe_link_has_a_mark_however_many_slots_there_are() {
        let text: String = (0..2_000).map(|field| format!("{{{{ f{field} }}}}\n")).collect();
        let (_, mut slots, problems) = shield(&text);
        assert!(!problems.is_empty(), "more slots than there are marks");
        let place = Place::File("a.md".into());
        let mark = slots.built_in("unsubscribe_url", place);
        let [Piece::Slot(index)] = pieces(&mark)[..] else { panic!("no mark: {mark:?}") };
        assert_eq!(slots.get(index).map(|slot| slot.field.as_str()), Some("unsubscribe_url"));
    }

    #[test]
    fn code_shows_what_was_typed() {
        let text = "{{#if user.x}} \\{{ a }} {{";
        let (shielded, slots, _) = shield(text);
        assert_eq!(slots.restore(&shielded), text);
    }

    proptest! {
        #[test]
        fn shielding_never_panics_and_keeps_lengths(text in "(\\PC|\\{\\{|\\}\\}|\\\\|\n){0,60}") {
            let (shielded, _, _) = shield(&text);
            prop_assert_eq!(shielded.len(), text.len());
            let _ = pieces(&shielded);
        }
    }
}
