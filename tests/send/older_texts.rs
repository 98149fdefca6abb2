//! A text that somebody has although the ledger has sent another one under the same name since: it must
//! not go out again from another folder, unasked.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::replaced::written_over;
use crate::{LIST, list, send, with_readers};

const ISSUE: &str = "issues/2025-11/issue.toml";
const ARTICLE: &str = "issues/2025-11/hangul.md";

/// The texts of the issue that is here, in a folder of another name, with a number and a day of its own.
fn again_as(here: Publication, issue: &str, manifest: &str, article: &str) -> Publication {
    let manifest = manifest.replace("number = 1\n", "number = 7\n").replace("11-06", "12-11");
    here.write(&format!("issues/{issue}/issue.toml"), manifest)
        .write(&format!("issues/{issue}/hangul.md"), article)
}

fn send_as(
    here: &Publication,
    issue: &str,
    relay: &Relay,
    more: &[&str],
) -> crate::harness::Output {
    here.run(&[&["send", issue, "--yes", "--json", "--relay", &relay.url()], more].concat())
}

#[test]
fn who_has_the_first_text_of_an_issue_is_known_after_another_one_was_sent_under_its_name() {
    let (here, relay) = (with_readers(20), Relay::new());
    let (manifest, article) = (here.read(ISSUE), here.read(ARTICLE));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = written_over(here).write(LIST, list(21));
    let told = send(&here, &relay, &["--recompose", "--despite-changes"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 21), "{told:?}");
    // The first text, in a folder of another name.
    let here = again_as(here, "winter", &manifest, &article);
    let told = send_as(&here, "winter", &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 21), "{told:?}");
    assert!(told.stderr.contains("--new-issue"), "{told:?}");
    let plan = here.run(&["plan", "winter"]);
    assert!(plan.stderr.contains("(exit 3) without --new-issue"), "{plan:?}");
    // And the text that went to one person.
    let next = here.read(ISSUE);
    let kimchi = here.read("issues/2025-11/kimchi.md");
    let here = here
        .write("issues/spring/issue.toml", next.replace("number = 99", "number = 100"))
        .write("issues/spring/kimchi.md", kimchi);
    assert_eq!(send_as(&here, "spring", &relay, &[]).code, 3);
    // An issue of its own asks nothing.
    let here = here
        .write(
            "issues/2026-01/issue.toml",
            manifest
                .replace("number = 1\n", "number = 8\n")
                .replace("2025-11-06", "2026-01-08")
                .replace("Hello", "Happy new year,")
                .replace("hangul", "new"),
        )
        .write("issues/2026-01/new.md", "---\ntitle: New\n---\n\nA year begins with soup.\n");
    let told = send_as(&here, "2026-01", &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (0, 42), "{told:?}");
}

/// What two texts of one issue share is its own, and no standing article.
#[test]
fn a_correction_makes_nothing_usual() {
    let (here, relay) = (with_readers(3), Relay::new());
    let (manifest, article) = (here.read(ISSUE), here.read(ARTICLE));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.edit(ISSUE, "Hello", "Good day,").write(LIST, list(4));
    assert_eq!(send(&here, &relay, &["--recompose"]).code, 0);
    let here = again_as(here, "winter", &manifest.replace("Hello", "A letter for"), &article);
    std::fs::remove_dir_all(here.path("issues/2025-11")).expect("removed");
    let told = send_as(&here, "winter", &relay, &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
}
