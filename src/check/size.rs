//! What Gmail takes of a mail: how large it may be, and what its style sheets may hold.

use super::css;
use super::view::View;
use crate::compose::Segment;
use crate::diagnostic::Diagnostic;

/// Gmail cuts a mail off behind this many bytes of HTML, the unsubscribe link included.
const CUT_OFF: usize = 102_400;
/// Room for what relays and forwarders add.
const NEAR: usize = 90 * 1024;
/// What a slot without a fallback is reckoned with.
const SLOT: usize = 24;
/// Gmail drops all `<style>` where together they have more characters.
const STYLES: usize = 16_384;

/// HTML that Gmail cuts off, or nearly.
pub(super) fn html_size(view: &View<'_>) -> Vec<Diagnostic> {
    let composition = view.proof.composition;
    let bytes: usize = composition
        .html
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => text.len(),
            Segment::Slot(index, _) => {
                let slot = composition.slots.get(*index).and_then(Option::as_ref);
                slot.and_then(|slot| slot.fallback.as_ref()).map_or(SLOT, String::len)
            }
            Segment::When(_) | Segment::EndWhen => 0,
        })
        .sum();
    let kilobytes = bytes as f64 / 1024.0;
    let problem = match bytes {
        0..=NEAR => return Vec::new(),
        bytes if bytes <= CUT_OFF => Diagnostic::warning(
            "html-size",
            format!("the HTML is {kilobytes:.0} kB large; Gmail cuts off behind 100 kB"),
        ),
        _ => Diagnostic::error(
            "html-size",
            format!(
                "the HTML is {kilobytes:.0} kB large; Gmail cuts it off behind 100 kB, and the \
                 unsubscribe link with it"
            ),
        ),
    };
    let mut help = "show long articles with length: excerpt, or split the issue".to_owned();
    let articles = largest_articles(view);
    if !articles.is_empty() {
        help.push_str(&format!("; the largest: {}", articles.join(", ")));
    }
    vec![problem.at(view.manifest()).help(help)]
}

/// The three articles that take most of the HTML, each with its size: from its own anchor to the
/// next one's, so that the last one has the footer with it.
fn largest_articles(view: &View<'_>) -> Vec<String> {
    let articles = view.proof.issue.sections.iter().flat_map(|section| &section.articles);
    let mut starts: Vec<(usize, &str)> = articles
        .filter_map(|article| {
            let name = article.slug.split_whitespace().collect::<Vec<_>>().join("-");
            let mut forms = [format!(" id=\"{name}\""), format!(" id={name}")].into_iter();
            Some((forms.find_map(|form| view.html.find(&form))?, article.slug.as_str()))
        })
        .collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([view.html.len()]);
    let mut sizes: Vec<(usize, &str)> =
        starts.iter().zip(ends).map(|((start, name), end)| (end - start, *name)).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.iter().take(3).map(|(bytes, name)| format!("{name} {} kB", bytes / 1024)).collect()
}

/// Style sheets that Gmail drops for their length.
pub(super) fn style_size(view: &View<'_>) -> Vec<Diagnostic> {
    let characters: usize = view.tree.styles.iter().map(|style| style.chars().count()).sum();
    if characters <= STYLES {
        return Vec::new();
    }
    let what = format!("{characters} characters stay in <style>; Gmail drops all above {STYLES}");
    let problem = Diagnostic::error("gmail-style-size", what)
        .at(style_sheet(view))
        .help("shorten the @media rules of style.css; plain rules are inlined and do not count");
    vec![problem]
}

/// An at-rule within an at-rule: Gmail drops the block.
pub(super) fn nested_at_rules(view: &View<'_>) -> Vec<Diagnostic> {
    let nested = view.tree.styles.iter().any(|style| css::at_rule_depth(style) > 1);
    if !nested {
        return Vec::new();
    }
    let problem = Diagnostic::error("gmail-nested", "an at-rule stands within another one")
        .at(view.written("@").unwrap_or_else(|| style_sheet(view)))
        .help("take it apart: Gmail drops the block that it stands in");
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
        Diagnostic::error("gmail-style", format!("{hazard:?} makes Gmail drop the style"))
            .at(view.place_of(hazard))
            .help("no comments and no url() in styles, and a space before !important");
    vec![problem]
}

/// Control characters U+0080 to U+009F, at which Gmail cuts a mail off.
pub(super) fn control_characters(view: &View<'_>) -> Vec<Diagnostic> {
    let found = view.html.chars().find(|c| matches!(*c, '\u{80}'..='\u{9f}'));
    let Some(odd) = found else { return Vec::new() };
    let what = format!("the control character U+{:04X} is in the mail", odd as u32);
    let problem = Diagnostic::error("gmail-control", what)
        .at(view.place_of(&odd.to_string()))
        .help("delete it: it came with text that was copied from elsewhere, and Gmail stops there");
    vec![problem]
}

fn style_sheet(view: &View<'_>) -> crate::diagnostic::Place {
    match &view.proof.issue.style {
        Some(source) => crate::diagnostic::Place::File(source.path().to_owned()),
        None => view.manifest(),
    }
}
