//! A subscriber file -> the staging table, in one pass and in a few kilobytes: the only reader of
//! lists. `check`, `test`, `render`, `plan` and `send` all come through here.
//!
//! What is wrong with rows is counted, and only the first problems of each rule are kept. Must never
//! drop a row that it stages without a count or a problem that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use super::ledger::Ledger;
use super::ledger::staging::{StagedRow, Standing};
use crate::audience::list::{self, Rows};
use crate::audience::near::NearAddress;
use crate::audience::only::{Only, TermsToMeet, UnmetTerm};
use crate::audience::row::Row;
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::message::address::Address;
use crate::store::StoreError;

/// What was found in a list.
#[derive(Debug, Default)]
pub struct Intake {
    /// The names of its columns, as slots call them.
    pub columns: Vec<String>,
    /// People whom it keeps, each once, also those who are left out for a no elsewhere.
    pub people: u64,
    /// Rows that repeat one of them.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Rows and people left out, by what the list says of them.
    pub left_out: BTreeMap<String, u64>,
    /// The first rows that cannot be used, and then the first that are worth a look. Where there
    /// are more of a rule, its last one says how many.
    pub problems: Vec<Diagnostic>,
    /// Tags and values of fields that were asked for, and that nobody has.
    pub unmet: Vec<UnmetTerm>,
    /// Fields that were asked for, and that nobody has.
    pub unknown_fields: Vec<String>,
}

/// Why a list could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file.
    #[error("{}", .0.message)]
    List(Box<Diagnostic>),
    /// The temporary table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Diagnostic> for IntakeError {
    fn from(problem: Diagnostic) -> IntakeError {
        IntakeError::List(Box::new(problem))
    }
}

/// Reads a list into the ledger's staging table. `shown` problems of each rule are kept.
///
/// # Errors
/// The file cannot be read to its end, or the staging table not be written.
pub async fn stage<R: Read>(
    ledger: &Ledger,
    mut rows: Rows<R>,
    only: Option<&Only>,
    shown: usize,
) -> Result<Intake, IntakeError> {
    let mut found =
        Intake { columns: rows.field_names().map(str::to_owned).collect(), ..Intake::default() };
    let path = rows.path().to_owned();
    let mut problems = Problems { shown, ..Problems::default() };
    rows.warnings().iter().cloned().for_each(|warning| problems.add(warning));
    let mut terms = TermsToMeet::of(only);
    let mut kept_rows = 0;
    let mut staging = ledger.begin_staging().await?;
    for row in &mut rows {
        match row? {
            Row::Kept { recipient, warnings, .. } => {
                warnings.into_iter().for_each(|warning| problems.add(warning));
                terms.meet(&recipient);
                kept_rows += 1;
                let outside = only.is_some_and(|only| !only.means(&recipient));
                staging.add(StagedRow::kept(&recipient, outside)).await?;
            }
            Row::Rejected(problem) => {
                found.rejected += 1;
                problems.add(problem);
            }
            Row::LeftOut { address, reason, person, .. } => {
                // A tag of people who have all left is none that was mistyped.
                person.iter().for_each(|person| terms.meet(person));
                *found.left_out.entry(reason.to_owned()).or_default() += 1;
                if let Some(address) = address {
                    staging.add(StagedRow::left(&address, reason)).await?;
                }
            }
        }
    }
    found.people = staging.finish().await?;
    found.duplicates = kept_rows - found.people;
    // Two exports put together call one person subscribed and unsubscribed: a no counts more.
    let (counts, first) = ledger.contradictions(i64::try_from(shown).unwrap_or(i64::MAX)).await?;
    let all: u64 = counts.values().sum();
    for (reason, count) in counts {
        *found.left_out.entry(reason).or_default() += count;
    }
    let contradiction = first.iter().map(|one| list::contradiction(&path, &one.email, &one.reason));
    contradiction.for_each(|problem| problems.add(problem));
    problems.count("list-contradiction", Severity::Warning, all - first.len() as u64);
    found.problems = problems.in_order(&path);
    found.unmet = terms.unmet();
    found.unknown_fields = terms.unknown_fields(&found.columns);
    Ok(found)
}

/// What a list says of each of `addresses`, and its address that is written almost like that. The whole list is read, because its last row may say
/// that somebody has left, but only the rows of these people are kept.
///
/// # Errors
/// The file cannot be read to its end, or the staging table not be written.
pub async fn find<R: Read>(
    ledger: &Ledger,
    rows: Rows<R>,
    addresses: &[Address],
) -> Result<Vec<(Standing, Option<String>)>, IntakeError> {
    let wanted: BTreeSet<String> = addresses.iter().map(Address::identity).collect();
    let is_wanted = |address: &Address| wanted.contains(&address.identity());
    let mut near: Vec<NearAddress> = addresses.iter().map(NearAddress::to).collect();
    let mut staging = ledger.begin_staging().await?;
    for row in rows {
        match row? {
            Row::Kept { recipient, .. } if is_wanted(recipient.address()) => {
                staging.add(StagedRow::kept(&recipient, false)).await?;
            }
            Row::Kept { recipient, .. } => {
                let address = recipient.address();
                near.iter_mut().for_each(|near| near.see(address.as_str(), &address.identity()));
            }
            Row::LeftOut { address: Some(address), reason, .. } if is_wanted(&address) => {
                staging.add(StagedRow::left(&address, reason)).await?;
            }
            Row::LeftOut { .. } | Row::Rejected(_) => {}
        }
    }
    staging.finish().await?;
    let mut found = Vec::with_capacity(addresses.len());
    for (address, near) in addresses.iter().zip(near) {
        found.push((ledger.standing(address).await?, near.found()));
    }
    Ok(found)
}

/// The first problems of each rule, and how many there are.
#[derive(Debug, Default)]
struct Problems {
    shown: usize,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    counts: BTreeMap<(&'static str, Severity), u64>,
}

impl Problems {
    fn add(&mut self, problem: Diagnostic) {
        self.count(problem.rule, problem.severity, 1);
        let count = self.counts.get(&(problem.rule, problem.severity)).copied().unwrap_or(0);
        if count > self.shown as u64 {
            return;
        }
        match problem.severity {
            Severity::Error => self.errors.push(problem),
            Severity::Warning => self.warnings.push(problem),
        }
    }

    fn count(&mut self, rule: &'static str, severity: Severity, number: u64) {
        *self.counts.entry((rule, severity)).or_default() += number;
    }

    /// Errors and then warnings, each as they came; behind either, one for each rule that has more.
    fn in_order(self, path: &Path) -> Vec<Diagnostic> {
        let Problems { shown, mut errors, mut warnings, counts } = self;
        for ((rule, severity), count) in counts {
            let more = count.saturating_sub(shown as u64);
            let what = match more {
                1 => "1 more problem of this kind is not listed".to_owned(),
                more => format!("{more} more problems of this kind are not listed"),
            };
            let place = Place::File(path.to_owned());
            match severity {
                _ if more == 0 => {}
                Severity::Error => errors.push(Diagnostic::error(rule, what).at(place)),
                Severity::Warning => warnings.push(Diagnostic::warning(rule, what).at(place)),
            }
        }
        errors.append(&mut warnings);
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_problems_of_each_rule_are_kept_and_the_others_counted() {
        let mut problems = Problems { shown: 2, ..Problems::default() };
        for at in 0..5 {
            problems.add(Diagnostic::error("row-address", format!("a{at}")));
        }
        problems.add(Diagnostic::warning("row-role", "b"));
        problems.add(Diagnostic::error("row-cells", "c"));
        let listed: Vec<_> = problems
            .in_order(Path::new("list.csv"))
            .iter()
            .map(|problem| format!("{} {}", problem.rule, problem.message))
            .collect();
        assert_eq!(
            listed,
            [
                "row-address a0",
                "row-address a1",
                "row-cells c",
                "row-address 3 more problems of this kind are not listed",
                "row-role b",
            ]
        );
    }
}
