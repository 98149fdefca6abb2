//! A style sheet as blocks: what each is said of, under which conditions, and what it declares,
//! with every value that a `var()` can have.

use std::collections::HashMap;
use std::ops::Range;

use super::selector::{OF_OUTLOOK, Selector};
use super::variables::closing;
use crate::issue::css::{self, Declaration};

/// A selector and the declarations behind it.
#[derive(Debug)]
pub(super) struct StyleBlock {
    /// Which rule of the author's sheet it stands in; `None` for one of ours.
    pub(super) rule: Option<usize>,
    pub(super) selectors: Vec<Selector>,
    pub(super) condition: BlockCondition,
    pub(super) declarations: Vec<Stated>,
    /// Whether it stays in a `<style>` block; others are written into the elements.
    pub(super) is_kept: bool,
}

/// A declaration, and the values that it can have.
#[derive(Debug)]
pub(super) struct Stated {
    pub(super) declaration: Declaration,
    pub(super) values: Vec<String>,
}

/// Light or dark surroundings; or Outlook.com's, which changes colours by itself and says so by
/// attributes around the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Light,
    Dark,
    Outlook,
}

/// When a block holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockCondition {
    /// Only in these surroundings.
    pub(super) scheme: Option<Scheme>,
    /// Only on paper.
    pub(super) is_print: bool,
    /// What else is asked, as it is written: it may hold or not.
    pub(super) asked: Option<String>,
}

impl BlockCondition {
    /// When what stands in these at-rules holds. A query that is not understood may hold.
    pub(super) fn of(preludes: &[&str]) -> BlockCondition {
        let mut condition = BlockCondition::default();
        let mut asked = Vec::new();
        for prelude in preludes {
            let text = prelude.to_ascii_lowercase();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let is_plain = text.starts_with("@media")
                && !text.contains(',')
                && !words.iter().any(|word| ["not", "or"].contains(word));
            let rest = text.trim_start_matches("@media");
            let mut rest = rest.replace(|c: char| c.is_ascii_whitespace(), "");
            let schemes = [("dark", Scheme::Dark), ("light", Scheme::Light)];
            for (name, scheme) in schemes {
                let query = format!("(prefers-color-scheme:{name})");
                if is_plain && rest.contains(&query) {
                    condition.scheme = Some(scheme);
                    rest = rest.replace(&query, "");
                }
            }
            let is_print = matches!(words[..], [_, "print", ..] | [_, "only", "print", ..]);
            condition.is_print |= is_plain && is_print && !rest.starts_with('(');
            let words = ["screen", "only", "all", "and"];
            let bare = words.iter().fold(rest.clone(), |rest, word| rest.replace(word, ""));
            // Programs that know no scheme know no media query, so that nothing else is asked.
            if !bare.is_empty() || condition.scheme.is_none() {
                asked.push(rest);
            }
        }
        condition.asked = (!asked.is_empty()).then(|| asked.join(" and "));
        condition
    }
}

/// The blocks of one rule, also those inside others.
pub(super) fn blocks(css: &str, rule: Option<usize>, is_kept: bool) -> Vec<StyleBlock> {
    let mut found = Vec::new();
    let mut open: Vec<(&str, Vec<Range<usize>>)> = Vec::new();
    let mut close = |open: &mut Vec<(&str, Vec<Range<usize>>)>| {
        let preludes: Vec<&str> = open.iter().map(|(prelude, _)| *prelude).collect();
        let Some((_, ranges)) = open.pop() else { return };
        let said = ranges.into_iter().filter_map(|range| Declaration::read(css, range));
        let declarations: Vec<Stated> = said
            .map(|declaration| Stated { values: vec![declaration.value.clone()], declaration })
            .collect();
        // What stands in a media query inside of a rule is said of the rule's elements.
        let selector = preludes.iter().rev().find(|prelude| !prelude.starts_with('@'));
        if let Some(selector) = selector.filter(|_| !declarations.is_empty()) {
            let at_rules: Vec<&str> =
                preludes.iter().copied().filter(|prelude| prelude.starts_with('@')).collect();
            let mut condition = BlockCondition::of(&at_rules);
            let of_outlook = without_outlook(selector).filter(|_| condition.scheme.is_none());
            if of_outlook.is_some() {
                condition.scheme = Some(Scheme::Outlook);
            }
            found.push(StyleBlock {
                rule,
                selectors: Selector::list(of_outlook.as_deref().unwrap_or(selector)),
                condition,
                declarations,
                is_kept,
            });
        }
    };
    let (mut start, mut quote, mut depth) = (0, None, 0_usize);
    for (at, c) in css.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, '{') => {
                open.push((css[start..at].trim(), Vec::new()));
                start = at + 1;
            }
            (None, ';' | '}') if depth == 0 => {
                if let Some((_, declarations)) = open.last_mut() {
                    declarations.push(start..at);
                }
                start = at + 1;
                if c == '}' {
                    close(&mut open);
                }
            }
            _ => {}
        }
    }
    while !open.is_empty() {
        close(&mut open);
    }
    found
}

/// The selectors of a rule without Outlook.com's attributes, where each begins with one.
fn without_outlook(list: &str) -> Option<String> {
    let each = css::split(list, |c| c == ',').into_iter().map(|one| {
        let rest = one.trim().strip_prefix(OF_OUTLOOK)?;
        let rest = rest.strip_prefix("c]").or_else(|| rest.strip_prefix("b]"))?;
        rest.starts_with(char::is_whitespace).then(|| rest.trim())
    });
    let each: Option<Vec<&str>> = each.collect();
    each.map(|all| all.join(","))
}

/// The most values that one declaration can have: more are taken for anything.
const MAX_VALUES: usize = 16;
/// A name that stands for a name that stands for a name.
const MAX_NAMES: usize = 6;
/// Bytes of a value with its names written out, and of all of them: each is read many times.
const MAX_LENGTH: usize = 600;
const MAX_ALL: usize = 256 * 1024;

/// Writes out what `var()` can stand for, wherever in the sheet its name is given a value.
pub(super) fn expand(blocks: &mut [StyleBlock]) {
    let mut named: HashMap<String, Vec<String>> = HashMap::new();
    for said in blocks.iter().flat_map(|block| &block.declarations) {
        let Declaration { name, value, .. } = &said.declaration;
        if name.starts_with("--") {
            let values = named.entry(name.clone()).or_default();
            if values.len() <= MAX_VALUES && !values.contains(value) {
                values.push(value.clone());
            }
        }
    }
    let mut all = 0;
    for said in blocks.iter_mut().flat_map(|block| &mut block.declarations) {
        let is_name = said.declaration.name.starts_with("--");
        if !is_name && said.declaration.value.contains("var(") {
            let values = expanded(&said.declaration.value, &named);
            all += values.iter().flatten().map(String::len).sum::<usize>();
            said.values = values
                .filter(|_| all <= MAX_ALL)
                .unwrap_or_else(|| vec![said.declaration.value.clone()]);
        }
    }
}

/// `None` where there are too many, where names stand for one another, or for nothing.
fn expanded(value: &str, named: &HashMap<String, Vec<String>>) -> Option<Vec<String>> {
    let mut values = vec![value.to_owned()];
    for _ in 0..MAX_NAMES {
        if values.iter().all(|value| !value.contains("var(")) {
            return Some(values);
        }
        let mut next = Vec::new();
        for value in values {
            let Some(at) = value.find("var(") else {
                next.push(value);
                continue;
            };
            let inner = &value[at + 4..];
            let end = closing(inner)?;
            let (name, fallback) =
                inner[..end].split_once(',').map_or((&inner[..end], None), |(a, b)| (a, Some(b)));
            let given = named.get(name.trim()).map(Vec::as_slice).unwrap_or_default();
            let mut stand_ins: Vec<&str> = given.iter().map(String::as_str).collect();
            stand_ins.extend(fallback.map(str::trim));
            if stand_ins.is_empty() {
                return None;
            }
            for stand_in in stand_ins {
                next.push(format!("{}{stand_in}{}", &value[..at], &inner[end + 1..]));
            }
            if next.len() > MAX_VALUES || next.iter().any(|value| value.len() > MAX_LENGTH) {
                return None;
            }
        }
        values = next;
    }
    None
}

impl StyleBlock {
    /// Each declaration with each of its values.
    pub(super) fn said(&self) -> impl Iterator<Item = (&Declaration, &str)> {
        self.declarations.iter().flat_map(|said| {
            said.values.iter().map(move |value| (&said.declaration, value.as_str()))
        })
    }
}

/// The parts of a value.
pub(super) fn parts(value: &str) -> Vec<&str> {
    css::values::parts(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_know_what_they_are_said_of_and_when() {
        let css =
            "@media (max-width:1px){@media (prefers-color-scheme: dark){p{x:y;a:b;&:hover{c:d}}}}";
        let found = blocks(css, Some(3), true);
        assert_eq!(found.len(), 2);
        assert!(found[0].declarations[0].declaration.name == "c");
        let condition = &found[1].condition;
        assert_eq!(condition.scheme, Some(Scheme::Dark));
        assert_eq!(condition.asked.as_deref(), Some("(max-width:1px)"));
        let of = |prelude: &str| BlockCondition::of(&[prelude]);
        assert_eq!(of("@media only screen and (prefers-color-scheme:dark)").asked, None);
        assert_eq!(of("@media not (prefers-color-scheme:dark)").scheme, None);
        for space in [" ", "\n", "\t", "\r\n", ""] {
            let either = of(&format!("@media (prefers-color-scheme:dark){space}or{space}(x:y)"));
            assert!(either.scheme.is_none() && either.asked.is_some(), "{space:?}");
            assert!(!of(&format!("@media (print){space}or{space}(x:y)")).is_print, "{space:?}");
            let dark = of(&format!("@media{space}(prefers-color-scheme:{space}dark)"));
            assert_eq!((dark.scheme, dark.asked), (Some(Scheme::Dark), None), "{space:?}");
        }
        for other in ["(min-width:print)", "(print)", "printor (x:y)", "screen and (print)"] {
            assert!(!of(&format!("@media {other}")).is_print, "{other}");
        }
        assert!(of("@media print").is_print && !of("@media print, screen").is_print);
    }

    #[test]
    fn names_stand_for_every_value_that_they_are_given() {
        let css = ":root{--a:1px;--b:var(--a)}p{width:calc(var(--b) + var(--c, 2px));x:var(--d)}";
        let mut found = blocks(css, None, true);
        found.extend(blocks("@media x{:root{--a:3px}}", None, true));
        expand(&mut found);
        assert_eq!(found[1].declarations[0].values, ["calc(1px + 2px)", "calc(3px + 2px)"]);
        assert_eq!(found[1].declarations[1].values, ["var(--d)"]);
        let mut endless = blocks("a{--a:var(--a);b:var(--a)}", None, true);
        expand(&mut endless);
        assert_eq!(endless[0].declarations[1].values, ["var(--a)"]);
    }
}
