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
    let here = with_readers(40);
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write(LIST, list(60));
    // A copy for the next issue, of which the editor has changed the head alone.
    let issue = here.read("issues/2025-11/issue.toml");
    let next = issue
        .replace("number = 1", "number = 2")
        .replace("October", "November")
        .replace("Hello", "News for")
        .replace("11-06", "12-04");
    let article = here.read("issues/2025-11/hangul.md");
    let here =
        here.write("issues/2025-12/issue.toml", next).write("issues/2025-12/hangul.md", article);
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
    let here = renamed(&Relay::new());
    let caught = here.run(&["send", "2025-11-winter", "--yes", "--catch", "out"]);
    assert_eq!(caught.code, 0, "{caught:?}");
}

/// Every article, the title, the subject and the preheader were edited after the rename.
fn rewritten(here: Publication) -> Publication {
    let head = "issues/2025-11-winter/issue.toml";
    here.edit(head, "October", "Winter")
        .edit(head, "Hello {{ first_name | reader }}", "Snow and soup")
        .edit(head, "A preheader", "Another one")
        .edit("issues/2025-11-winter/hangul.md", "Twenty-eight", "Twenty-four")
}

#[test]
fn a_renamed_issue_that_was_edited_all_over_is_known_by_its_number_or_its_day() {
    let relay = Relay::new();
    let head = "issues/2025-11-winter/issue.toml";
    let here = rewritten(renamed(&relay)).edit(head, "11-06", "11-09");
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    let words = "its folder is gone; issues/2025-11-winter has the same number, 1";
    assert!(told.stderr.contains(words), "{}", told.stderr);
    let here = here.edit(head, "11-09", "11-06").edit(head, "number = 1", "number = 2").edit(
        head,
        "Snow and soup",
        "Good day, {{ first_name | reader }}, and hello",
    );
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    assert!(told.stderr.contains("is of the same day, 2025-11-06"), "{}", told.stderr);
    // Neither the number nor the day, nor anything else.
    let here = here.edit(head, "11-06", "12-04");
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 100), "{told:?}");
}

#[test]
fn a_copy_without_the_ledger_knows_a_rewritten_issue_by_the_number_in_its_receipt() {
    let relay = Relay::new();
    let here = rewritten(renamed(&relay));
    let receipt = here.read("receipts/2025-11.toml");
    assert!(receipt.contains("number = 1\n") && receipt.contains("date = \"2025-11-06\"\n"));
    let here = here.remove("digest.db");
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
    for words in [
        "receipts/2025-11.toml says that issues/2025-11 was sent to 40 people",
        "issues/2025-11-winter has the same number, 1",
        "may be forged",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

/// What only looks like a second issue of that number switches no question off.
#[test]
fn a_second_receipt_of_the_same_number_does_not_silence_the_question() {
    let relay = Relay::new();
    let here = rewritten(renamed(&relay)).remove("digest.db");
    let receipt = here.read("receipts/2025-11.toml");
    let zeros = receipt.replace(" = 40\n", " = 0\n");
    let mut here = here;
    for second in [zeros, receipt] {
        here = here.write("receipts/2025-10.toml", second);
        let told = send_as(&here, &relay, "2025-11-winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 40), "{told:?}");
        assert!(told.stderr.contains("receipts/2025-11.toml says that issues/2025-11 was sent"));
    }
}

/// Neither of the two issues has a number, and the day is another one.
#[test]
fn a_copy_without_the_ledger_is_told_of_a_receipt_whose_folder_is_gone() {
    let relay = Relay::new();
    let here = with_readers(2).edit("issues/2025-11/issue.toml", "number = 1\n", "");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.remove("digest.db");
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-12")).expect("renamed");
    let here = here.edit("issues/2025-12/issue.toml", "11-06", "12-04");
    let words = "receipts/2025-11.toml tells of issues/2025-11, whose folder is gone";
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert!(told.stderr.contains(words), "{told:?}");
    // Once the ledger knows this issue, and with a number, there is nothing to say.
    assert!(!send_as(&here, &relay, "2025-12", &[]).stderr.contains(words));
}

/// What was sent counts, also where its folder was moved away.
#[test]
fn a_new_issue_gets_the_number_behind_that_of_the_last_receipt() {
    let here = with_readers(1).edit("issues/2025-11/issue.toml", "number = 1", "number = 12");
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    std::fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
    assert_eq!(here.run(&["new", "2025-12"]).code, 0);
    assert!(here.read("issues/2025-12/issue.toml").starts_with("number = 13\n"));
}

/// Whoever may have it is sent to once more and put off: they may still have it.
#[test]
fn a_renamed_issue_whose_resend_was_put_off_is_asked_about() {
    use sejong_digest::catcher::script::{At, Do, Script, When};
    let lost = Relay::scripted(Script::new().rule(At::Dot, When::Always, Do::AcceptThenClose));
    let here = with_readers(1);
    assert_ne!(send(&here, &lost, &[]).code, 0);
    let busy = Relay::scripted(crate::outcomes::script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &busy, &["--uncertain", "resend"]).code, 4);
    let folder = |name| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("2025-11-winter")).expect("renamed");
    let relay = Relay::new();
    let told = send_as(&here, &relay, "2025-11-winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 0), "{told:?}");
    let words = "issues/2025-11 may have reached 1 person, and its folder is gone";
    assert!(told.stderr.contains(words), "{}", told.stderr);
}

/// A folder of the old name says nothing where another issue is in it.
#[test]
fn another_issue_in_the_folder_of_the_old_name_does_not_silence_the_question() {
    let relay = Relay::new();
    let here = renamed(&relay);
    let decoy = here
        .read("issues/2025-11-winter/issue.toml")
        .replace("number = 1", "number = 2")
        .replace("October", "May")
        .replace("Hello {{ first_name | reader }}", "News for May")
        .replace("11-06", "12-04");
    let here = here
        .write("issues/2025-11/issue.toml", decoy)
        .write("issues/2025-11/hangul.md", "---\ntitle: Hangul\n---\n\nOther letters.\n");
    let words = "another issue is in its folder now; issues/2025-11-winter has the same ";
    for here in [here, rewritten(renamed(&relay))] {
        let decoy = "number = 9\ntitle = \"May\"\nsubject = \"News\"\ndate = 2026-05-07\n";
        let here = if here.exists("issues/2025-11") {
            here
        } else {
            here.write("issues/2025-11/issue.toml", decoy)
        };
        let before = relay.counts().accepted;
        let told = send_as(&here, &relay, "2025-11-winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, before), "{told:?}");
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        assert!(!told.stderr.contains("git mv"), "{}", told.stderr);
    }
}

/// Issue after issue with a standing article and a standing text in the subject: whether old folders
/// stay or go, nobody is asked.
#[test]
fn twelve_ordinary_issues_in_a_row_ask_nothing() {
    for (stays, numbered) in [(true, true), (false, true), (false, false)] {
        let relay = Relay::new();
        let mut here = with_readers(2);
        std::fs::remove_dir_all(here.path("issues/2025-11")).unwrap();
        for month in 1..=12 {
            let number = if numbered { format!("number = {month}\n") } else { String::new() };
            // Without a number, only the words of the subject tell that it is another one.
            let subject = if numbered { "Our digest".to_owned() } else { format!("News {month}") };
            let head = format!(
                "{number}title = \"Month {month}\"\nsubject = \"{subject}\"\n\
                 preheader = \"What happened in month {month}, and what comes next to us.\"\n\
                 date = 2025-{month:02}-06\n"
            );
            let issue = format!("2025-{month:02}");
            let own = format!("---\ntitle: Own\n---\n\nOnly in month {month}.\n");
            here = here
                .write(&format!("issues/{issue}/issue.toml"), head)
                .write(&format!("issues/{issue}/own.md"), own)
                .write(&format!("issues/{issue}/imprint.md"), "---\ntitle: Us\n---\n\nWe.\n");
            let told = send_as(&here, &relay, &issue, &[]);
            assert_eq!((told.code, relay.counts().accepted), (0, 2 * month), "{told:?}");
            assert!(!told.stderr.contains("was sent to"), "{}", told.stderr);
            if !stays {
                std::fs::remove_dir_all(here.path(&format!("issues/{issue}"))).unwrap();
            }
        }
    }
}
