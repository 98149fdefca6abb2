//! The link in the mail that a form brings: a page with one button, and the button.
//!
//! Must never act on a GET, whoever follows links, nor act twice: what somebody has decided since counts.
//! Must never confirm what the page did not show: anybody may fill in the form for an address.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use jiff::Timestamp;
use maud::{Markup, html};

use super::form::SentForm;
use super::leaving::ByLink;
use super::own_data::preferences_link;
use super::page::{filled, masked, page, title};
use super::signup_form::{SignupForm, language_name};
use super::words::PageWords;
use super::writer::signing::{FormDone, FormWish};
use super::{Pages, Site};
use crate::audience::signup::{AskedFor, Confirmed, LinkStanding};
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
    let Some(form) = &pages.form else { return pages.missing_page(words) };
    match pages.confirming(&token) {
        ConfirmLink::Open(address, id) => {
            pages.question(words, form, (&address, id), StatusCode::OK).await
        }
        ConfirmLink::Ended => ended(&pages.site, words),
        ConfirmLink::Unknown => pages.broken_confirmation(words, visitor),
    }
}

async fn confirm(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let Some(form) = &pages.form else { return pages.missing_page(words) };
    let (address, id) = match pages.confirming(&token) {
        ConfirmLink::Open(address, id) => (address, id),
        ConfirmLink::Ended => return ended(&pages.site, words),
        ConfirmLink::Unknown => return pages.broken_confirmation(words, visitor),
    };
    let sent = SentForm::read(&headers, &body);
    if sent.value("confirm") != Some("yes") {
        return pages.question(words, form, (&address, id), StatusCode::BAD_REQUEST).await;
    }
    let seen = sent.value("seen").and_then(|seen| seen.parse().ok());
    let seen = seen.and_then(|seen| Timestamp::from_millisecond(seen).ok());
    let language = words.language.to_owned();
    let wish = FormWish::Confirm { id, address: address.clone(), seen, language };
    let Ok(FormDone::Confirmed(confirmed)) = pages.writer.sign(wish).await else {
        return pages.busy_form(words);
    };
    match confirmed {
        Confirmed::Now(_) | Confirmed::Before => is_confirmed(&pages, words, &address),
        Confirmed::Replaced => {
            pages.question(words, form, (&address, id), StatusCode::CONFLICT).await
        }
        Confirmed::Gone => ended(&pages.site, words),
        Confirmed::Barred => {
            told(&pages.site, words, &address, (words.form.barred_title, words.kept_text))
        }
    }
}

/// They are subscribed, and may choose what they get.
fn is_confirmed(pages: &Pages, words: &PageWords, address: &Address) -> Response<Body> {
    let site = &pages.site;
    let content = html! {
        p { (filled(words.form.confirmed_text, site, &masked(address.as_str()))) }
        @if pages.choices.is_some() {
            p { (preferences_link(pages, words, address)) }
        }
    };
    page(site, words, StatusCode::OK, (words.form.confirmed_title, content))
}

fn told(
    site: &Site,
    words: &PageWords,
    address: &Address,
    (heading, text): (&str, &str),
) -> Response<Body> {
    let content = html! { p { (filled(text, site, &masked(address.as_str()))) } };
    page(site, words, StatusCode::OK, (heading, content))
}

/// What is confirmed by the button, which somebody else may have written.
fn values(form: &SignupForm, words: &PageWords, asked: &AskedFor) -> Markup {
    let label = |name: &str| form.fields.iter().find(|field| field.name == name);
    let title = |(name, wanted): &(String, bool)| {
        let topic = form.topics.iter().find(|topic| *wanted && topic.name == *name)?;
        Some(topic.title.as_str())
    };
    let wanted: Vec<&str> = asked.topics.iter().filter_map(title).collect();
    let wanted = if wanted.is_empty() { "–".to_owned() } else { wanted.join(", ") };
    html! {
        ul {
            @for (name, value) in &asked.fields {
                li { (label(name).map_or(name, |field| &field.label)) ": " bdi { (value) } }
            }
            @if !asked.topics.is_empty() && !form.topics.is_empty() {
                li { (words.form.topics_label) ": " (wanted) }
            }
            @if !asked.language.is_empty() {
                li { (words.form.language_label) ": " (language_name(&asked.language)) }
            }
        }
    }
}

/// Nothing waits for this link: it is too old, was withdrawn, or what it confirmed has ended.
fn ended(site: &Site, words: &PageWords) -> Response<Body> {
    let content = html! {
        p { (words.form.ended_text) }
        p { a href={ (site.base.path()) "/subscribe" } { (words.form.ended_link) } }
    };
    page(site, words, StatusCode::GONE, (words.form.ended_title, content))
}

impl Pages {
    /// The page with what waits and the button; else what has become of it.
    async fn question(
        &self,
        words: &PageWords,
        form: &SignupForm,
        (address, id): (&Address, SignupId),
        status: StatusCode,
    ) -> Response<Body> {
        let site = &self.site;
        let wish = FormWish::Look { id, address: address.clone() };
        let asked = match self.writer.sign(wish).await {
            Ok(FormDone::Looked(LinkStanding::Waits(asked))) => asked,
            Ok(FormDone::Looked(LinkStanding::Confirmed)) => {
                return is_confirmed(self, words, address);
            }
            Ok(FormDone::Looked(LinkStanding::Ended)) => return ended(site, words),
            _ => return self.busy_form(words),
        };
        let seen = asked.asked.as_millisecond();
        let is_again = status == StatusCode::CONFLICT;
        let content = html! {
            @if is_again { p role="status" { strong { (words.preferences.again_text) } } }
            p { (filled(words.form.confirm_question, site, &masked(address.as_str()))) }
            (values(form, words, &asked))
            form method="post" {
                input type="hidden" name="seen" value=(seen);
                button type="submit" name="confirm" value="yes" { (words.form.confirm_button) }
            }
        };
        page(site, words, status, (&title(words.form.confirm_title, site), content))
    }

    fn confirming(&self, token: &str) -> ConfirmLink {
        let list_id = &self.site.list_id;
        match self.keys.find(|keys| keys.read_confirm_token(list_id, token)) {
            Some((address, id, end)) if (self.clock)() < end => ConfirmLink::Open(address, id),
            Some(_) => ConfirmLink::Ended,
            None => ConfirmLink::Unknown,
        }
    }
}
