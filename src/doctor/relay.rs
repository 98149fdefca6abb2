//! A relay as a send would meet it, up to the point where the first message would start.
//!
//! Opens one session and says goodbye. What fails is told at its stage, and what came before it as
//! well: whoever reads that TLS was fine need not look there. Must never show a password.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Finding;
use crate::net::certificate::Certificate;
use crate::net::tls::Secured;
use crate::smtp::hello::{Hello, HelloSource};
use crate::smtp::outcome::Stage;
use crate::smtp::relay::{Relay, Timeouts, Tls};
use crate::smtp::session::{Offered, Session};
use crate::smtp::trouble::{Cause, Trouble};

const REACHED: &str = "relay";
const TLS: &str = "relay-tls";
const CERTIFICATE: &str = "relay-certificate";
const LOGIN: &str = "relay-login";
const HELLO: &str = "relay-hello";
const EXTENSIONS: &str = "relay-extensions";
const SIZE: &str = "size";

/// Days before its end at which a certificate should have a successor; those that renew themselves
/// do so at 30.
const DAYS_LEFT: i64 = 14;
/// Names of a certificate that are told.
const NAMES: usize = 3;
/// A send would be more patient.
const STEP: Duration = Duration::from_secs(10);
/// For the whole session, which has up to seven steps.
const WITHIN: Duration = Duration::from_secs(30);

/// A relay, and what is known of its password.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// With its password, if it has one.
    pub relay: Relay,
    /// Why there is none although one is wanted.
    pub no_password: Option<String>,
}

/// Asks all at once; `message_size` is that of the issue, in bytes, and certificates end after `now`.
pub async fn check(
    relays: Vec<Candidate>,
    message_size: Option<u64>,
    offline: bool,
    now: Timestamp,
) -> Vec<Finding> {
    if relays.is_empty() {
        return vec![
            Finding::warning(REACHED, "there is no relay to send to")
                .help("add [[relay]] to digest.toml, or name one with --relay"),
        ];
    }
    let mut sessions = JoinSet::new();
    for (at, candidate) in relays.into_iter().enumerate() {
        sessions.spawn(async move { (at, one(candidate, message_size, offline, now).await) });
    }
    let mut found = sessions.join_all().await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().flat_map(|(_, findings)| findings).collect()
}

async fn one(
    candidate: Candidate,
    message_size: Option<u64>,
    offline: bool,
    now: Timestamp,
) -> Vec<Finding> {
    let relay = candidate.relay.with_timeouts(Timeouts {
        connect: STEP,
        greeting: STEP,
        hello: STEP,
        ..Timeouts::default()
    });
    let mut found = Vec::new();
    let plain = relay.tls() == Tls::None;
    if plain && !relay.is_local() {
        let message = format!("{relay}: mail crosses the network without encryption (tls=none)");
        found.push(Finding::warning(TLS, message).help("use smtps://, or remove tls=none"));
    }
    if let Some(reason) = &candidate.no_password {
        let finding = Finding::error(LOGIN, format!("{relay}: {reason}"));
        found.push(finding.help("set DIGEST_SMTP_PASSWORD, or password_file in [[relay]]"));
    }
    if offline && !relay.is_local() {
        // What nobody looked at is not ok.
        found.push(Finding::warning(REACHED, format!("{relay}: not checked (--offline)")));
        return found;
    }
    let opened = timeout(WITHIN, Session::open(&relay)).await;
    let Ok(opened) = opened else {
        let message = format!("{relay}: not ready after {} s", WITHIN.as_secs());
        found.push(
            Finding::error(REACHED, message).help("ask the people who run it, or try again later"),
        );
        return found;
    };
    match opened {
        Ok(session) => {
            let offered = session.offered().clone();
            let secured = session.secured();
            let hello = session.hello().clone();
            session.quit().await;
            let login = candidate.no_password.is_none();
            passed(&relay, Stage::Mail, login, &mut found);
            found.extend(secured.map(|secured| certificate(&relay, &secured, now)));
            found.push(named(&relay, &hello));
            found.push(extensions(&relay, &offered));
            found.extend(message_size.map(|size| fits(&relay, &offered, size)));
        }
        Err(trouble) => {
            passed(&relay, trouble.stage, false, &mut found);
            found.push(failed(&trouble));
        }
    }
    found
}

/// What was well before `stage`.
fn passed(relay: &Relay, stage: Stage, login: bool, found: &mut Vec<Finding>) {
    if matches!(stage, Stage::Connect | Stage::Greeting) {
        return;
    }
    found.push(Finding::ok(REACHED, format!("{relay}: can be reached, and greets us")));
    let host = relay.host();
    let good = format!("and the certificate is valid for {host}");
    let secured = match (relay.tls(), stage) {
        (Tls::Required, Stage::Ehlo | Stage::Starttls) => None,
        (Tls::Required, _) => Some(format!("{relay}: STARTTLS works, {good}")),
        (Tls::Implicit, _) => Some(format!("{relay}: TLS from the first byte, {good}")),
        (Tls::None, _) if relay.is_local() => {
            Some(format!("{relay}: no encryption, because it is on this computer"))
        }
        (Tls::None, _) => None,
    };
    found.extend(secured.map(|message| Finding::ok(TLS, message)));
    if login {
        found.push(Finding::ok(
            LOGIN,
            match relay.user() {
                Some(user) => format!("{relay}: accepts the login of {user}"),
                None => format!(
                    "{relay}: no user is set, and the relay has not asked for a login so far"
                ),
            },
        ));
    }
}

/// Who we say we are: a bare name is refused by many, often not before RCPT.
fn named(relay: &Relay, hello: &Hello) -> Finding {
    let message = match &hello.source {
        HelloSource::Options => format!("{relay}: greeted as {hello}, as hello says"),
        HelloSource::Machine => format!("{relay}: greeted as {hello}, the name of this computer"),
        HelloSource::Address(machine) if machine.is_empty() => {
            format!("{relay}: greeted as {hello}: this computer has no name")
        }
        HelloSource::Address(machine) => format!(
            "{relay}: greeted as {hello}: the name of this computer, {machine}, is not a full host \
             name"
        ),
    };
    if hello.is_full() {
        return Finding::ok(HELLO, message);
    }
    let message =
        format!("{message}; this is not a full host name, and many relays refuse such names");
    Finding::warning(HELLO, message).help("set hello to a full name, such as mail.your.domain")
}

/// The certificate that TLS was content with: for how long it will be.
fn certificate(relay: &Relay, secured: &Secured, now: Timestamp) -> Finding {
    let version = secured.version;
    let Some(read) = Certificate::read(&secured.certificate) else {
        let message = format!("{relay}: {version}; the certificate's last day cannot be read");
        return Finding::warning(CERTIFICATE, message)
            .help("look at the certificate with another tool");
    };
    let days = read.days_left(now);
    let issuer = read.issuer.as_deref().unwrap_or("an issuer without a name");
    let mut names = read.names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    if read.names.len() > NAMES {
        names.push_str(&format!(" and {} more", read.names.len() - NAMES));
    }
    let end = read.not_after.strftime("%Y-%m-%d");
    let left = if days == 1 { "1 day" } else { &format!("{days} days") };
    let message = format!(
        "{relay}: {version}; the certificate for {names}, issued by {issuer}, ends on {end}, in \
         {left}"
    );
    match days {
        DAYS_LEFT.. => Finding::ok(CERTIFICATE, message),
        0.. => Finding::warning(CERTIFICATE, message).help(
            "renew it, or ask the people who run the relay: after that day, nothing can be sent",
        ),
        _ => Finding::error(CERTIFICATE, message)
            .help("renew it, or ask the people who run the relay"),
    }
}

fn failed(trouble: &Trouble) -> Finding {
    let check = match (trouble.stage, &trouble.cause) {
        (Stage::Ehlo, Cause::Reply(reply)) if reply.class() == 5 => HELLO,
        (Stage::Auth, _) => LOGIN,
        (Stage::Starttls, _) | (_, Cause::Tls(_) | Cause::Unfit) => TLS,
        _ => REACHED,
    };
    Finding::error(check, trouble.to_string()).help(trouble.advice())
}

fn extensions(relay: &Relay, offered: &Offered) -> Finding {
    let known = [
        (offered.pipelining, "PIPELINING"),
        (offered.size.is_some(), "SIZE"),
        (offered.eight_bit_mime, "8BITMIME"),
        (offered.smtputf8, "SMTPUTF8"),
        (offered.enhanced_status_codes, "ENHANCEDSTATUSCODES"),
    ];
    let names = |wanted: bool| {
        let names = known.iter().filter(|(offers, _)| *offers == wanted);
        names.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    };
    let message = match (names(true), names(false)) {
        (offers, lacks) if lacks.is_empty() => format!("{relay}: offers {offers}"),
        (offers, lacks) if offers.is_empty() => format!("{relay}: offers none of {lacks}"),
        (offers, lacks) => format!("{relay}: offers {offers}, but not {lacks}"),
    };
    match (offered.pipelining, relay.pipelining()) {
        (false, _) => Finding::warning(EXTENSIONS, message)
            .help("without PIPELINING each message takes longer; use more connections"),
        (true, false) => Finding::warning(EXTENSIONS, format!("{message}; pipelining=off is set"))
            .help("remove pipelining=off if the relay works correctly now"),
        (true, true) => Finding::ok(EXTENSIONS, message),
    }
}

fn fits(relay: &Relay, offered: &Offered, size: u64) -> Finding {
    match offered.size {
        Some(Some(max)) if size > max => {
            let message =
                format!("{relay}: a message has {size} bytes, but the relay accepts only {max}");
            Finding::error(SIZE, message)
                .help("make the pictures smaller, or leave them on the web with images = \"host\"")
        }
        Some(Some(max)) => Finding::ok(
            SIZE,
            format!("{relay}: a message has {size} bytes; the relay accepts {max}"),
        ),
        Some(None) | None => Finding::ok(
            SIZE,
            format!("{relay}: a message has {size} bytes; the relay names no limit"),
        ),
    }
}
