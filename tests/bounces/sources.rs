//! Where messages lie: files, an mbox, a Maildir, standard input.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::forms::{cases, rows};
use crate::harness::{DIGEST, Publication};

fn case(name: &str) -> String {
    cases().into_iter().find(|case| case.0 == name).unwrap().1
}

/// File, message and class of each row.
fn told(rows: &[Value]) -> Vec<String> {
    let row = |row: &Value| {
        let (file, class) = (row["file"].as_str().unwrap(), row["class"].as_str().unwrap());
        format!("{file} {} {class}", row["message"])
    };
    rows.iter().map(row).collect()
}

#[test]
fn help_says_what_is_read_and_what_is_done() {
    let help = Publication::nothing().run(&["bounces", "read", "--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(help.stdout);
}

#[test]
fn a_maildir_is_read_without_what_is_not_there_yet() {
    let here = Publication::nothing()
        .write("box/new/2.x", case("arf.mail"))
        .write("box/cur/1.x:2,S", case("qmail.mail"))
        .write("box/cur/.hidden", "x")
        .write("box/tmp/3.x", case("qmail.mail"));
    let output = here.run(&["bounces", "read", "box", "--dry-run", "--json"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(told(&rows(&output)), ["box/cur/1.x:2,S 1 hard", "box/new/2.x 1 complaint"]);
    assert_eq!(here.files().len(), 4, "nothing is moved");
}

#[test]
fn a_link_to_nothing_is_named_and_says_so() {
    let here = Publication::nothing().write("1.eml", case("qmail.mail"));
    std::os::unix::fs::symlink("gone.eml", here.path("link.eml")).expect("a link");
    let output = here.run(&["bounces", "read", "link.eml", "1.eml", "--dry-run"]);
    let words = "link.eml: this is a link that leads to nothing: there is no gone.eml";
    assert!(output.code == 1 && output.stderr.contains(words), "{output:?}");
    assert!(output.stdout.contains("1.eml: hard"), "the others are read: {output:?}");
    let output = here.run(&["bounces", "read", "none.eml", "--dry-run"]);
    assert!(output.stderr.contains("none.eml: No such file"), "{output:?}");
}

/// Whoever reads in a script has to learn which variable is missing, and for which mailbox.
#[test]
fn without_a_password_the_variables_and_the_mailbox_are_named() {
    let url = "imaps://bounces%40sejong.example@127.0.0.1:9/INBOX";
    let words = "there is no password for bounces@sejong.example@127.0.0.1:9: set DIGEST_IMAP_PASSWORD, \
                 or DIGEST_IMAP_PASSWORD_FILE to a file with it that only you can read";
    let here = Publication::new();
    let toml = format!("{}\n[bounce]\nmailbox = \"{url}\"\n", here.read("digest.toml"));
    let here = here.write("digest.toml", toml).env("DIGEST_IMAP_PASSWORD", "");
    for line in [&["bounces", "read", url, "--dry-run"][..], &["bounces", "read"]] {
        let output = here.run(line);
        assert!(output.code == 1 && output.stderr.contains(words), "{output:?}");
    }
    let doctor = here.run(&["doctor", "--offline", "--json"]);
    assert!(doctor.stdout.contains(words), "{doctor:?}");
    let here = here.env("DIGEST_IMAP_PASSWORD_FILE", "none.txt");
    let output = here.run(&["bounces", "read"]);
    let words =
        "none.txt (DIGEST_IMAP_PASSWORD_FILE) with the password for bounces@sejong.example@127";
    assert!(output.code == 1 && output.stderr.contains(words), "{output:?}");
}

#[test]
fn an_mbox_is_read_message_by_message() {
    let from = "From MAILER-DAEMON Thu Nov  6 09:00:00 2025\n";
    let mbox = format!("{from}{}\n{from}{}", case("qmail.mail"), case("out-of-office.mail"));
    let here = Publication::nothing().write("mbox", &mbox);
    let output = here.run(&["bounces", "read", "mbox", "--dry-run", "--json"]);
    assert_eq!(told(&rows(&output)), ["mbox 1 hard", "mbox 2 autoreply"]);
    let output = here.run(&["bounces", "read", "mbox", "--dry-run"]);
    assert!(output.stdout.contains("mbox#2: autoreply"), "{}", output.stdout);
    assert!(
        output
            .stdout
            .ends_with("2 messages: 1 hard, 1 autoreply. Nothing was changed (--dry-run)\n")
    );
}

#[test]
fn standard_input_is_one_message() {
    let here = Publication::nothing();
    let mut child = here
        .command(DIGEST)
        .args(["bounces", "read", "-", "--dry-run", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(case("gmx.mail").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let row: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((row["file"].as_str(), row["class"].as_str()), (Some("-"), Some("hard")));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_read() {
    let here = Publication::nothing()
        .write("one.eml", case("qmail.mail"))
        .write("folder/one.eml", case("qmail.mail"));
    let output = here.run(&["bounces", "read", "missing.eml", "folder", "one.eml", "--dry-run"]);
    assert_eq!(output.code, 1);
    assert!(output.stdout.contains("one.eml: hard: kim@example.net"), "{}", output.stdout);
    assert!(output.stderr.contains("missing.eml: "), "{}", output.stderr);
    assert!(output.stderr.contains("this folder is no Maildir"), "{}", output.stderr);
    assert!(output.stderr.contains("2 sources could not be read"), "{}", output.stderr);
}

/// Half of a Maildir is not taken for the whole of it.
#[test]
fn what_cannot_be_read_of_a_maildir_is_told() {
    let here = Publication::nothing()
        .write("mail/cur/one", case("qmail.mail"))
        .write("mail/new", "a file in the place of a folder");
    let output = here.run(&["bounces", "read", "mail", "--dry-run"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("hard: kim@example.net"), "{}", output.stdout);
    assert!(output.stderr.contains("mail/new: "), "{}", output.stderr);
}

/// A name without a domain is nobody's address, and would be a flag or a domain to the next command.
#[test]
fn whoever_has_no_address_is_not_named() {
    for name in ["--domain", "example.org"] {
        let text = case("dsn-several.mail");
        let fields = text.lines().filter(|line| line.starts_with("Final-Recipient:"));
        let text = fields.fold(text.clone(), |text, line| {
            text.replace(line, &format!("Final-Recipient: rfc822; {name}"))
        });
        let here = Publication::nothing().write("one.eml", text);
        let output = here.run(&["bounces", "read", "one.eml", "--dry-run", "--json"]);
        assert_eq!(output.code, 0, "{output:?}");
        for line in output.stdout.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert!(row["recipient"].as_str().is_none_or(|name| name.contains('@')), "{row}");
        }
    }
}

/// Japanese and Chinese have no spaces at which a text could be cut.
#[test]
fn a_long_text_without_spaces_is_cut_and_not_lost() {
    let said = "ご指定のメールアドレスは存在しません。".repeat(12);
    let text = case("qmail.mail").replace("no mailbox here", &said);
    let here = Publication::nothing().write("one.eml", text);
    let output = here.run(&["bounces", "read", "one.eml", "--dry-run"]);
    assert!(output.stdout.contains("ご指定のメール"), "{}", output.stdout);
    assert!(output.stdout.contains('…'), "{}", output.stdout);
}

#[test]
fn no_report_moves_the_cursor_of_a_terminal() {
    let text = case("qmail.mail").replace("no mailbox here", "no\u{1b}[2J mailbox\u{202e} here");
    let here = Publication::nothing().write("one.eml", text);
    for arguments in [
        &["bounces", "read", "one.eml", "--dry-run"][..],
        &["bounces", "read", "one.eml", "--dry-run", "--json"],
    ] {
        let output = here.run(arguments);
        assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']), "{}", output.stdout);
    }
}
