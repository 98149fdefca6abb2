//! `got:2025-10`: who of a list has an earlier issue.
//!
//! An expression is asked of each row while a list is read, and a list of millions beside an issue of
//! millions fits no memory: so of each row it is kept what the expression would say for every set of
//! the issues that the person may have (a bit each), and the database looks up which set it is.

use std::collections::BTreeMap;

use super::moved::{GOT_BEFORE, PEOPLE_WITH};
use super::{BATCH, Ledger, STEPS, overview};
use crate::delivery::intake::IntakeError;
use crate::diagnostic::nearest;
use crate::store::sql::{self, QueryBuilder};
use crate::store::{Store, StoreAddress, StoreError};

const MAKE: &str = "
DROP TABLE IF EXISTS temp.got;
CREATE TEMP TABLE got (
    number INTEGER NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (number, identity)
);
";

/// Who has an issue: a further copy that waits takes nothing from the first.
const HAS: &str = "r.issue = ?1 AND (r.state = 'accepted'
    OR EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = r.id))";

/// How many people have an issue that an expression asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GotIssue {
    /// The issue.
    pub issue: String,
    /// How many.
    pub people: u64,
}

impl Ledger {
    /// Looks up who has each of these issues, by the ledger and by another store that is there.
    ///
    /// # Errors
    /// The store's; or an issue that neither of the two knows.
    pub async fn look_up_got(
        &self,
        issues: &[&str],
        elsewhere: Option<&StoreAddress>,
    ) -> Result<Vec<GotIssue>, IntakeError> {
        let failed = |error| self.store.failed(error);
        if issues.is_empty() {
            return Ok(Vec::new());
        }
        sql::raw(MAKE).execute(self.store.pool()).await.map_err(failed)?;
        sql::raw(super::moved::MAKE).execute(self.store.pool()).await.map_err(failed)?;
        let other = match elsewhere {
            Some(path) => Some(Store::read(path, &STEPS).await?),
            None => None,
        };
        let found = self.look_up_in(issues, other.as_ref()).await;
        if let Some(other) = other {
            other.close().await;
        }
        found
    }

    /// Of each person who has any of these issues by the ledger, which: a bit for each, in their order.
    ///
    /// # Errors
    /// The store's; or an issue that it does not know.
    pub async fn issues_had(&self, issues: &[&str]) -> Result<BTreeMap<String, u64>, IntakeError> {
        let mut had = BTreeMap::new();
        self.know_former(&[]).await?;
        if self.look_up_got(issues, None).await?.is_empty() {
            return Ok(had);
        }
        let rows: Vec<(String, i64)> = sql::query_as("SELECT identity, number FROM temp.got")
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        for (identity, number) in rows {
            *had.entry(identity).or_default() |= 1_u64 << number;
        }
        Ok(had)
    }

    async fn look_up_in(
        &self,
        issues: &[&str],
        other: Option<&Store>,
    ) -> Result<Vec<GotIssue>, IntakeError> {
        let failed = |error| self.store.failed(error);
        let mut known = overview::issues(&self.store).await?;
        if let Some(other) = other {
            known.extend(overview::issues(other).await?);
        }
        let insert = format!(
            "INSERT INTO temp.got (number, identity) \
             SELECT CAST(?2 AS BIGINT), r.identity FROM recipient r WHERE {HAS}"
        );
        let mut found = Vec::new();
        for (number, issue) in (0_i64..).zip(issues) {
            if !known.iter().any(|known| known == issue) {
                let meant = nearest(issue, known.iter().map(String::as_str)).map(str::to_owned);
                return Err(IntakeError::UnknownIssue { issue: (*issue).to_owned(), meant });
            }
            let own = sql::query(insert.clone()).bind(*issue).bind(number);
            own.execute(self.store.pool()).await.map_err(failed)?;
            if let Some(other) = other {
                self.add_got_of(other, issue, number).await?;
            }
            let before = sql::query(GOT_BEFORE).bind(number);
            before.execute(self.store.pool()).await.map_err(failed)?;
            let people: i64 = sql::query_scalar(PEOPLE_WITH)
                .bind(number)
                .fetch_one(self.store.pool())
                .await
                .map_err(failed)?;
            found.push(GotIssue { issue: (*issue).to_owned(), people: people.unsigned_abs() });
        }
        Ok(found)
    }

    async fn add_got_of(&self, other: &Store, issue: &str, number: i64) -> Result<(), StoreError> {
        let page = format!(
            "SELECT r.id, r.identity FROM recipient r \
             WHERE {HAS} AND r.id > ?2 ORDER BY r.id LIMIT ?3"
        );
        let mut last = i64::MIN;
        loop {
            let rows = sql::query(page.clone())
                .bind(issue)
                .bind(last)
                .bind(BATCH as i64)
                .fetch_all(other.pool())
                .await
                .map_err(|error| other.failed(error))?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = end.get(0);
            let mut query = QueryBuilder::new("INSERT INTO temp.got (number, identity) ");
            query.push_values(&rows, |mut row, one| {
                row.push_bind(number).push_bind(one.get::<String>(1));
            });
            query.push(" ON CONFLICT DO NOTHING");
            let written = query.build().execute(self.store.pool()).await;
            written.map_err(|error| self.store.failed(error))?;
        }
    }

    /// Decides of each person of the staging table whether they are meant, by which of the first
    /// `issues` issues they have.
    ///
    /// # Errors
    /// The store's.
    pub async fn choose_by_got(&self, issues: usize) -> Result<(), StoreError> {
        if issues == 0 {
            return Ok(());
        }
        let sets: Vec<String> = (0..issues)
            .map(|number| {
                format!(
                    "CASE WHEN EXISTS (SELECT 1 FROM temp.got g WHERE g.number = {number} \
                     AND g.identity = staging.identity) THEN {} ELSE 0 END",
                    1_u32 << number
                )
            })
            .collect();
        let statement = format!(
            "UPDATE temp.staging SET outside = ((chosen >> ({})) & 1) = 0 WHERE kept",
            sets.join(" + ")
        );
        let chosen = sql::raw(statement).execute(self.store.pool()).await;
        chosen.map_err(|error| self.store.failed(error))?;
        let forget = sql::raw("DROP TABLE temp.got").execute(self.store.pool()).await;
        forget.map(|_| ()).map_err(|error| self.store.failed(error))
    }
}
