//! Composition + recipient -> message: an envelope and RFC 5322 bytes.
//!
//! The narrow waist of the program is [`Message`]: everything before builds it, everything after
//! only carries it.

pub mod address;
pub mod dkim;
mod encode;
pub mod header;
pub mod recipient;
pub mod splice;
pub mod token;

use address::Address;

/// Who hands over and who receives (RFC 5321 2.3.1): one recipient a message, so that nobody sees
/// another's address and every outcome belongs to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `MAIL FROM`: where reports of failure go; `None` is the null reverse-path `<>`.
    pub reverse_path: Option<Address>,
    /// `RCPT TO`.
    pub recipient: Address,
}

/// A message ready for the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For `MAIL` and `RCPT`.
    pub envelope: Envelope,
    /// Its Message-ID without angle brackets, for what is written down about it.
    pub message_id: String,
    /// RFC 5322 bytes: CRLF lines, without dot-stuffing and without the final dot.
    pub bytes: Vec<u8>,
}
