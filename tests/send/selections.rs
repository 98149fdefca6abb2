//! Who is meant: days and numbers, earlier issues, topics and segments, with `--only`.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{LIST, send, summary};

const CONFIG: &str = "
[topic.events]
name = \"Events\"

[segment.board]
only = \"tag:board or segment:staff\"

[segment.staff]
only = \"tag:staff\"
";

fn people() -> Publication {
    let rows = "kim@x.example,ko,2025-03-01,12,board,\n\
        ada@x.example,en,2024-12-31,9.5,staff,-events\n\
        lee@x.example,ko,soon,many,,\n\
        park@x.example,en,2025-01-01T09:00:00Z,10,press,none\n";
    let list = format!("email,language,joined,points,tags,topics\n{rows}");
    let here = Publication::new().write(LIST, list);
    let config = here.read("digest.toml");
    here.write("digest.toml", config + CONFIG)
}

/// The people who got it, in order.
fn got(relay: &Relay) -> Vec<String> {
    let mut got: Vec<String> = relay.copies().into_keys().collect();
    got.sort();
    got.iter().map(|address| address.trim_end_matches("@x.example").to_owned()).collect()
}

fn plan(here: &Publication, only: &str) -> Output {
    here.run(&["plan", "2025-11", "--relay", "smtp://127.0.0.1:1", "--json", "--only", only])
}

#[test]
fn days_numbers_topics_and_segments_choose() {
    for (only, expected) in [
        ("joined > 2025-01-01", vec!["kim"]),
        ("joined>=2025-01-01", vec!["kim", "park"]),
        ("not joined > 2025-01-01", vec!["ada", "lee", "park"]),
        ("points >= 10", vec!["kim", "park"]),
        ("points < 10 or points > 11", vec!["ada", "kim"]),
        ("language != ko and points<=9.5", vec!["ada"]),
        ("topic:events", vec!["kim", "lee"]),
        ("segment:board", vec!["ada", "kim"]),
        ("not segment:board and language=ko", vec!["lee"]),
    ] {
        let (here, relay) = (people(), Relay::new());
        let told = send(&here, &relay, &["--only", only]);
        assert_eq!(
            (told.code, got(&relay)),
            (0, expected.iter().map(|it| (*it).to_owned()).collect()),
            "{only}: {told:?}"
        );
    }
}

#[test]
fn a_slip_in_a_name_or_a_value_is_told_with_its_column() {
    let here = people();
    for (only, words) in [
        (
            "language=ko and segment:bord",
            "digest.toml has no segment \"bord\" (did you mean board), at column 17",
        ),
        ("topic:evnts", "digest.toml has no topic \"evnts\" (did you mean events), at column 1"),
        (
            "points > many",
            "\"many\" is neither a day, such as 2025-01-31, nor a number, at column 10",
        ),
        ("points >", "a value is missing behind >, at column 8"),
        ("tag:a and (segment:staff", "a ) is missing here, at column 25"),
        (
            "got:1 or got:2 or got:3 or got:4 or got:5 or got:6",
            "got: can ask about 5 issues at most",
        ),
        ("got:2025-10", "--only: got:2025-10: no issue of this name was sent"),
    ] {
        let told = plan(&here, only);
        assert!(told.code == 2 && told.stderr.contains(words), "{only}: {told:?}");
    }
}

/// Who was accepted for an earlier issue has it, whoever was put off or refused does not.
#[test]
fn who_has_an_earlier_issue_is_asked_of_the_ledger() {
    let here = people();
    for file in ["issue.toml", "hangul.md"] {
        let text = here.read(&format!("issues/2025-11/{file}"));
        let path = here.path(&format!("issues/2025-10/{file}"));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(
            path,
            text.replace("October", "September")
                .replace("2025-11-06", "2025-10-06")
                .replace("number = 1", "number = 10")
                .replace("Twenty-eight letters", "Something else was here"),
        )
        .expect("written");
    }
    let script =
        Script::new().rule(At::Rcpt, When::recipient("lee@"), Do::reply("550 5.7.1 not here"));
    let before = Relay::scripted(script);
    let url = before.url();
    let line = ["send", "2025-10", "--yes", "--relay", &url, "--only"];
    let told = here.run(&[&line[..], &["language=ko or tag:staff"]].concat());
    assert_eq!(got(&before), ["ada", "kim"], "{told:?}");
    for (only, expected) in [
        ("got:2025-10", vec!["ada", "kim"]),
        ("not got:2025-10", vec!["lee", "park"]),
        ("got:2025-10 and language=ko or points=10", vec!["kim", "park"]),
        ("not (got:2025-10 or tag:press)", vec!["lee"]),
    ] {
        let told = here.run(&["plan", "2025-11", "--relay", &url, "--only", only]);
        let count = format!("To        {} recipient", expected.len());
        assert!(told.stdout.contains(&count), "{only}: {told:?}");
        assert!(told.stdout.contains("Got       2025-10: by 2 people\n"), "{told:?}");
        let out = here.run(&[
            "send", "2025-11", "--yes", "--json", "--catch", "out", "--fresh", "--only", only,
        ]);
        assert_eq!(
            (out.code, &summary(&out)["accepted"]),
            (0, &expected.len().into()),
            "{only}: {out:?}"
        );
    }
    let json = summary(&plan(&here, "not got:2025-10"));
    assert_eq!(json["got"], serde_json::json!([{"issue": "2025-10", "people": 2}]), "{json}");
    let slip = plan(&here, "got:2025-01");
    assert!(slip.code == 2 && slip.stderr.contains("did you mean got:2025-10?"), "{slip:?}");
    let relay = Relay::new();
    let told = send(&here, &relay, &["--only", "not got:2025-10", "--new-issue"]);
    assert_eq!(
        (told.code, got(&relay)),
        (0, vec!["lee".to_owned(), "park".to_owned()]),
        "{told:?}"
    );
}

/// What is composed does not change when a segment does.
#[test]
fn a_passage_for_a_segment_keeps_what_it_meant() {
    let article =
        "---\ntitle: Hangul\n---\n\nLetters.\n\n::: only segment:board\nFor the board.\n:::\n";
    let here = people().write("issues/2025-11/hangul.md", article);
    let told = here.run(&["plan", "2025-11", "--relay", "smtp://127.0.0.1:1"]);
    let words = "Passage   `only tag:board or tag:staff` goes to 2 of 4";
    assert!(told.stdout.contains(words), "{told:?}");
}
