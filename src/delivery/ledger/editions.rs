//! What the archive shows of each issue: the web edition of the newest text that somebody has, what was
//! corrected in it since, or the mail itself where an older version sent it. Must never read anything of the
//! people who have it, nor write over what is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::{Ledger, corrections, withdrawn};
use crate::archive::corrections::Correction;
use crate::archive::edition::WebEdition;
use crate::archive::{ArchiveSite, PublishedContent, PublishedIssue, SentMail};
use crate::crypto;
use crate::delivery::id::RevisionId;
use crate::diagnostic::Place;
use crate::store::sql;
use crate::store::{Store, StoreError};

/// Which issues everybody may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShownIssues {
    /// Those that at least one reader has: the text that a relay has taken.
    #[default]
    Sent,
    /// Those that are planned as well.
    All,
    /// None.
    None,
}

/// The page of an issue on the web, by its name.
pub type PageOf = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A text that is shown, by what tells it from any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionHead {
    /// The issue's name.
    pub issue: String,
    revision: i64,
    content_hash: String,
    web_checksum: Option<String>,
    /// The last correction's, which may be put in other words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// How many corrections it has seen, and whether the last one is what is shown.
    corrections: i64,
    is_corrected: bool,
}

impl EditionHead {
    /// Whether the ledger has the mail alone, because an older version sent it.
    pub fn has_no_edition(&self) -> bool {
        self.web_checksum.is_none()
    }
}

/// The texts that somebody has, the newest first: the rows of an issue are asked for one that says yes.
/// Who is sent a further copy has one already.
const SENT: &str = "
SELECT r.id, r.issue, r.content_hash, r.web_checksum, r.number FROM revision r
WHERE EXISTS (SELECT 1 FROM recipient p
    WHERE p.issue = r.issue AND p.state = 'accepted' AND p.revision = r.id)
OR EXISTS (SELECT 1 FROM earlier_copy c JOIN recipient p ON p.id = c.recipient
    WHERE p.issue = r.issue AND p.revision = r.id)
ORDER BY r.issue, r.number DESC";

/// All texts, the newest first.
const ALL: &str = "SELECT id, issue, content_hash, web_checksum, number FROM revision ORDER BY issue, number DESC";

/// The SHA-256 of a web edition, as hexadecimal digits.
pub(super) fn checksum(web: &str) -> String {
    data_encoding::HEXLOWER.encode(&crypto::sha256([web.as_bytes()]))
}

/// What is shown of each issue, by the issues' names.
///
/// # Errors
/// The store's.
pub async fn heads(store: &Store, shown: ShownIssues) -> Result<Vec<EditionHead>, StoreError> {
    let statement = match shown {
        ShownIssues::Sent => SENT,
        ShownIssues::All => ALL,
        ShownIssues::None => return Ok(Vec::new()),
    };
    let rows = sql::query(statement).fetch_all(store.pool()).await;
    let rows = rows.map_err(|error| store.failed(error))?;
    let corrected = corrections::latest(store).await?;
    let mut heads: Vec<EditionHead> = Vec::new();
    for row in &rows {
        let issue: String = row.get(1);
        if heads.last().is_some_and(|last| last.issue == issue) {
            continue;
        }
        let latest = corrected.get(&issue);
        // What was sent after a correction has it.
        let shown = latest.filter(|latest| row.get::<i64>(4) <= latest.revisions);
        heads.push(EditionHead {
            issue,
            revision: row.get(0),
            content_hash: row.get(2),
            web_checksum: shown.map_or_else(|| row.get(3), |one| Some(one.web_checksum.clone())),
            corrections: latest.map_or(0, |latest| latest.number),
            note: latest.map(|latest| latest.note.clone()),
            is_corrected: shown.is_some(),
        });
    }
    Ok(heads)
}

/// The issues that may be called the latest, the newest first: those that were sent to a whole list. The
/// list of a run is not kept where a part of it was chosen; older versions kept none.
const WHOLE: &str = "
SELECT r.issue FROM run r WHERE r.list IS NOT NULL OR r.from_address IS NULL
GROUP BY r.issue ORDER BY min(r.id) DESC";

/// Where the newest issue is read that is shown to everybody, and was not for a part of the list;
/// `page` says where, and nothing where it must not be named.
///
/// # Errors
/// The store's.
pub async fn latest(
    store: &Store,
    shown: ShownIssues,
    page: &PageOf,
) -> Result<Option<String>, StoreError> {
    let names: Result<Vec<String>, _> = sql::query_scalar(WHOLE).fetch_all(store.pool()).await;
    let names = names.map_err(|error| store.failed(error))?;
    let heads = heads(store, shown).await?;
    let withdrawn = withdrawn::known(store).await?;
    for name in names.iter().filter(|name| !withdrawn.contains(*name)) {
        let Some(head) = heads.iter().find(|head| head.issue == *name) else { continue };
        // It may look into the issue's folder, and others wait for this thread.
        let (page, name) = (Arc::clone(page), name.clone());
        let looked = tokio::task::spawn_blocking(move || page(&name)).await;
        let Some(page) = looked.ok().flatten() else { continue };
        match load(store, head).await {
            Ok(Some(_)) => return Ok(Some(page)),
            // Of what cannot be read there is no page.
            Ok(None) | Err(StoreError::Content { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// What all pages of a site are made of, in few letters: the same key, the same pages.
pub fn key(site: &ArchiveSite, heads: &[EditionHead]) -> String {
    let heads = serde_json::to_string(heads).unwrap_or_default();
    data_encoding::HEXLOWER.encode(&crypto::sha256([site.key().as_bytes(), heads.as_bytes()]))
}

/// What the site shows by a head; `None` where the issue is not for everybody.
///
/// # Errors
/// The store's; [`StoreError::Content`], where it is not what was written.
pub async fn load(store: &Store, head: &EditionHead) -> Result<Option<PublishedIssue>, StoreError> {
    // Those that were made since belong to the next head.
    let mut corrections: Vec<Correction> = Vec::new();
    let mut corrected = None;
    if head.corrections > 0 {
        let all = Ledger::new(store.clone(), &head.issue).corrections().await?.into_iter();
        for one in all.filter(|one| one.number <= head.corrections) {
            corrected = Some(one.web).filter(|_| head.is_corrected);
            corrections.push(one.correction);
        }
    }
    let row = sql::query("SELECT web, date FROM revision WHERE id = ?1")
        .bind(head.revision)
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
    let (web, date): (Option<String>, String) = (row.get(0), row.get(1));
    let sent = jiff::fmt::rfc2822::parse(&date).ok();
    let web = corrected.or(web);
    let whole = web.filter(|web| head.web_checksum.as_deref() == Some(&checksum(web)));
    let edition: Option<Box<WebEdition>> = whole.and_then(|web| serde_json::from_str(&web).ok());
    let content = match edition {
        Some(edition) if !edition.archive => return Ok(None),
        Some(edition) => PublishedContent::Edition(edition),
        None if head.is_corrected => {
            return Err(corrections::damaged(store, &head.issue));
        }
        None => of_mail(store, head, sent.as_ref().map(|sent| sent.date())).await?,
    };
    let sent_at = sent.map(|sent| sent.timestamp()).unwrap_or_default();
    Ok(Some(PublishedIssue { name: head.issue.clone(), sent_at, content, corrections }))
}

/// The files that a text was made of, and the SHA-256 of each, as they were kept.
///
/// # Errors
/// The store's.
pub async fn files(
    store: &Store,
    head: &EditionHead,
) -> Result<BTreeMap<String, String>, StoreError> {
    let files: String = sql::query_scalar("SELECT files FROM revision WHERE id = ?1")
        .bind(head.revision)
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
    Ok(serde_json::from_str(&files).unwrap_or_default())
}

/// Keeps what is shown of a text that an older version sent. What was kept before stays.
///
/// # Errors
/// The store's.
pub async fn keep(
    store: &Store,
    head: &EditionHead,
    edition: &WebEdition,
) -> Result<(), StoreError> {
    let Ok(web) = serde_json::to_string(edition) else { return Ok(()) };
    sql::query("UPDATE revision SET web = ?2, web_checksum = ?3 WHERE id = ?1 AND web IS NULL")
        .bind(head.revision)
        .bind(web.as_str())
        .bind(checksum(&web))
        .execute(store.pool())
        .await
        .map(drop)
        .map_err(|error| store.failed(error))
}

/// The issue as it was mailed, on a day.
async fn of_mail(
    store: &Store,
    head: &EditionHead,
    sent: Option<Date>,
) -> Result<PublishedContent, StoreError> {
    let revisions = Ledger::new(store.clone(), &head.issue).revisions().await?;
    let id = RevisionId(head.revision);
    let Some(revision) = revisions.iter().find(|revision| revision.id == id) else {
        return Err(store.failed(sql::SqlError::decode("a revision is gone")));
    };
    let mail = revision.thaw(&Place::File(PathBuf::from(&head.issue)))?;
    let headline = &revision.frozen.headline;
    let date = headline.date.or(sent).unwrap_or_default();
    Ok(PublishedContent::Mail(Box::new(SentMail::new(mail, date, headline.number))))
}
