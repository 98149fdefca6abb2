//! How a server is named, and the password: where it is found, and that it is never shown.

use sejong_digest::catcher::Received;

use crate::harness::Publication;
use crate::harness::running::wait_until;
use crate::harness::server::{PASSWORD, Server};
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

#[test]
fn a_user_without_rights_is_told_the_words_that_give_them() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let here = readers(3).sending_from(&url);
    assert_eq!(here.run(&["plan", "2025-11"]).code, 0);
    server.ask(&format!("CREATE ROLE poor LOGIN PASSWORD '{PASSWORD}'"));
    let poor = url.replace("tester@", "poor@");
    server.ask("CREATE SCHEMA made_for_nobody");
    let empty = poor.replace(&schema, "made_for_nobody");
    for store in [&poor, &empty] {
        for line in [&["plan", "2025-11"][..], &["status"], &["subscribers", "list"]] {
            let refused = here.run(&[line, &["--store", store]].concat());
            let says = refused.stderr.contains("this user may not use the schema")
                && refused.stderr.contains("Let the owner of the schema run: GRANT USAGE");
            assert!(refused.code == 1 && says, "{line:?}: {refused:?}");
        }
    }
    server.ask(&format!("GRANT USAGE ON SCHEMA {schema} TO poor"));
    let send = || {
        let relay = crate::relay::Relay::new();
        let url = relay.url();
        here.run(&["send", "2025-11", "--yes", "--relay", &url, "--store", &poor])
    };
    let refused = send();
    assert_eq!(refused.code, 1, "{refused:?}");
    let grants = refused.stderr.split("Let the owner of the schema run: ").nth(1);
    let grants = grants.unwrap_or_else(|| panic!("{refused:?}"));
    let grants = grants.split("\"postgres\" TO \"poor\"").next().expect("a text");
    assert!(grants.contains(&format!("ON SCHEMA {schema} TO \"poor\"")), "{grants}");
    // What it says is enough.
    let grants: String = grants.split_whitespace().collect::<Vec<_>>().join(" ");
    server.ask(&format!("{grants} \"postgres\" TO \"poor\""));
    let sent = send();
    assert_eq!(sent.code, 0, "{sent:?}");
}

/// An issue that three people got, with a reverse-path that proves their reports.
fn sent_with_tokens(server: &Server) -> (Publication, Vec<Received>) {
    let relay = crate::relay::Relay::new();
    let here = readers(3).sending_from(&server.fresh());
    let toml = here.read("digest.toml");
    let toml = format!("{toml}\n[bounce]\nreverse_path = \"bounces+{{token}}@sejong.example\"\n");
    let here = here.write("digest.toml", toml);
    assert_eq!(crate::start(&here, &relay, &[]).wait().code, 0);
    (here, relay.accepted())
}

/// As it does for a mailbox on an IMAP server.
#[test]
fn whoever_follows_a_mailbox_waits_for_a_server_that_is_restarted() {
    let Some((server, _alone)) = crate::alone() else { return };
    let (here, mails) = sent_with_tokens(server);
    let reports: Vec<String> = mails.iter().map(report).collect();
    let here = here.write("box/new/1", &reports[0]).write("box/cur/.keep", "");
    let running = here.start(&["bounces", "read", "box", "--follow"]);
    let is_empty = || std::fs::read_dir(here.path("box/new")).expect("read").next().is_none();
    let patience = std::time::Duration::from_secs(30);
    assert!(wait_until(patience, is_empty), "the first report is not acted on");
    server.control("restart");
    std::fs::write(here.path("box/new/2"), &reports[1]).expect("written");
    running.says("trying again");
    running.says("can be reached again");
    assert!(wait_until(patience, is_empty), "the second report is not acted on");
    running.kill();
    let list = here.run(&["subscribers", "list", "--suppressed", "--json"]);
    assert_eq!(list.stdout.matches("\"hard-bounce\"").count(), 2, "{list:?}");
}

/// What was read and not committed when the connection went is read again, and not taken for done.
#[test]
fn a_lot_that_is_cut_in_its_middle_is_read_again() {
    let Some((server, _alone)) = crate::alone() else { return };
    let (here, mails) = sent_with_tokens(server);
    let wish = format!("From: {}\nSubject: unsubscribe\n\nunsubscribe\n", mails[1].recipients[0]);
    let here = here.write("box/new/1", report(&mails[0])).write("box/new/2", wish);
    let here = here.write("box/cur/.keep", "");
    let url = here.store_url();
    let schema = url.rsplit("schema=").next().expect("a schema").to_owned();
    let held = std::thread::spawn(move || {
        server.ask(&format!(
            "BEGIN; LOCK TABLE {schema}.undecided_report IN EXCLUSIVE MODE; \
             SELECT pg_sleep(4); COMMIT"
        ))
    });
    std::thread::sleep(std::time::Duration::from_millis(500));
    let running = here.start(&["bounces", "read", "box", "--follow"]);
    let patience = std::time::Duration::from_secs(30);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    assert!(wait_until(patience, || server.ask(waits).trim() == "1"), "nobody waits");
    server.cut("wait_event_type = 'Lock'");
    running.says("can be reached again");
    held.join().expect("a thread");
    let is_read = || !here.exists("box/new/1");
    assert!(wait_until(patience, is_read), "the report is not acted on");
    running.kill();
    let list = here.run(&["subscribers", "list", "--suppressed", "--json"]);
    assert_eq!(list.stdout.matches("\"hard-bounce\"").count(), 1, "{list:?}");
}

/// That somebody's mailbox does not exist, to whoever sent to it.
fn report(mail: &Received) -> String {
    let (to, about) = (&mail.reverse_path, &mail.recipients[0]);
    format!(
        "From: MAILER-DAEMON@mx.example.net\nTo: {to}\nDelivered-To: {to}\nSubject: Undelivered\n\
         Date: Fri, 7 Nov 2025 09:00:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nIt could not be delivered.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
         Final-Recipient: rfc822; {about}\nAction: failed\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user here\n\n--b--\n"
    )
}
