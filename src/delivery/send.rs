//! One send of an issue, as stages that consume each other: the order in which they come is the
//! promise, and the compiler holds it.
//!
//! 1. [`Survey`](survey::Survey) reads: the ledger, the list, and what the author's files give. It
//!    chooses what recipients get.
//! 2. [`Ready`](survey::Ready): the list can be used, and the rules were asked. A dry run ends here
//!    with a [`Plan`](plan::Plan).
//! 3. [`Locked`](locked::Locked): nobody else sends from this ledger; it was read again, and what a
//!    dead sender left is settled.
//! 4. [`Proposal`](locked::Proposal): who would get it, counted under the lock, for a person to say
//!    yes to.
//! 5. [`Planned`](planned::Planned): the people and what they are to get stand in the ledger, by one
//!    transaction. Behind a long wait the list is read again ([`Reread`](planned::Reread)), and a
//!    proposal made of it once more.
//! 6. [`SendReport`](report::SendReport): what became of all.
//!
//! Must never ask a person, print, or read a clock of its own. If a person has to decide something,
//! one stage returns it as data, and the answer goes into the next stage.

mod by_receipt;
pub mod content;
mod erratum;
pub mod locked;
pub mod plan;
pub mod planned;
pub mod rehearsal;
mod known;
pub mod likeness;
pub mod renamed;
pub mod replaced;
pub mod report;
pub mod survey;

use std::path::PathBuf;

use super::receipt::AlreadySent;
use crate::audience::except::Exceptions;
use crate::audience::forgotten::{ForgettingKeys, ForgottenError};
use crate::audience::list::ReadOptions;
use crate::delivery::ledger::copies::OneRow;
use crate::delivery::ledger::origin::{RunOrigin, SendingPublication};
use crate::delivery::recovery::RecoveryError;
use crate::delivery::state::State;
use crate::diagnostic::Diagnostic;
use crate::issue::only::Only;
use crate::message::address::Address;
use crate::store::{StoreAddress, StoreError};
use content::ExpectedHash;
use renamed::Renamed;

/// What a send is told.
#[derive(Clone, Debug)]
pub struct SendOptions {
    /// The issue, by the name that the ledger knows it by.
    pub issue: String,
    /// The ledger's file.
    pub ledger: StoreAddress,
    /// The list.
    pub list: PathBuf,
    /// The store, where that is the list of one, and not a file.
    pub list_in_store: Option<StoreAddress>,
    /// How to read it.
    pub read: ReadOptions,
    /// Who of it is meant; everybody without.
    pub only: Option<Only>,
    /// Who gets nothing, whatever the list says.
    pub except: Option<Exceptions>,
    /// The publication's own store, where the ledger is another one: who is suppressed there gets
    /// nothing from here either.
    pub suppressed_in: Option<StoreAddress>,
    /// The keys that tell who was forgotten.
    pub forgetting: ForgettingKeys,
    /// One person alone, in the place of `only`.
    pub to: Option<OnePerson>,
    /// What part of the list that is, as it was named, for who remembers what was said of it; empty
    /// for the whole list.
    pub part: String,
    /// Whose issue it is, and which list that is.
    pub origin: RunOrigin,
    /// Whether rows that cannot be used are left out, instead of stopping the send.
    pub skip_invalid: bool,
    /// Whether the files are taken as they are, although the ledger has a revision.
    pub recompose: bool,
    /// What alone may be sent; anything without.
    pub expect: Option<ExpectedHash>,
    /// Where the issue's receipt is; none in a rehearsal.
    pub receipt: Option<PathBuf>,
    /// The folders of issues that are there; `None` where it does not matter that an issue was sent
    /// under another name, as in a rehearsal.
    pub folders: Option<Vec<PathBuf>>,
    /// When messages are to leave, where the publication is: the Date of a new revision.
    pub begin: jiff::ZonedDateTime,
    /// What names this boot of the machine; empty if that is not known.
    pub boot: String,
    /// The time as RFC 3339, for the ledger.
    pub clock: fn() -> String,
}

/// The one person whom a send is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnePerson {
    /// Where.
    pub address: Address,
    /// Whether they get the issue once more if they have it.
    pub again: bool,
}

impl OnePerson {
    /// Whether they have the issue and get a further copy. They get none if a killed run has sent
    /// it: somebody who repeats its command wants that one copy.
    fn wants_copy(&self, one: &OneRow) -> bool {
        let is_wanted = self.again && one.state == State::Accepted && one.may_be_copied();
        is_wanted && !one.was_sent_untold()
    }
}

/// Why a stage was not reached.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The author's files have errors.
    #[error("the issue's files have errors")]
    Broken,
    /// The rows that a dead sender left cannot be settled.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// A composition cannot be written down.
    #[error("the issue cannot be kept in the ledger: {0}")]
    Freeze(#[from] serde_json::Error),
    /// Nobody can tell who of the list was forgotten.
    #[error(transparent)]
    Forgotten(ForgottenError),
    /// A date cannot be written or read.
    #[error(transparent)]
    Date(#[from] jiff::Error),
    /// Nothing can be sent to this list.
    #[error("{}: {}", .0.display(), .1)]
    List(PathBuf, ListFault),
    /// What would be sent is not what was approved.
    #[error("the issue is {}, not {expected}", &found[..12.min(found.len())])]
    Unexpected {
        /// What was approved.
        expected: ExpectedHash,
        /// The content hash of what somebody would get.
        found: String,
    },
    /// The issue's receipt knows people who have it, and the ledger does not.
    #[error("the receipt says that this issue was sent already")]
    AlreadySent(Box<AlreadySent>),
    /// The issue was sent under another name, as it seems.
    #[error("this issue was sent under the name {}, as it seems", .0.before)]
    Renamed(Box<Renamed>),
    /// Another publication has sent an issue of this name from the same ledger.
    #[error("{issue} is an issue of {before} in this ledger, and this publication is {now}")]
    OtherPublication {
        /// The name of both.
        issue: String,
        /// Whose the ledger's is.
        before: Box<SendingPublication>,
        /// Whose this one is.
        now: Box<SendingPublication>,
    },
    /// The issue tells of a correction, and no ledger knows who is to be told.
    #[error("it is not known who got {0} as it was before its correction")]
    NoCorrection(String),
    /// Caught mails cannot be removed.
    #[error("the mails in {} cannot be removed: {}", .0.display(), .1)]
    Caught(PathBuf, std::io::Error),
    /// The rules found errors between the issue and the list.
    #[error("the issue does not fit its readers")]
    Checks,
    /// Another send planned the issue between the survey and the lock.
    #[error("another send planned the issue meanwhile")]
    Overtaken,
}

/// Why nothing can be sent to a list.
#[derive(Debug, thiserror::Error)]
pub enum ListFault {
    /// It cannot be read to its end.
    #[error("the list of subscribers cannot be used")]
    Unreadable(Box<Diagnostic>),
    /// Of so many of its columns nobody has said yet what they mean about consent.
    #[error("it is not known who of the list may be mailed")]
    Unclear(u64),
    /// Some of its rows cannot be used.
    #[error("{0} of the rows of the list cannot be used")]
    Rejected(u64),
    /// Those who are meant are named by a field that nobody has.
    #[error("nobody in the list has a {field}")]
    UnknownField {
        /// Its name.
        field: String,
        /// The names that there are.
        columns: Vec<String>,
    },
    /// Nobody of it is to get the issue.
    #[error("the list has nobody to send to")]
    Nobody {
        /// Others of the list are not among those who are meant.
        others: bool,
    },
    /// Who is meant depends on an issue that was never sent.
    #[error("got:{issue}: no issue of this name was sent")]
    UnknownIssue {
        /// Its name.
        issue: String,
        /// The one that was probably meant.
        meant: Option<String>,
    },
    /// None of those who are meant, who are so many, wants a topic of the issue.
    #[error("the issue has no section for anybody in the list")]
    NoSection(u64),
    /// It does not have the one person.
    #[error("{address} is not in the list")]
    NotInList {
        /// Where the person was said to be.
        address: Address,
        /// The address of the list that is written almost alike.
        meant: Option<String>,
    },
    /// The one person has another address now.
    #[error("{address} is an earlier address of {now}")]
    Moved {
        /// Where the person was said to be.
        address: Address,
        /// Where they are.
        now: String,
    },
    /// It says not to send to the one person.
    #[error("{address} gets no issue: the list says {reason}")]
    Left {
        /// Where the person is.
        address: Address,
        /// What it says.
        reason: String,
    },
}

#[cfg(test)]
mod tests;
