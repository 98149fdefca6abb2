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

/// Whether an address is known on this machine or in a network of its own only.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [first, second, ..] = four.octets();
            // RFC 6598 2: between a provider and its customers.
            let shared = first == 100 && (64..128).contains(&second);
            let own = four.is_private() || four.is_loopback() || four.is_link_local();
            own || shared || four.is_unspecified()
        }
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => is_private(four.into()),
            None => {
                let own = six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local();
                own || six.is_unspecified()
            }
        },
    }
}

/// IPv4 networks that are no single machine on the internet (RFC 6890 and the registry that it
/// begins), as an address and the length of its prefix.
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Groups (multicast), and what nobody was given.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
    // In Microsoft's cloud this is the machine's own host, with its settings and keys.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // The same at Alibaba; within 100.64.0.0/10 as well.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
];

/// The same within the IPv6 networks that the internet uses (2000::/3).
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols of their own, with Teredo and ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4: any IPv4 address may stand in it, a private one as well.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is a machine that everybody on the internet can ask: only such ones are asked
/// where somebody else chose the address. What is not known to be public is not.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let within = |(net, length): (Ipv4Addr, u32)| {
                (four.to_bits() ^ net.to_bits()).leading_zeros() >= length
            };
            !SPECIAL_V4.into_iter().any(within)
        }
        IpAddr::V6(six) => {
            let within = |(net, length): (Ipv6Addr, u32)| {
                (six.to_bits() ^ net.to_bits()).leading_zeros() >= length
            };
            match embedded(six) {
                Some(four) => is_public(four.into()),
                None => {
                    within((Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3))
                        && !SPECIAL_V6.into_iter().any(within)
                }
            }
        }
    }
}

/// The IPv4 address that is really asked: IPv4-mapped (RFC 4291 2.5.5.2), or translated by the
/// network (NAT64, RFC 6052), which on some networks is the way to all of IPv4.
fn embedded(six: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, .., high, low] = six.segments();
    let translated =
        (first, second) == (0x64, 0xff9b) && six.segments()[2..6].iter().all(|part| *part == 0);
    let bits = u32::from(high) << 16 | u32::from(low);
    six.to_ipv4_mapped().or_else(|| translated.then(|| Ipv4Addr::from_bits(bits)))
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
    fn addresses_that_only_a_private_network_knows_are_private_and_not_public() {
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
            let address = address.parse().unwrap();
            assert!(is_private(address) && !is_public(address), "{address}");
        }
        for address in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1"] {
            let address = address.parse().unwrap();
            assert!(is_public(address) && !is_private(address), "{address}");
        }
    }

    #[test]
    fn what_is_no_machine_on_the_internet_is_not_asked() {
        let special = [
            // RFC 6890 and its registry, first and last of each.
            "0.0.0.1 0.255.255.255 100.64.0.0 100.127.255.255 127.255.255.255 169.254.169.254",
            "172.31.255.255 192.0.0.0 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.0 198.19.255.255",
            "198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255",
            // Clouds.
            "168.63.129.16 100.100.100.200 fd00:ec2::254",
            // IPv4 in IPv6's clothes.
            "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:a9fe:a9fe::1 2001::1",
            // IPv6.
            ":: ::1 100::1 2001:db8::1 2001:10::1 2001:1ff:ffff::1 3fff::1 3fff:fff:ffff::1 5f00::1",
            "fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1 4000::1",
        ];
        for address in special.iter().flat_map(|line| line.split(' ')) {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        let public = "1.0.0.0 9.9.9.9 100.63.255.255 100.128.0.0 168.63.129.15 172.15.0.1 \
                      192.0.1.1 198.17.255.255 198.20.0.0 223.255.255.255 2001:200::1 \
                      2001:4860::8888 2003::1 2606:4700::1111 3ffe::1 ::ffff:9.9.9.9 \
                      64:ff9b::808:808";
        for address in public.split_whitespace() {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
