//! What an editor writes arrives as it was meant, or is told with its place: signs that Markdown takes
//! for its own, days that do not fit, texts that are another address, issues in two languages.

use crate::harness::Publication;
use crate::slips::{ISSUE, headed, places, problems, rendered, told, with};

const NOTHING: [String; 0] = [];

fn help(here: &Publication) -> String {
    let told = told(here);
    assert_eq!(told.len(), 1, "{told:?}");
    told[0].1.clone()
}

#[test]
fn a_text_of_several_lines_has_three_quotation_marks() {
    let title = "title = \"October\"";
    for written in [
        "intro = \"Dear all,\nthe tide is high.\"",
        "intro = \"\nDear all,\n\nthe tide is high.\n\"",
        "sign_off = 'Yours,\nAnn'",
        "intro = “Dear all,\nthe tide is high.”",
    ] {
        let here = with("The tide is high.").edit(ISSUE, title, &format!("{title}\n{written}"));
        assert!(help(&here).contains("three straight quotation marks: \"\"\""), "{written}");
        assert!(places(&here)[0].starts_with("toml-syntax 3:"), "{written}");
    }
    let here = with("The tide is high.").edit(ISSUE, title, "title = \"October");
    assert!(help(&here).contains("on the same line"));
    let twice = "intro = \"\"Dear all\nAnn\"\"";
    let here = with("The tide is high.").edit(ISSUE, title, &format!("{title}\n{twice}"));
    assert!(help(&here).contains("three around a text of several lines"));
}

#[test]
fn signs_of_sums_and_names_are_told_before_markdown_takes_them() {
    for (body, column) in [
        ("So 2*x + 3*y = 5*z holds.", 4),
        ("Then 5*3 and 4*2 are left.", 6),
        ("Liebe Leser*innen und Autor*innen!", 7),
        ("Edit __init__.py first.", 6),
        ("It calls __repr__() once.", 10),
        ("Names are _my_key and your_key_ here.", 11),
    ] {
        let here = with(body);
        let told = told(&here);
        assert_eq!(told.len(), 1, "{body}: {told:?}");
        assert_eq!(told[0].0, format!("leftover-markdown 5:{column}"), "{body}");
        assert!(told[0].1.contains("backquotes"), "{body}: {told:?}");
    }
    for right in [
        "It is an *emphasized word*, and __strong__ ones, un*frigging*believable.",
        "The word 한국*어*는 좋다, and **2026** is a year.",
        "So 2\\*x + 3\\*y, `2*x + 3*y` and `__init__.py` stay.",
        "Use snake_case_names and Leser\\*innen, Autor*in.",
    ] {
        assert_eq!(places(&with(right)), NOTHING, "{right}");
    }
    let text = rendered(&with("Liebe Leser\\*innen und Autor\\*innen!"), "text");
    assert!(text.contains("Leser*innen und Autor*innen"), "{text}");
}

#[test]
fn formulas_are_told_as_they_are_written() {
    for (body, column, shown) in [
        ("Let \\(x\\) be", 5, "\\(x\\)"),
        ("\\[ \\frac{a}{b} \\]", 1, "\\[ \\frac{a}{b} \\]"),
        ("For $\\alpha$ it holds.", 5, "$\\alpha$"),
        ("$$\\sqrt{2}$$", 1, "$$\\sqrt{2}$$"),
    ] {
        let here = with(body);
        assert_eq!(places(&here), [format!("leftover-markdown 5:{column}")], "{body}");
        let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
        assert_eq!(message, format!("the formula {shown} would be sent as it is"));
    }
    for right in [
        "It costs $5 to $10, or US$20.",
        "Between \\$5 and \\$6 \\(a guess\\), see \\[1\\].",
        "`\\(x\\)` and `$x^2$` are code.",
    ] {
        assert_eq!(places(&with(right)), NOTHING, "{right}");
    }
}

#[test]
fn a_name_above_dashes_is_no_heading() {
    for (body, line) in [
        ("The tide is high.\n\nMinji Kim\n---", 8),
        ("The tide is high.\n\n김민지 드림\n---\n\n추신: 곧 만나요.", 8),
        ("Best wishes,\n\nAnn\n---\n\nP.S. Bring boots.", 8),
        ("The tide is high.\n\nAnn Lee\n--\n\nThe editor", 8),
        ("One.\n\n## Two\n\nThe tide is high.\n\nAnn Lee\n---\n\nAnd more.", 12),
        ("The tide is high.\n\nAnn Lee\n=====", 8),
    ] {
        let here = with(body);
        assert_eq!(places(&here), [format!("leftover-markdown {line}:1")], "{body}");
        assert!(help(&here).contains("an empty line before them"), "{body}");
    }
    for right in [
        "What is new\n---\n\nMore of it.",
        "The tide is high.\n\nThe plan\n--------\n\nText.\n\nThe map\n-------\n\nText.",
        "The tide is high.\n\nAnn Lee\n\n---\n\nMore.",
    ] {
        assert_eq!(places(&with(right)), NOTHING, "{right}");
    }
}

#[test]
fn a_day_of_the_week_fits_its_date() {
    for (body, place, said) in [
        ("We meet on Monday, 27 November 2026.", "5:12", "2026-11-27 is a Friday, and"),
        ("모임: 2026년 11월 27일(월)", "5:5", "2026-11-27 is a Friday (금), and"),
        ("Am Montag, den 27. November 2026, um 7", "5:4", "2026-11-27 is a Friday (freitag), and"),
        ("## Monday, November 27, 2026\n\nText.", "5:4", "2026-11-27 is a Friday, and"),
    ] {
        let here = with(body);
        assert_eq!(places(&here), [format!("weekday {place}")], "{body}");
        let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(said), "{message}");
    }
    let subject = "subject = \"Hello {{ first_name | reader }}";
    let wrong = format!("{subject}, see you on Monday, 27 November 2026");
    let here = with("The tide is high.").edit(ISSUE, subject, &wrong);
    assert!(places(&here).contains(&"weekday 3:56".to_owned()), "{:?}", places(&here));
    for right in [
        "We meet on Friday, 27 November 2026, not on Monday, 27 November.",
        "2026년 11월 27일(금)과 11월 27일(월)",
        "Sat/Sun, 28/29 November 2026, or Monday to Friday, 27 November 2026",
        "Ann and Bob wed 14 June 2025, and the committee sat 27 November 2026.",
        "If that is the day, so 27 November 2026 it is.",
    ] {
        assert_eq!(places(&with(right)), NOTHING, "{right}");
    }
}

/// `So` is a Sunday in German, and a word in English.
#[test]
fn short_days_of_the_week_are_read_in_the_language_of_the_text() {
    let text = "So, 27.11.2026, we sail on.";
    assert_eq!(places(&with(text)), NOTHING);
    let german = with("So, 27.11.2026: wir segeln.").edit(ISSUE, "date", "language = \"de\"\ndate");
    assert!(places(&german).contains(&"weekday 5:1".to_owned()), "{:?}", places(&german));
}

#[test]
fn issues_in_two_languages_have_one_number() {
    let english = with("The tide is high.").edit(ISSUE, "date", "language = \"en\"\ndate");
    let toml = english.read(ISSUE);
    let korean = toml.replace("language = \"en\"", "language = \"ko\"").replace("Hello", "안녕");
    let here = english
        .write("issues/2025-11-ko/issue.toml", &korean)
        .write("issues/2025-11-ko/hangul.md", "---\ntitle: 한글\n---\n\n스물여덟 글자입니다.\n");
    let check = |here: &Publication| here.run(&["check", "--format", "json"]).stdout;
    assert!(!check(&here).contains("issue-number"), "{}", check(&here));
    let same = here.write("issues/2025-11-ko/issue.toml", toml);
    assert!(check(&same).contains("\"rule\": \"issue-number\""), "{}", check(&same));
}

#[test]
fn a_text_that_is_another_address_is_told() {
    for (text, to) in [
        ("https://quay.kr", "https://mole.kr"),
        ("quay.kr/x", "https://mole.kr"),
        ("https://quay.kr/plan", "https://quay.kr/map"),
        ("ann@quay.kr", "mailto:ben@quay.kr"),
        ("ann@quay.kr", "https://mole.kr/"),
    ] {
        let here = with(&format!("See [{text}]({to}) now."));
        assert_eq!(places(&here), ["link-disguised 5:6"], "{text} {to}");
    }
    for (text, to) in [
        ("quay.kr/plan", "https://www.quay.kr/plan/"),
        ("https://Quay.kr/plan", "http://quay.kr/plan"),
        ("quay.kr", "https://quay.kr/?utm_source=letter"),
        ("Ann@quay.kr", "mailto:ann@quay.kr?subject=Tide"),
        ("https://quay.kr/a-very-lo…", "https://quay.kr/a-very-long-name"),
    ] {
        let here = with(&format!("See [{text}]({to}) now."));
        let told = places(&here);
        assert!(!told.iter().any(|one| one.starts_with("link-disguised")), "{text} {to}: {told:?}");
    }
}

#[test]
fn columns_that_are_called_alike_are_told_apart() {
    let list = |head: &str, rows: &str| {
        with("The tide is high.").write("subscribers.csv", format!("{head}\n{rows}\n"))
    };
    let here = list("email,first_name,Newsletter,Town,Newsletter", "a@x.kr,A,yes,Seoul,no");
    assert_eq!(places(&here), ["list-duplicate-column 1:34"]);
    let message = problems(&here)[0]["message"].as_str().unwrap().to_owned();
    assert_eq!(message, "the columns C and E are both called \"Newsletter\"");
    // Names that differ in spaces alone are two columns, and each answer is for its own.
    let here = list("email,first_name,Opted In,OptedIn", "a@x.kr,A,yes,no\nb@x.kr,B,yes,yes");
    let plan = |answers: &[&str]| {
        let mut command = vec!["plan", "2025-11", "--json", "--subscribers", "subscribers.csv"];
        answers.iter().for_each(|answer| command.extend(["--consent-column", answer]));
        here.run(&command)
    };
    let output = plan(&["Opted In=yes"]);
    assert_eq!(output.code, 3);
    assert!(output.stderr.contains("--consent-column 'OptedIn=yes'"), "{}", output.stderr);
    let output = plan(&["Opted In=yes", "OptedIn=no"]);
    let read: serde_json::Value = serde_json::from_str(&output.stdout).expect(&output.stderr);
    assert_eq!(read["to_send"], 1, "{read}");
    // Of a name that fits both, nobody knows which is meant.
    let output = plan(&["opted-in=yes", "OptedIn=no"]);
    assert_eq!(output.code, 3, "{}", output.stdout);
}

#[test]
fn slips_of_toml_and_yaml_are_told_in_plain_words() {
    let title = "title = \"October\"";
    for (from, written, place, help) in [
        (title, "title = \"October\",", "2:18", "delete it: a value ends with its line"),
        (title, "title = \"October\" // of 2025", "2:19", "a comment begins with #"),
        (title, "// of 2025\ntitle = \"October\"", "2:1", "a comment begins with #"),
        (title, "title \"October\"", "2:1", "write title = \"October\""),
        (title, "title == \"October\"", "2:8", "write one = between a key and its value"),
        (title, "title ＝ \"October\"", "2:7", "write the plain sign of the English keyboard: ="),
        (
            title,
            "title = 'It's October'",
            "2:13",
            "put the whole text between double quotation marks",
        ),
        (title, "제목 = \"10월\"", "2:1", "keys have English names, such as title"),
        ("[\"hangul\"]", "[hangul]", "9:13", "put each name between quotation marks: [\"hangul\"]"),
        ("[\"hangul\"]", "[\"hangul\"],", "9:22", "delete it: a value ends with its line"),
        (
            "[[section]]",
            "［［section］］",
            "7:1",
            "write the plain sign of the English keyboard: [",
        ),
        ("number = 1", "number = 01", "1:10", "write number = 1"),
        ("number = 1", "number = No. 1", "1:10", "write number = 1"),
        ("number = 1", "number = 1.", "1:10", "write number = 1"),
    ] {
        let here = with("The tide is high.").edit(ISSUE, from, written);
        assert_eq!(places(&here), [format!("toml-syntax {place}")], "{written}");
        assert!(self::help(&here).starts_with(help), "{written}: {:?}", told(&here));
    }
    let here = headed("title: Hangul\nauthor: - Ann", "The tide is high.");
    assert_eq!(places(&here), ["yaml-syntax 3:9"]);
    assert!(help(&here).starts_with("delete the - before a single value"));
    for (slot, field) in
        [("First Name", "first_name"), ("이름", "first_name"), ("Town-Name", "town_name")]
    {
        let here = with(&format!("Dear {{{{ {slot} | reader }}}},"));
        assert_eq!(places(&here), ["slot-syntax 5:6"], "{slot}");
        assert!(help(&here).contains(&format!("write {{{{ {field} | reader }}}};")), "{slot}");
    }
}

#[test]
fn lines_that_would_be_joined_are_told() {
    for (body, line) in [
        ("- Milk\n- Bread\nAll is on the table.", 7),
        ("1. 첫째\n2. 둘째\n본문이 이어집니다.", 7),
        ("> To be or not.\nSo he said.", 6),
        ("When: 6 November\nWhere: the quay", 5),
        ("ㅇ 첫째\nㅇ 둘째", 5),
        ("※ 주의\n※ 안내", 5),
    ] {
        let here = headed("title: Hangul\nlanguage: ko", body);
        let told = places(&here);
        let line = line + 1;
        assert!(told.contains(&format!("leftover-markdown {line}:1")), "{body}: {told:?}");
    }
    for right in [
        "- Milk\n- Bread\n\nAll is on the table.",
        "- A long item that goes on for some time,\nAnd ends here.",
        "> To be or not.\n— Hamlet",
        "When: 6 November  \nWhere: the quay",
    ] {
        assert_eq!(places(&with(right)), NOTHING, "{right}");
    }
}

#[test]
fn a_line_that_markdown_hides_is_told() {
    let here = with("The tide is high.\n\n[Note]: careful\n\nMore.");
    assert_eq!(places(&here), ["leftover-markdown 7:1"]);
    assert!(help(&here).contains("a backslash before it"));
    let here = with("The tide is high. <!-- ask Ann");
    assert_eq!(places(&here), ["leftover-markdown 5:19"]);
    let here = headed("title: Hangul\ncaption: A boat\ncredit: Ann", "The tide is high.");
    assert_eq!(places(&here), ["missing-key 3:10", "missing-key 4:9"]);
    assert!(told(&here)[0].1.contains("add image: photo.jpg"));
    let right = with("The tide is [high].\n\n[high]: https://harbour.kr/tide\n\nMore.");
    assert_eq!(places(&right), NOTHING);
}

#[test]
fn pictures_and_links_as_other_programs_write_them_are_told_with_what_is_right() {
    for (body, part) in [
        ("![A boat](images\\boat.jpg)", "write / between folders: images/boat.jpg"),
        ("![A boat](C:\\Users\\kim\\boat.jpg)", "copy the picture into the issue's folder"),
        ("![[boat.jpg]]", "write a picture as ![what it shows](quay.jpg)"),
        ("See [[the plan]] now.", "write a link as [the plan](https://…)"),
        ("Dear [[first name]],", "write a field of the list"),
        ("![A boat](boat.jpg „A boat at sea“)", "words behind an address stand between"),
        ("![A boat](boat.jpg ‚A boat at sea‘)", "words behind an address stand between"),
        ("![A boat](boat.jpg »A boat at sea«)", "words behind an address stand between"),
        ("![A boat](boat.jpg “A boat at sea”)", "words behind an address stand between"),
        ("![A boat](boat.jpg A boat at sea)", "words behind an address stand between"),
        ("!(A boat)[boat.jpg]", "the brackets are in the wrong order"),
        ("[Ring us](0221 123456) now.", "write tel: before a number"),
        ("[The survey(https://quay.kr/x)", "write ] behind the words"),
        ("![A boat[(boat.jpg)", "write ] behind the words"),
        ("[The survey](<https://quay.kr/x) now.", "the address begins with <"),
        ("［The survey］（https://quay.kr/x）", "write the plain brackets"),
        ("[The survey]（https://quay.kr/x）", "write the plain brackets"),
    ] {
        assert!(help(&with(body)).starts_with(part), "{body}: {:?}", told(&with(body)));
    }
}

#[test]
fn headings_of_a_short_note_follow_that_of_its_section() {
    for layout in ["brief", "links"] {
        let articles = format!("layout = \"{layout}\"\narticles = [\"hangul\", \"quay\"]");
        let more = "---\ntitle: Quay\nurl: https://quay.kr/x\n---\n\nThe tide is low.\n\n## Boats\n\nTwo.\n";
        let here = headed(
            "title: Hangul\nurl: https://quay.kr/y",
            "High.\n\n## Tides\n\nTwo.\n\n### Neap\n\nOne.",
        )
        .edit(ISSUE, "articles = [\"hangul\"]", &articles)
        .write("issues/2025-11/quay.md", more);
        assert_eq!(places(&here), NOTHING, "{layout}");
        let html = rendered(&here, "html");
        assert!(html.contains("Tides</h3>") && html.contains("Neap</h4>"), "{layout}: {html}");
    }
}

#[test]
fn a_name_in_hangul_and_hanja_between_brackets_needs_no_mark() {
    let here = with("The island of Jeju (삼다, 三多) and Kim Minsu (김민수, 金敏秀) are old.");
    assert_eq!(places(&here), NOTHING);
    let here = with("They said 삼다 and 三多 in one word.");
    assert!(told(&here).iter().all(|(_, help)| help.contains("lang=\"ko\"")), "{:?}", told(&here));
}
