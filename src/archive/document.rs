//! What stands around every page: head, masthead, the links at the end.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::edition::WebPicture;
use super::metadata::PageMetadata;
use super::words::ArchiveWords;
use super::{ArchiveSite, Making, SUBSCRIBE};
use crate::compose::language;

/// A page, before it has a frame.
pub(super) struct Framed<'a> {
    pub(super) title: &'a str,
    /// BCP 47.
    pub(super) language: &'a str,
    /// Where it is.
    pub(super) path: &'a str,
    pub(super) metadata: PageMetadata,
    /// The masthead's picture, and the one for the dark.
    pub(super) logos: &'a [WebPicture],
    /// Whether search engines shall leave it alone.
    pub(super) is_hidden: bool,
    /// Whether it has the script of the search.
    pub(super) searches: bool,
    pub(super) content: Markup,
}

impl Making<'_> {
    /// The whole document.
    pub(super) fn framed(self, page: Framed<'_>) -> String {
        let Making { site, .. } = self;
        let words = ArchiveWords::of(page.language);
        let is_home = page.title == site.name;
        let markup = html! {
            (DOCTYPE)
            html lang=(page.language) dir=(language::direction(page.language)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (page.title) @if !is_home { " · " (site.name) } }
                    @if page.is_hidden { meta name="robots" content="noindex"; }
                    (page.metadata.markup())
                    link rel="alternate" type="application/atom+xml" title=(site.name)
                        href=(site.link("feed.xml"));
                    link rel="alternate" type="application/feed+json" title=(site.name)
                        href=(site.link("feed.json"));
                    link rel="stylesheet" href=(self.sheet);
                    @if page.searches { script src=(site.link("search/search.js")) defer {} }
                }
                body {
                    a.skip href="#text" lang=[words.apart(page.language)] { (words.skip) }
                    header {
                        p.name dir="auto" { a href=(site.link("")) { (masthead(site, page.logos)) } }
                        (self.bar(words, &page))
                    }
                    main #text { (page.content) }
                    footer { (self.end(words, page.language)) }
                }
            }
        };
        markup.into_string()
    }

    fn bar(self, words: &ArchiveWords, page: &Framed<'_>) -> Markup {
        let link = |path: &str, label: &str| {
            let current = (page.path == path).then_some("page");
            html! { li { a href=(self.site.link(path)) aria-current=[current] { (label) } } }
        };
        html! {
            nav aria-label=(self.site.name) lang=[words.apart(page.language)] {
                ul.bar {
                    (link("issues/", words.all_issues))
                    (link("search/", words.search))
                }
            }
        }
    }

    fn end(self, words: &ArchiveWords, language: &str) -> Markup {
        let site = self.site;
        html! {
            p {
                @if let Some(organization) = &site.organization { bdi { (organization) } " · " }
                a href={ "mailto:" (site.contact) } { bdi { (site.contact) } }
            }
            ul.bar lang=[words.apart(language)] {
                @if site.has_form {
                    li { a href=(site.link(SUBSCRIBE)) { (named(words.subscribe, site)) } }
                }
                li { a href=(site.link("issues/")) { (words.all_issues) } }
                li { a href=(site.link("feed.xml")) { (words.feed) } }
                li { a href=(site.link(super::neutral::LEAVE)) { (named(words.leave_title, site)) } }
            }
        }
    }
}

/// The newsletter's name, or its logo.
fn masthead(site: &ArchiveSite, logos: &[WebPicture]) -> Markup {
    let theme = &site.theme;
    let alt = if theme.logo_alt.is_empty() { &site.name } else { &theme.logo_alt };
    let source = |picture: &WebPicture| {
        let own = picture.address.strip_prefix(super::neutral::OWN);
        format!("{}/{}", site.path, own.unwrap_or(&picture.address))
    };
    html! {
        @match logos {
            [] => (site.name),
            [light, dark @ ..] => picture {
                @if let Some(dark) = dark.first() {
                    source media="(prefers-color-scheme: dark)" srcset=(source(dark))
                        width=(dark.width) height=(dark.height);
                }
                img src=(source(light)) alt=(alt) width=(light.width) height=(light.height);
            },
        }
    }
}

/// Words with the newsletter's name in them.
pub(super) fn named(text: &str, site: &ArchiveSite) -> Markup {
    around(text, "{name}", html! { bdi { (site.name) } })
}

/// A text with a link or a name at its place.
pub(super) fn around(text: &str, place: &str, content: Markup) -> Markup {
    let (before, behind) = text.split_once(place).unwrap_or((text, ""));
    html! { (before) (content) (behind) }
}

/// Data in a page that is no program: what could end its element is written another way.
pub(super) fn data(json: &serde_json::Value) -> Markup {
    let text = json.to_string();
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    html! { script type="application/ld+json" { (PreEscaped(text)) } }
}
