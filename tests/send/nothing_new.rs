//! An issue of which nothing is new, where its text stands in several issues: whoever has one of them is
//! not sent it again without a word.

use std::fs;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::renamed::{article, send_as, with_issue};
use crate::{LIST, list, send, with_readers};

const ONE: &[&str] = &["--to", "r001@x.example", "--new-issue"];

fn texts(names: &[&'static str]) -> Vec<(&'static str, String)> {
    names.iter().map(|name| (*name, article(name, 9))).collect()
}

/// An issue with these articles, and a number, a day and a subject of its own.
fn issue(here: Publication, name: &str, at: u8, names: &[&'static str]) -> Publication {
    let (number, subject) = (format!("number = {at}\n"), format!("Letter {at}"));
    let date = format!("2025-11-{:02}", at + 5);
    with_issue(here, name, (&number, &subject, &date), &texts(names))
}

fn without(here: Publication, name: &str) -> Publication {
    fs::remove_dir_all(here.path(&format!("issues/{name}"))).expect("removed");
    here
}

/// Four people have the first issue.
fn sent(relay: &Relay, names: &[&'static str]) -> Publication {
    let here = issue(without(with_readers(4), "2025-11"), "2025-11", 1, names);
    assert_eq!((send(&here, relay, &[]).code, relay.counts().accepted), (0, 4));
    here
}

fn asks(here: &Publication, relay: &Relay, name: &str, words: &[&str]) {
    let before = relay.counts().accepted;
    let told = send_as(here, relay, name, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, before), "{told:?}");
    for words in words {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

#[test]
fn a_copy_for_other_people_makes_no_text_a_standing_one() {
    for names in [&["rain"][..], &["rain", "snow"]] {
        let relay = Relay::new();
        let here = sent(&relay, names).write("other.csv", "email\ns1@x.example\ns2@x.example\n");
        let here = issue(here, "2025-11-b", 2, names);
        let told = send_as(&here, &relay, "2025-11-b", &["--subscribers", "other.csv"]);
        assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
        let here = issue(without(here, "2025-11"), "2025-12", 3, names);
        let words = [
            "issues/2025-11 was sent to 4 people, and its folder is gone",
            "4 people of this list got it, and would get it again",
        ];
        asks(&here, &relay, "2025-12", &words);
    }
}

#[test]
fn a_yes_for_one_person_makes_no_text_a_standing_one() {
    for is_copied in [false, true] {
        let relay = Relay::new();
        let here = without(sent(&relay, &["rain", "snow"]), "2025-11");
        let here = issue(here, "2025-12", 2, &["rain", "snow"]);
        let told = send_as(&here, &relay, "2025-12", ONE);
        assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
        // Each of the two is named, and whoever has both counts once.
        let here = if is_copied {
            issue(here, "2025-11", 1, &["rain", "snow"])
        } else {
            without(here, "2025-12")
        };
        let here = issue(here, "2026-01", 3, &["rain", "snow"]);
        let words = [
            "issues/2025-12 was sent to 1 person",
            "it looks like issues/2025-11, which was sent to 4 people",
            "4 people of this list got it under one of these names, and would get it again",
            // Where most have it.
            if is_copied {
                "send issues/2025-11, whose folder is there: then"
            } else {
                "`mv issues/2026-01 issues/2025-11`: then"
            },
        ];
        asks(&here, &relay, "2026-01", &words);
        // For everybody it is said once.
        let told = send_as(&here, &relay, "2026-01", &["--new-issue"]);
        assert_eq!((told.code, relay.counts().accepted), (0, 9), "{told:?}");
        let here = issue(here, "2026-02", 4, &["rain", "snow"]);
        let told = send_as(&here, &relay, "2026-02", &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 13), "{told:?}");
    }
}

/// A copy in which one of six articles is another one went to one person with a yes for that person.
#[test]
fn a_yes_for_one_person_makes_the_articles_of_a_copy_no_standing_ones() {
    let relay = Relay::new();
    let six = |last: &'static str| ["rain", "snow", "wind", "fog", "hail", last];
    let here = without(sent(&relay, &six("sun")), "2025-11");
    let here = issue(here, "2025-12", 2, &six("moon"));
    let told = send_as(&here, &relay, "2025-12", ONE);
    assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
    let here = issue(without(here, "2025-12"), "2026-01", 3, &six("stars"));
    let words = [
        "issues/2025-12 was sent to 1 person",
        "it looks like issues/2025-11, which was sent to 4 people",
        "4 people of this list got it under one of these names, and would get it again",
    ];
    asks(&here, &relay, "2026-01", &words);
}

/// Some have it under a third name by now: whoever has it is named by each of the others.
#[test]
fn all_names_under_which_people_have_an_issue_are_in_the_advice() {
    let relay = Relay::new();
    let here = without(sent(&relay, &["rain", "snow"]), "2025-11");
    let mut here = issue(here, "2025-12", 2, &["rain", "snow"]);
    assert_eq!(send_as(&here, &relay, "2025-12", ONE).code, 0);
    here = issue(without(here, "2025-12"), "2026-01", 3, &["rain", "snow"]);
    let another = ["--to", "r002@x.example", "--new-issue"];
    assert_eq!(send_as(&here, &relay, "2026-01", &another).code, 0);
    let words =
        ["leave those out who have it already, with --except FILE (`digest status 2025-12 --list \
         accepted,uncertain` and `digest status 2025-11 --list accepted,uncertain` name them)"];
    asks(&here, &relay, "2026-01", &words);
}

/// The folder is renamed twice, each time with a number, a day and a subject of its own.
#[test]
fn a_second_rename_of_a_folder_is_asked_about_although_the_first_one_was_let_go() {
    for is_kept in [true, false] {
        let relay = Relay::new();
        let here = without(sent(&relay, &["rain", "snow"]), "2025-11");
        let here = issue(here, "2025-12", 2, &["rain", "snow"]);
        let told = send_as(&here, &relay, "2025-12", &["--new-issue"]);
        assert_eq!((told.code, relay.counts().accepted), (0, 8), "{told:?}");
        if is_kept {
            // A letter that is sent again: the folder of the last one is there.
            let here = issue(here, "2026-01", 3, &["rain", "snow"]);
            assert_eq!(send_as(&here, &relay, "2026-01", &[]).code, 0);
            continue;
        }
        let here = issue(without(here, "2025-12"), "2026-01", 3, &["rain", "snow"]);
        let words = [
            "issues/2025-12 was sent to 4 people, and its folder is gone",
            "4 people of this list got it under one of these names, and would get it again",
        ];
        asks(&here, &relay, "2026-01", &words);
    }
}

/// Each of its two articles stands in another issue too.
#[test]
fn an_issue_of_standing_articles_alone_is_asked_about() {
    let relay = Relay::new();
    let mut here = sent(&relay, &["rain", "snow"]);
    for (at, name, names) in [(2, "b", ["rain", "wind"]), (3, "c", ["fog", "snow"])] {
        here = issue(here, name, at, &names);
        assert_eq!(send_as(&here, &relay, name, &[]).code, 0, "{name}");
    }
    let here = issue(here, "d", 4, &["rain", "snow"]);
    asks(&here, &relay, "d", &["issues/2025-11 was sent to 4 people"]);
    // And so is one with a short article more.
    let hello = ("hello", "---\ntitle: Hello\n---\n\nGood day.\n".to_owned());
    let all = [texts(&["rain", "snow"]), vec![hello]].concat();
    let here = with_issue(here, "e", ("number = 5\n", "Letter 5", "2025-11-20"), &all);
    asks(&here, &relay, "e", &["issues/2025-11 was sent to 4 people", "% of its text from there"]);
}

#[test]
fn of_a_part_of_the_list_only_its_people_count() {
    let relay = Relay::new();
    let here = without(with_readers(2), "2025-11")
        .write(LIST, "email,tags\np1@x.example,press\nm1@x.example,member\nm2@x.example,member\n");
    let here = issue(here, "2025-11", 1, &["rain", "snow"]);
    assert_eq!(send(&here, &relay, &["--only", "tag:press"]).code, 0);
    let here = issue(without(here, "2025-11"), "2025-12", 2, &["rain", "snow"]);
    // They have neither of the two.
    let told = send_as(&here, &relay, "2025-12", &["--only", "tag:member"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    let told = send_as(&here, &relay, "2025-12", &["--only", "tag:press"]);
    assert_eq!((told.code, relay.counts().accepted), (3, 3), "{told:?}");
    for words in [
        "1 person of those whom this send is for got it",
        "then these people get it",
        "some have it under this name and some under the other",
        "--except FILE",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    asks(&here, &relay, "2025-12", &["1 person of this list got it", "--except FILE"]);
    let here = here.write("has.csv", "p1@x.example\n").write(
        LIST,
        "email,tags\np1@x.example,press\nm1@x.example,member\nm2@x.example,member\nm3@x.example,\n",
    );
    let told = send_as(&here, &relay, "2025-12", &["--except", "has.csv"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
}

/// Where nobody would be sent to, it is told, and nothing is asked.
#[test]
fn a_finished_issue_asks_nothing_although_the_secret_is_missing() {
    let relay = Relay::new();
    let here = with_readers(3);
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.remove(".digest-secret");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    for words in [".digest-secret is missing", "nothing to send of 2025-11"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    assert!(!here.exists(".digest-secret"));
    // Somebody new: then it is asked.
    let here = here.write(LIST, list(4));
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (3, 3));
}

/// Three folders in a ring, a folder that is gone, and one that was copied over another.
#[test]
fn folders_that_hold_other_sent_issues_are_told_what_is_true_of_them() {
    let relay = Relay::new();
    let mut here = sent(&relay, &["rain"]);
    for (at, name, text) in [(2, "2025-12", "snow"), (3, "2026-01", "wind")] {
        here = issue(here, name, at, &[text]);
        assert_eq!(send_as(&here, &relay, name, &[]).code, 0);
    }
    let moved = |here: &Publication, moves: &[(&str, &str)]| {
        let folder = |name: &str| here.path(&format!("issues/{name}"));
        for (from, to) in moves {
            fs::rename(folder(from), folder(to)).expect("renamed");
        }
    };
    let here = here.write(LIST, list(5));
    let tells = |moves: &[(&str, &str)], back: &[(&str, &str)], words: &str| {
        moved(&here, moves);
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 12), "{told:?}");
        let anyway = "Then 2025-11 goes on as it was. To send the old issue to those who do not have it, \
                      whatever is in the folder, add --despite-changes";
        for words in [words, anyway] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
        assert!(plan.stderr.contains(words), "no {words:?} in {}", plan.stderr);
        moved(&here, back);
    };
    let as_was = [("2025-12", "t"), ("2025-11", "2025-12"), ("t", "2025-11")];
    let swap = [("2025-11", "t"), ("2025-12", "2025-11"), ("t", "2025-12")];
    tells(&swap, &as_was, "it is the issue that was sent as 2025-12: swap the two folders back");
    tells(
        &[("2025-11", "t"), ("2025-12", "2025-11"), ("2026-01", "2025-12"), ("t", "2026-01")],
        &[("2026-01", "t"), ("2025-12", "2026-01"), ("2025-11", "2025-12"), ("t", "2025-11")],
        "sent as 2025-12, and a third issue is in that folder now: give each folder the name back that \
         its issue was sent under",
    );
    tells(
        &[("2025-11", "t"), ("2025-12", "2025-11")],
        &[("2025-11", "2025-12"), ("t", "2025-11")],
        "sent as 2025-12, and no folder has that name now: give it back: `mv issues/2025-11 \
         issues/2025-12`",
    );
    let here = issue(here, "2025-11", 2, &["snow"]);
    let told = send(&here, &relay, &[]);
    let words = "sent as 2025-12, whose folder is still there: this is a copy. Put back what was sent as \
                 2025-11";
    assert!(told.code == 3 && told.stderr.contains(words), "{told:?}");
}

/// Two folders are swapped, one is sent all the same, and they are swapped back.
#[test]
fn a_folder_that_holds_the_first_issue_of_its_name_again_is_no_new_one() {
    let relay = Relay::new();
    let here = issue(sent(&relay, &["rain"]), "2025-12", 2, &["snow"]);
    assert_eq!(send_as(&here, &relay, "2025-12", &[]).code, 0);
    let here = here.write(LIST, list(5));
    let swap = || {
        let folder = |name: &str| here.path(&format!("issues/{name}"));
        for (from, to) in [("2025-11", "t"), ("2025-12", "2025-11"), ("t", "2025-12")] {
            fs::rename(folder(from), folder(to)).expect("renamed");
        }
    };
    swap();
    let anyway = ["--recompose", "--despite-changes", "--new-issue"];
    let told = send(&here, &relay, &anyway);
    assert_eq!((told.code, relay.counts().accepted), (0, 9), "{told:?}");
    swap();
    std::fs::write(here.path(LIST), list(6)).expect("written");
    let words = [
        "it was sent under this name too, before that one",
        "To send it to those who have neither, add --recompose",
        "To send the later one to them, add --despite-changes",
    ];
    asks(&here, &relay, "2025-11", &words);
    let told = send(&here, &relay, &[]);
    assert!(!told.stderr.contains("of its own"), "{}", told.stderr);
    let told = send(&here, &relay, &["--recompose"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 10), "{told:?}");
}

#[test]
fn two_sent_folders_that_changed_their_names_are_told_and_nothing_is_sent() {
    let relay = Relay::new();
    let here = issue(sent(&relay, &["rain"]), "2025-12", 2, &["snow"]);
    assert_eq!(send_as(&here, &relay, "2025-12", &[]).code, 0);
    let folder = |name: &str| here.path(&format!("issues/{name}"));
    for (from, to) in [("2025-11", "t"), ("2025-12", "2025-11"), ("t", "2025-12")] {
        fs::rename(folder(from), folder(to)).expect("renamed");
    }
    for (name, other) in [("2025-11", "2025-12"), ("2025-12", "2025-11")] {
        let told = send_as(&here, &relay, name, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 8), "{told:?}");
        let sent_as =
            format!("it is the issue that was sent as {other}: swap the two folders back");
        for words in [&sent_as, "nothing to send"] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        assert!(!told.stderr.contains("--recompose sends"), "{}", told.stderr);
    }
}
