//! The last stage before the report: the ledger says who is to get what, and messages may leave.

use std::sync::Arc;

use super::SendError;
use super::report::SendReport;
use super::survey::Survey;
use crate::delivery::run;
use crate::delivery::templates::Templates;
use crate::store::Lock;

/// A plan that the ledger holds, under the lock.
#[derive(Debug)]
pub struct Planned {
    pub(super) survey: Survey,
    pub(super) templates: Arc<Templates>,
    pub(super) run: i64,
    pub(super) content_hash: String,
    pub(super) _lock: Lock,
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
        survey.ledger.copies_are_told(None, Some(self.run)).await?;
        SendReport::close(survey, self.content_hash, Some(report)).await
    }

    /// Ends here: nothing has left, everybody waits for the next send, and who was to be sent to
    /// once more is what they were.
    ///
    /// # Errors
    /// The ledger's.
    pub async fn leave(self) -> Result<SendReport, SendError> {
        self.survey.ledger.withdraw().await?;
        SendReport::close(&self.survey, self.content_hash, None).await
    }
}
