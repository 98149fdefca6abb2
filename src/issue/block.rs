//! An article's text as blocks and inlines, each block with its place: what both the HTML and the
//! plain text are written from. Plain data; strings may hold slot marks (see [`super::slot`]).

use std::ops::Range;

use super::raised;

/// A block and the bytes of its file that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// What it is.
    pub kind: BlockKind,
}

/// Every kind of block.
#[derive(Clone, Debug, PartialEq)]
pub enum BlockKind {
    /// `## …`, 1 to 6: as written, and then as [`level_headings`] counts it.
    Heading(u8, Vec<Inline>),
    /// Running text.
    Paragraph(Vec<Inline>),
    /// A bulleted list, or a numbered one with its first number.
    List {
        /// The first number of an ordered list.
        start: Option<usize>,
        /// Whether items are lines rather than paragraphs.
        tight: bool,
        /// The items.
        items: Vec<ListItem>,
    },
    /// A quotation and who said it.
    Quote(Vec<Block>, Option<Vec<Inline>>),
    /// An image alone in its paragraph.
    Figure(Figure),
    /// Pictures side by side.
    Row(Vec<Figure>),
    /// A link that wants to be pressed.
    Button(Link),
    /// A table of data.
    Table(DataTable),
    /// A block of code, with the language that its fence names.
    Code(String, String),
    /// A thematic break.
    Rule,
    /// `::: callout`, `::: note`…
    Callout(Vec<Block>),
    /// `::: only tag:member`: for readers with the tag, or for whom an expression of
    /// [`super::only`] means.
    Only(String, Vec<Block>),
    /// `::: {lang=ko}`: in another language (BCP 47).
    Language(String, Vec<Block>),
    /// Raw HTML that passed the sanitiser, and its text.
    Html(String, Vec<RawLine>),
}

/// A line of the text of raw HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// What stands before it: the mark of an item, the bar of a quotation.
    pub first: String,
    /// The same for what does not fit on the line.
    pub rest: String,
    /// Its words.
    pub text: String,
    /// Whether it is preformatted: each space counts.
    pub verbatim: bool,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListItem {
    /// A task's box: ticked or not.
    pub task: Option<bool>,
    /// What the item holds.
    pub blocks: Vec<Block>,
}

/// An image with what is said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Index in [`super::Issue::images`].
    pub image: usize,
    /// What the picture shows, in words; empty for decoration.
    pub alt: String,
    /// Below the picture.
    pub caption: Option<Vec<Inline>>,
    /// Who made it.
    pub credit: Option<String>,
    /// Where a press on it leads.
    pub href: Option<String>,
}

impl Figure {
    /// What stands between caption and credit: nothing but a space behind a sentence that has ended.
    pub fn before_credit(&self) -> &'static str {
        match self.caption.as_deref().map(plain) {
            None => "",
            Some(caption)
                if caption.trim_end().ends_with(['.', '!', '?', '…', '。', '！', '？']) =>
            {
                " "
            }
            Some(_) => " · ",
        }
    }
}

/// A link and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// `https:`, `http:`, `mailto:`, `tel:` or a slot.
    pub href: String,
    /// What is underlined.
    pub text: Vec<Inline>,
}

/// A GFM table.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTable {
    /// One for each column.
    pub alignments: Vec<Alignment>,
    /// The header row.
    pub head: Vec<Vec<Inline>>,
    /// The other rows.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// At the line's start; the default.
    Start,
    /// In the middle.
    Center,
    /// At the line's end, as numbers like it.
    End,
}

/// Running text.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    /// Text, possibly with slot marks.
    Text(String),
    /// `**…**`.
    Strong(Vec<Inline>),
    /// `*…*`.
    Emphasis(Vec<Inline>),
    /// `~~…~~`.
    Strike(Vec<Inline>),
    /// `` `…` ``.
    Code(String),
    /// `[…](…)`.
    Link(Link),
    /// An image within a line.
    Image(Figure),
    /// A line's end in the source: a space.
    SoftBreak,
    /// A line's end that the author asked for.
    LineBreak,
    /// `[^1]`: the number of a footnote of the article, from 1, and which reference to it this is.
    Footnote(u32, u32),
    /// A name to which links within the letter lead; nothing is seen of it.
    Anchor(String),
    /// A sanitised inline element: its opening tag, its name and its content.
    Html(String, String, Vec<Inline>),
}

/// Counts headings by how deep they lie, from 1: whatever an author begins with and however far the
/// next one jumps, who walks a mail by its headings meets no gap.
pub fn level_headings(blocks: &mut [Block]) {
    level_within(blocks, &mut Vec::new());
}

fn level_within(blocks: &mut [Block], above: &mut Vec<u8>) {
    for block in blocks {
        match &mut block.kind {
            BlockKind::Heading(level, _) => {
                while above.last().is_some_and(|last| last >= level) {
                    above.pop();
                }
                above.push(*level);
                *level = above.len() as u8;
            }
            BlockKind::Callout(inner)
            | BlockKind::Only(_, inner)
            | BlockKind::Language(_, inner)
            | BlockKind::Quote(inner, _) => level_within(inner, above),
            BlockKind::List { items, .. } => {
                items.iter_mut().for_each(|item| level_within(&mut item.blocks, above));
            }
            _ => {}
        }
    }
}

/// The text of inlines without their dress, slots still marked.
pub fn plain(inlines: &[Inline]) -> String {
    let mut out = String::new();
    push_plain(inlines, &mut out);
    out
}

fn push_plain(inlines: &[Inline], out: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Code(text) => out.push_str(text),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                push_plain(inner, out);
            }
            Inline::Html(_, name, inner) if ["sup", "sub"].contains(&name.as_str()) => {
                let words = plain(inner);
                let words = match name.as_str() {
                    "sup" => raised::above(out, &words),
                    _ => raised::below(out, &words),
                };
                out.push_str(&words);
            }
            Inline::Html(_, _, inner) => push_plain(inner, out),
            Inline::Link(link) => push_plain(&link.text, out),
            Inline::Image(figure) => out.push_str(&figure.alt),
            Inline::SoftBreak | Inline::LineBreak => out.push(' '),
            Inline::Footnote(..) | Inline::Anchor(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_follows_a_sentence_without_a_mark() {
        let before = |caption: Option<&str>| {
            let caption = caption.map(|text| vec![Inline::Text(text.to_owned())]);
            let credit = Some("Aoife Daly".to_owned());
            Figure { image: 0, alt: String::new(), caption, credit, href: None }.before_credit()
        };
        assert_eq!(
            [before(None), before(Some("Noon")), before(Some("It is noon."))],
            ["", " · ", " "]
        );
        assert_eq!(before(Some("정오입니다。")), " ");
    }

    #[test]
    fn no_heading_skips_a_level() {
        let leveled = |written: &[u8]| {
            let block = |level: &u8| Block { span: 0..0, kind: BlockKind::Heading(*level, vec![]) };
            let mut blocks: Vec<Block> = written.iter().map(block).collect();
            level_headings(&mut blocks);
            let level = |block: &Block| match block.kind {
                BlockKind::Heading(level, _) => level,
                _ => 0,
            };
            blocks.iter().map(level).collect::<Vec<_>>()
        };
        assert_eq!(leveled(&[1, 4, 4, 2, 3]), [1, 2, 2, 2, 3]);
        assert_eq!(leveled(&[3, 2, 2, 6]), [1, 1, 1, 2]);
    }
}
