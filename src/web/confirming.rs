//! The link in the mail that a form brings: a page with one button, and the button.
//!
//! Must never act on a GET, whoever follows links, nor act twice: what somebody has decided since counts.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use maud::html;

use super::form::SentForm;
use super::leaving::ByLink;
use super::page::{filled, masked, page, title};
use super::words::PageWords;
use super::writer::signing::{FormDone, FormWish};
use super::{Pages, Site};
use crate::audience::signup::Confirmed;
use crate::message::address::Address;
use crate::message::token::SignupId;

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/confirm/{token}", get(ask).post(confirm))
}

/// What a link says.
enum ConfirmLink {
    Open(Address, SignupId),
    Ended,
    Unknown,
}

async fn ask(link: ByLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    match pages.confirming(&token) {
        _ if pages.form.is_none() => pages.missing_page(words),
        ConfirmLink::Open(address, _) => question(&pages.site, words, StatusCode::OK, &address),
        ConfirmLink::Ended => ended(&pages.site, words),
        ConfirmLink::Unknown => pages.broken_confirmation(words, visitor),
    }
}

async fn confirm(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    if pages.form.is_none() {
        return pages.missing_page(words);
    }
    let (address, id) = match pages.confirming(&token) {
        ConfirmLink::Open(address, id) => (address, id),
        ConfirmLink::Ended => return ended(&pages.site, words),
        ConfirmLink::Unknown => return pages.broken_confirmation(words, visitor),
    };
    let form = SentForm::read(&headers, &body);
    if form.value("confirm") != Some("yes") {
        return question(&pages.site, words, StatusCode::BAD_REQUEST, &address);
    }
    let language = words.language.to_owned();
    let wish = FormWish::Confirm { id, address: address.clone(), language };
    let Ok(FormDone::Confirmed(confirmed)) = pages.writer.sign(wish).await else {
        return pages.busy_form(words);
    };
    let (heading, text) = match confirmed {
        Confirmed::Now(_) | Confirmed::Before => {
            (words.form.confirmed_title, words.form.confirmed_text)
        }
        Confirmed::Gone => return ended(&pages.site, words),
        Confirmed::Barred => (words.form.barred_title, words.kept_text),
    };
    let content = html! { p { (filled(text, &pages.site, &masked(address.as_str()))) } };
    page(&pages.site, words, StatusCode::OK, (heading, content))
}

fn question(
    site: &Site,
    words: &PageWords,
    status: StatusCode,
    address: &Address,
) -> Response<Body> {
    let content = html! {
        p { (filled(words.form.confirm_question, site, &masked(address.as_str()))) }
        form method="post" {
            button type="submit" name="confirm" value="yes" { (words.form.confirm_button) }
        }
    };
    page(site, words, status, (&title(words.form.confirm_title, site), content))
}

/// Nothing waits for this link: it is too old, or was withdrawn.
fn ended(site: &Site, words: &PageWords) -> Response<Body> {
    let content = html! {
        p { (words.form.ended_text) }
        p { a href={ (site.base.path()) "/subscribe" } { (words.form.ended_link) } }
    };
    page(site, words, StatusCode::GONE, (words.form.ended_title, content))
}

impl Pages {
    fn confirming(&self, token: &str) -> ConfirmLink {
        let list_id = &self.site.list_id;
        match self.keys.find(|keys| keys.read_confirm_token(list_id, token)) {
            Some((address, id, end)) if (self.clock)() < end => ConfirmLink::Open(address, id),
            Some(_) => ConfirmLink::Ended,
            None => ConfirmLink::Unknown,
        }
    }
}
