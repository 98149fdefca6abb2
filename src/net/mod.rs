//! What every room needs that opens a connection: names and addresses, TCP, TLS.
//!
//! - [`host`]: which hosts and addresses are this machine, and which the internet can reach.
//! - [`dial`]: a name's addresses, and a connection to one of them.
//! - [`stream`]: the bytes of one connection, in the clear or under TLS.
//! - [`tls`]: whose certificates are trusted, and a failed handshake in words.
//! - [`certificate`]: what stands in a certificate, for people.
//!
//! This room must never know what is said over a connection, wait without an end, or have a way to
//! leave the check of a certificate out.

pub mod certificate;
pub mod dial;
pub mod host;
pub mod stream;
pub mod tls;
pub mod web;
