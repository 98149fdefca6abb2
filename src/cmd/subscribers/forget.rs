//! `digest subscribers forget`: a person is erased from all that this program keeps.
//!
//! Must name what it cannot clean, and must never call somebody forgotten whose bytes are still there.

use std::path::PathBuf;
use std::time::Duration;

use sejong_digest::audience::forgotten::ForgettingKeys;
use sejong_digest::audience::subscribers::{change, moved};
use sejong_digest::audience::suppression;
use sejong_digest::delivery::ledger::forgotten::ForgottenRows;
use sejong_digest::delivery::ledger::{self, Ledger, LockedLedger};
use sejong_digest::delivery::recovery;
use sejong_digest::diagnostic::counted;
use sejong_digest::message::address::Address;
use sejong_digest::store::erase::KeptBytes;
use sejong_digest::store::{Store, StoreError};

use super::person::address;
use super::place;
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::{describe, describe_store, with_address};
use crate::cmd::workspace::{LostSecret, Workspace};
use crate::cmd::{clock, looking, print, runtime};

const FORGET: &str = "\
Erase a person, and never mail them again

Everything that the store has of the person goes: the list's row with its history, their words in
suppressions, their address and fields in the rows of sent issues. A hash stays that only the
publication's secret can make, so that no list brings them back. It cannot be undone. Files such as
subscribers.csv and copies of the store are yours to clean.

A store in a file is written anew at the end, so that no old byte of the person is left in it: of a
large one that takes some seconds, and as much room again on the disk. On a server the dead rows are
taken away; its logs and backups are its administrator's to clean.";

/// Erase a person, and never mail them again
#[derive(Debug, clap::Args)]
#[command(long_about = FORGET, after_long_help = "Examples:
  digest subscribers forget ada@example.org
")]
pub(super) struct Forget {
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// A new secret in the place of one that is lost would know nobody who was forgotten before.
fn has_its_secret(workspace: &Workspace, named: Option<&str>) -> Result<(), Failure> {
    let path = place(workspace, named)?;
    let Some(lost) = runtime()?.block_on(LostSecret::of(workspace, Some(path)))? else {
        return Ok(());
    };
    Err(Failure::new(format!("{lost}; nobody was forgotten")).help(format!(
        "copy {} here from the computer that sent before; if it is lost for good, `digest send ISSUE \
         --new-secret` makes a new one",
        lost.file()
    )))
}

/// So long nothing is said of a store that is written anew.
const SILENCE: Duration = Duration::from_secs(1);

/// What has become of a person.
struct Erased {
    rows: ForgottenRows,
    /// What may have bytes of them yet.
    kept: Option<KeptBytes>,
    /// Copies of our own that could not be written.
    copies: Vec<(PathBuf, StoreError)>,
}

/// Runs `digest subscribers forget`.
pub(super) fn forget(workspace: &Workspace, args: &Forget) -> Ending {
    let who = address(&args.address)?;
    has_its_secret(workspace, args.store.as_deref())?;
    let path = place(workspace, args.store.as_deref())?;
    let secret = workspace.secret()?;
    let keys = ForgettingKeys::of_secret(secret.older().chain([secret.newest()]));
    let erased = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        suppression::wait_for_others(&store).await?;
        let erased = match addresses(&store, &who, &keys).await {
            Ok(addresses) => erased(&store, &addresses).await,
            Err(failure) => Err(failure),
        };
        store.close().await;
        erased
    })?;
    print::words(&format!("{who}: {}\n", told(&erased.rows)))?;
    print::note(
        "files such as subscribers.csv, exports and copies of the store, and mailboxes and logs of the \
         relay may still have this person: they are yours to clean",
    );
    tell_what_is_left(&erased)
}

fn told(rows: &ForgottenRows) -> String {
    let asked = [(rows.of_signups, "sign-up"), (rows.of_outbox, "mail")];
    let asked = asked.into_iter().filter(|(count, _)| *count > 0);
    let asked: Vec<String> = asked.map(|(count, what)| counted(count, what)).collect();
    let what = if *rows == ForgottenRows::default() {
        "the store knew nothing of this address; it is never mailed from now on"
    } else {
        "forgotten, and never mailed again"
    };
    if asked.is_empty() {
        return what.to_owned();
    }
    format!("{what}; erased: {} about a subscription", asked.join(" and "))
}

/// The addresses that the person has and had, each with its hash.
async fn addresses(
    store: &Store,
    who: &Address,
    keys: &ForgettingKeys,
) -> Result<Vec<(Address, String)>, Failure> {
    let is_in_list = change::find(store, who).await?.is_some();
    if !is_in_list && let Some(now) = moved::now(store, who).await? {
        let forget = with_address("digest subscribers forget", &now, "");
        return Err(Failure::new(format!("the person at {who} has another address now: {now}"))
            .help(format!("`{forget}` erases the person under both")));
    }
    let mut all = vec![who.clone()];
    for former in moved::before(store, who).await? {
        let former = Address::parse(&former.address)?;
        if change::find(store, &former).await?.is_some() {
            print::note(&format!(
                "{former} was an address of this person, and is somebody else's now: it stays"
            ));
            continue;
        }
        all.push(former);
    }
    let hashed = all.into_iter().map(|address| {
        let hash = keys.hash(&address).ok_or_else(|| Failure::new("the secret has no key"))?;
        Ok((address, hash))
    });
    hashed.collect()
}

/// Takes the person out of all tables, and then out of what lies under them.
async fn erased(store: &Store, addresses: &[(Address, String)]) -> Result<Erased, Failure> {
    let now = clock::now();
    let (locked, rows) = looking::waiting(store, async {
        // Nobody sends from it meanwhile: a message that is on its way has the address.
        let sender = format!("process {} (forget)", std::process::id());
        let locked = Ledger::new(store.clone(), "").lock(&sender).await?;
        // The journal of a killed send has what servers said to its people.
        let recovered = recovery::recover(&locked, &looking::boot(), &now.to_string()).await?;
        looking::tell_recovered(&recovered);
        let rows = locked.forget_person(addresses, now).await?;
        Ok::<_, Failure>((locked, rows))
    })
    .await?;
    let cleaning = cleaned(store, &locked, addresses);
    tokio::pin!(cleaning);
    let cleaned = tokio::select! {
        done = &mut cleaning => done,
        () = tokio::time::sleep(SILENCE) => {
            print::note(&format!(
                "{} is cleaned of old bytes of this person: of a large store that takes a while",
                describe_store(store.address())
            ));
            cleaning.await
        }
    };
    let (kept, copies) = cleaned.map_err(|error| {
        Failure::new(format!(
            "the person is out of all tables and is never mailed again, but old bytes of them may be left in \
             {}: {error}",
            describe_store(store.address())
        ))
        .help("when that is mended, run this command once more: it cleans them")
    })?;
    Ok(Erased { rows, kept, copies })
}

async fn cleaned(
    store: &Store,
    locked: &LockedLedger,
    addresses: &[(Address, String)],
) -> Result<(Option<KeptBytes>, Vec<(PathBuf, StoreError)>), StoreError> {
    let copies = locked.forget_in_copies(addresses, clock::now()).await;
    Ok((store.overwrite_all_deleted().await?, copies))
}

/// Whoever wants somebody forgotten is not done while something of ours may still name them.
fn tell_what_is_left(erased: &Erased) -> Ending {
    let mut left = Vec::new();
    match &erased.kept {
        None => {}
        Some(KeptBytes::Log(log)) => left.push(format!(
            "{} may still have bytes of this person, because another process reads the store: when it \
             has ended, run this command once more",
            describe(log)
        )),
        Some(KeptBytes::Tables(tables)) => left.push(format!(
            "dead rows of this person may be left in tables that belong to another user of the server: \
             let that user run VACUUM {}",
            tables.join(", ")
        )),
    }
    for (copy, error) in &erased.copies {
        left.push(format!(
            "{} is a copy of the store and may still have this person: {error}. Delete it, or mend that \
             and run this command once more",
            describe(copy)
        ));
    }
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::new(left.join("; ")).behind_an_answer())
}
