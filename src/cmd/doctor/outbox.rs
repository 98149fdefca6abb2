//! What waits in the outbox, for who asks whether all is well.

use sejong_digest::audience::erasure;
use sejong_digest::delivery::ledger::STEPS;
use sejong_digest::delivery::outbox;
use sejong_digest::doctor::Finding;
use sejong_digest::store::Store;

use crate::cmd::readers;
use crate::cmd::status::erasures_told;
use crate::cmd::workspace::Workspace;

const CHECK: &str = "outbox";

/// Those who wait to be erased, where somebody does and the store can be read.
pub(super) async fn check_erasures(workspace: &Workspace) -> Option<Finding> {
    let path = readers::own_store(workspace).ok().flatten()?;
    let store = Store::read(&path, &STEPS).await.ok()?;
    let waiting = erasure::waiting(&store).await;
    store.close().await;
    let told = erasures_told(&waiting.ok()?)?;
    Some(Finding::warning("erasure", told).help(
        "`digest serve` erases them while it runs and no issue is sent; or `digest subscribers forget \
         ADDRESS` does",
    ))
}

/// What stands there, where something does and the store can be read.
pub(super) async fn check(workspace: &Workspace) -> Option<Finding> {
    let path = readers::own_store(workspace).ok().flatten()?;
    let store = Store::read(&path, &STEPS).await.ok()?;
    let found = outbox::counts(&store).await;
    store.close().await;
    let found = found.ok().filter(|found| !found.is_empty())?;
    let what = format!("mails to people who subscribe: {found}");
    Some(match (found.waiting, found.uncertain + found.refused) {
        (0, 0) => Finding::ok(CHECK, what),
        (_, 0) => Finding::warning(CHECK, what).help("`digest serve` sends them while it runs"),
        _ => Finding::warning(CHECK, what).help(
            "whoever waits for one can fill in the form again; `digest subscribers show ADDRESS` says \
             how somebody stands",
        ),
    })
}
