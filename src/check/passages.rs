//! Passages for some readers against what readers have: a tag or field that nobody has is usually a
//! slip, and then nobody reads the passage, or everybody.

use std::collections::BTreeSet;

use super::Audience;
use super::view::View;
use crate::compose::{Composition, Segment};
use crate::diagnostic::{Diagnostic, nearest};
use crate::issue::only::{Only, Term};

/// Tags and columns that are named to somebody who has named another.
const NAMED: usize = 8;

/// The fields that passages ask about and that are no column of the list.
pub(super) fn asked(composition: &Composition, columns: &[String]) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for segment in &composition.html {
        let Segment::When(text) = segment else { continue };
        for term in Only::of_passage(text).terms() {
            if let Term::Field(field) = term {
                fields.insert(field.to_owned());
            }
        }
    }
    fields.retain(|field| field != "email" && !columns.contains(field));
    fields
}

/// The rule `only-unknown`.
pub(super) fn against_list(view: &View<'_>, audience: &Audience<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    // Of a passage and its `else`, one is told.
    let mut told: BTreeSet<(usize, String)> = BTreeSet::new();
    for (spot, text) in &view.author.only {
        for term in Only::of_passage(text).terms() {
            let found = match term {
                Term::Tag(tag) => unknown_tag(tag, audience),
                Term::Field(field) => unknown_field(field, audience),
                Term::Value(..) => None,
            };
            let Some((what, needle, help)) = found else { continue };
            let start = spot.stretch().map_or(0, |(_, span)| span.start);
            if !told.insert((start, needle.clone())) {
                continue;
            }
            problems
                .push(Diagnostic::warning("only-unknown", what).at(spot.of(&needle)).help(help));
        }
    }
    problems
}

/// What is wrong, what to look for in the text, and what to do.
type UnknownTerm = (String, String, String);

fn unknown_tag(tag: &str, audience: &Audience<'_>) -> Option<UnknownTerm> {
    let tags = audience.tags?;
    if tags.contains(&tag.to_lowercase()) {
        return None;
    }
    let what = format!("nobody on the list has the tag {tag}");
    Some((what, format!("tag:{tag}"), meant(tag, tags.iter().map(String::as_str), "tags")))
}

fn unknown_field(field: &str, audience: &Audience<'_>) -> Option<UnknownTerm> {
    let columns = audience.columns.iter().map(String::as_str);
    let lacking = audience.lacking.get(field)?;
    if columns.clone().any(|column| column == field) || lacking.count < audience.people {
        return None;
    }
    let what = format!("the list has no column {field}");
    Some((what, field.to_owned(), meant(field, columns, "columns")))
}

fn meant<'a>(given: &str, known: impl Iterator<Item = &'a str> + Clone, kind: &str) -> String {
    match nearest(given, known.clone()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => {
            let named: Vec<&str> = known.filter(|name| !name.is_empty()).take(NAMED).collect();
            if named.is_empty() {
                return format!("the list has no {kind}");
            }
            format!("{kind} of the list: {}", named.join(", "))
        }
    }
}
