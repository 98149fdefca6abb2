//! An author's sheet without what mail programs do not agree on, which is told by kind.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::footer_style::{self, MeantFrame};
use super::sheet::BlockCondition;
use super::sheet_text::{self, SheetItem, SheetText};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::css;
use crate::issue::css::uneven::{self, LeftOut, UnevenKind};

/// Selectors of one rule that are looked at: behind them, any element may be meant.
const MOST_SELECTORS: usize = 200;
/// Pixels of a line, at least and where nothing is said: what is lower hides words, and is refused.
const LEAST_LINE: f64 = 12.0;
const USUAL_LINE: f64 = 24.0;

/// See the file's head.
pub(super) fn left_out(
    source: &Arc<Source>,
    sheet: &SheetText,
    problems: &mut Vec<Diagnostic>,
) -> SheetText {
    let mut found = LeftOut::default();
    let mut edits = Vec::new();
    let mut of_block: BTreeMap<usize, RuleSubject> = BTreeMap::new();
    let items = sheet_text::items(&sheet.text);
    let high = high(&items);
    for item in items {
        let selector = item.around.iter().rev().find(|prelude| !prelude.starts_with('@'));
        // What means nothing is told by its name.
        let selector = selector.filter(|one| !item.is_prelude && **one != "._");
        let Some(selector) = selector else { continue };
        let Some((name, value)) = item.text.split_once(':') else { continue };
        let at = selector.as_ptr() as usize;
        let subject = of_block.entry(at).or_insert_with(|| RuleSubject::of(selector));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase());
        let kind = uneven::kind(&name, &value, &subject.names)
            .or_else(|| uneven::lifts(&name, &value).then_some(UnevenKind::Place))
            .or_else(|| {
                let is_high = high.contains(&item.range.start) && uneven::is_text(&subject.names);
                is_high.then_some(UnevenKind::Height)
            })
            .or_else(|| subject.kind(&name, &value, &item));
        // What could load something is another rule's business.
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

/// What a rule is said of.
struct RuleSubject<'s> {
    selector: &'s str,
    /// See [`subjects`].
    names: Vec<&'s str>,
    /// What of the letter's frame it may mean; looked for where it matters.
    frame: OnceCell<MeantFrame>,
}

impl<'s> RuleSubject<'s> {
    fn of(selector: &'s str) -> RuleSubject<'s> {
        RuleSubject { selector, names: subjects(selector), frame: OnceCell::new() }
    }

    fn frame(&self) -> MeantFrame {
        *self.frame.get_or_init(|| footer_style::meant_frame(self.selector))
    }

    /// What is left out of what is said of the footer, of the letter as a whole, or of all cells.
    fn kind(&self, name: &str, value: &str, item: &SheetItem<'_>) -> Option<UnevenKind> {
        let is_of_sign = match name {
            "content" => !uneven::is_blank(value),
            "display" => value.starts_with("list-item"),
            _ => name == "quotes" || name == "text-overflow" || name.starts_with("list-style"),
        };
        if is_of_sign {
            let frame = self.frame();
            let is_met =
                name != "text-overflow" && frame.is_footer || name == "content" && frame.is_sign;
            let at_rules = item.around.iter().copied().filter(|one| one.starts_with('@'));
            // On paper, the address of a link stands behind it.
            let is_print = || BlockCondition::of(&at_rules.collect::<Vec<_>>()).is_print;
            let is_wording = uneven::is_wording(value) || value.contains("attr(") && !is_print();
            let of_letter = is_wording.then_some(UnevenKind::Wording);
            return if is_met { Some(UnevenKind::Sign) } else { of_letter };
        }
        if ["max-width", "max-inline-size"].contains(&name) {
            let is_narrow = item.around.iter().any(|prelude| prelude.contains("max-width"));
            let is_bound =
                uneven::is_bound(value) && (is_narrow || !value.trim_end().ends_with('%'));
            return (!is_bound && self.frame().is_letter).then_some(UnevenKind::Width);
        }
        // Who reads the letter in a page of its own could not move down to the footer.
        if ["overflow", "overflow-y", "overflow-block"].contains(&name) {
            let is_cut = ["hidden", "clip", "var("].iter().any(|word| value.contains(word));
            return (is_cut && self.frame().is_page).then_some(UnevenKind::Painting);
        }
        // Cells of a table stand beside each other.
        let of_text = uneven::kind(name, value, &["p"]).filter(|kind| *kind == UnevenKind::Line);
        of_text.filter(|_| self.names.contains(&"td") && self.has_bare_cell())
    }

    /// Whether one of the selectors means cells, and not only those of a class.
    fn has_bare_cell(&self) -> bool {
        let each = css::split(self.selector, |c| c == ',');
        each.iter().take(MOST_SELECTORS).any(|one| {
            let pieces = css::split(one, |c| c.is_whitespace() || "><+~".contains(c));
            pieces.last().is_some_and(|last| *last == "td" || last.starts_with("td:"))
        })
    }
}

/// Where blocks give a text a height of its own and cut nothing off: such a text would lie on the next
/// one where it has more lines.
fn high(items: &[SheetItem<'_>]) -> BTreeSet<usize> {
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
        let line = of("line-height").and_then(|(_, line, _)| pixels(line));
        let least = line.map_or(USUAL_LINE, |line| line.max(LEAST_LINE));
        let is_seen = of("overflow").is_none() && of("display").is_none();
        (pixels(high)? >= least && is_seen).then_some(*at)
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
            // What stands before and behind words is none of them.
            if [":before", ":after", ":marker"].iter().any(|sign| last.ends_with(sign)) {
                return "::";
            }
            let end = last.char_indices().skip(1).find(|(_, c)| ".:[#".contains(*c));
            &last[..end.map_or(last.len(), |(at, _)| at)]
        })
        .collect();
    if found.len() == MOST_SELECTORS {
        found.push("*");
    }
    found
}
