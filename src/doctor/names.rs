//! What DNS says of a sender's domains: SPF, DKIM, DMARC, and whether mail to them arrives.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::dns::Dns;
use super::origin::SendingHost;
use super::sender::Domains;
use super::{Finding, origin, records, sender, spf};
use crate::message::dkim::Signer;

/// For all questions of one check together; the longest chain is that of SPF.
const WITHIN: Duration = Duration::from_secs(15);
const MX: &str = "mx";

/// Asks all at once; the findings come in an order of their own, the same each time.
pub async fn check(
    dns: &Dns,
    domains: &Domains,
    signers: &[Signer],
    origins: &[SendingHost],
) -> Vec<Finding> {
    let mut checks = JoinSet::new();
    let (own, domain) = (dns.clone(), domains.reverse_path.clone());
    checks.spawn(async move { (0, bounded("spf", one(spf::check(&own, &domain))).await) });
    let (own, domain, origins) = (dns.clone(), domains.reverse_path.clone(), origins.to_vec());
    checks.spawn(
        async move { (1, bounded("spf-relay", origin::check(&own, &origins, &domain)).await) },
    );
    let (own, all) = (dns.clone(), domains.clone());
    checks.spawn(async move { (2, bounded("dmarc", policy(&own, &all)).await) });
    for (at, signer) in (3..).zip(signers) {
        let (own, signer) = (dns.clone(), signer.clone());
        checks.spawn(async move { (at, bounded("dkim", one(records::key(&own, &signer))).await) });
    }
    for (at, domain) in (1_000..).zip(domains.that_receive()) {
        let own = dns.clone();
        checks.spawn(async move { (at, bounded(MX, one(receives(&own, &domain))).await) });
    }
    let mut found = checks.join_all().await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().flat_map(|(_, findings)| findings).collect()
}

/// DMARC's policy, and whether the domains are as close as it asks for.
async fn policy(dns: &Dns, domains: &Domains) -> Vec<Finding> {
    let (finding, modes) = records::policy(dns, &domains.from).await;
    vec![finding, sender::alignment(domains, modes)]
}

async fn one(asked: impl Future<Output = Finding>) -> Vec<Finding> {
    vec![asked.await]
}

async fn bounded(check: &'static str, asked: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(WITHIN, asked).await.unwrap_or_else(|_| {
        let late = Finding::warning(check, "DNS did not answer in time");
        vec![late.help("try again later")]
    })
}

/// Whether mail to a domain has somewhere to go (RFC 5321 5.1, RFC 7505).
async fn receives(dns: &Dns, domain: &str) -> Finding {
    let hosts = match dns.mx(domain).await {
        Ok(hosts) => hosts,
        Err(error) => return error.finding(MX),
    };
    if hosts.iter().any(String::is_empty) {
        return Finding::error(MX, format!("{domain} says that it accepts no mail (null MX)"))
            .help("use a domain that accepts replies and bounces");
    }
    if let [first, ..] = hosts.as_slice() {
        return Finding::ok(MX, format!("mail to {domain} goes to {first}"));
    }
    match dns.addresses(domain).await.map(|found| !found.is_empty()) {
        Err(error) => error.finding(MX),
        Ok(true) => Finding::warning(MX, format!("{domain} has an address but no MX record"))
            .help("publish an MX record: some receivers refuse mail from domains without one"),
        Ok(false) => Finding::error(
            MX,
            format!("{domain} cannot receive mail: it has no MX record and no address"),
        )
        .help("publish an MX record: receivers refuse senders that nobody can reply to"),
    }
}
