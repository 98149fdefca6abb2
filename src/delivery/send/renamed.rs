//! An issue that was sent under another name: the ledger knows an issue by its folder's name, and
//! does not know a folder that was renamed. In a copy without the ledger, receipts know as much.
//!
//! Exists because everybody who has such an issue would get it again. Only asks for a person's word:
//! must never decide that two issues are one, and must never speak of an issue whose folder is there.

use std::collections::BTreeMap;

use super::SendError;
use super::content::Content;
use crate::delivery::ledger::{self, Ledger};
use crate::delivery::receipt::{KnownSends, StandingReceipt};
use crate::diagnostic::Place;

/// An issue of the ledger that somebody has, whose folder is gone, and that looks like this one.
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
    /// Why it looks like this one.
    pub likeness: Likeness,
}

/// Why two issues look like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They have the same `issue.toml`.
    Manifest,
    /// They share articles: so many of so many.
    Articles(usize, usize),
    /// They have the same subject, and no other issue has it.
    Subject(String),
    /// Its receipt names this text.
    Receipt,
}

/// What is compared of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Features {
    subject: Option<String>,
    files: BTreeMap<String, String>,
}

/// What the ledger knows of this issue under another name, or else the `receipts`. An issue that
/// somebody may have under its own name has been asked about.
pub(super) async fn renamed(
    ledger: &Ledger,
    content: &Content,
    here: &[String],
    receipts: Vec<StandingReceipt>,
) -> Result<Option<Renamed>, SendError> {
    let Some(files) = content.unsent_files() else { return Ok(None) };
    let now =
        Features { subject: Some(content.composition().readable_subject()), files: files.clone() };
    let mut others = Vec::new();
    for issue in ledger::overview::issues(ledger.store()).await? {
        if issue != ledger.issue() {
            others.push((features(ledger, &issue).await?, issue));
        }
    }
    let subjects: Vec<&str> =
        others.iter().filter_map(|(features, _)| features.subject.as_deref()).collect();
    // The last one is the likeliest.
    for (then, issue) in others.iter().rev().filter(|(_, issue)| !here.contains(issue)) {
        let Some(likeness) = likeness(&now, then, &subjects) else { continue };
        let counts = Ledger::new(ledger.store().clone(), issue).counts().await?;
        if counts.accepted + counts.uncertain > 0 {
            return Ok(Some(Renamed {
                before: issue.clone(),
                now: ledger.issue().to_owned(),
                accepted: counts.accepted,
                uncertain: counts.uncertain,
                likeness,
            }));
        }
    }
    let gone = receipts.into_iter().rev().filter(|one| !here.contains(&one.issue));
    let composition = content.composition();
    for (before, receipt) in gone.filter_map(|one| Some((one.issue, one.receipt?))) {
        let is_same = receipt.content_hash == composition.hash_hex_as(&before);
        if before == ledger.issue() || !is_same || receipt.reached() == 0 {
            continue;
        }
        // Of a send that had begun from this ledger, the ledger has said above who has it.
        let known = Ledger::new(ledger.store().clone(), &before).run_names().await?;
        if receipt.is_of(&KnownSends { attempted: 0, runs: known }) {
            continue;
        }
        let accepted = receipt.counts.accepted;
        return Ok(Some(Renamed {
            before,
            now: ledger.issue().to_owned(),
            accepted,
            uncertain: receipt.reached() - accepted,
            likeness: Likeness::Receipt,
        }));
    }
    Ok(None)
}

/// Of the last revision that the ledger has of an issue.
async fn features(ledger: &Ledger, issue: &str) -> Result<Features, SendError> {
    let revisions = Ledger::new(ledger.store().clone(), issue).revisions().await?;
    let Some(last) = revisions.into_iter().last() else { return Ok(Features::default()) };
    // A text that is damaged has no subject to compare; its files may still speak.
    let composition = last.thaw(&Place::File(issue.into())).ok();
    let subject = composition.map(|composition| composition.readable_subject());
    Ok(Features { subject, files: last.frozen.files })
}

/// A publication that deletes old folders must not be asked for each new issue. So a standing article
/// does not make two issues one, and neither does a subject that several issues have.
fn likeness(now: &Features, then: &Features, subjects: &[&str]) -> Option<Likeness> {
    let manifest = |features: &Features| features.files.get("issue.toml").cloned();
    if manifest(now).is_some_and(|hash| manifest(then) == Some(hash)) {
        return Some(Likeness::Manifest);
    }
    let articles = now.files.iter().filter(|(name, _)| name.ends_with(".md"));
    let hashes: Vec<&String> = articles.map(|(_, hash)| hash).collect();
    let kept = hashes.iter().filter(|hash| then.files.values().any(|then| then == **hash)).count();
    if kept > 0 && kept * 2 >= hashes.len() {
        return Some(Likeness::Articles(kept, hashes.len()));
    }
    let subject = now.subject.as_ref().filter(|subject| then.subject.as_ref() == Some(subject))?;
    let holders = subjects.iter().filter(|other| *other == subject).count();
    (holders == 1).then(|| Likeness::Subject(subject.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(subject: &str, files: &[(&str, &str)]) -> Features {
        let files = files.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned()));
        Features { subject: Some(subject.to_owned()), files: files.collect() }
    }

    fn sent() -> Features {
        features(
            "Hangul",
            &[("issue.toml", "i1"), ("a.md", "a1"), ("b.md", "b1"), ("imprint.md", "s")],
        )
    }

    #[test]
    fn a_renamed_issue_is_known_by_its_files_or_its_subject() {
        let subjects = ["Hangul", "Kimchi"];
        let of = |now: &Features| likeness(now, &sent(), &subjects);
        assert_eq!(of(&sent()), Some(Likeness::Manifest));
        let edited = [("issue.toml", "i2"), ("a.md", "a2"), ("c.md", "b1"), ("imprint.md", "s")];
        assert_eq!(of(&features("Another", &edited)), Some(Likeness::Articles(2, 3)));
        let rewritten = [("issue.toml", "i2"), ("a.md", "a2"), ("b.md", "b2"), ("imprint.md", "s")];
        let subject = Some(Likeness::Subject("Hangul".to_owned()));
        assert_eq!(of(&features("Hangul", &rewritten)), subject);
    }

    #[test]
    fn a_standing_article_or_subject_makes_no_two_issues_one() {
        let next = [("issue.toml", "i2"), ("x.md", "x"), ("y.md", "y"), ("imprint.md", "s")];
        assert_eq!(likeness(&features("Kimchi", &next), &sent(), &["Hangul"]), None);
        assert_eq!(likeness(&features("Hangul", &next), &sent(), &["Hangul", "Hangul"]), None);
        let nothing = Features::default();
        assert_eq!(likeness(&features("Hangul", &next), &nothing, &[]), None);
        assert_eq!(likeness(&nothing, &nothing, &[]), None);
    }
}
