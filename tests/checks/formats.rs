//! The four forms in which problems are told.

use serde_json::Value;

use crate::cases;
use crate::harness::Publication;

fn access() -> Publication {
    cases::publication(&cases::folder().join("access"))
}

fn checked(format: &str) -> String {
    let output = access().run(&["check", "--format", format]);
    assert_eq!(output.code, 3, "{}", output.stderr);
    output.stdout
}

#[test]
fn people_see_the_line_a_caret_and_what_to_do() {
    insta::assert_snapshot!("human", checked("human"));
}

#[test]
fn github_gets_a_line_for_each() {
    let text = checked("github");
    insta::assert_snapshot!("github", text);
    for line in text.lines() {
        assert!(line.starts_with("::error ") || line.starts_with("::warning "), "{line}");
    }
}

#[test]
fn sarif_names_its_rules_and_where_they_are_explained() {
    let log: Value = serde_json::from_str(&checked("sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "digest");
    let rules = driver["rules"].as_array().unwrap();
    let page = include_str!("../../docs/checks.md");
    let mut ids = Vec::new();
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        let uri = rule["helpUri"].as_str().unwrap();
        assert!(
            uri.starts_with("https://") && uri.ends_with(&format!("docs/checks.md#{id}")),
            "{uri}"
        );
        assert!(page.contains(&format!("<a id=\"{id}\"></a>")), "{id}");
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
        ids.push(id);
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 9, "{}", results.len());
    for result in results {
        assert!(ids.contains(&result["ruleId"].as_str().unwrap()), "{result}");
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("hangul.md"));
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
    }
}
