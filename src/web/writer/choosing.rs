//! What people choose on their own page, one after the other.

use tokio::sync::oneshot;

use super::{HandedIn, KnownToWriter, Unwritten, WhereTold, Writer};
use crate::audience::subscribers::preferences::{self, PreferencesWish};
use crate::audience::subscribers::profile::SubscriberProfile;
use crate::message::address::Address;
use crate::store::StoreError;
use crate::web::stores::WebStore;

#[derive(Debug)]
pub(super) struct OfChooser {
    address: Address,
    /// Nothing where somebody only looks.
    wish: Option<PreferencesWish>,
    told: WhereTold<Option<SubscriberProfile>>,
}

impl Writer {
    /// Fulfils a wish, if there is one, and says what is known of the person then; nothing where nobody
    /// gets mail at the address.
    pub(in crate::web) async fn choose(
        &self,
        address: Address,
        wish: Option<PreferencesWish>,
    ) -> Result<Option<SubscriberProfile>, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.hand_in(HandedIn::Chooser(OfChooser { address, wish, told }), answer).await
    }
}

/// Does it; a second time with a new connection where the first one was lost: to save twice changes
/// nothing more.
pub(super) async fn fulfil(store: &WebStore, one: OfChooser, known: KnownToWriter<'_>) {
    let OfChooser { address, wish, told } = one;
    let mut failed = None;
    for _ in 0..2 {
        match once(store, &address, wish.clone(), known).await {
            Ok(profile) => {
                let _ = told.send(Ok(profile));
                return;
            }
            Err(error) => {
                store.put_away_behind(&error).await;
                failed = Some(error);
            }
        }
    }
    failed.iter().for_each(|error| store.has_failed(error));
    let _ = told.send(Err(Unwritten));
}

async fn once(
    store: &WebStore,
    address: &Address,
    wish: Option<PreferencesWish>,
    known: KnownToWriter<'_>,
) -> Result<Option<SubscriberProfile>, StoreError> {
    let own = store.shared.lease().await?;
    match wish {
        Some(wish) => preferences::save(&own, address, wish, (known.options.clock)()).await,
        None => preferences::look(&own, address).await,
    }
}
