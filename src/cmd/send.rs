//! `digest send`: an issue to its subscribers, each once, every outcome written down.

mod bar;
mod complained;
mod completed;
mod dated;
mod despite;
mod doubts;
mod erratum;
mod kept;
mod moved;
mod options;
mod plan;
mod planned;
pub(super) mod question;
mod reasons;
mod refusal;
mod refused;
mod renamed;
mod replaced;
mod report;
mod reread;
mod shrunk;
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
use sejong_digest::delivery::run::{self, Progress, Stopping};
use sejong_digest::delivery::send::content::Content;
use sejong_digest::delivery::send::locked::{Answers, Locked, Proposal};
use sejong_digest::delivery::send::plan::{PartCounts, Plan};
use sejong_digest::delivery::send::planned::Planned;
use sejong_digest::delivery::send::rehearsal;
use sejong_digest::delivery::send::report::{ReceiptFate, SendReport};
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::delivery::send::{SendError, SendOptions};
use sejong_digest::delivery::state::State;
use sejong_digest::diagnostic::counted;
use sejong_digest::store::Store;
use tokio::sync::watch;

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::looking;
use super::relays::{self, Destination, RelayChoice};
use super::runtime;
use super::workspace::Workspace;
use super::{Global, LogOptions, archive, clock, pictures, print, published, reach, receipts};
use despite::{AllowedSend, DespiteFlags};
pub(crate) use options::{PlanArgs, chosen};
use options::{PlanOptions, Uncertain};
use plan::{PlanText, RoutePlan};
use reasons::Reasons;
pub(super) use report::in_one_object;
use reread::Renewed;
use signals::Signals;
use survey::Leaves;
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
    #[command(flatten)]
    pub(super) log: LogOptions,
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
    /// Send although the ledger or a receipt knows an issue like this one, whose folder is gone or was
    /// copied: holds for this issue and that one, and with --to, --only or another list for these people
    /// alone
    #[arg(long, hide_short_help = true)]
    new_issue: bool,
    /// Go on with the issue that was sent under this name, although another one is in its folder now
    #[arg(long, hide_short_help = true)]
    despite_changes: bool,
    /// Send although the list lacks many of the people who wait for the issue, who get nothing, or most of
    /// those who got the last one
    #[arg(long, hide_short_help = true)]
    despite_list: bool,
    /// Send although the computer's clock and the ledger's last entry lie far apart
    #[arg(long, hide_short_help = true)]
    despite_clock: bool,
    /// Send although more than 3 of 1000 readers, and at least 3, complained about the last issue
    #[arg(long, hide_short_help = true)]
    despite_complaints: bool,
    /// Send although the ledger is not where it last sent from, and another copy may have sent since
    #[arg(long, hide_short_help = true)]
    despite_copy: bool,
    /// Make a new .digest-secret where it is missing, or go on without a key of it, although mail was
    /// sent with it: unsubscribe links in that mail then stop working
    #[arg(long, hide_short_help = true)]
    new_secret: bool,
    /// Ask for the pictures also where they are not on the internet
    #[arg(long, hide_short_help = true)]
    allow_private: bool,
    /// Keep trying deferred recipients for this long after the others: 30m, 2h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration::read)]
    #[arg(hide_short_help = true)]
    wait: Duration,
    /// Wait until then: 2025-11-06 09:00 where the publication is, or RFC 3339. The list is read again
    /// then: who has left it gets nothing, and who has come into it waits for the next send
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    at: Option<String>,
    /// Do not start or go on later than that
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    not_after: Option<String>,
}

/// Bytes of pictures that a rehearsal writes, all messages together.
const MOST_PICTURES: u64 = 64 * 1024 * 1024;

/// What a send was refused for, for people.
pub(crate) fn refused(error: SendError) -> Failure {
    refusal::told(error)
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
        let mut options = args.plan.read(&workspace, clock::at(window.begin(), zone)).await?;
        options.send.forgetting = options.send.forgetting.giving_up_others(args.new_secret);
        if args.dry_run {
            return planned::planned(&workspace, &options, &window).await;
        }
        if window.was_ahead() {
            options.can_be_read_again()?;
        }
        if args.fresh {
            start_over(&workspace, &options, args.yes).await?;
        }
        let mut ready = survey::take(&workspace, &options, Leaves::Mail).await?;
        if let Some(end) = window.over().filter(|_| !ready.has_ledger()) {
            ready.close().await;
            return Err(never_begun(&end));
        }
        let asked = !args.yes && question::somebody_is_here();
        survey::is_met(&ready, asked)?;
        let is_real = options.relay.rehearsal().is_none();
        // Whoever says no has made nothing: no secret, and no ledger.
        let said = asked_about((&workspace, &options), &ready, (args, &window), asked).await;
        let AllowedSend { despite_receipt, new_issue, lost } = match said {
            Ok(said) => said,
            Err(failure) => {
                // So that SQLite leaves no log behind.
                ready.close().await;
                return Err(failure);
            }
        };
        if let Err(failure) = pictures_are_there(&workspace, &ready, &options, args).await {
            ready.close().await;
            return Err(failure);
        }
        let signers = workspace.signers()?;
        let (workspace, yes, wait) = (&workspace, args.yes, args.wait);
        let despite_list = args.despite_list || !is_real;
        let said = Answers { despite_receipt, new_issue, ..Answers::default() };
        let signs_nothing = is_real && lost.is_some();
        let send = Send {
            workspace,
            options,
            yes,
            asked,
            said,
            despite_list,
            signs_nothing,
            wait,
            window,
            signals,
            parts: ready.parts().await.map_err(refusal::told)?,
        };
        let agreed = send.agree(&ready).await?;
        let secret = lost.map_or_else(|| workspace.secret(), |_| Ok(Secret::for_nobody()))?;
        let identity = workspace.identity(&secret, signers);
        if let Some(folder) = send.options.relay.rehearsal() {
            relays::catch_folder(folder)?;
            send.show_pictures(&mut ready).await?;
        }
        let who = who(workspace, &ready.content().composition().issue);
        let locked = ready.lock(&identity, &who).await.map_err(refusal::told)?;
        looking::tell_recovered(locked.recovered());
        send.send(locked, agreed).await
    })
}

/// Asks about all that is doubted; where nobody can be `asked`, all of it is told at once.
async fn asked_about(
    (workspace, options): (&Workspace, &PlanOptions),
    ready: &Ready,
    (args, window): (&Args, &Window),
    asked: bool,
) -> Result<AllowedSend, Failure> {
    let mut reasons = Reasons::new(asked);
    let (perhaps, zone) = (options.perhaps_reopened(asked), &workspace.config.time_zone);
    let is_real = options.relay.rehearsal().is_none();
    if is_real {
        let said = (args.despite_clock, asked);
        reasons.keep(doubts::clock_is_right(ready, zone, perhaps, said).await)?;
        reasons.keep(dated::is_right(ready, &options.allow, zone, said).await)?;
    }
    // By a clock that is doubted nobody can tell what is late.
    if reasons.count() == 0 {
        tell_late(ready, window, options.reopened(), asked).await?;
    }
    if is_real {
        let said = (args.despite_copy, asked);
        reasons.keep(moved::goes_on(ready, perhaps, said).await)?;
    }
    reasons.keep(replaced::goes_on(ready, perhaps, (args.despite_changes, asked)).await)?;
    let flags = DespiteFlags {
        despite_receipt: args.despite_receipt,
        new_issue: args.new_issue,
        new_secret: args.new_secret,
    };
    let allowed =
        despite::asked_about((workspace, options), ready, flags, (&mut reasons, asked)).await?;
    if is_real {
        let (list, said) = (&options.send.list, (args.despite_list, asked));
        reasons.keep(doubts::list_is_right(ready, options.reopened(), list, said).await)?;
        reasons.keep(shrunk::is_right(ready, list, said).await)?;
        let said = (args.despite_complaints, asked);
        reasons.keep(complained::goes_on(ready, perhaps, said).await)?;
    }
    reasons.told()?;
    if is_real {
        let plan = ready.plan(options.reopened()).await.map_err(refusal::told)?;
        let completed = completed::told(workspace, options, ready, &plan).await?;
        completed.iter().for_each(|words| print::note(words));
    }
    Ok(allowed)
}

/// Says that the time of `--at` is past, where somebody is sent to; or refuses.
async fn tell_late(
    ready: &Ready,
    window: &Window,
    reopened: Reopened,
    asked: bool,
) -> Result<(), Failure> {
    if !window.is_past() {
        return Ok(());
    }
    let to_send = ready.plan(reopened).await.map_err(refusal::told)?.to_send;
    // That somebody has the issue is no reason: all may have it but who is new in the list.
    let begun = ready.goes_on(reopened).await.map_err(refusal::told)?;
    let late = window.late(asked, begun)?;
    late.filter(|_| to_send > 0).iter().for_each(|late| print::note(late));
    Ok(())
}

/// Asks for the pictures of the issue where they are to be fetched from.
async fn pictures_are_there(
    workspace: &Workspace,
    ready: &Ready,
    options: &PlanOptions,
    args: &Args,
) -> Result<(), Failure> {
    // In a rehearsal, they are inside of the messages.
    if options.relay.rehearsal().is_some() {
        return Ok(());
    }
    // `digest serve` shows them from then on.
    if let Some(issue) = ready.content().issue() {
        archive::keep_pictures(workspace, issue);
    }
    let base_url = &workspace.config.publication.base_url;
    let how = (options.allow.as_slice(), reach(args.allow_private), args.yes);
    published::before(ready, options.reopened(), base_url, how).await
}

/// How this sender is named to another one.
fn who(workspace: &Workspace, issue: &str) -> String {
    let since = clock::now_in(&workspace.config.time_zone).strftime("%H:%M");
    format!("process {} (issue {issue}, since {since})", std::process::id())
}

/// Removes what an earlier rehearsal wrote of the issue, once somebody has said yes to that.
async fn start_over(
    workspace: &Workspace,
    options: &PlanOptions,
    yes: bool,
) -> Result<(), Failure> {
    let Some(caught) = options.relay.rehearsal() else { return Ok(()) };
    let SendOptions { issue, ledger, boot, clock, .. } = &options.send;
    // A rehearsal may be told to use another store, but only a file is one that it may begin again.
    let Some(ledger) = ledger.file() else { return Ok(()) };
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
        runtime()?.block_on(async {
            let begin = clock::at(window.begin(), zone);
            let options = args.read(&workspace, begin).await?;
            planned::planned(&workspace, &options, &window).await
        })
    };
    report::in_one_object(plan(), args.json, &args.issue)
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
    /// The list is right, whoever it lacks; so is any in a rehearsal.
    despite_list: bool,
    /// The secret is missing, and nobody was to be sent to.
    signs_nothing: bool,
    wait: Duration,
    window: Window,
    signals: Signals,
    /// How many get which parts of the issue.
    parts: PartCounts,
}

impl Send<'_> {
    /// Lets a rehearsal show pictures that are not published yet, as long as the mails do not fill a
    /// disk with them.
    async fn show_pictures(&self, ready: &mut Ready) -> Result<(), Failure> {
        let people = ready.plan(self.options.reopened()).await.map_err(refusal::told)?.to_send;
        let Some(issue) = ready.content().issue() else { return Ok(()) };
        let bytes: usize = issue.images.iter().map(|image| image.sent.bytes.len()).sum();
        let publication = &self.workspace.config.publication;
        let inside = bytes as u64 * people <= MOST_PICTURES;
        if !pictures::tell_caught(issue, inside, publication) || !inside {
            return Ok(());
        }
        ready.put_pictures_inside(&publication.base_url);
        Ok(())
    }

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
        let doubt = doubts::of_list(
            proposal.plan(),
            &proposal.content().composition().issue,
            &self.options.send.list,
        );
        let to_send = proposal.plan().to_send;
        doubts::list_is_meant(doubt, to_send, (self.despite_list, self.asked))?;
        if proposal.plan().to_send == 0 {
            self.nothing(&proposal);
            return self.tell(proposal.leave().await);
        }
        if self.signs_nothing {
            // What a dead sender left waits now.
            return Err(refusal::told(SendError::Overtaken));
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
        let planned = proposal.accept().await.map_err(refusal::told)?;
        let waited = self.window.wait(self.signals.waiting(), &planned).await;
        if !*waited.as_ref().unwrap_or(&true) {
            destination.close().await;
            print::note("interrupted before the first message; run the same command again");
            self.tell(planned.leave().await)?;
            return Ok(Exit::Interrupted);
        }
        if let Err(failure) = waited {
            destination.close().await;
            return Err(failure);
        }
        if let Some(end) = self.window.over() {
            destination.close().await;
            return self.too_late(&end, planned.leave().await);
        }
        let planned = if self.window.was_ahead() {
            self.read_again(planned).await
        } else {
            Ok(Renewed::Planned(Box::new(planned)))
        };
        let report = match planned {
            Ok(Renewed::Planned(planned)) => Ok(self.deliver(*planned, &destination).await),
            Ok(Renewed::Nobody(report)) => Ok(Ok(*report)),
            Err(failure) => Err(failure),
        };
        destination.close().await;
        self.tell(report?)
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
            (Some(to), Some(one)) if one.state == State::Uncertain && one.earlier > 0 => {
                print::note(&plan::copy_unknown(&to.address, issue));
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
        let (composition, except) = (content.composition(), self.options.except.as_deref());
        let parts = &self.parts;
        let list = (&*self.options.send.list, self.options.send.list_in_store.is_some());
        let is_part = self.options.is_part();
        let text =
            PlanText { plan, workspace, routes, composition, window, list, except, is_part, parts };
        print::note(text.words().trim_end());
    }

    async fn deliver(
        &self,
        planned: Planned,
        destination: &Destination,
    ) -> Result<SendReport, SendError> {
        let to_send = planned.to_send();
        let begun = planned.begin().await?;
        let at_first = begun.receipt().cloned();
        match &at_first {
            Some(fate @ ReceiptFate::Unwritten(_)) => print::note(&receipts::fate(fate)),
            Some(fate) => receipts::kept(fate).iter().for_each(|kept| print::note(kept)),
            None => {}
        }
        let progress = Arc::new(Progress::default());
        let store = begun.store();
        let stop = self.signals.sending(&progress, &store);
        let stopping = stop.subscribe();
        let end = tokio::spawn(self.window.clone().watch(Arc::clone(&stop)));
        let bar = tokio::spawn(bar::draw(Arc::clone(&progress), store.clone(), to_send));
        let end_soon = tokio::spawn(end_soon(stop.subscribe(), store));
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
        end_soon.abort();
        let any_refused = report.as_ref().is_ok_and(|report| report.counts.refused > 0);
        if any_refused && self.options.relay.rehearsal().is_none() {
            let SendOptions { ledger, issue, .. } = &self.options.send;
            refused::take_note(ledger, issue, &self.workspace.config.bounce).await;
        }
        // What was said before the first message is true still, and nothing new.
        report.map(|mut report| {
            let is_told = |fate: &ReceiptFate| {
                matches!(fate, ReceiptFate::Unwritten(_)) && at_first.as_ref() == Some(fate)
            };
            report.receipt.take_if(|fate| is_told(fate));
            report
        })
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

/// Waits for a server no longer than a moment, once somebody wants an end at once.
async fn end_soon(mut stopping: watch::Receiver<Stopping>, store: Store) {
    if stopping.wait_for(|wanted| *wanted == Stopping::Abort).await.is_ok() {
        store.end_soon();
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
    if asked && !question::retry_confirmed(count, &first)? {
        return Err(Failure::new(
            "nothing was sent, neither to the people who were refused nor to the others",
        )
        .help(
            "without --retry-refused the send leaves these people out and asks about the others",
        ));
    }
    Ok(true)
}
