//! A folder that was renamed in a clone, where the send of the issue is known to another ledger alone:
//! with another number, another day and other words, nothing shows that it is the same issue.

use std::fs;

use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::renamed::{article, send_as, with_issue};
use crate::{LIST, list, send, with_readers};

const FIRST: &str = "receipts/2025-11.toml";

/// Somebody else's send of 2025-11 to four people, and the secret of the publication.
fn sent(relay: &Relay) -> Publication {
    let here = with_readers(4);
    assert_eq!(send(&here, relay, &[]).code, 0);
    here
}

/// The folder has another name, and its issue another number and day, and a word more in its article.
fn renamed(here: Publication) -> Publication {
    let folder = |name| here.path(&format!("issues/{name}"));
    fs::rename(folder("2025-11"), folder("2025-12")).expect("renamed");
    let manifest = "issues/2025-12/issue.toml";
    here.edit(manifest, "number = 1", "number = 2").edit(manifest, "2025-11-06", "2025-12-04").edit(
        "issues/2025-12/hangul.md",
        "Twenty-eight",
        "Exactly twenty-eight",
    )
}

/// A clone with a ledger of its own, which has sent an issue of October.
fn with_own_ledger(relay: &Relay, first: &Publication) -> Publication {
    let texts = [("rain", article("rain", 9)), ("snow", article("snow", 9))];
    let here = with_readers(3);
    fs::copy(first.path(".digest-secret"), here.path(".digest-secret")).expect("copied");
    let here = with_issue(here, "2025-10", ("number = 9\n", "Lanterns", "2025-10-06"), &texts);
    assert_eq!(send_as(&here, relay, "2025-10", &[]).code, 0);
    here
}

fn next(here: Publication, issue: &str, number: u32) -> Publication {
    let texts = [(issue, article(&format!("moon{number}"), 9))];
    let (number, subject) = (format!("number = {number}\n"), format!("Of {issue}"));
    with_issue(here, issue, (&number, &subject, &format!("{issue}-05")), &texts)
}

fn tells(output: &Output, words: &[&str]) {
    for words in words {
        assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    }
}

const SECRET: &str = ".digest-secret is missing";
const ELSEWHERE: &str = "receipts say that 1 issue was sent from another ledger, which is not here";

#[test]
fn a_new_secret_answers_for_the_secret_alone() {
    let relay = Relay::new();
    let first = sent(&relay);
    let here = renamed(with_readers(4).write(FIRST, first.read(FIRST)));
    let files = here.files();
    let plan = here.run(&["plan", "2025-12", "--relay", &relay.url()]);
    assert_eq!(plan.code, 0, "{plan:?}");
    tells(&plan, &[SECRET, "--new-secret", ELSEWHERE, "--despite-receipt"]);
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    tells(&told, &[SECRET, "--new-secret", ELSEWHERE, "--despite-receipt"]);
    let told = send_as(&here, &relay, "2025-12", &["--new-secret"]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    tells(&told, &[ELSEWHERE, "--despite-receipt"]);
    assert!(!told.stderr.contains(SECRET), "{told:?}");
    let told = send_as(&here, &relay, "2025-12", &["--despite-receipt"]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    tells(&told, &[SECRET]);
    assert!(!told.stderr.contains(ELSEWHERE), "{told:?}");
    assert_eq!(here.files(), files, "a file was made");
    let told = send_as(&here, &relay, "2025-12", &["--despite-receipt", "--new-secret"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 8), "{told:?}");
    // It is said for this issue: the same command goes on, and the next one may be the one of the receipt.
    let here = here.write(LIST, list(5));
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 9), "{told:?}");
    let here = next(here, "2026-01", 3);
    let told = send_as(&here, &relay, "2026-01", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 9), "{told:?}");
    tells(&told, &["issues/2026-01 may be the same issue", "--new-issue"]);
    assert_eq!(send_as(&here, &relay, "2026-01", &["--new-issue"]).code, 0);
}

/// The receipt of the issue and the secret are two reasons too.
#[test]
fn all_reasons_are_told_at_once() {
    let relay = Relay::new();
    let here = with_readers(4).write(FIRST, sent(&relay).read(FIRST));
    let said = "says that the issue went to 4 recipients";
    let told = send(&here, &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    tells(&told, &[said, "--despite-receipt", SECRET, "--new-secret"]);
    let folder = |name| here.path(&format!("issues/{name}"));
    fs::rename(folder("2025-11"), folder("winter")).expect("renamed");
    let told = send_as(&here, &relay, "winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    tells(&told, &["issues/2025-11 was sent to 4 people", "--new-issue", SECRET, "--new-secret"]);
    // Whole sentences, each once.
    tells(
        &told,
        &["; nothing was sent", "help: If it is the same issue", ". Copy .digest-secret here"],
    );
    for once in ["othing was sent", "the receipt may be forged"] {
        assert_eq!(told.stderr.matches(once).count(), 1, "{}", told.stderr);
    }
}

#[test]
fn a_send_of_another_ledger_whose_folder_is_gone_is_asked_about_once_for_each_issue() {
    let relay = Relay::new();
    let first = sent(&relay);
    let here = with_own_ledger(&relay, &first).write(FIRST, first.read(FIRST));
    let here = renamed(here);
    let before = relay.counts().accepted;
    let words = [
        "receipts/2025-11.toml says that issues/2025-11 was sent to 4 people, and its folder is gone",
        "issues/2025-12 may be the same issue, because this ledger does not know of that send",
        "--new-issue",
    ];
    let plan = here.run(&["plan", "2025-12", "--relay", &relay.url()]);
    assert_eq!(plan.code, 0, "{plan:?}");
    tells(&plan, &words);
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, before), "{told:?}");
    tells(&told, &words);
    let told = send_as(&here, &relay, "2025-12", &["--new-issue"]);
    assert_eq!((told.code, relay.counts().accepted), (0, before + 3), "{told:?}");
    // It is said of this issue, whoever else gets that one there.
    let first = first.write(LIST, list(6));
    assert_eq!(send(&first, &relay, &[]).code, 0);
    let here = here.write(FIRST, first.read(FIRST)).write(LIST, list(5));
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!(told.code, 0, "{told:?}");
    // And of no other one.
    let here = next(here, "2026-01", 3);
    let told = send_as(&here, &relay, "2026-01", &[]);
    assert_eq!(told.code, 3, "{told:?}");
    tells(&told, &["issues/2026-01 may be the same issue", "--new-issue"]);
    assert_eq!(send_as(&here, &relay, "2026-01", &["--new-issue"]).code, 0);
}

/// The yes was for an issue that is another one indeed. The one of the receipt comes later, with a new
/// name, number and day.
#[test]
fn a_yes_for_one_issue_lets_no_other_one_go() {
    let relay = Relay::new();
    let first = sent(&relay);
    let here = next(with_own_ledger(&relay, &first).write(FIRST, first.read(FIRST)), "2026-01", 3);
    let folder = |name| here.path(&format!("issues/{name}"));
    fs::rename(folder("2025-11"), folder("2025-12")).expect("renamed");
    assert_eq!(send_as(&here, &relay, "2026-01", &[]).code, 3);
    assert_eq!(send_as(&here, &relay, "2026-01", &["--new-issue"]).code, 0);
    let manifest = "issues/2025-12/issue.toml";
    let here = here.edit(manifest, "number = 1", "number = 2").edit(manifest, "11-06", "12-04");
    let before = relay.counts().accepted;
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, before), "{told:?}");
    tells(&told, &["issues/2025-12 may be the same issue", "--new-issue"]);
}

/// In a clone whose ledger knows of no send, a yes for one person is none for the others.
#[test]
fn a_yes_to_receipts_of_others_for_one_person_is_none_for_all() {
    for some in [["--to", "r001@x.example"], ["--subscribers", "one.csv"]] {
        let relay = Relay::new();
        let first = sent(&relay);
        let here = renamed(with_readers(4).write(FIRST, first.read(FIRST)));
        let here = here.write("one.csv", "email\nr001@x.example\n");
        let yes = [&some[..], &["--despite-receipt", "--new-secret"]].concat();
        let told = send_as(&here, &relay, "2025-12", &yes);
        assert_eq!((told.code, relay.counts().accepted), (0, 5), "{told:?}");
        let told = send_as(&here, &relay, "2025-12", &[]);
        assert_eq!((told.code, relay.counts().accepted), (3, 5), "{told:?}");
        tells(&told, &["issues/2025-12 may be the same issue", "--new-issue"]);
        assert_eq!(send_as(&here, &relay, "2025-12", &["--new-issue"]).code, 0);
        assert_eq!(relay.counts().accepted, 8);
    }
}

/// A folder that is there, a receipt from long ago, and one of this ledger.
#[test]
fn an_ordinary_issue_beside_the_receipts_of_others_asks_nothing() {
    let relay = Relay::new();
    let first = sent(&relay);
    let receipt = first.read(FIRST);
    let dated = |key: &str, text: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).expect("a time").to_owned();
        text.replace(&line, &format!("{key} = \"2024-03-01T10:00:00Z\""))
    };
    let old = dated("begin", &dated("end", &receipt)).replace("check = ", "# ");
    let own = with_own_ledger(&relay, &first).write(FIRST, &receipt);
    let here = next(own, "2025-12", 10);
    assert_eq!(send_as(&here, &relay, "2025-12", &[]).code, 0, "the folder is there");
    let here =
        with_own_ledger(&relay, &first).write(FIRST, old).remove("issues/2025-11/issue.toml");
    fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
    fs::remove_dir_all(here.path("issues/2025-10")).expect("removed");
    let told = send_as(&next(here, "2025-12", 10), &relay, "2025-12", &[]);
    assert_eq!(told.code, 0, "{told:?}");
}

/// Several are one question.
#[test]
fn more_such_receipts_are_asked_about_together() {
    let relay = Relay::new();
    let first = sent(&relay);
    let here = with_own_ledger(&relay, &first).write(FIRST, first.read(FIRST));
    let here = here.write("receipts/2025-09.toml", first.read(FIRST));
    let here = renamed(here);
    let told = send_as(&here, &relay, "2025-12", &[]);
    assert_eq!(told.code, 3, "{told:?}");
    tells(&told, &["may be the same issue (so may those of 1 more receipt)"]);
    assert_eq!(send_as(&here, &relay, "2025-12", &["--new-issue"]).code, 0);
    let here = here.write(LIST, list(4));
    assert_eq!(send_as(&here, &relay, "2025-12", &[]).code, 0, "the yes was for both");
}
