//! The elements of a drawing before they are taken together: only shapes and what paints them, all
//! of it in the file, and not more than can be drawn once every `use` is followed.

use std::collections::{HashMap, HashSet};

use resvg::usvg::roxmltree::{Attribute, Document, Node, NodeId};

use super::super::PictureError;
use super::sheet::{self, Referring, short};
use super::{NotDrawn, Unwanted};

const SVG: &str = "http://www.w3.org/2000/svg";
const KNOWN: [&str; 3] =
    [SVG, "http://www.w3.org/1999/xlink", "http://www.w3.org/XML/1998/namespace"];

/// What is drawn, and what says nothing to the eye.
const ELEMENTS: [&str; 21] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "pattern",
    "style",
    "title",
    "desc",
    "metadata",
];

/// Elements once every `use` is followed.
const MAX_ELEMENTS: usize = 100_000;
/// Their attributes, in bytes.
const MAX_ATTRIBUTES: usize = 4 * 1024 * 1024;
/// Elements within one another, once every `use` is followed.
const MAX_DEPTH: usize = 2 * super::tags::MAX_DEPTH;
/// Bytes of patterns or clip paths, times what they may be used for.
const MAX_SHARED: usize = 64 * 1024 * 1024;
/// Colours of a gradient.
const MAX_STOPS: usize = 1_000;
/// Colours of the longest gradient, times elements.
const MAX_COLORED: usize = 5_000_000;
/// Gradients that refer to one another.
const MAX_CHAIN: usize = 16;
/// Patterns and clip paths, which are each looked through.
const MAX_SERVERS: usize = 500;
/// Class names of one element, in bytes.
const MAX_CLASSES: usize = 1_000;
/// The `style` of one element, in bytes.
const MAX_STYLE: usize = 10_000;

/// Refuses what is not drawn, and what would be too much. Gives the dashes for each unit of length
/// where they are closest, if there are any.
pub(super) fn look(document: &Document<'_>) -> Result<Option<f64>, PictureError> {
    let text = document.input_text();
    for node in document.descendants().filter(Node::is_element) {
        wanted(node).map_err(|fault| fault.placed(text))?;
    }
    let (mut sheets, mut style) = (String::new(), document.root_element());
    for node in document.descendants().filter(|node| node.tag_name().name() == "style") {
        style = node;
        let texts = node.children().filter_map(|child| child.text());
        texts.for_each(|text| sheets.push_str(text));
        sheets.push('\n');
    }
    let of_style = |what| NotDrawn::named(style.range().start, what).placed(text);
    let sheets = sheet::without_comments(&sheets).map_err(of_style)?;
    let (selectors, referring) = sheet::read(&sheets).map_err(of_style)?;
    let content = DrawingContent::new(document, &referring);
    content.within(selectors)?;
    dashes(document, &sheets)
}

/// One element by itself.
fn wanted(node: Node<'_, '_>) -> Result<(), NotDrawn> {
    let name = node.tag_name();
    let here = node.range().start;
    if matches!(name.namespace(), None | Some(SVG)) && !ELEMENTS.contains(&name.name()) {
        return Err(match name.name() {
            "text" => NotDrawn { at: here, what: Unwanted::Text },
            "image" | "foreignObject" => NotDrawn::named(here, "another picture or page inside it"),
            name => NotDrawn::named(here, format!("the element <{}>", short(name))),
        });
    }
    for attribute in attributes(node) {
        let (name, value) = (attribute.name(), attribute.value());
        let fault = |what| NotDrawn::named(attribute.range().start, what);
        if sheet::is_unwanted(name, value) {
            return Err(fault(format!("the property {}", short(name))));
        }
        let wrong = match name {
            "href" => {
                let target = value.trim().strip_prefix('#');
                let is_inside = target.is_some_and(|name| !name.contains(char::is_whitespace));
                (!is_inside).then(|| "a reference to another file".to_owned())
            }
            "style" if value.contains('\\') => Some("a backslash in its style".to_owned()),
            "style" if value.len() > MAX_STYLE => Some("a long style".to_owned()),
            "style" => sheet::unwanted(value),
            "class" if value.len() > MAX_CLASSES => Some("too many class names".to_owned()),
            _ => None,
        };
        if let Some(what) = wrong.or_else(|| sheet::targets(value).err()) {
            return Err(fault(what));
        }
    }
    Ok(())
}

/// Those that may mean something; drawing programs write others of their own.
fn attributes<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Attribute<'a, 'i>> {
    let is_known = |space: Option<&str>| space.is_none_or(|space| KNOWN.contains(&space));
    node.attributes().filter(move |attribute| is_known(attribute.namespace()))
}

/// What an element and all below it come to.
#[derive(Clone, Copy, Default)]
struct Extent {
    elements: usize,
    bytes: usize,
    depth: usize,
    clipped: usize,
}

struct DrawingContent<'a, 'i> {
    document: &'a Document<'i>,
    named: HashMap<&'a str, Vec<Node<'a, 'i>>>,
    rules: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a, 'i> DrawingContent<'a, 'i> {
    fn new(document: &'a Document<'i>, referring: &'a [Referring<'a>]) -> DrawingContent<'a, 'i> {
        let mut named: HashMap<&str, Vec<Node<'_, '_>>> = HashMap::new();
        for node in document.descendants() {
            for attribute in node.attributes().filter(|attribute| attribute.name() == "id") {
                named.entry(attribute.value()).or_default().push(node);
            }
        }
        let mut rules: HashMap<&str, Vec<&str>> = HashMap::new();
        for rule in referring {
            rules.entry(rule.selector).or_default().extend(&rule.targets);
        }
        DrawingContent { document, named, rules }
    }

    fn within(&self, selectors: usize) -> Result<(), PictureError> {
        let mut known = HashMap::new();
        let all = self.extent(self.document.root_element(), &mut known)?;
        let of = |node: &Node<'_, '_>| known.get(&node.id()).copied().flatten();
        let is = |node: &Node<'_, '_>, name: &str| node.tag_name().name() == name;
        let (mut patterns, mut clip, mut stops, mut servers) = (0, 0, 0, 0);
        for node in self.document.descendants() {
            let extent: Extent = of(&node).unwrap_or_default();
            if is(&node, "pattern") || is(&node, "clipPath") {
                servers += 1;
                if servers > MAX_SERVERS {
                    return Err(PictureError::Elaborate("over 500 patterns and clip paths"));
                }
                self.stands_alone(node)?;
            }
            if is(&node, "pattern") {
                patterns += extent.bytes;
            } else if is(&node, "clipPath") {
                clip = clip.max(extent.bytes);
            } else if is(&node, "linearGradient") || is(&node, "radialGradient") {
                stops = stops.max(extent.elements);
            }
            self.chain(node)?;
        }
        let too_much = [
            (selectors, all.elements, sheet::MAX_COMPARED, "a long style sheet for many shapes"),
            (patterns, all.elements, MAX_SHARED, "patterns on too many shapes"),
            (clip, all.clipped, MAX_SHARED, "clip paths on too many shapes"),
            (stops, 1, MAX_STOPS, "over 1,000 colours in a gradient"),
            (stops, all.elements, MAX_COLORED, "gradients of many colours on too many shapes"),
        ];
        match too_much.iter().find(|(one, other, most, _)| one.saturating_mul(*other) > *most) {
            Some((.., what)) => Err(PictureError::Elaborate(what)),
            None => Ok(()),
        }
    }

    /// `None` stands for an element that is being looked at.
    fn extent(
        &self,
        node: Node<'a, 'i>,
        known: &mut HashMap<NodeId, Option<Extent>>,
    ) -> Result<Extent, PictureError> {
        match known.get(&node.id()) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => return Err(self.refused(node, "a <use> of an element around it")),
            None => {}
        }
        known.insert(node.id(), None);
        let mut all = Extent {
            elements: 1,
            bytes: 50 + node.attributes().map(|one| one.value().len()).sum::<usize>(),
            depth: 0,
            clipped: self.servers(node, "clipPath"),
        };
        let mut below: Vec<Node<'a, 'i>> = node.children().filter(Node::is_element).collect();
        if node.tag_name().name() == "use" {
            below.extend(self.linked(node));
        }
        for child in below {
            let extent = self.extent(child, known)?;
            all.elements += extent.elements;
            all.bytes += extent.bytes;
            all.clipped += extent.clipped;
            all.depth = all.depth.max(extent.depth + 1);
            if all.elements > MAX_ELEMENTS || all.bytes > MAX_ATTRIBUTES {
                return Err(PictureError::Elaborate("too many shapes"));
            }
        }
        if all.depth > MAX_DEPTH {
            return Err(self.refused(node, "elements nested too often"));
        }
        known.insert(node.id(), Some(all));
        Ok(all)
    }

    /// The elements that `href` means.
    fn linked(&self, node: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
        let links = attributes(node).filter(|attribute| attribute.name() == "href");
        let names = links.map(|link| link.value().trim().trim_start_matches('#'));
        names.filter_map(|name| self.named.get(name)).flatten().copied().collect()
    }

    /// How many patterns or clip paths an element refers to, by itself or by a style sheet.
    fn servers(&self, node: Node<'a, 'i>, kind: &str) -> usize {
        let mut names: Vec<&str> = Vec::new();
        let mut by_rule =
            |selector: &str| names.extend(self.rules.get(selector).into_iter().flatten());
        if !self.rules.is_empty() {
            by_rule(node.tag_name().name());
            for attribute in node.attributes() {
                match attribute.name() {
                    "id" => by_rule(&format!("#{}", attribute.value())),
                    "class" => attribute
                        .value()
                        .split_whitespace()
                        .for_each(|class| by_rule(&format!(".{class}"))),
                    _ => {}
                }
            }
        }
        for attribute in attributes(node) {
            names.extend(sheet::targets(attribute.value()).unwrap_or_default());
        }
        let is_one = |name: &&str| {
            let nodes = self.named.get(*name).into_iter().flatten();
            nodes.into_iter().any(|node| node.tag_name().name() == kind)
        };
        names.iter().filter(|name| is_one(name)).count()
    }

    /// Whether a pattern or clip path is made of shapes alone: one within another multiplies.
    fn stands_alone(&self, server: Node<'a, 'i>) -> Result<(), PictureError> {
        let nested = || self.refused(server, "a pattern or clip path within another one");
        // What elements around it are filled with is inherited.
        if server.ancestors().skip(1).any(|node| self.servers(node, "pattern") > 0) {
            return Err(nested());
        }
        let (mut seen, mut left) = (HashSet::new(), vec![server]);
        while let Some(node) = left.pop() {
            if !node.is_element() || !seen.insert(node.id()) {
                continue;
            }
            let is_nested = node != server
                && matches!(node.tag_name().name(), "pattern" | "clipPath" | "svg" | "symbol");
            if is_nested || self.servers(node, "pattern") + self.servers(node, "clipPath") > 0 {
                return Err(nested());
            }
            left.extend(node.children());
            if node.tag_name().name() == "use" {
                left.extend(self.linked(node));
            }
        }
        Ok(())
    }

    /// A gradient may take over another one's colours, and that another one's.
    fn chain(&self, node: Node<'a, 'i>) -> Result<(), PictureError> {
        if node.tag_name().name() == "use" {
            return Ok(());
        }
        let mut last = node;
        for _ in 0..MAX_CHAIN {
            match self.linked(last)[..] {
                [] => return Ok(()),
                [next] => last = next,
                _ => return Err(self.refused(node, "a reference to a name that stands twice")),
            }
        }
        Err(self.refused(node, "gradients that refer to one another too often"))
    }

    fn refused(&self, node: Node<'_, '_>, what: &str) -> PictureError {
        NotDrawn::named(node.range().start, what).placed(self.document.input_text())
    }
}

/// The dashes for each unit of length where they are closest.
fn dashes(document: &Document<'_>, sheets: &str) -> Result<Option<f64>, PictureError> {
    const NAME: &str = "stroke-dasharray";
    let mut closest: Option<f64> = None;
    let mut see = |value: &str| -> Result<(), PictureError> {
        let value = value.split('!').next().unwrap_or_default().trim();
        if matches!(value, "" | "none" | "inherit") {
            return Ok(());
        }
        let lengths = value.split([',', ' ', '\t', '\n', '\r']).filter(|part| !part.is_empty());
        let lengths: Option<Vec<f64>> = lengths
            .map(|length| {
                // Other units than these are a pixel or more.
                if length.ends_with("em") || length.ends_with("ex") {
                    return None;
                }
                let number = length.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                number.parse().ok().filter(|length: &f64| length.is_finite())
            })
            .collect();
        let Some(lengths) = lengths else {
            return Err(PictureError::Elaborate("dashes whose lengths are no plain numbers"));
        };
        let sum: f64 = lengths.iter().sum();
        if sum > 0.0 {
            let dashes = lengths.len() as f64 / 2.0 / sum;
            closest = Some(closest.map_or(dashes, |closest| closest.max(dashes)));
        }
        Ok(())
    };
    let declared = |text: &str| -> Vec<String> {
        let declarations = text.split([';', '{', '}']).filter_map(|text| text.split_once(':'));
        let ours = declarations.filter(|(name, _)| name.trim().ends_with(NAME));
        ours.map(|(_, value)| value.to_owned()).collect()
    };
    for node in document.descendants() {
        for attribute in attributes(node) {
            match attribute.name() {
                NAME => see(attribute.value())?,
                "style" => declared(attribute.value()).iter().try_for_each(|value| see(value))?,
                _ => {}
            }
        }
    }
    declared(sheets).iter().try_for_each(|value| see(value))?;
    Ok(closest)
}
