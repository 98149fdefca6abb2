//! An issue whose folder was renamed after it was sent: the people who have it are not sent it again
//! without a word.

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{LIST, list, send, summary, with_readers};

/// The issue went to 40 people. Then 20 more came, and its folder was renamed.
fn renamed(relay: &Relay) -> Publication {
    let here = with_readers(40);
    assert_eq!(send(&here, relay, &[]).code, 0);
    let here = here.write(LIST, list(60));
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-11-winter")).expect("renamed");
    here
}

fn send_as(here: &Publication, relay: &Relay, issue: &str, more: &[&str]) -> Output {
    let url = relay.url();
    here.run(&[&["send", issue, "--yes", "--json", "--relay", &url], more].concat())
}

#[test]
fn a_renamed_issue_stops_until_somebody_says_what_it_is() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let files = here.files();
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    for words in [
        "issues/2025-11 was sent to 40 people, and its folder is gone",
        "issues/2025-11-winter has the same issue.toml",
        "git mv issues/2025-11-winter issues/2025-11",
        "--new-issue",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(summary(&told)["error"].as_str().unwrap().contains("its folder is gone"));
    let plan = here.run(&["plan", "2025-11-winter", "--relay", &relay.url()]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.stderr.contains("was sent to 40 people, and its folder is gone"), "{plan:?}");
    assert_eq!(here.files(), files);
    // The old name again: only the new people get it.
    std::fs::rename(here.path("issues/2025-11-winter"), here.path("issues/2025-11")).unwrap();
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 60));
}

#[test]
fn a_copy_without_the_ledger_knows_a_renamed_issue_by_its_receipt() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let clone = with_readers(3).write("receipts/2025-11.toml", here.read("receipts/2025-11.toml"));
    let folder = |name| clone.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-11-winter")).expect("renamed");
    let told = send_as(&clone, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    let said = "receipts/2025-11.toml says that issues/2025-11 was sent to 40 people";
    for words in [said, "issues/2025-11-winter has the text that is named there"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(!clone.exists("digest.db"));
    let more = ["--new-issue", "--new-secret"];
    assert_eq!(send_as(&clone, &relay, "2025-11-winter", &more).code, 0);
}

#[test]
fn another_issue_is_sent_to_all_once_somebody_has_said_so_and_goes_on_without_the_flag() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let told = send_as(&here, &relay, "2025-11-winter", &["--new-issue"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
    let here = here.write(LIST, list(61));
    let again = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((again.code, relay.counts().accepted), (0, 101), "{again:?}");
}

#[test]
fn a_renamed_issue_that_was_edited_is_known_by_its_articles_or_its_subject() {
    let relay = Relay::new();
    let here = renamed(&relay).edit("issues/2025-11-winter/issue.toml", "October", "Winter").edit(
        "issues/2025-11-winter/issue.toml",
        "Hello",
        "Good day",
    );
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stderr.contains("issues/2025-11-winter has the same article"), "{}", told.stderr);
    let here = here.edit("issues/2025-11-winter/issue.toml", "Good day", "Hello").edit(
        "issues/2025-11-winter/hangul.md",
        "Twenty-eight",
        "Twenty-four",
    );
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    assert!(told.stderr.contains("has the same subject, \"Hello reader\""), "{}", told.stderr);
}

#[test]
fn a_publication_that_deletes_old_issues_is_not_asked() {
    let relay = Relay::new();
    let here = with_readers(3);
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let next = here
        .read("issues/2025-11/issue.toml")
        .replace("number = 1", "number = 2")
        .replace("October", "November")
        .replace("Hello", "News for")
        .replace("hangul", "kimchi")
        .replace("11-06", "12-04");
    let here = here
        .write("issues/2025-12/issue.toml", next)
        .write("issues/2025-12/kimchi.md", "---\ntitle: Kimchi\n---\n\nCabbage.\n");
    std::fs::remove_dir_all(here.path("issues/2025-11")).unwrap();
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
    assert!(!told.stderr.contains("is gone"), "{}", told.stderr);
}

#[test]
fn nobody_is_asked_where_the_folder_is_there_or_in_a_rehearsal() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let caught = here.run(&["send", "2025-11-winter", "--yes", "--catch", "out"]);
    assert_eq!(caught.code, 0, "{caught:?}");
    let issue = here.read("issues/2025-11-winter/issue.toml");
    // Another issue stands under the old name: so it was not renamed.
    let other = issue
        .replace("number = 1", "number = 2")
        .replace("October", "May")
        .replace("Hello", "News for")
        .replace("11-06", "12-04");
    let here = here
        .write("issues/2025-11/issue.toml", other)
        .write("issues/2025-11/hangul.md", "---\ntitle: Hangul\n---\n\nOther letters.\n");
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
}
