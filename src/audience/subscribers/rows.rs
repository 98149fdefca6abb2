//! The list of the store as rows, as a file gives them: one reader of lists serves both.
//!
//! Must never pass over anybody: whoever gets no mail is a row that says why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::SubscriptionStatus;
use super::export::{Subscriber, Subscribers};
use crate::audience::pause;
use crate::audience::row::{Row, unknown_topics};
use crate::issue::topics::Topic;
use crate::message::address::Address;
use crate::store::sql::SqlError;
use crate::store::{SchemaStep, Store, StoreAddress, StoreError};

/// Fields that everybody of the store may have.
const OWN: [&str; 6] = ["email", "status", "language", "topics", "joined", pause::FIELD];

/// The rows of the store's list, in the order of the addresses.
#[derive(Debug)]
pub struct StoredRows {
    store: Option<Store>,
    path: PathBuf,
    people: Subscribers,
    batch: std::vec::IntoIter<Subscriber>,
    names: BTreeSet<String>,
    topics: Vec<Topic>,
    line: usize,
}

impl StoredRows {
    /// Of a store, which is closed behind the last row; it is called `shown_as`. The publication has these
    /// `topics`.
    pub fn of(store: Store, shown_as: impl Into<PathBuf>, topics: &[Topic]) -> StoredRows {
        let people = Subscribers::for_issue(&store);
        let batch = Vec::new().into_iter();
        let (store, path) = (Some(store), shown_as.into());
        StoredRows {
            store,
            path,
            people,
            batch,
            names: BTreeSet::new(),
            topics: topics.to_vec(),
            line: 0,
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// The store's.
    pub async fn next(&mut self) -> Result<Option<Row>, StoreError> {
        let Some(store) = &self.store else { return Ok(None) };
        if self.batch.len() == 0 {
            self.batch = self.people.next().await?.into_iter();
        }
        let Some(person) = self.batch.next() else {
            if let Some(store) = self.store.take() {
                store.close().await;
            }
            return Ok(None);
        };
        self.line += 1;
        for name in person.profile.fields.keys() {
            if !self.names.contains(name) {
                self.names.insert(name.clone());
            }
        }
        let address = Address::parse(&person.profile.email)
            .map_err(|error| store.failed(SqlError::decode(error)))?;
        let line = self.line;
        let recipient = person.profile.recipient(address.clone());
        let reason = match person.profile.status {
            SubscriptionStatus::Confirmed => {
                let warnings = unknown_topics(&address, &person.profile.topics, &self.topics);
                return Ok(Some(Row::Kept { line, recipient, warnings }));
            }
            status => status.word(),
        };
        let (address, person) = (Some(address), Some(Box::new(recipient)));
        Ok(Some(Row::LeftOut { line, address, reason, answer: None, person }))
    }

    /// The names of the fields of all people that were read.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        OWN.into_iter().chain(self.names.iter().map(String::as_str))
    }

    /// The store, as people call it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether a store has a list, as far as that can be told without opening it for work: a file of an
/// older version has none.
///
/// # Errors
/// A server cannot be asked; it may have older tables.
pub async fn are_in(store: &StoreAddress, steps: &[SchemaStep]) -> Result<bool, StoreError> {
    let store = match Store::glance(store, steps).await {
        Ok(store) => store,
        Err(_) if store.file().is_some() => return Ok(false),
        Err(error) => return Err(error),
    };
    let found = crate::store::sql::query_scalar("SELECT EXISTS (SELECT 1 FROM subscriber)")
        .fetch_one(store.pool())
        .await;
    store.close().await;
    Ok(found.unwrap_or(false))
}
