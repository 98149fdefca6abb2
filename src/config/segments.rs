//! `[segment.board] only = "…"` -> the segments of the publication.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Place};
use crate::issue::only::{Only, segments};
use crate::issue::topics::Topic;
use crate::manifest::{Located, Table};

/// Segments of a publication.
const MOST: usize = 200;

/// What a segment has to be called.
const NAME: &str = "call it with small letters, digits, - and _, such as [segment.board]";

pub(super) fn read(
    table: &mut Table,
    topics: &[Topic],
    problems: &mut Vec<Diagnostic>,
) -> (BTreeMap<String, Only>, BTreeMap<String, Place>) {
    let mut section = table.table("segment");
    let mut written: BTreeMap<String, Located<String>> = BTreeMap::new();
    for (name, value) in section.take_rest() {
        let place = section.place(&name.span);
        if !Topic::is_name(&name.value) {
            let what = format!("a segment cannot be called {:?}", name.value);
            section.report(Diagnostic::error("segment", what).at(place).help(NAME));
            continue;
        }
        if written.len() == MOST {
            let what = format!("a publication can have {MOST} segments, and this is one too many");
            section.report(Diagnostic::error("segment", what).at(place).help("delete some"));
            break;
        }
        let mut segment = Table::new(section.source(), format!("[segment.{}]", name.value), value);
        let only = segment.required_text("only", "add only = \"tag:board\": who is meant");
        segment.finish(problems);
        written.extend(only.map(|only| (name.value, only)));
    }
    let texts = written.iter().map(|(name, only)| (name.clone(), only.value.clone())).collect();
    let (settled, wrong) = segments::settle(&texts, topics);
    for (name, error) in wrong {
        let Some(text) = written.get(&name) else { continue };
        let what = format!("segment {name}: {}", error.reason);
        let place = section.place(&column(section.source().text(), text, error.column));
        section.report(Diagnostic::error("segment", what).at(place).help(
            "write an expression as for --only, such as tag:board or segment:staff; \
             docs/reference.md has all forms",
        ));
    }
    let places = written.into_iter().map(|(name, only)| (name, section.place(&only.span)));
    let places = places.collect();
    section.finish(problems);
    (settled, places)
}

/// Where a character of a text stands in the file, as far as it is written there as it is.
fn column(source: &str, text: &Located<String>, column: usize) -> std::ops::Range<usize> {
    let written = source.get(text.span.clone()).unwrap_or_default();
    let at = text.value.char_indices().nth(column.saturating_sub(1)).map(|(at, _)| at);
    match (written.find(&text.value), at) {
        (Some(start), Some(at)) => {
            let start = text.span.start + start + at;
            start..start
        }
        _ => text.span.clone(),
    }
}
