//! Blocks and running text as HTML that every mail program lays out: no layout by CSS alone, tables
//! only for what Word cannot do otherwise, and those with `role="presentation"`.

use maud::{Markup, PreEscaped, html};
use unicode_width::UnicodeWidthStr as _;

use super::article::{link_with_source, target};
use super::language;
use super::phrases::phrases;
use super::pictures::{icon_size, row_size, shown_width};
use super::slots;
use super::style::TEXT_WIDTH;
use super::table;
use crate::issue::block::{Block, BlockKind, Figure, Inline, Link, ListItem, plain};
use crate::issue::image::Image;

/// What blocks are written with.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    /// The pictures of the issue and their addresses.
    pub(super) images: &'a [Image],
    pub(super) sources: &'a [String],
    /// The language around.
    pub(super) language: &'a str,
    /// The heading level of the article's own headings' parent: its title.
    pub(super) level: u8,
    /// The width that there is, in pixels.
    pub(super) width: usize,
    /// What makes an article's anchors its own.
    pub(super) anchor: &'a str,
    /// Within a link, whose colour its code has.
    pub(super) in_link: bool,
    /// In a section of links, whose lists have no bullets.
    pub(super) of_links: bool,
    /// Within another block.
    pub(super) deep: bool,
}

/// A quotation of so many columns of text is a pull quote.
const PULL_QUOTE: usize = 140;

impl Page<'_> {
    /// Blocks, one after the other.
    pub(super) fn blocks(self, blocks: &[Block]) -> Markup {
        html! { @for block in blocks { (self.block(block)) } }
    }

    fn block(self, block: &Block) -> Markup {
        match &block.kind {
            BlockKind::Heading(level, inlines) => self.heading(*level, inlines),
            BlockKind::Paragraph(inlines) => {
                let (dir, style) = language::set_apart(&plain(inlines), self.language);
                html! { p dir=[dir] style=[style] { (self.inlines(inlines)) } }
            }
            BlockKind::List { start, tight, items } => self.list(*start, *tight, items),
            BlockKind::Quote(blocks, who) => self.quote(blocks, who.as_deref()),
            BlockKind::Figure(figure) => self.figure(figure),
            BlockKind::Row(figures) => self.row(figures),
            BlockKind::Button(link) => self.button(link),
            BlockKind::Table(table) => table::table(table, |cell| self.inlines(cell)),
            BlockKind::Code(_, text) => boxed("code pre", html! { code { (text.trim_end()) } }),
            BlockKind::Rule => html! { hr.hr; },
            BlockKind::Callout(blocks) => boxed("q", self.within().blocks(blocks)),
            BlockKind::Only(tag, blocks) => html! {
                (slots::when(tag)) (self.blocks(blocks)) (slots::end_when())
            },
            BlockKind::Language(tag, blocks) => html! {
                div lang=(tag) dir=[language::turned(tag, self.language)]
                    style=[language::line_breaks(tag)] {
                    (Page { language: tag, ..self }.blocks(blocks))
                }
            },
            BlockKind::Html(html, _) => PreEscaped(with_class(html)),
        }
    }

    fn within(self) -> Self {
        Page { deep: true, ..self }
    }

    /// A few words that stand alone are set large.
    fn quote(self, blocks: &[Block], who: Option<&[Inline]>) -> Markup {
        let pulled = match blocks {
            [Block { kind: BlockKind::Paragraph(inlines), .. }] if !self.deep => {
                Some(inlines).filter(|inlines| plain(inlines).width() <= PULL_QUOTE)
            }
            _ => None,
        };
        boxed(
            "qt",
            html! {
                blockquote style="margin:0" {
                    @if let Some(inlines) = pulled {
                        @let (dir, style) = language::set_apart(&plain(inlines), self.language);
                        p.pq dir=[dir] style=[style] { (self.inlines(inlines)) }
                    } @else {
                        (self.within().blocks(blocks))
                    }
                    @if let Some(who) = who {
                        @let (dir, style) = language::set_apart(&plain(who), self.language);
                        p.m dir=[dir] style=[style] { "— " (self.inlines(who)) }
                    }
                }
            },
        )
    }

    /// Levels go on from the article's title; the first two look different.
    fn heading(self, level: u8, inlines: &[Inline]) -> Markup {
        let class = if level == 1 { "sub" } else { "sb" };
        let level = (self.level + level).min(6);
        let content = self.inlines(inlines);
        match level {
            2 => html! { h2 class=(class) { (content) } },
            3 => html! { h3 class=(class) { (content) } },
            4 => html! { h4 class=(class) { (content) } },
            5 => html! { h5 class=(class) { (content) } },
            _ => html! { h6 class=(class) { (content) } },
        }
    }

    fn list(self, start: Option<usize>, tight: bool, items: &[ListItem]) -> Markup {
        let content = html! {
            @for item in items {
                @let (dir, style) = match item.blocks.first().map(|block| &block.kind) {
                    Some(BlockKind::Paragraph(inlines)) if tight => {
                        language::set_apart(&plain(inlines), self.language)
                    }
                    _ => (None, None),
                };
                li style=[style] {
                    @if let Some(done) = item.task {
                        @if done { "☑ " } @else { "☐ " }
                    }
                    @for block in &item.blocks {
                        @match &block.kind {
                            BlockKind::Paragraph(inlines) if tight && dir.is_some() => {
                                // The bullet stays on the list's own side.
                                span dir=[dir] { (self.inlines(inlines)) }
                            }
                            BlockKind::Paragraph(inlines) if tight => { (self.item(inlines)) }
                            _ => { (self.within().block(block)) }
                        }
                    }
                }
            }
        };
        match start {
            None if self.of_links && !self.deep => html! { ul.ls.lx { (content) } },
            None => html! { ul.ls { (content) } },
            Some(1) => html! { ol.ls { (content) } },
            Some(first) => html! { ol.ls start=(first) { (content) } },
        }
    }

    /// In a section of links, what stands behind a link says where it leads to.
    fn item(self, inlines: &[Inline]) -> Markup {
        let link = link_with_source(inlines).filter(|_| self.of_links);
        html! {
            @match link {
                Some((link, source)) => { (self.inline(link)) span.m { (self.inlines(source)) } }
                None => { (self.inlines(inlines)) }
            }
        }
    }

    /// A picture with its caption.
    pub(super) fn figure(self, figure: &Figure) -> Markup {
        // Outlook's apps give a picture the width of what is around it.
        let narrow = self.images.get(figure.image).map(|image| shown_width(image, self.width));
        let narrow = narrow.filter(|width| *width < self.width);
        html! {
            p.m style=[narrow.map(|width| format!("max-width:{width}px"))] {
                @if let Some(href) = &figure.href {
                    a href=(href) { (self.picture(figure)) }
                } @else {
                    (self.picture(figure))
                }
                @if let Some(caption) = &figure.caption { (self.inlines(caption)) }
                @if let Some(credit) = &figure.credit {
                    (figure.before_credit()) (self.text(credit))
                }
            }
        }
    }

    fn picture(self, figure: &Figure) -> Markup {
        let Some((image, source)) =
            self.images.get(figure.image).zip(self.sources.get(figure.image))
        else {
            return html! {};
        };
        let width = shown_width(image, self.width);
        let height = (image.height * width).div_ceil(image.width).max(1);
        // A picture that fills its column grows with it on a narrow screen, where columns stack.
        let grows = (width == self.width && width < TEXT_WIDTH).then_some("i");
        // A ground under a picture with transparent parts would be seen through it.
        let ground = (!image.sent.is_opaque()).then_some("tr");
        let classes: Vec<&str> = [grows, ground].into_iter().flatten().collect();
        html! {
            img class=[(!classes.is_empty()).then(|| classes.join(" "))] src=(source) alt=(figure.alt) width=(width) height=(height)
                style=(format!("max-width:{width}px"));
        }
    }

    fn button(self, link: &Link) -> Markup {
        html! {
            table role="presentation" cellpadding="0" cellspacing="0" border="0"
                style="margin:0 0 16px" {
                tr { td.k { a.k href=(link.href) { (self.pressed(&link.text)) } } }
            }
        }
    }

    /// What is pressed.
    fn pressed(self, inlines: &[Inline]) -> Markup {
        Page { in_link: true, ..self }.inlines(inlines)
    }

    /// Running text.
    pub(super) fn inlines(self, inlines: &[Inline]) -> Markup {
        html! { @for inline in inlines { (self.inline(inline)) } }
    }

    fn inline(self, inline: &Inline) -> Markup {
        match inline {
            Inline::Text(text) => self.text(text),
            Inline::Strong(inner) => html! { strong { (self.inlines(inner)) } },
            Inline::Emphasis(inner) => html! { em { (self.inlines(inner)) } },
            Inline::Strike(inner) => html! { s { (self.inlines(inner)) } },
            Inline::Code(code) if self.in_link => html! { code.ca { (code) } },
            Inline::Code(code) => html! { code.code { (code) } },
            Inline::Link(link) => html! { a href=(link.href) { (self.pressed(&link.text)) } },
            Inline::Image(figure) => self.icon(figure),
            Inline::SoftBreak => html! { " " },
            Inline::LineBreak => html! { br; },
            Inline::Anchor(name) => target(name),
            Inline::Footnote(number, reference) => self.footnote(*number, *reference),
            Inline::Html(open, name, inner) => html! {
                (PreEscaped(open)) (self.inlines(inner)) (PreEscaped(format!("</{name}>")))
            },
        }
    }

    /// Text, with the language said where its script tells another.
    pub(super) fn text(self, text: &str) -> Markup {
        html! {
            @for part in language::spans(text, self.language) {
                @match part.language {
                    Some(tag) => { span lang=(tag) { (part.text) } }
                    None => { (part.text) }
                }
            }
        }
    }

    /// A picture within a line.
    fn icon(self, figure: &Figure) -> Markup {
        self.in_line(figure, "icon", |image| icon_size(image, self.width))
    }

    /// Pictures side by side, of which those go on below that a narrow screen has no room for. Two
    /// that fill the line fill a telephone's too.
    fn row(self, figures: &[Figure]) -> Markup {
        let size = |image: &Image| row_size(image, figures.len(), self.width);
        let fills = |figure: &Figure| {
            let image = self.images.get(figure.image);
            figures.len() == 2 && image.is_some_and(|image| image.natural_width() > size(image).0)
        };
        html! {
            p {
                @for (at, figure) in figures.iter().enumerate() {
                    @let class = if fills(figure) { "icon row i" } else { "icon row" };
                    @if at > 0 { " " }
                    @match &figure.href {
                        Some(href) => a href=(href) { (self.in_line(figure, class, size)) },
                        None => (self.in_line(figure, class, size)),
                    }
                }
            }
        }
    }

    /// A picture in a line, in the size that its attributes say wherever CSS is known as well.
    fn in_line(
        self,
        figure: &Figure,
        class: &str,
        size: impl Fn(&Image) -> (usize, usize),
    ) -> Markup {
        let Some((image, source)) =
            self.images.get(figure.image).zip(self.sources.get(figure.image))
        else {
            return html! {};
        };
        let (width, height) = size(image);
        let style = if class.ends_with(" i") {
            format!("max-width:{width}px")
        } else {
            format!("width:{width}px;max-width:100%")
        };
        let ground = if image.sent.is_opaque() { "" } else { " tr" };
        html! {
            img class=(format!("{class}{ground}")) src=(source) alt=(figure.alt) width=(width)
                height=(height) style=(style);
        }
    }

    fn footnote(self, number: u32, reference: u32) -> Markup {
        let (anchor, phrases) = (self.anchor, phrases(self.language));
        let own = (reference == 1).then(|| format!("{anchor}-ref-{number}"));
        html! {
            sup {
                a href=(format!("#{anchor}-note-{number}")) id=[own.as_deref()] name=[own.as_deref()]
                    aria-label=(format!("{}{number}{}", phrases.footnote.0, phrases.footnote.1)) { (number) }
            }
        }
    }

    /// The definitions, below the article.
    pub(super) fn footnotes(self, footnotes: &[Vec<Block>]) -> Markup {
        let (anchor, phrases) = (self.anchor, phrases(self.language));
        html! {
            @if !footnotes.is_empty() {
                div.small.l {
                    @for (at, blocks) in footnotes.iter().enumerate() {
                        @for (place, block) in blocks.iter().enumerate() {
                            @match &block.kind {
                                BlockKind::Paragraph(inlines) if place == 0 => {
                                    @let own = format!("{anchor}-note-{}", at + 1);
                                    p {
                                        a id=(own) name=(own) href=(format!("#{anchor}-ref-{}", at + 1))
                                            aria-label=(format!("{}{}{}", phrases.back.0, at + 1, phrases.back.1))
                                            { (at + 1) "." }
                                        " " (self.inlines(inlines))
                                    }
                                }
                                _ => { (self.block(block)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Clean raw HTML, its tables with the class by which they are told from ours.
fn with_class(html: &str) -> String {
    const TABLE: &str = "<table";
    let mut out = String::with_capacity(html.len());
    let (mut at, mut kept) = (0, 0);
    while let Some(found) = memchr::memchr(b'<', &html.as_bytes()[at..]) {
        let start = at + found;
        let behind = html[start..].strip_prefix(TABLE);
        if behind.is_some_and(|rest| rest.starts_with([' ', '>'])) {
            out.push_str(&html[kept..start + TABLE.len()]);
            out.push_str(" class=\"raw\"");
            kept = start + TABLE.len();
        }
        // What stands in an attribute is no tag.
        let mut is_quoted = false;
        let end = html[start..].bytes().position(|byte| {
            is_quoted ^= byte == b'"';
            byte == b'>' && !is_quoted
        });
        at = end.map_or(html.len(), |end| start + end + 1);
    }
    out.push_str(&html[kept..]);
    out
}

/// A box that Word draws too: a cell with a background.
fn boxed(class: &str, content: Markup) -> Markup {
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
            style="margin:0 0 16px;table-layout:fixed" {
            tr { td class=(class) { (content) } }
        }
    }
}
