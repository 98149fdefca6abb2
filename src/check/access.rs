//! What readers with weak sight, a screen reader or a small screen need (WCAG 2.2).

use std::collections::BTreeSet;

use super::html::{TextNode, Tree};
use super::script;
use super::view::View;
use super::{colors, css};
use crate::compose::theme::{Color, LEAST_CONTRAST};
use crate::diagnostic::Diagnostic;

/// Smaller text is hard to read on a telephone.
const SMALL: f64 = 12.0;
/// Large text needs less contrast (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST_LARGE: f64 = 3.0;
/// What a narrow telephone leaves of a letter, in pixels.
const NARROWEST: f64 = 320.0;
/// Words of capitals in a row.
const SHOUTED: usize = 5;

fn heading_level(name: &str) -> Option<u8> {
    let level = name.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

/// Headings that skip a level: who walks a mail by its headings meets a gap.
pub(super) fn heading_order(view: &View<'_>) -> Vec<Diagnostic> {
    let mut before = 0;
    let mut problems = Vec::new();
    for element in &view.tree.elements {
        let Some(level) = heading_level(&element.name) else { continue };
        if level > before + 1 && before > 0 {
            let text = element.text.trim();
            let what = format!(
                "the heading {text:?} has level {level}, but the heading before it has level \
                 {before}"
            );
            problems.push(
                Diagnostic::warning("heading-order", what)
                    .at(view.place_of(text))
                    .help("use ## and then ###, without skipping one"),
            );
        }
        before = level;
    }
    problems
}

/// No first heading, or several.
pub(super) fn heading_one(view: &View<'_>) -> Vec<Diagnostic> {
    let count = view.tree.named("h1").count();
    if count == 1 {
        return Vec::new();
    }
    let problem = Diagnostic::error(
        "heading-one",
        format!("the mail has {count} main headings (h1) instead of one"),
    )
    .at(view.manifest())
    .help("only the issue's title is an h1");
    vec![problem]
}

/// A heading without text.
pub(super) fn heading_empty(view: &View<'_>) -> Vec<Diagnostic> {
    let empty = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
    let headings = view.author.passages.iter().filter(|passage| passage.is_heading);
    headings
        .filter(|passage| empty(&passage.text))
        .map(|passage| {
            Diagnostic::warning("heading-empty", "this heading has no text")
                .at(passage.spot.of(""))
                .help("write the text of the heading, or delete it")
        })
        .collect()
}

/// A table of data that does not say what its columns are.
pub(super) fn table_header(view: &View<'_>) -> Vec<Diagnostic> {
    let problem = |place| {
        Diagnostic::warning("table-header", "the columns of this table have no headings")
            .at(place)
            .help("fill in the first row: a screen reader reads it aloud with each cell")
    };
    let is_empty = |cells: &[Vec<crate::issue::block::Inline>]| {
        cells.iter().all(|cell| crate::issue::block::plain(cell).trim().is_empty())
    };
    let tables = view.author.tables.iter();
    let mut problems: Vec<Diagnostic> = tables
        .filter(|(_, table)| is_empty(&table.head))
        .map(|(spot, _)| problem(spot.of("")))
        .collect();
    for (spot, html) in &view.author.raw {
        let tree = Tree::read(html);
        let has = |name: &str| tree.elements.iter().any(|element| element.name == name);
        if has("table") && !has("th") {
            problems.push(problem(spot.of("<table")));
        }
    }
    problems
}

/// Text in a script that the language around it is not written in (WCAG 3.1.2).
pub(super) fn part_language(view: &View<'_>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for words in &view.tree.texts {
        if words.text.is_ascii() || view.tree.is_hidden(words.parent) {
            continue;
        }
        let around = view.tree.around(words.parent);
        let language = around.filter_map(|element| element.attribute("lang")).next();
        let language = language.unwrap_or(&view.input.issue.language);
        for run in script::foreign(&words.text, language) {
            if !told.insert(run.text.to_owned()) {
                continue;
            }
            let what =
                format!("\"{}\" is {}, but it is marked as {language}", run.text, run.script);
            let help = format!(
                "put it between ::: {{lang={}}} and :::, or write language: in the front matter",
                run.languages[0]
            );
            problems.push(
                Diagnostic::warning("part-language", what).at(view.place_of(run.text)).help(help),
            );
        }
    }
    problems
}

/// Words in capitals, one after the other.
pub(super) fn all_caps(view: &View<'_>) -> Vec<Diagnostic> {
    let shouted = |word: &&str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters > 1 && !word.chars().any(char::is_lowercase) && word.chars().any(char::is_uppercase)
    };
    let passages = view.author.passages.iter();
    passages
        .filter_map(|passage| {
            let words: Vec<&str> = passage.text.split_whitespace().collect();
            let run = words.windows(SHOUTED).find(|run| run.iter().all(shouted))?;
            Some(
                Diagnostic::warning("all-caps", "these words are written in capitals only")
                    .at(passage.spot.of(run[0]))
                    .help("write them in normal letters, and use **bold** for emphasis"),
            )
        })
        .collect()
}

/// Text set to both margins.
pub(super) fn justified(view: &View<'_>) -> Vec<Diagnostic> {
    let mut elements = view.tree.elements.iter();
    let is_justified = |value: Option<&str>| value.is_some_and(|v| v.trim() == "justify");
    let found = elements.any(|element| {
        is_justified(element.style("text-align")) || is_justified(element.attribute("align"))
    });
    if !found {
        return Vec::new();
    }
    let problem = Diagnostic::warning(
        "text-justify",
        "this text is justified: aligned to both margins",
    )
    .at(view.place_of("justify"))
    .help("align it to the start of the line: on a telephone the gaps between words get too large");
    vec![problem]
}

/// Text that is small on a telephone.
pub(super) fn small(view: &View<'_>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for words in seen(view) {
        let around = view.tree.around(words.parent);
        let Some(written) = around.filter_map(|element| element.style("font-size")).next() else {
            continue;
        };
        let size = css::pixels(written).filter(|size| *size < SMALL);
        if let (Some(size), true) = (size, told.insert(written)) {
            problems.push(
                Diagnostic::warning("text-small", format!("text of {size} pixels is hard to read"))
                    .at(view.place_of(written))
                    .help("use at least 12 pixels: 14 for small print, 16 for normal text"),
            );
        }
    }
    problems
}

/// What a telephone has to scroll sideways for: a width that an author wrote.
pub(super) fn wide(view: &View<'_>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    let elements = view.tree.elements.iter();
    for element in elements.filter(|element| element.name != "img") {
        let attribute = element.attribute("width").filter(|_| element.style("max-width").is_none());
        let style = element.style("width").filter(|_| element.style("max-width").is_none());
        let written = element.style("min-width").or(style).or(attribute);
        let Some(written) = written else { continue };
        let pixels = css::pixels(written).or_else(|| written.trim().parse().ok());
        let Some(width) = pixels.filter(|width| *width > NARROWEST) else { continue };
        if told.insert(written) {
            let what = format!(
                "this is {width} pixels wide, but a small telephone shows only {NARROWEST}"
            );
            problems.push(
                Diagnostic::warning("html-wide", what)
                    .at(view.place_of(written))
                    .help("write width=\"100%\", or leave the width out"),
            );
        }
    }
    problems
}

/// The words that readers see.
fn seen<'a>(view: &'a View<'_>) -> impl Iterator<Item = &'a TextNode> {
    let shown =
        |words: &&TextNode| !words.text.trim().is_empty() && !view.tree.is_hidden(words.parent);
    view.tree.texts.iter().filter(shown)
}

/// Text that style.css or raw HTML put on a ground too much like it, in light or dark. The theme's
/// own pairs are looked at when it is composed.
pub(super) fn contrast(view: &View<'_>) -> Vec<Diagnostic> {
    let light = &view.input.theme.light;
    let of_theme: Vec<_> = light.pairs().into_iter().map(|(_, text, _, on)| (text, on)).collect();
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for words in seen(view) {
        let own = view.tree.around(words.parent).find_map(|element| element.style("color"));
        let behind = view.tree.around(words.parent).find_map(colors::background);
        let (Some(own), Some((behind, ground))) = (own, behind) else { continue };
        let Some(color) = colors::parse(own) else { continue };
        let least = if is_large(view, words) { LEAST_CONTRAST_LARGE } else { LEAST_CONTRAST };
        if of_theme.contains(&(color, ground)) || !told.insert(format!("{color} {ground} {least}"))
        {
            continue;
        }
        let ratio = color.contrast(ground);
        let problem = if ratio < least {
            let what = format!(
                "{color} on {ground} has a contrast of {ratio:.2}; it must be at least {least}"
            );
            Diagnostic::error("text-contrast", what)
                .help("make the text darker or the background lighter (WCAG 1.4.3)")
        } else if let Some((color, ground)) = in_dark(view, color, ground)
            && color.contrast(ground) < least
        {
            let ratio = color.contrast(ground);
            let what = format!(
                "in dark mode, {color} on {ground} has a contrast of {ratio:.2}; it must be at \
                 least {least}"
            );
            Diagnostic::warning("text-contrast", what)
                .help("set both a color and a background, or neither of them (WCAG 1.4.3)")
        } else {
            continue;
        };
        // A colour of the theme is written nowhere: the other is what the author wrote.
        let written = view.written(own).or_else(|| view.written(behind));
        problems.push(problem.at(written.unwrap_or_else(|| view.manifest())));
    }
    problems
}

/// What becomes of a pair where the surroundings are dark: the theme's colours change, an author's
/// stay. `None` where both are the author's, or where style.css sees to it.
fn in_dark(view: &View<'_>, color: Color, ground: Color) -> Option<(Color, Color)> {
    let style = view.input.issue.style.as_ref();
    if style.is_some_and(|style| style.text().contains("prefers-color-scheme")) {
        return None;
    }
    let (light, dark) = (&view.input.theme.light, &view.input.theme.dark);
    let swap = |color: Color, pairs: &[(Color, Color)]| {
        pairs.iter().find(|(light, _)| *light == color).map(|(_, dark)| *dark)
    };
    let text =
        swap(color, &[(light.text, dark.text), (light.muted, dark.muted), (light.link, dark.link)]);
    let on = swap(
        ground,
        &[
            (light.surface, dark.surface),
            (light.background, dark.background),
            (light.callout, dark.callout),
        ],
    );
    match (text, on) {
        (None, Some(on)) => Some((color, on)),
        (Some(text), None) => Some((text, ground)),
        _ => None,
    }
}

/// 24 pixels, or 19 in bold.
fn is_large(view: &View<'_>, words: &TextNode) -> bool {
    let around = || view.tree.around(words.parent);
    let size = around().find_map(|element| element.style("font-size").and_then(css::pixels));
    let bold = around().any(|element| {
        let weight = element.style("font-weight");
        ["b", "strong", "h1", "h2", "h3"].contains(&element.name.as_str())
            || weight.is_some_and(|weight| weight.trim() == "bold")
    });
    size.is_some_and(|size| size >= 24.0 || (bold && size >= 18.66))
}
