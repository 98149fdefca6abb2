//! One request to a web address, and the status that comes back (HTTP/1.1, RFC 9112).
//!
//! The only code that speaks HTTP as a client. A redirect is an answer like another one: who asks
//! decides whether to follow. No cookies, no proxies but one that somebody names, no answer's body but
//! a short one. Every request has an end.
//!
//! Addresses come from people who may be strangers, and a computer that checks their work often has
//! other doors: a database, a router, a cloud's keys. So only public addresses are asked, unless
//! somebody says otherwise. What counts is the address that is connected to, and nothing is looked
//! up between the look at it and the connection. Each redirect is another request, and looked at too.

pub mod links;
pub mod proxy;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Host, Url};

use proxy::ForwardProxy;

use crate::net::dial::{self, DialError, Patience};
use crate::net::host::{is_public, is_this_machine};
use crate::net::stream::Stream;
use crate::net::tls::TlsClient;

/// Who asks, as servers write it in their logs.
const USER_AGENT: &str = concat!("digest/", env!("CARGO_PKG_VERSION"), " (email newsletter tool)");

/// For one address of a host that has several: some networks swallow what goes to IPv6.
const TRY: Duration = Duration::from_secs(3);

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The head of what GET would give.
    Head,
    /// The page; its body is not read.
    Get,
    /// A form with this content, as `application/x-www-form-urlencoded`.
    Post(&'static str),
}

/// Whom a client may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Machines that everybody on the internet can ask.
    Public,
    /// This machine and its networks as well.
    Private,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code (RFC 9110 15).
    pub status: u16,
    /// Where a redirect leads, as a whole address.
    pub location: Option<String>,
}

impl Answer {
    /// Whether it sends its client elsewhere.
    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308) && self.location.is_some()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Not an address of the web.
    #[error("{0} is not a web address")]
    Address(String),
    /// Not on the internet. Where a name leads to inside is not told: a report may be public.
    #[error("{0} is no public address, so it was not asked")]
    Private(String),
    /// No address, or none that takes a connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The certificate is not good for the host, or the handshake failed.
    #[error("{0}")]
    Tls(String),
    /// The connection ended, or what came is not HTTP.
    #[error("the answer is not valid HTTP: {0}")]
    Broken(String),
    /// So many redirects, and no end.
    #[error("more than {0} redirects")]
    Redirects(usize),
    /// The proxy makes no way to the host.
    #[error("the proxy {0} leads nowhere: {1}")]
    Proxy(String, String),
    /// The body is longer than anybody wants it.
    #[error("the answer has more than {0} bytes")]
    Large(usize),
    /// The time is over.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
}

/// What requests are made with.
#[derive(Clone, Debug)]
pub struct Client {
    tls: TlsClient,
    /// Whether an address may be asked; see [`Reach`].
    may_ask: fn(IpAddr) -> bool,
    known: BTreeMap<String, Vec<IpAddr>>,
    proxy: Option<ForwardProxy>,
}

impl Client {
    /// One that trusts whom this machine trusts.
    ///
    /// # Errors
    /// When the machine's roots cannot be used.
    pub fn new(reach: Reach) -> Result<Client, NoAnswer> {
        let tls = TlsClient::new(None).map_err(|error| NoAnswer::Tls(error.to_string()))?;
        let may_ask = match reach {
            Reach::Public => is_public,
            Reach::Private => |_| true,
        };
        Ok(Client {
            tls: tls.for_protocol(b"http/1.1"),
            may_ask,
            known: BTreeMap::new(),
            proxy: None,
        })
    }

    /// The same, which reaches servers with TLS by a proxy. That sees their names, and nothing of what
    /// is said: TLS is with the server.
    pub fn by_proxy(self, proxy: ForwardProxy) -> Client {
        Client { proxy: Some(proxy), ..self }
    }

    /// The same, for which `host` is at these addresses, whatever the system's resolver says.
    pub fn at(mut self, host: &str, addresses: Vec<IpAddr>) -> Client {
        self.known.insert(host.to_owned(), addresses);
        self
    }

    /// Asks once, and follows nothing.
    ///
    /// # Errors
    /// When no answer came within that time.
    pub async fn ask(
        &self,
        method: Method,
        address: &str,
        within: Duration,
    ) -> Result<Answer, NoAnswer> {
        Ok(self.answer((method, 0), address, within).await?.0)
    }

    /// Asks for a page once, follows nothing, and reads what it has up to so many bytes.
    ///
    /// # Errors
    /// When no whole answer came within that time, or a longer one.
    pub async fn read(
        &self,
        address: &str,
        most: usize,
        within: Duration,
    ) -> Result<(Answer, Vec<u8>), NoAnswer> {
        self.answer((Method::Get, most), address, within).await
    }

    async fn answer(
        &self,
        what: (Method, usize),
        address: &str,
        within: Duration,
    ) -> Result<(Answer, Vec<u8>), NoAnswer> {
        let url = web(address).ok_or_else(|| NoAnswer::Address(address.to_owned()))?;
        let answer = async { exchange(self.open(&url, within).await?, what, &url).await };
        timeout(within, answer).await.unwrap_or(Err(NoAnswer::Timeout(within)))
    }

    /// A connection to whom an address names.
    async fn open(&self, url: &Url, within: Duration) -> Result<Stream, NoAnswer> {
        let host = url.host_str().unwrap_or_default();
        let is_plain = url.scheme() == "http";
        let plain = match self.proxy.as_ref().filter(|_| !is_plain) {
            Some(proxy) => proxy.connect(host, url.port_or_known_default(), within).await?,
            None => {
                let addresses = self.addresses(url, within).await?;
                // The last one may take the time that is left.
                let patience = Patience { each: TRY, last: within };
                Stream::plain(dial::connect(&addresses, patience).await?)
            }
        };
        if is_plain {
            return Ok(plain);
        }
        let tls = plain.into_tls(&self.tls, host.trim_matches(['[', ']'])).await;
        tls.map_err(|error| NoAnswer::Tls(error.to_string()))
    }

    /// The addresses that may be asked, and that are then connected to.
    async fn addresses(&self, url: &Url, within: Duration) -> Result<Vec<SocketAddr>, NoAnswer> {
        let port = url.port_or_known_default().unwrap_or(443);
        let mut found = match url.host() {
            Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
            Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
            Some(Host::Domain(host)) => match self.known.get(host) {
                Some(known) => known.iter().map(|ip| SocketAddr::new(*ip, port)).collect(),
                None => dial::addresses(host, port, within).await?,
            },
            None => return Err(NoAnswer::Address(url.to_string())),
        };
        let any = !found.is_empty();
        found.retain(|address| (self.may_ask)(address.ip()));
        if any && found.is_empty() {
            return Err(NoAnswer::Private(url.host_str().unwrap_or_default().to_owned()));
        }
        Ok(found)
    }
}

/// The address, if it is one of the web.
fn web(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The host of a web address, as DNS knows it: in ASCII, without a port.
pub fn host(address: &str) -> Option<String> {
    web(address)?.host_str().map(str::to_owned)
}

/// Whether a web address names this machine.
pub fn is_local(address: &str) -> bool {
    host(address).is_some_and(|host| is_this_machine(host.trim_matches(['[', ']'])))
}

/// Sends a request, and reads as much of the answer's body as is wanted.
async fn exchange(
    stream: Stream,
    (method, most): (Method, usize),
    url: &Url,
) -> Result<(Answer, Vec<u8>), NoAnswer> {
    let broken = |error: hyper::Error| NoAnswer::Broken(causes(&error));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Ends with this function, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(async move { drop(connection.await) });
    let answer = sender.send_request(request(method, url)?).await.map_err(broken)?;
    let told = Answer { status: answer.status().as_u16(), location: location(url, &answer) };
    let body = if most == 0 { Vec::new() } else { read(answer.into_body(), most).await? };
    Ok((told, body))
}

async fn read(mut body: Incoming, most: usize) -> Result<Vec<u8>, NoAnswer> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| NoAnswer::Broken(causes(&error)))?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        if bytes.len() > most {
            return Err(NoAnswer::Large(most));
        }
    }
    Ok(bytes)
}

fn request(method: Method, url: &Url) -> Result<Request<String>, NoAnswer> {
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = url.host_str().unwrap_or_default();
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let (name, body) = match method {
        Method::Head => ("HEAD", ""),
        Method::Get => ("GET", ""),
        Method::Post(form) => ("POST", form),
    };
    let mut request = Request::builder()
        .method(name)
        .uri(target)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close");
    if let Method::Post(_) = method {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    request.body(body.to_owned()).map_err(|_| NoAnswer::Address(url.to_string()))
}

fn location<B>(url: &Url, answer: &Response<B>) -> Option<String> {
    let text = answer.headers().get(header::LOCATION)?;
    Some(url.join(std::str::from_utf8(text.as_bytes()).ok()?).ok()?.to_string())
}

/// What went wrong and why, as far down as anybody says.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text.push_str(&format!(": {cause}"));
        below = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both what a URL says and what a name server answers, in the forms that a browser takes.
    #[tokio::test]
    async fn no_spelling_of_a_private_address_is_asked_and_no_name_that_leads_to_one() {
        let within = Duration::from_secs(5);
        let known = |reach| {
            let to = |text: &str| text.split(' ').map(|ip| ip.parse().unwrap()).collect();
            Client::new(reach)
                .unwrap()
                .at("inside.example", to("10.0.0.1 ::1 169.254.169.254"))
                .at("mixed.example", to("127.0.0.1 9.9.9.9 fd00::1"))
        };
        let (public, private) = (known(Reach::Public), known(Reach::Private));
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "127.0.0.1.",
            "0",
            "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
            "%31%32%37.0.0.1",
            "kim:pw@127.0.0.1",
            "9.9.9.9@127.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::a9fe:a9fe]",
            "169.254.169.254",
            "10.0.0.1",
            "localhost",
            "LOCALHOST",
            "inside.example",
        ] {
            let url = web(&format!("http://{host}:81/")).unwrap();
            let refused = public.addresses(&url, within).await;
            assert!(matches!(refused, Err(NoAnswer::Private(_))), "{host}: {refused:?}");
            assert!(!private.addresses(&url, within).await.unwrap().is_empty(), "{host}");
        }
        let mixed = web("https://mixed.example/").unwrap();
        let left = public.addresses(&mixed, within).await;
        assert_eq!(left, Ok(vec!["9.9.9.9:443".parse().unwrap()]));
        assert_eq!(private.addresses(&mixed, within).await.unwrap().len(), 3);
    }

    #[test]
    fn only_addresses_of_the_web_are_asked() {
        for (address, host) in [
            ("https://a.example/x", Some("a.example")),
            ("HTTP://A.example:81", Some("a.example")),
            ("https://한글.example/", Some("xn--bj0bj06e.example")),
            ("mailto:a@b.example", None),
            ("https://", None),
            ("a.example", None),
        ] {
            assert_eq!(super::host(address).as_deref(), host, "{address}");
        }
        assert!(is_local("http://127.0.0.9:1/") && is_local("http://[::1]/"));
        assert!(is_local("https://localhost") && !is_local("https://localhost.example"));
    }
}
