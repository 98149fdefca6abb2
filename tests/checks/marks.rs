//! Marks of our own that are not quite right: a passage for some readers, a box, a picture's credit, a
//! button. Nothing of them is lost, and nobody gets what is not for them, without a word.

use crate::harness::Publication;
use crate::slips::{places, problems, told, with};

const NOTHING: [String; 0] = [];

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
        let errors: Vec<_> =
            told.iter().filter(|(rule, _)| rule.starts_with("directive")).collect();
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

#[test]
fn words_behind_the_name_of_a_box_are_told() {
    for (body, words) in [
        ("::: callout Apply by 5 December!\nText.\n:::", "\"Apply by 5 December!\""),
        ("::: note Title\nText.\n:::", "\"Title\""),
        ("::: {.callout title=\"Apply\"}\nText.\n:::", "title="),
        ("::: lang=ko 안내\n본문.\n:::", "\"안내\""),
    ] {
        let here = with(body);
        assert_eq!(places(&here), ["directive 5:1"], "{body}");
        assert!(problems(&here)[0]["message"].as_str().unwrap().contains(words), "{body}");
        assert!(told(&here)[0].1.contains("line of their own"), "{body}");
    }
    for right in
        ["::: callout\nText.\n:::", "::: {.note}\nText.\n:::", "::: {lang=\"ko\"}\n본문.\n:::"]
    {
        assert_eq!(places(&with(right)), NOTHING, "{right}");
    }
}

#[test]
fn nothing_between_braces_is_lost_or_shown() {
    let picture = |behind: &str| {
        let pixels = crate::cases::png(2, 2, 255, false);
        with(&format!("![Hanok in the snow](a.png){behind}")).write("issues/2025-11/a.png", pixels)
    };
    let all = |here: &Publication| {
        let told = told(here);
        told.into_iter().filter(|(rule, _)| !rule.starts_with("image-")).collect::<Vec<_>>()
    };
    for (behind, rule, help) in [
        ("{Credit=\"Foto: Kim\"}", "unknown-key 5:29", "did you mean credit?"),
        ("{credits=\"Foto: Kim\"}", "unknown-key 5:29", "did you mean credit?"),
        ("{quelle=\"Foto: Kim\"}", "unknown-key 5:29", "write the caption behind"),
        ("{caption=\"Hanok\" credit=\"Kim\"}", "unknown-key 5:29", "write the caption behind"),
        ("{credit=“Foto: Kim”}", "leftover-markdown 5:28", "straight double quotation marks"),
        ("{credit='Foto: Kim'}", "leftover-markdown 5:28", "straight double quotation marks"),
        ("{credit=Foto: Kim}", "leftover-markdown 5:28", "straight double quotation marks"),
        ("{credit: \"Foto: Kim\"}", "leftover-markdown 5:28", "straight double quotation marks"),
        ("{: credit=\"Kim\"}", "leftover-markdown 5:28", "without a colon"),
        (" {credit=\"Foto: Kim\"}", "leftover-markdown 5:29", "directly behind"),
    ] {
        let told = all(&picture(behind));
        assert_eq!(told.len(), 1, "{behind}: {told:?}");
        assert_eq!(told[0].0, rule, "{behind}");
        assert!(told[0].1.contains(help), "{behind}: {told:?}");
    }
    for right in ["", "{credit=\"Foto: Kim\"}", "{width=300}", " {{ first_name | reader }}"] {
        assert_eq!(all(&picture(right)), [], "{right}");
    }
    for (behind, place) in [
        ("{button}", "5:33"),
        ("{. button}", "5:33"),
        (" {button}", "5:34"),
        ("{.Button}", "5:1"),
        ("{.knopf}", "5:1"),
    ] {
        let here = with(&format!("[Survey](https://quay.kr/survey){behind}"));
        assert_eq!(places(&here), [format!("leftover-markdown {place}")], "{behind}");
        assert!(told(&here)[0].1.contains("{.button}"), "{behind}");
    }
    let right =
        with("[Survey](https://quay.kr/survey){.button}\n\nThe set [A](https://quay.kr/a) {a, b}.");
    assert_eq!(places(&right), NOTHING);
}
