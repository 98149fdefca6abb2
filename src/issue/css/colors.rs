//! Colours that every mail program reads in the same way, and the grounds that are made of them.
//!
//! What depends on the reader's system, on the element around or on a program's age (`canvastext`,
//! `currentcolor`, `color-mix()`, `oklch()`) has no answer here, and whoever asks must refuse it: it
//! may be the colour of the words that stand on it.

use super::lengths::{Scale, measure};
use super::values::parts;

/// Red, green, blue and opacity.
pub(crate) type Rgba = [u8; 4];

/// Ways to write a colour that are older than most mail programs.
const FUNCTIONS: [&str; 4] = ["rgb(", "rgba(", "hsl(", "hsla("];

/// Ways that some programs do not know: for words, which then keep the colour around.
const NEW_FUNCTIONS: [&str; 5] = ["hwb(", "lab(", "lch(", "oklab(", "oklch("];

/// The colour that `text`, in lower case, is.
pub(crate) fn read(text: &str) -> Option<Rgba> {
    let text = text.trim();
    let mut functions = FUNCTIONS.iter().chain(&NEW_FUNCTIONS);
    let is_known = text.starts_with('#')
        || functions.any(|name| text.starts_with(name)) && !text.contains("from")
        // Without its sign, a number is no colour.
        || text.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let color = csscolorparser::parse(text).ok().filter(|_| is_known)?;
    Some(color.to_rgba8())
}

/// The colour that `text` is for everybody, whatever their program's age.
fn read_by_all(text: &str) -> Option<Rgba> {
    read(text).filter(|_| !NEW_FUNCTIONS.iter().any(|name| text.trim().starts_with(name)))
}

/// A colour that little shines through.
pub(super) fn is_opaque(text: &str) -> bool {
    read(text).is_some_and(|[.., opacity]| opacity >= 128)
}

/// Stops of a gradient, at most.
const MAX_STOPS: usize = 4;
/// Colours that are looked at between two stops.
const BETWEEN: u16 = 12;

/// The colours that a ground has, for a gradient also those between its stops; none where it lets
/// through what is around. `None` where it cannot be read.
pub(crate) fn ground(value: &str) -> Option<Vec<Rgba>> {
    const THROUGH: [&str; 6] = ["none", "inherit", "initial", "unset", "revert", "transparent"];
    let mut found = Vec::new();
    if THROUGH.contains(&value) {
        return Some(found);
    }
    let every = parts(value);
    if every.is_empty() {
        return None;
    }
    for part in every {
        let gradients = ["linear-gradient(", "radial-gradient("];
        let inner = gradients.iter().find_map(|kind| part.strip_prefix(kind)?.strip_suffix(')'));
        match inner {
            Some(inner) => gradient(inner, &mut found)?,
            None => match read_by_all(part) {
                Some([.., 0]) => {}
                Some(color) => found.push(color),
                None if is_place(part) => {}
                None => return None,
            },
        }
    }
    Some(found)
}

/// Whether a ground, as it is written, is a gradient.
pub(crate) fn is_gradient(value: &str) -> bool {
    value.contains("gradient(")
}

/// Whether a ground, as it is written, is a gradient that may leave a part of its element free.
pub(crate) fn may_end(value: &str) -> bool {
    let is_clear = |color: &Rgba| color[3] < 255;
    is_gradient(value)
        && (value.contains("repeat")
            || value.contains('/')
            || ground(value).is_none_or(|all| all.iter().any(is_clear)))
}

fn gradient(inner: &str, found: &mut Vec<Rgba>) -> Option<()> {
    let mut stops: Vec<Rgba> = Vec::new();
    for part in parts(inner) {
        match read_by_all(part) {
            Some(color) => stops.push(color),
            None if is_place(part) => {}
            None => return None,
        }
    }
    if stops.is_empty() || stops.len() > MAX_STOPS {
        return None;
    }
    for pair in stops.windows(2) {
        for step in 1..BETWEEN {
            let channel = |at: usize| {
                let [from, to] = [u16::from(pair[0][at]), u16::from(pair[1][at])];
                ((from * (BETWEEN - step) + to * step) / BETWEEN) as u8
            };
            found.push([channel(0), channel(1), channel(2), channel(3)]);
        }
    }
    found.extend(stops);
    Some(())
}

/// Words and lengths that say where a ground lies, and how far it goes.
fn is_place(word: &str) -> bool {
    const WORDS: [&str; 24] = [
        "to",
        "at",
        "top",
        "bottom",
        "left",
        "right",
        "center",
        "circle",
        "ellipse",
        "no-repeat",
        "repeat",
        "repeat-x",
        "repeat-y",
        "scroll",
        "fixed",
        "local",
        "cover",
        "contain",
        "auto",
        "none",
        "padding-box",
        "border-box",
        "closest-side",
        "farthest-corner",
    ];
    let is_turn = || word.strip_suffix("deg").is_some_and(|turn| turn.parse::<f64>().is_ok());
    WORDS.contains(&word) || is_turn() || measure(word, &Scale::default()).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_one_colour_for_everybody_is_read() {
        for (text, color) in [
            ("#fff", [255, 255, 255, 255]),
            ("#12345680", [0x12, 0x34, 0x56, 0x80]),
            ("crimson", [220, 20, 60, 255]),
            ("rgb(1 2 3 / 100%)", [1, 2, 3, 255]),
            ("hsl(0, 0%, 100%)", [255, 255, 255, 255]),
            ("transparent", [0, 0, 0, 0]),
        ] {
            assert_eq!(read(text), Some(color), "{text}");
        }
        for text in [
            "",
            "fff",
            "facade",
            "222222",
            "currentcolor",
            "canvastext",
            "windowtext",
            "var(--x)",
            "color-mix(in srgb, #000, #fff)",
            "hsv(0 0% 0%)",
            "rgb(from #fff r g b)",
            "rgb(calc(1) 2 3)",
            "light-dark(#000,#fff)",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_ground_is_all_its_colours_or_cannot_be_read() {
        assert_eq!(ground("none"), Some(Vec::new()));
        assert_eq!(ground("#eee no-repeat center / cover"), Some(vec![[238, 238, 238, 255]]));
        let between = ground("linear-gradient(90deg, #000, #fff 80%)").unwrap();
        assert!(between.contains(&[127, 127, 127, 255]) && between.len() == 13);
        for value in [
            "",
            "currentcolor",
            "canvastext",
            "var(--x)",
            "linear-gradient(var(--x),#fff)",
            "linear-gradient(in oklch, #000, #fff)",
            "linear-gradient(#000,#fff,#000,#fff,#000)",
            "conic-gradient(#000,#fff)",
            "oklch(60% .2 20)",
            "lab(50 0 0)",
            "repeating-linear-gradient(#000,#fff)",
            "color-mix(in srgb, #000, #fff)",
        ] {
            assert_eq!(ground(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "[-#(),/ .0-9a-z%]{0,40}") {
            let _ = read(&text);
            let _ = ground(&format!("linear-gradient({text})"));
        }
    }
}
