//! `digest subscribers release`: people who are suppressed, or were forgotten, get mail again.
//!
//! Must never end somebody's own wish where something else was to be ended.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::audience::forgotten::{self, ForgettingKeys};
use sejong_digest::audience::subscribers::ChangeOrigin;
use sejong_digest::audience::subscribers::change::{self, ChangeNote};
use sejong_digest::audience::suppression::{
    self, Suppression, SuppressionReason, SuppressionSubject,
};
use sejong_digest::delivery::ledger;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;

use super::{import, place, subject, words};
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::quoted;
use crate::cmd::readers::forgetting_keys;
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, looking, print, runtime};

/// What of a person's suppressions is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReleasedReason {
    Unsubscribed,
    HardBounce,
    Complaint,
    Manual,
    All,
}

impl ReleasedReason {
    fn alone(self) -> Option<SuppressionReason> {
        match self {
            ReleasedReason::Unsubscribed => Some(SuppressionReason::Unsubscribed),
            ReleasedReason::HardBounce => Some(SuppressionReason::HardBounce),
            ReleasedReason::Complaint => Some(SuppressionReason::Complaint),
            ReleasedReason::Manual => Some(SuppressionReason::Manual),
            ReleasedReason::All => None,
        }
    }
}

const RELEASE_EXAMPLES: &str = "\
Examples:
  digest subscribers release kim@example.org --why 'asked for it again on 3 May'
";

const LONG: &str = "\
Let people who are suppressed get mail again

Whoever was forgotten is released in the same way, if they ask again: the hash of them goes, and \
`digest subscribers add` brings them in. Of them nothing is kept, so neither is --why.";

/// Let people who are suppressed get mail again
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = RELEASE_EXAMPLES)]
pub(super) struct Release {
    /// Their addresses
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// These are domains
    #[arg(long)]
    domain: bool,
    /// Only what is kept for this reason: somebody whose mailbox is good again may have asked to leave.
    /// all is for whatever reason
    #[arg(long, value_name = "REASON")]
    reason: Option<ReleasedReason>,
    /// Why, in your words: it stays in their history
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// What has become of one of them.
#[derive(Default)]
struct ReleasedRows {
    /// Rows that are over.
    rows: u64,
    /// When they were forgotten who are known again.
    forgotten: Option<Timestamp>,
    /// What still keeps mail from them.
    left: Vec<Suppression>,
}

/// Runs `digest subscribers release`.
pub(super) fn release(workspace: &Workspace, args: &Release) -> Ending {
    let all = args.addresses.iter().map(|text| subject(text, args.domain));
    let all: BTreeSet<SuppressionSubject> = all.collect::<Result<_, Failure>>()?;
    let why = words("--why", &args.why)?;
    let path = place(workspace, args.store.as_deref())?;
    if !path.is_there() {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        return Err(Failure::new(format!(
            "{} {are} not suppressed: there is no {path}",
            names.join(", ")
        )));
    }
    let released = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        let keys = forgetting_keys(workspace)?;
        for one in all.iter().filter(|_| args.reason.is_none()) {
            is_of_one_kind(&store, one, &workspace.config.time_zone).await?;
        }
        let mut released = Vec::new();
        for one in &all {
            let ended = end(&store, one, args.reason, (&why, &keys));
            let ended = looking::waiting(&store, ended).await?;
            if ended.rows == 0 {
                // Where nobody can tell who was forgotten, it may be them.
                import::forgotten(workspace, &store).await?;
            }
            released.push((one, ended));
        }
        store.close().await;
        Ok::<_, Failure>(released)
    })?;
    let mut missed = Vec::new();
    for (one, ended) in released {
        let still = still_suppressed(one, &ended.left);
        if let Some(at) = ended.forgotten {
            let at = clock::minute(at, &workspace.config.time_zone);
            print::words(&format!("{one}: released, and was forgotten before, {at}\n"))?;
            print::note(&format!(
                "`digest subscribers add {}` brings the person in; --why is not kept of somebody who \
                 was forgotten: write it with --consent there",
                quoted(one.what())
            ));
            still.iter().for_each(|left| print::note(left));
        } else if ended.rows > 0 {
            print::words(&format!("{one}: released\n"))?;
            still.iter().for_each(|left| print::note(left));
        } else {
            missed.push(still.unwrap_or_else(|| format!("{one} is not suppressed")));
        }
    }
    if missed.is_empty() { Ok(Exit::Done) } else { Err(Failure::new(missed.join("; "))) }
}

/// Ends what keeps mail from somebody.
async fn end(
    store: &Store,
    subject: &SuppressionSubject,
    reason: Option<ReleasedReason>,
    (why, keys): (&str, &ForgettingKeys),
) -> Result<ReleasedRows, Failure> {
    let note = (why, clock::now());
    let reason = reason.and_then(ReleasedReason::alone);
    let mut ended = ReleasedRows {
        rows: suppression::release(store, subject, reason, note).await?,
        ..ReleasedRows::default()
    };
    let SuppressionSubject::Address(address) = subject else { return Ok(ended) };
    let address = Address::parse(address)?;
    if reason.is_none()
        && let Some((at, _)) = forgotten::since(store, &address, keys).await?
    {
        ended.rows += forgotten::release(store, &address, keys, clock::now()).await?;
        ended.forgotten = Some(at);
    }
    ended.left = suppression::history(store, &address).await?;
    ended.left.retain(Suppression::is_in_force);
    if ended.left.iter().all(Suppression::is_for_domain) {
        let note = ChangeNote { origin: ChangeOrigin::Command, at: clock::now() };
        ended.rows += u64::from(change::confirm_again(store, &address, note).await?);
    }
    Ok(ended)
}

/// What still keeps mail from somebody: each reason once, or else their domain.
fn still_suppressed(subject: &SuppressionSubject, left: &[Suppression]) -> Option<String> {
    let own = of_themselves(left);
    if !own.is_empty() {
        let reasons: Vec<String> = own.iter().map(|one| one.reason.to_string()).collect();
        return Some(format!("{subject} is still suppressed ({})", reasons.join(", ")));
    }
    left.first().map(|left| {
        let domain = quoted(&left.what);
        format!(
            "{subject} is suppressed with everybody at {domain}: `digest subscribers release \
             {domain} --domain --why TEXT` releases all of them"
        )
    })
}

/// Why somebody is suppressed by their own address: the first word of each reason.
fn of_themselves(all: &[Suppression]) -> Vec<&Suppression> {
    let mut own: Vec<&Suppression> = Vec::new();
    for one in all.iter().filter(|one| one.is_in_force() && !one.is_for_domain()) {
        if own.iter().all(|other| other.reason != one.reason) {
            own.push(one);
        }
    }
    own
}

/// Whoever asked to leave, or complained, and is suppressed for something else as well: to repair the
/// one must not undo the other without a word.
async fn is_of_one_kind(
    store: &Store,
    subject: &SuppressionSubject,
    zone: &TimeZone,
) -> Result<(), Failure> {
    let SuppressionSubject::Address(address) = subject else { return Ok(()) };
    let all = suppression::history(store, &Address::parse(address)?).await?;
    let mut all = of_themselves(&all);
    let is_own = |one: &&Suppression| {
        matches!(one.reason, SuppressionReason::Unsubscribed | SuppressionReason::Complaint)
    };
    if all.len() < 2 || !all.iter().any(is_own) {
        return Ok(());
    }
    all.sort_by_key(|one| !is_own(one));
    let said = |one: &&Suppression| {
        let since = clock::minute(one.at, zone);
        format!("{} since {since} (--reason {})", one.reason, one.reason.word())
    };
    Err(Failure::checks(format!(
        "{subject} is suppressed for several reasons: {}; nobody was released",
        all.iter().map(said).collect::<Vec<_>>().join(", ")
    ))
    .help(
        "name the reason that is over: it ends alone, and the others stay. --reason all ends all of \
         them, if the person has asked for mail again",
    ))
}
