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
    assert!(
        format!("{told:?}").contains("1 in the list, but without the text as it was"),
        "{told:?}"
    );
    let mail = Mail::read(&relay.accepted()[0].bytes);
    // The subject has a field of each reader's.
    assert_eq!(mail.subject(), "Correction: October");
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

const SECOND: &str = "There are 26 of them.";

/// The article is corrected once more.
fn corrected_again(here: Publication) -> Publication {
    here.edit(ARTICLE, "Twenty-four", "Twenty-six")
}

fn texts(relay: &Relay) -> Vec<String> {
    relay.accepted().iter().map(|one| Mail::read(&one.bytes).text).collect()
}

#[test]
fn what_no_mail_told_is_told_by_the_next_erratum() {
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = corrected(here, FIRST);
    // Nobody is there to say yes to the send: the folder is made.
    let told = here.run(&["amend", "2025-11", "--notify", "--relay", &Relay::new().url()]);
    assert!(here.exists(&format!("issues/{ERRATUM}/issue.toml")), "{told:?}");
    let told = here.run(&["status", "2025-11"]);
    assert!(told.stdout.contains("tells of it, and nobody has that yet"), "{told:?}");
    assert_eq!(status(&here)["corrections"][0]["told"], 0);
    // Then a relay that is not there: it waits for both.
    let line = ["amend", "2025-11", "--notify", "--yes", "--relay", "smtp://127.0.0.1:1"];
    assert_ne!(here.run(&line).code, 0);
    assert_eq!(Book::of_publication(&here, ERRATUM).of("pending").len(), 2);
    let (here, relay) = (corrected_again(here), Relay::new());
    let told = notify(&here, &relay, &["--note", SECOND]);
    let words =
        format!("also has the note of {ERRATUM}, which nobody has: do not send {ERRATUM} any more");
    assert!(told.code == 0 && told.stderr.contains(&words), "{told:?}");
    let texts = texts(&relay);
    assert!(
        texts.len() == 2 && texts.iter().all(|text| text.contains(NOTE) && text.contains(SECOND)),
        "{texts:?}"
    );
    let told = status(&here);
    for correction in [0, 1] {
        let correction = &told["corrections"][correction];
        assert_eq!(correction["erratum"], "2025-11-erratum-2", "{told}");
        assert_eq!(correction["told"], 2, "{told}");
    }
    // Whoever sends the older one all the same sends it to nobody.
    let told = here.run(&["send", ERRATUM, "--yes", "--relay", &relay.url()]);
    assert_eq!(relay.counts().accepted, 2, "{told:?}");
}

#[test]
fn whoever_missed_the_first_erratum_reads_its_note_in_the_second() {
    let here = with_readers(3);
    assert_eq!(send(&here, &Relay::scripted(script(&["r001"], "450 4.2.1 busy")), &[]).code, 4);
    let (here, relay) = (corrected(here, FIRST), Relay::new());
    assert_eq!(notify(&here, &relay, &[]).code, 0);
    let here = corrected_again(here);
    assert_eq!(notify(&here, &relay, &["--note", SECOND]).code, 0);
    assert_eq!(who(&relay), ["r002@x.example", "r003@x.example"]);
    // The text as it was planned comes late.
    assert_eq!(send(&here, &Relay::new(), &["--recompose"]).code, 0);
    let relay = Relay::new();
    let told = notify(&here, &relay, &[]);
    assert_eq!((told.code, who(&relay)), (0, vec!["r001@x.example".to_owned()]), "{told:?}");
    let text = &texts(&relay)[0];
    assert!(text.contains(NOTE) && text.contains(SECOND), "{text}");
    assert!(text.contains("Corrected on "), "{text}");
}

#[test]
fn a_correction_of_a_topic_is_for_those_who_want_it() {
    let digest = Publication::new().read("digest.toml");
    let here = Publication::new()
        .write("digest.toml", digest + "[archive]\n[topic.events]\nname = \"Events\"\n")
        .write("issues/2025-11/party.md", "---\ntitle: Party\n---\n\nOn Monday.\n")
        .write(LIST, "email,topics\nall@x.example,\nnone@x.example,-events\n");
    let manifest =
        here.read("issues/2025-11/issue.toml").replace("{{ first_name | reader }}", "all");
    let section = "[[section]]\nheading = \"Go out\"\ntopic = \"events\"\narticles = [\"party\"]\n";
    let here = here.write("issues/2025-11/issue.toml", manifest + section);
    let told = send(&here, &Relay::new(), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    let here = here.edit("issues/2025-11/party.md", "Monday", "Tuesday");
    let relay = Relay::new();
    let told = notify(&here, &relay, &["--note", "It is on Tuesday."]);
    assert_eq!((told.code, who(&relay)), (0, vec!["all@x.example".to_owned()]), "{told:?}");
    assert!(told.stderr.contains("as far as they are in the list, and want Events"), "{told:?}");
    let mail = Mail::read(&relay.accepted()[0].bytes);
    assert_eq!(mail.subject(), "Correction: Hello all");
    assert!(mail.text.contains("/issues/2025-11/party/"), "{}", mail.text);
    // A correction of what everybody has goes to all, and each reads what is theirs.
    let (here, relay) = (here.edit(ARTICLE, FIRST.0, FIRST.1), Relay::new());
    let told = notify(&here, &relay, &["--note", SECOND]);
    assert_eq!((told.code, who(&relay).len()), (0, 2), "{told:?}");
    for one in relay.accepted() {
        let text = Mail::read(&one.bytes).text;
        let has_topic = text.contains("It is on Tuesday.");
        assert_eq!(has_topic, one.recipients[0].contains("all@"), "{text}");
        assert!(text.contains(SECOND) && text.contains("/issues/2025-11/hangul/"), "{text}");
    }
}

#[test]
fn a_passage_for_some_readers_is_told_before_the_yes_and_has_no_link() {
    let here =
        Publication::new().write(LIST, "email,tags\nboard@x.example,board\nother@x.example,\n");
    let digest = here.read("digest.toml") + "[archive]\n";
    let article = here.read(ARTICLE) + "\n::: only tag:board\n\nThe vault is 12.\n\n:::\n";
    let here = here.write("digest.toml", digest).write(ARTICLE, article);
    let told = send(&here, &Relay::new(), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    let here = here.edit(ARTICLE, "vault is 12", "vault is 13");
    let told = here.run(&["amend", "2025-11", "--dry-run"]);
    assert!(told.stdout.contains("Your note is public all the same"), "{told:?}");
    let relay = Relay::new();
    let told = notify(&here, &relay, &["--note", "The number was wrong."]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
    for text in texts(&relay) {
        assert!(text.contains("The number was wrong."), "{text}");
        assert!(
            !text.contains("The corrected text") && !text.contains("/issues/2025-11/"),
            "{text}"
        );
    }
}

#[test]
fn a_look_at_an_erratum_says_what_it_tells_and_whom() {
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = corrected(here, FIRST);
    let line = ["amend", "2025-11", "--notify", "--dry-run"];
    let told = here.run(&line);
    for words in [ERRATUM, "Subject: Correction: October", NOTE] {
        assert!(told.code == 0 && told.stdout.contains(words), "no {words:?} in {told:?}");
    }
    assert!(told.stderr.contains("is for 2 people"), "{told:?}");
    assert!(!here.exists(&format!("issues/{ERRATUM}")));
    let told = here.run(&[&line[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert_eq!((&json["erratum"], &json["told"]), (&Value::from(ERRATUM), &Value::from(0)));
    assert_eq!(notify(&here, &Relay::new(), &[]).code, 0);
    let told = here.run(&line);
    assert!(told.code == 0 && told.stderr.contains("2 people have it already"), "{told:?}");
}

#[test]
fn a_note_is_put_in_other_words_as_long_as_nobody_was_told() {
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = corrected(here, FIRST);
    let change = |note| here.run(&["amend", "2025-11", "--yes", "--note", note]);
    let told = change("There are 24 letters.");
    assert!(
        told.code == 0 && told.stdout.contains("becomes \"There are 24 letters.\""),
        "{told:?}"
    );
    assert_eq!(status(&here)["corrections"][0]["note"], "There are 24 letters.");
    // An erratum that was made has the note, and perhaps more words of its author's.
    here.run(&["amend", "2025-11", "--notify", "--relay", &Relay::new().url()]);
    let told = change("24 letters.");
    assert!(told.code == 1 && told.stderr.contains("delete the folder"), "{told:?}");
    std::fs::remove_dir_all(here.path(&format!("issues/{ERRATUM}"))).expect("removed");
    let relay = Relay::new();
    let told = notify(&here, &relay, &["--note", "24 letters."]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
    assert!(texts(&relay).iter().all(|text| text.contains("\n24 letters.")), "{:?}", texts(&relay));
    let told = change("Twenty-four.");
    assert!(told.code == 1 && told.stderr.contains("cannot be changed any more"), "{told:?}");
    assert_eq!(status(&here)["corrections"][0]["note"], "24 letters.");
}

#[test]
fn an_issue_that_is_not_there_or_was_renamed_is_named() {
    let here = with_readers(1);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let told = here.run(&["amend", "2025-1", "--note", NOTE, "--yes"]);
    assert!(told.code == 3 && told.stderr.contains("there is no issue issues/2025-1"), "{told:?}");
    assert!(told.stderr.contains("did you mean 2025-11?"), "{told:?}");
    std::fs::rename(here.path("issues/2025-11"), here.path("issues/winter")).expect("renamed");
    let told = here.run(&["amend", "winter", "--note", NOTE, "--yes"]);
    assert!(told.code == 1 && told.stderr.contains("issues/2025-11 was sent"), "{told:?}");
    assert!(!told.stderr.contains("takes them as they are"), "{told:?}");
}
