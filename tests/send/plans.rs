//! `digest plan` and `--only`: who would get the issue, and who gets it when only some are meant.

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::delivery::ledger;
use sejong_digest::store::{Store, sql};
use serde_json::{Value, json};

use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::outcomes::script;
use crate::relay::Relay;
use crate::retries::with_settings;
use crate::{LIST, book, counts, send, summary, with_readers};

const TAGGED: &str = "email,language,tags\nkim@a.example,ko,member\nada@b.example,en,member;press\n\
    lee@a.example,ko,\n";

fn tagged() -> Publication {
    Publication::new().write(LIST, TAGGED)
}

fn plan(here: &Publication, more: &[&str]) -> Output {
    here.run(&[&["plan", "2025-11"], more].concat())
}

fn json(here: &Publication, more: &[&str]) -> Value {
    let output = plan(here, &[more, &["--json"]].concat());
    assert_eq!(output.code, 0, "{output:?}");
    summary(&output)
}

#[test]
fn a_plan_says_who_and_until_when_and_changes_nothing() {
    let here = with_readers(121);
    let before = here.files();
    let output = plan(&here, &["--limit", "30/minute"]);
    assert_eq!(output.code, 0, "{output:?}");
    for words in
        ["121 recipients (x.example 121)", "Pace      at most 30/minute: about 4 min, until"]
    {
        assert!(output.stdout.contains(words), "no {words:?} in {}", output.stdout);
    }
    let told = json(&here, &["--limit", "30/minute"]);
    assert_eq!(told["to_send"], json!(121));
    let seconds = told["seconds"].as_f64().expect("a number");
    assert!((240.0..242.0).contains(&seconds), "{seconds}");
    assert!(told["finish"].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
    assert_eq!(told["domains"], json!([{"domain": "x.example", "to_send": 121}]));
    assert_eq!(here.files(), before, "a file was made");
}

// What only looks brings no table up to date, and reads the list of the store from a copy that is.
#[test]
fn a_store_of_an_older_version_with_the_list_is_read_by_all_that_only_looks() {
    if only_files("makes the tables of older versions") {
        return;
    }
    let steps = &ledger::STEPS;
    for older in steps.len() - 10..steps.len() {
        let here = Publication::new();
        std::fs::remove_file(here.path(LIST)).ok();
        tokio::runtime::Runtime::new().expect("threads").block_on(async {
            let store = Store::open(&here.path("digest.db"), &steps[..older]).await.expect("made");
            let person = "INSERT INTO subscriber (identity, email, fields, tags, language, topics, \
                 status, joined_at, added_by, added_at) VALUES ('kim@a.example', 'kim@a.example', \
                 '{}', '[]', '', '', 'confirmed', 1, 'add', 1)";
            sql::query(person).execute(store.pool()).await.expect("written");
            store.close().await;
        });
        let before = std::fs::read(here.path("digest.db")).expect("read");
        for line in [
            &["plan", "2025-11"][..],
            &["send", "2025-11", "--dry-run"],
            &["check", "2025-11"],
            &["status"],
            &["subscribers", "list"],
            &["subscribers", "show", "kim@a.example"],
            &["subscribers", "export"],
        ] {
            let told = here.run(line);
            assert_eq!(told.code, 0, "{older} {line:?}: {told:?}");
        }
        let told = json(&here, &[]);
        assert_eq!(told["to_send"], json!(1), "{older}: {told}");
        assert_eq!(std::fs::read(here.path("digest.db")).expect("read"), before, "{older}");
    }
}

/// What a plan foretells and what the send then takes, in seconds.
#[track_caller]
fn foretold(here: &Publication, more: &[&str]) -> (f64, f64) {
    let (told, relay) = (json(here, more), Relay::new());
    let sent = send(here, &relay, more);
    assert_eq!(sent.code, 0, "{sent:?}");
    let foretold = told["seconds"].as_f64().expect("a number");
    (foretold, summary(&sent)["elapsed_s"].as_f64().expect("a number"))
}

#[test]
fn a_send_takes_as_long_as_the_plan_says() {
    let (foretold, took) = foretold(&with_readers(241), &["--limit", "120/second"]);
    assert!((foretold - 2.0).abs() < 0.05, "{foretold}");
    assert!(
        took > foretold - 0.05 && took < foretold * 1.25 + 0.5,
        "{foretold} s foretold, {took} s"
    );
}

#[test]
fn a_plan_knows_of_the_slowest_lane() {
    let row = |n| {
        let domain = if n <= 11 { "slow.example" } else { "fast.example" };
        format!("r{n:03}@{domain},Reader {n}\n")
    };
    let list = format!("email,first_name\n{}", (1..=60).map(row).collect::<String>());
    let here = with_settings(1, "[lane.\"slow.example\"]\nlimit = \"10/second\"");
    let here = here.write(LIST, list);
    let text = plan(&here, &[]).stdout;
    let words = "Pace      at most 10/second to slow.example: about 1.0 s, until";
    assert!(text.contains(words), "{text}");
    let (foretold, took) = foretold(&here, &[]);
    assert!(
        took > foretold - 0.05 && took < foretold * 1.25 + 0.5,
        "{foretold} s foretold, {took} s"
    );
}

#[test]
fn a_plan_stops_at_what_would_stop_a_send() {
    let here = Publication::new().write(LIST, "email\nno-address\n");
    let output = plan(&here, &[]);
    assert_eq!(output.code, 3, "{output:?}");
    assert!(output.stderr.contains("subscribers.csv:2:1"), "{}", output.stderr);
}

#[test]
fn a_no_anywhere_in_the_list_counts_more_than_a_yes() {
    let list = "email,status\nkim@a.example,subscribed\nada@a.example,unsubscribed\n\
        KIM@a.example,unsubscribed\nada@a.example,subscribed\nlee@a.example,subscribed\n";
    let here = Publication::new().write(LIST, list);
    let told = json(&here, &[]);
    assert_eq!((&told["to_send"], &told["left_out"]), (&json!(1), &json!(4)), "{told}");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, relay.copies().len()), (0, 1), "{output:?}");
}

#[test]
fn only_those_who_are_named_get_the_issue() {
    for (only, expected) in [
        ("tag:Member", vec!["ada@b.example", "kim@a.example"]),
        ("tag:member and !tag:press", vec!["kim@a.example"]),
        ("language=ko", vec!["kim@a.example", "lee@a.example"]),
        ("tag:press or (language=ko and !tag:member)", vec!["ada@b.example", "lee@a.example"]),
    ] {
        let (here, relay) = (tagged(), Relay::new());
        let output = send(&here, &relay, &["--only", only]);
        assert_eq!(output.code, 0, "{output:?}");
        assert_eq!(relay.copies().into_keys().collect::<Vec<_>>(), expected, "{only}");
        assert_eq!(summary(&output)["planned"], json!(expected.len()), "{only}");
    }
}

/// Not to 1 people, nor 1 rows.
#[test]
fn one_is_told_in_the_singular() {
    let here = with_readers(2);
    let relay = Relay::scripted(script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let list = "email,language\nr002@x.example,ko\nr002@x.example,ko\nnobody,ko\n\
        new@x.example,ko\nlee@x.example,en\n";
    let here = here.write(LIST, list);
    let told = here.run(&[
        "plan",
        "2025-11",
        "--skip-invalid",
        "--only",
        "language=ko",
        "--relay",
        &relay.url(),
    ]);
    for words in [
        "To        1 recipient (x.example 1)",
        "Not to    1 who has it already",
        "Not to    1 waiting, but this list does not have this person",
        "Not to    1 in the list, but not chosen with --only or --to",
        "Not to    1 row that cannot be used",
    ] {
        assert!(told.stdout.contains(words), "no {words:?} in {told:?}");
    }
}

#[test]
fn a_mistake_in_only_is_told_at_its_column() {
    let (here, relay) = (tagged(), Relay::new());
    for (only, words) in [
        ("tag:member an tag:press", "at column 12"),
        ("langauge=ko", "nobody in the list has a langauge"),
    ] {
        let output = send(&here, &relay, &["--only", only]);
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
    let output = send(&here, &relay, &["--only", "tag:nobody"]);
    assert_eq!((output.code, relay.counts().connections), (3, 0), "{output:?}");
}

#[test]
fn who_waits_and_is_not_named_goes_on_waiting() {
    let here = tagged();
    let busy = Relay::scripted(script(&["kim", "ada", "lee"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &busy, &[]).code, 4);
    let relay = Relay::new();
    let some = send(&here, &relay, &["--only", "tag:press"]);
    assert_eq!((some.code, counts(&here, &some)), (4, [1, 0, 2, 0, 0, 0]), "{some:?}");
    assert_eq!(book(&here).of("accepted"), ["ada@b.example"]);
    let rest = send(&here, &relay, &[]);
    assert_eq!((rest.code, counts(&here, &rest)), (0, [3, 0, 0, 0, 0, 0]), "{rest:?}");
    assert_eq!(relay.counts().accepted, 3);
}

/// Two people who have no outcome to be proud of: the relay refuses one, and loses the other.
fn with_troubles() -> (Publication, Relay) {
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("r002@x.example"), Do::reply("550 5.1.1 no such user"))
        .rule(At::Dot, When::recipient("r003@x.example"), Do::Close);
    let (here, relay) = (with_readers(4), Relay::scripted(script));
    let output = send(&here, &relay, &["--connections", "1"]);
    assert_eq!(counts(&here, &output), [2, 1, 0, 1, 0, 0], "{output:?}");
    (here, relay)
}

#[test]
fn a_plan_foretells_what_send_does_with_the_same_flags() {
    let (here, relay) = with_troubles();
    let url = relay.url();
    let foretold =
        |flags: &[&str]| json(&here, &[&["--relay", &url], flags].concat())["to_send"].clone();
    let copy = ["--to", "r001@x.example", "--again"];
    assert_eq!(foretold(&[]), 0);
    assert_eq!(foretold(&["--uncertain", "resend"]), 1);
    assert_eq!(foretold(&["--retry-refused"]), 1);
    assert_eq!(foretold(&["--retry-refused", "--uncertain", "resend"]), 2);
    assert_eq!(foretold(&["--to", "r001@x.example"]), 0);
    assert_eq!(foretold(&copy), 1);
    let before = relay.counts().accepted;
    // Another one is still uncertain.
    assert_eq!((send(&here, &relay, &copy).code, relay.counts().accepted), (4, before + 1));
}

#[test]
fn a_send_to_one_person_speaks_of_nobody_else() {
    let (here, relay) = with_troubles();
    let output = send(&here, &relay, &["--to", "r001@x.example", "--again"]);
    assert!(!output.stderr.contains("r002@") && !output.stderr.contains("r003@"), "{output:?}");
    let output = send(&here, &relay, &["--to", "r002@x.example", "--retry-refused"]);
    assert!(output.stderr.contains("r002@") && !output.stderr.contains("r003@"), "{output:?}");
}

#[test]
fn a_list_of_a_state_has_both_codes_of_a_reply() {
    let (here, _) = with_troubles();
    let listed = here.run(&["status", "2025-11", "--list", "refused"]);
    assert!(listed.stdout.contains("\t550 5.1.1 no such user\n"), "{listed:?}");
}

#[test]
fn an_issue_that_nobody_has_was_not_sent() {
    let refusing = Script::new().rule(At::Rcpt, When::Always, Do::reply("550 5.1.1 no such user"));
    let (here, relay) = (with_readers(2), Relay::scripted(refusing));
    send(&here, &relay, &[]);
    let status = here.run(&["status", "2025-11"]);
    assert!(status.stdout.contains("2 refused (tried 20"), "{status:?}");
    let (here, _) = with_troubles();
    let status = here.run(&["status", "2025-11"]);
    assert!(status.stdout.contains(" (sent 20"), "{status:?}");
}

#[test]
fn people_who_wait_and_are_not_in_the_list_are_named_before_the_question() {
    let here = with_readers(4);
    let gone = send(&here, &Relay::new(), &["--only", "first_name=\"Reader 1\""]);
    assert_eq!(gone.code, 0, "{gone:?}");
    // Nobody listens there.
    let all = ["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:9?tls=none"];
    assert_eq!(here.run(&all).code, 1);
    let here =
        here.write(LIST, "email,first_name\nr001@x.example,A\nr002 x.example,B\nkim@y.example,C\n");
    let told = plan(&here, &["--skip-invalid"]);
    assert!(
        told.stdout.contains("Not to    3 waiting, but this list does not have them"),
        "{told:?}"
    );
    assert_eq!(json(&here, &["--skip-invalid"])["leaving"], json!(3));
    // What the run did is told when it ends; the outcome of all is final, so the code is 0.
    let sent = send(&here, &Relay::new(), &["--skip-invalid"]);
    assert_eq!((sent.code, counts(&here, &sent)), (0, [2, 0, 0, 0, 3, 0]), "{sent:?}");
    let words =
        "3 people who waited for 2025-11 were left out, because this list does not have them";
    assert!(sent.stderr.contains(words), "{}", sent.stderr);
    let again = send(&here, &Relay::new(), &["--skip-invalid"]);
    assert!(!again.stderr.contains("left out, because"), "{}", again.stderr);
    let here = here.write(LIST, crate::list(4));
    assert_eq!(json(&here, &[])["leaving"], json!(0));
}
