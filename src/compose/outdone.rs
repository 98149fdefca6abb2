//! What an author's sheet says and readers never see, because the letter says something of its own
//! further in: told, with the place to write it instead.
//!
//! Must never tell of what has an effect somewhere: a bare `a` means all links of which nothing more
//! is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::class_names;
use super::sheet_text::{self, SheetItem, SheetText};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::css;

/// Declarations that are told of.
const MOST_TOLD: usize = 12;
/// Declarations that are looked at: a longer sheet is refused.
const MAX_ITEMS: usize = 6_000;

/// Selectors of one rule that are looked at.
const MOST_SELECTORS: usize = 200;

/// What the whole letter has of its own, on `.b` and on the sheet with its text, `.s`.
const OF_WHOLE: [&str; 6] =
    ["font", "font-family", "line-height", "background", "background-color", "color"];
/// What stands for the whole page.
const WHOLE: [&str; 4] = ["body", "html", ":root", "html body"];
/// Borders that a quotation has of its own.
const BARS: [&str; 5] =
    ["border", "border-left", "border-right", "border-inline-start", "border-inline"];
/// Titles of articles, as classes.
const TITLES: [&str; 4] = ["t", "ld", "st", "ct"];

/// Surroundings for which a rule is: any, or dark mode alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    Any,
    Dark,
}

/// What of this a letter has.
struct LetterShape<'h> {
    /// Elements of titles that are links.
    linked: BTreeSet<&'h str>,
    has_quotes: bool,
}

/// The last part of a selector: what it means.
struct Subject<'a> {
    element: &'a str,
    classes: Vec<&'a str>,
    /// Whether it is said of everything with this name, wherever it stands.
    is_alone: bool,
    /// Elements and classes around it.
    around: Vec<&'a str>,
}

/// See the file's head. `html` is the finished letter.
pub(super) fn problems(source: &Arc<Source>, html: &str) -> Vec<Diagnostic> {
    let sheet = SheetText::of(source.text());
    let sheet = sheet.edited(&class_names::short_names(&sheet.text));
    let mut items = sheet_text::items(&sheet.text);
    items.truncate(MAX_ITEMS);
    items.retain(|item| item.is_declaration() && mode(item).is_some());
    let said = said(&items);
    let letter =
        LetterShape { linked: linked_titles(html), has_quotes: html.contains("<blockquote") };
    // What one block says of one thing is told once.
    let mut blocks: BTreeMap<(usize, Lost), Vec<&SheetItem<'_>>> = BTreeMap::new();
    for item in &items {
        if let Some(lost) = lost(item, &said, &letter) {
            let block = item.around.last().map_or(0, |prelude| prelude.as_ptr() as usize);
            blocks.entry((block, lost)).or_default().push(item);
        }
    }
    let first = blocks.into_iter().take(MOST_TOLD);
    first
        .filter_map(|((_, lost), items)| {
            let place = Place::span(source, sheet.within_file(items.first()?.range.clone()));
            let names: Vec<String> = items.iter().map(|item| declared(item).0).collect();
            let (what, help) = lost.told(&names.join(", "));
            Some(Diagnostic::warning("style", what).at(place).help(help))
        })
        .collect()
}

/// What is lost of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lost {
    /// It is said of the page, below the letter.
    OfPage,
    /// Titles that are links have their own color.
    InTitles(Mode),
    /// A quotation has a line of its own beside it.
    AtQuotes,
}

impl Lost {
    /// What to say of declarations with these names, and what to do.
    fn told(self, names: &str) -> (String, &'static str) {
        match self {
            Lost::OfPage => (
                format!("nobody sees {names} of the page: the letter has its own"),
                "write it for .b, the whole letter, and colors for .s, its sheet, as well; or \
                 into [theme] of digest.toml",
            ),
            Lost::InTitles(mode) => {
                let dark = if mode == Mode::Dark { " in dark mode" } else { "" };
                (
                    format!("titles that are links keep another color{dark}"),
                    "write it for .u as well, which is the link in a title",
                )
            }
            Lost::AtQuotes => (
                format!("{names} stands beside the line that a quotation has: readers see both"),
                "write it for .qt, which has that line; or take that away with .qt { border: 0 }",
            ),
        }
    }
}

/// When a declaration holds; `None` where nobody sees it on a screen.
fn mode(item: &SheetItem<'_>) -> Option<Mode> {
    let conditions = item.around.iter().filter(|prelude| prelude.starts_with('@'));
    let all: String = conditions.map(|prelude| prelude.to_ascii_lowercase()).collect();
    if all.contains("print") {
        None
    } else if all.contains("prefers-color-scheme") && all.contains("dark") {
        Some(Mode::Dark)
    } else {
        // What holds on some screens only is not looked into.
        (all.is_empty() || all.contains("prefers-color-scheme")).then_some(Mode::Any)
    }
}

/// What the sheet says of the classes that have the last word: mode, class and property.
fn said<'a>(items: &[SheetItem<'a>]) -> BTreeSet<(Mode, &'a str, String)> {
    let mut found = BTreeSet::new();
    for item in items {
        let (name, _) = declared(item);
        for one in selectors(item) {
            let subject = Subject::read(one);
            let Some(mode) = mode(item) else { continue };
            for class in &subject.classes {
                found.insert((mode, *class, name.clone()));
            }
            // `.t a` is the link in a title as well.
            let is_title = |name: &&str| TITLES.contains(name) || is_heading(name);
            let has_class = subject.around.iter().any(|name| TITLES.contains(name));
            if subject.element == "a" && subject.around.iter().any(is_title) && has_class {
                found.insert((mode, "u", name.clone()));
            }
        }
    }
    found
}

/// The selectors of the rule around a declaration, the first of them.
fn selectors<'a>(item: &SheetItem<'a>) -> Vec<&'a str> {
    let list = item.around.last().copied().unwrap_or_default();
    let each = css::split(list, |c| c == ',').into_iter().map(str::trim);
    each.take(MOST_SELECTORS).collect()
}

/// Name and value, in lower case.
fn declared(item: &SheetItem<'_>) -> (String, String) {
    let (name, value) = item.text.split_once(':').unwrap_or((item.text, ""));
    (name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase())
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// What is lost of a declaration, if anything is.
fn lost(
    item: &SheetItem<'_>,
    said: &BTreeSet<(Mode, &str, String)>,
    letter: &LetterShape<'_>,
) -> Option<Lost> {
    let (name, value) = declared(item);
    let mode = mode(item)?;
    let has = |class: &'static str, names: &[&str]| {
        names.iter().any(|name| said.contains(&(mode, class, (*name).to_owned())))
    };
    let all = selectors(item);
    if OF_WHOLE.contains(&name.as_str()) && !["inherit", "transparent", "none"].contains(&&*value) {
        let is_whole = all.iter().any(|one| WHOLE.contains(&one.to_ascii_lowercase().as_str()));
        let names: &[&str] = match name.as_str() {
            "background" | "background-color" => &["background", "background-color"],
            "font" | "font-family" => &["font", "font-family"],
            "color" => &["color"],
            _ => &["line-height", "font"],
        };
        if is_whole && !has("b", names) && !has("s", names) {
            return Some(Lost::OfPage);
        }
    }
    if name == "color"
        && !letter.linked.is_empty()
        && !has("u", &["color"])
        && all.iter().any(|one| Subject::read(one).is_title(&letter.linked))
    {
        return Some(Lost::InTitles(mode));
    }
    let is_none = value.starts_with("none") || value.starts_with('0');
    let is_beside = letter.has_quotes
        && BARS.contains(&name.as_str())
        && !is_none
        && !has("qt", &BARS)
        && all.iter().any(|one| Subject::read(one).is_quote());
    is_beside.then_some(Lost::AtQuotes)
}

impl<'a> Subject<'a> {
    fn read(selector: &'a str) -> Subject<'a> {
        let pieces = css::split(selector, |c| c.is_whitespace() || "><+~".contains(c));
        let (last, before) =
            pieces.split_last().map_or(("", &[][..]), |(last, rest)| (*last, rest));
        let names = |piece: &'a str| {
            piece.split(['.', ':', '[', '#']).map(str::trim).filter(|name| !name.is_empty())
        };
        let element = last.split(['.', ':', '[', '#']).next().unwrap_or_default();
        let classes = last.split('.').skip(1);
        let classes = classes.map(|class| class.split([':', '[', '#']).next().unwrap_or_default());
        Subject {
            element,
            classes: classes.collect(),
            is_alone: before.is_empty() && !last.contains([':', '[', '#']),
            around: before.iter().flat_map(|piece| names(piece)).collect(),
        }
    }

    /// Whether it means titles of which some are links, and not the links in them.
    fn is_title(&self, linked: &BTreeSet<&str>) -> bool {
        let element = self.element.to_ascii_lowercase();
        let is_class = self.classes.iter().any(|class| TITLES.contains(class));
        // `h3 a` counts less than `.u`, which is ours.
        let is_inner = element == "a"
            && self.classes.is_empty()
            && self.around.iter().any(|name| linked.contains(name))
            && self.around.iter().all(|name| is_heading(name));
        is_class || is_inner || linked.contains(element.as_str()) && self.classes.is_empty()
    }

    fn is_quote(&self) -> bool {
        self.element.eq_ignore_ascii_case("blockquote") && self.classes.is_empty() && self.is_alone
            || self.classes.contains(&"pq")
    }
}

/// The elements of titles with a link in them.
fn linked_titles(html: &str) -> BTreeSet<&str> {
    /// How far before the link its title begins, with its style.
    const NEAR: usize = 2_000;
    let mut found = BTreeSet::new();
    for (at, _) in html.match_indices("<a class=\"u\"").take(1_000) {
        let near = &html[html.floor_char_boundary(at.saturating_sub(NEAR))..at];
        let title = near.rfind("<h").and_then(|start| near.get(start + 1..start + 3));
        found.extend(title.filter(|name| is_heading(name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LETTER: &str = "<h3 style=\"x\"><a id=\"a\"></a><a class=\"u\" href=\"b\">T</a></h3>\
        <td class=\"qt\"><blockquote><p>x</p></blockquote>";

    fn told(css: &str, html: &str) -> Vec<String> {
        let source = Source::new("style.css", css);
        problems(&source, html).into_iter().map(|one| one.message).collect()
    }

    #[test]
    fn what_is_lost_is_told() {
        for (css, what) in [
            (
                "body{font-family:Georgia,serif;color:#333}",
                "nobody sees font-family, color of the page",
            ),
            ("HTML{background:#fff}", "nobody sees background of the page"),
            ("p,body{color:#222}", "nobody sees color of the page"),
            (
                "@media (prefers-color-scheme:dark){body{background:#000}}",
                "nobody sees background of the page",
            ),
            ("h1,h2,h3{color:#800}", "titles that are links keep another color"),
            (".title{color:#800}", "titles that are links"),
            (".art h3 { color:#800 }", "titles that are links"),
            ("h3 a{color:#800}", "titles that are links"),
            (
                "h3,.u{color:#800}@media (prefers-color-scheme:dark){h3{color:#fcc}}",
                "titles that are links keep another color in dark mode",
            ),
            ("blockquote{border-left:4px solid red}", "border-left stands beside"),
            (".pull-quote{border:1px solid red}", "border stands beside"),
        ] {
            let told = told(css, LETTER);
            assert_eq!(told.len(), 1, "{css}: {told:?}");
            assert!(told[0].starts_with(what), "{css}: {told:?}");
        }
    }

    #[test]
    fn what_is_seen_somewhere_is_not() {
        for css in [
            "body{margin:0;padding:0;font-size:17px}",
            "body,.b{font-family:Georgia,serif}",
            "body{background:#fff}.b{background:#fff}",
            "body{background:none}",
            "@media print{body{color:#000}}",
            "@media (max-width:400px){body{font-family:serif}}",
            "h2{color:#800}",
            "h3,.u{color:#800}",
            "h3{color:#800}.title a{color:#800}",
            "h3{font-style:italic}",
            "a{color:#800}",
            ".quote{border-left:4px solid red}",
            "blockquote{border-left:0;padding:4px}",
            "blockquote{border-left:1px solid red}.quote{border:none}",
            ".raw blockquote{border-left:4px solid red}",
        ] {
            assert_eq!(told(css, LETTER), Vec::<String>::new(), "{css}");
        }
        assert_eq!(told("h3{color:#800}blockquote{border:1px solid}", "<h3>T</h3>").len(), 0);
    }

    proptest! {
        #[test]
        fn any_sheet_is_read(css in "(body|h3|\\.u|[{}:;,. a-z@()]|한){0,60}") {
            let _ = told(&css, LETTER);
        }
    }
}
