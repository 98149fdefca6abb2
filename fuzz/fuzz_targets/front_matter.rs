//! `cargo +nightly fuzz run front_matter`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("front_matter", bytes));
