//! Names that are written almost right: of an issue, and of a person of the list.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{LIST, send, summary, with_readers};

#[test]
fn an_issue_that_does_not_exist_is_no_issue_with_an_error() {
    let here = with_readers(2);
    for name in ["2025-11-winter", "2025-12"] {
        std::fs::create_dir_all(here.path(&format!("issues/{name}"))).unwrap();
        let manifest = here.read("issues/2025-11/issue.toml");
        std::fs::write(here.path(&format!("issues/{name}/issue.toml")), manifest).unwrap();
    }
    let relay = ["--relay", "smtp://127.0.0.1:1"];
    for (given, words) in [
        ("winter", "did you mean 2025-11-winter?"),
        ("issues/winter", "did you mean 2025-11-winter?"),
        ("2025-2", "did you mean 2025-12?"),
        ("spring", "issues here: 2025-11, 2025-11-winter, 2025-12"),
    ] {
        for line in [
            &["send", given, "--yes", relay[0], relay[1]][..],
            &["plan", given, relay[0], relay[1]],
            &["test", given, "--to", "me@x.example", relay[0], relay[1]],
            &["render", given],
            &["doctor", given, "--offline"],
        ] {
            let told = here.run(line);
            let all = format!("{}{}", told.stdout, told.stderr);
            assert_eq!(told.code, 3, "{line:?}: {told:?}");
            assert_eq!(all.matches("there is no issue ").count(), 1, "{line:?}: {all}");
            assert_eq!(all.matches(words).count(), 1, "{line:?}: no {words:?} in {all}");
            assert!(!all.contains("has 1 error"), "{line:?}: {all}");
        }
        let check = here.run(&["check", given]);
        assert!(check.code == 3 && check.stdout.contains(words), "{check:?}");
    }
    let json = here.run(&["send", "winter", "--yes", "--json", relay[0], relay[1]]);
    assert_eq!(summary(&json)["help"], "did you mean 2025-11-winter?");
}

#[test]
fn an_issue_that_the_ledger_does_not_know_is_told_with_the_nearest() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write("mail.log", "");
    for line in [
        &["status", "2025-1"][..],
        &["status", "issues/2025-1"],
        &["reconcile", "2025-1", "--maillog", "mail.log"],
    ] {
        let told = here.run(line);
        assert_eq!(told.code, 1, "{line:?}: {told:?}");
        for words in ["this ledger has no issue ", "did you mean 2025-11?"] {
            assert!(told.stderr.contains(words), "{line:?}: no {words:?} in {}", told.stderr);
        }
    }
}

#[test]
fn an_issue_whose_folder_is_gone_goes_on_and_says_so() {
    let here = with_readers(2);
    let busy = Relay::scripted(crate::outcomes::script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &busy, &[]).code, 4);
    std::fs::remove_dir_all(here.path("issues/2025-11")).unwrap();
    let told = send(&here, &Relay::new(), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("the issue's folder is gone; some people"), "{}", told.stderr);
}

#[test]
fn one_person_who_is_not_in_the_list_and_one_who_left_are_told_apart() {
    let rows = "kim@example.org,,\nada@example.org,unsubscribed,\n";
    let here = Publication::new().write(LIST, format!("email,status,first_name\n{rows}"));
    let relay = Relay::new();
    for (to, words, help) in [
        ("kim@exmaple.org", "is not in subscribers.csv", Some("did you mean kim@example.org?")),
        ("stranger@x.example", "is not in subscribers.csv", None),
        // Who has left is suggested to nobody.
        ("adda@example.org", "is not in subscribers.csv", None),
        ("ada@example.org", "gets no issue, because subscribers.csv says unsubscribed", None),
    ] {
        let told = send(&here, &relay, &["--to", to]);
        assert_eq!((told.code, relay.counts().connections), (3, 0), "{to}: {told:?}");
        assert!(told.stderr.contains(&format!("{to} {words}")), "{}", told.stderr);
        assert_eq!(summary(&told)["help"].as_str(), help, "{to}: {told:?}");
    }
    let shown = here.run(&["render", "2025-11", "--as", "kmi@example.org"]);
    assert!(shown.stderr.contains("did you mean kim@example.org?"), "{}", shown.stderr);
}
