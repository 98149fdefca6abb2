//! The keys that links are read with, and when they are read anew: a secret that was rotated has a key
//! that no running server knows.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::audience::forgotten::ForgettingKeys;
use crate::crypto::Key;
use crate::message::token::Keys;

/// Whoever guesses at tokens has the file of the secret read as often as this, and no more often.
const EVERY: Duration = Duration::from_secs(1);

/// All that is made of a secret here.
#[derive(Clone, Debug)]
pub struct LinkKeys {
    /// For links.
    pub links: Keys,
    /// To know who was forgotten.
    pub forgetting: ForgettingKeys,
    /// For hashes of who asks, and of whom they ask about.
    pub visitors: Key,
    /// For codes that only our own forms have.
    pub forms: Key,
}

/// Reads the secret; `None` where it cannot be read now.
pub type ReadKeys = Arc<dyn Fn() -> Option<LinkKeys> + Send + Sync>;

/// The keys as they are known, and where they come from.
pub(super) struct KeyRing {
    read: ReadKeys,
    known: RwLock<LinkKeys>,
    looked: Mutex<Instant>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing")
    }
}

impl KeyRing {
    pub(super) fn new(known: LinkKeys, read: ReadKeys) -> KeyRing {
        KeyRing { read, known: RwLock::new(known), looked: Mutex::new(Instant::now()) }
    }

    pub(super) fn known(&self) -> LinkKeys {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a token says by the keys that are known, or by those that are there now.
    pub(super) fn find<T>(&self, read: impl Fn(&Keys) -> Option<T>) -> Option<T> {
        let by_known = read(&self.known.read().unwrap_or_else(PoisonError::into_inner).links);
        by_known.or_else(|| self.look_again().and_then(|keys| read(&keys.links)))
    }

    /// Whether the secret can be read now.
    pub(super) fn is_there(&self) -> bool {
        (self.read)().is_some()
    }

    fn look_again(&self) -> Option<LinkKeys> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.elapsed() < EVERY {
            return None;
        }
        *looked = Instant::now();
        let keys = (self.read)()?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = keys.clone();
        Some(keys)
    }
}
