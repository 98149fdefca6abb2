//! Where messages go: the relay that was named, the one in `digest.toml`, or a catcher of our own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sejong_digest::config;
use sejong_digest::delivery::pace::Rate;
use sejong_digest::smtp::catcher::{Catcher, CatcherOptions};
use sejong_digest::smtp::relay::Relay;

use super::desk::Desk;
use super::failure::Failure;
use super::print;

/// Where to and how hard; the same for `send` and `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct RelayArgs {
    /// The relay, as smtps://user@host [default: the one in digest.toml]
    #[arg(long, value_name = "URL")]
    pub(crate) relay: Option<String>,
    /// Rehearse: deliver to a catcher that writes each mail to DIR/new
    #[arg(long, value_name = "DIR", conflicts_with = "relay")]
    pub(crate) catch: Option<PathBuf>,
}

/// A relay ready for use, and the catcher behind it, if it is one of ours.
pub(crate) struct Destination {
    pub(crate) relay: Relay,
    pub(crate) limit: Option<Rate>,
    catcher: Option<Catcher>,
}

impl Destination {
    /// Ends the catcher, if there is one.
    pub(crate) async fn close(self) {
        if let Some(catcher) = self.catcher {
            catcher.stop().await;
        }
    }
}

/// Makes ready what the arguments say.
pub(crate) async fn destination(desk: &Desk, args: &RelayArgs) -> Result<Destination, Failure> {
    if let Some(folder) = &args.catch {
        return catch(folder).await;
    }
    if let Some(url) = &args.relay {
        let relay =
            Relay::parse(url).map_err(|error| Failure::usage(format!("--relay: {error}")))?;
        let relay = config::credentials(relay, None, None, &desk.environment)
            .map_err(|reason| Failure::new(reason).help("set DIGEST_SMTP_PASSWORD"))?;
        return Ok(Destination { relay, limit: None, catcher: None });
    }
    let [first, rest @ ..] = desk.config.relays.as_slice() else {
        return Err(Failure::new("there is no relay to send to").help(
            "add [[relay]] to digest.toml, or name one: --relay smtps://user@mail.your.domain",
        ));
    };
    if !rest.is_empty() {
        print::note(&format!(
            "{} relays are configured; this version uses the first",
            rest.len() + 1
        ));
    }
    let relay = first.with_password(&desk.environment).map_err(|reason| {
        Failure::new(reason).help("set DIGEST_SMTP_PASSWORD, or password_file in [[relay]]")
    })?;
    Ok(Destination { relay, limit: first.limit, catcher: None })
}

async fn catch(folder: &Path) -> Result<Destination, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("the catcher cannot use {}: {error}", folder.display()))
            .help("name a folder that you may write to")
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let options = CatcherOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        maildir: Some(folder.to_owned()),
        ..CatcherOptions::default()
    };
    let catcher = Catcher::start(options).await.map_err(failed)?;
    let relay = Relay::parse(&format!("smtp://{}", catcher.addr()))?;
    Ok(Destination { relay, limit: None, catcher: Some(catcher) })
}
