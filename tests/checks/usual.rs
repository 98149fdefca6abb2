//! What newsletters of other people have, and is no slip: of each kind beside it what must be told all
//! the same.

use crate::harness::Publication;
use crate::trusted::{article, clean, problems, says, told};

#[test]
fn words_of_unfinished_text_that_are_meant_are_not_told() {
    clean(&[
        "It is in the proceedings of ADASS XXX.\n\nHe saw Super Bowl XXX and wrote chapter XXX.",
        "The server ignores work in progress (WIP) requests. WIP, we will know more soon.",
        "**Topic TBD**\n\nSpeaker: TBA. In Lyon (dates TBD).\n\n장소: TBD",
        "| Day | Speaker |\n| - | - |\n| 3 May | TBA |",
        "She built the same TODO app twice and removed a FIXME from it.",
        "There is a [FIXME](https://quay.sejong.example/blob/main/a.c#L19) in the code.",
        "The word “TODO” has four letters.",
    ]);
    says(&[
        ("TODO: ask Ann for the third paragraph.", &["leftover-words hangul.md:4:1"]),
        ("XXX", &["leftover-words hangul.md:4:1"]),
        ("It costs XXX won.", &["leftover-words hangul.md:4:10"]),
        ("## The plan (WIP)\n\nThe tide is high.", &["leftover-words hangul.md:4:14"]),
        ("[WIP] The tide is high.", &["leftover-words hangul.md:4:2"]),
        ("The tide is high.\n\nTBD", &["leftover-words hangul.md:6:1"]),
        ("- [TODO](https://quay.sejong.example/)", &["leftover-words hangul.md:4:4"]),
    ]);
    let here = article("The tide is high.");
    let issue = here.read("issues/2025-11/issue.toml");
    let subject = issue.lines().find(|line| line.starts_with("subject")).unwrap().to_owned();
    let here = here.edit("issues/2025-11/issue.toml", &subject, "subject = \"Letters, TBD\"");
    assert!(told(&here).iter().any(|one| one.starts_with("leftover-words")), "{:?}", told(&here));
}

#[test]
fn links_that_readers_can_tell_apart_are_not_told() {
    clean(&[
        "[@Gull](https://x.com/Gull) or [Gull](https://gull.sejong.example)",
        "[C](https://a.sejong.example/c), [C++](https://a.sejong.example/d), [C#](https://a.sejong.example/e)",
        "[@Gull](https://x.com/Gull) on X or [@Gull](https://mastodon.social/@gull) on Mastodon",
        "[gull](https://github.com/gull) writes, and [gull](https://codeberg.org/gull) too.",
        "Read [Hangul](#hangul) and [Hangul](https://a.sejong.example/hangul).",
        "2019 ([part 1](https://a.sejong.example/1), [part 2](https://a.sejong.example/2)), 2020 ([part 1](https://a.sejong.example/3), [part 2](https://a.sejong.example/4))",
        "Ann: [slides](https://a.sejong.example/1) and [film](https://a.sejong.example/2); Kim: [slides](https://a.sejong.example/3) and [film](https://a.sejong.example/4)",
        "> The tide is high.\n>\n> — [A reader](https://a.sejong.example/1)\n\n> It is low.\n>\n> — [A reader](https://a.sejong.example/2)",
        "The pump runs ([Kim](https://a.sejong.example/1)). The bell rings ([Kim](https://a.sejong.example/2)).",
        "[November 3, 2025](https://x.com/gull/status/1) and [November 3, 2025](https://x.com/gull/status/2)",
        "[#rstats](https://x.com/hashtag/rstats) and [#rstats](https://x.com/hashtag/RStats)",
    ]);
    says(&[
        (
            "The shop is [here in Seoul](https://quay.com/shop) and [here in Seoul](https://quay.eu/shop).",
            &["link-same-text hangul.md:4:57"],
        ),
        (
            "Here are [my notes](https://a.sejong.example/1) of May and [my notes](https://a.sejong.example/2) of June.",
            &["link-same-text hangul.md:4:61"],
        ),
        (
            "[Gull](https://a.sejong.example/1) and [“Gull”](https://a.sejong.example/2)",
            &["link-same-text hangul.md:4:41"],
        ),
        (
            "Fixed in a [pull request](https://a.sejong.example/pull/1), then in a [pull request](https://a.sejong.example/pull/2) again.",
            &["link-same-text hangul.md:4:72"],
        ),
    ]);
}

const POST: &str = "<blockquote class=\"twitter-tweet\"><p lang=\"en\" dir=\"ltr\">The tide is high. \
                    <a href=\"https://t.co/abc\">quay.example/tide</a> \
                    <a href=\"https://t.co/abd\">pic.twitter.com/abd</a></p>&mdash; Gull (@gull) \
                    <a href=\"https://twitter.com/gull/status/1?ref_src=twsrc%5Etfw\">November 3, \
                    2025</a></blockquote> <script async \
                    src=\"https://platform.twitter.com/widgets.js\" charset=\"utf-8\"></script>";

#[test]
fn an_embedded_post_is_one_message() {
    let here = article(POST);
    let told = told(&here);
    assert_eq!(told, ["html-removed hangul.md:4:298"]);
    let help = problems(&here)[0]["help"].as_str().unwrap().to_owned();
    assert!(help.contains("copy its words as a quote"), "{help}");
    // Without its script nothing is left out, and what hides where it leads is told.
    let without = POST.split("<script").next().unwrap();
    let told = crate::trusted::told(&article(without));
    assert_eq!(told, ["link-shortener hangul.md:4:85"]);
}

#[test]
fn a_subdomain_is_no_disguise() {
    clean(&[
        "[plover.com](https://blog.plover.com/)",
        "[blog.plover.com](https://plover.com/)",
        "[www.plover.co.kr](https://m.plover.co.kr/)",
    ]);
    for (text, to) in [
        ("paypal.com", "https://paypal.com.evil.example/"),
        ("paypal.com", "https://evilpaypal.com/"),
        ("gull.github.io", "https://tern.github.io/"),
        ("https://wordpress.com", "https://gull.wordpress.com/"),
        ("gull.co.kr", "https://tern.co.kr/"),
    ] {
        let told = told(&article(&format!("Go to [{text}]({to}).")));
        assert_eq!(told, ["link-disguised hangul.md:4:8"], "{text} {to}");
    }
}

#[test]
fn an_empty_link_is_one_message() {
    says(&[
        ("One []() here.", &["link-target hangul.md:4:5"]),
        ("One [ ](#) here.", &["link-target hangul.md:4:5"]),
        ("One [](https://a.sejong.example/) here.", &["link-text hangul.md:4:5"]),
        ("One [word]() here.", &["link-target hangul.md:4:5"]),
    ]);
}

#[test]
fn abbreviations_have_no_small_letters() {
    clean(&[
        "Friday at 2 PM ET/1 PM CT/12 PM MT/11 AM PT.",
        "It has catalogues such as GALEX, UKIDSS DR5 LAS, SDSS DR8, and 2MASS.",
        "- [CVE-2024-1](https://a.sejong.example/1), [CVE-2024-2](https://a.sejong.example/2), [CVE-2024-3](https://a.sejong.example/3), [CVE-2024-4](https://a.sejong.example/4), [CVE-2024-5](https://a.sejong.example/5)",
    ]);
    says(&[
        ("WHY YOUR WEBSITE SHOULD BE SMALL", &["all-caps hangul.md:4:1"]),
        ("At 2 PM: DAS IST DER LETZTE TAG.", &["all-caps hangul.md:4:10"]),
    ]);
}

#[test]
fn a_thin_line_may_lose_its_height_and_an_element_is_one_message() {
    clean(&[
        "<hr style=\"height: 1px; border: 0; border-top: 3px solid #276\">",
        "<hr style=\"height: 20px; border: 0\">",
        "<p style=\"height: 4px\">Words.</p>",
    ]);
    let here = article("<div style=\"display:flex;gap:4px;aspect-ratio:1\"><p>One</p></div>");
    assert_eq!(told(&here), ["html-removed hangul.md:4:13"]);
    let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
    for part in ["display: flex", "gap", "aspect-ratio"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let here = article("<p style=\"height: 90px\">Words.</p>");
    assert_eq!(told(&here), ["client-css hangul.md:4:11"]);
    let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
    assert!(!message.contains(": 5 % of"), "{message}");
}

#[test]
fn code_may_have_as_many_columns_as_a_line_of_a_mail() {
    let code = |columns: usize| format!("```\nrun {}\n```", "x ".repeat(columns / 2 - 2));
    clean(&[&code(76), &code(78), &format!("> {}", code(78).replace('\n', "\n> "))]);
    says(&[(&code(80), &["text-width hangul.md:5:1"])]);
}

#[test]
fn a_name_in_its_own_letters_is_not_told_and_kana_make_japanese() {
    clean(&["[R-Ladies Tbilisi (თბილისი)](https://a.sejong.example/) meets."]);
    says(&[("Say Привет, мир (or hello).", &["part-language hangul.md:4:5"])]);
    let help = |text: &str| problems(&article(text))[0]["help"].as_str().unwrap().to_owned();
    let beside = help("See [#天気](https://a.sejong.example/) today: きょうの天気です。");
    assert!(beside.contains("{lang=ja}"), "{beside}");
    let alone = help("See [#天気](https://a.sejong.example/) today.");
    assert!(alone.contains("{lang=zh}"), "{alone}");
}

#[test]
fn a_dear_friend_is_no_salutation() {
    clean(&[
        "We mourn the loss of a dear friend and colleague.",
        "Rodin begins with “Dear Sir” as a rule.",
        "Dear friends, the tide is high.",
    ]);
    says(&[
        ("Dear friend, the tide is high.", &["spam-phrase hangul.md:4:1"]),
        ("Words.\n\nHello, dear friend!", &["spam-phrase hangul.md:6:8"]),
        ("Dear Sir or Madam, the tide is high.", &["spam-phrase hangul.md:4:1"]),
    ]);
}

#[test]
fn names_that_look_vague_and_tags_that_look_like_headings() {
    clean(&[
        "Updated: [go](https://go.dev/) 1.23",
        "We use [Go](https://github.com/golang/go) here.",
        "> #Gulls fly over the sea 🐦",
    ]);
    says(&[
        ("Press [go](https://a.sejong.example/).", &["link-vague hangul.md:4:8"]),
        ("#Gulls over the sea", &["leftover-markdown hangul.md:4:1"]),
        ("Thank you ❤\u{FE0F}\u{FE0F} all.", &["character-invisible hangul.md:4:13"]),
    ]);
    let here = article("Thank you ❤\u{FE0F}\u{FE0F} all.");
    assert_eq!(problems(&here)[0]["severity"], "warning");
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(html.contains("❤\u{FE0F} all."), "{html}");
    let here = article("Thank you ❤\u{FE0F}\u{FE0E}\u{FE0F} all.");
    assert!(problems(&here).iter().any(|one| one["severity"] == "error"));
}

#[test]
fn keys_of_zola_astro_and_wordpress_are_for_another_program() {
    for key in [
        "extra: {a: 1}",
        "pubDate: 2025-11-05",
        "pubDatetime: 2025-11-05T10:00:00Z",
        "featured_image: a.png",
        "wordpress_id: 12",
        "wordpress_url: https://a.sejong.example/",
        "license: CC BY",
        "source: https://a.sejong.example/",
        "link: https://a.sejong.example/",
        "post_type: post",
        "enableComments: true",
        "heroImageAlt: A harbour",
    ] {
        let here = Publication::new()
            .write("issues/2025-11/hangul.md", format!("---\ntitle: A\n{key}\n---\nThe tide.\n"));
        assert_eq!(told(&here), ["key-foreign hangul.md:3:1"], "{key}");
    }
    let here = Publication::new()
        .write("issues/2025-11/hangul.md", "---\ntitle: A\nextre: 1\n---\nThe tide.\n");
    assert_eq!(told(&here), ["unknown-key hangul.md:3:1"]);
}

#[test]
fn a_command_of_another_program_is_called_one() {
    for (text, how) in [
        ("{{< figure src=\"a.jpg\" >}}", "![what it shows]"),
        ("{{ \"x\" | image_cran }}", "Hugo or Jekyll"),
        ("{{% note %}}", "::: callout"),
        ("See {{ site.title }} now.", "Hugo or Jekyll"),
        ("{{< figure\n  src=\"a.jpg\" >}}", "![what it shows]"),
    ] {
        let found = problems(&article(text));
        let help = found[0]["help"].as_str().unwrap();
        assert_eq!(found[0]["rule"], "slot-syntax", "{text}");
        assert!(help.contains(how) && !help.contains("first_name"), "{text}: {help}");
    }
    let found = problems(&article("Dear {{ First Name }},"));
    assert!(found[0]["help"].as_str().unwrap().contains("first_name"), "{found:?}");
}

#[test]
fn where_a_reader_came_from_is_told_by_its_value() {
    for query in ["ref_src=twsrc%5Etfw", "ref=newsletter", "feature=youtu.be", "ref=quay.example"] {
        let told = told(&article(&format!("[The tide](https://a.sejong.example/x?{query})")));
        assert_eq!(told, ["link-tracking hangul.md:4:12"], "{query}");
    }
    clean(&[
        "[The tide](https://a.sejong.example/x?ref=main)",
        "[The tide](https://a.sejong.example/x?ref=v1.2.3&source=code)",
    ]);
}
