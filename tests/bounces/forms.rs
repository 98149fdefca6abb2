//! Each form, and what is right of it. A line `X-Expect: CLASS RECIPIENT STATUS CODE REASON` stands in the
//! file for each row that is owed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Output, Publication};

/// File names and texts of every case.
pub(crate) fn cases() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bounces/cases");
    let mut cases: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    cases.sort();
    cases
}

/// What `--json` says, row by row.
pub(crate) fn rows(output: &Output) -> Vec<Value> {
    output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads every case in one command, its text changed by `change`. Names to `X-Expect` as it came out.
fn read_all(change: fn(&str) -> String) -> BTreeMap<String, Vec<String>> {
    let mut here = Publication::nothing();
    let mut arguments = vec!["bounces".to_owned(), "read".to_owned()];
    for (name, text) in cases() {
        arguments.push(name.clone());
        here = here.write(&name, change(&text));
    }
    arguments.extend(["--dry-run".to_owned(), "--json".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = here.run(&arguments);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&output) {
        let word = |key: &str| match &row[key] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let words = ["class", "recipient", "status", "code", "reason"].map(word);
        found.entry(word("file")).or_default().push(words.join(" "));
    }
    found
}

#[test]
fn each_form_is_read_as_its_file_says() {
    let found = read_all(str::to_owned);
    let mut wrong = Vec::new();
    for (name, text) in cases() {
        let owed: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("X-Expect: ")).collect();
        assert!(!owed.is_empty(), "{name} expects nothing");
        if found.get(&name).is_none_or(|rows| *rows != owed) {
            wrong.push(format!("{name}: owed {owed:?}, found {:?}", found.get(&name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn line_ends_make_no_difference() {
    let found = read_all(str::to_owned);
    assert_eq!(found, read_all(|text| text.replace('\n', "\r\n")));
    assert_eq!(found, read_all(|text| text.replace('\n', "\r")));
}

#[test]
fn a_report_names_the_message_the_tokens_and_the_place() {
    let (_, text) = cases().into_iter().find(|(name, _)| name == "dsn-postfix.mail").unwrap();
    let here = Publication::nothing().write("one.eml", text);
    let row = rows(&here.run(&["bounces", "read", "one.eml", "--dry-run", "--json"])).remove(0);
    assert_eq!(row["message_id"], "issue.0001@sejong.example");
    assert_eq!(row["unsubscribe_tokens"], serde_json::json!(["AQ-token"]));
    assert_eq!(row["return_paths"], serde_json::json!(["bounces+a2b3c4d5@sejong.example"]));
    assert_eq!(row["tokens"], serde_json::json!(["a2b3c4d5"]));
    assert_eq!(row["part"], "message/delivery-status");
    assert_eq!(
        row["text"],
        "550 5.1.1 <kim@example.net>: Recipient address rejected: User unknown"
    );
    let line = usize::try_from(row["line"].as_u64().unwrap()).unwrap();
    let text = here.read("one.eml");
    assert_eq!(text.lines().nth(line - 1), Some("Final-Recipient: rfc822; kim@example.net"));
}

#[test]
fn people_read_who_why_and_what_was_said() {
    let pick = |name: &str| cases().into_iter().find(|case| case.0 == name).unwrap().1;
    let here = Publication::nothing()
        .write("1.eml", pick("dsn-several.mail"))
        .write("2.eml", pick("arf.mail"))
        .write("3.eml", pick("letter.mail"));
    let output = here.run(&["bounces", "read", "1.eml", "2.eml", "3.eml", "--dry-run"]);
    insta::assert_snapshot!(output.stdout);
}

#[test]
fn the_samples_of_others_are_read_where_they_are_at_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bounces");
    let Ok(table) = std::fs::read_to_string(folder.join("expected.tsv")) else { return };
    let mut owed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let addresses = owed.entry(cells[0]).or_default();
        if cells[1].contains('@') && cells[7] == "dsn" && cells[8] == "sisimai-spec" {
            addresses.push(cells[1].to_lowercase());
        }
    }
    owed.retain(|_, addresses| !addresses.is_empty());
    let mut right = 0;
    for (name, addresses) in &owed {
        let report = sejong_digest::bounce::read(&std::fs::read(folder.join(name)).unwrap());
        let found = report.recipients.iter().filter_map(|row| row.address.as_ref());
        let mut found: Vec<String> = found.map(|address| address.to_lowercase()).collect();
        let mut addresses = addresses.clone();
        found.sort();
        addresses.sort();
        right += usize::from(found == addresses);
    }
    assert!(right * 100 >= owed.len() * 98, "{right} of {}", owed.len());
}
