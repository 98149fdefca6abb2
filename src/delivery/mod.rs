//! Who is next, and what became of each: plan, claim, attempt, record.
//!
//! The order of writing is the promise: a row is claimed before its message is made, marked before
//! its final dot may leave, and its outcome is on disk before it counts.

pub mod amend;
pub mod bounced;
pub mod duration;
pub mod erasing;
pub mod id;
pub mod intake;
pub mod journal;
pub mod ledger;
pub mod moment;
pub mod outbox;
pub mod pace;
pub mod parts;
pub mod person_known;
pub mod receipt;
pub mod reconcile;
pub mod recovery;
pub mod route;
pub mod run;
pub mod schedule;
pub mod send;
pub mod sketch;
pub mod source;
pub mod state;
pub mod templates;
pub mod test_send;
pub mod throttle;
pub mod verdict;
