//! Who was forgotten: of them only a keyed hash is kept, so that nobody mails them again by accident.
//!
//! The hash says nothing of the address to whoever does not have the publication's secret. Must never
//! pass over a hash that cannot be compared: a key that is missing is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use super::suppression::{self, SuppressionSubject};
use crate::crypto::Key;
use crate::message::address::Address;
use crate::store::sql::{self, Connection, SqlError};
use crate::store::{Store, StoreError};

/// What the keys are for.
const PURPOSE: &str = "forgotten person";
/// Bytes of a hash that are kept.
const BYTES: usize = 16;
/// What a key says of itself, so that another one of its number is known; no address is so.
const ITSELF: &[u8] = b"key";
/// Bytes of that which are kept.
const ITSELF_BYTES: usize = 4;
/// What is written in the place of words about whoever was forgotten and is released.
const RELEASED: &str = "released";

/// The keys of the secret, for hashes of people who are forgotten.
#[derive(Clone, Debug, Default)]
pub struct ForgettingKeys {
    by_number: BTreeMap<u8, Key>,
    gives_up_others: bool,
}

impl ForgettingKeys {
    /// Of the numbered keys of a secret, the newest with the highest number.
    pub fn of_secret<'a>(keys: impl IntoIterator<Item = (u8, &'a [u8])>) -> ForgettingKeys {
        let derived = |(number, secret)| (number, Key::derive(secret, PURPOSE));
        let by_number = keys.into_iter().map(derived).collect();
        ForgettingKeys { by_number, gives_up_others: false }
    }

    /// The same for somebody who has said that the other keys are lost for good, if they have: whoever
    /// was forgotten under one of these is not known any more.
    pub fn giving_up_others(self, given_up: bool) -> ForgettingKeys {
        ForgettingKeys { gives_up_others: given_up, ..self }
    }

    /// The hash of a person with the newest key; none without a key.
    pub fn hash(&self, address: &Address) -> Option<String> {
        let (number, key) = self.by_number.last_key_value()?;
        Some(hash(&label(*number, key), key, address))
    }

    /// The hashes of a person with each key.
    pub fn hashes(&self, address: &Address) -> Vec<String> {
        self.by_label().map(|(label, key)| hash(&label, key, address)).collect()
    }

    /// The keys by what stands before their hashes: first versions wrote only the number.
    fn by_label(&self) -> impl Iterator<Item = (String, &Key)> {
        let labels = |(number, key): (&u8, _)| [number.to_string(), label(*number, key)];
        self.by_number.iter().flat_map(move |(number, key)| {
            labels((number, key)).into_iter().map(move |label| (label, key))
        })
    }
}

/// The number of a key, and what tells it from another one of that number.
fn label(number: u8, key: &Key) -> String {
    let code = key.authenticate(&[ITSELF]);
    format!("{number}-{}", data_encoding::HEXLOWER.encode(&code[..ITSELF_BYTES]))
}

/// `2-9c01d2e3:0f3a…`: the label of the key, and the hash.
fn hash(label: &str, key: &Key, address: &Address) -> String {
    let code = key.authenticate(&[address.identity().as_bytes()]);
    format!("{label}:{}", data_encoding::HEXLOWER.encode(&code[..BYTES]))
}

/// What stands before a hash.
fn label_of(hash: &str) -> &str {
    hash.split(':').next().unwrap_or_default()
}

/// Those who are forgotten, and the keys to ask for them.
#[derive(Clone, Debug, Default)]
pub struct Forgotten {
    hashes: BTreeSet<String>,
    keys: Vec<(String, Key)>,
}

/// Why nobody can tell who is forgotten.
#[derive(Debug)]
pub enum ForgottenError {
    /// The store's.
    Store(StoreError),
    /// The secret lacks the key of this number.
    NoKey(String),
}

impl fmt::Display for ForgottenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ForgottenError::Store(error) => error.fmt(f),
            ForgottenError::NoKey(number) => write!(
                f,
                "somebody was forgotten under key {number} of the secret, and that key is not here, \
                 so nobody can tell who it was; put back .digest-secret, or set DIGEST_SECRET. If it \
                 is lost for good, `digest send ISSUE --new-secret` goes on without it: then nobody \
                 knows any more who was forgotten"
            ),
        }
    }
}

impl std::error::Error for ForgottenError {}

impl From<StoreError> for ForgottenError {
    fn from(error: StoreError) -> ForgottenError {
        ForgottenError::Store(error)
    }
}

impl Forgotten {
    /// Those whom a store has.
    ///
    /// # Errors
    /// The store's, or a key is missing.
    pub async fn read(store: &Store, keys: &ForgettingKeys) -> Result<Forgotten, ForgottenError> {
        Forgotten::of(suppression::forgotten_hashes(store).await?, keys)
    }

    /// The same for who writes a no: where a key is missing nobody can tell who was forgotten, and a no
    /// is written all the same.
    ///
    /// # Errors
    /// The store's.
    pub async fn as_far_as_known(
        store: &Store,
        keys: &ForgettingKeys,
    ) -> Result<Forgotten, StoreError> {
        match Forgotten::read(store, keys).await {
            Ok(forgotten) => Ok(forgotten),
            Err(ForgottenError::NoKey(_)) => Ok(Forgotten::default()),
            Err(ForgottenError::Store(error)) => Err(error),
        }
    }

    /// Those of these hashes.
    ///
    /// # Errors
    /// A key is missing.
    pub fn of(
        hashes: BTreeSet<String>,
        keys: &ForgettingKeys,
    ) -> Result<Forgotten, ForgottenError> {
        let known: BTreeMap<String, &Key> = keys.by_label().collect();
        let mut used = BTreeMap::new();
        for hash in &hashes {
            let label = label_of(hash);
            if let Some(key) = known.get(label) {
                used.insert(label.to_owned(), (*key).clone());
            } else if !keys.gives_up_others {
                let number = label.split('-').next().unwrap_or_default();
                return Err(ForgottenError::NoKey(number.to_owned()));
            }
        }
        Ok(Forgotten { hashes, keys: used.into_iter().collect() })
    }

    /// Whether the person was forgotten.
    pub fn has(&self, address: &Address) -> bool {
        self.keys.iter().any(|(label, key)| self.hashes.contains(&hash(label, key, address)))
    }

    /// Whether it is a person who was: nothing is written of them any more, whatever comes of them.
    pub fn has_subject(&self, subject: &SuppressionSubject) -> bool {
        match subject {
            SuppressionSubject::Address(_) if self.is_empty() => false,
            SuppressionSubject::Address(identity) => {
                Address::parse(identity).is_ok_and(|address| self.has(&address))
            }
            SuppressionSubject::Domain(_) => false,
        }
    }

    /// Whether nobody was.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// When the person at an address was forgotten, and the hash of them that is kept; nothing where they
/// were not.
///
/// # Errors
/// The store's.
pub async fn since(
    store: &Store,
    address: &Address,
    keys: &ForgettingKeys,
) -> Result<Option<(Timestamp, String)>, StoreError> {
    let mut last = None;
    for hash in keys.hashes(address) {
        let at: Option<i64> = sql::query_scalar(
            "SELECT max(at) FROM suppression WHERE hash = ?1 AND released_at IS NULL",
        )
        .bind(hash.as_str())
        .fetch_one(store.pool())
        .await
        .map_err(|error| store.failed(error))?;
        last = last.max(at.map(|at| (Timestamp::from_millisecond(at).unwrap_or_default(), hash)));
    }
    Ok(last)
}

/// Lets a person be known again who was forgotten, and has asked for it: the hash goes, and the days
/// that stay are nobody's. How many rows that were.
///
/// # Errors
/// The store's; then nothing has changed.
pub async fn release(
    store: &Store,
    address: &Address,
    keys: &ForgettingKeys,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let failed = |error| store.failed(error);
    suppression::wait_for_others(store).await?;
    suppression::overwrite_deleted(store).await?;
    let mut transaction = store.begin().await?;
    let ended = release_within(&mut transaction, address, keys, at).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(ended)
}

/// The same within a transaction.
///
/// # Errors
/// The database's.
pub async fn release_within(
    connection: &mut Connection,
    address: &Address,
    keys: &ForgettingKeys,
    at: Timestamp,
) -> Result<u64, SqlError> {
    let mut ended = 0;
    for hash in keys.hashes(address) {
        let release = sql::query(
            "UPDATE suppression SET hash = '', released_at = coalesce(released_at, ?2), \
             released_why = coalesce(released_why, ?3) WHERE hash = ?1",
        );
        let release = release.bind(hash).bind(at.as_millisecond()).bind(RELEASED);
        ended += release.execute(&mut *connection).await?.rows_affected();
    }
    Ok(ended)
}

/// Whether a form may bring the person back, by the link in a mail: nothing is kept of them but that they
/// left and had themselves erased on the web. Whom somebody of the publication has forgotten, and who had
/// another no, gets no mail.
///
/// # Errors
/// The database's.
pub async fn may_sign_up(
    connection: &mut Connection,
    address: &Address,
    keys: &ForgettingKeys,
) -> Result<bool, SqlError> {
    for hash in keys.hashes(address) {
        let is_barred: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM suppression WHERE hash = ?1 AND released_at IS NULL \
             AND NOT (reason = 'unsubscribed' OR (reason = 'manual' AND origin = 'web')))",
        )
        .bind(hash)
        .fetch_one(&mut *connection)
        .await?;
        if is_barred {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Ends what is kept of people who were forgotten under keys that are given up, where these keys give up
/// the others: nobody can tell any more who they were.
///
/// # Errors
/// The store's.
pub async fn give_up(store: &Store, keys: &ForgettingKeys, at: &str) -> Result<(), StoreError> {
    if !keys.gives_up_others {
        return Ok(());
    }
    let at = at.parse().map_or(0, Timestamp::as_millisecond);
    let known: BTreeSet<String> = keys.by_label().map(|(label, _)| label).collect();
    let hashes = suppression::forgotten_hashes(store).await?;
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    for hash in hashes.iter().filter(|hash| !known.contains(label_of(hash))) {
        let end = "UPDATE suppression SET released_at = ?2, released_why = 'the key is lost' \
             WHERE hash = ?1 AND released_at IS NULL";
        let end = sql::query(end).bind(hash.as_str()).bind(at);
        end.execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_of_the_same_number_is_known_as_another() {
        let address = Address::parse("kim@example.org").unwrap();
        let (first, other) = (&b"first"[..], &b"another"[..]);
        let keys = |secret| ForgettingKeys::of_secret([(1, secret)]);
        let hashes = BTreeSet::from([keys(first).hash(&address).unwrap()]);
        assert!(Forgotten::of(hashes.clone(), &keys(first)).unwrap().has(&address));
        let error = Forgotten::of(hashes.clone(), &keys(other)).unwrap_err();
        assert!(error.to_string().contains("under key 1 of the secret"), "{error}");
        let given_up = Forgotten::of(hashes, &keys(other).giving_up_others(true)).unwrap();
        assert!(!given_up.has(&address));
        // As first versions wrote it.
        let key = &keys(first).by_number[&1];
        let older = BTreeSet::from([hash("1", key, &address)]);
        assert!(Forgotten::of(older.clone(), &keys(first)).unwrap().has(&address));
        assert!(keys(first).hashes(&address).contains(older.first().unwrap()));
    }

    #[test]
    fn a_hash_is_of_one_person_and_one_key() {
        let keys = ForgettingKeys::of_secret([(1, &b"first"[..]), (2, b"second")]);
        let address = |text: &str| Address::parse(text).unwrap();
        let kim = keys.hash(&address("Kim@Example.org")).unwrap();
        let length = "2-:".len() + 2 * (ITSELF_BYTES + BYTES);
        assert!(kim.starts_with("2-") && kim.len() == length, "{kim}");
        assert_eq!(keys.hash(&address("kim@example.org")), Some(kim.clone()));
        assert_ne!(keys.hash(&address("lee@example.org")), Some(kim.clone()));
        assert!(!kim.contains("kim"));
        let older = keys.hashes(&address("kim@example.org"));
        assert_eq!((older.len(), older.last()), (4, Some(&kim)));
        assert_eq!(ForgettingKeys::default().hash(&address("kim@example.org")), None);
    }
}
