//! What receipts say, for people and scripts: numbers, times and a hash, and no text of theirs.
//!
//! Must never answer for the ledger: a receipt may be damaged, and anybody can propose one.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::delivery::ledger::overview::Counts;
use sejong_digest::delivery::receipt::{
    self, AlreadySent, FolderFault, Receipt, ReceiptFound, ReceiptPhase, StandingReceipt,
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
    #[serde(flatten)]
    counts: Option<Counts>,
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
    let known = match sent.known {
        0 => "this ledger has no record of that".to_owned(),
        known => format!("this ledger knows of {known} only"),
    };
    match &sent.found {
        ReceiptFound::Read(Receipt { phase: ReceiptPhase::Over { end }, counts, .. }) => {
            let people = counted(counts.accepted, "recipient");
            let day = end.strftime("%-d %B %Y");
            format!("{path} says that the issue went to {people} by {day}, and {known}")
        }
        ReceiptFound::Read(receipt) => {
            let people = counted(receipt.reached(), "person");
            let begin = receipt.begin.strftime("%-d %B %Y, %H:%M UTC");
            format!(
                "{path} says that a send of the issue began on {begin}, and its end is not recorded: \
                 up to {people} may have it. The ledger of that send knows who, and {known}"
            )
        }
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
        ReceiptFound::Read(_) | ReceiptFound::Unreadable => format!(
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
    let Some(receipt) = &standing.receipt else {
        return format!("{issue}: {path} is there, and cannot be read\n");
    };
    let local = |at: Timestamp| clock::at(at, zone).strftime("%F %H:%M").to_string();
    let end = end(receipt)
        .map_or("not recorded: the sender was killed, or it still sends".to_owned(), local);
    format!(
        "{issue}: {path} says {} planned: {}\n  content   {}\n  begin     {}\n  end       {}\n",
        receipt.counts.planned,
        parts(&receipt.counts),
        receipt.content_hash,
        local(receipt.begin),
        end,
    )
}

/// When the send was over, if that is recorded.
fn end(receipt: &Receipt) -> Option<Timestamp> {
    match receipt.phase {
        ReceiptPhase::Begun { .. } => None,
        ReceiptPhase::Over { end } => Some(end),
    }
}

/// The same for scripts: one object for one issue, else a list of them.
pub(super) fn in_json(standing: &[StandingReceipt], one: bool) -> Result<String, Failure> {
    let second = |at: Timestamp| at.strftime("%FT%TZ").to_string();
    let object = |standing: &'_ StandingReceipt| {
        let receipt = standing.receipt.as_ref();
        let said = Said {
            path: describe(&standing.path),
            readable: receipt.is_some(),
            content_hash: receipt.map(|receipt| receipt.content_hash.as_str()),
            begin: receipt.map(|receipt| second(receipt.begin)),
            end: receipt.and_then(end).map(second),
            counts: receipt.map(|receipt| receipt.counts),
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
