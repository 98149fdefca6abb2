//! Passages for some readers against what readers have: a tag or field that nobody has is usually a
//! slip, and then nobody reads the passage, or everybody. And against whoever looks at a preview: a
//! passage that is hidden from them alone is read by nobody before it is sent.

use std::collections::BTreeSet;

use super::Audience;
use super::author::Author;
use super::view::View;
use crate::compose::{Composition, Segment};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::issue::Issue;
use crate::issue::only::{Only, Term, Traits};

/// Tags and columns that are named to somebody who has named another.
const NAMED: usize = 8;

/// The passages that a reader does not get: where each stands, and for whom it is.
pub fn left_out(issue: &Issue, reader: &impl Traits) -> Vec<(Place, String)> {
    let passages = Author::new(issue).only.into_iter();
    let others = passages.filter(|(_, text)| !Only::of_passage(text).means(reader));
    others.map(|(spot, text)| (spot.start(), shown_condition(text))).collect()
}

/// For whom the passages of a composition are, each once, as an author writes it. A passage in another
/// one is for those who get both. What depends on topics alone is told by [`topics`].
pub fn conditions(composition: &Composition) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut around: Vec<Option<String>> = Vec::new();
    for segment in &composition.html {
        match segment {
            Segment::When(text) => {
                let own = Some(text).filter(|text| !Only::is_filled(text));
                around.push(own.map(|text| shown_condition(text)));
                let own = own.filter(|text| !Only::of_passage(text).is_of_topics());
                let whole: Vec<&str> = around.iter().flatten().map(String::as_str).collect();
                let shown = match &whole[..] {
                    [one] => (*one).to_owned(),
                    several => {
                        let each = several.iter().map(|one| format!("({one})"));
                        each.collect::<Vec<_>>().join(" and ")
                    }
                };
                if own.is_some() && !all.contains(&shown) {
                    all.push(shown);
                }
            }
            Segment::EndWhen => drop(around.pop()),
            Segment::Literal(_) | Segment::Slot(..) => {}
        }
    }
    all
}

/// The topics of the sections and passages of a composition, in order.
pub fn topics(composition: &Composition) -> Vec<String> {
    let mut topics: Vec<String> = Vec::new();
    for segment in &composition.html {
        let Segment::When(text) = segment else { continue };
        for term in Only::of_passage(text).terms() {
            let Term::Topic(topic) = term else { continue };
            if !topics.iter().any(|known| known == topic) {
                topics.push(topic.to_owned());
            }
        }
    }
    topics
}

/// A passage for a tag has only its name.
fn shown_condition(text: &str) -> String {
    match text.parse::<Only>() {
        Ok(_) => text.to_owned(),
        Err(_) if text.contains(char::is_whitespace) => format!("tag:\"{text}\""),
        Err(_) => format!("tag:{text}"),
    }
}

/// The rule `only-email`.
pub(super) fn about_one(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for (spot, text) in &view.author.only {
        let only = Only::of_passage(text);
        let needle = only.terms().into_iter().find_map(|term| match term {
            Term::Field("email") => Some("email"),
            Term::Value(_, value) if value.contains('@') => Some(value),
            _ => None,
        });
        let Some(needle) = needle else { continue };
        // A passage and its `else` are one.
        if told.insert(spot.stretch().map_or(0, |(_, span)| span.start)) {
            let what = "who gets this passage depends on an email address";
            problems.push(Diagnostic::warning("only-email", what).at(spot.of(needle)).help(
                "a passage for or without one person is not seen in a preview; write a tag, such as \
                 tag:press, or write the person a mail",
            ));
        }
    }
    problems
}

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
                Term::Value(..) | Term::Topic(_) => None,
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
