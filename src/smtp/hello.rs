//! Who we say we are in EHLO (RFC 5321 4.1.1.1): a full host name, or else an address literal.
//!
//! Many relays refuse a bare name ("need fully-qualified hostname"), and often only at the first
//! RCPT. So this machine's name counts only where it is a full one; otherwise the address that the
//! connection comes from stands in brackets (RFC 5321 4.1.3 and 4.1.4).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use lettre::transport::smtp::extension::ClientId;

/// What EHLO says of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    name: ClientId,
    /// Where it comes from.
    pub source: HelloSource,
}

/// Where the name in EHLO comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelloSource {
    /// `hello` in the relay's options.
    Options,
    /// The name of this machine.
    Machine,
    /// The address of the connection, because this is the machine's name, and no full one.
    Address(String),
}

impl fmt::Display for Hello {
    /// As EHLO has it: `mail.example.org`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl Hello {
    /// The name that the options have, or this machine's, or `local`: the address that the
    /// connection comes from.
    pub(super) fn choose(wanted: Option<&ClientId>, local: Option<IpAddr>) -> Hello {
        let machine = match ClientId::default() {
            ClientId::Domain(name) => name,
            _ => String::new(),
        };
        Hello::of(wanted, machine, local)
    }

    fn of(wanted: Option<&ClientId>, machine: String, local: Option<IpAddr>) -> Hello {
        if let Some(wanted) = wanted {
            return Hello { name: wanted.clone(), source: HelloSource::Options };
        }
        if is_full_name(&machine) {
            return Hello { name: ClientId::Domain(machine), source: HelloSource::Machine };
        }
        let name = match local.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Some(IpAddr::V6(address)) => ClientId::Ipv6(address),
            None => ClientId::Ipv4(Ipv4Addr::LOCALHOST),
        };
        Hello { name, source: HelloSource::Address(machine) }
    }

    /// Whether relays take it for a full host name or an address.
    pub fn is_full(&self) -> bool {
        match &self.name {
            ClientId::Domain(name) => is_full_name(name),
            _ => true,
        }
    }
}

/// A name or an address, as somebody wrote it.
pub(super) fn parse(text: &str) -> Option<ClientId> {
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = literal.map(|inner| inner.strip_prefix("IPv6:").unwrap_or(inner));
    match address.unwrap_or(text).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Some(ClientId::Ipv4(address)),
        Ok(IpAddr::V6(address)) => Some(ClientId::Ipv6(address)),
        Err(_) if literal.is_some() => None,
        Err(_) => {
            let fine = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
            let domain = !text.is_empty() && text.len() <= 253 && text.bytes().all(fine);
            domain.then(|| ClientId::Domain(text.to_owned()))
        }
    }
}

/// A host name of two labels or more (RFC 1123 2.1) that may be known elsewhere.
fn is_full_name(name: &str) -> bool {
    // Names that machines have before somebody gives them one, or that one network alone knows.
    const NOWHERE: [&str; 4] = ["localhost", "localdomain", "local", "internal"];
    let label = |label: &str| {
        let fine = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(fine)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    let numeric = last.bytes().all(|b| b.is_ascii_digit());
    let nowhere = NOWHERE.iter().any(|word| last.eq_ignore_ascii_case(word));
    name.len() <= 253 && name.split('.').all(label) && !numeric && !nowhere
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(wanted: Option<&str>, machine: &str, local: &str) -> String {
        let wanted = wanted.map(|text| parse(text).unwrap());
        Hello::of(wanted.as_ref(), machine.to_owned(), local.parse().ok()).to_string()
    }

    #[test]
    fn a_bare_name_never_stands_in_ehlo_unless_it_is_written() {
        let rows = [
            (None, "mail.example.org", "192.0.2.1", "mail.example.org"),
            (None, "vm", "192.0.2.1", "[192.0.2.1]"),
            (None, "vm", "2001:db8::1", "[IPv6:2001:db8::1]"),
            (None, "vm", "::ffff:192.0.2.1", "[192.0.2.1]"),
            (None, "", "", "[127.0.0.1]"),
            (None, "localhost.localdomain", "192.0.2.1", "[192.0.2.1]"),
            (None, "Kims-Mac.local", "10.0.0.5", "[10.0.0.5]"),
            (None, "odd_name.example.org", "192.0.2.1", "[192.0.2.1]"),
            (None, "-a.example.org", "192.0.2.1", "[192.0.2.1]"),
            (None, "192.0.2.7", "192.0.2.1", "[192.0.2.1]"),
            (None, "vm.", "192.0.2.1", "[192.0.2.1]"),
            (Some("news.example.org"), "vm", "192.0.2.1", "news.example.org"),
            (Some("vm"), "mail.example.org", "192.0.2.1", "vm"),
            (Some("192.0.2.9"), "vm", "192.0.2.1", "[192.0.2.9]"),
            (Some("[IPv6:2001:db8::9]"), "vm", "192.0.2.1", "[IPv6:2001:db8::9]"),
        ];
        for (wanted, machine, local, expected) in rows {
            assert_eq!(said(wanted, machine, local), expected, "{wanted:?} {machine} {local}");
        }
        for wrong in ["", "a b", "[mail.example]", "[192.0.2.1", "a\r\nb"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
