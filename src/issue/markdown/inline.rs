//! Running text: what stands in a paragraph, a heading or a table's cell.

use std::collections::HashMap;

use comrak::nodes::{Node, NodeLink, NodeValue};

use super::bounds::MAX_DEPTH;
use super::{COLON, MarkdownReader, has_class, only_child};
use crate::diagnostic::Diagnostic;
use crate::issue::block::{Figure, Inline, Link, plain};
use crate::issue::links;
use crate::issue::sanitize::{self, Tag};

impl MarkdownReader<'_> {
    /// The children of a node as running text.
    pub(super) fn inlines(&mut self, node: Node<'_>) -> Vec<Inline> {
        let children: Vec<Node<'_>> = node.children().collect();
        let ends = ends(&children);
        self.nested(node, &children, Siblings { ends: &ends, from: 0 })
    }

    /// What stands inside of `node`, down to a depth that the stack surely holds.
    fn nested(
        &mut self,
        node: Node<'_>,
        children: &[Node<'_>],
        siblings: Siblings<'_>,
    ) -> Vec<Inline> {
        if self.depth == MAX_DEPTH {
            let place = self.first_line(node);
            self.report_depth(place);
            return Vec::new();
        }
        self.depth += 1;
        let inlines = self.sequence(children, siblings);
        self.depth -= 1;
        inlines
    }

    /// Siblings, with raw HTML tags paired: an element that does not end among its siblings would
    /// bleed into the rest of the message.
    fn sequence(&mut self, nodes: &[Node<'_>], siblings: Siblings<'_>) -> Vec<Inline> {
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            at += 1;
            let NodeValue::HtmlInline(html) = node.data().value.clone() else {
                for inline in self.inline(node) {
                    push(&mut out, inline);
                }
                continue;
            };
            let (html, kept) = self.raw(&html, node);
            match sanitize::inline(&html, kept) {
                Tag::Break => out.push(Inline::LineBreak),
                Tag::Open(name, open) => match siblings.end(at - 1, nodes.len()) {
                    Some(end) => {
                        self.warn_of_removed(node, &html);
                        let inner = self.nested(node, &nodes[at..end], siblings.behind(at));
                        out.push(Inline::Html(open, name, inner));
                        at = end + 1;
                    }
                    None => self.unclosed(node, &name),
                },
                Tag::Close(_) => {}
                Tag::Nothing => self.warn_of_removed(node, &html),
            }
        }
        out
    }

    fn unclosed(&mut self, node: Node<'_>, name: &str) {
        let place = self.place(node);
        self.problems.push(
            Diagnostic::warning(
                "html-removed",
                format!("<{name}> is never closed, so it is left out"),
            )
            .at(place)
            .help(format!("close it with </{name}> in the same paragraph")),
        );
    }

    /// A node as running text; empty where it shows nothing.
    pub(super) fn inline(&mut self, node: Node<'_>) -> Vec<Inline> {
        let value = node.data().value.clone();
        let inline = match value {
            NodeValue::Text(text) => {
                let text = self.quote_opened(&text, node).unwrap_or_else(|| text.to_string());
                Inline::Text(self.resolved(&text, node))
            }
            NodeValue::Code(code) => {
                Inline::Code(self.typed(&code.literal, &self.span(node.data().sourcepos)))
            }
            NodeValue::SoftBreak => Inline::SoftBreak,
            NodeValue::LineBreak => Inline::LineBreak,
            NodeValue::Emph => Inline::Emphasis(self.inlines(node)),
            NodeValue::Strong => Inline::Strong(self.inlines(node)),
            NodeValue::Strikethrough => Inline::Strike(self.inlines(node)),
            NodeValue::FootnoteReference(reference) => {
                Inline::Footnote(reference.ix, reference.ref_num)
            }
            NodeValue::Link(link) => return self.link(node, &link),
            NodeValue::Image(_) => {
                return self.image(node).map(Inline::Image).into_iter().collect();
            }
            _ => return self.inlines(node),
        };
        vec![inline]
    }

    /// A quote that opens emphasis before Chinese, Japanese or Korean, as in `**"한글"**`: the
    /// Markdown crate takes it for a closing one, as it lets emphasis end before such letters.
    fn quote_opened(&self, text: &str, node: Node<'_>) -> Option<String> {
        let (closing, rest) = text.split_at_checked(text.chars().next()?.len_utf8())?;
        let (typed, opening) = match closing {
            "”" => ('"', '“'),
            "’" => ('\'', '‘'),
            _ => return None,
        };
        let first = node.previous_sibling().is_none();
        let is_eastern = |c: char| c >= '\u{1100}' && c.is_alphabetic();
        let span = self.span(node.data().sourcepos);
        let is_typed = self.source.text()[span].starts_with(typed);
        (first && is_typed && rest.starts_with(is_eastern)).then(|| format!("{opening}{rest}"))
    }

    fn link(&mut self, node: Node<'_>, link: &NodeLink) -> Vec<Inline> {
        if let Some((address, rest)) = self.bare_address(node, &link.url) {
            let href = match address.strip_prefix("www.") {
                // No scheme is written, and `http:` is nobody's wish.
                Some(_) => format!("https://{address}"),
                None => address.clone(),
            };
            let mut out: Vec<Inline> = match self.target(&href, node) {
                Some(href) => vec![Inline::Link(Link { href, text: vec![Inline::Text(address)] })],
                None => vec![Inline::Text(address)],
            };
            out.extend((!rest.is_empty()).then_some(Inline::Text(rest)));
            return out;
        }
        let text = self.inlines(node);
        if plain(&text).trim().is_empty() {
            let place = self.place(node);
            self.problems.push(
                Diagnostic::error("link-text", "this link has no text to click on").at(place).help(
                    "write between the brackets where the link leads: [the Society's \
                     site](https://…)",
                ),
            );
        }
        match self.target(&link.url, node) {
            Some(href) => vec![Inline::Link(Link { href, text })],
            None => text,
        }
    }

    /// The address that stands bare in the text, without brackets, and what follows it without a
    /// space.
    fn bare_address(&mut self, node: Node<'_>, url: &str) -> Option<(String, String)> {
        let child = only_child(node)?;
        let text = match &child.data().value {
            NodeValue::Text(text) => text.to_string(),
            _ => return None,
        };
        let is_bare = url == text && text.contains("://") || url == format!("http://{text}");
        let span = self.span(node.data().sourcepos);
        if !is_bare || self.source.text()[span].starts_with(['<', '[']) {
            return None;
        }
        let (address, rest) = text.split_at(links::bare_end(&text));
        Some((self.resolved(address, node), self.resolved(rest, node)))
    }

    /// Where a link leads, if a message may lead there.
    pub(super) fn target(&mut self, href: &str, node: Node<'_>) -> Option<String> {
        let href = self.resolved(href, node);
        match links::target(&href, self.slots) {
            Ok(href) => Some(href),
            Err(reason) => {
                let place = self.place(node);
                self.problems.push(links::refused(reason, place));
                None
            }
        }
    }

    /// A picture, found and measured; its problems are reported.
    pub(super) fn image(&mut self, node: Node<'_>) -> Option<Figure> {
        let NodeValue::Image(link) = node.data().value.clone() else { return None };
        let place = self.place(node);
        let alt = plain(&self.inlines(node));
        if alt.trim().is_empty() && !has_class(node, "decoration") {
            self.problems.push(
                Diagnostic::error(
                    "image-alt",
                    "this picture has no alt text, for readers who cannot see it",
                )
                .at(place.clone())
                .help(
                    "say what it shows: ![A night view of Seoul](…); if it is only decoration, \
                     write ![](…){.decoration}",
                ),
            );
        }
        let attribute = |name: &str| {
            let data = node.data();
            let pairs = &data.attrs.as_ref()?.pairs;
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        let image = (self.find_image)(&link.url, place, self.problems)?;
        let title = self.resolved(link.title.trim(), node);
        let caption = (!title.is_empty()).then(|| vec![Inline::Text(title)]);
        let credit = attribute("credit").map(|credit| self.resolved(&credit, node));
        Some(Figure { image, alt, caption, credit, href: None })
    }

    /// Text of the message: its slots count, and what is wrong with them is told.
    pub(super) fn resolved(&mut self, text: &str, node: Node<'_>) -> String {
        let place = self.place(node);
        self.saw(text, &self.span(node.data().sourcepos));
        self.slots.resolve(&text.replace(COLON, ":"), &place, self.problems)
    }
}

/// Adds an inline, joining texts that the parser cut at a quote or a dash.
fn push(out: &mut Vec<Inline>, inline: Inline) {
    match (out.last_mut(), inline) {
        (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
        (_, inline) => out.push(inline),
    }
}

/// A stretch of the children of one node, `from` on, and where the tags among all of them end.
#[derive(Clone, Copy)]
struct Siblings<'a> {
    ends: &'a [Option<usize>],
    from: usize,
}

impl Siblings<'_> {
    /// Where in the stretch, which has `count` nodes, the tag at `at` is closed.
    fn end(self, at: usize, count: usize) -> Option<usize> {
        let end = self.ends.get(self.from + at).copied().flatten()? - self.from;
        (end < count).then_some(end)
    }

    /// The part of the stretch from `at` on.
    fn behind(self, at: usize) -> Self {
        Siblings { from: self.from + at, ..self }
    }
}

/// For each node that is an opening tag, the node that closes it: found in one go, because a
/// paragraph may hold ten thousand tags that are never closed.
fn ends(nodes: &[Node<'_>]) -> Vec<Option<usize>> {
    let mut ends = vec![None; nodes.len()];
    let mut open: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        let NodeValue::HtmlInline(html) = &node.data().value else { continue };
        let same = open.entry(sanitize::element_name(html)).or_default();
        if !html.starts_with("</") {
            same.push(at);
        } else if let Some(start) = same.pop() {
            ends[start] = Some(at);
        }
    }
    ends
}
