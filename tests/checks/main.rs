//! `digest check` on folders like a user's, each with mistakes of one kind; and on many issues as
//! newsletters are written, which have none that stop anything.
//!
//! In `cases/`, a comment `expect: rule line:column` in a file says what must be reported there,
//! `expect: rule` that it is reported for the file as a whole, and `expect: rule path:line:column`
//! that it is reported in another file. Nothing else may be reported.

// A test says what it expects with unwrap.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;

mod allowed;
mod arrives;
mod broken;
mod cases;
mod corpus;
mod formats;
mod heads;
mod marks;
mod meant;
mod names;
mod in_text;
mod left_out;
mod once;
mod ordinary;
mod sent;
mod slips;
mod text_part;
mod trusted;
mod unsaid;
mod usual;
mod words;
