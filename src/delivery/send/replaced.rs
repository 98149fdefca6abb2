//! A folder that holds another issue than the one that was sent under its name: the ledger knows an
//! issue by that name, so nobody would get the new one.
//!
//! Only asks for a person's word. Where number and day are both others, it is another issue, whatever
//! else stayed: many letters have a standing subject and standing articles. Otherwise it must never speak of
//! an issue that was corrected: an article or a subject that is still the same says that it is the one which
//! was sent, and so does a number or a day beside a text of which something stayed. Where nothing stayed of
//! a text, its head alone says nothing.

use super::SendError;
use super::content::Content;
use super::known::{Features, KnownIssues, is_apart};
use super::likeness::{is_still, is_written_anew, made_of};
use super::renamed::{Folders, every_text, features};
use crate::delivery::ledger::{self, Ledger};
use crate::delivery::recovery;
use crate::issue::load::Headline;

/// Another issue is in the folder of one that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The folder's name.
    pub name: String,
    /// The issue that is in it.
    pub now: Headline,
    /// The issue that was sent.
    pub then: Headline,
    /// People who have that one.
    pub accepted: u64,
    /// People who may have it.
    pub uncertain: u64,
    /// Whether the files are meant for those who have nothing yet.
    pub recomposed: bool,
    /// Under which name the issue that is in it was sent, if it was.
    pub sent_as: Option<SentAs>,
}

/// The name that an issue was sent under, and what is in the folder of that name now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAs {
    /// The folder's name.
    pub name: String,
    /// What is in it.
    pub holds: HeldIssue,
}

/// What is in the folder of an issue that was found in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldIssue {
    /// There is no such folder.
    None,
    /// The issue that was sent under the name of the other folder: the two were swapped.
    Swapped,
    /// The issue itself: it was copied.
    Own,
    /// A third one.
    Another,
    /// The folder is the same one: another issue was sent under its name since.
    Earlier,
}

/// The issue that is in the folder, where it is another one than the ledger has sent under that name.
pub(super) async fn replaced(
    ledger: &Ledger,
    content: &Content,
    folders: &Folders<'_>,
    (boot, at): (&str, &str),
) -> Result<Option<Replaced>, SendError> {
    if !content.is_had() || !content.has_changed() {
        return Ok(None);
    }
    let mut earlier = every_text(ledger).await?;
    let then = earlier.pop().unwrap_or_default();
    // Files with errors are read as far as they can be.
    let there: Vec<Features> = match content.here() {
        Some(here) => vec![here.clone()],
        None => folders.named(ledger.issue()).collect(),
    };
    let Some(now) = there.first().map(|there| there.headline.clone()) else { return Ok(None) };
    let mut sent = Vec::new();
    for issue in ledger::overview::issues(ledger.store()).await? {
        let other = Ledger::new(ledger.store().clone(), &issue);
        if issue != ledger.issue() && recovery::may_be_had(&other, boot, at).await? {
            sent.push(features(&other).await?);
        }
    }
    sent.push(then.clone());
    let is_here = |there: &Features| {
        if is_next(&there.headline, &then.headline) {
            return false;
        }
        let known = KnownIssues::of(&sent, there);
        let (here, before) = (known.numbered(there), known.numbered(&then));
        let is_named_anew =
            is_apart(&there.headline, &then.headline) || is_written_anew(&here, &before, &known);
        !is_named_anew || is_still(&here, &before, &known)
    };
    if there.iter().any(is_here) {
        return Ok(None);
    }
    let is_earlier = earlier.iter().any(|text| is_made_of(&there, text, &sent));
    // Whoever sends what was sent under this name means it.
    if is_earlier && content.is_recomposed() {
        return Ok(None);
    }
    let name = ledger.issue().to_owned();
    let sent_as = if is_earlier {
        Some(SentAs { name, holds: HeldIssue::Earlier })
    } else {
        sent_as(&there, (&name, &then), (folders, &sent))
    };
    let (accepted, reached) = recovery::people(ledger, boot, at).await?;
    Ok(Some(Replaced {
        name: ledger.issue().to_owned(),
        now,
        then: then.headline,
        accepted,
        uncertain: reached.saturating_sub(accepted),
        recomposed: content.is_recomposed(),
        sent_as,
    }))
}

/// Whether both have a number and a day, and neither is the same: a correction changes one of them.
fn is_next(now: &Headline, then: &Headline) -> bool {
    let has_other_number = now.number.zip(then.number).is_some_and(|(now, then)| now != then);
    has_other_number && now.date.zip(then.date).is_some_and(|(now, then)| now != then)
}

/// Whether nothing is new in what is there.
fn is_made_of(there: &[Features], other: &Features, sent: &[Features]) -> bool {
    there.iter().any(|there| {
        let known = KnownIssues::of(sent, there);
        made_of(&known.numbered(there), &known.numbered(other), &known).is_some()
    })
}

/// Under which other name what is there was sent, and what is in that folder now; `then` is what was sent
/// under this `name`.
fn sent_as(
    there: &[Features],
    (name, then): (&str, &Features),
    (folders, sent): (&Folders<'_>, &[Features]),
) -> Option<SentAs> {
    let mut others = sent.iter().filter(|other| other.headline.name != name);
    let other = others.find(|other| is_made_of(there, other, sent))?;
    let name = other.headline.name.clone();
    let in_it: Vec<Features> = folders.named(&name).collect();
    let holds = if in_it.is_empty() {
        HeldIssue::None
    } else if is_made_of(&in_it, then, sent) {
        HeldIssue::Swapped
    } else if is_made_of(&in_it, other, sent) {
        HeldIssue::Own
    } else {
        HeldIssue::Another
    };
    Some(SentAs { name, holds })
}
