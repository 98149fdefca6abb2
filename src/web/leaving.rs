//! The way out: RFC 8058's one click, the page with a button, and taking it back.
//!
//! Must never act on a GET, nor answer that somebody has left before that is on the disk.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use maud::html;

use super::answer::plain;
use super::form::SentForm;
use super::page::{filled, masked, page, title};
use super::visitor::Visitor;
use super::words::PageWords;
use super::{Pages, Site};
use crate::audience::leave::LeavingWhy;
use crate::message::address::Address;

/// How long somebody may take back that they have left.
const UNDO: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/unsubscribe/{token}", get(ask).post(leave))
        .route("/undo/{token}", get(ask_back).post(take_back))
}

/// A request by somebody's link.
struct ByLink {
    pages: Arc<Pages>,
    visitor: Visitor,
    /// Of the path; one that cannot be read at all is none, like any other that is wrong.
    token: String,
    words: &'static PageWords,
}

impl FromRequestParts<Arc<Pages>> for ByLink {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        pages: &Arc<Pages>,
    ) -> Result<ByLink, Infallible> {
        let token = Path::<String>::from_request_parts(parts, pages).await;
        let token = token.map(|Path(token)| token).unwrap_or_default();
        let visitor = Visitor::of(&parts.extensions);
        let words = pages.words(&parts.headers);
        Ok(ByLink { pages: Arc::clone(pages), visitor, token, words })
    }
}

/// A page with one button.
async fn ask(link: ByLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    match pages.leaver(&token) {
        Some(address) => question(&pages.site, words, StatusCode::OK, &address),
        None => pages.broken(words, visitor),
    }
}

/// Leaves: by the header's one click for a program, by the page's button for a person.
async fn leave(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let Some(address) = pages.leaver(&token) else { return pages.broken(words, visitor) };
    let form = SentForm::read(&headers, &body);
    let is_one_click = form.value("List-Unsubscribe") == Some("One-Click");
    if !is_one_click && form.value("leave") != Some("yes") {
        return question(&pages.site, words, StatusCode::BAD_REQUEST, &address);
    }
    if pages.writer.leave(address.clone()).await.is_err() {
        return pages.busy(words);
    }
    if is_one_click {
        return plain(StatusCode::OK, "You are unsubscribed.\n");
    }
    left(&pages, words, &address)
}

fn question(
    site: &Site,
    words: &PageWords,
    status: StatusCode,
    address: &Address,
) -> Response<Body> {
    let content = html! {
        p { (filled(words.leave_question, site, &masked(address.as_str()))) }
        form method="post" {
            button type="submit" name="leave" value="yes" { (words.leave_button) }
        }
    };
    page(site, words, status, (&title(words.leave_title, site), content))
}

/// What happens now, the way back, and a question that nobody has to answer.
fn left(pages: &Pages, words: &PageWords, address: &Address) -> Response<Body> {
    let site = &pages.site;
    let end = (pages.clock)() + UNDO;
    let token = site.keys.undo_token(&site.list_id, address, end);
    let back = format!("{}/undo/{token}", site.base.path());
    let content = html! {
        p { (filled(words.left_text, site, &masked(address.as_str()))) }
        form method="post" action=(back) {
            button type="submit" name="act" value="undo" class="second" { (words.undo_button) }
        }
        form method="post" action=(back) {
            fieldset {
                legend { (words.why_question) }
                @for (why, text) in LeavingWhy::ALL.into_iter().zip(words.why_choices) {
                    label { input type="radio" name="why" value=(why.word()) required; (text) }
                }
                button type="submit" name="act" value="why" class="second" { (words.why_button) }
            }
        }
    };
    page(site, words, StatusCode::OK, (words.left_title, content))
}

/// What the page of somebody who has left shows again, where it is opened anew.
async fn ask_back(link: ByLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let site = &pages.site;
    match pages.returner(&token) {
        Returner::Known(address, _) => left(&pages, words, &address),
        Returner::Late => late(site, words),
        Returner::Unknown => pages.broken(words, visitor),
    }
}

/// Takes back that somebody has left, or keeps why they have.
async fn take_back(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let site = &pages.site;
    let (address, end) = match pages.returner(&token) {
        Returner::Known(address, end) => (address, end),
        Returner::Late => return late(site, words),
        Returner::Unknown => return pages.broken(words, visitor),
    };
    let form = SentForm::read(&headers, &body);
    let since = end - UNDO;
    // What was left a moment before the page was made is meant, too.
    let since = since - SignedDuration::from_mins(1);
    let shown = masked(address.as_str());
    let why = form.value("why").and_then(LeavingWhy::of);
    let done = match (form.value("act"), why) {
        (Some("undo"), _) => match pages.writer.take_back(address, since).await {
            Ok(true) => Ok((words.undone_title, words.undone_text)),
            Ok(false) => Ok((words.kept_title, words.kept_text)),
            Err(unwritten) => Err(unwritten),
        },
        (Some("why"), Some(why)) => {
            let said = pages.writer.say_why(address, since, why).await;
            said.map(|()| (words.thanks_title, words.thanks_text))
        }
        _ => return left(&pages, words, &address),
    };
    let Ok((heading, text)) = done else { return pages.busy(words) };
    page(site, words, StatusCode::OK, (heading, html! { p { (filled(text, site, &shown)) } }))
}

fn late(site: &Site, words: &PageWords) -> Response<Body> {
    let content = html! { p { (filled(words.late_text, site, "")) } };
    page(site, words, StatusCode::GONE, (words.late_title, content))
}

/// Whom a token for taking back names.
enum Returner {
    Known(Address, Timestamp),
    Late,
    Unknown,
}

impl Pages {
    fn leaver(&self, token: &str) -> Option<Address> {
        self.site.keys.read_unsubscribe_token(&self.site.list_id, token)
    }

    fn returner(&self, token: &str) -> Returner {
        let Site { keys, list_id, .. } = &self.site;
        match keys.read_undo_token(list_id, token, (self.clock)()) {
            Some((address, end)) => Returner::Known(address, end),
            None if keys.read_undo_token(list_id, token, Timestamp::MIN).is_some() => {
                Returner::Late
            }
            None => Returner::Unknown,
        }
    }

    /// The same page for every token that is none, however it is wrong.
    fn broken(&self, words: &PageWords, visitor: Visitor) -> Response<Body> {
        let content = html! { p { (filled(words.broken_text, &self.site, "")) } };
        let status = if self.wrong_tokens.take(visitor.address) {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::TOO_MANY_REQUESTS
        };
        page(&self.site, words, status, (words.broken_title, content))
    }

    fn busy(&self, words: &PageWords) -> Response<Body> {
        let content = html! { p { (words.busy_text) } };
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut response = page(&self.site, words, status, (words.busy_title, content));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        response
    }
}
