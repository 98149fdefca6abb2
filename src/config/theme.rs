//! `[theme]` -> Theme and logo.

use crate::compose::theme::presets::Preset;
use crate::compose::theme::{Palette, Theme};
use crate::diagnostic::{Diagnostic, Place};
use crate::manifest::{Located, Table};

/// The masthead's pictures: for light and for dark surroundings.
pub(super) type Logos = (Option<(String, Place)>, Option<(String, Place)>);

/// Fonts for cards, each a path.
pub(super) type CardFonts = Vec<(String, Place)>;

pub(super) fn read(table: &mut Table, problems: &mut Vec<Diagnostic>) -> (Theme, Logos, CardFonts) {
    let mut section = table.table("theme");
    // First, because the other keys change what it begins with.
    let mut theme = section.choice("preset", &Preset::ALL).unwrap_or_default().theme();
    let logo = section.text("logo").map(|text| named(&section, text));
    let logo_dark = section.text("logo_dark").map(|text| named(&section, text));
    if let Some(alt) = section.text("logo_alt") {
        theme.logo_alt = alt.value;
    }
    let footer = section.text("footer");
    if let Some(text) = &footer {
        odd_footer(&mut section, text);
    }
    theme.footer = footer.map(|text| text.value);
    for (key, font) in [("font", &mut theme.font), ("heading_font", &mut theme.heading_font)] {
        if let Some(text) = section.text(key) {
            if is_font_stack(&text.value) {
                *font = text.value.replace('"', "'");
            } else {
                section.report(bad_font(key, &text, &section))
            }
        }
    }
    let fonts = section.texts("card_fonts").into_iter().map(|text| named(&section, text)).collect();
    palette(&mut section, "light", &mut theme.light, problems);
    palette(&mut section, "dark", &mut theme.dark, problems);
    section.finish(problems);
    (theme, (logo, logo_dark), fonts)
}

/// The footer is plain text: what looks like more would be read as it stands.
fn odd_footer(section: &mut Table, text: &Located<String>) {
    let place = section.place(&text.span);
    if text.value.contains("{{") {
        let what = "slots do not work in the footer: readers would see the braces";
        section.report(
            Diagnostic::warning("slot-literal", what)
                .at(place.clone())
                .help("slots work in the text, in the subject and in the preheader"),
        );
    }
    let is_pair = |mark: &str| {
        let mut parts = text.value.split(mark);
        parts.nth(1).is_some_and(|inner| !inner.trim().is_empty()) && parts.next().is_some()
    };
    let has_tag =
        ["<a ", "<br", "<b>", "<strong", "<p>"].iter().any(|tag| text.value.contains(tag));
    if text.value.contains("](") || is_pair("**") || is_pair("`") || has_tag {
        let what = "the footer is plain text: readers would see the signs of Markdown and HTML";
        section.report(
            Diagnostic::warning("leftover-markdown", what)
                .at(place)
                .help("write words only; preferences_url and browser_url add links"),
        );
    }
}

fn named(section: &Table, text: Located<String>) -> (String, Place) {
    let place = section.place(&text.span);
    (text.value, place)
}

fn palette(
    section: &mut Table,
    key: &'static str,
    palette: &mut Palette,
    problems: &mut Vec<Diagnostic>,
) {
    let mut table = section.table(key);
    for key in Palette::KEYS {
        let Some(text) = table.text(key) else { continue };
        match (text.value.parse(), palette.color_mut(key)) {
            (Ok(color), Some(place)) => *place = color,
            _ => {
                let place = table.place(&text.span);
                table.report(
                    Diagnostic::error("color", format!("{:?} is not a colour", text.value))
                        .at(place)
                        .help("write # and six hexadecimal digits, such as #1f3a5f"),
                );
            }
        }
    }
    table.finish(problems);
}

/// Names, quoted or not, between commas, and a generic family at the end: nothing that could end
/// the declaration it is written into.
fn is_font_stack(text: &str) -> bool {
    let generic = ["serif", "sans-serif", "monospace", "cursive", "system-ui"];
    let plain = |c: char| c.is_alphanumeric() || " ,'\"-_.".contains(c);
    text.chars().all(plain)
        && text.rsplit(',').next().is_some_and(|last| generic.contains(&last.trim()))
}

fn bad_font(key: &str, text: &Located<String>, section: &Table) -> Diagnostic {
    Diagnostic::error(
        "font",
        format!("{key} must be a list of fonts that ends with a generic family"),
    )
    .at(section.place(&text.span))
    .help(
        "write it like \"Georgia, 'Noto Serif KR', serif\": readers without these fonts need the \
         last one",
    )
}
