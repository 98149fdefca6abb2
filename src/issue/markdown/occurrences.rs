//! Where slots stand in a text, and which of them came into the letter.
//!
//! Exists because Markdown reads some texts and shows them nowhere: the title of a link, the label
//! of a reference, the words behind a fence. A slot there would be lost, and nobody would know.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::issue::slot::{self, Piece};

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// Those that came nowhere yet, by the index of the slot: where each starts and ends. A text may
    /// have one slot ten thousand times.
    unseen: HashMap<usize, BTreeMap<usize, usize>>,
}

impl Occurrences {
    /// Those of a shielded text.
    pub(super) fn of(shielded: &str) -> Occurrences {
        let mut found = Occurrences::default();
        if !slot::has_slot(shielded) {
            return found;
        }
        let pieces = slot::pieces_at(shielded);
        for (at, (start, piece)) in pieces.iter().enumerate() {
            let Piece::Slot(index) = piece else { continue };
            let end = pieces.get(at + 1).map_or(shielded.len(), |(next, _)| *next);
            found.unseen.entry(*index).or_default().insert(*start, end);
        }
        found
    }

    /// The slots of `shielded` are in the letter, or have been told; it was read from `span`. What a
    /// reference takes from its definition stands elsewhere, and some columns are not exact.
    pub(super) fn saw(&mut self, shielded: &str, span: &Range<usize>) {
        if !slot::has_slot(shielded) {
            return;
        }
        for piece in slot::pieces(shielded) {
            let Piece::Slot(index) = piece else { continue };
            let Some(unseen) = self.unseen.get_mut(&index) else { continue };
            let here = unseen.range(span.start..span.end.max(span.start)).next();
            if let Some(start) = here.or_else(|| unseen.last_key_value()).map(|(start, _)| *start) {
                unseen.remove(&start);
            }
        }
    }

    /// Those that came nowhere, in the order of the text.
    pub(super) fn lost(&self) -> Vec<Range<usize>> {
        let mut lost: Vec<Range<usize>> =
            self.unseen.values().flatten().map(|(start, end)| *start..*end).collect();
        lost.sort_by_key(|span| span.start);
        lost
    }
}
