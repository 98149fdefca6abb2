//! The receipt of a send: made to be committed, without addresses, and asked about where the ledger
//! is not at hand.

use serde_json::Value;

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::outcomes::mixed;
use crate::relay::Relay;
use crate::{LIST, counts, send, summary, with_readers};

const UNREAD: &str = "receipts/2025-11.toml.unread";
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
    let stops = "send asks on a terminal, and elsewhere and with --yes it stops (exit 3) without \
                 --despite-receipt";
    assert!(plan.stderr.contains(stops), "{}", plan.stderr);
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
    if only_files("a copy of the file") {
        return;
    }
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
fn a_receipt_that_cannot_be_read_asks_until_somebody_has_said_yes() {
    let odd = "\u{1b}[2Jcontent_hash = [[[[[[";
    let (here, relay) = (with_readers(2).write(RECEIPT, odd), Relay::new());
    let refused = send(&here, &relay, &[]);
    assert_eq!((refused.code, relay.counts().connections), (3, 0), "{refused:?}");
    assert!(!refused.stderr.contains('\u{1b}'), "{:?}", refused.stderr);
    // For one person, what is there stays, and goes on asking for the others.
    let one = ["--to", "r001@x.example", "--new-secret"];
    let told = send(&here, &relay, &[&one[..], &["--despite-receipt"]].concat());
    assert_eq!((told.code, here.read(RECEIPT).as_str()), (0, odd), "{told:?}");
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (3, 1));
    assert_eq!(send(&here, &relay, &["--despite-receipt"]).code, 0);
    assert!(here.read(RECEIPT).contains("accepted = 2"), "it was written anew");
    assert_eq!(here.read(UNREAD), odd);
    // Whatever the ledger knows: another one may have written it.
    let other = format!("{odd} and more");
    let here = here.write(RECEIPT, &other).write(LIST, crate::list(3));
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (3, 2));
    assert_eq!((send(&here, &relay, &["--despite-receipt"]).code, relay.counts().accepted), (0, 3));
    assert_eq!((here.read(UNREAD).as_str(), here.read(&format!("{UNREAD}.2"))), (odd, other));
    let here = here.write(RECEIPT, odd).write(LIST, crate::list(4));
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 4), "a yes is kept");
}

/// A yes for a part of the list holds for the commands that go on with it.
#[test]
fn a_yes_is_for_the_part_of_the_list_that_it_was_given_for() {
    let (here, first) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let busy = Script::new().once(At::Rcpt, When::Always, Do::reply("450 4.2.1 busy"));
    let relay = Relay::scripted(busy);
    let here = here.write(LIST, crate::list(5));
    let part = ["--store", "sqlite:second.db", "--to", "r004@x.example"];
    let put_off = send(&here, &relay, &[&part[..], &["--despite-receipt"]].concat());
    assert_eq!((put_off.code, relay.counts().accepted), (4, 0), "{put_off:?}");
    assert_eq!(send(&here, &relay, &part[..2]).code, 3, "the others");
    assert_eq!((send(&here, &relay, &part).code, relay.counts().accepted), (0, 1));
    let fifth = ["--store", "sqlite:second.db", "--to", "r005@x.example"];
    assert_eq!((send(&here, &relay, &fifth).code, relay.counts().accepted), (3, 1));
}

/// Another secret would end the unsubscribe links of all mail that was sent before.
#[test]
fn a_copy_without_the_secret_makes_a_new_one_only_when_told_to() {
    if only_files("copies of the file") {
        return;
    }
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
        for words in [&shown[..], "opy .digest-secret here", "--new-secret"] {
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
        // The ledger may have been lost too, and that is another question.
        let other = if issue == "2025-12" { "--despite-receipt" } else { "--despite-copy" };
        let more = &["--new-secret", other];
        let sent = here.run(&[&line[..], more].concat());
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
    if only_files("the file is missing") {
        return;
    }
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
    assert!(all.stdout.contains("2025-10: receipts/2025-10.toml is no receipt that can be read"));
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
    for words in [
        "this ledger knows of 2, and they may be other people",
        "2025-10.toml says that the issue went to 8",
    ] {
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

/// Each ledger has its own words in the receipt, and none forgets those of the others.
#[test]
fn a_second_ledger_keeps_what_the_first_one_said_and_is_asked_once() {
    let (here, relay) = (with_readers(8), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write(LIST, crate::list(3));
    let second = ["--store", "sqlite:second.db"];
    assert_eq!(send(&here, &relay, &second).code, 3);
    let told = send(&here, &relay, &[&second[..], &["--despite-receipt"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 11), "{told:?}");
    assert!(told.stderr.contains("keeps what another ledger said of it"), "{}", told.stderr);
    let receipt = here.read(RECEIPT);
    let accepted: Vec<&str> = receipt.lines().filter(|l| l.starts_with("accepted")).collect();
    assert_eq!(accepted, ["accepted = 3", "accepted = 8"], "{receipt}");
    // The second one was told to, and asks no more about the same send.
    let here = here.write(LIST, crate::list(4));
    assert_eq!((send(&here, &relay, &second).code, relay.counts().accepted), (0, 12));
    // The first one knows nothing of the second. Where nobody is left, that is told and no more.
    let first = send(&here, &relay, &[]);
    assert_eq!((first.code, relay.counts().accepted), (0, 12), "{first:?}");
    assert!(first.stderr.contains("went to 4 recipients by "), "{}", first.stderr);
    let plan = here.run(&["plan", "2025-11"]);
    assert!(!plan.stderr.contains("send asks"), "{}", plan.stderr);
    let here = here.write(LIST, crate::list(9));
    let first = send(&here, &relay, &[]);
    assert_eq!((first.code, relay.counts().accepted), (3, 12), "{first:?}");
    assert!(first.stderr.contains("that was another ledger"), "{}", first.stderr);
}

/// What was only put off, or refused, is nobody who has the issue.
#[test]
fn a_ledger_that_has_only_tried_asks_about_those_whom_another_one_has_sent_to() {
    for reply in ["451 4.3.0 not now", "550 5.1.1 no such user"] {
        let here = with_readers(20);
        let other = Relay::scripted(crate::outcomes::script(&["r"], reply));
        assert_ne!(send(&here, &other, &[]).code, 0);
        assert!(!here.exists(RECEIPT));
        let (there, relay) = (with_readers(20), Relay::new());
        assert_eq!(send(&there, &relay, &[]).code, 0);
        let here = here.write(RECEIPT, there.read(RECEIPT));
        let plan = here.run(&["plan", "2025-11"]);
        assert!(plan.stderr.contains("went to 20 recipients"), "{}", plan.stderr);
        for more in [&[][..], &["--retry-refused"]] {
            let told = send(&here, &relay, more);
            assert_ne!(told.code, 0, "{told:?}");
            assert!(told.stderr.contains("went to 20 recipients"), "{}", told.stderr);
            assert!(!told.stderr.contains("nobody has the issue"), "{}", told.stderr);
            assert!(!told.stderr.contains("--retry-refused sends"), "{}", told.stderr);
        }
        assert_eq!(relay.counts().accepted, 20, "{reply}");
    }
}

/// Two halves of one list from two computers, and what git makes of their two receipts.
#[test]
fn two_ledgers_that_sent_to_as_many_people_do_not_take_each_other_for_themselves() {
    let relay = Relay::new();
    let half = |name| {
        let list = format!("email\n{name}1@x.example\n{name}2@x.example\n");
        with_readers(0).write(LIST, list)
    };
    let (one, other) = (half("a"), half("b"));
    assert_eq!(send(&one, &relay, &[]).code, 0);
    assert_eq!(send(&other, &relay, &[]).code, 0);
    let (mine, theirs) = (one.read(RECEIPT), other.read(RECEIPT));
    let conflict = format!("<<<<<<< HEAD\n{mine}=======\n{theirs}>>>>>>> theirs\n");
    let whole = format!("{}b1@x.example\nb2@x.example\n", one.read(LIST));
    let mut one = one.write(LIST, whole);
    for receipt in [theirs, conflict] {
        one = one.write(RECEIPT, &receipt);
        let plan = one.run(&["plan", "2025-11"]);
        assert!(plan.stderr.contains("that was another ledger"), "{}", plan.stderr);
        let told = send(&one, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
        let marks = receipt.contains("<<<");
        assert_eq!(told.stderr.contains("in which git has left a conflict"), marks, "{told:?}");
        assert_eq!(
            told.stderr.contains("Do not choose one side of the conflict"),
            marks,
            "{told:?}"
        );
        assert_eq!(told.stderr.contains("keeps the words of both"), marks, "{told:?}");
    }
    assert_eq!(send(&one, &relay, &["--despite-receipt"]).code, 0);
    let receipt = one.read(RECEIPT);
    let people: Vec<&str> = receipt.lines().filter(|l| l.starts_with("reached")).collect();
    assert_eq!(people, ["reached = 4", "reached = 2"], "{receipt}");
}

/// Whoever goes on with the same ledger is never asked: halves of a list, issue after issue, a folder
/// that has moved.
#[test]
fn its_own_ledger_is_not_asked_wherever_it_goes() {
    if only_files("a copy of the file") {
        return;
    }
    let relay = Relay::new();
    let here = with_readers(4);
    for only in ["email=r001@x.example", "email=r002@x.example"] {
        let told = send(&here, &relay, &["--only", only]);
        assert!(told.code == 0 && !told.stderr.contains("says that"), "{told:?}");
    }
    let moved = with_readers(4).write(RECEIPT, here.read(RECEIPT));
    for file in ["digest.db", ".digest-secret"] {
        std::fs::copy(here.path(file), moved.path(file)).expect("copied");
    }
    // That the ledger has moved is asked about, and no receipt is.
    let told = send(&moved, &relay, &[]);
    assert!(told.code == 3 && !told.stderr.contains("says that"), "{told:?}");
    let told = send(&moved, &relay, &["--despite-copy"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    // What was left behind is an older copy from now on.
    let here = here.write(RECEIPT, moved.read(RECEIPT));
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    assert!(told.stderr.contains("it is a copy from before that send's end"), "{told:?}");
}

/// `status` speaks of a ledger, and not of a send that nobody began.
#[test]
fn status_beside_a_strange_journal_does_not_say_that_nothing_was_sent() {
    if only_files("a journal without the file") {
        return;
    }
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

/// What somebody says for one person, or before a send that never began, is said for no one else.
#[test]
fn a_yes_is_for_the_people_of_its_send_and_for_a_send_that_began() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write(LIST, crate::list(4));
    let second = ["--store", "sqlite:second.db", "--despite-receipt"];
    let one = send(&here, &relay, &[&second[..], &["--to", "r004@x.example"]].concat());
    assert_eq!((one.code, relay.counts().accepted), (0, 4), "{one:?}");
    let all = send(&here, &relay, &second[..2]);
    assert_eq!((all.code, relay.counts().accepted), (3, 4), "{all:?}");
    let late = here.start(
        &[
            &["send", "2025-11", "--yes", "--relay", &relay.url(), "--at", "2099-01-01 09:00"][..],
            &second,
        ]
        .concat(),
    );
    late.says("2099");
    std::thread::sleep(std::time::Duration::from_millis(300));
    late.signal("INT");
    late.wait();
    let all = send(&here, &relay, &second[..2]);
    assert_eq!((all.code, relay.counts().accepted), (3, 4), "{all:?}");
    assert_eq!((send(&here, &relay, &second).code, relay.counts().accepted), (0, 7));
}

/// The mark of a conflict, and a line that a merge has put in the wrong place, hide no word of another
/// ledger.
#[test]
fn no_line_of_a_receipt_makes_the_words_behind_it_vanish() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let second = ["--store", "sqlite:second.db"];
    assert_eq!(send(&here, &relay, &[&second[..], &["--despite-receipt"]].concat()).code, 0);
    let receipt = here.read(RECEIPT);
    assert!(receipt.contains("[[also]]"), "{receipt}");
    let mut here = here.write(LIST, crate::list(3));
    let count = receipt.lines().count();
    let mut odd: Vec<String> = Vec::new();
    for (step, mark) in ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> b"].iter().enumerate()
    {
        for at in (step..count).step_by(4) {
            let mut lines: Vec<&str> = receipt.lines().collect();
            lines.insert(at, mark);
            odd.push(lines.join("\n") + "\n");
        }
    }
    odd.push(receipt.replacen("planned = 2", "planned = 3", 1));
    let (own, other) = receipt.split_once("[[also]]").expect("two words");
    odd.push(format!("{own}[[also]]{}", other.replacen("planned = 2", "planned = 3", 1)));
    for text in odd {
        here = here.write(RECEIPT, &text);
        let asked = send(&here, &relay, &second);
        assert_eq!((asked.code, relay.counts().accepted), (3, 4), "{text}: {asked:?}");
        assert_eq!(here.read(RECEIPT), text);
    }
    // What cannot be read is kept beside what is written.
    let here = here.write(RECEIPT, format!("{receipt}what is this\n"));
    let told = send(&here, &relay, &[&second[..], &["--despite-receipt"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
    assert!(here.read(UNREAD).ends_with("what is this\n"));
}

#[test]
fn no_receipt_says_more_than_anybody_can_say_yes_to() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let many =
        here.read(RECEIPT).replace("check = ", "# ").replace("= 2\n", "= 9223372036854775806\n");
    let here = cloned(&here).write(RECEIPT, many);
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (3, 2));
    let told = send(&here, &relay, &["--despite-receipt", "--new-secret"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 2 + 8), "{told:?}");
}
