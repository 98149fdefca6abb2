//! What an issue is called: by the name of its folder under `issues/`, whatever way has led there.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{send, with_readers};

/// The issue that is here, as the next one in another folder.
pub(crate) fn next(here: Publication, folder: &str) -> Publication {
    let manifest = here
        .read("issues/2025-11/issue.toml")
        .replace("number = 1\n", "number = 2\n")
        .replace("11-06", "12-04")
        .replace("hangul", "kimchi")
        .replace("Hello {{ first_name | reader }}", "Kimchi");
    here.write(&format!("{folder}/issue.toml"), manifest)
        .write(&format!("{folder}/kimchi.md"), "---\ntitle: Kimchi\n---\n\nCabbage and salt.\n")
}

#[test]
fn an_issue_that_is_named_by_a_dot_is_known_by_the_name_of_its_folder() {
    let (here, relay) = (next(with_readers(3), "issues/2025-12"), Relay::new());
    std::fs::create_dir(here.path("issues/2025-12/images")).expect("made");
    let url = relay.url();
    let sent = |folder: &str, issue: &str| {
        here.run_in(folder, &["send", issue, "--yes", "--json", "--relay", &url])
    };
    let told = sent("issues/2025-11", ".");
    assert_eq!((told.code, crate::summary(&told)["issue"].as_str()), (0, Some("2025-11")));
    assert!(here.exists("receipts/2025-11.toml") && !here.exists("receipts/.toml"));
    let told = sent("issues/2025-11", "./");
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    assert!(told.stderr.contains("nothing to send of 2025-11"), "{told:?}");
    let told = sent("issues/2025-12/images", "..");
    assert_eq!((told.code, relay.counts().accepted), (0, 6), "{told:?}");
    for (folder, name) in [
        ("issues/2025-12", "."),
        ("issues/2025-12/images", ".."),
        ("issues", "2025-12"),
        ("", "issues/2025-12"),
    ] {
        let status = here.run_in(folder, &["status", name, "--json"]);
        assert_eq!(crate::summary(&status)["issue"], "2025-12", "{folder} {name}");
        let plan = here.run_in(folder, &["plan", name, "--json", "--relay", &url]);
        assert_eq!(crate::summary(&plan)["accepted"], 3, "{folder} {name}: {plan:?}");
        std::fs::write(here.path("mail.log"), "").expect("written");
        let log = here.path("mail.log").display().to_string();
        let told = here.run_in(folder, &["reconcile", name, "--maillog", &log]);
        assert!(told.stderr.contains("no recipient of 2025-12 is uncertain"), "{told:?}");
    }
    let wrong = here.run_in("issues/2025-12", &["plan", ".", "--json", "--subscribers", "no.csv"]);
    assert_eq!(crate::summary(&wrong)["issue"], "2025-12", "{wrong:?}");
}

#[cfg(unix)]
#[test]
fn an_issue_that_a_link_leads_to_has_the_name_of_its_folder() {
    let (here, relay) = (next(with_readers(3), "issues/2025-12"), Relay::new());
    let current = here.path("issues/current");
    for (folder, accepted) in [("2025-11", 3), ("2025-12", 6)] {
        let _ = std::fs::remove_file(&current);
        std::os::unix::fs::symlink(folder, &current).expect("linked");
        let told = here.run(&["send", "current", "--yes", "--relay", &relay.url()]);
        assert_eq!((told.code, relay.counts().accepted), (0, accepted), "{told:?}");
        assert!(here.exists(&format!("receipts/{folder}.toml")));
    }
}

#[test]
fn an_issue_that_does_not_lie_directly_under_issues_is_refused_with_where_to_move_it() {
    let here = next(next(with_readers(3), "issues/2025/48"), "drafts/48");
    let relay = Relay::new();
    let moves = ["`mv issues/2025/48 issues/2025-48`", "`mv drafts/48 issues/drafts-48`"];
    for (issue, instead) in
        [("issues/2025/48", moves[0]), ("2025/48", moves[0]), ("drafts/48", moves[1])]
    {
        for command in [
            &["send", issue, "--yes", "--relay", &relay.url()][..],
            &["plan", issue],
            &["send", issue, "--yes", "--catch", "out"],
            &["check", issue],
            &["render", issue],
        ] {
            let told = here.run(command);
            let words = format!("{}{}", told.stdout, told.stderr);
            assert!(
                words.contains("does not lie directly under issues/") && words.contains(instead),
                "{command:?}: {words}"
            );
            assert!(command[0] == "render" || told.code == 3, "{command:?}: {told:?}");
        }
    }
    assert_eq!(relay.counts().connections, 0);
    // Of itself `check` finds those below issues/.
    let told = here.run(&["check"]);
    assert!(told.code == 3 && told.stdout.contains(moves[0]), "{told:?}");
    let here = here.write("issues/2025-11/images/issue.toml", "");
    std::fs::rename(here.path("issues/2025/48"), here.path("issues/2025-48")).expect("moved");
    let told = here.run(&["check"]);
    assert!(!told.stdout.contains("directly under"), "{told:?}");
    let told = here.run(&["send", "2025-48", "--yes", "--relay", &relay.url()]);
    assert_eq!((told.code, relay.counts().accepted), (0, 3), "{told:?}");
    // One that was sent goes on by its name, although its folder is gone.
    assert_eq!(send(&here, &relay, &[]).code, 0);
    std::fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
    for name in ["2025-11", "issues/2025-11"] {
        let told = here.run(&["send", name, "--yes", "--relay", &relay.url()]);
        assert!(told.code == 0 && told.stderr.contains("nothing to send of 2025-11"), "{told:?}");
    }
}
