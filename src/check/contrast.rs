//! Text that style.css or raw HTML put on a ground too much like it: resolved element by element, in
//! light and in dark mode, as a mail program does it. The theme's own pairs are looked at when it is
//! composed.

use std::collections::{BTreeSet, HashMap};

use super::access::seen;
use super::html::{Element, TextNode, plain};
use super::view::View;
use super::{colors, css};
use crate::compose::kept_colors::{KeptColor, KeptColors, Surroundings};
use crate::compose::selector::LetterNode;
use crate::compose::theme::{Color, LEAST_CONTRAST};
use crate::diagnostic::Diagnostic;
use crate::issue::css::colors::{self as written, is_gradient, may_end};

/// Large text needs less contrast (WCAG 2.2, 1.4.3).
const LEAST_LARGE: f64 = 3.0;
/// What is nearer to its ground is one colour with it: nobody can read it.
const LEAST_SEEN: f64 = 1.5;
/// Elements in each other: of what is deeper, only the inner ones are looked at.
const MAX_DEPTH: usize = 200;

/// Who says a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ColorSource<'a> {
    /// As it is written.
    value: &'a str,
    /// Whether the element has it in light and in dark mode.
    is_of_both: bool,
    /// Whether a rule of style.css says it that stays in a `<style>` block.
    is_author_s: bool,
}

/// A colour with its opacity, and who says it; `None` where nobody knows.
type KnownColor<'a> = Option<([u8; 4], ColorSource<'a>)>;

/// The darkest and the brightest colour of a ground, and who says it.
type KnownGround<'a> = Option<([[u8; 4]; 2], ColorSource<'a>)>;

/// The colours of an element.
#[derive(Clone, Copy, Debug, Default)]
struct ElementColors<'a> {
    text: KnownColor<'a>,
    ground: KnownGround<'a>,
}

/// See the file's head.
pub(super) fn contrast(view: &View<'_>) -> Vec<Diagnostic> {
    let theme = view.input.theme;
    let kept = KeptColors::of(&view.tree.styles, theme, view.tree.elements.len());
    let (mut told, mut places) = (BTreeSet::new(), BTreeSet::new());
    let mut problems = Vec::new();
    for meets_others in [false, true] {
        for is_dark in [false, true] {
            let palette = if is_dark { &theme.dark } else { &theme.light };
            let of_theme: Vec<(Color, Color)> =
                palette.pairs().into_iter().map(|(_, text, _, on)| (text, on)).collect();
            let painted = painted(view, &kept, Surroundings { is_dark, meets_others });
            for words in seen(view) {
                let Some(Some((pair, sources))) =
                    words.parent.and_then(|at| painted.get(at)).map(pair)
                else {
                    continue;
                };
                let least = if is_large(view, words) { LEAST_LARGE } else { LEAST_CONTRAST };
                let (color, ground) = pair;
                if of_theme.contains(&pair)
                    || color.contrast(ground) >= least
                    || !told.insert(format!("{color} {ground} {least}"))
                {
                    continue;
                }
                let found = problem(view, pair, sources, least, is_dark);
                // One declaration is wrong once, whatever stands on it.
                if places.insert(format!("{:?}", found.place)) || !is_dark {
                    problems.push(found);
                }
            }
        }
    }
    problems
}

fn pair<'a>(element: &ElementColors<'a>) -> Option<((Color, Color), [ColorSource<'a>; 2])> {
    let (text, text_source) = element.text?;
    let (ground, ground_source) = element.ground?;
    let opaque = |[red, green, blue, _]: [u8; 4]| Color::new(red, green, blue);
    let of_ground = |ground| (opaque(mixed(text, ground)), opaque(ground));
    let [dark, bright] = ground.map(of_ground);
    // Somewhere between the two, a gradient has the words' own colour.
    let light = |color: Color| Color::new(0, 0, 0).contrast(color);
    let is_between = light(dark.0) > light(dark.1) && light(bright.0) < light(bright.1);
    let nearest = if dark.0.contrast(dark.1) < bright.0.contrast(bright.1) { dark } else { bright };
    let pair = if is_between { (nearest.0, nearest.0) } else { nearest };
    Some((pair, [text_source, ground_source]))
}

fn problem(
    view: &View<'_>,
    (color, ground): (Color, Color),
    sources: [ColorSource<'_>; 2],
    least: f64,
    is_dark: bool,
) -> Diagnostic {
    let [text, behind] = sources;
    let ratio = color.contrast(ground);
    let dark = if is_dark { "in dark mode, " } else { "" };
    let what = format!(
        "{dark}{color} on {ground} has a contrast of {ratio:.2}; it must be at least {least}"
    );
    // What an element has in both modes is not chosen for the dark one.
    let is_chosen = sources.iter().any(|one| one.is_author_s)
        && !(is_dark && sources.iter().any(|one| one.is_of_both));
    let problem = if ratio < LEAST_SEEN && is_chosen {
        let what = format!("{dark}nobody can read {color} on {ground}");
        Diagnostic::error("letter-hidden", what)
            .help("take another color, or another background; or delete the rule")
    } else if is_dark {
        Diagnostic::warning("text-contrast", what).help(
            "give both a color and a background, or neither; or give colors for dark mode with \
             @media (prefers-color-scheme: dark) in style.css (WCAG 1.4.3)",
        )
    } else {
        Diagnostic::error("text-contrast", what)
            .help("make the text darker or the background lighter (WCAG 1.4.3)")
    };
    // A colour of the theme is written nowhere: the other is what the author wrote.
    let grounds = ["background-color", "background", "bgcolor"];
    let written = view.given(&["color"], text.value).or_else(|| view.given(&grounds, behind.value));
    problem.at(written.map_or_else(|| view.manifest(), |written| written.value))
}

/// The colours of each element.
fn painted<'a>(
    view: &'a View<'_>,
    kept: &'a KeptColors,
    surroundings: Surroundings,
) -> Vec<ElementColors<'a>> {
    let elements = &view.tree.elements;
    let classes: Vec<Vec<&str>> = elements
        .iter()
        .map(|element| element.attribute("class").unwrap_or_default().split_whitespace().collect())
        .collect();
    let mut found: Vec<ElementColors<'_>> = Vec::with_capacity(elements.len());
    let mut counts = HashMap::new();
    let mut chain: Vec<(usize, LetterNode<'_>)> = Vec::new();
    for (at, element) in elements.iter().enumerate() {
        while chain.last().is_some_and(|(last, _)| Some(*last) != element.parent) {
            chain.pop();
        }
        let classes = classes.get(at).map(Vec::as_slice).unwrap_or_default();
        let has_id = element.attribute("id").is_some();
        let children = counts.entry(element.parent).or_insert(0_usize);
        *children += 1;
        let nth = Some(*children);
        chain.push((at, LetterNode { element: &element.name, classes, has_id, nth }));
        let nodes: Vec<LetterNode<'_>> =
            chain[chain.len().saturating_sub(MAX_DEPTH)..].iter().map(|(_, node)| *node).collect();
        let around = element.parent.and_then(|at| found.get(at)).copied().unwrap_or_default();
        let [text, ground] = kept.of_element(&nodes, surroundings);
        let own = element.style("color");
        let may_be_small = ["background-size", "background-repeat"]
            .iter()
            .any(|name| element.style(name).is_some());
        found.push(ElementColors {
            text: text_of(source(own, text), around),
            ground: ground_of(source(colors::ground(element), ground), may_be_small, around),
        });
    }
    found
}

/// Which of both wins.
fn source<'a>(inline: Option<&'a str>, kept: Option<KeptColor<'a>>) -> Option<ColorSource<'a>> {
    let is_important = |value: &str| value.trim_end().ends_with("!important");
    match (inline, kept) {
        (Some(own), Some(kept)) if kept.is_important && !is_important(own) => {
            source(None, Some(kept))
        }
        (Some(value), _) => Some(ColorSource { value, is_of_both: true, is_author_s: false }),
        (None, Some(KeptColor { value, is_author_s, is_of_scheme, .. })) => {
            Some(ColorSource { value, is_of_both: is_author_s && !is_of_scheme, is_author_s })
        }
        (None, None) => None,
    }
}

fn text_of<'a>(source: Option<ColorSource<'a>>, around: ElementColors<'a>) -> KnownColor<'a> {
    let Some(source) = source else { return around.text };
    match plain(source.value).as_str() {
        "inherit" | "unset" | "currentcolor" => around.text,
        value => colors::rgba(value).map(|color| (color, source)),
    }
}

fn ground_of<'a>(
    source: Option<ColorSource<'a>>,
    may_be_small: bool,
    around: ElementColors<'a>,
) -> KnownGround<'a> {
    let Some(source) = source else { return around.ground };
    let value = plain(source.value);
    // What cannot be read was refused before, and left out.
    let mut colors = written::ground(&value)?;
    let is_through = may_end(&value) || may_be_small && is_gradient(&value);
    let Some((below, _)) = around.ground else {
        colors.retain(|color| color[3] == 255);
        return colors::extremes(&colors).map(|ends| (ends, source));
    };
    colors.retain(|color| color[3] > 0);
    if colors.is_empty() {
        return around.ground;
    }
    let mut seen: Vec<[u8; 4]> =
        colors.iter().flat_map(|color| below.map(|below| mixed(*color, below))).collect();
    seen.extend(below.into_iter().filter(|_| is_through));
    colors::extremes(&seen).map(|ends| (ends, source))
}

/// What is seen of a colour that lies over another.
fn mixed([red, green, blue, opacity]: [u8; 4], below: [u8; 4]) -> [u8; 4] {
    let share = f64::from(opacity) / 255.0;
    let channel = |above: u8, below: u8| {
        (f64::from(above) * share + f64::from(below) * (1.0 - share)).round() as u8
    };
    [channel(red, below[0]), channel(green, below[1]), channel(blue, below[2]), 255]
}

/// 24 pixels, or 19 in bold.
fn is_large(view: &View<'_>, words: &TextNode) -> bool {
    let around = || view.tree.around(words.parent);
    let size =
        around().find_map(|element: &Element| element.style("font-size").and_then(css::pixels));
    let bold = around().any(|element| {
        let weight = element.style("font-weight");
        ["b", "strong", "h1", "h2", "h3"].contains(&element.name.as_str())
            || weight.is_some_and(|weight| weight.trim() == "bold")
    });
    size.is_some_and(|size| size >= 24.0 || (bold && size >= 18.66))
}
