//! The guide's walk: one list from the export of another program to the last export of our own. Each
//! `$` line of the guide's `shell-session` blocks is run in one folder, and what it prints has to stand
//! below it.
//!
//! Exists so that whoever follows the guide sees what the guide shows. `DIGEST_WALK=write` writes into the
//! guide what is printed now: look at the difference.

use std::path::Path;

use sejong_digest::catcher::Received;

use crate::acting::SentIssue;
use crate::harness::Publication;
use crate::leaving::{uri, written_for};
use crate::relay::Relay;

const BLOCK: &str = "```shell-session\n";

const SUBSCRIBED: &str = "\"Email Address\",\"First Name\",OPTIN_TIME,CONFIRM_TIME,TAGS\n\
    ada@example.org,Ada,\"2024-03-02 17:20:11\",\"2024-03-02 17:21:40\",\"\"\"Member\"\"\"\n\
    kim@example.org,Minji,\"2024-05-01 09:00:00\",\"2024-05-01 09:02:00\",\"\"\"Member\"\",\"\"Board\"\"\"\n\
    lee@example.org,Narae,\"2024-06-11 10:30:00\",\"2024-06-11 10:31:00\",\n\
    sol@example.org,Sol,\"2023-01-09 08:00:00\",\"2023-01-09 08:00:30\",\n";

const UNSUBSCRIBED: &str = "\"Email Address\",\"First Name\",OPTIN_TIME,UNSUB_TIME,UNSUB_REASON,TAGS\n\
    sol@example.org,Sol,\"2023-01-09 08:00:00\",\"2025-02-02 10:00:00\",NORMAL,\n";

/// The folder as the walk begins: two issues, and no list.
fn folder(relay: &Relay) -> Publication {
    let here = Publication::with_subscribers().remove("subscribers.csv");
    let toml = format!(
        "{}\n[[relay]]\nurl = \"{}\"\n\n[bounce]\nreverse_path = \"bounces+{{token}}@sejong.example\"\n",
        here.read("digest.toml"),
        relay.url()
    );
    let mut issue = here.read("issues/2025-11/issue.toml");
    for (from, to) in [
        ("number = 1", "number = 2"),
        ("October", "Winter"),
        ("Hello", "Snow for"),
        ("2025-11-06", "2025-12-04"),
        ("hangul", "winter"),
    ] {
        issue = issue.replace(from, to);
    }
    let article = here.read("issues/2025-11/hangul.md").replace("Hangul", "Winter in Seoul");
    // What is printed names the file.
    let here = here.env("DIGEST_STORE__URL", "sqlite:digest.db");
    here.write("digest.toml", toml)
        .write("issues/2025-12/issue.toml", issue)
        .write("issues/2025-12/winter.md", article)
        .write("subscribed_members.csv", SUBSCRIBED)
        .write("unsubscribed_members.csv", UNSUBSCRIBED)
}

/// What comes to the mailbox of reports: Ada leaves as her mail program does it, and no mailbox of Lee's is
/// there.
fn mailbox(here: Publication, mails: Vec<Received>) -> Publication {
    let sent = SentIssue { here, mails };
    let (_, leaving) = written_for(&uri(&sent, "ada@example.org"), "ada@example.org", true);
    let to = sent.reverse_path("lee@example.org").to_owned();
    let report = format!(
        "From: MAILER-DAEMON@mx.example.org\nTo: {to}\nSubject: Undelivered\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nThere is no such mailbox.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; lee@example.org\n\
         Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n"
    );
    sent.here.write("mail/new/1", leaving).write("mail/new/2", report)
}

/// A line without what differs from run to run: moments, ports, how long it took, hashes.
fn steady(line: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".:-_@/".contains(c);
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let of_word = is_part(first);
        let end = rest.find(|c: char| is_part(c) != of_word).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let shape: String =
            word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let has_digit = shape.contains('0');
        let is_hash = word.len() >= 10 && has_digit && word.chars().all(|c| c.is_ascii_hexdigit());
        out.push_str(match &*shape {
            _ if shape.starts_with("0000-00-00") => "DAY",
            _ if shape.starts_with("00:00") => "TIME",
            _ if is_hash => "HASH",
            _ if word.len() > 36 && !word.contains(['@', '/', '.']) => "TOKEN",
            _ if shape.starts_with("smtp://000.0.0.0:") => "RELAY",
            _ if shape.trim_matches('0').starts_with('.') && !shape.contains('@') => "NUMBER",
            _ if shape.ends_with("/s") => "RATE",
            _ => word,
        });
        rest = behind;
    }
    out
}

fn is_steady(printed: &str, shown: &str) -> bool {
    printed.lines().map(steady).eq(shown.lines().map(steady))
}

/// A command, and what is shown below it.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push((command.to_owned(), String::new())),
            (None, Some((_, shown))) => *shown += &format!("{line}\n"),
            (None, None) => panic!("no command before {line:?}"),
        }
    }
    all
}

#[test]
fn whoever_follows_the_guide_sees_what_it_shows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide.md");
    let text = std::fs::read_to_string(&page).expect("the guide");
    let writes = std::env::var_os("DIGEST_WALK").is_some_and(|word| word == "write");
    let relay = Relay::new();
    let mut here = folder(&relay);
    let mut written = String::new();
    let mut parts = text.split(BLOCK);
    written += parts.next().expect("what stands before");
    let mut count = 0;
    for part in parts {
        let (block, behind) = part.split_once("```\n").expect("the end of a block");
        written += BLOCK;
        for (command, shown) in commands(block) {
            if command.starts_with("digest bounces read") && !here.exists("mail") {
                here = mailbox(here, relay.accepted());
            }
            let output = here.shell(&format!("exec 2>&1; {command}"));
            assert_eq!(output.code, 0, "{command}: {output:?}");
            let printed = output.stdout;
            let same = is_steady(&printed, &shown);
            assert!(same || writes, "$ {command}\nprints:\n{printed}\nand the guide has:\n{shown}");
            let kept = if same { &shown } else { &printed };
            written += &format!("$ {command}\n{kept}");
            count += 1;
        }
        written += &format!("```\n{behind}");
    }
    assert!(count >= 10, "{count} commands");
    if writes {
        std::fs::write(page, written).expect("written");
    }
}
