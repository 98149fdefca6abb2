//! `digest status`: what the ledger knows of an issue, or of all. Changes nothing.

pub(super) mod bounced;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sejong_digest::audience::erasure;
use sejong_digest::audience::except::LEFT_OUT_BY;
use sejong_digest::audience::subscribers::preferences;
use sejong_digest::audience::suppression::{
    self, LEFT_DURING, SUPPRESSED, Suppression, SuppressionSubject,
};
use sejong_digest::delivery::duration;
use sejong_digest::delivery::ledger::bounces::BounceCounts;
use sejong_digest::delivery::ledger::moved::MOVED_DURING;
use sejong_digest::delivery::ledger::overview::{self, Counts, Listed};
use sejong_digest::delivery::ledger::runs::Times;
use sejong_digest::delivery::ledger::undecided;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::outbox;
use sejong_digest::delivery::receipt::{self, ReceiptFound, StandingReceipt};
use sejong_digest::delivery::state::State;
use sejong_digest::diagnostic::counted;
use sejong_digest::issue::load;
use sejong_digest::message::address::Address;
use sejong_digest::store::{self, Store, StoreAddress, StoreError};
use serde::Serialize;
use texts::IssueTexts;

use super::bounces::undecided::WaitingWishes;
use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::receipts::{self, ANOTHER_LEDGER, NOT_THE_LEDGER, parts};
use super::workspace::Workspace;
use super::{Global, clock, looking, print, runtime};

/// Whoever waits longer to be erased is told of as late.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// Show what happened to the recipients of an issue
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  digest status
  digest status 2025-11
  digest status 2025-11 --missed
  digest status 2025-11 --list bounced --json
")]
pub(crate) struct Args {
    /// The issue: the name of its folder [default: every issue in the ledger]
    issue: Option<String>,
    /// List the recipients in this state, or in a,b: each with the last reply
    #[arg(long, value_name = "STATE", requires = "issue", value_parser = listable())]
    #[arg(value_delimiter = ',')]
    list: Vec<StatusList>,
    /// List all who do not have the issue, or may not: why, and the last reply
    #[arg(long, requires = "issue", conflicts_with = "list")]
    missed: bool,
    /// Another ledger than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL", conflicts_with = "catch")]
    store: Option<String>,
    /// The ledger of a rehearsal, in the folder that you named with --catch
    #[arg(long, value_name = "DIR")]
    catch: Option<PathBuf>,
    /// Print JSON to stdout
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Told<'a> {
    issue: String,
    #[serde(flatten)]
    counts: Counts,
    /// When the first and the last outcome came, RFC 3339, and the seconds of sending.
    first_at: Option<String>,
    last_at: Option<String>,
    seconds: Option<i64>,
    /// What was reported later of people who got it.
    bounced: BounceCounts,
    domains: Vec<Domain>,
    /// Wishes to leave that nobody has decided about, of whatever issue.
    wishes: &'a WaitingWishes,
    /// How many people of the list have paused by their own choice, of whatever issue.
    paused: u64,
    /// Which text they have; of one issue alone.
    #[serde(flatten)]
    texts: Option<IssueTexts>,
    #[serde(skip)]
    times: Option<Times>,
}

#[derive(Serialize)]
struct Domain {
    domain: String,
    #[serde(flatten)]
    counts: Counts,
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusList {
    State(State),
    /// Of whom something was reported later.
    Bounced,
}

const BOUNCED: &str = "bounced";

/// The states that a row can be listed by: who is claimed counts as pending.
fn listable() -> impl TypedValueParser<Value = StatusList> {
    let states = Counts::default().by_state().map(|(state, _)| state.word());
    PossibleValuesParser::new(states.into_iter().chain([BOUNCED])).try_map(|word| {
        if word == BOUNCED {
            return Ok(StatusList::Bounced);
        }
        word.parse::<State>().map(StatusList::State)
    })
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let named = |known: &[String]| {
        let issue = args.issue.as_deref().map(|given| workspace.known_name(given, known));
        Args { issue, ..args.clone() }
    };
    let args = &named(&[]);
    // A rehearsal leaves no receipt.
    let receipts = match &args.catch {
        Some(_) => Vec::new(),
        None => receipts::standing(&workspace.root, args.issue.as_deref()),
    };
    let zone = &workspace.config.time_zone;
    let path = match ledger_address(&workspace, args.store.as_deref(), args.catch.as_deref()) {
        Ok(path) => path,
        Err(missing) => return by_receipts(&receipts, args, zone, (missing, NOT_THE_LEDGER)),
    };
    runtime()?.block_on(async {
        let store = Store::read(&path, &ledger::STEPS).await?;
        looking::look(&Ledger::new(store.clone(), "")).await?;
        let known = overview::issues(&store).await?;
        let args = &named(&known);
        if let Some(issue) = args.issue.as_ref().filter(|issue| !known.contains(issue)) {
            store.close().await;
            let unknown = unknown(issue, &known);
            let help = if known.is_empty() { NOT_THE_LEDGER } else { ANOTHER_LEDGER };
            return by_receipts(&receipts, args, zone, (unknown, help));
        }
        if args.catch.is_none()
            && let Some(folder) = receipt::closed_folder(&workspace.root)
        {
            let issues = args.issue.as_ref().map_or(&known[..], std::slice::from_ref);
            folder_is_told(&store, issues, folder).await?;
        }
        for receipt in receipts {
            let known = Ledger::new(store.clone(), &receipt.issue).known_sends().await?;
            if let Some(sent) = receipt.beyond(&known, zone) {
                print::note(&receipts::already_sent(&sent));
            }
        }
        let is_first = known.is_empty();
        let answer = answer(&workspace, &store, args, known).await;
        let of_readers = of_readers(&store, clock::now_in(zone).date()).await;
        // Before the first send there is no issue with which scripts would see them.
        let waiting = if args.issue.is_none() && (!args.json || is_first) {
            undecided::all(&store, None).await
        } else {
            Ok(Vec::new())
        };
        store.close().await;
        match answer? {
            text if args.json => print::json(&text)?,
            text => print::words(&text)?,
        }
        WaitingWishes::told(&waiting?).iter().for_each(|words| print::note(words));
        let of_readers = of_readers?;
        if args.issue.is_none() && args.catch.is_none() {
            of_readers.iter().for_each(|told| print::note(told));
        }
        Ok(Exit::Done)
    })
}

/// What readers wait for, and what they have chosen.
async fn of_readers(store: &Store, today: Date) -> Result<Vec<String>, StoreError> {
    let outbox = outbox::counts(store).await?;
    let outbox = (!outbox.is_empty()).then(|| format!("mails to people who subscribe: {outbox}"));
    let erasures = erasures_told(&erasure::waiting(store).await?);
    let paused = preferences::paused(store, today).await?;
    let paused =
        (paused > 0).then(|| format!("paused, by their own choice: {}", counted(paused, "person")));
    Ok([outbox, erasures, paused].into_iter().flatten().collect())
}

/// How many people wait to be erased, if any do, and whether that takes too long.
pub(super) fn erasures_told(waiting: &[(Address, Timestamp)]) -> Option<String> {
    let (_, first) = waiting.first()?;
    let people = counted(waiting.len() as u64, "person");
    let is_late = clock::now().duration_since(*first) > LATE;
    let late = if is_late { ", the first for more than a day" } else { "" };
    Some(format!("to be erased, as they have asked for on the web: {people}{late}"))
}

/// Says that nobody can tell what other ledgers have sent, unless a person has said yes to that for
/// each of the issues.
async fn folder_is_told(
    store: &Store,
    issues: &[String],
    (path, found): (PathBuf, ReceiptFound),
) -> Result<(), Failure> {
    for issue in issues {
        let known = Ledger::new(store.clone(), issue).known_sends().await?;
        if found.unread().is_some_and(|text| !known.gives_up(text)) {
            let (path, why) = (describe(&path), receipts::fault(&found));
            print::note(&format!(
                "{path} {why}, so no receipt can tell what was sent from another ledger"
            ));
            return Ok(());
        }
    }
    Ok(())
}

/// Shows what receipts say where the ledger cannot, because of the `failure` that it ends with all
/// the same: a receipt is no answer for a script.
fn by_receipts(
    receipts: &[StandingReceipt],
    args: &Args,
    zone: &TimeZone,
    (failure, help): (Failure, &str),
) -> Ending {
    // A receipt has no rows.
    if receipts.is_empty() || args.missed || !args.list.is_empty() {
        return Err(failure);
    }
    if args.json {
        print::json(&receipts::in_json(receipts, args.issue.is_some())?)?;
    } else {
        let each = receipts.iter().map(|receipt| receipts::in_words(receipt, zone));
        print::words(&each.collect::<String>())?;
    }
    Err(failure.help(help))
}

/// The ledger does not know the issue, which is named by its folder's name.
pub(super) fn unknown(issue: &str, known: &[String]) -> Failure {
    let failure = Failure::new(format!("this ledger has no issue {issue}"));
    let name = Path::new(issue).file_name().unwrap_or_default().to_string_lossy();
    let all = || format!("its issues are: {}", known.join(", "));
    match load::named_like(&name.to_lowercase(), known) {
        Some(meant) => failure.help(format!("did you mean {meant}? {}", all())),
        None if known.is_empty() => failure.help("it has no issues yet"),
        None => failure.help(all()),
    }
}

/// The ledger that a command looks at: the one that was named, a rehearsal's, or the publication's.
/// It must be there: looking makes none.
pub(super) fn ledger_address(
    workspace: &Workspace,
    store: Option<&str>,
    catch: Option<&Path>,
) -> Result<StoreAddress, Failure> {
    let address = match (store, catch) {
        (Some(url), _) => workspace.named_store(url)?,
        (None, Some(folder)) => folder.join(store::REHEARSAL).into(),
        (None, None) => workspace.ledger_place()?,
    };
    let StoreAddress::File(path) = address else { return Ok(address) };
    if path.is_file() {
        return Ok(path.into());
    }
    Store::belongs_here(&path).map_err(looking::unusable)?;
    if store.is_some() {
        let what = format!("there is no ledger {}", path.display());
        return Err(Failure::new(what).help("--store names its file, such as sqlite:digest.db"));
    }
    if catch.is_none()
        && let Some((shown_by, found)) = receipt::of_any_send(&workspace.root)
    {
        let mut what = format!("the ledger is not here: there is no {}", path.display());
        if let ReceiptFound::Folder(_) = found {
            let why = receipts::fault(&found);
            what = format!("{what}, and {} {why}, so no receipt can be read", describe(&shown_by));
        }
        return Err(Failure::new(what).help(NOT_THE_LEDGER));
    }
    // A send that reached nobody leaves one too.
    if catch.is_none() && !receipt::standing(&workspace.root).is_empty() {
        let what = format!("the ledger is not here: there is no {}", path.display());
        return Err(Failure::new(what).help(NOT_THE_LEDGER));
    }
    let failure = Failure::new(format!("nothing was sent yet: there is no {}", path.display()));
    let older = catch.map(|folder| folder.join("digest.db")).filter(|older| older.is_file());
    Err(match older {
        None => failure.help("a rehearsal's ledger is in its folder: --catch DIR"),
        Some(older) => failure.help(format!(
            "to see what a rehearsal of version 0.1.0 left there: --store sqlite:{}",
            older.display()
        )),
    })
}

async fn answer(
    workspace: &Workspace,
    store: &Store,
    args: &Args,
    known: Vec<String>,
) -> Result<String, Failure> {
    let zone = &workspace.config.time_zone;
    let wanted = match &args.issue {
        None => known,
        Some(issue) => vec![issue.clone()],
    };
    if let Some(issue) = wanted.first().filter(|_| args.missed || !args.list.is_empty()) {
        return listed(store, issue, args, zone).await;
    }
    let wishes = if args.json {
        WaitingWishes::of(workspace, undecided::all(store, None).await?).await
    } else {
        WaitingWishes::default()
    };
    let paused = preferences::paused(store, clock::now_in(zone).date()).await?;
    let mut all = Vec::new();
    for issue in wanted {
        let ledger = Ledger::new(store.clone(), &issue);
        // The totals are the sums of the domains: of one moment, also while a send goes on.
        let domains = domains(ledger.domains().await?);
        let counts = domains.iter().map(|domain| domain.counts).sum();
        let times = ledger.times().await?;
        all.push(Told {
            issue,
            counts,
            first_at: times.map(|times| clock::second(times.first)),
            last_at: times.map(|times| clock::second(times.last)),
            seconds: times.map(|times| times.took.as_secs()),
            bounced: ledger.bounce_counts().await?,
            domains,
            wishes: &wishes,
            paused,
            texts: match &args.issue {
                Some(_) => Some(IssueTexts::of(&ledger).await?),
                None => None,
            },
            times,
        });
    }
    if args.json {
        let text = match (&args.issue, all.as_slice()) {
            (Some(_), [one]) => serde_json::to_string(one)?,
            _ => serde_json::to_string(&all)?,
        };
        return Ok(format!("{text}\n"));
    }
    Ok(all.iter().map(|told| human(told, args.issue.is_some(), zone)).collect())
}

/// The largest first.
fn domains(counts: BTreeMap<String, Counts>) -> Vec<Domain> {
    let mut domains: Vec<Domain> =
        counts.into_iter().map(|(domain, counts)| Domain { domain, counts }).collect();
    domains.sort_by_key(|domain| std::cmp::Reverse(domain.counts.planned));
    domains
}

fn human(told: &Told<'_>, with_domains: bool, zone: &TimeZone) -> String {
    let counts = &told.counts;
    let when = told.times.map_or(String::new(), |times| when(counts, times, zone));
    let mut text = format!("{}: {} planned: {}{when}\n", told.issue, counts.planned, parts(counts));
    text.push_str(&bounced::line(&told.issue, told.bounced, counts.accepted));
    text.extend(told.texts.iter().map(|texts| texts.lines(zone)));
    if with_domains {
        for domain in &told.domains {
            text.push_str(&format!("  {:<32} {}\n", domain.domain, parts(&domain.counts)));
        }
    }
    text
}

/// ` (sent 2025-11-06 09:00, in 12 min)`, in the time zone of the publication; `tried` where nobody
/// has it, and ` (begun 2025-11-06 09:00, not finished)` as long as somebody was not attempted.
fn when(counts: &Counts, times: Times, zone: &TimeZone) -> String {
    let (first, last) = (clock::minute(times.first, zone), clock::minute(times.last, zone));
    if counts.pending > 0 {
        return format!(" (begun {first}, not finished)");
    }
    // What no relay took was not sent, only tried.
    let done = if counts.accepted > 0 { "sent" } else { "tried" };
    // What ends within the hour needs no second date.
    let one = times.last.duration_since(times.first) < SignedDuration::from_hours(1);
    let until = if one { String::new() } else { format!(" to {last}") };
    format!(" ({done} {first}{until}, in {})", duration::about(times.took.as_secs_f64()))
}

/// A row with the reason in words, for scripts.
#[derive(Serialize)]
struct ListedRow<'a> {
    #[serde(flatten)]
    row: &'a Listed,
    reason: &'static str,
}

async fn listed(
    store: &Store,
    issue: &str,
    args: &Args,
    zone: &TimeZone,
) -> Result<String, Failure> {
    let ledger = Ledger::new(store.clone(), issue);
    let mut rows = if args.missed {
        let rows = ledger.missed().await?;
        let uncertain = ledger.list_any(&[State::Uncertain], i64::MAX).await?;
        let copies = uncertain.iter().filter(|row| row.further_copy).count() as u64;
        tell_missed(issue, rows.len() as u64, (ledger.counts().await?.planned, copies));
        rows
    } else {
        if args.list.contains(&StatusList::Bounced) {
            return bounced::list(&ledger, zone, args.json).await;
        }
        let of = |list: &StatusList| match list {
            StatusList::State(state) => Some(*state),
            StatusList::Bounced => None,
        };
        let mut states: Vec<State> = args.list.iter().filter_map(of).collect();
        // Rows that a send has claimed have no outcome yet.
        states.extend(states.contains(&State::Pending).then_some(State::Claimed));
        ledger.list_any(&states, i64::MAX).await?
    };
    for row in &mut rows {
        row.state = if row.state == State::Claimed { State::Pending } else { row.state };
    }
    let never = NeverMailed::of(store, &rows).await?;
    if args.json {
        let rows: Vec<ListedRow<'_>> =
            rows.iter().map(|row| ListedRow { row, reason: reason(row, &never) }).collect();
        return Ok(format!("{}\n", serde_json::to_string(&rows)?));
    }
    let several = args.missed || args.list.len() > 1;
    let mut text = String::new();
    for row in rows {
        let at = row.at.as_deref().map_or(String::new(), |at| clock::told(at, zone));
        let why = if several {
            format!("{}\t{}\t", row.state, reason(&row, &never))
        } else {
            String::new()
        };
        text.push_str(&format!("{}\t{why}{at}\t{}\n", row.email, row.reply()));
    }
    Ok(text)
}

/// What a list of rows cannot say: how many of how many.
fn tell_missed(issue: &str, missed: u64, (planned, copies): (u64, u64)) {
    let told = match missed {
        0 => format!("nobody is missing: all {planned} who were planned have {issue}"),
        missed => format!("{missed} of {planned} who were planned do not have {issue}, or may not"),
    };
    let copies = match copies {
        0 => String::new(),
        1 => " (1 of them may or may not have a further copy)".to_owned(),
        more => format!(" ({more} of them may or may not have a further copy)"),
    };
    // The ledger does not know whether the sends were to the whole list.
    print::note(&format!(
        "{told}{copies}. The list may have more people, whom no send was for (--only, --to, new rows): \
         `digest plan {issue}` counts them"
    ));
}

/// Who is suppressed now, where that matters: no send has said so yet of those who wait.
#[derive(Default)]
struct NeverMailed(BTreeSet<SuppressionSubject>);

impl NeverMailed {
    async fn of(store: &Store, rows: &[Listed]) -> Result<NeverMailed, Failure> {
        let waits = |row: &Listed| matches!(row.state, State::Deferred | State::Pending);
        if !rows.iter().any(waits) {
            return Ok(NeverMailed::default());
        }
        let all = suppression::in_force(store).await?;
        Ok(NeverMailed(all.into_iter().map(Suppression::subject).collect()))
    }

    fn has(&self, email: &str) -> bool {
        let Ok(address) = Address::parse(email) else { return false };
        let domain = SuppressionSubject::Domain(address.domain().to_owned());
        self.0.contains(&SuppressionSubject::address(&address)) || self.0.contains(&domain)
    }
}

/// Why somebody has the issue or not.
fn reason(row: &Listed, never: &NeverMailed) -> &'static str {
    match row.state {
        State::Deferred | State::Pending | State::Claimed if never.has(&row.email) => {
            "suppressed since: the next send leaves them out"
        }
        State::Accepted => "the relay took the message",
        State::Refused if row.was_given_up() => "given up: the relay said \"not now\" for too long",
        State::Refused => "refused for good",
        State::Deferred => "put off: the next send tries again",
        State::Uncertain => "may have it: the answer of the relay is not known",
        State::Suppressed => why_suppressed(row.text.as_deref()),
        State::Pending | State::Claimed => "not sent yet",
    }
}

/// By the words that the send has written which left somebody out; an older version wrote others.
fn why_suppressed(text: Option<&str>) -> &'static str {
    match text {
        Some(text) if text.starts_with(LEFT_OUT_BY) => {
            "left out with --except: a send without it sends to them"
        }
        Some(text) if text.starts_with(SUPPRESSED) => "suppressed: no send goes to this person",
        Some(MOVED_DURING) => {
            "address changed during the send: the next one sends to the new address"
        }
        Some(text) if text.starts_with(LEFT_DURING) => "suppressed while the issue was sent",
        Some(text) if !text.contains("a later send") => "the list says that they get no mail",
        _ => "not in the list any more",
    }
}
