//! `digest reconcile`: what a log of each kind of relay settles, and what it does not.

use jiff::{SignedDuration, Timestamp};

use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::outcomes::mixed;
use crate::relay::Relay;
use crate::{book, send, with_readers};

const WHO: &str = "r006@x.example";

/// A publication of which one row is uncertain: its Message-ID, and when it became so.
fn undecided() -> (Publication, String, Timestamp) {
    let (here, relay) = (with_readers(8), Relay::scripted(mixed()));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let book = book(&here);
    let row = book.row(WHO);
    assert_eq!(row.state.word(), "uncertain");
    let id = row.message_id.clone().expect("a Message-ID");
    let at = row.at.as_ref().expect("a time").parse().expect("RFC 3339");
    (here, id, at)
}

/// The log of a Postfix that took somebody else's message at `at`, and `lines` (`program:
/// message`) before.
fn postfix(at: Timestamp, lines: &[String]) -> String {
    let theirs = "qmgr: EEEEEE00: from=<d@e.example>, size=300, nrcpt=1 (queue active)".to_owned();
    let all = lines.iter().chain([&theirs]);
    all.map(|line| {
        let (program, message) = line.split_once(": ").expect("a program");
        format!("{at:.0} mx postfix/{program}[7]: {message}\n")
    })
    .collect()
}

fn header(id: &str) -> String {
    format!("cleanup: 4F1A2B: message-id=<{id}>")
}

fn active() -> String {
    "qmgr: 4F1A2B: from=<digest@sejong.example>, size=38112, nrcpt=1 (queue active)".to_owned()
}

fn reconcile(here: &Publication, more: &[&str]) -> Output {
    here.run(&[&["reconcile", "2025-11", "--maillog", "mail.log"], more].concat())
}

#[test]
fn a_message_that_the_relay_has_only_begun_to_read_is_not_settled() {
    let (here, id, at) = undecided();
    let here = here.write("mail.log", postfix(at, &[header(&id)]));
    let held = reconcile(&here, &[]);
    assert_eq!(held.code, 4, "{held:?}");
    let line = format!("mail.log:1: {at:.0} mx postfix/cleanup[7]: 4F1A2B: message-id=<{id}>");
    for words in [format!("uncertain  {WHO}: the relay began to read the message"), line] {
        assert!(held.stdout.contains(&words), "no {words} in {}", held.stdout);
    }
    assert!(held.stderr.contains("--not-found resend"), "{}", held.stderr);
    assert_eq!(book(&here).state(WHO), "uncertain");
    let resent = reconcile(&here, &["--not-found", "resend"]);
    assert_eq!(resent.code, 0, "{resent:?}");
    let relay = Relay::new();
    send(&here, &relay, &[]);
    assert_eq!(relay.copies().get(WHO), Some(&1));
}

#[test]
fn a_log_of_each_kind_settles_who_was_taken_and_names_the_line() {
    if only_files("the file is put back for each log") {
        return;
    }
    let (here, id, at) = undecided();
    let ledger = std::fs::read(here.path("digest.db")).expect("a ledger");
    let classic = at.strftime("%b %e %H:%M:%S");
    let (exim, iso) = (at.strftime("%Y-%m-%d %H:%M:%S"), at.strftime("%Y-%m-%dT%H:%M:%S.123Z"));
    let begun = format!("mx postfix/cleanup[7]: 4F1A2B: message-id=<{id}>");
    let taken =
        "mx postfix/qmgr[8]: 4F1A2B: from=<digest@sejong.example>, size=1, nrcpt=1 (queue active)";
    let sendmail = format!(
        "{classic} mx sm-mta[7]: 5A6E00Bd012345: from=<digest@sejong.example>, size=1, class=0, nrcpts=1, \
         msgid=<{id}>, proto=ESMTP, daemon=MTA, relay=x [1]\n\
         {classic} mx sm-mta[8]: 5A6E00Bd012345: to=<{WHO}>, delay=00:00:01, mailer=esmtp, \
         pri=1, relay=mx [2], dsn=2.0.0, stat=Sent (ok)\n"
    );
    let exchange = format!(
        "#Software: Microsoft Exchange Server\r\n\
         #Fields: date-time,client-ip,source,event-id,message-id,message-subject\r\n\
         {iso},192.0.2.1,SMTP,RECEIVE,<{id}>,\"Hello, all\"\r\n"
    );
    for (log, line) in [
        (format!("{classic} {begun}\n{classic} {taken}\n"), 2),
        (format!("{iso} {begun}\n{iso} {taken}\n"), 2),
        (format!("mail-1  | {classic} {begun}\nmail-1  | {classic} {taken}\n"), 2),
        (
            format!(
                "{exim} 1vH3fK-000000004bQ-2xYz <= digest@sejong.example H=x [1] P=esmtp S=1 id={id}\n"
            ),
            1,
        ),
        (sendmail, 2),
        (exchange, 3),
    ] {
        let here = &here;
        std::fs::write(here.path("digest.db"), &ledger).expect("written");
        std::fs::write(here.path("mail.log"), &log).expect("written");
        let found = reconcile(here, &[]);
        assert_eq!(found.code, 0, "{log}{found:?}");
        let words =
            format!("accepted   {WHO}: the relay took the message\n           mail.log:{line}: ");
        assert!(found.stdout.contains(&words), "{log}{}", found.stdout);
        assert_eq!(book(here).state(WHO), "accepted", "{log}");
        let text = book(here).row(WHO).text.clone().expect("a text");
        assert!(text.starts_with("found in the relay's log: "), "{text}");
    }
}

#[test]
fn a_message_that_bounced_later_is_accepted_and_the_bounce_is_told() {
    let (here, id, at) = undecided();
    let bounced = format!(
        "smtp: 4F1A2B: to=<{WHO}>, relay=mx[1]:25, dsn=5.1.1, status=bounced (no such user \
         <vera@other.example>)"
    );
    let here = here.write("mail.log", postfix(at, &[header(&id), active(), bounced]));
    let found = reconcile(&here, &[]);
    assert_eq!(found.code, 0, "{found:?}");
    for words in ["mail.log:2: ", "could not deliver it (bounced)", "mail.log:3: ", "no such user"]
    {
        assert!(found.stdout.contains(words), "no {words} in {}", found.stdout);
    }
    let book = book(&here);
    assert_eq!(book.state(WHO), "accepted");
    // Whom a server names besides is no matter of the ledger.
    let kept = book.row(WHO).text.clone().expect("a text");
    let words = format!("to=<{WHO}>");
    assert!(kept.contains(&words) && kept.contains("(no such user <…@other.example>)"), "{kept}");
}

#[test]
fn a_log_that_was_rotated_is_given_as_several_files_in_any_order() {
    let (here, id, at) = undecided();
    let later = at + SignedDuration::from_secs(2);
    let here = here
        .write("mail.log.1", postfix(at, &[header(&id)]))
        .write("mail.log", postfix(later, &[active()]));
    let old = here.run(&["reconcile", "2025-11", "--maillog", "mail.log.1"]);
    assert_eq!(old.code, 4, "{old:?}");
    let both = reconcile(&here, &["--maillog", "mail.log.1"]);
    assert_eq!(both.code, 0, "{both:?}");
    assert!(both.stdout.contains("           mail.log:1: "), "{}", both.stdout);
}

#[test]
fn a_log_that_is_older_than_the_issue_settles_nobody() {
    let (here, id, at) = undecided();
    let earlier = at - SignedDuration::from_mins(20);
    let old = postfix(earlier, &[header(&id), active()]);
    let here = here.write("mail.log", old.clone() + &postfix(at, &[]));
    let found = reconcile(&here, &[]);
    assert_eq!(found.code, 4, "{found:?}");
    for words in ["only from before the first send of the issue", "mail.log:1: "] {
        assert!(found.stdout.contains(words), "no {words} in {}", found.stdout);
    }
    assert_eq!(book(&here).state(WHO), "uncertain");
    let here = here.write("mail.log", old + &postfix(at, &[header(&id), active()]));
    let found = reconcile(&here, &[]);
    assert_eq!((found.code, book(&here).state(WHO)), (0, "accepted"), "{found:?}");
}

#[test]
fn a_message_with_another_envelope_settles_nobody_and_is_told() {
    let (here, id, at) = undecided();
    let theirs = active().replace("digest@sejong.example", "eve@else.example");
    let other = "smtp: 4F1A2B: to=<e@f.example>, relay=mx[1]:25, status=sent (ok)".to_owned();
    for (lines, words, line) in [
        (vec![header(&id), theirs], "from another sender", "mail.log:2: "),
        (vec![header(&id), other], "for another recipient", "mail.log:2: "),
    ] {
        std::fs::write(here.path("mail.log"), postfix(at, &lines)).expect("written");
        // Not sent again either: somebody has it.
        for more in [&[][..], &["--not-found", "resend"]] {
            let found = reconcile(&here, more);
            assert_eq!(found.code, 4, "{found:?}");
            for words in [words, line] {
                assert!(found.stdout.contains(words), "no {words} in {}", found.stdout);
            }
            assert_eq!(book(&here).state(WHO), "uncertain");
        }
    }
}

#[test]
fn a_reverse_path_with_a_token_is_known_by_its_form_also_when_the_settings_have_changed() {
    // An older version wrote the left side of the Message-ID there: such rows are settled, too.
    for older in [false, true] {
        let here = with_readers(8);
        let plain = here.read("digest.toml");
        let verp = format!("{plain}\n[bounce]\nreverse_path = \"b+{{token}}@sejong.example\"\n");
        let (here, relay) = (here.write("digest.toml", verp), Relay::scripted(mixed()));
        assert_eq!(send(&here, &relay, &[]).code, 4);
        let row = book(&here).row(WHO).clone();
        let (id, at) = (row.message_id.expect("a Message-ID"), row.at.expect("a time"));
        let id_as_token = format!("b+{}@sejong.example", id.split('@').next().expect("a side"));
        let sent = relay.accepted().into_iter().find(|message| message.recipients.concat() == WHO);
        let sent = sent.expect("a message");
        assert!(
            sent.reverse_path.starts_with("b+") && sent.reverse_path.len() == id_as_token.len()
        );
        assert_ne!(sent.reverse_path, id_as_token);
        // Whoever has the message has not its reverse-path.
        let token = sent.reverse_path["b+".len()..].split('@').next().expect("a token");
        assert!(!String::from_utf8_lossy(&sent.bytes).contains(token));
        let here = here.write("digest.toml", plain);
        let at = at.parse().expect("RFC 3339");
        let lines = |sender: &str| {
            postfix(at, &[header(&id), active().replace("digest@sejong.example", sender)])
        };
        let ours = if older { &id_as_token } else { &sent.reverse_path };
        for (sender, code) in [("digest@sejong.example", 4), (ours, 0)] {
            std::fs::write(here.path("mail.log"), lines(sender)).expect("written");
            let found = reconcile(&here, &[]);
            assert_eq!(found.code, code, "{sender} {found:?}");
        }
    }
}

#[test]
fn a_log_that_cannot_be_read_settles_nobody_and_says_why() {
    let (here, id, at) = undecided();
    let gone = here.run(&["reconcile", "2025-11", "--maillog", "gone.log"]);
    assert_eq!(gone.code, 1);
    assert!(gone.stderr.contains("gone.log cannot be read"), "{}", gone.stderr);
    let warning = format!("{at:.0} mx postfix/smtpd[7]: warning: hostname x does not resolve\n");
    for (bytes, words) in [
        (b"\x1F\x8B\x08\0".to_vec(), "mail.log is compressed: unpack it first"),
        (Vec::new(), "mail.log is empty"),
        (format!("queued <{id}>\n").into_bytes(), "no log that digest can read"),
        (
            format!("{at:.0} mx smtpd[7]: f274cf34b7d0786b smtp message msgid=1\n").into(),
            "OpenSMTPD",
        ),
        (warning.into_bytes(), "no message was taken by the relay in mail.log"),
    ] {
        std::fs::write(here.path("mail.log"), bytes).expect("written");
        let refused = reconcile(&here, &["--not-found", "resend"]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains(words), "no {words} in {}", refused.stderr);
        assert_eq!(book(&here).state(WHO), "uncertain");
    }
}

#[test]
fn a_log_that_leaves_out_the_time_of_sending_gives_nobody_the_issue_again() {
    let (here, _, at) = undecided();
    let day = SignedDuration::from_hours(24);
    for (at, words) in [(at - day, "the log ends at"), (at + day, "the log begins at")] {
        std::fs::write(here.path("mail.log"), postfix(at, &[])).expect("written");
        let held = reconcile(&here, &["--not-found", "resend"]);
        assert_eq!(held.code, 4, "{held:?}");
        assert!(held.stdout.contains(words), "no {words} in {}", held.stdout);
        assert_eq!(book(&here).state(WHO), "uncertain");
    }
}

#[test]
fn who_is_not_in_a_whole_log_gets_the_issue_with_the_next_send() {
    let (here, _, at) = undecided();
    let here = here.write("mail.log", postfix(at, &[]));
    let held = reconcile(&here, &[]);
    assert_eq!(held.code, 4, "{held:?}");
    assert!(held.stdout.contains("its Message-ID is not in the log"), "{}", held.stdout);
    assert_eq!(reconcile(&here, &["--not-found", "resend"]).code, 0);
    let open = Relay::new();
    send(&here, &open, &[]);
    assert!(open.copies().contains_key(WHO));
}

#[test]
fn where_nobody_is_uncertain_no_log_is_asked() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write("mail.log", "");
    let nobody = reconcile(&here, &[]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (0, ""), "{nobody:?}");
    assert_eq!(nobody.stderr, "no recipient of 2025-11 is uncertain\n");
}

/// A relay far from this computer writes local times without a zone.
#[test]
fn a_log_of_another_zone_names_the_zone_that_was_assumed_and_how_to_say_another() {
    let (here, id, at) = undecided();
    let lines = |zone: &str| {
        let there = at.to_zoned_datetime(jiff::tz::TimeZone::get(zone).expect("a zone"));
        let stamp = there.strftime("%b %e %H:%M:%S");
        format!(
            "{stamp} mx postfix/cleanup[7]: 4F1A2B: message-id=<{id}>\n\
             {stamp} mx postfix/qmgr[7]: 4F1A2B: from=<digest@sejong.example>, size=38112, nrcpt=1 \
             (queue active)\n"
        )
    };
    // Hours behind UTC: the line lies before the send.
    let here = here.write("mail.log", lines("Pacific/Honolulu")).env("TZ", "UTC");
    let told = reconcile(&here, &[]);
    assert_eq!(told.code, 4, "{told:?}");
    for words in
        ["only from before the first send", "unless the relay's clock is 10 h behind the zone"]
    {
        assert!(told.stdout.contains(words), "no {words:?} in {}", told.stdout);
    }
    let assumed = "times in the log that have no zone were read as UTC, the zone of this computer";
    for words in [assumed, "`TZ=America/New_York digest reconcile"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
    // Said so, it settles the row.
    let here = here.env("TZ", "Pacific/Honolulu");
    assert_eq!(reconcile(&here, &[]).code, 0);
    // A log that names its zone is read by that, and nothing is assumed.
    let (here, id, at) = undecided();
    let day_before = at - SignedDuration::from_hours(24);
    let here = here.write("mail.log", postfix(day_before, &[header(&id), active()]));
    let told = reconcile(&here, &[]);
    assert_eq!(told.code, 4, "{told:?}");
    assert!(!told.stderr.contains("were read as") && !told.stdout.contains("h behind"), "{told:?}");
}

/// A relay whose clock is ahead of the zone that was assumed: its log seems to be of a time that has
/// not come, so what is not in it may be in the next one.
#[test]
fn a_log_of_a_time_that_has_not_come_settles_nobody() {
    let (here, _, at) = undecided();
    let there = (at - SignedDuration::from_hours(1))
        .to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Seoul").expect("a zone"));
    let line = format!(
        "{} mx postfix/qmgr[7]: EEEEEE00: from=<d@e.example>, size=300, nrcpt=1 (queue active)\n",
        there.strftime("%b %e %H:%M:%S")
    );
    let here = here.write("mail.log", line).env("TZ", "UTC");
    let held = reconcile(&here, &["--not-found", "resend"]);
    assert_eq!(held.code, 4, "{held:?}");
    assert!(held.stdout.contains("has not come yet"), "{held:?}");
    assert!(held.stderr.contains("were read as UTC, the zone of this computer"), "{held:?}");
    // Read in its own zone, it ends before the send.
    let here = here.env("TZ", "Asia/Seoul");
    let held = reconcile(&here, &["--not-found", "resend"]);
    assert!(held.code == 4 && held.stdout.contains("the log ends at"), "{held:?}");
}

/// Syslog names its zone, and Exim's own time behind it does not.
#[test]
fn a_line_of_exim_in_syslog_is_read_by_the_time_that_names_its_zone() {
    let (here, id, at) = undecided();
    let there = at.to_zoned_datetime(jiff::tz::TimeZone::get("Pacific/Honolulu").expect("a zone"));
    let line = format!(
        "{} mx exim[7]: {} 1vH3fK-000000004bQ-2xYz <= digest@sejong.example H=x [1] P=esmtp S=1 \
         id={id}\n",
        there.strftime("%Y-%m-%dT%H:%M:%S%:z"),
        there.strftime("%F %T")
    );
    let here = here.write("mail.log", line).env("TZ", "UTC");
    let found = reconcile(&here, &[]);
    assert!(found.code == 0 && found.stdout.contains("accepted   "), "{found:?}");
    assert!(!found.stderr.contains("were read as"), "{found:?}");
}
