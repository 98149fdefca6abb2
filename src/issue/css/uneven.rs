//! Declarations that browsers know and mail programs do not agree on: how things are laid out in
//! flexible lines, in grids and in columns, how they are moved, turned and painted. What such a
//! declaration does to a letter differs from program to program, so that it goes into no mail. It is
//! told, and everything else of the rule stays.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use super::lengths::{PixelRange, Scale, measure};
use super::properties::{self, Concern};
use super::values::{GLOBAL, parts};

/// What a declaration is about; each kind is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UnevenKind {
    /// Flexible lines, grids, columns, and the room in between.
    Layout,
    /// Where something lies beside its place.
    Place,
    /// What is painted in another way, moved or turned.
    Painting,
    /// A width that a telephone or a letter does not have, or that is no wider than a word.
    Width,
    /// The height of a text that has one line, which has two on a telephone.
    Height,
    /// Lines that do not break.
    Line,
    /// Which way words run.
    Direction,
    /// Words and signs around those of the footer.
    Sign,
    /// Words in the articles of others, and signs that cover some.
    Wording,
    /// How a letter is moved on a screen, and what can be pressed.
    Touch,
}

impl UnevenKind {
    /// What happens to it, behind the names of what was written.
    pub(crate) fn told(self) -> &'static str {
        match self {
            UnevenKind::Layout => "mail programs do not agree on this layout",
            UnevenKind::Place => "mail programs do not agree on places beside the text",
            UnevenKind::Painting => "mail programs do not agree on how this is painted",
            UnevenKind::Width => "some screens would show the text too wide or too narrow",
            UnevenKind::Height => "on a telephone, this text has more lines",
            UnevenKind::Line => "a line that does not break is wider than a telephone",
            UnevenKind::Direction => "the language of the words says in which direction they run",
            UnevenKind::Sign => "the footer says what the law and the list ask for, and no more",
            UnevenKind::Wording => "an article says what its author wrote, and no more",
            UnevenKind::Touch => {
                "readers move through a letter and press its links as they are used to"
            }
        }
    }

    /// What to write instead.
    pub(crate) fn help(self) -> &'static str {
        match self {
            UnevenKind::Layout => {
                "delete it; what stands side by side in all programs is a table in Markdown, or \
                 articles in a section with layout = \"columns\""
            }
            UnevenKind::Place => "delete it; write margin or padding for room around something",
            UnevenKind::Painting => "delete it; write color, background, border and font",
            UnevenKind::Width => {
                "delete it; write a width in %, or one of at most 600px, which a letter has"
            }
            UnevenKind::Height => "delete it; write padding for room above and below",
            UnevenKind::Line => {
                "delete it; only something short may stay in one line, such as .button, .code, a or th"
            }
            UnevenKind::Direction => {
                "delete it; language in digest.toml says it for the letter, ::: {lang=ar} for a \
                 passage, and dir=\"rtl\" for an element of raw HTML"
            }
            UnevenKind::Sign => {
                "delete it; write words of yours as footer in [theme] of digest.toml, and signs of \
                 articles with .article before the selector, as in .article a::after"
            }
            UnevenKind::Wording => {
                "delete it, and write words into the article; style.css may give signs such as → and \
                 •, quotation marks and counter(), but no letters, digits or blocks"
            }
            UnevenKind::Touch => "delete it",
        }
    }
}

/// Names that are about layout, whatever their value.
const LAYOUT: &str = "align-content align-items align-self aspect-ratio box-align box-direction \
    box-flex box-lines box-ordinal-group box-orient box-pack column-count column-fill column-gap \
    column-rule column-rule-color column-rule-style column-rule-width column-span column-width \
    columns gap justify-content justify-items justify-self line-clamp order place-content \
    place-items place-self row-gap";
/// Beginnings of such names.
const LAYOUTS: [&str; 4] = ["flex-", "grid-", "masonry-", "justify-"];
/// Names that are about painting, but for values that do nothing.
const PAINTING: &str = "animation animation-name backdrop-filter background-blend-mode clip \
    clip-path contain content-visibility filter hyphenate-character isolation mask mask-image \
    mix-blend-mode offset offset-distance offset-path perspective rotate scale text-fill-color \
    transform transform-style translate will-change writing-mode";
/// Names that are about how a letter is touched and moved, but for values that do nothing.
const TOUCH: &str = "overscroll-behavior overscroll-behavior-block overscroll-behavior-inline \
    overscroll-behavior-x overscroll-behavior-y pointer-events scroll-snap-align scroll-snap-stop \
    scroll-snap-type touch-action";
/// What each of these names is about.
static NAMED: LazyLock<HashMap<&str, UnevenKind>> = LazyLock::new(|| {
    let all = [
        (LAYOUT, UnevenKind::Layout),
        (PAINTING, UnevenKind::Painting),
        (TOUCH, UnevenKind::Touch),
    ];
    let each = all.into_iter();
    each.flat_map(|(list, kind)| list.split_whitespace().map(move |name| (name, kind))).collect()
});
/// Values of `display` that all programs know.
const DISPLAYS: [&str; 5] = ["block", "inline", "inline-block", "list-item", "none"];
/// Values of `display` that the parts of a table have by themselves.
const OF_TABLES: [&str; 10] = [
    "table",
    "inline-table",
    "table-row",
    "table-cell",
    "table-row-group",
    "table-header-group",
    "table-footer-group",
    "table-caption",
    "table-column",
    "table-column-group",
];
/// Values of `display` that only browsers know.
const OF_BROWSERS: [&str; 13] = [
    "flex",
    "inline-flex",
    "grid",
    "inline-grid",
    "flow-root",
    "contents",
    "run-in",
    "ruby",
    "ruby-base",
    "ruby-text",
    "math",
    "flexbox",
    "inline-flexbox",
];
/// The largest least width in pixels: a narrow telephone without the margins of a letter.
const MOST_LEAST_WIDTH: f64 = 280.0;
/// The width of a letter in pixels.
const LETTER: f64 = 600.0;

/// Declarations of one text that are left out, by their kinds.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    kinds: BTreeMap<UnevenKind, (Range<usize>, Vec<String>)>,
}

impl LeftOut {
    /// `range` says where it stands.
    pub(crate) fn add(&mut self, kind: UnevenKind, name: &str, value: &str, range: Range<usize>) {
        /// Characters of a value that are told.
        const SHOWN: usize = 24;
        let value: String = value.chars().take(SHOWN).collect();
        let declaration = format!("{name}: {}", value.trim());
        let (_, all) = self.kinds.entry(kind).or_insert_with(|| (range, Vec::new()));
        all.push(declaration);
    }

    /// What to say of each kind, what to do, and where the first of it stands.
    pub(crate) fn told(self) -> impl Iterator<Item = (String, &'static str, Range<usize>)> {
        /// Declarations that are told by name.
        const NAMED: usize = 4;
        self.kinds.into_iter().map(|(kind, (range, mut all))| {
            let count = all.len();
            all.truncate(NAMED);
            let more =
                if count > NAMED { format!(" and {} more", count - NAMED) } else { "".into() };
            let (what, are) = (kind.told(), if count > 1 { "are" } else { "is" });
            (format!("{}{more} {are} left out: {what}", all.join(", ")), kind.help(), range)
        })
    }
}

/// What the declaration is about, where it goes into no mail. Both in lower case. `subjects` are the
/// elements that it is said of, as far as they are named; classes stand with their point.
pub(crate) fn kind(name: &str, value: &str, subjects: &[&str]) -> Option<UnevenKind> {
    let value = value.split('!').next().unwrap_or_default().trim();
    let name = properties::canonical(name);
    let prefixes = ["-webkit-", "-moz-", "-ms-", "-o-"];
    let bare = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
    if value.is_empty() {
        return None;
    }
    match bare {
        // No program knows it by this name.
        "line-clamp" if *name == *bare => None,
        "display" => is_uneven_display(value, subjects).then_some(UnevenKind::Layout),
        "flex" | "grid" => Some(UnevenKind::Layout),
        _ if NAMED.get(bare) == Some(&UnevenKind::Layout)
            || LAYOUTS.iter().any(|begin| bare.starts_with(begin)) =>
        {
            Some(UnevenKind::Layout)
        }
        // A sign may be raised or lowered by a few pixels.
        "inset" | "top" | "bottom" | "left" | "right" => {
            (!is_harmless(bare, value)).then_some(UnevenKind::Place)
        }
        _ if bare.starts_with("inset-") => (!is_harmless(bare, value)).then_some(UnevenKind::Place),
        _ if bare.starts_with("mask-") && properties::is_known(&name) => {
            (!is_harmless(&name, value)).then_some(UnevenKind::Painting)
        }
        _ if NAMED.contains_key(bare) => {
            NAMED.get(bare).copied().filter(|_| !is_harmless(&name, value))
        }
        "counter-increment" | "counter-reset" | "counter-set" => {
            (!is_short_count(value)).then_some(UnevenKind::Wording)
        }
        "object-position" => (!is_within(value)).then_some(UnevenKind::Place),
        "direction" | "unicode-bidi" => Some(UnevenKind::Direction),
        "width" | "max-width" | "min-width" if !is_readable_width(value) => Some(UnevenKind::Width),
        "font-feature-settings" | "font-variant" | "font-variant-position" => {
            (!shows_letters(value)).then_some(UnevenKind::Painting)
        }
        "font" | "font-style" => is_slanted(value).then_some(UnevenKind::Painting),
        // Words that float leave their sentence.
        "float" if subjects.iter().any(|one| *one == "*" || is_in_line(one)) => {
            (value != "none").then_some(UnevenKind::Layout)
        }
        "min-width" => (!is_narrow(value, MOST_LEAST_WIDTH)).then_some(UnevenKind::Width),
        "width" if !is_narrow(value, LETTER) => Some(UnevenKind::Width),
        "width" | "max-width" if is_text(subjects) => is_a_word(value).then_some(UnevenKind::Width),
        "white-space" | "text-wrap" | "text-wrap-mode" => {
            (!breaks(value) && !is_short(subjects)).then_some(UnevenKind::Line)
        }
        _ => None,
    }
}

/// Whether the value does nothing, or so little that nobody loses by it.
fn is_harmless(name: &str, value: &str) -> bool {
    properties::allows(name, value, Concern::Footer) == Some(true)
}

fn is_uneven_display(value: &str, subjects: &[&str]) -> bool {
    let is_table = |one: &&str| ["table", "tbody", "thead", "tr", "td", "th"].contains(one);
    let bare = ["-webkit-", "-moz-", "-ms-"].iter().find_map(|prefix| value.strip_prefix(prefix));
    if DISPLAYS.contains(&value) || GLOBAL.contains(&value) {
        return false;
    }
    if OF_TABLES.contains(&value) {
        return subjects.is_empty() || !subjects.iter().all(is_table);
    }
    bare.is_some() || OF_BROWSERS.contains(&value) || value.contains(['(', ' '])
}

/// Whether a margin pulls words over the lines above or below, by a few pixels: more is refused.
pub(crate) fn lifts(name: &str, value: &str) -> bool {
    const LOWEST: f64 = -2.0;
    let value = value.split('!').next().unwrap_or_default().trim();
    let name = properties::canonical(name);
    let is_one = ["margin-top", "margin-bottom", "margin-block"].contains(&&*name);
    if name != "margin" && !is_one
        || properties::allows(&name, value, Concern::Letter) != Some(true)
    {
        return false;
    }
    parts(value).into_iter().enumerate().filter(|(at, _)| is_one || at % 2 == 0).any(|(_, part)| {
        measure(part, &Scale::default()).is_some_and(|found| found.range.least < LOWEST)
    })
}

/// Whether a place of a picture in its frame leaves it there.
fn is_within(value: &str) -> bool {
    parts(value).into_iter().all(|part| {
        let share = part.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
        part == "0"
            || part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
            || share.is_some_and(|share| (0.0..=100.0).contains(&share))
    })
}

/// Whether a counter begins and goes on as the items of a list do: a large number, or the letters that
/// it can be shown as, would be a word.
fn is_short_count(value: &str) -> bool {
    const MOST: f64 = 99.0;
    let is_large = |part: &str| part.parse::<f64>().is_ok_and(|number| number.abs() > MOST);
    !value.contains('(') && !parts(value).into_iter().any(is_large)
}

/// Whether a value of `content`, `quotes` or the like has words, or signs that are blocks or no signs
/// at all: they would cover what stands there, or push it away.
pub(crate) fn is_wording(value: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || ('\u{2580}'..='\u{259f}').contains(&c);
    // More than one number could be made a word.
    value.contains("var(")
        || value.matches("counter").count() > 1
        || super::strings(value).any(|one| one.chars().any(|c| is_word(c) || is_filler(c)))
}

/// Signs that show nothing and have the width of one, or turn what follows around.
fn is_filler(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{3000}' | '\u{200e}' | '\u{200f}')
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
        || c.is_control()
}

/// Whether a `content` shows nothing.
pub(crate) fn is_blank(value: &str) -> bool {
    let value = value.split('!').next().unwrap_or_default().trim();
    let is_blank = |one: &&str| {
        let inner = one.trim_matches(['"', '\'']);
        one.len() > inner.len() && inner.trim().is_empty()
    };
    ["none", "normal"].contains(&value)
        || GLOBAL.contains(&value)
        || !value.is_empty() && parts(value).iter().all(is_blank)
}

/// Whether all subjects are elements that hold words and grow with them.
pub(crate) fn is_text(subjects: &[&str]) -> bool {
    const TEXTS: [&str; 10] = ["h1", "h2", "h3", "h4", "p", "li", ".h", ".t", ".sub", ".nm"];
    !subjects.is_empty() && subjects.iter().all(|one| TEXTS.contains(one))
}

/// Whether a width is read and at most so large, whatever is around.
fn is_narrow(value: &str, most: f64) -> bool {
    GLOBAL.contains(&value)
        || ["auto", "none"].contains(&value)
        || value.ends_with('%')
        || on_telephone(value).is_some_and(|found| found.most <= most)
}

/// What a width is on a telephone, and on larger screens where it is a part of them.
fn on_telephone(value: &str) -> Option<PixelRange> {
    let scale = Scale { whole: PixelRange::of(320.0), ..Scale::default() };
    Some(measure(value, &scale)?.range)
}

/// Whether a greatest width leaves a letter as narrow as its screen and as 600 pixels.
pub(crate) fn is_bound(value: &str) -> bool {
    value.ends_with('%') || on_telephone(value).is_some_and(|found| found.most <= LETTER)
}

/// Whether a width is one of a size, and none that words have by themselves, which may be one word or
/// all of them in a row.
pub(crate) fn is_readable_width(value: &str) -> bool {
    const OF_WORDS: [&str; 8] = [
        "min-content",
        "max-content",
        "fit-content",
        "stretch",
        "fill",
        "fill-available",
        "available",
        "intrinsic",
    ];
    let prefixes = ["-webkit-", "-moz-", "-ms-", "min-"];
    let bare = prefixes.iter().find_map(|prefix| value.strip_prefix(prefix)).unwrap_or(value);
    !OF_WORDS.contains(&value)
        && !OF_WORDS.contains(&bare)
        && (!value.contains('(') || on_telephone(value).is_some())
}

/// Whether a width has room for a word, and for no more.
fn is_a_word(value: &str) -> bool {
    const WORD: f64 = 40.0;
    !value.ends_with('%') && on_telephone(value).is_some_and(|found| found.least < WORD)
}

/// Whether ways to draw letters leave them as they are, and of their size.
fn shows_letters(value: &str) -> bool {
    const FEATURES: &str = "calt case clig cpsp c2sc dlig hlig kern liga lnum onum palt pkna pnum \
        smcp tnum zero";
    let is_kept = |part: &str| {
        let name = part.trim_matches(['"', '\'']);
        let is_set = name.len() == 4 && (name.starts_with("ss") || name.starts_with("cv"));
        part == name || is_set || FEATURES.split_whitespace().any(|known| known == name)
    };
    let is_small = |part: &str| ["sub", "super"].contains(&part) || part.starts_with("var(");
    parts(value).into_iter().all(|part| is_kept(part) && !is_small(part))
}

/// Whether letters are slanted by an angle of their own, which may leave nothing of them.
fn is_slanted(value: &str) -> bool {
    const UNITS: [&str; 3] = ["deg", "rad", "turn"];
    let is_angle = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && UNITS.iter().any(|unit| part.ends_with(unit))
    };
    value.contains("oblique") && parts(value).iter().any(|one| is_angle(one) || one.contains('('))
}

/// Whether an element is a few words of a sentence.
fn is_in_line(name: &str) -> bool {
    const IN_LINE: &str =
        "a abbr b cite code del em i ins kbd mark q s samp small strong sub sup time u var";
    IN_LINE.split_whitespace().any(|one| one == name)
}

/// Whether lines end where there is no more room.
fn breaks(value: &str) -> bool {
    !value.contains("var(") && !parts(value).iter().any(|one| ["nowrap", "pre"].contains(one))
}

/// Whether all subjects are elements with a few words.
fn is_short(subjects: &[&str]) -> bool {
    const SHORT: &str = "a abbr b cite code del em i ins kbd mark pre q s samp small span strong sub \
        sup td th time u var .bd .ca .center .code .end .k .pre .seal";
    subjects.iter().all(|one| SHORT.split_whitespace().any(|short| short == *one))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_only_browsers_know_has_a_kind() {
        for (declaration, expected) in [
            ("display:flex", UnevenKind::Layout),
            ("display:inline-grid !important", UnevenKind::Layout),
            ("display:-webkit-box", UnevenKind::Layout),
            ("display:var(--d)", UnevenKind::Layout),
            ("display:inline flex", UnevenKind::Layout),
            ("display:table-cell", UnevenKind::Layout),
            ("-ms-flex-pack:center", UnevenKind::Layout),
            ("grid-area:1/1", UnevenKind::Layout),
            ("grid-gap:8px", UnevenKind::Layout),
            ("-webkit-column-count:3", UnevenKind::Layout),
            ("-webkit-box-orient:vertical", UnevenKind::Layout),
            ("aspect-ratio:20", UnevenKind::Layout),
            ("inset-block-start:90px", UnevenKind::Place),
            ("left:24px", UnevenKind::Place),
            ("-webkit-text-fill-color:transparent", UnevenKind::Painting),
            ("backdrop-filter:blur(4px)", UnevenKind::Painting),
            ("writing-mode:vertical-rl", UnevenKind::Painting),
            ("-ms-transform:scale(9)", UnevenKind::Painting),
            ("min-inline-size:320px", UnevenKind::Width),
            ("min-width:100vw", UnevenKind::Width),
            ("min-width:var(--w)", UnevenKind::Width),
            ("width:640px", UnevenKind::Width),
            ("width:min-content", UnevenKind::Width),
            ("inline-size:-webkit-fill-available", UnevenKind::Width),
            ("max-width:-moz-max-content", UnevenKind::Width),
            ("max-width:fit-content(20em)", UnevenKind::Width),
            ("min-width:stretch", UnevenKind::Width),
            ("max-width:var(--w)", UnevenKind::Width),
            ("width:32px", UnevenKind::Width),
            ("direction:ltr", UnevenKind::Direction),
            ("unicode-bidi:isolate-override", UnevenKind::Direction),
            ("white-space:pre", UnevenKind::Line),
            ("text-wrap:stable nowrap", UnevenKind::Line),
            ("text-wrap-mode:var(--w)", UnevenKind::Line),
        ] {
            let (name, value) = declaration.split_once(':').unwrap();
            assert_eq!(kind(name, value, &["p"]), Some(expected), "{declaration}");
        }
        for declaration in [
            "display:block",
            "display:none",
            "display:inherit",
            "display:blok",
            "filter:none",
            "transform:none",
            "box-shadow:0 1px 2px #000",
            "box-sizing:border-box",
            "float:left",
            "top:-1px",
            "min-width:100%",
            "min-width:240px",
            "max-width:65ch",
            "max-width:40px",
            "white-space:pre-line",
            "white-space:normal",
            "width:100%",
            "width:560px",
            "text-align:justify",
            "color:red",
        ] {
            let (name, value) = declaration.split_once(':').unwrap();
            assert_eq!(kind(name, value, &["p"]), None, "{declaration}");
        }
    }

    #[test]
    fn what_moves_a_letter_or_counts_far_has_a_kind() {
        for (declaration, expected) in [
            ("touch-action:none", UnevenKind::Touch),
            ("-ms-touch-action:pan-x", UnevenKind::Touch),
            ("scroll-snap-type:y mandatory", UnevenKind::Touch),
            ("overscroll-behavior-y:contain", UnevenKind::Touch),
            ("pointer-events:none", UnevenKind::Touch),
            ("counter-reset:n 50000", UnevenKind::Wording),
            ("counter-increment:n calc(500)", UnevenKind::Wording),
            ("object-position:9999px 0", UnevenKind::Place),
            ("object-position:-200% 0", UnevenKind::Place),
        ] {
            let (name, value) = declaration.split_once(':').unwrap();
            assert_eq!(kind(name, value, &["p"]), Some(expected), "{declaration}");
        }
        for declaration in [
            "counter-reset:n 4 m",
            "counter-increment:h2",
            "touch-action:manipulation",
            "pointer-events:auto",
            "object-position:50% top",
        ] {
            let (name, value) = declaration.split_once(':').unwrap();
            assert_eq!(kind(name, value, &["p"]), None, "{declaration}");
        }
    }

    #[test]
    fn what_it_is_said_of_counts() {
        assert_eq!(kind("display", "table-cell", &["td", "th"]), None);
        assert_eq!(kind("display", "table-cell", &["td", ".x"]), Some(UnevenKind::Layout));
        assert_eq!(kind("width", "600px", &[".letter"]), None);
        assert_eq!(kind("width", "24px", &[".icon"]), None);
        for (subjects, expected) in [
            (&["a", ".k", "th", "code"][..], None),
            (&["a", "h3"], Some(UnevenKind::Line)),
            (&["*"], Some(UnevenKind::Line)),
            (&[".art"], Some(UnevenKind::Line)),
        ] {
            assert_eq!(kind("white-space", "nowrap", subjects), expected, "{subjects:?}");
        }
    }

    #[test]
    fn a_sheet_has_signs_and_no_words() {
        for value in [
            "\"→ \"",
            "\"•\"",
            "'— '",
            "\"“\" \"”\"",
            "\"\\201c\"",
            "counter(n) \". \"",
            "square",
            "lower-alpha",
            "\" (\" attr(href) \")\"",
            "open-quote",
            "\"\\2192 \"",
            "none",
        ] {
            assert!(!is_wording(value), "{value}");
        }
        for value in [
            "\"not \"",
            "'1'",
            "\"→ x\"",
            "\"가\"",
            "\"\\ac00\"",
            "\"█\"",
            "\"\\2588\"",
            "\"\\3164\"",
            "\"“Not \" \"”\"",
            "inside \"Never: \"",
            "\"\" / \"not\"",
            "\"\u{3000}\"",
            "\"ⓝ\"",
            "counter(a) counter(b)",
            "counters(a, \"not\")",
            "var(--w)",
            "\"\\2192x\"",
            "\"\\02588\"",
            "\"\\202e\"",
        ] {
            assert!(is_wording(value), "{value}");
        }
    }

    #[test]
    fn a_content_that_shows_nothing_is_blank() {
        for value in ["none", "normal", "\"\"", "''", "\" \" ''", "inherit", "\"\" !important"] {
            assert!(is_blank(value), "{value}");
        }
        for value in
            ["\"x\"", "\"\" / \"x\"", "open-quote", "attr(href)", "counter(x)", "var(--x)", ""]
        {
            assert!(!is_blank(value), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_declaration_has_an_answer(name in "[a-z-]{0,20}", value in "\\PC{0,20}") {
            let _ = kind(&name, &value, &["p"]);
        }
    }
}
