//! A file of people who must not be mailed, whatever the list says: addresses one a line, or a list
//! with a column of them. `@example.org` stands for everybody there.
//!
//! Exists because somebody may have said no where no export knows of it. Must never pass over a row:
//! the address that cannot be read may be that of somebody who said no.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::message::address::Address;

use super::email::email;
use super::list::{self, ReadOptions, Rows};
use super::row::Row;
use super::rules;
use super::suppression::{SuppressionReason, SuppressionSubject};

/// What a reason begins with; the file's name follows.
pub const LEFT_OUT_BY: &str = "left out by ";

/// The most unreadable rows that are told.
const TOLD: usize = 20;

/// Who must not be mailed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    identities: BTreeSet<String>,
    domains: BTreeSet<String>,
    /// Those whose own row says that they left.
    left: BTreeSet<String>,
    /// Why each is suppressed, where the file is our own list of those who are.
    reasons: BTreeMap<SuppressionSubject, SuppressionReason>,
    reason: String,
    said: RowsSaid,
}

/// What the rows of such a file say themselves, where they say anything: it may be a whole list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsSaid {
    /// Rows of people who may be mailed, or that do not say.
    pub yes: u64,
    /// Rows that say that somebody left.
    pub no: u64,
}

impl Exceptions {
    /// Reads a file that `flag` has named; diagnostics show it as `shown_as`. It is read as the list
    /// is where it is not UTF-8.
    ///
    /// # Errors
    /// It cannot be read, or not every row of it.
    pub fn read(
        flag: &str,
        path: &Path,
        shown_as: impl Into<PathBuf>,
        list: &ReadOptions,
    ) -> Result<Exceptions, Vec<Diagnostic>> {
        let shown_as = shown_as.into();
        let in_encoding = |encoding| {
            let options = ReadOptions {
                encoding,
                may_lack_header: true,
                is_foreign: list.is_foreign,
                ..ReadOptions::default()
            };
            let rows = list::open(path, &shown_as, &options)
                .map_err(|problem| vec![rules::of_exceptions(problem, flag)])?;
            Exceptions::of_rows(rows, &shown_as, options.is_foreign)
        };
        match in_encoding(None) {
            Err(problems) if list.encoding.is_some() => {
                in_encoding(list.encoding).map_err(|_| problems)
            }
            read => read,
        }
    }

    /// Reads what comes from elsewhere than a file, in the encoding that was named.
    ///
    /// # Errors
    /// As those of [`Exceptions::read`].
    pub fn read_from(
        reader: impl Read,
        shown_as: impl Into<PathBuf>,
        options: &ReadOptions,
    ) -> Result<Exceptions, Vec<Diagnostic>> {
        let shown_as = shown_as.into();
        let options = ReadOptions { may_lack_header: true, ..options.clone() };
        let rows = list::read(reader, &shown_as, &options).map_err(|problem| vec![problem])?;
        Exceptions::of_rows(rows, &shown_as, false)
    }

    fn of_rows<R: Read>(
        mut rows: Rows<R>,
        shown_as: &Path,
        is_foreign: bool,
    ) -> Result<Exceptions, Vec<Diagnostic>> {
        let (mut identities, mut problems, mut unreadable) = (BTreeSet::new(), Vec::new(), 0_u64);
        let (mut domains, mut left) = (BTreeSet::new(), BTreeSet::new());
        let (mut said, mut reasons) = (RowsSaid::default(), BTreeMap::new());
        while let Some(row) = rows.next() {
            let row = row.map_err(|problem| vec![problem])?;
            if let Some(name) = domain(rows.email_cell()) {
                let reason = rows.suppressed_for();
                let subject = SuppressionSubject::Domain(name.clone());
                reasons.extend(reason.map(|reason| (subject, reason)));
                domains.insert(name);
                continue;
            }
            let problem = match row {
                Row::Kept { recipient, line, .. } => {
                    said.yes += 1;
                    identities.insert(recipient.address().identity());
                    match further(&rows.further_addresses(), &mut identities) {
                        Ok(()) => continue,
                        Err(NotAnAddress) => rules::except_row(shown_as, line),
                    }
                }
                // Whoever has left is among those who must not be mailed.
                Row::LeftOut { address: Some(address), line, .. } => {
                    said.no += 1;
                    let reason = rows.suppressed_for();
                    let subject = SuppressionSubject::address(&address);
                    reasons.extend(reason.map(|reason| (subject, reason)));
                    left.insert(address.identity());
                    identities.insert(address.identity());
                    match further(&rows.further_addresses(), &mut identities) {
                        Ok(()) => continue,
                        Err(NotAnAddress) => rules::except_row(shown_as, line),
                    }
                }
                Row::LeftOut { line, .. } => rules::except_row(shown_as, line),
                Row::Rejected(problem) if is_foreign => {
                    let at = problem.place.as_ref().and_then(|place| place.line_column());
                    rules::except_row(shown_as, at.map_or(1, |(line, _)| line))
                }
                Row::Rejected(problem) => problem,
            };
            unreadable += 1;
            if problems.len() < TOLD {
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            let reason = format!("{LEFT_OUT_BY}{}", shown_as.display());
            return Ok(Exceptions { identities, domains, left, reasons, reason, said });
        }
        if unreadable > TOLD as u64 {
            problems.push(rules::except_more(shown_as, unreadable - TOLD as u64));
        }
        Err(problems)
    }

    /// Whether the person must not be mailed.
    pub fn has(&self, address: &Address) -> bool {
        let is_named = || self.identities.contains(&address.identity());
        (!self.identities.is_empty() && is_named()) || self.domains.contains(address.domain())
    }

    /// The identities of all of them.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        self.identities.iter().map(String::as_str)
    }

    /// The domains at which nobody must be mailed.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(String::as_str)
    }

    /// The identities of those whose own row says that they left.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.left.iter().map(String::as_str)
    }

    /// Why each of them is suppressed, where the file is our own list of those who are.
    pub fn reasons(&self) -> &BTreeMap<SuppressionSubject, SuppressionReason> {
        &self.reasons
    }

    /// What the rows say themselves.
    pub fn said(&self) -> RowsSaid {
        self.said
    }

    /// How many people and domains they are.
    pub fn len(&self) -> usize {
        self.identities.len() + self.domains.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Why somebody of them gets no mail: `left out by never.txt`.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A cell such as `@example.org`, also with the sign that keeps a spreadsheet from computing it.
fn domain(cell: &str) -> Option<String> {
    let name = cell.trim().trim_start_matches('\'').strip_prefix('@')?;
    let address = Address::parse(&format!("postmaster@{name}")).ok()?;
    Some(address.domain().to_owned())
}

/// One of several addresses in a line is none.
struct NotAnAddress;

/// Takes the addresses that stand beside the first one of a line.
fn further(cells: &[&str], identities: &mut BTreeSet<String>) -> Result<(), NotAnAddress> {
    for cell in cells {
        let found = email(cell).map_err(|_| NotAnAddress)?;
        identities.insert(found.address.identity());
    }
    Ok(())
}
