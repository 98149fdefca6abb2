//! The receipt of a send: made to be committed, without addresses, and asked about where the ledger
//! is not at hand.

use crate::harness::Publication;
use crate::outcomes::mixed;
use crate::relay::Relay;
use crate::{counts, send, summary, with_readers};

const RECEIPT: &str = "receipts/2025-11.toml";

/// A copy of a publication as git would make it: without the ledger.
fn cloned(here: &Publication) -> Publication {
    with_readers(8).write(RECEIPT, here.read(RECEIPT))
}

#[test]
fn a_send_leaves_a_receipt_that_names_nobody() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    let output = send(&here, &relay, &[]);
    assert_eq!(output.code, 4, "{output:?}");
    let receipt = here.read(RECEIPT);
    assert!(!receipt.contains('@') && !receipt.contains("x.example"), "{receipt}");
    let hash = summary(&output)["content_hash"].as_str().expect("a hash").to_owned();
    for line in [
        &format!("content_hash = \"{hash}\""),
        "planned = 8",
        "accepted = 5",
        "refused = 1",
        "deferred = 1",
        "uncertain = 1",
    ] {
        assert!(receipt.lines().any(|l| l == line), "no {line} in {receipt}");
    }
    assert!(receipt.contains("begin = \"20") && receipt.contains("end = \"20"), "{receipt}");
    assert!(output.stderr.contains("receipts/2025-11.toml says"), "{}", output.stderr);
    // The next send writes what is true then, and nothing else lies beside it.
    assert_eq!(send(&here, &Relay::new(), &[]).code, 4);
    assert!(here.read(RECEIPT).contains("accepted = 6"), "{}", here.read(RECEIPT));
    let files: Vec<_> = here.files().into_iter().filter(|f| f.starts_with("receipts")).collect();
    assert_eq!(files, [RECEIPT]);
}

#[test]
fn neither_a_rehearsal_nor_a_dry_run_nor_a_send_that_reached_nobody_leaves_one() {
    let (here, relay) = (with_readers(2), Relay::new());
    let line = ["send", "2025-11", "--yes"];
    assert_eq!(here.run(&[&line[..], &["--catch", "out"]].concat()).code, 0);
    assert_eq!(here.run(&[&line[..], &["--dry-run", "--relay", &relay.url()]].concat()).code, 0);
    assert_eq!(here.run(&[&line[..], &["--relay", "smtp://127.0.0.1:1"]].concat()).code, 1);
    assert!(!here.exists("receipts"));
}

#[test]
fn a_copy_without_the_ledger_sends_a_second_time_only_when_told_to() {
    let (here, relay) = (with_readers(8), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let (clone, late) = (cloned(&here), Relay::new());
    let refused = send(&clone, &late, &[]);
    assert_eq!((refused.code, late.counts().connections), (1, 0), "{refused:?}");
    for words in [
        "says that the issue went to 8 recipients by ",
        "--despite-receipt",
        "may be forged or damaged",
        "`git log -p -- receipts/2025-11.toml`",
    ] {
        assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
    }
    let plan = clone.run(&["plan", "2025-11"]);
    assert!(plan.stderr.contains("says that the issue went to 8 recipients"), "{}", plan.stderr);
    // A rehearsal is no second send.
    assert_eq!(clone.run(&["send", "2025-11", "--yes", "--catch", "out"]).code, 0);
    let told = send(&clone, &late, &["--despite-receipt"]);
    assert_eq!((told.code, counts(&clone, &told)), (0, [8, 0, 0, 0, 0, 0]), "{told:?}");
    // With its ledger it goes on as ever.
    assert_eq!(send(&here, &relay, &[]).code, 0);
    assert_eq!(relay.counts().accepted, 8);
}

#[test]
fn a_ledger_of_yesterday_asks_too() {
    let (here, relay) = (with_readers(4), Relay::new());
    assert_eq!(send(&here, &relay, &["--limit", "100/second"]).code, 0);
    let yesterday = std::fs::read(here.path("digest.db")).expect("a ledger");
    let here = here.write("subscribers.csv", crate::list(8));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write("digest.db", yesterday);
    let refused = send(&here, &relay, &[]);
    assert_eq!((refused.code, relay.counts().accepted), (1, 8), "{refused:?}");
    assert!(refused.stderr.contains("this ledger knows of 4 only"), "{}", refused.stderr);
}

/// What somebody proposes for a receipt stops the question at most.
#[test]
fn a_receipt_that_cannot_be_read_asks_only_where_the_ledger_knows_nothing() {
    let odd = "\u{1b}[2Jcontent_hash = [[[[[[";
    let (here, relay) = (with_readers(2).write(RECEIPT, odd), Relay::new());
    let refused = send(&here, &relay, &[]);
    assert_eq!((refused.code, relay.counts().connections), (1, 0), "{refused:?}");
    assert!(!refused.stderr.contains('\u{1b}'), "{:?}", refused.stderr);
    assert_eq!(send(&here, &relay, &["--despite-receipt"]).code, 0);
    assert!(here.read(RECEIPT).contains("accepted = 2"), "it was written anew");
    let here = here.write(RECEIPT, odd);
    assert_eq!(send(&here, &relay, &[]).code, 0, "the ledger knows better");
    assert_eq!(relay.counts().accepted, 2);
}
