//! What is told of the styles and sizes of raw HTML that go into no mail.

use comrak::nodes::Node;

use super::super::css::RefusedStyle;
use super::super::sanitize;
use super::MarkdownReader;
use crate::diagnostic::Diagnostic;

impl MarkdownReader<'_> {
    pub(super) fn warn_of_styles(&mut self, node: Node<'_>, html: &str) {
        for odd in sanitize::refused_styles(html) {
            let place = self.place_within(node, &html[odd.range.clone()]);
            self.problems.push(refused_style(&odd).at(place));
        }
        for (what, help, range) in sanitize::uneven_styles(html).told() {
            let place = self.place_within(node, &html[range]);
            self.problems.push(Diagnostic::warning("html-removed", what).at(place).help(help));
        }
        for (range, what) in sanitize::refused_sizes(html) {
            let place = self.place_within(node, &html[range]);
            let help = "write a smaller size, or none";
            self.problems.push(Diagnostic::warning("html-removed", what).at(place).help(help));
        }
    }
}

/// What is told of a declaration of raw HTML that is left out.
fn refused_style(odd: &RefusedStyle) -> Diagnostic {
    let what = &odd.what;
    if odd.hides {
        let message = format!("readers might not see the words with {what}: the style is left out");
        return Diagnostic::error("letter-hidden", message).help(
            "write colors as in #1a5fb4, and sizes as a letter has them (docs/guide.md); or delete it",
        );
    }
    let message = format!("a style in a mail can load, run and move nothing; this has {what}");
    Diagnostic::error("style", message)
        .help("delete this declaration; a picture is written in Markdown")
}
