//! `digest bounces read` through the real binary: the forms in which mail systems say that mail did not
//! arrive, one file each with what is right in its first lines, and the places where messages lie.

// A test says what it expects with unwrap.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/relay.rs"]
mod relay;

mod acting;
mod erased;
mod forms;
#[cfg(unix)]
mod imap;
mod leaving;
mod limits;
mod sources;
mod waiting;
mod walk;
