//! `cargo +nightly fuzz run style_sheet`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_fuzz::run("style_sheet", bytes));
