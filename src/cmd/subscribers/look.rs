//! `digest subscribers list --suppressed` and `show`: who is suppressed, and all that is known of one person.
//! Changes nothing.

use jiff::tz::TimeZone;
use sejong_digest::audience::formula::csv_cell;
use sejong_digest::audience::pause;
use sejong_digest::audience::suppression::{self, Suppression};
use sejong_digest::delivery::ledger::bounces::ListedBounce;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::outbox::sent::ListedLetter;
use sejong_digest::delivery::person_known::{self, PersonKnown};
use sejong_digest::delivery::state::State;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;

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

async fn known(
    workspace: &Workspace,
    store: &Store,
    address: &Address,
) -> Result<PersonKnown, Failure> {
    // Where nobody can tell who was, that is said.
    forgotten(workspace, store).await?;
    let keys = forgetting_keys(workspace)?;
    Ok(person_known::known(store, address, &keys, clock::now()).await?)
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

/// What they have asked for on the web, and the mails about it.
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
    for one in &person.address_changes {
        let (asked, end) = (clock::minute(one.asked_at, zone), clock::minute(one.ends_at, zone));
        let to = &one.email;
        text.push_str(&format!("  wants mail at {to}: {asked}, to be confirmed until {end}\n"));
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
