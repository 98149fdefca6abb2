//! What Gmail takes of a mail's styles and characters (its length is for `size`).

use super::view::View;
use super::{css, size};
use crate::diagnostic::{Diagnostic, Place};

/// Gmail drops all `<style>` where together they have more characters.
const STYLES: usize = 16_384;

/// HTML that Gmail cuts off, or nearly.
pub(super) fn html_size(view: &View<'_>) -> Vec<Diagnostic> {
    size::html_size(view.input.issue, view.input.composition).into_iter().collect()
}

/// Style sheets that Gmail drops for their length.
pub(super) fn style_size(view: &View<'_>) -> Vec<Diagnostic> {
    let characters: usize = view.tree.styles.iter().map(|style| style.chars().count()).sum();
    if characters <= STYLES {
        return Vec::new();
    }
    let what =
        format!("<style> has {characters} characters; above {STYLES}, Gmail ignores all of them");
    let problem = Diagnostic::error("gmail-style-size", what).at(style_sheet(view)).help(
        "shorten the @media rules in style.css; other rules are written into the elements and do \
         not count",
    );
    vec![problem]
}

/// An at-rule within an at-rule: Gmail drops the block.
pub(super) fn nested_at_rules(view: &View<'_>) -> Vec<Diagnostic> {
    let nested = view.tree.styles.iter().any(|style| css::at_rule_depth(style) > 1);
    if !nested {
        return Vec::new();
    }
    let problem = Diagnostic::error("gmail-nested", "an at-rule is inside another at-rule")
        .at(view.in_markup("@").unwrap_or_else(|| style_sheet(view)))
        .help("write one after the other: Gmail ignores the whole block");
    vec![problem]
}

/// What makes Gmail or an older program drop a style: comments, `url()`, `!important` without a
/// space before it.
pub(super) fn style_hazards(view: &View<'_>) -> Vec<Diagnostic> {
    let inline = view.tree.elements.iter().filter_map(|element| element.attribute("style"));
    let kept = view.tree.styles.iter().map(String::as_str);
    let glued = |style: &str| style.replace(" !important", "").contains("!important");
    let found = kept.chain(inline).find_map(|style| {
        let lower = style.to_ascii_lowercase();
        let hazards = [
            (lower.contains("/*"), "/*"),
            (lower.contains("url("), "url("),
            (glued(&lower), "!important"),
        ];
        hazards.into_iter().find(|(is_there, _)| *is_there).map(|(_, hazard)| hazard)
    });
    let Some(hazard) = found else { return Vec::new() };
    let problem =
        Diagnostic::error("gmail-style", format!("{hazard:?} makes Gmail ignore the style"))
            .at(view.in_markup(hazard).unwrap_or_else(|| style_sheet(view)))
            .help("write no comments and no url() in styles, and a space before !important");
    vec![problem]
}

/// Control characters U+0080 to U+009F, at which Gmail cuts a mail off.
pub(super) fn control_characters(view: &View<'_>) -> Vec<Diagnostic> {
    let found = view.html.chars().find(|c| matches!(*c, '\u{80}'..='\u{9f}'));
    let Some(odd) = found else { return Vec::new() };
    let what = format!("the control character U+{:04X} is in the mail", odd as u32);
    let problem = Diagnostic::error("gmail-control", what)
        .at(view.place_of(&odd.to_string()))
        .help("delete it: it often comes with copied text, and Gmail shows nothing after it");
    vec![problem]
}

fn style_sheet(view: &View<'_>) -> Place {
    match &view.input.issue.style {
        Some(source) => Place::File(source.path().to_owned()),
        None => view.manifest(),
    }
}
