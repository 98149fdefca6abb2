//! Keys as `openssl` writes them, made for these tests and used nowhere else.

use aws_lc_rs::rsa;

use super::*;
use crate::crypto::Sha256;

/// `openssl genrsa 1024`
const SHORT: &str = "\
-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAONz76l9XLRmIyho
VUqk6g1VmMBot9i5ryezw6TkUl6UWSPmmNk3ZYNlH+YPyPbXqoNMlDleMTUq3+lc
7mL1WbZ9He3pIwgzYV7q+rNLyEJJD7/SZ/EGfPp8kV4Kyy8V0HpPmCKEypOjDZs6
INDGEmqFs530AChpz3vvVZDbRO1xAgMBAAECgYEAo6xx8c08QLSe6BzsA2LY6e+G
lC7G3TYBTNiXGLkUbOrjmmn945FxgzPp2GvTeY2ILiOVJhMZ5eCMcClngd58RvIu
uBQjtQesCgKNAPrSt41dAlZIvcMEwhpWWLlj00Wzv2rOHtAKpi3wJc0pTUjYeGVq
KVPNLvIEkRQ1OptRlIECQQD3KFC1Pt1pYkEaenacncLkMvTzGRsoTumnCRuSS1S+
V/eDt6OpKZ0OQkx0JxLJGVnKA9+KAbftkZTqDi3acwElAkEA65cmHIHXyEwPL/VA
rjDIFvlILwXFFbV8UedY7HeetWhqT8bokX3XOVjFeRJlK0cjw/eUCmuDHqNqxdd7
lGeHXQJACMxhmyIixaaexK+JW2fuUStTNvg01EmC3dRgK+QMnz4IbKLz64i0s5Y+
nH/rlkcVwDBFG+eVwZpGH9LjZPxlFQJAN3egy3lumoP912bA0cI+edo7Oob7Pf86
w/XaI+KOBVwOG7ZTL14XfDMAW18PXr8jFpKF0mY5us7y5p2zRN+TKQJAQMiGgryz
5gqqkQxOZIzGpV1hVAdbcY28WBfRpA1k9+3df+76OFmqEuhmQGpLHAczMz8MdTQK
AgRLN6yHb9Pp+w==
-----END PRIVATE KEY-----
";
/// `openssl rsa -traditional` of the same key.
const SHORT_TRADITIONAL: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQDjc++pfVy0ZiMoaFVKpOoNVZjAaLfYua8ns8Ok5FJelFkj5pjZ
N2WDZR/mD8j216qDTJQ5XjE1Kt/pXO5i9Vm2fR3t6SMIM2Fe6vqzS8hCSQ+/0mfx
Bnz6fJFeCssvFdB6T5gihMqTow2bOiDQxhJqhbOd9AAoac9771WQ20TtcQIDAQAB
AoGBAKOscfHNPEC0nugc7ANi2OnvhpQuxt02AUzYlxi5FGzq45pp/eORcYMz6dhr
03mNiC4jlSYTGeXgjHApZ4HefEbyLrgUI7UHrAoCjQD60reNXQJWSL3DBMIaVli5
Y9NFs79qzh7QCqYt8CXNKU1I2HhlailTzS7yBJEUNTqbUZSBAkEA9yhQtT7daWJB
Gnp2nJ3C5DL08xkbKE7ppwkbkktUvlf3g7ejqSmdDkJMdCcSyRlZygPfigG37ZGU
6g4t2nMBJQJBAOuXJhyB18hMDy/1QK4wyBb5SC8FxRW1fFHnWOx3nrVoak/G6JF9
1zlYxXkSZStHI8P3lAprgx6jasXXe5Rnh10CQAjMYZsiIsWmnsSviVtn7lErUzb4
NNRJgt3UYCvkDJ8+CGyi8+uItLOWPpx/65ZHFcAwRRvnlcGaRh/S42T8ZRUCQDd3
oMt5bpqD/ddmwNHCPnnaOzqG+z3/OsP12iPijgVcDhu2Uy9eF3wzAFtfD16/IxaS
hdJmObrO8uads0TfkykCQEDIhoK8s+YKqpEMTmSMxqVdYVQHW3GNvFgX0aQNZPft
3X/u+jhZqhLoZkBqSxwHMzM/DHU0CgIESzesh2/T6fs=
-----END RSA PRIVATE KEY-----
";
/// `openssl genpkey -algorithm ed25519`
const ED25519_PEM: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIMqVykoioGXESQLNvDBw3aGC4pe/R8R8cyT5RYSiPbJa
-----END PRIVATE KEY-----
";
/// `openssl ecparam -name prime256v1 -genkey`: parameters before the key.
const EC: &str = "\
-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIP+QwhWMrm7zTjkX0o0mE7x3JUMGRj4BKFfrugEW3kQMoAoGCCqGSM49
AwEHoUQDQgAER45fTDxuN8VWZ028LJhFpw0csH0FxuDq4Cxp9fD77VpXhEYQ2VxX
Bn+IFS2fYbsVp1Onq9kNHr86wb7YxePNDQ==
-----END EC PRIVATE KEY-----
";

fn hash(bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(bytes);
    hasher.finish()
}

#[test]
fn keys_survive_their_pem_and_sign_for_their_public_half() {
    for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
        let made = SigningKey::generate(algorithm).unwrap();
        let text = made.to_pem().unwrap();
        assert!(text.expose_secret().lines().all(|line| line.len() <= 64));
        let key = SigningKey::from_pem(text.expose_secret()).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.public(), made.public());
        let signature = key.sign(&hash(b"signed")).unwrap();
        assert_eq!(signature.len(), key.signature_len());
        let public = key.public().unwrap();
        assert!(verifies(algorithm, &public, b"signed", &signature), "{algorithm:?}");
        assert!(!verifies(algorithm, &public, b"Signed", &signature), "{algorithm:?}");
    }
}

#[test]
fn a_traditional_rsa_key_is_the_same_key() {
    let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // PKCS#8 wraps PKCS#1 in an octet string at its end; its header has 26 bytes (RFC 5208 5).
    let block = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\r\n{}\r\n-----END {label}-----\r\n", BASE64.encode(der))
    };
    let whole = SigningKey::from_pem(&block("PRIVATE KEY", der.as_ref())).unwrap();
    let inner = SigningKey::from_pem(&block("RSA PRIVATE KEY", &der.as_ref()[26..])).unwrap();
    assert_eq!(whole.public(), inner.public());
    assert_eq!(whole.bits(), 2048);
}

#[test]
fn what_cannot_sign_is_named_and_never_shown() {
    let refused = |text: &str| SigningKey::from_pem(text).unwrap_err();
    assert_eq!(refused(SHORT), KeyError::Short);
    assert_eq!(refused(SHORT_TRADITIONAL), KeyError::Short);
    assert_eq!(refused(EC), KeyError::Other("EC PRIVATE KEY".to_owned()));
    assert_eq!(refused(""), KeyError::NoPem);
    assert_eq!(refused("p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), KeyError::NoPem);
    let block = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    assert_eq!(refused(&block("PRIVATE KEY", "bm8ga2V5")), KeyError::Unreadable);
    assert_eq!(refused(&block("PRIVATE KEY", "***")), KeyError::Unreadable);
    assert_eq!(refused(&block("ENCRYPTED PRIVATE KEY", "bm8ga2V5")), KeyError::Encrypted);
    let old = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nbm8ga2V5";
    assert_eq!(refused(&block("RSA PRIVATE KEY", old)), KeyError::Encrypted);
    let key = SigningKey::from_pem(ED25519_PEM).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(Ed25519, ****)");
}
