//! `cargo +nightly fuzz run bounce`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("bounce", bytes));
