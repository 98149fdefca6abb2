//! Where mail comes from, as receivers see it: whether SPF permits the relay's address, and whether
//! the address of a host that sends by itself has a name (PTR).
//!
//! Nothing here is more than a warning: a relay may send from addresses that nobody outside knows.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::pin::Pin;

use super::Finding;
use super::dns::{Dns, DnsError};
use super::spf::{self, LOOKUPS, terms};
use crate::net::host::{is_private, outward};

const SPF: &str = "spf-relay";
const PTR: &str = "ptr";

/// A relay, as far as this file needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingHost {
    /// Its host.
    pub host: String,
    /// Whether it is on this machine, and so probably sends by itself.
    pub local: bool,
}

/// Looks at each host once; `domain` is that of the reverse-path.
pub(super) async fn check(dns: &Dns, origins: &[SendingHost], domain: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for origin in origins {
        if origin.local && seen.insert("") {
            found.extend(this_machine(dns, domain).await);
        }
        if !origin.local && seen.insert(&origin.host) {
            found.extend(relay(dns, &origin.host, domain).await);
        }
    }
    found
}

async fn relay(dns: &Dns, host: &str, domain: &str) -> Option<Finding> {
    let addresses = match host.trim_matches(['[', ']']).parse() {
        Ok(address) => vec![address],
        Err(_) => match dns.addresses(host).await {
            Ok(addresses) => addresses,
            Err(error) => return Some(error.finding(SPF)),
        },
    };
    permitted(dns, host, &addresses, domain).await
}

/// A relay on this machine: it sends from the address that this machine has outside.
async fn this_machine(dns: &Dns, domain: &str) -> Vec<Finding> {
    let Some(address) = outward() else {
        let message = "this computer has no address on a network, so its name (PTR) was not \
                       checked";
        return vec![Finding::warning(PTR, message)];
    };
    if is_private(address) {
        let message = format!(
            "the relay is on this computer, whose address {address} is private. Receivers see \
             another address, which is not known here, so its name (PTR) and SPF were not checked"
        );
        let help = "if this computer delivers mail itself, give its public address a name (PTR)";
        return vec![Finding::warning(PTR, message).help(help)];
    }
    let mut found = vec![named(dns, address).await];
    found.extend(permitted(dns, "this computer", &[address], domain).await);
    found
}

/// Whether an address has a name that leads back to it (RFC 1912 2.1).
async fn named(dns: &Dns, address: IpAddr) -> Finding {
    let names = match dns.names(address).await {
        Ok(names) => names,
        Err(error) => return error.finding(PTR),
    };
    let Some(name) = names.first() else { return judged(address, None, false) };
    match dns.addresses(name).await {
        Ok(back) => judged(address, Some(name), back.contains(&address)),
        Err(error) => error.finding(PTR),
    }
}

fn judged(address: IpAddr, name: Option<&str>, leads_back: bool) -> Finding {
    let help = "ask the provider of the address for a PTR record with the name of this host";
    match (name, leads_back) {
        (Some(name), true) => Finding::ok(
            PTR,
            format!("{address} has the name {name}, and the name leads back to it"),
        ),
        (Some(name), false) => {
            let message =
                format!("{address} has the name {name}, but the name does not lead back to it");
            Finding::warning(PTR, message).help(help)
        }
        (None, _) => {
            let message = format!("{address} has no name (PTR); large receivers refuse such hosts");
            Finding::warning(PTR, message).help(help)
        }
    }
}

/// Whether SPF permits the addresses; `None` where there is not one record, which is told already.
async fn permitted(dns: &Dns, who: &str, addresses: &[IpAddr], domain: &str) -> Option<Finding> {
    let record = match spf::policies(dns, domain).await {
        Ok(mut records) if records.len() == 1 => records.pop()?,
        Ok(_) => return None,
        Err(error) => return Some(error.finding(SPF)),
    };
    let mut refused = Vec::new();
    for address in addresses {
        let mut left = LOOKUPS;
        match evaluate(dns, domain, &record, *address, &mut left).await {
            Ok(SpfResult::Matched('+')) => {}
            Ok(SpfResult::Matched(_) | SpfResult::NotNamed) => refused.push(address.to_string()),
            Ok(SpfResult::Unknown) => {
                let message =
                    format!("it cannot be found out here whether SPF of {domain} permits {who}");
                return Some(Finding::warning(SPF, message).help(
                    "simplify the record: it needs macros, ptr, or more look-ups than receivers \
                     make",
                ));
            }
            Err(error) => return Some(error.finding(SPF)),
        }
    }
    Some(match (addresses, refused.as_slice()) {
        ([], _) => {
            Finding::warning(SPF, format!("{who} has no address")).help("correct the relay's name")
        }
        (_, []) => Finding::ok(SPF, format!("SPF of {domain} permits {who}")),
        (_, refused) => {
            let which = match refused.join(", ") {
                // A host that is written as its address.
                which if which == who => String::new(),
                which => format!(" ({which})"),
            };
            let message = format!("SPF of {domain} does not permit {who}{which}");
            Finding::warning(SPF, message).help(
                "add it if it delivers the mail itself; a relay that passes mail on (a smarthost) \
                 may use other addresses, and its guide says which include you need",
            )
        }
    })
}

/// What a record says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SpfResult {
    /// A term names it, with this qualifier.
    Matched(char),
    /// No term does.
    NotNamed,
    /// It hangs on what only a receiver knows.
    Unknown,
}

type Evaluated<'a> = Pin<Box<dyn Future<Output = Result<SpfResult, DnsError>> + Send + 'a>>;

/// The terms from left to right (RFC 7208 4.6.2); `left` look-ups may still be made.
fn evaluate<'a>(
    dns: &'a Dns,
    domain: &'a str,
    record: &'a str,
    address: IpAddr,
    left: &'a mut usize,
) -> Evaluated<'a> {
    Box::pin(async move {
        let mut redirect = None;
        for term in terms(record) {
            let (target, prefixes) = split(term.value, domain);
            let asks = matches!(term.name, "a" | "mx" | "ptr" | "exists" | "include");
            if asks && (term.value.contains('%') || !spend(left)) {
                return Ok(SpfResult::Unknown);
            }
            let named = match term.name {
                "all" => true,
                "ip4" | "ip6" => network(term.value).is_some_and(|net| within(address, net)),
                "a" => any_within(address, &dns.addresses(target).await?, prefixes),
                "mx" => {
                    let mut all = Vec::new();
                    for host in dns.mx(target).await?.iter().take(LOOKUPS) {
                        all.extend(dns.addresses(host).await?);
                    }
                    any_within(address, &all, prefixes)
                }
                "include" => match other(dns, term.value, address, left).await? {
                    SpfResult::Unknown => return Ok(SpfResult::Unknown),
                    verdict => verdict == SpfResult::Matched('+'),
                },
                "ptr" | "exists" => return Ok(SpfResult::Unknown),
                "redirect" => {
                    redirect = Some(term.value);
                    false
                }
                _ => false,
            };
            if named {
                return Ok(SpfResult::Matched(term.qualifier));
            }
        }
        match redirect {
            Some(_) if !spend(left) => Ok(SpfResult::Unknown),
            Some(target) => other(dns, target, address, left).await,
            None => Ok(SpfResult::NotNamed),
        }
    })
}

fn spend(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

/// The record of another name; without one nothing can be told, which the count tells already.
async fn other(
    dns: &Dns,
    name: &str,
    address: IpAddr,
    left: &mut usize,
) -> Result<SpfResult, DnsError> {
    if name.contains('%') {
        return Ok(SpfResult::Unknown);
    }
    match spf::policies(dns, name).await?.as_slice() {
        [record] => evaluate(dns, name, record, address, left).await,
        _ => Ok(SpfResult::Unknown),
    }
}

/// The name and the lengths of the prefixes of `a:name/24//64` (RFC 7208 5.3).
fn split<'a>(value: &'a str, domain: &'a str) -> (&'a str, (u8, u8)) {
    let (name, lengths) = value.split_once('/').unwrap_or((value, ""));
    let (four, six) = match lengths.split_once('/') {
        Some((four, six)) => (four.trim_end_matches('/'), six.trim_start_matches('/')),
        None => (lengths, ""),
    };
    let number = |text: &str, most: u8| text.parse().unwrap_or(most).min(most);
    (if name.is_empty() { domain } else { name }, (number(four, 32), number(six, 128)))
}

/// `192.0.2.0/24`, as an address and the length of its prefix.
fn network(value: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (value, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(most), |text| text.parse().ok())?;
    (length <= most).then_some((address, length))
}

fn any_within(address: IpAddr, others: &[IpAddr], (four, six): (u8, u8)) -> bool {
    let length = |other: &IpAddr| if other.is_ipv4() { four } else { six };
    others.iter().any(|other| within(address, (*other, length(other))))
}

fn within(address: IpAddr, (other, length): (IpAddr, u8)) -> bool {
    let (differ, bits) = match (address, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
        _ => return false,
    };
    // A shift by all bits at once is none.
    differ.checked_shr(bits - u32::from(length)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn prefixes_are_compared_bit_by_bit() {
        for (address, net, inside) in [
            ("192.0.2.77", "192.0.2.0/24", true),
            ("192.0.3.77", "192.0.2.0/24", false),
            ("192.0.2.129", "192.0.2.128/25", true),
            ("192.0.2.127", "192.0.2.128/25", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.2", "192.0.2.1", false),
            ("203.0.113.9", "0.0.0.0/0", true),
            ("2001:db8:1::5", "2001:db8::/32", true),
            ("2001:db9::5", "2001:db8::/32", false),
            ("2001:db9::5", "::/0", true),
            ("192.0.2.1", "::/0", false),
        ] {
            let net = network(net).expect("a network");
            assert_eq!(within(ip(address), net), inside, "{address} {net:?}");
        }
        assert_eq!(network("192.0.2.0/33"), None);
        assert_eq!(network("example"), None);
    }

    #[test]
    fn a_term_names_a_host_and_its_neighbours() {
        assert_eq!(split("", "d.example"), ("d.example", (32, 128)));
        assert_eq!(split("/24", "d.example"), ("d.example", (24, 128)));
        assert_eq!(split("a.example/24//64", "d.example"), ("a.example", (24, 64)));
        assert_eq!(split("a.example//64", "d.example"), ("a.example", (32, 64)));
    }

    #[test]
    fn a_name_must_lead_back() {
        let level = |name, back| judged(ip("192.0.2.1"), name, back).level;
        assert_eq!(level(Some("mail.example"), true), Level::Ok);
        assert_eq!(level(Some("mail.example"), false), Level::Warning);
        assert_eq!(level(None, false), Level::Warning);
        assert!(!is_private(ip("192.0.2.1")) && !is_private(ip("2001:db8::1")));
        for private in ["10.1.2.3", "192.168.0.1", "100.64.1.1", "127.0.0.1", "fd00::1", "::1"] {
            assert!(is_private(ip(private)), "{private}");
        }
    }
}
