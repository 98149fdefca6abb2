//! The list of one run beside the ledger, in a temporary table: who is on it, who left, and how
//! many of them have the issue already. Nothing here changes the ledger itself.
//!
//! Exists so that a list of millions is compared with millions of rows without either in memory.
//! SQLite keeps the table in a file without a name, which ends with the connection.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::{BATCH, Ledger, fields_json, tags_json};
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::store::StoreError;

const MAKE: &str = "
DROP TABLE IF EXISTS temp.roll;
CREATE TEMP TABLE roll (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    domain TEXT NOT NULL,
    fields TEXT NOT NULL,
    tags TEXT NOT NULL,
    -- A row of the list says yes; it is not among those that were asked for; a row says no.
    kept INTEGER NOT NULL,
    outside INTEGER NOT NULL,
    gone TEXT
);
-- Lists come in any order, and the index is looked up at random: 16 MB of it stay in memory.
PRAGMA temp.cache_size = -16384;
PRAGMA main.cache_size = -16384;
";

/// Who of the roll is planned.
pub(super) const PLANNED: &str = "l.kept AND l.gone IS NULL AND NOT l.outside";

/// A row of the list.
#[derive(Debug)]
pub struct Entry {
    identity: String,
    email: String,
    domain: String,
    fields: String,
    tags: String,
    kept: bool,
    outside: bool,
    gone: Option<&'static str>,
}

impl Entry {
    /// Somebody to write to, unless they are `outside` of those that were asked for.
    pub fn kept(person: &Recipient, outside: bool) -> Entry {
        let (fields, tags) = (fields_json(person), tags_json(person));
        Entry { fields, tags, kept: true, outside, ..Entry::gone(person.address(), None) }
    }

    /// Somebody of whom the list itself says not to.
    pub fn left(address: &Address, reason: &'static str) -> Entry {
        Entry::gone(address, Some(reason))
    }

    fn gone(address: &Address, gone: Option<&'static str>) -> Entry {
        Entry {
            identity: address.identity(),
            email: address.as_str().to_owned(),
            domain: address.domain().to_lowercase(),
            fields: String::new(),
            tags: String::new(),
            kept: false,
            outside: false,
            gone,
        }
    }
}

/// A roll that is being written.
pub struct RollWriter {
    ledger: Ledger,
    transaction: Transaction<'static, Sqlite>,
    batch: Vec<Entry>,
}

/// A person whom one row of the list keeps, and another one does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The address.
    pub email: String,
    /// What the other row says.
    pub reason: String,
}

/// The roll against the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many people of the roll are in which state of the ledger; `new` are those in none.
    pub states: BTreeMap<String, u64>,
    /// To whom the issue would go, by domain, the largest first.
    pub domains: Vec<(String, u64)>,
    /// How many domains there are, shown or not.
    pub domain_count: u64,
    /// Rows of the ledger that wait, whether or not the list has them.
    pub waiting: u64,
    /// People of the list who are not among those that were asked for.
    pub outside: u64,
}

/// People without a value in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// How many.
    pub count: u64,
    /// The addresses of the first.
    pub examples: Vec<String>,
}

impl RollWriter {
    /// Adds a row of the list: the first of two with one address wins, and a no wins over a yes.
    ///
    /// # Errors
    /// The store's.
    pub async fn add(&mut self, entry: Entry) -> Result<(), StoreError> {
        self.batch.push(entry);
        if self.batch.len() < BATCH { Ok(()) } else { self.flush().await }
    }

    /// How many people the list keeps, each once.
    ///
    /// # Errors
    /// The store's.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.flush().await?;
        let failed = |error| self.ledger.store.failed(error);
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM temp.roll WHERE kept")
            .fetch_one(&mut *self.transaction)
            .await
            .map_err(failed)?;
        self.transaction.commit().await.map_err(failed)?;
        Ok(kept.unsigned_abs())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO temp.roll \
             (identity, email, domain, fields, tags, kept, outside, gone) ",
        );
        query.push_values(self.batch.drain(..), |mut row, entry| {
            row.push_bind(entry.identity)
                .push_bind(entry.email)
                .push_bind(entry.domain)
                .push_bind(entry.fields)
                .push_bind(entry.tags)
                .push_bind(entry.kept)
                .push_bind(entry.outside)
                .push_bind(entry.gone);
        });
        query.push(
            " ON CONFLICT (identity) DO UPDATE SET \
             email = CASE WHEN kept THEN email ELSE excluded.email END, \
             fields = CASE WHEN kept THEN fields ELSE excluded.fields END, \
             tags = CASE WHEN kept THEN tags ELSE excluded.tags END, \
             outside = CASE WHEN kept THEN outside ELSE excluded.outside END, \
             gone = coalesce(gone, excluded.gone), kept = kept OR excluded.kept \
             WHERE NOT kept OR excluded.gone IS NOT NULL",
        );
        let done = query.build().execute(&mut *self.transaction).await;
        done.map(|_| ()).map_err(|error| self.ledger.store.failed(error))
    }
}

impl Ledger {
    /// Begins a roll, in place of any that was there.
    ///
    /// # Errors
    /// The store's.
    pub async fn roll(&self) -> Result<RollWriter, StoreError> {
        let failed = |error| self.store.failed(error);
        sqlx::raw_sql(MAKE).execute(self.store.pool()).await.map_err(failed)?;
        let transaction = self.store.pool().begin().await.map_err(failed)?;
        Ok(RollWriter { ledger: self.clone(), transaction, batch: Vec::with_capacity(BATCH) })
    }

    /// People whom the list both keeps and does not: how many by what it says, and the first.
    ///
    /// # Errors
    /// The store's.
    pub async fn contradictions(
        &self,
        shown: i64,
    ) -> Result<(BTreeMap<String, u64>, Vec<Contradiction>), StoreError> {
        let failed = |error| self.store.failed(error);
        let counts = sqlx::query(
            "SELECT gone, count(*) FROM temp.roll WHERE kept AND gone IS NOT NULL GROUP BY gone",
        )
        .fetch_all(self.store.pool())
        .await
        .map_err(failed)?;
        let first = sqlx::query(
            "SELECT email, gone FROM temp.roll WHERE kept AND gone IS NOT NULL \
             ORDER BY id LIMIT ?1",
        )
        .bind(shown)
        .fetch_all(self.store.pool())
        .await
        .map_err(failed)?;
        let counts = counts.iter().map(|row| (row.get(0), row.get::<i64, _>(1).unsigned_abs()));
        let first = first.iter().map(|row| Contradiction { email: row.get(0), reason: row.get(1) });
        Ok((counts.collect(), first.collect()))
    }

    /// People of the plan who have no value in a field.
    ///
    /// # Errors
    /// The store's.
    pub async fn without(&self, field: &str, examples: i64) -> Result<Without, StoreError> {
        let lacking =
            format!("FROM temp.roll l WHERE {PLANNED} AND json_extract(fields, ?1) IS NULL");
        // Names of fields are ASCII letters, digits and underscores.
        let path = format!("$.\"{field}\"");
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) {lacking}")))
                .bind(&path)
                .fetch_one(self.store.pool())
                .await
                .map_err(|error| self.store.failed(error))?;
        let statement = format!("SELECT email {lacking} ORDER BY id LIMIT ?2");
        let examples = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(&path)
            .bind(examples)
            .fetch_all(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))?;
        Ok(Without { count: count.unsigned_abs(), examples })
    }

    /// The roll against the ledger. `resend` counts uncertain rows among those to be sent to.
    ///
    /// # Errors
    /// The store's.
    pub async fn census(&self, resend: bool, domains: i64) -> Result<Census, StoreError> {
        let failed = |error| self.store.failed(error);
        let from = format!(
            "FROM temp.roll l LEFT JOIN main.recipient r \
             ON r.issue = ?1 AND r.identity = l.identity WHERE {PLANNED}"
        );
        let mut census = Census::default();
        let statement = format!("SELECT coalesce(r.state, 'new'), count(*) {from} GROUP BY 1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&self.issue);
        for row in rows.fetch_all(self.store.pool()).await.map_err(failed)? {
            census.states.insert(row.get(0), row.get::<i64, _>(1).unsigned_abs());
        }
        let settled =
            if resend { "('accepted', 'refused')" } else { "('accepted', 'refused', 'uncertain')" };
        let statement = format!(
            "SELECT domain, n, count(*) OVER () FROM (\
               SELECT l.domain AS domain, count(*) AS n {from} \
               AND coalesce(r.state, 'new') NOT IN {settled} GROUP BY l.domain) \
             ORDER BY n DESC, domain LIMIT ?2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&self.issue).bind(domains);
        for row in rows.fetch_all(self.store.pool()).await.map_err(failed)? {
            census.domains.push((row.get(0), row.get::<i64, _>(1).unsigned_abs()));
            census.domain_count = row.get::<i64, _>(2).unsigned_abs();
        }
        let (waiting, outside): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM main.recipient \
             WHERE issue = ?1 AND state IN ('pending', 'claimed', 'deferred')), \
             (SELECT count(*) FROM temp.roll WHERE kept AND gone IS NULL AND outside)",
        )
        .bind(&self.issue)
        .fetch_one(self.store.pool())
        .await
        .map_err(failed)?;
        (census.waiting, census.outside) = (waiting.unsigned_abs(), outside.unsigned_abs());
        Ok(census)
    }
}
