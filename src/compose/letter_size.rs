//! The sizes that letters may have in a chain of elements, by our own sheet and by an author's rules:
//! what `em` is a part of there.

use super::footer_style::{Blame, Chain, blame, own_size};
use super::selector::LetterNode;
use crate::issue::css::Declaration;
use crate::issue::css::lengths::{PixelRange, Scale, measure};
use crate::issue::css::values::{self, TextSize};

/// Sizes of letters that our own sheet gives beyond [`own_size`], in pixels.
const OWN_SIZES: [(&str, f64); 7] = [
    ("ld", 28.0),
    ("st", 22.0),
    ("ct", 18.0),
    ("sub", 19.0),
    ("sb", 16.0),
    ("nm", 22.0),
    ("pq", 21.0),
];

/// Of one element.
#[derive(Clone, Debug)]
pub(super) struct LetterSize {
    pub(super) range: PixelRange,
    /// What makes them as small, or as large, as they may be; `None` where our own sheet does.
    pub(super) smaller: Option<Blame>,
    pub(super) larger: Option<Blame>,
    /// Of the outermost element.
    root: PixelRange,
}

impl LetterSize {
    /// Around the outermost element.
    pub(super) fn usual() -> LetterSize {
        let usual = PixelRange::of(16.0);
        LetterSize { range: usual, smaller: None, larger: None, root: usual }
    }

    /// Of each element of a chain; see [`Chain::sizes`].
    pub(super) fn of_each(chain: &Chain<'_>) -> Vec<LetterSize> {
        let mut around = LetterSize::usual();
        let each = (0..chain.nodes.len()).map(|at| {
            around = around.inside(chain, at);
            around.clone()
        });
        each.collect()
    }

    /// What relative units are a part of in each element of a chain.
    pub(super) fn scales(chain: &Chain<'_>) -> Vec<Scale> {
        chain.sizes().iter().map(LetterSize::scale).collect()
    }

    /// See [`LetterSize::scales`].
    pub(super) fn scale(&self) -> Scale {
        Scale { em: self.range, root: self.root, ..Scale::default() }
    }

    /// Of the next element inside, by all that is said of it.
    pub(super) fn inside(&self, chain: &Chain<'_>, at: usize) -> LetterSize {
        let own = own_sizes(&chain.nodes[at]);
        let own = own.map(|range| LetterSize { range, smaller: None, larger: None, ..*self });
        let mut here = own.unwrap_or_else(|| self.clone());
        for (block, one, value) in chain.said(at) {
            let Some(size) = self.said(one, value) else { continue };
            if size.least < here.range.least {
                here.smaller = blame(block, one);
            }
            if size.most > here.range.most {
                here.larger = blame(block, one);
            }
            let (least, most) = (here.range.least.min(size.least), here.range.most.max(size.most));
            here.range = PixelRange { least, most };
        }
        if at == 0 {
            here.root = here.range;
        }
        here
    }

    /// What a declaration makes of letters in an element inside, if it says their size.
    pub(super) fn said(&self, one: &Declaration, value: &str) -> Option<PixelRange> {
        let around = self.range;
        Some(match size_of(one, value)? {
            TextSize::Pixels(size) => PixelRange::of(size),
            TextSize::Times(factor) => {
                PixelRange::between(around.least * factor, around.most * factor)
            }
            TextSize::Inherited => around,
            TextSize::Length(text) => {
                measure(text, &Scale { em: around, root: self.root, whole: around })?.range
            }
        })
    }
}

/// What our own sheet gives an element with some of its classes.
fn own_sizes(node: &LetterNode<'static>) -> Option<PixelRange> {
    let has = |class: &str| node.classes.contains(&class);
    let sizes = OWN_SIZES.iter().filter(|(class, _)| has(class)).map(|(_, size)| *size);
    let range = |known: PixelRange, size: f64| PixelRange {
        least: known.least.min(size),
        most: known.most.max(size),
    };
    let of_titles = sizes.map(PixelRange::of).reduce(|known, one| range(known, one.least));
    of_titles.or(own_size(node).map(PixelRange::of))
}

/// What a declaration says of the size of letters.
pub(super) fn size_of<'v>(one: &Declaration, value: &'v str) -> Option<TextSize<'v>> {
    match one.name.as_str() {
        "font-size" => values::font_size(value),
        "font" => values::font(value).map(|font| font.size),
        _ => None,
    }
}
