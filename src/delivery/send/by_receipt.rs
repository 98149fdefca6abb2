//! What receipts tell of an issue under another name: of one that this ledger knows, the text alone;
//! of one that it does not know, whatever it says, because nothing shows that it is another one.
//!
//! Only finds what a person has to be asked about; [`super::renamed`] asks. Must never take a receipt
//! for a proof: anybody can propose one.

use jiff::SignedDuration;

use super::SendError;
use super::content::Content;
use super::known::same_number;
use super::likeness::Likeness;
use super::renamed::{AlsoAlike, Folders, FormerFolder, Renamed, SaidNew};
use crate::delivery::ledger::Ledger;
use crate::delivery::receipt::{KnownSends, OtherIssue, Receipt, ReceiptFound, StandingReceipt};
use crate::issue::load::Headline;

/// How much older than the last entry of the ledger a receipt is that nobody is asked about: whoever
/// sends each month has named that issue before.
const OLD: SignedDuration = SignedDuration::from_hours(31 * 24);

/// A send that a receipt tells of, and whose folder is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToldSend {
    before: String,
    receipt: Receipt,
    folder: FormerFolder,
    /// What a person has to say: that this issue is another one than these.
    pub(super) others: Vec<OtherIssue>,
}

impl ToldSend {
    /// One question about all that look like this one: the first of them, with the others.
    pub(super) fn together(told: &[(ToldSend, Likeness)], now: &str) -> Option<Renamed> {
        let ((first, likeness), others) = told.split_first()?;
        let mut renamed = first.renamed(now, likeness.clone());
        let others = others.iter().map(|(one, _)| one.renamed(now, Likeness::Receipt));
        renamed.also = others.map(AlsoAlike::of).collect();
        Some(renamed)
    }

    pub(super) fn renamed(&self, now: &str, likeness: Likeness) -> Renamed {
        let accepted = self.receipt.counts.accepted;
        Renamed {
            before: self.before.clone(),
            now: now.to_owned(),
            accepted,
            uncertain: self.receipt.reached_by_all().saturating_sub(accepted),
            in_list: None,
            likeness,
            folder: self.folder,
            by_receipt: true,
            is_part: false,
            is_had: false,
            also: Vec::new(),
        }
    }
}

/// The sends that this ledger does not know, and that nobody was asked about for this issue; `known` are
/// the issues that somebody has from here. The one that was over last is the last one.
pub(super) async fn unknown_sends(
    ledger: &Ledger,
    (folders, known): (&Folders<'_>, &[String]),
    said: &SaidNew,
    receipts: &[StandingReceipt],
) -> Result<Vec<ToldSend>, SendError> {
    let last = ledger.last_entry().await?;
    let since = last.and_then(|last| last.checked_sub(OLD).ok());
    let sends = ledger.known_sends().await?;
    let mut unknown = Vec::new();
    for StandingReceipt { issue: before, found, .. } in receipts {
        let ReceiptFound::Read(receipt) = found else { continue };
        let is_old = since.is_some_and(|since| receipt.latest() < since);
        if before == ledger.issue() || known.contains(before) || is_old || !said.may_ask(before) {
            continue;
        }
        // Of that issue the ledger knows nobody.
        let of_before = KnownSends { issue: before.clone(), reached: 0, ..sends.clone() };
        let mut others = receipt.of_another(before, &of_before);
        others.retain(|one| !said.covers(one));
        if let (false, Some(folder)) = (others.is_empty(), folders.left_by(before, receipt)) {
            let (before, receipt) = (before.clone(), (**receipt).clone());
            unknown.push(ToldSend { before, receipt, folder, others });
        }
    }
    unknown.sort_by_key(|one| one.receipt.latest());
    Ok(unknown)
}

/// The sends that look like this issue, and why. Of an issue that is `known` to the ledger a receipt
/// names the text alone: the ledger has been asked about the rest. The likeliest one is the first.
pub(super) async fn alike(
    ledger: &Ledger,
    content: &Content,
    (folders, known): (&Folders<'_>, &[String]),
    (said, receipts): (&SaidNew, &[StandingReceipt]),
) -> Result<Vec<(ToldSend, Likeness)>, SendError> {
    let (composition, headline) = (content.composition(), content.headline());
    let mut alike = Vec::new();
    let read = receipts.iter().rev().filter_map(|one| Some((&one.issue, one.receipt()?)));
    for (before, receipt) in read.filter(|(before, _)| *before != ledger.issue()) {
        let same_text = receipt.content_hash == composition.hash_hex_as(before);
        let likeness = if same_text {
            Some(Likeness::Receipt)
        } else {
            said_alike(&headline, receipt).filter(|_| !known.contains(before))
        };
        let Some(likeness) = likeness.filter(|_| receipt.reached_by_all() > 0) else { continue };
        let Some(folder) = folders.left_by(before, receipt) else { continue };
        let mut others = receipt.as_others(before);
        others.retain(|one| !said.covers(one));
        // What was said of an issue that the ledger knows was said of its receipt, too.
        let is_said = others.is_empty() || said.covers(&OtherIssue::of_ledger(before));
        if is_said || !said.may_ask(before) {
            continue;
        }
        // Of what this ledger knows all of, it has said above who has it.
        let of_before = Ledger::new(ledger.store().clone(), before).known_sends().await?;
        if receipt.kept_beside(&of_before).is_empty() {
            continue;
        }
        let (before, receipt) = (before.clone(), receipt.clone());
        alike.push((ToldSend { before, receipt, folder, others }, likeness));
    }
    Ok(alike)
}

/// A receipt has no subject and no files: the number says most, and the day where there is none.
fn said_alike(now: &Headline, receipt: &Receipt) -> Option<Likeness> {
    let then = headline(receipt);
    if let Some(number) = same_number(now, &then) {
        return Some(Likeness::Number(number));
    }
    let has_none = now.number.is_none() && then.number.is_none();
    now.date.filter(|date| has_none && then.date == Some(*date)).map(Likeness::Date)
}

/// Whether the folder that is there is another issue than the one that the receipt is of.
pub(super) fn is_another(there: &Headline, receipt: &Receipt) -> bool {
    let then = headline(receipt);
    let known = then.date.is_some() && there.date.is_some();
    known && there.date != then.date && same_number(there, &then).is_none()
}

fn headline(receipt: &Receipt) -> Headline {
    Headline { number: receipt.number, date: receipt.date, ..Headline::default() }
}
