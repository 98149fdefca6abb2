//! The way in: the form, for a browser and for programs, and the form as other sites have it.
//!
//! Nothing here tells who is on the list: every address gets the same page after the same time, and what
//! there is to say goes by mail to whoever reads it. A form on another site has no token of ours, and
//! needs none: it asks for a mail, and only the link in that subscribes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use maud::html;
use tokio::time::Instant;

use super::answer::plain;
use super::form::SentForm;
use super::page::{filled, page, title};
use super::signup_form::{FormAnswer, FormInput, FormProblem, FormShown, SignupForm, markup};
use super::visitor::Visitor;
use super::words::PageWords;
use super::writer::Unwritten;
use super::writer::signing::FormWish;
use super::{Pages, Site};
use crate::audience::signup::{Signup, mailbox_for_limit};
use crate::crypto;

/// Answers come at so many milliseconds and at multiples of that: what is done for one address takes
/// no longer than for another, as far as anybody can see.
const ANSWERED_EACH_MS: u64 = 100;
/// Bytes of a hash that are kept.
const HASH: usize = 16;
/// Where the form is.
const FORM: &str = "/subscribe";
/// Until a browser asks again whether another site may send the form, in seconds.
const PREFLIGHT: &str = "3600";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route(FORM, get(form).post(subscribe))
        .route("/subscribe/sent", get(sent))
        .route("/api/subscribe", axum::routing::post(subscribe_by_program).options(preflight))
}

/// The form as another site may have it: plain HTML, without a script.
pub fn snippet(site: &Site, form: &SignupForm) -> String {
    let words = PageWords::for_browser(&HeaderMap::new(), &site.language);
    let action = site.base.to(FORM);
    let shown = FormShown { site, form, words, action, is_elsewhere: true };
    let mut text = markup(&shown, &FormInput::default(), None).into_string();
    for end in ["</p>", "</fieldset>", "\">", "</legend>"] {
        let (before, after) = (format!("{end}<"), format!("{end}\n<"));
        text = text.replace(&before, &after);
    }
    text.push('\n');
    text
}

async fn form(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response<Body> {
    let words = pages.words(&headers);
    pages.form_page(words, StatusCode::OK, &FormInput::default(), None)
}

async fn subscribe(
    State(pages): State<Arc<Pages>>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let input = FormInput::of_form(&SentForm::read(&headers, &body));
    let words = input.words().unwrap_or_else(|| pages.words(&headers));
    match pages.sign_up(&input, visitor, words).await {
        SignUp::Off => pages.missing_page(words),
        SignUp::Asked => see_other(&pages.site),
        SignUp::Wrong(problem) => {
            pages.form_page(words, StatusCode::UNPROCESSABLE_ENTITY, &input, Some(&problem))
        }
        SignUp::TooMany => too_many(&pages.site, words),
        SignUp::Unwritten => pages.busy_form(words),
    }
}

/// What every address leads to (RFC 9110, 15.4.4): to load it again sends nothing.
fn see_other(site: &Site) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(place) = HeaderValue::from_str(&site.base.to("/subscribe/sent")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

async fn sent(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response<Body> {
    let words = pages.words(&headers);
    if pages.form.is_none() {
        return pages.missing_page(words);
    }
    let content = html! { p { (words.form.sent_text) } };
    page(&pages.site, words, StatusCode::OK, (words.form.sent_title, content))
}

/// Waits until the time of an answer says nothing of what was done for it.
pub(super) async fn answered_evenly(started: Instant) {
    let passed = u64::try_from(started.elapsed().as_millis()).unwrap_or_default();
    let steps = passed / ANSWERED_EACH_MS + 1;
    tokio::time::sleep_until(started + Duration::from_millis(steps * ANSWERED_EACH_MS)).await;
}

pub(super) fn too_many(site: &Site, words: &PageWords) -> Response<Body> {
    let content = html! { p { (words.form.many_text) } };
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = page(site, words, status, (words.form.many_title, content));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("120"));
    response
}

/// Another site's script asks whether it may (the CORS protocol of the Fetch standard).
async fn preflight(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if pages.form.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if allow_origin(&pages.origins, &headers, &mut response) {
        let own = response.headers_mut();
        let mut say = |name: HeaderName, value: &'static str| {
            own.insert(name, HeaderValue::from_static(value));
        };
        say(header::ACCESS_CONTROL_ALLOW_METHODS, "POST");
        say(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type");
        say(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT);
    }
    response
}

/// Lets the site read the answer whose script asks, if it is one of those that may; whether it is, or
/// nobody's script asks.
fn allow_origin(origins: &[String], headers: &HeaderMap, response: &mut Response<Body>) -> bool {
    let own = response.headers_mut();
    own.insert(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let is_known = origin.to_str().is_ok_and(|origin| origins.iter().any(|one| one == origin));
    if is_known {
        own.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    is_known
}

async fn subscribe_by_program(
    State(pages): State<Arc<Pages>>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| {
        let essence = kind.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    });
    let mut response = if is_json {
        pages.answer_program(visitor, &headers, &body).await
    } else {
        plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send application/json.\n")
    };
    allow_origin(&pages.origins, &headers, &mut response);
    response
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{value}\n")));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn wrong(problem: &FormProblem, words: &PageWords) -> serde_json::Value {
    let mut told = serde_json::json!({"field": problem.field, "message": problem.text(words)});
    if let Some(nearly) = problem.nearly() {
        told["suggestion"] = nearly.meant.as_str().into();
        told["sure"] = nearly.written.as_str().into();
    }
    told
}

/// Why a program has to come again, and after how many seconds.
fn later(status: StatusCode, message: &str, seconds: &'static str) -> Response<Body> {
    let mut response = json(status, &serde_json::json!({"message": message}));
    let seconds = HeaderValue::from_static(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// What becomes of what somebody has said on the form.
enum SignUp {
    /// There is no form.
    Off,
    /// Whatever it was: there is a mail, or none.
    Asked,
    Wrong(FormProblem),
    TooMany,
    Unwritten,
}

impl Pages {
    pub(super) fn missing_page(&self, words: &PageWords) -> Response<Body> {
        let content = html! { p { (words.missing_text) } };
        page(&self.site, words, StatusCode::NOT_FOUND, (words.missing_title, content))
    }

    /// Nothing can be written down now.
    pub(super) fn busy_form(&self, words: &PageWords) -> Response<Body> {
        let content = html! { p { (words.form.busy_text) } };
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut response = page(&self.site, words, status, (words.busy_title, content));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        response
    }

    fn form_page(
        &self,
        words: &'static PageWords,
        status: StatusCode,
        input: &FormInput,
        problem: Option<&FormProblem>,
    ) -> Response<Body> {
        let Some(form) = &self.form else { return self.missing_page(words) };
        let site = &self.site;
        let action = format!("{}{FORM}", site.base.path());
        let shown = FormShown { site, form, words, action, is_elsewhere: false };
        let content = markup(&shown, input, problem);
        page(site, words, status, (&title(words.form.subscribe_title, site), content))
    }

    async fn answer_program(
        &self,
        visitor: Option<Extension<Visitor>>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response<Body> {
        let mut asking = Response::new(Body::empty());
        if !allow_origin(&self.origins, headers, &mut asking) {
            return plain(StatusCode::FORBIDDEN, "This site may not send the form.\n");
        }
        let Some(input) = FormInput::of_json(body) else {
            let text =
                "Send a JSON object whose values are texts, and topics as a list of texts.\n";
            return plain(StatusCode::BAD_REQUEST, text);
        };
        let words = input.words().unwrap_or_else(|| self.words(headers));
        match self.sign_up(&input, visitor, words).await {
            SignUp::Off => plain(StatusCode::NOT_FOUND, "There is no form here.\n"),
            SignUp::Asked => json(
                StatusCode::ACCEPTED,
                &serde_json::json!({"status": "accepted", "message": words.form.sent_text}),
            ),
            SignUp::Wrong(problem) => {
                json(StatusCode::UNPROCESSABLE_ENTITY, &wrong(&problem, words))
            }
            SignUp::TooMany => later(StatusCode::TOO_MANY_REQUESTS, words.form.many_text, "120"),
            SignUp::Unwritten => later(StatusCode::SERVICE_UNAVAILABLE, words.busy_title, "60"),
        }
    }

    /// Hands in what somebody has said. What is wrong is told at once; everything else takes the same
    /// time.
    async fn sign_up(
        &self,
        input: &FormInput,
        visitor: Option<Extension<Visitor>>,
        words: &'static PageWords,
    ) -> SignUp {
        let started = Instant::now();
        let Some(form) = &self.form else { return SignUp::Off };
        let answer = match form.read(input) {
            Ok(answer) => answer,
            Err(problem) => return SignUp::Wrong(problem),
        };
        let visitor = visitor.map(|Extension(visitor)| visitor);
        if visitor.is_some_and(|visitor| !self.signups.take(visitor.address)) {
            return SignUp::TooMany;
        }
        let done = if input.is_of_program {
            Ok(())
        } else {
            self.ask(form, (answer, input), visitor, words).await
        };
        answered_evenly(started).await;
        if done.is_ok() { SignUp::Asked } else { SignUp::Unwritten }
    }

    async fn ask(
        &self,
        form: &SignupForm,
        (answer, input): (FormAnswer, &FormInput),
        visitor: Option<Visitor>,
        words: &'static PageWords,
    ) -> Result<(), Unwritten> {
        let FormAnswer { address, fields, language, topics } = answer;
        let id = crypto::random().map_err(|_| Unwritten)?;
        let hash = |visitor: Visitor| self.visitor_hash("address", &visitor.address.to_string());
        let ip_hash = visitor.map(hash);
        let person = self.visitor_hash("person", &mailbox_for_limit(&address));
        let mail = if language.is_empty() { words.language.to_owned() } else { language.clone() };
        let consent = form.consent(&self.site, words);
        let signup = Signup { id, address, fields, language, topics, words: consent, ip_hash };
        let shown = input.consent.clone();
        let wish = FormWish::Ask { signup: Box::new(signup), shown, person, language: mail };
        self.writer.sign(wish).await.map(drop)
    }

    /// What tells one visitor or mailbox from another, and nobody else can work out.
    pub(super) fn visitor_hash(&self, purpose: &str, text: &str) -> String {
        let code = self.keys.known().visitors.authenticate(&[purpose.as_bytes(), text.as_bytes()]);
        data_encoding::HEXLOWER.encode(&code[..HASH])
    }

    /// The same page for every link that is none.
    pub(super) fn broken_confirmation(
        &self,
        words: &PageWords,
        visitor: Visitor,
    ) -> Response<Body> {
        let content = html! { p { (filled(words.form.broken_text, &self.site, "")) } };
        let status = self.status_of_wrong(visitor);
        page(&self.site, words, status, (words.broken_title, content))
    }
}
