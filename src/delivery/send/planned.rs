//! The last stage before the report: the ledger says who is to get what, and messages may leave.

use std::io;
use std::sync::Arc;

use super::locked::{Locked, PlannedBefore, Proposal, RememberedYes};
use super::plan::Plan;
use super::report::{self, KnownBefore, ReceiptFate, RunEnd, SendReport};
use super::survey::Survey;
use super::{SendError, SendOptions};
use crate::audience::forgotten;
use crate::check::{self, Audience};
use crate::delivery::id::RunId;
use crate::delivery::journal::Journal;
use crate::delivery::ledger::LockedLedger;
use crate::delivery::ledger::wishes::Reopened;
use crate::delivery::receipt::AgreedReceipt;
use crate::delivery::recovery;
use crate::delivery::run::{self, Ended};
use crate::delivery::templates::Templates;
use crate::diagnostic::Diagnostic;
use crate::store::{KeptSession, Store};

/// No part of a list is called so: what nobody was asked about is answered for nobody.
const NOT_ASKED: &str = "not asked";

/// A plan that the ledger holds, under the lock.
#[derive(Debug)]
pub struct Planned {
    survey: Survey,
    templates: Arc<Templates>,
    ledger: LockedLedger,
    run: RunId,
    content_hash: String,
    plan: Plan,
    said: RememberedYes,
    reopened: Reopened,
}

/// A plan whose list was read again when its time had come: nothing of it stands in the ledger yet.
#[derive(Debug)]
pub struct Reread {
    locked: Locked,
    before: PlannedBefore,
    newcomers: u64,
    reopened: Reopened,
    said: RememberedYes,
}

impl Planned {
    /// Of a run that `ledger` has a plan of; only a proposal that was accepted makes one.
    pub(super) fn new(
        survey: Survey,
        templates: Arc<Templates>,
        (ledger, run): (LockedLedger, RunId),
        (content_hash, plan): (String, Plan),
        (said, reopened): (RememberedYes, Reopened),
    ) -> Planned {
        Planned { survey, templates, ledger, run, content_hash, plan, said, reopened }
    }

    /// How many people are to get it.
    pub fn to_send(&self) -> u64 {
        self.plan.to_send
    }

    /// Sees to it that nobody else may send while this waits: on a server whose session was lost the
    /// right is taken again. Whether it was lost.
    ///
    /// # Errors
    /// [`SendError::Overtaken`], or the ledger's; a server that cannot be reached may come again.
    pub async fn keep_lock(&self) -> Result<bool, SendError> {
        match self.ledger.keep_lock(self.run).await? {
            (_, true) => Err(SendError::Overtaken),
            (kept, false) => Ok(kept == KeptSession::Another),
        }
    }

    /// Reads the list again, as it and the files of exceptions are `now`: people may have left it
    /// while `--at` waited. Wishes fall back, and are made again with the next plan.
    ///
    /// # Errors
    /// The list cannot be read any more: then nobody is sent to, and all wait. Or the ledger's.
    pub async fn read_again(self, now: SendOptions) -> Result<Reread, SendError> {
        let Planned { mut survey, templates, ledger, run, plan, said, reopened, .. } = self;
        ledger.withdraw().await?;
        let revision = ledger.latest_revision().await?;
        let newcomers = match survey.read_again(now, run).await {
            Ok(newcomers) => newcomers,
            Err(error) => {
                survey.store.clone().close().await;
                return Err(error);
            }
        };
        let before = PlannedBefore { revision, leaving: plan.leaving };
        let locked = Locked::again(survey, templates, ledger);
        Ok(Reread { locked, before, newcomers, reopened, said })
    }

    /// Begins the run: its journal, and the receipt that says so.
    ///
    /// # Errors
    /// A receipt has come since somebody was asked, as by `git pull` while `--at` waited: then nobody
    /// is sent to, and all wait. Or the ledger's.
    pub async fn begin(self) -> Result<Begun, SendError> {
        let asked_about = self.said.despite_receipt.as_deref();
        let despite = asked_about.unwrap_or_default();
        let part = self.survey.options.part.as_str();
        let is_new = |asked: &AgreedReceipt| !despite.iter().any(|yes| yes.covers(asked, part));
        let sent = self.survey.already_sent().await?;
        if let Some(sent) = sent.filter(|sent| asked_about.is_none() || sent.all.iter().any(is_new))
        {
            self.ledger.withdraw().await?;
            self.survey.store.clone().close().await;
            return Err(SendError::AlreadySent(Box::new(sent)));
        }
        // A yes for one person, or for a part of the list, is none for the others.
        self.ledger.agree(despite, part).await?;
        self.ledger.is_another(&self.said.of_others, part).await?;
        self.ledger.is_another(&self.said.passed_over, NOT_ASKED).await?;
        self.ledger.sends_from_here().await?;
        let (list_id, keys) = &self.survey.signed_with;
        self.ledger.sends_with(list_id, keys).await?;
        let options = &self.survey.options;
        forgotten::give_up(&self.survey.store, &options.forgetting, &(options.clock)()).await?;
        let boot = &self.survey.options.boot;
        let journal = run::journal(&self.ledger, self.run, boot).await?;
        let before = KnownBefore::of(&self.survey).await?;
        let mut receipt = None;
        if journal.is_ok() {
            receipt = report::begun_receipt(&self.survey, &self.content_hash, &before);
        }
        Ok(Begun { planned: self, journal, receipt, before })
    }

    /// Ends here: nothing has left, everybody waits for the next send, and who was to be sent to
    /// once more is what they were.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn leave(self) -> Result<SendReport, SendError> {
        self.ledger.withdraw().await?;
        let known = (&self.survey, &self.plan);
        let run = Some((&self.ledger, self.run));
        Ok(SendReport::close(known, self.content_hash, run, None).await)
    }
}

impl Reread {
    /// How many came into the list since it was planned: they are left for a later send.
    pub fn newcomers(&self) -> u64 {
        self.newcomers
    }

    /// What is wrong with the list now.
    pub fn list_errors(&self) -> Vec<Diagnostic> {
        let problems = self.locked.survey().list().problems.iter();
        problems.filter(|problem| problem.is_error()).cloned().collect()
    }

    /// What the rules say now of the issue and its readers.
    ///
    /// # Errors
    /// As those of [`Survey::readers`].
    pub async fn reader_errors(&self) -> Result<Vec<Diagnostic>, SendError> {
        let survey = self.locked.survey();
        let readers = survey.readers().await?;
        let list = survey.list();
        let audience = Audience {
            columns: &list.columns,
            people: readers.people(),
            lacking: readers.lacking(),
            tags: list.tags.as_ref(),
        };
        let problems = check::readers(survey.content.composition(), &audience).into_iter();
        Ok(problems.filter(Diagnostic::is_error).collect())
    }

    /// Who of those that were asked about would get the issue now.
    ///
    /// # Errors
    /// [`SendError::Checks`] where there are `errors`; or the ledger's.
    pub async fn propose(self, errors: &[Diagnostic]) -> Result<Proposal, SendError> {
        if !errors.is_empty() {
            self.close().await;
            return Err(SendError::Checks);
        }
        let counted = (self.before, self.newcomers);
        self.locked.propose_again(self.reopened, self.said, counted).await
    }

    /// Ends here: nothing was sent, and all wait.
    pub async fn close(self) {
        self.locked.survey().store.clone().close().await;
    }
}

/// A run of which journal and receipt say that it has begun; no message has left.
#[derive(Debug)]
pub struct Begun {
    planned: Planned,
    journal: io::Result<Journal>,
    receipt: Option<ReceiptFate>,
    before: KnownBefore,
}

impl Begun {
    /// What became of the receipt that tells of this send if it is killed.
    pub fn receipt(&self) -> Option<&ReceiptFate> {
        self.receipt.as_ref()
    }

    /// The encoded compositions, for [`run::Options`].
    pub fn templates(&self) -> Arc<Templates> {
        Arc::clone(&self.planned.templates)
    }

    /// The store that it is written to.
    pub fn store(&self) -> Store {
        self.planned.survey.store.clone()
    }

    /// Sends to all who wait, and says what became of them.
    ///
    /// # Errors
    /// The ledger's. A relay that fails is an end of the run.
    pub async fn deliver(self, options: &run::Options) -> Result<SendReport, SendError> {
        let Planned { survey, ledger, run, content_hash, plan, .. } = self.planned;
        let (survey, ledger) = (&survey, &ledger);
        let mark = &survey.list().suppressed.mark;
        let report = run::run(ledger, run, self.journal, mark, options).await?;
        let mut is_seen = true;
        if let Ended::Ledger(_) = report.ended {
            // The report tells what is known, also what could not be recorded.
            let (boot, now) = (&survey.options.boot, (survey.options.clock)());
            is_seen = recovery::see_unrecorded(ledger, boot, &now).await;
        }
        let (run, end) = ((ledger, run), RunEnd { report, before: self.before, is_seen });
        Ok(SendReport::close((survey, &plan), content_hash, Some(run), Some(end)).await)
    }
}
