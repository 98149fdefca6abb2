//! Who the mail is for.
//!
//! [`list`] reads a subscriber file, row by row, into recipients. Exists so that everything that
//! can be wrong with a list is found here, before a send. [`subscribers`] is the publication's own
//! list in the store, and [`suppression`] keeps who is never mailed, whatever a list says. Must never send, and must never drop a row without saying so.

pub mod address_change;
mod answers;
mod attributes;
mod clean;
mod columns;
pub mod consent;
mod csv;
mod damage;
pub mod email;
mod encoding;
pub mod erasure;
pub mod except;
pub mod forgotten;
pub mod formula;
mod known;
pub mod leave;
pub mod list;
pub mod near;
pub mod pause;
pub(crate) mod problems;
mod refusal;
mod remarks;
pub mod row;
mod rules;
pub mod selection;
pub mod signup;
mod status;
pub mod subscribers;
pub mod suppression;
mod tally;
