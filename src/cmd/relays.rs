//! Where messages go: the relay that was named, the one in `digest.toml`, or a catcher of our own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sejong_digest::catcher::{Catcher, CatcherOptions, maildir};
use sejong_digest::config;
use sejong_digest::delivery::route::Route;
use sejong_digest::diagnostic::counted;
use sejong_digest::smtp::relay::Relay;

use super::failure::Failure;
use super::files::{self, describe};
use super::print;
use super::workspace::Workspace;

/// Where to and how hard; the same for `send` and `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct RelayArgs {
    /// The relay, such as smtps://user@host [default: the one in digest.toml]
    #[arg(long, value_name = "URL")]
    pub(crate) relay: Option<String>,
    /// Rehearse: send to a mail catcher that writes files to DIR/new
    #[arg(long, value_name = "DIR", conflicts_with = "relay")]
    pub(crate) catch: Option<PathBuf>,
}

/// The relay that the arguments choose.
#[derive(Clone, Debug)]
pub(crate) enum RelayChoice {
    /// A catcher of our own, which writes to this folder.
    Catcher(PathBuf),
    /// The one that was named; it has no password yet.
    Named(Box<Relay>),
    /// Those of `digest.toml`.
    Configured,
}

impl RelayArgs {
    /// Reads the arguments.
    pub(crate) fn choice(&self) -> Result<RelayChoice, Failure> {
        Ok(match (&self.catch, &self.relay) {
            (Some(folder), _) => RelayChoice::Catcher(folder.clone()),
            (None, Some(url)) => {
                let relay = Relay::parse(url);
                let wrong = |error| Failure::usage(format!("--relay: {error}"));
                RelayChoice::Named(Box::new(relay.map_err(wrong)?))
            }
            (None, None) => RelayChoice::Configured,
        })
    }
}

impl RelayChoice {
    /// The folder of a rehearsal; nothing where messages leave.
    pub(crate) fn rehearsal(&self) -> Option<&Path> {
        match self {
            RelayChoice::Catcher(folder) => Some(folder),
            RelayChoice::Named(_) | RelayChoice::Configured => None,
        }
    }
}

/// Relays ready for use, and the catcher behind them, if it is one of ours.
pub(crate) struct Destination {
    /// One or more.
    pub(crate) routes: Vec<Route>,
    catcher: Option<(Catcher, PathBuf)>,
}

impl Destination {
    fn one(relay: Relay, catcher: Option<(Catcher, PathBuf)>) -> Destination {
        Destination { routes: vec![Route::to(relay)], catcher }
    }

    /// Ends the catcher, if there is one, and says where its messages are.
    pub(crate) async fn close(self) {
        let Some((catcher, folder)) = self.catcher else { return };
        let messages = catcher.counts().accepted;
        catcher.stop().await;
        if messages > 0 {
            let messages = counted(messages, "message");
            print::note(&format!("{messages} in {}/", describe(&folder.join("new"))));
        }
    }
}

/// Makes ready what was chosen.
pub(crate) async fn destination(
    workspace: &Workspace,
    choice: &RelayChoice,
) -> Result<Destination, Failure> {
    match choice {
        RelayChoice::Catcher(folder) => catch(folder).await,
        RelayChoice::Named(relay) => {
            let relay =
                config::credentials(relay.as_ref().clone(), None, None, &workspace.environment);
            let lacks = |error: config::PasswordError| {
                Failure::new(error.to_string()).help("set DIGEST_SMTP_PASSWORD")
            };
            Ok(Destination::one(relay.map_err(lacks)?, None))
        }
        RelayChoice::Configured => configured(workspace),
    }
}

fn configured(workspace: &Workspace) -> Result<Destination, Failure> {
    if workspace.config.relays.is_empty() {
        return Err(Failure::new("there is no relay to send to").help(
            "add [[relay]] to digest.toml, or name one: --relay smtps://user@mail.your.domain",
        ));
    }
    Ok(Destination { routes: configured_routes(workspace)?, catcher: None })
}

/// The relays of `digest.toml`, with their passwords.
pub(super) fn configured_routes(workspace: &Workspace) -> Result<Vec<Route>, Failure> {
    let routes = (1..).zip(&workspace.config.relays).map(|(number, configured)| {
        configured.with_password(number, &workspace.environment).map_err(|error| {
            let help = "set DIGEST_SMTP_PASSWORD, or password_file in [[relay]]";
            Failure::new(error.to_string()).help(help)
        })
    });
    routes.collect()
}

/// Makes the folder of what is caught, which only its owner can read. One that is there stays as it
/// is: it may hold other things.
pub(super) fn catch_folder(folder: &Path) -> std::io::Result<()> {
    maildir::no_link(folder)?;
    files::stays_here(folder)?;
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

async fn catch(folder: &Path) -> Result<Destination, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("the mail catcher cannot use {}: {error}", folder.display()))
            .help("name a folder that you can write to")
    };
    catch_folder(folder).map_err(failed)?;
    let options = CatcherOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        maildir: Some(folder.to_owned()),
        ..CatcherOptions::default()
    };
    let catcher = Catcher::start(options).await.map_err(failed)?;
    let relay = Relay::parse(&format!("smtp://{}", catcher.addr()))?;
    Ok(Destination::one(relay, Some((catcher, folder.to_owned()))))
}
