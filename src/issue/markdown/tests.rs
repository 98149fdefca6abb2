//! Markdown as authors write it, and as nobody should.

use proptest::prelude::*;

use super::*;

fn read_text(text: &str) -> (MarkdownText, Vec<Diagnostic>) {
    let source = Source::new("a.md", text);
    let (mut slots, mut problems) = (Slots::default(), Vec::new());
    let mut find =
        |path: &str, _: Place, _: &mut Vec<Diagnostic>| path.ends_with("png").then_some(0);
    let text = read(
        text,
        &source,
        0,
        Some(QuotationMarks::of("en")),
        &mut slots,
        &mut problems,
        &mut find,
    );
    (text, problems)
}

fn only(text: &str) -> BlockKind {
    let (text, problems) = read_text(text);
    assert!(problems.is_empty(), "{problems:?}");
    text.blocks.into_iter().next().map(|block| block.kind).expect("a block")
}

#[test]
fn an_image_alone_is_a_figure() {
    let BlockKind::Figure(figure) = only("![A chart](x.png \"Plan\"){credit=\"The editors\"}")
    else {
        panic!("not a figure")
    };
    assert_eq!(figure.alt, "A chart");
    assert_eq!(figure.credit.as_deref(), Some("The editors"));
    assert_eq!(
        figure.caption.map(|caption| crate::issue::block::plain(&caption)).as_deref(),
        Some("Plan")
    );
}

#[test]
fn a_link_of_the_class_button_is_a_button() {
    let BlockKind::Button(link) =
        only("[Read it](https://a.example/?n={{ first_name | you }}){.button}")
    else {
        panic!("not a button")
    };
    assert!(link.href.starts_with("https://a.example/?n="));
    assert!(crate::issue::slot::has_slot(&link.href));
}

#[test]
fn a_quote_s_last_line_after_a_dash_is_its_attribution() {
    let BlockKind::Quote(blocks, Some(who)) =
        only("> The sounds of our language\n> differ.\n> — King *Sejong*")
    else {
        panic!("no attribution")
    };
    assert_eq!(crate::issue::block::plain(&who), "King Sejong");
    assert_eq!(blocks.len(), 1);
    let BlockKind::Quote(blocks, Some(_)) = only("> Words.\n>\n> — Someone") else { panic!() };
    assert_eq!(blocks.len(), 1);
}

#[test]
fn fenced_divs_close_and_nest() {
    let BlockKind::Callout(blocks) = only("::: callout\nOne.\n\n- two\n:::") else { panic!() };
    assert_eq!(blocks.len(), 2);
    let BlockKind::Language(tag, _) = only("::: {lang=ko}\n한글\n:::") else { panic!() };
    assert_eq!(tag, "ko");
    let BlockKind::Only(tag, _) = only("::: only tag:member\nHello.\n:::") else { panic!() };
    assert_eq!(tag, "member");
    let (text, problems) = read_text("::: calout\nOne.\n:::");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean ::: callout?"));
    assert_eq!(text.blocks.len(), 1);
}

#[test]
fn korean_emphasis_next_to_brackets_works() {
    let BlockKind::Paragraph(inlines) = only("이것은**강조(괄호)**입니다") else {
        panic!()
    };
    assert!(matches!(inlines[1], Inline::Strong(_)), "{inlines:?}");
}

#[test]
fn code_keeps_its_braces_and_text_reports_bad_ones() {
    let BlockKind::Paragraph(inlines) = only("`{{ user.name }}` and `{{x}}`") else { panic!() };
    assert_eq!(inlines[0], Inline::Code("{{ user.name }}".into()));
    let (_, problems) = read_text("one\n\ntwo {{ user.name }}");
    assert_eq!(problems[0].place.as_ref().unwrap().line_column(), Some((3, 5)));
}

#[test]
fn raw_html_pairs_or_goes() {
    let BlockKind::Paragraph(inlines) = only("H<sub>2</sub>O<br>x") else { panic!() };
    assert!(matches!(&inlines[1], Inline::Html(open, name, _) if open == "<sub>" && name == "sub"));
    let (text, problems) = read_text("a <b>never closed\n\nb <script>alert(1)</script>");
    assert_eq!(problems.len(), 2);
    assert!(!format!("{:?}", text.blocks).contains("script"));
}

#[test]
fn deep_nesting_ends_in_a_diagnostic() {
    let (_, problems) = read_text(&format!("{}x", "> ".repeat(10_000)));
    assert_eq!(problems.iter().filter(|p| p.rule == "nesting").count(), 1);
    let list: String = (0..500).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    read_text(&list);
    read_text(&format!("{}x", "[".repeat(50_000)));
    read_text(&format!("{}x", "*a **b ".repeat(20_000)));
}

#[test]
fn footnotes_are_numbered_in_reading_order() {
    let (text, problems) = read_text("a[^x] b[^y] c[^x]\n\n[^y]: Second.\n[^x]: First.\n");
    assert!(problems.is_empty());
    assert_eq!(text.footnotes.len(), 2);
    assert!(format!("{:?}", text.footnotes[0]).contains("First"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn anything_reads_without_panic_and_spans_stay_inside(
        text in "([#>*_`\\[\\]()!{}|:.\\-+~<>/=\"'\\\\ \n\t&;0-9a-c가나\u{301}\u{E000}\u{91}]|\\{\\{ a \\}\\}|:::|\\^\\[|<b>|</b>|https://a.example|\\PC){0,80}"
    ) {
        let (read, _) = read_text(&text);
        for block in &read.blocks {
            prop_assert!(block.span.end <= text.len() && block.span.start <= block.span.end);
        }
    }
}

#[test]
fn a_place_that_the_parser_counts_differently_is_still_a_place() {
    // A carriage return is a line's end to the parser and not to us.
    read_text(":::a\rexample https://a.example\nhttps://aࠀexample{{ a }} </b>{{ a }}");
}

#[test]
fn emphasis_and_tags_end_at_a_depth() {
    let emphasis = format!("{}x{}", "*a **b ".repeat(2_000), "** b*".repeat(2_000));
    let tags = format!("{}x{}", "<b>".repeat(300), "</b>".repeat(300));
    for text in [emphasis, tags] {
        let (_, problems) = read_text(&text);
        let told: Vec<_> = problems.iter().map(|problem| problem.rule).collect();
        assert_eq!(told.iter().filter(|rule| **rule == "nesting").count(), 1, "{told:?}");
    }
}
