//! A person who is forgotten: the counts of each issue stay in the rows of the ledger, and nothing that
//! names the person, there or in the copies that lie beside it.
//!
//! Must never let a row be sent to: whoever waits is suppressed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::LockedLedger;
use crate::audience::subscribers::forget;
use crate::audience::suppression;
use crate::delivery::bounced::others;
use crate::delivery::journal;
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{Store, StoreError};

/// Rows of all issues, with a name in the place of the address. What a server said may have it too.
const ROWS: &str = "
UPDATE recipient SET identity = ?2, email = ?2, fields = '{}', tags = '[]',
    text = CASE WHEN state IN ('pending', 'claimed', 'deferred') THEN 'suppressed: forgotten'
        ELSE 'forgotten' END,
    next_attempt = NULL,
    state = CASE WHEN state IN ('pending', 'claimed', 'deferred') THEN 'suppressed' ELSE state END
WHERE identity = ?1";

const EARLIER: &str = "
UPDATE earlier_copy SET text = 'forgotten' WHERE text IS NOT NULL
    AND recipient IN (SELECT id FROM recipient WHERE identity = ?1)";

const PERSONS: &str = "UPDATE person SET identity = ?2 WHERE identity = ?1";

/// What was reported of them counts on, and says nothing of them: a server's words may have the address.
const REPORTS: &str = "
UPDATE bounce SET identity = ?2, text = 'forgotten', why = 'forgotten', source = 'forgotten'
WHERE identity = ?1";

/// What nobody has decided about has been decided.
const UNDECIDED: &str = "DELETE FROM undecided_report WHERE identity = ?1";

/// Mails about their subscription, sent or not.
const OUTBOX: &str = "DELETE FROM outbox WHERE identity = ?1";

/// Tables with what servers said of other people's mail: one may have passed it on to this person, and
/// older versions have kept the address. A wish may name several who may have sent it.
const SAID: [&str; 4] = ["recipient", "earlier_copy", "outbox", "undecided_report"];

/// Each with its table: a copy of an older store may lack some. What stands in the rows of earlier copies
/// is found by the rows of the person, which lose their name behind it.
const STATEMENTS: [(&str, &str); 6] = [
    ("earlier_copy", EARLIER),
    ("recipient", ROWS),
    ("person", PERSONS),
    ("bounce", REPORTS),
    ("undecided_report", UNDECIDED),
    ("outbox", OUTBOX),
];

/// The domain of those who are forgotten, which nobody has (RFC 6761).
const DOMAIN: &str = "forgotten.invalid";

/// What stands in the rows of issues in the place of the address of a person with this hash.
pub fn stand_in(hash: &str) -> String {
    format!("{}@{DOMAIN}", hash.replace(':', "-"))
}

/// What a store had of somebody who is forgotten now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForgottenRows {
    /// Whether the list had them.
    pub in_list: bool,
    /// Rows of issues.
    pub of_issues: u64,
    /// What they had asked for on the form.
    pub of_signups: u64,
    /// Mails about their subscription.
    pub of_outbox: u64,
    /// Whether a no of theirs or a report of them was there.
    pub of_reports: bool,
}

impl LockedLedger {
    /// Takes a person out of the list, out of the rows of every issue, and out of what was reported, under
    /// each of their addresses; the hash of an address stands for it. What a killed send has left must have been settled.
    ///
    /// # Errors
    /// The store's; then nothing has changed.
    pub async fn forget_person(
        &self,
        addresses: &[(Address, String)],
        at: Timestamp,
    ) -> Result<ForgottenRows, StoreError> {
        let rows = forget_in(&self.store, addresses, at).await?;
        // Of a journal that was never begun.
        let _ = std::fs::remove_file(journal::draft_path(&self.journal_path()));
        Ok(rows)
    }

    /// The same in the copies that this program has put beside the store; those that cannot be written,
    /// and why.
    pub async fn forget_in_copies(
        &self,
        addresses: &[(Address, String)],
        at: Timestamp,
    ) -> Vec<(PathBuf, StoreError)> {
        let mut failed = Vec::new();
        for copy in self.store.own_copies() {
            if let Err(error) = forget_in_copy(&copy, addresses, at).await {
                failed.push((copy, error));
            }
        }
        failed
    }
}

/// The same in one of these copies, which is written anew.
///
/// # Errors
/// The copy's.
pub async fn forget_in_copy(
    path: &Path,
    addresses: &[(Address, String)],
    at: Timestamp,
) -> Result<(), StoreError> {
    let copy = Store::open_copy(path).await?;
    let erased = async {
        forget_in(&copy, addresses, at).await?;
        copy.overwrite_all_deleted().await
    };
    let erased = erased.await.map(drop);
    copy.close().await;
    erased
}

/// The same of the tables of this room; what they had is counted in `all`.
async fn forget_in_ledger(
    connection: &mut Connection,
    tables: &BTreeSet<String>,
    (address, hash): (&Address, &str),
    all: &mut ForgottenRows,
) -> Result<(), SqlError> {
    let (identity, name) = (address.identity(), stand_in(hash));
    for (table, statement) in STATEMENTS {
        if tables.contains(table) {
            let change = sql::query(statement).bind(identity.as_str());
            let is_renamed = statement.contains("?2");
            let change = if is_renamed { change.bind(name.as_str()) } else { change };
            let rows = change.execute(&mut *connection).await?.rows_affected();
            match table {
                "recipient" => all.of_issues += rows,
                "outbox" => all.of_outbox += rows,
                _ => all.of_reports |= rows > 0,
            }
        }
    }
    Ok(())
}

async fn forget_in(
    store: &Store,
    addresses: &[(Address, String)],
    at: Timestamp,
) -> Result<ForgottenRows, StoreError> {
    let failed = |error| store.failed(error);
    suppression::overwrite_deleted(store).await?;
    let mut transaction = store.begin().await?;
    let written = async {
        let tables = Store::table_names(&mut transaction).await?;
        let mut all = ForgottenRows::default();
        for (address, hash) in addresses {
            let person = (address, hash.as_str());
            let had = forget::forget_within(&mut transaction, &tables, person, at).await?;
            all.in_list |= had.in_list;
            all.of_signups += had.signups;
            all.of_reports |= had.suppressed;
            forget_in_ledger(&mut transaction, &tables, person, &mut all).await?;
            for table in SAID.into_iter().filter(|table| tables.contains(*table)) {
                forget_what_was_said(&mut transaction, table, address).await?;
            }
        }
        Ok::<_, SqlError>(all)
    };
    let rows = written.await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(rows)
}

/// Takes the address out of what servers said of the mail of others.
async fn forget_what_was_said(
    connection: &mut Connection,
    table: &str,
    person: &Address,
) -> Result<(), SqlError> {
    let identity = person.identity();
    let like = format!("%@{}%", person.domain().to_lowercase());
    let said = format!("SELECT DISTINCT text FROM {table} WHERE lower(text) LIKE ?1");
    let said: Vec<String> = sql::query_scalar(said).bind(&like).fetch_all(&mut *connection).await?;
    for text in said {
        let without = others::without_person(&text, &identity);
        if without != text {
            let update = format!("UPDATE {table} SET text = ?2 WHERE text = ?1");
            sql::query(update).bind(&text).bind(&without).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
