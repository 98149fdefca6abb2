//! `digest send`: an issue to its subscribers, each once, every outcome written down.

mod bar;
mod options;
mod plan;
mod question;
mod refusal;
mod report;
mod signals;
mod survey;
mod window;

use std::sync::Arc;
use std::time::Duration;

use sejong_digest::delivery::ledger::Reopened;
use sejong_digest::delivery::run::{self, Progress};
use sejong_digest::delivery::schedule;
use sejong_digest::delivery::send::SendError;
use sejong_digest::delivery::send::locked::{Locked, Proposal};
use sejong_digest::delivery::send::plan::Plan;
use sejong_digest::delivery::send::planned::Planned;
use sejong_digest::delivery::send::report::SendReport;
use tokio::sync::watch;

use super::failure::{Ending, Exit, Failure};
use super::relays::{self, Destination};
use super::workspace::Workspace;
use super::{Global, clock, print, runtime};
pub(crate) use options::PlanArgs;
use plan::{PlanText, RoutePlan};
use window::Window;

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
    /// Send once more to those whom the relay refused for good; it shows who and why, and asks
    #[arg(long, hide_short_help = true)]
    retry_refused: bool,
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

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    runtime()?.block_on(async {
        if args.dry_run {
            let uncertain = args.uncertain == Uncertain::Resend;
            let reopened = Reopened { uncertain, refused: args.retry_refused };
            return planned(&workspace, &args.plan, reopened).await;
        }
        let zone = &workspace.config.time_zone;
        let window = Window::read(args.at.as_deref(), args.not_after.as_deref(), zone)?;
        let ready = survey::take(&workspace, &args.plan, clock::at(window.begin(), zone)).await?;
        let identity = workspace.signing_identity()?;
        if let Some(folder) = &args.plan.relay.catch {
            std::fs::create_dir_all(folder)?;
        }
        let who = format!(
            "process {} (issue {}, since {})",
            std::process::id(),
            ready.content().composition().issue,
            clock::now_in(zone).strftime("%H:%M"),
        );
        let locked = ready.lock(&identity, &who).await.map_err(refusal::told)?;
        Send { workspace: &workspace, args, window }.send(locked).await
    })
}

/// Says what a send would do, and makes no file, not even the secret's.
pub(super) async fn planned(workspace: &Workspace, args: &PlanArgs, reopened: Reopened) -> Ending {
    let ready = survey::take(workspace, args, clock::now_in(&workspace.config.time_zone)).await?;
    let plan = ready.plan(reopened).await.map_err(refusal::told)?;
    let routes = routes(workspace, args)?;
    let text = PlanText {
        plan: &plan,
        workspace,
        routes: &routes,
        composition: ready.content().composition(),
    };
    let text = if args.json { format!("{}\n", text.json()?) } else { text.words() };
    ready.close().await;
    print::answer(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Where a send would go, as far as that is known without going there.
fn routes(workspace: &Workspace, args: &PlanArgs) -> Result<RoutePlan, Failure> {
    let relays = &workspace.config.relays;
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
    Ok(RoutePlan::new(named, args.limit))
}

/// A send under way.
struct Send<'a> {
    workspace: &'a Workspace,
    args: &'a Args,
    window: Window,
}

impl Send<'_> {
    async fn send(self, locked: Locked) -> Ending {
        let reopened = Reopened {
            uncertain: self.resend_uncertain(&locked).await?,
            refused: self.retry_refused(&locked).await?,
        };
        let proposal = locked.propose(reopened).await.map_err(refusal::told)?;
        if proposal.plan().to_send == 0 {
            print::note(&plan::nothing(proposal.plan(), &proposal.content().composition().issue));
            return self.tell(proposal.leave().await);
        }
        let destination = self.destination(proposal.plan()).await?;
        self.show(&proposal, &destination);
        if let Some(end) = self.window.over() {
            return self.too_late(&end, proposal.leave().await);
        }
        if !question::confirmed(self.args.yes, proposal.plan().to_send)? {
            return Err(Failure::new("nothing was sent"));
        }
        let to_send = proposal.plan().to_send;
        let planned = proposal.accept().await.map_err(refusal::told)?;
        if !self.window.wait().await {
            destination.close().await;
            print::note("interrupted before the first message; run the same command again");
            return Ok(Exit::Interrupted);
        }
        if let Some(end) = self.window.over() {
            destination.close().await;
            return self.too_late(&end, planned.leave().await);
        }
        let report = self.deliver(planned, &destination, to_send).await;
        destination.close().await;
        self.tell(report)
    }

    /// Whether those of whom nobody can tell are sent to again.
    async fn resend_uncertain(&self, locked: &Locked) -> Result<bool, Failure> {
        let asked = match self.args.uncertain {
            Uncertain::Hold => return Ok(false),
            Uncertain::Resend => return Ok(true),
            Uncertain::Ask => !self.args.yes && question::somebody_is_here(),
        };
        let (count, first) = locked.uncertain().await.map_err(refusal::told)?;
        if !asked || count == 0 {
            return Ok(false);
        }
        report::list(&first);
        question::resend_confirmed(count)
    }

    /// Whether those whom a relay refused for good are sent to again. Shows who they are first.
    async fn retry_refused(&self, locked: &Locked) -> Result<bool, Failure> {
        if !self.args.retry_refused {
            return Ok(false);
        }
        let (count, first) = locked.refused().await.map_err(refusal::told)?;
        report::list(&first);
        if self.args.yes || count == 0 || !question::somebody_is_here() {
            // Where nobody can be asked, the question before the first message ends it.
            return Ok(count > 0);
        }
        question::retry_confirmed(count)
    }

    /// The relays, with connections for so many messages.
    async fn destination(&self, plan: &Plan) -> Result<Destination, Failure> {
        let mut destination = relays::destination(self.workspace, &self.args.plan.relay).await?;
        let most = usize::try_from(plan.to_send).unwrap_or(usize::MAX);
        destination.share_connections(self.args.plan.connections, most);
        Ok(destination)
    }

    fn show(&self, proposal: &Proposal, destination: &Destination) {
        let named = destination.routes.iter().map(|route| {
            let connections = plan::counted(route.relay.connections() as u64, "connection");
            (format!("{} ({connections})", route.relay), route.limit)
        });
        let routes = RoutePlan::new(named.collect(), self.args.plan.limit);
        let (plan, composition) = (proposal.plan(), proposal.content().composition());
        let text = PlanText { plan, workspace: self.workspace, routes: &routes, composition };
        print::note(text.words().trim_end());
    }

    async fn deliver(
        &self,
        planned: Planned,
        destination: &Destination,
        to_send: u64,
    ) -> Result<SendReport, SendError> {
        let progress = Arc::new(Progress::default());
        let (stop, stopping) = watch::channel(run::Stopping::No);
        let stop = Arc::new(stop);
        let signals = tokio::spawn(signals::watch(Arc::clone(&stop)));
        let end = tokio::spawn(self.window.clone().watch(Arc::clone(&stop)));
        let bar = tokio::spawn(bar::draw(Arc::clone(&progress), to_send));
        let options = run::Options {
            templates: planned.templates(),
            routes: self.routes(destination),
            limit: self.args.plan.limit,
            lanes: self.workspace.config.lanes.clone(),
            schedule: self.workspace.config.schedule,
            wait: self.args.wait,
            clock: || clock::now().to_string(),
            stopping,
            progress,
        };
        let report = planned.deliver(&options).await;
        bar.abort();
        let _ = bar.await;
        signals.abort();
        end.abort();
        report
    }

    /// The relays; a limit on the command line stands for theirs.
    fn routes(&self, destination: &Destination) -> Vec<run::Route> {
        let mut routes = destination.routes.clone();
        if self.args.plan.limit.is_some() {
            routes.iter_mut().for_each(|route| route.limit = None);
        }
        routes
    }

    /// It is later than `--not-after`: nothing has left, and everybody waits.
    fn too_late(&self, end: &str, report: Result<SendReport, SendError>) -> Ending {
        print::note(&format!("{end}: nothing was sent"));
        self.tell(report)?;
        Ok(Exit::Unfinished)
    }

    fn tell(&self, report: Result<SendReport, SendError>) -> Ending {
        report::tell(&report.map_err(refusal::told)?, &self.window, self.args.plan.json)
    }
}
