//! (envelope, bytes) -> relay -> outcome: the only room that opens an outbound socket for mail.
//!
//! Words, limits and reply codes are those of RFC 5321. lettre lends its SMTP vocabulary (commands,
//! client identity, parameters, mechanisms); the transaction itself is ours, because each reply
//! must be tied to the stage it answers and a connection must never be reused after a doubt.
//!
//! - [`relay`]: where to, how, as whom: options validated once.
//! - [`hello`]: who we say we are.
//! - [`session`]: one connection, opened up to the point where mail may be sent.
//! - [`transaction`]: messages carried over a session, pipelined where the relay offers it.
//! - [`outcome`] and [`trouble`]: what each reply, or its absence, means for a message and for the
//!   session; nothing else decides that.
//! - [`stuffing`]: the dots of a text on the wire.
//!
//! This room must never retry on its own, pick a recipient, or know of a ledger: it says what
//! happened, and `delivery` decides what comes next.

mod dialogue;
pub mod hello;
pub mod outcome;
pub mod relay;
pub mod reply;
pub mod session;
pub mod stuffing;
pub mod transaction;
pub mod trouble;
mod wire;
