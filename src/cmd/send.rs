//! `digest send`: an issue to its subscribers, each once, every outcome written down.

mod bar;
mod frozen;
mod hours;
mod options;
mod plan;
mod report;
mod signals;
mod survey;

use std::sync::Arc;
use std::time::Duration;

use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::delivery::recovery;
use sejong_digest::delivery::run::{self, Ended, Progress};
use sejong_digest::delivery::schedule;
use sejong_digest::delivery::templates::Templates;

use super::desk::Desk;
use super::failure::{Ending, Exit, Failure};
use super::relays::{self, Destination};
use super::looking::{self, boot};
use super::{Global, clock, print, runtime};
use hours::Hours;
pub(crate) use options::PlanArgs;
pub(super) use plan::duration;
use plan::{Plan, Way};
use report::Summary;
use signals::Signals;
use survey::Survey;

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
    #[command(flatten)]
    plan: PlanArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Say who would get the issue, and change nothing: as `digest plan`
    #[arg(long)]
    dry_run: bool,
    /// Those of whom nobody can tell whether they have it: ask, hold or resend
    #[arg(long, value_name = "WHAT", default_value = "ask", hide_possible_values = true)]
    uncertain: Uncertain,
    /// Keep trying deferred recipients for so long after the others: 30m, 2h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = schedule::duration)]
    #[arg(hide_short_help = true)]
    wait: Duration,
    /// Wait until then: 2025-11-06 09:00 where the publication is, or RFC 3339
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    at: Option<String>,
    /// Neither start nor go on later than that
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    not_after: Option<String>,
}

/// See [`Args::uncertain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Uncertain {
    /// Ask on a terminal; elsewhere hold
    Ask,
    /// Leave them; they are listed
    Hold,
    /// Send again, with the same Message-ID
    Resend,
}

/// What is known before anything is sent.
struct Ready<'a> {
    args: &'a Args,
    survey: Survey<'a>,
    templates: Arc<Templates>,
    hours: Hours,
    signals: Signals,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    runtime()?.block_on(async {
        let signals = Signals::listen()?;
        let desk = Desk::open(global)?;
        if args.dry_run {
            return planned(&desk, &args.plan, args.uncertain == Uncertain::Resend).await;
        }
        let zone = &desk.config.time_zone;
        let hours = Hours::read(args.at.as_deref(), args.not_after.as_deref(), zone)?;
        let survey = Survey::take(&desk, &args.plan, hours.begin()).await?;
        let templates = Arc::new(survey.content.templates(&desk.signing_identity()?)?);
        if let Some(folder) = &args.plan.relay.catch {
            relays::catch_folder(folder)?;
        }
        let survey = survey.with_ledger().await?;
        Ready { args, survey, templates, hours, signals }.send().await
    })
}

/// Says what a send would do, and makes no file, not even the secret's.
pub(super) async fn planned(desk: &Desk, args: &PlanArgs, resend: bool) -> Ending {
    let survey = Survey::take(desk, args, clock::now()).await?;
    looking::look(&survey.ledger).await?;
    let plan = survey.plan(resend).await?;
    let way = way(desk, args)?;
    let composition = &survey.content.composition;
    let text = match args.json {
        true => format!("{}\n", plan.json(desk, &way, composition)?),
        false => plan.told(desk, &way, composition),
    };
    survey.store.close().await;
    print::answer(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Where a send would go, as far as that is known without going there.
fn way(desk: &Desk, args: &PlanArgs) -> Result<Way, Failure> {
    let relays = &desk.config.relays;
    let named = match (&args.relay.relay, &args.relay.catch) {
        (_, Some(folder)) => vec![(format!("a catcher in {}", folder.display()), None)],
        (Some(url), None) => {
            let relay = sejong_digest::smtp::relay::Relay::parse(url)
                .map_err(|error| Failure::usage(format!("--relay: {error}")))?;
            vec![(relay.to_string(), None)]
        }
        (None, None) if relays.is_empty() => {
            vec![("no relay: digest.toml has no [[relay]]".to_owned(), None)]
        }
        (None, None) => relays.iter().map(|relay| (relay.relay.to_string(), relay.limit)).collect(),
    };
    Ok(Way::new(named, args.limit))
}

impl Ready<'_> {
    async fn send(self) -> Ending {
        let boot = boot();
        let Survey { desk, args, ledger, store, .. } = &self.survey;
        let lock = store.lock(&format!(
            "process {} (issue {}, since {})",
            std::process::id(),
            self.issue(),
            clock::now_in(&desk.config.time_zone).strftime("%H:%M"),
        ))?;
        // They were read before the lock was taken, and reading the list takes its time.
        if !self.survey.content.is_of(&ledger.revisions().await?) {
            return Err(Failure::new("another send planned the issue meanwhile; nothing was sent")
                .help("run the same command again: it goes on from there"));
        }
        let recovered = recovery::recover(ledger, &lock, &boot, &clock::now().to_string()).await?;
        looking::tell_recovered(&recovered);
        let resend = self.resend_uncertain().await?;
        let plan = self.survey.plan(resend).await?;
        if plan.to_send == 0 {
            if plan.only_leavers_wait() {
                let run = self.begin(ledger, &boot).await?;
                ledger.plan(run, self.survey.content.text()).await?;
            }
            return self.nothing_to_do(ledger, &plan).await;
        }
        let mut destination = relays::destination(desk, &args.relay).await?;
        let most = usize::try_from(plan.to_send).unwrap_or(usize::MAX);
        destination.share_connections(args.connections, most);
        let named = destination.routes.iter().map(|route| {
            let connections = plan::counted(route.relay.connections() as u64, "connection");
            (format!("{} ({connections})", route.relay), route.limit)
        });
        let way = Way::new(named.collect(), args.limit);
        print::note(plan.told(desk, &way, &self.survey.content.composition).trim_end());
        if let Some(end) = self.hours.over() {
            return self.too_late(&end).await;
        }
        if !plan::confirmed(self.args.yes, plan.to_send)? {
            return Err(Failure::new("nothing was sent"));
        }
        let run = self.begin(ledger, &boot).await?;
        ledger.plan(run, self.survey.content.text()).await?;
        if resend {
            ledger.resend_uncertain(run).await?;
        }
        if !self.hours.wait(self.signals.waiting()).await {
            destination.close().await;
            print::note("interrupted before the first message; run the same command again");
            return Ok(Exit::Interrupted);
        }
        if let Some(end) = self.hours.over() {
            destination.close().await;
            return self.too_late(&end).await;
        }
        let ended = self.deliver(ledger, run, &boot, &destination, plan.to_send).await;
        destination.close().await;
        let ending = self.close(ledger, ended?).await;
        store.clone().close().await;
        ending
    }

    /// Whether those of whom nobody can tell are to be sent to again.
    async fn resend_uncertain(&self) -> Result<bool, Failure> {
        let asked = match self.args.uncertain {
            Uncertain::Hold => return Ok(false),
            Uncertain::Resend => return Ok(true),
            Uncertain::Ask => !self.args.yes && plan::somebody_is_here(),
        };
        let count = self.survey.ledger.counts().await?.uncertain;
        if !asked || count == 0 {
            return Ok(false);
        }
        report::listed(&self.survey.ledger, "uncertain").await?;
        plan::resend_confirmed(count)
    }

    /// It is later than `--not-after`: nothing has left, and everything waits.
    async fn too_late(&self, end: &str) -> Ending {
        print::note(&format!("{end}: nothing was sent"));
        let composition = &self.survey.content.composition;
        let counts = self.survey.ledger.counts().await?;
        self.answer(&Summary::new(self.issue(), composition, counts, Duration::ZERO, 0))?;
        Ok(Exit::Unfinished)
    }

    fn issue(&self) -> &str {
        &self.survey.content.composition.issue
    }

    async fn begin(&self, ledger: &Ledger, boot: &str) -> Result<i64, Failure> {
        let started = clock::now().to_string();
        Ok(ledger.begin(&self.survey.content.composition.hash_hex(), boot, &started).await?)
    }

    async fn deliver(
        &self,
        ledger: &Ledger,
        run: i64,
        boot: &str,
        destination: &Destination,
        to_send: u64,
    ) -> Result<run::Report, Failure> {
        let progress = Arc::new(Progress::default());
        let stop = self.signals.sending();
        let stopping = stop.subscribe();
        let end = tokio::spawn(self.hours.clone().watch(Arc::clone(&stop)));
        let bar = tokio::spawn(bar::draw(Arc::clone(&progress), to_send));
        let options = run::Options {
            templates: Arc::clone(&self.templates),
            routes: self.routes(destination),
            limit: self.args.plan.limit,
            lanes: self.survey.desk.config.lanes.clone(),
            schedule: self.survey.desk.config.schedule,
            wait: self.args.wait,
            clock: || clock::now().to_string(),
            stopping,
            progress,
        };
        let report = run::run(ledger, run, boot, &options).await;
        bar.abort();
        let _ = bar.await;
        end.abort();
        Ok(report?)
    }

    /// The relays; a limit on the command line stands for theirs.
    fn routes(&self, destination: &Destination) -> Vec<run::Route> {
        let mut routes = destination.routes.clone();
        if self.args.plan.limit.is_some() {
            routes.iter_mut().for_each(|route| route.limit = None);
        }
        routes
    }

    async fn close(&self, ledger: &Ledger, report: run::Report) -> Ending {
        let counts = ledger.counts().await?;
        let summary = Summary::new(
            &self.survey.content.composition.issue,
            &self.survey.content.composition,
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
            Ended::Interrupted if self.hours.over().is_some() => {
                let end = self.hours.over().unwrap_or_default();
                print::note(&format!("{end}: {} are left; {resume}", counts.pending));
                Ok(Exit::Unfinished)
            }
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
        match self.args.plan.json {
            true => print::answer(format!("{}\n", summary.json()?).as_bytes()),
            false => print::answer(summary.human().as_bytes()),
        }
    }

    async fn nothing_to_do(&self, ledger: &Ledger, plan: &Plan) -> Ending {
        print::note(&plan.nothing(&self.survey.content.composition.issue));
        let counts = ledger.counts().await?;
        report::troubles(ledger).await?;
        let summary = Summary::new(
            &self.survey.content.composition.issue,
            &self.survey.content.composition,
            counts,
            Duration::ZERO,
            0,
        );
        self.answer(&summary)?;
        Ok(if counts.is_final() { Exit::Done } else { Exit::Unfinished })
    }
}
