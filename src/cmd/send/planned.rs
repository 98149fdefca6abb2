//! `digest plan`, and `send --dry-run`: what a send would do, and what it would ask about or stop at.
//!
//! Must never change anything, and ends with 0 whatever a send would be asked: whoever plans wants to
//! know that.

use sejong_digest::delivery::send::plan::Plan;
use sejong_digest::delivery::send::survey::Ready;

use super::despite::{lost_beside, sent_elsewhere};
use super::options::PlanOptions;
use super::plan::PlanText;
use super::reasons::PlanDoubts;
use super::survey::Leaves;
use super::window::Window;
use super::{
    complained, completed, dated, doubts, moved, refusal, renamed, replaced, routes, shrunk, survey,
};
use crate::cmd::bounces::undecided::WaitingWishes;
use crate::cmd::failure::{Ending, Exit, Failure, Passes};
use crate::cmd::workspace::Workspace;
use crate::cmd::{looking, print, receipts};

/// Says what a send would do, and makes no file, not even the secret's.
pub(super) async fn planned(
    workspace: &Workspace,
    options: &PlanOptions,
    window: &Window,
) -> Ending {
    let ready = survey::take(workspace, options, Leaves::Nothing).await?;
    if !ready.has_ledger() {
        ready.may_be_made().map_err(refusal::told)?;
    }
    looking::tell(&ready.look().await.map_err(refusal::told)?);
    let plan = ready.plan(options.reopened()).await.map_err(refusal::told)?;
    let doubts = doubts_of((workspace, options), &ready, &plan).await?;
    let composition = ready.content().composition();
    let routes = routes(workspace, options);
    let except = options.except.as_deref();
    let parts = &ready.parts().await.map_err(refusal::told)?;
    let (plan, routes) = (&plan, &routes);
    let list = (&*options.send.list, options.send.list_in_store.is_some());
    let is_part = options.is_part();
    let text =
        PlanText { plan, workspace, routes, composition, window, list, except, is_part, parts };
    let json = if options.json {
        let waiting = ready.undecided().await.map_err(refusal::told)?;
        Some(text.json(&doubts, &WaitingWishes::of(workspace, waiting).await)?)
    } else {
        None
    };
    let words = text.words();
    ready.close().await;
    match json {
        Some(json) => print::json(&format!("{json}\n"))?,
        None => print::words(&words)?,
    }
    Ok(Exit::Done)
}

/// All that a send would ask about, in its order.
async fn doubts_of(
    (workspace, options): (&Workspace, &PlanOptions),
    ready: &Ready,
    plan: &Plan,
) -> Result<PlanDoubts, Failure> {
    let mut all = PlanDoubts::default();
    let is_real = options.relay.rehearsal().is_none();
    // Where nobody is left to send to, it is told and not asked.
    let asked = |flag| Some(Passes::With(flag)).filter(|_| plan.to_send > 0);
    if let Some(unmet) = ready.list().unmet.first() {
        let says = format!("--only names {}, and nobody in the list has that", unmet.term);
        all.tell(says, Some(Passes::Never));
    }
    if is_real {
        let zone = &workspace.config.time_zone;
        if let Some((doubt, may_pass)) = doubts::of_clock(ready, zone).await? {
            all.tell(doubt, asked("--despite-clock").filter(|_| !may_pass));
        }
        if let Some(doubt) = dated::doubt(ready, &options.allow, zone).await? {
            all.tell(doubt, Some(Passes::With("--despite-clock")));
        }
        if let Some(doubt) = moved::doubt(ready).await? {
            all.tell(doubt, asked("--despite-copy"));
        }
    }
    if let Some(replaced) = ready.replaced().await.map_err(refusal::told)? {
        let holds = replaced::holds(&replaced);
        match replaced::swapped(&replaced) {
            Some(swapped) => all.tell(format!("{holds}: {swapped}"), asked("--despite-changes")),
            None => all.tell(holds, Some(Passes::With("--despite-changes"))),
        }
    }
    let sent = ready.already_sent().await.map_err(refusal::told)?;
    if let Some(sent) = &sent {
        all.tell(receipts::already_sent(sent), asked("--despite-receipt"));
    }
    let renamed = ready.renamed().await.map_err(refusal::told)?;
    if let Some(renamed) = &renamed {
        let (seems, again) = (renamed::seems(renamed), renamed::again(renamed));
        all.tell(format!("{seems}: {again}"), asked("--new-issue"));
    }
    if is_real && let Some(lost) = lost_beside(workspace, ready).await? {
        all.tell(format!("{lost}: copy that file here"), asked("--new-secret"));
    }
    if renamed.is_none()
        && sent.is_none()
        && let Some(seems) = sent_elsewhere(ready).await?
    {
        all.tell(seems, Some(Passes::With("--despite-receipt")));
    }
    if is_real {
        let issue = &ready.content().composition().issue;
        if let Some(doubt) = doubts::of_list(plan, issue, &options.send.list) {
            all.tell(doubt, asked("--despite-list"));
        }
        if let Some(shrunk) = shrunk::found(ready, &options.send.list).await? {
            all.tell(shrunk.says, asked("--despite-list").filter(|_| shrunk.is_asked));
        }
        if let Some(complaints) = complained::found(ready).await? {
            let asked = asked("--despite-complaints").filter(|_| complaints.is_asked);
            all.tell(complaints.says, asked);
        }
        let waiting = complained::waiting(ready).await?.into_iter();
        let completed = completed::told(workspace, options, ready, plan).await?;
        waiting.chain(completed).for_each(|words| all.tell(words, None));
    }
    Ok(all)
}
