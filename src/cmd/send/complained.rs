//! Complaints about the last issue: large providers refuse mail of a sender whom three of a thousand
//! readers report, and warn from one of a thousand on.

use sejong_digest::delivery::ledger::bounces::IssueComplaints;
use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::survey::Ready;

use super::{question, refusal};
use crate::cmd::bounces::undecided::WaitingWishes;
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::print;

/// What is told of complaints, and whether a send stops for them.
pub(super) struct ComplaintDoubt {
    pub(super) says: String,
    pub(super) is_asked: bool,
}

/// What is told of the complaints about the last issue, if anything.
pub(super) async fn found(ready: &Ready) -> Result<Option<ComplaintDoubt>, Failure> {
    let complaints = ready.complaints().await.map_err(refusal::told)?;
    Ok(complaints.filter(IssueComplaints::is_warned_of).map(|complaints| ComplaintDoubt {
        says: complaints.to_string(),
        is_asked: complaints.is_too_many(),
    }))
}

/// What is told of wishes to leave that nobody has decided about, if there are any: those people get
/// the issue.
pub(super) async fn waiting(ready: &Ready) -> Result<Option<String>, Failure> {
    let waiting = ready.undecided().await.map_err(refusal::told)?;
    Ok(WaitingWishes::told(&waiting))
}

/// Goes on where there are few complaints, or somebody says so: by a flag (`wanted`), or whoever is
/// `asked`. Where nobody is left to send to, it is told and not asked.
pub(super) async fn goes_on(
    ready: &Ready,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    waiting(ready).await?.iter().for_each(|words| print::note(words));
    let Some(ComplaintDoubt { says, is_asked }) = found(ready).await? else { return Ok(()) };
    let nobody = ready.plan(reopened).await.map_err(refusal::told)?.to_send == 0;
    if wanted || nobody || !is_asked {
        print::note(&says);
        return Ok(());
    }
    question::allowed(
        &says,
        ("Send all the same?", Passes::With("--despite-complaints")),
        asked,
        "find out first who complains and why: `digest status ISSUE --list bounced` names them. Providers \
         send mail of such a sender to the spam folder of everybody. If you want to go on, add \
         --despite-complaints",
    )
}
