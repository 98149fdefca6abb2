//! The catalogue of faults names tests that exist, and leaves out no row.

use crate::{none, tree};

/// What is wrong with a catalogue; `text_of` gives the text of a file, if it is there.
fn findings(catalogue: &str, text_of: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = 1;
    for line in catalogue.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, _, _, tests] = cells[..] else {
            found.push(format!("not four cells: {line}"));
            continue;
        };
        if ["#", "---"].contains(&number) {
            continue;
        }
        if !number.is_empty() {
            if number != next.to_string() {
                found.push(format!("row {number} stands where {next} should"));
            }
            next += 1;
        }
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            found.push(format!("row {number} has no tests"));
        }
        for test in tests {
            let exists = test.split_once("::").is_some_and(|(path, name)| {
                text_of(path).is_some_and(|text| text.contains(&format!("fn {name}(")))
            });
            if !exists {
                found.push(format!("row {number}: there is no {test}"));
            }
        }
    }
    if next != 58 {
        found.push(format!("{} rows are numbered, not 57", next - 1));
    }
    found
}

#[test]
fn every_fault_has_a_test_that_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text_of = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    none(findings(&tree::text("docs/faults.md"), text_of));
}

#[test]
fn a_catalogue_with_gaps_is_told() {
    let catalogue = "| # | Fault | What we do | Test |\n| --- | --- | --- | --- |\n\
                     | 1 | a | b | `x.rs::there`, `x.rs::gone` |\n| 3 | a | b | |\n";
    let text_of = |path: &str| (path == "x.rs").then(|| "fn there() {}".to_owned());
    let found = findings(catalogue, text_of).join("\n");
    for words in
        ["row 1: there is no x.rs::gone", "row 3 stands where 2", "row 3 has no tests", "2 rows"]
    {
        assert!(found.contains(words), "no {words:?} in {found}");
    }
    assert!(!found.contains("x.rs::there"), "{found}");
}
