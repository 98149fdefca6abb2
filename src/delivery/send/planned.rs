//! The last stage before the report: the ledger says who is to get what, and messages may leave.

use std::sync::Arc;

use super::SendError;
use super::report::SendReport;
use super::survey::Survey;
use crate::delivery::recovery;
use crate::delivery::run::{self, Ended};
use crate::delivery::templates::Templates;
use crate::store::Lock;

/// A plan that the ledger holds, under the lock.
#[derive(Debug)]
pub struct Planned {
    pub(super) survey: Survey,
    pub(super) templates: Arc<Templates>,
    pub(super) run: i64,
    pub(super) content_hash: String,
    pub(super) lock: Lock,
}

impl Planned {
    /// The encoded compositions, for [`run::Options`].
    pub fn templates(&self) -> Arc<Templates> {
        Arc::clone(&self.templates)
    }

    /// Sends to all who wait, and says what became of them.
    ///
    /// # Errors
    /// The ledger's. A relay that fails is an end of the run.
    pub async fn deliver(self, options: &run::Options) -> Result<SendReport, SendError> {
        let survey = &self.survey;
        let report = run::run(&survey.ledger, self.run, &survey.options.boot, options).await?;
        if let Ended::Ledger(_) = report.ended {
            // The report tells what is known, also what could not be recorded.
            let (boot, now) = (&survey.options.boot, (survey.options.clock)());
            recovery::see_unrecorded(&survey.ledger, &self.lock, boot, &now).await;
        } else {
            survey.ledger.copies_are_told(None, Some(self.run)).await?;
        }
        SendReport::close(survey, self.content_hash, Some(report)).await
    }

    /// Ends here: nothing has left, and everybody waits for the next send.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn leave(self) -> Result<SendReport, SendError> {
        SendReport::close(&self.survey, self.content_hash, None).await
    }
}
