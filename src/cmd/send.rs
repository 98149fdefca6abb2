//! `digest send`: an issue to its subscribers, each once, every outcome written down.

mod bar;
mod options;
mod plan;
mod question;
mod refusal;
mod renamed;
mod report;
mod signals;
mod survey;
mod window;

use std::sync::Arc;
use std::time::Duration;

use sejong_digest::config::Secret;
use sejong_digest::delivery::duration;
use sejong_digest::delivery::intake::Intake;
use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::route::{Route, share_connections};
use sejong_digest::delivery::run::{self, Progress};
use sejong_digest::delivery::send::content::Content;
use sejong_digest::delivery::send::locked::{Answers, Locked, Proposal};
use sejong_digest::delivery::send::plan::Plan;
use sejong_digest::delivery::send::planned::Planned;
use sejong_digest::delivery::send::rehearsal;
use sejong_digest::delivery::send::report::SendReport;
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::delivery::send::{SendError, SendOptions};
use sejong_digest::delivery::state::State;
use sejong_digest::diagnostic::counted;

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::looking;
use super::relays::{self, Destination, RelayChoice};
use super::workspace::{LostSecret, Workspace};
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
        not run, or every recipient of this send was refused; 3 the issue or the list has errors; \
        4 some recipients of the issue wait, are deferred, or are in the list and uncertain; 130 \
        interrupted.",
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
    /// Send although the ledger knows an issue like this one, whose folder is gone
    #[arg(long, hide_short_help = true)]
    new_issue: bool,
    /// Make a new .digest-secret where it is missing, although mail was sent before: unsubscribe
    /// links in that mail then stop working
    #[arg(long, hide_short_help = true)]
    new_secret: bool,
    /// Keep trying deferred recipients for this long after the others: 30m, 2h
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
        let window = Window::read(args.at.as_deref(), args.not_after.as_deref(), zone)?;
        let options = args.plan.read(&workspace, clock::at(window.begin(), zone))?;
        if args.dry_run {
            return planned(&workspace, &options, &window).await;
        }
        if args.fresh {
            start_over(&workspace, &options, args.yes).await?;
        }
        let ready = survey::take(&workspace, &options).await?;
        if let Some(end) = window.over().filter(|_| !ready.has_ledger()) {
            ready.close().await;
            return Err(never_begun(&end));
        }
        let asked = !args.yes && question::somebody_is_here();
        survey::is_met(&ready, asked)?;
        // That somebody has the issue is no reason: all may have it but who is new in the list.
        let begun =
            window.is_past() && ready.goes_on(options.reopened()).await.map_err(refusal::told)?;
        if let Some(late) = window.late(asked, begun)? {
            print::note(&late);
        }
        // Whoever says no has made nothing: no secret, and no ledger.
        let despite_receipt =
            send_despite_receipt(&ready, options.reopened(), (args.despite_receipt, asked)).await?;
        let new_issue = renamed::is_new(&ready, args.new_issue, asked).await?;
        let lost = match lost_secret(&workspace, &ready, &options, args.new_secret, asked).await {
            Ok(lost) => lost,
            Err(failure) => {
                // So that SQLite leaves no log behind.
                ready.close().await;
                return Err(failure);
            }
        };
        let signers = workspace.signers()?;
        let (workspace, yes, wait) = (&workspace, args.yes, args.wait);
        let said = Answers { despite_receipt, new_issue, ..Answers::default() };
        let send = Send { workspace, options, yes, asked, said, wait, window, signals };
        let agreed = send.agree(&ready).await?;
        let secret = lost.map_or_else(|| workspace.secret(), |_| Ok(Secret::for_nobody()))?;
        let identity = workspace.identity(&secret, signers);
        if let Some(folder) = send.options.relay.rehearsal() {
            relays::catch_folder(folder)?;
        }
        let who = who(workspace, &ready.content().composition().issue);
        let locked = ready.lock(&identity, &who).await.map_err(refusal::told)?;
        looking::tell_recovered(locked.recovered());
        send.send(locked, agreed).await
    })
}

/// Whether the secret was lost. Where mail leaves, somebody has to say first that a new one is made:
/// by a flag (`wanted`), or whoever is `asked`. A rehearsal goes on without one.
async fn lost_secret(
    workspace: &Workspace,
    ready: &Ready,
    options: &PlanOptions,
    wanted: bool,
    asked: bool,
) -> Result<Option<LostSecret>, Failure> {
    let rehearsal = options.relay.rehearsal().is_some();
    let lost = if rehearsal {
        // A store of another kind is no file, and told where it is used.
        LostSecret::of(workspace, workspace.ledger_place().ok()).await?
    } else {
        lost_beside(workspace, ready).await?
    };
    let Some(lost) = lost else { return Ok(None) };
    if rehearsal {
        print::note(&format!("{lost}; the unsubscribe links of this rehearsal are not real"));
        return Ok(Some(lost));
    }
    if wanted || asked && question::new_secret_confirmed(&lost)? {
        return Ok(None);
    }
    Err(Failure::checks(format!("{lost}; nothing was sent")).help(format!(
        "copy that file here from the computer that sent before. {}--new-secret makes a new one: the \
         unsubscribe links in mail that was already sent then stop working",
        lost.doubt()
    )))
}

/// The secret that is not here although a receipt, or the ledger that is open, shows that mail was
/// sent with it.
async fn lost_beside(workspace: &Workspace, ready: &Ready) -> Result<Option<LostSecret>, Failure> {
    LostSecret::shown(workspace, async || {
        let reached = ready.has_reached_somebody().await.map_err(refusal::told)?;
        Ok(reached.then(|| ready.ledger_path().to_owned()))
    })
    .await
}

/// How this sender is named to another one.
fn who(workspace: &Workspace, issue: &str) -> String {
    let since = clock::now_in(&workspace.config.time_zone).strftime("%H:%M");
    format!("process {} (issue {issue}, since {since})", std::process::id())
}

/// Whether the issue is sent although its receipt knows people whom the ledger does not: `wanted` by
/// a flag, or by whoever is `asked`. Where nobody is left to send to, it is told and not asked.
async fn send_despite_receipt(
    ready: &Ready,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<bool, Failure> {
    let sent = ready.already_sent().await.map_err(refusal::told)?;
    let Some(sent) = sent.filter(|_| !wanted) else { return Ok(wanted) };
    if ready.plan(reopened).await.map_err(refusal::told)?.to_send == 0 {
        print::note(&receipts::already_sent(&sent));
        return Ok(false);
    }
    // The receipt may be that of a send which has just begun or ended: it is compared again under
    // the lock.
    if ready.is_overtaken().map_err(refusal::told)? {
        return Ok(false);
    }
    ready.may_be_made().map_err(refusal::told)?;
    if asked {
        print::note(&receipts::already_sent(&sent));
        print::note(&receipts::doubt(&sent.path, &sent.found));
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
        let mails = counted(removed, "message");
        print::note(&format!("removed {mails} of the earlier rehearsal from {}", describe(caught)));
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
    if !ready.has_ledger() {
        ready.may_be_made().map_err(refusal::told)?;
    }
    looking::tell(&ready.look().await.map_err(refusal::told)?);
    let plan = ready.plan(options.reopened()).await.map_err(refusal::told)?;
    if let Some(sent) = ready.already_sent().await.map_err(refusal::told)? {
        let asks = if plan.to_send > 0 { "; send asks before it goes on" } else { "" };
        print::note(&format!("{}{asks}", receipts::already_sent(&sent)));
    }
    if let Some(renamed) = ready.renamed().await.map_err(refusal::told)? {
        print::note(&format!("{}; send asks before it goes on", renamed::seems(&renamed)));
    }
    if options.relay.rehearsal().is_none()
        && let Some(lost) = lost_beside(workspace, &ready).await?
    {
        print::note(&format!("{lost}; send asks before it makes a new one: copy that file here"));
    }
    let routes = routes(workspace, options);
    let composition = ready.content().composition();
    let text = PlanText { plan: &plan, workspace, routes: &routes, composition, window };
    let json = options.json.then(|| text.json()).transpose()?;
    let words = text.words();
    ready.close().await;
    match json {
        Some(json) => print::json(&format!("{json}\n"))?,
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

/// What a person has said yes to before there was a ledger.
struct Agreed {
    plan: Plan,
    /// None of a rehearsal: it has no folder before the answer.
    destination: Option<Destination>,
}

/// A send under way.
struct Send<'a> {
    workspace: &'a Workspace,
    options: PlanOptions,
    yes: bool,
    /// Whether there is somebody at a terminal to ask.
    asked: bool,
    /// What was said before the lock.
    said: Answers,
    wait: Duration,
    window: Window,
    signals: Signals,
}

impl Send<'_> {
    /// Asks before anything is made, where there is no ledger yet: a no then leaves no file. Nobody
    /// is asked where there is nothing to ask; under the lock the plan is made again.
    async fn agree(&self, ready: &Ready) -> Result<Option<Agreed>, Failure> {
        if self.yes || ready.has_ledger() || self.window.over().is_some() {
            return Ok(None);
        }
        ready.may_be_made().map_err(refusal::told)?;
        let plan = ready.plan(self.options.reopened()).await.map_err(refusal::told)?;
        let (destination, routes) = match self.options.relay.rehearsal() {
            Some(_) => (None, routes(self.workspace, &self.options)),
            None => {
                let destination = self.destination(&plan).await?;
                let routes = self.route_plan(&destination);
                (Some(destination), routes)
            }
        };
        self.show(&plan, ready.content(), &routes);
        self.confirm(&plan, ready.list())?;
        Ok(Some(Agreed { plan, destination }))
    }

    /// Goes on if somebody says yes.
    fn confirm(&self, plan: &Plan, list: &Intake) -> Result<(), Failure> {
        let start = self.window.start();
        let unmet = list.unmet.first().map(|unmet| unmet.term.as_str());
        if question::confirmed(self.yes, plan.to_send, (start.as_deref(), unmet))? {
            return Ok(());
        }
        Err(Failure::new("nothing was sent"))
    }

    async fn send(self, locked: Locked, agreed: Option<Agreed>) -> Ending {
        let answers = self.answers(&locked).await?;
        let proposal = locked.propose(answers).await.map_err(refusal::told)?;
        if proposal.plan().to_send == 0 {
            self.nothing(&proposal);
            return self.tell(proposal.leave().await);
        }
        if let Some(end) = self.window.over() {
            return self.too_late(&end, proposal.leave().await);
        }
        // Another send may have changed the ledger meanwhile: then the answer was to another plan.
        let is_agreed = agreed.as_ref().is_some_and(|agreed| agreed.plan == *proposal.plan());
        let destination = match agreed.and_then(|agreed| agreed.destination) {
            Some(destination) => destination,
            None => self.destination(proposal.plan()).await?,
        };
        if !is_agreed {
            let routes = self.route_plan(&destination);
            self.show(proposal.plan(), proposal.content(), &routes);
            report::list_repeated(proposal.repeated());
        }
        if !is_agreed {
            self.confirm(proposal.plan(), proposal.list())?;
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
        Ok(Answers { reopened, ..self.said })
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

    /// The relays of a destination, in words.
    fn route_plan(&self, destination: &Destination) -> RoutePlan {
        let named = destination.routes.iter().map(|route| {
            let connections = counted(route.relay.connections() as u64, "connection");
            (format!("{} ({connections})", route.relay), route.limit)
        });
        RoutePlan::new(named.collect(), self.options.limit)
    }

    fn show(&self, plan: &Plan, content: &Content, routes: &RoutePlan) {
        let (workspace, window) = (self.workspace, &self.window);
        let text = PlanText { plan, workspace, routes, composition: content.composition(), window };
        print::note(text.words().trim_end());
    }

    async fn deliver(
        &self,
        planned: Planned,
        destination: &Destination,
        to_send: u64,
    ) -> Result<SendReport, SendError> {
        let begun = planned.begin().await?;
        if let Some(reason) = begun.no_receipt() {
            print::note(&report::no_receipt(reason));
        }
        let progress = Arc::new(Progress::default());
        let stop = self.signals.sending(&progress);
        let stopping = stop.subscribe();
        let end = tokio::spawn(self.window.clone().watch(Arc::clone(&stop)));
        let bar = tokio::spawn(bar::draw(Arc::clone(&progress), to_send));
        let options = run::Options {
            templates: begun.templates(),
            routes: self.routes(destination),
            limit: self.options.limit,
            lanes: self.workspace.config.lanes.clone(),
            schedule: self.workspace.config.schedule,
            wait: self.wait,
            clock: || clock::now().to_string(),
            stopping,
            progress,
        };
        let report = begun.deliver(&options).await;
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
        // Who is not planned does not wait: counts would be of nobody.
        if report.as_ref().is_ok_and(|report| report.counts.planned == 0) {
            return Err(never_begun(end));
        }
        print::note(&format!("{end}: nothing was sent"));
        self.tell(report)?;
        Ok(Exit::Unfinished)
    }

    fn tell(&self, report: Result<SendReport, SendError>) -> Ending {
        report::tell(&report.map_err(refusal::told)?, &self.window, &self.options)
    }
}

/// It is later than `--not-after`, and no send of the issue has begun before.
fn never_begun(end: &str) -> Failure {
    Failure::new(format!("{end}: nothing was sent"))
        .help("leave --not-after away to send now, or name a time in the future")
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

/// Whether to send again to the people whom a relay refused for good; `false` if there are none.
/// Shows first who they are. If nobody is `asked`, the answer is `--yes`, or that to the question
/// before the first message.
///
/// A no ends the send: whoever names the flag means these people, and may not expect that the others
/// get the issue now.
async fn retry_refused(locked: &Locked, asked: bool) -> Result<bool, Failure> {
    let (count, first) = locked.refused().await.map_err(refusal::told)?;
    if count == 0 {
        return Ok(false);
    }
    report::list(&first);
    if asked && !question::retry_confirmed(count)? {
        return Err(Failure::new(
            "nothing was sent, neither to the people who were refused nor to the others",
        )
        .help(
            "without --retry-refused the send leaves these people out and asks about the others",
        ));
    }
    Ok(true)
}
