//! What is signed, and what breaks it.

use crate::harness::Publication;
use crate::verify::{Records, dkimpy, mail_auth};
use crate::{caught, signing};

/// This repository's issue for its example list: Korean names and slots, and a subject so long that
/// it folds.
fn rehearsed() -> (Vec<Vec<u8>>, Records) {
    let subject = "subject = \"{{ first_name | 독자 }}님, 훈민정음과 치맥과 반도체 이야기를 담은 \
                   Sejong Digest 십일월호가 나왔습니다\"";
    let here = Publication::repository();
    let toml = here.read("issues/2025-11/issue.toml");
    let old = toml.lines().find(|line| line.starts_with("subject")).expect("a subject").to_owned();
    let (here, records) = signing(here.edit("issues/2025-11/issue.toml", &old, subject));
    let list = "subscribers.example.csv";
    let sent = here.run(&["send", "2025-11", "--subscribers", list, "--catch", "out", "--yes"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let told = "Signed    d=sejong.example s=digest (RSA) s=digest-ed25519 (Ed25519)";
    assert!(sent.stderr.contains(told), "{}", sent.stderr);
    (caught(&here, "out"), records)
}

/// Header fields as they stand, with their line ends, and the body with the empty line before it.
fn taken_apart(message: &[u8]) -> (Vec<String>, String) {
    let text = String::from_utf8(message.to_vec()).expect("ASCII");
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => {
                field.push_str(&format!("{line}\r\n"));
            }
            _ => fields.push(format!("{line}\r\n")),
        }
    }
    (fields, format!("\r\n{body}"))
}

fn put_together(fields: &[String], body: &str) -> Vec<u8> {
    format!("{}{body}", fields.concat()).into_bytes()
}

fn name(field: &str) -> &str {
    field.split(':').next().expect("a name")
}

/// The names of `h=` of the first signature.
fn signed_names(fields: &[String]) -> Vec<String> {
    let plain = fields[0].replace("\r\n ", "");
    let (_, list) = plain.split_once("h=").expect("h=");
    let (list, _) = list.split_once(';').expect("its end");
    list.split(':').map(str::to_owned).collect()
}

#[test]
fn two_verifiers_find_every_received_message_good() {
    let (messages, records) = rehearsed();
    assert_eq!(messages.len(), 12);
    for message in &messages {
        let text = String::from_utf8_lossy(message);
        assert!(text.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"), "{text}");
        let (_, subject) = text.split_once("\r\nSubject:").expect("a subject");
        assert!(subject.lines().nth(1).is_some_and(|line| line.starts_with(' ')), "not folded");
        assert_eq!(mail_auth(message, &records), [true, true], "{text}");
    }
    if let Some(answers) = dkimpy(&messages, &records) {
        assert_eq!(answers, vec![vec![true, true]; 12]);
        eprintln!("dkimpy: {} messages with two good signatures each", answers.len());
    }
}

#[test]
fn every_field_that_matters_is_signed_and_from_once_more() {
    let (messages, _) = rehearsed();
    let (fields, _) = taken_apart(&messages[0]);
    let signed = signed_names(&fields);
    let expected = [
        "From",
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Reply-To",
        "MIME-Version",
        "Content-Type",
        "Content-Language",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Archive",
        "Feedback-ID",
    ];
    assert_eq!(signed, expected);
    let there = fields.iter().map(|field| name(field)).filter(|name| *name != "DKIM-Signature");
    let unsigned: Vec<&str> = there.filter(|name| !expected.contains(name)).collect();
    assert_eq!(unsigned, [""; 0]);
    for line in fields[0].lines().chain(fields[1].lines()) {
        assert!(line.len() <= 76, "{line}");
    }
}

#[test]
fn another_letter_in_any_signed_field_breaks_both_signatures() {
    let (messages, records) = rehearsed();
    let (fields, body) = taken_apart(&messages[0]);
    let mut broken = Vec::new();
    for at in 2..fields.len() {
        let mut changed = fields.clone();
        let field = changed[at].trim_end().to_owned();
        let last = field.chars().last().expect("a letter");
        let other = if last == 'x' { 'y' } else { 'x' };
        changed[at] = format!("{}{other}\r\n", &field[..field.len() - last.len_utf8()]);
        broken.push((name(&field).to_owned(), put_together(&changed, &body)));
        let mut gone = fields.clone();
        gone.remove(at);
        broken.push((format!("no {}", name(&field)), put_together(&gone, &body)));
    }
    let mut twice = fields.clone();
    twice.insert(2, "From: Somebody <else@sejong.example>\r\n".to_owned());
    broken.push(("a second From".to_owned(), put_together(&twice, &body)));
    let second = twice.remove(2);
    twice.push(second);
    broken.push(("a second From below".to_owned(), put_together(&twice, &body)));
    refused(&broken, &records);
}

#[test]
fn another_byte_anywhere_in_the_body_breaks_both_signatures() {
    let (messages, records) = rehearsed();
    let (fields, body) = taken_apart(&messages[0]);
    let places = body.char_indices().filter(|(_, c)| c.is_ascii_graphic());
    let places: Vec<usize> = places.map(|(at, _)| at).collect();
    let mut broken = Vec::new();
    for at in places.iter().step_by(places.len() / 24).chain(places.last()) {
        let mut changed = body.clone().into_bytes();
        changed[*at] = if changed[*at] == b'x' { b'y' } else { b'x' };
        let changed = String::from_utf8(changed).expect("ASCII");
        broken.push((format!("byte {at}"), put_together(&fields, &changed)));
    }
    broken.push(("a line more".to_owned(), put_together(&fields, &format!("{body}x\r\n"))));
    broken.push(("nothing".to_owned(), put_together(&fields, "\r\n")));
    refused(&broken, &records);
}

fn refused(broken: &[(String, Vec<u8>)], records: &Records) {
    for (what, message) in broken {
        assert_eq!(mail_auth(message, records), [false, false], "{what}");
    }
    let messages: Vec<Vec<u8>> = broken.iter().map(|(_, message)| message.clone()).collect();
    if let Some(answers) = dkimpy(&messages, records) {
        for ((what, _), answer) in broken.iter().zip(answers) {
            assert_eq!(answer, [false, false], "{what}");
        }
    }
}

#[test]
fn what_relays_do_on_the_way_breaks_nothing() {
    let (messages, records) = rehearsed();
    let (fields, body) = taken_apart(&messages[0]);
    let mut changed = vec!["Received: from a by b; Thu, 6 Nov 2025 09:00:00 -0500\r\n".to_owned()];
    for field in &fields {
        let (name, value) = field.trim_end().split_once(':').expect("a value");
        let value = value.replace("\r\n ", "\r\n\t  ");
        changed.push(format!("{}: {value} \r\n", name.to_uppercase()));
    }
    changed.push("X-Spam: no\r\n".to_owned());
    let end = body.trim_end_matches("\r\n");
    let message = put_together(&changed, &format!("{end} \t\r\n\r\n\r\n"));
    assert_eq!(mail_auth(&message, &records), [true, true]);
    // A last line of blanks is empty too (RFC 6376 3.4.4); mail-auth 0.13 does not know that.
    let blanks = put_together(&changed, &format!("{end}\r\n \r\n\t\r\n"));
    if let Some(answers) = dkimpy(&[message, blanks], &records) {
        assert_eq!(answers, [[true, true], [true, true]]);
    }
}

#[test]
fn a_trial_and_a_rendered_message_are_signed_as_a_send_is() {
    let (here, records) = signing(Publication::with_subscribers());
    let tried = here.run(&["test", "2025-11", "--to", "kim@example.org", "--catch", "out"]);
    assert_eq!(tried.code, 0, "{tried:?}");
    let [trial] = &caught(&here, "out")[..] else { panic!("one message") };
    assert_eq!(mail_auth(trial, &records), [true, true]);
    let arguments =
        ["render", "2025-11", "--format", "eml", "--as", "kim@example.org", "-o", "kim.eml"];
    assert_eq!(here.run(&arguments).code, 0);
    let rendered = std::fs::read(here.path("kim.eml")).expect("a message");
    assert_eq!(mail_auth(&rendered, &records), [true, true]);
}
