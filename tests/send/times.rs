//! Times: people read them where the publication is, to the minute, and scripts in UTC, to the second.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::mail::Mail;
use crate::outcomes::mixed;
use crate::relay::Relay;
use crate::{LIST, list, send, with_readers};

const ZONE: &str = "Pacific/Kiritimati";

/// The minutes of the moments that scripts read in these answers, as people read them.
fn minutes(answers: &[Value]) -> BTreeSet<String> {
    fn moments(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if text.ends_with('Z') => {
                let at: jiff::Timestamp = text.parse().expect("a moment");
                let zone = TimeZone::get(ZONE).expect("a zone");
                found.insert(at.to_zoned_datetime(zone).strftime("%F %H:%M").to_string());
            }
            Value::Array(values) => values.iter().for_each(|value| moments(value, found)),
            Value::Object(values) => values.values().for_each(|value| moments(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    answers.iter().for_each(|answer| moments(answer, &mut found));
    found
}

/// Times to the minute, and each the minute of a moment that scripts read, in the publication's zone.
#[track_caller]
fn is_local(text: &str, minutes: &BTreeSet<String>) {
    let found: Vec<&str> =
        text.match_indices("20").filter_map(|(at, _)| text.get(at..at + 16)).collect();
    let times: Vec<&&str> = found
        .iter()
        .filter(|one| one.as_bytes()[4] == b'-' && one.as_bytes()[13] == b':')
        .collect();
    assert!(!times.is_empty(), "{text}");
    for time in times {
        assert!(minutes.contains(*time), "{time} is none of {minutes:?} in {text}");
    }
}

#[test]
fn people_read_one_zone_to_the_minute_and_scripts_utc_to_the_second() {
    let zoned = |here: crate::harness::Publication| {
        here.edit(
            "digest.toml",
            "[publication]\n",
            &format!("[publication]\ntimezone = \"{ZONE}\"\n"),
        )
    };
    let (here, relay) = (zoned(with_readers(8)), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let json =
        |line: &[&str]| -> Value { serde_json::from_str(&here.run(line).stdout).expect("JSON") };
    let status = json(&["status", "2025-11", "--json"]);
    let accepted = json(&["status", "2025-11", "--list", "accepted", "--json"]);
    let missed = json(&["status", "2025-11", "--missed", "--json"]);
    let moments = minutes(&[status.clone(), accepted.clone(), missed]);
    for line in [
        &["status"][..],
        &["status", "2025-11"],
        &["status", "2025-11", "--missed"],
        &["status", "2025-11", "--list", "accepted"],
    ] {
        let told = here.run(line);
        is_local(&told.stdout, &moments);
        assert!(!told.stdout.contains("Z\t") && !told.stdout.contains("UTC"), "{told:?}");
    }
    let link = Mail::read(&relay.accepted()[0].bytes).unsubscribe().to_owned();
    is_local(&here.run(&["who", &link]).stdout, &moments);
    let to = send(&here, &relay, &["--to", "r001@x.example"]);
    is_local(&to.stderr, &moments);
    // A receipt is told in the same zone, also beside a ledger.
    let clone =
        zoned(with_readers(8)).write("receipts/2025-11.toml", here.read("receipts/2025-11.toml"));
    let said = serde_json::from_str(&clone.run(&["status", "2025-11", "--json"]).stdout);
    is_local(&clone.run(&["status", "2025-11"]).stdout, &minutes(&[said.expect("JSON")]));
    let other = zoned(with_readers(2));
    assert_eq!(send(&other, &Relay::new(), &[]).code, 0);
    let begun = here.read("receipts/2025-11.toml");
    let other = other.write("receipts/2025-11.toml", &begun).write(LIST, list(3));
    let told = send(&other, &Relay::new(), &[]);
    assert!(told.code == 3 && !told.stderr.contains("UTC"), "{told:?}");
    // Scripts.
    let utc = |at: &Value| {
        let at = at.as_str().expect("a time");
        assert!(at.len() == 20 && at.ends_with('Z'), "{at}");
    };
    utc(&status["first_at"]);
    utc(&accepted[0]["at"]);
    utc(&json(&["who", &link, "--json"])["issues"][0]["at"]);
}
