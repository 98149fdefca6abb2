//! Where providers of mail post what became of messages: `/hooks/NAME`.
//!
//! Must never act on what is not proven, tell how a forged report is wrong, nor say yes before what was
//! reported is on the disk: a provider that hears no asks again later.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::post;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

use super::Pages;
use super::amazon::{AmazonFault, AmazonPosts};
use super::answer::plain;
use super::visitor::Visitor;
use crate::bounce::provider::sns::TopicArn;
use crate::bounce::provider::{MailProvider, mailgun};
use crate::crypto::{self, verifying};
use crate::delivery::bounced::policy::BouncePolicy;
use crate::delivery::bounced::posted::PostedReport;
use crate::diagnostic::log::LogEntry;
use crate::fetch;

/// What paths of hooks begin with.
pub(super) const PATH: &str = "/hooks/";
/// Providers try for up to a day.
const OLDEST: SignedDuration = SignedDuration::from_hours(25);
/// Clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Until the same is told again.
const QUIET: Duration = Duration::from_secs(60);
/// Below this a secret could be guessed.
const LEAST_CHARACTERS: usize = 16;

/// Where one provider posts to, and by what it is known.
#[derive(Clone, Debug)]
pub struct Hook {
    name: String,
    provider: MailProvider,
    evidence: HookEvidence,
}

#[derive(Clone, Debug)]
enum HookEvidence {
    /// Words that nobody else knows, in the address or a header.
    Secret(SecretString),
    /// The key of a code in the body.
    Code(SecretString),
    /// The key that signatures are verified with, which is no secret.
    Signature(verifying::P256Key),
    /// The topic that a post of Amazon SNS is signed for, which is no secret either.
    Topic(TopicArn),
}

/// Why nothing can be proven with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Guessable.
    #[error(
        "it has fewer than {LEAST_CHARACTERS} characters; make one with `openssl rand -hex 32`"
    )]
    Short,
    /// Amazon SES has a topic in place of one.
    #[error("ses has no secret: write its topic to [[webhook]]")]
    NoSecret,
    /// Not what SendGrid shows.
    #[error(
        "it is no verification key; copy the one that SendGrid shows, a line that begins with MFkw"
    )]
    NoKey,
}

impl Hook {
    /// One with its secret.
    ///
    /// # Errors
    /// It proves nothing.
    pub fn new(name: String, provider: MailProvider, secret: &str) -> Result<Hook, HookError> {
        let secret = secret.trim();
        if secret.chars().count() < LEAST_CHARACTERS {
            return Err(HookError::Short);
        }
        let evidence = match provider {
            MailProvider::Mailgun => HookEvidence::Code(secret.into()),
            MailProvider::Brevo | MailProvider::Postmark | MailProvider::SparkPost => {
                HookEvidence::Secret(secret.into())
            }
            MailProvider::SendGrid => HookEvidence::Signature(
                verifying::P256Key::from_base64(secret).ok_or(HookError::NoKey)?,
            ),
            MailProvider::Ses => return Err(HookError::NoSecret),
        };
        Ok(Hook { name, provider, evidence })
    }

    /// The one of Amazon SES, to which a topic of Amazon SNS is posted.
    pub fn of_topic(name: String, topic: TopicArn) -> Hook {
        Hook { name, provider: MailProvider::Ses, evidence: HookEvidence::Topic(topic) }
    }

    /// Whether certificates of Amazon have to be fetched for it.
    pub fn is_of_amazon(&self) -> bool {
        matches!(self.evidence, HookEvidence::Topic(_))
    }

    /// Its path, without the secret.
    pub fn path(&self) -> String {
        format!("{PATH}{}", self.name)
    }

    /// Whether a request is the provider's, and what it proves that with once.
    fn is_proven(&self, posted: &Posted<'_>, now: Timestamp) -> Result<Option<String>, Forged> {
        let proven = |is_so: bool| if is_so { Ok(None) } else { Err(Forged) };
        match &self.evidence {
            HookEvidence::Secret(secret) => {
                let hash = |text: &str| crypto::sha256([text.as_bytes()]);
                let own = hash(secret.expose_secret());
                let given = posted.secret.map(str::to_owned).or_else(|| authorized(posted.headers));
                proven(given.is_some_and(|given| crypto::equal(&hash(&given), &own)))
            }
            HookEvidence::Code(key) => {
                let signed = mailgun::signature(posted.body).ok_or(Forged)?;
                let code =
                    HEXLOWER_PERMISSIVE.decode(signed.code.as_bytes()).map_err(|_| Forged)?;
                let parts = [signed.timestamp.as_bytes(), signed.token.as_bytes()];
                let key = key.expose_secret().as_bytes();
                proven(verifying::is_hmac_sha256(key, &parts, &code))?;
                proven(is_of_these_days(&signed.timestamp, now))?;
                Ok(Some(signed.token))
            }
            HookEvidence::Signature(key) => {
                let field = |name: &str| posted.headers.get(name)?.to_str().ok();
                let signature = field("x-twilio-email-event-webhook-signature").ok_or(Forged)?;
                let timestamp = field("x-twilio-email-event-webhook-timestamp").ok_or(Forged)?;
                let signature = BASE64.decode(signature.as_bytes()).map_err(|_| Forged)?;
                proven(key.verifies(&[timestamp.as_bytes(), posted.body], &signature))?;
                proven(is_of_these_days(timestamp, now))
            }
            // Only Amazon's certificate shows it.
            HookEvidence::Topic(_) => Err(Forged),
        }
    }
}

/// Whatever is wrong with a proof.
#[derive(Clone, Copy, Debug)]
struct Forged;

fn is_of_these_days(seconds: &str, now: Timestamp) -> bool {
    let at = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.is_some_and(|at| is_recent(at, now))
}

/// Whether a report may have been made at that time.
pub(super) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(at);
    age <= OLDEST && age >= -AHEAD
}

/// The password of Basic (RFC 7617), or the token of Bearer (RFC 6750).
fn authorized(headers: &HeaderMap) -> Option<String> {
    let (scheme, given) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(given.trim().to_owned());
    }
    let pair = String::from_utf8(BASE64.decode(given.trim().as_bytes()).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| password.to_owned())
}

/// A request as far as it proves something.
struct Posted<'a> {
    secret: Option<&'a str>,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

/// All hooks, and how many reports suppress a person.
#[derive(Debug)]
pub struct Hooks {
    all: Vec<Hook>,
    policy: BouncePolicy,
    amazon: Option<AmazonPosts>,
    tell: fn(&LogEntry),
    told: Mutex<Option<Instant>>,
}

impl Hooks {
    /// Hooks that tell of forged reports.
    pub fn new(all: Vec<Hook>, policy: BouncePolicy, tell: fn(&LogEntry)) -> Hooks {
        Hooks { all, policy, amazon: None, tell, told: Mutex::default() }
    }

    /// The same, with what certificates of Amazon are fetched by.
    pub fn with_amazon(self, client: fetch::Client) -> Hooks {
        Hooks { amazon: Some(AmazonPosts::new(client, self.tell)), ..self }
    }

    /// Where they are, without their secrets.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.all.iter().map(Hook::path)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a request is the provider's, and what it proves that with once.
    async fn proven(
        &self,
        hook: &Hook,
        (posted, visitor): (&Posted<'_>, IpAddr),
        now: Timestamp,
    ) -> Result<Option<String>, AmazonFault> {
        match (&hook.evidence, &self.amazon) {
            (HookEvidence::Topic(topic), Some(amazon)) => {
                amazon.proven(&hook.path(), topic, (posted.body, visitor), now).await
            }
            _ => hook.is_proven(posted, now).map_err(|Forged| AmazonFault::Forged(REFUSED)),
        }
    }

    /// Tells whoever runs the server, now and then, that something was refused: it may be a provider
    /// whose key is not the one that was written down.
    fn tell_of(&self, hook: &Hook, what_to_do: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| told.elapsed() < QUIET) {
            return;
        }
        *told = Some(Instant::now());
        let text = format!(
            "a report came to {}, and was refused: it does not prove that it is from {}. {what_to_do}",
            hook.path(),
            hook.provider.word()
        );
        (self.tell)(&LogEntry::warning("report_refused", text).with("hook", hook.name.as_str()));
    }
}

/// What to do where a proof fails.
const REFUSED: &str = "If the provider says that it posts there, compare the secret or key of \
    [[webhook]] with the provider's";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/hooks/{*rest}", post(report))
}

async fn report(
    State(pages): State<Arc<Pages>>,
    path: Result<Path<String>, PathRejection>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    let (name, secret) = match path.split_once('/') {
        Some((name, secret)) => (name, Some(secret)),
        None => (path.as_str(), None),
    };
    let visitor = Visitor::of(&extensions);
    let forged = || {
        let status = pages.status_of_wrong(visitor);
        plain(status, "This is no report of a provider of this newsletter.\n")
    };
    let Some(hook) = pages.hooks.all.iter().find(|hook| hook.name == name) else {
        return forged();
    };
    let posted = Posted { secret, headers: &headers, body: &body };
    let by = visitor.address;
    let once = match pages.hooks.proven(hook, (&posted, by), (pages.clock)()).await {
        Ok(once) => once,
        Err(AmazonFault::Forged(what_to_do)) => {
            pages.hooks.tell_of(hook, what_to_do);
            return forged();
        }
        Err(AmazonFault::Later) => {
            return later("It cannot be proven now whose it is; post it again later.\n");
        }
    };
    let Some(events) = hook.provider.read(&body) else {
        return plain(StatusCode::UNPROCESSABLE_ENTITY, "The report cannot be read.\n");
    };
    let (provider, name) = (hook.provider, hook.name.clone());
    let posted = PostedReport { provider, name, once, events };
    match pages.writer.take_note(posted, pages.hooks.policy).await {
        Ok(()) => plain(StatusCode::OK, "Taken.\n"),
        Err(_) => later("It cannot be written down now; post it again later.\n"),
    }
}

fn later(text: &'static str) -> Response<Body> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_within_its_bounds() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (seconds, expected) in [
            ("1800000000", true),
            ("1799913600", true),
            ("1799900000", false),
            ("1800000299", true),
            ("1800000301", false),
            ("-9223372036854775808", false),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(is_of_these_days(seconds, now), expected, "{seconds}");
        }
    }

    #[test]
    fn a_password_or_a_token_stands_in_the_header() {
        for (field, expected) in [
            ("Basic ZGlnZXN0OnNlOmNyZXQ=", Some("se:cret")),
            ("basic ZGlnZXN0OnNlOmNyZXQ=", Some("se:cret")),
            ("Bearer abc", Some("abc")),
            ("Digest ZGlnZXN0OnNlOmNyZXQ=", None),
            ("Basic x", None),
            ("Bearer", None),
        ] {
            let value = HeaderValue::from_static(field);
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            assert_eq!(authorized(&headers).as_deref(), expected, "{field}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let hook = Hook::new("a".to_owned(), MailProvider::Postmark, "0123456789abcdef").unwrap();
        assert!(!format!("{hook:?}").contains("0123456789abcdef"));
        for (provider, secret) in
            [(MailProvider::Postmark, "short"), (MailProvider::SendGrid, "0123456789abcdef")]
        {
            assert!(Hook::new("a".to_owned(), provider, secret).is_err());
        }
    }
}
