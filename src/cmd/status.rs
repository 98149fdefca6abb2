//! `digest status`: what the ledger knows of an issue, or of all. Changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use sejong_digest::delivery::ledger::overview::{self, Counts};
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::state::State;
use sejong_digest::store::{self, Store};
use serde::Serialize;

use super::failure::{Ending, Exit, Failure};
use super::workspace::Workspace;
use super::{Global, print, runtime};

/// Say what became of an issue's recipients
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest status
  digest status 2025-11
  digest status 2025-11 --list uncertain --json
")]
pub(crate) struct Args {
    /// The issue, by its folder's name [default: every issue that was sent]
    issue: Option<String>,
    /// The rows in one state, each with its last reply
    #[arg(long, value_name = "STATE", requires = "issue", value_parser = listable())]
    list: Option<State>,
    /// The ledger, instead of the one in digest.toml: sqlite:digest.db
    #[arg(long, value_name = "URL", conflicts_with = "catch")]
    store: Option<String>,
    /// The ledger of a rehearsal, in the folder that --catch named
    #[arg(long, value_name = "DIR")]
    catch: Option<PathBuf>,
    /// JSON on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Told {
    issue: String,
    #[serde(flatten)]
    counts: Counts,
    domains: Vec<Domain>,
}

#[derive(Serialize)]
struct Domain {
    domain: String,
    #[serde(flatten)]
    counts: Counts,
}

/// The states that a row can be listed by: who is claimed counts as pending.
fn listable() -> impl TypedValueParser<Value = State> {
    let states = Counts::default().by_state().map(|(state, _)| state.word());
    PossibleValuesParser::new(states).try_map(|word| word.parse::<State>())
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let path = ledger_path(&workspace, args.store.as_deref(), args.catch.as_deref())?;
    runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await?;
        let answer = answer(&store, args).await;
        store.close().await;
        print::answer(answer?.as_bytes())?;
        Ok(Exit::Done)
    })
}

/// The ledger that a command looks at: the one that was named, a rehearsal's, or the publication's.
/// It must be there: looking makes none.
pub(super) fn ledger_path(
    workspace: &Workspace,
    store: Option<&str>,
    catch: Option<&Path>,
) -> Result<PathBuf, Failure> {
    let path = match (store, catch) {
        (Some(url), _) => store::path_of(url, &std::env::current_dir()?)?,
        (None, Some(folder)) => folder.join("digest.db"),
        (None, None) => {
            let url = workspace.config.store_url.as_deref().unwrap_or("sqlite:digest.db");
            store::path_of(url, &workspace.root)?
        }
    };
    match path.is_file() {
        true => Ok(path),
        false => Err(Failure::new(format!("nothing was sent yet: there is no {}", path.display()))
            .help("a rehearsal's ledger is in its folder: --catch DIR")),
    }
}

async fn answer(store: &Store, args: &Args) -> Result<String, Failure> {
    let known = overview::issues(store).await?;
    let wanted = match &args.issue {
        None => known,
        Some(issue) if known.contains(issue) => vec![issue.clone()],
        Some(issue) => {
            let failure = Failure::new(format!("{issue} was never sent from this ledger"));
            return Err(match known.is_empty() {
                true => failure.help("no issue was"),
                false => failure.help(format!("these were: {}", known.join(", "))),
            });
        }
    };
    if let (Some(state), Some(issue)) = (args.list, wanted.first()) {
        return listed(&Ledger::new(store.clone(), issue), state, args.json).await;
    }
    let mut all = Vec::new();
    for issue in wanted {
        let ledger = Ledger::new(store.clone(), &issue);
        let counts = ledger.counts().await?;
        all.push(Told { issue, counts, domains: domains(ledger.domains().await?) });
    }
    if args.json {
        let text = match (&args.issue, all.as_slice()) {
            (Some(_), [one]) => serde_json::to_string(one)?,
            _ => serde_json::to_string(&all)?,
        };
        return Ok(format!("{text}\n"));
    }
    Ok(all.iter().map(|told| human(told, args.issue.is_some())).collect())
}

/// The largest first.
fn domains(counts: BTreeMap<String, Counts>) -> Vec<Domain> {
    let mut domains: Vec<Domain> =
        counts.into_iter().map(|(domain, counts)| Domain { domain, counts }).collect();
    domains.sort_by_key(|domain| std::cmp::Reverse(domain.counts.planned));
    domains
}

fn human(told: &Told, with_domains: bool) -> String {
    let mut text =
        format!("{}: {} planned: {}\n", told.issue, told.counts.planned, parts(&told.counts));
    if with_domains {
        for domain in &told.domains {
            text.push_str(&format!("  {:<32} {}\n", domain.domain, parts(&domain.counts)));
        }
    }
    text
}

fn parts(counts: &Counts) -> String {
    let parts = counts.by_state().into_iter().filter(|(_, number)| *number > 0);
    let parts: Vec<String> = parts.map(|(state, number)| format!("{number} {state}")).collect();
    parts.join(", ")
}

async fn listed(ledger: &Ledger, state: State, json: bool) -> Result<String, Failure> {
    let rows = ledger.list(state, i64::MAX).await?;
    if json {
        return Ok(format!("{}\n", serde_json::to_string(&rows)?));
    }
    let mut text = String::new();
    for row in rows {
        let code = row.code.map_or(String::new(), |code| format!("{code} "));
        let said = row.text.unwrap_or_default().replace('\n', " ");
        let at = row.at.unwrap_or_default();
        text.push_str(&format!("{}\t{at}\t{code}{said}\n", row.email));
    }
    Ok(text)
}
