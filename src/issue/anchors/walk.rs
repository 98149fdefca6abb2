//! Each line of a text, and the names and links in it.

use super::html::rewrite_hrefs;
use crate::issue::block::{Block, BlockKind, Figure, Inline};

/// A part of a text in which names or links may be.
pub(super) enum NamedLine<'a> {
    Heading(&'a mut Vec<Inline>),
    Words(&'a mut Vec<Inline>),
    /// The target of a button or of a picture.
    Href(&'a mut String),
    Html(&'a mut String),
}

/// Visits the lines of `blocks` in the order in which they are read.
pub(super) fn each_line(blocks: &mut [Block], visit: &mut dyn FnMut(NamedLine<'_>)) {
    for block in blocks {
        match &mut block.kind {
            BlockKind::Heading(_, inlines) => visit(NamedLine::Heading(inlines)),
            BlockKind::Paragraph(inlines) => visit(NamedLine::Words(inlines)),
            BlockKind::List { items, .. } => {
                items.iter_mut().for_each(|item| each_line(&mut item.blocks, visit));
            }
            BlockKind::Quote(inner, who) => {
                each_line(inner, visit);
                if let Some(who) = who {
                    visit(NamedLine::Words(who));
                }
            }
            BlockKind::Figure(figure) => each_of_figure(figure, visit),
            BlockKind::Row(figures) => {
                figures.iter_mut().for_each(|figure| each_of_figure(figure, visit));
            }
            BlockKind::Button(link) => {
                visit(NamedLine::Href(&mut link.href));
                // A name within a link could not be one.
                link.text.retain(|inline| !matches!(inline, Inline::Anchor(_)));
            }
            BlockKind::Table(table) => {
                for cell in table.head.iter_mut().chain(table.rows.iter_mut().flatten()) {
                    visit(NamedLine::Words(cell));
                }
            }
            BlockKind::Callout(inner)
            | BlockKind::Only(_, inner)
            | BlockKind::Language(_, inner) => {
                each_line(inner, visit);
            }
            BlockKind::Html(html, _) => visit(NamedLine::Html(html)),
            BlockKind::Code(..) | BlockKind::Rule => {}
        }
    }
}

fn each_of_figure(figure: &mut Figure, visit: &mut dyn FnMut(NamedLine<'_>)) {
    if let Some(href) = &mut figure.href {
        visit(NamedLine::Href(href));
    }
    if let Some(caption) = &mut figure.caption {
        visit(NamedLine::Words(caption));
    }
}

/// Visits the targets of all links in running text.
pub(super) fn each_href(inlines: &mut [Inline], change: &mut dyn FnMut(&str) -> Option<String>) {
    for inline in inlines {
        match inline {
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                each_href(inner, change);
            }
            Inline::Link(link) => {
                if let Some(changed) = change(&link.href) {
                    link.href = changed;
                }
                each_href(&mut link.text, change);
            }
            Inline::Html(open, _, inner) => {
                rewrite_hrefs(open, change);
                each_href(inner, change);
            }
            Inline::Image(figure) => {
                if let Some(caption) = &mut figure.caption {
                    each_href(caption, change);
                }
            }
            _ => {}
        }
    }
}

/// Gives each name in running text the one that `keep` says, or takes it away. Within a link there
/// can be none: HTML has no link in a link.
pub(super) fn each_anchor(inlines: &mut Vec<Inline>, keep: &mut dyn FnMut(&str) -> Option<String>) {
    inlines.retain_mut(|inline| {
        match inline {
            Inline::Anchor(name) => match keep(name) {
                Some(kept) => *name = kept,
                None => return false,
            },
            Inline::Link(link) => each_anchor(&mut link.text, &mut |_| None),
            Inline::Html(_, name, inner) if name == "a" => each_anchor(inner, &mut |_| None),
            Inline::Strong(inner)
            | Inline::Emphasis(inner)
            | Inline::Strike(inner)
            | Inline::Html(_, _, inner) => each_anchor(inner, keep),
            _ => {}
        }
        true
    });
}
