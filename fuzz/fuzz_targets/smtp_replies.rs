//! `cargo +nightly fuzz run smtp_replies`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("smtp_replies", bytes));
