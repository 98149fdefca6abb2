//! The page behind List-Unsubscribe: asked as a mailbox provider asks it (RFC 8058 3.2), with a
//! token that names nobody.
//!
//! Must never unsubscribe anybody: the token is none by its letters, whatever secret signs others.

use std::time::Duration;

use super::Finding;
use super::dns::Dns;
use crate::fetch::{self, Answer, Client, Method, NoAnswer, Reach};
use crate::net::dial::DialError;

const CHECK: &str = "one-click-page";
/// A full stop is no letter of base64url, which all tokens are written in.
const NO_TOKEN: &str = "digest-doctor.names-nobody";
/// RFC 8058 3.1: the whole content of the request.
const FORM: &str = "List-Unsubscribe=One-Click";
const WITHIN: Duration = Duration::from_secs(10);

/// Asks the page under `base_url`; without `dns` only one on this machine. One that is not on the
/// internet is asked only where `reach` says so: `digest.toml` may be a stranger's proposal.
pub async fn check(dns: Option<&Dns>, base_url: &str, reach: Reach) -> Finding {
    let address = format!("{base_url}/unsubscribe/{NO_TOKEN}");
    let place = format!("{base_url}/unsubscribe/");
    if !base_url.starts_with("https://") {
        return Finding::warning(CHECK, format!("{place} was not checked, because it has no TLS"))
            .help("write https:// in base_url");
    }
    let local = fetch::is_local(&address);
    if dns.is_none() && !local {
        return Finding::warning(CHECK, format!("{place}: not checked, because DNS is not asked"));
    }
    let mut client = match Client::new(reach) {
        Ok(client) => client,
        Err(error) => return Finding::warning(CHECK, error.to_string()),
    };
    if let (Some(dns), Some(host), false) = (dns, fetch::host(&address), local) {
        // An address that is written as numbers needs no look-up.
        if host.parse::<std::net::Ipv4Addr>().is_err() && !host.starts_with('[') {
            match dns.addresses(&host).await {
                Err(error) => return error.finding(CHECK),
                Ok(none) if none.is_empty() => {
                    return judged(&place, Err(DialError::NoSuchHost(host).into()));
                }
                Ok(addresses) => client = client.at(&host, addresses),
            }
        }
    }
    judged(&place, client.ask(Method::Post(FORM), &address, WITHIN).await)
}

fn judged(place: &str, answer: Result<Answer, NoAnswer>) -> Finding {
    let answer = match answer {
        Ok(answer) => answer,
        Err(NoAnswer::Private(host)) => {
            return Finding::warning(
                CHECK,
                format!("{place} was not checked: {host} is no public address"),
            )
            .help(
                "mailbox providers cannot reach it; `--allow-private` asks a server in your own \
                 network",
            );
        }
        Err(error) => {
            let message = format!("{place} cannot be reached: {error}");
            return match error {
                NoAnswer::Dial(DialError::Lookup(..)) => {
                    Finding::warning(CHECK, message).help("check the network, and try again later")
                }
                _ => Finding::error(CHECK, message)
                    .help("correct base_url, or run a web server with a valid certificate there"),
            };
        }
    };
    let status = answer.status;
    let warning = |what: String| Finding::warning(CHECK, format!("{place} {what}"));
    match status {
        200..=299 => Finding::ok(
            CHECK,
            format!(
                "{place} accepts one-click unsubscribing ({status}), even with a link that we \
                 never sent"
            ),
        ),
        // Told that the link is none.
        400 | 403 | 410 | 422 => Finding::ok(
            CHECK,
            format!(
                "{place} is there for one-click unsubscribing, and refuses a false link ({status})"
            ),
        ),
        300..=399 => {
            let to = answer.location.map_or_else(String::new, |to| format!(" to {to}"));
            warning(format!(
                "redirects{to} ({status}), but mailbox providers do not follow redirects"
            ))
            .help("let this address itself answer the POST: RFC 8058 allows no redirect")
        }
        401 | 407 => warning(format!("asks for a login ({status})"))
            .help("allow it without a login: the token in the link says who it is"),
        404 | 405 | 501 => warning(format!("does not accept one-click unsubscribing ({status})"))
            .help(
                "run `digest serve` behind the web server there: it accepts the POST and \
             unsubscribes",
            ),
        _ => warning(format!("answers {status}")).help("look into the log of that server"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;
    use crate::message::token::Keys;

    #[test]
    fn the_token_names_nobody_whatever_the_secret() {
        for secret in ["", "secret", "another"] {
            let keys = Keys::new(secret.as_bytes());
            assert_eq!(keys.read_unsubscribe_token("digest.sejong.example", NO_TOKEN), None);
        }
        assert!(data_encoding::BASE64URL_NOPAD.decode(NO_TOKEN.as_bytes()).is_err());
    }

    #[test]
    fn an_answer_is_well_and_a_way_elsewhere_is_not() {
        let level = |status| judged("x", Ok(Answer { status, location: None })).level;
        for status in [200, 204, 400, 403, 410] {
            assert_eq!(level(status), Level::Ok, "{status}");
        }
        for status in [301, 302, 308, 401, 404, 405, 418, 429, 500, 503] {
            assert_eq!(level(status), Level::Warning, "{status}");
        }
        let failed = |error: DialError| judged("x", Err(error.into())).level;
        assert_eq!(failed(DialError::NoSuchHost("a".into())), Level::Error);
        assert_eq!(failed(DialError::Unreachable("refused".into())), Level::Error);
        assert_eq!(failed(DialError::Lookup("a".into(), "later".into())), Level::Warning);
        assert_eq!(judged("x", Err(NoAnswer::Private("a".into()))).level, Level::Warning);
    }
}
