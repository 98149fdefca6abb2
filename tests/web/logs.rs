//! What `digest serve` says on stderr, for people and for programs: everything that whoever runs it has to
//! know, and nothing of anybody.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::subscribing::{Subscribed, confirm_path};
use crate::{HOST, Served, client, port, publication};

const SECRET: &str = "9f2c7a51d08e4b63a1d5";
const SETTINGS: &str = "\n[web]\n\n[audience]\nsource = \"store\"\n\n[retry]\nfirst = \"1s\"\n\n[form]\n\n\
    [[form.field]]\nname = \"first_name\"\nlabel = \"First name\"\n\n\
    [[webhook]]\nprovider = \"postmark\"\n";

fn started(relay: Relay, more: &[&str]) -> Subscribed {
    let here = publication();
    let toml =
        format!("{}{SETTINGS}\n[[relay]]\nurl = \"{}\"\n", here.read("digest.toml"), relay.url());
    let here = here.write("digest.toml", toml).env("DIGEST_WEBHOOK_SECRET_POSTMARK", SECRET);
    let mut line = vec!["serve", "--listen", "127.0.0.1:0"];
    line.extend(more);
    let running = here.start(&line);
    let port = port(&running);
    Subscribed { served: Served { here, running, port }, relay }
}

/// A relay that says no with the person's address, and at first nothing else.
fn talkative() -> Relay {
    let no = "421 4.7.1 no mail for kim@example.org (kim%40example.org) of <x@a.example> now";
    Relay::scripted(Script::new().once(At::Mail, When::Message(1), Do::reply_then_close(no)))
}

/// Heads and bodies of whoever wants to write into the log.
fn hostile(served: &Served, token: &str) {
    let to =
        |head: &str| client::raw(served.port, format!("GET / HTTP/1.1\r\n{head}\r\n").as_bytes());
    for host in [
        "kim@example.org",
        "kim%40example.org",
        token,
        "a\u{7}b\u{1b}[31m",
        "evil.example\"}{\"event\":\"forged\"",
        "127.0.0.1:80\r\nHost: kim@example.org",
    ] {
        let answer = to(&format!("Host: {host}\r\nConnection: close\r\n"));
        assert!(matches!(answer.status, 400 | 421), "{host}: {answer:?}");
    }
    let agent = ("User-Agent", "kim@example.org");
    for path in ["/kim@example.org", "/unsubscribe/kim%40example.org?to=kim@example.org"] {
        for method in ["GET", "POST", "PUT", "KIM@EXAMPLE"] {
            let answer = client::ask(served.port, method, path, &[agent, ("Referer", path)], path);
            assert!(answer.status >= 400, "{method} {path}: {answer:?}");
        }
    }
    for body in
        ["{\"email\": \"kim@example.org\"", "email=kim%40example.org&first_name=see+http://x@y"]
    {
        served.post("/subscribe", body);
        served.post("/api/subscribe", body);
        let hook = client::ask(served.port, "POST", "/hooks/postmark/kim@example.org", &[], body);
        assert!(hook.status >= 400, "{hook:?}");
    }
    assert_eq!(served.get(&format!("/{token}x")).status, 404);
}

/// All that readers, providers and strangers do in a day.
fn a_day(here: &Subscribed) -> Vec<String> {
    let served = &here.served;
    let leave = served.link("kim@example.org");
    let token = leave.rsplit('/').next().expect("a token").to_owned();
    hostile(served, &token);
    assert_eq!(served.post(&leave, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(served.get(&format!("{leave}x")).status, 400);
    assert_eq!(here.asks("new@example.org", "192.0.2.1").status, 303);
    served.running.says("again");
    let confirm = here.link("new@example.org");
    assert_eq!(served.post(&confirm, "confirm=yes").status, 200);
    assert_eq!(served.get(&format!("{confirm}x")).status, 400);
    let welcome = &here.mails("new@example.org", 2)[1];
    let start = welcome.text.find(&format!("https://{HOST}/preferences/")).expect("a link");
    let link = welcome.text[start..].split_whitespace().next().expect("an end");
    let path = link.replace(&format!("https://{HOST}"), "");
    assert_eq!(served.get(&path).status, 200);
    served.post(&path, "first_name=Hostile&code=kim%40example.org");
    let event = serde_json::json!({"RecordType": "SpamComplaint", "Email": "ada@example.org",
        "MessageID": "x", "BouncedAt": "2026-01-01T00:00:00Z"});
    let hook = format!("/hooks/postmark/{SECRET}");
    client::ask(served.port, "POST", &hook, &[], &event.to_string());
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    vec![token, last(&confirm_path(&here.mails("new@example.org", 1)[0])), last(&path)]
}

fn names_nobody(told: &str, tokens: &[String]) {
    for secret in ["@", "%40", "kim", "new@", "ada", "192.0.2", "Hostile", SECRET] {
        assert!(!told.contains(secret), "{secret}:\n{told}");
    }
    for token in tokens {
        assert!(token.len() > 20 && !told.contains(token.as_str()), "{token}:\n{told}");
    }
}

/// Loses the store and gets it back.
fn without_store(here: &Publication, told: impl Fn(&str)) {
    let (store, away) = (here.path("digest.db"), here.path("away.db"));
    std::fs::rename(&store, &away).expect("moved");
    told("come again in a minute");
    std::fs::rename(&away, &store).expect("moved back");
    told("can be written down again");
}

// Row 41: logs are kept for long, and read by others.
#[test]
fn a_day_of_readers_and_strangers_names_nobody_in_the_log_of_people() {
    let here = started(talkative(), &[]);
    let tokens = a_day(&here);
    here.served.running.signal("TERM");
    let end = here.served.running.wait();
    assert_eq!((end.code, &*end.stdout), (0, ""), "{end:?}");
    for line in [
        "no mail for [address] ([address])",
        "the relay takes mails",
        "a request came",
        "a report came",
    ] {
        assert!(end.stderr.contains(line), "{line}:\n{}", end.stderr);
    }
    names_nobody(&end.stderr, &tokens);
}

#[test]
fn a_program_reads_an_object_a_line_with_stable_keys_and_names_nobody() {
    let here = started(talkative(), &["--log-format", "json", "-vv"]);
    let tokens = a_day(&here);
    let is_file = here.served.here.exists("digest.db");
    if is_file {
        without_store(&here.served.here, |text| here.served.running.says(text));
    }
    here.served.running.signal("TERM");
    let end = here.served.running.wait();
    assert_eq!((end.code, &*end.stdout), (0, ""), "{end:?}");
    let mut events = Vec::new();
    for line in end.stderr.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let text = |name: &str| {
            object[name].as_str().unwrap_or_else(|| panic!("{name}: {line}")).to_owned()
        };
        let time: jiff::Timestamp = text("time").parse().expect("RFC 3339");
        assert!(time.as_second() > 0 && !text("message").is_empty() || text("event") == "trace");
        assert!(["info", "warning", "error"].contains(&&*text("level")), "{line}");
        events.push(text("event"));
    }
    let mut expected = vec![
        "start",
        "ready",
        "wrong_host",
        "report_refused",
        "relay_lost",
        "relay_back",
        "trace",
        "stop",
    ];
    if is_file {
        expected.extend(["store_lost", "store_back"]);
    }
    for event in expected {
        assert!(events.iter().any(|one| one == event), "{event}:\n{}", end.stderr);
    }
    assert!(!events.iter().any(|event| event == "forged"), "{}", end.stderr);
    names_nobody(&end.stderr, &tokens);
}

#[test]
fn the_error_that_it_ends_with_is_an_object_too() {
    let here = publication();
    std::fs::remove_file(here.path(".digest-secret")).expect("removed");
    let end = here.run(&["serve", "--log-format", "json", "--listen", "127.0.0.1:0"]);
    let object: serde_json::Value = serde_json::from_str(end.stderr.trim()).expect("one object");
    assert_eq!(
        (end.code, &object["event"], &object["level"]),
        (1, &"failed".into(), &"error".into())
    );
    assert!(object["message"].as_str().expect("a text").contains("secret"), "{object}");
    assert!(object["help"].as_str().expect("a text").contains(".digest-secret"), "{object}");
}
