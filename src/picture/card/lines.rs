//! A title in lines: broken where its language allows, as large as there is room for, and all lines
//! about as long.

use super::spelled::is_mark;

/// Between two lines, for each unit of size.
pub(super) const LEADING: f32 = 1.18;

/// A text in lines.
#[derive(Debug, PartialEq)]
pub(super) struct FittedLines {
    pub(super) lines: Vec<String>,
    /// Pixels of an em.
    pub(super) size: f32,
}

/// What stays on one line.
#[derive(Debug, PartialEq)]
struct LinePiece<'a> {
    text: &'a str,
    /// Whether a space comes before it, if it does not begin a line.
    is_apart: bool,
}

/// The text in the largest of `sizes` that fits into a room; what does not fit into any is cut.
/// `measure` says how wide a text is, in ems.
pub(super) fn fitted(
    text: &str,
    (width, height): (f32, f32),
    sizes: &[f32],
    measure: &dyn Fn(&str) -> f32,
) -> FittedLines {
    let pieces = pieces(text);
    let widths: Vec<f32> = pieces.iter().map(|piece| measure(piece.text)).collect();
    let space = measure(" ");
    let mut smallest = 1.0;
    for &size in sizes {
        smallest = size;
        let most = most_lines(height, size);
        let room = width / size;
        if widths.iter().any(|width| *width > room) {
            continue;
        }
        let count = wrapped(&pieces, &widths, space, room).len();
        if count <= most {
            let ends = wrapped(&pieces, &widths, space, narrowest(&pieces, &widths, space, room));
            return FittedLines { lines: joined(&pieces, &ends), size };
        }
    }
    cut(&pieces, (width / smallest, most_lines(height, smallest)), smallest, measure)
}

fn most_lines(height: f32, size: f32) -> usize {
    ((height / (size * LEADING)) as usize).max(1)
}

/// The smallest room in which there are not more lines.
fn narrowest(pieces: &[LinePiece<'_>], widths: &[f32], space: f32, room: f32) -> f32 {
    let count = wrapped(pieces, widths, space, room).len();
    let (mut low, mut high) = (widths.iter().copied().fold(0.0, f32::max), room);
    for _ in 0..16 {
        let middle = (low + high) / 2.0;
        if wrapped(pieces, widths, space, middle).len() <= count {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The piece behind the last of each line.
fn wrapped(pieces: &[LinePiece<'_>], widths: &[f32], space: f32, room: f32) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut line = 0.0;
    for (at, (piece, width)) in pieces.iter().zip(widths).enumerate() {
        let gap = if piece.is_apart { space } else { 0.0 };
        if at > 0 && ends.last() != Some(&at) && line + gap + width > room {
            ends.push(at);
            line = *width;
        } else {
            line += if line > 0.0 { gap + width } else { *width };
        }
    }
    ends.push(pieces.len());
    ends
}

fn joined(pieces: &[LinePiece<'_>], ends: &[usize]) -> Vec<String> {
    let mut start = 0;
    let line = |&end: &usize| {
        let mut line = String::new();
        for piece in &pieces[start..end] {
            if piece.is_apart && !line.is_empty() {
                line.push(' ');
            }
            line.push_str(piece.text);
        }
        start = end;
        line
    };
    ends.iter().map(line).collect()
}

/// As much as there is room for, words broken anywhere.
fn cut(
    pieces: &[LinePiece<'_>],
    (room, most): (f32, usize),
    size: f32,
    measure: &dyn Fn(&str) -> f32,
) -> FittedLines {
    let mut lines: Vec<String> = vec![String::new()];
    let mut is_cut = false;
    'pieces: for piece in pieces {
        let mut rest = piece.text;
        let mut gap = if piece.is_apart { " " } else { "" };
        while let Some(line) = lines.last_mut().filter(|_| !rest.is_empty()) {
            if line.is_empty() {
                gap = "";
            }
            let whole = format!("{line}{gap}{rest}");
            if measure(&whole) <= room {
                *line = whole;
                break;
            }
            let is_broken = line.is_empty() && measure(rest) > room;
            if is_broken {
                let ends = rest.char_indices().filter(|(at, c)| *at > 0 && !is_mark(*c));
                let fits = |at: &usize| measure(&rest[..*at]) <= room;
                let end = ends.map(|(at, _)| at).take_while(fits).last();
                let end = end.or_else(|| rest.char_indices().nth(1).map(|(at, _)| at));
                let (here, behind) = rest.split_at(end.unwrap_or(rest.len()));
                here.clone_into(line);
                rest = behind;
            }
            if rest.is_empty() {
                break;
            }
            if lines.len() == most {
                is_cut = true;
                break 'pieces;
            }
            lines.push(String::new());
        }
    }
    if let Some(last) = lines.last_mut().filter(|_| is_cut) {
        while !last.is_empty() && measure(&format!("{last}…")) > room {
            last.pop();
        }
        last.truncate(last.trim_end_matches([' ', ',', '.', '…', '、', '。']).len());
        last.push('…');
    }
    FittedLines { lines, size }
}

/// Cuts a text wherever a line may end: at spaces, behind hyphens, and between any two characters of
/// Chinese and Japanese but for marks that must not begin or end a line (JIS X 4051). Korean breaks at
/// spaces.
fn pieces(text: &str) -> Vec<LinePiece<'_>> {
    let mut pieces = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut start = 0;
        let mut before = None;
        for (at, c) in word.char_indices() {
            if before.is_some_and(|before| may_break(before, c)) {
                pieces.push(LinePiece { text: &word[start..at], is_apart: start == 0 });
                start = at;
            }
            if !is_mark(c) {
                before = Some(c);
            }
        }
        pieces.push(LinePiece { text: &word[start..], is_apart: start == 0 });
    }
    pieces
}

fn may_break(before: char, behind: char) -> bool {
    if is_mark(behind) || NEVER_FIRST.contains(behind) || NEVER_LAST.contains(before) {
        return false;
    }
    is_broken_anywhere(before)
        || is_broken_anywhere(behind)
        || (matches!(before, '-' | '–' | '—' | '/') && behind.is_alphabetic())
}

const NEVER_FIRST: &str = "、。，．・：；！？!?,.:;)]}」』】〕〉》）］｝”’…‥ーァィゥェォッャュョヮぁぃぅぇぉっゃゅょゎ々〻%％";
const NEVER_LAST: &str = "([{「『【〔〈《（［｛“‘";

fn is_broken_anywhere(c: char) -> bool {
    matches!(c,
        '\u{2e80}'..='\u{312f}' | '\u{31a0}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each character half an em wide.
    fn half(text: &str) -> f32 {
        text.chars().count() as f32 / 2.0
    }

    #[test]
    fn lines_end_where_the_language_allows() {
        let texts = |text: &'static str| -> Vec<&str> {
            pieces(text).into_iter().map(|piece| piece.text).collect()
        };
        assert_eq!(texts("a well-known 1-2"), ["a", "well-", "known", "1-2"]);
        assert_eq!(texts("세종의 강 이야기"), ["세종의", "강", "이야기"]);
        assert_eq!(texts("「東京」は、"), ["「東", "京」", "は、"]);
        assert_eq!(texts("ニュース"), ["ニュー", "ス"]);
    }

    #[test]
    fn lines_are_about_as_long_and_as_large_as_there_is_room_for() {
        let text = "aaaa bbbb cccc dddd eeee";
        let made = fitted(text, (100.0, 60.0), &[20.0, 10.0, 5.0], &half);
        assert_eq!(made.size, 10.0);
        assert_eq!(made.lines, ["aaaa bbbb cccc", "dddd eeee"]);
        let made = fitted("aaaa bbbb cccc dddd", (90.0, 60.0), &[10.0], &half);
        assert_eq!(made.lines, ["aaaa bbbb", "cccc dddd"]);
        let made = fitted("aaaa", (100.0, 60.0), &[20.0, 10.0], &half);
        assert_eq!((made.size, made.lines), (20.0, vec!["aaaa".to_owned()]));
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let made = fitted(&"a".repeat(100), (50.0, 24.0), &[10.0], &half);
        assert_eq!(made.lines, ["a".repeat(10), format!("{}…", "a".repeat(9))]);
        let made = fitted("aaaa bbbb cccc dddd", (30.0, 24.0), &[10.0], &half);
        assert_eq!(made.lines, ["aaaa", "bbbb…"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_letter_is_lost(text in "[a-c東、「세 -]{0,60}", room in 20.0..200.0_f32) {
            let room = (room, 60.0);
            let made = fitted(text.trim(), room, &[20.0, 10.0, 5.0], &half);
            let letters = |text: &str| text.replace([' ', '…'], "");
            let all: String = made.lines.iter().map(|line| letters(line)).collect();
            prop_assert!(letters(&text).starts_with(&all), "{:?}", made);
            prop_assert!(made.lines.len() as f32 * made.size * LEADING <= room.1 + 0.1 || made.lines.len() == 1);
            for line in &made.lines {
                prop_assert!(half(line) * made.size <= room.0 + 0.1 || line.chars().count() < 3, "{:?}", made);
            }
        }
    }
}
