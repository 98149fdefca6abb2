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
        let expected = match is_no {
            true => ("unsubscribed".to_owned(), vec!["unsubscribed".to_owned()]),
            false => ("unconfirmed".to_owned(), vec![]),
        };
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
            "without consent",
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
        for order in orders(&[cells, &[("email", "kim@example.org")]].concat()) {
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
