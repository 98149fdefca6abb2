//! Lines of a given width, counted as terminals and mail programs show them.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::issue::slot::{self, Piece};

/// Columns to keep for a slot: most names fit.
const SLOT_WIDTH: usize = 12;

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
            Piece::Text(text) => text.width(),
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
    lines
}

struct Part<'a> {
    text: &'a str,
    /// Whether a space stood before it.
    spaced: bool,
}

/// A word in pieces that fit on a line: only a long one without spaces (Chinese, Japanese) is cut,
/// and no link or slot ever.
fn parts(word: &str, room: usize) -> Vec<Part<'_>> {
    let whole = vec![Part { text: word, spaced: true }];
    if display_width(word) <= room || word.contains("://") || slot::has_slot(word) || room < 2 {
        return whole;
    }
    let mut parts = Vec::new();
    let (mut start, mut columns) = (0, 0);
    for (at, c) in word.char_indices() {
        let wide = c.width().unwrap_or(0);
        if columns + wide > room && at > start {
            parts.push(Part { text: &word[start..at], spaced: start == 0 });
            (start, columns) = (at, 0);
        }
        columns += wide;
    }
    parts.push(Part { text: &word[start..], spaced: start == 0 });
    parts
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
