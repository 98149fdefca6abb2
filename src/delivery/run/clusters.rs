//! Whether the rate replies of a relay come together by domain.
//!
//! A relay's limit that is used up refuses whoever comes. A domain's refuses its own messages again
//! and again, while others are accepted. So who has just been refused is looked at: where the next
//! message of that domain is refused more often than those of others, domains have limits of their
//! own. Pure: counts answers, and decides nothing about a rate.

use std::collections::{HashSet, VecDeque};

/// So many answers are kept, and so many of other domains are compared with, at least and at most.
const KEPT: usize = 24;
const OTHERS: (usize, usize) = (3, 16);
/// A domain whose limit is used up refuses so much a larger part than others do.
const MORE: f64 = 0.35;
/// What others refuse is taken for this part at least and at most.
const PART: (f64, f64) = (0.1, 0.9);
/// Refusals that have nothing to do with a rate vary by this factor.
const VARIES: f64 = 1.5;
/// It is believed from this likelihood ratio on, a logarithm.
const BELIEVED: f64 = 6.0;
/// Domains that are remembered.
const REMEMBERED: usize = 4_096;

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    /// The last answers: the domain, and whether it was a rate reply.
    answers: VecDeque<(String, bool)>,
    /// Domains whose last answer was a rate reply.
    refused: HashSet<String>,
    evidence: f64,
    believed: bool,
}

impl Clusters {
    /// Whether domains are known to have limits of their own.
    pub(super) fn are_believed(&self) -> bool {
        self.believed
    }

    /// Whether it has come out that they have. It is said once.
    pub(super) fn come_out(&mut self) -> bool {
        let news = !self.believed && self.evidence > BELIEVED;
        self.believed |= news;
        news
    }

    /// The part of the last answers for others that are rate replies; nothing where there are few.
    pub(super) fn part_of_others(&self, domain: &str) -> Option<f64> {
        let others = self.answers.iter().rev().filter(|(of, _)| of != domain).take(OTHERS.1);
        let (count, refused) = others.fold((0, 0), |(count, refused), (_, was_refused)| {
            (count + 1, refused + usize::from(*was_refused))
        });
        (count >= OTHERS.0).then(|| (refused as f64 + 0.25) / (count as f64 + 0.5))
    }

    /// Counts an answer for `domain`, where the relay refuses `chance` of all at any rate.
    pub(super) fn add(&mut self, domain: String, refused: bool, chance: f64) {
        if self.refused.contains(&domain)
            && let Some(others) = self.part_of_others(&domain)
        {
            let others = others.max(chance * VARIES).clamp(PART.0, PART.1);
            let own = (others + MORE).min(0.95);
            let ratio: f64 = if refused { own / others } else { (1.0 - own) / (1.0 - others) };
            self.evidence = (self.evidence + ratio.ln()).max(0.0);
        }
        if self.refused.len() >= REMEMBERED {
            self.refused.clear();
        }
        if refused {
            self.refused.insert(domain.clone());
        } else {
            self.refused.remove(&domain);
        }
        self.answers.push_back((domain, refused));
        if self.answers.len() > KEPT {
            self.answers.pop_front();
        }
        if self.answers.len() == KEPT && self.answers.iter().all(|(_, refused)| *refused) {
            // Nobody is accepted: that is the relay's.
            (self.believed, self.evidence) = (false, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers for ten domains in turn; `refuses` says which are rate replies.
    fn answers(refuses: impl Fn(usize, usize) -> bool) -> bool {
        let mut clusters = Clusters::default();
        for at in 0..400 {
            clusters.add(format!("d{}.example", at % 10), refuses(at % 10, at / 10), 0.0);
        }
        clusters.come_out()
    }

    #[test]
    fn a_domain_that_is_refused_again_and_again_has_a_limit_of_its_own() {
        assert!(answers(|domain, turn| domain == turn / 8 % 10 && turn % 8 > 3));
    }

    #[test]
    fn what_is_refused_alike_is_the_relays() {
        assert!(!answers(|domain, turn| (domain + turn).is_multiple_of(3)));
        assert!(!answers(|_, turn| turn % 4 > 1));
    }

    #[test]
    fn it_is_said_once_and_forgotten_when_nobody_is_accepted() {
        let mut clusters = Clusters::default();
        for at in 0..200 {
            clusters.add(format!("d{}.example", at % 10), at % 10 == 3, 0.0);
        }
        assert!(clusters.come_out() && !clusters.come_out() && clusters.are_believed());
        (0..KEPT).for_each(|at| clusters.add(format!("d{}.example", at % 10), true, 0.0));
        assert!(!clusters.are_believed());
    }
}
