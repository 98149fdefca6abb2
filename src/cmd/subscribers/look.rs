//! `digest subscribers list --suppressed` and `show`: who is suppressed, and all that is known of one person.
//! Changes nothing.

use jiff::tz::TimeZone;
use sejong_digest::audience::forgotten;
use sejong_digest::audience::formula::csv_cell;
use sejong_digest::audience::pause;
use sejong_digest::audience::signup::{self, OpenSignup};
use sejong_digest::audience::subscribers::change::{self, SubscriberEvent};
use sejong_digest::audience::subscribers::moved::{self, FormerAddress};
use sejong_digest::audience::suppression::{self, Suppression};
use sejong_digest::delivery::ledger::bounces::{self, ListedBounce};
use sejong_digest::delivery::ledger::undecided::{self, UndecidedReport};
use sejong_digest::delivery::ledger::{self, Ledger, overview};
use sejong_digest::delivery::outbox::sent::{self, ListedLetter};
use sejong_digest::delivery::state::State;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;
use serde::Serialize;

use super::import::forgotten;
use super::person::address;
use super::place;
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::readers::forgetting_keys;
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, looking, print, runtime, status};

const SHOW_EXAMPLES: &str = "\
Examples:
  digest subscribers show kim@example.org
  digest subscribers show kim@example.org --json
";

/// Show all that is known of a person: their row and its history, suppression, issues
#[derive(Debug, clap::Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub(super) struct ShowPerson {
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Print JSON to stdout
    #[arg(long)]
    json: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// All that is known of a person.
#[derive(Serialize)]
struct PersonKnown {
    address: String,
    /// Their row in the list of the store.
    subscriber: Option<serde_json::Value>,
    /// Addresses that they had before.
    former: Vec<FormerAddress>,
    /// The address that they have now, where this one is an earlier one.
    now: Option<String>,
    /// What has happened to it.
    changes: Vec<SubscriberEvent>,
    suppressed: bool,
    /// Erased, and known by a hash alone.
    forgotten: bool,
    /// When.
    forgotten_at: Option<String>,
    history: Vec<Suppression>,
    bounces: Vec<ListedBounce>,
    /// What a person has to decide.
    undecided: Vec<UndecidedReport>,
    /// What they have asked for on the form and not confirmed.
    signups: Vec<OpenSignup>,
    /// Mails about their subscription.
    mails: Vec<ListedLetter>,
    issues: Vec<IssueOfPerson>,
}

/// The row of a person in the ledger of an issue.
#[derive(Serialize)]
pub(super) struct IssueOfPerson {
    issue: String,
    /// The earlier address that it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    state: State,
    at: Option<String>,
    text: Option<String>,
}

/// Runs `digest subscribers list --suppressed`.
pub(super) fn suppressed(
    workspace: &Workspace,
    store: Option<&str>,
    (json, as_csv): (bool, bool),
) -> Ending {
    let all = runtime()?.block_on(async {
        let Some(store) = existing(workspace, store).await? else {
            return Ok(Vec::new());
        };
        let all = suppression::in_force(&store).await;
        store.close().await;
        Ok::<_, Failure>(all?)
    })?;
    if json {
        print::json(&format!("{}\n", serde_json::to_string(&all)?))?;
    } else if as_csv {
        print::words(&csv(&all))?;
    } else {
        let zone = &workspace.config.time_zone;
        print::words(&all.iter().map(|one| line(one, zone)).collect::<String>())?;
    }
    Ok(Exit::Done)
}

fn line(one: &Suppression, zone: &TimeZone) -> String {
    let at = if one.is_for_domain() { "@" } else { "" };
    let since = clock::minute(one.at, zone);
    format!("{at}{}\t{}\t{since}\t{}\n", one.what, one.reason, one.why)
}

fn csv(all: &[Suppression]) -> String {
    let mut text = "email,reason,why,origin,at\n".to_owned();
    for one in all {
        let (reason, origin, at) = (one.reason.word(), one.origin.word(), clock::second(one.at));
        let whom = if one.is_for_domain() { format!("@{}", one.what) } else { one.what.clone() };
        let cells = [whom.as_str(), reason, &one.why, origin, &at];
        text.push_str(&cells.map(csv_cell).join(","));
        text.push('\n');
    }
    text
}

/// Runs `digest subscribers show`.
pub(super) fn show(workspace: &Workspace, args: &ShowPerson) -> Ending {
    let address = address(&args.address)?;
    let known = runtime()?.block_on(async {
        let store = existing(workspace, args.store.as_deref()).await?;
        let Some(store) = store else { return Ok(PersonKnown::nothing(&address)) };
        looking::look(&Ledger::new(store.clone(), "")).await?;
        let known = known(workspace, &store, &address).await;
        store.close().await;
        known
    });
    let person = known?;
    if args.json {
        print::json(&format!("{}\n", serde_json::to_string(&person)?))?;
    } else {
        print::words(&words(&person, &workspace.config.time_zone))?;
    }
    Ok(Exit::Done)
}

impl PersonKnown {
    fn nothing(address: &Address) -> PersonKnown {
        PersonKnown {
            address: address.to_string(),
            subscriber: None,
            former: Vec::new(),
            now: None,
            changes: Vec::new(),
            suppressed: false,
            forgotten: false,
            forgotten_at: None,
            history: Vec::new(),
            bounces: Vec::new(),
            undecided: Vec::new(),
            signups: Vec::new(),
            mails: Vec::new(),
            issues: Vec::new(),
        }
    }
}

async fn known(
    workspace: &Workspace,
    store: &Store,
    address: &Address,
) -> Result<PersonKnown, Failure> {
    let history = suppression::history(store, address).await?;
    // Where nobody can tell who was, that is said.
    forgotten(workspace, store).await?;
    let since = forgotten::since(store, address, &forgetting_keys(workspace)?).await?;
    let (forgotten, forgotten_at) = (since.is_some(), since.map(|(at, _)| clock::second(at)));
    let found = change::find(store, address).await?;
    // Whoever has the address now is somebody else than who had it before.
    let now = if found.is_some() { None } else { moved::now(store, address).await? };
    let subscriber = found.map(|found| serde_json::to_value(found.object())).transpose()?;
    let former = moved::before(store, address).await?;
    let mut issues = Vec::new();
    for one in &former {
        let address_before = Address::parse(&one.address)?;
        // What goes to whoever has it now is nobody else's business.
        if moved::kept_out_for(store, &address_before).await?.as_deref()
            != Some(&*address.identity())
        {
            continue;
        }
        let of_former = issues_of(store, &address_before).await?.into_iter();
        let at = |had| IssueOfPerson { former: Some(one.address.clone()), ..had };
        issues.extend(of_former.map(at));
    }
    issues.extend(issues_of(store, address).await?);
    issues.sort_by(|one, other| one.issue.cmp(&other.issue));
    Ok(PersonKnown {
        subscriber,
        former,
        now,
        changes: change::history(store, address).await?,
        suppressed: forgotten || history.iter().any(Suppression::is_in_force),
        forgotten,
        forgotten_at,
        history,
        bounces: bounces::of_person(store, &address.identity()).await?,
        undecided: undecided::all(store, Some(&address.identity())).await?,
        signups: signup::open_of(store, &address.identity(), clock::now()).await?,
        mails: sent::of_person(store, &address.identity()).await?,
        issues,
        ..PersonKnown::nothing(address)
    })
}

/// The person's row in the list, a value a line, and what has happened to it.
fn of_list(person: &PersonKnown, zone: &TimeZone) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {name}: {value}\n"));
        }
    };
    if let Some(found) = &person.subscriber {
        let value = |name: &str| found[name].as_str().unwrap_or_default();
        line("status", value("status"));
        for (name, value) in found["fields"].as_object().into_iter().flatten() {
            line(name, value.as_str().unwrap_or_default());
        }
        let tags = found["tags"].as_array().into_iter().flatten();
        let tags: Vec<&str> = tags.filter_map(serde_json::Value::as_str).collect();
        line("tags", &tags.join("; "));
        line("language", value("language"));
        line("topics", value("topics"));
        line(pause::FIELD, value(pause::FIELD));
        line("joined", &clock::told(value("joined"), zone));
        let consent = &found["consent"];
        if let (Some(how), Some(at)) = (consent["how"].as_str(), consent["at"].as_str()) {
            let words = consent["words"].as_str().unwrap_or_default();
            line("consent", &format!("{how}, {}: {words}", clock::told(at, zone)));
        }
    }
    for event in &person.changes {
        let by = match (event.import, &event.file) {
            (Some(number), Some(file)) => format!("import {number}, {file}"),
            _ => event.origin.clone(),
        };
        let each = event.changes.iter().map(|(name, before, after)| match before.as_str() {
            "" => format!("{name}: {after}"),
            before => format!("{name}: {before} -> {after}"),
        });
        let what = if event.changes.is_empty() {
            "added".to_owned()
        } else {
            each.collect::<Vec<_>>().join("; ")
        };
        line(&clock::minute(event.at, zone), &format!("{what} ({by})"));
    }
    text
}

/// What they have asked for on the form, and the mails about it.
fn of_form(person: &PersonKnown, zone: &TimeZone) -> String {
    let mut text = String::new();
    for one in &person.signups {
        let (asked, end) = (clock::minute(one.asked_at, zone), clock::minute(one.ends_at, zone));
        text.push_str(&format!("  asked to subscribe: {asked}, to be confirmed until {end}\n"));
        let said =
            [("language", &one.language), ("topics", &one.topics), ("agreed to", &one.words)];
        let fields = one.fields.iter().map(|(name, value)| (name.as_str(), value));
        for (name, value) in fields.chain(said).filter(|(_, value)| !value.is_empty()) {
            text.push_str(&format!("    {name}: {value}\n"));
        }
    }
    for one in &person.mails {
        let ListedLetter { kind, state, .. } = one;
        text.push_str(&format!("  mail {kind}: {state}, {}\n", clock::minute(one.at, zone)));
    }
    text
}

/// A report of the person, below what it is about.
fn reported(bounce: &ListedBounce, zone: &TimeZone) -> String {
    let (class, at) = (&bounce.class, clock::minute(bounce.at, zone));
    format!("{class}, {at}: {} ({})\n", status::bounced::said(bounce), bounce.outcome)
}

/// The issues that were for the person.
pub(super) async fn issues_of(
    store: &Store,
    address: &Address,
) -> Result<Vec<IssueOfPerson>, Failure> {
    let mut issues = Vec::new();
    for issue in overview::issues(store).await? {
        let ledger = Ledger::new(store.clone(), &issue);
        let Some(one) = ledger.one(address).await? else { continue };
        let row = ledger.list_one(address, one.state).await?.into_iter().next();
        let state = if one.state == State::Claimed { State::Pending } else { one.state };
        let (at, text) = row.map_or((None, None), |row| (row.at, row.text));
        issues.push(IssueOfPerson { issue, former: None, state, at, text });
    }
    Ok(issues)
}

fn words(person: &PersonKnown, zone: &TimeZone) -> String {
    let mut text = format!("{}\n", person.address);
    text.push_str(&of_list(person, zone));
    if let Some(now) = &person.now {
        text.push_str(&format!("  address now: {now}\n"));
    }
    for one in &person.former {
        let until = clock::minute(one.until, zone);
        text.push_str(&format!("  address before: {}, until {until}\n", one.address));
    }
    if let Some(at) = &person.forgotten_at {
        let at = clock::told(at, zone);
        text.push_str(&format!(
            "  forgotten: {at}; nothing else is kept, and no mail goes to this address\n"
        ));
    }
    for one in &person.history {
        let whom = if one.is_for_domain() {
            format!(", with everybody at {}", one.what)
        } else {
            String::new()
        };
        let (at, why) = (clock::minute(one.at, zone), &one.why);
        let was = if one.is_in_force() { "suppressed" } else { "was suppressed" };
        text.push_str(&format!("  {was} since {at} ({}){whom}: {why}\n", one.reason));
        if let Some(ended) = one.released_at {
            let ended = clock::minute(ended, zone);
            let why = one.released_why.as_deref().unwrap_or_default();
            text.push_str(&format!("    released {ended}: {why}\n"));
        }
    }
    for one in &person.issues {
        let at = one.at.as_deref().filter(|_| one.state != State::Suppressed);
        let at = at.map_or(String::new(), |at| format!(", {}", clock::told(at, zone)));
        let why = one.text.as_deref().filter(|_| one.state == State::Suppressed);
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        let to = one.former.as_ref().map_or(String::new(), |former| format!(", to {former}"));
        text.push_str(&format!("  {}: {}{why}{at}{to}\n", one.issue, one.state));
        let about = |bounce: &&ListedBounce| bounce.issue.as_ref() == Some(&one.issue);
        for bounce in person.bounces.iter().filter(about) {
            text.push_str(&format!("    {}", reported(bounce, zone)));
        }
    }
    text.push_str(&of_form(person, zone));
    for bounce in person.bounces.iter().filter(|bounce| bounce.issue.is_none()) {
        text.push_str(&format!("  {}", reported(bounce, zone)));
    }
    for one in &person.undecided {
        let (class, at, said) = (&one.class, clock::minute(one.at, zone), &one.text);
        let under = match &one.now {
            Some(_) if one.email != person.address => format!(" (under {})", one.email),
            _ => String::new(),
        };
        text.push_str(&format!("  for a person to decide: {class}{under}, {at}: {said}\n"));
    }
    if person.subscriber.is_none()
        && !person.forgotten
        && person.history.is_empty()
        && person.issues.is_empty()
        && person.undecided.is_empty()
        && person.signups.is_empty()
        && person.mails.is_empty()
        && person.bounces.is_empty()
    {
        text.push_str("  not in the list, not suppressed, and in no issue of this ledger\n");
    }
    text
}

/// The store, where there is one: before the first send nobody is in it.
pub(super) async fn existing(
    workspace: &Workspace,
    named: Option<&str>,
) -> Result<Option<Store>, Failure> {
    let path = place(workspace, named)?;
    if path.is_there() {
        let store = Store::read(&path, &ledger::STEPS).await;
        return store.map(Some).map_err(looking::unusable);
    }
    match named {
        Some(_) => {
            let what = format!("there is no store {path}");
            Err(Failure::new(what).help("--store names its file, such as sqlite:digest.db"))
        }
        None => Ok(None),
    }
}
