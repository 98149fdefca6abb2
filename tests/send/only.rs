//! `--only` with a tag or a value that nobody has: a slip of the pen must not reach everybody.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{LIST, send, summary};

fn tagged() -> Publication {
    let rows = "kim@x.example,ko,press\nada@x.example,en,vip\nlee@x.example,ko,\n";
    Publication::new().write(LIST, format!("email,language,tags\n{rows}"))
}

#[test]
fn a_tag_or_value_that_nobody_has_stops_a_send_and_the_nearest_is_named() {
    for (only, words) in [
        ("!tag:pres", "did you mean tag:press?"),
        ("tag:vpi or language=en", "did you mean tag:vip?"),
        ("language!=kr", "did you mean language=ko?"),
        ("!tag:board", "it has tag:press, tag:vip"),
        ("tag:pres", "did you mean tag:press?"),
        ("langauge=ko", "did you mean language?"),
    ] {
        let (here, relay) = (tagged(), Relay::new());
        let told = send(&here, &relay, &["--only", only]);
        let code = if only.starts_with("langa") { 2 } else { 3 };
        assert_eq!((told.code, relay.counts().connections), (code, 0), "{only}: {told:?}");
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        let help = summary(&told)["help"].as_str().unwrap_or_default().to_owned();
        assert!(help.contains(words), "no {words:?} in {help}");
        assert!(!here.exists("digest.db"));
    }
}

#[test]
fn what_somebody_has_and_what_everybody_has_is_no_slip() {
    for (only, people) in [
        ("!tag:PRESS", 2),
        ("language=KO", 2),
        ("language!=", 3),
        ("language=ko or tag:vip", 3),
        ("email!=ada@x.example", 2),
    ] {
        let (here, relay) = (tagged(), Relay::new());
        let told = send(&here, &relay, &["--only", only]);
        assert_eq!((told.code, relay.counts().accepted), (0, people), "{only}: {told:?}");
    }
}

#[test]
fn a_plan_names_what_nobody_has() {
    let here = tagged();
    let relay = "smtp://127.0.0.1:1";
    let told = here.run(&["plan", "2025-11", "--only", "!tag:pres", "--relay", relay]);
    assert_eq!(told.code, 0, "{told:?}");
    let words = "nobody in the list has tag:pres: did you mean tag:press?";
    assert!(told.stderr.contains(words), "{}", told.stderr);
}

/// "Everybody but those" is right also where all of those have left.
#[test]
fn a_tag_whose_people_have_all_left_is_no_slip() {
    let rows = "kim@x.example,unsubscribed,press\nada@x.example,subscribed,\n";
    let list = format!("email,status,tags\n{rows}");
    for (only, code, people) in [("!tag:press", 0, 1), ("!tag:pres", 3, 0), ("tag:press", 3, 0)] {
        let (here, relay) = (Publication::new().write(LIST, &list), Relay::new());
        let told = send(&here, &relay, &["--only", only]);
        assert_eq!((told.code, relay.counts().accepted), (code, people), "{only}: {told:?}");
        let slip = told.stderr.contains("nobody in the list has");
        assert_eq!(slip, only == "!tag:pres", "{only}: {}", told.stderr);
    }
}

#[test]
fn a_tag_without_its_mark_is_told_how_it_is_written() {
    let told = tagged().run(&["plan", "2025-11", "--only", "press"]);
    assert_eq!(told.code, 2, "{told:?}");
    let words = "\"press\" is neither tag:NAME nor FIELD=VALUE; a tag of that name is tag:press";
    assert!(told.stderr.contains(words), "{}", told.stderr);
}

/// Whoever reads only the last lines must see that this was not the whole list.
#[test]
fn the_end_says_how_many_were_not_chosen() {
    let (here, relay) = (tagged(), Relay::new());
    let told = send(&here, &relay, &["--only", "tag:press"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 1), "{told:?}");
    assert!(told.stderr.contains("2 in the list were not chosen with --only"), "{told:?}");
    assert_eq!(summary(&told)["not_chosen"], 2, "{told:?}");
    let told = send(&here, &relay, &[]);
    assert!(told.code == 0 && !told.stderr.contains("not chosen"), "{told:?}");
    assert_eq!(summary(&told)["not_chosen"], 0, "{told:?}");
}
