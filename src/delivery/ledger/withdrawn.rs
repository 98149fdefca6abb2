//! Issues that were taken off the web: the table `withdrawn_issue`.
//!
//! Exists because `archive = false` stands in a folder that may be renamed, deleted or unreadable later,
//! and an issue that somebody has withdrawn must not come back by that. Must never end a withdrawal
//! unless the file itself says otherwise.

use std::collections::BTreeSet;

use super::editions::EditionHead;
use crate::issue::load::ArchiveStanding;
use crate::store::sql;
use crate::store::{Store, StoreError};

/// The step that makes the table; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- An issue whose issue.toml said archive = false when somebody looked last.
CREATE TABLE withdrawn_issue (
    issue TEXT PRIMARY KEY NOT NULL
);
";

/// What folders say now, and the store does not know yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithdrawnNews {
    /// Issues that were taken off the web.
    pub withdrawn: Vec<String>,
    /// Issues that may be shown again.
    pub shown: Vec<String>,
}

/// The issues that were withdrawn, as far as the store knows.
///
/// # Errors
/// The store's.
pub async fn known(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let names: Result<Vec<String>, _> =
        sql::query_scalar("SELECT issue FROM withdrawn_issue").fetch_all(store.pool()).await;
    Ok(names.map_err(|error| store.failed(error))?.into_iter().collect())
}

/// Leaves those of `heads` that may be shown: what a folder does not say is as it was `known`.
pub fn retain(
    heads: &mut Vec<EditionHead>,
    known: &BTreeSet<String>,
    standing: impl Fn(&str) -> ArchiveStanding,
) -> WithdrawnNews {
    let mut news = WithdrawnNews::default();
    heads.retain(|head| {
        let issue = &head.issue;
        let was_withdrawn = known.contains(issue);
        let is_withdrawn = match standing(issue) {
            ArchiveStanding::Withdrawn => true,
            ArchiveStanding::Shown => false,
            ArchiveStanding::Missing | ArchiveStanding::Unreadable => was_withdrawn,
        };
        match (was_withdrawn, is_withdrawn) {
            (false, true) => news.withdrawn.push(issue.clone()),
            (true, false) => news.shown.push(issue.clone()),
            _ => {}
        }
        !is_withdrawn
    });
    news
}

impl WithdrawnNews {
    /// Whether there is nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.withdrawn.is_empty() && self.shown.is_empty()
    }

    /// Writes it down.
    ///
    /// # Errors
    /// The store's.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        const WITHDRAW: &str =
            "INSERT INTO withdrawn_issue (issue) VALUES (?1) ON CONFLICT (issue) DO NOTHING";
        const SHOW: &str = "DELETE FROM withdrawn_issue WHERE issue = ?1";
        let withdrawn = self.withdrawn.iter().map(|issue| (WITHDRAW, issue));
        let shown = self.shown.iter().map(|issue| (SHOW, issue));
        for (statement, issue) in withdrawn.chain(shown) {
            let written = sql::query(statement).bind(issue).execute(store.pool()).await;
            written.map_err(|error| store.failed(error))?;
        }
        Ok(())
    }
}
