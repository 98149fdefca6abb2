//! `digest bounces list` and `dismiss`: what a person has to decide, and that nothing is to be done.

use sejong_digest::audience::suppression;
use sejong_digest::delivery::ledger;
use sejong_digest::delivery::ledger::undecided::{self, UndecidedReport};
use sejong_digest::diagnostic::counted;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;

use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::subscribers::place;
use crate::cmd::workspace::Workspace;
use crate::cmd::{Global, clock, looking, print, runtime};

const LIST_ABOUT: &str = "\
List what a person has to decide

Somebody who got mail of this publication asks to leave, and their mail has no token; or a report has
the Message-ID of a mail and no token of its reverse-path. Anybody could have written either, so that
nothing happens by itself. `digest subscribers suppress` decides, and so does `digest bounces dismiss`.";

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
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
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
        Ok::<_, Failure>(all?)
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
        format!("{}\t{}\t{at}\t{}{suppressed}\n", one.email, one.class, one.text)
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

/// Runs `digest bounces dismiss`.
pub(super) fn dismiss(global: &Global, args: &DismissUndecided) -> Ending {
    let address = Address::parse(&args.address).map_err(|e| Failure::usage(e.to_string()))?;
    let workspace = Workspace::open(global)?;
    let path = place(&workspace, args.store.as_deref())?;
    let done = runtime()?.block_on(async {
        if !path.is_there() {
            return Ok(0);
        }
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        suppression::wait_for_others(&store).await?;
        let identity = address.identity();
        let done = undecided::dismiss(&store, &identity, clock::now());
        let done = looking::waiting(&store, done).await;
        store.close().await;
        Ok::<_, Failure>(done?)
    })?;
    if done == 0 {
        return Err(Failure::new(format!("there is nothing to decide about {address}"))
            .help("`digest bounces list` names those about whom there is"));
    }
    print::words(&format!("{address}: {} dismissed\n", counted(done, "report")))?;
    Ok(Exit::Done)
}
