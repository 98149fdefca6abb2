//! Where messages go: the relay that was named, the one in `digest.toml`, or a catcher of our own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sejong_digest::catcher::{Catcher, CatcherOptions};
use sejong_digest::config;
use sejong_digest::delivery::route::Route;
use sejong_digest::smtp::relay::Relay;

use super::failure::Failure;
use super::files::describe;
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
        let messages = match catcher.counts().accepted {
            0 => None,
            1 => Some("1 message".to_owned()),
            messages => Some(format!("{messages} messages")),
        };
        catcher.stop().await;
        if let Some(messages) = messages {
            print::note(&format!("{messages} in {}/", describe(&folder.join("new"))));
        }
    }
}

/// Makes ready what the arguments say.
pub(crate) async fn destination(
    workspace: &Workspace,
    args: &RelayArgs,
) -> Result<Destination, Failure> {
    if let Some(folder) = &args.catch {
        return catch(folder).await;
    }
    if let Some(url) = &args.relay {
        let relay =
            Relay::parse(url).map_err(|error| Failure::usage(format!("--relay: {error}")))?;
        let relay = config::credentials(relay, None, None, &workspace.environment)
            .map_err(|error| Failure::new(error.to_string()).help("set DIGEST_SMTP_PASSWORD"))?;
        return Ok(Destination::one(relay, None));
    }
    if workspace.config.relays.is_empty() {
        return Err(Failure::new("there is no relay to send to").help(
            "add [[relay]] to digest.toml, or name one: --relay smtps://user@mail.your.domain",
        ));
    }
    let routes = (1..).zip(&workspace.config.relays).map(|(number, configured)| {
        configured.with_password(number, &workspace.environment).map_err(|error| {
            let help = "set DIGEST_SMTP_PASSWORD, or password_file in [[relay]]";
            Failure::new(error.to_string()).help(help)
        })
    });
    Ok(Destination { routes: routes.collect::<Result<_, _>>()?, catcher: None })
}

/// Makes the folder of what is caught, which only its owner can read. One that is there stays as it
/// is: it may hold other things.
pub(super) fn catch_folder(folder: &Path) -> std::io::Result<()> {
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
