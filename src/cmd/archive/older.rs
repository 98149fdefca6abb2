//! Issues that an older version sent, when the ledger did not keep yet what the archive shows: made anew
//! from their files, where those are still the files that were sent.
//!
//! Must never show another text than readers got: one file that differs, and the page stays the mail.

use std::collections::BTreeMap;

use sejong_digest::archive::edition::WebEdition;
use sejong_digest::crypto;
use sejong_digest::delivery::ledger::editions::{self, EditionHead};
use sejong_digest::issue::{Issue, load};
use sejong_digest::store::{Store, StoreError};

use crate::cmd::workspace::Workspace;

/// An edition that the ledger lacks.
pub(super) struct EditionMade {
    head: EditionHead,
    edition: WebEdition,
}

/// Makes what the ledger lacks of these texts, and keeps the pictures that it shows. Whoever reads a damaged
/// row next tells of it.
pub(super) async fn make(
    workspace: &Workspace,
    store: &Store,
    heads: &[EditionHead],
) -> Vec<EditionMade> {
    let mut made = Vec::new();
    for head in heads.iter().filter(|head| head.has_no_edition()) {
        let Ok(sent) = editions::files(store, head).await else { continue };
        let Some(issue) = unchanged(workspace, &head.issue, sent) else { continue };
        super::keep_pictures(workspace, &issue);
        let edition = WebEdition::of(&workspace.config.publication, &issue);
        made.push(EditionMade { head: head.clone(), edition });
    }
    made
}

/// Writes them down.
pub(super) async fn write(store: &Store, made: &[EditionMade]) -> Result<(), StoreError> {
    for EditionMade { head, edition } in made {
        editions::keep(store, head, edition).await?;
    }
    Ok(())
}

/// The issue, if its files are those that were `sent`.
fn unchanged(
    workspace: &Workspace,
    name: &str,
    mut sent: BTreeMap<String, String>,
) -> Option<Issue> {
    // It says how all pages look today, and no word of an issue.
    sent.remove("digest.toml");
    let manifest = load::folder(&workspace.config.publication, name).join("issue.toml");
    let text = load::read_text(&workspace.root, &manifest).ok()?;
    let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([text.text().as_bytes()]));
    // The other files need not be read where this one tells.
    if sent.get("issue.toml") != Some(&hash) {
        return None;
    }
    let (issue, _) = workspace.draft(name).sendable().ok()?;
    (issue.files() == sent).then_some(issue)
}
