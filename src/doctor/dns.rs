//! Questions to DNS: a name and a kind in, records out, each within three seconds.
//!
//! "There is none" is an answer, an empty one. "Nobody answered" is [`DnsError`], and must never
//! be taken for it: a network that is down would look like a domain without records.

use std::net::{IpAddr, SocketAddr};
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
pub struct DnsError {
    name: String,
    why: String,
}

impl DnsError {
    /// The finding of a check that needed the answer.
    pub(super) fn finding(&self, check: &'static str) -> Finding {
        Finding::warning(check, self.to_string())
            .help("check the network, or name a DNS server with --dns 192.0.2.53")
    }
}

impl Dns {
    /// The server at this address, or those of this machine's configuration.
    ///
    /// # Errors
    /// When the machine's configuration cannot be used.
    pub fn new(server: Option<SocketAddr>) -> Result<Dns, DnsError> {
        let failed = |error: &dyn std::fmt::Display| DnsError {
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
    pub(super) async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let records = self.ask(name, RecordType::TXT).await?;
        let text = |record| match record {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(records.into_iter().filter_map(text).collect())
    }

    /// The hosts of the MX records, without the dot at their end; the root is an empty text.
    pub(super) async fn mx(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let records = self.ask(name, RecordType::MX).await?;
        let host = |record| match record {
            RData::MX(mx) => Some(mx.exchange.to_string().trim_end_matches('.').to_owned()),
            _ => None,
        };
        Ok(records.into_iter().filter_map(host).collect())
    }

    /// The addresses of the name, of both families.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let (four, six) =
            tokio::join!(self.ask(name, RecordType::A), self.ask(name, RecordType::AAAA));
        let records = match (four, six) {
            (Ok(four), Ok(six)) => [four, six].concat(),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => found,
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        let address = |record| match record {
            RData::A(four) => Some(IpAddr::V4(four.0)),
            RData::AAAA(six) => Some(IpAddr::V6(six.0)),
            _ => None,
        };
        Ok(records.into_iter().filter_map(address).collect())
    }

    /// The names that the address is registered for (PTR), without the dot at their end.
    pub(super) async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        let records = self.ask(&reverse(address), RecordType::PTR).await?;
        let name = |record| match record {
            RData::PTR(name) => Some(name.0.to_string().trim_end_matches('.').to_owned()),
            _ => None,
        };
        Ok(records.into_iter().filter_map(name).collect())
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, DnsError> {
        let failed = |why: String| DnsError { name: format!("{kind} {name}"), why };
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

/// The name under which DNS keeps what it knows of an address (RFC 1035 3.5, RFC 3596 2.5).
fn reverse(address: IpAddr) -> String {
    let dotted = |parts: Vec<String>| parts.into_iter().rev().collect::<Vec<_>>().join(".");
    match address {
        IpAddr::V4(four) => {
            format!("{}.in-addr.arpa", dotted(four.octets().map(|byte| byte.to_string()).into()))
        }
        IpAddr::V6(six) => {
            let nibbles = six.octets().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
            format!("{}.ip6.arpa", dotted(nibbles.map(|nibble| format!("{nibble:x}")).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_turned_around() {
        let name = |text: &str| reverse(text.parse().expect("an address"));
        assert_eq!(name("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        let six = name("2001:db8::567:89ab");
        assert_eq!(six, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    }
}
