//! Who asks: the address of the browser, which behind a proxy only the proxy knows.
//!
//! Must never believe a header that a visitor can write: only what a named proxy has added counts.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::{Extensions, HeaderMap};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    /// Of IPv6 the network of a household or an office (/64), which one person has whole.
    pub(super) address: IpAddr,
}

impl Visitor {
    /// The one that was put there when the request came in.
    pub(super) fn of(extensions: &Extensions) -> Visitor {
        extensions.get().copied().unwrap_or(Visitor { address: Ipv6Addr::UNSPECIFIED.into() })
    }
}

/// A network, such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Network, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => digits.parse().map_err(|_| ())?,
            None => most,
        };
        if prefix > most { Err(()) } else { Ok(Network { address, prefix }) }
    }
}

impl Network {
    /// Where a proxy on this machine asks from, which is the ordinary case.
    pub fn of_this_machine() -> [Network; 2] {
        let loopback = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let loopback_6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        [Network { address: loopback, prefix: 8 }, Network { address: loopback_6, prefix: 128 }]
    }

    fn has(self, address: IpAddr) -> bool {
        let shared = |one: u128, other: u128, bits: u32| {
            self.prefix == 0 || (one ^ other) >> (bits - self.prefix) == 0
        };
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                shared(u32::from(own).into(), u32::from(other).into(), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => shared(own.into(), other.into(), 128),
            _ => false,
        }
    }
}

/// The proxies that say whom they ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<Network>);

impl Proxies {
    pub(super) fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.has(address))
    }

    /// Who asks by a connection from `peer`: the last one in X-Forwarded-For that is no proxy of ours.
    /// What stands before it was written by anybody.
    pub(super) fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut visitor = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let mut hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        while self.has(visitor) {
            let Some(Ok(hop)) = hops.next().map(|hop| hop.trim().parse::<IpAddr>()) else { break };
            visitor = hop.to_canonical();
        }
        household(visitor)
    }
}

fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let mut segments = address.segments();
            segments[4..].fill(0);
            IpAddr::V6(segments.into())
        }
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies(proxies.iter().map(|one| one.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        proxies.visitor(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_what_a_named_proxy_added_counts() {
        let two = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(seen(&two, "127.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen(&two, "127.0.0.1", &["198.51.100.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen(&two, "127.0.0.1", &["198.51.100.1, 192.0.2.7, 10.1.2.3"]), "192.0.2.7");
        assert_eq!(seen(&two, "127.0.0.1", &["198.51.100.1", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen(&two, "203.0.113.9", &["192.0.2.7"]), "203.0.113.9");
        assert_eq!(seen(&two, "127.0.0.1", &["not an address"]), "127.0.0.1");
        assert_eq!(seen(&two, "127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen(&[], "127.0.0.1", &["192.0.2.7"]), "127.0.0.1");
        assert_eq!(seen(&two, "::ffff:127.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen(&two, "2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
    }

    #[test]
    fn a_network_is_an_address_with_or_without_a_prefix() {
        for bad in ["", "10.0.0.0/33", "::/129", "a.example", "10.0.0.0/x"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.has("192.0.2.1".parse().unwrap()) && !all.has("::1".parse().unwrap()));
    }
}
