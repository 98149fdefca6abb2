//! Slips of an ordinary editor: brackets and quotation marks of TOML, addresses with a letter too few,
//! Markdown that was read as something else, pasted HTML, and lists as other programs write them.

use serde_json::Value;

use crate::harness::Publication;

pub(crate) const ARTICLE: &str = "issues/2025-11/hangul.md";
pub(crate) const ISSUE: &str = "issues/2025-11/issue.toml";
const LIST: &str = "subscribers.csv";

/// A publication whose only article has this text.
pub(crate) fn with(body: &str) -> Publication {
    headed("title: Hangul", body)
}

pub(crate) fn headed(head: &str, body: &str) -> Publication {
    Publication::with_subscribers().write(ARTICLE, format!("---\n{head}\n---\n\n{body}\n"))
}

pub(crate) fn problems(here: &Publication) -> Vec<Value> {
    let output = here.run(&["check", "2025-11", "--format", "json"]);
    serde_json::from_str(&output.stdout).expect(&output.stderr)
}

/// What `check` says: rule, line, column and what to do.
pub(crate) fn told(here: &Publication) -> Vec<(String, String)> {
    let place = |one: &Value| match (one["line"].as_u64(), one["column"].as_u64()) {
        (Some(line), Some(column)) => format!(" {line}:{column}"),
        _ => String::new(),
    };
    let all = problems(here);
    let words = |one: &Value| format!("{}{}", one["rule"].as_str().unwrap(), place(one));
    all.iter().map(|one| (words(one), one["help"].as_str().unwrap_or_default().into())).collect()
}

/// Rules and places alone.
pub(crate) fn places(here: &Publication) -> Vec<String> {
    told(here).into_iter().map(|(place, _)| place).collect()
}

pub(crate) fn rendered(here: &Publication, format: &str) -> String {
    let output = here.run(&["render", "2025-11", "--format", format]);
    assert_eq!(output.code, 0, "{output:?}");
    output.stdout
}

#[test]
fn brackets_of_tables_are_told_with_what_is_right() {
    let section = "[[section]]";
    for (heading, place, help) in [
        ("[[section]", "toml-syntax 7:1", "write [[section]]"),
        ("[section]]", "toml-syntax 7:1", "write [[section]]"),
        ("[ [section] ]", "toml-syntax 7:1", "write [[section]]"),
        ("[section", "toml-syntax 7:1", "write [[section]]"),
    ] {
        let here = with("The tide is high.").edit(ISSUE, section, heading);
        let told = told(&here);
        assert_eq!(told, [(place.to_owned(), help.to_owned())], "{heading}");
    }
    // One of them can mean only one thing.
    let one = with("The tide is high.").edit(ISSUE, section, "[section]");
    assert_eq!(places(&one), Vec::<String>::new());
    assert!(
        rendered(&one, "text").contains("IN FOCUS") || rendered(&one, "text").contains("In focus")
    );
    let toml = one.read(ISSUE);
    for more in ["[section]", "[[section]]"] {
        let two = Publication::with_subscribers()
            .write(ISSUE, format!("{toml}\n{more}\narticles = [\"more\"]\n"))
            .write("issues/2025-11/more.md", "# More\n\nThe tide is low.\n");
        let told = told(&two);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, "toml-syntax 7:1", "{more}");
        assert!(told[0].1.starts_with("write [[section]] here"), "{told:?}");
    }
}

#[test]
fn single_tables_in_two_brackets_are_read_as_they_are_meant() {
    let theme = "[[theme]]\npreset = \"celadon\"\n\n[publication]";
    let here = with("The tide is high.").edit("digest.toml", "[publication]", theme);
    assert_eq!(places(&here), Vec::<String>::new());
    let twice = here.edit("digest.toml", "[publication]", "[[theme]]\n\n[publication]");
    let output = twice.run(&["check"]);
    assert!(output.stdout.contains("write [theme] once"), "{}", output.stdout);
}

#[test]
fn what_is_left_open_is_told_where_it_was_opened() {
    let title = "title = \"October\"";
    for (written, place) in [
        ("title = \"\"\"\nOctober", "2:9"),
        ("title = '''\nOctober", "2:9"),
        ("title = \"\"\"October\nsign_off = \"\"\"\nBye\n\"\"\"", "2:9"),
        ("title = \"October", "2:9"),
        ("allow = [\n{ rule = \"link-vague\", reason = \"x\" }\ntitle = \"October\"", "2:9"),
    ] {
        let here = with("The tide is high.").edit(ISSUE, title, written);
        assert_eq!(places(&here), [format!("toml-syntax {place}")], "{written}");
    }
}

#[test]
fn addresses_that_can_mean_one_thing_are_read_so() {
    for (written, meant) in [
        ("https:/harbour.kr/x", "https://harbour.kr/x"),
        ("https:harbour.kr", "https://harbour.kr"),
        ("https//harbour.kr/x", "https://harbour.kr/x"),
        ("https//:harbour.kr", "https://harbour.kr"),
        ("https:://harbour.kr", "https://harbour.kr"),
        ("www.harbour.kr/x", "https://www.harbour.kr/x"),
        ("ann@harbour.kr", "mailto:ann@harbour.kr"),
        ("mailto://ann@harbour.kr", "mailto:ann@harbour.kr"),
        ("maito:ann@harbour.kr", "mailto:ann@harbour.kr"),
    ] {
        for body in [
            format!("See [the plan of May]({written}) now."),
            format!("See <a href=\"{written}\">the plan of May</a> now."),
            format!("See [the plan of May][plan] now.\n\n[plan]: {written}"),
        ] {
            let here = with(&body);
            assert_eq!(places(&here), Vec::<String>::new(), "{body}");
            let html = rendered(&here, "html");
            assert!(html.contains(&format!("href=\"{meant}\"")), "{body}: {html}");
        }
    }
    let here = headed("title: Hangul\nurl: www.harbour.kr/x", "The tide is high.");
    assert!(rendered(&here, "html").contains("href=\"https://www.harbour.kr/x\""));
}

#[test]
fn addresses_with_a_slip_are_told_with_what_was_meant() {
    for (written, meant) in [
        ("htps://harbour.kr", "https://harbour.kr"),
        ("hhtps://harbour.kr/x", "https://harbour.kr/x"),
        ("ttp://harbour.kr", "http://harbour.kr"),
        ("harbour.kr/plan.pdf", "https://harbour.kr/plan.pdf"),
        ("hangul.md", "#hangul"),
        ("010-1234-5678", "tel:010-1234-5678"),
    ] {
        let here = with(&format!("See [the plan of May]({written}) now."));
        let expected = ("link-target 5:23".to_owned(), format!("write {meant}"));
        assert_eq!(told(&here), [expected], "{written}");
    }
    let here = headed("title: Hangul\nurl: htps://harbour.kr", "The tide is high.");
    assert_eq!(
        told(&here),
        [("link-target 3:6".to_owned(), "write https://harbour.kr".to_owned())]
    );
    for wrong in ["plan.pdf", "/plan", "javascript:alert(1)", "javascript://harbour.kr/%0aalert(1)"]
    {
        let here = with(&format!("See [the plan of May]({wrong}) now."));
        assert_eq!(places(&here), ["link-target 5:23"], "{wrong}");
    }
}

#[test]
fn emphasis_with_a_space_within_is_told() {
    for (words, column) in [
        ("This is ** bold ** here.", 9),
        ("This is __ bold __ here.", 9),
        ("This is **bold ** here.", 9),
        ("This is ** bold** here.", 9),
        ("This is ~~ gone ~~ here.", 9),
        ("*soft * words.", 1),
        ("The * soft* words.", 5),
    ] {
        let told = told(&with(words));
        assert_eq!(told.len(), 1, "{words}: {told:?}");
        assert_eq!(told[0].0, format!("leftover-markdown 5:{column}"), "{words}");
        assert!(told[0].1.contains("without a space"), "{words}: {told:?}");
    }
    for right in [
        "An area is width * height * depth.",
        "Home * About * Contact",
        "The price\\* is 3. \\*Terms apply.",
        "Use snake_case and my_init here, and 2 ** 3 ** 4.",
    ] {
        let places = places(&with(right));
        assert_eq!(places, Vec::<String>::new(), "{right}");
    }
}

#[test]
fn text_that_markdown_took_for_something_else_is_told() {
    let table = "| Day | Room |\n|---|---|\n| Mon | 12 |\n";
    for (body, places_told) in [
        (format!("{table}All rooms are on the first floor."), &["leftover-markdown 8:1"][..]),
        (format!("{table}All rooms are\non the first floor."), &["leftover-markdown 8:1"]),
        (
            format!("> {}> All rooms are free.", table.replace("\n|", "\n> |")),
            &["leftover-markdown 8:3"],
        ),
        (format!("{table}\nAll rooms are on the first floor."), &[]),
        ("Day | Room\n---|---\nMon | 12\nTue | 4".to_owned(), &[]),
        ("The tide is high today.\n---\n\nMore.".to_owned(), &["leftover-markdown 6:1"]),
        ("One line\nand another\n---\n\nMore.".to_owned(), &["leftover-markdown 7:1"]),
        ("What is new\n---\n\nMore of it.".to_owned(), &[]),
        ("The tide is high today.\n\n---\n\nMore.".to_owned(), &[]),
        ("One.\n\n    Dear members, welcome back to all.".to_owned(), &["leftover-markdown 7:5"]),
        ("One.\n\n\tDear members, welcome back to all.".to_owned(), &["leftover-markdown 7:2"]),
        ("One.\n\n    let tide = high;\n    run(tide)".to_owned(), &[]),
        ("```\nDear members, welcome back to all.\n```".to_owned(), &[]),
    ] {
        assert_eq!(places(&with(&body)), places_told, "{body}");
    }
}

#[test]
fn whoever_is_quoted_stands_below_the_quote_with_any_dash() {
    for by in ["— Hamlet", "– Hamlet", "-- Hamlet", "--- Hamlet", "- Hamlet", "~ Hamlet"] {
        for quote in [format!("> To be or not.\n> {by}"), format!("> To be or not.\n>\n> {by}")] {
            let here = with(&quote);
            assert_eq!(places(&here), Vec::<String>::new(), "{quote}");
            let text = rendered(&here, "text");
            assert!(text.contains("— Hamlet"), "{quote}: {text}");
        }
    }
    for other in ["> – Yes?\n> – No.", "> We need:\n>\n> - Milk", "> To be\n> - or not.\n> - Both."]
    {
        let text = rendered(&with(other), "text");
        assert!(!text.contains('—'), "{other}: {text}");
    }
}

#[test]
fn a_link_around_a_picture_of_raw_html_is_told_once() {
    for body in [
        "<a href=\"https://harbour.kr\"><img src=\"a.png\"></a>",
        "See <a href=\"https://harbour.kr\"><img src=\"a.png\" alt=\"x\"></a> now.",
    ] {
        let told = told(&with(body));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0.starts_with("link-text 5:"), "{told:?}");
        assert!(
            told[0].1.ends_with("[![what it shows](picture.jpg)](https://harbour.kr)"),
            "{told:?}"
        );
    }
}

#[test]
fn pasted_html_is_one_problem_for_each_kind() {
    let body = "<p class=\"MsoNormal\" style=\"margin:0;mso-line-height-rule:exactly\"><span>Dear \
                all,<o:p></o:p></span></p>\n<p class=\"MsoNormal\">The tide.<o:p></o:p></p>\n\
                <!--[if gte mso 9]><xml></xml><![endif]-->\n\n\
                Words <o:p></o:p> and `<o:p>`.\n\n    <o:p> in code\n\n\
                <span id=\"docs-internal-guid-12\">Docs</span>";
    let here = with(body);
    let paste = "leftover-paste";
    assert_eq!(
        places(&here),
        [
            format!("{paste} 5:83"),
            format!("{paste} 5:4"),
            format!("{paste} 7:1"),
            format!("{paste} 13:11")
        ]
    );
    let all = problems(&here);
    assert!(all[0]["message"].as_str().unwrap().contains("<o:p>, 3 times"), "{all:?}");
    assert!(all[0]["help"].as_str().unwrap().contains("Ctrl+Shift+V"), "{all:?}");
    // What is left out of each line is told once as well.
    let fonts = "<font>One</font> here.\n\n<font>Two</font> here.\n\n<font>Three</font> here.";
    let here = with(fonts);
    let all = problems(&here);
    assert_eq!(places(&here), ["html-removed 5:1"]);
    assert!(all[0]["message"].as_str().unwrap().ends_with("(and 2 more below)"), "{all:?}");
    let within = with("<div>\n<p>One</p>\n<font>Two</font>\n</div>");
    assert_eq!(places(&within), ["html-removed 7:1"]);
}

#[test]
fn parameters_that_follow_are_named_together() {
    let head = "title: Hangul\nurl: https://harbour.kr/3?utm_source=z&mc_eid=1";
    let here = headed(
        head,
        "See [one](https://harbour.kr/?utm_source=a&utm_medium=b&fbclid=1) and \
         [two](https://harbour.kr/2?id=4&gclid=1&mc_cid=3).",
    );
    assert_eq!(places(&here), ["link-tracking 3:6"]);
    let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
    let names = "utm_source, mc_eid, utm_medium, fbclid, gclid and mc_cid stand in addresses";
    assert!(message.starts_with(names) && message.contains("also at 6:11, "), "{message}");
    let here = with("See [two](https://harbour.kr/2?id=4&UTM_Source=1&utm_term=x#a).");
    let help = "the page is the same without it: write https://harbour.kr/2?id=4#a";
    assert_eq!(told(&here), [("link-tracking 5:11".to_owned(), help.to_owned())]);
}

#[test]
fn a_field_that_nobody_has_is_told_at_all_its_places() {
    let slot = "{{ frist_name | reader }}";
    let here = headed(
        &format!("title: Hangul\nurl: https://harbour.kr/?n={slot}"),
        &format!("Dear {slot},\n\nand {slot}. In code it is `{slot}`."),
    )
    .edit(ISSUE, "{{ first_name | reader }}", slot)
    .edit(ISSUE, "A preheader", &format!("{slot}: a preheader"));
    assert_eq!(places(&here), ["slot-unknown 3:18"]);
    let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
    let others = "also at 4:14, issues/2025-11/hangul.md:3:28, 6:6, 8:5";
    assert!(message.ends_with(others), "{message}");
    // In a title no slot is filled in, and neither in the footer.
    let footer = "[theme]\nfooter = \"For {{ frist_name }}\"\n\n[publication]";
    let here = headed(&format!("title: \"Dear {slot}\""), "The tide is high.").edit(
        "digest.toml",
        "[publication]",
        footer,
    );
    assert_eq!(places(&here).iter().filter(|one| one.starts_with("slot-literal")).count(), 2);
}

#[test]
fn slots_in_the_url_of_an_article_are_those_of_links() {
    let here = headed("title: Hangul\nurl: https://harbour.kr/?e={{ email }}", "High tide.");
    assert_eq!(places(&here), ["link-email 3:6"]);
    let here = headed("title: Hangul\nurl: https://harbour.kr/?u={{ unsubscribe_url }}", "Tide.");
    assert_eq!(places(&here), ["link-private 3:6"]);
    // Who writes the list, or the fallback, would say whom a reader is led to.
    for host in ["{{ first_name | evil.kr }}", "www.{{ first_name }}", "{{ first_name }}.kr"] {
        let url = format!("https://{host}/x");
        let here = headed(&format!("title: Hangul\nurl: \"{url}\""), "High tide.");
        assert!(
            places(&here).contains(&"link-target 3:6".to_owned()),
            "{host}: {:?}",
            places(&here)
        );
        let output = headed("title: Hangul", &format!("See [the tide]({url}).")).run(&["check"]);
        assert!(output.code == 3 && output.stdout.contains("would be the server"), "{output:?}");
    }
    let output =
        headed("title: A", "See [it](https://{{ first_name | a }}.sejong.kr/x).").run(&["check"]);
    assert!(!output.stdout.contains("would be the server"), "{output:?}");
    let url = "https://digest.sejong.example/?n={{ first_name | you }}";
    let here = headed(&format!("title: Hangul\nurl: \"{url}\""), "High tide.");
    assert_eq!(places(&here), Vec::<String>::new());
    let output = here.run(&["render", "2025-11", "--as", "kim@example.org"]);
    let href = "href=\"https://digest.sejong.example/?n=Minji\"";
    assert!(output.stdout.contains(href), "{}", output.stdout);
}

#[test]
fn nobody_who_left_a_society_is_mailed() {
    for (column, stays, left) in [
        ("Membership status", "active", "left"),
        ("Status of membership", "current", "left"),
        ("Member status", "active", "resigned"),
        ("Mitgliedsstatus", "aktiv", "ausgetreten"),
        ("회원상태", "정회원", "탈퇴"),
        ("회원 상태", "정상", "탈퇴회원"),
        ("Status", "active", "left"),
        ("Notes", "", "ausgetreten"),
        ("Austrittsdatum", "", "31.12.2024"),
    ] {
        let list = format!("email,first_name,{column}\na@x.kr,A,{stays}\nb@x.kr,B,{left}\n");
        let here = with("The tide is high.").write(LIST, list);
        let output = here.run(&["plan", "2025-11", "--json", "--subscribers", LIST]);
        let plan: Value = serde_json::from_str(&output.stdout).expect(&output.stderr);
        assert_eq!(plan["to_send"], 1, "{column}: {plan}");
    }
    // Whether a word is one of leaving as well, nobody can know.
    let list = "email,first_name,Membership status\na@x.kr,A,lapsed\nb@x.kr,B,left\n";
    let here = with("The tide is high.").write(LIST, list);
    assert_eq!(places(&here), ["list-status 1:18"]);
    let list = "email,first_name,Membership status\na@x.kr,A,Gold\nb@x.kr,B,inactive\n";
    assert_eq!(places(&with("The tide is high.").write(LIST, list)), Vec::<String>::new());
}

#[test]
fn a_list_of_those_who_left_is_told_as_such() {
    let lists = [
        (
            "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,UNSUB_TIME,LEID\n\
             a@x.kr,A,2,2019-01-01 10:00:00,2020-02-02 10:00:00,1\n\
             b@x.kr,B,2,2019-01-01 10:00:00,2020-02-02 10:00:00,2\n",
            "1:51",
            "all 2 rows of this list are of people who left or must not be mailed: the column \
             \"UNSUB_TIME\" says so",
        ),
        (
            "Email Address,First Name,MEMBER_RATING,CLEAN_TIME,LEID\na@x.kr,A,2,2020-02-02 10:00:00,1\n",
            "1:40",
            "the only row of this list is of somebody who left or must not be mailed: the column \
             \"CLEAN_TIME\" says so",
        ),
    ];
    for (list, place, message) in lists {
        let here = with("The tide is high.").write(LIST, list);
        assert_eq!(places(&here), [format!("list-all-left {place}")]);
        let one = &problems(&here)[0];
        assert_eq!(one["message"], message);
        assert!(one["help"].as_str().unwrap().contains("--except subscribers.csv"), "{one}");
        let output = here.run(&["plan", "2025-11", "--subscribers", LIST]);
        assert_eq!(output.code, 3);
        assert!(output.stderr.contains("warning[list-all-left]"), "{}", output.stderr);
        // And so it is used.
        let here = here.write("stay.csv", "email,first_name\na@x.kr,A\nc@x.kr,C\n");
        let plan = ["plan", "2025-11", "--json", "--subscribers", "stay.csv", "--except", LIST];
        let plan: Value = serde_json::from_str(&here.run(&plan).stdout).unwrap();
        assert_eq!(plan["to_send"], 1, "{plan}");
    }
}

#[test]
fn lines_above_the_names_of_columns_are_passed_over() {
    let rows = "a@x.kr,A\nb@x.kr,B\n";
    for (above, names, expected) in [
        ("Members for group Harbour\n", "Email address,First name", None),
        ("Our members 2025\n", "email,first_name", Some("1:1")),
        ("Our members 2025,\n,\n", "email,first_name", Some("1:1")),
        ("\"Members, as of May\"\n\n", "E-Mail,First name", Some("1:1")),
        ("\n\n", "email,first_name", None),
        ("", "Member Email,First name", None),
        ("", "E-Mail-Adresse,First name", None),
    ] {
        let here = with("The tide is high.").write(LIST, format!("{above}{names}\n{rows}"));
        let expected: Vec<String> =
            expected.iter().map(|place| format!("list-header {place}")).collect();
        assert_eq!(places(&here), expected, "{above}{names}");
        let output = here.run(&["plan", "2025-11", "--json", "--subscribers", LIST]);
        let plan: Value = serde_json::from_str(&output.stdout).expect(&output.stderr);
        assert_eq!(plan["to_send"], 2, "{above}{names}");
    }
    // A person is never passed over, and neither is a table of something else.
    for list in ["c@x.kr\nemail\na@x.kr\n", "name,town\nemail,first_name\na@x.kr,A\n"] {
        let output = with("The tide is high.").write(LIST, list).run(&["check"]);
        assert_eq!(output.code, 3, "{list}: {}", output.stdout);
    }
}

/// A link that a pull request brings may as well lead to a hidden file of the same folder.
#[cfg(unix)]
#[test]
fn no_line_of_the_secret_behind_another_name_is_repeated() {
    for name in [".digest-secret", "relay-password"] {
        let here = with("The tide is high.").write(name, "hunter2\nkey 2 hunter2hunter2\n");
        std::os::unix::fs::symlink(name, here.path("gone.csv")).unwrap();
        for command in [
            &["plan", "2025-11", "--except", "gone.csv"][..],
            &["plan", "2025-11", "--subscribers", "gone.csv"],
            &["subscribers", "suppress", "--file", "gone.csv", "--why", "x"],
        ] {
            let output = here.run(command);
            assert_ne!(output.code, 0, "{command:?}: {output:?}");
            let all = format!("{}{}", output.stdout, output.stderr);
            assert!(!all.contains("hunter2"), "{command:?}: {all}");
        }
    }
}

#[cfg(unix)]
#[test]
fn no_line_of_a_file_behind_a_link_is_repeated() {
    for secret in
        ["root:hunter2:19000:0::::\n", "hunter2\n", "hunter2,b\n", "{\"hunter2\": 1, \"b\": 2}\n"]
    {
        let outside = Publication::nothing().write("secret", secret);
        let here = with("The tide is high.").remove(LIST);
        std::os::unix::fs::symlink(outside.path("secret"), here.path(LIST)).unwrap();
        let send = ["send", "2025-11", "--yes", "--catch", "out", "--subscribers", LIST];
        let stay = here.write("stay.csv", "email,first_name\na@x.kr,A\n");
        let except =
            ["plan", "2025-11", "--subscribers", "stay.csv", "--except", "subscribers.csv"];
        for command in [&["check"][..], &["plan", "2025-11", "--subscribers", LIST], &send, &except]
        {
            let output = stay.run(command);
            assert_eq!(output.code, 3, "{command:?}: {output:?}");
            let all = format!("{}{}", output.stdout, output.stderr);
            assert!(!all.contains("hunter2"), "{command:?}: {all}");
        }
    }
}
