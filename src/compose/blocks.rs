//! Blocks and running text as HTML that every mail program lays out: no layout by CSS alone, tables
//! only for what Word cannot do otherwise, and those with `role="presentation"`.

use maud::{Markup, PreEscaped, html};

use super::language;
use super::phrases::phrases;
use super::pictures::{icon_size, shown_width};
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
}

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
            BlockKind::Quote(blocks, attribution) => html! {
                blockquote {
                    (self.blocks(blocks))
                    @if let Some(who) = attribution {
                        @let (dir, style) = language::set_apart(&plain(who), self.language);
                        p.m dir=[dir] style=[style] { "— " (self.inlines(who)) }
                    }
                }
            },
            BlockKind::Figure(figure) => self.figure(figure),
            BlockKind::Button(link) => self.button(link),
            BlockKind::Table(table) => table::table(table, |cell| self.inlines(cell)),
            BlockKind::Code(_, text) => boxed("code pre", html! { (text.trim_end()) }),
            BlockKind::Rule => html! { hr.hr; },
            BlockKind::Callout(blocks) => boxed("q", self.blocks(blocks)),
            BlockKind::Only(tag, blocks) => html! {
                (slots::when(tag)) (self.blocks(blocks)) (slots::end_when())
            },
            BlockKind::Language(tag, blocks) => html! {
                div lang=(tag) dir=[language::turned(tag, self.language)]
                    style=[language::line_breaks(tag)] {
                    (Page { language: tag, ..self }.blocks(blocks))
                }
            },
            BlockKind::Html(html, _) => PreEscaped(html.clone()),
        }
    }

    /// Levels go on from the article's title.
    fn heading(self, level: u8, inlines: &[Inline]) -> Markup {
        let level = (self.level + level).min(6);
        let content = self.inlines(inlines);
        match level {
            2 => html! { h2.t { (content) } },
            3 => html! { h3.sub { (content) } },
            4 => html! { h4.sub { (content) } },
            5 => html! { h5.sub { (content) } },
            _ => html! { h6.sub { (content) } },
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
                            BlockKind::Paragraph(inlines) if tight => { (self.inlines(inlines)) }
                            _ => { (self.block(block)) }
                        }
                    }
                }
            }
        };
        match start {
            None => html! { ul { (content) } },
            Some(1) => html! { ol { (content) } },
            Some(first) => html! { ol start=(first) { (content) } },
        }
    }

    /// A picture with its caption.
    pub(super) fn figure(self, figure: &Figure) -> Markup {
        let has_caption = figure.caption.is_some() || figure.credit.is_some();
        // Outlook's apps give a picture the width of what is around it.
        let narrow = self.images.get(figure.image).map(|image| shown_width(image, self.width));
        let narrow = narrow.filter(|width| *width < self.width);
        let style: Vec<String> = has_caption
            .then(|| "margin:0 0 8px".to_owned())
            .into_iter()
            .chain(narrow.map(|width| format!("max-width:{width}px")))
            .collect();
        html! {
            p style=[(!style.is_empty()).then(|| style.join(";"))] {
                @if let Some(href) = &figure.href {
                    a href=(href) { (self.picture(figure)) }
                } @else {
                    (self.picture(figure))
                }
            }
            @if has_caption {
                p.m {
                    @if let Some(caption) = &figure.caption { (self.inlines(caption)) }
                    @if let Some(credit) = &figure.credit {
                        (figure.before_credit()) (self.text(credit))
                    }
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
        html! {
            img class=[grows] src=(source) alt=(figure.alt) width=(width) height=(height)
                style=(format!("max-width:{width}px"));
        }
    }

    fn button(self, link: &Link) -> Markup {
        html! {
            table role="presentation" cellpadding="0" cellspacing="0" border="0"
                style="margin:0 0 16px" {
                tr { td.k { a.k href=(link.href) { (self.inlines(&link.text)) } } }
            }
        }
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
            Inline::Code(code) => html! { code.code { (code) } },
            Inline::Link(link) => html! { a href=(link.href) { (self.inlines(&link.text)) } },
            Inline::Image(figure) => self.icon(figure),
            Inline::SoftBreak => html! { " " },
            Inline::LineBreak => html! { br; },
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
        let Some((image, source)) =
            self.images.get(figure.image).zip(self.sources.get(figure.image))
        else {
            return html! {};
        };
        let (width, height) = icon_size(image, self.width);
        html! { img.icon src=(source) alt=(figure.alt) width=(width) height=(height); }
    }

    fn footnote(self, number: u32, reference: u32) -> Markup {
        let (anchor, phrases) = (self.anchor, phrases(self.language));
        html! {
            sup {
                a href=(format!("#{anchor}-note-{number}"))
                    id=[(reference == 1).then(|| format!("{anchor}-ref-{number}"))]
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
                                    p id=(format!("{anchor}-note-{}", at + 1)) {
                                        a href=(format!("#{anchor}-ref-{}", at + 1))
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

/// A box that Word draws too: a cell with a background.
fn boxed(class: &str, content: Markup) -> Markup {
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
            style="margin:0 0 16px;table-layout:fixed" {
            tr { td class=(class) { (content) } }
        }
    }
}
