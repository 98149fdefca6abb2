//! What an editor may trust: no false alarm on ordinary text, and a place that is the thing itself.

use serde_json::Value;

use crate::harness::Publication;

/// The publication of these tests: one issue `2025-11` of the article `hangul`, with this text.
pub(crate) fn article(text: &str) -> Publication {
    Publication::new()
        .write("issues/2025-11/hangul.md", format!("---\ntitle: Hangul\n---\n{text}\n"))
}

/// What `check` says: `rule file:line:column`, the file without its folder.
pub(crate) fn told(here: &Publication) -> Vec<String> {
    let words = |problem: &Value| {
        let file = problem["file"].as_str().unwrap_or_default();
        let file = file.rsplit('/').next().unwrap_or_default();
        let rule = problem["rule"].as_str().unwrap_or_default();
        match (problem["line"].as_u64(), problem["column"].as_u64()) {
            (Some(line), Some(column)) => format!("{rule} {file}:{line}:{column}"),
            _ => format!("{rule} {file}"),
        }
    };
    problems(here).iter().map(words).collect()
}

pub(crate) fn problems(here: &Publication) -> Vec<Value> {
    let output = here.run(&["check", "--format", "json"]);
    serde_json::from_str(&output.stdout).expect(&output.stderr)
}

/// Nothing is said of any of these texts.
pub(crate) fn clean(texts: &[&str]) {
    let wrong: Vec<String> = texts
        .iter()
        .map(|text| (text, told(&article(text))))
        .filter(|(_, told)| !told.is_empty())
        .map(|(text, told)| format!("{text:?}: {told:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of each text exactly this is said.
pub(crate) fn says(texts: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (text, expected) in texts {
        let told = told(&article(text));
        if told != *expected {
            wrong.push(format!("{text:?}: {told:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const LONG: &str =
    "https://quay.sejong.example/minutes/of-the-meeting-of-the-harbour-council-in-november-2026";

#[test]
fn a_line_that_is_an_address_is_not_too_wide_and_code_is() {
    clean(&[
        &format!("Read [the minutes]({LONG})."),
        &format!("- [the minutes]({LONG})\n- Or <{LONG}>."),
        &format!("> Read [the minutes]({LONG})."),
        &format!("[The minutes]({LONG}){{.button}}"),
        &format!("| Day | Page |\n| - | - |\n| Monday | [minutes]({LONG}) |"),
        &format!("    {LONG}"),
        &format!("Three.[^1]\n\n[^1]: See {LONG}."),
    ]);
    let code = "curl --silent --show-error --location --output minutes.html https://quay.example/x";
    says(&[
        (&format!("```\nls\n{code}\n```"), &["text-width hangul.md:6:1"]),
        (
            &format!("Read [it]({LONG}).\n\n    {code}\n\n    {code} x"),
            &["text-width hangul.md:6:5"],
        ),
    ]);
}

#[test]
fn the_same_words_in_other_surroundings_are_no_problem() {
    clean(&[
        "- Gull: [PDF](https://a.sejong.example/gull)\n- Tern: [PDF](https://a.sejong.example/tern)",
        "## Gull\n\n[Programme](https://a.sejong.example/1)\n\n## Tern\n\n[Programme](https://a.sejong.example/2)",
        "| Boat | File |\n| - | - |\n| Gull | [PDF](https://a.sejong.example/1) |\n| Tern | [PDF](https://a.sejong.example/2) |",
        "1. A [slide](https://a.sejong.example/1)\n2. B\n   - C [slide](https://a.sejong.example/2)",
        "See [the site](https://a.sejong.example) and [the site](https://a.sejong.example/).",
    ]);
    let three = "A [PDF](https://a.sejong.example/1), a [PDF](https://a.sejong.example/2) and a [PDF](https://a.sejong.example/3).";
    says(&[
        (three, &["link-same-text hangul.md:4:41"]),
        (&format!("- {three}"), &["link-same-text hangul.md:4:43"]),
    ]);
}

#[test]
fn a_name_and_an_address_in_another_script_are_marked_by_themselves() {
    for (name, address, footer) in [
        ("세종 소식 Digest", "서울시 종로구 세종로 1", "구독하셨습니다."),
        ("Вестник", "Москва, Тверская 1", "Вы подписаны."),
        ("東京の便り", "東京都千代田区1-1 (かな)", "ご購読ありがとうございます。"),
        ("Καφενείο", "Αθήνα(Athens) 105", "Είστε συνδρομητής."),
    ] {
        let toml = format!(
            "[publication]\nname = \"{name}\"\nfrom = \"A <digest@sejong.example>\"\n\
             postal_address = \"{address}\"\nbase_url = \"https://digest.sejong.example\"\n\
             [theme]\nfooter = \"{footer}\"\n"
        );
        let here = Publication::new().write("digest.toml", toml);
        assert_eq!(told(&here), Vec::<String>::new(), "{name}");
    }
    let here = Publication::nothing();
    assert_eq!(here.run(&["init", "소식지"]).code, 0);
    let output = here.run_in("소식지", &["check"]);
    assert!(output.stdout.contains("no problems in"), "{output:?}");
    let html = Publication::new().edit("digest.toml", "\"Sejong Digest\"", "\"세종 Digest\"");
    let html = html.run(&["render", "2025-11"]).stdout;
    assert!(html.contains("<span lang=\"ko\""), "{html}");
}

#[test]
fn chinese_characters_beside_kana_are_japanese_as_a_whole() {
    clean(&["Say 東京の人々 aloud, and 漢字とかな too.", "**日本語のテキスト** and カタカナ漢字"]);
    let html = article("Say 東京の人々 aloud.").run(&["render", "2025-11"]).stdout;
    assert!(html.contains("<span lang=\"ja\">東京の人々</span>"), "{html}");
    says(&[
        ("The word 漢字 alone.", &["part-language hangul.md:4:10"]),
        (
            "`漢字` is code, 漢字 is not, Привет, мир neither.\n\nДа, Москва.",
            &["part-language hangul.md:4:15", "part-language hangul.md:4:26"],
        ),
    ]);
}

#[test]
fn headings_comments_tags_and_fallbacks_are_no_mistakes() {
    clean(&[
        "## `digest init`\n\nText.",
        "## 🎉\n\nText.",
        "Text <!-- <script>alert(1)</script> <form> --> goes on.",
        "<!-- <iframe src=\"x\"> -->\n\nText.",
        "<div><!-- <script> --><p>Text</p></div>",
        "A talk [ZH][EN] and [KO][DE][FR].",
        "- [core][api] A fix\n- [중문][영문] 자료",
        "Take x[i][j] and cite [1][2].",
        "Dear {{ first_name | <none> }}, and <b>{{ first_name | \"a\" & 'b' }}</b>.",
        "See [it](https://a.sejong.example/?n={{ first_name | \"you\" <b> }}).",
        "Dear {{ first_name | friend }}, hello.",
        "Dear {{ first_name | sir }}, hello.",
        "The files are at ftp://files.sejong.example/pub, and also elsewhere.",
        "Call xmpp:desk@chat.sejong.example now.",
        "Donau&shy;dampf&#173;schiff.",
    ]);
    says(&[
        ("## —\n\nText.", &["heading-empty hangul.md:4:1"]),
        ("Text <script>.", &["html-removed hangul.md:4:6"]),
        ("Dear friend, hello.", &["spam-phrase hangul.md:4:1"]),
        ("The [minutes][october] are long.", &["leftover-markdown hangul.md:4:5"]),
        ("[The minutes][1] are long.", &["leftover-markdown hangul.md:4:1"]),
    ]);
}

#[test]
fn schemes_that_only_some_programs_open_are_a_warning_that_may_be_allowed() {
    for link in [
        "irc://irc.sejong.example/hangul",
        "matrix:r/hangul:sejong.example",
        "webcal://sejong.example/events.ics",
        "sms:+15550100",
        "ftp://files.sejong.example/pub",
        "geo:37.57,126.97",
        "xmpp:desk@sejong.example",
        "MATRIX:r/hangul:sejong.example",
    ] {
        for text in [format!("[Join]({link}) us."), format!("<a href=\"{link}\">Join</a> us.")] {
            let here = article(&text);
            let found = problems(&here);
            assert!(found.len() == 1 && found[0]["rule"] == "link-target", "{text}: {found:?}");
            assert_eq!(found[0]["severity"], "warning", "{text}");
            let output = here.run(&["check", "--allow", "link-target"]);
            assert!(output.stdout.contains("no problems"), "{text}: {output:?}");
            let html = here.run(&["render", "2025-11"]).stdout;
            assert!(
                html.to_lowercase().contains(&format!("href=\"{}\"", link.to_lowercase())),
                "{html}"
            );
        }
    }
    // What leads nowhere stays an error, allowed or not.
    for link in ["story.html", "file:///etc/hosts", "javascript:alert(1)", "data:text/html,x"] {
        let here = article(&format!("[Join]({link}) us."));
        assert_eq!(here.run(&["check", "--allow", "link-target"]).code, 3, "{link}");
    }
}

#[test]
fn each_problem_is_told_where_it_is() {
    says(&[
        (
            "Press where it says here, or [here](https://a.sejong.example/2), or [here](https://a.sejong.example/3).",
            &["link-vague hangul.md:4:31", "link-vague hangul.md:4:70"],
        ),
        (
            "As `http://a.sejong.example/y` in code, and [a site](http://a.sejong.example/y).",
            &["link-insecure hangul.md:4:54"],
        ),
        (
            "The boats are hired.\n\nA <span style=\"color:red\">scarlet</span> flag.",
            &["text-contrast hangul.md:6:22"],
        ),
        (
            "As `color: red`, `<b style=\"color:red\">`.\n\n<p style=\"margin: 0; color: red\">Scarlet.</p>",
            &["text-contrast hangul.md:6:29"],
        ),
        ("A list of todos, a `TODO` and a TODO.", &["leftover-words hangul.md:4:33"]),
        (
            "We justify it.\n\n<p style=\"text-align:justify\">Text.</p>",
            &["text-justify hangul.md:6:22"],
        ),
        (
            "See [it][a] and [here][b].\n\n[a]: https://a.sejong.example/1\n[b]: https://a.sejong.example/2",
            &["link-vague hangul.md:4:18"],
        ),
        ("I AM and I SAY: I SAY THAT WE ALL KNOW IT.", &["all-caps hangul.md:4:19"]),
        (
            "> - See <a href=\"http://a.sejong.example/\">a</a> and [b](http://a.sejong.example/).",
            &["link-insecure hangul.md:4:18"],
        ),
    ]);
    let here = article("The *tide* is high.")
        .write("style.css", "/* em { color: oklch(1% 0 0) } */\na:hover { color: #a00000 }\nem { color: oklch(40% 0.1 250) }\n");
    assert_eq!(told(&here), ["text-contrast style.css:3:13", "client-css style.css:3:6"]);
}

#[test]
fn problems_of_one_host_or_kind_are_one() {
    let links = |query: &str| {
        let link = |number: u32| {
            format!("- [Page {number}](https://a{number}.sejong.example/p{number}{query})\n")
        };
        (0..9).map(link).collect::<String>()
    };
    let here = article(&links("?utm_source=digest"));
    let found = problems(&here);
    assert_eq!(told(&here), ["link-tracking hangul.md:4:12"]);
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("also at 5:12, 6:12") && message.ends_with("12:12"), "{message}");
    let one_host = "- [A](http://a.sejong.example/1)\n- [B](http://a.sejong.example/2)\n- [C](http://b.sejong.example/)";
    says(&[
        (one_host, &["link-insecure hangul.md:4:7", "link-insecure hangul.md:6:7"]),
        (
            "- [A](https://bit.ly/1)\n- [B](https://bit.ly/2)\n- [C](https://www.example.com/1)\n- [D](https://www.example.com/2)",
            &["leftover-address hangul.md:6:7", "link-shortener hangul.md:4:7"],
        ),
    ]);
}

#[test]
fn a_table_that_no_telephone_has_room_for_is_told() {
    let wide = "| Committee | Chairperson | Secretary | Treasurer | Programme |\n\
                |---|---|---|---|---|\n| Membership | Montgomery | Fitzgerald | Livingston | Conference |";
    says(&[(wide, &["table-wide hangul.md:4:1"])]);
    clean(&[
        "| Day | Tide | Wind | Boats | Fee |\n|---|---|---|---|---|\n| Mon | 1.2 | 4 | 12 | 30 |",
        "| Committee responsibilities | Chairpersonship |\n|---|---|\n| Membership | Montgomeryshire |",
        "| 요일 | 모임 | 장소 |\n|---|---|---|\n| 월요일 | 읽기 모임 | 세종문화회관 |",
    ]);
}

#[test]
fn a_drawing_is_not_blurred() {
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"300\" height=\"200\"><rect width=\"300\" height=\"200\" fill=\"#246\"/></svg>";
    let words = "A paragraph that is long enough. ".repeat(14);
    let here = article(&format!("![A blue field](field.svg)\n\n{words}"))
        .write("issues/2025-11/field.svg", drawing);
    assert_eq!(told(&here), Vec::<String>::new());
}
