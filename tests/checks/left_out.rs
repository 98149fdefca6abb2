//! Passages that whoever looks at an issue does not get: a preview says what it does not show, and a
//! plan who gets what.

use serde_json::Value;

use crate::harness::{Output, Publication};

const ARTICLE: &str = "issues/2025-11/hangul.md";

/// An issue with one passage for those whom `only` means.
fn with(only: &str) -> Publication {
    let list = "email,first_name,tags\nkim@example.org,Kim,press\nada@example.org,Ada,\n\
        reader@example.org,,\n";
    Publication::new().write("subscribers.csv", list).write(
        ARTICLE,
        format!(
            "---\ntitle: Hangul\n---\n\nHello.\n\n::: only {only}\nSend us your password.\n:::\n"
        ),
    )
}

fn render(here: &Publication, more: &[&str]) -> Output {
    let told = here.run(&[&["render", "2025-11"], more].concat());
    assert_eq!(told.code, 0, "{told:?}");
    told
}

#[test]
fn a_preview_says_what_it_does_not_show() {
    for only in [
        "not email=reader@example.org",
        "email!=reader@example.org",
        "first_name!=",
        "not first_name=",
        "not (first_name=)",
        "tag:press",
    ] {
        let here = with(only);
        for format in ["html", "text", "eml"] {
            let told = render(&here, &["--format", format]);
            assert!(!told.stdout.contains("password"), "{only}: {told:?}");
            let line = format!("left out for this reader: {ARTICLE}:7 `only ");
            assert_eq!(told.stderr.matches(&line).count(), 1, "{only}: {told:?}");
        }
        let told = render(&here, &["--as", "kim@example.org", "--format", "text"]);
        assert!(told.stdout.contains("password"), "{only}: {told:?}");
        assert!(!told.stderr.contains("left out"), "{only}: {told:?}");
        let test = here.run(&["test", "2025-11", "--to", "reader@example.org", "--catch", "out"]);
        assert_eq!(test.code, 0, "{test:?}");
        assert!(test.stderr.contains("left out for reader@example.org: "), "{only}: {test:?}");
    }
}

/// The words for the others are a passage as well, and a nested one is named where it stands.
#[test]
fn what_is_for_the_others_is_named_too() {
    let here = with("tag:press").edit(ARTICLE, ".\n:::\n", ".\n::: else\nOthers.\n:::\n");
    let told = render(&here, &["--as", "kim@example.org", "--format", "text"]);
    let line = format!("left out for kim@example.org: {ARTICLE}:7 `only not tag:\"press\"`");
    assert!(told.stderr.contains(&line), "{told:?}");
}

#[test]
fn of_many_passages_the_first_are_named() {
    let passage = "::: only tag:press\nFor the press.\n:::\n\n";
    let here = with("tag:press")
        .write(ARTICLE, format!("---\ntitle: Hangul\n---\n\nHello.\n\n{}", passage.repeat(15)));
    let told = render(&here, &[]).stderr;
    assert_eq!(told.matches(&format!("{ARTICLE}:")).count(), 10, "{told}");
    assert!(told.contains("left out for this reader: 5 more passages"), "{told}");
}

/// What an author writes for those with a field is read by the rules, as if it were for all.
#[test]
fn a_passage_for_those_with_a_name_is_checked() {
    let here = with("not (first_name=)").edit(
        ARTICLE,
        "Send us",
        "<p style=\"font-size:9px\">Tiny words.</p>\n\nSend us",
    );
    let told = here.run(&["check"]);
    assert!(told.stdout.contains("[text-small]"), "{told:?}");
}

/// What stands in a passage is for those who get that one, too.
#[test]
fn a_passage_in_another_is_counted_for_those_who_get_both() {
    let here = with("not email=reader@example.org").edit(
        ARTICLE,
        "::: only not email=reader@example.org\n",
        ":::: only tag:press\n\n::: only not tag:editor\n\nInner words.\n\n:::\n\n::::\n\n\
         ::: only not email=reader@example.org\n",
    );
    let plan = here.run(&["plan", "2025-11", "--subscribers", "subscribers.csv", "--catch", "out"]);
    let line = "`only (tag:press) and (not tag:editor)` goes to 1 of 3\n";
    assert!(plan.code == 0 && plan.stdout.contains(line), "{plan:?}");
    assert!(!plan.stdout.contains("`only not tag:editor`"), "{plan:?}");
}

#[test]
fn a_plan_counts_who_gets_a_passage() {
    let here = with("not email=reader@example.org");
    let plan = |more: &[&str]| {
        let list = ["plan", "2025-11", "--subscribers", "subscribers.csv", "--catch", "out"];
        let told = here.run(&[&list[..], more].concat());
        assert_eq!(told.code, 0, "{told:?}");
        told.stdout
    };
    let line = "Passage   `only not email=reader@example.org` goes to 2 of 3\n";
    assert!(plan(&[]).contains(line), "{}", plan(&[]));
    let only = plan(&["--only", "tag:press"]);
    assert!(only.contains("goes to 1 of 1\n"), "{only}");
    let json: Value = serde_json::from_str(&plan(&["--json"])).unwrap();
    let passage = &json["passages"][0];
    assert_eq!(passage["only"], "not email=reader@example.org", "{json}");
    assert_eq!((&passage["people"], &passage["of"]), (&2.into(), &3.into()), "{json}");

    let list = ["--subscribers", "subscribers.csv", "--catch", "out", "--yes"];
    let sent = here.run(&[&["send", "2025-11"], &list[..]].concat());
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.stderr.contains(line), "{sent:?}");
}
