//! How many bytes a letter has: its limits, what is told about them, and `length = "auto"`.

mod harness;

use std::path::Path;

use harness::Publication;
use serde_json::Value;

const ISSUE: &str = "issues/2025-11/issue.toml";
/// Gmail cuts HTML off behind this.
const CUT_OFF: usize = 102_400;

/// Articles of so many paragraphs of 500 bytes each, named a, b, c…
fn long(paragraphs: &[usize], words: &str, front: &str) -> Publication {
    let paragraph = words.repeat(500 / words.len());
    let names = ["a", "b", "c", "d", "e", "f"];
    let list = names[..paragraphs.len()].join("\", \"");
    let mut here = Publication::new().edit(ISSUE, "[\"hangul\"]", &format!("[\"{list}\"]"));
    for (name, count) in names.iter().zip(paragraphs) {
        let front = front.replace("NAME", name);
        let text = format!("---\ntitle: Story {name}\n{front}---\n\n")
            + &format!("Start of {name}.\n\n")
            + &format!("{paragraph}\n\n").repeat(*count);
        here = here.write(&format!("issues/2025-11/{name}.md"), text);
    }
    std::fs::remove_file(here.path("issues/2025-11/hangul.md")).expect("it was there");
    here
}

const URL: &str = "url: https://sejong.example/NAME\n";

fn found(here: &Publication, rule: &str, code: i32) -> Vec<Value> {
    let output = here.run(&["check", "--format", "json"]);
    assert_eq!(output.code, code, "{output:?}");
    let told: Vec<Value> = serde_json::from_str(&output.stdout).expect("JSON");
    told.into_iter().filter(|problem| problem["rule"] == rule).collect()
}

fn render(here: &Publication, format: &str) -> String {
    let output = here.run(&["render", "2025-11", "--format", format]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    output.stdout
}

#[test]
fn over_gmail_s_limit_each_article_s_bytes_are_told() {
    let here = long(&[40, 90, 80], "word ", "");
    let problems = found(&here, "html-size", 3);
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!(problem["severity"], "error");
    let help = problem["help"].as_str().expect("help");
    let sizes: Vec<(&str, usize)> = help
        .split(": give")
        .next()
        .expect("a first part")
        .split(", ")
        .map(|part| part.split_once(' ').expect("a name and a number"))
        .map(|(name, size)| (name, size.trim_end_matches(" bytes").parse().expect("a number")))
        .collect();
    assert_eq!(sizes.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["b.md", "c.md", "a.md"]);
    for ((name, size), paragraphs) in sizes.into_iter().zip([90, 80, 40]) {
        let least = paragraphs * 500;
        assert!((least..least * 12 / 10).contains(&size), "{name} {size}");
    }
}

#[test]
fn what_is_too_large_on_the_wire_alone_is_an_error_too() {
    // Korean is three bytes a character here and four in base64.
    let here = long(&[75, 75], "\u{ac00}\u{b098} ", "");
    let problems = found(&here, "html-size", 3);
    assert_eq!(problems.len(), 1);
    let message = problems[0]["message"].as_str().expect("a message");
    assert!(message.contains("when it is sent"), "{message}");
    assert!(found(&long(&[70, 70], "word ", ""), "html-size", 0).is_empty());
}

#[test]
fn the_smallest_article_that_suffices_becomes_an_excerpt() {
    let here = long(&[20, 80, 10, 70, 30], "word ", &format!("{URL}length: auto\n"));
    let problems = found(&here, "length-auto", 0);
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    let message = problem["message"].as_str().expect("a message");
    assert!(message.ends_with(": d.md"), "{message}");
    assert!(found(&here, "html-size", 0).is_empty());

    let html = render(&here, "html");
    assert!(html.len() < CUT_OFF * 9 / 10 && html.len() > CUT_OFF * 6 / 10, "{}", html.len());
    assert!(html.contains(">Read “Story d” in full</a>"), "no link in {html}");
    assert_eq!(html.matches(" in full</a>").count(), 1);
    assert!(html.contains("Start of d."));
    let text = render(&here, "text");
    assert!(text.contains("Read “Story d” in full:") && !text.contains("“Story b” in full"));
    assert_eq!(html, render(&here, "html"), "the same every time");
    let eml = render(&here, "eml");
    assert!(eml.len() < CUT_OFF * 2, "{}", eml.len());
}

#[test]
fn as_many_are_shortened_as_it_takes_and_nothing_else() {
    let here = long(&[80, 90, 90, 30, 30], "word ", URL)
        .edit(ISSUE, "[[section]]", "length = \"auto\"\n[[section]]")
        .edit("issues/2025-11/a.md", "title", "length: full\ntitle");
    let problems = found(&here, "length-auto", 0);
    let message = problems[0]["message"].as_str().expect("a message");
    assert!(message.ends_with(": b.md, c.md"), "{message}");
    let small =
        long(&[5, 5], "word ", URL).edit(ISSUE, "[[section]]", "length = \"auto\"\n[[section]]");
    assert!(found(&small, "length-auto", 0).is_empty());
    assert!(!render(&small, "html").contains(" in full</a>"));
}

#[test]
fn an_article_without_an_address_stays_whole() {
    let here = long(&[120, 120], "word ", "length: auto\n");
    let problems = found(&here, "length-auto", 3);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let message = problems[0]["message"].as_str().expect("a message");
    assert!(message.ends_with("having no url: a.md, b.md"), "{message}");
    assert!(problems[0]["help"].as_str().expect("help").contains("url:"));
    assert_eq!(found(&here, "html-size", 3).len(), 1);
}

#[test]
fn the_rest_of_an_excerpt_is_read_on_the_issue_s_page() {
    let here = long(&[120, 60], "word ", "length: auto\n")
        .env("DIGEST_PUBLICATION__BROWSER_URL", "https://sejong.example/{issue}/");
    let problems = found(&here, "length-auto", 0);
    assert!(
        problems[0]["message"].as_str().expect("a message").ends_with(": b.md"),
        "{problems:?}"
    );
    assert!(render(&here, "html").contains("href=\"https://sejong.example/2025-11/#b\""));
    assert!(render(&here, "text").contains("\nhttps://sejong.example/2025-11/#b\n"));
}

#[test]
fn an_excerpt_leads_to_its_rest_or_is_told() {
    let here = long(&[3], "word ", "length: excerpt\n");
    let problems = found(&here, "length-excerpt", 0);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0]["file"].as_str().expect("a path").ends_with("a.md"), "{problems:?}");
    assert!(problems[0]["help"].as_str().expect("help").contains("browser_url"));
    assert!(!render(&here, "html").contains(" in full</a>"));

    let page = here.env("DIGEST_PUBLICATION__BROWSER_URL", "https://sejong.example/{issue}/");
    assert!(found(&page, "length-excerpt", 0).is_empty());
    let html = render(&page, "html");
    assert!(html.contains("href=\"https://sejong.example/2025-11/#a\""));
    assert!(html.contains(">Read “Story a” in full</a>"));
    assert!(render(&page, "text").contains("\nhttps://sejong.example/2025-11/#a\n"));

    let own = long(&[3], "word ", &format!("{URL}length: excerpt\n"));
    assert!(found(&own, "length-excerpt", 0).is_empty());
    // What is shown whole has no rest.
    let whole = long(&[3], "word ", "length: excerpt\n")
        .write("issues/2025-11/a.md", "---\ntitle: Story\nlength: excerpt\n---\n\nAll of it.\n");
    assert!(found(&whole, "length-excerpt", 0).is_empty());
}

/// The comparison's content, as `bench/render/compare.py` measures it.
#[test]
fn equal_content_stays_within_its_marks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/render/content");
    let root = root.to_str().expect("a path in UTF-8");
    let render = |format: &str| {
        let here = Publication::nothing();
        let line = ["render", "equal", "--publication", root, "--format", format];
        let output = here.run(&line);
        assert_eq!(output.code, 0, "{}", output.stderr);
        output.stdout
    };
    let html = render("html");
    assert!(html.len() <= 9_500, "{}", html.len());
    assert!(html.contains("[data-ogsc]") && html.contains("[data-ogsb]"));
    for unused in [".q", ".code", ".k{", ".lo", ".data", "blockquote"] {
        assert!(!html.contains(unused), "{unused} is kept");
    }
    let eml = render("eml").replace("\r\n", "\n").replace('\n', "\r\n");
    let part = eml.split("Content-Type: text/html").nth(1).expect("an HTML part");
    let body = part.split_once("\r\n\r\n").expect("a body").1;
    let body = body.split("\r\n--").next().expect("an end");
    assert!(body.len() <= 10_500, "{}", body.len());
}
