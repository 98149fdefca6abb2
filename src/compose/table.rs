//! Tables of data as HTML: real header cells, aligned columns, and words that break where the whole
//! would be wider than a telephone.

use maud::{Markup, html};
use unicode_width::UnicodeWidthStr;

use crate::issue::block::{self, Alignment, DataTable, Inline};

/// Columns of text between the margins of a narrow telephone (320 pixels), in small letters.
const PHONE_COLUMNS: usize = 32;
/// What lies between two columns, about.
const GAP: usize = 2;
/// Words up to here stay whole: dates, amounts, names.
const WHOLE: usize = 10;

/// A table of data; `written` says what a cell holds.
pub(super) fn table(table: &DataTable, written: impl Fn(&[Inline]) -> Markup) -> Markup {
    let longest = longest_words(table);
    let columns = longest.len();
    let wide = longest.iter().map(|word| word + GAP).sum::<usize>() > PHONE_COLUMNS;
    let classes: Vec<Option<String>> = longest
        .iter()
        .enumerate()
        .map(|(column, word)| {
            let align = match table.alignments.get(column) {
                Some(Alignment::End) => Some("end"),
                Some(Alignment::Center) => Some("center"),
                _ => None,
            };
            let last = (column + 1 == columns).then_some("z");
            let breaks = (wide && *word > WHOLE).then_some("w");
            let names: Vec<&str> = [align, last, breaks].into_iter().flatten().collect();
            (!names.is_empty()).then(|| names.join(" "))
        })
        .collect();
    let class = |column: usize| classes.get(column).and_then(Option::as_deref);
    html! {
        table.data cellpadding="0" cellspacing="0" border="0" {
            @if table.head.iter().any(|cell| !cell.is_empty()) {
                thead { tr {
                    @for (column, cell) in table.head.iter().enumerate() {
                        th scope="col" class=[class(column)] { (written(cell)) }
                    }
                } }
            }
            tbody {
                @for row in &table.rows { tr {
                    @for (column, cell) in row.iter().enumerate() {
                        td class=[class(column)] { (written(cell)) }
                    }
                } }
            }
        }
    }
}

/// The longest word of each column, in columns of text.
fn longest_words(table: &DataTable) -> Vec<usize> {
    let rows = || table.rows.iter().chain([&table.head]);
    let longest = |cell: &Vec<Inline>| {
        let text = block::plain(cell);
        text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0)
    };
    let count = rows().map(Vec::len).max().unwrap_or(0);
    (0..count)
        .map(|column| rows().filter_map(|row| row.get(column)).map(longest).max().unwrap_or(0))
        .collect()
}
