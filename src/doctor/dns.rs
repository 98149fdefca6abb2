//! Questions to DNS: a name and a kind in, records out, each within three seconds.
//!
//! "There is none" is an answer, an empty one. "Nobody answered" is [`NoAnswer`], and must never
//! be taken for it: a network that is down would look like a domain without records.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tokio::time::timeout;

use super::Finding;

/// For one question.
const WITHIN: Duration = Duration::from_secs(3);

/// Whom questions are put to.
#[derive(Clone)]
pub struct Dns(TokioResolver);

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dns")
    }
}

/// Why nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not ask DNS for {name}: {why}")]
pub struct NoAnswer {
    name: String,
    why: String,
}

impl NoAnswer {
    /// The finding of a check that needed the answer.
    pub(super) fn finding(&self, check: &'static str) -> Finding {
        Finding::warning(check, self.to_string())
            .help("look at the network, or name a server with --dns 192.0.2.53")
    }
}

impl Dns {
    /// The server at this address, or those of this machine's configuration.
    ///
    /// # Errors
    /// When the machine's configuration cannot be used.
    pub fn new(server: Option<SocketAddr>) -> Result<Dns, NoAnswer> {
        let failed = |error: &dyn std::fmt::Display| NoAnswer {
            name: "anything".to_owned(),
            why: error.to_string(),
        };
        let mut builder = match server {
            Some(server) => at(server),
            None => TokioResolver::builder_tokio().map_err(|error| failed(&error))?,
        };
        let options = builder.options_mut();
        options.timeout = WITHIN;
        options.attempts = 1;
        // A key of RSA may be longer than a datagram without it (RFC 6891).
        options.edns0 = true;
        Ok(Dns(builder.build().map_err(|error| failed(&error))?))
    }

    /// The TXT records, the strings of each put together (RFC 7208 3.3, RFC 6376 3.6.2.2).
    pub(super) async fn txt(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let records = self.ask(name, RecordType::TXT).await?;
        let text = |record| match record {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(records.into_iter().filter_map(text).collect())
    }

    /// The hosts of the MX records, without the dot at their end; the root is an empty text.
    pub(super) async fn mx(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let records = self.ask(name, RecordType::MX).await?;
        let host = |record| match record {
            RData::MX(mx) => Some(mx.exchange.to_string().trim_end_matches('.').to_owned()),
            _ => None,
        };
        Ok(records.into_iter().filter_map(host).collect())
    }

    /// Whether the name has an address.
    pub(super) async fn has_address(&self, name: &str) -> Result<bool, NoAnswer> {
        let (four, six) =
            tokio::join!(self.ask(name, RecordType::A), self.ask(name, RecordType::AAAA));
        match (four, six) {
            (Ok(four), Ok(six)) => Ok(!four.is_empty() || !six.is_empty()),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(true),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, NoAnswer> {
        let failed = |why: String| NoAnswer { name: format!("{kind} {name}"), why };
        // With a dot at its end the name is whole, and no search domain is tried.
        let question = self.0.lookup(format!("{}.", name.trim_end_matches('.')), kind);
        match timeout(WITHIN, question).await {
            Err(_) => Err(failed(format!("no answer within {} s", WITHIN.as_secs()))),
            Ok(Err(error)) if error.is_no_records_found() => Ok(Vec::new()),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Ok(Ok(found)) => {
                // An alias (CNAME) stands among the answers too.
                let records = found.answers().iter().map(|record| record.data.clone());
                Ok(records.filter(|data| data.record_type() == kind).collect())
            }
        }
    }
}

fn at(server: SocketAddr) -> ResolverBuilder<TokioRuntimeProvider> {
    let on_port = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(on_port).to_vec();
    let server = NameServerConfig::new(server.ip(), true, connections);
    let config = ResolverConfig::from_name_servers(vec![server]);
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
}
