//! The room that the words of a letter and of its footer have, where rules of a sheet are put
//! together: that none of them is cut off, squeezed, pushed away, or covered by what stands beside it.
//!
//! Each check follows a chain of elements from the outside, and takes what may hold to hold as it is
//! worst.

use std::collections::BTreeMap;

use super::footer_style::{Blame, Chain, SHARED, blame};
use super::letter_size::{LetterSize, size_of};
use super::selector::{ANY_INLINE, LetterNode};
use super::sheet::{self, StyleBlock};
use crate::issue::css::Declaration;
use crate::issue::css::lengths::{PixelRange, Scale, measure};
use crate::issue::css::ornaments::{is_quotation_mark, reach_of_shadow};
use crate::issue::css::properties::canonical;
use crate::issue::css::values::{self, LEFT_TO_WORDS, TextSize};

/// What a check finds: where, and what it does.
pub(super) type RoomTaken = Option<(Blame, &'static str)>;

/// All checks of this file.
pub(super) const CHECKS: [fn(&Chain<'_>) -> RoomTaken; 8] =
    [cut_off, crowded, boxed, overhanging, marks, far_off, far_right, unbroken];

/// What is told of words that lie on others.
const LIES_ON: &str = "lets words lie on each other";

/// The lengths of a value in pixels.
fn measured_parts(value: &str, scale: &Scale) -> impl Iterator<Item = PixelRange> {
    let parts = sheet::parts(value).into_iter();
    parts.filter_map(|part| Some(measure(part, scale)?.range))
}

/// What is said of one element that together with others cuts words off.
#[derive(Default)]
struct CutHere {
    /// It shows nothing beyond its edge.
    clips: Option<Blame>,
    /// It has a height of its own.
    is_bounded: bool,
    /// Its corners are very round.
    round: Option<Blame>,
    /// Its lines or words are not broken.
    unbroken: Option<Blame>,
    /// The same of something that may have one line, or of a cell for which a word is too long.
    short_line: Option<Blame>,
    /// It is moved to a side, and its first words are.
    pulled: Option<Blame>,
    indented: Option<Blame>,
    /// It is wider than a telephone.
    wide: Option<Blame>,
}

/// See [`CutHere`].
fn cut_here(chain: &Chain<'_>, at: usize, scale: &Scale) -> CutHere {
    const ROUNDEST: f64 = 48.0;
    const LONG_WORD: f64 = 120.0;
    const LEAST_SIDE: f64 = -2.0;
    let node = &chain.nodes[at];
    let is_button = node.classes.contains(&"k");
    let holds_lines = !["a", "th", "h1", "h2", "h3", "h4"].contains(&node.element) && !is_button;
    let is_cell = ["td", "th"].contains(&node.element);
    let is_box = !is_cell && !["table", "tbody", "tr"].contains(&node.element);
    let mut found = CutHere::default();
    for (block, one, value) in chain.said(at) {
        let name = canonical(&one.name);
        let because = |holds: bool| blame(block, one).filter(|_| holds);
        let has = |words: &[&str]| sheet::parts(value).iter().any(|word| words.contains(word));
        let size = measure(value, scale).map(|found| found.range);
        match &*name {
            "overflow" | "overflow-x" | "overflow-y" => {
                found.clips = because(has(&["hidden", "clip"])).or(found.clips);
            }
            name if name.ends_with("radius") && !is_button => {
                let is_round = measured_parts(value, scale).any(|one| one.most > ROUNDEST);
                found.round = because(is_round).or(found.round);
            }
            "height" | "max-height" => {
                found.is_bounded |=
                    is_box && !["auto", "none", "initial", "unset"].contains(&value);
            }
            "white-space" | "text-wrap" | "text-wrap-mode" => {
                let is_one_line = has(&["nowrap", "pre"]);
                found.unbroken = because(is_one_line && holds_lines).or(found.unbroken);
                let is_short = is_one_line && !holds_lines && !is_button;
                found.short_line = because(is_short).or(found.short_line);
            }
            "overflow-wrap" | "word-wrap" => {
                let is_whole = !["anywhere", "break-word"].contains(&value);
                found.unbroken = because(is_whole).or(found.unbroken);
            }
            "text-indent" | "margin" | "margin-left" | "margin-right" | "margin-inline" => {
                let is_out = measured_parts(value, scale).any(|one| one.least < LEAST_SIDE);
                let is_indent = name == "text-indent";
                found.pulled = because(is_out && !is_indent).or(found.pulled);
                found.indented = because(is_out && is_indent).or(found.indented);
            }
            "width" | "max-width" | "min-width" => {
                // Words of a cell are not broken.
                let is_short = is_cell && size.is_some_and(|size| size.most < LONG_WORD);
                found.short_line = because(is_short && name != "min-width").or(found.short_line);
                let is_wide = !value.ends_with('%') && size.is_some_and(|size| size.most > 320.0);
                found.wide = because(is_wide && name != "max-width").or(found.wide);
            }
            _ => {}
        }
    }
    found
}

/// What stands out of something that shows nothing beyond its edge.
fn cut_off(chain: &Chain<'_>) -> RoomTaken {
    let (mut clips, mut clips_within) = (false, false);
    let mut unbroken: Option<Blame> = None;
    for (at, scale) in LetterSize::scales(chain).iter().enumerate() {
        let here = cut_here(chain, at, scale);
        if let Some(because) = here.wide.filter(|_| clips && chain.is_footer()) {
            return Some((because, "is wider than what around it shows"));
        }
        unbroken = here.unbroken.or(unbroken);
        if let Some(because) = here.clips.clone().filter(|_| here.is_bounded) {
            return Some((because, "cuts off what is higher than this"));
        }
        let is_clipped = here.clips.is_some();
        // Where the letter as a whole ends, there is room beside its words.
        let indented = here.indented.filter(|_| clips_within || is_clipped && at > SHARED);
        if let Some(because) = here.pulled.filter(|_| clips_within).or(indented) {
            return Some((because, "moves words to where they are cut off"));
        }
        clips |= is_clipped;
        clips_within |= is_clipped && at > SHARED;
        if let Some(because) = here.short_line.filter(|_| is_clipped) {
            return Some((because, "cuts off what is wider than this"));
        }
        if let Some(because) = here.round.filter(|_| is_clipped) {
            return Some((because, "cuts off words at its round corners"));
        }
    }
    unbroken.filter(|_| clips).map(|because| (because, "cuts off lines that do not break"))
}

/// Margins and paddings that add up.
fn far_off(chain: &Chain<'_>) -> RoomTaken {
    if !chain.is_footer() {
        return None;
    }
    let (mut tall, mut wide) = (0.0, 0.0);
    for (at, scale) in LetterSize::scales(chain).iter().enumerate() {
        let mut largest: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        let mut because = None;
        for (block, one, value) in chain.said(at) {
            let name = canonical(&one.name);
            let Some(kind) = ["margin", "padding"].into_iter().find(|kind| name.starts_with(kind))
            else {
                continue;
            };
            let entry = largest.entry(kind).or_default();
            for (side, part) in sheet::parts(value).into_iter().enumerate() {
                let Some(found) = measure(part, scale) else { continue };
                let is_wide =
                    ["-left", "-right", "-inline"].iter().any(|side| name.ends_with(side));
                let is_tall = ["-top", "-bottom", "-block"].iter().any(|side| name.ends_with(side));
                let is_one = sheet::parts(value).len() == 1;
                if !is_wide && (is_tall || is_one || side % 2 == 0) {
                    entry.0 = entry.0.max(found.range.most);
                }
                if !is_tall && (is_wide || is_one || side % 2 == 1) {
                    entry.1 = entry.1.max(found.range.most);
                }
                because = blame(block, one).or(because);
            }
        }
        tall += largest.values().map(|size| size.0).sum::<f64>();
        wide += largest.values().map(|size| size.1).sum::<f64>();
        // On a telephone of 320 pixels that much on each side leaves too little.
        if tall > 480.0 || wide > 100.0 {
            return because.map(|blame| (blame, "pushes the footer out of sight"));
        }
    }
    None
}

/// Classes whose own rules give their text a height of line.
const OWN_LINES: [&str; 13] =
    ["ld", "st", "ct", "sub", "sb", "nm", "pq", "code", "in", "il", "h", "k", "seal"];
/// Lines of a fixed height with letters that are larger.
fn crowded(chain: &Chain<'_>) -> RoomTaken {
    /// Of what our own sheet says, with which nothing is lost.
    const LEAST_OF_OURS: f64 = 0.75;
    low_lines(chain, LEAST_OF_OURS)
}

/// The same, where the letters have their size of our own sheet and touch each other only a little.
pub(super) fn tight(chain: &Chain<'_>) -> RoomTaken {
    let ((rule, range), _) = low_lines(chain, LEAST_LINE)?;
    Some(((rule, range), "sets lines closer than the letters are high: give a font-size as well"))
}

/// The least height of a line as a part of its letters.
const LEAST_LINE: f64 = 0.9;

/// A height of lines that may hold.
#[derive(Clone, Debug)]
struct LowLine {
    /// In pixels, at its least: what elements inside have from it.
    height: f64,
    /// As a part of the letters of the element that it is said of, and of those inside that have the
    /// same size; `None` where it is no part of them.
    times: Option<f64>,
    because: Option<Blame>,
}

/// The first of such lines; `of_ours` says how high it is at least, as a part of letters whose size the
/// author does not give.
fn low_lines(chain: &Chain<'_>, of_ours: f64) -> RoomTaken {
    let mut lowest: Option<LowLine> = None;
    let mut around = LetterSize::usual();
    for (at, node) in chain.nodes.iter().enumerate() {
        let has = |class: &str| node.classes.contains(&class);
        if node.element == "h1" || OWN_LINES.iter().any(|class| has(class)) {
            lowest = None;
        }
        let mut here = around.inside(chain, at);
        if here.range != around.range
            && let Some(line) = &mut lowest
        {
            line.times = None;
        }
        for (block, one, value) in chain.said(at) {
            let Some(line) = line_of(one, value) else { continue };
            // A rule that gives both has chosen them for each other.
            let size = block.said().find_map(|(one, value)| around.said(one, value));
            let Some((height, times)) = height_of(line, size.unwrap_or(here.range)) else {
                continue;
            };
            if lowest.as_ref().is_none_or(|known| height < known.height) {
                lowest = Some(LowLine { height, times, because: blame(block, one) });
            }
        }
        if let Some((size, because)) = chosen_size(chain, at, &around) {
            (here.range, here.larger) = (size, because);
        }
        let least = if here.larger.is_some() { LEAST_LINE } else { of_ours };
        if let Some(LowLine { height, times, because }) = &lowest
            && chain.has_words(at)
            && times.unwrap_or(height / here.range.most) < least
        {
            let because = because.clone().or(here.larger);
            return because.map(|blame| (blame, "lets lines lie on each other"));
        }
        around = here;
    }
    None
}

/// The sizes that rules say of an element, where one of them gives the height of its lines as well: then
/// what our own sheet says does not count.
fn chosen_size(
    chain: &Chain<'_>,
    at: usize,
    around: &LetterSize,
) -> Option<(PixelRange, Option<Blame>)> {
    let gives_both = |block: &StyleBlock| {
        block.said().any(|(one, value)| line_of(one, value).is_some())
            && block.said().any(|(one, value)| around.said(one, value).is_some())
    };
    if !chain.said(at).any(|(block, ..)| gives_both(block)) {
        return None;
    }
    let said = chain
        .said(at)
        .filter_map(|(block, one, value)| Some((around.said(one, value)?, blame(block, one))));
    let largest = |known: (PixelRange, Option<Blame>), one: (PixelRange, Option<Blame>)| {
        let least = known.0.least.min(one.0.least);
        let (most, because) =
            if one.0.most > known.0.most { (one.0.most, one.1) } else { (known.0.most, known.1) };
        (PixelRange { least, most }, because)
    };
    said.reduce(largest)
}

/// The height of a line, unless it is a number, which each element inside takes of its own letters.
fn line_of<'v>(one: &Declaration, value: &'v str) -> Option<&'v str> {
    let line = match one.name.as_str() {
        "line-height" => value,
        "font" => values::font(value)?.line?,
        _ => return None,
    };
    let is_number = measure(line, &Scale::default()).is_none_or(|found| found.is_number);
    (!is_number).then_some(line)
}

/// The least height of such a line in pixels where letters have some `size`; and as a part of them, if
/// it is one.
fn height_of(line: &str, size: PixelRange) -> Option<(f64, Option<f64>)> {
    let height = |size: f64| {
        let size = PixelRange::of(size);
        Some(measure(line, &Scale { em: size, whole: size, ..Scale::default() })?.range.least)
    };
    let is_part = height(1.0)? != height(2.0)?;
    let times = height(size.most)? / size.most;
    Some((height(size.least)?, is_part.then_some(times)))
}

/// Elements of tables, which grow with what stands in them.
const GROWING: [&str; 7] = ["table", "tbody", "thead", "tfoot", "tr", "td", "th"];

/// Elements of a height of their own: what has no room in them lies on what follows, also where
/// nothing is cut off.
fn boxed(chain: &Chain<'_>) -> RoomTaken {
    if chain.is_footer() {
        return None;
    }
    for (at, node) in chain.nodes.iter().enumerate().skip(SHARED) {
        // A button has room of its own, and a seal one letter.
        let is_free = ["k", "seal"].iter().any(|class| node.classes.contains(class));
        if GROWING.contains(&node.element) || is_free {
            continue;
        }
        let is_flowing = is_inline(node) && !is_laid_out(chain, at);
        for (block, one, value) in chain.said(at) {
            let name = canonical(&one.name);
            match &*name {
                "height" | "max-height" if !is_flowing && !LEFT_TO_WORDS.contains(&value) => {
                    return blame(block, one).map(|blame| (blame, LIES_ON));
                }
                _ => {}
            }
        }
    }
    None
}

/// Whether an element stands in a line of text, as far as only its name is asked.
fn is_inline(node: &LetterNode<'_>) -> bool {
    ["a", "strong", "em", "span", "code", "s", "del", ANY_INLINE].contains(&node.element)
        && !["k", "seal"].iter().any(|class| node.classes.contains(class))
}

const IN_LINE: [&str; 6] = ["inline", "initial", "unset", "contents", "run-in", "revert"];

/// Whether something is said that makes an element a box, which takes its room.
fn is_laid_out(chain: &Chain<'_>, at: usize) -> bool {
    chain.said(at).any(|(_, one, value)| one.name == "display" && !IN_LINE.contains(&value))
}

/// Whether the block itself makes what it means a box.
fn makes_box(block: &StyleBlock) -> bool {
    let mut displays = block.said().filter(|(one, _)| one.name == "display").peekable();
    displays.peek().is_some() && displays.all(|(_, value)| !IN_LINE.contains(&value))
}

/// By how many pixels a declaration makes what is painted of an element in a line higher, above or
/// below.
fn overhang_of(one: &Declaration, value: &str, scale: &Scale) -> f64 {
    let name = canonical(&one.name);
    let is_wide = ["-left", "-right", "-inline"].iter().any(|side| name.contains(side));
    if is_wide || ["-color", "-style", "-radius", "-image"].iter().any(|end| name.ends_with(end)) {
        return 0.0;
    }
    let sizes: Vec<f64> = measured_parts(value, scale).map(|one| one.most).collect();
    let is_sides = ["padding", "border-width"].contains(&&*name) && sizes.len() > 1;
    let tall = sizes.iter().enumerate().filter(|(at, _)| !is_sides || at % 2 == 0);
    let largest = || tall.map(|(_, size)| *size).fold(0.0, f64::max);
    if name.starts_with("padding") {
        return largest();
    }
    if name.ends_with("box-shadow") {
        return reach_of_shadow(value);
    }
    if name == "border-collapse"
        || name == "border-spacing"
        || !name.starts_with("border") && !name.starts_with("outline")
    {
        return 0.0;
    }
    // A line without a width is three pixels thick.
    let word = |word: &&str| match *word {
        "thick" => 5.0,
        "solid" | "double" | "dotted" | "dashed" | "groove" | "ridge" | "inset" | "outset"
        | "medium" => 3.0,
        _ => 0.0,
    };
    if !sizes.is_empty() {
        largest()
    } else {
        sheet::parts(value).iter().map(word).fold(0.0, f64::max)
    }
}

/// What is painted around words within a line takes no room: it covers the lines above and below.
fn overhanging(chain: &Chain<'_>) -> RoomTaken {
    const COVERS: &str =
        "could cover lines beside it, as it stands in a line of text and takes no room";
    const MOST_OUTLINE: f64 = 4.0;
    let most = if chain.is_footer() { 4.0 } else { 6.0 };
    let from = if chain.is_footer() { 0 } else { SHARED };
    let sizes = chain.sizes();
    for (at, node) in chain.nodes.iter().enumerate().skip(from) {
        let scale = &sizes[at].scale();
        let in_line = chain.said(at).find(|(_, one, value)| {
            one.name == "display" && IN_LINE.contains(value) && *value != "revert"
        });
        if let Some((block, one, _)) = in_line
            && (GROWING.contains(&node.element) || node.classes.contains(&"k"))
        {
            return blame(block, one).map(|blame| (blame, COVERS));
        }
        let is_flowing = is_inline(node);
        if !is_flowing && in_line.is_none() {
            // It is painted above the words of all others.
            let outlines: Vec<Saying<'_>> =
                chain.said(at).filter(|(_, one, _)| one.name.starts_with("outline")).collect();
            if let Some(because) = far_over(&outlines, scale, false, MOST_OUTLINE) {
                return Some((because, "could cover lines beside it, as it takes no room"));
            }
            continue;
        }
        // Raw HTML may give it a ground.
        let is_open = !chain.is_footer()
            && chain.nodes[..at].iter().any(|around| around.classes.contains(&"art"));
        let said: Vec<Saying<'_>> =
            chain.said(at).filter(|(block, ..)| in_line.is_some() || !makes_box(block)).collect();
        if let Some(because) = far_over(&said, scale, is_open, most) {
            return Some((because, COVERS));
        }
    }
    // Signs before and behind words stand in a line, whatever their element is.
    for (at, around) in sizes.iter().enumerate().skip(from) {
        let said: Vec<Saying<'_>> =
            chain.generated(at).filter(|(block, ..)| !makes_box(block)).collect();
        let own = said.iter().filter_map(|(_, one, value)| around.said(one, value));
        let least = own.clone().map(|one| one.least).fold(around.range.least, f64::min);
        let most_em = own.map(|one| one.most).fold(around.range.most, f64::max);
        let scale = Scale { em: PixelRange::between(least, most_em), ..around.scale() };
        if let Some(because) = far_over(&said, &scale, false, most) {
            return Some((because, COVERS));
        }
    }
    None
}

/// A declaration with one of its values, and where it stands.
type Saying<'a> = (&'a StyleBlock, &'a Declaration, &'a str);

/// What of `said` paints farther than `most` pixels beyond a line; where the element `is_open`, it may
/// have a ground of which the sheet says nothing.
fn far_over(said: &[Saying<'_>], scale: &Scale, is_open: bool, most: f64) -> Option<Blame> {
    /// Pixels of a padding that do not matter where no ground is known.
    const UNSEEN: f64 = 12.0;
    const KINDS: [&str; 6] =
        ["padding", "border", "outline-offset", "outline", "box-shadow", "-webkit-box-shadow"];
    let has_ground = said.iter().any(|(_, one, _)| one.name.starts_with("background"));
    let mut largest: BTreeMap<&str, f64> = BTreeMap::new();
    let mut because = None;
    for (block, one, value) in said {
        let pulled = ["margin", "margin-left", "margin-right", "margin-inline"];
        if pulled.contains(&&*canonical(&one.name)) && pulls(value, scale) {
            return blame(block, one);
        }
        let Some(kind) = KINDS.into_iter().find(|kind| one.name.starts_with(kind)) else {
            continue;
        };
        let over = match (kind, has_ground, is_open) {
            ("padding", false, false) => continue,
            ("padding", false, true) => (overhang_of(one, value, scale) - UNSEEN).max(0.0),
            _ => overhang_of(one, value, scale),
        };
        let known = largest.entry(kind).or_default();
        if over > *known {
            *known = over;
            because = blame(block, one).or(because);
        }
    }
    because.filter(|_| largest.values().sum::<f64>() > most)
}

/// Whether a margin pulls what is in a line over its neighbours.
fn pulls(value: &str, scale: &Scale) -> bool {
    measured_parts(value, scale).any(|one| one.least < -4.0)
}

/// Whether what stands before or behind words would take so much room that it pushes others away.
pub(super) fn is_large_sign(one: &Declaration, value: &str) -> bool {
    const HIGHEST: f64 = 64.0;
    let name = canonical(&one.name);
    let is_size = ["height", "min-height"].contains(&&*name)
        || ["padding", "margin", "border"].iter().any(|kind| name.starts_with(kind));
    is_size
        && value != "100%"
        && measured_parts(value, &Scale::default()).any(|one| one.most > HIGHEST)
}

/// What stands before and behind words, also as a bullet: where it takes less room than it is high, it
/// is a quotation mark or a few signs of the size of words.
fn marks(chain: &Chain<'_>) -> RoomTaken {
    /// Twice the size of words.
    const LARGE: f64 = 32.0;
    let (mut line_around, mut bullet) = (None::<f64>, None);
    for at in 0..chain.nodes.len() {
        for (block, one, value) in chain.said(at) {
            let line = line_of(one, value).and_then(|line| measure(line, &Scale::default()));
            let line = line.map(|line| line.range.least);
            line_around = [line, line_around].into_iter().flatten().reduce(f64::min);
            let is_bullet = one.name.starts_with("list-style") && value.contains(['"', '\'']);
            let string = sheet::parts(value).into_iter().find(|part| part.starts_with(['"', '\'']));
            let shown = string.filter(|string| is_bullet && !is_few(string));
            bullet = shown.and_then(|_| blame(block, one)).or(bullet);
        }
        let size = size_of_signs(chain, at);
        let is_large = size > LARGE;
        let (mut low, mut sized, mut has_line) = (None, None, false);
        let mut shown = bullet.clone();
        for (block, one, value) in chain.signs(at) {
            let name = canonical(&one.name);
            let because = || blame(block, one);
            sized = size_of(one, value).and_then(|_| because()).or(sized);
            match &*name {
                "height" | "max-height" | "width" | "max-width"
                    if !LEFT_TO_WORDS.contains(&value) =>
                {
                    low = because().or(low);
                }
                "line-height" | "font" => {
                    let font = values::font(value).filter(|_| name == "font");
                    let line = if name == "font" { font.and_then(|f| f.line) } else { Some(value) };
                    has_line |= line.is_some();
                    low = because().filter(|_| line.is_some_and(|l| is_low(l, size))).or(low);
                }
                "content" if !is_quotation_mark(value) && (is_large || !is_few(value)) => {
                    shown = because().or(shown);
                }
                _ => {}
            }
        }
        let is_crowded = line_around.is_some_and(|line| is_large && line < size * LOWEST_SIGN);
        low = low.or(sized.filter(|_| !has_line && is_crowded));
        if let Some(because) = shown.filter(|_| low.is_some()) {
            return Some((because, "could cover words beside it, as it has no room of its own"));
        }
    }
    None
}

/// The height of a line of signs, at least, as a part of their size.
const LOWEST_SIGN: f64 = 0.7;

/// How large the signs before and behind the words of an element may be, in pixels.
fn size_of_signs(chain: &Chain<'_>, at: usize) -> f64 {
    const USUAL: f64 = 16.0;
    const LEAST: f64 = 14.0;
    let sizes = chain.signs(at).filter_map(|(_, one, value)| match size_of(one, value)? {
        TextSize::Pixels(size) => Some(size),
        TextSize::Times(times) => Some(times * USUAL),
        TextSize::Length(text) => {
            let usual = PixelRange::of(USUAL);
            let scale = Scale { em: usual, root: usual, whole: usual };
            Some(measure(text, &scale)?.range.most)
        }
        TextSize::Inherited => None,
    });
    sizes.fold(LEAST, f64::max)
}

/// Whether a line is lower than its signs of so many pixels.
fn is_low(line: &str, size: f64) -> bool {
    match values::number(line) {
        Some(times) => times.range.least < LOWEST_SIGN,
        None => {
            let usual = LetterSize::usual().scale();
            measure(line, &usual).is_some_and(|found| found.range.least < size * LOWEST_SIGN)
        }
    }
}

/// Whether a `content` is nothing, a quotation mark, or as short as a number.
fn is_few(value: &str) -> bool {
    let inner = value.trim_matches(['"', '\'']);
    is_quotation_mark(value)
        || value.starts_with("counter(")
        || inner.chars().count() <= 3
            && inner.chars().all(|c| c.is_ascii() || "•·–—→›»".contains(c))
}

/// Words of the footer at the right of something wider than a telephone.
fn far_right(chain: &Chain<'_>) -> RoomTaken {
    const SCREEN: f64 = 400.0;
    if !chain.is_footer() {
        return None;
    }
    let (mut is_wide, mut right) = (false, None);
    for (at, scale) in LetterSize::scales(chain).iter().enumerate() {
        for (block, one, value) in chain.said(at) {
            let name = canonical(&one.name);
            let goes_right = match &*name {
                "width" | "min-width" => {
                    is_wide |= !value.ends_with('%')
                        && measured_parts(value, scale).any(|one| one.most > SCREEN);
                    false
                }
                "text-align" | "text-align-last" => {
                    ["right", "end", "-webkit-right", "-moz-right"].contains(&value)
                }
                "float" => ["right", "inline-end"].contains(&value),
                "margin-left" => value == "auto" && at + 2 >= chain.nodes.len(),
                _ => false,
            };
            right = blame(block, one).filter(|_| goes_right).or(right);
        }
    }
    right.filter(|_| is_wide).map(|blame| {
        (blame, "puts the footer at the right of a letter that is wider than a telephone")
    })
}

/// Words of the footer in one line, which ends beyond the screen.
fn unbroken(chain: &Chain<'_>) -> RoomTaken {
    if !chain.is_footer() {
        return None;
    }
    for at in (0..chain.nodes.len()).filter(|at| chain.nodes[*at].element != "a") {
        for (block, one, value) in chain.said(at) {
            let is_one_line = ["white-space", "text-wrap", "text-wrap-mode"].contains(&&*one.name)
                && sheet::parts(value).iter().any(|word| ["nowrap", "pre"].contains(word));
            if is_one_line {
                return blame(block, one).map(|blame| (blame, "keeps the footer in one long line"));
            }
        }
    }
    None
}
