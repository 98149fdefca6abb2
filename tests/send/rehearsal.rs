//! This repository's own issue, rehearsed for its example list with `--catch`.

use std::collections::{BTreeMap, BTreeSet};

use sejong_digest::catcher::CatcherOptions;

use crate::FIELDS;
use crate::harness::{Output, Publication};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::summary;

const LIST: &str = "subscribers.example.csv";
const FIRST_NAMES: [&str; 12] = [
    "민지", "Grace", "José", "준", "Amara", "", "하늘", "Wei Ling", "소연", "Daniel", "Priya",
    "Tom",
];

fn rehearse(here: &Publication) -> Output {
    here.run(&["send", "2025-11", "--subscribers", LIST, "--catch", "out", "--yes", "--json"])
}

/// What lies in a Maildir, by the address.
fn caught(here: &Publication) -> BTreeMap<String, Mail> {
    let mut mails = BTreeMap::new();
    for file in here.files() {
        if file.starts_with("out/new/") {
            let mail = Mail::read(&std::fs::read(here.path(&file)).expect("a file"));
            assert!(mails.insert(mail.to().1, mail).is_none(), "two messages for one: {file}");
        }
    }
    mails
}

fn addresses(here: &Publication) -> Vec<String> {
    let list = here.read(LIST);
    list.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().into()).collect()
}

#[test]
fn each_of_the_list_gets_a_message_of_their_own() {
    let here = Publication::repository();
    let output = rehearse(&here);
    assert_eq!(output.code, 0, "{output:?}");
    let told = summary(&output);
    assert_eq!((&told["planned"], &told["accepted"]), (&12.into(), &12.into()));
    let mails = caught(&here);
    let expected: BTreeSet<String> = addresses(&here).into_iter().collect();
    assert_eq!(mails.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let links: BTreeSet<&str> = mails.values().map(Mail::unsubscribe).collect();
    assert_eq!(links.len(), 12, "each has their own way out");
    for (address, mail) in &mails {
        let url = mail.unsubscribe();
        assert!(mail.html.contains(&format!("href=\"{url}\"")), "{address}");
        assert!(mail.text.contains(url), "{address}");
        assert_eq!(mail.field("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert!(mail.field("From").ends_with("<digest@sejong.example>"));
    }
    assert_eq!(mails["minji.kim@hanbit.example"].to().0, "김민지");
    assert_eq!(mails["grace.obrien@potomac.example"].to().0, "Grace O'Brien");
    assert_eq!(
        mails["jose.alvarez@periodico.example"].subject(),
        "Chips, chimaek and hangul for José"
    );
    assert_eq!(mails["editor@newsdesk.example"].subject(), "Chips, chimaek and hangul for you");
}

#[test]
fn the_summary_has_the_promised_fields_in_their_order() {
    let here = Publication::repository();
    let output = rehearse(&here);
    let told = summary(&output);
    assert_eq!(told.as_object().expect("an object").len(), FIELDS.len());
    let places = FIELDS.map(|name| output.stdout.find(&format!("\"{name}\":")).expect(name));
    assert!(places.is_sorted(), "{}", output.stdout);
    assert_eq!(told["issue"], "2025-11");
    assert!(told["elapsed_s"].as_f64() > Some(0.0) && told["messages_per_s"].as_f64() > Some(0.0));
}

#[test]
fn a_rehearsal_never_counts_as_a_send_and_can_be_repeated() {
    let here = Publication::repository();
    let ids = |here: &Publication| {
        let mails = caught(here);
        mails.iter().map(|(to, mail)| (to.clone(), mail.id().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(rehearse(&here).code, 0);
    assert!(here.exists("out/rehearsal.db") && !here.exists("digest.db"));
    let first = ids(&here);
    let again = rehearse(&here);
    assert_eq!(again.code, 0);
    assert!(again.stderr.contains("12 who have it already"), "{}", again.stderr);
    assert_eq!(ids(&here), first, "nothing came twice");
    std::fs::remove_dir_all(here.path("out")).expect("removed");
    assert_eq!(rehearse(&here).code, 0);
    assert_eq!(ids(&here), first, "the same person gets the same Message-ID");
}

#[test]
fn a_rehearsal_says_where_its_messages_are() {
    let here = Publication::with_subscribers();
    let run =
        |line: &[&str]| here.run(&[&["send", "2025-11", "--catch", "out", "--yes"], line].concat());
    let first = run(&[]);
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.stderr.contains("3 messages in out/new/"), "{}", first.stderr);
    let again = run(&[]);
    for words in ["its messages are in out/new/", "--fresh starts it over"] {
        assert!(again.stderr.contains(words), "no {words:?} in {}", again.stderr);
    }
    let test = here.run(&["test", "2025-11", "--to", "kim@example.org", "--catch", "out"]);
    assert!(test.stderr.contains("1 message in out/new/"), "{}", test.stderr);
    let render = here.run(&["render", "2025-11", "-o", "issue.html"]);
    assert!(render.stderr.contains("written to issue.html"), "{}", render.stderr);
}

#[test]
fn a_rehearsal_after_an_edit_says_why_it_does_nothing_and_can_start_over() {
    let here = Publication::with_subscribers();
    let line = ["send", "2025-11", "--catch", "out", "--yes"];
    assert_eq!(here.run(&line).code, 0);
    let test = ["test", "2025-11", "--to", "kim@example.org", "--catch", "out"];
    assert_eq!(here.run(&test).code, 0);
    let here = here.edit("issues/2025-11/hangul.md", "Twenty-eight", "Twenty-four");
    let stale = here.run(&line);
    for words in ["changed since the plan: hangul.md", "--fresh starts the rehearsal over"] {
        assert!(stale.stderr.contains(words), "no {words:?} in {}", stale.stderr);
    }
    assert!(!stale.stderr.contains("--recompose"), "{}", stale.stderr);
    let fresh = here.run(&[&line[..], &["--fresh"]].concat());
    assert_eq!(fresh.code, 0, "{fresh:?}");
    assert!(
        fresh.stderr.contains("removed 3 messages of the earlier rehearsal"),
        "{}",
        fresh.stderr
    );
    let mails: Vec<Mail> = here
        .files()
        .iter()
        .filter(|file| file.starts_with("out/new/"))
        .map(|file| Mail::read(&std::fs::read(here.path(file)).expect("a file")))
        .collect();
    // The mail of `digest test` is of no rehearsal.
    let new = mails.iter().filter(|mail| mail.text.contains("Twenty-four")).count();
    assert_eq!((mails.len(), new), (4, 3));
}

#[test]
fn no_rehearsal_starts_over_in_the_ledger_of_the_real_send() {
    let (here, relay) = (Publication::with_subscribers(), Relay::new());
    assert_eq!(crate::send(&here, &relay, &[]).code, 0);
    let alone = here.run(&["send", "2025-11", "--yes", "--fresh", "--relay", &relay.url()]);
    assert_eq!(alone.code, 2, "{alone:?}");
    here.run(&["send", "2025-11", "--yes", "--catch", ".", "--fresh"]);
    assert_eq!(crate::book(&here).of("accepted").len(), 3);
    assert_eq!(crate::send(&here, &relay, &[]).code, 0);
    assert_eq!(relay.counts().accepted, 3, "nobody got it twice");
}

/// A message without what may differ.
fn masked(mail: &Mail) -> (Vec<(String, String)>, String, String) {
    const OWN: [&str; 4] = ["To", "Subject", "Message-ID", "List-Unsubscribe"];
    let mut fields = mail.fields.clone();
    fields.retain(|(name, _)| !OWN.contains(&name.as_str()));
    let body = |text: &str| {
        let mut text = text.replace(mail.unsubscribe(), "URL");
        for name in FIRST_NAMES.iter().chain(&["reader"]).filter(|name| !name.is_empty()) {
            text = text.replace(&format!("Dear {name},"), "Dear NAME,");
        }
        assert!(text.contains("Dear NAME,"), "{text}");
        text
    };
    (fields, body(&mail.text), body(&mail.html))
}

#[test]
fn two_messages_differ_in_slots_and_in_headers_of_their_own_only() {
    let here = Publication::repository();
    assert_eq!(rehearse(&here).code, 0);
    let mails = caught(&here);
    let members: Vec<String> = here
        .read(LIST)
        .lines()
        .filter(|line| line.contains("member"))
        .map(|line| line.split(',').next().unwrap_or_default().to_owned())
        .collect();
    // Members read a paragraph of their own: `::: only tag:member`.
    let (inside, outside): (Vec<_>, Vec<_>) =
        mails.iter().partition(|(to, _)| members.contains(to));
    assert_eq!((inside.len(), outside.len()), (6, 6));
    for group in [&inside, &outside] {
        let expected = masked(group[0].1);
        for (to, mail) in group {
            assert_eq!(masked(mail), expected, "{to}");
        }
    }
    let words = "You are down as a member of the Society";
    assert!(inside.iter().all(|(_, mail)| mail.html.contains(words) && mail.text.contains(words)));
    assert!(
        !outside.iter().any(|(_, mail)| mail.html.contains(words) || mail.text.contains(words))
    );
}

#[test]
fn embedded_pictures_travel_beside_the_html_and_each_is_used_once() {
    let here = Publication::repository();
    let issue = here.read("issues/2025-11/issue.toml");
    let here = here.write("issues/2025-11/issue.toml", format!("images = \"embed\"\n{issue}"));
    let output = rehearse(&here);
    assert_eq!(output.code, 0, "{output:?}");
    let file = here.files().into_iter().find(|file| file.starts_with("out/new/")).expect("one");
    let bytes = std::fs::read(here.path(&file)).expect("a file");
    let mail = mail_parser::MessageParser::default().parse(&bytes).expect("a message");
    let kind = |part: &mail_parser::MessagePart| {
        use mail_parser::MimeHeaders;
        let kind = part.content_type().expect("a type");
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
    };
    let children = |part: &mail_parser::MessagePart| match &part.body {
        mail_parser::PartType::Multipart(parts) => parts.clone(),
        _ => Vec::new(),
    };
    let part = |at: &u32| mail.part(*at).expect("a part");
    let outer = part(&0);
    assert_eq!(kind(outer), "multipart/alternative");
    let [text, related] = children(outer)[..] else { panic!("{:?}", children(outer)) };
    assert_eq!(
        (kind(part(&text)), kind(part(&related))),
        ("text/plain".into(), "multipart/related".into())
    );
    let inner = children(part(&related));
    assert_eq!(kind(part(&inner[0])), "text/html");
    let html = mail.body_html(0).expect("HTML");
    assert!(inner.len() > 3, "{inner:?}");
    let mut seen = BTreeSet::new();
    for picture in inner[1..].iter().map(part) {
        use mail_parser::MimeHeaders;
        let id = picture.content_id().expect("a Content-ID");
        assert!(seen.insert(id.to_owned()), "{id} stands twice");
        assert!(kind(picture).starts_with("image/"), "{}", kind(picture));
        let uses = html.matches(&format!("cid:{id}")).count();
        assert_eq!(uses, 1, "cid:{id}");
    }
    assert_eq!(html.matches("cid:").count(), seen.len(), "no picture is missing");
}

/// No relay needs 8BITMIME for it, although names and texts are Korean.
#[test]
fn every_message_is_ascii() {
    let options = CatcherOptions { eight_bit_mime: false, ..CatcherOptions::default() };
    let (here, relay) = (Publication::repository(), Relay::with(options));
    let line = ["send", "2025-11", "--subscribers", LIST, "--yes", "--relay", &relay.url()];
    assert_eq!(here.run(&line).code, 0);
    let messages = relay.accepted();
    assert_eq!(messages.len(), 12);
    assert!(messages.iter().all(|message| message.bytes.is_ascii()));
    assert!(!relay.lines().iter().any(|line| line.contains("BODY=")), "{:?}", relay.lines());
}
