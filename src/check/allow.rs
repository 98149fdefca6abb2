//! Problems that somebody has looked at and lets pass: by name, in `issue.toml` with a reason, or
//! with `--allow`.
//!
//! What is allowed stays in the report as a note: whoever reads a change of somebody else sees which
//! problems the change lets pass by itself. What protects readers is not for anybody to allow: a list with bad addresses, a header that
//! would end early, a file that cannot be read. `docs/checks.md` says which rules those are.

use crate::check::register::{self, Rule};
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::Issue;

/// Rules that are asked of servers, by `check --online` or before a send: elsewhere nobody can tell whether they are broken.
const ONLINE: [&str; 3] = ["dead-link", "moved-link", "picture-unpublished"];

/// Rules that may be broken, and which of them were.
#[derive(Debug, Default)]
pub struct AllowedRules {
    items: Vec<Item>,
    refused: Vec<Diagnostic>,
}

#[derive(Debug)]
struct Item {
    rule: String,
    place: Option<Place>,
    /// As a report says it: the file and the reason, or the flag.
    by: String,
    /// Whether an error of the rule stays.
    only_warnings: bool,
    used: bool,
}

/// A name that cannot be allowed: why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAllowed {
    /// What is wrong with the name, in one sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

fn look_up(name: &str) -> Result<Rule, (&'static str, NotAllowed)> {
    match register::find(name) {
        Ok(rule) if rule.may_be_allowed => Ok(rule),
        Ok(_) => {
            let what = format!("{name} protects readers and cannot be allowed");
            let help = "correct the problem; docs/checks.md says how".to_owned();
            Err(("allow-firm", NotAllowed { what, help }))
        }
        Err(meant) => {
            let help = match meant {
                Some(meant) => format!("did you mean {meant}?"),
                None => "docs/checks.md lists the rules".to_owned(),
            };
            Err(("allow-unknown", NotAllowed { what: format!("there is no rule {name:?}"), help }))
        }
    }
}

impl Item {
    fn new(rule: Rule, place: Option<Place>, by: String) -> Item {
        let Rule { name, only_warnings, .. } = rule;
        Item { rule: name.to_owned(), place, by, only_warnings, used: false }
    }

    fn lets_pass(&self, problem: &Diagnostic) -> bool {
        let is_firm = self.only_warnings && problem.is_error();
        self.rule == problem.rule && !is_firm && !problem.is_allowed()
    }
}

impl AllowedRules {
    /// What `issue.toml` allows; names that cannot be allowed are [`AllowedRules::refused`].
    pub fn of_issue(issue: &Issue) -> AllowedRules {
        let mut allowed = AllowedRules::default();
        for allowed_rule in &issue.allow {
            let place = allowed_rule.place.clone();
            match look_up(&allowed_rule.rule) {
                Ok(rule) if rule.only_by_flag => {
                    let name = rule.name;
                    let what = format!("{name} protects readers and cannot be allowed in a file");
                    let help = format!(
                        "correct the problem; whoever sends the issue may use --allow {name}"
                    );
                    allowed.refused.push(Diagnostic::error("allow-firm", what).at(place).help(help))
                }
                Ok(rule) => {
                    let by = format!("{}: {}", place.path().display(), allowed_rule.reason);
                    allowed.items.push(Item::new(rule, Some(place), by));
                }
                Err(("allow-firm", NotAllowed { what, help })) => {
                    allowed.refused.push(Diagnostic::error("allow-firm", what).at(place).help(help))
                }
                Err((_, NotAllowed { what, help })) => allowed
                    .refused
                    .push(Diagnostic::error("allow-unknown", what).at(place).help(help)),
            }
        }
        allowed
    }

    /// What flags allow.
    ///
    /// # Errors
    /// The first name that is no rule's, or a rule's that cannot be allowed.
    pub fn of_names(names: &[String]) -> Result<AllowedRules, NotAllowed> {
        let mut allowed = AllowedRules::default();
        for rule in names {
            let rule = look_up(rule).map_err(|(_, refusal)| refusal)?;
            allowed.items.push(Item::new(rule, None, "--allow".to_owned()));
        }
        Ok(allowed)
    }

    /// The problems; those that are allowed are notes.
    pub fn remaining(&mut self, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let judged = |problem: Diagnostic| {
            let mut by = None;
            for item in self.items.iter_mut().filter(|item| item.lets_pass(&problem)) {
                item.used = true;
                by = by.or_else(|| Some(item.by.clone()));
            }
            match by {
                Some(by) => problem.allowed(by),
                None => problem,
            }
        };
        problems.into_iter().map(judged).collect()
    }

    /// Names that are no rule's, or a rule's that cannot be allowed. They are told once.
    pub fn refused(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.refused)
    }

    /// Rules that nothing broke, where all but those of `check --online` have been asked. They are
    /// told once.
    pub fn unused(&mut self) -> Vec<Diagnostic> {
        let is_unused = |item: &&mut Item| !item.used && !ONLINE.contains(&item.rule.as_str());
        let unused = self.items.iter_mut().filter(is_unused).map(|item| {
            item.used = true;
            let what = format!("{} is allowed, but the issue does not break this rule", item.rule);
            let problem = Diagnostic::warning("allow-unused", what)
                .help("delete this entry, so that the next mistake of this kind is reported");
            match &item.place {
                Some(place) => problem.at(place.clone()),
                None => problem,
            }
        });
        unused.collect()
    }
}
