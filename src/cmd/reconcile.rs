//! `digest reconcile`: settles uncertain recipients from the relay's log.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::reconcile::{self, Open};
use sejong_digest::delivery::recovery;
use sejong_digest::store::Store;

use super::desk::Desk;
use super::failure::{Ending, Exit, Failure};
use super::status::ledger_path;
use super::{Global, clock, looking, print, runtime};

/// Settle uncertain recipients from the relay's log
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest reconcile 2025-11 --maillog /var/log/mail.log
  digest reconcile 2025-11 --maillog mail.log --not-found resend
")]
pub(crate) struct Args {
    /// The issue, by its folder's name
    issue: String,
    /// The relay's log of the time of sending
    #[arg(long, value_name = "FILE")]
    maillog: PathBuf,
    /// What to do with those whose Message-ID the log does not hold
    #[arg(long, value_name = "WHAT", default_value = "hold")]
    not_found: NotFound,
    /// The ledger, instead of the one in digest.toml: sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// See [`Args::not_found`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum NotFound {
    /// Leave them uncertain: the log may begin too late, or be another server's
    Hold,
    /// The log is whole: they do not have it, and the next send gives it to them
    Resend,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let desk = Desk::open(global)?;
    let path = ledger_path(&desk, args.store.as_deref(), None)?;
    let log = File::open(&args.maillog).map_err(|error| {
        Failure::new(format!("{} cannot be read: {error}", args.maillog.display()))
    })?;
    runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await?;
        let lock = store.lock(&format!("process {} (reconciling)", std::process::id()))?;
        // Whom a killed send has left is settled first: its journal knows who is uncertain.
        let (ledger, now) = (Ledger::new(store.clone(), &args.issue), clock::now().to_string());
        let recovered = recovery::recover(&ledger, &lock, &looking::boot(), &now).await?;
        looking::tell_recovered(&recovered);
        let open = reconcile::open(&store, &args.issue).await?;
        let found = reconcile::found(&open, BufReader::new(log))?;
        let (known, unknown): (Vec<Open>, Vec<Open>) =
            open.into_iter().partition(|open| found.contains_key(&open.row));
        let accepted: Vec<(i64, String)> = found.into_iter().collect();
        let absent: Vec<i64> = match args.not_found {
            NotFound::Resend => unknown.iter().map(|open| open.row).collect(),
            NotFound::Hold => Vec::new(),
        };
        reconcile::settle(&store, &accepted, &absent, &now).await?;
        store.close().await;
        told(args, &known, &unknown)
    })
}

fn told(args: &Args, known: &[Open], unknown: &[Open]) -> Ending {
    let mut text = String::new();
    for open in known {
        text.push_str(&format!("accepted   {}: its Message-ID is in the log\n", open.email));
    }
    let (state, why) = match args.not_found {
        NotFound::Resend => ("pending", "not in the log"),
        NotFound::Hold => ("uncertain", "not in the log; --not-found resend if the log is whole"),
    };
    for open in unknown {
        text.push_str(&format!("{state:<10} {}: {why}\n", open.email));
    }
    if text.is_empty() {
        print::note(&format!("nobody is uncertain in {}", args.issue));
    }
    print::answer(text.as_bytes())?;
    let held = args.not_found == NotFound::Hold && !unknown.is_empty();
    Ok(if held { Exit::Unfinished } else { Exit::Done })
}
