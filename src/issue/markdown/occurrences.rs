//! Where slots stand in a text, and which of them came into the letter.
//!
//! Exists because Markdown reads some texts and shows them nowhere: the title of a link, the label
//! of a reference, the words behind a fence. A slot there would be lost, and nobody would know.

use std::collections::HashMap;
use std::ops::Range;

use crate::issue::slot::{self, Piece};

#[derive(Debug)]
struct Occurrence {
    /// The slot's bytes in the text.
    span: Range<usize>,
    is_seen: bool,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// By the index of the slot, in the order of the text.
    by_slot: HashMap<usize, Vec<Occurrence>>,
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
            let occurrence = Occurrence { span: *start..end, is_seen: false };
            found.by_slot.entry(*index).or_default().push(occurrence);
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
            let Some(all) = self.by_slot.get_mut(&index) else { continue };
            let first = all.partition_point(|one| one.span.start < span.start);
            let within = all[first..].iter().take_while(|one| one.span.start < span.end).count();
            let unseen = |one: &Occurrence| !one.is_seen;
            let here = all[first..first + within].iter().position(unseen).map(|at| first + at);
            if let Some(at) = here.or_else(|| all.iter().rposition(unseen)) {
                all[at].is_seen = true;
            }
        }
    }

    /// Those that came nowhere, in the order of the text.
    pub(super) fn lost(&self) -> Vec<Range<usize>> {
        let all = self.by_slot.values().flatten();
        let mut lost: Vec<Range<usize>> =
            all.filter(|one| !one.is_seen).map(|one| one.span.clone()).collect();
        lost.sort_by_key(|span| span.start);
        lost
    }
}
