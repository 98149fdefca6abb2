//! What a reader may rely on in every file: rooms use only rooms above them, a foreign crate has
//! one home, files and functions are short, a name has one meaning, nothing is unfinished.
//!
//! The tables here are the exceptions, each with its reason; the rules stand in `rules.rs`, and
//! `snippets.rs` shows each of them failing.

// A test says what it expects with unwrap.
#![allow(clippy::unwrap_used)]

mod faults;
mod glossary;
mod notices;
mod recipes;
mod rules;
mod scan;
mod snippets;
mod threats;
mod tree;

use rules::{Edge, Home, Long};
use tree::File;

/// Edges against the order of src/lib.rs.
const EDGES: &[Edge] = &[];

/// The rooms that own tables.
const SQL_ROOMS: &[&str] = &["store", "audience", "delivery"];

/// One foreign crate, one home.
const HOMES: &[Home] = &[
    ("ammonia", &["issue"]),
    ("annotate_snippets", &["diagnostic"]),
    ("anstream", &["cmd"]),
    ("async_imap", &["mailbox"]),
    // net names it as the provider of rustls.
    ("aws_lc_rs", &["crypto", "net"]),
    ("axum", &["web"]),
    ("clap", &["cmd"]),
    ("comrak", &["issue"]),
    ("crc32fast", &["delivery"]),
    ("css_inline", &["compose"]),
    // Colours are read where they are refused, mixed and compared.
    ("csscolorparser", &["issue", "compose", "check"]),
    ("encoding_rs", &["audience"]),
    // Pages that everybody gets alike are made small once.
    ("flate2", &["web"]),
    ("form_urlencoded", &["web"]),
    // The answers of async_imap are streams.
    ("futures_util", &["mailbox"]),
    ("harfrust", &["picture"]),
    ("hickory_resolver", &["doctor"]),
    ("hyper", &["fetch", "web"]),
    ("hyper_util", &["fetch", "web"]),
    // One reads names as people spell them, the other the hosts of web addresses.
    // Wishes to leave are written with accents and without, and links in names with other dots.
    ("icu_normalizer", &["audience", "bounce", "issue", "net", "web"]),
    ("icu_properties", &["diagnostic"]),
    // A relay has a domain as an address has.
    ("idna", &["message", "net", "smtp"]),
    ("image", &["picture"]),
    ("imagesize", &["picture"]),
    ("indicatif", &["cmd"]),
    ("jpeg_encoder", &["picture"]),
    ("lettre", &["smtp"]),
    ("listenfd", &["web"]),
    ("prometheus_client", &["web"]),
    ("mail_parser", &["bounce"]),
    ("maud", &["compose", "archive", "web"]),
    ("moxcms", &["picture"]),
    ("png", &["picture"]),
    ("resvg", &["picture"]),
    // Relays, web servers and the catcher are all spoken to through net's streams.
    ("rustls", &["net"]),
    ("rustls_platform_verifier", &["net"]),
    ("serde_saphyr", &["manifest"]),
    ("skrifa", &["picture"]),
    // Rooms that own tables speak to `store::sql`, which knows two engines.
    ("sqlx", &["store"]),
    ("sqlx_core", &["store"]),
    ("strsim", &["diagnostic"]),
    ("tokio_rustls", &["net"]),
    ("toml", &["manifest"]),
    ("tracing_subscriber", &["cmd"]),
    ("unicode_bidi", &["picture"]),
    ("url", &["net", "fetch"]),
    ("x509_parser", &["net"]),
    // compose wraps by it, check says what an inbox cuts off.
    ("unicode_width", &["compose", "check"]),
];

/// Crates of words and types, which any room may speak.
const EVERYWHERE: &[&str] = &[
    "data_encoding",
    "jiff",
    "libc",
    "memchr",
    "percent_encoding",
    "secrecy",
    "serde",
    "serde_json",
    "thiserror",
    "tokio",
    "tracing",
];

/// Tables may be long, logic may not.
const LONG: &[Long] = &[];

fn lib() -> File {
    File::new("src/lib.rs", &tree::text("src/lib.rs"))
}

fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} to tidy up:\n{}\n", findings.len(), findings.join("\n"));
}

#[test]
fn lib_declares_rooms_and_nothing_else() {
    none(rules::lib_is_a_list(&lib()));
}

#[test]
fn rooms_use_only_rooms_above_them() {
    none(rules::room_edges(&tree::read("src"), &rules::rooms(&lib()), EDGES));
}

#[test]
fn the_binary_uses_the_library_by_its_name() {
    none(rules::binary_stands_apart(&tree::read("src"), &rules::rooms(&lib())));
}

#[test]
fn a_foreign_crate_has_one_home() {
    none(rules::foreign_homes(&tree::read("src"), HOMES));
    none(rules::homes_are_complete(&tree::text("Cargo.toml"), HOMES, EVERYWHERE));
}

#[test]
fn what_only_tests_use_is_a_dev_dependency() {
    none(rules::used_by_tests_only(&tree::text("Cargo.toml"), &tree::read("src")));
}

#[test]
fn sql_stands_in_the_rooms_that_own_tables() {
    none(rules::sql_homes(&tree::read("src"), SQL_ROOMS));
}

#[test]
fn files_and_functions_are_short() {
    none(rules::lengths(&tree::read("src"), LONG));
}

#[test]
fn every_file_says_what_it_is() {
    none(rules::openings(&tree::read("src")));
    none(rules::openings(&tree::read("tests")));
}

#[test]
fn every_folder_of_tests_is_explained() {
    none(rules::folders_have_rows(&tree::folders("tests"), &tree::text("ARCHITECTURE.md")));
}

#[test]
fn nothing_is_unfinished_or_panics_on_bad_input() {
    none(rules::panics(&tree::read("src")));
}
