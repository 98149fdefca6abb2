//! A subscriber file -> the staging table, in one pass and in a few kilobytes: what is wrong with its rows is
//! counted, and only the first problems are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::ledger::Ledger;
use super::ledger::staging::Entry;
use crate::audience::list::{self, Rows};
use crate::audience::only::{Only, Term};
use crate::audience::row::Row;
use crate::diagnostic::Diagnostic;
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
    /// The first rows that cannot be used, and then the first that are worth a look.
    pub problems: Vec<Diagnostic>,
    /// How many there are in all.
    pub problem_count: u64,
    /// Tags that were asked for, and that nobody has.
    pub unknown_tags: Vec<String>,
    /// The same for fields.
    pub unknown_fields: Vec<String>,
}

/// Why a list could not be read to its end.
#[derive(Debug)]
pub enum IntakeError {
    /// The file.
    List(Box<Diagnostic>),
    /// The temporary table.
    Store(StoreError),
}

impl From<StoreError> for IntakeError {
    fn from(error: StoreError) -> IntakeError {
        IntakeError::Store(error)
    }
}

/// Reads a list into the ledger's staging table; `shown` problems are kept.
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
    let mut warnings: Vec<Diagnostic> = rows.warnings().iter().take(shown).cloned().collect();
    found.problem_count = rows.warnings().len() as u64;
    let mut unmet: BTreeSet<Term<'_>> = only.iter().flat_map(|only| only.terms()).collect();
    let mut kept_rows = 0;
    let mut staging = ledger.begin_staging().await?;
    for row in &mut rows {
        match row.map_err(|problem| IntakeError::List(Box::new(problem)))? {
            Row::Kept { recipient, warnings: more, .. } => {
                found.problem_count += more.len() as u64;
                warnings.extend(more.into_iter().take(shown.saturating_sub(warnings.len())));
                unmet.retain(|term| !term.is_known_to(&recipient));
                kept_rows += 1;
                let outside = only.is_some_and(|only| !only.means(&recipient));
                staging.add(Entry::kept(&recipient, outside)).await?;
            }
            Row::Rejected(problem) => {
                found.rejected += 1;
                if found.problems.len() < shown {
                    found.problems.push(problem);
                }
            }
            Row::LeftOut { address, reason, .. } => {
                *found.left_out.entry(reason.to_owned()).or_default() += 1;
                if let Some(address) = address {
                    staging.add(Entry::left(&address, reason)).await?;
                }
            }
        }
    }
    found.people = staging.finish().await?;
    found.duplicates = kept_rows - found.people;
    found.problem_count += found.rejected;
    // Two exports put together call one person subscribed and unsubscribed: a no counts more.
    let (counts, first) = ledger.contradictions(i64::try_from(shown).unwrap_or(i64::MAX)).await?;
    for (reason, count) in counts {
        found.problem_count += count;
        *found.left_out.entry(reason).or_default() += count;
    }
    warnings.extend(first.iter().map(|one| list::contradiction(&path, &one.email, &one.reason)));
    found.problems.extend(warnings);
    found.problems.truncate(shown);
    for term in unmet {
        match term {
            Term::Tag(tag) => found.unknown_tags.push(tag.to_owned()),
            Term::Field(field) if found.columns.iter().any(|column| column == field) => {}
            Term::Field(field) => found.unknown_fields.push(field.to_owned()),
        }
    }
    Ok(found)
}
