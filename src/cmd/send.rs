//! `digest send`: an issue to its subscribers, each once, every outcome written down.

mod bar;
mod plan;
mod report;
mod signals;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sejong_digest::compose::Composition;
use sejong_digest::config::Secret;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::pace::Rate;
use sejong_digest::delivery::run::{self, Ended, Progress};
use sejong_digest::delivery::schedule;
use sejong_digest::message::splice::Template;
use sejong_digest::store::{self, Store};
use tokio::sync::watch;

use super::desk::Desk;
use super::failure::{Ending, Exit, Failure};
use super::readers::Readers;
use super::relays::{self, Destination, RelayArgs};
use super::{Global, clock, print, runtime};
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
    /// Leave out rows of the list that cannot be used, instead of stopping
    #[arg(long)]
    skip_invalid: bool,
    /// How fast at most: 50/second, 30/minute, 2000/hour
    #[arg(long, value_name = "RATE")]
    limit: Option<Rate>,
    /// Keep trying deferred recipients for so long after the others: 30m, 2h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = schedule::duration)]
    #[arg(hide_short_help = true)]
    wait: Duration,
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
    composition: &'a Composition,
    subject: String,
    readers: Readers,
    template: Arc<Template>,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let desk = Desk::open(global)?;
    let draft = desk.draft(&args.issue);
    draft.show();
    let (issue, composition) = draft.sendable()?;
    let subject = sejong_digest::compose::readable(&issue.subject.value, &issue.slots);
    let readers = plan::readers(&desk, args, &issue, &composition)?;
    let now = clock::now_in(&desk.config.time_zone);
    // A dry run makes no file, not even the secret's.
    let identity = match args.dry_run {
        true => desk.config.sender.identity(&Secret::for_nobody()),
        false => desk.signing_identity()?,
    };
    let template = Template::new(&composition, identity, &clock::occasion(&now, false)?);
    let template = Arc::new(template);
    let ready = Ready { desk: &desk, args, composition: &composition, subject, readers, template };
    runtime()?.block_on(ready.send())
}

impl Ready<'_> {
    async fn send(self) -> Ending {
        let path = self.store_path()?;
        if self.args.dry_run {
            return self.dry_run(&path).await;
        }
        if let Some(folder) = &self.args.relay.catch {
            std::fs::create_dir_all(folder)?;
        }
        let boot = boot();
        let store = Store::open(&path, &ledger::STEPS).await?;
        let _lock = store.lock(&format!(
            "process {} (issue {}, since {})",
            std::process::id(),
            self.composition.issue,
            clock::now_in(&self.desk.config.time_zone).strftime("%H:%M"),
        ))?;
        let ledger = Ledger::new(store.clone(), &self.composition.issue);
        ledger.recover(&boot, &clock::now().to_string()).await?;
        let plan = Plan::new(&self.readers, &ledger.states().await?, self.args.uncertain);
        if plan.to_send == 0 {
            if plan.only_leavers_wait() {
                let run = self.begin(&ledger, &boot).await?;
                ledger.plan(run, &self.readers.list.recipients).await?;
            }
            return self.nothing_to_do(&ledger, &plan).await;
        }
        let mut destination = relays::destination(self.desk, &self.args.relay).await?;
        destination.share_connections(self.args.connections, plan.to_send);
        print::note(&plan.told(
            &self.subject,
            self.desk,
            &destination,
            self.args.limit,
            self.composition,
        ));
        if !plan::confirmed(self.args.yes, plan.to_send)? {
            return Err(Failure::new("nothing was sent"));
        }
        let run = self.begin(&ledger, &boot).await?;
        ledger.plan(run, &self.readers.list.recipients).await?;
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
        Ok(ledger.begin(&self.composition.hash_hex(), boot, &started).await?)
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
            template: Arc::clone(&self.template),
            routes: self.routes(destination),
            limit: self.args.limit,
            lanes: self.desk.config.lanes.clone(),
            schedule: self.desk.config.schedule,
            wait: self.args.wait,
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

    /// The relays; a limit on the command line stands for theirs.
    fn routes(&self, destination: &Destination) -> Vec<run::Route> {
        let mut routes = destination.routes.clone();
        if self.args.limit.is_some() {
            routes.iter_mut().for_each(|route| route.limit = None);
        }
        routes
    }

    async fn close(&self, ledger: &Ledger, report: run::Report) -> Ending {
        let counts = ledger.counts().await?;
        let summary = Summary::new(
            &self.composition.issue,
            self.composition,
            counts,
            report.elapsed,
            report.settled,
        );
        for trouble in &report.failed_relays {
            print::note(&format!("{trouble}; its share was left to the other relays"));
        }
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
            .help(format!("mend what it names; then {resume}"))),
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
        print::note(&plan.nothing(&self.composition.issue));
        let counts = ledger.counts().await?;
        report::troubles(ledger).await?;
        let summary =
            Summary::new(&self.composition.issue, self.composition, counts, Duration::ZERO, 0);
        self.answer(&summary)?;
        Ok(if counts.is_final() { Exit::Done } else { Exit::Unfinished })
    }

    /// Says what a send would do. A ledger that is not there yet is not made.
    async fn dry_run(&self, path: &Path) -> Ending {
        let mut states = std::collections::HashMap::new();
        if path.is_file() {
            let store = Store::open(path, &ledger::STEPS).await?;
            states = Ledger::new(store.clone(), &self.composition.issue).states().await?;
            store.close().await;
        }
        let plan = Plan::new(&self.readers, &states, self.args.uncertain);
        let relay = match (&self.args.relay.relay, &self.args.relay.catch) {
            (_, Some(folder)) => format!("a catcher in {}", folder.display()),
            (Some(url), None) => sejong_digest::smtp::relay::Relay::parse(url)
                .map_err(|error| Failure::usage(format!("--relay: {error}")))?
                .to_string(),
            (None, None) if self.desk.config.relays.is_empty() => {
                "no relay: digest.toml has no [[relay]]".to_owned()
            }
            (None, None) => {
                let relays = self.desk.config.relays.iter().map(|relay| relay.relay.to_string());
                relays.collect::<Vec<_>>().join(", ")
            }
        };
        match self.args.json {
            true => print::answer(format!("{}\n", plan.json(self.composition)?).as_bytes())?,
            false => {
                print::answer(
                    plan.dry(&self.subject, self.desk, &relay, self.composition).as_bytes(),
                )?;
            }
        }
        Ok(Exit::Done)
    }

    fn store_path(&self) -> Result<PathBuf, Failure> {
        match (&self.args.store, &self.args.relay.catch) {
            (Some(url), _) => Ok(store::path_of(url, &std::env::current_dir()?)?),
            // A rehearsal never counts as a send: its ledger lives with what it caught.
            (None, Some(folder)) => Ok(folder.join("digest.db")),
            (None, None) => {
                let url = self.desk.config.store_url.as_deref().unwrap_or("sqlite:digest.db");
                Ok(store::path_of(url, &self.desk.root)?)
            }
        }
    }
}

/// What names this boot of the machine; empty where the system does not say, which counts as
/// another boot each time.
fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or(String::new(), |text| text.trim().to_owned())
}
