//! `digest plan`: who would get an issue and when it would be done. Changes nothing.

use super::failure::Ending;
use super::{Global, send};

/// Show who would get an issue and when it would be finished; change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest plan 2025-11 --subscribers subscribers.csv
  digest plan 2025-11 --only \"!tag:press and affiliation=Hanbit\" --json
")]
pub(crate) struct Args {
    #[command(flatten)]
    plan: send::PlanArgs,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    send::plan(global, &args.plan)
}
