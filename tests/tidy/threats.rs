//! The page of threats names tests that exist, at least one for each.

use crate::{none, tree};

/// What is wrong with the page; `is_there` says whether a test exists.
fn findings(page: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    for row in rows.filter(|row| !row.starts_with("| ---") && !row.starts_with("| With what")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [threat, holds, tests] = cells[..] else {
            found.push(format!("not three cells: {row}"));
            continue;
        };
        if holds.is_empty() {
            found.push(format!("{threat}: say what holds"));
        }
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            found.push(format!("{threat}: name a test"));
        }
        let missing = tests.into_iter().filter(|test| !is_there(test));
        found.extend(missing.map(|test| format!("{threat}: there is no {test}")));
    }
    found
}

#[test]
fn every_threat_has_a_test_that_exists() {
    let page = tree::text("docs/threats.md");
    assert!(page.matches("\n| With what |").count() >= 6, "the tables are not found");
    none(findings(&page, tree::has_function));
}

#[test]
fn a_page_with_gaps_is_told() {
    let page = "| With what | What holds | Test |\n| --- | --- | --- |\n\
                | a | b | `x.rs::there`, `x.rs::gone` |\n| c | d | |\n| e |  | `x.rs::there` |\n";
    let found = findings(page, |test| test == "x.rs::there").join("\n");
    for words in ["a: there is no x.rs::gone", "c: name a test", "e: say what holds"] {
        assert!(found.contains(words), "no {words:?} in {found}");
    }
    assert_eq!(found.lines().count(), 3, "{found}");
}
