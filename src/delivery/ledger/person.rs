//! A person as a row holds one: the address, and fields and tags as JSON. Also the key by which the
//! rows of one person are found.
//!
//! Must never make up a person: a row that cannot be read is an error that names it, and nobody is
//! passed over or sent a message without their fields.

use std::collections::HashMap;

use serde::Serializer as _;

use crate::message::address::{Address, AddressError};
use crate::message::recipient::Recipient;
use crate::store::sql::{SqlError, SqlRow};
use crate::store::{Store, StoreError};

/// The step that writes identities with the quotes that they need and no others, as
/// [`Address::identity`] does; see [`super::STEPS`].
///
/// Two rows may turn out to be of one person. The one that may have been delivered keeps the key.
/// The other goes on under the older spelling, which no list has any more, and is suppressed if it
/// waits: nobody is sent a second copy.
pub(super) const SPELLINGS: &str = r#"
-- `"kim"@x` is `kim@x`, and `"a\ b"@x` is `"a b"@x` (RFC 5321 4.1.2).
CREATE TEMP TABLE spelling AS
WITH RECURSIVE
    quoted (id, issue, old, mailbox) AS (
        SELECT recipient, issue, identity, rtrim(identity, replace(identity, '@', ''))
        FROM person WHERE identity GLOB '"*"@*'
    ),
    -- One character of the local part after the other; a backslash stands for the next one.
    scanned (id, rest, local) AS (
        SELECT id, substr(mailbox, 2, length(mailbox) - 3), '' FROM quoted
        UNION ALL
        SELECT id,
            substr(rest, CASE WHEN substr(rest, 1, 1) = '\' THEN 3 ELSE 2 END),
            local || substr(rest, CASE WHEN substr(rest, 1, 1) = '\' THEN 2 ELSE 1 END, 1)
        FROM scanned WHERE rest <> ''
    )
SELECT id, issue, old,
    CASE WHEN '.' || local || '.' LIKE '%..%'
            OR local GLOB '*[^a-z0-9!#$%&''*+/=?^_`{|}~.-]*'
        THEN '"' || replace(replace(local, '\', '\\'), '"', '\"') || '"'
        ELSE local
    END || substr(old, length(mailbox)) AS new
FROM quoted JOIN scanned USING (id) WHERE rest = '';
DELETE FROM temp.spelling WHERE old = new;
-- The rows of each such person, those first that may have been delivered.
CREATE TEMP TABLE claimant AS
SELECT r.id, r.issue, c.identity, row_number() OVER (
    PARTITION BY r.issue, c.identity ORDER BY CASE r.state
        WHEN 'accepted' THEN 1 WHEN 'uncertain' THEN 2 WHEN 'claimed' THEN 3
        WHEN 'deferred' THEN 4 WHEN 'pending' THEN 5 WHEN 'refused' THEN 6 ELSE 7 END, r.id
) AS place
FROM (
    SELECT id, new AS identity FROM temp.spelling
    UNION SELECT p.recipient, p.identity FROM person p
    JOIN temp.spelling s ON p.issue = s.issue AND p.identity = s.new
) c JOIN recipient r ON r.id = c.id;
DELETE FROM person WHERE recipient IN (SELECT id FROM temp.claimant);
INSERT INTO person (issue, identity, recipient)
SELECT issue, identity, id FROM temp.claimant WHERE place = 1 ORDER BY issue, identity;
UPDATE recipient SET identity = c.identity FROM temp.claimant c
WHERE recipient.id = c.id AND c.place = 1;
UPDATE recipient SET identity = s.old FROM temp.claimant c
JOIN temp.spelling s ON s.issue = c.issue AND s.new = c.identity
WHERE recipient.id = c.id AND c.place > 1;
UPDATE recipient SET state = 'suppressed', text = 'the list had this person twice'
FROM temp.claimant c
WHERE recipient.id = c.id AND c.place > 1 AND state IN ('pending', 'deferred');
DROP TABLE temp.claimant;
DROP TABLE temp.spelling;
"#;

/// What to do about a damaged row.
const REMEDY: &str = "put back a copy of the ledger that is as new as the last send, or take this \
    person off the list: the others then get the issue";

/// What in a row is not as it was written.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("its address cannot be read: {0}")]
    Address(#[from] AddressError),
    #[error("its fields cannot be read: {0}")]
    Fields(serde_json::Error),
    #[error("its tags cannot be read: {0}")]
    Tags(serde_json::Error),
    #[error("its columns cannot be read: {0}")]
    Columns(#[from] SqlError),
}

/// The person of a row that begins with `id, identity, email, fields, tags`.
///
/// # Errors
/// [`StoreError::Content`], where somebody or something has changed the row.
pub(super) fn person(store: &Store, row: &SqlRow) -> Result<Recipient, StoreError> {
    read(row).map_err(|reason| {
        let number: i64 = row.try_get(0).unwrap_or_default();
        let who: String = row.try_get(1).unwrap_or_default();
        StoreError::Content {
            store: store.address().clone(),
            what: format!("row {number} ({who})"),
            reason: reason.to_string(),
            help: REMEDY,
        }
    })
}

fn read(row: &SqlRow) -> Result<Recipient, Unreadable> {
    let (email, fields, tags): (&str, &str, &str) =
        (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    let fields: HashMap<String, String> =
        serde_json::from_str(fields).map_err(Unreadable::Fields)?;
    let tags: Vec<String> = serde_json::from_str(tags).map_err(Unreadable::Tags)?;
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let tags = tags.iter().map(String::as_str);
    Ok(Recipient::new(Address::parse(email)?, fields, tags))
}

/// The fields of a person, for the table.
pub(super) fn fields_json(recipient: &Recipient) -> String {
    json(|writer| writer.collect_map(recipient.fields()))
}

/// The tags of a person, for the table.
pub(super) fn tags_json(recipient: &Recipient) -> String {
    json(|writer| writer.collect_seq(recipient.tags()))
}

/// JSON straight from what is borrowed: a list makes two for each of its rows.
fn json(
    write: impl FnOnce(&mut serde_json::Serializer<&mut Vec<u8>>) -> serde_json::Result<()>,
) -> String {
    let mut bytes = Vec::with_capacity(128);
    // Texts and a buffer in memory: neither can fail.
    let written = write(&mut serde_json::Serializer::new(&mut bytes));
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(bytes).unwrap_or_default()
}
