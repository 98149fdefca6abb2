//! Rows of Markdown's tables as they are written: what of them no column takes.

use std::ops::Range;

/// The bytes of `line`, a row, that stand behind its last column, where they hold words.
pub(super) fn lost_cells(line: &str, columns: usize) -> Option<Range<usize>> {
    let end = line.trim_end().len();
    let start = line.len() - line.trim_start().len();
    let mut at = start + usize::from(line[start..end].starts_with('|'));
    let mut bars = 0;
    let bytes = line.as_bytes();
    while at < end {
        match bytes[at] {
            b'\\' => at += 1,
            b'|' => {
                bars += 1;
                if bars == columns {
                    let rest = &line[at + 1..end];
                    let is_empty = rest.chars().all(|c| c == '|' || c.is_whitespace());
                    let skipped = rest.len() - rest.trim_start().len();
                    return (!is_empty).then_some(at + 1 + skipped..end);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_without_a_column_are_lost() {
        for (line, columns, lost) in [
            ("| a | b | c |", 2, Some("c |")),
            ("a | b | c", 2, Some("c")),
            ("| `a | b` | c | d |", 3, Some("d |")),
            ("| a | b |", 2, None),
            ("| a | b | |", 2, None),
            ("| a \\| x | b |", 2, None),
            ("| a", 2, None),
            ("a | b |", 2, None),
            ("| 가 | 나 | 다 |", 2, Some("다 |")),
        ] {
            assert_eq!(lost_cells(line, columns).map(|range| &line[range]), lost, "{line}");
        }
    }
}
