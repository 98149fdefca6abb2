//! A ledger that is not where it last sent from: a copy of it does not know what the other one has sent
//! since. A folder that has moved with its ledger looks the same, so it is asked about once.

use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::relay::Relay;
use crate::{LIST, book, counts, list, send, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";

/// The same folder, with all that lies in it, as `cp -r` makes it.
fn copied(here: &Publication, readers: usize) -> Publication {
    let copy = with_readers(readers);
    let beside = here.files().into_iter().filter(|file| file.starts_with("digest.db"));
    for file in beside.chain([".digest-secret".to_owned(), RECEIPT.to_owned()]) {
        if here.exists(&file) {
            std::fs::create_dir_all(copy.path("receipts")).expect("made");
            std::fs::copy(here.path(&file), copy.path(&file)).expect("copied");
        }
    }
    copy
}

#[test]
fn a_copy_of_the_folder_sends_only_when_somebody_says_that_it_goes_on() {
    if only_files("a copy of the file") {
        return;
    }
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let copy = copied(&here, 4);
    // The first one goes on, and the copy does not know of it.
    let here = here.write(LIST, list(4));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    let told = send(&copy, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    for words in [
        "digest.db is not the file that it was when it last sent: it was copied, moved or put back",
        "what another copy of it has sent since is not in it; nothing was sent",
        "send from that one, or bring it here",
        "add --despite-copy: once a send has begun, it is not asked about again",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let plan = copy.run(&["plan", "2025-11", "--json"]);
    assert!(plan.code == 0 && plan.stderr.contains("(exit 3) without --despite-copy"), "{plan:?}");
    assert!(plan.stdout.contains(r#""flag":"--despite-copy""#), "{plan:?}");
    let told = copy.run(&["subscribers", "suppress", "gone@x.example", "--why", "x"]);
    let words = "digest.db is not where it last sent from. Where another copy of it sends";
    assert!(told.code == 0 && told.stderr.contains(words), "{told:?}");
    let rehearsed = copy.run(&["send", "2025-11", "--yes", "--catch", "out"]);
    assert_eq!(rehearsed.code, 0, "{rehearsed:?}");
    // It has moved here, and that is said once.
    let told = send(&copy, &relay, &["--despite-copy"]);
    assert_eq!((told.code, counts(&copy, &told)), (0, [4, 0, 0, 0, 0, 0]), "{told:?}");
    let copy = copy.write(LIST, list(5));
    let told = send(&copy, &relay, &[]);
    assert!(told.code == 0 && !told.stderr.contains("copied"), "{told:?}");
}

#[test]
fn a_folder_that_is_copied_while_it_sends_does_not_send_the_rest_too() {
    if only_files("a copy of the file") {
        return;
    }
    let (here, relay) = (with_readers(40), Relay::new());
    let url = relay.url();
    let running =
        here.start(&["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"]);
    relay.has_taken(5);
    let copy = copied(&here, 40);
    assert!(copy.exists("digest.db-marks"), "the journal of the run is there too");
    let told = send(&copy, &Relay::new(), &[]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.stderr.contains("--despite-copy"), "{told:?}");
    let told = running.wait();
    assert_eq!((told.code, book(&here).of("accepted").len()), (0, 40), "{told:?}");
}

#[test]
fn a_ledger_that_was_put_back_is_asked_about_once_and_one_that_was_renamed_never() {
    if only_files("a copy of the file") {
        return;
    }
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    std::fs::create_dir(here.path("ledgers")).expect("made");
    let place = here.path("ledgers/news.db");
    std::fs::rename(here.path("digest.db"), &place).expect("renamed");
    let here = here.write(LIST, list(3));
    let store = ["--store", "sqlite:ledgers/news.db"];
    let told = send(&here, &relay, &store);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    assert!(!told.stderr.contains("copied"), "{told:?}");
    let backup = here.path("ledgers/backup");
    std::fs::copy(&place, &backup).expect("copied");
    std::fs::rename(&backup, &place).expect("put back");
    // Nobody is left to send to: it is told.
    let told = send(&here, &relay, &store);
    assert!(told.code == 0 && told.stderr.contains("was copied, moved or put back"), "{told:?}");
    let here = here.write(LIST, list(4));
    assert_eq!(send(&here, &relay, &store).code, 3);
    let told = send(&here, &relay, &[&store[..], &["--despite-copy"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    let here = here.write(LIST, list(5));
    assert_eq!((send(&here, &relay, &store).code, relay.counts().accepted), (0, 5));
}

// `digest store copy` settles what a killed send has left, and says what the new store asks for.
#[test]
fn a_store_is_copied_behind_a_killed_send_with_all_that_its_journal_says() {
    if only_files("copies one file to another") {
        return;
    }
    let (here, relay) = (with_readers(40), Relay::new());
    let url = relay.url();
    let running =
        here.start(&["send", "2025-11", "--yes", "--relay", &url, "--limit", "20/second"]);
    relay.has_taken(5);
    running.kill();
    let copied = here.run(&["store", "copy", "sqlite:digest.db", "sqlite:moved.db"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    assert!(copied.stdout.contains("add --despite-copy to the first `digest send`"), "{copied:?}");
    let store = ["--store", "sqlite:moved.db"];
    let serve = ["serve", "--check"];
    let refused = here.run(&[&serve[..], &store].concat());
    assert_eq!(refused.code, 3, "{refused:?}");
    let checked = here.run(&[&serve[..], &store, &["--despite-copy"]].concat());
    assert_eq!(checked.code, 0, "{checked:?}");
    let told = send(&here, &relay, &[&store[..], &["--despite-copy"]].concat());
    assert!(matches!(told.code, 0 | 4), "{told:?}");
    assert!(relay.copies().values().all(|copies| *copies == 1), "{:?}", relay.copies());
    let checked = here.run(&[&serve[..], &store].concat());
    assert_eq!(checked.code, 0, "{checked:?}");
    // Nobody is asked about a store that has never sent.
    let fresh = Publication::new();
    let add = ["subscribers", "add", "kim@a.example", "--consent", "asked"];
    assert_eq!(fresh.run(&add).code, 0);
    let copied = fresh.run(&["store", "copy", "sqlite:digest.db", "sqlite:moved.db"]);
    assert!(copied.code == 0 && !copied.stdout.contains("--despite-copy"), "{copied:?}");
}
