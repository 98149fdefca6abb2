//! HTML as rules read it: elements with their attributes, what they stand in, and their text.
//!
//! Reads what this program writes, and what differs in form but not in meaning: end tags that HTML
//! lets one leave out, and attributes without quotes. Must never know a class name of ours.

use super::shown::{self, Veils};

/// Elements that hold nothing.
const VOID: [&str; 10] = ["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"];
/// Elements whose end tag may be left out (HTML, 13.1.2.4).
const OPTIONAL: [&str; 14] = [
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "html", "head", "body",
    "option",
];
/// Elements that a `<p>` does not hold.
const BLOCKS: [&str; 20] = [
    "p",
    "div",
    "table",
    "ul",
    "ol",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
    "pre",
    "center",
    "section",
    "article",
    "header",
    "footer",
];

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// In lower case.
    pub(super) name: String,
    /// Names in lower case, values decoded.
    pub(super) attributes: Vec<(String, String)>,
    /// The element around it.
    pub(super) parent: Option<usize>,
    /// The text directly and indirectly inside, decoded; each element's edge that breaks a line is
    /// a space.
    pub(super) text: String,
    /// The declarations of the `style` attribute, names in lower case.
    styles: Vec<(String, String)>,
    /// Whether readers do not see it, nor anything that stands in it.
    is_gone: bool,
    /// What hides its words, and not those of an element in it that says otherwise.
    veils: Veils,
}

impl Element {
    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The last value that the `style` attribute gives a property.
    pub(super) fn style(&self, property: &str) -> Option<&str> {
        let found = self.styles.iter().rev().find(|(name, _)| name == property);
        found.map(|(_, value)| value.as_str())
    }

    /// The value that wins of those that the `style` attribute gives some properties, of which each
    /// says what the others do.
    pub(super) fn last_style(&self, properties: &[&str]) -> Option<&str> {
        let said = self.styles.iter().filter(|(name, _)| properties.contains(&name.as_str()));
        let last = said.max_by_key(|(_, value)| value.trim_end().ends_with("!important"));
        last.map(|(_, value)| value.as_str())
    }
}

/// A value of a style as it counts: without `!important`, in small letters.
pub(super) fn plain(value: &str) -> String {
    value.trim().trim_end_matches("!important").trim().to_ascii_lowercase()
}

/// A stretch of text and the element it stands in.
#[derive(Debug)]
pub(super) struct TextNode {
    /// Index of the element; `None` outside of all.
    pub(super) parent: Option<usize>,
    /// Decoded.
    pub(super) text: String,
}

/// A document.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// In the order of their start tags.
    pub(super) elements: Vec<Element>,
    /// In order.
    pub(super) texts: Vec<TextNode>,
    /// What stands between `<!--` and `-->`.
    pub(super) comments: Vec<String>,
    /// The content of each `<style>`.
    pub(super) styles: Vec<String>,
    /// End tags without a start, and elements that are never closed.
    pub(super) faults: Vec<String>,
}

impl Tree {
    /// Reads a document or a part of one.
    pub(super) fn read(html: &str) -> Tree {
        let mut reader = TreeReader { tree: Tree::default(), open: Vec::new() };
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            reader.text(&rest[..at]);
            rest = reader.markup(&rest[at..]);
        }
        reader.text(rest);
        reader.close_to(0);
        reader.tree
    }

    /// An element and all around it, from the inside.
    pub(super) fn around(&self, element: Option<usize>) -> impl Iterator<Item = &Element> {
        let mut next = element;
        std::iter::from_fn(move || {
            let element = self.elements.get(next?)?;
            next = element.parent;
            Some(element)
        })
    }

    /// Elements of this name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// Whether readers do not see what stands in `element`.
    pub(super) fn is_hidden(&self, element: Option<usize>) -> bool {
        element
            .and_then(|at| self.elements.get(at))
            .is_some_and(|element| element.is_gone || element.veils.hide())
    }
}

struct TreeReader {
    tree: Tree,
    open: Vec<usize>,
}

impl TreeReader {
    fn text(&mut self, raw: &str) {
        if raw.is_empty() {
            return;
        }
        let text = decode(raw);
        for at in &self.open {
            self.tree.elements[*at].text.push_str(&text);
        }
        self.tree.texts.push(TextNode { parent: self.open.last().copied(), text });
    }

    /// One tag or comment, and what is left behind it.
    fn markup<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->").unwrap_or(comment.len());
            self.tree.comments.push(comment[..end].to_owned());
            return comment.get(end + 3..).unwrap_or_default();
        }
        let end = tag_end(rest);
        let (tag, rest) = rest.split_at(end);
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        if inner.starts_with('!') || inner.starts_with('?') {
            return rest;
        }
        if let Some(name) = inner.strip_prefix('/') {
            self.end(&name.trim().to_ascii_lowercase());
            return rest;
        }
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.text(tag);
            return rest;
        }
        let name = self.start(inner);
        if name != "style" {
            return rest;
        }
        let end = rest.find("</style").unwrap_or(rest.len());
        self.tree.styles.push(rest[..end].to_owned());
        &rest[end..]
    }

    fn start(&mut self, inner: &str) -> String {
        let end = inner.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inner.len());
        let name = inner[..end].to_ascii_lowercase();
        self.imply(&name);
        if BLOCKS.contains(&name.as_str())
            || ["br", "li", "td", "th", "tr"].contains(&name.as_str())
        {
            self.space();
        }
        let parent = self.open.last().copied();
        let attributes = attributes(&inner[end..]);
        let mut element = Element { name: name.clone(), attributes, parent, ..Element::default() };
        if let Some(style) = element.attribute("style") {
            let styles = super::css::declarations(style).into_iter();
            element.styles = styles.map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
        }
        let around = parent.and_then(|at| self.tree.elements.get(at));
        element.is_gone = around.is_some_and(|around| around.is_gone)
            || matches!(name.as_str(), "head" | "style" | "title")
            || shown::conceals(&element).is_some();
        element.veils = around.map(|around| around.veils).unwrap_or_default().within(&element);
        self.tree.elements.push(element);
        if !VOID.contains(&name.as_str()) {
            self.open.push(self.tree.elements.len() - 1);
        }
        name
    }

    /// Closes what the start of `name` ends.
    fn imply(&mut self, name: &str) {
        let closed: &[&str] = match name {
            "li" => &["li"],
            "dt" | "dd" => &["dt", "dd"],
            "td" | "th" => &["td", "th"],
            "tr" => &["tr"],
            "tbody" | "tfoot" => &["thead", "tbody"],
            "body" => &["head"],
            name if BLOCKS.contains(&name) => &["p"],
            _ => return,
        };
        let fence = ["table", "ul", "ol", "dl", "div", "blockquote"];
        let found = self.open.iter().rposition(|at| {
            let open = self.tree.elements[*at].name.as_str();
            closed.contains(&open) || fence.contains(&open)
        });
        let is_closed = |at: usize| closed.contains(&self.tree.elements[at].name.as_str());
        if let Some(depth) = found.filter(|depth| is_closed(self.open[*depth])) {
            self.close_to(depth);
        }
    }

    fn end(&mut self, name: &str) {
        if VOID.contains(&name) {
            return;
        }
        self.space();
        let open = self.open.iter().rposition(|at| self.tree.elements[*at].name == name);
        match open {
            Some(depth) => {
                self.close_to(depth + 1);
                self.open.pop();
            }
            None => self.tree.faults.push(format!("</{name}> has no opening tag")),
        }
    }

    /// Closes all but the first `depth` open elements.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(at) = self.open.pop() else { return };
            let name = &self.tree.elements[at].name;
            if !OPTIONAL.contains(&name.as_str()) {
                self.tree.faults.push(format!("<{name}> is never closed"));
            }
        }
    }

    fn space(&mut self) {
        for at in &self.open {
            let text = &mut self.tree.elements[*at].text;
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        }
    }
}

/// Where the tag that `text` starts with ends, quotes heeded.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') if text[..at].ends_with('=') => quote = Some(c),
            (None, '>') => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return found;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        // A stray `=` would otherwise be looked at for ever.
        let end = end.max(rest.chars().next().map_or(1, char::len_utf8));
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let Some(value) = rest.strip_prefix('=') else {
            found.push((name, String::new()));
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => {
                let value = &value[1..];
                let end = value.find(quote).unwrap_or(value.len());
                (&value[..end], value.get(end + 1..).unwrap_or_default())
            }
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        found.push((name, decode(value)));
        rest = after;
    }
}

/// Text with its character references resolved: numbers, and the names that we write.
pub(super) fn decode(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(number);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_their_text_and_surroundings() {
        let tree = Tree::read(
            "<!DOCTYPE html><div lang=ko style='color:red;color:blue'><p>a &amp; \
             <b>b</b><p>c<table><tr><td>1<td>2</table></div><!--[if \
             mso]>x<![endif]--><style>p{}</style>",
        );
        assert_eq!(tree.faults, Vec::<String>::new());
        let first = tree.named("p").next().unwrap();
        assert_eq!(first.text.trim(), "a & b");
        assert_eq!(tree.named("div").next().unwrap().style("color"), Some("blue"));
        assert_eq!(tree.named("td").count(), 2);
        assert_eq!(tree.comments, ["[if mso]>x<![endif]"]);
        assert_eq!(tree.styles, ["p{}"]);
        let bold = tree.texts.iter().find(|words| words.text == "b").unwrap();
        let names: Vec<&str> = tree.around(bold.parent).map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["b", "p", "div"]);
    }

    #[test]
    fn what_is_not_closed_is_told() {
        let told = |html: &str| Tree::read(html).faults;
        assert_eq!(told("<div><p>a</div>"), Vec::<String>::new());
        assert_eq!(told("<div><b>a</div>"), ["<b> is never closed"]);
        assert_eq!(told("a</div>"), ["</div> has no opening tag"]);
        assert_eq!(told("<a title=\"x > y\" href==>a</a>"), Vec::<String>::new());
    }
}
