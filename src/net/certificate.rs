//! A certificate's names, issuer, last day and key (X.509, RFC 5280 4.1).
//!
//! Whether it is to be trusted is decided by TLS. Must never panic: what cannot be read is `None`.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::diagnostic::visible::visible;

/// What people want to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its first moment.
    pub not_before: Timestamp,
    /// Its last moment.
    pub not_after: Timestamp,
    /// Who signed it: an organisation, or else a common name.
    pub issuer: Option<String>,
    /// Whether it names itself as its issuer.
    pub is_own_issuer: bool,
    /// The host names it is for.
    pub names: Vec<String>,
    /// The common name of its subject, where it names hosts from before there was a place for them.
    pub common_name: Option<String>,
    /// Its key, a SubjectPublicKeyInfo in DER.
    pub public_key: Vec<u8>,
}

impl Certificate {
    /// Reads DER.
    pub fn read(der: &[u8]) -> Option<Certificate> {
        let (_, read) = parse_x509_certificate(der).ok()?;
        let issuer = read.issuer();
        let organization = issuer.iter_organization().find_map(|value| value.as_str().ok());
        let common_name = || issuer.iter_common_name().find_map(|value| value.as_str().ok());
        let names = read.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        let host = |name: &GeneralName<'_>| match name {
            GeneralName::DNSName(name) => Some(printable(name)),
            _ => None,
        };
        let valid = read.validity();
        Some(Certificate {
            not_before: Timestamp::from_second(valid.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(valid.not_after.timestamp()).ok()?,
            is_own_issuer: issuer == read.subject(),
            issuer: organization.or_else(common_name).map(printable),
            names: names.filter_map(host).collect(),
            common_name: {
                let mut own = read.subject().iter_common_name();
                own.find_map(|value| value.as_str().ok()).map(printable)
            },
            public_key: read.public_key().raw.to_owned(),
        })
    }

    /// Reads the first certificate of a text in PEM (RFC 7468).
    pub fn read_pem(text: &[u8]) -> Option<Certificate> {
        Certificate::read(&CertificateDer::from_pem_slice(text).ok()?)
    }

    /// Whether it is for a host, by this very name.
    pub fn is_for(&self, host: &str) -> bool {
        let mut names = self.names.iter().chain(&self.common_name);
        names.any(|name| name.eq_ignore_ascii_case(host))
    }

    /// Whole days until its end, less than zero behind it.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_secs().div_euclid(24 * 60 * 60)
    }
}

/// Somebody else's text, for a terminal.
fn printable(text: &str) -> String {
    visible(&text.chars().filter(|c| !c.is_control()).collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests {
    use jiff::Span;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made(year: i32) -> Vec<u8> {
        let names = ["mail.example".to_owned(), "relay.example".to_owned()];
        let mut params = CertificateParams::new(names).expect("names");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 2, 3);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Root 1");
        params.distinguished_name.push(DnType::OrganizationName, "Sejong \u{1b}Trust");
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn names_issuer_and_end_are_read() {
        // From 2050 on the time is written in another form.
        for (year, end) in [(2030, "2030-02-03T00:00:00Z"), (2060, "2060-02-03T00:00:00Z")] {
            let read = Certificate::read(&made(year)).expect("read");
            let end: Timestamp = end.parse().expect("a time");
            assert_eq!(read.not_after, end);
            assert_eq!(read.not_before.to_string(), "2020-01-01T00:00:00Z");
            assert_eq!(read.issuer.as_deref(), Some("Sejong Trust"));
            assert!(read.is_own_issuer);
            assert_eq!(read.names, ["mail.example", "relay.example"]);
            assert_eq!(read.common_name.as_deref(), Some("Root 1"));
            assert!(read.is_for("MAIL.example") && read.is_for("root 1"));
            assert!(!read.is_for("a.mail.example") && !read.is_for("example"));
            let before = |span: Span| read.days_left(end.checked_sub(span).expect("a time"));
            assert_eq!(before(Span::new().hours(47)), 1);
            assert_eq!(before(Span::new().hours(-1)), -1);
        }
    }

    #[test]
    fn what_is_cut_off_or_changed_never_panics() {
        let whole = made(2030);
        for end in 0..whole.len() {
            assert_eq!(Certificate::read(&whole[..end]), None, "{end}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            let _ = Certificate::read(&changed);
        }
    }
}
