//! Values of properties: which of them stay within bounds, and what fonts, sizes and grounds they
//! name. What cannot be read here is out of bounds.

use super::colors;
use super::lengths::{Measure, PixelRange, Scale, measure};
use super::ornaments::{
    is_border, is_box_shadow, is_content, is_decoration, is_stroke, is_text_shadow,
};
use Grammar::{
    Any, Border, BoxShadow, Color, Content, Count, Decoration, Family, Font, FontSize, Ground,
    Idle, Lengths, LineHeight, Margin, Number, Room, Share, Sides, Stroke, Text, TextShadow, Words,
    WordsOr,
};

/// Values of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum Grammar {
    /// All.
    Any,
    /// None but those that do nothing.
    Idle,
    /// One or more of these words.
    Words(&'static [&'static str]),
    /// Words of a few letters, and lengths in these bounds.
    WordsOr(f64, f64),
    /// Lengths in these bounds and nothing else.
    Lengths(f64, f64),
    /// A margin or padding in these bounds. How large the letters are that `em` is a part of is followed
    /// down from element to element.
    Room(f64, f64),
    /// A length in these bounds, or at most the whole of what is around.
    Share(f64, f64, f64),
    /// A number or percentage in these bounds.
    Number(f64, f64),
    /// Words and whole numbers up to this one.
    Count(f64),
    /// Sides: the bounds of lengths above and below, and those at the left and right.
    Sides([f64; 2], [f64; 2]),
    /// A margin that lifts what follows by so much, and pushes it away by so much.
    Margin(f64, f64),
    /// A line that is at most so thick.
    Border(f64),
    /// A line under words that is at most so thick.
    Decoration(f64),
    /// The line around letters, at most so thick.
    Stroke(f64),
    /// A text's size; what is relative is followed down from element to element.
    FontSize(f64, f64),
    /// As a number of lines' heights and in pixels, each at least, and at most in pixels.
    LineHeight(f64, f64, f64),
    /// Fonts with letters.
    Family,
    /// Size, height of a line (as a number at least so much) and family.
    Font(f64, f64, f64),
    /// Colours that can be read, and words for where they lie.
    Ground,
    /// A colour of words that can be read, and that little shines through.
    Text,
    /// A colour that can be read.
    Color,
    /// Small shadows of a box.
    BoxShadow,
    /// Small shadows of letters.
    TextShadow,
    /// Words before or behind an element.
    Content,
}

/// Values of a height or a width that leave it to the words.
pub(crate) const LEFT_TO_WORDS: [&str; 11] = [
    "auto",
    "none",
    "initial",
    "unset",
    "revert",
    "inherit",
    "100%",
    "min-content",
    "max-content",
    "fit-content",
    "normal",
];

/// Values of every property that take nothing away.
pub(super) const GLOBAL: [&str; 5] = ["inherit", "initial", "unset", "revert", "revert-layer"];
/// Pixels that a margin pulls something to a side, or up, at most: a picture to the edge of the letter.
const FARTHEST_LEFT: f64 = 24.0;
/// The colour of the words around.
const AROUND: [&str; 3] = ["inherit", "unset", "currentcolor"];
const IDLE: [&str; 9] =
    ["auto", "horizontal-tb", "inherit", "initial", "none", "normal", "static", "unset", "visible"];
/// Whether `value` is one that `grammar` has.
pub(super) fn fits(grammar: Grammar, value: &str) -> bool {
    if GLOBAL.contains(&value) && !matches!(grammar, Text | Color | Idle) {
        return true;
    }
    match grammar {
        Any => true,
        Idle => IDLE.contains(&value),
        Words(words) => !value.is_empty() && parts(value).iter().all(|one| words.contains(one)),
        Lengths(least, most) => {
            let every = parts(value);
            !every.is_empty() && every.iter().all(|one| is_length(one, least, most))
        }
        Room(least, most) => {
            let every = parts(value);
            !every.is_empty() && every.iter().all(|one| is_room(one, least, most))
        }
        Share(least, most, share) => is_share(value, least, most, share),
        WordsOr(least, most) => is_words_or(value, least, most),
        Count(most) => is_count(value, most),
        Border(most) => is_border(value, most),
        Decoration(most) => is_decoration(value, most),
        Stroke(most) => is_stroke(value, most),
        Number(least, most) => {
            ["auto", "none"].contains(&value)
                || number(value).is_some_and(|number| number.range.is_within(least, most))
        }
        Sides(tall, wide) => {
            let every = parts(value);
            !every.is_empty()
                && every.iter().enumerate().all(|(at, one)| {
                    let [least, most] = if at % 2 == 0 { tall } else { wide };
                    // A single one is for all sides.
                    let [low, high] = if every.len() == 1 { wide } else { [least, most] };
                    is_room(one, least.max(low), most.min(high))
                })
        }
        Margin(lift, push) => {
            let every = parts(value);
            let below = if every.len() < 3 { 0 } else { 2 };
            !every.is_empty()
                && every.iter().enumerate().all(|(at, one)| {
                    is_room(one, -if at == below { lift } else { FARTHEST_LEFT }, push)
                })
        }
        FontSize(least, most) => font_size(value).is_some_and(|size| size.is_sane(least, most)),
        LineHeight(factor, least, most) => is_line_height(value, factor, least, most),
        Family => has_letters(value),
        Font(least, most, factor) => font(value).is_some_and(|font| {
            font.size.is_sane(least, most)
                && font.line.is_none_or(|line| is_line_height(line, factor, least, most * 1.5))
                && (least <= 0.0 || has_letters(font.family))
        }),
        Ground => colors::ground(value).is_some(),
        Text => AROUND.contains(&value) || colors::is_opaque(value),
        Color => AROUND.contains(&value) || colors::read(value).is_some(),
        BoxShadow => is_box_shadow(value),
        TextShadow => is_text_shadow(value),
        Content => is_content(value),
    }
}

/// The parts of a value: at white space, commas and slashes outside of parentheses and quotes.
pub(crate) fn parts(value: &str) -> Vec<&str> {
    super::split(value, |c| c.is_whitespace() || ",/".contains(c))
}

/// Words and lengths, of which each is within the bounds.
fn is_words_or(value: &str, least: f64, most: f64) -> bool {
    let is_word = |one: &str| one.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let every = parts(value);
    !every.is_empty() && every.iter().all(|one| is_word(one) || is_length(one, least, most))
}

/// Words, and whole numbers up to `most`.
fn is_count(value: &str, most: f64) -> bool {
    let is_word = |one: &str| one.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let every = parts(value);
    !every.is_empty()
        && every
            .iter()
            .all(|one| is_word(one) || one.parse::<f64>().is_ok_and(|number| number.abs() <= most))
}

const NO_LENGTH: [&str; 5] = ["auto", "none", "normal", "0", "fit-content"];

fn is_length(text: &str, least: f64, most: f64) -> bool {
    NO_LENGTH.contains(&text)
        || GLOBAL.contains(&text)
        || measure(text, &Scale::default()).is_some_and(|one| {
            (!one.is_number || one.range.is_within(0.0, 0.0)) && one.range.is_within(least, most)
        })
}

/// As [`is_length`]; what pushes away is measured by letters of usual size.
fn is_room(text: &str, least: f64, most: f64) -> bool {
    let usual = Scale { em: PixelRange::of(16.0), ..Scale::default() };
    is_length(text, least, f64::INFINITY)
        && measure(text, &usual).is_none_or(|one| one.range.most <= most)
}

/// A size of its own within bounds, or a part of what is around: at least `share` of it.
fn is_share(value: &str, least: f64, most: f64, share: f64) -> bool {
    let of_all = ["%", "vw", "vh"].iter().find_map(|unit| value.strip_suffix(unit));
    let kept = ["auto", "none", "normal", "max-content", "min-content", "fit-content"];
    match of_all.and_then(|number| number.trim().parse::<f64>().ok()) {
        Some(number) => (share * 100.0..=100.0).contains(&number),
        None => {
            kept.contains(&value)
                || value != "0" && is_length(value, least, most)
                || least <= 0.0 && value == "0"
        }
    }
}

/// A number, or a percentage as a number.
pub(crate) fn number(value: &str) -> Option<Measure> {
    let scale = Scale { whole: PixelRange::of(1.0), ..Scale::default() };
    measure(value, &scale).filter(|found| found.is_number || value.ends_with('%'))
}

/// The size of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TextSize<'a> {
    /// In pixels, whatever is around.
    Pixels(f64),
    /// A multiple of that of the element around.
    Times(f64),
    /// As it is around.
    Inherited,
    /// A length, which may be relative.
    Length(&'a str),
}

/// What a text of usual size may become by one declaration, in pixels.
const SMALLEST_SHARE: f64 = 7.0;

impl TextSize<'_> {
    fn is_sane(self, least: f64, most: f64) -> bool {
        match self {
            TextSize::Pixels(size) => size >= least,
            TextSize::Inherited => true,
            TextSize::Times(factor) => factor > 0.0 && factor <= 6.0,
            TextSize::Length(text) => {
                let usual = PixelRange::of(16.0);
                let scale = Scale { em: usual, root: usual, whole: usual };
                let relative = ["em", "%", "ex", "ch"].iter().any(|unit| text.contains(unit));
                let least = if relative { least.min(SMALLEST_SHARE) } else { least };
                measure(text, &scale).is_some_and(|one| one.range.is_within(least, most))
            }
        }
    }
}

/// What `font-size` says.
pub(crate) fn font_size(value: &str) -> Option<TextSize<'_>> {
    Some(match value {
        "xx-small" => TextSize::Pixels(9.0),
        "x-small" => TextSize::Pixels(10.0),
        "small" => TextSize::Pixels(13.0),
        "medium" | "initial" => TextSize::Pixels(16.0),
        "large" => TextSize::Pixels(18.0),
        "x-large" => TextSize::Pixels(24.0),
        "xx-large" => TextSize::Pixels(32.0),
        "xxx-large" => TextSize::Pixels(48.0),
        "smaller" => TextSize::Times(0.83),
        "larger" => TextSize::Times(1.2),
        "inherit" | "unset" | "revert" | "revert-layer" => TextSize::Inherited,
        text => {
            let found = measure(text, &Scale::default())?;
            if found.is_number && !found.range.is_within(0.0, 0.0) {
                return None;
            }
            TextSize::Length(text)
        }
    })
}

fn is_line_height(value: &str, factor: f64, least: f64, most: f64) -> bool {
    if value == "normal" || GLOBAL.contains(&value) {
        return true;
    }
    if let Some(times) = number(value) {
        return times.range.is_within(factor, most / 16.0);
    }
    // A part of the letters, whatever size they have.
    let height = |em: f64| {
        let scale = Scale { em: PixelRange::of(em), ..Scale::default() };
        measure(value, &scale).filter(|one| !one.is_number).map(|one| one.range)
    };
    match (height(1.0), height(16.0)) {
        (Some(once), Some(usual)) if once != usual => usual.is_within(factor * 16.0, most),
        (_, usual) => usual.is_some_and(|usual| usual.is_within(least, most)),
    }
}

/// `font` in its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FontShorthand<'a> {
    pub(crate) size: TextSize<'a>,
    pub(crate) line: Option<&'a str>,
    family: &'a str,
}

/// What `font` says; `None` where it has no size.
pub(crate) fn font(value: &str) -> Option<FontShorthand<'_>> {
    if GLOBAL.contains(&value) {
        return Some(FontShorthand { size: TextSize::Inherited, line: None, family: "serif" });
    }
    let spaced = super::split(value, char::is_whitespace);
    for word in spaced {
        let (size, line) = word.split_once('/').map_or((word, None), |(a, b)| (a, Some(b)));
        // A weight is a number as well.
        let Some(found) = font_size(size).filter(|_| word.parse::<f64>().is_err() || word == "0")
        else {
            continue;
        };
        let end = word.as_ptr() as usize - value.as_ptr() as usize + word.len();
        let rest = value[end..].trim_start();
        // "20px / 0 serif" and "20px/ 0 serif" say the same as "20px/0 serif".
        let (line, family) =
            match rest.strip_prefix('/').or(line.filter(|l| l.is_empty()).map(|_| rest)) {
                Some(rest) => {
                    let rest = rest.trim_start();
                    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                    (Some(&rest[..end]), rest[end..].trim_start())
                }
                None => (line, rest),
            };
        return (!family.is_empty()).then_some(FontShorthand { size: found, line, family });
    }
    None
}

/// Parts of names of fonts that have signs, lines or nothing in place of letters. No font is loaded
/// from anywhere, so these are the ones that come with systems and office programs.
const SIGNS: [&str; 23] = [
    "awesome",
    "barcode",
    "blank",
    "bookshelf",
    "braille",
    "d050000l",
    "dings",
    "dingbat",
    "icon",
    "lastresort",
    "marlett",
    "mdl2",
    "monotypesorts",
    "msoutlook",
    "mtextra",
    "notosanssymbols",
    "opensymbol",
    "ornament",
    "redacted",
    "referencespecialty",
    "symbol",
    "zwadobe",
    "flowblock",
];
const GENERIC: [&str; 11] = [
    "serif",
    "sans-serif",
    "monospace",
    "cursive",
    "fantasy",
    "system-ui",
    "ui-serif",
    "ui-sans-serif",
    "ui-monospace",
    "ui-rounded",
    "-apple-system",
];

/// Whether a list of fonts shows letters: what stands behind one that everybody has is never asked.
fn has_letters(families: &str) -> bool {
    let listed = super::split(families, |c| c == ',');
    let before = listed.iter().take_while(|name| !GENERIC.contains(&name.trim()));
    let mut names =
        before.map(|name| name.to_ascii_lowercase().replace(|c: char| !c.is_alphanumeric(), ""));
    !families.contains('(')
        && names
            .all(|name| name == "segoeuisymbol" || !SIGNS.iter().any(|sign| name.contains(sign)))
}
