//! Slips in the heads of files, in TOML and in YAML: each is told once, where it stands, and in words
//! for people who write no programs.

use crate::slips::{ARTICLE, ISSUE, headed, places, problems, told, with};

#[test]
fn a_space_before_a_key_is_told_where_it_stands() {
    for (head, place) in [
        (" title: Hangul\nauthor: Kim", "2:1"),
        ("  title: Hangul\nauthor: Kim\ndate: 2025-11-06", "2:1"),
        ("# by Kim\n title: Hangul\nauthor: Kim", "3:1"),
        ("title: Hangul\n author: Kim", "3:1"),
        ("title: Hangul\nauthor: Kim\n  date: 2025-11-06", "4:1"),
    ] {
        let here = headed(head, "The tide is high.");
        assert_eq!(places(&here), [format!("yaml-syntax {place}")], "{head}");
        assert!(told(&here)[0].1.contains("delete the space"), "{head}: {:?}", told(&here));
    }
    for right in [" title: Hangul\n author: Kim", "title: Hangul\ntags:\n  - one\n  - two"] {
        assert_eq!(places(&headed(right, "The tide is high.")), Vec::<String>::new(), "{right}");
    }
}

#[test]
fn curly_quotation_marks_are_told_as_such_also_around_a_colon() {
    for title in ["“Seoul: a guide”", "‘Seoul: a guide’", "„Seoul: ein Weg“"] {
        let here = headed(&format!("title: {title}"), "The tide is high.");
        assert_eq!(places(&here), ["yaml-syntax 2:8"], "{title}");
        let message = problems(&here)[0]["message"].to_string();
        assert!(message.contains("curly quotation marks"), "{title}: {message}");
    }
    let here = headed("title: “Seoul”, a guide", "The tide is high.");
    assert_eq!(places(&here), Vec::<String>::new());
}

#[test]
fn a_day_that_no_calendar_has_is_told_by_its_month() {
    let day = |here: &crate::harness::Publication| {
        let all = problems(here);
        assert_eq!(all.len(), 1, "{all:?}");
        all[0]["message"].as_str().unwrap().to_owned()
    };
    let said = "November 2026 has 30 days, and this is day 31";
    let here = headed("title: Hangul\ndate: 2026-11-31", "The tide is high.");
    assert!(day(&here).contains(said), "{}", day(&here));
    for date in ["2026-11-31", "\"2026-11-31\""] {
        let here = with("The tide is high.").edit(ISSUE, "2025-11-06", date);
        assert!(day(&here).contains(said), "{date}: {}", day(&here));
    }
    let here = headed("title: Hangul\ndate: 2025-31-10", "The tide is high.");
    assert!(day(&here).contains("the month stands before the day"), "{}", day(&here));
}

#[test]
fn a_misspelt_key_is_told_once() {
    for (head, place) in
        [("Title: Hangul", "2:1"), ("titel: Hangul", "2:1"), ("author: Kim\nTITLE: Hangul", "3:1")]
    {
        let here = headed(head, "The tide is high.");
        let expected = (format!("unknown-key {place}"), "did you mean \"title\"?".to_owned());
        assert_eq!(told(&here), [expected], "{head}");
    }
    for (key, slip) in [("title", "Title"), ("subject", "sujbect"), ("date", "Date")] {
        let here = with("The tide is high.");
        let toml = here.read(ISSUE).replacen(&format!("\n{key} ="), &format!("\n{slip} ="), 1);
        let here = here.write(ISSUE, toml);
        let told = told(&here);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0.starts_with("unknown-key"), "{told:?}");
        assert!(told[0].1.contains(key), "{told:?}");
    }
    // Where the right key is there as well, the other one is just unknown; and what is missing is told.
    let here = headed("author: Kim", "The tide is high.");
    assert_eq!(places(&here), ["missing-key 1:1"]);
}

#[test]
fn what_yaml_takes_for_a_comment_is_told() {
    for (head, place) in [
        ("title: Hangul\nsummary: # 1", "yaml-syntax 3:10"),
        ("title: Hangul\nauthor: #kim", "yaml-syntax 3:9"),
        ("title: Issue #12", "yaml-syntax 2:14"),
        ("title: Hangul\nsummary: The group #seoul meets", "yaml-syntax 3:20"),
        ("title: # 1", "missing-key 2:8"),
    ] {
        let here = headed(head, "The tide is high.");
        assert_eq!(places(&here), [place], "{head}");
        assert!(told(&here)[0].1.contains("quotation marks"), "{head}: {:?}", told(&here));
    }
    for right in [
        "title: \"Issue #12\"",
        "title: Issue#12",
        "title: Hangul # for the autumn",
        "title: Hangul\ndate: 2025-11-06 #Thursday",
        "title: Hangul\nsummary:",
    ] {
        let here = headed(right, "The tide is high.");
        assert_eq!(places(&here), Vec::<String>::new(), "{right}");
    }
    let toml = "+++\ntitle = \"Hangul\" #1\n+++\n\nThe tide is high.\n";
    assert_eq!(places(&with("x").write(ARTICLE, toml)), Vec::<String>::new());
}
