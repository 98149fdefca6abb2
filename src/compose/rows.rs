//! What stands below each other in the letter -> cells of its table.
//!
//! Word lays a mail out in pages: a cell that is taller than about 1,800 pixels is broken there, with
//! holes. So each section begins a cell of its own, and a long one is cut where it may be. How tall
//! something becomes is guessed from its text; that a guess is off by a quarter does no harm.

use maud::{Markup, PreEscaped};
use unicode_width::UnicodeWidthStr as _;

use crate::issue::block::{Block, BlockKind, Figure, plain};
use crate::issue::image::Image;

/// A cell is closed before it gets taller than this, in pixels.
pub(super) const TALL: usize = 1_300;
/// Pixels of a line of running text, and of the space after a paragraph.
const LINE: usize = 26;
const SPACE: usize = 16;

/// A cell of a letter.
#[derive(Debug)]
pub(super) struct LetterRow {
    pub(super) content: Markup,
    /// For whom it is, as an expression; `None` for everybody.
    pub(super) only: Option<String>,
}

/// The cells of a letter.
#[derive(Debug, Default)]
pub(super) struct LetterRows {
    done: Vec<LetterRow>,
    open: String,
    only: Option<String>,
    height: usize,
}

impl LetterRows {
    /// Adds what is about `height` pixels tall, in the open cell where there is room.
    pub(super) fn push(&mut self, markup: Markup, height: usize) {
        if self.height + height > TALL {
            self.close();
        }
        self.open.push_str(&markup.0);
        self.height += height;
    }

    /// Says for whom what follows is: only cells can be left out.
    pub(super) fn only_for(&mut self, only: Option<String>) {
        if only != self.only {
            self.close();
            self.only = only;
        }
    }

    /// Lets what follows begin a cell.
    pub(super) fn close(&mut self) {
        if !self.open.is_empty() {
            let content = PreEscaped(std::mem::take(&mut self.open));
            self.done.push(LetterRow { content, only: self.only.clone() });
        }
        self.height = 0;
    }

    /// The cells, in order.
    pub(super) fn finish(mut self) -> Vec<LetterRow> {
        self.close();
        self.done
    }
}

/// About how many pixels tall a block becomes, `width` pixels wide.
pub(super) fn height(block: &Block, images: &[Image], width: usize) -> usize {
    let all = |blocks: &[Block]| -> usize {
        blocks.iter().map(|block| height(block, images, width)).sum()
    };
    match &block.kind {
        BlockKind::Heading(_, inlines) => lines(&plain(inlines), width) * LINE + 2 * SPACE,
        BlockKind::Paragraph(inlines) => lines(&plain(inlines), width) * LINE + SPACE,
        BlockKind::List { items, .. } => {
            items.iter().map(|item| all(&item.blocks) + 4).sum::<usize>() + SPACE
        }
        BlockKind::Quote(blocks, who) => {
            all(blocks) * 5 / 4 + who.as_ref().map_or(0, |_| LINE) + SPACE
        }
        BlockKind::Figure(figure) => figure_height(figure, images, width),
        BlockKind::Row(figures) => {
            let narrow = width / figures.len().max(1);
            let tall = figures.iter().map(|figure| figure_height(figure, images, narrow));
            tall.max().unwrap_or_default()
        }
        BlockKind::Button(_) => 48 + SPACE,
        BlockKind::Table(table) => {
            let cells = |row: &Vec<Vec<_>>| -> usize {
                row.iter()
                    .map(|cell| lines(&plain(cell), width / row.len().max(1)))
                    .max()
                    .unwrap_or(1)
            };
            table.rows.iter().map(|row| cells(row) * LINE + 17).sum::<usize>() + 60
        }
        BlockKind::Code(_, text) => {
            text.lines().map(|line| lines(line, width)).sum::<usize>() * 21 + 40
        }
        BlockKind::Rule => 48,
        BlockKind::Callout(blocks) => all(blocks) + 3 * SPACE,
        BlockKind::Only(_, blocks) | BlockKind::Language(_, blocks) => all(blocks),
        BlockKind::Html(_, raw) => {
            raw.iter().map(|line| lines(&line.text, width) * LINE).sum::<usize>() + SPACE
        }
    }
}

/// The same of a picture with its caption.
pub(super) fn figure_height(figure: &Figure, images: &[Image], width: usize) -> usize {
    let Some(image) = images.get(figure.image) else { return 0 };
    let shown = image.natural_width().min(width);
    let caption = figure.caption.as_ref().map_or(0, |text| lines(&plain(text), width) * 21);
    image.height * shown / image.width.max(1) + caption + SPACE
}

/// Lines of running text: a column of it is about eight pixels wide.
fn lines(text: &str, width: usize) -> usize {
    text.width().div_ceil((width / 8).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::block::Inline;

    #[test]
    fn a_cell_ends_before_it_gets_too_tall() {
        let mut rows = LetterRows::default();
        for (text, height) in [("a", 700), ("b", 500), ("c", 200), ("d", 4_000), ("e", 10)] {
            rows.push(PreEscaped(text.to_owned()), height);
        }
        rows.close();
        rows.push(PreEscaped("f".to_owned()), 10);
        rows.only_for(Some("topic:a".to_owned()));
        rows.push(PreEscaped("g".to_owned()), 10);
        let cells: Vec<String> = rows
            .finish()
            .into_iter()
            .map(|cell| cell.content.0 + cell.only.as_deref().unwrap_or_default())
            .collect();
        assert_eq!(cells, ["ab", "c", "d", "e", "f", "gtopic:a"]);
    }

    #[test]
    fn wide_letters_fill_a_line_sooner() {
        let block = |text: &str| Block {
            span: 0..0,
            kind: BlockKind::Paragraph(vec![Inline::Text(text.to_owned())]),
        };
        let tall = |text: &str| height(&block(text), &[], 552);
        assert_eq!(tall("short"), LINE + SPACE);
        assert_eq!(tall(&"가".repeat(69)), 2 * LINE + SPACE);
        assert!(tall(&"word ".repeat(400)) > TALL / 2);
    }
}
