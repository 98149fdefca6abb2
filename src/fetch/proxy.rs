//! A proxy that makes a way to a server (CONNECT, RFC 9110 9.3.6), where a machine reaches the internet by
//! one alone.
//!
//! Must never be believed: TLS is with the server behind it.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

use super::{NoAnswer, TRY};
use crate::net::dial::{self, Patience};
use crate::net::stream::Stream;

/// Where the proxy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardProxy {
    host: String,
    port: u16,
}

/// The longest head of an answer.
const HEAD: usize = 8 * 1_024;

impl ForwardProxy {
    /// One as `HTTPS_PROXY` names it, `http://proxy.example:3128`; `None` for a form that is not known
    /// here, such as one with a password.
    pub fn parse(text: &str) -> Option<ForwardProxy> {
        let url = Url::parse(text.trim()).ok()?;
        let is_bare = url.scheme() == "http"
            && (url.username(), url.password(), url.path()) == ("", None, "/")
            && (url.query(), url.fragment()) == (None, None);
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        is_bare.then(|| ForwardProxy { host, port: url.port_or_known_default().unwrap_or(80) })
    }

    /// A connection whose other end is the server.
    pub(super) async fn connect(
        &self,
        host: &str,
        port: Option<u16>,
        within: Duration,
    ) -> Result<Stream, NoAnswer> {
        let refused = |why: String| NoAnswer::Proxy(format!("{}:{}", self.host, self.port), why);
        let addresses = dial::addresses(&self.host, self.port, within).await?;
        let patience = Patience { each: TRY, last: within };
        let mut stream = Stream::plain(dial::connect(&addresses, patience).await?);
        let to = format!("{host}:{}", port.unwrap_or(443));
        let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n");
        let broken = |error: std::io::Error| refused(error.to_string());
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;
        let mut head = Vec::new();
        // No byte behind the head is ours to read.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= HEAD {
                return Err(refused("its answer has no end".to_owned()));
            }
            head.push(stream.read_u8().await.map_err(broken)?);
        }
        let line = String::from_utf8_lossy(&head);
        match line.split(' ').nth(1) {
            Some("200") => Ok(stream),
            status => Err(refused(format!("it answers {}", status.unwrap_or("no status")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        let read =
            |text| ForwardProxy::parse(text).map(|proxy| format!("{} {}", proxy.host, proxy.port));
        assert_eq!(read("http://proxy.example:3128").as_deref(), Some("proxy.example 3128"));
        assert_eq!(read(" http://[::1]/ ").as_deref(), Some("::1 80"));
        for text in [
            "",
            "proxy.example:3128",
            "https://proxy.example",
            "socks5://a.example:1",
            "http://kim:pw@a.example:1",
            "http://a.example/x",
            "http://a.example/?x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
