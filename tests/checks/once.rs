//! Mistakes of one kind that an issue has several times: each kind is told once, with all its places;
//! and what is right is told for none.

use crate::slips::{headed, places, problems, rendered, told, with};

fn messages(here: &crate::harness::Publication) -> Vec<String> {
    problems(here).iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_word_of_unfinished_text_is_told() {
    let here =
        with("TODO: the time. And TODO: the place.\n\nWho comes? TODO\n\nFIXME the day. `TODO`");
    assert_eq!(places(&here), ["leftover-words 5:1", "leftover-words 9:1"]);
    let messages = messages(&here);
    assert!(messages[0].ends_with("also at 5:21, 7:12"), "{messages:?}");
}

#[test]
fn links_without_words_are_one_problem() {
    let here = with("See [](https://harbour.kr) and [](https://harbour.kr/2).\n\n[](https://a.kr)");
    assert_eq!(places(&here).len(), 1, "{:?}", told(&here));
    let messages = messages(&here);
    assert!(messages[0].contains("also at "), "{messages:?}");
    assert!(messages[0].contains("7:1"), "{messages:?}");
}

#[test]
fn a_footnote_with_another_name_is_named() {
    for (text, note) in [("fee", "fees"), ("fees", "fee"), ("Fee1", "fee-1"), ("2", "3")] {
        let body = format!("The fee is 3.[^{text}]\n\n[^{note}]: See the minutes.");
        let here = with(&body);
        let told = told(&here);
        assert_eq!(told.len(), 1, "{body}: {told:?}");
        assert_eq!(told[0].0, "leftover-markdown 5:14", "{body}");
        assert!(told[0].1.contains(&format!("did you mean [^{note}]?")), "{told:?}");
    }
    let here = with("The fee is 3.[^fee]\n\n[^minutes-of-may]: See the minutes.");
    assert_eq!(places(&here), ["leftover-markdown 5:14", "leftover-markdown 7:1"]);
}

#[test]
fn stars_of_a_product_are_told_where_they_would_be_lost() {
    for body in ["It is 2*3*4 cm large.", "Send 1920*1080*60 only.", "A box of 30cm*20cm*10cm."] {
        let here = with(body);
        let told = told(&here);
        assert_eq!(told.len(), 1, "{body}: {told:?}");
        assert!(told[0].1.contains("write ×"), "{told:?}");
    }
    for right in ["It is 2*3 cm large.", "It is 2\\*3\\*4.", "un*frigging*believable", "`2*3*4`"] {
        assert_eq!(places(&with(right)), Vec::<String>::new(), "{right}");
    }
}

#[test]
fn names_of_languages_in_a_row_are_no_foreign_words() {
    for right in [
        "English · 한국어 · 日本語",
        "[English](https://harbour.kr/en) · [한국어](https://harbour.kr/ko) | Русский",
        "- English\n- 한국어\n- 中文",
    ] {
        assert_eq!(places(&with(right)), Vec::<String>::new(), "{right}");
    }
    assert_eq!(places(&with("The word 漢字 alone.")), ["part-language 5:10"]);
}

#[test]
fn the_sender_s_own_subdomain_may_have_an_address() {
    let link = |host: &str| {
        headed("title: Hangul", &format!("See [your page](https://{host}/?e={{{{ email }}}})."))
    };
    for own in ["news.sejong.example", "a.b.sejong.example", "sejong.example"] {
        assert_eq!(places(&link(own)), Vec::<String>::new(), "{own}");
    }
    for other in ["sejong.example.org", "notsejong.example", "sejong.kr"] {
        assert!(
            places(&link(other)).iter().any(|one| one.starts_with("link-email")),
            "{other}: {:?}",
            places(&link(other))
        );
    }
    // Of a mailbox provider, nobody has a part.
    let from = |here: crate::harness::Publication| {
        let toml = here.read("digest.toml").replace("digest@sejong.example", "harbour@gmail.com");
        here.write("digest.toml", toml)
    };
    assert!(places(&from(link("forms.gmail.com"))).iter().any(|one| one.starts_with("link-email")));
}

#[test]
fn an_issue_of_a_later_month_has_its_first_day() {
    let here = with("The tide is high.");
    for (name, day) in [("2199-12", "2199-12-01"), ("2199-11-20", "2199-11-20")] {
        let made = here.run(&["new", name]);
        assert_eq!(made.code, 0, "{made:?}");
        assert!(made.stdout.contains(&format!("Its date is {day}")), "{made:?}");
        assert!(here.read(&format!("issues/{name}/issue.toml")).contains(&format!("date = {day}")));
    }
    // One whose month is over goes out later than that, and its articles are not from after it.
    let made = here.run(&["new", "2001-02"]);
    assert!(made.code == 0 && !made.stdout.contains("Its date"), "{made:?}");
    assert_eq!(here.run(&["new", "2025-11/tides"]).code, 0);
    assert!(here.read("issues/2025-11/tides.md").contains("2025-11-06"));
    assert!(rendered(&here, "text").contains("tide"));
}

#[test]
fn words_that_an_indent_of_word_moves_out_of_the_letter_are_told() {
    let body = "<p style=\"text-indent:-36pt\">Dear all.</p>\n\n<p style=\"text-indent:-36.0pt\">\
                Two.</p>\n\n<p style=\"text-indent: -0.2in; margin: 0 0 0 1cm\">Three.</p>";
    assert_eq!(places(&with(body)), ["leftover-paste 5:23", "leftover-paste 7:23"]);
    for right in [
        "<p style=\"margin-left:36pt;text-indent:-18pt\">Dear all.</p>",
        "<p style=\"padding:0 0 0 40px;text-indent:-40px\">Dear all.</p>",
        "<p style=\"text-indent:2em\">Dear all.</p>",
        "<p style=\"text-indent:-10px\">Dear all.</p>",
    ] {
        assert_eq!(places(&with(right)), Vec::<String>::new(), "{right}");
    }
    let black = "<p style=\"color:black\">Dear all.</p>\n\n<p style=\"color:windowtext\">Two.</p>";
    assert_eq!(places(&with(black)), ["leftover-paste 7:11", "text-contrast 5:17"]);
}

#[test]
fn an_address_between_angle_brackets_is_told_where_it_stands() {
    let here = with("Write to <kim@example.com> or to [Ann](mailto:ann@example.org).");
    assert_eq!(places(&here), ["leftover-address 5:11", "leftover-address 5:40"]);
    assert_eq!(places(&with("Write to kim@example.com now.")), ["leftover-address 5:10"]);
}

/// An issue with a title that is a link, and a quotation.
fn styled(css: &str) -> crate::harness::Publication {
    let here = headed("title: Hangul\nurl: https://harbour.kr/x", "The tide.\n\n> Long ago.");
    here.write("style.css", css)
}

#[test]
fn what_style_css_says_in_vain_is_told_with_what_to_write() {
    for (css, place, help) in [
        ("body { font-family: Georgia, serif }", "1:8", ".b"),
        ("body{line-height:1.6}", "1:6", ".b"),
        ("body{color:#222;background:#fafafa}", "1:6", ".s"),
        ("h1, h2, h3 { color: #800000 }", "1:14", ".u"),
        ("blockquote { border-left: 4px solid #c00 }", "1:14", ".qt"),
        (".pull-quote { border-left: 4px solid #c00 }", "1:15", ".qt"),
        ("* { box-sizing: border-box }", "1:5", "delete it"),
        ("*{margin:0;padding:0}", "1:3", "delete it"),
    ] {
        let told = told(&styled(css));
        assert_eq!(told.len(), 1, "{css}: {told:?}");
        assert_eq!(told[0].0, format!("style {place}"), "{css}");
        assert!(told[0].1.contains(help), "{css}: {told:?}");
    }
    for right in [
        ".b { font-family: Georgia, serif }",
        "h1, h2, h3, .u { color: #800000 }",
        ".quote { border-left: 4px solid #c00 }",
        "body { margin: 0 }",
        "a { color: #800000 }",
        // `em` is a part of the letters of that element.
        "p { font-size: 16px; line-height: 1.5em }",
        "h2 { line-height: 1.2em }",
        ".button { line-height: 1.2em }",
        "blockquote p { line-height: 1.5em }",
        ".footer { padding: 2em 3em }",
        "code { padding: .3em .5em; background: #eee }",
    ] {
        assert_eq!(places(&styled(right)), Vec::<String>::new(), "{right}");
    }
    let html = rendered(&styled("* { box-sizing: border-box }\nh2 { color: #800000 }"), "html");
    assert!(!html.contains("box-sizing"), "{html}");
}

#[test]
fn titles_have_the_dark_colors_of_style_css() {
    let dark = "@media (prefers-color-scheme: dark) { h1, h2, h3, .u { color: #ffaaaa } }";
    let here = styled(dark);
    assert_eq!(places(&here), Vec::<String>::new());
    let html = rendered(&here, "html");
    // It counts more than what our rules say of classes; what the letter has not is left out.
    assert!(html.contains(".b h1"), "{html}");
}

#[test]
fn each_piece_of_markdown_in_a_paragraph_is_told() {
    let body = "See [one] (https://a.kr), [two](a.kr/x y) and [three] (https://c.kr).";
    assert_eq!(
        places(&with(body)),
        ["leftover-markdown 5:5", "leftover-markdown 5:27", "leftover-markdown 5:47"]
    );
    for (body, place) in [
        ("***Important**: read this.", "5:1"),
        ("It is x^2^ here.", "5:7"),
        ("Drink H~2~O now.", "5:7"),
    ] {
        assert_eq!(places(&with(body)), [format!("leftover-markdown {place}")], "{body}");
    }
    for right in ["***Important***: read.", "10~20~30 people", "2^3^2 and a^b^c", "f*** it"] {
        assert_eq!(places(&with(right)), Vec::<String>::new(), "{right}");
    }
}

#[test]
fn an_article_with_another_name_is_told_once() {
    let here = with("The tide.").edit(crate::slips::ISSUE, "\"hangul\"", "\"hangull\"");
    let told = told(&here);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.starts_with("article-missing") && told[0].1.contains("\"hangul\""));
}

#[test]
fn what_markdown_takes_for_something_else_is_told() {
    for (body, place) in [
        ("One.\n\n```\ncode\n``\n\nDear members.", "7:1"),
        ("One.\n\n<!-- a note\n\nDear members.", "7:1"),
        ("This is **bold* here.", "5:9"),
        ("Bring:\na) a coat\nb) a lamp", "6:1"),
        ("① 하나\n② 둘", "5:1"),
        ("Day\tRoom\nMon\t12", "5:1"),
        ("So $$E=mc^2$$ is.", "5:4"),
        ("See [the plan]https://harbour.kr now.", "5:5"),
        ("![The quay] (quay.png)", "5:2"),
        ("Call [the office](tel:02 123 4567).", "5:6"),
        (":: callout\nText\n::", "5:1"),
    ] {
        let here = with(body);
        let found: Vec<String> =
            places(&here).into_iter().filter(|one| !one.starts_with("part-language")).collect();
        assert_eq!(found, [format!("leftover-markdown {place}")], "{body}: {:?}", told(&here));
    }
    for right in [
        "One.\n\n```\ncode\n```\n\nDear members.",
        "One.\n\n<!-- a note -->\n\nDear members.",
        "It costs $10 or $20.",
        "Two [tags](see below) here.",
        "An arrow:: like this",
    ] {
        assert_eq!(places(&with(right)), Vec::<String>::new(), "{right}");
    }
}
