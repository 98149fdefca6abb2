//! Codes and signatures that others have made: HMAC-SHA256 (RFC 2104) and ECDSA over P-256 with SHA-256
//! (FIPS 186-5).
//!
//! Must never tell how a wrong one is wrong, nor in its time where.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use data_encoding::BASE64;

/// Whether `code` is that of the parts, one behind the other, under a key that somebody else has chosen.
pub fn is_hmac_sha256(key: &[u8], parts: &[&[u8]], code: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&key, &parts.concat(), code).is_ok()
}

/// A public key on the curve P-256.
#[derive(Clone, Debug)]
pub struct P256Key(Vec<u8>);

impl P256Key {
    /// A SubjectPublicKeyInfo (RFC 5280) in base64, as PEM has it between its first and last line.
    pub fn from_base64(text: &str) -> Option<P256Key> {
        let der = BASE64.decode(text.trim().as_bytes()).ok()?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der);
        // A key that cannot be read is found when it is configured.
        key.parse().ok()?;
        Some(P256Key(der))
    }

    /// Whether a signature (ASN.1) is this key's over the parts, one behind the other.
    pub fn verifies(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0);
        key.verify(&parts.concat(), signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    // RFC 4231, test case 2.
    #[test]
    fn the_code_is_that_of_rfc_4231() {
        let code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let code = HEXLOWER.decode(code.as_bytes()).unwrap();
        assert!(is_hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"], &code));
        assert!(!is_hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing!"], &code));
        assert!(!is_hmac_sha256(b"jefe", &[b"what do ya want ", b"for nothing?"], &code));
        assert!(!is_hmac_sha256(b"Jefe", &[b"what do ya want for nothing?"], &code[1..]));
    }

    #[test]
    fn what_is_no_key_on_the_curve_is_none() {
        for text in ["", "x", "MFkw", "AAAA"] {
            assert!(P256Key::from_base64(text).is_none(), "{text}");
        }
    }
}
