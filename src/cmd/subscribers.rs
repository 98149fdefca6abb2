//! `digest subscribers`: who is never mailed, and what is known of a person.
//!
//! `suppress` and `release` write to the store, also while an issue is sent from it. Must never
//! delete what was written of somebody's no.

mod look;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use sejong_digest::audience::except::Exceptions;
use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::audience::suppression::{
    self, SuppressionNote, SuppressionOrigin, SuppressionReason, SuppressionSubject,
};
use sejong_digest::delivery::{ledger, receipt};
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::load;
use sejong_digest::message::address::Address;
use sejong_digest::store::{Store, StoreAddress};

use super::failure::{Ending, Exit, Failure};
use super::files::{describe_store, quoted};
use super::workspace::Workspace;
use super::{Global, clock, looking, print, readers, receipts, runtime, who};

/// So many are told one by one; of more, how many they are.
const TOLD: usize = 20;

/// Say who gets no mail any more, and show what is known of a person
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Suppress(Suppress),
    Release(Release),
    List(look::ListSuppressed),
    Show(look::ShowPerson),
}

const SUPPRESS: &str = "\
Never send mail to these people again

Whoever is suppressed gets no mail, whatever a list says: plan and send leave them out and say so. A
send that goes on stops for them within half a second. A person is suppressed until somebody
releases them; what was written stays in their history.

Addresses may come from a file or a pipe: one a line, or CSV with a column of addresses. A row that
cannot be read stops the command, and then nobody is suppressed.";

const SUPPRESS_EXAMPLES: &str = "\
Examples:
  digest subscribers suppress kim@example.org --why 'asked by phone' --reason unsubscribed
  digest subscribers suppress --file gone.csv --why 'the list of members who left'
  digest subscribers suppress example.org --domain --why 'the company asked us'
";

/// Never send mail to these people again
#[derive(Debug, clap::Args)]
#[command(long_about = SUPPRESS, after_long_help = SUPPRESS_EXAMPLES)]
struct Suppress {
    /// Their addresses; - reads them from standard input
    #[arg(value_name = "ADDRESS", required_unless_present_any = ["file", "token"])]
    addresses: Vec<String>,
    /// These are domains: nobody there gets mail. Domains below them are others
    #[arg(long, conflicts_with_all = ["file", "token"])]
    domain: bool,
    /// Read addresses from this file: one a line, or CSV with a column of addresses
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The encoding of the file, if it is neither UTF-8 nor UTF-16 with a byte order mark
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = list::in_encoding)]
    encoding: Option<ReadOptions>,
    /// The person of this unsubscribe link, or of the token in it
    #[arg(long, value_name = "LINK")]
    token: Option<String>,
    /// Why, in your words: it stays in their history
    #[arg(long, value_name = "TEXT", required_unless_present = "token")]
    why: Option<String>,
    /// The kind of reason [default: manual; with --token unsubscribed]
    #[arg(long, value_name = "REASON", value_parser = reasons())]
    reason: Option<SuppressionReason>,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

const RELEASE_EXAMPLES: &str = "\
Examples:
  digest subscribers release kim@example.org --why 'asked for it again on 3 May'
";

/// Let somebody who is suppressed get mail again
#[derive(Debug, clap::Args)]
#[command(after_help = RELEASE_EXAMPLES)]
struct Release {
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// It is a domain
    #[arg(long)]
    domain: bool,
    /// Why, in your words: it stays in their history
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

fn reasons() -> impl TypedValueParser<Value = SuppressionReason> {
    let words = SuppressionReason::ALL.map(SuppressionReason::word);
    PossibleValuesParser::new(words).try_map(|word| word.parse::<SuppressionReason>())
}

/// Runs `digest subscribers`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    match &args.command {
        Command::Suppress(args) => suppress(&workspace, args),
        Command::Release(args) => release(&workspace, args),
        Command::List(args) => look::list(&workspace, args),
        Command::Show(args) => look::show(&workspace, args),
    }
}

fn suppress(workspace: &Workspace, args: &Suppress) -> Ending {
    let subjects: BTreeSet<SuppressionSubject> = subjects(workspace, args)?.into_iter().collect();
    let why = match &args.why {
        Some(why) => words(why)?,
        None => "the unsubscribe link of a mail".to_owned(),
    };
    let usual = match &args.token {
        Some(_) => SuppressionReason::Unsubscribed,
        None => SuppressionReason::Manual,
    };
    let reason = args.reason.unwrap_or(usual);
    let (origin, at) = (SuppressionOrigin::Command, clock::now());
    let note = SuppressionNote { reason, why: &why, origin, at };
    let path = place(workspace, args.store.as_deref())?;
    let is_new = !path.is_there();
    let all: Vec<SuppressionSubject> = subjects.iter().cloned().collect();
    let added = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        let added = suppression::suppress(&store, &all, &note).await;
        store.close().await;
        Ok::<_, Failure>(added?)
    })?;
    if is_new {
        print::note(&format!("{} was made", describe_store(&path)));
    }
    print::words(&told(&subjects, &added, reason))?;
    Ok(Exit::Done)
}

/// What has become of each; of many, how many they are.
fn told(
    subjects: &BTreeSet<SuppressionSubject>,
    added: &BTreeSet<SuppressionSubject>,
    reason: SuppressionReason,
) -> String {
    let known = subjects.len() - added.len();
    if subjects.len() > TOLD {
        let (were, added) = (if known == 1 { "was" } else { "were" }, added.len());
        return format!("{added} suppressed ({reason}); {known} {were} suppressed before\n");
    }
    let line = |subject: &SuppressionSubject| {
        let before = if added.contains(subject) { "" } else { " before" };
        format!("{subject}: suppressed{before} ({reason})\n")
    };
    subjects.iter().map(line).collect()
}

/// Who is meant. Whatever cannot be read ends it: that may be the address of somebody who said no.
fn subjects(workspace: &Workspace, args: &Suppress) -> Result<Vec<SuppressionSubject>, Failure> {
    let mut all = Vec::new();
    let options = args.encoding.clone().unwrap_or_default();
    for text in &args.addresses {
        match text.as_str() {
            "-" if args.domain => {
                return Err(Failure::usage("with --domain, name the domains themselves"));
            }
            "-" => {
                let read = Exceptions::read_from(io::stdin().lock(), "standard input", &options);
                all.extend(people(read, "standard input")?);
            }
            text => all.push(subject(text, args.domain)?),
        }
    }
    if let Some(file) = &args.file {
        let shown = load::path_from_here(file);
        let options = ReadOptions { is_foreign: readers::is_foreign(file), ..options };
        let read = Exceptions::read("--file", file, &shown, &options);
        all.extend(people(read, &shown.display().to_string())?);
    }
    if let Some(token) = &args.token {
        all.push(SuppressionSubject::address(&who::named(workspace, token)?.address));
    }
    Ok(all)
}

fn people(
    read: Result<Exceptions, Vec<Diagnostic>>,
    shown: &str,
) -> Result<Vec<SuppressionSubject>, Failure> {
    let read = read.map_err(|problems| {
        print::problems(&problems);
        Failure::checks(format!("{shown} cannot be read to its last row; nobody was suppressed"))
            .help(
                "correct what is named above: an address there may be that of somebody who said no",
            )
    })?;
    Ok(read.identities().map(|one| SuppressionSubject::Address(one.to_owned())).collect())
}

/// A person, or a domain.
fn subject(text: &str, is_domain: bool) -> Result<SuppressionSubject, Failure> {
    if is_domain {
        return SuppressionSubject::domain(text)
            .map_err(|_| Failure::usage(format!("{text} is no domain, such as example.org")));
    }
    Address::parse(text).map(|address| SuppressionSubject::address(&address)).map_err(|error| {
        let failure = Failure::usage(error.to_string());
        match SuppressionSubject::domain(text) {
            Ok(_) => failure.help(format!("{text} with --domain means everybody there")),
            Err(_) => failure,
        }
    })
}

/// Why, in one line.
fn words(text: &str) -> Result<String, Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Err(Failure::usage("--why is empty").help("write a few words: they are kept"));
    }
    Ok(words.join(" "))
}

fn release(workspace: &Workspace, args: &Release) -> Ending {
    let subject = subject(&args.address, args.domain)?;
    let why = words(&args.why)?;
    let path = place(workspace, args.store.as_deref())?;
    if !path.is_there() {
        return Err(Failure::new(format!("{subject} is not suppressed: there is no {path}")));
    }
    let address = (!args.domain).then(|| Address::parse(&args.address)).transpose()?;
    let (ended, left) = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        let ended = suppression::release(&store, &subject, &why, clock::now()).await;
        let left = match &address {
            Some(address) => suppression::of(&store, address).await,
            None => Ok(None),
        };
        store.close().await;
        Ok::<_, Failure>((ended?, left?))
    })?;
    let by_domain = left.map(|left| {
        let domain = quoted(&left.what);
        format!(
            "{subject} is suppressed with everybody at {domain}: `digest subscribers release \
             {domain} --domain --why TEXT` releases all of them"
        )
    });
    match (ended, by_domain) {
        (0, Some(by_domain)) => Err(Failure::new(by_domain)),
        (0, None) => Err(Failure::new(format!("{subject} is not suppressed"))),
        (_, by_domain) => {
            print::words(&format!("{subject}: released\n"))?;
            by_domain.iter().for_each(|left| print::note(left));
            Ok(Exit::Done)
        }
    }
}

/// The store that is written to. Where the publication has sent from one that is not here, none is
/// made: what is written to a new one would be missing in the other.
fn place(workspace: &Workspace, named: Option<&str>) -> Result<StoreAddress, Failure> {
    let address = match named {
        Some(url) => workspace.named_store(url)?,
        None => workspace.ledger_place()?,
    };
    let StoreAddress::File(path) = address else { return Ok(address) };
    if path.is_file() {
        return Ok(path.into());
    }
    Store::belongs_here(&path).map_err(looking::unusable)?;
    if named.is_none() && was_sent_elsewhere(&workspace.root) {
        let what = format!("the ledger is not here: there is no {}", path.display());
        return Err(Failure::new(what).help(receipts::NOT_THE_LEDGER));
    }
    Ok(path.into())
}

fn was_sent_elsewhere(root: &Path) -> bool {
    receipt::of_any_send(root).is_some() || !receipt::standing(root).is_empty()
}
