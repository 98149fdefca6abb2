//! The publication's pages on the web, for readers: today the way into the list and out of it.
//!
//! One process beside the publication, behind any reverse proxy. Must never change anything on a GET,
//! show anything of a person that their token does not prove, or write an address into a log, a URL or
//! an error.

mod amazon;
mod answer;
mod attempts;
pub mod base;
mod confirming;
mod form;
pub mod hooks;
pub mod keys;
mod leaving;
pub mod listeners;
pub mod live;
mod metrics;
mod moving;
mod operations;
mod own_data;
mod page;
mod pausing;
mod places;
pub mod preferences;
pub mod server;
mod sheet;
pub mod signup_form;
mod stores;
pub mod subscribing;
pub mod supervisor;
mod typed;
pub mod visitor;
mod watching;
mod web_address;
mod words;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::routing::get;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::watch;

use answer::Answering;
use attempts::Attempts;
use base::BaseUrl;
use hooks::Hooks;
use keys::{KeyRing, LinkKeys, ReadKeys};
use live::{LiveArchive, LiveOptions};
use metrics::WebMetrics;
use operations::Operations;
use preferences::ReaderChoices;
use server::ServerLimits;
use signup_form::SignupForm;
use stores::WebStore;
use supervisor::Supervisor;
use visitor::Proxies;
use watching::Watch;
use words::PageWords;
use writer::{Sending, Writer, WriterOptions};

use crate::compose::theme::Theme;
use crate::delivery::outbox::run::{Outbox, OutboxOptions};
use crate::diagnostic::log::LogEntry;
use crate::message::splice::Identity;
use crate::store::StoreAddress;

/// Wrong links that one visitor may follow at once, and how long it takes until there may be one more.
const WRONG_TOKENS: (u32, Duration) = (30, Duration::from_secs(2));
/// The same of forms that one visitor may send: an office is one visitor.
const SIGNUPS: (u32, Duration) = (20, Duration::from_secs(60));
/// How long the mail that is under way may take when the server is to end.
const LAST_MAIL: Duration = Duration::from_secs(10);
/// How long the archive is waited for before the first request is taken.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// What the pages say of the publication.
#[derive(Clone, Debug)]
pub struct Site {
    /// The newsletter's name.
    pub name: String,
    /// Its language (BCP 47).
    pub language: String,
    /// Where readers write to.
    pub contact: String,
    /// Where the pages are found.
    pub base: BaseUrl,
    /// The list's identifier, which tokens are made for.
    pub list_id: String,
    /// Where its days begin.
    pub time_zone: TimeZone,
    /// How the pages look.
    pub theme: Theme,
}

/// All that [`serve`] needs beside its sockets.
pub struct WebOptions {
    /// What the pages say.
    pub site: Site,
    /// Where the list and the suppressions are.
    pub store: StoreAddress,
    /// What tokens are made and read with, and how they are read anew.
    pub keys: (LinkKeys, ReadKeys),
    /// How people subscribe; `None` where they cannot.
    pub subscribing: Option<Subscribing>,
    /// What readers choose by their link; `None` where their list is a file.
    pub choices: Option<ReaderChoices>,
    /// Where providers of mail post what became of messages.
    pub hooks: Hooks,
    /// Sites whose scripts may send the form.
    pub origins: Vec<String>,
    /// What everybody may read.
    pub archive: LiveOptions,
    /// Whose word about visitors counts.
    pub proxies: Proxies,
    /// What a visitor may take.
    pub limits: ServerLimits,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// What names this boot of the machine; empty if that is not known.
    pub boot: String,
    /// Tells whoever runs the server what they have to know.
    pub tell: fn(&LogEntry),
    /// Who started the server and wants to know how it is.
    pub supervisor: Supervisor,
}

/// Where requests come to.
#[derive(Debug)]
pub struct WebSockets {
    /// Those of readers.
    pub readers: Vec<TcpListener>,
    /// Those of whoever watches the server, if anybody does.
    pub metrics: Option<TcpListener>,
}

/// What people are asked who subscribe, and how they are written to.
#[derive(Debug)]
pub struct Subscribing {
    /// The form.
    pub form: SignupForm,
    /// What sends the mails.
    pub outbox: OutboxOptions,
}

/// What every page has at hand.
#[derive(Debug)]
struct Pages {
    site: Site,
    sheet: String,
    keys: Arc<KeyRing>,
    writer: Writer,
    form: Option<SignupForm>,
    choices: Option<ReaderChoices>,
    hooks: Hooks,
    origins: Vec<String>,
    wrong_tokens: Attempts,
    signups: Attempts,
    archive: Arc<LiveArchive>,
    clock: fn() -> Timestamp,
}

impl Pages {
    fn words(&self, headers: &HeaderMap) -> &'static PageWords {
        PageWords::for_browser(headers, &self.site.language)
    }
}

/// Answers readers until `stop` is true; requests that are under way are answered first.
///
/// # Errors
/// The system gives no thread.
pub async fn serve(
    options: WebOptions,
    sockets: WebSockets,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let WebOptions {
        site,
        store,
        keys,
        subscribing,
        choices,
        hooks,
        origins,
        archive,
        proxies,
        limits,
        clock,
        boot,
        tell,
        supervisor,
    } = options;
    let keys = Arc::new(KeyRing::new(keys.0, keys.1));
    let base = site.base.clone();
    let (form, sending) = form_and_mails(subscribing, &keys, &stop)?;
    let archive = Arc::new(LiveArchive::new(archive, base.clone(), tell));
    let store = WebStore::new(store, tell);
    let (looking, looked) = archive.looking(store.clone());
    let metrics = Arc::new(WebMetrics::new());
    let watch = Arc::new(Watch::new(Arc::clone(&keys), store.clone()));
    let watching = Arc::clone(&watch).run(sockets.metrics.is_some());
    let beside = async {
        tokio::join!(looking, watching);
    };
    let (own_keys, own_metrics) = (Arc::clone(&keys), Arc::clone(&metrics));
    let known = WriterOptions { keys: own_keys, metrics: own_metrics, clock, boot };
    let (writer, last_mail) = Writer::begin(store, known, sending, beside)?;
    let operations = Operations { watch: Arc::clone(&watch), metrics: Arc::clone(&metrics) };
    // Who asks first has pages; a store that does not answer keeps nobody waiting.
    let _ = tokio::time::timeout(FIRST_LOOK, looked).await;
    let takes_reports = !hooks.is_empty();
    let pages = Pages {
        sheet: sheet::sheet(&site.theme),
        writer,
        keys,
        form,
        choices,
        hooks,
        origins,
        wrong_tokens: Attempts::new(WRONG_TOKENS.0, WRONG_TOKENS.1),
        signups: Attempts::new(SIGNUPS.0, SIGNUPS.1),
        archive: Arc::clone(&archive),
        site,
        clock,
    };
    let answering =
        Answering::new(router(pages), (archive, metrics), (base, takes_reports), (proxies, tell));
    let ending = stop.clone();
    let serving = async {
        server::serve(sockets.readers, Arc::new(answering), limits, stop).await;
        // What is under way when that is over is settled by the next server.
        let _ = tokio::time::timeout(LAST_MAIL, last_mail).await;
    };
    supervisor.ready();
    tell(&LogEntry::new("ready", "requests are answered"));
    tokio::select! {
        _ = async { tokio::join!(serving, end(ending, &watch, &supervisor)) } => {}
        () = watched(sockets.metrics, operations, &supervisor) => {}
    }
    Ok(())
}

/// The form, and what sends the mails to whoever fills it in.
fn form_and_mails(
    subscribing: Option<Subscribing>,
    keys: &Arc<KeyRing>,
    stop: &watch::Receiver<bool>,
) -> std::io::Result<(Option<SignupForm>, Option<Sending>)> {
    let Some(Subscribing { form, outbox }) = subscribing else { return Ok((None, None)) };
    let outbox = Outbox::new(with_known_keys(outbox, keys)).map_err(std::io::Error::other)?;
    Ok((Some(form), Some(Sending { outbox, stop: stop.clone() })))
}

/// Says that the server ends, when it is to.
async fn end(mut stop: watch::Receiver<bool>, watch: &Watch, supervisor: &Supervisor) {
    let _ = stop.wait_for(|stop| *stop).await;
    watch.end();
    supervisor.stopping();
}

/// Answers whoever watches the server, also while it ends; never ends by itself.
async fn watched(socket: Option<TcpListener>, operations: Operations, supervisor: &Supervisor) {
    let answering = async {
        match socket {
            Some(socket) => match operations::serve(socket, operations).await {},
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = answering => {}
        () = supervisor.live() => {}
    }
}

/// Links in mails are made with the keys that pages read them with.
fn with_known_keys(outbox: OutboxOptions, keys: &Arc<KeyRing>) -> OutboxOptions {
    let (keys, identity) = (Arc::clone(keys), outbox.identity);
    let identity = move || Identity { keys: keys.known().links, ..identity() };
    OutboxOptions { identity: Arc::new(identity), ..outbox }
}

fn router(pages: Pages) -> Router {
    let own =
        Router::new().route(page::SHEET, get(style)).merge(leaving::routes()).fallback(missing);
    let own = own.merge(subscribing::routes()).merge(confirming::routes());
    let own = own.merge(preferences::routes()).merge(own_data::routes());
    let own = own.merge(moving::routes()).merge(hooks::routes());
    let base = pages.site.base.path().to_owned();
    let pages = Arc::new(pages);
    if base.is_empty() {
        return own.with_state(pages);
    }
    Router::new().nest(&base, own).fallback(missing).with_state(pages)
}

async fn style(State(pages): State<Arc<Pages>>) -> Response<Body> {
    let mut response = Response::new(Body::from(pages.sheet.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

async fn missing(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response<Body> {
    if let Some(page) = pages.archive.missing() {
        return page;
    }
    pages.missing_page(pages.words(&headers))
}
