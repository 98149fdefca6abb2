//! Reports act: on the reader of a mail that they prove to be about, and on nobody else. The mail is a
//! real one each time, that a relay has taken.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use sejong_digest::catcher::Received;
use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::Value;

use crate::forms::rows;
use crate::harness::server::only_files;
use crate::harness::{DIGEST, Output, Publication};
use crate::relay::{Book, Relay};

/// A publication whose issue three people have, and what was sent to them.
pub(crate) struct SentIssue {
    pub(crate) here: Publication,
    pub(crate) mails: Vec<Received>,
}

impl SentIssue {
    pub(crate) fn new() -> SentIssue {
        SentIssue::with("reverse_path = \"bounces+{token}@sejong.example\"\n")
    }

    pub(crate) fn with(bounce: &str) -> SentIssue {
        let here = Publication::with_subscribers();
        let toml = format!("{}\n[bounce]\n{bounce}", here.read("digest.toml"));
        SentIssue::of(here.write("digest.toml", toml))
    }

    /// Sends the issue of a publication.
    pub(crate) fn of(here: Publication) -> SentIssue {
        let relay = Relay::new();
        let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
        assert_eq!(sent.code, 0, "{sent:?}");
        SentIssue { mails: relay.accepted(), here }
    }

    fn mail(&self, to: &str) -> &Received {
        self.mails.iter().find(|mail| mail.recipients == [to]).expect("a mail")
    }

    /// Where a report about the mail to somebody comes to.
    pub(crate) fn reverse_path(&self, to: &str) -> &str {
        &self.mail(to).reverse_path
    }

    pub(crate) fn field(&self, to: &str, name: &str) -> String {
        let text = String::from_utf8_lossy(&self.mail(to).bytes).replace("\r\n ", " ");
        let start = format!("{name}: ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.expect("a field").to_owned()
    }

    pub(crate) fn read(&self, more: &[&str]) -> Output {
        self.here.run(&[&["bounces", "read"], more].concat())
    }

    pub(crate) fn suppressed(&self) -> Vec<(String, String)> {
        let list = self.here.run(&["subscribers", "list", "--suppressed", "--json"]);
        let rows: Vec<Value> = serde_json::from_str(&list.stdout).expect("JSON");
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        rows.iter().map(|row| (text(row, "what"), text(row, "reason"))).collect()
    }

    pub(crate) fn write(self, path: &str, text: &str) -> SentIssue {
        SentIssue { here: self.here.write(path, text), ..self }
    }
}

/// A report as Postfix writes one. `returned` are fields of the mail that it returns.
pub(crate) fn report(to: &str, about: &str, said: &str, returned: &str) -> String {
    let status = said.split(' ').nth(1).unwrap_or("5.0.0");
    format!(
        "Return-Path: <>\nDelivered-To: {to}\nFrom: MAILER-DAEMON@mx.example.net (Mail Delivery System)\n\
         To: {to}\nDate: Fri, 7 Nov 2025 09:00:00 +0000\n\
         Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\n<{about}>: host mx.example.net said: {said}\n    \
         (in reply to RCPT TO command)\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
         Final-Recipient: rfc822; {about}\nAction: failed\nStatus: {status}\n\
         Diagnostic-Code: smtp; {said}\n\n\
         --b\nContent-Type: message/rfc822\n\nFrom: Sejong Digest <digest@sejong.example>\n\
         Subject: October\n{returned}\nHello.\n\n--b--\n"
    )
}

pub(crate) const UNKNOWN: &str = "550 5.1.1 no such user here";
const FULL: &str = "552 5.2.2 mailbox is full";

/// As our relay's own: it knows neither the token nor the Message-ID.
fn forged(about: &str) -> String {
    report("digest@sejong.example", about, UNKNOWN, "Message-ID: <made@up.example>\n")
}

fn hard(person: &str) -> [(String, String); 1] {
    [(person.to_owned(), "hard-bounce".to_owned())]
}

#[test]
fn a_report_with_our_token_suppresses_and_its_message_is_marked() {
    let sent = SentIssue::new();
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    let sent =
        sent.write("box/new/1.host", &text).write("box/cur/x", "Subject: hello\n\nA letter.\n");
    let output = sent.read(&["box"]);
    assert_eq!(output.code, 0, "{output:?}");
    let told = "kim@example.org: suppressed (hard bounce), known by the token of the reverse-path of \
                2025-11";
    assert!(output.stdout.contains(told), "{}", output.stdout);
    assert!(
        output.stdout.ends_with("2 messages: 1 hard, 1 none. 1 suppressed\n"),
        "{}",
        output.stdout
    );
    assert_eq!(sent.suppressed(), hard("kim@example.org"));
    let book = Book::read(&sent.here.path("digest.db"), "2025-11");
    assert_eq!(book.state("kim@example.org"), "accepted", "the relay had it");
    // The letter stays as it is.
    assert!(sent.here.exists("box/cur/1.host:2,S") && sent.here.exists("box/cur/x"));

    let again = sent.read(&["box"]);
    assert!(
        again.stdout.ends_with("1 message: 1 none; 1 read before. nothing to do\n"),
        "{again:?}"
    );
    let plan = sent.here.run(&["plan", "2025-11"]);
    assert!(plan.stdout.contains("1 suppressed: 1 hard bounce"), "{plan:?}");
    let shown = sent.here.run(&["subscribers", "show", "kim@example.org"]);
    assert!(shown.stdout.contains("(hard bounce): there is no such mailbox: 550"), "{shown:?}");
}

/// What is left of a report is that there was one.
#[test]
fn who_is_forgotten_is_in_no_report_either() {
    if only_files("bytes of a file") {
        return;
    }
    let sent = SentIssue::new();
    let said = "550 5.1.1 <kim@example.org> no such user here";
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", said, "");
    let sent = sent.write("kim@example.org.eml", &text);
    assert_eq!(sent.read(&["kim@example.org.eml"]).code, 0);
    let told = sent.here.run(&["subscribers", "forget", "kim@example.org"]);
    assert_eq!(told.code, 0, "{told:?}");
    let bytes = std::fs::read(sent.here.path("digest.db")).expect("the store");
    assert!(!bytes.windows(4).any(|found| found == b"kim@"), "the address is in the store");
    let status = sent.here.run(&["status", "2025-11", "--json"]).stdout;
    assert!(status.contains("\"hard\":1"), "{status}");
}

#[test]
fn a_forged_report_changes_nothing_and_stays_where_it_is() {
    let sent = SentIssue::new();
    // One letter of a token of ours is another one.
    let (head, tail) = sent.reverse_path("kim@example.org").split_at(20);
    let letter = if tail.starts_with('a') { 'b' } else { 'a' };
    let changed = format!("{head}{letter}{}", &tail[1..]);
    let sent = sent.write("box/new/1", &forged("kim@example.org"));
    // A text of the form of a token.
    let text =
        report("bounces+abcdefghijklmnopqrstuvwxyz@sejong.example", "kim@example.org", UNKNOWN, "");
    let sent = sent.write("box/new/2", &text);
    let sent = sent.write("box/new/3", &report(&changed, "kim@example.org", UNKNOWN, ""));
    let output = sent.read(&["box"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stdout.contains("unproven: nothing in it shows"), "{}", output.stdout);
    assert!(output.stdout.ends_with("3 messages: 3 hard. 3 unproven\n"), "{}", output.stdout);
    assert!(sent.suppressed().is_empty());
    for name in ["box/new/1", "box/new/2", "box/new/3"] {
        assert!(sent.here.exists(name), "{name}");
    }
}

/// The token names whom the mail was to, whatever a report says of others.
#[test]
fn a_token_acts_on_its_own_reader_alone() {
    let sent = SentIssue::new();
    let path = sent.reverse_path("ada@example.org").to_owned();
    let sent = sent.write("1.eml", &report(&path, "someone@forwarded.example", UNKNOWN, ""));
    let output = sent.read(&["1.eml", "--json"]);
    let row = &rows(&output)[0];
    let found = ["outcome", "person", "evidence", "issue", "suppress"].map(|key| row[key].as_str());
    let expected = ["suppressed", "ada@example.org", "reverse-path", "2025-11", "hard-bounce"];
    assert_eq!(found, expected.map(Some));
    assert_eq!(sent.suppressed(), hard("ada@example.org"));
    // Of several recipients, only who was written to.
    let text = report(&path, "kim@example.org", UNKNOWN, "").replace(
        "Final-Recipient: rfc822; kim@example.org",
        "Final-Recipient: rfc822; lee@example.org\nAction: failed\nStatus: 5.1.1\n\n\
         Final-Recipient: rfc822; kim@example.org",
    );
    let sent = sent.write("2.eml", &text);
    let output = sent.read(&["2.eml", "--json"]);
    let outcomes: Vec<_> = rows(&output).iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["unproven", "unproven"], "{output:?}");
    assert_eq!(sent.suppressed().len(), 1);
}

/// Whoever got the mail knows its Message-ID, so it says nothing of anybody else.
#[test]
fn a_message_id_acts_on_its_very_recipient() {
    let sent = SentIssue::with("");
    let id = format!("Message-ID: {}\n", sent.field("kim@example.org", "Message-ID"));
    let ours = "digest@sejong.example";
    let sent = sent.write("other.eml", &report(ours, "lee@example.org", UNKNOWN, &id));
    let sent = sent.write("own.eml", &report(ours, "Kim@example.org", UNKNOWN, &id));
    let output = sent.read(&["other.eml"]);
    assert!(output.stdout.contains("1 unproven"), "{}", output.stdout);
    assert!(sent.suppressed().is_empty());
    let output = sent.read(&["own.eml"]);
    assert!(output.stdout.contains("known by the Message-ID of 2025-11"), "{}", output.stdout);
    assert_eq!(sent.suppressed(), hard("kim@example.org"));
}

/// Nothing else vouches for such a report, so that it has to say itself whom it is about.
#[test]
fn a_message_id_proves_nothing_where_the_report_does_not_name_its_recipient() {
    let sent = SentIssue::with("");
    let id = format!("Message-ID: {}\n", sent.field("kim@example.org", "Message-ID"));
    let (ours, returned) = ("digest@sejong.example", format!("{id}To: kim@example.org\n"));
    let of_nobody = report(ours, "kim", UNKNOWN, &returned).replace("<kim>: host", "The host");
    let of_another = report(ours, "lee@example.org", UNKNOWN, &returned);
    let sent = sent.write("1.eml", &of_nobody).write("2.eml", &of_another);
    let output = sent.read(&["1.eml", "2.eml"]);
    assert!(output.stdout.ends_with("2 hard. 2 unproven\n"), "{output:?}");
    assert!(sent.suppressed().is_empty());
}

/// Whoever saw an answer to the mail knows its Message-ID. A report of a server would have come to the
/// reverse-path of that very mail.
#[test]
fn a_message_id_alone_is_for_a_person_where_each_mail_had_a_reverse_path_of_its_own() {
    let sent =
        SentIssue::with("reverse_path = \"bounces+{token}@sejong.example\"\nsoft = \"1 in 10d\"\n");
    let id = format!("Message-ID: {}\n", sent.field("kim@example.org", "Message-ID"));
    let ours = "digest@sejong.example";
    let complaint = format!(
        "From: feedback@example.net\nTo: {ours}\nSubject: FW: October\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n\
         --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\
         Original-Rcpt-To: kim@example.org\n\n\
         --b\nContent-Type: message/rfc822\n\nFrom: {ours}\nTo: kim@example.org\n{id}\nx\n--b--\n"
    );
    let own = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, &id);
    let sent = sent
        .write("box/new/1", &report(ours, "kim@example.org", UNKNOWN, &id))
        .write("box/new/2", &report(ours, "kim@example.org", FULL, &id))
        .write("box/new/3", &complaint);
    let as_sent = sent.here.read("digest.toml");
    let later = as_sent.replace("bounces+{token}@sejong.example", ours);
    // What counts is how the mail was sent.
    for toml in [&as_sent, &later, &as_sent] {
        std::fs::write(sent.here.path("digest.toml"), toml).unwrap();
        let output = sent.read(&["box"]);
        assert_eq!(output.code, 0, "{output:?}");
        for (reason, count) in [("hard-bounce", 2), ("complaint", 1)] {
            let told = format!("subscribers suppress kim@example.org --reason {reason} --why TEXT");
            assert_eq!(output.stdout.matches(&told).count(), count, "{}", output.stdout);
        }
        assert!(output.stdout.ends_with("1 complaint. 3 for a person to decide\n"), "{output:?}");
        assert!(sent.suppressed().is_empty(), "{:?}", sent.suppressed());
        assert!(sent.here.exists("box/new/1"), "{:?}", sent.here.files());
    }
    let status = sent.here.run(&["status", "2025-11", "--json"]).stdout;
    assert!(status.contains("\"hard\":0") && status.contains("\"soft\":0"), "{status}");
    let sent = sent.write("own.eml", &own);
    assert!(sent.read(&["own.eml"]).stdout.contains("the token of the reverse-path"));
    assert_eq!(sent.suppressed(), hard("kim@example.org"));
}

#[test]
fn a_report_from_before_a_release_counts_nothing() {
    let sent =
        SentIssue::with("reverse_path = \"bounces+{token}@sejong.example\"\nsoft = \"2 in 30d\"\n");
    let path = sent.reverse_path("kim@example.org").to_owned();
    let on = |day: &str, said: &str| {
        report(&path, "kim@example.org", said, "").replace("Fri, 7 Nov", &format!("{day} Nov"))
    };
    let sent = sent.write("1.eml", &on("Sat, 1", UNKNOWN));
    assert!(sent.read(&["1.eml"]).stdout.contains("1 suppressed"));
    let released = ["subscribers", "release", "kim@example.org", "--why", "it works again"];
    assert_eq!(sent.here.run(&released).code, 0);
    let sent = sent.write("2.eml", &on("Sun, 2", UNKNOWN)).write("3.eml", &on("Sun, 2", FULL));
    let sent = sent.write("4.eml", &on("Mon, 3", FULL));
    let output = sent.read(&["2.eml", "3.eml", "4.eml"]);
    let told = "nothing to do: it was written before the person was released";
    assert_eq!(output.stdout.matches(told).count(), 3, "{output:?}");
    assert!(sent.suppressed().is_empty());
    // One that does not say when is of the day on which it is read.
    let undated = on("Mon, 3", UNKNOWN).replace("Date: Mon, 3 Nov 2025 09:00:00 +0000\n", "");
    assert!(!undated.contains("Date:"));
    let sent = sent.write("5.eml", &undated);
    assert!(sent.read(&["5.eml"]).stdout.contains("1 suppressed"));
}

#[test]
fn soft_bounces_are_counted_and_one_message_counts_once() {
    let sent =
        SentIssue::with("reverse_path = \"bounces+{token}@sejong.example\"\nsoft = \"3 in 10d\"\n");
    let kim = "kim@example.org";
    let mut paths = vec![sent.reverse_path(kim).to_owned()];
    let mut sent = sent;
    for (name, number) in [("2025-12", 2), ("2026-01", 3), ("2026-02", 4), ("2026-03", 5)] {
        let (path, with_it) = sent_again(sent, name, number, kim);
        paths.push(path);
        sent = with_it;
    }
    let days = ["Sat, 1", "Sun, 2", "Fri, 14", "Sat, 15", "Sun, 16"];
    let on = |number: usize| {
        let day = format!("{} Nov", days[number]);
        report(&paths[number], kim, FULL, "").replace("Fri, 7 Nov", &day)
    };
    for number in 0..4 {
        sent = sent.write(&format!("box/new/{number}"), &on(number));
    }
    // The same one again, with other line ends, and as mail programs and mailboxes keep it.
    sent = sent.write("box/new/4", &on(3).replace('\n', "\r\n"));
    for (number, more) in
        ["Status: RO", "X-Status: A\nX-UID: 9", "X-Keywords: NonJunk", "Received: x"]
            .iter()
            .enumerate()
    {
        sent = sent.write(&format!("box/new/again{number}"), &format!("{more}\n{}", on(3)));
    }
    let output = sent.read(&["box", "--dry-run"]);
    assert!(
        output.stdout.contains("would be counted (soft bounce 2 of 3 within 10 days)"),
        "{output:?}"
    );
    assert!(
        output.stdout.contains("4 messages: 4 soft; 5 read before. It would be: 4 counted"),
        "{output:?}"
    );
    let output = sent.read(&["box"]);
    assert!(
        output.stdout.ends_with("4 messages: 4 soft; 5 read before. 4 counted\n"),
        "{output:?}"
    );
    assert!(sent.suppressed().is_empty());
    let sent = sent.write("box/new/5", &on(4));
    let output = sent.read(&["box"]);
    assert!(output.stdout.contains("1 suppressed"), "{output:?}");
    let shown = sent.here.run(&["subscribers", "show", "kim@example.org"]);
    assert!(
        shown.stdout.contains("3 soft bounces within 10 days, the last: the mailbox is full"),
        "{shown:?}"
    );
}

/// A blocked sender is nobody's bad address, however often it is said.
#[test]
fn what_is_said_of_the_sender_counts_against_nobody() {
    let sent =
        SentIssue::with("reverse_path = \"bounces+{token}@sejong.example\"\nsoft = \"1 in 10d\"\n");
    let said = "550 5.7.1 your host is blocked using list.example";
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", said, "");
    let sent = sent.write("1.eml", &text);
    let output = sent.read(&["1.eml"]);
    assert!(output.stdout.contains("it is about the sender or the message"), "{output:?}");
    assert!(sent.suppressed().is_empty());
}

/// Providers leave the address out of a complaint; the mail that they return still has our token.
#[test]
fn a_complaint_without_an_address_is_known_by_the_mail_that_it_returns() {
    let sent = SentIssue::new();
    let returned = ["Message-ID", "List-Unsubscribe"]
        .map(|name| format!("{name}: {}\n", sent.field("lee@example.org", name)))
        .concat();
    let text = format!(
        "From: feedback@example.net\nTo: abuse@sejong.example\nSubject: FW: October\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nAn abuse report.\n\n\
         --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n\
         --b\nContent-Type: message/rfc822\n\nFrom: digest@sejong.example\nTo: redacted\n{returned}\nx\n--b--\n"
    );
    let sent = sent.write("1.eml", &text);
    let output = sent.read(&["1.eml"]);
    let told = "lee@example.org: suppressed (complaint), known by the unsubscribe token of 2025-11";
    assert!(output.stdout.contains(told), "{output:?}");
    assert_eq!(sent.suppressed(), [("lee@example.org".to_owned(), "complaint".to_owned())]);
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let sent = SentIssue::new();
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    let sent = sent.write("box/new/1", &text);
    let output = sent.read(&["box", "--dry-run"]);
    assert!(
        output.stdout.contains("kim@example.org: would be suppressed (hard bounce), known by"),
        "{output:?}"
    );
    let summary = "1 message: 1 hard. It would be: 1 suppressed. Nothing was changed (--dry-run)\n";
    assert!(output.stdout.ends_with(summary), "{}", output.stdout);
    assert!(sent.suppressed().is_empty() && sent.here.exists("box/new/1"));
}

#[test]
fn an_mbox_is_never_written_to_and_known_again() {
    let sent = SentIssue::new();
    let from = "From MAILER-DAEMON Thu Nov  6 09:00:00 2025\n";
    let one = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    let mbox = format!("{from}{one}\n{from}{}\n", forged("ada@example.org"));
    let sent = sent.write("mbox", &mbox);
    let output = sent.read(&["mbox"]);
    assert!(
        output.stdout.ends_with("2 messages: 2 hard. 1 suppressed, 1 unproven\n"),
        "{output:?}"
    );
    assert_eq!(sent.here.read("mbox"), mbox);
    // It is the same message also where it lies elsewhere.
    let sent = sent.write("box/new/1", &one);
    let output = sent.read(&["mbox", "box"]);
    assert!(
        output.stdout.ends_with("1 message: 1 hard; 2 read before. 1 unproven\n"),
        "{output:?}"
    );
    assert!(sent.here.exists("box/cur/1:2,S"));
}

#[cfg(unix)]
#[test]
fn a_link_in_a_maildir_is_not_followed() {
    let sent = SentIssue::new();
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    let sent = sent.write("outside.eml", &text).write("box/new/.keep", "");
    std::os::unix::fs::symlink("../../outside.eml", sent.here.path("box/new/1")).unwrap();
    let output = sent.read(&["box"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains("box/new/1: this is a link"), "{}", output.stderr);
    assert!(sent.suppressed().is_empty());
    assert!(std::fs::symlink_metadata(sent.here.path("box/new/1")).is_ok());
}

/// What a mail system hands over, and the exit code that it gets.
fn piped(here: &Publication, text: &str) -> i32 {
    let command = &mut here.command(DIGEST);
    let command = command.args(["bounces", "read", "-"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait().unwrap().code().unwrap()
}

/// Any other code would make the mail system send a report about the report.
#[test]
fn a_mail_system_gets_0_or_75() {
    let sent = SentIssue::new();
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    for text in
        [text.as_str(), &text, &forged("ada@example.org"), "", "Subject: hello\n\nA letter.\n"]
    {
        assert_eq!(piped(&sent.here, text), 0);
    }
    assert_eq!(sent.suppressed(), hard("kim@example.org"));
    let sent = sent.write("digest.toml", "[publication\n");
    assert_eq!(piped(&sent.here, &text), 75);
}

/// Writes another issue, and starts a relay for it.
fn next_issue(sent: SentIssue) -> (Relay, SentIssue) {
    (Relay::new(), another_issue(sent, "2025-12", 2))
}

pub(crate) fn another_issue(sent: SentIssue, name: &str, number: u32) -> SentIssue {
    let issue = sent.here.read("issues/2025-11/issue.toml");
    let issue = issue.replace("number = 1", &format!("number = {number}"));
    let issue = issue.replace("date = 2025-11-06", &format!("date = {name}-06"));
    let issue = issue.replace("October", &format!("Winter {number}"));
    let article =
        format!("---\ntitle: Winter\n---\n\nSnow lies on all the {number} roofs of the city.\n");
    let sent = sent.write(&format!("issues/{name}/issue.toml"), &issue.replace("hangul", "winter"));
    sent.write(&format!("issues/{name}/winter.md"), &article)
}

/// The same, sent to the same people: where reports about the mail to somebody come to.
fn sent_again(sent: SentIssue, name: &str, number: u32, person: &str) -> (String, SentIssue) {
    let (relay, sent) = (Relay::new(), another_issue(sent, name, number));
    let output = sent.here.run(&["send", name, "--yes", "--relay", &relay.url()]);
    assert_eq!(output.code, 0, "{output:?}");
    let mails = relay.accepted();
    let mail = mails.iter().find(|mail| mail.recipients == [person]).expect("a mail");
    (mail.reverse_path.clone(), sent)
}

#[test]
fn what_is_read_while_an_issue_is_sent_holds_for_that_send() {
    let people: String = (0..400).map(|number| format!("r{number:03}@x.example\n")).collect();
    let sent = SentIssue::new();
    let path = sent.reverse_path("kim@example.org").to_owned();
    let sent = sent.write("subscribers.csv", &format!("email\n{people}kim@example.org\n"));
    let (relay, sent) = next_issue(sent);
    let sent = sent.write("1.eml", &report(&path, "kim@example.org", UNKNOWN, ""));
    let line = ["send", "2025-12", "--yes", "--despite-list", "--limit", "100/second", "--relay"];
    let running = sent.here.start(&[&line[..], &[&relay.url()]].concat());
    relay.has_taken(100);
    let output = sent.read(&["1.eml"]);
    assert!(output.stdout.contains("1 suppressed"), "{output:?}");
    let ended = running.wait_for(Duration::from_secs(60));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!relay.copies().contains_key("kim@example.org"));
    let book = Book::read(&sent.here.path("digest.db"), "2025-12");
    assert_eq!(book.state("kim@example.org"), "suppressed");
}

/// What a relay says at once follows the same policy as what comes back later.
#[test]
fn who_is_refused_for_a_bad_address_gets_no_further_issue() {
    let script = Script::new().rule(At::Rcpt, When::recipient("kim@"), Do::reply(UNKNOWN)).rule(
        At::Rcpt,
        When::recipient("lee@"),
        Do::reply(FULL),
    );
    let (here, relay) = (Publication::with_subscribers(), Relay::scripted(script));
    let output = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert!(output.stderr.contains("1 person suppressed, because the relay said"), "{output:?}");
    let sent = SentIssue { here, mails: relay.accepted() };
    assert_eq!(sent.suppressed(), hard("kim@example.org"));
    let shown = sent.here.run(&["subscribers", "show", "kim@example.org"]);
    assert!(shown.stdout.contains("there is no such mailbox: 550 5.1.1 no such user"), "{shown:?}");
    // Within the issue it is the row that counts, which somebody may want to have tried once more.
    let plan = sent.here.run(&["plan", "2025-11", "--retry-refused"]);
    assert!(plan.stdout.contains("To        2 recipients"), "{plan:?}");
    let (_, sent) = next_issue(sent);
    let plan = sent.here.run(&["plan", "2025-12"]);
    assert!(plan.stdout.contains("1 suppressed: 1 hard bounce"), "{plan:?}");
}

#[test]
fn a_wrong_bounce_policy_is_an_error_at_its_place() {
    let toml = Publication::new().read("digest.toml");
    let here = Publication::new();
    let here =
        here.write("digest.toml", format!("{toml}\n[bounce]\nhard = 0\nsoft = \"5 per month\"\n"));
    let output = here.run(&["check", "2025-11"]);
    assert_eq!(output.code, 3, "{output:?}");
    for told in ["digest.toml:8:8", "digest.toml:9:8", "write \"5 in 30d\""] {
        assert!(output.stderr.contains(told) || output.stdout.contains(told), "{told}: {output:?}");
    }
}

/// The row in the ledger is what the relay said; what was reported later stands beside it.
#[test]
fn status_shows_what_was_reported_beside_the_row_that_stays_accepted() {
    let sent = SentIssue::new();
    let kim = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    let ada = report(sent.reverse_path("ada@example.org"), "ada@example.org", FULL, "");
    let sent = sent.write("1.eml", &kim).write("2.eml", &ada);
    assert_eq!(sent.read(&["1.eml", "2.eml"]).code, 0);
    let status = |more: &[&str]| sent.here.run(&[&["status", "2025-11"], more].concat()).stdout;
    assert!(status(&[]).contains("2025-11: 3 planned: 3 accepted"), "{}", status(&[]));
    assert!(status(&[]).contains("reported later: 1 hard, 1 soft\n"), "{}", status(&[]));
    let json: Value = serde_json::from_str(&status(&["--json"])).unwrap();
    assert_eq!(json["bounced"], serde_json::json!({"hard": 1, "soft": 1, "complaints": 0}));
    assert_eq!(json["accepted"], 3);
    let listed = status(&["--list", "bounced"]);
    assert!(
        listed.starts_with("kim@example.org\thard\tsuppressed\t2025-11-07 09:00\t550"),
        "{listed}"
    );
    let json: Value = serde_json::from_str(&status(&["--list", "bounced", "--json"])).unwrap();
    let found = ["email", "state", "class", "outcome"].map(|key| json[1][key].as_str());
    assert_eq!(found, ["ada@example.org", "accepted", "soft", "counted"].map(Some), "{json}");
    let shown = sent.here.run(&["subscribers", "show", "ada@example.org"]).stdout;
    let told = "soft, 2025-11-07 09:00: 552 5.2.2 mailbox is full (counted)";
    assert!(shown.contains(told), "{shown}");
}

/// A complaint about the mail to somebody, known by its Message-ID.
fn complaint(sent: &SentIssue, person: &str) -> String {
    let id = sent.field(person, "Message-ID");
    format!(
        "From: f@example.net\nTo: a@sejong.example\nSubject: x\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
         --b\n\nAn abuse report.\n\n--b\nContent-Type: message/feedback-report\n\n\
         Feedback-Type: abuse\nOriginal-Rcpt-To: {person}\n\n\
         --b\nContent-Type: message/rfc822\n\nFrom: a@b.example\nMessage-ID: {id}\n\nx\n--b--\n"
    )
}

#[test]
fn many_complaints_stop_the_next_send_until_somebody_says_to_go_on() {
    let mut sent = SentIssue::with("");
    for person in ["lee", "kim", "ada"].map(|name| format!("{name}@example.org")) {
        let text = complaint(&sent, &person);
        sent = sent.write("1.eml", &text);
        let output = sent.read(&["1.eml"]);
        assert!(output.stdout.contains("1 complaint. 1 suppressed"), "{output:?}");
    }
    let status = sent.here.run(&["status", "2025-11"]).stdout;
    let rate = "3 people of 3 complained about 2025-11 (100.00 %";
    assert!(status.contains("reported later: 3 complaints\n") && status.contains(rate), "{status}");
    let here = sent.here.edit("subscribers.csv", "lee@example.org", "new@example.org");
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stderr.contains(rate) && plan.stderr.contains("--despite-complaints"), "{plan:?}");
    let relay = Relay::new();
    let line = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    let stopped = here.run(&line);
    assert_eq!(stopped.code, 3, "{stopped:?}");
    assert!(stopped.stderr.contains("add --despite-complaints"), "{stopped:?}");
    assert_eq!(relay.counts().accepted, 0);
    let sent = here.run(&[&line[..], &["--despite-complaints"]].concat());
    assert_eq!((sent.code, relay.counts().accepted), (0, 1), "{sent:?}");
}

/// One reader of a small list is more than any limit in hundredths.
#[test]
fn a_few_complaints_in_a_small_list_are_told_and_stop_nothing() {
    let sent = SentIssue::with("");
    let texts = [complaint(&sent, "lee@example.org"), complaint(&sent, "kim@example.org")];
    let sent = sent.write("1.eml", &texts[0]).write("2.eml", &texts[1]);
    assert!(sent.read(&["1.eml", "2.eml"]).stdout.contains("2 suppressed"));
    let here = sent.here.edit("subscribers.csv", "lee@example.org", "new@example.org");
    let relay = Relay::new();
    let line = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    let output = here.run(&line);
    let told = "2 people of 3 complained about 2025-11 (66.67 %, and large providers want no more than \
                0.3 %). 3 people or more would stop a send";
    assert!(output.stderr.contains(told), "{output:?}");
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
}

/// A report of the mail to somebody, written on that day of November.
fn dated(sent: &SentIssue, person: &str, day: u32, said: &str) -> String {
    let text = report(sent.reverse_path(person), person, said, "");
    text.replace("Fri, 7 Nov 2025", &format!("{day} Nov 2025"))
}

/// A mailbox is read in the order of its names, and several mailboxes one after the other.
#[test]
fn reports_count_together_in_whatever_order_they_are_read() {
    for days in [[7, 8], [8, 7]] {
        let sent = SentIssue::with(
            "reverse_path = \"bounces+{token}@sejong.example\"\nhard = 2\nsoft = \"2 in 3d\"\n",
        );
        let people = [("kim@example.org", UNKNOWN), ("lee@example.org", FULL)];
        let first = people.map(|(person, _)| sent.reverse_path(person).to_owned());
        let (relay, sent) = next_issue(sent);
        let output = sent.here.run(&["send", "2025-12", "--yes", "--relay", &relay.url()]);
        assert_eq!(output.code, 0, "{output:?}");
        let mails = relay.accepted();
        let path = |person: &str| mails.iter().find(|mail| mail.recipients == [person]);
        let second = people.map(|(person, _)| path(person).expect("a mail").reverse_path.clone());
        let mut texts = Vec::new();
        for (paths, day) in [(first, days[0]), (second, days[1])] {
            for ((person, said), path) in people.iter().zip(paths) {
                let text = report(&path, person, said, "");
                texts.push(text.replace("Fri, 7 Nov 2025", &format!("{day} Nov 2025")));
            }
        }
        let sent = sent.write("1.eml", &texts[0]).write("2.eml", &texts[1]);
        let sent = sent.write("3.eml", &texts[2]).write("4.eml", &texts[3]);
        let first = sent.read(&["1.eml", "2.eml"]);
        assert!(first.stdout.ends_with("1 hard, 1 soft. 2 counted\n"), "{days:?}: {first:?}");
        let all = ["1.eml", "2.eml", "3.eml", "4.eml"];
        let dry = sent.read(&[&all[..], &["--dry-run"]].concat());
        assert!(dry.stdout.contains("It would be: 2 suppressed"), "{days:?}: {dry:?}");
        let second = sent.read(&all);
        assert!(second.stdout.ends_with("2 suppressed\n"), "{days:?}: {second:?}");
        assert_eq!(sent.suppressed().len(), 2, "{days:?}");
    }
}

/// That it is late, and then that it has failed.
#[test]
fn several_reports_of_one_message_count_once() {
    let sent = SentIssue::with(
        "reverse_path = \"bounces+{token}@sejong.example\"\nhard = 2\nsoft = \"2 in 30d\"\n",
    );
    let kim = "kim@example.org";
    let late = dated(&sent, kim, 7, "450 4.2.2 mailbox is full").replace("failed", "delayed");
    let failed = dated(&sent, kim, 9, FULL);
    let gone = dated(&sent, "lee@example.org", 7, UNKNOWN);
    let again = dated(&sent, "lee@example.org", 8, UNKNOWN);
    let sent = sent.write("1.eml", &late).write("2.eml", &failed);
    let sent = sent.write("3.eml", &gone).write("4.eml", &again);
    let output = sent.read(&["1.eml", "2.eml", "3.eml", "4.eml"]);
    assert!(output.stdout.ends_with("2 hard, 2 soft. 4 counted\n"), "{output:?}");
    assert_eq!(
        output.stdout.matches("(soft bounce 1 of 2 within 30 days)").count(),
        2,
        "{output:?}"
    );
    assert!(sent.suppressed().is_empty());
}

/// Who asks what messages say gets an answer for each, also for those that are alike.
#[test]
fn a_dry_run_tells_of_each_message_also_of_one_that_was_read_before() {
    let sent = SentIssue::new();
    let text = report(sent.reverse_path("kim@example.org"), "kim@example.org", UNKNOWN, "");
    let sent = sent.write("1.eml", &text).write("2.eml", &text);
    let output = sent.read(&["1.eml", "2.eml", "--dry-run", "--json"]);
    let outcomes: Vec<_> = rows(&output).iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["suppressed", "nothing"], "{output:?}");
    let elsewhere = Publication::nothing().write("1.eml", &text).write("2.eml", &text);
    let output = elsewhere.run(&["bounces", "read", "1.eml", "2.eml", "--dry-run"]);
    assert!(output.stdout.contains("2 messages: 2 hard. Nothing"), "{output:?}");
}
