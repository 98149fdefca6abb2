//! What shows that the issue may have been sent before, from elsewhere: a receipt, receipts of other
//! issues, a secret that is missing. Each stops a send until somebody says to go on.

use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::SendError;
use sejong_digest::delivery::send::survey::Ready;

use super::options::PlanOptions;
use super::reasons::Reasons;
use super::{question, refusal, renamed};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::workspace::{LostSecret, ShownBy, Workspace};
use crate::cmd::{print, receipts};

/// What was said to all that shows an earlier send.
#[derive(Debug, Default)]
pub(super) struct AllowedSend {
    /// The issue is sent although its receipt knows people whom the ledger does not.
    pub(super) despite_receipt: bool,
    /// It is another one than that which it looks like.
    pub(super) new_issue: bool,
    /// The secret that a rehearsal goes on without, and a send that has nobody to send to.
    pub(super) lost: Option<LostSecret>,
}

/// The flags that answer before anybody is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct DespiteFlags {
    pub(super) despite_receipt: bool,
    pub(super) new_issue: bool,
    pub(super) new_secret: bool,
}

/// Asks about all that shows that mail was sent before: by the `flags`, or whoever is `asked`. Each
/// answer is for its own question alone. Where nobody can be asked, the `reasons` keep what stands
/// against the send.
pub(super) async fn asked_about(
    (workspace, options): (&Workspace, &PlanOptions),
    ready: &Ready,
    flags: DespiteFlags,
    (reasons, asked): (&mut Reasons, bool),
) -> Result<AllowedSend, Failure> {
    let others = reasons.count();
    let (wanted, reopened) = (flags.despite_receipt, options.reopened());
    let perhaps = options.perhaps_reopened(asked);
    let said = send_despite_receipt(ready, reopened, (wanted, asked)).await;
    let despite_receipt = reasons.keep(said)?;
    let new_issue =
        reasons.keep(renamed::is_new(ready, perhaps, (flags.new_issue, asked)).await)?;
    // Who answers one of these two knows that this is a copy.
    let is_copy = despite_receipt || new_issue || reasons.count() > others;
    let said = lost_secret((workspace, options), ready, (flags.new_secret, asked)).await;
    let lost = reasons.keep(said)?;
    if !is_copy {
        reasons.keep(is_no_copy(ready, asked).await)?;
    }
    Ok(AllowedSend { despite_receipt, new_issue, lost })
}

/// Whether the secret was lost. Where mail leaves, somebody has to say first that a new one is made:
/// by a flag (`wanted`), or whoever is `asked`. A rehearsal goes on without one, and so does a send that
/// has nobody to send to.
async fn lost_secret(
    (workspace, options): (&Workspace, &PlanOptions),
    ready: &Ready,
    (wanted, asked): (bool, bool),
) -> Result<Option<LostSecret>, Failure> {
    let rehearsal = options.relay.rehearsal().is_some();
    let lost = if rehearsal {
        // A store of another kind is no file, and told where it is used.
        LostSecret::of(workspace, workspace.ledger_place().ok()).await?
    } else {
        lost_beside(workspace, ready).await?
    };
    let Some(lost) = lost else { return Ok(None) };
    if rehearsal {
        print::note(&format!("{lost}; the unsubscribe links of this rehearsal are not real"));
        return Ok(Some(lost));
    }
    if ready.plan(options.perhaps_reopened(asked)).await.map_err(refusal::told)?.to_send == 0 {
        // Nothing is signed, so none is made either.
        print::note(&lost.to_string());
        return Ok(Some(lost));
    }
    if wanted || asked && question::new_secret_confirmed(&lost)? {
        return Ok(None);
    }
    // Whoever was asked has read why.
    let what =
        if asked { "nothing was sent".to_owned() } else { format!("{lost}; nothing was sent") };
    // A ledger that is here must not be written over by an older one.
    let ledger = if lost.has_ledger() {
        ""
    } else {
        ", and digest.db with the files beside it (digest.db-*)"
    };
    Err(Failure::checks(what)
        .help(format!(
            "copy {} here from the computer that sent before{ledger}. {}{}: the unsubscribe links in \
             mail that was already sent then stop working",
            lost.file(),
            lost.doubt(),
            lost.without()
        ))
        .passes(Passes::With("--new-secret")))
}

/// The secret that is not here although a receipt, or the ledger that is open, shows that mail was
/// sent with it.
pub(super) async fn lost_beside(
    workspace: &Workspace,
    ready: &Ready,
) -> Result<Option<LostSecret>, Failure> {
    let sent =
        ready.sent_keys(workspace.config.sender.list_id_in_mail()).await.map_err(refusal::told)?;
    let all = LostSecret::shown(workspace, async || {
        let reached = ready.has_reached_somebody().await.map_err(refusal::told)?;
        let reached = reached || !sent.wanted.is_empty();
        Ok(reached.then(|| ShownBy::Ledger(ready.ledger().clone())))
    })
    .await?;
    if all.is_some() {
        return Ok(all);
    }
    LostSecret::in_part(workspace, &sent, ready.ledger())
}

/// Whether the issue is sent although its receipt knows people whom the ledger does not: `wanted` by
/// a flag, or by whoever is `asked`. Where nobody is left to send to, it is told and not asked.
async fn send_despite_receipt(
    ready: &Ready,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<bool, Failure> {
    let sent = ready.already_sent().await.map_err(refusal::told)?;
    let Some(sent) = sent.filter(|_| !wanted) else { return Ok(wanted) };
    if ready.plan(reopened).await.map_err(refusal::told)?.to_send == 0 {
        print::note(&receipts::already_sent(&sent));
        return Ok(false);
    }
    // The receipt may be that of a send which has just begun or ended: it is compared again under
    // the lock.
    if ready.is_overtaken().await.map_err(refusal::told)? {
        return Ok(false);
    }
    ready.may_be_made().map_err(refusal::told)?;
    if asked {
        print::note(&receipts::already_sent(&sent));
        print::note(&receipts::doubt(&sent.path, &sent.found));
        if question::despite_receipt_confirmed()? {
            return Ok(true);
        }
        return Err(refusal::after_a_no(&sent));
    }
    Err(refusal::told(SendError::AlreadySent(Box::new(sent))))
}

/// `3 issues were sent from another ledger …`: what is said of a copy whose ledger is missing, where
/// no receipt of the issue shows that. Nothing in a rehearsal.
pub(super) async fn sent_elsewhere(ready: &Ready) -> Result<Option<String>, Failure> {
    let sent = ready.sent_elsewhere().await.map_err(refusal::told)?;
    let (issue, were) = (
        &ready.content().composition().issue,
        if sent == 1 { "1 issue was".to_owned() } else { format!("{sent} issues were") },
    );
    Ok((sent > 0).then(|| {
        format!(
            "receipts say that {were} sent from another ledger, which is not here; if {issue} was \
             sent from there too, its receipt may be missing, or have an older name of its folder"
        )
    }))
}

/// Goes on where nothing shows that this is a copy without the ledger, or whoever is `asked` says so.
async fn is_no_copy(ready: &Ready, asked: bool) -> Result<(), Failure> {
    let Some(seems) = sent_elsewhere(ready).await? else { return Ok(()) };
    ready.may_be_made().map_err(refusal::told)?;
    question::allowed(
        &seems,
        (question::DESPITE_RECEIPT, Passes::With("--despite-receipt")),
        asked,
        "bring the ledger here, digest.db and the files beside it (digest.db-*), or name it with \
         --store, and send from it. If nobody has this issue, --despite-receipt sends it, also to \
         people who are suppressed in that ledger: suppress them here first (digest subscribers \
         suppress)",
    )
}
