//! Records of DKIM and DMARC: tag lists (RFC 6376 3.2) that DNS holds, against what we expect.

use data_encoding::BASE64;

use super::Finding;
use super::dns::{Dns, DnsError};
use crate::message::dkim::Signer;

const DKIM: &str = "dkim";
const DMARC: &str = "dmarc";
/// Domains that a walk upwards asks, as drafts of the next DMARC have it.
const WALK: usize = 8;

/// The tags of a record, in order: names in lower case, values without white space.
fn tags(record: &str) -> Vec<(String, String)> {
    let part = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = value.split_ascii_whitespace().collect();
        Some((name.trim().to_ascii_lowercase(), value))
    };
    record.split(';').filter_map(part).collect()
}

fn tag<'a>(tags: &'a [(String, String)], name: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Whether DNS holds the public half of a signer's key.
pub(super) async fn key(dns: &Dns, signer: &Signer) -> Finding {
    let name = signer.record_name();
    let expected = match signer.record() {
        Ok(record) => record,
        Err(error) => return Finding::error(DKIM, error.to_string()),
    };
    let publish = format!("publish TXT {name} = \"{expected}\"");
    let records = match dns.txt(&name).await {
        Ok(records) => records,
        Err(error) => return error.finding(DKIM),
    };
    match records.as_slice() {
        [] => Finding::error(DKIM, format!("there is no key at {name}")).help(publish),
        [record] => compare(&name, &tags(record), &tags(&expected), publish),
        more => Finding::error(DKIM, format!("{name} has {} TXT records", more.len()))
            .help("keep only one: receivers may use any of them"),
    }
}

fn compare(
    name: &str,
    found: &[(String, String)],
    expected: &[(String, String)],
    publish: String,
) -> Finding {
    let wrong = |what: String| Finding::error(DKIM, what).help(publish.clone());
    let kind = |tags: &[(String, String)]| tag(tags, "k").unwrap_or("rsa").to_ascii_lowercase();
    let hashes = tag(found, "h").unwrap_or("sha256");
    match tag(found, "p") {
        None => return wrong(format!("the record at {name} is not a DKIM key: it has no p=")),
        Some("") => {
            return Finding::error(DKIM, format!("the key at {name} is revoked (empty p=)"))
                .help("make a key under another selector: `digest dkim keygen --selector NEW`");
        }
        _ if tag(found, "v").is_some_and(|version| version != "DKIM1") => {
            return wrong(format!("the record at {name} does not start with v=DKIM1"));
        }
        _ if kind(found) != kind(expected) => {
            let (there, ours) = (kind(found), kind(expected));
            return wrong(format!("the key at {name} is for {there}, but ours is for {ours}"));
        }
        _ if !hashes.split(':').any(|hash| hash.eq_ignore_ascii_case("sha256")) => {
            return wrong(format!("the key at {name} is not for SHA-256 (h={hashes})"));
        }
        Some(public) if !same_key(public, tag(expected, "p").unwrap_or_default()) => {
            return wrong(format!("the key at {name} is not the key that signs the messages"));
        }
        Some(_) => {}
    }
    let testing = tag(found, "t").is_some_and(|flags| flags.split(':').any(|flag| flag == "y"));
    if testing {
        Finding::warning(DKIM, format!("the key at {name} is marked as a test (t=y)"))
            .help("remove t=y: with it, receivers may ignore the signature")
    } else {
        Finding::ok(DKIM, format!("the key at {name} is the key that signs the messages"))
    }
}

/// RFC 6376 asks for an RSAPublicKey, everybody publishes a SubjectPublicKeyInfo, which ends in one;
/// receivers take both.
fn same_key(found: &str, ours: &str) -> bool {
    let decoded = |text: &str| BASE64.decode(text.as_bytes());
    match (decoded(found), decoded(ours)) {
        (Ok(found), Ok(ours)) => {
            found == ours || (found.len() > 200 && ours.ends_with(found.as_slice()))
        }
        _ => false,
    }
}

/// How close DMARC wants domains to be (RFC 7489 3.1): the same owner's, or the very same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// `adkim=s`.
    pub dkim_strict: bool,
    /// `aspf=s`.
    pub spf_strict: bool,
}

/// Whether From's domain, or one above it, has a DMARC policy, and what that asks for.
pub(super) async fn policy(dns: &Dns, domain: &str) -> (Finding, Modes) {
    let none = Modes::default();
    let mut asked = Some(domain);
    for _ in 0..WALK {
        let Some(name) = asked else { break };
        let records = match policies(dns, name).await {
            Ok(records) => records,
            Err(error) => return (error.finding(DMARC), none),
        };
        match records.as_slice() {
            [] => asked = above(name),
            [record] => {
                let record = tags(record);
                let strict = |name| tag(&record, name).is_some_and(|v| v.eq_ignore_ascii_case("s"));
                let modes = Modes { dkim_strict: strict("adkim"), spf_strict: strict("aspf") };
                return (judged(domain, name, &record), modes);
            }
            more => {
                let message = format!(
                    "_dmarc.{name} has {} policies, so receivers ignore all of them",
                    more.len()
                );
                return (Finding::error(DMARC, message).help("keep only one TXT record"), none);
            }
        }
    }
    let missing = Finding::error(DMARC, format!("{domain} has no DMARC policy"))
        .help(format!("to begin with, publish TXT _dmarc.{domain} = \"v=DMARC1; p=none\""));
    (missing, none)
}

async fn policies(dns: &Dns, name: &str) -> Result<Vec<String>, DnsError> {
    let mut records = dns.txt(&format!("_dmarc.{name}")).await?;
    records.retain(|text| tags(text).first().is_some_and(|(k, v)| k == "v" && v == "DMARC1"));
    Ok(records)
}

/// The domain above, while it may still belong to the same owner: a top-level domain does not.
fn above(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, above)| above).filter(|above| above.contains('.'))
}

fn judged(domain: &str, name: &str, record: &[(String, String)]) -> Finding {
    let below = if name == domain { None } else { tag(record, "sp") };
    let Some(policy) = below.or(tag(record, "p")) else {
        return Finding::error(DMARC, format!("the DMARC record at _dmarc.{name} has no p="))
            .help("add p=none, p=quarantine or p=reject");
    };
    let message = match policy.to_ascii_lowercase().as_str() {
        "none" => "p=none, which is enough for bulk mail".to_owned(),
        "quarantine" | "reject" => {
            format!("p={policy}: mail must be signed for this domain, or pass SPF for it")
        }
        _ => {
            let message = format!("the DMARC record at _dmarc.{name} has an unknown p={policy}");
            return Finding::error(DMARC, message).help("write none, quarantine or reject");
        }
    };
    Finding::ok(DMARC, format!("_dmarc.{name} says {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lose_white_space_and_a_walk_ends_below_the_top() {
        let read = tags("v=DKIM1; P = AB\tC D ;k=rsa; junk");
        assert_eq!((tag(&read, "p"), tag(&read, "k")), (Some("ABCD"), Some("rsa")));
        assert_eq!(above("a.b.example"), Some("b.example"));
        assert_eq!((above("b.example"), above("example")), (None, None));
    }

    #[test]
    fn a_policy_for_domains_below_comes_first() {
        let record = tags("v=DMARC1; p=none; sp=reject");
        let below = judged("news.b.example", "b.example", &record);
        assert!(below.message.contains("p=reject"), "{below:?}");
        assert!(judged("b.example", "b.example", &record).message.contains("p=none"));
    }
}
