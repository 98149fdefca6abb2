//! What holds for every request, whatever page it is for: who asks, by which name, in what time; and
//! for every answer: what a browser may do with it.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::base::BaseUrl;
use super::visitor::{Proxies, Visitor};

/// Until a request is answered, its body included.
const PATIENCE: Duration = Duration::from_secs(10);

/// All pages, and what stands before them.
#[derive(Debug)]
pub(super) struct Answering {
    pages: TowerToHyperService<Router>,
    base: BaseUrl,
    proxies: Proxies,
}

impl Answering {
    pub(super) fn new(pages: Router, base: BaseUrl, proxies: Proxies) -> Answering {
        Answering { pages: TowerToHyperService::new(pages), base, proxies }
    }

    pub(super) fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.has(peer)
    }

    /// The answer to a request that came from `peer`.
    pub(super) async fn answer(
        &self,
        peer: IpAddr,
        mut request: Request<Incoming>,
    ) -> Response<Body> {
        let mut response = if self.is_for_us(&request) {
            let visitor = Visitor { address: self.proxies.visitor(peer, request.headers()) };
            request.extensions_mut().insert(visitor);
            match tokio::time::timeout(PATIENCE, self.pages.call(request)).await {
                Ok(Ok(response)) => response,
                Err(_) => plain(StatusCode::REQUEST_TIMEOUT, "The request took too long.\n"),
            }
        } else {
            plain(StatusCode::MISDIRECTED_REQUEST, "There is no such site here.\n")
        };
        self.guard(response.headers_mut());
        response
    }

    /// Whether it names the site that we are (RFC 9110, 7.4). Links in answers and mails are never made
    /// of this name, so that nobody can send a reader elsewhere by it.
    fn is_for_us(&self, request: &Request<Incoming>) -> bool {
        let mut named = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        let absolute = request.uri().authority().map(axum::http::uri::Authority::as_str);
        let host = host.to_str().ok();
        host.is_some_and(|host| self.base.is_host(host))
            && absolute.is_none_or(|name| self.base.is_host(name))
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
