//! Who was forgotten: of them only a keyed hash is kept, so that nobody mails them again by accident.
//!
//! The hash says nothing of the address to whoever does not have the publication's secret. Must never
//! pass over a hash that cannot be compared: a key that is missing is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::suppression::{self, SuppressionSubject};
use crate::crypto::Key;
use crate::message::address::Address;
use crate::store::{Store, StoreError};

/// What the keys are for.
const PURPOSE: &str = "forgotten person";
/// Bytes of a hash that are kept.
const BYTES: usize = 16;

/// The keys of the secret, for hashes of people who are forgotten.
#[derive(Clone, Debug, Default)]
pub struct ForgettingKeys {
    by_number: BTreeMap<u8, Key>,
}

impl ForgettingKeys {
    /// Of the numbered keys of a secret, the newest with the highest number.
    pub fn of_secret<'a>(keys: impl IntoIterator<Item = (u8, &'a [u8])>) -> ForgettingKeys {
        let derived = |(number, secret)| (number, Key::derive(secret, PURPOSE));
        ForgettingKeys { by_number: keys.into_iter().map(derived).collect() }
    }

    /// The hash of a person with the newest key; none without a key.
    pub fn hash(&self, address: &Address) -> Option<String> {
        let (number, key) = self.by_number.last_key_value()?;
        Some(hash(*number, key, address))
    }

    /// The hashes of a person with each key.
    pub fn hashes(&self, address: &Address) -> Vec<String> {
        self.by_number.iter().map(|(number, key)| hash(*number, key, address)).collect()
    }
}

/// `2:0f3a…`: the number of the key, and the hash.
fn hash(number: u8, key: &Key, address: &Address) -> String {
    let code = key.authenticate(&[address.identity().as_bytes()]);
    format!("{number}:{}", data_encoding::HEXLOWER.encode(&code[..BYTES]))
}

/// Those who are forgotten, and the keys to ask for them.
#[derive(Clone, Debug, Default)]
pub struct Forgotten {
    hashes: BTreeSet<String>,
    keys: Vec<(u8, Key)>,
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
                 so nobody can tell who it was; put back .digest-secret, or set DIGEST_SECRET"
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

    /// Those of these hashes.
    ///
    /// # Errors
    /// A key is missing.
    pub fn of(
        hashes: BTreeSet<String>,
        keys: &ForgettingKeys,
    ) -> Result<Forgotten, ForgottenError> {
        let mut used = BTreeMap::new();
        for hash in &hashes {
            let number = hash.split(':').next().unwrap_or_default();
            let key = number.parse().ok().and_then(|number: u8| {
                keys.by_number.get(&number).map(|key| (number, key.clone()))
            });
            let (number, key) = key.ok_or_else(|| ForgottenError::NoKey(number.to_owned()))?;
            used.insert(number, key);
        }
        Ok(Forgotten { hashes, keys: used.into_iter().collect() })
    }

    /// Whether the person was forgotten.
    pub fn has(&self, address: &Address) -> bool {
        self.keys.iter().any(|(number, key)| self.hashes.contains(&hash(*number, key, address)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_one_person_and_one_key() {
        let keys = ForgettingKeys::of_secret([(1, &b"first"[..]), (2, b"second")]);
        let address = |text: &str| Address::parse(text).unwrap();
        let kim = keys.hash(&address("Kim@Example.org")).unwrap();
        assert!(kim.starts_with("2:") && kim.len() == 2 + 2 * BYTES, "{kim}");
        assert_eq!(keys.hash(&address("kim@example.org")), Some(kim.clone()));
        assert_ne!(keys.hash(&address("lee@example.org")), Some(kim.clone()));
        assert!(!kim.contains("kim"));
        let older = keys.hashes(&address("kim@example.org"));
        assert_eq!((older.len(), &older[1]), (2, &kim));
        assert_eq!(ForgettingKeys::default().hash(&address("kim@example.org")), None);
    }
}
