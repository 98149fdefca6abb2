//! Whether what the tables say of each other is true: what must add up does, and nothing refers to
//! what is not there.
//!
//! Exists for who has put a copy back, or moved a ledger. Must never change anything.

use serde::Serialize;

use super::Ledger;
use super::overview::issues;
use crate::store::sql;
use crate::store::{Store, StoreError};

/// What was found of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inconsistency {
    /// What is wrong, in words.
    pub what: String,
    /// How many rows.
    pub rows: u64,
}

/// What is wrong, and how many rows are.
const RULES: [(&str, &str); 9] = [
    (
        "people of an issue have no row",
        "SELECT count(*) FROM person p LEFT JOIN recipient r ON r.id = p.recipient \
         WHERE r.id IS NULL OR r.issue <> p.issue OR r.identity <> p.identity",
    ),
    (
        "rows wait and belong to nobody",
        "SELECT count(*) FROM recipient WHERE state IN ('pending', 'claimed', 'deferred') \
         AND id NOT IN (SELECT recipient FROM person)",
    ),
    (
        "rows are in no known state",
        "SELECT count(*) FROM recipient WHERE state NOT IN ('pending', 'claimed', 'accepted', \
         'deferred', 'refused', 'uncertain', 'suppressed')",
    ),
    (
        "rows were planned or claimed by a send that is not there",
        "SELECT count(*) FROM recipient WHERE planned_by NOT IN (SELECT id FROM run) \
         OR claimed_by IS NOT NULL AND claimed_by NOT IN (SELECT id FROM run)",
    ),
    (
        "rows have the text of a revision that is not there",
        "SELECT count(*) FROM recipient WHERE revision IS NOT NULL \
         AND revision NOT IN (SELECT id FROM revision)",
    ),
    (
        "rows have an outcome without a time",
        "SELECT count(*) FROM recipient WHERE at IS NULL \
         AND state IN ('accepted', 'refused', 'deferred', 'uncertain')",
    ),
    (
        "wishes are for rows that are not there",
        "SELECT count(*) FROM wish WHERE recipient NOT IN (SELECT id FROM recipient)",
    ),
    (
        "further copies are of rows that are not there",
        "SELECT count(*) FROM earlier_copy WHERE recipient NOT IN (SELECT id FROM recipient)",
    ),
    (
        "issues have rows and no send",
        "SELECT count(*) FROM recipient WHERE issue NOT IN (SELECT issue FROM run)",
    ),
];

/// All that is wrong; nothing where nothing is.
///
/// # Errors
/// The store's.
pub async fn inconsistencies(store: &Store) -> Result<Vec<Inconsistency>, StoreError> {
    let mut found = Vec::new();
    for (what, count) in RULES {
        let rows = sql::query_scalar(count).fetch_one(store.pool()).await;
        let rows: i64 = rows.map_err(|error| store.failed(error))?;
        if rows != 0 {
            found.push(Inconsistency { what: what.to_owned(), rows: rows.unsigned_abs() });
        }
    }
    for issue in issues(store).await? {
        let ledger = Ledger::new(store.clone(), &issue);
        let revisions = ledger.revisions().await?;
        let damaged = revisions.iter().filter(|revision| revision.is_damaged()).count() as u64;
        if damaged > 0 {
            let what = format!("texts of {issue} are not what was written");
            found.push(Inconsistency { what, rows: damaged });
        }
        let counts = ledger.counts().await?;
        let sum: u64 = counts.by_state().iter().map(|(_, number)| number).sum();
        let of_domains = ledger.domains().await?.into_values();
        let of_domains: u64 = of_domains.map(|counts| counts.planned).sum();
        if sum != counts.planned || of_domains != counts.planned {
            let what = format!("the counts of {issue} do not add up");
            found.push(Inconsistency { what, rows: counts.planned.abs_diff(sum).max(1) });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::delivery::ledger::STEPS;

    #[tokio::test]
    async fn each_rule_finds_what_it_is_for_and_a_whole_ledger_has_none() {
        let whole = "INSERT INTO run (id, issue, content_hash, boot, started_at) \
             VALUES (1, 'x', '', '', ''); \
             INSERT INTO recipient (id, issue, identity, email, fields, tags, planned_by, state) \
             VALUES (1, 'x', 'a@b.example', 'a@b.example', '{}', '[]', 1, 'pending'); \
             INSERT INTO person (issue, identity, recipient) VALUES ('x', 'a@b.example', 1)";
        for (damage, words) in [
            ("SELECT 1", ""),
            ("UPDATE person SET recipient = 7", "people of an issue have no row"),
            ("UPDATE person SET identity = 'c@b.example'", "people of an issue have no row"),
            ("DELETE FROM person", "rows wait and belong to nobody"),
            ("UPDATE recipient SET planned_by = 9", "by a send that is not there"),
            ("UPDATE recipient SET claimed_by = 9", "by a send that is not there"),
            ("UPDATE recipient SET state = 'accepted'", "an outcome without a time"),
            (
                "INSERT INTO wish (recipient, run, state, charged) VALUES (9, 1, 'accepted', 0)",
                "wishes",
            ),
            ("INSERT INTO earlier_copy (recipient, run) VALUES (9, 1)", "further copies"),
            ("DELETE FROM run", "issues have rows and no send"),
        ] {
            let store = Store::nowhere(Path::new("a.db"), &STEPS).await.unwrap();
            sql::raw(whole).execute(store.pool()).await.unwrap();
            sql::raw(damage).execute(store.pool()).await.unwrap();
            let found = inconsistencies(&store).await.unwrap();
            if words.is_empty() {
                assert_eq!(found, []);
            } else {
                assert!(found.iter().any(|one| one.what.contains(words)), "{damage}: {found:?}");
            }
        }
    }
}
