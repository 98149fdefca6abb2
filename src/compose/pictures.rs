//! How wide each picture is shown, and the address that the HTML has for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::style::{NARROW_WIDTH, TEXT_WIDTH};
use super::{Composition, Picture, Segment};
use crate::crypto;
use crate::issue::block::{Block, BlockKind, Figure, Inline};
use crate::issue::image::Image;
use crate::issue::percent;
use crate::issue::{Article, Issue, Layout, Pictures, Publication};
use crate::picture::PictureFormat;

/// The tallest that a picture within a line gets.
const LINE_HEIGHT: usize = 24;

/// The width in CSS pixels of a picture where there is `room`: its own, never more.
pub(crate) fn shown_width(image: &Image, room: usize) -> usize {
    image.natural_width().min(room)
}

/// A logo is drawn for fine screens: shown at half its pixels, at most as wide as the text.
pub(crate) fn logo_size(image: &Image) -> (usize, usize) {
    let density = if image.format == PictureFormat::Svg { 1 } else { image.density.max(2) };
    let width = (image.width / density).clamp(1, TEXT_WIDTH);
    (width, (image.height * width).div_ceil(image.width).max(1))
}

/// A picture within a line is as tall as the line asks for: its own size, at most 24 pixels.
pub(crate) fn icon_size(image: &Image, room: usize) -> (usize, usize) {
    let height = (image.height / image.density).clamp(1, LINE_HEIGHT);
    ((image.width * height / image.height).clamp(1, room), height)
}

/// Behind each picture of a row, the space of the text included.
const ROW_GAP: usize = 16;
/// Pictures of a longer row go on below.
const ROW_MOST: usize = 4;
/// The tallest of three and more: logos, which are of all shapes, weigh about the same so.
const ROW_HEIGHT: usize = 100;

/// The size of a picture in a row of so many: its share of the room, never more than its own.
pub(crate) fn row_size(image: &Image, count: usize, room: usize) -> (usize, usize) {
    let side_by_side = count.clamp(1, ROW_MOST);
    let share = (room / side_by_side).saturating_sub(ROW_GAP).max(1);
    let mut width = shown_width(image, share);
    if count > 2 {
        width = width.min((image.width * ROW_HEIGHT / image.height.max(1)).max(1));
    }
    (width, (image.height * width).div_ceil(image.width).max(1))
}

/// The widest, in CSS pixels, that each of the issue's pictures is shown, in their order.
pub fn widths(issue: &Issue) -> Vec<usize> {
    let mut widths = Widths { images: &issue.images, widths: vec![0; issue.images.len()] };
    widths.blocks(&issue.intro, TEXT_WIDTH);
    for section in &issue.sections {
        let in_columns = section.layout == Layout::Columns && section.articles.len() > 1;
        for article in &section.articles {
            let is_narrow = in_columns && article.is_lead != Some(true);
            widths.article(article, if is_narrow { NARROW_WIDTH } else { TEXT_WIDTH });
        }
    }
    for logo in [issue.logo, issue.logo_dark].into_iter().flatten() {
        widths.see(logo, |image| logo_size(image).0);
    }
    let Widths { images, mut widths } = widths;
    // What is shown nowhere gets what a figure would get.
    for (width, image) in widths.iter_mut().zip(images).filter(|(width, _)| **width == 0) {
        *width = shown_width(image, TEXT_WIDTH);
    }
    widths
}

impl Composition {
    /// Puts the pictures that would be fetched from under `base_url` into the message, for looking
    /// at it before they are published. What is sent for good is another thing, so that the content
    /// hash stays.
    pub fn put_pictures_inside(&mut self, issue: &Issue, base_url: &str) {
        for (image, picture) in issue.images.iter().zip(parts(issue)) {
            let inside = format!("cid:{}", picture.content_id);
            let known = self.pictures.iter().any(|one| one.content_id == picture.content_id);
            if self.replace_source(&hosted(base_url, image), &inside) && !known {
                self.pictures.push(picture);
            }
        }
    }

    /// Lets the HTML fetch the pictures from `folder`, an address that ends with a slash, in the
    /// place of `base_url` or of the message, for looking at a page before they are published.
    pub fn fetch_pictures_from(&mut self, issue: &Issue, base_url: &str, folder: &str) {
        for (image, picture) in issue.images.iter().zip(parts(issue)) {
            let beside = format!("{folder}{}", percent::path(&image.sent.path));
            self.replace_source(&hosted(base_url, image), &beside);
            self.replace_source(&format!("cid:{}", picture.content_id), &beside);
        }
    }

    /// Whether a picture had that address.
    fn replace_source(&mut self, from: &str, to: &str) -> bool {
        let attribute = |address: &str| format!(" src=\"{}\"", address.replace('&', "&amp;"));
        let (from, to) = (attribute(from), attribute(to));
        let mut found = false;
        for segment in &mut self.html {
            if let Segment::Literal(html) = segment
                && html.contains(&from)
            {
                *html = html.replace(&from, &to);
                found = true;
            }
        }
        found
    }

    /// The addresses of the pictures that the HTML fetches from under `base_url`.
    pub fn hosted_pictures(&self, base_url: &str) -> BTreeSet<String> {
        let start = format!(" src=\"{base_url}/");
        let mut addresses = BTreeSet::new();
        for segment in &self.html {
            let Segment::Literal(html) = segment else { continue };
            let after = html.split(&start).skip(1);
            let paths = after.filter_map(|rest| rest.split('"').next());
            addresses.extend(paths.map(|path| format!("{base_url}/{path}")));
        }
        addresses
    }
}

struct Widths<'a> {
    images: &'a [Image],
    widths: Vec<usize>,
}

impl Widths<'_> {
    fn see(&mut self, image: usize, width: impl Fn(&Image) -> usize) {
        if let Some((shown, image)) = self.widths.get_mut(image).zip(self.images.get(image)) {
            *shown = (*shown).max(width(image));
        }
    }

    fn article(&mut self, article: &Article, room: usize) {
        if let Some(lead) = &article.lead {
            self.figure(lead, room);
        }
        self.blocks(&article.body, room);
        article.note.iter().for_each(|note| self.inlines(note, room));
        article.footnotes.iter().for_each(|blocks| self.blocks(blocks, room));
    }

    fn figure(&mut self, figure: &Figure, room: usize) {
        self.see(figure.image, |image| shown_width(image, room));
        figure.caption.iter().for_each(|caption| self.inlines(caption, room));
    }

    fn blocks(&mut self, blocks: &[Block], room: usize) {
        for block in blocks {
            match &block.kind {
                BlockKind::Figure(figure) => self.figure(figure, room),
                BlockKind::Row(figures) => {
                    let width = |image: &Image| row_size(image, figures.len(), room).0;
                    figures.iter().for_each(|figure| self.see(figure.image, width));
                }
                BlockKind::Heading(_, inlines) | BlockKind::Paragraph(inlines) => {
                    self.inlines(inlines, room);
                }
                BlockKind::Button(link) => self.inlines(&link.text, room),
                BlockKind::List { items, .. } => {
                    items.iter().for_each(|item| self.blocks(&item.blocks, room));
                }
                BlockKind::Quote(blocks, who) => {
                    self.blocks(blocks, room);
                    who.iter().for_each(|who| self.inlines(who, room));
                }
                BlockKind::Callout(blocks)
                | BlockKind::Only(_, blocks)
                | BlockKind::Language(_, blocks) => self.blocks(blocks, room),
                BlockKind::Table(table) => {
                    let cells = table.head.iter().chain(table.rows.iter().flatten());
                    cells.for_each(|cell| self.inlines(cell, room));
                }
                BlockKind::Code(..) | BlockKind::Rule | BlockKind::Html(..) => {}
            }
        }
    }

    fn inlines(&mut self, inlines: &[Inline], room: usize) {
        for inline in inlines {
            match inline {
                Inline::Image(figure) => self.see(figure.image, |image| icon_size(image, room).0),
                Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                    self.inlines(inner, room);
                }
                Inline::Html(_, _, inner) => self.inlines(inner, room),
                Inline::Link(link) => self.inlines(&link.text, room),
                Inline::Text(_)
                | Inline::Code(_)
                | Inline::SoftBreak
                | Inline::Anchor(_)
                | Inline::LineBreak
                | Inline::Footnote(..) => {}
            }
        }
    }
}

/// The pictures that travel in the message, in the order of the issue's images.
pub(super) fn travelling(issue: &Issue) -> Vec<Picture> {
    if issue.pictures == Pictures::Hosted { Vec::new() } else { parts(issue) }
}

/// Each picture of the issue as a part of a message.
fn parts(issue: &Issue) -> Vec<Picture> {
    let domain = issue.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let part = |image: &Image| {
        let hash = crypto::sha256([&image.sent.bytes[..]]);
        let id = data_encoding::HEXLOWER.encode(&hash[..10]);
        Picture {
            content_id: format!("{id}@{domain}"),
            file_name: image.path.rsplit('/').next().unwrap_or_default().to_owned(),
            media_type: image.sent.format.media_type().to_owned(),
            bytes: Arc::clone(&image.sent.bytes),
        }
    };
    issue.images.iter().map(part).collect()
}

/// The address below `base_url` from which a picture is fetched.
fn hosted(base_url: &str, image: &Image) -> String {
    format!("{base_url}/{}", percent::path(&image.sent.path))
}

/// Where each picture of the issue is fetched from.
pub(super) fn sources(
    publication: &Publication,
    issue: &Issue,
    pictures: &[Picture],
) -> Vec<String> {
    match issue.pictures {
        Pictures::Embedded => {
            pictures.iter().map(|picture| format!("cid:{}", picture.content_id)).collect()
        }
        Pictures::Hosted => {
            issue.images.iter().map(|image| hosted(&publication.base_url, image)).collect()
        }
    }
}
