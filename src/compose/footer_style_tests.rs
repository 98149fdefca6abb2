//! What style.css may say of the footer and the letter, and what it may not.

use super::*;

const HIDING: &[&str] = &[
    "display:none",
    "display: none !important",
    "display:contents",
    "visibility:hidden",
    "visibility:collapse",
    "opacity:0",
    "opacity:.01",
    "opacity:0%",
    "font-size:0",
    "font-size:1px",
    "font-size:1%",
    "font-size:calc(1px - 1px)",
    "font:0/0 a",
    "max-height:0",
    "height:0",
    "position:absolute",
    "left:-9999px",
    "text-indent:-9999px",
    "margin:0 0 0 -9999px",
    "margin-left:-2000px",
    "transform:scale(0)",
    "scale:0",
    "clip-path:circle(0)",
    "clip:rect(0,0,0,0)",
    "color:transparent",
    "color:#fff0",
    "color:rgba(0,0,0,0)",
    "max-width:0",
    "width:1px",
    "mso-hide:all",
    "line-height:0",
    "letter-spacing:-1em",
    "zoom:0",
    "all:unset",
    "content-visibility:hidden",
    "-webkit-text-fill-color:transparent",
    "filter:blur(9px)",
    "mask:linear-gradient(#000,#fff)",
    "padding-top:99999px",
    "unicode-bidi:bidi-override",
    "z-index:-1",
    "pointer-events:none",
    "writing-mode:vertical-rl",
    "mix-blend-mode:screen",
    "-webkit-transform:scale(0)",
    "user-select:none",
    "color:var(--x)",
    "border:999px solid",
    "font-family:Webdings",
    "font-family:'Wingdings 3', Arial",
    "font-family:\"Symbol\",serif",
    "font:16px/1.5 Wingdings",
    "font:20px/0 serif",
    "font:20px / 0 serif",
    "font:20px/ 0px serif",
    "text-decoration:line-through",
    "text-decoration-line:underline line-through",
    "-webkit-text-decoration:line-through 2px",
    "text-decoration-thickness:20px",
    "font-size:.05in",
    "font-size:1mm",
    "font-size:.1cm",
    "font-size:.5pc",
    "font-size:4q",
    "font-size:1vw",
    "font-size:.5ch",
    "font-size:min(16px,1px)",
    "font-size:clamp(1px,2px,3px)",
    "font-size-adjust:0",
    "inset-block-start:90px",
    "inset:99px",
    "inset-inline:-99px",
    "margin-block-start:9999px",
    "margin-inline-start:50vw",
    "margin:0 50in",
    "padding:0 50cm",
    "padding-block:100pc",
    "padding-left:200px",
    "border-image:linear-gradient(#f3f1ec,#f3f1ec) 1",
    "border-bottom:5in solid",
    "inline-size:1px",
    "max-inline-size:0",
    "block-size:0",
    "max-block-size:0",
    "columns:9",
    "column-width:1px",
    "clip-path:inset(100%)",
    "-webkit-mask:none 0 0",
    "-webkit-text-size-adjust:1%",
    "vertical-align:-9999px",
    "text-underline-offset:99em",
    "outline:20px solid #f3f1ec",
    "outline-offset:-20px",
    "box-shadow:inset 0 0 0 99px #5a6170",
    "background-clip:text",
    "-webkit-text-stroke:9px #f3f1ec",
    "mso-text-raise:-999pt",
    "mso-element:frame",
    "line-height:200px",
    "width:9999px",
    "min-width:50in",
    "text-indent:50vw",
    "border-spacing:9999px",
    "color:light-dark(#1119,#fff0)",
    "display:table-column",
    "float:footnote",
    "perspective:1px",
    "backface-visibility:hidden",
    "shape-outside:circle()",
    "rotate:90deg",
    "animation:a 1s",
    "-webkit-line-clamp:1",
];

/// What reaches the footer.
const REACHING: &[&str] = &[
    "p",
    "a",
    "*",
    ".f",
    "td",
    "td.f",
    ".letter",
    ".b",
    "body",
    "html",
    "tr",
    ".f > p",
    "div p:last-child",
    ".s ~ .f",
    ".x, p",
    "p:not(.x)",
    ":is(p)",
    "[lang]",
    "a[href*=\"u\"]",
    ".f p:hover",
    "table.letter tr + tr",
    "h1 ~ p",
    "TD.f",
    ".moz-text-html .f",
    "#MessageViewBody td",
    "div.gmail_quote td.f",
    "center td.f",
];

/// What is told of each rule, in words.
fn told(sheet: &str) -> Vec<String> {
    let pieces = super::super::style::rules(sheet);
    let is_kept = |rule: &str| {
        rule.starts_with('@') || rule.split('{').next().is_some_and(|s| s.contains(':'))
    };
    let rules: Vec<(&str, bool)> = pieces.into_iter().map(|rule| (rule, is_kept(rule))).collect();
    let found = find_hiding(&rules, "", &Theme::default());
    found
        .into_iter()
        .map(|one| {
            let said = &rules[one.rule].0[one.range];
            format!("{:?}: {said} {}", one.hidden, one.what)
        })
        .collect()
}

fn hides(sheet: &str) -> bool {
    told(sheet).iter().any(|told| told.starts_with("Footer"))
}

#[test]
fn nothing_that_reaches_the_footer_hides_it() {
    let mut missed = Vec::new();
    for declaration in HIDING {
        for selector in REACHING {
            let rule = format!("{selector}{{margin:0;{declaration}}}");
            missed.extend((!hides(&rule)).then_some(rule));
        }
        for rule in [
            format!("@media all{{p{{{declaration}}}}}"),
            format!("@media(max-width:1px){{@media all{{p{{x:y;{declaration}}}}}}}"),
            format!("p{{color:#000;&:hover{{{declaration}}}}}"),
            format!(":root{{{declaration}}}"),
        ] {
            missed.extend((!hides(&rule)).then_some(rule));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// What is harmless alone, or looks so.
const TOGETHER: &[&str] = &[
    "td.f{background-image:linear-gradient(#5a6170,#5a6170)}",
    "td.f,td.f a{background:currentcolor}",
    ".f p,.f a{background:rgb(35.3% 38% 43.9%)}",
    ".f p{background:hsl(220 11% 40%)}",
    ".f p{background:color-mix(in srgb, #000, #fff)}",
    ".f p:not(.x){content:linear-gradient(#fff,#fff)}",
    ".f p{text-decoration:line-through 2em #f3f1ec}",
    ".f p{background:lightslategray;color:lightslategray}",
    "@media all{.f p{color:#f3f1ec}}",
    "a{color:#f3f1ec}",
    "p{color:#123456;background:#123456}",
    "p{color:#123456;background:linear-gradient(#123456, #123456)}",
    // A colour in one query, its ground in another.
    "@media (max-width:999px){.f p{color:#222 !important}}\
     @media screen{.f{background:#333 !important}}",
    "@media (max-width:1px){.f p{color:#888 !important}}.f p:lang(en){background:#777 !important}",
    ".f{background:#333 !important;color:#ddd !important}@media screen{.f p{color:#444 !important}}",
    "@media screen{.f p{color:#c9c6be !important}}",
    ".f p:lang(en){color:#d0cdc6 !important}",
    ".f p:lang(en){color:#d0cdc6}",
    "[dir] p,[dir] a{color:rgb(90 97 112 / 20%)}",
    "@media (prefers-color-scheme:dark){.f{color:#1b2029 !important}}",
    "@media (prefers-color-scheme:dark){.f p{color:#222}}",
    "@media (prefers-color-scheme:dark){.f{background:#eee !important}}",
    "@media (prefers-color-scheme:light){.f p,.f a{color:#e6e4df !important}}",
    "@media (prefers-color-scheme:dark) and (min-width:1px){.f a{color:#111 !important}}",
    "p{color:#12151b !important}",
    ".f{background:#fff !important}",
    "@media screen{.f p{text-shadow:0 0 4px #5a6170}}",
    ":root{--a:#f3f1ec}.f p{color:var(--a)}",
    ":root{--a:#222}@media screen{:root{--a:#f2f0eb}}.f p{color:var(--a)}",
    ":root{--a:0}.f p{font-size:calc(14px * var(--a))}",
    ".f p{font-size:var(--a, 1px)}",
    // Each a part of the next.
    "body{opacity:.7}.f{opacity:.6}",
    "*{opacity:.9}",
    ".b{opacity:.7}@media screen{td p{opacity:.7}}",
    "*{font-size:.8em}",
    "*:lang(en){font-size:90%}",
    "*:lang(en){font-size:smaller}",
    "html{font-size:50%}.f p{font-size:.9rem}",
    ".f{font-size:.8em}.f p{font-size:.8em}@media screen{.f a{font-size:.8em}}",
    "*{width:70%}",
    "table{width:60%}td{width:50%}p{max-width:60%}",
    "*{padding:0 40px}",
    "*{margin:60px 0}",
    "td{padding:0 120px}p{margin:0 100px}@media screen{a{padding:0 100px}}",
    "body{line-height:10px}.f{font-size:30px}",
    ".letter{overflow:hidden}.f p{white-space:nowrap}",
    "@media screen{body{overflow:hidden}}html *{text-wrap:nowrap}",
    "html,body{overflow:hidden;height:100%}",
    "body{height:100%}@media screen{body{overflow-y:clip}}",
    ".letter{overflow:hidden;max-width:300px}.f p{min-width:700px;text-align:right}",
];

#[test]
fn nothing_hides_the_footer_together_with_others() {
    let missed: Vec<&&str> = TOGETHER.iter().filter(|sheet| !hides(sheet)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(TOGETHER.len() > 40);
}

#[test]
fn nothing_comes_to_lie_above_it() {
    for rule in [
        ".art{position:fixed}",
        "img{transform:scale(99)}",
        "@media all{.art::after{position:absolute}}",
        "h1{z-index:9}",
        "h1{outline:9999px solid #fff}",
        ".s{outline:200px solid #f3f1ec}",
        ".k{box-shadow:0 0 0 9999px #fff}",
        ".art{margin:0 0 -900px;position:relative;background:#fff;padding-bottom:400px}",
        ".art{margin-block-end:-9in}",
        ".art{position:relative;inset-block-start:300px}",
        ".art{padding-bottom:100in}",
        ".s::after{position:absolute}",
        "h1{mix-blend-mode:difference}",
        "img{border-image:linear-gradient(#fff,#fff) 1 / 1px / 5000px}",
    ] {
        assert!(hides(rule), "{rule}");
    }
}

#[test]
fn no_rule_empties_the_letter() {
    for rule in [
        ".s{display:none}",
        ".art{display:none}",
        "#article-id{display:none}",
        "#article-id{font-size:0}",
        "body *{font-size:0}",
        "h2,.art p{color:#fffffe}",
        "@media screen{.art{visibility:hidden}}",
        "@media (max-width:9999px){.art p{display:none !important}}",
        "@media (prefers-color-scheme:dark){.s p{opacity:0}}",
        ".art p{text-indent:-9999px}",
        ".art{height:0;overflow:hidden}",
        ".art{max-height:1px;overflow:hidden}",
        ".art{max-height:300px}@media screen{.art{overflow:hidden}}",
        ".c{max-width:1px;overflow:hidden}",
        ".art p{font-size:4px}",
        ".art{font-size:.7em}.art p{font-size:.5em}",
        ".art{opacity:.5}.art p{opacity:.5}",
        ".art p{clip:rect(0,0,0,0)}",
        ".art{clip-path:circle(0)}",
        ".art p{line-height:0}",
        ".art p{font-family:Webdings}",
        ".s{background:#1e2430}",
        "@media screen{.s{background:#1e2430 !important}}",
        "@media (prefers-color-scheme:dark){.s{background:#e6e4df !important}}",
        "h1{display:none}",
        ".h{font-size:1px}",
        "li{display:none}",
        ".data td{display:none}",
        ".q p{visibility:collapse}",
        "td[class=\"s\"]{display:none}",
        ".moz-text-html .art{display:none}",
        ".art p:first-of-type,.art p:not(.x){display:none}",
        ".art>*{display:none}",
        ".art p{-webkit-text-fill-color:transparent}",
        ".art p{margin-top:-40px}",
        ".art p{white-space:nowrap;overflow:hidden}",
        ".s{mso-hide:all}",
        ".art{content-visibility:hidden}",
        ".art p{letter-spacing:-1em}",
        ".art{margin-left:400px}",
    ] {
        let told = told(rule);
        assert!(!told.is_empty(), "{rule}");
    }
}

/// `em` is a part of the letters of the element that it is said of, and nothing else.
#[test]
fn what_is_a_part_of_the_letters_is_measured_by_them() {
    for rule in [
        "p{font-size:16px;line-height:1.5em}",
        "p{line-height:1.2em}",
        "p{font:16px/1.4em Georgia,serif}",
        "body{line-height:150%}",
        "h1,h2,h3{line-height:1.1em}",
        "h2{line-height:1.2em}",
        "h2{font-size:30px;line-height:1.2em}",
        ".button{line-height:1.2em}",
        "blockquote p{line-height:1.5em}",
        "td{line-height:1.3em}.art p{font-size:17px}",
        "p{font-size:17px;line-height:1.5em}p a{font-size:1.2em}",
        ".f{line-height:1.6em}.f p{font-size:15px}",
        ".f{padding:2em 3em}",
        ".f p{padding:0 4em}",
        ".f{margin-top:4em}",
        ".code{padding:.3em .5em;background:#eee}",
        "a{padding:.2em .3em;background:#ffd}",
        "li{padding-left:1.5em;text-indent:-1.5em}",
        "blockquote{padding:0 5em}",
    ] {
        assert_eq!(told(rule), [] as [String; 0], "{rule}");
    }
    for rule in [
        "p{line-height:.5em}",
        ".art p{line-height:.8em}",
        "p{line-height:50%}",
        "p{font:16px/.5em serif}",
        // What stands inside has the height in pixels, whatever its own size is.
        "body{font-size:10px;line-height:1em}.art p{font-size:20px}",
        ".art{line-height:1em}.art p{font-size:2em}",
        "td{font-size:10px;line-height:1.5em}.f p{font-size:24px}",
        "td{line-height:120%}.art p{font-size:30px}",
        // Of large letters it is more.
        ".f{padding:8em}",
        ".f{font-size:48px;padding:0 3.5em}.f p{font-size:14px}",
        "td p{padding:0 2.5em;font-size:24px}td{padding:0 2.5em}",
        ".code{font-size:30px;padding:.3em;background:#eee}",
        ".art p::before{content:\"new\";font-size:40px;padding:.3em;background:#eee}",
        ".code{padding:1em;background:#eee}",
        "li{text-indent:-3em}",
    ] {
        assert_ne!(told(rule), [] as [String; 0], "{rule}");
    }
}

/// What is said while somebody points at it holds for everybody who reads with a mouse.
#[test]
fn neither_pictures_nor_raised_signs_are_hidden() {
    for rule in [
        "@media (max-width:599px){.art img,.p img{display:none}}",
        ".art img{display:none}",
        "img{opacity:0}",
        "img{width:0;height:0}",
        "img{width:1px}",
        "img{visibility:hidden}",
        ".icon{display:none}",
        ".c img{max-height:0}",
        "li img{display:none}",
        "sup{display:none}",
        "sup,sub{font-size:0}",
        ".art sup a{display:none}",
        "sub{visibility:hidden}",
        "sup{color:#fffffe}",
        ".c sup{opacity:.1}",
        ".art p:hover{color:#fffffe !important}",
        ".art:hover{font-size:0 !important}",
        ".art p:hover{display:none}",
        ".art p:active{opacity:0}",
    ] {
        let told = told(rule);
        assert!(told.iter().all(|one| one.starts_with("Letter")) && !told.is_empty(), "{rule}");
    }
    for rule in [".f p::first-letter{font-size:96px}", "p::first-letter{line-height:.6}"] {
        assert!(hides(rule), "{rule}");
    }
}

#[test]
fn ordinary_rules_may_stay() {
    let mut refused = Vec::new();
    for rule in ORDINARY {
        let told = told(rule);
        refused.extend((!told.is_empty()).then(|| format!("{rule}: {told:?}")));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(ORDINARY.len() > 60);
}

const ORDINARY: &[&str] = &[
    "p{font-size:18px;line-height:1.6;margin:0 0 20px;color:#222}",
    "a{color:#1a5fb4;text-decoration:underline}",
    "a:hover{opacity:.8;text-decoration:none}",
    "a{color:crimson}",
    "a:hover{color:#0b57d0 !important}",
    "a:hover,a:focus{color:#c00}",
    "a:visited{color:#551a8b}",
    "*{box-sizing:border-box}",
    "body{margin:0;padding:0;-webkit-text-size-adjust:100%}",
    "body,table,td,a{-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%}",
    "table,td{mso-table-lspace:0pt;mso-table-rspace:0pt}",
    "img{-ms-interpolation-mode:bicubic}",
    "img{max-width:100%;border:0;height:auto;line-height:100%;outline:none;text-decoration:none}",
    "table{border-collapse:collapse !important}",
    "body{height:100% !important;margin:0 !important;padding:0 !important;width:100% !important}",
    "body{height:100%!important}",
    "html,body{height:100%;min-height:100vh}",
    "table{overflow:hidden}",
    ".letter{overflow:hidden;border-radius:8px}",
    ".letter{width:600px;overflow:hidden;border-radius:12px}",
    "a{position:relative;top:1px}",
    ".k:active{position:relative;top:1px}",
    ".f p{font-size:clamp(12px,2vw,14px)}",
    "p{font-size:clamp(1rem, .9rem + .5vw, 1.25rem)}",
    ":root{--ink:#222;--size:15px}p{color:var(--ink);font-size:var(--size, 16px)}",
    "body{background:#fff}",
    "body{background:#123;color:#fff}",
    ".f{font-size:12px;text-align:center;padding:24px 16px;border-top:1px solid #ccc}",
    ".f{background:#222;color:#ddd}.f a{color:#fff}",
    ".f{background:#1d2b3a;color:#e8eef4}.f a{color:#9ecbff}.f p{color:#e8eef4}",
    ".letter{max-width:640px;width:100% !important}",
    ".letter{box-shadow:0 2px 12px rgba(0,0,0,.12)}",
    "table{border-collapse:collapse;mso-table-lspace:0pt}",
    "@media (max-width:599px){td{display:block;width:100% !important}}",
    "@media (max-width:599px){.wide{display:none !important}.art .wide img{display:none}}",
    "@media (max-width:599px){.s{padding:12px}}",
    "@media only screen and (max-width:600px){.letter{width:100% !important}.s,.f{padding:16px !important}h1{font-size:24px !important}}",
    "@media (max-width:480px){.desktop-only{display:none !important}.mobile-only{display:block !important}}",
    ".preheader{display:none;max-height:0;overflow:hidden}",
    ".desktop-only{display:none}",
    "@media (prefers-color-scheme:dark){.f{background:#111;color:#eee}}",
    "@media (prefers-color-scheme:dark){.f{background:#111 !important;color:#eee !important}.f a{color:#9cf !important}}",
    "@media (prefers-color-scheme:dark){body,.b,.s,.f{background:#121212 !important;color:#e4e4e4 !important}a{color:#8ab4f8 !important}}",
    "h1{font:bold 30px/1.2 serif;letter-spacing:-1px;overflow:hidden}",
    "img{max-height:300px;border-radius:8px;box-shadow:0 1px 4px rgb(0 0 0 / 20%)}",
    ".q{opacity:.9;position:relative}",
    "p{font:16px/1.5 Georgia, serif;font-variant-numeric:tabular-nums}",
    "a{color:hsl(213deg 66% 24%);word-wrap:break-word}",
    ".f{color:hsl(210, 20%, 30%);background:linear-gradient(to right, #fff, hsl(0 0% 98%))}",
    "p{text-rendering:optimizeLegibility;break-inside:avoid;color:darkslateblue}",
    "@media print{a::after{content:\" (\" attr(href) \")\"}}",
    "@media print{*{background:#fff !important;color:#000 !important}.no-print{display:none}}",
    "@media print{.s,.f{padding:0}body{font-size:12pt;color:#000}a{text-decoration:underline}}",
    "@media print{.art{page-break-inside:avoid}img{display:none}}",
    ".f a{min-height:44px;text-decoration:underline 1px}",
    "p{margin:1em 0;text-indent:1em;color:rgb(20 20 20)}",
    ".t:hover p{visibility:hidden}",
    ".k{border-radius:999px;padding:14px 28px;white-space:nowrap;box-shadow:0 2px 6px rgba(0,0,0,.2)}",
    ".k:hover{background:#0b57d0 !important}",
    "#outlook a{padding:0}",
    ".ReadMsgBody,.ExternalClass{width:100%}",
    ".ExternalClass,.ExternalClass p,.ExternalClass span,.ExternalClass td{line-height:100%}",
    "a[x-apple-data-detectors]{color:inherit !important;text-decoration:none !important;font-size:inherit !important;font-family:inherit !important;font-weight:inherit !important;line-height:inherit !important}",
    "u + #body a{color:inherit;text-decoration:none;font-size:inherit;font-family:inherit;font-weight:inherit;line-height:inherit}",
    "body{font-family:'Brandon Grotesque','Helvetica Neue',Helvetica,Arial,sans-serif}",
    "body{font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,sans-serif,'Apple Color Emoji','Segoe UI Emoji','Segoe UI Symbol'}",
    "h1,h2,h3{font-family:Georgia,'Nanum Myeongjo',serif;color:#102a43;margin:0 0 12px}",
    "h1{margin:-4px 0 8px}",
    "blockquote{border-left:4px solid #e0e0e0;margin:0 0 16px;padding:8px 16px;font-style:italic}",
    "ul{padding-left:20px}li{margin-bottom:6px}",
    ".m{font-size:13px;color:#666}",
    ".h{text-transform:uppercase;letter-spacing:.08em;font-size:12px;color:#b3261e}",
    ".s{border-radius:12px;padding:40px}",
    ".f p{margin:0 0 4px;line-height:18px}",
    ".data{font-size:14px}.data th{background:#f2f4f7;text-align:left}",
    "p{hyphens:auto;orphans:2;widows:2}",
    ".art{border-bottom:1px solid #e5e5e5;padding-bottom:24px;margin-bottom:24px}",
    ".art:last-child{border-bottom:0}",
    "::selection{background:#ffe58f}",
    ".hd{text-align:center}img.hd{margin:0 auto;width:180px}",
    "td{vertical-align:top;padding:8px}",
    "p{letter-spacing:.01em;word-spacing:.05em}",
    "a{transition:color .2s ease-in-out}",
    "sup,sub{line-height:0}",
    "sup,sub{font-size:75%;line-height:0;position:relative;vertical-align:baseline}",
    "sup a{color:#a00000;text-decoration:none;line-height:0}",
    ".icon{width:24px;height:24px}",
    "img.icon{width:16px}",
    "@media (max-width:599px){img{width:100% !important;height:auto !important}}",
    ".only-desktop,.art img.only-desktop,img[width=\"7\"].x{display:none}",
    ".k:hover{background:#fff;color:#222}",
    "a:hover{color:#1f3a5f;background:none}",
    "a.k:hover{color:#fff}",
];
