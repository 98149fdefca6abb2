//! How a server is named, and the password: where it is found, and that it is never shown.

use crate::harness::server::PASSWORD;
use crate::{readers, steady};

#[cfg(unix)]
#[test]
fn the_password_comes_from_a_variable_a_file_or_pgpass_and_is_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()).expect("a port");
    let here = readers(3)
        .env("DIGEST_STORE__URL", &url)
        .env("HOME", "/nonexistent")
        .write("password", format!("{PASSWORD}\n"))
        .write("pgpass", format!("127.0.0.1:{port}:*:tester:{PASSWORD}\n"))
        .write("wrong", "not-the-password-9\n");
    for name in ["password", "pgpass", "wrong"] {
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(here.path(name), private).expect("narrowed");
    }
    let at = |name: &str| here.path(name).display().to_string();
    let plan = |variable: &str, value: &str| {
        let line = format!("{variable}='{value}' digest plan 2025-11 -vv");
        let output = here.shell(&line);
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(!all.contains(PASSWORD) && !all.contains("not-the-password-9"), "{all}");
        output
    };
    for (variable, value) in [
        ("DIGEST_STORE_PASSWORD", PASSWORD.to_owned()),
        ("DIGEST_STORE_PASSWORD_FILE", at("password")),
        ("PGPASSFILE", at("pgpass")),
    ] {
        let output = plan(variable, &value);
        assert_eq!(output.code, 0, "{variable}: {output:?}");
    }
    for (variable, value) in [
        ("DIGEST_STORE_PASSWORD", "not-the-password-9".to_owned()),
        ("DIGEST_STORE_PASSWORD_FILE", at("wrong")),
        ("PGPASSFILE", "/nonexistent".to_owned()),
    ] {
        let output = plan(variable, &value);
        assert_eq!(output.code, 1, "{variable}: {output:?}");
        for words in ["there is no connection to postgres://tester@", "DIGEST_STORE_PASSWORD"] {
            assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
        }
    }
}

#[test]
fn an_address_that_cannot_be_used_says_what_is_wrong_with_it() {
    let Some((server, _steady)) = steady() else { return };
    let here = readers(3).sending_from(&server.fresh());
    let shut = "postgres://tester@127.0.0.1:1/postgres";
    let other = server.url("x").replace("/postgres?", "/nowhere?");
    let tls = format!("{}&sslmode=require", server.url("x"));
    for (url, words) in [
        ("postgres://a:hunter2@localhost/b", "it contains a password: delete it there"),
        ("postgres://localhost/b", "a user, a host or a database is missing in it"),
        (shut, "there is no connection to postgres://tester@127.0.0.1:1/postgres?schema=digest"),
        (&other, "createdb -E UTF8 -O tester nowhere"),
        (&tls, "there is no connection to"),
        ("mysql://a:hunter2@b/c", "digest does not know the kind of the store mysql://"),
    ] {
        let output = here.run(&["status", "--store", url]);
        assert_eq!(output.code, 1, "{url}: {output:?}");
        assert!(output.stderr.contains(words), "{url}: no {words:?} in {}", output.stderr);
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    }
}

/// An editor who checks has no password, and needs none.
#[test]
fn a_check_asks_no_server_and_a_send_does() {
    let here = readers(3).env("DIGEST_STORE__URL", "postgres://tester@127.0.0.1:1/postgres");
    let check = here.run(&["check"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert!(check.stderr.contains("who is suppressed is not known here"), "{}", check.stderr);
    let send = here.run(&["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:1"]);
    assert!(send.code == 1 && send.stderr.contains("there is no connection to"), "{send:?}");
}
