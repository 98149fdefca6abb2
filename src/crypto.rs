//! Hashes, authentication codes, encryption and signatures: the only room that knows the crypto
//! crate.
//!
//! A key never appears in an error, a log line or a `Debug` output.

pub mod signing;
pub mod verifying;

use std::sync::Arc;

use aws_lc_rs::{aead, constant_time, digest, hmac};

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
        let derived = derived(secret, purpose);
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

/// 32 bytes for one purpose, from which nobody works out those for another, or the secret.
fn derived(secret: &[u8], purpose: &str) -> hmac::Tag {
    let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&root, purpose.as_bytes())
}

/// The publication's secret, for encrypting for one purpose (AES-256-GCM-SIV, RFC 8452).
///
/// The nonce is always the same one, which this cipher bears where no other does: the same text
/// under the same context becomes the same bytes, and nothing else shows.
#[derive(Clone)]
pub struct CipherKey {
    key: Arc<aead::LessSafeKey>,
}

impl std::fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CipherKey(****)")
    }
}

impl CipherKey {
    /// Bytes that an encrypted text is longer than the text.
    pub const OVERHEAD: usize = 16;

    /// The key for `purpose`, as [`Key::derive`].
    pub fn derive(secret: &[u8], purpose: &str) -> CipherKey {
        let derived = derived(secret, purpose);
        let key = aead::UnboundKey::new(&aead::AES_256_GCM_SIV, derived.as_ref())
            .expect("a key of 32 bytes, which is what the cipher takes");
        CipherKey { key: Arc::new(aead::LessSafeKey::new(key)) }
    }

    /// Encrypts `text`, so that it is decrypted under the same `context` only.
    pub fn encrypt(&self, context: &[u8], text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() + CipherKey::OVERHEAD);
        bytes.extend_from_slice(text);
        self.key
            .seal_in_place_append_tag(nonce(), aead::Aad::from(context), &mut bytes)
            .expect("far less than the 64 GB that the cipher takes");
        bytes
    }

    /// The text, if this key encrypted it under this context. What is wrong with other bytes shows
    /// neither in the answer nor in its time.
    pub fn decrypt(&self, context: &[u8], encrypted: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = encrypted.to_vec();
        let text = self.key.open_in_place(nonce(), aead::Aad::from(context), &mut bytes).ok()?;
        Some(text.to_vec())
    }
}

fn nonce() -> aead::Nonce {
    aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN])
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
    #[test]
    fn only_the_same_key_and_context_decrypt() {
        let key = CipherKey::derive(b"secret", "test");
        let encrypted = key.encrypt(b"here", b"kim@a.example");
        assert_eq!(encrypted.len(), 13 + CipherKey::OVERHEAD);
        assert_eq!(encrypted, key.encrypt(b"here", b"kim@a.example"));
        assert_eq!(key.decrypt(b"here", &encrypted).as_deref(), Some(&b"kim@a.example"[..]));
        assert_eq!(key.decrypt(b"there", &encrypted), None);
        for other in [("secret", "other"), ("another", "test")] {
            let other = CipherKey::derive(other.0.as_bytes(), other.1);
            assert_eq!(other.decrypt(b"here", &encrypted), None);
        }
        for short in 0..encrypted.len() {
            assert_eq!(key.decrypt(b"here", &encrypted[..short]), None);
        }
        assert_eq!(format!("{key:?}"), "CipherKey(****)");
    }

    // Two nonces that meet under one key give two texts away with a plain GCM. The answers of
    // RFC 8452 C.2 say that this is the other cipher, for the nonce 03 00 … that they use.
    #[test]
    fn the_cipher_is_that_of_rfc_8452() {
        let mut bytes = [0_u8; 32];
        bytes[0] = 1;
        let key = aead::UnboundKey::new(&aead::AES_256_GCM_SIV, &bytes).unwrap();
        let mut nonce = [0; aead::NONCE_LEN];
        nonce[0] = 3;
        let mut text = vec![1, 0, 0, 0, 0, 0, 0, 0];
        aead::LessSafeKey::new(key)
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::empty(),
                &mut text,
            )
            .unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&text),
            "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"
        );
    }
}
