//! People whose address changes around a send: each has the issue once, under whatever address, nobody
//! is lost between two of them, and what is told is true.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::Value;

use crate::harness::running::wait_until;
use crate::harness::{Output, Publication};
use crate::outcomes;
use crate::relay::Relay;
use crate::{book, send};

fn address(number: usize) -> String {
    format!("r{number:03}@x.example")
}

fn new(number: usize) -> String {
    format!("n{number:03}@new.example")
}

/// A publication whose list is that of the store.
fn with_people(count: usize) -> Publication {
    let rows: String = (1..=count).map(|at| format!("{},P{at}\n", address(at))).collect();
    let here = Publication::new().write("people.csv", format!("email,first_name\n{rows}"));
    let told = here.run(&["subscribers", "import", "people.csv", "--consent", "by hand"]);
    assert_eq!(told.code, 0, "{told:?}");
    here
}

fn to(here: &Publication, old: &str, new: &str) -> Output {
    let told = here.run(&["subscribers", "set", old, "--set", &format!("email={new}")]);
    assert_eq!(told.code, 0, "{told:?}");
    told
}

fn moves(here: &Publication, number: usize) -> Output {
    to(here, &address(number), &new(number))
}

fn plan(here: &Publication, line: &[&str]) -> Value {
    let told = here.run(&[&["plan", "2025-11", "--json"], line].concat());
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
}

/// Accepted, refused, deferred, uncertain, suppressed, pending: the counts of the issue.
fn counts(here: &Publication, told: &Output) -> [u64; 6] {
    crate::counts(here, told)
}

fn missed(here: &Publication) -> String {
    here.run(&["status", "2025-11", "--missed"]).stdout
}

#[track_caller]
fn says(told: &Output, all: &[&str]) {
    for words in all {
        let is_told = told.stderr.contains(words) || told.stdout.contains(words);
        assert!(is_told, "no {words:?} in {told:?}");
    }
}

#[test]
fn who_waited_or_was_refused_at_the_old_address_gets_it_at_the_new_one_in_the_same_send() {
    let here = with_people(6);
    let script = outcomes::script(&["r002"], "450 4.2.1 busy").rule(
        At::Rcpt,
        When::recipient("r003"),
        Do::reply("550 5.1.1 no such mailbox"),
    );
    let told = send(&here, &Relay::scripted(script), &[]);
    assert_eq!((told.code, counts(&here, &told)), (4, [4, 1, 1, 0, 0, 0]), "{told:?}");
    let told = moves(&here, 2);
    says(&told, &["2025-11 is not finished for r002@x.example: `digest send 2025-11` sends it to"]);
    for number in [1, 3] {
        assert!(!moves(&here, number).stderr.contains("2025-11"));
    }
    let planned = plan(&here, &[]);
    let [to_send, at_earlier, leaving, left_out] =
        ["to_send", "at_earlier_address", "leaving", "left_out"].map(|key| &planned[key]);
    assert_eq!((to_send, at_earlier, leaving), (&2.into(), &1.into(), &0.into()), "{planned}");
    assert_eq!((left_out, &planned["accepted"]), (&0.into(), &4.into()), "{planned}");
    let relay = Relay::new();
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [6, 0, 0, 0, 0, 0]), "{told:?}");
    assert!(!told.stderr.contains("left out"), "{told:?}");
    let got: Vec<String> = relay.copies().into_keys().collect();
    assert_eq!(got, [new(2), new(3)]);
    assert_eq!(missed(&here), "");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
    says(&told, &["Not to    6 who have it already", "Not to    1 of them at an earlier address"]);
}

#[test]
fn a_send_that_was_killed_is_settled_before_it_is_asked_who_has_it_under_an_old_address() {
    let (here, relay) = (with_people(300), Relay::new());
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url, "--limit", "100/second"];
    let running = here.start(&line);
    relay.has_taken(60);
    running.kill();
    relay.taken_in_the_end();
    let had = relay.copies();
    let rows = book(&here);
    // Those of the ledger are claimed, or wait; the journal knows who has it.
    let claimed: Vec<usize> =
        (1..=300).filter(|at| rows.state(&address(*at)) == "claimed").collect();
    let free: Vec<usize> =
        claimed.iter().copied().filter(|at| !had.contains_key(&address(*at))).collect();
    let had_of: Vec<usize> = (1..=300).filter(|at| had.contains_key(&address(*at))).collect();
    let (last, have) = (free[free.len() - 1], had_of[0]);
    for number in [last, 300, have] {
        moves(&here, number);
    }
    let planned = plan(&here, &["--uncertain", "hold"]);
    let told = send(&here, &relay, &["--uncertain", "hold"]);
    let copies = relay.copies();
    assert_eq!(copies.get(&new(last)), Some(&1), "{told:?}");
    assert_eq!(copies.get(&new(300)), Some(&1), "{told:?}");
    assert_eq!(copies.get(&new(have)), None, "{told:?}");
    assert_eq!(planned["to_send"], copies.len() as u64 - had.len() as u64, "{planned}");
    assert!(copies.values().all(|count| *count == 1));
    let [accepted, refused, deferred, uncertain, suppressed, pending] = counts(&here, &told);
    assert_eq!((refused, deferred, suppressed, pending), (0, 0, 0, 0), "{told:?}");
    assert_eq!((accepted + uncertain, told.code), (300, if uncertain > 0 { 4 } else { 0 }));
}

#[test]
fn who_may_have_it_at_the_old_address_is_held_and_sent_to_at_the_new_one_when_that_is_asked_for() {
    let here = with_people(4);
    let script = Script::new().once(At::Dot, When::recipient("r002"), Do::AcceptThenReset);
    let relay = Relay::scripted(script);
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let told = moves(&here, 2);
    says(
        &told,
        &["it is not known whether r002@x.example got 2025-11: `digest send 2025-11 \
                   --uncertain resend` sends it to n002@new.example"],
    );
    let planned = plan(&here, &[]);
    assert_eq!((&planned["uncertain"], &planned["to_send"]), (&1.into(), &0.into()), "{planned}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (4, [3, 0, 0, 1, 0, 0]), "{told:?}");
    says(&told, &["settle 1 person who may or may not have it", "--uncertain resend"]);
    let told = send(&here, &relay, &["--uncertain", "resend"]);
    assert_eq!((told.code, counts(&here, &told)), (0, [4, 0, 0, 0, 0, 0]), "{told:?}");
    assert_eq!(relay.copies().get(&new(2)), Some(&1));
    assert_eq!(missed(&here), "");
}

#[test]
fn the_new_address_gets_a_further_copy_when_that_is_asked_for_and_the_old_one_names_it() {
    let (here, relay) = (with_people(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    to(&here, &address(2), "k@second.example");
    to(&here, "k@second.example", &new(2));
    let told = send(&here, &relay, &["--to", &new(2)]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    says(
        &told,
        &[
            "n002@new.example has 2025-11 already, at an earlier address, r002@x.example (sent",
            "--again sends it to n002@new.example",
        ],
    );
    for old in [&address(2), "k@second.example"] {
        let told = send(&here, &relay, &["--to", old]);
        assert_eq!((told.code, relay.counts().accepted), (3, 3), "{told:?}");
        says(
            &told,
            &["is an earlier address of n002@new.example", "name n002@new.example instead"],
        );
    }
    let told = send(&here, &relay, &["--to", &new(2), "--again"]);
    assert_eq!((told.code, counts(&here, &told)), (0, [3, 0, 0, 0, 0, 0]), "{told:?}");
    assert_eq!(relay.copies().get(&new(2)), Some(&1));
    assert_eq!(plan(&here, &[])["to_send"], 0);
}

#[test]
fn who_moves_while_the_issue_is_sent_is_told_at_the_end_and_gets_it_by_the_same_command() {
    let (here, relay) = (with_people(40), Relay::new());
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &url, "--limit", "10/second"];
    let running = here.start(&line);
    relay.has_taken(3);
    for number in [30, 40] {
        says(&moves(&here, number), &["2025-11 is not finished for"]);
    }
    let told = running.wait();
    assert_eq!((told.code, counts(&here, &told)), (4, [38, 0, 0, 0, 2, 0]), "{told:?}");
    says(&told, &["2 people got another address meanwhile: the same command sends to them"]);
    let waits = missed(&here);
    assert!(!waits.contains("left") && waits.matches("address changed").count() > 1, "{waits}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [40, 0, 0, 0, 0, 0]), "{told:?}");
    let copies = relay.copies();
    assert!(copies.values().all(|count| *count == 1) && copies.len() == 40, "{copies:?}");
    assert!(copies.contains_key(&new(30)) && copies.contains_key(&new(40)), "{copies:?}");
    assert_eq!(missed(&here), "");
}

/// The list is read again when the time has come.
#[test]
#[allow(clippy::disallowed_methods, reason = "the binary reads the same clock")]
fn who_moves_while_a_planned_send_waits_for_its_time_gets_it_at_the_new_address() {
    let (here, relay) = (with_people(4), Relay::new());
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(15);
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--json", "--relay", &url, "--at", &at.to_string()];
    let running = here.start(&line);
    let is_planned = || here.run(&["status"]).stdout.contains("4 pending");
    assert!(wait_until(Duration::from_secs(20), is_planned), "nothing is planned");
    moves(&here, 2);
    let told = running.wait();
    assert_eq!((told.code, counts(&here, &told)), (0, [4, 0, 0, 0, 0, 0]), "{told:?}");
    assert_eq!(relay.copies().get(&new(2)), Some(&1));
}

#[test]
fn a_part_of_the_list_leaves_the_others_waiting_under_their_old_address() {
    let here = with_people(4);
    let busy = outcomes::script(&["r002", "r003"], "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(busy), &[]).code, 4);
    moves(&here, 2);
    let relay = Relay::new();
    let told = send(&here, &relay, &["--to", &address(3)]);
    assert_eq!((told.code, counts(&here, &told)), (4, [3, 0, 1, 0, 0, 0]), "{told:?}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, counts(&here, &told)), (0, [4, 0, 0, 0, 0, 0]), "{told:?}");
    assert_eq!(relay.copies().get(&new(2)), Some(&1));
}

#[test]
fn the_next_issue_and_a_renamed_folder_know_people_by_all_their_addresses() {
    let (here, relay) = (with_people(8), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    (1..=5).for_each(|number| drop(moves(&here, number)));
    // The same issue under another name is asked about, whoever of them it is for.
    let renamed = here.shell("mv issues/2025-11 issues/2026-03");
    assert_eq!(renamed.code, 0, "{renamed:?}");
    let url = relay.url();
    for (line, people) in [(&[][..], "8"), (&["--only", "first_name=P1"], "1")] {
        let told = here.run(&[&["send", "2026-03", "--yes", "--relay", &url], line].concat());
        assert_eq!((told.code, relay.counts().accepted), (3, 8), "{told:?}");
        says(&told, &["2025-11", people, "--new-issue"]);
    }
    // The list is not taken for one that was cut off.
    let told = here.run(&["send", "2026-03", "--yes", "--relay", &url, "--new-issue"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 16), "{told:?}");
    assert!(!told.stderr.contains("cut off"), "{told:?}");
}

#[test]
fn a_rehearsal_knows_who_was_caught_under_an_old_address() {
    let here = with_people(3);
    let line = ["send", "2025-11", "--yes", "--json", "--catch", "out"];
    assert_eq!(here.run(&line).code, 0);
    moves(&here, 2);
    let told = here.run(&line);
    assert_eq!(told.code, 0, "{told:?}");
    says(&told, &["Not to    3 who have it already"]);
    let told = here.run(&["plan", "2025-11", "--json", "--catch", "out"]);
    let planned: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert_eq!((&planned["to_send"], &planned["accepted"]), (&0.into(), &3.into()), "{planned}");
}

/// A row of its own at the new address, from before, keeps the other one from going there.
#[test]
fn nobody_is_sent_to_at_an_old_address_whatever_stands_at_the_new_one() {
    let here = with_people(3).write("others.csv", format!("email,first_name\n{},N\n", new(2)));
    let busy = outcomes::script(&["n002"], "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(busy), &["--subscribers", "others.csv"]).code, 4);
    let script = Script::new().once(At::Dot, When::recipient("r002"), Do::AcceptThenReset);
    let relay = Relay::scripted(script);
    let told = send(&here, &relay, &["--despite-list"]);
    assert_eq!((told.code, book(&here).state(&address(2))), (4, "uncertain"), "{told:?}");
    moves(&here, 2);
    for _ in 0..2 {
        let told = send(&here, &relay, &["--uncertain", "resend"]);
        let copies = relay.copies();
        assert_eq!(copies.get(&address(2)), Some(&1), "{told:?}");
        assert_eq!((told.code, copies.get(&new(2))), (4, None), "{told:?}");
    }
}
