//! `digest reconcile`: settles uncertain recipients from the relay's log.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use sejong_digest::delivery::ledger;
use sejong_digest::delivery::reconcile::{self, Open};
use sejong_digest::store::Store;

use super::failure::{Ending, Exit, Failure};
use super::status::ledger_path;
use super::workspace::Workspace;
use super::{Global, clock, print, runtime};

/// Find out from the relay's log who has got an uncertain message
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest reconcile 2025-11 --maillog /var/log/mail.log
  digest reconcile 2025-11 --maillog mail.log --not-found resend
")]
pub(crate) struct Args {
    /// The issue: the name of its folder
    issue: String,
    /// The log of the relay, from the time of the send
    #[arg(long, value_name = "FILE")]
    maillog: PathBuf,
    /// What to do with people whose Message-ID is not in the log
    #[arg(long, value_name = "WHAT", default_value = "hold")]
    not_found: NotFound,
    /// Another ledger than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// See [`Args::not_found`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum NotFound {
    /// Leave them uncertain: the log may begin too late, or come from another server
    Hold,
    /// The log is complete: they have not got the issue, and the next send sends it to them
    Resend,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let path = ledger_path(&workspace, args.store.as_deref(), None)?;
    let log = File::open(&args.maillog).map_err(|error| {
        Failure::new(format!("{} cannot be read: {error}", args.maillog.display()))
    })?;
    runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await?;
        let _lock = store.lock(&format!("process {} (reconciling)", std::process::id()))?;
        let open = reconcile::open(&store, &args.issue).await?;
        let found = reconcile::found(&open, BufReader::new(log))?;
        let (known, unknown): (Vec<Open>, Vec<Open>) =
            open.into_iter().partition(|open| found.contains_key(&open.row));
        let accepted: Vec<(i64, String)> = found.into_iter().collect();
        let absent: Vec<i64> = match args.not_found {
            NotFound::Resend => unknown.iter().map(|open| open.row).collect(),
            NotFound::Hold => Vec::new(),
        };
        let now = clock::now().to_string();
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
        NotFound::Hold => {
            ("uncertain", "not in the log; use --not-found resend if the log is complete")
        }
    };
    for open in unknown {
        text.push_str(&format!("{state:<10} {}: {why}\n", open.email));
    }
    if text.is_empty() {
        print::note(&format!("no recipient of {} is uncertain", args.issue));
    }
    print::answer(text.as_bytes())?;
    let held = args.not_found == NotFound::Hold && !unknown.is_empty();
    Ok(if held { Exit::Unfinished } else { Exit::Done })
}
