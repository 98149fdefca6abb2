//! People of the list whose address has changed. A person is one under all their addresses: what became
//! of them for an issue is the best of the rows of all of these, and a row that waits goes with them to
//! the address of now.
//!
//! Must never let a change of address bring anybody a second copy, nor cost a question for each row
//! where nobody has moved.

use super::copies::OneRow;
use super::wishes::Reopened;
use super::{BATCH, Ledger, LockedLedger};
use crate::delivery::id::{RowId, RunId};
use crate::message::address::Address;
use crate::store::sql::{self, Connection, QueryBuilder, SqlError};
use crate::store::{Store, StoreAddress, StoreError};

/// What is written of somebody whose address changed while the issue was sent.
pub const MOVED_DURING: &str =
    "address changed during the send: the same command sends to the new address";

/// How it begins what is written of a row of a person who has another row of the issue; the address of
/// that one follows.
const STANDS_AT: &str = "address changed: this issue is with ";

/// The addresses that people had before, of the ledger's store and of the list's.
pub(super) const MAKE: &str = "
CREATE TEMP TABLE IF NOT EXISTS former (former TEXT NOT NULL PRIMARY KEY, identity TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS [sqlite: temp.former_by_identity | postgres: former_by_identity]
    ON former (identity);
";

/// Who has the issue `?1` under an earlier address has it under the one of now.
pub(super) const GOT_BEFORE: &str = "
INSERT INTO temp.got (number, identity)
SELECT DISTINCT g.number, f.identity FROM temp.got g
JOIN temp.former f ON f.former = g.identity
WHERE g.number = ?1 AND NOT EXISTS
    (SELECT 1 FROM temp.got o WHERE o.number = g.number AND o.identity = f.identity)";

/// How many people have it: who has two addresses there is one.
pub(super) const PEOPLE_WITH: &str = "
SELECT count(*) FROM temp.got g WHERE g.number = ?1 AND NOT EXISTS
    (SELECT 1 FROM temp.former f WHERE f.former = g.identity)";

/// Whom the list keeps and plans, who has no such row under their address of now, with the best row of
/// the addresses before.
const MAKE_BETTER: &str = "
DROP TABLE IF EXISTS better;
CREATE TEMP TABLE better (entry BIGINT NOT NULL, row BIGINT NOT NULL)";
const BETTER: &str = "
INSERT INTO better (entry, row)
SELECT entry, row FROM (SELECT l.id AS entry, r.id AS row, row_number() OVER
        (PARTITION BY l.id ORDER BY CASE r.state WHEN 'uncertain' THEN 1 ELSE 0 END, r.id) AS place
    FROM former f CROSS JOIN staging l CROSS JOIN person p CROSS JOIN recipient r
    WHERE l.identity = f.identity AND l.kept AND l.gone IS NULL AND NOT l.outside
        AND p.issue = ?1 AND p.identity = f.former AND r.id = p.recipient
        AND (r.state IN ('accepted', 'uncertain')
            OR EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = r.id))) best
WHERE place = 1 AND NOT EXISTS (SELECT 1 FROM met m CROSS JOIN recipient o
    WHERE m.entry = best.entry AND o.id = m.row
    AND (o.state IN ('accepted', 'uncertain')
        OR EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = o.id)))";

const MEET_BETTER: [&str; 2] = [
    "DELETE FROM met WHERE entry IN (SELECT entry FROM better)",
    "INSERT INTO met (row, entry) SELECT row, entry FROM better",
];

/// The rows that go with their people to the address of now: of several the last one. Whoever has a row
/// there keeps that; whoever has the issue needs none. `?2` is that those wait again who may have it.
const MAKE_FOLLOWED: &str = "
DROP TABLE IF EXISTS followed;
CREATE TEMP TABLE followed (row BIGINT NOT NULL, entry BIGINT NOT NULL)";
const FOLLOWED: &str = "
INSERT INTO followed (row, entry)
SELECT max(p.recipient), l.id
FROM former f CROSS JOIN staging l CROSS JOIN person p
WHERE l.identity = f.identity AND l.kept AND l.gone IS NULL AND NOT l.outside
    AND p.issue = ?1 AND p.identity = f.former
    AND NOT EXISTS (SELECT 1 FROM person o WHERE o.issue = ?1 AND o.identity = l.identity)
    AND NOT EXISTS (SELECT 1 FROM former g CROSS JOIN person q CROSS JOIN recipient r
        WHERE g.identity = l.identity AND q.issue = ?1 AND q.identity = g.former
        AND r.id = q.recipient AND (r.state = 'accepted' OR r.state = 'uncertain' AND NOT ?2))
GROUP BY l.id";

/// One row goes there, whatever it says: that of somebody who gets a further copy.
const FOLLOWED_ONE: &str = "
INSERT INTO followed (row, entry)
SELECT r.id, l.id FROM recipient r CROSS JOIN former f CROSS JOIN staging l
WHERE r.id = ?2 AND r.issue = ?1 AND f.former = r.identity AND l.identity = f.identity
    AND NOT EXISTS (SELECT 1 FROM person o WHERE o.issue = ?1 AND o.identity = l.identity)";

/// What was tried at the old address says nothing of the new one. When a row was settled last stays: a
/// journal is compared with that.
const FOLLOW: [&str; 2] = [
    "UPDATE person SET identity = l.identity FROM followed w CROSS JOIN staging l
     WHERE l.id = w.entry AND person.issue = ?1 AND person.recipient = w.row",
    "UPDATE recipient SET identity = l.identity, email = coalesce(l.email, l.identity),
        state = CASE WHEN state IN ('accepted', 'uncertain') THEN state ELSE 'pending' END,
        message_id = CASE WHEN state IN ('accepted', 'uncertain') THEN message_id END,
        attempts = 0, charged = 0, first_attempt = NULL, next_attempt = NULL
     FROM followed w CROSS JOIN staging l
     WHERE l.id = w.entry AND recipient.id = w.row AND recipient.issue = ?1",
];

/// Further rows of people who have one that stands: they wait no more, and are no people of their own.
const LEFT_BEHIND: &str = "
UPDATE recipient SET state = 'suppressed', code = NULL, enhanced = NULL, next_attempt = NULL,
    text = ?2 || (SELECT coalesce(f.identity, recipient.identity) FROM former f
        WHERE recipient.identity IN (f.former, f.identity) LIMIT 1)
WHERE issue = ?1 AND state IN ('pending', 'deferred') AND id NOT IN (SELECT row FROM met)
AND id IN (SELECT p.recipient FROM former f CROSS JOIN staging l CROSS JOIN person p
    WHERE l.identity = f.identity AND l.kept AND l.gone IS NULL AND NOT l.outside
    AND p.issue = ?1 AND p.identity IN (f.former, f.identity)
    AND EXISTS (SELECT 1 FROM met m WHERE m.entry = l.id))";

/// Issues of which somebody still waits, or of whom nobody knows whether they have it.
const UNFINISHED: &str = "
SELECT i.issue, r.state = 'uncertain' FROM (SELECT issue, max(id) AS last FROM run GROUP BY issue) i
CROSS JOIN person p CROSS JOIN recipient r
WHERE p.issue = i.issue AND p.identity = ?1 AND r.id = p.recipient
    AND r.state IN ('pending', 'claimed', 'deferred', 'uncertain') ORDER BY i.last";

/// How many were left out of a run because their address changed.
const MOVED_IN_RUN: &str = "
SELECT count(*) FROM recipient WHERE issue = ?1 AND state = 'suppressed'
    AND (planned_by = ?2 OR claimed_by = ?2) AND text = ?3";

/// Of a row: that it is another one's of the same person. For `WHERE`.
pub(super) const NO_PERSON: &str =
    "(state = 'suppressed' AND coalesce(text LIKE 'address changed: this issue is with %', FALSE))";

/// The identity of now of whoever has the row `table`.
pub(super) fn identity_now(any_moved: bool, table: &str) -> String {
    if any_moved {
        format!(
            "coalesce((SELECT f.identity FROM temp.former f WHERE f.former = {table}.identity), \
             {table}.identity)"
        )
    } else {
        format!("{table}.identity")
    }
}

impl Ledger {
    /// Reads which addresses people had before, by the ledger's store and by those `elsewhere`.
    ///
    /// # Errors
    /// The store's.
    pub async fn know_former(&self, elsewhere: &[&StoreAddress]) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        sql::raw(MAKE).execute(self.store.pool()).await.map_err(failed)?;
        sql::raw("DELETE FROM temp.former").execute(self.store.pool()).await.map_err(failed)?;
        // A list that is only looked at has no issues beside it.
        if self.has_suppressions().await? {
            let own = "INSERT INTO temp.former SELECT former, identity FROM subscriber_former";
            sql::raw(own).execute(self.store.pool()).await.map_err(failed)?;
        }
        for address in elsewhere {
            let other = Store::read(*address, &super::STEPS).await?;
            let all = sql::query_as("SELECT former, identity FROM subscriber_former");
            let all: Result<Vec<(String, String)>, SqlError> = all.fetch_all(other.pool()).await;
            let all = all.map_err(|error| other.failed(error));
            other.close().await;
            for batch in all?.chunks(BATCH) {
                let mut query = QueryBuilder::new("INSERT INTO temp.former (former, identity) ");
                query.push_values(batch, |mut row, (former, identity)| {
                    row.push_bind(former.clone()).push_bind(identity.clone());
                });
                query.push(" ON CONFLICT (former) DO UPDATE SET identity = excluded.identity");
                query.build().execute(self.store.pool()).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Whether anybody of the list had another address before.
    pub(super) async fn any_moved(&self) -> Result<bool, StoreError> {
        let any = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM temp.former)");
        any.fetch_one(self.store.pool()).await.map_err(|error| self.store.failed(error))
    }

    /// The address that the person has now who had this one, as far as [`Ledger::know_former`] has read.
    ///
    /// # Errors
    /// The store's.
    pub async fn moved_to(&self, address: &Address) -> Result<Option<String>, StoreError> {
        let now = sql::query_scalar("SELECT identity FROM temp.former WHERE former = ?1");
        let now = now.bind(address.identity()).fetch_optional(self.store.pool()).await;
        now.map_err(|error| self.store.failed(error))
    }

    /// What there is of one person of the issue, under all their addresses.
    ///
    /// # Errors
    /// The store's.
    pub async fn one_person(&self, address: &Address) -> Result<Option<OneRow>, StoreError> {
        let own = self.one(address).await?;
        if own.as_ref().is_some_and(OneRow::is_had) || !self.any_moved().await? {
            return Ok(own);
        }
        let before: Vec<String> =
            sql::query_scalar("SELECT former FROM temp.former WHERE identity = ?1 ORDER BY former")
                .bind(address.identity())
                .fetch_all(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        let mut best: Option<OneRow> = None;
        for former in before.iter().filter_map(|former| Address::parse(former).ok()) {
            let found = self.one(&former).await?.filter(OneRow::is_had);
            let is_better = |one: &OneRow| best.as_ref().is_none_or(|best| one.is_surer(best));
            if let Some(one) = found.filter(is_better) {
                best = Some(one.at_former(former, own.is_none()));
            }
        }
        Ok(best.or(own))
    }

    /// Lets people of the list meet what they have, or may have, under an earlier address.
    pub(super) async fn meet_former(&self, connection: &mut Connection) -> Result<(), SqlError> {
        let any = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM temp.former)");
        if !any.fetch_one(&mut *connection).await? {
            return Ok(());
        }
        sql::raw(MAKE_BETTER).execute(&mut *connection).await?;
        sql::query(BETTER).bind(&self.issue).execute(&mut *connection).await?;
        for statement in MEET_BETTER {
            sql::query(statement).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// How many people of the list have the issue, or may have it, under an earlier address. Asked after
    /// [`Ledger::census`] alone.
    pub(super) async fn met_at_former(&self) -> Result<u64, StoreError> {
        if !self.any_moved().await? {
            return Ok(0);
        }
        let count = sql::query_scalar("SELECT count(*) FROM better");
        let count: Result<i64, SqlError> = count.fetch_one(self.store.pool()).await;
        Ok(count.map_err(|error| self.store.failed(error))?.unsigned_abs())
    }

    /// How many a run left out because their address changed meanwhile.
    ///
    /// # Errors
    /// The store's.
    pub async fn moved_in(&self, run: RunId) -> Result<u64, StoreError> {
        let count = sql::query_scalar(MOVED_IN_RUN).bind(&self.issue).bind(run).bind(MOVED_DURING);
        let count: Result<i64, SqlError> = count.fetch_one(self.store.pool()).await;
        Ok(count.map_err(|error| self.store.failed(error))?.unsigned_abs())
    }
}

impl LockedLedger {
    /// Lets the rows of people who have moved go with them to the address of now, but for what they have
    /// or may have at another one; only [`LockedLedger::plan`] does. The row `copied` goes there too.
    pub(super) async fn follow(
        &self,
        connection: &mut Connection,
        reopened: Reopened,
        copied: Option<RowId>,
    ) -> Result<(), SqlError> {
        let any = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM temp.former)");
        if !any.fetch_one(&mut *connection).await? {
            return Ok(());
        }
        sql::raw(MAKE_FOLLOWED).execute(&mut *connection).await?;
        let found = match copied {
            Some(row) => sql::query(FOLLOWED_ONE).bind(&self.issue).bind(row),
            None => sql::query(FOLLOWED).bind(&self.issue).bind(reopened.uncertain),
        };
        found.execute(&mut *connection).await?;
        for statement in FOLLOW {
            sql::query(statement).bind(&self.issue).execute(&mut *connection).await?;
        }
        sql::raw("DROP TABLE followed").execute(&mut *connection).await.map(|_| ())
    }

    /// Lets further rows of people wait no more who have moved and have one that stands; only
    /// [`LockedLedger::plan`] does.
    pub(super) async fn leave_behind(&self, connection: &mut Connection) -> Result<(), SqlError> {
        let any = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM temp.former)");
        if !any.fetch_one(&mut *connection).await? {
            return Ok(());
        }
        let left = sql::query(LEFT_BEHIND).bind(&self.issue).bind(STANDS_AT);
        left.execute(&mut *connection).await.map(|_| ())
    }
}

/// The issues that are not finished for a person: they wait, or may have it (`true`).
///
/// # Errors
/// The store's.
pub async fn unfinished_for(
    store: &Store,
    address: &Address,
) -> Result<Vec<(String, bool)>, StoreError> {
    let found = sql::query_as(UNFINISHED).bind(address.identity()).fetch_all(store.pool()).await;
    found.map_err(|error| store.failed(error))
}
