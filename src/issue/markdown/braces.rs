//! What stands in braces behind a link or a picture: `{.button}`, `{.decoration}`, `{credit="…"}`. What
//! is something else there does nothing, or is sent as it is, and is told.
//!
//! Must never lose words without an error: a credit is what somebody has a right to.

use std::ops::Range;

use comrak::nodes::{Node, NodeValue};

use super::{MarkdownReader, has_class};
use crate::diagnostic::{Diagnostic, Place, nearest};

/// How a credit and a caption are written.
const CREDIT: &str = "![What it shows](photo.jpg \"Caption\"){credit=\"Photo: Kim\"}";

/// Keys and classes of one link or picture that are told.
const MOST: usize = 20;

/// Keys of a picture that other programs have; they hold no words of a reader.
const SIZES: [&str; 2] = ["width", "height"];

/// Bytes behind a link in which braces are looked for.
const LONGEST: usize = 300;

impl MarkdownReader<'_> {
    /// A button within a line is an ordinary link.
    pub(super) fn warn_of_buttons_in_line(&mut self, paragraph: Node<'_>) {
        for child in paragraph.children() {
            if matches!(child.data().value, NodeValue::Link(_)) && has_class(child, "button") {
                let place = self.place(child);
                let help = "give the link a paragraph of its own: an empty line before it and \
                            behind it";
                self.warn("a button within a line is only a link", place, help);
            }
        }
    }

    /// A class of a link or a picture that does nothing.
    fn warn_of_classes(&mut self, node: Node<'_>, known: &str) {
        let classes = node.data().attrs.as_ref().map(|attrs| attrs.classes.clone());
        let classes = classes.unwrap_or_default().into_iter().filter(|class| class != known);
        for class in classes.take(MOST) {
            let is_odd = ["btn", "cta", "buton", "bouton", "boton"].contains(&class.as_str());
            let help = if known == "button" && is_odd || nearest(&class, [known]).is_some() {
                format!("did you mean {{.{known}}}?")
            } else {
                format!("the only class here is {{.{known}}}: write that, or delete it")
            };
            let place = self.place(node);
            self.warn(&format!("there is no class {class}"), place, &help);
        }
    }

    /// Braces behind a link.
    pub(super) fn check_braces_of_link(&mut self, node: Node<'_>) {
        self.warn_of_classes(node, "button");
        let Some(braces) = self.braces_behind(node) else { return };
        let typed = &self.source.text()[braces.clone()];
        let name = typed.trim_matches(|c: char| "{}.#:".contains(c) || c.is_whitespace());
        let is_button = nearest(name, ["button"]).is_some();
        if is_button || braces.start == self.span(node.data().sourcepos).end {
            let what = format!("{typed} would be sent as it is");
            let help = "write {.button} directly behind the link: [Read it](https://…){.button}";
            self.warn(&what, Place::span(self.source, braces), help);
        }
    }

    /// Braces behind a picture: what its credit is, and nothing else.
    pub(super) fn check_braces_of_picture(&mut self, node: Node<'_>) {
        self.warn_of_classes(node, "decoration");
        let pairs = node.data().attrs.as_ref().map(|attrs| attrs.pairs.clone());
        for (key, _) in pairs.unwrap_or_default().into_iter().take(MOST) {
            if key == "credit" || SIZES.contains(&key.as_str()) {
                continue;
            }
            let help = if nearest(&key, ["credit"]).is_some() {
                "did you mean credit?".to_owned()
            } else {
                format!("write the caption behind the path, and the credit in braces: {CREDIT}")
            };
            let place = self.place_within(node, &key);
            let what = format!("a picture has no key {key:?}");
            self.problems.push(Diagnostic::error("unknown-key", what).at(place).help(help));
        }
        if let Some(braces) = self.braces_behind(node) {
            let what = format!("{} would be sent as it is", &self.source.text()[braces.clone()]);
            let help = format!(
                "write the braces directly behind the picture, with straight double quotation \
                 marks: {CREDIT}"
            );
            self.warn(&what, Place::span(self.source, braces), &help);
        }
    }

    /// Braces of one line that follow a link or a picture and were read as text. Those that are told
    /// wherever they stand are left to `check`.
    fn braces_behind(&self, node: Node<'_>) -> Option<Range<usize>> {
        let end = self.span(node.data().sourcepos).end;
        let text = self.source.text();
        if node.data().attrs.is_some() || !text[..end].ends_with([')', ']', '>']) {
            return None;
        }
        let behind = &text[end..text.floor_char_boundary(end + LONGEST)];
        let behind = behind.lines().next().unwrap_or_default();
        let start = behind.len() - behind.trim_start().len();
        let inner = behind[start..].strip_prefix('{')?;
        let length = inner.find('}')?;
        let inner = &inner[..length];
        let is_told = inner.starts_with([':', '#'])
            || inner.strip_prefix('.').is_some_and(|name| name.starts_with(char::is_alphabetic));
        let is_slot = inner.starts_with(['{', '%']);
        (!is_told && !is_slot).then_some(end + start..end + start + length + 2)
    }
}
