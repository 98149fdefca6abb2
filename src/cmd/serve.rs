//! `digest serve`: answers readers on the web until it is told to stop.

use std::net::SocketAddr;

use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::web::base::BaseUrl;
use sejong_digest::web::server::ServerLimits;
use sejong_digest::web::{self, Site, WebOptions, listeners};
use tokio::sync::watch;

use super::failure::{Ending, Exit, Failure};
use super::readers::forgetting_keys;
use super::stop_signals::StopSignals;
use super::subscribers::place;
use super::workspace::{LostSecret, Workspace};
use super::{Global, clock, looking, print};

const ABOUT: &str = "\
Answer readers on the web: today those who leave by the link in a mail

Stands behind a reverse proxy that speaks TLS; [web] listen in digest.toml says where, or systemd
gives the socket. It answers at base_url, and nothing changes by opening a link: a mail program's one
click (RFC 8058) or the page's button does it. It may run while an issue is sent. SIGTERM and Ctrl-C
end it when requests that are under way are answered.";

/// Answer readers on the web
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT)]
pub(crate) struct Args {
    /// Where to listen, instead of [web] listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Say whether configuration, secret, store and address are in order, and end
    #[arg(long)]
    check: bool,
    /// The store [default: that of digest.toml]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Runs `digest serve`.
pub(super) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let address = args.listen.unwrap_or(workspace.config.web.listen);
    let sockets = listeners::open(&[address]).map_err(|error| {
        Failure::new(error.to_string()).help(
            "another program may be there: end it, or name another address with [web] listen or --listen",
        )
    })?;
    let at = sockets.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(address);
    // Pages are answered beside writes that take their time.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let options = options(&workspace, args).await?;
        // A store that cannot be used is told before the first reader meets it.
        let store = Store::open(&options.store, &ledger::STEPS).await;
        store.map_err(looking::unusable)?.close().await;
        let found = options.site.base.to("/");
        if args.check {
            print::words(&format!("{found} can be answered from http://{at}/\n"))?;
            return Ok(Exit::Done);
        }
        print::note(&format!("answering for {found} at http://{at}/"));
        let sockets = sockets.into_iter().map(tokio::net::TcpListener::from_std);
        let sockets = sockets.collect::<Result<Vec<_>, _>>()?;
        let mut signals = StopSignals::open()?;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(web::serve(options, sockets, stopped));
        signals.next().await;
        print::note("no request is taken any more; those under way are answered");
        let _ = stop.send(true);
        serving.await??;
        Ok(Exit::Done)
    })
}

async fn options(workspace: &Workspace, args: &Args) -> Result<WebOptions, Failure> {
    let config = &workspace.config;
    let store = place(workspace, args.store.as_deref())?;
    let lost = LostSecret::of(workspace, Some(store.clone())).await?;
    let secret = match lost {
        Some(lost) => {
            return Err(Failure::new(format!("{lost}; no link in mail can be read without it"))
                .help("copy .digest-secret here from the computer that sends the mail, or set DIGEST_SECRET"));
        }
        None => workspace.secret()?,
    };
    let base = BaseUrl::read(config.sender.base_url()).ok_or_else(|| {
        Failure::checks(format!("nothing can be answered at {}", config.sender.base_url()))
            .help("base_url is an address without ? and #, such as https://news.example.org")
    })?;
    let identity = workspace.identity(&secret, Vec::new());
    let site = Site {
        name: config.publication.name.clone(),
        language: config.publication.language.clone(),
        contact: config.sender.contact().address.to_string(),
        base,
        list_id: identity.list_id,
        keys: identity.keys,
        theme: config.theme.clone(),
    };
    Ok(WebOptions {
        site,
        store,
        forgetting: forgetting_keys(workspace)?,
        proxies: config.web.proxies.clone(),
        limits: ServerLimits::default(),
        clock: clock::now,
    })
}
