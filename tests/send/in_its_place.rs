//! Something else than a text in the place of a receipt, or of the folder of all receipts, in a clone
//! whose ledger knows some of the people: it hides no word of another ledger.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{LIST, list, send, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";

/// A clone that has sent to one person, and the receipt of who has sent to all four.
fn two_ledgers(relay: &Relay) -> (Publication, String) {
    let (one, all) = (with_readers(4), with_readers(4));
    assert_eq!(send(&one, relay, &["--to", "r001@x.example"]).code, 0);
    assert_eq!(send(&all, relay, &[]).code, 0);
    let text = all.read(RECEIPT);
    fs::remove_file(one.path(RECEIPT)).expect("removed");
    (one, text)
}

/// Puts something in the place of a receipt with this text.
type Puts = fn(&Publication, &str);

fn put_large(here: &Publication, text: &str) {
    fs::write(here.path(RECEIPT), format!("{text}{}", "#".repeat(70_000))).expect("written");
}

fn put_link(here: &Publication, text: &str) {
    fs::write(here.path("elsewhere.toml"), text).expect("written");
    symlink("../elsewhere.toml", here.path(RECEIPT)).expect("linked");
}

fn put_folder(here: &Publication, text: &str) {
    fs::create_dir(here.path(RECEIPT)).expect("made");
    fs::write(here.path(&format!("{RECEIPT}/kept.toml")), text).expect("written");
}

fn put_pipe(here: &Publication, _: &str) {
    assert_eq!(here.shell(&format!("mkfifo {RECEIPT}")).code, 0);
}

fn put_linked_folder(here: &Publication, text: &str) {
    fs::rename(here.path("receipts"), here.path("elsewhere")).expect("moved");
    fs::write(here.path("elsewhere/2025-11.toml"), text).expect("written");
    symlink("elsewhere", here.path("receipts")).expect("linked");
}

fn put_file(here: &Publication, text: &str) {
    fs::remove_dir(here.path("receipts")).expect("removed");
    fs::write(here.path("receipts"), text).expect("written");
}

#[test]
fn what_is_no_receipt_is_asked_about_also_where_the_ledger_knows_somebody() {
    let puts: [(Puts, &str, &str); 6] = [
        (
            put_large,
            "receipts/2025-11.toml is larger than any receipt",
            "receipts/2025-11.toml.unread",
        ),
        (put_link, "receipts/2025-11.toml is a link", "elsewhere.toml"),
        (put_folder, "receipts/2025-11.toml is not a file", "receipts/2025-11.toml/kept.toml"),
        (put_pipe, "receipts/2025-11.toml is not a file", ""),
        (put_linked_folder, "receipts is a link", "elsewhere/2025-11.toml"),
        (put_file, "receipts is not a folder", "receipts"),
    ];
    for (put, words, kept) in puts {
        let relay = Relay::new();
        let (here, text) = two_ledgers(&relay);
        put(&here, &text);
        let plan = here.run(&["plan", "2025-11", "--relay", &relay.url()]);
        assert_eq!(plan.code, 0, "{plan:?}");
        let known = "this ledger knows of 1 person who has it or may have it";
        for words in [words, known, "--despite-receipt"] {
            assert!(plan.stderr.contains(words), "no {words:?} in {}", plan.stderr);
        }
        for status in [here.run(&["status", "2025-11"]), here.run(&["status"])] {
            assert!(status.code == 0 && status.stderr.contains(words), "{words}: {status:?}");
        }
        let asked = send(&here, &relay, &[]);
        assert_eq!((asked.code, relay.counts().accepted), (3, 5), "{words}: {asked:?}");
        assert!(asked.stderr.contains(words), "no {words:?} in {}", asked.stderr);
        // A yes for one person is none for the others.
        let one = send(&here, &relay, &["--to", "r002@x.example", "--despite-receipt"]);
        assert_eq!((one.code, relay.counts().accepted), (0, 6), "{words}: {one:?}");
        assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (3, 6), "{words}");
        let told = send(&here, &relay, &["--despite-receipt"]);
        assert_eq!((told.code, relay.counts().accepted), (0, 8), "{words}: {told:?}");
        if !kept.is_empty() {
            assert!(here.read(kept).starts_with(&text), "{words}");
        }
        // The same command goes on, as from cron, and `status` has nothing more to say.
        let here = here.write(LIST, list(5));
        let again = send(&here, &relay, &[]);
        assert_eq!((again.code, relay.counts().accepted), (0, 9), "{words}: {again:?}");
        let status = here.run(&["status"]);
        assert!(!status.stderr.contains(words), "{words}: {status:?}");
    }
}

/// Who knows nobody of the issue is asked as before, and its yes is kept too: the run may fail.
#[test]
fn a_yes_to_what_is_no_receipt_outlives_a_run_that_reaches_nobody() {
    let here = with_readers(2);
    fs::create_dir(here.path("elsewhere")).expect("made");
    symlink("elsewhere", here.path("receipts")).expect("linked");
    let relay = Relay::new();
    let asked = send(&here, &relay, &["--new-secret"]);
    assert_eq!((asked.code, relay.counts().connections), (3, 0), "{asked:?}");
    let nobody = ["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:1", "--new-secret"];
    let failed = here.run(&[&nobody[..], &["--despite-receipt"]].concat());
    assert_eq!(failed.code, 1, "{failed:?}");
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2), "{told:?}");
}
