//! Files of strangers: what comes as a pull request can do nothing but be a bad article. The real
//! binary in a folder like a user's says what is wrong and where, in little time and memory, and
//! nothing of it gets through.

// A test says what it expects with unwrap.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/relay.rs"]
mod relay;

mod bounded;
mod bounds;
mod disk;
mod fetching;
mod pictures;
mod secrets;
mod slots;
#[cfg(unix)]
mod stores;
mod styles;
mod terminal;
