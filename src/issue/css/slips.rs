//! Slips in a style sheet: names of properties and values that no program knows, and marks that are
//! missing. A program passes over such a declaration, so that it can be left out and told.
//!
//! A property that the table of `properties` does not have is one as well, also where some program
//! knows it: what nobody here has looked at could hide the letter.

use super::properties;
use super::values::{GLOBAL, parts};
use crate::diagnostic::nearest;

/// What is wrong with a declaration, in words, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CssSlip {
    pub(crate) what: String,
    pub(crate) help: String,
}

/// What people call properties that have another name.
const CALLED: [(&str, &str); 20] = [
    ("align", "text-align"),
    ("background-colour", "background-color"),
    ("bg", "background"),
    ("bgcolor", "background-color"),
    ("bold", "font-weight"),
    ("border-colour", "border-color"),
    ("corner-radius", "border-radius"),
    ("font-color", "color"),
    ("font-colour", "color"),
    ("font-height", "line-height"),
    ("font-name", "font-family"),
    ("font-bold", "font-weight"),
    ("italic", "font-style"),
    ("line-spacing", "line-height"),
    ("text-color", "color"),
    ("text-colour", "color"),
    ("text-size", "font-size"),
    ("text-weight", "font-weight"),
    ("underline", "text-decoration"),
    ("valign", "vertical-align"),
];
/// Properties of CSS that the table does not have, and that nobody meant as another one.
const OTHERS: &str = "\
    all background-position-inline border-boundary clip-rule container container-name \
    container-type fill-opacity fill-rule float-offset flood-color font-size-adjust ime-mode \
    initial-letter interpolate-size layout-grid line-clamp margin-trim marker marks mask-border \
    mask-border-source mask-clip mask-composite mask-mode mask-origin mask-position mask-repeat \
    mask-size mask-type math-depth math-style max-lines object-view-box overflow-anchor \
    overflow-clip-margin paint-order shape-image-threshold shape-margin shape-outside size src \
    stroke stroke-color stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity \
    stroke-width text-anchor text-box text-box-edge text-box-trim text-combine-upright \
    timeline-scope transform-box user-zoom view-transition-name";

/// Words that a property can have, and nothing but one of them or a function.
const WORDS: &[(&str, &str)] = &[
    ("text-align", "left right center justify start end match-parent justify-all"),
    ("text-transform", "none capitalize uppercase lowercase full-width full-size-kana math-auto"),
    ("font-style", "normal italic oblique"),
    ("font-weight", "normal bold bolder lighter"),
    (
        "font-variant",
        "normal none small-caps all-small-caps petite-caps all-petite-caps unicase \
        titling-caps lining-nums oldstyle-nums proportional-nums tabular-nums ordinal slashed-zero \
        common-ligatures no-common-ligatures ruby super sub",
    ),
    ("visibility", "visible hidden collapse"),
    (
        "display",
        "block inline inline-block none flex inline-flex grid inline-grid table \
        inline-table table-cell table-row table-row-group table-header-group table-footer-group \
        table-column table-column-group table-caption list-item flow-root flow contents run-in \
        ruby ruby-base ruby-text math box compact marker",
    ),
    ("float", "left right none inline-start inline-end footnote top bottom"),
    ("clear", "left right none both inline-start inline-end all"),
    ("position", "static relative absolute fixed sticky"),
    (
        "white-space",
        "normal nowrap pre pre-wrap pre-line break-spaces wrap collapse preserve \
        balance pretty stable",
    ),
    ("overflow", "visible hidden scroll auto clip overlay"),
    ("border-style", "none hidden dotted dashed solid double groove ridge inset outset"),
    ("border-*-style", "none hidden dotted dashed solid double groove ridge inset outset"),
    ("border-collapse", "collapse separate"),
    ("box-sizing", "border-box content-box padding-box"),
    ("word-break", "normal break-all keep-all break-word auto-phrase manual"),
    ("overflow-wrap", "normal break-word anywhere"),
    ("direction", "ltr rtl"),
    (
        "text-decoration-line",
        "none underline overline line-through blink spelling-error \
        grammar-error",
    ),
    ("table-layout", "auto fixed"),
    ("list-style-position", "inside outside"),
];
/// Properties whose value is one or more colours.
const COLORS: &str = "color background-color border-color border-*-color outline-color \
    text-decoration-color caret-color column-rule-color";
/// Properties that have colours among other things.
const WITH_COLORS: &str = "background border border-* outline box-shadow text-shadow \
    text-decoration column-rule";
/// Properties that have lengths, with or without other words.
const LENGTHS: &str = "font-size margin margin-* padding padding-* width height min-width \
    max-width min-height max-height letter-spacing word-spacing text-indent border-width \
    border-*-width border-radius border-spacing border border-* outline outline-width gap row-gap \
    column-gap box-shadow text-shadow";
const UNITS: &str = "px em rem ex ch ic lh rlh cap pt pc in cm mm q % vw vh vi vb vmin vmax svw svh \
    lvw lvh dvw dvh cqw cqh fr deg";
/// Colours that depend on the reader's system, and words that stand for one.
const COLOR_WORDS: &str = "transparent currentcolor auto canvas canvastext linktext visitedtext \
    activetext buttonface buttontext buttonborder field fieldtext highlight highlighttext \
    selecteditem selecteditemtext mark marktext graytext accentcolor accentcolortext window \
    windowtext infobackground infotext menu menutext";
/// Names of colours that people write by hand.
const COLOR_NAMES: [&str; 24] = [
    "aqua", "black", "blue", "brown", "crimson", "cyan", "fuchsia", "gold", "gray", "green",
    "indigo", "lime", "magenta", "maroon", "navy", "olive", "orange", "pink", "purple", "red",
    "silver", "teal", "white", "yellow",
];

/// Whether `name` is one of the words of `list`, which have a space between them.
fn lists(list: &str, name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b' ');
    let bytes = list.as_bytes();
    !name.is_empty()
        && list
            .match_indices(name)
            .any(|(at, _)| (at == 0 || bytes[at - 1] == b' ') && is_end(bytes.get(at + name.len())))
}

/// What is wrong with `text`, a declaration as it is written, if anything is. To find what was meant
/// (`looks`) costs more than all else.
pub(crate) fn find(text: &str, looks: bool) -> Option<CssSlip> {
    let Some((name, value)) = text.split_once(':') else { return Some(colonless(text)) };
    let (written, value) = (name.trim(), value.trim().to_ascii_lowercase());
    let name = written.to_ascii_lowercase();
    if name.starts_with("--") {
        return None;
    }
    if name.contains(char::is_whitespace) {
        let what = format!("a \";\" or a \":\" is missing in {:?}", shown(text));
        return Some(slip(what, "write each declaration as name: value;".to_owned()));
    }
    if !properties::is_known(&name) {
        return Some(unknown(written, &name, looks));
    }
    if let Some(next) = second_name(&value) {
        let what = format!("a \";\" is missing before {next}");
        return Some(slip(what, "end each declaration with \";\"".to_owned()));
    }
    let (value, marked) =
        value.split_once('!').map_or((&*value, None), |(a, b)| (a.trim(), Some(b)));
    if let Some(mark) = marked.map(str::trim).filter(|mark| *mark != "important") {
        let what = format!("\"!{}\" is not known: did you mean !important?", shown(mark));
        return Some(slip(what, "write !important, or leave it out".to_owned()));
    }
    of_value(&name, value)
}

fn slip(what: String, help: String) -> CssSlip {
    CssSlip { what, help }
}

/// The first characters of what somebody wrote.
fn shown(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(40).collect()
}

fn colonless(text: &str) -> CssSlip {
    let what = format!("a \":\" is missing in {:?}", shown(text));
    let help = match text.split_once(char::is_whitespace) {
        Some((name, value)) if properties::is_known(&name.to_ascii_lowercase()) => {
            format!("write {name}: {}", shown(value))
        }
        _ => "write each declaration as name: value;".to_owned(),
    };
    slip(what, help)
}

fn unknown(written: &str, name: &str, looks: bool) -> CssSlip {
    let is_of_program = name.starts_with(['-', '_', '*']) || name.starts_with("mso-");
    if is_of_program || lists(OTHERS, name) {
        let what = format!("digest does not know {}, and leaves it out", shown(written));
        return slip(what, "delete the declaration".to_owned());
    }
    let called = CALLED.iter().find(|(called, _)| *called == name).map(|(_, meant)| *meant);
    let near = || nearest(name, properties::names());
    let meant = called.or_else(|| looks.then(near).flatten());
    let what = format!("property {} is not known", shown(written));
    match meant {
        Some(meant) => slip(
            format!("{what}: did you mean {meant}?"),
            format!("write {meant}; the declaration is left out"),
        ),
        None => slip(what, "correct its name, or delete it; it is left out".to_owned()),
    }
}

/// The name of a declaration that a value goes on into, where no `;` parts them.
fn second_name(value: &str) -> Option<&str> {
    let before = value.split(['"', '\'', '(']).next().unwrap_or_default();
    let (before, _) = before.split_once(':')?;
    let name = before.split_whitespace().last()?;
    (properties::is_known(name) && before.trim() != name).then_some(name)
}

fn of_value(name: &str, value: &str) -> Option<CssSlip> {
    let stem = properties::sides(name);
    let has = |list: &str| lists(list, name) || lists(list, &stem);
    let words = WORDS.iter().find(|(of, _)| *of == name || *of == stem).map(|(_, words)| *words);
    if value.is_empty() {
        return Some(slip(format!("{name} has no value"), "write one, or delete it".to_owned()));
    }
    let (has_color, may_have_color, has_length) = (has(COLORS), has(WITH_COLORS), has(LENGTHS));
    for part in parts(value) {
        let is_free =
            GLOBAL.contains(&part) || part.contains(['(', '"', '\'']) || part.starts_with('-');
        if is_free && !part.starts_with("-.") {
            continue;
        }
        let found = if has_color || part.starts_with('#') && may_have_color {
            color_slip(part)
        } else if has_length {
            length_slip(part)
        } else {
            words.and_then(|words| word_slip(name, part, words))
        };
        if let Some(help) = found {
            let what = format!("{:?} is no value of {name}", shown(part));
            return Some(slip(what, format!("{help}; the declaration is left out")));
        }
    }
    None
}

fn color_slip(part: &str) -> Option<String> {
    if let Some(digits) = part.strip_prefix('#') {
        let is_whole = [3, 4, 6, 8].contains(&digits.len());
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return (!is_whole || !is_hex).then(|| {
            "a color has three or six digits of 0 to 9 and a to f, as in #1a5fb4".to_owned()
        });
    }
    if lists(COLOR_WORDS, part) {
        return None;
    }
    let is_color = |text: &str| csscolorparser::parse(text).is_ok();
    if is_color(&format!("#{part}")) {
        return Some(format!("did you mean #{part}?"));
    }
    (!is_color(part)).then(|| match nearest(part, COLOR_NAMES) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "write a color as in #1a5fb4".to_owned(),
    })
}

fn length_slip(part: &str) -> Option<String> {
    let unsigned = part.trim_start_matches(['+', '-']);
    if lists(UNITS, part) && part != "%" {
        return Some(format!("write the number and {part} without a space between them"));
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, unit) = unsigned.split_at(end);
    let value: Option<f64> = number.parse().ok();
    let is_power = unit.starts_with('e') && unit[1..].starts_with(|c: char| c.is_ascii_digit());
    match (value, unit) {
        (Some(value), "") if value != 0.0 => Some(format!("did you mean {part}px?")),
        (Some(_), "") => None,
        (Some(_), unit) if lists(UNITS, unit) || is_power => None,
        (Some(_), unit) => Some(match nearest(unit, ["px", "em", "rem", "pt"]) {
            Some(meant) => format!("did you mean {number}{meant}?"),
            None => "write a number and px, em or %".to_owned(),
        }),
        (None, _) => Some("write a number and px, em or %".to_owned()),
    }
}

fn word_slip(name: &str, part: &str, words: &str) -> Option<String> {
    let is_number = part.parse::<f64>().is_ok() || part.ends_with("deg");
    let is_free = is_number && ["font-weight", "font-style"].contains(&name);
    if is_free || lists(words, part) {
        return None;
    }
    let meant = nearest(part, words.split_whitespace()).filter(|meant| meant.len() > 1);
    let spelled = match part {
        "centre" | "middle" | "centered" | "centred" => Some("center"),
        _ => None,
    };
    let meant = spelled.filter(|word| lists(words, word)).or(meant);
    Some(meant.map_or_else(
        || {
            format!(
                "its values are {}",
                words.split_whitespace().take(6).collect::<Vec<_>>().join(", ")
            )
        },
        |meant| format!("did you mean {meant}?"),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slips_are_told_with_what_was_meant() {
        for (text, words) in [
            ("colour:#222", "property colour is not known: did you mean color?"),
            ("font-wieght: bold", "did you mean font-weight?"),
            ("margn: 0", "did you mean margin?"),
            ("Text-Allign: left", "did you mean text-align?"),
            ("backgroundColor: red", "did you mean background-color?"),
            ("font-color: red", "did you mean color?"),
            ("frobnicate: 1", "property frobnicate is not known"),
            ("color:#22", "\"#22\" is no value of color"),
            ("color: 222222", "did you mean #222222?"),
            ("background: #12345", "is no value of background"),
            ("border: 1px solid #ggg", "\"#ggg\" is no value of border"),
            ("color: blakc", "did you mean black?"),
            ("border-left-color: rde", "did you mean red?"),
            ("text-align: centre", "did you mean center?"),
            ("font-weight: blod", "did you mean bold?"),
            ("display: bock", "did you mean block?"),
            ("font-size: 16", "did you mean 16px?"),
            ("margin: 0 10xp", "did you mean 10px?"),
            ("padding-left: 8 px", "did you mean 8px?"),
            ("width: 1.2.3px", "is no value of width"),
            ("color: red !importnat", "did you mean !important?"),
            ("color #222", "write color: #222"),
            ("color: #222 font-size: 16px", "a \";\" is missing before font-size"),
            ("color #222\n margin: 0", "is missing in"),
            ("color:", "color has no value"),
            ("all: unset", "digest does not know all, and leaves it out"),
            ("shape-outside: circle()", "digest does not know shape-outside"),
            ("-webkit-nobody-knows: 1", "digest does not know -webkit-nobody-knows"),
            ("mso-nobody-knows: 1", "digest does not know mso-nobody-knows"),
            ("*zoom: 1", "digest does not know *zoom"),
        ] {
            let found = find(text, true).map(|slip| format!("{}. {}", slip.what, slip.help));
            assert!(found.as_ref().is_some_and(|told| told.contains(words)), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_programs_know_is_no_slip() {
        for text in [
            "color: #fff0",
            "color: rebeccapurple !important",
            "color: canvastext",
            "color: var(--x, #22)",
            "background: #fff url(x) no-repeat",
            "background: linear-gradient(#fff, #eee)",
            "border-color: #fff #eee transparent",
            "border: 1px solid currentcolor",
            "margin: 0 auto -4px",
            "margin: -.5em 0",
            "padding: 1e1px",
            "line-height: 1.5",
            "font-size: larger",
            "font-size: clamp(1rem, 2vw, 18px)",
            "font-weight: 600",
            "font: bold 14px/1.4 Georgia, serif",
            "text-align: -webkit-center",
            "text-decoration: underline 1px #123",
            "display: inline-flex",
            "--x: anything at all",
            "content: \"a: b\"",
            "width: min(100%, 600px)",
            "border-radius: 4px / 8px",
            "box-shadow: 0 1px 2px rgb(0 0 0 / 20%), inset 0 0 0 1px #ddd",
            "outline: 0",
            "vertical-align: middle",
            "transition: color .2s",
            "-webkit-font-smoothing: antialiased",
            "-webkit-text-size-adjust: 100%",
            "-ms-text-size-adjust: none",
            "mso-table-lspace: 0pt",
            "mso-line-height-rule: exactly",
            "-webkit-overflow-scrolling: touch",
            "backface-visibility: hidden",
            "print-color-adjust: exact",
            "Display: NONE",
            "font-style: oblique 10deg",
            "overflow: hidden auto",
        ] {
            assert_eq!(find(text, true), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,40}", value in "[a-z0-9#%!.:;() -]{0,20}") {
            let _ = find(&text, true);
            let _ = find(&format!("color:{value}"), true);
            let _ = find(&format!("margin:{value}"), true);
        }
    }
}
