//! The encoded compositions of one run: a row gets the revision that it was planned with.

use std::collections::HashMap;

use super::id::RevisionId;
use super::ledger::Claimed;
use crate::message::Message;
use crate::message::address::Address;
use crate::message::splice::{SpliceError, Template};

/// Templates by the revision that they were made of.
#[derive(Clone, Debug)]
pub struct Templates {
    latest: Template,
    earlier: HashMap<RevisionId, Template>,
}

impl Templates {
    /// The template of the latest revision, for every row that names no other.
    pub fn new(
        latest: Template,
        earlier: impl IntoIterator<Item = (RevisionId, Template)>,
    ) -> Templates {
        Templates { latest, earlier: earlier.into_iter().collect() }
    }

    /// Whether messages are signed, which takes far longer than to assemble them.
    pub fn sign(&self) -> bool {
        self.latest.signs() || self.earlier.values().any(Template::signs)
    }

    /// Bytes of a message, about.
    pub fn size(&self) -> usize {
        self.latest.size()
    }

    /// What the messages are sent from; see [`Template::reverse_path_pattern`].
    pub fn reverse_path(&self) -> &str {
        self.latest.reverse_path_pattern()
    }

    /// The message of a row.
    ///
    /// # Errors
    /// As [`Template::splice`].
    pub fn splice(&self, row: &Claimed) -> Result<Message, SpliceError> {
        let earlier = row.revision.and_then(|revision| self.earlier.get(&revision));
        let template = earlier.unwrap_or(&self.latest);
        let number = u64::try_from(row.row.0).unwrap_or_default();
        template.splice_row(&row.recipient, number, row.message_id.as_deref())
    }

    /// The Message-ID of a row's message, the same in every revision and at every attempt.
    pub fn message_id(&self, row: &Claimed) -> String {
        row.message_id.clone().unwrap_or_else(|| self.latest.message_id(row.recipient.address()))
    }

    /// The Message-ID of a copy that somebody gets on purpose, after `earlier` others.
    pub fn copy_message_id(&self, address: &Address, earlier: u64) -> String {
        self.latest.copy_message_id(address, earlier)
    }
}
