//! What an issue's recipients are sent: each composition that was planned, with its Date, so that a
//! later run repeats it byte for byte whatever has become of the author's files.

use std::collections::BTreeMap;

use super::{Ledger, LockedLedger, editions};
use crate::compose::Composition;
use crate::crypto;
use crate::delivery::id::RevisionId;
use crate::delivery::sketch::Sketch;
use crate::diagnostic::Place;
use crate::issue::load::Headline;
use crate::store::sql::{self, Connection, SqlError, SqlRow};
use crate::store::{StoreAddress, StoreError};

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

/// The step that lets a damaged composition be seen; see [`super::STEPS`].
pub(super) const CHECKSUM: &str = "
-- SHA-256 of content_hash, composition and date; none in what an older version wrote.
ALTER TABLE revision ADD COLUMN checksum TEXT;
";

/// The step that keeps what an issue is called; see [`super::STEPS`].
pub(super) const HEADLINE: &str = "
-- What issue.toml says of the issue, by which it is known where its folder is renamed: none in what
-- an older version wrote. The subject is as people read it.
ALTER TABLE revision ADD COLUMN issue_number INTEGER;
ALTER TABLE revision ADD COLUMN issue_date TEXT;
ALTER TABLE revision ADD COLUMN subject TEXT;
";

/// The step that keeps what articles say; see [`super::STEPS`].
pub(super) const SKETCHES: &str = "
-- JSON: the sketch of each article, by which an edited one is known again; none in what an older
-- version wrote.
ALTER TABLE revision ADD COLUMN sketches TEXT;
";

/// The step that keeps what the web shows; see [`super::STEPS`].
pub(super) const WEB: &str = "
-- JSON: the issue as the archive shows it; none in what an older version wrote.
ALTER TABLE revision ADD COLUMN web TEXT;
-- Its SHA-256.
ALTER TABLE revision ADD COLUMN web_checksum TEXT;
";

/// What to do about a damaged one.
const REMEDY: &str = "bring the issue's files back to what they were at the plan (git has them) and \
    run the same command again, or put back a copy of the ledger that is as new as the last send";

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
    /// What each article says, by its file; nothing in what an older version wrote.
    pub sketches: BTreeMap<String, Sketch>,
    /// What the issue is called; in what an older version wrote, its name alone.
    pub headline: Headline,
    /// When, RFC 3339.
    pub created_at: String,
    /// What the archive shows: JSON that [`super::editions`] reads. Nothing in one that was read here.
    pub web: Option<String>,
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
    /// What is wrong with it.
    damage: Option<String>,
    /// The ledger and the issue, for an error.
    ledger: StoreAddress,
    issue: String,
}

impl Revision {
    /// Whether it is known not to be what was frozen.
    pub fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

    /// The composition; see [`Composition::thaw`].
    ///
    /// # Errors
    /// [`StoreError::Content`], where it is not what was frozen.
    pub fn thaw(&self, place: &Place) -> Result<Composition, StoreError> {
        let damaged = |reason: String| StoreError::Content {
            store: self.ledger.clone(),
            what: format!("the text of {} (revision {})", self.issue, self.number),
            reason,
            help: REMEDY,
        };
        if let Some(damage) = &self.damage {
            return Err(damaged(damage.clone()));
        }
        Composition::thaw(&self.frozen.composition, place)
            .map_err(|error| damaged(error.to_string()))
    }
}

impl FrozenIssue {
    fn checksum(&self) -> String {
        let parts = [&self.content_hash, &self.composition, &self.date];
        let hash = crypto::sha256(parts.map(|part| part.as_bytes()));
        data_encoding::HEXLOWER.encode(&hash)
    }
}

/// What a plan's rows are to get.
#[derive(Clone, Copy, Debug)]
pub enum PlannedText<'a> {
    /// A revision that the ledger has.
    Kept(RevisionId),
    /// A new one.
    New(&'a FrozenIssue),
    /// This one, in the place of a revision that nobody has.
    Instead(RevisionId, &'a FrozenIssue),
}

/// The next revision.
const ADD: &str = "
INSERT INTO revision
    (issue, number, content_hash, composition, date, files, created_at, checksum, issue_number,
     issue_date, subject, sketches, web, web_checksum)
SELECT ?1, 1 + coalesce(max(number), 0), ?2, ?3, ?4, ?5, ?6, ?8, ?9, ?10, ?11, ?12, ?13, ?14
FROM revision WHERE issue = ?1
RETURNING id";

/// Another content of revision ?7, which nobody has: rows that refer to it get this one.
const REPLACE: &str = "
UPDATE revision SET content_hash = ?2, composition = ?3, date = ?4, files = ?5, created_at = ?6,
    checksum = ?8, issue_number = ?9, issue_date = ?10, subject = ?11, sketches = ?12,
    web = ?13, web_checksum = ?14
WHERE id = ?7 AND issue = ?1
RETURNING id";

impl Ledger {
    /// The revisions of the issue, the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn revisions(&self) -> Result<Vec<Revision>, StoreError> {
        // As bytes: what is damaged may be no text.
        let bytes = |column: &str| format!("[sqlite: CAST({column} AS BLOB) | postgres: {column}]");
        let [
            content_hash,
            composition,
            date,
            files,
            created_at,
            checksum,
            issue_date,
            subject,
            sketches,
        ] = [
            "content_hash",
            "composition",
            "date",
            "files",
            "created_at",
            "checksum",
            "issue_date",
            "subject",
            "sketches",
        ]
        .map(bytes);
        let rows = sql::query(format!(
            "SELECT id, number, {content_hash}, {composition}, {date}, {files}, {created_at}, \
             {checksum}, issue_number, {issue_date}, {subject}, {sketches} \
             FROM revision WHERE issue = ?1 ORDER BY number"
        ))
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let revisions: Result<Vec<Revision>, SqlError> =
            rows.iter().map(|row| self.revision(row)).collect();
        revisions.map_err(|error| self.store.failed(error))
    }

    /// The revision that the latest plan of the issue has: each plan leaves one.
    ///
    /// # Errors
    /// The store's.
    pub async fn latest_revision(&self) -> Result<RevisionId, StoreError> {
        let latest = "SELECT id FROM revision WHERE issue = ?1 ORDER BY number DESC LIMIT 1";
        sql::query_scalar(latest)
            .bind(&self.issue)
            .fetch_one(self.store.pool())
            .await
            .map_err(|error| self.store.failed(error))
    }

    /// What the archive shows of the newest revision, as JSON; none where an older version wrote it.
    ///
    /// # Errors
    /// The store's.
    pub async fn latest_web(&self) -> Result<Option<String>, StoreError> {
        let latest = "SELECT web FROM revision WHERE issue = ?1 ORDER BY number DESC LIMIT 1";
        let found = sql::query(latest).bind(&self.issue).fetch_optional(self.store.pool()).await;
        let found = found.map_err(|error| self.store.failed(error))?;
        Ok(found.and_then(|row| row.get(0)))
    }

    fn revision(&self, row: &SqlRow) -> Result<Revision, SqlError> {
        let mut damage = None;
        let mut text = |at: usize| {
            let bytes: Vec<u8> = row.try_get(at)?;
            Ok::<_, SqlError>(String::from_utf8(bytes).unwrap_or_else(|error| {
                damage = Some("it is not text".to_owned());
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }))
        };
        let (content_hash, composition, date) = (text(2)?, text(3)?, text(4)?);
        let files: Vec<u8> = row.try_get(5)?;
        let created_at: Vec<u8> = row.try_get(6)?;
        let sketches: Option<Vec<u8>> = row.try_get(11)?;
        let frozen = FrozenIssue {
            content_hash,
            composition,
            date,
            // Only for saying what has changed since.
            files: serde_json::from_slice(&files).unwrap_or_default(),
            // Only for comparing issues.
            sketches: sketches
                .and_then(|sketches| serde_json::from_slice(&sketches).ok())
                .unwrap_or_default(),
            headline: self.headline(row),
            created_at: String::from_utf8_lossy(&created_at).into_owned(),
            web: None,
        };
        let checksum: Option<Vec<u8>> = row.try_get(7)?;
        if checksum.is_some_and(|checksum| checksum != frozen.checksum().as_bytes()) {
            damage = Some("it is not what was written".to_owned());
        }
        Ok(Revision {
            id: row.try_get(0)?,
            number: row.try_get(1)?,
            frozen,
            damage,
            ledger: self.store.address().clone(),
            issue: self.issue.clone(),
        })
    }

    /// Only for comparing issues: what is damaged says nothing.
    fn headline(&self, row: &SqlRow) -> Headline {
        let text = |at: usize| {
            let bytes: Option<Vec<u8>> = row.try_get(at).ok().flatten();
            bytes.and_then(|bytes| String::from_utf8(bytes).ok())
        };
        Headline {
            name: self.issue.clone(),
            number: row.try_get(8).ok().flatten(),
            subject: text(10),
            date: text(9).and_then(|date| date.parse().ok()),
            ..Headline::default()
        }
    }
}

impl LockedLedger {
    /// The number of the revision that rows of this plan get; a new one is written.
    pub(super) async fn revise(
        &self,
        connection: &mut Connection,
        text: PlannedText<'_>,
    ) -> Result<RevisionId, SqlError> {
        let (frozen, replaced) = match text {
            PlannedText::Kept(id) => return Ok(id),
            PlannedText::New(frozen) => (frozen, None),
            PlannedText::Instead(id, frozen) => (frozen, Some(id)),
        };
        let statement = if replaced.is_some() { REPLACE } else { ADD };
        sql::query_scalar(statement)
            .bind(&self.issue)
            .bind(&frozen.content_hash)
            .bind(&frozen.composition)
            .bind(&frozen.date)
            .bind(serde_json::json!(frozen.files).to_string())
            .bind(&frozen.created_at)
            .bind(replaced)
            .bind(frozen.checksum())
            .bind(frozen.headline.number)
            .bind(frozen.headline.date.map(|date| date.to_string()))
            .bind(&frozen.headline.subject)
            .bind(serde_json::json!(frozen.sketches).to_string())
            .bind(&frozen.web)
            .bind(frozen.web.as_ref().map(|web| editions::checksum(web)))
            .fetch_one(connection)
            .await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::ledger::STEPS;
    use crate::store::Store;

    const COMPOSITION: &str = "{\"issue\":\"x\",\"subject\":[],\"text\":[{\"literal\":\"Hangul\"}],\
        \"html\":[],\"pictures\":[],\"language\":\"ko\",\"slots\":[],\"content_hash\":\
        \"0000000000000000000000000000000000000000000000000000000000000000\"}";

    fn frozen() -> FrozenIssue {
        FrozenIssue {
            content_hash: "00".repeat(32),
            composition: COMPOSITION.to_owned(),
            date: "Thu, 6 Nov 2025 09:00:00 -0500".to_owned(),
            files: BTreeMap::new(),
            sketches: BTreeMap::new(),
            headline: Headline::default(),
            created_at: "2025-11-06T14:00:00Z".to_owned(),
            web: None,
        }
    }

    /// What the ledger gives back of a composition whose bytes are these.
    fn thawed(bytes: &[u8], checked: bool) -> Result<Composition, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::nowhere(std::path::Path::new("a.db"), &STEPS).await.unwrap();
            let ledger = Ledger::new(store.clone(), "x").lock("process 1").await.unwrap();
            let mut connection = store.pool().acquire().await.unwrap();
            ledger.revise(&mut connection, PlannedText::New(&frozen())).await.unwrap();
            let damage = "UPDATE revision SET composition = CAST(?1 AS TEXT), \
                checksum = CASE WHEN ?2 THEN checksum END";
            sql::query(damage).bind(bytes).bind(checked).execute(&mut connection).await.unwrap();
            drop(connection);
            let revisions = ledger.revisions().await.unwrap();
            revisions[0].thaw(&Place::File("x".into()))
        })
    }

    #[test]
    fn what_was_written_is_given_back() {
        for checked in [true, false] {
            assert_eq!(thawed(COMPOSITION.as_bytes(), checked).unwrap().language, "ko");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

        #[test]
        fn damage_of_any_kind_is_an_error_that_names_the_file(
            at in 0usize..300,
            len in 1usize..80,
            kind in 0u8..5,
            noise in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let whole = COMPOSITION.as_bytes();
            let at = at % whole.len();
            let end = (at + len).min(whole.len());
            let damaged: Vec<u8> = match kind {
                0 => whole[..at].to_vec(),
                1 => [&whole[..at], &whole[end..]].concat(),
                2 => [&whole[..at], &vec![0; end - at][..], &whole[end..]].concat(),
                3 => whole.iter().enumerate().map(|(n, b)| if n == at { b ^ 0x81 } else { *b }).collect(),
                _ => noise,
            };
            let error = thawed(&damaged, true).expect_err("it was taken for whole").to_string();
            for words in ["the text of x (revision 1) in a.db is damaged", "git has them"] {
                prop_assert!(error.contains(words), "{error}");
            }
            // Without a checksum it may pass for another text, and is never a panic.
            let _ = thawed(&damaged, false);
        }
    }
}
