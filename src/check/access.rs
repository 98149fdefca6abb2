//! What readers with weak sight, a screen reader or a small screen need (WCAG 2.2).

use std::collections::{BTreeSet, HashMap};

use unicode_width::UnicodeWidthStr as _;

use super::css;
use super::html::{TextNode, Tree};
use super::script;
use super::view::View;
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::block::DataTable;

/// Smaller text is hard to read on a telephone.
const SMALL: f64 = 12.0;
/// What a narrow telephone leaves of a letter, in pixels.
const NARROWEST: f64 = 320.0;
/// What a telephone of 320 pixels leaves of it for text.
const PHONE_TEXT: usize = 288;
/// About the width of a letter of a table, in pixels.
const LETTER: usize = 8;
/// Between two columns.
const BETWEEN: usize = 12;
/// Letters of a word that stay together; longer ones are broken.
const LEAST_WHOLE: usize = 10;
/// Tables of fewer columns give way.
const FEW_COLUMNS: usize = 3;

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
                    .at(view.heading_place(text))
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
    let headings = view.author.passages.iter().filter(|passage| passage.is_heading);
    headings
        .filter(|passage| !passage.has_words)
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
        let count = |name: &str| tree.elements.iter().filter(|one| one.name == name).count();
        // Of one row, no table of data is made: something is laid out in it.
        if count("tr") > count("table") && count("table") > 0 && count("th") == 0 {
            problems.push(problem(spot.of("<table")));
        }
    }
    problems
}

/// A table of so many columns, or with so long words, that a telephone has no room for it: of a few
/// columns long words are broken, and that is enough.
pub(super) fn table_wide(view: &View<'_>) -> Vec<Diagnostic> {
    let tables = view.author.tables.iter();
    let problems = tables.filter_map(|(spot, table)| {
        let words = longest_words(table);
        let needed = |word: &str| word.width().clamp(1, LEAST_WHOLE) * LETTER + BETWEEN;
        let width: usize = words.iter().map(|word| needed(word)).sum();
        if words.len() < FEW_COLUMNS || width <= PHONE_TEXT + BETWEEN {
            return None;
        }
        let mut longest = words.clone();
        longest.sort_by_key(|word| std::cmp::Reverse(word.width()));
        let long = longest.iter().take(3).map(|word| format!("{word:?}")).collect::<Vec<_>>();
        let what = format!(
            "this table is too wide for a telephone: {} columns, with words such as {}, need about \
             {width} pixels, and there are {PHONE_TEXT}",
            words.len(),
            long.join(", ")
        );
        Some(
            Diagnostic::warning("table-wide", what)
                .at(spot.start())
                .help("leave columns out, shorten their words, or write it as a list"),
        )
    });
    problems.collect()
}

/// The longest word of each column.
fn longest_words(table: &DataTable) -> Vec<String> {
    let rows = || std::iter::once(&table.head).chain(&table.rows);
    let columns = rows().map(Vec::len).max().unwrap_or(0);
    let mut longest = vec![String::new(); columns];
    for row in rows() {
        for (cell, longest) in row.iter().zip(&mut longest) {
            let text = crate::issue::block::plain(cell);
            let word = text.split_whitespace().max_by_key(|word| word.width()).unwrap_or_default();
            if word.width() > longest.width() {
                *longest = word.to_owned();
            }
        }
    }
    longest
}

/// Text in a script that the language around it is not written in (WCAG 3.1.2): told once for each
/// script. The publication's own name and address are set in digest.toml, where nothing can be
/// marked: those are nobody's slip.
pub(super) fn part_language(view: &View<'_>) -> Vec<Diagnostic> {
    let publication = view.input.publication;
    let own = [Some(&publication.name), publication.organization.as_ref()];
    let own = own.into_iter().chain([publication.postal_address.as_ref()]);
    let own: Vec<&String> = own.chain([view.input.theme.footer.as_ref()]).flatten().collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    let mut known = HashMap::new();
    for words in &view.tree.texts {
        if words.text.is_ascii() || view.tree.is_hidden(words.parent) {
            continue;
        }
        let around = view.tree.around(words.parent);
        let language = around.filter_map(|element| element.attribute("lang")).next();
        let language = language.unwrap_or(&view.input.issue.language);
        for run in script::foreign(&words.text, language) {
            let is_own = own.iter().any(|text| text.contains(run.text));
            let is_name = script::is_name_in_brackets(&words.text, &run)
                || script::is_language_names(&words.text, &run);
            if is_own || is_name {
                continue;
            }
            if !told.insert(run.text.to_owned()) {
                continue;
            }
            let mut beside = || language_beside(&view.tree, words.parent, &mut known);
            let of_han = if run.is_han() { beside() } else { None };
            let as_language = of_han.unwrap_or(run.languages[0]);
            let what =
                format!("\"{}\" is {}, but it is marked as {language}", run.text, run.script);
            let help = format!(
                "write <span lang=\"{as_language}\">{}</span> within a sentence; put whole paragraphs \
                 between ::: {{lang={as_language}}} and :::, or write language: in the front matter",
                shortened(run.text)
            );
            let problem = Diagnostic::warning("part-language", what)
                .at(marked_as(view, run.text, language))
                .help(help);
            found.push((format!("{} {language}", run.script), problem));
        }
    }
    grouped(found)
}

/// The words of a short text, and the sign for others in place of a long one.
fn shortened(text: &str) -> &str {
    if text.chars().count() > 24 { "…" } else { text }
}

/// What language the paragraph, or whatever block is around an element, tells of the Chinese characters
/// in it. What is known of a block is kept.
fn language_beside(
    tree: &Tree,
    element: Option<usize>,
    known: &mut HashMap<usize, Option<&'static str>>,
) -> Option<&'static str> {
    const LINES: [&str; 12] =
        ["a", "b", "strong", "em", "i", "span", "u", "s", "del", "mark", "small", "font"];
    let mut next = element;
    while let Some(at) = next {
        let element = tree.elements.get(at)?;
        if !LINES.contains(&element.name.as_str()) {
            return *known.entry(at).or_insert_with(|| script::of_han_in(&element.text));
        }
        next = element.parent;
    }
    None
}

/// Where an author wrote words in a text that is marked as `language`.
fn marked_as(view: &View<'_>, words: &str, language: &str) -> Place {
    let mut passages = view.author.passages.iter();
    let found = passages
        .find_map(|passage| passage.spot.find(words).filter(|_| passage.language == language));
    found.unwrap_or_else(|| view.place_of(words))
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
    let written = view.given(&["text-align", "align"], "justify");
    let problem = Diagnostic::warning(
        "text-justify",
        "this text is justified: aligned to both margins",
    )
    .at(written.map_or_else(|| view.place_of("justify"), |written| written.value))
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
            let place = view.given(&["font-size"], written).map(|written| written.value);
            problems.push(
                Diagnostic::warning("text-small", format!("text of {size} pixels is hard to read"))
                    .at(place.unwrap_or_else(|| view.place_of(written)))
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
            let place = view.given(&["min-width", "width"], written).map(|written| written.value);
            problems.push(
                Diagnostic::warning("html-wide", what)
                    .at(place.unwrap_or_else(|| view.place_of(written)))
                    .help("write width=\"100%\", or leave the width out"),
            );
        }
    }
    problems
}

/// The words that readers see.
pub(super) fn seen<'a>(view: &'a View<'_>) -> impl Iterator<Item = &'a TextNode> {
    let shown =
        |words: &&TextNode| !words.text.trim().is_empty() && !view.tree.is_hidden(words.parent);
    view.tree.texts.iter().filter(shown)
}
