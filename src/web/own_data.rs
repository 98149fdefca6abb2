//! What is kept of a reader: downloaded or erased, and their address changed, by a link that is fresh,
//! because the one in an issue is passed on with it. The fresh link goes to the address of the list, whoever asks for it.
//!
//! Must never say who is on the list, erase anybody without asking once more, nor act on a GET.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{Markup, html};
use tokio::time::Instant;

use super::form::SentForm;
use super::leaving::ByLink;
use super::moving::{self, TypedAddress};
use super::page::{filled, masked, page, title};
use super::preferences::is_from_elsewhere;
use super::signup_form::{FieldProblem, FormProblem, text_field};
use super::subscribing::{answered_evenly, too_many};
use super::typed::narrowed;
use super::visitor::Visitor;
use super::words::PageWords;
use super::writer::own_data::{DataDone, DataWish};
use super::{Pages, Site};
use crate::audience::email;
use crate::crypto;
use crate::message::address::Address;

/// Bytes of a code and of a hash that are kept.
const CODE: usize = 16;

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/preferences", get(lost).post(send_lost))
        .route("/data/{token}", get(look).post(act))
}

/// Whose link it is, if it is one.
enum DataLink {
    Open(Address),
    Ended,
    Unknown,
}

/// The form of whoever has lost the link.
async fn lost(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response<Body> {
    let words = pages.words(&headers);
    if !pages.sends_links() {
        return pages.missing_page(words);
    }
    lost_form(&pages.site, words, "", None)
}

async fn send_lost(
    State(pages): State<Arc<Pages>>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let words = pages.words(&headers);
    if !pages.sends_links() {
        return pages.missing_page(words);
    }
    let started = Instant::now();
    let form = SentForm::read(&headers, &body);
    let typed = form.value("email").unwrap_or_default();
    let Ok(address) = email::typed(&narrowed(typed)) else {
        let problem = FormProblem::new("email", FieldProblem::NoAddress);
        return lost_form(&pages.site, words, typed, Some(&problem));
    };
    let visitor = visitor.map(|Extension(visitor)| visitor);
    if visitor.is_some_and(|visitor| !pages.signups.take(visitor.address)) {
        return too_many(&pages.site, words);
    }
    let answer = pages.send_link(words, address).await;
    answered_evenly(started).await;
    answer
}

fn lost_form(
    site: &Site,
    words: &PageWords,
    typed: &str,
    problem: Option<&FormProblem>,
) -> Response<Body> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = ("email", words.form.email_label, true);
    let content = html! {
        p { (filled(words.data.lost_text, site, "")) }
        form method="post" accept-charset="utf-8" {
            (text_field(words, about, typed, problem))
            p { button type="submit" { (words.data.more_button) } }
        }
        p { (filled(words.data.write_text, site, "")) }
    };
    page(site, words, status, (&title(words.preferences.title, site), content))
}

async fn look(link: ByLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let address = match pages.owner(&token) {
        DataLink::Open(address) => address,
        DataLink::Ended => return pages.ended_link(words),
        DataLink::Unknown => return pages.broken_confirmation(words, visitor),
    };
    let done = pages.writer.own_data(address.clone(), DataWish::Look).await;
    match done {
        Ok(DataDone::Known(gets)) => {
            let typed = gets.then(TypedAddress::default);
            pages.data_page(words, StatusCode::OK, (&address, &token), None, typed.as_ref())
        }
        Ok(DataDone::Erasing) => pages.erased(words, &address),
        Ok(_) => pages.nothing_kept(words, &address),
        Err(_) => pages.busy_form(words),
    }
}

async fn act(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let address = match pages.owner(&token) {
        DataLink::Open(address) => address,
        DataLink::Ended => return pages.ended_link(words),
        DataLink::Unknown => return pages.broken_confirmation(words, visitor),
    };
    let form = SentForm::read(&headers, &body);
    let code = form.value("code").unwrap_or_default();
    let is_ours = crypto::equal(code.as_bytes(), pages.data_code(&token).as_bytes());
    let wish = match form.value("act") {
        Some("take") => DataWish::Take,
        Some("erase" | "erase-for-good") => DataWish::Erase,
        _ => DataWish::Look,
    };
    if is_from_elsewhere(&headers) || !is_ours {
        let told = Some(words.preferences.again_text);
        return match pages.writer.own_data(address.clone(), DataWish::Look).await {
            Ok(DataDone::Known(gets)) => {
                let (status, typed) = (StatusCode::FORBIDDEN, gets.then(TypedAddress::default));
                pages.data_page(words, status, (&address, &token), told, typed.as_ref())
            }
            Ok(_) => pages.nothing_kept(words, &address),
            Err(_) => pages.busy_form(words),
        };
    }
    if form.value("act") == Some("move") && pages.sends_links() {
        return pages.move_to(words, (&address, &token), &form, visitor).await;
    }
    // Once more is asked before anything is lost.
    let is_asked = form.value("act") == Some("erase");
    let wish = if is_asked { DataWish::Look } else { wish };
    match pages.writer.own_data(address.clone(), wish).await {
        Ok(DataDone::Known(_)) if is_asked => pages.erase_question(words, (&address, &token)),
        Ok(DataDone::Known(gets)) => {
            let typed = gets.then(TypedAddress::default);
            pages.data_page(words, StatusCode::OK, (&address, &token), None, typed.as_ref())
        }
        Ok(DataDone::Taken(known)) => match serde_json::to_string_pretty(&known) {
            Ok(text) => attachment(text),
            Err(_) => pages.busy_form(words),
        },
        Ok(DataDone::Erasing) => pages.erased(words, &address),
        Ok(DataDone::Nobody | DataDone::Asked) => pages.nothing_kept(words, &address),
        Err(_) => pages.busy_form(words),
    }
}

/// What browsers keep as a file, and no cache keeps: every answer of ours says `no-store`.
fn attachment(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    response
}

/// On the page of preferences: how the fresh link is got.
pub(super) fn more(pages: &Pages, words: &PageWords, (code, shown): (&str, &str)) -> Markup {
    html! {
        @if pages.sends_links() {
            form method="post" {
                input type="hidden" name="code" value=(code);
                p { (filled(words.data.more_text, &pages.site, shown)) }
                button type="submit" name="act" value="link" class="second" {
                    (words.data.more_button)
                }
            }
        }
    }
}

/// The way to the page on which somebody chooses what they get, for who has shown to be that person.
pub(super) fn preferences_link(pages: &Pages, words: &PageWords, address: &Address) -> Markup {
    let site = &pages.site;
    let token = pages.keys.known().links.preferences_token(&site.list_id, address);
    let place = format!("{}/preferences/{token}", site.base.path());
    html! { a href=(place) { (title(words.preferences.title, site)) } }
}

impl Pages {
    /// Whether a mail can bring a link: there is an outbox, and a list that pages write to.
    pub(super) fn sends_links(&self) -> bool {
        self.form.is_some() && self.choices.is_some()
    }

    /// Has a link sent to whoever gets mail at an address, or has left, at most one an hour. The answer is the same
    /// for every address.
    pub(super) async fn send_link(&self, words: &PageWords, address: Address) -> Response<Body> {
        let key = self.keys.known().visitors;
        let code = key.authenticate(&[b"link", address.identity().as_bytes()]);
        let person = data_encoding::HEXLOWER.encode(&code[..CODE]);
        let wish = DataWish::SendLink { person, language: words.language.to_owned() };
        match self.writer.own_data(address, wish).await {
            Ok(_) => {
                let content = html! {
                    p { (words.data.sent_text) }
                    p { (filled(words.data.write_text, &self.site, "")) }
                };
                page(&self.site, words, StatusCode::OK, (words.form.sent_title, content))
            }
            Err(_) => self.busy_form(words),
        }
    }

    fn owner(&self, token: &str) -> DataLink {
        let list_id = &self.site.list_id;
        match self.keys.find(|keys| keys.read_data_token(list_id, token)) {
            Some((address, end)) if (self.clock)() < end => DataLink::Open(address),
            Some(_) => DataLink::Ended,
            None => DataLink::Unknown,
        }
    }

    /// What only the forms of this very page have.
    fn data_code(&self, token: &str) -> String {
        let code = self.keys.known().forms.authenticate(&[b"data", token.as_bytes()]);
        data_encoding::HEXLOWER.encode(&code[..CODE])
    }

    pub(super) fn data_page(
        &self,
        words: &PageWords,
        status: StatusCode,
        (address, token): (&Address, &str),
        told: Option<&'static str>,
        typed: Option<&TypedAddress>,
    ) -> Response<Body> {
        let (own, site, code) = (&words.data, &self.site, self.data_code(token));
        let content = html! {
            @if let Some(told) = told { p role="status" { strong { (told) } } }
            p { (filled(own.page_text, site, &masked(address.as_str()))) }
            // Whoever gets no mail has nothing to choose.
            @if let Some(typed) = typed {
                p { (preferences_link(self, words, address)) }
                @if self.sends_links() { (moving::form((site, words), &code, typed)) }
            }
            form method="post" {
                input type="hidden" name="code" value=(code);
                button type="submit" name="act" value="take" { (own.download_button) }
            }
            form method="post" {
                input type="hidden" name="code" value=(code);
                p { (own.erase_question) }
                button type="submit" name="act" value="erase" class="second" { (own.erase_button) }
            }
        };
        page(site, words, status, (&title(own.title, site), content))
    }

    fn erase_question(
        &self,
        words: &PageWords,
        (address, token): (&Address, &str),
    ) -> Response<Body> {
        let (own, site, code) = (&words.data, &self.site, self.data_code(token));
        let content = html! {
            p { (filled(own.erase_text, site, &masked(address.as_str()))) }
            form method="post" {
                input type="hidden" name="code" value=(code);
                button type="submit" name="act" value="erase-for-good" { (own.erase_final_button) }
            }
        };
        page(site, words, StatusCode::OK, (own.erase_title, content))
    }

    /// They get no mail any more, and what is kept of them goes.
    fn erased(&self, words: &PageWords, address: &Address) -> Response<Body> {
        let own = &words.data;
        let content =
            html! { p { (filled(own.erased_text, &self.site, &masked(address.as_str()))) } };
        page(&self.site, words, StatusCode::OK, (own.erased_title, content))
    }

    /// The same page for who was erased, has another address now or was never there.
    fn nothing_kept(&self, words: &PageWords, address: &Address) -> Response<Body> {
        let (own, site) = (&words.data, &self.site);
        let content = html! {
            p { (filled(own.none_text, site, &masked(address.as_str()))) }
            p { (filled(own.write_text, site, "")) }
        };
        page(site, words, StatusCode::GONE, (&title(own.title, site), content))
    }

    fn ended_link(&self, words: &PageWords) -> Response<Body> {
        let (own, site) = (&words.data, &self.site);
        let content = html! {
            p { (own.ended_text) }
            @if self.sends_links() {
                p { a href={ (site.base.path()) "/preferences" } { (own.ended_link) } }
            }
        };
        page(site, words, StatusCode::GONE, (words.form.ended_title, content))
    }
}
