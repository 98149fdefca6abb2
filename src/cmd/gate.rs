//! The gate: every check of an issue between reading it and making anything of it, in one order for
//! `check`, `test`, `plan`, `send` and `render`.
//!
//! 1. [`Gate::new`]: `--allow` names rules that may be allowed.
//! 2. [`Gate::read`]: the issue is read and composed.
//! 3. [`Gate::remaining`]: the list has been read, where the command has one.
//! 4. [`Gate::rules`]: the rules are asked; of slots, against that list. What the issue allows
//!    without need is a problem too.
//! 5. [`Gate::unused`]: so is what `--allow` names without need.
//!
//! At each step problems that the issue or `--allow` lets pass become notes, so that whoever looks at
//! the report sees what was let pass. A command leaves out
//! what it has no use for, as `render` does with everything behind 2, and never changes the order.
//! Must never send anything, and must never make a file.

use std::collections::BTreeSet;

use sejong_digest::check::allow::AllowedRules;
use sejong_digest::check::{self, Audience, Input};
use sejong_digest::compose::Composition;
use sejong_digest::config::Secret;
use sejong_digest::delivery::receipt;
use sejong_digest::diagnostic::{Diagnostic, Severity};
use sejong_digest::issue::Issue;
use sejong_digest::issue::load::{self, Headline};
use sejong_digest::message::splice::Template;

use super::failure::Failure;
use super::workspace::{Draft, Workspace};
use super::{clock, readers};

/// See the file's head.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// What `--allow` names.
    allowed: AllowedRules,
    /// Whether somebody has the issue or may have it, by the ledger's word.
    is_had: bool,
}

impl Gate {
    /// The gate of a command that was given these `--allow`.
    pub(crate) fn new(allow: &[String]) -> Result<Gate, Failure> {
        let allowed = AllowedRules::of_names(allow).map_err(|refusal| {
            Failure::usage(format!("--allow: {}", refusal.what)).help(refusal.help)
        })?;
        Ok(Gate { allowed, is_had: false })
    }

    /// Somebody has the issue, or may have it: what another folder does is no fault of it any more.
    pub(crate) fn is_had(&mut self) {
        self.is_had = true;
    }

    /// Reads and composes the issue that `name` means.
    pub(crate) fn read(&mut self, workspace: &Workspace, name: &str) -> Draft {
        let mut draft = workspace.draft(name);
        draft.problems = self.remaining(draft.problems);
        draft
    }

    /// The problems; those that `--allow` lets pass are notes.
    pub(crate) fn remaining(&mut self, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        self.allowed.remaining(problems)
    }

    /// What the rules say of an issue, its composition, and the message for a reader who stands for
    /// all of them. `own` is what the issue allows, and may be asked of further problems.
    pub(crate) fn rules(
        &mut self,
        workspace: &Workspace,
        (issue, composition): (&Issue, &Composition),
        own: &mut AllowedRules,
        audience: Option<Audience<'_>>,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let publication = &workspace.config.publication;
        let mut siblings = load::siblings(publication);
        siblings.retain(|sibling: &Headline| sibling.name != issue.name);
        let sent = sent(workspace);
        // What tells of a correction is like what told of the one before, and may follow on the same day.
        if self.is_had || issue.corrects.is_some() || sent.contains(&issue.name) {
            siblings.clear();
        }
        let now = clock::now_in(&workspace.config.time_zone);
        let identity = workspace.config.sender.identity(&Secret::for_nobody());
        let template = Template::new(composition, identity, &clock::occasion(&now, false)?);
        let message = template.splice(&readers::stand_in(composition)?)?;
        let input = Input {
            publication,
            theme: &workspace.config.theme,
            issue,
            composition,
            message: Some(&message.bytes),
            siblings: &siblings,
            sent: &sent,
            clients: &workspace.config.clients,
            today: Some(now.date()),
        };
        let mut problems = own.remaining(check::issue(&input, audience));
        problems.extend(own.unused());
        Ok(self.remaining(problems))
    }

    /// What a send to people adds: settings that are examples still, and what only a send refuses.
    pub(crate) fn before_sending(
        &mut self,
        workspace: &Workspace,
        own: &mut AllowedRules,
        problems: &mut [Diagnostic],
    ) -> Vec<Diagnostic> {
        let texts = problems
            .iter_mut()
            .filter(|problem| problem.rule == "leftover-template" && !problem.is_allowed());
        texts.for_each(|problem| problem.severity = Severity::Error);
        self.remaining(own.remaining(check::before_sending(&workspace.config.publication)))
    }

    /// The rules about slots alone, for a composition that was frozen and whose files may have
    /// changed since.
    pub(crate) fn rules_of_slots(
        &mut self,
        composition: &Composition,
        own: &mut AllowedRules,
        audience: &Audience<'_>,
    ) -> Vec<Diagnostic> {
        self.remaining(own.remaining(check::readers(composition, audience)))
    }

    /// What `--allow` names without need, when all rules have been asked.
    pub(crate) fn unused(&mut self) -> Vec<Diagnostic> {
        self.allowed.unused()
    }

    /// Asks the rules of a draft that goes to nobody's list, shows all that is wrong with it, and
    /// hands it on if nothing of that is an error.
    pub(crate) fn pass(
        mut self,
        workspace: &Workspace,
        mut draft: Draft,
    ) -> Result<(Issue, Composition), Failure> {
        if let (Some(issue), Some(composition)) = (&draft.issue, &draft.composition) {
            let found = self.rules(workspace, (issue, composition), &mut draft.allowed, None)?;
            draft.problems.extend(found);
            draft.problems.extend(self.unused());
        }
        draft.show();
        draft.sendable()
    }
}

/// The issues that somebody has or may have, by their receipts. One that cannot be read may say so.
fn sent(workspace: &Workspace) -> BTreeSet<String> {
    let standing = receipt::standing(&workspace.root).into_iter();
    let reached =
        standing.filter(|one| one.receipt().is_none_or(|receipt| receipt.reached_by_all() > 0));
    reached.map(|one| one.issue).collect()
}
