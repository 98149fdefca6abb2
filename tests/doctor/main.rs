//! `digest doctor` as somebody runs it before a send: the real binary, a relay on loopback, a DNS
//! server with a table, a web server. Nothing outside this machine is asked.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/relay.rs"]
mod relay;
#[path = "../harness/web.rs"]
mod web;

mod certificates;
mod dialogue;
mod domains;
mod nameserver;
mod one_click;
mod relays;
mod streams;

use harness::Output;
use serde_json::Value;

/// The findings of a run with `--json`, as (check, level, message and help).
fn findings(output: &Output) -> Vec<(String, String, String)> {
    let told: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = told
        .as_array()
        .expect("an array")
        .iter()
        .map(|finding| {
            let said = format!("{} | {}", text(finding, "message"), text(finding, "help"));
            (text(finding, "check"), text(finding, "level"), said)
        })
        .collect();
    // The exit code tells the same.
    let bad = found.iter().any(|(_, level, _)| level == "error");
    assert_eq!(output.code, if bad { 3 } else { 0 }, "{output:?}");
    found
}

/// There is a finding of this check, at this level, that says all this.
#[track_caller]
fn says(output: &Output, check: &str, level: &str, words: &[&str]) {
    let found = findings(output);
    let fits = |(name, grade, said): &(String, String, String)| {
        name == check && grade == level && words.iter().all(|word| said.contains(word))
    };
    assert!(found.iter().any(fits), "no {level} of {check} with {words:?} in {found:#?}");
}

/// There is no finding of this check at this level.
#[track_caller]
fn silent(output: &Output, check: &str, level: &str) {
    let found = findings(output);
    let fits = |(name, grade, _): &&(String, String, String)| name == check && grade == level;
    assert_eq!(found.iter().find(fits), None);
}
