//! `[web]` -> where `digest serve` listens, and whose word about visitors counts; and `[[webhook]]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::webhooks::{self, WebhookConfig};
use super::wrong;
use crate::diagnostic::Diagnostic;
use crate::manifest::Table;
use crate::web::base::BaseUrl;
use crate::web::visitor::{Network, Proxies};

/// Beside a reverse proxy on the same machine.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// What others have for it, as an example.
const METRICS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// What `[web]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// Whether digest.toml has `[web]`: then mail links to the pages.
    pub is_written: bool,
    /// Where requests come to.
    pub listen: SocketAddr,
    /// Where whoever runs the server asks how it is; nowhere, if nothing is said.
    pub metrics: Option<SocketAddr>,
    /// Reverse proxies that say whom they ask for.
    pub proxies: Proxies,
    /// Sites whose scripts may send the form, as browsers name them.
    pub origins: Vec<String>,
    /// Where providers of mail post what became of messages.
    pub webhooks: Vec<WebhookConfig>,
}

/// An address and a port, where to listen. A name would be looked up, and mean another one tomorrow; only
/// `localhost` never does.
///
/// # Errors
/// What is wrong with it, for people.
pub fn listening(text: &str, example: SocketAddr) -> Result<SocketAddr, String> {
    let number = match text.strip_prefix("localhost:") {
        Some(port) => &format!("{}:{port}", Ipv4Addr::LOCALHOST),
        None => text,
    };
    let what = || format!("write an IP address and a port, such as {example}");
    number.parse().map_err(|_| what())
}

fn address(section: &mut Table, key: &'static str, example: SocketAddr) -> Option<SocketAddr> {
    let text = section.text(key)?;
    match listening(&text.value, example) {
        Ok(address) => Some(address),
        Err(help) => {
            let what = format!("{:?} is no address and port", text.value);
            wrong(section, "address", what, &text, &help);
            None
        }
    }
}

pub(super) fn read(table: &mut Table, root: &Path, problems: &mut Vec<Diagnostic>) -> WebConfig {
    let webhooks = webhooks::read(table, root, problems);
    let is_written = table.has("web");
    let mut section = table.table("web");
    let listen = address(&mut section, "listen", LISTEN).unwrap_or(LISTEN);
    let metrics = address(&mut section, "metrics", METRICS);
    let mut proxies = Vec::new();
    let written = section.texts("proxies");
    for text in &written {
        match text.value.parse() {
            Ok(network) => proxies.push(network),
            Err(()) => {
                let what = format!("{:?} is no address and no network", text.value);
                let help = "write \"192.0.2.1\" or \"10.0.0.0/8\"";
                wrong(&mut section, "address", what, text, help);
            }
        }
    }
    if written.is_empty() {
        proxies = Network::of_this_machine().to_vec();
    }
    let mut origins = Vec::new();
    for text in section.texts("origins") {
        match BaseUrl::read(&text.value).and_then(|site| site.origin()) {
            Some(origin) => origins.push(origin),
            None => {
                let what = format!("{:?} is no site", text.value);
                let help = "write it as browsers name it, such as \"https://www.sejong.example\"";
                wrong(&mut section, "base-url", what, &text, help);
            }
        }
    }
    section.finish(problems);
    WebConfig { is_written, listen, metrics, proxies: Proxies(proxies), origins, webhooks }
}
