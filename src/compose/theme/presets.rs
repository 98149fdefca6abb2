//! Looks that a publication can begin with: colours for both schemes, faces, and the few rules that
//! give each its character. Every one of them can be changed key by key in `digest.toml`.
//!
//! The rules are plain ones of the components' classes, so that they are inlined with the rest;
//! nothing in a look stands on a client that keeps `<style>`.

use super::{Color, Palette, Theme};
use crate::compose::language;

/// A look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Ink on paper: serif titles, small capitals above sections. The default.
    #[default]
    Ink,
    /// A newspaper: serif throughout, a centred head between rules, no sheet behind the letter.
    Gazette,
    /// A product's letter: one sans serif, large titles, round corners, a strong accent.
    Studio,
    /// Green of celadon on warm paper, titles of ordinary weight: for long reading.
    Celadon,
}

impl Preset {
    /// Each by its name in `digest.toml`.
    pub const ALL: [(&'static str, Preset); 4] = [
        ("ink", Preset::Ink),
        ("gazette", Preset::Gazette),
        ("studio", Preset::Studio),
        ("celadon", Preset::Celadon),
    ];

    /// The theme that it begins with.
    pub fn theme(self) -> Theme {
        let (light, dark) = self.palettes();
        let (font, heading_font) = match self {
            Preset::Ink | Preset::Celadon => (SANS, SERIF),
            Preset::Gazette => (SERIF, SERIF),
            Preset::Studio => (SANS, SANS),
        };
        Theme {
            preset: self,
            light: palette(light),
            dark: palette(dark),
            font: font.to_owned(),
            heading_font: heading_font.to_owned(),
            logo_alt: String::new(),
            footer: None,
        }
    }

    /// The theme as a letter in `language` wears it: faces that the publication has not chosen
    /// follow the language.
    pub(crate) fn in_language(theme: &Theme, language: &str) -> Theme {
        let mut theme = theme.clone();
        if language::is_korean(language) {
            for font in [&mut theme.font, &mut theme.heading_font] {
                if font == SERIF {
                    *font = KOREAN_SERIF.to_owned();
                }
            }
        }
        theme
    }

    /// Colours in light and in dark mode, in the order of [`Palette::KEYS`].
    fn palettes(self) -> ([u32; 9], [u32; 9]) {
        match self {
            Preset::Ink => (
                [
                    0xf3f1ec, 0xfffefb, 0x1e2430, 0x556677, 0x1f3a5f, 0xfffefb, 0x114499, 0xd9d5cb,
                    0xf0f3f2,
                ],
                [
                    0x12151b, 0x1b2029, 0xe6e4df, 0xa9aeb9, 0x9fc0e8, 0x12151b, 0x9fc0e8, 0x3a414e,
                    0x252c37,
                ],
            ),
            Preset::Gazette => (
                [
                    0xfbf9f4, 0xfbf9f4, 0x1f1d1a, 0x5f5a52, 0x8c1c13, 0xfffdf9, 0x8c1c13, 0xcfc8ba,
                    0xf1ece1,
                ],
                [
                    0x171513, 0x171513, 0xe9e4da, 0xb0a99c, 0xf0a399, 0x231210, 0xf0a399, 0x47413a,
                    0x24211d,
                ],
            ),
            Preset::Studio => (
                [
                    0xeef0f6, 0xfdfdff, 0x1c1e2b, 0x585c70, 0x4a3fc7, 0xfdfdff, 0x4338b8, 0xd8dbe8,
                    0xeeedfb,
                ],
                [
                    0x0f1017, 0x1a1c27, 0xe7e8f0, 0xa8acbf, 0xb4adff, 0x14122e, 0xb4adff, 0x3a3e52,
                    0x262840,
                ],
            ),
            Preset::Celadon => (
                [
                    0xf3ede1, 0xfffdf8, 0x1b2a41, 0x566175, 0x1f6b5c, 0xfdfaf2, 0x17604f, 0xd9cfbd,
                    0xe4efe7,
                ],
                [
                    0x10161f, 0x19212e, 0xece6d9, 0xaab3c2, 0x8fcbb5, 0x10211c, 0x93d2bb, 0x3a4659,
                    0x1e312f,
                ],
            ),
        }
    }

    /// What it adds to the sheet that is inlined, in the colours of `light`.
    pub(in crate::compose) fn rules(self, light: &Palette) -> String {
        let Palette { text, accent, border, .. } = light;
        match self {
            Preset::Ink => String::new(),
            Preset::Gazette => format!(
                ".hd{{text-align:center;border-top:1px solid {border};\
                 border-bottom:3px double {border}}}\
                 .nm{{font-size:26px;letter-spacing:1px}}\
                 h1,.ab{{text-align:center}}\
                 .h{{text-align:center;letter-spacing:2px;border-top:0;\
                 border-bottom:1px solid {border}}}\
                 .k{{border-radius:0}}\
                 .qt{{border-left:0;padding:0 24px}}\
                 .f{{border-top:1px solid {border}}}"
            ),
            Preset::Studio => format!(
                ".letter{{border-radius:16px 16px 0 0}}\
                 .hd{{border-bottom:0;border-radius:16px 16px 0 0}}.hd p{{margin:16px 0}}\
                 .bt{{border-top:8px solid {accent};border-radius:8px 8px 0 0}}\
                 h1{{font-size:40px;line-height:1.1;letter-spacing:-0.5px}}\
                 .h{{font-size:20px;line-height:44px;letter-spacing:0;\
                 text-transform:none;color:{text};border-top:4px solid {accent}}}\
                 .k{{border-radius:24px}}\
                 .q{{border-radius:12px}}"
            ),
            Preset::Celadon => "h1,.t,.sub{font-weight:normal}".to_owned(),
        }
    }
}

/// Faces for running text: Latin ones first, Korean ones before the generic.
const SANS: &str = "-apple-system,'Segoe UI','Apple SD Gothic Neo','Malgun Gothic',\
     'Noto Sans KR',Arial,sans-serif";
/// The same with serifs.
const SERIF: &str = "Georgia,serif";
/// The same where most of the text is Korean: Georgia has none of it, and its figures sit low.
const KOREAN_SERIF: &str = "'Noto Serif KR',AppleMyungjo,Batang,serif";

fn palette(
    [background, surface, text, muted, accent, accent_text, link, border, callout]: [u32; 9],
) -> Palette {
    let hex = |value: u32| {
        Color::new((value >> 16 & 0xff) as u8, (value >> 8 & 0xff) as u8, (value & 0xff) as u8)
    };
    Palette {
        background: hex(background),
        surface: hex(surface),
        text: hex(text),
        muted: hex(muted),
        accent: hex(accent),
        accent_text: hex(accent_text),
        link: hex(link),
        border: hex(border),
        callout: hex(callout),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::theme::LEAST_CONTRAST;

    #[test]
    fn every_look_is_readable_in_both_schemes() {
        for (name, preset) in Preset::ALL {
            let theme = preset.theme();
            for (scheme, palette) in [("light", &theme.light), ("dark", &theme.dark)] {
                for (text, color, surface, behind) in palette.pairs() {
                    let ratio = color.contrast(behind);
                    let pair = format!("{name}, {scheme}: {text} on {surface}");
                    assert!(ratio >= LEAST_CONTRAST, "{pair}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn no_look_uses_pure_black_or_white() {
        for (name, preset) in Preset::ALL {
            let theme = preset.theme();
            for palette in [&theme.light, &theme.dark] {
                for (_, color, _, behind) in palette.pairs() {
                    for color in [color, behind].map(|color| color.to_string()) {
                        assert!(color != "#000" && color != "#fff", "{name}: {color}");
                    }
                }
            }
        }
    }
}
