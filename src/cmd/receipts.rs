//! What receipts say, for people and scripts: numbers, times and a hash, and no text of theirs.
//!
//! Must never answer for the ledger: a receipt may be damaged, and anybody can propose one.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::delivery::ledger::overview::Counts;
use sejong_digest::delivery::receipt::{
    self, AlreadySent, FolderFault, Receipt, ReceiptFound, ReceiptPhase, SentBy, StandingReceipt,
};
use sejong_digest::diagnostic::counted;
use sejong_digest::diagnostic::visible::visible;
use serde::Serialize;

use super::clock;
use super::failure::Failure;
use super::files::describe;

/// What to do without the ledger.
pub(super) const NOT_THE_LEDGER: &str = "bring the ledger here from where the issue was sent, or name it \
    with --store: a receipt is no proof, because it may be damaged, and anybody can propose one";

/// What `status --json` says of a receipt. The counts are not where those of a ledger are: a script
/// that asks what was sent must not take the one for the other.
#[derive(Serialize)]
struct InJson<'a> {
    issue: &'a str,
    ledger: Option<()>,
    receipt: Said<'a>,
}

/// The numbers are missing where the file cannot be read, and `end` where a send has begun and its
/// end is not recorded.
#[derive(Serialize)]
struct Said<'a> {
    path: String,
    readable: bool,
    content_hash: Option<&'a str>,
    begin: Option<String>,
    end: Option<String>,
    /// Whether the send is over, and how many have the issue or may have it.
    over: Option<bool>,
    may_have: Option<u64>,
    #[serde(flatten)]
    counts: Option<Counts>,
    /// How many have it or may have it by the word of other ledgers.
    may_have_from_others: Option<u64>,
}

/// The receipts of a publication, or those of one issue.
pub(super) fn standing(root: &Path, issue: Option<&str>) -> Vec<StandingReceipt> {
    let mut standing = receipt::standing(root);
    standing.retain(|one| issue.is_none_or(|issue| one.issue == issue));
    standing
}

/// Says what the receipt knows and the ledger does not. What it says is never told as a fact.
pub(super) fn already_sent(sent: &AlreadySent) -> String {
    let path = describe(&sent.path);
    let known = known(sent);
    // What git has left between its marks is read all the same.
    let is_conflict = matches!(sent.found, ReceiptFound::Read(_) | ReceiptFound::Conflict)
        && receipt::has_conflict(&sent.path);
    let path =
        if is_conflict { format!("{path}, in which git has left a conflict,") } else { path };
    match &sent.found {
        ReceiptFound::Read(receipt) => match end(receipt) {
            Some(end) => {
                let (people, day) = (went_to(receipt), end.strftime("%-d %B %Y"));
                format!("{path} says that the issue {people} by {day}, and {known}")
            }
            None => {
                let people = counted(receipt.reached(), "person");
                let begin = receipt.begin.strftime("%-d %B %Y, %H:%M UTC");
                let whose = match sent.by {
                    SentBy::Renamed(_) => "",
                    _ => "The ledger of that send knows who, and ",
                };
                format!(
                    "{path} says that a send of the issue began on {begin}, and its end is not \
                     recorded: up to {people} may have it. {whose}{known}"
                )
            }
        },
        ReceiptFound::Conflict => format!("{path} cannot be read, and {known}"),
        ReceiptFound::Unreadable => {
            format!("there is a receipt of this issue, {path}, which cannot be read, and {known}")
        }
        ReceiptFound::Folder(fault) => {
            let why = of_folder(*fault);
            format!(
                "{path} {why}, so no receipt can tell whether the issue was sent before, and this \
                 ledger does not know of a send"
            )
        }
    }
}

/// How many people of a receipt have the issue, and may have it.
fn went_to(receipt: &Receipt) -> String {
    let accepted = receipt.counts.accepted;
    let people = counted(accepted, "recipient");
    match (accepted, receipt.reached().saturating_sub(accepted)) {
        (0, more) => format!("may have reached {}", counted(more, "person")),
        (_, 0) => format!("went to {people}"),
        (_, more) => format!("went to {people}, and perhaps to {more} more,"),
    }
}

/// What the ledger knows of the send that a receipt tells of.
fn known(sent: &AlreadySent) -> String {
    match (&sent.by, sent.known) {
        (SentBy::Renamed(issue), _) => format!(
            "this ledger knows that send as one of issues/{issue}: folder and receipt were renamed"
        ),
        (_, 0) => "this ledger has no record of that".to_owned(),
        (SentBy::Another, known) => {
            format!("that was another ledger: this ledger knows of {known} only, by its own sends")
        }
        (SentBy::Copied, known) => {
            format!("this ledger knows of {known} only: it is a copy from before that send's end")
        }
        (SentBy::Unknown, known) => format!("this ledger knows of {known} only"),
    }
}

/// Where the ledger of that send is, or what else is better than to send.
pub(super) fn instead(sent: &AlreadySent) -> String {
    match &sent.by {
        SentBy::Renamed(issue) => format!(
            "give the folder and its receipt their old names back, issues/{issue} and \
             receipts/{issue}.toml"
        ),
        _ => "bring the ledger here and send from it".to_owned(),
    }
}

/// Why a folder has no receipts to read.
pub(super) fn of_folder(fault: FolderFault) -> &'static str {
    match fault {
        FolderFault::Link => "is a link",
        FolderFault::NoFolder => "is not a folder",
        FolderFault::Closed => "cannot be opened",
    }
}

/// How to find out whether what was `found` at `path` is to be believed: anybody may propose it.
pub(super) fn doubt(path: &Path, found: &ReceiptFound) -> String {
    let path = describe(path);
    match found {
        ReceiptFound::Folder(FolderFault::Closed) => {
            format!("Make {path} a folder that you can read")
        }
        ReceiptFound::Folder(_) => format!(
            "`git log -- {path}` shows who put that there. Put a folder in its place, with the \
             receipts that git has"
        ),
        _ => format!(
            "If you do not know of that send, the receipt may be forged, as by a pull request, or \
             damaged: `git log -p -- {path}` shows who changed it, and how"
        ),
    }
}

/// What a receipt says, where the ledger has nothing to say.
pub(super) fn in_words(standing: &StandingReceipt, zone: &TimeZone) -> String {
    // The name is whatever somebody has proposed.
    let (issue, path) = (visible(&standing.issue), describe(&standing.path));
    let path = visible(&path);
    let Some(receipt) = standing.receipt() else {
        return format!("{issue}: {path} is there, and cannot be read\n");
    };
    let local = |at: Timestamp| clock::at(at, zone).strftime("%F %H:%M").to_string();
    let one = |receipt: &Receipt| {
        let end = end(receipt)
            .map_or("not recorded: the sender was killed, or it still sends".to_owned(), local);
        let planned = receipt.counts.planned;
        let people = if receipt.is_begun() {
            let may = counted(receipt.reached(), "person");
            format!("that a send to {planned} began: up to {may} may have it")
        } else {
            format!("{planned} planned: {}", parts(&receipt.counts))
        };
        format!(
            "{people}\n  content   {}\n  begin     {}\n  end       {end}\n",
            receipt.content_hash,
            local(receipt.begin),
        )
    };
    let others = receipt.others.iter();
    let others = others.map(|other| format!("{issue}: it says of another ledger {}", one(other)));
    format!("{issue}: {path} says {}{}", one(receipt), others.collect::<String>())
}

/// When the send was over, if that is recorded.
fn end(receipt: &Receipt) -> Option<Timestamp> {
    match receipt.phase {
        ReceiptPhase::Begun => None,
        ReceiptPhase::Over { end } => Some(end),
    }
}

/// The same for scripts: one object for one issue, else a list of them.
pub(super) fn in_json(standing: &[StandingReceipt], one: bool) -> Result<String, Failure> {
    let second = |at: Timestamp| at.strftime("%FT%TZ").to_string();
    let object = |standing: &'_ StandingReceipt| {
        let receipt = standing.receipt();
        let said = Said {
            path: describe(&standing.path),
            readable: receipt.is_some(),
            content_hash: receipt.map(|receipt| receipt.content_hash.as_str()),
            begin: receipt.map(|receipt| second(receipt.begin)),
            end: receipt.and_then(end).map(second),
            over: receipt.map(|receipt| !receipt.is_begun()),
            may_have: receipt.map(Receipt::reached),
            counts: receipt.map(|receipt| receipt.counts),
            may_have_from_others: receipt.map(|it| it.reached_by_all() - it.reached()),
        };
        serde_json::to_string(&InJson { issue: &standing.issue, ledger: None, receipt: said })
    };
    let objects = standing.iter().map(object).collect::<Result<Vec<_>, _>>()?;
    Ok(match objects.as_slice() {
        [object] if one => format!("{object}\n"),
        objects => format!("[{}]\n", objects.join(",")),
    })
}

/// `12 accepted, 1 refused`: the states that somebody is in.
pub(super) fn parts(counts: &Counts) -> String {
    let parts = counts.by_state().into_iter().filter(|(_, number)| *number > 0);
    let parts: Vec<String> = parts.map(|(state, number)| format!("{number} {state}")).collect();
    parts.join(", ")
}
