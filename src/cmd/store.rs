//! `digest store`: the tables themselves, whatever is in them. Brought up to date, looked through,
//! saved, and moved to another place.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use sejong_digest::delivery::ledger::{Ledger, STEPS, consistency, overview};
use sejong_digest::delivery::recovery;
use sejong_digest::diagnostic::counted;
use sejong_digest::store::copy::CopiedTable;
use sejong_digest::store::draft::StoreDraft;
use sejong_digest::store::{Store, StoreAddress};
use serde_json::json;

use super::failure::{Ending, Exit, Failure};
use super::files::{describe, describe_store};
use super::workspace::Workspace;
use super::{Global, clock, looking, print, runtime};

/// Look after the store: the file or the server that has the ledger
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Upgrade(Upgrade),
    Check(Check),
    Backup(Backup),
    Copy(CopyArgs),
}

const UPGRADE: &str = "\
Bring the tables of the store up to date

A file is brought up to date by itself when a newer digest opens it; a copy of what it was is kept
beside it (digest.db-before-N). A server waits for this command, because other computers may use it
with an older digest, which cannot use newer tables.";

/// Bring the tables of the store up to date
#[derive(Debug, clap::Args)]
#[command(long_about = UPGRADE)]
struct Upgrade {
    #[command(flatten)]
    which: Which,
}

/// Look for damage, counts that do not add up, and rows that refer to nothing
#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    which: Which,
}

/// Save the store to a new SQLite file, also while a send goes on
#[derive(Debug, clap::Args)]
struct Backup {
    /// The new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    which: Which,
}

const COPY: &str = "\
Write all that a store holds to another one, and compare the two

Both are addresses as --store takes them. TO must be empty: a new file, or a schema that has nothing
in it. Nobody may send from either meanwhile. At the end each table of the two has as many rows and
the same hash of them, or nothing was written. From then on send from TO alone: write its address to
[store] url.";

const EXAMPLES: &str = "\
Examples:
  digest store copy sqlite:digest.db 'postgres://news@db.example.org/news?schema=digest'
  digest store copy 'postgres://news@db.example.org/news' sqlite:moved.db";

/// Write all that a store holds to another one, and compare the two
#[derive(Debug, clap::Args)]
#[command(long_about = COPY, after_long_help = EXAMPLES)]
struct CopyArgs {
    /// The store that is read
    #[arg(value_name = "FROM")]
    from: String,
    /// The store that is written
    #[arg(value_name = "TO")]
    to: String,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Which store, and how it is told.
#[derive(Debug, clap::Args)]
struct Which {
    /// Another store than the publication's, such as sqlite:other.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `digest store`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = &Workspace::open(global)?;
    match &args.command {
        Command::Upgrade(args) => upgrade(workspace, args),
        Command::Check(args) => check(workspace, args),
        Command::Backup(args) => backup(workspace, args),
        Command::Copy(args) => copy(workspace, args),
    }
}

/// The store, which must be there.
fn address(workspace: &Workspace, which: &Which) -> Result<StoreAddress, Failure> {
    let address = match &which.store {
        Some(url) => workspace.named_store(url)?,
        None => workspace.ledger_place()?,
    };
    is_there(&address)?;
    Ok(address)
}

fn is_there(address: &StoreAddress) -> Result<(), Failure> {
    if address.is_there() {
        return Ok(());
    }
    Store::belongs_here(address).map_err(looking::unusable)?;
    Err(Failure::new(format!("there is no store {}", describe_store(address)))
        .help("the first send makes it; --store names another one, such as sqlite:other.db"))
}

/// Whether there is something in it to look at: what was cut off may have left an empty file.
async fn is_a_store(address: &StoreAddress) -> Result<(), Failure> {
    if Store::has_tables(address, &STEPS).await.map_err(looking::unusable)? {
        return Ok(());
    }
    Err(Failure::new(format!("{} is empty: not a store", describe_store(address)))
        .help("name the one that has the ledger: --store URL"))
}

fn upgrade(workspace: &Workspace, args: &Upgrade) -> Ending {
    let address = address(workspace, &args.which)?;
    let upgraded = runtime()?.block_on(Store::upgrade(&address, &STEPS));
    let (before, now) = upgraded.map_err(looking::unusable)?;
    let name = describe_store(&address);
    if args.which.json {
        print::json(&json!({ "store": name, "before": before, "now": now }).to_string())?;
    } else if before == now {
        print::words(&format!("{name} has the tables of version {now}, the newest\n"))?;
    } else {
        print::words(&format!("{name}: tables of version {before} were brought to {now}\n"))?;
    }
    Ok(Exit::Done)
}

fn check(workspace: &Workspace, args: &Check) -> Ending {
    let address = address(workspace, &args.which)?;
    let name = describe_store(&address);
    let (held, found) = runtime()?.block_on(async {
        is_a_store(&address).await?;
        let store = Store::read(&address, &STEPS).await.map_err(looking::unusable)?;
        let looked = async {
            looking::look(&Ledger::new(store.clone(), "")).await?;
            store.check_whole().await?;
            let held = overview::held(&store).await?;
            let found = consistency::inconsistencies(&store).await?;
            Ok::<_, Failure>((held, found))
        };
        let looked = looked.await;
        store.close().await;
        looked
    })?;
    if args.which.json {
        let found = json!({
            "store": name, "issues": held.issues, "rows": held.rows,
            "subscribers": held.subscribers, "suppressions": held.suppressions, "found": found,
        });
        print::json(&found.to_string())?;
    } else if found.is_empty() {
        print::words(&format!(
            "{name}: {}, {}, {}, {}; all is as it must be\n",
            counted(held.issues, "issue"),
            counted(held.rows, "row"),
            counted(held.subscribers, "subscriber"),
            counted(held.suppressions, "suppression"),
        ))?;
    }
    if found.is_empty() {
        return Ok(Exit::Done);
    }
    for one in &found {
        print::note(&format!("{}: {}", one.what, counted(one.rows, "row")));
    }
    Err(Failure::new(format!("{name} is not as it must be"))
        .help("send nothing from it; put back a copy that is as new as the last send"))
}

fn backup(workspace: &Workspace, args: &Backup) -> Ending {
    let address = address(workspace, &args.which)?;
    let file = std::env::current_dir()?.join(&args.file);
    if file.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("{} exists; nothing is written over", describe(&file)))
            .help("name a new file"));
    }
    let mut bar = TablesBar::new();
    runtime()?.block_on(async {
        is_a_store(&address).await?;
        let store = Store::read(&address, &STEPS).await.map_err(looking::unusable)?;
        let saved = store.back_up(&file, &STEPS, &mut |table, rows| bar.show(table, rows)).await;
        store.close().await;
        Ok::<_, Failure>(saved?)
    })?;
    bar.end();
    let bytes = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    let (name, shown) = (describe_store(&address), describe(&file));
    if args.which.json {
        print::json(&json!({ "store": name, "file": shown, "bytes": bytes }).to_string())?;
    } else {
        print::words(&format!("{name} was saved to {shown} ({bytes} bytes)\n"))?;
    }
    Ok(Exit::Done)
}

fn copy(workspace: &Workspace, args: &CopyArgs) -> Ending {
    let (from, to) = (workspace.named_store(&args.from)?, workspace.named_store(&args.to)?);
    is_there(&from)?;
    if from.is_same(&to) {
        return Err(Failure::usage("FROM and TO are the same store"));
    }
    let mut bar = TablesBar::new();
    let CopiedStore { tables, asks } = runtime()?.block_on(copied(&from, &to, &mut bar))?;
    bar.end();
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let (from, to) = (describe_store(&from), describe_store(&to));
    if args.json {
        let table = |table: &CopiedTable| json!({ "table": table.name, "rows": table.rows, "sha256": table.hash });
        let tables: Vec<_> = tables.iter().map(table).collect();
        print::json(
            &json!({ "from": from, "to": to, "rows": rows, "tables": tables }).to_string(),
        )?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{from} was copied to {to}, and the two are the same:\n");
    for table in &tables {
        let hash = &table.hash[..12];
        text.push_str(&format!("  {:<18} {:>9} rows  {hash}\n", table.name, table.rows));
    }
    text.push_str("Send from the new one alone from now on: write its address to [store] url, and start `digest serve` again.\n");
    if asks {
        text.push_str(
            "Nothing shows that the old one is put away: add --despite-copy to the first `digest send`, \
             and to `digest serve` until that send has begun.\n",
        );
    }
    print::words(&text)?;
    Ok(Exit::Done)
}

/// A store that was copied.
struct CopiedStore {
    tables: Vec<CopiedTable>,
    /// Whether the new one asks before it goes on: the first one has sent, and may do so again.
    asks: bool,
}

/// Both are held, so that nobody sends meanwhile.
async fn copied(
    from: &StoreAddress,
    to: &StoreAddress,
    bar: &mut TablesBar,
) -> Result<CopiedStore, Failure> {
    let who = format!("process {} (copying the store)", std::process::id());
    is_a_store(from).await?;
    let source = Store::open(from, &STEPS).await.map_err(looking::unusable)?;
    let (ledger, now) = (Ledger::new(source.clone(), ""), clock::now().to_string());
    let held = ledger.lock(&who).await?;
    // What a killed send has left belongs to the copy, too: its journal lies beside this store alone.
    looking::tell_recovered(&recovery::recover(&held, &looking::boot(), &now).await?);
    // A file that has tables must have no rows, and is written in one transaction.
    let is_new = |path: &&Path| path.metadata().map_or(true, |there| there.len() == 0);
    let draft = match to.file().filter(is_new) {
        Some(path) => {
            Store::belongs_here(path).map_err(looking::unusable)?;
            Some(StoreDraft::begin(path).map_err(looking::unusable)?)
        }
        None => None,
    };
    let written = draft.as_ref().map_or(to.clone(), |draft| StoreAddress::from(draft.written_at()));
    let target = Store::open_for_copy(&written, &STEPS).await.map_err(looking::unusable)?;
    let locked = target.lock(&who).await?;
    let show: &mut (dyn FnMut(&str, u64) + Send) = &mut |table, rows| bar.show(table, rows);
    let copied = source.copy_to_store(&target, &STEPS, show).await;
    drop((locked, held));
    let asks = match &copied {
        Ok(_) => Ledger::new(target.clone(), "").moved().await?.is_some(),
        Err(_) => false,
    };
    target.close().await;
    source.close().await;
    let tables = copied?;
    if let Some(draft) = draft {
        draft.finish()?;
    }
    Ok(CopiedStore { tables, asks })
}

/// What goes on, on a terminal, once it has taken a second.
struct TablesBar {
    began: Instant,
    bar: Option<ProgressBar>,
}

impl TablesBar {
    fn new() -> TablesBar {
        TablesBar { began: Instant::now(), bar: None }
    }

    fn show(&mut self, table: &str, rows: u64) {
        if self.began.elapsed() < Duration::from_secs(1) || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(ProgressBar::new_spinner);
        bar.set_message(format!("{table}: {rows} rows"));
        bar.tick();
    }

    fn end(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }
}
