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
use super::preferences;
use super::subscribing::too_many;
use super::visitor::Visitor;
use super::words::PageWords;
use super::writer::{LeaverWish, Unwritten, WebStanding};
use super::{Pages, Site, pausing};
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
pub(super) struct ByLink {
    pub(super) pages: Arc<Pages>,
    pub(super) visitor: Visitor,
    /// Of the path; one that cannot be read at all is none, like any other that is wrong.
    pub(super) token: String,
    pub(super) words: &'static PageWords,
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
        Some(address) => question(&pages, words, (StatusCode::OK, false), &address),
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
        return match pages.wanted_instead(&form) {
            Some(wish) => pages.instead(words, &address, wish).await,
            None => {
                let is_no_day = form.value("act") == Some("pause");
                question(&pages, words, (StatusCode::BAD_REQUEST, is_no_day), &address)
            }
        };
    }
    let Ok(standing) = pages.writer.fulfil(address.clone(), LeaverWish::Leave).await else {
        return pages.busy(words);
    };
    if is_one_click {
        return plain(StatusCode::OK, "You are unsubscribed.\n");
    }
    // Only whoever has made the no may take it back: a mail may have been passed on.
    let since = match standing {
        WebStanding::LeftNow(since) => Some(since),
        WebStanding::Left(_) | WebStanding::LeftForGood | WebStanding::Out | WebStanding::In(_) => {
            None
        }
    };
    left(&pages, words, &address, since)
}

fn question(
    pages: &Pages,
    words: &PageWords,
    (status, is_no_day): (StatusCode, bool),
    address: &Address,
) -> Response<Body> {
    let site = &pages.site;
    let content = html! {
        p { (filled(words.leave_question, site, &masked(address.as_str()))) }
        form method="post" {
            button type="submit" name="leave" value="yes" { (words.leave_button) }
        }
        @if let Some(choices) = &pages.choices {
            (preferences::less_form(choices, words))
            (pages.pause_days().form_instead(words, is_no_day))
        }
    };
    page(site, words, status, (&title(words.leave_title, site), content))
}

/// What happens now; for an hour from when they left the way back, and a question that nobody has to
/// answer.
fn left(
    pages: &Pages,
    words: &PageWords,
    address: &Address,
    since: Option<Timestamp>,
) -> Response<Body> {
    let site = &pages.site;
    let end = since.map(|since| since + UNDO).filter(|end| (pages.clock)() < *end);
    let back = end.map(|end| {
        let token = pages.keys.known().links.undo_token(&site.list_id, address, end);
        format!("{}/undo/{token}", site.base.path())
    });
    let content = html! {
        p { (filled(words.left_text, site, &masked(address.as_str()))) }
        @if let Some(back) = back {
            form method="post" action=(back) {
                button type="submit" name="act" value="undo" class="second" { (words.undo_button) }
            }
            form method="post" action=(back) {
                fieldset {
                    legend { (words.why_question) }
                    @for (why, text) in LeavingWhy::ALL.into_iter().zip(words.why_choices) {
                        label { input type="radio" name="why" value=(why.word()) required; (text) }
                    }
                    button type="submit" name="act" value="why" class="second" {
                        (words.why_button)
                    }
                }
            }
        } @else {
            p { (filled(words.late_text, site, "")) }
        }
    };
    page(site, words, StatusCode::OK, (words.left_title, content))
}

/// How somebody stands who has left, where their page is opened anew.
async fn ask_back(link: ByLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    match pages.returner(&token) {
        Returner::Known(address, end) => {
            let done = pages.writer.fulfil(address.clone(), LeaverWish::Look).await;
            stands(&pages, words, (&address, end - UNDO), done)
        }
        Returner::Late => late(&pages.site, words),
        Returner::Unknown => pages.broken(words, visitor),
    }
}

/// Takes back that somebody has left, or keeps why they have.
async fn take_back(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let (address, end) = match pages.returner(&token) {
        Returner::Known(address, end) => (address, end),
        Returner::Late => return late(&pages.site, words),
        Returner::Unknown => return pages.broken(words, visitor),
    };
    let form = SentForm::read(&headers, &body);
    let since = end - UNDO;
    let why = form.value("why").and_then(LeavingWhy::of);
    let wish = match (form.value("act"), why) {
        (Some("undo"), _) => LeaverWish::TakeBack(since),
        (Some("why"), Some(why)) => LeaverWish::SayWhy(since, why),
        _ => LeaverWish::Look,
    };
    if !pages.may_change(&address) {
        return too_many(&pages.site, words);
    }
    let done = pages.writer.fulfil(address.clone(), wish).await;
    if let (LeaverWish::SayWhy(..), Ok(WebStanding::Left(_))) = (wish, done) {
        let content = html! { p { (words.thanks_text) } };
        return page(&pages.site, words, StatusCode::OK, (words.thanks_title, content));
    }
    stands(&pages, words, (&address, since), done)
}

/// How somebody stands, whose link is for taking back what they said at a moment.
fn stands(
    pages: &Pages,
    words: &PageWords,
    (address, since): (&Address, Timestamp),
    done: Result<WebStanding, Unwritten>,
) -> Response<Body> {
    let (heading, text) = match done {
        Ok(WebStanding::LeftNow(at) | WebStanding::Left(at)) => {
            let is_this_one = at.as_second() == since.as_second();
            return left(pages, words, address, Some(at).filter(|_| is_this_one));
        }
        Ok(WebStanding::In(until)) => {
            let text = match until.and_then(|until| pages.pause_days().ahead(until)) {
                Some(until) => pausing::paused(pages, words, &masked(address.as_str()), until),
                None => filled(words.undone_text, &pages.site, &masked(address.as_str())),
            };
            let content = html! { p { (text) } };
            return page(&pages.site, words, StatusCode::OK, (words.undone_title, content));
        }
        Ok(WebStanding::LeftForGood | WebStanding::Out) => (words.kept_title, words.kept_text),
        Err(Unwritten) => return pages.busy(words),
    };
    let content = html! { p { (filled(text, &pages.site, &masked(address.as_str()))) } };
    page(&pages.site, words, StatusCode::OK, (heading, content))
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
        self.keys.find(|keys| keys.read_unsubscribe_token(&self.site.list_id, token))
    }

    fn returner(&self, token: &str) -> Returner {
        let (list_id, now) = (&self.site.list_id, (self.clock)());
        let known = self.keys.find(|keys| keys.read_undo_token(list_id, token, Timestamp::MIN));
        match known {
            Some((address, end)) if now < end => Returner::Known(address, end),
            Some(_) => Returner::Late,
            None => Returner::Unknown,
        }
    }

    /// The same page for every token that is none, however it is wrong.
    fn broken(&self, words: &PageWords, visitor: Visitor) -> Response<Body> {
        let content = html! { p { (filled(words.broken_text, &self.site, "")) } };
        let status = self.status_of_wrong(visitor);
        page(&self.site, words, status, (words.broken_title, content))
    }

    /// Who tries many tokens is told so.
    pub(super) fn status_of_wrong(&self, visitor: Visitor) -> StatusCode {
        if self.wrong_tokens.take(visitor.address) {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::TOO_MANY_REQUESTS
        }
    }

    fn busy(&self, words: &PageWords) -> Response<Body> {
        let content = html! { p { (words.busy_text) } };
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut response = page(&self.site, words, status, (words.busy_title, content));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        response
    }
}
