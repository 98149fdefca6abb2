//! A report, its evidence, the policy and what is known of the person -> what happens. Pure.
//!
//! To call a good address bad costs a reader. So nothing happens without a evidence, and what is said of
//! the sender or of the message is never held against an address.

use serde::Serialize;

use super::policy::BouncePolicy;
use crate::audience::suppression::SuppressionReason;
use crate::bounce::reason::{BounceClass, BounceReason};
use crate::diagnostic::counted;

/// What shows that a report is about a mail of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportEvidence {
    /// The token of the reverse-path of that mail, which the mail itself does not show.
    ReversePath,
    /// The Message-ID of that mail: whoever got the mail knows it.
    MessageId,
    /// The same, of a mail whose reverse-path has a token that this report does not bring along. Who
    /// saw an answer to the mail knows its Message-ID, too (In-Reply-To, References).
    #[serde(rename = "message-id")]
    MessageIdAlone,
    /// The unsubscribe token of that mail: whoever got the mail knows it.
    UnsubscribeToken,
    /// Our relay said it while the mail was sent.
    Reply,
    /// The provider that carried the mail said it, and has proven that it is that provider.
    Provider,
}

impl ReportEvidence {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            ReportEvidence::ReversePath => "the token of the reverse-path",
            ReportEvidence::MessageId | ReportEvidence::MessageIdAlone => "the Message-ID",
            ReportEvidence::UnsubscribeToken => "the unsubscribe token",
            ReportEvidence::Reply => "the reply of the relay",
            ReportEvidence::Provider => "the word of the provider",
        }
    }
}

/// What of a report counts here.
#[derive(Clone, Debug)]
pub struct DecisionFacts<'a> {
    /// Its class.
    pub class: BounceClass,
    /// Its reason.
    pub reason: BounceReason,
    /// Codes and words, for the history: `550 5.1.1 no such user`.
    pub said: &'a str,
    /// What shows that it is about a mail of ours to this person.
    pub evidence: Option<ReportEvidence>,
    /// Whether somebody with this address has had mail of ours: of a wish without a token.
    pub is_known: bool,
    /// Whether it was written before the person was released for the last time.
    pub is_before_release: bool,
}

/// What was counted against a person before, since the last release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BounceHistory {
    /// Hard bounces.
    pub hard: u32,
    /// Soft ones, within the time of the policy.
    pub soft: u32,
    /// Complaints.
    pub complaints: u32,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BounceOutcome {
    /// The person gets no mail any more.
    Suppressed,
    /// It is counted, and more of them would suppress the person.
    Counted,
    /// A person has to decide.
    Undecided,
    /// Nothing shows that it is about a mail of ours, so nothing happens.
    Unproven,
    /// There is nothing to do.
    Nothing,
}

impl BounceOutcome {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            BounceOutcome::Suppressed => "suppressed",
            BounceOutcome::Counted => "counted",
            BounceOutcome::Undecided => "undecided",
            BounceOutcome::Unproven => "unproven",
            BounceOutcome::Nothing => "nothing",
        }
    }
}

/// What happens, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BounceDecision {
    /// What.
    pub outcome: BounceOutcome,
    /// Why somebody is suppressed, if they are.
    pub suppress: Option<SuppressionReason>,
    /// Why, in words.
    pub why: String,
}

impl BounceDecision {
    pub(super) fn new(outcome: BounceOutcome, why: impl Into<String>) -> BounceDecision {
        BounceDecision { outcome, suppress: None, why: why.into() }
    }

    fn suppress(reason: SuppressionReason, why: String) -> BounceDecision {
        BounceDecision {
            suppress: Some(reason),
            ..BounceDecision::new(BounceOutcome::Suppressed, why)
        }
    }
}

/// Decides.
pub fn decide(
    facts: &DecisionFacts<'_>,
    history: BounceHistory,
    policy: &BouncePolicy,
) -> BounceDecision {
    match facts.class {
        BounceClass::Autoreply => nothing("a program has answered"),
        BounceClass::Delivered => nothing("the message has arrived"),
        BounceClass::None => nothing("this is no report"),
        BounceClass::Unsubscribe => wish(facts),
        BounceClass::Complaint if facts.reason == BounceReason::Authentication => {
            nothing("it is about signatures, and no reader complains")
        }
        BounceClass::Hard | BounceClass::Soft | BounceClass::Complaint
            if facts.evidence.is_none() =>
        {
            BounceDecision::new(
                BounceOutcome::Unproven,
                "nothing in it shows that it is about a mail of this publication to this person",
            )
        }
        BounceClass::Soft if is_about_the_sender(facts.reason) => {
            nothing("it is about the sender or the message, and not about the address")
        }
        BounceClass::Hard | BounceClass::Soft | BounceClass::Complaint
            if facts.is_before_release =>
        {
            nothing("it was written before the person was released")
        }
        BounceClass::Hard | BounceClass::Soft | BounceClass::Complaint
            if facts.evidence == Some(ReportEvidence::MessageIdAlone) =>
        {
            BounceDecision::new(
                BounceOutcome::Undecided,
                "it has the Message-ID of the mail and no token of its reverse-path, and whoever saw \
                 an answer to the mail knows its Message-ID",
            )
        }
        BounceClass::Hard => {
            counted_or(facts, (history.hard, policy.hard), SuppressionReason::HardBounce)
        }
        BounceClass::Complaint => {
            counted_or(facts, (history.complaints, policy.complaint), SuppressionReason::Complaint)
        }
        BounceClass::Soft => soft(facts, history, policy),
    }
}

fn nothing(why: &str) -> BounceDecision {
    BounceDecision::new(BounceOutcome::Nothing, why)
}

/// Who asks to leave by a token of ours leaves, whatever address the mail came from.
fn wish(facts: &DecisionFacts<'_>) -> BounceDecision {
    if facts.evidence == Some(ReportEvidence::UnsubscribeToken) {
        let why = "asked to leave by mail, with the token of a mail".to_owned();
        return BounceDecision::suppress(SuppressionReason::Unsubscribed, why);
    }
    if facts.evidence == Some(ReportEvidence::Provider) {
        let why = "left by the provider that carries the mail".to_owned();
        return BounceDecision::suppress(SuppressionReason::Unsubscribed, why);
    }
    let why = if facts.is_known {
        "asks to leave without a token, and anybody can write this address as sender"
    } else {
        "asks to leave without a token, and no mail of this ledger went to this address"
    };
    BounceDecision::new(BounceOutcome::Undecided, why)
}

fn counted_or(
    facts: &DecisionFacts<'_>,
    (before, most): (u32, u32),
    reason: SuppressionReason,
) -> BounceDecision {
    let (number, said) = (before.saturating_add(1), facts.said);
    let what = match facts.class {
        BounceClass::Complaint => "the mail was reported as unwanted",
        _ => facts.reason.words(),
    };
    let why = if said.is_empty() { what.to_owned() } else { format!("{what}: {said}") };
    if number >= most {
        return BounceDecision::suppress(reason, why);
    }
    BounceDecision::new(BounceOutcome::Counted, format!("{number} of {most}; {why}"))
}

fn soft(
    facts: &DecisionFacts<'_>,
    history: BounceHistory,
    policy: &BouncePolicy,
) -> BounceDecision {
    let (number, limit) = (history.soft.saturating_add(1), policy.soft);
    let (what, said) = (facts.reason.words(), facts.said);
    let last = if said.is_empty() { what.to_owned() } else { format!("{what}: {said}") };
    if number >= limit.count {
        let bounces = counted(u64::from(number), "soft bounce");
        let within = limit.to_string();
        let within = within.split_once(' ').map_or("", |(_, within)| within);
        let why = format!("{bounces} {within}, the last: {last}");
        return BounceDecision::suppress(SuppressionReason::HardBounce, why);
    }
    BounceDecision::new(BounceOutcome::Counted, format!("soft bounce {number} of {limit}; {last}"))
}

/// Whether the other server does not want us or this message: the next person there would hear the
/// same.
fn is_about_the_sender(reason: BounceReason) -> bool {
    use BounceReason as Why;
    matches!(
        reason,
        Why::Authentication
            | Why::Blocked
            | Why::Greylisted
            | Why::MessageSize
            | Why::Policy
            | Why::Rate
            | Why::Relaying
            | Why::ReverseDns
            | Why::Sender
            | Why::Spam
            | Why::Virus
    )
}

#[cfg(test)]
mod tests {
    use BounceClass as Class;
    use BounceOutcome as Outcome;
    use BounceReason as Why;
    use ReportEvidence as Known;

    use super::*;

    const NOBODY: DecisionFacts<'static> = DecisionFacts {
        class: Class::None,
        reason: Why::Unknown,
        said: "",
        evidence: None,
        is_known: false,
        is_before_release: false,
    };

    fn decided(
        (class, reason): (Class, Why),
        evidence: Option<Known>,
        history: BounceHistory,
    ) -> BounceDecision {
        let facts = DecisionFacts { class, reason, said: "550 5.1.1 no", evidence, ..NOBODY };
        decide(&facts, history, &BouncePolicy::default())
    }

    #[test]
    fn what_happens_follows_from_class_reason_evidence_and_history() {
        let none = BounceHistory::default();
        let four = BounceHistory { soft: 4, ..none };
        let path = Some(Known::ReversePath);
        let alone = Some(Known::MessageIdAlone);
        let hard = Some(SuppressionReason::HardBounce);
        for (report, evidence, history, outcome, suppress) in [
            ((Class::Hard, Why::NoMailbox), path, none, Outcome::Suppressed, hard),
            ((Class::Hard, Why::NoDomain), Some(Known::MessageId), none, Outcome::Suppressed, hard),
            ((Class::Hard, Why::NoMailbox), Some(Known::Reply), none, Outcome::Suppressed, hard),
            ((Class::Hard, Why::NoMailbox), None, none, Outcome::Unproven, None),
            ((Class::Hard, Why::NoMailbox), alone, none, Outcome::Undecided, None),
            ((Class::Soft, Why::MailboxFull), alone, four, Outcome::Undecided, None),
            ((Class::Soft, Why::Spam), alone, four, Outcome::Nothing, None),
            ((Class::Complaint, Why::Unknown), alone, none, Outcome::Undecided, None),
            ((Class::Soft, Why::MailboxFull), path, none, Outcome::Counted, None),
            ((Class::Soft, Why::MailboxFull), path, four, Outcome::Suppressed, hard),
            ((Class::Soft, Why::MailboxFull), None, four, Outcome::Unproven, None),
            ((Class::Soft, Why::Unknown), path, four, Outcome::Suppressed, hard),
            ((Class::Soft, Why::Blocked), path, four, Outcome::Nothing, None),
            ((Class::Soft, Why::Authentication), path, four, Outcome::Nothing, None),
            ((Class::Soft, Why::Spam), path, four, Outcome::Nothing, None),
            (
                (Class::Complaint, Why::Unknown),
                Some(Known::MessageId),
                none,
                Outcome::Suppressed,
                Some(SuppressionReason::Complaint),
            ),
            ((Class::Complaint, Why::Unknown), None, none, Outcome::Unproven, None),
            ((Class::Complaint, Why::Authentication), path, none, Outcome::Nothing, None),
            (
                (Class::Unsubscribe, Why::Unknown),
                Some(Known::UnsubscribeToken),
                none,
                Outcome::Suppressed,
                Some(SuppressionReason::Unsubscribed),
            ),
            (
                (Class::Unsubscribe, Why::Unknown),
                Some(Known::Provider),
                none,
                Outcome::Suppressed,
                Some(SuppressionReason::Unsubscribed),
            ),
            ((Class::Hard, Why::Unknown), Some(Known::Provider), none, Outcome::Suppressed, hard),
            // Only the token for leaving lets somebody leave.
            ((Class::Unsubscribe, Why::Unknown), path, none, Outcome::Undecided, None),
            ((Class::Unsubscribe, Why::Unknown), None, none, Outcome::Undecided, None),
            ((Class::Autoreply, Why::Unknown), path, none, Outcome::Nothing, None),
            ((Class::Delivered, Why::Unknown), path, none, Outcome::Nothing, None),
            ((Class::None, Why::Unknown), path, none, Outcome::Nothing, None),
        ] {
            let decision = decided(report, evidence, history);
            let found = (decision.outcome, decision.suppress);
            assert_eq!(found, (outcome, suppress), "{report:?} {evidence:?}: {}", decision.why);
            assert!(!decision.why.is_empty());
        }
    }

    #[test]
    fn the_policy_says_how_many_it_takes() {
        let policy = BouncePolicy { hard: 2, complaint: 3, ..BouncePolicy::default() };
        let history = BounceHistory { hard: 1, soft: 0, complaints: 1 };
        for (class, outcome, why) in [
            (Class::Hard, Outcome::Suppressed, "there is no such mailbox: 550 5.1.1 no"),
            (Class::Complaint, Outcome::Counted, "2 of 3; the mail was reported as unwanted: 550"),
            (Class::Soft, Outcome::Counted, "soft bounce 1 of 5 within 30 days; there is no"),
        ] {
            let facts = DecisionFacts {
                class,
                reason: Why::NoMailbox,
                said: "550 5.1.1 no",
                evidence: Some(Known::ReversePath),
                is_known: true,
                is_before_release: false,
            };
            let before = DecisionFacts { is_before_release: true, ..facts.clone() };
            assert_eq!(decide(&before, history, &policy).outcome, Outcome::Nothing, "{class:?}");
            let decision = decide(&facts, history, &policy);
            assert_eq!(decision.outcome, outcome, "{class:?}");
            assert!(decision.why.starts_with(why), "{}", decision.why);
        }
        let decision = decided((Class::Soft, Why::MailboxFull), Some(Known::ReversePath), {
            BounceHistory { soft: 6, ..history }
        });
        let why = "7 soft bounces within 30 days, the last: the mailbox is full: 550";
        assert!(decision.why.starts_with(why), "{}", decision.why);
    }
}
