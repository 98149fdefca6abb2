//! `digest serve`: answers readers on the web until it is told to stop.

mod subscribing;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use sejong_digest::audience::forgotten::ForgettingKeys;
use sejong_digest::config;
use sejong_digest::crypto::Key;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::store::{Store, StoreAddress};
use sejong_digest::web::base::BaseUrl;
use sejong_digest::web::hooks::Hooks;
use sejong_digest::web::keys::{LinkKeys, ReadKeys};
use sejong_digest::web::listeners::{self, ListenError};
use sejong_digest::web::live::LiveOptions;
use sejong_digest::web::server::ServerLimits;
use sejong_digest::web::{self, Site, WebOptions};
use tokio::sync::watch;

use super::failure::{Ending, Exit, Failure};
use super::files::describe_store;
use super::stop_signals::StopSignals;
use super::subscribers::place;
use super::workspace::{LostSecret, Workspace};
use super::{Global, archive, clock, looking, print};
pub(crate) use subscribing::problems_of_letters;

const ABOUT: &str = "\
Answer readers on the web: those who subscribe, and those who leave by the link in a mail

Stands behind a reverse proxy that speaks TLS; [web] listen in digest.toml says where, or systemd
gives the socket. It answers at base_url, and nothing changes by opening a link: a mail program's one
click (RFC 8058) or the page's button does it. Where digest.toml has [form], people subscribe at
base_url/subscribe: it sends them a mail over [[relay]], and the link in that confirms. It shows the
archive, too: the pages of `digest archive build`, a few seconds after an issue has its first reader.
Where digest.toml has [[webhook]], providers of mail post there what became of messages.
It may run while an issue is sent. SIGTERM, SIGHUP and Ctrl-C end it when requests that are under way
are answered.";

/// Answer readers on the web
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT)]
pub(crate) struct Args {
    /// Where to listen, instead of [web] listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Say whether configuration, secret, store, relays and address are in order, and end
    #[arg(long)]
    check: bool,
    /// Print the form for subscribing as HTML for another site, and end
    #[arg(long, conflicts_with = "check")]
    snippet: bool,
    /// Serve from a ledger that was moved or copied: no other one sends
    #[arg(long)]
    despite_copy: bool,
    /// The store [default: that of digest.toml]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Runs `digest serve`.
pub(super) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    if args.snippet {
        return print_snippet(&workspace);
    }
    let address = args.listen.unwrap_or(workspace.config.web.listen);
    // Pages are answered beside writes that take their time.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let options = options(&workspace, args).await?;
        if args.check
            && let Some(subscribing) = &options.subscribing
        {
            let relays = subscribing::relays_answer(&subscribing.outbox.routes).await?;
            let form = options.site.base.to("/subscribe");
            print::words(&format!("people can subscribe at {form}; mails leave by {relays}\n"))?;
        }
        if args.check {
            for path in options.hooks.paths() {
                let address = options.site.base.to(&path);
                print::words(&format!("reports of a provider can be posted to {address}\n"))?;
            }
        }
        let found = options.site.base.to("/");
        let sockets = match listeners::open(&[address]) {
            Err(ListenError::Address(at, error))
                if args.check && error.kind() == io::ErrorKind::AddrInUse =>
            {
                print::words(&format!("{found} can be answered; a server is at http://{at}/\n"))?;
                return Ok(Exit::Done);
            }
            sockets => sockets.map_err(|error| {
                Failure::new(error.to_string()).help(
                    "name an address of this computer that no other program listens at, with [web] \
                     listen or --listen",
                )
            })?,
        };
        let at = sockets.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(address);
        if args.check {
            print::words(&format!("{found} can be answered from http://{at}/\n"))?;
            return Ok(Exit::Done);
        }
        // Tables that are older are brought up to date before the first reader meets them.
        let store = Store::open(&options.store, &ledger::STEPS).await;
        store.map_err(looking::unusable)?.close().await;
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

/// The form for another site.
fn print_snippet(workspace: &Workspace) -> Ending {
    let form = workspace.config.form.as_ref().ok_or_else(|| {
        Failure::checks("there is no form: digest.toml has no [form]")
            .help("add [form] to digest.toml; its keys are in docs/reference.md")
    })?;
    print::words(&web::subscribing::snippet(&site(workspace)?, form))?;
    Ok(Exit::Done)
}

/// What pages say of the publication.
fn site(workspace: &Workspace) -> Result<Site, Failure> {
    let config = &workspace.config;
    let base = BaseUrl::read(config.sender.base_url()).ok_or_else(|| {
        Failure::checks(format!("nothing can be answered at {}", config.sender.base_url()))
            .help("base_url is an address without ? and #, such as https://news.example.org")
    })?;
    Ok(Site {
        name: config.publication.name.clone(),
        language: config.publication.language.clone(),
        contact: config.sender.contact().address.to_string(),
        base,
        list_id: config.sender.list_id_in_mail().to_owned(),
        theme: config.theme.clone(),
    })
}

/// All that the server needs, or what keeps it from being of use. Writes nothing.
async fn options(workspace: &Workspace, args: &Args) -> Result<WebOptions, Failure> {
    let config = &workspace.config;
    let store = place(workspace, args.store.as_deref())?;
    if !store.is_there() {
        let what = format!(
            "there is no {}: who leaves would be written where no send looks",
            describe_store(&store)
        );
        return Err(Failure::new(what).help(
            "run `digest serve` where issues are sent from, or let both use a store on a server: \
             docs/guide.md, PostgreSQL. Before the first send, and the first subscriber in the store, \
             there is none, and no mail with a link either",
        ));
    }
    let lost = LostSecret::of(workspace, Some(store.clone())).await?;
    let lost = match lost {
        Some(lost) => Some(lost),
        None => lost_in_part(workspace, args, &store).await?,
    };
    if let Some(lost) = lost {
        return Err(Failure::new(format!("{lost}; links in that mail cannot be read without it"))
            .help("copy .digest-secret here from the computer that sends the mail, or set DIGEST_SECRET"));
    }
    let read = reading_of_keys(workspace);
    let Some(keys) = read() else {
        return Err(Failure::new("there is no secret here, so no link can be read").help(
            "copy .digest-secret here from the computer that sends the mail, or set DIGEST_SECRET; where \
             no mail was sent yet, the first `digest test` or `digest send` makes one",
        ));
    };
    let site = site(workspace)?;
    let archive = LiveOptions {
        site: archive::site(workspace, &site.base),
        shown: config.archive.served(),
        still: archive::still(workspace),
        root: workspace.root.clone(),
    };
    Ok(WebOptions {
        site,
        store,
        keys: (keys, read),
        subscribing: subscribing::options(workspace)?,
        hooks: hooks(workspace)?,
        origins: config.web.origins.clone(),
        archive,
        proxies: config.web.proxies.clone(),
        limits: ServerLimits::default(),
        clock: clock::now,
        tell: print::note,
    })
}

/// Where providers of mail post what became of messages.
fn hooks(workspace: &Workspace) -> Result<Hooks, Failure> {
    let config = &workspace.config;
    let hook = |one: &config::WebhookConfig| one.hook(&workspace.environment);
    let hooks = config.web.webhooks.iter().map(hook).collect::<Result<Vec<_>, _>>();
    let hooks = hooks.map_err(|error| {
        Failure::checks(error.to_string())
            .help("docs/guide.md, Reports from providers, says what it is")
    })?;
    Ok(Hooks::new(hooks, config.bounce, print::note))
}

/// Whether the store is where it last sent from and the secret has all keys that it sent with: what
/// `send` asks as well.
async fn lost_in_part(
    workspace: &Workspace,
    args: &Args,
    address: &StoreAddress,
) -> Result<Option<LostSecret>, Failure> {
    let store = Store::read(address, &ledger::STEPS).await.map_err(looking::unusable)?;
    let ledger = Ledger::new(store.clone(), "");
    let sent = ledger.sent_keys(workspace.config.sender.list_id_in_mail()).await;
    let moved = ledger.moved().await;
    store.close().await;
    if let Some(moved) = moved?.filter(|_| !args.despite_copy) {
        return Err(Failure::checks(looking::moved(address, moved)).help(
            "run `digest serve` where issues are sent from, or let both use a store on a server. If this \
             ledger is the one that goes on, add --despite-copy until it has sent from here",
        ));
    }
    LostSecret::in_part(workspace, &sent?, address)
}

/// Reads the secret, now and whenever a link has a key that nobody knows.
fn reading_of_keys(workspace: &Workspace) -> ReadKeys {
    let (root, environment) = (workspace.root.clone(), workspace.environment.clone());
    let sender = workspace.config.sender.clone();
    Arc::new(move || {
        let secret = config::known_secret(&root, &environment).ok().flatten()?;
        let forgetting = ForgettingKeys::of_secret(secret.older().chain([secret.newest()]));
        let visitors = Key::derive(secret.newest().1, "visitor of the form");
        Some(LinkKeys { links: sender.identity(&secret).keys, forgetting, visitors })
    })
}
