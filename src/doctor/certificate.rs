//! A certificate's names, issuer and last day (X.509, RFC 5280 4.1), read for people.
//!
//! Whether it is to be trusted was decided before, by TLS. Must never panic: what cannot be read is
//! `None`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];

/// What people want to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// Its last moment.
    pub(super) not_after: Timestamp,
    /// Who signed it: an organisation, or else a common name.
    pub(super) issuer: Option<String>,
    /// The host names it is for.
    pub(super) names: Vec<String>,
}

impl Certificate {
    /// Reads DER.
    pub(super) fn read(der: &[u8]) -> Option<Certificate> {
        let mut certificate = Der(Der(der).expect(SEQUENCE)?);
        let mut fields = Der(certificate.expect(SEQUENCE)?);
        fields.skip_if(VERSION);
        // Serial number and algorithm.
        fields.next()?;
        fields.next()?;
        let issuer = fields.expect(SEQUENCE)?;
        let mut validity = Der(fields.expect(SEQUENCE)?);
        validity.next()?;
        let (kind, text) = validity.next()?;
        let not_after = time(kind, text)?;
        let mut names = Vec::new();
        while let Some((kind, inner)) = fields.next() {
            if kind == EXTENSIONS {
                names = alternative_names(inner).unwrap_or_default();
            }
        }
        let issuer = attribute(issuer, ORGANIZATION).or_else(|| attribute(issuer, COMMON_NAME));
        Some(Certificate { not_after, issuer, names })
    }

    /// Whole days until its end, less than zero behind it.
    pub(super) fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_secs().div_euclid(24 * 60 * 60)
    }
}

/// Elements of DER (X.690), one after the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..0x80 => (usize::from(first), rest),
            _ => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                // Three bytes are 16 MB; no certificate is longer.
                let fits = (1..=3).contains(&bytes.len());
                let length = bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                (fits.then_some(length)?, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn skip_if(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }
}

/// RFC 5280 4.1.2.5: two digits of a year from 50 on are of the last century.
fn time(kind: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match kind {
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(moment).ok()
}

/// The first value of an attribute of a name (RFC 5280 4.1.2.4).
fn attribute(name: &[u8], wanted: &[u8]) -> Option<String> {
    let mut sets = Der(name);
    while let Some(set) = sets.expect(SET) {
        let mut pair = Der(Der(set).expect(SEQUENCE)?);
        if pair.expect(OBJECT_IDENTIFIER)? == wanted {
            return Some(shown(pair.next()?.1));
        }
    }
    None
}

fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut list = Der(Der(extensions).expect(SEQUENCE)?);
    while let Some(extension) = list.expect(SEQUENCE) {
        let mut extension = Der(extension);
        if extension.expect(OBJECT_IDENTIFIER)? != SUBJECT_ALT_NAME {
            continue;
        }
        // "Critical" may stand in between.
        let (_, value) =
            std::iter::from_fn(|| extension.next()).find(|(k, _)| *k == OCTET_STRING)?;
        let mut inner = Der(Der(value).expect(SEQUENCE)?);
        let all = std::iter::from_fn(|| inner.next());
        return Some(all.filter(|(kind, _)| *kind == DNS_NAME).map(|(_, n)| shown(n)).collect());
    }
    None
}

/// Somebody else's text, for a terminal.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect()
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
            assert_eq!(read.issuer.as_deref(), Some("Sejong Trust"));
            assert_eq!(read.names, ["mail.example", "relay.example"]);
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
