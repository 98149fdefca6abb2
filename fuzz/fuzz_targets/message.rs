//! `cargo +nightly fuzz run message`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("message", bytes));
