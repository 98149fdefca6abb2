//! Lines of a given width, counted as terminals and mail programs show them.
//!
//! No crate wraps like this: a slot is as wide as a usual name, an address is never cut, Korean
//! keeps its words whole, and Chinese and Japanese break between letters but not before some marks.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::issue::slot::{self, Piece};

/// Columns to keep for a slot: most names fit.
const SLOT_WIDTH: usize = 12;

/// A space at which no line ends.
pub(super) const GLUE: char = '\u{E011}';

/// What may not begin a line of Chinese or Japanese (JIS X 4051, 4.3): the character before goes
/// with it.
const NEVER_FIRST: &str =
    "、。，．・：；！？）］｝」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";

/// What stands before the first line of a block and before the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margin<'a> {
    pub(super) first: &'a str,
    pub(super) rest: &'a str,
}

impl Margin<'static> {
    pub(super) fn none() -> Margin<'static> {
        Margin { first: "", rest: "" }
    }
}

/// Columns of a text, slots counted as a usual name.
pub(super) fn display_width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    slot::pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.width() + text.matches(GLUE).count(),
            Piece::Slot(_) => SLOT_WIDTH,
        })
        .sum()
}

/// `text` in lines of at most `width` columns, margin included. Newlines stay; links are never cut;
/// other words only where they are longer than a line.
pub(super) fn wrap(text: &str, width: usize, margin: Margin<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = margin.first.to_owned();
    let mut empty = true;
    for (at, paragraph) in text.split('\n').enumerate() {
        if at > 0 {
            lines.push(std::mem::replace(&mut line, margin.rest.to_owned()));
            empty = true;
        }
        for word in paragraph.split([' ', '\t']).filter(|word| !word.is_empty()) {
            for part in parts(word, width.saturating_sub(display_width(margin.rest))) {
                let taken = display_width(&line) + usize::from(!empty && part.spaced);
                if !empty && taken + display_width(part.text) > width {
                    lines.push(std::mem::replace(&mut line, margin.rest.to_owned()));
                    empty = true;
                }
                if !empty && part.spaced {
                    line.push(' ');
                }
                line.push_str(part.text);
                empty = false;
            }
        }
    }
    lines.push(line);
    if text.contains(GLUE) {
        lines.iter_mut().for_each(|line| *line = line.replace(GLUE, " "));
    }
    lines
}

/// Text that is no Markdown, its addresses between angle brackets where a mark touches them.
pub(super) fn apart(text: &str) -> String {
    let apart = |word: &str| {
        let inner = word.trim_start_matches(['(', '[', '"', '\'', '“', '‘', '«']);
        let close = ['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '”', '’', '»'];
        let address = inner.trim_end_matches(|c: char| close.contains(&c) || c.is_whitespace());
        let (before, behind) = (word.len() - inner.len(), word.len() - inner.len() + address.len());
        if address.contains("://") && (before > 0 || !word[behind..].trim().is_empty()) {
            format!("{}<{address}>{}", &word[..before], &word[behind..])
        } else {
            word.to_owned()
        }
    };
    text.split_inclusive(char::is_whitespace).map(apart).collect()
}

struct WordPart<'a> {
    text: &'a str,
    /// Whether a space stood before it.
    spaced: bool,
}

/// A word in pieces that fit on a line: only a long one without spaces (Chinese, Japanese) is cut,
/// and no link or slot ever.
fn parts(word: &str, room: usize) -> Vec<WordPart<'_>> {
    let whole = vec![WordPart { text: word, spaced: true }];
    if display_width(word) <= room || word.contains("://") || slot::has_slot(word) || room < 2 {
        return whole;
    }
    let mut parts = Vec::new();
    let (mut start, mut columns) = (0, 0);
    // Where the number of a link begins that the text is in.
    let mut number = None;
    for (at, c) in word.char_indices() {
        let wide = if c == GLUE { 1 } else { c.width().unwrap_or(0) };
        if c == GLUE {
            number = Some(at);
        }
        if columns + wide > room && at > start {
            let cut = match number.filter(|number| *number > start) {
                Some(number) => before(word, start, number),
                None if NEVER_FIRST.contains(c) => before(word, start, at),
                None => at,
            };
            parts.push(WordPart { text: &word[start..cut], spaced: start == 0 });
            (start, columns) = (cut, display_width(&word[cut..at]));
        }
        columns += wide;
        number = number.filter(|_| c != ']');
    }
    parts.push(WordPart { text: &word[start..], spaced: start == 0 });
    parts
}

/// Where the character before byte `at` starts, if the line from `start` keeps another.
fn before(word: &str, start: usize, at: usize) -> usize {
    let last = word[start..at].char_indices().next_back().map_or(0, |(last, _)| last);
    if last > 0 { start + last } else { at }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        let lines = wrap("한글은 세종대왕이 만들었다", 12, Margin::none());
        assert_eq!(lines, ["한글은", "세종대왕이", "만들었다"]);
        assert_eq!(wrap("日本語日本語", 6, Margin::none()), ["日本語", "日本語"]);
    }

    #[test]
    fn links_stay_whole_and_margins_repeat() {
        let margin = Margin { first: "* ", rest: "  " };
        assert_eq!(
            wrap("see https://a.example/a/long/path now", 12, margin),
            ["* see", "  https://a.example/a/long/path", "  now"]
        );
    }

    #[test]
    fn a_japanese_line_begins_with_no_mark() {
        assert_eq!(wrap("日本語、日本。", 6, Margin::none()), ["日本", "語、日", "本。"]);
        assert_eq!(wrap("、、、、", 2, Margin::none()), ["、", "、", "、", "、"]);
    }

    #[test]
    fn a_link_s_number_begins_no_line() {
        let numbered = |text: &str| text.replace('+', &GLUE.to_string());
        assert_eq!(
            wrap(&numbered("see the river+[1]."), 15, Margin::none()),
            ["see the", "river [1]."]
        );
        for text in ["日本語+[1]日本語", "日本+[12]日本語", "日+[1]語+[2]本"] {
            for width in 8..12 {
                let lines = wrap(&numbered(text), width, Margin::none());
                assert!(lines.iter().all(|line| !line.trim_start().starts_with('[')), "{lines:?}");
            }
        }
    }

    #[test]
    fn no_mark_touches_an_address() {
        assert_eq!(
            apart(
                "Join at https://a.example/join. Or (https://b.example), or https://c.example/ now"
            ),
            "Join at <https://a.example/join>. Or (<https://b.example>), or https://c.example/ now"
        );
    }

    proptest! {
        #[test]
        fn lines_fit_and_no_word_is_lost(text in "([a-z]{1,9}|[가-힣]{1,5}|日本){0,20}( ([a-z]{1,30}|[가-힣]{1,9})){0,12}") {
            let lines = wrap(&text, 20, Margin::none());
            for line in &lines {
                prop_assert!(display_width(line) <= 20, "{line:?}");
            }
            let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
