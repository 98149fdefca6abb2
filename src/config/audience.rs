//! `[audience]` -> which list is used, and what columns of lists mean about consent.

use std::path::Path;

use crate::audience::consent::{ConsentColumn, Meaning, SaidIn};
use crate::diagnostic::Diagnostic;
use crate::files;
use crate::manifest::{Table, ValueKind};

/// Where the list is that is used without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudienceSource {
    /// `subscribers.csv`.
    File,
    /// The store.
    Store,
}

/// Whether issues go to a file of people, which no page changes. Nothing is asked of the store: where both
/// are there and nothing is said, nobody knows.
pub(super) fn is_in_file(source: Option<AudienceSource>, root: &Path) -> bool {
    match source {
        Some(AudienceSource::File) => true,
        Some(AudienceSource::Store) => false,
        None => files::is_there(&root.join("subscribers.csv")),
    }
}

pub(super) fn read(
    table: &mut Table,
    problems: &mut Vec<Diagnostic>,
) -> (Vec<ConsentColumn>, Option<AudienceSource>) {
    let mut section = table.table("audience");
    let source = section
        .choice("source", &[("file", AudienceSource::File), ("store", AudienceSource::Store)]);
    let mut columns = section.table("consent_columns");
    let mut said = Vec::new();
    for (name, value) in columns.take_rest() {
        let meaning = match &value.value {
            ValueKind::Text(word) => Meaning::read(word),
            _ => None,
        };
        let place = columns.place(&value.span);
        match meaning {
            Some(meaning) => {
                said.push(ConsentColumn {
                    name: name.value,
                    meaning,
                    said_in: SaidIn::Configuration,
                });
            }
            None => columns.report(
                Diagnostic::error(
                    "wrong-type",
                    format!("{:?} should be yes, no or ignore", name.value),
                )
                .at(place)
                .help(
                    "write \"yes\" if a true value means that the person may be mailed, \"no\" if \
                         it means that they must not, \"ignore\" if it is about something else",
                ),
            ),
        }
    }
    columns.finish(problems);
    section.finish(problems);
    (said, source)
}
