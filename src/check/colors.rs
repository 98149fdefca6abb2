//! Colours as CSS writes them.

use super::html::Element;
use crate::compose::theme::Color;

/// The names that people write by hand (CSS Color 4, 6.1).
const NAMED: [(&str, u32); 22] = [
    ("black", 0x000000),
    ("white", 0xffffff),
    ("red", 0xff0000),
    ("green", 0x008000),
    ("blue", 0x0000ff),
    ("yellow", 0xffff00),
    ("orange", 0xffa500),
    ("purple", 0x800080),
    ("navy", 0x000080),
    ("teal", 0x008080),
    ("maroon", 0x800000),
    ("olive", 0x808000),
    ("gray", 0x808080),
    ("grey", 0x808080),
    ("silver", 0xc0c0c0),
    ("lightgray", 0xd3d3d3),
    ("lightgrey", 0xd3d3d3),
    ("darkgray", 0xa9a9a9),
    ("pink", 0xffc0cb),
    ("gold", 0xffd700),
    ("lime", 0x00ff00),
    ("aqua", 0x00ffff),
];

/// A colour; `None` for a notation that is not known here, or one that is see-through.
pub(super) fn parse(text: &str) -> Option<Color> {
    let text = text.trim().trim_end_matches("!important").trim().to_ascii_lowercase();
    if let Ok(color) = text.parse() {
        return Some(color);
    }
    if let Some((_, value)) = NAMED.iter().find(|(name, _)| *name == text) {
        let channel = |shift: u32| (value >> shift & 0xff) as u8;
        return Some(Color::new(channel(16), channel(8), channel(0)));
    }
    let inner = text.strip_prefix("rgb(")?.strip_suffix(')')?;
    let parts: Vec<u8> = inner
        .split([',', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match parts[..] {
        [red, green, blue] => Some(Color::new(red, green, blue)),
        _ => None,
    }
}

/// The ground that an element lays, as written and as a colour.
pub(super) fn background(element: &Element) -> Option<(&str, Color)> {
    let written = element.style("background-color").or_else(|| element.style("background"));
    let written = written.or_else(|| element.attribute("bgcolor"))?;
    let color = parse(written).or_else(|| written.split_whitespace().find_map(parse))?;
    Some((written, color))
}
