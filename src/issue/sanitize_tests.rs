//! What of raw HTML stays in a letter, and what never does.

use super::*;

#[test]
fn nothing_that_runs_or_asks_survives() {
    let dirty = "<p onclick=\"x()\">a<script>alert(1)</script><form action=x><input></form>\
        <iframe src=x></iframe><a href=\"java\nscript:alert(1)\">b</a><meta http-equiv=refresh>\
        <img src=x onerror=alert(1)><p style=\"background:url(x)\">c";
    let (clean, text) = block(dirty, Vec::new());
    for bad in ["script", "onclick", "form", "iframe", "input", "meta", "onerror", "url(", "img"] {
        assert!(!clean.contains(bad), "{bad} in {clean}");
    }
    let text: Vec<&str> = text.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(text, ["a", "b", "c"]);
    let told = removed_kinds(dirty);
    for word in
        ["<script>", "<form>", "<iframe>", "<meta>", "<img>", "onclick", "onerror", "javascript:"]
    {
        assert!(told.iter().any(|found| found == word), "{word} not in {told:?}");
    }
}

#[test]
fn sizes_out_of_bounds_go_and_are_told() {
    let html = "<table border=9999 cellpadding=9999 cellspacing=\"1e9\" width=99999><tr>\
        <td width=\"900%\" rowspan=65534>x</td></tr></table>";
    let (clean, _) = block(html, Vec::new());
    assert_eq!(clean, "<table cellspacing=\"1e9\"><tbody><tr><td>x</td></tr></tbody></table>");
    let told: Vec<&str> = refused_sizes(html).into_iter().map(|(at, _)| &html[at]).collect();
    assert_eq!(told, ["9999", "9999", "99999", "900%", "65534"]);
    let ordinary = "<table border=\"0\" cellpadding=\"8\" cellspacing=\"0\" width=\"100%\">\
        <tr><td width=\"600\" colspan=\"2\" valign=\"top\">x</td></tr></table>";
    assert_eq!(refused_sizes(ordinary), []);
}

#[test]
fn what_is_cut_is_known() {
    let open = |html| left_open(html).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(open("<table>\n<tr>\n<td>"), ["table", "tr", "td"]);
    assert_eq!(open("<div align=\"center\">"), ["div"]);
    assert_eq!(open("<p>a <b>b"), ["p", "b"]);
    for whole in ["<p>a", "<ul><li>a<li>b</ul>", "</td>\n<td>", "<p>a</p><br><hr/>", "a < b"] {
        assert_eq!(open(whole), Vec::<String>::new(), "{whole}");
    }
    assert_eq!(
        empty_links("<a href=\"x\"> <b></b></a><a href=\"y\">y</a><a href=\"z\">&nbsp;</a>"),
        ["x", "z"]
    );
}

#[test]
fn comments_go_and_what_only_looks_like_one_stays() {
    assert_eq!(without_comments("a<!-- {{ x }} -->b<!---->c", |_| {}), "abc");
    assert_eq!(without_comments("a <!-- open", |_| {}), "a <!-- open");
}

#[test]
fn no_field_of_a_subscriber_reaches_a_style() {
    let (clean, _) = block(&format!("<p style=\"color:{}\">a</p>", slot::mark(0)), Vec::new());
    assert_eq!(clean, "<p>a</p>");
}

#[test]
fn tags_in_a_line_are_known_one_by_one() {
    let tag = |html| inline(html, Vec::new());
    assert_eq!(tag("<B>"), Tag::Open("b".into(), "<b>".into()));
    assert_eq!(tag("</b>"), Tag::Close("b".into()));
    assert_eq!(tag("<br/>"), Tag::Break);
    assert_eq!(tag("<script>"), Tag::Nothing);
    let link = tag("<a href=\"https://a.example/\" onclick=\"x\">");
    assert_eq!(link, Tag::Open("a".into(), "<a href=\"https://a.example/\">".into()));
    assert_eq!(tag("<a href=\"javascript:x\">"), Tag::Open("a".into(), "<a>".into()));
}

#[test]
fn attributes_are_found_however_they_are_written() {
    let found = attributes("a <IMG SRC=x alt='a > b' hidden/><p style = \"c:d\"=>b < c</p>");
    let found: Vec<_> =
        found.iter().map(|a| (a.element.as_str(), a.name.as_str(), a.value)).collect();
    let expected = [
        ("img", "src", "x"),
        ("img", "alt", "a > b"),
        ("img", "hidden", ""),
        ("p", "style", "c:d"),
        ("p", "=", ""),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_stay_in_an_attribute_is_told() {
    let mark = slot::mark(0);
    for (html, what) in [
        ("<p style=\"background:url(x)\">", "url()"),
        ("<td style='background:image-set(\"x\" 1x)'>", "image-set()"),
        ("<p style=color:re\\64>", "a backslash"),
        ("<p style=\"margin:0;position:fixed\">", "position:fixed"),
        ("<p style=\"margin:0;nobody-knows:this\">", "nobody-knows:this"),
        (&format!("<p style=\"color:{mark}\">"), "a slot"),
    ] {
        let told = refused_styles(html);
        assert_eq!(told.len(), 1, "{html}");
        assert_eq!(told[0].what, what);
    }
    assert_eq!(refused_styles("<p style=\"background-position:0 0;color:rgb(1,2,3)\">"), []);
    let told = removed(&format!(
        "<table background=x><tr><td lang=\"{mark}x\" title=\"{mark}\" id={mark}></table>"
    ));
    assert_eq!(told, "background=, lang=, id=");
}

#[test]
fn nothing_in_an_article_comes_to_lie_above_what_follows() {
    for style in [
        "opacity:.99;background:#fff;margin-bottom:-3000px;height:3000px",
        "margin:0 0 -3000px",
        "margin-top:-9999px",
        "height:3000px",
        "border-image:linear-gradient(#fff,#fff) 1 fill / 1px / 5000px",
        "text-shadow:0 0 9000px",
        "zoom:100",
        "font-size:9999px",
        "padding-top:999999px",
        "line-height:999999",
        "border-bottom:50in solid #fff",
        "margin-bottom:-1e4px",
        "height:1e5px",
        "margin-bottom:calc(-1*1999px)",
        "margin:-80px",
        "margin:0 0 -9in",
        "margin-block-end:-25px",
        "padding-top:50in",
        "padding-block:90pc",
        "height:900cm",
        "min-height:9999q",
        "height:var(--x)",
        "position:sticky",
        "border-spacing:9in",
        "vertical-align:-9999px",
        "outline:20px solid #fff",
        "mso-element:frame",
        "shape-outside:circle()",
        "all:unset",
    ] {
        assert!(odd_in_style("p", style).is_some(), "{style}");
    }
    for style in [
        "margin:0 auto;padding:12px 24px;max-width:600px;width:100%",
        "font:700 16px/1.5 Arial, sans-serif;color:#1a2b3c",
        "margin-left:-8px;text-indent:-1em;line-height:150%",
        "border:1px solid #ddd;border-radius:8px;height:44px",
        "border-radius:9999px;margin-left:-16px;margin-top:-.25em;outline:none;zoom:1",
        "text-shadow:0 1px 0 #fff;filter:none;unicode-bidi:isolate;opacity:1",
        "mso-line-height-rule:exactly;font-weight:700;letter-spacing:.02em",
        "position:relative;top:1px",
        "position:relative;top:-.3em;font-size:75%",
        "overflow:hidden;text-overflow:ellipsis;max-width:100%",
        "display:flex;gap:12px;justify-content:center;flex-wrap:wrap",
        "display:grid;grid-template-columns:1fr 1fr",
        "float:left;clear:both;width:50%;box-sizing:border-box",
        "font-size:0;line-height:0",
        "font-size:clamp(1rem, 2vw, 1.5rem)",
        "background:linear-gradient(90deg, #eee, #ddd);background-size:cover",
        "box-shadow:0 4px 12px rgba(0,0,0,.15)",
        "border-collapse:separate;border-spacing:0 8px;table-layout:fixed",
        "font-family:&quot;Segoe UI&quot;,Arial,sans-serif;color:#222",
        "mso-table-lspace:0pt;mso-fareast-language:KO;mso-list:l0 level1 lfo1",
        "margin:1em 40px;tab-stops:45.8pt;text-autospace:none",
        "display:none;max-height:0;mso-hide:all",
        "opacity:.8",
    ] {
        assert!(odd_in_style("p", style).is_none(), "{style}");
    }
}

#[test]
fn only_known_relative_addresses_stay() {
    let html = "<a href=\"#note\">a</a><a href=\"/b\">b</a>";
    let (clean, _) = block(html, vec!["#note".to_owned()]);
    assert_eq!(clean, "<a href=\"#note\">a</a><a>b</a>");
}
