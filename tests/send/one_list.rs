//! One list, read by five commands: `check`, `test`, `render --as`, `plan` and `send` say the same of
//! it, and a row of the ledger that cannot be read stops a send.

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::store::sql;
use serde_json::{Value, json};

use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, book, send, summary};

/// Duplicates in other case and in quotes, a yes and a no about one person in both orders, rows
/// that cannot be used, a field that is missing.
const NASTY: &str = "email,first_name,status,tags\n\
    Kim@Example.org,Minji,subscribed,member\n\
    kim@example.org,Second,subscribed,press\n\
    ada@a.example,Ada,subscribed,member\n\
    ADA@a.example,Ada,unsubscribed,\n\
    bob@a.example,Bob,unsubscribed,\n\
    Bob@A.example,Bob,subscribed,member\n\
    \"\"\"lee\"\"@b.example\",Lee,subscribed,member\n\
    lee@b.example,Third,subscribed,\n\
    no-address,X,subscribed,\n\
    a@b@c.example,X\n\
    park@b.example,,subscribed,member\n\
    noreply@b.example,Nora,active,\n";

/// Who of it gets the issue, and the first name that the list has of them.
const PEOPLE: [(&str, &str); 4] = [
    ("Kim@example.org", "Minji"),
    ("lee@b.example", "Lee"),
    ("noreply@b.example", "Nora"),
    ("park@b.example", "reader"),
];

fn nasty() -> Publication {
    Publication::new().write(LIST, NASTY)
}

/// `line rule` of what `check` says of the list.
fn of_the_list(check: &Output) -> Vec<String> {
    let problems: Vec<Value> = serde_json::from_str(&check.stdout).expect("an array");
    let of_list = problems.iter().filter(|problem| problem["file"] == LIST);
    of_list
        .map(|problem| {
            let rule = problem["rule"].as_str().expect("a rule");
            problem["line"].as_u64().map_or(rule.to_owned(), |line| format!("{line} {rule}"))
        })
        .collect()
}

#[test]
fn check_and_plan_find_the_same_problems_in_a_list() {
    let here = nasty();
    let check = here.run(&["check", "--format", "json"]);
    assert_eq!(check.code, 3, "{check:?}");
    let expected = [
        "10 row-address",
        "11 row-cells",
        "13 row-role",
        "list-contradiction",
        "list-contradiction",
    ];
    assert_eq!(of_the_list(&check), expected);
    let plan = here.run(&["plan", "2025-11"]);
    assert_eq!(plan.code, 3, "{plan:?}");
    let told: Vec<&str> =
        plan.stderr.lines().filter(|line| line.contains("subscribers.csv")).collect();
    let places = |line: &str| told.iter().filter(|told| told.contains(line)).count();
    for place in ["subscribers.csv:10:", "subscribers.csv:11:"] {
        assert_eq!(places(place), 1, "{place} in {}", plan.stderr);
    }
    assert_eq!(places("subscribers.csv:13:"), 1, "{}", plan.stderr);
    for who in ["ada@a.example", "Bob@a.example"] {
        assert!(plan.stderr.contains(&format!("{who} gets no mail")), "{}", plan.stderr);
        assert!(check.stdout.contains(&format!("{who} gets no mail")), "{}", check.stdout);
    }
}

#[test]
fn check_plan_and_send_name_the_same_people_who_lack_a_field() {
    let here = nasty().edit("issues/2025-11/issue.toml", "first_name | reader", "first_name");
    let lacks = "1 of 4 subscribers have no first_name (park@b.example)";
    let check = here.run(&["check"]);
    assert_eq!(check.code, 3, "{check:?}");
    assert!(check.stdout.contains(lacks), "{}", check.stdout);
    let relay = Relay::new();
    for output in
        [here.run(&["plan", "2025-11", "--skip-invalid"]), send(&here, &relay, &["--skip-invalid"])]
    {
        assert_eq!(output.code, 3, "{output:?}");
        assert!(output.stderr.contains(lacks), "{}", output.stderr);
    }
    assert_eq!(relay.counts().connections, 0);
}

#[test]
fn plan_send_test_and_render_take_a_person_for_the_same() {
    let (here, relay, tried) = (nasty(), Relay::new(), Relay::new());
    let plan = summary(&here.run(&["plan", "2025-11", "--skip-invalid", "--json"]));
    let numbers = ["to_send", "duplicates", "invalid", "left_out"].map(|name| plan[name].clone());
    assert_eq!(numbers, [json!(4), json!(2), json!(2), json!(4)], "{plan}");
    let sent = send(&here, &relay, &["--skip-invalid"]);
    assert_eq!((sent.code, &summary(&sent)["planned"]), (0, &json!(4)), "{sent:?}");
    let to: Vec<&str> = PEOPLE.iter().flat_map(|(address, _)| ["--to", address]).collect();
    let url = tried.url();
    let test = here.run(&[&["test", "2025-11", "--relay", &url], &to[..]].concat());
    assert_eq!(test.code, 0, "{test:?}");
    let subjects = |relay: &Relay| -> Vec<(String, String)> {
        let mails = relay.accepted();
        let mails = mails.iter().map(|m| (m.recipients.concat(), Mail::read(&m.bytes).subject()));
        let mut subjects: Vec<_> = mails.collect();
        subjects.sort();
        subjects
    };
    let expected = PEOPLE.map(|(address, name)| (address.to_owned(), format!("Hello {name}")));
    assert_eq!(subjects(&relay), expected);
    let marked = expected.clone().map(|(address, subject)| (address, format!("[test] {subject}")));
    assert_eq!(subjects(&tried), marked);
    for (address, name) in PEOPLE {
        let shouted = address.to_uppercase();
        let render = here.run(&["render", "2025-11", "--as", &shouted, "--format", "eml"]);
        let subject = format!("\r\nSubject: Hello {name}\r\n");
        assert!(render.stdout.contains(&subject), "{address}: {render:?}");
        assert!(render.stdout.contains(address), "{address}: {render:?}");
    }
}

#[test]
fn whom_the_list_says_no_of_is_a_reader_without_fields_and_it_is_said() {
    let here = nasty();
    for who in ["ada@a.example", "BOB@a.example"] {
        let render = here.run(&["render", "2025-11", "--as", who, "--format", "eml"]);
        assert!(render.stdout.contains("\r\nSubject: Hello reader\r\n"), "{render:?}");
        let words = "gets no issue, because subscribers.csv says unsubscribed";
        assert!(render.stderr.contains(words), "{}", render.stderr);
    }
    // A row that cannot be used is about nobody.
    let absent = here.run(&["render", "2025-11", "--as", "a@c.example"]);
    assert!(absent.stderr.contains("a@c.example is not in subscribers.csv"), "{absent:?}");
}

#[test]
fn only_and_tags_go_by_the_row_that_counts() {
    let here = nasty();
    let only = |only: &str| {
        summary(&here.run(&["plan", "2025-11", "--skip-invalid", "--json", "--only", only]))
    };
    // Of Kim the first row counts, and press stands in the second; of Ada and Bob none does.
    assert_eq!(only("tag:member")["to_send"], 3);
    assert_eq!(only("tag:member")["outside"], 1);
    let output = here.run(&["plan", "2025-11", "--skip-invalid", "--only", "tag:press"]);
    assert_eq!(output.code, 3, "{output:?}");
    assert!(output.stderr.contains("has nobody who fits --only"), "{}", output.stderr);
}

#[test]
fn a_list_in_another_encoding_is_read_alike_by_all() {
    let list = b"email,first_name\nrene@example.fr,Ren\xE9\n";
    let (here, relay) = (Publication::new().write(LIST, list), Relay::new());
    let url = relay.url();
    let commands: [&[&str]; 4] = [
        &["check", "2025-11"],
        &["plan", "2025-11"],
        &["render", "2025-11", "--format", "eml", "--as", "rene@example.fr"],
        &["test", "2025-11", "--to", "rene@example.fr", "--relay", &url],
    ];
    for command in commands {
        let refused = here.run(command);
        assert_eq!(refused.code, 3, "{refused:?}");
        let read = here.run(&[command, &["--encoding", "windows-1252"]].concat());
        assert_eq!(read.code, 0, "{read:?}");
        let unknown = here.run(&[command, &["--encoding", "klingon"]].concat());
        assert_eq!(unknown.code, 2, "{unknown:?}");
    }
    assert_eq!(Mail::read(&relay.accepted()[0].bytes).subject(), "[test] Hello René");
}

#[test]
fn many_problems_of_one_kind_are_counted_and_the_first_listed() {
    let row = |at: usize| format!("broken{at}\n");
    let rows: String = (0..1_500).map(row).collect();
    let here = Publication::new().write(LIST, format!("email\n{rows}kim@example.org\n"));
    let check = here.run(&["check", "--format", "json"]);
    assert_eq!(check.code, 3, "{}", check.stderr);
    let problems: Vec<Value> = serde_json::from_str(&check.stdout).expect("an array");
    let of_rows = problems.iter().filter(|problem| problem["rule"] == "row-address");
    assert_eq!(of_rows.count(), 20);
    assert!(problems.iter().any(|problem| problem["count"] == 1_481), "{}", check.stdout);
    let plan = here.run(&["plan", "2025-11"]);
    let more = "(and 1480 more like this: lines 22, 23,";
    assert!(plan.code == 3 && plan.stderr.contains(more), "{}", plan.stderr);
}

#[test]
fn check_stages_the_list_and_leaves_no_file() {
    let here = nasty();
    let before = here.files();
    here.run(&["check"]);
    here.run(&["render", "2025-11", "--as", "kim@example.org", "--format", "text"]);
    let mut after = here.files();
    // Who is rendered for has an unsubscribe link of their own, which needs the secret.
    after.retain(|file| file != ".digest-secret");
    assert_eq!(after, before);
}

/// Changes the ledger as a stray program would.
fn damage(here: &Publication, statement: &'static str) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = crate::relay::open(&crate::relay::store_of(here)).await;
        let done = sql::query(statement).execute(store.pool()).await.expect("written");
        assert_eq!(done.rows_affected(), 1, "{statement}");
        store.close().await;
    });
}

/// Three people, of whom the relay has put off the first: their row keeps what it has.
fn put_off() -> Publication {
    let here = Publication::new()
        .write(LIST, "email,first_name\nkim@x.example,Minji\nada@x.example,Ada\nlee@x.example,L\n");
    let busy = Script::new().rule(At::Rcpt, When::recipient("kim@"), Do::reply("450 4.2.1 busy"));
    let relay =
        Relay::scripted(busy.rule(At::Rcpt, When::recipient("lee@"), Do::reply("450 4.2.1 busy")));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    here
}

#[test]
fn a_row_that_cannot_be_read_stops_the_send_and_is_named() {
    for (statement, reason) in [
        (
            "UPDATE recipient SET fields = '{\"first_name\": ' WHERE id = 1",
            "its fields cannot be read",
        ),
        ("UPDATE recipient SET tags = '{}' WHERE id = 1", "its tags cannot be read"),
        ("UPDATE recipient SET email = 'kim at x' WHERE id = 1", "its address cannot be read"),
        ("UPDATE recipient SET fields = x'ff00' WHERE id = 1", "its columns cannot be read"),
    ] {
        if statement.contains("x'") && only_files("a server keeps no bytes in a text") {
            continue;
        }
        let (here, relay) = (put_off(), Relay::new());
        damage(&here, statement);
        let output = send(&here, &relay, &[]);
        assert_eq!(output.code, 1, "{output:?}");
        for words in ["row 1 (kim@x.example)", reason, "take this person off the list"] {
            assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
        }
        assert_eq!(relay.counts().accepted, 0, "nobody behind it is claimed");
        // Nobody is lost: both wait, and whoever is not damaged is served as the message says.
        let here = here.write(LIST, "email,first_name\nada@x.example,Ada\nlee@x.example,L\n");
        let rest = send(&here, &relay, &[]);
        assert_eq!(rest.code, 0, "{rest:?}");
        assert_eq!(relay.copies().into_keys().collect::<Vec<_>>(), ["lee@x.example"]);
        assert_eq!(book(&here).of("suppressed").len(), 1);
    }
}

#[test]
fn a_row_that_nobody_was_sent_is_mended_from_the_list() {
    let here = put_off();
    damage(&here, "UPDATE recipient SET fields = '', attempts = 0, stage = NULL WHERE id = 1");
    let relay = Relay::new();
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let to_kim = relay.accepted().into_iter().find(|m| m.recipients == ["kim@x.example"]);
    assert_eq!(Mail::read(&to_kim.expect("a message").bytes).subject(), "Hello Minji");
}
