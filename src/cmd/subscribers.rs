//! `digest subscribers`: who is never mailed, and what is known of a person.
//!
//! `suppress` and `release` write to the store, also while an issue is sent from it. Must never
//! delete what was written of somebody's no.

mod forget;
mod import;
mod list;
mod look;
mod person;
mod release;
mod strangers;
mod unfinished;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use sejong_digest::audience::email;
use sejong_digest::audience::except::{Exceptions, RowsSaid};
use sejong_digest::audience::list::{ReadOptions, in_encoding};
use sejong_digest::audience::subscribers::moved;
use sejong_digest::audience::suppression::{
    self, SuppressionNote, SuppressionOrigin, SuppressionReason, SuppressionSubject,
};
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::delivery::{ledger, receipt};
use sejong_digest::diagnostic::{Diagnostic, counted};
use sejong_digest::issue::load;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::token_in;
use sejong_digest::store::{Store, StoreAddress, StoreError};

use super::failure::{Ending, Exit, Failure};
use super::files::describe_store;
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
    Import(import::Import),
    List(list::ListSubscribers),
    Export(list::Export),
    Add(person::Add),
    Set(person::Set),
    Tag(person::TagPeople),
    Remove(person::Remove),
    Suppress(Suppress),
    Release(release::Release),
    Show(look::ShowPerson),
    Forget(forget::Forget),
}

const SUPPRESS: &str = "\
Never send mail to these people again

Whoever is suppressed gets no mail, whatever a list says: plan and send leave them out and say so. A
send that goes on stops for them within half a second. A person is suppressed until somebody
releases them; what was written stays in their history.

Addresses may come from a file or a pipe: one a line, or CSV with a column of addresses; @example.org
stands for everybody there, as in `digest subscribers list --suppressed --csv`. A row that cannot be read
stops the command, and then nobody is suppressed. So does a file in which some people have left, by
their own rows, and others have not: --rows says which of them are meant.";

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
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = in_encoding)]
    encoding: Option<ReadOptions>,
    /// Which people of a file are meant, where some of its rows say that somebody left and others do
    /// not: those who left, or all
    #[arg(long, value_name = "WHICH", hide_short_help = true)]
    rows: Option<RowsMeant>,
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

/// Which rows of a file are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RowsMeant {
    /// Those that say that somebody left.
    Left,
    /// All.
    All,
}

fn reasons() -> impl TypedValueParser<Value = SuppressionReason> {
    let all = SuppressionReason::ALL.into_iter();
    let said = all.filter(|reason| *reason != SuppressionReason::Moved);
    PossibleValuesParser::new(said.map(SuppressionReason::word))
        .try_map(|word| word.parse::<SuppressionReason>())
}

/// Runs `digest subscribers`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    match &args.command {
        Command::Suppress(args) => suppress(&workspace, args),
        Command::Release(args) => release::release(&workspace, args),
        Command::Import(args) => import::run(&workspace, args),
        Command::List(args) => list::list(&workspace, args),
        Command::Export(args) => list::export(&workspace, args),
        Command::Add(args) => person::add(&workspace, args),
        Command::Set(args) => person::set(&workspace, args),
        Command::Tag(args) => person::tag(&workspace, args),
        Command::Remove(args) => person::remove(&workspace, args),
        Command::Forget(args) => forget::forget(&workspace, args),
        Command::Show(args) => look::show(&workspace, args),
    }
}

fn suppress(workspace: &Workspace, args: &Suppress) -> Ending {
    let NamedSubjects { subjects, reasons } = subjects(workspace, args)?;
    let why = match &args.why {
        Some(why) => words("--why", why)?,
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
    let typed = typed(args);
    let (added, forgotten) = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        // Where nobody can tell who was forgotten, a no is written all the same.
        let forgotten = import::forgotten(workspace, &store).await.unwrap_or_default();
        let (forgotten, all): (Vec<_>, Vec<_>) =
            subjects.iter().cloned().partition(|one| forgotten.has_subject(one));
        let mut people = all.clone();
        if reason == SuppressionReason::Manual {
            // Who types an address means the person; a file of addresses may mean the addresses.
            let now = current(&store, all.iter().filter(|one| typed.contains(one))).await?;
            people.extend(now.into_iter().map(|(_, now)| SuppressionSubject::Address(now)));
        }
        let added = suppress_each(&store, &people, (&reasons, &note));
        let added = looking::waiting(&store, added).await.map(|mut added| {
            added.retain(|one| subjects.contains(one));
            added
        });
        if added.is_ok() {
            tell_current(&store, &all).await?;
        }
        let moved = Ledger::new(store.clone(), "").moved().await;
        store.close().await;
        if let Ok(Some(_)) = moved {
            print::note(&format!(
                "{} is not where it last sent from. Where another copy of it sends, nobody is \
                 suppressed by this: suppress them there, too",
                describe_store(&path)
            ));
        }
        let forgotten: BTreeSet<SuppressionSubject> = forgotten.into_iter().collect();
        Ok::<_, Failure>((added?, forgotten))
    })?;
    if is_new {
        print::note(&format!("{} was made", describe_store(&path)));
    }
    let reason_of = |one: &SuppressionSubject| reasons.get(one).copied().unwrap_or(reason);
    let told = told(&subjects, &added, &forgotten, &reason_of);
    // A link names nobody by itself, and whoever was forgotten is not named by us.
    let is_unnamed = args.token.is_some() && forgotten.len() == 1 && subjects.len() == 1;
    print::words(if is_unnamed { OF_LINK } else { &told })?;
    if !args.domain {
        let is_typed =
            |one: &SuppressionSubject| typed.contains(one) && args.addresses.len() <= TOLD;
        let named = subjects.iter().filter(|one| !forgotten.contains(one));
        let named = named.map(|one| (one, is_typed(one)));
        runtime()?.block_on(strangers::tell(workspace, named, &path));
    }
    Ok(Exit::Done)
}

/// Suppresses each for its own reason, where a file has one.
async fn suppress_each(
    store: &Store,
    people: &[SuppressionSubject],
    (reasons, note): (&BTreeMap<SuppressionSubject, SuppressionReason>, &SuppressionNote<'_>),
) -> Result<BTreeSet<SuppressionSubject>, StoreError> {
    let mut added = BTreeSet::new();
    for reason in SuppressionReason::ALL {
        let is_of =
            |one: &&SuppressionSubject| reasons.get(*one).copied().unwrap_or(note.reason) == reason;
        let some: Vec<SuppressionSubject> = people.iter().filter(is_of).cloned().collect();
        if !some.is_empty() {
            let note = SuppressionNote { reason, ..note.clone() };
            added.extend(suppression::suppress(store, &some, &note).await?);
        }
    }
    Ok(added)
}

/// The people whose addresses were typed.
fn typed(args: &Suppress) -> BTreeSet<SuppressionSubject> {
    let typed = args.addresses.iter().filter_map(|text| subject(text, args.domain).ok());
    typed.collect()
}

/// The addresses that people have now whose earlier ones these are.
async fn current(
    store: &Store,
    subjects: impl Iterator<Item = &SuppressionSubject>,
) -> Result<Vec<(String, String)>, Failure> {
    let people: Vec<&str> = subjects.map(SuppressionSubject::what).collect();
    Ok(moved::all_now(store, &people).await?)
}

/// Says whose earlier address was named, and whether what is said of it holds for the person.
async fn tell_current(store: &Store, subjects: &[SuppressionSubject]) -> Result<(), Failure> {
    for (former, now) in current(store, subjects.iter()).await?.iter().take(TOLD) {
        let is_out = suppression::of(store, &Address::parse(now)?).await?.is_some();
        let what = if is_out { "who gets no mail either" } else { "who gets mail there" };
        print::note(&format!("{former} is an earlier address of {now}, {what}"));
    }
    Ok(())
}

/// What is told of somebody whose link it is and who was forgotten.
const OF_LINK: &str = "the person of this link: was forgotten, nothing to do\n";

/// What has become of each; of many, how many they are.
fn told(
    subjects: &BTreeSet<SuppressionSubject>,
    added: &BTreeSet<SuppressionSubject>,
    forgotten: &BTreeSet<SuppressionSubject>,
    reason_of: &dyn Fn(&SuppressionSubject) -> SuppressionReason,
) -> String {
    let reasons: BTreeSet<SuppressionReason> = subjects.iter().map(reason_of).collect();
    let reason = match reasons.first() {
        Some(reason) if reasons.len() == 1 => reason.to_string(),
        _ => "for the reasons of the file".to_owned(),
    };
    let (known, gone) = (subjects.len() - added.len() - forgotten.len(), forgotten.len());
    if subjects.len() > TOLD {
        let were = |count| if count == 1 { "was" } else { "were" };
        let (before, added) = (were(known), added.len());
        let more = match gone {
            0 => String::new(),
            _ => format!("; {gone} {} forgotten, nothing to do", were(gone)),
        };
        return format!(
            "{added} suppressed ({reason}); {known} {before} suppressed before{more}\n"
        );
    }
    let line = |subject: &SuppressionSubject| {
        if forgotten.contains(subject) {
            return format!("{subject}: was forgotten, nothing to do\n");
        }
        let before = if added.contains(subject) { "" } else { " before" };
        format!("{subject}: suppressed{before} ({})\n", reason_of(subject))
    };
    subjects.iter().map(line).collect()
}

/// Who is meant, and why each, where a file says so and the command does not.
#[derive(Debug, Default)]
struct NamedSubjects {
    subjects: BTreeSet<SuppressionSubject>,
    reasons: BTreeMap<SuppressionSubject, SuppressionReason>,
}

impl NamedSubjects {
    fn take(&mut self, read: &Exceptions, people: Vec<SuppressionSubject>, args: &Suppress) {
        self.subjects.extend(people);
        if args.reason.is_none() {
            self.reasons.extend(read.reasons().clone());
        }
    }
}

/// Who is meant. Whatever cannot be read ends it: that may be the address of somebody who said no.
fn subjects(workspace: &Workspace, args: &Suppress) -> Result<NamedSubjects, Failure> {
    let mut all = NamedSubjects::default();
    let options = args.encoding.clone().unwrap_or_default();
    for text in &args.addresses {
        match text.as_str() {
            "-" if args.domain => {
                return Err(Failure::usage("with --domain, name the domains themselves"));
            }
            "-" => {
                let read = Exceptions::read_from(io::stdin().lock(), "standard input", &options);
                let (read, people) = people(read, "standard input", args.rows)?;
                all.take(&read, people, args);
            }
            text => drop(all.subjects.insert(subject(text, args.domain)?)),
        }
    }
    if let Some(file) = &args.file {
        let shown = load::path_from_here(file);
        let options = ReadOptions { is_foreign: readers::is_foreign(file), ..options };
        let read = Exceptions::read("--file", file, &shown, &options);
        let (read, people) = people(read, &shown.display().to_string(), args.rows)?;
        all.take(&read, people, args);
    }
    if let Some(token) = &args.token {
        let person = who::named(workspace, token)?.address;
        all.subjects.insert(SuppressionSubject::address(&person));
    }
    Ok(all)
}

/// The people and domains of a file. Where it looks like a whole list, `meant` says who of them.
fn people(
    read: Result<Exceptions, Vec<Diagnostic>>,
    shown: &str,
    meant: Option<RowsMeant>,
) -> Result<(Exceptions, Vec<SuppressionSubject>), Failure> {
    let read = read.map_err(|problems| {
        print::problems(&problems);
        Failure::checks(format!("{shown} cannot be read to its last row; nobody was suppressed"))
            .help(
                "correct what is named above: an address there may be that of somebody who said no",
            )
    })?;
    let RowsSaid { yes, no } = read.said();
    if yes > 0 && no > 0 && meant.is_none() {
        let (people, rows) = (counted(no, "person"), counted(yes, "row"));
        let what = format!(
            "{shown} says of {people} that they left, and {rows} in it say nothing of the kind; \
             nobody was suppressed"
        );
        return Err(Failure::checks(what)
            .help("--rows left suppresses only those who left, --rows all everybody in the file"));
    }
    let address = |one: &str| SuppressionSubject::Address(one.to_owned());
    let people: Vec<SuppressionSubject> = match meant {
        Some(RowsMeant::Left) => read.left().map(address).collect(),
        _ => {
            let domains = read.domains().map(|one| SuppressionSubject::Domain(one.to_owned()));
            read.identities().map(address).chain(domains).collect()
        }
    };
    Ok((read, people))
}

/// A person, or a domain.
fn subject(text: &str, is_domain: bool) -> Result<SuppressionSubject, Failure> {
    if is_domain {
        return SuppressionSubject::domain(text)
            .map_err(|_| Failure::usage(format!("{text} is no domain, such as example.org")));
    }
    email::typed(text).map(|address| SuppressionSubject::address(&address)).map_err(
        |(what, help)| {
            let failure = Failure::usage(what);
            if token_in(text).is_some() && text.contains("://") {
                return failure.help("--token LINK means the person of an unsubscribe link");
            }
            match SuppressionSubject::domain(text) {
                Ok(_) => failure.help(format!("{text} with --domain means everybody there")),
                Err(_) => failure.help(help),
            }
        },
    )
}

/// What somebody says with this flag, in one line.
fn words(flag: &str, text: &str) -> Result<String, Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Err(
            Failure::usage(format!("{flag} is empty")).help("write a few words: they are kept")
        );
    }
    Ok(words.join(" "))
}

/// The store that is written to. Where the publication has sent from one that is not here, none is
/// made: what is written to a new one would be missing in the other.
pub(super) fn place(workspace: &Workspace, named: Option<&str>) -> Result<StoreAddress, Failure> {
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
