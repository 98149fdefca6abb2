//! Domains that turn us away as such. A reply 5.7.x is one recipient's, as long as others at the
//! same domain are let in; where nearly all are turned away it is us whom the domain does not want,
//! and asking the rest would only confirm it. Those wait for the next run, refused by nobody.
//!
//! Counts only; never decides what a reply means (that is `smtp::outcome`).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::delivery::ledger::Claimed;
use crate::smtp::outcome::{Failure, Scope};

/// Refusals for policy before a domain is left alone.
const LEAST: u32 = 10;
/// Of five answers since the first of them, so many must be refusals.
const OF_FIVE: u32 = 4;

/// What domains have answered, those that objected at least once.
#[derive(Debug, Default)]
pub(super) struct Objections {
    by_domain: Mutex<HashMap<String, Answers>>,
}

#[derive(Debug, Default)]
struct Answers {
    /// Refusals for policy.
    refused: u32,
    /// All answers since the first of them.
    all: u32,
    /// The last refusal.
    last: String,
}

impl Objections {
    /// `row` was refused.
    pub(super) fn refused(&self, row: &Claimed, failure: &Failure) {
        let reply = failure.reply.as_ref();
        let policy = reply.filter(|reply| reply.code >= 500 && reply.subject() == Some(7));
        match policy {
            Some(reply) if failure.scope == Scope::Recipient => {
                let mut by_domain = self.by_domain();
                let answers = by_domain.entry(domain(row)).or_default();
                answers.refused += 1;
                answers.all += 1;
                answers.last = reply.to_string();
            }
            _ => self.answered(row),
        }
    }

    /// `row` was accepted, or refused for something else.
    pub(super) fn answered(&self, row: &Claimed) {
        let mut by_domain = self.by_domain();
        // Most runs never have any.
        if by_domain.is_empty() {
            return;
        }
        if let Some(answers) = by_domain.get_mut(&domain(row)) {
            answers.all += 1;
        }
    }

    /// Why the domain of `row` is not to be asked, if it is not.
    pub(super) fn against(&self, row: &Claimed) -> Option<String> {
        let by_domain = self.by_domain();
        if by_domain.is_empty() {
            return None;
        }
        let domain = domain(row);
        let Answers { refused, all, last } = by_domain.get(&domain)?;
        let turned_away = *refused >= LEAST && refused * 5 >= all * OF_FIVE;
        turned_away.then(|| {
            format!(
                "not asked: {domain} refused {refused} of {all} for its policy, at last: {last}"
            )
        })
    }

    fn by_domain(&self) -> MutexGuard<'_, HashMap<String, Answers>> {
        self.by_domain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn domain(row: &Claimed) -> String {
    row.recipient.address().domain().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::ledger::turns::Earlier;
    use crate::message::address::Address;
    use crate::message::recipient::Recipient;
    use crate::smtp::outcome::Stage;
    use crate::smtp::reply::{EnhancedCode, Reply};

    fn row(address: &str) -> Claimed {
        let recipient = Recipient::new(Address::parse(address).unwrap(), [], []);
        Claimed { row: 1, revision: None, recipient, earlier: Earlier::default() }
    }

    fn failure(subject: u16, text: &str) -> Failure {
        let enhanced = Some(EnhancedCode { class: 5, subject, detail: 1 });
        let reply = Reply { code: 550, enhanced, text: text.to_owned() };
        let (stage, scope) = (Stage::Rcpt, Scope::Recipient);
        Failure { stage, scope, text: reply.to_string(), reply: Some(reply) }
    }

    #[test]
    fn a_domain_that_turns_nearly_everybody_away_is_left_alone() {
        let objections = Objections::default();
        let row = row("kim@Mail.example");
        for _ in 0..9 {
            objections.refused(&row, &failure(7, "blocked"));
        }
        assert_eq!(objections.against(&row), None);
        objections.refused(&row, &failure(7, "blocked"));
        let why = objections.against(&row).unwrap();
        assert!(why.contains("mail.example refused 10 of 10"), "{why}");
        assert!(why.ends_with("550 5.7.1 blocked"), "{why}");
        assert_eq!(objections.against(&self::row("kim@other.example")), None);
    }

    #[test]
    fn refusals_among_many_accepted_are_the_recipients_own() {
        let objections = Objections::default();
        let row = row("kim@mail.example");
        for _ in 0..20 {
            objections.refused(&row, &failure(7, "members only"));
            objections.answered(&row);
            objections.refused(&row, &failure(1, "unknown"));
        }
        assert_eq!(objections.against(&row), None);
    }
}
