//! A no in a file comes into the store: from our own export, from an answered question, from any column
//! of a row and in any order of the columns.

use serde_json::Value;

use crate::harness::Publication;
use crate::{counts, done, export, import, json};

const FILE: &str = "members.csv";
const LIST: &str = "list.csv";

const UPDATES: [&str; 3] = ["fill", "overwrite", "never"];

fn with_file(text: &str) -> Publication {
    Publication::new().write(FILE, text)
}

/// How a person stands in the store, and the reasons for which they are suppressed.
fn standing(here: &Publication, who: &str) -> (String, Vec<String>) {
    let shown = json(here, &["show", who]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = shown["history"].as_array().into_iter().flatten();
    let in_force = all.filter(|one| one["released_at"].is_null());
    (text(&shown["subscriber"]["status"]), in_force.map(|one| text(&one["reason"])).collect())
}

#[test]
fn a_no_that_is_written_into_our_own_export_wins_in_each_mode() {
    for update in UPDATES {
        for (cells, status, reason) in [
            ("unsubscribed,,", "unsubscribed", "unsubscribed"),
            ("confirmed,unsubscribed,", "unsubscribed", "unsubscribed"),
            ("unsubscribed,unsubscribed,", "unsubscribed", "unsubscribed"),
            ("confirmed,complaint,", "unsubscribed", "complaint"),
            ("confirmed,hard-bounce,", "confirmed", "hard-bounce"),
            ("confirmed,blocked,", "confirmed", "manual"),
            // As people write it.
            ("Opted out,,", "unsubscribed", "unsubscribed"),
            ("bounced,,", "confirmed", "hard-bounce"),
            ("unconfirmed,unsubscribed,", "unsubscribed", "unsubscribed"),
        ] {
            let here = with_file("email,name\nkim@example.org,Kim\nada@example.org,Ada\n");
            import(&here, &[FILE]);
            let list = export(&here)
                .replace("kim@example.org,confirmed,,", &format!("kim@example.org,{cells}"));
            let here = here.write(LIST, &list);
            let plan = json(&here, &["import", LIST, "--update", update, "--plan"]);
            let told = json(&here, &["import", LIST, "--update", update]);
            for told in [&plan, &told] {
                assert_eq!(
                    counts(told),
                    [("suppress", 1), ("same", 1)],
                    "{update} {cells}: {told}"
                );
            }
            let expected = (status.to_owned(), vec![reason.to_owned()]);
            assert_eq!(standing(&here, "kim@example.org"), expected, "{update} {cells}");
            let again = json(&here, &["import", LIST, "--update", update]);
            assert_eq!(again["import"], Value::Null, "{update} {cells}: {again}");
            // Nor does it change anything to bring in what is exported then.
            let list = export(&here);
            let here = here.write(LIST, &list);
            assert_eq!(counts(&json(&here, &["import", LIST])), [("same", 2)], "{cells}");
        }
    }
}

#[test]
fn a_wish_to_leave_is_kept_beside_a_bounce_that_was_known() {
    let here = with_file("email,status\nkim@example.org,bounced\n");
    import(&here, &[FILE]);
    let list = export(&here).replace("org,confirmed,hard-", "org,unsubscribed,hard-");
    let here = here.write(LIST, &list);
    assert_eq!(counts(&json(&here, &["import", LIST])), [("suppress", 1)]);
    let (status, mut reasons) = standing(&here, "kim@example.org");
    reasons.sort();
    assert_eq!(
        (&*status, &reasons[..]),
        ("unsubscribed", &["hard-bounce", "unsubscribed"].map(str::to_owned)[..])
    );
}

// A suppressed domain is let go again some day; what its people have said holds.
#[test]
fn a_no_counts_also_where_the_whole_domain_is_suppressed() {
    for is_known in [true, false] {
        let here = Publication::new();
        let lee = "email\nlee@acme.example\n";
        let here = if is_known { here.write(FILE, lee) } else { here };
        if is_known {
            import(&here, &[FILE]);
        }
        done(&here, &["suppress", "acme.example", "--domain", "--why", "for a week"]);
        let here = here.write("left.csv", "email,status\nlee@acme.example,unsubscribed\n");
        import(&here, &["left.csv"]);
        done(&here, &["release", "acme.example", "--domain", "--why", "ok again"]);
        let here = here.write(FILE, lee);
        import(&here, &[FILE]);
        let (_, reasons) = standing(&here, "lee@acme.example");
        assert_eq!(reasons, ["unsubscribed"], "in the list before: {is_known}");
    }
}

#[test]
fn an_answer_that_says_no_is_a_no_and_none_is_unconfirmed() {
    for (column, cell, is_no) in [
        ("수신동의", "아니오", true),
        ("수신동의", "N", true),
        ("수신동의", "X", true),
        ("수신동의", "동의안함", true),
        ("수신동의", "미동의", true),
        ("수신동의", "구독안함", true),
        ("이메일 수신동의", "받지 않겠습니다", true),
        ("Accepts Email Marketing", "no", true),
        ("Accepts Email Marketing", "No thank you", true),
        ("Accepts Email Marketing", "FALSE", true),
        ("Consent status", "withdrawn", true),
        ("수신동의", "", false),
        ("수신동의", "미확인", false),
        ("수신동의", "대기중", false),
        ("Accepts Email Marketing", "pending", false),
        ("Accepts Email Marketing", "not confirmed", false),
        ("Email permission status", "No permissions set", false),
        ("confirmed", "0", false),
        ("status", "never subscribed", false),
    ] {
        let text = format!("email,{column}\nkim@example.org,{cell}\nada@example.org,yes\n");
        let here = with_file(&text);
        let told = import(&here, &[FILE]);
        let kind = if is_no { "suppress" } else { "unconfirmed" };
        assert_eq!(told[kind]["count"], 1, "{column}={cell}: {told}");
        let (standing_as, reasons) = if is_no {
            ("unsubscribed", vec!["unsubscribed".to_owned()])
        } else {
            ("unconfirmed", vec![])
        };
        let expected = (standing_as.to_owned(), reasons);
        assert_eq!(standing(&here, "kim@example.org"), expected, "{column}={cell}");
        if is_no {
            let words = format!("said no: {column}={cell}");
            assert_eq!(told["suppress"]["examples"][0]["what"].as_str(), Some(&*words), "{told}");
            let shown = done(&here, &["show", "kim@example.org"]).stdout;
            assert!(shown.contains(&format!("members.csv: {words}")), "{shown}");
        }
        // No later file confirms whoever said no.
        let here = here.write("later.csv", "email,status\nkim@example.org,subscribed\n");
        import(&here, &["later.csv", "--update", "overwrite"]);
        let is_out = standing(&here, "kim@example.org").0 == "unsubscribed";
        assert_eq!(is_out, is_no, "{column}={cell}");
    }
}

#[test]
fn who_was_asked_and_said_no_is_suppressed_also_where_the_store_has_them() {
    let here = with_file("email\nkim@example.org\n")
        .write("later.csv", "이메일,수신동의\nkim@example.org,아니오\n");
    import(&here, &[FILE]);
    for update in UPDATES {
        let plan = json(&here, &["import", "later.csv", "--update", update, "--plan"]);
        assert_eq!(counts(&plan), [("suppress", 1)], "{update}");
    }
    import(&here, &["later.csv"]);
    let expected = ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]);
    assert_eq!(standing(&here, "kim@example.org"), expected);
}

/// All orders of a few things.
fn orders<T: Copy>(of: &[T]) -> Vec<Vec<T>> {
    if of.len() < 2 {
        return vec![of.to_vec()];
    }
    (0..of.len())
        .flat_map(|first| {
            let mut rest = of.to_vec();
            let first = rest.remove(first);
            orders(&rest).into_iter().map(move |order| [&[first], &order[..]].concat())
        })
        .collect()
}

#[test]
fn the_strongest_no_of_a_row_counts_in_any_order_of_the_columns() {
    type Cells = &'static [(&'static str, &'static str)];
    // What the columns say, what a send tells of it, and how the person stands when they are imported.
    let rows: [(Cells, &str, &str, &str); 10] = [
        (
            &[("status", "unsubscribed"), ("Accepts Marketing", "")],
            "unsubscribed",
            "unsubscribed",
            "unsubscribed",
        ),
        (
            &[("status", "unsubscribed"), ("수신동의", "N")],
            "unsubscribed",
            "unsubscribed",
            "unsubscribed",
        ),
        (
            &[("Unsubscribed at", "2024-01-02"), ("confirmed", "0"), ("수신동의", "")],
            "unsubscribed",
            "unsubscribed",
            "unsubscribed",
        ),
        (
            &[
                ("complained", "2024-01-02"),
                ("status", "unsubscribed"),
                ("Accepts Marketing", "no"),
            ],
            "complained",
            "unsubscribed",
            "complaint",
        ),
        (
            &[("bounced", "2024-01-02"), ("수신동의", ""), ("confirmed", "0")],
            "bounced",
            "confirmed",
            "hard-bounce",
        ),
        (
            &[("bounced", "2024-01-02"), ("Accepts Marketing", "no"), ("active", "0")],
            "bounced",
            "confirmed",
            "hard-bounce",
        ),
        (
            &[("blocked", "yes"), ("수신동의", ""), ("confirmed", "0")],
            "blocklisted",
            "confirmed",
            "manual",
        ),
        (
            &[("수신동의", "아니오"), ("confirmed", "0"), ("Accepts Marketing", "")],
            "opted out",
            "unsubscribed",
            "unsubscribed",
        ),
        (&[("confirmed", "0"), ("status", "subscribed")], "unconfirmed", "unconfirmed", ""),
        (
            &[("note", "unsubscribed"), ("수신동의", ""), ("tags", "board")],
            "unsubscribed",
            "unsubscribed",
            "unsubscribed",
        ),
    ];
    for (cells, told, status, reason) in rows {
        for order in orders(cells) {
            let order = [&[("email", "kim@example.org")], &order[..]].concat();
            let names: Vec<&str> = order.iter().map(|(name, _)| *name).collect();
            let values: Vec<&str> = order.iter().map(|(_, value)| *value).collect();
            // Somebody else is mailed, whatever the column calls it.
            let yes = |(name, _): &(&str, &str)| match *name {
                "email" => "ada@example.org",
                "status" => "subscribed",
                "수신동의" | "Accepts Marketing" | "confirmed" | "active" => "yes",
                _ => "",
            };
            let other: Vec<&str> = order.iter().map(yes).collect();
            let text = [names, values, other].map(|row| row.join(",")).join("\n") + "\n";
            let here = with_file(&text);
            let plan = here.run(&["plan", "2025-11", "--subscribers", FILE]);
            assert!(plan.stdout.contains(&format!("Not to    1 {told}")), "{text}{plan:?}");
            import(&here, &[FILE]);
            let reasons = if reason.is_empty() { vec![] } else { vec![reason.to_owned()] };
            let found = standing(&here, "kim@example.org");
            assert_eq!(found, (status.to_owned(), reasons), "{text}");
        }
    }
}

#[test]
fn of_several_rows_about_a_person_the_strongest_no_counts() {
    for rows in orders(&["bounced", "complained", "pending", "unsubscribed", "subscribed"])
        .iter()
        .step_by(7)
    {
        let rows: String = rows.iter().map(|word| format!("kim@example.org,{word}\n")).collect();
        let here = with_file(&format!("email,status\n{rows}"));
        import(&here, &[FILE]);
        let expected = ("unsubscribed".to_owned(), vec!["complaint".to_owned()]);
        assert_eq!(standing(&here, "kim@example.org"), expected, "{rows}");
    }
}

#[test]
fn remarks_and_other_odd_rows_are_told_at_import_with_their_counts() {
    let here = with_file(concat!(
        "email,note,status\n",
        "kim@example.org,please remove from list,subscribed\n",
        "lee@example.org,died 2024,subscribed\n",
        "old@example.org,died 2023,unsubscribed\n",
        "ada@example.org,board,subscribed\n",
        "noreply@example.org,,subscribed\n",
    ));
    let line = ["subscribers", "import", FILE, "--consent", "signed up"];
    for extra in [&["--plan"][..], &[]] {
        let told = here.run(&[&line[..], extra].concat());
        assert_eq!(told.code, 0, "{told:?}");
        for words in
            ["please remove from list", "died 2024", "noreply@example.org belongs", "3 warnings"]
        {
            assert!(told.stderr.contains(words), "no {words:?} in {told:?}");
        }
        assert!(
            !told.stderr.contains("died 2023") && !told.stderr.contains("--except"),
            "{told:?}"
        );
        assert!(told.stdout.contains("look at 2 remarks: these people get mail"), "{told:?}");
        let has_names = told.stdout.contains("  line 3  lee@example.org");
        assert_eq!(has_names, !extra.is_empty(), "{told:?}");
    }
    // Whoever is kept out is not to be looked at any more.
    done(&here, &["suppress", "lee@example.org", "--why", "died"]);
    let again = json(&here, &["import", FILE, "--plan"]);
    assert_eq!(again["remarks"]["count"], 1, "{again}");
    assert_eq!(again["remarks"]["examples"][0]["email"], "kim@example.org");
    let rules: Vec<&str> = again["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .map(|one| one["rule"].as_str().expect("a rule"))
        .collect();
    assert_eq!(rules, ["row-remark", "row-remark", "row-role"], "{again}");
    let many: String = (0..40).map(|n| format!("u{n}@a.example,please remove\n")).collect();
    let here = with_file(&format!("email,note\n{many}"));
    let told = json(&here, &["import", FILE, "--plan"]);
    assert_eq!(
        (&told["remarks"]["count"], &told["warnings"][0]["count"]),
        (&40.into(), &40.into())
    );
    assert_eq!(told["warnings"].as_array().map(Vec::len), Some(1), "{told}");
}

#[test]
fn a_reason_for_leaving_in_any_words_is_a_no() {
    for (day, reason) in [
        ("UNSUB_TIME", "UNSUB_REASON"),
        ("unsubscription_date", "unsubscription_reason"),
        ("Left on", "Reason for leaving"),
        ("Austritt am", "Austrittsgrund"),
        ("탈퇴일", "탈퇴사유"),
    ] {
        let text = format!(
            "email,{day},{reason}\nstays@a.example,,\na@a.example,2024-01-02,I no longer want it\n\
             b@a.example,,not interested\nc@a.example,2024-01-02,아직 관심 없음\nd@a.example,,still too many\n"
        );
        let here = with_file(&text);
        let told = import(&here, &[FILE]);
        assert_eq!(counts(&told), [("add", 1), ("suppress", 4)], "{reason}: {told}");
        let plan = here.run(&["plan", "2025-11", "--subscribers", FILE]);
        assert!(plan.stdout.contains("Not to    4 unsubscribed"), "{reason}: {plan:?}");
    }
}

#[test]
fn days_of_joining_are_read_with_the_year_first_and_told_otherwise() {
    for column in ["가입일", "Join date", "OPTIN_TIME", "구독일", "joined"] {
        for cell in ["2019. 4. 3.", "2019.4.3", "2019년 4월 3일", "2019/4/3", "2019-4-3"] {
            let here = with_file(&format!("Email Address,{column}\nkim@example.org,{cell}\n"));
            let told = import(&here, &[FILE]);
            assert_eq!(told["warnings"].as_array().map(Vec::len), Some(0), "{told}");
            let list = export(&here);
            assert!(list.contains(",2019-04-03T00:00:00Z,"), "{column}: {cell}: {list}");
        }
    }
    let rows: String = (1..6).map(|n| format!("u{n}@a.example,0{n}/04/2019\n")).collect();
    let here = with_file(&format!("email,Join date\n{rows}kim@a.example,\n"));
    let told = import(&here, &[FILE]);
    let (rule, count) = (&told["warnings"][0]["rule"], &told["warnings"][0]["count"]);
    assert_eq!((rule.as_str(), count.as_u64()), (Some("row-day"), Some(5)), "{told}");
    let what = told["warnings"][0]["message"].as_str().expect("words");
    assert!(what.contains("\"01/04/2019\" in join_date"), "{what}");
    // A later file knows the day, and one after it does not change it.
    let here = here.write("later.csv", "email,Join date\nu1@a.example,2019-04-01\n");
    assert_eq!(counts(&import(&here, &["later.csv"])), [("change", 1)]);
    assert_eq!(counts(&import(&here, &["later.csv"])), [("same", 1)]);
    let here = here.write("later.csv", "email,Join date\nu1@a.example,2020-04-01\n");
    import(&here, &["later.csv"]);
    assert!(export(&here).contains("2019-04-01T00:00:00Z"));
}

#[test]
fn a_mistyped_topic_is_told_wherever_it_comes_in() {
    let here = with_file("email,topics\nkim@example.org,-evnts\n");
    let toml = here.read("digest.toml") + "[topic.events]\nname = \"Events\"\n";
    let here = here.write("digest.toml", toml);
    let lines: [&[&str]; 5] = [
        &["subscribers", "import", FILE, "--plan"],
        &["subscribers", "import", FILE, "--consent", "signed up"],
        &["subscribers", "add", "ada@example.org", "--topics", "evnts"],
        &["subscribers", "set", "ada@example.org", "--topics=-evnts"],
        &["plan", "2025-11"],
    ];
    for line in lines {
        let told = here.run(line);
        assert_eq!(told.code, 0, "{line:?}: {told:?}");
        let words = ["digest.toml has no topic \"evnts\"", "did you mean events?"];
        assert!(words.iter().all(|words| told.stderr.contains(words)), "{line:?}: {told:?}");
    }
    let check = here.run(&["check"]);
    assert!(check.stdout.contains("ada@example.org: digest.toml has no topic"), "{check:?}");
    let right = here.run(&["subscribers", "set", "ada@example.org", "--topics=-events"]);
    assert!(!right.stderr.contains("topic"), "{right:?}");
}

#[test]
fn a_row_with_a_no_is_never_lost_for_another_cell() {
    let here = Publication::new()
        .write("a.csv", "email,status,joined\ntel@example.org,unsubscribed,3/2/2024\n")
        .write("b.csv", "email,status,topics\ntop@example.org,unsubscribed,-a;b\n")
        .write("c.csv", "email,joined\nlee@example.org,3/2/2024\n");
    let told = done(&here, &["import", "a.csv"]);
    assert!(told.stderr.contains("row-day"), "{told:?}");
    assert_eq!(counts(&import(&here, &["b.csv"])), [("suppress", 1)]);
    assert_eq!(counts(&import(&here, &["c.csv"])), [("add", 1)]);
    for who in ["tel@example.org", "top@example.org"] {
        assert_eq!(json(&here, &["show", who])["suppressed"], true, "{who}");
    }
    // Our own export, saved by a spreadsheet with days of another form.
    let list = export(&here);
    let day = list.split(',').find(|cell| cell.starts_with("20")).expect("a day").to_owned();
    let here = here.write("list.csv", list.replace(&day, "3/2/2024").replace("confirmed", "left"));
    let told = json(&here, &["import", "list.csv"]);
    assert_eq!((&told["reject"]["count"], &told["absent"]["count"]), (&0.into(), &0.into()));
    assert_eq!(json(&here, &["show", "lee@example.org"])["suppressed"], true);
}

#[test]
fn a_no_that_cannot_be_used_is_no_success() {
    let here = Publication::new()
        .write("a.csv", "email,status\nkim@,unsubscribed\nlee@example.org,subscribed\n")
        .write("b.csv", "email,name,status\nada@example.org,unsubscribed\n")
        .write("c.csv", "email,status\nkim@,subscribed\n");
    for (file, code) in [("a.csv", 1), ("b.csv", 1), ("c.csv", 0)] {
        for more in [&["--plan"][..], &["--consent", "c"]] {
            let told = here.run(&[&["subscribers", "import", file], more].concat());
            let is_told =
                told.stderr.contains("1 rejected row may say that somebody wants no mail");
            assert_eq!((told.code, is_told), (code, code == 1), "{file} {more:?}: {told:?}");
        }
    }
    // Who has a row that cannot be used is in the file.
    let list = export(&here);
    let here = here.write("list.csv", list.replace(",import,", ",somehow,"));
    let told = here.run(&["subscribers", "import", "list.csv", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!((&told["reject"]["count"], &told["absent"]["count"]), (&1.into(), &0.into()));
}

#[test]
fn our_own_list_of_those_who_are_suppressed_is_known_as_such() {
    let here = Publication::new().write("two.csv", "email\nold@example.org\nada@example.org\n");
    import(&here, &["two.csv"]);
    done(&here, &["set", "old@example.org", "--set", "email=new@example.org"]);
    let noes = [
        ("left@x.example", "unsubscribed"),
        ("bad@x.example", "hard-bounce"),
        ("spam@x.example", "complaint"),
        ("hand@x.example", "manual"),
    ];
    for (who, reason) in noes {
        done(&here, &["suppress", who, "--reason", reason, "--why", "w"]);
    }
    done(&here, &["suppress", "gone.example", "--domain", "--why", "w"]);
    let list = done(&here, &["list", "--suppressed", "--csv"]).stdout;
    let of_people: String =
        list.lines().filter(|row| !row.starts_with("'@")).map(|row| format!("{row}\n")).collect();
    let here = here.write("list.csv", &list).write("people.csv", &of_people);
    let held = |line: &[&str]| {
        let all = json(&here, &[&["list", "--suppressed"], line].concat());
        let all = all.as_array().expect("a list").iter();
        let mut all: Vec<(String, String)> =
            all.map(|one| (one["what"].to_string(), one["reason"].to_string())).collect();
        all.sort();
        all
    };
    let before = held(&[]);
    // Where they are known nothing changes, and nobody comes in.
    let told = import(&here, &["list.csv"]);
    assert_eq!((&told["import"], &told["add"]["count"]), (&Value::Null, &0.into()), "{told}");
    assert_eq!(done(&here, &["list", "--count"]).stdout, "2\n");
    let told = here.run(&["plan", "2025-11", "--subscribers", "list.csv", "--json"]);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(told["error"], "list.csv has nobody to send to", "{told}");
    done(&here, &["suppress", "--file", "list.csv", "--why", "again"]);
    assert_eq!(held(&[]), before);
    assert_eq!(json(&here, &["show", "new@example.org"])["suppressed"], false);
    // Elsewhere each is kept out for the same reason.
    done(
        &here,
        &["suppress", "--file", "list.csv", "--why", "again", "--store", "sqlite:other.db"],
    );
    assert_eq!(held(&["--store", "sqlite:other.db"]), before);
    import(&here, &["people.csv", "--store", "sqlite:third.db"]);
    let third = held(&["--store", "sqlite:third.db"]);
    let people = before.iter().filter(|(who, _)| who.contains('@'));
    assert_eq!(third, people.cloned().collect::<Vec<_>>());
    assert_eq!(done(&here, &["list", "--count", "--store", "sqlite:third.db"]).stdout, "0\n");
    // Of an address that somebody has mistyped the list of the store says which was meant.
    let told = done(&here, &["suppress", "ada@exmaple.org", "--why", "by phone"]);
    assert!(told.stderr.contains("did you mean ada@example.org?"), "{told:?}");
}
