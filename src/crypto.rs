//! Hashes, authentication codes and signatures: the only room that knows the crypto crate.
//!
//! A key never appears in an error, a log line or a `Debug` output.

pub mod signing;

use aws_lc_rs::{constant_time, digest, hmac};

/// SHA-256 over parts, each preceded by its length, so that no two lists of parts meet.
pub fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// SHA-256 over bytes that come piece by piece; where the pieces end makes no difference.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Over nothing yet.
    pub fn new() -> Sha256 {
        Sha256(digest::Context::new(&digest::SHA256))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was added.
    pub fn finish(self) -> Hash {
        Hash(self.0.finish())
    }
}

impl Default for Sha256 {
    fn default() -> Sha256 {
        Sha256::new()
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sha256(…)")
    }
}

/// A finished SHA-256.
#[derive(Clone, Debug)]
pub struct Hash(digest::Digest);

impl Hash {
    /// Its 32 bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// The publication's secret, for one purpose.
#[derive(Clone)]
pub struct Key {
    key: hmac::Key,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(****)")
    }
}

impl Key {
    /// The key for `purpose`: a code made for one purpose is worth nothing for another.
    pub fn derive(secret: &[u8], purpose: &str) -> Key {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&root, purpose.as_bytes());
        Key { key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }

    /// HMAC-SHA256 (RFC 2104) over parts, each preceded by its length.
    pub fn authenticate(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

/// Whether two codes are equal, in a time that tells nothing about where they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Bytes that nobody can guess.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| RandomError)?;
    Ok(bytes)
}

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random numbers")]
pub struct RandomError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(sha256([&b"ab"[..], b"c"]), sha256([&b"a"[..], b"bc"]));
        let key = Key::derive(b"secret", "test");
        assert_ne!(key.authenticate(&[b"ab", b"c"]), key.authenticate(&[b"a", b"bc"]));
        assert_ne!(
            key.authenticate(&[b"a"]),
            Key::derive(b"secret", "other").authenticate(&[b"a"])
        );
        assert_eq!(format!("{key:?}"), "Key(****)");
    }
}
