//! What a person has said of one issue that looks like another: for which of the two, and for whom.

use std::fs;

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::renamed::{article, send_as, with_issue};
use crate::{LIST, list, send, with_readers};

fn moved(here: &Publication, from: &str, to: &str) {
    let folder = |name: &str| here.path(&format!("issues/{name}"));
    fs::rename(folder(from), folder(to)).expect("renamed");
}

/// The issue went to four people, and its folder has another name.
fn renamed(relay: &Relay) -> Publication {
    let here = with_readers(4);
    assert_eq!(send(&here, relay, &[]).code, 0);
    moved(&here, "2025-11", "winter");
    here
}

#[test]
fn a_yes_for_one_person_or_a_part_of_the_list_is_none_for_all() {
    for part in [["--to", "r001@x.example"], ["--only", "email=r001@x.example"]] {
        let relay = Relay::new();
        let here = renamed(&relay);
        let yes = [&part[..], &["--new-issue"]].concat();
        let told = send_as(&here, &relay, "winter", &yes);
        assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
        // The same command goes on.
        assert_eq!(send_as(&here, &relay, "winter", &part).code, 0);
        let plan = here.run(&["plan", "winter", "--relay", &relay.url()]);
        assert!(plan.code == 0 && plan.stderr.contains("--new-issue"), "{plan:?}");
        let told = send_as(&here, &relay, "winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 5), "{told:?}");
        let words = "3 people of this list got it, and would get it again";
        assert!(told.stderr.contains(words), "{}", told.stderr);
        assert_eq!(send_as(&here, &relay, "winter", &["--new-issue"]).code, 0);
        assert_eq!(relay.counts().accepted, 8);
        // For all it is said once.
        let here = here.write(LIST, list(5));
        let told = send_as(&here, &relay, "winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 9), "{told:?}");
    }
}

/// Beside another list than the usual one, and beside one that lacked most people.
#[test]
fn a_yes_is_for_those_who_were_in_the_list_then() {
    for other in ["b.csv", LIST] {
        let relay = Relay::new();
        let here = renamed(&relay).write(other, "email\nr001@x.example\nnew@x.example\n");
        let beside = ["--subscribers", other];
        let yes = [&beside[..], &["--new-issue"]].concat();
        assert_eq!(send_as(&here, &relay, "winter", &beside).code, 3);
        let told = send_as(&here, &relay, "winter", &yes);
        assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
        // The same command goes on, however the list is named, and with somebody new.
        let here = here.write(other, "email\nr001@x.example\nnew@x.example\nn2@x.example\n");
        let told = send_as(&here, &relay, "winter", &["--subscribers", &format!("./{other}")]);
        assert_eq!((told.code, relay.counts().accepted), (0, 7), "{told:?}");
        let here = here.write(LIST, list(4));
        for line in [&[][..], &["--subscribers", LIST]] {
            let told = send_as(&here, &relay, "winter", line);
            assert_eq!((told.code, relay.counts().accepted), (3, 7), "{other}: {told:?}");
            let words = "3 people of this list got it, and would get it again";
            assert!(told.stderr.contains(words), "{}", told.stderr);
        }
        assert_eq!(send_as(&here, &relay, "winter", &["--new-issue"]).code, 0);
        let here = here.write(LIST, list(5));
        let told = send_as(&here, &relay, "winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, 11), "{told:?}");
    }
}

/// A yes beside another list makes no letter of an issue that is sent again and again.
#[test]
fn a_yes_beside_another_list_makes_no_text_a_standing_one() {
    for beside in [&["--subscribers", "b.csv"][..], &[]] {
        let relay = Relay::new();
        let here = renamed(&relay).write("b.csv", "email\nr001@x.example\n");
        let manifest = here.read("issues/winter/issue.toml");
        let article = here.read("issues/winter/hangul.md");
        let head = |number: &str, subject: &str, date: &str| {
            let head = manifest.replace("number = 1", number).replace("Hello", subject);
            head.replace("11-06", date)
        };
        let here = here
            .write("issues/winter/issue.toml", head("number = 2", "Good day", "12-04"))
            .write("issues/spring/issue.toml", head("number = 3", "Good evening", "12-31"))
            .write("issues/spring/hangul.md", article);
        let yes = [beside, &["--new-issue"]].concat();
        assert_eq!(send_as(&here, &relay, "winter", &yes).code, 0);
        let told = send_as(&here, &relay, "spring", &[]);
        assert_eq!(told.code, if beside.is_empty() { 0 } else { 3 }, "{told:?}");
    }
}

/// The text is that of the receipt, and the ledger knows who has it.
#[test]
fn a_receipt_of_this_ledger_asks_nothing_of_people_who_do_not_have_its_issue() {
    for some in [["--to", "r005@x.example"], ["--except", "have.csv"]] {
        let relay = Relay::new();
        let here = renamed(&relay).write(LIST, list(5));
        let rows: String = (1..=4).map(|n| format!("r{n:03}@x.example\n")).collect();
        let here = here.write("have.csv", rows);
        let told = send_as(&here, &relay, "winter", &some);
        assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
        let told = send_as(&here, &relay, "winter", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 5), "{told:?}");
        assert!(told.stderr.contains("4 people of this list got it"), "{}", told.stderr);
    }
}

/// A half of the people has it. The other half gets it under a new name; then the folder gets its old
/// name back.
#[test]
fn an_issue_that_goes_on_under_its_old_name_is_compared_with_what_was_sent_under_the_new_one() {
    let here = with_readers(4);
    let busy = Do::reply("450 4.2.1 mailbox busy");
    let some = ["r003", "r004"].into_iter().fold(Script::new(), |script, who| {
        script.rule(At::Rcpt, When::recipient(who), busy.clone())
    });
    assert_eq!(send(&here, &Relay::scripted(some), &[]).code, 4);
    moved(&here, "2025-11", "winter");
    let relay = Relay::new();
    assert_eq!(send_as(&here, &relay, "winter", &[]).code, 3);
    assert_eq!(send_as(&here, &relay, "winter", &["--new-issue"]).code, 0);
    moved(&here, "winter", "2025-11");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    for words in [
        "issues/winter was sent to 4 people, and its folder is gone",
        "2 people of this list got it, and would get it again",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let told = send(&here, &relay, &["--new-issue"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
    assert_eq!(send(&here, &relay, &[]).code, 0);
}

/// A copy that was let go is another issue: the first one goes on as before.
#[test]
fn an_issue_of_which_a_copy_was_let_go_goes_on_unasked() {
    let here = with_readers(3);
    let busy = Do::reply("450 4.2.1 mailbox busy");
    let script = Script::new().rule(At::Rcpt, When::recipient("r003"), busy);
    assert_eq!(send(&here, &Relay::scripted(script), &[]).code, 4);
    let manifest = here.read("issues/2025-11/issue.toml").replace("11-06", "12-04");
    let manifest = manifest.replace("number = 1", "number = 2");
    let article = here.read("issues/2025-11/hangul.md");
    let here =
        here.write("issues/copy/issue.toml", manifest).write("issues/copy/hangul.md", article);
    let relay = Relay::new();
    assert_eq!(send_as(&here, &relay, "copy", &[]).code, 3);
    assert_eq!(send_as(&here, &relay, "copy", &["--new-issue"]).code, 0);
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
}

/// An edition goes to other people first, which asks nothing, and then to everybody.
#[test]
fn an_edition_is_compared_again_when_it_goes_to_people_who_have_the_other_one() {
    for is_kept in [true, false] {
        let relay = Relay::new();
        let texts = ["rain", "snow"].map(|name| (name, article(name, 9)));
        let here = with_readers(4);
        fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
        let here = with_issue(here, "north", ("number = 1\n", "News", "2025-11-06"), &texts);
        assert_eq!(send_as(&here, &relay, "north", &[]).code, 0);
        let here = with_issue(here, "south", ("number = 2\n", "South", "2025-11-07"), &texts);
        let here = here.write("south.csv", "email\ns1@x.example\ns2@x.example\n");
        let south = ["--subscribers", "south.csv"];
        let told = send_as(&here, &relay, "south", &south);
        assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
        if !is_kept {
            fs::remove_dir_all(here.path("issues/north")).expect("removed");
        }
        // Somebody new of the other people is not asked about.
        let here = here.write("south.csv", "email\ns1@x.example\ns2@x.example\ns3@x.example\n");
        let told = send_as(&here, &relay, "south", &south);
        assert_eq!((told.code, relay.counts().accepted), (0, 7), "{told:?}");
        let told = send_as(&here, &relay, "south", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 7), "{is_kept}: {told:?}");
        let words = "4 people of this list got it, and would get it again";
        assert!(told.stderr.contains(words), "{}", told.stderr);
        assert_eq!(send_as(&here, &relay, "south", &["--new-issue"]).code, 0);
        assert_eq!(relay.counts().accepted, 11);
        assert_eq!(send_as(&here, &relay, "south", &[]).code, 0);
    }
}
