//! Codes and signatures that others have made: HMAC-SHA256 (RFC 2104), ECDSA over P-256 with SHA-256
//! (FIPS 186-5), and RSA with PKCS #1 v1.5 (RFC 8017).
//!
//! Must never tell how a wrong one is wrong, nor in its time where.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
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

/// What a text is made short by before RSA signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaDigest {
    /// Only where somebody else signs with nothing better: two texts with the same digest can be made
    /// by whoever chooses both.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// A public key of RSA, of 2048 bits or more.
#[derive(Clone, Debug)]
pub struct RsaKey(Vec<u8>);

impl RsaKey {
    /// A SubjectPublicKeyInfo (RFC 5280) in DER, as a certificate has it.
    pub fn from_der(der: &[u8]) -> Option<RsaKey> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).parse().ok()?;
        Some(RsaKey(der.to_owned()))
    }

    /// Whether a signature is this key's over a text.
    pub fn verifies(&self, digest: RsaDigest, text: &[u8], signature: &[u8]) -> bool {
        let scheme = match digest {
            RsaDigest::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            RsaDigest::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(scheme, &self.0).verify(text, signature).is_ok()
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

    const RSA_KEY: &str = "\
         MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtviFY07Umsyq0NNgSIEg5FdyN6yZfkqe\
         m3klaL+T6nqDh/cbzUo+Y99H64W2U38GF+nAy5fZ5NwK85+WDTcIuEtQMNZuf/EFPelXg2xZrwT8\
         qgJYVZYxr2nIqBNsL/JtLca/6Toxrzq3x+IPyEtZQ4qe8xDOqD1XoUlbrsvDSnComV5boSaTtakB\
         DfiybNdahWrQGt1LzAnW26y7poFO+inAbKQV/XeGOEa/652dNFJmGdyf82bVWfUyab4kdqgcUnNP\
         Vm62ibdj+RioCn4t004sIRv/mqM+IYo1n90cxuJC0eX6RVDaCdbXkjrwccZ24W7BYnIVDCtGRIap\
         Ayc4rQIDAQAB";
    const RSA_SHA1: &str = "\
         i5cBSAoHIwUtHcNg0hge2JHaH43dqe4+eu08Mcczng5KRc4iF0OJB5y+BQ+9eTDrraQFwr4KpXUz\
         ryrnff3eMiXmHypk5hvi207og3GW3YZKwgFg0kfbXEncrcqNz+OBHATyjj5yZLYoH88KMCro9Xvg\
         Luj/tWkM2DswVa+hUlt2Mda1/JmyDaLveBUOZwE292iTA1//joTQeTPH0ZVh5UvbopgCliugRZlg\
         L6kqBnSQGmvF19w7W52L511YpPO9PGWYyTBWBk2ZTiE86OmcQxXDQJFF9HVV9lRPDdI/EmafXBDw\
         apY+qoXtRWhTOUYEJXre3tdTcz+bxWCZc70cIQ==";
    const RSA_SHA256: &str = "\
         pyG24imZ7R1MAHxnZ7fvYZyDIIHQJcuWNLQTMmGopA0qu85GwILI0luUdxl15vNPyIDeJgsxs93D\
         98t538usRRgpVxOC6rR9wYd2RTh8RrgqP614Q53UDxt+KCwq69v4llB/FeD+DyfTukvvlHl6NeY0\
         6u/MOyI3jIUEbh8r7wTr0fEbE/czYNQEed4WcJC+vvozwGvcO+R3J5vv7KRDnKLTxaK8U6h047DD\
         ynrDrttNVdadHpwQ2S6uNUiETrdJhEzSR/XwO/FDZ/lnVmcCkAg+3UxsGLSx+UT6Y/qb/nLY2QDh\
         2ApIylnqJeEVVVzVATWlaUgzdSyBZ6KUWWoGlg==";
    // The key and both signatures are of `openssl genrsa 2048` and `openssl dgst -sign`.
    #[test]
    fn a_signature_of_rsa_counts_for_its_text_and_digest_alone() {
        let read = |text: &str| BASE64.decode(text.as_bytes()).unwrap();
        let key = RsaKey::from_der(&read(RSA_KEY)).unwrap();
        let text = b"Message\nhello\n";
        for (digest, signature, other) in [
            (RsaDigest::Sha1, RSA_SHA1, RsaDigest::Sha256),
            (RsaDigest::Sha256, RSA_SHA256, RsaDigest::Sha1),
        ] {
            let signature = read(signature);
            assert!(key.verifies(digest, text, &signature), "{digest:?}");
            assert!(!key.verifies(other, text, &signature), "{digest:?}");
            assert!(!key.verifies(digest, b"Message\nhallo\n", &signature), "{digest:?}");
            assert!(!key.verifies(digest, text, &signature[1..]), "{digest:?}");
            assert!(!key.verifies(digest, text, b""), "{digest:?}");
        }
        for der in [&read(RSA_KEY)[..200], b"", b"x"] {
            assert!(RsaKey::from_der(der).is_none());
        }
    }

    #[test]
    fn what_is_no_key_on_the_curve_is_none() {
        for text in ["", "x", "MFkw", "AAAA"] {
            assert!(P256Key::from_base64(text).is_none(), "{text}");
        }
    }
}
