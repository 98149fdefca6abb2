//! Styles of a stranger are held to bounds, each property to its own: what is out of them, or cannot be
//! read, is told at its place and goes into no mail. What designers write passes.

use crate::styles::{with_article, with_style, with_two_articles};

const RULES: [&str; 2] = ["letter-hidden", "footer-style"];

/// Each of the sheets is refused, at its second line.
#[track_caller]
fn refused(sheets: &[&str]) {
    let mut passed = Vec::new();
    for sheet in sheets {
        let output = with_style(&format!("\n{sheet}")).run(&["check"]);
        let told = RULES.iter().any(|rule| output.stdout.contains(rule));
        let is_told = output.code == 3 && told && output.stdout.contains("style.css:2:");
        passed.extend((!is_told).then(|| format!("{sheet}: {}", output.stdout)));
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

/// Each of the sheets passes without an error.
#[track_caller]
fn passes(sheets: &[&str]) {
    let mut told = Vec::new();
    for sheet in sheets {
        let output = with_style(&format!("\n{sheet}")).run(&["check"]);
        told.extend((output.code != 0).then(|| format!("{sheet}: {}", output.stdout)));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Each of these bodies is refused within the article.
#[track_caller]
fn refused_html(bodies: &[&str]) {
    let mut passed = Vec::new();
    for body in bodies {
        let output = with_article(body).run(&["check"]);
        let told = ["letter-hidden", "footer-style", "style", "text-contrast"]
            .iter()
            .any(|rule| output.stdout.contains(&format!("error[{rule}]")));
        let is_told = output.code == 3 && told && output.stdout.contains("hangul.md:7:");
        passed.extend((!is_told).then(|| format!("{body}: {}", output.stdout)));
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[track_caller]
fn passes_html(bodies: &[&str]) {
    let mut told = Vec::new();
    for body in bodies {
        let output = with_article(body).run(&["check"]);
        told.extend((output.code != 0).then(|| format!("{body}: {}", output.stdout)));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Room around what stands in a line of text is painted, and takes no room.
#[test]
fn what_stands_in_a_line_covers_no_other_line() {
    refused(&[
        ".f p { display: inline; padding: 60px 40px 0; background: #fff }",
        ".f a { border: 10px solid #fff }",
        ".f a { border: solid #fff; padding: 3px 0; background: #fff }",
        ".f a { outline: 4px solid #fff; outline-offset: 4px }",
        ".f a { box-shadow: 0 -4px 0 4px #f3f1ec }",
        ".f a { padding: 20px 0; background: #f3f1ec }",
        ".f p { display: initial; border-top: 12px solid #f3f1ec }",
        "td.f { display: inline }",
        ".art a { padding: 30px 0; background: #fff }",
        ".art a { border: 12px solid #fff }",
        ".art strong { padding: 20px; background: #fffefb }",
        ".art span { padding-top: 40px }",
        ".art kbd { border-bottom: 12px solid #fff }",
        ".art mark { padding: 20px 4px }",
        ".art p { display: inline; padding: 20px; background: #eee }",
        ".art a { margin-left: -20px; background: #fffefb }",
        "@media screen { .art em { border: 8px solid #fffefb } }",
        ".art a { display: inline-block; padding: 20px; background: #fff }\n\
         .art a { display: inline }",
    ]);
    refused_html(&[
        "Words. <span style=\"background:#fff;padding:60px 30px\">x</span>",
        "Words. <span style=\"background:#fff;padding:400px 300px\">x</span>",
        "Words. <a href=\"https://a.example/\" style=\"border:12px solid #fff\">there</a>",
        "Words. <b style=\"border:400px solid #fff\">x</b>",
        "Words. <b style=\"border-top:10px solid #fff\">x</b>",
        "Words. <mark style=\"outline:4px solid #fff;box-shadow:0 0 4px 4px #fff\">x</mark>",
        "<p style=\"display:inline;background:#fff;padding:40px\">Some words.</p>",
        "Words. <b style=\"box-shadow:0 60px 0 60px #fff\">x</b>",
    ]);
    passes(&[
        ".f a { padding: 12px 0 }",
        ".f a { display: inline-block; padding: 10px 12px; border: 1px solid #ccc }",
        ".art code { padding: 2px 6px; border: 1px solid #ddd; border-radius: 4px }",
        ".art a { border-bottom: 2px solid #1a5fb4 }",
        "a.k { padding: 14px 32px; border: 2px solid #102a43 }",
        ".in li { display: inline; padding: 0 8px }",
        ".f p { display: inline }",
    ]);
    passes_html(&[
        "Press <kbd style=\"border:1px solid #ccc;padding:1px 5px;border-radius:4px\">K</kbd>.",
        "A <span style=\"background:#fff3c4;padding:2px 6px\">mark</span> here.",
        "<a href=\"https://a.example/\" style=\"display:inline-block;padding:14px 28px;\
         background:#1a3c6e;color:#fff;text-decoration:none;border-radius:6px\">Go there</a>",
    ]);
}

#[test]
fn small_things_do_not_add_up_to_an_unreadable_footer() {
    refused(&[
        ".f { text-shadow: 0 0 4px }",
        ".f p { text-shadow: 1px 1px }",
        ".f { font-size: 9px; line-height: .9; letter-spacing: -1px; word-spacing: -1px }",
        ".f { font-size: 9px }",
        ".f { line-height: .9 }",
        ".f p { letter-spacing: -.8px }",
        ".f { word-spacing: -1px }",
        ".f a { -webkit-text-stroke: 8px }",
        ".f p { -webkit-text-stroke: 1px #f3f1ec }",
        ".f a { text-decoration: underline 8px; text-underline-offset: -10px }",
        ".f a { text-underline-offset: -4px }",
        "body { line-height: 12px }\n.f { font-size: 16px }",
    ]);
    passes(&[
        ".f { font-size: 11px; line-height: 1.5; letter-spacing: .02em }",
        ".f { font-size: 12px; line-height: 18px; word-spacing: 1px }",
        ".f a { text-decoration: underline 1px; text-underline-offset: 3px }",
        ".f a { white-space: nowrap }",
    ]);
}

#[test]
fn nothing_pushes_the_footer_away() {
    refused(&[
        ".e::after { content: \"\"; display: block; height: 2000px }",
        ".e::after { content: \"\"; display: block; height: 300px }",
        ".e::before { content: \"\"; display: block; padding: 90px 0 }",
        ".art::after { content: \"\"; display: block; min-height: 180px }",
        ".letter { width: 560px } @media screen { .f { text-align: right } }",
        "img { height: 2000px }",
        ".art { margin-bottom: 300px }",
        ".art { padding-bottom: 9in }",
        ".art { border-bottom: 30px solid #fff }",
        ".art { min-height: 100vh }",
    ]);
    refused_html(&[
        "<p style=\"padding-bottom:300px\">Some words.</p>",
        "<div style=\"height:2000px\">&nbsp;</div>",
        "<p style=\"margin-bottom:-20px\">Some words.</p>",
    ]);
    passes(&[
        "img { max-width: 100%; height: auto; max-height: 320px }",
        ".letter { width: 640px; max-width: 100% }",
        ".art { padding: 0 0 48px; margin: 0 0 64px; border-bottom: 6px double #ccc }",
        ".f { text-align: right }",
    ]);
}

/// Also where nothing is cut off.
#[test]
fn words_have_the_room_that_they_need() {
    refused(&[
        ".art { height: 12px }",
        ".art { max-height: 12px }",
        ".art p { height: 20px }",
        ".art p { max-height: 1em }",
        ".art p { block-size: 14px }",
        "h1 { height: 14px }",
        ".art div { max-height: 30px }",
        ".art dd { height: 12px }",
        ".art p { line-height: .6 }",
        ".art p { font-size: 40px; line-height: 20px }",
        ".art { line-height: 14px }\n.art p { font-size: 30px }",
        ".art { border-radius: 50%; overflow: hidden }",
        ".article h3 { height: 32px; overflow: hidden }",
        ".article span { display: inline-block; width: 32px; height: 32px }",
    ]);
    let long =
        "Some words that nobody could read if they lay on what follows them here. ".repeat(3);
    for style in [
        "height:12px",
        "max-height:12px",
        "height:40px",
        "block-size:9px",
        "max-block-size:12px",
        "line-height:.2",
        "line-height:3px",
        "font:16px/2px serif",
        "overflow:hidden;border-radius:50%",
    ] {
        refused_html(&[&format!("<div style=\"{style}\">{long}</div>")]);
        refused_html(&[&format!(
            "Words. <span style=\"display:inline-block;{style}\">{long}</span>"
        )]);
    }
    // A word each, and all together.
    let many = "<p style=\"height:2px\">Few words.</p>\n".repeat(9);
    assert_eq!(with_article(&many).run(&["check"]).code, 3);
    passes(&[
        ".art { min-height: 80px }",
        ".k { height: 44px }",
        ".data td { height: 32px }",
        "img { height: 240px; object-fit: cover }",
        ".art { overflow: hidden; border-radius: 12px }",
        ".k { border-radius: 999px; overflow: hidden }",
        "h1 { line-height: 1 }",
        "sup { line-height: 0 }",
        ".seal { width: 32px; height: 32px }",
        ".article h3 { width: 32px; height: 32px }",
        "h3::before { content: \"\"; display: inline-block; width: 12px; height: 12px }",
    ]);
    passes_html(&[
        "<table><tr><th style=\"height:44px\">Some words in a cell.</th></tr></table>",
        "<a href=\"https://a.example/\" style=\"display:inline-block;height:44px;line-height:44px;\
         padding:0 24px;background:#1a3c6e;color:#fff\">Read it</a>",
        "<div style=\"font-size:0;line-height:0;height:16px\">&nbsp;</div>",
    ]);
}

/// Of what cannot be read, nobody knows whether it is the colour of the words.
#[test]
fn a_ground_that_cannot_be_read_is_none() {
    for ground in [
        "currentcolor",
        "CanvasText",
        "color-mix(in srgb, #000, #222)",
        "var(--nobody)",
        "oklch(30% .1 250)",
        "lab(20 0 0)",
        "linear-gradient(#1e2430, #1e2430)",
        "linear-gradient(#ffffff, #000000)",
        "linear-gradient(currentcolor, currentcolor)",
        "linear-gradient(in oklch, #fff, #eee)",
        "conic-gradient(#fff, #eee)",
    ] {
        refused(&[
            &format!(".art {{ background: {ground} }}"),
            &format!(".s {{ background: {ground} }}"),
            &format!("@media screen {{ .art p {{ background: {ground} }} }}"),
            &format!(".f {{ background: {ground} }}"),
            &format!(".art mark {{ background: {ground} }}"),
        ]);
        refused_html(&[
            &format!("<p style=\"background:{ground}\">Some words.</p>"),
            &format!("Words. <span style=\"background:{ground}\">Some words.</span>"),
        ]);
    }
    refused(&[
        ".art { background-image: linear-gradient(#1e2430, #1e2430) }",
        ".art p { color: canvas }",
        ".art p { color: color-mix(in srgb, #fff, #fff) }",
    ]);
    refused_html(&[
        "<p style=\"background:linear-gradient(#111,#111) no-repeat;color:#fff\">Some words.</p>",
        "<p style=\"background-image:linear-gradient(#111,#111)\">Some words.</p>",
        "<p style=\"background-color:#fff;background:#111\">Some words.</p>",
        "<p style=\"color:var(--x)\">Some words.</p>",
        "<p style=\"--x:#fff\">Some words.</p>",
        "<p style=\"color:canvas\">Some words.</p>",
    ]);
    let output = with_article("<table bgcolor=\"nobody\"><tr><th>x</th></tr></table>");
    assert!(output.run(&["check"]).stdout.contains("bgcolor is left out"));
    passes(&[
        ".k { background: linear-gradient(#1a3c6e, #102a50); color: #ffffff }",
        ".art { background: none }",
        ".s { background: #fdfcf8 no-repeat }",
    ]);
    passes_html(&[
        "<p style=\"background:linear-gradient(90deg,#eee,#ddd);color:#222\">Some words.</p>",
        "<td style=\"background:transparent\">Some words.</td>",
    ]);
}

#[test]
fn lines_and_shadows_are_small() {
    refused(&[
        ".art s { text-decoration-thickness: 20px }",
        ".art del { text-decoration: line-through 3px }",
        "s { text-decoration: line-through 8px #fffefb }",
        ".art p { text-decoration: underline 9px; text-underline-offset: -9px }",
        ".art p { text-shadow: 0 0 4px }",
        ".art p { text-shadow: 0 0 40px #fff }",
        ".art { box-shadow: 0 60px 0 60px #f3f1ec }",
        ".art { box-shadow: 0 0 0 20px #fff }",
        ".art p { -webkit-text-stroke: 4px }",
        ".art p { -webkit-text-stroke: 1px #fffefb }",
        ".art { border: 20px solid #ccc }",
    ]);
    refused_html(&[
        "Words. <s style=\"text-decoration-thickness:20px\">struck</s>",
        "Words. <u style=\"text-decoration:underline 9px;text-underline-offset:-12px\">x</u>",
        "<p style=\"text-shadow:0 0 4px\">Some words.</p>",
        "<p style=\"-webkit-text-stroke:8px\">Some words.</p>",
        "<p style=\"border:20px solid #fff\">Some words.</p>",
    ]);
    passes(&[
        "s { text-decoration-thickness: 1px }",
        ".art { box-shadow: 0 2px 12px rgba(0, 0, 0, .12) }",
        "h1 { text-shadow: 0 1px 0 #ffffff }",
        "h1 { -webkit-text-stroke: .5px }",
        // They lie around what has a ground of its own, and not behind its words.
        ".button { background: #ffffff; color: #222222; box-shadow: 0 2px 4px #000000 }",
        ".callout { box-shadow: 0 2px 4px #222222 }",
    ]);
    refused(&[
        ".callout { box-shadow: inset 0 2px 4px #222222 }",
        ".callout p { box-shadow: 0 2px 4px #222222 }",
    ]);
}

/// Each of the declarations is left out with these words, and nothing else of its rule.
#[track_caller]
fn left_out(words: &str, sheets: &[(&str, &str)]) {
    for (selector, declarations) in sheets {
        let end = if selector.contains('{') { "}" } else { "" };
        let here = with_style(&format!("\n{selector} {{ orphans: 3; {declarations} }}{end}"));
        let output = here.run(&["check"]);
        assert_eq!(output.code, 0, "{selector} {declarations}: {}", output.stdout);
        assert!(output.stdout.contains(words), "{selector} {declarations}: {}", output.stdout);
        assert!(output.stdout.contains("style.css:2:"), "{declarations}: {}", output.stdout);
        let html = here.run(&["render", "2025-11"]).stdout;
        let name = declarations.split(':').next().unwrap();
        let written = [format!("orphans:3;{name}"), format!("orphans: 3; {name}")];
        assert!(!written.iter().any(|one| html.contains(one)), "{selector} {declarations}: {html}");
    }
}

/// "7200" would be read as "0027".
#[test]
fn a_style_turns_no_words_around() {
    const WORDS: &str = "the language of the words says in which direction they run";
    for selector in ["p", ".f", "html", ".art em", "@media screen { .f p", "a:hover"] {
        left_out(
            WORDS,
            &[
                (selector, "unicode-bidi: bidi-override"),
                (selector, "direction: rtl"),
                (selector, "unicode-bidi: isolate-override; direction: rtl"),
                (selector, "direction: inherit"),
            ],
        );
    }
    for style in ["direction:rtl;unicode-bidi:bidi-override", "unicode-bidi:plaintext"] {
        let here = with_article(&format!("<p style=\"margin:3px;{style}\">7200 Words.</p>"));
        let output = here.run(&["check"]);
        assert_eq!(output.code, 0, "{style}: {}", output.stdout);
        assert!(output.stdout.contains(WORDS), "{style}: {}", output.stdout);
        let html = here.run(&["render", "2025-11"]).stdout;
        assert!(html.contains("margin:3px") && !html.contains("bidi"), "{html}");
        assert!(!html.contains("direction:"), "{html}");
    }
    let html = with_article("<p dir=\"rtl\">Words.</p>").run(&["render", "2025-11"]).stdout;
    assert!(html.contains("dir=\"rtl\""), "{html}");
}

#[test]
fn the_letter_has_its_width_on_every_screen() {
    const WORDS: &str = "some screens would show the text too wide or too narrow";
    left_out(
        WORDS,
        &[
            (".letter", "width: min-content"),
            (".letter", "max-width: max-content"),
            (".letter", "max-width: -webkit-fill-available"),
            (".letter", "max-width: none"),
            (".letter", "max-width: 640px"),
            (".letter", "max-width: 100%"),
            (".letter", "max-width: initial"),
            (".b > .s", "max-width: unset"),
            ("[class~=letter]", "max-width: 99in"),
            ("@media screen { *", "max-width: none"),
            (".letter", "width: 640px"),
            ("body", "width: 900px"),
            ("td.p", "width: 900px"),
            ("td", "width: 601px"),
            (".art p", "inline-size: stretch"),
            (".art p", "min-inline-size: fit-content"),
            (".art", "max-width: fit-content(32px)"),
            (".article h3", "max-width: 32px"),
        ],
    );
    // A name with two values is read as neither.
    let named = ":root { --w: 300px } @media screen { :root { --w: none } }\n\
                 .letter { max-width: var(--w) }";
    assert!(with_style(named).run(&["check"]).stdout.contains(WORDS));
    for sheet in [
        ".letter { max-width: 560px }",
        "body, .b { max-width: 800px }",
        ".art p { max-width: 65ch }",
        "img { max-width: 100%; width: auto }",
        "@media (max-width: 599px) { .letter { width: 100%; max-width: 100% } }",
    ] {
        let output = with_style(sheet).run(&["check"]).stdout;
        assert!(!output.contains("left out"), "{sheet}: {output}");
    }
    // What gives way does so on a telephone.
    for (style, stays) in [
        ("width:700px;max-width:100%", true),
        ("width:700px;max-width:600px", true),
        ("width:700px;max-width:700px", false),
        ("width:700px;max-width:none", false),
        ("width:max-content;max-width:100%", false),
    ] {
        let here = with_article(&format!("<div style=\"{style}\">Words.</div>"));
        let output = here.run(&["check"]);
        assert_eq!(output.code, 0, "{style}: {}", output.stdout);
        assert_eq!(output.stdout.contains(WORDS), !stays, "{style}: {}", output.stdout);
        let width = style.split(';').next().unwrap();
        let html = here.run(&["render", "2025-11"]).stdout;
        assert_eq!(html.contains(&format!("\"{width}")), stays, "{style}: {html}");
    }
}

#[test]
fn only_short_things_stay_in_one_line() {
    const WORDS: &str = "a line that does not break is wider than a telephone";
    left_out(
        WORDS,
        &[
            (".f p", "white-space: nowrap"),
            (".art p", "white-space: pre"),
            ("*", "text-wrap: nowrap"),
            ("td", "text-wrap-mode: nowrap"),
            ("table, body", "white-space: nowrap"),
            ("h1, .title", "white-space: nowrap"),
            ("a, .art li", "white-space: nowrap"),
            ("[lang]", "white-space: nowrap"),
        ],
    );
    let here = with_article("<p style=\"white-space:nowrap\">Words.</p>");
    assert!(here.run(&["check"]).stdout.contains(WORDS));
    for sheet in [
        "a, code, pre, span, strong, em, th, .k, .code, .pre { white-space: nowrap }",
        ".data td.end { white-space: nowrap }",
        "p { white-space: pre-wrap }",
    ] {
        let output = with_style(sheet).run(&["check"]).stdout;
        assert!(!output.contains("left out"), "{sheet}: {output}");
    }
}

#[test]
fn nothing_is_written_around_the_footer() {
    left_out(
        "the footer says what the law and the list ask for, and no more",
        &[
            (".f a::before", "content: \"█\""),
            (".f p::after", "content: attr(href)"),
            ("a::after", "content: \" ↗\""),
            ("@media print { a::after", "content: \" (\" attr(href) \")\""),
            ("p:before", "content: open-quote"),
            (".f::before", "content: \"\" / \"not\""),
            ("body::after", "content: \"void\""),
            (".letter::before", "content: counter(x)"),
            (".f", "quotes: \"no \" \" no\""),
            (".f p", "list-style: \"not \""),
            (".f p", "display: list-item"),
            ("*", "list-style-type: \"no\""),
        ],
    );
    for sheet in [
        ".article a::after { content: \" ↗\" }",
        "*::before, *::after { content: \"\"; box-sizing: border-box }",
        "ul { list-style: square }",
        "blockquote { quotes: \"«\" \"»\" }",
        ".f p::before { content: none }",
    ] {
        let output = with_style(sheet).run(&["check"]).stdout;
        assert!(!output.contains("no more"), "{sheet}: {output}");
    }
}

/// Nobody says by a style sheet that an article is false, or paints over it.
#[test]
fn nothing_is_written_into_articles() {
    left_out(
        "an article says what its author wrote, and no more",
        &[
            ("@media (max-width: 599px) { .art p::before", "content: \"Send 50 dollars. \""),
            (".art h3::after", "content: \" (this story is false)\""),
            (".art h3::after", "content: \"\\ac70\\c9d3 \""),
            (".ls li", "list-style-type: \"Never: \""),
            (".ls li", "list-style: inside \"1. \""),
            ("q", "quotes: \"“Not \" \"”\""),
            ("li::marker", "content: \"NOT \""),
            (".art td", "text-overflow: \" 0.00\""),
            (".art a::after", "content: attr(href)"),
            (".art p::before", "content: counter(n, lower-alpha) counter(o, lower-alpha)"),
            (".art p::after", "content: \"█████████\""),
            (".art p::after", "content: \"\\2588\\2588\""),
            (".art p::after", "content: \"\\3164\""),
            (".art p::before", "content: \"\\202e\""),
            (".ls li::marker", "content: \"██████\""),
        ],
    );
    let named = ":root { --w: \"not \" } @media screen { :root { --w: \"never \" } }\n\
                 .art p::before { content: var(--w) }";
    let html = with_style(named).run(&["render", "2025-11"]).stdout;
    assert!(!html.contains("content:"), "{html}");
    for sheet in [
        ".art a::after { content: \" →\" } .art p::before { content: \"— \" }",
        ".ls li::before { content: counter(n) \". \" } .ls { list-style: square }",
        ".lx li { list-style-type: \"→ \" } ol { list-style: lower-alpha }",
        "@media print { .art a::after { content: \" (\" attr(href) \")\" } }",
        "q { quotes: \"«\" \"»\" } q::before { content: open-quote }",
    ] {
        let output = with_style(sheet).run(&["check"]).stdout;
        assert!(!output.contains("left out"), "{sheet}: {output}");
    }
}

#[test]
fn a_letter_moves_as_readers_are_used_to() {
    left_out(
        "readers move through a letter and press its links as they are used to",
        &[
            ("html, body, .b", "touch-action: none"),
            ("html", "scroll-snap-type: y mandatory"),
            ("@media (max-width: 599px) { .hd", "scroll-snap-align: start"),
            ("body", "overscroll-behavior: none"),
            (".art a", "pointer-events: none"),
            ("a:hover", "pointer-events: none"),
        ],
    );
    left_out(
        "mail programs do not agree on places beside the text",
        &[("img", "object-position: 9999px 0"), ("img", "object-position: -100% 0")],
    );
    let usual = ".k { touch-action: manipulation } img { object-fit: cover; object-position: 50% 20% }\n\
                 .lg { object-position: left top } a { pointer-events: auto }";
    assert!(!with_style(usual).run(&["check"]).stdout.contains("left out"));
}

/// They load nothing.
#[test]
fn ways_to_paint_and_moves_are_left_out() {
    left_out(
        "mail programs do not agree on how this is painted",
        &[
            (".button", "backdrop-filter: blur(4px)"),
            ("img", "filter: grayscale(1) drop-shadow(0 1px 2px #000)"),
            (".button:hover", "transform: translateY(-1px)"),
            ("img", "clip-path: polygon(0 0, 1px 1px, 2px 0)"),
            (".f p", "hyphenate-character: \"not\""),
        ],
    );
}

/// Outlook alone shows them.
#[test]
fn colours_that_one_program_shows_are_left_out() {
    for name in ["mso-shading", "mso-highlight", "mso-color-alt", "mso-themecolor"] {
        let here = with_style(&format!(".art p {{ orphans: 3; {name}: white }}"));
        let output = here.run(&["check"]).stdout;
        assert!(output.contains(&format!("does not know {name}")), "{output}");
        assert!(!here.run(&["render", "2025-11"]).stdout.contains(name), "{name}");
        let raw = with_article(&format!("<p style=\"margin:0 0 7px;{name}:white\">Words.</p>"));
        let output = raw.run(&["check"]);
        assert_eq!(output.code, 0, "{}", output.stdout);
        let html = raw.run(&["render", "2025-11"]).stdout;
        assert!(html.contains("0 0 7px") && !html.contains(name), "{html}");
    }
}

/// What stands before and behind words is no part of them.
#[test]
fn signs_before_and_behind_words_cover_nothing() {
    passes(&[
        ".pull-quote::before { content: \"“\"; font-size: 48px; line-height: 0 }",
        ".pq:before { content: '\\201C'; font-size: 48px; line-height: 0; vertical-align: -.4em }",
        ".art::after { content: \"■\"; color: #b5472e }",
        "li::before { content: \"→ \"; color: #b5472e }",
        ".art > p:first-of-type::first-letter { float: left; font-size: 54px; line-height: .8 }",
        ".f p::before { content: \"— \" }",
        ".h::before { content: counter(x); display: inline-block; width: 24px; height: 24px }",
        ".pq::before { content: \"“\"; font-size: 96px; line-height: .4; color: #b5472e }",
        ".art::after { content: \"❦ ❦ ❦ ❦\"; display: block; font-size: 40px; line-height: 1.2 }",
        ".ls { list-style: none } .ls li::before { content: counter(n) \". \"; font-size: 48px }",
        "li::marker { content: \"→ \"; color: #b5472e; font-size: 24px }",
    ]);
    refused(&[
        ".art p::after { content: \"■■■■■■\"; color: #fffefb; font-size: 60px; line-height: 0 }",
        ".art p::after { content: \"■■■■■■\"; color: #fffefb; font-size: 60px; line-height: 12px }",
        ".art p::after { content: \"■■■■\"; font-size: 48px; line-height: 16px; vertical-align: 16px }",
        ".art p::after { content: \"■■■■■■\"; font: 30px/10px serif }",
        ".art p { line-height: 20px } .art p::after { content: \"■■■■■■\"; font-size: 60px }",
        ".art p::after { content: \"###\"; font-size: 60px; line-height: 0 }",
        "li { line-height: 20px } .ls li::marker { content: \"■■■■■■\"; font-size: 60px }",
        ".ls li { line-height: 20px; list-style: inside \"■■■■■■\" } li::marker { font-size: 60px }",
        ".pq::after { content: \"“\"; line-height: 0 } .art p::after { content: \"■■■■■■\"; height: 0 }",
        ".art p::after { content: \"■■■■■■\"; display: block; height: 0 }",
        ".art p::after { content: \"■■■■■■\"; display: inline-block; width: 0; direction: rtl }",
        ".f p::before { content: \"\"; padding: 200px 0; background: #f3f1ec }",
        ".art p::before { content: \"x\"; font-size: 300px }",
        ".art p::after { content: \"\"; padding: 40px 200px; background: #fffefb }",
        ".f p::before { content: \"\"; border: 12px solid #f3f1ec }",
    ]);
}

#[test]
fn what_is_said_of_links_in_articles_means_no_button() {
    let body = "[Go](https://a.example/){.button}\n\nSee [there](https://b.example/).";
    for sheet in [
        "@media (prefers-color-scheme: dark) { .article a { color: #8ab4f8 } }",
        "@media (prefers-color-scheme: dark) { .art p a { color: #8ab4f8 !important } }",
        ".art a { color: #1a3c6e }",
        ".art > p > a, h1 a { color: #1a3c6e; font-weight: bold }",
    ] {
        let here = with_article(body).write("style.css", sheet);
        let output = here.run(&["check"]);
        assert!(!output.stdout.contains("letter-hidden"), "{sheet}: {}", output.stdout);
        assert!(!output.stdout.contains("error"), "{sheet}: {}", output.stdout);
    }
    let here = with_article(body).write("style.css", ".art a { color: #a0522d }");
    let html = here.run(&["render", "2025-11"]).stdout;
    let style_of = |words: &str| {
        let before = html.split(&format!(">{words}</a>")).next().unwrap();
        before.rsplit("<a ").next().unwrap().to_owned()
    };
    assert!(style_of("there").contains("#a0522d"), "{html}");
    assert!(!style_of("Go").contains("#a0522d"), "{html}");
}

#[test]
fn what_is_told_of_position_is_told_in_the_sheet() {
    let here = with_style("\n.art p { position: relative; top: 1px }");
    let output = here.run(&["check"]).stdout;
    assert!(!output.contains("issue.toml"), "{output}");
    let here = with_style("\n.footer[class] { padding-top: 19px }\n");
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(html.contains("padding-top:19px"), "{html}");
}

/// Whoever wants to read on would leave the list.
#[test]
fn no_article_leads_to_the_link_to_unsubscribe() {
    let here = with_two_articles("Words.").write(
        "issues/2025-11/hangul.md",
        "---\ntitle: Hangul\nurl: \"{{ unsubscribe_url }}\"\n---\n\nLetters.\n",
    );
    let output = here.run(&["check"]);
    assert_eq!(output.code, 3, "{}", output.stdout);
    assert!(output.stdout.contains("link-target"), "{}", output.stdout);
    assert!(output.stdout.contains("hangul.md:3:"), "{}", output.stdout);
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(!html.contains("class=\"u\" href=\"{{"), "{html}");
}

/// Each is harmless alone, or was taken for it.
#[test]
fn words_begin_on_the_screen_and_have_its_width() {
    refused(&[
        ".art { margin-left: -24px } .art p { margin-left: -24px }",
        ".art p { text-indent: -96px }",
        "ul { padding: 0; margin-left: -12px } li { text-indent: -12px }",
        ".art { margin: 0 96px; padding: 0 96px }",
        ".art { padding-left: 96px } .art p { padding-left: 96px; margin-left: 96px }",
        ".art { width: 48px }",
        ".data { table-layout: fixed; width: 64px }",
        ".data td { max-width: 40px; overflow: hidden }",
        "th { white-space: nowrap; overflow: hidden; max-width: 60px }",
        ".f a { display: block; width: 200px; overflow: hidden; white-space: nowrap }",
        ".title a { display: block; overflow: hidden; white-space: nowrap }",
        ".raw td > p + p a { display: none }",
        ".art { overflow: hidden } .art p { margin-right: -24px }",
        ".art p { overflow: hidden; text-indent: -16px }",
        "h1 { overflow: hidden; overflow-wrap: normal; font-size: 72px }",
    ]);
    passes(&[
        ".callout { margin: 0 -24px; padding: 16px 24px }",
        ".s { overflow: hidden } .callout { margin: 0 -16px; overflow: hidden; padding: 16px }",
        "li { padding-left: 24px; text-indent: -24px }",
        "blockquote { margin-left: -16px; border-left: 4px solid #cccccc; padding-left: 12px }",
        ".art { padding: 0 32px } .art p { margin: 0 16px 12px }",
        ".data td { width: 48px }",
        ".data { overflow: hidden; border-radius: 8px }",
        ".c { max-width: 240px }",
        ".k { overflow: hidden; white-space: nowrap }",
    ]);
}

/// "7200" would be read as "200".
#[test]
fn a_first_letter_is_read_before_its_word() {
    refused(&[
        ".f p::first-letter { font-size: 1px }",
        ".art p::first-letter { font-size: .2em }",
        "p:first-letter { font: 2px serif }",
        ".f p::first-letter { float: right }",
    ]);
    passes(&[".art p::first-letter { float: left; font-size: 54px; line-height: .8 }"]);
}

#[test]
fn what_is_painted_above_words_or_taken_from_behind_them_is_told() {
    refused(&[
        ".f p { margin: 0; outline: 4px solid #f3f1ec; outline-offset: 4px }",
        ".art p { outline: 3px solid #fffefb; outline-offset: 3px }",
        ".k { background: none }",
        ".f { font-family: \"Monotype Sorts\" }",
    ]);
    passes(&[
        "a:focus { outline: 2px solid #1a5fb4; outline-offset: 2px }",
        ".art { outline: 1px solid #cccccc }",
        ".callout { background: none }",
    ]);
    left_out(
        "mail programs do not agree on how this is painted",
        &[
            (".f", "font-feature-settings: \"sups\""),
            (".f p", "font-variant-position: sub"),
            (".f p", "font-variant: super"),
            (".f p", "font-style: oblique 90deg"),
            (".art p", "font: oblique -89deg 16px serif"),
            ("html", "overflow: hidden"),
            ("body, .b", "overflow-y: clip"),
        ],
    );
    left_out(
        "mail programs do not agree on this layout",
        &[(".art strong, .art em", "float: right"), ("*", "float: right")],
    );
    let features = "body { font-feature-settings: \"kern\" 1, \"liga\"; font-variant: small-caps; \
         font-style: oblique; overflow-x: hidden } img, .hd span { float: right }";
    assert!(!with_style(features).run(&["check"]).stdout.contains("left out"));
}
