//! What authors wrote, as far as the mail shows it: texts, links, pictures and tables, each with
//! the place to point at.

use std::ops::Range;
use std::sync::Arc;

use super::html::Tree;
use crate::diagnostic::{Place, Source};
use crate::issue::block::{Block, BlockKind, DataTable, Figure, Inline, Link, plain};
use crate::issue::slot::{self, Slot, Slots};
use crate::issue::{Article, Issue, Length};

/// A stretch of a file.
#[derive(Clone, Debug)]
pub(super) struct Spot<'a> {
    source: &'a Arc<Source>,
    span: Range<usize>,
}

impl<'a> Spot<'a> {
    fn whole(source: &'a Arc<Source>) -> Spot<'a> {
        Spot { source, span: 0..source.text().len() }
    }

    /// The first place in the stretch where `needle` is written; else where the stretch begins.
    pub(super) fn of(&self, needle: &str) -> Place {
        let span = self.source.within(self.span.clone());
        let text = &self.source.text()[span.clone()];
        // A paragraph of ten thousand links is searched for each of them.
        let found = memchr::memmem::find(text.as_bytes(), needle.as_bytes());
        let found = found.filter(|_| !needle.is_empty());
        let range = match found {
            Some(at) => span.start + at..span.start + at + needle.len(),
            None => {
                let skipped = text.len() - text.trim_start().len();
                let line = text[skipped..].lines().next().map_or(0, str::len);
                span.start + skipped..span.start + skipped + line
            }
        };
        Place::span(self.source, range)
    }
}

/// A text, with slots as readers without the field see them, and without code.
#[derive(Debug)]
pub(super) struct Passage<'a> {
    pub(super) spot: Spot<'a>,
    pub(super) text: String,
    pub(super) is_heading: bool,
}

/// A link.
#[derive(Debug)]
pub(super) struct Anchor<'a> {
    pub(super) spot: Spot<'a>,
    /// As readers get it.
    pub(super) href: String,
    /// As it is written in the file.
    written: String,
    /// What is pressed.
    pub(super) text: String,
    /// Whether a picture is what is pressed.
    pub(super) has_picture: bool,
}

impl Anchor<'_> {
    /// Where the target is written.
    pub(super) fn target(&self) -> Place {
        // `www.sejong.example` alone is a link whose scheme nobody wrote.
        let bare = self.written.split_once("://").filter(|(_, rest)| *rest == self.text);
        self.spot.of(bare.map_or(&self.written, |(_, rest)| rest))
    }

    /// Where the text is written.
    pub(super) fn label(&self) -> Place {
        let bracketed = self.spot.of(&format!("[{}]", self.text));
        let words = self.spot.of(&self.text);
        match (&bracketed, &words) {
            // The text alone may stand earlier in the paragraph; in brackets it is the link.
            (Place::Span { source, span }, Place::Span { .. })
                if source.text()[span.clone()].starts_with('[') =>
            {
                let span = span.start + 1..span.end.saturating_sub(1).max(span.start + 1);
                Place::span(source, span)
            }
            _ => words,
        }
    }
}

/// Everything that is written.
#[derive(Debug, Default)]
pub(super) struct Author<'a> {
    pub(super) passages: Vec<Passage<'a>>,
    pub(super) links: Vec<Anchor<'a>>,
    pub(super) figures: Vec<(Spot<'a>, &'a Figure)>,
    pub(super) tables: Vec<(Spot<'a>, &'a DataTable)>,
    /// Raw HTML.
    pub(super) raw: Vec<(Spot<'a>, &'a str)>,
}

/// Text with its slots as a reader without the fields sees them.
pub(super) fn readable(text: &str, slots: &Slots) -> String {
    slot::fill(text, |index| match slots.get(index) {
        Some(Slot { fallback: Some(fallback), .. }) => fallback.clone(),
        Some(Slot { field, .. }) => format!("«{field}»"),
        None => String::new(),
    })
}

impl<'a> Author<'a> {
    /// Reads an issue: of an article that is shown as an excerpt, only what is shown.
    pub(super) fn new(issue: &'a Issue) -> Author<'a> {
        let mut reader = AuthorReader { author: Author::default(), slots: &issue.slots };
        let manifest = &issue.manifest;
        reader.passage(Spot::whole(manifest), &issue.title, true);
        reader.blocks(manifest, &issue.intro);
        for section in &issue.sections {
            if let Some(heading) = section.shown_heading() {
                reader.passage(Spot::whole(manifest), heading, true);
            }
            section.articles.iter().for_each(|article| reader.article(article));
        }
        reader.author
    }
}

struct AuthorReader<'a> {
    author: Author<'a>,
    slots: &'a Slots,
}

impl<'a> AuthorReader<'a> {
    fn passage(&mut self, spot: Spot<'a>, text: &str, is_heading: bool) {
        let text = readable(text, self.slots);
        self.author.passages.push(Passage { spot, text, is_heading });
    }

    fn article(&mut self, article: &'a Article) {
        let source = &article.source;
        self.passage(Spot::whole(source), &article.title, true);
        if let Some(lead) = &article.lead {
            self.figure(Spot::whole(source), lead);
        }
        if article.length == Length::Full {
            self.blocks(source, &article.body);
            article.footnotes.iter().for_each(|blocks| self.blocks(source, blocks));
        } else {
            let first =
                article.body.iter().find(|block| matches!(block.kind, BlockKind::Paragraph(_)));
            match (&article.summary, first) {
                (Some(summary), _) => self.passage(Spot::whole(source), summary, false),
                (None, Some(block)) => self.blocks(source, std::slice::from_ref(block)),
                (None, None) => {}
            }
            if let Some(url) = &article.url {
                self.link(Spot::whole(source), url, article.title.clone(), false);
            }
        }
        if let Some(note) = &article.note {
            self.line(Spot::whole(source), note, false);
        }
    }

    fn blocks(&mut self, source: &'a Arc<Source>, blocks: &'a [Block]) {
        for block in blocks {
            let spot = Spot { source, span: block.span.clone() };
            match &block.kind {
                BlockKind::Heading(_, inlines) => self.line(spot, inlines, true),
                BlockKind::Paragraph(inlines) => self.line(spot, inlines, false),
                BlockKind::List { items, .. } => {
                    items.iter().for_each(|item| self.blocks(source, &item.blocks));
                }
                BlockKind::Quote(inner, by) => {
                    self.blocks(source, inner);
                    if let Some(by) = by {
                        self.line(spot, by, false);
                    }
                }
                BlockKind::Figure(figure) => self.figure(spot, figure),
                BlockKind::Button(link) => self.inline_link(&spot, link),
                BlockKind::Table(table) => {
                    let cells = table.head.iter().chain(table.rows.iter().flatten());
                    for cell in cells {
                        self.line(spot.clone(), cell, false);
                    }
                    self.author.tables.push((spot, table));
                }
                BlockKind::Callout(inner)
                | BlockKind::Only(_, inner)
                | BlockKind::Language(_, inner) => self.blocks(source, inner),
                BlockKind::Html(html, text) => self.html(spot, html, text),
                BlockKind::Code(..) | BlockKind::Rule => {}
            }
        }
    }

    fn html(&mut self, spot: Spot<'a>, html: &'a str, text: &str) {
        for link in Tree::read(html).named("a") {
            if let Some(href) = link.attribute("href") {
                self.link(spot.clone(), href, link.text.trim().to_owned(), false);
            }
        }
        self.passage(spot.clone(), text, false);
        self.author.raw.push((spot, html));
    }

    fn figure(&mut self, spot: Spot<'a>, figure: &'a Figure) {
        if let Some(href) = &figure.href {
            self.link(spot.clone(), href, figure.alt.clone(), true);
        }
        if let Some(caption) = &figure.caption {
            self.line(spot.clone(), caption, false);
        }
        self.author.figures.push((spot, figure));
    }

    /// Running text: a passage, and the links and pictures in it.
    fn line(&mut self, spot: Spot<'a>, inlines: &'a [Inline], is_heading: bool) {
        let mut text = String::new();
        self.inlines(&spot, inlines, &mut text);
        self.passage(spot, &text, is_heading);
    }

    fn inlines(&mut self, spot: &Spot<'a>, inlines: &'a [Inline], text: &mut String) {
        for inline in inlines {
            match inline {
                Inline::Text(words) => text.push_str(words),
                Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                    self.inlines(spot, inner, text);
                }
                Inline::Html(open, name, inner) => {
                    let tag = Tree::read(open);
                    let href = tag.named("a").next().and_then(|link| link.attribute("href"));
                    if let (Some(href), "a") = (href, name.as_str()) {
                        self.link(spot.clone(), href, plain(inner), false);
                    }
                    self.inlines(spot, inner, text);
                }
                Inline::Link(link) => {
                    self.inline_link(spot, link);
                    self.inlines(spot, &link.text, text);
                }
                Inline::Image(figure) => self.figure(spot.clone(), figure),
                Inline::SoftBreak | Inline::LineBreak => text.push(' '),
                Inline::Code(_) | Inline::Footnote(..) => text.push(' '),
            }
        }
    }

    fn inline_link(&mut self, spot: &Spot<'a>, link: &Link) {
        let has_picture = link.text.iter().any(|inline| matches!(inline, Inline::Image(_)));
        self.link(spot.clone(), &link.href, plain(&link.text), has_picture);
    }

    fn link(&mut self, spot: Spot<'a>, href: &str, text: String, has_picture: bool) {
        let anchor = Anchor {
            spot,
            href: readable(href, self.slots),
            written: self.slots.restore(href),
            text: readable(&text, self.slots),
            has_picture,
        };
        self.author.links.push(anchor);
    }
}
