//! What `send` and `plan` are both told: which issue, to whom of which list, and how fast.

use std::path::PathBuf;

use jiff::ZonedDateTime;
use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::audience::only::Only;
use sejong_digest::delivery::pace::Rate;
use sejong_digest::delivery::send::SendOptions;
use sejong_digest::delivery::send::content::ExpectedHash;
use sejong_digest::store;

use crate::cmd::clock;
use crate::cmd::failure::Failure;
use crate::cmd::relays::RelayArgs;
use crate::cmd::workspace::Workspace;

/// See the file's head.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// The issue: a folder under issues/, or a path
    pub(super) issue: String,
    /// The list, as CSV [default: subscribers.csv beside digest.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) subscribers: Option<PathBuf>,
    /// The encoding of the list, where it is neither UTF-8 nor UTF-16 with a mark
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = list::in_encoding)]
    pub(super) encoding: Option<ReadOptions>,
    /// A part of the list: tag:member, !tag:press, language=ko, joined by and, or, ( )
    #[arg(long, value_name = "EXPR")]
    pub(super) only: Option<Only>,
    #[command(flatten)]
    pub(super) relay: RelayArgs,
    /// The ledger, instead of the one in digest.toml: sqlite:digest.db
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub(super) store: Option<String>,
    /// End with one JSON object on stdout
    #[arg(long)]
    pub(super) json: bool,
    /// Send the files as they are now to those who cannot have the issue yet
    #[arg(long, hide_short_help = true)]
    pub(super) recompose: bool,
    /// Leave out rows of the list that cannot be used, instead of stopping
    #[arg(long)]
    pub(super) skip_invalid: bool,
    /// Let problems of this rule pass; repeat it for several
    #[arg(long, value_name = "RULE", hide_short_help = true)]
    pub(super) allow: Vec<String>,
    /// How fast at most: 50/second, 30/minute, 2000/hour
    #[arg(long, value_name = "RATE")]
    pub(super) limit: Option<Rate>,
    /// How many connections at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) connections: Option<u16>,
}

/// What `send` alone can be held to.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Restrictions {
    /// Send only the content with this hash, of which `digest plan` shows the first 12 digits
    #[arg(long, value_name = "HASH", hide_short_help = true)]
    expect: Option<ExpectedHash>,
}

impl PlanArgs {
    /// The same for the library: `issue` is the name that the ledger knows the issue by, and `begin`
    /// when messages are to leave.
    pub(super) fn options(
        &self,
        workspace: &Workspace,
        restrictions: &Restrictions,
        (issue, list): (String, PathBuf),
        begin: ZonedDateTime,
    ) -> Result<SendOptions, Failure> {
        // A rehearsal is no send.
        let receipt = self.relay.catch.is_none().then(|| {
            let receipts = workspace.root.join("receipts");
            receipts.join(format!("{issue}.toml"))
        });
        Ok(SendOptions {
            issue,
            ledger: self.store_path(workspace)?,
            list,
            read: self.encoding.unwrap_or_default(),
            only: self.only.clone(),
            skip_invalid: self.skip_invalid,
            recompose: self.recompose,
            expect: restrictions.expect.clone(),
            receipt,
            begin,
            boot: boot(),
            clock: || clock::now().to_string(),
        })
    }

    /// The ledger of a rehearsal, which is to be started over: never the publication's own.
    pub(super) fn rehearsal_path(&self, workspace: &Workspace) -> Result<PathBuf, Failure> {
        let path = self.store_path(workspace)?;
        let url = workspace.config.store_url.as_deref().unwrap_or("sqlite:digest.db");
        let own = store::path_of(url, &workspace.root)?;
        let same = |a: &PathBuf, b: &PathBuf| match (a.canonicalize(), b.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a == b,
        };
        if same(&path, &own) {
            return Err(Failure::usage("--fresh would remove the publication's own ledger")
                .help("name another folder: --catch DIR"));
        }
        Ok(path)
    }

    /// The ledger's file.
    pub(super) fn store_path(&self, workspace: &Workspace) -> Result<PathBuf, Failure> {
        match (&self.store, &self.relay.catch) {
            (Some(url), _) => Ok(store::path_of(url, &std::env::current_dir()?)?),
            // A rehearsal never counts as a send: its ledger lives with what it caught.
            (None, Some(folder)) => Ok(folder.join("digest.db")),
            (None, None) => {
                let url = workspace.config.store_url.as_deref().unwrap_or("sqlite:digest.db");
                Ok(store::path_of(url, &workspace.root)?)
            }
        }
    }
}

/// What names this boot of the machine; empty where the system does not say, which counts as
/// another boot each time.
pub(super) fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or(String::new(), |text| text.trim().to_owned())
}
