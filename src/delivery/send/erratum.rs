//! A send of an erratum: of the list, those alone who got an issue as it was before its correction.
//!
//! The ledger says so, and not the command line: whoever repeats the send of one, or forgets for whom it
//! was, sends to the same people.

use super::SendError;
use crate::delivery::ledger::corrections::{self, ErratumOf};
use crate::delivery::ledger::{Ledger, STEPS};
use crate::store::{Store, StoreAddress};

/// What an erratum is about, and the store that knows, where that is not the ledger's own.
#[derive(Clone, Debug)]
pub(super) struct SentErratum {
    of: ErratumOf,
    elsewhere: Option<StoreAddress>,
}

impl SentErratum {
    /// What the issue of a ledger is an erratum of, by that or by another store.
    pub(super) async fn found(
        ledger: &Ledger,
        elsewhere: Option<&StoreAddress>,
    ) -> Result<Option<SentErratum>, SendError> {
        if let Some(of) = corrections::erratum_of(ledger.store(), ledger.issue()).await? {
            return Ok(Some(SentErratum { of, elsewhere: None }));
        }
        let Some(address) = elsewhere else { return Ok(None) };
        let other = Store::read(address, &STEPS).await?;
        let of = corrections::erratum_of(&other, ledger.issue()).await;
        other.close().await;
        Ok(of?.map(|of| SentErratum { of, elsewhere: Some(address.clone()) }))
    }

    /// Leaves everybody else out of a list that was read.
    pub(super) async fn choose(&self, ledger: &Ledger) -> Result<(), SendError> {
        let Some(address) = &self.elsewhere else {
            return Ok(ledger.leave_up_to_date_out(&self.of, None).await?);
        };
        let other = Store::read(address, &STEPS).await?;
        let chosen = ledger.leave_up_to_date_out(&self.of, Some(&other)).await;
        other.close().await;
        Ok(chosen?)
    }
}
