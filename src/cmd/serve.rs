//! `digest serve`: answers readers on the web until it is told to stop.

mod subscribing;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use sejong_digest::audience::forgotten::ForgettingKeys;
use sejong_digest::audience::signup;
use sejong_digest::config;
use sejong_digest::crypto::Key;
use sejong_digest::delivery::ledger::editions::ShownIssues;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::diagnostic::log::LogEntry;
use sejong_digest::fetch::proxy::ForwardProxy;
use sejong_digest::fetch::{Client, Reach};
use sejong_digest::store::{Store, StoreAddress};
use sejong_digest::web::base::BaseUrl;
use sejong_digest::web::hooks::{Hook, Hooks};
use sejong_digest::web::keys::{LinkKeys, ReadKeys};
use sejong_digest::web::listeners::{self, ListenError};
use sejong_digest::web::live::LiveOptions;
use sejong_digest::web::preferences::{NAMES, ReaderChoices};
use sejong_digest::web::server::ServerLimits;
use sejong_digest::web::supervisor::Supervisor;
use sejong_digest::web::{self, Site, WebOptions, WebSockets};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::failure::{Ending, Exit, Failure};
use super::files::describe_store;
use super::stop_signals::StopSignals;
use super::subscribers::place;
use super::workspace::{LostSecret, Workspace};
use super::{Global, LogOptions, archive, clock, looking, print};
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
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listening)]
    listen: Option<SocketAddr>,
    /// Say whether configuration, secret, store, archive, relays and addresses are in order, and end
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
    #[command(flatten)]
    pub(super) log: LogOptions,
}

/// Runs `digest serve`.
pub(super) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    if args.snippet {
        return print_snippet(&workspace);
    }
    // Pages are answered beside writes that take their time.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let options = options(&workspace, args).await?;
        if args.check {
            check(&workspace, args, &options).await
        } else {
            serve(&workspace, args, options).await
        }
    })
}

/// Answers until a signal comes.
async fn serve(workspace: &Workspace, args: &Args, options: WebOptions) -> Ending {
    let web = &workspace.config.web;
    let address = args.listen.unwrap_or(web.listen);
    let sockets = listeners::open(&[address]).map_err(not_listening)?;
    let metrics = web.metrics.map(listeners::open_one).transpose().map_err(not_listening)?;
    let at = sockets.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(address);
    // Tables that are older are brought up to date before the first reader meets them.
    let store = Store::open(&options.store, &ledger::STEPS).await;
    let store = store.map_err(looking::unusable)?;
    if let Some(subscribing) = &options.subscribing {
        let consents = subscribing.form.consents(&options.site);
        signup::keep_words(&store, &consents, clock::now()).await?;
    }
    archive::complete(workspace, &store).await?;
    store.close().await;
    let base = options.site.base.to("/");
    let text = format!("answering for {base} at http://{at}/");
    print::notice(
        &LogEntry::new("start", text).with("base_url", base).with("listen", at.to_string()),
    );
    if let Some(at) = metrics.as_ref().and_then(|socket| socket.local_addr().ok()) {
        let text = format!("how it is: http://{at}/metrics, /healthz and /readyz");
        print::notice(&LogEntry::new("metrics", text).with("listen", at.to_string()));
    }
    let readers = sockets.into_iter().map(TcpListener::from_std).collect::<Result<Vec<_>, _>>()?;
    let metrics = metrics.map(TcpListener::from_std).transpose()?;
    let mut signals = StopSignals::open()?;
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(web::serve(options, WebSockets { readers, metrics }, stopped));
    signals.next().await;
    let text = "no request is taken any more; those under way are answered";
    print::notice(&LogEntry::new("stop", text));
    let _ = stop.send(true);
    serving.await??;
    Ok(Exit::Done)
}

/// Says of each thing that it is in order, or ends with the first that is not. What comes before it, as
/// the configuration, was found in order when this begins.
async fn check(workspace: &Workspace, args: &Args, options: &WebOptions) -> Ending {
    let base = &options.site.base;
    let store = describe_store(&options.store);
    print::words(&format!("configuration, secret and {store} are in order\n"))?;
    let archive = match options.archive.shown {
        ShownIssues::None => "no issue is shown\n".to_owned(),
        _ => format!("issues are shown at {}\n", base.to("/issues/")),
    };
    print::words(&archive)?;
    if let Some(subscribing) = &options.subscribing {
        let relays = subscribing::relays_answer(&subscribing.outbox.routes).await?;
        let form = base.to("/subscribe");
        print::words(&format!("people can subscribe at {form}; mails leave by {relays}\n"))?;
    }
    for path in options.hooks.paths() {
        let address = base.to(&path);
        print::words(&format!("reports of a provider can be posted to {address}\n"))?;
    }
    let web = &workspace.config.web;
    if let Some(address) = web.metrics {
        let told = match taken(listeners::open_one(address).map(|socket| vec![socket]))? {
            Ok(at) => format!("metrics can be read at http://{at}/metrics\n"),
            Err(at) => format!("metrics: a server is at http://{at}/\n"),
        };
        print::words(&told)?;
    }
    let found = base.to("/");
    let told = match taken(listeners::open(&[args.listen.unwrap_or(web.listen)]))? {
        Ok(at) => format!("{found} can be answered from http://{at}/\n"),
        Err(at) => format!("{found} can be answered; a server is at http://{at}/\n"),
    };
    print::words(&told)?;
    Ok(Exit::Done)
}

/// The address that sockets have; the inner error is one where a server is already.
fn taken(
    sockets: Result<Vec<std::net::TcpListener>, ListenError>,
) -> Result<Result<SocketAddr, SocketAddr>, Failure> {
    match sockets {
        Err(ListenError::Address(at, error)) if error.kind() == io::ErrorKind::AddrInUse => {
            Ok(Err(at))
        }
        Err(error) => Err(not_listening(error)),
        Ok(sockets) => match sockets.first() {
            Some(socket) => Ok(Ok(socket.local_addr()?)),
            None => Err(Failure::new("there is no socket")),
        },
    }
}

fn not_listening(error: ListenError) -> Failure {
    Failure::new(error.to_string()).help(
        "name an address of this computer that no other program listens at, with [web] listen, \
         [web] metrics or --listen",
    )
}

/// Where to listen, as `[web] listen` is written.
fn listening(text: &str) -> Result<SocketAddr, String> {
    config::listening(text, SocketAddr::from(([127, 0, 0, 1], 8080)))
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
        time_zone: config.time_zone.clone(),
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
        site: archive::site(workspace, &site.base)?,
        shown: config.archive.served(),
        standing: archive::standing(workspace),
        root: workspace.root.clone(),
    };
    Ok(WebOptions {
        site,
        store,
        keys: (keys, read),
        subscribing: subscribing::options(workspace)?,
        choices: choices(workspace),
        hooks: hooks(workspace)?,
        origins: config.web.origins.clone(),
        archive,
        proxies: config.web.proxies.clone(),
        limits: ServerLimits::default(),
        clock: clock::now,
        boot: looking::boot(),
        tell: print::notice,
        supervisor: Supervisor::from_environment(),
    })
}

/// What readers choose by their link; nothing where no page can change the list.
fn choices(workspace: &Workspace) -> Option<ReaderChoices> {
    let config = &workspace.config;
    let topics = config.publication.topics.clone();
    let all = ReaderChoices { topics, ..ReaderChoices::default() };
    let choices = config.form.as_ref().map_or(all, |form| {
        let names = form.fields.iter().filter(|field| NAMES.contains(&&*field.name));
        let (topics, languages) = (form.topics.clone(), form.languages.clone());
        ReaderChoices { names: names.cloned().collect(), topics, languages }
    });
    (!config.has_list_in_file()).then_some(choices)
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
    let is_of_amazon = hooks.iter().any(Hook::is_of_amazon);
    let hooks = Hooks::new(hooks, config.bounce, print::notice);
    Ok(if is_of_amazon { hooks.with_amazon(client(workspace)?) } else { hooks })
}

/// What certificates of Amazon are fetched by. Their host is fixed and shows by TLS that it is the one, and
/// may have a private address within Amazon's network.
fn client(workspace: &Workspace) -> Result<Client, Failure> {
    let client = Client::new(Reach::Private).map_err(|error| Failure::checks(error.to_string()))?;
    let named = |name: &str| {
        let found = workspace.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let Some(proxy) = named("HTTPS_PROXY").or_else(|| named("https_proxy")) else {
        return Ok(client);
    };
    let proxy = ForwardProxy::parse(proxy).ok_or_else(|| {
        Failure::checks("HTTPS_PROXY names no proxy that certificates of Amazon can be fetched by")
            .help("write it as http://proxy.example:3128, without a password")
    })?;
    Ok(client.by_proxy(proxy))
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
        let forms = Key::derive(secret.newest().1, "form token");
        Some(LinkKeys { links: sender.identity(&secret).keys, forgetting, visitors, forms })
    })
}
