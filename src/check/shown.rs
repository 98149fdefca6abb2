//! What readers see of the composed letter, however it comes about: that its text is not hidden, and
//! that nothing is made to stand out over what follows it.

use std::collections::BTreeSet;

use super::colors;
use super::html::{Element, TextNode, Tree, plain};
use super::view::{UNSUBSCRIBE, View};
use crate::diagnostic::Diagnostic;
use crate::issue::css::lengths::{Scale, measure};
use crate::issue::css::properties::{Concern, allows, canonical};
use crate::issue::css::values::{self, TextSize, number};

/// Pixels by which what stands in each other may be moved down in all.
const MOST_MOVED: f64 = 16.0;

/// Words of the letter that readers do not see. That half or more of it is hidden, whoever reads it,
/// is an error.
pub(super) fn letter_hidden(view: &View<'_>) -> Vec<Diagnostic> {
    let whose = ["", " without a tag"];
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    for ((tree, _), whose) in view.readings().into_iter().zip(whose) {
        let (shown, hidden) = shares(tree);
        let count = |words: &[&TextNode]| {
            let letters = words.iter().flat_map(|words| words.text.chars());
            letters.filter(|c| !c.is_whitespace()).count()
        };
        let hidden_count = count(&hidden);
        if hidden_count > 0 && hidden_count >= count(&shown) {
            let all = count(&shown) + hidden_count;
            let what =
                format!("readers{whose} see {} of the letter's {all} characters", count(&shown));
            problems.push(
                Diagnostic::error("letter-hidden", what).at(view.place_of("display")).help(
                    "look for display:none and the like in style.css and raw HTML; take an article \
                     out of issue.toml if nobody is to read it",
                ),
            );
            continue;
        }
        for words in hidden {
            let Some((name, value)) = hiding(tree, words) else { continue };
            if told.insert((name, value)) {
                problems.push(hidden_words(view, words, name, value));
            }
        }
    }
    problems
}

fn hidden_words(view: &View<'_>, words: &TextNode, name: &str, value: &str) -> Diagnostic {
    let text = words.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = text.chars().take(40).collect();
    let dots = if shown == text { "" } else { "…" };
    let what =
        format!("{name} hides words from readers of the HTML: {:?}", format!("{shown}{dots}"));
    let written = view.given(&[name], value);
    Diagnostic::warning("letter-hidden", what)
        .at(written.map_or_else(|| view.place_of(value), |written| written.name))
        .help(
            "delete the words, or show them: they stay in the text part, and filters take hidden \
             words for spam",
        )
}

/// The property, and its value, that hides some words.
fn hiding<'t>(tree: &'t Tree, words: &TextNode) -> Option<(&'static str, &'t str)> {
    let veil = || {
        tree.around(words.parent).find_map(|element| {
            let name = veils(element).into_iter().find(|(_, is_so)| *is_so)?.0;
            Some((name, element.style(name)?))
        })
    };
    let outer = tree.around(words.parent).filter_map(|element| {
        let name = conceals(element)?;
        Some((name, element.style(name).or_else(|| element.style("overflow-y"))?))
    });
    outer.last().or_else(veil)
}

/// The words of the letter that readers see, and those that they do not: without the footer, and
/// without the preheader, which every letter hides.
fn shares(tree: &Tree) -> (Vec<&TextNode>, Vec<&TextNode>) {
    let footer = tree.texts.iter().find_map(|words| {
        let leads_out = |element: &&Element| {
            element.attribute("href").is_some_and(|href| href.contains(UNSUBSCRIBE))
        };
        tree.around(words.parent).find(leads_out)?;
        tree.around(words.parent).find(|element| element.name == "td")
    });
    let is_in = |words: &TextNode, outer: Option<&Element>| {
        outer.is_some_and(|outer| {
            tree.around(words.parent).any(|element| std::ptr::eq(element, outer))
        })
    };
    let in_body = |words: &&TextNode| {
        !words.text.trim().is_empty()
            && tree.around(words.parent).any(|element| element.name == "body")
    };
    let first = tree.texts.iter().find(in_body);
    let preheader = first.filter(|first| tree.is_hidden(first.parent));
    let preheader = preheader.and_then(|words| tree.around(words.parent).next());
    let of_letter = tree
        .texts
        .iter()
        .filter(in_body)
        .filter(|words| !is_in(words, footer) && !is_in(words, preheader));
    of_letter.partition(|words| !tree.is_hidden(words.parent))
}

/// What stands in front of others and is larger than the room it takes: it could lie above the
/// footer.
pub(super) fn covering(view: &View<'_>) -> Vec<Diagnostic> {
    let tree = &view.tree;
    let seen = (0..tree.elements.len()).filter(|at| !tree.is_hidden(Some(*at)));
    let found = seen.into_iter().find_map(|at| {
        let line: Vec<&Element> = tree.around(Some(at)).collect();
        let here = line.first()?;
        let small = line.iter().find_map(|element| less_room(element));
        let is_in_front = line.iter().any(|element| in_front(element));
        // One of both is said here, so that each line is told by the last that makes it whole.
        let is_whole = is_in_front && (in_front(here) || less_room(here).is_some());
        let moved: f64 = line.iter().map(|element| moved_down(element)).sum();
        small.filter(|_| is_whole).or_else(|| (moved > MOST_MOVED).then_some("margin"))
    });
    let Some(written) = found else { return Vec::new() };
    let what =
        "what stands in front of the text is larger than its place, and could cover the footer";
    let problem = Diagnostic::error("footer-style", what)
        .at(view.place_of(written))
        .help("delete position, opacity or negative margins, or the height that goes with them");
    vec![problem]
}

/// Whether an element is painted after the text around it.
fn in_front(element: &Element) -> bool {
    let is_thin = element
        .style("opacity")
        .is_some_and(|value| number(&plain(value)).is_none_or(|opacity| opacity.range.least < 1.0));
    is_thin || element.style("position").is_some_and(|value| plain(value) == "relative")
}

/// What gives an element less room than what stands in it may take.
fn less_room(element: &Element) -> Option<&'static str> {
    let grows = ["a", "hr", "img", "table", "tbody", "td", "th", "thead", "tr"];
    let names = ["height", "max-height"];
    let logical = [("block-size", "height"), ("max-block-size", "max-height")];
    if grows.contains(&element.name.as_str()) {
        return None;
    }
    let is_set = |name: &str| {
        element.style(name).is_some_and(|value| {
            !["auto", "none", "initial", "inherit", "unset"].contains(&plain(value).as_str())
        })
    };
    names
        .into_iter()
        .find(|name| is_set(name))
        .or_else(|| logical.into_iter().find(|(name, _)| is_set(name)).map(|(name, _)| name))
}

/// By how many pixels an element, or what follows in it, is moved down over what is below.
fn moved_down(element: &Element) -> f64 {
    let least = |value: &str| {
        let found = measure(&plain(value), &Scale::default());
        found.map_or(0.0, |found| found.range.least.min(0.0))
    };
    let mut sum = 0.0;
    for name in ["margin-bottom", "margin-block-end", "bottom", "inset-block-end"] {
        sum -= element.style(name).map_or(0.0, least);
    }
    if let Some(value) = element.style("margin") {
        let parts: Vec<&str> = value.split_whitespace().collect();
        let below = if parts.len() < 3 { 0 } else { 2 };
        sum -= parts.get(below).map_or(0.0, |part| least(part));
    }
    for name in ["top", "inset", "inset-block", "inset-block-start"] {
        let value = element.style(name).map(plain).unwrap_or_default();
        let value = value.split_whitespace().next().unwrap_or_default();
        sum += measure(value, &Scale::default()).map_or(0.0, |found| found.range.most.abs());
    }
    sum
}

/// Letters that are pushed together by so many pixels lie on each other.
const CLOSEST: f64 = -6.0;
/// Lines that begin so many pixels to the left are out of sight; a hanging mark is much nearer.
const FARTHEST: f64 = -100.0;

/// The property by which an element's own style takes it away, with all that stands in it.
pub(super) fn conceals(element: &Element) -> Option<&'static str> {
    let value = |name: &str| element.style(name).map(plain);
    let is = |name: &str, values: &[&str]| {
        value(name).is_some_and(|value| values.contains(&value.as_str()))
    };
    let at_most = |name: &str, most: f64| {
        let found = value(name).and_then(|value| measure(&value, &Scale::default()));
        found.is_some_and(|found| found.range.most <= most)
    };
    let of_words = [
        ("display", &["none", "table-column", "table-column-group"][..]),
        ("content-visibility", &["hidden"]),
        ("mso-hide", &["all"]),
    ];
    let sides = ["max-height", "height", "max-width", "width"];
    let cuts = ["overflow", "overflow-x", "overflow-y"];
    let is_cut = |name: &&'static str| {
        value(name).is_some_and(|value| !["auto", "none", "initial"].contains(&value.as_str()))
    };
    let is_refused = |name: &&'static str| {
        // What a name may stand for was looked at in the sheet.
        value(name).is_some_and(|value| {
            !value.contains("var(") && allows(name, &value, Concern::Letter) == Some(false)
        })
    };
    let is_thin = || {
        value("opacity").and_then(|value| number(&value)).is_some_and(|one| one.range.most < 0.1)
    };
    let is_flat = || {
        cuts.iter().any(|cut| is(cut, &["hidden", "clip"]))
            && (sides.iter().any(|side| at_most(canonical(side).as_ref(), 2.0))
                || at_most("line-height", 0.2))
    };
    let named = of_words.into_iter().find(|(name, values)| is(name, values)).map(|(name, _)| name);
    named
        .or_else(|| is_thin().then_some("opacity"))
        .or_else(|| at_most("text-indent", FARTHEST).then_some("text-indent"))
        .or_else(|| at_most("letter-spacing", CLOSEST).then_some("letter-spacing"))
        .or_else(|| ["clip", "clip-path", "-webkit-clip-path"].into_iter().find(is_cut))
        .or_else(|| is_flat().then_some("overflow"))
        .or_else(|| {
            ["font-family", "text-decoration", "text-decoration-thickness"]
                .into_iter()
                .find(is_refused)
        })
}

/// What an element says of its words, and what stands in it may take back: that they are tiny, not
/// to be seen, or of a colour that lets all through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Veils {
    is_tiny: bool,
    is_invisible: bool,
    is_clear: bool,
}

impl Veils {
    pub(super) fn hide(self) -> bool {
        self != Veils::default()
    }

    /// Those of `element`, which stands in what has these.
    pub(super) fn within(self, element: &Element) -> Veils {
        let said = |all: &[(&'static str, bool)], names: &[&str], around: bool| {
            let found = all.iter().find(|(name, _)| names.contains(name));
            found.map_or(around, |(_, is_so)| *is_so)
        };
        let all = veils(element);
        Veils {
            is_tiny: said(&all, &["font-size", "font"], self.is_tiny),
            is_invisible: said(&all, &["visibility"], self.is_invisible),
            is_clear: said(&all, &["-webkit-text-fill-color", "color"], self.is_clear),
        }
    }
}

/// The properties by which an element hides its words, or shows them again.
fn veils(element: &Element) -> Vec<(&'static str, bool)> {
    let mut found = Vec::new();
    let value = |name: &str| element.style(name).map(plain);
    let size = |value: &str| {
        let size = measure(value, &Scale::default())?;
        let is_tiny = size.range.most <= 2.0;
        // What is a part of what is around shows nothing of it again.
        let is_relative = ["em", "%", "ex", "ch"].iter().any(|unit| value.ends_with(unit))
            && !value.ends_with("rem");
        (is_tiny || !is_relative).then_some(is_tiny)
    };
    if let Some(is_tiny) = value("font-size").and_then(|value| size(&value)) {
        found.push(("font-size", is_tiny));
    } else if let Some(value) = value("font")
        && let Some(TextSize::Length(text)) = values::font(&value).map(|font| font.size)
    {
        found.extend(size(text).map(|is_tiny| ("font", is_tiny)));
    }
    if let Some(value) = value("visibility") {
        let is_hidden = ["hidden", "collapse"].contains(&value.as_str());
        found.extend((is_hidden || value == "visible").then_some(("visibility", is_hidden)));
    }
    for name in ["-webkit-text-fill-color", "color"] {
        let color = value(name).filter(|value| colors::rgba(value).is_some());
        found.extend(color.map(|color| (name, colors::is_unseen(&color))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_in_whatever_way_is_counted() {
        let letter = |style: &str| {
            let html = format!(
                "<body><div style=\"display:none\">before</div><table><tr><td><p>ab</p><p \
                 style=\"{style}\">cdef</p></td></tr><tr><td><p><a \
                 href=\"{UNSUBSCRIBE}x\">leave this list</a></p></td></tr></table></body>"
            );
            let tree = Tree::read(&html);
            let (shown, hidden) = shares(&tree);
            let count =
                |words: Vec<&TextNode>| words.iter().map(|one| one.text.len()).sum::<usize>();
            (count(shown), count(hidden))
        };
        assert_eq!(letter("color:red"), (6, 0));
        for style in [
            "display:none",
            "visibility:hidden !important",
            "opacity:.01",
            "font-size:0",
            "font-size:.01in",
            "text-indent:-9999px",
            "color:#fff0",
            "clip-path:inset(50%)",
            "max-height:0;overflow:hidden",
            "height:1px;overflow-y:clip",
            "font:0/0 a",
            "-webkit-text-fill-color:transparent",
            "letter-spacing:-1em",
            "line-height:0;overflow:hidden",
            "font-family:Webdings",
            "text-decoration:line-through 40px",
            "display:table-column",
        ] {
            assert_eq!(letter(style), (2, 4), "{style}");
        }
        for style in ["font-size:90%", "letter-spacing:-.5px", "text-indent:-1em", "line-height:1"]
        {
            assert_eq!(letter(style), (6, 0), "{style}");
        }
    }

    #[test]
    fn what_stands_in_a_veil_may_be_shown_again() {
        let seen = |around: &str, own: &str| {
            let html = format!("<div style=\"{around}\"><p style=\"{own}\">x</p></div>");
            let tree = Tree::read(&html);
            !tree.is_hidden(tree.texts.first().and_then(|words| words.parent))
        };
        assert!(
            seen("font-size:0", "font-size:16px") && seen("font-size:0", "font:16px/1.5 serif")
        );
        assert!(
            seen("visibility:hidden", "visibility:visible") && seen("color:#fff0", "color:red")
        );
        assert!(!seen("font-size:0", "font-size:1em") && !seen("font-size:0", "color:red"));
        assert!(!seen("display:none", "display:block") && !seen("opacity:0", "opacity:1"));
    }
}
