//! Corrections of issues that were sent: the table `correction`, and who has the text as it was before.
//!
//! A table of its own, and no revision: what a send goes on with is the last revision of its issue, and
//! nobody who waits may get another text than the others by that. Must never change what a row says that
//! somebody got.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::editions::checksum;
use super::{BATCH, Ledger, LockedLedger};
use crate::archive::corrections::{CorrectedParts, Correction};
use crate::delivery::state::State;
use crate::store::sql::{self, QueryBuilder, SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// The step that makes the table; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- A correction of an issue that was sent: what the archive shows from then on.
CREATE TABLE correction (
    issue TEXT NOT NULL,
    -- 1 for the first of an issue.
    number BIGINT NOT NULL,
    -- The number of the newest revision at that time: what is sent later has the correction.
    revisions BIGINT NOT NULL,
    content_hash TEXT NOT NULL,
    -- JSON: the issue as the archive shows it, and its SHA-256.
    web TEXT NOT NULL,
    web_checksum TEXT NOT NULL,
    -- JSON: the files it was made of, and the SHA-256 of each; and what differs from the text before.
    files TEXT NOT NULL,
    changes TEXT NOT NULL,
    -- What was wrong, in the editor's words.
    note TEXT NOT NULL,
    -- RFC 3339, and the day of that where the publication is.
    at TEXT NOT NULL,
    day TEXT NOT NULL,
    -- The issue that tells readers of it.
    erratum TEXT,
    PRIMARY KEY (issue, number)
);
";

/// A correction that the ledger keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCorrection {
    /// 1 for the first of an issue.
    pub number: i64,
    /// The number of the newest revision at that time.
    pub revisions: i64,
    /// Hexadecimal digits: what the files gave as mail.
    pub content_hash: String,
    /// JSON: a [`crate::archive::edition::WebEdition`].
    pub web: String,
    /// The files it was made of, and the SHA-256 of each.
    pub files: BTreeMap<String, String>,
    /// What everybody may read of it.
    pub correction: Correction,
    /// The issue that tells readers of it.
    pub erratum: Option<String>,
}

/// The last correction of an issue, in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LatestCorrection {
    pub(super) number: i64,
    pub(super) revisions: i64,
    pub(super) web_checksum: String,
    pub(super) note: String,
}

/// The correction that an issue tells readers of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErratumOf {
    /// The issue that was corrected.
    pub issue: String,
    /// The number of the correction.
    pub number: i64,
}

const ALL: &str = "
SELECT number, revisions, content_hash, web, files, changes, note, at, day, erratum
FROM correction WHERE issue = ?1 ORDER BY number";

const ADD: &str = "
INSERT INTO correction (issue, number, revisions, content_hash, web, web_checksum, files, changes, note,
    at, day)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Of a row `r`: that its person has the mail, or may have it.
const HAD: &str = "(r.state IN ('accepted', 'uncertain')
    OR EXISTS (SELECT 1 FROM earlier_copy c WHERE c.recipient = r.id))";

/// Of a row `r` of the issue `?1`: that its text is neither that of correction `?2`, nor a later one.
const OLD_TEXT: &str = "(r.issue = ?1 AND NOT EXISTS (SELECT 1 FROM revision v, correction k
    WHERE v.id = r.revision AND k.issue = ?1 AND k.number = ?2
    AND (v.number > k.revisions OR v.content_hash = k.content_hash)))";

/// Of a row `r`: that its person has, or may have, what tells of a correction of `?1` after `?2`. An erratum
/// has the notes of all corrections before it, so whoever has that one needs no older one.
const TOLD_MORE: &str = "EXISTS (SELECT 1 FROM correction l
    JOIN person q ON q.issue = l.erratum AND q.identity = r.identity
    JOIN recipient e ON e.id = q.recipient
    WHERE l.issue = ?1 AND l.number > ?2 AND (e.state IN ('accepted', 'uncertain')
        OR EXISTS (SELECT 1 FROM earlier_copy d WHERE d.recipient = e.id)))";

/// How many people have, or may have, what tells of a correction: its erratum, or a later one.
const TOLD: &str = "
SELECT count(DISTINCT r.identity) FROM recipient r
WHERE r.issue IN (SELECT l.erratum FROM correction l WHERE l.issue = ?1 AND l.number >= ?2)";

/// The issues that told of corrections of `?1` before `?2`: what they said is not true any more, also where
/// this one brings back the first text.
const OLD_ERRATA: &str =
    "(SELECT b.erratum FROM correction b WHERE b.issue = ?1 AND b.number < ?2)";

const MAKE: &str = "
DROP TABLE IF EXISTS temp.outdated;
CREATE TEMP TABLE outdated (identity TEXT NOT NULL PRIMARY KEY);
";

/// Who has moved since is told at the address of now.
const MOVED: &str = "
INSERT INTO temp.outdated (identity)
SELECT DISTINCT f.identity FROM temp.outdated o JOIN temp.former f ON f.former = o.identity
WHERE NOT EXISTS (SELECT 1 FROM temp.outdated n WHERE n.identity = f.identity)";

/// Whoever is up to date is not meant.
const LEAVE_OUT: &str = "
UPDATE temp.staging SET outside = TRUE WHERE kept AND NOT outside AND NOT EXISTS
    (SELECT 1 FROM temp.outdated o WHERE o.identity = staging.identity)";

/// How many rows have which text: its revision, its state.
const HELD: &str = "
SELECT v.number, r.state, count(*) FROM recipient r LEFT JOIN revision v ON v.id = r.revision
WHERE r.issue = ?1 GROUP BY v.number, r.state ORDER BY v.number, r.state";

/// How many rows of an issue are in a state, by the number of the revision that they have or wait for;
/// `None` where an older version has sent it.
pub type HeldRevision = (Option<i64>, State, u64);

/// What is said of a correction that cannot be read.
pub(super) fn damaged(store: &Store, issue: &str) -> StoreError {
    StoreError::Content {
        store: store.address().clone(),
        what: format!("a correction of {issue}"),
        reason: "it is not what was written".to_owned(),
        help: "put back a copy of the ledger that is as new as the last send, and run `digest amend` again",
    }
}

/// The last correction of each issue that has one.
pub(super) async fn latest(
    store: &Store,
) -> Result<BTreeMap<String, LatestCorrection>, StoreError> {
    let all = "SELECT issue, number, revisions, web_checksum, note FROM correction ORDER BY issue, number";
    let rows = sql::query(all).fetch_all(store.pool()).await;
    let of_row = |row: &SqlRow| {
        let latest = LatestCorrection {
            number: row.get(1),
            revisions: row.get(2),
            web_checksum: row.get(3),
            note: row.get(4),
        };
        (row.get(0), latest)
    };
    Ok(rows.map_err(|error| store.failed(error))?.iter().map(of_row).collect())
}

/// The correction that an issue tells readers of, if it is an erratum.
///
/// # Errors
/// The store's.
pub async fn erratum_of(store: &Store, issue: &str) -> Result<Option<ErratumOf>, StoreError> {
    let found =
        sql::query("SELECT issue, number FROM correction WHERE erratum = ?1 ORDER BY number DESC")
            .bind(issue)
            .fetch_optional(store.pool())
            .await
            .map_err(|error| store.failed(error))?;
    Ok(found.map(|row| ErratumOf { issue: row.get(0), number: row.get(1) }))
}

impl Ledger {
    /// The corrections of the issue, the first one first.
    ///
    /// # Errors
    /// The store's; [`StoreError::Content`], where one is not what was written.
    pub async fn corrections(&self) -> Result<Vec<KeptCorrection>, StoreError> {
        let rows = sql::query(ALL).bind(&self.issue).fetch_all(self.store.pool()).await;
        let rows = rows.map_err(|error| self.store.failed(error))?;
        let read = |row: &SqlRow| kept(row).ok_or_else(|| damaged(&self.store, &self.issue));
        rows.iter().map(read).collect()
    }

    /// How many people have the issue, or may have it, as it was before a correction.
    ///
    /// # Errors
    /// The store's.
    pub async fn outdated(&self, number: i64) -> Result<u64, StoreError> {
        let count = format!(
            "SELECT count(*) FROM recipient r WHERE r.issue = ?1 AND {HAD} AND ({OLD_TEXT} OR EXISTS \
             (SELECT 1 FROM person p WHERE p.identity = r.identity AND p.issue IN {OLD_ERRATA}))"
        );
        let count = sql::query_scalar::<i64>(count).bind(&self.issue).bind(number);
        let count = count.fetch_one(self.store.pool()).await;
        count.map(i64::unsigned_abs).map_err(|error| self.store.failed(error))
    }

    /// How many people have, or may have, an issue that tells of a correction.
    ///
    /// # Errors
    /// The store's.
    pub async fn told(&self, number: i64) -> Result<u64, StoreError> {
        let count = sql::query_scalar::<i64>(format!("{TOLD} AND {HAD}"));
        let count = count.bind(&self.issue).bind(number).fetch_one(self.store.pool()).await;
        count.map(i64::unsigned_abs).map_err(|error| self.store.failed(error))
    }

    /// How many people have which revision, or wait for it.
    ///
    /// # Errors
    /// The store's.
    pub async fn held_revisions(&self) -> Result<Vec<HeldRevision>, StoreError> {
        let rows = sql::query(HELD).bind(&self.issue).fetch_all(self.store.pool()).await;
        let rows = rows.map_err(|error| self.store.failed(error))?;
        let held =
            |row: &SqlRow| Ok((row.get(0), self.state(row, 1)?, row.get::<i64>(2).unsigned_abs()));
        rows.iter().map(held).collect()
    }

    /// Takes whoever has no outdated text of an issue out of those of the staging table who are meant.
    /// `elsewhere` is the store that knows the issue, where that is another one.
    ///
    /// # Errors
    /// The store's.
    pub async fn leave_up_to_date_out(
        &self,
        erratum: &ErratumOf,
        elsewhere: Option<&Store>,
    ) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        sql::raw(MAKE).execute(self.store.pool()).await.map_err(failed)?;
        match elsewhere {
            Some(other) => self.add_outdated_of(other, erratum).await?,
            None => {
                let own = format!(
                    "INSERT INTO temp.outdated (identity) SELECT DISTINCT r.identity FROM recipient r \
                     WHERE {HAD} AND ({OLD_TEXT} OR r.issue IN {OLD_ERRATA}) AND NOT {TOLD_MORE}"
                );
                let own = sql::query(own).bind(&erratum.issue).bind(erratum.number);
                own.execute(self.store.pool()).await.map_err(failed)?;
            }
        }
        for statement in [MOVED, LEAVE_OUT, "DROP TABLE temp.outdated"] {
            sql::query(statement).execute(self.store.pool()).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn add_outdated_of(&self, other: &Store, erratum: &ErratumOf) -> Result<(), StoreError> {
        let page = format!(
            "SELECT r.id, r.identity FROM recipient r WHERE {HAD} \
             AND ({OLD_TEXT} OR r.issue IN {OLD_ERRATA}) AND NOT {TOLD_MORE} AND r.id > ?3 \
             ORDER BY r.id LIMIT ?4"
        );
        let mut last = i64::MIN;
        loop {
            let page = sql::query(page.clone()).bind(&erratum.issue).bind(erratum.number);
            let rows = page.bind(last).bind(BATCH as i64).fetch_all(other.pool()).await;
            let rows = rows.map_err(|error| other.failed(error))?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = end.get(0);
            let mut query = QueryBuilder::new("INSERT INTO temp.outdated (identity) ");
            query.push_values(&rows, |mut row, one| {
                row.push_bind(one.get::<String>(1));
            });
            query.push(" ON CONFLICT DO NOTHING");
            let written = query.build().execute(self.store.pool()).await;
            written.map_err(|error| self.store.failed(error))?;
        }
    }
}

/// What is written of a correction; `None` where it cannot be read.
fn kept(row: &SqlRow) -> Option<KeptCorrection> {
    let text = |at: usize| row.get::<String>(at);
    let changes: CorrectedParts = serde_json::from_str(&text(5)).ok()?;
    let at: Timestamp = text(7).parse().ok()?;
    let correction = Correction { at, day: text(8).parse().ok()?, note: text(6), changes };
    Some(KeptCorrection {
        number: row.get(0),
        revisions: row.get(1),
        content_hash: text(2),
        web: text(3),
        files: serde_json::from_str(&text(4)).ok()?,
        correction,
        erratum: row.get(9),
    })
}

impl LockedLedger {
    /// Writes a correction down.
    ///
    /// # Errors
    /// The store's; also where there is one of this number.
    pub async fn correct(&self, new: &KeptCorrection) -> Result<(), StoreError> {
        let failed = |error| self.store.failed(error);
        let Correction { at, day, note, changes } = &new.correction;
        let changes =
            serde_json::to_string(changes).map_err(|error| failed(SqlError::encode(error)))?;
        let add = sql::query(ADD)
            .bind(&self.issue)
            .bind(new.number)
            .bind(new.revisions)
            .bind(&new.content_hash)
            .bind(&new.web)
            .bind(checksum(&new.web))
            .bind(serde_json::json!(new.files).to_string())
            .bind(changes)
            .bind(note)
            .bind(at.to_string())
            .bind(day.to_string());
        add.execute(self.store.pool()).await.map(|_| ()).map_err(failed)
    }

    /// Puts another note in the place of a correction's.
    ///
    /// # Errors
    /// The store's.
    pub async fn note(&self, number: i64, note: &str) -> Result<(), StoreError> {
        let update = "UPDATE correction SET note = ?3 WHERE issue = ?1 AND number = ?2";
        let update = sql::query(update).bind(&self.issue).bind(number).bind(note);
        let done = update.execute(self.store.pool()).await;
        done.map(|_| ()).map_err(|error| self.store.failed(error))
    }

    /// Notes which issue tells readers of a correction: from then on it goes to nobody else.
    ///
    /// # Errors
    /// The store's.
    pub async fn tell_by(&self, number: i64, erratum: &str) -> Result<(), StoreError> {
        let update = "UPDATE correction SET erratum = ?3 WHERE issue = ?1 AND number = ?2";
        let update = sql::query(update).bind(&self.issue).bind(number).bind(erratum);
        let done = update.execute(self.store.pool()).await;
        done.map(|_| ()).map_err(|error| self.store.failed(error))
    }
}
