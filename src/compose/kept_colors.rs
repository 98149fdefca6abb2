//! What the `<style>` blocks of a finished letter say of the colours of an element: ours, and those
//! of an author beside them.
//!
//! Counts only what certainly holds. What a selector could mean in some program is looked at before
//! the letter is made; see `ink`.

use std::collections::HashSet;

use super::selector::{Fit, LetterNode};
use super::sheet::{self, Scheme, StyleBlock};
use super::style;
use super::theme::Theme;

/// Where a letter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// In dark mode.
    pub is_dark: bool,
    /// Whether everything else that a media query asks for is so, such as a narrow screen.
    pub meets_others: bool,
}

/// A colour that a kept rule gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeptColor<'a> {
    /// As it is written, in lower case.
    pub value: &'a str,
    /// Whether it wins over what stands in the element.
    pub is_important: bool,
    /// Whether style.css gives it.
    pub is_author_s: bool,
    /// Whether it is for light or for dark surroundings alone.
    pub is_of_scheme: bool,
}

/// What wins: whether it is important, then its specificity.
type Weight = (bool, (usize, usize));

/// The kept rules that speak of colours.
#[derive(Debug)]
pub struct KeptColors {
    blocks: Vec<(StyleBlock, bool)>,
}

/// Elements times rules that are looked at: of a larger letter, Gmail shows no kept rule at all.
const MOST_WORK: usize = 20_000_000;

impl KeptColors {
    /// Those of `styles`, the `<style>` blocks of a letter with `elements` elements in this theme.
    pub fn of(styles: &[String], theme: &Theme, elements: usize) -> KeptColors {
        let own = style::kept(theme).into_iter().chain([style::guard(theme)]);
        let own: HashSet<String> = own.flat_map(|css| told(&colors(&css))).collect();
        let mut blocks: Vec<StyleBlock> = styles.iter().flat_map(|css| colors(css)).collect();
        sheet::expand(&mut blocks);
        let selectors: usize = blocks.iter().map(|block| block.selectors.len()).sum();
        if selectors.saturating_mul(elements) > MOST_WORK {
            blocks.clear();
        }
        let blocks = blocks.into_iter().map(|block| {
            let is_own = told(std::slice::from_ref(&block)).iter().all(|one| own.contains(one));
            (block, !is_own)
        });
        KeptColors { blocks: blocks.collect() }
    }

    /// What is said of the colour of the words, and of the ground, of the last of `chain`, whose
    /// elements stand in each other.
    pub fn of_element(
        &self,
        chain: &[LetterNode<'_>],
        surroundings: Surroundings,
    ) -> [Option<KeptColor<'_>>; 2] {
        let mut found: [Option<(Weight, KeptColor<'_>)>; 2] = [None, None];
        for (block, is_author_s) in &self.blocks {
            if !holds(block, surroundings) {
                continue;
            }
            let fitting = block.selectors.iter().filter(|one| one.fits(chain) == Fit::Always);
            let Some(specificity) = fitting.map(|one| one.specificity).max() else { continue };
            for (declaration, value) in block.said() {
                let Some(at) = place(&declaration.name) else { continue };
                let weight = (declaration.is_important, specificity);
                if found[at].as_ref().is_none_or(|(known, _)| *known <= weight) {
                    let color = KeptColor {
                        value,
                        is_important: declaration.is_important,
                        is_author_s: *is_author_s,
                        is_of_scheme: block.condition.scheme.is_some(),
                    };
                    found[at] = Some((weight, color));
                }
            }
        }
        found.map(|one| one.map(|(_, color)| color))
    }
}

/// Of words, or of the ground.
fn place(name: &str) -> Option<usize> {
    match name {
        "color" => Some(0),
        "background" | "background-color" => Some(1),
        _ => None,
    }
}

fn holds(block: &StyleBlock, surroundings: Surroundings) -> bool {
    let scheme = if surroundings.is_dark { Scheme::Dark } else { Scheme::Light };
    let condition = &block.condition;
    condition.scheme.is_none_or(|only| only == scheme)
        && !condition.is_print
        && (condition.asked.is_none() || surroundings.meets_others)
}

/// The blocks of a sheet that give colours, or names to them.
fn colors(css: &str) -> Vec<StyleBlock> {
    let rules = style::rules(css).into_iter();
    let blocks = rules.flat_map(|rule| sheet::blocks(rule, None, true));
    let speaks = |block: &StyleBlock| {
        block.said().any(|(one, _)| place(&one.name).is_some() || one.name.starts_with("--"))
    };
    blocks.filter(speaks).collect()
}

/// What blocks say, a text for each selector and colour, by which ours are told from an author's.
fn told(blocks: &[StyleBlock]) -> Vec<String> {
    let mut found = Vec::new();
    for block in blocks {
        for (declaration, value) in block.said() {
            if place(&declaration.name).is_some() {
                let name = &declaration.name;
                let scheme = block.condition.scheme;
                found.extend(
                    block.selectors.iter().map(|one| format!("{scheme:?} {one:?} {name} {value}")),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_s_colours_are_told_from_ours() {
        let theme = Theme::default();
        let mut styles = style::kept(&theme);
        styles.push(
            "@media (prefers-color-scheme:dark){.s p{color:#aabbcc}.art{background:#000}}"
                .to_owned(),
        );
        styles.push("@media (max-width:9px){p{color:red !important}}".to_owned());
        let kept = KeptColors::of(&styles, &theme, 10);
        let node = |element, classes| LetterNode { element, classes, has_id: false, nth: None };
        let chain = [node("table", &["s"]), node("p", &[])];
        let dark = Surroundings { is_dark: true, meets_others: false };
        let [text, ground] = kept.of_element(&chain[..1], dark);
        assert_eq!(ground.unwrap().value, theme.dark.surface.to_string());
        assert!(!text.unwrap().is_author_s && text.unwrap().is_important);
        let [text, ground] = kept.of_element(&chain, dark);
        assert!(text.unwrap().is_author_s && text.unwrap().value == "#aabbcc" && ground.is_none());
        let narrow = Surroundings { is_dark: false, meets_others: true };
        assert_eq!(kept.of_element(&chain, narrow)[0].unwrap().value, "red");
        let light = Surroundings { is_dark: false, meets_others: false };
        assert_eq!(kept.of_element(&chain, light), [None, None]);
    }
}
