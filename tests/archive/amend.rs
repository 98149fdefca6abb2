//! `digest amend` on the web: what was corrected after a send, with its note, and what became of an
//! article that was taken out.

use std::time::Duration;

use serde_json::Value;

use crate::harness::running::wait_until;
use crate::harness::{Output, Publication};
use crate::live::serve;
use crate::relay::Relay;
use crate::{build, client, page, publication, send, with_issue};

const NOTE: &str = "The hearing is on 4 May, & not on 3.";
const TOLD: &str = "The hearing is on 4 May, &amp; not on 3.";
const TWO: &str = "issues/2025-12/two.md";
const THREE: &str = "issues/2025-12/three.md";

/// An issue that two people have.
fn sent(relay: &Relay) -> Publication {
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"));
    send(&here, relay, "2025-12");
    here
}

fn corrected(relay: &Relay) -> Publication {
    sent(relay).edit(TWO, "Words of two", "Other words, of two")
}

fn amend(here: &Publication, note: &str) -> Output {
    let told = here.run(&["amend", "2025-12", "--note", note, "--yes"]);
    assert_eq!(told.code, 0, "{told:?}");
    told
}

/// An entry of a feed.
fn entry<'a>(feed: &'a str, path: &str) -> &'a str {
    let id = format!("<id>https://digest.sejong.example/{path}</id>");
    let from = feed.find(&id).unwrap_or_else(|| panic!("no {id} in {feed}"));
    feed[from..].split("</entry>").next().unwrap_or_default()
}

fn text_of<'a>(entry: &'a str, element: &str) -> &'a str {
    let rest = entry.split(&format!("<{element}>")).nth(1).unwrap_or_default();
    rest.split('<').next().unwrap_or_default()
}

#[test]
fn a_correction_is_told_on_each_page_that_changed_and_on_no_other() {
    let relay = Relay::new();
    let here = corrected(&relay);
    build(&here);
    let untouched = page(&here, "issues/2025-12/one/");
    // Feeds tell seconds.
    std::thread::sleep(Duration::from_millis(1_100));
    let told = amend(&here, NOTE);
    for words in ["  corrected  Article 2.1\n", "2025-12: correction 1 is written down"] {
        assert!(told.stdout.contains(words), "{told:?}");
    }
    build(&here);
    let (issue, two) = (page(&here, "issues/2025-12/"), page(&here, "issues/2025-12/two/"));
    for (page, place) in [(&issue, " · <a href=\"#two\"><bdi>Article 2.1</bdi></a>"), (&two, "")] {
        assert!(page.contains("Corrected on <time datetime=\""), "{page}");
        assert!(page.contains(&format!("<bdi>{TOLD}</bdi>{place}</p>")), "{page}");
        assert!(page.contains("Other words, of two.") && page.contains("\"dateModified\":\"20"));
    }
    // The address stays, and what did not change is the same to the byte.
    let address =
        "<link rel=\"canonical\" href=\"https://digest.sejong.example/issues/2025-12/two/\">";
    assert!(two.contains(address));
    assert_eq!(page(&here, "issues/2025-12/one/"), untouched);
    let feed = here.read("site/feed.xml");
    let of_issue = entry(&feed, "issues/2025-12/");
    assert!(of_issue.contains("Corrected on"), "{of_issue}");
    let feed = here.read("site/articles.xml");
    let (one, two) = (entry(&feed, "issues/2025-12/one/"), entry(&feed, "issues/2025-12/two/"));
    assert!(text_of(two, "updated") > text_of(two, "published"), "{two}");
    assert_eq!(text_of(one, "updated"), text_of(one, "published"));
    assert!(two.contains("not on 3.") && !one.contains("not on 3."));
    assert!(text_of(&feed, "updated") == text_of(two, "updated"));
    let json: Value = serde_json::from_str(&here.read("site/articles.json")).expect("JSON");
    let modified = json["items"].as_array().expect("items").iter();
    let modified: Vec<bool> = modified.map(|one| one["date_modified"].is_string()).collect();
    assert_eq!(modified, [false, true, false]);
    assert!(here.read("site/search/index.json").contains("\"hearing\":[1]"));
    let map = here.read("site/sitemap.xml");
    let days: Vec<&str> = map.split("<lastmod>").skip(1).map(|rest| &rest[..10]).collect();
    assert_eq!(
        (days[2], days[1] > days[2], days[3] > days[2]),
        ("2025-12-04", true, true),
        "{map}"
    );
    assert_eq!(here.run(&["archive", "check", "site"]).code, 0);
    // What readers got is what they got.
    let status = here.run(&["status", "2025-12", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["revisions"], serde_json::json!([{"number": 1, "accepted": 2}]));
    assert_eq!(
        (&status["corrections"][0]["note"], &status["corrections"][0]["outdated"]),
        (&Value::from(NOTE), &Value::from(2))
    );
    let status = here.run(&["status", "2025-12"]).stdout;
    assert!(
        status
            .contains(": The hearing is on 4 May, & not on 3. (2 people got it as it was before)"),
        "{status}"
    );
}

#[test]
fn a_server_that_runs_shows_a_correction_soon_and_every_later_one() {
    let relay = Relay::new();
    let here = corrected(&relay);
    let (_running, port) = serve(&here);
    let two = || client::ask(port, "GET", "/issues/2025-12/two/", &[], "").body;
    assert!(!two().contains("Corrected on"));
    amend(&here, NOTE);
    assert!(wait_until(Duration::from_secs(10), || two().contains(TOLD)));
    let here = here.edit(TWO, "Other words", "Third words");
    amend(&here, "It was <b>still</b> wrong.");
    assert!(wait_until(Duration::from_secs(10), || two().contains("Third words")));
    let page = two();
    assert!(
        page.contains(TOLD) && page.contains("It was &lt;b&gt;still&lt;/b&gt; wrong."),
        "{page}"
    );
    // The last note is put in other words.
    amend(&here, "It was wrong once more.");
    assert!(wait_until(Duration::from_secs(10), || two().contains("wrong once more.")));
    assert!(!two().contains("still") && two().contains(TOLD));
}

#[test]
fn an_article_that_was_taken_out_keeps_a_page_that_says_so_until_it_is_put_back() {
    let relay = Relay::new();
    let (manifest, all) = ("issues/2025-12/issue.toml", "[\"one\", \"two\", \"three\"]");
    let here = sent(&relay).edit(manifest, all, "[\"one\", \"two\"]");
    std::fs::rename(here.path(THREE), here.path("three.md")).expect("moved");
    let told = amend(&here, "It was a hoax.");
    assert!(told.stdout.contains("  taken out  Article 2.2\n"), "{told:?}");
    build(&here);
    let gone = page(&here, "issues/2025-12/three/");
    assert!(gone.contains("<h1>Article 2.2</h1>") && !gone.contains("Words of three"), "{gone}");
    assert!(gone.contains("This article was taken out of the issue after it was sent."), "{gone}");
    assert!(gone.contains("It was a hoax.") && gone.contains("noindex"), "{gone}");
    assert!(!here.read("site/articles.xml").contains("issues/2025-12/three/"));
    assert_eq!(here.run(&["archive", "check", "site"]).code, 0);
    std::fs::rename(here.path("three.md"), here.path(THREE)).expect("moved");
    let here = here.edit(manifest, "[\"one\", \"two\"]", all);
    amend(&here, "It was true.");
    build(&here);
    let back = page(&here, "issues/2025-12/three/");
    assert!(back.contains("Words of three") && back.contains("It was true."), "{back}");
}

#[test]
fn what_cannot_be_a_correction_is_refused_and_changes_nothing() {
    let relay = Relay::new();
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"));
    let amend =
        |here: &Publication, more: &[&str]| here.run(&[&["amend", "2025-12"], more].concat());
    let all = ["--note", NOTE, "--yes"];
    let told = amend(&here, &all);
    assert!(told.code == 1 && told.stderr.contains("nothing was sent yet"), "{told:?}");
    send(&here, &relay, "2025-11");
    let told = amend(&here, &all);
    assert!(told.code == 1 && told.stderr.contains("was not sent to anybody yet"), "{told:?}");
    assert!(told.stderr.contains("`digest send` takes them as they are"), "{told:?}");
    send(&here, &relay, "2025-12");
    // What belongs to every issue is no correction of one.
    let here = here.edit("digest.toml", "P.O. Box 0000", "P.O. Box 1111");
    let told = amend(&here, &all);
    assert!(told.code == 1 && told.stderr.contains("say what everybody reads already"), "{told:?}");
    let here = here.edit(TWO, "Words of two", "Other words, of two");
    let told = amend(&here, &["--note", NOTE]);
    assert!(told.code == 2 && told.stderr.contains("there is no terminal"), "{told:?}");
    for note in [&[][..], &["--note", " "]] {
        let told = amend(&here, &[&["--yes"], note].concat());
        assert!(told.code == 2 && told.stderr.contains("--note"), "{told:?}");
    }
    let told = amend(&here, &["--dry-run", "--json"]);
    let json: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert_eq!(json["corrected"], serde_json::json!(["two"]), "{told:?}");
    assert_eq!((&json["number"], &json["had"]), (&Value::Null, &Value::from(2)));
    let here = here.edit(TWO, "See [the next](#two)", "See [the next](#nowhere)");
    let told = amend(&here, &all);
    assert!(told.code == 3 && told.stderr.contains("nowhere"), "{told:?}");
    let told = amend(&here, &["--json", "--yes", "--note", NOTE]);
    let json: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert!(json["error"].is_string(), "{told:?}");
    build(&here);
    assert!(!page(&here, "issues/2025-12/two/").contains("Corrected on"));
    let here = here.edit(TWO, "#nowhere", "#two");
    let told = amend(&here, &["--json", "--yes", "--note", NOTE]);
    let json: Value = serde_json::from_str(&told.stdout).expect("one object");
    assert_eq!(
        (told.code, &json["number"], &json["note"]),
        (0, &Value::from(1), &Value::from(NOTE))
    );
    let told = amend(&here, &all);
    assert!(told.code == 1 && told.stderr.contains("say what everybody reads already"), "{told:?}");
}

#[test]
fn a_korean_issue_is_corrected_in_korean() {
    let relay = Relay::new();
    let here = with_issue(publication(), "2025-12", (2, "2025-12-04"));
    let manifest = "issues/2025-12/issue.toml";
    let here = here.edit(manifest, "date =", "language = \"ko\"\ndate =");
    send(&here, &relay, "2025-12");
    let here = here.edit(TWO, "Words of two", "다른 낱말");
    amend(&here, "날짜가 틀렸습니다.");
    build(&here);
    let two = page(&here, "issues/2025-12/two/");
    assert!(two.contains("</time>에 바로잡음: </span><bdi>날짜가 틀렸습니다.</bdi>"), "{two}");
}
