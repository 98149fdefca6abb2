//! What a declaration of a stranger may say: one table of properties with the values that leave
//! everybody able to read the footer, the letter, and what stands beside an article.
//!
//! It lists what is known to be harmless. Where it has no row, nobody knows: such a declaration goes
//! into no mail.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::values::Grammar::{
    Any, Border, BoxShadow, Color, Content, Count, Decoration, Family, Font, FontSize, Ground,
    Idle, Lengths, LineHeight, Margin, Number, Room, Share, Sides, Stroke, Text, TextShadow, Words,
    WordsOr,
};
use super::values::{Grammar, fits};

/// What a declaration must leave as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    /// The postal address and the way out are seen: it means the footer or what is around it.
    Footer,
    /// The letter's text is read: it means an element that holds some.
    Letter,
    /// What stands beside an element is not covered, and not pushed out of sight.
    Beside,
}

const LEVEL: &[&str] = &["auto", "0"];
const NOTHING: &[&str] = &[];
/// Made `static` where it goes out, see [`super::without_layers`].
const FLOW: &[&str] = &["static", "relative"];
const TOUCHED: &[&str] = &["auto", "manipulation"];
const SEEN: &[&str] = &["visible"];
/// What is cut off is looked at together with sizes.
const OVERFLOW: &[&str] = &["visible", "auto", "hidden", "scroll", "clip"];
const SHOWN: &[&str] = &["block", "inline", "inline-block", "list-item"];
/// Parts of tables have the last ones by themselves.
const LAID_OUT: &[&str] = &[
    "block",
    "inline",
    "inline-block",
    "list-item",
    "table",
    "table-cell",
    "table-footer-group",
    "table-header-group",
    "table-row",
    "table-row-group",
];
const BOXES: &[&str] = &["border-box", "padding-box", "content-box"];
const FLOATS: &[&str] = &["none", "left", "right", "inline-start", "inline-end"];
/// A width that ends nothing.
const LARGE: f64 = 9_999.0;
/// Pixels that a picture, a cell or a gap between articles may be high.
const HIGHEST: f64 = 400.0;
/// The width of a letter and a little more.
const WIDEST: f64 = 700.0;

/// A property, and what it may be with regard to the footer, to the letter, and to what is beside
/// (which every style of a stranger is held to, that of raw HTML as well).
type PropertyRow = (&'static str, Grammar, Grammar, Grammar);

/// Names with `*` stand for each side. What a designer may want of a letter fits in the bounds: colours
/// that can be read, faces, sizes of text, room around it, thin lines, small shadows.
const PROPERTIES: &[PropertyRow] = &[
    ("display", Words(SHOWN), Words(LAID_OUT), Any),
    ("visibility", Words(SEEN), Words(SEEN), Any),
    ("opacity", Number(0.5, 1.0), Number(0.3, 1.0), Number(0.0, 1.0)),
    ("overflow", Words(OVERFLOW), Words(OVERFLOW), Words(OVERFLOW)),
    ("overflow-x", Words(OVERFLOW), Words(OVERFLOW), Words(OVERFLOW)),
    ("overflow-y", Words(OVERFLOW), Words(OVERFLOW), Words(OVERFLOW)),
    ("position", Words(FLOW), Words(FLOW), Words(FLOW)),
    ("inset", Lengths(-4.0, 4.0), Lengths(-8.0, 8.0), Lengths(-8.0, 8.0)),
    ("inset-*", Lengths(-4.0, 4.0), Lengths(-8.0, 8.0), Lengths(-8.0, 8.0)),
    ("top", Lengths(-4.0, 4.0), Lengths(-8.0, 8.0), Lengths(-8.0, 8.0)),
    ("bottom", Lengths(-4.0, 4.0), Lengths(-8.0, 8.0), Lengths(-8.0, 8.0)),
    ("left", Lengths(-4.0, 4.0), Lengths(-8.0, 8.0), Lengths(-8.0, 8.0)),
    ("right", Lengths(-4.0, 4.0), Lengths(-8.0, 8.0), Lengths(-8.0, 8.0)),
    ("z-index", Words(LEVEL), Words(LEVEL), Words(LEVEL)),
    ("float", Words(FLOATS), Words(FLOATS), Words(FLOATS)),
    ("width", Share(200.0, WIDEST, 0.5), Share(40.0, WIDEST, 0.1), Share(0.0, WIDEST, 0.0)),
    ("max-width", Share(200.0, LARGE, 0.5), Share(40.0, LARGE, 0.1), Share(0.0, LARGE, 0.0)),
    ("min-width", Share(0.0, 280.0, 0.0), Share(0.0, 280.0, 0.0), Share(0.0, 280.0, 0.0)),
    ("height", Share(LARGE, 0.0, 1.0), Share(12.0, HIGHEST, 1.0), Share(0.0, HIGHEST, 0.0)),
    ("max-height", Share(LARGE, 0.0, 1.0), Share(12.0, LARGE, 1.0), Share(0.0, LARGE, 0.0)),
    ("min-height", Share(0.0, 120.0, 0.0), Lengths(0.0, 200.0), Lengths(0.0, 200.0)),
    (
        "margin",
        Sides([0.0, 80.0], [0.0, 64.0]),
        Sides([-8.0, 96.0], [-24.0, 96.0]),
        Margin(8.0, 96.0),
    ),
    ("margin-top", Room(0.0, 80.0), Room(-8.0, 96.0), Room(-8.0, 96.0)),
    ("margin-bottom", Room(0.0, 80.0), Room(-8.0, 96.0), Room(-8.0, 96.0)),
    ("margin-left", Room(0.0, 64.0), Room(-24.0, 96.0), Room(-24.0, 96.0)),
    ("margin-right", Room(0.0, 64.0), Room(-24.0, 96.0), Room(-24.0, 96.0)),
    ("margin-block", Room(0.0, 80.0), Room(-8.0, 96.0), Room(-8.0, 96.0)),
    ("margin-inline", Room(0.0, 64.0), Room(-24.0, 96.0), Room(-24.0, 96.0)),
    ("padding", Sides([0.0, 80.0], [0.0, 64.0]), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("padding-top", Room(0.0, 80.0), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("padding-bottom", Room(0.0, 80.0), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("padding-left", Room(0.0, 64.0), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("padding-right", Room(0.0, 64.0), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("padding-block", Room(0.0, 80.0), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("padding-inline", Room(0.0, 64.0), Room(0.0, 96.0), Room(0.0, 96.0)),
    ("border", Border(12.0), Border(12.0), Border(12.0)),
    ("border-*", Border(12.0), Border(12.0), Border(12.0)),
    ("border-width", Border(12.0), Border(12.0), Border(12.0)),
    ("border-*-width", Border(12.0), Border(12.0), Border(12.0)),
    ("border-color", Border(12.0), Border(12.0), Border(12.0)),
    ("border-*-color", Border(12.0), Border(12.0), Border(12.0)),
    ("border-spacing", Lengths(0.0, 20.0), Lengths(0.0, 40.0), Lengths(0.0, 40.0)),
    ("border-radius", Lengths(0.0, 48.0), Any, Any),
    ("-webkit-border-radius", Lengths(0.0, 48.0), Any, Any),
    ("-moz-border-radius", Lengths(0.0, 48.0), Any, Any),
    ("border-top-left-radius", Lengths(0.0, 48.0), Any, Any),
    ("border-top-right-radius", Lengths(0.0, 48.0), Any, Any),
    ("border-bottom-left-radius", Lengths(0.0, 48.0), Any, Any),
    ("border-bottom-right-radius", Lengths(0.0, 48.0), Any, Any),
    ("border-start-start-radius", Lengths(0.0, 48.0), Lengths(0.0, 48.0), Lengths(0.0, 48.0)),
    ("border-start-end-radius", Lengths(0.0, 48.0), Lengths(0.0, 48.0), Lengths(0.0, 48.0)),
    ("border-end-start-radius", Lengths(0.0, 48.0), Lengths(0.0, 48.0), Lengths(0.0, 48.0)),
    ("border-end-end-radius", Lengths(0.0, 48.0), Lengths(0.0, 48.0), Lengths(0.0, 48.0)),
    ("outline", Border(4.0), Border(4.0), Border(4.0)),
    ("outline-width", Border(4.0), Border(4.0), Border(4.0)),
    ("outline-offset", Lengths(0.0, 4.0), Lengths(0.0, 4.0), Lengths(0.0, 4.0)),
    ("box-shadow", BoxShadow, BoxShadow, BoxShadow),
    ("-webkit-box-shadow", BoxShadow, BoxShadow, BoxShadow),
    ("text-shadow", Idle, TextShadow, TextShadow),
    ("color", Text, Text, Color),
    ("background", Ground, Ground, Ground),
    ("background-color", Ground, Ground, Ground),
    ("background-clip", Words(BOXES), Words(BOXES), Words(BOXES)),
    ("-webkit-background-clip", Words(BOXES), Words(BOXES), Words(BOXES)),
    ("-webkit-text-stroke", Idle, Stroke(1.0), Stroke(1.0)),
    ("content", Content, Content, Content),
    ("font", Font(10.0, 24.0, 1.0), Font(9.0, 72.0, 0.9), Font(0.0, 96.0, 0.0)),
    ("font-size", FontSize(10.0, 24.0), FontSize(9.0, 72.0), FontSize(0.0, 96.0)),
    ("font-family", Family, Family, Any),
    (
        "line-height",
        LineHeight(1.0, 11.0, 56.0),
        LineHeight(0.9, 9.0, 112.0),
        LineHeight(0.0, 0.0, 112.0),
    ),
    ("letter-spacing", Lengths(-0.5, 6.0), Lengths(-1.0, 12.0), Lengths(-1.0, 12.0)),
    ("word-spacing", Lengths(-0.5, 8.0), Lengths(-1.0, 16.0), Lengths(-1.0, 16.0)),
    ("text-indent", Lengths(0.0, 48.0), Lengths(-96.0, 96.0), Lengths(-96.0, 96.0)),
    ("vertical-align", WordsOr(-6.0, 6.0), WordsOr(-16.0, 16.0), WordsOr(-16.0, 16.0)),
    ("text-decoration", Decoration(2.0), Decoration(3.0), Decoration(3.0)),
    ("text-decoration-thickness", Decoration(2.0), Decoration(3.0), Decoration(3.0)),
    ("text-decoration-color", Decoration(2.0), Decoration(3.0), Decoration(3.0)),
    ("text-underline-offset", Lengths(0.0, 10.0), Lengths(-1.0, 10.0), Lengths(-1.0, 10.0)),
    ("tab-size", Count(16.0), Count(16.0), Count(16.0)),
    ("text-size-adjust", Number(0.8, 2.0), Number(0.8, 2.0), Number(0.8, 2.0)),
    ("-webkit-text-size-adjust", Number(0.8, 2.0), Number(0.8, 2.0), Number(0.8, 2.0)),
    ("-ms-text-size-adjust", Number(0.8, 2.0), Number(0.8, 2.0), Number(0.8, 2.0)),
    ("-moz-text-size-adjust", Number(0.8, 2.0), Number(0.8, 2.0), Number(0.8, 2.0)),
    ("pointer-events", Words(&["auto"]), Words(&["auto"]), Words(&["auto"])),
    ("overscroll-behavior", Words(LEVEL), Words(LEVEL), Words(LEVEL)),
    ("overscroll-behavior-block", Words(LEVEL), Words(LEVEL), Words(LEVEL)),
    ("overscroll-behavior-inline", Words(LEVEL), Words(LEVEL), Words(LEVEL)),
    ("overscroll-behavior-x", Words(LEVEL), Words(LEVEL), Words(LEVEL)),
    ("overscroll-behavior-y", Words(LEVEL), Words(LEVEL), Words(LEVEL)),
    ("touch-action", Words(TOUCHED), Words(TOUCHED), Words(TOUCHED)),
    ("zoom", Number(1.0, 1.0), Number(1.0, 1.0), Number(1.0, 1.0)),
    ("mso-hide", Idle, Idle, Any),
    ("mso-padding-alt", Lengths(0.0, 64.0), Lengths(0.0, 96.0), Lengths(0.0, 96.0)),
    ("mso-margin-*-alt", Lengths(0.0, 64.0), Lengths(0.0, 96.0), Lengths(0.0, 96.0)),
    ("mso-padding-*-alt", Lengths(0.0, 64.0), Lengths(0.0, 96.0), Lengths(0.0, 96.0)),
    ("mso-cellspacing", Words(NOTHING), Lengths(0.0, 40.0), Lengths(0.0, 40.0)),
    (
        "mso-line-height-alt",
        LineHeight(1.0, 11.0, 56.0),
        LineHeight(0.9, 9.0, 112.0),
        LineHeight(0.0, 0.0, 112.0),
    ),
    ("mso-text-raise", Lengths(-6.0, 6.0), Lengths(-16.0, 16.0), Lengths(-16.0, 16.0)),
    ("mso-font-width", Number(0.8, 2.0), Number(0.8, 2.0), Number(0.8, 2.0)),
    ("mso-ascii-font-family", Words(NOTHING), Family, Family),
    ("mso-bidi-font-family", Words(NOTHING), Family, Family),
    ("mso-fareast-font-family", Words(NOTHING), Family, Family),
    ("mso-hansi-font-family", Words(NOTHING), Family, Family),
    ("mso-ansi-font-size", Words(NOTHING), FontSize(9.0, 72.0), FontSize(9.0, 96.0)),
    ("mso-bidi-font-size", Words(NOTHING), FontSize(9.0, 72.0), FontSize(9.0, 96.0)),
    ("mso-ascii-theme-font", Words(NOTHING), Any, Any),
    ("mso-bidi-theme-font", Words(NOTHING), Any, Any),
    ("mso-fareast-theme-font", Words(NOTHING), Any, Any),
    ("mso-hansi-theme-font", Words(NOTHING), Any, Any),
    ("mso-style-textfill-fill-color", Words(NOTHING), Words(NOTHING), Words(NOTHING)),
    ("mso-border-alt", Border(12.0), Border(12.0), Border(12.0)),
    ("mso-table-lspace", Lengths(0.0, 20.0), Lengths(0.0, 40.0), Lengths(0.0, 40.0)),
    ("mso-table-rspace", Lengths(0.0, 20.0), Lengths(0.0, 40.0), Lengths(0.0, 40.0)),
];

/// What does something only with values that go into no mail, see [`super::uneven`].
const IDLE: &str = "\
    -moz-animation -moz-transform -ms-transform -o-transform -webkit-animation -webkit-border-image \
    -webkit-clip-path -webkit-filter -webkit-mask -webkit-mask-image -webkit-text-fill-color \
    -webkit-transform animation animation-name backdrop-filter background-blend-mode background-image border-image border-image-source clip clip-path contain content-visibility direction filter \
    hyphenate-character isolation mask mask-image mix-blend-mode offset offset-distance offset-path \
    perspective rotate scale scroll-snap-align scroll-snap-stop scroll-snap-type \
    transform transform-style translate unicode-bidi will-change writing-mode";

/// Whatever their value, text stays where it is and can be read.
const HARMLESS: &str = "\
    -moz-hyphens -moz-osx-font-smoothing -ms-hyphens -ms-interpolation-mode -ms-word-break \
    -premailer-* -webkit-font-smoothing -webkit-hyphens -webkit-tap-highlight-color accent-color \
    animation-delay animation-direction animation-duration animation-fill-mode \
    animation-iteration-count animation-play-state animation-timing-function background-attachment \
    background-origin background-position background-position-x background-position-y \
    background-repeat background-size border-*-style border-collapse border-image-outset \
    border-image-repeat border-image-slice border-image-width border-style box-sizing break-after \
    break-before break-inside caption-side clear color-adjust color-scheme counter-set cursor \
    empty-cells font-feature-settings font-kerning font-optical-sizing font-stretch font-style \
    font-synthesis font-synthesis-small-caps font-synthesis-style font-synthesis-weight font-variant \
    font-variant-alternates font-variant-caps font-variant-east-asian font-variant-emoji \
    font-variant-ligatures font-variant-numeric font-variant-position font-weight \
    forced-color-adjust hanging-punctuation hyphens image-orientation \
    image-rendering line-break list-style list-style-position list-style-type mso-ansi-language \
    mso-bidi-language mso-data-placement mso-default-props mso-fareast-language mso-font-kerning \
    mso-font-pitch mso-font-signature mso-generic-font-family mso-hyphenate mso-line-height-rule \
    mso-no-proof mso-number-format mso-pagination mso-special-character mso-style-link \
    mso-style-name mso-style-next mso-style-noshow mso-style-parent mso-style-priority \
    mso-style-qformat mso-style-type orphans outline-color outline-style overflow-scrolling \
    overflow-wrap page page-break-after page-break-before page-break-inside \
    perspective-origin print-color-adjust quotes resize ruby-align ruby-position scroll-behavior \
    scroll-margin scroll-padding scrollbar-color scrollbar-gutter \
    scrollbar-width speak supported-color-schemes table-layout text-align text-align-last \
    text-decoration-line text-decoration-skip text-decoration-skip-ink text-decoration-style \
    text-justify text-rendering text-spacing-trim text-transform text-underline-position text-wrap \
    text-wrap-mode text-wrap-style touch-callout transform-origin transition \
    transition-behavior transition-delay transition-duration transition-property \
    transition-timing-function white-space white-space-collapse widows word-break word-wrap";
/// What does nothing to what is beside, but may do something to the footer.
const LAYOUT: &str = "\
    -moz-user-select -ms-user-select -webkit-user-select appearance backface-visibility caret-color \
    counter-increment counter-reset mso-bidi-font-style mso-bidi-font-weight mso-list mso-outline-level mso-spacerun mso-yfti-irow mso-yfti-tbllook object-fit object-position tab-stops text-align-all text-autospace text-overflow user-select";

static TABLE: LazyLock<HashMap<&str, [Grammar; 3]>> = LazyLock::new(|| {
    let listed = PROPERTIES.iter().map(|(name, a, b, c)| (*name, [*a, *b, *c]));
    let harmless = HARMLESS.split_whitespace().map(|name| (name, [Any; 3]));
    let idle = IDLE.split_whitespace().map(|name| (name, [Idle; 3]));
    let layout = LAYOUT.split_whitespace().map(|name| (name, [Words(NOTHING), Any, Any]));
    layout.chain(harmless).chain(idle).chain(listed).collect()
});

/// Whether the property `name` may have the `value` where `concern` is at stake; `None` where
/// nobody knows such a property. Both in lower case, without `!important`.
pub(crate) fn allows(name: &str, value: &str, concern: Concern) -> Option<bool> {
    if name.starts_with("--") {
        return Some(true);
    }
    let name = canonical(name);
    // What a program calls by a name of its own is the same.
    let prefixes = ["-webkit-", "-moz-", "-ms-", "-o-"];
    let standard = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
    let row = [Some(&*name), standard].into_iter().flatten().find_map(|name| {
        let is_premailer = name.starts_with("-premailer-");
        let stem = if is_premailer { "-premailer-*".into() } else { sides(name) };
        TABLE.get(name).or_else(|| TABLE.get(&*stem)).copied()
    })?;
    let grammar = row[concern as usize];
    Some(matches!(grammar, Any) || fits(grammar, value.trim()))
}

/// Whether what the property says is said of words themselves: how they look, or the room they have.
pub(crate) fn is_of_words(name: &str) -> bool {
    const BEGINNINGS: [&str; 8] = [
        "background",
        "color",
        "font",
        "letter-spacing",
        "line-height",
        "max-height",
        "text-",
        "word-spacing",
    ];
    let name = name.trim_start_matches("-webkit-").trim_start_matches("mso-");
    BEGINNINGS.iter().any(|begin| name.starts_with(begin))
}

/// Whether the table has a row for `name`, in lower case.
pub(super) fn is_known(name: &str) -> bool {
    allows(name, "", Concern::Beside).is_some()
}

/// Names of properties that people write by hand, in order.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let by_hand =
            TABLE.keys().filter(|name| !name.starts_with('-') && !name.starts_with("mso"));
        let each = |name: &&str| -> Vec<String> {
            let sides = ["top", "right", "bottom", "left"];
            match name.contains('*') {
                has_sides if has_sides => sides.map(|side| name.replacen('*', side, 1)).to_vec(),
                _ => vec![(*name).to_owned()],
            }
        };
        let mut names: Vec<String> = by_hand.flat_map(each).collect();
        names.sort_unstable();
        names
    });
    NAMES.iter().map(String::as_str)
}

/// A name in the writing direction of most, as the table has it.
pub(crate) fn canonical(name: &str) -> Cow<'_, str> {
    if !["inline", "block"].iter().any(|part| name.contains(part)) {
        return Cow::Borrowed(name);
    }
    let mut name = name.to_owned();
    for (from, to) in [
        ("inline-size", "width"),
        ("block-size", "height"),
        ("-inline-start", "-left"),
        ("-inline-end", "-right"),
        ("-block-start", "-top"),
        ("-block-end", "-bottom"),
    ] {
        name = name.replace(from, to);
    }
    Cow::Owned(name)
}

/// `border-left-color` as `border-*-color`.
pub(super) fn sides(name: &str) -> Cow<'_, str> {
    for side in ["-top", "-right", "-bottom", "-left", "-block", "-inline"] {
        if let Some((before, behind)) = name.split_once(side)
            && (behind.is_empty() || behind.starts_with('-'))
        {
            return Cow::Owned(format!("{before}-*{behind}"));
        }
    }
    Cow::Borrowed(name)
}
