//! Pictures that share a paragraph: as figures of their own or as a row, where no text runs around
//! them.
//!
//! Markdown takes two pictures on two lines, or a photograph on the line below a sentence, for one
//! paragraph. As a part of a line each would be as small as a letter, which nobody wants of a
//! photograph or of a sponsor's logo. A small picture between words stays where it is.

use super::block::{Block, BlockKind, Figure, Inline};
use super::image::Image;

/// Wider and higher than this, in CSS pixels, a picture is more than a sign.
const SIGN: (usize, usize) = (96, 48);

/// Arranges the pictures of all paragraphs in `blocks`.
pub(super) fn arrange(blocks: &mut Vec<Block>, images: &[Image]) {
    let mut arranged = Vec::with_capacity(blocks.len());
    for mut block in blocks.drain(..) {
        match &mut block.kind {
            BlockKind::Paragraph(inlines) if inlines.iter().any(|one| picture(one).is_some()) => {
                let inlines = std::mem::take(inlines);
                let kinds = split(inlines, images).into_iter();
                arranged.extend(kinds.map(|kind| Block { span: block.span.clone(), kind }));
                continue;
            }
            BlockKind::List { items, .. } => {
                items.iter_mut().for_each(|item| arrange(&mut item.blocks, images));
            }
            BlockKind::Quote(inner, _)
            | BlockKind::Callout(inner)
            | BlockKind::Only(_, inner)
            | BlockKind::Language(_, inner) => arrange(inner, images),
            _ => {}
        }
        arranged.push(block);
    }
    *blocks = arranged;
}

/// The picture that an inline is, with its link.
fn picture(inline: &Inline) -> Option<Figure> {
    match inline {
        Inline::Image(figure) => Some(figure.clone()),
        Inline::Link(link) => {
            let mut shown = link.text.iter().filter(|inline| !is_space(inline));
            match (shown.next(), shown.next()) {
                (Some(Inline::Image(figure)), None) => {
                    Some(Figure { href: Some(link.href.clone()), ..figure.clone() })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_break(inline: &Inline) -> bool {
    matches!(inline, Inline::SoftBreak | Inline::LineBreak)
}

fn is_space(inline: &Inline) -> bool {
    is_break(inline) || matches!(inline, Inline::Text(text) if text.trim().is_empty())
}

/// What may stand between the pictures of a row and says nothing: a space, a bar, a dot.
fn parts_pictures(inline: &Inline) -> bool {
    let is_mark = |c: char| c.is_whitespace() || "|·•/".contains(c);
    is_break(inline) || matches!(inline, Inline::Text(text) if text.chars().all(is_mark))
}

/// The blocks that a paragraph with pictures becomes.
fn split(inlines: Vec<Inline>, images: &[Image]) -> Vec<BlockKind> {
    if inlines.iter().all(|one| picture(one).is_some() || parts_pictures(one)) {
        return row(inlines.iter().filter_map(picture).collect());
    }
    let is_large = |figure: &Figure| {
        images.get(figure.image).is_some_and(|image| {
            image.natural_width() > SIGN.0 && image.height / image.density > SIGN.1
        })
    };
    let mut kinds = Vec::new();
    let mut text: Vec<Inline> = Vec::new();
    let mut pictures: Vec<Figure> = Vec::new();
    let lines: Vec<&[Inline]> = inlines.split(is_break).collect();
    let count = lines.len();
    // Breaks are of two kinds: the one behind a line is looked up by where the line ends.
    let mut behind = 0;
    for (at, line) in lines.into_iter().enumerate() {
        behind += line.len();
        let ends = inlines.get(behind).cloned();
        behind += 1;
        let shown: Vec<&Inline> = line.iter().filter(|inline| !is_space(inline)).collect();
        let own: Vec<Figure> = shown.iter().filter_map(|one| picture(one)).collect();
        let alone = !own.is_empty()
            && own.len() == shown.iter().filter(|one| !parts_pictures(one)).count()
            && own.iter().any(is_large);
        let (first, rest, last) = if alone {
            (own, Vec::new(), None)
        } else {
            edges(line, (at == 0, at + 1 == count), &is_large)
        };
        if !first.is_empty() {
            flush(&mut text, &mut pictures, &mut kinds);
            pictures.extend(first);
        }
        if !rest.is_empty() {
            kinds.extend(row(std::mem::take(&mut pictures)));
            text.extend(rest);
            text.extend(ends.filter(|_| last.is_none()));
        }
        if let Some(last) = last {
            flush(&mut text, &mut pictures, &mut kinds);
            pictures.push(last);
        }
    }
    flush(&mut text, &mut pictures, &mut kinds);
    kinds.extend(row(pictures));
    kinds
}

/// Ends the paragraph so far, behind the pictures before it.
fn flush(text: &mut Vec<Inline>, pictures: &mut Vec<Figure>, kinds: &mut Vec<BlockKind>) {
    if text.is_empty() {
        return;
    }
    kinds.extend(row(std::mem::take(pictures)));
    let mut text = std::mem::take(text);
    while text.last().is_some_and(is_space) {
        text.pop();
    }
    while text.first().is_some_and(is_space) {
        text.remove(0);
    }
    if !text.is_empty() {
        kinds.push(BlockKind::Paragraph(text));
    }
}

/// A line of text without the photograph at the start of a paragraph's first line, or at the end of
/// its last.
fn edges(
    line: &[Inline],
    (is_first, is_last): (bool, bool),
    is_large: &impl Fn(&Figure) -> bool,
) -> (Vec<Figure>, Vec<Inline>, Option<Figure>) {
    let large = |inline: Option<&Inline>| inline.and_then(picture).filter(is_large);
    let first = large(line.first().filter(|_| is_first));
    let mut rest = line[usize::from(first.is_some())..].to_vec();
    let last = large(rest.last().filter(|_| is_last));
    if last.is_some() {
        rest.pop();
    }
    (first.into_iter().collect(), rest, last)
}

/// Pictures side by side; one alone, or those with words below, are figures.
fn row(pictures: Vec<Figure>) -> Vec<BlockKind> {
    let has_words = |figure: &Figure| figure.caption.is_some() || figure.credit.is_some();
    if pictures.len() < 2 || pictures.iter().any(has_words) {
        return pictures.into_iter().map(BlockKind::Figure).collect();
    }
    vec![BlockKind::Row(pictures)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Place;
    use crate::issue::block::Link;
    use crate::issue::image::Sent;
    use crate::picture::PictureFormat;

    fn image(width: usize, height: usize) -> Image {
        let (format, bytes): (_, Arc<[u8]>) = (PictureFormat::Png, Arc::from([]));
        let path = "a.png".to_owned();
        let sent = Sent { path: path.clone(), format, width, height, bytes: Arc::clone(&bytes) };
        let place = Place::File("a.md".into());
        Image { path, format, width, height, density: 1, bytes, place, sent }
    }

    fn shown(image: usize) -> Inline {
        let (alt, caption, credit, href) = (format!("p{image}"), None, None, None);
        Inline::Image(Figure { image, alt, caption, credit, href })
    }

    fn linked(image: usize) -> Inline {
        Inline::Link(Link { href: "https://a.example/".to_owned(), text: vec![shown(image)] })
    }

    fn text(text: &str) -> Inline {
        Inline::Text(text.to_owned())
    }

    /// What becomes of a paragraph: 0 is a photograph, 1 an icon.
    fn becomes(inlines: Vec<Inline>) -> String {
        let images = [image(1104, 700), image(48, 48)];
        let mut blocks = vec![Block { span: 0..1, kind: BlockKind::Paragraph(inlines) }];
        arrange(&mut blocks, &images);
        let names = blocks.iter().map(|block| match &block.kind {
            BlockKind::Paragraph(inlines) => {
                let pictures = inlines.iter().filter(|one| picture(one).is_some()).count();
                format!("text{}", "+icon".repeat(pictures))
            }
            BlockKind::Figure(Figure { href, .. }) => match href {
                Some(_) => "linked".to_owned(),
                None => "figure".to_owned(),
            },
            BlockKind::Row(pictures) => format!("row{}", pictures.len()),
            other => format!("{other:?}"),
        });
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pictures_between_words_stay_and_others_get_room() {
        let words = || text("Words ");
        let (soft, hard) = (|| Inline::SoftBreak, || Inline::LineBreak);
        for (inlines, expected) in [
            (vec![words(), shown(0), words()], "text+icon"),
            (vec![words(), shown(1)], "text+icon"),
            (vec![shown(1), words()], "text+icon"),
            (vec![shown(1), soft(), words()], "text+icon"),
            (vec![words(), soft(), shown(0)], "text figure"),
            (vec![words(), soft(), linked(0), soft(), words()], "text linked text"),
            (vec![shown(0), hard(), words()], "figure text"),
            (vec![shown(0), words(), soft(), words()], "figure text"),
            (vec![words(), soft(), words(), shown(0)], "text figure"),
            (vec![linked(0), words()], "linked text"),
            (vec![shown(0), text(" "), shown(0)], "row2"),
            (vec![shown(0), soft(), linked(0), soft(), shown(0)], "row3"),
            (vec![linked(1), text(" | "), linked(1), text(" "), linked(1)], "row3"),
            (
                vec![words(), soft(), shown(0), text(" "), shown(0), soft(), words()],
                "text row2 text",
            ),
            (vec![words(), soft(), shown(0), soft(), shown(0)], "text row2"),
            (vec![words(), soft(), words(), words()], "text"),
        ] {
            assert_eq!(becomes(inlines.clone()), expected, "{inlines:?}");
        }
    }

    #[test]
    fn words_below_a_picture_keep_it_from_a_row() {
        let Inline::Image(figure) = shown(0) else { return };
        let with = Inline::Image(Figure { caption: Some(vec![text("Noon")]), ..figure });
        assert_eq!(becomes(vec![with, Inline::SoftBreak, shown(0)]), "figure figure");
    }
}
