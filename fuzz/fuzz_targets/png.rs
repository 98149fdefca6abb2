//! `cargo +nightly fuzz run png`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("png", bytes));
