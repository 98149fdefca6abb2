//! The stages under the lock, before anything is written: who would get the issue, truly counted,
//! and what a person has to decide.

use std::sync::Arc;

use super::content::Content;
use super::plan::Plan;
use super::planned::Planned;
use super::report::{AllRefused, Excerpt, SendReport};
use super::survey::Survey;
use super::{OnePerson, SendError};
use crate::delivery::id::RevisionId;
use crate::delivery::intake::Intake;
use crate::delivery::ledger::copies::{FurtherCopy, OneRow};
use crate::delivery::ledger::overview::{self, Counts, Listed};
use crate::delivery::ledger::revision::PlannedText;
use crate::delivery::ledger::wishes::Reopened;
use crate::delivery::ledger::{LockedLedger, NewRun};
use crate::delivery::receipt::{AgreedReceipt, OtherIssue};
use crate::delivery::recovery::{self, Recovery};
use crate::delivery::state::State;
use crate::delivery::templates::Templates;

/// The right to send, with a ledger in which no row is claimed.
#[derive(Debug)]
pub struct Locked {
    survey: Survey,
    templates: Arc<Templates>,
    ledger: LockedLedger,
    recovered: Recovery,
}

/// What a person decides before anything is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Who is tried again although they have an outcome.
    pub reopened: Reopened,
    /// The issue is sent although its receipt knows people whom the ledger does not.
    pub despite_receipt: bool,
    /// The issue is another one than that which was sent under another name and looks like it.
    pub new_issue: bool,
}

/// Who would get the issue now.
#[derive(Debug)]
pub struct Proposal {
    locked: Locked,
    plan: Plan,
    reopened: Reopened,
    repeated: Vec<Listed>,
    one: Option<OneRow>,
    copy: Option<FurtherCopy>,
    said: RememberedYes,
    before: Option<PlannedBefore>,
}

/// What the same command had planned of a list that was read before a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlannedBefore {
    /// The text, which the ledger has since.
    pub(super) revision: RevisionId,
    /// Who was left out then.
    pub(super) leaving: u64,
}

/// What a person has said that a ledger remembers once its send begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RememberedYes {
    /// To send in spite of these receipts of the issue, if anybody was asked about them.
    pub(super) despite_receipt: Option<Vec<AgreedReceipt>>,
    /// That the issue is another one than these.
    pub(super) of_others: Vec<OtherIssue>,
    /// Issues like this one that nobody has whom the command is for: a later one asks about them.
    pub(super) passed_over: Vec<OtherIssue>,
}

impl Locked {
    /// The list was read before the lock was taken, which takes its time: so the ledger is asked
    /// again whether it is still the one that the content was chosen by.
    pub(super) async fn take(
        survey: Survey,
        templates: Arc<Templates>,
        who: &str,
    ) -> Result<Locked, SendError> {
        let ledger = survey.ledger.clone().lock(who).await?;
        if !survey.content.is_of(&ledger.revisions().await?) {
            return Err(SendError::Overtaken);
        }
        let now = (survey.options.clock)();
        let boot = &survey.options.boot;
        let recovered = recovery::recover(&ledger, boot, &now).await?;
        if survey.content.is_unsent() && recovery::may_be_had(&ledger, boot, &now).await? {
            return Err(SendError::Overtaken);
        }
        Ok(Locked { survey, templates, ledger, recovered })
    }

    /// What a dead sender had left, now settled.
    pub fn recovered(&self) -> &Recovery {
        &self.recovered
    }

    /// How many whom this send is for are uncertain, and the first of them.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn uncertain(&self) -> Result<(u64, Excerpt), SendError> {
        self.first(State::Uncertain).await
    }

    /// How many whom this send is for were refused for good, and the first of them.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn refused(&self) -> Result<(u64, Excerpt), SendError> {
        self.first(State::Refused).await
    }

    async fn first(&self, state: State) -> Result<(u64, Excerpt), SendError> {
        let ledger = &self.survey.ledger;
        // Most issues have none, and to compare a long list takes its time.
        let counts = ledger.counts().await?.by_state();
        if counts.contains(&(state, 0)) {
            return Ok((0, Excerpt { state, rows: Vec::new(), more: false }));
        }
        let count = ledger.count_staged(state).await?;
        Ok((count, Excerpt::of_list(ledger, state).await?))
    }

    /// Counts who would get the issue.
    ///
    /// # Errors
    /// The receipt says that it was sent, or the ledger seems to know it under another name, and
    /// nobody has said to send it anyway; somebody would get another text than the one that was approved; or the ledger's.
    pub async fn propose(self, answers: Answers) -> Result<Proposal, SendError> {
        let reopened = answers.reopened;
        // A person was asked before the lock; meanwhile somebody may have put another receipt here.
        let sent = self.survey.already_sent().await?;
        let alike = self.survey.lookalikes().await?;
        let (plan, one) = self.survey.plan(reopened).await?;
        // Where nobody is left to send to, nobody can get it twice.
        let asked = alike.first.filter(|_| !answers.new_issue && plan.to_send > 0);
        if let Some(renamed) = asked {
            return Err(SendError::Renamed(Box::new(renamed)));
        }
        let sent = sent.filter(|_| plan.to_send > 0);
        let mut agreed = Vec::new();
        if let Some(sent) = sent {
            if !answers.despite_receipt {
                return Err(SendError::AlreadySent(Box::new(sent)));
            }
            agreed = sent.all;
        }
        let has_receipt = !agreed.is_empty();
        let (Survey { options, .. }, ledger) = (&self.survey, &self.ledger);
        let copy = options.to.as_ref().zip(one.as_ref()).and_then(|(to, one)| self.copy(to, one));
        let repeated = if reopened.uncertain {
            ledger.list_staged(State::Uncertain, i64::MAX).await?
        } else {
            Vec::new()
        };
        let mut said = RememberedYes {
            despite_receipt: answers.despite_receipt.then_some(agreed),
            of_others: alike.others,
            passed_over: alike.passed_over,
        };
        // A yes is for what was told: where the issue had a receipt of its own, nobody has read of the
        // receipts of others.
        let all_asked = answers.despite_receipt
            && !has_receipt
            && !overview::has_reached_somebody(&self.survey.store).await?;
        if all_asked {
            said.of_others.extend(self.survey.of_other_issues().await?);
        }
        let before = None;
        Ok(Proposal { locked: self, plan, reopened, repeated, one, copy, said, before })
    }

    /// Counts once more who would get the issue: of those who were asked about `before`, whoever the
    /// list still has.
    pub(super) async fn propose_again(
        self,
        reopened: Reopened,
        said: RememberedYes,
        (before, newcomers): (PlannedBefore, u64),
    ) -> Result<Proposal, SendError> {
        let (plan, one) = self.survey.plan(reopened).await?;
        let plan = Plan { outside: plan.outside.saturating_sub(newcomers), ..plan };
        let to = self.survey.options.to.as_ref();
        let copy = to.zip(one.as_ref()).and_then(|(to, one)| self.copy(to, one));
        let (repeated, before) = (Vec::new(), Some(before));
        Ok(Proposal { locked: self, plan, reopened, repeated, one, copy, said, before })
    }

    /// What stands for what was read and locked before a wait, once the list was read again.
    pub(super) fn again(survey: Survey, templates: Arc<Templates>, ledger: LockedLedger) -> Locked {
        Locked { survey, templates, ledger, recovered: Recovery::default() }
    }

    pub(super) fn survey(&self) -> &Survey {
        &self.survey
    }

    /// The copy that somebody who has the issue is to get.
    fn copy(&self, to: &OnePerson, one: &OneRow) -> Option<FurtherCopy> {
        to.wants_copy(one).then(|| FurtherCopy {
            row: one.row,
            message_id: self.templates.copy_message_id(&to.address, one.earlier + 1),
        })
    }
}

impl Proposal {
    /// Who would get the issue.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was found in the list.
    pub fn list(&self) -> &Intake {
        self.locked.survey.list()
    }

    /// The people who may have the issue, and who would be sent to once more.
    pub fn repeated(&self) -> &[Listed] {
        &self.repeated
    }

    /// What the ledger has of the one person whom the send is for.
    pub fn one(&self) -> Option<&OneRow> {
        self.one.as_ref()
    }

    /// What they would get.
    pub fn content(&self) -> &Content {
        &self.locked.survey.content
    }

    /// Puts all of it into the ledger, in one transaction.
    ///
    /// # Errors
    /// The ledger's; then nothing has changed.
    pub async fn accept(self) -> Result<Planned, SendError> {
        let Locked { survey, templates, ledger, .. } = self.locked;
        let content_hash = survey.content.composition().hash_hex();
        let run = NewRun {
            content_hash: &content_hash,
            boot: &survey.options.boot,
            started_at: &(survey.options.clock)(),
            reverse_path: templates.reverse_path(),
            origin: &survey.options.origin,
        };
        let text = self.before.map(|before| PlannedText::Kept(before.revision));
        let text = text.unwrap_or_else(|| survey.content.planned_text());
        let run = ledger.plan(&run, text, self.reopened, self.copy.as_ref()).await?;
        let leaving = self.plan.leaving + self.before.map_or(0, |before| before.leaving);
        let text = (content_hash, Plan { leaving, ..self.plan });
        Ok(Planned::new(survey, templates, (ledger, run), text, (self.said, self.reopened)))
    }

    /// Ends here: nothing is sent. Where all who waited have left the list, that is written down, and
    /// so is that somebody knows of a copy which a dead sender had sent.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn leave(self) -> Result<SendReport, SendError> {
        if let Some(one) = self.one.as_ref().filter(|one| one.was_sent_untold()) {
            self.locked.ledger.copies_are_told(Some(one.row), None).await?;
        }
        let all_refused = AllRefused::before(&self.locked.ledger, &self.plan).await?;
        let report = if self.plan.only_leavers_wait() {
            self.accept().await?.leave().await?
        } else {
            let Locked { survey, .. } = self.locked;
            let content_hash = survey.content.composition().hash_hex();
            let pending = self.plan.to_send;
            let this_send = Counts { planned: pending, pending, ..Counts::default() };
            let report = SendReport::close((&survey, &self.plan), content_hash, None, None).await;
            SendReport { this_send, ..report }
        };
        Ok(SendReport { all_refused, ..report })
    }
}
