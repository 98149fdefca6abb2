//! The address at which readers find the pages: `base_url`, its host and its path.

use crate::net::web;

/// `https://news.example/digest`: what stands before every link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    is_https: bool,
    /// As browsers write it: small letters, and a port that is not the usual one.
    host: String,
    /// `/digest`, or nothing.
    path: String,
    written: String,
}

impl BaseUrl {
    /// Reads an address with http or https, a host and perhaps a path; `None` for any other.
    pub fn read(written: &str) -> Option<BaseUrl> {
        let url = web::read(written)?;
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = match (url.host_str()?, url.port()) {
            (host, None) => host.to_owned(),
            (host, Some(port)) => format!("{host}:{port}"),
        };
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return None;
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let written = written.trim_end_matches('/').to_owned();
        Some(BaseUrl { is_https, host, path, written })
    }

    /// Whether a request's `Host` is this one; the usual port may be written.
    pub(super) fn is_host(&self, host: &str) -> bool {
        let usual = if self.is_https { ":443" } else { ":80" };
        let host = host.to_ascii_lowercase();
        host == self.host || host.strip_suffix(usual) == Some(&*self.host)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// What stands before every path: `/digest`, or nothing.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The site as browsers name it (RFC 6454); none where a path stands behind it.
    pub fn origin(&self) -> Option<String> {
        let scheme = if self.is_https { "https" } else { "http" };
        self.path.is_empty().then(|| format!("{scheme}://{}", self.host))
    }

    /// The address of a page, by a path that begins with a slash.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_in_any_case_and_with_its_usual_port() {
        let base = BaseUrl::read("https://News.Example/digest/").unwrap();
        assert_eq!((base.path(), base.is_https()), ("/digest", true));
        assert_eq!(base.to("/x"), "https://News.Example/digest/x");
        for host in ["news.example", "NEWS.example", "news.example:443"] {
            assert!(base.is_host(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "news.example.evil.example",
            "news.example:80",
            "news.example:8443",
        ] {
            assert!(!base.is_host(host), "{host}");
        }
        let base = BaseUrl::read("http://127.0.0.1:8080").unwrap();
        assert!(base.is_host("127.0.0.1:8080") && !base.is_host("127.0.0.1"));
    }

    #[test]
    fn an_address_of_another_kind_is_none() {
        for text in
            ["", "news.example", "ftp://a.example", "https://u@a.example", "https://a.example/?x"]
        {
            assert_eq!(BaseUrl::read(text), None, "{text}");
        }
    }
}
