//! THIRD-PARTY.md names each crate that the program is built from, with its licence, and deny.toml
//! allows no licence that nobody has.

use std::collections::{BTreeMap, BTreeSet};

use crate::{none, tree};

/// A crate's name and version.
type Named = (String, String);

/// The crates to which Cargo.lock leads from `[dependencies]`: what only tests use is not there.
fn used(manifest: &str, lock: &str) -> BTreeSet<Named> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let text = |table: &toml::Value, key: &str| table[key].as_str().unwrap().to_owned();
    let mut edges: BTreeMap<Named, Vec<String>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let leads_to = package.get("dependencies").and_then(toml::Value::as_array);
        let leads_to = leads_to.into_iter().flatten().map(|edge| edge.as_str().unwrap().to_owned());
        edges.insert((text(package, "name"), text(package, "version")), leads_to.collect());
    }
    let find = |edge: &str| {
        let mut words = edge.split(' ');
        let (name, version) = (words.next().unwrap(), words.next());
        let is_meant = |known: &&Named| known.0 == name && version.is_none_or(|v| known.1 == v);
        edges.keys().find(is_meant).unwrap().clone()
    };
    let own = find(manifest["package"]["name"].as_str().unwrap());
    let is_ours =
        |edge: &&String| manifest["dependencies"].get(edge.split(' ').next().unwrap()).is_some();
    let mut waiting: Vec<Named> = edges[&own].iter().filter(is_ours).map(|e| find(e)).collect();
    let mut found = BTreeSet::new();
    while let Some(next) = waiting.pop() {
        if found.insert(next.clone()) {
            waiting.extend(edges[&next].iter().map(|edge| find(edge)));
        }
    }
    found
}

/// What is wrong with the page.
fn findings(page: &str, used: &BTreeSet<Named>) -> Vec<String> {
    let mut found = Vec::new();
    let mut named = BTreeSet::new();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    for row in rows.filter(|row| !row.starts_with("| Crate ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, version, licence, files, source] = cells[..] else {
            found.push(format!("not five cells: {row}"));
            continue;
        };
        if [licence, files, source].contains(&"") {
            found.push(format!("{name}: a cell is empty"));
        }
        named.insert((name.to_owned(), version.to_owned()));
    }
    let help = "python3 tools/notices.py writes THIRD-PARTY.md";
    let (lacking, odd) = (used.difference(&named), named.difference(used));
    found.extend(lacking.map(|(name, version)| format!("{name} {version} is missing: {help}")));
    found.extend(odd.map(|(name, version)| format!("{name} {version} is not used: {help}")));
    found
}

#[test]
fn every_crate_of_the_program_is_in_the_notices() {
    let used = used(&tree::text("Cargo.toml"), &tree::text("Cargo.lock"));
    assert!(used.len() > 100, "the dependencies are not found");
    assert!(!used.iter().any(|(name, _)| name == "proptest" || name == "tempfile"));
    none(findings(&tree::text("THIRD-PARTY.md"), &used));
}

#[test]
fn every_licence_that_is_allowed_is_somebodys() {
    let deny: toml::Table = tree::text("deny.toml").parse().unwrap();
    let page = tree::text("THIRD-PARTY.md");
    let allowed = deny["licenses"]["allow"].as_array().unwrap();
    let unused = allowed.iter().filter_map(toml::Value::as_str).filter(|name| !page.contains(name));
    none(unused.map(|name| format!("deny.toml allows {name}, which no crate has")).collect());
    assert_eq!(deny["sources"]["unknown-registry"].as_str(), Some("deny"));
    assert_eq!(deny["sources"]["unknown-git"].as_str(), Some("deny"));
}

#[test]
fn crates_that_are_missing_or_gone_are_told() {
    let manifest =
        "[package]\nname = \"own\"\n[dependencies]\na = \"1\"\n[dev-dependencies]\nt = \"1\"";
    let package = |name: &str, version: &str, to: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [{to}]\n")
    };
    let lock = [
        package("own", "0.1.0", "\"a\", \"t\""),
        package("a", "1.0.0", "\"b 2.0.0\""),
        package("b", "1.0.0", ""),
        package("b", "2.0.0", ""),
        package("t", "1.0.0", "\"b 1.0.0\""),
    ];
    let used = used(manifest, &lock.concat());
    let page = "| Crate | Version | Licence | Files | Source |\n| --- | --- | --- | --- | --- |\n\
                | a | 1.0.0 | MIT | `LICENSE` |  |\n| t | 1.0.0 | MIT | x | y |\n";
    let found = findings(page, &used).join("\n");
    for words in ["a: a cell is empty", "b 2.0.0 is missing", "t 1.0.0 is not used"] {
        assert!(found.contains(words), "no {words:?} in {found}");
    }
    assert_eq!(found.lines().count(), 3, "{found}");
}
