//! Values of what is painted around words: lines, shadows, and signs before and behind an element.
//! Each part of a value must be read, and is held to its bound.

use super::colors;
use super::lengths::{PixelRange, Scale, measure};
use super::values::parts;

/// Kinds of lines, and words for how thick one is.
const LINES: [&str; 13] = [
    "none", "hidden", "dotted", "dashed", "solid", "double", "groove", "ridge", "inset", "outset",
    "thin", "medium", "thick",
];
/// Colours of a line that need not be read: no words stand on it.
const LINE_COLORS: [&str; 5] = ["currentcolor", "inherit", "initial", "windowtext", "canvastext"];

/// A length in pixels; the number 0 is one.
fn length(text: &str) -> Option<PixelRange> {
    let found = measure(text, &Scale::default())?;
    (!found.is_number || found.range.is_within(0.0, 0.0)).then_some(found.range)
}

fn is_thin(text: &str, most: f64) -> bool {
    length(text).is_some_and(|range| range.is_within(0.0, most))
}

pub(super) fn is_border(value: &str, most: f64) -> bool {
    let every = parts(value);
    !every.is_empty()
        && every.iter().all(|one| {
            LINES.contains(one)
                || LINE_COLORS.contains(one)
                || is_thin(one, most)
                || colors::read(one).is_some()
        })
}

pub(super) fn is_decoration(value: &str, most: f64) -> bool {
    const WORDS: [&str; 15] = [
        "none",
        "underline",
        "overline",
        "line-through",
        "blink",
        "solid",
        "double",
        "dotted",
        "dashed",
        "wavy",
        "auto",
        "from-font",
        "currentcolor",
        "inherit",
        "initial",
    ];
    let every = parts(value);
    !every.is_empty()
        && every
            .iter()
            .all(|one| WORDS.contains(one) || is_thin(one, most) || colors::read(one).is_some())
}

/// A colour that is said must be read: half of the line is painted over the letter.
pub(super) fn is_stroke(value: &str, most: f64) -> bool {
    let every = parts(value);
    !every.is_empty()
        && every.iter().all(|one| {
            ["none", "thin", "currentcolor"].contains(one)
                || is_thin(one, most)
                || colors::read(one).is_some()
        })
}

/// Shadows in each other, at most.
const MAX_SHADOWS: usize = 3;

/// One shadow: how far it is moved, blurred and spread, and its colour.
struct ShadowParts {
    lengths: Vec<PixelRange>,
    opacity: u8,
}

/// What `value` has as shadows; `None` where something in it cannot be read.
fn shadows(value: &str) -> Option<Vec<ShadowParts>> {
    let every = super::split(value, |c| c == ',');
    if every.is_empty() || every.len() > MAX_SHADOWS {
        return None;
    }
    let one = |shadow: &&str| {
        let mut found = ShadowParts { lengths: Vec::new(), opacity: 0 };
        let mut colors = 0;
        for word in super::split(shadow, char::is_whitespace) {
            if let Some(length) = length(word) {
                found.lengths.push(length);
            } else if let Some([.., opacity]) = colors::read(word) {
                found.opacity = opacity;
                colors += 1;
            } else if word != "inset" {
                return None;
            }
        }
        (colors == 1 && (2..=4).contains(&found.lengths.len())).then_some(found)
    };
    every.iter().map(one).collect()
}

/// Whether a shadow is small: what is faint may be larger.
fn is_small(shadow: &ShadowParts, far: f64, blur: f64) -> bool {
    const FAINT: u8 = 80;
    let times = if shadow.opacity <= FAINT { 3.0 } else { 1.0 };
    let within = |at: usize, least: f64, most: f64| {
        shadow.lengths.get(at).is_none_or(|range| range.is_within(least, most))
    };
    within(0, -far * times, far * times)
        && within(1, -far * times, far * times)
        && within(2, 0.0, blur * times)
        && within(3, -24.0, 4.0)
}

/// The bounds of shadows in pixels: moved, blurred.
const BOX_SHADOW: (f64, f64) = (4.0, 12.0);
const TEXT_SHADOW: (f64, f64) = (2.0, 8.0);

pub(super) fn is_box_shadow(value: &str) -> bool {
    let (far, blur) = BOX_SHADOW;
    value == "none"
        || shadows(value).is_some_and(|all| all.iter().all(|one| is_small(one, far, blur)))
}

pub(super) fn is_text_shadow(value: &str) -> bool {
    let (far, blur) = TEXT_SHADOW;
    value == "none"
        || shadows(value).is_some_and(|all| {
            all.len() < MAX_SHADOWS
                && all.iter().all(|one| one.lengths.len() < 4 && is_small(one, far, blur))
        })
}

/// How far the shadows of a box reach beyond it in pixels, where they cover what they lie on.
pub(crate) fn reach_of_shadow(value: &str) -> f64 {
    let far = |one: &ShadowParts| {
        let at = |at: usize| one.lengths.get(at).map_or(0.0, |range| range.most.abs());
        at(1) + at(2) / 2.0 + one.lengths.get(3).map_or(0.0, |spread| spread.most)
    };
    const SEEN: u8 = 80;
    let all = shadows(value).unwrap_or_default();
    all.iter().filter(|one| one.opacity > SEEN).map(far).fold(0.0, f64::max)
}

/// Characters before or behind an element, at most.
const MAX_SIGNS: usize = 80;

pub(super) fn is_content(value: &str) -> bool {
    let words = ["none", "normal", "open-quote", "close-quote", "no-open-quote", "no-close-quote"];
    let every = super::split(value, char::is_whitespace);
    let is_string =
        |one: &str| one.len() > 1 && one.starts_with(['"', '\'']) && one.ends_with(['"', '\'']);
    let signs: usize =
        every.iter().filter(|one| is_string(one)).map(|one| one.chars().count() - 2).sum();
    !every.is_empty()
        && signs <= MAX_SIGNS
        && every.iter().all(|one| {
            words.contains(one)
                || is_string(one)
                || ["attr(", "counter(", "counters("].iter().any(|name| one.starts_with(name))
        })
}

/// Whether what stands before or behind an element is nothing but quotation marks: large ones are
/// set into no line of their own.
pub(crate) fn is_quotation_mark(value: &str) -> bool {
    let inner = value.trim_matches(['"', '\'']);
    let written = ["\\201c", "\\201d", "\\201e", "\\ab", "\\bb", "\\2018", "\\2019", "\\275d"];
    ["none", "normal", "open-quote", "close-quote"].contains(&value)
        || written.contains(&inner.to_ascii_lowercase().trim())
        || inner.chars().count() <= 2
            && inner.chars().all(|c| "“”„‟«»‹›‘’‚「」『』❝❞\"' ".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_thin_and_of_colours_that_can_be_read() {
        for value in ["1px solid #ccc", "0", "none", "4px double rgb(1,2,3)", ".5em solid", "thick"]
        {
            assert!(is_border(value, 12.0), "{value}");
        }
        for value in ["", "13px solid", "1px solid var(--x)", "1foo solid", "calc(1px", "-1px"] {
            assert!(!is_border(value, 12.0), "{value}");
        }
        for value in ["underline", "none", "underline 2px #123 wavy", "line-through"] {
            assert!(is_decoration(value, 3.0), "{value}");
        }
        for value in ["underline 8px", "4px", "underline 1em", "underline var(--x)", ""] {
            assert!(!is_decoration(value, 3.0), "{value}");
        }
        assert!(
            is_stroke("1px #123", 1.0) && !is_stroke("8px", 1.0) && !is_stroke("var(--x)", 1.0)
        );
    }

    #[test]
    fn shadows_are_small_or_faint() {
        for value in [
            "none",
            "0 1px 2px rgb(0 0 0 / 20%), inset 0 0 0 1px #ddd",
            "0 2px 12px rgba(0,0,0,.12)",
            "0 8px 24px rgba(0,0,0,.1)",
            "0 4px 12px rgba(0, 0, 0, .15)",
            "0 4px 12px #ccc",
        ] {
            assert!(is_box_shadow(value), "{value}");
        }
        for value in [
            "0 60px 0 60px #f3f1ec",
            "0 0 0 9999px #fff",
            "0 0 0 5px #fff",
            "0 6px 0 #fff",
            "0 0 40px #fff",
            "0 0 4px",
            "0 0 4px currentcolor",
            "0 0 4px var(--x)",
            "4px",
            "",
            "0 60px 0 rgba(0,0,0,.1)",
        ] {
            assert!(!is_box_shadow(value), "{value}");
        }
        assert!(is_text_shadow("0 1px 0 #fff") && is_text_shadow("1px 1px 2px #ccc"));
        for value in ["0 0 4px", "0 0 9000px #fff", "0 9px 0 #fff", "0 0 0 1px #fff", "1px 1px"] {
            assert!(!is_text_shadow(value), "{value}");
        }
        assert!((reach_of_shadow("0 4px 8px 2px #fff") - 10.0).abs() < 0.1);
        assert!(reach_of_shadow("0 8px 24px rgba(0,0,0,.1)") < 0.1);
    }

    #[test]
    fn signs_are_few() {
        for value in
            ["\"→ \"", "none", "\" (\" attr(href) \")\"", "counter(x) \". \"", "open-quote"]
        {
            assert!(is_content(value), "{value}");
        }
        for value in ["", "var(--x)", "linear-gradient(#fff,#fff)", "\"", "attr(href) url(x)"] {
            assert!(!is_content(value), "{value}");
        }
        assert!(!is_content(&format!("\"{}\"", "x".repeat(81))));
        assert!(is_quotation_mark("\"“\"") && is_quotation_mark("\"\\201C\""));
        assert!(!is_quotation_mark("\"█\"") && !is_quotation_mark("\"“““\""));
    }
}
