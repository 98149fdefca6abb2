//! The masthead: the newsletter's name or logo, with number and date in one line, and what each look
//! adds to it. It stands in a cell of its own, whose border is the line below.

use maud::{Markup, PreEscaped, html};

use super::components::Letter;
use super::phrases::phrases;
use super::pictures::logo_size;
use super::theme::presets::Preset;

/// A cell of the letter's table.
pub(super) struct Masthead {
    pub(super) class: &'static str,
    pub(super) content: Markup,
}

impl Letter<'_> {
    /// Gazette has its name in the middle between rules, Studio a bar in the accent's colour, and
    /// Celadon a seal. A logo takes the place of the name, and of the seal; on the bar its colours
    /// could not be seen, so that the bar becomes a band above it.
    pub(super) fn masthead(self) -> Masthead {
        let preset = self.theme.preset;
        let has_logo = self.issue.logo.is_some();
        let (class, date) = match (preset, has_logo) {
            (Preset::Studio, false) => ("p hd bar", "bd"),
            (Preset::Studio, true) => ("p hd bt", "m"),
            _ => ("p hd", "m"),
        };
        let content = html! {
            p {
                @if preset == Preset::Celadon && !has_logo { (stamp(&self.publication.name)) }
                @if has_logo { (self.logos()) } @else {
                    strong.nm { (self.page("", 1, 0).text(&self.publication.name)) }
                }
                @if preset == Preset::Gazette { br; } @else { "\u{a0} " }
                span class=(date) { (self.number_and_date()) }
            }
        };
        Masthead { class, content }
    }

    fn number_and_date(self) -> Markup {
        let phrases = phrases(&self.issue.language);
        let date = self.issue.date.strftime(phrases.date).to_string();
        html! {
            @if let Some(number) = self.issue.number {
                (phrases.number.0) (number) (phrases.number.1) " · "
            }
            (date)
        }
    }

    fn logos(self) -> Markup {
        let Letter { publication, issue, theme, .. } = self;
        let alt = if theme.logo_alt.is_empty() { &publication.name } else { &theme.logo_alt };
        html! {
            @match (issue.logo, issue.logo_dark) {
                (None, _) => {},
                (Some(light), None) => (self.logo(light, alt, "nm lg tr")),
                (Some(light), Some(dark)) => {
                    (self.logo(light, alt, "nm lg tr lo"))
                    (PreEscaped("<!--[if !mso]><!-->"))
                    span.do style="display:none;max-height:0;overflow:hidden;mso-hide:all" {
                        (self.logo(dark, alt, "nm lg tr"))
                    }
                    (PreEscaped("<!--<![endif]-->"))
                }
            }
        }
    }

    fn logo(self, image: usize, alt: &str, class: &str) -> Markup {
        let Some((image, source)) = self.issue.images.get(image).zip(self.sources.get(image))
        else {
            return html! {};
        };
        let (width, height) = logo_size(image);
        html! {
            img class=(class) src=(source) alt=(alt) width=(width) height=(height)
                style=(format!("max-width:{width}px"));
        }
    }
}

/// The newsletter's initial, as a seal. It says nothing that the name does not say.
pub(super) fn stamp(name: &str) -> Markup {
    let initial = name.chars().find(|c| c.is_alphanumeric()).unwrap_or('●');
    html! { span.seal aria-hidden="true" { (initial.to_uppercase()) } }
}
