//! What providers of mail have posted, written down: a transaction for each request.

use super::{KnownToWriter, Unwritten, WhereTold};
use crate::delivery::bounced::policy::BouncePolicy;
use crate::delivery::bounced::posted::{self, PostedReport};
use crate::store::StoreError;
use crate::web::stores::WebStore;

#[derive(Debug)]
pub(super) struct OfProvider {
    pub(super) posted: PostedReport,
    pub(super) policy: BouncePolicy,
    pub(super) told: WhereTold<()>,
}

/// Writes; a second time with a new connection where the first one was lost: an event counts once.
pub(super) async fn fulfil(store: &WebStore, all: Vec<OfProvider>, known: KnownToWriter<'_>) {
    for one in all {
        let mut failed = None;
        for _ in 0..2 {
            match written_once(store, &one, known).await {
                Ok(()) => {
                    failed = None;
                    break;
                }
                Err(error) => {
                    store.put_away_behind(&error).await;
                    failed = Some(error);
                }
            }
        }
        failed.iter().for_each(|error| store.has_failed(error));
        let _ = one.told.send(if failed.is_none() { Ok(()) } else { Err(Unwritten) });
    }
}

async fn written_once(
    store: &WebStore,
    one: &OfProvider,
    known: KnownToWriter<'_>,
) -> Result<(), StoreError> {
    let own = store.shared.lease().await?;
    let forgetting = known.options.keys.known().forgetting;
    posted::take_note(&own, &forgetting, (&one.posted, &one.policy), (known.options.clock)()).await
}
