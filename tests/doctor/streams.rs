//! What is printed, the exit code, and that looking leaves no trace.

use crate::harness::Publication;
use crate::nameserver::Zone;
use crate::relay::Relay;
use crate::web::Reply;
use crate::{one_click, says, silent};

#[test]
fn a_sound_publication_gets_a_line_for_each_check_and_no_file() {
    // A slot without a fallback is nothing to be told of here.
    let here = Publication::new().edit("issues/2025-11/issue.toml", "first_name | reader", "city");
    let before = here.files();
    let output = here.run(&["doctor", "2025-11", "--offline"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    for line in [
        "ok       configuration     digest.toml can be read\n",
        "ok       from              From uses sejong.example",
        "warning  dkim              there is no [dkim]",
        "ok       one-click         messages have both headers",
        "warning  relay             there is no relay to send to; add [[relay]]",
        "warning  dns               not checked (--offline)\n",
        " checks, errors: 0, warnings: ",
    ] {
        assert!(output.stdout.contains(line), "no {line:?} in {}", output.stdout);
    }
    assert!(!output.stdout.contains('\u{1b}'), "{}", output.stdout);
    assert_eq!(here.files(), before);
}

#[test]
fn the_whole_report_reads_as_lines() {
    let relay = Relay::new();
    let (web, here) = one_click::page(|_| Reply::status(404));
    // Not loopback by its address, so that nothing hangs on the address of this machine.
    let url = format!("smtp://0.0.0.0:{}?tls=none&hello=news.sejong.example", relay.port());
    let zone = Zone::good().without("_dmarc.sejong.example").serve();
    let private = ["--allow-private", "--dns", &zone, "--relay", &url];
    let output = here.run(&[&["doctor", "2025-11"], &private[..]].concat());
    assert_eq!(output.code, 3, "{output:?}");
    let ports = [(relay.port(), "25"), (web.port(), "443")];
    let text = ports.iter().fold(output.stdout, |text, (port, usual)| {
        text.replace(&format!(":{port}"), &format!(":{usual}"))
    });
    insta::with_settings!({ filters => [(r"has \d+ bytes", "has [N] bytes")] }, {
        insta::assert_snapshot!(text);
    });
}

#[test]
fn a_digest_toml_with_errors_is_told_with_its_lines() {
    let here = Publication::new().edit("digest.toml", "https://digest.sejong.example", "nowhere");
    let output = here.run(&["doctor", "--offline", "--json"]);
    says(&output, "configuration", "error", &["digest.toml:", "base_url is not a web address"]);
    assert_eq!(Publication::nothing().run(&["doctor"]).code, 1);
}

/// Whoever has a mail knows its Message-ID, and must not be able to have its reader suppressed by that.
#[test]
fn a_reverse_path_without_a_token_is_told_with_what_to_write() {
    let doctor = |here: &Publication| here.run(&["doctor", "--offline", "--json"]);
    let with = |path: &str| {
        let here = Publication::new();
        let toml = format!("{}\n[bounce]\nreverse_path = \"{path}\"\n", here.read("digest.toml"));
        here.write("digest.toml", toml)
    };
    for (here, path, write) in [
        (Publication::new(), "digest@sejong.example", "bounces+{token}@sejong.example"),
        (with("back@sejong.example"), "back@sejong.example", "back+{token}@sejong.example"),
    ] {
        let come_to = format!("reports of all bounces come to {path}, so a Message-ID is enough");
        let write = format!("write reverse_path = \"{write}\" under [bounce] in digest.toml");
        says(&doctor(&here), "reverse-path", "warning", &[&come_to, &write]);
        assert_eq!(doctor(&here).code, 0);
        // What is told to be written is right.
        let path = write.split('"').nth(1).expect("an address").to_owned();
        says(&doctor(&with(&path)), "reverse-path", "ok", &[&path]);
    }
    // So is what a new publication has to be made of.
    let here = Publication::nothing();
    assert_eq!(here.run(&["init"]).code, 0);
    says(&doctor(&here), "reverse-path", "warning", &["under [bounce] in digest.toml"]);
    let mut toml = here.read("digest.toml");
    for line in ["[bounce]", "reverse_path =", "mailbox ="] {
        assert!(toml.contains(&format!("# {line}")), "{line}: {toml}");
        toml = toml.replace(&format!("# {line}"), line);
    }
    let told = doctor(&here.write("digest.toml", toml));
    says(&told, "configuration", "ok", &["digest.toml can be read"]);
    says(&told, "reverse-path", "ok", &["bounces+{token}@example.org"]);
}

/// Nobody hears who leaves by mail where the mailbox is another one, or somebody else's.
#[test]
fn the_mailbox_of_reports_is_opened_and_counted() {
    let here = |mailbox: &str| {
        let here = Publication::new();
        let toml = format!("{}\n[bounce]\nmailbox = \"{mailbox}\"\n", here.read("digest.toml"));
        here.write("digest.toml", toml)
    };
    let doctor = |here: &Publication| here.run(&["doctor", "--offline", "--json"]);
    silent(&doctor(&Publication::new()), "bounces", "ok");
    let with_two = here("box").write("box/new/1", "Subject: a\n\nb\n").write("box/cur/2", "x");
    let before = with_two.files();
    says(&doctor(&with_two), "bounces", "ok", &["box can be read: 2 messages to look at"]);
    assert_eq!(with_two.files(), before, "nothing is marked");
    let read = with_two.run(&["bounces", "read", "--dry-run"]);
    assert!(read.code != 2, "the mailbox of digest.toml is read: {read:?}");
    says(&doctor(&here("box")), "bounces", "error", &["box cannot be read"]);
    let folder = here("box").write("box/1.eml", "Subject: a\n\nb\n");
    says(&doctor(&folder), "bounces", "error", &["is no Maildir"]);
    says(
        &doctor(&here("mbox").write("mbox", "From a Thu Nov  6 09:00:00 2025\n\nx\n")),
        "bounces",
        "ok",
        &[],
    );
    let imap = "imaps://b@mail.sejong.example/INBOX";
    says(&doctor(&here(imap)), "bounces", "warning", &["not checked (--offline)"]);
    says(&doctor(&here("imaps://b@127.0.0.1:1/INBOX")), "bounces", "error", &["no password"]);
    says(&doctor(&here("imaps://127.0.0.1/INBOX")), "configuration", "error", &["mailbox: "]);
    let unnamed = Publication::new().run(&["bounces", "read"]);
    assert_eq!(unnamed.code, 2, "{unnamed:?}");
    assert!(unnamed.stderr.contains("no SOURCE is named"), "{unnamed:?}");
}

#[test]
fn a_mailbox_provider_and_a_link_without_tls_are_errors() {
    let here = Publication::new()
        .edit("digest.toml", "digest@sejong.example", "sejong@naver.com")
        .edit("digest.toml", "https://", "http://");
    let output = here.run(&["doctor", "2025-11", "--offline", "--json"]);
    says(&output, "from", "error", &["naver.com", "your own domain"]);
    says(&output, "base-url", "error", &["write https://"]);
    says(&output, "one-click", "error", &["lack a header"]);
}

#[cfg(unix)]
#[test]
fn a_password_that_others_can_read_is_a_warning_and_not_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let text = Publication::new().read("digest.toml");
    let relay =
        "[[relay]]\nurl = \"smtps://kim:correct-horse@192.0.2.1\"\npassword_file = \"pw\"\n";
    let here =
        Publication::new().write("pw", "battery").write("digest.toml", format!("{text}\n{relay}"));
    let mode =
        |mode| std::fs::set_permissions(here.path("pw"), std::fs::Permissions::from_mode(mode));
    mode(0o640).expect("changed");
    let output = here.run(&["doctor", "--offline", "--json"]);
    says(&output, "configuration", "warning", &["digest.toml:8:7", "password", "git"]);
    says(
        &output,
        "configuration",
        "warning",
        &["other users of this computer can read the password file", "chmod 600"],
    );
    assert!(!format!("{output:?}").contains("correct-horse"), "{output:?}");
    mode(0o600).expect("changed");
    let output = here.run(&["doctor", "--offline"]);
    assert!(!output.stdout.contains("chmod"), "{output:?}");
    // The file that a variable names is told as well, also by `check`.
    let here = here.env("DIGEST_SMTP_PASSWORD_FILE", "other").write("other", "battery");
    let other = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(here.path("other"), other).expect("changed");
    let words = ["password file other (DIGEST_SMTP_PASSWORD_FILE)", "chmod 600 other"];
    let doctor = here.run(&["doctor", "--offline", "--json"]);
    says(&doctor, "configuration", "warning", &words);
    let check = here.run(&["check", "2025-11"]);
    for words in words {
        assert!(check.stdout.contains(words), "no {words} in {check:?}");
    }
    let other = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(here.path("other"), other).expect("changed");
    assert!(!here.run(&["check", "2025-11"]).stdout.contains("DIGEST_SMTP_PASSWORD_FILE"));
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let here = Publication::new().write(".digest-secret", "0123456789abcdef0123456789abcdef\n");
    let path = here.path(".digest-secret");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
    let output = here.run(&["doctor", "--offline", "--json"]);
    says(&output, "secret", "error", &["chmod 600"]);
    assert!(!output.stdout.contains("0123456789abcdef"));
}

// A clone has the receipts of what was sent, and not the secret.
#[test]
fn a_secret_that_is_missing_is_an_error_only_where_mail_was_sent() {
    let doctor = ["doctor", "--offline", "--json"];
    let here = Publication::new();
    says(&here.run(&doctor), "secret", "ok", &["the first send will make one"]);
    let here = here.write("receipts/2025-10.toml", "content_hash = \"\"\n");
    let words = [
        "receipts/2025-10.toml is no receipt that can be read",
        "copy that file here",
        "Do not remove the file",
    ];
    says(&here.run(&doctor), "secret", "error", &words);
}

#[test]
fn a_missing_key_and_a_foreign_signature_are_told() {
    let dkim = "[dkim]\ndomain = \"other.example\"\nselector = \"s\"\nkey_file = \"k.pem\"\n";
    let here = Publication::new();
    let text = here.read("digest.toml");
    let here = here.write("digest.toml", format!("{text}\n{dkim}"));
    let output = here.run(&["doctor", "--offline", "--json"]);
    says(&output, "dkim-key", "error", &["digest.toml:", "k.pem cannot be read", "keygen"]);
    says(&output, "alignment", "warning", &["sejong.example", "signed for other.example"]);
}

#[test]
fn an_issue_with_errors_is_an_error_and_one_that_is_not_there_as_well() {
    let here = Publication::new().edit("issues/2025-11/issue.toml", "\"hangul\"", "\"gone\"");
    let output = here.run(&["doctor", "2025-11", "--offline", "--json"]);
    says(&output, "issue", "error", &["2025-11", "digest check"]);
    let output = here.run(&["doctor", "2031-01", "--offline", "--json"]);
    says(&output, "issue", "error", &["2031-01"]);
    silent(&output, "size", "ok");
}

#[test]
fn a_server_that_is_no_address_is_a_usage_error() {
    let output = Publication::new().run(&["doctor", "--dns", "localhost"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("write an IP address"), "{}", output.stderr);
}
