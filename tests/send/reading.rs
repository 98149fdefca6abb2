//! What only looks at a ledger: it changes no table, and reads where nothing can be written.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::path::Path;

use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::store::sql;

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Output, Publication, Running};
use crate::relay::Relay;
use crate::{LIST, send, with_readers};

/// Commands that only look.
const LOOKS: [&[&str]; 4] = [
    &["status"],
    &["status", "2025-11", "--list", "accepted"],
    &["plan", "2025-11"],
    &["send", "2025-11", "--dry-run"],
];

/// A ledger of three who have the issue.
fn sent() -> Publication {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    here
}

pub(crate) fn allow(here: &Publication, path: &str, mode: u32) {
    std::fs::set_permissions(here.path(path), PermissionsExt::from_mode(mode)).expect("allowed");
}

/// Runs as somebody to whom permissions apply: root gives up what lets it pass by them. `None` where
/// this machine has no program for that.
pub(crate) fn under_permissions(here: &Publication, line: &[&str]) -> Option<Output> {
    let root = std::fs::metadata(here.path("digest.toml")).expect("a file").uid() == 0;
    let mut command = if root {
        let mut command = here.command("setpriv");
        command.arg("--bounding-set=-dac_override,-dac_read_search").arg(DIGEST);
        command
    } else {
        here.command(DIGEST)
    };
    let there = !root || Path::new("/usr/bin/setpriv").exists();
    there.then(|| Running::start(command.args(line)).wait())
}

/// The tables of an older version, with a run and two rows.
fn older_ledger(path: &Path, steps: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = Store::open(path, &ledger::STEPS[..steps]).await.expect("a ledger");
        for statement in [
            "INSERT INTO run VALUES (1, '2025-11', 'ab', 'boot', '2025-11-06T14:00:00Z')",
            "INSERT INTO recipient (issue, identity, email, fields, tags, planned_by, state, at, \
             attempts) VALUES \
             ('2025-11', 'r001@x.example', 'r001@x.example', '{}', '[]', 1, 'accepted', \
              '2025-11-06T14:00:00Z', 1), \
             ('2025-11', 'r002@x.example', 'r002@x.example', '{}', '[]', 1, 'pending', NULL, 0)",
        ] {
            sql::raw(statement).execute(store.pool()).await.expect("written");
        }
        store.close().await;
    });
}

#[test]
fn who_only_looks_at_an_older_ledger_changes_nothing_in_it() {
    if only_files("older tables in a file") {
        return;
    }
    // As version 0.1.0 left it.
    let here = with_readers(3);
    std::fs::create_dir(here.path("tmp")).expect("made");
    let temporary = here.path("tmp").display().to_string();
    let here = here.env("TMPDIR", &temporary);
    older_ledger(&here.path("digest.db"), 1);
    let before = std::fs::read(here.path("digest.db")).expect("a file");
    for line in LOOKS {
        let looked = here.run(line);
        assert_eq!(looked.code, 0, "{line:?}: {looked:?}");
        let same = std::fs::read(here.path("digest.db")).expect("a file") == before;
        assert!(same, "{line:?} has changed the ledger");
        let left = here.files().into_iter().filter(|name| name.starts_with("tmp"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{line:?}");
    }
    let status = here.run(&["status", "2025-11"]);
    assert!(status.stdout.starts_with("2025-11: 2 planned: 1 accepted, 1 pending"), "{status:?}");
    // Who sends brings the tables up to date, and nobody gets the issue twice.
    let relay = Relay::new();
    assert_eq!(send(&here, &relay, &["--new-secret"]).code, 0);
    let copies: Vec<String> = relay.copies().into_keys().collect();
    assert_eq!(copies, ["r002@x.example", "r003@x.example"]);
}

#[test]
fn a_ledger_that_cannot_be_written_is_read_and_no_send_begins() {
    if only_files("who may write the file") {
        return;
    }
    for (file, folder) in [(0o400, 0o500), (0o600, 0o500), (0o400, 0o700)] {
        let (here, relay) = (sent(), Relay::new());
        allow(&here, "digest.db", file);
        allow(&here, "", folder);
        for line in LOOKS {
            let Some(looked) = under_permissions(&here, line) else { return };
            assert_eq!(looked.code, 0, "{file:o} {folder:o} {line:?}: {looked:?}");
        }
        let url = relay.url();
        let line =
            ["send", "2025-11", "--yes", "--to", "r001@x.example", "--again", "--relay", &url];
        let stopped = under_permissions(&here, &line).expect("as before");
        allow(&here, "", 0o700);
        assert_eq!((stopped.code, relay.counts().connections), (1, 0), "{stopped:?}");
        let path = here.path("digest.db").display().to_string();
        for words in [&path[..], "cannot be written", "make the file and its folder writable"] {
            assert!(stopped.stderr.contains(words), "no {words:?} in {}", stopped.stderr);
        }
    }
}

#[test]
fn a_ledger_of_another_user_is_named_with_its_owner_and_what_to_do() {
    let (here, relay) = (sent(), Relay::new());
    // Only root gives a file away.
    if std::os::unix::fs::chown(here.path("digest.db"), Some(1), None).is_err() {
        return;
    }
    let url = relay.url();
    let send = ["send", "2025-11", "--yes", "--relay", &url];
    for line in LOOKS.into_iter().chain([&send[..]]) {
        let Some(told) = under_permissions(&here, line) else { return };
        assert_eq!((told.code, relay.counts().connections), (1, 0), "{line:?}: {told:?}");
        for words in ["digest.db belongs to ", ", and you are root: run digest as ", "(chown)"] {
            assert!(told.stderr.contains(words), "{line:?}: no {words:?} in {}", told.stderr);
        }
    }
}

#[test]
fn an_older_ledger_that_cannot_be_written_is_read_as_well() {
    if only_files("older tables in a file") {
        return;
    }
    let here = with_readers(3);
    older_ledger(&here.path("digest.db"), 1);
    allow(&here, "digest.db", 0o400);
    allow(&here, "", 0o500);
    let status = under_permissions(&here, &["status", "2025-11"]);
    allow(&here, "", 0o700);
    let Some(status) = status else { return };
    assert_eq!(status.code, 0, "{status:?}");
    assert!(status.stdout.starts_with("2025-11: 2 planned: 1 accepted, 1 pending"), "{status:?}");
}

#[test]
fn a_ledger_whose_log_cannot_be_folded_in_is_named_with_what_to_do() {
    if only_files("the log of SQLite") {
        return;
    }
    let here = sent();
    // As a copy of a sender's files that were taken without the index of the log.
    let here = here.write("digest.db-wal", [0x37; 4096]);
    allow(&here, "digest.db", 0o400);
    allow(&here, "digest.db-wal", 0o400);
    allow(&here, "", 0o500);
    let status = under_permissions(&here, &["status"]);
    allow(&here, "", 0o700);
    let Some(status) = status else { return };
    assert_eq!(status.code, 1, "{status:?}");
    for words in ["digest.db-wal) that was not folded in", "--store sqlite:FILE"] {
        assert!(status.stderr.contains(words), "no {words:?} in {}", status.stderr);
    }
}

#[test]
fn a_new_ledger_in_a_folder_that_cannot_be_written_is_told_before_anybody_is_sent_to() {
    if only_files("who may write the file") {
        return;
    }
    let (here, relay) = (with_readers(3), Relay::new());
    let here = here.write(".digest-secret", "0123456789abcdef0123456789abcdef\n");
    allow(&here, ".digest-secret", 0o600);
    allow(&here, "", 0o500);
    let line = ["send", "2025-11", "--yes", "--subscribers", LIST, "--relay", &relay.url()];
    let stopped = under_permissions(&here, &line);
    let planned = under_permissions(&here, &["plan", "2025-11"]);
    allow(&here, "", 0o700);
    let (Some(stopped), Some(planned)) = (stopped, planned) else { return };
    assert_eq!((planned.code, planned.stdout.contains("3 recipients")), (0, true), "{planned:?}");
    assert_eq!((stopped.code, relay.counts().connections), (1, 0), "{stopped:?}");
    for words in ["digest.db cannot be written", "make the file and its folder writable"] {
        assert!(stopped.stderr.contains(words), "no {words:?} in {}", stopped.stderr);
    }
}

#[test]
fn a_plan_reads_where_the_disk_is_full_and_a_send_names_the_ledger_and_says_what_to_do() {
    if only_files("the disk of the file") {
        return;
    }
    let (here, relay) = (sent(), Relay::new());
    let list = here.read(LIST) + "new@x.example,Ada\n";
    let here = here.write(LIST, list);
    // No file may grow: as a disk without room.
    let limited = |line: &[&str]| {
        let shell = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
        let words = [&["-c", shell, DIGEST][..], line].concat();
        Running::start(here.command("sh").args(words)).wait()
    };
    let stopped = limited(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert_eq!((stopped.code, relay.counts().accepted), (1, 0), "{stopped:?}");
    let names = stopped.stderr.contains("digest.db") && stopped.stderr.contains("free space first");
    assert!(names, "{}", stopped.stderr);
    let planned = limited(&["plan", "2025-11"]);
    assert_eq!(
        (planned.code, planned.stdout.contains("To        1 recipient")),
        (0, true),
        "{planned:?}"
    );
}

#[test]
fn a_link_or_a_second_name_in_the_place_of_the_log_is_refused_with_what_to_do() {
    if only_files("the log of SQLite") {
        return;
    }
    for name in ["digest.db-wal", "digest.db-shm"] {
        for hard in [true, false] {
            let (here, relay) = (sent().write("victim", "mine"), Relay::new());
            let (victim, place) = (here.path("victim"), here.path(name));
            let linked = if hard {
                std::fs::hard_link(&victim, &place)
            } else {
                std::os::unix::fs::symlink(&victim, &place)
            };
            linked.expect("linked");
            let url = relay.url();
            let again =
                ["send", "2025-11", "--yes", "--to", "r001@x.example", "--again", "--relay", &url];
            for line in [&["status"][..], &["plan", "2025-11"], &again] {
                let refused = here.run(line);
                assert_eq!(refused.code, 1, "{line:?}: {refused:?}");
                for words in [name, "another name as well", "then mv"] {
                    assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
                }
            }
            assert_eq!((here.read("victim").as_str(), relay.counts().accepted), ("mine", 0));
        }
    }
}
