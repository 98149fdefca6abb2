//! Colours as CSS writes them.

use super::html::Element;

/// A colour with its opacity; `None` for a notation that is not known here.
pub(super) fn rgba(text: &str) -> Option<[u8; 4]> {
    let text = text.trim().trim_end_matches("!important").trim();
    csscolorparser::parse(text).ok().map(|color| color.to_rgba8())
}

/// Whether a colour of text lets all behind it through.
pub(super) fn is_unseen(text: &str) -> bool {
    csscolorparser::parse(text).is_ok_and(|color| color.a < 0.1)
}

/// The ground that an element lays, as it is written: the last of what its style says of it.
pub(super) fn ground(element: &Element) -> Option<&str> {
    let said = element.last_style(&["background", "background-color"]);
    said.or_else(|| element.attribute("bgcolor"))
}

/// The darkest and the brightest of some colours.
pub(super) fn extremes(all: &[[u8; 4]]) -> Option<[[u8; 4]; 2]> {
    // As bright as the eye takes them.
    let light = |[red, green, blue, _]: &&[u8; 4]| {
        u32::from(*red) * 2 + u32::from(*green) * 7 + u32::from(*blue)
    };
    Some([*all.iter().min_by_key(light)?, *all.iter().max_by_key(light)?])
}
