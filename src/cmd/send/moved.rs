//! A ledger that is not where it last sent from. It may be a copy, and the other one may have sent
//! since: everybody who got mail from there would get it again.
//!
//! A folder that has moved to another machine, and a ledger that was put back from a copy, look the
//! same: a person is asked once.

use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::survey::Ready;

use super::{question, refusal};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::{looking, print};

/// What shows that the ledger may be a copy.
pub(super) async fn doubt(ready: &Ready) -> Result<Option<String>, Failure> {
    let moved = ready.moved().await.map_err(refusal::told)?;
    Ok(moved.map(|moved| looking::moved(ready.ledger(), moved)))
}

/// Goes on where the ledger is where it was, or is the one that goes on, as somebody says. Where nobody
/// is left to send to, it is told and not asked.
pub(super) async fn goes_on(
    ready: &Ready,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    let Some(doubt) = doubt(ready).await? else { return Ok(()) };
    if wanted || ready.plan(reopened).await.map_err(refusal::told)?.to_send == 0 {
        print::note(&doubt);
        return Ok(());
    }
    question::allowed(
        &doubt,
        ("Is this the only ledger that sends from now on?", Passes::With("--despite-copy")),
        asked,
        "if another copy has sent since, send from that one, or bring it here with the files beside it \
         (digest.db-*). If this one goes on and no other does, add --despite-copy: once a send has begun, \
         it is not asked about again",
    )
}
