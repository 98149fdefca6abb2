//! Blocks and running text as HTML for browsers: what an element means, without any style.
//!
//! The first heading of a text is an `h2`; [`lowered`] makes it what it is where it stands.

use maud::{Markup, PreEscaped, html};

use super::neutral::{self, OWN};
use crate::compose::language;
use crate::compose::phrases::phrases;
use crate::compose::pictures::{icon_size, row_size, shown_width};
use crate::issue::Issue;
use crate::issue::block::{
    Alignment, Block, BlockKind, DataTable, Figure, Inline, Link, ListItem, plain,
};
use crate::issue::image::Image;
use crate::issue::percent;

/// The width of the text, in CSS pixels.
const TEXT_WIDTH: usize = 640;

/// What a text is written with; the marks of slots stay in it.
#[derive(Clone, Copy)]
pub(super) struct Fragment<'a> {
    pub(super) issue: &'a Issue,
    /// The language around.
    pub(super) language: &'a str,
    /// What makes an article's names its own.
    pub(super) anchor: &'a str,
}

/// The address of a picture within the site.
pub(super) fn address(image: &Image) -> String {
    format!("{OWN}{}", percent::path(&image.sent.path))
}

/// HTML whose headings are `by` levels lower.
pub(super) fn lowered(html: &str, by: u8) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let name = at + 1 + usize::from(rest[at + 1..].starts_with('/'));
        out.push_str(&rest[..name]);
        rest = &rest[name..];
        if let [b'h', level @ b'1'..=b'6', b'>' | b' ', ..] = rest.as_bytes() {
            out.push('h');
            out.push(char::from((level + by).min(b'6')));
            rest = &rest[2..];
        }
    }
    out.push_str(rest);
    out
}

/// Clean raw HTML without the styles in its tags: the site has one sheet.
fn without_styles(html: &str) -> String {
    const STYLE: &str = " style=\"";
    let mut out = String::with_capacity(html.len());
    let (mut rest, mut in_tag) = (html, false);
    while let Some(at) = rest.find(['<', '>', ' ']) {
        let here = &rest[at..];
        if in_tag && here.starts_with(STYLE) {
            out.push_str(&rest[..at]);
            let behind = &here[STYLE.len()..];
            rest = behind.split_once('"').map_or("", |(_, rest)| rest);
            continue;
        }
        in_tag = match here.as_bytes()[0] {
            b'<' => true,
            b'>' => false,
            _ => in_tag,
        };
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out
}

impl Fragment<'_> {
    pub(super) fn blocks(self, blocks: &[Block]) -> Markup {
        html! { @for block in blocks { (self.block(block)) } }
    }

    fn block(self, block: &Block) -> Markup {
        match &block.kind {
            BlockKind::Heading(level, inlines) => self.heading(*level, inlines),
            BlockKind::Paragraph(inlines) => {
                html! { p dir=[self.turned(inlines)] { (self.inlines(inlines)) } }
            }
            BlockKind::List { start, tight, items } => self.list(*start, *tight, items),
            BlockKind::Quote(blocks, who) => html! {
                blockquote {
                    (self.blocks(blocks))
                    @if let Some(who) = who { footer { "— " (self.inlines(who)) } }
                }
            },
            BlockKind::Figure(figure) => self.figure(figure),
            BlockKind::Row(figures) => html! {
                div.row {
                    @for figure in figures { (self.linked(figure, |image| {
                        row_size(image, figures.len(), TEXT_WIDTH)
                    })) }
                }
            },
            BlockKind::Button(Link { href, text }) => {
                html! { p { a.button href=(href) { (self.inlines(text)) } } }
            }
            BlockKind::Table(table) => self.table(table),
            BlockKind::Code(_, text) => {
                html! { pre tabindex="0" { code { (text.trim_end()) } } }
            }
            BlockKind::Rule => html! { hr; },
            BlockKind::Callout(blocks) => html! { div.callout { (self.blocks(blocks)) } },
            BlockKind::Only(only, blocks) if neutral::is_public(only) => self.blocks(blocks),
            BlockKind::Only(..) => html! {},
            BlockKind::Language(tag, blocks) => html! {
                div lang=(tag) dir=[language::turned(tag, self.language)] {
                    (Fragment { language: tag, ..self }.blocks(blocks))
                }
            },
            BlockKind::Html(html, _) => html! {
                div.raw tabindex="0" { (PreEscaped(without_styles(html))) }
            },
        }
    }

    fn turned(self, inlines: &[Inline]) -> Option<&'static str> {
        language::set_apart(&plain(inlines), self.language).0
    }

    fn heading(self, level: u8, inlines: &[Inline]) -> Markup {
        let content = self.inlines(inlines);
        match level {
            1 => html! { h2 { (content) } },
            2 => html! { h3 { (content) } },
            3 => html! { h4 { (content) } },
            4 => html! { h5 { (content) } },
            _ => html! { h6 { (content) } },
        }
    }

    fn list(self, start: Option<usize>, tight: bool, items: &[ListItem]) -> Markup {
        let content = html! {
            @for item in items {
                li {
                    @if let Some(done) = item.task { @if done { "☑ " } @else { "☐ " } }
                    @for block in &item.blocks {
                        @match &block.kind {
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

    /// A table may be wider than a telephone: it moves in a box of its own, by the keyboard as well.
    fn table(self, table: &DataTable) -> Markup {
        let class = |column: usize| match table.alignments.get(column) {
            Some(Alignment::End) => Some("end"),
            Some(Alignment::Center) => Some("center"),
            _ => None,
        };
        html! {
            div.table tabindex="0" { table {
                @if table.head.iter().any(|cell| !cell.is_empty()) {
                    thead { tr {
                        @for (at, cell) in table.head.iter().enumerate() {
                            th scope="col" class=[class(at)] { (self.inlines(cell)) }
                        }
                    } }
                }
                tbody {
                    @for row in &table.rows { tr {
                        @for (at, cell) in row.iter().enumerate() {
                            td class=[class(at)] { (self.inlines(cell)) }
                        }
                    } }
                }
            } }
        }
    }

    /// A picture with its caption.
    pub(super) fn figure(self, figure: &Figure) -> Markup {
        let picture = self.linked(figure, |image| {
            let width = shown_width(image, TEXT_WIDTH);
            (width, (image.height * width).div_ceil(image.width.max(1)).max(1))
        });
        html! {
            figure {
                (picture)
                @if figure.caption.is_some() || figure.credit.is_some() {
                    figcaption {
                        @if let Some(caption) = &figure.caption { (self.inlines(caption)) }
                        @if let Some(credit) = &figure.credit {
                            (figure.before_credit()) (self.text(credit))
                        }
                    }
                }
            }
        }
    }

    fn linked(self, figure: &Figure, size: impl Fn(&Image) -> (usize, usize)) -> Markup {
        html! {
            @match &figure.href {
                Some(href) => a href=(href) { (self.picture(figure, None, size)) },
                None => (self.picture(figure, None, size)),
            }
        }
    }

    fn picture(
        self,
        figure: &Figure,
        class: Option<&str>,
        size: impl Fn(&Image) -> (usize, usize),
    ) -> Markup {
        let Some(image) = self.issue.images.get(figure.image) else { return html! {} };
        let (width, height) = size(image);
        html! {
            img class=[class] src=(address(image)) alt=(figure.alt) width=(width) height=(height)
                loading="lazy" decoding="async";
        }
    }

    pub(super) fn inlines(self, inlines: &[Inline]) -> Markup {
        html! { @for inline in inlines { (self.inline(inline)) } }
    }

    fn inline(self, inline: &Inline) -> Markup {
        match inline {
            Inline::Text(text) => self.text(text),
            Inline::Strong(inner) => html! { strong { (self.inlines(inner)) } },
            Inline::Emphasis(inner) => html! { em { (self.inlines(inner)) } },
            Inline::Strike(inner) => html! { s { (self.inlines(inner)) } },
            Inline::Code(code) => html! { code { (code) } },
            Inline::Link(Link { href, text }) => html! { a href=(href) { (self.inlines(text)) } },
            Inline::Image(figure) => {
                self.picture(figure, Some("icon"), |image| icon_size(image, TEXT_WIDTH))
            }
            Inline::SoftBreak => html! { " " },
            Inline::LineBreak => html! { br; },
            Inline::Anchor(name) => html! { span id=(name) {} },
            Inline::Footnote(number, reference) => self.footnote(*number, *reference),
            Inline::Html(open, name, inner) => html! {
                (PreEscaped(without_styles(open))) (self.inlines(inner))
                (PreEscaped(format!("</{name}>")))
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

    fn footnote(self, number: u32, reference: u32) -> Markup {
        let (anchor, words) = (self.anchor, phrases(self.language).footnote);
        let own = (reference == 1).then(|| format!("{anchor}-ref-{number}"));
        html! {
            sup {
                a href={ "#" (anchor) "-note-" (number) } id=[own]
                    aria-label={ (words.0) (number) (words.1) } { (number) }
            }
        }
    }

    /// The definitions, below the article.
    pub(super) fn footnotes(self, footnotes: &[Vec<Block>]) -> Markup {
        let (anchor, words) = (self.anchor, phrases(self.language).back);
        html! {
            @if !footnotes.is_empty() {
                ol.notes {
                    @for (at, blocks) in footnotes.iter().enumerate() {
                        li id={ (anchor) "-note-" (at + 1) } {
                            (self.blocks(blocks))
                            a href={ "#" (anchor) "-ref-" (at + 1) }
                                aria-label={ (words.0) (at + 1) (words.1) } { "↩" }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_go_down_and_words_stay() {
        assert_eq!(
            lowered("<h2>a &lt;h2&gt;</h2><hr><header>x</header><h5 id=\"a\">b</h5>", 2),
            "<h4>a &lt;h2&gt;</h4><hr><header>x</header><h6 id=\"a\">b</h6>"
        );
    }

    #[test]
    fn a_style_stays_only_where_it_is_read() {
        assert_eq!(
            without_styles("<b style=\"color:red\" title=\"x\">a style=\"b\" <i style=\"\">c</i>"),
            "<b title=\"x\">a style=\"b\" <i>c</i>"
        );
    }
}
