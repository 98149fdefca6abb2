//! The plain text: as complete as the HTML, and as clean as a letter.

use std::collections::{BTreeSet, HashSet};

use unicode_width::UnicodeWidthStr as _;

use super::view::{UNSUBSCRIBE, View};
use crate::diagnostic::Diagnostic;

/// Columns of a line; replies add `> `.
const WIDTH: usize = 72;
/// Words of the HTML that may be missing, of a hundred: an alt text here, a cut word there.
const MISSING: usize = 3;

const OURS: &str = "this is a mistake in digest itself: please report it, with this issue";

/// Lines that are wider than a terminal or a reply can show.
pub(super) fn width(view: &View<'_>) -> Vec<Diagnostic> {
    // What cannot be broken, such as a long address, has a line of its own.
    let can_break = |line: &str| line.trim_start_matches(['>', ' ', '*', '-']).contains(' ');
    let mut lines = view.text.lines();
    let Some(line) = lines.find(|line| line.width() > WIDTH && can_break(line)) else {
        return Vec::new();
    };
    let start: String = line.trim().chars().take(24).collect();
    let what = format!("a line of the text part is {} columns wide: {start:?}", line.width());
    let problem = Diagnostic::warning("text-width", what)
        .at(view.place_of(&start))
        .help(format!("keep lines of code and tables within {WIDTH} columns"));
    vec![problem]
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
        if !bare.contains('@') && target != UNSUBSCRIBE && found.all(glued) {
            problems
                .push((target, format!("a punctuation mark touches {target} in the text part")));
        }
    }
    let problems = problems.into_iter();
    problems
        .map(|(target, what)| {
            Diagnostic::warning("text-links", what)
                .at(view.place_of(target))
                .help("give the link its own words: [the Society's site](https://…)")
        })
        .collect()
}

/// Words that a reader of the text does not get.
pub(super) fn words(view: &View<'_>) -> Vec<Diagnostic> {
    let cut = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
        words.map(str::to_lowercase).collect()
    };
    // A long word may be cut by the wrapping, so that it is looked for without spaces as well.
    let squeezed: String = view.text.split_whitespace().collect::<String>().to_lowercase();
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
    let problem = Diagnostic::warning("text-words", what).at(view.manifest()).help(OURS);
    vec![problem]
}

/// What a text has from the HTML and should not: entities, invisible characters, gaps.
pub(super) fn residue(view: &View<'_>) -> Vec<Diagnostic> {
    let entities = ["&nbsp;", "&amp;", "&#847;", "&zwnj;", "&lt;", "&quot;"];
    let invisible = ['\u{200b}', '\u{200c}', '\u{2060}', '\u{34f}', '\u{feff}', '\u{ad}'];
    // What the author wrote so, as an example, is meant.
    let unmeant = |needle: &str| view.text.contains(needle) && view.written(needle).is_none();
    let mut found: Vec<String> =
        entities.into_iter().filter(|entity| unmeant(entity)).map(str::to_owned).collect();
    let characters = invisible.into_iter().filter(|c| unmeant(&c.to_string()));
    found.extend(characters.map(|c| format!("U+{:04X}", c as u32)));
    // Empty lines within code are the author's.
    let is_empty = |line: &str| line.trim_matches([' ', '>', '|']).is_empty();
    let in_source = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        lines.windows(3).any(|three| three.iter().all(|line| is_empty(line)))
    };
    let articles = view.input.issue.sections.iter().flat_map(|section| &section.articles);
    let meant = articles.into_iter().any(|article| in_source(article.source.text()));
    if view.text.contains("\n\n\n\n") && !meant {
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
