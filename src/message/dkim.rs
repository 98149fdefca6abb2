//! DKIM signatures (RFC 6376, and RFC 8463 for Ed25519): message bytes in, header fields out that
//! go before them.
//!
//! Must never sign a part of the body only (`l=`), nor leave out a list header: whoever can add to
//! a signed message can make it say something else, and RFC 8058 lets no receiver offer one click
//! where List-Unsubscribe and List-Unsubscribe-Post are not covered.

mod canonical;

use data_encoding::BASE64;

use super::address::Address;
use crate::crypto::Sha256;
use crate::crypto::signing::{Algorithm, SignError, SigningKey};
use canonical::Field;

/// Field names that are signed where a message has them, in the order of `h=`. The reader sees
/// them, a mail program acts on them, or a receiver counts by them.
const SIGNED: [&str; 15] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Archive",
    "Feedback-ID",
    "Auto-Submitted",
];
/// Listed once more than it stands, so that adding a second one breaks the signature
/// (RFC 6376 5.4 and 8.15).
const OVERSIGNED: &str = "From";
/// Columns of a line (RFC 5322 2.1.1), as in [`super::header`].
const LINE: usize = 76;
/// RFC 1035 2.3.4: bytes of a label, and of a name.
const LABEL: usize = 63;
const NAME: usize = 253;

/// One domain's key under one selector.
#[derive(Clone, Debug)]
pub struct Signer {
    domain: String,
    selector: String,
    key: SigningKey,
}

/// Why there is no signer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// No domain that DNS could hold.
    #[error("{0:?} is not a domain")]
    Domain(String),
    /// RFC 6376 3.1: labels between dots.
    #[error("{0:?} is not a selector: letters, digits and hyphens, such as digest2025")]
    Selector(String),
}

impl Signer {
    /// A signer for `domain`, whose public key stands at `selector._domainkey.domain`.
    ///
    /// # Errors
    /// What DNS could not hold.
    pub fn new(domain: &str, selector: &str, key: SigningKey) -> Result<Signer, DkimError> {
        let (domain, selector) = (self::domain(domain)?, self::selector(selector)?);
        if domain.len() + selector.len() + "._domainkey.".len() > NAME {
            Err(DkimError::Selector(selector))
        } else {
            Ok(Signer { domain, selector, key })
        }
    }

    /// `d=`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `s=`.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// Where the public key stands in DNS.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The TXT record that stands there (RFC 6376 3.6.1).
    ///
    /// # Errors
    /// When the crypto library fails.
    pub fn record(&self) -> Result<String, SignError> {
        let kind = match self.key.algorithm() {
            Algorithm::Rsa => "rsa",
            Algorithm::Ed25519 => "ed25519",
        };
        Ok(format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&self.key.public()?)))
    }

    /// `a=`.
    fn algorithm(&self) -> &'static str {
        match self.key.algorithm() {
            Algorithm::Rsa => "rsa-sha256",
            Algorithm::Ed25519 => "ed25519-sha256",
        }
    }

    /// Bytes of the header field, about; never fewer than it has.
    fn size(&self) -> usize {
        let signature = self.key.signature_len().div_ceil(3) * 4;
        600 + self.domain.len() + self.selector.len() + signature + signature / 16
    }
}

/// A domain as DNS holds it: lower-case A-labels.
///
/// # Errors
/// [`DkimError::Domain`].
pub fn domain(text: &str) -> Result<String, DkimError> {
    let wrong = || DkimError::Domain(text.to_owned());
    let address = Address::parse(&format!("x@{text}")).map_err(|_| wrong())?;
    if is_name(address.domain()) { Ok(address.domain().to_owned()) } else { Err(wrong()) }
}

/// A selector, in lower case.
///
/// # Errors
/// [`DkimError::Selector`].
pub fn selector(text: &str) -> Result<String, DkimError> {
    if is_name(text) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(DkimError::Selector(text.to_owned()))
    }
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= NAME && text.split('.').all(is_label)
}

/// Whether two domains surely belong to one owner, as DMARC asks (RFC 7489 3.1): without the public
/// suffix list, only where one is the other or stands below it.
pub fn related(one: &str, other: &str) -> bool {
    let below = |name: &str, above: &str| {
        name == above || name.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'))
    };
    below(one, other) || below(other, one)
}

/// Bytes that [`sign`] returns, about; never fewer than it does.
pub fn size(signers: &[Signer]) -> usize {
    signers.iter().map(Signer::size).sum()
}

/// The DKIM-Signature fields of a message, one of each signer; they go before its first byte.
/// `time` is `t=`, in seconds of Unix. The body is read once, whatever the number of signers.
///
/// # Errors
/// When the crypto library fails: the message must not go out.
pub fn sign(signers: &[Signer], time: i64, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let mut out = Vec::with_capacity(size(signers));
    if signers.is_empty() {
        return Ok(out);
    }
    let (fields, body) = canonical::split(message);
    let mut hasher = Sha256::new();
    canonical::body(body, |bytes| hasher.update(bytes));
    let body_hash = BASE64.encode(hasher.finish().bytes());
    let (names, head) = covered(&fields);
    for signer in signers {
        let start = out.len();
        unsigned(signer, time, &names, &body_hash, &mut out);
        let mut hasher = head.clone();
        hasher.update(&own_field(&out[start..]));
        let signature = signer.key.sign(&hasher.finish())?;
        base64_lines(&BASE64.encode(&signature), &mut out);
        out.extend_from_slice(b"\r\n");
    }
    Ok(out)
}

/// The names of `h=`, and the hash of the fields that they mean. A name that stands several times
/// means the last field first (RFC 6376 5.4.2); one more than there are means nothing.
fn covered(fields: &[Field<'_>]) -> (Vec<&'static str>, Sha256) {
    let mut names = Vec::with_capacity(SIGNED.len() + 1);
    let mut text = Vec::with_capacity(1024);
    for name in SIGNED {
        for field in fields.iter().rev().filter(|field| field.is(name)) {
            names.push(name);
            canonical::field(field, &mut text);
        }
        if name == OVERSIGNED {
            names.push(name);
        }
    }
    let mut hasher = Sha256::new();
    hasher.update(&text);
    (names, hasher)
}

/// A field up to and with `b=`, as it enters its own signature: without the line end at its close
/// (RFC 6376 3.7).
fn own_field(written: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(written.len() + 2);
    let (fields, _) = canonical::split(written);
    for field in &fields {
        canonical::field(field, &mut text);
    }
    text.truncate(text.len().saturating_sub(2));
    text
}

/// Writes the field up to and with `b=`, without a line end.
fn unsigned(signer: &Signer, time: i64, names: &[&str], body_hash: &str, out: &mut Vec<u8>) {
    let mut tags = Tags { out, column: 0 };
    tags.piece("DKIM-Signature:");
    tags.word("v=1;");
    tags.word(&format!("a={};", signer.algorithm()));
    tags.word("c=relaxed/relaxed;");
    tags.word(&format!("d={};", signer.domain));
    tags.word(&format!("s={};", signer.selector));
    tags.word(&format!("t={time};"));
    for (at, name) in names.iter().enumerate() {
        let end = if at + 1 == names.len() { ';' } else { ':' };
        match at {
            0 => tags.word(&format!("h={name}{end}")),
            _ => tags.piece(&format!("{name}{end}")),
        }
    }
    tags.word(&format!("bh={body_hash};"));
    tags.fold();
    tags.piece("b=");
}

/// Writes a signature behind `b=`; white space within it means nothing (RFC 6376 3.5).
fn base64_lines(signature: &str, out: &mut Vec<u8>) {
    let mut rest = signature.as_bytes();
    let mut room = LINE - " b=".len();
    while rest.len() > room {
        let (line, after) = rest.split_at(room);
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n ");
        (rest, room) = (after, LINE - 1);
    }
    out.extend_from_slice(rest);
}

/// A tag list (RFC 6376 3.2), folded where white space may stand.
struct Tags<'a> {
    out: &'a mut Vec<u8>,
    column: usize,
}

impl Tags<'_> {
    /// A tag that white space separates from what stands before it.
    fn word(&mut self, text: &str) {
        if self.column + 1 + text.len() > LINE {
            self.fold()
        } else {
            self.write(" ")
        }
        self.write(text);
    }

    /// A part of a tag.
    fn piece(&mut self, text: &str) {
        if self.column + text.len() > LINE {
            self.fold();
        }
        self.write(text);
    }

    fn fold(&mut self) {
        self.out.extend_from_slice(b"\r\n ");
        self.column = 1;
    }

    fn write(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }
}

#[cfg(test)]
mod tests;
