//! A pause: no issue before a day, chosen on the reader's own page or instead of leaving, and over by
//! itself.

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::preferences::{code, path, started};
use crate::relay::Relay;
use crate::{Served, client, publication};

/// A day where the publication is, so many days from now; noon is far from any border of a day.
#[allow(clippy::disallowed_methods, reason = "the binary reads the clock, so the test does")]
pub(crate) fn day(here: &Publication, days: i64) -> Date {
    let text = here.read("digest.toml");
    let zone = text.lines().find_map(|line| line.strip_prefix("time_zone = "));
    let zone = zone.map_or("UTC", |zone| zone.trim_matches('"'));
    let now = Timestamp::now().in_tz(zone).expect("a zone");
    now.date().checked_add(days.days()).expect("a day")
}

fn plan(here: &Publication) -> (u64, u64, u64) {
    let told = here.run(&["plan", "2025-11", "--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let plan: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let number = |name: &str| plan[name].as_u64().expect("a number");
    (number("to_send"), number("paused"), number("suppressed"))
}

fn pause(here: &Publication, until: &str) {
    let set = ["subscribers", "set", "kim@example.org", "--set", &format!("paused_until={until}")];
    let told = here.run(&set);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn who_has_paused_gets_no_issue_until_the_very_day() {
    let here = publication();
    assert_eq!(plan(&here), (2, 0, 0));
    pause(&here, &day(&here, 1).to_string());
    assert_eq!(plan(&here), (1, 1, 0));
    let told = here.run(&["plan", "2025-11"]);
    assert!(told.stdout.contains("1 paused"), "{told:?}");
    let tomorrow = day(&here, 1);
    let told = here.run(&["status"]);
    assert!(told.stderr.contains("paused, by their own choice: 1 person"), "{told:?}");
    let told = here.run(&["subscribers", "list"]);
    assert!(told.stdout.contains(&format!("confirmed, paused until {tomorrow}")), "{told:?}");
    let only = format!("paused_until >= {tomorrow}");
    let told = here.run(&["subscribers", "list", "--only", &only, "--count"]);
    assert_eq!(told.stdout, "1\n", "{told:?}");
    // Today they are back, by themselves.
    pause(&here, &day(&here, 0).to_string());
    assert_eq!(plan(&here), (2, 0, 0));
    let told = here.run(&["status"]);
    assert!(!told.stderr.contains("paused"), "{told:?}");
    pause(&here, "");
    let told = here.run(&["subscribers", "show", "kim@example.org"]);
    assert!(told.stdout.contains(&format!("paused_until: {tomorrow} -> ")), "{told:?}");
    for wrong in ["soon", "2027-1-2", "10.01.2027"] {
        let set = format!("paused_until={wrong}");
        let told = here.run(&["subscribers", "set", "kim@example.org", "--set", &set]);
        assert!(told.code == 2 && told.stderr.contains("write it as 2027-01-10"), "{told:?}");
    }
}

#[test]
fn a_preview_for_who_has_paused_says_so() {
    if only_files("render opens no store on a server") {
        return;
    }
    let here = publication();
    let tomorrow = day(&here, 1);
    pause(&here, &tomorrow.to_string());
    let told = here.run(&["render", "2025-11", "--as", "kim@example.org"]);
    assert!(told.stderr.contains(&format!("says paused until {tomorrow}")), "{told:?}");
}

// A pause is no way around a no, and no no either.
#[test]
fn a_pause_hides_no_no_and_ends_none() {
    let here = publication();
    pause(&here, &day(&here, 30).to_string());
    let no = ["subscribers", "suppress", "kim@example.org", "--why", "asked by phone"];
    assert_eq!(here.run(&no).code, 0);
    assert_eq!(plan(&here).0, 1);
    pause(&here, "");
    assert_eq!(plan(&here), (1, 0, 1));
    pause(&here, &day(&here, 30).to_string());
    let release = ["subscribers", "release", "kim@example.org", "--why", "wants it"];
    assert_eq!(here.run(&release).code, 0);
    assert_eq!(plan(&here), (1, 1, 0));
}

#[test]
fn our_own_export_carries_a_pause_into_another_list() {
    let here = publication();
    let until = day(&here, 30);
    pause(&here, &until.to_string());
    let file = here.path("all.csv");
    let file = file.to_str().expect("a name");
    assert_eq!(here.run(&["subscribers", "export", "-o", file]).code, 0);
    assert!(here.read("all.csv").contains(&format!(",{until},")), "{}", here.read("all.csv"));
    // As the list itself.
    let told = here.run(&["plan", "2025-11", "--json", "--subscribers", file]);
    assert!(
        told.stdout.contains("\"to_send\":1,") && told.stdout.contains("\"paused\":1,"),
        "{told:?}"
    );
    // As what is brought into an empty store.
    let other = Publication::new();
    let other = other.write("all.csv", here.read("all.csv"));
    let told = other.run(&["subscribers", "import", "all.csv"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(plan(&other), (1, 1, 0));
    // Who goes on is not paused again by the older file, unless it is to overwrite.
    pause(&other, "");
    let told = other.run(&["subscribers", "import", "all.csv"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(plan(&other), (2, 0, 0));
    let all = ["subscribers", "import", "all.csv", "--update", "overwrite"];
    let told = other.run(&all);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(plan(&other), (1, 1, 0));
    let told = other.run(&["subscribers", "import", "--undo", "2"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(plan(&other), (2, 0, 0));
    let odd = here.read("all.csv").replace(&until.to_string(), "in spring");
    let other = other.write("odd.csv", odd);
    let told = other.run(&["subscribers", "import", "odd.csv", "--plan"]);
    assert!(format!("{told:?}").contains("write it as 2027-01-10"), "{told:?}");
}

#[test]
fn readers_pause_on_their_own_page_and_go_on_when_they_like() {
    let served = started();
    let here = &served.here;
    let path = path(here, "kim@example.org");
    let page = served.get(&path);
    let (first, last) = (day(here, 1), day(here, 0).saturating_add(1.year()));
    assert!(page.body.contains(&format!("min=\"{first}\" max=\"{last}\"")), "{page:?}");
    assert!(!page.body.contains("value=\"resume\""), "{page:?}");
    let code = code(&page);
    let until = day(here, 40);
    let wish = format!("code={code}&act=pause&until={until}");
    let saved = served.post(&path, &wish);
    assert!(saved.status == 200 && saved.body.contains("value=\"resume\""), "{saved:?}");
    assert!(saved.body.contains(&format!("value=\"{until}\"")), "{saved:?}");
    assert_eq!(served.known("kim@example.org")["subscriber"]["paused_until"], until.to_string());
    // What else was chosen stays, and the other form leaves the pause.
    let named = served.post(&path, &format!("code={code}&first_name=Ada&topics=shown"));
    assert!(named.status == 200 && named.body.contains("value=\"resume\""), "{named:?}");
    let person = served.known("kim@example.org")["subscriber"].clone();
    assert_eq!(
        (&person["fields"]["first_name"], &person["language"]),
        (&"Ada".into(), &"en".into())
    );
    assert_eq!(plan(here), (1, 1, 0));
    for (form, status) in [
        (format!("code={code}&act=pause&until={}", day(here, 0)), 422),
        (format!("code={code}&act=pause&until={}", day(here, 400)), 422),
        (format!("code={code}&act=pause"), 422),
        (format!("code={code}&act=pause&until=soon"), 422),
        ("act=resume".to_owned(), 403),
        (format!("code=&{wish}"), 403),
    ] {
        let refused = served.post(&path, &form);
        assert_eq!(refused.status, status, "{form}: {refused:?}");
        assert!(status == 403 || refused.body.contains("aria-invalid"), "{refused:?}");
    }
    assert_eq!(served.known("kim@example.org")["subscriber"], person);
    // Looking changes nothing, whatever stands in the address.
    let asked = format!("{path}?code={code}&act=resume");
    assert_eq!(client::ask(served.port, "GET", &asked, &[], "").status, 200);
    assert_eq!(served.known("kim@example.org")["subscriber"], person);
    let on = served.post(&path, &format!("code={code}&act=resume"));
    assert!(on.status == 200 && !on.body.contains("value=\"resume\""), "{on:?}");
    assert_eq!(plan(here), (2, 0, 0));
    let known = served.known("kim@example.org");
    let changes = known["changes"].as_array().expect("a list");
    let last = changes.last().expect("a change");
    assert_eq!((&last["origin"], &last["changes"][0][0]), (&"web".into(), &"paused_until".into()));
}

#[test]
fn who_opens_the_link_to_leave_may_pause_instead() {
    let served = started();
    let link = served.link("kim@example.org");
    let page = served.get(&link);
    assert!(page.body.contains("value=\"pause\""), "{page:?}");
    let until = day(&served.here, 7);
    let nobody = |served: &Served| served.known("kim@example.org")["subscriber"].clone();
    let before = nobody(&served);
    for form in ["act=pause", "act=pause&until=2001-01-01", "act=resume"] {
        assert_eq!(served.post(&link, form).status, 400, "{form}");
    }
    assert_eq!(nobody(&served), before);
    let saved = served.post(&link, &format!("act=pause&until={until}"));
    assert!(saved.status == 200 && saved.body.contains("From that day on"), "{saved:?}");
    assert_eq!(served.standing("kim@example.org"), ("confirmed".to_owned(), Vec::new()));
    assert_eq!(plan(&served.here), (1, 1, 0));
    // The link says nothing of what was chosen before, and cannot end it.
    let page = served.get(&link);
    assert!(
        !page.body.contains("value=\"resume\"")
            && !page.body.contains(&format!("value=\"{until}\""))
    );
    // One click leaves, whatever else is said.
    let both = format!("List-Unsubscribe=One-Click&act=pause&until={until}");
    assert_eq!(served.post(&link, &both).body, "You are unsubscribed.\n");
    assert_eq!(served.standing("kim@example.org").0, "unsubscribed");
}

#[test]
fn status_counts_pauses_for_programs_too() {
    let (here, relay) = (publication(), Relay::new());
    let paused = |line: &[&str]| {
        let told = here.run(line);
        let told: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
        told.as_array().map_or(told.clone(), |all| all[0].clone())["paused"].clone()
    };
    let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(paused(&["status", "--json"]), 0);
    pause(&here, &day(&here, 1).to_string());
    assert_eq!(paused(&["status", "--json"]), 1);
    assert_eq!(paused(&["status", "2025-11", "--json"]), 1);
}
