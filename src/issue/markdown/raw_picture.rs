//! `<img>` of a file that is there and has alt text: people write it so to give a picture a width,
//! and it is taken as a picture of Markdown. Its width is not: pictures are as wide as they fit.

use comrak::nodes::Node;

use super::MarkdownReader;
use crate::diagnostic::Place;
use crate::issue::block::Figure;
use crate::issue::{anchors, links, raw_text, sanitize, slot};

/// Elements that may stand around pictures and say nothing.
const AROUND: [&str; 6] = ["p", "div", "center", "figure", "br", "span"];

impl MarkdownReader<'_> {
    /// The picture that a tag shows, if its file is there.
    pub(super) fn raw_picture(&mut self, tag: &str, place: Place) -> Option<Figure> {
        let attributes = sanitize::attributes(tag);
        let value = |name: &str| {
            let found = attributes.iter().find(|one| one.element == "img" && one.name == name);
            found.map(|one| raw_text::decoded(one.value))
        };
        let (path, alt) = (value("src")?, value("alt")?);
        let is_local =
            !path.contains("://") && !path.starts_with("data:") && !path.starts_with("//");
        if !is_local || slot::has_slot(&path) || slot::has_slot(&alt) {
            return None;
        }
        // A file that is missing is told as what is left out.
        let image = (self.find_image)(&path, place, &mut Vec::new())?;
        Some(Figure { image, alt, caption: None, credit: None, href: None })
    }

    /// The pictures of raw HTML that holds nothing else; `None` where one cannot be shown.
    pub(super) fn raw_figures(&mut self, node: Node<'_>, html: &str) -> Option<Vec<Figure>> {
        let mut tags: Vec<(&str, Option<String>)> = Vec::new();
        let mut href = None;
        let mut rest = html;
        while let Some(open) = rest.find('<') {
            if !rest[..open].trim().is_empty() {
                return None;
            }
            let tag = &rest[open..open + anchors::tag_length(&rest[open..])];
            rest = &rest[open + tag.len()..];
            match (sanitize::element_name(tag).as_str(), tag.starts_with("</")) {
                ("img", false) => tags.push((tag, href.clone())),
                ("a", true) => href = None,
                ("a", false) => {
                    let attributes = sanitize::attributes(tag);
                    let target = attributes.iter().find(|one| one.name == "href")?;
                    href = Some(links::target(&raw_text::decoded(target.value), self.slots).ok()?);
                }
                (name, _) if AROUND.contains(&name) => {}
                _ => return None,
            }
        }
        if tags.is_empty() || !rest.trim().is_empty() {
            return None;
        }
        let place = self.first_line(node);
        tags.into_iter()
            .map(|(tag, href)| Some(Figure { href, ..self.raw_picture(tag, place.clone())? }))
            .collect()
    }
}
