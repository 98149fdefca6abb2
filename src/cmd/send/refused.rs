//! Behind a send: whose address a relay has called bad gets no mail any more.

use sejong_digest::delivery::bounced::policy::BouncePolicy;
use sejong_digest::delivery::bounced::refused;
use sejong_digest::delivery::ledger;
use sejong_digest::diagnostic::counted;
use sejong_digest::store::{Store, StoreAddress, StoreError};

use crate::cmd::{clock, print};

/// Takes note of what relays answered. The send is over, and its outcome stands: what cannot be noted
/// now is noted behind the next one.
pub(super) async fn take_note(ledger: &StoreAddress, issue: &str, policy: &BouncePolicy) {
    match noted(ledger, issue, policy).await {
        Ok(0) => {}
        Ok(people) => print::note(&format!(
            "{} suppressed, because the relay said that the address is bad: `digest subscribers list \
             --suppressed` names them",
            counted(people, "person")
        )),
        Err(error) => print::note(&format!(
            "who was refused for a bad address is not suppressed yet: {error}; the next send of the \
             issue does it"
        )),
    }
}

async fn noted(
    ledger: &StoreAddress,
    issue: &str,
    policy: &BouncePolicy,
) -> Result<u64, StoreError> {
    let store = Store::open(ledger, &ledger::STEPS).await?;
    let suppressed = refused::take_note(&store, issue, policy, clock::now()).await;
    store.close().await;
    suppressed
}
