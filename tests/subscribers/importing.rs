//! `digest subscribers import`: the plan, the one transaction, what it may change, and taking it back.

use proptest::prelude::*;

use crate::harness::Publication;
use crate::{counts, done, export, import, json};

const FILE: &str = "members.csv";

const MEMBERS: &str = "email,first_name,status,tags\n\
    Kim@example.org,Minji,subscribed,board;donor\n\
    ada@example.org,,subscribed,\n\
    lee@example.org,Narae,unsubscribed,\n\
    old@example.org,,bounced,\n\
    spam@example.org,,complained,\n\
    new@example.org,,pending,\n\
    not an address,X,subscribed,\n\
    kim@EXAMPLE.org,Again,subscribed,\n";

fn with_file(text: &str) -> Publication {
    Publication::new().write(FILE, text)
}

#[test]
fn a_plan_names_what_becomes_of_each_row_and_writes_nothing() {
    let here = with_file(MEMBERS);
    let before = here.files();
    let plan = json(&here, &["import", FILE, "--plan"]);
    let expected = [("add", 2), ("unconfirmed", 1), ("suppress", 3), ("reject", 1)];
    assert_eq!(counts(&plan), expected);
    assert_eq!(
        (&plan["rows"], &plan["repeated"], &plan["import"]),
        (&8.into(), &1.into(), &().into())
    );
    let told = done(&here, &["import", FILE, "--plan"]).stdout;
    for words in ["line 4  lee@example.org  unsubscribed", "line 8  ", "add                      2"]
    {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert_eq!(here.files(), before);
}

#[test]
fn an_import_is_one_numbered_transaction_and_the_same_file_again_changes_nothing() {
    let here = with_file(MEMBERS);
    let first = import(&here, &[FILE]);
    assert_eq!(first["import"], 1);
    let list = export(&here);
    let again = import(&here, &[FILE]);
    assert_eq!(counts(&again), [("reject", 1), ("same", 6)]);
    assert_eq!((&again["import"], export(&here)), (&().into(), list.clone()));
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 7, "{list}");
    assert!(lines[1].starts_with("ada@example.org,confirmed,,,,,,"), "{list}");
    let kim =
        lines.iter().find(|line| line.starts_with("Kim@example.org,confirmed,,Minji,board;donor,"));
    assert!(
        kim.is_some_and(|kim| kim.contains(",import,") && kim.contains(",signed up on our site,"))
    );
    for line in [
        "lee@example.org,unsubscribed,unsubscribed,Narae,",
        "old@example.org,confirmed,hard-bounce,,",
        "spam@example.org,unsubscribed,complaint,,",
        "new@example.org,unconfirmed,,,",
    ] {
        assert!(lines.iter().any(|one| one.starts_with(line)), "no {line:?} in {list}");
    }
}

#[test]
fn without_a_word_of_consent_nothing_is_imported() {
    let here = with_file(MEMBERS);
    let told = here.run(&["subscribers", "import", FILE]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.stderr.contains("say how these people agreed"), "{told:?}");
    assert_eq!(done(&here, &["list", "--count"]).stdout, "0\n");
    // People who left did not agree to anything, and are kept out all the same.
    let here = with_file("email,status\nlee@example.org,unsubscribed\n");
    assert_eq!(counts(&json(&here, &["import", FILE])), [("suppress", 1)]);
}

#[test]
fn rejected_rows_are_imported_once_they_are_mended() {
    let here = with_file("email;name;city\nkim@example.org;Kim;\nlee@;=Lee;a,b\n\"ada;x;y\n");
    let told = import(&here, &[FILE]);
    assert_eq!(
        (counts(&told), &told["rejects"]),
        (vec![("add", 1), ("reject", 2)], &"members.csv.rejects.csv".into())
    );
    let rejects = here.read("members.csv.rejects.csv");
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines[0], "email,name,city,rejected_because");
    assert!(lines[1].starts_with("lee@,'=Lee,\"a,b\",\"line 3: "), "{rejects}");
    assert!(lines[2].starts_with(",,,\"line 4: "), "{rejects}");
    let here = here.edit("members.csv.rejects.csv", "lee@,", "lee@example.org,");
    let told = import(&here, &["members.csv.rejects.csv"]);
    assert_eq!(counts(&told), [("add", 1), ("reject", 1)]);
    let again = here.read("members.csv.rejects.csv.rejects.csv");
    assert_eq!(again.lines().next(), Some("email,name,city,rejected_because"));
    let list = export(&here);
    let header = "email,status,suppressed,city,name,tags,";
    assert!(list.starts_with(header) && list.contains(",\"a,b\",'=Lee,"), "{list}");
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_changes_nothing() {
    let text =
        [b"email,name\nkim@example.org,Kim\nlee@example.org,".as_slice(), &[0xE9, 0xFF], b"\n"];
    let here = Publication::new().write(FILE, text.concat());
    let told = here.run(&["subscribers", "import", FILE, "--consent", "x"]);
    assert_eq!((told.code, told.stderr.contains("nothing was imported")), (3, true), "{told:?}");
    assert_eq!(done(&here, &["list", "--count"]).stdout, "0\n");
}

#[test]
fn a_column_that_looks_like_consent_stops_the_import_until_it_is_named() {
    let here = with_file("email,Opted in to news\nkim@example.org,perhaps\nada@example.org,yes\n");
    let line = ["subscribers", "import", FILE, "--consent", "x"];
    let told = here.run(&line);
    assert_eq!((told.code, told.stderr.contains("it is not known who of")), (3, true), "{told:?}");
    let said = ["--consent-column", "Opted in to news=yes"];
    let told = import(&here, &[&[FILE], &said[..]].concat());
    assert_eq!(counts(&told), [("add", 1), ("unconfirmed", 1)]);
}

#[test]
fn suppressed_stays_suppressed_whatever_a_file_says() {
    let here =
        with_file("email,name\nkim@example.org,Kim\nlee@x.example,Lee\nada@example.org,Ada\n");
    done(&here, &["suppress", "kim@example.org", "--why", "asked"]);
    done(&here, &["suppress", "x.example", "--domain", "--why", "asked"]);
    for update in ["fill", "overwrite"] {
        let told = import(&here, &[FILE, "--update", update]);
        assert_eq!(told["stays_suppressed"]["count"], 2, "{told}");
    }
    assert_eq!(done(&here, &["list", "--count"]).stdout, "1\n");
    done(&here, &["release", "kim@example.org", "--why", "asked again"]);
    assert_eq!(counts(&import(&here, &[FILE])), [("add", 1), ("stays_suppressed", 1), ("same", 1)]);
}

#[test]
fn each_policy_changes_what_it_may_and_the_rest_is_told_as_a_conflict() {
    let first = "email,name,city\nkim@example.org,Kim,\nada@example.org,Ada,Seoul\n";
    let second = "email,name,city\nkim@example.org,Minji,Busan\nada@example.org,Ada,\n";
    for (update, told, list) in [
        ("fill", vec![("change", 1), ("conflict", 1), ("same", 1)], ["Seoul,Ada", "Busan,Kim"]),
        ("overwrite", vec![("change", 1), ("same", 1)], ["Seoul,Ada", "Busan,Minji"]),
        ("never", vec![("conflict", 1), ("same", 1)], ["Seoul,Ada", ",Kim"]),
    ] {
        let here = with_file(first).write("second.csv", second);
        import(&here, &[FILE]);
        let plan = json(&here, &["import", "second.csv", "--update", update, "--plan"]);
        let done = import(&here, &["second.csv", "--update", update]);
        assert_eq!((counts(&plan), counts(&done)), (told.clone(), told), "{update}");
        let export = export(&here);
        for cells in list {
            assert!(export.contains(&format!(",confirmed,,{cells},")), "{update}: {export}");
        }
    }
}

#[test]
fn columns_may_be_called_otherwise_and_everybody_gets_a_tag() {
    let here = with_file("Kontakt;Rolle\nkim@example.org;board\n");
    assert_eq!(here.run(&["subscribers", "import", FILE, "--plan"]).code, 3);
    let line = [FILE, "--map", "kontakt=email", "--map", "Rolle=tags", "--tag", "member"];
    assert_eq!(counts(&import(&here, &line)), [("add", 1)]);
    assert!(export(&here).contains("kim@example.org,confirmed,,board;member,"));
    assert_eq!(counts(&import(&here, &line)), [("same", 1)]);
    let told = here.run(&["subscribers", "import", FILE, "--plan", "--map", "Address=email"]);
    assert!(told.code == 3 && told.stderr.contains("no column is called \"Address\""), "{told:?}");
}

#[test]
fn an_import_that_is_taken_back_leaves_the_list_as_it_was() {
    let here = with_file(MEMBERS).write(
        "second.csv",
        concat!(
            "email,first_name,city,status\nada@example.org,Ada,Seoul,subscribed\n",
            "zoe@example.org,Zoe,,subscribed\nkim@example.org,,,unsubscribed\n"
        ),
    );
    import(&here, &[FILE]);
    let before = export(&here);
    let told = import(&here, &["second.csv", "--update", "overwrite"]);
    assert_eq!(
        (&told["import"], counts(&told)),
        (&2.into(), vec![("add", 1), ("change", 1), ("suppress", 1)])
    );
    assert_ne!(export(&here), before);
    let undone = json(&here, &["import", "--undo", "2"]);
    let said = ["removed", "restored", "released", "stay"].map(|name| undone[name].as_u64());
    assert_eq!(said, [Some(1), Some(2), Some(1), Some(0)]);
    assert_eq!(export(&here), before);
    let told = here.run(&["subscribers", "import", "--undo", "2"]);
    assert!(told.code == 1 && told.stderr.contains("was taken back already"), "{told:?}");
    assert_eq!(here.run(&["subscribers", "import", "--undo", "9"]).code, 1);
    // Whoever was suppressed by the first import is as before, and no import is left to undo.
    json(&here, &["import", "--undo", "1"]);
    assert_eq!(export(&here).lines().count(), 1);
    assert_eq!(done(&here, &["list", "--suppressed"]).stdout, "");
}

#[test]
fn who_changed_after_an_import_stays_and_is_named() {
    let here = with_file("email,name\nkim@example.org,\nada@example.org,\n");
    import(&here, &[FILE]);
    done(&here, &["set", "kim@example.org", "--name", "Kim"]);
    let undone = done(&here, &["import", "--undo", "1"]).stdout;
    assert!(
        undone.contains("1 person removed") && undone.contains("  kim@example.org\n"),
        "{undone}"
    );
    let list = export(&here);
    assert!(list.contains("kim@example.org,confirmed,,Kim,") && !list.contains("ada@"), "{list}");
}

/// Whoever says no again after an import, in whatever way, has left, and was not only in that file.
#[test]
fn a_no_that_came_after_an_import_stays_when_the_import_is_taken_back() {
    let no = "email,status\nkim@example.org,unsubscribed\nada@example.org,unsubscribed\n";
    for (line, stays) in [
        (
            &["suppress", "kim@example.org", "--why", "by phone", "--reason", "unsubscribed"][..],
            true,
        ),
        (&["import", "again.csv", "--consent", "c"], true),
        (&["forget", "kim@example.org"], true),
        (&["list"], false),
    ] {
        let here = with_file("email\nkim@example.org\nada@example.org\nlee@example.org\n")
            .write("no.csv", no)
            .write("again.csv", "email,status\nkim@example.org,unsubscribed\n");
        import(&here, &[FILE]);
        import(&here, &["no.csv"]);
        done(&here, line);
        done(&here, &["import", "--undo", "2"]);
        let plan = here.run(&["plan", "2025-11", "--subscribers", FILE, "--json"]);
        let plan: serde_json::Value = serde_json::from_str(&plan.stdout).expect("JSON");
        let expected = if stays { (2, 1) } else { (3, 0) };
        assert_eq!(
            (&plan["to_send"], &plan["suppressed"]),
            (&expected.0.into(), &expected.1.into()),
            "{line:?}"
        );
    }
}

/// Whatever says no beside an import, and in whatever order: the import that is taken back ends its own
/// word alone.
#[test]
fn an_import_that_is_taken_back_ends_no_other_word_in_whatever_order_it_came() {
    const KIM: &str = "kim@example.org";
    const IMPORT: &[&str] = &["import", "no.csv", "--consent", "c"];
    let others: [(&str, &[&str]); 5] = [
        ("command", &["suppress", KIM, "--why", "by phone", "--reason", "unsubscribed"]),
        ("command", &["suppress", KIM, "--why", "bad address", "--reason", "hard-bounce"]),
        ("command", &["remove", KIM, "--why", "asked"]),
        ("import", &["import", "again.csv", "--consent", "c"]),
        ("import", &["import", "bounced.csv", "--consent", "c"]),
    ];
    for (origin, other) in others {
        for lines in [[IMPORT, other], [other, IMPORT], [other, other]] {
            let here = with_file("email\nkim@example.org\nada@example.org\n")
                .write("no.csv", "email,status,city\nada@example.org,subscribed,Busan\nkim@example.org,unsubscribed,\n")
                .write("again.csv", "email,status\nkim@example.org,unsubscribed\n")
                .write("bounced.csv", "email,status\nkim@example.org,bounced\n");
            import(&here, &[FILE]);
            for line in lines {
                done(&here, line);
            }
            if !lines.contains(&IMPORT) {
                // The same word twice from one place is one.
                let known = json(&here, &["show", KIM]);
                assert_eq!(
                    known["history"].as_array().map(Vec::len),
                    Some(1),
                    "{lines:?}: {known}"
                );
                continue;
            }
            let number = if lines[0] == IMPORT || origin != "import" { "2" } else { "3" };
            let undone = json(&here, &["import", "--undo", number]);
            let known = json(&here, &["show", KIM]);
            assert_eq!(known["suppressed"], true, "{lines:?}: {undone} {known}");
            let in_force = known["history"].as_array().expect("a history").iter();
            let in_force: Vec<_> = in_force.filter(|one| one["released_at"].is_null()).collect();
            for one in in_force {
                assert_eq!(one["origin"], origin, "{lines:?}: {known}");
            }
        }
    }
}

/// A no goes when the last import that said so is taken back, and not before.
#[test]
fn a_no_that_several_imports_said_goes_with_the_last_of_them() {
    let files = [
        ("first.csv", "email,status\nkim@example.org,unsubscribed\n"),
        ("second.csv", "email,status\nkim@example.org,unsubscribed\nada@example.org,subscribed\n"),
        ("third.csv", "email,status\nkim@example.org,unsubscribed\n"),
    ];
    let is_suppressed =
        |here: &Publication| json(here, &["show", "kim@example.org"])["suppressed"] == true;
    for order in [["2", "3", "4"], ["4", "3", "2"], ["3", "4", "2"]] {
        let here = with_file("email\nkim@example.org\n");
        let here = files.iter().fold(here, |here, (name, text)| here.write(name, text));
        import(&here, &[FILE]);
        for (number, (name, _)) in (2..).zip(files) {
            assert_eq!(import(&here, &[name])["import"], number, "{name}");
            // The same file once more says nothing new, and has no number.
            assert_eq!(import(&here, &[name])["import"], serde_json::Value::Null, "{name}");
        }
        let list = export(&here);
        let here = here.write("list.csv", list);
        assert_eq!(import(&here, &["list.csv"])["import"], serde_json::Value::Null);
        for (at, number) in order.iter().enumerate() {
            assert!(is_suppressed(&here), "{order:?}: before {number}");
            let undone = json(&here, &["import", "--undo", number]);
            let released = u64::from(at == 2);
            assert_eq!(undone["released"], released, "{order:?}: {undone}");
        }
        assert!(!is_suppressed(&here), "{order:?}");
    }
}

/// Whoever is suppressed for something else has left all the same, and a release of the one knows it.
#[test]
fn a_file_that_says_who_left_is_heard_of_those_too_who_are_suppressed_for_something_else() {
    let here = with_file("email,status\nkim@example.org,unsubscribed\n");
    let bounce = ["--why", "x", "--reason", "hard-bounce"];
    done(&here, &[&["suppress", "kim@example.org"], &bounce[..]].concat());
    assert_eq!(counts(&import(&here, &[FILE])), [("suppress", 1)]);
    assert_eq!(counts(&import(&here, &[FILE])).len(), 1);
    let told = here.run(&["subscribers", "release", "kim@example.org", "--why", "mended"]);
    assert!(told.code == 3 && told.stderr.contains("unsubscribed since"), "{told:?}");
    assert!(export(&here).lines().count() == 1, "nobody is brought in by it");
    // Whom somebody knows to be suppressed is told so, wherever the word came from.
    let no = ["--why", "by phone", "--reason", "unsubscribed"];
    let told = done(&here, &[&["suppress", "kim@example.org"], &no[..]].concat()).stdout;
    assert_eq!(told, "kim@example.org: suppressed before (unsubscribed)\n");
    let known = done(&here, &["show", "kim@example.org"]).stdout;
    assert!(known.contains("(unsubscribed): by phone\n"), "the words are kept: {known}");
}

/// Each line that is shown is counted where it stands.
#[test]
fn a_new_no_is_counted_and_shown_as_such_and_not_as_a_change_as_well() {
    let here = with_file("email,name\nkim@example.org,\nada@example.org,\nlee@example.org,\n")
        .write(
            "no.csv",
            "email,name,status\nkim@example.org,,unsubscribed\nada@example.org,Ada,subscribed\n",
        );
    import(&here, &[FILE]);
    let told = done(&here, &["import", "no.csv", "--plan"]).stdout;
    let change = "change                   1\n  line 3  ada@example.org  name: Ada\nconflict ";
    let suppress =
        "suppress                 1  (the file says that they get no mail)\n  line 2  kim@";
    assert!(told.contains(change) && told.contains(suppress), "{told}");
    let plan = json(&here, &["import", "no.csv", "--plan"]);
    assert_eq!(plan["change"]["examples"].as_array().map(Vec::len), Some(1), "{plan}");
    // People who left alone.
    let here = here.write("left.csv", "email,status\nlee@example.org,unsubscribed\n");
    let told = done(&here, &["import", "left.csv", "--plan"]).stdout;
    assert!(told.contains("change                   0\nconflict"), "{told}");
}

/// To delete a row of an export ends nothing, and looks as if it did.
#[test]
fn people_whose_rows_were_deleted_from_an_export_stay_and_are_named() {
    let people: String = (10..25).map(|at| format!("p{at}@x.example\n")).collect();
    let here = with_file(&format!("email\n{people}"));
    import(&here, &[FILE]);
    let list = export(&here);
    let without = |gone: &[&str]| -> String {
        let stays = |line: &&str| !gone.iter().any(|who| line.starts_with(who));
        list.lines().filter(stays).map(|line| format!("{line}\n")).collect()
    };
    let all = without(&["p"]) + &without(&["p1"]).lines().skip(1).collect::<Vec<_>>().join("\n");
    let here = here.write("one.csv", without(&["p12"])).write("many.csv", all);
    for line in [&["import", "one.csv", "--plan"][..], &["import", "one.csv"]] {
        let told = done(&here, line).stdout;
        let words = "1 person of the list is not in this file, and stays; `digest subscribers remove ADDRESS` \
             ends a subscription\n  p12@x.example\n";
        assert!(told.contains(words), "{told}");
    }
    let told = json(&here, &["import", "many.csv", "--plan"]);
    assert_eq!(told["absent"]["count"], 10, "{told}");
    // Nobody expects of another file that it has everybody.
    let here = here.write("other.csv", "email,name\np10@x.example,Kim\n");
    let told = done(&here, &["import", "other.csv", "--plan"]).stdout;
    assert!(!told.contains("not in this file"), "{told}");
    let here = here.write("whole.csv", &list);
    assert!(!done(&here, &["import", "whole.csv"]).stdout.contains("not in this file"));
}

/// A spreadsheet that is set to Japanese or Korean computes wide signs as well.
#[test]
fn wide_signs_of_a_formula_are_guarded_as_the_others_are() {
    let here = with_file("email,city\nkim@example.org,＝cmd()\nada@example.org,－1\n");
    import(&here, &[FILE]);
    let list = export(&here);
    assert!(list.contains(",'＝cmd(),") && list.contains(",'－1,"), "{list}");
    let here = here.write("list.csv", &list);
    assert_eq!(counts(&import(&here, &["list.csv", "--update", "overwrite"])), [("same", 2)]);
    assert_eq!(export(&here), list);
}

/// A list of cities is no word of the people in it.
#[test]
fn a_file_that_says_nothing_of_a_subscription_confirms_nobody() {
    let here = with_file("email,status\nkim@example.org,unconfirmed\n")
        .write("city.csv", "email,city\nkim@example.org,Busan\n")
        .write("said.csv", "email,status\nkim@example.org,subscribed\n");
    import(&here, &[FILE]);
    import(&here, &["city.csv", "--update", "overwrite"]);
    assert!(export(&here).contains("kim@example.org,unconfirmed,,Busan,"), "{}", export(&here));
    import(&here, &["said.csv", "--update", "overwrite"]);
    assert!(export(&here).contains("kim@example.org,confirmed,,Busan,"), "{}", export(&here));
}

#[test]
fn topics_are_kept_as_written_and_a_mixture_is_a_problem_of_the_row() {
    let here = with_file(concat!(
        "email,topics\na@x.example,-events; -jobs\nb@x.example,events\nc@x.example,none\n",
        "d@x.example,events;-jobs\n"
    ));
    let told = import(&here, &[FILE]);
    assert_eq!(counts(&told), [("add", 3), ("reject", 1)]);
    let why = &told["reject"]["examples"][0]["what"];
    assert!(why.as_str().is_some_and(|why| why.contains("mixes topics to leave out")), "{why}");
    let list = export(&here);
    for topics in ["-events;-jobs", "events", "none"] {
        let guarded =
            if topics.starts_with('-') { format!("'{topics}") } else { topics.to_owned() };
        assert!(list.contains(&format!(",,{guarded},20")), "{list}");
    }
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "['=+@\\-a-z ,;\"]{0,8}",
        "[가-힣é\u{a0}]{0,4}",
        Just("n/a".to_owned()),
        Just("unsubscribed".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// What was exported gives the same list: in the same store, where nothing changes, and in a new one.
    #[test]
    fn an_export_is_imported_as_the_same_list(
        rows in prop::collection::vec((cell(), cell(), cell(), 0..6_usize), 1..12),
    ) {
        let status = ["subscribed", "pending", "unsubscribed", "bounced", "complained", "blocklisted"];
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let mut text = "email,name,city,tags,status\n".to_owned();
        for (at, (name, city, tags, standing)) in rows.iter().enumerate() {
            let cells = [name, city, tags].map(|cell| quoted(cell));
            text.push_str(&format!("+p{at}@x.example,{},{}\n", cells.join(","), status[*standing]));
        }
        let here = with_file(&text);
        import(&here, &[FILE]);
        let list = export(&here);
        prop_assert!(list.lines().all(|line| !line.starts_with('+')));
        let here = here.write("list.csv", &list);
        let again = json(&here, &["import", "list.csv"]);
        prop_assert_eq!(counts(&again).len(), 1, "{}", again);
        prop_assert_eq!((&again["import"], export(&here)), (&().into(), list.clone()));
        let other = json(&here, &["import", "list.csv", "--store", "sqlite:other.db"]);
        prop_assert_eq!(&other["reject"]["count"], 0, "{}", other);
        let copied = done(&here, &["export", "--store", "sqlite:other.db"]).stdout;
        prop_assert_eq!(copied, list);
    }
}

/// Nobody stays behind because the older of two imports was taken back first.
#[test]
fn an_import_whose_people_a_later_one_changed_is_taken_back_after_that_one() {
    let here = Publication::new()
        .write(
            "a.csv",
            "email,city\nkim@example.org,Seoul\nada@example.org,Seoul\nlee@example.org,\n",
        )
        .write(
            "b.csv",
            "email,city\nkim@example.org,Busan\nada@example.org,Busan\nzoe@example.org,\n",
        );
    import(&here, &["a.csv"]);
    import(&here, &["b.csv", "--update", "overwrite"]);
    for _ in 0..2 {
        let told = here.run(&["subscribers", "import", "--undo", "1"]);
        assert_eq!(told.code, 1, "{told:?}");
        for words in ["import 2 changed 2 people of import 1", "import --undo 2"] {
            assert!(told.stderr.contains(words), "no {words:?} in {told:?}");
        }
    }
    assert_eq!(done(&here, &["list", "--count"]).stdout, "4\n");
    done(&here, &["import", "--undo", "2"]);
    assert_eq!(done(&here, &["list", "--only", "city=Seoul", "--count"]).stdout, "2\n");
    done(&here, &["import", "--undo", "1"]);
    assert_eq!(done(&here, &["list", "--count"]).stdout, "0\n");
}
