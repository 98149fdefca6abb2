//! `[topic.…]` and `[segment.…]` of digest.toml against the issues and the list: a name that nothing
//! has is usually a slip.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, nearest};
use crate::issue::Publication;
use crate::issue::load::Headline;
use crate::issue::only::Term;
use crate::issue::topics;

/// The rule `topic-unused`. A name that is written almost so is told where it is written.
pub fn unused_topics(publication: &Publication, issues: &[Headline]) -> Vec<Diagnostic> {
    let names: Vec<&str> = publication.topics.iter().map(|topic| topic.name.as_str()).collect();
    let written = issues.iter().flat_map(|issue| &issue.topics).map(|name| name.trim());
    let used: BTreeSet<&str> = written
        .filter_map(|name| {
            names.contains(&name).then_some(name).or_else(|| nearest(name, names.iter().copied()))
        })
        .collect();
    let unused = publication.topics.iter().filter(|topic| !used.contains(topic.name.as_str()));
    unused
        .map(|topic| {
            let what = format!("no section of any issue has the topic {:?}", topic.name);
            Diagnostic::warning("topic-unused", what).at(topic.place.clone()).help(format!(
                "write topic = {:?} below the [[section]] that is about it, or delete the topic",
                topic.name
            ))
        })
        .collect()
}

/// The rule `segment-unknown`: what segments ask about and nobody on the list has. `tags` are in small
/// letters, where they are known.
pub fn segments(
    publication: &Publication,
    columns: &[String],
    tags: Option<&BTreeSet<String>>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (name, only) in &publication.segments {
        let Some(place) = publication.segment_places.get(name) else { continue };
        for term in only.terms() {
            let (what, meant) = match (term, tags) {
                (Term::Tag(tag), Some(tags)) if !tags.contains(&tag.to_lowercase()) => {
                    (format!("the tag {tag}"), nearest(tag, tags.iter().map(String::as_str)))
                }
                (Term::Field(field), _)
                    if !["email", topics::FIELD].contains(&field)
                        && columns.iter().all(|column| column != field) =>
                {
                    (format!("a {field}"), nearest(field, columns.iter().map(String::as_str)))
                }
                _ => continue,
            };
            let what = format!("segment {name}: nobody on the list has {what}");
            let help = meant
                .map_or("correct the name".to_owned(), |meant| format!("did you mean {meant}?"));
            problems
                .push(Diagnostic::warning("segment-unknown", what).at(place.clone()).help(help));
        }
    }
    problems
}
