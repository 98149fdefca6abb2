//! The list once more, when `--at` has waited: whoever has left it meanwhile gets nothing, and whoever
//! has come was in no question.
//!
//! Nobody is asked here, because nobody may be there any more: where the list cannot be used as it is
//! now, nothing is sent.

use sejong_digest::delivery::send::SendOptions;
use sejong_digest::delivery::send::locked::Proposal;
use sejong_digest::delivery::send::planned::{Planned, Reread};
use sejong_digest::delivery::send::report::SendReport;
use sejong_digest::diagnostic::counted;

use super::{Send, doubts, refusal};
use crate::cmd::failure::Failure;
use crate::cmd::files::describe;
use crate::cmd::print;

/// What the list says now.
pub(super) enum Renewed {
    /// Some are still to get the issue.
    Planned(Box<Planned>),
    /// All who waited have left, and the send is over.
    Nobody(Box<SendReport>),
}

impl Send<'_> {
    /// Plans once more, by the list as it is now.
    pub(super) async fn read_again(&self, planned: Planned) -> Result<Renewed, Failure> {
        let now = match self.options.now() {
            Ok(now) => now,
            Err(failure) => {
                planned.leave().await.map_err(refusal::told)?;
                return Err(waiting(failure));
            }
        };
        let reread = planned.read_again(now).await;
        let reread = reread.map_err(|error| waiting(refusal::told(error)))?;
        let newcomers = reread.newcomers();
        let proposal = judged(reread).await.map_err(waiting)?;
        let plan = proposal.plan();
        let issue = &proposal.content().composition().issue;
        let doubt = doubts::of_list(plan, issue, &self.options.send.list);
        if let Err(failure) = doubts::list_is_meant(doubt, plan.to_send, (self.despite_list, false))
        {
            proposal.leave().await.map_err(refusal::told)?;
            return Err(waiting(failure));
        }
        if let Some(changes) = changes(plan.leaving, newcomers, &self.options.send) {
            print::note(&changes);
        }
        if plan.to_send == 0 {
            self.nothing(&proposal);
            let report = proposal.leave().await.map_err(refusal::told)?;
            return Ok(Renewed::Nobody(Box::new(report)));
        }
        let planned = proposal.accept().await.map_err(refusal::told)?;
        Ok(Renewed::Planned(Box::new(planned)))
    }
}

/// Who would get the issue now, if nothing is wrong with the list.
async fn judged(reread: Reread) -> Result<Proposal, Failure> {
    print::problems(&reread.list_errors());
    let errors = match reread.reader_errors().await {
        Ok(errors) => errors,
        Err(error) => {
            reread.close().await;
            return Err(refusal::told(error));
        }
    };
    print::problems(&errors);
    reread.propose(&errors).await.map_err(refusal::told)
}

/// Why nothing was sent, of a send that had been planned.
fn waiting(failure: Failure) -> Failure {
    let message =
        format!("the list was read again when the time of --at had come: {}", failure.message);
    Failure { message, ..failure }
}

/// Who has left and who has come; nothing where nobody has.
fn changes(left: u64, came: u64, options: &SendOptions) -> Option<String> {
    let have = |count| if count == 1 { "has" } else { "have" };
    let left = (left > 0).then(|| {
        let get = if left == 1 { "gets" } else { "get" };
        format!("{} {} left it and {get} nothing", counted(left, "person"), have(left))
    });
    let came = (came > 0).then(|| {
        let wait = if came == 1 { "is" } else { "are" };
        format!(
            "{} {} come into it and {wait} left for the next send of {}, as the question was not \
             about them",
            counted(came, "person"),
            have(came),
            options.issue
        )
    });
    let said: Vec<String> = left.into_iter().chain(came).collect();
    let list = describe(&options.list);
    (!said.is_empty()).then(|| format!("{list} was read again: {}", said.join("; ")))
}
