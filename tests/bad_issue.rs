//! Mistakes in files, one each: the run ends with 3, names the rule and the place, and helps.

mod harness;

use harness::Publication;
use serde_json::Value;

const ISSUE: &str = "issues/2025-11/issue.toml";
const ARTICLE: &str = "issues/2025-11/hangul.md";

/// What `check` must say: severity, rule, `file:line:column` (or `file`), a part of the help.
#[track_caller]
fn says(here: &Publication, rule: &str, place: &str, help: &str) {
    says_at(here, "error", rule, place, help);
}

#[track_caller]
fn says_at(here: &Publication, severity: &str, rule: &str, place: &str, help: &str) {
    let output = here.run(&["check", "--format", "json"]);
    let expected = if severity == "error" { 3 } else { 0 };
    assert_eq!(output.code, expected, "{output:?}");
    let told: Vec<Value> = serde_json::from_str(&output.stdout).expect("JSON");
    let found = told.iter().find(|problem| problem["rule"] == rule);
    let found = found.unwrap_or_else(|| panic!("no {rule} in {}", output.stdout));
    assert_eq!(found["severity"], severity);
    let file = found["file"].as_str().unwrap_or_default();
    let shown = match (found["line"].as_u64(), found["column"].as_u64()) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        _ => file.to_owned(),
    };
    assert_eq!(shown, place, "{found}");
    assert!(found["help"].as_str().unwrap_or_default().contains(help), "{found}");
    // What people see names the same place, and shows the line.
    let human = here.run(&["check"]);
    assert_eq!(human.code, expected);
    assert!(human.stdout.contains(&format!("{severity}[{rule}]")), "{}", human.stdout);
    assert!(human.stdout.contains(&format!("--> {place}")), "{}", human.stdout);
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// An article that shows `picture` on its sixth line.
fn showing(picture: &str) -> Publication {
    Publication::new()
        .write(ARTICLE, format!("---\ntitle: Hangul\n---\n\nText.\n\n![Letters]({picture})\n"))
}

#[test]
fn a_missing_key() {
    let here = Publication::new().edit(ISSUE, "title = \"October\"\n", "");
    says(&here, "missing-key", &format!("{ISSUE}:1:1"), "title = \"…\"");
    let here = Publication::new().edit(ISSUE, "date = 2025-11-06\n", "");
    says(&here, "missing-key", &format!("{ISSUE}:1:1"), "date = 2025-11-06");
    let here = Publication::new().edit(ARTICLE, "title: Hangul", "author: Kim");
    says(&here, "missing-key", &format!("{ARTICLE}:1:1"), "title: …");
}

#[test]
fn broken_toml() {
    let here = Publication::new().edit(ISSUE, "\"October\"", "October");
    says(&here, "toml-syntax", &format!("{ISSUE}:2:9"), "between quotation marks");
    let here = Publication::new().edit("digest.toml", "\"Sejong Digest\"\n", "\"Sejong\n");
    says(&here, "toml-syntax", "digest.toml:2:8", "the same quotation mark");
}

#[test]
fn broken_front_matter() {
    let here = Publication::new().edit(ARTICLE, "Hangul", "Hangul: a history");
    says(&here, "yaml-syntax", &format!("{ARTICLE}:2:14"), "between quotation marks");
}

#[test]
fn an_unknown_key() {
    let here = Publication::new().edit(ISSUE, "preheader", "pre-header");
    says(&here, "unknown-key", &format!("{ISSUE}:4:1"), "preheader");
    let here = Publication::new().edit(ARTICLE, "title: Hangul", "title: Hangul\nauhtor: Kim");
    says(&here, "unknown-key", &format!("{ARTICLE}:3:1"), "author");
    let here = Publication::new().edit("digest.toml", "base_url", "baseurl = \"x\"\nbase_url");
    says(&here, "unknown-key", "digest.toml:5:1", "base_url");
}

#[test]
fn a_publication_without_a_postal_address() {
    let line = "postal_address = \"P.O. Box 0000, Washington, DC 20000\"\n";
    let here = Publication::new().edit("digest.toml", line, "");
    says(&here, "postal-address", "digest.toml:1:1", "postal_address = ");
    assert_eq!(here.run(&["render", "2025-11"]).code, 3);
}

#[test]
fn an_article_that_is_not_there() {
    let here = Publication::new().edit(ISSUE, "\"hangul\"", "\"hangul\", \"hangeul\"");
    says(&here, "article-missing", &format!("{ISSUE}:9:23"), "did you mean \"hangul\"?");
    let here = Publication::new().edit(ISSUE, "\"hangul\"", "\"hangul\", \"hangul\"");
    says(&here, "article-twice", &format!("{ISSUE}:9:23"), "one section");
    let here = Publication::new().remove(ARTICLE);
    says(&here, "article-missing", &format!("{ISSUE}:9:13"), "digest new");
}

#[test]
fn an_article_nobody_names() {
    let here = Publication::new().write("issues/2025-11/x.md", "---\ntitle: X\n---\n\nX.\n");
    says_at(&here, "warning", "article-unused", ISSUE, "[[section]]");
}

#[test]
fn a_section_with_nothing_in_it() {
    let here = Publication::new().edit(
        ISSUE,
        "[[section]]",
        "[[section]]\nheading = \"Letters\"\n\n[[section]]",
    );
    says_at(&here, "warning", "section-empty", &format!("{ISSUE}:8:11"), "articles = ");
    let text = here.run(&["render", "2025-11", "--format", "text"]).stdout;
    assert!(!text.contains("LETTERS"), "{text}");
}

#[test]
fn braces_where_no_slot_is_filled() {
    let here = Publication::new().edit(ARTICLE, "Hangul", "\"Hangul for {{ first_name }}\"");
    says_at(&here, "warning", "slot-literal", &format!("{ARTICLE}:2:8"), "slots work in the text");
}

#[test]
fn a_picture_that_is_not_there_or_not_a_picture() {
    let place = format!("{ARTICLE}:7:1");
    says(&showing("gone.png"), "image-file", &place, "the capital letters");
    let here = showing("note.png").write("issues/2025-11/note.png", "hello");
    says(&here, "image-file", &place, "save it as PNG");
    let here = showing("drawing.svg").write("issues/2025-11/drawing.svg", "<svg xmlns=\"\"/>");
    says(&here, "image-file", &place, "save it as PNG");
    says(&showing("https://elsewhere.example/a.png"), "image-remote", &place, "copy it");
}

#[test]
fn a_picture_that_is_too_large() {
    let place = format!("{ARTICLE}:7:1");
    let here = showing("huge.png").write("issues/2025-11/huge.png", png(20_000, 20_000));
    says(&here, "image-file", &place, "make it smaller");
    let mut heavy = png(100, 100);
    heavy.resize(33 * 1024 * 1024, 0);
    let here = showing("heavy.png").write("issues/2025-11/heavy.png", heavy);
    says(&here, "image-file", &place, "make it smaller");
}

#[cfg(unix)]
#[test]
fn a_picture_outside_the_publication_or_unreadable() {
    let place = format!("{ARTICLE}:7:1");
    for path in ["../../../secret.png", "/etc/passwd", "../../../../../../../../etc/passwd"] {
        says(&showing(path), "image-file", &place, "into the issue's folder");
    }
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret.png"), png(4, 4)).expect("written");
    let here = showing("link.png");
    std::os::unix::fs::symlink(
        outside.path().join("secret.png"),
        here.path("issues/2025-11/link.png"),
    )
    .expect("linked");
    says(&here, "image-file", &place, "into the issue's folder");
    let here = showing("loop.png");
    std::os::unix::fs::symlink("loop.png", here.path("issues/2025-11/loop.png")).expect("linked");
    says(&here, "image-file", &place, "permissions");
}

#[test]
fn an_article_that_is_not_utf8() {
    let here = Publication::new()
        .write(ARTICLE, b"---\ntitle: Hangul\n---\n\nCaf\xe9 letters.\n".as_slice());
    says(&here, "file-unreadable", &format!("{ARTICLE}:5:1"), "UTF-8");
    let here = Publication::new().write(ARTICLE, [0xFF, 0xFE, b'a', 0, b'b', 0]);
    says(&here, "file-unreadable", &format!("{ARTICLE}:1:1"), "UTF-8");
    let here = Publication::new().write(ISSUE, b"title = \"\xff\"\n".as_slice());
    says(&here, "file-unreadable", &format!("{ISSUE}:1:1"), "UTF-8");
}

#[test]
fn an_article_with_no_text() {
    let here = Publication::new().write(ARTICLE, "");
    says(&here, "article-empty", ARTICLE, "front matter");
}

#[test]
fn a_slot_that_no_subscriber_has() {
    let slot = |slot: &str| Publication::with_subscribers().edit(ARTICLE, "letters", slot);
    let place = format!("{ARTICLE}:5:14");
    says(&slot("{{ frist_name | you }}"), "slot-unknown", &place, "did you mean first_name?");
    says(&slot("{{ shoe_size }}"), "slot-unknown", &place, "email, first_name, affiliation");
    says_at(&slot("{{ shoe_size | 42 }}"), "warning", "slot-unknown", &place, "columns");
    says(&slot("{{ affiliation }}"), "slot-unfilled", &place, "{{ affiliation | reader }}");
    let told = slot("{{ affiliation }}").run(&["check"]).stdout;
    assert!(told.contains("1 of 3 subscribers have no affiliation (ada@example.org)"), "{told}");
}

#[test]
fn a_slot_where_no_list_is_known() {
    let slot = |slot: &str| Publication::new().edit(ARTICLE, "letters", slot);
    let place = format!("{ARTICLE}:5:14");
    says_at(&slot("{{ frist_name | you }}"), "warning", "slot-unknown", &place, "first_name");
    says_at(&slot("{{ city }}"), "warning", "slot-fallback", &place, "{{ city | reader }}");
    assert_eq!(slot("{{ city | town }}").run(&["check"]).stdout, "no problems in 1 issue\n");
    assert_eq!(slot("{{ email }}").run(&["check"]).stdout, "no problems in 1 issue\n");
}

#[test]
fn a_slot_that_is_none() {
    let slot = |slot: &str| Publication::new().edit(ARTICLE, "letters", slot);
    let place = format!("{ARTICLE}:5:14");
    says(&slot("{{ First Name }}"), "slot-syntax", &place, "\\{{");
    says(&slot("{{ | reader }}"), "slot-syntax", &place, "\\{{");
    let here =
        Publication::new().edit(ISSUE, "{{ first_name | reader }}", "{{ first_name | reader");
    says(&here, "slot-syntax", &format!("{ISSUE}:3:11"), "\\{{");
}

#[test]
fn a_list_with_bad_rows() {
    let here = Publication::new().write("subscribers.csv", "email\nkim@example.org\nnobody\n");
    let output = here.run(&["check"]);
    assert_eq!(output.code, 3);
    assert!(output.stdout.contains("--> subscribers.csv:3:1"), "{}", output.stdout);
    let output = here.run(&["check", "--subscribers", "gone.csv"]);
    assert_eq!(output.code, 3);
    assert!(output.stdout.contains("--> gone.csv"), "{}", output.stdout);
}

#[test]
fn what_an_inbox_would_not_show() {
    let preheader = "preheader = \"A preheader that is long enough to fill its line.\"";
    let with = |line: &str| Publication::new().edit(ISSUE, preheader, line);
    says_at(&with(""), "warning", "preheader-missing", ISSUE, "preheader = ");
    let place = format!("{ISSUE}:4:13");
    says_at(&with("preheader = \"Short.\""), "warning", "preheader-length", &place, "40 to 130");
    let long = format!("preheader = \"{}\"", "long ".repeat(30));
    says_at(&with(&long), "warning", "preheader-length", &place, "40 to 130");
    says_at(&with("preheader = \"october.\""), "warning", "preheader-title", &place, "what else");
    let here = Publication::new().edit(ISSUE, "Hello", &"스물여덟 글자 ".repeat(5));
    says_at(&here, "warning", "subject-length", &format!("{ISSUE}:3:11"), "60 columns");
}

#[test]
fn a_mail_that_gmail_cuts_off() {
    let text = |paragraphs: usize| {
        format!("---\ntitle: Long\n---\n\n{}", "A paragraph of text.\n\n".repeat(paragraphs))
    };
    let here = Publication::new().write(ARTICLE, text(2200));
    says(&here, "html-size", ISSUE, "excerpt");
    // Below the limit both here and on the wire, where each `=` of an attribute is three bytes.
    let here = Publication::new().write(ARTICLE, text(1700));
    says_at(&here, "warning", "html-size", ISSUE, "excerpt");
}

#[test]
fn every_mistake_of_an_issue_is_told_in_one_round() {
    let here = Publication::new()
        .edit(ISSUE, "preheader", "pre-header")
        .edit(ISSUE, "\"hangul\"", "\"hangul\", \"gone\"")
        .edit(ARTICLE, "letters", "{{ First }} ![x](gone.png)");
    let output = here.run(&["check", "--format", "json"]);
    let told: Vec<Value> = serde_json::from_str(&output.stdout).expect("JSON");
    let rules: Vec<&str> = told.iter().filter_map(|problem| problem["rule"].as_str()).collect();
    for rule in ["unknown-key", "article-missing", "slot-syntax", "image-file"] {
        assert!(rules.contains(&rule), "{rule} is not in {rules:?}");
    }
}
