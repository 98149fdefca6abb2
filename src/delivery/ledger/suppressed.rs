//! Who of a list, or of those who wait, is suppressed: the table of the room `audience` beside the
//! staging table and the rows.
//!
//! Decided by joins, so that a million people cost no question each. Must never change the table of
//! suppressions.

use std::collections::{BTreeMap, BTreeSet};

use super::moved::MOVED_DURING;
use super::{BATCH, Ledger, LockedLedger};
use crate::audience::forgotten::{ForgettingKeys, Forgotten, ForgottenError};
use crate::audience::suppression::{
    self, IN_FORCE, LEFT_DURING, SUPPRESSED, SuppressionReason, SuppressionSubject,
    UnknownSuppressionWord,
};
use crate::delivery::id::RunId;
use crate::message::address::Address;
use crate::store::sql::{self, QueryBuilder, SqlError};
use crate::store::{Store, StoreAddress, StoreError};

/// Who is suppressed, each once: the oldest word counts.
const MAKE: &str = "
DROP TABLE IF EXISTS suppressed;
CREATE TEMP TABLE suppressed (
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, what)
) WITHOUT ROWID;
";

/// Whom a relay has refused this issue, and nobody else has said no: their row is `refused`, and it is
/// the issue's own wishes that decide whether they are tried once more. `?1` is the issue.
const KEEP_REFUSED: &str = "
DELETE FROM temp.suppressed WHERE kind = 'address' AND what IN (SELECT b.identity FROM bounce b
    WHERE b.issue = ?1 AND b.source = 'smtp' AND b.outcome = 'suppressed')
AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.what = suppressed.what AND s.kind = 'address'
    AND s.released_at IS NULL AND s.origin <> 'reply')";

/// Takes the people out of the staging table whom the list keeps and who are suppressed.
const TAKE_OUT_PEOPLE: &str = "
UPDATE staging SET (suppressed, gone) = (SELECT s.reason, ?1 || s.reason
    FROM suppressed s WHERE s.kind = 'address' AND s.what = staging.identity)
WHERE id IN (SELECT l.id FROM suppressed s CROSS JOIN staging l
    WHERE l.identity = s.what AND s.kind = 'address' AND l.kept AND l.gone IS NULL)";

/// The same of whole domains, which most stores have none of.
const TAKE_OUT_DOMAINS: &str = "
UPDATE staging SET (suppressed, gone) = (SELECT s.reason, ?1 || s.reason
    FROM suppressed s
    WHERE s.kind = 'domain' AND s.what = substr(staging.identity, length(staging.identity) - staging.domain_bytes + 1))
WHERE EXISTS (SELECT 1 FROM suppressed WHERE kind = 'domain') AND kept AND gone IS NULL
    AND substr(identity, length(identity) - domain_bytes + 1) IN
        (SELECT what FROM suppressed WHERE kind = 'domain')";

const COUNT: &str = "SELECT suppressed, count(*) FROM staging \
     WHERE suppressed IS NOT NULL GROUP BY suppressed";

/// People and domains who waited and left: their rows wait no more. `?3` is an array of pairs: what,
/// and the text that says why.
const LEFT_PEOPLE: &str = "
UPDATE recipient SET state = 'suppressed', code = NULL, enhanced = NULL, next_attempt = NULL,
    text = (SELECT j.value ->> 1 FROM [each ?3] j
        WHERE j.value ->> 0 = recipient.identity)
WHERE state IN ('pending', 'deferred') AND planned_by = ?2
    AND id IN (SELECT p.recipient FROM [each ?3] j
        CROSS JOIN person p WHERE p.issue = ?1 AND p.identity = j.value ->> 0)";
const LEFT_DOMAINS: &str = "
UPDATE recipient SET state = 'suppressed', code = NULL, enhanced = NULL, next_attempt = NULL,
    text = (SELECT j.value ->> 1 FROM [each ?3] j WHERE j.value ->> 0 = recipient.domain)
WHERE issue = ?1 AND state IN ('pending', 'deferred') AND planned_by = ?2
    AND domain IN (SELECT j.value ->> 0 FROM [each ?3] j)";

/// How far a list was compared with the suppressions: what stands behind these numbers, whoever
/// watches has to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuppressionMark {
    /// The last number in the ledger's own file.
    pub own: i64,
    /// Another store that was asked, and its last number.
    pub elsewhere: Option<(StoreAddress, i64)>,
}

/// Who of a list is suppressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuppressedPeople {
    /// How many people, by the reason.
    pub reasons: BTreeMap<SuppressionReason, u64>,
    /// How far was read.
    pub mark: SuppressionMark,
}

impl Ledger {
    /// Takes those out of the staging table who are suppressed, by the ledger's own file and by
    /// another store that is there, and says how many they are.
    ///
    /// # Errors
    /// The store's.
    pub async fn leave_suppressed_out(
        &self,
        elsewhere: Option<&StoreAddress>,
        keys: &ForgettingKeys,
    ) -> Result<SuppressedPeople, ForgottenError> {
        let failed = |error| self.store.failed(error);
        sql::raw(MAKE).execute(self.store.pool()).await.map_err(failed)?;
        let mut found = SuppressedPeople::default();
        let mut hashes = BTreeSet::new();
        // Whoever is suppressed between the two is read once more by who watches.
        if self.has_suppressions().await? {
            found.mark.own = suppression::last_number(&self.store).await?;
            let insert = format!("INSERT INTO suppressed {IN_FORCE} ON CONFLICT DO NOTHING");
            sql::raw(insert).execute(self.store.pool()).await.map_err(failed)?;
            hashes.append(&mut suppression::forgotten_hashes(&self.store).await?);
            let keep = sql::query(KEEP_REFUSED).bind(&self.issue);
            keep.execute(self.store.pool()).await.map_err(failed)?;
        }
        if let Some(address) = elsewhere {
            let (number, mut others) = self.add_suppressed_of(address).await?;
            hashes.append(&mut others);
            found.mark.elsewhere = Some((address.clone(), number));
        }
        self.add_forgotten(&Forgotten::of(hashes, keys)?).await?;
        // A long list is not read once more where nobody is suppressed.
        let any: bool = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM suppressed)")
            .fetch_one(self.store.pool())
            .await
            .map_err(failed)?;
        if any {
            found.reasons = self.take_suppressed_out().await?;
        }
        let forget = "DROP TABLE suppressed";
        sql::raw(forget).execute(self.store.pool()).await.map_err(failed)?;
        Ok(found)
    }

    /// Of those in the temporary table; how many there are, by the reason.
    async fn take_suppressed_out(&self) -> Result<BTreeMap<SuppressionReason, u64>, StoreError> {
        let failed = |error| self.store.failed(error);
        for statement in [TAKE_OUT_PEOPLE, TAKE_OUT_DOMAINS] {
            let take_out = sql::query(statement).bind(SUPPRESSED);
            take_out.execute(self.store.pool()).await.map_err(failed)?;
        }
        let mut reasons = BTreeMap::new();
        let rows = sql::query(COUNT).fetch_all(self.store.pool()).await.map_err(failed)?;
        for row in rows {
            let unknown = |error: UnknownSuppressionWord| failed(SqlError::decode(error));
            let reason = row.get::<&str>(0).parse().map_err(unknown)?;
            reasons.insert(reason, row.get::<i64>(1).unsigned_abs());
        }
        Ok(reasons)
    }

    /// Whether the ledger has the table: one that is for a list alone has none at all.
    pub(super) async fn has_suppressions(&self) -> Result<bool, StoreError> {
        let found = "SELECT [sqlite: EXISTS (SELECT 1 FROM pragma_table_info('suppression')) \
             | postgres: to_regclass('suppression') IS NOT NULL]";
        let found = sql::query_scalar(found).fetch_one(self.store.pool()).await;
        found.map_err(|error| self.store.failed(error))
    }

    /// Adds those of another store, which is read and closed again; its last number.
    async fn add_suppressed_of(
        &self,
        address: &StoreAddress,
    ) -> Result<(i64, BTreeSet<String>), StoreError> {
        let other = Store::read(address, &super::STEPS).await?;
        let read = async {
            let number = suppression::last_number(&other).await?;
            let hashes = suppression::forgotten_hashes(&other).await?;
            Ok::<_, StoreError>((number, hashes, suppression::in_force(&other).await?))
        };
        let read = read.await;
        other.close().await;
        let (number, hashes, all) = read?;
        for batch in all.chunks(BATCH) {
            let mut query = QueryBuilder::new("INSERT INTO suppressed (kind, what, reason) ");
            query.push_values(batch, |mut row, one| {
                row.push_bind(&one.kind).push_bind(&one.what).push_bind(one.reason.word());
            });
            query.push(" ON CONFLICT DO NOTHING");
            let written = query.build().execute(self.store.pool()).await;
            written.map_err(|error| self.store.failed(error))?;
        }
        Ok((number, hashes))
    }

    /// Adds those of the staging table who were forgotten: of whom only a hash is known, everybody is
    /// asked.
    async fn add_forgotten(&self, forgotten: &Forgotten) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        let mut last = 0_i64;
        while !forgotten.is_empty() {
            let rows: Vec<(i64, String)> = sql::query_as(
                "SELECT id, identity FROM temp.staging WHERE kept AND gone IS NULL AND id > ?1 \
                 ORDER BY id LIMIT ?2",
            )
            .bind(last)
            .bind(BATCH as i64)
            .fetch_all(self.store.pool())
            .await
            .map_err(failed)?;
            let Some((end, _)) = rows.last() else { break };
            last = *end;
            let is_one = |identity: &str| {
                Address::parse(identity).is_ok_and(|address| forgotten.has(&address))
            };
            for (_, identity) in rows.iter().filter(|(_, identity)| is_one(identity)) {
                let insert = "INSERT INTO temp.suppressed (kind, what, reason) \
                    VALUES ('address', ?1, 'manual') ON CONFLICT DO NOTHING";
                let insert = sql::query(insert).bind(identity.as_str());
                insert.execute(self.store.pool()).await.map_err(failed)?;
            }
        }
        Ok(())
    }
}

impl LockedLedger {
    /// People of a run who wait and have left meanwhile: they wait no more.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::delivery) async fn leave_waiting_out(
        &self,
        run: RunId,
        left: &BTreeMap<SuppressionSubject, SuppressionReason>,
    ) -> Result<(), StoreError> {
        let (mut people, mut domains) = (Vec::new(), Vec::new());
        for (subject, reason) in left {
            let text = match reason {
                SuppressionReason::Moved => MOVED_DURING.to_owned(),
                reason => format!("{LEFT_DURING}{}", reason.word()),
            };
            match subject {
                SuppressionSubject::Address(what) => people.push((what, text)),
                SuppressionSubject::Domain(what) => domains.push((what, text)),
            }
        }
        for (statement, left) in [(LEFT_PEOPLE, people), (LEFT_DOMAINS, domains)] {
            if left.is_empty() {
                continue;
            }
            sql::query(statement)
                .bind(&self.issue)
                .bind(run)
                .bind(serde_json::json!(left).to_string())
                .execute(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        }
        Ok(())
    }
}
