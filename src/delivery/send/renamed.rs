//! An issue that was sent under another name: the ledger knows an issue by its folder's name, and
//! does not know a folder that was renamed, or one that was copied and hardly changed. In a copy
//! without the ledger, receipts know as much.
//!
//! Exists because everybody who has such an issue would get it again. Only asks for a person's word:
//! must never decide that two issues are one. Of an issue whose folder is there and still holds it,
//! it speaks only where next to nothing of this one is new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::SendError;
use super::by_receipt::{self, ToldSend};
use super::content::Content;
use super::known::{ComparedIssue, Features, KnownIssues};
use super::likeness::{Likeness, copied, is_letter, is_still, likeness, made_of};
use crate::delivery::ledger::receipts::ListPart;
use crate::delivery::ledger::revision::FrozenIssue;
use crate::delivery::ledger::{self, Ledger};
use crate::delivery::receipt::{OtherIssue, Receipt, StandingReceipt};
use crate::delivery::recovery;
use crate::delivery::sketch::Sketch;
use crate::diagnostic::Place;
use crate::issue::load;

/// What became of the folder that an issue was sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerFolder {
    /// There is none of that name any more.
    Gone,
    /// Another issue is in it.
    Taken,
    /// The issue is still in it: this one is a copy.
    There,
}

/// An issue that somebody has and that looks like this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The name that the ledger knows it by.
    pub before: String,
    /// The name of the issue that is to be sent.
    pub now: String,
    /// People who have it.
    pub accepted: u64,
    /// People who may have it.
    pub uncertain: u64,
    /// How many of them are in the list that it is to be sent to; not known of a receipt, which has no
    /// addresses.
    pub in_list: Option<u64>,
    /// Why it looks like this one.
    pub likeness: Likeness,
    /// What became of its folder.
    pub folder: FormerFolder,
    /// Whether a receipt says all this, and no ledger.
    pub by_receipt: bool,
    /// Whether the command is for a part of the list: only its people count.
    pub is_part: bool,
    /// Whether somebody may have this one, too.
    pub is_had: bool,
    /// Further issues that look like this one and that some of these people have.
    pub also: Vec<AlsoAlike>,
}

/// A further issue that looks like one that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsoAlike {
    /// The name that the ledger knows it by.
    pub name: String,
    /// People who have it.
    pub accepted: u64,
    /// People who may have it.
    pub uncertain: u64,
    /// What became of its folder.
    pub folder: FormerFolder,
}

impl AlsoAlike {
    pub(super) fn of(renamed: Renamed) -> AlsoAlike {
        let Renamed { before: name, accepted, uncertain, folder, .. } = renamed;
        AlsoAlike { name, accepted, uncertain, folder }
    }
}

impl Renamed {
    /// The one of all that look like this one which the most people have: with its name back, the folder
    /// goes to the fewest again.
    pub fn home(&self) -> (&str, FormerFolder) {
        let reached = |accepted: u64, uncertain: u64| accepted + uncertain;
        let mut home = (self.before.as_str(), self.folder);
        let mut most = reached(self.accepted, self.uncertain);
        for one in &self.also {
            if reached(one.accepted, one.uncertain) > most {
                most = reached(one.accepted, one.uncertain);
                home = (one.name.as_str(), one.folder);
            }
        }
        home
    }
}

/// The folders of issues that are there, read where one of them matters.
pub(super) struct Folders<'a>(pub(super) &'a [PathBuf]);

impl Folders<'_> {
    /// What stands under a name; nothing where there is no such folder.
    pub(super) fn named(&self, issue: &str) -> impl Iterator<Item = Features> {
        let is_named = move |folder: &&PathBuf| folder.file_name().is_some_and(|it| it == issue);
        self.0.iter().filter(is_named).map(|folder| {
            let (headline, texts) = load::texts(folder);
            let sketches = texts.iter().map(|(name, (_, text))| (name.clone(), Sketch::of(text)));
            let sketches = sketches.filter(|(name, _)| name.ends_with(".md")).collect();
            let files = texts.into_iter().map(|(name, (hash, _))| (name, hash)).collect();
            Features { headline, files, sketches, ..Features::default() }
        })
    }

    /// What became of the folder that a receipt is named after; nothing where the issue of the receipt
    /// is in it still.
    pub(super) fn left_by(&self, before: &str, receipt: &Receipt) -> Option<FormerFolder> {
        let there: Vec<Features> = self.named(before).collect();
        if there.iter().any(|there| !by_receipt::is_another(&there.headline, receipt)) {
            return None;
        }
        Some(if there.is_empty() { FormerFolder::Gone } else { FormerFolder::Taken })
    }
}

/// What a person has said of this issue: which ones it is not.
#[derive(Debug, Default)]
pub(super) struct SaidNew {
    of: Vec<(OtherIssue, String)>,
    /// The issues of which somebody has said that they are others than this one, and whether that was
    /// said for everybody.
    of_this: BTreeMap<String, bool>,
    /// The part of the list that the command is for; empty for the whole list.
    part: String,
    /// Whether somebody may have the issue: then a person was asked before.
    is_had: bool,
}

impl SaidNew {
    /// Whether a yes for all of the list, or for the same part of it, was given.
    pub(super) fn covers(&self, other: &OtherIssue) -> bool {
        let is_for = |part: &String| part.is_empty() || *part == self.part;
        self.of.iter().any(|(of, part)| of == other && is_for(part))
    }

    /// Whether something was said of that issue, for all or for a part of the list.
    fn names(&self, other: &str) -> bool {
        self.of.iter().any(|(of, _)| of.name == other)
    }

    /// Whether an issue may be asked about of which a receipt alone tells: once somebody has this one,
    /// only where the yes was for a part of the list.
    pub(super) fn may_ask(&self, other: &str) -> bool {
        let is_for_all = |(of, part): &(OtherIssue, String)| of.name == other && part.is_empty();
        !self.is_had || self.names(other) && !self.of.iter().any(is_for_all)
    }
}

/// The issues that look like the one that is to be sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookalikes {
    /// The likeliest one: it is told.
    pub(super) first: Option<Renamed>,
    /// All for which the same is told, to be remembered once a person has said that this is a new one.
    pub(super) others: Vec<OtherIssue>,
    /// Those that are not asked about, because nobody has them whom this command is for.
    pub(super) passed_over: Vec<OtherIssue>,
}

/// What stands beside the ledger, for whom the command is, and when it is asked.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    pub(super) folders: &'a [PathBuf],
    pub(super) receipts: Vec<StandingReceipt>,
    pub(super) part: &'a str,
    pub(super) boot: &'a str,
    pub(super) at: &'a str,
}

/// What is compared of an issue as it would be sent.
fn features_of(frozen: &FrozenIssue) -> Features {
    Features {
        headline: frozen.headline.clone(),
        files: frozen.files.clone(),
        sketches: frozen.sketches.clone(),
        ..Features::default()
    }
}

async fn said(ledger: &Ledger, part: &str, is_had: bool) -> Result<SaidNew, SendError> {
    Ok(SaidNew {
        of: ledger.other_issues().await?,
        of_this: ledger.taken_for_another().await?,
        part: part.to_owned(),
        is_had,
    })
}

/// What the ledger knows of this issue under another name, or else the receipts. It is asked at each
/// send: who has the issue by now may be others than those who get it next.
pub(super) async fn lookalikes(
    ledger: &Ledger,
    content: &Content,
    beside: &Beside<'_>,
) -> Result<Lookalikes, SendError> {
    let mut alike = every_lookalike(ledger, content, beside).await?;
    if let Some(first) = &mut alike.first {
        first.is_part = !beside.part.is_empty();
        first.is_had = content.is_had();
    }
    Ok(alike)
}

/// Every text of the other issues that somebody has, and the name of the issue of each.
async fn had_texts(
    ledger: &Ledger,
    boot: &str,
    at: &str,
) -> Result<(Vec<Features>, Vec<String>), SendError> {
    let mut others = Vec::new();
    for issue in ledger::overview::issues(ledger.store()).await? {
        let other = Ledger::new(ledger.store().clone(), &issue);
        if issue != ledger.issue() && recovery::may_be_had(&other, boot, at).await? {
            others.extend(every_text(&other).await?.into_iter().map(|text| (text, issue.clone())));
        }
    }
    Ok(others.into_iter().unzip())
}

/// The name under which somebody has what is in the folder of an issue that nobody has; nothing where the
/// folder of that name still has it. `folders` are those of all issues.
///
/// # Errors
/// The ledger's.
pub async fn former_name(
    ledger: &Ledger,
    folders: &[PathBuf],
    (boot, at): (&str, &str),
) -> Result<Option<String>, SendError> {
    let (folders, said) = (Folders(folders), SaidNew::default());
    let Some(now) = folders.named(ledger.issue()).next() else { return Ok(None) };
    let (others, names) = had_texts(ledger, boot, at).await?;
    let known = KnownIssues::of(&others, &now);
    let now = known.numbered(&now);
    let is_former = |(then, issue): &(&Features, &String)| {
        let then = known.numbered(then);
        let same = made_of(&now, &then, &known);
        let found = looks_like((&now, &then, &known), same, (issue, &folders, &said));
        found.is_some_and(|(_, folder)| folder != FormerFolder::There)
    };
    // The last one is the likeliest.
    Ok(others.iter().zip(&names).rev().find(is_former).map(|(_, name)| name.clone()))
}

async fn every_lookalike(
    ledger: &Ledger,
    content: &Content,
    beside: &Beside<'_>,
) -> Result<Lookalikes, SendError> {
    let Some(now) = content.frozen().map(features_of) else { return Ok(Lookalikes::default()) };
    let (folders, said) =
        (Folders(beside.folders), said(ledger, beside.part, content.is_had()).await?);
    let (others, names) = had_texts(ledger, beside.boot, beside.at).await?;
    let known = KnownIssues::of(&others, &now);
    let now = known.numbered(&now);
    let made_of: Vec<Option<Likeness>> =
        others.iter().map(|then| made_of(&now, &known.numbered(then), &known)).collect();
    let is_there = |then: &Features| {
        let (name, then) = (&then.headline.name, known.numbered(then));
        folder_of(name, &then, (&folders, &known)) == FormerFolder::There
    };
    let is_letter = is_letter(&others, &made_of, is_there);
    let (mut alike, mut told) = (Lookalikes::default(), Vec::new());
    // The last one is the likeliest.
    for ((then, issue), same) in others.iter().zip(&names).zip(made_of).rev() {
        let then = known.numbered(then);
        let same = same.filter(|_| !is_letter);
        let compared = (&now, &then, &known);
        let Some((likeness, folder)) = looks_like(compared, same, (issue, &folders, &said)) else {
            continue;
        };
        let other = OtherIssue::of_ledger(issue);
        match asked_about(ledger, (issue, likeness, folder), &said, beside).await? {
            Asked::Told(one) => {
                told.push(*one);
                alike.others.push(other);
            }
            Asked::Later => alike.passed_over.push(other),
            Asked::Never => {}
        }
    }
    if !told.is_empty() {
        alike.first = together(ledger, told, beside).await?;
        return Ok(alike);
    }
    let known = (&folders, &names[..]);
    let told = by_receipt::alike(ledger, content, known, (&said, &beside.receipts)).await?;
    if !told.is_empty() {
        alike.first = ToldSend::together(&told, ledger.issue());
        alike.others = told.into_iter().flat_map(|(one, _)| one.others).collect();
        return Ok(alike);
    }
    // A ledger that knows of no send is missing all of them, and that is asked about.
    if names.is_empty() && !content.is_had() {
        return Ok(alike);
    }
    let unknown = by_receipt::unknown_sends(ledger, known, &said, &beside.receipts).await?;
    let more = unknown.len().saturating_sub(1) as u64;
    alike.first = unknown.last().map(|last| last.renamed(ledger.issue(), Likeness::Unknown(more)));
    alike.others = unknown.into_iter().flat_map(|one| one.others).collect();
    Ok(alike)
}

/// Whether an issue that somebody has looks like this one, and what became of its folder.
/// `same` is that nothing of it is new, whatever stands in several issues.
fn looks_like(
    (now, then, known): (&ComparedIssue<'_>, &ComparedIssue<'_>, &KnownIssues<'_>),
    same: Option<Likeness>,
    (issue, folders, said): (&str, &Folders<'_>, &SaidNew),
) -> Option<(Likeness, FormerFolder)> {
    let as_renamed = likeness(now, then, known).or_else(|| same.clone());
    let as_copied = copied(now, then, known).or(same);
    if as_renamed.is_none() && as_copied.is_none() {
        return None;
    }
    let folder = folder_of(issue, then, (folders, known));
    let was_let_go = said.of_this.get(issue);
    let likeness = match folder {
        // A person has said of the copy that it is another issue; this one is where it was.
        FormerFolder::There if was_let_go == Some(&true) => None,
        FormerFolder::There => as_copied,
        // Once somebody has this issue, the folder of the other one may have been deleted since.
        FormerFolder::Gone | FormerFolder::Taken => {
            let is_told = was_let_go.is_some() || said.names(issue);
            if !said.is_had || is_told { as_renamed } else { as_copied }
        }
    };
    likeness.map(|likeness| (likeness, folder))
}

/// What became of the folder of an issue.
fn folder_of(
    issue: &str,
    then: &ComparedIssue<'_>,
    (folders, known): (&Folders<'_>, &KnownIssues<'_>),
) -> FormerFolder {
    let there: Vec<Features> = folders.named(issue).collect();
    if there.iter().any(|there| is_still(&known.numbered(there), then, known)) {
        FormerFolder::There
    } else if there.is_empty() {
        FormerFolder::Gone
    } else {
        FormerFolder::Taken
    }
}

/// Whether a person is asked about an issue that looks like this one.
enum Asked {
    Told(Box<Renamed>),
    /// Nobody whom this command is for has it, but others of the list have: a later one asks.
    Later,
    /// A person has said that this is another one, or nobody would get anything again.
    Never,
}

async fn asked_about(
    ledger: &Ledger,
    (issue, likeness, folder): (&str, Likeness, FormerFolder),
    said: &SaidNew,
    beside: &Beside<'_>,
) -> Result<Asked, SendError> {
    let (boot, at) = (beside.boot, beside.at);
    let other = Ledger::new(ledger.store().clone(), issue);
    let one = [issue];
    let counted = |part| recovery::people_of_list(ledger, &one, part, (boot, at));
    // A yes is for those who were in the list then.
    let is_said = said.covers(&OtherIssue::of_ledger(issue));
    if is_said && counted(ListPart::Unplanned).await?.is_none_or(|people| people == 0) {
        return Ok(Asked::Never);
    }
    let (chosen, in_list) = (counted(ListPart::Chosen).await?, counted(ListPart::All).await?);
    if chosen == Some(0) && in_list != Some(0) {
        return Ok(Asked::Later);
    }
    // Another edition, for other people. A renamed folder is asked about the first time all the same:
    // its name is wrong, whoever gets it.
    if in_list == Some(0) && (said.is_had || folder == FormerFolder::There) {
        return Ok(Asked::Never);
    }
    let (accepted, reached) = recovery::people(&other, boot, at).await?;
    Ok(Asked::Told(Box::new(Renamed {
        before: issue.to_owned(),
        now: ledger.issue().to_owned(),
        accepted,
        // Also those who were sent to once more and put off, or refused.
        uncertain: reached.saturating_sub(accepted),
        in_list: chosen,
        likeness,
        folder,
        by_receipt: false,
        is_part: false,
        is_had: false,
        also: Vec::new(),
    })))
}

/// One question about all that look like this one: the likeliest one, which is the first, with the
/// others that some of these people have. Of all of them each person counts once.
async fn together(
    ledger: &Ledger,
    told: Vec<Renamed>,
    beside: &Beside<'_>,
) -> Result<Option<Renamed>, SendError> {
    let mut named: Vec<Renamed> = Vec::new();
    for one in told {
        if named.iter().all(|other| other.before != one.before) {
            named.push(one);
        }
    }
    let is_counted = |one: &Renamed| one.in_list != Some(0);
    if named.iter().any(is_counted) {
        named.retain(is_counted);
    }
    let names: Vec<&str> = named.iter().map(|one| one.before.as_str()).collect();
    let people = (beside.boot, beside.at);
    let in_list = recovery::people_of_list(ledger, &names, ListPart::Chosen, people).await?;
    let mut named = named.into_iter();
    let Some(first) = named.next() else { return Ok(None) };
    Ok(Some(Renamed { in_list, also: named.map(AlsoAlike::of).collect(), ..first }))
}

/// The receipts of sends that a ledger does not know which knows of none: a person who is asked about
/// all of them together says that this issue is another one.
pub(super) async fn of_other_issues(
    ledger: &Ledger,
    beside: &Beside<'_>,
) -> Result<Vec<OtherIssue>, SendError> {
    let said = said(ledger, beside.part, false).await?;
    let known = (&Folders(beside.folders), &[][..]);
    let unknown = by_receipt::unknown_sends(ledger, known, &said, &beside.receipts).await?;
    Ok(unknown.into_iter().flat_map(|one| one.others).collect())
}

/// Of the last revision that the ledger has of its issue.
pub(super) async fn features(ledger: &Ledger) -> Result<Features, SendError> {
    Ok(every_text(ledger).await?.pop().unwrap_or_default())
}

/// Of each revision that the ledger has of its issue, the oldest first: whoever has an older one has it,
/// also where `--recompose` has sent another text, or another issue, under its name since.
pub(super) async fn every_text(ledger: &Ledger) -> Result<Vec<Features>, SendError> {
    let is_waited_for = ledger.is_waited_for().await?;
    let revisions = ledger.revisions().await?;
    let (mut another_than, mut another_for_some) = (BTreeSet::new(), BTreeSet::new());
    for (other, part) in ledger.other_issues().await? {
        let said = if part.is_empty() { &mut another_than } else { &mut another_for_some };
        said.insert(other.name);
    }
    another_for_some.retain(|other| !another_than.contains(other));
    let mut texts = Vec::with_capacity(revisions.len());
    for revision in revisions {
        let mut headline = revision.frozen.headline.clone();
        if headline.subject.is_none() {
            // An older version wrote it. A text that is damaged has no subject to compare; its files may
            // still speak.
            let composition = revision.thaw(&Place::File(ledger.issue().into())).ok();
            headline.subject = composition.map(|composition| composition.readable_subject());
        }
        let (files, sketches) = (revision.frozen.files, revision.frozen.sketches);
        texts.push(Features {
            headline,
            files,
            sketches,
            is_unfinished: false,
            another_than: another_than.clone(),
            another_for_some: another_for_some.clone(),
        });
    }
    // Who waits gets the last one.
    if let Some(last) = texts.last_mut() {
        last.is_unfinished = is_waited_for;
    }
    Ok(texts)
}
