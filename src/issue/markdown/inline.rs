//! Running text: what stands in a paragraph, a heading or a table's cell.

use std::collections::HashMap;

use comrak::nodes::{Node, NodeLink, NodeValue};

use super::bounds::MAX_DEPTH;
use super::{COLON, MarkdownReader, breaks, has_class, no_words, only_child, slips, smart};
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::block::{Figure, Inline, Link, plain};
use crate::issue::sanitize::{self, Tag};
use crate::issue::{anchors, links, slot};

impl MarkdownReader<'_> {
    /// The children of a node as running text, with the marks of print.
    pub(super) fn inlines(&mut self, node: Node<'_>) -> Vec<Inline> {
        let mut inlines = self.inner(node);
        smart::smarten(&mut inlines, self.marks);
        breaks::join(&mut inlines);
        inlines
    }

    /// The same with the marks as they were typed.
    fn inner(&mut self, node: Node<'_>) -> Vec<Inline> {
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
                        let (open, names) = anchors::names_of(&open);
                        let is_anchor = !names.is_empty() && open == "<a>";
                        out.extend(names.into_iter().map(Inline::Anchor));
                        self.warn_of_removed(node, &html);
                        let known = self.problems.len();
                        let inner = self.nested(node, &nodes[at..end], siblings.behind(at));
                        let is_link = name == "a" && open.contains("href=");
                        let is_shown = matches!(&inner[..], [Inline::Image(_)])
                            || !plain(&inner).trim().is_empty();
                        if is_link && !is_shown {
                            self.empty_link(node, &nodes[at..end], &html, known);
                        }
                        at = end + 1;
                        if let (true, [Inline::Image(_)]) = (is_link, &inner[..])
                            && let Some(href) = anchors::href_of(&open)
                        {
                            out.push(Inline::Link(Link { href, text: inner }));
                        } else if is_anchor {
                            inner.into_iter().for_each(|inline| push(&mut out, inline));
                        } else {
                            out.push(Inline::Html(open, name, inner));
                        }
                    }
                    None => {
                        let names = lone_names(&html, &open);
                        if names.is_empty() {
                            self.unclosed(node, &name);
                        }
                        out.extend(names.into_iter().map(Inline::Anchor));
                    }
                },
                Tag::Close(_) => {}
                Tag::Nothing => {
                    let place = self.place(node);
                    match self.raw_picture(&html, place) {
                        Some(figure) => out.push(Inline::Image(figure)),
                        None => self.warn_of_tag(node, &html),
                    }
                }
            }
        }
        out
    }

    /// A link of raw HTML with nothing to press in it: if that is for a picture, which is left out,
    /// only the link is told. Problems from `known` on are of what is in it.
    fn empty_link(&mut self, node: Node<'_>, inner: &[Node<'_>], html: &str, known: usize) {
        let is_picture = |node: &Node<'_>| {
            matches!(&node.data().value, NodeValue::HtmlInline(tag)
                if sanitize::element_name(tag) == "img")
        };
        let mut help = None;
        if inner.iter().any(is_picture) {
            let mut behind = self.problems.split_off(known);
            behind.retain(|problem| problem.rule != "html-removed");
            self.problems.append(&mut behind);
            let href = sanitize::attributes(html).into_iter().find(|one| one.name == "href");
            help = href.map(|href| self.pictured_link(href.value));
        }
        let place = self.place(node);
        self.problems.push(no_words(place, help));
    }

    /// A tag that cannot stand in a line, whatever it is.
    fn warn_of_tag(&mut self, node: Node<'_>, html: &str) {
        if html.starts_with("</") || html.starts_with("<!") || html.starts_with("<?") {
            return;
        }
        if sanitize::is_pasted(html.trim_matches(['<', '>', '/']).to_ascii_lowercase().as_str()) {
            return;
        }
        if sanitize::removed(html).is_empty() {
            let (place, name) = (self.place(node), sanitize::element_name(html));
            self.problems.push(
                Diagnostic::warning("html-removed", format!("<{name}> cannot stand within a line"))
                    .at(place)
                    .help("begin a line with it, with an empty line before it"),
            );
        } else {
            self.warn_of_removed(node, html);
        }
    }

    fn unclosed(&mut self, node: Node<'_>, name: &str) {
        let place = self.place(node);
        let html = match &node.data().value {
            NodeValue::HtmlInline(html) => html.clone(),
            _ => String::new(),
        };
        if let Some(written) = slips::as_comparison(&html) {
            let problem = Diagnostic::warning("html-removed", format!("left out: {written}"));
            self.problems.push(problem.at(place).help(slips::sign_help(written)));
            return;
        }
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
            NodeValue::Text(text) => Inline::Text(self.resolved(&text, node)),
            NodeValue::Escaped => {
                let mut inner = self.inner(node);
                if let [Inline::Text(text)] = &mut inner[..]
                    && text.starts_with(['"', '\'', '-', '.'])
                {
                    text.insert(0, smart::GUARD);
                }
                return inner;
            }
            NodeValue::Code(code) => {
                self.warn_of_apostrophes(node);
                Inline::Code(self.typed(&code.literal, &self.span(node.data().sourcepos)))
            }
            NodeValue::SoftBreak => Inline::SoftBreak,
            NodeValue::LineBreak => Inline::LineBreak,
            NodeValue::Emph => {
                self.warn_of_lost_signs(node);
                Inline::Emphasis(self.inner(node))
            }
            NodeValue::Strong => {
                self.warn_of_lost_signs(node);
                Inline::Strong(self.inner(node))
            }
            NodeValue::Strikethrough if self.is_range(node) => {
                // 9~10 and 2~3: times and pages.
                let mut out = vec![Inline::Text("~".to_owned())];
                self.inner(node).into_iter().for_each(|inline| push(&mut out, inline));
                push(&mut out, Inline::Text("~".to_owned()));
                return out;
            }
            NodeValue::Strikethrough => Inline::Strike(self.inner(node)),
            NodeValue::FootnoteReference(reference) => {
                Inline::Footnote(reference.ix, reference.ref_num)
            }
            NodeValue::Link(link) => return self.link(node, &link),
            NodeValue::Image(_) => {
                return self.image(node).map(Inline::Image).into_iter().collect();
            }
            _ => return self.inner(node),
        };
        vec![inline]
    }

    /// Whether two single tildes stand between letters or digits, each in a word of its own: Korean
    /// and Japanese write `9~10` where others write a dash.
    fn is_range(&self, node: Node<'_>) -> bool {
        let span = self.span(node.data().sourcepos);
        let text = self.source.text();
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !text[span.clone()].starts_with("~~") && is_letter(text[..span.start].chars().next_back())
    }

    fn link(&mut self, node: Node<'_>, link: &NodeLink) -> Vec<Inline> {
        self.check_braces_of_link(node);
        // Nobody made a link of a bare ftp:// in a sentence but the Markdown crate.
        let typed = &self.source.text()[self.span(node.data().sourcepos)];
        if links::uncertain(&link.url).is_some() && !typed.starts_with(['<', '[']) {
            return self.inlines(node);
        }
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
        let text = self.inner(node);
        if plain(&text).trim().is_empty() {
            let place = self.place(node);
            if links::is_nothing(&link.url) {
                self.problems.push(links::empty(place));
                return text;
            }
            self.problems.push(no_words(place, None));
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
            Ok(href) => {
                if let Some(scheme) = links::uncertain(&href) {
                    let place = self.place(node);
                    self.problems.push(links::only_some(scheme, place));
                }
                Some(href)
            }
            Err(reason) => {
                let typed = self.slots.restore(&href);
                let place = self.place_of_target(node, &typed);
                self.problems.push(links::refused(&reason, place));
                None
            }
        }
    }

    /// Where the target of a link is written; else the link.
    fn place_of_target(&self, node: Node<'_>, typed: &str) -> Place {
        let span = self.span(node.data().sourcepos);
        let link = &self.source.text()[span.clone()];
        match link.rfind(typed).filter(|_| !typed.is_empty()) {
            Some(at) => Place::span(self.source, span.start + at..span.start + at + typed.len()),
            None => Place::span(self.source, span),
        }
    }

    /// A picture, found and measured; its problems are reported.
    pub(super) fn image(&mut self, node: Node<'_>) -> Option<Figure> {
        let NodeValue::Image(link) = node.data().value.clone() else { return None };
        self.check_braces_of_picture(node);
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
        let path = self.slots.restore(&link.url.replace(COLON, ":"));
        if slot::has_slot(&link.url) && !path.contains("://") {
            self.saw(&link.url, &self.span(node.data().sourcepos));
            self.problems.push(slot_in_path(&path, place));
            return None;
        }
        let image = (self.find_image)(&path, place, self.problems)?;
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

/// A slot where the path of a picture is to be.
fn slot_in_path(path: &str, place: Place) -> Diagnostic {
    let what = format!("readers would not see this slot: {path} is the path of a picture");
    Diagnostic::error("slot-lost", what)
        .at(place)
        .help("write the path of the file: ![A view](images/quay.png); all get the same picture")
}

/// The names of a tag that needs no end: `<a id="tide"/>`, or `<a name="tide">` as of old.
fn lone_names(html: &str, open: &str) -> Vec<String> {
    let (bare, names) = anchors::names_of(open);
    if bare == "<a>" || html.ends_with("/>") { names } else { Vec::new() }
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
