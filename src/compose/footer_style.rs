//! What style.css may say of the footer: the postal address and the way to unsubscribe stand there,
//! and readers must see them on every screen, in every scheme, without hovering over anything.
//!
//! A rule that reaches the footer may set what a text looks like, and nothing that could take it
//! away. A rule for anything else may say what it likes, but move nothing out of its place, because
//! it could come to lie above the footer. Goes by the names in a selector, not by a document: who
//! reads what with which program is not known here.

use std::ops::Range;

use super::theme::{Color, Palette};

/// Elements of the footer and around it.
const ELEMENTS: [&str; 9] = ["html", "body", "div", "table", "tbody", "tr", "td", "p", "a"];
/// Classes of the same.
const CLASSES: [&str; 3] = ["b", "letter", "f"];
/// Classes of what the footer never stands in. A mail program may put any other around the letter.
const ELSEWHERE: [&str; 26] = [
    "art", "s", "h", "k", "q", "t", "data", "pre", "code", "wide", "sub", "icon", "c", "g", "i",
    "l", "lo", "m", "n", "small", "w", "x", "z", "center", "hr", "end",
];
/// Whatever their value, text stays where it is and can be read.
const HARMLESS: [&str; 49] = [
    "content",
    "-ms-text-size-adjust",
    "-moz-osx-font-smoothing",
    "-webkit-font-smoothing",
    "-webkit-text-size-adjust",
    "border-collapse",
    "border-radius",
    "border-spacing",
    "border-style",
    "box-sizing",
    "caption-side",
    "clear",
    "color-scheme",
    "cursor",
    "empty-cells",
    "font-family",
    "font-feature-settings",
    "font-kerning",
    "font-style",
    "font-variant",
    "font-variant-numeric",
    "font-weight",
    "hyphens",
    "line-break",
    "list-style",
    "list-style-position",
    "list-style-type",
    "orphans",
    "overflow-wrap",
    "page-break-after",
    "page-break-before",
    "page-break-inside",
    "quotes",
    "tab-size",
    "table-layout",
    "text-align",
    "text-align-last",
    "text-decoration",
    "text-decoration-color",
    "text-decoration-line",
    "text-decoration-style",
    "text-size-adjust",
    "text-transform",
    "text-underline-offset",
    "text-wrap",
    "vertical-align",
    "white-space",
    "widows",
    "word-break",
];
/// Lengths that may not be negative.
const SPACES: [&str; 2] = ["margin", "padding"];
/// Pixels that nothing paints around itself, and that a footer must have in width.
const LARGEST: f64 = 200.0;
/// See [`SPACES`]: further down is not out of sight.
const LARGEST_SPACE: f64 = 1_000.0;
/// Text that is smaller, in pixels, cannot be read.
const SMALLEST: f64 = 9.0;
/// Colours that are nearer to each other look like one.
const LEAST: f64 = 1.5;
/// What a rule for any element may not set: it could come to lie above the footer.
const MOVES: [&str; 14] = [
    "animation",
    "bottom",
    "inset",
    "inset-block",
    "inset-inline",
    "left",
    "offset-path",
    "right",
    "rotate",
    "scale",
    "top",
    "transform",
    "translate",
    "z-index",
];
/// Names of colours that people write by hand (CSS Color 4, 6.1).
const NAMED: [(&str, &str); 46] = [
    ("black", "#000000"),
    ("white", "#ffffff"),
    ("red", "#ff0000"),
    ("green", "#008000"),
    ("blue", "#0000ff"),
    ("yellow", "#ffff00"),
    ("orange", "#ffa500"),
    ("purple", "#800080"),
    ("navy", "#000080"),
    ("teal", "#008080"),
    ("maroon", "#800000"),
    ("olive", "#808000"),
    ("gray", "#808080"),
    ("grey", "#808080"),
    ("silver", "#c0c0c0"),
    ("lightgray", "#d3d3d3"),
    ("lightgrey", "#d3d3d3"),
    ("darkgray", "#a9a9a9"),
    ("darkgrey", "#a9a9a9"),
    ("dimgray", "#696969"),
    ("dimgrey", "#696969"),
    ("slategray", "#708090"),
    ("darkslategray", "#2f4f4f"),
    ("gainsboro", "#dcdcdc"),
    ("whitesmoke", "#f5f5f5"),
    ("snow", "#fffafa"),
    ("ivory", "#fffff0"),
    ("beige", "#f5f5dc"),
    ("linen", "#faf0e6"),
    ("pink", "#ffc0cb"),
    ("gold", "#ffd700"),
    ("lime", "#00ff00"),
    ("aqua", "#00ffff"),
    ("crimson", "#dc143c"),
    ("tomato", "#ff6347"),
    ("coral", "#ff7f50"),
    ("brown", "#a52a2a"),
    ("sienna", "#a0522d"),
    ("indigo", "#4b0082"),
    ("darkblue", "#00008b"),
    ("midnightblue", "#191970"),
    ("royalblue", "#4169e1"),
    ("steelblue", "#4682b4"),
    ("darkgreen", "#006400"),
    ("darkred", "#8b0000"),
    ("rebeccapurple", "#663399"),
];

/// What the footer looks like where a rule says nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct FooterColors<'a> {
    pub(super) light: &'a Palette,
    pub(super) dark: &'a Palette,
}

/// The first declaration of `rule`, at-rules and what stands in them included, that could hide the
/// footer: where it is, and what it does.
pub(super) fn find_hiding(rule: &str, colors: FooterColors<'_>) -> Option<(Range<usize>, String)> {
    let is_dark = rule.starts_with('@') && rule.contains("prefers-color-scheme");
    let palette = if is_dark { colors.dark } else { colors.light };
    blocks(rule).into_iter().find_map(|block| hiding_block(rule, &block, palette))
}

/// A selector, and the declarations behind it.
struct StyleBlock {
    selectors: Range<usize>,
    declarations: Vec<Range<usize>>,
}

/// Every pair of braces, also inside others; what stands before the first is its selector.
fn blocks(css: &str) -> Vec<StyleBlock> {
    let (mut found, mut open): (Vec<StyleBlock>, Vec<StyleBlock>) = (Vec::new(), Vec::new());
    let (mut start, mut quote, mut depth) = (0, None, 0_usize);
    for (at, c) in css.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, '{') => {
                open.push(StyleBlock { selectors: start..at, declarations: Vec::new() });
                start = at + 1;
            }
            (None, ';' | '}') if depth == 0 => {
                if let Some(block) = open.last_mut() {
                    block.declarations.push(start..at);
                }
                start = at + 1;
                if c == '}' {
                    found.extend(open.pop());
                }
            }
            _ => {}
        }
    }
    found.extend(open);
    found
}

fn hiding_block(
    css: &str,
    block: &StyleBlock,
    palette: &Palette,
) -> Option<(Range<usize>, String)> {
    let selectors = css[block.selectors.clone()].trim();
    let reaches = parts(selectors, |c| c == ',').into_iter().any(reaches_footer);
    let pairs: Vec<(Range<usize>, String, String)> = block
        .declarations
        .iter()
        .filter_map(|range| {
            let text = &css[range.clone()];
            let (name, value) = text.split_once(':')?;
            let start = range.start + text.len() - text.trim_start().len();
            let end = range.start + text.trim_end().len();
            let value = value.trim().to_ascii_lowercase();
            let value = value.trim_end_matches("important").trim_end_matches(['!', ' ']);
            Some((start..end, name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let set = |names: &[&str]| {
        pairs.iter().rev().find(|(_, name, _)| names.contains(&name.as_str())).map(|pair| &pair.2)
    };
    let ground = set(&["background", "background-color"]).and_then(|value| color_in(value));
    let text = set(&["color"]).and_then(|value| color_in(value));
    for (range, name, value) in &pairs {
        let what = if moves(name, value) {
            Some("could come to lie above the footer")
        } else if reaches && !shows(name, value) {
            Some("could hide the footer")
        } else if reaches && name == "color" {
            let ground = ground.unwrap_or(palette.background);
            text.is_some_and(|text| text.contrast(ground) < LEAST)
                .then_some("could hide the footer")
        } else if reaches && ["background", "background-color"].contains(&name.as_str()) {
            let text = text.unwrap_or(palette.muted);
            colors_in(value)
                .any(|ground| text.contrast(ground) < LEAST)
                .then_some("could hide the footer")
        } else {
            None
        };
        if let Some(what) = what {
            return Some((range.clone(), what.to_owned()));
        }
    }
    None
}

/// Whether a declaration takes an element out of its place, or paints far around it.
fn moves(name: &str, value: &str) -> bool {
    let paints = ["box-shadow", "text-shadow", "outline", "outline-width", "outline-offset"];
    MOVES.contains(&name)
        || name == "position" && !["static", "relative", "inherit", "initial"].contains(&value)
        || name.trim_start_matches("-webkit-").starts_with("transform")
        || paints.contains(&name) && lengths(value).any(|length| length.abs() > LARGEST)
}

/// Whether what has this declaration is still seen.
fn shows(name: &str, value: &str) -> bool {
    let is = |words: &[&str]| words.contains(&value);
    let kept = is(&["inherit", "initial", "unset", "revert", "auto", "none", "normal"]);
    match name {
        "display" => is(&[
            "block",
            "flow-root",
            "inherit",
            "initial",
            "inline",
            "inline-block",
            "list-item",
            "table",
            "table-cell",
            "table-row",
            "table-row-group",
        ]),
        "visibility" => is(&["visible", "inherit", "initial"]),
        "opacity" => is(&["inherit", "initial"]) || number(value).is_some_and(|n| n >= 0.5),
        "overflow" | "overflow-x" | "overflow-y" => is(&["visible", "auto", "initial"]),
        "position" | "float" => is(&["static", "relative", "none", "left", "right", "initial"]),
        "color" => is(&["inherit", "currentcolor"]) || color_in(value).is_some(),
        "background"
        | "background-color"
        | "background-image"
        | "background-repeat"
        | "background-position"
        | "background-size" => true,
        "font-size" => {
            is(&["inherit", "initial", "small", "medium", "large", "x-large", "smaller", "larger"])
                || length(value).is_some_and(|size| size >= SMALLEST)
        }
        "font" => value.split([' ', '/']).find_map(length).is_some_and(|size| size >= SMALLEST),
        "line-height" => {
            kept || number(value).is_some_and(|n| n >= 0.9)
                || length(value).is_some_and(|size| size >= SMALLEST)
        }
        "letter-spacing" | "word-spacing" => {
            kept || length(value).is_some_and(|size| (-1.0..=20.0).contains(&size))
        }
        "text-indent" => length(value).is_some_and(|size| (0.0..=LARGEST).contains(&size)),
        "width" | "max-width" | "min-width" => {
            kept || name != "min-width" && length(value).is_some_and(|size| size >= LARGEST)
                || name == "min-width" && length(value).is_some()
                || percent(value).is_some_and(|share| (50.0..=100.0).contains(&share))
        }
        "height" | "max-height" | "min-height" => {
            kept || percent(value).is_some_and(|share| (100.0..=100.0).contains(&share))
        }
        "direction" => is(&["ltr", "rtl", "inherit"]),
        "unicode-bidi" => is(&["normal", "embed", "isolate", "plaintext"]),
        "box-shadow" | "text-shadow" | "transition" => true,
        name if HARMLESS.contains(&name) || name.starts_with("--") => true,
        name if name.starts_with("mso-") => name != "mso-hide" || value == "none",
        name if name.starts_with("border") || name.starts_with("outline") => {
            lengths(value).all(|length| length <= 20.0)
        }
        name if SPACES.iter().any(|space| name.starts_with(space)) => value.split(' ').all(|one| {
            one.is_empty()
                || one == "auto"
                || one == "inherit"
                || length(one)
                    .or_else(|| percent(one))
                    .is_some_and(|one| (0.0..=LARGEST_SPACE).contains(&one))
        }),
        _ => false,
    }
}

/// Whether one selector could mean the footer or what it stands in. What is said of siblings,
/// attributes and states is taken to hold, and so is what is said of elements around it: mail programs
/// put their own there.
fn reaches_footer(selector: &str) -> bool {
    let selector = selector.trim();
    if selector.is_empty() || selector.starts_with('@') {
        return false;
    }
    let compounds: Vec<&str> = parts(selector, |c| c.is_whitespace() || "><+~".contains(c));
    let mut rest = selector;
    for compound in compounds {
        let at = rest.find(compound).unwrap_or_default() + compound.len();
        rest = &rest[at..];
        // What stands beside the footer may be anything.
        let is_sibling = rest.trim_start().starts_with(['+', '~']);
        let is_last = rest.trim().is_empty();
        let holds = if is_last { may_be_footer(compound) } else { may_be_around(compound) };
        if !is_sibling && !holds {
            return false;
        }
    }
    true
}

/// Whether the footer could stand in an element with these names.
fn may_be_around(compound: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii();
    // What stands in parentheses may say that it is none of them.
    let plain = compound.split(['(', '[']).next().unwrap_or_default();
    let mut classes = plain.split('.').skip(1).map(|rest| rest.split(|c| !is_name(c)).next());
    let is_elsewhere = |name: Option<&str>| name.is_some_and(|name| ELSEWHERE.contains(&name));
    let heading = ["h1", "h2", "h3", "h4", "ul", "ol", "li", "figure", "p", "a"];
    let element = plain.split(|c| !is_name(c)).next().unwrap_or_default();
    !classes.any(is_elsewhere) && !heading.contains(&element.to_ascii_lowercase().as_str())
}

/// Whether an element of the footer could have these names: `td.f:hover`.
fn may_be_footer(compound: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii();
    let mut rest = compound;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if is_name(c) {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let name = rest[..end].to_ascii_lowercase();
            let known = match before {
                '.' => CLASSES.contains(&name.as_str()),
                '#' => false,
                ':' => true,
                _ => ELEMENTS.contains(&name.as_str()),
            };
            if !known {
                return false;
            }
            rest = &rest[end..];
            continue;
        }
        // What :not(…), :is(…) and […] hold is taken to hold for the footer.
        let close = match c {
            '(' => Some(')'),
            '[' => Some(']'),
            _ => None,
        };
        match close {
            Some(close) => rest = rest.rfind(close).map_or("", |end| &rest[end + 1..]),
            None => rest = &rest[c.len_utf8()..],
        }
        before = c;
    }
    true
}

/// Cuts at what `is_border` names, but not inside of parentheses, brackets and quotes; empty parts
/// are left out.
fn parts(text: &str, is_border: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut found, mut depth, mut quote, mut start) = (Vec::new(), 0_usize, None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && is_border(c) => {
                found.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

fn number(value: &str) -> Option<f64> {
    let number = value.strip_suffix('%').map(|share| (share, 100.0)).unwrap_or((value, 1.0));
    let (digits, unit) = number;
    digits.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(|n| n / unit)
}

fn percent(value: &str) -> Option<f64> {
    value.strip_suffix('%')?.trim().parse().ok()
}

/// A length in pixels; an `em` is as large as text usually is.
fn length(value: &str) -> Option<f64> {
    let units =
        [("px", 1.0), ("pt", 4.0 / 3.0), ("rem", 16.0), ("em", 14.0), ("ex", 7.0), ("ch", 7.0)];
    if value == "0" {
        return Some(0.0);
    }
    if let Some(share) = percent(value) {
        return Some(share * 14.0 / 100.0);
    }
    units
        .iter()
        .find_map(|(unit, size)| Some(value.strip_suffix(unit)?.trim().parse::<f64>().ok()? * size))
}

/// The lengths in a value of several parts.
fn lengths(value: &str) -> impl Iterator<Item = f64> + '_ {
    // What cannot be read here may be as large as it likes.
    let odd = value.contains("calc") || value.contains("v") && value.contains(char::is_numeric);
    let odd = odd.then_some(f64::INFINITY);
    value.split([' ', ',', '(', ')']).filter_map(length).chain(odd)
}

fn colors_in(value: &str) -> impl Iterator<Item = Color> + '_ {
    parts(value, |c| " ,".contains(c)).into_iter().flat_map(|part| {
        let inner = part.split_once("gradient(").map(|(_, inner)| inner.trim_end_matches(')'));
        let colors = inner.map_or_else(|| vec![part], |inner| parts(inner, |c| " ,".contains(c)));
        colors.into_iter().filter_map(color)
    })
}

fn color_in(value: &str) -> Option<Color> {
    colors_in(value).next()
}

/// A colour that nothing shines through.
fn color(text: &str) -> Option<Color> {
    if let Ok(color) = text.parse() {
        return Some(color);
    }
    if let Some((_, hex)) = NAMED.iter().find(|(name, _)| *name == text) {
        return hex.parse().ok();
    }
    let inner = text.strip_prefix("rgba(").or_else(|| text.strip_prefix("rgb("))?;
    let numbers: Vec<&str> = inner
        .trim_end_matches(')')
        .split([',', ' ', '/'])
        .filter(|part| !part.is_empty())
        .collect();
    let channel = |at: usize| numbers.get(at)?.parse::<u8>().ok();
    let shines = numbers.get(3).is_some_and(|share| number(share).is_none_or(|n| n < 0.5));
    (!shines).then_some(Color::new(channel(0)?, channel(1)?, channel(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::theme::Theme;

    const HIDING: &[&str] = &[
        "display:none",
        "display: none !important",
        "display:contents",
        "visibility:hidden",
        "visibility:collapse",
        "opacity:0",
        "opacity:.01",
        "opacity:0%",
        "font-size:0",
        "font-size:1px",
        "font-size:1%",
        "font-size:calc(1px - 1px)",
        "font:0/0 a",
        "max-height:0",
        "height:0",
        "overflow:hidden",
        "position:absolute",
        "left:-9999px",
        "text-indent:-9999px",
        "margin:0 0 0 -9999px",
        "margin-left:-2000px",
        "transform:scale(0)",
        "scale:0",
        "clip-path:circle(0)",
        "clip:rect(0,0,0,0)",
        "color:transparent",
        "color:#fff0",
        "color:rgba(0,0,0,0)",
        "max-width:0",
        "width:1px",
        "mso-hide:all",
        "line-height:0",
        "letter-spacing:-1em",
        "zoom:0",
        "all:unset",
        "content-visibility:hidden",
        "-webkit-text-fill-color:transparent",
        "filter:none",
        "mask:none",
        "padding-top:99999px",
        "unicode-bidi:bidi-override",
        "z-index:-1",
        "pointer-events:none",
        "writing-mode:vertical-rl",
        "mix-blend-mode:screen",
        "-webkit-transform:none",
        "user-select:none",
        "color:var(--x)",
        "border:999px solid",
    ];

    /// What reaches the footer.
    const REACHING: &[&str] = &[
        "p",
        "a",
        "*",
        ".f",
        "td",
        "td.f",
        ".letter",
        ".b",
        "body",
        "html",
        ":root",
        "tr",
        ".f > p",
        "div p:last-child",
        ".s ~ .f",
        ".x, p",
        "p:not(.x)",
        ":is(p)",
        "[lang]",
        "a[href*=\"u\"]",
        ".f p:hover",
        "table.letter tr + tr",
        "h1 ~ p",
        "TD.f",
        ".moz-text-html .f",
        "#MessageViewBody td",
        "div.gmail_quote td.f",
        "center td.f",
    ];

    fn hides(rule: &str) -> bool {
        let theme = Theme::default();
        find_hiding(rule, FooterColors { light: &theme.light, dark: &theme.dark }).is_some()
    }

    #[test]
    fn nothing_that_reaches_the_footer_hides_it() {
        for declaration in HIDING {
            for selector in REACHING {
                let rule = format!("{selector}{{margin:0;{declaration}}}");
                assert!(hides(&rule), "{rule}");
            }
            for rule in [
                format!("@media all{{p{{{declaration}}}}}"),
                format!("@media(max-width:1px){{@media all{{p{{x:y;{declaration}}}}}}}"),
                format!("p{{color:#000;&:hover{{{declaration}}}}}"),
            ] {
                assert!(hides(&rule), "{rule}");
            }
        }
        let background = Theme::default().light.background;
        assert!(hides(&format!("@media all{{.f{{color:{background}}}}}")));
        assert!(hides(&format!("a{{color:{background}}}")));
        assert!(hides("p{color:#123456;background:#123456}"));
        assert!(hides("p{color:#123456;background:linear-gradient(#123456, #123456)}"));
    }

    #[test]
    fn nothing_comes_to_lie_above_it() {
        for rule in [
            ".art{position:fixed}",
            "img{transform:scale(99)}",
            "@media all{.art::after{position:absolute}}",
            "h1{z-index:9}",
            "h1{outline:9999px solid #fff}",
            ".k{box-shadow:0 0 0 9999px #fff}",
        ] {
            assert!(hides(rule), "{rule}");
        }
    }

    #[test]
    fn ordinary_rules_may_stay() {
        for rule in [
            "p{font-size:18px;line-height:1.6;margin:0 0 20px;color:#222}",
            "a{color:#1a5fb4;text-decoration:underline}",
            "a:hover{opacity:.8;text-decoration:none}",
            "a{color:crimson}",
            "*{box-sizing:border-box}",
            "body{margin:0;padding:0;background:#fff;-webkit-text-size-adjust:100%}",
            "body{background:#123;color:#fff}",
            ".f{font-size:12px;text-align:center;padding:24px 16px;border-top:1px solid #ccc}",
            ".letter{max-width:640px;width:100% !important}",
            "table{border-collapse:collapse;mso-table-lspace:0pt}",
            "@media (max-width:599px){td{display:block;width:100% !important}}",
            "@media (max-width:599px){.wide{display:none !important}.art img{display:none}}",
            "@media (max-width:599px){.s{padding:12px}.c p{display:none}}",
            "@media (prefers-color-scheme:dark){.f{background:#111;color:#eee}}",
            "h1{font:bold 30px/1.2 serif;letter-spacing:-1px;overflow:hidden}",
            "img{max-height:300px;border-radius:8px;box-shadow:0 1px 4px rgb(0 0 0 / 20%)}",
            ".q{opacity:.2;position:relative}",
            "p{font:16px/1.5 Georgia, serif;font-variant-numeric:tabular-nums}",
            "p{margin:1em 0;text-indent:1em;color:rgb(20 20 20)}",
            ".t:hover p{visibility:hidden}",
        ] {
            assert!(!hides(rule), "{rule}");
        }
    }
}
