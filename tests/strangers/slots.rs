//! Slots in odd places are filled or refused, never lost in silence.

use crate::harness::Publication;

fn with_article(body: &str) -> Publication {
    Publication::with_subscribers().write(
        "issues/2025-11/hangul.md",
        format!("---\ntitle: Hangul\n---\n\nLetters.\n\n{body}\n"),
    )
}

#[test]
fn titles_of_alerts_and_raw_tags_are_filled() {
    let here = with_article(
        "> [!NOTE] Dear {{ affiliation | friend }}\n> text\n\nHello <span \
         title=\"{{ affiliation | you }}\">there</span>.",
    );
    let output = here.run(&["render", "2025-11", "--as", "kim@example.org"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.contains("Dear Hanbit"), "{}", output.stdout);
    assert!(output.stdout.contains("title=\"Hanbit\""), "{}", output.stdout);
}

#[test]
fn a_raw_link_keeps_the_link_to_unsubscribe_and_refuses_other_slots() {
    let here = with_article("<p><a href=\"{{ unsubscribe_url }}\">leave this list</a></p>");
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(!html.contains("<a>leave"), "{html}");
    let here = with_article("<p><a href=\"{{ affiliation | x }}\">words to click</a></p>");
    let output = here.run(&["check"]);
    assert_eq!(output.code, 3, "{}", output.stderr);
    assert!(output.stdout.contains("link-target") && output.stdout.contains("hangul.md:7:"));
}

#[test]
fn what_is_for_one_reader_is_marked_as_not_to_be_published() {
    let here = Publication::with_subscribers();
    let told = |arguments: &[&str]| here.run(arguments).stderr;
    let own = told(&["render", "2025-11", "--as", "kim@example.org", "-o", "kim.html"]);
    assert!(own.contains("do not publish it"), "{own}");
    let anybody = told(&["render", "2025-11", "-o", "all.html"]);
    assert!(!anybody.contains("do not publish"), "{anybody}");
}

#[test]
fn nothing_in_an_article_takes_the_footer_away() {
    for body in [
        "<details>\nMore",
        "<table><tr><td>\n\nMore",
        "<!-- More",
        "<div style=\"display:none\">\n\nMore",
        "Words <span style=\"display:none\"> and <!-- more",
        "<p title=\"More",
        "<textarea>\n\nMore",
        "<plaintext>\n\nMore",
        "<style>\n.f { display: none }",
        "<xmp>More",
        "::: only tag:member\nMore",
        "<div dir=rtl><bdo dir=rtl>\n\nMore \u{202E}",
        "```\nMore",
        "<![CDATA[ More",
        "<noscript>\n\nMore",
    ] {
        let here = with_article(body);
        let output = here.run(&["render", "2025-11"]);
        if output.code == 0 {
            let html = &output.stdout;
            let footer = html.find("class=\"f\"").map(|at| &html[at..]).unwrap_or_default();
            assert!(footer.contains("P.O. Box 0000") && footer.contains("href"), "{body}: {html}");
        }
        let told = here.run(&["check"]).stdout;
        assert!(!told.contains("address-shown"), "{body}: {told}");
    }
}

#[test]
fn a_style_of_an_article_moves_nothing_above_the_footer() {
    for style in ["color:red; z-index : 9", "outline:9999px solid #fff"] {
        let output = with_article(&format!("<p style=\"{style}\">Words.</p>")).run(&["check"]);
        assert_eq!(output.code, 3, "{style}: {}", output.stdout);
        assert!(output.stdout.contains("[style]") && output.stdout.contains("hangul.md:7:"));
    }
    let turned =
        with_article("<p style=\"transform: scale(99)\">Words.</p>").run(&["render", "2025-11"]);
    assert!(turned.code == 0 && !turned.stdout.contains("scale("), "{turned:?}");
    let ordinary =
        "margin: 0 0 8px; text-align: left; border-left: 2px solid #222; padding-top: 1px";
    let output = with_article(&format!("<p style=\"{ordinary}\">Words.</p>")).run(&["check"]);
    assert!(!output.stdout.contains("[style]"), "{}", output.stdout);
}
