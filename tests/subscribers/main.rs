//! Lists as people have them, and the list of the store: what is brought in, shown, changed, written out
//! and forgotten, through the real binary.

mod exporters;
mod forgotten;
mod importing;
mod moved;
mod noes;
mod person;
mod reading;
mod source;

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/relay.rs"]
mod relay;

use harness::{Output, Publication};
use serde_json::Value;

/// A command of `subscribers` that ends well.
fn done(here: &Publication, line: &[&str]) -> Output {
    let told = here.run(&[&["subscribers"], line].concat());
    assert_eq!(told.code, 0, "{line:?}: {told:?}");
    told
}

/// The same with `--json`: what it says.
fn json(here: &Publication, line: &[&str]) -> Value {
    let told = done(here, &[line, &["--json"]].concat());
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
}

/// Imports a file, and what that did.
fn import(here: &Publication, line: &[&str]) -> Value {
    json(here, &[&["import"], line, &["--consent", "signed up on our site"]].concat())
}

fn export(here: &Publication) -> String {
    done(here, &["export"]).stdout
}

/// The counts of an import or of its plan, by kind.
fn counts(of: &Value) -> Vec<(&'static str, u64)> {
    const KINDS: [&str; 8] = [
        "add",
        "unconfirmed",
        "change",
        "conflict",
        "suppress",
        "stays_suppressed",
        "forgotten",
        "reject",
    ];
    let count = |kind: &str| of[kind]["count"].as_u64().expect("a count");
    let same = of["same"].as_u64().expect("a count");
    let all = KINDS.into_iter().map(|kind| (kind, count(kind))).chain([("same", same)]);
    all.filter(|(_, count)| *count > 0).collect()
}
