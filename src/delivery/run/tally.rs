//! What a run has written to its journal, counted: what is left to say where the ledger cannot be
//! asked any more.

use std::collections::HashSet;

use crate::delivery::id::RowId;
use crate::delivery::journal::Settled;
use crate::delivery::ledger::overview::Counts;
use crate::delivery::state::State;

/// See the file's head. A person counts once.
#[derive(Debug, Default)]
pub(super) struct RunTally {
    counts: Counts,
    /// Who was put off: the next attempt takes them out again.
    put_off: HashSet<RowId>,
}

impl RunTally {
    /// One more outcome. Who was not asked about stands in no journal.
    pub(super) fn add(&mut self, settled: &Settled) {
        if settled.unasked {
            return;
        }
        if self.put_off.remove(&settled.row) {
            self.counts.deferred -= 1;
        }
        match settled.state {
            State::Accepted => self.counts.accepted += 1,
            State::Refused => self.counts.refused += 1,
            State::Uncertain => self.counts.uncertain += 1,
            State::Deferred => {
                self.counts.deferred += 1;
                self.put_off.insert(settled.row);
            }
            State::Pending | State::Claimed | State::Suppressed => {}
        }
    }

    /// How many have which outcome.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_tried_again_counts_once() {
        let mut tally = RunTally::default();
        let mut add = |row, state, unasked| {
            tally.add(&Settled {
                row: RowId(row),
                state,
                code: None,
                enhanced: None,
                text: String::new(),
                at: String::new(),
                message_id: String::new(),
                retry: None,
                stage: None,
                unasked,
            });
        };
        add(1, State::Deferred, false);
        add(2, State::Deferred, false);
        add(1, State::Accepted, false);
        add(2, State::Deferred, false);
        add(3, State::Uncertain, false);
        add(4, State::Deferred, true);
        let expected = Counts { accepted: 1, deferred: 1, uncertain: 1, ..Counts::default() };
        assert_eq!(tally.counts(), expected);
        let before = Counts { planned: 9, pending: 7, deferred: 2, ..Counts::default() };
        let after = before.and(expected);
        let sum = after.accepted + after.deferred + after.uncertain + after.pending;
        assert_eq!((sum, after.accepted, after.pending), (9, 1, 6));
    }
}
