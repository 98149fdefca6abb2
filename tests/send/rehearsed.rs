//! A rehearsal and the publication's own ledger: the two never meet, by whatever path.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::relay::Relay;
use crate::{LIST, book, send, with_readers};

fn rehearse(here: &Publication, more: &[&str]) -> Output {
    here.run(&[&["send", "2025-11", "--yes", "--json"], more].concat())
}

/// Nobody has the issue yet: the real send gives it to all three.
#[track_caller]
fn the_send_is_still_to_do(here: &Publication) {
    let relay = Relay::new();
    let output = send(here, &relay, &[]);
    assert_eq!((output.code, relay.counts().accepted), (0, 3), "{output:?}");
}

fn link(from: &Publication, to: &str, name: &str) {
    symlink(from.path(to), from.path(name)).expect("linked");
}

#[test]
fn a_rehearsal_beside_the_ledger_does_not_write_to_it() {
    for folder in [".", "./issues/.."] {
        let here = with_readers(3);
        let output = rehearse(&here, &["--catch", folder]);
        assert_eq!(output.code, 0, "{folder}: {output:?}");
        assert!(here.exists("rehearsal.db") && !here.exists("digest.db"), "{:?}", here.files());
        the_send_is_still_to_do(&here);
        let again = rehearse(&here, &["--catch", folder]);
        assert!(again.stderr.contains("3 who have it already"), "{}", again.stderr);
    }
}

#[test]
fn a_rehearsal_in_a_folder_that_is_a_link_is_refused() {
    let here = with_readers(3);
    link(&here, "", "linked");
    let output = rehearse(&here, &["--catch", "linked"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains("linked is a link"), "{}", output.stderr);
    assert!(!here.exists("rehearsal.db") && !here.exists("digest.db"), "{:?}", here.files());
    the_send_is_still_to_do(&here);
}

#[test]
fn a_rehearsal_in_a_folder_with_a_ledger_leaves_that_alone() {
    if only_files("the bytes of the file") {
        return;
    }
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let ledger = std::fs::read(here.path("digest.db")).unwrap();
    let output = rehearse(&here, &["--catch", "."]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("digest.db is not touched"), "{}", output.stderr);
    assert!(std::fs::read(here.path("digest.db")).unwrap() == ledger, "it was changed");
    let told = here.run(&["status", "--catch", "."]);
    assert!(told.stdout.starts_with("2025-11: 3 planned: 3 accepted"), "{told:?}");
}

#[test]
fn a_ledger_that_has_the_rehearsal_s_name_is_refused() {
    if only_files("the name of the file") {
        return;
    }
    let toml = |here: &Publication, url: &str| {
        format!("{}\n[store]\nurl = \"sqlite:{url}\"\n", here.read("digest.toml"))
    };
    // By its name, by a link to its folder, and by a link in its place.
    let named = with_readers(3);
    let text = toml(&named, "out/rehearsal.db");
    let named = named.write("digest.toml", &text).write("out/a", "");
    link(&named, "out", "linked");
    for folder in ["out", "./out/", "linked", "out/../out"] {
        refused(&named, folder);
    }
    let linked = with_readers(3).write("out/a", "");
    link(&linked, "digest.db", "out/rehearsal.db");
    refused(&linked, "out");
    let (linked, relay) = (linked, Relay::new());
    assert_eq!(send(&linked, &relay, &[]).code, 0);
    refused(&linked, "out");
    assert_eq!(book(&linked).of("accepted").len(), 3);
}

#[track_caller]
fn refused(here: &Publication, folder: &str) {
    let before = here.files();
    for verb in ["send", "plan"] {
        let yes: &[&str] = if verb == "send" { &["--yes"] } else { &[] };
        let output = here.run(&[&[verb, "2025-11", "--catch", folder], yes].concat());
        assert_eq!(output.code, 2, "{folder}: {output:?}");
        assert!(output.stderr.contains("the publication's own ledger"), "{}", output.stderr);
    }
    assert_eq!(here.files(), before, "a file was made");
}

#[test]
fn a_rehearsal_takes_no_other_ledger() {
    let here = with_readers(3).write(LIST, crate::list(3));
    let output = rehearse(&here, &["--catch", "out", "--store", "sqlite:digest.db"]);
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stderr.contains("cannot be used with"), "{}", output.stderr);
    assert!(!here.exists("digest.db") && !here.exists("out"));
}

#[test]
fn the_ledger_of_an_older_rehearsal_is_left_alone_and_named() {
    let here = with_readers(3).write("out/digest.db", "whatever it is\n");
    let status = here.run(&["status", "--catch", "out"]);
    assert_eq!(status.code, 1);
    assert!(status.stderr.contains("--store sqlite:out/digest.db"), "{}", status.stderr);
    let output = rehearse(&here, &["--catch", "out"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("starts again in out/rehearsal.db"), "{}", output.stderr);
    assert_eq!(here.read("out/digest.db"), "whatever it is\n");
}

fn mode(here: &Publication, path: &str) -> u32 {
    std::fs::metadata(here.path(path)).expect(path).permissions().mode() & 0o777
}

/// Every file that a send has made may be read by its owner only.
#[track_caller]
fn private(here: &Publication, made: &str) {
    let files: Vec<String> =
        here.files().into_iter().filter(|name| name.starts_with(made)).collect();
    assert!(!files.is_empty(), "{:?}", here.files());
    for file in files {
        assert_eq!(mode(here, &file), 0o600, "{file}");
    }
}

#[test]
fn ledger_and_caught_mails_are_readable_by_their_owner_only() {
    if only_files("who may read the file") {
        return;
    }
    for umask in ["0", "022", "077"] {
        let here = with_readers(3);
        let line = format!("umask {umask}; digest send 2025-11 --yes --catch out/deep");
        let output = here.shell(&line);
        assert_eq!(output.code, 0, "{output:?}");
        private(&here, "out/deep/rehearsal.db");
        private(&here, "out/deep/new/");
        for folder in ["out", "out/deep", "out/deep/new", "out/deep/cur", "out/deep/tmp"] {
            assert_eq!(mode(&here, folder), 0o700, "{folder}");
        }
        let relay = Relay::new();
        let url = relay.url();
        let line = format!("umask {umask}; digest send 2025-11 --yes --relay {url}");
        assert_eq!(here.shell(&line).code, 0);
        private(&here, "digest.db");
    }
}

#[test]
fn a_ledger_that_others_can_read_is_taken_from_them() {
    if only_files("who may read the file") {
        return;
    }
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write("digest.db-rescued-7", "").write("digest.db-other", "");
    let widen = |name: &str| {
        let wide = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(here.path(name), wide).unwrap();
    };
    for name in ["digest.db", "digest.db-lock", "digest.db-rescued-7", "digest.db-other"] {
        widen(name);
    }
    assert_eq!(here.run(&["status"]).code, 0);
    for name in ["digest.db", "digest.db-lock", "digest.db-rescued-7"] {
        assert_eq!(mode(&here, name), 0o600, "{name}");
    }
    assert_eq!(mode(&here, "digest.db-other"), 0o644, "it is none of ours");
}
