//! Who the mail is for.
//!
//! [`list`] reads a subscriber file, row by row, into recipients. Exists so that everything that
//! can be wrong with a list is found here, before a send. Must never send, and must never drop a
//! row without saying so.

mod attributes;
mod clean;
mod columns;
mod csv;
mod email;
mod encoding;
pub mod list;
pub mod near;
pub mod only;
pub mod row;
mod rules;
mod status;
