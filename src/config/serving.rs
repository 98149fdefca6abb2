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

/// What `[web]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// Where requests come to.
    pub listen: SocketAddr,
    /// Reverse proxies that say whom they ask for.
    pub proxies: Proxies,
    /// Sites whose scripts may send the form, as browsers name them.
    pub origins: Vec<String>,
    /// Where providers of mail post what became of messages.
    pub webhooks: Vec<WebhookConfig>,
}

pub(super) fn read(table: &mut Table, root: &Path, problems: &mut Vec<Diagnostic>) -> WebConfig {
    let webhooks = webhooks::read(table, root, problems);
    let mut section = table.table("web");
    let mut listen = LISTEN;
    if let Some(text) = section.text("listen") {
        match text.value.parse() {
            Ok(address) => listen = address,
            Err(_) => {
                let what = format!("{:?} is no address and port", text.value);
                let help = "write an IP address and a port, such as \"127.0.0.1:8080\"";
                wrong(&mut section, "address", what, &text, help);
            }
        }
    }
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
    WebConfig { listen, proxies: Proxies(proxies), origins, webhooks }
}
