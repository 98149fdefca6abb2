//! A page: one column in the publication's colours, readable at any width, without a script.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

use super::Site;
use super::words::PageWords;

/// Where the pages' style sheet is, behind the base's path.
pub(super) const SHEET: &str = "/style.css";

/// A page with a title and what follows it.
pub(super) fn page(
    site: &Site,
    words: &PageWords,
    status: StatusCode,
    (title, content): (&str, Markup),
) -> Response<Body> {
    let direction = direction(words);
    let markup = html! {
        (DOCTYPE)
        html lang=(words.language) dir=(direction) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (site.name) }
                link rel="stylesheet" href={ (site.base.path()) (SHEET) };
            }
            body {
                header { p class="name" dir="auto" { (site.name) } }
                main {
                    h1 { (title) }
                    (content)
                }
            }
        }
    };
    let mut response = Response::new(Body::from(markup.into_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// How a page's text runs.
pub(super) fn direction(words: &PageWords) -> &'static str {
    if words.is_rtl() { "rtl" } else { "ltr" }
}

/// A text of the words with its places filled. An address stands apart from the text around it, which
/// may run the other way.
pub(super) fn filled(text: &str, site: &Site, address: &str) -> Markup {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, place, behind)) = next_place(rest) {
        parts.push(html! { (before) });
        parts.push(match place {
            "name" => html! { bdi { (site.name) } },
            "address" => html! { bdi { (address) } },
            _ => html! { a href={ "mailto:" (site.contact) } { bdi { (site.contact) } } },
        });
        rest = behind;
    }
    html! { @for part in parts { (part) } (rest) }
}

/// A title, which has no markup.
pub(super) fn title(text: &str, site: &Site) -> String {
    filled_text(text, site)
}

/// A text with the newsletter's name, where no markup can be.
pub(super) fn filled_text(text: &str, site: &Site) -> String {
    text.replace("{name}", &site.name)
}

fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (place, behind) = rest.split_once('}')?;
    Some((before, place, behind))
}

/// An address as it is shown to whoever has a link, which may be somebody to whom the mail was passed
/// on: `k…@example.org`.
pub(super) fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    // Of a short one that would be most of it.
    let shown = if local.chars().count() > 3 { 1 } else { 0 };
    let first: String = local.chars().take(shown).collect();
    format!("{first}…@{domain}")
}
