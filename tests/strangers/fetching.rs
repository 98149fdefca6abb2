//! A mail fetches nothing but the pictures of its publication, whatever a style sheet or an article
//! holds.

use crate::harness::Publication;

const EVIL: &str = "evil.example";

fn with_article(body: &str) -> Publication {
    Publication::new().write(
        "issues/2025-11/hangul.md",
        format!("---\ntitle: Hangul\n---\n\nLetters.\n\n{body}\n"),
    )
}

fn rendered(here: &Publication) -> String {
    here.run(&["render", "2025-11"]).stdout
}

#[test]
fn a_style_sheet_fetches_nothing_in_any_of_its_rules() {
    let values = [
        "url(https://evil.example/a)",
        "URL( 'https://evil.example/a' )",
        "url/* */(https://evil.example/a)",
        "u\\72l(https://evil.example/a)",
        "image-set(\"https://evil.example/a\" 1x)",
        "-webkit-image-set('//evil.example/a' 1x)",
        "src(\"https://evil.example/a\")",
        "cross-fade(url(https://evil.example/a), red)",
        "image(\"https://evil.example/a\")",
        "paint(evil.example)",
        "attr(title type(<url>), 'https://evil.example')",
        "expression(evil.example)",
        "progid:DXImageTransform.Microsoft.AlphaImageLoader(src='https://evil.example/a')",
        "\"https://evil.example/a\"",
        "'//evil.example/a'",
    ];
    for value in values {
        for (rule, line) in [
            (format!("\np {{ background: {value} }}"), 2),
            (format!("\n\na:hover {{ cursor: {value}, auto }}"), 3),
            (format!("@media screen {{\np {{ content: {value} }} }}"), 2),
            (format!("p {{\n\n --x: {value}; list-style: var(--x) }}"), 3),
        ] {
            let here = Publication::new().write("style.css", &rule);
            let output = here.run(&["check"]);
            assert_eq!(output.code, 3, "{rule}: {}", output.stderr);
            let place = format!("style.css:{line}:");
            assert!(output.stdout.contains(&place), "{rule}: {}", output.stdout);
            assert!(output.stdout.contains("style") && output.stdout.contains("help"));
            assert!(!rendered(&here).contains(EVIL), "{rule}");
        }
    }
}

#[test]
fn at_rules_that_fetch_are_refused() {
    for rule in [
        "@import \"https://evil.example/a\";",
        "@import url(https://evil.example/a);",
        "@IMPORT 'https://evil.example/a';",
        "@font-face { font-family: x; src: local(evil.example) }",
        "@namespace x \"https://evil.example/a\";",
        "@media screen { @font-face { src: url(https://evil.example/a) } }",
        "@media screen { @import \"https://evil.example/a\"; }",
        "@i\\6dport \"https://evil.example/a\";",
        "p { behavior: evil.example }",
        "p { -moz-binding: evil.example }",
        "p { color: red } </style><img src=https://evil.example/a>",
        "p { color: red } q { content: \"</style><img src=//evil.example/a>\" }",
    ] {
        let here = Publication::new().write("style.css", format!("h1 {{ margin: 0 }}\n{rule}"));
        let output = here.run(&["check"]);
        assert_eq!(output.code, 3, "{rule}: {}", output.stderr);
        assert!(output.stdout.contains("style.css:2:"), "{rule}: {}", output.stdout);
        assert!(!rendered(&here).contains(EVIL), "{rule}");
    }
}

#[test]
fn a_style_in_an_article_is_held_to_the_same() {
    for value in [
        "background:url(https://evil.example/a)",
        "background:image-set('https://evil.example/a' 1x)",
        "background:u\\72l(https://evil.example/a)",
        "position:fixed;content:'evil.example'",
    ] {
        for tag in ["<p style=\"{}\">x</p>", "Some <span style=\"{}\">x</span> text."] {
            let here = with_article(&tag.replace("{}", value));
            let output = here.run(&["check"]);
            assert_eq!(output.code, 3, "{value}: {}", output.stderr);
            assert!(output.stdout.contains("hangul.md:7:"), "{value}: {}", output.stdout);
            assert!(!rendered(&here).contains(EVIL), "{value}");
        }
    }
}

#[test]
fn no_element_and_no_attribute_of_an_article_fetches() {
    for html in [
        "<table background=https://evil.example/a><tr><td>x</td></tr></table>",
        "<div><img srcset=\"https://evil.example/a 2x\" src=https://evil.example/b></div>",
        "<video poster=https://evil.example/a></video>",
        "<div><audio><source src=https://evil.example/a></audio></div>",
        "<a href=\"https://ok.example/\" ping=\"https://evil.example/a\">words to click</a>",
        "<object data=https://evil.example/a></object>",
        "<embed src=https://evil.example/a>",
        "<iframe src=https://evil.example/a></iframe>",
        "<link rel=stylesheet href=https://evil.example/a>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example/a\">",
        "<base href=https://evil.example/>",
        "<form action=https://evil.example/a><input type=image src=https://evil.example/b></form>",
        "<svg><image xlink:href=https://evil.example/a></image></svg>",
        "<math href=https://evil.example/a>x</math>",
        "<style>p{background:url(https://evil.example/a)}</style>",
        "<blockquote cite=https://evil.example/a>x</blockquote>",
        "Some <img src=https://evil.example/a> text.",
        "Some <b background=https://evil.example/a>bold</b> text.",
    ] {
        let here = with_article(html);
        let output = here.run(&["check"]);
        assert!(output.stdout.contains("html-removed"), "{html}: {}", output.stdout);
        assert!(output.stdout.contains("hangul.md:7:"), "{html}: {}", output.stdout);
        assert!(!rendered(&here).contains(EVIL), "{html}");
    }
}

#[test]
fn ordinary_style_sheets_are_not_disturbed() {
    let here = Publication::new().write(
        "style.css",
        "/* Ours: https://sejong.example/style */\n@media (max-width: 599px) { .x { margin: calc(1px + 2px) } }\n\
         h1 { color: rgb(20 20 20); font-family: 'Nanum Myeongjo', serif }\n\
         a:not(.k):hover { color: #234567 !important }\n",
    );
    let output = here.run(&["check"]);
    assert!(!output.stdout.contains("[style]"), "{}", output.stdout);
    assert!(rendered(&here).contains("Nanum Myeongjo"));
}
