//! Logs of each kind of server, with what strangers may write into them.

use std::io::BufReader;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::UndecidedRow;
use super::super::envelope::Senders;
use super::super::evidence::{Misfit, ReportedAction};
use super::*;

const OURS: &str = "aa@news.example";

fn clock() -> LogClock {
    LogClock { now: "2025-11-07T10:00:00Z".parse().unwrap(), zone: TimeZone::UTC }
}

fn undecided() -> Undecided {
    let row = |row, id: &str| UndecidedRow {
        row: RowId(row),
        email: "kim@readers.example".to_owned(),
        message_id: id.to_owned(),
        run_began: None,
        at: None,
    };
    Undecided {
        rows: vec![row(1, OURS), row(2, "bb@news.example"), row(3, "")],
        began: Some("2025-11-04T14:10:00Z".parse().unwrap()),
        senders: Senders::new([Some("b@news.example".to_owned())]),
    }
}

fn read_files(files: &[(&str, &str)]) -> Result<Reading, LogError> {
    let files = files
        .iter()
        .map(|(name, text)| LogFile {
            name: (*name).to_owned(),
            reader: BufReader::new(std::io::Cursor::new(text.as_bytes().to_vec())),
        })
        .collect();
    read(&undecided(), files, &clock())
}

/// What a log says of the first row, as a word and the number of the line that says it.
fn said(text: &str) -> (&'static str, u64) {
    word(read_files(&[("mail.log", text)]).unwrap().evidence.get(&RowId(1)))
}

fn word(evidence: Option<&Evidence>) -> (&'static str, u64) {
    match evidence {
        None => ("absent", 0),
        Some(Evidence::Older(quote, _)) => ("older", quote.number),
        Some(Evidence::Elsewhere(Misfit::Sender, quote)) => ("other sender", quote.number),
        Some(Evidence::Elsewhere(Misfit::Recipient, quote)) => ("other recipient", quote.number),
        Some(Evidence::Begun(quote)) => ("begun", quote.number),
        Some(Evidence::Rejected(quote)) => ("rejected", quote.number),
        Some(Evidence::OnHold(quote)) => ("on hold", quote.number),
        Some(Evidence::Taken { by, later: None }) => ("taken", by.number),
        Some(Evidence::Taken { later: Some((action, quote)), .. }) => match action {
            ReportedAction::Delivered => ("delivered", quote.number),
            ReportedAction::Delayed => ("delayed", quote.number),
            ReportedAction::Failed => ("failed", quote.number),
        },
    }
}

/// Lines of Postfix, a second apart: `program: message`. One message of somebody else comes last,
/// so that the log is one of messages.
fn postfix(lines: &[&str]) -> String {
    let theirs = "qmgr: EEEEEE00: from=<d@e.example>, size=300, nrcpt=1 (queue active)";
    let all = lines.iter().chain([&theirs]).enumerate();
    all.map(|(second, line)| {
        let (program, message) = line.split_once(": ").unwrap();
        format!("Nov  6 14:00:{second:02} mx postfix/{program}[7]: {message}\n")
    })
    .collect()
}

const CLIENT: &str = "smtpd: 4F1A2B: client=news.example[192.0.2.1]";
const HEADER: &str = "cleanup: 4F1A2B: message-id=<aa@news.example>";
const ACTIVE: &str = "qmgr: 4F1A2B: from=<b@news.example>, size=38112, nrcpt=1 (queue active)";
const OTHER: &str = "cleanup: 4F1A2B: message-id=<x@else.example>";

#[test]
fn postfix_has_a_message_when_qmgr_or_an_agent_has_it() {
    let sent = "smtp: 4F1A2B: to=<kim@readers.example>, relay=mx[1]:25, delay=1, dsn=2.0.0, status=sent (ok)";
    let deferred =
        "smtp: 4F1A2B: to=<kim@readers.example>, relay=none, dsn=4.4.1, status=deferred (no)";
    let bounced =
        "smtp: 4F1A2B: to=<kim@readers.example>, relay=mx[1]:25, dsn=5.1.1, status=bounced (no)";
    let expired = "qmgr: 4F1A2B: from=<b@news.example>, status=expired, returned to sender";
    let removed = "qmgr: 4F1A2B: removed";
    for (lines, expected) in [
        (vec![CLIENT, HEADER, ACTIVE], ("taken", 3)),
        (vec![CLIENT, HEADER, ACTIVE, sent, removed], ("delivered", 4)),
        (vec![HEADER, sent], ("delivered", 2)),
        (vec![HEADER, ACTIVE, deferred], ("delayed", 3)),
        (vec![HEADER, ACTIVE, deferred, sent], ("delivered", 4)),
        (vec![HEADER, ACTIVE, bounced, removed], ("failed", 3)),
        (vec![HEADER, ACTIVE, bounced, sent], ("failed", 3)),
        (vec![HEADER, ACTIVE, deferred, expired], ("failed", 4)),
        (vec![HEADER, deferred], ("delayed", 2)),
    ] {
        assert_eq!(said(&postfix(&lines)), expected, "{lines:#?}");
    }
}

#[test]
fn a_header_that_postfix_has_read_is_no_message() {
    let lost = "smtpd: lost connection after DATA (9213 bytes) from news.example[192.0.2.1]";
    let write = "cleanup: warning: 4F1A2B: queue file write error";
    let milter =
        "cleanup: 4F1A2B: milter-reject: END-OF-MESSAGE from x[1]: 5.7.1 spam; from=<b@c> to=<d@e>";
    let end = "smtpd: 4F1A2B: reject: END-OF-MESSAGE from x[1]: 554 5.7.1 no; from=<b@c> to=<d@e>";
    let discard =
        "cleanup: 4F1A2B: milter-discard: END-OF-MESSAGE from x[1]: milter triggers DISCARD";
    let hold = "cleanup: 4F1A2B: hold: header Subject: x from y[1]; from=<b@c> to=<d@e>";
    let removed = "qmgr: 4F1A2B: removed";
    let noqueue = "smtpd: NOQUEUE: reject: RCPT from x[1]: 450 message-id=<aa@news.example>";
    for (lines, expected) in [
        (vec![CLIENT, HEADER, lost], ("begun", 2)),
        (vec![CLIENT, HEADER, write, lost], ("begun", 2)),
        (vec![CLIENT, HEADER, milter], ("rejected", 3)),
        (vec![CLIENT, HEADER, milter, ACTIVE], ("rejected", 3)),
        (vec![CLIENT, HEADER, end], ("rejected", 3)),
        (vec![CLIENT, HEADER, discard], ("rejected", 3)),
        (vec![CLIENT, HEADER, hold], ("on hold", 3)),
        (vec![CLIENT, HEADER, hold, ACTIVE], ("taken", 4)),
        // A second attempt under another queue id.
        (
            vec![
                CLIENT,
                HEADER,
                lost,
                &HEADER.replace("4F1A2B", "5555AA"),
                &ACTIVE.replace("4F1A2B", "5555AA"),
            ],
            ("taken", 5),
        ),
        (vec![CLIENT, HEADER, removed, ACTIVE], ("begun", 2)),
        (vec![noqueue], ("absent", 0)),
        (vec![ACTIVE, HEADER], ("begun", 2)),
        // A bounce that quotes ours has a Message-ID of its own.
        (
            vec![
                "bounce: 4F1A2B: sender non-delivery notification: 5555AA",
                "cleanup: 5555AA: message-id=<20251106.5555AA@mx>",
                "qmgr: 5555AA: from=<>, size=2463, nrcpt=1 (queue active)",
            ],
            ("absent", 0),
        ),
        (
            vec![
                "cleanup: 5555AA: resent-message-id=<aa@news.example>",
                "qmgr: 5555AA: from=<a@b>, size=2463, nrcpt=1 (queue active)",
            ],
            ("absent", 0),
        ),
    ] {
        assert_eq!(said(&postfix(&lines)), expected, "{lines:#?}");
    }
}

#[test]
fn a_queue_id_of_postfix_is_used_again() {
    let pickup = "pickup: 4F1A2B: uid=0 from=<root>";
    for lines in [
        vec![CLIENT, HEADER, CLIENT, OTHER, ACTIVE],
        vec![CLIENT, HEADER, OTHER, ACTIVE],
        vec![CLIENT, HEADER, CLIENT, ACTIVE],
        vec![CLIENT, HEADER, pickup, ACTIVE],
    ] {
        assert_eq!(said(&postfix(&lines)), ("begun", 2), "{lines:#?}");
    }
    let long = [
        "cleanup: 4bZ1kJ0W2nzFpV: message-id=<aa@news.example>",
        "qmgr: 4bZ1kJ0W2nzFpV: from=<b@news.example>, size=1, nrcpt=1 (queue active)",
    ];
    assert_eq!(said(&postfix(&long)), ("taken", 2));
    // Two days later the id is another's, although the log has lost the line that says so.
    let late = |day| {
        let line = "qmgr[7]: 4F1A2B: from=<b@news.example>, size=1, nrcpt=1 (queue active)";
        format!(
            "Nov  4 14:00:00 mx postfix/cleanup[7]: 4F1A2B: message-id=<aa@news.example>\nNov  {day} 13:00:00 mx postfix/{line}\n"
        )
    };
    assert_eq!(said(&late(5)), ("taken", 2));
    assert_eq!(said(&late(6)), ("begun", 1));
}

#[test]
fn a_queue_id_is_of_one_host_container_and_instance() {
    let header = "mx1 postfix/cleanup[7]: 4F1A2B: message-id=<aa@news.example>";
    let active = "qmgr[7]: 4F1A2B: from=<b@news.example>, size=1, nrcpt=1 (queue active)";
    for (origin, expected) in [
        ("mx1 postfix", ("taken", 2)),
        ("mx2 postfix", ("begun", 1)),
        ("mx1 postfix-out", ("begun", 1)),
    ] {
        let log = format!("Nov  6 14:00:00 {header}\nNov  6 14:00:01 {origin}/{active}\n");
        assert_eq!(said(&log), expected, "{origin}");
    }
    for (front, expected) in [("a", ("taken", 2)), ("b", ("begun", 1))] {
        let log = format!(
            "a | Nov  6 14:00:00 {header}\n{front} | Nov  6 14:00:01 mx1 postfix/{active}\n"
        );
        assert_eq!(said(&log), expected, "{front}");
    }
}

#[test]
fn what_strangers_write_into_postfix_s_log_is_not_believed() {
    let inner = [
        "Nov  6 14:00:02 mx postfix/qmgr[7]: 4F1A2B: from=<b@c>, size=1, nrcpt=1 (queue active)",
        "4F1A2B: from=<b@c>, size=1, nrcpt=1 (queue active)",
        "4F1A2B: to=<d@e>, relay=x, status=sent (250 ok)",
        "message-id=<aa@news.example>",
    ];
    for inner in inner {
        for outer in [
            format!("smtpd: NOQUEUE: reject: RCPT from x[1]: 554 5.7.1 <y>: no; helo=<{inner}>"),
            format!("smtpd: warning: non-SMTP command from x[1]: {inner}"),
            format!("smtpd: 4F1A2B: {inner}"),
            format!("smtp: 5555AA: host mx[1] said: 450 {inner} (in reply to RCPT TO command)"),
            format!("smtp: 5555AA: to=<a@b>, relay=x, status=deferred (host mx said: 450 {inner})"),
            format!("cleanup: 5555AA: warning: header Subject: {inner} from x[1]; from=<a@b>"),
            format!("cleanup: 4F1A2B: info: header X: {inner}"),
            format!("cleanup: 5555AA: message-id=<x@y> {inner}"),
            format!("opendkim: {inner}"),
        ] {
            assert_eq!(said(&postfix(&[CLIENT, HEADER, &outer])), ("begun", 2), "{outer}");
            let alone = postfix(&[&outer]);
            assert_eq!(said(&alone), ("absent", 0), "{outer}");
        }
    }
    // A program that is not Postfix.
    let log = postfix(&[CLIENT, HEADER])
        + "Nov  6 14:01:00 mx app[7]: 4F1A2B: from=<b@c>, size=1, nrcpt=1 (queue active)\n\
           Nov  6 14:01:00 mx web/app[7]: 4F1A2B: from=<b@c>, size=1, nrcpt=1 (queue active)\n";
    assert_eq!(said(&log), ("begun", 2));
}

#[test]
fn a_message_may_begin_in_one_file_and_end_in_the_next() {
    let (old, new) = (postfix(&[CLIENT, HEADER]), postfix(&[ACTIVE]).replace("14:00", "14:05"));
    for files in
        [[("mail.log.1", &old), ("mail.log", &new)], [("mail.log", &new), ("mail.log.1", &old)]]
    {
        let files = files.map(|(name, text)| (name, text.as_str()));
        let reading = read_files(&files).unwrap();
        let Some(Evidence::Taken { by, .. }) = reading.evidence.get(&RowId(1)) else {
            panic!("{reading:?}")
        };
        assert_eq!((by.file.as_str(), by.number), ("mail.log", 1));
        let span = reading.span.unwrap();
        let times = (span.first.to_string(), span.last.to_string());
        assert_eq!(times, ("2025-11-06T14:00:00Z".to_owned(), "2025-11-06T14:05:01Z".to_owned()));
    }
}

#[test]
fn exim_has_a_message_when_it_logs_its_arrival() {
    let line = |text: &str| format!("2025-11-06 14:00:00 1vH3fK-000000004bQ-2xYz {text}\n");
    let theirs = "2025-11-06 14:00:09 1vH3fL-000000004bQ-2xYz <= x@y U=root P=local S=300\n";
    let arrival = "<= b@news.example H=news.example [192.0.2.1] P=esmtp S=38112 id=aa@news.example";
    for (lines, expected) in [
        (vec![arrival], ("taken", 1)),
        (
            vec![arrival, "=> kim@readers.example R=dns T=smtp H=mx [1] C=\"250 ok\"", "Completed"],
            ("delivered", 2),
        ),
        (
            vec![arrival, "== kim@readers.example R=dns T=smtp defer (-1): timed out"],
            ("delayed", 2),
        ),
        (vec![arrival, "** kim@readers.example R=dns T=smtp: 550 no"], ("failed", 2)),
        (vec![&arrival.replace("<=", "(=")], ("rejected", 1)),
        (
            vec![
                "H=news.example [192.0.2.1] F=<b@news.example> rejected after DATA: id=aa@news.example",
            ],
            ("absent", 0),
        ),
        (
            vec!["SMTP connection lost after final dot H=x P=esmtp S=1 id=aa@news.example"],
            ("absent", 0),
        ),
        (vec!["=> kim@readers.example P=x S=1 id=aa@news.example"], ("absent", 0)),
        (
            vec!["<= x@y H=(z) [1] P=esmtp S=9 T=\"P=x S=1 id=aa@news.example\" for d@e"],
            ("absent", 0),
        ),
    ] {
        let log = lines.iter().map(|text| line(text)).collect::<String>() + theirs;
        assert_eq!(said(&log), expected, "{lines:#?}");
    }
    let syslog = format!("Nov  6 14:00:00 mx exim[7]: {}{theirs}", line(arrival));
    assert_eq!(said(&syslog), ("taken", 1));
    let bare = format!("Nov  6 14:00:00 mx exim4[7]: 1vH3fK-0001bQ-2x {arrival}\n");
    assert_eq!(said(&bare), ("taken", 1));
}

#[test]
fn sendmail_has_a_message_when_a_mailer_has_it() {
    let from = "from=<b@news.example>, size=38112, class=0, nrcpts=1, msgid=<aa@news.example>, proto=ESMTP, daemon=MTA, relay=x [1]";
    let sent = "to=<kim@readers.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx [2], dsn=2.0.0, stat=Sent (ok)";
    let rejected = "to=<kim@readers.example>, delay=00:00:00, pri=30000, stat=Command rejected";
    let unknown = sent.replace("2.0.0, stat=Sent (ok)", "5.1.1, stat=User unknown");
    for (lines, expected) in [
        (vec![from], ("begun", 1)),
        (vec![from, sent], ("delivered", 2)),
        (vec![from, &unknown], ("failed", 2)),
        (vec![from, "Milter: data, reject=554 5.7.1 no", rejected], ("rejected", 3)),
        (
            vec![
                "collect: premature EOM: unexpected close",
                "from=<b@news.example>, size=0, class=0, nrcpts=1, proto=ESMTP",
            ],
            ("absent", 0),
        ),
        (vec![sent], ("absent", 0)),
        (
            vec![from, "from=<x@y>, size=1, class=0, nrcpts=1, msgid=<x@y>, proto=ESMTP", sent],
            ("begun", 1),
        ),
    ] {
        let line = |text: &&str| format!("Nov  6 14:00:00 mx sm-mta[7]: 5A6E00Bd012345: {text}\n");
        let theirs = "Nov  6 14:00:09 mx sm-mta[7]: 5A6E00Be012345: from=<x@y>, size=1, class=0\n";
        let log = lines.iter().map(line).collect::<String>() + theirs;
        assert_eq!(said(&log), expected, "{lines:#?}");
    }
}

#[test]
fn exchange_has_a_message_when_it_has_received_it() {
    let head = "\u{FEFF}#Software: Microsoft Exchange Server\r\n#Version: 15.02.1118.012\r\n\
        #Log-type: Message Tracking Log\r\n#Date: 2025-11-06T14:00:00.000Z\r\n\
        #Fields: date-time,client-ip,source-context,source,event-id,internal-message-id,\
        message-id,recipient-address,message-subject\r\n";
    let line = |source: &str, event: &str, id: &str, subject: &str| {
        format!(
            "2025-11-06T14:00:00.123Z,192.0.2.1,\"a,b\",{source},{event},1,{id},kim@readers.example,{subject}\r\n"
        )
    };
    let theirs = line("SMTP", "RECEIVE", "<x@y>", "\"<aa@news.example>,SMTP,RECEIVE\"");
    let ours = |source, event| line(source, event, "<aa@news.example>", "Hello");
    let received = ours("SMTP", "RECEIVE");
    for (lines, expected) in [
        (vec![received.clone()], ("taken", 6)),
        (vec![received.clone(), ours("SMTP", "SEND")], ("delivered", 7)),
        (vec![received.clone(), ours("STOREDRIVER", "DELIVER")], ("delivered", 7)),
        (vec![received.clone(), ours("SMTP", "DEFER")], ("delayed", 7)),
        (vec![received, ours("ROUTING", "FAIL")], ("failed", 7)),
        (vec![ours("SMTP", "HARECEIVE")], ("absent", 0)),
        (vec![ours("STOREDRIVER", "RECEIVE")], ("absent", 0)),
        (vec![ours("AGENT", "FAIL")], ("rejected", 6)),
        (vec![], ("absent", 0)),
    ] {
        let log = format!("{head}{}{theirs}", lines.concat());
        assert_eq!(said(&log), expected, "{lines:#?}");
    }
}

#[test]
fn a_message_of_another_sender_or_for_another_recipient_is_no_evidence() {
    let theirs = ACTIVE.replace("b@news.example", "eve@else.example");
    let to = |address: &str| {
        format!("smtp: 4F1A2B: to=<{address}>, relay=mx[1]:25, dsn=2.0.0, status=sent (ok)")
    };
    let (ours, else_where) = (to("Kim@READERS.example"), to("eve@else.example"));
    let aliased = to("box@else.example>, orig_to=<kim@readers.example");
    let other = to("box@else.example>, orig_to=<eve@readers.example");
    let bounced = else_where.replace("status=sent", "status=bounced");
    let again = |line: &str| line.replace("4F1A2B", "5555AA");
    for (lines, expected) in [
        (vec![HEADER, &theirs], ("other sender", 2)),
        (vec![HEADER, &theirs, &ours], ("other sender", 2)),
        (vec![HEADER, &ours], ("delivered", 2)),
        (vec![HEADER, ACTIVE, &ours], ("delivered", 3)),
        (vec![HEADER, ACTIVE, &aliased], ("delivered", 3)),
        (vec![HEADER, &aliased], ("delivered", 2)),
        // An alias without orig_to (enable_original_recipient = no): the sender is ours.
        (vec![HEADER, ACTIVE, &else_where], ("delivered", 3)),
        (vec![HEADER, &else_where], ("other recipient", 2)),
        (vec![HEADER, ACTIVE, &other], ("other recipient", 3)),
        // An archive gets a copy of everything (always_bcc): what becomes of that is its own.
        (vec![HEADER, ACTIVE, &bounced, &ours], ("delivered", 4)),
        (vec![HEADER, ACTIVE, &ours, &bounced], ("delivered", 3)),
        (vec![HEADER, ACTIVE, &other, &ours], ("delivered", 4)),
        // Behind a filter the message has another queue id, and the alias only its own name.
        (
            vec![HEADER, ACTIVE, &ours, &again(HEADER), &again(ACTIVE), &again(&other)],
            ("delivered", 3),
        ),
        (vec![HEADER, &theirs, &again(HEADER), &again(ACTIVE)], ("taken", 4)),
    ] {
        assert_eq!(said(&postfix(&lines)), expected, "{lines:#?}");
    }
}

#[test]
fn exim_sendmail_and_exchange_tell_the_envelope_too() {
    let exim = |sender: &str, behind: &str| {
        format!(
            "2025-11-06 14:00:00 1vH3fK-000000004bQ-2xYz <= {sender} H=x [1] P=esmtp S=1 \
             id=aa@news.example T=\"for eve@else.example\"{behind}\n"
        )
    };
    let sendmail = |from: &str, to: &str| {
        let front = "Nov  6 14:00:00 mx sm-mta[7]: 5A6E00Bd012345:";
        format!(
            "{front} from={from}, size=1, class=0, nrcpts=1, msgid=<aa@news.example>, relay=x\n\
             {front} to={to}, delay=00:00:01, mailer=esmtp, pri=1, stat=Sent (ok)\n"
        )
    };
    let exchange = |sender: &str, to: &str| {
        format!(
            "#Fields: date-time,source,event-id,message-id,recipient-address,return-path,\
             sender-address\n2025-11-06T14:00:00.123Z,SMTP,RECEIVE,<aa@news.example>,{to},{sender},\
             other@news.example\n"
        )
    };
    let (ours, theirs, kim) = ("b@news.example", "eve@else.example", "kim@readers.example");
    let delivered = "2025-11-06 14:00:01 1vH3fK-000000004bQ-2xYz => box@else.example";
    for (log, expected) in [
        (exim(ours, ""), ("taken", 1)),
        (exim(ours, " for kim@readers.example"), ("taken", 1)),
        (exim(ours, " from <b@news.example> for eve@else.example"), ("other recipient", 1)),
        (exim(theirs, ""), ("other sender", 1)),
        (exim("<>", ""), ("other sender", 1)),
        (exim(ours, "") + delivered + " R=dns\n", ("delivered", 2)),
        (exim(ours, "") + delivered + " <kim@readers.example> R=dns\n", ("delivered", 2)),
        (exim(ours, "") + delivered + " <eve@else.example> R=dns\n", ("other recipient", 2)),
        (sendmail("<b@news.example>", "<kim@readers.example>"), ("delivered", 2)),
        (sendmail("b@news.example", "kim@readers.example"), ("delivered", 2)),
        (sendmail("<eve@else.example>", "<kim@readers.example>"), ("other sender", 1)),
        (sendmail("<b@news.example>", "<a@b>,<kim@readers.example>"), ("delivered", 2)),
        (
            sendmail("<b@news.example>", "box, ctladdr=<kim@readers.example> (1/0)"),
            ("delivered", 2),
        ),
        (sendmail("<b@news.example>", "<box@else.example>"), ("delivered", 2)),
        (exchange(ours, kim), ("taken", 2)),
        (exchange(ours, "a@b;Kim@readers.example"), ("taken", 2)),
        (exchange(theirs, kim), ("other sender", 2)),
        (exchange(ours, theirs), ("other recipient", 2)),
        (exchange("", ""), ("taken", 2)),
    ] {
        assert_eq!(said(&log), expected, "{log}");
    }
}

#[test]
fn a_line_that_is_older_than_the_issue_is_no_evidence() {
    let lines = postfix(&[CLIENT, HEADER, ACTIVE]);
    for (time, expected) in [
        // The first run began at 14:10 on the fourth; clocks may differ by 15 minutes.
        ("Nov  4 13:54:", ("older", 2)),
        ("Nov  4 13:55:", ("taken", 3)),
        ("Nov  6 14:00:", ("taken", 3)),
    ] {
        assert_eq!(said(&lines.replace("Nov  6 14:00:", time)), expected, "{time}");
    }
    let both = lines.replace("Nov  6", "Nov  1") + &postfix(&[CLIENT, HEADER]);
    assert_eq!(said(&both), ("begun", 6));
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let smtpd = "Nov  6 14:00:00 mx smtpd[7]: f274cf34b7d0786b smtp message msgid=78e5c402 size=1118 nrcpt=1\n";
    let qmail = "Nov  6 14:00:00 mx qmail: 1762437600.1 new msg 123\n";
    let warnings = "Nov  6 14:00:00 mx postfix/smtpd[7]: warning: hostname x does not resolve\n";
    let haraka = "{\"level\":\"INFO\",\"message\":\"queued <aa@news.example>\"}\n";
    for (text, words) in [
        ("", "mail.log is empty"),
        ("\u{1F}\u{8B}x", "is no log that digest can read"),
        (smtpd, "a log of OpenSMTPD"),
        (qmail, "a log of qmail"),
        (warnings, "no message was taken by the relay in mail.log"),
        (haraka, "Its first line is \"{\\\"level"),
        ("Nov  6 14:00:00 mx dovecot: x\n", "is no log that digest can read"),
        (
            "#Software: Microsoft Exchange Server\n#Log-type: SMTP Receive Protocol Log\n",
            "Microsoft",
        ),
    ] {
        let error = read_files(&[("mail.log", text)]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    for (bytes, words) in [
        (&b"\x1F\x8B\x08"[..], "mail.log.2.gz is compressed: unpack it first, as in `zcat"),
        (b"\xFD7zXZ\0", "xzcat"),
        (b"\x28\xB5\x2F\xFD", "zstdcat"),
        (b"BZh9", "bzcat"),
        (b"LPKSHHRH", "is a journal: write it out first: `journalctl"),
        (b"\xFF\xFEN\0", "UTF-16"),
    ] {
        let file = LogFile { name: "mail.log.2.gz".to_owned(), reader: bytes };
        let error = read(&undecided(), vec![file], &clock()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    // One file that says nothing is not hidden by another that does.
    let good = postfix(&[]);
    let error = read_files(&[("a", &good), ("b", "what\n")]).unwrap_err().to_string();
    assert!(error.starts_with("b is no log"), "{error}");
}

#[test]
fn a_line_is_shown_without_control_characters_and_not_whole() {
    let active = format!(
        "qmgr: 4F1A2B: from=<b@news.example>, size=\u{1B}[31m{}, nrcpt=1 (queue active)",
        "x".repeat(500)
    );
    let reading = read_files(&[("mail.log", &postfix(&[HEADER, &active]))]).unwrap();
    let Some(Evidence::Taken { by, .. }) = reading.evidence.get(&RowId(1)) else {
        panic!("{reading:?}")
    };
    assert!(by.text.contains("size=?[31mxxx") && by.text.ends_with('…'), "{}", by.text);
    assert_eq!(by.text.chars().count(), 301);
}

#[test]
fn a_line_longer_than_its_head_costs_only_itself() {
    let long =
        format!("qmgr: 4F1A2B: from=<{}>, size=1, nrcpt=1 (queue active)", "x".repeat(20_000));
    assert_eq!(said(&postfix(&[HEADER, &long])), ("begun", 1));
    let sent = format!(
        "smtp: 4F1A2B: to=<kim@readers.example>, relay=x, status=sent ({})",
        "x".repeat(20_000)
    );
    assert_eq!(said(&postfix(&[HEADER, &sent])), ("delivered", 2));
    assert_eq!(
        said(&postfix(&[&format!("smtpd: {}", "x".repeat(20_000)), HEADER, ACTIVE])),
        ("taken", 3)
    );
}

proptest! {
    /// Whatever a stranger puts behind a true front, a message that was cut off stays cut off.
    #[test]
    fn no_text_of_a_stranger_makes_a_cut_message_taken(
        program in "smtpd|cleanup|smtp|opendkim|anvil",
        front in "NOQUEUE: |warning: |5555AA: |4F1A2B: warning: |4F1A2B: host x said: |x",
        pieces in prop::collection::vec(prop::sample::select(vec![
            "4F1A2B: ", "from=<", ">", ", ", "size=1", "nrcpt=1", " (queue active)", "status=sent (",
            "to=<a@b>", "postfix/qmgr[7]: ", "Nov  6 14:00:09 mx ", "message-id=<aa@news.example>", "\"",
        ]), 0..12),
    ) {
        let line = format!("{program}: {front}{}", pieces.concat());
        prop_assert_eq!(said(&postfix(&[CLIENT, HEADER, &line])), ("begun", 2));
    }

    /// A log of anything is read to its end.
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let file = LogFile { name: "x".to_owned(), reader: &bytes[..] };
        let _ = read(&undecided(), vec![file], &clock());
    }
}
