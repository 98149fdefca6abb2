//! What an issue's recipients are sent: each composition that was planned, with its Date, so that a
//! later run repeats it byte for byte whatever has become of the author's files.

use std::collections::BTreeMap;

use sqlx::{Row as _, SqliteConnection};

use super::Ledger;
use crate::delivery::id::RevisionId;
use crate::store::StoreError;

/// The second step of the tables.
pub(super) const STEP: &str = "
-- A composition of an issue. The first is made by the first plan, each further one on demand.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY,
    issue TEXT NOT NULL,
    number INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    -- JSON: subject, text, HTML, slots, pictures, language.
    composition TEXT NOT NULL,
    -- The Date header of its messages.
    date TEXT NOT NULL,
    -- JSON: the files it was made of, and the SHA-256 of each.
    files TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (issue, number)
);
-- What the row's message is made of; none in rows that an older version settled.
ALTER TABLE recipient ADD COLUMN revision INTEGER REFERENCES revision (id);
";

/// A composition to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenIssue {
    /// Hexadecimal digits.
    pub content_hash: String,
    /// What [`crate::compose::Composition::freeze`] wrote.
    pub composition: String,
    /// The Date header, RFC 5322.
    pub date: String,
    /// The files it was made of, and the SHA-256 of each.
    pub files: BTreeMap<String, String>,
    /// When, RFC 3339.
    pub created_at: String,
}

/// A composition that the ledger keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What rows refer to.
    pub id: RevisionId,
    /// 1 for the first of an issue.
    pub number: i64,
    /// What was frozen.
    pub frozen: FrozenIssue,
}

/// What a plan's rows are to get.
#[derive(Clone, Copy, Debug)]
pub enum PlannedText<'a> {
    /// A revision that the ledger has.
    Kept(RevisionId),
    /// A new one.
    New(&'a FrozenIssue),
    /// This one, in the place of a revision that nobody was sent.
    Instead(RevisionId, &'a FrozenIssue),
}

/// The next revision.
const ADD: &str = "
INSERT INTO revision (issue, number, content_hash, composition, date, files, created_at)
SELECT ?1, 1 + coalesce(max(number), 0), ?2, ?3, ?4, ?5, ?6 FROM revision WHERE issue = ?1
RETURNING id";

/// Another content of revision ?7, which nobody was sent: rows that refer to it get this one.
const REPLACE: &str = "
UPDATE revision SET content_hash = ?2, composition = ?3, date = ?4, files = ?5, created_at = ?6
WHERE id = ?7 AND issue = ?1
RETURNING id";

impl Ledger {
    /// The revisions of the issue, the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn revisions(&self) -> Result<Vec<Revision>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, number, content_hash, composition, date, files, created_at \
             FROM revision WHERE issue = ?1 ORDER BY number",
        )
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let revisions = rows.iter().map(|row| Revision {
            id: row.get(0),
            number: row.get(1),
            frozen: FrozenIssue {
                content_hash: row.get(2),
                composition: row.get(3),
                date: row.get(4),
                files: serde_json::from_str(row.get(5)).unwrap_or_default(),
                created_at: row.get(6),
            },
        });
        Ok(revisions.collect())
    }

    /// The number of the revision that rows of this plan get; a new one is written.
    pub(super) async fn revise(
        &self,
        connection: &mut SqliteConnection,
        text: PlannedText<'_>,
    ) -> Result<RevisionId, sqlx::Error> {
        let (frozen, replaced) = match text {
            PlannedText::Kept(id) => return Ok(id),
            PlannedText::New(frozen) => (frozen, None),
            PlannedText::Instead(id, frozen) => (frozen, Some(id)),
        };
        let statement = if replaced.is_some() { REPLACE } else { ADD };
        sqlx::query_scalar(statement)
            .bind(&self.issue)
            .bind(&frozen.content_hash)
            .bind(&frozen.composition)
            .bind(&frozen.date)
            .bind(serde_json::json!(frozen.files).to_string())
            .bind(&frozen.created_at)
            .bind(replaced)
            .fetch_one(connection)
            .await
    }
}
