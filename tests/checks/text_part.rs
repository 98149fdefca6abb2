//! The text of an issue whose Markdown is written as people write it: bare addresses in sentences,
//! raw HTML from an older letter, lists in quotes.

use crate::cases;

#[test]
fn the_text_is_clean_where_the_markdown_is_not() {
    let here = cases::publication(&cases::folder().join("text-part"));
    let checked = here.run(&["check"]);
    assert_eq!(
        (checked.code, checked.stdout.as_str()),
        (0, "no problems in 1 issue\n"),
        "{}",
        checked.stderr
    );
    let text = here.run(&["render", "2025-11", "--format", "text"]).stdout;
    insta::assert_snapshot!("text_part", text);
}
