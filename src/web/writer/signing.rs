//! What people say on a form, and by the link in the mail that it brings them; of a change of address,
//! `moving` says what is done.
//!
//! For every address the same is done as far as anybody can see: what tells them apart is a mail. Must
//! never write to somebody who said no, nor more than once an hour, nor subscribe without a link.

use jiff::{SignedDuration, Timestamp};

use super::moving::{self, AddressDone, AddressWish};
use super::{KnownToWriter, OfForm, Unwritten};
use crate::audience::forgotten::{Forgotten, ForgottenError};
use crate::audience::signup::{self, Confirmed, LinkStanding, Signup, SignupStanding};
use crate::compose::letters::LetterKind;
use crate::delivery::outbox::{self, NewMail};
use crate::message::address::Address;
use crate::message::token::SignupId;
use crate::store::{Store, StoreError};
use crate::web::metrics::ReaderEvent;
use crate::web::stores::WebStore;

/// How long before its end a link is still sent, and how long other letters are of use.
const LINK_BEFORE_END: SignedDuration = SignedDuration::from_hours(24);
const USEFUL: SignedDuration = SignedDuration::from_hours(3 * 24);

#[derive(Clone, Debug)]
pub(in crate::web) enum FormWish {
    /// To be subscribed. Who is meant is known by a hash, too, and gets mail in a language; `shown` names
    /// the words of consent that stood on the form.
    Ask { signup: Box<Signup>, shown: Option<String>, person: String, language: String },
    /// To know how the link of a sign-up stands.
    Look { id: SignupId, address: Address },
    /// What is about a change of address.
    Address(AddressWish),
    /// To confirm a sign-up, as it was `seen`, which is known by when it was asked for.
    Confirm { id: SignupId, address: Address, seen: Option<Timestamp>, language: String },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) enum FormDone {
    /// It is written down, whatever it was.
    Asked,
    Looked(LinkStanding),
    Confirmed(Confirmed),
    Address(AddressDone),
}

/// Fulfils all that people have asked for in one transaction, and confirms one after the other.
pub(super) async fn fulfil(store: &WebStore, forms: Vec<OfForm>, known: KnownToWriter<'_>) {
    let (asks, others): (Vec<OfForm>, Vec<OfForm>) =
        forms.into_iter().partition(|one| matches!(one.wish, FormWish::Ask { .. }));
    for group in [asks].into_iter().chain(others.into_iter().map(|one| vec![one])) {
        if group.is_empty() {
            continue;
        }
        let wishes: Vec<&FormWish> = group.iter().map(|one| &one.wish).collect();
        let done = written(store, &wishes, known).await;
        for one in group {
            let _ = one.told.send(done.clone());
        }
    }
}

/// Why it was not written down.
#[derive(Debug)]
enum NotSigned {
    Store(StoreError),
    /// Nobody can tell who was forgotten.
    Unknown(ForgottenError),
}

impl From<StoreError> for NotSigned {
    fn from(error: StoreError) -> NotSigned {
        NotSigned::Store(error)
    }
}

/// Writes; a second time with a new connection where the first one was lost. What a lost commit has
/// done is known by the sign-up's own name: to ask twice keeps one, to confirm twice changes nothing.
async fn written(
    store: &WebStore,
    wishes: &[&FormWish],
    known: KnownToWriter<'_>,
) -> Result<FormDone, Unwritten> {
    let mut failed = None;
    for _ in 0..2 {
        match written_once(store, wishes, known).await {
            Ok(done) => {
                let metrics = &known.options.metrics;
                match &done {
                    FormDone::Asked => metrics.happened(ReaderEvent::Asked, wishes.len()),
                    FormDone::Confirmed(Confirmed::Now(_)) => {
                        metrics.happened(ReaderEvent::Confirmed, 1);
                    }
                    FormDone::Looked(_) => return Ok(done),
                    FormDone::Confirmed(_) | FormDone::Address(_) => {}
                }
                known.woken.notify_one();
                return Ok(done);
            }
            Err(error) => {
                let is_of_store = match &error {
                    NotSigned::Store(error) => {
                        store.put_away_behind(error).await;
                        true
                    }
                    _ => false,
                };
                failed = Some(error);
                if !is_of_store {
                    break;
                }
            }
        }
    }
    match &failed {
        Some(NotSigned::Store(error)) => store.has_failed(error),
        Some(NotSigned::Unknown(error)) => store.is_failing(&error.to_string()),
        None => {}
    }
    Err(Unwritten)
}

async fn written_once(
    store: &WebStore,
    wishes: &[&FormWish],
    known: KnownToWriter<'_>,
) -> Result<FormDone, NotSigned> {
    let own = store.shared.lease().await?;
    let now = (known.options.clock)();
    match wishes {
        [FormWish::Confirm { id, address, seen, language }] => {
            let confirmed = confirm(&own, (id, address, *seen), language, now).await?;
            return Ok(FormDone::Confirmed(confirmed));
        }
        [FormWish::Look { id, address }] => {
            let mut connection = own.pool().acquire().await.map_err(|error| own.failed(error))?;
            let standing = signup::link_standing(&mut connection, (id, address), now).await;
            return Ok(FormDone::Looked(standing.map_err(|error| own.failed(error))?));
        }
        _ => {}
    }
    let forgetting = known.options.keys.known().forgetting;
    let forgotten = Forgotten::read(&own, &forgetting).await.map_err(|error| match error {
        ForgottenError::Store(error) => NotSigned::Store(error),
        error => NotSigned::Unknown(error),
    })?;
    if let [FormWish::Address(wish)] = wishes {
        return Ok(FormDone::Address(moving::fulfil(&own, wish, &forgotten, now).await?));
    }
    let failed = |error| NotSigned::Store(own.failed(error));
    let mut transaction = own.begin().await?;
    for wish in wishes {
        let FormWish::Ask { signup, shown, person, language } = wish else { continue };
        let words = (signup.words.as_str(), shown.as_deref());
        let words = signup::words_shown(&mut transaction, words).await.map_err(failed)?;
        let signup = &Signup { words, ..Signup::clone(signup) };
        let address = &signup.address;
        let who = (person.as_str(), address);
        let may = signup::may_be_mailed(&mut transaction, who, now).await.map_err(failed)?;
        // The mail is limited, and not what it is about.
        signup::replace_within(&mut transaction, signup, now).await.map_err(failed)?;
        let standing = signup::standing(&mut transaction, address).await.map_err(failed)?;
        if !may || forgotten.has(address) {
            continue;
        }
        let id = signup::letters(&signup.id);
        let mail = match standing {
            SignupStanding::Barred => continue,
            SignupStanding::New => {
                let end = signup::keep_within(&mut transaction, signup, now).await;
                let not_after = end.map_err(failed)? - LINK_BEFORE_END;
                NewMail {
                    kind: LetterKind::Confirm,
                    address,
                    language,
                    signup: Some(&id),
                    not_after,
                }
            }
            SignupStanding::Subscribed => {
                let not_after = now + USEFUL;
                NewMail { kind: LetterKind::Already, address, language, signup: None, not_after }
            }
        };
        outbox::enqueue_within(&mut transaction, &mail, now).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(FormDone::Asked)
}

/// Subscribes who has confirmed, and greets them, in one transaction.
async fn confirm(
    store: &Store,
    (id, address, seen): (&SignupId, &Address, Option<Timestamp>),
    language: &str,
    now: Timestamp,
) -> Result<Confirmed, StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let confirmed =
        signup::confirm_within(store, &mut transaction, (id, address, seen), now).await?;
    let Confirmed::Now(chosen) = &confirmed else { return Ok(confirmed) };
    let language = if chosen.is_empty() { language } else { chosen };
    let not_after = now + USEFUL;
    let kind = LetterKind::Welcome;
    let mail = NewMail { kind, address, language, signup: None, not_after };
    outbox::enqueue_within(&mut transaction, &mail, now).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(confirmed)
}
