//! Diagnostics for other people's programs: SARIF 2.1.0 for code scanning, and the lines that
//! GitHub Actions turns into annotations.

use std::path::Path;

use serde_json::{Value, json};

use super::{Diagnostic, Severity};

/// Where the page with all rules is: an anchor for each.
const PAGE: &str = concat!(
    "https://docs.rs/crate/sejong-digest/",
    env!("CARGO_PKG_VERSION"),
    "/source/docs/checks.md"
);

/// What the page says of a rule.
#[derive(Clone, Copy, Debug)]
pub struct RulePage<'a> {
    /// What it finds.
    pub finds: &'a str,
    /// How to mend it.
    pub fix: &'a str,
}

/// A SARIF 2.1.0 log with one run; columns count characters. `about` knows the rules.
pub fn sarif<'a>(
    diagnostics: &[Diagnostic],
    about: &dyn Fn(&str) -> Option<RulePage<'a>>,
) -> String {
    let mut rules: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let rules: Vec<Value> = rules.into_iter().map(|name| rule(name, about(name))).collect();
    let results: Vec<Value> = diagnostics.iter().map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "digest",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn rule(name: &str, about: Option<RulePage<'_>>) -> Value {
    let mut rule = json!({ "id": name, "helpUri": format!("{PAGE}#{name}") });
    if let Some(RulePage { finds, fix }) = about {
        rule["shortDescription"] = json!({ "text": finds });
        rule["help"] = json!({ "text": fix });
    }
    rule
}

fn result(diagnostic: &Diagnostic) -> Value {
    let text = match diagnostic.remedy() {
        Some(help) => format!("{}. {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.rule,
        "level": diagnostic.severity,
        "message": { "text": text },
    });
    if let Some(by) = diagnostic.allowed_by() {
        result["suppressions"] = json!([{ "kind": "external", "justification": by }]);
    }
    if let Some(place) = &diagnostic.place {
        let mut physical = json!({ "artifactLocation": { "uri": uri(place.path()) } });
        if let Some((line, column)) = place.line_column() {
            physical["region"] = json!({ "startLine": line, "startColumn": column });
        }
        result["locations"] = json!([{ "physicalLocation": physical }]);
    }
    result
}

/// A path as a URI reference (RFC 3986 4.2).
fn uri(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.to_string_lossy().replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Workflow commands of GitHub Actions, a line each: `::error file=…,line=…,col=…::message`.
pub fn github(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(annotation).collect()
}

fn annotation(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut properties = Vec::new();
    if let Some(place) = &diagnostic.place {
        properties.push(format!("file={}", property(&place.path().to_string_lossy())));
        if let Some((line, column)) = place.line_column() {
            properties.push(format!("line={line},col={column}"));
        }
    }
    properties.push(format!("title={}", property(diagnostic.rule)));
    let message = match diagnostic.remedy() {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let message = match diagnostic.allowed_by() {
        Some(by) => format!("allowed ({by}): {message}"),
        None => message,
    };
    format!("::{level} {}::{}\n", properties.join(","), data(&message))
}

/// What GitHub's own toolkit escapes in a message: these signs and no letter, so it is no percent
/// encoding of RFC 3986.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
