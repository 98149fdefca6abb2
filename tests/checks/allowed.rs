//! `--allow` and `allow = [...]`: what passes, what cannot pass, and what is left over.

use serde_json::Value;

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
    assert!(!output.stderr.contains("error[link-local]"), "{}", output.stderr);
    assert!(output.stderr.contains("allowed: link-local at"), "{}", output.stderr);
    assert_eq!(caught(&here), 4);
}

#[test]
fn an_issue_allows_for_itself_with_a_reason() {
    let here = with_an_error().edit(ISSUE, "[[section]]", ENTRY);
    let output = here.run(&["check"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert!(!output.stdout.contains("error[link-local]"), "{}", output.stdout);
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
    assert!(!output.stdout.contains("link-local is allowed"), "{}", output.stdout);
}

/// A change that allows its own problems does not hide them.
#[test]
fn what_is_allowed_is_told_in_every_format() {
    let here = with_an_error().edit(ISSUE, "[[section]]", ENTRY);
    let human = here.run(&["check"]);
    let line = format!("allowed: link-local at {ARTICLE}:5:13 ({ISSUE}: for the office): ");
    assert!(human.stdout.contains(&line), "{}", human.stdout);
    assert!(human.stdout.ends_with("no problems in 1 issue, 1 allowed\n"), "{}", human.stdout);
    let flag = with_an_error().run(&["check", "--allow", "link-local"]);
    assert!(flag.stdout.contains(&format!("{ARTICLE}:5:13 (--allow): ")), "{}", flag.stdout);

    let by = format!("{ISSUE}: for the office");
    let json = here.run(&["check", "--format", "json"]);
    let told: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!((&told[0]["severity"], &told[0]["rule"]), (&"note".into(), &"link-local".into()));
    assert_eq!(told[0]["allowed"], by.as_str());
    let sarif = here.run(&["check", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["level"], "note");
    assert_eq!(result["suppressions"][0]["justification"], by.as_str(), "{result}");
    let github = here.run(&["check", "--format", "github"]);
    let start = format!("::notice file={ARTICLE},line=5,col=13,title=link-local::allowed ({by}): ");
    assert!(github.stdout.starts_with(&start), "{}", github.stdout);

    let plan = here.run(&["plan", "2025-11", "--subscribers", "subscribers.csv", "--catch", "out"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.stderr.contains(&line) && plan.stderr.contains("1 allowed"), "{}", plan.stderr);
}

/// However many, the report stays short.
#[test]
fn of_many_that_are_allowed_the_first_are_told_and_the_others_counted() {
    let links: String =
        (0..30).map(|at| format!("[draft {at}](http://printer{at}/)\n\n")).collect();
    let here = with_an_error()
        .edit(ISSUE, "[[section]]", ENTRY)
        .write(ARTICLE, format!("---\ntitle: Hangul\n---\n\n{links}"));
    let told = here.run(&["check"]).stdout;
    assert_eq!(told.matches("allowed: link-local at issues/").count(), 10, "{told}");
    assert!(told.contains("allowed: link-local at 20 more places"), "{told}");
    assert!(told.ends_with("30 allowed\n"), "{told}");
}

/// Both are told, each as it is.
#[test]
fn what_one_issue_allows_no_other_one_is_allowed() {
    let here = with_an_error().edit(ISSUE, "[[section]]", ENTRY);
    let other = here.read(ISSUE).replace(ENTRY, "[[section]]").replace("= 1", "= 2");
    let article = here.read(ARTICLE);
    let here = here
        .write("issues/2025-12/issue.toml", other)
        .write("issues/2025-12/hangul.md", article)
        .edit("issues/2025-12/issue.toml", "2025-11-06", "2025-12-06")
        .edit("issues/2025-12/issue.toml", "Hello ", "Snow for ");
    let told = here.run(&["check"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stdout.contains("error[link-local]"), "{}", told.stdout);
    assert!(told.stdout.contains("issues/2025-12/hangul.md:5:13"), "{}", told.stdout);
    assert!(told.stdout.contains("1 allowed"), "{}", told.stdout);
}

#[test]
fn no_file_allows_what_protects_readers_from_its_writer() {
    for (rule, link) in [
        ("link-email", "https://mole.example/r?u={{ email }}"),
        ("link-credentials", "https://bank.example@mole.example/r"),
        ("link-syntax", "https://bank。mole.example/r"),
    ] {
        let entry =
            format!("allow = [{{ rule = \"{rule}\", reason = \"as agreed\" }}]\n\n[[section]]");
        let plain = Publication::with_subscribers()
            .write(ARTICLE, format!("---\ntitle: Hangul\n---\n\n[read]({link})\n"));
        let here = plain.edit(ISSUE, "[[section]]", &entry);
        let told = here.run(&["check"]);
        assert_eq!(told.code, 3, "{told:?}");
        for words in ["error[allow-firm]", &format!("error[{rule}]"), &format!("--allow {rule}")] {
            assert!(told.stdout.contains(words), "no {words} in {}", told.stdout);
        }
        assert_eq!((send(&here, &[]).code, caught(&here)), (3, 0));
        let here = here.edit(ISSUE, &entry, "[[section]]");
        let told = here.run(&["check", "--allow", rule]);
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.stdout.contains(&format!("allowed: {rule} at {ARTICLE}:5:")), "{told:?}");
    }
}

/// A character that came with copied text may be meant; one that turns text round may not.
#[test]
fn of_characters_that_nobody_sees_the_warning_may_be_allowed() {
    let entry = "allow = [{ rule = \"character-invisible\", reason = \"quoted\" }]\n\n[[section]]";
    let of = |text: &str| {
        let article = format!("---\ntitle: Hangul\n---\n\n{text}\n");
        Publication::new().write(ARTICLE, article).edit(ISSUE, "[[section]]", entry).run(&["check"])
    };
    let copied = of("A pay\u{200B}pal letter.");
    assert_eq!(copied.code, 0, "{copied:?}");
    assert!(copied.stdout.contains("allowed: character-invisible at"), "{}", copied.stdout);
    let turned = of("A pay\u{202E}pal letter.");
    assert_eq!(turned.code, 3, "{turned:?}");
    assert!(turned.stdout.contains("error[character-invisible]"), "{}", turned.stdout);
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
