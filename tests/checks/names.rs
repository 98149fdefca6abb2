//! The names of rules: in the code, on the page, and in the fixtures, the same ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sejong_digest::check::register;

use crate::{broken, cases};

/// Covered by tests of their own, because no single file of a publication brings them about:
/// `allowed.rs` here, `tests/online.rs`, `tests/size.rs`, `tests/strangers/` and `tests/subscribers/`.
const ELSEWHERE: [&str; 13] = [
    // tests/subscribers/noes.rs
    "row-day",
    // tests/online.rs and tests/send/published.rs
    "picture-unpublished",
    // tests/strangers/bounded.rs
    "html-large",
    "issue-missing",
    // tests/send/named.rs
    "issue-folder",
    "list-read",
    "dead-link",
    "moved-link",
    "length-auto",
    "length-excerpt",
    "issue-large",
    "more-problems",
    "table-large",
];

/// The first text in quotes behind `mark`, where nothing but space stands between.
fn named(code: &str, mark: &str) -> Vec<String> {
    let behind = code.match_indices(mark).map(|(at, mark)| code[at + mark.len()..].trim_start());
    let quoted = behind.filter_map(|rest| rest.strip_prefix('"')?.split_once('"'));
    quoted.map(|(name, _)| name.to_owned()).collect()
}

/// The names that the code gives to problems, and whether each is ever an error.
fn in_code() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut names: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in cases::files(&source) {
        if file.extension().is_none_or(|ending| ending != "rs") || file.ends_with("tests.rs") {
            continue;
        }
        let code = std::fs::read_to_string(&file).unwrap();
        let code = code.split("#[cfg(test)]").next().unwrap();
        for (mark, severity) in
            [("Diagnostic::error(", "error"), ("Diagnostic::warning(", "warning")]
        {
            for name in named(code, mark) {
                names.entry(name).or_default().insert(severity);
            }
        }
        // `wrong(table, "rule", …)` of config; the rules of unreadable rows.
        for table in ["table", "&mut section", "&mut bounce", "section"] {
            for name in named(code, &format!("wrong({table},")) {
                names.entry(name).or_default().insert("error");
            }
        }
    }
    for name in ["row-quote", "row-size", "list-header"] {
        names.entry(name.to_owned()).or_default().insert("error");
    }
    names
}

#[test]
fn the_page_and_the_code_name_the_same_rules() {
    let code = in_code();
    let page: BTreeSet<String> =
        register::rules().iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(page.len(), register::rules().len(), "a rule has two rows");
    let names: BTreeSet<String> = code.keys().cloned().collect();
    let only_code: Vec<_> = names.difference(&page).collect();
    let only_page: Vec<_> = page.difference(&names).collect();
    assert!(only_code.is_empty(), "docs/checks.md has no row for {only_code:?}");
    assert!(only_page.is_empty(), "no code reports {only_page:?}");
    assert!(page.len() >= 40, "{}", page.len());
}

#[test]
fn the_page_says_how_bad_each_rule_is() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md"))
            .unwrap();
    for (name, severities) in in_code() {
        let row = page.lines().find(|line| line.contains(&format!("`{name}` | "))).unwrap();
        let cell = row.split(" | ").nth(1).unwrap();
        let said: BTreeSet<&str> = cell.split(", ").collect();
        assert_eq!(said, severities, "{name}");
    }
}

#[test]
fn the_page_says_of_each_rule_when_it_is_wrong() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md"))
            .unwrap();
    let (_, last) = page.split_once("## When a rule is wrong").unwrap();
    let rows = last.lines().filter(|line| line.starts_with("| `"));
    let first_cells = rows.map(|row| row.split(" | ").next().unwrap().trim_start_matches("| "));
    let mut said: Vec<&str> =
        first_cells.flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`'))).collect();
    let mut rules: Vec<&str> = register::rules().iter().map(|rule| rule.name).collect();
    said.sort_unstable();
    rules.sort_unstable();
    let missing: Vec<_> = rules.iter().filter(|name| !said.contains(name)).collect();
    assert!(missing.is_empty(), "no word on when {missing:?} is wrong");
    assert_eq!(said, rules, "a rule stands there twice, or is none");
}

#[test]
fn every_rule_has_a_fixture() {
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for file in cases::files(&cases::folder()) {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        for (at, mark) in text.match_indices("expect: ") {
            let rest = &text[at + mark.len()..];
            shown.extend(rest.split_whitespace().next().map(str::to_owned));
        }
    }
    shown.extend(broken::RULES.map(str::to_owned));
    shown.extend(ELSEWHERE.map(str::to_owned));
    let rules = register::rules().iter();
    let without: Vec<&str> =
        rules.map(|rule| rule.name).filter(|name| !shown.contains(*name)).collect();
    assert!(without.is_empty(), "no fixture for {without:?}");
}
