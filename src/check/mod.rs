//! Rules over an issue, its composition and its readers: what composes without a complaint and
//! would still be a mistake in an inbox.
//!
//! A function per rule, each returning its own diagnostic with the author's place. Must never read
//! a file or send anything: what is looked at comes in as an argument.

mod head;
pub mod online;
mod size;
mod slots;

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::Composition;
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::message::recipient::Recipient;

/// Who a list holds, as far as the rules need to know it.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// The names of the list's columns, as slots call them.
    pub columns: &'a [String],
    /// How many people are on it.
    pub people: u64,
    /// Those without a value, for each of the fields that [`asked`] names.
    pub lacking: &'a BTreeMap<String, Lacking>,
}

/// People without a value in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// How many.
    pub count: u64,
    /// The addresses of the first [`EXAMPLES`].
    pub examples: Vec<String>,
}

/// How many addresses are shown as examples.
pub const EXAMPLES: usize = 3;

/// The fields of which the rules want to know who lacks them.
pub fn asked<'a>(composition: &'a Composition, columns: &[String]) -> BTreeSet<&'a str> {
    slots::asked(composition, columns)
}

/// Who lacks what, of people who are in memory.
pub fn lacking(
    composition: &Composition,
    columns: &[String],
    people: &[Recipient],
) -> BTreeMap<String, Lacking> {
    let without = |field: &str| {
        let without = people.iter().filter(|person| person.field(field).is_none());
        let first = without.clone().take(EXAMPLES).map(|person| person.address().as_str());
        Lacking { examples: first.map(str::to_owned).collect(), count: without.count() as u64 }
    };
    let asked = asked(composition, columns).into_iter();
    asked.map(|field| (field.to_owned(), without(field))).collect()
}

/// The rules about slots alone, for a composition whose files have changed since.
pub fn readers(composition: &Composition, audience: &Audience<'_>) -> Vec<Diagnostic> {
    slots::against_list(composition, audience)
}

/// Every rule; those about slots ask the list where there is one.
pub fn issue(
    issue: &Issue,
    composition: &Composition,
    audience: Option<Audience<'_>>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    problems.extend(head::subject_length(issue));
    problems.extend(head::preheader_missing(issue));
    problems.extend(head::preheader_length(issue));
    problems.extend(head::preheader_repeats_title(issue));
    problems.extend(size::html_size(issue, composition));
    match audience {
        Some(audience) => problems.extend(slots::against_list(composition, &audience)),
        None => problems.extend(slots::without_list(composition)),
    }
    problems
}
