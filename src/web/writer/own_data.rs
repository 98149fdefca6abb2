//! What people do with all that is kept of them: ask for a link, take it with them, have it erased.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::{HandedIn, KnownToWriter, Unwritten, WhereTold, Writer, WriterOptions};
use crate::audience::leave;
use crate::audience::subscribers::{ChangeOrigin, preferences};
use crate::audience::suppression::{SuppressionNote, SuppressionOrigin, SuppressionReason};
use crate::audience::{erasure, signup};
use crate::compose::letters::LetterKind;
use crate::delivery::erasing::{self, ErasingError, OldBytes};
use crate::delivery::outbox::{self, NewMail};
use crate::delivery::person_known::{self, PersonKnown};
use crate::diagnostic::counted;
use crate::diagnostic::log::LogEntry;
use crate::message::address::Address;
use crate::store::{Store, StoreError};
use crate::web::stores::WebStore;

/// How long a link is valid, and its mail of use.
const VALID: SignedDuration = SignedDuration::from_hours(1);
/// How often it is looked whether somebody can be erased who waits for it.
const EACH: Duration = Duration::from_secs(20);
/// So long nobody was erased before old bytes are overwritten: a file is written anew for all together, and
/// all that readers want waits meanwhile.
const QUIET: Duration = Duration::from_secs(10);
/// How long that is left alone afterwards.
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// The same where bytes are left, because another process reads the file.
const LATER: Duration = Duration::from_secs(3_600);

#[derive(Debug)]
pub(super) struct OfReader {
    address: Address,
    wish: DataWish,
    told: WhereTold<DataDone>,
}

#[derive(Clone, Debug)]
pub(in crate::web) enum DataWish {
    /// A mail with a link, in a language if the list knows none. Who is meant is known by a hash, too.
    SendLink { person: String, language: String },
    /// To know whether there is anything.
    Look,
    /// All that is kept of them.
    Take,
    /// To be erased.
    Erase,
}

/// What became of it.
#[derive(Debug)]
pub(in crate::web) enum DataDone {
    /// A mail is written down, or none.
    Asked,
    /// Something is kept of them; whether they get mail.
    Known(bool),
    Taken(Box<PersonKnown>),
    /// They are suppressed, and wait to be erased.
    Erasing,
    /// Nothing is kept of anybody at the address.
    Nobody,
}

impl Writer {
    /// Fulfils what somebody wants of what is kept of them.
    pub(in crate::web) async fn own_data(
        &self,
        address: Address,
        wish: DataWish,
    ) -> Result<DataDone, Unwritten> {
        let (told, answer) = oneshot::channel();
        self.hand_in(HandedIn::Reader(OfReader { address, wish, told }), answer).await
    }
}

/// Does it; a second time with a new connection where the first one was lost: to ask twice brings one
/// mail, and nobody is erased twice.
pub(super) async fn fulfil(store: &WebStore, one: OfReader, known: KnownToWriter<'_>) {
    let OfReader { address, wish, told } = one;
    let mut failed = None;
    for _ in 0..2 {
        match once(store, &address, &wish, known).await {
            Ok(done) => {
                match done {
                    DataDone::Asked => {
                        store.was_written();
                        known.woken.notify_one();
                    }
                    DataDone::Erasing => known.erasing.notify_one(),
                    _ => {}
                }
                let _ = told.send(Ok(done));
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
    wish: &DataWish,
    known: KnownToWriter<'_>,
) -> Result<DataDone, StoreError> {
    let own = store.shared.lease().await?;
    let now = (known.options.clock)();
    match wish {
        DataWish::SendLink { person, language } => {
            let failed = |error| own.failed(error);
            let mut transaction = own.begin().await?;
            let may = signup::may_ask(&mut transaction, person, now).await.map_err(failed)?;
            let found = preferences::reachable(&own, &mut transaction, address).await?;
            if let Some(found) = found.filter(|_| may) {
                let language = if found.language.is_empty() { language } else { &found.language };
                let (kind, not_after) = (LetterKind::Link, now + VALID);
                // The list's own spelling: the link is for that mailbox.
                let address = Address::parse(&found.email).unwrap_or_else(|_| address.clone());
                let mail = NewMail { kind, address: &address, language, signup: None, not_after };
                outbox::enqueue_within(&mut transaction, &mail, now).await.map_err(failed)?;
            }
            transaction.commit().await.map_err(failed)?;
            Ok(DataDone::Asked)
        }
        DataWish::Look | DataWish::Take => {
            if is_erasing(&own, address).await? {
                return Ok(DataDone::Erasing);
            }
            let Some(kept) = kept(&own, address, known.options).await? else {
                return Ok(DataDone::Nobody);
            };
            if let DataWish::Look = wish {
                let gets_mail = preferences::look(&own, address).await?.is_some();
                return Ok(DataDone::Known(gets_mail));
            }
            Ok(DataDone::Taken(Box::new(kept)))
        }
        DataWish::Erase => erase(&own, address, known.options).await,
    }
}

/// All that is kept of the person at an address, if anything is.
async fn kept(
    store: &Store,
    address: &Address,
    options: &WriterOptions,
) -> Result<Option<PersonKnown>, StoreError> {
    let (keys, now) = (options.keys.known().forgetting, (options.clock)());
    let known = person_known::known(store, address, &keys, now).await?;
    Ok(Some(known).filter(PersonKnown::is_anything_kept))
}

async fn is_erasing(store: &Store, address: &Address) -> Result<bool, StoreError> {
    let failed = |error| store.failed(error);
    let mut connection = store.pool().acquire().await.map_err(failed)?;
    erasure::is_asked(&mut connection, address).await.map_err(failed)
}

/// Suppresses somebody and writes down that they are to be erased, in one transaction.
async fn erase(
    store: &Store,
    address: &Address,
    options: &WriterOptions,
) -> Result<DataDone, StoreError> {
    let (failed, now) = (|error| store.failed(error), (options.clock)());
    if is_erasing(store, address).await? {
        return Ok(DataDone::Erasing);
    }
    if kept(store, address, options).await?.is_none() {
        return Ok(DataDone::Nobody);
    }
    let mut transaction = store.begin().await?;
    let note = SuppressionNote {
        reason: SuppressionReason::Unsubscribed,
        why: "asked to be erased, on the web",
        origin: SuppressionOrigin::Web,
        at: now,
    };
    let people = BTreeSet::from([address.identity()]);
    let left = leave::leave_within(&mut transaction, &people, &note, ChangeOrigin::Web).await;
    left.map_err(failed)?;
    erasure::ask_within(&mut transaction, address, now).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(DataDone::Erasing)
}

/// Erases whoever waits for it, now and then and when somebody asks, until it is `over`. An erasure that
/// has begun is finished.
pub(super) async fn erase_waiting(store: &WebStore, known: KnownToWriter<'_>, over: &Notify) {
    let mut told = String::new();
    let mut not_before = Instant::now();
    loop {
        let done = erased(store, known.options, not_before).await;
        let mut pause = EACH;
        match done {
            Ok(ErasedNow { people, bytes }) => {
                told.clear();
                if people > 0 {
                    let people = counted(people as u64, "person");
                    let text = format!("erased, as they have asked for: {people}");
                    (store.tell())(&LogEntry::new("erased", text));
                    pause = QUIET;
                }
                match bytes {
                    OldBytes::Overwritten => not_before = Instant::now() + DAY,
                    OldBytes::Left => not_before = Instant::now() + LATER,
                    OldBytes::NotNow => {}
                }
            }
            // That an issue is sent is no news, and of a store that is gone the pages tell.
            Err(ErasingError::Store(error)) => store.put_away_behind(&error).await,
            Err(error) => {
                let text = error.to_string();
                if told != text {
                    (store.tell())(&LogEntry::warning(
                        "not_erased",
                        format!("somebody waits to be erased, and it cannot be done now: {text}"),
                    ));
                    told = text;
                }
            }
        }
        tokio::select! {
            () = over.notified() => return,
            () = known.erasing.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How many people were erased, and what became of old bytes.
struct ErasedNow {
    people: usize,
    bytes: OldBytes,
}

/// On a thread of its own: it reads files beside the store.
async fn erased(
    store: &WebStore,
    options: &WriterOptions,
    not_before: Instant,
) -> Result<ErasedNow, ErasingError> {
    let own = store.shared.lease().await?;
    let (keys, boot) = (options.keys.known().forgetting, options.boot.clone());
    let (now, runtime) = ((options.clock)(), tokio::runtime::Handle::current());
    let erasing = async move {
        let people = erasing::erase_all(&own, &keys, (boot.as_str(), now)).await?;
        let bytes = if people == 0 && Instant::now() >= not_before {
            erasing::overwrite_old_bytes(&own, now).await?
        } else {
            OldBytes::NotNow
        };
        Ok(ErasedNow { people, bytes })
    };
    let nothing = ErasedNow { people: 0, bytes: OldBytes::NotNow };
    tokio::task::spawn_blocking(move || runtime.block_on(erasing)).await.unwrap_or(Ok(nothing))
}
