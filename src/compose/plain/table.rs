//! Tables in plain text: columns where they fit, else a few lines for each row.

use super::wrap::{Margin, display_width, wrap};
use crate::issue::block::Alignment;

const GAP: usize = 2;
/// A column narrower than this, with text that wraps, is no help to a reader.
const LEAST_COLUMN: usize = 16;

/// The lines of a table, at most `room` columns wide unless a single word is wider.
pub(super) fn lay_out(
    head: &[String],
    rows: &[Vec<String>],
    alignments: &[Alignment],
    room: usize,
) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let cell_width =
        |row: &[String], column: usize| row.get(column).map_or(0, |cell| display_width(cell));
    let width_of = |column: usize| {
        let widths = rows.iter().map(|row| cell_width(row, column));
        widths.max().unwrap_or(0).max(cell_width(head, column))
    };
    let mut widths: Vec<usize> = (0..columns).map(width_of).collect();
    if !narrow(&mut widths, room) {
        return listed(head, rows, room);
    }
    let mut lines = Vec::new();
    if head.iter().any(|cell| !cell.is_empty()) {
        lines.extend(row_lines(head, &widths, alignments));
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        lines.push(row_line(&rules, &widths, alignments));
    }
    for row in rows {
        lines.extend(row_lines(row, &widths, alignments));
    }
    lines
}

/// Makes the widest column narrower until the table fits; `false` where the column would be too
/// narrow to read.
fn narrow(widths: &mut [usize], room: usize) -> bool {
    let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    let Some(widest) = widths.iter_mut().max() else { return true };
    let over = total.saturating_sub(room);
    if over > 0 && *widest < over + LEAST_COLUMN {
        return false;
    }
    *widest -= over;
    true
}

/// A row, of as many lines as its cells need.
fn row_lines(cells: &[String], widths: &[usize], alignments: &[Alignment]) -> Vec<String> {
    let wrapped: Vec<Vec<String>> =
        cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width, Margin::none())).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let line = |at: usize| {
        let cells: Vec<String> =
            wrapped.iter().map(|cell| cell.get(at).cloned().unwrap_or_default()).collect();
        row_line(&cells, widths, alignments)
    };
    (0..height).map(line).collect()
}

fn row_line(cells: &[String], widths: &[usize], alignments: &[Alignment]) -> String {
    let mut line = String::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = cells.get(column).map_or("", String::as_str);
        let space = width.saturating_sub(display_width(cell));
        let before = match alignments.get(column) {
            Some(Alignment::End) => space,
            Some(Alignment::Center) => space / 2,
            _ => 0,
        };
        if column > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        line.push_str(&" ".repeat(before));
        line.push_str(cell);
        line.push_str(&" ".repeat(space - before));
    }
    line.trim_end().to_owned()
}

/// `Heading: cell`, a line each, and an empty line between rows.
fn listed(head: &[String], rows: &[Vec<String>], room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            lines.push(String::new());
        }
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            // A heading longer than a line is no name; written in each row it would fill the mail.
            let fits = |name: &&String| !name.is_empty() && display_width(name) <= room;
            let text = match head.get(column).filter(fits) {
                Some(name) => format!("{name}: {cell}"),
                None => cell.clone(),
            };
            lines.extend(wrap(&text, room, Margin { first: "", rest: "  " }));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn columns_line_up_by_display_width() {
        let rows = [texts(&["삼성", "1"]), texts(&["NAVER", "20"])];
        let alignments = [Alignment::Start, Alignment::End];
        assert_eq!(
            lay_out(&texts(&["Who", "GPUs"]), &rows, &alignments, 40),
            ["Who    GPUs", "-----  ----", "삼성      1", "NAVER    20"]
        );
    }

    #[test]
    fn a_wide_table_becomes_lines() {
        let rows = [texts(&["one two three", "four five six"])];
        assert_eq!(
            lay_out(&texts(&["A", "B"]), &rows, &[], 16),
            ["A: one two three", "B: four five six"]
        );
    }

    #[test]
    fn the_widest_column_wraps_while_it_can_be_read() {
        let rows = [texts(&["Samsung", "chip design, robotics and digital twins"])];
        assert_eq!(
            lay_out(&texts(&["Who", "What for"]), &rows, &[], 34),
            [
                "Who      What for",
                "-------  -------------------------",
                "Samsung  chip design, robotics and",
                "         digital twins",
            ]
        );
    }
}
