//! Where a run came from: whose issue it was, and to which list it went.
//!
//! Exists because an issue is known by its name alone: another publication with the same ledger may have
//! one of that name. Must never decide what is done about it.

use std::fmt;

use super::Ledger;
use super::moved::identity_now;
use crate::store::StoreError;
use crate::store::sql;

/// The step that keeps it; see [`super::STEPS`].
pub(super) const STEP: &str = "
-- None in runs of an older version. The list where all of it was meant, and not a part: its path from
-- the publication. list_id only where digest.toml names one.
ALTER TABLE run ADD COLUMN list TEXT;
ALTER TABLE run ADD COLUMN list_id TEXT;
ALTER TABLE run ADD COLUMN from_address TEXT;
ALTER TABLE run ADD COLUMN publication TEXT;
";

/// What the publication's own list is called: it is one list, whether `subscribers.csv` or the store
/// keeps it, so people who are lost on the way from one to the other are missed.
pub const USUAL_LIST: &str = "subscribers.csv";

/// Earlier issues that are looked through for the last one that is complete.
const LOOKED_THROUGH: i64 = 12;

/// Where a run comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOrigin {
    /// Whose issue it is.
    pub publication: SendingPublication,
    /// The list, where all of it is meant: [`USUAL_LIST`], or the path from the publication of another
    /// file that was named.
    pub list: Option<String>,
}

/// What a publication is known by in mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendingPublication {
    /// `name`.
    pub name: String,
    /// The address of `from`.
    pub from: String,
    /// `list_id`, where it is written.
    pub list_id: Option<String>,
}

impl SendingPublication {
    /// Whether it is another one: the address and the list's identifier are both others. Where neither
    /// has an identifier, the name tells.
    pub fn is_another_than(&self, other: &SendingPublication) -> bool {
        let has_other_list = match (&self.list_id, &other.list_id) {
            (None, None) => self.name != other.name,
            (now, then) => now != then,
        };
        has_other_list && !self.from.eq_ignore_ascii_case(&other.from)
    }
}

impl fmt::Display for SendingPublication {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} <{}>", self.name, self.from)?;
        self.list_id.iter().try_for_each(|list_id| write!(out, " (list_id {list_id})"))
    }
}

/// People of a list who have an earlier issue and are not in the list any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastReaders {
    /// That issue.
    pub issue: String,
    /// People who have it.
    pub accepted: u64,
    /// Of these, those whom the list does not have, whatever it says of them.
    pub missing: u64,
}

impl Ledger {
    /// Whose the issue is, as its runs say: the last one first.
    ///
    /// # Errors
    /// The store's.
    pub async fn publications(&self) -> Result<Vec<SendingPublication>, StoreError> {
        let found: Vec<(String, String, Option<String>)> = sql::query_as(
            "SELECT publication, from_address, list_id FROM run \
             WHERE issue = ?1 AND from_address IS NOT NULL GROUP BY 1, 2, 3 ORDER BY max(id) DESC",
        )
        .bind(&self.issue)
        .fetch_all(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        let publication = |(name, from, list_id)| SendingPublication { name, from, list_id };
        Ok(found.into_iter().map(publication).collect())
    }

    /// Who of the last complete issue that went to all of this `list` is not in it now; nothing where this
    /// issue went to all of a list before.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_readers(&self, list: &str) -> Result<Option<LastReaders>, StoreError> {
        let now = identity_now(self.any_moved().await?, "r");
        let found: Option<(String, i64, i64)> = sql::query_as(format!(
            "WITH earlier AS (SELECT issue, max(id) AS run FROM run \
                 WHERE list = ?1 AND issue <> ?2 GROUP BY issue ORDER BY max(id) DESC LIMIT ?3) \
             SELECT issue, accepted, missing FROM (SELECT issue, run, \
                 (SELECT count(*) FROM recipient r \
                  WHERE r.issue = e.issue AND r.state = 'accepted') AS accepted, \
                 (SELECT count(*) FROM recipient r WHERE r.issue = e.issue AND r.state = 'accepted' \
                  AND NOT EXISTS (SELECT 1 FROM staging l WHERE l.identity = {now})) AS missing \
             FROM earlier e \
             WHERE NOT EXISTS (SELECT 1 FROM run WHERE issue = ?2 AND list IS NOT NULL) \
             AND NOT EXISTS (SELECT 1 FROM recipient r WHERE r.issue = e.issue \
                 AND r.state IN ('pending', 'claimed', 'deferred'))) complete \
             WHERE accepted > 0 ORDER BY run DESC LIMIT 1",
        ))
        .bind(list)
        .bind(&self.issue)
        .bind(LOOKED_THROUGH)
        .fetch_optional(self.store.pool())
        .await
        .map_err(|error| self.store.failed(error))?;
        Ok(found.map(|(issue, accepted, missing)| LastReaders {
            issue,
            accepted: accepted.unsigned_abs(),
            missing: missing.unsigned_abs(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_is_another_one_where_address_and_list_are_both_others() {
        let publication = |name: &str, from: &str, list_id: Option<&str>| SendingPublication {
            name: name.to_owned(),
            from: from.to_owned(),
            list_id: list_id.map(str::to_owned),
        };
        let before = publication("A", "a@x.example", Some("a.x.example"));
        for (now, is_another) in [
            (publication("B", "b@x.example", Some("b.x.example")), true),
            (publication("A", "b@x.example", Some("b.x.example")), true),
            (publication("A", "b@x.example", None), true),
            (publication("B", "b@x.example", Some("a.x.example")), false),
            (publication("B", "A@x.example", Some("b.x.example")), false),
        ] {
            assert_eq!(now.is_another_than(&before), is_another, "{now}");
        }
        let before = publication("A", "a@x.example", None);
        assert!(publication("B", "b@y.example", None).is_another_than(&before));
        assert!(!publication("A", "b@y.example", None).is_another_than(&before));
        assert!(!publication("B", "a@x.example", None).is_another_than(&before));
    }
}
