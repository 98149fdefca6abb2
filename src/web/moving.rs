//! A change of address: the form behind the fresh link, the page on which the new mailbox confirms, and the
//! page on which the old one puts it back.
//!
//! Both mailboxes agree: the fresh link was mailed to the old one, the other link goes to the new one. Must
//! never tell whether the list has an address, nor change anything on a GET.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use maud::{Markup, html};
use tokio::time::Instant;

use super::form::SentForm;
use super::leaving::ByLink;
use super::own_data::preferences_link;
use super::page::{filled, masked, page};
use super::signup_form::{self, FieldProblem, FormProblem, text_field};
use super::subscribing::{answered_evenly, too_many};
use super::visitor::Visitor;
use super::words::PageWords;
use super::writer::moving::{AddressDone, AddressWish};
use super::writer::signing::{FormDone, FormWish};
use super::{Pages, Site};
use crate::audience::address_change::{AddressLink, AddressLinkStanding};
use crate::audience::signup::mailbox_for_limit;
use crate::crypto;
use crate::message::address::Address;
use crate::message::token::SignupId;

pub(super) fn routes() -> Router<Arc<Pages>> {
    let confirm = |link: ByLink, headers: HeaderMap, body: Bytes| {
        follow(link, AddressLink::Confirm, headers, body)
    };
    let put_back = |link: ByLink, headers: HeaderMap, body: Bytes| {
        follow(link, AddressLink::PutBack, headers, body)
    };
    Router::new()
        .route(
            "/address/{token}",
            get(|link: ByLink| look(link, AddressLink::Confirm)).post(confirm),
        )
        .route(
            "/restore/{token}",
            get(|link: ByLink| look(link, AddressLink::PutBack)).post(put_back),
        )
}

/// What somebody has typed, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct TypedAddress {
    text: String,
    problem: Option<FormProblem>,
}

/// The form, on the page of the fresh link.
pub(super) fn form((site, words): (&Site, &PageWords), code: &str, typed: &TypedAddress) -> Markup {
    let own = &words.moving;
    let problem = typed.problem.as_ref();
    html! {
        form method="post" accept-charset="utf-8" {
            input type="hidden" name="code" value=(code);
            @if let Some(nearly) = problem.and_then(FormProblem::nearly) {
                input type="hidden" name="sure" value=(nearly.written);
            }
            p { (filled(own.question, site, "")) }
            (text_field(words, ("email", own.label, true), &typed.text, problem))
            p { button type="submit" name="act" value="move" class="second" { (own.button) } }
        }
    }
}

async fn look(link: ByLink, what: AddressLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let (address, id) = match pages.of_change(what, &token) {
        ChangeLink::Open(address, id) => (address, id),
        ChangeLink::Ended => return pages.change_ended(words, what),
        ChangeLink::Unknown => return pages.broken_confirmation(words, visitor),
    };
    let wish = AddressWish::Look { link: what, id };
    pages.change_page(words, (what, &address), wish, StatusCode::OK).await
}

async fn follow(
    link: ByLink,
    what: AddressLink,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let (address, id) = match pages.of_change(what, &token) {
        ChangeLink::Open(address, id) => (address, id),
        ChangeLink::Ended => return pages.change_ended(words, what),
        ChangeLink::Unknown => return pages.broken_confirmation(words, visitor),
    };
    let is_pressed = SentForm::read(&headers, &body).value("confirm") == Some("yes");
    let (wish, status) = if is_pressed {
        (AddressWish::Follow { link: what, id }, StatusCode::OK)
    } else {
        (AddressWish::Look { link: what, id }, StatusCode::BAD_REQUEST)
    };
    pages.change_page(words, (what, &address), wish, status).await
}

/// What a link says.
enum ChangeLink {
    Open(Address, SignupId),
    Ended,
    Unknown,
}

impl Pages {
    /// Asks the new mailbox, as the owner of a fresh link wants it. The answer is the same for every
    /// address but one that is none, or their own.
    pub(super) async fn move_to(
        &self,
        words: &PageWords,
        (address, token): (&Address, &str),
        form: &SentForm,
        visitor: Visitor,
    ) -> Response<Body> {
        let started = Instant::now();
        let typed = form.value("email").unwrap_or_default();
        let wrong = |problem| {
            let typed = TypedAddress { text: typed.to_owned(), problem: Some(problem) };
            self.data_page(
                words,
                StatusCode::UNPROCESSABLE_ENTITY,
                (address, token),
                None,
                Some(&typed),
            )
        };
        let sure = form.value("sure").unwrap_or_default();
        let wanted = match signup_form::typed_address(typed, sure) {
            Ok(wanted) if wanted.identity() == address.identity() => {
                return wrong(FormProblem::new("email", FieldProblem::OwnAddress));
            }
            Ok(wanted) => wanted,
            Err(problem) => return wrong(problem),
        };
        if !self.signups.take(visitor.address) {
            return too_many(&self.site, words);
        }
        let Ok(id) = crypto::random() else { return self.busy_form(words) };
        let person = self.visitor_hash("person", &mailbox_for_limit(&wanted));
        let language = words.language.to_owned();
        let wish = AddressWish::Ask { now_at: address.clone(), wanted, id, person, language };
        let done = self.writer.sign(FormWish::Address(wish)).await;
        answered_evenly(started).await;
        match done {
            Ok(FormDone::Address(AddressDone::Asked)) => {
                let content = html! { p { (words.form.sent_text) } };
                page(&self.site, words, StatusCode::OK, (words.form.sent_title, content))
            }
            Ok(_) => self.nothing_to_choose(words, address),
            Err(_) => self.busy_form(words),
        }
    }

    fn of_change(&self, what: AddressLink, token: &str) -> ChangeLink {
        let list_id = &self.site.list_id;
        let found = self.keys.find(|keys| match what {
            AddressLink::Confirm => keys.read_address_token(list_id, token),
            AddressLink::PutBack => keys.read_restore_token(list_id, token),
        });
        match found {
            Some((address, id, end)) if (self.clock)() < end => ChangeLink::Open(address, id),
            Some(_) => ChangeLink::Ended,
            None => ChangeLink::Unknown,
        }
    }

    /// The page with the button, or what has become of it. `address` is the one that the link went to, at
    /// which its reader gets mail behind it.
    async fn change_page(
        &self,
        words: &PageWords,
        (what, address): (AddressLink, &Address),
        wish: AddressWish,
        status: StatusCode,
    ) -> Response<Body> {
        let (own, site) = (&words.moving, &self.site);
        let standing = match self.writer.sign(FormWish::Address(wish)).await {
            Ok(FormDone::Address(AddressDone::Link(standing))) => standing,
            _ => return self.busy_form(words),
        };
        let shown = masked(address.as_str());
        let (heading, text, button) = match what {
            AddressLink::Confirm => {
                (own.confirm_title, own.confirm_question, words.form.confirm_button)
            }
            AddressLink::PutBack => (own.back_title, own.back_question, own.back_button),
        };
        match standing {
            AddressLinkStanding::Waits(_) => {
                let content = html! {
                    p { (filled(text, site, &shown)) }
                    form method="post" {
                        button type="submit" name="confirm" value="yes" { (button) }
                    }
                };
                page(site, words, status, (heading, content))
            }
            AddressLinkStanding::Done => {
                let (heading, text) = match what {
                    AddressLink::Confirm => (own.done_title, own.done_text),
                    AddressLink::PutBack => (own.back_done_title, own.back_done_text),
                };
                let content = html! {
                    p { (filled(text, site, &shown)) }
                    p { (preferences_link(self, words, address)) }
                };
                page(site, words, StatusCode::OK, (heading, content))
            }
            AddressLinkStanding::Ended => self.change_ended(words, what),
        }
    }

    /// It is too old, was used or replaced, or the person has left or moved on since.
    fn change_ended(&self, words: &PageWords, what: AddressLink) -> Response<Body> {
        let site = &self.site;
        let content = html! {
            p { (filled(words.moving.ended_text, site, "")) }
            @if what == AddressLink::Confirm && self.sends_links() {
                p { a href={ (site.base.path()) "/preferences" } { (words.data.ended_link) } }
            }
        };
        page(site, words, StatusCode::GONE, (words.form.ended_title, content))
    }
}
