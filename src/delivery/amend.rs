//! A correction of an issue that was sent: what its files say now beside what was sent, and what is
//! written down of that.
//!
//! Decides; must never ask a person, and never change what the ledger says that somebody got.

use std::collections::BTreeMap;

use jiff::ZonedDateTime;

use super::ledger::corrections::KeptCorrection;
use super::ledger::{Ledger, LockedLedger};
use super::send::content::{Change, Composed, changes};
use super::state::State;
use crate::archive::corrections::{CorrectedParts, Correction};
use crate::archive::edition::WebEdition;
use crate::issue::anchors;
use crate::store::StoreError;

/// What everybody reads as long as nothing is amended: the newest revision, or the last correction.
#[derive(Debug)]
struct StandingText {
    content_hash: String,
    files: BTreeMap<String, String>,
    web: Option<WebEdition>,
}

/// An issue whose files say something else than what was sent.
#[derive(Debug)]
pub struct Amendment {
    /// What is another on its pages.
    pub changes: CorrectedParts,
    /// Files that are not as they were, in the issue's own folder.
    pub files: Vec<(String, Change)>,
    /// The number that the correction gets.
    pub number: i64,
    revisions: i64,
    now: Composed,
}

/// Who has which text of an issue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextHolders {
    /// People who have the issue, or may have it.
    pub had: u64,
    /// People who wait for it: they get the text that was planned for them.
    pub waiting: u64,
}

impl Amendment {
    /// What the files of an issue give now, where that is not what everybody reads.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn found(ledger: &Ledger, now: Composed) -> Result<Option<Amendment>, StoreError> {
        let revisions = ledger.revisions().await?;
        let corrections = ledger.corrections().await?;
        let Some(latest) = revisions.last() else { return Ok(None) };
        let number = corrections.last().map_or(0, |last| last.number) + 1;
        let standing = match corrections.last().filter(|last| last.revisions >= latest.number) {
            Some(last) => StandingText {
                content_hash: last.content_hash.clone(),
                files: last.files.clone(),
                web: serde_json::from_str(&last.web).ok(),
            },
            None => StandingText {
                content_hash: latest.frozen.content_hash.clone(),
                files: latest.frozen.files.clone(),
                web: ledger.latest_web().await?.and_then(|web| serde_json::from_str(&web).ok()),
            },
        };
        let mut files = changes(&standing.files, &now.files);
        // It is every issue's.
        files.retain(|(name, _)| name != "digest.toml");
        let parts = match &standing.web {
            Some(before) => {
                let parts = CorrectedParts::between(before, &now.web);
                without_other_versions(parts, &files)
            }
            None => of_files(&files, &now.web),
        };
        let is_same = now.composition.hash_hex() == standing.content_hash && parts.is_nothing();
        // What the same files give with another version of the program is no correction.
        if is_same || files.is_empty() {
            return Ok(None);
        }
        Ok(Some(Amendment { changes: parts, files, number, revisions: latest.number, now }))
    }

    /// What the archive will show.
    pub fn edition(&self) -> &WebEdition {
        &self.now.web
    }

    /// The files that are no article which is named in the changes.
    pub fn other_files(&self) -> impl Iterator<Item = &(String, Change)> {
        let CorrectedParts { corrected, added, removed, .. } = &self.changes;
        let is_named = |slug: &String| {
            let removed = removed.iter().any(|one| one.slug == *slug);
            removed || corrected.contains(slug) || added.contains(slug)
        };
        let slug = |name: &str| name.strip_suffix(".md").map(anchors::of_article);
        self.files.iter().filter(move |(name, _)| !slug(name).as_ref().is_some_and(is_named))
    }

    /// Writes the correction down: what was wrong, in the editor's words, and when it was made.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn write(
        self,
        ledger: &LockedLedger,
        note: &str,
        at: &ZonedDateTime,
    ) -> Result<KeptCorrection, StoreError> {
        let web = serde_json::to_string(&self.now.web).unwrap_or_default();
        let kept = KeptCorrection {
            number: self.number,
            revisions: self.revisions,
            content_hash: self.now.composition.hash_hex(),
            web,
            files: self.now.files,
            correction: Correction {
                at: at.timestamp(),
                day: at.date(),
                note: note.to_owned(),
                changes: self.changes,
            },
            erratum: None,
        };
        ledger.correct(&kept).await?;
        Ok(kept)
    }
}

/// Where nothing but articles was edited, the others say what they said, however another version of the
/// program writes them.
fn without_other_versions(parts: CorrectedParts, files: &[(String, Change)]) -> CorrectedParts {
    let edited: Option<Vec<String>> =
        files.iter().map(|(name, _)| name.strip_suffix(".md").map(anchors::of_article)).collect();
    let Some(edited) = edited else { return parts };
    let corrected = parts.corrected.into_iter().filter(|slug| edited.contains(slug)).collect();
    CorrectedParts { corrected, around: false, ..parts }
}

/// The same where nobody knows what the pages were: by the files.
fn of_files(files: &[(String, Change)], after: &WebEdition) -> CorrectedParts {
    let mut parts = CorrectedParts::default();
    for (name, change) in files {
        let slug = name.strip_suffix(".md").map(anchors::of_article);
        let slug = slug.filter(|slug| after.articles().any(|article| article.slug == *slug));
        match (slug, change) {
            (Some(slug), Change::Edited) => parts.corrected.push(slug),
            (Some(slug), Change::New) => parts.added.push(slug),
            _ => parts.around = true,
        }
    }
    parts
}

/// Who has the issue, and who waits for it.
///
/// # Errors
/// The ledger's.
pub async fn holders(ledger: &Ledger) -> Result<TextHolders, StoreError> {
    let mut holders = TextHolders::default();
    for (_, state, people) in ledger.held_revisions().await? {
        match state {
            State::Accepted | State::Uncertain => holders.had += people,
            State::Pending | State::Claimed | State::Deferred => holders.waiting += people,
            State::Refused | State::Suppressed => {}
        }
    }
    Ok(holders)
}
