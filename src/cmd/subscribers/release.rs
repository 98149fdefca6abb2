//! `digest subscribers release`: people who are suppressed, or were forgotten, get mail again.
//!
//! Must never end somebody's own wish where something else was to be ended.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::audience::forgotten::{self, ForgettingKeys};
use sejong_digest::audience::list::ReadOptions;
use sejong_digest::audience::subscribers::ChangeOrigin;
use sejong_digest::audience::subscribers::change::{self, ChangeNote};
use sejong_digest::audience::subscribers::{moved, rows};
use sejong_digest::audience::suppression::{
    self, Suppression, SuppressionReason, SuppressionSubject,
};
use sejong_digest::delivery::ledger;
use sejong_digest::delivery::ledger::staging::Standing;
use sejong_digest::delivery::ledger::undecided::{self, UndecidedReport};
use sejong_digest::diagnostic::counted;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;

use super::{import, place, subject, words};
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::{describe, quoted, with_address};
use crate::cmd::readers::{ListPlace, forgetting_keys, is_foreign, list_file, look_up};
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, looking, print, runtime};

/// What of a person's suppressions is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReleasedReason {
    Unsubscribed,
    HardBounce,
    Complaint,
    Manual,
    Moved,
    All,
}

impl ReleasedReason {
    fn alone(self) -> Option<SuppressionReason> {
        match self {
            ReleasedReason::Unsubscribed => Some(SuppressionReason::Unsubscribed),
            ReleasedReason::HardBounce => Some(SuppressionReason::HardBounce),
            ReleasedReason::Complaint => Some(SuppressionReason::Complaint),
            ReleasedReason::Manual => Some(SuppressionReason::Manual),
            ReleasedReason::Moved => Some(SuppressionReason::Moved),
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
the list brings them in again, or `digest subscribers add`. Of them nothing is kept, so neither is --why.";

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
    /// Whether the list of the store has them.
    is_in_store: bool,
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
    let (released, file) = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        let released = end_all(workspace, &store, (&all, args.reason, &why)).await?;
        store.close().await;
        let file =
            list_file(workspace, rows::are_in(&path, &ledger::STEPS).await.unwrap_or_default());
        Ok::<_, Failure>((released, file))
    })?;
    let mut missed = Vec::new();
    for (one, ended) in released {
        let still = still_suppressed(one, &ended.left);
        if let Some(at) = ended.forgotten {
            let at = clock::minute(at, &workspace.config.time_zone);
            print::words(&format!("{one}: released, and was forgotten before, {at}\n"))?;
            print::note(&match &file {
                Some(file) => format!(
                    "write the person into {} again; --why is not kept of somebody who was forgotten",
                    describe(file)
                ),
                None => format!(
                    "`{}` brings the person in; --why is not kept of somebody who was forgotten: \
                     write it with --consent there",
                    with_address("digest subscribers add", one.what(), "")
                ),
            });
            still.iter().for_each(|left| print::note(left));
        } else if ended.rows > 0 {
            print::words(&format!("{one}: released\n"))?;
            still.iter().for_each(|left| print::note(left));
            if !runtime()?.block_on(is_in_list(workspace, file.as_deref(), one, ended.is_in_store))
            {
                tell_stranger(one, file.as_deref());
            }
        } else {
            missed.push(still.unwrap_or_else(|| format!("{one} is not suppressed")));
        }
    }
    if missed.is_empty() { Ok(Exit::Done) } else { Err(Failure::new(missed.join("; "))) }
}

/// Ends what keeps mail from these, unless one of them is to be decided about first.
async fn end_all<'a>(
    workspace: &Workspace,
    store: &Store,
    (all, reason, why): (&'a BTreeSet<SuppressionSubject>, Option<ReleasedReason>, &str),
) -> Result<Vec<(&'a SuppressionSubject, ReleasedRows)>, Failure> {
    let keys = forgetting_keys(workspace)?;
    let zone = &workspace.config.time_zone;
    for one in all {
        if matches!(reason, None | Some(ReleasedReason::All)) {
            is_no_earlier_address(store, one).await?;
        }
        if reason != Some(ReleasedReason::All) {
            has_no_open_wish(store, one, zone).await?;
        }
        if reason.is_none() {
            is_of_one_kind(store, one, zone).await?;
        }
    }
    let mut released = Vec::new();
    for one in all {
        let ended = end(store, one, reason, (why, &keys));
        let ended = looking::waiting(store, ended).await?;
        if ended.rows == 0 {
            // Where nobody can tell who was forgotten, it may be them.
            import::forgotten(workspace, store).await?;
        }
        released.push((one, ended));
    }
    Ok(released)
}

/// Whether the list that sends use has the person. Where that cannot be read, nothing is said of it.
async fn is_in_list(
    workspace: &Workspace,
    file: Option<&Path>,
    subject: &SuppressionSubject,
    is_in_store: bool,
) -> bool {
    let (SuppressionSubject::Address(address), Some(file)) = (subject, file) else {
        return is_in_store || matches!(subject, SuppressionSubject::Domain(_));
    };
    let Ok(address) = Address::parse(address) else { return true };
    let consent = workspace.config.consent_columns.clone();
    let options = ReadOptions { consent, is_foreign: is_foreign(file), ..ReadOptions::default() };
    let place = ListPlace { path: file.to_owned(), store: None };
    match look_up(std::slice::from_ref(&address), &place, &options).await {
        Ok(found) => !found.people.iter().any(|(one, _)| matches!(one, Standing::Absent)),
        Err(_) => true,
    }
}

/// Says that no list has a person who gets mail again, and what brings them in.
fn tell_stranger(subject: &SuppressionSubject, file: Option<&Path>) {
    print::note(&match file {
        Some(file) => format!(
            "{subject} is not in {}: for the next issue, write the person into it",
            describe(file)
        ),
        None => format!(
            "{subject} is not in the list of the store: `{}` brings the person in",
            with_address("digest subscribers add", subject.what(), "--consent TEXT")
        ),
    });
}

/// Somebody who asked to leave, of which nobody has decided: what keeps mail from them now may be all
/// that does.
async fn has_no_open_wish(
    store: &Store,
    subject: &SuppressionSubject,
    zone: &TimeZone,
) -> Result<(), Failure> {
    let open = undecided::all(store, None).await?;
    let mut of_them = open.iter().filter(|one| {
        one.is_wish()
            && is_about(subject, one)
            && (is_domain(subject) || !one.suppressed.is_empty())
    });
    let Some(wish) = of_them.next() else { return Ok(()) };
    let (email, others) = (&wish.email, of_them.count());
    let address = wish.now.as_ref().unwrap_or(email);
    let under = wish.now.as_ref().map_or(String::new(), |_| format!(" under {email}"));
    let asked = match wish.class.as_str() {
        "complaint" => "a report says that this person complained",
        _ => "this person also asked to leave",
    };
    let at = clock::minute(wish.at, zone);
    let others = match others {
        0 => String::new(),
        others => format!(", and so it is with {}", counted(others as u64, "more wish")),
    };
    let what =
        format!("{address}: {asked}{under}, {at} ({}){others}; nobody was released", wish.text);
    let (suppress, dismiss) = (
        with_address("digest subscribers suppress", address, "--reason unsubscribed --why TEXT"),
        with_address("digest bounces dismiss", address, ""),
    );
    Err(Failure::checks(what).help(format!(
        "`{suppress}` if it still holds; if that is settled, first `{dismiss}`. --reason all does both, \
         if {} has asked for mail again",
        if is_domain(subject) { "everybody there" } else { "the person" }
    )))
}

fn is_domain(subject: &SuppressionSubject) -> bool {
    matches!(subject, SuppressionSubject::Domain(_))
}

/// Whether a report is about the person, under whichever of their addresses.
fn is_about(subject: &SuppressionSubject, report: &UndecidedReport) -> bool {
    is_of(subject, &report.email) || report.now.as_ref().is_some_and(|now| is_of(subject, now))
}

/// That an address is an earlier one of somebody is no reason that passes: who has it now is to be said.
async fn is_no_earlier_address(store: &Store, subject: &SuppressionSubject) -> Result<(), Failure> {
    let SuppressionSubject::Address(address) = subject else { return Ok(()) };
    match moved::kept_out_for(store, &Address::parse(address)?).await? {
        None => Ok(()),
        Some(now) => Err(earlier_address(address, &now, "; nobody was released")),
    }
}

/// Stops what would let mail go to an earlier address of somebody.
pub(super) fn earlier_address(address: &str, now: &str, what: &str) -> Failure {
    let back = with_address("digest subscribers set", now, &format!("--set email={address}"));
    let release = with_address("digest subscribers release", address, "--reason moved --why TEXT");
    Failure::new(format!("{address} is an earlier address of {now}{what}")).help(format!(
        "if the same person wants it back: `{back}`. If somebody else has it now: `{release}`"
    ))
}

/// Whether a person is meant, or everybody at their domain.
fn is_of(subject: &SuppressionSubject, identity: &str) -> bool {
    match subject {
        SuppressionSubject::Address(address) => address == identity,
        SuppressionSubject::Domain(domain) => {
            identity.rsplit_once('@').is_some_and(|(_, of)| of == domain)
        }
    }
}

/// Ends what keeps mail from somebody.
async fn end(
    store: &Store,
    subject: &SuppressionSubject,
    reason: Option<ReleasedReason>,
    (why, keys): (&str, &ForgettingKeys),
) -> Result<ReleasedRows, Failure> {
    let note = (why, clock::now());
    let all = reason == Some(ReleasedReason::All);
    let reason = reason.and_then(ReleasedReason::alone);
    let mut ended = ReleasedRows {
        rows: suppression::release(store, subject, reason, note).await?,
        ..ReleasedRows::default()
    };
    if all {
        for one in undecided::all(store, None).await?.iter().filter(|one| is_about(subject, one)) {
            undecided::dismiss(store, (&one.email, None), clock::now()).await?;
        }
    }
    let SuppressionSubject::Address(address) = subject else { return Ok(ended) };
    let address = Address::parse(address)?;
    if reason.is_none()
        && let Some((at, _)) = forgotten::since(store, &address, keys).await?
    {
        ended.rows += forgotten::release(store, &address, keys, clock::now()).await?;
        ended.forgotten = Some(at);
    }
    ended.is_in_store = change::find(store, &address).await?.is_some();
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
