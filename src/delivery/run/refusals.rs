//! What the refusals of a run say together. One reply may not say whom it is about, but many do. A
//! relay that has accepted nothing from us refuses us. A domain that refuses nearly everybody does not
//! want our mail. A single refusal among many messages that were accepted is about the recipient.
//!
//! Counts only. What one reply means is decided in `smtp::outcome`; whoever is counted here as
//! refused without being at fault is `deferred` in the ledger until `Refusals::end`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::delivery::id::RowId;
use crate::delivery::ledger::Claimed;
use crate::delivery::verdict::{CountsAs, Waited};
use crate::smtp::outcome::{About, AttemptFailure, Stage};

/// So many of the last answers of a relay are looked at.
const LAST: usize = 20;
/// While a relay has accepted nobody: refusals among the last answers that stop it, and how many of
/// them must come from other domains than the one with the most. One domain stops nobody else.
const FIRST: (usize, usize) = (5, 2);
/// The same for refusals that are alike, when it has accepted somebody.
const ALIKE: (usize, usize) = (11, 3);
/// Refusals that are alike, and most of the last ones when the run ends.
const ALIKE_AT_END: usize = 3;
/// Refusals of the sender or of the message before any recipient is named, one after the other.
const AT_MAIL: u32 = 5;
/// While a relay has accepted nobody: people whose time was over and who were put off at MAIL by a code
/// that may mean the rate, before it is known to mean something else. A quota opens sooner.
const POLICY_AT_MAIL: u32 = 20;
/// Refusals before a domain is left alone; the same of those that speak of us, or end a session.
const OF_DOMAIN: u32 = 10;
const OF_DOMAIN_ABOUT_US: u32 = 5;
/// Of five answers of such a domain since the first refusal, so many must be refusals.
const OF_FIVE: u32 = 4;

/// Why a relay, or a whole run, gets no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was said last.
    pub reply: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// What the refusals of a run mean, all together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Rows that were put off and are refused after all: it was about them.
    pub(super) refused: Vec<RowId>,
    /// Why nobody more was reached, if that was about us.
    pub(super) refusal: Option<Refusal>,
    /// No relay has answered to anybody: sessions have only ended.
    pub(super) unanswered: bool,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Refusals {
    relays: Mutex<Vec<AtRelay>>,
}

#[derive(Debug, Default)]
struct AtRelay {
    /// Somebody had the issue before this run: a reply that means not now, whoever it is about, does
    /// not turn us away.
    is_had: bool,
    /// How many answers it gave, and how many of them were good.
    answers: u64,
    accepted: u64,
    /// The last answers; `None` for those that tell nothing against us.
    last: VecDeque<Option<RefusedAlike>>,
    /// The only domain so far, and whether there are more.
    domain: String,
    several_domains: bool,
    /// Domains that refused somebody.
    domains: HashMap<String, AtDomain>,
    /// Whom it refused without saying that it is about them.
    held: Vec<OpenRefusal>,
    /// Rows that it refused, and rows that ended a session. Who is tried again and refused again is
    /// still one person and counts once.
    refused: HashSet<RowId>,
    ended: HashSet<RowId>,
    /// Refusals at MAIL in a row.
    at_mail: u32,
    /// How many it put off at MAIL, until their time was over, by a code that may mean the rate.
    policy_at_mail: u32,
    /// The last such reply, or one about the rate.
    latest_put_off: Option<Refusal>,
    /// It has let somebody past MAIL.
    is_open: bool,
    /// It refuses us, and is not asked any more.
    refuses: Option<Refusal>,
    latest: Option<Refusal>,
    /// The last reply to somebody whose time was over.
    latest_time_over: Option<Refusal>,
}

#[derive(Clone, Debug)]
struct RefusedAlike {
    likeness: String,
    domain: String,
    time_over: bool,
}

#[derive(Debug)]
struct OpenRefusal {
    row: RowId,
    /// Its place among the answers of the relay, from 1.
    at: u64,
    domain: String,
    kind: OpenKind,
}

/// What an open refusal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OpenKind {
    /// It speaks of us.
    AboutUs,
    /// It does not say whom it is about.
    Unclear,
    /// Neither does it, and it means not now, for too long. The issue was had by others before.
    TimeOver(Waited),
}

impl OpenKind {
    fn is_time_over(self) -> bool {
        matches!(self, OpenKind::TimeOver(_))
    }
}

#[derive(Debug, Default)]
struct AtDomain {
    refused: u32,
    /// Of these, those that speak of us.
    about_us: u32,
    /// All answers since the first of them.
    all: u32,
    last: String,
}

impl Refusals {
    /// `is_had` says whether anybody had the issue before the run.
    pub(super) fn new(relays: usize, is_had: bool) -> Refusals {
        let relays = (0..relays).map(|_| AtRelay { is_had, ..AtRelay::default() }).collect();
        Refusals { relays: Mutex::new(relays) }
    }

    fn relays(&self) -> MutexGuard<'_, Vec<AtRelay>> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one attempt has shown, with the failure that it ended in. The refusal, if from now on
    /// the relay is not asked any more.
    pub(super) fn answered(
        &self,
        relay: usize,
        row: &Claimed,
        counts_as: CountsAs,
        failure: Option<&AttemptFailure>,
    ) -> Option<Refusal> {
        let mut relays = self.relays();
        let others = relays.iter().enumerate().any(|(at, r)| at != relay && r.refuses.is_none());
        let relay = relays.get_mut(relay)?;
        relay.note(row, counts_as, failure);
        // Where others may do better, a domain is not blamed for what one relay says.
        let turned_away = relay.turns_us_away()
            || relay.at_mail >= AT_MAIL
            || relay.stays_shut()
            || (others && relay.accepted == 0 && relay.domains.values().any(AtDomain::is_closed));
        if !turned_away || relay.refuses.is_some() {
            return None;
        }
        let latest = [&relay.latest, &relay.latest_time_over, &relay.latest_put_off];
        relay.refuses = latest.into_iter().flatten().next().cloned();
        relay.refuses.clone()
    }

    /// Whether a relay refuses us.
    pub(super) fn is_refusing(&self, relay: usize) -> bool {
        self.relays().get(relay).is_some_and(|relay| relay.refuses.is_some())
    }

    /// Whether another relay than this one does not refuse us.
    pub(super) fn leaves_others(&self, relay: usize) -> bool {
        self.relays().iter().enumerate().any(|(at, other)| at != relay && other.refuses.is_none())
    }

    /// Whom a relay that refuses us has put off: others may have them.
    pub(super) fn release(&self, relay: usize) -> Vec<RowId> {
        let mut relays = self.relays();
        let Some(relay) = relays.get_mut(relay) else { return Vec::new() };
        let since = relay.suspected_since();
        let again = relay.held.extract_if(.., |held| held.at >= since);
        again.map(|held| held.row).collect()
    }

    /// Why the domain of `row` is not to be asked over this relay, if it is not.
    pub(super) fn against(&self, relay: usize, row: &Claimed) -> Option<String> {
        let relays = self.relays();
        let relay = relays.get(relay)?;
        if relay.domains.is_empty() {
            return None;
        }
        let domain = domain(row);
        let AtDomain { refused, all, last, .. } =
            relay.domains.get(&domain).filter(|domain| domain.is_closed())?;
        Some(format!("not asked: {domain} refused {refused} of {all}, the last reply was: {last}"))
    }

    /// The sum at the end of the run.
    pub(super) fn end(&self) -> Sum {
        let mut relays = self.relays();
        let accepted = relays.iter().any(|relay| relay.accepted > 0);
        // One person at whom a relay ends its sessions is no relay that answers to nobody.
        let theirs = |relay: &AtRelay| relay.is_had && (1..FIRST.0).contains(&relay.ended.len());
        let unanswered = relays.iter().all(|relay| relay.answers == 0 && !theirs(relay));
        let mut sum = Sum { unanswered, ..Sum::default() };
        for relay in relays.iter_mut() {
            let since = relay.suspected_since();
            let suspected = since < u64::MAX;
            let relay_puts_off = relay.may_put_off_all();
            let too_many = relay.puts_off_too_many();
            if (!accepted || suspected) && sum.refusal.is_none() {
                sum.refusal = relay.refuses.clone().or_else(|| relay.latest.clone());
                if (suspected || too_many || relay.speaks_of_itself()) && sum.refusal.is_none() {
                    sum.refusal = relay.latest_time_over.clone();
                }
                if relay.lets_nobody_in() && sum.refusal.is_none() {
                    sum.refusal = relay.latest_put_off.clone();
                }
            }
            for held in std::mem::take(&mut relay.held) {
                let asked_on = too_many || held.kind != OpenKind::TimeOver(Waited::TooLong);
                let closed =
                    asked_on && relay.domains.get(&held.domain).is_some_and(AtDomain::is_closed);
                let own = match held.kind {
                    OpenKind::AboutUs => false,
                    OpenKind::Unclear => true,
                    OpenKind::TimeOver(Waited::TooLong) => !too_many,
                    OpenKind::TimeOver(_) => !relay_puts_off,
                };
                if held.at < since && own && !closed {
                    sum.refused.push(held.row);
                }
            }
        }
        // Where another relay has done the work, a refusal has stopped nobody.
        if accepted
            && relays.iter().any(|relay| relay.accepted > 0 && relay.suspected_since() == u64::MAX)
        {
            sum.refusal = None;
        }
        sum
    }
}

impl AtRelay {
    fn note(&mut self, row: &Claimed, counts_as: CountsAs, failure: Option<&AttemptFailure>) {
        let open = match (counts_as, failure) {
            (CountsAs::Nothing, _) => return,
            (CountsAs::Ended, Some(failure)) => {
                // No answer, and no word against us at other domains.
                if self.ended.insert(row.row) && !self.refused.contains(&row.row) {
                    self.domains.entry(domain(row)).or_default().refuse(failure, true);
                }
                return;
            }
            (CountsAs::AtMail, Some(failure)) => {
                self.at_mail += 1;
                self.latest = Some(Refusal::of(failure));
                return;
            }
            (CountsAs::RateAtMail | CountsAs::PolicyAtMail, Some(failure)) => {
                self.policy_at_mail += u32::from(counts_as == CountsAs::PolicyAtMail);
                self.latest_put_off = Some(Refusal::of(failure));
                None
            }
            (CountsAs::Refused(About::Us), Some(failure)) => Some((OpenKind::AboutUs, failure)),
            (CountsAs::TimeOver(waited), Some(failure)) if self.is_had => {
                Some((OpenKind::TimeOver(waited), failure))
            }
            (CountsAs::Refused(_) | CountsAs::TimeOver(_), Some(failure)) => {
                Some((OpenKind::Unclear, failure))
            }
            _ => None,
        };
        self.at_mail = 0;
        self.is_open |= failure.is_none_or(|failure| failure.stage != Stage::Mail);
        if self.refused.contains(&row.row) {
            // Only its last answer says what becomes of a row.
            self.held.retain(|held| held.row != row.row);
            if let Some((kind, failure)) = open {
                self.hold(row, kind, failure);
                return;
            }
        }
        self.answers += 1;
        self.accepted += u64::from(counts_as == CountsAs::Accepted);
        if !self.several_domains {
            let domain = row.recipient.address().domain();
            if self.domain.is_empty() {
                domain.clone_into(&mut self.domain);
            }
            self.several_domains = !self.domain.eq_ignore_ascii_case(domain);
        }
        let told = open.map(|(kind, failure)| self.refused(row, kind, failure));
        // Most runs never have any.
        if told.is_none()
            && !self.domains.is_empty()
            && let Some(at_domain) = self.domains.get_mut(&domain(row))
        {
            at_domain.all += 1;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(told);
    }

    /// A refusal that is not the recipient's own for certain.
    fn refused(&mut self, row: &Claimed, kind: OpenKind, failure: &AttemptFailure) -> RefusedAlike {
        let domain = domain(row);
        self.refused.insert(row.row);
        if !self.ended.contains(&row.row) {
            self.domains
                .entry(domain.clone())
                .or_default()
                .refuse(failure, kind == OpenKind::AboutUs);
        }
        self.hold(row, kind, failure);
        let likeness = failure.likeness(row.recipient.address());
        RefusedAlike { likeness, domain, time_over: kind.is_time_over() }
    }

    /// The row stays open until the end of the run.
    fn hold(&mut self, row: &Claimed, kind: OpenKind, failure: &AttemptFailure) {
        self.held.push(OpenRefusal { row: row.row, at: self.answers, domain: domain(row), kind });
        let latest = match kind {
            OpenKind::TimeOver(_) => &mut self.latest_time_over,
            OpenKind::AboutUs | OpenKind::Unclear => &mut self.latest,
        };
        *latest = Some(Refusal::of(failure));
    }

    /// Whether its last answers are about us and not about those who were refused.
    fn turns_us_away(&self) -> bool {
        if self.last.back().is_none_or(Option::is_none) {
            return false;
        }
        let (least, others) = if self.accepted == 0 { FIRST } else { ALIKE };
        let group = self.suspects();
        let full = self.accepted == 0 || self.last.len() == LAST;
        full && group.len() >= least && elsewhere(&domains_of(&group)) >= others
    }

    /// It has accepted nobody in this run, and what it says at MAIL is no rate by now.
    fn stays_shut(&self) -> bool {
        self.accepted == 0 && self.policy_at_mail >= POLICY_AT_MAIL
    }

    /// It has accepted nobody in this run, and has put off at MAIL those whose time was over. Where it
    /// speaks of a rate, others have come past MAIL if it is one.
    fn lets_nobody_in(&self) -> bool {
        self.accepted == 0 && (self.policy_at_mail > 0 || !self.is_open)
    }

    /// Whether it may be the relay that means not now, and not those whose time was over: it has
    /// accepted nobody in this run, and they are several, or it speaks of itself.
    fn may_put_off_all(&self) -> bool {
        let over = self.held.iter().filter(|held| held.kind.is_time_over()).count();
        self.accepted == 0 && (over > 1 || self.speaks_of_itself())
    }

    /// It has accepted nobody in this run, and has made so many wait too long that it is no matter of
    /// theirs: a relay that is out of order for days gives nobody up.
    fn puts_off_too_many(&self) -> bool {
        let too_long = OpenKind::TimeOver(Waited::TooLong);
        let count = self.held.iter().filter(|held| held.kind == too_long).count();
        self.accepted == 0 && count >= FIRST.0
    }

    /// It has accepted nobody in this run, and told somebody whose time was over that it is itself
    /// out of order.
    fn speaks_of_itself(&self) -> bool {
        let of_itself = OpenKind::TimeOver(Waited::ForTheServer);
        self.accepted == 0 && self.held.iter().any(|held| held.kind == of_itself)
    }

    /// Those of its last answers that speak against us, if they are most of them. Once somebody was
    /// accepted, only what is alike.
    fn suspects(&self) -> Vec<&RefusedAlike> {
        let told = || self.last.iter().flatten();
        let group: Vec<&RefusedAlike> = if self.accepted == 0 {
            told().filter(|told| !told.time_over).collect()
        } else {
            let like =
                |one: &&RefusedAlike| told().filter(|other| other.likeness == one.likeness).count();
            let Some(most) = told().max_by_key(like) else { return Vec::new() };
            told().filter(|other| other.likeness == most.likeness).collect()
        };
        if group.len() * 2 > self.last.len() { group } else { Vec::new() }
    }

    /// From which answer on its refusals may be about us: `u64::MAX` where none is.
    fn suspected_since(&self) -> u64 {
        if self.accepted == 0 {
            let theirs = self.held.iter().all(|held| held.kind.is_time_over());
            return if theirs && self.refuses.is_none() { u64::MAX } else { 0 };
        }
        let group = self.suspects();
        let alike = group.len() >= ALIKE_AT_END
            && (elsewhere(&domains_of(&group)) > 0 || !self.several_domains);
        if self.refuses.is_some() || alike {
            self.answers.saturating_sub(self.last.len() as u64) + 1
        } else {
            u64::MAX
        }
    }
}

impl AtDomain {
    fn refuse(&mut self, failure: &AttemptFailure, about_us: bool) {
        self.refused += 1;
        self.about_us += u32::from(about_us);
        self.all += 1;
        self.last = said(failure);
    }

    /// Whether it turns nearly everybody away.
    fn is_closed(&self) -> bool {
        let many = self.refused >= OF_DOMAIN || self.about_us >= OF_DOMAIN_ABOUT_US;
        many && self.refused * 5 >= self.all * OF_FIVE
    }
}

impl Refusal {
    fn of(failure: &AttemptFailure) -> Refusal {
        Refusal { reply: said(failure), advice: failure.advice() }
    }
}

fn said(failure: &AttemptFailure) -> String {
    failure.refusal().map_or_else(|| failure.text.clone(), ToString::to_string)
}

fn domains_of<'a>(group: &[&'a RefusedAlike]) -> Vec<&'a str> {
    group.iter().map(|told| told.domain.as_str()).collect()
}

/// How many of these domains are not the one that is among them most.
fn elsewhere(domains: &[&str]) -> usize {
    let mut of = HashMap::<&str, usize>::new();
    domains.iter().for_each(|domain| *of.entry(domain).or_default() += 1);
    domains.len() - of.into_values().max().unwrap_or(0)
}

fn domain(row: &Claimed) -> String {
    row.recipient.address().domain().to_lowercase()
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod tests;
