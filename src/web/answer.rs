//! What holds for every request, whatever page it is for: who asks, by which name, in what time; and
//! for every answer: what a browser may do with it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::base::BaseUrl;
use super::live::LiveArchive;
use super::metrics::{self, WebMetrics};
use super::places::Places;
use super::visitor::{Proxies, Visitor};
use crate::diagnostic::log::LogEntry;

/// Until a request has come with its body.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a body: the longest form of ours has a tenth.
const BODY: usize = 16 * 1_024;
/// The same of what a provider of mail posts about many messages, and how many such bodies there may be
/// at once: of all, and of one visitor.
const REPORT: usize = 1_024 * 1_024;
const REPORTS: usize = 16;
const REPORTS_OF_ONE: usize = 4;
/// Until the same is told again.
pub(super) const QUIET: Duration = Duration::from_secs(60);

/// All pages, and what stands before them.
#[derive(Debug)]
pub(super) struct Answering {
    pages: TowerToHyperService<Router>,
    archive: Arc<LiveArchive>,
    metrics: Arc<WebMetrics>,
    base: BaseUrl,
    /// For larger bodies; none where no provider posts anything.
    reports: Option<Places>,
    proxies: Proxies,
    tell: fn(&LogEntry),
    told: Mutex<Option<Instant>>,
}

impl Answering {
    pub(super) fn new(
        pages: Router,
        (archive, metrics): (Arc<LiveArchive>, Arc<WebMetrics>),
        (base, takes_reports): (BaseUrl, bool),
        (proxies, tell): (Proxies, fn(&LogEntry)),
    ) -> Answering {
        let (pages, told) = (TowerToHyperService::new(pages), Mutex::new(None));
        let reports = takes_reports.then(|| Places::new(REPORTS, REPORTS_OF_ONE));
        Answering { pages, archive, metrics, base, reports, proxies, tell, told }
    }

    /// What tells whoever runs the server.
    pub(super) fn tell(&self) -> fn(&LogEntry) {
        self.tell
    }

    pub(super) fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.has(peer)
    }

    /// The answer to a request for a page of the archive, which needs nothing of the request but its
    /// head.
    pub(super) async fn prepared(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        self.is_for_us(request).ok()?;
        let begun = Instant::now();
        let asked = (request.method(), request.uri(), request.headers());
        let mut response = self.archive.answer(&asked).await?;
        self.guard(response.headers_mut());
        self.metrics.answered(metrics::ARCHIVE, response.status(), begun.elapsed());
        Some(response)
    }

    /// Takes in all of a request: as long as its body is not whole, the visitor has said nothing.
    ///
    /// # Errors
    /// The answer to one that is too large or too slow, or is for another site.
    pub(super) async fn receive(
        &self,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> Result<Request<Body>, Box<Response<Body>>> {
        if let Err(wrong) = self.is_for_us(&request) {
            self.tell_of(wrong, request.headers().get(header::HOST));
            return Err(match wrong {
                WrongHost::Another => self.refused(StatusCode::MISDIRECTED_REQUEST, ANOTHER_HOST),
                WrongHost::NotOne => self.refused(StatusCode::BAD_REQUEST, NOT_ONE_HOST),
            });
        }
        let visitor = Visitor { address: self.proxies.visitor(peer, request.headers()) };
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(visitor);
        let is_report = || {
            let path = parts.uri.path().strip_prefix(self.base.path());
            path.is_some_and(|path| path.starts_with(super::hooks::PATH))
        };
        let length = hyper::body::Body::size_hint(&body).exact();
        let is_short = length.is_some_and(|length| length <= BODY as u64);
        // Short bodies never wait for those who send long ones.
        let room = match self.reports.as_ref().filter(|_| !is_short && is_report()) {
            Some(reports) => Some(reports.take(visitor.address).ok_or_else(|| {
                let text = "There are many reports now; post it again later.\n";
                self.refused(StatusCode::SERVICE_UNAVAILABLE, text)
            })?),
            None => None,
        };
        let most = if room.is_some() { REPORT } else { BODY };
        let body = axum::body::to_bytes(Body::new(body), most);
        match tokio::time::timeout(PATIENCE, body).await {
            Ok(Ok(body)) => Ok(Request::from_parts(parts, Body::from(body))),
            Ok(Err(_)) => {
                Err(self.refused(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large.\n"))
            }
            Err(_) => {
                Err(self.refused(StatusCode::REQUEST_TIMEOUT, "The request took too long.\n"))
            }
        }
    }

    /// The answer to a request.
    pub(super) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let begun = Instant::now();
        let path = request.uri().path();
        let class = metrics::class(path.strip_prefix(self.base.path()).unwrap_or_default());
        let Ok(mut response) = self.pages.call(request).await;
        self.guard(response.headers_mut());
        self.metrics.answered(class, response.status(), begun.elapsed());
        response
    }

    fn refused(&self, status: StatusCode, text: &'static str) -> Box<Response<Body>> {
        let mut response = plain(status, text);
        self.guard(response.headers_mut());
        self.metrics.refused(status);
        Box::new(response)
    }

    /// Tells whoever runs the server, now and then, that requests come for another host: a proxy that
    /// does not hand on its name lets nobody leave.
    fn tell_of(&self, wrong: WrongHost, host: Option<&HeaderValue>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told.elapsed() < QUIET) {
            return;
        }
        *told = Some(Instant::now());
        let host = host.and_then(|host| host.to_str().ok()).filter(|host| is_name_of_host(host));
        let what = match (wrong, host) {
            (WrongHost::NotOne, _) => "without a Host, or with two of them,".to_owned(),
            (WrongHost::Another, Some(host)) => format!("for the host {host:?}"),
            (WrongHost::Another, None) => "for a host that can be none".to_owned(),
        };
        let text = format!(
            "a request came {what} and was refused: this server answers for {:?}. A proxy has to hand on \
             the Host that it was asked for",
            self.base.host()
        );
        (self.tell)(&LogEntry::warning("wrong_host", text));
    }

    /// Whether it names the site that we are (RFC 9110, 7.4). Links in answers and mails are never made
    /// of this name, so that nobody can send a reader elsewhere by it.
    fn is_for_us(&self, request: &Request<Incoming>) -> Result<(), WrongHost> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else {
            return Err(WrongHost::NotOne);
        };
        let absolute = request.uri().authority().map(axum::http::uri::Authority::as_str);
        let is_ours = host.to_str().is_ok_and(|host| self.base.is_host(host))
            && absolute.is_none_or(|name| self.base.is_host(name));
        if is_ours { Ok(()) } else { Err(WrongHost::Another) }
    }

    /// What every answer says to browsers, where the page has not said more.
    fn guard(&self, headers: &mut HeaderMap) {
        let mut say = |name: HeaderName, value: &'static str| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        say(header::CONTENT_SECURITY_POLICY, CONTENT);
        say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        say(header::REFERRER_POLICY, "no-referrer");
        say(header::X_FRAME_OPTIONS, "DENY");
        say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        say(header::CACHE_CONTROL, "no-store");
        if self.base.is_https() {
            say(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
    }
}

/// Why nobody answers a request for its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WrongHost {
    Another,
    /// None, or more than one (RFC 9110, 7.2).
    NotOne,
}

const ANOTHER_HOST: &str =
    "There is no such site here. A proxy has to hand on the Host that it was asked for.\n";
const NOT_ONE_HOST: &str =
    "A request has one Host. A proxy has to hand on the Host that it was asked for, once.\n";

/// Whether it looks like one, and so can be repeated: what a visitor writes there may be anything.
fn is_name_of_host(text: &str) -> bool {
    let (name, port) = text.rsplit_once(':').unwrap_or((text, "80"));
    let is_label = |label: &str| {
        (1..=30).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    name.len() <= 100 && name.split('.').all(is_label) && port.parse::<u16>().is_ok()
}

/// Nothing but the pages' own sheet and pictures; no script, no frame, no form to elsewhere.
const CONTENT: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A line of text for whoever is no reader: a program, or a request that is none.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
