//! The width that the words of a letter and of its footer have on a telephone, where rules of a sheet
//! are put together: what is taken from both sides of them, and whether they begin on the screen.
//!
//! Each check follows a chain of elements from the outside, and takes what may hold to hold as it is
//! worst.

use std::collections::BTreeMap;

use super::footer_style::{Blame, Chain, SHARED, blame};
use super::letter_size::LetterSize;
use super::selector::{ANY_INLINE, Fit};
use super::sheet;
use super::word_room::RoomTaken;
use crate::issue::css::lengths::{PixelRange, Scale, measure};
use crate::issue::css::properties::canonical;

/// All checks of this file.
pub(super) const CHECKS: [fn(&Chain<'_>) -> RoomTaken; 3] = [narrow, squeezed, off_screen];

/// A narrow telephone, in pixels.
const TELEPHONE: f64 = 320.0;
const TOO_NARROW: &str = "leaves too little width for the text";
/// What stands in a line of text, and cells, which share the width of their table.
const SHARING: [&str; 11] =
    ["a", "strong", "em", "span", "code", "s", "del", "td", "th", "tr", ANY_INLINE];

/// Widths that are each a part of the next, or that hold no words.
fn narrow(chain: &Chain<'_>) -> RoomTaken {
    let mut left = TELEPHONE;
    let scales = LetterSize::scales(chain);
    for (at, node) in chain.nodes.iter().enumerate() {
        let widths = chain.said(at).filter_map(|(block, one, value)| {
            let is_width = ["width", "max-width"].contains(&&*canonical(&one.name));
            let because = blame(block, one).filter(|_| is_width)?;
            match value.strip_suffix('%') {
                Some(share) => Some((left * share.trim().parse::<f64>().ok()? / 100.0, because)),
                None if at < SHARED || SHARING.contains(&node.element) => None,
                None => Some((measure(value, &scales[at])?.range.most, because)),
            }
        });
        let Some((width, because)) = widths.min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        left = width.clamp(0.0, left);
        let least = if chain.is_footer() || node.element == "table" { 120.0 } else { 60.0 };
        if left < least && !node.classes.contains(&"seal") {
            return Some((because, TOO_NARROW));
        }
    }
    None
}

/// The sizes of a margin, a padding or a border at the left and at the right, as far as it says them.
fn at_sides(name: &str, value: &str, scale: &Scale) -> [Option<PixelRange>; 2] {
    let parts = sheet::parts(value);
    let size = |at: usize| Some(measure(parts.get(at)?, scale)?.range);
    let (is_left, is_right) = (name.ends_with("-left"), name.ends_with("-right"));
    if name.ends_with("-inline") {
        return [size(0), size(parts.len().min(2).saturating_sub(1))];
    }
    if is_left || is_right {
        return [size(0).filter(|_| is_left), size(0).filter(|_| is_right)];
    }
    match parts.len() {
        _ if !["margin", "padding"].contains(&name) => [None, None],
        1 => [size(0), size(0)],
        2 | 3 => [size(1), size(1)],
        _ => [size(3), size(1)],
    }
}

/// Margins and paddings of the letter that leave no room between them.
fn squeezed(chain: &Chain<'_>) -> RoomTaken {
    /// What they may take of a telephone together.
    const MOST: f64 = 200.0;
    if chain.is_footer() {
        return None;
    }
    let mut taken = 0.0;
    for (at, scale) in LetterSize::scales(chain).iter().enumerate() {
        let mut largest: BTreeMap<(bool, usize), f64> = BTreeMap::new();
        let mut because = None;
        for (block, one, value) in chain.said(at) {
            let name = canonical(&one.name);
            let is_margin = name.starts_with("margin");
            if !is_margin && !name.starts_with("padding") {
                continue;
            }
            for (side, size) in at_sides(&name, value, scale).into_iter().enumerate() {
                let Some(size) = size else { continue };
                let known = largest.entry((is_margin, side)).or_default();
                *known = known.max(size.most);
                because = blame(block, one).or(because);
            }
        }
        taken += largest.values().sum::<f64>();
        if taken > MOST {
            return because.map(|blame| (blame, TOO_NARROW));
        }
    }
    None
}

/// Words that begin at the left of the screen: nobody can move there.
fn off_screen(chain: &Chain<'_>) -> RoomTaken {
    /// The margin that a letter has on a telephone, and a little of the first letter.
    const MARGIN: f64 = 18.0;
    let (mut start, mut last): (f64, Option<Blame>) = (0.0, None);
    for (at, scale) in LetterSize::scales(chain).iter().enumerate() {
        let mut least: BTreeMap<&str, f64> = BTreeMap::new();
        let mut certain: BTreeMap<&str, f64> = BTreeMap::new();
        for hit in chain.hits[at].iter().filter(|hit| hit.pseudo.is_none()) {
            let is_certain = hit.fit == Fit::Always && hit.block.condition.asked.is_none();
            for (one, value) in hit.block.said() {
                let name = canonical(&one.name);
                let kinds = ["margin", "padding", "text-indent"];
                let Some(kind) = kinds.into_iter().find(|kind| name.starts_with(kind)) else {
                    continue;
                };
                let is_indent = kind == "text-indent";
                let said = if is_indent {
                    measure(value, scale).map(|found| found.range)
                } else {
                    at_sides(&name, value, scale)[0]
                };
                let Some(size) = said else { continue };
                if size.least < 0.0 {
                    last = blame(hit.block, one).or(last);
                }
                let known = least.entry(kind).or_insert(0.0);
                *known = known.min(size.least);
                // A hanging first line is said together with its padding.
                let is_paired = hit.block.said().any(|(one, _)| one.name == "text-indent");
                if size.least > 0.0 && (is_certain || is_paired) {
                    certain.insert(kind, size.least);
                }
            }
        }
        let indent = least.remove("text-indent").unwrap_or(0.0);
        let shift: f64 = ["margin", "padding"]
            .iter()
            .map(|kind| {
                let low = least.get(kind).copied().unwrap_or(0.0);
                if low < 0.0 { low } else { certain.get(kind).copied().unwrap_or(0.0) }
            })
            .sum();
        start += shift;
        if start + indent < -MARGIN {
            return last.map(|blame| (blame, "moves words out of the screen at its left"));
        }
    }
    None
}
