//! Bounded work: files that are small and cost much. Each is checked by the real binary, with an end
//! to its processor time and its memory; most took minutes or a gigabyte once.

use std::process::Command;

use crate::harness::{DIGEST, Publication};

const ARTICLE: &str = "issues/2025-11/hangul.md";
/// Bytes of each text here, of the 256 kB that one may have.
const SIZE: usize = 64 * 1024;
/// Seconds of processor time and kilobytes of memory of one check, for a build without optimisation
/// on a busy machine.
const LIMITS: &str = "ulimit -t 20; ulimit -v 1048576";

fn repeated(text: &str, bytes: usize) -> String {
    text.repeat(bytes / text.len())
}

/// `form` with `#` as 0, 1, 2 …
fn numbered(form: &str) -> String {
    let mut out = String::new();
    for number in 0.. {
        if out.len() >= SIZE {
            break;
        }
        out.push_str(&form.replace('#', &number.to_string()));
    }
    out
}

/// Checks a publication under the limits: the exit code, and what was said.
fn check(here: &Publication) -> (Option<i32>, String) {
    let output = Command::new("sh")
        .args(["-c", &format!("{LIMITS}; exec \"$0\" check --format json"), DIGEST])
        .current_dir(here.path("."))
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (output.status.code(), said.concat())
}

/// What is told is bounded, too, and the exit code is one of those that `check` has.
fn is_bounded(name: &str, here: &Publication) -> String {
    let (code, said) = check(here);
    assert!(matches!(code, Some(0 | 3)), "{name}: {code:?} {}", &said[..said.len().min(300)]);
    assert!(said.len() < 200_000, "{name} says {} bytes", said.len());
    said
}

fn article(body: &str) -> Publication {
    Publication::new().write(ARTICLE, format!("---\ntitle: Hangul\n---\n\n{body}\n"))
}

#[test]
fn markdown_of_repeated_signs_ends_soon() {
    for sign in [
        "[",
        "]",
        "![",
        "[a](b ",
        "*a **b ",
        "`a ``",
        "&",
        "\\",
        "<",
        "<a ",
        "<!--",
        "a <? ",
        "\"a",
        "- ",
        "1. ",
        "> ",
        "# a\n",
        "a\n=\n",
        "::: only x\n",
        ":::\n\n",
        "[^a]",
        "TODO\n\n",
        "한a ",
        "|-",
        "https://a.b/ ",
        "www.",
        "{{",
        "{{ a",
        "{{ first_name | a }}",
        "`{{ a }}` ",
        "&#xE002;",
        "[a](x) ",
        "![a](x.png)\n\n",
    ] {
        is_bounded(sign, &article(&repeated(sign, SIZE)));
    }
}

#[test]
fn tags_that_are_never_closed_end_soon() {
    for tag in ["<b>", "<x1>", "<span lang=ko>", "<i>a<b>", "</b>"] {
        is_bounded(tag, &article(&repeated(tag, SIZE)));
    }
    for tag in ["<div>", "<table><tr><td>", "<a><div>", "<svg>", "<div><table></div></table>"] {
        let said = is_bounded(tag, &article(&format!("<div>\n{}", repeated(tag, SIZE))));
        assert!(said.contains("\"nesting\""), "{tag}: {said}");
    }
    is_bounded("tags", &article(&format!("<div>\n{}", numbered("<x#>"))));
}

#[test]
fn many_names_end_soon() {
    for form in [
        "[a#]: x\n",
        "[^#]: x\n",
        "{{ a# }}",
        "{{ A# }}",
        "[a](https://a.b/#) ",
        "[a](#a#) ",
        "[a](mailto:a#@b.cd) ",
        "![a](x#.png) ",
        "::: bad#\nx\n:::\n",
        "[^#] ",
    ] {
        is_bounded(form, &article(&numbered(form)));
    }
    let references = format!("{}\n{}", numbered("[a#]: x\n"), repeated("[a1]", SIZE));
    is_bounded("references", &article(&references));
    let slots = format!("[x](https://a.example/{})", repeated("{{ first_name | a }}", SIZE));
    is_bounded("slots in a link", &article(&slots));
    let marks = format!("https://a.example/{}을", repeated(")", SIZE));
    is_bounded("marks behind an address", &article(&marks));
}

/// A picture that is not there is looked for in the folders of the issue: not thousands of them.
#[test]
fn pictures_that_are_not_there_are_looked_for_only_so_often() {
    for form in ["![a](x#.png) ", "![a](그림#.png) ", "![a](/a/x#.png) "] {
        let mut here = article(&numbered(form)).write("issues/2025-11/d000/harbour.png", "");
        for folder in 1..100 {
            here = here.write(&format!("issues/2025-11/d{folder:03}/a.txt"), "");
        }
        is_bounded(form, &here);
        // The first ones are found.
        let one = here.write(ARTICLE, "---\ntitle: Hangul\n---\n\n![A boat](harbor.png)\n");
        let said = is_bounded("one", &one);
        assert!(said.contains("did you mean d000/harbour.png?"), "{said}");
    }
}

#[test]
fn a_table_has_a_last_column_and_a_last_cell() {
    let wide =
        format!("|{}\n|{}\n{}", repeated("a|", 8000), repeated("-|", 8000), "|a\n".repeat(1500));
    let tall = format!("|a|b|\n|-|-|\n{}", "|a|b|\n".repeat(1100));
    for (text, line) in [(&wide, 6), (&tall, 6)] {
        let said = is_bounded("table", &article(text));
        assert!(said.contains("\"table-large\""), "{said}");
        assert!(said.contains(&format!("\"line\": {line}")), "{said}");
    }
}

#[test]
fn quotations_in_quotations_are_told_at_their_line() {
    let said = is_bounded("quotations", &article(&format!("a\n\n{}x", ">".repeat(SIZE))));
    assert!(said.contains("\"nesting\"") && said.contains("\"line\": 7"), "{said}");
}

#[test]
fn front_matter_ends_soon() {
    for form in ["k#=1\n", "[a#]\n", "k#=\"\\uE002\"\n", "a.b.c.d.k#=1\n", "a=1\n", "a\n", "="] {
        let text = format!("+++\ntitle=\"x\"\n{}\n+++\n\nHello\n", numbered(form));
        is_bounded(form, &Publication::new().write(ARTICLE, text));
    }
    for form in ["k#: 1\n", "k#: &a# x\n", "k#: \"\\uE002\"\n", "- "] {
        let text = format!("---\ntitle: x\n{}\n---\n\nHello\n", numbered(form));
        is_bounded(form, &Publication::new().write(ARTICLE, text));
    }
}

#[test]
fn what_is_not_shown_is_counted_and_keeps_the_exit_code() {
    let text = format!("+++\ntitle=\"x\"\n{}\n+++\n\nHello\n", numbered("k#=1\n"));
    let here = Publication::new().write(ARTICLE, text);
    let (code, said) = check(&here);
    assert_eq!(code, Some(3));
    assert_eq!(said.matches("\"unknown-key\"").count(), 100);
    assert!(said.contains("\"more-problems\"") && said.contains(" more problems of 1 kind here"));
}

#[test]
fn an_issue_has_a_last_article() {
    let mut here = Publication::new();
    for number in 0..600 {
        here = here.write(&format!("issues/2025-11/a{number}.md"), "x");
    }
    assert!(is_bounded("articles", &here).contains("\"issue-large\""));
    let paragraphs = repeated("a\n\n", 250_000);
    assert!(is_bounded("paragraphs", &article(&paragraphs)).contains("\"issue-large\""));
}

#[test]
fn style_sheets_end_soon() {
    let many = format!("p{{{}}}", numbered("a#:red;"));
    let nested = format!("{}{}", "@media x{".repeat(5_000), "}".repeat(5_000));
    let selectors = format!("{}p{{color:red}}", repeated("p:not(a),", SIZE));
    let signs = ["/*", "{", "}", "\"", "p{color:red}", "p:hover{color:red}", "@x y;"];
    let repeated = signs.map(|sign| repeated(sign, SIZE));
    for style in [nested, selectors, many].into_iter().chain(repeated) {
        is_bounded(&style[..20], &Publication::new().write("style.css", &style));
    }
}

/// Grounds that shine through on grounds that do: what one may be, times all that may be below it.
#[test]
fn grounds_that_shine_through_each_other_end_soon() {
    for each in [2, 4, 6, 12, 23] {
        let rule = |of: &str, at: usize| {
            let [red, green, blue] = [151, 67, 89].map(|step| 140 + (at + 1) * step % 115);
            format!("{of}[lang|=ko]{{background-color:rgba({red},{green},{blue},.5)}}")
        };
        let around = ["html", "body", ".b", ".letter", ".p", ".art", "p", "a"];
        let all = around.iter().flat_map(|of| (0..each).map(move |at| rule(of, at)));
        let sheet: Vec<String> = all.collect();
        let here = Publication::new().write("style.css", sheet.concat());
        is_bounded(&format!("{each} grounds"), &here);
    }
}

#[test]
fn a_long_value_with_a_name_is_not_read_for_each_of_its_places() {
    let sum = format!("@media (min-width:1px){{:root{{--p:calc(1px{})}}}}", "+0px".repeat(900));
    let sheet = format!("{sum}{}", numbered(".art p:nth-child(#){margin:var(--p)}"));
    is_bounded("names", &Publication::new().write("style.css", sheet));
}

#[test]
fn a_style_sheet_and_a_letter_are_counted_together() {
    let list = |items: usize| article(&"- x\n".repeat(items));
    let rule = |declarations: usize| {
        let named = (0..declarations).map(|number| format!("--a{}:red;", number % 100));
        format!("li{{{}}}", named.collect::<String>())
    };
    let many = list(8_000).write("style.css", rule(900));
    let said = is_bounded("many elements and rules", &many);
    assert!(said.contains("\"style\"") && said.contains("of rules are too many"), "{said}");
    let properties: String = (0..200).map(|number| format!("--a{number}:red;")).collect();
    let named = list(8_000).write("style.css", format!("li{{{properties}}}"));
    let said = is_bounded("many properties", &named);
    assert!(said.contains("at most 150 properties"), "{said}");
    // As much as a large issue and a large style sheet are.
    let ordinary = list(2_500).write("style.css", rule(300));
    let said = is_bounded("ordinary", &ordinary);
    assert!(!said.contains("too many") && !said.contains("at most"), "{said}");
}

#[test]
fn the_style_sheet_of_a_drawing_ends_soon() {
    let rules: String = (0..12_000).map(|number| format!(".a{number}{{fill:red}}")).collect();
    let drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"60\"><style>{rules}</style></svg>"
    );
    let here = article("![A drawing](a.svg)").write("issues/2025-11/a.svg", drawing);
    let said = is_bounded("rules in a drawing", &here);
    assert!(said.contains("a long style sheet"), "{said}");
}

#[test]
fn a_tag_has_no_more_attributes_than_anybody_knows() {
    let attributes: String = (0..20_000).map(|number| format!(" a{number}=1")).collect();
    for body in [format!("<p{attributes}>x</p>"), format!("x <span{attributes}>x</span>")] {
        let said = is_bounded("attributes of one tag", &article(&body));
        assert!(said.contains("\"html-large\""), "{said}");
    }
    let attributes: String = (0..150).map(|number| format!(" data-a{number}=1")).collect();
    let said = is_bounded("attributes of an export", &article(&format!("<p{attributes}>x</p>")));
    assert!(!said.contains("html-large"), "{said}");
}

#[test]
fn one_slot_ten_thousand_times_is_looked_up_and_not_looked_for() {
    for body in [
        format!("https://example.org/{}", repeated("{{a}}", 4 * SIZE - 200)),
        format!("<p title=\"{}\">x</p>", repeated("{{a}}", 4 * SIZE - 200)),
        format!("x <span title=\"{}\">x</span>", repeated("{{a}}", 4 * SIZE - 200)),
    ] {
        is_bounded("one slot", &article(&body));
    }
}
