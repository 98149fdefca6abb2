//! The receipt of a send: made to be committed, without addresses, and asked about where the ledger
//! is not at hand.

use serde_json::Value;

use crate::harness::Publication;
use crate::outcomes::mixed;
use crate::relay::Relay;
use crate::{LIST, counts, send, summary, with_readers};

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
    assert_eq!((refused.code, late.counts().connections), (3, 0), "{refused:?}");
    for words in [
        "says that the issue went to 8 recipients by ",
        "--despite-receipt",
        "may be forged, as by a pull request, or damaged",
        "`git log -p -- receipts/2025-11.toml`",
    ] {
        assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
    }
    let plan = clone.run(&["plan", "2025-11"]);
    assert!(plan.stderr.contains("says that the issue went to 8 recipients"), "{}", plan.stderr);
    // A rehearsal is no second send.
    assert_eq!(clone.run(&["send", "2025-11", "--yes", "--catch", "out"]).code, 0);
    let told = send(&clone, &late, &["--despite-receipt", "--new-secret"]);
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
    assert_eq!((refused.code, relay.counts().accepted), (3, 8), "{refused:?}");
    assert!(refused.stderr.contains("this ledger knows of 4 only"), "{}", refused.stderr);
}

/// What somebody proposes for a receipt stops the question at most.
#[test]
fn a_receipt_that_cannot_be_read_asks_only_where_the_ledger_knows_nothing() {
    let odd = "\u{1b}[2Jcontent_hash = [[[[[[";
    let (here, relay) = (with_readers(2).write(RECEIPT, odd), Relay::new());
    let refused = send(&here, &relay, &[]);
    assert_eq!((refused.code, relay.counts().connections), (3, 0), "{refused:?}");
    assert!(!refused.stderr.contains('\u{1b}'), "{:?}", refused.stderr);
    assert_eq!(send(&here, &relay, &["--despite-receipt", "--new-secret"]).code, 0);
    assert!(here.read(RECEIPT).contains("accepted = 2"), "it was written anew");
    let here = here.write(RECEIPT, odd);
    assert_eq!(send(&here, &relay, &[]).code, 0, "the ledger knows better");
    assert_eq!(relay.counts().accepted, 2);
}

/// Another secret would end the unsubscribe links of all mail that was sent before.
#[test]
fn a_copy_without_the_secret_makes_a_new_one_only_when_told_to() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let secret = here.read(".digest-secret");
    // A clone has the receipt of the last issue and begins the next one; a copy has the ledger.
    let next = here.read("issues/2025-11/issue.toml").replace("number = 1", "number = 2");
    let clone = cloned(&here).write("issues/2025-12/issue.toml", next);
    let clone = clone.write("issues/2025-12/hangul.md", here.read("issues/2025-11/hangul.md"));
    let copy = with_readers(3).write("digest.db", std::fs::read(here.path("digest.db")).unwrap());
    for (here, issue, shown_by) in [
        (clone, "2025-12", "receipts/2025-11.toml says that mail was sent"),
        (copy, "2025-11", "digest.db shows that mail was sent"),
    ] {
        let (late, before) = (Relay::new(), here.files());
        let url = late.url();
        let line = ["send", issue, "--yes", "--relay", &url];
        let stopped = here.run(&line);
        assert_eq!((stopped.code, late.counts().connections), (3, 0), "{stopped:?}");
        let shown = format!(".digest-secret is missing, and {shown_by}");
        for words in [&shown[..], "copy that file here", "--new-secret"] {
            assert!(stopped.stderr.contains(words), "no {words:?} in {}", stopped.stderr);
        }
        let plan = here.run(&["plan", issue, "--relay", &url]);
        assert!(plan.code == 0 && plan.stderr.contains(&shown), "{plan:?}");
        assert_eq!(here.files(), before, "a file was made");
        // What leaves nobody's computer needs no secret, and makes none.
        for tried in [
            here.run(&["send", issue, "--yes", "--catch", "out"]),
            here.run(&["render", issue, "--as", "r001@x.example", "-o", "out/issue.html"]),
            here.run(&["test", issue, "--to", "r001@x.example", "--catch", "out"]),
        ] {
            assert_eq!(tried.code, 0, "{tried:?}");
            assert!(tried.stderr.contains("are not real"), "{tried:?}");
        }
        assert!(!here.exists(".digest-secret"));
        let sent = here.run(&[&line[..], &["--new-secret"]].concat());
        assert!(sent.code == 0 && here.read(".digest-secret") != secret, "{sent:?}");
        assert_eq!(here.run(&line).code, 0, "it is there now");
    }
    let elsewhere = cloned(&here).env("DIGEST_SECRET", secret.trim());
    let dry = elsewhere.run(&["send", "2025-11", "--yes", "--catch", "out"]);
    assert!(dry.code == 0 && !dry.stderr.contains("is missing"), "{dry:?}");
}

/// Nothing but a receipt tells a clone that the issue was sent: `status` shows it, and says what it
/// is worth.
#[test]
fn status_without_the_ledger_shows_what_the_receipt_says_and_what_it_is_worth() {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    let sent = send(&here, &relay, &[]);
    let hash = summary(&sent)["content_hash"].as_str().expect("a hash").to_owned();
    let clone = cloned(&here).write("receipts/2025-10.toml", "accepted = many");
    let files = clone.files();
    let one = clone.run(&["status", "2025-11"]);
    assert_eq!(one.code, 1, "{one:?}");
    let counts = "2025-11: receipts/2025-11.toml says 8 planned: 5 accepted, 1 refused, \
                  1 deferred, 1 uncertain\n";
    assert!(one.stdout.starts_with(counts), "{one:?}");
    for words in [&hash, "  begin     20", "  end       20"] {
        assert!(one.stdout.contains(words), "no {words:?} in {}", one.stdout);
    }
    for words in ["the ledger is not here: there is no ", "digest.db", "anybody can propose one"] {
        assert!(one.stderr.contains(words), "no {words:?} in {}", one.stderr);
    }
    let all = clone.run(&["status"]);
    assert!(all.stdout.contains("2025-10: receipts/2025-10.toml is there, and cannot be read"));
    assert!(all.stdout.contains(counts), "{all:?}");
    // A script that looks for the counts of a ledger finds none.
    let json = clone.run(&["status", "2025-11", "--json"]);
    let told = summary(&json);
    assert_eq!((json.code, &told["accepted"], &told["ledger"]), (1, &Value::Null, &Value::Null));
    assert_eq!(
        (&told["receipt"]["accepted"], &told["receipt"]["content_hash"]),
        (&5.into(), &hash.into())
    );
    let listed = clone.run(&["status", "2025-11", "--list", "refused"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (1, ""), "{listed:?}");
    assert_eq!(clone.files(), files, "looking makes no file");
}

#[test]
fn status_says_where_a_receipt_knows_more_than_the_ledger_that_is_here() {
    let (here, relay) = (with_readers(8), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let receipt = here.read(RECEIPT);
    let other = with_readers(2).write(LIST, crate::list(2));
    assert_eq!(send(&other, &relay, &[]).code, 0);
    let other = other.write(RECEIPT, &receipt).write("receipts/2025-10.toml", &receipt);
    let told = other.run(&["status"]);
    assert_eq!(told.code, 0, "{told:?}");
    for words in ["this ledger knows of 2 only", "2025-10.toml says that the issue went to 8"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    let unknown = other.run(&["status", "2025-10"]);
    assert!(unknown.stderr.contains("this ledger has no issue 2025-10"), "{}", unknown.stderr);
    assert!(unknown.stdout.starts_with("2025-10: receipts/2025-10.toml says 8 planned"));
}

#[test]
fn a_send_that_the_receipt_stops_makes_no_file() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let clone = cloned(&here);
    let files = clone.files();
    assert_eq!(send(&clone, &relay, &[]).code, 3);
    assert_eq!(clone.files(), files);
}

#[test]
fn a_ledger_that_knows_fewer_people_does_not_write_over_a_receipt() {
    let (here, relay) = (with_readers(8), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let receipt = here.read(RECEIPT);
    let here = here.write(LIST, crate::list(3));
    let second = ["--store", "sqlite:second.db", "--despite-receipt"];
    let told = send(&here, &relay, &second);
    assert_eq!((told.code, relay.counts().accepted), (0, 11), "{told:?}");
    assert_eq!(here.read(RECEIPT), receipt);
    for words in ["this ledger knows of 3 only", "the receipt stays as it is"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    // The first ledger knows what it knew, and says nothing; one that has caught up writes again.
    let first = send(&here, &relay, &[]);
    assert!(first.code == 0 && !first.stderr.contains("stays as it is"), "{first:?}");
    let here = here.write(LIST, crate::list(9));
    assert_eq!(send(&here, &relay, &second).code, 0);
    assert!(here.read(RECEIPT).contains("accepted = 9"), "{}", here.read(RECEIPT));
}

/// `status` speaks of a ledger, and not of a send that nobody began.
#[test]
fn status_beside_a_strange_journal_does_not_say_that_nothing_was_sent() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write("digest.db-marks", "{\"begin\":{\"boot\":\"x\",\"run\":7}}");
    let status = here.run(&["status"]);
    assert!(status.stdout.starts_with("2025-11: 2 planned: 2 accepted"), "{status:?}");
    assert!(status.stderr.contains("these numbers may be wrong"), "{}", status.stderr);
    assert!(!status.stderr.contains("othing was sent"), "{}", status.stderr);
    let refused = send(&here, &relay, &[]);
    assert!(refused.code == 1 && refused.stderr.contains("Nothing was sent"), "{refused:?}");
}
