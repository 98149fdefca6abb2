//! `cargo +nightly fuzz run svg`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("svg", bytes));
