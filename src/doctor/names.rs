//! What DNS says of a sender's domains: SPF, DKIM, DMARC, and whether mail to them arrives.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::dns::Dns;
use super::{Finding, records, spf};
use crate::message::dkim::Signer;

/// For all questions of one check together; the longest chain is that of SPF.
const WITHIN: Duration = Duration::from_secs(15);
const MX: &str = "mx";

/// The domains of a sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    /// Of From.
    pub from: String,
    /// Of Reply-To, where there is one.
    pub reply_to: Option<String>,
    /// Of the reverse-path, where bounces go.
    pub reverse_path: String,
}

impl Domains {
    /// Each once.
    fn that_receive(&self) -> Vec<String> {
        let mut all = vec![self.from.clone(), self.reverse_path.clone()];
        all.extend(self.reply_to.clone());
        let mut once: Vec<String> = Vec::new();
        for domain in all {
            if !once.contains(&domain) {
                once.push(domain);
            }
        }
        once
    }
}

/// Asks all at once; the findings come in an order of their own, the same each time.
pub async fn check(dns: &Dns, domains: &Domains, signers: &[Signer]) -> Vec<Finding> {
    let mut checks = JoinSet::new();
    let (own, domain) = (dns.clone(), domains.reverse_path.clone());
    checks.spawn(async move { (0, bounded("spf", spf::check(&own, &domain)).await) });
    let (own, domain) = (dns.clone(), domains.from.clone());
    checks.spawn(async move { (1, bounded("dmarc", records::policy(&own, &domain)).await) });
    for (at, signer) in (2..).zip(signers) {
        let (own, signer) = (dns.clone(), signer.clone());
        checks.spawn(async move { (at, bounded("dkim", records::key(&own, &signer)).await) });
    }
    for (at, domain) in (1_000..).zip(domains.that_receive()) {
        let own = dns.clone();
        checks.spawn(async move { (at, bounded(MX, receives(&own, &domain)).await) });
    }
    let mut found = checks.join_all().await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, finding)| finding).collect()
}

async fn bounded(check: &'static str, asked: impl Future<Output = Finding>) -> Finding {
    timeout(WITHIN, asked).await.unwrap_or_else(|_| {
        Finding::warning(check, "could not ask DNS: it took too long").help("try again later")
    })
}

/// Whether mail to a domain has somewhere to go (RFC 5321 5.1, RFC 7505).
async fn receives(dns: &Dns, domain: &str) -> Finding {
    let hosts = match dns.mx(domain).await {
        Ok(hosts) => hosts,
        Err(error) => return error.finding(MX),
    };
    if hosts.iter().any(String::is_empty) {
        return Finding::error(MX, format!("{domain} says that it takes no mail (null MX)"))
            .help("use a domain that takes answers and bounces");
    }
    if let [first, ..] = hosts.as_slice() {
        return Finding::ok(MX, format!("mail to {domain} goes to {first}"));
    }
    match dns.has_address(domain).await {
        Err(error) => error.finding(MX),
        Ok(true) => Finding::warning(MX, format!("{domain} has an address but no MX record"))
            .help("publish an MX record: some receivers refuse senders without one"),
        Ok(false) => Finding::error(MX, format!("mail to {domain} has nowhere to go: no MX"))
            .help("publish an MX record: receivers refuse senders that cannot be answered"),
    }
}
