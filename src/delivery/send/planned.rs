//! The last stage before the report: the ledger says who is to get what, and messages may leave.

use std::sync::Arc;

use super::SendError;
use super::plan::Plan;
use super::report::{self, SendReport};
use super::survey::Survey;
use crate::delivery::id::RunId;
use crate::delivery::ledger::LockedLedger;
use crate::delivery::recovery;
use crate::delivery::run::{self, Ended};
use crate::delivery::templates::Templates;

/// A plan that the ledger holds, under the lock.
#[derive(Debug)]
pub struct Planned {
    survey: Survey,
    templates: Arc<Templates>,
    ledger: LockedLedger,
    run: RunId,
    content_hash: String,
    plan: Plan,
}

impl Planned {
    /// Of a run that `ledger` has a plan of; only a proposal that was accepted makes one.
    pub(super) fn new(
        survey: Survey,
        templates: Arc<Templates>,
        (ledger, run): (LockedLedger, RunId),
        (content_hash, plan): (String, Plan),
    ) -> Planned {
        Planned { survey, templates, ledger, run, content_hash, plan }
    }

    /// The encoded compositions, for [`run::Options`].
    pub fn templates(&self) -> Arc<Templates> {
        Arc::clone(&self.templates)
    }

    /// Sends to all who wait, and says what became of them.
    ///
    /// # Errors
    /// The ledger's. A relay that fails is an end of the run.
    pub async fn deliver(self, options: &run::Options) -> Result<SendReport, SendError> {
        let (survey, ledger) = (&self.survey, &self.ledger);
        report::begun_receipt(survey, &self.content_hash, self.run).await?;
        let report = run::run(ledger, self.run, &survey.options.boot, options).await?;
        if let Ended::Ledger(_) = report.ended {
            // The report tells what is known, also what could not be recorded.
            let (boot, now) = (&survey.options.boot, (survey.options.clock)());
            recovery::see_unrecorded(ledger, boot, &now).await;
        } else {
            ledger.copies_are_told(None, Some(self.run)).await?;
        }
        let known = (survey, &self.plan);
        SendReport::close(known, self.content_hash, Some(self.run), Some(report)).await
    }

    /// Ends here: nothing has left, everybody waits for the next send, and who was to be sent to
    /// once more is what they were.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn leave(self) -> Result<SendReport, SendError> {
        self.ledger.withdraw().await?;
        let known = (&self.survey, &self.plan);
        SendReport::close(known, self.content_hash, Some(self.run), None).await
    }
}
