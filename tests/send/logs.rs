//! `send --log-format json`: what a timer's log keeps of a send.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;

#[test]
fn a_send_by_a_timer_leaves_an_object_a_line_and_no_address() {
    let script = Script::new().rule(
        At::Rcpt,
        When::recipient("hyojin@"),
        Do::reply("550 5.1.1 no hyojin@example.org"),
    );
    let relay = Relay::scripted(script);
    let list = "email,name\nhyojin@example.org,Hyojin\nada@example.org,Ada\nno address@,X\n";
    let here = Publication::new().write("subscribers.csv", list);
    let sent = here.run(&[
        "send",
        "2025-11",
        "--subscribers",
        "subscribers.csv",
        "--yes",
        "--skip-invalid",
        "--log-format",
        "json",
        "-vv",
        "--relay",
        &relay.url(),
    ]);
    assert!(sent.code == 0 || sent.code == 4, "{sent:?}");
    let mut events = Vec::new();
    for line in sent.stderr.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        for key in ["time", "level", "event", "message"] {
            assert!(object[key].is_string(), "{key}: {line}");
        }
        events.push(object["event"].as_str().unwrap_or_default().to_owned());
    }
    for event in ["note", "trace", "problem"] {
        assert!(events.iter().any(|one| one == event), "{event}: {}", sent.stderr);
    }
    for secret in ["@", "%40", "hyojin", "ada@"] {
        assert!(!sent.stderr.contains(secret), "{secret}: {}", sent.stderr);
    }
}
