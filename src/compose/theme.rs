//! Colours, faces and words that a publication chooses for all its issues.
//!
//! Contrast is computed here, for every pair of text and surface that the components produce, so
//! that no theme can make an email that people with weak sight cannot read (WCAG 2.2, 1.4.3).

pub mod presets;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use presets::Preset;

/// The light of each value of a channel (WCAG 2.2, definition of relative luminance). Each word of a
/// letter is compared with its ground, so the powers are taken once.
static LINEAR: LazyLock<[f64; 256]> = LazyLock::new(|| {
    std::array::from_fn(|channel| {
        let value = channel as f64 / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
});

/// An sRGB colour.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(u8, u8, u8);

impl Color {
    /// From its three channels.
    pub const fn new(red: u8, green: u8, blue: u8) -> Color {
        Color(red, green, blue)
    }

    /// Red, green and blue.
    pub fn channels(self) -> [u8; 3] {
        [self.0, self.1, self.2]
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, definition).
    fn luminance(self) -> f64 {
        let linear = |channel: u8| LINEAR[usize::from(channel)];
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio with another colour, 1 to 21.
    pub fn contrast(self, other: Color) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

impl fmt::Display for Color {
    /// `#1f3a5f`, or `#fff` where that says the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Color(red, green, blue) = *self;
        if [red, green, blue].iter().all(|channel| channel % 17 == 0) {
            write!(f, "#{:x}{:x}{:x}", red / 17, green / 17, blue / 17)
        } else {
            write!(f, "#{red:02x}{green:02x}{blue:02x}")
        }
    }
}

impl fmt::Debug for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Color {
    type Err = ();

    /// `#rgb` or `#rrggbb`.
    fn from_str(text: &str) -> Result<Color, ()> {
        let digits = text.strip_prefix('#').ok_or(())?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| ())?;
        let channel = |shift: u32| ((value >> shift) & 0xff) as u8;
        let short = |shift: u32| ((value >> shift) & 0xf) as u8 * 17;
        match digits.len() {
            6 => Ok(Color(channel(16), channel(8), channel(0))),
            3 => Ok(Color(short(8), short(4), short(0))),
            _ => Err(()),
        }
    }
}

/// One set of colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind the letter.
    pub background: Color,
    /// The letter.
    pub surface: Color,
    /// Running text.
    pub text: Color,
    /// Bylines, captions, small print.
    pub muted: Color,
    /// Buttons and the rule below the masthead.
    pub accent: Color,
    /// Text on a button.
    pub accent_text: Color,
    /// Links.
    pub link: Color,
    /// Thin lines.
    pub border: Color,
    /// Behind callouts and code.
    pub callout: Color,
}

impl Palette {
    /// The colours' names in `digest.toml`, for reading them one by one.
    pub const KEYS: [&'static str; 9] = [
        "background",
        "surface",
        "text",
        "muted",
        "accent",
        "accent_text",
        "link",
        "border",
        "callout",
    ];

    /// The colour that `key` names.
    pub fn color_mut(&mut self, key: &str) -> Option<&mut Color> {
        Some(match key {
            "background" => &mut self.background,
            "surface" => &mut self.surface,
            "text" => &mut self.text,
            "muted" => &mut self.muted,
            "accent" => &mut self.accent,
            "accent_text" => &mut self.accent_text,
            "link" => &mut self.link,
            "border" => &mut self.border,
            "callout" => &mut self.callout,
            _ => return None,
        })
    }

    /// Every pair of text and surface that the components produce, by name.
    pub fn pairs(&self) -> [(&'static str, Color, &'static str, Color); 10] {
        [
            ("text", self.text, "surface", self.surface),
            ("text", self.text, "callout", self.callout),
            ("text", self.text, "background", self.background),
            ("muted", self.muted, "surface", self.surface),
            ("muted", self.muted, "callout", self.callout),
            ("muted", self.muted, "background", self.background),
            ("link", self.link, "surface", self.surface),
            ("link", self.link, "callout", self.callout),
            ("link", self.link, "background", self.background),
            ("accent_text", self.accent_text, "accent", self.accent),
        ]
    }
}

/// The least contrast of small text (WCAG 2.2 AA).
pub const LEAST_CONTRAST: f64 = 4.5;

/// What a publication looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The look that it began with; its rules shape more than colours and faces.
    pub preset: Preset,
    /// Colours in light surroundings: they stand inline.
    pub light: Palette,
    /// Colours in dark surroundings.
    pub dark: Palette,
    /// Faces of running text, generic last.
    pub font: String,
    /// Faces of titles.
    pub heading_font: String,
    /// What the logo says, for who cannot see it.
    pub logo_alt: String,
    /// Why the reader gets this; the first line of the footer.
    pub footer: Option<String>,
}

impl Default for Theme {
    /// Ink on paper with a quiet accent.
    fn default() -> Theme {
        Preset::default().theme()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_read_and_write() {
        assert_eq!("#1f3A5f".parse::<Color>().unwrap().to_string(), "#1f3a5f");
        assert_eq!("#ffffff".parse::<Color>().unwrap().to_string(), "#fff");
        for bad in ["1f3a5f", "#12", "#12345", "#gggggg", "#+12345", "red"] {
            assert!(bad.parse::<Color>().is_err(), "{bad}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let (black, white) = (Color::new(0, 0, 0), Color::new(255, 255, 255));
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        assert!((Color::new(0x76, 0x76, 0x76).contrast(white) - 4.54).abs() < 0.01);
    }
}
