//! Marks of our own that are not quite right: a passage for some readers, a box, a picture's credit, a
//! button. Nothing of them is lost, and nobody gets what is not for them, without a word.

use crate::slips::{places, told, with};

#[test]
fn a_mark_of_a_passage_that_is_not_read_stops_the_issue() {
    for (body, place) in [
        ("    ::: only tag:member\n    Code 4719.\n    :::", "5:5"),
        ("Text.\n\n\t::: only tag:member\n\tCode 4719.\n\t:::", "7:2"),
        ("：：： only tag:member\nCode 4719.\n：：：", "5:1"),
        ("**::: only tag:member**\n\nCode 4719.\n\n**:::**", "5:3"),
        ("`::: only tag:member`\n\nCode 4719.\n\n`:::`", "5:2"),
        ("For members: ::: only tag:member Code 4719. :::", "5:14"),
        (":: only tag:member\nCode 4719.\n::", "5:1"),
        (":: only language=ko\nCode 4719.\n::", "5:1"),
        ("only tag:member\n\nCode 4719.", "5:1"),
        ("- One\n  - Two\n\n        ::: only tag:member\n\n        Code.", "8:9"),
        ("| For | Code |\n| --- | --- |\n| ::: only tag:member | 4719 |", "7:3"),
        ("<!-- ::: only tag:member -->\nCode 4719.\n<!-- ::: -->", "5:6"),
        ("<div>\n::: only tag:member\nCode 4719.\n:::\n</div>", "6:1"),
        ("::: only tag:member\nA.\n\n    ::: else\n\nB.\n:::", "8:5"),
    ] {
        let here = with(body);
        let told = told(&here);
        let errors: Vec<_> = told.iter().filter(|(rule, _)| rule.starts_with("directive")).collect();
        assert_eq!(errors.len(), 1, "{body}: {told:?}");
        assert_eq!(errors[0].0, format!("directive {place}"), "{body}");
        assert!(errors[0].1.contains("on a line of its own"), "{body}: {told:?}");
        assert!(!told.iter().any(|(_, help)| help.contains("callout")), "{body}: {told:?}");
        assert_eq!(here.run(&["check", "2025-11"]).code, 3, "{body}");
    }
    for right in [
        "::: only tag:member\nCode 4719.\n:::",
        "- One\n\n  ::: only tag:member\n  Code 4719.\n  :::",
        "> ::: {.only tag:member}\n> Code 4719.\n> :::",
        "```\n::: only tag:member\n:::\n```",
        "Write \\::: only tag:member before it.",
        "Text.\n\n<!--\n::: only tag:member\nCode 4719.\n:::\n-->\n\nMore.",
        "Call `std::only(x)`, or `digest send --only tag:member`.",
    ] {
        // Nobody on this list has the tag.
        let told = places(&with(right));
        assert!(told.iter().all(|one| one.starts_with("only-unknown")), "{right}: {told:?}");
    }
}
