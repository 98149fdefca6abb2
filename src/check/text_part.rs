//! The plain text: as complete as the HTML, and as clean as a letter.

use std::collections::{BTreeSet, HashSet};

use unicode_width::UnicodeWidthStr as _;

use super::invisible;
use super::spot::Spot;
use super::view::{PREFERENCES, UNSUBSCRIBE, View};
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::slot::Slot;

/// Columns of a line; replies add `> `.
const WIDTH: usize = 72;
/// The same of code, as RFC 5322 (2.1.1) has it: nobody breaks a line of code for a reply.
const CODE_WIDTH: usize = 78;
/// Lines that are told of.
const LINES: usize = 20;
/// Words of the HTML that may be missing, of a hundred: an alt text here, a cut word there.
const MISSING: usize = 3;

const OURS: &str = "this is a mistake in digest itself: please report it, with this issue";

/// Lines that are wider than a terminal or a reply can show.
pub(super) fn width(view: &View<'_>) -> Vec<Diagnostic> {
    let code: HashSet<&str> =
        view.author.code.iter().flat_map(|(_, code)| code.lines()).map(str::trim).collect();
    // Code is measured as it was written, without its indent or the mark of a quote.
    let is_narrow = |line: &str| {
        let bare = line.trim_start_matches(['>', ' ']).trim_end();
        bare.width() <= CODE_WIDTH && (code.contains(bare) || code.contains(line.trim()))
    };
    let wide = view.text.lines().filter(|line| line.width() > WIDTH && can_break(line));
    let problems = wide.filter(|line| !is_narrow(line)).take(LINES).map(|line| {
        let start: String = line.trim().chars().take(24).collect();
        let what = format!("a line of the text part is {} columns wide: {start:?}", line.width());
        let problem = Diagnostic::warning("text-width", what).at(line_place(view, line)).help(
            format!("keep lines of code within {CODE_WIDTH} columns, and of tables within {WIDTH}"),
        );
        (String::new(), problem)
    });
    grouped(problems)
}

/// Whether a line could be shorter: what cannot be broken, such as a long address, has a line of its
/// own, with the mark of a list, a quote or a reference before it.
fn can_break(line: &str) -> bool {
    let is_mark = |word: &&str| {
        let inner = word.trim_matches(['[', ']', '(', ')', '>', '|', '*', '-', '—', '.', ':']);
        let is_number = inner.bytes().all(|byte| byte.is_ascii_digit());
        !(is_number || inner == "x" && word.starts_with('['))
    };
    line.split(' ').filter(is_mark).count() > 1
}

/// Where a line of the text was written: in a block of code, or else wherever its first words stand.
fn line_place(view: &View<'_>, line: &str) -> Place {
    let line = line.trim();
    let in_code =
        |(spot, code): &(Spot<'_>, &str)| code.contains(line).then(|| spot.find(line)).flatten();
    if let Some(place) = view.author.code.iter().find_map(in_code) {
        return place;
    }
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).take(4).collect();
    let starts = (1..=words.len()).rev().map(|count| words[..count].join(" "));
    let found = starts.into_iter().filter(|start| start.len() > 3).find_map(|start| {
        view.author.passages.iter().find_map(|passage| passage.spot.find(&start))
    });
    found.unwrap_or_else(|| view.manifest())
}

/// Links of the HTML that the text lacks, and addresses that a full stop runs into.
pub(super) fn links(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    // Nearly all stand in a list, each a word of its own: the text need not be searched for them.
    let words: HashSet<&str> = view.text.split_whitespace().collect();
    for target in view.targets() {
        if target.starts_with('#') {
            continue;
        }
        let bare = target.strip_prefix("mailto:").or_else(|| target.strip_prefix("tel:"));
        let bare = bare.unwrap_or(target);
        let bare = bare.split('?').next().filter(|_| bare != target).unwrap_or(bare);
        if words.contains(bare) {
            continue;
        }
        let found = memchr::memmem::find_iter(view.text.as_bytes(), bare.as_bytes());
        let mut found = found.peekable();
        if found.peek().is_none() {
            problems.push((target, format!("the link {target} is missing in the text part")));
            continue;
        }
        let glued = |at: usize| {
            let mut behind = view.text[at + bare.len()..].chars();
            matches!(behind.next(), Some('.' | ',' | ';' | ')'))
                && behind.next().is_none_or(char::is_whitespace)
        };
        if !bare.contains('@') && ![UNSUBSCRIBE, PREFERENCES].contains(&target) && found.all(glued)
        {
            problems
                .push((target, format!("a punctuation mark touches {target} in the text part")));
        }
    }
    let problems = problems.into_iter();
    problems
        .map(|(target, what)| {
            Diagnostic::warning("text-links", what)
                .at(link_place(view, target))
                .help("give the link its own words: [the Society's site](https://…)")
        })
        .collect()
}

/// Where a link to `target` is written.
fn link_place(view: &View<'_>, target: &str) -> Place {
    let found = view.author.links.iter().find(|link| link.href == target);
    found.map_or_else(|| view.place_of(target), |link| link.target())
}

/// Words that a reader of the text does not get.
pub(super) fn words(view: &View<'_>) -> Vec<Diagnostic> {
    let cut = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
        words.map(str::to_lowercase).collect()
    };
    // A long word may be cut by the wrapping, so that it is looked for without spaces as well.
    // What stands above the line has a mark before it.
    let is_added = |c: char| c.is_whitespace() || "^_()".contains(c);
    let squeezed = view.text.replace(is_added, "").to_lowercase();
    let said = cut(&view.text);
    let shown = cut(&view.visible());
    let missing: Vec<&String> = shown
        .iter()
        .filter(|word| !said.contains(*word) && !squeezed.contains(word.as_str()))
        .collect();
    if missing.len() < 3 || missing.len() * 100 <= shown.len() * MISSING {
        return Vec::new();
    }
    let named: Vec<&str> = missing.iter().take(5).map(|word| word.as_str()).collect();
    let what =
        format!("the text part lacks {} words of the HTML: {}", missing.len(), named.join(", "));
    // Raw HTML has as many forms as there are authors, and text is made of it as well as can be.
    let raw = view.author.html().next().map(Spot::start);
    let help = if raw.is_some() { "write it in Markdown instead of HTML" } else { OURS };
    let place = raw.unwrap_or_else(|| view.manifest());
    vec![Diagnostic::warning("text-words", what).at(place).help(help)]
}

/// What a text has from the HTML and should not: entities, invisible characters, gaps.
pub(super) fn residue(view: &View<'_>) -> Vec<Diagnostic> {
    let entities = ["&nbsp;", "&amp;", "&#847;", "&zwnj;", "&lt;", "&quot;"];
    let characters = ['\u{200b}', '\u{200c}', '\u{2060}', '\u{34f}', '\u{feff}', '\u{ad}'];
    // What somebody wrote so, as an example or by its number, is meant.
    let unmeant = |needle: &str| view.text.contains(needle) && !is_written(view, needle);
    let mut found: Vec<String> =
        entities.into_iter().filter(|entity| unmeant(entity)).map(str::to_owned).collect();
    let by_name = ["&#", "&shy;", "&zwnj;", "&zwj;", "&ZeroWidthSpace;", "&NoBreak;"];
    let by_name = by_name.into_iter().any(|entity| view.written(entity).is_some());
    let meant = invisible::by_authors(&view.author);
    let characters = characters
        .into_iter()
        .filter(|c| !by_name && unmeant(&c.to_string()) && !meant.contains(c));
    found.extend(characters.map(|c| format!("U+{:04X}", c as u32)));
    if view.text.contains("\n\n\n\n") && !gap_is_meant(view) {
        found.push("three empty lines in a row".to_owned());
    }
    let found = found.into_iter();
    found
        .map(|what| {
            Diagnostic::warning("text-residue", format!("the text part has {what}"))
                .at(view.manifest())
                .help(OURS)
        })
        .collect()
}

/// Whether somebody wrote this in a file of the issue or in digest.toml.
fn is_written(view: &View<'_>, needle: &str) -> bool {
    let publication = view.input.publication;
    let own = [Some(&publication.name), publication.organization.as_ref()];
    let own = own.into_iter().chain([publication.postal_address.as_ref()]);
    let mut own = own.chain([view.input.theme.footer.as_ref()]).flatten();
    let mut slots = view.input.composition.slots.iter().flatten();
    let in_fallback =
        |slot: &Slot| slot.fallback.as_ref().is_some_and(|text| text.contains(needle));
    view.written(needle).is_some()
        || own.any(|text| text.contains(needle))
        || slots.any(in_fallback)
}

/// Whether a gap is an author's: empty lines within code, a slot that may be empty, or braces that
/// were to be a slot, for which there is an error of its own.
fn gap_is_meant(view: &View<'_>) -> bool {
    let is_empty = |line: &str| line.trim_matches([' ', '>', '|']).is_empty();
    let in_source = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let is_slot = |line: &&str| line.trim().starts_with("{{") && line.trim().ends_with("}}");
        lines.iter().any(is_slot) || lines.windows(3).any(|three| three.iter().all(|l| is_empty(l)))
    };
    let issue = view.input.issue;
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    let mut sources = articles.map(|article| &article.source);
    sources.any(|source| in_source(source.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_an_address_with_its_mark_cannot_be_shorter() {
        let long = "https://quay.example/minutes/of-the-meeting-of-the-harbour-council";
        for line in [
            format!("[1] {long}"),
            format!("[1]: {long}"),
            format!("> > [12] {long}"),
            format!("* {long}"),
            format!("1. {long}"),
            format!("  - [x] {long}"),
            format!("(3) {long} [4]"),
            format!("| {long}"),
            format!("    {long}"),
            format!("<{long}>."),
        ] {
            assert!(!can_break(&line), "{line}");
        }
        for line in [format!("    curl {long}"), format!("see {long}"), "a b".to_owned()] {
            assert!(can_break(&line), "{line}");
        }
    }
}
