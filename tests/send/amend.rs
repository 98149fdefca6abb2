//! Corrections of an issue that was sent: who gets which text, and the short mail to those who got it as
//! it was.

use std::collections::BTreeMap;

use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::Value;

use crate::harness::{Output, Publication};
use crate::mail::Mail;
use crate::outcomes::script;
use crate::questions::on_a_terminal;
use crate::relay::{Book, Relay};
use crate::{LIST, list, send, with_readers};

const ARTICLE: &str = "issues/2025-11/hangul.md";
const ERRATUM: &str = "2025-11-erratum-1";
const NOTE: &str = "There are 24 letters, *not* 28.";

/// The article is corrected, and so is the issue.
fn corrected(here: Publication, (from, to): (&str, &str)) -> Publication {
    let here = here.edit(ARTICLE, from, to);
    let told = here.run(&["amend", "2025-11", "--note", NOTE, "--yes"]);
    assert_eq!(told.code, 0, "{told:?}");
    here
}

const FIRST: (&str, &str) = ("Twenty-eight", "Twenty-four");

fn notify(here: &Publication, relay: &Relay, more: &[&str]) -> Output {
    let url = relay.url();
    here.run(&[&["amend", "2025-11", "--notify", "--yes", "--relay", &url], more].concat())
}

/// The addresses of those who got something.
fn who(relay: &Relay) -> Vec<String> {
    relay.copies().into_keys().collect()
}

fn status(here: &Publication) -> Value {
    let told = here.run(&["status", "2025-11", "--json"]);
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
}

#[test]
fn an_erratum_goes_to_those_who_got_the_text_as_it_was_and_to_nobody_else() {
    let here = Publication::new().write("people.csv", list(7));
    let digest = here.read("digest.toml") + "[archive]\n";
    let here = here.write("digest.toml", digest);
    let import = ["subscribers", "import", "people.csv", "--consent", "by hand"];
    assert_eq!(here.run(&import).code, 0);
    // Of r004 nobody can tell, and r005 was refused.
    let doubtful = script(&["r005"], "550 5.1.1 no such mailbox").once(
        At::Dot,
        When::recipient("r004"),
        Do::AcceptThenReset,
    );
    send(&here, &Relay::scripted(doubtful), &[]);
    let set = ["subscribers", "set", "r002@x.example", "--set", "email=n002@new.example"];
    assert_eq!(here.run(&set).code, 0);
    assert_eq!(
        here.run(&["subscribers", "suppress", "r003@x.example", "--why", "a letter"]).code,
        0
    );
    let pause = ["subscribers", "set", "r006@x.example", "--set", "paused_until=2099-01-01"];
    assert_eq!(here.run(&pause).code, 0);
    assert_eq!(here.run(&["subscribers", "forget", "r007@x.example"]).code, 0);
    assert_eq!(here.run(&["subscribers", "add", "late@x.example", "--consent", "by hand"]).code, 0);
    let here = corrected(here, FIRST);
    // Whoever was not sent to yet gets the corrected text, if somebody says so.
    let relay = Relay::new();
    let told = send(&here, &relay, &["--recompose", "--uncertain", "hold"]);
    assert_eq!(who(&relay), ["late@x.example"], "{told:?}");
    let relay = Relay::new();
    let told = notify(&here, &relay, &[]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(who(&relay), ["n002@new.example", "r001@x.example", "r004@x.example"], "{told:?}");
    let mail = Mail::read(&relay.accepted()[0].bytes);
    assert_eq!(mail.subject(), "Correction: Hello reader");
    for words in [NOTE, "https://digest.sejong.example/issues/2025-11/hangul/", mail.unsubscribe()]
    {
        assert!(mail.text.contains(words), "no {words:?} in {}", mail.text);
    }
    // Neither the same command nor a send of it without one knows anybody else.
    assert_eq!(notify(&here, &relay, &[]).code, 0);
    let told = here.run(&["send", ERRATUM, "--yes", "--relay", &relay.url()]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    let told = status(&here);
    assert_eq!(told["corrections"][0]["erratum"], ERRATUM, "{told}");
    assert_eq!(told["revisions"][1]["accepted"], 1, "{told}");
    // Of a second correction all are told.
    let here = corrected(here, ("Twenty-four", "Twenty-six"));
    let relay = Relay::new();
    let told = notify(&here, &relay, &[]);
    let all = ["late@x.example", "n002@new.example", "r001@x.example", "r004@x.example"];
    assert_eq!((told.code, who(&relay)), (0, all.map(str::to_owned).to_vec()), "{told:?}");
    assert_eq!(status(&here)["corrections"][1]["erratum"], "2025-11-erratum-2");
    // The text as it was at first is right again: whoever was told something else is told that.
    let here = corrected(here, ("Twenty-six", "Twenty-eight"));
    let relay = Relay::new();
    assert_eq!((notify(&here, &relay, &[]).code, who(&relay).len()), (0, 4));
}

#[test]
fn a_send_that_goes_on_sends_the_text_that_was_planned_and_its_readers_are_told_later() {
    let here = with_readers(3);
    assert_eq!(send(&here, &Relay::scripted(script(&["r001"], "450 4.2.1 busy")), &[]).code, 4);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let told = notify(&here, &relay, &["--note", NOTE]);
    assert!(
        told.stderr.contains("1 recipient still has to wait")
            || told.stderr.contains("wait: `digest send 2025-11`"),
        "{told:?}"
    );
    assert_eq!(
        (told.code, who(&relay)),
        (0, vec!["r002@x.example".to_owned(), "r003@x.example".to_owned()]),
        "{told:?}"
    );
    let resumed = Relay::new();
    assert_eq!(send(&here, &resumed, &["--recompose"]).code, 0);
    let mail = Mail::read(&resumed.accepted()[0].bytes);
    assert!(mail.text.contains("Twenty-eight"), "{}", mail.text);
    assert_eq!(status(&here)["revisions"][0]["accepted"], 3);
    let told = notify(&here, &relay, &[]);
    assert_eq!(
        (told.code, relay.copies().into_values().collect::<Vec<_>>()),
        (0, vec![1; 3]),
        "{told:?}"
    );
}

#[test]
fn a_killed_erratum_goes_on_and_nobody_gets_two() {
    let here = with_readers(40);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let url = relay.url();
    let line = ["amend", "2025-11", "--note", NOTE, "--notify", "--yes", "--relay", &url];
    let running = here.start(&[&line[..], &["--limit", "20/second"]].concat());
    relay.has_taken(5);
    running.kill();
    let taken = relay.taken_in_the_end();
    assert!(taken < 40, "{taken}");
    let told = here.run(&line);
    let book = Book::of_publication(&here, ERRATUM);
    let (accepted, uncertain) = (book.of("accepted").len(), book.of("uncertain").len());
    assert_eq!(
        (accepted + uncertain, told.code),
        (40, if uncertain > 0 { 4 } else { 0 }),
        "{told:?}"
    );
    assert!(uncertain <= 2, "{book:?}");
    let copies: BTreeMap<String, usize> = relay.copies();
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    assert_eq!(status(&here)["corrections"].as_array().map(Vec::len), Some(1));
    // As where it is killed before the folder is whole: the name is known, so it is made again.
    std::fs::remove_file(here.path(&format!("issues/{ERRATUM}/issue.toml"))).expect("removed");
    let told = here.run(&line);
    assert!(here.exists(&format!("issues/{ERRATUM}/issue.toml")), "{told:?}");
    assert!(relay.copies().values().all(|copies| *copies == 1), "{told:?}");
}

#[test]
fn a_rehearsal_of_an_erratum_is_for_the_same_people() {
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let told = notify(&here, &Relay::new(), &["--note", NOTE]);
    assert_eq!(told.code, 0, "{told:?}");
    let here = here.write(LIST, list(6));
    let told = here.run(&["send", ERRATUM, "--yes", "--catch", "out", "--json"]);
    let told: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert_eq!((&told["planned"], &told["accepted"]), (&Value::from(2), &Value::from(2)), "{told}");
    // Where nobody knows who is to be told, it does not go to everybody.
    let elsewhere = here.without_ledger();
    let relay = Relay::new();
    let line =
        ["send", ERRATUM, "--yes", "--new-secret", "--despite-receipt", "--relay", &relay.url()];
    let told = elsewhere.run(&line);
    assert_eq!((told.code, relay.counts().accepted), (3, 0), "{told:?}");
    let words = "it is not known who got 2025-11 as it was before its correction; nothing was sent";
    assert!(told.stderr.contains(words), "{told:?}");
}

#[test]
fn nothing_is_corrected_while_somebody_sends() {
    let (here, relay) = (with_readers(40), Relay::scripted(Script::new()));
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"];
    let running = here.start(&line);
    relay.has_taken(2);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let told = here.run(&["amend", "2025-11", "--note", NOTE, "--yes"]);
    assert!(told.code == 1 && told.stderr.contains("is sending from"), "{told:?}");
    running.kill();
    assert!(status(&here)["corrections"].as_array().is_some_and(Vec::is_empty));
    // What it left is settled, and is not lost by that.
    let told = here.run(&["amend", "2025-11", "--note", NOTE, "--yes"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(status(&here)["planned"], 40);
}

#[test]
fn a_folder_of_that_name_which_somebody_made_is_left_alone() {
    let here = with_readers(1);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let manifest = format!("issues/{ERRATUM}/issue.toml");
    let here = here.write(&manifest, "title = \"Mine\"\n");
    let relay = Relay::new();
    let told = notify(&here, &relay, &["--note", NOTE]);
    assert!(told.code == 1 && told.stderr.contains("is there already"), "{told:?}");
    assert_eq!((relay.counts().accepted, &*here.read(&manifest)), (0, "title = \"Mine\"\n"));
}

#[test]
fn both_questions_are_asked_and_a_no_to_the_second_leaves_the_mail_for_later() {
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
    let relay = Relay::new();
    let line = format!("amend 2025-11 --note 'It was wrong.' --notify --relay {}", relay.url());
    let Some((code, text)) = on_a_terminal(&here, &line, "n\n") else { return };
    assert!(code == 1 && text.contains("nothing was changed"), "{text}");
    assert!(text.contains("  corrected  Hangul"), "{text}");
    assert!(status(&here)["corrections"].as_array().is_some_and(Vec::is_empty));
    let (code, text) = on_a_terminal(&here, &line, "y\nn\n").expect("script is there");
    for words in ["Correct the issue on the web?", "is for 2 people", "Send to 2 recipients?"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    assert_eq!((code, relay.counts().accepted), (1, 0), "{text}");
    // Its author writes more, and goes on.
    let article = format!("issues/{ERRATUM}/correction.md");
    let here = here.edit(&article, "It was wrong.", "It was wrong, and we are sorry.");
    let (code, text) = on_a_terminal(&here, &line, "y\n").expect("script is there");
    assert_eq!((code, relay.counts().accepted), (0, 2), "{text}");
    assert!(Mail::read(&relay.accepted()[0].bytes).text.contains("and we are sorry."));
    assert_eq!(status(&here)["corrections"].as_array().map(Vec::len), Some(1));
}
