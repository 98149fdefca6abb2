//! What a report means for a reader: evidence, policy, decision, and the row that tells of it.
//!
//! 1. `evidence` finds the row of the ledger that a report is about, if it shows that it is ours.
//! 2. `decision` says what happens, as one pure function; `policy` is what digest.toml says of it.
//! 3. `counting` says how many messages count together with a report.
//! 4. `others` takes out of what is kept whom a report names besides its reader.
//! 5. `reading` does it: what is decided of some messages becomes one transaction.
//! 6. `refused` does the same with what relays answered while an issue was sent.
//! 7. `posted` does the same with what providers of mail post on the web.

mod counting;
pub(in crate::delivery) mod others;
pub mod decision;
pub mod policy;
pub mod posted;
pub mod evidence;
pub mod reading;
pub mod refused;
