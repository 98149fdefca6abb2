//! `digest`: an issue is a folder of Markdown articles; it becomes one email, and the email reaches its subscribers.
//!
//! The pipeline, each stage with the type that it hands on:
//!
//! 1. [`issue`] reads a folder of Markdown, TOML and images into an `Issue`: plain data, every
//!    block with its place in the author's text.
//! 2. [`compose`] turns an `Issue` into a `Composition`: subject, HTML and text, once per issue,
//!    with declared holes (slots) where recipients differ.
//!    [`archive`] makes the public pages of it: readable by anybody, so of nobody in particular.
//! 3. [`message`] encodes a `Composition` once and splices one `Message` per recipient: an
//!    envelope and RFC 5322 bytes.
//! 4. [`check`] looks at all three and reports mistakes at the author's line.
//!    [`fetch`] asks web addresses whether they answer, where `check` and `doctor` are told to.
//! 5. [`smtp`] carries (envelope, bytes) to a relay and turns each reply into an `Outcome`.
//!    [`catcher`] is a server that keeps what it gets: for rehearsals and for tests.
//! 6. [`bounce`] reads what comes back later, from a [`mailbox`].
//!    [`store`] opens the database file; [`audience`] reads subscribers; [`delivery`] decides who
//!    is next, writes down what became of each, and what a report means for them.
//! 7. [`web`] answers readers: today who leaves by the link in a mail.
//! 8. [`doctor`] asks relays and DNS beforehand whether mail will arrive.
//!
//! [`net`] is what all of them share that open a connection: addresses, TCP, TLS.
//!
//! A problem in somebody's file is a [`diagnostic`], collected and shown with its place. A refused
//! recipient is a value. `Err` means that we could not tell or could not run.

pub mod diagnostic;
pub mod manifest;
pub mod crypto;
pub mod files;
pub mod net;
pub mod picture;
pub mod issue;
pub mod compose;
pub mod archive;
pub mod message;
pub mod fetch;
pub mod check;
pub mod smtp;
pub mod catcher;
pub mod bounce;
pub mod mailbox;
pub mod store;
pub mod audience;
pub mod delivery;
pub mod doctor;
pub mod web;
pub mod config;
