//! `digest bounces list` and `dismiss`: what a person has to decide, and that nothing is to be done.

use std::collections::{BTreeMap, BTreeSet};

use sejong_digest::audience::suppression;
use sejong_digest::delivery::intake::Standings;
use sejong_digest::delivery::ledger;
use sejong_digest::delivery::ledger::staging::Standing;
use sejong_digest::delivery::ledger::undecided::{self, UndecidedReport};
use sejong_digest::diagnostic::counted;
use sejong_digest::files;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;
use serde::Serialize;

use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::with_address;
use crate::cmd::readers::{self, ListArgs, ListPlace};
use crate::cmd::subscribers::place;
use crate::cmd::workspace::Workspace;
use crate::cmd::{Global, clock, looking, print, runtime};

const LIST_ABOUT: &str = "\
List what a person has to decide

Somebody asks to leave, and their mail has no token; or a report has the Message-ID of a mail and no
token of its reverse-path. Anybody could have written either, so that nothing happens by itself. An
address that is on no list that is known may be another one of somebody who is: look for their name.
Those whom a list has stand first. A wish that does not come from one address has the name of its
message, message:…, and what its From says. `digest subscribers suppress` decides, and so does
`digest bounces dismiss`.";

/// List what a person has to decide: wishes to leave without a token, and reports that prove too little
#[derive(Debug, clap::Args)]
#[command(long_about = LIST_ABOUT)]
pub(super) struct ListUndecided {
    /// Print JSON to stdout, an array with an object for each
    #[arg(long)]
    json: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Take somebody off that list, and do nothing about it
#[derive(Debug, clap::Args)]
pub(super) struct DismissUndecided {
    /// The address, or message:… as `digest bounces list` has it
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Only reports of this class, where there are others about the same person
    #[arg(long, value_name = "CLASS")]
    class: Option<DismissedClass>,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Which reports about somebody are dismissed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DismissedClass {
    /// Wishes to leave
    Unsubscribe,
    /// Reports that the address is bad
    Hard,
    /// Reports that a message did not arrive
    Soft,
    /// Reports of unwanted mail
    Complaint,
    /// All of them
    All,
}

impl DismissedClass {
    /// As the store has it; nothing for all.
    fn word(self) -> Option<&'static str> {
        match self {
            DismissedClass::Unsubscribe => Some("unsubscribe"),
            DismissedClass::Hard => Some("hard"),
            DismissedClass::Soft => Some("soft"),
            DismissedClass::Complaint => Some("complaint"),
            DismissedClass::All => None,
        }
    }
}

/// Runs `digest bounces list`.
pub(super) fn list(global: &Global, args: &ListUndecided) -> Ending {
    let workspace = Workspace::open(global)?;
    let path = place(&workspace, args.store.as_deref())?;
    let all = runtime()?.block_on(async {
        if !path.is_there() {
            return Ok(Vec::new());
        }
        let store = Store::read(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        let all = undecided::all(&store, None).await;
        store.close().await;
        let mut all = all?;
        with_file(&workspace, &mut all).await;
        // Anybody can write any number of addresses that no list has, and readers are not to stand
        // behind them.
        all.sort_by_key(|one| one.on_list == Some(false));
        Ok::<_, Failure>(all)
    })?;
    if args.json {
        print::json(&format!("{}\n", serde_json::to_string(&all)?))?;
        return Ok(Exit::Done);
    }
    let zone = &workspace.config.time_zone;
    let line = |one: &UndecidedReport| {
        let at = clock::minute(one.at, zone);
        let reasons: Vec<String> = one.suppressed.iter().map(ToString::to_string).collect();
        let suppressed = if reasons.is_empty() {
            String::new()
        } else {
            format!("\tsuppressed ({}), which does not decide this", reasons.join(", "))
        };
        let list = match one.on_list {
            _ if undecided::is_of_message(&one.email) => "\tdoes not come from one address",
            Some(true) => "",
            Some(false) => "\tis on no list that is known",
            None => "\tthe list cannot be read, so nobody can tell whether it has this address",
        };
        let now = match &one.now {
            Some(now) => format!("\tis {now} now"),
            None => String::new(),
        };
        format!("{}\t{}\t{at}\t{}{now}{suppressed}{list}\n", one.email, one.class, one.text)
    };
    print::words(&all.iter().map(line).collect::<String>())?;
    if !all.is_empty() {
        print::note(
            "to suppress one: digest subscribers suppress ADDRESS --reason unsubscribed --why TEXT; to do \
             nothing: digest bounces dismiss ADDRESS",
        );
    }
    Ok(Exit::Done)
}

/// Wishes to leave that nobody has decided about, for `--json` of other commands.
#[derive(Debug, Default, Serialize)]
pub(in crate::cmd) struct WaitingWishes {
    /// Whose they are.
    people: usize,
    /// As `bounces list --json` has them.
    waiting: Vec<UndecidedReport>,
}

impl WaitingWishes {
    /// That some wait, for people, if there are any.
    pub(in crate::cmd) fn told(waiting: &[UndecidedReport]) -> Option<String> {
        let wishes = waiting.iter().filter(|one| one.class == "unsubscribe");
        let people: BTreeSet<&str> = wishes.map(|one| &*one.email).collect();
        (!people.is_empty()).then(|| {
            format!(
                "{} asked to leave by a mail without a token, and nobody has decided about it: \
                 `digest bounces list`",
                counted(people.len() as u64, "person")
            )
        })
    }

    /// Those of all that nobody has decided about.
    pub(in crate::cmd) async fn of(
        workspace: &Workspace,
        mut waiting: Vec<UndecidedReport>,
    ) -> WaitingWishes {
        waiting.retain(|one| one.class == "unsubscribe");
        with_file(workspace, &mut waiting).await;
        waiting.sort_by_key(|one| one.on_list == Some(false));
        let people: BTreeSet<&str> = waiting.iter().map(|one| &*one.email).collect();
        WaitingWishes { people: people.len(), waiting }
    }
}

/// Asks the publication's own file about people whom the store does not know.
async fn with_file(workspace: &Workspace, all: &mut [UndecidedReport]) {
    let usual = ListArgs::of_publication();
    let path = workspace.root.join("subscribers.csv");
    let unknown = all.iter_mut().filter(|one| one.on_list == Some(false));
    let unknown: Vec<(Address, &mut UndecidedReport)> =
        unknown.filter_map(|one| Some((Address::parse(&one.email).ok()?, one))).collect();
    if unknown.is_empty() || !files::is_there(&path) {
        return;
    }
    let people: BTreeMap<String, Address> =
        unknown.iter().map(|(who, _)| (who.identity(), who.clone())).collect();
    let addresses: Vec<Address> = people.values().cloned().collect();
    let place = ListPlace { path, store: None };
    let found = Box::pin(readers::look_up(&addresses, &place, &usual.options(workspace))).await;
    let found = found.map(|Standings { people, .. }| people).unwrap_or_default();
    let is_there = |(standing, _): &(Standing, _)| !matches!(standing, Standing::Absent);
    let by_identity: BTreeMap<&String, bool> =
        people.keys().zip(found.iter().map(is_there)).collect();
    for (who, one) in unknown {
        one.on_list = by_identity.get(&who.identity()).copied();
    }
}

/// Runs `digest bounces dismiss`.
pub(super) fn dismiss(global: &Global, args: &DismissUndecided) -> Ending {
    let identity = if undecided::is_of_message(&args.address) {
        args.address.clone()
    } else {
        Address::parse(&args.address).map_err(|e| Failure::usage(e.to_string()))?.identity()
    };
    let workspace = Workspace::open(global)?;
    let path = place(&workspace, args.store.as_deref())?;
    let done = runtime()?.block_on(async {
        if !path.is_there() {
            return Ok(0);
        }
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        suppression::wait_for_others(&store).await?;
        let open = undecided::all(&store, Some(&identity)).await?;
        if args.class.is_none() {
            is_of_one_class(&identity, &open)?;
        }
        let class = args.class.and_then(DismissedClass::word);
        let done = undecided::dismiss(&store, (&identity, class), clock::now());
        let done = looking::waiting(&store, done).await;
        store.close().await;
        Ok::<_, Failure>(done?)
    })?;
    let address = &args.address;
    if done == 0 {
        return Err(Failure::new(format!("there is nothing to decide about {address}"))
            .help("`digest bounces list` names those about whom there is"));
    }
    print::words(&format!("{address}: {} dismissed\n", counted(done, "report")))?;
    Ok(Exit::Done)
}

/// To do nothing about a false report must not pass over what the person has asked for, nor a wish that
/// somebody forged over a report.
fn is_of_one_class(identity: &str, open: &[UndecidedReport]) -> Result<(), Failure> {
    let classes: BTreeSet<&str> = open.iter().map(|one| &*one.class).collect();
    if classes.len() < 2 {
        return Ok(());
    }
    let classes: Vec<&str> = classes.into_iter().collect();
    let what = format!(
        "about {identity} there are reports of several classes ({}); nothing was dismissed",
        classes.join(", ")
    );
    let commands = classes.iter().chain(&["all"]).map(|class| {
        let command = with_address("digest bounces dismiss", identity, &format!("--class {class}"));
        format!("`{command}`")
    });
    let commands: Vec<String> = commands.collect();
    Err(Failure::checks(what).help(format!("say which: {}", commands.join(", "))))
}
