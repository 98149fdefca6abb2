//! What another user of the machine, or a pull request, puts where the program writes: a link to
//! somebody's file, or a pipe that nobody reads.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use crate::harness::Publication;
use crate::relay::Relay;

/// Each name that the program makes or writes beside a publication's files.
const NAMES: [&str; 17] = [
    "digest.db",
    "digest.db-wal",
    "digest.db-shm",
    "digest.db-journal",
    "digest.db-marks",
    "digest.db-marks-draft",
    "digest.db-lock",
    ".digest-secret",
    ".digest",
    ".digest/.gitignore",
    ".digest/pictures",
    "receipts",
    "receipts/2025-11.toml",
    "out",
    "out/new",
    "out/tmp",
    "out/rehearsal.db",
];

/// Commands that write, in an order in which each meets what the one before has made.
const COMMANDS: [&[&str]; 6] = [
    &["check"],
    &["render", "2025-11", "--format", "eml", "-o", "one.eml"],
    &["status"],
    &["plan", "2025-11"],
    &["send", "2025-11", "--yes", "--catch", "out"],
    &["send", "2025-11", "--yes"],
];

/// A publication with a name in it taken; what lies elsewhere is somebody's.
fn taken(name: &str, take: impl Fn(&Publication)) -> Publication {
    let here = Publication::with_subscribers().write("else/victim", "mine");
    let folder = here.path(name);
    std::fs::create_dir_all(folder.parent().expect("below")).expect("made");
    std::fs::set_permissions(here.path("else/victim"), PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(here.path("else"), PermissionsExt::from_mode(0o755)).unwrap();
    take(&here);
    here
}

#[test]
fn nothing_is_written_through_a_planted_link() {
    for name in NAMES {
        // To a folder where one is made; else to a file, and to one that would be made.
        let is_folder = [".digest", ".digest/pictures", "receipts", "out", "out/new", "out/tmp"];
        let second = if is_folder.contains(&name) { "else" } else { "else/new" };
        for to in ["else/victim", second] {
            let here = taken(name, |here| symlink(here.path(to), here.path(name)).unwrap());
            let relay = Relay::new();
            let settings =
                format!("{}\n[[relay]]\nurl = \"{}\"\n", here.read("digest.toml"), relay.url());
            let here = here.write("digest.toml", settings);
            let began = Instant::now();
            let said: Vec<_> = COMMANDS.iter().map(|line| here.run(line)).collect();
            assert!(began.elapsed() < Duration::from_secs(60), "{name}: {said:?}");
            let about = format!("{name} -> {to}: {said:#?}");
            assert_eq!(here.read("else/victim"), "mine", "{about}");
            let mode = |path: &str| {
                std::fs::metadata(here.path(path)).unwrap().permissions().mode() & 0o777
            };
            assert_eq!((mode("else/victim"), mode("else")), (0o644, 0o755), "{about}");
            let inside: Vec<_> =
                here.files().into_iter().filter(|path| path.starts_with("else")).collect();
            assert_eq!(inside, ["else/victim"], "{about}");
            for output in &said {
                assert!(!output.stderr.contains("panicked"), "{about}");
                assert!([0, 1, 2, 3].contains(&output.code), "{about}");
            }
        }
    }
}

#[test]
fn no_pipe_in_the_place_of_a_file_is_waited_for() {
    for name in NAMES {
        let here = taken(name, |here| {
            assert_eq!(here.shell(&format!("mkfifo '{name}'")).code, 0);
        });
        let relay = Relay::new();
        let settings =
            format!("{}\n[[relay]]\nurl = \"{}\"\n", here.read("digest.toml"), relay.url());
        let here = here.write("digest.toml", settings);
        for line in COMMANDS {
            let began = Instant::now();
            let line = line.join(" ");
            let output = here.shell(&format!("timeout 20 digest {line}"));
            assert!(began.elapsed() < Duration::from_secs(15), "{name}, {line}: {output:?}");
            assert!([0, 1, 2, 3].contains(&output.code), "{name}, {line}: {output:?}");
        }
    }
}

#[test]
fn nothing_is_written_behind_a_link_on_the_way() {
    let outside = tempfile::tempdir().unwrap();
    let here = Publication::with_subscribers();
    for name in ["build", "issues/2027-01"] {
        symlink(outside.path(), here.path(name)).unwrap();
    }
    for line in [
        &["render", "2025-11", "-o", "build/page.html"][..],
        &["render", "2025-11", "-o", "build/new/page.html"],
        &["render", "2025-11", "--assets", "build"],
        &["render", "2025-11", "--assets", "build/assets"],
        &["new", "2027-01"],
        &["send", "2025-11", "--yes", "--catch", "build/caught"],
        &["init", "build/another"],
    ] {
        let said = here.run(line);
        let inside: Vec<_> = std::fs::read_dir(outside.path()).unwrap().flatten().collect();
        assert!(inside.is_empty(), "{line:?}: {said:?} {inside:?}");
        // There are no pictures to publish.
        assert!(said.code != 0 || line.contains(&"--assets"), "{line:?}: {said:?}");
    }
    // A folder that somebody names themselves is theirs.
    let own = outside.path().join("page.html");
    let said = here.run(&["render", "2025-11", "-o", own.to_str().unwrap()]);
    assert!(said.code == 0 && own.is_file(), "{said:?}");
}
