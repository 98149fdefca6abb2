//! Who gets the issue, and who does not and why, in numbers: what a person is asked about.

use std::collections::BTreeMap;

use crate::audience::suppression::SuppressionReason;
use crate::delivery::intake::Intake;
use crate::delivery::ledger::got::GotIssue;
use crate::delivery::ledger::staging::Census;
use crate::delivery::ledger::wishes::Reopened;
use crate::delivery::state::State;

/// See the file's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// People who are to get it.
    pub to_send: u64,
    /// Of those who have it or may have it, those who do so under an earlier address.
    pub moved: u64,
    /// Of those who are to get it, who have it and get a further copy.
    pub copies: u64,
    /// People of the list who were not asked for.
    pub outside: u64,
    /// It tells of a correction: of the list, those alone are asked for who got the text as it was.
    pub corrects: bool,
    /// Those who have it.
    pub accepted: u64,
    /// Those whom the relay refused for good, and those who were given up.
    pub refused: u64,
    /// Of these, those who were given up, because the relay said "not now" for too long.
    pub given_up: u64,
    /// Those who may have it, and who are not sent to again.
    pub uncertain: u64,
    /// Rows of the ledger that wait, whether or not the list still has them.
    pub waiting: u64,
    /// People who wait and whom the list does not have, or has as a row that cannot be used: this
    /// send leaves them out.
    pub leaving: u64,
    /// Of these, those whom the list does not have at all: about whom no relay was ever asked, and
    /// about whom one was.
    pub missing: (u64, u64),
    /// People who have it or may have it, and how many of them are in the list. They are counted only
    /// where somebody who waits is leaving.
    pub had: (u64, u64),
    /// People of the list who were not asked for and may have it.
    pub uncertain_outside: u64,
    /// People who may have it and whom the list does not have any more: no send goes to them.
    pub uncertain_gone: u64,
    /// Rows of the list that repeat a person.
    pub duplicates: u64,
    /// Rows of the list that cannot be used.
    pub rejected: u64,
    /// Rows and people left out, by what the list says of them.
    pub left_out: BTreeMap<String, u64>,
    /// People whom the list keeps, and for whom the issue has no section.
    pub unserved: u64,
    /// Of each issue that `got:` asks about, how many people have it.
    pub got: Vec<GotIssue>,
    /// People whom the list keeps and who are suppressed, by the reason.
    pub suppressed: BTreeMap<SuppressionReason, u64>,
    /// People who are to get it in the largest domains, the largest first.
    pub domains: Vec<(String, u64)>,
    /// How many domains there are, named or not.
    pub domain_count: u64,
}

/// For whom a passage of the issue is, and how many people of the list get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassageCount {
    /// The condition, as an author writes it.
    pub only: String,
    /// How many get it.
    pub people: u64,
    /// Of so many whom the send is for.
    pub of: u64,
}

/// How many people of the list get the issue with the same sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantCount {
    /// The topics whose sections they do not get.
    pub without: Vec<String>,
    /// How many they are.
    pub people: u64,
}

/// Who gets which parts of the issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartCounts {
    /// Of the first passages that are for some.
    pub passages: Vec<PassageCount>,
    /// By the sections that people get, the most first; nothing where no section has a topic.
    pub variants: Vec<VariantCount>,
}

impl Plan {
    /// Of a list beside the ledger. Those who are `reopened` are sent to again.
    pub(super) fn new(intake: &Intake, census: Census, reopened: Reopened) -> Plan {
        let state = |state| census.states.get(&state).copied().unwrap_or(0);
        let all = census.states.values().sum::<u64>() + census.new;
        let accepted = state(State::Accepted);
        let refused = if reopened.refused { 0 } else { state(State::Refused) };
        let uncertain = if reopened.uncertain { 0 } else { state(State::Uncertain) };
        Plan {
            to_send: all - accepted - refused - uncertain,
            moved: census.moved,
            copies: census.copies,
            outside: census.outside,
            corrects: false,
            accepted,
            refused,
            given_up: if reopened.refused { 0 } else { census.given_up },
            uncertain,
            waiting: census.waiting,
            leaving: census.leaving,
            missing: (census.untried, census.tried),
            had: census.had,
            uncertain_outside: census.uncertain_outside,
            uncertain_gone: census.uncertain_gone,
            duplicates: intake.duplicates,
            rejected: intake.rejected,
            left_out: intake.left_out.clone(),
            unserved: intake.unserved,
            got: intake.got.clone(),
            suppressed: intake.suppressed.reasons.clone(),
            domains: census.domains,
            domain_count: census.domain_count,
        }
    }

    /// The same with one person who has the issue and is to get a further copy.
    pub(super) fn with_copy(mut self, domain: &str) -> Plan {
        self.to_send += 1;
        self.copies += 1;
        self.accepted = self.accepted.saturating_sub(1);
        self.domains = vec![(domain.to_owned(), 1)];
        self.domain_count = 1;
        self
    }

    /// Whether all who still wait in the ledger have left the list.
    pub fn only_leavers_wait(&self) -> bool {
        self.to_send == 0 && self.waiting > 0
    }
}
