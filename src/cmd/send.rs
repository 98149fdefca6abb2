//! `digest send`: an issue to its subscribers, each once, every outcome written down.

mod bar;
mod frozen;
mod plan;
mod report;
mod signals;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sejong_digest::config::Secret;
use sejong_digest::delivery::ledger::revision::Revision;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::pace::Rate;
use sejong_digest::delivery::run::{self, Ended, Progress};
use sejong_digest::delivery::templates::Templates;
use sejong_digest::store::{self, Store};
use tokio::sync::watch;

use super::desk::Desk;
use super::failure::{Ending, Exit, Failure};
use super::readers::Readers;
use super::relays::{self, Destination, RelayArgs};
use super::{Global, clock, print, runtime};
use frozen::Content;
use plan::Plan;
use report::Summary;

/// Send an issue to its subscribers, each of them once
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Send an issue to its subscribers, each of them once.\n\n\
        Every outcome is written to the ledger (digest.db beside digest.toml) before it counts. \
        Interrupted with Ctrl-C, killed or cut off, the same command goes on where it stopped: \
        whoever has the issue does not get it again.\n\n\
        Exit codes: 0 every recipient has a final outcome; 1 it could not run; 3 the issue or the \
        list has errors; 4 some recipients are deferred or uncertain; 130 interrupted.",
    after_long_help = "Examples:
  digest send 2025-11 --subscribers subscribers.csv --dry-run
  digest send 2025-11 --subscribers subscribers.csv --catch out --yes
  digest send 2025-11 --subscribers subscribers.csv --relay smtps://digest@mail.sejong.example
"
)]
pub(crate) struct Args {
    /// The issue: a folder under issues/, or a path
    issue: String,
    /// The list, as CSV [default: subscribers.csv beside digest.toml]
    #[arg(long, value_name = "FILE")]
    subscribers: Option<PathBuf>,
    /// The encoding of the list, where it is neither UTF-8 nor UTF-16 with a mark
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    encoding: Option<String>,
    #[command(flatten)]
    relay: RelayArgs,
    /// The ledger, instead of the one in digest.toml: sqlite:digest.db
    #[arg(long, value_name = "URL", hide_short_help = true)]
    store: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Say who would get the issue, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// End with one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Those of whom nobody can tell whether they have it: hold or resend
    #[arg(long, value_name = "WHAT", default_value = "hold", hide_possible_values = true)]
    uncertain: Uncertain,
    /// Take the files as they are now, for those who were not sent to yet
    #[arg(long, hide_short_help = true)]
    recompose: bool,
    /// Leave out rows of the list that cannot be used, instead of stopping
    #[arg(long)]
    skip_invalid: bool,
    /// How fast at most: 50/second, 30/minute, 2000/hour
    #[arg(long, value_name = "RATE")]
    limit: Option<Rate>,
    /// How many connections at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: Option<u16>,
}

/// See [`Args::uncertain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Uncertain {
    /// Leave them; they are listed
    Hold,
    /// Send again, with the same Message-ID
    Resend,
}

/// What is known before anything is sent.
struct Ready<'a> {
    desk: &'a Desk,
    args: &'a Args,
    content: Content,
    readers: Readers,
    templates: Arc<Templates>,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let desk = Desk::open(global)?;
    let draft = desk.draft(&args.issue);
    draft.show();
    let name = draft.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = store_path(&desk, args)?;
    let runtime = runtime()?;
    let revisions = runtime.block_on(revisions(&path, &name))?;
    let content = Content::choose(&desk, &name, draft.sendable(), revisions, args.recompose)?;
    let readers = plan::readers(&desk, args, &content)?;
    // A dry run makes no file, not even the secret's.
    let identity = match args.dry_run {
        true => desk.config.sender.identity(&Secret::for_nobody()),
        false => desk.identity()?,
    };
    let templates = Arc::new(content.templates(&identity)?);
    let ready = Ready { desk: &desk, args, content, readers, templates };
    runtime.block_on(ready.send(&path))
}

/// What the ledger has frozen of an issue; a ledger that is not there yet is not made.
async fn revisions(path: &Path, issue: &str) -> Result<Vec<Revision>, Failure> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let store = Store::open(path, &ledger::STEPS).await?;
    let revisions = Ledger::new(store.clone(), issue).revisions().await?;
    store.close().await;
    Ok(revisions)
}

impl Ready<'_> {
    async fn send(self, path: &Path) -> Ending {
        if self.args.dry_run {
            return self.dry_run(path).await;
        }
        if let Some(folder) = &self.args.relay.catch {
            std::fs::create_dir_all(folder)?;
        }
        let boot = boot();
        let store = Store::open(path, &ledger::STEPS).await?;
        let _lock = store.lock(&format!(
            "process {} (issue {}, since {})",
            std::process::id(),
            self.content.composition.issue,
            clock::now_in(&self.desk.config.time_zone).strftime("%H:%M"),
        ))?;
        let ledger = Ledger::new(store.clone(), &self.content.composition.issue);
        ledger.recover(&boot, &clock::now().to_string()).await?;
        let plan = Plan::new(&self.readers, &ledger.states().await?, self.args.uncertain);
        if plan.to_send == 0 {
            if plan.only_leavers_wait() {
                let run = self.begin(&ledger, &boot).await?;
                ledger.plan(run, self.content.text(), &self.readers.list.recipients).await?;
            }
            return self.nothing_to_do(&ledger, &plan).await;
        }
        let mut destination = relays::destination(self.desk, &self.args.relay).await?;
        if let Some(connections) = self.args.connections {
            destination.relay = destination.relay.with_connections(connections.into());
        }
        // More connections than messages would only say hello and goodbye.
        let useful = destination.relay.connections().min(plan.to_send);
        destination.relay = destination.relay.with_connections(useful);
        destination.limit = self.args.limit.or(destination.limit);
        print::note(&plan.told(self.desk, &destination, &self.content.composition));
        if !plan::confirmed(self.args.yes, plan.to_send)? {
            return Err(Failure::new("nothing was sent"));
        }
        let run = self.begin(&ledger, &boot).await?;
        ledger.plan(run, self.content.text(), &self.readers.list.recipients).await?;
        if self.args.uncertain == Uncertain::Resend {
            ledger.resend_uncertain(run).await?;
        }
        let ended = self.deliver(&ledger, run, &boot, &destination, plan.to_send).await;
        destination.close().await;
        let ending = self.close(&ledger, ended?).await;
        store.close().await;
        ending
    }

    async fn begin(&self, ledger: &Ledger, boot: &str) -> Result<i64, Failure> {
        let started = clock::now().to_string();
        Ok(ledger.begin(&self.content.composition.hash_hex(), boot, &started).await?)
    }

    async fn deliver(
        &self,
        ledger: &Ledger,
        run: i64,
        boot: &str,
        destination: &Destination,
        to_send: usize,
    ) -> Result<run::Report, Failure> {
        let progress = Arc::new(Progress::default());
        let (stop, stopping) = watch::channel(run::Stopping::No);
        let signals = tokio::spawn(signals::watch(stop));
        let bar = tokio::spawn(bar::draw(Arc::clone(&progress), to_send as u64));
        let options = run::Options {
            templates: Arc::clone(&self.templates),
            relay: destination.relay.clone(),
            limit: destination.limit,
            clock: || clock::now().to_string(),
            stopping,
            progress,
        };
        let report = run::run(ledger, run, boot, &options).await;
        bar.abort();
        let _ = bar.await;
        signals.abort();
        Ok(report?)
    }

    async fn close(&self, ledger: &Ledger, report: run::Report) -> Ending {
        let counts = ledger.counts().await?;
        let summary = Summary::new(
            &self.content.composition.issue,
            &self.content.composition,
            counts,
            report.elapsed,
            report.settled,
        );
        report::troubles(ledger).await?;
        self.answer(&summary)?;
        let resume = "run the same command again to go on";
        match report.ended {
            Ended::Interrupted => {
                print::note(&format!("interrupted: {} are left; {resume}", counts.pending));
                Ok(Exit::Interrupted)
            }
            Ended::Relay(trouble) => Err(Failure::new(trouble.to_string()).help(resume)),
            Ended::Refused(reason) => Err(Failure::new(format!(
                "the relay refuses the message or its sender, not a recipient: {reason}"
            ))
            .help(format!(
                "mend what it names; then {resume}, with --recompose if you changed the issue"
            ))),
            Ended::Ledger(reason) => Err(Failure::new(reason).help(resume)),
            Ended::Done if counts.is_final() => Ok(Exit::Done),
            Ended::Done => Ok(Exit::Unfinished),
        }
    }

    fn answer(&self, summary: &Summary) -> Result<(), Failure> {
        match self.args.json {
            true => print::answer(format!("{}\n", summary.json()?).as_bytes()),
            false => print::answer(summary.human().as_bytes()),
        }
    }

    async fn nothing_to_do(&self, ledger: &Ledger, plan: &Plan) -> Ending {
        print::note(&plan.nothing(&self.content.composition.issue));
        let counts = ledger.counts().await?;
        report::troubles(ledger).await?;
        let summary = Summary::new(
            &self.content.composition.issue,
            &self.content.composition,
            counts,
            Duration::ZERO,
            0,
        );
        self.answer(&summary)?;
        Ok(if counts.is_final() { Exit::Done } else { Exit::Unfinished })
    }

    /// Says what a send would do. A ledger that is not there yet is not made.
    async fn dry_run(&self, path: &Path) -> Ending {
        let mut states = std::collections::HashMap::new();
        if path.is_file() {
            let store = Store::open(path, &ledger::STEPS).await?;
            states = Ledger::new(store.clone(), &self.content.composition.issue).states().await?;
            store.close().await;
        }
        let plan = Plan::new(&self.readers, &states, self.args.uncertain);
        let relay = match (&self.args.relay.relay, &self.args.relay.catch) {
            (_, Some(folder)) => format!("a catcher in {}", folder.display()),
            (Some(url), None) => sejong_digest::smtp::relay::Relay::parse(url)
                .map_err(|error| Failure::usage(format!("--relay: {error}")))?
                .to_string(),
            (None, None) => match self.desk.config.relays.first() {
                Some(relay) => relay.relay.to_string(),
                None => "no relay: digest.toml has no [[relay]]".to_owned(),
            },
        };
        match self.args.json {
            true => {
                print::answer(format!("{}\n", plan.json(&self.content.composition)?).as_bytes())?
            }
            false => {
                print::answer(plan.dry(self.desk, &relay, &self.content.composition).as_bytes())?;
            }
        }
        Ok(Exit::Done)
    }
}

fn store_path(desk: &Desk, args: &Args) -> Result<PathBuf, Failure> {
    match (&args.store, &args.relay.catch) {
        (Some(url), _) => Ok(store::path_of(url, &std::env::current_dir()?)?),
        // A rehearsal never counts as a send: its ledger lives with what it caught.
        (None, Some(folder)) => Ok(folder.join("digest.db")),
        (None, None) => {
            let url = desk.config.store_url.as_deref().unwrap_or("sqlite:digest.db");
            Ok(store::path_of(url, &desk.root)?)
        }
    }
}

/// What names this boot of the machine; empty where the system does not say, which counts as
/// another boot each time.
fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or(String::new(), |text| text.trim().to_owned())
}
