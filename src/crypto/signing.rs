//! Key pairs that sign: RSA (RFC 8017, PKCS#1 v1.5 with SHA-256) and Ed25519 (RFC 8032), read from
//! and written to PEM (RFC 7468).
//!
//! Must never show a private key: not in an error, and not in `Debug`.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use super::Hash;

/// The key lengths of an RSA key that we sign with, in bits; receivers refuse less than 1024, and
/// 1024 can be broken by who can pay for it.
pub const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Characters on a line of PEM (RFC 7468 2).
const PEM_LINE: usize = 64;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS#1 v1.5 with SHA-256.
    Rsa,
    /// Ed25519 over a SHA-256 hash (RFC 8463 3).
    Ed25519,
}

impl Algorithm {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rsa => "RSA",
            Algorithm::Ed25519 => "Ed25519",
        }
    }
}

/// A private key with its public one. Clones share it.
#[derive(Clone)]
pub struct SigningKey(Arc<Pair>);

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, ****)", self.algorithm().name())
    }
}

/// Why a text is no key to sign with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing between `-----BEGIN` and `-----END`.
    #[error("it contains no PEM text (-----BEGIN PRIVATE KEY-----)")]
    NoPem,
    /// It wants a password.
    #[error("the key in it is protected by a password, and digest cannot ask for one")]
    Encrypted,
    /// Something else, such as a public key.
    #[error("it contains {0:?}, but a PRIVATE KEY for RSA or Ed25519 is needed")]
    Other(String),
    /// The text is damaged, or the key is of no kind that signs mail.
    #[error("the key in it cannot be read: it is damaged, or neither RSA nor Ed25519")]
    Unreadable,
    /// Too weak.
    #[error("the RSA key in it has fewer than 2048 bits")]
    Short,
}

/// The crypto library could not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature could not be made")]
pub struct SignError;

impl SigningKey {
    /// A new key: RSA with 2048 bits, which every receiver verifies and one TXT record holds, or
    /// Ed25519.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(algorithm: Algorithm) -> Result<SigningKey, super::RandomError> {
        let pair = match algorithm {
            Algorithm::Rsa => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Algorithm::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        pair.map(SigningKey::new).map_err(|_| super::RandomError)
    }

    fn new(pair: Pair) -> SigningKey {
        SigningKey(Arc::new(pair))
    }

    /// Reads PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// A [`KeyError`], which holds nothing of the key.
    pub fn from_pem(text: &str) -> Result<SigningKey, KeyError> {
        let (label, der) = pem(text)?;
        let der = der.expose_secret();
        match label {
            "PRIVATE KEY" => from_pkcs8(der),
            "RSA PRIVATE KEY" => {
                RsaKeyPair::from_der(der).map(|pair| SigningKey::new(Pair::Rsa(pair))).map_err(why)
            }
            "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
            other => Err(KeyError::Other(other.to_owned())),
        }
    }

    /// The key as PKCS#8 in PEM.
    ///
    /// # Errors
    /// When the crypto library fails.
    pub fn to_pem(&self) -> Result<SecretString, SignError> {
        let text = match &*self.0 {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SignError)?;
                BASE64.encode(der.as_ref())
            }
            // Version 1 is the form that every tool reads.
            Pair::Ed25519(pair) => {
                BASE64.encode(pair.to_pkcs8v1().map_err(|_| SignError)?.as_ref())
            }
        };
        let mut out = String::from("-----BEGIN PRIVATE KEY-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(PEM_LINE.min(rest.len()));
            out.push_str(line);
            out.push('\n');
            rest = after;
        }
        out.push_str("-----END PRIVATE KEY-----\n");
        Ok(SecretString::from(out))
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match &*self.0 {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Bits of the key.
    pub fn bits(&self) -> usize {
        match &*self.0 {
            Pair::Rsa(pair) => pair.public_modulus_len() * 8,
            Pair::Ed25519(_) => 256,
        }
    }

    /// Bytes of a signature.
    pub fn signature_len(&self) -> usize {
        match &*self.0 {
            Pair::Rsa(pair) => pair.public_modulus_len(),
            Pair::Ed25519(_) => 64,
        }
    }

    /// The public key as DNS publishes it: SubjectPublicKeyInfo in DER for RSA (RFC 6376 3.6.1),
    /// its 32 bytes for Ed25519 (RFC 8463 4.2).
    ///
    /// # Errors
    /// When the crypto library fails.
    pub fn public(&self) -> Result<Vec<u8>, SignError> {
        match &*self.0 {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(|_| SignError)?;
                Ok(der.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.public_key().as_ref().to_vec()),
        }
    }

    /// Signs what has this hash.
    ///
    /// # Errors
    /// When the crypto library fails, as where memory runs out.
    pub fn sign(&self, hash: &Hash) -> Result<Vec<u8>, SignError> {
        match &*self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &hash.0, &mut signature)
                    .map_err(|_| SignError)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(hash.bytes()).map_err(|_| SignError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

fn from_pkcs8(der: &[u8]) -> Result<SigningKey, KeyError> {
    let reason = match RsaKeyPair::from_pkcs8(der) {
        Ok(pair) => return Ok(SigningKey::new(Pair::Rsa(pair))),
        Err(reason) => why(reason),
    };
    match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        Ok(pair) => Ok(SigningKey::new(Pair::Ed25519(pair))),
        Err(_) => Err(reason),
    }
}

fn why(rejected: KeyRejected) -> KeyError {
    // The library has no other way to ask.
    match rejected.to_string().as_str() {
        "TooSmall" => KeyError::Short,
        _ => KeyError::Unreadable,
    }
}

/// The label and the bytes of the first PEM block that is about a private key, or of the first one
/// at all: `openssl` may put parameters before a key.
fn pem(text: &str) -> Result<(&str, SecretBox<Vec<u8>>), KeyError> {
    let mut first = None;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, after) = after.split_once("-----").ok_or(KeyError::NoPem)?;
        let (body, after) =
            after.split_once(&format!("-----END {label}-----")).ok_or(KeyError::Unreadable)?;
        rest = after;
        if label.ends_with("PRIVATE KEY") {
            first = Some((label, body));
            break;
        }
        first = first.or(Some((label, body)));
    }
    let (label, body) = first.ok_or(KeyError::NoPem)?;
    // RFC 1421 4.6.1.1: what `openssl rsa -aes256 -traditional` writes.
    if body.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    let mut packed = body.as_bytes().to_vec();
    packed.retain(|byte| !byte.is_ascii_whitespace());
    let der = BASE64.decode(&packed).map_err(|_| KeyError::Unreadable)?;
    Ok((label, SecretBox::new(Box::new(der))))
}

/// Whether a signature over a text is good for a key as DNS publishes it.
#[cfg(test)]
pub(crate) fn verifies(algorithm: Algorithm, public: &[u8], text: &[u8], signature: &[u8]) -> bool {
    use aws_lc_rs::signature::UnparsedPublicKey;
    use aws_lc_rs::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY};
    let verified = match algorithm {
        // The examples of RFC 8463 have a short key.
        Algorithm::Rsa => {
            UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, public)
                .verify(text, signature)
        }
        Algorithm::Ed25519 => {
            let mut hasher = super::Sha256::new();
            hasher.update(text);
            UnparsedPublicKey::new(&ED25519, public).verify(hasher.finish().bytes(), signature)
        }
    };
    verified.is_ok()
}

#[cfg(test)]
mod tests;
