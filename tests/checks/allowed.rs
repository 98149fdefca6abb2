//! `--allow` and `allow = [...]`: what passes, what cannot pass, and what is left over.

use crate::harness::{Output, Publication};

const ISSUE: &str = "issues/2025-11/issue.toml";
const ARTICLE: &str = "issues/2025-11/hangul.md";

/// A publication whose issue has one error: a link that readers cannot reach.
fn with_an_error() -> Publication {
    Publication::with_subscribers()
        .write(ARTICLE, "---\ntitle: Hangul\n---\n\nThe [draft](http://localhost/draft).\n")
}

const ENTRY: &str =
    "allow = [{ rule = \"link-local\", reason = \"for the office\" }]\n\n[[section]]";

fn send(here: &Publication, more: &[&str]) -> Output {
    let list = ["--subscribers", "subscribers.csv", "--catch", "out"];
    here.run(&[&["send", "2025-11", "--yes"], &list[..], more].concat())
}

fn caught(here: &Publication) -> usize {
    std::fs::read_dir(here.path("out/new")).map_or(0, Iterator::count)
}

#[test]
fn an_error_blocks_test_and_send_until_it_is_allowed() {
    let here = with_an_error();
    let test = |more: &[&str]| {
        let to = ["test", "2025-11", "--to", "kim@example.org", "--catch", "out"];
        here.run(&[&to[..], more].concat())
    };
    for output in [test(&[]), send(&here, &[])] {
        assert_eq!(output.code, 3, "{output:?}");
        assert!(output.stderr.contains("error[link-local]"), "{}", output.stderr);
    }
    assert_eq!(caught(&here), 0);
    let allow = ["--allow", "link-local"];
    assert_eq!(test(&allow).code, 0);
    assert_eq!(caught(&here), 1);
    let output = send(&here, &allow);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(!output.stderr.contains("link-local"), "{}", output.stderr);
    assert_eq!(caught(&here), 4);
}

#[test]
fn an_issue_allows_for_itself_with_a_reason() {
    let here = with_an_error().edit(ISSUE, "[[section]]", ENTRY);
    let output = here.run(&["check"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert!(!output.stdout.contains("link-local"), "{}", output.stdout);
    assert_eq!(send(&here, &[]).code, 0);
    assert_eq!(caught(&here), 3);
}

#[test]
fn names_that_are_none_and_rules_that_stand() {
    let here = with_an_error();
    for verb in
        [&["check"][..], &["test", "2025-11", "--to", "a@example.org"], &["send", "2025-11"]]
    {
        let slip = here.run(&[verb, &["--allow", "link-lokal"]].concat());
        assert_eq!(slip.code, 2, "{slip:?}");
        assert!(slip.stderr.contains("did you mean link-local?"), "{}", slip.stderr);
        let firm = here.run(&[verb, &["--allow", "row-address"]].concat());
        assert_eq!(firm.code, 2, "{firm:?}");
        assert!(firm.stderr.contains("protects readers and cannot be allowed"), "{}", firm.stderr);
    }
}

#[test]
fn what_nothing_needs_is_told() {
    let here = Publication::new();
    let output = here.run(&["check", "--allow", "link-local"]);
    assert_eq!(output.code, 0);
    assert!(output.stdout.contains("warning[allow-unused]: link-local"), "{}", output.stdout);
    // Of several issues, one may need it.
    let here = with_an_error()
        .write("issues/2025-12/issue.toml", here.read(ISSUE).replace("= 1", "= 2"))
        .write("issues/2025-12/hangul.md", here.read(ARTICLE))
        .edit("issues/2025-12/issue.toml", "2025-11-06", "2025-12-06")
        .edit("issues/2025-12/issue.toml", "Hello ", "Snow for ");
    let output = here.run(&["check", "--allow", "link-local", "--allow", "slot-unknown"]);
    assert!(!output.stdout.contains("link-local"), "{}", output.stdout);
}

#[test]
fn what_no_file_can_bring_about() {
    let here = Publication::new();
    let issue = here.run(&["check", "2025-10"]);
    assert_eq!(issue.code, 3);
    assert!(issue.stdout.contains("error[issue-missing]"), "{}", issue.stdout);
    let list = here.run(&["check", "--subscribers", "gone.csv"]);
    assert_eq!(list.code, 3);
    assert!(list.stdout.contains("error[list-read]"), "{}", list.stdout);
}
