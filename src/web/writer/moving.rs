//! What people do by the links of a change of address, and by the form that begins it.
//!
//! For every new address the same is done as far as anybody can see: what tells them apart is a mail. Must
//! never change an address of which the new mailbox has not said yes, nor leave the old one untold.

use jiff::{SignedDuration, Timestamp};

use crate::audience::address_change::{
    self, AddressLink, AddressLinkStanding, AddressMail, NewAddressChange,
};
use crate::audience::forgotten::Forgotten;
use crate::audience::signup;
use crate::audience::subscribers::preferences;
use crate::compose::letters::LetterKind;
use crate::delivery::outbox::{self, NewMail};
use crate::message::address::Address;
use crate::message::token::SignupId;
use crate::store::{Store, StoreError};

/// How long before its end a link is still sent, and how long other letters are of use.
const LINK_BEFORE_END: SignedDuration = SignedDuration::from_hours(24);
const USEFUL: SignedDuration = SignedDuration::from_hours(3 * 24);

#[derive(Clone, Debug)]
pub(in crate::web) enum AddressWish {
    /// To get mail at another address. Whose mailbox that is, is known by a hash, too; the language is for
    /// whom the list knows none of.
    Ask { now_at: Address, wanted: Address, id: SignupId, person: String, language: String },
    /// To know how a link stands.
    Look { link: AddressLink, id: SignupId },
    /// What a link is for.
    Follow { link: AddressLink, id: SignupId },
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum AddressDone {
    /// It is written down, whatever it was.
    Asked,
    /// Nobody gets mail at the address from which it was to be changed.
    Nobody,
    /// How the link stands now.
    Link(AddressLinkStanding),
}

/// Fulfils it. To ask twice replaces one, to follow a link twice changes nothing.
pub(super) async fn fulfil(
    store: &Store,
    wish: &AddressWish,
    forgotten: &Forgotten,
    now: Timestamp,
) -> Result<AddressDone, StoreError> {
    match wish {
        AddressWish::Ask { .. } => ask(store, wish, forgotten, now).await,
        AddressWish::Look { link, id } => {
            let id = signup::letters(id);
            let failed = |error| store.failed(error);
            let mut connection = store.pool().acquire().await.map_err(failed)?;
            let link = (*link, id.as_str());
            let standing = address_change::link_standing(store, &mut connection, link, now).await;
            Ok(AddressDone::Link(standing?))
        }
        AddressWish::Follow { link, id } => follow(store, (*link, id), forgotten, now).await,
    }
}

async fn ask(
    store: &Store,
    wish: &AddressWish,
    forgotten: &Forgotten,
    now: Timestamp,
) -> Result<AddressDone, StoreError> {
    let AddressWish::Ask { now_at, wanted, id, person, language } = wish else {
        return Ok(AddressDone::Nobody);
    };
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let Some(found) = preferences::getting_mail(store, &mut transaction, now_at).await? else {
        return Ok(AddressDone::Nobody);
    };
    let language = if found.language.is_empty() { language } else { &found.language };
    // The list's own spelling: the mail about it goes to that mailbox.
    let now_at = Address::parse(&found.email).unwrap_or_else(|_| now_at.clone());
    let may = signup::may_be_mailed(&mut transaction, (person, wanted), now).await;
    let may = may.map_err(failed)?;
    let change = NewAddressChange { id: *id, now_at: &now_at, wanted, language };
    let known = (forgotten, may);
    let asked = address_change::ask_within(store, &mut transaction, &change, known, now).await?;
    let id = signup::letters(id);
    let mail = match asked {
        AddressMail::Asks(end) => {
            Some((LetterKind::Address, Some(id.as_str()), end - LINK_BEFORE_END))
        }
        AddressMail::Already => Some((LetterKind::Already, None, now + USEFUL)),
        AddressMail::Nobody => None,
    };
    if let Some((kind, signup, not_after)) = mail {
        let mail = NewMail { kind, address: wanted, language, signup, not_after };
        outbox::enqueue_within(&mut transaction, &mail, now).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(AddressDone::Asked)
}

/// Changes the address and writes to the one before, in one transaction.
async fn follow(
    store: &Store,
    (link, id): (AddressLink, &SignupId),
    forgotten: &Forgotten,
    now: Timestamp,
) -> Result<AddressDone, StoreError> {
    let failed = |error| store.failed(error);
    let id = signup::letters(id);
    let mut transaction = store.begin().await?;
    let one = (link, id.as_str());
    let followed =
        address_change::follow_within(store, &mut transaction, one, forgotten, now).await?;
    let (standing, confirmed) = followed;
    if standing != AddressLinkStanding::Done {
        return Ok(AddressDone::Link(standing));
    }
    if let Some(confirmed) = confirmed {
        let (kind, signup) = (LetterKind::Moved, Some(id.as_str()));
        let (address, language) = (&confirmed.former, confirmed.language.as_str());
        let mail = NewMail { kind, address, language, signup, not_after: now + USEFUL };
        outbox::enqueue_within(&mut transaction, &mail, now).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(AddressDone::Link(standing))
}
