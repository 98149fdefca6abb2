//! An expression that asks which issues somebody has, answered for every answer to that.

use super::{Only, Traits};

/// Issues that an expression may ask about: the answers double with each.
pub const MOST_ISSUES: usize = 5;

/// An expression, and the issues that it asks about.
#[derive(Debug)]
pub struct OnlyByIssues<'a> {
    only: &'a Only,
    issues: Vec<&'a str>,
}

/// A person who has the issues whose bits are set.
struct Assumed<'a, P> {
    person: &'a P,
    issues: &'a [&'a str],
    set: usize,
}

impl<P: Traits> Traits for Assumed<'_, P> {
    fn identity(&self) -> String {
        self.person.identity()
    }
    fn has_tag(&self, tag: &str) -> bool {
        self.person.has_tag(tag)
    }
    fn tags(&self) -> impl Iterator<Item = &str> {
        self.person.tags()
    }
    fn field(&self, name: &str) -> Option<&str> {
        self.person.field(name)
    }
    fn got(&self, issue: &str) -> bool {
        let at = self.issues.iter().position(|known| *known == issue);
        at.is_some_and(|at| self.set >> at & 1 == 1)
    }
}

impl<'a> OnlyByIssues<'a> {
    /// Of an expression.
    pub fn new(only: &'a Only) -> OnlyByIssues<'a> {
        OnlyByIssues { only, issues: only.issues() }
    }

    /// The issues that it asks about, in the order of their bits.
    pub fn issues(&self) -> &[&'a str] {
        &self.issues
    }

    /// Whether the person is meant: bit `n` is for somebody who has the issues whose bits are set in
    /// `n`, and no other.
    pub fn meant(&self, person: &impl Traits) -> i64 {
        let sets = 0..1_usize << self.issues.len().min(MOST_ISSUES);
        let meant = sets
            .filter(|set| self.only.means(&Assumed { person, issues: &self.issues, set: *set }));
        meant.fold(0, |all, set| all | 1 << set)
    }
}
