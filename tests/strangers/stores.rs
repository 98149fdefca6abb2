//! A digest.toml that names a store elsewhere: a server that waits for a password, or a database that
//! is somebody's own.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::harness::Publication;

const LOOKS: [&[&str]; 3] = [
    &["check"],
    &["render", "2025-11", "--as", "kim@example.org"],
    &["render", "2025-11", "--as", "kim@example.org", "--format", "eml"],
];

fn naming(here: Publication, url: &str, source: &str) -> Publication {
    let toml = here.read("digest.toml");
    here.write("digest.toml", format!("{toml}\n[audience]\n{source}\n[store]\nurl = \"{url}\"\n"))
}

#[test]
fn neither_check_nor_render_asks_a_server_that_digest_toml_names() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let port = server.local_addr().unwrap().port();
    let url = format!("postgres://tester@127.0.0.1:{port}/list?sslmode=disable");
    for source in ["", "source = \"store\""] {
        let here = naming(Publication::with_subscribers(), &url, source)
            .env("DIGEST_STORE_PASSWORD", "hunter2");
        for line in LOOKS {
            let output = here.run(line);
            assert_eq!(output.code, 0, "{line:?}: {output:?}");
            let told = "the store is on a server";
            assert_eq!(output.stderr.matches(told).count(), 1, "{line:?}: {}", output.stderr);
        }
    }
    let asked = server.accept();
    assert!(asked.is_err(), "somebody came: {asked:?}");
    // A file with the password that is not there is none of their business either.
    let here = naming(Publication::with_subscribers(), &url, "")
        .env("DIGEST_STORE_PASSWORD_FILE", "/nowhere");
    assert_eq!(here.run(&["check"]).code, 0);
}

#[test]
fn neither_check_nor_render_opens_a_store_outside_the_publication() {
    let elsewhere = Publication::with_subscribers();
    let import = elsewhere.run(&["subscribers", "suppress", "kim@example.org", "--why", "mine"]);
    assert_eq!(import.code, 0, "{import:?}");
    let theirs = elsewhere.path("digest.db");
    let mode = || std::fs::metadata(&theirs).unwrap().permissions().mode() & 0o777;
    let (outside, linked) = (Publication::with_subscribers(), Publication::with_subscribers());
    let linked_name = Publication::with_subscribers();
    symlink(&theirs, linked.path("digest.db")).unwrap();
    symlink(elsewhere.path("."), linked_name.path("data")).unwrap();
    let url = format!("sqlite:{}", theirs.display());
    let outside = naming(outside, &url, "");
    let linked_name = naming(linked_name, "sqlite:data/digest.db", "source = \"file\"");
    for here in [outside, linked, linked_name] {
        std::fs::set_permissions(&theirs, PermissionsExt::from_mode(0o644)).unwrap();
        for line in LOOKS {
            let output = here.run(line);
            assert_eq!(output.code, 0, "{line:?}: {output:?}");
            let told = "the store is outside the publication";
            assert_eq!(output.stderr.matches(told).count(), 1, "{line:?}: {}", output.stderr);
            assert!(!output.stderr.contains("mine"), "{output:?}");
        }
        assert_eq!(mode(), 0o644);
    }
    // Their own publication asks it.
    let own = elsewhere.run(LOOKS[1]);
    assert!(own.stderr.contains("is suppressed since") && own.stderr.contains("mine"), "{own:?}");
}

/// Whoever named the server: a password leaves this machine only under TLS.
#[test]
fn no_password_goes_to_another_machine_without_tls() {
    for mode in ["disable", "allow", "prefer"] {
        // An address that nobody has (RFC 5737).
        let url = format!("postgres://tester@192.0.2.1:9/list?sslmode={mode}");
        let here = naming(Publication::with_subscribers(), &url, "")
            .env("DIGEST_STORE_PASSWORD", "hunter2");
        for line in [&["status"][..], &["plan", "2025-11"], &["subscribers", "list"]] {
            let began = std::time::Instant::now();
            let output = here.run(line);
            assert_eq!(output.code, 1, "{mode} {line:?}: {output:?}");
            for words in ["without TLS", "sslmode=verify-full", "DIGEST_STORE_PLAIN=allowed"] {
                assert!(output.stderr.contains(words), "{mode} {line:?}: {}", output.stderr);
            }
            assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
            assert!(began.elapsed().as_secs() < 10, "{mode}: it was asked");
        }
    }
}
