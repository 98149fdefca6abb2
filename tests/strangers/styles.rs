//! A style sheet or raw HTML of a stranger hides neither the footer nor the letter; sheets as
//! designers write them pass.

use crate::harness::Publication;

pub(crate) fn with_style(css: &str) -> Publication {
    Publication::new().write("style.css", css)
}

pub(crate) fn with_article(body: &str) -> Publication {
    Publication::new().write(
        "issues/2025-11/hangul.md",
        format!("---\ntitle: Hangul\n---\n\nLetters.\n\n{body}\n"),
    )
}

/// The same with a second article, so that titles stand below a section's heading.
pub(crate) fn with_two_articles(body: &str) -> Publication {
    with_article(body)
        .write("issues/2025-11/other.md", "---\ntitle: Other\n---\n\nOther letters.\n")
        .edit("issues/2025-11/issue.toml", "[\"hangul\"]", "[\"hangul\", \"other\"]")
}

#[test]
fn sheets_as_designers_write_them_pass() {
    for (name, sheet) in [
        ("reset", include_str!("sheets/reset.css")),
        ("columns", include_str!("sheets/columns.css")),
        ("grid", include_str!("sheets/grid.css")),
        ("hybrid", include_str!("sheets/hybrid.css")),
        ("utilities", include_str!("sheets/utilities.css")),
        ("magazine", include_str!("sheets/magazine.css")),
        ("plain", include_str!("sheets/plain.css")),
        ("letterpress", include_str!("sheets/letterpress.css")),
        ("weekly", include_str!("sheets/weekly.css")),
    ] {
        let output = with_style(sheet).run(&["check"]);
        assert_eq!(output.code, 0, "{name}: {}{}", output.stdout, output.stderr);
    }
}

#[test]
fn what_hides_the_footer_only_together_is_told_at_its_place() {
    for (sheet, line) in [
        (
            "@media screen {\n.f p { color: #222 !important }\n}\n@media (max-width: 900px) {\n.f { background: #333 !important }\n}",
            5,
        ),
        (".b { opacity: .7 }\n\n.f { opacity: .6 }", 3),
        ("\n*:lang(en) { font-size: 80% }", 2),
        ("p {\n font: 20px/0 serif }", 2),
        (".f {\n font-family: Webdings }", 2),
        ("@media (prefers-color-scheme: dark) {\n .f p { color: #222 !important } }", 2),
        (":root { --s: 1px }\n.f { font-size: var(--s) }", 2),
    ] {
        let output = with_style(sheet).run(&["check"]);
        assert_eq!(output.code, 3, "{sheet}: {}", output.stdout);
        assert!(output.stdout.contains("footer-style"), "{sheet}: {}", output.stdout);
        assert!(
            output.stdout.contains(&format!("style.css:{line}:")),
            "{sheet}: {}",
            output.stdout
        );
    }
}

#[test]
fn what_empties_the_letter_is_told_at_its_place() {
    for sheet in [
        "\n.s { display: none }",
        "\n.art { display: none }",
        "\n#hangul { display: none }",
        "\nbody * { font-size: 0 }",
        "\nh2, .art p { color: #fffffe }",
        "@media screen {\n.art { visibility: hidden } }",
        "@media (prefers-color-scheme: dark) {\n.s { background: #e6e4df !important } }",
        "\n.art { max-height: 1px; overflow: hidden }",
        "@media (max-width: 599px) {\n.art img, .p img { display: none } }",
        "\nimg { object-position: center; width: 0; height: 0 }",
        "\nsup { color: #fffefb }",
        "\nsup, sub { font-size: 0 }",
        "\n.art p:hover { color: #fffefb !important }",
        "\n.art:hover { font-size: 0 !important }",
        "\n.f p::first-letter { font-size: 96px }",
        "@media (prefers-color-scheme: dark)\nor (min-width: 1px) { .art p { color: #fffefb !important } }",
        "@media (prefers-color-scheme: dark)\nor\t(min-width: 1px) { .f p { color: #f2f0eb !important } }",
        "@media (print)\nor (min-width: 1px) { .art p { display: none } }",
    ] {
        let output = with_style(sheet).run(&["check"]);
        assert_eq!(output.code, 3, "{sheet}: {}", output.stdout);
        let told =
            ["letter-hidden", "footer-style"].iter().any(|rule| output.stdout.contains(rule));
        assert!(told && output.stdout.contains("style.css:2:"), "{sheet}: {}", output.stdout);
    }
}

/// Nobody here has looked at what such a property does.
#[test]
fn what_digest_does_not_know_goes_into_no_mail() {
    let unknown = [
        "-webkit-box-reflect: below 0px",
        "-webkit-margin-after: -420px",
        "-webkit-mask-box-image: linear-gradient(transparent, transparent)",
        "-webkit-text-security: disc",
        "-webkit-text-stroke-width: 20px",
        "-webkit-text-stroke-color: #ffffff",
        "-webkit-font-size-delta: -20px",
        "all: unset",
        "container: x / size",
        "container-type: size",
        "font-size-adjust: 0.01",
        "initial-letter: 20",
        "line-clamp: 1",
        "mask-border: linear-gradient(transparent, transparent)",
        "mask-border-source: linear-gradient(transparent, transparent)",
        "max-lines: 1",
        "mso-nobody-knows: 1",
        "mso-style-textfill-fill-alpha: 0%",
        "stroke: #ffffff",
        "stroke-width: 20px",
        "text-combine-upright: all",
    ];
    for sheet in [".art { orphans: 3; X }", "@media screen { .art { orphans: 3; X } }"] {
        for some in unknown.chunks(7) {
            let here = with_style(&sheet.replace('X', &some.join("; ")));
            let output = here.run(&["check"]);
            assert_eq!(output.code, 0, "{some:?}: {}", output.stdout);
            let html = here.run(&["render", "2025-11"]).stdout;
            for declaration in some {
                let name = declaration.split(':').next().unwrap();
                let told = format!("digest does not know {name}, and leaves it out");
                assert!(output.stdout.contains(&told), "{name}: {}", output.stdout);
                assert!(html.contains("orphans") && !html.contains(&format!("{name}:")), "{html}");
            }
        }
    }
    let known = ".art { -webkit-font-smoothing: antialiased; -webkit-text-size-adjust: 100%; \
                 text-rendering: optimizeLegibility; word-break: break-word; \
                 mso-line-height-rule: exactly; mso-table-lspace: 0pt; \
                 transition-duration: 1s; overflow-wrap: anywhere }";
    let output = with_style(known).run(&["check"]).stdout;
    assert!(!output.contains("does not know"), "{output}");
}

#[test]
fn values_that_leave_no_words_are_told() {
    for declarations in [
        "text-decoration: line-through 8px #ffffff",
        "text-decoration: line-through; text-decoration-thickness: 1em",
        "border: 400px solid #ffffff",
        "border-bottom: 60px solid #ffffff",
        "-webkit-text-size-adjust: 50%",
        "mso-font-width: 1%",
        "mso-style-textfill-fill-color: white",
        "mso-ascii-font-family: Webdings",
    ] {
        let output = with_style(&format!("\n.art p {{ {declarations} }}")).run(&["check"]);
        assert_eq!(output.code, 3, "{declarations}: {}", output.stdout);
        let told =
            ["letter-hidden", "footer-style"].iter().any(|rule| output.stdout.contains(rule));
        assert!(told && output.stdout.contains("style.css:2:"), "{declarations}");
    }
    for declarations in [
        "text-decoration: line-through",
        "text-decoration: underline 3px",
        "border: 12px solid #cccccc",
    ] {
        let output = with_style(&format!("\n.art p {{ {declarations} }}")).run(&["check"]);
        assert_eq!(output.code, 0, "{declarations}: {}", output.stdout);
    }
}

#[test]
fn a_selector_has_some_parts() {
    let many = |part: &str| (0..3_000).map(|at| format!("{part}{at}")).collect::<String>();
    for selector in [many(".a"), format!("p {}", many(" .a")), format!("p:not({})", many(",.a"))] {
        let output = with_style(&format!("\n{selector} {{ margin: 0 }}")).run(&["check"]);
        assert_eq!(output.code, 3, "{}", output.stdout);
        assert!(output.stdout.contains("has at most 64 parts"), "{}", output.stdout);
        assert!(output.stdout.contains("style.css:2:1"), "{}", output.stdout);
    }
    let ordinary = format!("\n{} p {{ margin: 0 }}", ".art".repeat(20));
    assert_eq!(with_style(&ordinary).run(&["check"]).code, 0);
}

#[test]
fn raw_html_covers_nothing_and_ordinary_html_passes() {
    for html in [
        "<div style=\"margin-bottom:-24px\"><div style=\"margin-bottom:-24px\">x</div></div>",
        "<div style=\"margin-block-end:-9in\">x</div>",
        "<p style=\"padding-top:50in\">x</p>",
        "<p style=\"nobody-knows:this\">x</p>",
    ] {
        let output = with_article(html).run(&["check"]);
        assert_eq!(output.code, 3, "{html}: {}", output.stdout);
        assert!(output.stdout.contains("hangul.md:7:"), "{html}: {}", output.stdout);
    }
    for html in [
        "<p>Water is H<sub style=\"position:relative;top:1px\">2</sub>O.</p>",
        "<table style=\"overflow:hidden;border-radius:8px\" width=\"100%\"><tr><td style=\"padding:8px;height:44px\">x</td></tr></table>",
        "<div style=\"display:flex;gap:8px;max-width:100%\"><p style=\"margin:0\">a</p></div>",
        "<p style=\"font-size:clamp(14px, 2vw, 18px);margin:0 0 12px -4px\">x</p>",
        "<p style=\"opacity:.9;border-left:4px solid #ccc;padding:0 12px\">x</p>",
    ] {
        let output = with_article(html).run(&["check"]);
        assert_eq!(output.code, 0, "{html}: {}", output.stdout);
    }
}

/// What is positioned is painted above all that follows it.
#[test]
fn nothing_goes_out_positioned() {
    let covers = "<p style=\"position:relative;margin-bottom:-8px;\
                  box-shadow:0 2px 4px #f3f1ec\">.</p>";
    let html = with_article(covers).run(&["render", "2025-11"]).stdout;
    assert!(html.contains("box-shadow") && !html.contains("relative"), "{html}");
    let html = with_style("sup { position: relative; top: -1px }\n.k:active { Position:relative }");
    let html = html.run(&["render", "2025-11"]).stdout;
    assert!(!html.contains("relative"), "{html}");
}

#[test]
fn a_letter_of_which_half_is_hidden_is_told() {
    let long = "Words that nobody reads. ".repeat(200);
    let output = with_article(&format!("<div style=\"display:none\">{long}</div>")).run(&["check"]);
    assert_eq!(output.code, 3, "{}", output.stdout);
    assert!(output.stdout.contains("letter-hidden"), "{}", output.stdout);
    assert!(output.stdout.contains("hangul.md:7:"), "{}", output.stdout);
}

#[test]
fn words_of_the_footer_keep_their_colour_in_the_dark() {
    let html = with_style("p { color: #222 }").run(&["render", "2025-11"]).stdout;
    assert!(html.contains(".f p{color:"), "{html}");
    let html = with_style("h1 { color: #222 }").run(&["render", "2025-11"]).stdout;
    assert!(!html.contains(".f p{color:"), "{html}");
}

/// What only readers in one of both modes do not see; `true` where a rule of the sheet chose it.
#[test]
fn text_like_its_ground_in_one_mode_is_told() {
    let body = "## Four\n\n### Five\n\n~~Struck~~ and `code`.\n\n<dl><dt>a</dt><dd>b</dd></dl>";
    for (query, ground) in [("dark", "#1b2029"), ("light", "#fffefb")] {
        for selector in [".p", "h5", ".e", "s", "dd", ".art s", ".nm", ".m", "td.p"] {
            let sheet = format!(
                "\n@media (prefers-color-scheme: {query}) {{ {selector} {{ color: {ground} !important }} }}"
            );
            let here = with_two_articles(body).write("style.css", &sheet);
            let output = here.run(&["check"]);
            assert_eq!(output.code, 3, "{sheet}: {}", output.stdout);
            assert!(output.stdout.contains("letter-hidden"), "{sheet}: {}", output.stdout);
            assert!(output.stdout.contains("style.css:2:"), "{sheet}: {}", output.stdout);
        }
    }
}

#[test]
fn words_that_raw_html_hides_are_told() {
    let long = "Words that everybody reads. ".repeat(9);
    for style in [
        "display:none",
        "visibility:hidden",
        "font-size:0",
        "font:0/0 serif",
        "color:transparent",
        "text-indent:-999px",
        "max-height:0;overflow:hidden",
        "letter-spacing:-1em",
        "mso-hide:all",
        "text-decoration:line-through 40px",
    ] {
        for html in [
            format!("{long}\n\n<p style=\"{style}\">Hidden.</p>"),
            format!("{long}<span style=\"{style}\">hidden</span>"),
        ] {
            let output = with_article(&html).run(&["check"]);
            assert!(output.stdout.contains("letter-hidden"), "{html}: {}", output.stdout);
            assert!(output.stdout.contains("hangul.md:"), "{html}: {}", output.stdout);
        }
    }
    for html in [
        "<div style=\"font-size:0\"><span style=\"font-size:16px\">a</span></div>",
        "<div style=\"font-size:0;line-height:0;height:8px\">&nbsp;</div>",
        "<p style=\"opacity:.8;letter-spacing:-.5px;text-indent:-1em\">a</p>",
    ] {
        let output = with_article(html).run(&["check"]);
        assert!(!output.stdout.contains("letter-hidden"), "{html}: {}", output.stdout);
    }
    let output = with_article("<p style=\"color:#fffefb\">White.</p>").run(&["check"]);
    assert!(output.code == 3 && output.stdout.contains("hangul.md:7:"), "{}", output.stdout);
}

/// One dark rule says nothing of what it does not mean.
#[test]
fn each_element_without_a_dark_rule_is_looked_at() {
    let dark = "@media (prefers-color-scheme: dark) { h1 { color: #fff } }";
    let told = |rest: &str| with_style(&format!("{rest}\n{dark}")).run(&["check"]).stdout;
    let output = told(".art p { color: #222 }");
    assert!(output.contains("text-contrast") && output.contains("style.css:1:"), "{output}");
    let output = told(".q, .s { background: #fdfdfd }");
    assert!(!output.contains("text-contrast"), "{output}");
    let mended = ".art p { color: #222 }\n\
                  @media (prefers-color-scheme: dark) { .art p { color: #ddd !important } }";
    assert!(!told(mended).contains("text-contrast"));
    // Words of the footer are given their colour back.
    assert!(!told(".f p { color: #222 }").contains("text-contrast"));
}

const TABLES: &str = "| a | b |\n| - | - |\n| c | d |\n| e | f |\n\n\
    <table title=\"<table \"><tr><th>Raw</th></tr><tr><td>cell</td></tr></table>\n\n> [!NOTE]\n> Said aside.";

/// The letter is laid out in tables, too.
#[test]
fn rules_about_tables_reach_only_those_that_somebody_wrote() {
    for (sheet, count) in [
        ("td { padding: 3px; border: 7px solid #123456 }", 5),
        ("table { border: 7px solid #123456 }", 2),
        ("* > table { border: 7px solid #123456 }", 2),
        (".art td { border: 7px solid #123456 }", 5),
        (":is(td) { border: 7px solid #123456 }", 0),
    ] {
        let here = with_article(TABLES).write("style.css", sheet);
        let html = here.run(&["render", "2025-11"]).stdout;
        let found = html.matches("7px solid #123456").count();
        assert!(found == count || count == 0 && found <= 5, "{sheet}: {found}");
        let footer = html.rsplit_once("<tr>").unwrap().1;
        assert!(!footer.contains("7px"), "{sheet}: {footer}");
    }
    // What has a ground in light mode only is told.
    for sheet in ["tr:nth-child(even) { background: #eee }", "td { background: #eee }"] {
        let output = with_article(TABLES).write("style.css", sheet).run(&["check"]);
        assert_eq!(output.code, 0, "{sheet}: {}", output.stdout);
        assert!(output.stdout.contains("in dark mode"), "{sheet}: {}", output.stdout);
    }
    let both = "td { background: #eee }\n\
                @media (prefers-color-scheme: dark) { td { background: #222; color: #eee } }";
    let output = with_article(TABLES).write("style.css", both).run(&["check"]).stdout;
    assert!(!output.contains("in dark mode"), "{output}");
}

#[test]
fn slips_are_told_at_their_place_and_left_out() {
    for (declaration, words) in [
        ("colour: #222", "property colour is not known: did you mean color?"),
        ("font-wieght: bold", "did you mean font-weight?"),
        ("margn: 0", "did you mean margin?"),
        ("color: #22", "is no value of color"),
        ("color #222", "write color: #222"),
        ("text-align: centre", "did you mean center?"),
        ("font-size: 17", "did you mean 17px?"),
        ("color: #222 !imporant", "did you mean !important?"),
    ] {
        for selector in ["p", ".art", "a:hover"] {
            let here =
                with_style(&format!("\n{selector} {{ orphans: 3; {declaration}; widows: 7 }}"));
            let output = here.run(&["check"]);
            assert_eq!(output.code, 0, "{declaration}: {}", output.stdout);
            assert!(output.stdout.contains(words), "{declaration}: {}", output.stdout);
            let column = selector.len() + 16;
            assert!(output.stdout.contains(&format!("style.css:2:{column}")), "{}", output.stdout);
            let html = here.run(&["render", "2025-11"]).stdout;
            let name = declaration.split([':', ' ']).next().unwrap();
            let written = [format!("{declaration};"), format!("orphans:3;{name}")];
            assert!(html.contains("widows") && !written.iter().any(|w| html.contains(w)), "{html}");
        }
    }
}

#[test]
fn names_that_no_letter_has_are_told_with_what_was_meant() {
    for (selector, meant) in [
        (".btn", ".k"),
        (".infobox", ".q"),
        (".header", ".hd"),
        (".foot", ".f"),
        (".article-title", ".t"),
        ("footer", ".f"),
        (".lettr", ".letter"),
    ] {
        let output = with_style(&format!("\nh1, {selector} {{ orphans: 3 }}")).run(&["check"]);
        assert_eq!(output.code, 0, "{}", output.stdout);
        assert!(output.stdout.contains(&format!("did you mean {meant}?")), "{}", output.stdout);
        assert!(output.stdout.contains("style.css:2:5"), "{}", output.stdout);
    }
    let output = with_style(".k, .ExternalClass td, .moz-text-html p, #x p { orphans: 3 }");
    assert!(output.run(&["check"]).stdout.starts_with("no problems"));
    // The names in words that the reference lists reach what they say.
    let here = with_article("[Go](https://a.example/){.button}")
        .write("style.css", ".button { border-radius: 17px } .footer { padding-top: 19px }");
    let output = here.run(&["check"]);
    assert!(!output.stdout.contains("style.css"), "{}", output.stdout);
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(html.contains("border-radius:17px") && html.contains("padding-top:19px"), "{html}");
}

/// What an author says of a title holds on every screen, and while somebody points at a link.
#[test]
fn an_author_s_rules_win_over_ours() {
    let here = with_two_articles("Words.").write(
        "style.css",
        "h2, h3 { font-size: 31px }\n.t { letter-spacing: 3px }\nh3 { letter-spacing: 9px }\n\
         a:hover { color: #a00000 }\n@media (max-width: 480px) { h3 { font-size: 40px } }",
    );
    let html = here.run(&["render", "2025-11"]).stdout;
    for level in ["<h2", "<h3"] {
        let title = html.split(level).nth(1).unwrap().split('>').next().unwrap();
        let size = title.rfind("font-size:31px").unwrap();
        assert!(title.rfind("font:").is_none_or(|font| font < size), "{title}");
        assert!(!title.contains("9px"), "{title}");
    }
    assert!(html.contains("a:hover { color: #a00000 !important"), "{html}");
    assert!(html.contains("font-size: 40px !important"), "{html}");
    // Buttons keep their colour.
    let button = with_article("[Go](https://a.example/){.button}")
        .write("style.css", "a { color: #a00000 }")
        .run(&["render", "2025-11"])
        .stdout;
    let after = button.split("Go</a>").next().unwrap();
    assert!(!after.rsplit("<a ").next().unwrap().contains("#a00000"), "{button}");
}

#[test]
fn sizes_in_attributes_keep_within_bounds() {
    for size in
        ["border=9999", "cellpadding=\"9999\"", "cellspacing='9999'", "width=9999", "height=9999"]
    {
        let here = with_article(&format!("<table {size}><tr><th>x</th></tr></table>"));
        let output = here.run(&["check"]).stdout;
        assert!(output.contains("html-removed"), "{size}: {output}");
        assert!(output.contains("hangul.md:7:"), "{size}: {output}");
        assert!(!here.run(&["render", "2025-11"]).stdout.contains("9999"), "{size}");
    }
    let ordinary =
        "<table border=\"0\" cellpadding=\"8\" width=\"100%\"><tr><th>x</th></tr></table>";
    assert!(with_article(ordinary).run(&["check"]).stdout.starts_with("no problems"));
}

/// The classes that docs/reference.md lists.
fn listed() -> Vec<String> {
    let reference = include_str!("../../docs/reference.md");
    let (_, section) = reference.split_once("\n## Classes for style.css\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `."));
    let names = rows.flat_map(|row| row.split(" |").next().unwrap().split('`'));
    names.filter_map(|name| name.strip_prefix('.')).map(str::to_owned).collect()
}

const EVERYTHING: &str = "---\ntitle: Hangul\nauthor: Kim\nurl: https://a.example/\n---\n\n\
    Words `code` ![i](i.png) in a line.[^1]\n\n## One\n\n### Two\n\n> Few words.\n\n\
    > [!NOTE]\n> Said.\n\n- a\n- b\n\n[Go](https://a.example/){.button}\n\n```\ncode\n```\n\n\
    | a | b | c |\n| - | -: | :-: |\n| a | b | c |\n\n<table><tr><th>x</th></tr></table>\n\n---\n\n\
    ![i](i.png)\n![i](i.png)\n\n[^1]: A note.\n";

#[test]
fn each_class_of_the_reference_stands_in_some_letter() {
    let listed = listed();
    let selectors: Vec<String> = listed.iter().map(|name| format!(".{name}")).collect();
    let sheet = format!("@media (max-width: 1px) {{ {} {{ orphans: 3 }} }}", selectors.join(","));
    let mut found = std::collections::BTreeSet::new();
    let png = |width: u32| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbaImage::new(width, 40).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    for preset in ["celadon", "studio"] {
        for (logo, contents, layouts) in [
            ("", "links", ["stack", "columns", "brief"]),
            ("logo = \"logo.png\"\n", "text", ["stack", "links", "columns"]),
            ("", "off", ["one", "", ""]),
        ] {
            let mut issue = format!(
                "title = \"October\"\nsubject = \"Hello\"\ndate = 2025-11-06\nnumber = 1\n\
                 preheader = \"A preheader that is long enough to fill its line.\"\n\
                 contents = \"{contents}\"\n"
            );
            let mut here = Publication::new().write("style.css", &sheet).write("logo.png", png(80));
            for (at, layout) in layouts.iter().enumerate().filter(|(_, layout)| !layout.is_empty())
            {
                let articles = if *layout == "one" {
                    "[\"hangul\"]".to_owned()
                } else {
                    format!("[\"a{at}\", \"b{at}\"]")
                };
                let layout = layout.replace("one", "stack");
                issue.push_str(&format!(
                    "[[section]]\nheading = \"Section {at}\"\nlayout = \"{layout}\"\n\
                     articles = {articles}\n"
                ));
                for name in ["a", "b"] {
                    let text = EVERYTHING.replace("Hangul", &format!("Title {name}{at}"));
                    here = here.write(&format!("issues/2025-11/{name}{at}.md"), text);
                }
            }
            here = here
                .write("issues/2025-11/hangul.md", EVERYTHING)
                .write("issues/2025-11/i.png", png(60))
                .write("issues/2025-11/issue.toml", issue);
            let theme =
                format!("{}\n[theme]\npreset = \"{preset}\"\n{logo}", here.read("digest.toml"));
            let output = here.write("digest.toml", theme).run(&["render", "2025-11"]);
            assert_eq!(output.code, 0, "{}", output.stderr);
            for classes in output.stdout.split(" class=\"").skip(1) {
                let classes = classes.split('"').next().unwrap();
                found.extend(classes.split(' ').map(str::to_owned));
            }
        }
    }
    let missing: Vec<&String> = listed.iter().filter(|name| !found.contains(*name)).collect();
    assert!(missing.is_empty() && listed.len() > 40, "{missing:?}");
}

/// What is see-through is painted above whatever follows, with its shadow: it could cover the footer.
#[test]
fn nothing_goes_out_see_through() {
    let sheets = [
        ".art { opacity: .99; box-shadow: 0 60px 0 60px #f2f0eb; margin-bottom: -12px }",
        ".e { OPACITY : .99 !important; box-shadow: 0 60px 0 60px #f2f1ec }",
        "@media screen { .art p { -webkit-opacity: .9 } }",
    ];
    for sheet in sheets {
        let html = with_style(sheet).run(&["render", "2025-11"]).stdout.to_ascii_lowercase();
        for value in [".99", ".9"] {
            assert!(!html.contains(&format!("opacity:{value}")), "{sheet}: {html}");
            assert!(!html.contains(&format!("opacity: {value}")), "{sheet}: {html}");
            assert!(!html.contains(&format!("opacity : {value}")), "{sheet}: {html}");
        }
    }
    let raw = "<span style=\"background:#fff;padding:400px 300px;opacity:.99\">x</span>";
    let html = with_article(raw).run(&["render", "2025-11"]).stdout;
    assert!(!html.contains("opacity:.99") && !html.contains("opacity:0.99"), "{html}");
    // Words that were to be hidden so are seen.
    let html =
        with_article("<p style=\"opacity:0\">Hidden.</p>").run(&["render", "2025-11"]).stdout;
    let (before, _) = html.split_once("Hidden.").expect("the words are there");
    let paragraph = &before[before.rfind("<p").expect("a paragraph")..];
    assert!(!paragraph.contains("opacity:0"), "{paragraph}");
}

/// Each is left out and told, and everything else of the rule stays.
#[test]
fn what_mail_programs_do_not_agree_on_is_left_out() {
    for (declarations, name) in [
        ("aspect-ratio: 20; overflow: hidden", "aspect-ratio"),
        ("display: grid; grid-auto-rows: 10px; overflow: clip", "grid"),
        ("display: flex; flex: 0 0 640px", "flex"),
        ("display: var(--d, grid)", "grid"),
        ("-webkit-column-count: 30", "column-count"),
        ("grid-area: 1 / 1", "grid-area"),
        ("gap: 9999px", "gap"),
        ("display: table-cell; min-width: 320px", "min-width"),
        ("left: 24px; top: 184px", "left"),
        ("-webkit-text-fill-color: transparent", "fill-color"),
        ("writing-mode: vertical-rl", "writing-mode"),
        ("transform: scale(0)", "transform"),
        ("margin: -8px -24px", "-8px"),
    ] {
        for sheet in ["\n.art p { orphans: 3; X }", "@media screen {\n.art p { orphans: 3; X } }"] {
            let here = with_style(&sheet.replace('X', declarations));
            let output = here.run(&["check"]);
            assert_eq!(output.code, 0, "{declarations}: {}", output.stdout);
            assert!(output.stdout.contains("left out: "), "{declarations}: {}", output.stdout);
            assert!(output.stdout.contains("style.css:2:"), "{declarations}: {}", output.stdout);
            let html = here.run(&["render", "2025-11"]).stdout;
            assert!(html.contains("orphans") && !html.contains(name), "{declarations}: {html}");
        }
    }
    for style in ["display:flex;gap:8px", "aspect-ratio:20", "flex:1 0 640px", "min-width:900px"] {
        let here = with_article(&format!("<p style=\"margin:3px;{style}\">Words.</p>"));
        let output = here.run(&["check"]);
        assert_eq!(output.code, 0, "{style}: {}", output.stdout);
        assert!(output.stdout.contains("html-removed"), "{style}: {}", output.stdout);
        assert!(output.stdout.contains("hangul.md:7:"), "{style}: {}", output.stdout);
        let html = here.run(&["render", "2025-11"]).stdout;
        assert!(html.contains("margin:3px") && !html.contains(style), "{style}: {html}");
    }
}

#[test]
fn words_in_words_are_not_hidden_either() {
    for sheet in [
        "@media screen {\nli li, td p { display: none } }",
        "@media screen {\n.callout li { visibility: hidden } }",
        "@media (max-width: 9999px) {\nh4 em { font-size: 0 } }",
        "\na strong { display: none }",
        "\ntd:not(.footer) p { opacity: 0 }",
    ] {
        let output = with_style(sheet).run(&["check"]);
        assert_eq!(output.code, 3, "{sheet}: {}", output.stdout);
        assert!(output.stdout.contains("letter-hidden"), "{sheet}: {}", output.stdout);
        assert!(output.stdout.contains("style.css:2:"), "{sheet}: {}", output.stdout);
    }
}

#[test]
fn the_footer_keeps_its_size_and_its_words() {
    for sheet in [".f a { font-size: 60px }", ".f { font-size: 30px }"] {
        assert_eq!(with_style(sheet).run(&["check"]).code, 3, "{sheet}");
    }
    for sheet in [".f a::before { content: \"not \" }", "p::after { content: \"(over)\" }"] {
        let here = with_style(sheet);
        let output = here.run(&["check"]);
        assert!(output.code == 0 && output.stdout.contains("left out"), "{}", output.stdout);
        assert!(!here.run(&["render", "2025-11"]).stdout.contains("content:"), "{sheet}");
    }
}

/// The number and the date in a masthead take the colour that its author gives with a ground; where
/// the rule goes, that goes as well.
#[test]
fn what_an_author_says_of_the_masthead_is_told_once() {
    for sheet in [
        ".masthead { background: #0a7d5a; color: #fff }",
        ".hd { background: #1f5f8b; color: #fff }",
        ".masthead, .button { background: #0a7d5a; color: #fff }",
    ] {
        let output = with_style(sheet).run(&["check"]);
        assert_eq!(output.code, 0, "{sheet}: {}", output.stdout);
    }
    let refused = with_style(".masthead { background: #0a7d5a; color: #fff; font-size: 0 }");
    let output = refused.run(&["check"]).stdout;
    assert!(output.contains("letter-hidden") && !output.contains("text-contrast"), "{output}");
    let gradient = ".button { background-image: linear-gradient(#2a6, #185); color: #fff }";
    let output = with_style(gradient).run(&["check"]).stdout;
    assert!(output.contains("write it as background instead of background-image"), "{output}");
}

#[test]
fn ordinary_sheets_are_not_refused() {
    for sheet in [
        ":root { --font: \"Inter\", Arial, sans-serif } body { font-family: var(--font) }",
        ".art { font-family: var(--f, Georgia, serif) }",
        "h2 { line-height: 24px }",
        "h2 { font-size: 11pt; line-height: 18pt }",
        ".columns > * { position: absolute; min-width: 0 }",
        ".toc a { display: none }",
        "section p { display: none }",
        ".masthead { background: #111827; color: #ffffff }",
        "[data-ogsb] .letter { background-color: #161b22 !important }",
        "[data-ogsb] .letter { background-color: #161b22 !important } [data-ogsc] .letter { color: #e6edf3 !important }",
        ".article h3 { height: 32px; line-height: 32px }",
    ] {
        let output = with_style(sheet).run(&["check"]);
        assert_eq!(output.code, 0, "{sheet}: {}", output.stdout);
    }
}
