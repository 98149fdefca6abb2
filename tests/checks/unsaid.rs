//! What an editor would lose without a word: numbers of a list, marks in a title, an article that
//! stands in an issue twice, lines that run together.

use crate::harness::Publication;
use crate::slips::{ISSUE, headed, places, problems, told, with};

const MARK: &str = "leftover-markdown";

/// What is said of the only article with this text: the places of one rule, and all else as it is.
fn told_of(body: &str) -> Vec<String> {
    places(&with(body))
}

#[test]
fn numbers_that_would_be_counted_anew_are_told() {
    for (body, place, what) in [
        (
            "24. December: lights\n31. December: fireworks\n1. January: swim",
            "6:1",
            "31. would be sent as 25.",
        ),
        ("1. Mai: Fest\n1. Juni: Lauf", "6:1", "1. would be sent as 2."),
        ("1. Janvier\n\n1. février", "7:1", "1. would be sent as 2."),
        ("5. Five\n4. Four\n3. Three", "6:1", "4. would be sent as 6."),
        ("3. Three\n5. Five\n5. Five", "6:1", "5. would be sent as 4."),
        ("1) One\n3) Three", "6:1", "3) would be sent as 2)"),
        ("> 24. Dec\n> 31. Dec", "6:3", "31. would be sent as 25."),
        ("- Dates\n\n  24. Dec\n  31. Dec", "8:3", "31. would be sent as 25."),
        ("24. 12. Feast at the quay", "5:1", "\"24. 12.\" makes a list within a list"),
    ] {
        let here = with(body);
        assert_eq!(places(&here), [format!("{MARK} {place}")], "{body}");
        let one = &problems(&here)[0];
        assert_eq!(one["message"], what, "{body}");
        assert!(one["help"].as_str().unwrap().contains("\\"), "{one}");
    }
    for body in [
        "1. One\n1. Two\n1. Three",
        "1. One\n2. Two\n\n   More.\n3. Three",
        "7. Seven\n8. Eight",
        "24. December: lights",
        "1. One\n   1. Inner\n   2. Inner\n2. Two",
        "1. One\n\nBetween.\n\n2. Two",
        "24\\. December\n\n31\\. December",
        "- [ ] a\n- [x] b",
        "1. a\n2. b\n\n1) a\n2) b",
        "1. Maintain it\n1. Mark it",
    ] {
        assert_eq!(told_of(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn marks_where_none_are_read_are_told_with_what_to_write() {
    let text = "The tide is high.";
    for (head, place, instead) in [
        ("title: \"*The Sea, Again*\"", "2:9", "write The Sea, Again"),
        ("title: A **bold** word", "2:10", "write bold"),
        ("title: Food &amp; drink", "2:13", "write &"),
        ("title: <b>News</b> of May", "2:8", "write News"),
        ("title: \"See [the site](https://a.sejong.kr/x y)\"", "2:13", "write the site"),
        ("title: Hangul\nauthor: \"**Ada**\"", "3:10", "write Ada"),
    ] {
        let told = told(&headed(head, text));
        assert_eq!(told.len(), 1, "{head}: {told:?}");
        assert_eq!(told[0].0, format!("{MARK} {place}"), "{head}");
        assert!(told[0].1.ends_with(instead), "{told:?}");
    }
    for new in ["heading = \"The **sea** and ", "heading = \"Food &amp; "] {
        let here = with(text).edit(ISSUE, "heading = \"", new);
        let told = told(&here);
        assert_eq!(told.len(), 1, "{new}: {told:?}");
        assert!(told[0].0.starts_with(MARK) && told[0].1.contains("heading"), "{told:?}");
    }
    for title in
        ["5 * 3", "C* and D* algebras", "\"Free* tea and cake*\"", "AT&T and Q&A", "A < b > c"]
    {
        let here = headed(&format!("title: {title}"), text);
        assert_eq!(places(&here), Vec::<String>::new(), "{title}");
    }
}

#[test]
fn an_article_that_stands_in_an_issue_twice_is_told() {
    let text = "The tide is high at noon, and the boats are all in the harbour.";
    let copy = "issues/2025-11/hangul (copy).md";
    let twice = |copied: &str| {
        let here = with(text).write(copy, copied);
        here.edit(ISSUE, "\"hangul\"", "\"hangul\", \"hangul (copy)\"")
    };
    for copied in [
        format!("---\ntitle: Hangul\n---\n\n{text}\n"),
        format!("---\ntitle: Hangul again\n---\n\n{text}\n"),
        "---\ntitle: Hangul\n---\n\nThe tide is low.\n".to_owned(),
    ] {
        let here = twice(&copied);
        assert_eq!(places(&here), ["article-twice 2:8"], "{copied}");
        let one = &problems(&here)[0];
        let message = one["message"].as_str().unwrap();
        assert!(message.ends_with("as issues/2025-11/hangul.md:2:8"), "{message}");
        assert_eq!(one["severity"], "warning");
        assert_eq!(here.run(&["check", "2025-11", "--allow", "article-twice"]).code, 0);
    }
    let here = twice("---\ntitle: The sea\n---\n\nThe tide is low.\n");
    assert_eq!(places(&here), Vec::<String>::new());
}

#[test]
fn lines_that_run_together_are_told() {
    for (body, place) in [
        ("Q: Why boats?\nA: They float.", "5:1"),
        ("– How are you?\n– Well.", "5:1"),
        ("Our rules:\n§ 1 The name\n§ 2 The seat", "6:1"),
        ("9:30 Doors\n10:00 Talk", "5:1"),
        ("Monday, 19:30 choir\nTuesday, 20:00 walk", "5:1"),
        ("> 6 November: walk\n> 13 November: talk", "5:3"),
        ("The tide is high.\n\nBest wishes,\nAnn", "7:1"),
        ("The tide is high.\n\nMit freundlichen Grüßen\nAnna Schmidt", "7:1"),
        ("Hauptstraße 12\n50667 Köln", "5:1"),
        ("Konto der Gesellschaft:\nIBAN DE02 3705 0198 0000\nBIC COLSDE33XXX", "5:1"),
        ("Kim Min-su, Vorsitz\nPark Ji-yeon, Kasse", "5:1"),
        ("☎ 0221 123456\n✉ post@harbour.kr", "5:1"),
        ("Es schlug mein Herz,\nEs war getan\nUnd an den Bergen", "5:1"),
        ("> Es schlug mein Herz,\n> Es war getan\n> Und an den Bergen\n> — Goethe", "5:3"),
    ] {
        assert_eq!(told_of(body), [format!("{MARK} {place}")], "{body}");
    }
    for body in [
        "Q: Why boats?\\\nA: They float.",
        "Q: Why boats?  \nA: They float.",
        "a) one  \nb) two",
        "Hauptstraße 12  \n50667 Köln",
        "Es schlug mein Herz,\\\nEs war getan\\\nUnd an den Bergen",
        "The tide is high.\nThe boats are in.\nAnn has gone home.",
        "Die Gesellschaft lädt alle Mitglieder herzlich zur\nVersammlung am Freitag ein. Nach dem \
         Bericht des\nVorstands gibt es Kaffee und Kuchen.",
        "The pier is open from 9:30, but on\nMonday it is closed all day long.",
    ] {
        assert_eq!(told_of(body), Vec::<String>::new(), "{body}");
    }
    let here = with("많은 참여 바랍니다.\n한독협회 회장 황서진 드림");
    let korean = here.edit(ISSUE, "[[section]]", "language = \"ko\"\n\n[[section]]");
    assert_eq!(places(&korean), [format!("{MARK} 5:1")]);
    let intro = "intro = \"\"\"\nDear all,\nthe tide is high.\n\"\"\"\n";
    let here =
        with("The tide is high.").edit(ISSUE, "[[section]]", &format!("{intro}\n[[section]]"));
    let told = places(&here);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(MARK), "{told:?}");
}

#[test]
fn each_slip_is_told_with_the_way_out_of_it() {
    for (body, words) in [
        ("If x<y and y>z, then x.", "\\<y and y>"),
        ("If a<b and c>d, then a.", "\\<b and c>"),
        ("See **\"Quote\"**text here.", "put a space behind the stars"),
    ] {
        let told = told(&with(body));
        assert_eq!(told.len(), 1, "{body}: {told:?}");
        assert!(told[0].1.contains(words), "{body}: {told:?}");
    }
    let told_at = |here: &Publication, words: &str| {
        let told = told(here);
        assert!(told.iter().any(|(_, help)| help.contains(words)), "{words}: {told:?}");
    };
    let quoted = with("![The quay](quay.png \"Caption with \"quotes\" in it\")");
    told_at(&quoted, "stand between single ones");
    let here = with("The tide is high.");
    let number =
        here.read(ISSUE).lines().find(|line| line.starts_with("number")).unwrap().to_owned();
    let here = here.edit(ISSUE, &number, "number = \"101\"");
    told_at(&here, "write number = 101, without quotation marks");
    for (zone, meant) in [
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Asia/Soul", "Asia/Seoul"),
        ("Lodnon", "Europe/London"),
    ] {
        let here = with("The tide is high.");
        let line = format!("[publication]\ntimezone = \"{zone}\"");
        let here = here.edit("digest.toml", "[publication]", &line);
        told_at(&here, &format!("did you mean {meant}?"));
    }
    let list = "email,first_name\nada@s.example.,Ada\n";
    told_at(&with("The tide is high.").write("subscribers.csv", list), "delete the full stop");
}

#[test]
fn what_is_ordinary_is_not_told() {
    let here = headed("title: Hangul\ndate: 2025-12-20", "The tide is high.");
    assert_eq!(places(&here), Vec::<String>::new());
    let here = headed("title: Hangul\ndate: 2026-11-06", "The tide is high.");
    assert_eq!(places(&here), ["article-date 3:7"]);
    for body in [
        "Write to [Anna](mailto:anna@x.kr). Ask [Anna](mailto:Anna@x.kr).",
        "The XXX. Olympic Games and the XXX Corps.",
    ] {
        assert_eq!(told_of(body), Vec::<String>::new(), "{body}");
    }
    for body in ["tbd", "Dear [insert name here], come.", "(Photo to follow)"] {
        assert_eq!(told_of(body).len(), 1, "{body}");
        assert!(told_of(body)[0].starts_with("leftover-words"), "{body}");
    }
    let here = with("The tide is high.");
    let other = here.read(ISSUE).replace("language = \"en\"", "language = \"de\"");
    let date = other.lines().find(|line| line.starts_with("date")).unwrap().to_owned();
    let german = format!("title = \"Hafen\"\nsubject = \"Hafen\"\n{date}\nlanguage = \"de\"\n");
    let here = here.write("issues/2025-11-de/issue.toml", &german);
    assert!(!places(&here).iter().any(|place| place.starts_with("issue-date")));
    let english = german.replace("\"de\"", "\"en\"");
    let here = here.write("issues/2025-11-de/issue.toml", english);
    assert!(places(&here).iter().any(|place| place.starts_with("issue-date")));
}
