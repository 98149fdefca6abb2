//! What Amazon SNS posts for Amazon SES: whether it is Amazon's, and a subscription that is to be confirmed.
//!
//! The certificate that shows it is fetched from the one host that SNS has in the region of the topic,
//! whatever a post says. Must never fetch more than a little because of what strangers post, nor keep
//! other requests waiting for Amazon.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use jiff::Timestamp;
use tokio::time::timeout;

use super::attempts::Attempts;
use super::hooks::is_recent;
use crate::bounce::provider::sns::{self, SnsKind, SnsPost, SnsSignatureVersion, TopicArn};
use crate::crypto::verifying::{RsaDigest, RsaKey};
use crate::diagnostic::log::LogEntry;
use crate::fetch::{Client, Method, NoAnswer};
use crate::net::certificate::Certificate;

/// SNS itself waits for 15 s.
const PATIENCE: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);
/// A certificate has about 2 kB.
const LARGEST: usize = 16 * 1_024;
/// Certificates that are kept: a region has one, and another one when that ends.
const MOST_KEPT: usize = 8;
/// Until what could not be fetched is asked for again.
const FAILED: Duration = Duration::from_secs(20);
/// Failures that are remembered.
const MOST_FAILED: usize = 32;
/// Requests to Amazon for posts of everybody, and for those of one visitor: so many at once, and how long
/// it takes until there may be one more.
const ALL: (u32, Duration) = (8, Duration::from_secs(10));
const ONE: (u32, Duration) = (3, Duration::from_secs(20));
/// What stands for everybody among visitors.
const EVERYBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// Until the same is told again.
const QUIET: Duration = Duration::from_secs(60);

/// What a post proves nothing by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmazonFault {
    /// It is not the provider's; with what whoever runs the server can do.
    Forged(&'static str),
    /// Nobody can tell now.
    Later,
}

const RAW: &str = "It is a message of Amazon SNS as it was published, which has no signature: switch off \
    \"raw message delivery\" of the subscription";
const NOT_OURS: &str = "If Amazon SNS says that it posts there, compare topic of [[webhook]] with the ARN \
    of its topic, and this computer's clock with the time";

/// What is known of Amazon's certificates, and how more is learnt.
#[derive(Debug)]
pub(super) struct AmazonPosts {
    client: Client,
    known: Mutex<KnownCertificates>,
    fetching: tokio::sync::Mutex<()>,
    of_all: Attempts<IpAddr>,
    of_one: Attempts<IpAddr>,
    tell: fn(&LogEntry),
    told: Mutex<BTreeMap<&'static str, Instant>>,
}

#[derive(Debug, Default)]
struct KnownCertificates {
    good: Vec<(String, SigningCertificate)>,
    failed: Vec<(String, Instant, AmazonFault)>,
}

/// A key, and when it counts.
#[derive(Clone, Debug)]
struct SigningCertificate {
    key: RsaKey,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl AmazonPosts {
    pub(super) fn new(client: Client, tell: fn(&LogEntry)) -> AmazonPosts {
        AmazonPosts {
            client,
            known: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            of_all: Attempts::new(ALL.0, ALL.1),
            of_one: Attempts::new(ONE.0, ONE.1),
            tell,
            told: Mutex::default(),
        }
    }

    /// Whether a post is Amazon's and for the topic, and what it proves that with once. A subscription is
    /// confirmed before the answer.
    pub(super) async fn proven(
        &self,
        path: &str,
        topic: &TopicArn,
        (body, visitor): (&[u8], IpAddr),
        now: Timestamp,
    ) -> Result<Option<String>, AmazonFault> {
        let forged = AmazonFault::Forged(NOT_OURS);
        let Some(post) = SnsPost::read(body) else {
            let what_to_do = if sns::is_raw(body) { RAW } else { NOT_OURS };
            return Err(AmazonFault::Forged(what_to_do));
        };
        let is_now = post.timestamp.parse().is_ok_and(|at| is_recent(at, now));
        let is_ours = post.topic == topic.as_str() && topic.is_certificate(&post.certificate);
        let signature = BASE64.decode(post.signature.as_bytes()).map_err(|_| forged)?;
        // Nothing is fetched for what cannot be proven.
        if !is_now || !is_ours || !(256..=1_024).contains(&signature.len()) {
            return Err(forged);
        }
        let certificate = self.certificate(topic, &post.certificate, (visitor, now)).await?;
        let is_valid = certificate.not_before <= now && now <= certificate.not_after;
        let digest = match post.version {
            SnsSignatureVersion::One => RsaDigest::Sha1,
            SnsSignatureVersion::Two => RsaDigest::Sha256,
        };
        if !is_valid || !certificate.key.verifies(digest, post.signed.as_bytes(), &signature) {
            return Err(forged);
        }
        match &post.kind {
            SnsKind::Notification => Ok(Some(post.id)),
            SnsKind::SubscriptionConfirmation(token) => {
                self.confirm(path, topic, (token, visitor)).await?;
                Ok(None)
            }
            SnsKind::UnsubscribeConfirmation => {
                let text = format!(
                    "{} is not posted to {path} any more: Amazon SNS has ended the subscription. Where \
                     nobody meant that, make it anew in Amazon SNS",
                    topic.as_str()
                );
                self.tell_of("subscription_ended", text);
                Ok(None)
            }
        }
    }

    /// The certificate at an address of the topic's region.
    async fn certificate(
        &self,
        topic: &TopicArn,
        address: &str,
        (visitor, now): (IpAddr, Timestamp),
    ) -> Result<SigningCertificate, AmazonFault> {
        if let Some(known) = self.known(address) {
            return known;
        }
        // One at a time: of posts that come together, the first one fetches for all.
        let Ok(_turn) = timeout(PATIENCE + SECOND, self.fetching.lock()).await else {
            return Err(AmazonFault::Later);
        };
        if let Some(known) = self.known(address) {
            return known;
        }
        if !self.may_ask(visitor) {
            return Err(AmazonFault::Later);
        }
        let found = self.fetched(topic, address, now).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.add(address, &found);
        found
    }

    fn known(&self, address: &str) -> Option<Result<SigningCertificate, AmazonFault>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(address)
    }

    fn may_ask(&self, visitor: IpAddr) -> bool {
        self.of_one.take(visitor) && self.of_all.take(EVERYBODY)
    }

    async fn fetched(
        &self,
        topic: &TopicArn,
        address: &str,
        now: Timestamp,
    ) -> Result<SigningCertificate, AmazonFault> {
        let forged = AmazonFault::Forged(NOT_OURS);
        let why = match self.client.read(address, LARGEST, PATIENCE).await {
            Ok((answer, body)) if answer.status == 200 => {
                return usable(&body, topic, now).ok_or(forged);
            }
            // There is no such certificate.
            Ok((answer, _)) if matches!(answer.status, 403 | 404) => return Err(forged),
            Ok((answer, _)) => format!("the answer is {}", answer.status),
            Err(NoAnswer::Large(_)) => return Err(forged),
            Err(why) => why.to_string(),
        };
        let text = format!(
            "what Amazon SES reports cannot be proven: no certificate can be fetched from {}: {why}. Amazon \
             SNS is asked to post it again",
            topic.host()
        );
        self.tell_of("certificate_missing", text);
        Err(AmazonFault::Later)
    }

    /// Confirms that the topic is to be posted here. The address is not that of the post, but made anew.
    async fn confirm(
        &self,
        path: &str,
        topic: &TopicArn,
        (token, visitor): (&str, IpAddr),
    ) -> Result<(), AmazonFault> {
        if !self.may_ask(visitor) {
            return Err(AmazonFault::Later);
        }
        let name = topic.as_str();
        let why = match self.client.ask(Method::Get, &topic.confirmation(token), PATIENCE).await {
            Ok(answer) if answer.status == 200 => {
                let text = format!("{name} is posted to {path} from now on");
                (self.tell)(&LogEntry::new("subscription_confirmed", text));
                return Ok(());
            }
            Ok(answer) => format!("{} answers {}", topic.host(), answer.status),
            Err(why) => why.to_string(),
        };
        let text = format!(
            "that {name} is to be posted to {path} cannot be confirmed: {why}. Choose \"request \
             confirmation\" of the subscription in Amazon SNS"
        );
        self.tell_of("subscription_unconfirmed", text);
        Err(AmazonFault::Later)
    }

    /// Tells whoever runs the server, now and then: nothing of one kind hides what is of another.
    fn tell_of(&self, kind: &'static str, text: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(kind).is_some_and(|told| told.elapsed() < QUIET) {
            return;
        }
        told.insert(kind, Instant::now());
        (self.tell)(&LogEntry::warning(kind, text));
    }
}

/// The key of a certificate in PEM, if it is one of SNS that counts now.
fn usable(pem: &[u8], topic: &TopicArn, now: Timestamp) -> Option<SigningCertificate> {
    let read = Certificate::read_pem(pem)?;
    let (not_before, not_after) = (read.not_before, read.not_after);
    let is_of_sns = [topic.host(), "sns.amazonaws.com", "sns.amazonaws.com.cn"];
    let is_of_sns = is_of_sns.iter().any(|name| read.is_for(name));
    let is_now = not_before <= now && now <= not_after;
    let key = RsaKey::from_der(&read.public_key).filter(|_| is_of_sns && is_now)?;
    Some(SigningCertificate { key, not_before, not_after })
}

impl KnownCertificates {
    fn get(&mut self, address: &str) -> Option<Result<SigningCertificate, AmazonFault>> {
        self.failed.retain(|(_, at, _)| at.elapsed() < FAILED);
        let good = self.good.iter().find(|(known, _)| known == address);
        let failed = || self.failed.iter().find(|(known, ..)| known == address);
        good.map(|(_, certificate)| Ok(certificate.clone()))
            .or_else(|| failed().map(|(_, _, fault)| Err(*fault)))
    }

    /// What fails never takes the place of what is good.
    fn add(&mut self, address: &str, found: &Result<SigningCertificate, AmazonFault>) {
        let address = address.to_owned();
        match found {
            Ok(certificate) => {
                if self.good.len() >= MOST_KEPT {
                    self.good.remove(0);
                }
                self.good.push((address, certificate.clone()));
            }
            Err(fault) => {
                if self.failed.len() >= MOST_FAILED {
                    self.failed.remove(0);
                }
                self.failed.push((address, Instant::now(), *fault));
            }
        }
    }
}
