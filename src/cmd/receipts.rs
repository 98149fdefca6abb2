//! What receipts say, for people and scripts: numbers, times and a hash, and no text of theirs.
//!
//! Must never answer for the ledger: a receipt may be damaged, and anybody can propose one.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::delivery::ledger::overview::Counts;
use sejong_digest::delivery::receipt::{
    self, AlreadySent, FolderFault, PlaceFault, Receipt, ReceiptFound, ReceiptPhase, SentBy,
    StandingReceipt,
};
use sejong_digest::delivery::send::report::{ReceiptFate, UnwrittenReceipt};
use sejong_digest::diagnostic::counted;
use sejong_digest::diagnostic::visible::visible;
use serde::Serialize;

use super::clock;
use super::failure::Failure;
use super::files::{describe, quoted};

/// What to do without the ledger.
pub(super) const NOT_THE_LEDGER: &str = "bring the ledger here from where the issue was sent, digest.db and \
    the files beside it (digest.db-*), or name it with --store: a receipt is no proof, because it may be damaged, and anybody can propose one";

/// The same where another ledger is here.
pub(super) const ANOTHER_LEDGER: &str = "the ledger of that send is elsewhere: name it with --store, or look where it \
    is, and do not copy it over the one here. A receipt is no proof, because it may be damaged, and anybody can propose one";

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
    let path =
        if is_conflict(sent) { format!("{path}, in which git has left a conflict,") } else { path };
    match &sent.found {
        ReceiptFound::Read(receipt) => match end(receipt) {
            Some(end) => {
                let (people, day) = (went_to(receipt), clock::at(end, &sent.zone).strftime("%F"));
                format!("{path} says that the issue {people} by {day}, and {known}")
            }
            None => {
                let people = counted(receipt.reached(), "person");
                let begin = clock::minute(receipt.begin, &sent.zone);
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
        ReceiptFound::Folder(_) => format!(
            "{path} {}, so no receipt can tell whether the issue was sent before; {}",
            fault(&sent.found),
            known_beside_unread(sent)
        ),
        found => format!(
            "{path} {}, so it does not tell who has the issue; {}",
            fault(found),
            known_beside_unread(sent)
        ),
    }
}

/// Whether git has left the marks of a conflict in a receipt of which both sides can be read.
fn is_conflict(sent: &AlreadySent) -> bool {
    matches!(sent.found, ReceiptFound::Read(_)) && receipt::has_conflict(&sent.path)
}

/// What is wrong with what was found, to stand behind its path.
pub(super) fn fault(found: &ReceiptFound) -> &'static str {
    match found {
        ReceiptFound::Read(_) => "can be read",
        ReceiptFound::Unreadable(_) => "is no receipt that can be read",
        ReceiptFound::Altered(_) => {
            "was edited by hand or merged (its check line does not fit its other lines)"
        }
        ReceiptFound::Conflict(_) => {
            "has a conflict in it that git has left, and its sides are not whole receipts"
        }
        ReceiptFound::Place(PlaceFault::Link) => "is a link",
        ReceiptFound::Place(PlaceFault::NoFile) => "is not a file",
        ReceiptFound::Place(PlaceFault::Large) => "is larger than any receipt",
        ReceiptFound::Place(PlaceFault::Closed) => "cannot be opened",
        ReceiptFound::Folder(fault) => of_folder(*fault),
    }
}

/// What the ledger knows of the issue whose receipt tells nothing.
fn known_beside_unread(sent: &AlreadySent) -> String {
    match (sent.known, sent.has_ledger) {
        (0, false) => "there is no ledger here that knows of a send".to_owned(),
        (0, true) => "this ledger knows of nobody who has it".to_owned(),
        (1, _) => "this ledger knows of 1 person who has it or may have it".to_owned(),
        (known, _) => format!("this ledger knows of {known} people who have it or may have it"),
    }
}

/// What the receipt is like if the issue is sent in spite of it, and how: whoever solves a conflict by
/// one side alone forgets whom the other one has sent to.
pub(super) fn anyway(sent: &AlreadySent) -> String {
    let sends = "--despite-receipt sends it anyway, also to people who have it already without this \
                 ledger knowing it";
    if is_conflict(sent) {
        format!(
            "Do not choose one side of the conflict, because each tells of a send of its own: \
             {sends}; then the receipt keeps the words of both"
        )
    } else if is_text(&sent.found) {
        format!("{sends}; the text of the file is kept")
    } else {
        sends.to_owned()
    }
}

/// Whether what tells nothing has a text of its own.
fn is_text(found: &ReceiptFound) -> bool {
    match found {
        ReceiptFound::Unreadable(_) | ReceiptFound::Altered(_) | ReceiptFound::Conflict(_) => true,
        ReceiptFound::Place(fault) => matches!(fault, PlaceFault::Large | PlaceFault::Closed),
        ReceiptFound::Read(_) | ReceiptFound::Folder(_) => false,
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
            format!(
                "that was another ledger: this ledger knows of {known}, and they may be other people"
            )
        }
        (SentBy::Copied, known) => {
            format!("this ledger knows of {known} only: it is a copy from before that send's end")
        }
        (SentBy::Unknown, known) => {
            format!("this ledger knows of {known}, and they may be other people")
        }
    }
}

/// Where the ledger of that send is, or what else is better than to send. A ledger that was brought
/// here must not take the place of one that knows of other sends.
pub(super) fn instead(sent: &AlreadySent) -> String {
    match (&sent.by, sent.has_ledger) {
        (SentBy::Renamed(issue), _) => format!(
            "give the folder and its receipt their old names back, issues/{issue} and \
             receipts/{issue}.toml"
        ),
        (_, false) => "bring the ledger here, digest.db and the files beside it (digest.db-*), or \
                       name it with --store, and send from it"
            .to_owned(),
        (SentBy::Copied, true) => {
            "send from where the newer copy of this ledger is: it knows who has \
                                   the issue"
                .to_owned()
        }
        (SentBy::Another, true) => {
            "send from where the other ledger is, or name it with --store: it \
                                    knows who has the issue. Do not copy it over the one here"
                .to_owned()
        }
        (SentBy::Unknown, true) => "if the issue was sent from another ledger too, send from that \
                                    one, and do not copy it over the one here"
            .to_owned(),
    }
}

/// Why a folder has no receipts to read.
fn of_folder(fault: FolderFault) -> &'static str {
    match fault {
        FolderFault::Link => "is a link",
        FolderFault::NoFolder => "is not a folder",
        FolderFault::Closed => "cannot be opened",
    }
}

/// How to find out whether what was `found` at `path` is to be believed, because anybody may propose
/// it, and how to mend it. Nobody is told to remove what may be the only word of a send.
pub(super) fn doubt(path: &Path, found: &ReceiptFound) -> String {
    if let Some(receipt) = receipt::stood_at(path) {
        let (path, receipt) = (describe(path), describe(&receipt));
        let typed = quoted(&receipt);
        return format!(
            "{path} stood in the place of {receipt} before, and there is no receipt now: `git log -p \
             -- {typed}` shows the receipts that were there, and `git checkout COMMIT -- {typed}` \
             puts one back. Do not remove {path}: it may be the only word about who has the issue"
        );
    }
    let (path, typed) = (describe(path), quoted(&describe(path)));
    match found {
        ReceiptFound::Folder(FolderFault::Closed) => {
            format!("Make {path} a folder that you can read")
        }
        ReceiptFound::Folder(_) => format!(
            "`git log -- {typed}` shows who put that there. Put a folder in its place, with the \
             receipts that git has"
        ),
        ReceiptFound::Place(PlaceFault::Closed) => format!("Make {path} a file that you can read"),
        ReceiptFound::Place(_) => format!(
            "`git log -- {typed}` shows who put that there: if an older version of it was a \
             receipt, put that back with `git checkout COMMIT -- {typed}`"
        ),
        ReceiptFound::Conflict(_) => format!(
            "Put a whole version of it back: as long as the merge is open, `git checkout --ours -- \
             {typed}` and `git checkout --theirs -- {typed}` take one side each, and `git log -p -- \
             {typed}` shows all versions. Take the one that tells of a send which this ledger does \
             not know: what it knows, it writes again itself. Do not remove the file: it may be the \
             only word about who has the issue"
        ),
        ReceiptFound::Altered(_) | ReceiptFound::Unreadable(_) => format!(
            "`git log -p -- {typed}` shows who changed it, and how: put the last whole version back \
             with `git checkout COMMIT -- {typed}`. Do not remove the file: it may be the only word \
             about who has the issue"
        ),
        ReceiptFound::Read(_) => format!(
            "If you do not know of that send, the receipt may be forged, as by a pull request, or \
             damaged: `git log -p -- {typed}` shows who changed it, and how"
        ),
    }
}

/// What became of the receipt of a send.
pub(super) fn fate(fate: &ReceiptFate) -> String {
    match fate {
        ReceiptFate::Written { path, has_others, .. } => {
            let others =
                if *has_others { ", and keeps what another ledger said of it" } else { "" };
            let path = describe(path);
            format!(
                "{path} says what happened to the issue, without addresses{others}: commit it to git"
            )
        }
        ReceiptFate::PutBack(path) => format!(
            "nobody got the issue by this send, and {} is again what stood there before it",
            describe(path)
        ),
        ReceiptFate::Unwritten(unwritten) => of_unwritten(unwritten),
    }
}

/// Where the text is that stood in the place of a receipt and was not ours.
pub(super) fn kept(fate: &ReceiptFate) -> Option<String> {
    let ReceiptFate::Written { path, kept: Some(kept), .. } = fate else { return None };
    let (path, kept) = (describe(path), describe(kept));
    Some(format!(
        "{path} was not as this program writes it: what stood there is kept as {kept}. Look at it: it \
         may tell of people who have the issue"
    ))
}

/// Why a send is not in its receipt, and what a copy of the folder makes of that.
fn of_unwritten(unwritten: &UnwrittenReceipt) -> String {
    let UnwrittenReceipt { path, fault, there } = unwritten;
    let (place, shown) = (path, describe(path));
    let failed = |reason: &str| format!("{shown} cannot be written: {reason}");
    let alone = "Only the ledger here knows of this send: a copy of the folder without the ledger";
    match (fault, there) {
        (None, there) => {
            let found = there.as_ref().filter(|found| found.unread().is_some());
            let (why, mend) = match found {
                Some(found) => (self::fault(found), doubt(place, found)),
                None => ("could not be read", format!("Look at {shown}")),
            };
            format!(
                "{shown} stays as it is: it {why}, and may be the word of another ledger. This send \
                 is not in it; a copy of the folder without the ledger asks before it sends. {mend}"
            )
        }
        (Some(reason), Some(ReceiptFound::Read(receipt))) if receipt.reached_by_all() > 0 => {
            let says = if receipt.is_begun() {
                "still says that a send began"
            } else {
                "says what was true before"
            };
            format!(
                "this send is not in its receipt: {}. {shown} {says}, so a copy of the folder \
                 without the ledger asks before it sends",
                failed(reason)
            )
        }
        (Some(reason), None | Some(ReceiptFound::Read(_))) => format!(
            "no receipt: {}. {alone} would send the issue again, and nothing would ask",
            failed(reason)
        ),
        (Some(_), Some(ReceiptFound::Folder(fault))) => {
            let folder = place.parent().map_or_else(|| shown.clone(), describe);
            format!(
                "no receipt: {folder} {}. {alone} cannot tell that the issue was sent",
                of_folder(*fault)
            )
        }
        (Some(reason), Some(_)) => {
            format!("no receipt: {}. {alone} cannot tell that the issue was sent", failed(reason))
        }
    }
}

/// What a receipt says, where the ledger has nothing to say.
pub(super) fn in_words(standing: &StandingReceipt, zone: &TimeZone) -> String {
    // The name is whatever somebody has proposed.
    let (issue, path) = (visible(&standing.issue), describe(&standing.path));
    let path = visible(&path);
    let Some(receipt) = standing.receipt() else {
        return format!("{issue}: {path} {}\n", fault(&standing.found));
    };
    let local = |at: Timestamp| clock::minute(at, zone);
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
    let object = |standing: &'_ StandingReceipt| {
        let receipt = standing.receipt();
        let said = Said {
            path: describe(&standing.path),
            readable: receipt.is_some(),
            content_hash: receipt.map(|receipt| receipt.content_hash.as_str()),
            begin: receipt.map(|receipt| clock::second(receipt.begin)),
            end: receipt.and_then(end).map(clock::second),
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
