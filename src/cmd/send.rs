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

use sejong_digest::delivery::duration;
use sejong_digest::delivery::route::{Route, share_connections};
use sejong_digest::delivery::run::{self, Progress};
use sejong_digest::delivery::send::locked::{Answers, Locked, Proposal};
use sejong_digest::delivery::send::plan::Plan;
use sejong_digest::delivery::send::planned::Planned;
use sejong_digest::delivery::send::rehearsal;
use sejong_digest::delivery::send::report::SendReport;
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::delivery::send::{SendError, SendOptions};
use sejong_digest::delivery::state::State;

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::looking;
use super::relays::{self, Destination, RelayChoice};
use super::workspace::Workspace;
use super::{Global, clock, print, receipts, runtime};
pub(crate) use options::PlanArgs;
use options::{PlanOptions, Uncertain};
use plan::{PlanText, RoutePlan};
use signals::Signals;
use window::Window;

/// Send an issue to its subscribers, each of them once
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Send an issue to its subscribers, each of them once.\n\n\
        Every outcome is written to the ledger (digest.db beside digest.toml) before it counts. \
        Interrupted with Ctrl-C, killed or cut off, the same command goes on where it stopped: \
        people who have the issue do not get it again.\n\n\
        Exit codes: 0 every recipient has a final outcome, and somebody has the issue; 1 it could \
        not run, or every recipient was refused; 3 the issue or the list has errors; 4 some \
        recipients are deferred or uncertain; 130 interrupted.",
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
    /// Start a rehearsal over: remove what an earlier one wrote of this issue in its folder
    #[arg(long, requires = "catch", conflicts_with_all = ["dry_run", "relay", "store"])]
    #[arg(hide_short_help = true)]
    fresh: bool,
    /// Send although the issue's receipt says that it was sent, and the ledger does not know it
    #[arg(long, hide_short_help = true)]
    despite_receipt: bool,
    /// Keep trying deferred recipients for so long after the others: 30m, 2h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration::read)]
    #[arg(hide_short_help = true)]
    wait: Duration,
    /// Wait until then: 2025-11-06 09:00 where the publication is, or RFC 3339
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    at: Option<String>,
    /// Do not start or go on later than that
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    not_after: Option<String>,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    report::in_one_object(sent(global, args), args.plan.json, &args.plan.issue)
}

fn sent(global: &Global, args: &Args) -> Ending {
    runtime()?.block_on(async {
        let signals = Signals::listen(args.plan.json.then(|| args.plan.issue.clone()))?;
        let workspace = Workspace::open(global)?;
        let zone = &workspace.config.time_zone;
        let Args { plan, yes, dry_run, fresh, despite_receipt, wait, at, not_after } = args;
        let window = Window::read(at.as_deref(), not_after.as_deref(), zone)?;
        let options = plan.read(&workspace, clock::at(window.begin(), zone))?;
        if *dry_run {
            return planned(&workspace, &options, &window).await;
        }
        if *fresh {
            start_over(&workspace, &options, *yes).await?;
        }
        let ready = survey::take(&workspace, &options).await?;
        let asked = !yes && question::somebody_is_here();
        if let Some(late) = window.late(asked, ready.content().was_planned())? {
            print::note(&late);
        }
        // Whoever says no has made nothing: no secret, and no ledger.
        let despite_receipt = send_despite_receipt(&ready, *despite_receipt, asked).await?;
        let identity = workspace.signing_identity()?;
        if let Some(folder) = options.relay.rehearsal() {
            relays::catch_folder(folder)?;
        }
        let who = who(&workspace, &ready.content().composition().issue);
        let locked = ready.lock(&identity, &who).await.map_err(refusal::told)?;
        looking::tell_recovered(locked.recovered());
        let (workspace, wait) = (&workspace, *wait);
        let send =
            Send { workspace, options, yes: *yes, asked, despite_receipt, wait, window, signals };
        send.send(locked).await
    })
}

/// How this sender is named to another one.
fn who(workspace: &Workspace, issue: &str) -> String {
    let since = clock::now_in(&workspace.config.time_zone).strftime("%H:%M");
    format!("process {} (issue {issue}, since {since})", std::process::id())
}

/// Whether the issue is sent although its receipt knows people whom the ledger does not: `wanted` by
/// a flag, or by whoever is `asked`.
async fn send_despite_receipt(ready: &Ready, wanted: bool, asked: bool) -> Result<bool, Failure> {
    let sent = ready.already_sent().await.map_err(refusal::told)?;
    // The receipt may be that of a send which has just ended: it is compared again under the lock.
    let Some(sent) = sent.filter(|_| !wanted && !ready.is_overtaken()) else { return Ok(wanted) };
    ready.may_be_made().map_err(refusal::told)?;
    if asked {
        print::note(&receipts::already_sent(&sent));
        print::note(&receipts::doubt(&sent));
        if question::despite_receipt_confirmed()? {
            return Ok(true);
        }
    }
    Err(refusal::told(SendError::AlreadySent(Box::new(sent))))
}

/// Removes what an earlier rehearsal wrote of the issue, once somebody has said yes to that.
async fn start_over(
    workspace: &Workspace,
    options: &PlanOptions,
    yes: bool,
) -> Result<(), Failure> {
    let Some(caught) = options.relay.rehearsal() else { return Ok(()) };
    let SendOptions { issue, ledger, boot, clock, .. } = &options.send;
    if ledger.is_file() && !question::fresh_confirmed(yes, issue, caught)? {
        return Err(Failure::new("nothing was removed, and nothing was sent"));
    }
    let who = who(workspace, issue);
    let removed = rehearsal::start_over(ledger, issue, caught, (boot, &clock()), &who).await;
    let removed = removed.map_err(refusal::told)?;
    if removed > 0 {
        let mails = plan::counted(removed, "message");
        print::note(&format!("removed {mails} of the rehearsal before from {}", describe(caught)));
    }
    Ok(())
}

/// Says who would get an issue, and makes no file.
pub(super) fn plan(global: &Global, args: &PlanArgs) -> Ending {
    let plan = || {
        let workspace = Workspace::open(global)?;
        let zone = &workspace.config.time_zone;
        let window = Window::open(zone);
        let options = args.read(&workspace, clock::at(window.begin(), zone))?;
        runtime()?.block_on(planned(&workspace, &options, &window))
    };
    report::in_one_object(plan(), args.json, &args.issue)
}

/// Says what a send would do, and makes no file, not even the secret's.
async fn planned(workspace: &Workspace, options: &PlanOptions, window: &Window) -> Ending {
    let ready = survey::take(workspace, options).await?;
    looking::tell(&ready.look().await.map_err(refusal::told)?);
    let plan = ready.plan(options.reopened()).await.map_err(refusal::told)?;
    if let Some(sent) = ready.already_sent().await.map_err(refusal::told)? {
        print::note(&format!("{}; send asks before it goes on", receipts::already_sent(&sent)));
    }
    let routes = routes(workspace, options);
    let composition = ready.content().composition();
    let text = PlanText { plan: &plan, workspace, routes: &routes, composition, window };
    let json = options.json.then(|| text.json()).transpose()?;
    let words = text.words();
    ready.close().await;
    match json {
        Some(json) => print::answer(format!("{json}\n").as_bytes())?,
        None => print::words(&words)?,
    }
    Ok(Exit::Done)
}

/// The relays of a send, as far as they are known without a connection.
fn routes(workspace: &Workspace, options: &PlanOptions) -> RoutePlan {
    let relays = &workspace.config.relays;
    let named = match &options.relay {
        RelayChoice::Catcher(folder) => vec![(format!("a catcher in {}", folder.display()), None)],
        RelayChoice::Named(relay) => vec![(relay.to_string(), None)],
        RelayChoice::Configured if relays.is_empty() => {
            vec![("no relay: digest.toml has no [[relay]]".to_owned(), None)]
        }
        RelayChoice::Configured => {
            let routes = relays.iter().map(|relay| &relay.route);
            routes.map(|route| (route.relay.to_string(), route.limit)).collect()
        }
    };
    RoutePlan::new(named, options.limit)
}

/// A send under way.
struct Send<'a> {
    workspace: &'a Workspace,
    options: PlanOptions,
    yes: bool,
    /// Whether there is somebody at a terminal to ask.
    asked: bool,
    despite_receipt: bool,
    wait: Duration,
    window: Window,
    signals: Signals,
}

impl Send<'_> {
    async fn send(self, locked: Locked) -> Ending {
        let answers = self.answers(&locked).await?;
        let proposal = locked.propose(answers).await.map_err(refusal::told)?;
        if proposal.plan().to_send == 0 {
            self.nothing(&proposal);
            return self.tell(proposal.leave().await);
        }
        let destination = self.destination(proposal.plan()).await?;
        self.show(&proposal, &destination);
        if let Some(end) = self.window.over() {
            return self.too_late(&end, proposal.leave().await);
        }
        let start = self.window.start();
        if !question::confirmed(self.yes, proposal.plan().to_send, start.as_deref())? {
            return Err(Failure::new("nothing was sent"));
        }
        let to_send = proposal.plan().to_send;
        let planned = proposal.accept().await.map_err(refusal::told)?;
        if !self.window.wait(self.signals.waiting()).await {
            destination.close().await;
            print::note("interrupted before the first message; run the same command again");
            self.tell(planned.leave().await)?;
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

    /// The decisions of a person, by an answer or by a flag.
    async fn answers(&self, locked: &Locked) -> Result<Answers, Failure> {
        let asked = self.asked;
        let mut reopened = self.options.reopened();
        if self.options.uncertain == Uncertain::Ask && asked {
            reopened.uncertain = resend_uncertain(locked).await?;
        }
        reopened.refused = reopened.refused && retry_refused(locked, asked).await?;
        Ok(Answers { reopened, despite_receipt: self.despite_receipt })
    }

    /// Says why nothing is left to send.
    fn nothing(&self, proposal: &Proposal) {
        let issue = &proposal.content().composition().issue;
        match (&self.options.send.to, proposal.one()) {
            (Some(to), Some(one)) if one.state == State::Accepted => {
                let zone = &self.workspace.config.time_zone;
                print::note(&plan::has_it(&to.address, one, issue, zone));
            }
            _ => print::note(&plan::nothing(proposal.plan(), issue)),
        }
        if let Some(folder) = self.options.relay.rehearsal() {
            print::note(&format!(
                "this rehearsal was done before, and its messages are in {}/; --fresh starts it over",
                describe(&folder.join("new"))
            ));
        }
    }

    /// The relays, with connections for so many messages.
    async fn destination(&self, plan: &Plan) -> Result<Destination, Failure> {
        let mut destination = relays::destination(self.workspace, &self.options.relay).await?;
        let most = usize::try_from(plan.to_send).unwrap_or(usize::MAX);
        share_connections(&mut destination.routes, self.options.connections, most);
        Ok(destination)
    }

    fn show(&self, proposal: &Proposal, destination: &Destination) {
        let named = destination.routes.iter().map(|route| {
            let connections = plan::counted(route.relay.connections() as u64, "connection");
            (format!("{} ({connections})", route.relay), route.limit)
        });
        let routes = RoutePlan::new(named.collect(), self.options.limit);
        let (plan, composition) = (proposal.plan(), proposal.content().composition());
        let (workspace, window) = (self.workspace, &self.window);
        let text = PlanText { plan, workspace, routes: &routes, composition, window };
        print::note(text.words().trim_end());
        report::list_repeated(proposal.repeated());
    }

    async fn deliver(
        &self,
        planned: Planned,
        destination: &Destination,
        to_send: u64,
    ) -> Result<SendReport, SendError> {
        let progress = Arc::new(Progress::default());
        let stop = self.signals.sending();
        let stopping = stop.subscribe();
        let end = tokio::spawn(self.window.clone().watch(Arc::clone(&stop)));
        let bar = tokio::spawn(bar::draw(Arc::clone(&progress), to_send));
        let options = run::Options {
            templates: planned.templates(),
            routes: self.routes(destination),
            limit: self.options.limit,
            lanes: self.workspace.config.lanes.clone(),
            schedule: self.workspace.config.schedule,
            wait: self.wait,
            clock: || clock::now().to_string(),
            stopping,
            progress,
        };
        let report = planned.deliver(&options).await;
        bar.abort();
        let _ = bar.await;
        end.abort();
        report
    }

    /// The relays; a limit on the command line replaces theirs.
    fn routes(&self, destination: &Destination) -> Vec<Route> {
        let mut routes = destination.routes.clone();
        if self.options.limit.is_some() {
            routes.iter_mut().for_each(|route| route.limit = None);
        }
        routes
    }

    /// It is later than `--not-after`: no message was sent, and everybody waits.
    fn too_late(&self, end: &str, report: Result<SendReport, SendError>) -> Ending {
        print::note(&format!("{end}: nothing was sent"));
        self.tell(report)?;
        Ok(Exit::Unfinished)
    }

    fn tell(&self, report: Result<SendReport, SendError>) -> Ending {
        report::tell(&report.map_err(refusal::told)?, &self.window, self.options.json)
    }
}

/// Asks whether to send again to the people who may have the issue, if there are any.
async fn resend_uncertain(locked: &Locked) -> Result<bool, Failure> {
    let (count, first) = locked.uncertain().await.map_err(refusal::told)?;
    if count == 0 {
        return Ok(false);
    }
    report::list(&first);
    question::resend_confirmed(count)
}

/// Whether to send again to the people whom a relay refused for good. Shows first who they are. If
/// nobody is `asked`, the answer is `--yes`, or that to the question before the first message.
async fn retry_refused(locked: &Locked, asked: bool) -> Result<bool, Failure> {
    let (count, first) = locked.refused().await.map_err(refusal::told)?;
    report::list(&first);
    if asked && count > 0 { question::retry_confirmed(count) } else { Ok(count > 0) }
}
