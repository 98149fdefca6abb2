//! Whose a host or an address is: this machine's, a private network's, or the internet's.
//!
//! Only what is written counts: no name is looked up here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Whether a host, as written, is this machine: `localhost`, 127.0.0.0/8 or ::1.
///
/// Names under `.localhost` are not: some resolvers ask others for them.
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an address can be reached over the internet, rather than on this machine or in a network
/// of its own only.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            // RFC 6598 2: between a provider and its customers.
            let shared = first == 100 && (64..128).contains(&second);
            let own = four.is_private() || four.is_loopback() || four.is_link_local();
            !(own || shared || four.is_unspecified())
        }
        IpAddr::V6(six) => {
            let own = six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local();
            !(own || six.is_unspecified())
        }
    }
}

/// The address that this machine would send from. No packet leaves for that.
pub fn outward() -> Option<IpAddr> {
    let from = |any: IpAddr, to: IpAddr| {
        let socket = UdpSocket::bind((any, 0)).ok()?;
        // Addresses for documentation (RFC 5737, RFC 3849): only the route is asked for.
        socket.connect((to, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    let four = from(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let six = || {
        from(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into())
    };
    four.or_else(six)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_and_addresses_are_its_own() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.9", "::1"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["localhost.example", "mail.localhost", "10.0.0.1", "192.0.2.1", "::2", ""] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn addresses_that_only_a_private_network_knows_are_not_public() {
        let private = [
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.168.1.1",
            "0.0.0.0",
            "::",
            "::1",
            "fc00::1",
            "fe80::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
