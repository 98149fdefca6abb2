//! An author's sheet without what mail programs do not agree on, which is told by kind.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::footer_style;
use super::sheet_text::{self, SheetItem, SheetText};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::css;
use crate::issue::css::uneven::{self, LeftOut, UnevenKind};

/// Selectors of one rule that are looked at: behind them, any element may be meant.
const MOST_SELECTORS: usize = 200;

/// See the file's head.
pub(super) fn left_out(
    source: &Arc<Source>,
    sheet: &SheetText,
    problems: &mut Vec<Diagnostic>,
) -> SheetText {
    let mut found = LeftOut::default();
    let mut edits = Vec::new();
    let mut of_block: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let items = sheet_text::items(&sheet.text);
    let of_lines = of_lines(&items);
    for item in items {
        let selector = item.around.iter().rev().find(|prelude| !prelude.starts_with('@'));
        let Some(selector) = selector.filter(|_| !item.is_prelude) else { continue };
        let Some((name, value)) = item.text.split_once(':') else { continue };
        let at = selector.as_ptr() as usize;
        let subjects = of_block.entry(at).or_insert_with(|| subjects(selector));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase());
        // What could load something is another rule's business.
        let is_sign = || {
            name == "content"
                && value.contains(char::is_alphanumeric)
                && !["none", "normal"].contains(&value.as_str())
                && uneven::has_words(&value)
                && footer_style::is_sign_of_footer(selector)
        };
        let kind = uneven::kind(&name, &value, subjects)
            .or_else(|| uneven::lifts(&name, &value).then_some(UnevenKind::Place))
            .or_else(|| {
                let is_line = of_lines.contains(&item.range.start) && uneven::is_text(subjects);
                is_line.then_some(UnevenKind::Height)
            })
            .or_else(|| is_sign().then_some(UnevenKind::Sign));
        let Some(kind) = kind.filter(|_| css::find_refused(item.text).is_none()) else { continue };
        found.add(kind, &name, &value, item.range.clone());
        edits.push((item.range, String::new()));
    }
    let place = |range: Range<usize>| Place::span(source, sheet.within_file(range));
    problems.extend(
        found.told().map(|(what, help, range)| {
            Diagnostic::warning("style", what).at(place(range)).help(help)
        }),
    );
    sheet.edited(&edits)
}

/// Where blocks say that a text is as high as one line of it, which they give as well: such a text
/// would lie on the next one where it has two lines.
fn of_lines(items: &[SheetItem<'_>]) -> BTreeSet<usize> {
    let mut blocks: BTreeMap<usize, Vec<(String, &str, usize)>> = BTreeMap::new();
    for item in items.iter().filter(|item| item.is_declaration()) {
        let Some((name, value)) = item.text.split_once(':') else { continue };
        let block = item.around.last().map_or(0, |prelude| prelude.as_ptr() as usize);
        let name = name.trim().to_ascii_lowercase();
        if ["height", "line-height", "overflow", "display"].contains(&name.as_str()) {
            blocks.entry(block).or_default().push((name, value.trim(), item.range.start));
        }
    }
    let height = |said: Vec<(String, &str, usize)>| {
        let of = |name: &str| said.iter().find(|(known, ..)| known == name);
        let pixels = |value: &str| value.strip_suffix("px")?.parse::<f64>().ok();
        let (_, high, at) = of("height")?;
        let (_, line, _) = of("line-height")?;
        let is_line = pixels(high)? >= pixels(line)? && pixels(line)? >= 12.0;
        (is_line && of("overflow").is_none() && of("display").is_none()).then_some(*at)
    };
    blocks.into_values().filter_map(height).collect()
}

/// What the selectors mean, by the last part of each: an element, or else a class with its point.
fn subjects(list: &str) -> Vec<&str> {
    let each = css::split(list, |c| c == ',').into_iter().take(MOST_SELECTORS);
    let mut found: Vec<&str> = each
        .map(|one| {
            let pieces = css::split(one, |c| c.is_whitespace() || "><+~".contains(c));
            let last = pieces.last().copied().unwrap_or_default();
            let end = last.char_indices().skip(1).find(|(_, c)| ".:[#".contains(*c));
            &last[..end.map_or(last.len(), |(at, _)| at)]
        })
        .collect();
    if found.len() == MOST_SELECTORS {
        found.push("*");
    }
    found
}
