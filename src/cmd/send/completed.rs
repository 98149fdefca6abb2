//! An issue that everybody had, with people who are new to it, while a later one has not been sent:
//! somebody may have named last month's issue by mistake.
//!
//! Only tells: a new reader may well get the last issue.

use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::plan::Plan;
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::issue::load::{self, Headline};

use super::options::PlanOptions;
use super::refusal;
use crate::cmd::clock;
use crate::cmd::failure::Failure;
use crate::cmd::workspace::Workspace;

/// What is told, if anything. Whoever names one person, or tries some again, means this issue.
pub(super) async fn told(
    workspace: &Workspace,
    options: &PlanOptions,
    ready: &Ready,
    plan: &Plan,
) -> Result<Option<String>, Failure> {
    let is_meant = options.send.to.is_some() || options.reopened() != Reopened::default();
    if is_meant || plan.to_send == 0 {
        return Ok(None);
    }
    let Some(at) = ready.completed_at().await.map_err(refusal::told)? else { return Ok(None) };
    let headline = &ready.content().headline();
    let Some(later) = later(workspace, ready, headline).await? else { return Ok(None) };
    let are_new = match plan.to_send {
        1 => "1 person is new to it".to_owned(),
        more => format!("{more} people are new to it"),
    };
    let name = &ready.content().composition().issue;
    let at = clock::minute(at, &workspace.config.time_zone);
    Ok(Some(format!("{name} was completed on {at}; {are_new}. {later} has not been sent")))
}

/// The next issue by its day that nobody has.
async fn later(
    workspace: &Workspace,
    ready: &Ready,
    headline: &Headline,
) -> Result<Option<String>, Failure> {
    let Some(day) = headline.date else { return Ok(None) };
    let mut later = load::siblings(&workspace.config.publication);
    later.retain(|one| one.date.is_some_and(|date| date > day));
    later.sort_by_key(|one| one.date);
    for one in later {
        if ready.is_unsent(&one.name).await.map_err(refusal::told)? {
            return Ok(Some(one.name));
        }
    }
    Ok(None)
}
