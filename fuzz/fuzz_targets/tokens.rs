//! `cargo +nightly fuzz run tokens`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("tokens", bytes));
