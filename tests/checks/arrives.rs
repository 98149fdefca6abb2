//! What an author writes arrives as it was meant, or is told: names for links, line ends, marks with
//! odd spaces, comments, references, and what other programs leave in a text.

use crate::cases::png;
use crate::harness::{Output, Publication};

const WORDS: &str = "A paragraph that says what a newsletter says, and that goes on for a while.";

fn article(text: &str) -> Publication {
    let words = format!("{WORDS}\n\n").repeat(4);
    let text = format!("---\ntitle: Hangul\n---\n\n{text}\n\n{words}");
    Publication::new().write("issues/2025-11/hangul.md", text)
}

fn with_second(text: &str, name: &str, second: &str) -> Publication {
    article(text)
        .edit("issues/2025-11/issue.toml", "[\"hangul\"]", &format!("[\"hangul\", \"{name}\"]"))
        .write(
            &format!("issues/2025-11/{name}.md"),
            format!("---\ntitle: Second\n---\n\n{second}\n\n{WORDS}\n"),
        )
}

fn html(here: &Publication) -> String {
    here.run(&["render", "2025-11"]).stdout
}

fn text(here: &Publication) -> String {
    here.run(&["render", "2025-11", "--format", "text"]).stdout
}

fn is_quiet(output: &Output) -> bool {
    output.code == 0 && output.stdout.contains("no problems")
}

/// The ids of a page, and the names that its links lead to.
fn ids_and_targets(html: &str) -> (Vec<String>, Vec<String>) {
    let values = |start: &str| {
        let found = html.split(start).skip(1);
        found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (values(" id=\""), values("href=\"#"))
}

#[test]
fn a_link_leads_to_a_name_in_the_text() {
    for name in [
        "<a id=\"gulls\"></a>\n\n## Gulls",
        "<a name=\"gulls\"></a>\n\n## Gulls",
        "<a id=\"gulls\"/>\n\n## Gulls",
        "## <a name=\"gulls\"></a>Birds",
        "<h2 id=\"gulls\">Gulls</h2>",
        "<div id=\"gulls\">Gulls</div>",
        "<table id=\"gulls\"><tr><th>A</th></tr><tr><td>Gulls</td></tr></table>",
        "Words and <span id=\"gulls\">gulls</span> here.",
        "- one\n- <a id=\"gulls\"></a>two",
        "> <a name=\"gulls\">Gulls</a> fly.",
        "## Birds of the quay {#gulls}",
        "## Birds of the quay {: #gulls }",
        "## Gulls",
        "Gulls\n-----",
    ] {
        let here = article(&format!("[To gulls](#gulls)\n\n{name}"));
        let output = here.run(&["check"]);
        assert!(is_quiet(&output), "{name}: {output:?}");
        let html = html(&here);
        assert!(html.contains("<a id=\"gulls\" name=\"gulls\"></a>"), "{name}: {html}");
        let text = text(&here);
        assert!(!text.contains("{#") && !text.contains("{:"), "{text}");
    }
    let korean = article("[아래로](#한글-소식-10월)\n\n## 한글 소식, 10월!");
    assert!(is_quiet(&korean.run(&["check"])), "{:?}", korean.run(&["check"]));
    let missing = article("[To gulls](#gull)\n\n<a id=\"gulls\"></a>\n\n## Terns").run(&["check"]);
    assert!(missing.code == 3 && missing.stdout.contains("link-anchor"), "{missing:?}");
    // What the words of a cut element were to be is told; its name stays.
    let cut =
        article("[To gulls](#gulls)\n\n<div id=\"gulls\">\n\nGulls\n\n</div>").run(&["check"]);
    assert!(!cut.stdout.contains("link-anchor"), "{cut:?}");
}

#[test]
fn no_name_of_a_text_takes_one_of_the_letter() {
    let names = "<a id=\"second\"></a><a id=\"section-1\"></a><a id=\"hangul-note-1\"></a>\
                 <a id=\"gulls\"></a> Note.[^1]\n\n[one](#second) [two](#hangul-note-1) [three](#gulls)\n\n\
                 [^1]: The minutes.";
    let here =
        with_second(names, "second", "<h3 id=\"gulls\">B</h3>\n\n[four](#gulls) [five](#hangul)");
    let output = here.run(&["check"]);
    assert!(!output.stdout.contains("link-anchor"), "{output:?}");
    let html = html(&here);
    let (ids, targets) = ids_and_targets(&html);
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "{ids:?}");
    assert!(targets.iter().all(|target| ids.contains(target)), "{targets:?} {ids:?}");
    // The article keeps its name, and the text's own links lead into the text.
    for (link, target) in [
        ("one", "at-second-2"),
        ("two", "at-hangul-note-1-2"),
        ("three", "gulls"),
        ("four", "at-gulls-2"),
        ("five", "hangul"),
    ] {
        let start = format!("href=\"#{target}\"");
        let found = html.split(&start).skip(1);
        let mut found = found.filter_map(|rest| rest.split_once('>')?.1.split('<').next());
        assert!(found.any(|words| words == link), "{link}: {html}");
    }
    // Markup cannot come in by a name.
    let odd = article("[x](#a)\n\n<p id='a\"><b onclick=x' name=\"{{ first_name | a }}\">B</p>");
    let html = self::html(&odd);
    assert!(!html.contains("onclick"), "{html}");
}

#[test]
fn lines_of_chinese_and_japanese_have_no_space_between_them() {
    let here = article(
        "港の発表や\n人気の船。\n**新しい**\n港、\n「カモメ」\n\n항구의\n소식\n\n港の\nLinux\n\n\
         > 引文和\n> 引文。\n> ——鲁迅\n\n<p>港の船や\n人気の港</p>",
    );
    // The words of a page, without the marks of their language.
    let words_of = |html: String| {
        let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        parts.collect::<String>()
    };
    for shown in [words_of(html(&here)), text(&here)] {
        for words in [
            "発表や人気の船。",
            "港、「カモメ」",
            "항구의 소식",
            "港の船や人気の港",
            "引文和引文。",
            "— 鲁迅",
        ] {
            assert!(shown.replace('*', "").contains(words), "{words}: {shown}");
        }
    }
    assert!(text(&here).contains("港の Linux"), "{}", text(&here));
}

#[test]
fn references_that_lead_nowhere_are_all_told() {
    let here = article(
        "See [tern][], [Gull #12][] and ![kite][], and [the plan][plan a].\n\n\
         Words.[^1]\n\n[^1]: The source.\n[tern]: https://quay.sejong.example/tern",
    );
    let output = here.run(&["check"]);
    for told in ["[tern][]", "[Gull #12][]", "[kite][]", "[the plan][plan a]", "\"[tern]: https"] {
        assert!(output.stdout.contains(told), "{told}: {output:?}");
    }
    assert!(output.stdout.contains("put an empty line above it"), "{output:?}");
    // A file that has lost all its definitions is one slip.
    let many: String = (1..30).map(|n| format!("See [gull {n}][].\n\n")).collect();
    let output = article(&many).run(&["check"]);
    assert_eq!(output.stdout.matches("leftover-markdown").count(), 1, "{output:?}");
    assert!(output.stdout.contains("29 links have no address in this file"), "{output:?}");
    let glued = article("Words.\n[tern]: https://quay.sejong.example/tern").run(&["check"]);
    assert!(glued.stdout.contains("put an empty line above it"), "{glued:?}");
    for ordinary in [
        "[citation][needed] and `[tern][]` and a[i][j]",
        "See [tern][].\n\n[tern]: https://quay.sejong.example/tern",
        "[tern]: https://quay.sejong.example/tern\nSee [tern][], and more words.",
    ] {
        let output = article(ordinary).run(&["check"]);
        assert!(is_quiet(&output), "{ordinary}: {output:?}");
    }
}

#[test]
fn odd_spaces_behind_marks_are_spaces() {
    let here = article(
        "##\u{a0}Gulls\n\n-\u{a0}One\n-\u{a0}Two\n\n1.\u{3000}First\n2.\u{3000}Next\n\n>\u{a0}##\u{a0}Quoted\n\n\
         am\n5.\u{a0}Mai um 9\n\n```\n##\u{a0}code\n```",
    );
    let html = html(&here);
    for part in
        [">Gulls</h", ">One</li>", ">First</li>", ">Quoted</h", "5.\u{a0}Mai", "##\u{a0}code"]
    {
        let html = html.replace("&nbsp;", "\u{a0}");
        assert!(html.contains(part), "{part}: {html}");
    }
    let output = here.run(&["check"]);
    assert!(!output.stdout.contains("leftover-markdown"), "{output:?}");
}

#[test]
fn a_comment_before_words_leaves_them_markdown() {
    let here = article(
        "<!-- more -->There were [three](https://quay.sejong.example/three) and **one** of \
         {{ first_name | us }}, and four.\n\n- <!-- x -->**two**\n\n<!-- a\nb --> *five*",
    );
    let html = html(&here);
    assert!(html.contains("<strong>two</strong>") && html.contains("<em>five</em>"), "{html}");
    assert!(html.contains("<strong>one</strong>"), "{html}");
    assert!(html.contains("<a href=\"https://quay.sejong.example/three\""), "{html}");
    // Places behind a comment are those of the file.
    let output = here.run(&["check"]);
    assert!(is_quiet(&output), "{output:?}");
    let wrong = article("<!-- more -->There were [four](quay).").run(&["check"]);
    assert!(wrong.stdout.contains("hangul.md:5:32"), "{wrong:?}");
}

#[test]
fn markdown_in_raw_html_is_told_as_such() {
    let output = article("<div>We have **one** and [a](https://quay.sejong.example/).</div>")
        .run(&["check"]);
    assert!(output.stdout.contains("Markdown is not read in raw HTML"), "{output:?}");
    assert!(!output.stdout.contains("%20"), "{output:?}");
}

#[test]
fn what_other_programs_leave_is_told() {
    for (text, told) in [
        ("import Support from \"../_support.mdx\";", "import Support"),
        ("Words.\n\nexport const x = 1;", "export const x"),
        ("**<!--up-->****Now:** words", "would be sent as it is"),
        ("**enjoy the layout.**** It is", "would be sent as it is"),
        ("Title: A\nDate: 2024-01-02\nSlug: a", "second head"),
        ("---\ntitle: B\ndate: 2024-01-02\n---", "second head"),
    ] {
        let output = article(text).run(&["check"]);
        let is_told = output.stdout.contains("leftover-markdown") && output.stdout.contains(told);
        assert!(is_told, "{text}: {output:?}");
    }
    for ordinary in [
        "import duties from China rise\nand fall",
        "That f\\*\\*\\*\\* fog, and **bold** words",
        "Date: 6 November  \nLocation: the quay",
    ] {
        let output = article(ordinary).run(&["check"]);
        assert!(is_quiet(&output), "{ordinary}: {output:?}");
    }
}

#[test]
fn the_text_part_keeps_what_stands_above_the_line() {
    let here = article(
        "Over 2<sup>176</sup> times 10<sup>-3</sup> m, 5 m<sup>2</sup> of H<sub>2</sub>O on the \
         1<sup>st</sup> day.\n\n<p>2<sup>64</sup> grains</p>\n\n| A | B |\n| --- | --- |\n| 10<sup>6</sup> | 2 |",
    );
    let text = text(&here);
    for words in ["2^176 times", "10^-3 m", "5 m^2 of H2O", "1st day", "2^64 grains", "10^6"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let output = here.run(&["check"]);
    assert!(is_quiet(&output), "{output:?}");
}

#[test]
fn an_empty_heading_is_told_once_and_is_not_in_the_text() {
    for heading in ["###   ", "## <!-- none -->", "- ###\n- one"] {
        let here = article(&format!("Words.\n\n{heading}\n\nMore words."));
        let output = here.run(&["check"]);
        assert!(output.stdout.contains("heading-empty"), "{output:?}");
        assert!(!output.stdout.contains("text-residue"), "{heading}: {output:?}");
        assert!(!text(&here).contains("\n\n\n"), "{}", text(&here));
    }
}

#[test]
fn no_sign_of_our_own_is_in_any_message() {
    let slot = "{{ site.url }}";
    let short = "{{x}}";
    let places = [
        "![Harbour]({}/a.png)",
        "![Harbour](a.png \"{}\")",
        "![{}](a.png)",
        "[a]({})",
        "[a](#{})",
        "[a](ftp://{}/)",
        "[a](quay-{}.html)",
        "[a](https://a.example){.{}}",
        "[a](https://a.example){.button-{}}",
        "[a][{}]",
        "[{}][] and [{}](",
        "::: {}\nx\n:::",
        "::: only {}\nx\n:::",
        "::: {lang={}}\nx\n:::",
        "``` {}\nx\n```",
        "<p onclick=\"{}\">x</p>",
        "<{}>x",
        "<div id=\"{}\" title=\"{}\" style=\"color:{}\">x</div>",
        "<img src=\"{}/a.png\">",
        "<a href=\"{}\">x</a>",
        "<a href=\"java{}\">x</a>",
        "| a |\n| --- |\n| b | {} |",
        "# {}",
        "**{}",
        "`{}",
        "Mail {}@quay.example and http://{}.example/ and mailto:{}",
        "[mail](mailto:{})",
        "{% {} %} %{} *|{}|*",
        "[^{}]: note",
        "- {}\n{: .{}}",
        "{{ {} and \\{{ x }} {}",
    ];
    for place in places {
        for slot in [slot, short] {
            let here = article(&place.replace("{}", slot));
            for format in [&["check"][..], &["check", "--format", "json"]] {
                let output = here.run(format);
                let is_ours = |c: char| ('\u{E000}'..='\u{F8FF}').contains(&c) || c == '\u{91}';
                let printed = format!("{}{}", output.stdout, output.stderr);
                let is_escaped = ["\\u{e0", "\\ue0", "\\uE0", "U+E0", "\\u{1}", "\\u0001"];
                let is_clean = !printed.contains(is_ours)
                    && !is_escaped.iter().any(|sign| printed.contains(sign));
                assert!(is_clean && [0, 3].contains(&output.code), "{place} {slot}: {printed}");
            }
        }
    }
    let picture = article("![Harbour]({{ site.url }}/a.png)").run(&["check"]);
    assert!(picture.stdout.contains("slot-lost"), "{picture:?}");
    assert!(picture.stdout.contains("{{ site.url }}/a.png"), "{picture:?}");
}

#[test]
fn a_picture_in_html_is_taken_as_one_of_markdown() {
    let here =
        |text: &str| article(text).write("issues/2025-11/images/p.png", png(1104, 600, 255, false));
    let picture = "<img src=\"images/p.png\" width=\"300\" alt=\"The quay &amp; the sea\">";
    for text in [
        picture.to_owned(),
        format!("<p align=\"center\">\n  {picture}\n</p>"),
        format!("<a href=\"https://quay.sejong.example/\">{picture}</a>"),
        format!("<div><a href=\"https://quay.sejong.example/\">{picture}</a></div>"),
        format!("Words.\n\n- one\n\n  {picture}"),
        format!("{WORDS}\n{picture}"),
    ] {
        let here = here(&text);
        let output = here.run(&["check"]);
        assert!(is_quiet(&output), "{text}: {output:?}");
        let html = html(&here);
        let tag = html.split("<img").nth(1).unwrap().split('>').next().unwrap();
        assert!(tag.contains("alt=\"The quay &amp; the sea\""), "{html}");
        assert!(tag.contains("width=\"552\""), "{html}");
        assert!(
            !text.contains("href") || html.contains("<a href=\"https://quay.sejong.example/\"")
        );
        assert!(self::text(&here).contains("The quay & the sea"), "{text}");
    }
    for (text, help) in [
        ("<img src=\"images/q.png\" alt=\"A quay\">", "![A quay](images/q.png)"),
        ("<p><img src=\"images/p.png\"></p>", "![what it shows](images/p.png)"),
        ("<p>See <img src=\"https://a.example/m.png\" alt=\"Map\"></p>", "![Map](m.png)"),
    ] {
        let output = here(text).run(&["check"]);
        assert!(output.stdout.contains(help), "{text}: {output:?}");
        assert!(!output.stdout.contains("link-text"), "{text}: {output:?}");
    }
}
