//! Reports on a server: a real Dovecot in a folder of its own, on a free port, under TLS. Skipped where
//! it is missing, unless `DIGEST_TEST_DOVECOT=required` says that it must be there.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::acting::{SentIssue, UNKNOWN, report};
use crate::harness::running::wait_until;

const PASSWORD: &str = "a-word-that-nobody-sees";

struct Dovecot {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Dovecot {
    /// `None` where there is none on this machine, or it may not be started.
    fn start() -> Option<Dovecot> {
        let is_root = output("id", &["-u"]).trim() == "0";
        if !is_root
            || output("sh", &["-c", "command -v dovecot || ls /usr/sbin/dovecot"]).is_empty()
        {
            let required = std::env::var("DIGEST_TEST_DOVECOT").is_ok_and(|it| it == "required");
            assert!(!required, "dovecot-imapd is missing: apt-get install dovecot-imapd");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        std::fs::set_permissions(&root, PermissionsExt::from_mode(0o755)).unwrap();
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let here = |name: &str| folder.path().join(name);
        std::fs::write(here("cert.pem"), certificate.cert.pem()).unwrap();
        std::fs::write(here("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
        for name in ["cur", "new", "tmp", ".Done/cur", ".Done/new", ".Done/tmp"] {
            std::fs::create_dir_all(here("mail").join(name)).unwrap();
        }
        std::fs::write(
            here("dovecot.conf"),
            format!(
                "protocols = imap\nbase_dir = {root}/run\nstate_dir = {root}/state\nlog_path = {root}/log\n\
                 listen = 127.0.0.1\nssl = required\nssl_cert = <{root}/cert.pem\n\
                 ssl_key = <{root}/key.pem\nmail_location = maildir:{root}/mail\n\
                 auth_mechanisms = plain\nmail_uid = nobody\nmail_gid = nogroup\n\
                 namespace inbox {{\n  inbox = yes\n}}\n\
                 passdb {{\n  driver = static\n  args = password={PASSWORD}\n}}\n\
                 userdb {{\n  driver = static\n  args = uid=nobody gid=nogroup home={root}/mail\n}}\n\
                 service imap-login {{\n  inet_listener imap {{\n    port = 0\n  }}\n  \
                 inet_listener imaps {{\n    port = {port}\n    ssl = yes\n  }}\n}}\n"
            ),
        )
        .unwrap();
        let conf = here("dovecot.conf");
        let mut command = Command::new("sh");
        let line = "PATH=$PATH:/usr/sbin:/sbin exec dovecot -F -c \"$0\"";
        let command =
            command.args(["-c", line]).arg(conf).stdout(Stdio::null()).stderr(Stdio::null());
        let dovecot = Dovecot { child: command.spawn().unwrap(), folder, port };
        dovecot.own();
        let answers = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        let log = || std::fs::read_to_string(dovecot.path("log")).unwrap_or_default();
        assert!(wait_until(Duration::from_secs(30), answers), "{}", log());
        Some(dovecot)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self, more: &str) -> String {
        let ca_file = self.path("cert.pem").display().to_string();
        format!("imaps://kim@localhost:{}/INBOX?ca_file={ca_file}{more}", self.port)
    }

    fn own(&self) {
        let mail = self.path("mail").display().to_string();
        output("chown", &["-R", "nobody:nogroup", &mail]);
    }

    /// As a mail system delivers.
    fn deliver(&self, name: &str, text: &str) {
        std::fs::write(self.path("mail/tmp").join(name), text).unwrap();
        self.own();
        std::fs::rename(self.path("mail/tmp").join(name), self.path("mail/new").join(name))
            .unwrap();
    }

    /// The names in a folder, with their flags.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("mail").join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn seen(&self, folder: &str, name: &str) -> bool {
        let is_seen = |found: &String| {
            found.starts_with(name)
                && found.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S'))
        };
        self.names(folder).iter().any(is_seen)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // SIGTERM lets it end its processes.
        output("kill", &[&self.child.id().to_string()]);
        let _ = self.child.wait();
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn with_password(sent: SentIssue, folder: &Path) -> SentIssue {
    let file = folder.join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    SentIssue {
        here: sent.here.env("DIGEST_IMAP_PASSWORD_FILE", &file.display().to_string()),
        ..sent
    }
}

#[test]
fn messages_on_a_server_act_and_are_marked_behind_that() {
    let Some(dovecot) = Dovecot::start() else { return };
    let sent = with_password(SentIssue::new(), dovecot.folder.path());
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    dovecot.deliver("1.host", &text);
    dovecot.deliver("2.host", "From: a@b.example\nSubject: hello\n\nA letter.\n");
    let dry = sent.read(&[&dovecot.url(""), "--dry-run"]);
    assert!(dry.stdout.contains("It would be: 1 suppressed"), "{dry:?}");
    assert!(!dovecot.seen("cur", "1.host") && sent.suppressed().is_empty());

    let output = sent.read(&[&dovecot.url("")]);
    assert_eq!(output.code, 0, "{output:?}");
    let place = "imaps://localhost/INBOX;UID=1: hard: kim@example.org";
    assert!(output.stdout.contains(place), "{}", output.stdout);
    assert_eq!(sent.suppressed(), [("kim@example.org".to_owned(), "hard-bounce".to_owned())]);
    assert!(dovecot.seen("cur", "1.host"), "{:?}", dovecot.names("cur"));
    assert!(!dovecot.seen("cur", "2.host"), "a letter is for a person");

    // The same report once more, and what is done moves.
    dovecot.deliver("3.host", &text.replace('\n', "\r\n"));
    let output = sent.read(&[&dovecot.url("&done=Done")]);
    assert!(output.stdout.contains("1 message: 1 none; 2 read before"), "{output:?}");
    assert_eq!(dovecot.names(".Done/cur").len() + dovecot.names(".Done/new").len(), 2);
    assert_eq!(dovecot.names("cur").len() + dovecot.names("new").len(), 1);
}

#[test]
fn what_comes_while_a_server_is_followed_acts_at_once() {
    let Some(dovecot) = Dovecot::start() else { return };
    let sent = with_password(SentIssue::new(), dovecot.folder.path());
    let running = sent.here.start(&["bounces", "read", &dovecot.url(""), "--follow"]);
    // It is logged in, and waits.
    std::thread::sleep(Duration::from_secs(2));
    dovecot.deliver(
        "1.host",
        &report(sent.reverse_path("ada@example.org"), "ada@example.org", UNKNOWN, ""),
    );
    let acted = || !sent.suppressed().is_empty();
    assert!(wait_until(Duration::from_secs(30), acted));
    assert!(wait_until(Duration::from_secs(10), || dovecot.seen("cur", "1.host")));
    running.kill();
}

#[test]
fn a_password_is_never_shown_and_tls_is_checked() {
    let Some(dovecot) = Dovecot::start() else { return };
    let sent = SentIssue::new();
    let none = sent.read(&[&dovecot.url("")]);
    assert!(none.code == 1 && none.stderr.contains("set DIGEST_IMAP_PASSWORD"), "{none:?}");
    let wrong = SentIssue { here: sent.here.env("DIGEST_IMAP_PASSWORD", "not-this-word"), ..sent };
    let refused = wrong.read(&[&dovecot.url(""), "-vv"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("does not let kim log in"), "{refused:?}");
    assert!(!format!("{refused:?}").contains("not-this-word"), "{refused:?}");
    // Nobody vouches for the certificate without the file.
    let url = format!("imaps://kim@localhost:{}/INBOX", dovecot.port);
    let untrusted = wrong.read(&[&url]);
    assert!(untrusted.stderr.contains("certificate"), "{untrusted:?}");
    let in_url = wrong.read(&["imaps://kim:typed-word@localhost/INBOX"]);
    assert_eq!(in_url.code, 2, "{in_url:?}");
    assert!(!in_url.stderr.contains("typed-word"), "{in_url:?}");
}
