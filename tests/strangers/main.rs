//! Files of a publication as a stranger could send them: the real binary refuses them with a place
//! and with words, in little time and memory.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/relay.rs"]
mod relay;
mod secrets;
