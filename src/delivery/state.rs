//! The states of a row, and the word that the ledger, the journal and JSON have for each.
//!
//! Exists so that no other file spells a state. A word that is none of them is an error: a row must
//! never count as waiting because somebody misspelt what became of it.

use crate::store::sql::{Bind, SqlCell, SqlColumn, SqlError, SqlValue};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// See `docs/ledger.md`, which says what moves a row from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Planned, and not attempted since.
    Pending,
    /// A run has it.
    Claimed,
    /// The relay took the message.
    Accepted,
    /// Not taken for now, or it is not known yet whom a refusal is about.
    Deferred,
    /// The relay refused the recipient for good.
    Refused,
    /// It is not known whether the relay took it.
    Uncertain,
    /// Not to be mailed any more.
    Suppressed,
}

/// A word that names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a row is in the state {0:?}, which this version of digest does not know; a newer one may have written it"
)]
pub struct UnknownState(String);

impl State {
    /// All of them, in the order in which a row goes through them.
    pub const ALL: [State; 7] = [
        State::Pending,
        State::Claimed,
        State::Accepted,
        State::Deferred,
        State::Refused,
        State::Uncertain,
        State::Suppressed,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Claimed => "claimed",
            State::Accepted => "accepted",
            State::Deferred => "deferred",
            State::Refused => "refused",
            State::Uncertain => "uncertain",
            State::Suppressed => "suppressed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<State, UnknownState> {
        let known = State::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| UnknownState(word.to_owned()))
    }
}

impl Bind for State {
    fn value(self) -> SqlValue {
        self.word().value()
    }

    fn none() -> SqlValue {
        String::none()
    }
}

impl SqlColumn<'_> for State {
    fn read(cell: SqlCell<'_>) -> Result<State, SqlError> {
        cell.text()?.parse().map_err(|error: UnknownState| SqlError::decode(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_one_word_everywhere() {
        for state in State::ALL {
            assert_eq!(state.word().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
    }

    #[test]
    fn another_word_is_no_state() {
        for word in ["", "Pending", "sent", "pending "] {
            assert_eq!(word.parse::<State>(), Err(UnknownState(word.to_owned())));
        }
        assert!(serde_json::from_str::<State>("\"sent\"").is_err());
    }

    #[test]
    fn the_document_has_a_row_for_each_state_and_for_no_other() {
        let document = include_str!("../../docs/ledger.md");
        let table = document.split("\n| State | Moved there by |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let first_cells: String = rows.map(|row| row.split('|').nth(1).unwrap()).collect();
        let mut words: Vec<&str> = first_cells.split('`').skip(1).step_by(2).collect();
        words.sort_unstable();
        words.dedup();
        let mut known = State::ALL.map(State::word);
        known.sort_unstable();
        assert_eq!(words, known);
    }
}
