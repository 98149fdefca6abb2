//! Lists as people have them, and data that looks like something else: what arrives.

use std::collections::BTreeMap;

use crate::harness::Publication;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, send};

/// Sends to a list, and returns the messages by address.
fn sent_to(list: impl AsRef<[u8]>, more: &[&str]) -> BTreeMap<String, Mail> {
    let (here, relay) = (Publication::new().write(LIST, list), Relay::new());
    let output = send(&here, &relay, more);
    assert_eq!(output.code, 0, "{output:?}");
    let accepted = relay.accepted();
    let mails: BTreeMap<_, _> =
        accepted.iter().map(|m| (m.recipients.concat(), Mail::read(&m.bytes))).collect();
    assert_eq!(mails.len(), accepted.len(), "one message each");
    mails
}

fn subjects(mails: &BTreeMap<String, Mail>) -> Vec<(&str, String)> {
    mails.iter().map(|(to, mail)| (to.as_str(), mail.subject())).collect()
}

#[test]
fn a_spreadsheet_s_mark_is_no_part_of_the_first_column() {
    let mails = sent_to("\u{FEFF}email,first_name\r\nkim@example.org,민지\r\n", &[]);
    assert_eq!(subjects(&mails), [("kim@example.org", "Hello 민지".to_owned())]);
}

#[test]
fn utf_16_with_tabs_is_read() {
    let text = "\u{FEFF}email\tfirst_name\r\nkim@example.org\t민지\r\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(subjects(&sent_to(bytes, &[])), [("kim@example.org", "Hello 민지".to_owned())]);
}

#[test]
fn semicolons_separate_where_the_header_says_so() {
    let mails = sent_to("email;first_name\nkim@example.org;\"Min;ji\"\n", &[]);
    assert_eq!(subjects(&mails), [("kim@example.org", "Hello Min;ji".to_owned())]);
}

#[test]
fn a_latin_1_list_wants_its_encoding_named() {
    let list = b"email,first_name\nrene@example.fr,Ren\xE9\n";
    let (here, relay) = (Publication::new().write(LIST, list), Relay::new());
    let refused = send(&here, &relay, &[]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("subscribers.csv:2:20"), "{}", refused.stderr);
    let mails = sent_to(list, &["--encoding", "windows-1252"]);
    assert_eq!(subjects(&mails), [("rene@example.fr", "Hello René".to_owned())]);
}

#[test]
fn one_person_listed_twice_gets_one_message() {
    let list = "email,first_name\nKim@Example.org,Minji\n kim@example.org ,Kim\nada@a.example,\n";
    let mails = sent_to(list, &[]);
    assert_eq!(mails.len(), 2, "{:?}", mails.keys());
    assert_eq!(mails["Kim@example.org"].subject(), "Hello Minji");
}

#[test]
fn rows_without_an_address_are_left_out_on_demand() {
    let list = "email,first_name\nkim@example.org,\nkim@@example.org,\na@localhost,\n\
        \"<x@y.example>\nBcc: z@z.example\",\n,Ada\n";
    let mails = sent_to(list, &["--skip-invalid"]);
    assert!(mails.keys().all(|to| to == "kim@example.org" || to == "x@y.example"), "{mails:?}");
    assert!(mails.values().all(|mail| !mail.fields.iter().any(|(name, _)| name == "Bcc")));
}

#[test]
fn a_line_break_in_a_name_stays_within_its_header_line() {
    let list = "email,first_name\nkim@example.org,\"Min\r\nBcc: victim@example.org\"\n";
    let mails = sent_to(list, &[]);
    let mail = &mails["kim@example.org"];
    assert!(!mail.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("Bcc")), "{mail:?}");
    let (name, address) = mail.to();
    assert_eq!(address, "kim@example.org");
    assert!(name.contains("Min") && name.contains("Bcc: victim@example.org"), "{name:?}");
    assert!(mail.subject().starts_with("Hello Min"), "{}", mail.subject());
}

#[test]
fn data_that_looks_like_something_else_arrives_as_data() {
    let names = [
        "{{ secret }}",
        "{{ unsubscribe_url }}",
        "<b>Kim</b>",
        "Kim \"the\" <x@y.example>",
        "=?utf-8?q?Kim?=",
        "a & b; 'c'",
        "</td><script>alert(1)</script>",
        ".",
        "::: only tag:x",
        "[x](javascript:alert(1))",
    ];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let row = |(at, name): (usize, &&str)| format!("r{at}@x.example,{}\n", quoted(name));
    let rows: String = names.iter().enumerate().map(row).collect();
    let list = format!("email,first_name\n{rows}");
    let here = Publication::new().write(LIST, list).edit(
        "issues/2025-11/hangul.md",
        "letters",
        "letters for ({{ first_name }})",
    );
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!(output.code, 0, "{output:?}");
    for message in relay.accepted() {
        let to = message.recipients.concat();
        let at: usize = to[1..].split('@').next().expect("a number").parse().expect("a number");
        let (name, mail) = (names[at], Mail::read(&message.bytes));
        let data = format!("letters for ({name}).");
        assert!(mail.text.replace("\r\n", " ").contains(&data), "no {data:?} in {}", mail.text);
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let html = mail.html.replace("&quot;", "\"").replace("&#39;", "'");
        let data = format!("letters for ({escaped}).");
        assert!(html.contains(&data), "no {data:?} in {html}");
        assert!(!mail.html.contains("<script"), "{name}");
        assert_eq!(mail.subject(), format!("Hello {name}"));
        assert_eq!(mail.to(), (name.to_owned(), to));
    }
    assert_eq!(relay.counts().accepted, names.len() as u64);
}
