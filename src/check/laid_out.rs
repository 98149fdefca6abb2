//! Words of the finished letter that lie on others, or are covered by what stands beside them, because
//! a style takes the room away that they need. Goes by the styles that the elements have; rules that
//! stay in a `<style>` block are looked at when the letter is composed.

use std::collections::BTreeSet;

use super::html::{Element, plain};
use super::view::View;
use crate::diagnostic::Diagnostic;
use crate::issue::css::colors;
use crate::issue::css::lengths::{Scale, measure};
use crate::issue::css::ornaments::reach_of_shadow;
use crate::issue::css::properties::canonical;
use crate::issue::css::values::{self, LEFT_TO_WORDS, number, parts};

/// Elements that stand in a line of text, where nothing else is said of them.
const IN_LINES: [&str; 25] = [
    "a", "abbr", "b", "bdi", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q",
    "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var",
];
/// Elements that grow with what stands in them, or hold no words.
const GROWING: [&str; 11] =
    ["a", "hr", "html", "img", "table", "tbody", "td", "tfoot", "th", "thead", "tr"];
/// Characters of a label, which has a height of its own as a button has.
const LABEL: usize = 60;
/// Characters in a box that is lower than a line: a word.
const WORD: usize = 12;
/// Pixels of a line with its room.
const LINE: f64 = 20.0;
/// Pixels by which what is painted in a line may reach beyond it.
const OVERHANG: f64 = 8.0;

/// See the file's head.
pub(super) fn lying_on(view: &View<'_>) -> Vec<Diagnostic> {
    let tree = &view.tree;
    let mut told = BTreeSet::new();
    let mut problems = Vec::new();
    // Each of them may hide a word; together they must not hide a sentence.
    let mut low = 0;
    for (at, element) in tree.elements.iter().enumerate() {
        if tree.is_hidden(Some(at)) || !has_styles(element) {
            continue;
        }
        let letters = || element.text.chars().filter(|c| !c.is_whitespace()).count();
        let found = boxed(element, &mut low)
            .or_else(|| crushed(element).filter(|_| letters() > 0))
            .or_else(|| overhanging(element))
            .or_else(|| close(element).filter(|_| letters() > WORD))
            .or_else(|| cornered(element).filter(|_| letters() > 0));
        let Some((name, what)) = found else { continue };
        let value = element.style(name).unwrap_or_default();
        if !told.insert((name, value)) {
            continue;
        }
        let written = view.given(&[name], value);
        let place = written.map_or_else(|| view.place_of(name), |written| written.name);
        let what = format!("{name} {what}");
        let problem = if what.ends_with(CLOSE) {
            Diagnostic::warning("letter-hidden", what)
        } else {
            Diagnostic::error("letter-hidden", what)
        };
        problems.push(
            problem.at(place).help("delete the declaration, or let the words have their room"),
        );
    }
    problems
}

fn has_styles(element: &Element) -> bool {
    element.attribute("style").is_some()
}

type SpotTaken = Option<(&'static str, &'static str)>;

/// The value of the first of some properties that the element has.
fn said(element: &Element, names: &[&'static str]) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| Some((*name, plain(element.style(name)?))))
}

fn pixels(value: &str) -> Option<f64> {
    Some(measure(value, &Scale::default())?.range.most)
}

/// A height of its own, with more words than it holds. A link, too, where it is a box.
fn boxed(element: &Element, low: &mut usize) -> SpotTaken {
    const HEIGHTS: [&str; 4] = ["height", "max-height", "block-size", "max-block-size"];
    let is_box = element.name == "a" && !stands_in_line(element);
    if GROWING.contains(&element.name.as_str()) && !is_box
        || IN_LINES.contains(&element.name.as_str()) && stands_in_line(element)
    {
        return None;
    }
    let set = HEIGHTS.iter().find_map(|name| {
        let value = plain(element.style(name)?);
        (!LEFT_TO_WORDS.contains(&value.as_str())).then_some((*name, value))
    });
    let (name, value) = set?;
    let letters = element.text.chars().filter(|c| !c.is_whitespace()).count();
    if letters == 0 {
        return None;
    }
    let size = pixels(&value).unwrap_or_default();
    if size >= LINE && letters <= LABEL {
        return None;
    }
    *low += letters;
    if letters <= WORD && *low <= 2 * WORD {
        return None;
    }
    Some((name, "gives words less room than they need, so that they lie on what follows"))
}

/// Whether an element stands in a line of text and takes no room above and below it.
fn stands_in_line(element: &Element) -> bool {
    let display = element.style("display").map(plain);
    match display.as_deref() {
        Some("inline" | "contents" | "initial" | "unset" | "run-in") => true,
        Some("revert" | "inherit") | None => {
            let floats = element.style("float").is_some_and(|value| plain(value) != "none");
            IN_LINES.contains(&element.name.as_str()) && !floats
        }
        Some(_) => false,
    }
}

/// Lines that are lower than their letters. Raised and lowered signs stand in the line of others.
fn crushed(element: &Element) -> SpotTaken {
    const LEAST: f64 = 0.75;
    if ["sub", "sup"].contains(&element.name.as_str()) {
        return None;
    }
    let font = element.style("font").map(plain).unwrap_or_default();
    let of_font = || Some(("font", values::font(&font)?.line?.to_owned()));
    let (name, value) = said(element, &["line-height"]).or_else(of_font)?;
    let is_low = match number(&value) {
        Some(times) => times.range.least < LEAST,
        None => pixels(&value).is_some_and(|height| height < 16.0 * LEAST),
    };
    // What stands in it may have a size and a line of its own.
    let is_empty = || {
        let size = element.style("font-size").map(plain);
        size.and_then(|size| pixels(&size)).is_some_and(|size| size <= 0.0)
    };
    (is_low && !is_empty()).then_some((name, "lets lines lie on each other"))
}

/// What is told of lines that can be read all the same.
const CLOSE: &str = "sets lines closer than the letters are high";

/// Lines of a text, not of a title, that are lower than one of its letters with its room.
fn close(element: &Element) -> SpotTaken {
    const TEXTS: [&str; 6] = ["blockquote", "dd", "div", "li", "p", "td"];
    let (name, value) = said(element, &["line-height"])?;
    let is_low = number(&value).is_some_and(|times| times.range.most < 1.0);
    (is_low && TEXTS.contains(&element.name.as_str())).then_some((name, CLOSE))
}

/// What is painted around words within a line: it covers the lines above and below.
fn overhanging(element: &Element) -> SpotTaken {
    if !stands_in_line(element) || element.text.trim().is_empty() && element.name == "br" {
        return None;
    }
    let has_ground = ["background", "background-color"].iter().any(|name| {
        let value = element.style(name).map(plain);
        value.and_then(|value| colors::ground(&value)).is_some_and(|all| !all.is_empty())
    });
    let mut most = (0.0, None);
    let mut sum = 0.0;
    let groups: [&[&'static str]; 4] = [
        &[
            "padding",
            "padding-top",
            "padding-bottom",
            "padding-block",
            "padding-block-start",
            "padding-block-end",
        ],
        &[
            "border",
            "border-width",
            "border-top",
            "border-bottom",
            "border-top-width",
            "border-bottom-width",
            "border-block",
            "border-block-width",
            "border-block-start",
            "border-block-end",
            "border-style",
        ],
        &["outline", "outline-width"],
        &["box-shadow", "-webkit-box-shadow"],
    ];
    for (at, group) in groups.into_iter().enumerate().filter(|(at, _)| *at > 0 || has_ground) {
        let mut largest = (0.0_f64, None);
        for name in group {
            let Some(value) = element.style(name).map(plain) else { continue };
            let size = if at == 3 { reach_of_shadow(&value) } else { thickness(name, &value) };
            if size > largest.0 {
                largest = (size, Some(*name));
            }
        }
        sum += largest.0;
        if largest.0 > most.0 {
            most = largest;
        }
    }
    let name = most.1.filter(|_| sum > OVERHANG)?;
    Some((name, "could cover lines beside it, as it stands in a line of text and takes no room"))
}

/// The largest length above or below that a padding or a line has.
fn thickness(name: &str, value: &str) -> f64 {
    let every = parts(value);
    let sizes: Vec<f64> = every.iter().filter_map(|part| pixels(part)).collect();
    let is_sides = ["padding", "border-width"].contains(&name) && sizes.len() > 1;
    let tall = sizes.iter().enumerate().filter(|(at, _)| !is_sides || at % 2 == 0);
    let largest = tall.map(|(_, size)| *size).fold(0.0, f64::max);
    let is_line = !canonical(name).starts_with("padding");
    let is_drawn = every.iter().any(|part| !["none", "hidden", "0"].contains(part));
    match (sizes.is_empty(), is_line && is_drawn) {
        (true, true) => 3.0,
        _ => largest,
    }
}

/// Round corners that cut off words.
fn cornered(element: &Element) -> SpotTaken {
    const ROUNDEST: f64 = 48.0;
    let cuts = ["overflow", "overflow-x", "overflow-y"].iter().any(|name| {
        element.style(name).is_some_and(|value| {
            parts(&plain(value))
                .iter()
                .any(|word| ["hidden", "clip", "scroll", "auto"].contains(word))
        })
    });
    let radius = said(element, &["border-radius", "-webkit-border-radius"])?.1;
    let is_round =
        parts(&radius).iter().any(|part| pixels(part).is_some_and(|size| size > ROUNDEST));
    let is_label = element.text.chars().count() <= LABEL;
    (cuts && is_round && !is_label).then_some(("border-radius", "cuts off words at the corners"))
}
