//! Kept style sheets -> the rules that a letter has a use for: the others are bytes that Gmail
//! counts, and in the limit of a style sheet as well.
//!
//! Searches the text of our own document instead of reading it into a tree: a name too many, from a
//! comment or a text, keeps a rule and does no harm.

use std::collections::HashSet;

use super::style;

/// The element names and classes (`.name`) of a document.
#[derive(Debug)]
pub(super) struct UsedNames<'a> {
    elements: HashSet<&'a str>,
    classes: HashSet<&'a str>,
}

impl<'a> UsedNames<'a> {
    /// Those of `html`, and the elements that every document has.
    pub(super) fn of(html: &'a str) -> UsedNames<'a> {
        let mut elements = HashSet::from(["html", "head", "body"]);
        let mut classes = HashSet::new();
        for (at, _) in html.match_indices('<') {
            elements.insert(name(&html[at + 1..]));
        }
        for (at, found) in html.match_indices(" class=\"") {
            let value = &html[at + found.len()..];
            classes.extend(value.split('"').next().unwrap_or_default().split_whitespace());
        }
        UsedNames { elements, classes }
    }

    /// The rules of `css` that fit something, also within its media queries.
    pub(super) fn rules(&self, css: &str) -> String {
        style::rules(css).into_iter().map(|rule| self.rule(rule)).collect()
    }

    fn rule(&self, rule: &str) -> String {
        let Some((head, body)) = rule.split_once('{') else { return rule.to_owned() };
        if head.starts_with('@') {
            let inner = self.rules(body.strip_suffix('}').unwrap_or(body));
            return if inner.is_empty() { inner } else { format!("{head}{{{inner}}}") };
        }
        // A comma within parentheses separates no selectors.
        if head.contains('(') {
            return rule.to_owned();
        }
        let fitting: Vec<&str> = head.split(',').filter(|one| self.fits(one)).collect();
        if fitting.is_empty() { String::new() } else { format!("{}{{{body}", fitting.join(",")) }
    }

    /// Whether everything that a selector names is there. Attributes and states are taken as given.
    fn fits(&self, selector: &str) -> bool {
        let mut rest = selector;
        while let Some(first) = rest.chars().next() {
            let after = &rest[first.len_utf8()..];
            let length = name(after).len();
            rest = match first {
                '[' => after.split_once(']').map_or("", |(_, rest)| rest),
                '.' if !self.classes.contains(&after[..length]) => return false,
                '.' | ':' | '#' => &after[length..],
                _ if first.is_ascii_alphabetic() => {
                    if !self.elements.contains(name(rest)) {
                        return false;
                    }
                    &after[length..]
                }
                _ => after,
            };
        }
        true
    }
}

/// What `text` begins with, as far as it is a name.
fn name(text: &str) -> &str {
    let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_without_a_use_go() {
        let used = UsedNames::of("<div class=\"a b\"><p>x</p></div>");
        let kept = |css| used.rules(css);
        assert_eq!(kept(".a,.c{color:red}.c{margin:0}td{margin:0}"), ".a{color:red}");
        assert_eq!(
            kept("@media (max-width:9px){.c{margin:0}body,h1 .a,p.b{x:y}}"),
            "@media (max-width:9px){body,p.b{x:y}}"
        );
        assert_eq!(kept("@media print{.c{margin:0}}"), "");
        let outlook = "[data-ogsc] .b{color:red}:root{color-scheme:dark}";
        assert_eq!(kept(outlook), outlook);
        assert_eq!(kept("p:hover,a:hover{x:y}"), "p:hover{x:y}");
        assert_eq!(kept("p:not(.c,.d){x:y}"), "p:not(.c,.d){x:y}");
        assert_eq!(kept("한 .a{x:y}*{x:y}"), "한 .a{x:y}*{x:y}");
    }
}
