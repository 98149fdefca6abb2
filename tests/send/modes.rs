//! Who can read and write what the program makes, whatever the umask; and links in its place.

use std::os::unix::fs::PermissionsExt;

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Output, Publication, Running};
use crate::relay::Relay;
use crate::with_readers;

fn with_umask(here: &Publication, umask: &str, line: &[&str]) -> Output {
    let shell = format!("umask {umask}; exec \"$0\" \"$@\"");
    let output = Running::start(here.command("sh").args(["-c", &shell, DIGEST]).args(line)).wait();
    assert_eq!(output.code, 0, "{line:?}: {output:?}");
    output
}

fn mode(here: &Publication, path: &str) -> u32 {
    std::fs::metadata(here.path(path)).expect(path).permissions().mode() & 0o777
}

/// Everything below a folder that others than its owner can write.
fn writable_by_others(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let metadata = entry.path().symlink_metadata().expect("there");
        if metadata.permissions().mode() & 0o022 != 0 && !metadata.is_symlink() {
            found.push(entry.path().display().to_string());
        }
        if metadata.is_dir() {
            writable_by_others(&entry.path(), found);
        }
    }
}

#[test]
fn what_is_made_is_its_owners_to_write_and_a_receipt_everybodys_to_read() {
    for umask in ["0", "077"] {
        let here = Publication::repository();
        let relay = Relay::new();
        let issue = "2025-11";
        let list = ["--subscribers", "subscribers.example.csv"];
        let reader = ["--as", "minji.kim@hanbit.example", "-o"];
        for line in [
            &["render", issue, "-o", "page.html"][..],
            &[&["render", issue, "--format", "eml"][..], &list, &reader, &["one.eml"]].concat(),
            &["render", issue, "--assets", "public", "-o", "page.html"],
            &[&["send", issue, "--yes", "--catch", "out"][..], &list].concat(),
            &[&["send", issue, "--yes", "--relay", &relay.url()][..], &list].concat(),
        ] {
            with_umask(&here, umask, line);
        }
        let mut found = Vec::new();
        for folder in ["out", "public", "receipts", ".digest"] {
            writable_by_others(&here.path(folder), &mut found);
        }
        assert_eq!(found, [""; 0]);
        for path in ["digest.db", "one.eml", ".digest-secret", "out/rehearsal.db"] {
            if path == "digest.db" && only_files("the mode of the file") {
                continue;
            }
            assert_eq!(mode(&here, path), 0o600, "{path}");
        }
        for path in ["out", "out/new"] {
            assert_eq!(mode(&here, path), 0o700, "{path}");
        }
        // They are committed.
        assert_eq!(mode(&here, "receipts"), 0o755);
        assert_eq!(mode(&here, "receipts/2025-11.toml"), 0o644);
        if umask == "0" {
            for (path, expected) in [
                ("page.html", 0o644),
                ("public", 0o755),
                (".digest", 0o755),
                (".digest/.gitignore", 0o644),
            ] {
                assert_eq!(mode(&here, path), expected, "{path}");
            }
        }
    }
}

#[test]
fn no_output_goes_through_a_link_to_another_folder() {
    let link = |here: &Publication, to: &str, name: &str| {
        std::os::unix::fs::symlink(here.path(to), here.path(name)).expect("linked");
    };
    let here = with_readers(2).write("else/victim", "mine").write("site/index.html", "old");
    link(&here, "else/victim", "site/page.html");
    let refused = here.run(&["render", "2025-11", "-o", "site/page.html"]);
    assert_eq!((refused.code, here.read("else/victim").as_str()), (1, "mine"), "{refused:?}");
    for words in ["site/page.html is a link to", "which is in another folder", "remove the link"] {
        assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
    }
    // One to a neighbour is the author's own way to name it.
    link(&here, "site/index.html", "site/latest.html");
    assert_eq!(here.run(&["render", "2025-11", "-o", "site/latest.html"]).code, 0);
    assert!(here.read("site/index.html").contains("Twenty-eight"));
    assert!(here.path("site/latest.html").is_symlink());
    let piped = here.shell("digest render 2025-11 -o /dev/stdout > piped.html");
    assert_eq!((piped.code, here.read("piped.html").contains("Twenty-eight")), (0, true));
    // Caught mails hold addresses.
    std::fs::create_dir(here.path("out")).expect("made");
    link(&here, "else", "out/new");
    allow_all(&here, "else");
    let caught = here.run(&["send", "2025-11", "--yes", "--catch", "out"]);
    assert_eq!(caught.code, 1, "{caught:?}");
    assert!(caught.stderr.contains("out/new is a link"), "{}", caught.stderr);
    assert_eq!(
        (mode(&here, "else"), here.files().iter().filter(|f| f.starts_with("else")).count()),
        (0o777, 1)
    );
}

fn allow_all(here: &Publication, path: &str) {
    std::fs::set_permissions(here.path(path), PermissionsExt::from_mode(0o777)).expect("allowed");
}

#[test]
fn a_link_out_of_the_publication_is_seen_from_any_folder_and_others_are_ours() {
    let here = with_readers(2);
    let other = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(other.path().join("www")).expect("made");
    let link = |from: std::path::PathBuf| {
        std::os::unix::fs::symlink(other.path().join("www"), from).expect("linked");
    };
    link(here.path("public"));
    let page = here.path("public/page.html").display().to_string();
    for (folder, page) in [("issues", "../public/page.html"), ("issues", page.as_str())] {
        let refused = here.run_in(folder, &["render", "2025-11", "-o", page]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("is a link to"), "{}", refused.stderr);
    }
    // No pull request puts one beside the publication.
    link(other.path().join("site"));
    let page = other.path().join("site/page.html");
    let made = here.run(&["render", "2025-11", "-o", &page.display().to_string()]);
    assert_eq!((made.code, page.is_file()), (0, true), "{made:?}");
}
