//! What authors wrote, as far as the mail shows it: texts, links, pictures and tables, each with
//! the place to point at.

use std::ops::Range;
use std::sync::Arc;

use super::html::Tree;
use super::spot::{LinkFinder, LinkPlaces, Spot};
use crate::diagnostic::{Place, Source};
use crate::issue::block::{Block, BlockKind, DataTable, Figure, Inline, Link, RawLine, plain};
use crate::issue::only::Only;
use crate::issue::slot::{self, Piece, Slot, Slots};
use crate::issue::{Article, Issue, Length};

/// A text, with slots as readers without the field see them, and without code.
#[derive(Debug)]
pub(super) struct Passage<'a> {
    pub(super) spot: Spot<'a>,
    pub(super) text: String,
    /// The same with the names of its slots, where it has any: a fallback is not what most read.
    pub(super) unfilled: Option<String>,
    pub(super) is_heading: bool,
    /// Whether it is a paragraph of Markdown: its lines are as the author wrote them.
    pub(super) is_paragraph: bool,
    /// Whether it is raw HTML, in which Markdown is not read.
    pub(super) is_raw: bool,
    /// Whether readers see anything of it: code and the words of pictures count.
    pub(super) has_words: bool,
    /// The language that it is marked with (BCP 47).
    pub(super) language: &'a str,
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
    /// Whether it is the reader's own link to unsubscribe.
    pub(super) is_way_out: bool,
    /// Whether a picture is what is pressed.
    pub(super) has_picture: bool,
    /// The list item, the row or the heading around it, which say what it is about: another number
    /// for each.
    pub(super) context: usize,
    places: LinkPlaces,
}

/// How far around a link is looked, in bytes.
const NEAR: usize = 300;

impl Anchor<'_> {
    fn place(&self, range: &Option<Range<usize>>) -> Option<Place> {
        range.clone().map(|range| Place::span(self.spot.source, range))
    }

    /// Where the target is written; else where the link is.
    pub(super) fn target(&self) -> Place {
        let places = self.place(&self.places.target).or_else(|| self.place(&self.places.label));
        places.unwrap_or_else(|| self.spot.of(&self.written))
    }

    /// What stands in the same line before and behind it, as far as it is near; nothing where it is
    /// not known where it is written.
    pub(super) fn around(&self) -> (&str, &str) {
        let Some(label) = &self.places.label else { return ("", "") };
        let text = self.spot.source.text();
        let first = text.floor_char_boundary(label.start.saturating_sub(NEAR));
        let before = &text[first..label.start];
        let before = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let end = self.places.target.as_ref().map_or(label.end, |target| target.end.max(label.end));
        let behind = &text[end..text.floor_char_boundary(end + NEAR)];
        let behind = &behind[..behind.find('\n').unwrap_or(behind.len())];
        let ends = behind.find([')', ']', '>']).map_or(behind.len(), |at| at + 1);
        (before.strip_suffix('[').unwrap_or(before), &behind[ends..])
    }

    /// Where the text is written.
    pub(super) fn label(&self) -> Place {
        self.place(&self.places.label).unwrap_or_else(|| self.spot.of(&self.text))
    }
}

/// Everything that is written.
#[derive(Debug, Default)]
pub(super) struct Author<'a> {
    pub(super) passages: Vec<Passage<'a>>,
    pub(super) links: Vec<Anchor<'a>>,
    pub(super) figures: Vec<(Spot<'a>, &'a Figure)>,
    pub(super) tables: Vec<(Spot<'a>, &'a DataTable)>,
    /// Passages for some readers, and for whom each is.
    pub(super) only: Vec<(Spot<'a>, &'a str)>,
    /// Raw HTML.
    pub(super) raw: Vec<(Spot<'a>, &'a str)>,
    /// Running text with tags of HTML in it.
    pub(super) tagged: Vec<Spot<'a>>,
    /// Blocks of code.
    pub(super) code: Vec<(Spot<'a>, &'a str)>,
}

/// Text with its slots as a reader without the fields sees them.
pub(super) fn readable(text: &str, slots: &Slots) -> String {
    slot::fill(text, |index| match slots.get(index) {
        Some(Slot { fallback: Some(fallback), .. }) => fallback.clone(),
        Some(Slot { field, .. }) => format!("«{field}»"),
        None => String::new(),
    })
}

/// Whether an address is the slot of the link to unsubscribe. In the address of another server it is
/// told as such.
fn is_way_out(href: &str, slots: &Slots) -> bool {
    match slot::pieces(href).first() {
        Some(Piece::Slot(index)) => {
            slots.get(*index).is_some_and(|slot| slot.field == "unsubscribe_url")
        }
        _ => false,
    }
}

/// Text with the names of its slots, as most readers see something else there.
pub(super) fn unfilled(text: &str, slots: &Slots) -> String {
    slot::fill(text, |index| slots.get(index).map_or(String::new(), |s| format!("«{}»", s.field)))
}

impl<'a> Author<'a> {
    /// Where raw HTML stands: whole blocks, and text with tags in it.
    pub(super) fn html(&self) -> impl Iterator<Item = &Spot<'a>> {
        self.raw.iter().map(|(spot, _)| spot).chain(&self.tagged)
    }

    /// Reads an issue: of an article that is shown as an excerpt, only what is shown.
    pub(super) fn new(issue: &'a Issue) -> Author<'a> {
        let mut reader = AuthorReader {
            author: Author::default(),
            slots: &issue.slots,
            language: &issue.language,
            finder: LinkFinder::default(),
            context: 0,
            contexts: 0,
        };
        let manifest = &issue.manifest;
        reader.passage(Spot::whole(manifest), &issue.title, true);
        reader.blocks(manifest, &issue.intro);
        for section in &issue.sections {
            if let Some(heading) = section.shown_heading() {
                reader.passage(Spot::whole(manifest), heading, true);
            }
            for article in &section.articles {
                reader.language = article.language.as_deref().unwrap_or(&issue.language);
                reader.article(article);
                reader.language = &issue.language;
            }
        }
        reader.author
    }
}

struct AuthorReader<'a> {
    author: Author<'a>,
    slots: &'a Slots,
    /// The language of what is being read.
    language: &'a str,
    finder: LinkFinder,
    /// See [`Anchor::context`].
    context: usize,
    /// How many there have been.
    contexts: usize,
}

impl<'a> AuthorReader<'a> {
    fn passage(&mut self, spot: Spot<'a>, text: &str, is_heading: bool) {
        let has_words = !text.trim().is_empty();
        self.push_passage(spot, text, is_heading, has_words);
    }

    fn push_passage(&mut self, spot: Spot<'a>, text: &str, is_heading: bool, has_words: bool) {
        let unfilled = slot::has_slot(text).then(|| unfilled(text, self.slots));
        let (text, language) = (readable(text, self.slots), self.language);
        if is_heading {
            self.next_context();
        }
        let (is_paragraph, is_raw) = (false, false);
        let passage =
            Passage { spot, text, unfilled, is_heading, is_paragraph, is_raw, has_words, language };
        self.author.passages.push(passage);
    }

    /// From here on links stand in other surroundings.
    fn next_context(&mut self) {
        self.contexts += 1;
        self.context = self.contexts;
    }

    /// Reads what stands in surroundings of its own: a list item, a row.
    fn apart(&mut self, read: impl FnOnce(&mut Self)) {
        let around = self.context;
        self.next_context();
        read(self);
        self.context = around;
    }

    fn article(&mut self, article: &'a Article) {
        let source = &article.source;
        self.passage(Spot::whole(source), &article.title, true);
        // The title of every article leads to where the whole of it is.
        if let Some(url) = &article.url {
            self.link(Spot::whole(source), url, article.title.clone(), false);
        }
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
        }
        if let Some(note) = &article.note {
            self.line(Spot::whole(source), note, false);
        }
    }

    fn blocks(&mut self, source: &'a Arc<Source>, blocks: &'a [Block]) {
        for block in blocks {
            let spot = Spot { source, span: block.span.clone(), is_file: false };
            match &block.kind {
                BlockKind::Heading(_, inlines) => self.line(spot, inlines, true),
                BlockKind::Paragraph(inlines) => {
                    let at = self.author.passages.len();
                    self.line(spot, inlines, false);
                    // Those of its captions stand before it.
                    if let Some(last) = self.author.passages[at..].last_mut() {
                        last.is_paragraph = true;
                    }
                }
                BlockKind::List { items, .. } => {
                    for item in items {
                        self.apart(|reader| reader.blocks(source, &item.blocks));
                    }
                }
                BlockKind::Quote(inner, by) => {
                    self.blocks(source, inner);
                    if let Some(by) = by {
                        self.line(spot, by, false);
                    }
                }
                BlockKind::Figure(figure) => self.figure(spot, figure),
                BlockKind::Row(figures) => {
                    figures.iter().for_each(|figure| self.figure(spot.clone(), figure));
                }
                BlockKind::Button(link) => self.inline_link(&spot, link),
                BlockKind::Table(table) => {
                    for row in std::iter::once(&table.head).chain(&table.rows) {
                        self.apart(|reader| {
                            row.iter().for_each(|cell| reader.line(spot.clone(), cell, false));
                        });
                    }
                    self.author.tables.push((spot, table));
                }
                BlockKind::Only(text, inner) => {
                    if !Only::is_filled(text) {
                        self.author.only.push((spot, text));
                    }
                    self.blocks(source, inner);
                }
                BlockKind::Callout(inner) => self.blocks(source, inner),
                BlockKind::Language(tag, inner) => {
                    let around = std::mem::replace(&mut self.language, tag);
                    self.blocks(source, inner);
                    self.language = around;
                }
                BlockKind::Html(html, lines) => self.html(spot, html, lines),
                BlockKind::Code(_, code) => self.author.code.push((spot, code)),
                BlockKind::Rule => {}
            }
        }
    }

    fn html(&mut self, spot: Spot<'a>, html: &'a str, lines: &[RawLine]) {
        let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        for link in Tree::read(html).named("a") {
            if let Some(href) = link.attribute("href") {
                self.link(spot.clone(), href, link.text.trim().to_owned(), false);
            }
        }
        self.passage(spot.clone(), &lines.join("\n"), false);
        if let Some(last) = self.author.passages.last_mut() {
            last.is_raw = true;
        }
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
        let has_words = plain(inlines).chars().any(is_seen);
        self.push_passage(spot, &text, is_heading, has_words);
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
                    let known = self.author.tagged.last().map(|last| last.span.clone());
                    if known != Some(spot.span.clone()) {
                        self.author.tagged.push(spot.clone());
                    }
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
                Inline::Anchor(_) => {}
            }
        }
    }

    fn inline_link(&mut self, spot: &Spot<'a>, link: &Link) {
        let has_picture = link.text.iter().any(|inline| matches!(inline, Inline::Image(_)));
        self.link(spot.clone(), &link.href, plain(&link.text), has_picture);
    }

    fn link(&mut self, spot: Spot<'a>, href: &str, text: String, has_picture: bool) {
        let written = self.slots.restore(href);
        let typed = self.slots.restore(&text);
        // A key of the front matter is no place in the order of the text.
        let places = match spot.span.start {
            0 => LinkPlaces::default(),
            _ => self.finder.next(&spot, &written, &typed),
        };
        let anchor = Anchor {
            spot,
            href: readable(href, self.slots),
            written,
            text: readable(&text, self.slots),
            is_way_out: is_way_out(href, self.slots),
            has_picture,
            context: self.context,
            places,
        };
        self.author.links.push(anchor);
    }
}

/// Whether a character says something: a letter, a digit, an emoji, and not a mark of a sentence.
fn is_seen(c: char) -> bool {
    c.is_alphanumeric() || (c >= '\u{2100}' && !c.is_whitespace() && !is_mark(c))
}

/// Marks of Chinese, Japanese and Korean, and what is left of an emoji without its picture.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FF00}'..='\u{FF0F}')
        || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FEFF}')
}
